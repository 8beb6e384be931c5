//! The gap lists: 市有省无, 省有市无, 省市均无. Ready to be sent to a department.

use super::super::{ReportInput, words};
use super::ReportError;
use super::detail::{DetailCell, DetailSheet, code, number, text};
use super::style::Style;
use crate::audit::Status;
use crate::codes::{mask_code, mask_within};
use crate::job::Mask;
use crate::table::schema::coverage;
use crate::table::{Column, Row, Rows};
use rust_xlsxwriter::Workbook;

pub(super) fn write(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    write_status(workbook, style, input, Status::CityOnly, Some((coverage::CITY_CERTIFICATE_ID, coverage::CITY_LIFECYCLE)))?;
    write_status(
        workbook,
        style,
        input,
        Status::ProvinceOnly,
        Some((coverage::PROVINCE_CERTIFICATE_ID, coverage::PROVINCE_LIFECYCLE)),
    )?;
    write_status(workbook, style, input, Status::Neither, None)
}

/// One list; `held` are the identifier and state on the side that holds the certificates.
fn write_status(
    workbook: &mut Workbook,
    style: &Style,
    input: ReportInput<'_>,
    status: Status,
    held: Option<(Column, Column)>,
) -> Result<(), ReportError> {
    let mut columns = vec![code("持证主体代码"), code("代码类型"), code("证照类型代码"), text("证照类型名称"), code("证照编号")];
    if let Some((id, lifecycle)) = held {
        columns.extend([code(id.label_zh), text(lifecycle.label_zh)]);
    }
    columns.extend(input.carried.iter().map(text));
    columns.extend([text("来源文件"), text("来源工作表"), number("来源行号"), text("备注")]);
    let mut list = DetailSheet::begin(workbook, style, words::status(status), columns)?;
    let mut rows = Rows::open(input.tables, coverage::COVERAGE)?;
    while let Some(row) = rows.next_row()? {
        if row.text(coverage::STATUS) != Some(status.name()) {
            continue;
        }
        let holder = row.text(coverage::HOLDER_CODE).unwrap_or_default();
        let masked = masked(holder, input.mask);
        let shown = |column| row.text(column).map(|value| embedded(value, holder, input.mask));
        let (number_text, id) = (shown(coverage::CERTIFICATE_NUMBER), held.and_then(|(id, _)| shown(id)));
        let mut cells = vec![
            DetailCell::Text(Some(&masked)),
            DetailCell::Text(row.text(coverage::HOLDER_CODE_TYPE)),
            DetailCell::Text(row.text(coverage::CERT_TYPE_CODE)),
            DetailCell::Text(row.text(coverage::CERT_TYPE_NAME)),
            DetailCell::Text(number_text.as_deref()),
        ];
        if let Some((_, lifecycle)) = held {
            cells.extend([DetailCell::Text(id.as_deref()), DetailCell::Text(row.text(lifecycle).map(words::lifecycle))]);
        }
        let carried: Vec<Option<String>> = carried_of(row, input);
        cells.extend(carried.iter().map(|value| DetailCell::Text(value.as_deref())));
        cells.extend([
            DetailCell::Text(row.text(coverage::SOURCE_FILE)),
            DetailCell::Text(row.text(coverage::SOURCE_SHEET)),
            DetailCell::Number(row.number(coverage::SOURCE_ROW).unwrap_or_default()),
        ]);
        list.row(cells)?;
    }
    list.end()
}

/// The carried values of a row as the job wants codes shown: any of them may be a holder's.
pub(super) fn carried_of(row: Row<'_>, input: ReportInput<'_>) -> Vec<Option<String>> {
    let holder = row.text(coverage::HOLDER_CODE).unwrap_or_default();
    let value =
        |header: &String| row.carried(&coverage::COVERAGE.carried_name(header)).map(|text| embedded(text, holder, input.mask));
    input.carried.iter().map(value).collect()
}

/// A text with everything in it that may be a holder code masked: letters and digits, fifteen or more in a row.
pub(super) fn mask_codes(text: &str, mask: Mask) -> String {
    const SHORTEST_CODE: usize = 15;
    if mask == Mask::None {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut run = String::new();
    for character in text.chars().map(Some).chain([None]) {
        if let Some(part) = character.filter(char::is_ascii_alphanumeric) {
            run.push(part);
            continue;
        }
        shown.push_str(&if run.len() >= SHORTEST_CODE { masked(&run, mask) } else { run.clone() });
        run.clear();
        shown.extend(character);
    }
    shown
}

/// A holder code as the job wants it shown.
pub(super) fn masked(holder: &str, mask: Mask) -> String {
    match mask {
        Mask::None => holder.to_owned(),
        Mask::Partial => mask_code(holder),
        Mask::Full => "*".repeat(holder.chars().count()),
    }
}

/// A text that may embed the holder's code (a city file number, a certificate number that is one) as the job wants it shown.
pub(super) fn embedded(text: &str, holder: &str, mask: Mask) -> String {
    match mask {
        Mask::None => text.to_owned(),
        Mask::Partial => mask_codes(&mask_within(text, holder), mask),
        Mask::Full if holder.is_empty() => mask_codes(text, mask),
        Mask::Full => mask_codes(&text.replace(holder, &masked(holder, mask)), mask),
    }
}
