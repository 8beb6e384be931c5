//! Codes that stand where no header says what they are: above the header, or beside the columns that it names.

use super::Note;
use super::account::RowList;
use super::cell::{Cell, SheetRow};
use super::columns::column_letters;
use super::header::Header;
use super::holder::Checks;
use super::repair::{repair_code, repair_text};
use crate::message::Message;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Length of a text, in bytes, that may hold a code with a check character, wrapped in whatever.
const LENGTH: RangeInclusive<usize> = 18..=100;
/// Columns that a message names at most.
const MOST_NAMED: usize = 10;

/// Returns whether a cell holds a holder code whose check character fits, or a number of as many digits.
pub(super) fn holds_code(cell: &Cell<'_>, today: NaiveDate) -> bool {
    match cell {
        Cell::Text(text) => LENGTH.contains(&text.len()) && Checks::of(&repair_code(text).0, today).kind().is_some(),
        // A code that went through a number has lost its last digits.
        Cell::Number(number) => (1e17..1e18).contains(number),
        Cell::Empty | Cell::Other(_) | Cell::Error(_) | Cell::Uncalculated => false,
    }
}

/// Returns whether a row holds a code. One beside a label, such as 统一社会信用代码：, tells of the whole sheet
/// and is no row of a list.
pub(super) fn is_coded(row: SheetRow<'_>, today: NaiveDate) -> bool {
    let is_labelled = |column: usize| {
        let label = column.checked_sub(1).map(|left| repair_text(&row.cell(left).text()).0);
        label.is_some_and(|label| label.ends_with([':', '：']))
    };
    row.cells().enumerate().any(|(column, cell)| holds_code(&cell, today) && !is_labelled(column))
}

/// Codes beside the columns that a header names.
#[derive(Debug, Default)]
pub(super) struct StrayCodes {
    /// Columns of the header without a text.
    unnamed: Vec<usize>,
    /// Columns that the header takes up.
    width: usize,
    /// Columns with codes.
    columns: BTreeSet<usize>,
    /// Rows with codes there.
    rows: RowList,
    count: u64,
}

impl StrayCodes {
    /// Nothing yet, below a header.
    pub(super) fn below(header: &Header) -> Self {
        let unnamed = header.headings.iter().enumerate().filter(|(_, heading)| heading.text.is_empty());
        Self { unnamed: unnamed.map(|(column, _)| column).collect(), width: header.headings.len(), ..Self::default() }
    }

    /// Looks at a row of data.
    pub(super) fn look(&mut self, row: SheetRow<'_>, today: NaiveDate) {
        let unnamed = self.unnamed.iter().map(|column| (*column, row.cell(*column)));
        let mut has_code = false;
        for (column, cell) in unnamed.chain(row.cells().enumerate().skip(self.width)) {
            if holds_code(&cell, today) {
                self.columns.insert(column);
                has_code = true;
            }
        }
        if has_code {
            self.rows.push(row.number);
            self.count += 1;
        }
    }

    /// What a person has to know of them, if there are any.
    pub(super) fn note(&self) -> Option<Note> {
        if self.count == 0 {
            return None;
        }
        let letters: Vec<String> = self.columns.iter().take(MOST_NAMED).map(|column| column_letters(*column)).collect();
        let message = Message::new("codes-without-header").with("count", self.count).with("columns", letters.join(", "));
        Some(Note { message: message.with_message("rows", self.rows.to_message()), needs_attention: true })
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::RowBatch;
    use super::super::heading::Heading;
    use super::*;

    const CITIZEN: &str = "11010519491231002X";

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()
    }

    fn batch(rows: &[&[Cell<'_>]]) -> RowBatch {
        let mut batch = RowBatch::default();
        for (number, cells) in (1..).zip(rows) {
            batch.begin_row(number);
            for (column, cell) in cells.iter().enumerate() {
                batch.push(column, *cell);
            }
        }
        batch
    }

    #[test]
    fn codes_are_known_by_their_check_characters() {
        for (cell, is_code) in [
            (Cell::Text(CITIZEN), true),
            (Cell::Text("\t'11010519491231002x "), true),
            (Cell::Text("91350100M000100Y43"), true),
            (Cell::Text("110105194912310021"), false),
            (Cell::Text("2026年11月清单"), false),
            (Cell::Number(110_105_194_912_310_020.0), true),
            (Cell::Number(13_800_000_000.0), false),
            (Cell::Empty, false),
        ] {
            assert_eq!(holds_code(&cell, today()), is_code, "{cell:?}");
        }
    }

    #[test]
    fn a_code_behind_a_label_is_no_row_of_a_list() {
        for (cells, expected) in [
            (&[Cell::Text("张三"), Cell::Text(CITIZEN)][..], true),
            (&[Cell::Text("填报单位代码："), Cell::Text("91350100M000100Y43")], false),
            (&[Cell::Text(CITIZEN)], true),
        ] {
            let batch = batch(&[cells]);
            assert_eq!(is_coded(batch.rows().next().unwrap(), today()), expected, "{cells:?}");
        }
    }

    #[test]
    fn codes_beside_the_columns_of_a_header_are_told_with_their_places() {
        let headings = ["身份证号", "", "证照类型代码"].map(|text| Heading::of(&[text]));
        let header = Header { row: 1, headings: headings.into(), ..Header::default() };
        let code = Cell::Text(CITIZEN);
        let batch = batch(&[&[code], &[code, code], &[code, Cell::Empty, Cell::Empty, Cell::Empty, code], &[code]]);
        let mut stray = StrayCodes::below(&header);
        assert!(stray.note().is_none());
        batch.rows().for_each(|row| stray.look(row, today()));
        let rows = Message::new("row-list").with("rows", "2–3");
        let message = Message::new("codes-without-header").with("count", 2).with("columns", "B, E").with_message("rows", rows);
        assert_eq!(stray.note(), Some(Note { message, needs_attention: true }));
    }
}
