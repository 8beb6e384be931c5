//! Writing what comes in.

use super::{Journal, JournalError, schema};
use crate::audit::Call;
use crate::endpoint::Side;
use crate::platform::Failure;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use rusqlite::params;

/// zstd's fastest level: answers are small, and there are many.
const ZSTD_LEVEL: i32 = 1;

/// Something to keep.
#[derive(Debug)]
pub enum Record {
    /// What came of a call.
    Answer {
        /// The item.
        item_id: u64,
        /// Its place among the item's answers, from 0.
        place: u32,
        /// The call.
        call: Call,
        /// The body as received, or why there is none.
        result: Result<Bytes, Failure>,
        /// Attempts made.
        attempts: u32,
        /// When it came.
        at: DateTime<Utc>,
    },
    /// An item needs nothing more.
    Finished {
        /// The item.
        item_id: u64,
        /// Since when.
        at: DateTime<Utc>,
        /// Whether something about it is not known because a call failed.
        failed: bool,
    },
}

impl Journal {
    /// Keeps records, all or none.
    ///
    /// # Errors
    /// What SQLite says; the journal is then as it was before.
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalError> {
        let path = self.path.clone();
        let mut write =
            || -> rusqlite::Result<()> {
                let transaction = self.connection.transaction()?;
                for record in records {
                    match record {
                        Record::Answer { item_id, place, call, result, attempts, at } => {
                            let (body, failure) = match result {
                                Ok(body) => (Some(compress(body)?), None),
                                Err(failure) => (None, Some(failure)),
                            };
                            transaction
                                .prepare_cached("INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
                                .execute(params![
                                    answer_id(*item_id, *place),
                                    call_name(call),
                                    call.number(),
                                    attempts,
                                    at.timestamp_millis(),
                                    failure.map(|failure| failure.kind.name()),
                                    failure.and_then(|failure| failure.code),
                                    failure.map(|failure| failure.message.as_str()),
                                    body,
                                ])?;
                        }
                        Record::Finished { item_id, at, failed } => {
                            transaction
                                .prepare_cached("INSERT OR REPLACE INTO finished VALUES (?1, ?2, ?3)")?
                                .execute(params![item_id.cast_signed(), at.timestamp_millis(), failed])?;
                        }
                    }
                }
                transaction.commit()
            };
        write().map_err(|cause| JournalError::Sqlite { path, cause })
    }
}

impl Journal {
    /// Forgets an item's answers at these places, and that it was finished.
    ///
    /// # Errors
    /// What SQLite says; nothing is forgotten then.
    pub fn forget(&mut self, item_id: u64, places: &[u32]) -> Result<(), JournalError> {
        let path = self.path.clone();
        let mut write = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction()?;
            for place in places {
                // What a forgotten call cost stays spent.
                transaction
                    .prepare_cached(
                        "INSERT INTO spent_before SELECT ?1, 1, attempts FROM answers WHERE answer_id = ?2 AND attempts > 0
                         ON CONFLICT (item_id) DO UPDATE SET calls = calls + 1, attempts = attempts + excluded.attempts",
                    )?
                    .execute([item_id.cast_signed(), answer_id(item_id, *place)])?;
                transaction.prepare_cached("DELETE FROM answers WHERE answer_id = ?1")?.execute([answer_id(item_id, *place)])?;
            }
            transaction.prepare_cached("DELETE FROM finished WHERE item_id = ?1")?.execute([item_id.cast_signed()])?;
            transaction.commit()
        };
        write().map_err(|cause| JournalError::Sqlite { path, cause })
    }
}

pub(super) const fn answer_id(item_id: u64, place: u32) -> i64 {
    (item_id.cast_signed() << schema::PLACE_BITS) | place as i64
}

fn compress(body: &[u8]) -> rusqlite::Result<Vec<u8>> {
    zstd::bulk::compress(body, ZSTD_LEVEL).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// A call's name in the journal.
const fn call_name(call: &Call) -> &'static str {
    match call {
        Call::State { .. } => "state",
        Call::List { side: Side::Province, .. } => "list_province",
        Call::List { side: Side::City, .. } => "list_city",
    }
}

/// The call of that name.
pub(super) fn call_named(name: &str, number: Option<String>) -> Option<Call> {
    match name {
        "state" => Some(Call::State { number }),
        "list_province" => Some(Call::List { side: Side::Province, number }),
        "list_city" => Some(Call::List { side: Side::City, number }),
        _ => None,
    }
}
