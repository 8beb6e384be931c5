//! Samples drawn by rank are samples drawn by chance: over many seeds every item has its turn, and intervals hold.

use ecert_audit::analysis::{Estimator, SampledItem};
use ecert_audit::audit::{Comparison, Status};
use ecert_audit::sample::{Allocation, Draw, DrawKey, GroupSizes, Measures, SamplePlan, Size, StratifyBy};

const ITEMS: u32 = 600;
const SAMPLE: u64 = 150;
const SEEDS: u32 = 2_000;

/// The type of an item: half of them, a third, and a sixth.
fn code(item: u32) -> &'static str {
    match item % 6 {
        0..=2 => "a",
        3 | 4 => "b",
        _ => "c",
    }
}

fn status(item: u32) -> Status {
    if item % 7 < 5 { Status::Both } else { Status::CityOnly }
}

#[test]
fn over_many_seeds_every_item_has_its_turn_and_intervals_hold() {
    let items: Vec<(String, SampledItem)> = (0..ITEMS)
        .map(|item| {
            let holder = format!("holder {item}");
            let mut sampled = SampledItem::new(&holder, code(item), None, Vec::new());
            sampled.add_row(status(item), Comparison::Consistent, false);
            (holder, sampled)
        })
        .collect();
    let both = (0..ITEMS).filter(|item| status(*item) == Status::Both).count();
    let truth = f64::from(u32::try_from(both).unwrap()) / f64::from(ITEMS);
    let mut turns = vec![0u32; items.len()];
    let mut covered = 0u32;
    for seed in 0..SEEDS {
        let key = DrawKey::of_seed(&format!("seed {seed}"));
        let mut draw = Draw::new(Size::Items(SAMPLE), 10, Measures::proportional());
        for (id, (item, (holder, _))) in (0..).zip((0..ITEMS).zip(&items)) {
            draw.offer(Some(code(item)), key.rank(holder, code(item), None), id);
        }
        let drawn = draw.finish(SAMPLE).unwrap();
        let plan = SamplePlan {
            asked: SAMPLE,
            written: None,
            by: StratifyBy::CertType,
            least: 10,
            seed: String::new(),
            allocation: Allocation::Proportional,
            strata: drawn.strata,
            groups: GroupSizes::default(),
        };
        let mut estimator = Estimator::new(&plan, &[]);
        for id in drawn.items {
            let at = usize::try_from(id).unwrap();
            turns[at] += 1;
            estimator.add(&items[at].1).unwrap();
        }
        let overall = estimator.finish().overall;
        covered += u32::from(overall.get("collection_rate").unwrap().interval().contains(truth));
    }
    // A quarter of 2,000 seeds, with a standard deviation of 19.
    assert!(turns.iter().all(|turns| (405..=595).contains(turns)), "{:?} {:?}", turns.iter().min(), turns.iter().max());
    let coverage = f64::from(covered) / f64::from(SEEDS);
    assert!((0.935..=0.97).contains(&coverage), "{coverage}");
}
