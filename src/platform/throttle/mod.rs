//! The throttle: how often, and how many at once, this process may ask the platform.

mod circuit;
mod pace;
mod strain;

pub use circuit::Admission;
pub use strain::Strain;

use super::stop::StopReason;
use crate::job::{PauseSettings, Rate, ThrottleSettings};
use crate::message::Message;
use circuit::{Circuit, Transition};
use governor::clock::DefaultClock;
use pace::Pace;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;
use strain::Bearing;
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// One throttle for every attempt of a process, token requests included.
///
/// The engine asks [`admit`](Self::admit) before each attempt and keeps to [`capacity`](Self::capacity); whoever makes single
/// calls waits for a [`permit`](Self::permit). Both tell [`finish`](Self::finish) how the attempt ended.
#[derive(Debug)]
pub struct Throttle {
    settings: ThrottleSettings,
    in_flight: Arc<Semaphore>,
    /// One waiter at a time waits for a permit; the lock is fair, so the others queue in order.
    gate: Mutex<()>,
    pace: SyncMutex<Pace<DefaultClock>>,
    health: SyncMutex<Health>,
    /// Wakes the waiter at the gate when an attempt's end has changed what is admitted.
    changed: Notify,
    waited: AtomicU64,
}

/// What is known of how the platform fares.
#[derive(Debug)]
struct Health {
    /// `None` where the rate is not adaptive.
    bearing: Option<Bearing>,
    circuit: Circuit,
    /// End of the wait that the platform asked for (`Retry-After`).
    closed_until: Option<Instant>,
    /// Attempts in flight at most.
    capacity: u32,
    /// Permits of the semaphore to take away as they come back.
    debt: u32,
}

/// The right to make one attempt; held while it is in flight.
#[derive(Debug)]
pub struct Permit {
    in_flight: Option<OwnedSemaphorePermit>,
    start: AttemptStart,
}

/// When an attempt began, and as what.
#[derive(Debug, Clone, Copy)]
pub struct AttemptStart {
    /// Whether it is to find out if the platform works again.
    pub is_probe: bool,
    /// When it was admitted.
    pub at: Instant,
}

/// How an attempt ended, as far as the throttle is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttemptEnd {
    /// Why it failed in a way that may be the platform's, where it did.
    pub failure: Option<Message>,
    /// Whose vote it is on how the platform fares; `None` where it is no evidence, such as another try of what has failed.
    pub voter: Option<u64>,
    /// The strain that it shows.
    pub strain: Option<Strain>,
    /// The wait that the platform asks everybody for (`Retry-After`).
    pub asked_for: Option<Duration>,
}

/// What limits calling at the moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Attempts a second; `None` where unlimited.
    pub rate: Option<f64>,
    /// Calls in flight at most.
    pub concurrency: u32,
    /// Why that is less than what is set.
    pub slowed: Option<Strain>,
    /// Why calling pauses, where it does.
    pub paused: Option<Message>,
}

impl Throttle {
    /// A throttle as the job sets it.
    #[must_use]
    pub fn new(settings: &ThrottleSettings) -> Self {
        let settings = settings.clone();
        let health = Health {
            bearing: settings.adaptive.then(|| Bearing::new(Instant::now())),
            circuit: Circuit::new(settings.pause.clone()),
            closed_until: None,
            capacity: settings.concurrency,
            debt: 0,
        };
        Self {
            in_flight: Arc::new(Semaphore::new(settings.concurrency as usize)),
            gate: Mutex::new(()),
            pace: SyncMutex::new(Pace::new(&settings, DefaultClock::default())),
            health: SyncMutex::new(health),
            changed: Notify::new(),
            waited: AtomicU64::new(0),
            settings,
        }
    }

    /// Decides whether an attempt may be made at `now`.
    pub fn admit(&self, now: Instant) -> Admission {
        let mut health = self.health();
        let admission = health.admit(now);
        if !matches!(admission, Admission::Allow | Admission::AllowProbe) || self.settings.rate == Rate::Unlimited {
            return admission;
        }
        let share = health.share().0;
        match self.pace.lock().unwrap_or_else(PoisonError::into_inner).pass(share) {
            Ok(()) => admission,
            Err(wait) => {
                if admission == Admission::AllowProbe {
                    health.circuit.put_off_probe();
                }
                Admission::WaitUntil(now + wait)
            }
        }
    }

    /// The probe that was admitted is not made now.
    pub fn put_off_probe(&self) {
        self.health().circuit.put_off_probe();
    }

    /// Attempts that may be in flight at the moment.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.health().capacity
    }

    /// Attempts that may be in flight at once as the job sets it.
    #[must_use]
    pub const fn most_in_flight(&self) -> usize {
        self.settings.concurrency as usize
    }

    /// Whether calling pauses.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.health().circuit.why_paused().is_some()
    }

    /// Waits for the right to make one attempt now.
    ///
    /// # Errors
    /// Fails if the platform does not work for longer than the job is patient.
    pub async fn permit(&self) -> Result<Permit, StopReason> {
        let asked = Instant::now();
        let in_flight = Arc::clone(&self.in_flight).acquire_owned().await.ok();
        let is_probe = self.pass_gate().await?;
        let at = Instant::now();
        self.note_wait(at.duration_since(asked));
        Ok(Permit { in_flight, start: AttemptStart { is_probe, at } })
    }

    /// Waits at the gate; whether what passes is a probe.
    async fn pass_gate(&self) -> Result<bool, StopReason> {
        let _turn = self.gate.lock().await;
        loop {
            let changed = self.changed.notified();
            let until = match self.admit(Instant::now()) {
                Admission::Allow => return Ok(false),
                Admission::AllowProbe => return Ok(true),
                Admission::GiveUp(why) => return Err(StopReason::Unhealthy(self.gave_up(why))),
                Admission::WaitUntil(until) => until,
            };
            tokio::select! {
                () = sleep_until(until) => {}
                () = changed => {}
            }
        }
    }

    /// Waits until one more attempt keeps to the pace. For token requests: the call that they are made for was admitted.
    pub async fn keep_pace(&self) {
        if self.settings.rate == Rate::Unlimited {
            return;
        }
        loop {
            let share = self.health().share().0;
            let passed = self.pace.lock().unwrap_or_else(PoisonError::into_inner).pass(share);
            match passed {
                Ok(()) => return,
                Err(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// What to tell where patience is over.
    #[must_use]
    pub fn gave_up(&self, why: Message) -> Message {
        let patience = humantime::format_duration(self.settings.pause.patience);
        Message::new("patience-over").with("patience", patience).with_message("why", why)
    }

    /// Gives a permit back and learns from how its attempt ended.
    pub fn give_back(&self, permit: Permit, end: &AttemptEnd) {
        let Permit { in_flight, start } = permit;
        self.finish(start, end);
        let mut health = self.health();
        if health.debt > 0
            && let Some(in_flight) = in_flight
        {
            health.debt -= 1;
            in_flight.forget();
        }
    }

    /// Learns from how an attempt ended.
    pub fn finish(&self, start: AttemptStart, end: &AttemptEnd) {
        let now = Instant::now();
        let mut health = self.health();
        let mut transition = Transition::None;
        if let Some(wait) = end.asked_for {
            transition = health.close_for(now, wait);
        }
        if start.is_probe {
            transition = health.circuit.probed(now, end.failure.as_ref());
        } else if let Some(voter) = end.voter
            && transition == Transition::None
        {
            transition = health.circuit.vote(now, voter, end.failure.as_ref());
        }
        match transition {
            Transition::None => {}
            Transition::Paused => tracing::warn!(reason = health.circuit.why_paused().map(tracing::field::display), "pause"),
            Transition::ProbeFailed => tracing::info!(reason = end.failure.as_ref().map(tracing::field::display), "probe failed"),
            Transition::Resumed => tracing::info!("resume"),
        }
        let is_changed =
            health.bearing.as_mut().is_some_and(|bearing| bearing.observe(start.at, now, end.failure.is_none(), end.strain));
        if is_changed {
            self.adjust(&mut health);
        }
        if transition != Transition::None || is_changed {
            self.changed.notify_waiters();
        }
    }

    /// Notes how long an attempt has waited to be admitted.
    pub fn note_wait(&self, wait: Duration) {
        self.waited.fetch_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Pauses calling for another reason than how attempts end.
    pub fn pause(&self, why: Message) {
        tracing::warn!(reason = %why, "pause");
        self.health().circuit.pause_now(Instant::now(), why);
        self.changed.notify_waiters();
    }

    /// What limits calling at the moment.
    #[must_use]
    pub fn limit(&self) -> Limit {
        let health = self.health();
        let (share, slowed) = health.share();
        Limit {
            rate: self.settings.rate.per_second().map(|rate| rate * share),
            concurrency: health.capacity,
            slowed,
            paused: health.circuit.why_paused().cloned(),
        }
    }

    /// Attempts a second that the job allows; `None` where unlimited.
    #[must_use]
    pub fn allowed_rate(&self) -> Option<f64> {
        self.settings.rate.per_second()
    }

    /// The settings of the circuit breaker.
    #[must_use]
    pub const fn pause_settings(&self) -> &PauseSettings {
        &self.settings.pause
    }

    /// How long attempts have waited here, all together.
    #[must_use]
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.waited.load(Ordering::Relaxed))
    }

    /// Makes the number of permits what the platform can bear.
    fn adjust(&self, health: &mut Health) {
        let (share, slowed) = health.share();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a u32")]
        let wanted = ((f64::from(self.settings.concurrency) * share).ceil() as u32).max(1);
        if wanted < health.capacity {
            let surplus = health.capacity - wanted;
            let taken = self.in_flight.forget_permits(surplus as usize);
            health.debt += surplus - u32::try_from(taken).unwrap_or(surplus);
        } else {
            let missing = wanted - health.capacity;
            let forgiven = missing.min(health.debt);
            health.debt -= forgiven;
            self.in_flight.add_permits((missing - forgiven) as usize);
        }
        let rate = self.settings.rate.per_second().map(|rate| rate * share);
        match slowed {
            Some(strain) if wanted < health.capacity => {
                tracing::warn!(rate, concurrency = wanted, reason = strain.name(), "slow-down");
            }
            Some(_) => tracing::debug!(rate, concurrency = wanted, "recovering"),
            None => tracing::info!(rate, concurrency = wanted, "recovered"),
        }
        health.capacity = wanted;
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health {
    fn share(&self) -> (f64, Option<Strain>) {
        self.bearing.as_ref().map_or((1.0, None), Bearing::share)
    }

    /// Closes for a wait that the platform asks for. Several answers with one do not add up: the latest end counts.
    fn close_for(&mut self, now: Instant, wait: Duration) -> Transition {
        let is_open = self.closed_until.is_none_or(|until| until <= now);
        let until = now + wait;
        self.closed_until = Some(self.closed_until.map_or(until, |known| known.max(until)));
        if is_open { self.circuit.waited(now, wait) } else { Transition::None }
    }

    /// Decides on one attempt, the pace aside.
    fn admit(&mut self, now: Instant) -> Admission {
        if let Some(until) = self.closed_until {
            if until > self.circuit.deadline(now) {
                let wait = Duration::from_secs(until.duration_since(now).as_secs());
                return Admission::GiveUp(Message::new("platform-asks-for-long").with("wait", humantime::format_duration(wait)));
            }
            if until > now {
                return Admission::WaitUntil(until);
            }
            self.closed_until = None;
        }
        self.circuit.admit(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Job;
    use std::path::Path;

    fn throttle(extra: &str) -> Throttle {
        let text = format!(
            "[job]\nname = \"t\"\n[platform]\nbase_url = \"sandbox\"\n[purpose]\nsystem_name = \"a\"\ncall_category = 1\n\
             matter_name = \"a\"\nevent_code = \"a\"\ncopy_cause = \"a\"\n[[inputs]]\npath = \"a\"\n\
             [throttle]\nrate = \"unlimited\"\n{extra}"
        );
        Throttle::new(&Job::parse(Path::new("jobs/t.toml"), &text).unwrap().throttle)
    }

    /// A failure that the item `voter` met.
    fn failed(voter: u64) -> AttemptEnd {
        let failure = Some(Message::new("failure-http").with("status", 503));
        AttemptEnd { failure, voter: Some(voter), ..AttemptEnd::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_throttle_lets_nobody_pass_before_its_time() {
        let throttle = Arc::new(throttle(""));
        let wait = Duration::from_mins(1);
        let permit = throttle.permit().await.unwrap();
        let until = Instant::now() + wait;
        throttle.give_back(permit, &AttemptEnd { asked_for: Some(wait), ..AttemptEnd::default() });
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let throttle = Arc::clone(&throttle);
            waiting.spawn(async move {
                let _permit = throttle.permit().await;
                Instant::now()
            });
        }
        assert!(waiting.join_all().await.into_iter().all(|passed| passed >= until));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_that_are_asked_for_at_the_same_time_do_not_add_up() {
        let throttle = throttle("concurrency = 8\n");
        let mut permits = Vec::new();
        for _ in 0..8 {
            permits.push(throttle.permit().await.unwrap());
        }
        let began = Instant::now();
        for (wait, permit) in (1..).zip(permits) {
            let asked_for = Some(Duration::from_secs(wait));
            throttle.give_back(permit, &AttemptEnd { asked_for, ..AttemptEnd::default() });
        }
        assert_eq!(throttle.admit(Instant::now()), Admission::WaitUntil(began + Duration::from_secs(8)));
    }

    #[tokio::test(start_paused = true)]
    async fn waits_without_an_answer_between_them_use_up_patience() {
        let throttle = throttle("patience = \"5s\"\n");
        let began = Instant::now();
        let why = loop {
            match throttle.permit().await {
                Ok(permit) => {
                    throttle.give_back(permit, &AttemptEnd { asked_for: Some(Duration::from_secs(3)), ..failed(1) });
                }
                Err(why) => break why,
            }
        };
        assert!(matches!(why, StopReason::Unhealthy(_)), "{why:?}");
        assert!(Instant::now() <= began + Duration::from_secs(15), "{:?}", Instant::now() - began);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_longer_than_patience_ends_calling_at_once() {
        let throttle = throttle("");
        let permit = throttle.permit().await.unwrap();
        throttle.give_back(permit, &AttemptEnd { asked_for: Some(Duration::from_hours(24)), ..AttemptEnd::default() });
        assert!(matches!(throttle.admit(Instant::now()), Admission::GiveUp(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn concurrency_falls_with_the_share_and_comes_back() {
        let throttle = throttle("concurrency = 8\nadaptive = true\n");
        let mut permits = Vec::new();
        for _ in 0..8 {
            permits.push(throttle.permit().await.unwrap());
        }
        let too_many = AttemptEnd { strain: Some(Strain::TooMany), ..failed(1) };
        // Attempts that began before the first of them was told apart from those after it.
        tokio::time::advance(Duration::from_millis(1)).await;
        for permit in permits {
            throttle.give_back(permit, &too_many);
        }
        let limit = throttle.limit();
        assert_eq!((limit.concurrency, limit.slowed), (4, Some(Strain::TooMany)));
        assert_eq!((throttle.in_flight.available_permits(), throttle.health().debt), (4, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_throttle_lets_one_probe_pass_and_opens_with_its_success() {
        let throttle = Arc::new(throttle("pause_at = { share = 1.0, attempts = 3 }\n"));
        for item in 0..3 {
            let permit = throttle.permit().await.unwrap();
            throttle.give_back(permit, &failed(item));
        }
        assert!(throttle.limit().paused.is_some());
        for item in 0..3 {
            let probe = throttle.permit().await.unwrap();
            assert!(probe.start.is_probe);
            throttle.give_back(probe, &failed(item));
        }
        let probe = throttle.permit().await.unwrap();
        let other = tokio::spawn({
            let throttle = Arc::clone(&throttle);
            async move { throttle.permit().await.unwrap().start.is_probe }
        });
        throttle.give_back(probe, &AttemptEnd::default());
        assert!(!other.await.unwrap());
        assert_eq!(throttle.limit().paused, None);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_in_a_stop_that_names_the_latest_failure() {
        let throttle = throttle("patience = \"20s\"\npause_at = { share = 1.0, attempts = 2 }\n");
        let mut item = 0;
        let stop = loop {
            match throttle.permit().await {
                Ok(permit) => throttle.give_back(permit, &failed(item)),
                Err(stop) => break stop,
            }
            item += 1;
        };
        assert!(matches!(&stop, StopReason::Unhealthy(why) if why.to_string().contains("status=503")), "{stop:?}");
    }
}
