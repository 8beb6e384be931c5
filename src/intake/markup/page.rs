//! The tables of a web page.
//!
//! Tables may lie within tables. Those at one depth follow each other, so the rows of a depth are sent in one go through the
//! page: nothing has to be held but the rows that are open.

use super::BLOCKS;
use super::grid::{Grid, GridRow, Merges, Span, Value};
use super::input::Input;
use super::text::{CellText, codes_in};
use super::tokens::{Tag, Token, Tokens};
use crate::intake::delimited::Stop;
use crate::intake::stream::EventSender;
use crate::message::Message;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

/// Most tables of a page that are read.
pub(super) const MOST_TABLES: usize = 1000;
/// Deepest nesting of tables that is read.
const DEEPEST: usize = 64;
/// Rows that a table has at most which is the header of the next one.
const HIGHEST_HEADER: u32 = 2;
/// From here on a number has sixteen digits before the point, of which a spreadsheet keeps fifteen.
const SIXTEEN_DIGITS: f64 = 1e15;

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
    /// How many words outside of all tables look like codes.
    pub codes_outside: usize,
    /// Tables that go on with the one before, with how many rows that has: grids with a fixed header have it in a table of its
    /// own.
    continued: BTreeMap<usize, u32>,
}

#[derive(Debug, Default)]
struct TableSurvey {
    depth: usize,
    merges: Merges,
    last_row: u32,
    /// Rows that hold something.
    filled_rows: u32,
    /// Columns of the widest row, and columns up to the last one that holds something.
    width: usize,
    filled_width: usize,
    /// Whether some row holds a code, and whether the first row that holds something does.
    has_code: bool,
    begins_with_code: bool,
}

impl TableSurvey {
    fn add(&mut self, depth: usize, row: &GridRow) {
        self.depth = depth;
        self.merges.add(&row.merges);
        self.last_row = row.number;
        self.width = self.width.max(row.width);
        if row.is_blank() {
            return;
        }
        let has_code = row.has_code();
        self.begins_with_code |= has_code && self.filled_rows == 0;
        self.has_code |= has_code;
        self.filled_rows = self.filled_rows.saturating_add(1);
        self.filled_width = self.filled_width.max(row.filled_width());
    }

    const fn has_text(&self) -> bool {
        self.filled_rows > 0
    }

    /// Whether it is the header of the table that follows it. A header may have an empty column more, above the scroll bar.
    const fn heads(&self, next: &Self) -> bool {
        self.depth == next.depth
            && self.last_row <= HIGHEST_HEADER
            && !self.has_code
            && next.begins_with_code
            && self.filled_width > 1
            && (self.width == next.width || self.filled_width == next.width)
    }
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
            if let Some(table) = survey.tables.get_mut(row.table) {
                table.add(row.depth, &row.row);
            }
        }
        survey.has_frames = builder.has_frames;
        survey.is_cut_off = builder.is_cut_off;
        survey.has_more = builder.count > MOST_TABLES || builder.deepest > DEEPEST;
        survey.codes_outside = builder.codes_outside;
        survey.join_headers();
        Ok(survey)
    }

    /// Joins tables that are headers with those that follow them.
    fn join_headers(&mut self) {
        let filled: Vec<usize> = (0..self.tables.len()).filter(|place| self.has_text(*place)).collect();
        for pair in filled.windows(2) {
            let [first, second] = *pair else { continue };
            let Some((above, below)) = self.tables.split_at_mut_checked(second) else { continue };
            let (Some(first), Some(next)) = (above.get_mut(first), below.first()) else { continue };
            if first.heads(next) {
                self.continued.insert(second, first.last_row);
                first.merges.append(first.last_row, &next.merges, next.last_row);
                first.last_row = first.last_row.saturating_add(next.last_row);
            }
        }
    }

    fn has_text(&self, table: usize) -> bool {
        self.tables.get(table).is_some_and(TableSurvey::has_text)
    }

    /// Places of the tables that are sheets: those that have something in them, and do not go on with another one.
    fn sheets(&self) -> impl Iterator<Item = usize> {
        (0..self.tables.len()).filter(|place| self.has_text(*place) && !self.continued.contains_key(place))
    }

    /// How many tables are sheets.
    pub(super) fn filled(&self) -> usize {
        self.sheets().count()
    }

    /// How many of them have their header in a table of its own.
    pub(super) fn joined(&self) -> usize {
        self.continued.len()
    }

    /// Sends the tables of the page that was surveyed as sheets 表1, 表2 and so on.
    ///
    /// # Errors
    /// Fails if the page cannot be read, or nobody takes the rows any more.
    pub(super) fn send(&self, page: Input<'_>, numbering: Numbering, events: &mut EventSender) -> Result<(), Stop> {
        let mut depths: Vec<usize> = self.tables.iter().filter(|table| table.has_text()).map(|table| table.depth).collect();
        depths.sort_unstable();
        depths.dedup();
        depths.into_iter().try_for_each(|depth| self.send_depth(depth, page, numbering, events))
    }

    fn send_depth(&self, depth: usize, page: Input<'_>, numbering: Numbering, events: &mut EventSender) -> Result<(), Stop> {
        let mut current = None;
        let mut builder = Builder { rows_before: self.continued.clone(), ..Builder::default() };
        let mut tokens = page.tokens()?;
        while let Some(row) = builder.next_row(&mut tokens)? {
            let Some(table) = self.tables.get(row.table).filter(|table| table.has_text()) else { continue };
            if row.depth != depth {
                continue;
            }
            // The rows of a table that goes on with another one follow that one's.
            if current != Some(row.table) && !self.continued.contains_key(&row.table) {
                if current.is_some() {
                    events.end()?;
                }
                current = Some(row.table);
                let before = self.sheets().take_while(|sheet| *sheet < row.table).count();
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
    progress: Progress,
    /// Tables that have begun within the deepest one that is read.
    beyond: usize,
    /// Most tables within each other so far.
    deepest: usize,
    has_frames: bool,
    is_cut_off: bool,
    /// How many words outside of all cells look like codes.
    codes_outside: usize,
    /// Rows of the table that a table goes on with, by its place.
    rows_before: BTreeMap<usize, u32>,
}

/// How far a page has come.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Progress {
    #[default]
    Within,
    /// It says that it is complete: what is open then is untidy, and not cut off.
    Closed,
    Ended,
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
            if self.progress == Progress::Ended {
                // Rows that nothing ends, the innermost first.
                if self.open.is_empty() {
                    return Ok(None);
                }
                self.end_table();
                continue;
            }
            match tokens.read()? {
                Some(Token::Text { text, is_cut }) => {
                    if self.beyond > 0 {
                        continue;
                    }
                    if let Some(cell) = self.cell() {
                        cell.text.push(&text);
                        cell.text.is_cut |= is_cut;
                    } else {
                        self.codes_outside += codes_in(&text);
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
            "input" | "select" | "option" => {
                if let Some(cell) = self.cell() {
                    cell.text.begin_control(tag);
                }
            }
            name if BLOCKS.contains(&name) => self.break_line(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "body" | "html" => self.progress = Progress::Closed,
            "table" if self.beyond > 0 => self.beyond -= 1,
            "table" => self.end_table(),
            _ if self.beyond > 0 => {}
            "tr" | "thead" | "tbody" | "tfoot" => self.end_row(),
            "td" | "th" => self.end_cell(),
            "select" | "option" => {
                if let Some(cell) = self.cell() {
                    cell.text.end_control(name);
                }
            }
            name if BLOCKS.contains(&name) => self.break_line(),
            _ => {}
        }
    }

    /// Ends the page. What is open then is complete only where nothing says that a table has begun.
    fn end_page(&mut self) {
        if std::mem::replace(&mut self.progress, Progress::Ended) == Progress::Closed {
            return;
        }
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
        self.progress = Progress::Within;
        self.deepest = self.deepest.max(self.open.len() + self.beyond + 1);
        if self.open.len() == DEEPEST {
            self.beyond += 1;
            return;
        }
        let rows = self.rows_before.get(&self.count).copied().unwrap_or_default();
        let table = OpenTable { index: self.count, is_implied, grid: Grid::default(), rows, row: None, cell: None };
        self.count += 1;
        self.open.push(table);
    }

    fn begin_row(&mut self) {
        if self.open.is_empty() {
            self.begin_table(true);
        }
        self.progress = Progress::Within;
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
        let (Some(mut cell), Some(row)) = (self.cell.take(), &mut self.row) else { return };
        cell.text.finish();
        let text = cell.text.shown();
        if cell.text.is_cut {
            row.spoil(Message::new("markup-cell-too-long").with("row", row.number));
        }
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
            ("<html><body><table><tr><td>a<tr><td>b</body></html>", vec!["表1", "1: a", "2: b"]),
            (
                "<table><tr><td><input value=1></td><td><select><option>2<option selected>3</select></td><td>4</table>",
                vec!["表1", "1: 1|3|4"],
            ),
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
    fn a_header_in_a_table_of_its_own_is_that_of_the_next_table() {
        let header = "<table><tr><th>证件号码</th><th>类型</th></tr></table>";
        let rows =
            |row: &str| format!("<div><table><tr><td>{row}</td><td>a</td></tr><tr><td>b</td><td>c</td></tr></table></div>");
        let (code, other) = (rows("370499199001010007"), rows("甲"));
        let joined = vec!["表1", "1: 证件号码|类型", "2: 370499199001010007|a", "3: b|c"];
        let scroll_bar = header.replace("</tr>", "<th></th></tr>");
        let title = header.replace("<tr>", "<tr><td colspan=2>清单</td></tr><tr>");
        let high = header.replace("<tr>", "<tr><td>1</td></tr><tr><td>2</td></tr><tr>");
        let apart = |first: &[&str], second: &str| {
            let first = std::iter::once("表1").chain(first.iter().copied());
            first.chain(["表2", second, "2: b|c"]).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(told(&format!("{header}{code}")), joined);
        assert_eq!(told(&format!("<table><tr><td>{header}{code}</td></tr></table>")), joined);
        assert_eq!(told(&format!("{scroll_bar}{code}"))[2..], joined[2..]);
        assert_eq!(told(&format!("{title}{code}"))[2..], ["1: 清单", "2: 证件号码|类型", "3: 370499199001010007|a", "4: b|c"]);
        assert_eq!(told(&format!("{header}{other}")), apart(&["1: 证件号码|类型"], "1: 甲|a"));
        assert_eq!(told(&format!("{high}{code}")), apart(&["1: 1", "2: 2", "3: 证件号码|类型"], "1: 370499199001010007|a"));
        let narrow = "<table><tr><th>证件号码</th></tr></table>";
        assert_eq!(told(&format!("{narrow}{code}")), apart(&["1: 证件号码"], "1: 370499199001010007|a"));
        let first = "<table><tr><td>370499199001010015</td><td>类型</td></tr></table>";
        assert_eq!(told(&format!("{first}{code}")), apart(&["1: 370499199001010015|类型"], "1: 370499199001010007|a"));
    }

    #[test]
    fn a_page_that_ends_within_a_table_says_so() {
        let survey = |page: &str| Survey::of(Input::new(Bytes::Part(page.as_bytes()), None).unwrap()).unwrap();
        assert!(survey("<table><tr><td>a</td></tr>").is_cut_off);
        assert!(!survey("<tr><td>a</td></tr>").is_cut_off);
        assert!(survey("<frameset><frame src=x></frameset>").has_frames);
        assert!(survey(&"<table><tr><td>a".repeat(100)).has_more);
        assert!(!survey("<html><table><tr><td>a</html>").is_cut_off);
        assert!(survey("<html><table><tr><td>a</html><table><tr><td>b").is_cut_off);
        assert_eq!(survey("<p>370499199001010007</p><table><tr><td>370499199001010015</table>").codes_outside, 1);
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
