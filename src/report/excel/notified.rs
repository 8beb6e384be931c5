//! Coverage rows that an earlier run notified the province of and that are unchanged. Gap lists mark them, and list overdue ones
//! first.

use super::super::ReportInput;
use super::ReportError;
use crate::table::schema::{coverage, notified};
use crate::table::{Row, Rows};

/// Pass over the coverage, which selects the rows to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Overdue rows.
    Overdue,
    /// All other rows.
    Rest,
}

impl Pass {
    /// Both passes, in the order of the list.
    pub(super) const ALL: [Self; 2] = [Self::Overdue, Self::Rest];

    /// Returns whether the pass selects a row with this notification.
    pub(super) fn lists(self, notified: Option<&Notified>) -> bool {
        let is_overdue = notified.is_some_and(|notified| notified.is_overdue);
        is_overdue == (self == Self::Overdue)
    }
}

/// A notification that an earlier run sent about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notified {
    /// Text for the reader.
    pub shown: String,
    /// Whether the row has been unchanged for longer than the job file allows.
    pub is_overdue: bool,
}

/// Reader of the table of notified rows, in step with the coverage.
pub(super) struct NotifiedRows<'a> {
    input: ReportInput<'a>,
    /// `None` if there is no such table, as in runs of an earlier version.
    rows: Option<Rows>,
}

impl<'a> NotifiedRows<'a> {
    /// Opens the table and reads its first row.
    pub(super) fn open(input: ReportInput<'a>) -> Result<Self, ReportError> {
        if !input.tables.join(notified::NOTIFIED.file_name()).exists() {
            return Ok(Self { input, rows: None });
        }
        let mut rows = Rows::open(input.tables, notified::NOTIFIED)?;
        rows.next_row()?;
        Ok(Self { input, rows: Some(rows) })
    }

    /// Returns whether the table has no rows left.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.row().is_none())
    }

    /// Returns the notification about a coverage row. Keys must not decrease from call to call.
    pub(super) fn find(&mut self, row: Row<'_>) -> Result<Option<Notified>, ReportError> {
        let Some(rows) = &mut self.rows else { return Ok(None) };
        let wanted = [row.number(coverage::ITEM_ID), row.number(coverage::CERTIFICATE_INDEX)];
        let key = |row: Row<'_>| [row.number(notified::ITEM_ID), row.number(notified::CERTIFICATE_INDEX)];
        while rows.row().is_some_and(|row| key(row) < wanted) {
            rows.next_row()?;
        }
        let found = rows.row().filter(|row| key(*row) == wanted);
        Ok(found.map(|row| shown(row, self.input)))
    }
}

fn shown(row: Row<'_>, input: ReportInput<'_>) -> Notified {
    let words = input.words;
    let is_overdue = row.truth(notified::OVERDUE).unwrap_or_default();
    let day = row.time(notified::SENT_AT).map(|at| input.local(at).chars().take(DAY).collect::<String>()).unwrap_or_default();
    let action = words.named("remedy-action", row.text(notified::ACTION).unwrap_or_default());
    let days = row.number(notified::DAYS_OPEN).unwrap_or_default().to_string();
    let values = [("day", day.as_str()), ("action", action), ("days", days.as_str())];
    let shown = if is_overdue { words.fill("notified-overdue", &values) } else { words.fill("notified-before", &values) };
    Notified { shown, is_overdue }
}

/// Length of the date in a displayed time (`2026-11-24 09:30:00`), in characters.
const DAY: usize = 10;
