//! The archive: the files of the certificates that a run found, fetched, verified and kept.
//!
//! An address that the platform gives is not trusted ([`address`]), a file is what it is and not what it is called
//! ([`content`]), and what is kept is named by us ([`store`]). What came of each certificate is in the run's journal, so
//! that running again tries only what is missing.

mod address;
mod content;
mod download;
mod export;
mod fetch;
mod select;
mod store;

pub use address::{AllowedHosts, Forbidden};
pub use content::{FileFormat, NoCertificateFile, recognise};
pub use export::{ExportReport, export};
pub use fetch::{Archive, ArchiveReport, ArchiveStop, is_anything_wanted};
pub use select::Selection;
pub use store::{Store, VerifyReport, safe_name};
