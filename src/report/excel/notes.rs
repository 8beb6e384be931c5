//! The last sheet: how to read the others.

use super::super::{GLOSSARY, Words};
use super::ReportError;
use super::style::{Style, set_page};
use crate::codes::return_codes;
use crate::job::Language;
use rust_xlsxwriter::Workbook;

pub(super) fn write(workbook: &mut Workbook, style: &Style, words: &Words) -> Result<(), ReportError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(words.text("sheet-notes"))?;
    sheet.set_column_width(0, 20)?;
    sheet.set_column_width(1, 100)?;
    let mut row = 0;
    let header = |sheet: &mut rust_xlsxwriter::Worksheet, row, first, second| -> Result<(), ReportError> {
        sheet.write_string_with_format(row, 0, first, &style.header)?;
        sheet.write_string_with_format(row, 1, second, &style.header)?;
        Ok(())
    };
    header(sheet, row, words.text("word"), words.text("meaning"))?;
    for name in GLOSSARY {
        row += 1;
        let key = format!("glossary-{name}");
        sheet.write_string_with_format(row, 0, words.text(&key), &style.text)?;
        sheet.write_string_with_format(row, 1, words.text(&format!("{key}-words")), &style.wrapped)?;
    }
    row += 2;
    header(sheet, row, words.text("return-codes"), words.text("meaning"))?;
    for line in return_codes() {
        row += 1;
        sheet.write_string_with_format(row, 0, line.code.to_string(), &style.code)?;
        let text = if words.language() == Language::ZhCn { &line.text_zh } else { &line.text_en };
        sheet.write_string_with_format(row, 1, text, &style.wrapped)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    set_page(sheet, words, Some(0))?;
    Ok(())
}
