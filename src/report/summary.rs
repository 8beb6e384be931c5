//! Figures of a run as JSON, and as text for the end of a command.

use super::estimates::{by_text, grouped, interval_text, value_text};
use super::{Words, first_rows, gate_text};
use crate::analysis::{Estimates, Figures, SampleFacts};
use crate::audit::Status;
use std::fmt::Write;

/// Returns the content of `summary.json`.
#[must_use]
pub fn summary_json(figures: &Figures) -> String {
    let mut text = serde_json::to_string_pretty(figures).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns the summary that is printed on standard output; `report` is the path of the report.
#[must_use]
pub fn summary_text(words: &Words, figures: &Figures, report: &str) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    let number = |count: u64| count.to_string();
    let state = words.named("text-state", figures.state);
    line(words.fill("text-head", &[("job", &figures.job), ("run", &figures.run_id), ("state", state)]));
    line(format!("  {}", input_text(words, figures)));
    if let Some(sample) = &figures.sample {
        line(format!("  {}", sample_text(words, sample)));
    }
    let (items, rows) = (number(figures.items), number(figures.rows));
    line(format!("  {}", words.fill("text-items", &[("items", &items), ("rows", &rows)])));
    let shown = figures.by_status().into_iter().filter(|(status, count)| *count > 0 || *status != Status::Pending);
    let counts: Vec<String> = shown.map(|(status, count)| format!("{} {count}", words.status(status))).collect();
    line(format!("  {}", counts.join("  ")));
    let (count, share) = (number(figures.inconsistent), words.percent(figures.inconsistent_rate));
    line(format!("  {}", words.fill("text-inconsistent", &[("count", &count), ("share", &share)])));
    let rates = [
        ("collection", figures.collection_rate),
        ("province", figures.province_coverage),
        ("city", figures.city_coverage),
        ("error", figures.error_rate),
    ];
    let rates = rates.map(|(name, rate)| (name, words.percent(rate)));
    line(match &figures.estimates {
        Some(estimates) => format!("  {}", estimates_text(words, estimates)),
        None => format!("  {}", words.fill("text-rates", &rates.each_ref().map(|(name, rate)| (*name, rate.as_str())))),
    });
    if let Some(previous) = &figures.previous_run {
        let changes = [
            ("new", figures.new_gaps),
            ("persisting", figures.persisting_gaps),
            ("resolved", figures.resolved_gaps),
            ("regressed", figures.regressed_gaps),
        ];
        let changes = changes.map(|(name, count)| (name, number(count.unwrap_or_default())));
        let mut values = vec![("previous", previous.as_str())];
        values.extend(changes.iter().map(|(name, count)| (*name, count.as_str())));
        line(format!("  {}", words.fill("text-changes", &values)));
    }
    let (calls, retries) = (number(figures.calls), number(figures.attempts.saturating_sub(figures.calls)));
    let seconds = format!("{:.1}", figures.wall_seconds);
    line(format!("  {}", words.fill("text-calls", &[("calls", &calls), ("retries", &retries), ("seconds", &seconds)])));
    for gate in &figures.gates {
        line(format!("  {}", gate_text(words, gate)));
    }
    line(format!("  {}", words.fill("text-report", &[("path", report)])));
    text
}

/// Returns what the sample is, as one sentence.
fn sample_text(words: &Words, sample: &SampleFacts) -> String {
    let (size, population) = (grouped(sample.size), grouped(sample.population));
    let values = [("size", &*size), ("population", &*population), ("by", by_text(words, sample)), ("seed", &*sample.seed)];
    words.fill("text-sample", &values)
}

/// Returns the estimated rates with their intervals, as one sentence.
fn estimates_text(words: &Words, estimates: &Estimates) -> String {
    let told = |figure: &str| match estimates.overall.get(figure) {
        Some(estimate) => {
            format!("{} [{}]", value_text(words, figure, estimate.value), interval_text(words, figure, estimate))
        }
        None => words.text("sample-withheld").to_owned(),
    };
    let [collection, province, city, error] = ["collection_rate", "province_coverage", "city_coverage", "error_rate"].map(told);
    let values = [("collection", &*collection), ("province", &*province), ("city", &*city), ("error", &*error)];
    words.fill("text-estimates", &values)
}

/// Returns how the input rows add up, as one sentence.
pub(super) fn input_text(words: &Words, figures: &Figures) -> String {
    let (duplicates, invalid) = (figures.duplicate_rows.to_string(), figures.invalid_inputs.to_string());
    let Some(first) = first_rows(figures) else {
        return words.fill("text-input-unread", &[("invalid", &invalid), ("duplicates", &duplicates)]);
    };
    let (input, first, blank) = (figures.input_rows.to_string(), first.to_string(), figures.blank_rows.to_string());
    let rows = [("input", &*input), ("first", &first), ("duplicates", &duplicates), ("invalid", &invalid), ("blank", &blank)];
    words.fill("text-input", &rows)
}
