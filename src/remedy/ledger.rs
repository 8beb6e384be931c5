//! Storage of notifications: each in the journal of the run that holds its item.

use crate::audit::Item;
use crate::journal::{Journal, JournalError, Remedy, Shard};
use std::path::PathBuf;

/// Path of a journal of the run, and the items that it holds.
#[derive(Debug, Clone)]
pub(crate) struct JournalPlace {
    pub shard: Shard,
    pub path: PathBuf,
}

/// Open journals of a run, for writing by one thread.
#[derive(Debug)]
pub(super) struct Ledger(Vec<(Shard, Journal)>);

impl Ledger {
    /// Opens the journals. Commits from now on survive a power failure.
    pub(super) fn open(places: &[JournalPlace]) -> Result<Self, JournalError> {
        let mut journals = Vec::new();
        for JournalPlace { shard, path } in places {
            let journal = Journal::open(path)?;
            journal.outlast_power_failures()?;
            journals.push((*shard, journal));
        }
        Ok(Self(journals))
    }

    /// Stores the current state of notifications.
    pub(super) fn keep<'a>(&mut self, remedies: impl IntoIterator<Item = &'a Remedy>) -> Result<(), JournalError> {
        let remedies: Vec<&Remedy> = remedies.into_iter().collect();
        for (shard, journal) in &mut self.0 {
            let of_it = remedies.iter().copied().filter(|remedy| shard.has(remedy.item_id));
            journal.keep_remedies(of_it)?;
        }
        Ok(())
    }

    /// Returns the item with this id.
    pub(super) fn item(&self, item_id: u64) -> Result<Option<Item>, JournalError> {
        for (_, journal) in self.0.iter().filter(|(shard, _)| shard.has(item_id)) {
            if let Some(stored) = journal.batch(item_id, 1)?.into_iter().find(|stored| stored.item_id == item_id) {
                return Ok(Some(stored.item));
            }
        }
        Ok(None)
    }

    /// Returns an item for which the platform has answered every call; `None` if there is none.
    pub(super) fn answered_item(&self) -> Result<Option<Item>, JournalError> {
        for (_, journal) in &self.0 {
            if let Some(item) = journal.answered_item()? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}
