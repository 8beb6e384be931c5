//! The journals of a run as what keeps its notifications: each in the journal that has its item.

use crate::audit::Item;
use crate::journal::{Journal, JournalError, Remedy, Shard};
use std::path::PathBuf;

/// Where a journal of the run lies, and which items it has.
#[derive(Debug, Clone)]
pub(crate) struct JournalPlace {
    pub shard: Shard,
    pub path: PathBuf,
}

/// Open journals of a run, to be written by one thread.
#[derive(Debug)]
pub(super) struct Ledger(Vec<(Shard, Journal)>);

impl Ledger {
    /// Opens the journals. What is kept from here on outlasts a power failure.
    pub(super) fn open(places: &[JournalPlace]) -> Result<Self, JournalError> {
        let mut journals = Vec::new();
        for JournalPlace { shard, path } in places {
            let journal = Journal::open(path)?;
            journal.outlast_power_failures()?;
            journals.push((*shard, journal));
        }
        Ok(Self(journals))
    }

    /// Keeps notifications as they stand.
    pub(super) fn keep<'a>(&mut self, remedies: impl IntoIterator<Item = &'a Remedy>) -> Result<(), JournalError> {
        let remedies: Vec<&Remedy> = remedies.into_iter().collect();
        for (shard, journal) in &mut self.0 {
            let of_it = remedies.iter().copied().filter(|remedy| shard.has(remedy.item_id));
            journal.keep_remedies(of_it)?;
        }
        Ok(())
    }

    /// The item of that id.
    pub(super) fn item(&self, item_id: u64) -> Result<Option<Item>, JournalError> {
        for (_, journal) in self.0.iter().filter(|(shard, _)| shard.has(item_id)) {
            if let Some(stored) = journal.batch(item_id, 1)?.into_iter().find(|stored| stored.item_id == item_id) {
                return Ok(Some(stored.item));
            }
        }
        Ok(None)
    }

    /// An item that the platform has answered about; `None` where it has not answered about any.
    pub(super) fn answered_item(&self) -> Result<Option<Item>, JournalError> {
        for (_, journal) in &self.0 {
            if let Some(item) = journal.answered_item()? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}
