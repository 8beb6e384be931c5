//! The tables of a web page.
//!
//! Tables may lie within tables. Those at one depth follow each other, so the rows of a depth are sent in one go through the
//! page: nothing has to be held but the rows that are open.

use super::grid::{Grid, GridRow, Merges, Span, Value};
use super::input::Input;
use super::tokens::{Tag, Token, Tokens};
use crate::intake::delimited::Stop;
use crate::intake::stream::EventSender;
use crate::message::Message;
use std::borrow::Cow;
use std::io::{self, BufRead};

/// Most tables of a page that are read.
pub(super) const MOST_TABLES: usize = 1000;
/// Deepest nesting of tables that is read.
const DEEPEST: usize = 64;
/// Longest text of a cell, in bytes: Excel's 32,767 characters, of four bytes each.
const LONGEST_TEXT: usize = 4 * 32_767;
/// From here on a number has sixteen digits before the point, of which a spreadsheet keeps fifteen.
const SIXTEEN_DIGITS: f64 = 1e15;
/// Elements that begin and end a line.
const BLOCKS: [&str; 12] = ["p", "div", "li", "ul", "ol", "dl", "dt", "dd", "h1", "h2", "h3", "pre"];

/// What is on a page.
#[derive(Debug, Default)]
pub(super) struct Survey {
    tables: Vec<TableSurvey>,
    /// Whether it shows other pages in frames.
    pub has_frames: bool,
    /// Whether it ends within a table.
    pub is_cut_off: bool,
    /// Whether it has more tables, or deeper ones, than are read.
    pub has_more: bool,
}

#[derive(Debug, Default)]
struct TableSurvey {
    depth: usize,
    merges: Merges,
    last_row: u32,
    has_text: bool,
}

impl Survey {
    /// Looks through a page.
    ///
    /// # Errors
    /// Fails if the page cannot be read.
    pub(super) fn of(page: Input<'_>) -> io::Result<Self> {
        let mut survey = Self::default();
        let mut builder = Builder::default();
        let mut tokens = page.tokens()?;
        while let Some(row) = builder.next_row(&mut tokens)? {
            if survey.tables.len() <= row.table {
                survey.tables.resize_with(row.table + 1, TableSurvey::default);
            }
            let Some(table) = survey.tables.get_mut(row.table) else { continue };
            table.depth = row.depth;
            table.merges.add(&row.row.merges);
            table.last_row = row.row.number;
            table.has_text |= !row.row.is_blank();
        }
        survey.has_frames = builder.has_frames;
        survey.is_cut_off = builder.is_cut_off;
        survey.has_more = builder.count > MOST_TABLES || builder.deepest > DEEPEST;
        Ok(survey)
    }

    /// How many tables have something in them.
    pub(super) fn filled(&self) -> usize {
        self.tables.iter().filter(|table| table.has_text).count()
    }

    /// Sends the tables of the page that was surveyed as sheets 表1, 表2 and so on.
    ///
    /// # Errors
    /// Fails if the page cannot be read, or nobody takes the rows any more.
    pub(super) fn send(&self, page: Input<'_>, numbering: Numbering, events: &mut EventSender) -> Result<(), Stop> {
        let mut depths: Vec<usize> = self.tables.iter().filter(|table| table.has_text).map(|table| table.depth).collect();
        depths.sort_unstable();
        depths.dedup();
        depths.into_iter().try_for_each(|depth| self.send_depth(depth, page, numbering, events))
    }

    fn send_depth(&self, depth: usize, page: Input<'_>, numbering: Numbering, events: &mut EventSender) -> Result<(), Stop> {
        let mut current = None;
        let mut builder = Builder::default();
        let mut tokens = page.tokens()?;
        while let Some(row) = builder.next_row(&mut tokens)? {
            let Some(table) = self.tables.get(row.table).filter(|table| table.has_text) else { continue };
            if row.depth != depth {
                continue;
            }
            if current != Some(row.table) {
                if current.is_some() {
                    events.end()?;
                }
                current = Some(row.table);
                let before = self.tables.iter().take(row.table).filter(|table| table.has_text).count();
                events.begin(&format!("表{}", numbering.first + before), numbering.is_only, false)?;
                table.merges.send(table.last_row, events)?;
            }
            row.row.send(events)?;
        }
        if current.is_some() {
            events.end()?;
        }
        Ok(())
    }
}

/// How tables are named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbering {
    /// Number of the page's first table.
    pub first: usize,
    /// Whether there is no other, so that it may not be passed over.
    pub is_only: bool,
}

/// A row with the table that it is of.
#[derive(Debug)]
struct TableRow {
    /// Place of the table among all of the page, by where they begin.
    table: usize,
    /// How many tables it lies within.
    depth: usize,
    row: GridRow,
}

/// Puts rows together from tags and texts.
#[derive(Debug, Default)]
struct Builder {
    /// Tables that have begun, each within a cell of the one before.
    open: Vec<OpenTable>,
    /// Tables that have begun so far.
    count: usize,
    /// A row that is complete.
    done: Option<TableRow>,
    /// Whether the page has ended.
    has_ended: bool,
    /// Tables that have begun within the deepest one that is read.
    beyond: usize,
    /// Most tables within each other so far.
    deepest: usize,
    has_frames: bool,
    is_cut_off: bool,
}

#[derive(Debug)]
struct OpenTable {
    index: usize,
    /// Whether the page has rows here without saying that a table begins.
    is_implied: bool,
    grid: Grid,
    rows: u32,
    row: Option<GridRow>,
    cell: Option<OpenCell>,
}

/// A cell that has begun.
#[derive(Debug)]
struct OpenCell {
    span: Span,
    text: CellText,
    /// The number that Excel stored, where the page says so.
    number: Option<String>,
}

impl Builder {
    /// Reads on to the end of a row.
    fn next_row<R: BufRead>(&mut self, tokens: &mut Tokens<R>) -> io::Result<Option<TableRow>> {
        loop {
            if let Some(done) = self.done.take() {
                return Ok(Some(done));
            }
            if self.has_ended {
                // Rows that nothing ends, the innermost first.
                if self.open.is_empty() {
                    return Ok(None);
                }
                self.end_table();
                continue;
            }
            match tokens.read()? {
                Some(Token::Text { text, is_cut }) => {
                    if self.beyond == 0
                        && let Some(cell) = self.cell()
                    {
                        cell.text.push(&text);
                        cell.text.is_cut |= is_cut;
                    }
                }
                Some(Token::Begin(tag)) => self.begin(tag),
                Some(Token::End(name)) => self.end(name),
                None => self.end_page(),
            }
        }
    }

    fn begin(&mut self, tag: Tag<'_>) {
        match tag.name {
            "table" => self.begin_table(false),
            "frame" | "iframe" => self.has_frames = true,
            _ if self.beyond > 0 => {}
            "tr" => {
                self.end_row();
                self.begin_row();
            }
            "td" | "th" => {
                self.end_cell();
                self.begin_cell(tag);
            }
            "thead" | "tbody" | "tfoot" | "caption" => self.end_row(),
            "br" => self.break_line(),
            name if BLOCKS.contains(&name) => self.break_line(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "table" if self.beyond > 0 => self.beyond -= 1,
            "table" => self.end_table(),
            _ if self.beyond > 0 => {}
            "tr" | "thead" | "tbody" | "tfoot" => self.end_row(),
            "td" | "th" => self.end_cell(),
            name if BLOCKS.contains(&name) => self.break_line(),
            _ => {}
        }
    }

    /// Ends the page. What is open then is complete only where nothing says that a table has begun.
    fn end_page(&mut self) {
        self.has_ended = true;
        self.is_cut_off = self.open.iter().any(|table| !table.is_implied);
        for table in self.open.iter_mut().filter(|table| !table.is_implied) {
            if let Some(row) = &mut table.row {
                row.spoil(Message::new("markup-cut-off").with("row", row.number));
            }
        }
    }

    fn begin_table(&mut self, is_implied: bool) {
        // Rows outside of any table are no table round the one that begins.
        if self.open.last().is_some_and(|table| table.is_implied && table.cell.is_none()) {
            self.end_table();
        }
        self.deepest = self.deepest.max(self.open.len() + self.beyond + 1);
        if self.open.len() == DEEPEST {
            self.beyond += 1;
            return;
        }
        let table = OpenTable { index: self.count, is_implied, grid: Grid::default(), rows: 0, row: None, cell: None };
        self.count += 1;
        self.open.push(table);
    }

    fn begin_row(&mut self) {
        if self.open.is_empty() {
            self.begin_table(true);
        }
        if let Some(table) = self.open.last_mut() {
            table.rows = table.rows.saturating_add(1);
            table.row = Some(table.grid.begin_row(table.rows));
        }
    }

    fn begin_cell(&mut self, tag: Tag<'_>) {
        if self.open.last().is_none_or(|table| table.row.is_none()) {
            self.begin_row();
        }
        let span = |name| tag.attribute(name).and_then(|span| span.trim().parse::<u32>().ok()).unwrap_or(1);
        let columns = usize::try_from(span("colspan")).unwrap_or(1);
        let number = tag.attribute("num").or_else(|| tag.attribute("sdval")).map(Cow::into_owned);
        if let Some(table) = self.open.last_mut() {
            table.cell = Some(OpenCell { span: Span::new(span("rowspan"), columns), text: CellText::default(), number });
        }
    }

    fn end_cell(&mut self) {
        if let Some(table) = self.open.last_mut() {
            table.end_cell();
        }
    }

    fn end_row(&mut self) {
        let depth = self.open.len();
        let Some(table) = self.open.last_mut() else { return };
        table.end_cell();
        if let Some(row) = table.row.take()
            && table.index < MOST_TABLES
        {
            self.done = Some(TableRow { table: table.index, depth, row });
        }
    }

    fn end_table(&mut self) {
        self.end_row();
        self.open.pop();
    }

    fn cell(&mut self) -> Option<&mut OpenCell> {
        self.open.last_mut()?.cell.as_mut()
    }

    fn break_line(&mut self) {
        if let Some(cell) = self.cell() {
            cell.text.break_line();
        }
    }
}

impl OpenTable {
    fn end_cell(&mut self) {
        let (Some(cell), Some(row)) = (self.cell.take(), &mut self.row) else { return };
        if cell.text.is_cut {
            row.spoil(Message::new("markup-cell-too-long").with("row", row.number));
        }
        let text = cell.text.text.trim();
        if text.contains('\u{FFFD}') {
            row.spoil(Message::new("markup-bad-bytes").with("row", row.number));
        }
        // An empty attribute says that the text is the number.
        let number = cell.number.as_deref().map(|number| if number.trim().is_empty() { text } else { number.trim() });
        let number = number
            .and_then(|number| number.parse::<f64>().ok())
            .filter(|number| number.is_finite() && number.abs() >= SIXTEEN_DIGITS);
        let value = number.map_or_else(|| Value::Text(text.to_owned()), Value::Number);
        self.grid.put(row, None, cell.span, value);
    }
}

/// The text of a cell as a browser shows it: white space is one space.
#[derive(Debug, Default)]
struct CellText {
    text: String,
    has_space: bool,
    is_cut: bool,
}

impl CellText {
    fn push(&mut self, text: &str) {
        for word in text.split_inclusive([' ', '\t', '\n', '\r', '\u{C}']) {
            let bare = word.trim_end_matches([' ', '\t', '\n', '\r', '\u{C}']);
            if !bare.is_empty() {
                if self.has_space && !self.text.is_empty() && !self.text.ends_with('\n') {
                    self.text.push(' ');
                }
                self.has_space = false;
                let room = LONGEST_TEXT.saturating_sub(self.text.len());
                self.is_cut |= bare.len() > room;
                self.text.push_str(&bare[..bare.floor_char_boundary(room)]);
            }
            self.has_space |= bare.len() < word.len();
        }
    }

    fn break_line(&mut self) {
        self.has_space = false;
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::Bytes;
    use super::*;
    use crate::intake::stream::{MergedRange, SheetEvent};
    use proptest::prelude::*;
    use std::sync::mpsc::sync_channel;

    /// What came of a page: a line for each sheet, merged range and row.
    fn told(page: &str) -> Vec<String> {
        let input = Input::new(Bytes::Part(page.as_bytes()), Some("utf-8")).unwrap();
        let survey = Survey::of(input).unwrap();
        let (sender, events) = sync_channel(4096);
        let mut sender = EventSender::new(sender);
        survey.send(input, Numbering { first: 1, is_only: survey.filled() == 1 }, &mut sender).unwrap();
        drop(sender);
        let mut told = Vec::new();
        for event in events {
            match event {
                SheetEvent::Begin { name, .. } => told.push(name),
                SheetEvent::Merges(ranges) => told.extend(ranges.iter().map(|range| format!("{range:?}"))),
                SheetEvent::Rows(rows) => told.extend(rows.rows().map(|row| {
                    let cells: Vec<String> = row.cells().map(|cell| cell.text()).collect();
                    let problem = row.problem.map_or_else(String::new, |problem| format!(" {problem}"));
                    format!("{}: {}{problem}", row.number, cells.join("|"))
                })),
                _ => {}
            }
        }
        told
    }

    #[test]
    fn the_rows_of_a_table_are_read_however_untidy_the_page_is() {
        for (page, expected) in [
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", vec!["表1", "1: a|b", "2: c"]),
            ("<div><TABLE border=1><tr><td>a<td>b<tr><th>c</TABLE></div>", vec!["表1", "1: a|b", "2: c"]),
            ("<tr><td>a</td></tr><tr><td>b</td></tr>", vec!["表1", "1: a", "2: b"]),
            ("<table><thead><td>a<tbody><td>b</table>", vec!["表1", "1: a", "2: b"]),
            ("<table><tr><td> a\n b&nbsp;</td><td>c<br>d</td><td><p>e</p><p>f</p></td></table>", vec!["表1", "1: a b|c\nd|e\nf"]),
            ("<table><tr><td>a</td></tr></table>x<table></table><table><tr><td>b</table>", vec!["表1", "1: a", "表2", "1: b"]),
            (
                "<table><tr><td>o<table><tr><td>i</td></tr></table>p</td><td>q</td></tr></table>",
                vec!["表1", "1: op|q", "表2", "1: i"],
            ),
            (
                "<table><tr><td x:num>3.70499E+17</td><td x:num=\"12\">12</td></tr></table>",
                vec!["表1", "1: 370499000000000000|12"],
            ),
            ("<table><tr><td>a</td><td>b", vec!["表1", "1: a|b markup-cut-off row=1"]),
            ("<table><tr><td>\u{FFFD}</td></tr></table>", vec!["表1", "1: \u{FFFD} markup-bad-bytes row=1"]),
            ("<p>no table</p>", vec![]),
        ] {
            assert_eq!(told(page), expected, "{page}");
        }
    }

    #[test]
    fn spans_are_merged_ranges() {
        let page = "<table><tr><td rowspan=2>a</td><td colspan=2>b</td></tr><tr><td>c</td><td rowspan=9>d</td></tr></table>";
        let ranges = [MergedRange { rows: (1, 2), columns: (0, 0) }, MergedRange { rows: (1, 1), columns: (1, 2) }];
        let mut expected = vec!["表1".to_owned()];
        expected.extend(ranges.iter().map(|range| format!("{range:?}")));
        expected.extend(["1: a|b".to_owned(), "2: |c|d".to_owned()]);
        assert_eq!(told(page), expected);
    }

    #[test]
    fn a_page_that_ends_within_a_table_says_so() {
        let survey = |page: &str| Survey::of(Input::new(Bytes::Part(page.as_bytes()), None).unwrap()).unwrap();
        assert!(survey("<table><tr><td>a</td></tr>").is_cut_off);
        assert!(!survey("<tr><td>a</td></tr>").is_cut_off);
        assert!(survey("<frameset><frame src=x></frameset>").has_frames);
        assert!(survey(&"<table><tr><td>a".repeat(100)).has_more);
    }

    proptest! {
        #[test]
        fn every_cell_of_every_table_is_read(cells in prop::collection::vec(prop::collection::vec("[a-z一]{1,3}", 1..4), 1..6)) {
            let rows: Vec<String> = cells.iter().map(|row| format!("<tr><td>{}</td></tr>", row.join("</td><td>"))).collect();
            let told = told(&format!("<table>{}</table>", rows.concat()));
            let expected: Vec<String> = (1..).zip(&cells).map(|(number, row)| format!("{number}: {}", row.join("|"))).collect();
            prop_assert_eq!(&told[1..], expected);
        }

        #[test]
        fn any_tags_end(tags in prop::collection::vec("(<(/)?(table|tr|td|tbody|p|br)( colspan=[0-9]{1,9})?( rowspan=[0-9]{1,9})?>)|x", 0..60)) {
            told(&tags.concat());
        }
    }
}
