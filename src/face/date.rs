//! Days, in all the forms in which faces write them.

use super::date_object::read_object;
use super::epoch::{day_of_number, day_of_wrapped_instant, whole_number};
use super::time_of_day::TimeOfDay;
use chrono::{Datelike, NaiveDate};
use unicode_normalization::UnicodeNormalization;

/// A day, or the absence of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Day {
    /// A day of the calendar (China time where the text names an instant).
    On(NaiveDate),
    /// 长期, 永久, or the year 9999 and later.
    Forever,
}

const FOREVER_WORDS: [&str; 4] = ["长期", "永久", "无固定期限", "无期限"];

/// Year from which on a date means that there is no end. A last second of 9999 in UTC is in the year after in China.
pub(super) const FOREVER_YEAR: i32 = 9999;

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// Reads a day: `2013年09月23日`, `二〇二三年九月一日`, `2017-11-15`, `2022/4/15`, `2022.4.15`, `20220415`, with or without a
/// time, a zone or a weekday behind it; `Mon Sep 23 00:00:00 CST 2013`, `Sep 23, 2013 12:00:00 AM`, `23-Sep-2013`; epoch
/// seconds and milliseconds, `/Date(1379865600000+0800)/`; JSON objects and lists of date classes; and the words for
/// "no end". `None` for anything else: a text that is not certainly one day is none.
#[must_use]
pub fn read_day(text: &str) -> Option<Day> {
    let text = text.trim();
    if FOREVER_WORDS.iter().any(|word| text.contains(word)) {
        return Some(Day::Forever);
    }
    let date = read_date(text)?;
    Some(if date.year() >= FOREVER_YEAR { Day::Forever } else { Day::On(date) })
}

/// Reads a day of the calendar.
pub(super) fn read_date(text: &str) -> Option<NaiveDate> {
    if text.starts_with(['{', '[']) {
        return read_object(text);
    }
    let is_simple = |character: char| character.is_ascii() || matches!(character, '年' | '月' | '日');
    let folded = if text.chars().all(is_simple) { None } else { Some(text.nfkc().map(western).collect::<String>()) };
    let text = folded.as_deref().unwrap_or(text).trim();
    if let Some(number) = whole_number(text) {
        return day_of_number(number);
    }
    if let Some((date, behind)) = year_month_day(text).or_else(|| compact(text)) {
        return TimeOfDay::read(behind)?.day_in_china(date);
    }
    if let Some((date, others)) = with_named_month(text) {
        return TimeOfDay::read(&others)?.day_in_china(date);
    }
    day_of_wrapped_instant(text)
}

/// Year, month and day with something between them, and what comes behind.
fn year_month_day(text: &str) -> Option<(NaiveDate, &str)> {
    const BETWEEN: [char; 4] = ['-', '/', '.', '·'];
    let is_behind_year = |character: char| character == '年' || BETWEEN.contains(&character);
    let is_behind_month = |character: char| character == '月' || BETWEEN.contains(&character);
    let (year, rest) = text.split_once(is_behind_year)?;
    let (month, rest) = rest.split_once(is_behind_month)?;
    let rest = rest.trim_start();
    let end = rest.find(|character: char| !character.is_ascii_digit() && character != '十').unwrap_or(rest.len());
    let (day, behind) = rest.split_at(end);
    let behind = behind.trim_start();
    let behind = behind.strip_prefix(['日', '号']).unwrap_or(behind);
    // `2013. 9. 23.`
    let behind = if behind.trim_end() == "." { "" } else { behind };
    let year = year.trim();
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((NaiveDate::from_ymd_opt(year.parse().ok()?, number(month.trim())?, number(day)?)?, behind))
}

/// `20130923` with something behind it.
fn compact(text: &str) -> Option<(NaiveDate, &str)> {
    let (digits, behind) = text.split_at_checked(8)?;
    let is_date = digits.bytes().all(|byte| byte.is_ascii_digit()) && !behind.starts_with(|next: char| next.is_ascii_digit());
    Some((NaiveDate::parse_from_str(digits, "%Y%m%d").ok().filter(|_| is_date)?, behind))
}

/// A day whose month is named, its parts in any order, and the other words of the text: `Mon Sep 23 00:00:00 CST 2013`,
/// `Sep 23, 2013 12:00:00 AM`, `23-Sep-2013`, `星期一 九月 23 00:00:00 CST 2013`, and Oracle's `23-SEP-13`.
fn with_named_month(text: &str) -> Option<(NaiveDate, String)> {
    if let Some(found) = as_oracle_writes(text) {
        return Some(found);
    }
    let mut year = None;
    let mut month = None;
    let mut day = None;
    let mut others = String::new();
    for word in text.split(|next: char| next.is_whitespace() || next == ',').filter(|word| !word.is_empty()) {
        let parts: Vec<&str> = word.split(['-', '/', '.']).filter(|part| !part.is_empty()).collect();
        let parts = if parts.iter().any(|part| month_named(part).is_some()) { parts } else { vec![word] };
        for part in parts {
            let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
            let known = if let Some(named) = month_named(part) {
                month.replace(named)
            } else if is_number && part.len() == 4 {
                year.replace(part.parse().ok()?)
            } else if is_number && part.len() <= 2 {
                day.replace(part.parse().ok()?)
            } else {
                others.push(' ');
                others.push_str(part);
                None
            };
            // Two of a kind: which one is meant is not known.
            if known.is_some() {
                return None;
            }
        }
    }
    let year = i32::try_from(year?).ok()?;
    Some((NaiveDate::from_ymd_opt(year, month?, day?)?, others))
}

/// Oracle's DD-MON-RR: `23-SEP-13`, `23-9月 -13`, with or without a time behind. Two digits are a year up to 2049; of later ones
/// it is not known which century is meant.
fn as_oracle_writes(text: &str) -> Option<(NaiveDate, String)> {
    /// Two-digit years below this are of the century that began in 2000.
    const FIRST_OF_LAST_CENTURY: i32 = 50;
    let (day, rest) = text.split_once('-')?;
    let (month, rest) = rest.split_once('-')?;
    let (year, behind) = rest.split_at_checked(2)?;
    let is_short = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_short(day) || !is_short(year) || behind.starts_with(|next: char| !next.is_whitespace()) {
        return None;
    }
    let year = year.parse::<i32>().ok().filter(|year| *year < FIRST_OF_LAST_CENTURY)?;
    let date = NaiveDate::from_ymd_opt(2000 + year, month_named(month.trim())?, day.parse().ok()?)?;
    Some((date, behind.to_owned()))
}

/// The number of a month by its name or its beginning: `September`, `Sep`, `Sept`, `9月` (Chinese digits read already).
pub(super) fn month_named(word: &str) -> Option<u32> {
    if let Some(digits) = word.strip_suffix('月') {
        return number(digits).filter(|month| (1..=12).contains(month));
    }
    let begins = |name: &str| word.len() >= 3 && name.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    (1..).zip(MONTHS).find(|(_, name)| begins(name)).map(|(number, _)| number)
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

/// Chinese digits as western ones, and every dash as a hyphen.
const fn western(character: char) -> char {
    match character {
        '‐' | '‒' | '–' | '—' | '―' | '−' => '-',
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
    use crate::face::china_time::{CHINA_OFFSET, is_midnight};
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
            ("２０１３-０９-２３", "2013-09-23"),
            ("2017—11—15", "2017-11-15"),
            ("2022-04-22 15:47:02.0", "2022-04-22"),
            ("2022-04-22T15:47:02", "2022-04-22"),
            ("2022-04-22T17:47:02Z", "2022-04-23"),
            ("2022-04-22T15:47:02+08:00", "2022-04-22"),
            ("2013-09-22T16:00:00.000+0000", "2013-09-23"),
            ("2013-09-23T00:00+08:00[Asia/Shanghai]", "2013-09-23"),
            ("2013-09-23+08:00", "2013-09-23"),
            ("20220415", "2022-04-15"),
            ("20220415103000", "2022-04-15"),
            ("20220415103000123", "2022-04-15"),
            ("20220415T103000+0800", "2022-04-15"),
            ("20220415 10:30:00", "2022-04-15"),
            ("20220415.0", "2022-04-15"),
            ("2022/4/15", "2022-04-15"),
            ("2022/4/15 0:00:00", "2022-04-15"),
            ("2013-9-23 0:00:00", "2013-09-23"),
            ("2022.4.15", "2022-04-15"),
            ("２０２２．４．１５", "2022-04-15"),
            ("2013年9月23日 星期一", "2013-09-23"),
            ("2013年9月23日星期一", "2013-09-23"),
            ("二〇一三年九月二十三日 星期一", "2013-09-23"),
            ("2013年9月23日 上午12:00:00", "2013-09-23"),
            ("2013-9-23 下午 3:30", "2013-09-23"),
            ("2013年09月23日 00时00分00秒", "2013-09-23"),
            ("2027年4月12日止", "2027-04-12"),
            ("Mon Sep 23 00:00:00 CST 2013", "2013-09-23"),
            ("Fri Jul 01 00:00:00 CDT 1988", "1988-07-01"),
            ("Sun Sep 22 16:00:00 UTC 2013", "2013-09-23"),
            ("Mon Sep 23 00:00:00 GMT+08:00 2013", "2013-09-23"),
            ("Mon Sep  3 00:00:00 2013", "2013-09-03"),
            ("Sun, 22 Sep 2013 16:00:00 GMT", "2013-09-23"),
            ("Mon Sep 23 2013 00:00:00 GMT+0800 (中国标准时间)", "2013-09-23"),
            ("Sep 23, 2013 12:00:00 AM", "2013-09-23"),
            ("Sep 23, 2013, 12:00:00 AM", "2013-09-23"),
            ("Sep 23, 2013, 12:00:00\u{202F}AM", "2013-09-23"),
            ("Sep 23 2013 12:00AM", "2013-09-23"),
            ("September 23, 2013", "2013-09-23"),
            ("23-Sep-2013", "2013-09-23"),
            ("23-SEP-2013 00:00:00", "2013-09-23"),
            ("2013-Sep-23", "2013-09-23"),
            ("23/Sep/2013", "2013-09-23"),
            ("星期一 九月 23 00:00:00 CST 2013", "2013-09-23"),
            ("周一 9月 23 00:00:00 CST 2013", "2013-09-23"),
            ("星期日 十一月 03 00:00:00 CST 2013", "2013-11-03"),
            ("23-SEP-13", "2013-09-23"),
            ("23-Sep-13 00:00:00", "2013-09-23"),
            ("23-9月 -13", "2013-09-23"),
            ("23-9月-13", "2013-09-23"),
            ("23-9月 -13 12.00.00.000000 上午", "2013-09-23"),
            ("2013-09-23-00.00.00.000000", "2013-09-23"),
            ("2013. 9. 23.", "2013-09-23"),
            ("Mon Sep 23 00:00:00 HKT 2013", "2013-09-23"),
            ("Mon Sep 23 00:00:00 SGT 2013", "2013-09-23"),
            ("Mon Sep 23 01:00:00 JST 2013", "2013-09-23"),
            ("Mon Sep 23 00:30:00 JST 2013", "2013-09-22"),
            ("Sun Sep 22 12:00:00 EDT 2013", "2013-09-23"),
            ("Sun Sep 22 09:00:00 PDT 2013", "2013-09-23"),
            ("Sun Sep 22 11:00:00 CDT 2013", "2013-09-23"),
            ("[2013,9,23]", "2013-09-23"),
            (r#"{"$date":{"$numberLong":"1379865600000"}}"#, "2013-09-23"),
        ] {
            let expected = NaiveDate::parse_from_str(expected, "%Y-%m-%d").unwrap();
            assert_eq!(read_day(text), Some(Day::On(expected)), "{text}");
        }
        for text in [
            "长期",
            "永久",
            "长期有效",
            "9999-12-31",
            "99991231",
            "9999年12月31日",
            "253402185600000",
            "9999-12-31T23:59:59Z",
            "Fri Dec 31 00:00:00 CST 9999",
        ] {
            assert_eq!(read_day(text), Some(Day::Forever), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_certainly_one_day_is_not_read() {
        for text in [
            "",
            "0",
            "1825",
            "2022",
            "2022-13-01",
            "2022-02-30",
            "2022-04-15abc",
            "不详",
            "22-4-15",
            "13-9-23",
            "23-Sep-53",
            "23-Sep-13x",
            "3-Sep-13",
            "2013-09-23-13.09.24",
            "09/23/2013",
            "2022年999999999十月1日",
            "2022-04-15 至 2027-04-14",
            "2013.09.23-2023.09.23",
            "20130923-20230923",
            "Sep 23, 2013 - Oct 23, 2013",
            "Sep 2013",
            "Mon Sep 23 00:00:00 EST 2013",
            "Sep Sep 23 2013",
            "2013年9月",
            "0000-00-00",
            "123456789",
            "12345678901",
            "1E400",
            "1e99999999999999999999",
            "-",
            "-9223372036854775808",
            "Date(Date(0))",
            "/Date()/",
            "null",
        ] {
            assert_eq!(read_day(text), None, "{text}");
        }
    }

    /// Milliseconds of a day's midnight in China.
    fn midnight(date: NaiveDate) -> i64 {
        let standard = (date.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp() - CHINA_OFFSET) * 1000;
        let summer = standard - 3_600_000;
        if is_midnight(summer) { summer } else { standard }
    }

    proptest! {
        #[test]
        fn all_forms_of_one_day_agree(days in 0i64..40_000) {
            let date = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap() + chrono::Duration::days(days);
            let expected = Some(Day::On(date));
            for form in [
                "%Y-%m-%d", "%Y年%m月%d日", "%Y年%-m月%-d日", "%Y/%-m/%-d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d 23:59:59.0",
                "%Y-%m-%dT00:00:00.000+08:00", "%a %b %d 00:00:00 CST %Y", "%b %-d, %Y 12:00:00 AM", "%d-%b-%Y", "%A, %B %d, %Y",
                "%Y年%-m月%-d日 上午12:00:00", "[%Y,%-m,%-d]", r#"{"$date":"%Y-%m-%dT00:00:00+08:00"}"#,
                r#"{"year":%Y,"month":%-m,"day":%-d}"#,
            ] {
                let text = date.format(form).to_string();
                prop_assert_eq!(read_day(&text), expected, "{}", text);
            }
            let bean = format!(
                r#"{{"date":{},"day":1,"month":{},"year":{}}}"#, date.day(), date.month0(), date.year() - 1900,
            );
            prop_assert_eq!(read_day(&bean), expected);
            let instant = midnight(date);
            for text in [format!("/Date({instant}+0800)/"), format!(r#"{{"time":{instant}}}"#), format!(r#"{{"$date":{instant}}}"#)] {
                prop_assert_eq!(read_day(&text), expected, "{}", text);
            }
            // A number alone has to be large enough to be told from other numbers.
            if !(-4_000_000_000..10_000_000_000).contains(&instant) {
                prop_assert_eq!(read_day(&instant.to_string()), expected, "{}", instant);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC*", number in any::<i64>(), float in any::<f64>()) {
            for text in [
                text.clone(), number.to_string(), float.to_string(), format!("{float:e}"), format!("/Date({text})/"),
                format!("[{number},{number},{number}]"), format!(r#"{{"year":{number},"month":{number},"date":{number}}}"#),
                format!(r#"{{"time":{number}}}"#), format!(r#"{{"seconds":{number}}}"#), format!("2013-09-23 {text}"),
            ] {
                let _ = read_day(&text);
            }
        }

        #[test]
        fn no_text_of_the_signs_of_dates_panics(text in "[0-9年月日十一:+./, ()TZ-]{0,24}|[A-Za-z0-9 ,:+-]{0,24}") {
            let _ = read_day(&text);
        }
    }
}
