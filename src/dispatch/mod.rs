//! Workbooks for departments, and collecting their decisions.
//!
//! [`dispatch`] writes a workbook for each value of a carried column with the certificates that the department has to settle, and
//! three columns to fill in. [`collect`] reads returned workbooks and stores the decisions in the run's journal. A hidden key in
//! each row (`key`) identifies the certificate and the values that the row showed.

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

/// Name of the file that lists the workbooks, in their folder.
const REPORT: &str = "dispatch.json";

/// Error on writing workbooks.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A sheet cannot be written.
    #[error("a workbook cannot be made: {0}")]
    Workbook(#[from] XlsxError),
    /// A workbook cannot be encrypted.
    #[error("a workbook cannot be encrypted: {0}")]
    Encryption(#[from] EncryptionError),
    /// A file cannot be read or written.
    #[error("the workbooks cannot be written: {0}")]
    Disk(#[from] io::Error),
    /// The column has more values than there can be departments.
    #[error("more than {most} departments")]
    TooManyDepartments {
        /// Limit on departments.
        most: usize,
    },
    /// Workbooks that would be replaced were edited.
    #[error("{} workbooks were changed since they were written", files.len())]
    Changed {
        /// Paths of the workbooks.
        files: Vec<PathBuf>,
    },
    /// The password is longer than Excel allows.
    #[error("the password has more than {most} characters")]
    LongPassword {
        /// Longest password, in characters.
        most: usize,
    },
    /// The process was asked to stop; nothing was replaced.
    #[error("interrupted")]
    Interrupted,
}

impl DispatchError {
    /// Converts the error into that of the command, for workbooks in `out` by the column `by`.
    #[must_use]
    pub fn into_stop(self, out: &Path, by: &str) -> Stop {
        /// Limit on edited files that are listed.
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
