//! The loop round the dispatcher: makes the attempts that it decides on, keeps what comes, and turns tasks, signals, time and
//! failures into its events.

use super::dispatcher::{Dispatcher, DispatcherSettings, Tally, may_pass};
use super::event::{Event, Flight, StopCause};
use super::task::Task;
use super::writer::Writer;
use crate::interrupt::Interrupts;
use crate::message::Message;
use crate::platform::{Admission, AttemptResult, AttemptStart, ErrorKind, Limit, Session, StopReason};
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};

/// After a stop is asked for, calls in flight get this long.
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

/// Carries tasks to their ends by calls.
pub(super) struct Calling<'a, T: Task> {
    session: Arc<Session>,
    interrupts: &'a Interrupts,
    dispatcher: Dispatcher<T>,
    watch: &'a mut dyn FnMut(Progress<'_, T>),
    /// When calling is to be over although attempts are in flight.
    drain_until: Option<Instant>,
}

/// An attempt that has ended.
type Landed<T> = (Flight<T>, AttemptResult, AttemptStart);

impl<'a, T: Task> Calling<'a, T> {
    pub(super) fn new(
        session: Arc<Session>,
        interrupts: &'a Interrupts,
        settings: DispatcherSettings,
        watch: &'a mut dyn FnMut(Progress<'_, T>),
    ) -> Self {
        Self { session, interrupts, dispatcher: Dispatcher::new(settings), watch, drain_until: None }
    }

    pub(super) const fn tally(&self) -> &Tally {
        self.dispatcher.tally()
    }

    pub(super) const fn is_stopped(&self) -> bool {
        self.dispatcher.cause().is_some()
    }

    pub(super) fn stop(&mut self, cause: StopCause) {
        self.dispatcher.stop(cause);
    }

    /// Carries every task that comes to its end, or stops. In this pass a call has at most `attempts` attempts.
    pub(super) async fn pass(&mut self, attempts: u32, mut tasks: Receiver<Vec<T>>, writer: &mut Writer<T::Record>) {
        self.dispatcher.begin_pass(attempts);
        let mut flights: FuturesUnordered<BoxFuture<'static, Landed<T>>> = FuturesUnordered::new();
        let mut ticks = tokio::time::interval(TICK);
        loop {
            let wake_at = self.start_attempts(&mut flights);
            if self.dispatcher.is_done() && flights.is_empty() {
                break;
            }
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

    /// Begins as many attempts as may be made now; when to look again, if nothing happens before.
    fn start_attempts(&mut self, flights: &mut FuturesUnordered<BoxFuture<'static, Landed<T>>>) -> Option<Instant> {
        let throttle = self.session.throttle();
        let asked = Instant::now();
        while flights.len() < throttle.capacity() as usize {
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
    pub(super) fn doubt_platform(&self) {
        if let Some(latest) = self.dispatcher.latest_failure()
            && self.dispatcher.has_known_good()
        {
            self.session.throttle().pause(Message::new("latest-attempt-failed").with_message("latest", latest.clone()));
        }
    }

    /// Why calling stopped before its end; `None` where every task is at its end.
    pub(super) fn conclude(mut self, latest: Option<&crate::platform::Failure>) -> Option<StopCause> {
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
