//! Progress of the calls of a run: a bar on a terminal, else lines in the log.

use crate::audit::Status;
use crate::engine::{Forgotten, Standing, Tally};
use crate::message::Message;
use crate::platform::Limit;
use crate::report::Words;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::VecDeque;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Period over which the speed is averaged.
const RECENT: Duration = Duration::from_secs(10);
/// Interval of progress lines in the log, which replace the progress bar without a terminal.
const LOGGED_EVERY: Duration = Duration::from_mins(1);

/// Progress display of a run's calls.
#[derive(Debug)]
pub(super) struct RunProgress<'a> {
    words: &'a Words,
    bar: ProgressBar,
    total: u64,
    /// Number of finished items, including those finished by earlier processes.
    done: u64,
    /// Number of certificates, by status, of the items finished by this process.
    statuses: [u64; Status::ALL.len()],
    started: Instant,
    logged: Instant,
    /// Number of attempts made until a moment, for moments of the last seconds.
    recent: VecDeque<(Instant, u64)>,
}

impl<'a> RunProgress<'a> {
    /// Starts the display. On a terminal a bar is drawn unless `is_quiet`. `done` of `total` items are finished.
    pub(super) fn new(words: &'a Words, total: u64, done: u64, is_quiet: bool) -> Self {
        let is_drawn = !is_quiet && std::io::stderr().is_terminal();
        let now = Instant::now();
        Self {
            words,
            bar: bar(is_drawn, Some(total)),
            total,
            done,
            statuses: [0; Status::ALL.len()],
            started: now,
            logged: now,
            recent: VecDeque::from([(now, 0)]),
        }
    }

    /// Counts a finished item.
    pub(super) fn finish_item(&mut self, statuses: &[Status]) {
        self.done += 1;
        for status in statuses {
            self.statuses[*status as usize] += 1;
        }
    }

    /// Subtracts items that this process finished and that are to be audited once more.
    pub(super) fn take_back(&mut self, forgotten: &Forgotten) {
        self.done = self.done.saturating_sub(forgotten.items);
        for (known, forgotten) in self.statuses.iter_mut().zip(forgotten.statuses) {
            *known = known.saturating_sub(forgotten);
        }
    }

    /// Updates the display if the last update is old enough.
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
        let speed = self
            .recent
            .front()
            .map_or(0.0, |(since, before)| per_second(attempts.saturating_sub(*before), now.duration_since(*since)));
        let left = self.time_left(standing, speed);
        if self.bar.is_hidden() {
            self.logged = now;
            let Tally { failed_calls, calls, .. } = *standing.tally;
            let (done, total, retries) = (self.done, self.total, attempts.saturating_sub(calls));
            let seconds_left = left.map(|left| left.as_secs());
            let elapsed = now.duration_since(self.started).as_secs();
            let limit = limit_message(standing);
            tracing::info!(done, total, speed, failed_calls, retries, elapsed, seconds_left, %limit, "progress");
            return;
        }
        self.bar.set_position(self.done);
        self.bar.set_message(self.line(standing, speed, left));
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Returns the estimated remaining time from the recent speed and the average number of attempts per item; `None` if there is
    /// too little data.
    #[expect(clippy::cast_precision_loss, reason = "for reading, not for reckoning")]
    fn time_left(&self, standing: &Standing<'_>, speed: f64) -> Option<Duration> {
        let Tally { finished, attempts, .. } = *standing.tally;
        if finished == 0 || speed <= 0.0 || standing.limit.paused.is_some() {
            return None;
        }
        let left = self.total.saturating_sub(self.done) as f64;
        let attempts_left = left * attempts as f64 / finished as f64;
        Duration::try_from_secs_f64((attempts_left / speed).ceil()).ok()
    }

    fn line(&self, standing: &Standing<'_>, speed: f64, left: Option<Duration>) -> String {
        let Tally { calls, attempts, failed_calls, .. } = *standing.tally;
        let statuses = Status::ALL.iter().map(|status| (status, self.statuses[*status as usize]));
        let statuses: Vec<String> = statuses
            .filter(|(_, count)| *count > 0)
            .map(|(status, count)| format!("{} {count}", self.words.status(*status)))
            .collect();
        let left = left.map_or_else(|| "…".to_owned(), |left| humantime::format_duration(left).to_string());
        let limit = self.words.say(&limit_message(standing));
        let values = [
            ("speed", format!("{speed:.0}")),
            ("limit", limit),
            ("statuses", statuses.join(" ")),
            ("failed", failed_calls.to_string()),
            ("retries", attempts.saturating_sub(calls).to_string()),
            ("left", left),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.words.fill("progress-line", &values)
    }
}

/// Creates a progress bar, hidden unless `drawn`. Without a `total` it counts up.
pub(super) fn bar(drawn: bool, total: Option<u64>) -> ProgressBar {
    let target = if drawn { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(total, target);
    // The message is truncated to the terminal's width, because a bar that wraps cannot be erased completely.
    let template = if total.is_some() { "{bar:16} {pos}/{len} {percent}% {wide_msg}" } else { "{spinner} {wide_msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if drawn {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

#[expect(clippy::cast_precision_loss, reason = "for reading, not for reckoning")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(0.001)
}

/// Returns the message for what limits the rate at the moment, and why.
fn limit_message(standing: &Standing<'_>) -> Message {
    let Limit { rate, concurrency, slowed, paused } = &standing.limit;
    if let Some(why) = paused {
        return Message::new("limit-paused").with_message("why", why.clone());
    }
    let allowed = match standing.allowed {
        Some(allowed) => Message::new("limit-rate").with_message("rate", rate_message(allowed)),
        None => Message::new("limit-none"),
    };
    let Some(strain) = slowed else { return allowed };
    let slowed = match rate {
        Some(rate) => Message::new("limit-slowed-rate").with_message("rate", rate_message(*rate)),
        None => Message::new("limit-slowed-concurrency").with("concurrency", concurrency),
    };
    slowed.with_message("allowed", allowed).with_message("why", strain.to_message())
}

fn rate_message(per_second: f64) -> Message {
    if per_second >= 1.0 {
        Message::new("rate-second").with("count", format!("{per_second:.0}"))
    } else {
        Message::new("rate-minute").with("count", format!("{:.0}", per_second * 60.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Language;
    use crate::platform::Strain;

    fn limit(rate: Option<f64>, slowed: Option<Strain>, paused: Option<Message>) -> Limit {
        Limit { rate, concurrency: 4, slowed, paused }
    }

    #[test]
    fn the_line_tells_speed_limit_and_time_left_in_the_readers_language() {
        let tally = Tally { calls: 2, attempts: 4, failed_calls: 0, finished: 2 };
        for (language, expected, slowed, paused) in [
            (
                Language::En,
                "25 calls/s (50/s allowed)  Both 1 City only 2  failed 0  retries 2  left 8s",
                "(50/s allowed, slowed to 30/min: HTTP 429)",
                "(paused: HTTP status 503)",
            ),
            (
                Language::ZhCn,
                "每秒 25 次（上限 50 次/秒）  省市均有 1 市有省无 2  失败 0  重试 2  剩余 8s",
                "（上限 50 次/秒，已降至 30 次/分钟：平台要求降低频率）",
                "（已暂停：HTTP 状态 503）",
            ),
        ] {
            let words = Words::new(language);
            let mut progress = RunProgress::new(&words, 102, 0, true);
            progress.finish_item(&[Status::Both]);
            progress.finish_item(&[Status::CityOnly, Status::CityOnly]);
            let line =
                |limit, allowed| progress.line(&Standing { tally: &tally, limit, allowed }, 25.0, Some(Duration::from_secs(8)));
            assert_eq!(line(limit(Some(50.0), None, None), Some(50.0)), expected);
            let line_slowed = line(limit(Some(0.5), Some(Strain::TooMany), None), Some(50.0));
            assert!(line_slowed.contains(slowed), "{line_slowed}");
            let why = Message::new("failure-http-status").with("status", 503);
            let line_paused = line(limit(None, None, Some(why)), None);
            assert!(line_paused.contains(paused), "{line_paused}");
            let standing = Standing { tally: &tally, limit: limit(None, None, None), allowed: None };
            let left = progress.time_left(&standing, 25.0);
            assert_eq!(left, Some(Duration::from_secs(8)), "two attempts for each of 100 items");
            assert_eq!(progress.time_left(&standing, 0.0), None);
        }
    }
}
