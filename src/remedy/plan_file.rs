//! Marks (执行, 不执行) that a person has made in a remediation workbook.

use crate::exit::{Exit, Stop};
use crate::job::Language;
use crate::message::Message;
use crate::report::{PlanMark, Words};
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Limit on problems of a workbook that are listed one by one.
const MOST_LISTED: usize = 20;

/// Position of a row in a workbook.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RowPlace {
    sheet: usize,
    /// Row number, from 1.
    row: u32,
}

#[derive(Debug)]
struct Marked {
    mark: Option<PlanMark>,
    place: RowPlace,
    /// Whether a row of the run has this key.
    is_found: bool,
}

/// How a workbook marks a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marking {
    /// The workbook has no row for it.
    Absent,
    /// The mark is empty.
    Blank,
    /// This mark.
    Marked(PlanMark),
}

/// Marks of a remediation workbook by the keys of its rows.
#[derive(Debug)]
pub(crate) struct PlanFile {
    file: String,
    sheets: Vec<String>,
    marks: HashMap<String, Marked>,
}

impl PlanFile {
    /// Reads a workbook.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is not a remediation workbook, or with a message for each row whose mark is not valid.
    pub(crate) fn read(path: &Path) -> Result<Self, Stop> {
        let file = path.display().to_string();
        let unreadable =
            |cause: String| Stop::invalid(Message::new("remediation-unreadable").with("file", &file).with("cause", cause));
        let book: Result<Xlsx<BufReader<File>>, XlsxError> = calamine::open_workbook(path);
        let mut book = book.map_err(|cause| unreadable(cause.to_string()))?;
        let mut plan = Self { file: file.clone(), sheets: Vec::new(), marks: HashMap::new() };
        let mut problems = Vec::new();
        for words in [Words::new(Language::ZhCn), Words::new(Language::En)] {
            let list = words.text("sheet-remediation-actions").to_owned();
            // A long list continues in sheets `name (2)`, `name (3)`, ….
            let is_list = |name: &String| *name == list || name.starts_with(&format!("{list} ("));
            for name in book.sheet_names().into_iter().filter(is_list).collect::<Vec<_>>() {
                let rows = read_rows(&mut book, &name, &words).map_err(|cause| unreadable(cause.to_string()))?;
                plan.take(name, rows, &words, &mut problems);
            }
        }
        if plan.sheets.is_empty() {
            return Err(Stop::invalid(Message::new("remediation-no-list").with("file", &file)));
        }
        if problems.is_empty() { Ok(plan) } else { Err(Stop { exit: Exit::Invalid, messages: problems }) }
    }

    fn take(&mut self, sheet: String, rows: Vec<TypedRow>, words: &Words, problems: &mut Vec<Message>) {
        let at = self.sheets.len();
        self.sheets.push(sheet);
        // An empty list says so in its first row.
        let says_none = |row: &TypedRow| row.row == 2 && row.key.is_empty() && row.mark.trim() == words.text("none");
        for TypedRow { row, mark, key } in rows.into_iter().filter(|row| !says_none(row)) {
            let place = RowPlace { sheet: at, row };
            let problem = match (mark_of(&mark, words), key.is_empty()) {
                (Err(()), _) => Some(Message::new("remediation-mark-unknown").with("mark", shortened(&mark))),
                // A row that a person has added has no key.
                (Ok(Some(_)), true) => Some(Message::new("remediation-row-without-key")),
                (Ok(None), true) => None,
                (Ok(mark), false) => self.note(key, mark, place.clone()),
            };
            if let Some(problem) = problem.filter(|_| problems.len() < MOST_LISTED) {
                problems.push(self.placed(&place, problem));
            }
        }
    }

    /// Records a mark. Returns a message if the same notification was marked differently in another row.
    fn note(&mut self, key: String, mark: Option<PlanMark>, place: RowPlace) -> Option<Message> {
        let known = self.marks.entry(key).or_insert(Marked { mark, place, is_found: false });
        (known.mark != mark).then(|| Message::new("remediation-row-twice").with("row", known.place.row))
    }

    fn placed(&self, place: &RowPlace, problem: Message) -> Message {
        let sheet = self.sheets.get(place.sheet).map_or("", String::as_str);
        let message =
            Message::new("remediation-row-problem").with("file", &self.file).with("sheet", sheet).with("row", place.row);
        message.with_message("problem", problem)
    }

    /// Returns how the workbook marks a notification.
    pub(crate) fn marking(&mut self, key: &str) -> Marking {
        let Some(marked) = self.marks.get_mut(key) else { return Marking::Absent };
        marked.is_found = true;
        marked.mark.map_or(Marking::Blank, Marking::Marked)
    }

    /// Returns messages about the first rows that are marked to be sent and match no row of the run: rows of another run, or rows
    /// whose certificate has changed since.
    pub(crate) fn foreign_rows(&self) -> Vec<Message> {
        let is_foreign = |marked: &&Marked| marked.mark == Some(PlanMark::Execute) && !marked.is_found;
        let mut foreign_rows: Vec<&Marked> = self.marks.values().filter(is_foreign).collect();
        foreign_rows.sort_by_key(|marked| (marked.place.sheet, marked.place.row));
        let told = foreign_rows.into_iter().take(MOST_LISTED);
        told.map(|marked| self.placed(&marked.place, Message::new("remediation-row-foreign"))).collect()
    }
}

/// Parses a mark; `None` for an empty text.
fn mark_of(text: &str, words: &Words) -> Result<Option<PlanMark>, ()> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    PlanMark::ALL.into_iter().find(|mark| mark.shown(words) == text).map(Some).ok_or(())
}

/// Returns the beginning of a cell's text for quotation in a message.
fn shortened(text: &str) -> String {
    const MOST: usize = 10;
    text.chars().take(MOST).filter(|character| !character.is_control()).collect()
}

/// A row of the workbook.
#[derive(Debug, Default)]
struct TypedRow {
    /// Row number, from 1.
    row: u32,
    mark: String,
    key: String,
}

/// Returns the rows of a list below its header that have a mark or a key.
fn read_rows(book: &mut Xlsx<BufReader<File>>, sheet: &str, words: &Words) -> Result<Vec<TypedRow>, XlsxError> {
    let (mut mark_column, mut key_column) = (None, None);
    let mut rows: Vec<TypedRow> = Vec::new();
    let mut cells = book.worksheet_cells_reader(sheet)?;
    while let Some(cell) = cells.next_cell()? {
        let (at, column) = cell.get_position();
        let text = match cell.get_value() {
            DataRef::String(text) => text.clone(),
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Empty => continue,
            // A value of another type is neither a mark nor a key; as text it is reported.
            other => format!("{other:?}"),
        };
        if at == 0 {
            if text == words.text("col-remediation-mark") {
                mark_column = Some(column);
            } else if text == words.text("col-remediation-key") {
                key_column = Some(column);
            }
            continue;
        }
        if mark_column != Some(column) && key_column != Some(column) {
            continue;
        }
        if rows.last().is_none_or(|row| row.row != at + 1) {
            rows.push(TypedRow { row: at + 1, ..TypedRow::default() });
        }
        if let Some(row) = rows.last_mut() {
            if mark_column == Some(column) { row.mark = text } else { row.key = text }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plan of rows: mark and key, from row 2 on.
    fn plan(rows: &[(&str, &str)]) -> (PlanFile, Vec<String>) {
        let words = Words::new(Language::ZhCn);
        let mut plan = PlanFile { file: "计划.xlsx".to_owned(), sheets: Vec::new(), marks: HashMap::new() };
        let typed = |(row, (mark, key)): (u32, &(&str, &str))| TypedRow { row, mark: (*mark).to_owned(), key: (*key).to_owned() };
        let mut problems = Vec::new();
        plan.take("拟办事项".to_owned(), (2..).zip(rows).map(typed).collect(), &words, &mut problems);
        (plan, problems.iter().map(Message::to_string).collect())
    }

    #[test]
    fn marks_are_found_by_their_keys() {
        let (mut plan, problems) = plan(&[("执行", "a"), (" 不执行 ", "b"), ("", "c"), ("", "")]);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(plan.marking("a"), Marking::Marked(PlanMark::Execute));
        assert_eq!(plan.marking("b"), Marking::Marked(PlanMark::Skip));
        assert_eq!((plan.marking("c"), plan.marking("d")), (Marking::Blank, Marking::Absent));
        assert!(plan.foreign_rows().is_empty());
    }

    #[test]
    fn a_list_that_says_that_it_is_empty_holds_no_mark() {
        let (_, problems) = plan(&[(Words::new(Language::ZhCn).text("none"), "")]);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn every_row_that_says_nothing_or_two_things_is_told_with_its_place() {
        let (_, problems) = plan(&[("执行", "a"), ("也许", "b"), ("执行", ""), ("不执行", "a"), ("执行", "a")]);
        assert_eq!(problems.len(), 3, "{problems:?}");
        for (problem, code, row) in [
            (&problems[0], "remediation-mark-unknown", "row=3"),
            (&problems[1], "remediation-row-without-key", "row=4"),
            (&problems[2], "remediation-row-twice", "row=5"),
        ] {
            assert!(problem.contains(code) && problem.contains(row) && problem.contains("sheet=拟办事项"), "{problem}");
        }
    }

    #[test]
    fn a_row_that_is_to_be_sent_and_is_none_of_the_run_is_a_stranger() {
        let (mut plan, _) = plan(&[("执行", "a"), ("执行", "b"), ("不执行", "c")]);
        plan.marking("a");
        let foreign_rows: Vec<String> = plan.foreign_rows().iter().map(Message::to_string).collect();
        assert_eq!(foreign_rows.len(), 1);
        assert!(foreign_rows[0].contains("row=3"), "{foreign_rows:?}");
    }
}
