//! The loop round the dispatcher: makes the attempts that it decides on, keeps what comes, and turns tasks, signals, time and
//! failures into its events.

use super::dispatcher::{Dispatcher, DispatcherSettings, Tally, may_pass};
use super::event::{Event, Flight, StopCause};
use super::task::{Task, Work, WorkResult};
use super::work_queue::Pending;
use super::writer::Writer;
use crate::interrupt::Interrupts;
use crate::message::Message;
use crate::platform::{Admission, AttemptResult, AttemptStart, ErrorKind, Limit, Session, StopReason, Throttle};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};

/// After a stop is asked for, calls in flight and work under way get this long.
const DRAIN: Duration = Duration::from_secs(10);
/// How often the progress is told.
const TICK: Duration = Duration::from_millis(200);

/// How the calling stands at a moment.
#[derive(Debug)]
pub struct Standing<'a> {
    /// Counters of this process.
    pub tally: &'a Tally,
    /// What limits calling.
    pub limit: Limit,
    /// Attempts a second that the job allows; `None` where unlimited.
    pub allowed: Option<f64>,
}

/// What whoever watches the calling is told.
#[derive(Debug)]
pub enum Progress<'a, T> {
    /// A task came to its end.
    Finished(&'a T),
    /// Time has passed: five times a second.
    Standing(Standing<'a>),
}

/// Limits of the work that tasks need besides calls.
#[derive(Debug)]
pub(crate) struct WorkLimits {
    /// Pieces of work under way at most. Twice as many tasks may be between their call and the end of their work, so that
    /// there is always a next one, while what calls have brought neither piles up nor grows old.
    pub concurrency: usize,
    /// How often paced work may be begun.
    pub pace: Throttle,
}

/// Carries tasks to their ends by calls.
pub(crate) struct Calling<'a, T: Task> {
    session: Arc<Session>,
    interrupts: &'a Interrupts,
    dispatcher: Dispatcher<T>,
    /// `None` where tasks need calls only.
    work_limits: Option<WorkLimits>,
    watch: &'a mut dyn FnMut(Progress<'_, T>),
    /// When calling is to be over although attempts are in flight.
    drain_until: Option<Instant>,
}

/// An attempt that has ended.
type Landed<T> = (Flight<T>, AttemptResult, AttemptStart);
/// Attempts in flight.
type Flights<T> = FuturesUnordered<BoxFuture<'static, Landed<T>>>;
/// Work under way.
type Works<T> = FuturesUnordered<BoxFuture<'static, (T, WorkResult<T>)>>;

impl<'a, T: Task> Calling<'a, T> {
    pub(crate) fn new(
        session: Arc<Session>,
        interrupts: &'a Interrupts,
        settings: DispatcherSettings,
        watch: &'a mut dyn FnMut(Progress<'_, T>),
    ) -> Self {
        Self { session, interrupts, dispatcher: Dispatcher::new(settings), work_limits: None, watch, drain_until: None }
    }

    /// With limits of the work that tasks need besides calls; without them no such work is begun.
    pub(crate) fn with_work(self, limits: WorkLimits) -> Self {
        Self { work_limits: Some(limits), ..self }
    }

    pub(crate) const fn tally(&self) -> &Tally {
        self.dispatcher.tally()
    }

    pub(crate) const fn is_stopped(&self) -> bool {
        self.dispatcher.cause().is_some()
    }

    pub(crate) fn stop(&mut self, cause: StopCause) {
        self.dispatcher.stop(cause);
    }

    /// Carries every task that comes to its end, or stops. In this pass a call has at most `attempts` attempts.
    pub(crate) async fn pass(&mut self, attempts: u32, mut tasks: Receiver<Vec<T>>, writer: &mut Writer<T::Record>) {
        self.dispatcher.begin_pass(attempts);
        let mut flights: Flights<T> = FuturesUnordered::new();
        let mut works: Works<T> = FuturesUnordered::new();
        let mut written = writer.written();
        let mut ticks = tokio::time::interval(TICK);
        loop {
            let work_at = self.start_work(&mut works);
            let room = self.room(writer.unwritten());
            let attempt_at = self.start_attempts(&mut flights, room);
            if self.dispatcher.is_done() && flights.is_empty() && works.is_empty() {
                break;
            }
            let wake_at = work_at.into_iter().chain(attempt_at).min();
            let is_full = flights.len() >= room;
            let event = tokio::select! {
                biased;
                Some((flight, result, start)) = flights.next() => {
                    self.land(flight, result, start, writer).await;
                    // What has landed with it is taken before the next ones are begun.
                    while let Some(Some((flight, result, start))) = futures_util::FutureExt::now_or_never(flights.next()) {
                        self.land(flight, result, start, writer).await;
                    }
                    continue;
                }
                Some((task, result)) = works.next() => Event::Worked { task, result },
                Ok(()) = written.changed(), if is_full => continue,
                arrived = tasks.recv(), if self.dispatcher.wants_tasks() => arrived.map_or(Event::NoMore, Event::Arrived),
                () = self.interrupts.requested(), if self.drain_until.is_none() => {
                    Event::Stop(StopCause::Platform(StopReason::Interrupted))
                }
                () = self.interrupts.insisted(), if self.drain_until.is_some() => {
                    // What is in flight is given up.
                    break;
                }
                error = writer.failed() => Event::Stop(StopCause::Internal(error)),
                () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => continue,
                _ = ticks.tick() => {
                    self.show();
                    if self.drain_until.is_some_and(|until| Instant::now() >= until) {
                        break;
                    }
                    continue;
                }
            };
            self.take(event, None, writer).await;
        }
        self.show();
    }

    /// Begins as much work as may be done now; when to look again, if nothing happens before.
    fn start_work(&mut self, works: &mut Works<T>) -> Option<Instant> {
        let limits = self.work_limits.as_ref()?;
        while works.len() < limits.concurrency {
            let now = Instant::now();
            let Some(next) = self.dispatcher.due_work(now) else { return self.dispatcher.next_work_due() };
            if next.is_paced()
                && let Admission::WaitUntil(until) = limits.pace.admit(now)
            {
                return Some(until);
            }
            let Pending { task, work } = self.dispatcher.take_work(now)?;
            works.push(Box::pin(async move { (task, work.run().await) }));
        }
        None
    }

    /// How many attempts may be in flight, as far as work is concerned: fewer while tasks are at work, or at their end and not
    /// yet written. So what a kill costs is bounded by the limits of the work, however fast the platform answers.
    fn room(&self, unwritten: u64) -> usize {
        let Some(limits) = &self.work_limits else { return usize::MAX };
        let unwritten = usize::try_from(unwritten).unwrap_or(usize::MAX);
        (2 * limits.concurrency).saturating_sub(self.dispatcher.at_work()).saturating_sub(unwritten)
    }

    /// Begins as many attempts as may be made now, at most `room` in flight; when to look again, if nothing happens before.
    fn start_attempts(&mut self, flights: &mut Flights<T>, room: usize) -> Option<Instant> {
        let throttle = self.session.throttle();
        let asked = Instant::now();
        while flights.len() < room.min(throttle.capacity() as usize) {
            let now = Instant::now();
            if !self.dispatcher.has_next(now, throttle.is_paused()) {
                return if self.dispatcher.cause().is_some() { None } else { self.dispatcher.next_due() };
            }
            let (flight, is_probe) = match throttle.admit(now) {
                Admission::Allow => (self.dispatcher.take_next(now), false),
                Admission::AllowProbe => (self.dispatcher.take_probe(), true),
                Admission::WaitUntil(until) => return Some(until),
                Admission::GiveUp(why) => {
                    let why = throttle.gave_up(why);
                    self.dispatcher.stop(StopCause::Platform(StopReason::Unhealthy(why)));
                    self.note_stop();
                    return None;
                }
            };
            let Some(flight) = flight else {
                if is_probe {
                    throttle.put_off_probe();
                }
                return self.dispatcher.next_due();
            };
            if let Err(reason) = self.session.begin_attempt() {
                if is_probe {
                    throttle.put_off_probe();
                }
                self.dispatcher.put_back(&flight);
                self.dispatcher.stop(StopCause::Platform(reason));
                self.note_stop();
                return None;
            }
            throttle.note_wait(now.duration_since(asked));
            flights.push(Box::pin(fly(Arc::clone(&self.session), flight, AttemptStart { is_probe, at: now })));
        }
        None
    }

    async fn land(&mut self, flight: Flight<T>, result: AttemptResult, start: AttemptStart, writer: &mut Writer<T::Record>) {
        let is_probe = start.is_probe;
        self.take(Event::Ended { flight, result, is_probe }, Some(start), writer).await;
    }

    async fn take(&mut self, event: Event<T>, start: Option<AttemptStart>, writer: &mut Writer<T::Record>) {
        let response = self.dispatcher.handle(event, Instant::now());
        if let Some((start, end)) = start.zip(response.attempt_end) {
            self.session.throttle().finish(start, &end);
        }
        if let Some(why) = response.pause {
            self.session.throttle().pause(why);
        }
        for record in response.records {
            if let Err(error) = writer.keep(record).await {
                self.dispatcher.stop(StopCause::Internal(error));
            }
        }
        for task in &response.finished {
            (self.watch)(Progress::Finished(task));
        }
        self.note_stop();
    }

    /// Ends all waits as soon as there is a reason to stop.
    fn note_stop(&mut self) {
        if let Some(cause) = self.dispatcher.cause()
            && self.drain_until.is_none()
        {
            tracing::warn!(reason = ?cause, "stopping");
            self.session.stop();
            self.drain_until = Some(Instant::now() + DRAIN);
        }
    }

    fn show(&mut self) {
        let standing =
            Standing { tally: self.dispatcher.tally(), limit: self.session.limit(), allowed: self.session.allowed_rate() };
        (self.watch)(Progress::Standing(standing));
    }

    /// Before the calls that failed are asked once more: where the latest attempt failed, a probe has to show first that the
    /// platform works. It is no probe of a failed call, so there has to be one that was answered.
    pub(crate) fn doubt_platform(&self) {
        if let Some(latest) = self.dispatcher.latest_failure()
            && self.dispatcher.has_known_good()
        {
            self.session.throttle().pause(Message::new("latest-attempt-failed").with_message("latest", latest.clone()));
        }
    }

    /// Why calling stopped before its end; `None` where every task is at its end.
    pub(crate) fn conclude(mut self, latest: Option<&crate::platform::Failure>) -> Option<StopCause> {
        if let Some(reason) = self.dispatcher.refusal_at_end() {
            self.dispatcher.stop(StopCause::Platform(reason));
        }
        // Where nothing was ever answered, nothing is known of the items: that is no end of an audit.
        if !self.dispatcher.is_answered()
            && let Some(failure) = latest.filter(|failure| may_pass(failure) && failure.kind != ErrorKind::Auth)
        {
            let why = Message::new("nothing-answered").with_message("latest", failure.to_message());
            self.dispatcher.stop(StopCause::Platform(StopReason::Unhealthy(why)));
        }
        self.dispatcher.into_cause()
    }
}

/// Makes an attempt.
async fn fly<T: Task>(session: Arc<Session>, flight: Flight<T>, start: AttemptStart) -> Landed<T> {
    let (request, refused) = match &flight {
        Flight::Task(running) => (&running.request, running.refused),
        Flight::Probe { request, refused } => (request, *refused),
    };
    let result = session.attempt(request, refused).await;
    (flight, result, start)
}
