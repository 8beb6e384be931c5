//! The last sheet, which explains the others.

use super::super::{GLOSSARY, GLOSSARY_OF_SAMPLES, ReportInput};
use super::ReportError;
use super::detail::{DetailCell, DetailSheet, code, text};
use super::style::Style;
use crate::codes::return_codes;
use crate::job::Language;
use rust_xlsxwriter::Workbook;

/// Width of the column of explanations, in digits.
const MEANING: f64 = 100.0;

pub(super) fn write(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let columns =
        vec![text(words.text("notes-kind")), code(words.text("word")).folding(), text(words.text("meaning")).at_least(MEANING)];
    let mut list = DetailSheet::begin(workbook, style, input, words.text("sheet-notes"), columns);
    let of_samples = GLOSSARY_OF_SAMPLES.into_iter().filter(|_| input.figures.sample.is_some());
    for name in GLOSSARY.into_iter().chain(of_samples) {
        let meaning = format!("glossary-{name}-words");
        list.row([
            DetailCell::Text(Some(words.text("notes-word"))),
            DetailCell::Text(Some(words.named("glossary", name))),
            DetailCell::Text(Some(words.text(&meaning))),
        ])?;
    }
    for line in return_codes() {
        let code = line.code.to_string();
        let meaning = if words.language() == Language::ZhCn { &line.text_zh } else { &line.text_en };
        list.row([
            DetailCell::Text(Some(words.text("notes-return-code"))),
            DetailCell::Text(Some(&code)),
            DetailCell::Text(Some(meaning)),
        ])?;
    }
    list.end()
}
