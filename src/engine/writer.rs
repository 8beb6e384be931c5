//! The one writer of the journal.

use crate::journal::{Journal, JournalError, Record};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;

/// Records are committed at least this often.
const GROUP_TIME: Duration = Duration::from_millis(500);
/// Records that are committed together at most.
const GROUP_SIZE: usize = 4096;

/// Keeps records in groups until nobody sends any more.
pub(super) fn write(journal: &Path, mut records: Receiver<Record>) -> Result<(), JournalError> {
    let mut journal = Journal::open(journal)?;
    let mut group = Vec::new();
    while let Some(first) = records.blocking_recv() {
        let deadline = Instant::now() + GROUP_TIME;
        group.push(first);
        let mut open = true;
        while open && group.len() < GROUP_SIZE {
            match records.try_recv() {
                Ok(record) => group.push(record),
                Err(tokio::sync::mpsc::error::TryRecvError::Disconnected) => open = false,
                Err(tokio::sync::mpsc::error::TryRecvError::Empty) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    match recv_for(&mut records, left) {
                        Some(Some(record)) => group.push(record),
                        Some(None) => open = false,
                        None => break,
                    }
                }
            }
        }
        journal.append(&group)?;
        group.clear();
    }
    Ok(())
}

/// Waits for a record; `None` where none came in time, `Some(None)` where none will.
fn recv_for(records: &mut Receiver<Record>, wait: Duration) -> Option<Option<Record>> {
    tokio::runtime::Handle::current().block_on(tokio::time::timeout(wait, records.recv())).ok()
}
