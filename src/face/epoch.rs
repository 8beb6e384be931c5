//! Days written as numbers: epochs, and dates in digits alone.

use super::china_time::{china_day, is_midnight};
use super::date::{FOREVER_YEAR, read_date};
use chrono::{Datelike, NaiveDate, NaiveDateTime};

/// Reads a whole number: `1379865600000`, `-198316800000`, `1379865600000.0`, `1.3798656E12`. A fraction is cut off; a
/// leading zero is none of a number.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    /// Numbers of more digits are no instants, and may not fit.
    const MOST_DIGITS: usize = 18;
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<usize>().ok()?),
        None => (text, 0),
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or((1, mantissa), |mantissa| (-1, mantissa));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let length = whole.len().checked_add(exponent)?;
    if whole.is_empty() || whole.starts_with('0') || length > MOST_DIGITS || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = whole.chars().chain(fraction.chars()).chain(std::iter::repeat('0')).take(length);
    digits.collect::<String>().parse::<i64>().ok().map(|number| sign * number)
}

/// Reads a day of a number: an epoch, or a date written in digits alone.
pub(super) fn day_of_number(number: i64) -> Option<NaiveDate> {
    if number < 0 {
        return day_before_1970(number);
    }
    // Days are midnights in China, or in UTC where a program knows days without a zone.
    let is_day = |milliseconds: i64| is_midnight(milliseconds) || milliseconds % DAY == 0;
    let text = number.to_string();
    // Some milliseconds of the years 1973 to 2001 look like a day of another age.
    let is_likely = |date: NaiveDate| (1900..2200).contains(&date.year()) || date.year() == FOREVER_YEAR;
    let seconds = || number.checked_mul(1000);
    let stamp = |format| NaiveDateTime::parse_from_str(&text, format).ok().map(|time| time.date());
    match text.len() {
        8 => NaiveDate::parse_from_str(&text, "%Y%m%d").ok().or_else(|| midnight_of(number)),
        // Seconds before September 2001, and milliseconds before March 1973: few, so only where they are a day's midnight.
        9 => seconds().filter(|instant| is_day(*instant)).and_then(china_day),
        11 => Some(number).filter(|instant| is_day(*instant)).and_then(china_day),
        10 => seconds().and_then(china_day),
        12 => stamp("%Y%m%d%H%M").filter(|date| is_likely(*date) && !is_midnight(number)).or_else(|| china_day(number)),
        13 | 15 => china_day(number),
        14 => stamp("%Y%m%d%H%M%S").or_else(|| china_day(number)),
        // Microseconds.
        16 => china_day(number / 1000),
        // The last three digits are milliseconds.
        17 => NaiveDateTime::parse_from_str(text.get(..14)?, "%Y%m%d%H%M%S").ok().map(|time| time.date()),
        _ => None,
    }
}

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// Reads the day of a small number that is a midnight in China. A midnight in milliseconds is one in seconds too, but of a
/// thousand midnights in seconds only one is in milliseconds.
fn midnight_of(number: i64) -> Option<NaiveDate> {
    let instants = [Some(number), number.checked_mul(1000)];
    instants.into_iter().flatten().find(|instant| is_midnight(*instant)).and_then(china_day)
}

/// Reads a day of an epoch before 1970, in milliseconds or in seconds.
fn day_before_1970(number: i64) -> Option<NaiveDate> {
    /// Seconds back to 1843, and milliseconds of 46 days: a number of this size may be either, and is read only where it is a
    /// midnight. Such as -1 are none.
    const MOST_SECONDS: i64 = 4_000_000_000;
    if number.checked_neg()? <= MOST_SECONDS { midnight_of(number) } else { china_day(number) }
}

/// An instant in the words of a program: `/Date(1379865600000+0800)/`, `new Date(…)`, `ISODate("…")`, and
/// `java.util.GregorianCalendar[time=…`.
pub(super) fn day_of_wrapped_instant(text: &str) -> Option<NaiveDate> {
    if let Some(fields) = text.strip_prefix("java.util.GregorianCalendar[time=") {
        return china_day(fields.split_once(',')?.0.parse().ok()?);
    }
    let text = text.trim_matches(['/', '\\', ';']);
    let text = text.strip_prefix("new ").unwrap_or(text);
    let inside = ["Date(", "ISODate("].iter().find_map(|name| text.strip_prefix(*name))?.strip_suffix(')')?;
    let quoted = inside.trim_matches(['"', '\'']);
    // A sign at the beginning is the number's; behind the number it begins the zone in which the instant was shown.
    let end = quoted.char_indices().skip(1).find(|(_, next)| matches!(*next, '+' | '-')).map_or(quoted.len(), |(at, _)| at);
    let (number, zone) = quoted.split_at_checked(end)?;
    let is_zone = zone.is_empty() || zone.len() == 5 && zone.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    match number.parse::<i64>() {
        Ok(milliseconds) if is_zone => china_day(milliseconds),
        // What is wrapped twice is of no program.
        _ if quoted.contains('(') => None,
        _ => read_date(quoted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_day_in_china_of_its_instant_or_of_its_digits() {
        for (text, expected) in [
            ("20220415", "2022-04-15"),
            ("20220415103000", "2022-04-15"),
            // Midnights of the seventies whose digits would be days of other years.
            ("257011200000", "1978-02-23"),
            ("192211200000", "1976-02-04"),
            ("1649952000000", "2022-04-15"),
            ("1649952000", "2022-04-15"),
            ("1649952000000.0", "2022-04-15"),
            ("1.3798656E12", "2013-09-23"),
            ("1.3798656e9", "2013-09-23"),
            ("2.0130923E7", "2013-09-23"),
            ("202204151030", "2022-04-15"),
            ("946656000000", "2000-01-01"),
            ("946656000", "2000-01-01"),
            ("57600000000", "1971-10-30"),
            ("-198316800000", "1963-09-20"),
            ("-198316800", "1963-09-20"),
            ("-1.983168E11", "1963-09-20"),
            ("-28800000", "1970-01-01"),
            ("-115200000", "1969-12-31"),
            ("57600000", "1970-01-02"),
            ("97200000000", "1973-01-30"),
            ("1379865600000000", "2013-09-23"),
            ("-2209017943000", "1900-01-01"),
            ("583686000000", "1988-07-01"),
            ("/Date(1379865600000+0800)/", "2013-09-23"),
            ("/Date(1379865600000)/", "2013-09-23"),
            ("/Date(-198316800000+0800)/", "1963-09-20"),
            ("\\/Date(1379865600000-0500)\\/", "2013-09-23"),
            ("new Date(1379865600000)", "2013-09-23"),
            (r#"ISODate("2013-09-22T16:00:00Z")"#, "2013-09-23"),
            ("java.util.GregorianCalendar[time=1379865600000,areFieldsSet=true]", "2013-09-23"),
        ] {
            assert_eq!(read_date(text).map(|date| date.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_small_number_that_is_no_midnight_is_no_day() {
        for text in ["-1", "-1000", "-99999999", "-198316801", "12345678", "57600001", "97200000001", "97200001"] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_whole_number_is_read_in_any_notation() {
        for (text, expected) in [
            ("7", Some(7)),
            ("-7", Some(-7)),
            ("7.0", Some(7)),
            ("7.9", Some(7)),
            ("1.5E3", Some(1500)),
            ("1.2345e+2", Some(123)),
            ("123456789012345678", Some(123_456_789_012_345_678)),
            ("1234567890123456789", None),
            ("07", None),
            ("0", None),
            ("+7", None),
            ("", None),
            ("-", None),
            (".5", None),
            ("1e", None),
            ("1e-3", None),
            ("1e300", None),
            ("1e99999999999999999999", None),
            ("1,000", None),
            ("７", None),
        ] {
            assert_eq!(whole_number(text), expected, "{text}");
        }
    }
}
