//! A long list as a sheet: header, rows in constant memory, and a further sheet where one is full.

use super::ReportError;
use super::style::{Style, column_width, fitting, set_page, width_of};
use rust_xlsxwriter::{IgnoreError, Workbook};

/// Excel's number of rows.
const MOST_ROWS: u32 = 1_048_576;

/// A column of a list.
#[derive(Debug, Clone)]
pub(super) struct DetailColumn {
    pub header: String,
    pub kind: CellKind,
}

/// How a list's column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    /// Text that may look like a number and must stay whole.
    Code,
    /// Other text.
    Text,
    /// A count.
    Number,
}

/// A cell of a list.
#[derive(Debug, Clone, Copy)]
pub(super) enum DetailCell<'a> {
    Text(Option<&'a str>),
    Number(i64),
}

pub(super) fn code(header: impl Into<String>) -> DetailColumn {
    DetailColumn { header: header.into(), kind: CellKind::Code }
}

pub(super) fn text(header: impl Into<String>) -> DetailColumn {
    DetailColumn { header: header.into(), kind: CellKind::Text }
}

pub(super) fn number(header: impl Into<String>) -> DetailColumn {
    DetailColumn { header: header.into(), kind: CellKind::Number }
}

/// A list being written.
pub(super) struct DetailSheet<'a> {
    workbook: &'a mut Workbook,
    style: &'a Style,
    name: &'a str,
    columns: Vec<DetailColumn>,
    widths: Vec<usize>,
    /// Number of the sheet that rows go to, from 1.
    part: u32,
    /// Rows in it, the header included.
    rows: u32,
    sheet: usize,
}

impl<'a> DetailSheet<'a> {
    /// Begins a list.
    pub(super) fn begin(
        workbook: &'a mut Workbook,
        style: &'a Style,
        name: &'a str,
        columns: Vec<DetailColumn>,
    ) -> Result<Self, ReportError> {
        let widths = columns.iter().map(|column| width_of(&column.header)).collect();
        let mut list = Self { workbook, style, name, columns, widths, part: 0, rows: 0, sheet: 0 };
        list.begin_part()?;
        Ok(list)
    }

    fn begin_part(&mut self) -> Result<(), ReportError> {
        self.part += 1;
        self.sheet = self.workbook.worksheets().len();
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        let name = if self.part == 1 { self.name.to_owned() } else { format!("{} ({})", self.name, self.part) };
        sheet.set_name(name)?;
        for (column, spec) in (0..).zip(&self.columns) {
            sheet.write_string_with_format(0, column, &spec.header, &self.style.header)?;
        }
        self.rows = 1;
        Ok(())
    }

    /// Adds a row: a cell per column, in order; columns without one stay empty.
    pub(super) fn row<'c>(&mut self, cells: impl IntoIterator<Item = DetailCell<'c>>) -> Result<(), ReportError> {
        if self.rows == MOST_ROWS {
            self.end_part()?;
            self.begin_part()?;
        }
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        for (at, (cell, spec)) in cells.into_iter().zip(&self.columns).enumerate() {
            let column = u16::try_from(at).unwrap_or(u16::MAX);
            match cell {
                DetailCell::Number(value) => {
                    #[expect(clippy::cast_precision_loss, reason = "counts and row numbers are far below 2^52")]
                    sheet.write_number_with_format(self.rows, column, value as f64, &self.style.number)?;
                }
                DetailCell::Text(Some(value)) => {
                    let format = if spec.kind == CellKind::Code { &self.style.code } else { &self.style.text };
                    sheet.write_string_with_format(self.rows, column, fitting(value), format)?;
                    self.widths[at] = self.widths[at].max(width_of(value));
                }
                DetailCell::Text(None) => {}
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn end_part(&mut self) -> Result<(), ReportError> {
        let empty = self.rows == 1;
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        if empty {
            sheet.write_string_with_format(1, 0, "（无）", &self.style.muted)?;
        }
        let last_column = u16::try_from(self.columns.len()).unwrap_or(u16::MAX).saturating_sub(1);
        let last_row = self.rows.max(2) - 1;
        for (column, (spec, width)) in (0..).zip(self.columns.iter().zip(&self.widths)) {
            sheet.set_column_width(column, column_width(*width))?;
            if spec.kind == CellKind::Code {
                // The whole column is text, so that what is typed into it stays whole too.
                sheet.set_column_format(column, &self.style.code)?;
                sheet.ignore_error_range(1, column, last_row, column, IgnoreError::NumberStoredAsText)?;
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        sheet.autofilter(0, 0, last_row, last_column)?;
        set_page(sheet, Some(0))?;
        Ok(())
    }

    /// Ends the list.
    pub(super) fn end(mut self) -> Result<(), ReportError> {
        self.end_part()
    }
}
