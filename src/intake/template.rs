//! What a template brings along: serial numbers, the same texts in every row, and examples of how it is filled in.

use super::words::{fold, folded_with_notes};
use unicode_normalization::UnicodeNormalization;

/// A serial number has fewer digits than any code.
const LONGEST_SERIAL: usize = 7;
/// One with letters before it, or in a column that counts, may have more.
const LONGEST_NUMBERED: usize = 10;
/// Letters before a serial number at most, as in `XH001`.
const LONGEST_PREFIX: usize = 6;
/// Numbers in Chinese.
const NUMERALS: &str = "一二三四五六七八九十百〇零廿卅";
/// What rows are called that show how a template is filled in.
const EXAMPLES: [&str; 18] = [
    "示例",
    "样例",
    "例",
    "例如",
    "举例",
    "范例",
    "示范",
    "示例行",
    "样例行",
    "示例数据",
    "样例数据",
    "填写示例",
    "填报示例",
    "填写样例",
    "填写范例",
    "模板示例",
    "example",
    "sample",
];
/// In fewer rows a text is not the same by design.
pub(super) const LEAST_OF_A_TEMPLATE: usize = 3;
/// Texts that a template repeats in a column at most.
const MOST_OF_A_TEMPLATE: usize = 20;
/// Each of them stands in this many rows on average, at least.
const REPEATS_OF_A_TEMPLATE: usize = 5;

/// What a template puts into a column before anybody fills it in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Template {
    /// Nothing.
    #[default]
    Nothing,
    /// Serial numbers.
    Serial,
    /// Serial numbers with letters before them, or with more digits than usual.
    Numbered {
        /// The letters, folded.
        prefix: String,
        /// Digits of the longest one.
        digits: usize,
    },
    /// A certificate type or a holder code type.
    Type,
    /// The same text, or one of a few, in almost every row.
    OneOf(Vec<String>),
    /// Names of places, in almost every row.
    Places,
}

impl Template {
    /// Whether it counts rows.
    pub(super) const fn is_serial(&self) -> bool {
        matches!(self, Self::Serial | Self::Numbered { .. })
    }

    /// Whether a text is what the template puts into the column, if not a type.
    pub(super) fn has(&self, text: &str) -> bool {
        match self {
            Self::Nothing | Self::Serial | Self::Numbered { .. } => false,
            Self::Type | Self::Places => true,
            Self::OneOf(texts) => texts.iter().any(|own| own == text.trim()),
        }
    }

    /// Whether a text is a serial number as the column has them.
    pub(super) fn counts(&self, text: &str) -> bool {
        match self {
            Self::Serial => is_serial_number(text),
            Self::Numbered { prefix, digits } => {
                numbered(text).is_some_and(|own| own.prefix == *prefix && own.digits <= *digits) || is_serial_number(text)
            }
            Self::Nothing | Self::Type | Self::OneOf(_) | Self::Places => false,
        }
    }
}

/// The few texts that a column repeats, if it does.
pub(super) fn few(texts: &[String]) -> Option<Vec<String>> {
    let mut found: Vec<&str> = Vec::new();
    for text in texts {
        if !found.contains(&text.trim()) {
            found.push(text.trim());
        }
        if found.len() > MOST_OF_A_TEMPLATE {
            return None;
        }
    }
    let is_repeated = found.len() * REPEATS_OF_A_TEMPLATE <= texts.len();
    (is_repeated && !found.is_empty()).then(|| found.into_iter().map(str::to_owned).collect())
}

/// The serial numbers of a column that counts its rows: each is one more than the one before, or, in a column that is
/// called so, more than it. Totals and the like may stand between them.
pub(super) fn counting(texts: &[String], is_called_so: bool) -> Option<Template> {
    let numbers: Vec<Numbered> = texts.iter().filter_map(|text| numbered(text)).collect();
    let are_many = numbers.len() >= LEAST_OF_A_TEMPLATE && numbers.len() * 10 >= texts.len() * 9;
    let first = numbers.first().filter(|_| are_many)?;
    let follows = |pair: &[Numbered]| match pair {
        [before, after] => before.number.checked_add(1) == Some(after.number) || is_called_so && before.number < after.number,
        _ => true,
    };
    let count = numbers.windows(2).filter(|&pair| follows(pair)).count();
    let is_counting = count * 10 >= (numbers.len() - 1) * 9 && numbers.iter().all(|other| other.prefix == first.prefix);
    let digits = numbers.iter().map(|number| number.digits).max()?;
    is_counting.then(|| Template::Numbered { prefix: first.prefix.clone(), digits })
}

/// Whether texts are whole numbers that rise.
pub(super) fn is_rising(texts: &[String]) -> bool {
    let numbers: Option<Vec<u32>> =
        texts.iter().map(|text| text.trim().parse().ok().filter(|_| is_serial_number(text))).collect();
    numbers.is_some_and(|numbers| numbers.len() >= LEAST_OF_A_TEMPLATE && numbers.is_sorted_by(|first, second| first < second))
}

/// Whether a text is a small whole number, in digits or in Chinese, with or without the marks that lists put around it.
fn is_serial_number(text: &str) -> bool {
    let (mut digits, mut numerals) = (0usize, 0usize);
    let is_number = text.trim().nfkc().all(|character| {
        let (is_digit, is_numeral) = (character.is_ascii_digit(), NUMERALS.contains(character));
        digits += usize::from(is_digit);
        numerals += usize::from(is_numeral);
        is_digit || is_numeral || matches!(character, '.' | '、' | '(' | ')' | '#')
    });
    is_number && (digits == 0 || numerals == 0) && (1..=LONGEST_SERIAL).contains(&(digits + numerals))
}

/// A serial number with letters before it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Numbered {
    /// The letters, folded.
    prefix: String,
    /// How many digits it has.
    digits: usize,
    number: u64,
}

/// Reads a text as a serial number with letters before it: `No.001`, `XH001`, `20260001`.
fn numbered(text: &str) -> Option<Numbered> {
    let folded = fold(text);
    let text = folded.trim_end_matches(['.', '、', '号']);
    let digits = text.len() - text.trim_end_matches(|character: char| character.is_ascii_digit()).len();
    let (prefix, number) = text.split_at_checked(text.len() - digits)?;
    let is_prefix = prefix.chars().count() <= LONGEST_PREFIX && !prefix.chars().any(|character| character.is_ascii_digit());
    if !is_prefix || !(1..=LONGEST_NUMBERED).contains(&digits) {
        return None;
    }
    Some(Numbered { prefix: prefix.to_owned(), digits, number: number.parse().ok()? })
}

/// Whether a text calls its row an example, by itself or in a note in brackets.
pub(super) fn says_example(text: &str) -> bool {
    let (text, notes) = folded_with_notes(text);
    notes.into_iter().chain([text]).any(|part| {
        // 示例1 is one; 5例 is a count.
        let part = part.trim_end_matches(|character: char| !character.is_alphabetic());
        EXAMPLES.contains(&part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_read_with_the_letters_before_them() {
        for (text, expected) in [
            ("No.001", Some(("no.", 3, 1))),
            ("XH 012", Some(("xh", 3, 12))),
            ("20260001", Some(("", 8, 20_260_001))),
            ("第12号", Some(("第", 2, 12))),
            ("3704991990010100", None),
            ("A1B2", None),
            ("甲", None),
            ("", None),
        ] {
            let found = numbered(text).map(|found| (found.prefix, found.digits, found.number));
            assert_eq!(found, expected.map(|(prefix, digits, number)| (prefix.to_owned(), digits, number)), "{text}");
        }
        let template = Template::Numbered { prefix: "xh".to_owned(), digits: 3 };
        assert!(template.counts("XH017") && template.counts("17") && !template.counts("XH0017") && !template.counts("AB017"));
    }
}
