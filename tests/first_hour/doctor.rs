//! `doctor`: a line for each thing that a run needs.

use crate::support::{Platform, Workspace, items, job_text, stderr, stdout};
use ecert_audit::job::SandboxSettings;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

/// Runs `doctor` on the workspace's job without a proxy in the environment.
fn doctor(workspace: &Workspace) -> Output {
    let mut command = workspace.command(&["--lang", "en", "doctor", "jobs/test.toml"]);
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8").output().unwrap()
}

fn workspace(job: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(4).as_bytes());
    workspace.write_job(job);
    workspace
}

/// The line about a topic.
fn line<'a>(told: &'a str, topic: &str) -> &'a str {
    let begins = |line: &&str| line.split_once("  ").is_some_and(|(_, rest)| rest.starts_with(&format!("{topic}:")));
    told.lines().find(begins).unwrap_or_else(|| panic!("nothing about {topic}: {told}"))
}

#[test]
fn a_job_on_the_sandbox_is_well_and_nothing_is_left_behind() {
    let workspace = workspace(&job_text("inputs/items.csv", "rate = \"unlimited\""));
    let output = doctor(&workspace);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let told = stdout(&output);
    for topic in ["job file", "inputs", "credentials", "output folder", "disk space", "locale", "fonts", "connection", "platform"]
    {
        assert!(!line(&told, topic).starts_with("wrong"), "{told}");
    }
    assert!(line(&told, "inputs").contains("4 items") && line(&told, "platform").contains("1 of 1"), "{told}");
    let mut left: Vec<_> = fs::read_dir(workspace.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["inputs", "jobs"]);
}

#[test]
fn a_platform_is_looked_up_reached_and_its_clock_compared() {
    let platform = Platform::start(SandboxSettings::default());
    let workspace = workspace(&platform.job("inputs/items.csv", "rate = \"unlimited\""));
    let output = doctor(&workspace);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}{}", stderr(&output));
    assert!(line(&told, "name").contains("127.0.0.1"), "{told}");
    assert!(line(&told, "connection").contains("HTTP"), "{told}");
    assert!(line(&told, "clock").starts_with("ok"), "{told}");
    assert!(line(&told, "proxy").starts_with("ok"), "{told}");
}

#[test]
fn credentials_that_the_platform_refuses_end_with_code_4() {
    let platform = Platform::start(SandboxSettings::default());
    let job =
        platform.job("inputs/items.csv", "rate = \"unlimited\"").replace("[\"echo\", \"sandbox\"]", "[\"echo\", \"hunter2\"]");
    let output = doctor(&workspace(&job));
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(line(&told, "platform").starts_with("refused"), "{told}");
    assert!(!told.contains("hunter2"), "no password is told: {told}");
}

#[test]
fn a_platform_that_nothing_answers_for_is_told_with_what_to_do() {
    // Nobody listens on a port that was just free.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let job = Platform::start(SandboxSettings::default()).job("inputs/items.csv", "");
    let address = job.lines().find(|line| line.starts_with("base_url")).unwrap();
    let job = job.replace(address, &format!("base_url = \"http://127.0.0.1:{port}/x\""));
    let output = doctor(&workspace(&job));
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    let connection = line(&told, "connection");
    assert!(connection.starts_with("wrong") && connection.contains("firewall"), "{told}");
    assert!(line(&told, "platform").starts_with("note"), "nothing is asked where nothing answers: {told}");
}

#[test]
fn missing_secrets_and_inputs_without_items_are_wrong() {
    let job = job_text("inputs/items.csv", "").replace(
        "base_url = \"sandbox\"",
        "base_url = \"http://127.0.0.1:9/x\"\nusername = { env = \"NO_SUCH_NAME\" }\npassword = { file = \"secret\" }",
    );
    let job: Vec<&str> = job.lines().filter(|line| !line.starts_with("[platform.sandbox]")).collect();
    let job = job.join("\n").replace("seed = 11\nlatency = \"1ms..4ms\"\nfault_rate = 0.02\n", "");
    let workspace = workspace(&job);
    workspace.write_input("items.csv", "证件号码,证照类型代码\n".as_bytes());
    let output = doctor(&workspace);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(2), "{told}{}", stderr(&output));
    assert!(told.contains("NO_SUCH_NAME") && told.contains("secret"), "{told}");
    assert!(line(&told, "inputs").starts_with("wrong"), "{told}");
}

#[test]
fn a_password_file_that_others_can_read_is_worth_a_note() {
    let platform = Platform::start(SandboxSettings::default());
    let job = platform.job("inputs/items.csv", "rate = \"unlimited\"");
    let workspace = workspace(&job.replace("{ command = [\"echo\", \"sandbox\"] }", "{ file = \"secret\" }"));
    let secret = workspace.path("secret");
    fs::write(&secret, "sandbox\n").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    let output = doctor(&workspace);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let credentials = line(&told, "credentials");
    assert!(credentials.starts_with("note") && credentials.contains("chmod 600"), "{told}");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(line(&stdout(&doctor(&workspace)), "credentials").starts_with("ok"));
}

#[test]
fn a_results_folder_that_others_can_write_to_is_wrong() {
    let workspace = workspace(&job_text("inputs/items.csv", "rate = \"unlimited\""));
    let folder = workspace.path("outputs/test");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let output = doctor(&workspace);
    let told = stdout(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(line(&told, "output folder").starts_with("wrong") && told.contains("chmod"), "{told}");
}

#[test]
fn a_job_file_with_problems_ends_before_any_line() {
    let workspace = workspace("[job]\nnam = \"x\"\n");
    let output = doctor(&workspace);
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).is_empty() && stderr(&output).contains("nam"), "{}", stderr(&output));
}
