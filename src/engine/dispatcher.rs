//! The one place that decides: every source becomes an [`Event`], and [`Dispatcher::handle`] says what comes of it. It makes
//! no call, reads no clock and writes nothing, so that it is tested without any of them.

use super::answered::AnsweredCalls;
use super::event::{Event, Flight, StopCause};
use super::schedule::{Running, Schedule};
use super::stops::{AuthWatch, RefusalWatch};
use super::task::{CallReply, Need, Task, WorkResult};
use super::work_queue::{Pending, WorkQueue};
use crate::message::Message;
use crate::platform::{
    AttemptEnd, AttemptResult, ErrorKind, Failure, Request, StopReason, Verdict, attempt_end, backoff, fresh_token_refused,
};
use std::ops::Range;
use std::time::Duration;
use tokio::time::Instant;

/// How often a call is put off because there is no token, before it has failed: a platform that gives tokens for probes alone
/// would put it off for ever.
const MOST_WITHOUT_TOKEN: u32 = 5;

/// What the dispatcher is set to.
#[derive(Debug, Clone)]
pub(crate) struct DispatcherSettings {
    /// Attempts of a call in all, the first included.
    pub attempts: u32,
    /// First and longest wait of the exponential backoff.
    pub backoff: Range<Duration>,
    /// Longest wait that the platform may ask for (`Retry-After`).
    pub patience: Duration,
    /// Tasks begun and not at their end, at most.
    pub most_open: usize,
    /// Whether a call of this run has been answered before.
    pub is_answered: bool,
    /// A call that was answered before, for probes until one is answered now.
    pub known_good: Option<Request>,
}

/// Counters of the calling.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls that came to an end.
    pub calls: u64,
    /// Attempts made, those of probes included.
    pub attempts: u64,
    /// Calls without an answer.
    pub failed_calls: u64,
    /// Tasks at their end.
    pub finished: u64,
}

/// What comes of an event.
#[derive(Debug)]
pub(super) struct Response<T: Task> {
    /// What is to be kept, in order.
    pub records: Vec<T::Record>,
    /// Tasks at their end.
    pub finished: Vec<T>,
    /// What the throttle learns from the attempt that ended; none where no attempt ended.
    pub attempt_end: Option<AttemptEnd>,
    /// Why calling is to pause, whatever the throttle makes of the attempt.
    pub pause: Option<Message>,
}

impl<T: Task> Default for Response<T> {
    fn default() -> Self {
        Self { records: Vec::new(), finished: Vec::new(), attempt_end: None, pause: None }
    }
}

/// State of the calling.
#[derive(Debug)]
pub(super) struct Dispatcher<T: Task> {
    settings: DispatcherSettings,
    schedule: Schedule<T>,
    works: WorkQueue<T>,
    has_more: bool,
    /// Calls that were answered: probes ask them again.
    answered: AnsweredCalls,
    /// How the latest attempt ended: `Some` with the failure where it failed in a way that may be the platform's.
    latest_failure: Option<Message>,
    is_answered: bool,
    refusals: RefusalWatch,
    auth: AuthWatch,
    tally: Tally,
    cause: Option<StopCause>,
    dice: fastrand::Rng,
}

impl<T: Task> Dispatcher<T> {
    pub(super) fn new(settings: DispatcherSettings) -> Self {
        Self {
            schedule: Schedule::new(settings.most_open),
            works: WorkQueue::new(),
            has_more: true,
            // Where a call has one attempt, one more of a probe is what tells that the platform works.
            answered: AnsweredCalls::new(settings.known_good.clone(), settings.attempts.max(2)),
            latest_failure: None,
            is_answered: settings.is_answered,
            refusals: RefusalWatch::new(settings.is_answered),
            auth: AuthWatch::default(),
            tally: Tally::default(),
            cause: None,
            dice: fastrand::Rng::new(),
            settings,
        }
    }

    /// Begins another pass, in which a call has at most `attempts` attempts.
    pub(super) fn begin_pass(&mut self, attempts: u32) {
        self.settings.attempts = attempts;
        self.has_more = true;
    }

    pub(super) const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Why calling stops, where it does.
    pub(super) const fn cause(&self) -> Option<&StopCause> {
        self.cause.as_ref()
    }

    pub(super) fn into_cause(self) -> Option<StopCause> {
        self.cause
    }

    /// How the latest attempt failed, where it did in a way that may be the platform's.
    pub(super) const fn latest_failure(&self) -> Option<&Message> {
        self.latest_failure.as_ref()
    }

    /// Whether any call of the run has been answered.
    pub(super) const fn is_answered(&self) -> bool {
        self.is_answered
    }

    pub(super) fn has_known_good(&self) -> bool {
        !self.answered.is_empty()
    }

    /// Whether every task is at its end, or calling stops and nothing is in flight.
    pub(super) fn is_done(&self) -> bool {
        self.schedule.is_empty() && self.works.len() == 0 && (!self.has_more || self.cause.is_some())
    }

    /// Whether more tasks are wanted from the source.
    pub(super) fn wants_tasks(&self) -> bool {
        self.has_more && self.cause.is_none() && self.schedule.fresh() < self.settings.most_open
    }

    /// Whether an attempt, or a probe, can be made at `now`.
    pub(super) fn has_next(&self, now: Instant, is_paused: bool) -> bool {
        self.cause.is_none() && if is_paused { self.schedule.is_waiting() } else { self.schedule.has_next(now) }
    }

    /// When the first backoff ends.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.schedule.next_due()
    }

    /// The next attempt.
    pub(super) fn take_next(&mut self, now: Instant) -> Option<Flight<T>> {
        self.schedule.take_next(now, self.latest_failure.is_some()).map(Flight::Task)
    }

    /// The next probe: it asks what was answered before, which can only fail where the platform does; where nothing was, or all
    /// of it has been asked as often as a call may be, it asks for a task.
    pub(super) fn take_probe(&mut self) -> Option<Flight<T>> {
        match self.answered.take_for_probe() {
            Some(request) => Some(Flight::Probe { request, refused: self.auth.take_refused() }),
            None => self.schedule.take_for_probe().map(Flight::Task),
        }
    }

    /// The work besides calls that may be begun at `now` and is next.
    pub(super) fn due_work(&self, now: Instant) -> Option<&T::Work> {
        self.works.due(now)
    }

    /// When work that waits may be begun.
    pub(super) fn next_work_due(&self) -> Option<Instant> {
        self.works.next_due()
    }

    /// Takes the work that may be begun at `now` and is next.
    pub(super) fn take_work(&mut self, now: Instant) -> Option<Pending<T>> {
        self.works.take(now)
    }

    /// How many tasks wait for work or have it under way.
    pub(super) fn at_work(&self) -> usize {
        self.works.len()
    }

    /// Takes back what could not be begun, because calling stops.
    pub(super) fn put_back(&mut self, flight: &Flight<T>) {
        if matches!(flight, Flight::Task(_)) {
            self.schedule.landed();
        }
    }

    /// Takes an event at `now`.
    pub(super) fn handle(&mut self, event: Event<T>, now: Instant) -> Response<T> {
        let mut response = Response::default();
        match event {
            Event::Arrived(tasks) => {
                for task in tasks {
                    self.advance(task, Schedule::add_fresh, now, &mut response);
                }
            }
            Event::NoMore => self.has_more = false,
            Event::Ended { flight, result, is_probe } => self.ended(flight, result, is_probe, now, &mut response),
            Event::Worked { task, result } => self.worked(task, result, now, &mut response),
            Event::Stop(cause) => self.stop(cause),
        }
        if self.cause.is_some() {
            self.drop_waiting();
        }
        response
    }

    /// Notes why calling stops, and begins nothing more; the first reason stands, but for a failure of our own, which nothing
    /// may hide.
    pub(super) fn stop(&mut self, cause: StopCause) {
        let is_own = matches!(cause, StopCause::Internal(_));
        if self.cause.is_none() || is_own && matches!(self.cause, Some(StopCause::Platform(_))) {
            self.cause = Some(cause);
        }
        self.drop_waiting();
    }

    /// Drops what has not been begun. Where it is calls alone that may not go on, work does: it costs the platform nothing, and
    /// the calls that it follows have been spent.
    fn drop_waiting(&mut self) {
        self.schedule.clear();
        let is_of_calls = matches!(self.cause, Some(StopCause::Platform(StopReason::QuotaUsed | StopReason::OutsideHours(_))));
        if !is_of_calls {
            self.works.clear();
        }
    }

    /// What to stop with where there are no more calls to make.
    pub(super) fn refusal_at_end(&self) -> Option<StopReason> {
        self.refusals.at_end()
    }

    /// Brings a task to its next call, to its next work, or to its end.
    fn advance(&mut self, mut task: T, add: impl Fn(&mut Schedule<T>, Running<T>), now: Instant, response: &mut Response<T>) {
        loop {
            match task.next() {
                Need::Call(request) => return add(&mut self.schedule, Running::new(task, request)),
                Need::Work(work, wait) => return self.works.add(Pending { task, work }, now + wait),
                Need::KnownFailure(failure) => {
                    self.tally.failed_calls += 1;
                    response.records.extend(task.take(Err(failure), 0));
                }
                Need::Nothing(record) => {
                    self.tally.finished += 1;
                    response.records.extend(record);
                    return response.finished.push(task);
                }
            }
        }
    }

    /// Takes the end of work: the task goes on with what came of it.
    fn worked(&mut self, mut task: T, result: WorkResult<T>, now: Instant, response: &mut Response<T>) {
        self.works.ended();
        match result {
            Ok(product) => {
                task.take_product(product);
                self.advance(task, Schedule::add_ready, now, response);
            }
            Err(problem) => self.stop(StopCause::Internal(problem)),
        }
    }

    fn ended(&mut self, flight: Flight<T>, result: AttemptResult, is_probe: bool, now: Instant, response: &mut Response<T>) {
        if matches!(flight, Flight::Task(_)) {
            self.schedule.landed();
        }
        let (verdict, body, generation) = match result {
            AttemptResult::Made { verdict, body, generation } => (verdict, body, generation),
            AttemptResult::Stopped(reason) => {
                response.attempt_end = Some(AttemptEnd::default());
                return self.stop(StopCause::Platform(reason));
            }
            AttemptResult::NoToken(why, asked_for) => {
                // No call was made: it is to be made when there is a token again, which a probe finds out.
                response.attempt_end = Some(AttemptEnd { failure: Some(why.clone()), asked_for, ..AttemptEnd::default() });
                response.pause = Some(why.clone());
                self.latest_failure = Some(why.clone());
                if let Flight::Task(mut running) = flight {
                    running.without_token += 1;
                    if running.without_token < MOST_WITHOUT_TOKEN {
                        self.schedule.add_ready(running);
                    } else {
                        let failure = Failure { reason: Some(why), ..Failure::new(ErrorKind::Transport, None) };
                        self.call_ended(running, Err(failure), now, response);
                    }
                }
                return;
            }
        };
        self.tally.attempts += 1;
        let mut end = attempt_end(&verdict);
        self.latest_failure.clone_from(&end.failure);
        if let Some(wait) = end.asked_for.take_if(|wait| *wait > self.settings.patience) {
            let why = Message::new("platform-asks-for-long").with("wait", humantime::format_duration(wait));
            if is_probe {
                response.attempt_end = Some(end);
                return self.stop(StopCause::Platform(StopReason::Unhealthy(why)));
            }
            // Whether the platform asks it of everybody, or one call is always answered so, a probe finds out.
            response.pause = Some(why);
        }
        match flight {
            Flight::Probe { request, refused } => self.probed(&verdict, &request, (generation, refused), &mut end),
            Flight::Task(mut running) => {
                running.attempts += 1;
                running.tries += 1;
                let is_evidence = running.tries == 1 && !running.task.has_failed_before();
                end.voter = (is_evidence || end.failure.is_none()).then(|| running.task.id());
                self.judged(running, verdict, body, generation, now, response);
            }
        }
        if is_probe && end.failure.is_none() {
            self.auth.clear();
        }
        response.pause = response.pause.take().or_else(|| self.auth.why_pause());
        response.attempt_end = Some(end);
    }

    /// Takes what the latest answered call, asked again, says about the platform.
    fn probed(&mut self, verdict: &Verdict, request: &Request, (generation, refused): (u64, Option<u64>), end: &mut AttemptEnd) {
        let Verdict::RenewToken(failure) = verdict else { return };
        if refused.is_some_and(|refused| refused < generation) {
            let why = fresh_token_refused(request.endpoint(), failure);
            return self.stop(StopCause::Platform(StopReason::Refused(why)));
        }
        // The next probe carries a fresh token.
        end.failure = Some(failure.to_message());
        self.auth.refused = Some(generation);
    }

    fn judged(
        &mut self,
        mut running: Running<T>,
        verdict: Verdict,
        body: bytes::Bytes,
        generation: u64,
        now: Instant,
        response: &mut Response<T>,
    ) {
        // An attempt without an answer may have changed something all the same: making it again could change it twice.
        let changes_province = running.request.endpoint().changes_province();
        match verdict {
            Verdict::Answer(envelope) => {
                // A probe asks it again: nothing may be changed by that.
                if !changes_province {
                    self.answered.add(running.request.clone(), running.attempts);
                }
                self.is_answered = true;
                if running.has_had_extra {
                    self.auth.renewal_helped();
                }
                self.call_ended(running, Ok((body, envelope)), now, response);
            }
            Verdict::RenewToken(_) if running.refused.is_none() && !running.has_had_extra && self.auth.may_renew() => {
                // One attempt with a fresh token comes on top of those that the job allows.
                running.refused = Some(generation);
                running.has_had_extra = true;
                running.tries -= 1;
                self.schedule.add_ready(running);
            }
            Verdict::Again(_, asked_for)
                if running.tries < self.settings.attempts
                    && !changes_province
                    && asked_for.is_none_or(|wait| wait <= self.settings.patience) =>
            {
                // A refusal after this has another cause.
                running.refused = None;
                let wait = backoff(&self.settings.backoff, running.tries, self.dice.f64(), asked_for);
                self.schedule.add_delayed(running, now + wait);
            }
            Verdict::RenewToken(failure) => {
                if running.has_had_extra {
                    self.auth.renewal_was_in_vain();
                }
                self.call_ended(running, Err(failure), now, response);
            }
            Verdict::Again(failure, _) | Verdict::Final(failure) => {
                self.call_ended(running, Err(failure), now, response);
            }
        }
    }

    fn call_ended(&mut self, running: Running<T>, reply: CallReply, now: Instant, response: &mut Response<T>) {
        let Running { mut task, request, attempts, .. } = running;
        let failure = reply.as_ref().err();
        self.tally.calls += 1;
        if let Some(failure) = failure {
            self.tally.failed_calls += 1;
            tracing::debug!(kind = failure.kind.name(), code = failure.code, attempts, "call failed");
        }
        self.auth.watch(failure.filter(|failure| failure.kind == ErrorKind::Auth));
        if let Some(reason) = self.refusals.watch(request.endpoint(), failure) {
            self.stop(StopCause::Platform(reason));
        }
        let is_lesson = failure.is_some_and(|failure| failure.kind == ErrorKind::TypeUnpublished);
        response.records.extend(task.take(reply, attempts));
        self.advance(task, Schedule::add_ready, now, response);
        if is_lesson {
            // Calls that have not been made may be known to fail now.
            for running in self.schedule.take_fresh() {
                self.advance(running.task, Schedule::add_fresh, now, response);
            }
        }
    }
}

/// Whether a failure is one that another try may mend, as far as its kind tells.
pub(super) const fn may_pass(failure: &Failure) -> bool {
    !matches!(failure.kind, ErrorKind::Request | ErrorKind::Unsupported | ErrorKind::TypeUnpublished)
}
