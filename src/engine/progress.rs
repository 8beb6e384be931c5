//! What a person sees while a run goes on: a line at the terminal, or one a minute in the log.

use super::Forgotten;
use crate::audit::Status;
use crate::platform::{Failure, Limit};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::VecDeque;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// The speed is that of the latest seconds.
const RECENT: Duration = Duration::from_secs(30);
/// Without a terminal, so often a line is logged.
const LOGGED_EVERY: Duration = Duration::from_mins(1);

/// Counters of a process.
#[derive(Debug, Default, Clone)]
pub(super) struct Tally {
    pub calls: u64,
    pub attempts: u64,
    pub failed_calls: u64,
    pub finished: u64,
    pub statuses: [u64; Status::ALL.len()],
}

impl Tally {
    /// Counts a call that came to its end.
    pub(super) fn call(&mut self, failure: Option<&Failure>, attempts: u32) {
        self.calls += u64::from(attempts > 0);
        self.attempts += u64::from(attempts);
        if let Some(failure) = failure {
            self.failed_calls += 1;
            tracing::debug!(kind = failure.kind.name(), code = failure.code, attempts, "call failed");
        }
    }

    /// Counts an item that needs nothing more.
    pub(super) fn finish(&mut self, statuses: &[Status]) {
        self.finished += 1;
        for status in statuses {
            self.statuses[*status as usize] += 1;
        }
    }

    /// Takes back items that this process finished and that are asked again.
    pub(super) fn take_back(&mut self, forgotten: &Forgotten) {
        self.finished = self.finished.saturating_sub(forgotten.items);
        for (known, forgotten) in self.statuses.iter_mut().zip(forgotten.statuses) {
            *known = known.saturating_sub(forgotten);
        }
    }
}

/// Where a run stands at a moment.
#[derive(Debug)]
pub(super) struct Standing<'a> {
    pub tally: &'a Tally,
    /// Items of the run, and those finished, before this process too.
    pub total: u64,
    pub done: u64,
    pub limit: Limit,
    /// Attempts a second that the job allows.
    pub allowed: Option<f64>,
}

/// Shows how the run stands.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    logged: Instant,
    /// Attempts made by moments of the latest seconds.
    recent: VecDeque<(Instant, u64)>,
}

impl Progress {
    /// Begins; on a terminal a line is drawn where that is `wanted`.
    pub(super) fn new(total: u64, wanted: bool) -> Self {
        let is_drawn = wanted && std::io::stderr().is_terminal();
        let target = if is_drawn { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {percent}%  {msg}") {
            bar.set_style(style);
        }
        if is_drawn {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        let now = Instant::now();
        Self { bar, started: now, logged: now, recent: VecDeque::from([(now, 0)]) }
    }

    /// Shows where the run stands, where it is time to.
    pub(super) fn show(&mut self, standing: &Standing<'_>) {
        let now = Instant::now();
        let attempts = standing.tally.attempts;
        self.recent.push_back((now, attempts));
        while self.recent.len() > 2 && self.recent.front().is_some_and(|(at, _)| now.duration_since(*at) > RECENT) {
            self.recent.pop_front();
        }
        if self.bar.is_hidden() && now.duration_since(self.logged) < LOGGED_EVERY {
            return;
        }
        let speed = self.recent.front().map_or(0.0, |(since, before)| per_second(attempts - before, now.duration_since(*since)));
        let left = time_left(standing, speed);
        if self.bar.is_hidden() {
            self.logged = now;
            let Tally { failed_calls, calls, .. } = *standing.tally;
            let (done, total, retries) = (standing.done, standing.total, attempts.saturating_sub(calls));
            let seconds_left = left.map(|left| left.as_secs());
            let elapsed = now.duration_since(self.started).as_secs();
            tracing::info!(
                done,
                total,
                speed,
                failed_calls,
                retries,
                elapsed,
                seconds_left,
                limit = limit_words(standing),
                "progress"
            );
            return;
        }
        self.bar.set_position(standing.done);
        self.bar.set_message(line(standing, speed, left));
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[expect(clippy::cast_precision_loss, reason = "for reading, not for reckoning")]
fn per_second(count: u64, stretch: Duration) -> f64 {
    count as f64 / stretch.as_secs_f64().max(0.001)
}

/// From the speed of the latest seconds and the attempts that an item has taken so far; none where there is no telling.
#[expect(clippy::cast_precision_loss, reason = "for reading, not for reckoning")]
fn time_left(standing: &Standing<'_>, speed: f64) -> Option<Duration> {
    let Tally { finished, attempts, .. } = *standing.tally;
    if finished == 0 || speed <= 0.0 || standing.limit.paused.is_some() {
        return None;
    }
    let left = standing.total.saturating_sub(standing.done) as f64;
    let attempts_left = left * attempts as f64 / finished as f64;
    Duration::try_from_secs_f64((attempts_left / speed).ceil()).ok()
}

/// What limits calling at the moment, and why.
fn limit_words(standing: &Standing<'_>) -> String {
    let Limit { rate, concurrency, slowed, paused } = &standing.limit;
    if let Some(why) = paused {
        return format!("paused: {why}");
    }
    let allowed = standing.allowed.map_or_else(|| "no limit".to_owned(), |allowed| format!("{} allowed", rate_words(allowed)));
    match (slowed, rate) {
        (Some(strain), Some(rate)) => format!("{allowed}, slowed to {} for {}", rate_words(*rate), strain.words()),
        (Some(strain), None) => format!("{allowed}, slowed to {concurrency} at once for {}", strain.words()),
        (None, _) => allowed,
    }
}

fn rate_words(per_second: f64) -> String {
    if per_second >= 1.0 { format!("{per_second:.0}/s") } else { format!("{:.0}/min", per_second * 60.0) }
}

fn line(standing: &Standing<'_>, speed: f64, left: Option<Duration>) -> String {
    let Tally { calls, attempts, failed_calls, statuses, .. } = standing.tally;
    let statuses: Vec<String> = Status::ALL
        .iter()
        .map(|status| (status, statuses[*status as usize]))
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| format!("{} {count}", status.name()))
        .collect();
    let left = left.map_or_else(|| "…".to_owned(), |left| humantime::format_duration(left).to_string());
    format!(
        "{speed:.0} calls/s ({})  {}  failed {failed_calls}  retries {}  left {left}",
        limit_words(standing),
        statuses.join(" "),
        attempts.saturating_sub(*calls),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Strain;

    fn limit(rate: Option<f64>, slowed: Option<Strain>, paused: Option<&str>) -> Limit {
        Limit { rate, concurrency: 4, slowed, paused: paused.map(str::to_owned) }
    }

    #[test]
    fn the_line_tells_speed_limit_and_time_left() {
        let mut tally = Tally::default();
        tally.finish(&[Status::Both]);
        tally.finish(&[Status::CityOnly, Status::CityOnly]);
        tally.call(None, 3);
        tally.call(None, 1);
        let standing = |limit, allowed| {
            line(&Standing { tally: &tally, total: 102, done: 2, limit, allowed }, 25.0, Some(Duration::from_secs(8)))
        };
        assert_eq!(
            standing(limit(Some(50.0), None, None), Some(50.0)),
            "25 calls/s (50/s allowed)  both 1 city_only 2  failed 0  retries 2  left 8s"
        );
        let slowed = standing(limit(Some(0.5), Some(Strain::TooMany), None), Some(50.0));
        assert!(slowed.contains("(50/s allowed, slowed to 30/min for HTTP 429)"), "{slowed}");
        let paused = standing(limit(None, None, Some("HTTP 503")), None);
        assert!(paused.contains("(paused: HTTP 503)"), "{paused}");
        let standing = Standing { tally: &tally, total: 102, done: 2, limit: limit(None, None, None), allowed: None };
        assert_eq!(time_left(&standing, 25.0), Some(Duration::from_secs(8)), "two attempts for each of 100 items");
        assert_eq!(time_left(&standing, 0.0), None);
    }
}
