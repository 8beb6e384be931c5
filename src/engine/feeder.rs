//! Reads unfinished items from the journal, a stretch at a time, as fast as workers take them.

use crate::journal::{Journal, JournalError, StoredItem};
use std::collections::VecDeque;
use std::path::Path;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender};

/// Items that are read at a time.
const STRETCH: u32 = 256;

/// Sends the unfinished ones among the first `limit` items, in order, until there are no more or nobody takes them. Those
/// that have failed before come last, so that a run goes on even where they fail again.
pub(super) fn feed(journal: &Path, limit: Option<u64>, stretches: &Sender<Vec<StoredItem>>) -> Result<(), JournalError> {
    let journal = Journal::open(journal)?;
    // The first item that is not taken up; ids have gaps where only some items are planned.
    let end = limit.map_or(Ok(None), |limit| journal.nth_item(limit))?;
    for again in [false, true] {
        let mut from = 0;
        loop {
            let mut stretch = journal.unfinished(from, STRETCH, again)?;
            let Some(last) = stretch.last() else { break };
            from = last.item_id + 1;
            if let Some(end) = end {
                stretch.retain(|item| item.item_id < end);
            }
            if stretch.is_empty() {
                break;
            }
            if stretches.blocking_send(stretch).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What the feeder sends, handed out item by item.
#[derive(Debug)]
pub(super) struct Queue(Mutex<(VecDeque<StoredItem>, Receiver<Vec<StoredItem>>)>);

impl Queue {
    pub(super) fn new(stretches: Receiver<Vec<StoredItem>>) -> Self {
        Self(Mutex::new((VecDeque::new(), stretches)))
    }

    /// The next item; none where there are no more.
    pub(super) async fn next(&self) -> Option<StoredItem> {
        let mut queue = self.0.lock().await;
        let (items, stretches) = &mut *queue;
        if items.is_empty() {
            *items = stretches.recv().await?.into();
        }
        items.pop_front()
    }
}
