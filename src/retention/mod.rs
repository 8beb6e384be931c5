//! What old runs keep of people, and for how long.
//!
//! [`survey`] reads how the runs of a job stand, [`decide`] says which of them may go (a pure function), and a [`Removal`] is
//! the list of steps that takes everything personal out of one run's folder. Its figures stay, and its manifest says what was
//! removed. Whatever ends a removal between two steps, the folder can be read, and the next removal goes on.

mod decision;
mod removal;
mod surveyed;
mod tombstone;

pub use decision::{Basis, Decision, KnownRun, Policy, Reason, Standing, decide};
pub use removal::{CARRIED_REMARKS, Removal, Step};
pub use surveyed::{Content, Survey, SurveyedRun, survey};
pub use tombstone::{Tombstone, refuse_pruned};
