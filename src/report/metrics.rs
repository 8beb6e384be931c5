//! Figures of a run in the Prometheus text format, for the textfile collector of `node_exporter`.

use crate::analysis::Figures;
use crate::journal::{CallCount, RemedyCount};
use crate::platform::{AttemptTotals, LATENCY_BOUNDS};
use chrono::{DateTime, Utc};
use prometheus::proto::{Bucket, Histogram, LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{Encoder, GaugeVec, Opts, Registry, TextEncoder};

/// Label with the name of the job. Prometheus itself sets a label `job`, that of the scrape, and would rename one of that name.
const JOB_LABEL: &str = "audit_job";

/// Input of the metrics.
#[derive(Debug, Clone, Copy)]
pub struct MetricsInput<'a> {
    /// Figures of the run.
    pub figures: &'a Figures,
    /// Number of calls by interface, side and result.
    pub calls: &'a [CallCount],
    /// Number of notifications by action and state.
    pub remedies: &'a [RemedyCount],
    /// Totals of attempts over all processes of the run.
    pub totals: &'a AttemptTotals,
    /// End of the job's latest complete run.
    pub last_success: Option<DateTime<Utc>>,
}

/// Returns the content of `metrics.prom`.
///
/// # Errors
/// Fails if a metric's name or labels are not valid, which would be a bug.
pub fn metrics(input: &MetricsInput<'_>) -> Result<String, prometheus::Error> {
    let MetricsInput { figures, calls, remedies, totals, last_success } = *input;
    let registry = Registry::new();
    let gauge = |name: &str, help: &str, labels: &[&str]| -> Result<GaugeVec, prometheus::Error> {
        let mut all = vec![JOB_LABEL];
        all.extend(labels);
        let gauge = GaugeVec::new(Opts::new(name, help), &all)?;
        registry.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    };
    let job = figures.job.as_str();
    let rows = gauge("ecert_audit_rows", "Coverage rows of the latest run by status", &["status"])?;
    for (status, count) in [
        ("both", figures.both),
        ("province_only", figures.province_only),
        ("city_only", figures.city_only),
        ("neither", figures.neither),
        ("error", figures.error),
        ("pending", figures.pending),
    ] {
        rows.with_label_values(&[job, status]).set(float(count));
    }
    for (name, help, value) in [
        (
            "ecert_audit_throttle_wait_seconds",
            "Seconds that attempts waited for the throttle, together",
            Some(totals.waited_seconds),
        ),
        (
            "ecert_audit_last_success_timestamp_seconds",
            "When the latest complete run ended, in Unix time",
            last_success.map(unix_seconds),
        ),
        ("ecert_audit_items", "Items of the latest run", Some(float(figures.items))),
        ("ecert_audit_inconsistent_rows", "Rows whose two faces differ", Some(float(figures.inconsistent))),
        ("ecert_audit_invalid_inputs", "Input rows that cannot be audited", Some(float(figures.invalid_inputs))),
        ("ecert_audit_remedied", "Notifications of the province seen to have taken effect", Some(float(figures.remedied))),
        ("ecert_audit_calls", "Calls made for the latest run", Some(float(figures.calls))),
        ("ecert_audit_attempts", "Attempts made for those calls", Some(float(figures.attempts))),
        ("ecert_audit_collection_rate", "both / (both + city_only)", figures.collection_rate),
        ("ecert_audit_province_coverage", "(both + province_only) / answered", figures.province_coverage),
        ("ecert_audit_city_coverage", "(both + city_only) / answered", figures.city_coverage),
        ("ecert_audit_error_rate", "error / rows", figures.error_rate),
        ("ecert_audit_wall_seconds", "Seconds that the latest run took", Some(figures.wall_seconds)),
        ("ecert_audit_complete", "1 where the latest run is complete", Some(f64::from(u8::from(figures.state == "complete")))),
        ("ecert_audit_gates_hold", "1 where every gate holds", Some(f64::from(u8::from(figures.gates_hold())))),
        (
            "ecert_audit_finished_timestamp_seconds",
            "When the latest run ended, in Unix time",
            Some(unix_seconds(figures.finished_at)),
        ),
    ] {
        // A rate without a denominator has no value.
        if let Some(value) = value {
            gauge(name, help, &[])?.with_label_values(&[job]).set(value);
        }
    }
    let by_result = gauge("ecert_audit_calls_by_result", "Calls of the latest run", &["interface", "side", "result"])?;
    for CallCount { endpoint, side, result, count } in calls {
        by_result.with_label_values(&[job, endpoint, side, result]).set(float(*count));
    }
    let notifications = gauge("ecert_audit_remedies", "Notifications of the province by action and state", &["action", "state"])?;
    for RemedyCount { action, state, count } in remedies {
        notifications.with_label_values(&[job, action.word(), state.name()]).set(float(*count));
    }
    let attempts = gauge("ecert_audit_attempts_by_result", "Attempts of the latest run", &["interface", "result"])?;
    for (interface, results) in &totals.attempts {
        for (result, count) in results {
            attempts.with_label_values(&[job, interface, result]).set(float(*count));
        }
    }
    let mut families = registry.gather();
    families.push(latency(job, totals));
    let mut bytes = Vec::new();
    TextEncoder::new().encode(&families, &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a time in milliseconds is far below 2^52")]
fn unix_seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

/// Builds the histogram of latencies, which sums up all processes of the run.
fn latency(job: &str, totals: &AttemptTotals) -> MetricFamily {
    let mut histogram = Histogram::default();
    let mut below = 0;
    let mut buckets = Vec::new();
    for (bound, count) in LATENCY_BOUNDS.iter().zip(&totals.latency) {
        below += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(below);
        buckets.push(bucket);
    }
    histogram.set_bucket(buckets);
    histogram.set_sample_count(totals.latency.iter().sum());
    histogram.set_sample_sum(totals.latency_seconds);
    let mut label = LabelPair::default();
    label.set_name(JOB_LABEL.to_owned());
    label.set_value(job.to_owned());
    let mut metric = Metric::default();
    metric.set_label(vec![label]);
    metric.set_histogram(histogram);
    let mut family = MetricFamily::default();
    family.set_name("ecert_audit_attempt_seconds".to_owned());
    family.set_help("How long attempts of the latest run took".to_owned());
    family.set_field_type(MetricType::HISTOGRAM);
    family.set_metric(vec![metric]);
    family
}
