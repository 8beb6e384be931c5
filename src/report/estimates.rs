//! Estimates of a sampled run in the reader's language: a figure with its interval, and what the sample is.

use super::Words;
use crate::analysis::{RATES, SampleFacts};
use crate::sample::{Difference, Estimate};

/// Returns the value of a figure as people read it: a rate as a percentage, a count with its thousands kept apart.
pub(super) fn value_text(words: &Words, figure: &str, value: f64) -> String {
    if RATES.contains(&figure) { words.percent(Some(value)) } else { whole(value) }
}

/// Returns the 95 % interval of a figure, such as “93.10% 至 95.02%”.
pub(super) fn interval_text(words: &Words, figure: &str, estimate: &Estimate) -> String {
    ends_text(words, figure, [estimate.low, estimate.high])
}

/// Returns the interval that a figure would have if no call had failed, or if the failed calls told what the others do.
pub(super) fn answered_text(words: &Words, figure: &str, estimate: &Estimate) -> String {
    ends_text(words, figure, [estimate.answered_low, estimate.answered_high])
}

fn ends_text(words: &Words, figure: &str, [low, high]: [f64; 2]) -> String {
    let (low, high) = (value_text(words, figure, low), value_text(words, figure, high));
    words.fill("sample-interval", &[("low", &low), ("high", &high)])
}

/// Returns an estimate with its interval, marked as one; that there are too few rows where there is none.
#[must_use]
pub fn estimate_text(words: &Words, figure: &str, estimate: Option<&Estimate>) -> String {
    let Some(estimate) = estimate else { return words.text("sample-withheld").to_owned() };
    let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(|value| value_text(words, figure, value));
    words.fill("sample-estimate", &[("value", &value), ("low", &low), ("high", &high)])
}

/// Returns a change of a rate with its interval, in percentage points, and whether it is more than chance.
#[must_use]
pub fn change_text(words: &Words, change: &Difference) -> String {
    let [value, low, high] = [change.value, change.low, change.high].map(|value| format!("{:+.2}%", value * 100.0));
    let verdict = words.text(if change.is_more_than_chance() { "compare-more-than-chance" } else { "compare-chance" });
    words.fill("compare-change", &[("value", &value), ("low", &low), ("high", &high), ("verdict", verdict)])
}

/// Returns what a sample is, how it was drawn, and how to read its intervals.
#[must_use]
pub fn sample_note(words: &Words, sample: &SampleFacts) -> String {
    let (population, size) = (grouped(sample.population), grouped(sample.size));
    let values = [("population", &*population), ("size", &*size), ("by", by_text(words, sample)), ("seed", &*sample.seed)];
    words.fill("sample-note", &values)
}

/// Returns what the items are stratified by: the header of a carried column, or a word for the certificate type.
#[must_use]
pub fn by_text<'a>(words: &'a Words, sample: &'a SampleFacts) -> &'a str {
    if sample.by == crate::sample::StratifyBy::CERT_TYPE { words.text("sample-by-type") } else { &sample.by }
}

/// Returns the name of a run among others; of a sampled one with the size of its sample.
pub(super) fn run_name(words: &Words, run_id: &str, sample: Option<u64>) -> String {
    match sample {
        Some(size) => words.fill("history-sample", &[("run", run_id), ("size", &grouped(size))]),
        None => run_id.to_owned(),
    }
}

/// A count that is estimated: rounded, since its fractions mean nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are positive and far below 2^52")]
fn whole(value: f64) -> String {
    grouped(value.round().max(0.0) as u64)
}

/// A count with a comma after every three digits.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Language;

    const ESTIMATE: Estimate = Estimate { value: 0.8182, low: 0.75, high: 0.884_14, answered_low: 0.76, answered_high: 0.87 };

    #[test]
    fn an_estimate_is_told_with_its_interval_and_as_what_it_is() {
        let words = Words::new(Language::ZhCn);
        let rate = estimate_text(&words, "collection_rate", Some(&ESTIMATE));
        assert_eq!(rate, "81.82%（抽样估计，95% 置信区间 75.00% 至 88.41%）");
        assert_eq!(estimate_text(&words, "collection_rate", None), "样本不足");
        let count = Estimate { value: 1_234_567.4, low: 999.6, high: 2_000_000.0, answered_low: 0.0, answered_high: 0.0 };
        let english = Words::new(Language::En);
        assert_eq!(estimate_text(&english, "both", Some(&count)), "1,234,567 (sample estimate, 95% interval 1,000 to 2,000,000)");
        assert_eq!(answered_text(&words, "error_rate", &ESTIMATE), "76.00% 至 87.00%");
    }

    #[test]
    fn a_change_is_told_with_what_it_may_be() {
        let words = Words::new(Language::ZhCn);
        for (change, expected) in [
            (
                Difference { value: 0.0153, low: 0.002, high: 0.0291 },
                "变化 +1.53%（95% 置信区间 +0.20% 至 +2.91%）：超出抽样误差",
            ),
            (
                Difference { value: -0.001, low: -0.02, high: 0.018 },
                "变化 -0.10%（95% 置信区间 -2.00% 至 +1.80%）：可能只是抽样误差",
            ),
        ] {
            assert_eq!(change_text(&words, &change), expected);
        }
    }

    #[test]
    fn counts_have_a_comma_after_every_three_digits() {
        for (count, expected) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(grouped(count), expected);
        }
    }
}
