//! Every fault of the sandbox as the client sees it, each deterministic.

use super::{holder, job, session};
use ecert_audit::job::SandboxSettings;
use ecert_audit::platform::{CallResult, ShengShiStateInfo};
use ecert_audit::sandbox::FAULTS;
use std::time::Duration;

/// Calls that meet only this fault, with one attempt each: what the failure is called, and its code.
async fn failure_of(fault: &str) -> (String, Option<i32>) {
    let mut job = job("");
    job.retry.attempts = 1;
    job.platform.timeout = Duration::from_millis(500);
    let settings = SandboxSettings { fault_rate: 1.0, faults: vec![fault.to_owned()], ..SandboxSettings::default() };
    let (_sandbox, session) = session(settings, &job).await;
    match session.call(&ShengShiStateInfo { holder: holder("91350100M000100Y43") }.request(&job.purpose)).await {
        CallResult::Failed { failure, attempts: 1 } => (failure.kind.name().to_owned(), failure.code),
        other => panic!("{fault}: {other:?}"),
    }
}

#[tokio::test]
async fn each_fault_is_told_apart_and_none_looks_like_absence() {
    let mut seen = Vec::new();
    for (fault, _) in FAULTS {
        let (kind, code) = failure_of(fault).await;
        seen.push((fault, kind, code));
    }
    let seen: Vec<(&str, &str, Option<i32>)> = seen.iter().map(|(fault, kind, code)| (*fault, kind.as_str(), *code)).collect();
    assert_eq!(
        seen,
        [
            ("code-1", "platform", Some(1)),
            ("code-99", "platform", Some(99)),
            ("http-503", "http", Some(503)),
            ("http-502", "http", Some(502)),
            ("truncated", "malformed", None),
            ("login-page", "malformed", None),
            ("http-500", "http", Some(500)),
            ("http-429", "http", Some(429)),
            ("reset", "transport", None),
            ("empty", "malformed", None),
            ("silence", "timeout", None),
            ("code-98", "platform", Some(98)),
        ]
    );
}

#[tokio::test]
async fn a_rate_limit_and_an_outage_turn_everybody_away() {
    let mut job = job("patience = \"300ms\"\n");
    job.retry.attempts = 1;
    let request = ShengShiStateInfo { holder: holder("91350100M000100Y43") }.request(&job.purpose);
    let (_sandbox, limited) = session(SandboxSettings { rate_limit: 3, ..SandboxSettings::default() }, &job).await;
    let mut turned_away = 0;
    for _ in 0..20 {
        if let CallResult::Failed { failure, .. } = limited.call(&request).await {
            assert_eq!(failure.code, Some(429));
            turned_away += 1;
            break;
        }
    }
    assert_eq!(turned_away, 1);
    let outage = Some(Duration::ZERO..Duration::from_hours(1));
    let (_sandbox, out) = session(SandboxSettings { outage, ..SandboxSettings::default() }, &job).await;
    assert!(matches!(out.call(&request).await, CallResult::Stopped(ecert_audit::platform::StopReason::Unhealthy(_))));
}

#[tokio::test]
async fn an_answer_larger_than_the_bound_is_not_read_on() {
    let mut job = job("");
    job.platform.max_answer = 40;
    let (_sandbox, session) = session(SandboxSettings::default(), &job).await;
    // The token's own answer is larger than that.
    assert!(session.open().await.is_err());
}
