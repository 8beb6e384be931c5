//! The last sheet: how to read the others.

use super::super::words::GLOSSARY;
use super::ReportError;
use super::style::{Style, set_page};
use crate::codes::return_codes;
use rust_xlsxwriter::Workbook;

pub(super) fn write(workbook: &mut Workbook, style: &Style) -> Result<(), ReportError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name("说明")?;
    sheet.set_column_width(0, 20)?;
    sheet.set_column_width(1, 100)?;
    sheet.write_string_with_format(0, 0, "名词", &style.header)?;
    sheet.write_string_with_format(0, 1, "含义", &style.header)?;
    let mut row = 1;
    for (word, meaning) in GLOSSARY {
        sheet.write_string_with_format(row, 0, word, &style.text)?;
        sheet.write_string_with_format(row, 1, meaning, &style.wrapped)?;
        row += 1;
    }
    row += 1;
    sheet.write_string_with_format(row, 0, "平台返回码", &style.header)?;
    sheet.write_string_with_format(row, 1, "含义", &style.header)?;
    for line in return_codes() {
        row += 1;
        sheet.write_string_with_format(row, 0, line.code.to_string(), &style.code)?;
        sheet.write_string_with_format(row, 1, &line.text_zh, &style.wrapped)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    set_page(sheet, Some(0))?;
    Ok(())
}
