//! Reading of items with their answers, in batches, and of rejected rows and repairs.

use super::decode::{RawAnswer, RawPastFailure};
use super::record::answer_id;
use super::schema::PLACE_BITS;
use super::{Journal, JournalError};
use crate::audit::{Answer, Call, Item};
use crate::platform::Failure;
use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

/// A planned item with its answers.
#[derive(Debug, Clone)]
pub struct StoredItem {
    /// Index of the item in order of first appearance in the inputs, from 0.
    pub item_id: u64,
    /// The item.
    pub item: Item,
    /// File, sheet and row (from 1) of its first appearance.
    pub source: (String, String, u32),
    /// Number of input rows that name it.
    pub occurrences: u32,
    /// Values of the carried columns; `None` for an empty cell.
    pub carried: Vec<Option<String>>,
    /// Extraction code (提取码), if the input gives one.
    pub extraction_code: Option<String>,
    /// Answers so far, in the order of the calls.
    pub answers: Vec<StoredAnswer>,
    /// Calls and attempts spent on failed calls whose answers have since been deleted.
    pub spent_before: (u32, u32),
    /// Failed calls that were repeated later, in the order of the calls.
    pub past_failures: Vec<PastFailure>,
    /// Time at which the item needed no further call; `None` if it is unfinished.
    pub finished_at: Option<DateTime<Utc>>,
    /// Number of answers at that time; `None` if an earlier version of this program finished the item.
    pub answers_when_finished: Option<u32>,
}

/// A failed call that was repeated later.
#[derive(Debug, Clone)]
pub struct PastFailure {
    /// The call.
    pub call: Call,
    /// The failure.
    pub failure: Failure,
    /// Number of attempts made.
    pub attempts: u32,
    /// Time of the failure.
    pub at: DateTime<Utc>,
}

/// An answer with the number of attempts it took.
#[derive(Debug, Clone)]
pub struct StoredAnswer {
    /// Index among the item's answers, from 0.
    pub place: u32,
    /// The answer.
    pub answer: Answer,
    /// Number of attempts made.
    pub attempts: u32,
    /// Time at which it was received.
    pub at: DateTime<Utc>,
}

/// Largest number of items in a journal: the values of an answer's id that are left after [`PLACE_BITS`] for the index.
const MOST_ITEMS: u64 = 1 << (i64::BITS - 1 - PLACE_BITS);

impl Journal {
    /// Returns the id of the planned item with index `n`, from 0, among those of this journal.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn nth_item(&self, n: u64) -> Result<Option<u64>, JournalError> {
        use rusqlite::OptionalExtension;
        let sql = "SELECT item_id FROM items ORDER BY item_id LIMIT 1 OFFSET ?1";
        let found = self.with(|connection| connection.query_row(sql, [n.cast_signed()], |row| row.get::<_, i64>(0)).optional());
        Ok(found?.map(i64::cast_unsigned))
    }

    /// Returns the id of the last planned item; `None` if the plan is empty.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn last_item(&self) -> Result<Option<u64>, JournalError> {
        let found = self
            .with(|connection| connection.query_row("SELECT max(item_id) FROM items", [], |row| row.get::<_, Option<i64>>(0)));
        Ok(found?.map(i64::cast_unsigned))
    }

    /// Returns up to `most` items with ids of at least `from`, with their answers; empty after the last item.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or has lost answers of an item.
    pub fn batch(&self, from: u64, most: u32) -> Result<Vec<StoredItem>, JournalError> {
        self.items("i.item_id >= ?1", from, most)
    }

    /// Returns up to `most` unfinished items with ids of at least `from`, with their answers so far: those with failed calls that
    /// are to be repeated (`has_failed_before`), or the others.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or has lost answers of an item.
    pub fn unfinished(&self, from: u64, most: u32, has_failed_before: bool) -> Result<Vec<StoredItem>, JournalError> {
        let which = if has_failed_before { "s.item_id IS NOT NULL" } else { "s.item_id IS NULL" };
        self.items(&format!("i.item_id >= ?1 AND f.item_id IS NULL AND {which}"), from, most)
    }

    /// Returns up to `most` finished items with ids of at least `from` about which something is unknown because a call failed.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or has lost answers of an item.
    pub fn failed(&self, from: u64, most: u32) -> Result<Vec<StoredItem>, JournalError> {
        self.items("i.item_id >= ?1 AND f.failed", from, most)
    }

    fn items(&self, which: &str, from: u64, most: u32) -> Result<Vec<StoredItem>, JournalError> {
        let sql = format!(
            "SELECT i.item_id, holder_code, holder_code_type, cert_type_code, certificate_number, file, sheet, source_row,
                    occurrences, carried, f.at, coalesce(s.calls, 0), coalesce(s.attempts, 0), extraction_code, f.answers
             FROM items i JOIN sheets USING (sheet_id) LEFT JOIN finished f ON f.item_id = i.item_id
                  LEFT JOIN spent_before s ON s.item_id = i.item_id
             WHERE {which} ORDER BY i.item_id LIMIT ?2"
        );
        let mut items = self.with(|connection| {
            connection
                .prepare_cached(&sql)?
                .query_map(params![from.cast_signed(), most], stored_item)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let Some((first, last)) = items.first().map(|item| item.item_id).zip(items.last().map(|item| item.item_id)) else {
            return Ok(items);
        };
        if last >= MOST_ITEMS {
            return Err(self.damaged(format!("{last} is no item's id")));
        }
        if last - first + 1 == items.len() as u64 {
            // The answers of neighbouring items are neighbours too, so one range query reads them all.
            self.answers(first, last, &mut items)?;
        } else {
            for item in &mut items {
                let id = item.item_id;
                self.answers(id, id, std::slice::from_mut(item))?;
            }
        }
        self.past_failures(first, last, &mut items)?;
        items.iter().try_for_each(|item| self.check_answers(item))?;
        Ok(items)
    }

    /// Checks that a finished item has as many answers as when it was finished; at least one, if that number is not stored.
    fn check_answers(&self, item: &StoredItem) -> Result<(), JournalError> {
        let found = item.answers.len() as u64;
        let expected = item.answers_when_finished.map_or(1, u64::from);
        if item.finished_at.is_none() || found >= expected {
            return Ok(());
        }
        Err(JournalError::AnswersLost { path: self.path.clone(), item_id: item.item_id, expected, found })
    }

    /// Reads the failed calls of `items`, which are ordered by id, that were repeated later.
    fn past_failures(&self, first: u64, last: u64, items: &mut [StoredItem]) -> Result<(), JournalError> {
        let rows = self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT item_id, call, certificate_number, attempts, at, failure_kind, failure_code,
                            failure_message, failure_reason
                     FROM past_failures WHERE item_id BETWEEN ?1 AND ?2 ORDER BY item_id, past_id",
                )?
                .query_map([first.cast_signed(), last.cast_signed()], RawPastFailure::read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut items = items.iter_mut().peekable();
        for row in rows {
            let item_id = row.item_id.cast_unsigned();
            while items.next_if(|item| item.item_id < item_id).is_some() {}
            let Some(item) = items.peek_mut().filter(|item| item.item_id == item_id) else { continue };
            let failure = row.decode().map_err(|problem| self.damaged(format!("a failure of item {item_id}: {problem}")))?;
            item.past_failures.push(failure);
        }
        Ok(())
    }

    /// Reads the answers of `items`, which are ordered by id.
    fn answers(&self, first: u64, last: u64, items: &mut [StoredItem]) -> Result<(), JournalError> {
        let rows = self.with(|connection| {
            connection
                .prepare_cached("SELECT * FROM answers WHERE answer_id >= ?1 AND answer_id < ?2 ORDER BY answer_id")?
                .query_map(params![answer_id(first, 0), answer_id(last + 1, 0)], RawAnswer::read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut items = items.iter_mut().peekable();
        for row in rows {
            let item_id = (row.answer_id >> PLACE_BITS).cast_unsigned();
            while items.next_if(|item| item.item_id < item_id).is_some() {}
            let Some(item) = items.peek_mut().filter(|item| item.item_id == item_id) else { continue };
            let answer = self.decode(row).map_err(|problem| self.damaged(format!("an answer of item {item_id}: {problem}")))?;
            item.answers.push(answer);
        }
        Ok(())
    }

    /// Returns the last item of which every call was answered; `None` if there is none.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn answered_item(&self) -> Result<Option<Item>, JournalError> {
        use rusqlite::OptionalExtension;
        self.with(|connection| {
            connection
                .query_row(
                    "SELECT holder_code, holder_code_type, cert_type_code, certificate_number
                     FROM finished JOIN items USING (item_id) WHERE NOT failed ORDER BY item_id DESC LIMIT 1",
                    [],
                    |row| {
                        Ok(Item {
                            holder_code: row.get(0)?,
                            holder_code_type: row.get(1)?,
                            cert_type_code: row.get(2)?,
                            certificate_number: row.get(3)?,
                        })
                    },
                )
                .optional()
        })
    }

    /// Calls `take` for every rejected row, in order; its texts are column, value, problem and advice.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn rejected_rows<E: From<JournalError>>(&self, take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        self.placed("SELECT file, sheet, source_row, column_header, value, problem, advice, cell FROM rejected_rows JOIN sheets USING (sheet_id) ORDER BY rejected_id", take)
    }

    /// Calls `take` for every repair, in order; its texts are column, value before, value after and kind of repair.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn repairs<E: From<JournalError>>(&self, take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        self.placed("SELECT file, sheet, source_row, column_header, before, after, repair, cell FROM repairs JOIN sheets USING (sheet_id) ORDER BY repair_id", take)
    }

    fn placed<E: From<JournalError>>(&self, sql: &str, mut take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        let sqlite = |cause| JournalError::sqlite(&self.path, cause);
        let mut statement = self.connection.prepare(sql).map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            let read = || -> rusqlite::Result<PlacedTexts> {
                Ok(PlacedTexts {
                    file: row.get(0)?,
                    sheet: row.get(1)?,
                    row: row.get(2)?,
                    texts: [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?],
                    cell: row.get(7)?,
                })
            };
            take(read().map_err(sqlite)?)?;
        }
        Ok(())
    }
}

/// A position in the inputs and four texts about it.
#[derive(Debug, Clone)]
pub struct PlacedTexts {
    /// Path of the file.
    pub file: String,
    /// Name of the sheet.
    pub sheet: String,
    /// Row number, from 1.
    pub row: u32,
    /// The texts; their meaning depends on the query.
    pub texts: [String; 4],
    /// Reference of the cell, such as `B12`; `None` for a whole row.
    pub cell: Option<String>,
}

fn stored_item(row: &Row<'_>) -> rusqlite::Result<StoredItem> {
    let carried: String = row.get(9)?;
    Ok(StoredItem {
        item_id: row.get::<_, i64>(0)?.cast_unsigned(),
        item: Item {
            holder_code: row.get(1)?,
            holder_code_type: row.get(2)?,
            cert_type_code: row.get(3)?,
            certificate_number: row.get(4)?,
        },
        source: (row.get(5)?, row.get(6)?, row.get(7)?),
        occurrences: row.get(8)?,
        carried: serde_json::from_str(&carried).unwrap_or_default(),
        extraction_code: row.get(13)?,
        answers: Vec::new(),
        spent_before: (row.get(11)?, row.get(12)?),
        past_failures: Vec::new(),
        finished_at: row.get::<_, Option<i64>>(10)?.and_then(DateTime::from_timestamp_millis),
        answers_when_finished: row.get(14)?,
    })
}
