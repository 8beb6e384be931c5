//! Counts of rows in the population: a status's share of rows, times the rows of an item, times the number of items.

use super::estimate::Estimate;
use super::interval::{Z95, range_quantile};
use super::proportion::Proportion;
use super::ratio::{Cell, Ratio};

/// One reading of a count, by stratum.
#[derive(Debug, Clone, Copy)]
pub struct CountReading<'a> {
    /// Rows that count, of all rows.
    pub share: &'a [Cell],
    /// Rows that count, of all items.
    pub count: &'a [Cell],
}

/// A count for each item.
struct PerItem<'a> {
    share: Proportion,
    rows: &'a Ratio,
    /// Correlation of the share's estimate with that of the rows of an item.
    correlation: f64,
}

/// Estimates how many rows of a population of `items` items count. `rows` are the strata with all rows, of all items; `known`,
/// `least` and `most` those with the rows that count, that are known to count, and that may count. `None` where there is no row
/// to tell it from, or too few for their weights.
#[must_use]
pub fn estimate_count(items: f64, rows: &[Cell], [known, least, most]: [CountReading<'_>; 3]) -> Option<Estimate> {
    let rows = Ratio::of(rows)?;
    let known = PerItem::of(known, &rows).filter(|known| !known.share.is_withheld())?;
    let least = PerItem::of(least, &rows)?;
    let most = PerItem::of(most, &rows)?;
    let quantile = range_quantile(most.value() - least.value(), least.error().max(most.error()));
    let (value, low, high) = (known.value(), least.low(quantile), most.high(quantile));
    Some(Estimate {
        value: items * value,
        low: items * low.min(value),
        high: items * high.max(value),
        answered_low: items * known.low(Z95),
        answered_high: items * known.high(Z95),
    })
}

/// Estimates how many rows a population of `items` items has. An item has at least one.
#[must_use]
pub fn estimate_total(items: f64, rows: &[Cell]) -> Option<Estimate> {
    let rows = Ratio::of(rows)?;
    let reach = Z95 * rows.error();
    let (low, high) = (items * (rows.value - reach).max(1.0), items * (rows.value + reach));
    Some(Estimate { value: items * rows.value, low, high, answered_low: low, answered_high: high })
}

impl<'a> PerItem<'a> {
    fn of(reading: CountReading<'_>, rows: &'a Ratio) -> Option<Self> {
        let share = Proportion::of(reading.share)?;
        let count = Ratio::of(reading.count)?;
        let (of_share, of_rows) = (rows.value * share.ratio.error(), share.value() * rows.error());
        // The count is the product of the two: what its variance has beyond theirs is that they vary together.
        let together = (count.variance - of_share * of_share - of_rows * of_rows) / 2.0;
        let correlation = if of_share * of_rows > 0.0 { (together / (of_share * of_rows)).clamp(-1.0, 1.0) } else { 0.0 };
        Some(Self { share, rows, correlation })
    }

    fn value(&self) -> f64 {
        self.share.value() * self.rows.value
    }

    fn error(&self) -> f64 {
        self.reach(self.rows.value * self.share.ratio.error(), self.share.value() * self.rows.error())
    }

    /// The lower limit by the method of variance estimates recovery: the reaches of both factors' limits, squared and added.
    fn low(&self, quantile: f64) -> f64 {
        let below = self.rows.value * (self.share.value() - self.share.low(quantile));
        (self.value() - self.reach(below, self.reach_of_rows(quantile))).max(0.0)
    }

    /// The upper limit by the same method.
    fn high(&self, quantile: f64) -> f64 {
        let above = self.rows.value * (self.share.high(quantile) - self.share.value());
        self.value() + self.reach(above, self.reach_of_rows(quantile))
    }

    fn reach_of_rows(&self, quantile: f64) -> f64 {
        self.share.value() * quantile * self.rows.error()
    }

    /// The reach of a product from the reaches of its factors.
    fn reach(&self, of_share: f64, of_rows: f64) -> f64 {
        (of_share * of_share + of_rows * of_rows + 2.0 * self.correlation * of_share * of_rows).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::super::interval::wilson;
    use super::super::moments::Sums;
    use super::*;

    fn cell(population: f64, sampled: f64, [y, x, yy, xx, xy]: [f64; 5]) -> Cell {
        Cell { population, sampled, sums: Sums { y, x, yy, xx, xy } }
    }

    #[test]
    fn of_items_with_one_row_each_the_count_has_the_wilson_interval() {
        let share = [cell(10_000.0, 400.0, [30.0, 400.0, 30.0, 400.0, 30.0])];
        let rows = [cell(10_000.0, 400.0, [400.0; 5])];
        let reading = CountReading { share: &share, count: &share };
        let found = estimate_count(10_000.0, &rows, [reading; 3]).unwrap();
        let expected = wilson(0.075, 399.0 / 0.96, Z95);
        assert!((found.value - 750.0).abs() < 1e-6);
        assert!((found.low - 10_000.0 * expected.low).abs() < 1e-6 && (found.high - 10_000.0 * expected.high).abs() < 1e-6);
        let total = estimate_total(10_000.0, &rows).unwrap();
        assert!((total.value - 10_000.0).abs() < 1e-6 && total.is_exact(), "{total:?}");
    }

    /// Found by the reference implementation of the method in Python, with numpy and scipy.
    #[test]
    fn of_items_with_several_rows_both_factors_widen_the_interval() {
        // 200 items with one, two or three rows: 100 rows of 300 count.
        let (share, rows, count) =
            ([100.0, 300.0, 160.0, 540.0, 190.0], [300.0, 200.0, 540.0, 200.0, 300.0], [100.0, 200.0, 160.0, 200.0, 100.0]);
        let (share, rows, count) = ([cell(5_000.0, 200.0, share)], [cell(5_000.0, 200.0, rows)], [cell(5_000.0, 200.0, count)]);
        let reading = CountReading { share: &share, count: &count };
        let found = estimate_count(5_000.0, &rows, [reading; 3]).unwrap();
        for (found, expected) in [(found.value, 2_500.0), (found.low, 2_019.079), (found.high, 3_021.373)] {
            assert!((found - expected).abs() < 1e-3, "{found} is not {expected}");
        }
        let total = estimate_total(5_000.0, &rows).unwrap();
        for (found, expected) in [(total.value, 7_500.0), (total.low, 7_043.403), (total.high, 7_956.597)] {
            assert!((found - expected).abs() < 1e-3, "{found} is not {expected}");
        }
    }

    #[test]
    fn rows_that_may_count_raise_the_upper_end() {
        let share = |part| [cell(10_000.0, 400.0, [part, 400.0, part, 400.0, part])];
        let rows = [cell(10_000.0, 400.0, [400.0; 5])];
        let (known, most) = (share(30.0), share(50.0));
        let reading = |cells| CountReading { share: cells, count: cells };
        let found = estimate_count(10_000.0, &rows, [reading(&known[..]), reading(&known[..]), reading(&most[..])]).unwrap();
        assert!((found.value - 750.0).abs() < 1e-6 && found.high > 1_250.0 && found.low > found.answered_low, "{found:?}");
    }
}
