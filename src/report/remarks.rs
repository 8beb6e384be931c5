//! Remarks that analysts wrote into the gap lists of earlier workbooks, to be carried into the next one.
//!
//! Each row of a list has a key ([`key`]) that identifies its gap in the tables, even if these have been rebuilt with other
//! rules. Workbooks of earlier versions have no keys; their rows are identified by position in the tables that they were made
//! from.

mod key;
mod workbook;

use crate::message::Message;
use crate::table::schema::coverage;
use crate::table::{Row, Rows, TableError};
use key::{RowIdentity, RowKey, RowSecret};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use workbook::{GapRow, Place, each_gap};

/// Holder, type and number of a gap, as they are shown; an empty number is none.
pub(super) type GapKey = [String; 3];

/// Paths of a run's files that can hold remarks.
#[derive(Debug, Clone, Default)]
pub struct RemarkedRun {
    /// The workbook.
    pub workbook: PathBuf,
    /// Folder of the tables.
    pub tables: PathBuf,
    /// File of remarks that had no row in the workbook.
    pub waiting: PathBuf,
    /// File of the secret that the keys of the workbook's rows are computed with.
    pub secret: PathBuf,
}

/// Error on reading remarks.
#[derive(Debug, thiserror::Error)]
#[error("the remarks in {path} cannot be read: {cause}; repair the file, or move it away")]
pub struct RemarkError {
    path: String,
    cause: String,
}

impl RemarkError {
    fn of<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> Self {
        move |cause| Self { path: path.display().to_string(), cause: cause.to_string() }
    }

    /// Returns the error as a message for the user.
    #[must_use]
    pub fn to_message(&self) -> Message {
        Message::new("remarks-not-read").with("path", &self.path).with("cause", &self.cause)
    }
}

/// A remark and the row that it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WaitingRemark {
    #[serde(flatten)]
    row: RowIdentity,
    remark: String,
}

/// A remark as stored on the disk, in the current format or that of earlier versions.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredRemark {
    Now(WaitingRemark),
    Earlier(GapKey, String),
}

/// Remarks that have not been matched to a row, by holder. Only rows with a remark are in memory.
#[derive(Debug, Default)]
struct OpenRemarks(HashMap<String, Vec<WaitingRemark>>);

impl OpenRemarks {
    /// Adds a remark, replacing one about the same row.
    fn insert(&mut self, remark: WaitingRemark) {
        self.remove(&remark.row);
        self.0.entry(remark.row.holder_code.clone()).or_default().push(remark);
    }

    /// Removes and returns the remark that matches a row best; `None` if none matches.
    fn remove(&mut self, row: &RowIdentity) -> Option<WaitingRemark> {
        let of_holder = self.0.get_mut(&row.holder_code)?;
        let likeness = |(index, remark): (usize, &WaitingRemark)| Some((remark.row.likeness(row)?, index));
        let (_, index) = of_holder.iter().enumerate().filter_map(likeness).max()?;
        let found = of_holder.remove(index);
        if of_holder.is_empty() {
            self.0.remove(&row.holder_code);
        }
        Some(found)
    }

    /// Returns all remarks, sorted.
    fn sorted(&self) -> Vec<WaitingRemark> {
        let mut all: Vec<WaitingRemark> = self.0.values().flatten().cloned().collect();
        all.sort();
        all
    }
}

/// Remarks to be carried into a workbook.
#[derive(Debug, Default)]
pub struct Remarks {
    /// Secret for the keys of the workbook's rows; `None` if rows get no keys.
    secret: Option<RowSecret>,
    /// Remarks that have not been matched to a row yet.
    open: RefCell<OpenRemarks>,
    /// Remarks about rows whose state is unknown in this run, kept for the next run.
    waiting: RefCell<Vec<WaitingRemark>>,
}

impl Remarks {
    /// Reads the remarks of the previous run.
    ///
    /// # Errors
    /// Fails if a file of that run that can hold remarks exists and cannot be read.
    pub fn of_previous(run: &RemarkedRun) -> Result<Self, RemarkError> {
        let mut open = OpenRemarks::default();
        for remark in read_waiting(&run.waiting)? {
            open.insert(remark);
        }
        if run.workbook.exists() {
            let secret = RowSecret::read(&run.secret).map_err(RemarkError::of(&run.secret))?;
            let mut noted = Vec::new();
            let note = |row: GapRow| noted.extend(Some(row).filter(GapRow::has_remark));
            each_gap(&run.workbook, note).map_err(RemarkError::of(&run.workbook))?;
            for remark in resolved(run, secret.as_ref(), noted)? {
                open.insert(remark);
            }
        }
        Ok(Self { open: open.into(), ..Self::default() })
    }

    /// Reads the remarks in the run's own workbook, if there is one. They replace carried remarks, and a remark that was deleted
    /// there is deleted. Rows can be given keys after this call.
    ///
    /// # Errors
    /// Fails if a file of the run that can hold remarks exists and cannot be read, or if its secret cannot be read or created.
    pub fn take_own(&mut self, run: &RemarkedRun) -> Result<(), RemarkError> {
        let secret = RowSecret::read_or_make(&run.secret).map_err(RemarkError::of(&run.secret))?;
        let open = self.open.get_mut();
        for remark in read_waiting(&run.waiting)? {
            open.insert(remark);
        }
        if run.workbook.exists() {
            let mut carried: HashMap<u64, Vec<(RowKey, RowIdentity)>> = HashMap::new();
            for remark in open.sorted() {
                let key = secret.key(&remark.row);
                carried.entry(key.item).or_default().push((key, remark.row));
            }
            let mut noted = Vec::new();
            let note = |row: GapRow| {
                if row.has_remark() {
                    noted.push(row);
                } else if let Some(key) = row.key {
                    // A remark that was deleted in this run's workbook must not be carried over from the previous run.
                    for (known, row) in carried.get(&key.item).into_iter().flatten() {
                        if known.likeness(&key).is_some() {
                            open.remove(row);
                        }
                    }
                }
            };
            each_gap(&run.workbook, note).map_err(RemarkError::of(&run.workbook))?;
            for remark in resolved(run, Some(&secret), noted)? {
                open.insert(remark);
            }
        }
        self.secret = Some(secret);
        Ok(())
    }

    /// Returns the key of a row, which identifies it when the workbook is read back; `None` if rows get no keys.
    #[must_use]
    pub fn key_of(&self, row: Row<'_>) -> Option<String> {
        Some(self.secret.as_ref()?.key(&RowIdentity::of(row)).to_string())
    }

    /// Returns whether every remark has been matched to a row or set aside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.borrow().0.is_empty()
    }

    /// Removes and returns the remark about a row; `None` if there is none.
    #[must_use]
    pub fn find(&self, row: Row<'_>) -> Option<String> {
        let mut open = self.open.borrow_mut();
        // Fast path, because few rows have a remark.
        if !open.0.contains_key(row.text(coverage::HOLDER_CODE)?) {
            return None;
        }
        open.remove(&RowIdentity::of(row)).map(|found| found.remark)
    }

    /// Sets aside the remarks of a holder and type whose state is unknown in this run, for the next one.
    pub fn set_aside(&self, row: Row<'_>) {
        let row = RowIdentity::of(row);
        let mut open = self.open.borrow_mut();
        let Some(of_holder) = open.0.remove(&row.holder_code) else { return };
        let is_meant = |remark: &WaitingRemark| {
            let is_number = row.certificate_number.is_none() || remark.row.number_key() == row.number_key();
            remark.row.cert_type_code == row.cert_type_code && is_number
        };
        let (meant, others): (Vec<_>, Vec<_>) = of_holder.into_iter().partition(is_meant);
        self.waiting.borrow_mut().extend(meant);
        if !others.is_empty() {
            open.0.insert(row.holder_code, others);
        }
    }

    /// Returns the remarks that have been set aside for the next run.
    #[must_use]
    pub fn waiting(&self) -> Vec<WaitingRemark> {
        self.waiting.borrow().clone()
    }

    /// Returns the remarks that were not matched to a row, sorted.
    #[must_use]
    pub fn without_row(&self) -> Vec<WaitingRemark> {
        self.open.borrow().sorted()
    }

    /// Returns the remarks that were not matched to a row, sorted, each with its former gap.
    #[must_use]
    pub fn left_over(&self) -> Vec<(GapKey, String)> {
        let shown = |WaitingRemark { row, remark }| {
            let RowIdentity { holder_code, cert_type_code, certificate_number, .. } = row;
            ([holder_code, cert_type_code, certificate_number.unwrap_or_default()], remark)
        };
        self.without_row().into_iter().map(shown).collect()
    }
}

/// Reads the remarks stored beside a workbook; empty if the file does not exist.
fn read_waiting(path: &Path) -> Result<Vec<WaitingRemark>, RemarkError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(RemarkError::of(path)(error)),
    };
    let stored: Vec<StoredRemark> = serde_json::from_slice(&bytes).map_err(RemarkError::of(path))?;
    let read = |stored| match stored {
        StoredRemark::Now(remark) => remark,
        StoredRemark::Earlier(shown, remark) => WaitingRemark { row: RowIdentity::shown(shown), remark },
    };
    Ok(stored.into_iter().map(read).collect())
}

/// A row of a workbook with a remark, and the best match for it among the coverage rows so far.
struct Resolving {
    noted: GapRow,
    found: Option<(u32, RowIdentity)>,
}

impl Resolving {
    fn find(&mut self, likeness: u32, row: RowIdentity) {
        if self.found.as_ref().is_none_or(|(known, _)| *known < likeness) {
            self.found = Some((likeness, row));
        }
    }

    /// Returns the remark about the matched row, else about the row as the workbook shows it.
    fn remark(self) -> WaitingRemark {
        let row = self.found.map_or_else(|| RowIdentity::shown(self.noted.shown), |(_, row)| row);
        WaitingRemark { row, remark: self.noted.remark }
    }
}

/// Matches remarks to the coverage rows that they are about. Without tables, rows are identified by what the workbook shows.
fn resolved(run: &RemarkedRun, secret: Option<&RowSecret>, noted: Vec<GapRow>) -> Result<Vec<WaitingRemark>, RemarkError> {
    let mut rows: Vec<Resolving> = noted.into_iter().map(|noted| Resolving { noted, found: None }).collect();
    let mut by_item: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut by_place: HashMap<Place, Vec<usize>> = HashMap::new();
    for (index, Resolving { noted, .. }) in rows.iter().enumerate() {
        match (secret, noted.key, noted.place) {
            (Some(_), Some(key), _) => by_item.entry(key.item).or_default().push(index),
            (_, _, Some(place)) => by_place.entry(place).or_default().push(index),
            _ => {}
        }
    }
    if rows.is_empty() || !run.tables.join(coverage::COVERAGE.file_name()).exists() {
        return Ok(rows.into_iter().map(Resolving::remark).collect());
    }
    let seen = each_row(&run.tables, |row| {
        for index in place_of(row).and_then(|place| by_place.get(&place)).into_iter().flatten() {
            if let Some(resolving) = rows.get_mut(*index) {
                resolving.find(u32::MAX, RowIdentity::of(row));
            }
        }
        let text = |column| row.text(column).unwrap_or_default();
        let Some(secret) = secret else { return };
        let item = secret.item(text(coverage::HOLDER_CODE), text(coverage::CERT_TYPE_CODE));
        let Some(indices) = by_item.get(&item) else { return };
        let identity = RowIdentity::of(row);
        let key = secret.key(&identity);
        for index in indices {
            let Some(resolving) = rows.get_mut(*index) else { continue };
            if let Some(likeness) = resolving.noted.key.and_then(|noted| noted.likeness(&key)) {
                resolving.find(likeness, identity.clone());
            }
        }
    });
    seen.map_err(RemarkError::of(&run.workbook))?;
    Ok(rows.into_iter().map(Resolving::remark).collect())
}

fn each_row(tables: &Path, mut take: impl FnMut(Row<'_>)) -> Result<(), TableError> {
    let mut rows = Rows::open(tables, coverage::COVERAGE)?;
    while let Some(row) = rows.next_row()? {
        take(row);
    }
    Ok(())
}

fn place_of(row: Row<'_>) -> Option<Place> {
    Some((row.number(coverage::ITEM_ID)?, row.number(coverage::CERTIFICATE_INDEX)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDER: &str = "370499199001010007";

    fn remark(number: Option<&str>, city: Option<&str>, remark: &str) -> WaitingRemark {
        let shown = [HOLDER, "T", number.unwrap_or_default()].map(str::to_owned);
        let row = RowIdentity { city_certificate_id: city.map(str::to_owned), ..RowIdentity::shown(shown) };
        WaitingRemark { row, remark: remark.to_owned() }
    }

    #[test]
    fn a_remark_takes_the_place_of_one_about_the_same_row() {
        let mut open = OpenRemarks::default();
        open.insert(remark(Some("A"), Some("c1"), "old"));
        open.insert(remark(Some("B"), None, "other"));
        open.insert(remark(Some("C"), Some("c1"), "new"));
        let texts: Vec<String> = open.sorted().into_iter().map(|remark| remark.remark).collect();
        assert_eq!(texts, ["other", "new"]);
    }

    #[test]
    fn the_surest_remark_is_found_and_each_only_once() {
        let mut open = OpenRemarks::default();
        open.insert(remark(Some("A"), Some("c2"), "by number"));
        open.insert(remark(Some("B"), Some("c1"), "by identifier"));
        let row = remark(Some("A"), Some("c1"), "").row;
        let mut found = || open.remove(&row).map(|found| found.remark);
        assert_eq!(found().as_deref(), Some("by number"));
        assert_eq!(found().as_deref(), Some("by identifier"));
        assert_eq!(found(), None);
        assert!(open.0.is_empty());
    }

    #[test]
    fn waiting_remarks_are_read_back_and_those_of_earlier_versions_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("waiting.json");
        assert!(read_waiting(&path).unwrap().is_empty());
        let kept = vec![remark(Some("A"), Some("c1"), "请核实"), remark(None, None, "待办")];
        std::fs::write(&path, serde_json::to_string(&kept).unwrap()).unwrap();
        assert_eq!(read_waiting(&path).unwrap(), kept);
        std::fs::write(&path, format!(r#"[[["{HOLDER}","T","A"],"请核实"],[["{HOLDER}","T",""],"待办"]]"#)).unwrap();
        assert_eq!(read_waiting(&path).unwrap(), [remark(Some("A"), None, "请核实"), remark(None, None, "待办")]);
        std::fs::write(&path, "{").unwrap();
        assert_eq!(read_waiting(&path).unwrap_err().to_message().code(), "remarks-not-read");
    }
}
