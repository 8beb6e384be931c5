//! Rows that an earlier run has told the province of and that are still as they were: the gap lists say so, and list those
//! first that have stayed so for too long.

use super::super::ReportInput;
use super::ReportError;
use crate::table::schema::{coverage, notified};
use crate::table::{Row, Rows};

/// Which rows one pass over the coverage lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Those that are overdue.
    Overdue,
    /// The others.
    Rest,
}

impl Pass {
    /// Both passes, in the order of the list.
    pub(super) const ALL: [Self; 2] = [Self::Overdue, Self::Rest];

    /// Whether the pass lists a row with this notification.
    pub(super) fn lists(self, notified: Option<&Notified>) -> bool {
        let is_overdue = notified.is_some_and(|notified| notified.is_overdue);
        is_overdue == (self == Self::Overdue)
    }
}

/// What an earlier run told the province of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notified {
    /// In words, for the reader.
    pub shown: String,
    /// Whether the row has stayed as it was for too long.
    pub is_overdue: bool,
}

/// The table of such rows, read beside the coverage.
pub(super) struct NotifiedRows<'a> {
    input: ReportInput<'a>,
    /// `None` where there is no such table, as in runs of an earlier version.
    rows: Option<Rows>,
}

impl<'a> NotifiedRows<'a> {
    /// Opens the table at its first row.
    pub(super) fn open(input: ReportInput<'a>) -> Result<Self, ReportError> {
        if !input.tables.join(notified::NOTIFIED.file_name()).exists() {
            return Ok(Self { input, rows: None });
        }
        let mut rows = Rows::open(input.tables, notified::NOTIFIED)?;
        rows.next_row()?;
        Ok(Self { input, rows: Some(rows) })
    }

    /// Whether no row was told of.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.row().is_none())
    }

    /// What the province was told of a row of the coverage. Rows may only rise from call to call.
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

/// Characters of the day in a time as reports show it (`2026-11-24 09:30:00`).
const DAY: usize = 10;
