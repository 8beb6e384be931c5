//! The one writer of the journal.

use crate::journal::{Journal, JournalError, Record};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::task::spawn_blocking;

/// Records that are committed together at most.
const GROUP: usize = 4096;

/// Where records come in crowds, a group waits this long for more of them.
const GATHERING: Duration = Duration::from_millis(2);
const CROWD: usize = 8;

/// Keeps records until nobody sends any more. What has come is committed at once, on a thread of its own; what comes
/// meanwhile makes the next group. So the faster they come the larger groups are, and a slow run has nothing to lose but
/// calls in flight.
pub(super) async fn write(journal: PathBuf, mut records: Receiver<Record>) -> Result<(), JournalError> {
    let mut journal = on_a_thread(move || Journal::open(&journal)).await?;
    let mut group = Vec::with_capacity(GROUP);
    let mut latest = 0;
    while records.recv_many(&mut group, GROUP).await > 0 {
        if latest >= CROWD {
            tokio::time::sleep(GATHERING).await;
            while group.len() < GROUP
                && let Ok(record) = records.try_recv()
            {
                group.push(record);
            }
        }
        latest = group.len();
        (journal, group) = on_a_thread(move || {
            journal.append(&group)?;
            group.clear();
            Ok((journal, group))
        })
        .await?;
    }
    Ok(())
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    match spawn_blocking(work).await {
        Ok(done) => done,
        // Only a panic ends such a thread early, and it is passed on.
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}
