//! The one place that knows how a run stands: counters, stop reasons, progress, signals.

use super::event::Event;
use super::progress::{Progress, Tally};
use super::stops::{RefusalWatch, UnpublishedTypes};
use super::worker::{Workshop, work};
use super::{Engine, feeder, writer};
use crate::journal::PlanCounts;
use crate::platform::StopReason;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// After a stop is asked for, calls in flight get this long.
const DRAIN: Duration = Duration::from_secs(10);

/// Why a run stopped before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopCause {
    /// The platform, the person or a limit.
    Platform(StopReason),
    /// The journal could not be read or written, or the program is at fault.
    Internal(String),
}

/// How a run of the engine ended.
#[derive(Debug)]
pub struct EngineReport {
    /// Why it stopped before the end; none where every item is finished.
    pub stop: Option<StopCause>,
    /// Calls made.
    pub calls: u64,
    /// Attempts made for them.
    pub attempts: u64,
}

/// Runs until every item is finished or there is a reason to stop. What was answered by then is in the journal.
pub async fn run(engine: Engine, plan: PlanCounts) -> EngineReport {
    let total = engine.limit.map_or(plan.items, |limit| limit.min(plan.items));
    let journal = engine.journal.clone();
    let (limit, stopping, rate) = (engine.limit, engine.stopping.clone(), engine.rate);
    let concurrency = engine.concurrency;
    let (item_sender, items) = mpsc::channel(2 * concurrency as usize);
    let (records, record_receiver) = mpsc::channel(8192);
    let (events, mut event_receiver) = mpsc::channel(1024);

    let feeder = tokio::task::spawn_blocking({
        let journal = journal.clone();
        move || feeder::feed(&journal, limit, &item_sender)
    });
    let mut writer = tokio::task::spawn_blocking(move || writer::write(&journal, record_receiver));
    let shop = Arc::new(Workshop { engine, items: Mutex::new(items), records, events, unpublished: UnpublishedTypes::default() });
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        workers.spawn(work(Arc::clone(&shop)));
    }
    // Only workers hold the senders from here on, so channels close when the last worker ends.
    drop(shop);

    let progress = Progress::new(total, plan.finished, rate);
    let mut tally = Tally::default();
    let mut refusals = RefusalWatch::new(plan.answered);
    let mut cause: Option<StopCause> = None;
    let mut drain_until: Option<Instant> = None;
    let mut signals = Signals::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    let mut written = None;
    loop {
        let deadline = drain_until.unwrap_or_else(|| Instant::now() + Duration::from_hours(1));
        tokio::select! {
            event = event_receiver.recv() => match event {
                None => break,
                Some(Event::Called { failure, attempts }) => {
                    tally.call(failure.as_ref(), attempts);
                    if let Some(reason) = refusals.watch(failure.as_ref()) {
                        cause.get_or_insert(StopCause::Platform(reason));
                    }
                }
                Some(Event::Finished(statuses)) => tally.finish(&statuses),
                Some(Event::Stop(reason)) => {
                    cause.get_or_insert(StopCause::Platform(reason));
                }
            },
            () = signals.next() => {
                if drain_until.is_some() {
                    workers.abort_all();
                }
                cause.get_or_insert(StopCause::Platform(StopReason::Interrupted));
            }
            result = &mut writer, if written.is_none() => {
                // The writer ends before the workers do only where it cannot go on.
                if let Ok(Err(error)) = &result {
                    cause.get_or_insert(StopCause::Internal(error.to_string()));
                }
                written = Some(result);
            }
            _ = ticks.tick() => progress.show(&tally, total, plan.finished + tally.finished),
            () = sleep_until(deadline) => {
                if drain_until.is_some() {
                    workers.abort_all();
                }
            }
        }
        if let Some(cause) = &cause
            && drain_until.is_none()
        {
            tracing::warn!(reason = ?cause, "stopping");
            stopping.cancel();
            drain_until = Some(Instant::now() + DRAIN);
        }
    }
    progress.finish();
    if let Some(reason) = refusals.at_end() {
        cause.get_or_insert(StopCause::Platform(reason));
    }
    while let Some(ended) = workers.join_next().await {
        if ended.is_err_and(|error| error.is_panic()) {
            cause.get_or_insert(StopCause::Internal("a worker ended early".to_owned()));
        }
    }
    let written = match written {
        Some(result) => result,
        None => writer.await,
    };
    for ended in [written, feeder.await] {
        let problem = match ended {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(error) => format!("a thread ended early: {error}"),
        };
        cause.get_or_insert(StopCause::Internal(problem));
    }
    EngineReport { stop: cause, calls: tally.calls, attempts: tally.attempts }
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    fn new() -> Self {
        Self { interrupt: signal(SignalKind::interrupt()).ok(), terminate: signal(SignalKind::terminate()).ok() }
    }

    /// The next of either.
    async fn next(&mut self) {
        async fn of(source: Option<&mut tokio::signal::unix::Signal>) {
            match source {
                Some(source) => {
                    source.recv().await;
                }
                None => std::future::pending().await,
            }
        }
        tokio::select! {
            () = of(self.interrupt.as_mut()) => {}
            () = of(self.terminate.as_mut()) => {}
        }
    }
}
