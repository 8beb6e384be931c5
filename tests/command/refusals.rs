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
    assert!(stderr(&output).contains("inputs/none.xlsx："), "{}", stderr(&output));
    workspace.write_input("none.xlsx", b"\x89PNG\r\n\x1a\n");
    let output = workspace.run_job(&[], 2);
    assert!(stderr(&output).contains("它其实是"), "{}", stderr(&output));
    assert!(!workspace.run_dir().exists(), "a run that cannot begin leaves nothing behind");
}

#[test]
fn inputs_without_an_item() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", "证件号码,证照类型代码\n123,11100000000013127D001\n".as_bytes());
    workspace.write_job(&job_text("inputs/items.csv", ""));
    let output = workspace.run_job(&[], 2);
    let words = stderr(&output);
    assert!(words.contains("没有可以查询的条目") && words.contains("第 2 行"), "{words}");
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
    assert!(stderr(&output).contains("没有设置环境变量 TEST_PASSWORD"), "{}", stderr(&output));

    let output = workspace.command(&["run", "jobs/test.toml"]).env("TEST_PASSWORD", "sandbox").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn refusals_of_every_call_end_with_four_and_the_items_are_asked_again() {
    // A platform that refuses every call with code 12, however few there are.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refusing = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let base_url = runtime.block_on(refusing_platform(std::sync::Arc::clone(&refusing)));
    let workspace = Workspace::new();
    workspace.write_input("items.csv", ITEMS.as_bytes());
    workspace.write_job(&with_platform(&base_url));
    let run = || workspace.command(&["run", "jobs/test.toml"]).env("TEST_PASSWORD", "x").output().unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("返回码 12"), "{}", stderr(&output));
    assert!(!workspace.path("outputs/test/latest").exists());
    // Put right, the same command asks again what was refused.
    refusing.store(false, std::sync::atomic::Ordering::Relaxed);
    let output = run();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!((&workspace.summary()["neither"], &workspace.summary()["calls"]), (&1.into(), &2.into()));
}

/// Answers token requests; other calls with code 12 while it is refusing, else with "neither side".
async fn refusing_platform(refusing: std::sync::Arc<std::sync::atomic::AtomicBool>) -> String {
    use axum::routing::post;
    let answer = move || {
        let refused = refusing.load(std::sync::atomic::Ordering::Relaxed);
        let body = if refused {
            r#"{"head":{"status":"12","message":"x"},"data":null}"#
        } else {
            r#"{"head":{"status":"0","shengIsExists":"0","shiIsExists":"0"},"data":null}"#
        };
        async move { body }
    };
    let router = axum::Router::new()
        .route("/oauth/token", post(|| async { r#"{"access_token":"t","expires_in":"3600"}"# }))
        .fallback(post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Gives tokens to whoever asks; other calls get this HTTP status.
async fn platform_that_answers(status: axum::http::StatusCode) -> String {
    let router = axum::Router::new()
        .route("/oauth/token", axum::routing::post(|| async { r#"{"access_token":"t"}"# }))
        .fallback(move || async move { status });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[test]
fn a_platform_that_answers_403_refuses_us() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let base_url = runtime.block_on(platform_that_answers(axum::http::StatusCode::FORBIDDEN));
    let workspace = Workspace::new();
    workspace.write_input("items.csv", ITEMS.as_bytes());
    workspace.write_job(&with_platform(&base_url));
    let output = workspace.command(&["run", "jobs/test.toml"]).env("TEST_PASSWORD", "x").output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
}

#[test]
fn what_could_not_be_measured_has_not_been_reached() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let base_url = runtime.block_on(platform_that_answers(axum::http::StatusCode::BAD_GATEWAY));
    let workspace = Workspace::new();
    workspace.write_input("items.csv", ITEMS.as_bytes());
    workspace.write_job(&format!("{}[report]\ngates = {{ min_collection_rate = 0.1 }}\n", with_platform(&base_url)));
    let output = workspace.command(&["run", "jobs/test.toml"]).env("TEST_PASSWORD", "x").output().unwrap();
    // Nothing was answered at all: that is the platform, and no result.
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("min_collection_rate"), "{}", stderr(&output));
    assert_eq!(workspace.summary()["collection_rate"], serde_json::Value::Null);
    assert_eq!(workspace.summary()["error"], 1);
}
