//! Decoding of answers and failures from rows of the journal.

use super::record::call_named;
use super::schema::PLACE_BITS;
use super::{Journal, PastFailure, StoredAnswer};
use crate::audit::{Answer, Reply};
use crate::message::Message;
use crate::platform::{Envelope, ErrorKind, Failure};
use chrono::{DateTime, Utc};
use rusqlite::Row;

/// Converts milliseconds since the Unix epoch into a time.
fn time(millis: i64) -> Result<DateTime<Utc>, String> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| "its time is none".to_owned())
}

/// Columns of a failure as stored.
struct RawFailure {
    kind: String,
    code: Option<i32>,
    message: Option<String>,
    reason: Option<String>,
}

impl RawFailure {
    fn decode(self) -> Result<Failure, String> {
        let Self { kind, code, message, reason } = self;
        let kind = ErrorKind::from_name(&kind).ok_or_else(|| format!("the failure {kind} is not known"))?;
        let reason = reason.as_deref().map(Message::from_stored);
        Ok(Failure { kind, code, message: message.unwrap_or_default(), reason })
    }
}

/// Columns of a failed call that was repeated later, as stored.
pub(super) struct RawPastFailure {
    pub item_id: i64,
    call: String,
    number: Option<String>,
    attempts: u32,
    at: i64,
    failure: RawFailure,
}

impl RawPastFailure {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let failure = RawFailure { kind: row.get(5)?, code: row.get(6)?, message: row.get(7)?, reason: row.get(8)? };
        Ok(Self { item_id: row.get(0)?, call: row.get(1)?, number: row.get(2)?, attempts: row.get(3)?, at: row.get(4)?, failure })
    }

    pub(super) fn decode(self) -> Result<PastFailure, String> {
        let call = call_named(&self.call, self.number).ok_or_else(|| format!("the call {} is not known", self.call))?;
        Ok(PastFailure { call, failure: self.failure.decode()?, attempts: self.attempts, at: time(self.at)? })
    }
}

/// Columns of an answer as stored.
pub(super) struct RawAnswer {
    pub answer_id: i64,
    call: String,
    number: Option<String>,
    attempts: u32,
    at: i64,
    failure: Option<RawFailure>,
    body: Option<Vec<u8>>,
    dictionary_id: Option<i64>,
}

impl RawAnswer {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let kind: Option<String> = row.get(5)?;
        let (code, message, reason) = (row.get(6)?, row.get(7)?, row.get(10)?);
        Ok(Self {
            answer_id: row.get(0)?,
            call: row.get(1)?,
            number: row.get(2)?,
            attempts: row.get(3)?,
            at: row.get(4)?,
            failure: kind.map(|kind| RawFailure { kind, code, message, reason }),
            body: row.get(8)?,
            dictionary_id: row.get(9)?,
        })
    }
}

impl Journal {
    pub(super) fn decode(&self, row: RawAnswer) -> Result<StoredAnswer, String> {
        let call = call_named(&row.call, row.number).ok_or_else(|| format!("the call {} is not known", row.call))?;
        let reply = match (row.body, row.failure) {
            (Some(body), _) => {
                let body = self.unpacker.borrow_mut().unpack(&self.connection, &body, row.dictionary_id)?;
                // An answer that parsed when it was stored and no longer does is treated as a failed call; the item's other
                // answers are kept.
                match Envelope::parse(&body) {
                    Ok(envelope) => Reply::Received(envelope),
                    Err(error) => Reply::Failed(Failure::new(ErrorKind::Malformed, None).because(error.to_message())),
                }
            }
            (None, Some(failure)) => Reply::Failed(failure.decode()?),
            (None, None) => return Err("neither a body nor a failure".to_owned()),
        };
        let at = time(row.at)?;
        let place = u32::try_from(row.answer_id & ((1 << PLACE_BITS) - 1)).unwrap_or(u32::MAX);
        Ok(StoredAnswer { place, answer: Answer { call, reply }, attempts: row.attempts, at })
    }
}
