//! Data of a department's workbook besides its rows.

use super::key::Keys;
use super::style::Style;
use super::tally::{MatterCounts, Standing};
use crate::report::Words;
use chrono::{DateTime, NaiveDate, Utc};

/// Data that all departments' workbooks share.
pub(super) struct Frame<'a> {
    pub words: &'a Words,
    pub style: &'a Style,
    pub keys: &'a Keys,
    pub job: &'a str,
    pub run_id: &'a str,
    /// Day of the dispatch in the local time zone.
    pub dispatched_on: NaiveDate,
    pub dispatched_at: DateTime<Utc>,
    pub due: Option<NaiveDate>,
    /// Number of certificates to settle over all departments.
    pub total: MatterCounts,
}

/// Data of a department.
pub(super) struct Department<'a> {
    /// Value in the carried column; `None` for rows without a value.
    pub value: Option<&'a str>,
    /// Name for display.
    pub shown: &'a str,
    pub counts: MatterCounts,
    pub standing: Standing,
}
