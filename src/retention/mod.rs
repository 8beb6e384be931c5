//! Retention: how long old runs keep personal data.
//!
//! [`survey`] reads the state of a job's runs, [`decide`] selects those to prune (a pure function), and a [`Removal`] is the list
//! of steps that removes all personal data from one run's folder. The figures are kept, and the manifest records what was
//! removed. After an interruption between two steps, the folder can still be read, and the next removal continues.

mod decision;
mod removal;
mod surveyed;
mod tombstone;

pub use decision::{Basis, Decision, KnownRun, Policy, Reason, Standing, decide};
pub use removal::{CARRIED_REMARKS, Removal, Step};
pub use surveyed::{Content, Survey, SurveyedRun, survey};
pub use tombstone::{Tombstone, refuse_pruned};
