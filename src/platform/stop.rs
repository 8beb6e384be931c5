//! Why calling ends.

use crate::message::Message;

/// Why no further call can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// The person or the scheduler asked for it.
    Interrupted,
    /// The attempts that one process may make are used up (`throttle.max_calls`).
    QuotaUsed,
    /// Calling is not allowed at this time of day (`throttle.window`); the local time from which it is.
    OutsideHours(chrono::DateTime<chrono::Local>),
    /// The platform cannot be reached or does not work; why.
    Unhealthy(Message),
    /// The platform refuses us: credentials, permission, or a setting that every call would repeat; why.
    Refused(Message),
    /// A secret could not be had; why.
    NoCredentials(Message),
}
