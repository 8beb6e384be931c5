//! What a dry run says, and what the next run says of gaps that the province knows of.

use super::{
    ACTIONS, EVERYTHING, OTHERS, all_in, audited, column, effects, is, list, proposals, remediate, set, sound, states, to_insert,
};
use crate::support::{Platform, stdout};
use ecert_audit::job::SandboxSettings;
use std::time::Duration;

#[test]
fn every_row_that_is_no_agreement_is_proposed_or_told_why_not() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 600, EVERYTHING);
    let output = remediate(&workspace, &[], 0);
    let (actions, others) = (proposals(&workspace, ACTIONS), proposals(&workspace, OTHERS));
    let rows = workspace.table("coverage");
    let agrees = |row: &crate::support::TextRow| is(row, "status", "both") && !is(row, "comparison", "inconsistent");
    let open = rows.iter().filter(|row| !agrees(row) && !row.contains_key("error_kind")).count();
    assert_eq!(actions.len() - 1 + others.len() - 1, open);
    let (action, reason) = (column(&actions, "处置事项"), column(&actions, "原因"));
    let mark = column(&actions, "执行");
    for row in &actions[1..] {
        assert_eq!(row[mark] == "执行", row[action] == "归集到省（新增）", "updates and deletes wait for a person");
        assert!(!row[reason].is_empty() && !row[reason].contains("remedy-"), "{row:?}");
    }
    assert_eq!(actions[1..].iter().filter(|row| row[mark] == "执行").count(), to_insert(&workspace).len());
    let reason = column(&others, "原因");
    assert!(others[1..].iter().all(|row| !row[reason].is_empty() && !row[reason].contains("remedy-")));
    assert!(stdout(&output).contains("remediation.xlsx"), "{}", stdout(&output));
    assert_eq!(platform.asked().iter().filter(|asked| asked.endpoint.ends_with("ToProvince")).count(), 0);
}

#[test]
fn what_has_no_effect_yet_says_so_and_the_next_run_knows_of_it() {
    let platform = Platform::start(SandboxSettings { settle_delay: Duration::from_hours(1), ..sound() });
    let workspace = audited(&platform, 300, "settle = \"0s\"");
    let wanted = to_insert(&workspace).len();
    remediate(&workspace, &["--confirm"], 0);
    assert_eq!(states(&workspace), all_in("not_settled", &[("insert", wanted)]));
    assert_eq!(workspace.summary()["remedied"], 0);
    remediate(&workspace, &["--verify"], 0);
    assert_eq!(states(&workspace), all_in("not_settled", &[("insert", wanted)]));
    assert_eq!(effects(&platform).len(), wanted, "what is verified is not sent again");

    workspace.run_job(&["--run-id", "next"], 0);
    let next = workspace.path("outputs/test/next");
    let gaps = list(&next.join("report.xlsx"), "市有省无");
    let notified = column(&gaps, "通知省库情况");
    let told = gaps[1..].iter().filter(|row| row[notified].contains("已通知")).count();
    assert_eq!(told, wanted);

    // It is not told again so soon.
    let output = workspace.run(&["remediate", "outputs/test/next", "--confirm"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(effects(&platform).len(), wanted);
    let output = workspace.run(&["remediate", "outputs/test/next"]);
    assert_eq!(output.status.code(), Some(0));
    let others = list(&next.join("remediation.xlsx"), OTHERS);
    let reason = column(&others, "原因");
    assert_eq!(others[1..].iter().filter(|row| row[reason].contains("不重复通知")).count(), wanted);
}

#[test]
fn a_job_that_names_another_platform_tells_it_nothing() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 100, EVERYTHING);
    let other = Platform::start(sound());
    set(&workspace, &other, super::THROTTLE, EVERYTHING);
    remediate(&workspace, &["--confirm"], 2);
    assert!(effects(&other).is_empty() && effects(&platform).is_empty());
}

#[test]
fn the_shards_of_a_run_are_told_of_as_one() {
    let platform = Platform::start(sound());
    let workspace = crate::support::Workspace::new();
    workspace.write_input("items.csv", crate::support::items(300).as_bytes());
    set(&workspace, &platform, super::THROTTLE, "settle = \"0s\"");
    for shard in ["1/2", "2/2"] {
        workspace.run_job(&["--shard", shard], 0);
    }
    super::command(&workspace, "report", &[], 0);
    let wanted = to_insert(&workspace);
    remediate(&workspace, &["--confirm"], 0);
    assert_eq!(super::told_once(&effects(&platform), "insertToProvince"), wanted);
    assert_eq!(states(&workspace), all_in("settled", &[("insert", wanted.len())]));
    assert_eq!(workspace.summary()["remedied"], wanted.len());
}
