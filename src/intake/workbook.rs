//! Workbooks (xlsx, xlsm, xlsb, xls, ods) as streams of rows.

use super::cell::Cell;
use super::source::Kind;
use super::stream::{Closed, EventSender};
use crate::job::SheetChoice;
use calamine::{Data, DataRef, Ods, Reader, SheetType, SheetVisible, Xls, Xlsb, Xlsx, open_workbook};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Excel's last column is XFD.
const MOST_COLUMNS: usize = 16_384;

type Source = BufReader<File>;

/// Reads the chosen sheets of a workbook; what keeps it from being read goes out as a problem.
pub(super) fn read(path: &Path, kind: Kind, choice: &SheetChoice, events: &mut EventSender) -> Result<(), Closed> {
    match kind {
        Kind::Xlsx => match open_workbook::<Xlsx<Source>, _>(path) {
            Ok(workbook) => read_sheets(workbook, choice, events, stream_xlsx),
            Err(error) => events.problem(None, unreadable(&error)),
        },
        Kind::Xlsb => match open_workbook::<Xlsb<Source>, _>(path) {
            Ok(workbook) => read_sheets(workbook, choice, events, stream_xlsb),
            Err(error) => events.problem(None, unreadable(&error)),
        },
        Kind::Xls => match open_workbook::<Xls<Source>, _>(path) {
            Ok(workbook) => read_sheets(workbook, choice, events, whole),
            Err(error) => events.problem(None, unreadable(&error)),
        },
        Kind::Ods => match open_workbook::<Ods<Source>, _>(path) {
            Ok(workbook) => read_sheets(workbook, choice, events, whole),
            Err(error) => events.problem(None, unreadable(&error)),
        },
        Kind::Delimited => events.problem(None, "is a text file, not a workbook".to_owned()),
    }
}

/// Why a sheet was not read to its end.
enum SheetError {
    /// Nobody listens any more.
    Closed,
    /// It cannot be read.
    Unreadable(String),
}

impl From<Closed> for SheetError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

fn read_sheets<W: Reader<Source>>(
    mut workbook: W,
    choice: &SheetChoice,
    events: &mut EventSender,
    read: fn(&mut W, &str, &mut EventSender) -> Result<(), SheetError>,
) -> Result<(), Closed> {
    let sheets = workbook.sheets_metadata().to_vec();
    let worksheets: Vec<_> = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).collect();
    let names = || worksheets.iter().map(|sheet| sheet.name.as_str()).collect::<Vec<_>>().join(", ");
    let chosen: Vec<(&str, bool)> = match choice {
        SheetChoice::Every => {
            for sheet in worksheets.iter().filter(|sheet| sheet.visible != SheetVisible::Visible) {
                events.skip(&sheet.name, "the sheet is hidden; name it in `sheet` to have it read")?;
            }
            let visible = worksheets.iter().filter(|sheet| sheet.visible == SheetVisible::Visible);
            visible.map(|sheet| (sheet.name.as_str(), false)).collect()
        }
        SheetChoice::Named(name) => match worksheets.iter().find(|sheet| sheet.name == *name) {
            Some(sheet) => vec![(sheet.name.as_str(), true)],
            None => return events.problem(None, format!("there is no sheet {name}; it has: {}", names())),
        },
        SheetChoice::Index(index) => {
            let place = usize::try_from(*index).unwrap_or(usize::MAX).wrapping_sub(1);
            match worksheets.get(place) {
                Some(sheet) => vec![(sheet.name.as_str(), true)],
                None => return events.problem(None, format!("there is no sheet number {index}; it has: {}", names())),
            }
        }
    };
    for (name, named) in chosen {
        events.begin(name, named)?;
        match read(&mut workbook, name, events) {
            Ok(()) => {}
            Err(SheetError::Closed) => return Err(Closed),
            Err(SheetError::Unreadable(message)) => events.problem(Some(name), message)?,
        }
        events.end()?;
    }
    Ok(())
}

fn stream_xlsx(workbook: &mut Xlsx<Source>, name: &str, events: &mut EventSender) -> Result<(), SheetError> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| broken(&error))?;
    assemble(events, || cells.next_cell().map_err(|error| broken(&error)))
}

fn stream_xlsb(workbook: &mut Xlsb<Source>, name: &str, events: &mut EventSender) -> Result<(), SheetError> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| broken(&error))?;
    assemble(events, || cells.next_cell().map_err(|error| broken(&error)))
}

fn broken(error: &dyn std::fmt::Display) -> SheetError {
    SheetError::Unreadable(format!("cannot be read: {error}; open the file in Excel or WPS and save it again"))
}

/// Puts rows together from cells, which come in order: one row is in memory at a time.
fn assemble<'a>(
    events: &mut EventSender,
    mut next_cell: impl FnMut() -> Result<Option<calamine::Cell<DataRef<'a>>>, SheetError>,
) -> Result<(), SheetError> {
    let mut current = 0;
    while let Some(cell) = next_cell()? {
        let (index, column) = cell.get_position();
        let (number, column) = (index.saturating_add(1), column as usize);
        if column >= MOST_COLUMNS {
            return Err(SheetError::Unreadable(format!(
                "row {number} has a cell beyond Excel's last column (XFD); save the file again"
            )));
        }
        if number != current {
            events.row(number)?;
            current = number;
        }
        with_ref(cell.get_value(), |cell| events.cell(column, cell));
    }
    Ok(())
}

/// Reads a sheet of the kinds that have no stream.
fn whole<W: Reader<Source>>(workbook: &mut W, name: &str, events: &mut EventSender) -> Result<(), SheetError> {
    let range = workbook.worksheet_range(name).map_err(|error| broken(&format!("{error:?}")))?;
    let Some((first_row, first_column)) = range.start() else { return Ok(()) };
    for (number, cells) in (first_row + 1..).zip(range.rows()) {
        events.row(number)?;
        for (column, cell) in (first_column as usize..).zip(cells) {
            with_data(cell, |cell| events.cell(column, cell));
        }
    }
    Ok(())
}

fn with_ref(value: &DataRef<'_>, take: impl FnOnce(Cell<'_>)) {
    match value {
        DataRef::Empty => take(Cell::Empty),
        DataRef::String(text) => take(Cell::Text(text)),
        DataRef::SharedString(text) => take(Cell::Text(text)),
        #[expect(clippy::cast_precision_loss, reason = "what a spreadsheet calls a number has fifteen digits")]
        DataRef::Int(number) => take(Cell::Number(*number as f64)),
        DataRef::Float(number) => take(Cell::Number(*number)),
        DataRef::Bool(yes) => take(Cell::Other(truth(*yes))),
        DataRef::DateTime(time) => take(Cell::Other(&date_text(*time))),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => take(Cell::Other(text)),
        DataRef::Error(error) => take(Cell::Error(&error.to_string())),
    }
}

fn with_data(value: &Data, take: impl FnOnce(Cell<'_>)) {
    match value {
        Data::Empty => take(Cell::Empty),
        Data::String(text) => take(Cell::Text(text)),
        #[expect(clippy::cast_precision_loss, reason = "what a spreadsheet calls a number has fifteen digits")]
        Data::Int(number) => take(Cell::Number(*number as f64)),
        Data::Float(number) => take(Cell::Number(*number)),
        Data::Bool(yes) => take(Cell::Other(truth(*yes))),
        Data::DateTime(time) => take(Cell::Other(&date_text(*time))),
        Data::DateTimeIso(text) | Data::DurationIso(text) => take(Cell::Other(text)),
        Data::Error(error) => take(Cell::Error(&error.to_string())),
    }
}

const fn truth(yes: bool) -> &'static str {
    if yes { "TRUE" } else { "FALSE" }
}

/// A date as `2026-11-24`, with its time where it has one.
fn date_text(time: calamine::ExcelDateTime) -> String {
    match time.as_datetime() {
        Some(time) if time.time() == chrono::NaiveTime::MIN => time.date().to_string(),
        Some(time) => time.to_string(),
        None => time.as_f64().to_string(),
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> String {
    let words = error.to_string();
    if words.contains("password") {
        return "is protected by a password; open it in Excel or WPS, remove the password, and save it again".to_owned();
    }
    format!("is no readable workbook ({words}); open it in Excel or WPS and save it as xlsx")
}
