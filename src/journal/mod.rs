//! The journal: a run's plan and every answer as received, in one SQLite file. The source of truth for resuming a run
//! and for rebuilding its tables.

mod decisions;
mod earlier;
mod earlier_decisions;
mod files;
mod merged;
mod packing;
mod plan;
mod read;
mod record;
mod schema;
mod seal;
mod taken_decisions;

pub use decisions::{CertificateDecision, CertificateMark, Decided, Decision, DecisionPlace, Dispatched, agreed};
pub use earlier_decisions::EarlierDecision;
pub use files::ArchivedFile;
pub use merged::{Items, Journals};
pub use plan::{PlanWriter, Shard, Wanted};
pub use read::{CallCount, PlacedTexts, PlanCounts, StoredAnswer, StoredItem};
pub use record::{NewAnswer, Record};
pub use seal::Seal;
pub use taken_decisions::{DecisionWriter, TakenDecisions};

use crate::exit::Stop;
use crate::message::Message;
use packing::{Packer, Unpacker};
use rusqlite::Connection;
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// What went wrong with a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite says.
    #[error("the journal {}: {cause}", path.display())]
    Sqlite {
        /// The journal's file.
        path: PathBuf,
        /// SQLite's words.
        cause: rusqlite::Error,
    },
    /// Written by a newer version of this program.
    #[error("the journal {path} has version {found}, and this program knows versions up to {known}; use a newer ecert-audit")]
    Newer {
        /// The journal's file.
        path: String,
        /// Its version.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// Something in it cannot be read back.
    #[error("the journal {path}: {problem}")]
    Damaged {
        /// The journal's file.
        path: String,
        /// What cannot be read.
        problem: String,
    },
}

impl JournalError {
    /// The failure as a message to a person.
    #[must_use]
    pub fn to_message(&self) -> Message {
        match self {
            Self::Sqlite { path, cause } => Message::new("journal-fails").with("path", path.display()).with("cause", cause),
            Self::Newer { path, found, known } => {
                Message::new("journal-newer").with("path", path).with("found", found).with("known", known)
            }
            Self::Damaged { path, problem } => Message::new("journal-fails").with("path", path).with("cause", problem),
        }
    }
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self::internal(error.to_message())
    }
}

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
    /// Makes a new, empty journal at `path`; there must be none.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let disk = |error: std::io::Error| JournalError::Damaged { path: path.display().to_string(), problem: error.to_string() };
        // It appears under its name when it is whole, so that nobody ever opens half a journal.
        let unfinished = path.with_extension("making");
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(disk(error)),
            _ => {}
        }
        // The file is there before SQLite opens it, so that its mode is ours (0600).
        crate::durable::append_private(&unfinished).map_err(|problem| disk(std::io::Error::other(problem)))?;
        let journal = Self::connect(&unfinished)?;
        journal.with(schema::create)?;
        drop(journal);
        std::fs::rename(&unfinished, path).map_err(disk)?;
        Self::connect(path)
    }

    /// Opens a journal. One of an older version becomes one of this version.
    ///
    /// # Errors
    /// What SQLite says, or that its version is not known.
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

    /// Another connection to the same journal, for reading while it is written.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn reopen(&self) -> Result<Self, JournalError> {
        Self::connect(&self.path)
    }

    fn connect(path: &Path) -> Result<Self, JournalError> {
        let opened = Connection::open_with_flags(
            path,
            rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX,
        );
        let connection = opened.map_err(|cause| JournalError::Sqlite { path: path.to_owned(), cause })?;
        let journal = Self { connection, path: path.to_owned(), packer: None, unpacker: RefCell::default() };
        journal.with(schema::configure)?;
        Ok(journal)
    }

    /// A note about the run, by its key.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn note(&self, key: &str) -> Result<Option<String>, JournalError> {
        use rusqlite::OptionalExtension;
        self.with(|connection| connection.query_row("SELECT value FROM notes WHERE key = ?1", [key], |row| row.get(0)).optional())
    }

    /// Keeps a note about the run.
    ///
    /// # Errors
    /// What SQLite says.
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
        work(&self.connection).map_err(|cause| JournalError::Sqlite { path: self.path.clone(), cause })
    }

    fn damaged(&self, problem: impl Into<String>) -> JournalError {
        JournalError::Damaged { path: self.path.display().to_string(), problem: problem.into() }
    }
}
