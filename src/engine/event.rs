//! What the dispatcher hears.

use crate::audit::Status;
use crate::platform::{Failure, StopReason};

/// What workers tell the dispatcher.
#[derive(Debug)]
pub(super) enum Event {
    /// A call came to its end.
    Called {
        /// Why it failed, where it did.
        failure: Option<Failure>,
        /// Attempts made.
        attempts: u32,
        /// Where its item needs nothing more: the statuses of its certificates.
        finished: Option<Vec<Status>>,
    },
    /// An item needs nothing more, without a call; the statuses of its certificates.
    Finished(Vec<Status>),
    /// The run has to stop.
    Stop(StopReason),
}
