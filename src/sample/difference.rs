//! Whether a figure changed by more than chance.

use super::estimate::Estimate;
use super::interval::Interval;
use serde::{Deserialize, Serialize};

/// A change of a figure from one run to another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The later value less the earlier one.
    pub value: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end of its 95 % interval.
    pub high: f64,
}

impl Difference {
    /// Returns the change between two runs. Their samples are taken to be independent: where they were drawn with the same seed
    /// they share items, and the interval is wider than it needs to be.
    #[must_use]
    pub fn between(earlier: &Estimate, later: &Estimate) -> Self {
        let value = later.value - earlier.value;
        let below = (later.value - later.low).hypot(earlier.high - earlier.value);
        let above = (later.high - later.value).hypot(earlier.value - earlier.low);
        Self { value, low: value - below, high: value + above }
    }

    /// Returns whether the change is more than chance and unknown rows account for.
    #[must_use]
    pub fn is_more_than_chance(&self) -> bool {
        !Interval { low: self.low, high: self.high }.contains(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::interval::{Z95, wilson};
    use super::*;

    fn share(part: f64, rows: f64) -> Estimate {
        let Interval { low, high } = wilson(part / rows, rows, Z95);
        Estimate { value: part / rows, low, high, answered_low: low, answered_high: high }
    }

    #[test]
    fn differences_are_those_of_the_literature() {
        // Newcombe 1998, Statistics in Medicine 17, 873–890, table II, method 10.
        for (later, earlier, low, high) in [
            ((56.0, 70.0), (48.0, 80.0), 0.0524, 0.3339),
            ((9.0, 10.0), (3.0, 10.0), 0.1705, 0.8090),
            ((10.0, 10.0), (0.0, 20.0), 0.6791, 1.0),
        ] {
            let found = Difference::between(&share(earlier.0, earlier.1), &share(later.0, later.1));
            assert!((found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5, "{found:?}");
            assert!(found.is_more_than_chance());
        }
    }

    #[test]
    fn a_small_change_is_chance_and_a_change_of_known_figures_never_is() {
        assert!(!Difference::between(&share(50.0, 100.0), &share(53.0, 100.0)).is_more_than_chance());
        assert!(Difference::between(&Estimate::exact(0.5), &Estimate::exact(0.5001)).is_more_than_chance());
        assert!(!Difference::between(&Estimate::exact(0.5), &Estimate::exact(0.5)).is_more_than_chance());
    }
}
