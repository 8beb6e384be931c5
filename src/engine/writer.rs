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
        while group.len() < GROUP_SIZE {
            match next_until(&mut records, deadline) {
                Some(record) => group.push(record),
                None => break,
            }
        }
        journal.append(&group)?;
        group.clear();
    }
    Ok(())
}

/// The next record, if one comes before the deadline.
fn next_until(records: &mut Receiver<Record>, deadline: Instant) -> Option<Record> {
    if let Ok(record) = records.try_recv() {
        return Some(record);
    }
    let wait = tokio::time::timeout_at(deadline.into(), records.recv());
    tokio::runtime::Handle::current().block_on(wait).ok().flatten()
}
