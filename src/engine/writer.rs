//! The one writer of what the engine keeps.

use crate::message::Message;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
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
pub(crate) struct Writer<Record> {
    records: Sender<Record>,
    /// Records handed over so far.
    handed_over: u64,
    /// Records written so far.
    written: watch::Receiver<u64>,
    /// `None` once its result has been taken.
    writing: Option<JoinHandle<Result<(), Message>>>,
}

impl<Record: Send + 'static> Writer<Record> {
    /// Begins to write with `append`, which keeps the records that it is given, or fails; then nothing more is written.
    pub(crate) fn start(append: impl FnMut(&[Record]) -> Result<(), Message> + Send + 'static) -> Self {
        let (records, receiver) = channel(WAITING);
        let (count, written) = watch::channel(0);
        Self { records, handed_over: 0, written, writing: Some(tokio::spawn(write(receiver, count, append))) }
    }

    /// How many records that were handed over are not written yet.
    pub(super) fn unwritten(&self) -> u64 {
        self.handed_over.saturating_sub(*self.written.borrow())
    }

    /// How many records are written; whoever waits for a change of that is woken by each commit.
    pub(super) fn written(&self) -> watch::Receiver<u64> {
        self.written.clone()
    }

    /// Hands a record over, when there is room.
    ///
    /// # Errors
    /// Fails if the writer has ended, which it does only where it cannot write.
    pub(super) async fn keep(&mut self, record: Record) -> Result<(), Message> {
        if self.records.send(record).await.is_ok() {
            self.handed_over += 1;
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
    pub(crate) async fn finish(self) -> Result<(), Message> {
        let Self { records, writing, .. } = self;
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

fn result(ended: Result<Result<(), Message>, tokio::task::JoinError>) -> Result<(), Message> {
    ended.unwrap_or_else(|error| Err(Message::new("thread-ended").with("cause", error)))
}

async fn write<Record: Send + 'static>(
    mut records: Receiver<Record>,
    count: watch::Sender<u64>,
    mut append: impl FnMut(&[Record]) -> Result<(), Message> + Send + 'static,
) -> Result<(), Message> {
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
            Ok::<_, Message>((append, group))
        });
        (append, group) = match written.await {
            Ok(done) => done?,
            // Only a panic ends such a thread early, and it is passed on.
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        };
        count.send_modify(|written| *written += latest as u64);
    }
    Ok(())
}
