//! What may stand behind a day: a time, a zone, a weekday, a word such as 止.

use super::china_time::{CHINA_OFFSET, china_day};
use chrono::{Datelike, NaiveDate};

/// Time and zone of a text about one day, read from what the text holds besides year, month and day.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TimeOfDay {
    /// Seconds since midnight, as a clock of 12 or 24 hours shows them.
    seconds: Option<i64>,
    /// Which half of the day a clock of 12 hours means.
    half: Option<Half>,
    /// Seconds east of UTC; China's time where none.
    offset: Option<i64>,
    /// Whether the zone is called CDT: summer time in China, or in the middle of North America.
    is_cdt: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
}

const HALVES: [(&str, Half); 8] = [
    ("AM", Half::Morning),
    ("上午", Half::Morning),
    ("凌晨", Half::Morning),
    ("早上", Half::Morning),
    ("PM", Half::Afternoon),
    ("下午", Half::Afternoon),
    ("晚上", Half::Afternoon),
    ("中午", Half::Afternoon),
];

/// Names of China's time. `CST` is China Standard Time here.
const CHINA_TIMES: [&str; 10] = [
    "Asia/Shanghai",
    "Asia/Chongqing",
    "China Standard Time",
    "China Daylight Time",
    "CST",
    "PRC",
    "BJT",
    "中国标准时间",
    "中国夏令时间",
    "北京时间",
];

/// Other zones that programs abbreviate, each to one meaning, and their hours from UTC.
const OTHER_TIMES: [(&str, i64); 5] = [("HKT", 8), ("SGT", 8), ("JST", 9), ("EDT", -4), ("PDT", -7)];

/// Years of China's last summer times, when CDT is China's.
const SUMMER_YEARS: std::ops::RangeInclusive<i32> = 1986..=1991;

/// Hours of the other CDT from UTC.
const CENTRAL_SUMMER: i64 = -5;

const UTC_TIMES: [&str; 4] = ["GMT", "UTC", "UT", "Z"];

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Words that leave the day what it is.
const WORDS: [&str; 4] = ["为止", "止", "起", "前"];

/// The farthest zones from UTC, in hours.
const FARTHEST_HOURS: i64 = 14;

impl TimeOfDay {
    /// Reads the rest of a text about a day; `None` where it says anything that is not about that day's time, such as a
    /// second day.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut time = Self::default();
        let mut rest = text;
        loop {
            rest = rest.trim_start_matches(|character: char| {
                character.is_whitespace() || matches!(character, ',' | '(' | ')' | '[' | ']')
            });
            if rest.is_empty() {
                return Some(time);
            }
            rest = time
                .take_clock(rest)
                .or_else(|| time.take_half(rest))
                .or_else(|| CHINA_TIMES.iter().find_map(|name| without_name(rest, name)))
                .or_else(|| time.take_zone(rest))
                .or_else(|| time.take_utc(rest))
                .or_else(|| time.take_offset(rest, false))
                .or_else(|| without_weekday(rest))
                .or_else(|| WORDS.iter().find_map(|word| rest.strip_prefix(*word)))?;
        }
    }

    /// The day in China of a day with this time: another one where the zone is another.
    pub(super) fn day_in_china(&self, day: NaiveDate) -> Option<NaiveDate> {
        let is_american = self.is_cdt && !SUMMER_YEARS.contains(&day.year());
        let offset = if is_american { Some(CENTRAL_SUMMER * 3600) } else { self.offset };
        match (self.seconds, offset) {
            (Some(seconds), Some(offset)) if offset != CHINA_OFFSET => {
                let midnight = day.and_hms_opt(0, 0, 0)?.and_utc().timestamp();
                let instant = midnight.checked_add(self.of_24_hours(seconds))?.checked_sub(offset)?;
                china_day(instant.checked_mul(1000)?)
            }
            _ => Some(day),
        }
    }

    fn of_24_hours(&self, seconds: i64) -> i64 {
        const HALF_A_DAY: i64 = 12 * 3600;
        match self.half {
            Some(Half::Morning) if seconds >= HALF_A_DAY => seconds - HALF_A_DAY,
            Some(Half::Afternoon) if seconds < HALF_A_DAY => seconds + HALF_A_DAY,
            _ => seconds,
        }
    }

    /// `15:47`, `T15:47:02.0`, `T154702`, `15时47分02秒`, Oracle's `03.47.02.000000` and DB2's `-15.47.02.000000`.
    fn take_clock<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        if self.seconds.is_some() {
            return None;
        }
        if let Some((seconds, rest)) = dotted_clock(text.strip_prefix('-').unwrap_or(text)) {
            self.seconds = Some(seconds);
            return Some(rest);
        }
        let compact = text.strip_prefix(['T', 't']);
        let (hours, rest) = two_digits(compact.unwrap_or(text))?;
        let (minutes, rest) = match rest.strip_prefix(':') {
            Some(rest) => two_digits(rest)?,
            None => match rest.strip_prefix(['时', '点']) {
                Some(rest) => two_digits(rest).unwrap_or((0, rest)),
                None => compact.and_then(|_| two_digits(rest))?,
            },
        };
        let (seconds, rest) = if let Some(rest) = rest.strip_prefix(':') {
            two_digits(rest)?
        } else {
            let rest = rest.strip_prefix('分').unwrap_or(rest);
            two_digits(rest).unwrap_or((0, rest))
        };
        if hours > 24 || minutes > 59 || seconds > 60 {
            return None;
        }
        self.seconds = Some(hours * 3600 + minutes * 60 + seconds);
        let rest = rest.strip_prefix('秒').unwrap_or(rest);
        let fraction = rest.strip_prefix(['.', ',', ':']).filter(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
        Some(fraction.map_or(rest, |digits| digits.trim_start_matches(|next: char| next.is_ascii_digit())))
    }

    /// A zone by an abbreviation.
    fn take_zone<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        if self.offset.is_some() || self.is_cdt {
            return None;
        }
        if let Some(rest) = without_name(text, "CDT") {
            self.is_cdt = true;
            return Some(rest);
        }
        let (hours, rest) = OTHER_TIMES.iter().find_map(|(name, hours)| Some((*hours, without_name(text, name)?)))?;
        self.offset = Some(hours * 3600);
        Some(rest)
    }

    fn take_half<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let (half, rest) = HALVES.iter().find_map(|(name, half)| Some((*half, without_name(text, name)?)))?;
        self.half.replace(half).is_none().then_some(rest)
    }

    /// `Z`, `GMT`, `GMT+8`, `UTC+08:00`.
    fn take_utc<'a>(&mut self, text: &'a str) -> Option<&'a str> {
        let rest = UTC_TIMES.iter().find_map(|name| without_name(text, name))?;
        if self.offset.is_some() {
            return None;
        }
        if let Some(rest) = self.take_offset(rest, true) {
            return Some(rest);
        }
        self.offset = Some(0);
        Some(rest)
    }

    /// `+08:00`, `+0800`, `+8`. Without a time before it only with a colon: the rest of a second day looks alike.
    fn take_offset<'a>(&mut self, text: &'a str, is_of_utc: bool) -> Option<&'a str> {
        let (sign, text) = match text.strip_prefix('+') {
            Some(text) => (1, text),
            None => (-1, text.strip_prefix('-')?),
        };
        let (hours, rest) = two_digits(text)?;
        let has_colon = rest.starts_with(':');
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        let (minutes, rest) = if has_colon { two_digits(rest)? } else { two_digits(rest).unwrap_or((0, rest)) };
        let is_placed = is_of_utc || has_colon || self.seconds.is_some();
        if !is_placed || self.offset.is_some() || hours > FARTHEST_HOURS || minutes > 59 {
            return None;
        }
        self.offset = Some(sign * (hours * 3600 + minutes * 60));
        Some(rest)
    }
}

/// A clock with points and a fraction of at least three digits, in seconds, and the rest. Without the fraction it may be another
/// day.
fn dotted_clock(text: &str) -> Option<(i64, &str)> {
    let (clock, rest) = text.split_at_checked(8)?;
    let mut parts = clock.split('.');
    let mut part = || {
        let (number, behind) = two_digits(parts.next().filter(|part| part.len() == 2)?)?;
        behind.is_empty().then_some(number)
    };
    let [hours, minutes, seconds] = [part()?, part()?, part()?];
    let fraction = rest.strip_prefix('.')?;
    let behind = fraction.trim_start_matches(|next: char| next.is_ascii_digit());
    let is_clock = hours <= 24 && minutes <= 59 && seconds <= 60 && fraction.len() - behind.len() >= 3;
    is_clock.then_some((hours * 3600 + minutes * 60 + seconds, behind))
}

/// Up to two digits as a number, and the rest.
fn two_digits(text: &str) -> Option<(i64, &str)> {
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    Some((digits.parse().ok()?, rest))
}

/// What comes behind a name in any letter case; `None` where another letter goes on.
fn without_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(name.len())?;
    let goes_on = name.is_ascii() && rest.starts_with(|next: char| next.is_ascii_alphabetic());
    (head.eq_ignore_ascii_case(name) && !goes_on).then_some(rest)
}

/// What comes behind a weekday: `Mon`, `Monday`, `星期一`, `周1`.
fn without_weekday(text: &str) -> Option<&str> {
    for word in ["星期", "礼拜", "周"] {
        if let Some(rest) = text.strip_prefix(word) {
            return rest.strip_prefix(['日', '天', '一', '二', '三', '四', '五', '六', '1', '2', '3', '4', '5', '6', '7']);
        }
    }
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, rest) = text.split_at_checked(length)?;
    let is_weekday = |day: &str| day.get(..length).is_some_and(|head| length >= 3 && head.eq_ignore_ascii_case(word));
    WEEKDAYS.iter().any(|day| is_weekday(day)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<String> {
        let day = NaiveDate::from_ymd_opt(2013, 9, 22)?;
        TimeOfDay::read(text)?.day_in_china(day).map(|day| day.to_string())
    }

    #[test]
    fn a_time_of_china_leaves_the_day_and_one_of_another_zone_moves_it() {
        for text in [
            "",
            " 16:00",
            " 16:00:00",
            "T16:00:00.123456",
            " 24:00:00",
            " 下午4:00:00",
            " 4:00:00 PM",
            " 16时",
            "16点30分",
            "16时00分05秒",
            "T160000",
            " 00:00:00 CST",
            " 00:00:00 GMT+08:00",
            "T23:59:59+08:00[Asia/Shanghai]",
            " 16:00:00 +0800 (中国标准时间)",
            "T15:59:59Z",
            " 00:00:00.000+0000",
            " 星期日",
            "星期7 00:00",
            " Sun 00:00:00 CST",
            " Sunday, 12:00AM",
            " 12:00:00 AM UTC",
            "止",
            " 00:00:00:000",
            "+08:00",
            "Z",
            " 16:00 北京时间",
            " 03:59:59 PM UTC",
            "-16.00.00.000000",
            " 04.00.00.000000 下午",
            " 00:00:00 HKT",
            " 16:00:00 SGT",
            " 01:00:00 JST",
            " 00:00:00 EDT",
        ] {
            assert_eq!(day(text).as_deref(), Some("2013-09-22"), "{text}");
        }
        for text in [
            "T16:00:00Z",
            "T16:00:00.000+0000",
            " 16:00:00 UTC",
            "T160000Z",
            " 11:00:00 -0500",
            "T16:30:00+00:00",
            " 4:00:00 PM GMT",
            " Sun 16:00:00 UTC",
            " 24:00:00 UTC",
            " 12:00:00 EDT",
            " 09:00:00 PDT",
            " 11:00:00 CDT",
        ] {
            assert_eq!(day(text).as_deref(), Some("2013-09-23"), "{text}");
        }
    }

    #[test]
    fn what_is_not_about_one_days_time_is_not_read() {
        for text in [
            " 至 2027-04-14",
            "-16",
            "-20230922",
            " 25:00",
            " 12:60",
            " 12",
            " 12:00 13:00",
            " AM PM",
            "abc",
            " Sund ay",
            " EST",
            "+15:00",
            " 16:00 +08:00 -05:00",
            " 星期",
            " 星期八",
            "T",
            ":",
            " （延期）",
            "-16.00.00",
            " 16.00.00",
            "-25.00.00.000000",
            " 16:00:00 JST EDT",
            " 16:00:00 CDT CDT",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
