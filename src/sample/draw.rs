//! Drawing a sample in one pass over the items, while the strata's sizes are not known yet.

use super::allocation::{Measures, StratumSize, allocate};
use super::key::Rank;
use super::plan::Stratum;
use super::size::Size;
use crate::message::Message;
use std::collections::{BinaryHeap, HashMap};

/// Strata that a sample may have at most. A column with more values names things, it does not group them.
const MOST_STRATA: usize = 10_000;
/// Items with the smallest ranks that are kept of every stratum, whatever its sampling fraction.
const ALWAYS_KEPT: u64 = 128;
/// By how much the ranks that are kept exceed the expected sampling fraction. The sample of a stratum that gives more than
/// [`ALWAYS_KEPT`] items lies within it but for a chance below 1e-16 (the lower tail of a Poisson count).
const SLACK: f64 = 2.0;
/// Sampling fraction from which on every item is kept. Below it no stratum is drawn whole by its measure alone, so that the
/// others' fractions are no larger than their measures say.
const KEEP_ALL: f64 = 0.25;
/// Candidates from which on all strata are looked through for those that later items have put out of reach.
const FIRST_SWEEP: usize = 100_000;

/// Draws a sample: takes the rank of every item, and keeps those that may still belong to it.
///
/// What it keeps of a stratum are always the items with its smallest ranks; how many that has to be is bounded by the items
/// seen so far. Its memory grows with the sample and the number of strata, not with the number of items.
#[derive(Debug)]
pub struct Draw {
    /// The largest sample that may be asked for at the end.
    most: Size,
    least: u64,
    measures: Measures,
    strata: Vec<Candidates>,
    by_key: HashMap<String, usize>,
    /// The stratum of items without a value.
    without_key: Option<usize>,
    seen: u64,
    /// Sum of the measures of all items seen.
    mass: f64,
    /// Candidates of all strata.
    kept: usize,
    sweep_at: usize,
    has_too_many_strata: bool,
}

/// The items of a stratum that may belong to the sample.
#[derive(Debug)]
struct Candidates {
    key: Option<String>,
    population: u64,
    measure: f64,
    /// Their ranks and ids, the largest rank on top.
    ranks: BinaryHeap<(Rank, u64)>,
}

/// A drawn sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// The strata in the order of their keys, items without a value first.
    pub strata: Vec<Stratum>,
    /// Ids of the items drawn, in ascending order.
    pub items: Vec<u64>,
}

/// Why no sample could be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawProblem {
    /// More strata than a sample can have.
    TooManyStrata,
    /// Fewer than two items for each stratum: nothing could be told of how much items vary.
    TooFewItems {
        /// Items asked for.
        size: u64,
        /// Items that it takes.
        needed: u64,
        /// Strata.
        strata: u64,
    },
}

impl DrawProblem {
    /// The problem as a message to a person; `by` is what the strata are.
    #[must_use]
    pub fn to_message(&self, by: &str) -> Message {
        match self {
            Self::TooManyStrata => Message::new("sample-too-many-strata").with("by", by).with("most", MOST_STRATA),
            Self::TooFewItems { size, needed, strata } => Message::new("sample-too-few-items")
                .with("size", size)
                .with("by", by)
                .with("strata", strata)
                .with("needed", needed),
        }
    }
}

impl Draw {
    /// Begins to draw a sample of at most `most` items, at least `least` from every stratum that has them.
    #[must_use]
    pub fn new(most: Size, least: u64, measures: Measures) -> Self {
        Self {
            most,
            least,
            measures,
            strata: Vec::new(),
            by_key: HashMap::new(),
            without_key: None,
            seen: 0,
            mass: 0.0,
            kept: 0,
            sweep_at: FIRST_SWEEP,
            has_too_many_strata: false,
        }
    }

    /// Takes an item of a stratum. Returns whether it is a candidate; one that is none does not belong to the sample, while a
    /// candidate may turn out not to.
    pub fn offer(&mut self, stratum: Option<&str>, rank: Rank, item_id: u64) -> bool {
        self.seen += 1;
        let Some(at) = self.place_of(stratum) else { return false };
        let always = self.always_kept();
        let Some(measure) = self.strata.get(at).map(|candidates| candidates.measure) else { return false };
        self.mass += measure;
        let share = self.share_in_reach(measure);
        let Some(candidates) = self.strata.get_mut(at) else { return false };
        candidates.population += 1;
        let before = candidates.ranks.len();
        let is_candidate = candidates.offer(rank, item_id, share, always);
        self.kept = self.kept + candidates.ranks.len() - before;
        if self.kept >= self.sweep_at {
            self.sweep();
        }
        is_candidate
    }

    /// The sizes of the strata, in the order of their keys.
    #[must_use]
    pub fn sizes(&self) -> Vec<(Option<&str>, StratumSize)> {
        let mut sizes: Vec<_> = self.strata.iter().map(|candidates| (candidates.key.as_deref(), candidates.size())).collect();
        sizes.sort_by_key(|(key, _)| *key);
        sizes
    }

    /// Draws the sample of `size` items, which may be no more than what was said to be the most.
    ///
    /// # Errors
    /// Fails if there are too many strata, or if the sample is too small for two items of each.
    pub fn finish(self, size: u64) -> Result<Drawn, DrawProblem> {
        if self.has_too_many_strata {
            return Err(DrawProblem::TooManyStrata);
        }
        let needed: u64 = self.strata.iter().map(|candidates| candidates.population.min(2)).sum();
        if size.min(self.seen) < needed {
            return Err(DrawProblem::TooFewItems { size, needed, strata: self.strata.len() as u64 });
        }
        let least = self.least;
        let mut strata = self.strata;
        strata.sort_by(|a, b| a.key.cmp(&b.key));
        let sizes: Vec<StratumSize> = strata.iter().map(Candidates::size).collect();
        let mut drawn = Drawn { strata: Vec::new(), items: Vec::new() };
        for (candidates, count) in strata.into_iter().zip(allocate(size, least, &sizes)) {
            let Candidates { key, population, measure, ranks } = candidates;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            let before = drawn.items.len();
            drawn.items.extend(ranks.into_sorted_vec().into_iter().take(count).map(|(_, item_id)| item_id));
            drawn.strata.push(Stratum { key, population, measure, drawn: (drawn.items.len() - before) as u64 });
        }
        drawn.items.sort_unstable();
        Ok(drawn)
    }

    /// The place of a stratum, made where it is new; `None` where there are too many.
    fn place_of(&mut self, stratum: Option<&str>) -> Option<usize> {
        let known = match stratum {
            Some(key) => self.by_key.get(key).copied(),
            None => self.without_key,
        };
        if known.is_some() {
            return known;
        }
        if self.strata.len() == MOST_STRATA {
            self.has_too_many_strata = true;
            return None;
        }
        let at = self.strata.len();
        let key = stratum.map(str::to_owned);
        match &key {
            Some(key) => {
                self.by_key.insert(key.clone(), at);
            }
            None => self.without_key = Some(at),
        }
        self.strata.push(Candidates { key, population: 0, measure: self.measures.of(stratum), ranks: BinaryHeap::new() });
        Some(at)
    }

    fn always_kept(&self) -> usize {
        usize::try_from(self.least.max(ALWAYS_KEPT)).unwrap_or(usize::MAX)
    }

    /// The share of all ranks within which the sample of a stratum of this measure lies, as far as the items seen so far tell.
    /// It never grows from one item to the next: what is out of reach once stays so.
    #[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^52")]
    fn share_in_reach(&self, measure: f64) -> f64 {
        match self.most {
            Size::Items(items) if items as f64 > KEEP_ALL * self.seen as f64 => 1.0,
            Size::Items(items) => SLACK * items as f64 * measure / self.mass,
            Size::Share(share) if share > KEEP_ALL => 1.0,
            // The mean measure of all items is not known before the end.
            Size::Share(share) => SLACK * share * measure / self.measures.least(),
        }
    }

    /// Drops the candidates of all strata that are out of reach.
    fn sweep(&mut self) {
        let always = self.always_kept();
        let shares: Vec<f64> = self.strata.iter().map(|candidates| self.share_in_reach(candidates.measure)).collect();
        self.kept = 0;
        for (candidates, share) in self.strata.iter_mut().zip(shares) {
            candidates.trim(share, always);
            self.kept += candidates.ranks.len();
        }
        self.sweep_at = FIRST_SWEEP.max(2 * self.kept);
    }
}

impl Candidates {
    const fn size(&self) -> StratumSize {
        StratumSize { population: self.population, measure: self.measure }
    }

    /// Keeps an item where its rank is within `share`, or among the `always` smallest.
    fn offer(&mut self, rank: Rank, item_id: u64, share: f64, always: usize) -> bool {
        let is_reached = |(largest, _): &(Rank, u64)| *largest <= rank;
        if self.ranks.len() >= always && !rank.is_within(share) && self.ranks.peek().is_none_or(is_reached) {
            return false;
        }
        self.ranks.push((rank, item_id));
        self.trim(share, always);
        true
    }

    fn trim(&mut self, share: f64, always: usize) {
        while self.ranks.len() > always && self.ranks.peek().is_some_and(|(rank, _)| !rank.is_within(share)) {
            self.ranks.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::DrawKey;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Draws from items that are numbers, by the stratum that `stratum` gives each.
    fn draw(items: &[u32], most: Size, least: u64, measures: &Measures, stratum: impl Fn(u32) -> String) -> Draw {
        let key = DrawKey::of_seed("seed");
        let mut draw = Draw::new(most, least, measures.clone());
        for &item in items {
            draw.offer(Some(&stratum(item)), key.rank(&item.to_string(), "t", None), item.into());
        }
        draw
    }

    /// The sample as it is defined: the smallest ranks of every stratum.
    fn by_definition(items: &[u32], size: u64, least: u64, measures: &Measures, stratum: impl Fn(u32) -> String) -> Vec<u64> {
        let key = DrawKey::of_seed("seed");
        let mut strata: BTreeMap<String, Vec<(Rank, u64)>> = BTreeMap::new();
        for &item in items {
            strata.entry(stratum(item)).or_default().push((key.rank(&item.to_string(), "t", None), item.into()));
        }
        let sizes: Vec<StratumSize> = strata
            .iter()
            .map(|(key, ranks)| StratumSize { population: ranks.len() as u64, measure: measures.of(Some(key)) })
            .collect();
        let mut drawn = Vec::new();
        for (mut ranks, count) in strata.into_values().zip(allocate(size, least, &sizes)) {
            ranks.sort_unstable();
            drawn.extend(ranks.into_iter().take(usize::try_from(count).unwrap()).map(|(_, item)| item));
        }
        drawn.sort_unstable();
        drawn
    }

    #[test]
    fn one_pass_draws_the_smallest_ranks_of_every_stratum_also_where_strata_come_one_after_the_other() {
        let items: Vec<u32> = (0..200_000).collect();
        let rates = BTreeMap::from([("0".to_owned(), 0.5), ("1".to_owned(), 0.99), ("2".to_owned(), 0.8)]);
        for measures in [Measures::proportional(), Measures::neyman(&rates)] {
            let strata: [fn(u32) -> String; 2] = [|item: u32| (item / 40_000).to_string(), |item: u32| (item % 7).to_string()];
            for stratum in strata {
                for most in [Size::Items(2_000), Size::Share(0.01)] {
                    let draw = draw(&items, most, 50, &measures, stratum);
                    assert!(draw.kept < 20_000, "{} candidates", draw.kept);
                    let drawn = draw.finish(2_000).unwrap();
                    assert_eq!(drawn.items, by_definition(&items, 2_000, 50, &measures, stratum), "{most}");
                }
            }
        }
    }

    #[test]
    fn candidates_stay_few_while_the_items_grow() {
        let mut draw = draw(&[], Size::Items(20_000), 50, &Measures::proportional(), |_| String::new());
        let key = DrawKey::of_seed("seed");
        let mut most = 0;
        for item in 0..2_000_000u32 {
            let stratum = (item / 50_000).to_string();
            draw.offer(Some(&stratum), key.rank(&item.to_string(), "t", None), item.into());
            most = most.max(draw.kept);
        }
        assert!(most < 210_000, "{most} candidates for a sample of 20,000");
        assert_eq!(draw.finish(20_000).unwrap().items.len(), 20_000);
    }

    #[test]
    fn a_sample_needs_two_items_of_each_stratum_and_few_strata() {
        let items: Vec<u32> = (0..100).collect();
        let measures = Measures::proportional();
        let by_ten = |item: u32| (item / 10).to_string();
        let small = draw(&items, Size::Items(19), 50, &measures, by_ten).finish(19);
        let problem = DrawProblem::TooFewItems { size: 19, needed: 20, strata: 10 };
        assert_eq!(small, Err(problem));
        assert_eq!(problem.to_message("区市").to_string(), "sample-too-few-items size=19 by=区市 strata=10 needed=20");
        assert!(draw(&items, Size::Items(20), 50, &measures, by_ten).finish(20).is_ok());
        let many: Vec<u32> = (0..10_001).collect();
        let drawn = draw(&many, Size::Items(50_000), 2, &measures, |item| item.to_string()).finish(50_000);
        assert_eq!(drawn, Err(DrawProblem::TooManyStrata));
    }

    #[test]
    fn items_without_a_value_are_a_stratum_of_their_own() {
        let key = DrawKey::of_seed("seed");
        let mut draw = Draw::new(Size::Items(10), 2, Measures::proportional());
        for item in 0..6u32 {
            draw.offer((item < 4).then_some("a"), key.rank(&item.to_string(), "t", None), item.into());
        }
        let sizes: Vec<_> = draw.sizes().into_iter().map(|(key, size)| (key.map(str::to_owned), size.population)).collect();
        assert_eq!(sizes, [(None, 2), (Some("a".to_owned()), 4)]);
        let drawn = draw.finish(10).unwrap();
        assert_eq!(drawn.items, [0, 1, 2, 3, 4, 5]);
        assert_eq!(drawn.strata.iter().map(|stratum| stratum.drawn).collect::<Vec<_>>(), [2, 4]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn a_sample_is_part_of_any_larger_one_and_does_not_depend_on_the_order(
            count in 50..4_000u32, size in 20..600u64, more in 1..600u64, strata in 1..9u32, seed in any::<u64>()
        ) {
            let measures = Measures::proportional();
            let stratum = |item: u32| (item % strata).to_string();
            let items: Vec<u32> = (0..count).collect();
            let mut shuffled = items.clone();
            fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
            let sample = |items: &[u32], size| draw(items, Size::Items(size), 10, &measures, stratum).finish(size).unwrap().items;
            let small = sample(&items, size);
            prop_assert_eq!(&small, &sample(&shuffled, size));
            let large = sample(&shuffled, size + more);
            prop_assert!(small.iter().all(|item| large.binary_search(item).is_ok()));
        }
    }
}
