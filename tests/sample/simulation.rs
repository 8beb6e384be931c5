//! Estimates and intervals in the long run: 2,000 samples of each of five libraries whose figures are known.
//!
//! The samples are drawn by chance rather than by rank, so that thousands of them take seconds; that ranks draw as chance does
//! is shown in `by_rank`.

use super::library::{Chance, DISTRICTS, HEADER, Library, Shape, shapes};
use ecert_audit::analysis::{Estimator, RATES};
use ecert_audit::sample::{Estimate, Interval};
use std::collections::BTreeMap;

const SAMPLES: u32 = 2_000;
/// How often a 95 % interval may hold the true figure.
const COVERAGE: (f64, f64) = (0.935, 0.97);
/// Largest bias of an estimate, in its standard errors.
const LARGEST_BIAS: f64 = 0.2;
/// Counts that are followed.
const COUNTS: [&str; 4] = ["both", "city_only", "neither", "error"];
/// Rates of districts and of strata that are followed. Most strata have few rows of the others.
const OF_DISTRICTS: [&str; 3] = ["collection_rate", "province_coverage", "error_rate"];
const OF_STRATA: [&str; 2] = ["collection_rate", "error_rate"];

/// What the estimates of a figure came to over the samples.
#[derive(Debug, Default)]
struct Record {
    samples: f64,
    covered: f64,
    sum: f64,
    squares: f64,
}

impl Record {
    fn add(&mut self, estimate: &Estimate, interval: Interval, truth: f64) {
        // Ends of intervals are computed, and true figures are ratios of whole numbers.
        let rounding = 1e-9 * truth.max(1.0);
        let is_covered = interval.low - rounding <= truth && truth <= interval.high + rounding;
        let off = estimate.value - truth;
        self.samples += 1.0;
        self.covered += f64::from(u8::from(is_covered));
        self.sum += off;
        self.squares += off * off;
    }

    fn coverage(&self) -> f64 {
        self.covered / self.samples
    }

    /// The bias, in standard errors of the estimate.
    fn bias(&self) -> f64 {
        let mean = self.sum / self.samples;
        let variance = self.squares / self.samples - mean * mean;
        mean.abs() / variance.max(f64::MIN_POSITIVE).sqrt()
    }
}

/// The interval that is to hold what an audit of all items shows.
const fn answered(estimate: &Estimate) -> Interval {
    Interval { low: estimate.answered_low, high: estimate.answered_high }
}

/// What the estimates of a library came to over the samples, by what they are of.
#[derive(Debug, Default)]
struct Records {
    /// Of a figure of all items, or of a district.
    figures: BTreeMap<String, Record>,
    /// Of a rate in all strata together. Within a stratum of some dozens of items, whether an interval holds the figure depends
    /// on a handful of outcomes, so that its own coverage is one of a few values.
    strata: BTreeMap<&'static str, Record>,
    /// Of the reported interval, where what failed calls hide is all in favour of a rate, or all against it.
    extremes: BTreeMap<String, Record>,
}

fn simulate(shape: &Shape) -> Records {
    let mut library = Library::new(shape);
    let mut chance = Chance::new(shape.seed);
    let mut records = Records::default();
    for _ in 0..SAMPLES {
        library.draw(&mut chance);
        let truth = library.truth();
        let mut estimator = Estimator::new(library.plan(), &[HEADER.to_owned()]);
        for item in library.drawn() {
            estimator.add(item).unwrap();
        }
        let estimates = estimator.finish();
        for figure in RATES.into_iter().chain(COUNTS) {
            let Some(estimate) = estimates.overall.get(figure) else { continue };
            records.figures.entry(figure.to_owned()).or_default().add(estimate, answered(estimate), truth.overall[figure]);
            for (hidden, rates) in [("against", &truth.least), ("in favour", &truth.most)] {
                if let Some(truth) = rates.get(figure) {
                    let record = records.extremes.entry(format!("{figure}, all {hidden}")).or_default();
                    record.add(estimate, estimate.interval(), *truth);
                }
            }
        }
        for (&district, truth) in DISTRICTS.iter().zip(&truth.districts) {
            let figures = estimates.of_carried(HEADER, Some(district)).unwrap();
            for figure in OF_DISTRICTS {
                let Some(estimate) = figures.get(figure) else { continue };
                let record = records.figures.entry(format!("{district} {figure}")).or_default();
                record.add(estimate, answered(estimate), truth[figure]);
            }
        }
        for (stratum, truth) in estimates.by_stratum.iter().zip(&truth.strata) {
            for figure in OF_STRATA {
                let (Some(estimate), Some(truth)) = (stratum.figures.get(figure), truth.get(figure)) else { continue };
                // Of a stratum that is drawn whole nothing is left to chance.
                if estimate.answered_low < estimate.answered_high {
                    records.strata.entry(figure).or_default().add(estimate, answered(estimate), *truth);
                }
            }
        }
    }
    records
}

/// Whether a library has rows that make a figure vary.
fn varies(record: &Record) -> bool {
    record.squares > 0.0
}

fn assert_intervals_hold(shape: &Shape) {
    let records = simulate(shape);
    let of_strata = records.strata.iter().map(|(figure, record)| (format!("{figure} of strata"), record));
    let figures = records.figures.iter().chain(&records.extremes).map(|(what, record)| (what.clone(), record));
    for (what, record) in figures.chain(of_strata).filter(|(_, record)| varies(record)) {
        let coverage = record.coverage();
        assert!((COVERAGE.0..=COVERAGE.1).contains(&coverage), "{}, {what}: {coverage:.4} of intervals hold it", shape.name);
    }
    for (what, record) in records.figures.iter().filter(|(_, record)| varies(record)) {
        assert!(record.bias() < LARGEST_BIAS, "{}, {what}: the bias is {:.3} standard errors", shape.name, record.bias());
    }
}

/// Each library in a test of its own, so that they run side by side.
macro_rules! libraries {
    ($($test:ident = $at:literal;)+) => {
        $(
            #[test]
            fn $test() {
                assert_intervals_hold(&shapes()[$at]);
            }
        )+
    };
}

libraries! {
    intervals_hold_for_rates_in_the_middle = 0;
    intervals_hold_where_nearly_all_is_collected = 1;
    intervals_hold_where_hardly_anything_is_collected = 2;
    intervals_hold_where_strata_are_at_either_end_and_one_call_in_five_failed = 3;
    intervals_hold_for_items_with_several_rows = 4;
}
