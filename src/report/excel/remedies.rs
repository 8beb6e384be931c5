//! 处置结果: notifications that this run sent, and their results.

use super::super::ReportInput;
use super::ReportError;
use super::detail::{DetailCell, DetailColumn, DetailSheet, code, holder_and_type, text, time};
use super::gaps::{embedded, masked};
use super::lists::Items;
use super::style::Style;
use crate::journal::RemedyState;
use crate::table::Rows;
use crate::table::schema::{coverage, remedies};
use rust_xlsxwriter::Workbook;

/// Smallest widths in digits: of the identifier, which folds into three lines, and of the platform's message.
const IDENTIFIER: f64 = 20.0;
const MESSAGE: f64 = 20.0;

/// Writes the sheet if a notification was sent. Those that need attention come first.
pub(super) fn write(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    if is_empty(input)? {
        return Ok(());
    }
    let words = input.words;
    let at = |key| words.fill(key, &[("zone", &input.zone_name())]);
    let mut columns: Vec<DetailColumn> = ["col-remedy-action", "col-remedy-state"].map(|key| text(words.text(key))).into();
    columns.extend(holder_and_type(words));
    columns.extend([text(words.text("col-type-name")), code(words.text("col-number")).folding()]);
    columns.extend(["col-file-number", "col-cert-identifier"].map(|key| code(words.text(key)).folding().at_least(IDENTIFIER)));
    columns.extend([code(words.text("col-code")), text(words.text("col-message")).at_least(MESSAGE)]);
    columns.extend([time(at("col-sent-at")), time(at("col-verified-at")), text(words.text("col-item")).reference_only()]);
    let mut list = DetailSheet::begin(workbook, style, input, words.text("sheet-remedies"), columns);
    for urgency in [Urgency::ToLookAt, Urgency::ToWaitFor, Urgency::Done] {
        let mut rows = Rows::open(input.tables, remedies::REMEDIES)?;
        let mut items = Items::open(input, [coverage::ITEM_ID, coverage::CERTIFICATE_INDEX])?;
        while let Some(row) = rows.next_row()? {
            let state = row.text(remedies::STATE).unwrap_or_default();
            if Urgency::of(state) != urgency {
                continue;
            }
            let (item_id, index) = (row.number(remedies::ITEM_ID), row.number(remedies::CERTIFICATE_INDEX));
            let item = items.find([item_id, index])?;
            let of_item = |column| item.and_then(|item| item.text(column));
            let holder = of_item(coverage::HOLDER_CODE).unwrap_or_default();
            let shown = |text: Option<&str>| text.map(|text| embedded(text, holder, input.mask));
            let (masked, number) = (masked(holder, input.mask), shown(of_item(coverage::CERTIFICATE_NUMBER)));
            let (file_number, identifier) =
                (shown(row.text(remedies::FILE_NUMBER)), shown(row.text(remedies::PROVINCE_CERTIFICATE_ID)));
            let (message, code) = (shown(row.text(remedies::MESSAGE)), row.number(remedies::CODE).map(|code| code.to_string()));
            let place = format!("{}/{}", item_id.unwrap_or_default(), index.unwrap_or_default());
            list.row([
                DetailCell::Text(row.text(remedies::ACTION).map(|action| words.named("remedy-action", action))),
                DetailCell::Text(Some(words.named("remedy-state", state))),
                DetailCell::Text(Some(&masked)),
                DetailCell::Text(of_item(coverage::CERT_TYPE_CODE)),
                DetailCell::Text(of_item(coverage::CERT_TYPE_NAME)),
                DetailCell::Text(number.as_deref()),
                DetailCell::Text(file_number.as_deref()),
                DetailCell::Text(identifier.as_deref()),
                DetailCell::Text(code.as_deref()),
                DetailCell::Text(message.as_deref()),
                DetailCell::Time(row.time(remedies::SENT_AT)),
                DetailCell::Time(row.time(remedies::VERIFIED_AT)),
                DetailCell::Text(Some(&place)),
            ])?;
        }
    }
    list.end()
}

/// Returns whether the run has sent no notification; a run of an earlier version has no such table.
fn is_empty(input: ReportInput<'_>) -> Result<bool, ReportError> {
    if !input.tables.join(remedies::REMEDIES.file_name()).exists() {
        return Ok(true);
    }
    Ok(Rows::open(input.tables, remedies::REMEDIES)?.next_row()?.is_none())
}

/// What a notification requires of the reader; the list is sorted by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    /// Attention: refused, or contradicted by the province's library.
    ToLookAt,
    /// Patience: without an answer or without effect so far.
    ToWaitFor,
    /// Nothing: verified to have taken effect.
    Done,
}

impl Urgency {
    fn of(state: &str) -> Self {
        match RemedyState::from_name(state) {
            Some(RemedyState::Refused | RemedyState::Contradicting) | None => Self::ToLookAt,
            Some(RemedyState::Intended | RemedyState::Answered | RemedyState::NotSettled) => Self::ToWaitFor,
            Some(RemedyState::Settled) => Self::Done,
        }
    }
}
