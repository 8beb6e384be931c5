//! Nobody is told a secret: not the person, not the log, not the journal, not the programs that are started.

use super::hostile::{Call, Hostile, Reply, TOKEN, code, neither, token};
use super::{NOTIFY, PASSWORD, files_below, told_code, workspace};
use crate::support::{Workspace, stderr, stdout};
use ecert_audit::journal::Journal;
use std::fs;

/// What [`PASSWORD`] gives.
const SECRET: &str = "hunter2-Secret";

/// Makes sure that no file that a run left holds a text.
fn assert_nowhere(workspace: &Workspace, text: &str, case: &str) {
    let told = workspace.path("told.txt");
    for path in files_below(&workspace.path("outputs")).into_iter().chain(told.exists().then_some(told)) {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(text.len()).any(|part| part == text.as_bytes()), "{case}: {}", path.display());
    }
}

#[test]
fn a_login_answer_that_repeats_the_password_shows_it_to_nobody() {
    for (reply, exit) in [
        (Reply::Http(401, format!(r#"{{"error_description":"\u001b[31m bad credentials, password={SECRET}"}}"#)), 4),
        (Reply::Http(500, format!("login with {SECRET} failed")), 3),
        (Reply::Body(format!(r#"{{"error_description":"\u001b[31m bad credentials, password={SECRET}"}}"#)), 4),
        (code(98, &format!("账号已锁定 {SECRET}")), 4),
        (Reply::Body(format!(r#"{{"error_description":"{}"}}"#, "长".repeat(70_000))), 3),
        (Reply::Body(format!("<html>{SECRET}")), 3),
    ] {
        let case = format!("{reply:?}").chars().take(80).collect::<String>();
        let answer = reply.clone();
        let platform = Hostile::start(move |_| answer.clone(), |_| neither());
        let workspace = workspace(&platform, 5, "");
        workspace.write_job(&format!("{}{NOTIFY}", platform.job(PASSWORD, "")));
        let run = workspace.run_job(&["-vv"], exit);
        let call = workspace.run(&["call", "token", "--job", "jobs/test.toml"]);
        assert_eq!(call.status.code(), Some(exit), "{case}: {}", stderr(&call));
        for output in [run, call] {
            let shown = stdout(&output) + &stderr(&output);
            assert!(!shown.contains(SECRET) && !shown.contains('\u{1b}'), "{case}: {shown}");
        }
        assert_nowhere(&workspace, SECRET, &case);
        assert_eq!(told_code(&workspace), Some(exit.to_string()), "{case}: however much the platform says, others are told");
    }
}

#[test]
fn a_token_that_answers_repeat_is_kept_nowhere_and_not_shown() {
    let repeating = |_: &Call| {
        let face = format!(r#"{{"certno":"1","zzbs":"id","name":"{TOKEN}","remarkable":"a {TOKEN} b"}}"#);
        Reply::Body(format!(
            r#"{{"head":{{"status":"0","message":"{TOKEN}","shengIsExists":"1","shiIsExists":"0"}},"data":{{"total":"1","dataList":[{face}]}}}}"#
        ))
    };
    let platform = Hostile::start(|_| token(), repeating);
    let workspace = workspace(&platform, 5, "");
    workspace.write_job(&platform.job(PASSWORD, "").replace("depth = \"existence\"", "depth = \"faces\""));
    workspace.run_job(&[], 0);
    assert_nowhere(&workspace, TOKEN, "the run");
    let certificates = workspace.table("certificates");
    assert_eq!(certificates.len(), 5);
    assert!(certificates.iter().all(|row| format!("{row:?}").contains("a *** b") && !format!("{row:?}").contains(TOKEN)));
    let journal = Journal::open(&workspace.run_dir().join("journal.sqlite")).unwrap();
    let items = format!("{:?}", journal.batch(0, 10).unwrap());
    assert!(items.contains("***") && !items.contains(TOKEN), "answers are packed, so that no search in the file would find it");

    for raw in [&[] as &[&str], &["--raw"]] {
        let args = [&["call", "downloadPdfFile", "-p", "abstractCode=x", "--job", "jobs/test.toml"][..], raw].concat();
        let output = workspace.run(&args);
        let shown = stdout(&output) + &stderr(&output);
        assert!(shown.contains("a *** b") && !shown.contains(TOKEN), "{shown}");
    }
}

#[test]
fn a_program_that_is_told_how_a_run_ended_gets_no_credentials() {
    let platform = Hostile::start(|_| token(), |_| neither());
    let workspace = workspace(&platform, 1, "");
    for password in [PASSWORD, "{ env = \"ECERT_PASSWORD\" }", "{ env = \"OTHER_PASSWORD\" }"] {
        workspace.write_job(&format!("{}{NOTIFY}", platform.job(password, "")));
        let mut command = workspace.command(&["run", "jobs/test.toml", "--fresh"]);
        command.env("ECERT_USERNAME", "user-7f").env("ECERT_PASSWORD", SECRET);
        if password.contains("OTHER") {
            command.env("OTHER_PASSWORD", SECRET);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let told = fs::read_to_string(workspace.path("told.txt")).unwrap();
        assert!(told.contains("ECERT_AUDIT_EXIT_CODE=0"), "{told}");
        assert!(!told.contains(SECRET) && !told.contains("user-7f"), "{password}");
    }
}
