//! From cells, in whatever order a file stores them, to rows with their cells from left to right.

use super::fault::SheetFailure;
use super::xml::CellText;
use crate::intake::cell::Cell;
use crate::intake::stream::EventSender;
use crate::message::Message;
use std::ops::Range;

/// Rows of the largest sheet.
pub(super) const MOST_ROWS: u32 = 1_048_576;
/// Columns of the widest sheet: the last one is XFD.
pub(super) const MOST_COLUMNS: usize = 16_384;
/// Most text of one row, in bytes. Whole batches of rows wait to be checked, so a row has to be small; it holds two of the
/// longest cells.
const MOST_TEXT: usize = 256 * 1024;

/// Puts the rows of a sheet together, one at a time, and sends them.
pub(super) struct Rows<'a> {
    events: &'a mut EventSender,
    /// Row that is put together, counted from 1; 0 before the first.
    number: u32,
    cells: Vec<(usize, HeldCell)>,
    text: String,
    problem: Option<Message>,
}

/// A cell whose text lies in its row's.
#[derive(Debug, Clone)]
enum HeldCell {
    Text(Range<usize>),
    Number(f64),
    Other(Range<usize>),
    Error(Range<usize>),
    Uncalculated,
}

impl<'a> Rows<'a> {
    pub(super) fn new(events: &'a mut EventSender) -> Self {
        Self { events, number: 0, cells: Vec::new(), text: String::new(), problem: None }
    }

    /// Takes a cell: its row counted from 1, its column from 0. Cells of a row follow each other, in any order.
    ///
    /// # Errors
    /// Fails if the cell lies outside of the largest sheet, or nobody takes the rows any more.
    pub(super) fn cell(&mut self, row: u32, column: usize, cell: Cell<'_>) -> Result<(), SheetFailure> {
        self.begin(row, column)?;
        let held = match cell {
            Cell::Empty => return Ok(()),
            Cell::Text(text) => self.keep(text).map(HeldCell::Text),
            Cell::Number(number) => Some(HeldCell::Number(number)),
            Cell::Other(text) => self.keep(text).map(HeldCell::Other),
            Cell::Error(text) => self.keep(text).map(HeldCell::Error),
            Cell::Uncalculated => Some(HeldCell::Uncalculated),
        };
        match held {
            Some(held) => self.cells.push((column, held)),
            None => self.note_problem(Message::new("workbook-row-too-long")),
        }
        Ok(())
    }

    /// Takes a cell with text, which may be longer than a cell's text can be.
    ///
    /// # Errors
    /// Fails like [`Rows::cell`].
    pub(super) fn text_cell(&mut self, row: u32, column: usize, text: &CellText) -> Result<(), SheetFailure> {
        if text.is_cut {
            return self.spoil(row, column, Message::new("workbook-cell-too-long").with("cell", cell_name(row, column)));
        }
        self.cell(row, column, Cell::Text(&text.text))
    }

    /// Takes a cell with a text that the workbook's cells share: the text, and whether it is cut; `None` where the workbook
    /// lacks it.
    ///
    /// # Errors
    /// Fails like [`Rows::cell`].
    pub(super) fn shared_text_cell(&mut self, row: u32, column: usize, shared: Option<(&str, bool)>) -> Result<(), SheetFailure> {
        let problem = match shared {
            Some((text, false)) => return self.cell(row, column, Cell::Text(text)),
            Some((_, true)) => "workbook-cell-too-long",
            None => "workbook-shared-text-missing",
        };
        self.spoil(row, column, Message::new(problem).with("cell", cell_name(row, column)))
    }

    /// Marks a cell's row as one that cannot be read.
    ///
    /// # Errors
    /// Fails like [`Rows::cell`].
    pub(super) fn spoil(&mut self, row: u32, column: usize, problem: Message) -> Result<(), SheetFailure> {
        self.begin(row, column)?;
        self.note_problem(problem);
        Ok(())
    }

    /// Sends the last row.
    ///
    /// # Errors
    /// Fails if nobody takes the rows any more.
    pub(super) fn finish(mut self) -> Result<(), SheetFailure> {
        self.send()
    }

    fn begin(&mut self, row: u32, column: usize) -> Result<(), SheetFailure> {
        if !(1..=MOST_ROWS).contains(&row) || column >= MOST_COLUMNS {
            return Err(Message::new("workbook-cell-outside").with("row", row).into());
        }
        if row != self.number {
            self.send()?;
            self.number = row;
        }
        Ok(())
    }

    fn note_problem(&mut self, problem: Message) {
        self.problem.get_or_insert(problem);
    }

    fn keep(&mut self, text: &str) -> Option<Range<usize>> {
        let from = self.text.len();
        if from + text.len() > MOST_TEXT {
            return None;
        }
        self.text.push_str(text);
        Some(from..self.text.len())
    }

    fn send(&mut self) -> Result<(), SheetFailure> {
        if self.cells.is_empty() && self.problem.is_none() {
            return Ok(());
        }
        if !self.cells.is_sorted_by_key(|(column, _)| *column) {
            self.cells.sort_by_key(|(column, _)| *column);
        }
        let twice = self.cells.windows(2).find_map(|pair| match pair {
            [(first, _), (second, _)] if first == second => Some(*first),
            _ => None,
        });
        if let Some(column) = twice {
            self.note_problem(Message::new("workbook-cell-twice").with("cell", cell_name(self.number, column)));
            self.cells.dedup_by_key(|(column, _)| *column);
        }
        self.events.row(self.number)?;
        if let Some(problem) = self.problem.take() {
            self.events.spoil_row(problem);
        }
        for (column, held) in self.cells.drain(..) {
            let text = |range: Range<usize>| self.text.get(range).unwrap_or_default();
            let cell = match held {
                HeldCell::Text(range) => Cell::Text(text(range)),
                HeldCell::Number(number) => Cell::Number(number),
                HeldCell::Other(range) => Cell::Other(text(range)),
                HeldCell::Error(range) => Cell::Error(text(range)),
                HeldCell::Uncalculated => Cell::Uncalculated,
            };
            self.events.cell(column, cell);
        }
        self.text.clear();
        Ok(())
    }
}

/// A cell as a person finds it, such as `B12`; the row counted from 1, the column from 0.
pub(super) fn cell_name(row: u32, column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.extend(char::from_digit(10 + u32::try_from(rest % 26).unwrap_or(0), 36));
        rest /= 26;
    }
    letters.iter().rev().map(char::to_ascii_uppercase).collect::<String>() + &row.to_string()
}

/// Row (counted from 1) and column (from 0) of a cell's name, such as `B12`.
pub(super) fn cell_place(name: &str) -> Option<(u32, usize)> {
    let digits = name.find(|character: char| character.is_ascii_digit())?;
    let (letters, row) = name.split_at_checked(digits)?;
    let mut column = 0usize;
    for letter in letters.chars() {
        let value = letter.to_digit(36).filter(|value| *value >= 10)? - 9;
        column = column.checked_mul(26)?.checked_add(usize::try_from(value).ok()?)?;
    }
    Some((row.parse().ok()?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::stream::SheetEvent;
    use proptest::prelude::*;
    use std::sync::mpsc::sync_channel;

    /// Row number, whether it is spoilt, and its cells' texts.
    type SentRow = (u32, bool, Vec<String>);

    fn sent(take: impl FnOnce(&mut Rows<'_>) -> Result<(), SheetFailure>) -> (Vec<SentRow>, bool) {
        let (sender, receiver) = sync_channel(1000);
        let mut events = EventSender::new(sender);
        let mut rows = Rows::new(&mut events);
        let is_whole = take(&mut rows).is_ok();
        rows.finish().unwrap();
        events.end().unwrap();
        drop(events);
        let mut found: Vec<SentRow> = Vec::new();
        for event in receiver {
            if let SheetEvent::Rows(batch) = event {
                for row in batch.rows() {
                    found.push((row.number, row.problem.is_some(), row.cells().map(|cell| cell.text()).collect()));
                }
            }
        }
        (found, is_whole)
    }

    #[test]
    fn cells_out_of_order_come_from_left_to_right() {
        let (rows, _) = sent(|rows| {
            rows.cell(3, 2, Cell::Text("c"))?;
            rows.cell(3, 0, Cell::Text("a"))?;
            rows.cell(2, 1, Cell::Number(5.0))
        });
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(rows, [(3, false, texts(&["a", "", "c"])), (2, false, texts(&["", "5"]))]);
    }

    #[test]
    fn a_row_that_names_a_cell_twice_is_spoilt() {
        let (rows, _) = sent(|rows| {
            rows.cell(1, 1, Cell::Text("one"))?;
            rows.cell(1, 0, Cell::Text("a"))?;
            rows.cell(1, 1, Cell::Text("two"))
        });
        assert_eq!(rows, [(1, true, vec!["a".to_owned(), "one".to_owned()])]);
    }

    #[test]
    fn a_row_with_more_text_than_a_row_has_is_spoilt_and_small() {
        let long = CellText { text: "x".repeat(super::super::xml::LONGEST_TEXT), is_cut: false };
        let (rows, is_whole) = sent(|rows| (0..1000).try_for_each(|column| rows.text_cell(7, column, &long)));
        assert!(is_whole);
        assert_eq!((rows[0].0, rows[0].1), (7, true));
        assert!(rows[0].2.iter().map(String::len).sum::<usize>() <= MOST_TEXT);
    }

    #[test]
    fn a_cell_outside_of_the_largest_sheet_is_refused() {
        for (row, column) in [(0, 0), (MOST_ROWS + 1, 0), (1, MOST_COLUMNS)] {
            assert!(!sent(|rows| rows.cell(row, column, Cell::Number(1.0))).1);
        }
        assert!(sent(|rows| rows.cell(MOST_ROWS, MOST_COLUMNS - 1, Cell::Number(1.0))).1);
    }

    #[test]
    fn cells_are_named_as_excel_names_them() {
        for (row, column, name) in
            [(1, 0, "A1"), (12, 1, "B12"), (3, 25, "Z3"), (3, 26, "AA3"), (1_048_576, 16_383, "XFD1048576")]
        {
            assert_eq!(cell_name(row, column), name);
            assert_eq!(cell_place(name), Some((row, column)));
        }
        for name in ["", "A", "$B$12", "12", "1A", "A99999999999", "ZZZZZZZZZZZZZZZZZZZZZZZZ1", "é1"] {
            assert_eq!(cell_place(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_name_leads_back_to_its_cell(row in 1..=MOST_ROWS, column in 0..MOST_COLUMNS) {
            prop_assert_eq!(cell_place(&cell_name(row, column)), Some((row, column)));
        }
    }
}
