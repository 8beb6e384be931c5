//! References within an answer, as fastjson writes them: `{"$ref":"$.data.dataList[0]"}` stands for an element that was
//! written before.

use super::envelope::Entries;
use crate::message::Message;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Deepest nesting of an answer that is read, references followed.
const DEEPEST: usize = 128;

/// Longest text that references may add up to, in bytes: each may stand for an element that is itself full of references.
const LONGEST: usize = 64 << 20;

/// Returns a JSON text with every reference replaced by the element that it names; the text itself where there is none.
///
/// # Errors
/// Fails with a message if a reference names nothing, or something that it is a part of, if an object is half a reference,
/// or if the text with all of them replaced is too deep or too long. A reference must not be passed over: what it stands for
/// would look absent, and the reference itself like one more certificate.
pub(super) fn resolve_references(text: &str) -> Result<Cow<'_, str>, Message> {
    // `\u0024` is the dollar sign, escaped.
    if !text.contains("$ref") && !text.contains("\\u0024") {
        return Ok(Cow::Borrowed(text));
    }
    // What is no JSON is told by whoever reads the answer.
    let Ok(root) = serde_json::from_str::<&RawValue>(text) else { return Ok(Cow::Borrowed(text)) };
    let mut resolver = Resolver { root, open: Vec::new(), written: String::with_capacity(text.len()) };
    resolver.write(root)?;
    Ok(Cow::Owned(resolver.written))
}

struct Resolver<'a> {
    root: &'a RawValue,
    /// The objects and lists that are being written, outermost first.
    open: Vec<&'a RawValue>,
    written: String,
}

impl<'a> Resolver<'a> {
    fn write(&mut self, value: &'a RawValue) -> Result<(), Message> {
        if !is_container(value) {
            return self.append(value.get());
        }
        if self.open.len() >= DEEPEST {
            return Err(Message::new("answer-too-deep"));
        }
        self.open.push(value);
        if value.get().starts_with('{') {
            self.write_object(value)?;
        } else {
            self.write_list(value)?;
        }
        self.open.pop();
        Ok(())
    }

    fn write_object(&mut self, object: &'a RawValue) -> Result<(), Message> {
        let entries: Entries<'a> = read(object)?;
        if let Some(path) = reference_path(&entries)? {
            let element = self.element(&path).ok_or_else(|| Message::new("answer-reference-unresolved"))?;
            // One place in the text is one element.
            if self.open.iter().any(|open| std::ptr::eq(*open, element)) {
                return Err(Message::new("answer-reference-circular"));
            }
            return self.write(element);
        }
        self.append("{")?;
        for (index, (name, value)) in entries.0.into_iter().enumerate() {
            if index > 0 {
                self.append(",")?;
            }
            // A text always has a JSON form.
            self.append(&serde_json::to_string(&name).unwrap_or_default())?;
            self.append(":")?;
            self.write(value)?;
        }
        self.append("}")
    }

    fn write_list(&mut self, list: &'a RawValue) -> Result<(), Message> {
        let elements: Vec<&'a RawValue> = read(list)?;
        self.append("[")?;
        for (index, element) in elements.into_iter().enumerate() {
            if index > 0 {
                self.append(",")?;
            }
            self.write(element)?;
        }
        self.append("]")
    }

    fn append(&mut self, text: &str) -> Result<(), Message> {
        if self.written.len() + text.len() > LONGEST {
            return Err(Message::new("answer-too-long"));
        }
        self.written.push_str(text);
        Ok(())
    }

    /// The element that a reference names; `None` where there is none, or nothing in it.
    fn element(&self, path: &str) -> Option<&'a RawValue> {
        // What contains the reference, and what contains that: objects that are being written.
        match path.trim() {
            "@" => return self.open.iter().rev().nth(1).copied(),
            ".." => return self.open.iter().rev().nth(2).copied(),
            _ => {}
        }
        let mut element = self.root;
        for step in steps(path.trim())? {
            element = match (element.get().as_bytes().first()?, step) {
                (b'[', Step::Place(place)) => read::<Vec<&'a RawValue>>(element).ok()?.get(place).copied()?,
                (b'{', Step::Place(place)) => read::<Entries<'a>>(element).ok()?.get(&place.to_string()).ok()??,
                (b'{', Step::Name(name)) => read::<Entries<'a>>(element).ok()?.get(&name).ok()??,
                _ => return None,
            };
        }
        (!element.get().starts_with('n')).then_some(element)
    }
}

/// The path of a reference; `None` for any other object, `MongoDB`'s `{"$ref":"…","$id":…}` among them, which names something
/// outside of the answer.
fn reference_path(entries: &Entries<'_>) -> Result<Option<String>, Message> {
    let has = |wanted: &str| entries.0.iter().any(|(name, _)| name == wanted);
    if !has("$ref") || has("$id") {
        return Ok(None);
    }
    let unresolved = || Message::new("answer-reference-unresolved");
    match &entries.0[..] {
        [(_, path)] => serde_json::from_str(path.get()).map(Some).map_err(|_| unresolved()),
        // Other fields beside a reference may tell another element than it names.
        _ => Err(unresolved()),
    }
}

fn is_container(value: &RawValue) -> bool {
    value.get().starts_with(['{', '['])
}

fn read<'a, T: serde::Deserialize<'a>>(value: &'a RawValue) -> Result<T, Message> {
    serde_json::from_str(value.get()).map_err(|error| super::envelope::not_json(&error))
}

/// One step of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// To the value under a name.
    Name(String),
    /// To an element of a list, counted from 0.
    Place(usize),
}

/// The steps of a path from the root, such as `$.data.dataList[0]`, `$[0]` or `$['data']`. A backslash takes its meaning
/// from the character behind it, as in `$.cert\.no`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, behind) = match rest.strip_prefix('[') {
            Some(bracketed) => step_in_brackets(bracketed)?,
            None => step_by_name(rest.strip_prefix('.')?)?,
        };
        steps.push(step);
        rest = behind;
    }
    Some(steps)
}

fn step_in_brackets(text: &str) -> Option<(Step, &str)> {
    let (inside, behind) = text.split_once(']')?;
    let inside = inside.trim();
    let quoted = ['\'', '"'].into_iter().find_map(|quote| inside.strip_prefix(quote)?.strip_suffix(quote));
    let step = match quoted {
        Some(name) => Step::Name(name.to_owned()),
        None => Step::Place(inside.parse().ok()?),
    };
    Some((step, behind))
}

fn step_by_name(text: &str) -> Option<(Step, &str)> {
    let mut name = String::new();
    let mut characters = text.char_indices();
    let mut behind = "";
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            '.' | '[' => {
                behind = text.get(at..)?;
                break;
            }
            other => name.push(other),
        }
    }
    if name.is_empty() { None } else { Some((Step::Name(name), behind)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write;

    fn resolved(text: &str) -> Result<String, String> {
        resolve_references(text).map(Cow::into_owned).map_err(|message| message.code().to_owned())
    }

    #[test]
    fn a_reference_is_the_element_that_it_names() {
        for (text, expected) in [
            (
                r#"{"data":{"dataList":[{"no":1.50},{"$ref":"$.data.dataList[0]"}]}}"#,
                r#"{"data":{"dataList":[{"no":1.50},{"no":1.50}]}}"#,
            ),
            (r#"{"Data":[{"no":"A"}],"b":{"$ref":"$.data[0]"}}"#, r#"{"Data":[{"no":"A"}],"b":{"no":"A"}}"#),
            (r#"[{"a":"x"},{"b":{"$ref":"$[0].a"}}]"#, r#"[{"a":"x"},{"b":"x"}]"#),
            (r#"[{"a.b":[7]},{"$ref":"$[0].a\\.b[0]"},{"$ref":"$[0]['a.b']"}]"#, r#"[{"a.b":[7]},7,[7]]"#),
            (r#"{"a":{"1":true},"b":{"$ref":"$.a[1]"}}"#, r#"{"a":{"1":true},"b":true}"#),
            // A reference to a reference, and one to what is written later.
            (r#"[{"$ref":"$[1]"},{"$ref":"$[2]"},{"a":[]}]"#, r#"[{"a":[]},{"a":[]},{"a":[]}]"#),
            (r#"{"\u0024ref":"x"}"#, "answer-reference-unresolved"),
            // These are none.
            (
                r#"{"a":"$ref","b":{"$reference":0},"c":{"$ref":"people","$id":1},"d":{}}"#,
                r#"{"a":"$ref","b":{"$reference":0},"c":{"$ref":"people","$id":1},"d":{}}"#,
            ),
        ] {
            assert_eq!(resolved(text).unwrap_or_else(|code| code), expected, "{text}");
        }
    }

    #[test]
    fn a_reference_to_nothing_or_to_what_contains_it_is_refused() {
        for (text, code) in [
            (r#"{"a":{"$ref":"$.b"}}"#, "answer-reference-unresolved"),
            (r#"{"a":{"$ref":"$.b"},"b":null}"#, "answer-reference-unresolved"),
            (r#"{"a":[1],"b":{"$ref":"$.a[1]"}}"#, "answer-reference-unresolved"),
            (r#"{"a":[1],"b":{"$ref":"$.a.b"}}"#, "answer-reference-unresolved"),
            (r#"{"a":{"$ref":"people/1"}}"#, "answer-reference-unresolved"),
            (r#"{"a":{"$ref":"$a"}}"#, "answer-reference-unresolved"),
            (r#"{"a":{"$ref":"$[x"}}"#, "answer-reference-unresolved"),
            (r#"{"a":{"$ref":"$."}}"#, "answer-reference-unresolved"),
            (r#"{"$ref":"@"}"#, "answer-reference-unresolved"),
            (r#"[{"$ref":0}]"#, "answer-reference-unresolved"),
            (r#"{"a":{"$ref":null}}"#, "answer-reference-unresolved"),
            (r#"{"a":{"$ref":{"$ref":"$.b"}},"b":1}"#, "answer-reference-unresolved"),
            (r#"[{"a":1},{"$ref":"$[0]","a":1}]"#, "answer-reference-unresolved"),
            (r#"[{"a":1,"A":2},{"$ref":"$[0].a"}]"#, "answer-reference-unresolved"),
            (r#"{"a":{"$ref":"$"}}"#, "answer-reference-circular"),
            (r#"{"a":{"$ref":"@"}}"#, "answer-reference-circular"),
            (r#"{"a":{"b":{"$ref":".."}}}"#, "answer-reference-circular"),
            (r#"{"a":{"$ref":"$.a"}}"#, "answer-reference-circular"),
            (r#"[{"a":{"$ref":"$[1]"}},{"b":{"$ref":"$[0]"}}]"#, "answer-reference-circular"),
        ] {
            assert_eq!(resolved(text), Err(code.to_owned()), "{text}");
        }
    }

    #[test]
    fn references_that_multiply_are_stopped() {
        let mut text = format!(r#"[["{}"]"#, "x".repeat(100_000));
        for level in 0..40 {
            write!(text, r#",[{{"$ref":"$[{level}]"}},{{"$ref":"$[{level}]"}}]"#).unwrap();
        }
        text.push(']');
        assert_eq!(resolved(&text), Err("answer-too-long".to_owned()));
        let deep = format!("{}{{\"$ref\":\"$\"}}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(resolved(&deep), Err("answer-too-deep".to_owned()));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r#"([{}\[\],:"$.@01ab]|"\$ref":|"\$\.a\[0\]"){0,24}"#, path in r"\$[.\[\]'\\a0é]{0,12}") {
            let _ = resolve_references(&text);
            let _ = resolve_references(&format!(r#"{{"a":[1],"b":{{"$ref":{}}}}}"#, serde_json::to_string(&path).unwrap()));
        }
    }
}
