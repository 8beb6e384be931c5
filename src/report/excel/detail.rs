//! A long list as a sheet: header in the first row, rows in constant memory, and further sheets if one is full.

use super::ReportError;
use super::layout::{BUTTON, ColumnRoom, NARROWEST, PADDING, PRINTED, WIDEST, fitted, narrowest_width, natural_width};
use super::style::{Style, fitting, set_page, width_of};
use crate::report::{ReportInput, Words};
use chrono::{DateTime, FixedOffset, Utc};
use rust_xlsxwriter::{IgnoreError, Workbook};
use std::ops::Range;

/// Number of rows that are buffered to determine the widths of the columns.
const AHEAD: usize = 1_000;
/// Number of rows of a sheet whose height is set if a text folds. Excel and WPS compute the heights of the others when they open
/// the file; `LibreOffice` does not. The number is limited because the library keeps every height in memory.
pub(super) const HEIGHTS: u32 = 20_000;
/// Height of a line of 10-point text, and the additional height of a row, in points.
const LINE: f64 = 13.5;
const BESIDES: f64 = 2.5;
/// Number of rows of an Excel worksheet.
const MOST_ROWS: u32 = 1_048_576;
/// Index of the header row and of the first row below it.
const HEADER: u32 = 0;
const FIRST: u32 = 1;
/// Limit on links in a sheet, below the 65,530 that Excel allows.
const MOST_LINKS: u32 = 65_000;
/// Smallest width of a number column, in digits: seven digits with separators. A number that does not fit is shown as `###`.
const NUMBER: f64 = 11.0;
/// Smallest width of a time column, in digits.
const TIME: f64 = 18.0;
/// Smallest widths of columns of holder codes (mostly 18 characters) and of type codes (21 characters), in digits.
const HOLDER: f64 = 20.0;
const TYPE_CODE: f64 = 23.0;

/// A column of a list.
#[derive(Debug, Clone)]
pub(super) struct DetailColumn {
    header: String,
    kind: CellKind,
    /// Whether long texts fold into several lines, so that the column can be narrower than they are.
    folds: bool,
    /// Smallest width in digits, even if the texts need less.
    least: f64,
    /// Whether the column is for reference only: such columns are grouped, collapsed and not printed.
    is_reference: bool,
}

/// How the cells of a column are formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    /// Text that looks like a number and must not be converted.
    Code,
    /// Other text.
    Text,
    /// A number or a time.
    Number,
}

/// A cell of a list.
#[derive(Debug, Clone)]
pub(super) enum DetailCell<'a> {
    Text(Option<&'a str>),
    /// A text with a byte range that is highlighted.
    Marked(&'a str, Range<usize>),
    Number(i64),
    Time(Option<DateTime<Utc>>),
    /// Path of a file relative to the workbook, shown as a link.
    Link(&'a str),
}

/// A cell that is buffered until the widths are determined.
#[derive(Debug)]
enum KeptCell {
    Text(Option<String>),
    Marked(String, Range<usize>),
    Number(i64),
    Time(Option<DateTime<Utc>>),
    Link(String),
}

impl From<DetailCell<'_>> for KeptCell {
    fn from(cell: DetailCell<'_>) -> Self {
        match cell {
            DetailCell::Text(text) => Self::Text(text.map(str::to_owned)),
            DetailCell::Marked(text, marked) => Self::Marked(text.to_owned(), marked),
            DetailCell::Number(number) => Self::Number(number),
            DetailCell::Time(time) => Self::Time(time),
            DetailCell::Link(path) => Self::Link(path.to_owned()),
        }
    }
}

impl KeptCell {
    fn as_cell(&self) -> DetailCell<'_> {
        match self {
            Self::Text(text) => DetailCell::Text(text.as_deref()),
            Self::Marked(text, marked) => DetailCell::Marked(text, marked.clone()),
            Self::Number(number) => DetailCell::Number(*number),
            Self::Time(time) => DetailCell::Time(*time),
            Self::Link(path) => DetailCell::Link(path),
        }
    }
}

impl DetailCell<'_> {
    /// Returns the text that determines the width of the column and the height of the row.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => *text,
            Self::Marked(text, _) | Self::Link(text) => Some(text),
            Self::Number(_) | Self::Time(_) => None,
        }
    }
}

/// Creates a column of codes, each on one line.
pub(super) fn code(header: impl Into<String>) -> DetailColumn {
    DetailColumn { header: header.into(), kind: CellKind::Code, folds: false, least: NARROWEST, is_reference: false }
}

/// Creates a column of texts, which fold.
pub(super) fn text(header: impl Into<String>) -> DetailColumn {
    DetailColumn { kind: CellKind::Text, folds: true, ..code(header) }
}

/// Creates a column of numbers.
pub(super) fn number(header: impl Into<String>) -> DetailColumn {
    DetailColumn { kind: CellKind::Number, least: NUMBER, ..code(header) }
}

/// Creates a column of times.
pub(super) fn time(header: impl Into<String>) -> DetailColumn {
    DetailColumn { least: TIME, ..number(header) }
}

/// Creates the columns of holder code and certificate type code, with which most lists begin.
pub(super) fn holder_and_type(words: &Words) -> [DetailColumn; 2] {
    [code(words.text("col-holder")).at_least(HOLDER), code(words.text("col-type")).at_least(TYPE_CODE)]
}

impl DetailColumn {
    /// Makes codes fold.
    pub(super) fn folding(self) -> Self {
        Self { folds: true, ..self }
    }

    /// Sets the smallest width, in digits.
    pub(super) fn at_least(self, least: f64) -> Self {
        Self { least, ..self }
    }

    /// Marks the column as one for reference, which is collapsed.
    pub(super) fn reference_only(self) -> Self {
        Self { is_reference: true, ..self }
    }

    fn room(&self, widest: usize) -> ColumnRoom {
        let natural = natural_width(&self.header, widest).max(self.least);
        let narrowest = if self.folds { self.narrowest() } else { natural.min(WIDEST).max(self.least) };
        ColumnRoom { natural, narrowest, is_printed: !self.is_reference }
    }

    /// Returns the smallest width of the column regardless of its texts, in digits.
    fn narrowest(&self) -> f64 {
        self.least.max(narrowest_width(&self.header))
    }
}

/// Returns the columns of a list: `front`, the carried columns, then `back`. Carried columns that do not fit a printed page are
/// moved to those for reference, starting from the last.
pub(super) fn with_carried(front: Vec<DetailColumn>, carried: &[String], back: Vec<DetailColumn>) -> Vec<DetailColumn> {
    let taken = |columns: &[DetailColumn]| -> f64 {
        columns.iter().filter(|column| !column.is_reference).map(|column| column.narrowest() + PADDING).sum()
    };
    let mut room = PRINTED - taken(&front) - taken(&back);
    let carried = carried.iter().map(|header| {
        let column = code(header).folding();
        room -= column.narrowest() + PADDING;
        if room < 0.0 { column.reference_only() } else { column }
    });
    front.into_iter().chain(carried).chain(back).collect()
}

/// Writer of a list.
pub(super) struct DetailSheet<'a> {
    workbook: &'a mut Workbook,
    style: &'a Style,
    words: &'a Words,
    /// Offset from UTC in which times are shown.
    zone: FixedOffset,
    name: String,
    columns: Vec<DetailColumn>,
    /// Buffer of the first rows, until the widths are determined.
    ahead: Vec<Vec<KeptCell>>,
    /// Widths of the columns in digits; empty until they are determined.
    widths: Vec<f64>,
    /// Number of the current sheet, from 1.
    part: u32,
    /// Index of the next row.
    next: u32,
    links: u32,
    sheet: usize,
}

impl<'a> DetailSheet<'a> {
    /// Begins a list.
    pub(super) fn begin(
        workbook: &'a mut Workbook,
        style: &'a Style,
        input: ReportInput<'a>,
        name: impl Into<String>,
        columns: Vec<DetailColumn>,
    ) -> Self {
        let (words, zone, ahead, widths) = (input.words, input.zone(), Vec::new(), Vec::new());
        let name = name.into();
        Self { workbook, style, words, zone, name, columns, ahead, widths, part: 0, next: 0, links: 0, sheet: 0 }
    }

    /// Determines the widths from the buffered rows and writes these.
    fn decide(&mut self) -> Result<(), ReportError> {
        let mut widest = vec![0; self.columns.len()];
        for row in &self.ahead {
            for (cell, width) in row.iter().zip(&mut widest) {
                if let Some(text) = cell.as_cell().text() {
                    widen(width, text);
                }
            }
        }
        let rooms: Vec<ColumnRoom> = self.columns.iter().zip(widest).map(|(column, widest)| column.room(widest)).collect();
        self.widths = fitted(&rooms);
        self.begin_part()?;
        for row in std::mem::take(&mut self.ahead) {
            self.write_row(row.iter().map(KeptCell::as_cell))?;
        }
        Ok(())
    }

    fn begin_part(&mut self) -> Result<(), ReportError> {
        self.part += 1;
        self.sheet = self.workbook.worksheets().len();
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        let name = if self.part == 1 { self.name.clone() } else { format!("{} ({})", self.name, self.part) };
        sheet.set_name(name)?;
        let mut lines = 1;
        for (column, (spec, width)) in (0..).zip(self.columns.iter().zip(&self.widths)) {
            sheet.write_string_with_format(HEADER, column, fitting(&spec.header), &self.style.header)?;
            lines = lines.max(lines_of(&spec.header, *width - BUTTON));
        }
        sheet.set_row_height(HEADER, height_of(lines))?;
        self.next = FIRST;
        self.links = 0;
        Ok(())
    }

    /// Adds a row with one cell per column, in order. Columns without a cell stay empty.
    pub(super) fn row<'c>(&mut self, cells: impl IntoIterator<Item = DetailCell<'c>>) -> Result<(), ReportError> {
        if !self.widths.is_empty() {
            return self.write_row(cells);
        }
        self.ahead.push(cells.into_iter().map(KeptCell::from).collect());
        if self.ahead.len() == AHEAD { self.decide() } else { Ok(()) }
    }

    fn write_row<'c>(&mut self, cells: impl IntoIterator<Item = DetailCell<'c>>) -> Result<(), ReportError> {
        if self.next == MOST_ROWS {
            self.end_part()?;
            self.begin_part()?;
        }
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        let row = self.next;
        let mut lines = 1;
        for (column, ((cell, spec), width)) in (0..).zip(cells.into_iter().zip(&self.columns).zip(&self.widths)) {
            let format = self.style.of_text(spec.kind, spec.folds);
            if spec.folds
                && !spec.is_reference
                && let Some(text) = cell.text()
            {
                lines = lines.max(lines_of(text, *width));
            }
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
                }
                DetailCell::Text(Some(value)) | DetailCell::Marked(value, _) => {
                    sheet.write_string_with_format(row, column, fitting(value), format)?;
                }
                DetailCell::Link(path) => {
                    if self.links < MOST_LINKS {
                        let link = rust_xlsxwriter::Url::new(format!("file:///{path}")).set_text(path);
                        sheet.write_url_with_format(row, column, link, &self.style.link)?;
                        self.links += 1;
                    } else {
                        sheet.write_string_with_format(row, column, path, format)?;
                    }
                }
                DetailCell::Time(Some(time)) => {
                    let local = time.with_timezone(&self.zone).naive_local();
                    sheet.write_datetime_with_format(row, column, local, &self.style.time)?;
                }
                DetailCell::Text(None) | DetailCell::Time(None) => {}
            }
        }
        if lines > 1 && row <= HEIGHTS {
            sheet.set_row_height(row, height_of(lines))?;
        }
        self.next += 1;
        Ok(())
    }

    fn end_part(&mut self) -> Result<(), ReportError> {
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        if self.next == FIRST {
            sheet.write_string_with_format(FIRST, 0, self.words.text("none"), &self.style.muted)?;
        }
        let last_column = u16::try_from(self.columns.len()).unwrap_or(u16::MAX).saturating_sub(1);
        let last_row = self.next.max(FIRST + 1) - 1;
        for (column, (spec, width)) in (0..).zip(self.columns.iter().zip(&self.widths)) {
            sheet.set_column_width(column, *width)?;
            if spec.kind == CellKind::Code {
                // The format is set on the whole column, so that values typed into empty cells are not converted either.
                sheet.set_column_format(column, self.style.of_text(spec.kind, spec.folds))?;
                sheet.ignore_error_range(FIRST, column, last_row, column, IgnoreError::NumberStoredAsText)?;
            }
        }
        // Excel does not print a collapsed column.
        for (first, last) in reference_groups(&self.columns) {
            sheet.group_columns_collapsed(first, last)?;
        }
        sheet.set_freeze_panes(FIRST, 0)?;
        sheet.autofilter(HEADER, 0, last_row, last_column)?;
        set_page(sheet, self.words, Some(HEADER))?;
        Ok(())
    }

    /// Ends the list.
    pub(super) fn end(mut self) -> Result<(), ReportError> {
        if self.widths.is_empty() {
            self.decide()?;
        }
        self.end_part()
    }
}

/// Returns the first and last index of each group of adjacent columns for reference.
fn reference_groups(columns: &[DetailColumn]) -> Vec<(u16, u16)> {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for (at, _) in (0..).zip(columns).filter(|(_, column)| column.is_reference) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => runs.push((at, at)),
        }
    }
    runs
}

/// Increases a width to that of a text. Texts with fewer bytes than the width are skipped, because no text is wider than its
/// number of bytes.
fn widen(width: &mut usize, text: &str) {
    if text.len() > *width {
        *width = (*width).max(width_of(text));
    }
}

/// Returns the number of lines that a text takes in a column with this width in digits.
pub(super) fn lines_of(text: &str, width: f64) -> u32 {
    /// Part of the width that texts cannot use, in digits, and the width of a digit of their font in digits of the workbook's
    /// default font.
    const MARGIN: f64 = 0.5;
    const OF_TEN_POINTS: f64 = 0.97;
    /// Limit on lines that the height of a row is set for.
    const MOST_LINES: u32 = 12;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width is at least 1 and at most 255")]
    let room = ((width - MARGIN) / OF_TEN_POINTS).max(1.0) as usize;
    if text.len() <= room && !text.contains('\n') {
        return 1;
    }
    let lines: usize = text.lines().map(|line| width_of(line).div_ceil(room).max(1)).sum();
    u32::try_from(lines).unwrap_or(MOST_LINES).clamp(1, MOST_LINES)
}

/// Returns the height of a row with this number of lines, in points.
pub(super) fn height_of(lines: u32) -> f64 {
    f64::from(lines) * LINE + BESIDES
}

/// Returns whether a byte range is a proper part of a text that fits a cell: not empty and not all of it.
fn is_part(text: &str, range: &Range<usize>) -> bool {
    let is_within = text.get(range.clone()).is_some_and(|part| !part.is_empty() && part.len() < text.len());
    is_within && text.len() < 8_192 && matches!(fitting(text), std::borrow::Cow::Borrowed(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference_only(columns: &[DetailColumn]) -> Vec<bool> {
        columns.iter().map(|column| column.is_reference).collect()
    }

    #[test]
    fn carried_columns_without_room_on_a_page_go_behind() {
        let front = || vec![code("甲").at_least(60.0), text("乙").at_least(60.0).reference_only()];
        let back = || vec![text("丙").at_least(94.0)];
        let carried: Vec<String> = (1..=4).map(|number| format!("列{number}")).collect();
        // 187 less the two printed columns and their padding leaves room for three of at least 8.7 each.
        assert_eq!(reference_only(&with_carried(front(), &carried, back())), [false, true, false, false, false, true, false]);
        assert_eq!(reference_only(&with_carried(front(), &[], back())), [false, true, false]);
    }

    #[test]
    fn columns_behind_are_grouped_by_runs() {
        let columns =
            [code("a").reference_only(), code("b"), text("c").reference_only(), number("d").reference_only(), time("e")];
        assert_eq!(reference_groups(&columns), [(0, 0), (2, 3)]);
        assert!(reference_groups(&columns[1..2]).is_empty());
    }

    #[test]
    fn rows_are_as_high_as_their_texts() {
        for (text, width, lines) in [
            ("", 10.0, 1),
            ("证照编号", 10.0, 1),
            ("证照编号一二", 10.0, 2),
            ("370499199001010007", 20.0, 1),
            ("a\nb", 20.0, 2),
            (&"长".repeat(500), 20.0, 12),
        ] {
            assert_eq!(lines_of(text, width), lines, "{text}");
        }
    }

    #[test]
    fn codes_keep_their_line_and_texts_fold() {
        let (whole, folding) = (code("证件号码").room(18), text("错误说明").room(70));
        assert!((whole.narrowest - whole.natural).abs() < f64::EPSILON);
        assert!(folding.narrowest < 10.0 && folding.natural > WIDEST);
        assert!((number("行").room(0).narrowest - NUMBER).abs() < f64::EPSILON);
    }
}
