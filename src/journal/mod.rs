//! The journal: a run's plan and every answer as received, in one SQLite file. The source of truth for resuming a run
//! and for rebuilding its tables.
//!
//! It says of itself which run it belongs to and what its plan came to ([`PlanRecord`]), and each finished item how many answers
//! it had. So a journal that lies in the wrong folder, or has lost some of its rows, is told from one that has not.

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
mod schema;
mod seal;
mod taken_decisions;

pub use counts::{CallCount, PlanCounts};
pub use decisions::{CertificateDecision, CertificateMark, Decided, Decision, DecisionPlace, Dispatched, agreed};
pub use earlier_decisions::EarlierDecision;
pub use error::JournalError;
pub use files::ArchivedFile;
pub use merged::{Items, Journals};
pub use plan::{PlanRecord, PlanWriter, Shard, Wanted};
pub use read::{PastFailure, PlacedTexts, StoredAnswer, StoredItem};
pub use record::{NewAnswer, Record};
pub use seal::Seal;
pub use taken_decisions::{DecisionWriter, TakenDecisions};

use error::beside;
use packing::{Packer, Unpacker};
use rusqlite::Connection;
use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// What SQLite appends to a database's name for the files that it keeps beside it: the write-ahead log and its index.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    path: PathBuf,
    /// Made with the first answer that is kept.
    packer: Option<Packer>,
    unpacker: RefCell<Unpacker>,
}

impl Journal {
    /// Makes a new, empty journal at `path`; there must be none. To be called only by whoever holds the lock of the run.
    ///
    /// # Errors
    /// Fails if a file cannot be made, removed or renamed there, or SQLite cannot write it.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let failed = |cause| JournalError::CannotOpen { path: path.to_owned(), cause };
        // It appears under its name when it is whole, so that nobody ever opens half a journal.
        let unfinished = path.with_extension("making");
        remove_if_there(&unfinished).map_err(failed)?;
        // The file is there before SQLite opens it, so that its mode is ours (0600).
        crate::durable::append_private(&unfinished).map_err(|problem| failed(problem.into()))?;
        let journal = Self::connect(&unfinished)?;
        journal.with(schema::create)?;
        drop(journal);
        // SQLite would read what a journal that was removed has left beside it into this one.
        for ending in BESIDE {
            remove_if_there(&beside(path, ending)).map_err(failed)?;
        }
        std::fs::rename(&unfinished, path).map_err(failed)?;
        Self::connect(path)
    }

    /// Opens a journal. One of an older version becomes one of this version.
    ///
    /// # Errors
    /// Fails if it cannot be opened or read, or its version is not known.
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

    /// Puts everything that is in the write-ahead log on the disk, in the database itself.
    ///
    /// # Errors
    /// Fails if the disk is full or cannot be written.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.with(|connection| connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(())))
    }

    /// A note about the run, by its key.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn note(&self, key: &str) -> Result<Option<String>, JournalError> {
        use rusqlite::OptionalExtension;
        self.with(|connection| connection.query_row("SELECT value FROM notes WHERE key = ?1", [key], |row| row.get(0)).optional())
    }

    /// Keeps a note about the run.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn set_note(&self, key: &str, value: &str) -> Result<(), JournalError> {
        self.with(|connection| {
            connection.execute("INSERT INTO notes VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2", [key, value])
        })?;
        Ok(())
    }

    /// The name of the folder that it lies in.
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
