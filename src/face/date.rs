//! Days, in all the forms in which faces write them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime};
use unicode_normalization::UnicodeNormalization;

/// A day, or the absence of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// A day of the calendar (China time where the text names an instant).
    On(NaiveDate),
    /// 长期, 永久, or the year 9999.
    Forever,
}

const FOREVER_WORDS: [&str; 4] = ["长期", "永久", "无固定期限", "无期限"];
const CHINA_OFFSET_SECONDS: i32 = 8 * 3600;

/// Reads a day: `2013年09月23日`, `二〇二三年九月一日`, `2017-11-15`, `2022/4/15`, `2022.4.15`, `20220415`, with or without a
/// time or a zone behind it, epoch seconds and milliseconds, and the words for "no end". `None` for anything else.
#[must_use]
pub fn read_day(text: &str) -> Option<Day> {
    let text = text.trim();
    let is_simple = |character: char| character.is_ascii() || matches!(character, '年' | '月' | '日');
    let folded = if text.chars().all(is_simple) { None } else { Some(text.nfkc().map(western_digit).collect::<String>()) };
    let text = folded.as_deref().unwrap_or(text).trim();
    if FOREVER_WORDS.iter().any(|word| text.contains(word)) {
        return Some(Day::Forever);
    }
    let date = if text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit()) { digits_alone(text) } else { parts(text) }?;
    Some(if date.year() == 9999 { Day::Forever } else { Day::On(date) })
}

fn digits_alone(text: &str) -> Option<NaiveDate> {
    match text.len() {
        8 => NaiveDate::parse_from_str(text, "%Y%m%d").ok(),
        14 => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok().map(|time| time.date()),
        10 => in_china(&DateTime::from_timestamp(text.parse().ok()?, 0)?),
        12 => NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M")
            .ok()
            .map(|time| time.date())
            .or_else(|| in_china(&DateTime::from_timestamp_millis(text.parse().ok()?)?)),
        13 => in_china(&DateTime::from_timestamp_millis(text.parse().ok()?)?),
        _ => None,
    }
}

fn in_china<Zone: chrono::TimeZone>(instant: &DateTime<Zone>) -> Option<NaiveDate> {
    Some(instant.with_timezone(&FixedOffset::east_opt(CHINA_OFFSET_SECONDS)?).date_naive())
}

/// `2022-04-22T15:47:02Z` and the like; without a zone a time is China's already.
fn instant_with_zone(text: &str) -> Option<NaiveDate> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %z"))
        .ok()
        .and_then(|instant| in_china(&instant))
}

/// Year, month and day with something between them, and perhaps a time behind.
fn parts(text: &str) -> Option<NaiveDate> {
    // Only a text with a time in it can have a zone.
    if text.contains(':')
        && let Some(date) = instant_with_zone(text)
    {
        return Some(date);
    }
    let text = text.split_once('T').map_or(text, |(day, _)| day);
    let (year, rest) = text.split_once(['年', '-', '/', '.'])?;
    let (month, rest) = rest.split_once(['月', '-', '/', '.'])?;
    let rest = rest.trim_start();
    let end = rest.find(|character: char| !character.is_ascii_digit() && character != '十').unwrap_or(rest.len());
    let (day, behind) = rest.split_at(end);
    if !behind.is_empty() && !behind.starts_with(['日', '号', ' ']) {
        return None;
    }
    let year = year.trim();
    if year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, number(month.trim())?, number(day.trim())?)
}

/// A number of one or two digits, or with 十 in it (`十`, `2十3`, Chinese digits read already).
fn number(text: &str) -> Option<u32> {
    match text.split_once('十') {
        None => text.parse().ok().filter(|_| text.len() <= 2),
        Some((tens, ones)) => {
            if tens.len() > 1 || ones.len() > 1 {
                return None;
            }
            let tens = if tens.is_empty() { 1 } else { tens.parse().ok()? };
            let ones = if ones.is_empty() { 0 } else { ones.parse().ok()? };
            Some(tens * 10 + ones)
        }
    }
}

const fn western_digit(character: char) -> char {
    match character {
        '〇' | '○' | '零' => '0',
        '一' => '1',
        '二' => '2',
        '三' => '3',
        '四' => '4',
        '五' => '5',
        '六' => '6',
        '七' => '7',
        '八' => '8',
        '九' => '9',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_a_day() {
        for (text, expected) in [
            ("2013年09月23日", "2013-09-23"),
            ("2013年9月3日", "2013-09-03"),
            ("2013 年 9 月 3 日", "2013-09-03"),
            ("二〇二三年九月一日", "2023-09-01"),
            ("二○二三年十二月三十一日", "2023-12-31"),
            ("二零二三年十月二十日", "2023-10-20"),
            ("2017-11-15", "2017-11-15"),
            ("2017－11－15", "2017-11-15"),
            ("2022-04-22 15:47:02.0", "2022-04-22"),
            ("2022-04-22T15:47:02", "2022-04-22"),
            ("2022-04-22T17:47:02Z", "2022-04-23"),
            ("2022-04-22T15:47:02+08:00", "2022-04-22"),
            ("20220415", "2022-04-15"),
            ("20220415103000", "2022-04-15"),
            ("2022/4/15", "2022-04-15"),
            ("2022/4/15 0:00:00", "2022-04-15"),
            ("2022.4.15", "2022-04-15"),
            ("２０２２．４．１５", "2022-04-15"),
            ("1649952000000", "2022-04-15"),
            ("1649952000", "2022-04-15"),
            ("202204151030", "2022-04-15"),
            ("946656000000", "2000-01-01"),
        ] {
            let expected = NaiveDate::parse_from_str(expected, "%Y-%m-%d").unwrap();
            assert_eq!(read_day(text), Some(Day::On(expected)), "{text}");
        }
        for text in ["长期", "永久", "长期有效", "9999-12-31", "99991231", "9999年12月31日"] {
            assert_eq!(read_day(text), Some(Day::Forever), "{text}");
        }
        for text in ["", "1825", "2022", "2022-13-01", "2022-02-30", "2022-04-15abc", "不详", "22-4-15", "2022年999999999十月1日"]
        {
            assert_eq!(read_day(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn all_forms_of_one_day_agree(days in 0i64..40_000) {
            let date = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap() + chrono::Duration::days(days);
            for form in ["%Y-%m-%d", "%Y年%m月%d日", "%Y年%-m月%-d日", "%Y/%-m/%-d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d 23:59:59.0"] {
                prop_assert_eq!(read_day(&date.format(form).to_string()), Some(Day::On(date)));
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = read_day(&text);
        }
    }
}
