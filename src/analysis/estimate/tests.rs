use super::*;
use crate::analysis::PastRun;
use crate::job::Gate;
use crate::sample::{Allocation, CarriedSizes, GroupSizes};
use proptest::prelude::*;
use serde_json::json;

/// A plan with strata of these keys, populations and samples.
fn plan(by: StratifyBy, strata: &[(Option<&str>, u64, u64)]) -> SamplePlan {
    let stratum = |(key, population, drawn): &(Option<&str>, u64, u64)| Stratum {
        key: key.map(str::to_owned),
        population: *population,
        measure: 1.0,
        drawn: *drawn,
    };
    SamplePlan {
        asked: strata.iter().map(|(_, _, drawn)| drawn).sum(),
        written: None,
        by,
        least: 2,
        seed: "seed".into(),
        allocation: Allocation::Proportional,
        strata: strata.iter().map(stratum).collect(),
        groups: GroupSizes::default(),
    }
}

/// An item of a type with rows of these statuses.
fn item(cert_type_code: &str, district: Option<&str>, statuses: &[Status]) -> SampledItem {
    let mut item = SampledItem::new("370499195001010007", cert_type_code, Some("名称"), vec![district.map(str::to_owned)]);
    for status in statuses {
        item.add_row(*status, Comparison::Consistent, *status == Status::Error);
    }
    item
}

/// A sample of two types. Of 1,000 items of the first 100 were drawn: 80 both, 15 city only, 5 errors. All 40 items of the
/// second were: 10 both, 30 city only.
fn two_types() -> Estimates {
    let plan = SamplePlan {
        groups: GroupSizes {
            by_type: BTreeMap::from([("a".into(), 1_000), ("b".into(), 40)]),
            by_carried: vec![CarriedSizes {
                header: "区市".into(),
                by_value: BTreeMap::from([("东".into(), 520)]),
                without: 520,
            }],
        },
        ..plan(StratifyBy::CertType, &[(Some("a"), 1_000, 100), (Some("b"), 40, 40)])
    };
    let mut estimator = Estimator::new(&plan, &["区市".to_owned()]);
    for (code, status, count) in [
        ("a", Status::Both, 80),
        ("a", Status::CityOnly, 15),
        ("a", Status::Error, 5),
        ("b", Status::Both, 10),
        ("b", Status::CityOnly, 30),
    ] {
        for serial in 0..count {
            estimator.add(&item(code, (serial % 2 == 0).then_some("东"), &[status])).unwrap();
        }
    }
    estimator.finish()
}

fn value(figures: &FigureEstimates, figure: &str) -> f64 {
    figures.get(figure).unwrap_or_else(|| panic!("{figure} has no estimate")).value
}

#[test]
fn figures_of_all_items_weigh_the_strata() {
    let estimates = two_types();
    let overall = &estimates.overall;
    for (figure, expected) in [
        ("collection_rate", 810.0 / 990.0),
        ("province_coverage", 810.0 / 990.0),
        ("city_coverage", 1.0),
        ("error_rate", 50.0 / 1_040.0),
        ("inconsistent_rate", 0.0),
        ("rows", 1_040.0),
        ("both", 810.0),
        ("city_only", 180.0),
        ("error", 50.0),
        ("neither", 0.0),
        ("pending", 0.0),
    ] {
        let found = value(overall, figure);
        assert!((found - expected).abs() < 1e-9, "{figure}: {found}");
        let interval = overall.get(figure).unwrap().interval();
        assert!(interval.low <= found && found <= interval.high, "{figure}: {interval:?}");
    }
    assert_eq!((overall.population, overall.sample), (Some(1_040), 140));
    assert!((overall.share("error").unwrap().value - 50.0 / 1_040.0).abs() < 1e-12);
}

#[test]
fn an_error_widens_every_figure_that_it_could_change_and_no_other() {
    let estimates = two_types();
    let is_widened = |figure: &str| {
        let found = estimates.overall.get(figure).unwrap();
        found.low < found.answered_low || found.answered_high < found.high
    };
    for figure in ["collection_rate", "province_coverage", "city_coverage", "inconsistent_rate", "both", "city_only", "neither"] {
        assert!(is_widened(figure), "{figure}");
    }
    for figure in ["error_rate", "rows", "error", "pending"] {
        assert!(!is_widened(figure), "{figure}");
    }
    let collection = estimates.overall.get("collection_rate").unwrap();
    assert!(collection.low < 810.0 / 1_040.0 && 860.0 / 1_040.0 < collection.high, "{collection:?}");
}

#[test]
fn a_stratum_drawn_whole_is_known() {
    let estimates = two_types();
    let [a, b] = &estimates.by_stratum[..] else { panic!("two strata") };
    assert_eq!((a.key.as_deref(), b.key.as_deref(), b.label.as_deref()), (Some("a"), Some("b"), Some("名称")));
    assert!(!a.figures.get("collection_rate").unwrap().is_exact());
    assert!(b.figures.get("collection_rate").unwrap().is_exact() && b.figures.get("both").unwrap().is_exact());
    assert!((value(&b.figures, "collection_rate") - 0.25).abs() < 1e-12);
    assert_eq!(estimates.of_type("b"), Some(&b.figures), "types are the strata here");
}

#[test]
fn groups_across_strata_are_estimated_for_their_known_size() {
    let estimates = two_types();
    let district = estimates.of_carried("区市", Some("东")).unwrap();
    assert_eq!((district.population, district.sample), (Some(520), 71));
    // 40 both and 8 city only of the first type stand for 10 each, 5 and 15 of the second for themselves.
    assert!((value(district, "collection_rate") - 405.0 / 500.0).abs() < 1e-9);
    assert!((value(district, "rows") - 520.0).abs() < 1e-9);
    assert!(estimates.of_carried("区市", None).is_some() && estimates.of_carried("区市", Some("西")).is_none());
}

#[test]
fn the_json_has_the_figures_overall_and_by_stratum() {
    let json = serde_json::to_value(two_types()).unwrap();
    assert_eq!(json["overall"]["population"], 1_040);
    assert!(json["overall"]["collection_rate"]["low"].is_f64());
    assert_eq!(json["by_stratum"][1]["key"], "b");
    assert_eq!(json["by_stratum"][1]["sample"], 40);
    assert!(json["by_stratum"][1]["both"]["answered_high"].is_f64());
    assert_eq!(json.as_object().unwrap().len(), 2, "{json}");
}

#[test]
fn rows_of_an_item_count_each() {
    let plan = plan(StratifyBy::CertType, &[(Some("a"), 300, 60)]);
    let mut estimator = Estimator::new(&plan, &[]);
    for _ in 0..30 {
        estimator.add(&item("a", None, &[Status::Both, Status::Both, Status::CityOnly])).unwrap();
        estimator.add(&item("a", None, &[Status::Neither])).unwrap();
    }
    let overall = estimator.finish().overall;
    for (figure, expected) in [("rows", 600.0), ("both", 300.0), ("collection_rate", 2.0 / 3.0), ("province_coverage", 0.5)] {
        assert!((value(&overall, figure) - expected).abs() < 1e-9, "{figure}: {}", value(&overall, figure));
    }
}

#[test]
fn faces_that_were_not_compared_because_a_call_failed_may_differ() {
    let plan = plan(StratifyBy::CertType, &[(Some("a"), 1_000, 100)]);
    let estimated = |has_failed: bool| {
        let mut estimator = Estimator::new(&plan, &[]);
        for serial in 0..100 {
            let mut item = item("a", None, &[]);
            let comparison = if serial < 20 { Comparison::NotCompared } else { Comparison::Consistent };
            item.add_row(Status::Both, comparison, has_failed && serial < 20);
            estimator.add(&item).unwrap();
        }
        *estimator.finish().overall.get("inconsistent_rate").unwrap()
    };
    assert!(estimated(false).high < 0.05, "there was no face to compare");
    assert!(estimated(true).high > 0.2);
}

#[test]
fn a_stratum_that_is_a_holder_code_is_masked() {
    let by = StratifyBy::Carried("编号".into());
    let plan = plan(by, &[(None, 10, 1), (Some("370499195001010007"), 10, 1), (Some("东"), 10, 1)]);
    let mut estimator = Estimator::new(&plan, &["编号".to_owned()]);
    for district in [None, Some("370499195001010007"), Some("东")] {
        estimator.add(&item("a", district, &[Status::Both])).unwrap();
    }
    let estimates = estimator.finish();
    let keys: Vec<_> = estimates.by_stratum.iter().map(|group| group.key.as_deref()).collect();
    assert_eq!(keys, [None, Some("3704************07"), Some("东")]);
    assert!(!serde_json::to_string(&estimates).unwrap().contains("370499195001010007"));
}

#[test]
fn a_column_with_very_many_values_has_no_groups() {
    let plan = plan(StratifyBy::CertType, &[(Some("a"), 100_000, 60_000)]);
    let mut estimator = Estimator::new(&plan, &["编号".to_owned()]);
    for serial in 0..=MOST_CELLS {
        estimator.add(&item("a", Some(&serial.to_string()), &[Status::Both])).unwrap();
    }
    let estimates = estimator.finish();
    assert!(estimates.by_carried[0].1.is_empty());
    assert_eq!(estimates.overall.sample, MOST_CELLS as u64 + 1);
}

#[test]
fn an_item_of_no_stratum_is_an_error() {
    let plan = plan(StratifyBy::CertType, &[(Some("a"), 10, 2)]);
    let mut estimator = Estimator::new(&plan, &[]);
    assert!(matches!(estimator.add(&item("b", None, &[Status::Both])), Err(EstimateError::UnknownStratum)));
}

#[test]
fn a_gate_holds_fails_or_is_undecided() {
    let estimates = two_types();
    for (name, limit, verdict) in [
        ("min_collection_rate", 0.6, Verdict::Holds),
        ("min_collection_rate", 0.82, Verdict::Undecided),
        ("min_collection_rate", 0.95, Verdict::Fails),
        ("max_error_rate", 0.2, Verdict::Holds),
        ("max_error_rate", 0.05, Verdict::Undecided),
        ("max_error_rate", 0.001, Verdict::Fails),
        ("max_error_share", 0.2, Verdict::Holds),
        ("max_city_only", 2_000.0, Verdict::Holds),
        ("max_city_only", 180.0, Verdict::Undecided),
        ("max_city_only", 5.0, Verdict::Fails),
        ("max_calls", 100.0, Verdict::Holds),
        ("max_calls", 50.0, Verdict::Fails),
        ("max_new_gaps", 5.0, Verdict::Undecided),
    ] {
        let gate = Gate::new(name, limit).unwrap();
        let found = judge_on_sample(&gate, Some(80.0), &estimates);
        assert_eq!(found.verdict, verdict, "{name} {limit}");
        let is_estimated = !name.ends_with("calls") && !name.ends_with("gaps");
        assert_eq!(found.estimate.is_some(), is_estimated, "{name}");
    }
}

#[test]
fn what_is_kept_of_a_run_are_its_intervals_and_its_rates_by_group() {
    let kept = PastSample::of(&two_types());
    assert_eq!((kept.size, kept.population), (140, 1_040));
    assert!(kept.collection_rate.unwrap().contains(810.0 / 990.0));
    let past: PastRun = serde_json::from_value(json!({
        "run_id": "2026-10", "complete": true, "finished_at": "2026-10-31T12:00:00Z",
        "by_type": { "a": 0.9, "b": null },
        "by_carried": { "区市": { "东": 0.5 } },
    }))
    .unwrap();
    assert_eq!(earlier_rates(&past, &StratifyBy::CertType), BTreeMap::from([("a".into(), 0.9)]));
    assert_eq!(earlier_rates(&past, &StratifyBy::Carried("区市".into())), BTreeMap::from([("东".into(), 0.5)]));
    assert!(earlier_rates(&past, &StratifyBy::Carried("部门".into())).is_empty());
}

proptest! {
    #[test]
    fn a_sample_of_all_items_has_the_figures_of_the_full_audit(
        items in prop::collection::vec((0..4usize, prop::collection::vec(0..4usize, 1..4)), 8..80)
    ) {
        const CODES: [&str; 4] = ["a", "b", "c", "d"];
        let sizes: Vec<u64> = (0..4).map(|code| items.iter().filter(|(of, _)| *of == code).count() as u64).collect();
        let strata: Vec<_> = CODES.iter().zip(&sizes).map(|(code, size)| (Some(*code), *size, *size)).collect();
        let plan = plan(StratifyBy::CertType, &strata);
        let mut estimator = Estimator::new(&plan, &[]);
        let mut counts = [0.0; 4];
        for (code, statuses) in &items {
            let statuses: Vec<Status> = statuses.iter().map(|at| Status::ALL[*at]).collect();
            estimator.add(&item(CODES[*code], None, &statuses)).unwrap();
            for status in statuses {
                counts[Status::ALL.iter().position(|known| *known == status).unwrap()] += 1.0;
            }
        }
        let overall = estimator.finish().overall;
        let [both, city_only, _, _] = counts;
        match overall.get("collection_rate") {
            Some(found) => {
                prop_assert!((found.value - both / (both + city_only)).abs() < 1e-9);
                prop_assert!((found.high - found.low).abs() < 1e-6, "{found:?}");
            }
            None => prop_assert!(both + city_only < 0.5),
        }
        prop_assert!((value(&overall, "both") - both).abs() < 1e-6);
        prop_assert!((value(&overall, "rows") - counts.iter().sum::<f64>()).abs() < 1e-6);
    }
}
