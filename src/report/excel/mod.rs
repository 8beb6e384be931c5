//! The Excel report, for analysts.

mod breakdown;
mod change;
mod compared;
mod detail;
mod errors;
mod estimates;
mod gaps;
mod handling;
mod inputs;
mod layout;
mod likely;
mod lists;
mod notes;
mod notified;
mod overview;
mod remediation;
mod remedies;
mod style;
mod summaries;

pub use compared::ComparedWorkbook;
pub(crate) use gaps::{embedded, mask_codes, masked};
pub(crate) use lists::face_value;
pub use remediation::{PlanMark, RemediationRow, RemediationWorkbook};
pub(crate) use style::{fitting, width_of};

use super::{ReportInput, title_key};
use crate::audit::Status;
use crate::durable::WholeFile;
use crate::table::schema::coverage;
use crate::table::{Rows, TableError};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use std::io;
use std::path::Path;
use style::Style;

/// Error on writing a report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A sheet cannot be written.
    #[error("the workbook cannot be made: {0}")]
    Workbook(#[from] XlsxError),
    /// The file cannot be written.
    #[error("the report cannot be written: {0}")]
    Disk(#[from] io::Error),
}

/// Writes `report.xlsx` atomically to `path`.
///
/// # Errors
/// Fails if a table cannot be read, or the file cannot be written.
pub fn write_workbook(path: &Path, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut workbook = Workbook::new();
    // Temporary files contain personal data, so they are created in the run's own folder.
    workbook.set_tempdir(path.parent().unwrap_or(Path::new(".")))?;
    let style = Style::new();
    let created = ExcelDateTime::from_timestamp(input.figures.finished_at.timestamp())?;
    let properties = DocProperties::new()
        .set_title(format!("{} {} {}", words.text(title_key(input.figures)), input.figures.job, input.figures.run_id))
        .set_subject(words.text(if input.figures.sample.is_some() { "sample-subject" } else { "subject" }))
        .set_author("ecert-audit")
        .set_creation_datetime(&created);
    workbook.set_properties(&properties);

    // The overview is the first sheet but is written last, because it links to all others.
    workbook.add_worksheet().set_name(words.text("sheet-overview"))?;
    if let Some(estimates) = &input.figures.estimates {
        estimates::write(&mut workbook, &style, input, estimates)?;
    }
    breakdown::write_by_type(&mut workbook, &style, input)?;
    let by_carried = breakdown::write_by_carried(&mut workbook, &style, input)?;
    gaps::write(&mut workbook, &style, input)?;
    set_aside_unknown(input)?;
    summaries::write_differences(&mut workbook, &style, input)?;
    lists::write_differences(&mut workbook, &style, input)?;
    summaries::write_errors(&mut workbook, &style, input)?;
    errors::write(&mut workbook, &style, input)?;
    inputs::write_reading(&mut workbook, &style, input)?;
    inputs::write_invalid(&mut workbook, &style, input)?;
    inputs::write_repairs(&mut workbook, &style, input)?;
    lists::write_unmapped(&mut workbook, &style, input)?;
    if input.figures.previous_run.is_some() {
        change::write_summary(&mut workbook, &style, input)?;
        change::write_list(&mut workbook, &style, input)?;
    }
    if let Some((by, handling)) = input.handling {
        handling::write(&mut workbook, &style, input, by, handling)?;
    }
    remedies::write(&mut workbook, &style, input)?;
    if input.has_files {
        lists::write_files(&mut workbook, &style, input)?;
    }
    notes::write(&mut workbook, &style, input)?;
    overview::write(&mut workbook, &style, input, &by_carried)?;

    let mut file = WholeFile::create(path)?;
    workbook.save_to_writer(&mut file)?;
    file.finish()?;
    Ok(())
}

/// Sets aside the remarks about rows whose state is unknown, for the next run.
fn set_aside_unknown(input: ReportInput<'_>) -> Result<(), ReportError> {
    if input.remarks.is_empty() {
        return Ok(());
    }
    let mut rows = Rows::open(input.tables, coverage::COVERAGE)?;
    while let Some(row) = rows.next_row()? {
        let status = row.text(coverage::STATUS).unwrap_or_default();
        if status == Status::Error.name() || status == Status::Pending.name() {
            input.remarks.set_aside(row);
        }
    }
    Ok(())
}
