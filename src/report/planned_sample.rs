//! The sample that `check` plans: how many items each stratum gives, and how closely they will tell the collection rate.

use super::Words;
use super::estimates::grouped;
use super::excel::mask_codes;
use crate::job::Mask;
use crate::sample::{Planned, SamplePlan, StratifyBy, overall_margin, stratum_margin};
use serde::Serialize;
use std::collections::BTreeMap;

/// The collection rate that is expected where nothing is known: the one of which a sample tells least.
const UNKNOWN_RATE: f64 = 0.5;
/// Strata that the plan's text lists.
const LISTED: usize = 20;

/// A planned sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedSample {
    /// Items that are to be drawn.
    pub size: u64,
    /// Items of the inputs.
    pub population: u64,
    /// What the items are stratified by.
    pub by: String,
    /// How items are allocated to strata: `proportional` or `neyman`.
    pub allocation: &'static str,
    /// Half the width of the 95 % interval to expect of the collection rate.
    pub margin: f64,
    /// The strata in the order of their keys.
    pub strata: Vec<PlannedStratum>,
}

/// A stratum of a planned sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedStratum {
    /// The type code or the carried value; `None` for items without one. Codes of holders are masked.
    pub key: Option<String>,
    /// What people call it, where that is something else.
    pub label: Option<String>,
    /// Its items.
    pub population: u64,
    /// Items that are to be drawn.
    pub drawn: u64,
    /// Half the width of the 95 % interval to expect of its collection rate.
    pub margin: f64,
}

impl PlannedSample {
    /// Returns what a sample will tell. `rates` are the collection rates to expect by stratum; `label` gives the name of a
    /// certificate type.
    #[must_use]
    pub fn of(plan: &SamplePlan, rates: &BTreeMap<String, f64>, label: &dyn Fn(&str) -> Option<String>) -> Self {
        let rate = |key: Option<&String>| key.and_then(|key| rates.get(key)).copied().unwrap_or(UNKNOWN_RATE);
        let planned = plan.strata.iter().map(|stratum| Planned {
            population: stratum.population,
            drawn: stratum.drawn,
            rate: rate(stratum.key.as_ref()),
        });
        let planned: Vec<Planned> = planned.collect();
        let by_type = plan.by == StratifyBy::CertType;
        let strata = plan.strata.iter().zip(&planned).map(|(stratum, planned)| PlannedStratum {
            key: stratum.key.as_ref().map(|key| if by_type { key.clone() } else { mask_codes(key, Mask::Full) }),
            label: stratum.key.as_deref().filter(|_| by_type).and_then(label),
            population: stratum.population,
            drawn: stratum.drawn,
            margin: stratum_margin(planned),
        });
        Self {
            size: plan.drawn(),
            population: plan.population(),
            by: plan.by.to_string(),
            allocation: plan.allocation.word(),
            margin: overall_margin(&planned),
            strata: strata.collect(),
        }
    }
}

/// Returns a planned sample as lines of text.
pub(super) fn planned_lines(words: &Words, sample: &PlannedSample) -> Vec<String> {
    let margin = |margin: f64| words.percent(Some(margin));
    let (size, population, all) = (grouped(sample.size), grouped(sample.population), margin(sample.margin));
    let by: &str = if sample.by == StratifyBy::CERT_TYPE { words.text("sample-by-type") } else { &sample.by };
    let strata = sample.strata.len().to_string();
    let allocation = words.named("allocation", sample.allocation);
    let values = [
        ("size", &*size),
        ("population", &*population),
        ("strata", &*strata),
        ("by", by),
        ("allocation", allocation),
        ("margin", &*all),
    ];
    let of_stratum = |stratum: &PlannedStratum| {
        let name = stratum.label.as_deref().or(stratum.key.as_deref()).unwrap_or_else(|| words.text("empty"));
        let (drawn, population, margin) = (grouped(stratum.drawn), grouped(stratum.population), margin(stratum.margin));
        let values = [("name", name), ("drawn", &*drawn), ("population", &*population), ("margin", &*margin)];
        format!("  {}", words.fill("plan-sample-stratum", &values))
    };
    let mut lines = vec![words.fill("plan-sample", &values)];
    lines.extend(sample.strata.iter().take(LISTED).map(of_stratum));
    if let Some(more) = sample.strata.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("  {}", words.fill("plan-sample-strata-more", &[("count", &more.to_string())])));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Language;
    use crate::sample::{Allocation, GroupSizes, Stratum};

    fn plan(by: StratifyBy, keys: &[&str]) -> SamplePlan {
        let stratum = |key: &&str| Stratum { key: Some((*key).to_owned()), population: 10_000, measure: 1.0, drawn: 401 };
        SamplePlan {
            asked: 401 * keys.len() as u64,
            written: None,
            by,
            least: 50,
            seed: "2026-11".into(),
            allocation: Allocation::Proportional,
            strata: keys.iter().map(stratum).collect(),
            groups: GroupSizes::default(),
        }
    }

    #[test]
    fn a_plan_tells_the_margins_to_expect_of_all_items_and_of_each_stratum() {
        let rates = BTreeMap::from([("a".to_owned(), 0.95)]);
        let sample =
            PlannedSample::of(&plan(StratifyBy::CertType, &["a", "b"]), &rates, &|key| (key == "a").then(|| "甲证".into()));
        let words = Words::new(Language::ZhCn);
        let lines = planned_lines(&words, &sample);
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].starts_with("抽样 802 个条目（共 20,000 个"), "{}", lines[0]);
        assert!(lines[1].contains("甲证") && lines[2].contains('b'), "{lines:?}");
        let [known, unknown] = &sample.strata[..] else { panic!("two strata") };
        assert!(known.margin < 0.023 && (0.047..0.049).contains(&unknown.margin), "{sample:?}");
        assert!(known.margin < sample.margin && sample.margin < unknown.margin, "{sample:?}");
    }

    #[test]
    fn a_stratum_that_is_a_holder_code_is_masked_and_only_the_first_are_listed() {
        let keys: Vec<String> = (0..30).map(|at| format!("区{at}")).chain(["370499195001010007".to_owned()]).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let sample = PlannedSample::of(&plan(StratifyBy::Carried("编号".into()), &keys), &BTreeMap::new(), &|_| None);
        assert!(!serde_json::to_string(&sample).unwrap().contains("370499195001010007"));
        let lines = planned_lines(&Words::new(Language::En), &sample);
        assert_eq!(lines.len(), 22);
        assert_eq!(lines[21], "  11 more strata are not listed");
    }
}
