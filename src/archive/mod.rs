//! The archive: the files of the certificates that a run found, fetched, verified and kept.
//!
//! A file is a task of the engine (`task`): the platform's call for its address or content, then the work of fetching it and
//! putting it in its place (`work`). An address that the platform gives is not trusted (`address`, `download`), a file is what
//! it is and not what it is called (`content`), and what is kept is named by us (`store`). What came of each certificate is in
//! the run's journal (`keeper`), so that running again tries only what is missing (`select`, `status`).

mod address;
mod content;
mod download;
mod export;
mod fetch;
mod keeper;
mod select;
mod status;
mod store;
mod task;
mod waiting_list;
mod work;
mod zip_limits;

pub use content::{Content, FileFormat, OtherContent, recognise};
pub(crate) use download::{DownloadSettings, Downloader, NotDownloaded};
pub use export::{ExportError, ExportReport, export};
pub use fetch::{Archive, FetchReport, is_anything_wanted};
pub use keeper::ArchiveReport;
pub use select::Selection;
pub use store::{Store, VerifyError, VerifyReport, safe_name};
pub use task::FileTask;
