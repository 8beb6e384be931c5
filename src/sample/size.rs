//! How large a sample is: a number of items, a share of them, or whatever a margin takes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A sample's size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Size {
    /// A number of items, at least 1.
    Items(u64),
    /// A share of the items, above 0 and at most 1.
    Share(f64),
}

/// What decides a sample's size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// A size.
    Size(Size),
    /// The half width that the 95 % interval of the collection rate may have, above 0 and below 0.5.
    Margin(f64),
}

impl Size {
    /// Reads `20000` or `0.5%`. `None` where the text is neither, or nothing would be drawn.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().ends_with('%') {
            return parse_share(text).map(Self::Share);
        }
        text.trim().parse().ok().filter(|&items| items > 0).map(Self::Items)
    }

    /// Returns the number of items of a population of this size, which are at least one and at most all.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of items are far below 2^52, and positive"
    )]
    pub fn of(self, population: u64) -> u64 {
        let items = match self {
            Self::Items(items) => items,
            Self::Share(share) => (population as f64 * share).ceil() as u64,
        };
        items.clamp(1, population.max(1))
    }
}

/// Reads a share such as `0.5%`. `None` where the text is none, or the share is not above 0 and at most 1.
#[must_use]
pub fn parse_share(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim_end();
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let percent: f64 = if is_plain { number.parse().ok()? } else { return None };
    let share = percent / 100.0;
    (share > 0.0 && share <= 1.0).then_some(share)
}

/// As [`Size::parse`] reads it.
impl fmt::Display for Size {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Items(items) => write!(formatter, "{items}"),
            // Multiplying leaves digits behind that nobody has written.
            Self::Share(share) => write!(formatter, "{}%", (share * 1e14).round() / 1e12),
        }
    }
}

impl From<Size> for String {
    fn from(size: Size) -> Self {
        size.to_string()
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_size_is_a_number_of_items_or_a_share_of_them() {
        for (text, expected) in [
            ("20000", Some(Size::Items(20_000))),
            (" 1 ", Some(Size::Items(1))),
            ("0.5%", Some(Size::Share(0.005))),
            ("100 %", Some(Size::Share(1.0))),
            (".5%", Some(Size::Share(0.005))),
            ("0", None),
            ("0%", None),
            ("101%", None),
            ("-5", None),
            ("-5%", None),
            ("1e3", None),
            ("1e0%", None),
            ("nan%", None),
            ("inf%", None),
            ("%", None),
            (".%", None),
            ("", None),
            ("0.005", None),
            ("20,000", None),
        ] {
            assert_eq!(Size::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_size_never_exceeds_the_population() {
        for (size, population, expected) in [
            (Size::Items(20_000), 10_000_000, 20_000),
            (Size::Items(20_000), 700, 700),
            (Size::Share(0.005), 10_000_000, 50_000),
            (Size::Share(0.005), 150, 1),
            (Size::Share(0.005), 201, 2),
            (Size::Share(1.0), 33, 33),
        ] {
            assert_eq!(size.of(population), expected, "{size} of {population}");
        }
    }

    proptest! {
        #[test]
        fn a_size_is_read_back_from_what_it_shows(items in 1..u64::MAX, hundredths in 1..=10_000u32) {
            let share = Size::parse(&format!("{}%", f64::from(hundredths) / 100.0)).unwrap();
            for size in [Size::Items(items), share] {
                prop_assert_eq!(Size::parse(&size.to_string()), Some(size));
            }
        }
    }
}
