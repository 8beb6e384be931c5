//! The figures in Prometheus' text format, fit for `node_exporter`'s textfile collector.

use crate::analysis::Figures;
use prometheus::{Encoder, GaugeVec, Opts, Registry, TextEncoder};

/// The content of `metrics.prom`.
///
/// # Errors
/// Never in practice: the names are fixed and well-formed.
pub fn metrics(figures: &Figures) -> Result<String, prometheus::Error> {
    let registry = Registry::new();
    let gauge = |name: &str, help: &str, labels: &[&str]| -> Result<GaugeVec, prometheus::Error> {
        let mut all = vec!["job"];
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
        ("ecert_audit_items", "Items of the latest run", Some(float(figures.items))),
        ("ecert_audit_inconsistent_rows", "Rows whose two faces differ", Some(float(figures.inconsistent))),
        ("ecert_audit_invalid_inputs", "Input rows that cannot be audited", Some(float(figures.invalid_inputs))),
        ("ecert_audit_calls", "Calls made for the latest run", Some(float(figures.calls))),
        ("ecert_audit_attempts", "Attempts made for those calls", Some(float(figures.attempts))),
        ("ecert_audit_collection_rate", "both / (both + city_only)", figures.collection_rate),
        ("ecert_audit_province_coverage", "(both + province_only) / answered", figures.province_coverage),
        ("ecert_audit_city_coverage", "(both + city_only) / answered", figures.city_coverage),
        ("ecert_audit_error_rate", "error / rows", figures.error_rate),
        ("ecert_audit_wall_seconds", "Seconds that the latest run took", Some(figures.wall_seconds)),
        ("ecert_audit_complete", "1 where the latest run is complete", Some(f64::from(u8::from(figures.state == "complete")))),
        ("ecert_audit_gates_hold", "1 where every gate holds", Some(f64::from(u8::from(figures.gates_hold())))),
        ("ecert_audit_finished_timestamp_seconds", "When the latest run ended, in Unix time", Some(unix_seconds(figures))),
    ] {
        // A rate of nothing has no value to show.
        if let Some(value) = value {
            gauge(name, help, &[])?.with_label_values(&[job]).set(value);
        }
    }
    let mut bytes = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "a time in milliseconds is far below 2^52")]
fn unix_seconds(figures: &Figures) -> f64 {
    figures.finished_at.timestamp_millis() as f64 / 1000.0
}
