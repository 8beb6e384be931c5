//! What an attempt's result means: an answer, a reason to try again, or the end of it.

use super::client::Attempt;
use super::envelope::Envelope;
use crate::codes::{CodeTable, Treatment, return_code};
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

    /// Finds a kind by its name in tables.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Why a call gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of trouble.
    pub kind: ErrorKind,
    /// `head.status`, or the HTTP status for [`ErrorKind::Http`].
    pub code: Option<i32>,
    /// In words, free of holder codes.
    pub message: String,
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

/// Judges the result of one attempt of a business call.
#[must_use]
pub fn judge(attempt: &Attempt, codes: &CodeTable) -> Verdict {
    let failure = |kind, code, message: String| Failure { kind, code, message };
    match attempt {
        Attempt::Timeout => Verdict::Again(failure(ErrorKind::Timeout, None, "在规定时间内没有完整的答复".to_owned()), None),
        Attempt::Transport(message) => Verdict::Again(failure(ErrorKind::Transport, None, message.clone()), None),
        Attempt::Http { status, retry_after } => {
            let failure = failure(ErrorKind::Http, Some(i32::from(*status)), format!("HTTP 状态 {status}"));
            match status {
                401 | 403 => Verdict::RenewToken(Failure { kind: ErrorKind::Auth, ..failure }),
                408 | 429 | 500..=599 => Verdict::Again(failure, *retry_after),
                _ => Verdict::Final(failure),
            }
        }
        Attempt::TooLarge(bytes) => {
            Verdict::Final(failure(ErrorKind::Malformed, None, format!("答复超过 {} MiB，未读完", bytes >> 20)))
        }
        Attempt::Body(body) => match Envelope::parse(body) {
            Err(malformed) => Verdict::Again(failure(ErrorKind::Malformed, None, malformed.to_string()), None),
            Ok(envelope) => judge_envelope(envelope, codes),
        },
    }
}

fn judge_envelope(envelope: Envelope, codes: &CodeTable) -> Verdict {
    let known = return_code(envelope.status);
    let failure = |kind| Failure {
        kind,
        code: Some(envelope.status),
        message: known.map_or_else(|| "规范中没有的返回码".to_owned(), |line| line.text_zh.clone()),
    };
    match codes.treatment(envelope.status) {
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
        let http = |status| judge(&Attempt::Http { status, retry_after: Some(Duration::from_secs(2)) }, &CodeTable::default());
        for status in [401, 403] {
            assert!(matches!(http(status), Verdict::RenewToken(_)), "{status}");
        }
        for status in [408, 429, 500, 502, 503] {
            assert!(matches!(http(status), Verdict::Again(_, Some(_))), "{status}");
        }
        assert!(matches!(http(404), Verdict::Final(Failure { kind: ErrorKind::Http, code: Some(404), .. })));
        assert!(matches!(
            judge(&Attempt::Body("<html>".into()), &CodeTable::default()),
            Verdict::Again(Failure { kind: ErrorKind::Malformed, .. }, None)
        ));
    }

    #[test]
    fn a_job_says_what_a_code_means_to_it() {
        let codes = CodeTable::with([(99, Treatment::Absent), (500, Treatment::Retry)].into());
        let judge = |code: i32| judge(&Attempt::Body(format!(r#"{{"head":{{"status":{code}}}}}"#).into_bytes().into()), &codes);
        assert!(matches!(judge(99), Verdict::Answer(_)));
        assert!(matches!(judge(500), Verdict::Again(..)));
        assert!(matches!(judge(1), Verdict::Again(..)));
    }
}
