//! The throttle: how often, and how many at once, this process may ask the platform.

mod circuit;
mod pace;
mod strain;

pub use strain::Strain;

use super::stop::StopReason;
use crate::job::{Job, Rate, ThrottleSettings};
use circuit::{Circuit, May, Turn};
use governor::clock::DefaultClock;
use pace::Pace;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError};
use std::time::Duration;
use strain::Bearing;
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// One throttle for every attempt of a process, token requests included.
#[derive(Debug)]
pub struct Throttle {
    settings: ThrottleSettings,
    in_flight: Arc<Semaphore>,
    /// One waiter at a time stands at the gate; the lock is fair, so the others queue in order.
    gate: Mutex<Pace<DefaultClock>>,
    health: SyncMutex<Health>,
    /// Something changed that whoever waits at the gate should know.
    changed: Notify,
    waited: AtomicU64,
}

/// What is known of how the platform fares.
#[derive(Debug)]
struct Health {
    /// None where the rate is not adaptive.
    bearing: Option<Bearing>,
    circuit: Circuit,
    closed_until: Option<Instant>,
    /// Permits of the semaphore, and those to take away as they come back.
    capacity: u32,
    debt: u32,
}

/// The right to make one attempt; held while it is in flight.
#[derive(Debug)]
pub struct Permit {
    in_flight: Option<OwnedSemaphorePermit>,
    /// Whether this attempt is to find out if the platform works again.
    pub is_probe: bool,
    began: Instant,
}

/// How an attempt ended, as far as the throttle is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttemptEnd {
    /// Why it failed in a way that may pass, where it did.
    pub failure: Option<String>,
    /// The strain that it shows.
    pub strain: Option<Strain>,
    /// The wait that the platform asks everybody for.
    pub asked_for: Option<Duration>,
}

/// What limits calling at the moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Attempts a second; none where unlimited.
    pub rate: Option<f64>,
    /// Calls in flight.
    pub concurrency: u32,
    /// Why that is less than what is set.
    pub slowed: Option<Strain>,
    /// Why calling pauses, where it does.
    pub paused: Option<String>,
}

impl Throttle {
    /// A throttle as the job sets it.
    #[must_use]
    pub fn new(job: &Job) -> Self {
        let settings = job.throttle.clone();
        let health = Health {
            bearing: settings.adaptive.then(|| Bearing::new(Instant::now())),
            circuit: Circuit::new(settings.pause.clone(), job.retry.backoff.clone()),
            closed_until: None,
            capacity: settings.concurrency,
            debt: 0,
        };
        Self {
            in_flight: Arc::new(Semaphore::new(settings.concurrency as usize)),
            gate: Mutex::new(Pace::new(&settings, DefaultClock::default())),
            health: SyncMutex::new(health),
            changed: Notify::new(),
            waited: AtomicU64::new(0),
            settings,
        }
    }

    /// Waits for the right to make one attempt now.
    ///
    /// # Errors
    /// The platform stayed unhealthy for longer than the job's patience.
    pub async fn permit(&self) -> Result<Permit, StopReason> {
        let asked = Instant::now();
        let in_flight = Arc::clone(&self.in_flight).acquire_owned().await.ok();
        let is_probe = self.pass_gate().await?;
        let began = Instant::now();
        let waited = u64::try_from(began.duration_since(asked).as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(waited, Ordering::Relaxed);
        Ok(Permit { in_flight, is_probe, began })
    }

    /// Waits at the gate; whether what passes is a probe.
    async fn pass_gate(&self) -> Result<bool, StopReason> {
        if self.settings.rate == Rate::Unlimited && self.health().is_sound() {
            return Ok(false);
        }
        let mut pace = self.gate.lock().await;
        loop {
            let changed = self.changed.notified();
            let (may, share) = self.health().may(Instant::now());
            let until = match may {
                May::GiveUp(why) => return Err(StopReason::Unhealthy(why)),
                May::Wait(until) => until,
                May::Pass | May::Probe => match pace.pass(share) {
                    Ok(()) => return Ok(may == May::Probe),
                    Err(wait) => {
                        if may == May::Probe {
                            self.health().circuit.put_off_probe();
                        }
                        Instant::now() + wait
                    }
                },
            };
            tokio::select! {
                () = sleep_until(until) => {}
                () = changed => {}
            }
        }
    }

    /// Gives a permit back and learns from how its attempt ended.
    pub fn give_back(&self, permit: Permit, end: &AttemptEnd) {
        let now = Instant::now();
        let mut health = self.health();
        if let Some(wait) = end.asked_for {
            let until = now + wait;
            health.circuit.wait_too(wait);
            health.closed_until = Some(health.closed_until.map_or(until, |known| known.max(until)));
        }
        let turn = health.circuit.observe(now, permit.is_probe, end.failure.as_deref());
        match turn {
            Turn::None => {}
            Turn::Paused => tracing::warn!(reason = health.circuit.why_paused(), "pause"),
            Turn::ProbeFailed => tracing::info!(reason = end.failure, "probe failed"),
            Turn::Resumed => tracing::info!("resume"),
        }
        let is_changed =
            health.bearing.as_mut().is_some_and(|bearing| bearing.observe(permit.began, now, end.failure.is_none(), end.strain));
        if is_changed {
            self.adjust(&mut health);
        }
        if health.debt > 0
            && let Some(in_flight) = permit.in_flight
        {
            health.debt -= 1;
            in_flight.forget();
        }
        if turn != Turn::None || is_changed {
            self.changed.notify_waiters();
        }
    }

    /// Pauses calling for another reason than how attempts end.
    pub fn pause(&self, why: String) {
        tracing::warn!(reason = why, "pause");
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
            paused: health.circuit.why_paused().map(str::to_owned),
        }
    }

    /// Attempts a second that the job allows; none where unlimited.
    #[must_use]
    pub fn allowed_rate(&self) -> Option<f64> {
        self.settings.rate.per_second()
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
                tracing::warn!(rate, concurrency = wanted, reason = strain.words(), "slow-down");
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

    /// Whether nothing stands in the way.
    fn is_sound(&self) -> bool {
        self.closed_until.is_none() && self.circuit.why_paused().is_none()
    }

    /// Whether an attempt may be made now, and at what share of the set rate.
    fn may(&mut self, now: Instant) -> (May, f64) {
        if let Some(until) = self.closed_until {
            let patience = self.circuit.patience();
            if until > now + patience {
                let wait = humantime::format_duration(Duration::from_secs(until.duration_since(now).as_secs()));
                return (May::GiveUp(format!("it asks to be left alone for {wait}, longer than throttle.patience")), 1.0);
            }
            if until > now {
                return (May::Wait(until), 1.0);
            }
            self.closed_until = None;
        }
        (self.circuit.may(now), self.share().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn throttle(extra: &str) -> Throttle {
        let text = format!(
            "[job]\nname = \"t\"\n[platform]\nbase_url = \"sandbox\"\n[purpose]\nsystem_name = \"a\"\ncall_category = 1\n\
             matter_name = \"a\"\nevent_code = \"a\"\ncopy_cause = \"a\"\n[[inputs]]\npath = \"a\"\n[retry]\nbackoff = \"1ms..2ms\"\n\
             [throttle]\nrate = \"unlimited\"\n{extra}"
        );
        Throttle::new(&Job::parse(Path::new("jobs/t.toml"), &text).unwrap())
    }

    fn failed() -> AttemptEnd {
        AttemptEnd { failure: Some("HTTP 503".to_owned()), ..AttemptEnd::default() }
    }

    #[tokio::test]
    async fn a_closed_throttle_lets_nobody_pass_before_its_time() {
        let throttle = Arc::new(throttle(""));
        let wait = Duration::from_millis(60);
        let permit = throttle.permit().await.unwrap();
        throttle.give_back(permit, &AttemptEnd { asked_for: Some(wait), ..AttemptEnd::default() });
        let until = throttle.health().closed_until.unwrap();
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

    #[tokio::test]
    async fn concurrency_falls_with_the_share_and_comes_back() {
        let throttle = throttle("concurrency = 8\nadaptive = true\n");
        let mut permits = Vec::new();
        for _ in 0..8 {
            permits.push(throttle.permit().await.unwrap());
        }
        let too_many = AttemptEnd { strain: Some(Strain::TooMany), ..failed() };
        for permit in permits {
            throttle.give_back(permit, &too_many);
        }
        let limit = throttle.limit();
        assert_eq!((limit.concurrency, limit.slowed), (4, Some(Strain::TooMany)));
        assert_eq!((throttle.in_flight.available_permits(), throttle.health().debt), (4, 0));
    }

    #[tokio::test]
    async fn a_paused_throttle_lets_one_probe_pass_and_opens_with_its_success() {
        let throttle = Arc::new(throttle("pause_at = { share = 1.0, attempts = 3 }\n"));
        for _ in 0..3 {
            let permit = throttle.permit().await.unwrap();
            throttle.give_back(permit, &failed());
        }
        assert!(throttle.limit().paused.is_some());
        for _ in 0..3 {
            let probe = throttle.permit().await.unwrap();
            assert!(probe.is_probe);
            throttle.give_back(probe, &failed());
        }
        let probe = throttle.permit().await.unwrap();
        let other = tokio::spawn({
            let throttle = Arc::clone(&throttle);
            async move { throttle.permit().await.unwrap().is_probe }
        });
        throttle.give_back(probe, &AttemptEnd::default());
        assert!(!other.await.unwrap());
        assert_eq!(throttle.limit().paused, None);
    }

    #[tokio::test]
    async fn patience_ends_in_a_stop() {
        let throttle = throttle("patience = \"20ms\"\npause_at = { share = 1.0, attempts = 2 }\n");
        let stop = loop {
            match throttle.permit().await {
                Ok(permit) => throttle.give_back(permit, &failed()),
                Err(stop) => break stop,
            }
        };
        assert!(matches!(&stop, StopReason::Unhealthy(why) if why.contains("HTTP 503")), "{stop:?}");
    }
}
