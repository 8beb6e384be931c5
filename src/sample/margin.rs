//! What a sample of a size will tell: the margins of the collection rate to expect before a call is made, and the size that a
//! margin takes.

use super::allocation::{Measures, StratumSize, allocate};
use super::interval::{Z95, wilson};

/// A stratum with the sample that is planned of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planned {
    /// Its items.
    pub population: u64,
    /// Items that are to be drawn.
    pub drawn: u64,
    /// The collection rate that is expected, 0 to 1; one half, of which a sample tells least, where nothing is known.
    pub rate: f64,
}

impl Planned {
    /// Effective number of rows, as if every item were held by the city. Infinite where all items are drawn.
    #[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^52")]
    fn rows(&self) -> f64 {
        let unsampled = 1.0 - self.drawn as f64 / self.population as f64;
        if unsampled <= 0.0 { f64::INFINITY } else { self.drawn.saturating_sub(1) as f64 / unsampled }
    }
}

/// Returns half the width of the 95 % interval to expect of a stratum's collection rate.
#[must_use]
pub fn stratum_margin(stratum: &Planned) -> f64 {
    let interval = wilson(stratum.rate, stratum.rows(), Z95);
    (interval.high - interval.low) / 2.0
}

/// Returns half the width of the 95 % interval to expect of the collection rate over all strata.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^52")]
pub fn overall_margin(strata: &[Planned]) -> f64 {
    let population: f64 = strata.iter().map(|stratum| stratum.population as f64).sum();
    let variance = |stratum: &Planned| {
        let weight = stratum.population as f64 / population;
        // Of one item of several nothing is known but that it lies between 0 and 1.
        let rows = stratum.rows().max(0.5);
        weight * weight * stratum.rate * (1.0 - stratum.rate) / rows
    };
    Z95 * strata.iter().map(variance).sum::<f64>().sqrt()
}

/// Returns the least size with which the margin over all strata is no more than `margin`, and each stratum gives at least two
/// items. `strata` are sizes with the rates to expect.
#[must_use]
pub fn size_for(margin: f64, least: u64, strata: &[(StratumSize, f64)]) -> u64 {
    let sizes: Vec<StratumSize> = strata.iter().map(|(size, _)| *size).collect();
    let population: u64 = sizes.iter().map(|size| size.population).sum();
    let fits = |size: u64| {
        let given = allocate(size, least, &sizes);
        let planned = strata.iter().zip(given);
        let planned = planned.map(|((size, rate), drawn)| Planned { population: size.population, drawn, rate: *rate });
        overall_margin(&planned.collect::<Vec<_>>()) <= margin
    };
    let (mut too_few, mut enough) = (sizes.iter().map(|size| size.population.min(2)).sum::<u64>(), population);
    if fits(too_few) {
        return too_few;
    }
    // A step that doubles finds the neighbourhood: allocating many items takes longer than allocating few.
    let mut step = 1_000;
    while too_few + step < population && !fits(too_few + step) {
        too_few += step;
        step *= 2;
    }
    enough = enough.min(too_few + step);
    while enough - too_few > 1 {
        let middle = u64::midpoint(too_few, enough);
        if fits(middle) {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    enough
}

/// Returns a size that [`size_for`] does not exceed by more than the leasts of the strata, whatever their sizes are.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^52 for any margin of use")]
pub fn most_for(margin: f64, measures: &Measures) -> u64 {
    // A simple random sample at a rate of one half; strata that differ in their measures may take more by as much.
    let simple = Z95 * Z95 * 0.25 / (margin * margin);
    let unequal = 1.0 / measures.least().min(1.0);
    (simple * unequal).ceil() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn margins_are_half_the_widths_of_the_intervals_to_expect() {
        let one = |population, drawn, rate| Planned { population, drawn, rate };
        for (planned, expected) in [
            (one(1_000_000, 9_605, 0.5), 0.009_95),
            (one(1_000_000, 400, 0.95), 0.021_7),
            (one(1_000, 1_000, 0.5), 0.0),
            (one(1_000, 1, 0.5), 0.5),
        ] {
            assert!((stratum_margin(&planned) - expected).abs() < 1e-4, "{planned:?}: {}", stratum_margin(&planned));
        }
        let halves = [one(500_000, 4_803, 0.5), one(500_000, 4_803, 0.5)];
        assert!((overall_margin(&halves) - 0.009_95).abs() < 1e-4);
        assert!(overall_margin(&[one(50, 50, 0.5)]).abs() < 1e-12);
    }

    #[test]
    fn the_size_for_a_margin_is_the_least_that_keeps_it() {
        let size = |population| StratumSize { population, measure: 1.0 };
        for (margin, strata) in [
            (0.01, vec![(size(1_000_000), 0.5)]),
            (0.01, vec![(size(400_000), 0.9), (size(30_000), 0.5), (size(70), 0.5)]),
            (0.001, vec![(size(5_000), 0.5), (size(3_000), 0.2)]),
            (0.4, vec![(size(5_000), 0.5), (size(3_000), 0.2)]),
        ] {
            let found = size_for(margin, 50, &strata);
            let sizes: Vec<StratumSize> = strata.iter().map(|(size, _)| *size).collect();
            let margin_of = |total| {
                let given = allocate(total, 50, &sizes).into_iter().zip(&strata);
                let planned = given.map(|(drawn, (size, rate))| Planned { population: size.population, drawn, rate: *rate });
                overall_margin(&planned.collect::<Vec<_>>())
            };
            assert!(margin_of(found) <= margin, "{margin} {found}");
            let least: u64 = sizes.iter().map(|size| size.population.min(2)).sum();
            assert!(found == least || margin_of(found - 1) > margin, "{margin} {found}");
        }
        assert_eq!(size_for(0.01, 50, &[(size(1_000_000), 0.5)]), 9_514);
    }

    #[test]
    fn no_margin_takes_more_than_was_kept_in_reach() {
        let rates = BTreeMap::from([("a".to_owned(), 0.99), ("b".to_owned(), 0.5)]);
        for measures in [Measures::proportional(), Measures::neyman(&rates)] {
            for populations in [[1_000_000, 1_000], [1_000, 1_000_000], [300_000, 300_000]] {
                let strata: Vec<(StratumSize, f64)> = ["a", "b"]
                    .into_iter()
                    .zip(populations)
                    .map(|(key, population)| (StratumSize { population, measure: measures.of(Some(key)) }, 0.5))
                    .collect();
                let found = size_for(0.02, 50, &strata);
                assert!(found <= most_for(0.02, &measures) + 100, "{found} {}", most_for(0.02, &measures));
            }
        }
    }
}
