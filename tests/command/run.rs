//! `run` as a scheduler sees it: folders, modes, locks, signals, starting again.

use crate::support::{Workspace, items, job_text, stderr, stdout, wait_for};
use ecert_audit::journal::Journal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

fn small(throttle: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(60).as_bytes());
    workspace.write_job(&job_text("inputs/items.csv", throttle));
    workspace
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
    let answered =
        || Journal::open(&workspace.run_dir().join("journal.sqlite")).and_then(|journal| journal.calls()).unwrap_or_default();
    wait_for(&mut process, || answered() > 0);
    let second = workspace.run_job(&[], 5);
    assert!(stderr(&second).contains(&format!("进程 {}", process.id())), "{}", stderr(&second));

    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
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
    workspace.write_job(&job_text("inputs/items.csv", "rate = \"unlimited\""));
    let before = workspace.summary()["calls"].as_u64().unwrap();
    workspace.run_job(&["--retry-failed"], 0);
    assert_eq!(workspace.summary()["error"], 0);
    assert!(workspace.table("errors").is_empty());
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
