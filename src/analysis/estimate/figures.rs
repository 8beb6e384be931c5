//! The figures that are estimated: which rows each counts, and what unknown rows may make of it.

use crate::audit::Status;
use crate::sample::{Cell, CountReading, Estimate, estimate_count, estimate_rate, estimate_total};
use serde::Serialize;
use std::collections::BTreeMap;

/// Kinds of rows that are counted, and the item itself.
pub(super) const KINDS: usize = 9;

/// How many of each kind an item has; or the weights of the kinds in a sum.
pub(super) type Tally = [f64; KINDS];

/// A kind of row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// The item itself, once.
    Item,
    Both,
    CityOnly,
    ProvinceOnly,
    Neither,
    Error,
    Pending,
    /// Held by both sides, with faces or states that differ; counted as [`Kind::Both`] too.
    Inconsistent,
    /// Held by both sides, with faces that were not compared because a call failed; counted as [`Kind::Both`] too.
    Uncompared,
}

impl Kind {
    pub(super) const fn of(status: Status) -> Self {
        match status {
            Status::Both => Self::Both,
            Status::CityOnly => Self::CityOnly,
            Status::ProvinceOnly => Self::ProvinceOnly,
            Status::Neither => Self::Neither,
            Status::Error => Self::Error,
            Status::Pending => Self::Pending,
        }
    }
}

/// The sum of some kinds.
const fn sum(kinds: &[Kind]) -> Tally {
    let mut weights = [0.0; KINDS];
    let mut at = 0;
    while at < kinds.len() {
        weights[kinds[at] as usize] = 1.0;
        at += 1;
    }
    weights
}

const ITEMS: Tally = sum(&[Kind::Item]);
const ROWS: Tally = sum(&[Kind::Both, Kind::CityOnly, Kind::ProvinceOnly, Kind::Neither, Kind::Error, Kind::Pending]);

/// A reading of a rate: the rows that it counts, of the rows that it could count.
struct Reading {
    part: Tally,
    whole: Tally,
}

/// A rate: of the rows of which all is known, with every unknown row against it, and with every one in its favour.
struct Rate {
    name: &'static str,
    known: Reading,
    least: Reading,
    most: Reading,
}

/// A count of rows: those that are known to count, and those that may.
struct Count {
    name: &'static str,
    known: Tally,
    most: Tally,
}

/// A rate of rows that are in one of the `parts`, of those in one of the `wholes`. A row whose calls failed, or that was not
/// asked, may be in the parts, or else in the wholes alone.
macro_rules! rate {
    ($name:literal, [$($part:ident)+] of [$($whole:ident)+]) => {
        Rate {
            name: $name,
            known: Reading { part: sum(&[$(Kind::$part),+]), whole: sum(&[$(Kind::$whole),+]) },
            least: Reading { part: sum(&[$(Kind::$part),+]), whole: sum(&[$(Kind::$whole,)+ Kind::Error, Kind::Pending]) },
            most: Reading {
                part: sum(&[$(Kind::$part,)+ Kind::Error, Kind::Pending]),
                whole: sum(&[$(Kind::$whole,)+ Kind::Error, Kind::Pending]),
            },
        }
    };
}

const RATE_FORMS: [Rate; 5] = [
    rate!("collection_rate", [Both] of [Both CityOnly]),
    rate!("province_coverage", [Both ProvinceOnly] of [Both CityOnly ProvinceOnly Neither]),
    rate!("city_coverage", [Both CityOnly] of [Both CityOnly ProvinceOnly Neither]),
    // An error is no unknown row here; one that was not asked may become one.
    Rate {
        name: "error_rate",
        known: Reading { part: sum(&[Kind::Error]), whole: ROWS },
        least: Reading { part: sum(&[Kind::Error]), whole: ROWS },
        most: Reading { part: sum(&[Kind::Error, Kind::Pending]), whole: ROWS },
    },
    Rate {
        name: "inconsistent_rate",
        known: Reading { part: sum(&[Kind::Inconsistent]), whole: sum(&[Kind::Both]) },
        least: Reading { part: sum(&[Kind::Inconsistent]), whole: sum(&[Kind::Both, Kind::Error, Kind::Pending]) },
        most: Reading {
            part: sum(&[Kind::Inconsistent, Kind::Uncompared, Kind::Error, Kind::Pending]),
            whole: sum(&[Kind::Both, Kind::Error, Kind::Pending]),
        },
    },
];

/// A count of a status about which an unknown row may turn out to be.
const fn status(name: &'static str, kind: Kind) -> Count {
    Count { name, known: sum(&[kind]), most: sum(&[kind, Kind::Error, Kind::Pending]) }
}

const COUNT_FORMS: [Count; 7] = [
    status("both", Kind::Both),
    status("city_only", Kind::CityOnly),
    status("province_only", Kind::ProvinceOnly),
    status("neither", Kind::Neither),
    Count { name: "error", known: sum(&[Kind::Error]), most: sum(&[Kind::Error, Kind::Pending]) },
    Count { name: "pending", known: sum(&[Kind::Pending]), most: sum(&[Kind::Pending]) },
    Count {
        name: "inconsistent",
        known: sum(&[Kind::Inconsistent]),
        most: sum(&[Kind::Inconsistent, Kind::Uncompared, Kind::Error, Kind::Pending]),
    },
];

/// Name of the count of all rows.
const ROWS_NAME: &str = "rows";

/// Names of the rates that are estimated.
pub const RATES: [&str; 5] = ["collection_rate", "province_coverage", "city_coverage", "error_rate", "inconsistent_rate"];

/// Names of the counts that are estimated.
pub const COUNTS: [&str; 8] = [ROWS_NAME, "both", "city_only", "province_only", "neither", "error", "pending", "inconsistent"];

/// Estimated figures of a group of items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureEstimates {
    /// Items of the population; `None` where they were not counted.
    pub population: Option<u64>,
    /// Items of the sample.
    pub sample: u64,
    /// Estimates by name, of [`RATES`] and [`COUNTS`]. `None` where the sample has too few rows to tell.
    #[serde(flatten)]
    pub by_name: BTreeMap<&'static str, Option<Estimate>>,
    /// Shares of all rows, by the names of [`COUNTS`] but for that of all rows.
    #[serde(skip)]
    pub shares: BTreeMap<&'static str, Option<Estimate>>,
}

impl FigureEstimates {
    /// Returns the estimate of a figure; `None` where there is none.
    #[must_use]
    pub fn get(&self, figure: &str) -> Option<&Estimate> {
        self.by_name.get(figure)?.as_ref()
    }

    /// Returns the estimated share of all rows of a count; `None` where there is none.
    #[must_use]
    pub fn share(&self, figure: &str) -> Option<&Estimate> {
        self.shares.get(figure)?.as_ref()
    }

    /// Estimates all figures. `cells` gives the strata of a part of a whole; `population` is the number of items, estimated
    /// where it is not known.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts of items are far below 2^52, and positive"
    )]
    pub(super) fn of(cells: &dyn Fn(&Tally, &Tally) -> Vec<Cell>, population: Option<u64>) -> Self {
        let of = |reading: &Reading| cells(&reading.part, &reading.whole);
        let rates = RATE_FORMS.iter().map(|rate| (rate.name, estimate_rate(&of(&rate.known), &of(&rate.least), &of(&rate.most))));
        let rows = cells(&ROWS, &ITEMS);
        let items = population.map_or_else(|| rows.iter().map(expanded_items).sum(), |population| population as f64);
        let mut by_name: BTreeMap<&'static str, Option<Estimate>> = rates.collect();
        by_name.insert(ROWS_NAME, estimate_total(items, &rows));
        let mut shares = BTreeMap::new();
        for Count { name, known, most } in &COUNT_FORMS {
            let (share, count) = (cells(known, &ROWS), cells(known, &ITEMS));
            let (most_share, most_count) = (cells(most, &ROWS), cells(most, &ITEMS));
            let known = CountReading { share: &share, count: &count };
            let most = CountReading { share: &most_share, count: &most_count };
            by_name.insert(*name, estimate_count(items, &rows, [known, known, most]));
            shares.insert(*name, estimate_rate(&share, &share, &most_share));
        }
        let sample: f64 = rows.iter().map(|cell| cell.sums.x).sum();
        Self { population, sample: sample as u64, by_name, shares }
    }
}

/// Items of a group in a stratum, as its sample tells. The whole of the cell is the items.
fn expanded_items(cell: &Cell) -> f64 {
    cell.population / cell.sampled * cell.sums.x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_the_forms() {
        assert_eq!(RATE_FORMS.each_ref().map(|rate| rate.name), RATES);
        assert_eq!(COUNT_FORMS.each_ref().map(|count| count.name), COUNTS[1..]);
    }

    #[test]
    fn a_part_is_never_more_than_its_whole() {
        // What counts as another kind too stands for that one.
        let is_within = |part: &Tally, whole: &Tally| {
            let both = whole[Kind::Both as usize];
            (0..KINDS).all(|kind| {
                let of_whole =
                    if kind == Kind::Inconsistent as usize || kind == Kind::Uncompared as usize { both } else { whole[kind] };
                part[kind] <= of_whole
            })
        };
        for rate in &RATE_FORMS {
            for reading in [&rate.known, &rate.least, &rate.most] {
                assert!(is_within(&reading.part, &reading.whole), "{}", rate.name);
            }
        }
        for count in &COUNT_FORMS {
            assert!(is_within(&count.known, &ROWS) && is_within(&count.most, &ROWS), "{}", count.name);
        }
    }
}
