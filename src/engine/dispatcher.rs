//! The one place that knows how a run stands: counters, stop reasons, progress, signals.

use super::again::{Again, forget_failures};
use super::event::Event;
use super::progress::{Progress, Standing, Tally};
use super::stops::{RefusalWatch, UnpublishedTypes};
use super::worker::{Workshop, work};
use super::{Engine, Forgotten, feeder, writer};
use crate::journal::{Journal, JournalError, PlanCounts};
use crate::platform::{AttemptTotals, StopReason};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// After a stop is asked for, calls in flight get this long.
const DRAIN: Duration = Duration::from_secs(10);
/// How often the progress is shown, and asked for.
const TICK: Duration = Duration::from_millis(200);

/// Events that are heard at a time.
const EVENTS: usize = 256;

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
    /// What attempts came to, token requests included.
    pub totals: AttemptTotals,
}

/// Runs until every item is finished or there is a reason to stop. What was answered by then is in the journal.
pub async fn run(engine: Engine, plan: PlanCounts) -> EngineReport {
    let mut dispatcher = Dispatcher::new(Arc::new(engine), plan);
    dispatcher.round().await;
    if dispatcher.may_ask_again() {
        match dispatcher.forget_passing_failures().await {
            Ok(Forgotten { items: 0, .. }) => {}
            Ok(forgotten) => {
                tracing::info!(items = forgotten.items, "asking once more what failed in a way that may pass");
                let failed = dispatcher.tally.failed_calls;
                dispatcher.tally.take_back(&forgotten);
                dispatcher.round().await;
                tracing::info!(items = forgotten.items, failed = dispatcher.tally.failed_calls - failed, "asked once more");
            }
            Err(problem) => dispatcher.stop(StopCause::Internal(problem)),
        }
    }
    let Dispatcher { engine, tally, cause, .. } = dispatcher;
    EngineReport { stop: cause, calls: tally.calls, attempts: tally.attempts, totals: engine.session.totals() }
}

struct Dispatcher {
    engine: Arc<Engine>,
    plan: PlanCounts,
    total: u64,
    unpublished: Arc<UnpublishedTypes>,
    progress: Progress,
    tally: Tally,
    refusals: RefusalWatch,
    signals: Signals,
    cause: Option<StopCause>,
}

/// What a round has running.
struct Crew {
    workers: JoinSet<()>,
    events: mpsc::Receiver<Event>,
    feeder: JoinHandle<Result<(), JournalError>>,
    writer: JoinHandle<Result<(), JournalError>>,
}

impl Dispatcher {
    fn new(engine: Arc<Engine>, plan: PlanCounts) -> Self {
        let total = engine.limit.map_or(plan.items, |limit| limit.min(plan.items));
        Self {
            progress: Progress::new(total, engine.shows_progress),
            refusals: RefusalWatch::new(plan.answered),
            unpublished: Arc::default(),
            tally: Tally::default(),
            signals: Signals::new(),
            cause: None,
            engine,
            plan,
            total,
        }
    }

    fn start(&self) -> Crew {
        let engine = Arc::clone(&self.engine);
        let concurrency = engine.concurrency as usize;
        let (stretches, stretch_receiver) = mpsc::channel(2);
        let (records, record_receiver) = mpsc::channel(8192);
        let (events, event_receiver) = mpsc::channel(1024);
        let feeder = tokio::task::spawn_blocking({
            let (journal, limit) = (engine.journal.clone(), engine.limit);
            move || feeder::feed(&journal, limit, &stretches)
        });
        let writer = tokio::spawn(writer::write(engine.journal.clone(), record_receiver));
        let unpublished = Arc::clone(&self.unpublished);
        let shop = Arc::new(Workshop { engine, items: feeder::Queue::new(stretch_receiver), records, events, unpublished });
        let mut workers = JoinSet::new();
        for _ in 0..concurrency {
            workers.spawn(work(Arc::clone(&shop)));
        }
        // Only workers hold the senders from here on, so channels close when the last worker ends.
        Crew { workers, events: event_receiver, feeder, writer }
    }

    /// Feeds every unfinished item to workers, until there are no more or the run stops.
    async fn round(&mut self) {
        let Crew { mut workers, mut events, feeder, mut writer } = self.start();
        let mut drain_until: Option<Instant> = None;
        let mut ticks = tokio::time::interval(TICK);
        let mut written = None;
        let mut heard = Vec::new();
        loop {
            tokio::select! {
                count = events.recv_many(&mut heard, EVENTS) => {
                    if count == 0 {
                        break;
                    }
                    for event in heard.drain(..) {
                        self.take(event);
                    }
                }
                () = self.signals.next() => {
                    if drain_until.is_some() {
                        workers.abort_all();
                    }
                    self.stop(StopCause::Platform(StopReason::Interrupted));
                }
                result = &mut writer, if written.is_none() => {
                    // The writer ends before the workers do only where it cannot go on.
                    if let Ok(Err(error)) = &result {
                        self.stop(StopCause::Internal(error.to_string()));
                    }
                    written = Some(result);
                }
                _ = ticks.tick() => {
                    self.show();
                    if drain_until.is_some_and(|until| Instant::now() >= until) {
                        workers.abort_all();
                    }
                }
            }
            if let Some(cause) = &self.cause
                && drain_until.is_none()
            {
                tracing::warn!(reason = ?cause, "stopping");
                self.engine.stopping.cancel();
                drain_until = Some(Instant::now() + DRAIN);
            }
        }
        self.progress.finish();
        if let Some(reason) = self.refusals.at_end() {
            self.stop(StopCause::Platform(reason));
        }
        while let Some(ended) = workers.join_next().await {
            if ended.is_err_and(|error| error.is_panic()) {
                self.stop(StopCause::Internal("a worker ended early".to_owned()));
            }
        }
        let written = match written {
            Some(result) => result,
            None => writer.await,
        };
        for ended in [written, feeder.await] {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => self.stop(StopCause::Internal(error.to_string())),
                Err(error) => self.stop(StopCause::Internal(format!("a thread ended early: {error}"))),
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Called { failure, attempts, finished } => {
                self.tally.call(failure.as_ref(), attempts);
                if let Some(statuses) = finished {
                    self.tally.finish(&statuses);
                }
                if let Some(reason) = self.refusals.watch(failure.as_ref()) {
                    self.stop(StopCause::Platform(reason));
                }
            }
            Event::Finished(statuses) => self.tally.finish(&statuses),
            Event::Stop(reason) => self.stop(StopCause::Platform(reason)),
        }
    }

    /// Notes why the run stops; the first reason stands, but for trouble of our own, which nothing may hide.
    fn stop(&mut self, cause: StopCause) {
        let is_own = matches!(cause, StopCause::Internal(_));
        match &self.cause {
            Some(StopCause::Platform(_)) if is_own => self.cause = Some(cause),
            Some(_) => {}
            None => self.cause = Some(cause),
        }
    }

    fn show(&mut self) {
        self.progress.show(&Standing {
            tally: &self.tally,
            total: self.total,
            done: self.plan.finished + self.tally.finished,
            limit: self.engine.session.limit(),
            allowed: self.engine.session.allowed_rate(),
        });
    }

    /// Whether what failed in a way that may pass is worth another try: there were failures, and the platform looks healthy.
    fn may_ask_again(&self) -> bool {
        self.cause.is_none() && self.tally.failed_calls > 0 && self.engine.session.limit().paused.is_none()
    }

    async fn forget_passing_failures(&self) -> Result<Forgotten, String> {
        let engine = Arc::clone(&self.engine);
        let forget = move || {
            let mut journal = Journal::open(&engine.journal)?;
            forget_failures(&mut journal, &engine.settings, Again::Passing)
        };
        match tokio::task::spawn_blocking(forget).await {
            Ok(forgotten) => forgotten.map_err(|error: JournalError| error.to_string()),
            Err(error) => Err(format!("a thread ended early: {error}")),
        }
    }
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
