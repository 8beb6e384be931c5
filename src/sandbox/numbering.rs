//! Disagreements between the certificate numbers of the two sides, and comparison of numbers that differ in one character.

use super::dice::Dice;
use super::facts::Facts;
use super::truth::InjectedDifference;
use crate::endpoint::Side;
use chrono::Days;
use unicode_normalization::UnicodeNormalization;

/// Share of the certificates on both sides whose numbers are not simply equal, so that a demo of 2,000 items has dozens.
const SHARE: f64 = 0.08;

/// Relation between the certificate numbers that the two sides show for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbering {
    /// The same number.
    Equal,
    /// The same number, in another format on the city's face.
    OtherForm,
    /// The same number, partly masked on the city's face.
    Masked,
    /// A number on one side only; the other's face lacks the field or leaves it empty.
    Missing(Side, MissingAs),
    /// The correct number on one side and a mistyped one on the other, whose library finds the certificate by both.
    Mistyped(Side),
    /// Two different numbers of two certificates, each held by one side only.
    Two,
}

/// How a face omits the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingAs {
    NoField,
    EmptyField,
}

impl Numbering {
    /// Chooses the relation for a certificate that is the only one of its type on both sides for the holder.
    pub(super) fn of(seed: u64, holder_code: &str, type_code: &str) -> Self {
        let mut dice = Dice::new(seed, &["numbering", holder_code, type_code]);
        if !dice.happens(SHARE) {
            return Self::Equal;
        }
        let side = dice.pick(&Side::BOTH);
        match dice.below(20) {
            0..=10 => Self::Two,
            11..=13 => Self::OtherForm,
            14 => Self::Masked,
            15 | 16 => Self::Missing(side, MissingAs::NoField),
            17 => Self::Missing(side, MissingAs::EmptyField),
            _ => Self::Mistyped(side),
        }
    }

    /// Applies the relation to the facts of the two sides, which are equal before. Returns the difference in content between the
    /// faces of one certificate; two certificates are not compared.
    pub(super) fn apply(self, dice: &mut Dice, province: &mut Facts, city: &mut Facts) -> Option<InjectedDifference> {
        let difference = |kind| Some(InjectedDifference { field: "certificate_number", kind });
        match self {
            Self::Equal => None,
            Self::OtherForm => {
                city.shown_number = Some(in_another_form(dice, &city.number));
                None
            }
            Self::Masked => {
                city.shown_number = Some(masked(&city.number));
                None
            }
            Self::Missing(side, missing_as) => {
                let (facts, kind) = match side {
                    Side::Province => (province, "missing_in_province"),
                    Side::City => (city, "missing_in_city"),
                };
                match missing_as {
                    MissingAs::NoField => {
                        facts.shown_number = None;
                        None
                    }
                    MissingAs::EmptyField => {
                        facts.shown_number = Some(String::new());
                        difference(kind)
                    }
                }
            }
            Self::Mistyped(side) => {
                let facts = if side == Side::Province { province } else { city };
                facts.shown_number = Some(one_character_off(dice, &facts.number));
                difference("differs")
            }
            Self::Two => {
                make_another(dice, city);
                None
            }
        }
    }
}

/// Changes facts into those of another certificate of the same holder and type, which is similar enough to be mistaken for the
/// first one (by the number, or by everything else), or not.
fn make_another(dice: &mut Dice, facts: &mut Facts) {
    let case = dice.below(8);
    let number = if case < 4 { one_character_off(dice, &facts.number) } else { with_other_digits(dice, &facts.number) };
    facts.shown_number = Some(number.clone());
    facts.number = number;
    if matches!(case, 3 | 5 | 7) {
        facts.issued = facts.issued - Days::new(30 + dice.below(1000));
        facts.begins = facts.issued;
    }
    if matches!(case, 6 | 7) {
        facts.rename_holder();
    }
}

/// Returns the number with one digit replaced, inserted or removed, or two adjacent ones exchanged.
fn one_character_off(dice: &mut Dice, number: &str) -> String {
    let mut characters: Vec<char> = number.chars().collect();
    let digits: Vec<usize> = (0..characters.len()).filter(|&at| characters[at].is_ascii_digit()).collect();
    if digits.is_empty() {
        return format!("{number}1");
    }
    let at = dice.pick(&digits);
    let unequal: Vec<usize> = digits
        .windows(2)
        .filter(|two| two[0] + 1 == two[1] && characters[two[0]] != characters[two[1]])
        .map(|two| two[0])
        .collect();
    match dice.below(4) {
        0 => characters.insert(at, dice.pick(&['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])),
        1 => {
            characters.remove(at);
        }
        2 if !unequal.is_empty() => {
            let at = dice.pick(&unequal);
            characters.swap(at, at + 1);
        }
        _ => characters[at] = another_digit(dice, characters[at]),
    }
    characters.into_iter().collect()
}

/// Returns a number of the same format with every digit changed.
fn with_other_digits(dice: &mut Dice, number: &str) -> String {
    let other = |character: char| if character.is_ascii_digit() { another_digit(dice, character) } else { character };
    number.chars().map(other).collect()
}

fn another_digit(dice: &mut Dice, digit: char) -> char {
    let known = digit.to_digit(10).unwrap_or_default();
    let step = u32::try_from(1 + dice.below(9)).unwrap_or(1);
    char::from_digit((known + step) % 10, 10).unwrap_or('0')
}

/// Returns the number in another format: full-width, in groups of four, or in lower case with other brackets.
fn in_another_form(dice: &mut Dice, number: &str) -> String {
    let full_width = |character: char| match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character),
        other => other,
    };
    match dice.below(3) {
        0 => number.chars().map(full_width).collect(),
        1 => {
            let spaced = number.chars().enumerate().flat_map(|(at, character)| {
                let space = if at > 0 && at % 4 == 0 { Some(' ') } else { None };
                space.into_iter().chain([character])
            });
            spaced.collect()
        }
        _ => number.to_ascii_lowercase().replace('（', "〔").replace('）', "〕"),
    }
}

/// Returns the number with four digits from its middle replaced by asterisks.
fn masked(number: &str) -> String {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let hidden = (digits / 2).saturating_sub(2)..digits / 2 + 2;
    let mut place = 0;
    let star = |character: char| {
        if !character.is_ascii_digit() {
            return character;
        }
        place += 1;
        if hidden.contains(&(place - 1)) { '*' } else { character }
    };
    number.chars().map(star).collect()
}

/// Returns the number without differences of format: width, kind of brackets, letter case, spaces.
pub(super) fn plain(number: &str) -> String {
    let of_one_kind = |character: char| match character {
        '〔' | '【' | '[' => '(',
        '〕' | '】' | ']' => ')',
        other => other.to_ascii_uppercase(),
    };
    number.nfkc().filter(|character| !character.is_whitespace()).map(of_one_kind).collect()
}

/// Returns whether two numbers differ by one character replaced, inserted or removed, or by two adjacent ones exchanged.
pub(super) fn are_one_character_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (plain(a).chars().collect(), plain(b).chars().collect());
    let begins_alike = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(begins_alike..).unwrap_or_default(), b.get(begins_alike..).unwrap_or_default());
    let ends_alike = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle = |rest: &[char]| rest.iter().copied().take(rest.len() - ends_alike).collect::<Vec<char>>();
    match (&middle(a)[..], &middle(b)[..]) {
        ([_], [_] | []) | ([], [_]) => true,
        ([first, second], [third, fourth]) => first == fourth && second == third,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_character_apart_is_one_slip_of_a_typist() {
        for (a, b, expected) in [
            ("A012345678", "A012345679", true),
            ("A012345678", "A01234567", true),
            ("A012345678", "A0123456788", true),
            ("A012345678", "A012345687", true),
            ("A0111", "A01111", true),
            ("鲁（2020）枣庄市第1234567号", "鲁(2020)枣庄市第1234568号", true),
            ("a01 2345678", "A０12345679", true),
            ("A012345678", "A012345678", false),
            ("A012345678", "a０12345678", false),
            ("A012345678", "A012345690", false),
            ("A012345678", "A0123456", false),
            ("A012345678", "A210345678", false),
            ("", "", false),
            ("", "1", true),
            ("", "12", false),
        ] {
            assert_eq!(are_one_character_apart(a, b), expected, "{a} {b}");
            assert_eq!(are_one_character_apart(b, a), expected, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn a_number_one_character_off_is_one_character_apart(seed in any::<u64>(), number in "[A-Z]{0,3}[0-9]{1,12}号?") {
            let off = one_character_off(&mut Dice::new(seed, &["off"]), &number);
            prop_assert!(are_one_character_apart(&number, &off), "{} {}", number, off);
        }

        #[test]
        fn a_number_of_other_digits_is_neither_equal_nor_near(seed in any::<u64>(), number in "[A-Z]{1,3}[0-9]{8,12}") {
            let other = with_other_digits(&mut Dice::new(seed, &["other"]), &number);
            prop_assert!(plain(&other) != plain(&number) && !are_one_character_apart(&number, &other), "{} {}", number, other);
        }

        #[test]
        fn another_form_is_the_same_number(seed in any::<u64>(), number in "鲁（20[0-9]{2}）枣庄市第[0-9]{7}号|JY1370[0-9]{10}") {
            let form = in_another_form(&mut Dice::new(seed, &["form"]), &number);
            prop_assert!(form != number && plain(&form) == plain(&number), "{} {}", number, form);
        }

        #[test]
        fn a_mask_hides_four_digits_and_nothing_else(number in "鲁（20[0-9]{2}）枣庄市第[0-9]{7}号|JY1370[0-9]{10}") {
            let masked = masked(&number);
            prop_assert_eq!(masked.matches('*').count(), 4);
            prop_assert!(number.chars().zip(masked.chars()).all(|(shown, masked)| masked == '*' || masked == shown));
        }
    }
}
