//! Intervals, and the quantiles that they are made with.

use serde::{Deserialize, Serialize};
use std::f64::consts::SQRT_2;

/// The quantile of the standard normal distribution at 97.5 %: 95 % of it lie between this and its negative.
pub const Z95: f64 = 1.959_963_984_540_054;
/// The quantile at 95 %.
const Z90: f64 = 1.644_853_626_951_472_2;
/// Confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// A range of values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Returns whether a value lies in it, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Returns the Wilson interval of a share that was observed in so many rows, at a normal quantile. The number of rows may be
/// an effective one, and need not be whole; of none, nothing is known.
#[must_use]
pub fn wilson(share: f64, rows: f64, quantile: f64) -> Interval {
    if rows <= 0.0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let penalty = quantile * quantile / rows;
    let centre = (share + penalty / 2.0) / (1.0 + penalty);
    let reach = (penalty * share * (1.0 - share) + penalty * penalty / 4.0).sqrt() / (1.0 + penalty);
    Interval { low: (centre - reach).max(0.0), high: (centre + reach).min(1.0) }
}

/// Returns the quantile with which an interval around a range of values covers each of them at 95 % (Imbens and Manski 2004,
/// equation 7). `width` is that of the range, `error` the larger standard error of its ends. Around a single value it is
/// [`Z95`]; around a range that is wide beside the error, where a miss on the far side is out of the question, it approaches
/// the one-sided quantile.
pub(super) fn range_quantile(width: f64, error: f64) -> f64 {
    /// Halvings that place the quantile within 1e-12.
    const STEPS: u32 = 40;
    if width <= 0.0 {
        return Z95;
    }
    if error <= 0.0 {
        return Z90;
    }
    let (mut low, mut high) = (Z90, Z95);
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        if normal(middle + width / error) - normal(-middle) < CONFIDENCE {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The distribution function of the standard normal distribution.
fn normal(value: f64) -> f64 {
    libm::erfc(-value / SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wilson_intervals_are_those_of_the_literature() {
        // Newcombe 1998, Statistics in Medicine 17, 857–872, table I, method 3.
        for (part, rows, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0000, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let found = wilson(part / rows, rows, Z95);
            assert!((found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5, "{part} of {rows}: {found:?}");
        }
        assert_eq!(wilson(0.5, 0.0, Z95), Interval { low: 0.0, high: 1.0 });
        assert_eq!(wilson(0.5, f64::INFINITY, Z95), Interval { low: 0.5, high: 0.5 });
    }

    #[test]
    fn the_normal_distribution_and_its_quantiles_agree() {
        for (quantile, probability) in [(0.0, 0.5), (Z95, 0.975), (-Z95, 0.025), (Z90, 0.95), (-6.0, 9.865_876e-10)] {
            assert!((normal(quantile) - probability).abs() < 1e-12, "{quantile}: {}", normal(quantile));
        }
    }

    #[test]
    fn a_range_needs_a_quantile_between_the_two_sided_and_the_one_sided_one() {
        for (width, error, expected) in
            [(0.0, 0.1, 1.959_964), (0.1, 0.0, 1.644_854), (0.1, 0.1, 1.681_477), (0.05, 0.1, 1.769_713), (0.5, 0.1, 1.644_854)]
        {
            let found = range_quantile(width, error);
            assert!((found - expected).abs() < 1e-6, "{width} {error}: {found}");
        }
    }

    proptest! {
        #[test]
        fn a_wilson_interval_lies_within_0_and_1_and_holds_the_share(part in 0..=500u32, more in 0..500u32) {
            let rows = f64::from(part + more).max(1.0);
            let share = f64::from(part) / rows;
            let found = wilson(share, rows, Z95);
            prop_assert!(found.low >= 0.0 && found.high <= 1.0);
            prop_assert!(found.low <= share + 1e-12 && share <= found.high + 1e-12);
        }
    }
}
