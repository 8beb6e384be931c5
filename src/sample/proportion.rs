//! Proportions over strata, and their score intervals.

use super::interval::wilson;
use super::ratio::{Cell, Ratio};

/// Rows of the whole from which on a stratum's own share stands for it; strata with fewer are taken together.
const ENOUGH_ROWS: f64 = 20.0;
/// Effective number of rows below which a proportion over several strata is withheld (Parker and others 2017).
const FEWEST_ROWS: f64 = 30.0;
/// Effective number of rows from which on the variance that they show is believed, also where it is less than that of a sample
/// without strata.
const TRUSTED_ROWS: f64 = 100.0;
/// Least design effect that is believed.
const LEAST_EFFECT: f64 = 0.1;

/// A proportion over strata: a ratio whose part is never more than its whole, in any item.
///
/// Its interval holds the values that the score test does not reject at the wanted quantile: those whose distance from the
/// estimate is at most so many standard errors, where the standard error is the one under the value that is tested. The shares
/// of the strata are nuisance parameters; under a tested value they are the likeliest ones that give it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proportion {
    /// The combined ratio and its linearised variance.
    pub ratio: Ratio,
    /// What varies with the strata's shares.
    parts: Vec<Part>,
    /// Variance that comes from the strata's sizes, which are estimated too, rather than from their shares.
    of_sizes: f64,
    /// Strata that have rows of the whole.
    strata: usize,
}

/// A stratum that is not drawn whole, or several of them, as a binomial sample.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    /// Its share of the whole.
    weight: f64,
    /// Its proportion.
    share: f64,
    /// Its effective number of rows: that of a sample of single rows, drawn with replacement, whose proportion varies as much.
    rows: f64,
}

impl Proportion {
    /// Estimates a proportion over the strata that `cells` are of. `None` where the sample has nothing of the whole.
    #[must_use]
    pub fn of(cells: &[Cell]) -> Option<Self> {
        let ratio = Ratio::of(cells)?;
        let counted: Vec<Cell> = cells.iter().copied().filter(|cell| cell.sums.x > 0.0).collect();
        // What is drawn whole is known, however few its rows are.
        let stands = |cell: &Cell| cell.unsampled() <= 0.0 || cell.sums.x >= ENOUGH_ROWS;
        let own: Vec<Cell> = counted.iter().copied().filter(stands).collect();
        let few: Vec<Cell> = counted.iter().copied().filter(|cell| !stands(cell)).collect();
        let (mut parts, of_own) = own_parts(&own, &ratio);
        let mut of_sizes = of_own;
        if !few.is_empty() {
            let (part, of_few) = joint_part(&few, &ratio);
            parts.push(part);
            of_sizes += of_few;
        }
        Some(Self { ratio, parts, of_sizes, strata: counted.len() })
    }

    /// The estimate.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.ratio.value
    }

    /// The lower end of the interval at a normal quantile, such as [`Z95`](super::Z95).
    #[must_use]
    pub fn low(&self, quantile: f64) -> f64 {
        (self.value() - distance_below(&self.parts, self.of_sizes, quantile)).clamp(0.0, 1.0)
    }

    /// The upper end of the interval at a normal quantile.
    #[must_use]
    pub fn high(&self, quantile: f64) -> f64 {
        // What lies above a proportion lies below that of the rest.
        let rest: Vec<Part> = self.parts.iter().map(|part| Part { share: 1.0 - part.share, ..*part }).collect();
        (self.value() + distance_below(&rest, self.of_sizes, quantile)).clamp(0.0, 1.0)
    }

    /// The effective number of rows; infinite where all strata are drawn whole.
    #[must_use]
    pub fn effective_rows(&self) -> f64 {
        // The sum of nothing is -0.0, whose inverse would be less than any number of rows.
        1.0 / self.parts.iter().map(|part| part.weight * part.weight / part.rows).sum::<f64>().abs()
    }

    /// Returns whether the rows are too few for their weights: over several strata, a handful of rows that stand for unequal
    /// numbers of others does not tell how much it may be off.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        self.strata > 1 && self.effective_rows() < FEWEST_ROWS
    }
}

/// A stratum's share of the whole.
fn weight(cell: &Cell, ratio: &Ratio) -> f64 {
    cell.expansion() * cell.sums.x / ratio.whole
}

/// The parts of strata that stand for themselves, with the variance of their sizes.
fn own_parts(own: &[Cell], ratio: &Ratio) -> (Vec<Part>, f64) {
    let open: Vec<Cell> = own.iter().copied().filter(|cell| cell.unsampled() > 0.0).collect();
    let effect = design_effect(&open, ratio);
    let part = |cell: &Cell| {
        let rows = (cell.sums.x - 1.0) / (cell.unsampled() * effect);
        Part { weight: weight(cell, ratio), share: cell.sums.y / cell.sums.x, rows }
    };
    let of_sizes = open.iter().map(|cell| {
        let (weight, share) = (weight(cell, ratio), cell.sums.y / cell.sums.x);
        let scatter = cell.sums.xx - cell.sums.x * cell.sums.x / cell.sampled;
        let off = weight * (share - ratio.value) / cell.sums.x;
        off * off * cell.unsampled() * cell.correction() * scatter.max(0.0)
    });
    (open.iter().map(part).collect(), of_sizes.sum())
}

/// By how much the rows of items that have several vary together: the variance beside that of single rows. It is one effect
/// for all strata, chosen so that the parts' variance at the estimate is the linearised one.
fn design_effect(open: &[Cell], ratio: &Ratio) -> f64 {
    let (mut found, mut single) = (0.0, 0.0);
    // Where all rows of every stratum are alike, nothing shows whether items vary as wholes: they are taken to.
    let (mut whole_items, mut rows) = (0.0, 0.0);
    for cell in open {
        let x = cell.sums.x;
        let share = cell.sums.y / x;
        let scale = weight(cell, ratio).powi(2) * cell.unsampled();
        let covariance = 2.0 * (share - ratio.value) * (cell.sums.xy - share * cell.sums.xx);
        found += scale * cell.correction() * covariance / (x * x);
        if share > 0.0 && share < 1.0 {
            found += scale * cell.square(share) / (x * (x - 1.0));
            single += scale * share * (1.0 - share) / (x - 1.0);
        }
        whole_items += scale * cell.sums.xx / (x * x);
        rows += scale / x;
    }
    if single > 0.0 {
        (found / single).max(LEAST_EFFECT)
    } else if rows > 0.0 {
        (whole_items / rows).max(1.0)
    } else {
        1.0
    }
}

/// Several strata with few rows each as one part, with the variance of its size.
fn joint_part(few: &[Cell], ratio: &Ratio) -> (Part, f64) {
    let sum = |of: &dyn Fn(&Cell) -> f64| -> f64 { few.iter().map(of).sum() };
    let joint_whole = sum(&|cell| cell.expansion() * cell.sums.x);
    let joint_weight = joint_whole / ratio.whole;
    // Exactly 0 or 1 where all rows are alike.
    let share = sum(&|cell| cell.expansion() * cell.sums.y) / joint_whole;
    let rows = sum(&|cell| cell.sums.x);
    // As many rows as unequal weights leave. Where the heavy ones agree by chance, the variance alone would claim more.
    let unequal = sum(&|cell| weight(cell, ratio).powi(2) * cell.unsampled() / cell.sums.x) / joint_weight.powi(2);
    // One row tells nothing of how rows vary; half of it keeps the interval within bounds.
    let lost = if rows > 1.0 { (rows - 1.0) / rows } else { 0.5 };
    let by_weights = lost / (unequal * joint_effect(few));
    let variance = sum(&|cell| cell.variance(share)) / joint_whole.powi(2);
    // Rows that are all alike within their strata show no variance, however few they are.
    let by_variance = if variance > 0.0 && share < 1.0 { share * (1.0 - share) / variance } else { by_weights };
    let effective = if by_weights >= TRUSTED_ROWS { by_variance } else { by_weights.min(by_variance) };
    let of_size = sum(&|cell| {
        let scatter = cell.sums.xx - cell.sums.x * cell.sums.x / cell.sampled;
        cell.expansion().powi(2) * cell.unsampled() * cell.correction() * scatter.max(0.0)
    });
    let of_size = (share - ratio.value).powi(2) * of_size / ratio.whole.powi(2);
    (Part { weight: joint_weight, share, rows: effective }, of_size)
}

/// The design effect of items with several rows, from strata with few rows each. Unlike the variance, it does not weigh them.
fn joint_effect(few: &[Cell]) -> f64 {
    /// Least effect that so few rows can show.
    const LEAST: f64 = 0.3;
    let sum = |of: &dyn Fn(&Cell) -> f64| -> f64 { few.iter().map(of).sum() };
    let rows = sum(&|cell| cell.sums.x);
    let share = sum(&|cell| cell.sums.y) / rows;
    let whole_items = (sum(&|cell| cell.sums.xx) / rows).max(LEAST);
    if share <= 0.0 || share >= 1.0 {
        return whole_items;
    }
    (sum(&|cell| cell.square(share)) / (rows * share * (1.0 - share))).clamp(LEAST, whole_items)
}

/// How far the lower end of the score interval lies below the estimate.
///
/// Under a tested value below the estimate, the likeliest shares q of the parts solve rows·(share − q) = λ·weight·q·(1 − q) for
/// a multiplier λ > 0 that all parts have in common. The distance and its standard error are functions of λ, and the distance
/// beside the error grows with it, so that the λ at which it reaches the quantile is found by halving.
fn distance_below(parts: &[Part], of_sizes: f64, quantile: f64) -> f64 {
    /// Logarithms between which the multiplier lies, whatever the weights and the numbers of rows.
    const RANGE: (f64, f64) = (-10.0, 60.0);
    /// Halvings that place its logarithm within 1e-14.
    const STEPS: u32 = 53;
    if parts.is_empty() {
        return quantile * of_sizes.sqrt();
    }
    // No share can lie below 0. Kinds of rows that a sample has none of are frequent.
    if parts.iter().all(|part| part.share <= 0.0) {
        return 0.0;
    }
    if let [only] = parts
        && of_sizes <= 0.0
    {
        return only.weight * (only.share - wilson(only.share, only.rows, quantile).low);
    }
    let (mut low, mut high) = RANGE;
    for _ in 0..STEPS {
        let middle = f64::midpoint(low, high);
        let (distance, variance) = tested(parts, middle.exp());
        let is_rejected = distance > 0.0 && distance * distance >= quantile * quantile * (variance + of_sizes);
        if is_rejected {
            high = middle;
        } else {
            low = middle;
        }
    }
    tested(parts, high.exp()).0
}

/// The distance of the tested value that belongs to a multiplier from the estimate, and its variance.
fn tested(parts: &[Part], multiplier: f64) -> (f64, f64) {
    let (mut distance, mut variance) = (0.0, 0.0);
    for Part { weight, share, rows } in parts {
        let pull = multiplier * weight;
        let sum = rows + pull;
        let root = (sum * sum - 4.0 * pull * rows * share).max(0.0).sqrt();
        let likeliest = (2.0 * rows * share / (sum + root)).min(*share).max(0.0);
        distance += weight * (share - likeliest);
        variance += weight * weight * likeliest * (1.0 - likeliest) / rows;
    }
    (distance, variance)
}

#[cfg(test)]
mod tests {
    use super::super::interval::Z95;
    use super::super::moments::Sums;
    use super::*;
    use proptest::prelude::*;

    /// A stratum of items with one row each.
    fn single(population: f64, sampled: f64, part: f64) -> Cell {
        Cell { population, sampled, sums: Sums { y: part, x: sampled, yy: part, xx: sampled, xy: part } }
    }

    /// The estimate and the two ends of its interval.
    fn ends(cells: &[Cell]) -> [f64; 3] {
        let found = Proportion::of(cells).unwrap();
        [found.value(), found.low(Z95), found.high(Z95)]
    }

    fn assert_near(found: [f64; 3], expected: [f64; 3]) {
        let is_near = found.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-6);
        assert!(is_near, "{found:?} is not {expected:?}");
    }

    #[test]
    fn one_stratum_has_the_wilson_interval_with_the_finite_population_correction() {
        for (population, sampled, part) in [(1_000.0, 100.0, 97.0), (1_000.0, 50.0, 0.0), (60.0, 50.0, 50.0), (90.0, 15.0, 4.0)] {
            let found = ends(&[single(population, sampled, part)]);
            let expected = wilson(part / sampled, (sampled - 1.0) / (1.0 - sampled / population), Z95);
            // A stratum of few rows is judged by its linearised variance, which is the same but for rounding.
            assert_near(found, [part / sampled, expected.low, expected.high]);
        }
        assert_near(ends(&[single(30.0, 30.0, 12.0)]), [0.4; 3]);
    }

    /// Found by the reference implementation of the method in Python, with numpy and scipy.
    #[test]
    fn intervals_over_strata_are_those_of_the_reference() {
        let cell =
            |population, sampled, [y, x, yy, xx, xy]: [f64; 5]| Cell { population, sampled, sums: Sums { y, x, yy, xx, xy } };
        for (cells, expected) in [
            (
                vec![
                    cell(20_000.0, 400.0, [388.0, 400.0, 388.0, 400.0, 388.0]),
                    cell(3_000.0, 60.0, [60.0, 60.0, 60.0, 60.0, 60.0]),
                    cell(500.0, 50.0, [49.0, 50.0, 49.0, 50.0, 49.0]),
                    cell(40.0, 40.0, [38.0, 40.0, 38.0, 40.0, 38.0]),
                ],
                [0.974_001_699, 0.955_754_493, 0.984_802_262],
            ),
            (
                vec![
                    cell(100_000.0, 900.0, [20.0, 900.0, 20.0, 900.0, 20.0]),
                    cell(2_000.0, 50.0, [0.0, 50.0, 0.0, 50.0, 0.0]),
                    cell(700.0, 50.0, [1.0, 50.0, 1.0, 50.0, 1.0]),
                    cell(9.0, 9.0, [3.0, 9.0, 3.0, 9.0, 3.0]),
                ],
                [0.021_801_616, 0.014_234_460, 0.033_289_232],
            ),
            (
                vec![
                    cell(5_000.0, 100.0, [2.0, 100.0, 2.0, 100.0, 2.0]),
                    cell(5_000.0, 100.0, [99.0, 100.0, 99.0, 100.0, 99.0]),
                    cell(800.0, 50.0, [0.0, 50.0, 0.0, 50.0, 0.0]),
                    cell(800.0, 50.0, [50.0, 50.0, 50.0, 50.0, 50.0]),
                ],
                [0.504_310_345, 0.484_472_336, 0.526_192_440],
            ),
            (
                vec![
                    cell(9_000.0, 90.0, [50.0, 60.0, 50.0, 60.0, 50.0]),
                    cell(800.0, 50.0, [3.0, 4.0, 3.0, 4.0, 3.0]),
                    cell(300.0, 50.0, [7.0, 9.0, 7.0, 9.0, 7.0]),
                    cell(120.0, 50.0, [1.0, 6.0, 1.0, 6.0, 1.0]),
                ],
                [0.830_408_975, 0.718_660_604, 0.902_786_770],
            ),
            (
                vec![
                    cell(6_000.0, 120.0, [180.0, 240.0, 330.0, 560.0, 400.0]),
                    cell(900.0, 50.0, [70.0, 90.0, 120.0, 180.0, 140.0]),
                    cell(20.0, 20.0, [9.0, 30.0, 11.0, 50.0, 16.0]),
                ],
                [0.752_307_692, 0.700_682_348, 0.797_353_139],
            ),
            (
                vec![
                    cell(6_000.0, 120.0, [240.0, 240.0, 560.0, 560.0, 560.0]),
                    cell(900.0, 50.0, [90.0, 90.0, 180.0, 180.0, 180.0]),
                ],
                [1.0, 0.968_958_453, 1.0],
            ),
        ] {
            assert_near(ends(&cells), expected);
        }
        let strata = |part: fn(u32) -> u32| -> Vec<Cell> { (0..60).map(|at| single(500.0, 4.0, part(at).into())).collect() };
        assert_near(ends(&strata(|at| at % 5)), [0.5, 0.448_827_553, 0.551_172_447]);
        assert_near(ends(&strata(|at| if at % 3 == 0 { 4 } else { 0 })), [0.333_333_333, 0.276_835_179, 0.395_062_897]);
    }

    #[test]
    fn strata_at_0_and_at_1_leave_room_for_what_was_not_seen() {
        let [value, low, high] = ends(&[single(1e6, 50.0, 0.0), single(1e6, 50.0, 50.0)]);
        assert!((value - 0.5).abs() < 1e-12);
        // Either stratum may hold up to 7 % of the other kind; half of that is a stratum's part of the whole.
        assert!((0.46..0.47).contains(&low) && (0.53..0.54).contains(&high), "{low} {high}");
    }

    #[test]
    fn a_few_unequal_rows_over_several_strata_are_withheld() {
        let few =
            |population, rows| Cell { population, sampled: 50.0, sums: Sums { y: rows, x: rows, yy: rows, xx: rows, xy: rows } };
        assert!(Proportion::of(&[few(1e5, 2.0), few(500.0, 15.0)]).unwrap().is_withheld());
        assert!(!Proportion::of(&[few(1e5, 2.0)]).unwrap().is_withheld(), "one stratum has its Wilson interval");
        assert!(!Proportion::of(&[single(1e5, 50.0, 3.0), single(500.0, 50.0, 3.0)]).unwrap().is_withheld());
        assert!(!Proportion::of(&[single(10.0, 10.0, 3.0), single(5.0, 5.0, 3.0)]).unwrap().is_withheld(), "known is known");
    }

    fn cells() -> impl Strategy<Value = Vec<Cell>> {
        let stratum = (0..5u32, 1..60u32, 0..=60u32, 1..4u32).prop_map(|(more, sampled, part, rows)| {
            let (sampled, rows) = (f64::from(sampled + 1), f64::from(rows));
            let part = f64::from(part).min(sampled);
            let sums = Sums {
                y: part * rows,
                x: sampled * rows,
                yy: part * rows * rows,
                xx: sampled * rows * rows,
                xy: part * rows * rows,
            };
            Cell { population: sampled * f64::from(1 + more * more * more), sampled, sums }
        });
        prop::collection::vec(stratum, 1..12)
    }

    proptest! {
        #[test]
        fn an_interval_lies_within_0_and_1_holds_the_estimate_and_grows_with_its_quantile(cells in cells()) {
            let found = Proportion::of(&cells).unwrap();
            let (low, high) = (found.low(Z95), found.high(Z95));
            prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
            prop_assert!(low <= found.value() + 1e-9 && found.value() <= high + 1e-9, "{low} {} {high}", found.value());
            prop_assert!(found.low(1.0) >= low - 1e-9 && found.high(1.0) <= high + 1e-9);
        }

        #[test]
        fn the_interval_of_the_rest_mirrors_that_of_the_part(cells in cells()) {
            let rest: Vec<Cell> = cells.iter().map(|cell| {
                let Sums { y, x, yy, xx, xy } = cell.sums;
                Cell { sums: Sums { y: x - y, x, yy: xx - 2.0 * xy + yy, xx, xy: xx - xy }, ..*cell }
            }).collect();
            let (found, rest) = (Proportion::of(&cells).unwrap(), Proportion::of(&rest).unwrap());
            prop_assert!((found.low(Z95) - (1.0 - rest.high(Z95))).abs() < 1e-6);
        }
    }
}
