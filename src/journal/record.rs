//! Writing of answers and of finished items.

use super::packing::Packer;
use super::{Journal, JournalError, schema};
use crate::audit::Call;
use crate::endpoint::Side;
use crate::message::Message;
use crate::platform::Failure;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

/// An addition to an item: the result of a call, the end of the item, or both.
#[derive(Debug)]
pub struct Record {
    /// Id of the item.
    pub item_id: u64,
    /// Time of the result.
    pub at: DateTime<Utc>,
    /// Result of a call.
    pub answer: Option<NewAnswer>,
    /// Set when the item needs no further call: whether something about it is unknown because a call failed.
    pub finished: Option<bool>,
}

/// Result of a call.
#[derive(Debug)]
pub struct NewAnswer {
    /// Index among the item's answers, from 0.
    pub place: u32,
    /// The call.
    pub call: Call,
    /// Body as received, or the failure.
    pub result: Result<Bytes, Failure>,
    /// Number of attempts made.
    pub attempts: u32,
}

impl Journal {
    /// Stores records, all or none.
    ///
    /// # Errors
    /// Fails if the journal cannot be written; it is unchanged then.
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let path = self.path.clone();
        let mut write = || -> rusqlite::Result<()> {
            let mut packer = match self.packer.take() {
                Some(packer) => packer,
                None => Packer::new(&self.connection)?,
            };
            let transaction = self.connection.transaction()?;
            for Record { item_id, at, answer, finished } in records {
                if let Some(answer) = answer {
                    keep(&transaction, &mut packer, *item_id, *at, answer)?;
                }
                if let Some(failed) = finished {
                    transaction
                        .prepare_cached(
                            "INSERT OR REPLACE INTO finished VALUES
                             (?1, ?2, ?3, (SELECT count(*) FROM answers WHERE answer_id >= ?4 AND answer_id < ?5))",
                        )?
                        .execute(params![
                            item_id.cast_signed(),
                            at.timestamp_millis(),
                            failed,
                            answer_id(*item_id, 0),
                            answer_id(*item_id + 1, 0),
                        ])?;
                }
            }
            packer.learn(&transaction)?;
            transaction.commit()?;
            // The packer is kept only after the commit: a dictionary that was rolled back must not be used.
            self.packer = Some(packer);
            Ok(())
        };
        write().map_err(|cause| JournalError::sqlite(&path, cause))
    }
}

fn keep(
    connection: &Connection,
    packer: &mut Packer,
    item_id: u64,
    at: DateTime<Utc>,
    answer: &NewAnswer,
) -> rusqlite::Result<()> {
    let NewAnswer { place, call, result, attempts } = answer;
    let (body, failure) = match result {
        Ok(body) => (Some(packer.pack(body)?), None),
        Err(failure) => (None, Some(failure)),
    };
    let (body, dictionary_id) = body.unzip();
    connection.prepare_cached("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?.execute(
        params![
            answer_id(item_id, *place),
            call_name(call),
            call.number(),
            attempts,
            at.timestamp_millis(),
            failure.map(|failure| failure.kind.name()),
            failure.and_then(|failure| failure.code),
            failure.map(|failure| failure.message.as_str()),
            body,
            dictionary_id.flatten(),
            failure.and_then(|failure| failure.reason.as_ref()).map(Message::to_stored),
        ],
    )?;
    Ok(())
}

impl Journal {
    /// Deletes failed calls of an item, given by their index among its answers, and makes the item unfinished. The calls, their
    /// attempts and failures are kept as history ([`super::PastFailure`]).
    ///
    /// # Errors
    /// Fails if the journal cannot be written; nothing is deleted then.
    pub fn forget(&mut self, item_id: u64, failed: &[(u32, &Failure)]) -> Result<(), JournalError> {
        let path = self.path.clone();
        let mut write = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction()?;
            for (place, failure) in failed {
                let answer = answer_id(item_id, *place);
                transaction
                    .prepare_cached(
                        "INSERT INTO spent_before SELECT ?1, 1, attempts FROM answers WHERE answer_id = ?2 AND attempts > 0
                         ON CONFLICT (item_id) DO UPDATE SET calls = calls + 1, attempts = attempts + excluded.attempts",
                    )?
                    .execute([item_id.cast_signed(), answer])?;
                transaction
                    .prepare_cached(
                        "INSERT INTO past_failures
                         SELECT NULL, ?1, call, certificate_number, attempts, at, ?3, ?4, ?5, ?6
                         FROM answers WHERE answer_id = ?2 AND attempts > 0",
                    )?
                    .execute(params![
                        item_id.cast_signed(),
                        answer,
                        failure.kind.name(),
                        failure.code,
                        failure.message,
                        failure.reason.as_ref().map(Message::to_stored),
                    ])?;
                transaction.prepare_cached("DELETE FROM answers WHERE answer_id = ?1")?.execute([answer])?;
            }
            transaction.prepare_cached("DELETE FROM finished WHERE item_id = ?1")?.execute([item_id.cast_signed()])?;
            transaction.commit()
        };
        write().map_err(|cause| JournalError::sqlite(&path, cause))
    }
}

pub(super) const fn answer_id(item_id: u64, place: u32) -> i64 {
    (item_id.cast_signed() << schema::PLACE_BITS) | place as i64
}

/// Returns the name of a call in the journal.
const fn call_name(call: &Call) -> &'static str {
    match call {
        Call::State { .. } => "state",
        Call::List { side: Side::Province, .. } => "list_province",
        Call::List { side: Side::City, .. } => "list_city",
    }
}

/// Returns the call with this name.
pub(super) fn call_named(name: &str, number: Option<String>) -> Option<Call> {
    match name {
        "state" => Some(Call::State { number }),
        "list_province" => Some(Call::List { side: Side::Province, number }),
        "list_city" => Some(Call::List { side: Side::City, number }),
        _ => None,
    }
}
