//! The journal of a run: its plan and every answer as received, in one SQLite file. It is the source of truth for resuming a run
//! and for rebuilding its tables.
//!
//! A journal stores the id of its run, the size of its plan ([`PlanRecord`]) and, with each finished item, the number of its
//! answers. A journal in the wrong folder and one that has lost rows are therefore detected.

mod counts;
mod decisions;
mod decode;
mod earlier;
mod earlier_decisions;
mod error;
mod files;
mod merged;
mod packing;
mod plan;
mod read;
mod record;
mod remedies;
mod schema;
mod seal;
mod taken_decisions;

pub use counts::{CallCount, PlanCounts};
pub use decisions::{CertificateDecision, CertificateMark, Decided, Decision, DecisionPlace, Dispatched, agreed};
pub use earlier_decisions::EarlierDecision;
pub use error::JournalError;
pub use files::ArchivedFile;
pub use merged::{Items, Journals};
pub use plan::{ItemFilter, PlanRecord, PlanWriter, Shard};
pub use read::{PastFailure, PlacedTexts, StoredAnswer, StoredItem};
pub use record::{NewAnswer, Record};
pub use remedies::{NotifiedBefore, Remedies, Remedy, RemedyCount, RemedyState};
pub use seal::Seal;
pub use taken_decisions::{DecisionWriter, TakenDecisions};

use error::beside;
use packing::{Packer, Unpacker};
use rusqlite::Connection;
use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Endings of the files that SQLite keeps with a database: the write-ahead log and its shared-memory index.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    path: PathBuf,
    /// Created on the first write of an answer.
    packer: Option<Packer>,
    unpacker: RefCell<Unpacker>,
}

impl Journal {
    /// Creates an empty journal at `path`, where none may exist. The caller must hold the lock of the run.
    ///
    /// # Errors
    /// Fails if a file cannot be created, removed or renamed there, or if SQLite cannot write it.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let failed = |cause| JournalError::CannotOpen { path: path.to_owned(), cause };
        // The database is renamed to `path` once its schema is complete, so that nobody opens a half-made journal.
        let unfinished = path.with_extension("making");
        remove_if_there(&unfinished).map_err(failed)?;
        // Created before SQLite opens it, so that its mode is 0600: SQLite would make it readable by others.
        crate::durable::append_private(&unfinished).map_err(|problem| failed(problem.into()))?;
        let journal = Self::connect(&unfinished)?;
        journal.with(schema::create)?;
        drop(journal);
        // SQLite would apply the write-ahead log of a deleted journal to the new one.
        for ending in BESIDE {
            remove_if_there(&beside(path, ending)).map_err(failed)?;
        }
        std::fs::rename(&unfinished, path).map_err(failed)?;
        Self::connect(path)
    }

    /// Opens a journal, upgrading an older schema version to the current one.
    ///
    /// # Errors
    /// Fails if the file cannot be opened or read, or if its schema version is newer than this program's.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let journal = Self::connect(path)?;
        let found = journal.with(|connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)))?;
        match found {
            schema::VERSION => Ok(journal),
            older @ 1..schema::VERSION => {
                journal.with(|connection| schema::upgrade(connection, older))?;
                Ok(journal)
            }
            newer if newer > schema::VERSION => {
                Err(JournalError::Newer { path: path.display().to_string(), found: newer, known: schema::VERSION })
            }
            other => Err(journal.damaged(format!("version {other} is none that this program wrote"))),
        }
    }

    fn connect(path: &Path) -> Result<Self, JournalError> {
        let opened = Connection::open_with_flags(
            path,
            rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX,
        );
        let connection = opened.map_err(|cause| JournalError::sqlite(path, cause))?;
        let journal = Self { connection, path: path.to_owned(), packer: None, unpacker: RefCell::default() };
        journal.with(schema::configure)?;
        Ok(journal)
    }

    /// Moves all transactions from the write-ahead log into the database file and flushes it to the disk.
    ///
    /// # Errors
    /// Fails if the disk is full or cannot be written.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.with(|connection| connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(())))
    }

    /// Returns the value of a note about the run; `None` if it is not set.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn note(&self, key: &str) -> Result<Option<String>, JournalError> {
        use rusqlite::OptionalExtension;
        self.with(|connection| connection.query_row("SELECT value FROM notes WHERE key = ?1", [key], |row| row.get(0)).optional())
    }

    /// Sets a note about the run.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn set_note(&self, key: &str, value: &str) -> Result<(), JournalError> {
        self.with(|connection| {
            connection.execute("INSERT INTO notes VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", [key, value])
        })?;
        Ok(())
    }

    /// Returns the name of the folder that contains the journal.
    fn folder_name(&self) -> String {
        let folder = self.path.parent().and_then(Path::file_name);
        folder.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        work(&self.connection).map_err(|cause| JournalError::sqlite(&self.path, cause))
    }

    fn damaged(&self, problem: impl Into<String>) -> JournalError {
        JournalError::Damaged { path: self.path.display().to_string(), problem: problem.into() }
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
