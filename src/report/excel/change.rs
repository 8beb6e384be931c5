//! 环比: changes of gaps since the previous run by type. 环比明细: closed gaps, and remarks whose gap is closed.

use super::super::ReportInput;
use super::ReportError;
use super::detail::{DetailCell, DetailSheet, code, holder_and_type, text, with_carried};
use super::gaps::{ShownGap, carried_of, embedded, masked};
use super::layout::{ColumnRoom, fitted};
use super::style::{Style, fitting, set_page, width_of};
use crate::analysis::Counts;
use crate::audit::Change;
use crate::table::Rows;
use crate::table::schema::coverage;
use rust_xlsxwriter::{Format, IgnoreError, Workbook, Worksheet, XlsxError};

/// Changes that have a column, in order.
const SHOWN_CHANGES: [Change; 4] = [Change::New, Change::Persisting, Change::Regressed, Change::Resolved];
/// Width of a count of gaps, in digits.
const COUNT: usize = 9;

/// Writes 环比: a row per certificate type with a present or former gap, then the totals.
pub(super) fn write_summary(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut headers = ["col-type", "col-type-name"].map(|key| words.text(key)).to_vec();
    headers.extend(SHOWN_CHANGES.map(|change| words.named("change", change.name())));
    let has_any = |counts: &Counts| SHOWN_CHANGES.iter().any(|change| counts.changed(*change) > 0);
    let types = input.analysis.by_type.iter().filter(|group| has_any(&group.counts));
    let types: Vec<_> = types
        .map(|group| (group.key.as_deref().unwrap_or_default(), group.label.as_deref().unwrap_or_default(), &group.counts))
        .collect();
    let sheet = workbook.add_worksheet();
    sheet.set_name(words.text("sheet-change"))?;
    for (column, header) in (0..).zip(&headers) {
        sheet.write_string_with_format(0, column, *header, &style.header)?;
    }
    for (row, (code, name, counts)) in (1..).zip(&types) {
        sheet.write_string_with_format(row, 0, fitting(code), &style.code)?;
        sheet.write_string_with_format(row, 1, fitting(name), &style.wrapped)?;
        write_counts(sheet, row, counts, &style.number)?;
    }
    let last = u32::try_from(types.len()).unwrap_or(u32::MAX);
    let total = last + 1;
    sheet.write_string_with_format(total, 0, words.text("total"), &style.total_text)?;
    sheet.write_blank(total, 1, &style.total_text)?;
    write_counts(sheet, total, &input.analysis.totals, &style.total_number)?;
    let codes = types.iter().map(|(code, _, _)| width_of(code)).max().unwrap_or_default();
    let names = types.iter().map(|(_, name, _)| width_of(name)).max().unwrap_or_default();
    let texts = [codes, names].into_iter().chain([COUNT; SHOWN_CHANGES.len()]);
    let rooms: Vec<_> = headers.iter().zip(texts).map(|(header, widest)| ColumnRoom::folding(header, widest)).collect();
    for (column, width) in (0..).zip(fitted(&rooms)) {
        sheet.set_column_width(column, width)?;
    }
    // The filter excludes the row of totals, which must not be sorted.
    let last_column = u16::try_from(headers.len()).unwrap_or(u16::MAX).saturating_sub(1);
    sheet.autofilter(0, 0, last.max(1), last_column)?;
    sheet.ignore_error_range(1, 0, total, 0, IgnoreError::NumberStoredAsText)?;
    sheet.set_freeze_panes(1, 0)?;
    set_page(sheet, words, Some(0))?;
    Ok(())
}

fn write_counts(sheet: &mut Worksheet, row: u32, counts: &Counts, format: &Format) -> Result<(), XlsxError> {
    for (column, change) in (2..).zip(SHOWN_CHANGES) {
        #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
        sheet.write_number_with_format(row, column, counts.changed(change) as f64, format)?;
    }
    Ok(())
}

/// Writes 环比明细: every closed gap with its remark, then the remarks without a row.
pub(super) fn write_list(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns = vec![text(words.text("col-event"))];
    columns.extend(holder_and_type(words));
    columns.extend([text(words.text("col-type-name")), code(words.text("col-number")).folding()]);
    let columns = with_carried(columns, input.carried, vec![code(words.text("col-remark")).folding()]);
    let mut list = DetailSheet::begin(workbook, style, input, words.text("sheet-change-list"), columns);
    let mut rows = Rows::open(input.tables, coverage::COVERAGE)?;
    while let Some(row) = rows.next_row()? {
        if row.text(coverage::CHANGE) != Some(Change::Resolved.name()) {
            continue;
        }
        let gap = ShownGap::of(row, input);
        let carried = carried_of(row, input);
        let remark = input.remarks.find(row).map(|remark| embedded(&remark, gap.holder, input.mask));
        let cells = [
            DetailCell::Text(Some(words.text("event-resolved"))),
            DetailCell::Text(Some(&gap.shown[0])),
            DetailCell::Text(Some(&gap.shown[1])),
            DetailCell::Text(row.text(coverage::CERT_TYPE_NAME)),
            DetailCell::Text(Some(gap.shown[2].as_str()).filter(|number| !number.is_empty())),
        ];
        let carried = carried.iter().map(|value| DetailCell::Text(value.as_deref()));
        list.row(cells.into_iter().chain(carried).chain([DetailCell::Text(remark.as_deref())]))?;
    }
    for ([holder, kind, number], remark) in input.remarks.left_over() {
        let (shown, number) = (masked(&holder, input.mask), embedded(&number, &holder, input.mask));
        let remark = embedded(&remark, &holder, input.mask);
        let cells = [
            DetailCell::Text(Some(words.text("event-gone"))),
            DetailCell::Text(Some(&shown)),
            DetailCell::Text(Some(&kind)),
            DetailCell::Text(input.catalogue.name(&kind)),
            DetailCell::Text(Some(number.as_str()).filter(|number| !number.is_empty())),
        ];
        let carried = input.carried.iter().map(|_| DetailCell::Text(None));
        list.row(cells.into_iter().chain(carried).chain([DetailCell::Text(Some(&remark))]))?;
    }
    list.end()
}
