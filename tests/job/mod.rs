//! Job files: what is refused, and in which words.

use ecert_audit::job::Job;
use std::path::Path;

const GOOD: &str = r#"
[job]
name = "demo"
[platform]
base_url = "sandbox"
[purpose]
system_name = "s"
call_category = 1
matter_name = "m"
event_code = "e"
copy_cause = "c"
[[inputs]]
path = "a.xlsx"
"#;

fn parse(text: &str) -> Result<Job, String> {
    Job::parse(Path::new("jobs/demo.toml"), text).map_err(|problems| problems.to_string())
}

#[test]
fn a_short_job_file_is_enough() {
    let job = parse(GOOD).unwrap();
    assert_eq!(job.run_id(chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()), "2026-11");
    assert_eq!(job.throttle.concurrency, 16);
    assert!(job.root.ends_with(std::env::current_dir().unwrap()), "the parent of jobs/");
}

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let text = r#"
[job]
nam = "demo"
period = "yearly"
[platform]
base_url = "ftp://10.0.0.1"
username = "team"
password = "hunter2"
timeout = 30
[purpose]
system_name = "s"
call_category = 2
matter_name = "m"
event_code = ""
copy_cause = "c"
[[inputs]]
path = "a.xlsx"
header_row = 0
defaults = { cert_type_code = ["123"] }
[throttle]
rate = "50"
burst = 0
adaptve = true
window = ["19:00-07:00"]
[audit]
recheck = "gaps"
[retry]
backoff = "30s..200ms"
[archive]
enabled = true
[report]
html = true
gates = { min_colection_rate = 0.9 }
"#;
    insta::assert_snapshot!(parse(text).unwrap_err());
}

#[test]
fn text_that_is_no_toml_is_told_with_its_place() {
    insta::assert_snapshot!(parse("[job]\nname = demo\n[platform\n").unwrap_err());
}

#[test]
fn a_secret_is_never_repeated() {
    let problems = parse(
        &GOOD.replace("base_url = \"sandbox\"", "base_url = \"http://10.0.0.1\"\nusername = \"u\"\npassword = \"hunter2\""),
    )
    .unwrap_err();
    assert!(problems.contains("platform.password") && !problems.contains("hunter2"), "{problems}");
}
