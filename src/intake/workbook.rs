//! Workbooks (xlsx, xlsm, xlsb, xls, ods) as streams of rows.

use super::cell::{Cell, SheetRow};
use super::sheet::FileReader;
use crate::job::SheetChoice;
use calamine::{CellErrorType, Data, DataRef, Reader, SheetType, SheetVisible, Sheets, Xlsx, open_workbook_auto};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Reads the chosen sheets of a workbook.
pub(super) fn read(path: &Path, choice: &SheetChoice, reader: &mut FileReader<'_>) -> Result<(), String> {
    let mut workbook = open_workbook_auto(path).map_err(|error| unreadable(path, &error))?;
    let sheets = workbook.sheets_metadata().to_vec();
    let worksheets: Vec<_> = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    let names = || worksheets.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>().join(", ");
    let chosen: Vec<(&str, bool)> = match choice {
        SheetChoice::Every => {
            for sheet in worksheets.iter().filter(|sheet| sheet.visible != SheetVisible::Visible) {
                reader.skip_sheet(&sheet.name, "the sheet is hidden");
            }
            let visible = worksheets.iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
            visible.map(|sheet| (sheet.name.as_str(), false)).collect()
        }
        SheetChoice::Named(name) => match worksheets.iter().find(|sheet| sheet.name == *name) {
            Some(sheet) => vec![(sheet.name.as_str(), true)],
            None => return Err(format!("there is no sheet {name}; it has: {}", names())),
        },
        SheetChoice::Index(index) => {
            let place = usize::try_from(*index).unwrap_or(usize::MAX).wrapping_sub(1);
            match worksheets.get(place) {
                Some(sheet) => vec![(sheet.name.as_str(), true)],
                None => return Err(format!("there is no sheet number {index}; it has: {}", names())),
            }
        }
    };
    for (name, named) in chosen {
        reader.begin_sheet(name, named);
        let read = match &mut workbook {
            Sheets::Xlsx(workbook) => stream(workbook, name, reader),
            other => whole(other, name, reader),
        };
        if let Err(message) = read {
            reader.problem(Some(name), message);
        }
        reader.end_sheet();
    }
    Ok(())
}

/// Streams the rows of an xlsx sheet: cells come in order, rows are put together one at a time.
fn stream(workbook: &mut Xlsx<BufReader<File>>, name: &str, reader: &mut FileReader<'_>) -> Result<(), String> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| format!("cannot be read: {error}"))?;
    let mut row = SheetRow::default();
    while let Some(cell) = cells.next_cell().map_err(|error| format!("cannot be read on: {error}"))? {
        let (index, column) = cell.get_position();
        if index + 1 != row.number {
            if row.number > 0 && reader.row(&row).is_break() {
                return Ok(());
            }
            row.number = index + 1;
            row.cells.clear();
        }
        let column = column as usize;
        if row.cells.len() <= column {
            row.cells.resize(column + 1, Cell::Empty);
        }
        row.cells[column] = from_ref(cell.get_value());
    }
    if row.number > 0 {
        let _ = reader.row(&row);
    }
    Ok(())
}

/// Reads a sheet of the other kinds, which have no stream.
fn whole(workbook: &mut Sheets<BufReader<File>>, name: &str, reader: &mut FileReader<'_>) -> Result<(), String> {
    let range = workbook.worksheet_range(name).map_err(|error| format!("cannot be read: {error}"))?;
    let Some((first_row, first_column)) = range.start() else { return Ok(()) };
    for (number, cells) in (first_row + 1..).zip(range.rows()) {
        let before = std::iter::repeat_n(Cell::Empty, first_column as usize);
        let row = SheetRow { number, cells: before.chain(cells.iter().map(from_data)).collect() };
        if reader.row(&row).is_break() {
            break;
        }
    }
    Ok(())
}

fn from_ref(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        #[expect(clippy::cast_precision_loss, reason = "what a spreadsheet calls a number has fifteen digits")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Bool(yes) => Cell::Other(yes.to_string().to_uppercase()),
        DataRef::DateTime(time) => Cell::Other(date_text(*time)),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Cell::Other(text.clone()),
        DataRef::Error(error) => Cell::Error(error_text(error)),
    }
}

fn from_data(value: &Data) -> Cell {
    match value {
        Data::Empty => Cell::Empty,
        Data::String(text) => Cell::Text(text.clone()),
        #[expect(clippy::cast_precision_loss, reason = "what a spreadsheet calls a number has fifteen digits")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::Bool(yes) => Cell::Other(yes.to_string().to_uppercase()),
        Data::DateTime(time) => Cell::Other(date_text(*time)),
        Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Other(text.clone()),
        Data::Error(error) => Cell::Error(error_text(error)),
    }
}

/// A date as `2026-11-24`, with its time where it has one.
fn date_text(time: calamine::ExcelDateTime) -> String {
    match time.as_datetime() {
        Some(time) if time.time() == chrono::NaiveTime::MIN => time.date().to_string(),
        Some(time) => time.to_string(),
        None => time.as_f64().to_string(),
    }
}

fn error_text(error: &CellErrorType) -> String {
    format!("{error}")
}

fn unreadable(path: &Path, error: &calamine::Error) -> String {
    let extension = path.extension().map(|extension| extension.to_string_lossy().into_owned()).unwrap_or_default();
    format!(
        "is not readable as a workbook ({extension}): {error}; open it in Excel or WPS, remove its password if it has one, and save it as xlsx"
    )
}
