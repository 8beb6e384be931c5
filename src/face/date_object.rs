//! Days as Java's and others' libraries write their date objects as JSON.

use super::china_time::{CHINA_OFFSET, china_day};
use super::date::{month_named, read_date};
use super::epoch::whole_number;
use chrono::{DateTime, NaiveDate};
use serde_json::{Map, Value};

/// Greatest number of values within one another, the day innermost; `{"$date":{"$numberLong":"…"}}` takes three.
const DEEPEST: usize = 4;

/// Years of `java.util.Date` count from here.
const FIRST_YEAR: i64 = 1900;

/// Smallest year that is one of the calendar, and not counted from [`FIRST_YEAR`].
const SMALLEST_YEAR: i64 = 1000;

/// Reads the day of a JSON object or list: beans of `java.util.Date`, `Calendar` and `java.time`, `MongoDB`'s extended JSON,
/// fastjson's typed values, lists `[2013,9,23,0,0]`, and the objects of PHP and of protocol buffers.
pub(super) fn read_object(text: &str) -> Option<NaiveDate> {
    let value: Value = serde_json::from_str(text).ok()?;
    day_of(&value, DEEPEST)
}

fn day_of(value: &Value, depth: usize) -> Option<NaiveDate> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::Null | Value::Bool(_) => None,
        Value::Number(number) => read_date(&number.to_string()),
        // Another object in a text is nothing that a library writes.
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => None,
        Value::String(text) => read_date(text.trim()),
        Value::Array(parts) => day_of_list(parts, depth),
        Value::Object(fields) => day_of_fields(&Bean(fields), depth),
    }
}

/// `[2013,9,23]` with or without a time behind, as Jackson writes `LocalDate` and `LocalDateTime`, and
/// `["java.util.Date",1379865600000]`, as it writes values with their class.
fn day_of_list(parts: &[Value], depth: usize) -> Option<NaiveDate> {
    match parts {
        [only] => day_of(only, depth),
        [Value::String(class), value] if is_class(class) => match value {
            Value::Number(_) => china_day(number(value)?),
            other => day_of(other, depth),
        },
        [year, month, day, time @ ..] if time.len() <= 4 && time.iter().all(Value::is_number) => {
            calendar_day(year.as_i64()?, month.as_i64()?, day.as_i64()?)
        }
        _ => None,
    }
}

/// Whether a text names a class of dates: `java.sql.Timestamp`, `org.joda.time.DateTime`.
fn is_class(text: &str) -> bool {
    ["java.", "org.joda.time."].iter().any(|package| text.starts_with(package))
}

fn day_of_fields(bean: &Bean<'_>, depth: usize) -> Option<NaiveDate> {
    // The instant is certain; the other fields of such beans are in the time zone of the server that wrote them.
    for name in ["$date", "val", "time", "timeInMillis", "millis", "fastTime", "epochMilli", "iMillis"] {
        if let Some(milliseconds) = bean.get(name).and_then(number) {
            return china_day(milliseconds);
        }
    }
    // Joda's days without a zone: milliseconds as if in UTC.
    if let Some(local) = ["iLocalMillis", "localMillis"].iter().find_map(|name| bean.get(name)).and_then(number) {
        return DateTime::from_timestamp_millis(local).map(|local| local.date_naive());
    }
    // `ZonedDateTime` field by field; another zone than China's may have another day.
    if let Some(local) = bean.get("dateTime") {
        let offset = bean.get("offset").and_then(|offset| offset.get("totalSeconds")).and_then(number);
        return if offset.is_none_or(|offset| offset == CHINA_OFFSET) { day_of(local, depth) } else { None };
    }
    if let Some(written) = bean.get("$date").or_else(|| bean.get("$numberLong")).or_else(|| bean.get("val")) {
        return day_of(written, depth);
    }
    if let Some(date) = bean.get("date").filter(|date| !date.is_number()) {
        return match (date, bean.get("timezone")) {
            (Value::String(date), Some(Value::String(zone))) => read_date(&format!("{} {zone}", date.trim())),
            _ => day_of(date, depth),
        };
    }
    if let Some(year) = bean.number("year") {
        return day_of_calendar_fields(bean, year);
    }
    let seconds = bean.get("epochSecond").or_else(|| bean.get("seconds"))?;
    // Protocol buffers write 64-bit numbers as texts.
    let seconds = number(seconds).or_else(|| seconds.as_str()?.trim().parse().ok())?;
    china_day(seconds.checked_mul(1000)?)
}

/// Year, month and day under the names that the beans of several classes give them.
fn day_of_calendar_fields(bean: &Bean<'_>, year: i64) -> Option<NaiveDate> {
    let month = bean.number("month");
    // java.util.Date: `day` is the weekday, `month` counts from 0.
    if let Some(date) = bean.number("date") {
        return if year < SMALLEST_YEAR { calendar_day(year + FIRST_YEAR, month?.saturating_add(1), date) } else { None };
    }
    if year < SMALLEST_YEAR {
        return None;
    }
    if let Some(day) = bean.number("dayOfMonth") {
        let named = || bean.get("month")?.as_str().and_then(month_named).map(i64::from);
        let of_java_time = bean.number("monthValue").or_else(|| bean.number("monthOfYear")).or_else(named);
        // Gson's Calendar counts months from 0. Which way a bare `month` counts is not known otherwise.
        let of_calendar = || bean.number("hourOfDay").and(month).map(|month| month.saturating_add(1));
        return calendar_day(year, of_java_time.or_else(of_calendar)?, day);
    }
    calendar_day(year, month?, bean.number("day")?)
}

fn calendar_day(year: i64, month: i64, day: i64) -> Option<NaiveDate> {
    if year < SMALLEST_YEAR {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// The fields of an object, their names in any letter case.
struct Bean<'a>(&'a Map<String, Value>);

impl<'a> Bean<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_i64()
    }
}

/// A whole number, bare or as `{"$numberLong":"…"}`.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| whole_number(&number.to_string())),
        Value::Object(fields) => Bean(fields).get("$numberLong")?.as_str()?.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_librarys_object_is_its_day() {
        for text in [
            r#"{"date":23,"day":1,"hours":0,"minutes":0,"month":8,"nanos":0,"seconds":0,"time":1379865600000,"timezoneOffset":-480,"year":113}"#,
            // A server in UTC: its own fields say the day before.
            r#"{"date":22,"day":0,"hours":16,"minutes":0,"month":8,"seconds":0,"time":1379865600000,"timezoneOffset":0,"year":113}"#,
            r#"{"date":23,"day":1,"hours":0,"minutes":0,"month":8,"seconds":0,"year":113}"#,
            r#"{"timeInMillis":1379865600000,"firstDayOfWeek":1,"time":{"date":23,"month":8,"year":113}}"#,
            "[2013,9,23]",
            "[2013, 9, 23, 0, 0]",
            "[2013,9,23,12,30,15,123000000]",
            r#"["2013-09-23"]"#,
            r#"{"$date":"2013-09-22T16:00:00Z"}"#,
            r#"{"$date":"2013-09-22T16:00:00.000+0000"}"#,
            r#"{"$date":1379865600000}"#,
            r#"{"$date":{"$numberLong":"1379865600000"}}"#,
            r#"{"$numberLong":"1379865600000"}"#,
            r#"{"@type":"java.util.Date","val":1379865600000}"#,
            r#"{"fastTime":1379865600000}"#,
            r#"{"year":2013,"month":"SEPTEMBER","monthValue":9,"dayOfMonth":23,"dayOfWeek":"MONDAY","leapYear":false}"#,
            r#"{"year":2013,"month":"SEPTEMBER","dayOfMonth":23}"#,
            r#"{"year":2013,"monthOfYear":9,"dayOfMonth":23}"#,
            r#"{"year":2013,"month":9,"day":23}"#,
            r#"{"date":{"year":2013,"month":9,"day":23},"time":{"hour":0,"minute":0}}"#,
            r#"{"year":2013,"month":8,"dayOfMonth":23,"hourOfDay":0,"minute":0,"second":0}"#,
            r#"{"date":"2013-09-23 00:00:00.000000","timezone_type":3,"timezone":"Asia/Shanghai"}"#,
            r#"{"date":"2013-09-22 16:00:00.000000","timezone_type":3,"timezone":"UTC"}"#,
            r#"{"seconds":1379865600,"nanos":0}"#,
            r#"{"epochSecond":1379865600,"nano":0}"#,
            r#"{"seconds":"1379865600"}"#,
            r#"["java.util.Date",1379865600000]"#,
            r#"["java.sql.Timestamp","2013-09-23 00:00:00"]"#,
            r#"["java.time.LocalDate",[2013,9,23]]"#,
            r#"{"iMillis":1379865600000,"iChronology":{}}"#,
            r#"{"iLocalMillis":1379894400000,"iChronology":{}}"#,
            r#"{"localMillis":1379894400000}"#,
            r#"{"dateTime":{"date":{"year":2013,"month":9,"day":23},"time":{"hour":0}},"offset":{"totalSeconds":28800},"zone":{"id":"Asia/Shanghai"}}"#,
        ] {
            assert_eq!(read_object(text).map(|day| day.to_string()).as_deref(), Some("2013-09-23"), "{text}");
        }
        assert_eq!(read_object(r#"{"$date":0}"#).map(|day| day.to_string()).as_deref(), Some("1970-01-01"));
        assert_eq!(read_object(r#"{"time":-198316800000}"#).map(|day| day.to_string()).as_deref(), Some("1963-09-20"));
    }

    #[test]
    fn an_object_that_says_no_certain_day_is_not_read() {
        for text in [
            "{}",
            "[]",
            "{",
            "[2013,9]",
            "[2013,13,1]",
            "[9,23,2013]",
            r#"[2013,9,23,"x"]"#,
            "[2013,9,23,0,0,0,0,0]",
            r#"{"year":2013}"#,
            r#"{"year":113,"month":9,"day":23}"#,
            r#"{"year":2013,"month":9,"date":23}"#,
            r#"{"year":2013,"month":9,"dayOfMonth":23}"#,
            r#"{"date":31,"month":1,"year":113}"#,
            r#"{"time":9223372036854775807}"#,
            r#"{"$date":null}"#,
            r#"{"$date":"{\"$date\":0}"}"#,
            "[[[[[[[[2013,9,23]]]]]]]]",
            r#"{"name":"甲"}"#,
            r#"["name",1379865600000]"#,
            r#"["java.util.Date",true]"#,
            r#"{"dateTime":{"date":{"year":2013,"month":9,"day":23}},"offset":{"totalSeconds":0}}"#,
        ] {
            assert_eq!(read_object(text), None, "{text}");
        }
    }
}
