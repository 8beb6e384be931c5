//! Rows of a table whose cells may span others.

use super::text::is_code;
use crate::intake::cell::Cell;
use crate::intake::stream::{Closed, EventSender, MergedRange};
use crate::message::Message;

/// Columns of the widest sheet.
const MOST_COLUMNS: usize = 16_384;
/// Rows of the highest sheet.
const MOST_ROWS: u32 = 1_048_576;
/// Most text of a row, in bytes.
const MOST_TEXT: usize = 1 << 20;

/// How many rows and columns a cell takes up; at least one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub rows: u32,
    pub columns: usize,
}

impl Span {
    /// A span as a file gives it; what it cannot be is brought within bounds.
    pub(super) fn new(rows: u32, columns: usize) -> Self {
        Self { rows: rows.clamp(1, MOST_ROWS), columns: columns.clamp(1, MOST_COLUMNS) }
    }
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(f64),
    /// A date, a time or a truth value, as text.
    Other(String),
    Error(String),
    /// A formula without a value.
    Uncalculated,
}

impl Value {
    fn as_cell(&self) -> Cell<'_> {
        match self {
            Self::Text(text) if text.is_empty() => Cell::Empty,
            Self::Text(text) => Cell::Text(text),
            Self::Number(number) => Cell::Number(*number),
            Self::Other(text) => Cell::Other(text),
            Self::Error(text) => Cell::Error(text),
            Self::Uncalculated => Cell::Uncalculated,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Other(text) | Self::Error(text) => text.len(),
            Self::Number(_) | Self::Uncalculated => 0,
        }
    }
}

/// A row.
#[derive(Debug, Default, PartialEq)]
pub(super) struct GridRow {
    /// Its number, counted from 1.
    pub number: u32,
    /// Its cells with their columns, counted from 0, from left to right.
    cells: Vec<(usize, Value)>,
    /// Ranges of merged cells that begin in it.
    pub merges: Vec<MergedRange>,
    /// Columns that its cells take up, from the first one on.
    pub width: usize,
    /// Why it cannot be read, where it cannot.
    problem: Option<Message>,
    /// Bytes of text in it.
    text: usize,
}

impl GridRow {
    /// Whether nothing can be seen in it.
    pub(super) fn is_blank(&self) -> bool {
        self.problem.is_none() && self.cells.iter().all(|(_, value)| value.as_cell().is_blank())
    }

    /// Columns up to the last cell in which something can be seen.
    pub(super) fn filled_width(&self) -> usize {
        let last = self.cells.iter().rfind(|(_, value)| !value.as_cell().is_blank());
        last.map_or(0, |(column, _)| {
            self.merges.iter().find(|range| range.columns.0 == *column).map_or(*column, |range| range.columns.1) + 1
        })
    }

    /// Whether some cell of it holds what looks like a code, or what is left of one.
    pub(super) fn has_code(&self) -> bool {
        self.cells.iter().any(|(_, value)| match value {
            Value::Text(text) => is_code(text),
            value => value.as_cell().lost_precision(),
        })
    }

    /// Marks it as one that cannot be read; the first reason stands.
    pub(super) fn spoil(&mut self, problem: Message) {
        self.problem.get_or_insert(problem);
    }

    /// Sends it.
    ///
    /// # Errors
    /// Fails if nobody takes it any more.
    pub(super) fn send(&self, events: &mut EventSender) -> Result<(), Closed> {
        events.row(self.number)?;
        if let Some(problem) = &self.problem {
            events.spoil_row(problem.clone());
        }
        for (column, value) in &self.cells {
            events.cell(*column, value.as_cell());
        }
        Ok(())
    }
}

/// Places the cells of a table: those of rows above may reach down.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// For each column, the last row that a cell above reaches.
    taken_to: Vec<u32>,
    /// First column for the next cell.
    column: usize,
    /// First column of the table.
    left: usize,
}

impl Grid {
    /// A table whose first column is given, counted from 0.
    pub(super) fn at(left: usize) -> Self {
        Self { left, ..Self::default() }
    }

    /// Begins a row.
    pub(super) fn begin_row(&mut self, number: u32) -> GridRow {
        self.column = self.left;
        let mut row = GridRow { number, ..GridRow::default() };
        if number > MOST_ROWS {
            row.spoil(Message::new("markup-too-many-rows").with("row", number));
        }
        row
    }

    /// Puts a cell into a row: into the column of the table that the file names, counted from 0, or into the next free one.
    pub(super) fn put(&mut self, row: &mut GridRow, named: Option<usize>, span: Span, value: Value) {
        let free = (self.column..=MOST_COLUMNS).find(|column| self.taken_to.get(*column).is_none_or(|last| *last < row.number));
        let column = named.map(|named| self.left.saturating_add(named)).or(free).unwrap_or(MOST_COLUMNS);
        if column.saturating_add(span.columns) > MOST_COLUMNS {
            row.spoil(Message::new("markup-too-many-columns").with("row", row.number));
            return;
        }
        if column < self.column {
            row.spoil(Message::new("markup-cell-twice").with("row", row.number));
            return;
        }
        row.text += value.len();
        if row.text > MOST_TEXT {
            row.spoil(Message::new("markup-row-too-long").with("row", row.number));
            return;
        }
        let end = column + span.columns;
        let last_row = row.number.saturating_add(span.rows - 1);
        if span.rows > 1 {
            if self.taken_to.len() < end {
                self.taken_to.resize(end, 0);
            }
            for taken_to in self.taken_to.iter_mut().take(end).skip(column) {
                *taken_to = (*taken_to).max(last_row);
            }
        }
        if span.rows > 1 || span.columns > 1 {
            row.merges.push(MergedRange { rows: (row.number, last_row), columns: (column, end - 1) });
        }
        self.column = end;
        row.width = row.width.max(end);
        row.cells.push((column, value));
    }
}

/// The merged ranges of a table, as many as are held.
#[derive(Debug, Default)]
pub(super) struct Merges {
    ranges: Vec<MergedRange>,
    is_cut: bool,
}

impl Merges {
    /// Most merged ranges that are held of a table.
    const MOST: usize = 1_000_000;

    pub(super) fn add(&mut self, ranges: &[MergedRange]) {
        let room = Self::MOST.saturating_sub(self.ranges.len());
        self.is_cut |= ranges.len() > room;
        self.ranges.extend(ranges.iter().take(room));
    }

    /// Takes the ranges of a table that goes on below this one, given the last rows of both.
    pub(super) fn append(&mut self, last_row: u32, next: &Self, last_row_of_next: u32) {
        for range in &mut self.ranges {
            range.rows.1 = range.rows.1.min(last_row);
        }
        let moved: Vec<MergedRange> = next
            .ranges
            .iter()
            .map(|range| {
                let last = range.rows.1.min(last_row_of_next);
                MergedRange { rows: (range.rows.0.saturating_add(last_row), last.saturating_add(last_row)), ..*range }
            })
            .collect();
        self.is_cut |= next.is_cut;
        self.add(&moved);
    }

    /// Sends the ranges of a table whose last row is given: no cell reaches further down.
    ///
    /// # Errors
    /// Fails if nobody takes them any more.
    pub(super) fn send(&self, last_row: u32, events: &mut EventSender) -> Result<(), Closed> {
        if self.is_cut {
            events.note(Message::new("markup-too-many-merges").with("most", Self::MOST), true)?;
        }
        let within = self.ranges.iter().map(|range| MergedRange { rows: (range.rows.0, range.rows.1.min(last_row)), ..*range });
        events.merges(within.filter(|range| range.rows.0 < range.rows.1 || range.columns.0 < range.columns.1).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn cells_that_reach_down_move_those_beside_them() {
        let mut grid = Grid::default();
        let mut first = grid.begin_row(1);
        grid.put(&mut first, None, Span::new(2, 1), text("a"));
        grid.put(&mut first, None, Span::new(1, 2), text("b"));
        grid.put(&mut first, None, Span::new(1, 1), text("c"));
        assert_eq!(first.cells, [(0, text("a")), (1, text("b")), (3, text("c"))]);
        assert_eq!(first.merges, [MergedRange { rows: (1, 2), columns: (0, 0) }, MergedRange { rows: (1, 1), columns: (1, 2) }]);
        let mut second = grid.begin_row(2);
        grid.put(&mut second, None, Span::new(1, 1), text("d"));
        assert_eq!(second.cells, [(1, text("d"))]);
        let mut third = grid.begin_row(3);
        grid.put(&mut third, None, Span::new(1, 1), text("e"));
        grid.put(&mut third, Some(5), Span::new(1, 1), text("f"));
        assert_eq!(third.cells, [(0, text("e")), (5, text("f"))]);
    }

    #[test]
    fn cells_that_cannot_be_placed_spoil_their_row() {
        for (named, span, problem) in [
            (Some(0), Span::new(1, 1), "markup-cell-twice row=1"),
            (Some(16_384), Span::new(1, 1), "markup-too-many-columns row=1"),
            (Some(usize::MAX), Span::new(1, 9), "markup-too-many-columns row=1"),
            (None, Span::new(1, 16_384), "markup-too-many-columns row=1"),
        ] {
            let mut grid = Grid::default();
            let mut row = grid.begin_row(1);
            grid.put(&mut row, None, Span::new(1, 1), text("a"));
            grid.put(&mut row, named, span, text("b"));
            assert_eq!(row.problem.map(|problem| problem.to_string()).as_deref(), Some(problem));
        }
    }

    #[test]
    fn a_row_knows_how_wide_it_is_and_whether_it_holds_a_code() {
        let mut grid = Grid::default();
        let mut row = grid.begin_row(1);
        grid.put(&mut row, None, Span::new(1, 1), text("a"));
        grid.put(&mut row, None, Span::new(1, 2), text("b"));
        grid.put(&mut row, None, Span::new(1, 1), text(" "));
        assert_eq!((row.width, row.filled_width(), row.has_code()), (4, 3, false));
        for code in [text("370499199001010007"), Value::Number(370_499_199_001_010_007.0)] {
            let mut row = grid.begin_row(2);
            grid.put(&mut row, None, Span::new(1, 1), code);
            assert!(row.has_code() && row.width == 1);
        }
    }

    #[test]
    fn merged_ranges_of_a_table_that_goes_on_move_down() {
        let range = |rows, columns| MergedRange { rows, columns };
        let mut first = Merges::default();
        first.add(&[range((1, 9), (0, 0))]);
        let mut next = Merges::default();
        next.add(&[range((1, 2), (1, 1)), range((3, 9), (0, 1))]);
        first.append(2, &next, 4);
        assert_eq!(first.ranges, [range((1, 2), (0, 0)), range((3, 4), (1, 1)), range((5, 6), (0, 1))]);
    }

    proptest! {
        #[test]
        fn no_two_cells_meet(spans in prop::collection::vec(prop::collection::vec((1u32..4, 1usize..4), 0..5), 1..6)) {
            let mut grid = Grid::default();
            let mut taken = std::collections::HashSet::new();
            for (number, spans) in (1..).zip(spans) {
                let mut row = grid.begin_row(number);
                for (rows, columns) in spans {
                    let before = row.cells.len();
                    grid.put(&mut row, None, Span::new(rows, columns), text("x"));
                    let column = row.cells[before].0;
                    // Browsers let a wide cell run into one from above; what it holds stands in its first cell all the same.
                    prop_assert!(taken.insert((number, column)));
                    for below in 1..rows {
                        taken.insert((number + below, column));
                    }
                }
                prop_assert!(row.cells.is_sorted_by(|before, after| before.0 < after.0));
            }
        }
    }
}
