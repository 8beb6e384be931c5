//! Writer of a department's workbook: a first sheet, and a list for each matter with certificates to settle.

use super::DispatchError;
use super::columns::{Answer, locked, sheet_name};
use super::encryption::encrypt;
use super::frame::{Department, Frame};
use super::front::{self, decision_word};
use super::key::{ListKey, RowKey, cell_check};
use super::spill::ListedRow;
use super::style::{protect, set_page};
use crate::durable::WholeFile;
use crate::journal::Decision;
use crate::report::{fitting, width_of};
use crate::table::Matter;
use rust_xlsxwriter::{DataValidation, DocProperties, ExcelDateTime, IgnoreError, Workbook, XlsxError};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom};
use std::path::Path;

/// Number of rows of an Excel worksheet.
const MOST_ROWS: u32 = 1_048_576;
/// Index of the header row and of the first row below it.
const HEADER: u32 = 0;
const FIRST: u32 = 1;
/// Index of the hidden column of keys. It is the first one, so that it is included in any selection that is sorted or filtered.
const KEY: u16 = 0;
/// Number of frozen columns: the key, the holder's name and code.
const FROZEN: u16 = 3;

/// Number of rows of a list whose height is set for their texts. Excel computes heights by itself, other programs do not. The
/// number is limited because every height is kept in memory until the workbook is saved.
const MOST_FITTED: u64 = 20_000;
/// Height of a line of 10-point text, and the additional height of a row, in points.
const LINE: f64 = 14.0;
const AROUND: f64 = 2.0;

/// A list being written.
struct List {
    /// Index of its current sheet in the workbook.
    sheet: usize,
    /// Number of that sheet among the list's, from 1.
    part: u32,
    /// Index of the next row.
    next: u32,
}

/// Writer of a workbook in constant memory.
pub(super) struct DepartmentWorkbook<'a> {
    frame: &'a Frame<'a>,
    department: &'a Department<'a>,
    tag: [u8; 4],
    workbook: Workbook,
    /// Lists by position in [`Matter::ALL`]; `None` if there are no certificates with that matter.
    lists: [Option<List>; Matter::ALL.len()],
}

impl<'a> DepartmentWorkbook<'a> {
    /// Begins a workbook. `scratch` is a folder for temporary files.
    pub(super) fn begin(frame: &'a Frame<'a>, department: &'a Department<'a>, scratch: &Path) -> Result<Self, DispatchError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(scratch)?;
        let created = ExcelDateTime::from_timestamp(frame.dispatched_at.timestamp())?;
        let title = frame.words.fill("dispatch-title", &[("department", department.shown)]);
        let title: String = title.chars().take(200).collect();
        workbook.set_properties(
            &DocProperties::new().set_title(fitting(&title)).set_author("ecert-audit").set_creation_datetime(&created),
        );
        front::write(workbook.add_worksheet(), frame, department)?;
        let tag = frame.keys.department(department.value);
        let mut begun = Self { frame, department, tag, workbook, lists: [const { None }; Matter::ALL.len()] };
        for matter in Matter::ALL.into_iter().filter(|matter| department.counts.of(*matter) > 0) {
            let list = begun.begin_sheet(matter, 1)?;
            if let Some(place) = begun.lists.get_mut(place_of(matter)) {
                *place = Some(list);
            }
        }
        Ok(begun)
    }

    fn begin_sheet(&mut self, matter: Matter, part: u32) -> Result<List, XlsxError> {
        let Frame { words, style, keys, .. } = self.frame;
        let place = self.workbook.worksheets().len();
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        let name = sheet_name(words, matter);
        sheet.set_name(if part == 1 { name.to_owned() } else { format!("{name} ({part})") })?;
        let key = keys.list(ListKey { department: self.tag, matter });
        sheet.write_string_with_format(HEADER, KEY, key, &style.header)?;
        let own = locked(matter).iter().map(|column| (column.header, &style.header));
        let answers = Answer::ALL.into_iter().map(|answer| (answer.header(), &style.answer_header));
        for (column, (header, format)) in (KEY + 1..).zip(own.chain(answers)) {
            sheet.write_string_with_format(HEADER, column, words.text(header), format)?;
        }
        Ok(List { sheet: place, part, next: FIRST })
    }

    /// Adds a row to its list.
    pub(super) fn row(&mut self, row: &ListedRow<'_>) -> Result<(), DispatchError> {
        let place = usize::from(row.list);
        let Some(matter) = Matter::ALL.get(place).copied() else { return Ok(()) };
        let Some(mut list) = self.lists.get_mut(place).and_then(Option::take) else { return Ok(()) };
        if list.next == MOST_ROWS {
            self.end_sheet(matter, &list)?;
            list = self.begin_sheet(matter, list.part + 1)?;
        }
        self.write_row(matter, &list, row)?;
        list.next += 1;
        if let Some(place) = self.lists.get_mut(place) {
            *place = Some(list);
        }
        Ok(())
    }

    fn write_row(&mut self, matter: Matter, list: &List, row: &ListedRow<'_>) -> Result<(), XlsxError> {
        let Frame { style, keys, .. } = self.frame;
        let width = locked(matter).len();
        let texts: Vec<Cow<'_, str>> = row.cells.iter().map(|text| fitting(text)).collect();
        let key = RowKey {
            department: self.tag,
            item_id: row.item_id,
            certificate: row.certificate,
            cells: texts.iter().take(width).map(|text| cell_check(text)).collect(),
        };
        let sheet = self.workbook.worksheet_from_index(list.sheet)?;
        sheet.write_string_with_format(list.next, KEY, keys.row(&key), &style.key)?;
        for (place, (column, text)) in (KEY + 1..).zip(&texts).enumerate() {
            let format = if place < width { &style.locked } else { &style.answer };
            if text.is_empty() {
                sheet.write_blank(list.next, column, format)?;
            } else {
                sheet.write_string_with_format(list.next, column, &**text, format)?;
            }
        }
        if self.department.counts.of(matter) <= MOST_FITTED {
            let widths = locked(matter).iter().map(|column| column.width).chain(Answer::ALL.map(Answer::width));
            let most = texts.iter().zip(widths).map(|(text, width)| lines(text, width)).max().unwrap_or_default();
            // A row without an explicit height still grows with the texts that are entered.
            if most > 1 {
                sheet.set_row_height(list.next, f64::from(most) * LINE + AROUND)?;
            }
        }
        Ok(())
    }

    fn end_sheet(&mut self, matter: Matter, list: &List) -> Result<(), XlsxError> {
        let words = self.frame.words;
        let sheet = self.workbook.worksheet_from_index(list.sheet)?;
        let widths = locked(matter).iter().map(|column| column.width).chain(Answer::ALL.map(Answer::width));
        let mut last_column = KEY;
        for (column, width) in (KEY + 1..).zip(widths) {
            sheet.set_column_width(column, width)?;
            last_column = column;
        }
        sheet.set_column_hidden(KEY)?;
        let last_row = list.next.max(FIRST + 1) - 1;
        let decisions = Decision::ALL.map(|decision| decision_word(words, decision));
        let choice = DataValidation::new()
            .allow_list_strings(&decisions)?
            .set_error_title(words.text("dispatch-choice-title"))?
            .set_error_message(words.text("dispatch-choice-words"))?;
        let first_answer = u16::try_from(locked(matter).len()).unwrap_or_default() + KEY + 1;
        sheet.add_data_validation(FIRST, first_answer, last_row, first_answer, &choice)?;
        sheet.ignore_error_range(FIRST, KEY, last_row, last_column, IgnoreError::NumberStoredAsText)?;
        sheet.set_freeze_panes(FIRST, FROZEN)?;
        sheet.autofilter(HEADER, KEY, last_row, last_column)?;
        protect(sheet);
        set_page(sheet, words, self.department.shown, Some(HEADER))
    }

    /// Writes the workbook atomically to `path`, encrypted if there is a password. Returns its SHA-256 in hexadecimal.
    pub(super) fn finish(mut self, path: &Path, scratch: &Path, password: Option<&str>) -> Result<String, DispatchError> {
        for matter in Matter::ALL {
            if let Some(list) = self.lists.get_mut(place_of(matter)).and_then(Option::take) {
                self.end_sheet(matter, &list)?;
            }
        }
        let mut file = WholeFile::create(path)?;
        match password {
            None => self.workbook.save_to_writer(&mut file)?,
            Some(password) => {
                // The unencrypted workbook exists only in an unnamed file, so that it is gone after a kill.
                let mut plain = BufWriter::new(tempfile::tempfile_in(scratch)?);
                self.workbook.save_to_writer(&mut plain)?;
                let plain = plain.into_inner().map_err(io::IntoInnerError::into_error)?;
                encrypt(BufReader::new(plain), file.as_file_mut()?, password)?;
            }
        }
        let sha256 = sha256_of(file.as_file_mut()?)?;
        file.finish()?;
        Ok(sha256)
    }
}

/// Returns the number of lines that a text takes in a cell with this width; text and width are measured in digits.
fn lines(text: &str, width: f64) -> u32 {
    /// Width of a cell that its text cannot use, in digits.
    const FREE: f64 = 0.5;
    /// Number of lines that fills a row of Excel's greatest height.
    const MOST: u32 = 29;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "columns are some digits wide")]
    let room = (width - FREE).max(1.0) as usize;
    // No text is wider than its number of bytes.
    if text.len() <= room && !text.contains('\n') {
        return 1;
    }
    let lines: usize = text.lines().map(|line| width_of(line).div_ceil(room).max(1)).sum();
    u32::try_from(lines).unwrap_or(MOST).clamp(1, MOST)
}

fn place_of(matter: Matter) -> usize {
    Matter::ALL.iter().position(|known| *known == matter).unwrap_or_default()
}

/// Returns the SHA-256 of a file in hexadecimal, and leaves the file at its end.
pub(super) fn sha256_of(file: &mut File) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { break };
        hasher.update(read);
    }
    let mut hex = String::new();
    for byte in hasher.finalize() {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_high_as_its_texts_need() {
        for (text, width, expected) in [
            ("", 12.0, 1),
            ("370499195001010017", 20.0, 1),
            ("中华人民共和国居民身份证", 20.0, 2),
            ("①甲\n②乙\n③丙", 12.0, 3),
            (&"长".repeat(2_000), 12.0, 29),
        ] {
            assert_eq!(lines(text, width), expected, "{text}");
        }
    }
}
