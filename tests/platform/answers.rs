//! Answers that are right and written otherwise than in plain UTF-8 JSON, over real HTTP: they are read, or are failures that
//! say why; none looks like "not found".

use super::{ask_list, ask_state, holder, job};
use axum::Router;
use axum::body::Bytes;
use axum::http::{Uri, header};
use axum::routing::post;
use ecert_audit::endpoint::{Endpoint, Side};
use ecert_audit::face::{Face, Field, compiled_in_rules};
use ecert_audit::platform::{CallResult, Client, Envelope, ErrorKind, Session};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const HOLDER: &str = "91350100M000100Y43";
const TOKEN: &str = r#"{"access_token":"t1","token_type":"bearer","expires_in":30045}"#;
const LIST: &str = r#"{"head":{"status":"0","message":"接口调用成功"},"data":{"total":1,"dataList":[{"certholder":"张三"}]}}"#;
const JSON: &str = "application/json";

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

fn with_mark(text: &str) -> Vec<u8> {
    format!("\u{FEFF}{text}").into_bytes()
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// A session with a platform that gives this token, and this answer to every call.
async fn session(token: (&'static str, Vec<u8>), answer: (&'static str, Vec<u8>)) -> Session {
    let (token, answer) = ((token.0, Bytes::from(token.1)), (answer.0, Bytes::from(answer.1)));
    let respond = move |uri: Uri| async move {
        let (content_type, body) = if uri.path() == Endpoint::Token.path() { token } else { answer };
        ([(header::CONTENT_TYPE, content_type)], body)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(post(respond))).await });
    let mut job = job("");
    job.retry.attempts = 1;
    let client = Client::new(&job.platform, &base_url, 1).unwrap();
    Session::new(client, &job, CancellationToken::new())
}

async fn list(session: &Session) -> CallResult {
    session.call(&ask_list(holder(HOLDER), Side::Province, &job("").purpose)).await
}

async fn read(content_type: &'static str, answer: Vec<u8>) -> Envelope {
    match list(&session((JSON, TOKEN.into()), (content_type, answer)).await).await {
        CallResult::Answer { envelope, .. } => envelope,
        other => panic!("{content_type}: {other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_read_in_whatever_encoding_it_is() {
    let plain = read("application/json;charset=UTF-8", LIST.into()).await;
    assert_eq!(plain.objects()[0].get("certholder"), Some("张三"));
    for (content_type, answer) in [
        (JSON, with_mark(LIST)),
        ("application/json;charset=GBK", gbk(LIST)),
        ("text/html; charset=\"gb18030\"", gbk(LIST)),
        (JSON, gbk(LIST)),
        ("application/json;charset=UTF-8", gbk(LIST)),
        ("application/json;charset=ISO-8859-1", LIST.into()),
        ("application/json;charset=GBK", LIST.into()),
        (JSON, utf16(LIST)),
    ] {
        assert_eq!(read(content_type, answer).await, plain, "{content_type}");
    }
}

#[tokio::test]
async fn a_declared_encoding_decides_where_the_bytes_leave_it_open() {
    // In GBK this character is what is a middle dot in UTF-8.
    let list = r#"{"head":{"status":0},"data":[{"certholder":"路"}]}"#;
    let declared = read("application/json;charset=GBK", gbk(list)).await;
    assert_eq!(declared.objects()[0].get("certholder"), Some("路"));
}

#[tokio::test]
async fn what_is_kept_of_a_call_reads_the_same_without_its_headers() {
    for (content_type, answer) in [("application/json;charset=GBK", gbk(LIST)), (JSON, gbk(LIST)), (JSON, with_mark(LIST))] {
        let session = session((JSON, TOKEN.into()), (content_type, answer)).await;
        let CallResult::Answer { body, envelope, .. } = list(&session).await else { panic!("{content_type}") };
        assert_eq!(Envelope::parse(&body).unwrap(), envelope, "{content_type}");
    }
}

#[tokio::test]
async fn a_token_is_read_in_whatever_encoding_its_answer_is() {
    for (content_type, token) in [
        (JSON, with_mark(TOKEN)),
        ("application/json;charset=GBK", gbk(r#"{"access_token":"t1","scope":"读"}"#)),
        (JSON, gbk(r#"{"access_token":"t1","scope":"读写"}"#)),
        (JSON, utf16(TOKEN)),
    ] {
        let session = session((content_type, token), (JSON, LIST.into())).await;
        assert!(session.open().await.is_ok(), "{content_type}");
        assert!(matches!(list(&session).await, CallResult::Answer { .. }), "{content_type}");
    }
}

#[tokio::test]
async fn an_answer_in_no_encoding_or_with_a_broken_reference_is_malformed_and_not_absent() {
    let mut damaged = LIST.as_bytes().to_vec();
    damaged.remove(LIST.find('张').unwrap());
    let unresolved = r#"{"head":{"status":0},"data":{"total":1,"dataList":[{"$ref":"$.data.dataList[3]"}]}}"#;
    let circular = r#"{"head":{"status":0},"data":{"total":1,"dataList":[{"$ref":"$.data"}]}}"#;
    let no_path = r#"{"head":{"status":0},"data":{"total":2,"dataList":[{"certno":"A1"},{"$ref":0}]}}"#;
    let half =
        r#"{"head":{"status":0},"data":{"total":2,"dataList":[{"certno":"A1"},{"$ref":"$.data.dataList[0]","certno":"A1"}]}}"#;
    for (answer, code) in [
        (damaged, "answer-not-utf8"),
        (unresolved.into(), "answer-reference-unresolved"),
        (circular.into(), "answer-reference-circular"),
        (no_path.into(), "answer-reference-unresolved"),
        (half.into(), "answer-reference-unresolved"),
    ] {
        let session = session((JSON, TOKEN.into()), (JSON, answer)).await;
        let CallResult::Failed { failure, .. } = list(&session).await else { panic!("{code}") };
        assert_eq!(failure.kind, ErrorKind::Malformed, "{code}");
        assert!(failure.to_message().to_string().contains(code), "{failure:?}");
    }
}

#[tokio::test]
async fn an_answer_that_says_two_things_under_one_name_is_malformed_and_no_flag_of_it_is_believed() {
    for head in [
        r#"{"head":{"status":"0","shengIsExists":"0","shengIsExists":"1","shiIsExists":"1"},"data":null}"#,
        r#"{"head":{"status":"0","shengIsExists":"1","SHIISEXISTS":"0","shiIsExists":"1"},"data":null}"#,
        r#"{"head":{"status":"10"},"head":{"status":"0","shengIsExists":"1","shiIsExists":"1"},"data":null}"#,
    ] {
        let session = session((JSON, TOKEN.into()), (JSON, head.into())).await;
        let result = session.call(&ask_state(holder(HOLDER), &job("").purpose)).await;
        let CallResult::Failed { failure, .. } = result else { panic!("{head}") };
        assert_eq!(failure.kind, ErrorKind::Malformed, "{head}");
        assert!(failure.to_message().to_string().contains("answer-name-twice"), "{failure:?}");
    }
}

#[tokio::test]
async fn a_total_in_another_place_or_form_is_the_total() {
    for answer in [
        r#"{"head":{"status":"0"},"data":{"total":4.0,"dataList":[{"certno":"A1"}]}}"#,
        r#"{"head":{"status":"0","total":"4"},"data":[{"certno":"A1"}]}"#,
        r#"{"head":{"status":"0"},"total":4,"data":[{"certno":"A1"}]}"#,
        r#"{"head":{"status":"0"},"data":{"totalCount":4,"dataList":[{"certno":"A1"}]}}"#,
    ] {
        let envelope = read(JSON, answer.into()).await;
        assert_eq!((envelope.total, envelope.objects().len()), (Some(4), 1), "{answer}");
    }
}

#[tokio::test]
async fn a_reference_in_a_list_is_the_certificate_that_it_names() {
    let list = r#"{"head":{"status":"0"},"data":{"total":2,"dataList":[{"certno":"A1","certholder":"张三"},{"$ref":"$.data.dataList[0]"}]}}"#;
    let envelope = read(JSON, list.into()).await;
    let [first, second] = envelope.objects() else { panic!("{envelope:?}") };
    assert_eq!(first, second);
    assert_eq!(second.get("certno"), Some("A1"));
}

#[tokio::test]
async fn a_lone_surrogate_leaves_the_rest_of_its_value_and_is_listed() {
    let state = r#"{"head":{"status":"0","message":"成功\ud83d","shengIsExists":"1","shiIsExists":"0"},"data":{"certholder":"张\ud842","certno":"A1"}}"#;
    let session = session((JSON, TOKEN.into()), (JSON, state.into())).await;
    let result = session.call(&ask_state(holder(HOLDER), &job("").purpose)).await;
    let CallResult::Answer { envelope, .. } = result else { panic!("{result:?}") };
    assert_eq!((envelope.message.as_str(), envelope.exists), ("成功\u{FFFD}", Some((true, false))));
    let face = Face::read(&envelope.objects()[0], &compiled_in_rules(), Side::Province, super::TYPE);
    assert_eq!(face.text(Field::HolderName), Some("张\u{FFFD}"));
    assert_eq!(face.problems, ["certholder: 张\u{FFFD}"]);
}
