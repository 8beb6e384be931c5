//! Types of the job file's values: how each is read from TOML, with its position, and described in the JSON Schema.

use super::problem::{Collector, excerpt};
use super::schema::{self, Place, Schema};
use super::secret::Secret;
use crate::codes::{Field, Treatment};
use crate::message::Message;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeValue};

/// A type that can be read from a value of a job file.
pub(super) trait Read: Sized {
    /// Whether the type is written as a section, so that a list of it is written as several sections: `[[inputs]]`.
    const IS_SECTION: bool = false;

    /// Reads the value. If it is of another type, notes under `key` what was expected and returns `None`.
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self>;

    /// Returns the JSON Schema of the values that [`read`](Self::read) accepts, with the description of the key at `place`.
    fn schema(place: &Place<'_>) -> Schema;
}

/// Reads a value that is written as text in quotes.
pub(super) fn read_text<T>(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    problems: &mut Collector<'_>,
    expected: Message,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let parsed = value.get_ref().as_str().and_then(parse);
    if parsed.is_none() {
        problems.at(value.span(), not_expected(value, key, expected));
    }
    parsed
}

/// Builds the message for a value of a type that its key does not accept.
fn not_expected(value: &Spanned<DeValue<'_>>, key: &str, expected: Message) -> Message {
    Message::new("job-expected").with("key", key).with_message("expected", expected).with_message("found", found(value))
}

/// Builds the message that names several accepted words.
pub(super) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Message {
    let words = words.into_iter().map(|word| Message::literal(format!("\"{word}\""))).collect();
    Message::new("job-expected-one-of").with_list("words", words)
}

impl Read for String {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, Message::new("job-expected-text"), |text| Some(text.to_owned()))
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::text()
    }
}

impl Read for bool {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let read = value.get_ref().as_bool();
        if read.is_none() {
            problems.at(value.span(), not_expected(value, key, Message::new("job-expected-flag")));
        }
        read
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::of([("type", "boolean".into())])
    }
}

/// Reads an integer of any size.
fn whole(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<u128> {
    let number = value.get_ref().as_integer().and_then(|number| u128::from_str_radix(number.as_str(), number.radix()).ok());
    if number.is_none() {
        problems.at(value.span(), not_expected(value, key, Message::new("job-expected-whole")));
    }
    number
}

impl Read for u64 {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let read = Self::try_from(whole(value, key, problems)?).ok();
        if read.is_none() {
            problems.at(value.span(), Message::new("job-at-most").with("key", key).with("most", Self::MAX));
        }
        read
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::of([("type", "integer".into()), ("minimum", 0.into()), ("maximum", Self::MAX.into())])
    }
}

impl Read for u32 {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        // Each key has a limit far below `u64::MAX`, and the message should name that limit.
        whole(value, key, problems).map(|number| Self::try_from(number).unwrap_or(Self::MAX))
    }

    fn schema(place: &Place<'_>) -> Schema {
        u64::schema(place)
    }
}

impl Read for f64 {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let value_ref = value.get_ref();
        let text = value_ref.as_float().map(DeFloat::as_str);
        let read = text.or_else(|| value_ref.as_integer().map(DeInteger::as_str)).and_then(|text| text.parse().ok());
        let read = read.filter(|number: &Self| number.is_finite());
        if read.is_none() {
            problems.at(value.span(), not_expected(value, key, Message::new("job-expected-number")));
        }
        read
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::of([("type", "number".into())])
    }
}

/// Pattern of the durations that `humantime` accepts: numbers, each with a unit.
const DURATION: &str = concat!(
    r"\s*([0-9][0-9\s]*(\.\s*[0-9][0-9\s]*)?(nanos|nsec|ns|usec|us|µs|millis|msec|ms|seconds|second|secs|sec|s",
    r"|minutes|minute|mins|min|m|hours|hour|hrs|hr|h|days|day|d|weeks|week|wks|wk|w|months|month|M|years|year|yrs|yr|y)\s*)+",
);

impl Read for Duration {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, Message::new("job-expected-duration"), |text| humantime::parse_duration(text).ok())
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::matching(&format!("^{DURATION}$"))
    }
}

impl Read for Range<Duration> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, Message::new("job-expected-durations"), parse_duration_range)
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::matching(&format!(r"^{DURATION}(\.\.{DURATION})?$"))
    }
}

/// Parses a range such as `"200ms..30s"`; a single duration is both ends.
pub(crate) fn parse_duration_range(text: &str) -> Option<Range<Duration>> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let low = humantime::parse_duration(low.trim()).ok()?;
    let high = humantime::parse_duration(high.trim()).ok()?;
    (low <= high).then_some(low..high)
}

/// Limit on attempts per unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// At most `count` attempts per `per`.
    Limited {
        /// Number of attempts, at least 1.
        count: u32,
        /// Unit of time: one second, minute or hour.
        per: Duration,
    },
    /// No limit.
    Unlimited,
}

impl Rate {
    /// Returns the attempts per second; `None` without a limit.
    #[must_use]
    pub fn per_second(self) -> Option<f64> {
        match self {
            Self::Limited { count, per } => Some(f64::from(count) / per.as_secs_f64()),
            Self::Unlimited => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "unlimited" {
            return Some(Self::Unlimited);
        }
        let (count, unit) = text.split_once('/')?;
        let count = count.trim().parse().ok().filter(|&count| count > 0)?;
        let seconds = match unit.trim() {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            _ => return None,
        };
        Some(Self::Limited { count, per: Duration::from_secs(seconds) })
    }
}

impl Read for Rate {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, Message::new("job-expected-rate"), Self::parse)
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::matching(r"^(unlimited|\s*\+?0*[1-9][0-9]*\s*/\s*(s|min|h)\s*)$")
    }
}

/// A number of bytes, written as `"32MiB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl Read for Bytes {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, Message::new("job-expected-size"), |text| {
            text.parse::<bytesize::ByteSize>().ok().map(|size| Self(size.as_u64()))
        })
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::matching(r"^(\+?[0-9]+|([0-9]+\.?[0-9]*|\.[0-9]+)\s*([kKmMgGtTpPeE][iI]?[bB]?|[bB]))$")
    }
}

impl Read for super::window::DayWindow {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, Message::new("job-expected-window"), Self::parse)
    }

    fn schema(_: &Place<'_>) -> Schema {
        const TIME: &str = r"\s*([01]?[0-9]|2[0-3]):\s*[0-5]?[0-9]\s*";
        schema::matching(&format!("^{TIME}-{TIME}$"))
    }
}

/// Selection of the sheets of a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetChoice {
    /// All visible sheets.
    Every,
    /// The sheet with this name.
    Named(String),
    /// The sheet with this number, from 1.
    Index(u64),
}

impl Read for SheetChoice {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        if value.get_ref().is_integer() {
            let index = u64::read(value, key, problems)?;
            if index == 0 {
                problems.at(value.span(), Message::new("job-counts-from-one").with("key", key));
            }
            return Some(Self::Index(index));
        }
        read_text(value, key, problems, Message::new("job-expected-sheet"), |text| {
            Some(if text == "*" { Self::Every } else { Self::Named(text.to_owned()) })
        })
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::of([("anyOf", json!([{ "type": "string" }, { "type": "integer", "minimum": 1 }]))])
    }
}

/// Position of a sheet's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderRow {
    /// The row that is recognised as the header.
    Auto,
    /// This row, from 1.
    At(u32),
}

/// Number of rows of an Excel worksheet, and so its last row.
const LAST_ROW: u32 = 1_048_576;

impl Read for HeaderRow {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        if value.get_ref().is_integer() {
            let row = u32::read(value, key, problems)?;
            if row == 0 {
                problems.at(value.span(), Message::new("job-counts-from-one").with("key", key));
            } else if row > LAST_ROW {
                problems.at(value.span(), Message::new("job-at-most").with("key", key).with("most", LAST_ROW));
            }
            return Some(Self::At(row));
        }
        read_text(value, key, problems, Message::new("job-expected-header-row"), |text| (text == "auto").then_some(Self::Auto))
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::of([("anyOf", json!([{ "const": "auto" }, { "type": "integer", "minimum": 1, "maximum": LAST_ROW }]))])
    }
}

/// Pattern of a text that is not blank.
pub(super) const FILLED: &str = r"\S";
/// Pattern of a path: not blank, and without control characters, which a TOML escape in a Windows path produces.
pub(super) const PATH: &str = r"^(?=.*\S)[^\u0000-\u001f\u007f-\u009f]*$";

impl Read for Secret {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        // The value may be the secret itself, so no message quotes it.
        let expected = || Message::new("job-expected-secret").with("key", key);
        let only_entry = value.get_ref().as_table().filter(|table| table.len() == 1).and_then(|table| table.iter().next());
        let Some((name, source)) = only_entry else {
            problems.at(value.span(), expected());
            return None;
        };
        let text = source.get_ref().as_str();
        let secret = match &**name.get_ref() {
            "env" => text.map(|name| Self::Env(name.to_owned())),
            "file" => text.map(|path| Self::File(path.into())),
            "command" => words_of(source).map(Self::Command),
            _ => {
                problems.at(name.span(), expected());
                return None;
            }
        };
        let problem = match &secret {
            None => Some(expected()),
            Some(Self::Command(command)) if command.first().is_none_or(String::is_empty) => {
                Some(Message::new("job-no-program").with("key", format!("{key}.command")))
            }
            Some(Self::Env(_) | Self::File(_)) if text.is_some_and(|text| text.trim().is_empty()) => {
                Some(Message::new("job-empty").with("key", format!("{key}.{}", name.get_ref())))
            }
            Some(Self::File(_)) if text.is_some_and(|text| text.chars().any(char::is_control)) => {
                Some(Message::new("job-path-escape").with("key", format!("{key}.file")))
            }
            Some(_) => None,
        };
        if let Some(problem) = problem {
            problems.at(source.span(), problem);
            return None;
        }
        secret
    }

    fn schema(_: &Place<'_>) -> Schema {
        let command = json!({
            "type": "array",
            "items": [{ "type": "string", "minLength": 1 }],
            "additionalItems": { "type": "string" },
            "minItems": 1,
        });
        let sources = json!({ "env": schema::matching(FILLED), "file": schema::matching(PATH), "command": command });
        schema::of([
            ("type", "object".into()),
            ("properties", sources),
            ("additionalProperties", false.into()),
            ("minProperties", 1.into()),
            ("maxProperties", 1.into()),
        ])
    }
}

/// Returns the texts of a list; `None` if the value is not a list or holds anything else.
fn words_of(value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
    value.get_ref().as_array()?.iter().map(|word| Some(word.get_ref().as_str()?.to_owned())).collect()
}

/// A user name. It is not secret, so the file may state it, but it may also come from any source of secrets.
#[derive(Debug, Clone)]
pub(super) struct UserName(pub Secret);

impl Read for UserName {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let Some(text) = value.get_ref().as_str() else { return Secret::read(value, key, problems).map(Self) };
        if text.trim().is_empty() {
            problems.at(value.span(), Message::new("job-empty").with("key", key));
            return None;
        }
        Some(Self(Secret::Literal(text.to_owned())))
    }

    fn schema(place: &Place<'_>) -> Schema {
        schema::of([("anyOf", json!([schema::matching(FILLED), Secret::schema(place)]))])
    }
}

/// Name of a canonical face field.
#[derive(Debug, Clone)]
pub(super) struct FieldName(pub String);

impl Read for FieldName {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let name = String::read(value, key, problems)?;
        if Field::named(&name).is_none() {
            problems.unknown_key(value.span(), &name, key, field_names());
        }
        Some(Self(name))
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::word(field_names())
    }
}

/// Treatment of a return code.
#[derive(Debug, Clone, Copy)]
pub(super) struct TreatmentName(pub Treatment);

impl Read for TreatmentName {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, one_of(Treatment::names()), Treatment::named).map(Self)
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::word(Treatment::names())
    }
}

/// Names on faces by canonical field.
#[derive(Debug, Clone, Default)]
pub(super) struct NamesByField(pub BTreeMap<String, Vec<String>>);

impl Read for NamesByField {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            problems.at(value.span(), not_expected(value, key, Message::new("job-expected-names")));
            return None;
        };
        let mut names = BTreeMap::new();
        for (field, value) in table {
            if Field::named(field.get_ref()).is_none() {
                problems.unknown_key(field.span(), field.get_ref(), key, field_names());
            }
            if let Some(list) = Vec::read(value, &format!("{key}.{}", excerpt(field.get_ref())), problems) {
                names.insert(field.get_ref().to_string(), list);
            }
        }
        Some(Self(names))
    }

    fn schema(place: &Place<'_>) -> Schema {
        let names = Vec::<String>::schema(place);
        schema::of([
            ("type", "object".into()),
            ("propertyNames", schema::word(field_names()).into()),
            ("additionalProperties", names.into()),
        ])
    }
}

fn field_names() -> Vec<&'static str> {
    Field::ALL.iter().map(|field| field.name()).collect()
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let array = value.get_ref().as_array();
        let are_sections = || array.is_some_and(|array| array.iter().all(|element| element.get_ref().is_table()));
        if T::IS_SECTION && !are_sections() {
            problems.at(value.span(), Message::new("job-expected-sections").with("key", key));
            return None;
        }
        let Some(array) = array else {
            problems.at(value.span(), not_expected(value, key, Message::new("job-expected-list")));
            return None;
        };
        let read: Self = array.iter().filter_map(|element| T::read(element, key, problems)).collect();
        // If no element could be read, an empty list would hide that problem behind another one.
        (array.is_empty() || !read.is_empty()).then_some(read)
    }

    fn schema(place: &Place<'_>) -> Schema {
        schema::of([("type", "array".into()), ("items", T::schema(place).into())])
    }
}

impl<T: Read> Read for Spanned<T> {
    const IS_SECTION: bool = T::IS_SECTION;

    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        T::read(value, key, problems).map(|read| Self::new(value.span(), read))
    }

    fn schema(place: &Place<'_>) -> Schema {
        T::schema(place)
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            problems.at(value.span(), not_expected(value, key, Message::new("job-expected-map")));
            return None;
        };
        let read = table.iter().filter_map(|(name, value)| {
            let inner = T::read(value, &format!("{key}.{}", excerpt(name.get_ref())), problems)?;
            Some((name.get_ref().to_string(), inner))
        });
        Some(read.collect())
    }

    fn schema(place: &Place<'_>) -> Schema {
        schema::of([("type", "object".into()), ("additionalProperties", T::schema(place).into())])
    }
}

/// Describes the value that was found, for a message.
fn found(value: &Spanned<DeValue<'_>>) -> Message {
    match value.get_ref() {
        DeValue::String(text) => Message::literal(format!("\"{}\"", excerpt(text))),
        DeValue::Integer(number) => Message::literal(excerpt(number.as_str())),
        DeValue::Float(number) => Message::literal(excerpt(number.as_str())),
        DeValue::Boolean(yes) => Message::literal(yes),
        DeValue::Array(_) => Message::new("job-found-list"),
        DeValue::Table(_) => Message::new("job-found-table"),
        DeValue::Datetime(_) => Message::new("job-found-date"),
    }
}
