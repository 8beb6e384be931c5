//! The kinds of value that a job file holds, each read with its place.

use super::problem::{Collector, unknown_key};
use super::secret::Secret;
use crate::codes::{Field, Treatment};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeValue};

/// Something that can be read from a value of a job file.
pub(super) trait Read: Sized {
    /// Reads it, or notes under `key` what was expected and says `None`.
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self>;
}

/// Reads a value that comes as one word of text.
pub(super) fn read_text<T>(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    problems: &mut Collector<'_>,
    expected: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let text = value.get_ref().as_str();
    let parsed = text.and_then(parse);
    if parsed.is_none() {
        let found = text.map_or_else(|| value.get_ref().type_str().to_owned(), |text| format!("\"{text}\""));
        problems.at(value.span(), format!("`{key}` must be {expected}, not {found}"));
    }
    parsed
}

impl Read for String {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, "a text in quotes", |text| Some(text.to_owned()))
    }
}

impl Read for bool {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let read = value.get_ref().as_bool();
        if read.is_none() {
            problems.at(value.span(), format!("`{key}` must be true or false, not {}", describe(value)));
        }
        read
    }
}

impl Read for u64 {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let read = value.get_ref().as_integer().and_then(|number| Self::from_str_radix(number.as_str(), number.radix()).ok());
        if read.is_none() {
            problems.at(value.span(), format!("`{key}` must be a whole number of at least 0, not {}", describe(value)));
        }
        read
    }
}

impl Read for u32 {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let number = u64::read(value, key, problems)?;
        let read = Self::try_from(number).ok();
        if read.is_none() {
            problems.at(value.span(), format!("`{key}` must be at most {}", Self::MAX));
        }
        read
    }
}

impl Read for f64 {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let value_ref = value.get_ref();
        let text = value_ref.as_float().map(DeFloat::as_str);
        let read = text.or_else(|| value_ref.as_integer().map(DeInteger::as_str)).and_then(|text| text.parse().ok());
        if read.is_none() {
            problems.at(value.span(), format!("`{key}` must be a number, not {}", describe(value)));
        }
        read
    }
}

impl Read for Duration {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, "a duration such as \"500ms\", \"30s\" or \"5m\"", |text| {
            humantime::parse_duration(text).ok()
        })
    }
}

impl Read for Range<Duration> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, "two durations such as \"200ms..30s\", the shorter one first", parse_duration_range)
    }
}

/// Reads `"200ms..30s"`; one duration alone is both ends.
pub(crate) fn parse_duration_range(text: &str) -> Option<Range<Duration>> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let low = humantime::parse_duration(low.trim()).ok()?;
    let high = humantime::parse_duration(high.trim()).ok()?;
    (low <= high).then_some(low..high)
}

/// How many attempts a stretch of time allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// No more than `count` attempts in `per`.
    Limited {
        /// Attempts, at least 1.
        count: u32,
        /// The stretch: a second, a minute or an hour.
        per: Duration,
    },
    /// As fast as the platform answers.
    Unlimited,
}

impl Rate {
    /// Attempts a second; `None` where unlimited.
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
        read_text(value, key, problems, "a rate such as \"50/s\", \"600/min\" or \"unlimited\"", Self::parse)
    }
}

/// A number of bytes, as `"32MiB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl Read for Bytes {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, "a size such as \"32MiB\"", |text| {
            text.parse::<bytesize::ByteSize>().ok().map(|size| Self(size.as_u64()))
        })
    }
}

impl Read for super::window::DayWindow {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, "local times such as \"19:00-07:00\"", Self::parse)
    }
}

/// Which sheets of a workbook to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetChoice {
    /// Every visible one.
    Every,
    /// The one of this name.
    Named(String),
    /// The one at this place, counted from 1.
    Index(u64),
}

impl Read for SheetChoice {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        if value.get_ref().is_integer() {
            let index = u64::read(value, key, problems)?;
            if index == 0 {
                problems.at(value.span(), format!("`{key}` counts sheets from 1"));
            }
            return Some(Self::Index(index));
        }
        read_text(value, key, problems, "a sheet's name, its number from 1, or \"*\"", |text| {
            Some(if text == "*" { Self::Every } else { Self::Named(text.to_owned()) })
        })
    }
}

/// Where a sheet's header stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderRow {
    /// Wherever it is recognised.
    Auto,
    /// In this row, counted from 1.
    At(u32),
}

impl Read for HeaderRow {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        if value.get_ref().is_integer() {
            let row = u32::read(value, key, problems)?;
            if row == 0 {
                problems.at(value.span(), format!("`{key}` counts rows from 1"));
            }
            return Some(Self::At(row));
        }
        read_text(value, key, problems, "\"auto\" or a row number from 1", |text| (text == "auto").then_some(Self::Auto))
    }
}

impl Read for Secret {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        const EXPECTED: &str = "one of { env = \"NAME\" }, { file = \"path\" } or { command = [\"program\", \"argument\"] }";
        let Some(table) = value.get_ref().as_table() else {
            // The value itself may be the secret: it is not repeated.
            problems.at(value.span(), format!("`{key}` must be {EXPECTED}: a secret does not belong in a job file"));
            return None;
        };
        let mut entries = table.iter();
        let (Some((name, source)), None) = (entries.next(), entries.next()) else {
            problems.at(value.span(), format!("`{key}` must be {EXPECTED}"));
            return None;
        };
        let inner = format!("{key}.{}", name.get_ref());
        match &**name.get_ref() {
            "env" => String::read(source, &inner, problems).map(Self::Env),
            "file" => String::read(source, &inner, problems).map(|path| Self::File(path.into())),
            "command" => {
                let command: Vec<String> = Vec::read(source, &inner, problems)?;
                if command.is_empty() {
                    problems.at(source.span(), format!("`{inner}` names no program"));
                    return None;
                }
                Some(Self::Command(command))
            }
            _ => {
                problems.at(name.span(), format!("`{key}` must be {EXPECTED}"));
                None
            }
        }
    }
}

/// A user name: not secret by itself, so it may stand in the file, but may come from where secrets come from.
#[derive(Debug, Clone)]
pub(super) struct UserName(pub Secret);

impl Read for UserName {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        match value.get_ref().as_str() {
            Some(text) => Some(Self(Secret::Literal(text.to_owned()))),
            None => Secret::read(value, key, problems).map(Self),
        }
    }
}

/// The name of a canonical field of a face.
#[derive(Debug, Clone)]
pub(super) struct FieldName(pub String);

impl Read for FieldName {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let name = String::read(value, key, problems)?;
        if Field::named(&name).is_none() {
            problems.at(value.span(), unknown_field(&name, key));
        }
        Some(Self(name))
    }
}

/// What is to be done about a return code.
#[derive(Debug, Clone, Copy)]
pub(super) struct TreatmentName(pub Treatment);

impl Read for TreatmentName {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let expected = format!("one of {}", Treatment::names().collect::<Vec<_>>().join(", "));
        read_text(value, key, problems, &expected, Treatment::named).map(Self)
    }
}

/// Canonical fields and the names seen for them.
#[derive(Debug, Clone, Default)]
pub(super) struct NamesByField(pub BTreeMap<String, Vec<String>>);

impl Read for NamesByField {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            problems
                .at(value.span(), format!("`{key}` must be a table of canonical_field = [\"name\", …], not {}", describe(value)));
            return None;
        };
        let mut names = BTreeMap::new();
        for (field, value) in table {
            if Field::named(field.get_ref()).is_none() {
                problems.at(field.span(), unknown_field(field.get_ref(), key));
            }
            if let Some(list) = Vec::read(value, &format!("{key}.{}", field.get_ref()), problems) {
                names.insert(field.get_ref().to_string(), list);
            }
        }
        Some(Self(names))
    }
}

fn unknown_field(name: &str, key: &str) -> String {
    let fields: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
    unknown_key(name, key, &fields)
}

impl<T: Read> Read for Vec<T> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let Some(array) = value.get_ref().as_array() else {
            problems.at(value.span(), format!("`{key}` must be a list in [ ], not {}", describe(value)));
            return None;
        };
        Some(array.iter().filter_map(|element| T::read(element, key, problems)).collect())
    }
}

impl<T: Read> Read for BTreeMap<String, Spanned<T>> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            problems.at(value.span(), format!("`{key}` must be a table {{ name = value }}, not {}", describe(value)));
            return None;
        };
        let read = table.iter().filter_map(|(name, value)| {
            let name_text = name.get_ref().to_string();
            let inner = T::read(value, &format!("{key}.{name_text}"), problems)?;
            Some((name_text, Spanned::new(value.span(), inner)))
        });
        Some(read.collect())
    }
}

/// What a value is, in the words of a message.
fn describe(value: &Spanned<DeValue<'_>>) -> String {
    let value = value.get_ref();
    match value {
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
        DeValue::Datetime(_) => "a date".to_owned(),
    }
}

/// Declares an enum whose variants a job file names by words.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// The word that a job file uses for it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Finds it by that word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl Read for $name {
            fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
                let expected = [$(concat!("\"", $word, "\"")),+].join(" or ");
                read_text(value, key, problems, &expected, Self::from_word)
            }
        }
    };
}

words! {
    /// How often a job runs, which names its run folders.
    Period {
        /// One run a month: `2026-11`.
        Monthly = "monthly",
        /// One run a day: `2026-11-24`.
        Daily = "daily",
        /// One run: `once`.
        Once = "once",
    }
}

words! {
    /// The language of reports.
    Language {
        /// Chinese.
        ZhCn = "zh-CN",
        /// English.
        En = "en",
    }
}

words! {
    /// Where the token request's parameters go.
    TokenRequest {
        /// A form body.
        Form = "form",
        /// The address's query.
        Query = "query",
    }
}

words! {
    /// How far an audit looks.
    Depth {
        /// Only whether each side holds one.
        Existence = "existence",
        /// Every certificate with its face fields.
        Faces = "faces",
    }
}

words! {
    /// When a holder's certificates are listed on both sides.
    Certificates {
        /// Only where several show up.
        Auto = "auto",
        /// Always.
        List = "list",
    }
}

words! {
    /// Which items a run asks about.
    Recheck {
        /// Every item.
        All = "all",
        /// Only those that the previous run left with a gap or an error.
        Gaps = "gaps",
    }
}

words! {
    /// How certificate files are fetched.
    ArchiveVia {
        /// By download address.
        Url = "url",
        /// By the file endpoint.
        Base64 = "base64",
    }
}

words! {
    /// In what form the file endpoint gives certificates.
    ArchiveFormat {
        /// The file itself.
        Ofd = "ofd",
        /// A picture of each page.
        Png = "png",
    }
}

words! {
    /// How much of a holder code or name a report shows.
    Mask {
        /// All of it.
        None = "none",
        /// Its ends.
        Partial = "partial",
        /// Nothing.
        Full = "full",
    }
}
