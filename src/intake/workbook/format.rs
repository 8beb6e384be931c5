//! Number formats: which numbers are dates, and which are shown with zeros before them.

use crate::intake::cell::Cell;
use chrono::{NaiveDate, NaiveTime, TimeDelta};
use std::fmt::Write;
use std::str::Chars;

/// Longest code of a format, in bytes. Excel's limit is 255 characters.
const LONGEST_CODE: usize = 1024;
/// From here on a number has sixteen digits, of which a spreadsheet keeps fifteen.
const SIXTEEN_DIGITS: f64 = 1e15;
/// Serial number of the day after 9999-12-31, the last date of a spreadsheet.
const AFTER_LAST_DAY: f64 = 2_958_466.0;
/// Days from the first day of the 1900 date system to the first day of the 1904 date system.
const DAYS_TO_1904: i64 = 1_462;
/// First serial number on which the 1900 date system agrees with the calendar: it counts a 29 February 1900.
const MARCH_1900: f64 = 60.0;

/// What a number format makes of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NumberFormat {
    /// A number.
    Plain,
    /// A date, a time or a duration.
    Date,
    /// The number's digits, with zeros in the places that it does not fill or with words around them, such as `000000`,
    /// `0000-0000` or `"第"0"号"`.
    Padded(Pattern),
}

/// A format of digits and literal text, from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
    /// What 0 is shown as, where the format has a section of its own for it.
    zero: Option<Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// A digit, or 0.
    Zero,
    /// A digit, or nothing.
    Optional,
    /// A digit, or a space.
    Space,
    /// Text that is shown as it stands.
    Literal(char),
}

impl NumberFormat {
    /// The format of a built-in number, which a workbook does not spell out.
    pub(super) const fn of_builtin(id: u32) -> Self {
        match id {
            14..=22 | 27..=36 | 45..=47 | 50..=58 => Self::Date,
            _ => Self::Plain,
        }
    }

    /// The format that a code stands for.
    pub(super) fn of_code(code: &str) -> Self {
        if code.len() > LONGEST_CODE || code.eq_ignore_ascii_case("standard") {
            return Self::Plain;
        }
        let mut characters = code.chars();
        let Some(positive) = section(&mut characters) else { return Self::Plain };
        if positive.tokens.iter().any(|token| matches!(token, Token::Duration | Token::Symbol('y' | 'm' | 'd' | 'h' | 's'))) {
            return Self::Date;
        }
        let Some(pieces) = pieces(&positive.tokens) else { return Self::Plain };
        let zeros = pieces.iter().filter(|piece| **piece == Piece::Zero).count();
        let has_places = pieces.iter().any(|piece| !matches!(piece, Piece::Literal(_)));
        let has_words = pieces.iter().any(|piece| matches!(piece, Piece::Literal(literal) if literal.is_alphabetic()));
        if zeros < 2 && !(has_places && has_words) {
            return Self::Plain;
        }
        // The second section is for negative numbers, the third one for 0.
        let mut next = |before: Section| if before.is_last { None } else { section(&mut characters) };
        let third = next(positive).and_then(next);
        let zero = third.and_then(|third| self::pieces(&third.tokens));
        Self::Padded(Pattern { pieces, zero })
    }

    /// A number as a cell of this format holds it. `text` is where the cell's text is put.
    pub(super) fn cell<'t>(&self, number: f64, is_1904: bool, text: &'t mut String) -> Cell<'t> {
        text.clear();
        match self {
            Self::Plain => Cell::Number(number),
            Self::Date => {
                push_date(number, is_1904, text);
                Cell::Other(text)
            }
            Self::Padded(pattern) => {
                let is_code = (0.0..SIXTEEN_DIGITS).contains(&number) && number.fract() == 0.0;
                if !is_code {
                    return Cell::Number(number);
                }
                *text = pattern.show(number.abs());
                Cell::Text(text)
            }
        }
    }
}

impl Pattern {
    /// A whole number as the pattern shows it. Digits beyond its places stand where its first place is.
    fn show(&self, number: f64) -> String {
        let pieces = self.zero.as_ref().filter(|_| number == 0.0).unwrap_or(&self.pieces);
        let digits = number.to_string();
        let first = pieces.iter().position(|piece| !matches!(piece, Piece::Literal(_)));
        // A single 0 fills no place: `0000` shows 0 as 0000, and `#` as nothing.
        let mut rest = digits.trim_start_matches('0').chars().rev();
        let mut shown = Vec::new();
        for (at, piece) in pieces.iter().enumerate().rev() {
            let (digit, otherwise) = match piece {
                Piece::Literal(literal) => (None, Some(*literal)),
                Piece::Zero => (rest.next(), Some('0')),
                Piece::Optional => (rest.next(), None),
                Piece::Space => (rest.next(), Some(' ')),
            };
            shown.extend(digit.or(otherwise));
            if Some(at) == first {
                shown.extend(rest.by_ref());
            }
        }
        shown.iter().rev().collect()
    }
}

/// A sign of a format code.
enum Token {
    /// A character with a meaning of its own, in lower case.
    Symbol(char),
    /// A character that is shown as it stands.
    Literal(char),
    /// The number in the general format.
    General,
    /// Hours, minutes or seconds that run on, such as `[h]`.
    Duration,
}

/// A section of a code.
struct Section {
    tokens: Vec<Token>,
    /// Whether no other one follows.
    is_last: bool,
}

/// Reads the next section of a code. `None` where it depends on the number, or shows it in other characters than digits.
fn section(characters: &mut Chars<'_>) -> Option<Section> {
    /// What the general format is called.
    const GENERAL: [&str; 2] = ["eneral", "/通用格式"];
    let mut tokens = Vec::new();
    while let Some(character) = characters.next() {
        match character {
            ';' => return Some(Section { tokens, is_last: false }),
            '"' => tokens.extend(characters.by_ref().take_while(|character| *character != '"').map(Token::Literal)),
            // In Chinese formats an exclamation mark does what a backslash does.
            '\\' | '!' => tokens.extend(characters.next().map(Token::Literal)),
            // As wide as the next character, and filled with the next character: neither is part of a code.
            '_' | '*' => {
                characters.next();
            }
            '[' => {
                let inside: String = characters.by_ref().take_while(|character| *character != ']').collect();
                let inside = inside.to_ascii_lowercase();
                if inside.starts_with(['<', '>', '=']) || inside.starts_with("dbnum") {
                    return None;
                }
                if let Some(currency) = inside.strip_prefix('$') {
                    tokens.extend(currency.chars().take_while(|character| *character != '-').map(Token::Literal));
                } else if matches!(inside.as_str(), "h" | "hh" | "m" | "mm" | "s" | "ss") {
                    tokens.push(Token::Duration);
                }
            }
            'G' | 'g' => {
                let rest = characters.as_str();
                let is_next = |name: &&str| rest.get(..name.len()).is_some_and(|next| next.eq_ignore_ascii_case(name));
                if let Some(name) = GENERAL.into_iter().find(is_next) {
                    *characters = rest[name.len()..].chars();
                    tokens.push(Token::General);
                } else {
                    tokens.push(Token::Symbol('g'));
                }
            }
            _ => tokens.push(Token::Symbol(character.to_ascii_lowercase())),
        }
    }
    Some(Section { tokens, is_last: true })
}

/// The digits and the literal text that signs stand for. `None` where they do more with a number than to show its digits.
fn pieces(tokens: &[Token]) -> Option<Vec<Piece>> {
    let piece = |token: &Token| match token {
        // Whole numbers have no other digits in the general format.
        Token::Symbol('0') | Token::General => Some(Piece::Zero),
        Token::Symbol('#') => Some(Piece::Optional),
        Token::Symbol('?') => Some(Piece::Space),
        Token::Symbol(symbol) if !symbol.is_ascii_alphabetic() && !".,%/@".contains(*symbol) => Some(Piece::Literal(*symbol)),
        Token::Literal(literal) => Some(Piece::Literal(*literal)),
        Token::Symbol(_) | Token::Duration => None,
    };
    tokens.iter().map(piece).collect()
}

/// Adds a date as `2026-11-24`, with its time where it has one; a time alone as `08:30:00`.
fn push_date(serial: f64, is_1904: bool, into: &mut String) {
    let date_and_time = date_and_time(serial, is_1904);
    // Writing to a string never fails.
    let _ = match date_and_time {
        None => write!(into, "{serial}"),
        Some((_, time)) if serial < 1.0 => write!(into, "{}", time.format("%H:%M:%S")),
        Some((date, time)) if time == NaiveTime::MIN => write!(into, "{date}"),
        Some((date, time)) => write!(into, "{date} {}", time.format("%H:%M:%S")),
    };
}

/// Date and time of a serial number, to the second. `None` where it lies beyond the dates of a spreadsheet.
fn date_and_time(serial: f64, is_1904: bool) -> Option<(NaiveDate, NaiveTime)> {
    if !(0.0..AFTER_LAST_DAY).contains(&serial) {
        return None;
    }
    let offset = if is_1904 { DAYS_TO_1904 } else { i64::from(serial < MARCH_1900) };
    #[expect(clippy::cast_possible_truncation, reason = "less than 9999 years of seconds")]
    let seconds = (serial * 86_400.0).round() as i64;
    let epoch = NaiveDate::from_ymd_opt(1899, 12, 30)?.and_time(NaiveTime::MIN);
    let at = epoch.checked_add_signed(TimeDelta::try_days(offset)?)?.checked_add_signed(TimeDelta::try_seconds(seconds)?)?;
    Some((at.date(), at.time()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a cell shows, with its kind.
    fn shown(code: &str, number: f64) -> String {
        let mut text = String::new();
        match NumberFormat::of_code(code).cell(number, false, &mut text) {
            Cell::Text(text) => format!("text {text}"),
            Cell::Other(text) => format!("date {text}"),
            cell => format!("number {}", cell.text()),
        }
    }

    #[test]
    fn a_number_is_what_its_format_shows() {
        for (code, number, expected) in [
            ("000000", 123.0, "text 000123"),
            ("000000", 0.0, "text 000000"),
            ("000000", 1_234_567.0, "text 1234567"),
            ("0000-0000", 1_234_567.0, "text 0123-4567"),
            ("0000\\-0000", 123_456_789.0, "text 12345-6789"),
            ("00000000-0", 123_456_789.0, "text 12345678-9"),
            ("\"鲁\"000000", 42.0, "text 鲁000042"),
            ("\"第\"0000\"号\"", 42.0, "text 第0042号"),
            ("第!00000", 42.0, "text 第00042"),
            ("#0000", 42.0, "text 0042"),
            ("?000", 42.0, "text  042"),
            ("000000;-000000;0;@", 42.0, "text 000042"),
            ("[Red]0000", 42.0, "text 0042"),
            ("[$-804]0000", 42.0, "text 0042"),
            ("000000_ ", 42.0, "text 000042"),
            ("000000", -0.0, "text 000000"),
            ("000000", -42.0, "number -42"),
            ("000000", 4.5, "number 4.5"),
            ("000000", 370_499_199_001_010_000.0, "number 370499199001010000"),
            ("General", 42.0, "number 42"),
            ("G/通用格式", 42.0, "number 42"),
            ("0", 42.0, "number 42"),
            ("0_ ", 42.0, "number 42"),
            ("0.00", 42.0, "number 42"),
            ("#,##0", 42.0, "number 42"),
            ("00%", 0.0, "number 0"),
            ("0.00E+00", 42.0, "number 42"),
            ("@", 42.0, "number 42"),
            ("# ??/??", 42.0, "number 42"),
            ("[<=9999]0000;00000000", 42.0, "number 42"),
            ("[DBNum1]0000", 42.0, "number 42"),
            ("\"每年\"#", 42.0, "text 每年42"),
            ("\"证字第\"0\"号\"", 12.0, "text 证字第12号"),
            ("\"A\"0", 12.0, "text A12"),
            ("\"No.\"0", 0.0, "text No.0"),
            ("0\"号\"", 12.0, "text 12号"),
            ("第0号", 12.0, "text 第12号"),
            ("\"A\"General", 12.0, "text A12"),
            ("\"A\"G/通用格式", 12.0, "text A12"),
            ("General\"号\";-General", 12.0, "text 12号"),
            ("General;-General", 12.0, "number 12"),
            ("\"A\"0", 12.5, "number 12.5"),
            ("\"A\"0.00", 12.0, "number 12"),
            ("\"¥\"0", 12.0, "number 12"),
            ("\"无\"", 12.0, "number 12"),
            ("000000;-000000;无", 0.0, "text 无"),
            ("000000;-000000;无", 7.0, "text 000007"),
            ("000000;-000000;\"—\";@", 0.0, "text —"),
            ("000000;-000000;", 0.0, "text "),
            ("000000;-000000;0;@", 0.0, "text 0"),
            ("000000;-000000", 0.0, "text 000000"),
            ("000000;[Red]-000000;[DBNum1]0", 0.0, "text 000000"),
            ("yyyy\"年\"m\"月\"d\"日\"", 45_000.0, "date 2023-03-15"),
            ("[$-804]yyyy-mm-dd;@", 45_000.5, "date 2023-03-15 12:00:00"),
            ("h:mm", 0.25, "date 06:00:00"),
            ("[h]:mm", 0.25, "date 06:00:00"),
            ("yyyymmdd", 370_499_199_001_010_000.0, "date 370499199001010000"),
            ("yyyy-mm-dd", -1e300, format!("date {}", -1e300).as_str()),
            ("yyyy-mm-dd", f64::NAN, "date NaN"),
            ("", 42.0, "number 42"),
            ("\"", 42.0, "number 42"),
            ("[", 42.0, "number 42"),
        ] {
            assert_eq!(shown(code, number), expected, "{code} {number}");
        }
    }

    #[test]
    fn days_are_counted_as_excel_counts_them() {
        for (serial, is_1904, expected) in [
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (61.0, false, "1900-03-01"),
            (2_958_465.0, false, "9999-12-31"),
            (0.0, true, "00:00:00"),
            (43_538.0, true, "2023-03-15"),
            (45_000.999_999, false, "2023-03-16"),
        ] {
            let mut text = String::new();
            push_date(serial, is_1904, &mut text);
            assert_eq!(text, expected, "{serial}");
        }
    }

    #[test]
    fn built_in_formats_are_dates_or_plain() {
        assert_eq!(NumberFormat::of_builtin(14), NumberFormat::Date);
        assert_eq!(NumberFormat::of_builtin(31), NumberFormat::Date);
        assert_eq!(NumberFormat::of_builtin(0), NumberFormat::Plain);
        assert_eq!(NumberFormat::of_builtin(49), NumberFormat::Plain);
    }

    proptest! {
        #[test]
        fn digits_survive_any_pattern_of_zeros(places in 2usize..20, number in 0u64..1_000_000_000_000_000) {
            let value = number.to_string().parse().unwrap();
            prop_assert_eq!(shown(&"0".repeat(places), value), format!("text {number:0>places$}"));
        }

        #[test]
        fn no_code_and_no_number_bring_it_down(code in "\\PC{0,20}", number in any::<f64>(), is_1904 in any::<bool>()) {
            NumberFormat::of_code(&code).cell(number, is_1904, &mut String::new());
        }
    }
}
