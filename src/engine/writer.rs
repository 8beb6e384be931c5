//! The one writer of the journal.

use crate::journal::{Journal, JournalError, Record};
use std::path::Path;
use tokio::sync::mpsc::Receiver;

/// Records that are committed together at most.
const GROUP: usize = 4096;

/// Keeps records until nobody sends any more. What has come is committed at once; what comes meanwhile makes the next
/// group. So the faster they come the larger groups are, and a slow run has nothing to lose but calls in flight.
pub(super) fn write(journal: &Path, mut records: Receiver<Record>) -> Result<(), JournalError> {
    let mut journal = Journal::open(journal)?;
    let mut group = Vec::with_capacity(GROUP);
    while records.blocking_recv_many(&mut group, GROUP) > 0 {
        journal.append(&group)?;
        group.clear();
    }
    Ok(())
}
