//! `sandbox` as a process, and its access log.

use crate::support::{Workspace, job_text, stderr};
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_stand_in_serves_a_job_and_logs_what_it_was_asked() {
    let workspace = Workspace::new();
    let mut command = workspace.command(&[
        "sandbox",
        "--seed",
        "11",
        "--access-log",
        "access.jsonl",
        "--fault-rate",
        "0.3",
        "--faults",
        "http-503,reset",
    ]);
    let mut sandbox = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut first_line = String::new();
    BufReader::new(sandbox.0.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
    let base_url = first_line.trim();
    assert!(base_url.starts_with("http://127.0.0.1:") && base_url.ends_with("/license-api-release"), "{base_url}");

    let mut text = "证件号码,证照类型代码\n".to_owned();
    for serial in 0..40 {
        let body = format!("37049919900101{serial:03}");
        let check = ecert_audit::codes::citizen_check_character(&body).unwrap();
        writeln!(text, "{body}{check},11100000000013338W008").unwrap();
    }
    workspace.write_input("a.csv", text.as_bytes());
    let job = job_text("inputs/a.csv", "rate = \"unlimited\"\nconcurrency = 4").replace("carry = [\"区市\", \"部门\"]", "");
    let job = job.replace(
        "base_url = \"sandbox\"",
        &format!("base_url = \"{base_url}\"\nusername = \"sandbox\"\npassword = {{ env = \"P\" }}"),
    );
    workspace.write_job(&job.replace("[platform.sandbox]\nseed = 11\nlatency = \"1ms..4ms\"\nfault_rate = 0.02\n", ""));
    let output = workspace.command(&["run", "jobs/test.toml"]).env("P", "sandbox").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let log = std::fs::read_to_string(workspace.path("access.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = workspace.summary();
    let business: Vec<_> = lines.iter().filter(|line| line["endpoint"] != "token").collect();
    assert_eq!(business.len() as u64, summary["attempts"].as_u64().unwrap(), "every attempt, and no other");
    assert_eq!(lines.len() - business.len(), 1, "one token for all");
    assert!(business.iter().all(|line| line["in_flight"].as_u64().unwrap() <= 4), "never more than the concurrency");
    // No call that was answered is made again.
    let mut answered: Vec<String> = business
        .iter()
        .filter(|line| line["fault"].is_null())
        .map(|line| format!("{}{}", line["endpoint"], line["parameters"]))
        .collect();
    let count = answered.len();
    answered.sort();
    answered.dedup();
    assert_eq!((answered.len(), count as u64), (count, summary["calls"].as_u64().unwrap()));
    assert!(!log.contains("access_token"));
}

#[test]
fn settings_that_make_no_sense_are_told() {
    let workspace = Workspace::new();
    for (flags, words) in [
        (["--faults", "nosuch"], "--faults nosuch: there are code-1"),
        (["--fault-rate", "2"], "must lie between 0 and 1"),
        (["--latency", "soon"], "--latency soon: a duration"),
    ] {
        let output = workspace.run(&["sandbox", flags[0], flags[1]]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}
