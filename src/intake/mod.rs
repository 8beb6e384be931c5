//! From spreadsheets to items.
//!
//! Files are found, their sheets read as streams of rows, headers recognised, codes cleaned and checked. What can be
//! asked about becomes an item; what cannot is kept with its place, its problem and what to do about it; and every
//! value that was changed on the way is kept with both forms.

mod cell;
mod delimited;
mod files;
mod header;
mod row;
mod sheet;
mod workbook;

pub use cell::{Cell, SheetRow};
pub use row::{InputProblem, NewItem, RejectedRow, Repair};

use crate::job::Job;
use chrono::NaiveDate;
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
    /// Takes a row's item; says whether it is new (else it is another occurrence of an earlier one).
    ///
    /// # Errors
    /// Why it could not be kept.
    fn item(&mut self, item: NewItem) -> Result<bool, String>;

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
#[derive(Debug, Default)]
pub struct IntakeReport {
    /// Every file read, in order.
    pub files: Vec<FileReport>,
}

/// What was found in one file.
#[derive(Debug)]
pub struct FileReport {
    /// Its path, as places name it.
    pub path: Arc<str>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its sheets, in order.
    pub sheets: Vec<SheetReport>,
}

/// What was found in one sheet.
#[derive(Debug, Default, Clone)]
pub struct SheetReport {
    /// Its name; empty for text files.
    pub name: Arc<str>,
    /// Why it was not read, where it was not.
    pub skipped: Option<String>,
    /// Which header means what: role and header text.
    pub mapping: Vec<(&'static str, String)>,
    /// Rows that hold anything below the header.
    pub rows: u64,
    /// Items first named here.
    pub items: u64,
    /// Rows that name an item named before.
    pub duplicates: u64,
    /// Rows that cannot be audited.
    pub rejected: u64,
}

/// Everything that keeps the inputs from being read.
#[derive(Debug, thiserror::Error)]
pub struct IntakeProblems(pub Vec<FileProblem>);

/// Something that keeps a file from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// The file (or the path pattern) as the job names it.
    pub file: String,
    /// The sheet, where one is meant.
    pub sheet: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for IntakeProblems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{}", problem.file)?;
            if let Some(sheet) = &problem.sheet {
                write!(formatter, " [{sheet}]")?;
            }
            write!(formatter, ": {}", problem.message)?;
        }
        Ok(())
    }
}

/// Why the intake ended.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Inputs that cannot be read.
    #[error(transparent)]
    Problems(#[from] IntakeProblems),
    /// The sink could not keep what was found.
    #[error("{0}")]
    Sink(String),
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

/// Finds the files of a job's inputs and hashes them.
///
/// # Errors
/// Every path that matches nothing, and every file that cannot be opened.
pub fn find_files(job: &Job) -> Result<Vec<InputFile>, IntakeProblems> {
    files::find(job)
}

/// Reads files into `sink`, in order. All files are read, so that one go reports all problems.
///
/// # Errors
/// Everything that keeps a file or a named sheet from being read, or the sink's own failure.
pub fn read_files(job: &Job, files: &[InputFile], today: NaiveDate, sink: &mut dyn Sink) -> Result<IntakeReport, IntakeError> {
    let carried = job.carried();
    let mut report = IntakeReport::default();
    let mut problems = Vec::new();
    for file in files {
        let settings = &job.inputs[file.input];
        let mut reader = sheet::FileReader::new(file, settings, &carried, today, sink);
        let read = if files::is_delimited(&file.path) {
            delimited::read(&file.path, &mut reader)
        } else {
            workbook::read(&file.path, &settings.sheet, &mut reader)
        };
        if let Err(message) = read {
            reader.problem(None, message);
        }
        let (sheets, found, failure) = reader.finish();
        if let Some(failure) = failure {
            return Err(IntakeError::Sink(failure));
        }
        problems.extend(found);
        report.files.push(FileReport { path: Arc::clone(&file.name), sha256: file.sha256.clone(), sheets });
    }
    if problems.is_empty() { Ok(report) } else { Err(IntakeProblems(problems).into()) }
}
