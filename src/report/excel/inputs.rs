//! Sheets about the inputs: how they were read, which rows cannot be audited, which values were repaired.

use super::super::reading::facts;
use super::super::{ReportInput, Words, displayed};
use super::ReportError;
use super::detail::{DetailCell, DetailColumn, DetailSheet, code, number, text};
use super::style::Style;
use crate::codes::mask_code;
use crate::job::{Language, Mask};
use crate::table::schema::{invalid_inputs, repairs};
use crate::table::{Row, Rows};
use rust_xlsxwriter::Workbook;
use std::borrow::Cow;

/// Width of the column of facts, in digits.
const FACT: f64 = 60.0;

/// Writes 输入说明: one fact per row, first the totals, then what needs attention.
pub(super) fn write_reading(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns: Vec<DetailColumn> = ["col-file", "col-sheet", "reading-kind"].map(|key| text(words.text(key))).into();
    columns.push(text(words.text("reading-content")).at_least(FACT));
    columns.extend([number(words.text("reading-count")), text(words.text("reading-check"))]);
    let mut list = DetailSheet::begin(workbook, style, input, words.text("sheet-reading"), columns);
    for fact in input.intake.map(|intake| facts(words, intake, input.mask)).unwrap_or_default() {
        let file = if fact.file.is_empty() { words.text("reading-all-files") } else { fact.file };
        list.row([
            DetailCell::Text(Some(file)),
            DetailCell::Text(Some(fact.sheet).filter(|sheet| !sheet.is_empty())),
            DetailCell::Text(Some(words.text(fact.kind))),
            DetailCell::Text(Some(&fact.content)),
            fact.count.and_then(|count| i64::try_from(count).ok()).map_or(DetailCell::Text(None), DetailCell::Number),
            DetailCell::Text(fact.needs_attention.then(|| words.text("reading-attention"))),
        ])?;
    }
    list.end()
}

/// Returns the columns for the position of an input value, which begin both lists.
fn place_columns(words: &Words) -> Vec<DetailColumn> {
    let (file, sheet) = (text(words.text("col-file")), text(words.text("col-sheet")));
    let (row, cell) = (number(words.text("col-row")), text(words.text("col-cell")));
    vec![file, sheet, row, cell, text(words.text("col-column"))]
}

pub(super) fn write_invalid(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns = place_columns(words);
    columns.extend([code(words.text("col-value")).folding(), text(words.text("col-problem")), text(words.text("col-advice"))]);
    let mut list = DetailSheet::begin(workbook, style, input, words.text("sheet-invalid"), columns);
    let mut rows = Rows::open(input.tables, invalid_inputs::INVALID_INPUTS)?;
    while let Some(row) = rows.next_row()? {
        let value = shown(row, invalid_inputs::VALUE, input.mask);
        let problem = row.text(invalid_inputs::PROBLEM).unwrap_or_default();
        let general = format!("problem-{problem}-advice");
        // The advice in the table is a message and more specific; in a table of an earlier version it is a Chinese text.
        let own = displayed(words, row.text(invalid_inputs::ADVICE).unwrap_or_default());
        let is_chinese = matches!(own, Cow::Borrowed(_));
        let advice = if is_chinese && words.language() == Language::En { words.text(&general) } else { &*own };
        list.row([
            DetailCell::Text(row.text(invalid_inputs::SOURCE_FILE)),
            DetailCell::Text(row.text(invalid_inputs::SOURCE_SHEET)),
            DetailCell::Number(row.number(invalid_inputs::SOURCE_ROW).unwrap_or_default()),
            DetailCell::Text(row.text(invalid_inputs::CELL)),
            DetailCell::Text(row.text(invalid_inputs::COLUMN)),
            DetailCell::Text(value.as_deref()),
            DetailCell::Text(Some(words.named("problem", problem))),
            DetailCell::Text(Some(advice)),
        ])?;
    }
    list.end()
}

pub(super) fn write_repairs(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns = place_columns(words);
    columns.extend(["col-before", "col-after"].map(|key| code(words.text(key)).folding()));
    columns.push(text(words.text("col-repair")));
    let mut list = DetailSheet::begin(workbook, style, input, words.text("sheet-repairs"), columns);
    let mut rows = Rows::open(input.tables, repairs::REPAIRS)?;
    while let Some(row) = rows.next_row()? {
        let (before, after) = (shown(row, repairs::BEFORE, input.mask), shown(row, repairs::AFTER, input.mask));
        let repair = row.text(repairs::REPAIR).map(|repair| words.repair(repair));
        list.row([
            DetailCell::Text(row.text(repairs::SOURCE_FILE)),
            DetailCell::Text(row.text(repairs::SOURCE_SHEET)),
            DetailCell::Number(row.number(repairs::SOURCE_ROW).unwrap_or_default()),
            DetailCell::Text(row.text(repairs::CELL)),
            DetailCell::Text(row.text(repairs::COLUMN)),
            DetailCell::Text(before.as_deref()),
            DetailCell::Text(after.as_deref()),
            DetailCell::Text(repair.as_deref()),
        ])?;
    }
    list.end()
}

/// Returns an input value for display. Any value may be a holder code, so it is masked like one.
fn shown(row: Row<'_>, column: crate::table::Column, mask: Mask) -> Option<String> {
    let value = row.text(column)?;
    Some(match mask {
        Mask::None => value.to_owned(),
        Mask::Partial => mask_code(value),
        Mask::Full => "*".repeat(value.chars().count()),
    })
}
