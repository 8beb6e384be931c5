//! Summaries of the long lists: 差异汇总 by field and by cause, 错误汇总 by kind and code.

use super::super::ReportInput;
use super::ReportError;
use super::detail::{DetailCell, DetailColumn, DetailSheet, code, number, text};
use super::style::Style;
use crate::table::Rows;
use crate::table::schema::differences;
use rust_xlsxwriter::Workbook;

/// Width of the column of advice, in digits.
const ADVICE: f64 = 60.0;

/// Writes 差异汇总: counts of the rows of 字段差异 by field, then by cause.
pub(super) fn write_differences(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns: Vec<DetailColumn> =
        ["col-summary", "col-field", "col-difference", "col-reason"].map(|key| text(words.text(key))).into();
    columns.push(number(words.text("col-count")));
    let mut list = DetailSheet::begin(workbook, style, input, input.list_name(words.text("sheet-difference-summary")), columns);
    for group in &input.analysis.differences {
        list.row([
            DetailCell::Text(Some(words.text("summary-by-field"))),
            DetailCell::Text(Some(words.named("field", &group.field))),
            DetailCell::Text(Some(words.named("difference", &group.kind))),
            DetailCell::Text(None),
            counted(group.count),
        ])?;
    }
    for (cause, count) in causes(input)? {
        list.row([
            DetailCell::Text(Some(words.text("summary-by-cause"))),
            DetailCell::Text(None),
            DetailCell::Text(None),
            DetailCell::Text(Some(words.named("cause", &cause))),
            counted(count),
        ])?;
    }
    list.end()
}

/// Counts differences by cause, most frequent first.
fn causes(input: ReportInput<'_>) -> Result<Vec<(String, u64)>, ReportError> {
    // There are about a dozen causes, because the quoted values are left out, so a linear search is fast enough.
    let mut causes: Vec<(String, u64)> = Vec::new();
    if input.analysis.differences.is_empty() {
        return Ok(causes);
    }
    let mut rows = Rows::open(input.tables, differences::DIFFERENCES)?;
    while let Some(row) = rows.next_row()? {
        let cause = cause_of(row.text(differences::REASON).unwrap_or_default());
        match causes.iter_mut().find(|(known, _)| known == cause) {
            Some((_, count)) => *count += 1,
            None => causes.push((cause.to_owned(), 1)),
        }
    }
    causes.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    Ok(causes)
}

/// Returns the cause in a reason from the table, without its argument: `city-earlier` for `days_apart:-3`.
fn cause_of(reason: &str) -> &str {
    match reason.split_once(':') {
        Some(("days_apart", about)) if about.starts_with('-') => "city-earlier",
        Some(("days_apart", _)) => "city-later",
        Some((cause, _)) => cause,
        None => reason,
    }
}

/// Writes 错误汇总: counts of the rows of 错误明细 by kind and code, with advice.
pub(super) fn write_errors(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns = vec![text(words.text("col-error")), code(words.text("col-code")), number(words.text("col-count"))];
    columns.push(text(words.text("col-advice")).at_least(ADVICE));
    let mut list = DetailSheet::begin(workbook, style, input, input.list_name(words.text("sheet-error-summary")), columns);
    for group in &input.analysis.errors {
        let code = group.code.map(|code| code.to_string());
        list.row([
            DetailCell::Text(Some(words.named("error", &group.kind))),
            DetailCell::Text(code.as_deref()),
            counted(group.count),
            DetailCell::Text(Some(words.text(&format!("error-{}-advice", group.kind)))),
        ])?;
    }
    list.end()
}

fn counted(count: u64) -> DetailCell<'static> {
    DetailCell::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::Reason;
    use crate::job::Language;
    use crate::report::Words;

    #[test]
    fn every_reason_has_a_cause_with_a_name_that_quotes_nothing() {
        let words = Words::new(Language::ZhCn);
        for (reason, expected) in [
            (Reason::Empty, "一侧为空"),
            (Reason::DaysApart(-3), "市库日期较早"),
            (Reason::DaysApart(3), "市库日期较晚"),
            (Reason::OnlyOneForever, "一侧为长期有效"),
            (Reason::LongerInCity("有限公司".to_owned()), "市库内容较长"),
            (Reason::LongerInProvince("有限公司".to_owned()), "省库内容较长"),
            (Reason::Character(4), "个别字符不同"),
            (Reason::Different, "内容不同"),
            (Reason::State, "证照状态不同"),
        ] {
            assert_eq!(words.named("cause", cause_of(&reason.to_string())), expected);
        }
    }
}
