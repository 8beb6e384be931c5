//! Lists of differences, unmapped fields and files.

use super::super::ReportInput;
use super::ReportError;
use super::detail::{DetailCell, DetailColumn, DetailSheet, code, holder_and_type, number, text, with_carried};
use super::gaps::{carried_of, embedded, masked};
use super::style::Style;
use crate::codes::mask_name;
use crate::face::Field;
use crate::job::Mask;
use crate::report::ShownDecision;
use crate::table::schema::{coverage, differences, files, unmapped_fields};
use crate::table::{Column, Row, Rows};
use rust_xlsxwriter::Workbook;
use std::ops::Range;

/// Width of the column of file sizes with thousands separators, in digits.
const BYTES: f64 = 14.0;

pub(super) fn write_differences(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns = vec![text(words.text("col-urgency"))];
    columns.extend(holder_and_type(words));
    columns.extend([text(words.text("col-type-name")), code(words.text("col-number")).folding()]);
    columns.extend([text(words.text("col-field")), text(words.text("col-difference"))]);
    columns.extend(["col-province-value", "col-city-value"].map(|key| code(words.text(key)).folding()));
    columns.push(text(words.text("col-reason")));
    let decided = ["col-decision", "col-decision-note"].map(|key| text(words.text(key)));
    let decided = if input.decisions.is_empty() { Vec::new() } else { decided.into() };
    let columns = with_carried(columns, input.carried, decided);
    let mut list = DetailSheet::begin(workbook, style, input, input.list_name(words.text("sheet-differences")), columns);
    for urgency in Urgency::ALL {
        let mut decisions = input.decisions.reader()?;
        // A certificate with several differences has several consecutive rows, so its decision is looked up once.
        let mut latest = ([None, None], ShownDecision::default());
        let mut rows = Rows::open(input.tables, differences::DIFFERENCES)?;
        let mut items = Items::open(input, [coverage::ITEM_ID, coverage::CERTIFICATE_INDEX])?;
        while let Some(row) = rows.next_row()? {
            if Urgency::of(row) != urgency {
                continue;
            }
            let key = [row.number(differences::ITEM_ID), row.number(differences::CERTIFICATE_INDEX)];
            if let Some(item) = items.find(key)? {
                if latest.0 != key {
                    latest = (key, decisions.find(item, words, input.mask)?);
                }
                write_difference(&mut list, input, urgency, row, item, &latest.1)?;
            }
        }
    }
    list.end()
}

/// Urgency of a difference; the list is sorted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    /// Revoked in the city's library, still valid in the province's.
    Revoked,
    /// Another difference of the lifecycle state.
    State,
    /// A difference of content.
    Content,
}

impl Urgency {
    const ALL: [Self; 3] = [Self::Revoked, Self::State, Self::Content];

    fn of(row: Row<'_>) -> Self {
        let values = [row.text(differences::PROVINCE_VALUE), row.text(differences::CITY_VALUE)];
        match (row.text(differences::FIELD) == Some(Field::Lifecycle.name()), values) {
            (false, _) => Self::Content,
            (true, [Some("valid"), Some("revoked")]) => Self::Revoked,
            (true, _) => Self::State,
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Revoked => "urgency-revoked",
            Self::State => "urgency-state",
            Self::Content => "urgency-content",
        }
    }
}

fn write_difference(
    list: &mut DetailSheet<'_>,
    input: ReportInput<'_>,
    urgency: Urgency,
    row: Row<'_>,
    item: Row<'_>,
    decided: &ShownDecision,
) -> Result<(), ReportError> {
    let words = input.words;
    let field = row.text(differences::FIELD).unwrap_or_default();
    let holder = item.text(coverage::HOLDER_CODE).unwrap_or_default();
    let masked = masked(holder, input.mask);
    let number_text = item.text(coverage::CERTIFICATE_NUMBER).map(|number| embedded(number, holder, input.mask));
    let shown = |column| {
        let value = row.text(column)?;
        let value = if field == Field::Lifecycle.name() { words.named("lifecycle", value) } else { value };
        Some(face_value(value, field, holder, input.mask))
    };
    let (ours, theirs) = (shown(differences::PROVINCE_VALUE), shown(differences::CITY_VALUE));
    let marks = differing(ours.as_deref().unwrap_or_default(), theirs.as_deref().unwrap_or_default());
    // The reason can quote a value, so it is shortened if values are masked.
    let reason = row.text(differences::REASON).map(|reason| words.reason(reason, input.mask == Mask::None));
    let cells = [
        DetailCell::Text(Some(words.text(urgency.key()))),
        DetailCell::Text(Some(&masked)),
        DetailCell::Text(item.text(coverage::CERT_TYPE_CODE)),
        DetailCell::Text(item.text(coverage::CERT_TYPE_NAME)),
        DetailCell::Text(number_text.as_deref()),
        DetailCell::Text(Some(words.named("field", field))),
        DetailCell::Text(row.text(differences::KIND).map(|kind| words.named("difference", kind))),
        ours.as_deref().map_or(DetailCell::Text(None), |value| DetailCell::Marked(value, marks.0.clone())),
        theirs.as_deref().map_or(DetailCell::Text(None), |value| DetailCell::Marked(value, marks.1.clone())),
        DetailCell::Text(reason.as_deref()),
    ];
    let carried = carried_of(item, input);
    let carried = carried.iter().map(|value| DetailCell::Text(value.as_deref()));
    // Cells of columns that the list does not have must not be written.
    let decided = [decided.decision.as_deref(), decided.note.as_deref()].map(DetailCell::Text);
    list.row(cells.into_iter().chain(carried).chain(decided))
}

/// Returns the differing parts of two texts, without their common beginning and end, as byte ranges.
fn differing(ours: &str, theirs: &str) -> (Range<usize>, Range<usize>) {
    let begin: usize = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (left, right) = (&ours[begin..], &theirs[begin..]);
    let end: usize = left.chars().rev().zip(right.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    (begin..ours.len() - end, begin..theirs.len() - end)
}

pub(super) fn write_unmapped(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let columns = vec![
        text(words.text("col-side")),
        code(words.text("col-type")),
        text(words.text("col-type-name")),
        text(words.text("col-field")),
        number(words.text("col-times")),
        code(words.text("col-example")).folding(),
    ];
    let mut list = DetailSheet::begin(workbook, style, input, words.text("sheet-unmapped"), columns);
    let mut rows = Rows::open(input.tables, unmapped_fields::UNMAPPED_FIELDS)?;
    while let Some(row) = rows.next_row()? {
        let type_code = row.text(unmapped_fields::CERT_TYPE_CODE);
        let example = row.text(unmapped_fields::EXAMPLE).map(|example| match input.mask {
            Mask::Full => "*".repeat(example.chars().count()),
            Mask::None | Mask::Partial => example.to_owned(),
        });
        list.row([
            DetailCell::Text(row.text(unmapped_fields::SIDE).map(|side| words.named("side", side))),
            DetailCell::Text(type_code),
            DetailCell::Text(type_code.and_then(|code| input.catalogue.name(code))),
            DetailCell::Text(row.text(unmapped_fields::FIELD)),
            DetailCell::Number(row.number(unmapped_fields::COUNT).unwrap_or_default()),
            DetailCell::Text(example.as_deref()),
        ])?;
    }
    list.end()
}

/// Writes the list of archived files, each with a link to the file.
pub(super) fn write_files(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns: Vec<DetailColumn> = holder_and_type(words).into();
    columns.extend(["col-type-name", "col-side", "col-archived", "col-format"].map(|key| text(words.text(key))));
    columns.extend([
        number(words.text("col-bytes")).at_least(BYTES),
        text(words.text("col-path")),
        text(words.text("col-message")),
    ]);
    let mut list = DetailSheet::begin(workbook, style, input, words.text("sheet-files"), columns);
    let mut rows = Rows::open(input.tables, files::FILES)?;
    let mut items = Items::open(input, [coverage::ITEM_ID, coverage::ITEM_ID])?;
    while let Some(row) = rows.next_row()? {
        let id = row.number(files::ITEM_ID);
        let item = items.find([id, id])?;
        let of_item = |column| item.and_then(|item| item.text(column));
        let holder = of_item(coverage::HOLDER_CODE).unwrap_or_default();
        let masked = masked(holder, input.mask);
        // A city's identifier contains the holder's code and is part of the file name, so the name is masked like the code.
        let path = row.text(files::PATH);
        let shown = path.map(|path| embedded(path, holder, input.mask));
        let message = row.text(files::ERROR_MESSAGE).map(|message| embedded(message, holder, input.mask));
        let link = match (path, input.mask) {
            (Some(path), Mask::None) => DetailCell::Link(path),
            _ => DetailCell::Text(shown.as_deref()),
        };
        list.row([
            DetailCell::Text(Some(&masked)),
            DetailCell::Text(of_item(coverage::CERT_TYPE_CODE)),
            DetailCell::Text(of_item(coverage::CERT_TYPE_NAME)),
            DetailCell::Text(row.text(files::SIDE).map(|side| words.named("side", side))),
            DetailCell::Text(row.text(files::STATUS).map(|status| words.named("archived", status))),
            DetailCell::Text(row.text(files::FORMAT)),
            row.number(files::BYTES).map_or(DetailCell::Text(None), DetailCell::Number),
            link,
            DetailCell::Text(message.as_deref()),
        ])?;
    }
    list.end()
}

/// Returns the value of a face for display: names of persons are masked like codes.
pub(crate) fn face_value(value: &str, field: &str, holder: &str, mask: Mask) -> String {
    let names = [Field::HolderName, Field::LegalRepresentative];
    let is_name = names.iter().any(|name| name.name() == field);
    let is_code = field == Field::HolderCode.name();
    match mask {
        Mask::None => value.to_owned(),
        Mask::Partial if is_name => mask_name(value),
        Mask::Full if is_name || is_code => "*".repeat(value.chars().count()),
        Mask::Partial if is_code => masked(value, mask),
        Mask::Partial | Mask::Full => embedded(value, holder, mask),
    }
}

/// Coverage rows read in step with a table of the same order.
pub(super) struct Items {
    rows: Rows,
    key: [Column; 2],
    begun: bool,
}

impl Items {
    pub(super) fn open(input: ReportInput<'_>, key: [Column; 2]) -> Result<Self, ReportError> {
        Ok(Self { rows: Rows::open(input.tables, coverage::COVERAGE)?, key, begun: false })
    }

    /// Advances to the first row with this key. Keys must not decrease from call to call.
    pub(super) fn find(&mut self, key: [Option<i64>; 2]) -> Result<Option<Row<'_>>, ReportError> {
        if !self.begun {
            self.begun = true;
            self.rows.next_row()?;
        }
        while let Some(row) = self.rows.row()
            && self.key.map(|column| row.number(column)) < key
        {
            self.rows.next_row()?;
        }
        let found = self.rows.row().filter(|row| self.key.map(|column| row.number(column)) == key);
        Ok(found)
    }
}
