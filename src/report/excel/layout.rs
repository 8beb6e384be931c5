//! Widths of columns: as wide as their texts up to a limit, and in total not wider than a printed page.
//!
//! Widths are in Excel's unit, the width of a digit in the workbook's default font.

use super::style::width_of;

/// Largest width that a column gets from its texts. An identifier of 60 characters then takes two lines and leaves space for
/// other columns.
pub(super) const WIDEST: f64 = 40.0;
/// Smallest width of a column: four Chinese characters of its header.
pub(super) const NARROWEST: f64 = 8.0;
/// Width that Excel adds to every column for the padding of its cells: five of a digit's seven pixels.
pub(super) const PADDING: f64 = 5.0 / 7.0;
/// Largest total width of the printed columns. Between the margins of landscape A4 there are 11.2 inches, or 1,076 pixels; at a
/// scale of 82 %, where text of 10 points is printed at 8.2 points, 1,312 pixels or 187 digits.
pub(super) const PRINTED: f64 = 187.0;

/// Width of a header in digits above which it is broken into two lines.
const LONGEST_HEADER: usize = 12;
/// Space for the filter button beside a header, in digits.
pub(super) const BUTTON: f64 = 2.5;
/// Space beside the text of a cell, in digits.
const MARGIN: f64 = 1.2;

/// Constraints on the width of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ColumnRoom {
    /// Width that its texts need.
    pub natural: f64,
    /// Smallest width.
    pub narrowest: f64,
    /// Whether the column is printed.
    pub is_printed: bool,
}

impl ColumnRoom {
    /// Returns the constraints of a printed column whose texts fold and whose widest text is `widest` digits wide.
    pub(super) fn folding(header: &str, widest: usize) -> Self {
        Self { natural: natural_width(header, widest), narrowest: narrowest_width(header), is_printed: true }
    }
}

/// Returns the width of each column. If the printed columns are too wide for a page, the widest ones are reduced to a common
/// limit, so that their texts fold.
pub(super) fn fitted(columns: &[ColumnRoom]) -> Vec<f64> {
    /// Number of bisection steps, which find the limit to a thousandth of a digit.
    const STEPS: u32 = 16;
    let width = |column: &ColumnRoom, limit: f64| column.natural.min(limit).max(column.narrowest);
    let printed = |limit| {
        let widths = columns.iter().filter(|column| column.is_printed).map(|column| width(column, limit) + PADDING);
        widths.sum::<f64>()
    };
    let (mut fits, mut too_wide) = (0.0, WIDEST);
    if printed(WIDEST) <= PRINTED {
        fits = WIDEST;
    } else {
        for _ in 0..STEPS {
            let middle = f64::midpoint(fits, too_wide);
            if printed(middle) <= PRINTED {
                fits = middle;
            } else {
                too_wide = middle;
            }
        }
    }
    columns.iter().map(|column| width(column, if column.is_printed { fits } else { WIDEST })).collect()
}

/// Returns the width that a column needs if its widest text is `widest` digits wide.
pub(super) fn natural_width(header: &str, widest: usize) -> f64 {
    let of_header = digits(width_of(header).min(LONGEST_HEADER)) + BUTTON;
    of_header.max(digits(widest) + MARGIN)
}

/// Returns the smallest width at which the header is not broken within a word.
pub(super) fn narrowest_width(header: &str) -> f64 {
    let is_whole = |word: &&str| word.is_ascii();
    let longest = header.split_whitespace().filter(is_whole).map(str::len).max().unwrap_or_default();
    (digits(longest) + MARGIN).clamp(NARROWEST, WIDEST)
}

/// Converts a number of digits in the cells' font, which is slightly wider than the workbook's default font.
fn digits(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * 1.05
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn widths_follow_texts_and_headers() {
        for (header, widest, natural, narrowest) in [
            ("证照编号", 4, 10.9, 8.0),
            ("证照编号", 20, 22.2, 8.0),
            ("缺口连续批次数（UTC+08:00）", 4, 15.1, 8.0),
            ("Certificate number", 4, 15.1, 12.75),
        ] {
            assert!((natural_width(header, widest) - natural).abs() < 0.01, "{header}: {}", natural_width(header, widest));
            assert!((narrowest_width(header) - narrowest).abs() < 0.01, "{header}: {}", narrowest_width(header));
        }
    }

    #[test]
    fn only_the_widest_columns_are_narrowed() {
        let room = |natural| ColumnRoom { natural, narrowest: NARROWEST, is_printed: true };
        let widths = fitted(&[20.0, 90.0, 90.0, 90.0, 90.0, 90.0, 10.0].map(room));
        assert!((widths[0] - 20.0).abs() < 0.01 && (widths[6] - 10.0).abs() < 0.01, "{widths:?}");
        assert!(widths[1..6].iter().all(|width| (width - 30.4).abs() < 0.01), "{widths:?}");
        let behind = ColumnRoom { is_printed: false, ..room(90.0) };
        assert!(fitted(&[behind; 20]).iter().all(|width| (width - WIDEST).abs() < 0.01), "what is not printed is not narrowed");
    }

    proptest! {
        #[test]
        fn printed_columns_fit_a_page_wherever_their_narrowest_widths_do(
            rooms in prop::collection::vec((1.0..120.0f64, 8.0..22.0f64, any::<bool>()), 1..9)
        ) {
            let room = |(natural, narrowest, is_printed): &(f64, f64, bool)| {
                ColumnRoom { natural: *natural, narrowest: *narrowest, is_printed: *is_printed }
            };
            let columns: Vec<ColumnRoom> = rooms.iter().map(room).collect();
            let widths = fitted(&columns);
            let printed = columns.iter().zip(&widths).filter(|(column, _)| column.is_printed);
            prop_assert!(printed.map(|(_, width)| width + PADDING).sum::<f64>() <= PRINTED + 1e-9);
            for (column, width) in columns.iter().zip(&widths) {
                prop_assert!(*width >= column.narrowest && *width <= WIDEST, "{column:?} {width}");
            }
        }
    }
}
