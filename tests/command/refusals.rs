//! What a person gets to read when something is wrong, and the exit code.

use crate::support::{PURPOSE, Workspace, job_text, stderr};
use ecert_audit::job::SandboxSettings;
use ecert_audit::sandbox::Sandbox;

const ITEMS: &str = "证件号码,证照类型代码\n11010519491231002X,11100000000013127D001\n";

fn with_platform(base_url: &str) -> String {
    format!(
        "[job]\nname = \"test\"\nperiod = \"once\"\n[platform]\nbase_url = \"{base_url}\"\nusername = \"sandbox\"\n\
         password = {{ env = \"TEST_PASSWORD\" }}\n{PURPOSE}\n[[inputs]]\npath = \"inputs/*.csv\"\n\
         [retry]\nattempts = 2\nbackoff = \"1ms..2ms\"\n"
    )
}

#[test]
fn a_missing_job_file() {
    let workspace = Workspace::new();
    let output = workspace.run(&["run", "jobs/none.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "ecert-audit: jobs/none.toml: there is no such job file\n");
}

#[test]
fn a_missing_input_and_one_that_is_no_workbook() {
    let workspace = Workspace::new();
    workspace.write_job(&job_text("inputs/none.xlsx", ""));
    let output = workspace.run_job(&[], 2);
    assert!(stderr(&output).contains("inputs/none.xlsx: no such file"), "{}", stderr(&output));
    workspace.write_input("none.xlsx", b"\x89PNG\r\n\x1a\n");
    let output = workspace.run_job(&[], 2);
    assert!(stderr(&output).contains("inputs/none.xlsx: is a PNG picture"), "{}", stderr(&output));
    assert!(!workspace.run_dir().exists(), "a run that cannot begin leaves nothing behind");
}

#[test]
fn inputs_without_an_item() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", "证件号码,证照类型代码\n123,11100000000013127D001\n".as_bytes());
    workspace.write_job(&job_text("inputs/items.csv", ""));
    let output = workspace.run_job(&[], 2);
    let words = stderr(&output);
    assert!(words.contains("no item to audit") && words.contains("row 2: bad_length"), "{words}");
}

#[test]
fn a_platform_that_cannot_be_reached() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", ITEMS.as_bytes());
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    workspace.write_job(&with_platform(&format!("http://127.0.0.1:{port}/license-api-release")));
    let output = workspace.command(&["run", "jobs/test.toml"]).env("TEST_PASSWORD", "sandbox").output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains(&format!("127.0.0.1:{port}")), "{}", stderr(&output));
}

#[test]
fn a_wrong_password_and_none_at_all() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = runtime.block_on(Sandbox::start(SandboxSettings::default(), ([127, 0, 0, 1], 0).into())).unwrap();
    let workspace = Workspace::new();
    workspace.write_input("items.csv", ITEMS.as_bytes());
    workspace.write_job(&with_platform(&sandbox.base_url()));
    let output = workspace.command(&["run", "jobs/test.toml"]).env("TEST_PASSWORD", "wrong-Secret").output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("platform.password") && !stderr(&output).contains("wrong-Secret"), "{}", stderr(&output));

    let output = workspace.command(&["run", "jobs/test.toml"]).env_remove("TEST_PASSWORD").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("TEST_PASSWORD is not set"), "{}", stderr(&output));

    let output = workspace.command(&["run", "jobs/test.toml"]).env("TEST_PASSWORD", "sandbox").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}
