//! From spreadsheets to items.
//!
//! Files are found, their sheets read as streams of rows, headers recognised, codes cleaned and checked. What can be
//! asked about becomes an item; what cannot is kept with its place, its problem and what to do about it; and every
//! value that was changed on the way is kept with both forms.

mod cell;
mod dedup;
mod delimited;
mod files;
mod header;
mod row;
mod sheet;
mod source;
mod stream;
mod workbook;

pub use row::{InputProblem, NewItem, RejectedRow, Repair};

use crate::job::{InputSettings, Job};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The place of a row in the inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path of the file, relative to the job's root where it lies below it.
    pub file: Arc<str>,
    /// Name of the sheet; empty for text files.
    pub sheet: Arc<str>,
    /// Row, counted from 1.
    pub row: u32,
}

/// Takes what the intake finds.
pub trait Sink {
    /// Takes an item that no row has named before. Items are numbered from 0 in the order in which they come.
    ///
    /// # Errors
    /// Why it could not be kept.
    fn item(&mut self, item: NewItem) -> Result<(), String>;

    /// Takes another naming of an item: which it is, as the row names it, and whether its carried values are others.
    ///
    /// # Errors
    /// Why it could not be kept.
    fn repeated(&mut self, item_id: u64, item: NewItem, carried_differ: bool) -> Result<(), String>;

    /// Takes a row that cannot be audited.
    ///
    /// # Errors
    /// Why it could not be kept.
    fn rejected(&mut self, rejected: RejectedRow) -> Result<(), String>;

    /// Takes the record of a value that was changed.
    ///
    /// # Errors
    /// Why it could not be kept.
    fn repair(&mut self, repair: Repair) -> Result<(), String>;
}

/// What was found in the inputs.
#[derive(Debug, Default, Serialize)]
pub struct IntakeReport {
    /// Every file read, in order.
    pub files: Vec<FileReport>,
    /// What keeps files or named sheets from being read; a run needs this empty.
    pub problems: Vec<FileProblem>,
}

/// What was found in one file.
#[derive(Debug, Serialize)]
pub struct FileReport {
    /// Its path, as places name it.
    pub path: Arc<str>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its sheets, in order.
    pub sheets: Vec<SheetReport>,
}

/// What was found in one sheet.
#[derive(Debug, Default, Clone, Serialize)]
pub struct SheetReport {
    /// Its name; empty for text files.
    pub name: Arc<str>,
    /// Why it was not read, where it was not.
    pub skipped: Option<String>,
    /// Whether it was passed over although it looks like a table.
    pub is_unread_table: bool,
    /// Which header means what: role and header text.
    pub mapping: Vec<(&'static str, String)>,
    /// Carried headers that it has.
    pub carried: Vec<String>,
    /// Headers that mean what another column was taken for; they are not used.
    pub unused: Vec<String>,
    /// Rows that hold anything below the header.
    pub rows: u64,
    /// Items first named here.
    pub items: u64,
    /// Rows that name an item named before.
    pub duplicates: u64,
    /// Rows that cannot be audited, by problem.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Values that were changed before they were used.
    pub repairs: u64,
    /// Well-formed certificate type codes that the catalogue lacks.
    pub not_in_catalogue: BTreeSet<String>,
}

/// Something that keeps a file from being read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileProblem {
    /// The file (or the path pattern) as the job names it.
    pub file: String,
    /// The sheet, where one is meant.
    pub sheet: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(formatter, " [{sheet}]")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

/// A file to read, and how.
#[derive(Debug, Clone)]
pub struct InputFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its path as places name it.
    pub name: Arc<str>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Which `[[inputs]]` named it.
    pub input: usize,
}

/// Finds the files of a job's inputs and hashes them; with the paths that match nothing and the files that cannot be read.
#[must_use]
pub fn find_files(job: &Job) -> (Vec<InputFile>, Vec<FileProblem>) {
    files::find(job)
}

/// Reads files into `sink`, in order. All files are read, so that one go reports all problems.
///
/// # Errors
/// What keeps the sink from keeping what was found.
pub fn read_files(job: &Job, files: &[InputFile], today: NaiveDate, sink: &mut dyn Sink) -> Result<IntakeReport, String> {
    let carried = job.carried();
    let mut report = IntakeReport::default();
    let mut dedup = dedup::Dedup::default();
    for file in files {
        let settings = &job.inputs[file.input];
        let mut reader = sheet::FileReader::new(file, settings, (&job.catalogue, &carried), today, &mut dedup, sink);
        read_file(file, settings, &mut reader)?;
        let (sheets, problems) = reader.finish();
        report.problems.extend(problems);
        report.files.push(FileReport { path: Arc::clone(&file.name), sha256: file.sha256.clone(), sheets });
    }
    Ok(report)
}

/// Reads a file on a thread of its own while its rows are checked on this one.
fn read_file(file: &InputFile, settings: &InputSettings, reader: &mut sheet::FileReader<'_>) -> Result<(), String> {
    /// Batches of rows that wait to be checked at most.
    const WAITING: usize = 4;
    std::thread::scope(|scope| {
        let (sender, events) = std::sync::mpsc::sync_channel(WAITING);
        let mut sender = stream::EventSender::new(sender);
        let reading = scope.spawn(move || {
            // Where nobody listens any more, there is nothing left to do.
            let _ = match source::kind_of(&file.path) {
                Err(message) => sender.problem(None, message),
                Ok(source::Kind::Delimited) => delimited::read(&file.path, &mut sender),
                Ok(kind) => workbook::read(&file.path, kind, &settings.sheet, &mut sender),
            };
        });
        let taken = events.iter().try_for_each(|event| reader.take(event));
        drop(events);
        if reading.join().is_err() {
            // A library gave up on the file's content; the file is at fault, not the person's command.
            let message =
                "is damaged in a way that its reader does not expect; open it in Excel or WPS and save it again".to_owned();
            reader.take(stream::SheetEvent::Problem { sheet: None, message })?;
        }
        taken
    })
}
