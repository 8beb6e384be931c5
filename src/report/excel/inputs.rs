//! The lists of input rows that cannot be audited, and of values that were repaired.

use super::super::{ReportInput, words};
use super::ReportError;
use super::detail::{DetailCell, DetailSheet, code, number, text};
use super::style::Style;
use crate::codes::mask_code;
use crate::job::Mask;
use crate::table::schema::{invalid_inputs, repairs};
use crate::table::{Row, Rows};
use rust_xlsxwriter::Workbook;

pub(super) fn write_invalid(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let columns =
        vec![text("来源文件"), text("来源工作表"), number("来源行号"), text("列"), code("值"), text("问题"), text("处理建议")];
    let mut list = DetailSheet::begin(workbook, style, "无效输入", columns)?;
    let mut rows = Rows::open(input.tables, invalid_inputs::INVALID_INPUTS)?;
    while let Some(row) = rows.next_row()? {
        let value = shown(row, invalid_inputs::VALUE, input.mask);
        list.row([
            DetailCell::Text(row.text(invalid_inputs::SOURCE_FILE)),
            DetailCell::Text(row.text(invalid_inputs::SOURCE_SHEET)),
            DetailCell::Number(row.number(invalid_inputs::SOURCE_ROW).unwrap_or_default()),
            DetailCell::Text(row.text(invalid_inputs::COLUMN)),
            DetailCell::Text(value.as_deref()),
            DetailCell::Text(row.text(invalid_inputs::PROBLEM).map(words::input_problem)),
            DetailCell::Text(row.text(invalid_inputs::ADVICE)),
        ])?;
    }
    list.end()
}

pub(super) fn write_repairs(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let columns = vec![
        text("来源文件"),
        text("来源工作表"),
        number("来源行号"),
        text("列"),
        code("修正前"),
        code("修正后"),
        text("修正内容"),
    ];
    let mut list = DetailSheet::begin(workbook, style, "输入修正", columns)?;
    let mut rows = Rows::open(input.tables, repairs::REPAIRS)?;
    while let Some(row) = rows.next_row()? {
        let (before, after) = (shown(row, repairs::BEFORE, input.mask), shown(row, repairs::AFTER, input.mask));
        let repair = row.text(repairs::REPAIR).map(words::repair);
        list.row([
            DetailCell::Text(row.text(repairs::SOURCE_FILE)),
            DetailCell::Text(row.text(repairs::SOURCE_SHEET)),
            DetailCell::Number(row.number(repairs::SOURCE_ROW).unwrap_or_default()),
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
