//! Limits on the job file's numbers. A value beyond them is a mistake, or would make the program fail later.

use super::LARGEST_ANSWER;
use super::problem::Collector;
use super::schema::{self, Schema};
use super::value::{Bytes, Rate};
use crate::message::Message;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;
use toml::Spanned;

/// A condition on the value of one key, beyond those of its type.
pub(super) trait Limit<T> {
    /// Notes a value that violates the condition.
    fn check(&self, value: &Spanned<T>, key: &str, problems: &mut Collector<'_>);

    /// Restricts the schema of the type by the condition, as far as JSON Schema can express it.
    fn narrow(&self, schema: Schema) -> Schema {
        schema
    }
}

/// Limits of `retry.attempts`.
pub(super) const ATTEMPTS: RangeInclusive<u64> = 1..=100;
/// Limits of `throttle.concurrency`; a process cannot keep more connections open.
pub(super) const CONCURRENCY: RangeInclusive<u64> = 1..=1024;
/// Limits of `throttle.burst`.
pub(super) const BURST: RangeInclusive<u64> = 1..=100_000;
/// Limits of `throttle.pause_at.attempts`, whose results are all kept in memory.
pub(super) const PAUSE_ATTEMPTS: RangeInclusive<u64> = 1..=10_000;
/// Limits of `throttle.max_calls`.
pub(super) const MAX_CALLS: RangeInclusive<u64> = 1..=1_000_000_000_000;
/// Limits of `archive.concurrency`.
pub(super) const DOWNLOADS: RangeInclusive<u64> = 1..=256;
/// Limits of the timeouts of the platform and of downloads.
pub(super) const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_hours(1);
/// Limits of `throttle.patience`.
pub(super) const PATIENCE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(7 * 24);
/// Limits of `platform.max_answer`, in bytes.
pub(super) const ANSWER: RangeInclusive<u64> = 1 << 10..=LARGEST_ANSWER;
/// Limits of `archive.max_file`, in bytes.
pub(super) const FILE: RangeInclusive<u64> = 1 << 10..=4 << 30;
/// Limits of `remediate.max_actions`. All notifications of a command are in memory while they are sent.
pub(super) const ACTIONS: RangeInclusive<u64> = 1..=100_000;
/// Limits of `remediate.settle`.
pub(super) const SETTLE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);
/// Limits of `remediate.overdue_days`.
pub(super) const OVERDUE_DAYS: RangeInclusive<u64> = 0..=3650;

/// Limits of `retention.keep`; the latest complete run is always kept.
pub(super) const KEPT_RUNS: RangeInclusive<u64> = 1..=10_000;

/// Limits of both ends of `retry.backoff`. Failed calls must not be repeated without a pause.
pub(super) const BACKOFF: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(1);
/// Limits of `platform.sandbox.latency`.
pub(super) const LATENCY: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(1);
/// Limits of `platform.sandbox.settle_delay`.
pub(super) const SETTLE_DELAY: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);

/// Highest rate, in attempts per second. Above it, intervals are too short for timers to pace.
const FASTEST: u32 = 100_000;

impl Limit<u32> for RangeInclusive<u64> {
    fn check(&self, value: &Spanned<u32>, key: &str, problems: &mut Collector<'_>) {
        count(Some(value), key, self, problems);
    }

    fn narrow(&self, schema: Schema) -> Schema {
        between_numbers(schema, *self.start(), *self.end())
    }
}

impl Limit<u64> for RangeInclusive<u64> {
    fn check(&self, value: &Spanned<u64>, key: &str, problems: &mut Collector<'_>) {
        count(Some(value), key, self, problems);
    }

    fn narrow(&self, schema: Schema) -> Schema {
        between_numbers(schema, *self.start(), *self.end())
    }
}

impl Limit<Bytes> for RangeInclusive<u64> {
    fn check(&self, value: &Spanned<Bytes>, key: &str, problems: &mut Collector<'_>) {
        size(Some(value), key, self, problems);
    }
}

impl Limit<Duration> for RangeInclusive<Duration> {
    fn check(&self, value: &Spanned<Duration>, key: &str, problems: &mut Collector<'_>) {
        time(Some(value), key, self, problems);
    }
}

impl Limit<Range<Duration>> for RangeInclusive<Duration> {
    fn check(&self, value: &Spanned<Range<Duration>>, key: &str, problems: &mut Collector<'_>) {
        times(Some(value), key, self, problems);
    }
}

/// Limit of rates: at most [`FASTEST`] attempts per second.
pub(super) struct Fastest;

impl Limit<Rate> for Fastest {
    fn check(&self, value: &Spanned<Rate>, key: &str, problems: &mut Collector<'_>) {
        rate(Some(value), key, problems);
    }
}

/// Limit of `purpose.call_category`: 0 事项调用, 1 非事项调用.
pub(super) struct CallCategory;

impl Limit<u32> for CallCategory {
    fn check(&self, value: &Spanned<u32>, _: &str, problems: &mut Collector<'_>) {
        if *value.get_ref() > 1 {
            problems.at(value.span(), Message::new("job-call-category"));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        between_numbers(schema, 0, 1)
    }
}

/// Limit of the sandbox's fault rates: 0 to 1.
pub(super) struct FaultRate;

impl Limit<f64> for FaultRate {
    fn check(&self, value: &Spanned<f64>, key: &str, problems: &mut Collector<'_>) {
        if !(0.0..=1.0).contains(value.get_ref()) {
            problems.at(value.span(), Message::new("sandbox-rate").with("name", key));
        }
    }

    fn narrow(&self, schema: Schema) -> Schema {
        between_numbers(schema, 0, 1)
    }
}

/// Limit of `throttle.pause_at.share`: above 0, at most 1.
pub(super) struct PauseShare;

impl Limit<f64> for PauseShare {
    fn check(&self, value: &Spanned<f64>, _: &str, problems: &mut Collector<'_>) {
        let share = *value.get_ref();
        if !(share > 0.0 && share <= 1.0) {
            problems.at(value.span(), Message::new("job-pause-share"));
        }
    }

    fn narrow(&self, mut schema: Schema) -> Schema {
        schema.extend(schema::of([("exclusiveMinimum", 0.into()), ("maximum", 1.into())]));
        schema
    }
}

fn between_numbers(mut schema: Schema, least: u64, most: u64) -> Schema {
    schema.extend(schema::of([("minimum", least.into()), ("maximum", most.into())]));
    schema
}

/// Notes a number outside its limits.
pub(super) fn count<T: Copy + Into<u64>>(
    written: Option<&Spanned<T>>,
    key: &str,
    limits: &RangeInclusive<u64>,
    problems: &mut Collector<'_>,
) {
    let fits = |number: u64| limits.contains(&number);
    if let Some(written) = written.filter(|written| !fits((*written.get_ref()).into())) {
        problems.at(written.span(), between(key, limits.start(), limits.end()));
    }
}

/// Notes a duration outside its limits.
pub(super) fn time(
    written: Option<&Spanned<Duration>>,
    key: &str,
    limits: &RangeInclusive<Duration>,
    problems: &mut Collector<'_>,
) {
    if let Some(written) = written.filter(|written| !limits.contains(written.get_ref())) {
        problems.at(written.span(), between_times(key, limits));
    }
}

/// Notes a range of durations with an end outside its limits.
pub(super) fn times(
    written: Option<&Spanned<Range<Duration>>>,
    key: &str,
    limits: &RangeInclusive<Duration>,
    problems: &mut Collector<'_>,
) {
    let fit = |range: &Range<Duration>| limits.contains(&range.start) && limits.contains(&range.end);
    if let Some(written) = written.filter(|written| !fit(written.get_ref())) {
        problems.at(written.span(), between_times(key, limits));
    }
}

/// Notes a number of bytes outside its limits.
pub(super) fn size(written: Option<&Spanned<Bytes>>, key: &str, limits: &RangeInclusive<u64>, problems: &mut Collector<'_>) {
    if let Some(written) = written.filter(|written| !limits.contains(&written.get_ref().0)) {
        let size = |bytes| bytesize::ByteSize::b(bytes).display().iec().to_string().replace(".0 ", "");
        problems.at(written.span(), between(key, size(*limits.start()), size(*limits.end())));
    }
}

/// Notes a rate above [`FASTEST`].
pub(super) fn rate(written: Option<&Spanned<Rate>>, key: &str, problems: &mut Collector<'_>) {
    let is_too_fast = |rate: Rate| rate.per_second().is_some_and(|rate| rate > f64::from(FASTEST));
    if let Some(written) = written.filter(|written| is_too_fast(*written.get_ref())) {
        problems.at(written.span(), Message::new("job-at-most").with("key", key).with("most", format!("{FASTEST}/s")));
    }
}

fn between_times(key: &str, limits: &RangeInclusive<Duration>) -> Message {
    between(key, humantime::format_duration(*limits.start()), humantime::format_duration(*limits.end()))
}

fn between(key: &str, least: impl Display, most: impl Display) -> Message {
    Message::new("job-between").with("key", key).with("least", least).with("most", most)
}
