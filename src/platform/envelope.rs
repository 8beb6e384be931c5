//! The envelope `{"head": {…}, "data": …}` in all the shapes in which the platform sends it.
//!
//! `head.status` comes as a number or as text; `data` is null, an object with `dataList`, an object with `data`, a face
//! itself, a list, or a bare text; names vary in case. All of that is read; anything else is [`Malformed`], and never
//! looks like "not found".

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// An answer of the platform, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `head.status`.
    pub status: i32,
    /// `head.message`, empty where there is none.
    pub message: String,
    /// `head.shengIsExists` and `head.shiIsExists`, where both are there.
    pub exists: Option<(bool, bool)>,
    /// `data.total`, where it says one.
    pub total: Option<u64>,
    /// What `data` holds.
    pub data: Data,
}

/// What the `data` of an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Nothing.
    Empty,
    /// Objects: faces, addresses, results.
    Objects(Vec<Fields>),
    /// Texts, such as base64 pages.
    Texts(Vec<String>),
}

/// The fields of one object, in the order and under the names that they came with. A value is `None` for JSON null, the
/// content of a text, and the JSON text of anything else, digit for digit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, Option<String>)>);

impl Fields {
    /// The value of a field, its name in any case; null and blank count as none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| value.as_deref())
            .filter(|value| !value.trim().is_empty())
    }
}

/// An answer that is not in any shape of the platform's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer cannot be read at {place}: {problem}; it begins: {excerpt}")]
pub struct Malformed {
    /// Which part.
    pub place: &'static str,
    /// What is wrong there.
    pub problem: String,
    /// The beginning of the answer with every digit and every Chinese character starred.
    pub excerpt: String,
}

impl Envelope {
    /// Reads an answer's body.
    ///
    /// # Errors
    /// Where and why it cannot be read.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let malformed =
            |place, problem: &dyn fmt::Display| Malformed { place, problem: problem.to_string(), excerpt: excerpt(body) };
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(malformed("the body", &"it is empty"));
        }
        let top: Entries<'_> = serde_json::from_slice(body).map_err(|error| malformed("the body", &error_kind(&error)))?;
        let head = top.get("head").ok_or_else(|| malformed("head", &"there is none"))?;
        let head: Entries<'_> = serde_json::from_str(head.get()).map_err(|_| malformed("head", &"it is no object"))?;
        let status = head.get("status").and_then(whole_number).and_then(|status| i32::try_from(status).ok());
        let status = status.ok_or_else(|| malformed("head.status", &"it is no whole number"))?;
        let message = ["message", "msg"].iter().find_map(|name| head.get(name)).and_then(text).unwrap_or_default();
        let flag = |name: &'static str| match head.get(name) {
            None => Ok(None),
            Some(raw) => match text(raw).as_deref().map(str::trim) {
                Some("0" | "false") => Ok(Some(false)),
                Some("1" | "true") => Ok(Some(true)),
                None | Some("") => Ok(None),
                Some(_) => Err(malformed(name, &"it is neither 0 nor 1")),
            },
        };
        let exists = flag("shengIsExists")?.zip(flag("shiIsExists")?);
        let (total, data) = match top.get("data") {
            None => (None, Data::Empty),
            Some(raw) => read_data(raw).map_err(|problem| malformed("data", &problem))?,
        };
        Ok(Self { status, message, exists, total, data })
    }

    /// The objects of the answer; none where it holds something else.
    #[must_use]
    pub fn objects(&self) -> &[Fields] {
        match &self.data {
            Data::Objects(objects) => objects,
            Data::Empty | Data::Texts(_) => &[],
        }
    }
}

fn read_data(raw: &RawValue) -> Result<(Option<u64>, Data), String> {
    match raw.get().as_bytes().first() {
        Some(b'n') => Ok((None, Data::Empty)),
        Some(b'"') => Ok((None, texts(text(raw).into_iter().collect()))),
        Some(b'[') => read_list(raw).map(|data| (None, data)),
        Some(b'{') => {
            let entries: Entries<'_> = serde_json::from_str(raw.get()).map_err(|error| error_kind(&error))?;
            let total = entries.get("total").and_then(whole_number).and_then(|total| u64::try_from(total).ok());
            let list = entries.get("dataList").or_else(|| entries.get("data").filter(|raw| is_list_like(raw)));
            match list {
                Some(list) => Ok((total, read_list(list)?)),
                None if entries.0.iter().all(|(name, _)| name.eq_ignore_ascii_case("total")) => Ok((total, Data::Empty)),
                None => Ok((None, Data::Objects(vec![entries.into_fields()]))),
            }
        }
        _ => Err("it is neither an object nor a list, a text or null".to_owned()),
    }
}

fn is_list_like(raw: &RawValue) -> bool {
    raw.get().starts_with(['[', 'n'])
}

fn read_list(raw: &RawValue) -> Result<Data, String> {
    match raw.get().as_bytes().first() {
        Some(b'n') => return Ok(Data::Empty),
        Some(b'"') => return Ok(texts(text(raw).into_iter().collect())),
        Some(b'{') => return Ok(Data::Objects(vec![read_fields(raw)?])),
        Some(b'[') => {}
        _ => return Err("the list is no list".to_owned()),
    }
    let elements: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|error| error_kind(&error))?;
    let mut objects = Vec::new();
    let mut strings = Vec::new();
    for element in elements {
        match element.get().as_bytes().first() {
            Some(b'n') => {}
            Some(b'{') => objects.push(read_fields(element)?),
            Some(b'"') => strings.extend(text(element)),
            _ => return Err("the list holds something other than objects and texts".to_owned()),
        }
    }
    match (objects.is_empty(), strings.is_empty()) {
        (true, _) => Ok(texts(strings)),
        (false, true) => Ok(Data::Objects(objects)),
        (false, false) => Err("the list mixes objects and texts".to_owned()),
    }
}

fn texts(mut texts: Vec<String>) -> Data {
    texts.retain(|text| !text.trim().is_empty());
    if texts.is_empty() { Data::Empty } else { Data::Texts(texts) }
}

fn read_fields(raw: &RawValue) -> Result<Fields, String> {
    let entries: Entries<'_> = serde_json::from_str(raw.get()).map_err(|error| error_kind(&error))?;
    Ok(entries.into_fields())
}

/// The content of a text, the JSON text of anything else, `None` for null.
fn text(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first() {
        Some(b'n') => None,
        Some(b'"') => serde_json::from_str(raw.get()).ok(),
        _ => Some(raw.get().to_owned()),
    }
}

fn whole_number(raw: &RawValue) -> Option<i64> {
    text(raw)?.trim().parse().ok()
}

/// `serde_json`'s message without what it may quote of the body.
fn error_kind(error: &serde_json::Error) -> String {
    let kind = if error.is_eof() { "it ends too early" } else { "it is not JSON of the expected shape" };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

/// The beginning of a body, safe to show: no digit and no Chinese character of it remains.
fn excerpt(body: &[u8]) -> String {
    const LONGEST: usize = 60;
    let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST * 4)]);
    text.chars()
        .take(LONGEST)
        .map(|character| match character {
            control if control.is_control() => ' ',
            shown if shown.is_ascii() && !shown.is_ascii_digit() => shown,
            _ => '*',
        })
        .collect()
}

/// The entries of a JSON object, in order, values unread.
struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Entries<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    fn into_fields(self) -> Fields {
        Fields(self.0.into_iter().map(|(name, raw)| (name.into_owned(), text(raw))).collect())
    }
}

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    entries.push((name, value));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// A key, borrowed where it holds no escape.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Envelope, Malformed> {
        Envelope::parse(body.as_bytes())
    }

    #[test]
    fn every_shape_of_data_times_every_form_of_status() {
        let face = || Fields(vec![("certno".into(), Some("A1".into())), ("yxq".into(), Some("1825".into()))]);
        let shapes = [
            ("null", Data::Empty),
            ("{}", Data::Empty),
            (r#""""#, Data::Empty),
            (r#"{"total":0,"data":[]}"#, Data::Empty),
            (r#"{"total":0,"dataList":null}"#, Data::Empty),
            (r#"{"total":"1","dataList":[{"certno":"A1","yxq":1825}]}"#, Data::Objects(vec![face()])),
            (r#"{"Total":1,"DataList":{"certno":"A1","yxq":1825}}"#, Data::Objects(vec![face()])),
            (r#"{"data":[{"certno":"A1","yxq":1825}]}"#, Data::Objects(vec![face()])),
            (r#"[{"certno":"A1","yxq":1825}]"#, Data::Objects(vec![face()])),
            (r#"{"certno":"A1","yxq":1825}"#, Data::Objects(vec![face()])),
            (r#""04D4""#, Data::Texts(vec!["04D4".into()])),
            (r#"{"total":1,"dataList":["04D4"]}"#, Data::Texts(vec!["04D4".into()])),
        ];
        for code in crate::codes::return_codes().iter().map(|line| line.code) {
            for status in [code.to_string(), format!("\"{code}\""), format!("\" {code} \"")] {
                for (shape, expected) in &shapes {
                    let body = format!(r#"{{"head":{{"message":"接口调用成功！","status":{status}}},"data":{shape}}}"#);
                    let envelope = parse(&body).unwrap_or_else(|error| panic!("{body}: {error}"));
                    assert_eq!(envelope.status, code, "{body}");
                    assert_eq!(&envelope.data, expected, "{body}");
                }
            }
        }
    }

    #[test]
    fn flags_come_as_text_or_number_or_not_at_all() {
        let exists = |head: &str| parse(&format!(r#"{{"head":{{"status":0,{head}}}}}"#)).map(|envelope| envelope.exists);
        assert_eq!(exists(r#""shengIsExists":"1","shiIsExists":0"#), Ok(Some((true, false))));
        assert_eq!(exists(r#""message":"""#), Ok(None));
        assert_eq!(exists(r#""shengIsExists":"1","shiIsExists":"""#), Ok(None));
        assert_eq!(exists(r#""shengIsExists":"2","shiIsExists":"0""#).unwrap_err().place, "shengIsExists");
    }

    #[test]
    fn what_is_no_answer_is_malformed_and_its_excerpt_names_nobody() {
        for (body, place) in [
            ("", "the body"),
            ("  \n", "the body"),
            ("<html>请登录 370481199206240910</html>", "the body"),
            (r#"{"head":{"status":0},"data":{"dataList":[{"name":"张三","gms"#, "the body"),
            (r#"{"data":null}"#, "head"),
            (r#"{"head":[],"data":null}"#, "head"),
            (r#"{"head":{"status":"ok"},"data":null}"#, "head.status"),
            (r#"{"head":{"status":0},"data":7}"#, "data"),
            (r#"{"head":{"status":0},"data":{"dataList":[["a"]]}}"#, "data"),
        ] {
            let malformed = parse(body).unwrap_err();
            assert_eq!(malformed.place, place, "{body}");
            let shown = malformed.to_string();
            let begins = shown.split("it begins:").last().unwrap();
            assert!(!begins.contains('张') && !begins.contains("370481"), "{shown}");
        }
    }

    #[test]
    fn large_numbers_keep_every_digit() {
        let envelope = parse(r#"{"head":{"status":0},"data":{"no":370481199206240910123,"d":"é\u4e09"}}"#).unwrap();
        assert_eq!(envelope.objects()[0].get("NO"), Some("370481199206240910123"));
        assert_eq!(envelope.objects()[0].get("d"), Some("é三"));
    }
}
