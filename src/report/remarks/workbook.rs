//! Reading of the gap lists in a workbook.

use super::GapKey;
use super::key::RowKey;
use crate::audit::Status;
use crate::job::Language;
use crate::report::Words;
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Position of a row in the coverage: item and certificate index.
pub(super) type Place = (i64, i64);

/// A row of a gap list.
#[derive(Debug, Clone)]
pub(super) struct GapRow {
    /// Holder, type and number as displayed.
    pub shown: GapKey,
    /// Position of the row in the tables that the workbook was made from.
    pub place: Option<Place>,
    /// Key of the row; `None` in workbooks of earlier versions.
    pub key: Option<RowKey>,
    /// Content of the last column.
    pub remark: String,
}

impl GapRow {
    /// Creates the row from its texts, in the order of [`COLUMNS`]; `None` for a row that is not a gap, such as the note that
    /// there are none.
    fn of([holder, kind, number, place, key, remark]: [String; COLUMNS.len()]) -> Option<Self> {
        let place = place.split_once('/').and_then(|(item, certificate)| {
            let parse = |text: &str| text.trim().parse::<i64>().ok();
            Some((parse(item)?, parse(certificate)?))
        });
        let key = RowKey::parse(&key);
        (place.is_some() || key.is_some()).then_some(Self { shown: [holder, kind, number], place, key, remark })
    }

    pub(super) fn has_remark(&self) -> bool {
        !self.remark.trim().is_empty()
    }
}

/// Which of several columns with the same header belongs to the list. A carried column may have the header of one of the list's
/// columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    First,
    Last,
}

/// Columns that are read, by the keys of their headers.
const COLUMNS: [(&str, Own); 6] = [
    ("col-holder", Own::First),
    ("col-type", Own::First),
    ("col-number", Own::First),
    ("col-item", Own::Last),
    ("col-row-key", Own::Last),
    ("col-remark", Own::Last),
];

/// Calls `take` for every row of the gap lists in a workbook of any language.
///
/// # Errors
/// Fails if the workbook cannot be read.
pub(super) fn each_gap(path: &Path, mut take: impl FnMut(GapRow)) -> Result<(), XlsxError> {
    let mut book: Xlsx<BufReader<File>> = calamine::open_workbook(path)?;
    for words in [Words::new(Language::ZhCn), Words::new(Language::En)] {
        let lists = [Status::CityOnly, Status::ProvinceOnly, Status::Neither].map(|status| words.status(status).to_owned());
        // A long list continues in sheets `name (2)`, `name (3)`, ….
        let is_list = |name: &String| lists.iter().any(|list| name == list || name.starts_with(&format!("{list} (")));
        for name in book.sheet_names().into_iter().filter(is_list).collect::<Vec<_>>() {
            read_list(&mut book, &name, &words, &mut take)?;
        }
    }
    Ok(())
}

fn read_list(
    book: &mut Xlsx<BufReader<File>>,
    sheet: &str,
    words: &Words,
    take: &mut impl FnMut(GapRow),
) -> Result<(), XlsxError> {
    let mut columns: [Option<u32>; COLUMNS.len()] = [None; COLUMNS.len()];
    let mut texts: [String; COLUMNS.len()] = Default::default();
    let mut row = 0;
    let mut cells = book.worksheet_cells_reader(sheet)?;
    loop {
        let cell = cells.next_cell()?;
        let position = cell.as_ref().map(calamine::Cell::get_position);
        if position.is_none_or(|(at, _)| at != row)
            && let Some(gap) = GapRow::of(std::mem::take(&mut texts))
        {
            take(gap);
        }
        let (Some(cell), Some((at, column))) = (cell, position) else { return Ok(()) };
        row = at;
        let Some(text) = text_of(cell.get_value()) else { continue };
        if at == 0 {
            for ((header, own), known) in COLUMNS.iter().zip(&mut columns) {
                if text == words.text(header) && (*own == Own::Last || known.is_none()) {
                    *known = Some(column);
                }
            }
        } else {
            let read = columns.iter().zip(&mut texts).find(|(known, _)| **known == Some(column));
            if let Some((_, place)) = read {
                *place = text;
            }
        }
    }
}

/// Returns a cell as text; `None` if it is empty or an error.
fn text_of(value: &DataRef<'_>) -> Option<String> {
    Some(match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(time) => time.as_datetime().map(|time| time.format("%Y-%m-%d").to_string()).unwrap_or_default(),
        _ => return None,
    })
}
