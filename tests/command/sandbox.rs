//! `sandbox` as a process, and its access log.

use crate::support::{SEED, TextRow, Workspace, job_text, stderr};
use ecert_audit::job::SandboxSettings;
use ecert_audit::sandbox::fails_for_ever;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

const TYPE: &str = "11100000000013338W008";

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a job over `count` items on a stand-in that is served with these flags; the lines of its access log.
fn run_on_served(workspace: &Workspace, count: u32, flags: &[&str]) -> Vec<serde_json::Value> {
    let args: Vec<&str> =
        ["sandbox", "--seed", "11", "--access-log", "access.jsonl"].into_iter().chain(flags.iter().copied()).collect();
    let mut sandbox = Running(workspace.command(&args).stdout(Stdio::piped()).spawn().unwrap());
    let mut first_line = String::new();
    BufReader::new(sandbox.0.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
    let base_url = first_line.trim();
    assert!(base_url.starts_with("http://127.0.0.1:") && base_url.ends_with("/license-api-release"), "{base_url}");

    let mut text = "证件号码,证照类型代码\n".to_owned();
    for serial in 0..count {
        let body = format!("37049919900101{serial:03}");
        let check = ecert_audit::codes::citizen_check_character(&body).unwrap();
        writeln!(text, "{body}{check},{TYPE}").unwrap();
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
    assert!(!log.contains("access_token"));
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_stand_in_serves_a_job_and_logs_what_it_was_asked() {
    let workspace = Workspace::new();
    let lines = run_on_served(&workspace, 40, &["--fault-rate", "0.3", "--faults", "http-503,reset"]);
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
}

#[test]
fn what_lastingly_fails_is_known_beforehand_and_everything_else_is_answered_oddly_or_not() {
    let workspace = Workspace::new();
    let flags = ["--lasting-rate", "0.2", "--faults", "http-500,code-99,empty", "--oddities", "all"];
    let lines = run_on_served(&workspace, 60, &flags);
    let settings = SandboxSettings { seed: SEED, lasting_rate: 0.2, ..SandboxSettings::default() };
    let fails = |row: &TextRow| fails_for_ever(&settings, &row["holder_code"], TYPE);
    let coverage = workspace.table("coverage");
    assert!(coverage.iter().all(|row| fails(row) == (row["status"] == "error")), "{coverage:?}");
    let failing = coverage.iter().filter(|row| fails(row)).count();
    assert!((4..=24).contains(&failing), "{failing}");

    let is_about_failing = |line: &serde_json::Value| {
        line["parameters"]["certificateHolderCode"].as_str().is_some_and(|code| fails_for_ever(&settings, code, TYPE))
    };
    let is_redirect = |line: &&serde_json::Value| line["status"] == 307;
    let (redirects, others): (Vec<_>, Vec<_>) = lines.iter().partition(is_redirect);
    assert!(others.iter().all(|line| line["fault"].is_string() == is_about_failing(line)), "faults that last, and no others");
    // A redirect is followed with the same question.
    assert!(redirects.len() >= 10, "{}", redirects.len());
    for redirect in redirects {
        assert!(others.iter().any(|line| line["parameters"] == redirect["parameters"]), "{redirect}");
    }
}

#[test]
fn settings_that_make_no_sense_are_told() {
    let workspace = Workspace::new();
    for (flags, words) in [
        (["--faults", "nosuch"], "--faults nosuch: there are code-1, code-99"),
        (["--oddities", "bom,nosuch"], "--oddities nosuch: there are bom, gbk"),
        (["--fault-rate", "2"], "--fault-rate is a share: it must lie between 0 and 1"),
        (["--lasting-rate", "NaN"], "--lasting-rate is a share: it must lie between 0 and 1"),
        (["--latency", "soon"], "--latency soon is not a duration"),
        (["--token-life", "long"], "--token-life long is not a duration"),
        (["--access-log", "no/such/folder.jsonl"], "the sandbox cannot open its access log no/such/folder.jsonl"),
    ] {
        let output = workspace.run(&["sandbox", flags[0], flags[1], "--lang", "en"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}

#[test]
fn a_job_names_the_oddities_of_its_stand_in_and_learns_of_unknown_ones() {
    let workspace = Workspace::new();
    workspace.write_input("a.csv", format!("证件号码,证照类型代码\n370499199001010007,{TYPE}\n").as_bytes());
    let job = job_text("inputs/a.csv", "rate = \"unlimited\"").replace("carry = [\"区市\", \"部门\"]", "");
    let odd = "lasting_rate = 2\noddities = [\"all\", \"nosuch\", \"short-list\"]";
    workspace.write_job(&job.replace("fault_rate = 0.02", odd));
    let output = workspace.run(&["check", "jobs/test.toml", "--lang", "en"]);
    assert_eq!(output.status.code(), Some(2));
    let words = stderr(&output);
    assert!(words.contains("platform.sandbox.lasting_rate is a share: it must lie between 0 and 1"), "{words}");
    assert!(words.contains("platform.sandbox.oddities nosuch: there are bom, gbk"), "{words}");

    workspace.write_job(&job.replace("fault_rate = 0.02", &odd.replace("\"nosuch\", ", "").replace("= 2", "= 0.5")));
    let output = workspace.run(&["check", "jobs/test.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
