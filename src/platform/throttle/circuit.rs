//! The circuit breaker: stops calling while the platform does not work, and finds out by single probes when it does again.
//!
//! It judges the platform, not items. Each item has at most one vote within the window, so that a few items that always
//! fail, however often they are tried, cannot pause a run.

use crate::job::PauseSettings;
use crate::message::Message;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Delay before the first probe of a pause; doubled after each probe that fails.
const FIRST_PROBE: Duration = Duration::from_secs(1);
/// Longest delay between two probes.
const LONGEST_PROBE_WAIT: Duration = Duration::from_secs(30);
/// Largest share of a delay that jitter adds or takes away, so that many processes do not probe in step.
const JITTER: f64 = 0.2;
/// Waits that the platform asked for in a row (`Retry-After`), without an answer between them, after which calling pauses.
const WAITS_IN_A_ROW: u32 = 3;
/// Most often that the window is doubled after false alarms.
const MOST_DOUBLINGS: u32 = 5;

/// State of the circuit breaker.
#[derive(Debug)]
pub(super) struct Circuit {
    settings: PauseSettings,
    /// The latest votes, oldest first; at most one of each voter.
    votes: VecDeque<Vote>,
    /// Pauses in a row whose first probe succeeded, with no other answer between them: each doubles the window, so that many
    /// items that always fail, one after another, do not pause a run over and over.
    false_alarms: u32,
    waits_in_a_row: u32,
    pause: Option<Pause>,
    dice: fastrand::Rng,
}

/// What one item says about the platform.
#[derive(Debug, Clone, Copy)]
struct Vote {
    voter: u64,
    has_failed: bool,
}

/// A pause: no attempt but probes.
#[derive(Debug)]
struct Pause {
    since: Instant,
    wait: Duration,
    probe_at: Instant,
    is_probing: bool,
    failed_probes: u32,
    why: Message,
}

/// Decision of the limiter on one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may be made now.
    Allow,
    /// Calling pauses; one attempt may be made now to find out whether the platform works again.
    AllowProbe,
    /// Not before this time, or before an attempt ends.
    WaitUntil(Instant),
    /// The platform has not worked for as long as the job is patient; why.
    GiveUp(Message),
}

/// What the end of an attempt changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transition {
    None,
    Paused,
    ProbeFailed,
    Resumed,
}

impl Circuit {
    pub(super) fn new(settings: PauseSettings) -> Self {
        Self { settings, votes: VecDeque::new(), false_alarms: 0, waits_in_a_row: 0, pause: None, dice: fastrand::Rng::new() }
    }

    /// Why calling pauses; `None` where it does not.
    pub(super) fn why_paused(&self) -> Option<&Message> {
        self.pause.as_ref().map(|pause| &pause.why)
    }

    /// When patience ends, as things stand at `now`.
    pub(super) fn deadline(&self, now: Instant) -> Instant {
        self.pause.as_ref().map_or(now, |pause| pause.since) + self.settings.patience
    }

    /// Decides on one attempt. An allowed probe counts as made until [`probed`](Self::probed) or
    /// [`put_off_probe`](Self::put_off_probe) is called.
    pub(super) fn admit(&mut self, now: Instant) -> Admission {
        let deadline = self.deadline(now);
        let Some(pause) = &mut self.pause else { return Admission::Allow };
        if now >= deadline {
            return Admission::GiveUp(pause.why.clone());
        }
        if pause.is_probing {
            return Admission::WaitUntil(deadline);
        }
        if now < pause.probe_at {
            return Admission::WaitUntil(pause.probe_at.min(deadline));
        }
        pause.is_probing = true;
        Admission::AllowProbe
    }

    /// The probe that was allowed is not made now.
    pub(super) fn put_off_probe(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.is_probing = false;
        }
    }

    /// Takes the vote of an item: its attempt was answered, or failed in the way that `failure` names. While calling pauses,
    /// votes of attempts that were in flight before tell nothing new.
    pub(super) fn vote(&mut self, now: Instant, voter: u64, failure: Option<&Message>) -> Transition {
        if self.pause.is_some() {
            return Transition::None;
        }
        if failure.is_none() {
            self.false_alarms = 0;
            self.waits_in_a_row = 0;
        }
        self.votes.retain(|vote| vote.voter != voter);
        let window = self.settings.attempts.saturating_mul(1 << self.false_alarms);
        while self.votes.len() >= window as usize {
            self.votes.pop_front();
        }
        self.votes.push_back(Vote { voter, has_failed: failure.is_some() });
        let Some(failure) = failure else { return Transition::None };
        let failed = self.votes.iter().filter(|vote| vote.has_failed).count();
        #[expect(clippy::cast_precision_loss, reason = "some hundreds at most")]
        let is_over = failed as f64 >= self.settings.share * f64::from(window);
        if !is_over {
            return Transition::None;
        }
        let why = Message::new("platform-fails")
            .with("failed", failed)
            .with("of", self.votes.len())
            .with_message("latest", failure.clone());
        self.pause_now(now, why)
    }

    /// Takes a wait that the platform asked for (`Retry-After`) outside of any other one.
    pub(super) fn waited(&mut self, now: Instant, wait: Duration) -> Transition {
        self.waits_in_a_row += 1;
        if self.pause.is_some() || self.waits_in_a_row < WAITS_IN_A_ROW {
            return Transition::None;
        }
        self.pause_now(now, Message::new("platform-asks-to-wait").with("wait", humantime::format_duration(wait)))
    }

    /// Takes the end of a probe.
    pub(super) fn probed(&mut self, now: Instant, failure: Option<&Message>) -> Transition {
        let jitter = 1.0 + JITTER * (2.0 * self.dice.f64() - 1.0);
        let Some(pause) = &mut self.pause else { return Transition::None };
        if failure.is_some() {
            pause.failed_probes += 1;
            pause.wait = (pause.wait * 2).min(LONGEST_PROBE_WAIT);
            pause.probe_at = now + pause.wait.mul_f64(jitter);
            pause.is_probing = false;
            return Transition::ProbeFailed;
        }
        self.false_alarms = if pause.failed_probes == 0 { (self.false_alarms + 1).min(MOST_DOUBLINGS) } else { 0 };
        self.waits_in_a_row = 0;
        self.pause = None;
        self.votes.clear();
        Transition::Resumed
    }

    /// Pauses whatever the votes say; a pause that is there already goes on as it is.
    pub(super) fn pause_now(&mut self, now: Instant, why: Message) -> Transition {
        if self.pause.is_some() {
            return Transition::None;
        }
        let jitter = 1.0 + JITTER * (2.0 * self.dice.f64() - 1.0);
        self.pause = Some(Pause {
            since: now,
            wait: FIRST_PROBE,
            probe_at: now + FIRST_PROBE.mul_f64(jitter),
            is_probing: false,
            failed_probes: 0,
            why,
        });
        Transition::Paused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn circuit(attempts: u32) -> Circuit {
        Circuit::new(PauseSettings { share: 0.8, attempts, patience: Duration::from_mins(1) })
    }

    fn failure() -> Message {
        Message::new("failure-http").with("status", 503)
    }

    /// The time at which the circuit next admits something other than waiting.
    fn next_admission(circuit: &mut Circuit, mut now: Instant) -> (Instant, Admission) {
        loop {
            match circuit.admit(now) {
                Admission::WaitUntil(until) => now = until,
                admission => return (now, admission),
            }
        }
    }

    #[test]
    fn failures_of_different_items_pause_it_and_those_of_one_item_do_not() {
        let now = Instant::now();
        let mut one = circuit(10);
        for _ in 0..100 {
            assert_eq!(one.vote(now, 7, Some(&failure())), Transition::None);
        }
        let mut several = circuit(10);
        let transitions: Vec<Transition> = (0..8).map(|item| several.vote(now, item, Some(&failure()))).collect();
        assert_eq!(transitions.iter().position(|transition| *transition == Transition::Paused), Some(7), "eight of ten");
        assert_eq!(several.vote(now, 99, None), Transition::None, "it was in flight before");
        assert!(several.why_paused().is_some());
    }

    #[test]
    fn probes_follow_their_own_schedule_until_one_succeeds() {
        let (mut circuit, start) = (circuit(10), Instant::now());
        circuit.pause_now(start, failure());
        let mut now = start;
        for seconds in [1, 2, 4, 8, 16] {
            let (at, admission) = next_admission(&mut circuit, now);
            assert_eq!(admission, Admission::AllowProbe);
            let wait = (at - now).as_secs_f64() / f64::from(seconds);
            assert!((0.8..=1.2).contains(&wait), "{wait} of {seconds} s");
            assert_eq!(circuit.admit(at), Admission::WaitUntil(start + 60 * SECOND), "one probe at a time");
            assert_eq!(circuit.probed(at, Some(&failure())), Transition::ProbeFailed);
            now = at;
        }
        assert_eq!(circuit.probed(now, None), Transition::Resumed);
        assert_eq!((circuit.admit(now), circuit.why_paused()), (Admission::Allow, None));
        assert_eq!(circuit.vote(now, 1, Some(&failure())), Transition::None, "it counts anew");
    }

    #[test]
    fn an_outage_of_five_minutes_costs_at_most_twenty_probes() {
        let start = Instant::now();
        let mut circuit = Circuit::new(PauseSettings { share: 0.8, attempts: 20, patience: Duration::from_mins(5) });
        circuit.pause_now(start, failure());
        let (mut now, mut probes) = (start, 0);
        let end = loop {
            match next_admission(&mut circuit, now) {
                (at, Admission::AllowProbe) => {
                    probes += 1;
                    now = at;
                    circuit.probed(now, Some(&failure()));
                }
                (at, admission) => {
                    assert!(matches!(admission, Admission::GiveUp(_)), "{admission:?}");
                    break at;
                }
            }
        };
        assert_eq!(end, start + Duration::from_mins(5));
        assert!((8..=20).contains(&probes), "{probes}");
    }

    #[test]
    fn false_alarms_widen_the_window_and_an_answer_narrows_it_again() {
        let (mut circuit, now) = (circuit(10), Instant::now());
        let votes_until_paused = |circuit: &mut Circuit, first: u64| {
            (0..1000).find(|vote| circuit.vote(now, first + vote, Some(&failure())) == Transition::Paused).unwrap() + 1
        };
        assert_eq!(votes_until_paused(&mut circuit, 0), 8);
        circuit.probed(now, None);
        assert_eq!(votes_until_paused(&mut circuit, 1000), 16);
        circuit.probed(now, None);
        assert_eq!(votes_until_paused(&mut circuit, 2000), 32);
        circuit.probed(now, Some(&failure()));
        circuit.probed(now, None);
        assert_eq!(votes_until_paused(&mut circuit, 3000), 8, "the platform had failed indeed");
        circuit.probed(now, None);
        circuit.vote(now, 1, None);
        assert_eq!(votes_until_paused(&mut circuit, 4000), 8);
    }

    #[test]
    fn waits_that_are_asked_for_over_and_over_pause_it() {
        let (mut circuit, now) = (circuit(10), Instant::now());
        assert_eq!(circuit.waited(now, SECOND), Transition::None);
        circuit.vote(now, 1, None);
        assert_eq!(circuit.waited(now, SECOND), Transition::None);
        assert_eq!(circuit.waited(now, SECOND), Transition::None);
        assert_eq!(circuit.waited(now, SECOND), Transition::Paused);
    }

    proptest! {
        /// Whatever happens, a pause ends: with a probe that succeeds, or when patience is over.
        #[test]
        fn a_pause_always_ends(answers in prop::collection::vec(any::<bool>(), 200)) {
            let (mut circuit, start) = (circuit(10), Instant::now());
            circuit.pause_now(start, failure());
            let mut now = start;
            for answered in answers {
                let (at, admission) = next_admission(&mut circuit, now);
                now = at;
                prop_assert!(now <= start + Duration::from_mins(1));
                match admission {
                    Admission::AllowProbe => {
                        circuit.probed(now, (!answered).then(failure).as_ref());
                    }
                    Admission::Allow | Admission::GiveUp(_) => return Ok(()),
                    Admission::WaitUntil(_) => unreachable!("it was waited out"),
                }
            }
            prop_assert!(false, "the pause did not end");
        }
    }
}
