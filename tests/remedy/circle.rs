//! Audit, plan, notifications, and the audit after them.

use super::{ACTIONS, EVERYTHING, all_in, audited, column, command, effects, list, proposals, remediate, save, sound, told_once};
use crate::support::{Platform, Workspace, citizen, stderr, stdout};
use std::collections::BTreeMap;
use std::fs;

const ITEMS: u64 = 1_500;
const INSERT: &str = "归集到省（新增）";
const UPDATE: &str = "更新省库";
const DELETE: &str = "作废省库";

/// How many certificates of a run each item has.
fn certificates_by_item(workspace: &Workspace) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for row in workspace.table("coverage") {
        *counts.entry(row["item_id"].clone()).or_default() += 1;
    }
    counts
}

/// Marks what a person would: everything about holders with one certificate is to be told, but for the first insert.
fn mark(workspace: &Workspace, rows: &mut [Vec<String>]) -> BTreeMap<String, usize> {
    let [mark, action, item] = ["执行", "处置事项", "条目序号"].map(|header| column(rows, header));
    let certificates = certificates_by_item(workspace);
    let mut is_first_insert = true;
    let mut counts = BTreeMap::new();
    for row in &mut rows[1..] {
        let is_only = certificates[row[item].split('/').next().unwrap()] == 1;
        let is_declined = row[action] == INSERT && is_only && std::mem::take(&mut is_first_insert);
        let is_told = is_only && !is_declined;
        (if is_told { "执行" } else { "不执行" }).clone_into(&mut row[mark]);
        if is_told {
            *counts.entry(row[action].clone()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn what_a_plan_marks_is_told_in_order_and_the_next_audit_shows_it() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, ITEMS, EVERYTHING);
    let before = workspace.summary();

    let dry = remediate(&workspace, &[], 0);
    assert!(effects(&platform).is_empty(), "a dry run tells nothing");
    let mut rows = proposals(&workspace, ACTIONS);
    let marked = mark(&workspace, &mut rows);
    let [inserts, updates, deletes] = [INSERT, UPDATE, DELETE].map(|action| marked[action]);
    assert!(inserts > 20 && updates > 20 && deletes > 2, "{marked:?}");
    save(&workspace.path("plan.xlsx"), ACTIONS, &rows);
    let with_plan = remediate(&workspace, &["--plan", "plan.xlsx"], 0);
    assert!(effects(&platform).is_empty(), "a plan alone tells nothing");
    assert!(stdout(&with_plan).contains(&format!("{INSERT}：拟通知 {inserts} 件")), "{}", stdout(&with_plan));

    let sent = remediate(&workspace, &["--plan", "plan.xlsx", "--confirm"], 0);
    let told = effects(&platform);
    let mut interfaces: Vec<&str> = told.iter().map(|(interface, _)| interface.as_str()).collect();
    assert_eq!(interfaces.len(), inserts + updates + deletes);
    interfaces.dedup();
    assert_eq!(interfaces, ["deleteToProvince", "updateToProvince", "insertToProvince"]);
    for (interface, count) in [("deleteToProvince", deletes), ("updateToProvince", updates), ("insertToProvince", inserts)] {
        assert_eq!(told_once(&told, interface).len(), count);
    }
    let expected = all_in("settled", &[("insert", inserts), ("update", updates), ("delete", deletes)]);
    assert_eq!(super::states(&workspace), expected);

    // What was told stands in every report, also in one that is made anew.
    command(&workspace, "report", &[], 0);
    let remedied = (inserts + updates + deletes) as u64;
    assert_eq!(workspace.summary()["remedied"], remedied);
    let metrics = fs::read_to_string(workspace.run_dir().join("metrics.prom")).unwrap();
    assert!(metrics.contains(&format!("ecert_audit_remedied{{audit_job=\"test\"}} {remedied}\n")), "{metrics}");
    assert_eq!(list(&workspace.run_dir().join("report.xlsx"), "处置结果").len() as u64, 1 + remedied);

    // Again: there is nothing left to tell of the plan.
    let asked = platform.asked().len();
    let again = remediate(&workspace, &["--plan", "plan.xlsx", "--confirm"], 0);
    assert_eq!(platform.asked().len(), asked, "{}", stdout(&again));

    workspace.run_job(&["--run-id", "next"], 0);
    let after = fs::read(workspace.path("outputs/test/next/summary.json")).unwrap();
    let after: serde_json::Value = serde_json::from_slice(&after).unwrap();
    let change = |figure: &str| after[figure].as_i64().unwrap() - before[figure].as_i64().unwrap();
    let count = |number: usize| i64::try_from(number).unwrap();
    assert_eq!(change("both"), count(inserts));
    assert_eq!(change("city_only"), -count(inserts));
    assert_eq!(change("inconsistent"), -count(updates + deletes));
    assert_eq!(change("rows"), 0);
    assert!(after["collection_rate"].as_f64() > before["collection_rate"].as_f64());

    // Holder codes stay where they are asked for.
    let log = fs::read_to_string(workspace.run_dir().join("run.log.jsonl")).unwrap();
    let told = [&dry, &with_plan, &sent, &again].map(|output| stdout(output) + &stderr(output)).concat() + &log;
    for serial in 0..ITEMS {
        assert!(!told.contains(&citizen(serial)), "{serial}");
    }
}
