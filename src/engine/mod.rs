//! The fan-out: items from the journal, calls to the platform, answers into the journal.
//!
//! A feeder reads unfinished items, workers carry each through [`step`](crate::audit::step), one writer keeps what comes
//! in, and one dispatcher owns counters, stop reasons and progress. Everybody else only sends it events.

mod again;
mod dispatcher;
mod event;
mod feeder;
mod progress;
mod stops;
mod worker;
mod writer;

pub use again::{Again, Forgotten, forget_failures};
pub use dispatcher::{EngineReport, StopCause, run};

use crate::audit::AuditSettings;
use crate::job::Purpose;
use crate::platform::Session;
use std::path::PathBuf;

/// What a run of the engine works with.
#[derive(Debug)]
pub struct Engine {
    /// The journal's file.
    pub journal: PathBuf,
    /// The session with the platform.
    pub session: Session,
    /// How far to look.
    pub settings: AuditSettings,
    /// Why we ask.
    pub purpose: Purpose,
    /// Calls in flight at most.
    pub concurrency: u32,
    /// Whether to show progress, where there is a terminal.
    pub shows_progress: bool,
    /// Items that are taken up at most.
    pub limit: Option<u64>,
    /// Ends every wait when cancelled.
    pub stopping: tokio_util::sync::CancellationToken,
}
