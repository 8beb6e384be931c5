//! The dispatcher and the throttle together, on a simulated clock and against scripted platforms.

use super::dispatcher::{Dispatcher, DispatcherSettings, Response};
use super::event::{Event, Flight, StopCause};
use super::task::{CallReply, Need, NoWork, Task, Work};
use crate::endpoint::Endpoint;
use crate::job::{PauseSettings, Rate, ThrottleSettings};
use crate::message::Message;
use crate::platform::{
    Admission, AttemptResult, AttemptStart, Data, Envelope, ErrorKind, Failure, Request, StopReason, Throttle, Verdict,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::Instant;

/// A task of one call; the record tells which task, and whether the call was answered.
#[derive(Debug)]
struct OneCall {
    id: u64,
    is_done: bool,
}

impl Task for OneCall {
    type Record = (u64, bool);
    type Work = NoWork;

    fn id(&self) -> u64 {
        self.id
    }

    fn has_failed_before(&self) -> bool {
        false
    }

    fn next(&mut self) -> Need<(u64, bool)> {
        if self.is_done { Need::Nothing(None) } else { Need::Call(request(self.id)) }
    }

    fn take(&mut self, reply: CallReply, _: u32) -> Option<(u64, bool)> {
        self.is_done = true;
        Some((self.id, reply.is_ok()))
    }

    fn take_product(&mut self, product: Infallible) {
        match product {}
    }
}

fn request(id: u64) -> Request {
    Request::new(Endpoint::ShengShiStateInfo).with("certificateHolderCode", &id.to_string())
}

/// How a scripted platform takes one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Answer,
    /// HTTP 503, with a wait in seconds where it asks for one.
    Unavailable(Option<u64>),
    /// Return code 99.
    Other,
    /// The token is refused.
    Refuse,
    /// There is no token.
    NoToken,
}

impl Way {
    fn result(self) -> AttemptResult {
        let made = |verdict| AttemptResult::Made { verdict, body: "{}".into(), generation: 0 };
        match self {
            Self::Answer => {
                let envelope = Envelope { status: 0, message: String::new(), exists: None, total: None, data: Data::Empty };
                made(Verdict::Answer(envelope))
            }
            Self::Unavailable(wait) => {
                made(Verdict::Again(Failure::new(ErrorKind::Http, Some(503)), wait.map(Duration::from_secs)))
            }
            Self::Other => made(Verdict::Again(Failure::new(ErrorKind::Platform, Some(99)), None)),
            Self::Refuse => made(Verdict::RenewToken(Failure::new(ErrorKind::Auth, Some(11)))),
            Self::NoToken => AttemptResult::NoToken(ErrorKind::Timeout.to_message(), None),
        }
    }
}

/// What a simulated calling came to.
struct Ended {
    /// By task: whether its call was answered.
    records: BTreeMap<u64, bool>,
    stop: Option<StopCause>,
    attempts: u64,
    /// Most attempts of one task.
    most_of_one: u64,
    took: Duration,
}

const ATTEMPTS: u32 = 5;
const LATENCY: Duration = Duration::from_millis(20);
/// More turns of the loop than any calling here takes.
const MOST_TURNS: u32 = 100_000;

fn settings_for(concurrency: u32) -> DispatcherSettings {
    DispatcherSettings {
        attempts: ATTEMPTS,
        backoff: Duration::from_millis(200)..Duration::from_secs(30),
        most_open: concurrency as usize + 20,
        is_answered: false,
        known_good: None,
    }
}

/// Carries `tasks` tasks on the simulated clock; `way` says how the platform takes an attempt: of which task (none for a probe
/// of an earlier call), its number among all attempts, and how long after the start.
async fn carry(tasks: u64, concurrency: u32, mut way: impl FnMut(Option<u64>, u64, Duration) -> Way) -> Ended {
    let settings = ThrottleSettings {
        rate: Rate::Unlimited,
        concurrency,
        adaptive: false,
        pause: PauseSettings { share: 0.8, attempts: 20, patience: Duration::from_mins(5) },
        ..ThrottleSettings::default()
    };
    let throttle = Throttle::new(&settings);
    let mut dispatcher: Dispatcher<OneCall> = Dispatcher::new(settings_for(concurrency));
    let began = Instant::now();
    let all = (0..tasks).map(|id| OneCall { id, is_done: false }).collect();
    dispatcher.handle(Event::Arrived(all), began);
    dispatcher.handle(Event::NoMore, began);
    let mut flights: Vec<(Instant, Flight<OneCall>, AttemptStart)> = Vec::new();
    let mut ended = Ended { records: BTreeMap::new(), stop: None, attempts: 0, most_of_one: 0, took: Duration::ZERO };
    let mut by_task: BTreeMap<u64, u64> = BTreeMap::new();
    let mut turns = 0;
    while !(dispatcher.is_done() && flights.is_empty()) {
        turns += 1;
        assert!(turns < MOST_TURNS, "it turns without end: {dispatcher:?}");
        let mut wake_at = None;
        while flights.len() < throttle.capacity() as usize {
            let now = Instant::now();
            wake_at = dispatcher.next_due();
            if !dispatcher.has_next(now, throttle.is_paused()) {
                break;
            }
            let (flight, is_probe) = match throttle.admit(now) {
                Admission::Allow => (dispatcher.take_next(now), false),
                Admission::AllowProbe => (dispatcher.take_probe(), true),
                Admission::WaitUntil(until) => {
                    wake_at = Some(until);
                    break;
                }
                Admission::GiveUp(why) => {
                    dispatcher.handle(Event::Stop(StopCause::Platform(StopReason::Unhealthy(why))), now);
                    break;
                }
            };
            let flight = flight.expect("there is a next one");
            flights.push((now + LATENCY, flight, AttemptStart { is_probe, at: now }));
        }
        flights.sort_by_key(|(at, _, _)| std::cmp::Reverse(*at));
        let lands_at = flights.last().map(|(at, _, _)| *at);
        let Some(next) = lands_at.into_iter().chain(wake_at).min() else { break };
        tokio::time::sleep_until(next).await;
        if lands_at != Some(next) {
            continue;
        }
        let (_, flight, start) = flights.pop().expect("it lands now");
        let id = if let Flight::Task(running) = &flight { Some(running.task.id) } else { None };
        let result = way(id, ended.attempts, began.elapsed()).result();
        ended.attempts += 1;
        if let Some(id) = id.filter(|_| matches!(result, AttemptResult::Made { .. })) {
            *by_task.entry(id).or_default() += 1;
        }
        let is_probe = start.is_probe;
        let response = dispatcher.handle(Event::Ended { flight, result, is_probe }, Instant::now());
        throttle.finish(start, &response.attempt_end.expect("an attempt ended"));
        if let Some(why) = response.pause {
            throttle.pause(why);
        }
        ended.records.extend(response.records);
    }
    ended.most_of_one = by_task.into_values().max().unwrap_or_default();
    ended.took = began.elapsed();
    ended.stop = dispatcher.into_cause();
    ended
}

#[tokio::test(start_paused = true)]
async fn tasks_that_always_fail_are_errors_wherever_they_stand_and_the_calling_ends() {
    const TASKS: u64 = 400;
    for (share, fault) in [(1, Way::Other), (5, Way::Unavailable(None)), (50, Way::Other), (5, Way::Unavailable(Some(1)))] {
        for at_the_end in [false, true] {
            let fails = |id: u64| if at_the_end { id >= TASKS - TASKS * share / 100 } else { id * 7919 % 100 < share };
            let way = |id: Option<u64>, _, _| if id.is_some_and(fails) { fault } else { Way::Answer };
            for concurrency in [1, 4, 16] {
                let ended = carry(TASKS, concurrency, way).await;
                let case = format!("{share} % {fault:?}, at the end: {at_the_end}, {concurrency} at once");
                assert_eq!(ended.stop, None, "{case}");
                assert_eq!(ended.records.len() as u64, TASKS, "{case}");
                assert!(ended.records.iter().all(|(id, answered)| *answered != fails(*id)), "{case}");
                assert!(ended.most_of_one <= u64::from(ATTEMPTS), "{case}: {} attempts of one call", ended.most_of_one);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_outlasts_patience_costs_few_attempts_and_ends_the_calling() {
    for concurrency in [1, 4, 16, 64] {
        let down = |_, number: u64, _| if number < 100 { Way::Answer } else { Way::Unavailable(None) };
        let ended = carry(1000, concurrency, down).await;
        assert!(matches!(ended.stop, Some(StopCause::Platform(StopReason::Unhealthy(_)))), "{:?}", ended.stop);
        let wasted = ended.attempts - 100;
        assert!(wasted <= 20 + 2 * u64::from(concurrency) + 20, "{wasted} at {concurrency}");
        assert!(ended.records.values().all(|answered| *answered), "an outage is no item's failure");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_passes_costs_no_task() {
    let outage = Duration::from_secs(2)..Duration::from_mins(1);
    let down = |_, _, at| if outage.contains(&at) { Way::Unavailable(None) } else { Way::Answer };
    let ended = carry(2000, 4, down).await;
    assert_eq!((ended.stop, ended.records.len()), (None, 2000));
    assert!(ended.records.values().all(|answered| *answered));
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_asks_for_waits_over_and_over_ends_the_calling() {
    let ended = carry(100, 4, |_, _, _| Way::Unavailable(Some(60))).await;
    assert!(matches!(ended.stop, Some(StopCause::Platform(StopReason::Unhealthy(_)))), "{:?}", ended.stop);
    assert!(ended.took <= Duration::from_mins(10), "{:?}", ended.took);
    let at_once = carry(100, 4, |_, _, _| Way::Unavailable(Some(86_400))).await;
    assert!(at_once.took < Duration::from_secs(1), "{:?}", at_once.took);
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_token_is_always_refused_is_its_own_failure_once_others_are_answered() {
    for concurrency in [1, 4] {
        for refused in [vec![0], vec![9], (191..200).collect::<Vec<u64>>()] {
            let way = |id: Option<u64>, _, _| if id.is_some_and(|id| refused.contains(&id)) { Way::Refuse } else { Way::Answer };
            let ended = carry(200, concurrency, way).await;
            assert_eq!((ended.stop, ended.records.len()), (None, 200));
            assert!(ended.records.iter().all(|(id, answered)| *answered != refused.contains(id)));
            assert!(ended.most_of_one <= 2, "one more for a fresh token");
        }
    }
    let ended = carry(200, 4, |_, _, _| Way::Refuse).await;
    assert!(matches!(ended.stop, Some(StopCause::Platform(StopReason::Refused(_)))), "{:?}", ended.stop);
    let lost = |_, number, _| if number < 100 { Way::Answer } else { Way::Refuse };
    let ended = carry(1000, 4, lost).await;
    assert!(ended.records.len() < 300, "a lost permission does not turn every item into an error: {}", ended.records.len());
}

/// A task that needs a call, then work; work that fails is done once more after [`WAIT`].
#[derive(Debug)]
struct CallAndWork {
    id: u64,
    needs: Needs,
    has_failed: bool,
}

#[derive(Debug, Clone, Copy)]
enum Needs {
    Call,
    Work(Duration),
    /// Nothing more; with whether its work was done.
    Nothing(bool),
}

const WAIT: Duration = Duration::from_secs(3);

#[derive(Debug)]
struct WorkOf(u64);

impl Work for WorkOf {
    type Product = bool;

    fn is_paced(&self) -> bool {
        true
    }

    fn run(self) -> impl Future<Output = Result<bool, Message>> + Send + 'static {
        std::future::ready(Ok(true))
    }
}

impl Task for CallAndWork {
    type Record = (u64, bool);
    type Work = WorkOf;

    fn id(&self) -> u64 {
        self.id
    }

    fn has_failed_before(&self) -> bool {
        false
    }

    fn next(&mut self) -> Need<(u64, bool), WorkOf> {
        match self.needs {
            Needs::Call => Need::Call(request(self.id)),
            Needs::Work(wait) => Need::Work(WorkOf(self.id), wait),
            Needs::Nothing(is_done) => Need::Nothing(Some((self.id, is_done))),
        }
    }

    fn take(&mut self, _: CallReply, _: u32) -> Option<(u64, bool)> {
        self.needs = Needs::Work(Duration::ZERO);
        None
    }

    fn take_product(&mut self, is_done: bool) {
        self.needs = if is_done || self.has_failed { Needs::Nothing(is_done) } else { Needs::Work(WAIT) };
        self.has_failed = !is_done;
    }
}

/// A dispatcher of two tasks whose calls have been answered at `now`: their work waits.
fn at_work(now: Instant) -> Dispatcher<CallAndWork> {
    let mut dispatcher = Dispatcher::new(settings_for(4));
    let tasks = (0..2).map(|id| CallAndWork { id, needs: Needs::Call, has_failed: false }).collect();
    dispatcher.handle(Event::Arrived(tasks), now);
    dispatcher.handle(Event::NoMore, now);
    for _ in 0..2 {
        let flight = dispatcher.take_next(now).expect("a call is next");
        let response = dispatcher.handle(Event::Ended { flight, result: Way::Answer.result(), is_probe: false }, now);
        assert!(response.records.is_empty() && response.finished.is_empty(), "the answer alone is nothing to keep");
    }
    assert_eq!(dispatcher.at_work(), 2);
    dispatcher
}

/// Begins the next work and ends it at once.
fn work(dispatcher: &mut Dispatcher<CallAndWork>, now: Instant, result: Result<bool, Message>) -> Response<CallAndWork> {
    let task = dispatcher.take_work(now).expect("work is next").task;
    dispatcher.handle(Event::Worked { task, result }, now)
}

#[test]
fn a_task_goes_on_from_its_call_to_its_work_and_to_its_end() {
    let now = Instant::now();
    let mut dispatcher = at_work(now);
    assert_eq!(work(&mut dispatcher, now, Ok(true)).records, [(0, true)]);
    assert!(work(&mut dispatcher, now, Ok(false)).records.is_empty(), "it is done once more");
    assert!(dispatcher.due_work(now).is_none() && !dispatcher.is_done());
    assert_eq!(dispatcher.next_work_due(), Some(now + WAIT));
    let later = now + WAIT;
    assert_eq!(dispatcher.due_work(later).map(|work| work.0), Some(1));
    assert_eq!(work(&mut dispatcher, later, Ok(false)).records, [(1, false)]);
    assert!(dispatcher.is_done());
    assert_eq!((dispatcher.tally().calls, dispatcher.tally().finished, dispatcher.tally().failed_calls), (2, 2, 0));
}

#[test]
fn a_stop_drops_work_that_waits_and_keeps_what_comes_of_work_under_way() {
    let now = Instant::now();
    let mut dispatcher = at_work(now);
    let under_way = dispatcher.take_work(now).expect("work is next").task;
    dispatcher.handle(Event::Stop(StopCause::Platform(StopReason::Interrupted)), now);
    assert!(dispatcher.take_work(now).is_none());
    assert!(!dispatcher.is_done(), "work is under way");
    let response = dispatcher.handle(Event::Worked { task: under_way, result: Ok(true) }, now);
    assert_eq!(response.records, [(0, true)]);
    assert!(dispatcher.is_done());
    assert_eq!(dispatcher.into_cause(), Some(StopCause::Platform(StopReason::Interrupted)));
}

#[test]
fn work_goes_on_where_calls_alone_may_not() {
    let now = Instant::now();
    let mut dispatcher = at_work(now);
    dispatcher.stop(StopCause::Platform(StopReason::QuotaUsed));
    assert_eq!(work(&mut dispatcher, now, Ok(true)).records, [(0, true)]);
    assert!(!dispatcher.is_done());
    assert_eq!(work(&mut dispatcher, now, Ok(true)).records, [(1, true)]);
    assert!(dispatcher.is_done());
}

#[test]
fn work_that_the_disk_fails_ends_the_calling() {
    let now = Instant::now();
    let mut dispatcher = at_work(now);
    let full = Message::new("archive-not-written").with("cause", "no space");
    assert!(work(&mut dispatcher, now, Err(full.clone())).records.is_empty());
    assert!(dispatcher.is_done() && dispatcher.take_work(now).is_none());
    assert_eq!(dispatcher.into_cause(), Some(StopCause::Internal(full)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever a platform does, calling ends: every task at its end, or with a reason to stop; and no call has more attempts
    /// than the job allows, with one more for a fresh token.
    #[test]
    fn calling_ends_whatever_the_platform_does(
        script in prop::collection::vec(0u8..12, 1..60), tasks in 1u64..60, concurrency in 1u32..9,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let ended = runtime.block_on(carry(tasks, concurrency, |id, number, _| {
            let at = (number + id.unwrap_or_default() * 3) % script.len() as u64;
            match script[usize::try_from(at).unwrap()] {
                0..=4 => Way::Answer,
                5 => Way::Unavailable(None),
                6 => Way::Unavailable(Some(1)),
                7 => Way::Unavailable(Some(100)),
                8 => Way::Refuse,
                9 => Way::NoToken,
                _ => Way::Other,
            }
        }));
        prop_assert!(ended.stop.is_some() || ended.records.len() as u64 == tasks);
        prop_assert!(ended.most_of_one <= u64::from(ATTEMPTS + 1), "{}", ended.most_of_one);
    }
}
