//! What was decided about certificates, as reports show it beside their rows.

use super::{Words, embedded};
use crate::job::Mask;
use crate::table::schema::{coverage, decisions};
use crate::table::{Beside, Row, Rows, TableError};
use std::path::{Path, PathBuf};

/// The decisions of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// The folder of the run's tables. `None` where nothing was decided.
    tables: Option<PathBuf>,
}

impl Decisions {
    /// The decisions in the folder `tables`, those of earlier runs included that are carried on.
    ///
    /// # Errors
    /// Fails if the table is there and cannot be read.
    pub fn of_run(tables: &Path) -> Result<Self, TableError> {
        if !tables.join(decisions::DECISIONS.file_name()).exists() {
            return Ok(Self::default());
        }
        let mut rows = Rows::open_columns(tables, decisions::DECISIONS, &[decisions::ITEM_ID.name])?;
        let has_any = rows.next_row()?.is_some();
        Ok(Self { tables: has_any.then(|| tables.to_owned()) })
    }

    /// Whether nothing was decided: lists then have no columns for it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tables.is_none()
    }

    /// Begins to read them beside a list whose rows are in the order of the coverage.
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

/// Reads decisions beside rows of the coverage.
#[derive(Debug)]
pub struct DecisionReader(Option<Beside>);

/// A decision as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShownDecision {
    /// The decision's word, with the run that it was made in where that was an earlier one.
    pub decision: Option<String>,
    /// What was written beside it.
    pub note: Option<String>,
}

impl DecisionReader {
    /// Returns what was decided about a row of the coverage; rows may only come in the order of the table.
    ///
    /// # Errors
    /// Fails if the table cannot be read on.
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
            // A note is free text: whoever wrote it may have named the holder.
            shown.note = decided.text(decisions::NOTE).map(|note| embedded(note, holder, mask));
        })?;
        Ok(shown)
    }
}
