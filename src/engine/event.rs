//! What the dispatcher hears.

use super::schedule::Running;
use super::task::{Task, WorkResult};
use crate::message::Message;
use crate::platform::{AttemptResult, Request, StopReason};

/// Why calling stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopCause {
    /// The platform, the person or a limit.
    Platform(StopReason),
    /// The journal could not be read or written, or the program is at fault.
    Internal(Message),
}

/// An attempt in flight, or about to be.
#[derive(Debug)]
pub(super) enum Flight<T> {
    /// Of a task's call.
    Task(Running<T>),
    /// Of a call that was answered before, to find out whether the platform works; its answer is not kept.
    Probe {
        request: Request,
        /// Generation of the token that was refused in the probe before.
        refused: Option<u64>,
    },
}

/// Something that happened.
#[derive(Debug)]
pub(super) enum Event<T: Task> {
    /// Tasks came from the source.
    Arrived(Vec<T>),
    /// The source has no more tasks.
    NoMore,
    /// An attempt ended.
    Ended { flight: Flight<T>, result: AttemptResult, is_probe: bool },
    /// The work of a task ended.
    Worked { task: T, result: WorkResult<T> },
    /// Calling has to stop.
    Stop(StopCause),
}
