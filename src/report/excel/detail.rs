//! A long list as a sheet: its header in the first row, rows in constant memory, and a further sheet where one is full.

use super::ReportError;
use super::layout::{BUTTON, ColumnRoom, NARROWEST, PADDING, PRINTED, WIDEST, fitted, narrowest_width, natural_width};
use super::style::{Style, fitting, set_page, width_of};
use crate::report::{ReportInput, Words};
use chrono::{DateTime, FixedOffset, Utc};
use rust_xlsxwriter::{IgnoreError, Workbook};
use std::ops::Range;

/// Rows that are looked at before the widths of the columns are set.
const AHEAD: usize = 1_000;
/// Rows of a sheet whose height is set where a text of theirs folds. Excel and WPS find the heights of the others by themselves
/// when the file is opened; `LibreOffice` does not. The library keeps each height that is set, so that it cannot be all.
const HEIGHTS: u32 = 20_000;
/// Height of a line of text of 10 points, and what a row has besides, in points.
const LINE: f64 = 13.5;
const BESIDES: f64 = 2.5;
/// Excel's number of rows.
const MOST_ROWS: u32 = 1_048_576;
/// The header's row, and the first one below it.
const HEADER: u32 = 0;
const FIRST: u32 = 1;
/// Excel allows 65,530 links in a sheet.
const MOST_LINKS: u32 = 65_000;
/// Narrowest width of a column of numbers: seven digits with their separators. A number that does not fit is shown as `###`.
const NUMBER: f64 = 11.0;
/// Narrowest width of a column of times.
const TIME: f64 = 18.0;
/// Narrowest widths of columns of holder codes (18 characters, most of them) and of type codes (21 characters).
const HOLDER: f64 = 20.0;
const TYPE_CODE: f64 = 23.0;

/// A column of a list.
#[derive(Debug, Clone)]
pub(super) struct DetailColumn {
    header: String,
    kind: CellKind,
    /// Whether a long text goes on in further lines of its cell, so that the column can be narrower than it.
    folds: bool,
    /// Width that the column has at least, be it more than texts alone would give it.
    least: f64,
    /// Whether it is for looking things up: such columns are grouped and collapsed, and take no room on screen and paper.
    is_behind: bool,
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

/// A cell that is kept until the widths of the columns are known.
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
    /// The text that decides how wide its column becomes, and how high its row.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => *text,
            Self::Marked(text, _) | Self::Link(text) => Some(text),
            Self::Number(_) | Self::Time(_) => None,
        }
    }
}

/// A column of codes, each on one line.
pub(super) fn code(header: impl Into<String>) -> DetailColumn {
    DetailColumn { header: header.into(), kind: CellKind::Code, folds: false, least: NARROWEST, is_behind: false }
}

/// A column of texts, which fold.
pub(super) fn text(header: impl Into<String>) -> DetailColumn {
    DetailColumn { kind: CellKind::Text, folds: true, ..code(header) }
}

/// A column of counts.
pub(super) fn number(header: impl Into<String>) -> DetailColumn {
    DetailColumn { kind: CellKind::Number, least: NUMBER, ..code(header) }
}

/// A column of times.
pub(super) fn time(header: impl Into<String>) -> DetailColumn {
    DetailColumn { least: TIME, ..number(header) }
}

/// The columns of a holder's code and of a certificate type's, with which most lists begin.
pub(super) fn holder_and_type(words: &Words) -> [DetailColumn; 2] {
    [code(words.text("col-holder")).at_least(HOLDER), code(words.text("col-type")).at_least(TYPE_CODE)]
}

impl DetailColumn {
    /// The column with codes that fold.
    pub(super) fn folding(self) -> Self {
        Self { folds: true, ..self }
    }

    /// The column with a width that it does not fall below.
    pub(super) fn at_least(self, least: f64) -> Self {
        Self { least, ..self }
    }

    /// The column among those that are collapsed.
    pub(super) fn behind(self) -> Self {
        Self { is_behind: true, ..self }
    }

    fn room(&self, widest: usize) -> ColumnRoom {
        let natural = natural_width(&self.header, widest).max(self.least);
        let narrowest = if self.folds { self.narrowest() } else { natural.min(WIDEST).max(self.least) };
        ColumnRoom { natural, narrowest, is_printed: !self.is_behind }
    }

    /// The width below which the column does not fall, before any of its texts is known.
    fn narrowest(&self) -> f64 {
        self.least.max(narrowest_width(&self.header))
    }
}

/// Puts carried columns between the columns `front` and `back` of a list. Those that find no room on a printed page, from the
/// last, go behind.
pub(super) fn with_carried(front: Vec<DetailColumn>, carried: &[String], back: Vec<DetailColumn>) -> Vec<DetailColumn> {
    let taken = |columns: &[DetailColumn]| -> f64 {
        columns.iter().filter(|column| !column.is_behind).map(|column| column.narrowest() + PADDING).sum()
    };
    let mut room = PRINTED - taken(&front) - taken(&back);
    let carried = carried.iter().map(|header| {
        let column = code(header).folding();
        room -= column.narrowest() + PADDING;
        if room < 0.0 { column.behind() } else { column }
    });
    front.into_iter().chain(carried).chain(back).collect()
}

/// A list being written.
pub(super) struct DetailSheet<'a> {
    workbook: &'a mut Workbook,
    style: &'a Style,
    words: &'a Words,
    /// Zone in which times are shown.
    zone: FixedOffset,
    name: String,
    columns: Vec<DetailColumn>,
    /// The first rows, until they decide on the widths.
    ahead: Vec<Vec<KeptCell>>,
    /// Widths of the columns, in digits; none until they are decided on.
    widths: Vec<f64>,
    /// Number of the sheet that rows go to, from 1.
    part: u32,
    /// The row that comes next.
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

    /// Decides on the widths by the rows that have come so far, and writes these.
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

    /// Adds a row: a cell per column, in order; columns without one stay empty.
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
                && !spec.is_behind
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
                // The whole column is text, so that what is typed into it stays whole too.
                sheet.set_column_format(column, self.style.of_text(spec.kind, spec.folds))?;
                sheet.ignore_error_range(FIRST, column, last_row, column, IgnoreError::NumberStoredAsText)?;
            }
        }
        // A collapsed column is not printed.
        for (first, last) in runs_behind(&self.columns) {
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

/// Returns the first and the last column of each run of columns that go behind.
fn runs_behind(columns: &[DetailColumn]) -> Vec<(u16, u16)> {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for (at, _) in (0..).zip(columns).filter(|(_, column)| column.is_behind) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => runs.push((at, at)),
        }
    }
    runs
}

/// Makes a column as wide as a text. No text is wider than it has bytes.
fn widen(width: &mut usize, text: &str) {
    if text.len() > *width {
        *width = (*width).max(width_of(text));
    }
}

/// Returns how many lines a text takes in a column of a width in digits.
fn lines_of(text: &str, width: f64) -> u32 {
    /// What of a column's width its texts do not have, and how wide their digits are beside those of the workbook's own font.
    const MARGIN: f64 = 0.5;
    const OF_TEN_POINTS: f64 = 0.97;
    /// Most lines that a row is made high for.
    const MOST_LINES: u32 = 12;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a width is at least 1 and at most 255")]
    let room = ((width - MARGIN) / OF_TEN_POINTS).max(1.0) as usize;
    if text.len() <= room && !text.contains('\n') {
        return 1;
    }
    let lines: usize = text.lines().map(|line| width_of(line).div_ceil(room).max(1)).sum();
    u32::try_from(lines).unwrap_or(MOST_LINES).clamp(1, MOST_LINES)
}

/// Returns the height of a row with so many lines, in points.
fn height_of(lines: u32) -> f64 {
    f64::from(lines) * LINE + BESIDES
}

/// Whether a range is a real part of a text that a cell can hold whole: neither nothing of it nor all of it.
fn is_part(text: &str, range: &Range<usize>) -> bool {
    let is_within = text.get(range.clone()).is_some_and(|part| !part.is_empty() && part.len() < text.len());
    is_within && text.len() < 8_192 && matches!(fitting(text), std::borrow::Cow::Borrowed(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(columns: &[DetailColumn]) -> Vec<bool> {
        columns.iter().map(|column| column.is_behind).collect()
    }

    #[test]
    fn carried_columns_without_room_on_a_page_go_behind() {
        let front = || vec![code("甲").at_least(60.0), text("乙").at_least(60.0).behind()];
        let back = || vec![text("丙").at_least(94.0)];
        let carried: Vec<String> = (1..=4).map(|number| format!("列{number}")).collect();
        // 187 less the two printed columns and their padding leaves room for three of at least 8.7 each.
        assert_eq!(behind(&with_carried(front(), &carried, back())), [false, true, false, false, false, true, false]);
        assert_eq!(behind(&with_carried(front(), &[], back())), [false, true, false]);
    }

    #[test]
    fn columns_behind_are_grouped_by_runs() {
        let columns = [code("a").behind(), code("b"), text("c").behind(), number("d").behind(), time("e")];
        assert_eq!(runs_behind(&columns), [(0, 0), (2, 3)]);
        assert!(runs_behind(&columns[1..2]).is_empty());
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
