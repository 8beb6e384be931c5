//! Every fault of the sandbox as the client sees it, each deterministic; and what platforms say instead of answering.

use super::transport::serve;
use super::{ask_state, holder, job, session};
use crate::support::{Workspace, citizen, stderr, stdout};
use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use ecert_audit::endpoint::Endpoint;
use ecert_audit::job::{SandboxSettings, Secret};
use ecert_audit::platform::{CallResult, Client, ErrorKind, Session, ShengShiStateInfo, StopReason};
use ecert_audit::sandbox::FAULTS;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

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

const TOKEN: &str = "ab/cd+ef==ghijklmnop0123456789";
const PASSWORD: &str = "p&w+d=%秘 密\"/x";

/// A platform that answers each login, and each call, by how many there were before.
struct Talking {
    base_url: String,
    logins: Arc<AtomicU64>,
    calls: Arc<AtomicU64>,
}

impl Talking {
    async fn start(
        login: impl Fn(u64) -> Response + Clone + Send + Sync + 'static,
        call: impl Fn(u64) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let (logins, calls) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (login_count, call_count) = (Arc::clone(&logins), Arc::clone(&calls));
        let login = move |_body: Bytes| {
            let response = login(login_count.fetch_add(1, Ordering::Relaxed));
            async move { response }
        };
        let call = move |_body: Bytes| {
            let response = call(call_count.fetch_add(1, Ordering::Relaxed));
            async move { response }
        };
        let router = Router::new().route(&Endpoint::Token.path(), post(login)).fallback(post(call));
        Self { base_url: serve(router).await, logins, calls }
    }

    /// A platform that gives tokens.
    async fn with_tokens(call: impl Fn(u64) -> Response + Clone + Send + Sync + 'static) -> Self {
        Self::start(|_| format!(r#"{{"access_token":"{TOKEN}","expires_in":3600}}"#).into_response(), call).await
    }

    /// A session with it that makes at most this many attempts of a call.
    fn session(&self, attempts: u32) -> Session {
        let mut job = job("");
        job.retry.attempts = attempts;
        job.platform.password = Secret::Literal(PASSWORD.to_owned());
        let client = Client::new(&job.platform, &self.base_url, 1).unwrap();
        Session::new(client, &job, CancellationToken::new())
    }

    /// Logins and calls so far.
    fn counts(&self) -> (u64, u64) {
        (self.logins.load(Ordering::Relaxed), self.calls.load(Ordering::Relaxed))
    }
}

async fn ask(session: &Session, holder_code: &str) -> CallResult {
    session.call(&ask_state(holder(holder_code), &job("").purpose)).await
}

const ANSWER: &str =
    r#"{"head":{"status":"0","message":"接口调用成功","shengIsExists":"1","shiIsExists":"0"},"data":{"certno":"A1"}}"#;

#[tokio::test]
async fn an_answer_that_repeats_our_secrets_is_kept_without_them() {
    let in_units = |text: &str| text.encode_utf16().fold(String::new(), |written, unit| written + &format!("\\u{unit:04x}"));
    let in_percent = |text: &str| text.bytes().fold(String::new(), |written, byte| written + &format!("%{byte:02X}"));
    let quoted = serde_json::to_string(PASSWORD).unwrap();
    for echo in [
        TOKEN.to_owned(),
        TOKEN.replace('/', "\\/"),
        in_units(TOKEN),
        in_percent(TOKEN),
        quoted.trim_matches('"').to_owned(),
        in_units(PASSWORD),
        in_percent(PASSWORD),
    ] {
        let body = format!(
            r#"{{"head":{{"status":"0","message":"tok {echo}","shengIsExists":"1","shiIsExists":"0"}},"data":{{"bz":"备注{echo}"}}}}"#
        );
        let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(body.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for bytes in [body.into_bytes(), utf16] {
            let platform = Talking::with_tokens(move |_| bytes.clone().into_response()).await;
            let result = ask(&platform.session(1), "91350100M000100Y43").await;
            let CallResult::Answer { body, envelope, .. } = result else { panic!("{echo}: {result:?}") };
            assert_eq!(envelope.objects()[0].get("bz"), Some("备注***"), "{echo}");
            assert_eq!(envelope.message, "tok ***", "{echo}");
            assert!(!String::from_utf8(body.to_vec()).unwrap().contains(&echo), "{echo}");
        }
    }
}

#[tokio::test]
async fn what_is_said_of_a_failure_names_neither_us_nor_the_holder() {
    let code = citizen(7);
    let spaced = format!("{} {}\u{200b}{}", &code[..6], &code[6..14], &code[14..]);
    for (status, words) in [
        (StatusCode::OK, format!("用户a密码{} 令牌{TOKEN} 持证主体{code}", PASSWORD.replace('"', "\\\""))),
        (StatusCode::OK, format!("持证主体{spaced}查不到")),
        (StatusCode::INTERNAL_SERVER_ERROR, format!("持证主体{}查不到 {TOKEN}", code.to_lowercase())),
    ] {
        let body = if status == StatusCode::OK {
            format!(r#"{{"head":{{"status":"98","message":"{words}"}},"data":null}}"#)
        } else {
            format!(r#"{{"message":"{words}"}}"#)
        };
        let platform = Talking::with_tokens(move |_| (status, body.clone()).into_response()).await;
        let CallResult::Failed { failure, .. } = ask(&platform.session(1), &code).await else { panic!("{words}") };
        let shown: String = failure.to_message().to_string().chars().filter(|character| character.is_alphanumeric()).collect();
        assert!(!shown.contains(&code) && !shown.contains("ghijklmnop") && !shown.contains('秘'), "{shown}");
        assert!(!failure.message.is_empty());
    }
}

#[tokio::test]
async fn words_about_the_rate_are_a_reason_to_try_again_whatever_the_code() {
    for head in [
        r#""status":"98","message":"请求过快，请稍后再试""#,
        r#""status":"500","message":"超过最大并发数""#,
        r#""status":"12","message":"接口调用超出频率限制""#,
        r#""status":"10","message":"调用过于频繁""#,
        r#""status":"0","message":"QPS limit exceeded","shengIsExists":"0","shiIsExists":"0""#,
        r#""status":"429","message":"""#,
    ] {
        let busy = format!(r#"{{"head":{{{head}}},"data":null}}"#);
        let platform =
            Talking::with_tokens(move |calls| if calls == 0 { busy.clone() } else { ANSWER.to_owned() }.into_response()).await;
        let result = ask(&platform.session(2), "91350100M000100Y43").await;
        let CallResult::Answer { envelope, attempts: 2, .. } = result else { panic!("{head}: {result:?}") };
        assert_eq!(envelope.exists, Some((true, false)), "{head}");
    }
}

#[tokio::test]
async fn a_locked_account_stops_calling_after_one_more_token_whatever_the_code() {
    for code in [1, 98, 99, 10] {
        let body = format!(r#"{{"head":{{"status":{code},"message":"账号已锁定，请联系管理员"}},"data":null}}"#);
        let platform = Talking::with_tokens(move |_| body.clone().into_response()).await;
        let CallResult::Stopped(StopReason::Refused(why)) = ask(&platform.session(3), "91350100M000100Y43").await else {
            panic!("{code}")
        };
        assert!(why.to_string().contains("账号已锁定"), "{why}");
        assert_eq!(platform.counts(), (2, 2), "{code}");
    }
}

#[tokio::test]
async fn a_token_that_has_died_is_renewed_in_whatever_way_that_is_told() {
    let oauth = r#"{"error":"invalid_token","error_description":"Invalid access token"}"#;
    for (status, body) in [
        (StatusCode::OK, oauth),
        (StatusCode::BAD_REQUEST, oauth),
        (StatusCode::INTERNAL_SERVER_ERROR, r#"{"error":"invalid_token"}"#),
        (StatusCode::OK, r#"{"head":{"status":"99","message":"token失效"},"data":null}"#),
        (StatusCode::OK, r#"{"code":1,"msg":"登录已超时，请重新登录"}"#),
        (StatusCode::FOUND, ""),
    ] {
        let dead = move || (status, [(header::LOCATION, "/login")], body).into_response();
        let platform = Talking::with_tokens(move |calls| if calls == 0 { dead() } else { ANSWER.into_response() }).await;
        let result = ask(&platform.session(1), "91350100M000100Y43").await;
        assert!(matches!(result, CallResult::Answer { attempts: 2, .. }), "{status} {body}: {result:?}");
        assert_eq!(platform.counts(), (2, 2), "{status} {body}");
    }
}

#[tokio::test]
async fn a_login_that_is_refused_in_words_is_not_tried_again() {
    for (status, body) in [
        (StatusCode::OK, r#"{"code":401,"msg":"账号已锁定","data":null}"#),
        (StatusCode::OK, r#"{"success":false,"message":"账户已被锁"}"#),
        (StatusCode::OK, r#"{"status":"1001","msg":"密码不正确，还可尝试2次"}"#),
        (StatusCode::OK, r#"{"head":{"status":"1","message":"该用户无权访问"},"data":null}"#),
        (StatusCode::LOCKED, r#"{"message":"账号已锁定"}"#),
        (StatusCode::INTERNAL_SERVER_ERROR, r#"{"message":"密码错误"}"#),
    ] {
        let platform = Talking::start(move |_| (status, body).into_response(), |_| ANSWER.into_response()).await;
        let Err(StopReason::Refused(why)) = platform.session(3).open().await else { panic!("{status} {body}") };
        assert!(
            ["账号已锁定", "账户已被锁", "密码不正确", "无权访问", "密码错误"]
                .iter()
                .any(|words| why.to_string().contains(words)),
            "{why}"
        );
        assert_eq!(platform.counts(), (1, 0), "{status} {body}");
    }
    let platform =
        Talking::start(|_| (StatusCode::FORBIDDEN, r#"{"message":"请求过快"}"#).into_response(), |_| ANSWER.into_response())
            .await;
    assert!(matches!(platform.session(2).open().await, Err(StopReason::Unhealthy(_))));
    assert_eq!(platform.counts(), (2, 0), "that comes too often is no refusal");
}

#[tokio::test]
async fn a_page_that_repeats_a_login_shows_no_password() {
    let form = "username=a&password=p%26w%2Bd%3D%25%E7%A7%98+%E5%AF%86%22%2Fx";
    let page = format!(r#"{{"error":"x","error_description":"bad {form}"}}"#);
    let platform =
        Talking::start(move |_| (StatusCode::BAD_REQUEST, page.clone()).into_response(), |_| ANSWER.into_response()).await;
    let Err(StopReason::Refused(why)) = platform.session(1).open().await else { panic!("it is refused") };
    assert!(why.to_string().contains("password=***") && !why.to_string().contains("%26w"), "{why}");

    // An answer that cannot be read is shown by its beginning.
    let platform = Talking::with_tokens(move |_| format!("<p>{TOKEN}</p>").into_response()).await;
    let CallResult::Failed { failure, .. } = ask(&platform.session(1), "91350100M000100Y43").await else {
        panic!("it is no answer")
    };
    assert_eq!(failure.kind, ErrorKind::Malformed);
    assert!(failure.to_message().to_string().contains("<p>***</p>"), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_by_hand_prints_neither_our_secrets_nor_what_commands_a_terminal() {
    let answer =
        format!("{{\"head\":{{\"status\":\"0\",\"message\":\"tok {TOKEN}\"}},\"data\":[\"{TOKEN} \\u001b[31m \u{9b}32m\"]}}");
    let platform = Talking::with_tokens(move |_| answer.clone().into_response()).await;
    let workspace = Workspace::new();
    let output = tokio::task::block_in_place(|| {
        let mut command =
            workspace.command(&["call", "downloadPdfFile", "-p", "abstractCode=12345678", "--base-url", &platform.base_url]);
        command.env("ECERT_USERNAME", "a").env("ECERT_PASSWORD", PASSWORD).output().unwrap()
    });
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for text in [stdout(&output), stderr(&output)] {
        assert!(!text.contains("ghijklmnop") && !text.contains(['\u{1b}', '\u{9b}']), "{text}");
    }
    assert!(stdout(&output).contains("*** "), "{}", stdout(&output));
}
