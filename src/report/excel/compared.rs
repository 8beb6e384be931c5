//! Comparison of two runs as a workbook: every gap that is new, closed, open once more or still open.

use super::ReportError;
use super::gaps::{embedded, masked};
use super::style::{Style, fitting, set_page};
use crate::audit::{Change, Status};
use crate::durable::WholeFile;
use crate::job::Mask;
use crate::report::Words;
use crate::table::Row;
use crate::table::schema::coverage;
use rust_xlsxwriter::{IgnoreError, Workbook};
use std::path::Path;

/// Limit on rows of a sheet, without the header.
const MOST_ROWS: u32 = 1_048_575;
/// Keys of the headers, and widths in digits. Together they fit a printed page; names and numbers fold.
const COLUMNS: [(&str, f64); 9] = [
    ("col-change", 9.0),
    ("state", 11.0),
    ("col-holder", 21.0),
    ("col-type", 24.0),
    ("col-type-name", 26.0),
    ("col-number", 26.0),
    ("col-file", 26.0),
    ("col-sheet", 14.0),
    ("col-row", 11.0),
];

/// Writer of a comparison's workbook.
pub struct ComparedWorkbook<'a> {
    words: &'a Words,
    mask: Mask,
    style: Style,
    workbook: Workbook,
    /// Number of rows of the last sheet, without the header.
    rows: u32,
}

impl std::fmt::Debug for ComparedWorkbook<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ComparedWorkbook").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<'a> ComparedWorkbook<'a> {
    /// Begins the workbook. `scratch` is a folder for temporary files.
    ///
    /// # Errors
    /// Fails if no file can be created in `scratch`.
    pub fn begin(words: &'a Words, mask: Mask, scratch: &Path) -> Result<Self, ReportError> {
        let mut begun = Self { words, mask, style: Style::new(), workbook: Workbook::new(), rows: 0 };
        begun.workbook.set_tempdir(scratch)?;
        begun.begin_sheet()?;
        Ok(begun)
    }

    fn begin_sheet(&mut self) -> Result<(), ReportError> {
        let part = self.workbook.worksheets().len() + 1;
        let name = self.words.text("sheet-change");
        let name = if part == 1 { name.to_owned() } else { format!("{name} ({part})") };
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        for (column, (key, width)) in (0..).zip(COLUMNS) {
            sheet.write_string_with_format(0, column, self.words.text(key), &self.style.header)?;
            sheet.set_column_width(column, width)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        set_page(sheet, self.words, Some(0))?;
        self.rows = 0;
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<(), ReportError> {
        let last = self.rows.max(1);
        let Some(sheet) = self.workbook.worksheets_mut().last_mut() else { return Ok(()) };
        sheet.autofilter(0, 0, last, u16::try_from(COLUMNS.len()).unwrap_or(u16::MAX) - 1)?;
        sheet.ignore_error_range(1, 2, last, 5, IgnoreError::NumberStoredAsText)?;
        Ok(())
    }

    /// Adds a gap and its change.
    ///
    /// # Errors
    /// Fails if the row cannot be written to the temporary file.
    pub fn row(&mut self, row: Row<'_>, change: Change) -> Result<(), ReportError> {
        if self.rows == MOST_ROWS {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        self.rows += 1;
        let at = self.rows;
        let text = |column| row.text(column).unwrap_or_default();
        let holder = text(coverage::HOLDER_CODE);
        let status = Status::ALL.into_iter().find(|status| status.name() == text(coverage::STATUS));
        let (change, status) = (self.words.named("change", change.name()), status.map_or("", |status| self.words.status(status)));
        let (shown, number) = (masked(holder, self.mask), embedded(text(coverage::CERTIFICATE_NUMBER), holder, self.mask));
        let Some(sheet) = self.workbook.worksheets_mut().last_mut() else { return Ok(()) };
        sheet.write_string_with_format(at, 0, change, &self.style.text)?;
        sheet.write_string_with_format(at, 1, status, &self.style.text)?;
        sheet.write_string_with_format(at, 2, &shown, &self.style.code)?;
        sheet.write_string_with_format(at, 3, text(coverage::CERT_TYPE_CODE), &self.style.code)?;
        sheet.write_string_with_format(at, 4, fitting(text(coverage::CERT_TYPE_NAME)), &self.style.wrapped)?;
        sheet.write_string_with_format(at, 5, fitting(&number), &self.style.wrapped_code)?;
        sheet.write_string_with_format(at, 6, fitting(text(coverage::SOURCE_FILE)), &self.style.wrapped)?;
        sheet.write_string_with_format(at, 7, fitting(text(coverage::SOURCE_SHEET)), &self.style.wrapped)?;
        let source_row = u32::try_from(row.number(coverage::SOURCE_ROW).unwrap_or_default()).unwrap_or_default();
        sheet.write_number_with_format(at, 8, source_row, &self.style.number)?;
        Ok(())
    }

    /// Writes the workbook atomically to `path`.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn end(mut self, path: &Path) -> Result<(), ReportError> {
        self.end_sheet()?;
        let mut file = WholeFile::create(path)?;
        self.workbook.save_to_writer(&mut file)?;
        Ok(file.finish()?)
    }
}
