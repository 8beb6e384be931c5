//! The client against the sandbox, over real HTTP on loopback.

mod answers;
mod faults;
mod interfaces;
mod transport;

use ecert_audit::endpoint::Side;
use ecert_audit::job::{Job, Purpose, SandboxSettings};
use ecert_audit::platform::{
    CallResult, Client, ErrorKind, Holder, Request, Session, ShareQueryCertInfoByHo, ShengShiStateInfo, StopReason,
};
use ecert_audit::sandbox::{Sandbox, truth};
use std::path::Path;
use tokio_util::sync::CancellationToken;

const TYPE: &str = "11100000000013338W008";

fn job(extra: &str) -> Job {
    let text = format!(
        "[job]\nname = \"t\"\n[platform]\nbase_url = \"sandbox\"\n{}\n[[inputs]]\npath = \"a\"\n\
         [retry]\nbackoff = \"1ms..2ms\"\n[throttle]\nrate = \"unlimited\"\n{extra}",
        crate::support::PURPOSE
    );
    Job::parse(Path::new("jobs/t.toml"), &text).unwrap()
}

async fn session(settings: SandboxSettings, job: &Job) -> (Sandbox, Session) {
    let sandbox = Sandbox::start(settings, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let client = Client::new(&job.platform, &sandbox.base_url(), 8).unwrap();
    (sandbox, Session::new(client, job, CancellationToken::new()))
}

fn holder(code: &str) -> Holder<'_> {
    Holder { code, code_type: "001", cert_type_code: TYPE, certificate_number: None }
}

fn ask_state(holder: Holder<'_>, purpose: &Purpose) -> Request {
    ShengShiStateInfo { holder }.request(purpose)
}

fn ask_list(holder: Holder<'_>, side: Side, purpose: &Purpose) -> Request {
    ShareQueryCertInfoByHo { holder, side }.request(purpose)
}

/// Holders of whom the sandbox's truth says something.
fn holders(wanted: impl Fn(bool, bool) -> bool) -> String {
    (0..1000)
        .map(|serial| format!("9137049{serial:011}"))
        .find(|code| match &truth(7, code, TYPE)[..] {
            [only] if only.province.iter().chain(&only.city).any(|held| held.lifecycle != 0) => false,
            [only] => wanted(only.province.is_some(), only.city.is_some()),
            _ => false,
        })
        .unwrap()
}

fn answer(result: CallResult) -> ecert_audit::platform::Envelope {
    match result {
        CallResult::Answer { envelope, .. } => envelope,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn state_and_list_tell_the_truth() {
    let job = job("");
    let (_sandbox, session) = session(SandboxSettings::default(), &job).await;
    let both = holders(|province, city| province && city);
    let state = answer(session.call(&ask_state(holder(&both), &job.purpose)).await);
    assert_eq!(state.exists, Some((true, true)));
    assert!(state.objects()[0].get("fileNumber").is_some());
    for side in Side::BOTH {
        let list = answer(session.call(&ask_list(holder(&both), side, &job.purpose)).await);
        assert_eq!((list.status, list.objects().len()), (0, 1), "{side:?}");
    }
    let city_only = holders(|province, city| !province && city);
    let state = answer(session.call(&ask_state(holder(&city_only), &job.purpose)).await);
    assert_eq!(state.exists, Some((false, true)));
    let list = answer(session.call(&ask_list(holder(&city_only), Side::Province, &job.purpose)).await);
    assert!(list.status == 10 || list.objects().is_empty());
}

#[tokio::test]
async fn the_platform_enforces_its_parameters() {
    let job = job("");
    let (_sandbox, session) = session(SandboxSettings::default(), &job).await;
    let no_cause = Purpose { copy_cause: String::new(), ..job.purpose.clone() };
    let long_cause = Purpose { copy_cause: "长".repeat(201), ..job.purpose.clone() };
    let wrong_type = Holder { code_type: "777", ..holder("91350100M000100Y43") };
    let unpublished = Holder { cert_type_code: "11100000000013127D999", ..holder("91350100M000100Y43") };
    for (request, kind, code) in [
        (ask_state(holder("91350100M000100Y43"), &no_cause), ErrorKind::Request, 12),
        (ask_state(holder(""), &job.purpose), ErrorKind::Request, 12),
        (ask_state(holder("91350100M000100Y43"), &long_cause), ErrorKind::Request, 199),
        (ask_state(wrong_type, &job.purpose), ErrorKind::Request, 14),
        (ask_state(unpublished, &job.purpose), ErrorKind::TypeUnpublished, 13),
    ] {
        let CallResult::Failed { failure, attempts } = session.call(&request).await else { panic!("{code}") };
        assert_eq!((failure.kind, failure.code, attempts), (kind, Some(code), 1));
    }
}

#[tokio::test]
async fn many_callers_share_one_token() {
    let job = job("");
    let (_sandbox, session) = session(SandboxSettings::default(), &job).await;
    let session = std::sync::Arc::new(session);
    let mut callers = tokio::task::JoinSet::new();
    for serial in 0..40 {
        let (session, purpose) = (std::sync::Arc::clone(&session), job.purpose.clone());
        callers.spawn(async move {
            let code = format!("9137049{serial:011}");
            answer(session.call(&ask_state(holder(&code), &purpose)).await);
        });
    }
    callers.join_all().await;
    assert_eq!(session.counters().token_requests.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn faults_that_pass_are_tried_again_and_those_that_stay_are_told() {
    let job = job("");
    let faulty = SandboxSettings { fault_rate: 1.0, ..SandboxSettings::default() };
    let (sandbox, session) = session(faulty, &job).await;
    for serial in 0..30 {
        let code = format!("9137049{serial:011}");
        let CallResult::Answer { attempts, .. } = session.call(&ask_state(holder(&code), &job.purpose)).await else { panic!() };
        assert!((2..=4).contains(&attempts), "{attempts}");
    }
    assert_eq!(sandbox.requests(), session.counters().attempts.load(std::sync::atomic::Ordering::Relaxed));
}

#[tokio::test]
async fn a_wrong_password_stops_at_the_first_token_request() {
    let mut job = job("");
    job.platform.password = ecert_audit::job::Secret::Literal("wrong".into());
    let (_sandbox, session) = session(SandboxSettings::default(), &job).await;
    assert!(matches!(session.open().await, Err(StopReason::Refused(_))));
    assert_eq!(session.counters().token_requests.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_quota_is_never_exceeded() {
    let job = job("max_calls = 3\n");
    let (sandbox, session) = session(SandboxSettings::default(), &job).await;
    for _ in 0..3 {
        answer(session.call(&ask_state(holder("91350100M000100Y43"), &job.purpose)).await);
    }
    let CallResult::Stopped(reason) = session.call(&ask_state(holder("91350100M000100Y43"), &job.purpose)).await else {
        panic!()
    };
    assert_eq!((reason, sandbox.requests()), (StopReason::QuotaUsed, 3));
}
