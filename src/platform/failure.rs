//! What an attempt's result means: an answer, a reason to try again, or the end of it.

use super::body::text_of;
use super::client::Attempt;
use super::envelope::{Data, Envelope, Malformed};
use super::said::{Hidden, Meaning, Place, fit_to_show, meaning_of};
use crate::codes::{CodeTable, Treatment, return_code};
use crate::message::Message;
use serde_json::{Map, Value};
use std::time::Duration;

/// Kinds of failure, as tables name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No whole answer in time.
    Timeout,
    /// No connection, or one that broke.
    Transport,
    /// An HTTP status other than 200.
    Http,
    /// An answer in no shape of the platform's.
    Malformed,
    /// Identity not accepted.
    Auth,
    /// The request itself is refused (codes 12, 14, 199).
    Request,
    /// The source does not offer the interface (code 2).
    Unsupported,
    /// The certificate type is not published (code 13).
    TypeUnpublished,
    /// Any other trouble that the platform reports.
    Platform,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Timeout,
        Self::Transport,
        Self::Http,
        Self::Malformed,
        Self::Auth,
        Self::Request,
        Self::Unsupported,
        Self::TypeUnpublished,
        Self::Platform,
    ];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::Http => "http",
            Self::Malformed => "malformed",
            Self::Auth => "auth",
            Self::Request => "request",
            Self::Unsupported => "unsupported",
            Self::TypeUnpublished => "type_unpublished",
            Self::Platform => "platform",
        }
    }

    /// What people call it.
    #[must_use]
    pub fn to_message(self) -> Message {
        match self {
            Self::Timeout => Message::new("error-timeout"),
            Self::Transport => Message::new("error-transport"),
            Self::Http => Message::new("error-http"),
            Self::Malformed => Message::new("error-malformed"),
            Self::Auth => Message::new("error-auth"),
            Self::Request => Message::new("error-request"),
            Self::Unsupported => Message::new("error-unsupported"),
            Self::TypeUnpublished => Message::new("error-type_unpublished"),
            Self::Platform => Message::new("error-platform"),
        }
    }

    /// Finds a kind by its name in tables.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure.
    pub kind: ErrorKind,
    /// `head.status`, or the HTTP status for [`ErrorKind::Http`] and [`ErrorKind::Auth`].
    pub code: Option<i32>,
    /// The platform's own words, masked and cut; empty where it said none.
    pub message: String,
    /// What else is known of the cause, such as which part of an answer cannot be read.
    pub reason: Option<Message>,
}

impl Failure {
    /// A failure of which the platform said nothing.
    #[must_use]
    pub const fn new(kind: ErrorKind, code: Option<i32>) -> Self {
        Self { kind, code, message: String::new(), reason: None }
    }

    /// The failure with what else is known of its cause.
    #[must_use]
    pub fn because(self, reason: Message) -> Self {
        Self { reason: Some(reason), ..self }
    }

    /// The failure with what the platform says, fit to be shown: the first of its words.
    fn saying(self, words: &[String], hidden: &Hidden<'_>) -> Self {
        Self { message: words.first().map(|words| fit_to_show(words, hidden)).unwrap_or_default(), ..self }
    }

    /// The failure as one message: what it is called, its code, the platform's words.
    #[must_use]
    pub fn to_message(&self) -> Message {
        let words = if self.message.is_empty() { None } else { Some(Message::literal(&self.message)) };
        let parts: Vec<Message> = words.into_iter().chain(self.reason.clone()).collect();
        let message = match (self.kind, self.code) {
            (ErrorKind::Http, Some(status)) => Message::new("failure-http-status").with("status", status),
            (_, Some(code)) => Message::new("failure-code").with("code", code),
            (kind, None) => Message::new("failure-kind").with_message("kind", kind.to_message()),
        };
        if parts.is_empty() {
            message
        } else {
            Message::new("failure-said").with_message("failure", message).with_list("words", parts)
        }
    }
}

/// What to do after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The call has its answer.
    Answer(Envelope),
    /// The same call may succeed later; not before the wait, where the platform names one.
    Again(Failure, Option<Duration>),
    /// The token is no longer good.
    RenewToken(Failure),
    /// Trying again would give the same.
    Final(Failure),
}

/// Judges the result of one attempt of a business call. What the platform says in words is kept, without what is `hidden`; where
/// it says that calls come too often, or that account or token are refused, that counts more than the code beside it.
#[must_use]
pub fn judge(attempt: &Attempt, codes: &CodeTable, hidden: &Hidden<'_>) -> Verdict {
    match attempt {
        Attempt::Timeout => Verdict::Again(Failure::new(ErrorKind::Timeout, None), None),
        Attempt::Transport(cause) => Verdict::Again(Failure::new(ErrorKind::Transport, None).because(cause.clone()), None),
        Attempt::Http { status, retry_after, body, leads_to_login } => {
            let words = words_of(body);
            let failure = Failure::new(ErrorKind::Http, Some(i32::from(*status))).saying(&words, hidden);
            let meaning = meaning_of_all(&words, Place::Any);
            match (meaning, status) {
                (Some(Meaning::TooOften), _) | (None, 408 | 429 | 500..=599) => Verdict::Again(failure, *retry_after),
                (Some(Meaning::AccountRefused | Meaning::TokenRefused), _) | (None, 401 | 403) => refused(failure),
                // A session that has ended, to a gateway that knows browsers only.
                (None, _) if *leads_to_login => refused(failure),
                (None, _) => Verdict::Final(failure),
            }
        }
        Attempt::TooLarge(bytes) => {
            let reason = Message::new("answer-too-large").with("mebibytes", bytes >> 20);
            Verdict::Final(Failure::new(ErrorKind::Malformed, None).because(reason))
        }
        Attempt::Body(body) => match Envelope::parse(body) {
            Err(malformed) => judge_malformed(body, malformed, hidden),
            Ok(envelope) => judge_envelope(envelope, codes, hidden),
        },
    }
}

/// The verdict on a call whose token, or account, is not accepted.
fn refused(failure: Failure) -> Verdict {
    Verdict::RenewToken(Failure { kind: ErrorKind::Auth, ..failure })
}

/// Longest body in which words are looked for, in bytes: what a gateway or a login answers is short.
const LONGEST_SAYING: usize = 64 << 10;
/// Names under which answers that are not the platform's own have their words, the fullest first.
const NAMES_OF_WORDS: [&str; 13] = [
    "message",
    "msg",
    "error_description",
    "errorDescription",
    "error_msg",
    "errorMsg",
    "error_message",
    "errorMessage",
    "errMsg",
    "detail",
    "desc",
    "info",
    "error",
];

/// The platform's words in a body: in an envelope, or in any other JSON object, where they stand under several names. The first
/// are the fullest. Its data is not looked at.
pub(super) fn words_of(body: &[u8]) -> Vec<String> {
    if body.len() > LONGEST_SAYING {
        return Vec::new();
    }
    let words = match Envelope::parse(body) {
        Ok(envelope) => vec![envelope.message],
        Err(_) => text_of(body)
            .ok()
            .and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok())
            .map_or_else(Vec::new, |object| words_in(&object)),
    };
    words.into_iter().filter(|words| !words.trim().is_empty()).collect()
}

fn words_in(object: &Map<String, Value>) -> Vec<String> {
    let named = |name: &str| object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let mut words: Vec<String> = Vec::new();
    for value in NAMES_OF_WORDS.iter().filter_map(|name| named(name)) {
        match value {
            Value::String(text) => words.push(text.clone()),
            Value::Object(inner) => words.extend(words_in(inner)),
            _ => {}
        }
    }
    words
}

/// What words mean that were said together.
pub(super) fn meaning_of_all(words: &[String], place: Place) -> Option<Meaning> {
    meaning_of(&words.join("\n"), place)
}

/// Judges an answer that is no envelope: a gateway may have given it, or whoever looks after tokens.
fn judge_malformed(body: &[u8], malformed: Malformed, hidden: &Hidden<'_>) -> Verdict {
    let words = words_of(body);
    match meaning_of_all(&words, Place::Any) {
        Some(Meaning::AccountRefused | Meaning::TokenRefused) => {
            refused(Failure::new(ErrorKind::Auth, None).saying(&words, hidden))
        }
        Some(Meaning::TooOften) => Verdict::Again(Failure::new(ErrorKind::Platform, None).saying(&words, hidden), None),
        None => {
            // The beginning of the body is shown: it may be what we have sent.
            let clean = hidden.own().out_of_excerpt(body).and_then(|clean| Envelope::parse(&clean).err());
            let why = clean.unwrap_or(malformed).to_message();
            Verdict::Again(Failure::new(ErrorKind::Malformed, None).saying(&words, hidden).because(why), None)
        }
    }
}

/// A gateway's code for too many requests, where it puts HTTP's into the head of an answer.
pub(super) const TOO_MANY: i32 = 429;

fn judge_envelope(envelope: Envelope, codes: &CodeTable, hidden: &Hidden<'_>) -> Verdict {
    let failure = |kind| {
        // The specification's own text for a code says nothing that the code does not.
        let is_usual = return_code(envelope.status).is_some_and(|line| line.text_zh == envelope.message.trim());
        let message = if is_usual { String::new() } else { fit_to_show(&envelope.message, hidden) };
        Failure { message, ..Failure::new(kind, Some(envelope.status)) }
    };
    let treatment = codes.treatment(envelope.status);
    let meaning = if is_told(&envelope, treatment) { None } else { meaning_of(&envelope.message, Place::Any) };
    match (meaning, treatment) {
        (Some(Meaning::TooOften), _) | (None, Some(Treatment::Retry)) => Verdict::Again(failure(ErrorKind::Platform), None),
        (Some(Meaning::AccountRefused | Meaning::TokenRefused), _) => refused(failure(ErrorKind::Auth)),
        (None, Some(Treatment::Answer | Treatment::Absent | Treatment::Lifecycle)) => {
            let message = hidden.own().out_of_words(envelope.message);
            Verdict::Answer(Envelope { message, ..envelope })
        }
        (None, None) if envelope.status == TOO_MANY => Verdict::Again(failure(ErrorKind::Platform), None),
        (None, Some(Treatment::RenewToken)) => Verdict::RenewToken(failure(ErrorKind::Auth)),
        (None, Some(Treatment::StopType)) => Verdict::Final(failure(ErrorKind::TypeUnpublished)),
        (None, Some(Treatment::StopRun)) => Verdict::Final(failure(ErrorKind::Request)),
        (None, Some(Treatment::Unsupported)) => Verdict::Final(failure(ErrorKind::Unsupported)),
        (None, Some(Treatment::Malformed)) => Verdict::Final(failure(ErrorKind::Malformed)),
        (None, None) => Verdict::Final(failure(ErrorKind::Platform)),
    }
}

/// Whether an answer tells what was asked for, so that it is one whatever is said beside it. That nothing was found tells nothing
/// where the words give another reason.
fn is_told(envelope: &Envelope, treatment: Option<Treatment>) -> bool {
    let has_content = envelope.data != Data::Empty || matches!(envelope.exists, Some((true, _) | (_, true)));
    matches!(treatment, Some(Treatment::Answer | Treatment::Lifecycle)) && has_content
}

#[cfg(test)]
mod tests {
    use super::super::said::OwnSecrets;
    use super::*;

    fn judged(body: &str) -> Verdict {
        judge(&Attempt::Body(body.to_owned().into()), &CodeTable::default(), &Hidden::default())
    }

    fn verdict_of(code: i32) -> Verdict {
        judged(&format!(r#"{{"head":{{"status":"{code}"}},"data":null}}"#))
    }

    fn http(status: u16, body: &str) -> Verdict {
        let retry_after = Some(Duration::from_secs(2));
        let attempt = Attempt::Http { status, retry_after, body: body.to_owned().into(), leads_to_login: false };
        judge(&attempt, &CodeTable::default(), &Hidden::default())
    }

    #[test]
    fn every_return_code_has_its_verdict() {
        for code in [0, 10, 21, 22, 23] {
            assert!(matches!(verdict_of(code), Verdict::Answer(_)), "{code}");
        }
        for code in [1, 99, 429] {
            assert!(matches!(verdict_of(code), Verdict::Again(_, None)), "{code}");
        }
        assert!(matches!(verdict_of(11), Verdict::RenewToken(_)));
        for (code, expected) in [
            (2, ErrorKind::Unsupported),
            (12, ErrorKind::Request),
            (13, ErrorKind::TypeUnpublished),
            (14, ErrorKind::Request),
            (24, ErrorKind::Malformed),
            (199, ErrorKind::Request),
            (98, ErrorKind::Platform),
            (-1, ErrorKind::Platform),
        ] {
            let Verdict::Final(failure) = verdict_of(code) else { panic!("{code}") };
            assert_eq!((failure.kind, failure.code), (expected, Some(code)));
        }
    }

    #[test]
    fn http_trouble_is_told_apart() {
        for status in [401, 403] {
            assert!(matches!(http(status, "{}"), Verdict::RenewToken(_)), "{status}");
        }
        for status in [408, 429, 500, 502, 503] {
            assert!(matches!(http(status, "{}"), Verdict::Again(_, Some(_))), "{status}");
        }
        for status in [302, 404] {
            let Verdict::Final(failure) = http(status, "{}") else { panic!("{status}") };
            assert_eq!((failure.kind, failure.code), (ErrorKind::Http, Some(i32::from(status))));
        }
        assert!(matches!(judged("<html>"), Verdict::Again(Failure { kind: ErrorKind::Malformed, .. }, None)));
        let to_login = Attempt::Http { status: 302, retry_after: None, body: "".into(), leads_to_login: true };
        let verdict = judge(&to_login, &CodeTable::default(), &Hidden::default());
        assert!(matches!(verdict, Verdict::RenewToken(Failure { kind: ErrorKind::Auth, code: Some(302), .. })), "{verdict:?}");
    }

    #[test]
    fn words_count_more_than_codes_and_statuses() {
        let envelope = |code: i32, words: &str| format!(r#"{{"head":{{"status":{code},"message":"{words}"}},"data":null}}"#);
        for code in [0, 1, 2, 10, 11, 12, 13, 14, 21, 24, 98, 99, 199, 500] {
            for words in ["接口调用超出频率限制", "请求过快", "QPS limit exceeded"] {
                let Verdict::Again(failure, None) = judged(&envelope(code, words)) else { panic!("{code} {words}") };
                assert_eq!((failure.kind, failure.message.as_str()), (ErrorKind::Platform, words));
            }
            for words in ["账号已锁定，请联系管理员", "token失效"] {
                let Verdict::RenewToken(failure) = judged(&envelope(code, words)) else { panic!("{code} {words}") };
                assert_eq!((failure.kind, failure.code, failure.message.as_str()), (ErrorKind::Auth, Some(code), words));
            }
        }
        for status in [400, 403, 404, 423, 500, 503] {
            let body = r#"{"code":1,"msg":"请求太频繁"}"#;
            assert!(matches!(http(status, body), Verdict::Again(Failure { kind: ErrorKind::Http, .. }, Some(_))), "{status}");
            for body in [r#"{"error":"invalid_token","error_description":"Invalid access token"}"#, r#"{"message":"账号已锁定"}"#]
            {
                assert!(matches!(http(status, body), Verdict::RenewToken(_)), "{status} {body}");
            }
        }
        for (body, is_refused) in [
            (r#"{"error":"invalid_token","error_description":"Invalid access token"}"#, true),
            (r#"{"error":{"code":1,"message":"token已过期"}}"#, true),
            (r#"{"Code":401,"Msg":"请先登录"}"#, true),
            (r#"{"code":1,"msg":"请求过快"}"#, false),
        ] {
            let verdict = judged(body);
            assert!(matches!(verdict, Verdict::RenewToken(_)) == is_refused, "{body}");
            assert!(matches!(verdict, Verdict::Again(Failure { kind: ErrorKind::Platform, .. }, None)) != is_refused, "{body}");
        }
    }

    #[test]
    fn an_answer_that_tells_what_was_asked_is_one_whatever_is_said_beside_it() {
        for words in ["调用过于频繁", "账号已锁定", "token失效"] {
            for (head, data) in [
                (r#""status":0"#, r#"{"total":1,"dataList":[{"no":"1"}]}"#),
                (r#""status":21"#, r#"{"no":"1"}"#),
                (r#""status":0,"shengIsExists":"1","shiIsExists":"0""#, "null"),
            ] {
                let body = format!(r#"{{"head":{{{head},"message":"{words}"}},"data":{data}}}"#);
                assert!(matches!(judged(&body), Verdict::Answer(_)), "{body}");
            }
            for head in [r#""status":0,"shengIsExists":"0","shiIsExists":"0""#, r#""status":10"#, r#""status":21"#] {
                let body = format!(r#"{{"head":{{{head},"message":"{words}"}},"data":null}}"#);
                assert!(!matches!(judged(&body), Verdict::Answer(_)), "that nothing is there is not known: {body}");
            }
            // Data is no word of the platform's.
            let body = format!(r#"{{"head":{{"status":0}},"data":{{"bz":"{words}","message":"{words}"}}}}"#);
            assert!(matches!(judged(&body), Verdict::Answer(_)), "{body}");
        }
    }

    #[test]
    fn the_platforms_own_words_are_kept_without_what_is_hidden() {
        let hidden = Hidden::secrets(OwnSecrets::new(["hunter2"]));
        let judge = |attempt: Attempt| judge(&attempt, &CodeTable::default(), &hidden);
        let said = |code: i32, words: &str| {
            let body = format!(r#"{{"head":{{"status":{code},"message":"{words}"}},"data":null}}"#);
            judge(Attempt::Body(body.into()))
        };
        let Verdict::Final(failure) = said(98, "hunter2 查不到370499199001010007") else { panic!() };
        assert_eq!(failure.message, "*** 查不到3704************07");
        let Verdict::Again(failure, None) = said(99, "其他异常") else { panic!() };
        assert_eq!(failure.message, "", "the code says as much");
        let Verdict::Answer(envelope) = said(0, "成功 hunter2") else { panic!() };
        assert_eq!(envelope.message, "成功 ***");
        let body = r#"{"timestamp":1,"status":500,"error":"Internal Server Error","message":"数据库连接失败 hunter2"}"#;
        let attempt = Attempt::Http { status: 500, retry_after: None, body: body.into(), leads_to_login: false };
        let Verdict::Again(failure, None) = judge(attempt) else { panic!() };
        assert_eq!(failure.message, "数据库连接失败 ***");
        // A page that repeats what was sent: its beginning is shown.
        let Verdict::Again(failure, None) = judge(Attempt::Body("<html>user=a&amp;password=hunte%72%32".into())) else {
            panic!()
        };
        let shown = failure.to_message().to_string();
        assert!(shown.contains("password=***") && !shown.contains("hunte"), "{shown}");
    }

    #[test]
    fn a_job_says_what_a_code_means_to_it() {
        let codes = CodeTable::with([(99, Treatment::Absent), (500, Treatment::Retry), (429, Treatment::Absent)].into());
        let judge = |code: i32| {
            let body = format!(r#"{{"head":{{"status":{code}}}}}"#);
            judge(&Attempt::Body(body.into()), &codes, &Hidden::default())
        };
        assert!(matches!(judge(99), Verdict::Answer(_)));
        assert!(matches!(judge(429), Verdict::Answer(_)));
        assert!(matches!(judge(500), Verdict::Again(..)));
        assert!(matches!(judge(1), Verdict::Again(..)));
    }
}
