//! What analysts wrote into the gap lists of earlier workbooks, to be carried into the next.

use super::words::Words;
use crate::audit::Status;
use crate::job::Language;
use calamine::{DataRef, Reader, Xlsx};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// A gap as a list shows it: holder, type, number.
pub type GapKey = [String; 3];

/// Remarks by gap. Only gaps with a remark are kept in memory.
#[derive(Debug, Default)]
pub struct Remarks {
    /// Of the workbook that is being written anew: what it says counts.
    own: Option<HashMap<GapKey, String>>,
    /// Of the run before; those that have found their gap are taken out.
    previous: RefCell<HashMap<GapKey, String>>,
}

impl Remarks {
    /// Reads the remarks of the run's own workbook, where there is one already, and of the run before's.
    ///
    /// # Errors
    /// Which workbook is there and cannot be read.
    pub fn read(own: &Path, previous: Option<&Path>) -> Result<Self, String> {
        let of = |path: &Path| if path.exists() { remarks_of(path).map(Some) } else { Ok(None) };
        let previous = previous.map_or(Ok(None), of)?.unwrap_or_default();
        Ok(Self { own: of(own)?, previous: RefCell::new(previous) })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.as_ref().is_none_or(HashMap::is_empty) && self.previous.borrow().is_empty()
    }

    /// The remark of a gap, as either of its forms (masked or not) has it.
    #[must_use]
    pub fn find(&self, keys: [&GapKey; 2]) -> Option<String> {
        let mut previous = self.previous.borrow_mut();
        let before = keys.iter().find_map(|key| previous.remove(*key));
        match &self.own {
            Some(own) => keys.iter().find_map(|key| own.get(*key)).cloned(),
            None => before,
        }
    }

    /// Remarks of the run before that found no gap, in order.
    #[must_use]
    pub fn left_over(&self) -> Vec<(GapKey, String)> {
        let mut left: Vec<_> = self.previous.borrow().iter().map(|(key, remark)| (key.clone(), remark.clone())).collect();
        left.sort();
        left
    }
}

/// The remarks in the gap lists of a workbook, whatever its language.
fn remarks_of(path: &Path) -> Result<HashMap<GapKey, String>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("the remarks in {} cannot be read: {error}", path.display());
    let mut book: Xlsx<BufReader<File>> = calamine::open_workbook(path).map_err(|error: calamine::XlsxError| wrong(&error))?;
    let mut remarks = HashMap::new();
    for words in [Words::new(Language::ZhCn), Words::new(Language::En)] {
        let lists = [Status::CityOnly, Status::ProvinceOnly, Status::Neither].map(|status| words.status(status).to_owned());
        // A long list goes on in `name (2)`.
        let is_list = |name: &String| lists.iter().any(|list| name == list || name.starts_with(&format!("{list} (")));
        for name in book.sheet_names().into_iter().filter(is_list).collect::<Vec<_>>() {
            read_list(&mut book, &name, &words, &mut remarks).map_err(|error| wrong(&error))?;
        }
    }
    Ok(remarks)
}

fn read_list(
    book: &mut Xlsx<BufReader<File>>,
    sheet: &str,
    words: &Words,
    remarks: &mut HashMap<GapKey, String>,
) -> Result<(), calamine::XlsxError> {
    let wanted = ["col-holder", "col-type", "col-number", "col-remark"].map(|key| words.text(key));
    let mut columns: [Option<u32>; 4] = [None; 4];
    let mut row: (u32, [String; 4]) = (0, Default::default());
    let mut cells = book.worksheet_cells_reader(sheet)?;
    loop {
        let cell = cells.next_cell()?;
        let place = cell.as_ref().map(calamine::Cell::get_position);
        if place.is_none_or(|(at, _)| at != row.0) {
            let (_, [holder, kind, number, remark]) = std::mem::take(&mut row);
            if !remark.trim().is_empty() {
                remarks.insert([holder, kind, number], remark);
            }
        }
        let (Some(cell), Some((at, column))) = (cell, place) else { return Ok(()) };
        row.0 = at;
        let text = match cell.get_value() {
            DataRef::String(text) => text.clone(),
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Float(number) => number.to_string(),
            DataRef::Int(number) => number.to_string(),
            DataRef::Bool(truth) => truth.to_string(),
            _ => continue,
        };
        if at == 0 {
            if let Some(which) = wanted.iter().position(|header| *header == text) {
                columns[which] = Some(column);
            }
        } else if let Some(which) = columns.iter().position(|known| *known == Some(column)) {
            row.1[which] = text;
        }
    }
}
