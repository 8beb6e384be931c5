//! Decisions about certificates, as reports show them.

use super::{Words, embedded};
use crate::job::Mask;
use crate::table::schema::{coverage, decisions};
use crate::table::{Beside, Row, Rows, TableError};
use std::path::{Path, PathBuf};

/// Decisions of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Folder of the run's tables; `None` if there are no decisions.
    tables: Option<PathBuf>,
}

impl Decisions {
    /// Opens the decisions in the folder `tables`, which include those of earlier runs that still apply.
    ///
    /// # Errors
    /// Fails if the table exists and cannot be read.
    pub fn of_run(tables: &Path) -> Result<Self, TableError> {
        if !tables.join(decisions::DECISIONS.file_name()).exists() {
            return Ok(Self::default());
        }
        let mut rows = Rows::open_columns(tables, decisions::DECISIONS, &[decisions::ITEM_ID.name])?;
        let has_any = rows.next_row()?.is_some();
        Ok(Self { tables: has_any.then(|| tables.to_owned()) })
    }

    /// Returns whether there are no decisions, so that lists need no columns for them.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tables.is_none()
    }

    /// Returns a reader for use in step with rows in the order of the coverage.
    ///
    /// # Errors
    /// Fails if the table cannot be read.
    pub fn reader(&self) -> Result<DecisionReader, TableError> {
        let key = [decisions::ITEM_ID, decisions::CERTIFICATE_INDEX];
        let columns = [decisions::DECISION, decisions::NOTE, decisions::CARRIED_FROM];
        let open = |tables: &PathBuf| Beside::open(tables, decisions::DECISIONS, key, &columns);
        Ok(DecisionReader(self.tables.as_ref().map(open).transpose()?))
    }
}

/// Reader of decisions in step with coverage rows.
#[derive(Debug)]
pub struct DecisionReader(Option<Beside>);

/// A decision for display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownDecision {
    /// Name of the decision, with the run it was made in if that was an earlier one.
    pub decision: Option<String>,
    /// Note of the department.
    pub note: Option<String>,
}

impl DecisionReader {
    /// Returns the decision about a coverage row. Keys must not decrease from call to call.
    ///
    /// # Errors
    /// Fails if the table cannot be read.
    pub fn find(&mut self, row: Row<'_>, words: &Words, mask: Mask) -> Result<ShownDecision, TableError> {
        let mut shown = ShownDecision::default();
        let Some(rows) = &mut self.0 else { return Ok(shown) };
        let holder = row.text(coverage::HOLDER_CODE).unwrap_or_default();
        rows.each([row.number(coverage::ITEM_ID), row.number(coverage::CERTIFICATE_INDEX)], |decided| {
            let word = words.named("decision", decided.text(decisions::DECISION).unwrap_or_default());
            shown.decision = Some(match decided.text(decisions::CARRIED_FROM) {
                Some(run) => words.fill("handling-carried", &[("decision", word), ("run", run)]),
                None => word.to_owned(),
            });
            // A note is free text and may contain the holder's code.
            shown.note = decided.text(decisions::NOTE).map(|note| embedded(note, holder, mask));
        })?;
        Ok(shown)
    }
}
