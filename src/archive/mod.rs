//! The archive: the files of the certificates that a run found, fetched, verified and stored.
//!
//! Each file is a task of the engine (`task`): a call to the platform for its address or content, then downloading or decoding
//! and storing it (`work`). Addresses from the platform are not trusted (`address`, `download`), a file's format is determined
//! from its content (`content`), and its name is chosen by this program (`store`). Results are recorded in the run's journal
//! (`keeper`), so that a later run fetches only what is missing (`select`, `status`).

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
