//! Why calling ends.

/// Why no further call can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// The person or the scheduler asked for it.
    Interrupted,
    /// The attempts that one process may make are used up.
    QuotaUsed,
    /// Calling is not allowed at this time of day; local time from which it is.
    OutsideHours(chrono::NaiveDateTime),
    /// The platform cannot be reached or does not work; why.
    Unhealthy(String),
    /// The platform refuses us; why.
    Refused(String),
    /// A secret could not be had; why.
    NoCredentials(String),
}
