//! The one writer of what the engine keeps.

use crate::journal::JournalError;
use crate::message::Message;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, spawn_blocking};

/// Records that are committed together at most.
const GROUP: usize = 4096;
/// Records that wait to be written at most.
const WAITING: usize = 8192;
/// Where records come in crowds, a group waits this long for more of them: few large commits cost less than many small ones.
const GATHERING: Duration = Duration::from_millis(2);
/// Records in one commit from which on they count as a crowd.
const CROWD: usize = 8;

/// Keeps records in order, on a thread of its own. What has come is committed at once; what comes meanwhile makes the next
/// group. So the faster records come the larger groups are, and a slow run has nothing to lose but calls in flight.
#[derive(Debug)]
pub(super) struct Writer<Record> {
    records: Sender<Record>,
    /// `None` once its result has been taken.
    writing: Option<JoinHandle<Result<(), JournalError>>>,
}

impl<Record: Send + 'static> Writer<Record> {
    /// Begins to write with `append`, which keeps all records that it is given, or none.
    pub(super) fn start(append: impl FnMut(&[Record]) -> Result<(), JournalError> + Send + 'static) -> Self {
        let (records, receiver) = channel(WAITING);
        Self { records, writing: Some(tokio::spawn(write(receiver, append))) }
    }

    /// Hands a record over, when there is room.
    ///
    /// # Errors
    /// Fails if the writer has ended, which it does only where it cannot write.
    pub(super) async fn keep(&mut self, record: Record) -> Result<(), Message> {
        if self.records.send(record).await.is_ok() {
            return Ok(());
        }
        Err(self.ended().await)
    }

    /// Waits until writing fails; for ever where it does not.
    pub(super) async fn failed(&mut self) -> Message {
        if self.writing.is_none() {
            return std::future::pending().await;
        }
        self.ended().await
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// Fails if something could not be written.
    pub(super) async fn finish(self) -> Result<(), Message> {
        let Self { records, writing } = self;
        drop(records);
        match writing {
            Some(writing) => result(writing.await),
            None => Ok(()),
        }
    }

    async fn ended(&mut self) -> Message {
        let Some(writing) = &mut self.writing else { return Message::new("writer-ended") };
        let ended = result(writing.await);
        self.writing = None;
        ended.err().unwrap_or_else(|| Message::new("writer-ended"))
    }
}

fn result(ended: Result<Result<(), JournalError>, tokio::task::JoinError>) -> Result<(), Message> {
    match ended {
        Ok(written) => written.map_err(|error| error.to_message()),
        Err(error) => Err(Message::new("thread-ended").with("cause", error)),
    }
}

async fn write<Record: Send + 'static>(
    mut records: Receiver<Record>,
    mut append: impl FnMut(&[Record]) -> Result<(), JournalError> + Send + 'static,
) -> Result<(), JournalError> {
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
        let written = spawn_blocking(move || {
            append(&group)?;
            group.clear();
            Ok((append, group))
        });
        (append, group) = match written.await {
            Ok(done) => done?,
            // Only a panic ends such a thread early, and it is passed on.
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        };
    }
    Ok(())
}
