//! The combined ratio estimator over strata, with the variance that linearisation gives.

use super::moments::Sums;

/// What the sample of a stratum tells about a ratio of two counts of rows, the part y and the whole x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Items of the stratum.
    pub population: f64,
    /// Items of its sample, at least 1, those without a row of either count included.
    pub sampled: f64,
    /// Sums over the sample.
    pub sums: Sums,
}

impl Cell {
    /// Items of the population for each item of the sample.
    pub(super) fn expansion(&self) -> f64 {
        self.population / self.sampled
    }

    /// The finite-population correction: the share of the stratum's items that are not in its sample.
    pub(super) fn unsampled(&self) -> f64 {
        (1.0 - self.sampled / self.population).max(0.0)
    }

    /// What makes the mean square about the sample's mean an unbiased variance.
    pub(super) fn correction(&self) -> f64 {
        if self.sampled > 1.0 { self.sampled / (self.sampled - 1.0) } else { 1.0 }
    }

    /// Σ (y − ratio·x)².
    pub(super) fn square(&self, ratio: f64) -> f64 {
        let Sums { yy, xx, xy, .. } = self.sums;
        (yy - 2.0 * ratio * xy + ratio * ratio * xx).max(0.0)
    }

    /// The variance that the stratum adds to the expanded total of y − ratio·x.
    pub(super) fn variance(&self, ratio: f64) -> f64 {
        /// What is left by rounding, beside the terms of a difference, where items are all alike.
        const ROUNDING: f64 = 1e-9;
        let total = self.sums.y - ratio * self.sums.x;
        let square = self.square(ratio);
        let scatter = square - total * total / self.sampled;
        let scatter = if scatter > ROUNDING * square { scatter } else { 0.0 };
        self.expansion().powi(2) * self.unsampled() * self.correction() * scatter
    }
}

/// A ratio of two expanded totals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Its estimate.
    pub value: f64,
    /// Its estimated variance.
    pub variance: f64,
    /// The expanded total of the whole.
    pub whole: f64,
}

impl Ratio {
    /// Estimates a ratio over the strata that `cells` are of. `None` where the sample has nothing of the whole.
    #[must_use]
    pub fn of(cells: &[Cell]) -> Option<Self> {
        let whole: f64 = cells.iter().map(|cell| cell.expansion() * cell.sums.x).sum();
        if whole <= 0.0 {
            return None;
        }
        let part: f64 = cells.iter().map(|cell| cell.expansion() * cell.sums.y).sum();
        let value = part / whole;
        let variance = cells.iter().map(|cell| cell.variance(value)).sum::<f64>() / (whole * whole);
        Some(Self { value, variance, whole })
    }

    /// Its standard error.
    #[must_use]
    pub fn error(&self) -> f64 {
        self.variance.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cell of a stratum whose items have these counts of part and whole.
    fn cell(population: f64, items: &[(f64, f64)]) -> Cell {
        let sum = |of: fn(&(f64, f64)) -> f64| -> f64 { items.iter().map(of).sum() };
        let sums = Sums {
            y: sum(|item| item.0),
            x: sum(|item| item.1),
            yy: sum(|item| item.0 * item.0),
            xx: sum(|item| item.1 * item.1),
            xy: sum(|item| item.0 * item.1),
        };
        #[expect(clippy::cast_precision_loss, reason = "a handful of items")]
        let sampled = items.len() as f64;
        Cell { population, sampled, sums }
    }

    #[test]
    fn a_share_of_single_rows_has_the_variance_of_a_stratified_proportion() {
        let (yes, no) = ((1.0, 1.0), (0.0, 1.0));
        let strata = [cell(100.0, &[yes, yes, yes, no, no]), cell(300.0, &[yes, no, no, no])];
        let found = Ratio::of(&strata).unwrap();
        assert!((found.value - (0.25 * 0.6 + 0.75 * 0.25)).abs() < 1e-12);
        // Σ W² (1 − f) p (1 − p) / (n − 1).
        let expected = 0.0625 * 0.95 * 0.24 / 4.0 + 0.5625 * (1.0 - 4.0 / 300.0) * 0.1875 / 3.0;
        assert!((found.variance - expected).abs() < 1e-12, "{}", found.variance);
        assert!((found.whole - 400.0).abs() < 1e-9);
    }

    #[test]
    fn a_stratum_drawn_whole_adds_no_variance() {
        let found = Ratio::of(&[cell(3.0, &[(1.0, 1.0), (0.0, 1.0), (1.0, 2.0)])]).unwrap();
        assert!(found.variance.abs() < 1e-15 && (found.value - 0.5).abs() < 1e-15);
        assert_eq!(Ratio::of(&[cell(3.0, &[(0.0, 0.0)])]), None);
        assert_eq!(Ratio::of(&[]), None);
    }
}
