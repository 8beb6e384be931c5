//! Comparison of two runs, as text and as JSON.

use super::Words;
use super::estimates::change_text;
use crate::analysis::GapChanges;
use crate::sample::{Difference, Estimate};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Figures that are compared, in order: first the counts, then the rates.
const COUNTS: [&str; 6] = ["items", "rows", "inconsistent", "invalid_inputs", "calls", "attempts"];
const STATUSES: [&str; 6] = ["both", "city_only", "province_only", "neither", "error", "pending"];
const RATES: [&str; 4] = ["collection_rate", "province_coverage", "city_coverage", "error_rate"];

/// Comparison of two runs.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Id of the older run.
    pub old_run: String,
    /// Id of the newer run.
    pub new_run: String,
    /// `summary.json` of the older run.
    pub old: Value,
    /// `summary.json` of the newer run.
    pub new: Value,
    /// Changes of rates with their 95 % intervals, where at least one of the runs is sampled.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub changes: BTreeMap<&'static str, Difference>,
    /// Gaps in all.
    pub gaps: GapChanges,
    /// Number of gaps by change, by certificate type code.
    pub by_type: BTreeMap<String, GapChanges>,
}

/// Whether the run of a `summary.json` asked about a sample alone.
#[must_use]
pub fn is_sampled(summary: &Value) -> bool {
    summary.get("sample").is_some()
}

/// Returns the changes of rates from one `summary.json` to another; none where both runs asked about all items.
#[must_use]
pub fn changes_of_rates(old: &Value, new: &Value) -> BTreeMap<&'static str, Difference> {
    if !is_sampled(old) && !is_sampled(new) {
        return BTreeMap::new();
    }
    let estimate = |summary: &Value, figure: &str| match summary.get("estimates") {
        Some(estimates) => serde_json::from_value::<Estimate>(estimates.get("overall")?.get(figure)?.clone()).ok(),
        None => Some(Estimate::exact(summary.get(figure)?.as_f64()?)),
    };
    let change = |figure| Some((figure, Difference::between(&estimate(old, figure)?, &estimate(new, figure)?)));
    RATES.into_iter().filter_map(change).collect()
}

/// The comparison as text.
#[must_use]
pub fn compared_text(words: &Words, comparison: &Comparison) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    line(words.fill("compare-head", &[("old", &comparison.old_run), ("new", &comparison.new_run)]));
    let label = |figure: &str| {
        let key = match figure {
            "invalid_inputs" => "invalid".to_owned(),
            figure if STATUSES.contains(&figure) => format!("status-{figure}"),
            figure => figure.to_owned(),
        };
        words.text(&key).to_owned()
    };
    for figure in COUNTS.iter().take(2).chain(&STATUSES).chain(&COUNTS[2..]) {
        let of = |summary: &Value| summary.get(*figure).and_then(Value::as_i64).unwrap_or_default();
        let (old, new) = (of(&comparison.old), of(&comparison.new));
        line(format!("  {}  {old} → {new}  ({:+})", label(figure), new - old));
    }
    for figure in RATES {
        let of = |summary: &Value| summary.get(figure).and_then(Value::as_f64);
        let (old, new) = (of(&comparison.old), of(&comparison.new));
        let delta =
            old.zip(new).map_or_else(|| words.text("dash").to_owned(), |(old, new)| format!("{:+.2}%", (new - old) * 100.0));
        line(format!("  {}  {} → {}  ({delta})", label(figure), words.percent(old), words.percent(new)));
        if let Some(change) = comparison.changes.get(figure) {
            line(format!("    {}", change_text(words, change)));
        }
    }
    line(words.text("compare-gaps").to_owned());
    if is_sampled(&comparison.old) || is_sampled(&comparison.new) {
        line(format!("  {}", words.text("compare-sampled-gaps")));
    }
    line(format!("  {}", changes(words, &comparison.gaps)));
    if !comparison.by_type.is_empty() {
        line(words.text("compare-by-type").to_owned());
    }
    for (code, of_type) in &comparison.by_type {
        let name = of_type.cert_type_name.as_deref().unwrap_or_else(|| words.text("not-in-catalogue"));
        line(format!("  {code} {name}  {}", changes(words, of_type)));
    }
    text
}

fn changes(words: &Words, gaps: &GapChanges) -> String {
    let counts = [("new", gaps.new), ("persisting", gaps.persisting), ("regressed", gaps.regressed), ("resolved", gaps.resolved)];
    counts.map(|(change, count)| format!("{} {count}", words.named("change", change))).join("  ")
}
