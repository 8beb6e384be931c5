//! A sample of what the intake finds, drawn while it is read.

use super::Sink;
use super::row::{NewItem, RejectedRow, Repair};
use crate::sample::{
    CarriedSizes, Draw, DrawKey, DrawProblem, GroupSizes, Measures, SamplePlan, Size, StratifyBy, StratumSize, Target, most_for,
    size_for,
};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

/// Values of a carried column that items are counted for. A column with more of them names things, it does not group them.
const MOST_VALUES: usize = 5_000;
/// The collection rate of a stratum of which nothing is known: the one of which a sample tells least.
const UNKNOWN_RATE: f64 = 0.5;

/// How a sample is to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// What decides its size.
    pub target: Target,
    /// What the items are stratified by.
    pub by: StratifyBy,
    /// Items that each stratum gives at least.
    pub least: u64,
    /// What decides which items are drawn.
    pub seed: String,
    /// By how much strata differ in what is worth asking.
    pub measures: Measures,
    /// Collection rates to expect, by stratum; they decide what a margin takes.
    pub rates: BTreeMap<String, f64>,
}

/// A sample of the items of the inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledItems {
    /// Its strata and their sizes.
    pub plan: SamplePlan,
    /// Ids of the items drawn, in ascending order.
    pub items: Vec<u64>,
}

/// Draws a sample of the items that pass through it on their way to a sink.
///
/// All of them reach the sink, so that it numbers them as without a sample. While it takes an item, the cell tells it whether
/// the item is a candidate; those that are none do not belong to the sample. Which candidates do is known at the end.
pub struct Sampler<'a> {
    sink: &'a mut dyn Sink,
    is_candidate: &'a Cell<bool>,
    sampling: Sampling,
    column: Column,
    key: DrawKey,
    draw: Draw,
    sizes: Sizes,
    /// The id of the next item.
    next: u64,
}

/// Where the stratum of an item stands.
#[derive(Debug, Clone, Copy)]
enum Column {
    CertType,
    /// At this place among the carried values.
    Carried(usize),
}

impl Column {
    fn of(self, item: &NewItem) -> Option<&str> {
        match self {
            Self::CertType => Some(&item.cert_type_code),
            Self::Carried(at) => item.carried.get(at)?.as_deref(),
        }
    }
}

impl std::fmt::Debug for Sampler<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Sampler").field("sampling", &self.sampling).field("next", &self.next).finish_non_exhaustive()
    }
}

impl<'a> Sampler<'a> {
    /// Begins to draw a sample of the items on their way to `sink`; `carried` are the headers of the carried columns.
    #[must_use]
    pub fn new(sampling: Sampling, carried: &[String], sink: &'a mut dyn Sink, is_candidate: &'a Cell<bool>) -> Self {
        let column = match &sampling.by {
            StratifyBy::CertType => Column::CertType,
            // A header that is not carried has no value in any row: all items are one stratum.
            StratifyBy::Carried(header) => {
                Column::Carried(carried.iter().position(|known| known == header).unwrap_or(usize::MAX))
            }
        };
        let most = match sampling.target {
            Target::Size(size) => size,
            Target::Margin(margin) => Size::Items(most_for(margin, &sampling.measures)),
        };
        Self {
            sink,
            is_candidate,
            column,
            key: DrawKey::of_seed(&sampling.seed),
            draw: Draw::new(most, sampling.least, sampling.measures.clone()),
            sizes: Sizes::new(carried),
            sampling,
            next: 0,
        }
    }

    /// Ends the draw.
    ///
    /// # Errors
    /// Fails if there are too many strata, or if the sample is too small for two items of each.
    pub fn finish(self) -> Result<SampledItems, DrawProblem> {
        let Sampling { target, by, least, seed, measures, rates } = self.sampling;
        let (asked, written) = match target {
            Target::Size(size) => (size.of(self.next), Some(size)),
            Target::Margin(margin) => {
                let rate = |key: Option<&str>| key.and_then(|key| rates.get(key)).copied().unwrap_or(UNKNOWN_RATE);
                let strata: Vec<(StratumSize, f64)> =
                    self.draw.sizes().into_iter().map(|(key, size)| (size, rate(key))).collect();
                (size_for(margin, least, &strata), None)
            }
        };
        let drawn = self.draw.finish(asked)?;
        let plan = SamplePlan {
            asked,
            written,
            by,
            least,
            seed,
            allocation: measures.method(),
            strata: drawn.strata,
            groups: self.sizes.into_group_sizes(),
        };
        Ok(SampledItems { plan, items: drawn.items })
    }
}

impl Sink for Sampler<'_> {
    fn item(&mut self, item: NewItem) -> Result<(), String> {
        let rank = self.key.rank(&item.holder_code, &item.cert_type_code, item.certificate_number.as_deref());
        self.is_candidate.set(self.draw.offer(self.column.of(&item), rank, self.next));
        self.sizes.count(&item);
        self.next += 1;
        self.sink.item(item)
    }

    fn repeated(&mut self, item_id: u64, item: NewItem, carried_differ: bool) -> Result<(), String> {
        self.sink.repeated(item_id, item, carried_differ)
    }

    fn rejected(&mut self, rejected: RejectedRow) -> Result<(), String> {
        self.sink.rejected(rejected)
    }

    fn repair(&mut self, repair: Repair) -> Result<(), String> {
        self.sink.repair(repair)
    }
}

/// Counts the items of the groups that figures are told for.
#[derive(Debug)]
struct Sizes {
    by_type: HashMap<String, u64>,
    carried: Vec<Values>,
}

/// Counts the items of the values of a carried column.
#[derive(Debug)]
struct Values {
    header: String,
    by_value: HashMap<String, u64>,
    without: u64,
    has_too_many: bool,
}

impl Sizes {
    fn new(carried: &[String]) -> Self {
        let values =
            |header: &String| Values { header: header.clone(), by_value: HashMap::new(), without: 0, has_too_many: false };
        Self { by_type: HashMap::new(), carried: carried.iter().map(values).collect() }
    }

    fn count(&mut self, item: &NewItem) {
        count_one(&mut self.by_type, &item.cert_type_code);
        for (values, value) in self.carried.iter_mut().zip(&item.carried) {
            values.count(value.as_deref());
        }
    }

    fn into_group_sizes(self) -> GroupSizes {
        let counted = self.carried.into_iter().filter(|values| !values.has_too_many);
        let sizes = |values: Values| CarriedSizes {
            header: values.header,
            by_value: values.by_value.into_iter().collect(),
            without: values.without,
        };
        GroupSizes { by_type: self.by_type.into_iter().collect(), by_carried: counted.map(sizes).collect() }
    }
}

impl Values {
    fn count(&mut self, value: Option<&str>) {
        match value {
            _ if self.has_too_many => {}
            None => self.without += 1,
            Some(value) => {
                count_one(&mut self.by_value, value);
                if self.by_value.len() > MOST_VALUES {
                    self.has_too_many = true;
                    self.by_value = HashMap::new();
                }
            }
        }
    }
}

fn count_one(counts: &mut HashMap<String, u64>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => {
            counts.insert(key.to_owned(), 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;
    use crate::sample::{Allocation, Stratum};
    use std::collections::BTreeSet;

    /// Keeps the candidates by their ids.
    #[derive(Default)]
    struct Kept<'a> {
        is_candidate: Option<&'a Cell<bool>>,
        items: Vec<NewItem>,
        candidates: BTreeSet<u64>,
        repeated: Vec<u64>,
    }

    impl Sink for Kept<'_> {
        fn item(&mut self, item: NewItem) -> Result<(), String> {
            if self.is_candidate.is_some_and(Cell::get) {
                self.candidates.insert(self.items.len() as u64);
            }
            self.items.push(item);
            Ok(())
        }

        fn repeated(&mut self, item_id: u64, _: NewItem, _: bool) -> Result<(), String> {
            self.repeated.push(item_id);
            Ok(())
        }

        fn rejected(&mut self, _: RejectedRow) -> Result<(), String> {
            Ok(())
        }

        fn repair(&mut self, _: Repair) -> Result<(), String> {
            Ok(())
        }
    }

    fn item(serial: u32) -> NewItem {
        NewItem {
            holder_code: format!("holder {serial}"),
            holder_code_type: "111".into(),
            cert_type_code: format!("type {}", serial % 3),
            certificate_number: None,
            place: Place { file: "a.csv".into(), sheet: "".into(), row: serial + 2 },
            extraction_code: None,
            carried: vec![(!serial.is_multiple_of(5)).then(|| format!("district {}", serial % 5)), Some(serial.to_string())],
        }
    }

    fn sampling(by: StratifyBy, target: Target) -> Sampling {
        Sampling { target, by, least: 10, seed: "2026-11".into(), measures: Measures::proportional(), rates: BTreeMap::new() }
    }

    /// Draws from items in this order. Returns the sample, and what the items of it are called.
    fn draw(sampling: &Sampling, order: &[u32]) -> (SampledItems, BTreeSet<String>) {
        let carried = ["区市".to_owned(), "编号".to_owned()];
        let is_candidate = Cell::new(false);
        let mut kept = Kept { is_candidate: Some(&is_candidate), ..Kept::default() };
        let mut sampler = Sampler::new(sampling.clone(), &carried, &mut kept, &is_candidate);
        for &serial in order {
            sampler.item(item(serial)).unwrap();
        }
        sampler.repeated(0, item(0), false).unwrap();
        let drawn = sampler.finish().unwrap();
        assert!(drawn.items.iter().all(|id| kept.candidates.contains(id)), "what was drawn was a candidate");
        assert_eq!((kept.items.len(), kept.repeated.len()), (order.len(), 1), "everything reaches the sink");
        let holder = |id: &u64| kept.items[usize::try_from(*id).unwrap()].holder_code.clone();
        let holders = drawn.items.iter().map(holder).collect();
        (drawn, holders)
    }

    #[test]
    fn a_sample_has_its_strata_and_the_sizes_of_groups() {
        let order: Vec<u32> = (0..6_000).collect();
        let (sampled, _) = draw(&sampling(StratifyBy::CertType, Target::Size(Size::Share(0.05))), &order);
        let SamplePlan { asked, written, allocation, strata, groups, .. } = sampled.plan;
        assert_eq!((asked, written, allocation), (300, Some(Size::Share(0.05)), Allocation::Proportional));
        let stratum = |key: &str| Stratum { key: Some(key.into()), population: 2_000, measure: 1.0, drawn: 100 };
        assert_eq!(strata, [stratum("type 0"), stratum("type 1"), stratum("type 2")]);
        assert_eq!(groups.by_type["type 1"], 2_000);
        assert_eq!(groups.carried("区市", Some("district 3")), Some(1_200));
        assert_eq!(groups.carried("区市", None), Some(1_200));
        assert_eq!(groups.carried("编号", Some("7")), None, "a column with a value for each item is not counted");
    }

    #[test]
    fn strata_by_a_carried_column_hold_the_items_without_a_value_too() {
        let order: Vec<u32> = (0..1_000).collect();
        let (sampled, _) = draw(&sampling(StratifyBy::Carried("区市".into()), Target::Size(Size::Items(100))), &order);
        let drawn: Vec<_> = sampled.plan.strata.iter().map(|stratum| (stratum.key.as_deref(), stratum.drawn)).collect();
        let district = |name| (Some(name), 20);
        let expected =
            [(None, 20), district("district 1"), district("district 2"), district("district 3"), district("district 4")];
        assert_eq!(drawn, expected);
        let (all, _) = draw(&sampling(StratifyBy::Carried("没有".into()), Target::Size(Size::Items(100))), &order);
        assert_eq!(all.plan.strata.len(), 1);
    }

    #[test]
    fn neither_the_order_of_rows_nor_a_larger_size_takes_an_item_out_of_the_sample() {
        let order: Vec<u32> = (0..5_000).collect();
        let mut shuffled = order.clone();
        fastrand::Rng::with_seed(3).shuffle(&mut shuffled);
        let by = StratifyBy::CertType;
        let (_, sample) = draw(&sampling(by.clone(), Target::Size(Size::Items(200))), &order);
        let (_, other) = draw(&sampling(by.clone(), Target::Size(Size::Items(200))), &shuffled);
        assert_eq!(sample, other);
        let (_, larger) = draw(&sampling(by, Target::Size(Size::Items(900))), &shuffled);
        assert!(sample.is_subset(&larger) && larger.len() == 900);
    }

    #[test]
    fn a_margin_decides_the_size() {
        let order: Vec<u32> = (0..20_000).collect();
        let (sampled, _) = draw(&sampling(StratifyBy::CertType, Target::Margin(0.05)), &order);
        assert_eq!((sampled.plan.asked, sampled.items.len(), sampled.plan.written), (380, 380, None));
    }
}
