//! Pausing when most attempts fail: nothing but single probes is sent until one of them succeeds.

use crate::job::PauseSettings;
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;
use tokio::time::Instant;

/// Whether attempts may be made.
#[derive(Debug)]
pub(super) struct Circuit {
    settings: PauseSettings,
    /// First and longest wait between probes.
    waits: Range<Duration>,
    /// How the latest attempts ended: whether they failed.
    recent: VecDeque<bool>,
    pause: Option<Pause>,
}

#[derive(Debug)]
struct Pause {
    since: Instant,
    wait: Duration,
    probe_at: Instant,
    probing: bool,
    why: String,
}

/// May an attempt be made now?
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum May {
    /// Yes.
    Pass,
    /// Yes, as the one probe.
    Probe,
    /// Not before this time, or before something changes.
    Wait(Instant),
    /// Patience is over; why.
    GiveUp(String),
}

/// What an attempt's end changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    None,
    Paused,
    ProbeFailed,
    Resumed,
}

impl Circuit {
    pub(super) fn new(settings: PauseSettings, waits: Range<Duration>) -> Self {
        Self { settings, waits, recent: VecDeque::new(), pause: None }
    }

    pub(super) fn why_paused(&self) -> Option<&str> {
        self.pause.as_ref().map(|pause| pause.why.as_str())
    }

    pub(super) const fn patience(&self) -> Duration {
        self.settings.patience
    }

    /// A wait that the platform asks for does not use up patience.
    pub(super) fn wait_too(&mut self, wait: Duration) {
        if let Some(pause) = &mut self.pause {
            pause.since += wait.min(self.settings.patience);
        }
    }

    /// Asks for an attempt.
    pub(super) fn may(&mut self, now: Instant) -> May {
        let Some(pause) = &mut self.pause else { return May::Pass };
        let end = pause.since + self.settings.patience;
        if now >= end {
            return May::GiveUp(format!("{}; waited for {}", pause.why, humantime::format_duration(self.settings.patience)));
        }
        if pause.probing || now < pause.probe_at {
            return May::Wait(if pause.probing { end } else { pause.probe_at.min(end) });
        }
        pause.probing = true;
        May::Probe
    }

    /// The probe that was allowed is not made now.
    pub(super) fn put_off_probe(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.probing = false;
        }
    }

    /// Takes the end of an attempt: whether it was the probe, and why it failed, where it did.
    pub(super) fn observe(&mut self, now: Instant, was_probe: bool, failure: Option<&str>) -> Turn {
        match (&mut self.pause, failure) {
            (Some(_), None) if was_probe => {
                self.pause = None;
                self.recent.clear();
                Turn::Resumed
            }
            (Some(pause), Some(_)) if was_probe => {
                pause.wait = (pause.wait * 2).min(self.waits.end);
                pause.probe_at = now + pause.wait;
                pause.probing = false;
                Turn::ProbeFailed
            }
            // Attempts that were in flight when calling paused say nothing new.
            (Some(_), _) => Turn::None,
            (None, _) => {
                if self.recent.len() == self.settings.attempts as usize {
                    self.recent.pop_front();
                }
                self.recent.push_back(failure.is_some());
                let failed = self.recent.iter().filter(|failed| **failed).count();
                #[expect(clippy::cast_precision_loss, reason = "a count of some dozens")]
                let is_over = failed as f64 >= self.settings.share * f64::from(self.settings.attempts);
                match failure {
                    Some(why) if is_over => {
                        self.pause_now(
                            now,
                            format!("{failed} of the last {} attempts failed, the latest with {why}", self.recent.len()),
                        );
                        Turn::Paused
                    }
                    _ => Turn::None,
                }
            }
        }
    }

    /// Pauses whatever the latest attempts say.
    pub(super) fn pause_now(&mut self, now: Instant, why: String) {
        let wait = self.waits.start;
        self.pause.get_or_insert(Pause { since: now, wait, probe_at: now + wait, probing: false, why });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn circuit() -> Circuit {
        let settings = PauseSettings { share: 0.8, attempts: 10, patience: Duration::from_mins(1) };
        Circuit::new(settings, SECOND..4 * SECOND)
    }

    #[test]
    fn it_pauses_probes_and_resumes() {
        let (mut circuit, start) = (circuit(), Instant::now());
        for at in 0..20 {
            assert_eq!(circuit.observe(start, false, (at % 2 == 0).then_some("HTTP 503")), Turn::None, "half of them is luck");
        }
        let turns: Vec<Turn> = (0..6).map(|_| circuit.observe(start, false, Some("HTTP 503"))).collect();
        assert_eq!(turns.iter().filter(|turn| **turn == Turn::Paused).count(), 1, "{turns:?}");
        assert_eq!(circuit.may(start), May::Wait(start + SECOND));
        assert_eq!(circuit.observe(start, false, None), Turn::None, "it was in flight before");

        let mut now = start;
        for wait in [1, 2, 4, 4] {
            now += wait * SECOND;
            assert_eq!(circuit.may(now), May::Probe);
            assert_eq!(circuit.may(now), May::Wait(start + 60 * SECOND), "one probe at a time");
            assert_eq!(circuit.observe(now, true, Some("HTTP 503")), Turn::ProbeFailed);
            assert!(matches!(circuit.may(now), May::Wait(_)));
        }
        now += 4 * SECOND;
        assert_eq!(circuit.may(now), May::Probe);
        assert_eq!(circuit.observe(now, true, None), Turn::Resumed);
        assert_eq!((circuit.may(now), circuit.why_paused()), (May::Pass, None));
        assert_eq!(circuit.observe(now, false, Some("HTTP 503")), Turn::None, "it counts anew");
    }

    #[test]
    fn patience_ends() {
        let (mut circuit, start) = (circuit(), Instant::now());
        circuit.pause_now(start, "no token".to_owned());
        let May::GiveUp(why) = circuit.may(start + 60 * SECOND) else { panic!() };
        assert_eq!(why, "no token; waited for 1m");
    }
}
