//! 错误明细: failed calls and anomalies, with the platform's message.

use super::super::ReportInput;
use super::ReportError;
use super::detail::{DetailCell, DetailColumn, DetailSheet, code, holder_and_type, number, text, time};
use super::gaps::{embedded, masked};
use super::lists::Items;
use super::style::Style;
use crate::table::Rows;
use crate::table::schema::{coverage, errors};
use rust_xlsxwriter::Workbook;

/// Width of the column of messages, in digits.
const MESSAGE: f64 = 20.0;

pub(super) fn write(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns: Vec<DetailColumn> = holder_and_type(words).into();
    columns.extend(["col-type-name", "col-interface", "col-side", "col-error"].map(|key| text(words.text(key))));
    columns.extend([code(words.text("col-code")), text(words.text("col-message")).at_least(MESSAGE)]);
    let at = words.fill("col-at", &[("zone", &input.zone_name())]);
    columns.extend([number(words.text("col-tried")), time(at), text(words.text("col-advice")).at_least(MESSAGE)]);
    let mut list = DetailSheet::begin(workbook, style, input, input.list_name(words.text("sheet-errors")), columns);
    let mut rows = Rows::open(input.tables, errors::ERRORS)?;
    let mut items = Items::open(input, [coverage::ITEM_ID, coverage::ITEM_ID])?;
    while let Some(row) = rows.next_row()? {
        // A failed call that was repeated later no longer affects its item.
        if row.truth(errors::HISTORY) == Some(true) {
            continue;
        }
        let id = row.number(errors::ITEM_ID);
        let item = items.find([id, id])?;
        let of_item = |column| item.and_then(|item| item.text(column));
        let masked = of_item(coverage::HOLDER_CODE).map(|holder| masked(holder, input.mask));
        let kind = row.text(errors::ERROR_KIND).unwrap_or_default();
        let holder = of_item(coverage::HOLDER_CODE).unwrap_or_default();
        let told: Vec<&str> = [errors::ERROR_MESSAGE, errors::DETAIL].into_iter().filter_map(|column| row.text(column)).collect();
        let told = told.join(words.text("list-semicolon"));
        let message = Some(embedded(&told, holder, input.mask)).filter(|message| !message.is_empty());
        let error_code = row.number(errors::ERROR_CODE).map(|code| code.to_string());
        let advice = format!("error-{kind}-advice");
        list.row([
            DetailCell::Text(masked.as_deref()),
            DetailCell::Text(of_item(coverage::CERT_TYPE_CODE)),
            DetailCell::Text(of_item(coverage::CERT_TYPE_NAME)),
            DetailCell::Text(row.text(errors::ENDPOINT)),
            DetailCell::Text(row.text(errors::SIDE).map(|side| words.named("side", side))),
            DetailCell::Text(Some(words.named("error", kind))),
            DetailCell::Text(error_code.as_deref()),
            DetailCell::Text(message.as_deref()),
            DetailCell::Number(row.number(errors::ATTEMPTS).unwrap_or_default()),
            DetailCell::Time(row.time(errors::AT)),
            DetailCell::Text(Some(words.text(&advice))),
        ])?;
    }
    list.end()
}
