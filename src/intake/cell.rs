//! Cells and rows, whatever kind of file they come from.
//!
//! Rows travel from a file's reader to the one who checks them in batches that keep all text in one piece: a cell by
//! itself costs no allocation.

use crate::message::Message;
use std::ops::Range;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) enum Cell<'a> {
    /// Nothing.
    #[default]
    Empty,
    /// Text.
    Text(&'a str),
    /// A number; spreadsheets keep fifteen digits of it.
    Number(f64),
    /// A date, a time or a truth value, as text.
    Other(&'a str),
    /// An error such as `#REF!`.
    Error(&'a str),
    /// A formula for which the file stores no value: nobody has calculated it yet.
    Uncalculated,
}

/// From here on a number has sixteen digits before the point, of which a spreadsheet keeps fifteen.
const SIXTEEN_DIGITS: f64 = 1e15;

impl Cell<'_> {
    /// The cell as text; whole numbers without a point. Errors as they show.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Empty | Self::Uncalculated => String::new(),
            Self::Text(text) | Self::Other(text) | Self::Error(text) => (*text).to_owned(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// Whether it is this text, space at its ends aside.
    pub(super) fn says(&self, text: &str) -> bool {
        match self {
            Self::Empty => text.is_empty(),
            Self::Uncalculated => false,
            Self::Text(own) | Self::Other(own) | Self::Error(own) => own.trim() == text,
            Self::Number(_) => self.text() == text,
        }
    }

    /// Whether there is nothing in it but space.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Other(_) | Self::Error(_) | Self::Uncalculated => false,
        }
    }

    /// Whether it is a text in scientific notation, as spreadsheets show long numbers.
    pub(super) fn is_in_scientific_notation(&self) -> bool {
        matches!(self, Self::Text(text) if is_scientific(text.trim()))
    }

    /// Whether it is a code whose last digits are gone, whatever its check character says: sixteen digits or more that
    /// went through a number, or any number in scientific notation, which text files show with a few digits.
    pub(super) fn lost_precision(&self) -> bool {
        match self {
            Self::Number(number) => number.abs() >= SIXTEEN_DIGITS,
            Self::Text(text) => is_scientific(text.trim()) || is_long_decimal(text.trim()),
            Self::Empty | Self::Other(_) | Self::Error(_) | Self::Uncalculated => false,
        }
    }
}

/// Scientific notation: `3.70481E+17` or `1.23457E+11` as spreadsheets write it, `3.70481E17` as Java does from sixteen digits
/// on. What Java writes of fewer digits has them all.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    if whole.len() != 1 || !is_digits(whole) || !is_digits(fraction) {
        return false;
    }
    match exponent.strip_prefix('+') {
        Some(places) => places.len() >= 2 && places.len() <= 3 && is_digits(places),
        None => mantissa.contains('.') && exponent.parse().is_ok_and(|places: u32| places >= 15),
    }
}

/// Sixteen digits or more with decimals, such as `370481199206240000.00`: no code has a point.
fn is_long_decimal(text: &str) -> bool {
    let is_long = |(whole, fraction): (&str, &str)| whole.len() >= 16 && is_digits(whole) && is_digits(fraction);
    text.split_once('.').is_some_and(is_long)
}

/// Returns whether all digits from the sixteenth on are zeros, as a spreadsheet leaves them where it saves numbers as text;
/// `None` where a text is not eighteen digits at least, of which three zeros could be chance only once in a thousand.
pub(super) fn ends_in_zeros(text: &str) -> Option<bool> {
    let text = text.trim();
    let tail = text.get(15..).filter(|_| text.len() >= 18 && is_digits(text))?;
    Some(tail.bytes().all(|digit| digit == b'0'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A cell whose text lies in its batch.
#[derive(Debug, Clone)]
enum Packed {
    Empty,
    Text(Range<usize>),
    Number(f64),
    Other(Range<usize>),
    Error(Range<usize>),
    Uncalculated,
}

/// Rows that travel together.
#[derive(Debug, Default)]
pub(super) struct RowBatch {
    text: String,
    cells: Vec<Packed>,
    /// Row number, counted from 1, and where its cells begin.
    rows: Vec<(u32, usize)>,
    /// Rows that cannot be read: index in `rows`, and why. In order.
    spoilt: Vec<(usize, Message)>,
    /// Rows that take up more than one line of a text: index in `rows`, and how many lines follow the first. In order.
    continued: Vec<(usize, u32)>,
}

impl RowBatch {
    /// Begins a row; cells follow in the order of their columns.
    pub(super) fn begin_row(&mut self, number: u32) {
        self.rows.push((number, self.cells.len()));
    }

    /// Marks the last row as one that cannot be read; the first reason stands.
    pub(super) fn spoil(&mut self, problem: Message) {
        let Some(last) = self.rows.len().checked_sub(1) else { return };
        if self.spoilt.last().is_none_or(|(row, _)| *row != last) {
            self.spoilt.push((last, problem));
        }
    }

    /// Says that so many lines of a text belong to the last row beside its first; the first word on it stands.
    pub(super) fn continue_row(&mut self, lines: u32) {
        let Some(last) = self.rows.len().checked_sub(1) else { return };
        if lines > 0 && self.continued.last().is_none_or(|(row, _)| *row != last) {
            self.continued.push((last, lines));
        }
    }

    /// Adds a cell to the last row; columns before it that have had none are empty.
    pub(super) fn push(&mut self, column: usize, cell: Cell<'_>) {
        let begin = self.rows.last().map_or(0, |(_, begin)| *begin);
        while self.cells.len() - begin < column {
            self.cells.push(Packed::Empty);
        }
        let from = self.text.len();
        let mut keep = |text: &str| {
            self.text.push_str(text);
            from..from + text.len()
        };
        let packed = match cell {
            Cell::Empty => Packed::Empty,
            Cell::Text(text) => Packed::Text(keep(text)),
            Cell::Number(number) => Packed::Number(number),
            Cell::Other(text) => Packed::Other(keep(text)),
            Cell::Error(text) => Packed::Error(keep(text)),
            Cell::Uncalculated => Packed::Uncalculated,
        };
        self.cells.push(packed);
    }

    /// Drops all rows and keeps their memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.rows.clear();
        self.spoilt.clear();
        self.continued.clear();
    }

    /// How many rows it holds.
    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Bytes of text that it holds.
    pub(super) const fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Its rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = SheetRow<'_>> {
        let mut spoilt = self.spoilt.iter().peekable();
        let mut continued = self.continued.iter().peekable();
        self.rows.iter().enumerate().map(move |(at, (number, begin))| {
            let end = self.rows.get(at + 1).map_or(self.cells.len(), |(_, next)| *next);
            let problem = spoilt.next_if(|(row, _)| *row == at).map(|(_, problem)| problem);
            let lines = continued.next_if(|(row, _)| *row == at).map_or(0, |(_, lines)| *lines);
            SheetRow { number: *number, lines, problem, text: &self.text, cells: &self.cells[*begin..end] }
        })
    }
}

/// A row of a sheet.
#[derive(Debug, Clone, Copy)]
pub(super) struct SheetRow<'a> {
    /// Row number, counted from 1.
    pub number: u32,
    /// Lines of a text that belong to it beside its first.
    pub lines: u32,
    /// Why it cannot be read, where it cannot.
    pub problem: Option<&'a Message>,
    text: &'a str,
    cells: &'a [Packed],
}

impl<'a> SheetRow<'a> {
    /// The cell of a column, counted from 0.
    pub(super) fn cell(&self, column: usize) -> Cell<'a> {
        self.cells.get(column).map_or(Cell::Empty, |packed| self.unpack(packed))
    }

    /// Its cells, from the first column on.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let row = *self;
        row.cells.iter().map(move |packed| row.unpack(packed))
    }

    /// Whether all cells are blank.
    pub(super) fn is_blank(&self) -> bool {
        self.cells().all(|cell| cell.is_blank())
    }

    fn unpack(&self, packed: &Packed) -> Cell<'a> {
        match packed {
            Packed::Empty => Cell::Empty,
            Packed::Text(range) => Cell::Text(&self.text[range.clone()]),
            Packed::Number(number) => Cell::Number(*number),
            Packed::Other(range) => Cell::Other(&self.text[range.clone()]),
            Packed::Error(range) => Cell::Error(&self.text[range.clone()]),
            Packed::Uncalculated => Cell::Uncalculated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_digits_in_a_number_are_lost() {
        for (cell, lost) in [
            (Cell::Number(370_481_199_206_240_900.0), true),
            (Cell::Number(1e15), true),
            (Cell::Number(999_999_999_999_999.0), false),
            (Cell::Text("3.70481E+17"), true),
            (Cell::Text("3E+17"), true),
            (Cell::Text("1.23457E+11"), true),
            (Cell::Text("3.7E+05"), true),
            (Cell::Text("3.704811992062409E17"), true),
            (Cell::Text("2.0220413E7"), false),
            (Cell::Text("1.5E+3"), false),
            (Cell::Text("370481199206240000.00"), true),
            (Cell::Text("20220413.0"), false),
            (Cell::Text("12345E12345"), false),
            (Cell::Text("1E12345678901234567"), false),
            (Cell::Text("370481199206240910"), false),
            (Cell::Empty, false),
        ] {
            assert_eq!(cell.lost_precision(), lost, "{cell:?}");
        }
        assert_eq!(Cell::Number(20_220_413.0).text(), "20220413");
    }

    #[test]
    fn zeros_from_the_sixteenth_digit_on_are_seen() {
        for (text, zeros) in [
            ("370481199206240000", Some(true)),
            (" 370481199206240000 ", Some(true)),
            ("111000000000132000000", Some(true)),
            ("370481199206240910", Some(false)),
            ("3704811992062400", None),
            ("37048119920624000X", None),
            ("三七零四八一一九九二零六二四零零零零", None),
            ("", None),
        ] {
            assert_eq!(ends_in_zeros(text), zeros, "{text}");
        }
    }
}
