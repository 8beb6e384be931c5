//! Rows of a run that the next run compares with: gaps, errors, and gaps that were closed.

use super::read::{Rows, TableError};
use super::schema::coverage;
use crate::audit::{EarlierRow, Status};
use crate::journal::JournalError;
use std::path::Path;

/// Error on copying rows of the previous run.
#[derive(Debug, thiserror::Error)]
pub enum EarlierError {
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Iterator over a run's coverage rows, without those that both sides hold and that never were a gap.
#[derive(Debug)]
pub struct EarlierRows(Rows);

impl EarlierRows {
    /// Opens the coverage in the folder `dir`.
    ///
    /// # Errors
    /// Fails if the table is missing or cannot be read.
    pub fn open(dir: &Path) -> Result<Self, TableError> {
        Ok(Self(Rows::open(dir, coverage::COVERAGE)?))
    }
}

impl Iterator for EarlierRows {
    type Item = Result<EarlierRow, EarlierError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = match self.0.next_row() {
                Ok(row) => row?,
                Err(error) => return Some(Err(error.into())),
            };
            let text = |column| row.text(column).map(str::to_owned);
            let status = text(coverage::STATUS).unwrap_or_default();
            let had_gap = row.truth(coverage::HAD_GAP).unwrap_or_default();
            if status == Status::Both.name() && !had_gap {
                continue;
            }
            return Some(Ok(EarlierRow {
                holder_code: text(coverage::HOLDER_CODE).unwrap_or_default(),
                cert_type_code: text(coverage::CERT_TYPE_CODE).unwrap_or_default(),
                certificate_number: text(coverage::CERTIFICATE_NUMBER),
                status,
                gap_since: text(coverage::GAP_SINCE),
                gap_runs: row.number(coverage::GAP_RUNS).and_then(|runs| u32::try_from(runs).ok()).unwrap_or_default(),
                had_gap,
            }));
        }
    }
}
