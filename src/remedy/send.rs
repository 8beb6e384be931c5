//! Notifications as tasks of the engine: stored as intended before they are sent, sent once, and stored with the answer.

use super::ledger::{JournalPlace, Ledger};
use crate::codes::{CodeTable, Treatment};
use crate::engine::{CallReply, Need, NoWork, Task};
use crate::job::RemedyAction;
use crate::journal::{JournalError, Remedy, RemedyState};
use crate::platform::{
    DeleteToProvince, Envelope, ErrorKind, Failure, Hidden, InsertToProvince, OwnSecrets, Request, UpdateToProvince, fit_to_show,
    says_too_often,
};
use chrono::Utc;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// Result of sending a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// The platform has accepted it.
    Accepted,
    /// The platform has refused it and would do so once more.
    Refused,
    /// Unknown: it may have taken effect, so the province's library is queried before it is sent once more.
    Unanswered,
    /// Not accepted because of the account or the request's settings; it can be sent after these are corrected.
    Left,
}

/// Sending of one notification.
#[derive(Debug)]
pub(super) struct SendTask {
    id: u64,
    remedy: Remedy,
    sent: Option<Sent>,
    codes: Arc<CodeTable>,
}

impl SendTask {
    /// Returns the notification in its current state.
    pub(super) const fn remedy(&self) -> &Remedy {
        &self.remedy
    }

    /// Returns the result; `None` before the end.
    pub(super) const fn sent(&self) -> Option<Sent> {
        self.sent
    }
}

impl Task for SendTask {
    type Record = Remedy;
    type Work = NoWork;

    fn id(&self) -> u64 {
        self.id
    }

    fn has_failed_before(&self) -> bool {
        false
    }

    fn next(&mut self) -> Need<Remedy> {
        if self.sent.is_some() { Need::Nothing(None) } else { Need::Call(request(&self.remedy)) }
    }

    fn take(&mut self, reply: CallReply, _: u32) -> Option<Remedy> {
        self.sent = Some(match reply {
            Ok((_, envelope)) => answered(&mut self.remedy, &envelope, &self.codes),
            Err(failure) => failed(&mut self.remedy, &failure, &self.codes),
        });
        self.remedy.sent_at = Utc::now();
        Some(self.remedy.clone())
    }

    fn take_product(&mut self, product: Infallible) {
        match product {}
    }
}

fn request(remedy: &Remedy) -> Request {
    let file_number = &remedy.file_number;
    match remedy.action {
        RemedyAction::Insert => InsertToProvince { file_number }.request(),
        RemedyAction::Update => {
            let cert_identifier = remedy.province_certificate_id.as_deref().unwrap_or_default();
            UpdateToProvince { file_number, cert_identifier }.request()
        }
        RemedyAction::Delete => DeleteToProvince { file_number }.request(),
    }
}

/// Records an answer. Any return code other than success means that the notification was not accepted.
fn answered(remedy: &mut Remedy, envelope: &Envelope, codes: &CodeTable) -> Sent {
    remedy.code = Some(envelope.status);
    // Our secrets are out of it already.
    let request = request(remedy);
    let hidden = Hidden::of_call(OwnSecrets::default(), &request);
    remedy.message = Some(fit_to_show(&envelope.message, &hidden)).filter(|words| !words.is_empty());
    if codes.treatment(envelope.status) != Some(Treatment::Answer) {
        remedy.state = RemedyState::Refused;
        return Sent::Refused;
    }
    remedy.state = RemedyState::Answered;
    if remedy.action == RemedyAction::Insert
        && let Ok(identifier) = InsertToProvince::cert_identifier(envelope)
    {
        remedy.province_certificate_id = Some(identifier);
    }
    Sent::Accepted
}

/// Records a failure to get a successful answer.
fn failed(remedy: &mut Remedy, failure: &Failure, codes: &CodeTable) -> Sent {
    remedy.code = failure.code;
    remedy.message = Some(failure.to_message().to_stored());
    let sent = meaning(failure, codes);
    if sent == Sent::Refused {
        remedy.state = RemedyState::Refused;
    }
    sent
}

/// Returns what a failure means for a call that changes the province's library.
fn meaning(failure: &Failure, codes: &CodeTable) -> Sent {
    match failure.kind {
        ErrorKind::Auth | ErrorKind::Request => Sent::Left,
        ErrorKind::Unsupported | ErrorKind::TypeUnpublished => Sent::Refused,
        // With a return code, the platform reports that it cannot read the request; without one, its answer cannot be read.
        ErrorKind::Malformed if failure.code.is_some() => Sent::Refused,
        ErrorKind::Platform if is_refusal(failure, codes) => Sent::Refused,
        ErrorKind::Http if failure.code.is_some_and(|status| (400..500).contains(&status) && !MAY_PASS.contains(&status)) => {
            Sent::Left
        }
        ErrorKind::Timeout | ErrorKind::Transport | ErrorKind::Http | ErrorKind::Malformed | ErrorKind::Platform => {
            Sent::Unanswered
        }
    }
}

/// HTTP status codes from 400 to 499 that are about the moment and not the request: timeout, and too many requests.
const MAY_PASS: [i32; 2] = [408, 429];

/// Returns whether the platform rejected the notification by a return code that is not about the rate of calls.
fn is_refusal(failure: &Failure, codes: &CodeTable) -> bool {
    failure.code.is_some_and(|code| codes.treatment(code).is_none()) && !says_too_often(&failure.message)
}

/// Sends notifications to the engine one by one. Each is stored as intended, and synced to the disk, before it can be sent.
pub(super) fn send_tasks(
    places: &[JournalPlace],
    remedies: Vec<Remedy>,
    codes: &Arc<CodeTable>,
    tasks: &Sender<Vec<SendTask>>,
) -> Result<(), JournalError> {
    let mut ledger = Ledger::open(places)?;
    for (id, remedy) in (0..).zip(remedies) {
        let remedy = Remedy { state: RemedyState::Intended, sent_at: Utc::now(), ..remedy };
        ledger.keep([&remedy])?;
        let task = SendTask { id, remedy, sent: None, codes: Arc::clone(codes) };
        if tasks.blocking_send(vec![task]).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Data;
    use chrono::DateTime;

    fn remedy(action: RemedyAction) -> Remedy {
        Remedy {
            item_id: 1,
            certificate_index: 0,
            action,
            file_number: "file".to_owned(),
            certificate_number: None,
            province_certificate_id: Some("p1".to_owned()),
            state: RemedyState::Intended,
            code: None,
            message: None,
            sent_at: DateTime::default(),
            verified_at: None,
        }
    }

    fn task(action: RemedyAction) -> SendTask {
        SendTask { id: 0, remedy: remedy(action), sent: None, codes: Arc::default() }
    }

    fn envelope(status: i32) -> Envelope {
        Envelope { status, message: "好".to_owned(), exists: None, total: None, data: Data::Empty }
    }

    #[test]
    fn a_notification_is_one_call_of_its_interface() {
        for (action, name) in [
            (RemedyAction::Insert, "insertToProvince"),
            (RemedyAction::Update, "updateToProvince"),
            (RemedyAction::Delete, "deleteToProvince"),
        ] {
            let mut task = task(action);
            let Need::Call(request) = task.next() else { panic!("{name}") };
            assert_eq!(request.endpoint().name(), name);
            assert!(request.has("fileNumber") && request.has("certIdentifier") == (action == RemedyAction::Update));
            task.take(Ok(("{}".into(), envelope(0))), 1);
            assert!(matches!(task.next(), Need::Nothing(None)));
        }
    }

    #[test]
    fn an_answer_accepts_or_refuses_and_a_failure_may_mean_anything() {
        use ErrorKind::{Auth, Http, Malformed, Platform, Request, Timeout, Transport, TypeUnpublished, Unsupported};
        let failure = |kind, code| Failure::new(kind, code);
        for (reply, expected) in [
            (Ok(0), Sent::Accepted),
            (Ok(10), Sent::Refused),
            (Ok(21), Sent::Refused),
            (Err(failure(Timeout, None)), Sent::Unanswered),
            (Err(failure(Transport, None)), Sent::Unanswered),
            (Err(failure(Http, Some(503))), Sent::Unanswered),
            (Err(failure(Http, Some(429))), Sent::Unanswered),
            (Err(failure(Http, Some(404))), Sent::Left),
            (Err(failure(Malformed, None)), Sent::Unanswered),
            (Err(failure(Malformed, Some(24))), Sent::Refused),
            (Err(failure(Platform, Some(1))), Sent::Unanswered),
            (Err(failure(Platform, Some(99))), Sent::Unanswered),
            (Err(failure(Platform, Some(98))), Sent::Refused),
            (Err(Failure { message: "调用过于频繁".to_owned(), ..failure(Platform, Some(98)) }), Sent::Unanswered),
            (Err(failure(Auth, Some(403))), Sent::Left),
            (Err(failure(Request, Some(12))), Sent::Left),
            (Err(failure(Unsupported, Some(2))), Sent::Refused),
            (Err(failure(TypeUnpublished, Some(13))), Sent::Refused),
        ] {
            let mut task = task(RemedyAction::Insert);
            let told = format!("{reply:?}");
            let record = task.take(reply.map(|status| ("{}".into(), envelope(status))), 1).unwrap();
            assert_eq!(task.sent(), Some(expected), "{told}");
            let state = match expected {
                Sent::Accepted => RemedyState::Answered,
                Sent::Refused => RemedyState::Refused,
                Sent::Unanswered | Sent::Left => RemedyState::Intended,
            };
            assert_eq!(record.state, state, "{told}");
        }
    }
}
