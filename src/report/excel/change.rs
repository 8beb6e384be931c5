//! 环比: what became of gaps since the run before, by type; remarks whose gap is gone; the gaps that are closed.

use super::super::ReportInput;
use super::ReportError;
use super::detail::{DetailCell, DetailColumn, DetailSheet, Summary, SummaryCell, code, text};
use super::gaps::{ShownGap, carried_of, embedded, masked};
use super::style::Style;
use crate::analysis::Counts;
use crate::audit::Change;
use crate::table::Rows;
use crate::table::schema::coverage;
use rust_xlsxwriter::Workbook;

/// What the sheet tells of each type, in order.
const TOLD: [Change; 4] = [Change::New, Change::Persisting, Change::Regressed, Change::Resolved];

pub(super) fn write(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns: Vec<DetailColumn> = ["col-holder", "col-type"].map(|key| code(words.text(key))).into();
    columns.extend([text(words.text("col-type-name")), code(words.text("col-number"))]);
    columns.extend(input.carried.iter().map(code));
    let mut list = DetailSheet::begin(workbook, (style, words), words.text("sheet-change"), &summary(input), columns)?;
    let mut rows = Rows::open(input.tables, coverage::COVERAGE)?;
    while let Some(row) = rows.next_row()? {
        if row.text(coverage::CHANGE) != Some(Change::Resolved.name()) {
            continue;
        }
        let gap = ShownGap::of(row, input);
        let carried = carried_of(row, input);
        let cells = [
            DetailCell::Text(Some(&gap.shown[0])),
            DetailCell::Text(Some(&gap.shown[1])),
            DetailCell::Text(row.text(coverage::CERT_TYPE_NAME)),
            DetailCell::Text(Some(gap.shown[2].as_str()).filter(|number| !number.is_empty())),
        ];
        list.row(cells.into_iter().chain(carried.iter().map(|value| DetailCell::Text(value.as_deref()))))?;
    }
    list.end()
}

/// Gaps by type and what became of them, then remarks that no longer have a gap, then the heading of the list below.
fn summary(input: ReportInput<'_>) -> Summary {
    let words = input.words;
    let mut headers = vec![words.text("col-type").to_owned(), words.text("col-type-name").to_owned()];
    headers.extend(TOLD.map(|change| words.named("change", change.name()).to_owned()));
    let row = |key: &str, label: &str, counts: &Counts| {
        let mut cells = vec![SummaryCell::Text(key.to_owned()), SummaryCell::Text(label.to_owned())];
        cells.extend(TOLD.map(|change| SummaryCell::Count(counts.changed(change))));
        cells
    };
    let has_any = |counts: &Counts| TOLD.iter().any(|change| counts.changed(*change) > 0);
    let types = input.analysis.by_type.iter().filter(|group| has_any(&group.counts));
    let mut rows: Vec<Vec<SummaryCell>> = types
        .map(|group| row(group.key.as_deref().unwrap_or_default(), group.label.as_deref().unwrap_or_default(), &group.counts))
        .collect();
    rows.push(row(words.text("total"), "", &input.analysis.totals));
    let gone = input.remarks.left_over();
    let line = |texts: Vec<String>| texts.into_iter().map(SummaryCell::Text).collect::<Vec<_>>();
    if !gone.is_empty() {
        rows.push(Vec::new());
        rows.push(line(vec![words.text("gone-remarks").to_owned()]));
        rows.extend(gone.into_iter().map(|([holder, kind, number], remark)| {
            let number = embedded(&number, &holder, input.mask);
            let remark = embedded(&remark, &holder, input.mask);
            line(vec![masked(&holder, input.mask), kind, number, remark])
        }));
    }
    rows.push(Vec::new());
    rows.push(line(vec![words.text("resolved-list").to_owned()]));
    Summary { headers, rows }
}
