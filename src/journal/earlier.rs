//! Gaps, errors and closed gaps of the previous run, copied into the journal when the run is planned. A report can then be
//! rebuilt after the previous run's folder has been deleted.

use super::{Journal, JournalError};
use crate::audit::EarlierRow;
use rusqlite::{Row, params};

/// Key of the note that stores the previous run's id.
const PREVIOUS_RUN: &str = "previous_run";

impl Journal {
    /// Stores the rows of the run `previous`, replacing those stored before.
    ///
    /// # Errors
    /// Fails if the journal cannot be written, or with the first error among `rows`.
    pub fn take_earlier<E: From<JournalError>>(
        &self,
        previous: &str,
        rows: impl Iterator<Item = Result<EarlierRow, E>>,
    ) -> Result<(), E> {
        self.with(|connection| connection.execute_batch("BEGIN; DELETE FROM earlier; DROP INDEX IF EXISTS earlier_holder"))?;
        for row in rows {
            self.insert_earlier(&row?)?;
        }
        self.with(|connection| connection.execute_batch("CREATE INDEX earlier_holder ON earlier (holder_code, cert_type_code)"))?;
        self.set_note(PREVIOUS_RUN, previous)?;
        Ok(self.with(|connection| connection.execute_batch("COMMIT"))?)
    }

    fn insert_earlier(&self, row: &EarlierRow) -> Result<(), JournalError> {
        self.with(|connection| {
            connection.prepare_cached("INSERT INTO earlier VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(params![
                row.holder_code,
                row.cert_type_code,
                row.certificate_number,
                row.status,
                row.gap_since,
                row.gap_runs,
                row.had_gap
            ])
        })?;
        Ok(())
    }

    /// Stores a row of an older run, unless a row with its holder and type is stored already.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn add_earlier(&self, row: &EarlierRow) -> Result<(), JournalError> {
        if self.earlier(&row.holder_code, &row.cert_type_code)?.is_empty() { self.insert_earlier(row) } else { Ok(()) }
    }

    /// Calls `take` for every stored row of the previous run.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn each_earlier(&self, mut take: impl FnMut(EarlierRow) -> Result<(), JournalError>) -> Result<(), JournalError> {
        let sqlite = |cause| JournalError::sqlite(&self.path, cause);
        let mut statement = self.connection.prepare("SELECT * FROM earlier").map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            take(read(row).map_err(sqlite)?)?;
        }
        Ok(())
    }

    /// Returns the id of the previous run; `None` if there was none when this run was planned.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn previous_run(&self) -> Result<Option<String>, JournalError> {
        self.note(PREVIOUS_RUN)
    }

    /// Returns the stored rows of the previous run with this holder and type.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn earlier(&self, holder_code: &str, cert_type_code: &str) -> Result<Vec<EarlierRow>, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT * FROM earlier WHERE holder_code = ?1 AND cert_type_code = ?2")?
                .query_map([holder_code, cert_type_code], read)?
                .collect()
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<EarlierRow> {
    Ok(EarlierRow {
        holder_code: row.get(0)?,
        cert_type_code: row.get(1)?,
        certificate_number: row.get(2)?,
        status: row.get(3)?,
        gap_since: row.get(4)?,
        gap_runs: row.get(5)?,
        had_gap: row.get(6)?,
    })
}
