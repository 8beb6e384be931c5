//! Collecting of decisions from returned workbooks into the journal.

use super::decisions::CertificateDecision;
use super::{Journal, JournalError};
use chrono::{DateTime, Utc};
use rusqlite::params;

/// Number of decisions collected from workbooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenDecisions {
    /// Rows that were added or changed.
    pub new: u64,
    /// Rows that were collected before with the same content.
    pub same: u64,
    /// Rows that were collected before and whose workbook no longer holds a decision.
    pub withdrawn: u64,
}

/// Stores decisions from workbooks in the journal, all or none.
#[derive(Debug)]
pub struct DecisionWriter<'a> {
    journal: &'a Journal,
    taken: TakenDecisions,
    is_finished: bool,
}

impl Drop for DecisionWriter<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            // If the rollback fails, SQLite has already ended the transaction.
            let _ = self.journal.connection.execute_batch("ROLLBACK");
        }
    }
}

/// SQL condition: a row of `decisions` and a row of `temp.incoming` have the same content.
const SAYS_THE_SAME: &str = "n.item_id = o.item_id AND n.certificate = o.certificate AND n.source_sheet = o.source_sheet
     AND n.source_row = o.source_row AND n.decision = o.decision AND n.note IS o.note AND n.decided_by IS o.decided_by";

impl DecisionWriter<'_> {
    /// Adds a decision of the current workbook.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn row(&self, row: &CertificateDecision) -> Result<(), JournalError> {
        let CertificateDecision { item_id, certificate, decided } = row;
        self.journal.with(|connection| {
            connection.prepare_cached("INSERT OR REPLACE INTO temp.incoming VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(
                params![
                    item_id.cast_signed(),
                    certificate.as_slice(),
                    decided.place.sheet,
                    decided.place.row,
                    decided.decision.name(),
                    decided.note,
                    decided.by,
                ],
            )
        })?;
        Ok(())
    }

    /// Ends the current workbook: its decisions replace those collected from it before.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn end_file(&mut self, file: &str, collected_at: DateTime<Utc>) -> Result<(), JournalError> {
        let of_file = self.journal.with(|connection| {
            let withdrawn = connection.query_row(
                "SELECT count(*) FROM decisions o WHERE source_file = ?1 AND NOT EXISTS (
                     SELECT 1 FROM temp.incoming n WHERE n.item_id = o.item_id AND n.certificate = o.certificate)",
                [file],
                |row| row.get::<_, i64>(0),
            )?;
            let delete = format!(
                "DELETE FROM decisions AS o WHERE source_file = ?1 AND NOT EXISTS (
                     SELECT 1 FROM temp.incoming n WHERE {SAYS_THE_SAME})"
            );
            connection.execute(&delete, [file])?;
            let incoming = connection.query_row("SELECT count(*) FROM temp.incoming", [], |row| row.get::<_, i64>(0))?;
            let new = connection.execute(
                "INSERT OR IGNORE INTO decisions
                 SELECT item_id, certificate, ?1, source_sheet, source_row, decision, note, decided_by, ?2 FROM temp.incoming",
                params![file, collected_at.timestamp_millis()],
            )? as u64;
            connection.execute("DELETE FROM temp.incoming", [])?;
            let same = incoming.cast_unsigned().saturating_sub(new);
            Ok(TakenDecisions { new, same, withdrawn: withdrawn.cast_unsigned() })
        })?;
        self.taken.new += of_file.new;
        self.taken.same += of_file.same;
        self.taken.withdrawn += of_file.withdrawn;
        Ok(())
    }

    /// Drops the decisions of the current workbook; those collected from it before are kept.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn abandon_file(&self) -> Result<(), JournalError> {
        self.journal.with(|connection| connection.execute("DELETE FROM temp.incoming", []))?;
        Ok(())
    }

    /// Commits the collected decisions.
    ///
    /// # Errors
    /// Fails if the journal cannot be written; no decision is stored then.
    pub fn finish(mut self) -> Result<TakenDecisions, JournalError> {
        self.journal.with(|connection| connection.execute_batch("COMMIT"))?;
        self.is_finished = true;
        Ok(self.taken)
    }
}

impl Journal {
    /// Begins to collect decisions.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn begin_decisions(&self) -> Result<DecisionWriter<'_>, JournalError> {
        self.with(|connection| {
            connection.execute_batch(
                "CREATE TEMP TABLE IF NOT EXISTS incoming (
                     item_id INTEGER NOT NULL, certificate BLOB NOT NULL, source_sheet TEXT NOT NULL, source_row INTEGER NOT NULL,
                     decision TEXT NOT NULL, note TEXT, decided_by TEXT,
                     PRIMARY KEY (item_id, certificate, source_sheet, source_row)
                 ) WITHOUT ROWID;
                 DELETE FROM temp.incoming;
                 BEGIN IMMEDIATE",
            )
        })?;
        Ok(DecisionWriter { journal: self, taken: TakenDecisions::default(), is_finished: false })
    }
}
