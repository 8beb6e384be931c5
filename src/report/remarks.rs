//! What analysts wrote into the gap lists of earlier workbooks, to be carried into the next.
//!
//! A list may be masked, so that what it shows of a gap is not enough to find it again. It also names the row of the run's
//! own tables (`17/0`: item and certificate), and those say which holder, type and number that is.

use super::words::Words;
use crate::audit::Status;
use crate::job::Language;
use crate::table::schema::coverage;
use crate::table::{Row, Rows, TableError};
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// A gap: holder, type, number.
pub type GapKey = [String; 3];

/// The key of a coverage row.
fn key_of(row: Row<'_>) -> GapKey {
    let columns = [coverage::HOLDER_CODE, coverage::CERT_TYPE_CODE, coverage::CERTIFICATE_NUMBER];
    columns.map(|column| row.text(column).unwrap_or_default().to_owned())
}

/// A row of a run's coverage: item and certificate.
type Place = (i64, i64);

fn place_of(row: Row<'_>) -> Option<Place> {
    Some((row.number(coverage::ITEM_ID)?, row.number(coverage::CERTIFICATE_INDEX)?))
}

/// A run whose workbook may hold remarks.
#[derive(Debug, Clone)]
pub struct RemarkedRun {
    /// Its workbook.
    pub workbook: PathBuf,
    /// Its tables, as they were when the workbook was written.
    pub tables: PathBuf,
    /// Remarks that had no place in its workbook.
    pub waiting: PathBuf,
}

/// Why remarks could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the remarks in {path} cannot be read: {cause}; repair the workbook, or move it away")]
pub struct RemarkError {
    path: String,
    cause: String,
}

/// Remarks by gap. Only gaps with a remark are kept in memory.
#[derive(Debug, Default)]
pub struct Remarks {
    /// Those that have not found their gap yet.
    open: RefCell<HashMap<GapKey, String>>,
    /// Those of gaps of which nothing is known at the moment: they wait for the next run.
    waiting: RefCell<Vec<(GapKey, String)>>,
}

impl Remarks {
    /// The remarks of the run before.
    ///
    /// # Errors
    /// Which workbook is there and cannot be read.
    pub fn of_previous(run: &RemarkedRun) -> Result<Self, RemarkError> {
        let mut remarks: HashMap<GapKey, String> = HashMap::new();
        if let Ok(bytes) = std::fs::read(&run.waiting) {
            let waiting: Vec<(GapKey, String)> = serde_json::from_slice(&bytes).unwrap_or_default();
            remarks.extend(waiting);
        }
        if run.workbook.exists() {
            let failed = |cause: String| RemarkError { path: run.workbook.display().to_string(), cause };
            let mut placed: HashMap<Place, String> = HashMap::new();
            each_gap(&run.workbook, |place, remark| {
                if !remark.trim().is_empty() {
                    placed.insert(place, remark);
                }
            })
            .map_err(|error| failed(error.to_string()))?;
            remarks.extend(resolved(&run.tables, placed).map_err(|error| failed(error.to_string()))?);
        }
        Ok(Self { open: remarks.into(), waiting: RefCell::default() })
    }

    /// Takes what the run's own workbook says, where there is one already: that counts, be it that a remark was taken out.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn take_own(&mut self, run: &RemarkedRun) -> Result<(), RemarkError> {
        if !run.workbook.exists() {
            return Ok(());
        }
        let failed = |cause: String| RemarkError { path: run.workbook.display().to_string(), cause };
        let open = self.open.get_mut();
        let mut known: HashMap<Place, GapKey> = HashMap::new();
        // Where the tables are gone, they matter only to remarks that are there.
        if !open.is_empty() && run.tables.join(coverage::COVERAGE.file_name()).exists() {
            each_row(&run.tables, |row| {
                let key = key_of(row);
                if let (true, Some(place)) = (open.contains_key(&key), place_of(row)) {
                    known.insert(place, key);
                }
            })
            .map_err(|error| failed(error.to_string()))?;
        }
        let mut placed: HashMap<Place, String> = HashMap::new();
        each_gap(&run.workbook, |place, remark| {
            if !remark.trim().is_empty() {
                placed.insert(place, remark);
            } else if let Some(key) = known.get(&place) {
                open.remove(key);
            }
        })
        .map_err(|error| failed(error.to_string()))?;
        open.extend(resolved(&run.tables, placed).map_err(|error| failed(error.to_string()))?);
        Ok(())
    }

    /// Whether none is left to find its gap.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.borrow().is_empty()
    }

    /// The remark of a gap; each is found once.
    #[must_use]
    pub fn find(&self, row: Row<'_>) -> Option<String> {
        if self.is_empty() { None } else { self.open.borrow_mut().remove(&key_of(row)) }
    }

    /// Sets aside the remarks of a holder and type of which nothing is known at the moment.
    pub fn set_aside(&self, row: Row<'_>) {
        let [holder, kind, number] = key_of(row);
        let mut open = self.open.borrow_mut();
        let is_meant = |key: &GapKey| key[0] == holder && key[1] == kind && (number.is_empty() || key[2] == number);
        let meant: Vec<GapKey> = open.keys().filter(|key| is_meant(key)).cloned().collect();
        for key in meant {
            if let Some(remark) = open.remove(&key) {
                self.waiting.borrow_mut().push((key, remark));
            }
        }
    }

    /// Remarks that wait for the next run.
    #[must_use]
    pub fn waiting(&self) -> Vec<(GapKey, String)> {
        self.waiting.borrow().clone()
    }

    /// Remarks that found no gap, in order: what they are about is no gap any more.
    #[must_use]
    pub fn left_over(&self) -> Vec<(GapKey, String)> {
        let mut left: Vec<_> = self.open.borrow().iter().map(|(key, remark)| (key.clone(), remark.clone())).collect();
        left.sort();
        left
    }
}

fn each_row(tables: &Path, mut take: impl FnMut(Row<'_>)) -> Result<(), TableError> {
    let mut rows = Rows::open(tables, coverage::COVERAGE)?;
    while let Some(row) = rows.next_row()? {
        take(row);
    }
    Ok(())
}

/// The gaps that rows of a run's tables are.
fn resolved(tables: &Path, mut placed: HashMap<Place, String>) -> Result<HashMap<GapKey, String>, TableError> {
    let mut remarks = HashMap::new();
    if placed.is_empty() {
        return Ok(remarks);
    }
    each_row(tables, |row| {
        if let Some(remark) = place_of(row).and_then(|place| placed.remove(&place)) {
            remarks.insert(key_of(row), remark);
        }
    })?;
    Ok(remarks)
}

/// Every row of the gap lists of a workbook, whatever its language, with its remark.
fn each_gap(path: &Path, mut take: impl FnMut(Place, String)) -> Result<(), XlsxError> {
    let mut book: Xlsx<BufReader<File>> = calamine::open_workbook(path)?;
    for words in [Words::new(Language::ZhCn), Words::new(Language::En)] {
        let lists = [Status::CityOnly, Status::ProvinceOnly, Status::Neither].map(|status| words.status(status).to_owned());
        // A long list goes on in `name (2)`.
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
    take: &mut impl FnMut(Place, String),
) -> Result<(), XlsxError> {
    let (mut place_column, mut remark_column) = (None, None);
    let mut row: (u32, String, String) = Default::default();
    let mut cells = book.worksheet_cells_reader(sheet)?;
    loop {
        let cell = cells.next_cell()?;
        let position = cell.as_ref().map(calamine::Cell::get_position);
        if position.is_none_or(|(at, _)| at != row.0) {
            let (_, place, remark) = std::mem::take(&mut row);
            let read = || {
                let (item, certificate) = place.split_once('/')?;
                Some((item.trim().parse().ok()?, certificate.trim().parse().ok()?))
            };
            if let Some(place) = read() {
                take(place, remark);
            }
        }
        let (Some(cell), Some((at, column))) = (cell, position) else { return Ok(()) };
        row.0 = at;
        let text = match cell.get_value() {
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Float(number) => number.to_string(),
            DataRef::Int(number) => number.to_string(),
            DataRef::Bool(truth) => truth.to_string(),
            DataRef::DateTime(time) => time.as_datetime().map(|time| time.format("%Y-%m-%d").to_string()).unwrap_or_default(),
            _ => continue,
        };
        if at == 0 {
            // A carried column may have a header of ours too: the lists' own stand last.
            if text == words.text("col-item") {
                place_column = Some(column);
            }
            if text == words.text("col-remark") {
                remark_column = Some(column);
            }
        } else if place_column == Some(column) {
            row.1 = text;
        } else if remark_column == Some(column) {
            row.2 = text;
        }
    }
}
