//! What an attempt's result means: an answer, a reason to try again, or the end of it.

use super::body::text_of;
use super::client::Attempt;
use super::envelope::Envelope;
use super::said::{fit_to_show, says_too_often};
use crate::codes::{CodeTable, Treatment, return_code};
use crate::message::Message;
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

/// Judges the result of one attempt of a business call. What the platform says in words is kept, without `secrets`.
#[must_use]
pub fn judge(attempt: &Attempt, codes: &CodeTable, secrets: &[&str]) -> Verdict {
    match attempt {
        Attempt::Timeout => Verdict::Again(Failure::new(ErrorKind::Timeout, None), None),
        Attempt::Transport(cause) => Verdict::Again(Failure::new(ErrorKind::Transport, None).because(cause.clone()), None),
        Attempt::Http { status, retry_after, body } => {
            let code = Some(i32::from(*status));
            let message = words_of(body).map(|words| fit_to_show(&words, secrets)).unwrap_or_default();
            let failure = Failure { message, ..Failure::new(ErrorKind::Http, code) };
            match status {
                401 | 403 => Verdict::RenewToken(Failure { kind: ErrorKind::Auth, ..failure }),
                408 | 429 | 500..=599 => Verdict::Again(failure, *retry_after),
                _ => Verdict::Final(failure),
            }
        }
        Attempt::TooLarge(bytes) => {
            let reason = Message::new("answer-too-large").with("mebibytes", bytes >> 20);
            Verdict::Final(Failure::new(ErrorKind::Malformed, None).because(reason))
        }
        Attempt::Body(body) => match Envelope::parse(body) {
            Err(malformed) => Verdict::Again(Failure::new(ErrorKind::Malformed, None).because(malformed.to_message()), None),
            Ok(envelope) => judge_envelope(envelope, codes, secrets),
        },
    }
}

/// The platform's words in the body of an HTTP error, where it is JSON that has some.
pub(super) fn words_of(body: &[u8]) -> Option<String> {
    if let Ok(envelope) = Envelope::parse(body) {
        return Some(envelope.message).filter(|words| !words.is_empty());
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text_of(body).ok()?).ok()?;
    let words = ["message", "msg", "error_description", "error"].iter().find_map(|name| object.get(*name)?.as_str());
    words.map(str::to_owned)
}

fn judge_envelope(envelope: Envelope, codes: &CodeTable, secrets: &[&str]) -> Verdict {
    let failure = |kind| {
        // The specification's own text for a code says nothing that the code does not.
        let is_usual = return_code(envelope.status).is_some_and(|line| line.text_zh == envelope.message.trim());
        let message = if is_usual { String::new() } else { fit_to_show(&envelope.message, secrets) };
        Failure { message, ..Failure::new(kind, Some(envelope.status)) }
    };
    let treatment = codes.treatment(envelope.status);
    let is_answer = matches!(treatment, Some(Treatment::Answer | Treatment::Absent | Treatment::Lifecycle));
    if !is_answer && says_too_often(&envelope.message) {
        return Verdict::Again(failure(ErrorKind::Platform), None);
    }
    match treatment {
        Some(Treatment::Answer | Treatment::Absent | Treatment::Lifecycle) => Verdict::Answer(envelope),
        Some(Treatment::Retry) => Verdict::Again(failure(ErrorKind::Platform), None),
        Some(Treatment::RenewToken) => Verdict::RenewToken(failure(ErrorKind::Auth)),
        Some(Treatment::StopType) => Verdict::Final(failure(ErrorKind::TypeUnpublished)),
        Some(Treatment::StopRun) => Verdict::Final(failure(ErrorKind::Request)),
        Some(Treatment::Unsupported) => Verdict::Final(failure(ErrorKind::Unsupported)),
        Some(Treatment::Malformed) => Verdict::Final(failure(ErrorKind::Malformed)),
        None => Verdict::Final(failure(ErrorKind::Platform)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(code: i32) -> Verdict {
        judge(
            &Attempt::Body(format!(r#"{{"head":{{"status":"{code}"}},"data":null}}"#).into_bytes().into()),
            &CodeTable::default(),
            &[],
        )
    }

    #[test]
    fn every_return_code_has_its_verdict() {
        for code in [0, 10, 21, 22, 23] {
            assert!(matches!(verdict_of(code), Verdict::Answer(_)), "{code}");
        }
        for code in [1, 99] {
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
        let http = |status| {
            let attempt = Attempt::Http { status, retry_after: Some(Duration::from_secs(2)), body: "{}".into() };
            judge(&attempt, &CodeTable::default(), &[])
        };
        for status in [401, 403] {
            assert!(matches!(http(status), Verdict::RenewToken(_)), "{status}");
        }
        for status in [408, 429, 500, 502, 503] {
            assert!(matches!(http(status), Verdict::Again(_, Some(_))), "{status}");
        }
        assert!(matches!(http(404), Verdict::Final(Failure { kind: ErrorKind::Http, code: Some(404), .. })));
        assert!(matches!(
            judge(&Attempt::Body("<html>".into()), &CodeTable::default(), &[]),
            Verdict::Again(Failure { kind: ErrorKind::Malformed, .. }, None)
        ));
    }

    #[test]
    fn the_platforms_own_words_are_kept_and_what_it_says_of_frequency_is_heeded() {
        let said = |code: i32, words: &str| {
            let body = format!(r#"{{"head":{{"status":{code},"message":"{words}"}},"data":null}}"#);
            judge(&Attempt::Body(body.into_bytes().into()), &CodeTable::default(), &["hunter2"])
        };
        let Verdict::Final(failure) = said(98, "账号 hunter2 无权访问370499199001010007") else { panic!() };
        assert_eq!(failure.message, "账号 *** 无权访问3704************07");
        let Verdict::Again(failure, None) = said(98, "接口调用超出频率限制") else { panic!() };
        assert_eq!(failure.message, "接口调用超出频率限制");
        assert!(matches!(said(0, "调用过于频繁"), Verdict::Answer(_)), "an answer is one, whatever it says");
        let Verdict::Again(failure, None) = said(99, "其他异常") else { panic!() };
        assert_eq!(failure.message, "", "the code says as much");
        let body = r#"{"timestamp":1,"status":500,"error":"Internal Server Error","message":"数据库连接失败"}"#;
        let attempt = Attempt::Http { status: 500, retry_after: None, body: body.into() };
        let Verdict::Again(failure, None) = judge(&attempt, &CodeTable::default(), &[]) else { panic!() };
        assert_eq!(failure.message, "数据库连接失败");
    }

    #[test]
    fn a_job_says_what_a_code_means_to_it() {
        let codes = CodeTable::with([(99, Treatment::Absent), (500, Treatment::Retry)].into());
        let judge =
            |code: i32| judge(&Attempt::Body(format!(r#"{{"head":{{"status":{code}}}}}"#).into_bytes().into()), &codes, &[]);
        assert!(matches!(judge(99), Verdict::Answer(_)));
        assert!(matches!(judge(500), Verdict::Again(..)));
        assert!(matches!(judge(1), Verdict::Again(..)));
    }
}
