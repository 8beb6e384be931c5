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
    second: Second,
}

/// Keeps every stretch of a second to what it may hold.
#[derive(Debug)]
struct Second {
    /// The times of the latest attempts, at most `most` of them.
    recent: VecDeque<Instant>,
    most: usize,
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
            return Self { pace: None, second: Second::new(usize::MAX) };
        };
        let catch_up = (f64::from(count) * LATE_WAKE_UP.as_secs_f64() / per.as_secs_f64()).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate's fiftieth fits, and is positive")]
        let burst = settings.burst.saturating_add(catch_up as u32);
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(per / count).unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX)).allow_burst(burst);
        // What a second may hold, whatever stretch the rate is told by.
        let a_second = u64::from(count) / per.as_secs().max(1) + u64::from(settings.burst);
        Self { pace: Some(RateLimiter::direct(quota)), second: Second::new(usize::try_from(a_second).unwrap_or(usize::MAX)) }
    }

    /// Passes, or says how long to wait before asking again.
    fn pass(&mut self) -> Result<(), Duration> {
        let Some(pace) = &self.pace else { return Ok(()) };
        let now = Instant::now();
        self.second.has_room(now)?;
        pace.check().map_err(|early| early.wait_time_from(governor::clock::DefaultClock::default().now()))?;
        self.second.note(now);
        Ok(())
    }
}

impl Second {
    const fn new(most: usize) -> Self {
        Self { recent: VecDeque::new(), most }
    }

    /// Whether one more attempt fits now; else how long until it does.
    fn has_room(&self, now: Instant) -> Result<(), Duration> {
        const SECOND: Duration = Duration::from_secs(1);
        match self.recent.front().map(|first| now.duration_since(*first)) {
            Some(age) if self.recent.len() == self.most && age <= SECOND => {
                Err(SECOND.saturating_sub(age) + Duration::from_micros(1))
            }
            _ => Ok(()),
        }
    }

    fn note(&mut self, now: Instant) {
        if self.recent.len() == self.most {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(count: u32, per: u64, burst: u32) -> ThrottleSettings {
        let rate = Rate::Limited { count, per: Duration::from_secs(per) };
        ThrottleSettings { rate, burst, concurrency: 64, max_calls: None }
    }

    #[test]
    fn a_second_may_hold_the_rate_and_the_burst() {
        for (count, per, burst, most) in
            [(200, 1, 1, 201), (12_000, 60, 3, 203), (100, 1, 20, 120), (6, 60, 1, 1), (7_200, 3_600, 1, 3)]
        {
            assert_eq!(Gate::new(&settings(count, per, burst)).second.most, most, "{count} in {per} s");
        }
    }

    proptest! {
        /// On a simulated clock: whoever asks as often as they like, no second holds more than it may.
        #[test]
        fn no_second_holds_more_than_it_may(most in 1usize..40, steps in prop::collection::vec(0u64..80, 400)) {
            let mut second = Second::new(most);
            let mut now = Instant::now();
            let mut passed = Vec::new();
            for step in steps {
                now += Duration::from_millis(step);
                match second.has_room(now) {
                    Ok(()) => {
                        second.note(now);
                        passed.push(now);
                    }
                    Err(wait) => prop_assert!(second.has_room(now + wait).is_ok(), "the wait told is long enough"),
                }
            }
            for window in passed.windows(most + 1) {
                prop_assert!(window[most].duration_since(window[0]) > Duration::from_secs(1));
            }
        }
    }

    #[tokio::test]
    async fn a_closed_throttle_lets_nobody_pass_before_its_time() {
        let throttle = Arc::new(Throttle::new(&ThrottleSettings { rate: Rate::Unlimited, ..settings(1, 1, 1) }));
        throttle.close_for(Duration::from_millis(60));
        let until = throttle.closed_until.lock().unwrap().unwrap();
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
}
