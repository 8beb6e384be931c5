//! Department workbooks out, decisions back in.
//!
//! [`dispatch`] writes a workbook for each value of a carried column: what that department has to settle, with three columns
//! to fill in. [`collect`] takes what was filled in from returned workbooks into the run's journal. Between the two lies a
//! key in each row (`key`), which says which certificate is meant and what the row showed.

mod collect;
mod columns;
mod encryption;
mod file_name;
mod frame;
mod front;
mod gather;
mod key;
mod returned;
mod spill;
mod style;
mod tally;
mod workbook;
mod write;

pub use collect::{CollectError, CollectReport, Collection, collect};
pub use encryption::EncryptionError;
pub use tally::{DepartmentReport, DispatchReport, MatterCounts};
pub use write::{Dispatch, dispatch};

use crate::exit::Stop;
use crate::journal::JournalError;
use crate::message::Message;
use crate::table::TableError;
use rust_xlsxwriter::XlsxError;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the file beside the workbooks that tells what was dispatched.
const REPORT: &str = "dispatch.json";

/// Why workbooks could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// A table could not be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A sheet could not be written.
    #[error("a workbook cannot be made: {0}")]
    Workbook(#[from] XlsxError),
    /// A workbook could not be encrypted.
    #[error("a workbook cannot be encrypted: {0}")]
    Encryption(#[from] EncryptionError),
    /// A file could not be read or written.
    #[error("the workbooks cannot be written: {0}")]
    Disk(#[from] io::Error),
    /// The column has more values than there are departments anywhere.
    #[error("more than {most} departments")]
    TooManyDepartments {
        /// Departments at most.
        most: usize,
    },
    /// Workbooks that would be replaced hold what somebody wrote into them.
    #[error("{} workbooks were changed since they were written", files.len())]
    Changed {
        /// Their files.
        files: Vec<PathBuf>,
    },
    /// The password is longer than Excel allows.
    #[error("the password has more than {most} characters")]
    LongPassword {
        /// Characters at most.
        most: usize,
    },
    /// The process was asked to stop; nothing was replaced.
    #[error("interrupted")]
    Interrupted,
}

impl DispatchError {
    /// The end of the command, where the workbooks go to `out` by the column `by`.
    #[must_use]
    pub fn into_stop(self, out: &Path, by: &str) -> Stop {
        /// Changed files that are named at most.
        const MOST_NAMED: usize = 20;
        match self {
            Self::TooManyDepartments { most } => {
                Stop::invalid(Message::new("dispatch-too-many").with("by", by).with("most", most))
            }
            Self::Changed { files } => {
                let named = files.iter().take(MOST_NAMED).map(|file| Message::literal(file.display())).collect();
                let message = Message::new("dispatch-changed").with("count", files.len()).with_list("files", named);
                Stop::invalid(message)
            }
            Self::LongPassword { most } => Stop::invalid(Message::new("dispatch-long-password").with("most", most)),
            Self::Interrupted => Stop::interrupted(),
            Self::Journal(error) => error.into(),
            Self::Disk(cause) => Stop::disk(out.display())(cause),
            other @ (Self::Table(_) | Self::Workbook(_) | Self::Encryption(_)) => Stop::failed(other),
        }
    }
}
