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

/// Most memory that rows may take which wait for the others, in bytes.
const MOST_WAITING: usize = 256 << 20;

/// Puts the rows of a sheet together, and sends them from the top down.
pub(super) struct Rows<'a> {
    events: &'a mut EventSender,
    /// The row that is put together.
    row: RowParts,
    /// The greatest number of a row so far.
    last: u32,
    /// Rows that wait to be sorted, where they may be out of order; else each one is sent as soon as the next begins.
    waiting: Option<Waiting>,
}

/// A row that is put together.
#[derive(Debug, Default)]
struct RowParts {
    /// Counted from 1; 0 where no row has begun.
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

impl HeldCell {
    /// The cell, where its row's text begins further right.
    fn moved(self, by: usize) -> Self {
        let range = |range: Range<usize>| range.start + by..range.end + by;
        match self {
            Self::Text(text) => Self::Text(range(text)),
            Self::Other(text) => Self::Other(range(text)),
            Self::Error(text) => Self::Error(range(text)),
            Self::Number(_) | Self::Uncalculated => self,
        }
    }
}

impl<'a> Rows<'a> {
    /// Sends rows that come in their order.
    pub(super) fn new(events: &'a mut EventSender) -> Self {
        Self { events, row: RowParts::default(), last: 0, waiting: None }
    }

    /// Sends rows that may come in any order, sorted; as many as may be held wait for the others.
    pub(super) fn sorting(events: &'a mut EventSender) -> Self {
        Self { waiting: Some(Waiting::new(MOST_WAITING)), ..Self::new(events) }
    }

    /// Takes a cell: its row counted from 1, its column from 0. Cells of a row may come in any order.
    ///
    /// # Errors
    /// Fails if the cell lies outside of the largest sheet, if its row comes too late to be put in its place, or if nobody
    /// takes the rows any more.
    pub(super) fn cell(&mut self, row: u32, column: usize, cell: Cell<'_>) -> Result<(), SheetFailure> {
        self.begin(row, column)?;
        let row = &mut self.row;
        let held = match cell {
            Cell::Empty => return Ok(()),
            Cell::Text(text) => row.keep(text).map(HeldCell::Text),
            Cell::Number(number) => Some(HeldCell::Number(number)),
            Cell::Other(text) => row.keep(text).map(HeldCell::Other),
            Cell::Error(text) => row.keep(text).map(HeldCell::Error),
            Cell::Uncalculated => Some(HeldCell::Uncalculated),
        };
        match held {
            Some(held) => row.cells.push((column, held)),
            None => row.note_problem(Message::new("workbook-row-too-long")),
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
        self.row.note_problem(problem);
        Ok(())
    }

    /// Sends the last row, and those that have waited.
    ///
    /// # Errors
    /// Fails if nobody takes the rows any more.
    pub(super) fn finish(mut self) -> Result<(), SheetFailure> {
        self.pass()?;
        match self.waiting.take() {
            Some(waiting) => waiting.send(self.events),
            None => Ok(()),
        }
    }

    fn begin(&mut self, row: u32, column: usize) -> Result<(), SheetFailure> {
        if !(1..=MOST_ROWS).contains(&row) || column >= MOST_COLUMNS {
            return Err(Message::new("workbook-cell-outside").with("row", row).into());
        }
        if row == self.row.number {
            return Ok(());
        }
        self.pass()?;
        let is_late = row <= self.last;
        match &mut self.waiting {
            Some(waiting) => waiting.rises &= !is_late,
            // The rows below it are gone, so that what it says can no longer be read with them.
            None if is_late => return Err(out_of_order(row)),
            None => {}
        }
        self.last = self.last.max(row);
        self.row.number = row;
        Ok(())
    }

    /// Passes on the row that has been put together.
    fn pass(&mut self) -> Result<(), SheetFailure> {
        if self.row.cells.is_empty() && self.row.problem.is_none() {
            return Ok(());
        }
        let Some(waiting) = &mut self.waiting else { return self.row.send(self.events) };
        let number = self.row.number;
        waiting.push(std::mem::take(&mut self.row));
        if waiting.has_room() {
            return Ok(());
        }
        if !waiting.rises {
            return Err(out_of_order(number));
        }
        // Rows without numbers mostly come in their order: from here on they are sent as they come.
        match self.waiting.take() {
            Some(waiting) => waiting.send(self.events),
            None => Ok(()),
        }
    }
}

/// What keeps a sheet from being read whose rows are out of order, and too many to be sorted.
fn out_of_order(row: u32) -> SheetFailure {
    Message::new("workbook-rows-out-of-order").with("row", row).into()
}

impl RowParts {
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

    /// Adds what another piece of the same row holds.
    fn append(&mut self, other: Self) {
        let from = self.text.len();
        if from + other.text.len() > MOST_TEXT {
            self.note_problem(Message::new("workbook-row-too-long"));
            return;
        }
        self.text.push_str(&other.text);
        self.cells.extend(other.cells.into_iter().map(|(column, cell)| (column, cell.moved(from))));
        if let Some(problem) = other.problem {
            self.note_problem(problem);
        }
    }

    /// Sends the row with its cells from left to right, and empties it.
    fn send(&mut self, events: &mut EventSender) -> Result<(), SheetFailure> {
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
        events.row(self.number)?;
        if let Some(problem) = self.problem.take() {
            events.spoil_row(problem);
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
            events.cell(column, cell);
        }
        self.text.clear();
        Ok(())
    }

    /// Memory that it takes, in bytes.
    const fn size(&self) -> usize {
        size_of::<Self>() + self.cells.capacity() * size_of::<(usize, HeldCell)>() + self.text.capacity()
    }
}

/// Rows that wait until they can be sorted.
#[derive(Debug)]
struct Waiting {
    rows: Vec<RowParts>,
    /// Whether they have come in their order so far.
    rises: bool,
    /// Memory that they take, and most that they may take, in bytes.
    size: usize,
    most: usize,
}

impl Waiting {
    const fn new(most: usize) -> Self {
        Self { rows: Vec::new(), rises: true, size: 0, most }
    }

    fn push(&mut self, row: RowParts) {
        self.size += row.size();
        self.rows.push(row);
    }

    const fn has_room(&self) -> bool {
        self.size < self.most
    }

    /// Sends the rows from the top down.
    fn send(mut self, events: &mut EventSender) -> Result<(), SheetFailure> {
        if !self.rises {
            events.note(Message::new("workbook-rows-sorted"), false)?;
            self.rows.sort_by_key(|row| row.number);
        }
        let mut rows = self.rows.into_iter().peekable();
        while let Some(mut row) = rows.next() {
            while let Some(piece) = rows.next_if(|piece| piece.number == row.number) {
                row.append(piece);
            }
            row.send(events)?;
        }
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
        sent_by(None, take)
    }

    /// What is sent where rows wait to be sorted, as long as they take no more than so many bytes.
    fn sent_by(most: Option<usize>, take: impl FnOnce(&mut Rows<'_>) -> Result<(), SheetFailure>) -> (Vec<SentRow>, bool) {
        let (sender, receiver) = sync_channel(1000);
        let mut events = EventSender::new(sender);
        let mut rows = Rows { waiting: most.map(Waiting::new), ..Rows::new(&mut events) };
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
            rows.cell(2, 2, Cell::Text("c"))?;
            rows.cell(2, 0, Cell::Text("a"))?;
            rows.cell(3, 1, Cell::Number(5.0))
        });
        assert_eq!(rows, [(2, false, texts(&["a", "", "c"])), (3, false, texts(&["", "5"]))]);
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn rows_out_of_order_come_from_the_top_down_and_pieces_of_a_row_together() {
        let take = |rows: &mut Rows<'_>| {
            rows.cell(3, 0, Cell::Text("third"))?;
            rows.cell(1, 1, Cell::Text("b"))?;
            rows.cell(2, 0, Cell::Number(2.0))?;
            rows.cell(1, 0, Cell::Text("a"))
        };
        let (rows, is_whole) = sent_by(Some(1 << 20), take);
        assert!(is_whole);
        let expected = [(1, false, texts(&["a", "b"])), (2, false, texts(&["2"])), (3, false, texts(&["third"]))];
        assert_eq!(rows, expected);
        // A row that the others do not wait for comes too late.
        assert!(!sent(take).1);
    }

    #[test]
    fn rows_beyond_those_that_may_wait_are_sent_as_they_come_or_refused() {
        let rising = |rows: &mut Rows<'_>| (1..500).try_for_each(|row| rows.cell(row, 0, Cell::Text("text")));
        let (rows, is_whole) = sent_by(Some(1000), rising);
        assert!(is_whole && rows.len() == 499 && rows.is_sorted_by_key(|(number, _, _)| *number));
        let falling = |rows: &mut Rows<'_>| (1..500).rev().try_for_each(|row| rows.cell(row, 0, Cell::Text("text")));
        assert!(!sent_by(Some(1000), falling).1);
        let late = |rows: &mut Rows<'_>| (1..500).chain([7]).try_for_each(|row| rows.cell(row, 0, Cell::Text("text")));
        assert!(!sent_by(Some(1000), late).1);
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
