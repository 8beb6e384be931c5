//! The page: whole, self-contained, and free of holder codes.

use crate::support::{Workspace, job_text};
use ecert_audit::codes::citizen_check_character;
use std::fs;

#[test]
fn the_page_needs_nothing_else_and_shows_no_holder() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    workspace.run_job(&[], 0);
    let page = fs::read_to_string(workspace.run_dir().join("report.html")).unwrap();
    for needs in ["http://", "https://", "src=", "url(", "<script", "<link", "style=\""] {
        assert!(!page.contains(needs), "{needs}");
    }
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    for row in workspace.table("coverage") {
        assert!(!page.contains(&row["holder_code"]), "a holder code on the page");
    }
    let summary = workspace.summary();
    for figure in ["items", "rows", "both"] {
        let count = summary[figure].as_u64().unwrap();
        let shown = format!("{},{:03}", count / 1000, count % 1000);
        assert!(page.contains(&shown), "{figure} {shown}");
    }
    assert!(page.contains("<html lang=\"zh-CN\">") && page.contains("各区市的归集率"));
    assert!(page.contains(&format!("输入 {} 行：首次出现 ", summary["input_rows"])), "how the input rows add up");

    let english = workspace.run(&["report", "outputs/test/once", "--html", "--lang", "en"]);
    assert_eq!(english.status.code(), Some(0));
    let page = fs::read_to_string(workspace.run_dir().join("report.html")).unwrap();
    assert!(page.contains("<html lang=\"en\">") && page.contains("Collection rate by 区市"));
}

#[test]
fn what_is_carried_is_escaped_and_a_holder_code_in_it_masked() {
    let workspace = Workspace::new();
    let body = "37049919500101001";
    let holder = format!("{body}{}", citizen_check_character(body).unwrap());
    let row = format!("{holder},11100000000013127D001,<b>{holder}</b>");
    workspace.write_input("a.csv", format!("证件号码,证照类型代码,区市\n{row}\n").as_bytes());
    let job = job_text("inputs/a.csv", "rate = \"unlimited\"").replace("carry = [\"区市\", \"部门\"]", "carry = [\"区市\"]");
    workspace.write_job(&job);
    workspace.run_job(&[], 0);
    let page = fs::read_to_string(workspace.run_dir().join("report.html")).unwrap();
    assert!(!page.contains(&holder) && !page.contains("<b>"), "{page}");
    assert!(page.contains("&#60;b&#62;******************"));
}
