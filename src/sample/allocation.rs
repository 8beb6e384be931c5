//! How many items each stratum gives.

use super::plan::{Allocation, SamplePlan};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

/// Rates that strata are taken to have at least and at most. What an earlier run found at 0 or 1 may have changed, and figures
/// other than the collection rate vary there too: no stratum's sampling fraction falls below 44 % of another's.
const RATES: (f64, f64) = (0.05, 0.95);

/// A stratum as allocation sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StratumSize {
    /// Its items.
    pub population: u64,
    /// What the share of its items that are drawn is proportional to, above 0.
    pub measure: f64,
}

/// By how much strata differ in what is worth asking.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    method: Allocation,
    /// The measure of each stratum that is known.
    known: BTreeMap<Option<String>, f64>,
    /// The measure of every other stratum.
    other: f64,
}

impl Measures {
    /// The same share of the items of each stratum.
    #[must_use]
    pub const fn proportional() -> Self {
        Self { method: Allocation::Proportional, known: BTreeMap::new(), other: 1.0 }
    }

    /// Neyman allocation for the collection rate: a stratum's share of items that are drawn is proportional to the standard
    /// deviation that its earlier rate (0 to 1) gives. A stratum without one is taken to vary as much as any can. Without any
    /// rate the allocation is proportional.
    #[must_use]
    pub fn neyman(rates: &BTreeMap<String, f64>) -> Self {
        if rates.is_empty() {
            return Self::proportional();
        }
        let known = rates.iter().map(|(stratum, rate)| (Some(stratum.clone()), deviation(*rate)));
        Self { method: Allocation::Neyman, known: known.collect(), other: deviation(0.5) }
    }

    /// The measures that a sample was drawn with; a larger sample that contains it needs the same.
    #[must_use]
    pub fn of_plan(plan: &SamplePlan) -> Self {
        let known = plan.strata.iter().map(|stratum| (stratum.key.clone(), stratum.measure));
        let usual = if plan.allocation == Allocation::Neyman { deviation(0.5) } else { 1.0 };
        Self { method: plan.allocation, known: known.collect(), other: usual }
    }

    /// How items are allocated to strata.
    #[must_use]
    pub const fn method(&self) -> Allocation {
        self.method
    }

    /// Returns the measure of a stratum; `None` is that of the items without a value.
    #[must_use]
    pub fn of(&self, stratum: Option<&str>) -> f64 {
        self.known.get(&stratum.map(str::to_owned)).copied().unwrap_or(self.other)
    }

    /// Returns the least measure that a stratum may have.
    #[must_use]
    pub fn least(&self) -> f64 {
        self.known.values().copied().fold(self.other, f64::min)
    }
}

/// Standard deviation of an item's outcome in a stratum of this rate.
fn deviation(rate: f64) -> f64 {
    let rate = rate.clamp(RATES.0, RATES.1);
    (rate * (1.0 - rate)).sqrt()
}

/// Allocates a sample of `size` items to strata, at least `least` to each that has as many.
///
/// The items are given one by one: first in rounds of one to each stratum until all have their least, then each to the stratum
/// that is furthest below its share (the divisor method of Webster and Sainte-Laguë). Since the order in which they are given
/// does not depend on `size`, a larger sample takes at least as many from every stratum.
///
/// The result has an entry per stratum. Its sum is `size`, or the population where that is less.
#[must_use]
pub fn allocate(size: u64, least: u64, strata: &[StratumSize]) -> Vec<u64> {
    let mut given = vec![0; strata.len()];
    let mut left = give_least(size, least, strata, &mut given);
    let mut next: BinaryHeap<Claim> =
        (0..).zip(strata).zip(&given).filter_map(|((at, size), has)| Claim::new(at, *size, *has)).collect();
    while left > 0
        && let Some(claim) = next.pop()
    {
        let Some((has, size)) = given.get_mut(claim.stratum).zip(strata.get(claim.stratum)) else { continue };
        *has += 1;
        left -= 1;
        next.extend(Claim::new(claim.stratum, *size, *has));
    }
    given
}

/// Gives each stratum its least, in rounds, the largest strata first. Returns what is left of `size` then.
fn give_least(size: u64, least: u64, strata: &[StratumSize], given: &mut [u64]) -> u64 {
    let mut order: Vec<usize> = (0..strata.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(strata.get(at).map(|stratum| stratum.population)));
    let mut left = size;
    for round in 0..least {
        let mut has_given = false;
        for &at in &order {
            let Some((has, stratum)) = given.get_mut(at).zip(strata.get(at)) else { continue };
            if left > 0 && round < stratum.population {
                *has += 1;
                left -= 1;
                has_given = true;
            }
        }
        if !has_given {
            break;
        }
    }
    left
}

/// A stratum's claim to the next item: the smaller, the sooner it is met.
#[derive(Debug)]
struct Claim {
    claim: f64,
    stratum: usize,
}

impl Claim {
    /// The claim of a stratum that has so many items already; `None` where it has given all.
    #[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^52")]
    fn new(stratum: usize, size: StratumSize, has: u64) -> Option<Self> {
        let claim = (has as f64 + 0.5) / (size.measure * size.population as f64);
        (has < size.population).then_some(Self { claim, stratum })
    }
}

impl PartialEq for Claim {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Claim {}

impl PartialOrd for Claim {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Claim {
    /// The claim to be met first is the greatest, as the heap wants it; equal ones are met in the order of their strata.
    fn cmp(&self, other: &Self) -> Ordering {
        other.claim.total_cmp(&self.claim).then_with(|| other.stratum.cmp(&self.stratum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn even(populations: &[u64]) -> Vec<StratumSize> {
        populations.iter().map(|&population| StratumSize { population, measure: 1.0 }).collect()
    }

    #[test]
    fn strata_give_in_proportion_and_no_less_than_the_least() {
        for (size, least, populations, expected) in [
            (100, 2, &[500, 300, 200][..], &[50, 30, 20][..]),
            (100, 20, &[900, 90, 10], &[70, 20, 10]),
            (100, 50, &[40, 1_000, 1_000], &[33, 34, 33]),
            (10, 50, &[1_000, 500, 2], &[4, 4, 2]),
            (3, 50, &[1_000, 500, 2], &[1, 1, 1]),
            (5_000, 50, &[40, 60], &[40, 60]),
            (7, 2, &[], &[]),
            (0, 2, &[5], &[0]),
        ] {
            assert_eq!(allocate(size, least, &even(populations)), expected, "{size} {least} {populations:?}");
        }
    }

    #[test]
    fn strata_near_one_half_give_more_than_strata_near_the_ends() {
        let measures = Measures::neyman(&BTreeMap::from([("a".to_owned(), 0.5), ("b".to_owned(), 0.99)]));
        let sizes = ["a", "b", "new"].map(|key| StratumSize { population: 10_000, measure: measures.of(Some(key)) });
        let given = allocate(1_000, 2, &sizes);
        assert_eq!(given, [411, 179, 410]);
        assert_eq!(measures.method(), Allocation::Neyman);
        assert!((measures.least() - (0.05f64 * 0.95).sqrt()).abs() < 1e-12);
        assert_eq!(Measures::neyman(&BTreeMap::new()), Measures::proportional());
    }

    fn strata() -> impl Strategy<Value = Vec<StratumSize>> {
        let stratum = (1..3_000u64, 0.2..1.0f64).prop_map(|(population, measure)| StratumSize { population, measure });
        prop::collection::vec(stratum, 1..30)
    }

    proptest! {
        #[test]
        fn a_larger_sample_takes_no_less_from_any_stratum(strata in strata(), size in 0..20_000u64, more in 0..5_000u64, least in 1..80u64) {
            let (small, large) = (allocate(size, least, &strata), allocate(size + more, least, &strata));
            prop_assert!(small.iter().zip(&large).all(|(small, large)| small <= large), "{small:?} {large:?}");
        }

        #[test]
        fn the_sample_has_its_size_and_no_stratum_gives_more_than_it_has(strata in strata(), size in 0..40_000u64, least in 1..80u64) {
            let given = allocate(size, least, &strata);
            let population: u64 = strata.iter().map(|stratum| stratum.population).sum();
            prop_assert_eq!(given.iter().sum::<u64>(), size.min(population));
            prop_assert!(given.iter().zip(&strata).all(|(given, stratum)| *given <= stratum.population));
            let wanted: u64 = strata.iter().map(|stratum| stratum.population.min(least)).sum();
            if size >= wanted {
                prop_assert!(given.iter().zip(&strata).all(|(given, stratum)| *given >= stratum.population.min(least)));
            }
        }
    }
}
