//! Binary workbooks of Excel 2007 and later (xlsb, MS-XLSB).
//!
//! A part is a sequence of records, each with a type and a length; a cell is a record. A formula always has a value in this
//! format: one that nobody has calculated has 0 or the empty text, and is told by what the workbook says of its calculation.

use super::fault::{Fault, SheetFailure};
use super::format::NumberFormat;
use super::ooxml::{Calculation, MOST_STYLES, Parts, Shared, Sheets, formats_of_styles, missing_texts};
use super::package::Package;
use super::rows::Rows;
use super::shared::SharedTexts;
use super::xml::CellText;
use super::{Merges, Sheet, Visibility, Workbook};
use crate::intake::cell::Cell;
use crate::intake::stream::EventSender;
use crate::message::Message;
use encoding_rs::UTF_16LE;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};

/// Longest record that is held, in bytes; that of the longest text of a cell, with its runs, is a quarter of it.
const LONGEST_RECORD: usize = 1 << 20;

/// Types of records (MS-XLSB 2.3.2) that are looked at.
mod record {
    pub(super) const ROW: u32 = 0;
    pub(super) const CELL_RK: u32 = 2;
    pub(super) const CELL_ERROR: u32 = 3;
    pub(super) const CELL_BOOL: u32 = 4;
    pub(super) const CELL_REAL: u32 = 5;
    pub(super) const CELL_TEXT: u32 = 6;
    pub(super) const CELL_SHARED: u32 = 7;
    pub(super) const FORMULA_TEXT: u32 = 8;
    pub(super) const FORMULA_NUMBER: u32 = 9;
    pub(super) const FORMULA_BOOL: u32 = 10;
    pub(super) const FORMULA_ERROR: u32 = 11;
    /// From here to [`SHORT_SHARED`] cells that stand right of the one before, without a column of their own; of the types
    /// from 1 to 7, in their order.
    pub(super) const SHORT_BLANK: u32 = 12;
    pub(super) const SHORT_SHARED: u32 = 18;
    pub(super) const SHARED_ITEM: u32 = 19;
    pub(super) const FORMAT: u32 = 44;
    pub(super) const STYLE: u32 = 47;
    pub(super) const CELL_RICH_TEXT: u32 = 62;
    pub(super) const BEGIN_ROWS: u32 = 145;
    pub(super) const END_ROWS: u32 = 146;
    pub(super) const WORKBOOK_PROPERTIES: u32 = 153;
    pub(super) const SHEET: u32 = 156;
    pub(super) const CALCULATION: u32 = 157;
    pub(super) const MERGED_RANGE: u32 = 176;
    pub(super) const BEGIN_STYLES: u32 = 617;
    pub(super) const END_STYLES: u32 = 618;
}

/// An open xlsb workbook.
pub(super) struct Xlsb {
    package: Package,
    sheets: Sheets,
    shared: Shared,
}

impl Xlsb {
    /// Opens a workbook whose main part is `main`.
    ///
    /// # Errors
    /// Fails if the main part, the styles or the shared texts cannot be read.
    pub(super) fn open(mut package: Package, main: &str) -> Result<Self, Message> {
        let relationships = package.relationships(main).map_err(|fault| fault.of_part(main))?;
        let parts = Parts::new(main, "bin", relationships);
        let mut shared = Shared::default();
        let sheets = read_main(&mut package, main, &parts, &mut shared).map_err(|fault| fault.of_part(main))?;
        if let Some(styles) = parts.of_kind("styles", &package) {
            shared.formats = read_styles(&mut package, &styles).map_err(|fault| fault.of_part(&styles))?;
        }
        if let Some(texts) = parts.of_kind("sharedstrings", &package) {
            read_shared_texts(&mut package, &texts, &mut shared.texts).map_err(|fault| fault.of_part(&texts))?;
        }
        Ok(Self { package, sheets, shared })
    }
}

impl Workbook for Xlsb {
    fn sheets(&self) -> &[Sheet] {
        &self.sheets.list
    }

    fn read_sheet(&mut self, index: usize, events: &mut EventSender) -> Result<(), SheetFailure> {
        let part = self.sheets.parts.get(index).ok_or_else(|| Fault::Missing.of_sheet())?;
        let (merges, rises) = look_over(&mut self.package, part).map_err(Fault::of_sheet)?;
        merges.send(events)?;
        let mut records = Records::open(&mut self.package, part).map_err(Fault::of_sheet)?;
        let mut rows = if rises { Rows::new(events) } else { Rows::sorting(events) };
        read_rows(&mut records, &self.shared, &mut rows)?;
        rows.finish()
    }
}

fn read_main(package: &mut Package, main: &str, parts: &Parts, shared: &mut Shared) -> Result<Sheets, Fault> {
    let mut sheets = Sheets::default();
    let mut records = Records::open(package, main)?;
    while let Some(kind) = records.next()? {
        match kind {
            record::WORKBOOK_PROPERTIES => shared.is_1904 = records.u32_at(0)? & 1 == 1,
            record::CALCULATION => {
                // Whether it is to be calculated on opening, and whether some of it has not been (MS-XLSB, `BrtCalcProp`).
                const PENDING: u16 = 0b1_0001;
                let is_pending = records.u16_at(24).is_ok_and(|flags| flags & PENDING != 0);
                shared.calculation = if is_pending { Calculation::Pending } else { Calculation::Done };
            }
            record::SHEET => {
                let visibility = match records.u32_at(0)? {
                    1 => Visibility::Hidden,
                    2 => Visibility::VeryHidden,
                    _ => Visibility::Visible,
                };
                let mut at = 8;
                let id = records.text_at(&mut at)?;
                let name = records.text_at(&mut at)?;
                sheets.push(parts, &name, visibility, &id);
            }
            _ => {}
        }
    }
    Ok(sheets)
}

/// Reads the number format of each cell style.
fn read_styles(package: &mut Package, part: &str) -> Result<Vec<NumberFormat>, Fault> {
    let mut spelled_out = HashMap::new();
    let mut styles = Vec::new();
    let mut is_in_styles = false;
    let mut records = Records::open(package, part)?;
    while let Some(kind) = records.next()? {
        match kind {
            record::FORMAT if spelled_out.len() < MOST_STYLES => {
                let code = records.text_at(&mut 2)?;
                spelled_out.insert(u32::from(records.u16_at(0)?), NumberFormat::of_code(&code));
            }
            record::BEGIN_STYLES => is_in_styles = true,
            record::END_STYLES => is_in_styles = false,
            record::STYLE if is_in_styles && styles.len() < MOST_STYLES => styles.push(u32::from(records.u16_at(2)?)),
            _ => {}
        }
    }
    Ok(formats_of_styles(&styles, &spelled_out))
}

fn read_shared_texts(package: &mut Package, part: &str, texts: &mut SharedTexts) -> Result<(), Fault> {
    let mut records = Records::open(package, part)?;
    let mut item = CellText::default();
    while let Some(kind) = records.next()? {
        if kind == record::SHARED_ITEM {
            item.clear();
            item.push(&records.text_at(&mut 1)?);
            texts.push(&item)?;
        }
    }
    Ok(())
}

/// Reads the merged ranges of a sheet, which stand behind its rows, and tells whether the rows come in their order. Reading
/// the part to its end also shows whether it is whole before any row of it is sent.
fn look_over(package: &mut Package, part: &str) -> Result<(Merges, bool), Fault> {
    let mut merges = Merges::default();
    let (mut next, mut rises) = (0, true);
    let mut records = Records::open(package, part)?;
    while let Some(kind) = records.next()? {
        match kind {
            record::MERGED_RANGE => {
                let rows = (records.u32_at(0)?.saturating_add(1), records.u32_at(4)?.saturating_add(1));
                merges.push(rows, (records.column_at(8)?, records.column_at(12)?));
            }
            record::ROW => {
                let row = records.u32_at(0)?;
                rises &= row >= next;
                next = row.saturating_add(1);
            }
            _ => {}
        }
    }
    Ok((merges, rises))
}

fn read_rows(records: &mut Records<'_>, shared: &Shared, rows: &mut Rows<'_>) -> Result<(), SheetFailure> {
    let mut row = 0u32;
    let mut next_column = 0;
    let mut is_in_rows = false;
    loop {
        let Some(kind) = records.next().map_err(|fault| fault.after_row(row))? else { return Ok(()) };
        let before = row.saturating_sub(1);
        let damaged = |fault: Fault| fault.after_row(before);
        match kind {
            record::BEGIN_ROWS => is_in_rows = true,
            record::END_ROWS => is_in_rows = false,
            record::ROW if is_in_rows => {
                row = records.u32_at(0).map_err(damaged)?.saturating_add(1);
                next_column = 0;
            }
            1..=record::FORMULA_ERROR | record::CELL_RICH_TEXT if is_in_rows => {
                let column = records.column_at(0).map_err(damaged)?;
                next_column = column + 1;
                let cell = CellRecord { kind, row, column, style_at: 4 };
                cell.send(records, shared, rows)?;
            }
            record::SHORT_BLANK..=record::SHORT_SHARED if is_in_rows => {
                let cell = CellRecord { kind: kind - record::SHORT_BLANK + 1, row, column: next_column, style_at: 0 };
                next_column += 1;
                cell.send(records, shared, rows)?;
            }
            _ => {}
        }
    }
}

/// A record of a cell.
struct CellRecord {
    kind: u32,
    row: u32,
    column: usize,
    /// Where in the record its style stands; its value follows.
    style_at: usize,
}

impl CellRecord {
    fn send(&self, records: &Records<'_>, shared: &Shared, rows: &mut Rows<'_>) -> Result<(), SheetFailure> {
        let (row, column) = (self.row, self.column);
        let damaged = |fault: Fault| fault.after_row(row.saturating_sub(1));
        let value_at = self.style_at + 4;
        let is_pending = shared.calculation == Calculation::Pending;
        match self.kind {
            record::CELL_RK | record::CELL_REAL | record::FORMULA_NUMBER => {
                let number = match self.kind {
                    record::CELL_RK => rk_number(records.u32_at(value_at).map_err(damaged)?),
                    _ => records.f64_at(value_at).map_err(damaged)?,
                };
                if self.kind == record::FORMULA_NUMBER && number == 0.0 && is_pending {
                    return rows.cell(row, column, Cell::Uncalculated);
                }
                // A style's number has 24 bits.
                let style = records.u32_at(self.style_at).map_err(damaged)? & 0x00FF_FFFF;
                let format = shared.format(style as usize);
                rows.cell(row, column, format.cell(number, shared.is_1904, &mut String::new()))
            }
            record::CELL_ERROR | record::FORMULA_ERROR => {
                rows.cell(row, column, Cell::Error(error_text(records.u8_at(value_at).map_err(damaged)?)))
            }
            record::CELL_BOOL | record::FORMULA_BOOL => {
                let is_true = records.u8_at(value_at).map_err(damaged)? != 0;
                rows.cell(row, column, Cell::Other(if is_true { "TRUE" } else { "FALSE" }))
            }
            record::CELL_TEXT | record::FORMULA_TEXT | record::CELL_RICH_TEXT => {
                let mut at = if self.kind == record::CELL_RICH_TEXT { value_at + 1 } else { value_at };
                let mut text = CellText::default();
                text.push(&records.text_at(&mut at).map_err(damaged)?);
                if self.kind == record::FORMULA_TEXT && text.text.is_empty() && is_pending {
                    return rows.cell(row, column, Cell::Uncalculated);
                }
                rows.text_cell(row, column, &text)
            }
            record::CELL_SHARED if shared.texts.is_empty() => Err(missing_texts()),
            record::CELL_SHARED => {
                let index = usize::try_from(records.u32_at(value_at).map_err(damaged)?).ok();
                rows.shared_text_cell(row, column, index.and_then(|index| shared.texts.get(index)))
            }
            _ => Ok(()),
        }
    }
}

/// A number in the compressed form of a cell (MS-XLSB 2.5.122, `RkNumber`).
fn rk_number(rk: u32) -> f64 {
    let number = if rk & 2 == 2 {
        // The upper thirty bits are a signed integer.
        f64::from(rk.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(rk & !3) << 32)
    };
    if rk & 1 == 1 { number / 100.0 } else { number }
}

/// An error value as it is shown (MS-XLSB 2.5.97.2, `BErr`).
const fn error_text(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2B => "#GETTING_DATA",
        _ => "#N/A",
    }
}

/// Reads the records of a part, one at a time.
struct Records<'a> {
    part: BufReader<Box<dyn Read + 'a>>,
    data: Vec<u8>,
}

impl<'a> Records<'a> {
    fn open(package: &'a mut Package, part: &str) -> Result<Self, Fault> {
        Ok(Self { part: BufReader::new(package.part(part)?), data: Vec::new() })
    }

    /// Reads the next record and returns its type, or `None` at the end of the part.
    fn next(&mut self) -> Result<Option<u32>, Fault> {
        if self.part.fill_buf().map_err(|_| Fault::Damaged)?.is_empty() {
            return Ok(None);
        }
        let kind = self.number(2)?;
        let length = usize::try_from(self.number(4)?).map_err(|_| Fault::Endless)?;
        if length > LONGEST_RECORD {
            return Err(Fault::Endless);
        }
        self.data.resize(length, 0);
        self.part.read_exact(&mut self.data).map_err(|_| Fault::Damaged)?;
        Ok(Some(kind))
    }

    /// A number of seven bits a byte, the lowest first; the eighth bit says that another byte follows.
    fn number(&mut self, most_bytes: u32) -> Result<u32, Fault> {
        let mut number = 0;
        for place in 0..most_bytes {
            let mut byte = [0];
            self.part.read_exact(&mut byte).map_err(|_| Fault::Damaged)?;
            let [byte] = byte;
            number |= u32::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok(number)
    }

    fn bytes_at<const N: usize>(&self, at: usize) -> Result<[u8; N], Fault> {
        self.data.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(Fault::Damaged)
    }

    fn u8_at(&self, at: usize) -> Result<u8, Fault> {
        self.bytes_at(at).map(u8::from_le_bytes)
    }

    fn u16_at(&self, at: usize) -> Result<u16, Fault> {
        self.bytes_at(at).map(u16::from_le_bytes)
    }

    fn u32_at(&self, at: usize) -> Result<u32, Fault> {
        self.bytes_at(at).map(u32::from_le_bytes)
    }

    fn f64_at(&self, at: usize) -> Result<f64, Fault> {
        self.bytes_at(at).map(f64::from_le_bytes)
    }

    fn column_at(&self, at: usize) -> Result<usize, Fault> {
        usize::try_from(self.u32_at(at)?).map_err(|_| Fault::Damaged)
    }

    /// A text with its length before it (MS-XLSB 2.5.168, `XLWideString`); moves `at` behind it. No text is empty.
    fn text_at(&self, at: &mut usize) -> Result<String, Fault> {
        const NONE: u32 = u32::MAX;
        let units = self.u32_at(*at)?;
        *at += 4;
        if units == NONE {
            return Ok(String::new());
        }
        let bytes = usize::try_from(units).ok().and_then(|units| units.checked_mul(2)).ok_or(Fault::Damaged)?;
        let end = at.checked_add(bytes).ok_or(Fault::Damaged)?;
        let text = self.data.get(*at..end).ok_or(Fault::Damaged)?;
        *at = end;
        Ok(UTF_16LE.decode_without_bom_handling(text).0.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_numbers_are_unfolded() {
        let whole = |number: i32| (number << 2).cast_unsigned() | 2;
        assert_eq!(rk_number(whole(20_220_413)).to_string(), "20220413");
        assert_eq!(rk_number(whole(-5)).to_string(), "-5");
        assert_eq!(rk_number(whole(1234) | 1).to_string(), "12.34");
        let high = u32::try_from(1.5f64.to_bits() >> 32).unwrap();
        assert_eq!(rk_number(high).to_string(), "1.5");
        assert_eq!(rk_number(high | 1).to_string(), "0.015");
    }

    fn records(bytes: &'static [u8]) -> Records<'static> {
        let part: Box<dyn Read> = Box::new(bytes);
        Records { part: BufReader::new(part), data: Vec::new() }
    }

    #[test]
    fn records_are_read_one_by_one_and_a_cut_off_one_is_damaged() {
        let mut records = records(&[0xE9, 0x04, 0x00, 0x13, 0x03, 1, 2, 3, 0x00, 0x05, 9]);
        assert_eq!(records.next(), Ok(Some(record::BEGIN_STYLES)));
        assert_eq!(records.next(), Ok(Some(record::SHARED_ITEM)));
        assert_eq!(records.data, [1, 2, 3]);
        assert_eq!(records.u32_at(0), Err(Fault::Damaged));
        assert_eq!(records.next(), Err(Fault::Damaged));
    }

    #[test]
    fn an_endless_record_is_not_held() {
        assert_eq!(records(&[0x13, 0xFF, 0xFF, 0xFF, 0x7F]).next(), Err(Fault::Endless));
    }
}
