//! Words of others on the way to a person's terminal: the platform's, and those in names of files.

use super::hostile::{Hostile, Reply, TOKEN, code, token};
use super::{NOTIFY, PASSWORD, told_code, workspace};
use crate::support::{Workspace, citizen, job_text, stderr, stdout};

#[test]
fn what_the_platform_says_is_shown_short_and_harmless_and_others_are_told() {
    let words = format!("bad \u{1b}[31m{TOKEN} {}", "长".repeat(70_000));
    let said = words.clone();
    let platform = Hostile::start(|_| token(), move |_| code(99, &said));
    let workspace = workspace(&platform, 5, "");
    workspace.write_job(&format!("{}{NOTIFY}", platform.job(PASSWORD, "")));
    let run = workspace.run_job(&["-v"], 3);
    let call = workspace.run(&["call", "downloadPdfFile", "-p", "abstractCode=x", "--job", "jobs/test.toml"]);
    for shown in [stderr(&run), stderr(&call), std::fs::read_to_string(workspace.run_dir().join("run.log.jsonl")).unwrap()] {
        assert!(!shown.contains('\u{1b}') && !shown.contains(TOKEN), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < 2_000), "{}", shown.chars().count());
    }
    assert!(!stdout(&call).contains('\u{1b}'));
    assert_eq!(told_code(&workspace).as_deref(), Some("3"));

    let page = Hostile::start(|_| token(), |_| Reply::Body("<html>\u{1b}[31m\u{9b}31m".to_owned()));
    workspace.write_job(&page.job(PASSWORD, ""));
    let call = workspace.run(&["call", "downloadPdfFile", "-p", "abstractCode=x", "--job", "jobs/test.toml"]);
    assert!(!stdout(&call).chars().any(|character| character.is_control() && character != '\n'), "{}", stdout(&call));
}

#[test]
fn a_name_with_an_escape_reaches_no_terminal_as_one() {
    let workspace = Workspace::new();
    let row = format!("证件号码,证照类型代码\n{},11100000000013127D001\n1\u{1b}[31m,11100000000013127D001\n", citizen(0));
    workspace.write_input("a\u{1b}[31mb.csv", row.as_bytes());
    workspace.write_job(&job_text("inputs/*.csv", "rate = \"unlimited\""));
    for args in [
        &["check", "jobs/test.toml"][..],
        &["run", "jobs/test.toml"],
        &["run", "jobs/no\u{1b}[31m.toml"],
        &["run", "jobs/test.toml", "--run-id", "a\u{1b}[31m"],
        &["report", "outputs/no\u{1b}[31m"],
        &["archive", "outputs/no\u{1b}[31m"],
        &["compare", "outputs/no\u{1b}[31m", "outputs/test/once"],
    ] {
        let output = workspace.run(args);
        let shown = stdout(&output) + &stderr(&output);
        assert!(!shown.contains('\u{1b}'), "{args:?}: {shown}");
    }
}
