//! Merged cells: the value in the first cell of a range speaks for the rows below it.

use super::account::RowList;
use super::cell::{Cell, SheetRow};
use super::stream::MergedRange;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A header is not merged over more rows than this.
const HIGHEST_HEADER: u32 = 3;

/// A cell's value, kept for the rows below.
#[derive(Debug)]
enum Value {
    Text(String),
    Number(f64),
    Other(String),
    Error(String),
    Uncalculated,
}

impl Value {
    /// Keeps a cell's value; `None` where it is blank.
    fn of(cell: Cell<'_>) -> Option<Self> {
        if cell.is_blank() {
            return None;
        }
        Some(match cell {
            Cell::Empty => return None,
            Cell::Text(text) => Self::Text(text.to_owned()),
            Cell::Number(number) => Self::Number(number),
            Cell::Other(text) => Self::Other(text.to_owned()),
            Cell::Error(text) => Self::Error(text.to_owned()),
            Cell::Uncalculated => Self::Uncalculated,
        })
    }

    fn cell(&self) -> Cell<'_> {
        match self {
            Self::Text(text) => Cell::Text(text),
            Self::Number(number) => Cell::Number(*number),
            Self::Other(text) => Cell::Other(text),
            Self::Error(text) => Cell::Error(text),
            Self::Uncalculated => Cell::Uncalculated,
        }
    }
}

/// A range that the rows have come to.
#[derive(Debug)]
struct Active {
    rows: (u32, u32),
    value: Value,
}

/// The merged ranges of a sheet, followed row by row.
#[derive(Debug, Default)]
pub(super) struct Merges {
    /// By first row.
    ranges: Arc<[MergedRange]>,
    /// Index of the first range that begins below the rows so far.
    next: usize,
    /// Ranges that cover the row at hand, by their first column.
    active: BTreeMap<usize, Active>,
    /// The last row so far that holds anything of its own.
    last: u32,
    /// Rows that a range covers and that hold nothing of their own.
    empty_rows: u64,
    /// Rows with a value of their own below a merged cell that says something else.
    hidden: RowList,
}

impl Merges {
    pub(super) fn new(mut ranges: Vec<MergedRange>) -> Self {
        ranges.sort_by_key(|range| (range.rows.0, range.columns.0));
        Self { ranges: ranges.into(), ..Self::default() }
    }

    /// Returns the same ranges, to be followed from the first row on.
    pub(super) fn restarted(&self) -> Self {
        Self { ranges: Arc::clone(&self.ranges), ..Self::default() }
    }

    /// Whether the sheet has none, or its kind of file tells none.
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Goes on to a row that holds something of its own.
    pub(super) fn begin_row(&mut self, row: SheetRow<'_>) {
        if self.ranges.is_empty() {
            return;
        }
        self.pass(row.number.saturating_sub(1));
        self.active.retain(|_, active| active.rows.1 >= row.number);
        while let Some(range) = self.ranges.get(self.next).copied().filter(|range| range.rows.0 <= row.number) {
            self.next += 1;
            // A range that the rows have passed by began in a row without anything, so it says nothing.
            if range.rows.0 == row.number
                && range.rows.1 > row.number
                && let Some(value) = Value::of(row.cell(range.columns.0))
            {
                self.active.insert(range.columns.0, Active { rows: range.rows, value });
            }
        }
        let says_otherwise = |(column, active): (&usize, &Active)| {
            let own = row.cell(*column);
            active.rows.0 < row.number && !own.is_blank() && own.text() != active.value.cell().text()
        };
        if self.active.iter().any(says_otherwise) {
            self.hidden.push(row.number);
        }
        self.last = self.last.max(row.number);
    }

    /// Passes over rows up to `row` that hold nothing of their own.
    fn pass(&mut self, row: u32) {
        let covered = self.active.values().map(|active| active.rows.1).max().unwrap_or_default().min(row);
        self.empty_rows += u64::from(covered.saturating_sub(self.last));
    }

    /// The value that a range over the row at hand gives to a column; empty where there is none, and in the row that the
    /// value stands in.
    fn value(&self, column: usize, row: u32) -> Cell<'_> {
        // Most sheets have no merged cells, and this is asked for every cell that is read.
        if self.active.is_empty() {
            return Cell::Empty;
        }
        let active = self.active.get(&column).filter(|active| active.rows.0 < row);
        active.map_or(Cell::Empty, |active| active.value.cell())
    }

    /// A cell of the row at hand, with its value from the row above where a range gives it one; and whether it does.
    pub(super) fn cell<'a>(&'a self, row: SheetRow<'a>, column: usize) -> (Cell<'a>, bool) {
        let own = row.cell(column);
        if !own.is_blank() {
            return (own, false);
        }
        match self.value(column, row.number) {
            Cell::Empty => (own, false),
            value => (value, true),
        }
    }

    /// Ends the sheet. Returns how many rows ranges cover that hold nothing of their own, and the rows whose own values
    /// are hidden below a merged cell.
    pub(super) fn finish(&mut self) -> (u64, RowList) {
        self.pass(u32::MAX);
        self.active.clear();
        (std::mem::take(&mut self.empty_rows), std::mem::take(&mut self.hidden))
    }

    /// Writes the texts of cells that are merged sideways into all of their columns, in a row of a header.
    pub(super) fn spread(&self, row: u32, texts: &mut Vec<String>, width: usize) {
        for range in self.beginning_in(row) {
            let (first, last) = (range.columns.0, range.columns.1.min(width.saturating_sub(1)));
            let Some(text) = texts.get(first).filter(|text| !text.is_empty()).cloned() else { continue };
            if texts.len() <= last {
                texts.resize(last + 1, String::new());
            }
            for place in texts.iter_mut().take(last + 1).skip(first + 1) {
                place.clone_from(&text);
            }
        }
    }

    /// How many columns the merged cell at a place takes up; 1 where it is not merged.
    pub(super) fn width(&self, row: u32, column: usize) -> usize {
        let mut widths = self.beginning_in(row).filter(|range| range.columns.0 == column);
        widths.next().map_or(1, |range| range.columns.1.saturating_sub(range.columns.0) + 1)
    }

    /// The last row of the header that `row` belongs to, as far as cells of it are merged downwards.
    pub(super) fn bottom(&self, row: u32, is_header_column: impl Fn(usize) -> bool) -> u32 {
        let covering = self.ranges.iter().take_while(|range| range.rows.0 <= row);
        let of_header = covering.filter(|range| range.rows.1 > row && range.rows.1 < row.saturating_add(HIGHEST_HEADER));
        of_header.filter(|range| is_header_column(range.columns.0)).map(|range| range.rows.1).max().unwrap_or(row)
    }

    fn beginning_in(&self, row: u32) -> impl Iterator<Item = &MergedRange> {
        let from = self.ranges.partition_point(|range| range.rows.0 < row);
        self.ranges.iter().skip(from).take_while(move |range| range.rows.0 == row)
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::RowBatch;
    use super::*;

    fn range(rows: (u32, u32), columns: (usize, usize)) -> MergedRange {
        MergedRange { rows, columns }
    }

    fn batch(rows: &[(u32, &[&str])]) -> RowBatch {
        let mut batch = RowBatch::default();
        for (number, cells) in rows {
            batch.begin_row(*number);
            for (column, text) in cells.iter().enumerate() {
                batch.push(column, if text.is_empty() { Cell::Empty } else { Cell::Text(text) });
            }
        }
        batch
    }

    #[test]
    fn a_value_speaks_for_the_rows_that_its_range_covers_and_for_its_first_column_alone() {
        let batch = batch(&[(2, &["甲", "1"]), (3, &["", "2"]), (5, &["", "3"]), (6, &["", "4"])]);
        let mut merges = Merges::new(vec![range((2, 5), (0, 0)), range((3, 3), (1, 2)), range((6, 9), (1, 2))]);
        let mut found = Vec::new();
        for row in batch.rows() {
            merges.begin_row(row);
            found.push((0..3).map(|column| merges.cell(row, column).0.text()).collect::<Vec<_>>().join("|"));
        }
        assert_eq!(found, ["甲|1|", "甲|2|", "甲|3|", "|4|"]);
        // Row 4, and rows 7 to 9 of the last range.
        let (empty, hidden) = merges.finish();
        assert_eq!((empty, hidden.is_empty()), (4, true));
    }

    #[test]
    fn a_value_of_its_own_stays_and_is_told() {
        let batch = batch(&[(2, &["甲"]), (3, &["乙"]), (4, &["甲"])]);
        let mut merges = Merges::new(vec![range((2, 4), (0, 0))]);
        let mut found = Vec::new();
        for row in batch.rows() {
            merges.begin_row(row);
            found.push(merges.cell(row, 0).0.text());
        }
        assert_eq!(found, ["甲", "乙", "甲"]);
        let mut expected = RowList::default();
        expected.push(3);
        assert_eq!(merges.finish().1.to_message(), expected.to_message());
    }

    #[test]
    fn a_range_without_a_value_says_nothing() {
        let batch = batch(&[(3, &["", "1"]), (4, &["", "2"])]);
        let mut merges = Merges::new(vec![range((2, 9), (0, 0)), range((3, 9), (0, 0))]);
        for row in batch.rows() {
            merges.begin_row(row);
            assert_eq!(merges.cell(row, 0), (Cell::Empty, false));
        }
        assert_eq!(merges.finish().0, 0);
    }

    #[test]
    fn the_cells_of_a_header_are_spread_sideways() {
        let merges = Merges::new(vec![range((1, 1), (1, 2)), range((1, 2), (0, 0)), range((1, 1), (3, 16_383))]);
        let mut texts: Vec<String> = ["序号", "持证主体", "", "证照"].map(str::to_owned).into();
        merges.spread(1, &mut texts, 5);
        assert_eq!(texts, ["序号", "持证主体", "持证主体", "证照", "证照"]);
        assert_eq!((merges.width(1, 1), merges.width(1, 0)), (2, 1));
        assert_eq!((merges.bottom(1, |_| true), merges.bottom(1, |column| column > 0), merges.bottom(2, |_| true)), (2, 1, 2));
    }
}
