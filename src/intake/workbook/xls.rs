//! Workbooks of Excel 97 to 2003 (xls, MS-XLS).
//!
//! The library that reads them tells values, dates and merged ranges. What it does not tell is read here from the records
//! of the workbook stream: whether it is encrypted, which numbers are shown with zeros before them, and which formulas
//! nobody has calculated.

use super::compound::{Compound, Stream};
use super::fault::{Fault, SheetFailure};
use super::format::NumberFormat;
use super::protection::password;
use super::rows::{Rows, cell_name};
use super::xml::LONGEST_TEXT;
use super::{Merges, Sheet, SheetKind, Visibility, Workbook};
use crate::intake::cell::Cell;
use crate::intake::stream::EventSender;
use crate::message::Message;
use calamine::{Data, Reader, SheetType, SheetVisible, XlsError};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// Largest file, in bytes. The format ends at 65,536 rows of 256 columns.
const LARGEST: u64 = 256 << 20;
/// Most cells of the smallest rectangles round the content of all sheets together; they are kept in memory.
const LARGEST_EXTENT: u64 = 16 << 20;
/// More cells than can be of interest beside their values.
const MOST_MARKED: usize = 16 << 20;

/// Types of records (MS-XLS 2.3) that are looked at.
mod record {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const END: u16 = 0x000A;
    pub(super) const FILE_PASS: u16 = 0x002F;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const NUMBERS: u16 = 0x00BD;
    pub(super) const STYLE: u16 = 0x00E0;
    pub(super) const SHARED_TEXT: u16 = 0x00FD;
    pub(super) const RECALCULATION: u16 = 0x01C1;
    pub(super) const DIMENSIONS: u16 = 0x0200;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const TEXT: u16 = 0x0204;
    pub(super) const BOOL_OR_ERROR: u16 = 0x0205;
    pub(super) const COMPRESSED_NUMBER: u16 = 0x027E;
    pub(super) const RICH_TEXT: u16 = 0x00D6;
    pub(super) const FORMAT: u16 = 0x041E;
    pub(super) const BEGIN: u16 = 0x0809;
}

/// An open xls workbook.
pub(super) struct Xls {
    workbook: calamine::Xls<Cursor<Vec<u8>>>,
    sheets: Vec<Sheet>,
    marks: Marks,
}

impl Xls {
    /// Opens a workbook.
    ///
    /// # Errors
    /// Fails if it is encrypted, damaged, or its content lies further apart than that of a list.
    pub(super) fn open(path: &Path) -> Result<Self, Message> {
        let unreadable = |error: std::io::Error| Message::new("workbook-unreadable").with("error", error);
        let damaged = || Message::new("workbook-xls-damaged");
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.len() > LARGEST {
            return Err(Message::new("workbook-xls-too-large").with("most", LARGEST >> 20));
        }
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
        let mut compound = File::open(path).and_then(Compound::open).map_err(|_| damaged())?;
        let name = ["Workbook", "Book"].into_iter().find(|name| compound.has(name)).ok_or_else(damaged)?;
        let stream = compound.stream(name).map_err(|_| damaged())?.ok_or_else(damaged)?;
        // Spreadsheet programs tell about the document; libraries mostly do not.
        let by_program = compound.has("\u{5}SummaryInformation");
        let marks = Marks::read(&stream.bytes, by_program)?;
        hide_dimensions(&stream, &marks.dimensions, &mut bytes);
        drop(stream);
        let workbook = calamine::Xls::new(Cursor::new(bytes)).map_err(|error| match error {
            XlsError::Password => password(),
            _ => damaged(),
        })?;
        let sheets = workbook.sheets_metadata().iter().map(sheet).collect();
        Ok(Self { workbook, sheets, marks })
    }
}

impl Workbook for Xls {
    fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    fn read_sheet(&mut self, index: usize, events: &mut EventSender) -> Result<(), SheetFailure> {
        let name = &self.sheets.get(index).ok_or_else(|| Fault::Missing.of_sheet())?.name;
        let mut merges = Merges::default();
        for range in self.workbook.merge_cells_by_sheet_name(name).map_err(|_| Fault::Damaged.of_sheet())? {
            let ((top, left), (bottom, right)) = (range.start, range.end);
            merges.push((top.saturating_add(1), bottom.saturating_add(1)), (left as usize, right as usize));
        }
        merges.send(events)?;
        let range = self.workbook.worksheet_range(name).map_err(|_| Fault::Damaged.of_sheet())?;
        let Some((first_row, first_column)) = range.start() else { return Ok(()) };
        let nothing = SheetMarks::default();
        let marks = self.marks.sheets.get(index).unwrap_or(&nothing);
        let is_1904 = self.workbook.has_1904_epoch();
        let mut rows = Rows::new(events);
        for (row, cells) in (first_row..).zip(range.rows()) {
            for (column, value) in (first_column..).zip(cells) {
                if marks.uncalculated.contains(&(row, column)) {
                    rows.cell(row + 1, column as usize, Cell::Uncalculated)?;
                    continue;
                }
                let format = marks.formats.get(&(row, column)).and_then(|style| self.marks.formats.get(style));
                let place = (row + 1, column as usize);
                send(value, format.unwrap_or(&NumberFormat::Plain), is_1904, place, &mut rows)?;
            }
        }
        rows.finish()
    }
}

fn sheet(sheet: &calamine::Sheet) -> Sheet {
    let kind = match sheet.typ {
        SheetType::WorkSheet => SheetKind::Cells,
        SheetType::ChartSheet => SheetKind::Chart,
        SheetType::DialogSheet => SheetKind::Dialog,
        SheetType::MacroSheet | SheetType::Vba => SheetKind::Macros,
    };
    let visibility = match sheet.visible {
        SheetVisible::Visible => Visibility::Visible,
        SheetVisible::Hidden => Visibility::Hidden,
        SheetVisible::VeryHidden => Visibility::VeryHidden,
    };
    Sheet::new(&sheet.name, kind, visibility)
}

/// Sends a cell with the value that the library tells.
fn send(
    value: &Data,
    format: &NumberFormat,
    is_1904: bool,
    (row, column): (u32, usize),
    rows: &mut Rows<'_>,
) -> Result<(), SheetFailure> {
    let mut shown = String::new();
    let cell = match value {
        Data::Empty => return Ok(()),
        Data::String(text) if text.len() > LONGEST_TEXT => {
            return rows.spoil(row, column, Message::new("workbook-cell-too-long").with("cell", cell_name(row, column)));
        }
        Data::String(text) => Cell::Text(text),
        #[expect(clippy::cast_precision_loss, reason = "what a spreadsheet calls a number has fifteen digits")]
        Data::Int(number) => format.cell(*number as f64, is_1904, &mut shown),
        Data::Float(number) => format.cell(*number, is_1904, &mut shown),
        Data::Bool(is_true) => Cell::Other(if *is_true { "TRUE" } else { "FALSE" }),
        Data::DateTime(date) => NumberFormat::Date.cell(date.as_f64(), is_1904, &mut shown),
        Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Other(text),
        Data::Error(error) => {
            shown = error.to_string();
            Cell::Error(&shown)
        }
    };
    rows.cell(row, column, cell)
}

/// What the records tell beside what the library does.
#[derive(Debug, Default)]
struct Marks {
    /// Formats with zeros, by style.
    formats: HashMap<u16, NumberFormat>,
    /// By the order of the sheets.
    sheets: Vec<SheetMarks>,
    /// Where in the stream the records begin that say how far a sheet reaches.
    dimensions: Vec<usize>,
}

/// Cells of a sheet of which the records tell more; rows and columns counted from 0.
#[derive(Debug, Default)]
struct SheetMarks {
    /// Style of numbers whose format shows zeros.
    formats: BTreeMap<(u32, u32), u16>,
    uncalculated: BTreeSet<(u32, u32)>,
}

impl Marks {
    /// Reads the records of the workbook stream. `by_program` says that a spreadsheet program wrote it, which calculates.
    ///
    /// # Errors
    /// Fails if the workbook is encrypted or damaged, or its content lies further apart than that of a list.
    fn read(stream: &[u8], by_program: bool) -> Result<Self, Message> {
        let mut marks = Self::default();
        let mut codes: HashMap<u16, NumberFormat> = HashMap::new();
        let mut styles: Vec<u16> = Vec::new();
        let mut places: Vec<usize> = Vec::new();
        let mut was_calculated = by_program;
        for record in Records::at(stream, 0) {
            match record.kind {
                record::FILE_PASS => return Err(password()),
                record::FORMAT => {
                    codes.extend(record.u16_at(0).zip(record.format_code().map(|code| NumberFormat::of_code(&code))));
                }
                record::STYLE => styles.push(record.u16_at(2).unwrap_or(0)),
                record::SHEET => places.extend(record.u32_at(0).and_then(|place| usize::try_from(place).ok())),
                record::RECALCULATION => was_calculated = true,
                record::END => break,
                _ => {}
            }
        }
        for (style, code) in styles.iter().enumerate() {
            let format = codes.get(code).filter(|format| matches!(format, NumberFormat::Padded(_)));
            marks.formats.extend(u16::try_from(style).ok().zip(format.cloned()));
        }
        let mut extent = 0u64;
        for place in places {
            if place >= stream.len() {
                return Err(Message::new("workbook-xls-damaged"));
            }
            let (sheet, cells) = marks.read_sheet(stream, place, was_calculated);
            marks.sheets.push(sheet);
            extent = extent.saturating_add(cells);
            if extent > LARGEST_EXTENT {
                return Err(Message::new("workbook-too-spread"));
            }
        }
        Ok(marks)
    }

    /// Reads the records of a sheet; returns how many cells the smallest rectangle round its content has, too.
    fn read_sheet(&mut self, stream: &[u8], place: usize, was_calculated: bool) -> (SheetMarks, u64) {
        let mut sheet = SheetMarks::default();
        let mut extent = Extent::default();
        let mut formulas = Formulas::default();
        // Charts within a sheet are substreams of it; their records look like cells.
        let mut depth = 0u32;
        for record in Records::at(stream, place) {
            match record.kind {
                record::BEGIN => depth += 1,
                record::END if depth <= 1 => break,
                record::END => depth -= 1,
                _ if depth > 1 => {}
                record::DIMENSIONS => self.dimensions.push(record.at),
                record::NUMBERS => {
                    let (Some(row), Some(first)) = (record.u16_at(0), record.u16_at(2)) else { continue };
                    let count = record.data.len().saturating_sub(6) / 6;
                    for (column, at) in (u32::from(first)..).zip((4..).step_by(6)).take(count) {
                        extent.take(row.into(), column);
                        self.mark(&mut sheet, (row.into(), column), record.u16_at(at));
                    }
                }
                record::NUMBER
                | record::COMPRESSED_NUMBER
                | record::FORMULA
                | record::TEXT
                | record::RICH_TEXT
                | record::SHARED_TEXT
                | record::BOOL_OR_ERROR => {
                    let (Some(row), Some(column)) = (record.u16_at(0), record.u16_at(2)) else { continue };
                    let cell = (u32::from(row), u32::from(column));
                    extent.take(cell.0, cell.1);
                    self.mark(&mut sheet, cell, record.u16_at(4));
                    if record.kind == record::FORMULA {
                        formulas.take(&record, cell);
                    }
                }
                _ => {}
            }
        }
        sheet.uncalculated = formulas.uncalculated(was_calculated);
        (sheet, extent.cells())
    }

    /// Marks a cell whose style shows numbers with zeros.
    fn mark(&self, sheet: &mut SheetMarks, cell: (u32, u32), style: Option<u16>) {
        if let Some(style) = style
            && self.formats.contains_key(&style)
            && sheet.formats.len() < MOST_MARKED
        {
            sheet.formats.insert(cell, style);
        }
    }
}

/// The formulas of a sheet, by what is stored as their value.
///
/// The format has no formula without a value. Programs that do not calculate store 0 with a mark that asks for calculation
/// on opening, or the empty text, which calculated formulas yield too.
#[derive(Debug, Default)]
struct Formulas {
    /// Those with 0 or nothing, and the mark.
    pending: BTreeSet<(u32, u32)>,
    /// Those with the empty text.
    empty: BTreeSet<(u32, u32)>,
    /// Whether any formula has another value.
    has_values: bool,
}

impl Formulas {
    fn take(&mut self, record: &Record<'_>, cell: (u32, u32)) {
        const CALCULATE_ON_OPENING: u16 = 2;
        let value = record.data.get(6..14).unwrap_or_default();
        let is_empty_text = matches!(value, [3, _, _, _, _, _, 0xFF, 0xFF]);
        let is_zero = value.iter().all(|byte| *byte == 0);
        let is_pending = record.u16_at(14).is_some_and(|options| options & CALCULATE_ON_OPENING != 0);
        if is_pending && (is_zero || is_empty_text) {
            self.pending.insert(cell);
        } else if is_empty_text {
            self.empty.insert(cell);
        } else {
            self.has_values = true;
        }
    }

    /// The formulas that nobody has calculated. That all yield the empty text, in a workbook with no sign of a program that
    /// calculates, means that none did.
    fn uncalculated(self, was_calculated: bool) -> BTreeSet<(u32, u32)> {
        let Self { mut pending, empty, has_values } = self;
        if !was_calculated && !has_values {
            pending.extend(empty);
        }
        pending
    }
}

/// The smallest rectangle round cells; rows and columns counted from 0.
#[derive(Debug, Default)]
struct Extent {
    first: Option<(u32, u32)>,
    last: (u32, u32),
}

impl Extent {
    fn take(&mut self, row: u32, column: u32) {
        let (top, left) = self.first.unwrap_or((row, column));
        self.first = Some((top.min(row), left.min(column)));
        self.last = (self.last.0.max(row), self.last.1.max(column));
    }

    fn cells(&self) -> u64 {
        let Some((top, left)) = self.first else { return 0 };
        (u64::from(self.last.0 - top) + 1) * (u64::from(self.last.1 - left) + 1)
    }
}

/// Takes the records out of sight that say how far sheets reach: the library reserves memory for as many cells, though what
/// they say is often wrong. Their type becomes one that nobody knows.
fn hide_dimensions(stream: &Stream, records: &[usize], file: &mut [u8]) {
    const UNKNOWN: [u8; 2] = [0xFF, 0x7F];
    for at in records {
        for (offset, byte) in UNKNOWN.into_iter().enumerate() {
            let place = stream.place(at + offset).and_then(|place| usize::try_from(place).ok());
            if let Some(target) = place.and_then(|place| file.get_mut(place)) {
                *target = byte;
            }
        }
    }
}

/// A record of the workbook stream.
#[derive(Debug)]
struct Record<'a> {
    kind: u16,
    /// Where in the stream it begins.
    at: usize,
    data: &'a [u8],
}

impl Record<'_> {
    fn u16_at(&self, at: usize) -> Option<u16> {
        self.data.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
    }

    fn u32_at(&self, at: usize) -> Option<u32> {
        self.data.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// The code of a number format: after its number, the length in one byte (Excel 5) or two, and the characters. Those of
    /// Excel 5 are in the code page of the machine; those of one byte in later versions are the first of Unicode.
    fn format_code(&self) -> Option<String> {
        let short = usize::from(*self.data.get(2)?);
        if self.data.len() == 3 + short {
            return Some(encoding_rs::GBK.decode_without_bom_handling(self.data.get(3..)?).0.into_owned());
        }
        let length = usize::from(self.u16_at(2)?);
        if self.data.get(4)? & 1 == 0 {
            return Some(self.data.get(5..5 + length)?.iter().map(|byte| char::from(*byte)).collect());
        }
        let text = self.data.get(5..5 + 2 * length)?;
        Some(encoding_rs::UTF_16LE.decode_without_bom_handling(text).0.into_owned())
    }
}

/// The records of a stream from a place on, up to the first that is cut off.
struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    const fn at(stream: &'a [u8], at: usize) -> Self {
        Self { stream, at }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let head: &[u8; 4] = self.stream.get(self.at..)?.first_chunk()?;
        let [kind_low, kind_high, length_low, length_high] = *head;
        let length = usize::from(u16::from_le_bytes([length_low, length_high]));
        let data = self.stream.get(self.at + 4..self.at + 4 + length)?;
        let record = Record { kind: u16::from_le_bytes([kind_low, kind_high]), at: self.at, data };
        self.at += 4 + length;
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let length = u16::try_from(data.len()).unwrap();
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
    }

    fn format(number: u16, code: &str) -> Vec<u8> {
        let length = u16::try_from(code.len()).unwrap();
        record(record::FORMAT, &[&number.to_le_bytes()[..], &length.to_le_bytes(), &[0], code.as_bytes()].concat())
    }

    /// A cell in column A with a style and what follows.
    fn cell(kind: u16, row: u16, style: u16, rest: &[u8]) -> Vec<u8> {
        record(kind, &[&row.to_le_bytes()[..], &[0, 0], &style.to_le_bytes(), rest].concat())
    }

    /// A stream with one sheet.
    fn stream(globals: &[Vec<u8>], cells: &[Vec<u8>]) -> Vec<u8> {
        let begin = record(record::BEGIN, &[0, 6, 5, 0]);
        let globals = globals.concat();
        let place = begin.len() + globals.len() + record(record::SHEET, &[0; 10]).len() + 4;
        let sheet =
            record(record::SHEET, &[&u32::try_from(place).unwrap().to_le_bytes()[..], &[0, 0, 2, 0, b'A', b'B']].concat());
        let end = record(record::END, &[]);
        [begin.clone(), globals, sheet, end.clone(), begin, cells.concat(), end].concat()
    }

    fn marks(stream: &[u8]) -> SheetMarks {
        Marks::read(stream, false).unwrap().sheets.pop().unwrap()
    }

    /// Rows whose formula is taken as one that nobody has calculated.
    fn uncalculated(globals: &[Vec<u8>], formulas: &[([u8; 8], u16)]) -> Vec<u32> {
        let cells: Vec<Vec<u8>> = (0u16..)
            .zip(formulas)
            .map(|(row, (value, options))| cell(record::FORMULA, row, 0, &[&value[..], &options.to_le_bytes(), &[0; 6]].concat()))
            .collect();
        marks(&stream(globals, &cells)).uncalculated.into_iter().map(|(row, _)| row).collect()
    }

    #[test]
    fn numbers_with_a_format_of_zeros_are_marked() {
        let styles = [record(record::STYLE, &[0; 20]), record(record::STYLE, &[&[0, 0, 164, 0][..], &[0; 16]].concat())];
        let globals = [&[format(164, "000000"), format(165, "0.00")][..], &styles].concat();
        let cells = [
            cell(record::NUMBER, 0, 1, &[0; 8]),
            cell(record::NUMBER, 1, 0, &[0; 8]),
            record(
                record::NUMBERS,
                &[&[2, 0, 5, 0][..], &[1, 0, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 0], &[1, 0, 0, 0, 0, 0], &[7, 0]].concat(),
            ),
        ];
        let marked: Vec<(u32, u32)> = marks(&stream(&globals, &cells)).formats.into_keys().collect();
        assert_eq!(marked, [(0, 0), (2, 5), (2, 7)]);
    }

    #[test]
    fn formulas_that_nobody_calculated_are_told_by_their_mark_or_by_all_being_empty() {
        const EMPTY: [u8; 8] = [3, 0, 0, 0, 0, 0, 0xFF, 0xFF];
        const TEXT: [u8; 8] = [0, 0, 0, 0, 0, 0, 0xFF, 0xFF];
        let zero = [0; 8];
        let one = 1f64.to_le_bytes();
        assert_eq!(uncalculated(&[], &[(zero, 2), (zero, 0), (one, 2), (EMPTY, 2)]), [0, 3]);
        assert_eq!(uncalculated(&[], &[(EMPTY, 0), (EMPTY, 0)]), [0, 1]);
        assert!(uncalculated(&[], &[(EMPTY, 0), (TEXT, 0)]).is_empty());
        assert!(uncalculated(&[record(record::RECALCULATION, &[0; 8])], &[(EMPTY, 0)]).is_empty());
    }

    #[test]
    fn an_encrypted_workbook_is_told_by_its_record() {
        for method in [[0, 0, 1, 2, 3, 4], [1, 0, 1, 0, 1, 0]] {
            let message = Marks::read(&stream(&[record(record::FILE_PASS, &method)], &[]), false).unwrap_err();
            assert_eq!(message.code(), "workbook-password");
        }
    }

    #[test]
    fn content_far_apart_is_refused_and_so_is_a_sheet_beyond_the_end() {
        let far = record(record::NUMBER, &[&[0xFF, 0xFF, 0xFF, 0xFF, 0, 0][..], &[0; 8]].concat());
        let cells = [cell(record::NUMBER, 0, 0, &[0; 8]), far];
        assert_eq!(Marks::read(&stream(&[], &cells), false).unwrap_err().code(), "workbook-too-spread");
        let beyond = record(record::SHEET, &[0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 1, 0, b'A']);
        assert_eq!(Marks::read(&stream(&[beyond], &[]), false).unwrap_err().code(), "workbook-xls-damaged");
    }

    #[test]
    fn records_that_are_cut_off_bring_nothing_down() {
        let whole = stream(
            &[format(164, "000000"), record(record::STYLE, &[])],
            &[record(record::NUMBERS, &[1, 2, 3]), record(record::FORMULA, &[0; 9])],
        );
        for length in 0..whole.len() {
            let _ = Marks::read(&whole[..length], false);
        }
    }
}
