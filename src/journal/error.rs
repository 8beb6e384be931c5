//! Errors of the journal, and the messages that explain them.

use super::BESIDE;
use crate::exit::Stop;
use crate::message::Message;
use rusqlite::ErrorCode;
use rustix::fs::Access;
use rustix::io::Errno;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Error on opening, reading or writing a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite failed.
    #[error("the journal {}: {cause}", path.display())]
    Sqlite {
        /// Path of the journal.
        path: PathBuf,
        /// Error of SQLite.
        cause: rusqlite::Error,
    },
    /// The operating system refused access to the journal or to a file that SQLite keeps with it.
    #[error("the journal {}: {cause}", path.display())]
    CannotOpen {
        /// Path of the journal.
        path: PathBuf,
        /// Error of the operating system.
        cause: io::Error,
    },
    /// A newer version of this program wrote the journal.
    #[error("the journal {path} has version {found}, and this program knows versions up to {known}; use a newer ecert-audit")]
    Newer {
        /// Path of the journal.
        path: String,
        /// Schema version of the journal.
        found: i64,
        /// Newest schema version that this program reads.
        known: i64,
    },
    /// A stored value cannot be decoded.
    #[error("the journal {path}: {problem}")]
    Damaged {
        /// Path of the journal.
        path: String,
        /// Description of the value and the failure.
        problem: String,
    },
    /// An item has fewer answers than when it was finished.
    #[error("the journal {}: item {item_id} was finished with {expected} answers and has {found}", path.display())]
    AnswersLost {
        /// Path of the journal.
        path: PathBuf,
        /// Id of the item.
        item_id: u64,
        /// Number of answers when the item was finished; 1 if an earlier version of this program finished it, which did not store
        /// the number.
        expected: u64,
        /// Number of answers found.
        found: u64,
    },
    /// Two journals of a sharded run hold the same item.
    #[error("the journal {}: item {item_id} is in another shard too", path.display())]
    ItemTwice {
        /// Path of the second journal.
        path: PathBuf,
        /// Id of the item.
        item_id: u64,
    },
}

impl JournalError {
    /// Wraps an error of SQLite. SQLite reports a file that it cannot open without the cause, so the cause is then taken from the
    /// operating system.
    pub(super) fn sqlite(path: &Path, cause: rusqlite::Error) -> Self {
        let is_open_failure = cause.sqlite_error_code() == Some(ErrorCode::CannotOpen);
        match Some(path).filter(|_| is_open_failure).and_then(why_not_opened) {
            Some(cause) => Self::CannotOpen { path: path.to_owned(), cause },
            None => Self::Sqlite { path: path.to_owned(), cause },
        }
    }

    /// Returns the error as a message for the user.
    #[must_use]
    pub fn to_message(&self) -> Message {
        match self {
            Self::Sqlite { path, cause } => Message::new("journal-fails").with("path", path.display()).with("cause", cause),
            Self::CannotOpen { path, cause } if is_out_of_descriptors(cause) => {
                Message::new("journal-too-many-files").with("path", path.display())
            }
            Self::CannotOpen { path, cause } => {
                Message::new("journal-cannot-open").with("path", path.display()).with("cause", cause)
            }
            Self::Newer { path, found, known } => {
                Message::new("journal-newer").with("path", path).with("found", found).with("known", known)
            }
            Self::Damaged { path, problem } => Message::new("journal-fails").with("path", path).with("cause", problem),
            Self::AnswersLost { path, item_id, expected, found } => {
                let message = Message::new("journal-lost-answers").with("path", path.display()).with("item", item_id);
                message.with("expected", expected).with("found", found)
            }
            Self::ItemTwice { path, item_id } => {
                Message::new("journal-item-twice").with("path", path.display()).with("item", item_id)
            }
        }
    }
}

impl From<JournalError> for Stop {
    fn from(error: JournalError) -> Self {
        Self::internal(error.to_message())
    }
}

/// Returns the path of a file that SQLite keeps with a database; `ending` is appended to the database's name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Returns the reason why a database, or a file that SQLite keeps with it, cannot be opened; `None` if all can be opened.
///
/// The database itself is not opened: POSIX drops all locks of a process on a file when the process closes any descriptor of it,
/// which would release the locks of open connections.
fn why_not_opened(path: &Path) -> Option<io::Error> {
    /// File descriptors that one connection needs.
    const DESCRIPTORS: usize = 3;
    let access = |path: &Path| rustix::fs::access(path, Access::READ_OK | Access::WRITE_OK).map_err(io::Error::from).err();
    let refused_beside = |ending| access(&beside(path, ending)).filter(|error| error.kind() != ErrorKind::NotFound);
    let refused = access(path).or_else(|| BESIDE.into_iter().find_map(refused_beside));
    refused.or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        (0..DESCRIPTORS).map(|_| tempfile::tempfile_in(folder)).collect::<io::Result<Vec<_>>>().err()
    })
}

fn is_out_of_descriptors(error: &io::Error) -> bool {
    let codes = [Errno::MFILE, Errno::NFILE].map(Errno::raw_os_error);
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;

    #[test]
    fn a_journal_that_is_not_there_or_may_not_be_opened_names_the_cause() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Journal::open(&dir.path().join("journal.sqlite")).unwrap_err();
        assert!(matches!(&missing, JournalError::CannotOpen { cause, .. } if cause.kind() == ErrorKind::NotFound), "{missing:?}");
        let message = missing.to_message();
        assert_eq!(message.code(), "journal-cannot-open");
        assert!(message.to_string().contains("No such file"), "{message}");
    }

    #[test]
    fn running_out_of_descriptors_is_told_apart() {
        let path = PathBuf::from("journal.sqlite");
        let code = |errno: Errno| {
            let cause = io::Error::from_raw_os_error(errno.raw_os_error());
            JournalError::CannotOpen { path: path.clone(), cause }.to_message().code().to_owned()
        };
        assert_eq!(code(Errno::MFILE), "journal-too-many-files");
        assert_eq!(code(Errno::NFILE), "journal-too-many-files");
        assert_eq!(code(Errno::ACCESS), "journal-cannot-open");
    }

    #[test]
    fn what_a_removed_journal_left_beside_it_is_not_read_into_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.sqlite");
        let journal = Journal::create(&path).unwrap();
        journal.set_note("key", "old").unwrap();
        // As a process leaves them that is killed: with the connection still open.
        for ending in BESIDE {
            std::fs::copy(beside(&path, ending), dir.path().join(format!("kept{ending}"))).unwrap();
        }
        drop(journal);
        std::fs::remove_file(&path).unwrap();
        for ending in BESIDE {
            std::fs::copy(dir.path().join(format!("kept{ending}")), beside(&path, ending)).unwrap();
        }
        let journal = Journal::create(&path).unwrap();
        assert_eq!(journal.note("key").unwrap(), None);
    }
}
