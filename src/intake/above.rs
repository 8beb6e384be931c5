//! The values of the row above, for cells that say 同上.

use super::cell::{Cell, RowBatch, SheetRow};
use super::merged::Merges;
use super::repair::is_ditto;

/// The values of the last row, by column.
#[derive(Debug, Default)]
pub(super) struct Above {
    /// The last row; none before the first one.
    last: RowBatch,
    /// Where the next one is put together. Both are used again and again, so that a row costs no allocation.
    next: RowBatch,
}

impl Above {
    /// The value that a cell of a column stands for, where it says that it is that of the row above; `None` where it says
    /// anything else, and where there is no row above.
    pub(super) fn value(&self, column: usize, cell: &Cell<'_>) -> Option<Cell<'_>> {
        value_in(&self.last, column, cell)
    }

    /// Keeps the values of a row in some columns, which rise.
    pub(super) fn keep(&mut self, row: SheetRow<'_>, merges: &Merges, columns: &[usize]) {
        let Self { last, next } = self;
        next.clear();
        next.begin_row(row.number);
        for column in columns.iter().copied() {
            let (cell, _) = merges.cell(row, column);
            next.push(column, value_in(last, column, &cell).unwrap_or(cell));
        }
        std::mem::swap(last, next);
    }
}

fn value_in<'a>(last: &'a RowBatch, column: usize, cell: &Cell<'_>) -> Option<Cell<'a>> {
    let Cell::Text(text) = cell else { return None };
    if !is_ditto(text) {
        return None;
    }
    last.rows().next().map(|row| row.cell(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_for_the_value_above_through_any_number_of_rows() {
        let mut batch = RowBatch::default();
        for (number, cells) in (2..).zip([["〃", "1"], ["甲", "2"], ["同上", "〃"], ["〃", ""], ["〃", "同上"]]) {
            batch.begin_row(number);
            for (column, text) in cells.into_iter().enumerate() {
                batch.push(column, if text.is_empty() { Cell::Empty } else { Cell::Text(text) });
            }
        }
        let (mut above, merges) = (Above::default(), Merges::default());
        let mut found = Vec::new();
        for row in batch.rows() {
            let values = [0, 1].map(|column| above.value(column, &row.cell(column)).map(|value| value.text()));
            found.push(values);
            above.keep(row, &merges, &[0, 1]);
        }
        let some = |text: &str| Some(text.to_owned());
        let expected = [[None, None], [None, None], [some("甲"), some("2")], [some("甲"), None], [some("甲"), some("")]];
        assert_eq!(found, expected);
    }
}
