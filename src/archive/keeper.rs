//! Recording of received files in the journal; each content is kept once.

use super::status::FileStatus;
use super::store::Store;
use crate::journal::{ArchivedFile, Journal};
use crate::message::Message;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts over fetched files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// Files stored.
    pub stored: u64,
    /// Files whose content was stored already.
    pub duplicates: u64,
    /// Certificates for which the platform has no file.
    pub without: u64,
    /// Files rejected for a permanent reason: address, size or content.
    pub rejected: u64,
    /// Files that were not received; another attempt may succeed.
    pub failed: u64,
    /// Total size of the received files, in bytes.
    pub bytes: u64,
}

impl ArchiveReport {
    fn count(&mut self, file: &ArchivedFile) {
        let figure = match FileStatus::of(file) {
            FileStatus::Stored => &mut self.stored,
            FileStatus::Duplicate => &mut self.duplicates,
            FileStatus::NoAddress => &mut self.without,
            FileStatus::ForbiddenHost | FileStatus::TooLarge | FileStatus::NotACertificateFile => &mut self.rejected,
            FileStatus::AddressExpired | FileStatus::Failed => &mut self.failed,
        };
        *figure += 1;
        self.bytes += file.bytes.unwrap_or_default();
    }
}

/// Records the results for files in the order of their arrival, and counts them.
#[derive(Debug)]
pub(super) struct Keeper {
    journal: Journal,
    store: Store,
    report: Arc<Mutex<ArchiveReport>>,
}

impl Keeper {
    pub(super) fn new(journal: Journal, store: Store, report: &Arc<Mutex<ArchiveReport>>) -> Self {
        Self { journal, store, report: Arc::clone(report) }
    }

    /// Records the results for certificates; the pages of each are recorded together.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written, or if a duplicate file cannot be removed.
    pub(super) fn keep(&mut self, certificates: &[Vec<ArchivedFile>]) -> Result<(), Message> {
        for pages in certificates {
            let mut pages = pages.clone();
            self.merge_known(&mut pages)?;
            self.journal.keep_files(&pages).map_err(|error| error.to_message())?;
            let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            for page in &pages {
                report.count(page);
            }
        }
        Ok(())
    }

    /// Removes files whose content was recorded meanwhile: two files that were fetched at the same time were both stored, and the
    /// one recorded first is kept.
    fn merge_known(&self, pages: &mut [ArchivedFile]) -> Result<(), Message> {
        let mut of_these: HashMap<String, String> = HashMap::new();
        for page in pages.iter_mut().filter(|page| FileStatus::of(page) == FileStatus::Stored) {
            let (Some(path), Some(sha256)) = (&page.path, &page.sha256) else { continue };
            let first = of_these.entry(sha256.clone()).or_insert_with(|| path.clone()).clone();
            let other = self.journal.path_of_content(sha256).map_err(|error| error.to_message())?.unwrap_or(first);
            if other == *path || !self.store.place(&other).exists() {
                continue;
            }
            match std::fs::remove_file(self.store.place(path)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Message::new("archive-not-written").with("cause", error));
                }
                _ => {}
            }
            FileStatus::Duplicate.name().clone_into(&mut page.status);
            page.path = Some(other);
        }
        Ok(())
    }
}
