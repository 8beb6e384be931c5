//! What keeps notifications from being sent.

use super::{
    ACTIONS, EVERYTHING, all_in, audited, column, effects, proposals, remediate, save, set, sound, states, to_insert, told_once,
};
use crate::support::{Platform, stderr, stdout};

#[test]
fn more_than_the_job_allows_at_once_is_an_error_and_nothing_is_sent() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 300, "max_actions = 2");
    let wanted = to_insert(&workspace).len();
    assert!(wanted > 2, "{wanted}");
    let dry = remediate(&workspace, &[], 0);
    assert!(stdout(&dry).contains("remediate.max_actions"), "{}", stdout(&dry));
    let output = remediate(&workspace, &["--confirm"], 2);
    assert!(stderr(&output).contains("remediate.max_actions") && stderr(&output).contains(&wanted.to_string()));
    assert!(effects(&platform).is_empty());

    // Part of them by a plan.
    let mut rows = proposals(&workspace, ACTIONS);
    let mark = column(&rows, "执行");
    for row in &mut rows[3..] {
        "不执行".clone_into(&mut row[mark]);
    }
    save(&workspace.path("plan.xlsx"), ACTIONS, &rows);
    set(&workspace, &platform, super::THROTTLE, "max_actions = 2\nsettle = \"0s\"");
    remediate(&workspace, &["--plan", "plan.xlsx", "--confirm"], 0);
    assert_eq!(told_once(&effects(&platform), "insertToProvince").len(), 2);
}

#[test]
fn only_what_the_job_allows_and_types_that_it_names_are_told() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 300, "settle = \"0s\"\ntypes = [\"11100000000013338W008\"]");
    remediate(&workspace, &["--confirm"], 0);
    assert!(effects(&platform).is_empty(), "another type");
    set(&workspace, &platform, super::THROTTLE, "settle = \"0s\"\nallow = [\"delete\"]");
    remediate(&workspace, &["--confirm"], 0);
    assert!(effects(&platform).is_empty(), "nobody decided for a delete");
    set(&workspace, &platform, super::THROTTLE, "settle = \"0s\"\ntypes = [\"11100000000013127D001\"]");
    remediate(&workspace, &["--confirm"], 0);
    assert_eq!(told_once(&effects(&platform), "insertToProvince"), to_insert(&workspace));
}

#[test]
fn a_plan_of_another_run_and_marks_that_would_be_ignored_are_errors() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 300, EVERYTHING);
    remediate(&workspace, &[], 0);
    let rows = proposals(&workspace, ACTIONS);
    let (mark, key) = (column(&rows, "执行"), column(&rows, "行标识"));

    let mut foreign = rows.clone();
    let sent = 1 + foreign[1..].iter().position(|row| row[mark] == "执行").unwrap();
    foreign[sent][key].push('0');
    save(&workspace.path("foreign.xlsx"), ACTIONS, &foreign);
    let output = remediate(&workspace, &["--plan", "foreign.xlsx", "--confirm"], 2);
    assert!(stderr(&output).contains(&format!("第 {} 行", sent + 1)), "{}", stderr(&output));

    let mut unclear = rows.clone();
    "也许".clone_into(&mut unclear[2][mark]);
    save(&workspace.path("unclear.xlsx"), ACTIONS, &unclear);
    let output = remediate(&workspace, &["--plan", "unclear.xlsx", "--confirm"], 2);
    assert!(stderr(&output).contains("第 3 行") && stderr(&output).contains("也许"), "{}", stderr(&output));

    let mut changed = rows;
    let inserted = changed[1..].iter_mut().find(|row| row[mark] == "执行").unwrap();
    "不执行".clone_into(&mut inserted[mark]);
    save(&workspace.run_dir().join("remediation.xlsx"), ACTIONS, &changed);
    let output = remediate(&workspace, &["--confirm"], 2);
    assert!(stderr(&output).contains("--plan"), "{}", stderr(&output));
    assert!(effects(&platform).is_empty());

    // The dry run keeps what a person has filled in.
    remediate(&workspace, &[], 0);
    let kept = proposals(&workspace, ACTIONS);
    let declined = kept[1..].iter().filter(|row| row[mark] == "不执行").count();
    assert_eq!(declined, 1);
    let plan = workspace.run_dir().join("remediation.xlsx");
    let wanted = to_insert(&workspace).len() - 1;
    remediate(&workspace, &["--plan", plan.to_str().unwrap(), "--confirm"], 0);
    assert_eq!(told_once(&effects(&platform), "insertToProvince").len(), wanted);
}

#[test]
fn a_used_quota_stops_with_3_and_the_next_commands_send_the_rest() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 300, EVERYTHING);
    let wanted = to_insert(&workspace);
    let remedies = "settle = \"0s\"";
    set(&workspace, &platform, &format!("{}\nmax_calls = 8", super::THROTTLE), remedies);
    remediate(&workspace, &["--confirm"], 3);
    let first = told_once(&effects(&platform), "insertToProvince").len();
    assert!(first > 0 && first < wanted.len(), "{first} of {}", wanted.len());
    set(&workspace, &platform, super::THROTTLE, remedies);
    remediate(&workspace, &["--confirm"], 0);
    assert_eq!(told_once(&effects(&platform), "insertToProvince"), wanted);
    assert_eq!(states(&workspace), all_in("settled", &[("insert", wanted.len())]));
}
