//! The cells of a workbook as plain text, for whoever reads one that is no list of codes: workbooks that departments return,
//! for instance. Every kind of file is read as inputs are, a row in memory at a time.

use super::source;
use super::stream::{EventSender, SheetEvent};
use crate::job::SheetChoice;
use crate::message::Message;
use std::path::Path;

/// What is found in a workbook, in order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellEvent<'a> {
    /// A visible sheet begins; the name is empty for a text file.
    Sheet(&'a str),
    /// A row of it, counted from 1, with the texts of its cells from the first column on. Whole numbers have no point.
    Row(u32, &'a [String]),
    /// Something keeps the workbook, a sheet or a row from being read.
    Problem {
        /// The sheet, where one is meant.
        sheet: Option<&'a str>,
        /// The row, where one is meant.
        row: Option<u32>,
        /// What is wrong and what to do.
        message: &'a Message,
    },
}

/// Reads the visible sheets of a workbook of any kind (xlsx, xlsm, xlsb, xls, ods, or text), giving what is found to `take`.
///
/// # Errors
/// Fails as `take` does. What keeps a workbook from being read is no failure: `take` is told.
pub fn read_cells<E>(path: &Path, mut take: impl FnMut(CellEvent<'_>) -> Result<(), E>) -> Result<(), E> {
    /// Batches of rows that wait to be taken at most.
    const WAITING: usize = 4;
    std::thread::scope(|scope| {
        let (sender, events) = std::sync::mpsc::sync_channel(WAITING);
        let mut sender = EventSender::new(sender);
        let reading = scope.spawn(move || {
            // Where nobody listens any more, there is nothing left to do.
            let _ = source::read(path, &SheetChoice::Every, &mut sender);
        });
        let mut cells: Vec<String> = Vec::new();
        let mut sheet = String::new();
        let taken = events.iter().try_for_each(|event| match event {
            SheetEvent::Begin { name, .. } => {
                sheet = name;
                take(CellEvent::Sheet(&sheet))
            }
            SheetEvent::Rows(rows) => rows.rows().try_for_each(|row| {
                if let Some(message) = row.problem {
                    return take(CellEvent::Problem { sheet: Some(&sheet), row: Some(row.number), message });
                }
                cells.clear();
                cells.extend(row.cells().map(|cell| cell.text()));
                take(CellEvent::Row(row.number, &cells))
            }),
            SheetEvent::Problem { sheet, message } => {
                take(CellEvent::Problem { sheet: sheet.as_deref(), row: None, message: &message })
            }
            SheetEvent::Merges(_) | SheetEvent::End | SheetEvent::Skip { .. } | SheetEvent::Note(_) => Ok(()),
        });
        drop(events);
        if reading.join().is_err() {
            // A library gave up on the file's content; the file is at fault.
            take(CellEvent::Problem { sheet: None, row: None, message: &Message::new("file-reader-gave-up") })?;
        }
        taken
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &Path) -> Vec<String> {
        let mut told = Vec::new();
        let taken: Result<(), ()> = read_cells(path, |event| {
            told.push(match event {
                CellEvent::Sheet(name) => format!("[{name}]"),
                CellEvent::Row(number, cells) => format!("{number}: {}", cells.join("|")),
                CellEvent::Problem { message, .. } => message.code().to_owned(),
            });
            Ok(())
        });
        taken.unwrap();
        told
    }

    #[test]
    fn visible_sheets_are_read_as_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.xlsx");
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let first = workbook.add_worksheet();
        first.set_name("一").unwrap();
        first.write_string(0, 0, "甲").unwrap();
        first.write_string(0, 2, "乙").unwrap();
        first.write_number(2, 1, 12).unwrap();
        workbook.add_worksheet().set_hidden(true).write_string(0, 0, "不见").unwrap();
        workbook.save(&path).unwrap();
        assert_eq!(told(&path), ["[一]", "1: 甲||乙", "3: |12"]);
        assert_eq!(told(&dir.path().join("b.xlsx")), ["workbook-unreadable"]);
    }

    #[test]
    fn reading_ends_where_nobody_wants_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "a,b\n".repeat(10_000)).unwrap();
        let mut rows = 0;
        let ended = read_cells(&path, |event| match event {
            CellEvent::Row(..) => {
                rows += 1;
                if rows == 3 { Err("enough") } else { Ok(()) }
            }
            _ => Ok(()),
        });
        assert_eq!((ended, rows), (Err("enough"), 3));
    }
}
