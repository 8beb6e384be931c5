//! Row accounting, checked from outside: every row that an independent reader sees below a header became an item, named one
//! again, was rejected, or is counted among the rows that hold nothing to audit; and no other row did.
//!
//! `ECERT_EXTRA_CORPUS` names a further folder: every file under an `inputs` folder in it is checked as well.

mod raw;

use crate::support::{Workspace, job_text};
use chrono::NaiveDate;
use ecert_audit::intake::{FileReport, IntakeReport, NewItem, RejectedRow, Repair, SheetReport, Sink, find_files, read_files};
use ecert_audit::interrupt::Interrupts;
use ecert_audit::job::Job;
use raw::RawSheet;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rows by sheet, as they come.
#[derive(Default)]
struct Places(BTreeMap<String, BTreeSet<u32>>);

impl Places {
    fn add(&mut self, sheet: &str, row: u32) {
        self.0.entry(sheet.to_owned()).or_default().insert(row);
    }
}

impl Sink for Places {
    fn item(&mut self, item: NewItem) -> Result<(), String> {
        self.add(&item.place.sheet, item.place.row);
        Ok(())
    }

    fn repeated(&mut self, _: u64, item: NewItem, _: bool) -> Result<(), String> {
        self.add(&item.place.sheet, item.place.row);
        Ok(())
    }

    fn rejected(&mut self, rejected: RejectedRow) -> Result<(), String> {
        self.add(&rejected.place.sheet, rejected.place.row);
        Ok(())
    }

    fn repair(&mut self, _: Repair) -> Result<(), String> {
        Ok(())
    }
}

/// Rows that a sheet's report explains without an item or a rejection.
fn explained(tables: &[&SheetReport]) -> u64 {
    let titles = |table: &SheetReport| -> u64 {
        let kinds = ["rows-title", "rows-legend", "rows-remark", "rows-type-alone", "rows-example"];
        let notes = table.notes.iter().filter(|note| kinds.contains(&note.message.code()));
        notes.filter_map(|note| argument(note.message.arguments(), "count")).sum()
    };
    let of_table = |table: &&SheetReport| table.prefilled_rows + table.repeated_headers + table.total_rows + titles(table);
    // The header of a table stacked under another takes up to three rows.
    let stacked = tables.len().saturating_sub(1) as u64 * 3;
    tables.iter().map(of_table).sum::<u64>() + stacked
}

fn argument<'a>(mut arguments: impl Iterator<Item = (&'a str, &'a ecert_audit::message::Argument)>, name: &str) -> Option<u64> {
    arguments.find(|(known, _)| *known == name).and_then(|(_, value)| match value {
        ecert_audit::message::Argument::Text(text) => text.parse().ok(),
        _ => None,
    })
}

/// What is wrong with how a sheet's rows are accounted for; empty where nothing is.
fn complaints(raw: &RawSheet, file: &FileReport, accounted: &BTreeSet<u32>) -> Vec<String> {
    let tables: Vec<&SheetReport> = file.sheets.iter().filter(|sheet| raw.name.is_empty() || *sheet.name == *raw.name).collect();
    let mut complaints = Vec::new();
    if tables.is_empty() && !raw.filled.is_empty() {
        complaints.push(format!("[{}] is not in the report", raw.name));
    }
    let read: Vec<&SheetReport> = tables.into_iter().filter(|table| table.skipped.is_none()).collect();
    let Some(header) = read.iter().filter_map(|table| table.header_row).min() else { return complaints };
    let below: BTreeSet<u32> = raw.filled.iter().copied().filter(|row| *row > header).collect();
    let unaccounted: Vec<u32> = below.difference(accounted).copied().filter(|row| !raw.continued.contains(row)).collect();
    if unaccounted.len() as u64 > explained(&read) {
        complaints.push(format!("[{}] rows {unaccounted:?} are accounted for nowhere", raw.name));
    }
    let invented: Vec<u32> =
        accounted.iter().copied().filter(|row| !raw.filled.contains(row) && !raw.merged.contains(row)).collect();
    if !invented.is_empty() && raw.is_exact {
        complaints.push(format!("[{}] rows {invented:?} hold nothing", raw.name));
    }
    if let [table] = &read[..]
        && raw.is_exact
    {
        // Counted up to the last row that holds anything, in a cell of its own or of a merged range.
        let last = raw.filled.iter().chain(accounted).copied().max().unwrap_or(header).max(header);
        // Rows with codes above the header are rejected, and counted with those below it.
        let above = accounted.iter().filter(|row| **row < header).count() as u64;
        let expected = u64::from(last - header) + above;
        if table.rows != expected {
            complaints.push(format!("[{}] has {expected} rows below its header, not {}", raw.name, table.rows));
        }
    }
    complaints
}

fn check(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let workspace = Workspace::new();
    let bytes = fs::read(path).unwrap();
    workspace.write_input(&name, &bytes);
    workspace.write_job(&job_text("inputs/*", ""));
    let job = Job::load(&workspace.path("jobs/test.toml")).unwrap();
    let found = find_files(&job);
    let mut places = Places::default();
    let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    let report: IntakeReport = read_files(&job, &found, today, &mut places, &Interrupts::default()).unwrap();
    let Some(file) = report.files.first() else {
        assert!(!found.passed_over.is_empty() || !found.problems.is_empty(), "{name} is passed over in silence");
        return Vec::new();
    };
    if !report.problems.is_empty() {
        // A file that cannot be read to its end stops the run: no row of it counts.
        return Vec::new();
    }
    let none = BTreeSet::new();
    let of_sheet = |raw: &RawSheet| {
        let rows = if raw.name.is_empty() { places.0.values().next() } else { places.0.get(&raw.name) };
        complaints(raw, file, rows.unwrap_or(&none))
    };
    raw::sheets(&bytes).iter().flat_map(of_sheet).map(|complaint| format!("{name} {complaint}")).collect()
}

/// Every file under a folder, those under `inputs` alone where it says so.
fn files(folder: &Path, inputs_alone: bool) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.is_file() && (!inputs_alone || path.iter().any(|part| part == "inputs")) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_row_of_the_corpus_is_accounted_for() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/intake/corpus");
    let extra = std::env::var_os("ECERT_EXTRA_CORPUS").map(|folder| files(Path::new(&folder), true));
    let all: Vec<PathBuf> = files(&corpus, false).into_iter().chain(extra.into_iter().flatten()).collect();
    // The bomb takes an independent reader long, and is refused.
    let complaints: Vec<String> = all.iter().filter(|path| !path.ends_with("bomb.xlsx")).flat_map(|path| check(path)).collect();
    assert!(complaints.is_empty(), "{} files\n{}", all.len(), complaints.join("\n"));
}
