//! The envelope `{"head": {…}, "data": …}` in all the shapes in which the platform sends it.
//!
//! `head.status` comes as a number or as text; `data` is null, an object with `dataList`, an object with `data`, a face
//! itself, a list, or a bare text; names vary in case; an element may be a reference to another one. All of that is read;
//! anything else, such as a flag that is told twice and differently, is [`Malformed`], and never looks like "not found".

use super::body::{NotText, text_of};
use super::reference::resolve_references;
use crate::message::Message;
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
    /// How many certificates there are by the answer's own account, in `data`, `head` or beside them; the most where it
    /// names several figures.
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
/// content of a text, and the JSON text of anything else, digit for digit. U+FFFD, in a name or in a value, stands for a
/// character that was lost on the way.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Which part: a name such as `head.status`, or `body`.
    pub place: &'static str,
    /// What is wrong there.
    pub problem: Message,
    /// The beginning of the answer with every digit and every Chinese character starred.
    pub excerpt: String,
}

impl Malformed {
    /// The whole of it as one message.
    #[must_use]
    pub fn to_message(&self) -> Message {
        if self.excerpt.is_empty() {
            return self.problem.clone();
        }
        Message::new("answer-malformed").with_message("problem", self.problem.clone()).with("excerpt", &self.excerpt)
    }
}

/// The message's code and arguments, for logs.
impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_message(), formatter)
    }
}

impl std::error::Error for Malformed {}

/// What is wrong with an answer, and where.
struct Flaw {
    place: &'static str,
    problem: Message,
}

impl Flaw {
    const fn new(place: &'static str, code: &'static str) -> Self {
        Self { place, problem: Message::new(code) }
    }
}

impl Envelope {
    /// Reads an answer's body, in whatever character encoding it is.
    ///
    /// # Errors
    /// Fails if the body is in no known encoding, is empty or no JSON, lacks `head` or `head.status`, has flags or data in
    /// no known shape, says two things under one name, or holds a reference that names nothing.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let malformed = |flaw: Flaw, text: &str| Malformed { place: flaw.place, problem: flaw.problem, excerpt: excerpt(text) };
        let text = text_of(body).map_err(|NotText| {
            let beginning = body.get(..EXCERPT_BYTES).unwrap_or(body);
            malformed(Flaw::new("body", "answer-not-utf8"), &String::from_utf8_lossy(beginning))
        })?;
        Self::read(&text).map_err(|flaw| malformed(flaw, &text))
    }

    fn read(text: &str) -> Result<Self, Flaw> {
        if text.is_empty() {
            return Err(Flaw::new("body", "answer-empty"));
        }
        let text = resolve_references(text).map_err(|problem| Flaw { place: "body", problem })?;
        let top: Entries<'_> = serde_json::from_str(&text).map_err(|error| Flaw { place: "body", problem: not_json(&error) })?;
        let at = |place: &'static str| move |problem| Flaw { place, problem };
        let head = top.get("head").map_err(at("head"))?.ok_or(Flaw::new("head", "answer-no-head"))?;
        let head: Entries<'_> = serde_json::from_str(head.get()).map_err(|_| Flaw::new("head", "answer-head-no-object"))?;
        let status = head.get("status").map_err(at("head.status"))?.and_then(whole_number);
        let status = status.and_then(|status| i32::try_from(status).ok());
        let status = status.ok_or(Flaw::new("head.status", "answer-status-no-number"))?;
        let words = ["message", "msg"].iter().find_map(|name| head.get(name).ok().flatten());
        let message = words.and_then(text_value).unwrap_or_default();
        let flag = |name: &'static str| match head.get(name).map_err(at(name))? {
            None => Ok(None),
            Some(raw) => match text_value(raw).as_deref().map(str::trim) {
                Some("0" | "false") => Ok(Some(false)),
                Some("1" | "true") => Ok(Some(true)),
                None | Some("") => Ok(None),
                Some(_) => Err(Flaw { place: name, problem: Message::new("answer-flag-unknown").with("flag", name) }),
            },
        };
        let exists = flag("shengIsExists")?.zip(flag("shiIsExists")?);
        let (of_data, data) = match top.get("data").map_err(at("data"))? {
            None => (None, Data::Empty),
            Some(raw) => read_data(raw).map_err(at("data"))?,
        };
        let total = of_data.max(total_of(&head)).max(total_of(&top));
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

/// Names under which platforms and their libraries tell how many there are.
const TOTALS: [&str; 6] = ["total", "totalCount", "totalNum", "totalSize", "totalRecords", "recordsTotal"];

/// Names that stand beside a list and say which page of it this is.
const PAGING: [&str; 8] = ["page", "pageNum", "pageNo", "pageIndex", "pages", "size", "pageSize", "current"];

/// Names that page libraries give a list, besides the specification's.
const OTHER_LISTS: [&str; 3] = ["list", "rows", "records"];

fn read_data(raw: &RawValue) -> Result<(Option<u64>, Data), Message> {
    match raw.get().as_bytes().first() {
        Some(b'n') => Ok((None, Data::Empty)),
        Some(b'"') => Ok((None, texts(text_value(raw).into_iter().collect()))),
        Some(b'[') => read_list(raw).map(|data| (None, data)),
        Some(b'{') => {
            let entries: Entries<'_> = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
            let total = total_of(&entries);
            if let Some(list) = list_of(&entries)? {
                return Ok((total, read_list(list)?));
            }
            // A list wrapped once more.
            if let Some(raw) = entries.get("data")?.filter(|raw| raw.get().starts_with('{'))
                && entries.has_only(&["data"])
            {
                let inner: Entries<'_> = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
                if let Some(list) = list_of(&inner)? {
                    return Ok((total.max(total_of(&inner)), read_list(list)?));
                }
            }
            if entries.has_only(&[]) {
                return Ok((total, Data::Empty));
            }
            Ok((None, Data::Objects(vec![entries.into_fields()?])))
        }
        _ => Err(Message::new("answer-data-shape")),
    }
}

/// The list that an object holds: one that says something rather than null; `None` where the object is no wrapping of a list.
fn list_of<'a>(entries: &Entries<'a>) -> Result<Option<&'a RawValue>, Message> {
    let is_list_like = |raw: &&RawValue| raw.get().starts_with(['[', 'n']);
    let known = [entries.get("dataList")?, entries.get("data")?.filter(is_list_like)];
    let lists = || known.iter().copied().flatten();
    if let Some(list) = lists().find(|list| !list.get().starts_with('n')) {
        return Ok(Some(list));
    }
    for name in OTHER_LISTS {
        if let Some(list) = entries.get(name)?.filter(|raw| raw.get().starts_with('['))
            && entries.has_only(&[name, "dataList", "data"])
        {
            return Ok(Some(list));
        }
    }
    Ok(lists().next())
}

/// How many there are by the figures among these entries: the most that any of them names.
fn total_of(entries: &Entries<'_>) -> Option<u64> {
    let is_total = |name: &str| TOTALS.iter().any(|known| known.eq_ignore_ascii_case(name));
    entries.0.iter().filter(|(name, _)| is_total(name)).filter_map(|(_, raw)| count(raw)).max()
}

/// A number of things: `4`, `"4"`, `4.0`, `"4条"`; `None` for anything else, such as -1 for "not counted".
fn count(raw: &RawValue) -> Option<u64> {
    let text = text_value(raw)?;
    let text = text.trim();
    if let Some(number) = text.parse::<f64>().ok().filter(|number| number.fract() == 0.0) {
        return text.parse().or_else(|_| format!("{number:.0}").parse()).ok();
    }
    let end = text.find(|character: char| !character.is_ascii_digit())?;
    let (digits, unit) = text.split_at_checked(end)?;
    if unit.trim_start().starts_with(|character: char| character.is_ascii()) { None } else { digits.parse().ok() }
}

fn read_list(raw: &RawValue) -> Result<Data, Message> {
    match raw.get().as_bytes().first() {
        Some(b'n') => return Ok(Data::Empty),
        Some(b'"') => return Ok(texts(text_value(raw).into_iter().collect())),
        Some(b'{') => return Ok(Data::Objects(vec![read_fields(raw)?])),
        Some(b'[') => {}
        _ => return Err(Message::new("answer-data-shape")),
    }
    let elements: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
    let mut objects = Vec::new();
    let mut strings = Vec::new();
    for element in elements {
        match element.get().as_bytes().first() {
            Some(b'n') => {}
            Some(b'{') => objects.push(read_fields(element)?),
            Some(b'"') => strings.extend(text_value(element)),
            _ => return Err(Message::new("answer-list-element")),
        }
    }
    match (objects.is_empty(), strings.is_empty()) {
        (true, _) => Ok(texts(strings)),
        (false, true) => Ok(Data::Objects(objects)),
        (false, false) => Err(Message::new("answer-list-mixed")),
    }
}

fn texts(mut texts: Vec<String>) -> Data {
    texts.retain(|text| !text.trim().is_empty());
    if texts.is_empty() { Data::Empty } else { Data::Texts(texts) }
}

fn read_fields(raw: &RawValue) -> Result<Fields, Message> {
    let entries: Entries<'_> = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
    entries.into_fields()
}

/// The content of a text, the JSON text of anything else, `None` for null.
fn text_value(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first() {
        Some(b'n') => None,
        // A text that does not decode would be lost; its JSON form is not.
        Some(b'"') => Some(serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned())),
        _ => Some(raw.get().to_owned()),
    }
}

fn whole_number(raw: &RawValue) -> Option<i64> {
    text_value(raw)?.trim().parse().ok()
}

/// What a JSON reader says, without what it may quote of the body.
pub(super) fn not_json(error: &serde_json::Error) -> Message {
    let code = if error.is_eof() { "answer-cut-off" } else { "answer-not-json" };
    Message::new(code).with("line", error.line()).with("column", error.column())
}

/// Length of the excerpt of a malformed answer, in characters.
const EXCERPT: usize = 60;

/// So many bytes hold the excerpt, whatever the characters.
const EXCERPT_BYTES: usize = EXCERPT * 4;

/// The beginning of a body, safe to show: no digit and no Chinese character of it remains.
fn excerpt(text: &str) -> String {
    text.chars()
        .take(EXCERPT)
        .map(|character| match character {
            control if control.is_control() => ' ',
            shown if shown.is_ascii() && !shown.is_ascii_digit() => shown,
            _ => '*',
        })
        .collect()
}

/// The entries of a JSON object, in order, values unread.
pub(super) struct Entries<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Entries<'a> {
    /// The value under a name, in any letter case. Where the name occurs several times, null and blank give way to a value.
    ///
    /// # Errors
    /// Fails with a message if the name occurs with two values that say different things: which one is meant is not known.
    pub(super) fn get(&self, name: &str) -> Result<Option<&'a RawValue>, Message> {
        let mut found: Option<&'a RawValue> = None;
        for &(_, value) in self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)) {
            let Some(first) = found else {
                found = Some(value);
                continue;
            };
            let says = |raw| text_value(raw).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            match (says(first), says(value)) {
                (_, None) => {}
                (None, Some(_)) => found = Some(value),
                (Some(one), Some(other)) if one == other => {}
                (Some(_), Some(_)) => return Err(Message::new("answer-name-twice").with("name", name)),
            }
        }
        Ok(found)
    }

    /// Whether the entries are these, and what stands beside a list.
    fn has_only(&self, names: &[&str]) -> bool {
        let is_known = |name: &str| names.iter().chain(&TOTALS).chain(&PAGING).any(|known| known.eq_ignore_ascii_case(name));
        self.0.iter().all(|(name, _)| is_known(name))
    }

    /// The entries as the fields of an object.
    ///
    /// # Errors
    /// Fails with a message if the object is a reference that stands for no element: it would count as one more object.
    fn into_fields(self) -> Result<Fields, Message> {
        if self.0.iter().any(|(name, _)| name == "$ref") {
            return Err(Message::new("answer-reference-unresolved"));
        }
        Ok(Fields(self.0.into_iter().map(|(name, raw)| (name.into_owned(), text_value(raw))).collect()))
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
    fn a_name_with_two_values_is_malformed_unless_they_say_the_same_or_nothing() {
        let read = |body: &str| parse(body).map_err(|malformed| malformed.place);
        for (body, place) in [
            (r#"{"head":{"status":0,"status":10}}"#, "head.status"),
            (r#"{"head":{"status":10},"head":{"status":0}}"#, "head"),
            (r#"{"head":{"status":0,"shengIsExists":"0","shengIsExists":"1","shiIsExists":"1"}}"#, "shengIsExists"),
            (r#"{"head":{"status":0,"shengIsExists":"1","SHIISEXISTS":"0","shiIsExists":"1"}}"#, "shiIsExists"),
            (r#"{"head":{"status":0},"data":[],"Data":[{"certno":"A1"}]}"#, "data"),
            (r#"{"head":{"status":0},"data":{"dataList":[],"dataList":[{"certno":"A1"}]}}"#, "data"),
        ] {
            assert_eq!(read(body), Err(place), "{body}");
        }
        for body in [
            r#"{"head":{"status":0,"status":"0"},"data":[{"certno":"A1"}]}"#,
            r#"{"head":{"status":0},"data":null,"data":[{"certno":"A1"}]}"#,
            r#"{"head":{"status":0},"data":{"dataList":[{"certno":"A1"}],"DATALIST":null}}"#,
            r#"{"head":{"status":0},"data":{"dataList":null,"data":[{"certno":"A1"}]}}"#,
        ] {
            assert_eq!(parse(body).unwrap().objects()[0].get("certno"), Some("A1"), "{body}");
        }
    }

    #[test]
    fn a_total_is_found_wherever_and_however_it_is_told() {
        for (body, total) in [
            (r#"{"head":{"status":0},"data":{"total":4,"dataList":[]}}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"total":" 4 ","dataList":[]}}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"total":4.0,"dataList":[]}}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"total":"4条","data":[]}}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"totalCount":4,"dataList":null}}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"recordsTotal":4,"rows":[]}}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"total":4,"pageNum":1,"pageSize":10}}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"data":{"total":4,"dataList":[]}}}"#, Some(4)),
            (r#"{"head":{"status":0,"total":4},"data":[]}"#, Some(4)),
            (r#"{"head":{"status":0},"total":4,"data":[]}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"total":1,"total":4,"dataList":[]}}"#, Some(4)),
            (r#"{"head":{"status":0,"total":4},"data":{"total":1,"dataList":[]}}"#, Some(4)),
            (r#"{"head":{"status":0},"data":{"total":-1,"dataList":[]}}"#, None),
            (r#"{"head":{"status":0},"data":{"total":4.5,"dataList":[]}}"#, None),
            (r#"{"head":{"status":0},"data":{"total":[4],"dataList":[]}}"#, None),
            (r#"{"head":{"status":0},"data":{"total":"many","dataList":[]}}"#, None),
            (r#"{"head":{"status":0},"data":{"total":1e400,"dataList":[]}}"#, None),
        ] {
            let envelope = parse(body).unwrap_or_else(|error| panic!("{body}: {error}"));
            assert_eq!((envelope.total, &envelope.data), (total, &Data::Empty), "{body}");
        }
    }

    #[test]
    fn a_list_is_found_under_the_names_of_page_libraries() {
        for data in [
            r#"{"total":1,"rows":[{"certno":"A1"}]}"#,
            r#"{"records":[{"certno":"A1"}],"current":1,"size":10}"#,
            r#"{"dataList":null,"list":[{"certno":"A1"}]}"#,
            r#"{"data":{"total":1,"dataList":[{"certno":"A1"}]}}"#,
        ] {
            let envelope = parse(&format!(r#"{{"head":{{"status":0}},"data":{data}}}"#)).unwrap();
            let expected = Fields(vec![("certno".into(), Some("A1".into()))]);
            assert_eq!(envelope.objects(), [expected], "{data}");
        }
        // A face that bears such a name is a face.
        let envelope = parse(r#"{"head":{"status":0},"data":{"certno":"A1","rows":[1]}}"#).unwrap();
        assert_eq!(envelope.objects()[0].get("rows"), Some("[1]"));
    }

    #[test]
    fn what_is_no_answer_is_malformed_and_its_excerpt_names_nobody() {
        for (body, place) in [
            ("", "body"),
            ("  \n", "body"),
            ("<html>请登录 370481199206240910</html>", "body"),
            (r#"{"head":{"status":0},"data":{"dataList":[{"name":"张三","gms"#, "body"),
            (r#"{"data":null}"#, "head"),
            (r#"{"head":[],"data":null}"#, "head"),
            (r#"{"head":{"status":"ok"},"data":null}"#, "head.status"),
            (r#"{"head":{"status":0},"data":7}"#, "data"),
            (r#"{"head":{"status":0},"data":{"dataList":[["a"]]}}"#, "data"),
            (r#"{"head":{"status":0},"data":{"dataList":[{"name":"张三"},{"$ref":"$.data.dataList[7]"}]}}"#, "body"),
            (r#"{"head":{"status":0},"data":{"dataList":[{"name":"张三","all":{"$ref":"$"}}]}}"#, "body"),
            (r#"{"head":{"status":0},"data":{"$ref":"$.list"},"list":null}"#, "body"),
            (r#"{"head":{"status":0},"data":{"dataList":[{"name":"张三"},{"$ref":0}]}}"#, "body"),
            (r#"{"head":{"status":0},"data":{"dataList":[{"name":"张三"},{"$ref":"people","$id":1}]}}"#, "data"),
            (r#"{"head":{"status":0},"data":{"dataList":[{"a":1},{"$ref":"$.data.dataList[0]","a":1}]}}"#, "body"),
        ] {
            let malformed = parse(body).unwrap_err();
            assert_eq!(malformed.place, place, "{body}");
            let shown = malformed.to_string();
            assert!(!shown.contains('张') && !shown.contains("370481"), "{shown}");
        }
        let damaged = Envelope::parse(b"{\"head\":{\"message\":\"\xE6\x8E\xA5\xE5\x8F\xA3\xFF\"}}").unwrap_err();
        assert_eq!((damaged.place, damaged.problem.code()), ("body", "answer-not-utf8"));
        assert!(damaged.excerpt.starts_with("{\"head\":{\"message\":\"***"), "{}", damaged.excerpt);
    }

    #[test]
    fn a_mark_or_another_encoding_changes_nothing() {
        let written = r#"{"head":{"status":"0","message":"接口调用成功"},"data":{"dataList":[{"name":"张三"}]}}"#;
        let plain = parse(written).unwrap();
        let in_gbk = encoding_rs::GBK.encode(written).0;
        for body in [format!("\u{FEFF}{written}").as_bytes(), &*in_gbk] {
            assert_eq!(Envelope::parse(body).as_ref(), Ok(&plain));
        }
    }

    #[test]
    fn a_lone_surrogate_is_told_as_a_lost_character() {
        let envelope =
            parse(r#"{"head":{"status":0,"message":"\ud83d完"},"data":{"na\udc00me":"张\ud83d","b":{"c":"\ud83d"},"d":"\ud840\udc87"}}"#)
                .unwrap();
        assert_eq!(envelope.message, "\u{FFFD}完");
        let values = |name: &str| envelope.objects()[0].get(name);
        assert_eq!(values("na\u{FFFD}me"), Some("张\u{FFFD}"));
        assert_eq!(values("b"), Some("{\"c\":\"\u{FFFD}\"}"));
        assert_eq!(values("d"), Some("\u{20087}"));
    }

    #[test]
    fn a_reference_is_the_element_that_it_names() {
        let written = r#"{"head":{"status":0},"data":{"total":2,"dataList":[{"no":"A1","holder":{"name":"甲"}},{"$ref":"$.data.dataList[0]"},
            {"no":"A2","holder":{"$ref":"$.data.dataList[0].holder"},"name":{"$ref":"$.Data.datalist[0].holder.name"}}]}}"#;
        let envelope = parse(written).unwrap();
        let [first, second, third] = envelope.objects() else { panic!("{envelope:?}") };
        assert_eq!(first, second);
        assert_eq!(third.get("holder"), first.get("holder"));
        assert_eq!((third.get("no"), third.get("name")), (Some("A2"), Some("甲")));
    }

    #[test]
    fn large_numbers_keep_every_digit() {
        let envelope = parse(r#"{"head":{"status":0},"data":{"no":370481199206240910123,"d":"é\u4e09"}}"#).unwrap();
        assert_eq!(envelope.objects()[0].get("NO"), Some("370481199206240910123"));
        assert_eq!(envelope.objects()[0].get("d"), Some("é三"));
    }
}
