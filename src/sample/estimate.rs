//! A figure of the population with its interval, from what its sample answered and what it left unknown.

use super::interval::{Interval, Z95, range_quantile};
use super::proportion::Proportion;
use super::ratio::Cell;
use serde::{Deserialize, Serialize};

/// An estimated figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure, from the rows of which all is known.
    pub value: f64,
    /// Lower end of the 95 % interval, as if every unknown row were against the figure.
    pub low: f64,
    /// Upper end of the 95 % interval, as if every unknown row were in favour of the figure.
    pub high: f64,
    /// Lower end of the 95 % interval of what an audit of all items would show whose calls fail alike.
    pub answered_low: f64,
    /// Upper end of that interval.
    pub answered_high: f64,
}

impl Estimate {
    /// A figure that is known.
    #[must_use]
    pub const fn exact(value: f64) -> Self {
        Self { value, low: value, high: value, answered_low: value, answered_high: value }
    }

    /// The interval that tells of chance and of what is unknown.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        Interval { low: self.low, high: self.high }
    }

    /// Whether the figure is known rather than estimated.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.low >= self.high
    }
}

/// Estimates a rate. `known` are the strata with rows of which all is known, `least` and `most` the same with every unknown row
/// against the rate, and in its favour. `None` where the sample has no row to tell it from, or too few for their weights.
#[must_use]
pub fn estimate_rate(known: &[Cell], least: &[Cell], most: &[Cell]) -> Option<Estimate> {
    let known = Proportion::of(known).filter(|known| !known.is_withheld())?;
    let least = Proportion::of(least)?;
    let most = Proportion::of(most)?;
    let quantile = range_quantile(most.value() - least.value(), least.ratio.error().max(most.ratio.error()));
    Some(Estimate {
        value: known.value(),
        low: least.low(quantile).min(known.value()),
        high: most.high(quantile).max(known.value()),
        answered_low: known.low(Z95),
        answered_high: known.high(Z95),
    })
}

#[cfg(test)]
mod tests {
    use super::super::moments::Sums;
    use super::*;

    /// A stratum of items with one row each.
    fn single(population: f64, sampled: f64, part: f64, whole: f64) -> Cell {
        Cell { population, sampled, sums: Sums { y: part, x: whole, yy: part, xx: whole, xy: part } }
    }

    #[test]
    fn without_unknown_rows_both_intervals_are_one() {
        let cells = [single(10_000.0, 400.0, 300.0, 380.0), single(2_000.0, 100.0, 20.0, 90.0)];
        let found = estimate_rate(&cells, &cells, &cells).unwrap();
        assert!((found.low - found.answered_low).abs() < 1e-12 && (found.high - found.answered_high).abs() < 1e-12);
        assert!(found.interval().contains(found.value) && !found.is_exact());
    }

    #[test]
    fn unknown_rows_widen_the_interval_and_leave_the_value() {
        // 300 of 380 known rows, and 20 unknown ones.
        let known = [single(10_000.0, 400.0, 300.0, 380.0)];
        let (least, most) = ([single(10_000.0, 400.0, 300.0, 400.0)], [single(10_000.0, 400.0, 320.0, 400.0)]);
        let found = estimate_rate(&known, &least, &most).unwrap();
        assert!((found.value - 300.0 / 380.0).abs() < 1e-12);
        assert!(found.low < found.answered_low && found.answered_high < found.high, "{found:?}");
        assert!(found.low < 0.75 && 0.8 < found.high, "{found:?}");
        let all = estimate_rate(
            &[single(40.0, 40.0, 20.0, 30.0)],
            &[single(40.0, 40.0, 20.0, 40.0)],
            &[single(40.0, 40.0, 30.0, 40.0)],
        );
        let all = all.unwrap();
        assert!((all.low - 0.5).abs() < 1e-12 && (all.high - 0.75).abs() < 1e-12, "chance adds nothing where all was asked");
    }

    #[test]
    fn a_rate_of_nothing_has_no_estimate() {
        let nothing = [single(100.0, 50.0, 0.0, 0.0)];
        assert_eq!(estimate_rate(&nothing, &nothing, &nothing), None);
        assert!(Estimate::exact(0.3).is_exact());
    }
}
