//! The throttle: how often, and how many at once, this process may ask the platform.

use crate::job::{Rate, ThrottleSettings};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock};
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::{Mutex as SyncMutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Timers wake late by about a millisecond. That much of the pace may be caught up on, so that the mean stays exact.
const LATE_WAKE_UP: Duration = Duration::from_millis(20);

/// One throttle for every attempt of a process, token requests included.
#[derive(Debug)]
pub struct Throttle {
    in_flight: Arc<Semaphore>,
    /// One waiter at a time stands at the gate; the lock is fair, so the others queue in order.
    gate: Mutex<Gate>,
    closed_until: SyncMutex<Option<Instant>>,
}

#[derive(Debug)]
struct Gate {
    /// Keeps the mean pace; `None` where unlimited.
    pace: Option<DefaultDirectRateLimiter>,
    /// Keeps every window: the times of the latest attempts, at most `most` of them.
    recent: VecDeque<Instant>,
    most: usize,
    window: Duration,
}

/// The right to make one attempt; held while it is in flight.
#[derive(Debug)]
pub struct Permit {
    _in_flight: Option<OwnedSemaphorePermit>,
}

impl Throttle {
    /// A throttle as the job sets it.
    #[must_use]
    pub fn new(settings: &ThrottleSettings) -> Self {
        Self {
            in_flight: Arc::new(Semaphore::new(settings.concurrency as usize)),
            gate: Mutex::new(Gate::new(settings)),
            closed_until: SyncMutex::new(None),
        }
    }

    /// Waits for the right to make one attempt now.
    pub async fn permit(&self) -> Permit {
        let in_flight = Arc::clone(&self.in_flight).acquire_owned().await.ok();
        let mut gate = self.gate.lock().await;
        loop {
            let closed_until = *self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(until) = closed_until.filter(|until| *until > Instant::now()) {
                sleep_until(until).await;
                continue;
            }
            match gate.pass() {
                Ok(()) => return Permit { _in_flight: in_flight },
                Err(wait) => sleep_until(Instant::now() + wait).await,
            }
        }
    }

    /// Lets nobody pass before `wait` is over: the platform asked for it (`Retry-After`).
    pub fn close_for(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut closed_until = self.closed_until.lock().unwrap_or_else(PoisonError::into_inner);
        *closed_until = Some(closed_until.map_or(until, |known| known.max(until)));
    }
}

impl Gate {
    fn new(settings: &ThrottleSettings) -> Self {
        let Rate::Limited { count, per } = settings.rate else {
            return Self { pace: None, recent: VecDeque::new(), most: usize::MAX, window: Duration::ZERO };
        };
        let catch_up = (f64::from(count) * LATE_WAKE_UP.as_secs_f64() / per.as_secs_f64()).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate's fiftieth fits, and is positive")]
        let burst = settings.burst.saturating_add(catch_up as u32);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(per / count).unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX)).allow_burst(burst);
        // What a second may hold, whatever stretch the rate is told by.
        let a_second = u64::from(count) / per.as_secs().max(1) + u64::from(settings.burst);
        let most = usize::try_from(a_second).unwrap_or(usize::MAX);
        Self { pace: Some(RateLimiter::direct(quota)), recent: VecDeque::new(), most, window: Duration::from_secs(1) }
    }

    /// Passes, or says how long to wait before asking again.
    fn pass(&mut self) -> Result<(), Duration> {
        let Some(pace) = &self.pace else { return Ok(()) };
        let now = Instant::now();
        if self.recent.len() == self.most
            && let Some(age) = self.recent.front().map(|first| now - *first)
            && age <= self.window
        {
            return Err(self.window.saturating_sub(age) + Duration::from_micros(1));
        }
        pace.check().map_err(|early| early.wait_time_from(governor::clock::DefaultClock::default().now()))?;
        if self.recent.len() == self.most {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant as StdInstant;

    fn settings(count: u32, per: u64, burst: u32) -> ThrottleSettings {
        let rate = Rate::Limited { count, per: Duration::from_secs(per) };
        ThrottleSettings { rate, burst, concurrency: 64, max_calls: None }
    }

    #[tokio::test]
    async fn no_second_holds_more_than_rate_and_burst() {
        for (count, per, burst, attempts) in [(200, 1, 1, 500), (12_000, 60, 3, 450), (100, 1, 20, 180)] {
            let throttle = Throttle::new(&settings(count, per, burst));
            let mut times = Vec::new();
            for _ in 0..attempts {
                let _permit = throttle.permit().await;
                times.push(StdInstant::now());
            }
            let most = (count / u32::try_from(per).unwrap() + burst) as usize;
            for window in times.windows(most + 1) {
                // The permit is given before the time is read here: a window may look shorter by what lies between.
                let length = window[most].duration_since(window[0]);
                assert!(length > Duration::from_millis(990), "{most} + 1 attempts in {length:?} at {count}/{per}s");
            }
        }
    }

    #[tokio::test]
    async fn a_closed_throttle_lets_nobody_pass() {
        let throttle = Arc::new(Throttle::new(&ThrottleSettings { rate: Rate::Unlimited, ..settings(1, 1, 1) }));
        let wait = Duration::from_millis(60);
        throttle.close_for(wait);
        let began = StdInstant::now();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let throttle = Arc::clone(&throttle);
            waiting.spawn(async move {
                let _permit = throttle.permit().await;
                StdInstant::now()
            });
        }
        for passed in waiting.join_all().await {
            assert!(passed.duration_since(began) >= wait);
        }
    }
}
