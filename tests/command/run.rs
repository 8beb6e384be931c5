//! `run` as a scheduler sees it: folders, modes, locks, signals, starting again.

mod damage;
mod endings;
mod history;
mod scripted;
mod strange_files;

use crate::support::{Workspace, items, job_text, stderr, stdout, wait_for};
use ecert_audit::journal::Journal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};

fn small(throttle: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(60).as_bytes());
    workspace.write_job(&job_text("inputs/items.csv", throttle));
    workspace
}

/// Calls that are in the journal of a run or shard.
fn calls_in(workspace: &Workspace, folder: &str) -> u64 {
    let journal = workspace.path(&format!("outputs/test/{folder}/journal.sqlite"));
    Journal::open(&journal).and_then(|journal| journal.calls()).unwrap_or_default()
}

fn signal(process: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
}

#[test]
fn the_run_folder_is_whole_and_private() {
    let workspace = small("rate = \"unlimited\"");
    let output = workspace.run_job(&[], 0);
    for file in ["run.json", "journal.sqlite", "run.log.jsonl", "report.xlsx", "summary.json", "metrics.prom"] {
        let mode = fs::metadata(workspace.run_dir().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    for table in
        ["coverage", "certificates", "differences", "errors", "invalid_inputs", "unmapped_fields", "files", "repairs", "remedies"]
    {
        let mode = fs::metadata(workspace.run_dir().join(format!("tables/{table}.parquet"))).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{table}");
    }
    assert_eq!(fs::metadata(workspace.run_dir()).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_link(workspace.path("outputs/test/latest")).unwrap().to_str(), Some("once"));
    assert!(stderr(&output).is_empty(), "a pipe sees nothing but the summary: {}", stderr(&output));
    assert!(stdout(&output).contains("归集率"));

    let log = fs::read_to_string(workspace.run_dir().join("run.log.jsonl")).unwrap();
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert!(!log.contains("3704991950"), "no holder code may be logged");
    let metrics = fs::read_to_string(workspace.run_dir().join("metrics.prom")).unwrap();
    assert!(metrics.contains("# TYPE ecert_audit_rows gauge"), "{metrics}");
}

#[test]
fn a_complete_run_makes_no_call_again_and_fresh_starts_over() {
    let workspace = small("rate = \"unlimited\"");
    workspace.run_job(&[], 0);
    let before = workspace.timeless_tables();
    let manifest = fs::read_to_string(workspace.run_dir().join("run.json")).unwrap();
    workspace.run_job(&[], 0);
    assert_eq!(workspace.timeless_tables(), before);
    assert_eq!(fs::read_to_string(workspace.run_dir().join("run.json")).unwrap(), manifest, "nothing was asked");
    workspace.run_job(&["--fresh"], 0);
    assert!(workspace.path("outputs/test/once.2/summary.json").exists());
    assert_eq!(fs::read_link(workspace.path("outputs/test/latest")).unwrap().to_str(), Some("once.2"));
}

#[test]
fn a_limited_run_is_resumable_and_goes_on() {
    let workspace = small("rate = \"unlimited\"");
    workspace.run_job(&["--limit", "20"], 3);
    let summary = workspace.summary();
    assert_eq!(summary["state"], "incomplete");
    assert_eq!(summary["pending"], 40);
    workspace.run_job(&[], 0);
    assert_eq!(workspace.summary()["pending"], 0);
}

#[test]
fn the_call_quota_stops_a_run_which_then_goes_on() {
    let workspace = small("rate = \"unlimited\"\nmax_calls = 30\nconcurrency = 4");
    let output = workspace.run_job(&[], 3);
    assert!(stderr(&output).contains("max_calls"), "{}", stderr(&output));
    let first = workspace.summary();
    assert!(first["attempts"].as_u64().unwrap() <= 30);
    let mut code = 3;
    for _ in 0..10 {
        code = workspace.run(&["run", "jobs/test.toml"]).status.code().unwrap();
        if code == 0 {
            break;
        }
    }
    assert_eq!(code, 0);
    let undisturbed = small("rate = \"unlimited\"");
    undisturbed.run_job(&[], 0);
    let without_costs = |workspace: &Workspace| {
        let mut tables = workspace.timeless_tables();
        tables.get_mut("coverage.parquet").unwrap().iter_mut().for_each(|row| {
            row.remove("attempts");
        });
        tables
    };
    assert_eq!(without_costs(&workspace), without_costs(&undisturbed));
}

#[test]
fn a_second_run_of_the_job_is_locked_out_and_an_interrupted_one_goes_on() {
    let workspace = small("rate = \"20/s\"");
    let mut process = workspace.start_job(&[]);
    wait_for(&mut process, || calls_in(&workspace, "once") > 0);
    let second = workspace.run_job(&[], 5);
    assert!(stderr(&second).contains(&format!("进程 {}", process.id())), "{}", stderr(&second));

    signal(&process, "-INT");
    assert_eq!(process.wait().unwrap().code(), Some(3));
    let summary = workspace.summary();
    assert_eq!(summary["state"], "incomplete");
    assert!(summary["pending"].as_u64().unwrap() > 0);
    workspace.write_job(&job_text("inputs/items.csv", "rate = \"unlimited\""));
    workspace.run_job(&[], 0);
    assert_eq!(workspace.summary()["pending"], 0);
}

#[test]
fn what_the_answers_depend_on_may_not_change() {
    let workspace = small("rate = \"unlimited\"");
    workspace.run_job(&["--limit", "5"], 3);
    workspace.write_input("items.csv", items(61).as_bytes());
    let output = workspace.run_job(&[], 2);
    assert!(
        stderr(&output).contains("inputs/items.csv 的内容变了") && stderr(&output).contains("--fresh"),
        "{}",
        stderr(&output)
    );
    workspace.run_job(&["--fresh"], 0);
}

#[test]
fn errors_are_asked_again_where_that_is_wanted() {
    let workspace = small("rate = \"unlimited\"");
    let job = job_text("inputs/items.csv", "rate = \"unlimited\"").replace("fault_rate = 0.02", "fault_rate = 0.9");
    workspace.write_job(&job.replace("[retry]", "[retry]\nattempts = 1"));
    workspace.run_job(&[], 0);
    let failed = workspace.summary()["error"].as_u64().unwrap();
    assert!(failed > 20, "{failed}");
    let told = workspace.table("errors").len();
    workspace.write_job(&job_text("inputs/items.csv", "rate = \"unlimited\""));
    let before = workspace.summary()["calls"].as_u64().unwrap();
    workspace.run_job(&["--retry-failed"], 0);
    assert_eq!(workspace.summary()["error"], 0);
    let errors = workspace.table("errors");
    assert_eq!(errors.len(), told, "each failure stays told");
    assert!(errors.iter().all(|row| row["history"] == "true"), "and none says anything any more: {errors:?}");
    let after = workspace.summary()["calls"].as_u64().unwrap();
    assert!(after >= before + failed, "what failed calls cost stays counted: {before} {after}");
}

#[test]
fn a_run_that_was_refused_asks_again_what_the_refusal_failed() {
    let workspace = small("rate = \"unlimited\"\nconcurrency = 2");
    let job = job_text("inputs/items.csv", "rate = \"unlimited\"\nconcurrency = 2")
        .replace("copy_cause = \"自动化测试\"", &format!("copy_cause = \"{}\"", "长".repeat(200)));
    // The sandbox counts characters as the platform does; 200 pass the job file's check and one too many is refused there.
    workspace.write_job(&job.replace(&"长".repeat(200), &"长".repeat(201)));
    let output = workspace.run_job(&[], 2);
    assert!(stderr(&output).contains("purpose.copy_cause"), "{}", stderr(&output));
    workspace.write_job(&job);
    workspace.run_job(&[], 0);
    assert_eq!(workspace.summary()["error"], 0);
}

#[test]
fn a_violated_gate_ends_with_ten() {
    let workspace = small("rate = \"unlimited\"");
    let job = job_text("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&format!("{job}\n[report]\ngates = {{ min_collection_rate = 0.999, max_error_rate = 0.5 }}\n"));
    workspace.run_job(&[], 10);
    let summary = workspace.summary();
    let verdicts: Vec<bool> = summary["gates"].as_array().unwrap().iter().map(|gate| gate["holds"].as_bool().unwrap()).collect();
    assert_eq!(verdicts, [true, false], "max_error_rate holds, min_collection_rate does not");
}

#[test]
fn a_whole_run_is_told_which_shard_locks_it_out() {
    let workspace = small("rate = \"unlimited\"");
    // What stands in the job's lock is of a process that has ended.
    workspace.run_job(&["--run-id", "before"], 0);
    workspace.write_job(&job_text("inputs/items.csv", "rate = \"20/s\""));
    let mut process = workspace.start_job(&["--shard", "1/2"]);
    wait_for(&mut process, || calls_in(&workspace, "once/shard-1-of-2") > 0);
    let locked = workspace.run_job(&["--run-id", "other"], 5);
    assert!(stderr(&locked).contains(&format!("进程 {}", process.id())), "{}", stderr(&locked));
    signal(&process, "-INT");
    assert_eq!(process.wait().unwrap().code(), Some(3));
}

#[test]
fn a_name_of_a_shards_folder_is_no_name_of_a_run() {
    let workspace = small("rate = \"unlimited\"");
    let output = workspace.run_job(&["--run-id", "shard-1-of-2"], 2);
    assert!(stderr(&output).contains("shard-1-of-2"), "{}", stderr(&output));
    assert!(!workspace.path("outputs").exists(), "nothing was begun");
}

#[test]
fn a_renamed_run_can_be_reported_and_does_not_go_on_under_its_new_name() {
    let workspace = small("rate = \"unlimited\"");
    workspace.run_job(&[], 0);
    fs::rename(workspace.run_dir(), workspace.path("outputs/test/kept")).unwrap();
    let output = workspace.run(&["report", "outputs/test/kept"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = workspace.run_job(&["--run-id", "kept"], 2);
    assert!(stderr(&output).contains("运行 once") && stderr(&output).contains("运行 kept"), "{}", stderr(&output));
}

#[test]
fn few_descriptors_lower_the_concurrency_and_too_few_stop_the_run_at_the_start() {
    let workspace = small("rate = \"unlimited\"\nconcurrency = 64");
    let limited = |limit: &str| {
        let script = format!("ulimit {limit}; exec {} run jobs/test.toml", env!("CARGO_BIN_EXE_ecert-audit"));
        Command::new("sh").args(["-c", &script]).current_dir(workspace.path("")).output().unwrap()
    };
    let output = limited("-n 40");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("ulimit -n 50"), "{}", stderr(&output));
    assert!(!workspace.path("outputs").exists(), "nothing was called");

    let output = limited("-n 64");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let words = stderr(&output);
    assert!(words.contains("并发 64 需要 176 个") && words.contains("降为 8"), "{words}");
    assert_eq!((&workspace.summary()["pending"], &workspace.summary()["error"]), (&0.into(), &0.into()));

    // A soft limit that may be raised is raised, without a word.
    workspace.write_job(&job_text("inputs/items.csv", "rate = \"unlimited\"\nconcurrency = 32"));
    let output = limited("-S -n 64");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}
