//! JSON Schema of the job file, generated from the declarations that read it.
//!
//! A type gives the schema of its values ([`Read::schema`]), a section lists its keys, and a limit restricts the value of a key.
//! Only rules between several keys are added here. The schema is of draft 7, which editors support, and less strict than reading
//! a job: it cannot compute a check character, compare two durations or count bytes.

use super::value::Read;
use super::written::Written;
use serde_json::{Map, Value, json};

/// JSON Schema of a value.
pub(super) type Schema = Map<String, Value>;

/// Returns a schema with these keywords.
pub(super) fn of<const N: usize>(entries: [(&str, Value); N]) -> Schema {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Returns the schema of any text.
pub(super) fn text() -> Schema {
    of([("type", "string".into())])
}

/// Returns the schema of a text that contains a match of a regular expression (ECMA 262).
pub(super) fn matching(pattern: &str) -> Schema {
    of([("type", "string".into()), ("pattern", pattern.into())])
}

/// Returns the schema of a value that is one of several words.
pub(super) fn word<'a>(words: impl IntoIterator<Item = &'a str>) -> Schema {
    of([("enum", words.into_iter().collect())])
}

/// Path of a value in the job file, and the source of its description.
pub(super) struct Place<'a> {
    /// Keys that lead to the value, such as `throttle.pause_at.share`. Elements of a list and entries of a map share its path.
    path: String,
    describe: &'a dyn Fn(&str) -> Option<String>,
}

impl Place<'_> {
    /// Returns the place of a key in the section at this place.
    pub(super) fn at(&self, key: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { path: format!("{}{dot}{key}", self.path), describe: self.describe }
    }

    /// Adds the description of the value to its schema, if there is one.
    fn add_description(&self, schema: &mut Schema) {
        if let Some(description) = (self.describe)(&self.path) {
            schema.insert("description".to_owned(), description.into());
        }
    }
}

/// Schema of a section, built key by key.
#[derive(Default)]
pub(super) struct SectionSchema {
    keys: Schema,
    required: Vec<Value>,
}

impl SectionSchema {
    /// Adds a key with the schema of its value; `section` is the place of the section.
    pub(super) fn add(&mut self, section: &Place<'_>, key: &str, mut schema: Schema) {
        section.at(key).add_description(&mut schema);
        self.keys.insert(key.to_owned(), schema.into());
    }

    /// Marks a key as required.
    pub(super) fn required(&mut self, key: &str) {
        self.required.push(key.into());
    }

    /// Returns the schema of the section. It rejects keys that were not added.
    pub(super) fn finish(self) -> Schema {
        let mut schema =
            of([("type", "object".into()), ("properties", self.keys.into()), ("additionalProperties", false.into())]);
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), self.required.into());
        }
        schema
    }
}

/// Returns the JSON Schema of a job file. `describe` returns the description of the key at a path such as
/// `throttle.pause_at.share`, and of the whole file at the empty path.
#[must_use]
pub fn job_schema(describe: &dyn Fn(&str) -> Option<String>) -> Value {
    let file = Place { path: String::new(), describe };
    let mut schema = Written::schema(&file);
    file.add_description(&mut schema);
    schema.insert("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
    let mut schema = Value::Object(schema);
    add_rules_between_keys(&mut schema);
    schema
}

/// Adds the rules between keys: where credentials are required, where the sandbox's settings apply, and what a list must contain.
fn add_rules_between_keys(schema: &mut Value) {
    let rules = [
        (
            "/properties/platform",
            json!({
                "if": { "properties": { "base_url": { "const": "sandbox" } }, "required": ["base_url"] },
                "else": { "required": ["username", "password"], "properties": { "sandbox": false } },
            }),
        ),
        ("/properties/inputs", json!({ "minItems": 1 })),
        (
            "/properties/catalogue/properties/types/items",
            json!({ "anyOf": [{ "required": ["name"] }, { "required": ["names"], "properties": { "names": { "minItems": 1 } } }] }),
        ),
    ];
    for (pointer, rule) in rules {
        if let (Some(Value::Object(place)), Value::Object(rule)) = (schema.pointer_mut(pointer), rule) {
            place.extend(rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn every_key_is_described_under_its_path() {
        let asked = RefCell::new(Vec::new());
        let schema = job_schema(&|path| {
            asked.borrow_mut().push(path.to_owned());
            Some(format!("about {path}"))
        });
        let described = |pointer: &str| schema.pointer(pointer).and_then(|schema| schema["description"].as_str());
        assert_eq!(described(""), Some("about "));
        assert_eq!(described("/properties/throttle/properties/pause_at/properties/share"), Some("about throttle.pause_at.share"));
        assert_eq!(described("/properties/inputs/items/properties/path"), Some("about inputs.path"));
        let of_types = "/properties/faces/properties/types/additionalProperties/properties/ignore";
        assert_eq!(described(of_types), Some("about faces.types.ignore"));
        let asked = asked.into_inner();
        assert!(asked.len() > 80, "{asked:?}");
        assert!(!asked.iter().any(|path| path.starts_with('.') || path.contains("..")), "{asked:?}");
    }

    #[test]
    fn limits_and_required_keys_come_from_the_declaration() {
        let schema = job_schema(&|_| None);
        let at = |pointer: &str| schema.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(at("/properties/retry/properties/attempts/maximum"), 100);
        assert_eq!(at("/properties/retry/properties/attempts/minimum"), 1);
        assert_eq!(at("/properties/job/required"), json!(["name"]));
        assert_eq!(at("/properties/job/properties/period/enum"), json!(["monthly", "daily", "once"]));
        assert_eq!(at("/required"), json!(["job", "platform", "purpose", "inputs"]));
        assert_eq!(at("/properties/inputs/minItems"), 1);
        assert_eq!(at("/properties/platform/else/required"), json!(["username", "password"]));
        assert_eq!(at("/additionalProperties"), false);
    }
}
