//! The lists of input rows that cannot be audited, and of values that were repaired.

use super::super::{ReportInput, Words};
use super::ReportError;
use super::detail::{DetailCell, DetailColumn, DetailSheet, Summary, code, number, text};
use super::style::Style;
use crate::codes::mask_code;
use crate::job::{Language, Mask};
use crate::table::schema::{invalid_inputs, repairs};
use crate::table::{Row, Rows};
use rust_xlsxwriter::Workbook;

/// Where an input value stands: the first columns of both lists.
fn place_columns(words: &Words) -> Vec<DetailColumn> {
    let (file, sheet) = (text(words.text("col-file")), text(words.text("col-sheet")));
    let (row, cell) = (number(words.text("col-row")), text(words.text("col-cell")));
    vec![file, sheet, row, cell, text(words.text("col-column"))]
}

pub(super) fn write_invalid(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns = place_columns(words);
    columns.extend([code(words.text("col-value")), text(words.text("col-problem")), text(words.text("col-advice"))]);
    let mut list = DetailSheet::begin(workbook, (style, words), words.text("sheet-invalid"), &Summary::default(), columns)?;
    let mut rows = Rows::open(input.tables, invalid_inputs::INVALID_INPUTS)?;
    while let Some(row) = rows.next_row()? {
        let value = shown(row, invalid_inputs::VALUE, input.mask);
        let problem = row.text(invalid_inputs::PROBLEM).unwrap_or_default();
        // The table's own advice, which may say more, is Chinese.
        let advice = match words.language() {
            Language::ZhCn => row.text(invalid_inputs::ADVICE).unwrap_or_default().to_owned(),
            Language::En => words.text(&format!("problem-{problem}-advice")).to_owned(),
        };
        list.row([
            DetailCell::Text(row.text(invalid_inputs::SOURCE_FILE)),
            DetailCell::Text(row.text(invalid_inputs::SOURCE_SHEET)),
            DetailCell::Number(row.number(invalid_inputs::SOURCE_ROW).unwrap_or_default()),
            DetailCell::Text(row.text(invalid_inputs::CELL)),
            DetailCell::Text(row.text(invalid_inputs::COLUMN)),
            DetailCell::Text(value.as_deref()),
            DetailCell::Text(Some(words.named("problem", problem))),
            DetailCell::Text(Some(&advice)),
        ])?;
    }
    list.end()
}

pub(super) fn write_repairs(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let mut columns = place_columns(words);
    columns.extend([code(words.text("col-before")), code(words.text("col-after")), text(words.text("col-repair"))]);
    let mut list = DetailSheet::begin(workbook, (style, words), words.text("sheet-repairs"), &Summary::default(), columns)?;
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

/// An input's value as the job wants codes shown: any of them may be a holder code.
fn shown(row: Row<'_>, column: crate::table::Column, mask: Mask) -> Option<String> {
    let value = row.text(column)?;
    Some(match mask {
        Mask::None => value.to_owned(),
        Mask::Partial => mask_code(value),
        Mask::Full => "*".repeat(value.chars().count()),
    })
}
