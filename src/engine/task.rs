//! What the engine carries to its end.

use crate::message::Message;
use crate::platform::{Envelope, Failure, Request};
use bytes::Bytes;
use std::convert::Infallible;
use std::fmt::Debug;
use std::time::Duration;

/// Something that is carried to its end by calls: an audit item, a file to fetch, a notification to send.
pub(crate) trait Task: Send + 'static {
    /// What is kept of calls, and of the end.
    type Record: Send + 'static;

    /// What it may need besides calls; [`NoWork`] for a task that needs calls only.
    type Work: Work;

    /// Identity of the task: its one vote on how the platform fares is told apart by it.
    fn id(&self) -> u64;

    /// Whether it has failed in this run before. Then how it ends is no evidence about the platform.
    fn has_failed_before(&self) -> bool;

    /// What it needs next.
    fn next(&mut self) -> Need<Self::Record, Self::Work>;

    /// Takes what came of the call that it needed; returns what is to be kept of that, if anything.
    fn take(&mut self, reply: CallReply, attempts: u32) -> Option<Self::Record>;

    /// Takes what came of the work that it needed.
    fn take_product(&mut self, product: <Self::Work as Work>::Product);
}

/// What came of a call: the body as received and as read, or why there is none.
pub(crate) type CallReply = Result<(Bytes, Envelope), Failure>;

/// What a task needs next.
#[derive(Debug)]
pub(crate) enum Need<Record, W = NoWork> {
    /// This call.
    Call(Request),
    /// A call that would fail in this way, as is known already: it is not made.
    KnownFailure(Failure),
    /// This work, begun no sooner than after this wait.
    Work(W, Duration),
    /// Nothing: it is at its end. With what is to be kept of that, where it has not been kept with its last call.
    Nothing(Option<Record>),
}

/// Work that is no call of the platform's, such as a download. It costs the platform nothing, so that it has limits of its
/// own and tells nothing about how the platform fares.
pub(crate) trait Work: Debug + Send + 'static {
    /// What comes of it, failures that are the task's own included.
    type Product: Debug + Send + 'static;

    /// Whether it counts against the rate of the work.
    fn is_paced(&self) -> bool;

    /// Does it. Dropped before its end, it leaves nothing half done.
    ///
    /// # Errors
    /// Fails if the disk or the program does; calling ends then.
    fn run(self) -> impl Future<Output = Result<Self::Product, Message>> + Send + 'static;
}

/// What came of the work of a task.
pub(super) type WorkResult<T> = Result<<<T as Task>::Work as Work>::Product, Message>;

/// The work of tasks that need calls only: there is none.
#[derive(Debug)]
pub(crate) enum NoWork {}

impl Work for NoWork {
    type Product = Infallible;

    fn is_paced(&self) -> bool {
        match *self {}
    }

    fn run(self) -> impl Future<Output = Result<Infallible, Message>> + Send + 'static {
        std::future::pending::<Result<Infallible, Message>>()
    }
}
