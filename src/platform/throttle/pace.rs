//! The pace that the job sets: an exact mean, and no second that holds more than it may.

use crate::job::{Rate, ThrottleSettings};
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

/// Timers wake late by about a millisecond. That much of the pace may be caught up on, so that the mean stays exact.
const LATE_WAKE_UP: Duration = Duration::from_millis(20);

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The pace of attempts; on a clock of its own, so that hours can be tried in a moment.
#[derive(Debug)]
pub(super) struct Pace<C: Clock> {
    clock: C,
    started: C::Instant,
    settings: ThrottleSettings,
    /// The share of the set rate that the limiter was made for.
    share: f64,
    /// `None` where unlimited.
    limiter: Option<Limiter<C>>,
    second: Second,
}

impl<C: Clock + Clone> Pace<C> {
    pub(super) fn new(settings: &ThrottleSettings, clock: C) -> Self {
        let second = match settings.rate {
            Rate::Unlimited => Second::new(usize::MAX),
            // What a second may hold, whatever stretch the rate is told by.
            Rate::Limited { count, per } => {
                let most = u64::from(count) / per.as_secs().max(1) + u64::from(settings.burst);
                Second::new(usize::try_from(most).unwrap_or(usize::MAX))
            }
        };
        let limiter = limiter(settings, 1.0, &clock);
        Self { started: clock.now(), settings: settings.clone(), share: 1.0, limiter, second, clock }
    }

    /// Passes at `share` (0 to 1) of the set rate, or says how long to wait before asking again.
    pub(super) fn pass(&mut self, share: f64) -> Result<(), Duration> {
        if self.limiter.is_some() && (share - self.share).abs() > f64::EPSILON {
            self.share = share;
            self.limiter = limiter(&self.settings, share, &self.clock);
        }
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let now = self.clock.now();
        let since_start: Duration = now.duration_since(self.started).into();
        self.second.has_room(since_start)?;
        limiter.check().map_err(|early| early.wait_time_from(now))?;
        self.second.note(since_start);
        Ok(())
    }
}

fn limiter<C: Clock + Clone>(settings: &ThrottleSettings, share: f64, clock: &C) -> Option<Limiter<C>> {
    let Rate::Limited { count, per } = settings.rate else { return None };
    let interval = (per / count).div_f64(share);
    let catch_up = (LATE_WAKE_UP.as_secs_f64() / interval.as_secs_f64()).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate's fiftieth fits, and is positive")]
    let burst = settings.burst.saturating_add(catch_up as u32);
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(interval).unwrap_or_else(|| Quota::per_second(NonZeroU32::MAX)).allow_burst(burst);
    Some(RateLimiter::direct_with_clock(quota, clock.clone()))
}

/// Keeps every stretch of a second to what it may hold.
#[derive(Debug)]
struct Second {
    /// The times of the latest attempts since the start, at most `most` of them.
    recent: VecDeque<Duration>,
    most: usize,
}

impl Second {
    const fn new(most: usize) -> Self {
        Self { recent: VecDeque::new(), most }
    }

    /// Whether one more attempt fits now; else how long until it does.
    fn has_room(&self, now: Duration) -> Result<(), Duration> {
        const SECOND: Duration = Duration::from_secs(1);
        match self.recent.front().map(|first| now.saturating_sub(*first)) {
            Some(age) if self.recent.len() == self.most && age <= SECOND => {
                Err(SECOND.saturating_sub(age) + Duration::from_micros(1))
            }
            _ => Ok(()),
        }
    }

    fn note(&mut self, now: Duration) {
        if self.recent.len() == self.most {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    fn settings(count: u32, per: u64, burst: u32) -> ThrottleSettings {
        ThrottleSettings { rate: Rate::Limited { count, per: Duration::from_secs(per) }, burst, ..ThrottleSettings::default() }
    }

    #[test]
    fn a_second_may_hold_the_rate_and_the_burst() {
        for (count, per, burst, most) in
            [(200, 1, 1, 201), (12_000, 60, 3, 203), (100, 1, 20, 120), (6, 60, 1, 1), (7_200, 3_600, 1, 3)]
        {
            let pace = Pace::new(&settings(count, per, burst), FakeRelativeClock::default());
            assert_eq!(pace.second.most, most, "{count} in {per} s");
        }
    }

    /// Passes as often as it may for `stretch` of simulated time, waking late by up to `late`; the times.
    fn passes(settings: &ThrottleSettings, share: f64, stretch: Duration, late: Duration) -> Vec<Duration> {
        let clock = FakeRelativeClock::default();
        let mut pace = Pace::new(settings, clock.clone());
        let mut dice = fastrand::Rng::with_seed(5);
        let (mut now, mut times) = (Duration::ZERO, Vec::new());
        while now < stretch {
            match pace.pass(share) {
                Ok(()) => times.push(now),
                Err(wait) => {
                    let step = wait + late.mul_f64(dice.f64());
                    clock.advance(step);
                    now += step;
                }
            }
        }
        times
    }

    #[test]
    fn the_mean_is_the_rate_and_no_second_holds_too_much() {
        for (count, per, burst, minutes) in
            [(1_000, 1, 1, 10), (50, 1, 1, 60), (30, 60, 1, 600), (200, 1, 40, 10), (7_200, 3_600, 3, 600)]
        {
            let settings = settings(count, per, burst);
            let stretch = Duration::from_secs(minutes * 60);
            let times = passes(&settings, 1.0, stretch, Duration::from_millis(2));
            let rate = settings.rate.per_second().unwrap();
            #[expect(clippy::cast_precision_loss, reason = "some thousands")]
            let mean = times.len() as f64 / stretch.as_secs_f64();
            assert!((mean / rate - 1.0).abs() < 0.01, "{count} in {per} s: {mean} a second");
            let most = Pace::new(&settings, FakeRelativeClock::default()).second.most;
            for window in times.windows(most + 1) {
                assert!(window[most] > window[0] + Duration::from_secs(1), "{count} in {per} s");
            }
        }
    }

    #[test]
    fn a_share_of_the_rate_is_kept_as_exactly() {
        let times = passes(&settings(100, 1, 1), 0.25, Duration::from_secs(400), Duration::from_millis(2));
        assert!((9_900..=10_100).contains(&times.len()), "{}", times.len());
    }

    proptest! {
        /// Whoever asks as often as they like, no second holds more than it may.
        #[test]
        fn no_second_holds_more_than_it_may(most in 1usize..40, steps in prop::collection::vec(0u64..80, 400)) {
            let mut second = Second::new(most);
            let mut now = Duration::ZERO;
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
                prop_assert!(window[most] > window[0] + Duration::from_secs(1));
            }
        }
    }
}
