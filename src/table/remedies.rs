//! Tables of notifications: those of this run, and those of earlier runs about rows that have not changed since.

use super::build::BuildError;
use super::read::{Row, Rows};
use super::schema::{coverage, notified, remedies};
use super::writer::TableWriter;
use crate::audit::{Comparison, Status};
use crate::face::Lifecycle;
use crate::job::RemedyAction;
use crate::journal::{Journals, NotifiedBefore, Remedy};
use crate::message::Message;
use parquet::errors::ParquetError;
use std::path::Path;

/// Writes `remedies`: every notification of the run. `say` turns a message into a sentence.
pub(super) fn build_remedies(journals: &Journals, dir: &Path, say: &dyn Fn(&Message) -> String) -> Result<(), BuildError> {
    let mut table = TableWriter::create(dir, remedies::REMEDIES, &[])?;
    for remedy in journals.remedies() {
        let Remedy {
            item_id,
            certificate_index,
            action,
            file_number,
            province_certificate_id,
            state,
            code,
            message,
            sent_at,
            verified_at,
            ..
        } = remedy?;
        let message = message.map(|message| say(&Message::from_stored(&message)));
        table.push([
            item_id.into(),
            certificate_index.into(),
            action.word().into(),
            (&file_number).into(),
            province_certificate_id.as_deref().into(),
            state.name().into(),
            code.into(),
            message.as_deref().into(),
            sent_at.into(),
            verified_at.into(),
        ])?;
    }
    Ok(table.finish()?)
}

/// Writes `notified`: the coverage rows that an earlier run notified the province of and that are unchanged since. A row is
/// overdue more than `overdue_days` days after the notification. Requires the coverage table.
pub(super) fn build_notified(journals: &Journals, dir: &Path, overdue_days: u32) -> Result<(), BuildError> {
    let mut table = TableWriter::create(dir, notified::NOTIFIED, &[])?;
    if !journals.have_notified_before()? {
        return Ok(table.finish()?);
    }
    // This run has just written the coverage, so a read error comes from the disk and is reported as one of writing.
    let unreadable = |error: super::TableError| ParquetError::General(error.to_string());
    let mut rows = Rows::open(dir, coverage::COVERAGE).map_err(unreadable)?;
    while let Some(row) = rows.next_row().map_err(unreadable)? {
        let Some(file_number) = row.text(coverage::CITY_CERTIFICATE_ID) else { continue };
        let Some(before) = journals.notified_before(file_number)?.filter(|before| is_as_it_was(row, before.action)) else {
            continue;
        };
        let days = days_open(row, &before);
        table.push([
            number(row, coverage::ITEM_ID).into(),
            u32::try_from(number(row, coverage::CERTIFICATE_INDEX)).unwrap_or(u32::MAX).into(),
            before.action.word().into(),
            before.state.name().into(),
            before.sent_at.into(),
            days.into(),
            (days > overdue_days).into(),
        ])?;
    }
    Ok(table.finish()?)
}

fn number(row: Row<'_>, column: super::Column) -> u64 {
    row.number(column).and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
}

/// Returns whether a row still shows the state that the notification was to change.
fn is_as_it_was(row: Row<'_>, told: RemedyAction) -> bool {
    match told {
        RemedyAction::Insert => row.text(coverage::STATUS) == Some(Status::CityOnly.name()),
        RemedyAction::Update => row.text(coverage::COMPARISON) == Some(Comparison::Inconsistent.name()),
        RemedyAction::Delete => row.text(coverage::PROVINCE_LIFECYCLE) == Some(Lifecycle::Valid.name()),
    }
}

/// Returns the whole days between the notification and the time at which the row was last audited.
fn days_open(row: Row<'_>, before: &NotifiedBefore) -> u32 {
    let seen_at = row.time(coverage::FINISHED_AT).unwrap_or(before.sent_at);
    u32::try_from(seen_at.signed_duration_since(before.sent_at).num_days()).unwrap_or_default()
}
