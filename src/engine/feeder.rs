//! Reads unfinished items from the journal, a stretch at a time, as fast as workers take them.

use crate::journal::{Journal, JournalError, StoredItem};
use std::path::Path;
use tokio::sync::mpsc::Sender;

/// Items that are read at a time.
const STRETCH: u32 = 256;

/// Sends the unfinished ones among the first `limit` items, in order, until there are no more or nobody takes them. Those
/// that have failed before come last, so that a run goes on even where they fail again.
pub(super) fn feed(journal: &Path, limit: Option<u64>, items: &Sender<StoredItem>) -> Result<(), JournalError> {
    let journal = Journal::open(journal)?;
    for again in [false, true] {
        let mut from = 0;
        loop {
            let stretch = journal.unfinished(from, STRETCH, again)?;
            let Some(last) = stretch.last() else { break };
            from = last.item_id + 1;
            for item in stretch {
                if limit.is_some_and(|limit| item.item_id >= limit) {
                    break;
                }
                if items.blocking_send(item).is_err() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
