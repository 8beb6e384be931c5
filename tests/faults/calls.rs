//! `call`: once it has called, no exit code says that nothing was called.

use super::hostile::{Hostile, Reply, code, token};
use super::{PASSWORD, workspace};
use crate::support::stderr;

const INSERT: [&str; 6] = ["insertToProvince", "-p", "fileNumber=1", "--confirm", "--job", "jobs/test.toml"];

#[test]
fn a_call_that_was_made_never_ends_with_two() {
    for (reply, exit) in [
        (code(0, "ok"), 0),
        (code(10, "none"), 0),
        (code(1, "late"), 3),
        (code(11, "who"), 4),
        (code(12, "empty"), 4),
        (code(13, "type"), 4),
        (code(14, "kind"), 4),
        (code(199, "cause"), 4),
        (code(77, "?"), 4),
        (Reply::Body("<html>".to_owned()), 3),
        (Reply::Body(String::new()), 3),
        (Reply::Http(403, String::new()), 4),
        (Reply::Http(502, "<html>".to_owned()), 3),
        (Reply::Wait(5), 3),
        (Reply::Silence, 3),
    ] {
        let answer = reply.clone();
        let platform = Hostile::start(|_| token(), move |_| answer.clone());
        let workspace = workspace(&platform, 1, "");
        let job = platform.job(PASSWORD, "").replace("[purpose]", "timeout = \"300ms\"\n[purpose]");
        workspace.write_job(&job);
        let output = workspace.run(&[&["call"][..], &INSERT].concat());
        assert_eq!(output.status.code(), Some(exit), "{reply:?}: {}", stderr(&output));
        assert_eq!(platform.calls(), 1, "{reply:?}");
    }
}

#[test]
fn an_answer_that_cannot_be_saved_is_no_mistake_of_the_command_line() {
    for (data, target, exit) in
        [("[]", "a.pdf", 3), ("\"!!!\"", "a.pdf", 3), ("\"JVBERi0=\"", "no/such/folder/a.pdf", 1), ("\"JVBERi0=\"", "a.pdf", 0)]
    {
        let body = format!(r#"{{"head":{{"status":"0"}},"data":{data}}}"#);
        let platform = Hostile::start(|_| token(), move |_| Reply::Body(body.clone()));
        let workspace = workspace(&platform, 1, "");
        let args = ["call", "downloadPdfFile", "-p", "abstractCode=x", "--save", target, "--job", "jobs/test.toml"];
        let output = workspace.run(&args);
        assert_eq!(output.status.code(), Some(exit), "{data} {target}: {}", stderr(&output));
        assert_eq!(workspace.path("a.pdf").exists(), exit == 0, "{data} {target}");
    }
}
