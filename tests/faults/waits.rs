//! Waits that the platform asks for: kept while they are shorter than patience, and never for ever.

use super::hostile::{Hostile, Reply, code, neither, token};
use super::{state, workspace};
use crate::support::stderr;

/// Runs the job, which has to end with 3 because patience is over.
fn ends_when_patience_is_over(platform: &Hostile, case: &str) {
    let workspace = workspace(platform, 60, "concurrency = 4\npatience = \"2s\"");
    let output = workspace.run_job(&[], 3);
    assert!(stderr(&output).contains("throttle.patience"), "{case}: {}", stderr(&output));
    assert_eq!(state(&workspace).as_deref(), Some("incomplete"), "{case}");
}

#[test]
fn a_platform_that_asks_for_waits_over_and_over_keeps_no_run_alive_longer_than_patience() {
    ends_when_patience_is_over(&Hostile::start(|_| token(), |_| Reply::Wait(1)), "short waits");
}

#[test]
fn a_wait_longer_than_patience_is_not_waited_out() {
    ends_when_patience_is_over(&Hostile::start(|_| token(), |_| Reply::Wait(86_400)), "a day");
}

#[test]
fn waits_that_are_asked_for_while_the_token_is_renewed_have_the_same_end() {
    for seconds in [1, 86_400] {
        let token = move |number: u32| if number == 1 { token() } else { Reply::Wait(seconds) };
        let platform = Hostile::start(token, |call| if call.number < 5 { neither() } else { code(11, "x") });
        ends_when_patience_is_over(&platform, &format!("{seconds} s"));
    }
}

#[test]
fn a_token_without_a_life_is_not_asked_for_with_each_call() {
    let short = |_| Reply::Body(r#"{"access_token":"token-f9966a0b","expires_in":0}"#.to_owned());
    let platform = Hostile::start(short, |_| neither());
    let workspace = workspace(&platform, 100, "");
    workspace.run_job(&[], 0);
    assert_eq!(platform.calls(), 100);
    assert!(platform.tokens() < 10, "{}", platform.tokens());
}
