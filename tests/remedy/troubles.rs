//! A platform that fails while it is told.

use super::{EVERYTHING, all_in, audited, effects, remediate, sound, states, to_insert, told_once};
use crate::support::Platform;
use ecert_audit::job::SandboxSettings;

#[test]
fn answers_that_get_lost_are_looked_for_and_nothing_is_told_twice() {
    // The first two are lost answers: what they answer has taken effect. The others are refusals of the moment.
    let faults = ["truncated", "reset", "code-99", "http-503"].map(str::to_owned).into();
    let platform = Platform::start(SandboxSettings { fault_rate: 0.1, faults, ..sound() });
    let workspace = audited(&platform, 1_500, EVERYTHING);
    let wanted = to_insert(&workspace);
    remediate(&workspace, &["--confirm"], 0);
    let sent = platform.asked().iter().filter(|asked| asked.endpoint == "insertToProvince").count();
    assert!(sent > wanted.len(), "some were sent again: {sent} of {}", wanted.len());
    assert_eq!(told_once(&effects(&platform), "insertToProvince"), wanted);
    assert_eq!(states(&workspace), all_in("settled", &[("insert", wanted.len())]));
}

#[test]
fn an_account_that_is_refused_stops_with_4_and_leaves_nothing_behind() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 100, EVERYTHING);
    let job = std::fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
    workspace.write_job(&job.replace("[\"echo\", \"sandbox\"]", "[\"echo\", \"other\"]"));
    remediate(&workspace, &["--confirm"], 4);
    assert!(effects(&platform).is_empty());
    assert!(workspace.table("remedies").is_empty());
    workspace.write_job(&job);
    remediate(&workspace, &["--confirm"], 0);
    assert_eq!(told_once(&effects(&platform), "insertToProvince"), to_insert(&workspace));
}
