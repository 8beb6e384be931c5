//! Limits on the job file's texts, and on lists and maps of texts.

use super::limits::Limit;
use super::problem::{Collector, excerpt};
use super::resolve::{type_code, usable_path};
use super::schema::{self, Schema};
use super::value::{FILLED, PATH, TreatmentName};
use super::{FIGURES, Gate, SandboxSettings};
use crate::codes::Lifecycle;
use crate::endpoint::Side;
use crate::message::Message;
use serde_json::Value;
use std::collections::BTreeMap;
use toml::Spanned;

/// Longest name of a job, in bytes. File systems allow 255 for a folder name, to which suffixes are added.
const LONGEST_NAME: usize = 100;

/// Longest copy cause that the platform accepts, in characters (`certificateCopyCause` in the specification).
const LONGEST_CAUSE: usize = 200;

/// Pattern of a certificate type code. It cannot cover the check character.
const TYPE_CODE: &str = "^[0-9A-HJ-NPQRTUWXY]{18}[0-9]{3}$";

/// Returns the schema with its pattern replaced.
fn with_pattern(mut schema: Schema, pattern: &str) -> Schema {
    schema.insert("pattern".to_owned(), pattern.into());
    schema
}

/// Returns the schema of a list with the schema of its elements replaced.
fn with_elements(mut schema: Schema, elements: Schema) -> Schema {
    schema.insert("items".to_owned(), elements.into());
    schema
}

/// Returns the schema of a map with a pattern for its keys.
fn with_key_pattern(mut schema: Schema, pattern: &str) -> Schema {
    schema.insert("propertyNames".to_owned(), schema::of([("pattern", pattern.into())]).into());
    schema
}

/// Limit of `job.name`, which becomes the name of a folder.
pub(super) struct FolderName;

impl Limit<String> for FolderName {
    fn check(&self, value: &Spanned<String>, _: &str, problems: &mut Collector<'_>) {
        if !is_folder_name(value.get_ref()) {
            problems.at(value.span(), Message::new("job-bad-name").with("most", LONGEST_NAME));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        // Does not begin with a dot, is not only dots and white space, and contains no separator or control character.
        let pattern = r"^(?=.*[^\s.])[^./\\\u0000-\u001f\u007f-\u009f][^/\\\u0000-\u001f\u007f-\u009f]*$";
        let mut schema = with_pattern(schema, pattern);
        schema.insert("maxLength".to_owned(), LONGEST_NAME.into());
        schema
    }
}

/// Returns whether a job's name can be the name of a folder.
fn is_folder_name(name: &str) -> bool {
    let is_hidden = name.starts_with('.');
    let is_bare = name.chars().all(|character| character.is_whitespace() || character == '.');
    let is_path = name.contains(['/', '\\']) || name.chars().any(char::is_control);
    !is_hidden && !is_bare && !is_path && name.len() <= LONGEST_NAME
}

/// Limit of paths: not blank and without control characters.
pub(super) struct UsablePath;

impl Limit<String> for UsablePath {
    fn check(&self, value: &Spanned<String>, key: &str, problems: &mut Collector<'_>) {
        usable_path(Some(value), key, problems);
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_pattern(schema, PATH)
    }
}

/// Limit of `platform.base_url`: `sandbox`, or a URL without credentials, query and fragment.
pub(super) struct BaseUrl;

impl Limit<String> for BaseUrl {
    fn check(&self, value: &Spanned<String>, _: &str, problems: &mut Collector<'_>) {
        let text = value.get_ref();
        let usable = url::Url::parse(text.trim_end_matches('/')).is_ok_and(|url| {
            let is_bare =
                url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
            matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare
        });
        if !usable && text != "sandbox" {
            problems.at(value.span(), Message::new("job-base-url"));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_pattern(schema, r"^(sandbox|\s*[Hh][Tt][Tt][Pp][Ss]?:[/\\]*[^/\\?#@]+([/\\][^?#]*)?)$")
    }
}

/// Limit of `notify.webhook`: a URL.
pub(super) struct Webhook;

impl Limit<String> for Webhook {
    fn check(&self, value: &Spanned<String>, _: &str, problems: &mut Collector<'_>) {
        let usable = url::Url::parse(value.get_ref()).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !usable {
            problems.at(value.span(), Message::new("job-webhook"));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_pattern(schema, r"^\s*[Hh][Tt][Tt][Pp][Ss]?:.")
    }
}

/// Limit of the texts in `[purpose]` that the platform requires.
pub(super) struct PurposeText;

impl Limit<String> for PurposeText {
    fn check(&self, value: &Spanned<String>, key: &str, problems: &mut Collector<'_>) {
        if value.get_ref().trim().is_empty() {
            problems.at(value.span(), Message::new("job-purpose-empty").with("key", key));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_pattern(schema, FILLED)
    }
}

/// Limit of `purpose.copy_cause`.
pub(super) struct CopyCause;

impl Limit<String> for CopyCause {
    fn check(&self, value: &Spanned<String>, key: &str, problems: &mut Collector<'_>) {
        PurposeText.check(value, key, problems);
        let length = value.get_ref().chars().count();
        if length > LONGEST_CAUSE {
            let message = Message::new("job-too-long").with("key", key).with("most", LONGEST_CAUSE);
            problems.at(value.span(), message.with("length", length));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        let mut schema = PurposeText.narrow(schema);
        schema.insert("maxLength".to_owned(), LONGEST_CAUSE.into());
        schema
    }
}

/// Limit of `notify.command`: a program and its arguments.
pub(super) struct Program;

impl Limit<Vec<String>> for Program {
    fn check(&self, value: &Spanned<Vec<String>>, key: &str, problems: &mut Collector<'_>) {
        if value.get_ref().first().is_none_or(String::is_empty) {
            problems.at(value.span(), Message::new("job-no-program").with("key", key));
        }
    }

    fn narrow(&self, mut schema: Schema) -> Schema {
        schema.insert("minItems".to_owned(), 1.into());
        schema
    }
}

/// Limit of a certificate type code.
pub(super) struct TypeCode;

impl Limit<String> for TypeCode {
    fn check(&self, value: &Spanned<String>, key: &str, problems: &mut Collector<'_>) {
        type_code(value.get_ref(), key, value.span(), problems);
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_pattern(schema, TYPE_CODE)
    }
}

/// Limit of a list of certificate type codes.
pub(super) struct TypeCodes;

impl Limit<Vec<Spanned<String>>> for TypeCodes {
    fn check(&self, value: &Spanned<Vec<Spanned<String>>>, key: &str, problems: &mut Collector<'_>) {
        for code in value.get_ref() {
            TypeCode.check(code, key, problems);
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_elements(schema, schema::matching(TYPE_CODE))
    }
}

/// Limit of a map with certificate type codes as keys.
pub(super) struct TypeCodeKeys;

impl<T> Limit<BTreeMap<String, Spanned<T>>> for TypeCodeKeys {
    fn check(&self, value: &Spanned<BTreeMap<String, Spanned<T>>>, key: &str, problems: &mut Collector<'_>) {
        for (code, of_type) in value.get_ref() {
            type_code(code, key, of_type.span(), problems);
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_key_pattern(schema, TYPE_CODE)
    }
}

/// Limit of `archive.sides`.
pub(super) struct Sides;

impl Limit<Vec<Spanned<String>>> for Sides {
    fn check(&self, value: &Spanned<Vec<Spanned<String>>>, _: &str, problems: &mut Collector<'_>) {
        let is_known = |name: &str| Side::BOTH.into_iter().any(|side| side.name() == name);
        for name in value.get_ref().iter().filter(|name| !is_known(name.get_ref())) {
            problems.at(name.span(), Message::new("job-side").with("name", excerpt(name.get_ref())));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_elements(schema, schema::word(Side::BOTH.map(Side::name)))
    }
}

/// Limit of `archive.states`.
pub(super) struct States;

impl Limit<Vec<Spanned<String>>> for States {
    fn check(&self, value: &Spanned<Vec<Spanned<String>>>, _: &str, problems: &mut Collector<'_>) {
        let is_known = |state: &str| Lifecycle::ALL.iter().any(|known| known.name() == state);
        for state in value.get_ref().iter().filter(|state| !is_known(state.get_ref())) {
            let known = Lifecycle::ALL.map(Lifecycle::name).join(", ");
            let message = Message::new("job-state").with("state", excerpt(state.get_ref())).with("known", known);
            problems.at(state.span(), message);
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_elements(schema, schema::word(Lifecycle::ALL.map(Lifecycle::name)))
    }
}

/// Limit of `platform.sandbox.oddities`.
pub(super) struct Oddities;

impl Limit<Vec<String>> for Oddities {
    fn check(&self, value: &Spanned<Vec<String>>, key: &str, problems: &mut Collector<'_>) {
        for unknown in value.get_ref().iter().filter(|name| !SandboxSettings::knows_oddity(name)) {
            let message = Message::new("sandbox-unknown-name").with("flag", key).with("name", unknown);
            problems.at(value.span(), message.with("known", SandboxSettings::ODDITIES.join(", ")));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        let names = SandboxSettings::ODDITIES.into_iter().chain([SandboxSettings::EVERY_ODDITY]);
        with_elements(schema, schema::word(names))
    }
}

/// Limit of `report.gates`: the names must be built from names of figures.
pub(super) struct GateNames;

impl Limit<BTreeMap<String, Spanned<f64>>> for GateNames {
    fn check(&self, value: &Spanned<BTreeMap<String, Spanned<f64>>>, _: &str, problems: &mut Collector<'_>) {
        for (name, limit) in value.get_ref().iter().filter(|(name, limit)| Gate::new(name, *limit.get_ref()).is_none()) {
            let message = Message::new("job-gate").with("name", excerpt(name)).with("figures", FIGURES.join(", "));
            problems.at(limit.span(), message);
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        let names = FIGURES.into_iter().flat_map(|figure| [figure.to_owned(), format!("{figure}_share")]);
        let names = names.flat_map(|figure| [format!("min_{figure}"), format!("max_{figure}")]);
        let known: Value = names.filter(|name| Gate::new(name, 0.0).is_some()).collect();
        let mut schema = schema;
        schema.insert("propertyNames".to_owned(), schema::of([("enum", known)]).into());
        schema
    }
}

/// Limit of `platform.codes`: the keys must be return codes.
pub(super) struct ReturnCodes;

impl Limit<BTreeMap<String, Spanned<TreatmentName>>> for ReturnCodes {
    fn check(&self, value: &Spanned<BTreeMap<String, Spanned<TreatmentName>>>, _: &str, problems: &mut Collector<'_>) {
        for (code, treatment) in value.get_ref().iter().filter(|(code, _)| code.parse::<i32>().is_err()) {
            problems.at(treatment.span(), Message::new("job-return-code").with("code", excerpt(code)));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        with_key_pattern(schema, "^[+-]?[0-9]+$")
    }
}
