//! Workbooks of Excel 2007 and later (xlsx, xlsm).
//!
//! The sheets are read by this module and not by a library, since several things have to be known of each cell at once: that
//! it is a formula without a value, its number format, and its place; and since no text may be held that is longer than a
//! cell's.

use super::fault::{Fault, SheetFailure};
use super::format::NumberFormat;
use super::ooxml::{Calculation, MOST_STYLES, Parts, Shared, Sheets, formats_of_styles, missing_texts};
use super::package::Package;
use super::preview::Preview;
use super::rows::{Rows, cell_place};
use super::shared::{unescape, unescaped};
use super::xml::{CellText, XmlReader, attribute, is_true};
use super::{Merges, Sheet, Visibility, Workbook};
use crate::intake::cell::Cell;
use crate::intake::stream::EventSender;
use crate::message::Message;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;

/// An open xlsx workbook.
pub(super) struct Xlsx {
    package: Package,
    sheets: Sheets,
    shared: Shared,
}

impl Xlsx {
    /// Opens a workbook whose main part is `main`.
    ///
    /// # Errors
    /// Fails if the main part, the styles or the shared texts cannot be read.
    pub(super) fn open(mut package: Package, main: &str) -> Result<Self, Message> {
        let relationships = package.relationships(main).map_err(|fault| fault.of_part(main))?;
        let parts = Parts::new(main, "xml", relationships);
        let mut shared = Shared::default();
        let sheets = read_main(&mut package, main, &parts, &mut shared).map_err(|fault| fault.of_part(main))?;
        if let Some(styles) = parts.of_kind("styles", &package) {
            shared.formats = read_styles(&mut package, &styles).map_err(|fault| fault.of_part(&styles))?;
        }
        if let Some(texts) = parts.of_kind("sharedstrings", &package) {
            package.xml(&texts).and_then(|xml| shared.texts.read_xml(xml)).map_err(|fault| fault.of_part(&texts))?;
        }
        Ok(Self { package, sheets, shared })
    }
}

impl Workbook for Xlsx {
    fn sheets(&self) -> &[Sheet] {
        &self.sheets.list
    }

    fn read_sheet(&mut self, index: usize, events: &mut EventSender) -> Result<(), SheetFailure> {
        let part = self.sheets.parts.get(index).ok_or_else(|| Fault::Missing.of_sheet())?;
        // Read to its end, the part shows whether it is whole before any row of it is sent.
        let preview = self.package.part(part).and_then(Preview::of).map_err(Fault::of_sheet)?;
        if preview.has_merges {
            read_merges(&mut self.package, part).map_err(Fault::of_sheet)?.send(events)?;
        }
        let xml = self.package.xml(part).map_err(Fault::of_sheet)?;
        let mut rows = if preview.rises { Rows::new(events) } else { Rows::sorting(events) };
        let sheet =
            SheetReader { xml, shared: &self.shared, row: 0, column: 0, value: CellText::default(), shown: String::new() };
        sheet.read(&mut rows)?;
        rows.finish()
    }
}

/// Reads the workbook part: its sheets, and what holds for all of them.
fn read_main(package: &mut Package, main: &str, parts: &Parts, shared: &mut Shared) -> Result<Sheets, Fault> {
    let mut sheets = Sheets::default();
    shared.calculation = Calculation::Unproved;
    let mut xml = package.xml(main)?;
    loop {
        match xml.event()? {
            Event::Eof => return Ok(sheets),
            Event::Start(tag) => match tag.local_name().as_ref() {
                "workbookPr" => shared.is_1904 = attribute(&tag, "date1904").is_some_and(|value| is_true(&value)),
                "calcPr" => {
                    let says = |name: &str, value: bool| attribute(&tag, name).is_some_and(|found| is_true(&found) == value);
                    let is_pending = says("fullCalcOnLoad", true) || says("calcCompleted", false);
                    shared.calculation = if is_pending { Calculation::Pending } else { Calculation::Done };
                }
                "sheet" => {
                    let visibility = match attribute(&tag, "state").as_deref() {
                        Some("hidden") => Visibility::Hidden,
                        Some("veryHidden") => Visibility::VeryHidden,
                        _ => Visibility::Visible,
                    };
                    let name = attribute(&tag, "name").unwrap_or_default();
                    let id = attribute(&tag, "id").unwrap_or_default();
                    sheets.push(parts, &unescaped(&name), visibility, &id);
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// Reads the number format of each cell style.
fn read_styles(package: &mut Package, part: &str) -> Result<Vec<NumberFormat>, Fault> {
    let mut spelled_out = HashMap::new();
    let mut styles: Vec<u32> = Vec::new();
    let mut is_in_styles = false;
    let mut xml = package.xml(part)?;
    loop {
        match xml.event()? {
            Event::Eof => return Ok(formats_of_styles(&styles, &spelled_out)),
            Event::Start(tag) => match tag.local_name().as_ref() {
                "numFmt" if spelled_out.len() < MOST_STYLES => {
                    let id = attribute(&tag, "numFmtId").and_then(|id| id.trim().parse::<u32>().ok());
                    let format = attribute(&tag, "formatCode").map(|code| NumberFormat::of_code(&unescaped(&code)));
                    spelled_out.extend(id.zip(format));
                }
                "cellXfs" => is_in_styles = true,
                "xf" if is_in_styles && styles.len() < MOST_STYLES => {
                    styles.push(attribute(&tag, "numFmtId").and_then(|id| id.trim().parse().ok()).unwrap_or(0));
                }
                _ => {}
            },
            Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => is_in_styles = false,
            _ => {}
        }
    }
}

/// Reads the merged ranges of a sheet. They stand behind its rows, so that the part is read once more where it has any.
fn read_merges(package: &mut Package, part: &str) -> Result<Merges, Fault> {
    let mut merges = Merges::default();
    let mut xml = package.xml(part)?;
    loop {
        match xml.event()? {
            Event::Eof => return Ok(merges),
            Event::Start(tag) if tag.local_name().as_ref() == "mergeCell" => {
                let range = attribute(&tag, "ref").unwrap_or_default();
                let (first, last) = range.split_once(':').unwrap_or((&*range, &*range));
                if let (Some((top, left)), Some((bottom, right))) = (cell_place(first.trim()), cell_place(last.trim())) {
                    merges.push((top.min(bottom), top.max(bottom)), (left.min(right), left.max(right)));
                }
            }
            _ => {}
        }
    }
}

/// Type of a cell's value, its attribute `t`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueType {
    /// `n`, or none given.
    Number,
    /// `s`: the index of a shared text.
    Shared,
    /// `str`, the text that a formula yields, and types that nobody knows.
    Text,
    /// `inlineStr`
    Inline,
    /// `b`
    Bool,
    /// `e`
    Error,
    /// `d`: a date in the form of ISO 8601.
    Date,
}

/// What stands at the beginning of a cell.
#[derive(Debug)]
struct CellHead {
    place: Option<(u32, usize)>,
    style: usize,
    value_type: ValueType,
}

impl CellHead {
    fn read(tag: &BytesStart<'_>) -> Self {
        let mut head = Self { place: None, style: 0, value_type: ValueType::Number };
        for found in tag.attributes().with_checks(false).flatten() {
            match found.key.as_ref() {
                "r" => head.place = cell_place(found.value.trim()),
                "s" => head.style = found.value.trim().parse().unwrap_or(0),
                "t" => {
                    head.value_type = match found.value.trim() {
                        "n" => ValueType::Number,
                        "s" => ValueType::Shared,
                        "inlineStr" | "is" => ValueType::Inline,
                        "b" => ValueType::Bool,
                        "e" => ValueType::Error,
                        "d" => ValueType::Date,
                        _ => ValueType::Text,
                    }
                }
                _ => {}
            }
        }
        head
    }
}

/// What a cell's element holds.
#[derive(Debug, Default, Clone, Copy)]
struct CellBody {
    is_formula: bool,
    has_value: bool,
    has_inline: bool,
}

/// Reads the rows of a sheet's part.
struct SheetReader<'a> {
    xml: XmlReader<'a>,
    shared: &'a Shared,
    /// Row of the last cell, counted from 1.
    row: u32,
    /// Column that the next cell has where it does not say, counted from 0.
    column: usize,
    value: CellText,
    /// Text of a number that its format shows as text.
    shown: String,
}

/// What the reader of a sheet comes upon.
enum Step {
    Row(Option<u32>),
    Cell(CellHead),
    Data { is_begin: bool },
    End,
    Other,
}

impl SheetReader<'_> {
    fn read(mut self, rows: &mut Rows<'_>) -> Result<(), SheetFailure> {
        let mut is_in_data = false;
        loop {
            match self.step().map_err(|fault| fault.after_row(self.row))? {
                Step::End => return Ok(()),
                Step::Data { is_begin } => is_in_data = is_begin,
                // A row that does not say its number follows the one before.
                Step::Row(number) if is_in_data => {
                    self.row = number.unwrap_or_else(|| self.row.saturating_add(1));
                    self.column = 0;
                }
                Step::Cell(head) if is_in_data => self.cell(&head, rows)?,
                Step::Row(_) | Step::Cell(_) | Step::Other => {}
            }
        }
    }

    fn step(&mut self) -> Result<Step, Fault> {
        Ok(match self.xml.event()? {
            Event::Eof => Step::End,
            Event::Start(tag) => match tag.local_name().as_ref() {
                "c" => Step::Cell(CellHead::read(&tag)),
                "row" => Step::Row(attribute(&tag, "r").and_then(|row| row.trim().parse().ok())),
                "sheetData" => Step::Data { is_begin: true },
                _ => Step::Other,
            },
            Event::End(tag) if tag.local_name().as_ref() == "sheetData" => Step::Data { is_begin: false },
            _ => Step::Other,
        })
    }

    fn cell(&mut self, head: &CellHead, rows: &mut Rows<'_>) -> Result<(), SheetFailure> {
        if let Some((row, column)) = head.place {
            (self.row, self.column) = (row, column);
        }
        let body = self.body().map_err(|fault| fault.after_row(self.row.saturating_sub(1)))?;
        let (row, column) = (self.row, self.column);
        self.column += 1;
        if body.is_formula && self.lacks_result(head, body) {
            return rows.cell(row, column, Cell::Uncalculated);
        }
        if body.has_inline {
            return self.text(row, column, rows);
        }
        if !body.has_value || self.value.text.is_empty() {
            return if body.is_formula { rows.cell(row, column, Cell::Text("")) } else { Ok(()) };
        }
        match head.value_type {
            ValueType::Text | ValueType::Inline => self.text(row, column, rows),
            ValueType::Shared => self.shared_text(row, column, rows),
            ValueType::Bool => {
                let text = match self.value.text.trim() {
                    "0" => "FALSE",
                    "1" => "TRUE",
                    other => other,
                };
                rows.cell(row, column, Cell::Other(text))
            }
            ValueType::Error => rows.cell(row, column, Cell::Error(&self.value.text)),
            ValueType::Date => rows.cell(row, column, Cell::Other(without_midnight(&self.value.text))),
            ValueType::Number => match self.value.text.trim().parse::<f64>() {
                Ok(number) if !number.is_finite() && body.is_formula => rows.cell(row, column, Cell::Error(&self.value.text)),
                // What is no number is shown as it stands.
                Err(_) => self.text(row, column, rows),
                Ok(number) if !number.is_finite() => self.text(row, column, rows),
                Ok(number) => {
                    let format = self.shared.format(head.style);
                    rows.cell(row, column, format.cell(number, self.shared.is_1904, &mut self.shown))
                }
            },
        }
    }

    /// Whether the value of a formula is none: it is missing, or it is what programs leave that do not calculate.
    fn lacks_result(&self, head: &CellHead, body: CellBody) -> bool {
        let value = self.value.text.trim();
        let calculation = self.shared.calculation;
        let is_text = body.has_value && head.value_type == ValueType::Text;
        if value.is_empty() {
            // A formula that has been calculated may yield the empty text.
            return !is_text || calculation == Calculation::Pending;
        }
        if !value.parse::<f64>().is_ok_and(|number| number == 0.0) {
            return false;
        }
        match (head.value_type, calculation) {
            (ValueType::Number | ValueType::Text, Calculation::Pending) | (ValueType::Number, Calculation::Unproved) => true,
            // Programs that calculate write it in one way.
            (ValueType::Number, Calculation::Done) => value != "0",
            _ => false,
        }
    }

    /// Reads what a cell's element holds, up to its end; its text lies in `value` then.
    fn body(&mut self) -> Result<CellBody, Fault> {
        enum Child {
            Formula,
            Value,
            Inline,
            Other,
        }
        self.value.clear();
        let mut body = CellBody::default();
        loop {
            let child = match self.xml.event()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "f" => Child::Formula,
                    "v" => Child::Value,
                    "is" => Child::Inline,
                    _ => Child::Other,
                },
                Event::End(_) | Event::Eof => return Ok(body),
                _ => continue,
            };
            match child {
                Child::Value if body.has_inline => self.xml.skip()?,
                Child::Value => {
                    body.has_value = true;
                    self.value.clear();
                    self.xml.text(&mut self.value)?;
                }
                Child::Inline => {
                    body.has_inline = true;
                    self.value.clear();
                    self.xml.string_item(&mut self.value)?;
                }
                Child::Formula => {
                    body.is_formula = true;
                    self.xml.skip()?;
                }
                Child::Other => self.xml.skip()?,
            }
        }
    }

    fn text(&mut self, row: u32, column: usize, rows: &mut Rows<'_>) -> Result<(), SheetFailure> {
        unescape(&mut self.value);
        rows.text_cell(row, column, &self.value)
    }

    fn shared_text(&self, row: u32, column: usize, rows: &mut Rows<'_>) -> Result<(), SheetFailure> {
        if self.shared.texts.is_empty() {
            return Err(missing_texts());
        }
        let found = self.value.text.trim().parse().ok().and_then(|index| self.shared.texts.get(index));
        rows.shared_text_cell(row, column, found)
    }
}

/// A date in the form of ISO 8601, without the time of a date that has none.
fn without_midnight(text: &str) -> &str {
    let text = text.trim();
    match text.split_once('T') {
        Some((date, time)) if !date.is_empty() && time.chars().all(|character| "0:.Z".contains(character)) => date,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_loses_a_time_that_it_does_not_have() {
        for (text, expected) in [
            ("2022-04-13", "2022-04-13"),
            ("2022-04-13T00:00:00", "2022-04-13"),
            ("2022-04-13T00:00:00.000Z", "2022-04-13"),
            ("2022-04-13T08:30:00", "2022-04-13T08:30:00"),
            ("T08:30", "T08:30"),
        ] {
            assert_eq!(without_midnight(text), expected);
        }
    }
}
