//! `check`: what it finds and plans, and that it calls nobody.

use crate::support::{PURPOSE, Workspace, job_text, stderr, stdout};
use serde_json::Value;

fn plan(workspace: &Workspace) -> Value {
    let output = workspace.run(&["check", "jobs/test.toml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_plan_counts_what_a_run_then_finds_and_nothing_is_left_behind() {
    let workspace = Workspace::with_demo("rate = \"100/s\"");
    let first = plan(&workspace);
    assert!(!workspace.path("outputs").exists(), "check leaves nothing behind");
    assert_eq!(first["calls"]["most"].as_u64().unwrap(), 2 * first["items"].as_u64().unwrap());
    assert_eq!(first["seconds"]["most"].as_u64().unwrap(), first["calls"]["most"].as_u64().unwrap().div_ceil(100));

    workspace.write_job(&job_text("inputs/*.xlsx", "rate = \"unlimited\""));
    workspace.run_job(&[], 0);
    let summary = workspace.summary();
    for figure in ["items", "duplicate_rows", "invalid_inputs"] {
        assert_eq!(first[figure], summary[figure], "{figure}");
    }
    assert_eq!(first["repairs"].as_u64().unwrap(), workspace.table("repairs").len() as u64);
    // With a run behind it, the plan goes by what that run took.
    let second = plan(&workspace);
    assert_eq!((&second["calls_from_previous_run"], &second["calls"]["least"]), (&Value::Bool(true), &summary["calls"]));
    assert_eq!(second["seconds"], Value::Null);
}

#[test]
fn the_text_tells_sheets_columns_and_problems() {
    let workspace = Workspace::with_demo("rate = \"100/s\"");
    let output = workspace.run(&["check", "jobs/test.toml"]);
    insta::assert_snapshot!(stdout(&output));
}

#[test]
fn everything_that_would_stop_a_run_is_reported_at_once() {
    let workspace = Workspace::new();
    workspace.write_input("good.csv", "证件号码,证照类型代码\n11010519491231002X,11100000000013127D001\n".as_bytes());
    workspace.write_input("bad.xlsx", b"%PDF-1.7");
    workspace.write_job(&format!(
        "[job]\nname = \"test\"\n[platform]\nbase_url = \"http://127.0.0.1:9\"\nusername = \"u\"\npassword = {{ env = \"NOT_SET_ANYWHERE\" }}\n\
         {PURPOSE}\n[[inputs]]\npath = \"inputs/good.csv\"\n[[inputs]]\npath = \"inputs/bad.xlsx\"\n[[inputs]]\npath = \"inputs/none.xls\"\n"
    ));
    let output = workspace.run(&["check", "jobs/test.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let words = stderr(&output);
    for problem in [
        "inputs/bad.xlsx：不管文件名怎么写，它其实是 PDF 文件",
        "inputs/none.xls：没有找到符合这个路径的文件",
        "platform.password：没有设置环境变量 NOT_SET_ANYWHERE",
    ] {
        assert!(words.contains(problem), "{problem} is missing in {words}");
    }
}

#[test]
fn online_asks_once_for_each_type_and_says_which_is_not_published() {
    let workspace = Workspace::new();
    let rows = "证件号码,证照类型代码\n11010519491231002X,11100000000013127D001\n11010519491231002X,11100000000013127D999\n";
    workspace.write_input("a.csv", rows.as_bytes());
    workspace.write_job(&job_text("inputs/a.csv", ""));
    let output = workspace.run(&["check", "jobs/test.toml", "--online"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("11100000000013127D001 中华人民共和国居民身份证：可查询"), "{text}");
    assert!(text.contains("11100000000013127D999 目录中没有：证照类型不存在或未发布（13）"), "{text}");
    assert!(text.contains("注意：证照类型代码 11100000000013127D999 格式正确，但不在目录中"), "{text}");
    assert!(text.contains("注意：没有一张工作表有附带列 区市"), "{text}");
}
