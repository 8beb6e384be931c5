//! What a department's workbook is made with, beside its rows.

use super::key::Keys;
use super::style::Style;
use super::tally::{MatterCounts, Standing};
use crate::report::Words;
use chrono::{DateTime, NaiveDate, Utc};

/// What all departments' workbooks have in common.
pub(super) struct Frame<'a> {
    pub words: &'a Words,
    pub style: &'a Style,
    pub keys: &'a Keys,
    pub job: &'a str,
    pub run_id: &'a str,
    /// The day of dispatch, where the program runs.
    pub dispatched_on: NaiveDate,
    pub dispatched_at: DateTime<Utc>,
    pub due: Option<NaiveDate>,
    /// All certificates to settle.
    pub total: MatterCounts,
}

/// A department.
pub(super) struct Department<'a> {
    /// Its value of the carried column.
    pub value: Option<&'a str>,
    /// What it is called.
    pub shown: &'a str,
    pub counts: MatterCounts,
    pub standing: Standing,
}
