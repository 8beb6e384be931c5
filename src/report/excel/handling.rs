//! 处理情况: progress of departments with the certificates dispatched to them.

use super::super::ReportInput;
use super::ReportError;
use super::gaps::mask_codes;
use super::layout::{ColumnRoom, fitted};
use super::style::{Style, fitting, set_page, width_of};
use crate::analysis::{Handling, HandlingCounts};
use crate::journal::Decision;
use rust_xlsxwriter::{Format, IgnoreError, Workbook, Worksheet, XlsxError};

/// Keys of the columns before those of the decisions: counts, then the share of decided certificates.
const COUNTS: [&str; 4] = ["col-to-settle", "col-decided", "col-outstanding", "col-overdue"];
const SHARE: &str = "col-decided-share";
/// Width of a count, in digits.
const COUNT: usize = 9;

/// Writes the sheet: one row per value of the carried column `by`, then the totals.
pub(super) fn write(
    workbook: &mut Workbook,
    style: &Style,
    input: ReportInput<'_>,
    by: &str,
    handling: &Handling,
) -> Result<(), ReportError> {
    let words = input.words;
    let sheet = workbook.add_worksheet();
    sheet.set_name(words.text("sheet-handling"))?;
    let decisions = Decision::ALL.map(|decision| words.named("decision", decision.name()));
    let keys = COUNTS.into_iter().chain([SHARE]).map(|key| words.text(key));
    let headers: Vec<&str> = std::iter::once(by).chain(keys).chain(decisions).collect();
    for (column, header) in (0..).zip(&headers) {
        sheet.write_string_with_format(0, column, fitting(header), &style.header)?;
    }
    let shown = |value: Option<&str>| match value {
        Some(value) => mask_codes(value, input.mask),
        None => words.text("dispatch-no-department").to_owned(),
    };
    let mut lines: Vec<(String, &HandlingCounts)> =
        handling.groups.iter().map(|group| (shown(group.value.as_deref()), &group.counts)).collect();
    if handling.rest.total() > 0 {
        lines.push((words.text("handling-rest").to_owned(), &handling.rest));
    }
    let mut widest = 0;
    let mut row = 0;
    for (name, counts) in &lines {
        row += 1;
        widest = widest.max(width_of(name));
        sheet.write_string_with_format(row, 0, fitting(name), &style.wrapped_code)?;
        let format = if counts.overdue > 0 { &style.bad } else { &style.number };
        write_counts(sheet, row, counts, [&style.number, format, &style.percent, &style.text])?;
    }
    let last = row;
    let total = last + 1;
    sheet.write_string_with_format(total, 0, words.text("total"), &style.total_text)?;
    let of_total = [&style.total_number, &style.total_number, &style.total_percent, &style.total_text];
    write_counts(sheet, total, &handling.totals, of_total)?;
    let widths = std::iter::once(widest).chain(std::iter::repeat(COUNT));
    let rooms: Vec<_> = headers.iter().zip(widths).map(|(header, widest)| ColumnRoom::folding(header, widest)).collect();
    let mut last_column = 0;
    for (column, width) in (0..).zip(fitted(&rooms)) {
        sheet.set_column_width(column, width)?;
        last_column = column;
    }
    // The filter excludes the row of totals, which must not be sorted.
    sheet.autofilter(0, 0, last.max(1), last_column)?;
    sheet.ignore_error_range(1, 0, total, 0, IgnoreError::NumberStoredAsText)?;
    sheet.set_freeze_panes(1, 1)?;
    set_page(sheet, words, Some(0))?;
    Ok(())
}

/// Writes the counts of a row. The formats are those of counts, of overdue counts, of the share, and of a missing share.
fn write_counts(
    sheet: &mut Worksheet,
    row: u32,
    counts: &HandlingCounts,
    [number, overdue, percent, text]: [&Format; 4],
) -> Result<(), XlsxError> {
    let of_row = [counts.total(), counts.decided(), counts.outstanding];
    let formatted = of_row.map(|count| (count, number)).into_iter().chain([(counts.overdue, overdue)]);
    let mut column = 0;
    for (count, format) in formatted {
        column += 1;
        write_count(sheet, row, column, count, format)?;
    }
    column += 1;
    match counts.decided_share() {
        Some(share) => sheet.write_number_with_format(row, column, share, percent)?,
        None => sheet.write_blank(row, column, text)?,
    };
    for count in counts.by_decision {
        column += 1;
        write_count(sheet, row, column, count, number)?;
    }
    Ok(())
}

fn write_count(sheet: &mut Worksheet, row: u32, column: u16, count: u64, format: &Format) -> Result<(), XlsxError> {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
    sheet.write_number_with_format(row, column, count as f64, format)?;
    Ok(())
}
