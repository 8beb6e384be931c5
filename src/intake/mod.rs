//! From spreadsheets to items.
//!
//! Files are found, their sheets read as streams of rows, headers recognised, codes cleaned and checked. What can be
//! asked about becomes an item; what cannot is kept with its place, its problem and what to do about it; and every
//! value that was changed on the way is kept with both forms.

mod above;
mod account;
mod block;
mod cell;
mod cells;
mod choice;
mod columns;
mod dedup;
mod delimited;
mod files;
mod formula;
mod header;
mod heading;
mod holder;
mod kind;
mod markup;
mod merged;
mod number;
mod remark;
mod repair;
mod row;
mod row_reader;
mod sample;
mod sampling;
mod search;
mod section;
mod sheet;
mod source;
mod stray;
mod stream;
mod table;
mod template;
mod words;
mod workbook;

pub use cells::{CellEvent, read_cells};
pub use row::{InputProblem, NewItem, RejectedRow, Repair};
pub use sampling::{SampledItems, Sampler, Sampling};

use crate::interrupt::Interrupts;
use crate::job::{InputSettings, Job};
use crate::message::Message;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
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

/// How the inputs were read: every file and sheet, with what became of its rows.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntakeReport {
    /// Every file read, in order.
    pub files: Vec<FileReport>,
    /// Files that a path pattern met and that are no inputs, such as lock files, with the reason.
    pub passed_over: Vec<FileProblem>,
    /// What keeps files or named sheets from being read; a run needs this empty.
    pub problems: Vec<FileProblem>,
}

/// How one file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Its path, as places name it.
    pub path: Arc<str>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// What a person should know of the file as a whole, such as the encoding that was guessed.
    pub notes: Vec<Note>,
    /// Its sheets, in order.
    pub sheets: Vec<SheetReport>,
}

/// Something about how an input was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What it is.
    pub message: Message,
    /// Whether a person should look at it before trusting the numbers; such notes are also printed by `run`.
    pub needs_attention: bool,
}

/// How one sheet was read.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetReport {
    /// Its name; empty for text files.
    pub name: Arc<str>,
    /// Why it was not read, where it was not.
    pub skipped: Option<Message>,
    /// Whether it was passed over although it looks like a table.
    pub is_unread_table: bool,
    /// 1-based row of the header; the lower one of a header over two rows. `None` where none was found.
    pub header_row: Option<u32>,
    /// Which column was taken for which role.
    pub mapping: Vec<ColumnUse>,
    /// Carried headers that it has.
    pub carried: Vec<String>,
    /// Columns that mean what another column was taken for, and are not used.
    pub unused: Vec<ColumnUse>,
    /// Rows below the header, up to the last one that holds anything:
    /// `first_rows` + `duplicates` + the sum of `rejected` + `blank_rows`.
    pub rows: u64,
    /// Rows that name at least one item for the first time.
    pub first_rows: u64,
    /// Items first named here; more than `first_rows` where a row stands for several certificate types.
    pub items: u64,
    /// Rows that name only items named before.
    pub duplicates: u64,
    /// Rows that cannot be audited, by problem.
    pub rejected: BTreeMap<String, u64>,
    /// Rows with nothing to audit: blank ones, and those counted by the three fields that follow.
    pub blank_rows: u64,
    /// Rows that hold only what a template came with, such as a serial number.
    pub prefilled_rows: u64,
    /// Rows that repeat the header.
    pub repeated_headers: u64,
    /// Rows of totals.
    pub total_rows: u64,
    /// Values that were changed before they were used.
    pub repairs: u64,
    /// Well-formed certificate type codes that the catalogue lacks.
    pub not_in_catalogue: BTreeSet<String>,
    /// What a person should know of how it was read.
    pub notes: Vec<Note>,
}

/// A column and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnUse {
    /// The role, such as `holder_code`.
    pub role: String,
    /// The header's text, of both rows where the header has two.
    pub header: String,
    /// The column's letters, such as `B`.
    pub column: String,
}

/// Something that keeps a file from being read, or the reason why it is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    /// The file (or the path pattern) as the job names it.
    pub file: String,
    /// The sheet, where one is meant.
    pub sheet: Option<String>,
    /// What is wrong and what to do.
    pub message: Message,
}

impl FileProblem {
    /// The problem with its place, as one message.
    #[must_use]
    pub fn to_message(&self) -> Message {
        let message = match self.sheet.as_deref().filter(|sheet| !sheet.is_empty()) {
            Some(sheet) => Message::new("sheet-problem").with("sheet", sheet),
            None => Message::new("file-problem"),
        };
        message.with("file", &self.file).with_message("reason", self.message.clone())
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

/// What a job's path patterns met.
#[derive(Debug, Default, Clone)]
pub struct FoundFiles {
    /// Files to read, in order.
    pub files: Vec<InputFile>,
    /// Files that are no inputs, with the reason.
    pub passed_over: Vec<FileProblem>,
    /// Patterns that match nothing, and files that cannot be read.
    pub problems: Vec<FileProblem>,
}

/// Finds the files of a job's inputs and hashes them.
#[must_use]
pub fn find_files(job: &Job) -> FoundFiles {
    files::find(job)
}

/// Why the inputs were not read to their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntakeError {
    /// The process was asked to stop.
    Interrupted,
    /// The sink could not keep what was found; why.
    Sink(String),
}

impl From<String> for IntakeError {
    fn from(cause: String) -> Self {
        Self::Sink(cause)
    }
}

impl IntakeReport {
    /// Rows below the headers of all sheets.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.sheets().map(|sheet| sheet.rows).sum()
    }

    /// Rows below the headers that hold nothing to audit.
    #[must_use]
    pub fn blank_rows(&self) -> u64 {
        self.sheets().map(|sheet| sheet.blank_rows).sum()
    }

    /// Every sheet of every file, in order.
    pub fn sheets(&self) -> impl Iterator<Item = &SheetReport> {
        self.files.iter().flat_map(|file| &file.sheets)
    }
}

/// Reads files into `sink`, in order. All files are read, so that one go reports all problems.
///
/// # Errors
/// Fails if the sink cannot keep what was found, or if the process is asked to stop.
pub fn read_files(
    job: &Job,
    found: &FoundFiles,
    today: NaiveDate,
    sink: &mut dyn Sink,
    interrupts: &Interrupts,
) -> Result<IntakeReport, IntakeError> {
    let carried = job.carried();
    let mut report = IntakeReport { passed_over: found.passed_over.clone(), ..IntakeReport::default() };
    let mut dedup = dedup::Dedup::default();
    for file in &found.files {
        let settings = &job.inputs[file.input];
        let mut reader = sheet::FileReader::new(file, settings, (&job.catalogue, &carried), today, &mut dedup, sink);
        read_file(file, settings, &mut reader, interrupts)?;
        let (read, problems) = reader.finish();
        report.problems.extend(problems);
        report.files.push(read);
    }
    Ok(report)
}

/// Reads a file on a thread of its own while its rows are checked on this one.
fn read_file(
    file: &InputFile,
    settings: &InputSettings,
    reader: &mut sheet::FileReader<'_>,
    interrupts: &Interrupts,
) -> Result<(), IntakeError> {
    /// Batches of rows that wait to be checked at most.
    const WAITING: usize = 4;
    std::thread::scope(|scope| {
        let (sender, events) = std::sync::mpsc::sync_channel(WAITING);
        let mut sender = stream::EventSender::new(sender);
        let reading = scope.spawn(move || {
            // Where nobody listens any more, there is nothing left to do.
            let _ = source::read(&file.path, &settings.sheet, &mut sender);
        });
        let taken = events.iter().try_for_each(|event| {
            if interrupts.is_requested() {
                return Err(IntakeError::Interrupted);
            }
            Ok(reader.take(event)?)
        });
        drop(events);
        if reading.join().is_err() {
            // A library gave up on the file's content; the file is at fault, not the person's command.
            reader.take(stream::SheetEvent::Problem { sheet: None, message: Message::new("file-reader-gave-up") })?;
        }
        taken
    })
}
