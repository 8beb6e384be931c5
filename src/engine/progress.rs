//! What a person at a terminal sees while a run goes on.

use crate::audit::Status;
use crate::platform::Failure;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Counters that the progress line shows.
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
}

/// The progress line: on a terminal only.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    rate: Option<f64>,
}

impl Progress {
    /// Begins at `done` of `total` items; `rate` is the allowed number of attempts a second.
    pub(super) fn new(total: u64, done: u64, rate: Option<f64>) -> Self {
        let target =
            if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target).with_position(done);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {percent}%  {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, started: Instant::now(), rate }
    }

    /// Shows the counters.
    #[expect(clippy::cast_precision_loss, reason = "for reading, not for reckoning")]
    pub(super) fn show(&self, tally: &Tally, total: u64, done: u64) {
        if self.bar.is_hidden() {
            return;
        }
        self.bar.set_position(done);
        let elapsed = self.started.elapsed().as_secs_f64().max(0.001);
        let calls_a_second = tally.attempts as f64 / elapsed;
        let allowed = self.rate.map_or_else(|| "unlimited".to_owned(), |rate| format!("{rate:.0}/s allowed"));
        let statuses: Vec<String> = Status::ALL
            .iter()
            .map(|status| (status, tally.statuses[*status as usize]))
            .filter(|(_, count)| *count > 0)
            .map(|(status, count)| format!("{} {count}", status.name()))
            .collect();
        let retries = tally.attempts.saturating_sub(tally.calls);
        let left = if tally.finished == 0 {
            "…".to_owned()
        } else {
            let left = self.started.elapsed().mul_f64(total.saturating_sub(done) as f64 / tally.finished as f64);
            humantime::format_duration(Duration::from_secs(left.as_secs())).to_string()
        };
        self.bar.set_message(format!(
            "{calls_a_second:.0} calls/s ({allowed})  {}  failed {}  retries {retries}  left {left}",
            statuses.join(" "),
            tally.failed_calls
        ));
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
