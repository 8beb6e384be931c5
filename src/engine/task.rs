//! What the engine carries to its end.

use crate::platform::{Envelope, Failure, Request};
use bytes::Bytes;

/// Something that is carried to its end by calls: an audit item, a file to fetch, a notification to send.
pub(crate) trait Task: Send + 'static {
    /// What is kept of each call, and of the end.
    type Record: Send + 'static;

    /// Identity of the task: its one vote on how the platform fares is told apart by it.
    fn id(&self) -> u64;

    /// Whether it has failed in this run before. Then how it ends is no evidence about the platform.
    fn has_failed_before(&self) -> bool;

    /// What it needs next.
    fn next(&mut self) -> Need<Self::Record>;

    /// Takes what came of the call that it needed; returns what is to be kept.
    fn take(&mut self, reply: CallReply, attempts: u32) -> Self::Record;
}

/// What came of a call: the body as received and as read, or why there is none.
pub(crate) type CallReply = Result<(Bytes, Envelope), Failure>;

/// What a task needs next.
#[derive(Debug)]
pub(crate) enum Need<Record> {
    /// This call.
    Call(Request),
    /// A call that would fail in this way, as is known already: it is not made.
    KnownFailure(Failure),
    /// Nothing: it is at its end. With what is to be kept of that, where it has not been kept with its last call.
    Nothing(Option<Record>),
}
