//! Slowing down when the platform struggles: from how attempts end to the share of the set rate that is used.

use crate::message::Message;
use std::time::Duration;
use tokio::time::Instant;

/// A round of attempts is judged when it has this many, or is this old, but not before [`SHORTEST_ROUND`].
const ROUND: u32 = 20;
const LONGEST_ROUND: Duration = Duration::from_secs(5);
const SHORTEST_ROUND: Duration = Duration::from_secs(1);
/// A round is strained from this share of strained attempts on (and at least two of them).
const STRAINED_SHARE: f64 = 0.1;
/// Answers are slow when they take this many times the usual, and longer by [`SLOWER_BY`] at least.
const SLOWER_TIMES: u32 = 3;
const SLOWER_BY: Duration = Duration::from_millis(100);
/// Slowing down multiplies, recovering adds.
const CUT: f64 = 0.5;
const RECOVERY: f64 = 0.05;
const LEAST: f64 = 1.0 / 64.0;
/// How much of a round's latency goes into the usual one, where it is longer.
const LEARNING: f64 = 0.05;

/// How a struggling platform shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strain {
    /// HTTP 429, or a return code whose words speak of too frequent calls.
    TooMany,
    /// HTTP 503.
    Unavailable,
    /// Return code 1: a system behind the platform timed out.
    Behind,
    /// No whole answer in time.
    Timeout,
    /// Answers take much longer than usual.
    Slow,
}

impl Strain {
    /// The name in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::Unavailable => "unavailable",
            Self::Behind => "behind",
            Self::Timeout => "timeout",
            Self::Slow => "slow",
        }
    }
}

impl Strain {
    /// What people call it.
    #[must_use]
    pub fn to_message(self) -> Message {
        match self {
            Self::TooMany => Message::new("strain-too_many"),
            Self::Unavailable => Message::new("strain-unavailable"),
            Self::Behind => Message::new("strain-behind"),
            Self::Timeout => Message::new("strain-timeout"),
            Self::Slow => Message::new("strain-slow"),
        }
    }
}

/// What the platform can bear, learnt from how attempts end.
#[derive(Debug)]
pub(super) struct Bearing {
    share: f64,
    why: Option<Strain>,
    usual: Option<Duration>,
    round: Round,
}

/// Attempts since the last judgement. Those that began before it tell nothing about what it changed.
#[derive(Debug)]
struct Round {
    since: Instant,
    attempts: u32,
    strained: u32,
    latest: Option<Strain>,
    /// Attempts that were answered, and the time that they took: what fails quickly says nothing about how long answers take.
    answered: u32,
    time: Duration,
}

impl Round {
    const fn new(since: Instant) -> Self {
        Self { since, attempts: 0, strained: 0, latest: None, answered: 0, time: Duration::ZERO }
    }
}

impl Bearing {
    pub(super) const fn new(now: Instant) -> Self {
        Self { share: 1.0, why: None, usual: None, round: Round::new(now) }
    }

    /// The share of the set rate and concurrency to use, and why it is less than all.
    pub(super) const fn share(&self) -> (f64, Option<Strain>) {
        (self.share, self.why)
    }

    /// Takes the end of an attempt, answered or not; whether the share has changed.
    pub(super) fn observe(&mut self, began: Instant, now: Instant, answered: bool, strain: Option<Strain>) -> bool {
        if began < self.round.since {
            return false;
        }
        let round = &mut self.round;
        round.attempts += 1;
        if answered {
            round.answered += 1;
            round.time += now.duration_since(began);
        }
        round.strained += u32::from(strain.is_some());
        round.latest = strain.or(round.latest);
        let age = now.duration_since(round.since);
        let is_due = age >= SHORTEST_ROUND && (round.attempts >= ROUND || age >= LONGEST_ROUND);
        if strain != Some(Strain::TooMany) && !is_due {
            return false;
        }
        let before = self.share;
        if let Some(strain) = self.judge(strain) {
            self.share = (self.share * CUT).max(LEAST);
            self.why = Some(strain);
        } else {
            self.share = (self.share + RECOVERY).min(1.0);
            self.why = self.why.filter(|_| self.share < 1.0);
        }
        self.round = Round::new(now);
        (self.share - before).abs() > f64::EPSILON
    }

    /// What strain the round shows, if any.
    fn judge(&mut self, latest: Option<Strain>) -> Option<Strain> {
        let Round { attempts, strained, answered, time, .. } = self.round;
        // Who says that there are too many need not say it twice.
        if latest == Some(Strain::TooMany) {
            return latest;
        }
        if strained >= 2 && f64::from(strained) >= STRAINED_SHARE * f64::from(attempts) {
            return self.round.latest;
        }
        if answered == 0 {
            return None;
        }
        let mean = time / answered;
        let usual = self.usual.unwrap_or(mean);
        // What lasts becomes usual; what is quicker is usual at once.
        self.usual = Some(if mean > usual { usual.mul_f64(1.0 - LEARNING) + mean.mul_f64(LEARNING) } else { mean });
        (mean > usual * SLOWER_TIMES && mean > usual + SLOWER_BY).then_some(Strain::Slow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A round of 20 attempts a second, each taking `latency`, of which the first `strained` end strained.
    fn round(bearing: &mut Bearing, now: &mut Instant, latency: u64, strained: u32, strain: Strain) {
        for at in 0..20 {
            let began = *now;
            *now += Duration::from_millis(55);
            let end = began + Duration::from_millis(latency);
            bearing.observe(began, end, at >= strained, (at < strained).then_some(strain));
        }
    }

    #[test]
    fn it_slows_down_by_halves_and_recovers_by_steps() {
        let mut now = Instant::now();
        let mut bearing = Bearing::new(now);
        round(&mut bearing, &mut now, 10, 1, Strain::Unavailable);
        assert_eq!(bearing.share(), (1.0, None), "one in twenty is bad luck");
        for strain in [Strain::Unavailable, Strain::Behind, Strain::Timeout] {
            let before = bearing.share().0;
            round(&mut bearing, &mut now, 10, 4, strain);
            assert_eq!(bearing.share(), (before / 2.0, Some(strain)));
        }
        for step in 1..=17 {
            round(&mut bearing, &mut now, 10, 0, Strain::Timeout);
            assert!((bearing.share().0 - (0.125 + 0.05 * f64::from(step))).abs() < 1e-9);
        }
        round(&mut bearing, &mut now, 10, 0, Strain::Timeout);
        assert_eq!(bearing.share(), (1.0, None), "and no further than what is set");
        for _ in 0..20 {
            round(&mut bearing, &mut now, 10, 20, Strain::Behind);
        }
        assert!(bearing.share().0 >= LEAST);
    }

    #[test]
    fn too_many_is_heeded_at_once_but_once_for_those_in_flight() {
        let start = Instant::now();
        let mut bearing = Bearing::new(start);
        let at = |millis| start + Duration::from_millis(millis);
        assert!(bearing.observe(at(0), at(5), false, Some(Strain::TooMany)));
        for late in 0..15 {
            assert!(!bearing.observe(at(late.min(4)), at(6 + late), false, Some(Strain::TooMany)), "it had begun before");
        }
        assert_eq!(bearing.share(), (0.5, Some(Strain::TooMany)));
        assert!(bearing.observe(at(30), at(31), false, Some(Strain::TooMany)));
        assert_eq!(bearing.share(), (0.25, Some(Strain::TooMany)));
    }

    #[test]
    fn answers_that_become_slow_are_a_strain_and_a_new_usual_is_learnt() {
        let mut now = Instant::now();
        let mut bearing = Bearing::new(now);
        for _ in 0..3 {
            round(&mut bearing, &mut now, 20, 0, Strain::Slow);
        }
        round(&mut bearing, &mut now, 90, 0, Strain::Slow);
        assert_eq!(bearing.share(), (1.0, None), "slower, but not by much");
        for _ in 0..2 {
            round(&mut bearing, &mut now, 500, 0, Strain::Slow);
        }
        assert_eq!(bearing.share().1, Some(Strain::Slow));
        // What lasts becomes usual, and is no strain any more.
        for _ in 0..200 {
            round(&mut bearing, &mut now, 500, 0, Strain::Slow);
        }
        assert_eq!(bearing.share(), (1.0, None));
    }

    #[test]
    fn what_fails_quickly_makes_no_answer_slow() {
        let mut now = Instant::now();
        let mut bearing = Bearing::new(now);
        round(&mut bearing, &mut now, 150, 0, Strain::Slow);
        // Refused connections take no time, and are told by the circuit.
        for _ in 0..40 {
            now += Duration::from_secs(6);
            bearing.observe(now, now + Duration::from_millis(1), false, None);
        }
        round(&mut bearing, &mut now, 150, 0, Strain::Slow);
        assert_eq!(bearing.share(), (1.0, None));
    }
}
