//! Items that fail for ever are the result of those items: they keep no run from its end.

use super::{business, sound};
use crate::support::{Asked, Platform, SEED, Workspace, citizen};
use ecert_audit::job::SandboxSettings;
use ecert_audit::sandbox::{FAULTS, fails_for_ever};
use std::collections::BTreeMap;
use std::fmt::Write;

const TYPE: &str = "11100000000013127D001";

/// Attempts of a call in all.
const ATTEMPTS: u32 = 3;

/// A platform on which a share of the items meets a fault for ever.
fn lasting(rate: f64, fault: &str) -> SandboxSettings {
    SandboxSettings { seed: SEED, lasting_rate: rate, faults: vec![fault.to_owned()], ..sound() }
}

/// An input of `count` items, those that fail for ever among the others or behind them, and how many those are.
fn items(settings: &SandboxSettings, count: u64, at_the_end: bool) -> (String, u64) {
    let mut codes: Vec<(bool, String)> =
        (0..count).map(citizen).map(|code| (fails_for_ever(settings, &code, TYPE), code)).collect();
    if at_the_end {
        codes.sort_by_key(|(fails, _)| *fails);
    }
    let mut text = "证件号码,证照类型代码\n".to_owned();
    for (_, code) in &codes {
        writeln!(text, "{code},{TYPE}").unwrap();
    }
    (text, codes.iter().filter(|(fails, _)| *fails).count() as u64)
}

/// The most attempts of one call.
fn most_attempts(asked: &[Asked]) -> u32 {
    let mut attempts: BTreeMap<String, u32> = BTreeMap::new();
    for asked in business(asked) {
        *attempts.entry(format!("{} {:?}", asked.endpoint, asked.parameters)).or_default() += 1;
    }
    attempts.into_values().max().unwrap_or(0)
}

/// Runs a job over items of which a share fails for ever; it has to end complete, with those as errors and nothing else.
fn completes(fault: &str, rate: f64, count: u64, at_the_end: bool) {
    let platform = Platform::start(lasting(rate, fault));
    let (text, failing) = items(&lasting(rate, fault), count, at_the_end);
    assert!(failing > 0, "{fault} {rate}: none of {count} items fails");
    let workspace = Workspace::new();
    workspace.write_input("items.csv", text.as_bytes());
    let job = platform.job("inputs/items.csv", "rate = \"unlimited\"\nadaptive = false\npatience = \"20s\"");
    let retry = format!("[audit]\ndepth = \"existence\"\n[retry]\nattempts = {ATTEMPTS}");
    workspace.write_job(&job.replace("[retry]", &retry).replace("[purpose]", "timeout = \"300ms\"\n[purpose]"));
    workspace.run_job(&[], 0);
    let case = format!("{fault}, {rate} of {count}, at the end: {at_the_end}");
    let summary = workspace.summary();
    assert_eq!((&summary["state"], &summary["pending"]), (&"complete".into(), &0.into()), "{case}: {summary}");
    assert_eq!(summary["error"], failing, "{case}: {summary}");
    for row in workspace.table("coverage").iter().filter(|row| row["status"] == "error") {
        assert_eq!(row["attempts"], ATTEMPTS.to_string(), "{case}: {row:?}");
    }
    // What is hung up on never gets into the platform's log. A probe may ask again what was answered: that is no attempt of a
    // call that fails.
    let asked = platform.asked();
    let failed: Vec<Asked> = asked.into_iter().filter(|asked| asked.fault.is_some()).collect();
    assert_eq!(most_attempts(&failed), if fault == "silence" { 0 } else { ATTEMPTS }, "{case}");
}

/// Every kind of fault in turn. A platform that asks for a wait of a second each time gets it: there, fewer items do.
fn all_kinds(rate: f64, count: u64, count_of_waits: u64) {
    for (index, (fault, _)) in FAULTS.iter().enumerate() {
        let count = if *fault == "http-429" { count_of_waits } else { count };
        completes(fault, rate, count, index % 2 == 0);
        if *fault == "code-99" || *fault == "http-500" {
            completes(fault, rate, count, index % 2 == 1);
        }
    }
}

#[test]
fn one_in_a_hundred_may_fail_for_ever() {
    all_kinds(0.01, 300, 150);
}

#[test]
fn one_in_twenty_may_fail_for_ever() {
    all_kinds(0.05, 120, 30);
}

#[test]
fn half_of_all_may_fail_for_ever() {
    all_kinds(0.5, 60, 20);
}

#[test]
fn failed_items_are_asked_again_where_a_person_wants_it() {
    let platform = Platform::start(lasting(0.05, "code-99"));
    let (text, failing) = items(&lasting(0.05, "code-99"), 100, false);
    let workspace = Workspace::new();
    workspace.write_input("items.csv", text.as_bytes());
    workspace.write_job(&platform.job("inputs/items.csv", "rate = \"unlimited\""));
    workspace.run_job(&[], 0);
    let before = platform.asked().len();
    workspace.run_job(&[], 0);
    assert_eq!(platform.asked().len(), before, "a complete run asks nothing");
    workspace.run_job(&["--retry-failed"], 0);
    let again: std::collections::BTreeSet<String> =
        business(&platform.asked()[before..]).iter().map(|asked| format!("{:?}", asked.parameters)).collect();
    assert!(again.len() as u64 >= failing, "{again:?}");
    assert_eq!(workspace.summary()["error"], failing);
}
