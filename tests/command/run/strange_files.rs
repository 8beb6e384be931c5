//! What else may have the names of a run's files: it is told, nothing is waited for, and nothing of others is changed.

use super::small;
use crate::support::{Platform, Workspace, items, stderr};
use ecert_audit::job::SandboxSettings;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

fn private_dir(path: &Path) {
    fs::create_dir_all(path).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A workspace whose job has a folder already.
fn with_job_folder() -> Workspace {
    let workspace = small("rate = \"unlimited\"");
    for folder in ["outputs", "outputs/test"] {
        private_dir(&workspace.path(folder));
    }
    workspace
}

/// What becomes of a file: a name for it, and who does it.
type Damage = (&'static str, fn(&Path));
/// A file of a run that is none: its name, what is told, and who puts it there.
type StrangeFile = (&'static str, &'static str, fn(&Path, &Path));

#[test]
fn whatever_has_the_name_of_the_run_before_a_run_goes_on_without_comparison() {
    type Preparation = fn(&Path);
    let cases: [(&str, Preparation); 6] = [
        ("a file", |job| fs::write(job.join("latest"), "x").unwrap()),
        ("a pipe", |job| make_pipe(&job.join("latest"))),
        ("a link in a circle", |job| symlink("latest", job.join("latest")).unwrap()),
        ("a link to a file", |job| {
            fs::write(job.join("f"), "x").unwrap();
            symlink("f", job.join("latest")).unwrap();
        }),
        ("a manifest that is cut off", |job| {
            private_dir(&job.join("2020-01"));
            fs::write(job.join("2020-01/run.json"), "{\"state\":\"complete\"").unwrap();
            symlink("2020-01", job.join("latest")).unwrap();
        }),
        ("a manifest that is a pipe", |job| {
            private_dir(&job.join("2020-01"));
            make_pipe(&job.join("2020-01/run.json"));
            symlink("2020-01", job.join("latest")).unwrap();
        }),
    ];
    for (name, prepare) in cases {
        let workspace = with_job_folder();
        prepare(&workspace.path("outputs/test"));
        let output = workspace.run_job(&[], 0);
        assert!(stderr(&output).contains("不与它比较"), "{name}: {}", stderr(&output));
        assert_eq!(workspace.summary()["items"], 60, "{name}");
        assert!(workspace.table("coverage").iter().all(|row| !row.contains_key("change")), "{name}");
    }
}

#[test]
fn a_run_before_of_which_a_part_cannot_be_read_is_not_compared_with() {
    let damage: [Damage; 4] = [
        ("no tables", |run| fs::remove_dir_all(run.join("tables")).unwrap()),
        ("a table that is a pipe", |run| {
            fs::remove_file(run.join("tables/coverage.parquet")).unwrap();
            make_pipe(&run.join("tables/coverage.parquet"));
        }),
        ("a table that is cut off", |run| fs::write(run.join("tables/coverage.parquet"), "PAR1").unwrap()),
        ("a journal that is none", |run| fs::write(run.join("journal.sqlite"), "x".repeat(5000)).unwrap()),
    ];
    for (name, prepare) in damage {
        let workspace = small("rate = \"unlimited\"");
        workspace.run_job(&[], 0);
        prepare(&workspace.run_dir());
        let output = workspace.run_job(&["--run-id", "next"], 0);
        assert!(stderr(&output).contains("不与它比较"), "{name}: {}", stderr(&output));
        let latest = fs::read_link(workspace.path("outputs/test/latest")).unwrap();
        assert_eq!(latest.to_str(), Some("next"), "{name}");
        let again = workspace.run_job(&["--run-id", "after"], 0);
        assert!(!stderr(&again).contains("不与它比较"), "the next one has something to compare with: {}", stderr(&again));
    }
}

#[test]
fn a_runs_own_files_that_are_others_are_refused_and_left_alone() {
    let cases: [StrangeFile; 6] = [
        ("run.json", "不是普通文件", |_, name| make_pipe(name)),
        ("run.json", "不是普通文件", |victim, name| symlink(victim, name).unwrap()),
        ("run.json", "运行清单", |victim, name| fs::hard_link(victim, name).unwrap()),
        ("run.log.jsonl", "不是普通文件", |_, name| make_pipe(name)),
        ("run.log.jsonl", "不是普通文件", |victim, name| symlink(victim, name).unwrap()),
        ("run.log.jsonl", "硬链接", |victim, name| fs::hard_link(victim, name).unwrap()),
    ];
    for (name, words, prepare) in cases {
        let workspace = with_job_folder();
        private_dir(&workspace.run_dir());
        let victim = workspace.path("victim");
        fs::write(&victim, "precious\n").unwrap();
        prepare(&victim, &workspace.run_dir().join(name));
        let output = workspace.run_job(&[], 1);
        assert!(stderr(&output).contains(words) && stderr(&output).contains(name), "{name}: {}", stderr(&output));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious\n", "{name}");
    }
}

#[test]
fn a_run_that_has_found_out_nothing_says_so() {
    let unpublished = vec!["11100000000013127D001".to_owned()];
    let platform = Platform::start(SandboxSettings { unpublished, ..SandboxSettings::default() });
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(8).as_bytes());
    workspace.write_job(&platform.job("inputs/items.csv", "rate = \"unlimited\""));
    let output = workspace.run_job(&[], 0);
    assert!(stderr(&output).contains("没有得到任何结论"), "{}", stderr(&output));
}
