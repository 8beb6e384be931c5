//! The one engine for calls: carries tasks to their ends, as many at once and as often as the job allows.
//!
//! A source reads `Task`s, the calling loop makes the attempts that the dispatcher decides on, one writer keeps what comes.
//! The dispatcher alone owns counters, stop reasons and the order of attempts; every source (tasks, attempts that end, signals,
//! time, failures of the journal) reaches it as an event. Where tasks need more than calls, such as downloads, the same loop
//! runs that `Work` beside the attempts, within limits of its own.

mod audit;
mod calling;
mod dispatcher;
mod event;
mod retry_scope;
mod schedule;
mod stops;
mod task;
mod work_queue;
mod writer;

#[cfg(test)]
mod tests;

pub use audit::{AuditTask, Engine, EngineReport, run};
pub(crate) use audit::{known_good, on_a_thread};
pub(crate) use calling::{Calling, WorkLimits};
pub use calling::{Progress, Standing};
pub(crate) use dispatcher::DispatcherSettings;
pub use dispatcher::Tally;
pub use event::StopCause;
pub use retry_scope::{Forgotten, RetryScope, forget_failures};
pub(crate) use task::{CallReply, Need, Task, Work};
pub(crate) use writer::Writer;
