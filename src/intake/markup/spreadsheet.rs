//! Workbooks in the XML of Excel 2003 (`SpreadsheetML`).
//!
//! They are read by the reader of untidy markup: programs that write such files by hand forget to escape `&` and `<`. A file
//! that was cut off is told by the end tag that is missing.

use super::grid::{Grid, GridRow, Merges, Span, Value};
use super::input::Input;
use super::tokens::{Tag, Token, Tokens};
use crate::intake::delimited::Stop;
use crate::intake::stream::EventSender;
use crate::message::Message;
use std::io::{self, BufRead};

/// Longest text of a cell, in bytes: Excel's 32,767 characters, of four bytes each.
const LONGEST_TEXT: usize = 4 * 32_767;
/// Longest name of a sheet, in characters. Excel's limit is 31.
const LONGEST_NAME: usize = 255;

/// The sheets of a workbook.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub sheets: Vec<SheetSurvey>,
    /// Whether the file ends before the workbook does.
    pub is_cut_off: bool,
}

/// A sheet.
#[derive(Debug, Default)]
pub(super) struct SheetSurvey {
    pub name: String,
    is_hidden: bool,
    merges: Merges,
    last_row: u32,
}

impl Survey {
    /// Looks through a workbook.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub(super) fn of(workbook: Input<'_>) -> io::Result<Self> {
        let mut survey = Self::default();
        let mut builder = Builder::default();
        let mut tokens = workbook.tokens()?;
        while let Some(found) = builder.next(&mut tokens)? {
            match found {
                Found::Sheet(name) => survey.sheets.push(SheetSurvey { name, ..SheetSurvey::default() }),
                Found::Hidden => {
                    if let Some(sheet) = survey.sheets.last_mut() {
                        sheet.is_hidden = true;
                    }
                }
                Found::Row(row) => {
                    if let Some(sheet) = survey.sheets.last_mut() {
                        sheet.merges.add(&row.merges);
                        sheet.last_row = sheet.last_row.max(row.number);
                    }
                }
            }
        }
        survey.is_cut_off = !builder.is_complete;
        Ok(survey)
    }

    /// Sends the visible sheets of the workbook that was surveyed.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or nobody takes the rows any more.
    pub(super) fn send(&self, workbook: Input<'_>, events: &mut EventSender) -> Result<(), Stop> {
        let is_only = self.sheets.len() == 1;
        let mut sheets = self.sheets.iter();
        let mut current: Option<&SheetSurvey> = None;
        let mut builder = Builder::default();
        let mut tokens = workbook.tokens()?;
        while let Some(found) = builder.next(&mut tokens)? {
            match found {
                Found::Sheet(_) => {
                    end(current, events)?;
                    current = sheets.next();
                    let Some(sheet) = current else { continue };
                    if sheet.is_hidden {
                        events.skip(&sheet.name, Message::new("markup-sheet-hidden"))?;
                    } else {
                        events.begin(&sheet.name, is_only, false)?;
                        sheet.merges.send(sheet.last_row, events)?;
                    }
                }
                Found::Row(row) if current.is_some_and(|sheet| !sheet.is_hidden) => row.send(events)?,
                Found::Row(_) | Found::Hidden => {}
            }
        }
        end(current, events)
    }
}

/// Ends the sheet that has begun, if one has.
fn end(current: Option<&SheetSurvey>, events: &mut EventSender) -> Result<(), Stop> {
    if current.is_some_and(|sheet| !sheet.is_hidden) {
        events.end()?;
    }
    Ok(())
}

/// Something in a workbook.
#[derive(Debug, PartialEq)]
enum Found {
    /// A sheet of this name begins.
    Sheet(String),
    /// The sheet is hidden; said after its rows.
    Hidden,
    /// A row of it.
    Row(GridRow),
}

/// Puts rows together.
#[derive(Debug, Default)]
struct Builder {
    grid: Grid,
    /// Number of the row before.
    row_number: u32,
    row: Option<GridRow>,
    cell: Option<OpenCell>,
    /// How many elements are open whose text is no cell's: comments and readings.
    outside: usize,
    /// Whether the element that tells a sheet's visibility has begun.
    is_at_visible: bool,
    /// Whether the workbook has ended.
    is_complete: bool,
}

/// A cell that has begun.
#[derive(Debug)]
struct OpenCell {
    column: Option<usize>,
    span: Span,
    has_formula: bool,
    /// Type of its value, once that has begun.
    kind: Option<String>,
    /// Whether its value has begun and not ended.
    is_in_data: bool,
    text: String,
    is_cut: bool,
}

impl Builder {
    /// Reads on to the next thing of interest.
    fn next<R: BufRead>(&mut self, tokens: &mut Tokens<R>) -> io::Result<Option<Found>> {
        while let Some(token) = tokens.read()? {
            let found = match token {
                Token::Text { text, is_cut } => self.text(&text, is_cut),
                Token::Begin(tag) => {
                    let begun = self.begin(tag);
                    let ended = if tag.is_empty { self.end(tag.name) } else { None };
                    begun.or(ended)
                }
                Token::End(name) => self.end(name),
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn begin(&mut self, tag: Tag<'_>) -> Option<Found> {
        let number = |name| tag.attribute(name).and_then(|value| value.trim().parse::<u32>().ok());
        match tag.name {
            "worksheet" => {
                *self = Self::default();
                let name = tag.attribute("name").unwrap_or_default();
                return Some(Found::Sheet(name.chars().take(LONGEST_NAME).collect()));
            }
            "table" => {
                self.row_number = number("topcell").unwrap_or(1).saturating_sub(1);
                self.grid = Grid::at(index(number("leftcell").unwrap_or(1)));
            }
            "row" => {
                // A row that nothing ends is complete where the next one begins.
                let before = self.end_row();
                let next = self.row_number.saturating_add(1);
                let own = number("index").unwrap_or(next);
                let mut row = self.grid.begin_row(own);
                if own < next {
                    row.spoil(Message::new("markup-cell-twice").with("row", own));
                }
                // A row may stand for several that are alike, and then has no cells.
                self.row_number = own.max(self.row_number).saturating_add(number("span").unwrap_or(0));
                self.row = Some(row);
                return before;
            }
            "cell" => {
                self.end_cell();
                let across = number("mergeacross").unwrap_or(0).saturating_add(1);
                let down = number("mergedown").unwrap_or(0).saturating_add(1);
                self.cell = Some(OpenCell {
                    column: number("index").map(index),
                    span: Span::new(down, usize::try_from(across).unwrap_or(1)),
                    has_formula: tag.attribute("formula").is_some(),
                    kind: None,
                    is_in_data: false,
                    text: String::new(),
                    is_cut: false,
                });
            }
            "data" if self.outside == 0 => {
                if let Some(cell) = &mut self.cell {
                    cell.kind = Some(tag.attribute("type").unwrap_or_default().to_ascii_lowercase());
                    cell.is_in_data = true;
                }
            }
            "comment" | "phonetictext" => self.outside += 1,
            "visible" => self.is_at_visible = true,
            _ => {}
        }
        None
    }

    fn end(&mut self, name: &str) -> Option<Found> {
        match name {
            "cell" => self.end_cell(),
            "row" => return self.end_row(),
            "data" if self.outside == 0 => {
                if let Some(cell) = &mut self.cell {
                    cell.is_in_data = false;
                }
            }
            "comment" | "phonetictext" => self.outside = self.outside.saturating_sub(1),
            "visible" => self.is_at_visible = false,
            "workbook" => self.is_complete = true,
            _ => {}
        }
        None
    }

    fn text(&mut self, text: &str, is_cut: bool) -> Option<Found> {
        if self.is_at_visible && text.trim().to_ascii_lowercase().contains("hidden") {
            return Some(Found::Hidden);
        }
        if let Some(cell) = self.cell.as_mut().filter(|cell| cell.is_in_data)
            && self.outside == 0
        {
            let room = LONGEST_TEXT.saturating_sub(cell.text.len());
            cell.is_cut |= is_cut || text.len() > room;
            cell.text.push_str(&text[..text.floor_char_boundary(room)]);
        }
        None
    }

    fn end_row(&mut self) -> Option<Found> {
        self.end_cell();
        self.row.take().map(Found::Row)
    }

    fn end_cell(&mut self) {
        let (Some(cell), Some(row)) = (self.cell.take(), &mut self.row) else { return };
        if cell.is_cut {
            row.spoil(Message::new("markup-cell-too-long").with("row", row.number));
        }
        if cell.text.contains('\u{FFFD}') {
            row.spoil(Message::new("markup-bad-bytes").with("row", row.number));
        }
        let value = value_of(cell.kind.as_deref(), cell.has_formula, cell.text);
        self.grid.put(row, cell.column, cell.span, value);
    }
}

/// The value of a cell, given the type of its data; none where it has no data.
fn value_of(kind: Option<&str>, has_formula: bool, text: String) -> Value {
    match kind {
        None if has_formula => Value::Uncalculated,
        Some("number") => text.trim().parse().map_or(Value::Text(text), Value::Number),
        Some("datetime") => {
            let text = text.trim();
            let day = text.strip_suffix(".000").unwrap_or(text);
            Value::Other(day.strip_suffix("T00:00:00").map_or_else(|| day.replace('T', " "), str::to_owned))
        }
        Some("boolean") => Value::Other(if text.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned()),
        Some("error") => Value::Error(text),
        _ => Value::Text(text),
    }
}

/// A place counted from 0, given as counted from 1.
fn index(from_1: u32) -> usize {
    usize::try_from(from_1.saturating_sub(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::input::Bytes;
    use super::*;
    use crate::intake::stream::SheetEvent;
    use proptest::prelude::*;
    use std::sync::mpsc::sync_channel;

    /// A workbook with these sheets.
    fn workbook(sheets: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>\
             <Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" \
             xmlns:ss=\"urn:schemas-microsoft-com:office:spreadsheet\">{sheets}</Workbook>"
        )
    }

    /// What came of a workbook: a line for each sheet, merged range and row.
    fn told(workbook: &str) -> Vec<String> {
        let input = Input::new(Bytes::Part(workbook.as_bytes()), None).unwrap();
        let survey = Survey::of(input).unwrap();
        let (sender, events) = sync_channel(4096);
        let mut sender = EventSender::new(sender);
        survey.send(input, &mut sender).unwrap();
        drop(sender);
        let mut told = Vec::new();
        for event in events {
            match event {
                SheetEvent::Begin { name, .. } => told.push(name),
                SheetEvent::Skip { name, reason } => told.push(format!("{name}: {reason}")),
                SheetEvent::Merges(ranges) => told.extend(ranges.iter().map(|range| format!("{range:?}"))),
                SheetEvent::Rows(rows) => told.extend(rows.rows().map(|row| {
                    let cells: Vec<String> = row.cells().map(|cell| format!("{cell:?}")).collect();
                    let problem = row.problem.map_or_else(String::new, |problem| format!(" {problem}"));
                    format!("{}: {}{problem}", row.number, cells.join(" "))
                })),
                _ => {}
            }
        }
        told
    }

    #[test]
    fn values_come_by_their_types() {
        let data = |kind: &str, text: &str| format!("<Cell><Data ss:Type=\"{kind}\">{text}</Data></Cell>");
        for (cell, expected) in [
            (data("String", " a&amp;b&#10;c "), "Text(\" a&b\\nc \")"),
            (data("Number", "370499199001010000"), "Number(3.7049919900101e17)"),
            (data("Number", "x"), "Text(\"x\")"),
            (data("DateTime", "2013-09-23T00:00:00.000"), "Other(\"2013-09-23\")"),
            (data("DateTime", "2013-09-23T10:20:00.000"), "Other(\"2013-09-23 10:20:00\")"),
            (data("Boolean", "1"), "Other(\"TRUE\")"),
            (data("Error", "#REF!"), "Error(\"#REF!\")"),
            (data("String", "<B>a</B><Font>b</Font>"), "Text(\"ab\")"),
            (data("String", "a").replace("</Data>", "</Data>\n "), "Text(\"a\")"),
            ("<Cell ss:Formula=\"=A1\"/>".to_owned(), "Uncalculated"),
            ("<Cell ss:Formula=\"=A1\"><Data ss:Type=\"String\">a</Data></Cell>".to_owned(), "Text(\"a\")"),
            (
                "<Cell><Data ss:Type=\"String\">a</Data><Comment><ss:Data>note</ss:Data></Comment></Cell>".to_owned(),
                "Text(\"a\")",
            ),
            (data("String", "\u{FFFD}"), "Text(\"\u{FFFD}\") markup-bad-bytes row=1"),
        ] {
            let sheet = format!("<Worksheet ss:Name=\"清单\"><Table><Row>{cell}</Row></Table></Worksheet>");
            assert_eq!(told(&workbook(&sheet)), ["清单".to_owned(), format!("1: {expected}")], "{cell}");
        }
    }

    #[test]
    fn rows_and_cells_stand_where_their_indices_say() {
        let cell = |attributes: &str| format!("<Cell{attributes}><Data ss:Type=\"String\">x</Data></Cell>");
        let rows = format!(
            "<Row ss:Span=\"2\"/><Row>{}{}</Row><Row ss:Index=\"9\">{}{}</Row><Row>{}</Row><Row ss:Index=\"3\">{}</Row>",
            cell(" ss:Index=\"2\""),
            cell(""),
            cell(" ss:MergeAcross=\"1\" ss:MergeDown=\"1\""),
            cell(""),
            cell(""),
            cell(""),
        );
        let sheet = format!("<Worksheet ss:Name=\"a\"><Table>{rows}</Table></Worksheet>");
        let x = "Text(\"x\")";
        assert_eq!(
            told(&workbook(&sheet)),
            [
                "a".to_owned(),
                "MergedRange { rows: (9, 10), columns: (0, 1) }".to_owned(),
                "1: ".to_owned(),
                format!("4: Empty {x} {x}"),
                format!("9: {x} Empty {x}"),
                format!("10: Empty Empty {x}"),
                format!("3: Empty Empty {x} markup-cell-twice row=3"),
            ]
        );
    }

    #[test]
    fn hidden_sheets_are_passed_over_and_said_so() {
        let sheet = |name: &str, options: &str| {
            let row = "<Table><Row><Cell><Data ss:Type=\"String\">x</Data></Cell></Row></Table>";
            format!("<Worksheet ss:Name=\"{name}\">{row}<WorksheetOptions>{options}</WorksheetOptions></Worksheet>")
        };
        let sheets = [sheet("a", ""), sheet("b", "<Visible>SheetHidden</Visible>"), sheet("c", "")].concat();
        assert_eq!(told(&workbook(&sheets)), ["a", "1: Text(\"x\")", "b: markup-sheet-hidden", "c", "1: Text(\"x\")"]);
    }

    #[test]
    fn a_workbook_that_was_cut_off_is_told() {
        let whole = workbook("<Worksheet ss:Name=\"a\"><Table><Row/></Table></Worksheet>");
        let is_cut_off = |text: &str| Survey::of(Input::new(Bytes::Part(text.as_bytes()), None).unwrap()).unwrap().is_cut_off;
        assert!(!is_cut_off(&whole));
        assert!(is_cut_off(&whole[..whole.len() - 20]));
    }

    proptest! {
        #[test]
        fn any_elements_end(parts in prop::collection::vec(
            "(<(/)?(Worksheet|Table|Row|Cell|Data|Comment)( ss:(Index|Span|MergeDown|MergeAcross)=\"[0-9]{1,10}\")?(/)?>)|x", 0..60,
        )) {
            told(&workbook(&parts.concat()));
        }
    }
}
