//! Limits of the job file's numbers: what is beyond them is a slip, or would stop the program later.

use super::LARGEST_ANSWER;
use super::problem::Collector;
use super::schema::{self, Schema};
use super::value::{Bytes, Rate};
use crate::message::Message;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;
use toml::Spanned;

/// What a key asks of its value beyond what every value of its kind is asked.
pub(super) trait Limit<T> {
    /// Notes what of a value the key does not take.
    fn check(&self, value: &Spanned<T>, key: &str, problems: &mut Collector<'_>);

    /// Narrows the schema of the kind to what the key takes, as far as a schema can tell.
    fn narrow(&self, schema: Schema) -> Schema {
        schema
    }
}

/// `retry.attempts`.
pub(super) const ATTEMPTS: RangeInclusive<u64> = 1..=100;
/// `throttle.concurrency`: more connections than this no process keeps open.
pub(super) const CONCURRENCY: RangeInclusive<u64> = 1..=1024;
/// `throttle.burst`.
pub(super) const BURST: RangeInclusive<u64> = 1..=100_000;
/// `throttle.pause_at.attempts`: the results of as many attempts are kept.
pub(super) const PAUSE_ATTEMPTS: RangeInclusive<u64> = 1..=10_000;
/// `throttle.max_calls`.
pub(super) const MAX_CALLS: RangeInclusive<u64> = 1..=1_000_000_000_000;
/// `archive.concurrency`.
pub(super) const DOWNLOADS: RangeInclusive<u64> = 1..=256;
/// Timeouts of the platform and of downloads.
pub(super) const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_hours(1);
/// `throttle.patience`.
pub(super) const PATIENCE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(7 * 24);
/// `platform.max_answer`.
pub(super) const ANSWER: RangeInclusive<u64> = 1 << 10..=LARGEST_ANSWER;
/// `archive.max_file`.
pub(super) const FILE: RangeInclusive<u64> = 1 << 10..=4 << 30;

/// `retention.keep`: the latest complete run always stays.
pub(super) const KEPT_RUNS: RangeInclusive<u64> = 1..=10_000;

/// Shortest first wait and longest last wait of `retry.backoff`: calls that fail must not be repeated without a pause.
pub(super) const BACKOFF: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(1);
/// `platform.sandbox.latency`.
pub(super) const LATENCY: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(1);

/// Most attempts a second: above this the pacing has no meaning any more.
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

/// A rate that a platform can take.
pub(super) struct Fastest;

impl Limit<Rate> for Fastest {
    fn check(&self, value: &Spanned<Rate>, key: &str, problems: &mut Collector<'_>) {
        rate(Some(value), key, problems);
    }
}

/// `purpose.call_category`: 0 事项调用, 1 非事项调用.
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

/// A share of the sandbox's answers, 0 to 1.
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

/// `throttle.pause_at.share`: above 0, at most 1.
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

/// Notes a count outside its limits.
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

/// Notes two durations one of which is outside their limits.
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

/// Notes a size outside its limits.
pub(super) fn size(written: Option<&Spanned<Bytes>>, key: &str, limits: &RangeInclusive<u64>, problems: &mut Collector<'_>) {
    if let Some(written) = written.filter(|written| !limits.contains(&written.get_ref().0)) {
        let size = |bytes| bytesize::ByteSize::b(bytes).display().iec().to_string().replace(".0 ", "");
        problems.at(written.span(), between(key, size(*limits.start()), size(*limits.end())));
    }
}

/// Notes a rate that no platform takes.
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
