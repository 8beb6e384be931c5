//! The first sheet of a department's workbook: the department's share and rank, and instructions.

use super::columns::sheet_name;
use super::frame::{Department, Frame};
use super::style::{protect, set_page};
use crate::journal::Decision;
use crate::report::{Words, fitting, width_of};
use crate::table::Matter;
use rust_xlsxwriter::{Url, Worksheet, XlsxError};

/// Widths of the columns, and their sum, in digits.
const WIDTHS: [f64; 4] = [30.0, 14.0, 14.0, 82.0];
const ALL_COLUMNS: usize = 140;
/// Height of a line of 11-point text, in points.
const LINE: f64 = 17.0;

/// Writes the sheet.
pub(super) fn write(sheet: &mut Worksheet, frame: &Frame<'_>, department: &Department<'_>) -> Result<(), XlsxError> {
    let (words, style) = (frame.words, frame.style);
    sheet.set_name(words.text("dispatch-front"))?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    let title = words.fill("dispatch-title", &[("department", department.shown)]);
    sheet.write_string_with_format(0, 0, fitting(&title), &style.title)?;
    sheet.set_row_height(0, 28.0)?;
    let day = frame.dispatched_on.format("%Y-%m-%d").to_string();
    let facts = words.fill("dispatch-facts", &[("job", frame.job), ("run", frame.run_id), ("day", &day)]);
    sheet.write_string_with_format(1, 0, fitting(&facts), &style.facts)?;
    let mut row = counts(sheet, 3, frame, department)?;
    row = sentences(sheet, row + 1, frame)?;
    decisions(sheet, row + 1, frame)?;
    protect(sheet);
    set_page(sheet, words, department.shown, None)?;
    Ok(())
}

/// Writes the number of certificates to settle and returns the next row.
fn counts(sheet: &mut Worksheet, mut row: u32, frame: &Frame<'_>, department: &Department<'_>) -> Result<u32, XlsxError> {
    let (words, style) = (frame.words, frame.style);
    let standing = department.standing;
    let share = words.percent(Some(standing.share));
    let total = department.counts.total();
    sheet.write_string_with_format(row, 0, words.text("dispatch-counts"), &style.heading)?;
    row += 1;
    for (column, key) in (0..).zip(["dispatch-matter", "dispatch-count", "dispatch-of-all", "dispatch-meaning"]) {
        sheet.write_string_with_format(row, column, words.text(key), &style.header)?;
    }
    for matter in Matter::ALL {
        row += 1;
        let (count, all) = (department.counts.of(matter), frame.total.of(matter));
        let name = sheet_name(words, matter);
        if count > 0 {
            let link = Url::new(format!("internal:'{name}'!A1")).set_text(name);
            sheet.write_url_with_format(row, 0, link, &style.link)?;
        } else {
            sheet.write_string_with_format(row, 0, name, &style.label)?;
        }
        write_count(sheet, row, count, &style.number)?;
        #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
        sheet.write_number_with_format(row, 2, count as f64 / all.max(1) as f64, &style.percent)?;
        sheet.write_string_with_format(row, 3, words.text(meaning_of(matter)), &style.text)?;
    }
    row += 1;
    sheet.write_string_with_format(row, 0, words.text("total"), &style.total)?;
    write_count(sheet, row, total, &style.total_number)?;
    sheet.write_number_with_format(row, 2, standing.share, &style.total_percent)?;
    let (rank, of) = (standing.rank.to_string(), standing.of.to_string());
    let told = words.fill("dispatch-rank", &[("share", &share), ("of", &of), ("rank", &rank)]);
    sheet.write_string_with_format(row, 3, &told, &style.total)?;
    Ok(row + 1)
}

fn write_count(sheet: &mut Worksheet, row: u32, count: u64, format: &rust_xlsxwriter::Format) -> Result<(), XlsxError> {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
    sheet.write_number_with_format(row, 1, count as f64, format)?;
    Ok(())
}

const fn meaning_of(matter: Matter) -> &'static str {
    match matter {
        Matter::CityOnly => "matter-city_only-words",
        Matter::ProvinceOnly => "matter-province_only-words",
        Matter::Difference => "matter-difference-words",
        Matter::Revoked => "matter-revoked-words",
    }
}

/// Writes the instructions and returns the next row.
fn sentences(sheet: &mut Worksheet, mut row: u32, frame: &Frame<'_>) -> Result<u32, XlsxError> {
    let (words, style) = (frame.words, frame.style);
    sheet.write_string_with_format(row, 0, words.text("dispatch-what-to-do"), &style.heading)?;
    let last = match frame.due {
        Some(due) => words.fill("dispatch-return-by", &[("day", &due.format("%Y-%m-%d").to_string())]),
        None => words.text("dispatch-return").to_owned(),
    };
    let others = ["dispatch-fill-in", "dispatch-choose", "dispatch-locked"].map(|key| words.text(key));
    for (number, sentence) in (1..).zip(others.into_iter().chain([last.as_str()])) {
        row += 1;
        let text = format!("{number}. {sentence}");
        sheet.merge_range(row, 0, row, 3, &text, &style.sentence)?;
        // Excel does not adapt the height of merged cells to their text.
        sheet.set_row_height(row, LINE * lines(&text))?;
    }
    Ok(row + 1)
}

/// Returns the number of lines that a text takes over all columns.
fn lines(text: &str) -> f64 {
    let lines = (width_of(text) * 11).div_ceil(10 * ALL_COLUMNS).max(1);
    f64::from(u32::try_from(lines).unwrap_or(u32::MAX))
}

/// Writes the meaning of each decision.
fn decisions(sheet: &mut Worksheet, mut row: u32, frame: &Frame<'_>) -> Result<(), XlsxError> {
    let (words, style) = (frame.words, frame.style);
    sheet.write_string_with_format(row, 0, words.text("dispatch-decisions"), &style.heading)?;
    for decision in Decision::ALL {
        row += 1;
        sheet.write_string_with_format(row, 0, decision_word(words, decision), &style.label)?;
        sheet.merge_range(row, 1, row, 3, words.text(decision_meaning(decision)), &style.text)?;
        sheet.set_row_height(row, LINE)?;
    }
    Ok(())
}

/// Returns the text of a decision in drop-down lists.
pub(super) fn decision_word(words: &Words, decision: Decision) -> &str {
    words.named("decision", decision.name())
}

const fn decision_meaning(decision: Decision) -> &'static str {
    match decision {
        Decision::Insert => "decision-insert-words",
        Decision::Update => "decision-update-words",
        Decision::Delete => "decision-delete-words",
        Decision::NothingToDo => "decision-nothing_to_do-words",
        Decision::DataWrong => "decision-data_wrong-words",
        Decision::Other => "decision-other-words",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Language;

    #[test]
    fn every_word_of_the_sheet_is_there() {
        for language in [Language::ZhCn, Language::En] {
            let words = Words::new(language);
            for decision in Decision::ALL {
                assert_ne!(decision_word(&words, decision), decision.name());
                assert_ne!(words.text(decision_meaning(decision)), decision_meaning(decision));
            }
            for matter in Matter::ALL {
                assert_ne!(words.text(meaning_of(matter)), meaning_of(matter));
            }
            let list: String = Decision::ALL.map(|decision| decision_word(&words, decision)).join(",");
            assert!(list.encode_utf16().count() <= 255, "Excel allows no longer list: {list}");
        }
    }

    #[test]
    fn a_sentence_has_the_room_that_it_needs() {
        assert!((lines("短") - 1.0).abs() < f64::EPSILON);
        assert!((lines(&"长".repeat(100)) - 2.0).abs() < f64::EPSILON);
    }
}
