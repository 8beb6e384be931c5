//! `collect`, as the list of its steps.

use super::encryption::{EncryptionError, decrypt, may_be_encrypted};
use super::key::Keys;
use super::returned::{Finding, KnownWords, ReturnedFile};
use crate::exit::Stop;
use crate::intake::read_cells;
use crate::journal::{CertificateDecision, Decided, DecisionPlace, DecisionWriter, Journal, JournalError, Seal, TakenDecisions};
use crate::message::Message;
use crate::table::schema::coverage;
use crate::table::{MARK_COLUMNS, Row, Rows, TableError, certificate_mark};
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Prefix of decrypted workbooks. The file of a process that died is removed like other temporary files.
const DECRYPTED: &str = ".writing-decrypted-";

/// Parameters of a collection.
#[derive(Debug, Clone, Copy)]
pub struct Collection<'a> {
    /// Path of each workbook, and its name in tables and messages.
    pub files: &'a [(PathBuf, String)],
    /// Folder of the run's tables.
    pub tables: &'a Path,
    /// Folder for decrypted workbooks, accessible to its owner alone.
    pub scratch: &'a Path,
    /// Password of encrypted workbooks; `None` if there is none.
    pub password: Option<&'a str>,
    /// Time of the collection.
    pub at: DateTime<Utc>,
}

/// Result of a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CollectReport {
    /// Number of workbooks read to their end.
    pub files: u64,
    /// Decisions taken from them.
    pub taken: TakenDecisions,
    /// Number of rows, lists and workbooks with something that was not taken.
    pub refused: u64,
    /// Number of certificates with contradicting rows, including rows of earlier collections.
    pub contradictions: u64,
}

impl CollectReport {
    /// Returns whether everything in the workbooks was taken.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.refused + self.contradictions == 0
    }
}

/// Error for which nothing was collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// Nothing was dispatched from this run.
    #[error("nothing was dispatched from this run")]
    NothingDispatched,
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A workbook cannot be read or a decrypted one written.
    #[error("the workbooks cannot be read: {0}")]
    Disk(#[from] io::Error),
    /// The process was asked to stop; nothing was taken.
    #[error("interrupted")]
    Interrupted,
}

impl CollectError {
    /// Converts the error into that of the command, for the run in `run_dir`.
    #[must_use]
    pub fn into_stop(self, run_dir: &Path) -> Stop {
        match self {
            Self::NothingDispatched => Stop::invalid(Message::new("collect-nothing-dispatched").with("path", run_dir.display())),
            Self::Interrupted => Stop::interrupted(),
            Self::Journal(error) => error.into(),
            other @ (Self::Table(_) | Self::Disk(_)) => Stop::failed(other),
        }
    }
}

/// Stores the decisions of returned workbooks in the journal. Calls `tell` with a message about everything that was not taken,
/// with its position, and about suspicious content.
///
/// The decisions of a workbook replace those of an earlier collection of the same file, so that collecting it twice changes
/// nothing. If a workbook cannot be read to its end, those of the earlier collection are kept.
///
/// # Errors
/// Fails if nothing was dispatched from the run, the journal or the coverage cannot be read or written, the disk fails, or
/// `is_interrupted` returns true. Nothing is stored then.
pub fn collect(
    collection: Collection<'_>,
    journal: &Journal,
    is_interrupted: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(&Message),
) -> Result<CollectReport, CollectError> {
    let seal = journal.known_seal()?.ok_or(CollectError::NothingDispatched)?;
    let (keys, words) = (Keys::new(seal.clone()), KnownWords::new());
    let mut report = CollectReport::default();
    let mut writer = journal.begin_decisions()?;
    for (path, name) in collection.files {
        let mut reading =
            Reading { collection, writer: &writer, is_interrupted, tell: &mut *tell, refused: 0, is_unreadable: false };
        reading.file(path, &mut ReturnedFile::new(name, &keys, &words), name)?;
        report.refused += reading.refused;
        if reading.is_unreadable {
            writer.abandon_file()?;
        } else {
            writer.end_file(name, collection.at)?;
            report.files += 1;
        }
    }
    report.taken = writer.finish()?;
    journal.contradictions::<CollectError>(|rows| {
        report.contradictions += 1;
        tell(&contradiction(rows));
        Ok(())
    })?;
    report.refused += tell_gone(collection, journal, &seal, tell)?;
    Ok(report)
}

/// Reader of one workbook.
struct Reading<'a, 'w> {
    collection: Collection<'a>,
    writer: &'a DecisionWriter<'w>,
    is_interrupted: &'a dyn Fn() -> bool,
    tell: &'a mut dyn FnMut(&Message),
    refused: u64,
    /// Whether a problem prevents reading the workbook to its end.
    is_unreadable: bool,
}

impl Reading<'_, '_> {
    fn file(&mut self, path: &Path, file: &mut ReturnedFile<'_>, name: &str) -> Result<(), CollectError> {
        let decrypted = match self.decrypted(path, name) {
            Ok(decrypted) => decrypted,
            Err(message) => return self.found(name, vec![Finding::Unreadable(message)]),
        };
        let plain = decrypted.as_ref().map_or(path, tempfile::NamedTempFile::path);
        let mut findings = Vec::new();
        read_cells::<CollectError>(plain, |event| {
            if (self.is_interrupted)() {
                return Err(CollectError::Interrupted);
            }
            file.take(event, &mut findings);
            self.found(name, std::mem::take(&mut findings))
        })?;
        if !self.is_unreadable {
            file.end(&mut findings);
            self.found(name, findings)?;
        }
        Ok(())
    }

    /// Returns the decrypted workbook in a file that is deleted when it is dropped; `None` if it is not encrypted or there is no
    /// password, which the reader of the workbook then reports.
    fn decrypted(&self, path: &Path, name: &str) -> Result<Option<tempfile::NamedTempFile>, Message> {
        let Some(password) = self.collection.password else { return Ok(None) };
        let failed = |cause: String| Message::new("collect-not-decrypted").with("file", name).with("cause", cause);
        // If the file cannot be opened, its reader reports the problem.
        if !may_be_encrypted(path).unwrap_or(false) {
            return Ok(None);
        }
        let plain = tempfile::Builder::new().prefix(DECRYPTED).suffix(".xlsx").tempfile_in(self.collection.scratch);
        let plain = plain.map_err(|cause| failed(cause.to_string()))?;
        let encrypted = File::open(path).map_err(|cause| failed(cause.to_string()))?;
        let mut writer = BufWriter::new(plain.as_file());
        let opened = decrypt(BufReader::new(encrypted), &mut writer, password);
        let flushed = writer.flush();
        drop(writer);
        match opened {
            Ok(()) => flushed.map_err(|cause| failed(cause.to_string())).map(|()| Some(plain)),
            Err(EncryptionError::WrongPassword) => Err(Message::new("collect-wrong-password").with("file", name)),
            // A workbook of Excel 97 has the same signature as an encrypted one.
            Err(EncryptionError::Other(cause)) => {
                tracing::debug!(cause, "read as it is");
                Ok(None)
            }
        }
    }

    fn found(&mut self, name: &str, findings: Vec<Finding>) -> Result<(), CollectError> {
        for finding in findings {
            match finding {
                Finding::Row(row) => {
                    let place = DecisionPlace { file: name.to_owned(), sheet: row.sheet, row: row.row };
                    let collected_at = self.collection.at;
                    let decided = Decided { decision: row.decision, note: row.note, by: row.by, place, collected_at };
                    let (item_id, certificate) = (row.key.item_id, row.key.certificate);
                    self.writer.row(&CertificateDecision { item_id, certificate, decided })?;
                }
                Finding::Note(message) => (self.tell)(&message),
                Finding::Refusal(message) => {
                    self.refused += 1;
                    (self.tell)(&message);
                }
                Finding::Unreadable(message) => {
                    self.refused += 1;
                    self.is_unreadable = true;
                    (self.tell)(&message);
                }
            }
        }
        Ok(())
    }
}

/// Returns the message about rows with different decisions on one certificate.
fn contradiction(rows: &[CertificateDecision]) -> Message {
    let place = |row: &CertificateDecision| {
        let DecisionPlace { file, sheet, row: number } = &row.decided.place;
        let decision = Message::new(decision_code(row));
        let message = Message::new("collect-place").with("file", file).with("sheet", sheet).with("row", number);
        message.with_message("decision", decision)
    };
    Message::new("collect-contradiction").with_list("places", rows.iter().map(place).collect())
}

/// Returns the key of the message with a decision's name.
const fn decision_code(row: &CertificateDecision) -> &'static str {
    use crate::journal::Decision;
    match row.decided.decision {
        Decision::Insert => "decision-insert",
        Decision::Update => "decision-update",
        Decision::Delete => "decision-delete",
        Decision::NothingToDo => "decision-nothing_to_do",
        Decision::DataWrong => "decision-data_wrong",
        Decision::Other => "decision-other",
    }
}

/// Reports decisions about certificates that are not in the tables any more, and returns their number. They are kept, because a
/// certificate may reappear when failed calls are repeated.
fn tell_gone(
    collection: Collection<'_>,
    journal: &Journal,
    seal: &Seal,
    tell: &mut dyn FnMut(&Message),
) -> Result<u64, CollectError> {
    let names: HashSet<&str> = collection.files.iter().map(|(_, name)| name.as_str()).collect();
    let mut gone = 0;
    let mut leave = |left: &[CertificateDecision], found: &HashSet<(u64, [u8; 8])>| {
        for row in left {
            let place = &row.decided.place;
            if names.contains(place.file.as_str()) && !found.contains(&(row.item_id, row.certificate)) {
                let message = Message::new("collect-certificate-gone").with("file", &place.file);
                tell(&message.with("sheet", &place.sheet).with("row", place.row));
                gone += 1;
            }
        }
    };
    let mut columns = vec![coverage::ITEM_ID.name];
    columns.extend(MARK_COLUMNS.map(|column| column.name));
    let mut rows = Rows::open_columns(collection.tables, coverage::COVERAGE, &columns)?;
    let mut batch = DecisionBatch { journal, rows: Vec::new(), end: 0 };
    let mut found = HashSet::new();
    while let Some(row) = rows.next_row()? {
        let item = row.number(coverage::ITEM_ID).unwrap_or_default().cast_unsigned();
        while item >= batch.end {
            leave(&batch.rows, &found);
            found.clear();
            batch.advance()?;
        }
        if batch.has(row) {
            found.insert((item, certificate_mark(seal, row)));
        }
    }
    leave(&batch.rows, &found);
    leave(&journal.decisions_of(batch.end..i64::MAX.cast_unsigned())?, &HashSet::new());
    Ok(gone)
}

/// Decisions about a batch of items.
struct DecisionBatch<'a> {
    journal: &'a Journal,
    rows: Vec<CertificateDecision>,
    /// First item after the batch.
    end: u64,
}

impl DecisionBatch<'_> {
    /// Number of items per batch.
    const ITEMS: u64 = 4_096;

    fn advance(&mut self) -> Result<(), JournalError> {
        let begin = self.end;
        self.end += Self::ITEMS;
        self.rows = self.journal.decisions_of(begin..self.end)?;
        Ok(())
    }

    /// Returns whether there is a decision about the item of a row.
    fn has(&self, row: Row<'_>) -> bool {
        let item = row.number(coverage::ITEM_ID).unwrap_or_default().cast_unsigned();
        self.rows.binary_search_by_key(&item, |decision| decision.item_id).is_ok()
    }
}
