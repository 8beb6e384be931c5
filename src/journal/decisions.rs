//! Decisions of departments about certificates, one record per row of a returned workbook.
//!
//! Rows that contradict each other are all stored. Which of them counts is decided on reading ([`agreed`]), so the order in which
//! workbooks are collected makes no difference.

use super::{Journal, JournalError};
use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Action that a department chose for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Add the certificate to the province's library.
    Insert,
    /// Replace the province's copy by the city's.
    Update,
    /// Cancel the province's copy.
    Delete,
    /// Both libraries are correct as they are.
    NothingToDo,
    /// The source data is wrong and is corrected outside this program.
    DataWrong,
    /// None of the others; the note explains it.
    Other,
}

impl Decision {
    /// All decisions, in the order in which drop-down lists show them.
    pub const ALL: [Self; 6] = [Self::Insert, Self::Update, Self::Delete, Self::NothingToDo, Self::DataWrong, Self::Other];

    /// Returns the name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::NothingToDo => "nothing_to_do",
            Self::DataWrong => "data_wrong",
            Self::Other => "other",
        }
    }

    /// Returns the decision with this name in tables.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.name() == name)
    }
}

/// Keyed hash of a certificate's number and identifiers, which identifies it within its item. Unlike its index among the item's
/// certificates, the hash does not change when a later answer reveals more certificates.
pub type CertificateMark = [u8; 8];

/// Row of a returned workbook that holds a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionPlace {
    /// Path of the file, relative to the job's root if the file is below it.
    pub file: String,
    /// Name of the sheet.
    pub sheet: String,
    /// Row number, from 1.
    pub row: u32,
}

/// A decision, the remarks entered with it, and its source row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// Remarks (处理说明).
    pub note: Option<String>,
    /// Person who decided (办理人).
    pub by: Option<String>,
    /// Row that the decision was read from.
    pub place: DecisionPlace,
    /// Time of the first collection that read this decision.
    pub collected_at: DateTime<Utc>,
}

/// A decision and the certificate that it applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateDecision {
    /// Id of the item.
    pub item_id: u64,
    /// The certificate among those of the item.
    pub certificate: CertificateMark,
    /// The decision.
    pub decided: Decided,
}

/// Parameters of the latest dispatch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatched {
    /// Header of the carried column whose values name the departments.
    pub by: String,
    /// Day by which departments are to answer; `None` if none was set.
    pub due: Option<NaiveDate>,
}

/// Key of the note that stores the latest dispatch.
const DISPATCHED: &str = "dispatched";

impl Journal {
    /// Stores the parameters of a dispatch, replacing those of an earlier one.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn keep_dispatched(&self, dispatched: &Dispatched) -> Result<(), JournalError> {
        let note = serde_json::to_string(dispatched).map_err(|cause| self.damaged(cause.to_string()))?;
        self.set_note(DISPATCHED, &note)
    }

    /// Returns the parameters of the latest dispatch; `None` if there was none.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn dispatched(&self) -> Result<Option<Dispatched>, JournalError> {
        Ok(self.note(DISPATCHED)?.and_then(|note| serde_json::from_str(&note).ok()))
    }

    /// Returns whether the journal holds any decision.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn has_decisions(&self) -> Result<bool, JournalError> {
        self.with(|connection| connection.query_row("SELECT EXISTS (SELECT 1 FROM decisions)", [], |row| row.get(0)))
    }

    /// Returns all decision rows about items in this range of ids, ordered by item and certificate.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn decisions_of(&self, items: Range<u64>) -> Result<Vec<CertificateDecision>, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT * FROM decisions WHERE item_id >= ?1 AND item_id < ?2
                     ORDER BY item_id, certificate, source_file, source_sheet, source_row",
                )?
                .query_map([items.start.cast_signed(), items.end.cast_signed()], read)?
                .collect()
        })
    }

    /// Calls `take` for every certificate with contradicting decisions, with all decision rows about it.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn contradictions<E: From<JournalError>>(
        &self,
        mut take: impl FnMut(&[CertificateDecision]) -> Result<(), E>,
    ) -> Result<(), E> {
        let sqlite = |cause| JournalError::Sqlite { path: self.path.clone(), cause };
        let sql = "SELECT d.* FROM decisions d JOIN
                       (SELECT item_id, certificate FROM decisions GROUP BY 1, 2 HAVING count(DISTINCT decision) > 1)
                   USING (item_id, certificate) ORDER BY item_id, certificate, source_file, source_sheet, source_row";
        let mut statement = self.connection.prepare(sql).map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        let mut group: Vec<CertificateDecision> = Vec::new();
        while let Some(row) = rows.next().map_err(sqlite)? {
            let next = read(row).map_err(sqlite)?;
            let is_other = group.last().is_some_and(|last| (last.item_id, last.certificate) != (next.item_id, next.certificate));
            if is_other {
                take(&group)?;
                group.clear();
            }
            group.push(next);
        }
        if group.is_empty() { Ok(()) } else { take(&group) }
    }
}

/// Returns the decision that all rows about a certificate agree on: the first row with a note, else the first row. `None` if the
/// rows contradict each other or there are none.
#[must_use]
pub fn agreed(rows: &[CertificateDecision]) -> Option<&Decided> {
    let first = rows.first()?;
    let is_agreed = rows.iter().all(|row| row.decided.decision == first.decided.decision);
    let with_note = rows.iter().find(|row| row.decided.note.is_some());
    is_agreed.then(|| &with_note.unwrap_or(first).decided)
}

/// Builds the error for a text that is neither a known decision nor a time.
fn unreadable(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, what.to_owned().into())
}

/// Reads a decision from the columns of decision, note, person, file, sheet, row and time, given in that order.
pub(super) fn decided(row: &Row<'_>, columns: [usize; 7]) -> rusqlite::Result<Decided> {
    let [decision, note, by, file, sheet, source_row, at] = columns;
    let name: String = row.get(decision)?;
    let millis: i64 = row.get(at)?;
    Ok(Decided {
        decision: Decision::from_name(&name).ok_or_else(|| unreadable(decision, &name))?,
        note: row.get(note)?,
        by: row.get(by)?,
        place: DecisionPlace { file: row.get(file)?, sheet: row.get(sheet)?, row: row.get(source_row)? },
        collected_at: DateTime::from_timestamp_millis(millis).ok_or_else(|| unreadable(at, "a time"))?,
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<CertificateDecision> {
    Ok(CertificateDecision {
        item_id: row.get::<_, i64>(0)?.cast_unsigned(),
        certificate: row.get(1)?,
        decided: decided(row, [5, 6, 7, 2, 3, 4, 8])?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::TakenDecisions;
    use super::*;

    fn journal() -> (tempfile::TempDir, Journal) {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::create(&dir.path().join("journal.sqlite")).unwrap();
        (dir, journal)
    }

    fn row(item_id: u64, decision: Decision, file: &str, row: u32) -> CertificateDecision {
        let place = DecisionPlace { file: file.to_owned(), sheet: "市有省无".to_owned(), row };
        let collected_at = DateTime::from_timestamp_millis(1_000).unwrap();
        let decided = Decided { decision, note: None, by: None, place, collected_at };
        CertificateDecision { item_id, certificate: [7; 8], decided }
    }

    fn take(journal: &Journal, file: &str, rows: &[CertificateDecision], at: i64) -> TakenDecisions {
        let mut writer = journal.begin_decisions().unwrap();
        for row in rows {
            writer.row(row).unwrap();
        }
        writer.end_file(file, DateTime::from_timestamp_millis(at).unwrap()).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn a_workbook_that_is_read_again_changes_nothing() {
        let (_dir, journal) = journal();
        let rows = [row(1, Decision::Insert, "a.xlsx", 2), row(2, Decision::Other, "a.xlsx", 3)];
        assert_eq!(take(&journal, "a.xlsx", &rows, 1_000), TakenDecisions { new: 2, same: 0, withdrawn: 0 });
        let before = journal.decisions_of(0..10).unwrap();
        assert_eq!(before, rows);
        assert_eq!(take(&journal, "a.xlsx", &rows, 9_000), TakenDecisions { new: 0, same: 2, withdrawn: 0 });
        assert_eq!(journal.decisions_of(0..10).unwrap(), before, "the times stay too");
    }

    #[test]
    fn a_workbook_says_only_what_it_says_now() {
        let (_dir, journal) = journal();
        take(&journal, "a.xlsx", &[row(1, Decision::Insert, "a.xlsx", 2), row(2, Decision::Insert, "a.xlsx", 3)], 1_000);
        take(&journal, "b.xlsx", &[row(3, Decision::Insert, "b.xlsx", 2)], 1_000);
        let taken = take(&journal, "a.xlsx", &[row(1, Decision::Delete, "a.xlsx", 2)], 2_000);
        assert_eq!(taken, TakenDecisions { new: 1, same: 0, withdrawn: 1 });
        let left = journal.decisions_of(0..10).unwrap();
        assert_eq!(
            left.iter().map(|row| (row.item_id, row.decided.decision)).collect::<Vec<_>>(),
            [(1, Decision::Delete), (3, Decision::Insert)]
        );
    }

    #[test]
    fn what_is_not_finished_is_not_taken() {
        let (_dir, journal) = journal();
        let writer = journal.begin_decisions().unwrap();
        writer.row(&row(1, Decision::Insert, "a.xlsx", 2)).unwrap();
        drop(writer);
        let mut writer = journal.begin_decisions().unwrap();
        writer.row(&row(2, Decision::Insert, "a.xlsx", 2)).unwrap();
        writer.abandon_file().unwrap();
        writer.end_file("a.xlsx", DateTime::from_timestamp_millis(1).unwrap()).unwrap();
        writer.finish().unwrap();
        assert!(journal.decisions_of(0..10).unwrap().is_empty());
    }

    #[test]
    fn rows_that_contradict_each_other_are_told_and_do_not_count() {
        let (_dir, journal) = journal();
        take(&journal, "a.xlsx", &[row(1, Decision::Insert, "a.xlsx", 2), row(2, Decision::Insert, "a.xlsx", 3)], 1_000);
        take(&journal, "b.xlsx", &[row(1, Decision::Delete, "b.xlsx", 5), row(2, Decision::Insert, "b.xlsx", 6)], 1_000);
        let mut told = Vec::new();
        journal
            .contradictions::<JournalError>(|rows| {
                told.push(rows.iter().map(|row| (row.item_id, row.decided.place.file.clone())).collect::<Vec<_>>());
                Ok(())
            })
            .unwrap();
        assert_eq!(told, [[(1, "a.xlsx".to_owned()), (1, "b.xlsx".to_owned())]]);
        assert!(agreed(&journal.decisions_of(1..2).unwrap()).is_none());
        assert_eq!(agreed(&journal.decisions_of(2..3).unwrap()).unwrap().place.file, "a.xlsx");
        assert!(agreed(&[]).is_none());
    }
}
