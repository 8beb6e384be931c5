//! Cells and rows, whatever kind of file they come from.

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text.
    Text(String),
    /// A number; spreadsheets keep fifteen digits of it.
    Number(f64),
    /// A date, a time or a truth value, as text.
    Other(String),
    /// An error such as `#REF!`.
    Error(String),
}

/// From here on a number has sixteen digits before the point, of which a spreadsheet keeps fifteen.
const SIXTEEN_DIGITS: f64 = 1e15;

impl Cell {
    /// The cell as text; whole numbers without a point. Errors as they show.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Other(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }

    /// Whether there is nothing in it but space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Number(_) | Self::Other(_) | Self::Error(_) => false,
        }
    }

    /// Whether it is a code of sixteen digits or more that went through a number: its last digits are gone, whatever
    /// its check character says. Text files show it in scientific notation.
    #[must_use]
    pub fn lost_precision(&self) -> bool {
        match self {
            Self::Number(number) => number.abs() >= SIXTEEN_DIGITS,
            Self::Text(text) => is_scientific(text.trim()),
            Self::Empty | Self::Other(_) | Self::Error(_) => false,
        }
    }
}

/// `3.70481E+17` and the like, from sixteen digits on.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let exponent_digits = exponent.strip_prefix('+').unwrap_or(exponent);
    whole.len() == 1
        && digits(whole)
        && digits(fraction)
        && exponent_digits.parse().is_ok_and(|exponent: u32| exponent >= 15)
        && (mantissa.contains('.') || exponent.starts_with('+'))
}

/// A row of a sheet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SheetRow {
    /// Row number, counted from 1.
    pub number: u32,
    /// Its cells from the first column on.
    pub cells: Vec<Cell>,
}

impl SheetRow {
    /// The cell of a column, counted from 0.
    #[must_use]
    pub fn cell(&self, column: usize) -> &Cell {
        self.cells.get(column).unwrap_or(&Cell::Empty)
    }

    /// Whether all cells are blank.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
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
            (Cell::Text("3.70481E+17".into()), true),
            (Cell::Text("3E+17".into()), true),
            (Cell::Text("1.5E+3".into()), false),
            (Cell::Text("12345E12345".into()), false),
            (Cell::Text("1E12345678901234567".into()), false),
            (Cell::Text("370481199206240910".into()), false),
            (Cell::Empty, false),
        ] {
            assert_eq!(cell.lost_precision(), lost, "{cell:?}");
        }
        assert_eq!(Cell::Number(20_220_413.0).text(), "20220413");
    }
}
