//! A long list as a sheet: perhaps a summary on top, header, rows in constant memory, and a further sheet where one is full.

use super::ReportError;
use super::style::{Style, column_width, fitting, set_page, width_of};
use crate::report::Words;
use chrono::{DateTime, Local, Utc};
use rust_xlsxwriter::{Format, IgnoreError, Workbook};
use std::ops::Range;

/// Excel's number of rows.
const MOST_ROWS: u32 = 1_048_576;
/// With no more rows than this on top, the header stays in sight.
const FROZEN: u32 = 6;

/// Excel allows 65,530 links in a sheet.
const MOST_LINKS: u32 = 65_000;

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
    /// A count, or a time.
    Number,
}

/// A cell of a list.
#[derive(Debug, Clone)]
pub(super) enum DetailCell<'a> {
    Text(Option<&'a str>),
    /// A text of which this range (bytes) is to be seen first.
    Marked(&'a str, Range<usize>),
    Number(i64),
    Time(Option<DateTime<Utc>>),
    /// A text that leads to a file, relative to the workbook.
    Link(&'a str),
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

/// A small table on top of a list: its headers, and its rows of texts and counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Summary {
    pub headers: Vec<String>,
    pub rows: Vec<Vec<SummaryCell>>,
}

/// A cell of a summary.
#[derive(Debug, Clone)]
pub(super) enum SummaryCell {
    Text(String),
    Count(u64),
}

/// A list being written.
pub(super) struct DetailSheet<'a> {
    workbook: &'a mut Workbook,
    style: &'a Style,
    words: &'a Words,
    name: &'a str,
    columns: Vec<DetailColumn>,
    widths: Vec<usize>,
    /// Number of the sheet that rows go to, from 1.
    part: u32,
    /// Row of the header.
    header: u32,
    /// The row that comes next.
    next: u32,
    links: u32,
    sheet: usize,
}

impl<'a> DetailSheet<'a> {
    /// Begins a list.
    pub(super) fn begin(
        workbook: &'a mut Workbook,
        (style, words): (&'a Style, &'a Words),
        name: &'a str,
        summary: &Summary,
        columns: Vec<DetailColumn>,
    ) -> Result<Self, ReportError> {
        let widths = columns.iter().map(|column| width_of(&column.header)).collect();
        let mut list = Self { workbook, style, words, name, columns, widths, part: 0, header: 0, next: 0, links: 0, sheet: 0 };
        list.begin_part(summary)?;
        Ok(list)
    }

    fn begin_part(&mut self, summary: &Summary) -> Result<(), ReportError> {
        self.part += 1;
        self.sheet = self.workbook.worksheets().len();
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        let name = if self.part == 1 { self.name.to_owned() } else { format!("{} ({})", self.name, self.part) };
        sheet.set_name(name)?;
        self.next = 0;
        self.links = 0;
        if !summary.rows.is_empty() {
            for (column, header) in (0..).zip(&summary.headers) {
                sheet.write_string_with_format(self.next, column, header, &self.style.summary_header)?;
            }
            for row in &summary.rows {
                self.next += 1;
                for (column, cell) in (0..).zip(row) {
                    match cell {
                        SummaryCell::Text(text) => {
                            sheet.write_string_with_format(self.next, column, fitting(text), &self.style.code)?;
                        }
                        #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
                        SummaryCell::Count(count) => {
                            sheet.write_number_with_format(self.next, column, *count as f64, &self.style.number)?;
                        }
                    }
                }
            }
            self.next += 2;
        }
        self.header = self.next;
        for (column, spec) in (0..).zip(&self.columns) {
            sheet.write_string_with_format(self.header, column, &spec.header, &self.style.header)?;
        }
        self.next += 1;
        Ok(())
    }

    /// Adds a row: a cell per column, in order; columns without one stay empty.
    pub(super) fn row<'c>(&mut self, cells: impl IntoIterator<Item = DetailCell<'c>>) -> Result<(), ReportError> {
        if self.next == MOST_ROWS {
            self.end_part()?;
            self.begin_part(&Summary::default())?;
        }
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        let row = self.next;
        for (at, (cell, spec)) in cells.into_iter().zip(&self.columns).enumerate() {
            let column = u16::try_from(at).unwrap_or(u16::MAX);
            let format: &Format = if spec.kind == CellKind::Code { &self.style.code } else { &self.style.text };
            match cell {
                DetailCell::Number(value) => {
                    #[expect(clippy::cast_precision_loss, reason = "counts and row numbers are far below 2^52")]
                    sheet.write_number_with_format(row, column, value as f64, &self.style.number)?;
                }
                DetailCell::Marked(value, marked) if is_part(value, &marked) => {
                    let pieces = [
                        (&self.style.plain, &value[..marked.start]),
                        (&self.style.marked, &value[marked.clone()]),
                        (&self.style.plain, &value[marked.end..]),
                    ];
                    let pieces: Vec<_> = pieces.into_iter().filter(|(_, piece)| !piece.is_empty()).collect();
                    sheet.write_rich_string_with_format(row, column, &pieces, format)?;
                    widen(&mut self.widths[at], value);
                }
                DetailCell::Text(Some(value)) | DetailCell::Marked(value, _) => {
                    sheet.write_string_with_format(row, column, fitting(value), format)?;
                    widen(&mut self.widths[at], value);
                }
                DetailCell::Link(path) => {
                    widen(&mut self.widths[at], path);
                    if self.links < MOST_LINKS {
                        let link = rust_xlsxwriter::Url::new(format!("file:///{path}")).set_text(path);
                        sheet.write_url_with_format(row, column, link, &self.style.link)?;
                        self.links += 1;
                    } else {
                        sheet.write_string_with_format(row, column, path, format)?;
                    }
                }
                DetailCell::Time(Some(time)) => {
                    let local = time.with_timezone(&Local).naive_local();
                    sheet.write_datetime_with_format(row, column, local, &self.style.time)?;
                    self.widths[at] = self.widths[at].max("2026-11-24 08:00".len());
                }
                DetailCell::Text(None) | DetailCell::Time(None) => {}
            }
        }
        self.next += 1;
        Ok(())
    }

    fn end_part(&mut self) -> Result<(), ReportError> {
        let first = self.header + 1;
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        if self.next == first {
            sheet.write_string_with_format(first, 0, self.words.text("none"), &self.style.muted)?;
        }
        let last_column = u16::try_from(self.columns.len()).unwrap_or(u16::MAX).saturating_sub(1);
        let last_row = self.next.max(first + 1) - 1;
        for (column, (spec, width)) in (0..).zip(self.columns.iter().zip(&self.widths)) {
            sheet.set_column_width(column, column_width(*width))?;
            if spec.kind == CellKind::Code {
                // The whole column is text, so that what is typed into it stays whole too.
                sheet.set_column_format(column, &self.style.code)?;
                sheet.ignore_error_range(first, column, last_row, column, IgnoreError::NumberStoredAsText)?;
            }
        }
        if self.header <= FROZEN {
            sheet.set_freeze_panes(first, 0)?;
        }
        sheet.autofilter(self.header, 0, last_row, last_column)?;
        set_page(sheet, self.words, Some(self.header))?;
        Ok(())
    }

    /// Ends the list.
    pub(super) fn end(mut self) -> Result<(), ReportError> {
        self.end_part()
    }
}

/// Makes a column as wide as a text. No text is wider than it has bytes.
fn widen(width: &mut usize, text: &str) {
    if text.len() > *width {
        *width = (*width).max(width_of(text));
    }
}

/// Whether a range is a real part of a text that a cell can hold whole: neither nothing of it nor all of it.
fn is_part(text: &str, range: &Range<usize>) -> bool {
    !range.is_empty() && range.len() < text.len() && text.len() < 8_192 && matches!(fitting(text), std::borrow::Cow::Borrowed(_))
}
