//! `OpenDocument` spreadsheets (ods).
//!
//! All sheets lie in one part, `content.xml`, and a cell or a row may stand for many. The part is read once for the sheets'
//! names, their merged ranges and how far they reach, and once more for the rows of each sheet.

use super::fault::{Fault, SheetFailure};
use super::package::Package;
use super::protection;
use super::rows::{MOST_COLUMNS, Rows};
use super::xml::{CellText, LONGEST_TEXT, XmlReader, attribute, mentions, push_text};
use super::{MOST_MERGES, Merges, Sheet, SheetKind, Visibility, Workbook};
use crate::intake::cell::Cell;
use crate::intake::stream::EventSender;
use crate::message::Message;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeSet;

const CONTENT: &str = "content.xml";
/// The part that names the program that wrote the workbook.
const META: &str = "meta.xml";
/// Programs that calculate formulas, by what they call themselves.
const CALCULATING: [&str; 7] = ["LibreOffice", "OpenOffice", "Collabora", "StarOffice", "MicrosoftOffice", "WPS", "gnumeric"];
/// Most cells that repeated rows and cells may stand for in all. Repeats are meant for empty cells and for short runs.
const MOST_REPEATS: u64 = 16 << 20;
/// Text of a row that is held, in bytes; a row with that much is refused where it is sent.
const MOST_TEXT_OF_A_ROW: usize = 1 << 20;
/// Longest beginning of a style that is looked at, in bytes.
const LONGEST_STYLE: usize = 4096;
/// More sheets than any workbook has.
const MOST_SHEETS: usize = 10_000;

/// An open ods workbook.
pub(super) struct Ods {
    package: Package,
    sheets: Vec<Sheet>,
    merges: Vec<Merges>,
    was_calculated: bool,
}

impl Ods {
    /// Opens a workbook.
    ///
    /// # Errors
    /// Fails if it is encrypted or damaged, or its repeated cells stand for more cells than any list has.
    pub(super) fn open(mut package: Package) -> Result<Self, Message> {
        if let Some(message) = protection::of_ods(&mut package)? {
            return Err(message);
        }
        let was_calculated = was_calculated(&mut package);
        let mut tables = Tables::open(&mut package, was_calculated).map_err(|fault| fault.of_part(CONTENT))?;
        let mut hidden_styles = BTreeSet::new();
        let (mut sheets, mut merges): (Vec<Sheet>, Vec<Merges>) = (Vec::new(), Vec::new());
        let mut repeats = 0u64;
        let mut held_merges = 0;
        loop {
            match tables.next().map_err(|fault| fault.of_part(CONTENT))? {
                Item::HiddenStyle(style) if hidden_styles.len() < MOST_SHEETS => _ = hidden_styles.insert(style),
                Item::HiddenStyle(_) => {}
                Item::Table { name, style } => {
                    if sheets.len() == MOST_SHEETS {
                        break;
                    }
                    let is_hidden = hidden_styles.contains(&style);
                    let visibility = if is_hidden { Visibility::Hidden } else { Visibility::Visible };
                    sheets.push(Sheet::new(&name, SheetKind::Cells, visibility));
                    merges.push(Merges::default());
                }
                Item::Row => {
                    let row = &tables.row;
                    repeats = repeats.saturating_add(row.repeated_cells());
                    if repeats > MOST_REPEATS {
                        let name = sheets.last().map(|sheet| sheet.name.as_str()).unwrap_or_default();
                        return Err(Message::new("workbook-too-many-repeats").with("sheet", name));
                    }
                    if let Some(merges) = merges.last_mut() {
                        let before = merges.ranges.len();
                        row.merge(merges, held_merges);
                        held_merges += merges.ranges.len() - before;
                    }
                }
                Item::End => break,
            }
        }
        drop(tables);
        Ok(Self { package, sheets, merges, was_calculated })
    }
}

impl Workbook for Ods {
    fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    fn read_sheet(&mut self, index: usize, events: &mut EventSender) -> Result<(), SheetFailure> {
        if let Some(merges) = self.merges.get_mut(index) {
            std::mem::take(merges).send(events)?;
        }
        let mut tables = Tables::open(&mut self.package, self.was_calculated).map_err(Fault::of_sheet)?;
        let mut rows = Rows::new(events);
        let mut tables_begun = 0;
        loop {
            match tables.next().map_err(Fault::of_sheet)? {
                Item::Table { .. } if tables_begun > index => break,
                Item::Table { .. } => tables_begun += 1,
                Item::Row if tables_begun == index + 1 => tables.row.send(&mut rows)?,
                Item::End => break,
                Item::HiddenStyle(_) | Item::Row => {}
            }
        }
        rows.finish()
    }
}

/// Whether the program that wrote the workbook says that it is one that calculates.
fn was_calculated(package: &mut Package) -> bool {
    let is_named = |program: &str| package.part(META).and_then(|part| mentions(part, program)).unwrap_or(false);
    CALCULATING.into_iter().any(is_named)
}

/// What is come upon in the content.
enum Item {
    /// The name of a style whose tables are not shown.
    HiddenStyle(String),
    /// A table begins.
    Table { name: String, style: String },
    /// A row has been read.
    Row,
    /// The content ends.
    End,
}

/// Reads the tables of a content part.
struct Tables<'a> {
    xml: XmlReader<'a>,
    /// Name of the style that has begun.
    style: String,
    is_in_table: bool,
    /// Whether a program that calculates wrote the formulas' values.
    was_calculated: bool,
    /// The last row.
    row: Row,
}

/// A start or an end that is looked at.
enum Step {
    Style(String),
    TableProperties { is_hidden: bool },
    Table { name: String, style: String },
    TableEnd,
    Row { repeats: u64 },
    Skipped,
    End,
    Other,
}

impl<'a> Tables<'a> {
    fn open(package: &'a mut Package, was_calculated: bool) -> Result<Self, Fault> {
        Ok(Self { xml: package.xml(CONTENT)?, style: String::new(), is_in_table: false, was_calculated, row: Row::default() })
    }

    fn next(&mut self) -> Result<Item, Fault> {
        loop {
            match self.step()? {
                Step::Style(name) => self.style = name,
                Step::TableProperties { is_hidden: true } => return Ok(Item::HiddenStyle(std::mem::take(&mut self.style))),
                Step::Table { name, style } if !self.is_in_table => {
                    self.is_in_table = true;
                    self.row = Row::default();
                    return Ok(Item::Table { name, style });
                }
                Step::TableEnd => self.is_in_table = false,
                Step::Row { repeats } if self.is_in_table => {
                    self.row.begin(repeats);
                    self.cells()?;
                    return Ok(Item::Row);
                }
                // Drawings beside the cells have tables and texts of their own.
                Step::Skipped | Step::Table { .. } => self.xml.skip()?,
                Step::End => return Ok(Item::End),
                Step::TableProperties { .. } | Step::Row { .. } | Step::Other => {}
            }
        }
    }

    fn step(&mut self) -> Result<Step, Fault> {
        let value = |tag: &BytesStart<'_>, name: &str| attribute(tag, name).unwrap_or_default().into_owned();
        Ok(match self.xml.event()? {
            Event::Eof => Step::End,
            Event::Start(tag) => match tag.local_name().as_ref() {
                "style" if tag.len() <= LONGEST_STYLE => Step::Style(value(&tag, "name")),
                "table-properties" => Step::TableProperties { is_hidden: value(&tag, "display") == "false" },
                "table" => Step::Table { name: value(&tag, "name"), style: value(&tag, "style-name") },
                "table-row" => Step::Row { repeats: repeats(&tag, "number-rows-repeated") },
                "shapes" | "forms" | "tracked-changes" => Step::Skipped,
                _ => Step::Other,
            },
            Event::End(tag) if tag.local_name().as_ref() == "table" => Step::TableEnd,
            _ => Step::Other,
        })
    }

    /// Reads the cells of the row that has begun, up to its end.
    fn cells(&mut self) -> Result<(), Fault> {
        let mut column = 0u64;
        loop {
            let (head, is_covered) = match self.xml.event()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "table-cell" => (Some(CellHead::read(&tag)), false),
                    "covered-table-cell" => (Some(CellHead::read(&tag)), true),
                    _ => (None, false),
                },
                Event::End(_) | Event::Eof => return Ok(()),
                _ => continue,
            };
            let Some(mut head) = head else {
                self.xml.skip()?;
                continue;
            };
            let mut text = CellText::default();
            head.paragraphs = self.paragraphs(&mut text)?;
            // What lies under a merged cell is not shown.
            if !is_covered {
                let value = head.value(&text, self.was_calculated);
                self.row.push(column, &head, value, text.text.len());
            }
            column = column.saturating_add(head.columns);
        }
    }

    /// Adds the text of a cell, up to its end: its paragraphs, each on a line of its own, without remarks, drawings and
    /// phonetic readings. Returns how many paragraphs it has.
    fn paragraphs(&mut self, into: &mut CellText) -> Result<usize, Fault> {
        enum Piece {
            Paragraph,
            ParagraphEnd,
            Spaces(u64),
            Tab,
            Break,
            Skipped,
            Other,
        }
        let mut depth = 0usize;
        let mut paragraphs = 0usize;
        let mut is_in_paragraph = false;
        let mut raw = CellText::default();
        loop {
            let piece = match self.xml.event()? {
                Event::Start(tag) => {
                    depth += 1;
                    let is_drawing = tag.name().prefix().is_some_and(|prefix| matches!(prefix.into_inner(), "draw" | "dr3d"));
                    match tag.local_name().as_ref() {
                        _ if is_drawing => Piece::Skipped,
                        "annotation" | "ruby-text" | "table" => Piece::Skipped,
                        "p" | "h" => Piece::Paragraph,
                        "s" => Piece::Spaces(repeats(&tag, "c")),
                        "tab" => Piece::Tab,
                        "line-break" => Piece::Break,
                        _ => Piece::Other,
                    }
                }
                Event::End(_) if depth == 0 => return Ok(paragraphs),
                Event::End(tag) => {
                    depth -= 1;
                    if matches!(tag.local_name().as_ref(), "p" | "h") { Piece::ParagraphEnd } else { Piece::Other }
                }
                Event::Eof => return Err(Fault::Damaged),
                event if is_in_paragraph => {
                    raw.clear();
                    push_text(&event, &mut raw)?;
                    push_collapsed(&raw.text, into);
                    into.is_cut |= raw.is_cut;
                    Piece::Other
                }
                _ => Piece::Other,
            };
            match piece {
                Piece::Paragraph => {
                    if paragraphs > 0 {
                        into.push("\n");
                    }
                    paragraphs += 1;
                    is_in_paragraph = true;
                }
                Piece::ParagraphEnd => is_in_paragraph = false,
                Piece::Spaces(count) => (0..count.min(1000)).for_each(|_| into.push(" ")),
                Piece::Tab => into.push("\t"),
                Piece::Break => into.push("\n"),
                Piece::Skipped => {
                    self.xml.skip()?;
                    depth -= 1;
                }
                Piece::Other => {}
            }
        }
    }
}

/// Adds text in which any run of white space stands for one space, and none at the beginning of a line.
fn push_collapsed(text: &str, into: &mut CellText) {
    for (at, word) in text.split([' ', '\t', '\r', '\n']).enumerate() {
        let is_after_space = into.text.is_empty() || into.text.ends_with([' ', '\n']);
        if at > 0 && !is_after_space {
            into.push(" ");
        }
        into.push(word);
    }
}

/// How often a cell or a row stands, or how far it reaches, by an attribute; at least once.
fn repeats(tag: &BytesStart<'_>, name: &str) -> u64 {
    attribute(tag, name).and_then(|value| value.trim().parse::<u64>().ok()).unwrap_or(1).max(1)
}

/// What stands at the beginning of a cell.
#[derive(Debug, Default)]
struct CellHead {
    /// How many cells beside each other it stands for.
    columns: u64,
    /// How many columns and rows it is merged over.
    spanned: (u64, u64),
    is_formula: bool,
    is_error: bool,
    /// Whether it has the attributes that `LibreOffice` adds to what it has calculated.
    is_extended: bool,
    /// Paragraphs of text that follow, also empty ones.
    paragraphs: usize,
    /// `office:value-type`
    value_type: Option<String>,
    /// The value, in the attribute that the type asks for.
    value: Option<String>,
}

impl CellHead {
    fn read(tag: &BytesStart<'_>) -> Self {
        let mut head = Self { columns: 1, spanned: (1, 1), ..Self::default() };
        let number = |value: &str| value.trim().parse::<u64>().unwrap_or(1).max(1);
        for found in tag.attributes().with_checks(false).flatten() {
            let is_extension = found.key.prefix().is_some_and(|prefix| prefix.into_inner() == "calcext");
            let value = found.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap_or_default();
            match found.key.local_name().as_ref() {
                "value-type" if is_extension => (head.is_extended, head.is_error) = (true, value == "error"),
                "value-type" => head.value_type = Some(value.into_owned()),
                "value" | "date-value" | "time-value" | "boolean-value" | "string-value" => head.value = Some(value.into_owned()),
                "formula" => head.is_formula = true,
                "number-columns-repeated" => head.columns = number(&value),
                "number-columns-spanned" => head.spanned.0 = number(&value),
                "number-rows-spanned" => head.spanned.1 = number(&value),
                _ => {}
            }
        }
        head
    }

    /// What the cell holds; `text` is what it shows. `was_calculated` says that a program that calculates wrote it.
    fn value(&self, text: &CellText, was_calculated: bool) -> CellValue {
        if text.is_cut || self.value.as_ref().is_some_and(|value| value.len() > LONGEST_TEXT) {
            return CellValue::TooLong;
        }
        let shown = || text.text.clone();
        if self.is_error || self.is_formula && is_error(&text.text) {
            return CellValue::Error(shown());
        }
        if self.is_formula && self.lacks_result(text, was_calculated || self.is_extended) {
            return CellValue::Uncalculated;
        }
        match (self.value_type.as_deref(), &self.value) {
            (Some("float" | "percentage" | "currency"), Some(value)) => match value.trim().parse::<f64>() {
                Ok(number) if shows_as_code(&text.text, number) => CellValue::Text(shown()),
                Ok(number) => CellValue::Number(number),
                Err(_) => CellValue::Text(shown()),
            },
            (Some("date" | "time"), Some(value)) => CellValue::Other(value.trim().trim_end_matches("T00:00:00").to_owned()),
            (Some("boolean"), Some(value)) => CellValue::Other(value.to_ascii_uppercase()),
            (Some("string"), Some(value)) => CellValue::Text(value.clone()),
            (Some("string"), None) => CellValue::Text(shown()),
            _ if !text.text.is_empty() => CellValue::Text(shown()),
            _ => CellValue::Empty,
        }
    }

    /// Whether the value of a formula is none: it is missing, or it is the 0 or the empty text that programs leave that do
    /// not calculate. Where the result is the empty text, `LibreOffice` writes an empty paragraph and no type.
    fn lacks_result(&self, text: &CellText, was_calculated: bool) -> bool {
        let value = self.value.as_deref().unwrap_or_default().trim();
        match self.value_type.as_deref() {
            Some("string") => value.is_empty() && text.text.is_empty() && !was_calculated,
            Some("float" | "percentage" | "currency") => match value.parse::<f64>() {
                Ok(number) => number == 0.0 && !was_calculated,
                Err(_) => value.is_empty() && text.text.is_empty(),
            },
            None if was_calculated && self.paragraphs > 0 => false,
            _ => value.is_empty() && text.text.is_empty(),
        }
    }
}

/// Whether a formula shows an error as its result.
fn is_error(shown: &str) -> bool {
    const ERRORS: [&str; 7] = ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!"];
    let shown = shown.trim();
    shown.starts_with("Err:") || ERRORS.contains(&shown)
}

/// Whether a number is shown with zeros before it, with hyphens between its digits, or with words around them. A spreadsheet
/// keeps fifteen digits.
fn shows_as_code(shown: &str, number: f64) -> bool {
    let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
    let is_padded = shown.starts_with('0') && digits.len() > 1 || shown.trim_start_matches('-').contains('-');
    let is_plain = shown.chars().all(|character| character.is_ascii_digit() || character == '-')
        && shown.starts_with(|character: char| character.is_ascii_digit());
    let has_words = shown.chars().any(char::is_alphabetic) && !shown.contains(',');
    (is_padded && is_plain || has_words) && number < 1e15 && digits.parse::<f64>() == Ok(number)
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
enum CellValue {
    Empty,
    Text(String),
    Number(f64),
    Other(String),
    Error(String),
    Uncalculated,
    TooLong,
}

/// A row of a table, which may stand for many.
#[derive(Debug, Default)]
struct Row {
    /// Number of its first one, counted from 1; 0 before the first row.
    number: u64,
    repeats: u64,
    /// Cells that hold anything, and those that are merged.
    cells: Vec<RowCell>,
    /// Bytes of text that they hold.
    bytes: usize,
}

#[derive(Debug)]
struct RowCell {
    /// Counted from 0.
    column: u64,
    columns: u64,
    spanned: (u64, u64),
    value: CellValue,
}

impl Row {
    /// Begins the next row.
    fn begin(&mut self, repeats: u64) {
        self.number = if self.number == 0 { 1 } else { self.number.saturating_add(self.repeats) };
        self.repeats = repeats;
        self.cells.clear();
        self.bytes = 0;
    }

    /// Adds a cell; `bytes` is how long its text is.
    fn push(&mut self, column: u64, head: &CellHead, value: CellValue, bytes: usize) {
        let value = match value {
            CellValue::Text(_) | CellValue::Other(_) | CellValue::Error(_) if self.bytes > MOST_TEXT_OF_A_ROW => {
                CellValue::TooLong
            }
            value => value,
        };
        self.bytes += bytes;
        // One cell beyond the last column is enough for the row to be refused.
        if (value != CellValue::Empty || head.spanned != (1, 1)) && self.cells.len() <= MOST_COLUMNS {
            self.cells.push(RowCell { column, columns: head.columns, spanned: head.spanned, value });
        }
    }

    /// How many cells its repeats stand for.
    fn repeated_cells(&self) -> u64 {
        let filled = self.cells.iter().filter(|cell| cell.value != CellValue::Empty);
        let repeated = filled.map(|cell| cell.columns.saturating_mul(self.repeats)).filter(|cells| *cells > 1);
        repeated.fold(0, u64::saturating_add)
    }

    /// Tells the ranges that its cells are merged over. `held` is how many ranges are held of all tables.
    fn merge(&self, into: &mut Merges, held: usize) {
        for cell in self.cells.iter().filter(|cell| cell.spanned != (1, 1)) {
            if held >= MOST_MERGES {
                into.is_cut = true;
                return;
            }
            let rows = (self.number, self.number.saturating_add(cell.spanned.1 - 1));
            let columns = (cell.column, cell.column.saturating_add(cell.spanned.0 - 1));
            let row = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
            let column = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            into.push((row(rows.0), row(rows.1)), (column(columns.0), column(columns.1)));
        }
    }

    fn send(&self, rows: &mut Rows<'_>) -> Result<(), SheetFailure> {
        if self.cells.iter().all(|cell| cell.value == CellValue::Empty) {
            return Ok(());
        }
        for number in (self.number..).take(usize::try_from(self.repeats).unwrap_or(usize::MAX)) {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for cell in &self.cells {
                for column in (cell.column..).take(usize::try_from(cell.columns).unwrap_or(usize::MAX)) {
                    cell.send(number, usize::try_from(column).unwrap_or(usize::MAX), rows)?;
                }
            }
        }
        Ok(())
    }
}

impl RowCell {
    fn send(&self, row: u32, column: usize, rows: &mut Rows<'_>) -> Result<(), SheetFailure> {
        match &self.value {
            CellValue::Empty => Ok(()),
            CellValue::Text(text) => rows.cell(row, column, Cell::Text(text)),
            CellValue::Number(number) => rows.cell(row, column, Cell::Number(*number)),
            CellValue::Other(text) => rows.cell(row, column, Cell::Other(text)),
            CellValue::Error(text) => rows.cell(row, column, Cell::Error(text)),
            CellValue::Uncalculated => rows.cell(row, column, Cell::Uncalculated),
            CellValue::TooLong => rows.text_cell(row, column, &CellText { text: String::new(), is_cut: true }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of the first row of a table.
    fn first_row(cells: &str, was_calculated: bool) -> Vec<RowCell> {
        let content = format!("<d xmlns:x='urn:any'><x:table><x:table-row>{cells}</x:table-row></x:table></d>");
        let xml = XmlReader::new(Box::new(content.as_bytes())).unwrap();
        let mut tables = Tables { xml, style: String::new(), is_in_table: false, was_calculated, row: Row::default() };
        while !matches!(tables.next().unwrap(), Item::Row) {}
        std::mem::take(&mut tables.row.cells)
    }

    fn value(attributes: &str, inside: &str, was_calculated: bool) -> CellValue {
        let mut cells = first_row(&format!("<x:table-cell {attributes}>{inside}</x:table-cell>"), was_calculated);
        cells.pop().map_or(CellValue::Empty, |cell| cell.value)
    }

    #[test]
    fn a_cell_is_what_its_type_says() {
        let text = |text: &str| CellValue::Text(text.to_owned());
        for (attributes, inside, expected) in [
            ("", "", CellValue::Empty),
            ("o:value-type='string'", "<t:p>甲</t:p>", text("甲")),
            ("o:value-type='string'", "<t:p>甲<t:s t:c='2'/>乙</t:p>\n  <t:p>丙<t:line-break/>丁</t:p>", text("甲  乙\n丙\n丁")),
            ("o:value-type='string'", "<t:p>\n   甲   乙\n</t:p>", text("甲 乙 ")),
            ("o:value-type='string'", "<o:annotation><t:p>注</t:p></o:annotation><t:p>甲</t:p>", text("甲")),
            ("o:value-type='string'", "<draw:frame><t:p>图</t:p></draw:frame><t:p>甲</t:p>", text("甲")),
            (
                "o:value-type='string'",
                "<t:p><t:ruby><t:ruby-base>甲</t:ruby-base><t:ruby-text>jia</t:ruby-text></t:ruby></t:p>",
                text("甲"),
            ),
            ("o:value-type='string' o:string-value='甲'", "<t:p>乙</t:p>", text("甲")),
            ("o:value-type='float' o:value='42'", "<t:p>42</t:p>", CellValue::Number(42.0)),
            ("o:value-type='float' o:value='42'", "<t:p>000042</t:p>", text("000042")),
            ("o:value-type='float' o:value='12345678'", "<t:p>1234-5678</t:p>", text("1234-5678")),
            ("o:value-type='float' o:value='12'", "<t:p>证字第12号</t:p>", text("证字第12号")),
            ("o:value-type='float' o:value='12'", "<t:p>No.12</t:p>", text("No.12")),
            ("o:value-type='float' o:value='12'", "<t:p>1.2E+1</t:p>", CellValue::Number(12.0)),
            ("o:value-type='float' o:value='1234567'", "<t:p>1,234,567</t:p>", CellValue::Number(1_234_567.0)),
            ("o:value-type='float' o:value='0.5'", "<t:p>0.5</t:p>", CellValue::Number(0.5)),
            ("o:value-type='float' o:value='0'", "<t:p>0</t:p>", CellValue::Number(0.0)),
            ("o:value-type='float' o:value='-5'", "<t:p>-5</t:p>", CellValue::Number(-5.0)),
            ("o:value-type='date' o:date-value='2022-04-13T00:00:00'", "<t:p>x</t:p>", CellValue::Other("2022-04-13".to_owned())),
            ("o:value-type='boolean' o:boolean-value='true'", "", CellValue::Other("TRUE".to_owned())),
            ("t:formula='of:=[.A1]'", "", CellValue::Uncalculated),
            ("t:formula='of:=[.A1]' o:value-type='float'", "", CellValue::Uncalculated),
            ("t:formula='of:=[.A1]' o:value-type='string'", "", text("")),
            ("t:formula='of:=[.A1]' o:value-type='float' o:value='0'", "<t:p>0</t:p>", CellValue::Number(0.0)),
            ("o:value-type='string' calcext:value-type='error'", "<t:p>#REF!</t:p>", CellValue::Error("#REF!".to_owned())),
            ("", "<t:p>甲</t:p>", text("甲")),
        ] {
            assert_eq!(value(attributes, inside, true), expected, "{attributes} {inside}");
        }
    }

    #[test]
    fn a_formula_without_a_result_is_uncalculated_whatever_its_program_leaves_there() {
        let text = |text: &str| CellValue::Text(text.to_owned());
        let error = |text: &str| CellValue::Error(text.to_owned());
        for (attributes, inside, calculated, not_calculated) in [
            ("o:value-type='string'", "", text(""), CellValue::Uncalculated),
            ("", "<t:p/>", CellValue::Empty, CellValue::Uncalculated),
            ("", "", CellValue::Uncalculated, CellValue::Uncalculated),
            ("o:value-type='string'", "<t:p/>", text(""), CellValue::Uncalculated),
            ("o:value-type='string' o:string-value=''", "<t:p/>", text(""), CellValue::Uncalculated),
            ("o:value-type='string' o:string-value='' calcext:value-type='string'", "<t:p/>", text(""), text("")),
            ("o:value-type='float' o:value='0'", "<t:p>0</t:p>", CellValue::Number(0.0), CellValue::Uncalculated),
            ("o:value-type='float' o:value='0.0'", "", CellValue::Number(0.0), CellValue::Uncalculated),
            ("o:value-type='float' o:value='7'", "<t:p>7</t:p>", CellValue::Number(7.0), CellValue::Number(7.0)),
            ("o:value-type='float' o:value='0'", "<t:p>Err:504</t:p>", error("Err:504"), error("Err:504")),
            ("o:value-type='string'", "<t:p>#NAME?</t:p>", error("#NAME?"), error("#NAME?")),
            ("o:value-type='void'", "", CellValue::Uncalculated, CellValue::Uncalculated),
        ] {
            let attributes = format!("t:formula='of:=[.A1]' {attributes}");
            assert_eq!(value(&attributes, inside, true), calculated, "{attributes} {inside}");
            assert_eq!(value(&attributes, inside, false), not_calculated, "{attributes} {inside}");
        }
        // Without a formula, 0 and the empty text are what they are.
        assert_eq!(value("o:value-type='float' o:value='0'", "<t:p>0</t:p>", false), CellValue::Number(0.0));
        assert_eq!(value("o:value-type='string'", "", false), text(""));
    }

    #[test]
    fn cells_stand_where_the_repeats_before_them_end() {
        let cells = first_row(
            "<x:table-cell x:number-columns-repeated='3'/><x:table-cell x:number-columns-repeated='2' o:value-type='float' o:value='1'/>\
             <x:covered-table-cell o:value-type='float' o:value='2'/><x:table-cell o:value-type='float' o:value='3'/>",
            true,
        );
        let places: Vec<(u64, u64)> = cells.iter().map(|cell| (cell.column, cell.columns)).collect();
        assert_eq!(places, [(3, 2), (6, 1)]);
    }
}
