//! Resolves `[[inputs]]`.

use super::problem::{Collector, excerpt};
use super::resolve::{begins, inner, required, section, value};
use super::value::{HeaderRow, SheetChoice};
use super::written::{ColumnsSection, InputSection};
use super::{Columns, InputSettings, RESERVED_HEADERS};
use crate::codes::holder_code_type;
use crate::message::Message;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// Longest header of a carried column, in characters. Longer ones do not fit into a sheet's filter or on a screen.
const LONGEST_HEADER: usize = 255;
/// Limit on carried columns of a job, because each becomes a column of a table and a sheet of the workbook.
const MOST_CARRIED: usize = 200;

/// Resolves the inputs. A job without any is an error.
pub(super) fn resolve(written: Option<Spanned<Vec<Spanned<InputSection>>>>, problems: &mut Collector<'_>) -> Vec<InputSettings> {
    let place = begins(written.as_ref(), problems);
    let are_misread = problems.is_misread("inputs", problems.text().len());
    let written = section(written);
    if written.is_empty() && !are_misread {
        problems.at(place..place, Message::new("job-no-inputs"));
    }
    limit_carried(&written, problems);
    written.into_iter().filter_map(|input| resolve_one(input, problems)).collect()
}

fn resolve_one(input: Spanned<InputSection>, problems: &mut Collector<'_>) -> Option<InputSettings> {
    let begins = input.span().start;
    let input = input.into_inner();
    let path = required(input.path, "inputs.path", begins, problems);
    let carried = inner(section(input.carry));
    let columns = section(input.columns);
    columns_differ(&columns, problems);
    let defaults = section(input.defaults);
    let default_holder_code_type = defaults.holder_code_type.and_then(|named| {
        let found = holder_code_type(named.get_ref()).map(|entry| entry.code.clone());
        if found.is_none() {
            problems.at(named.span(), Message::new("job-holder-code-type"));
        }
        found
    });
    Some(InputSettings {
        path: path?,
        sheet: value(input.sheet).unwrap_or(SheetChoice::Every),
        header_row: value(input.header_row).unwrap_or(HeaderRow::Auto),
        columns: Columns {
            holder_code: value(columns.holder_code),
            holder_code_type: value(columns.holder_code_type),
            cert_type_code: value(columns.cert_type_code),
            certificate_number: value(columns.certificate_number),
            cert_type_name: value(columns.cert_type_name),
            extraction_code: value(columns.extraction_code),
        },
        default_type_codes: inner(section(defaults.cert_type_code)),
        default_holder_code_type,
        carry: carried.into_iter().map(|header| header.trim().to_owned()).collect(),
    })
}

/// Notes headers in `carry` that cannot be the name of a table's column.
fn limit_carried(inputs: &[Spanned<InputSection>], problems: &mut Collector<'_>) {
    let mut distinct = BTreeSet::new();
    for carry in inputs.iter().filter_map(|input| input.get_ref().carry.as_ref()) {
        let mut seen = BTreeSet::new();
        for header in carry.get_ref() {
            let text = header.get_ref().trim();
            if let Some(problem) = header_problem(text) {
                problems.at(header.span(), problem);
            } else if !seen.insert(text) {
                problems.at(header.span(), Message::new("job-carry-twice").with("header", excerpt(text)));
            } else if distinct.insert(text) && distinct.len() == MOST_CARRIED + 1 {
                problems.at(header.span(), Message::new("job-carry-many").with("most", MOST_CARRIED));
            }
        }
    }
}

/// Returns the problem with the header of a carried column, if there is one.
fn header_problem(header: &str) -> Option<Message> {
    let length = header.chars().count();
    let is_reserved = RESERVED_HEADERS.iter().any(|reserved| reserved.eq_ignore_ascii_case(header));
    // polars reads such a name as a pattern that selects several columns.
    let is_pattern = header == "*" || (header.starts_with('^') && header.ends_with('$'));
    if header.is_empty() {
        Some(Message::new("job-empty").with("key", "inputs.carry"))
    } else if length > LONGEST_HEADER {
        let message = Message::new("job-too-long").with("key", "inputs.carry").with("most", LONGEST_HEADER);
        Some(message.with("length", length))
    } else if is_reserved {
        Some(Message::new("job-carry-reserved").with("header", header))
    } else if is_pattern {
        Some(Message::new("job-carry-pattern").with("header", excerpt(header)))
    } else {
        None
    }
}

/// Notes a header that is assigned to two roles.
fn columns_differ(columns: &ColumnsSection, problems: &mut Collector<'_>) {
    let named = [
        ("holder_code", &columns.holder_code),
        ("holder_code_type", &columns.holder_code_type),
        ("cert_type_code", &columns.cert_type_code),
        ("certificate_number", &columns.certificate_number),
        ("cert_type_name", &columns.cert_type_name),
        ("extraction_code", &columns.extraction_code),
    ];
    let mut roles: BTreeMap<&str, &str> = BTreeMap::new();
    for (role, header) in named {
        let Some(header) = header else { continue };
        if header.get_ref().trim().is_empty() {
            problems.at(header.span(), Message::new("job-empty").with("key", format!("inputs.columns.{role}")));
        } else if let Some(other) = roles.insert(header.get_ref().trim(), role) {
            let message = Message::new("job-columns-same").with("role", role).with("other", other);
            problems.at(header.span(), message.with("header", excerpt(header.get_ref())));
        }
    }
}
