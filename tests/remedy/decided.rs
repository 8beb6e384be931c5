//! What departments decided decides about notifications.

use super::{
    EVERYTHING, OTHERS, audited, column, command, effects, is, proposals, remediate, save_all, sheets, sound, to_insert,
    told_once,
};
use crate::support::{Platform, TextRow, Workspace};
use std::collections::{BTreeMap, BTreeSet};

/// Writes `returned/<name>` from the only department's workbook, every row of one list decided alike.
fn return_list(workspace: &Workspace, name: &str, of: &str, decision: &str) -> String {
    let folder = workspace.run_dir().join("dispatch");
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("dispatch.json")).unwrap()).unwrap();
    let mut lists = sheets(&folder.join(report["departments"][0]["file"].as_str().unwrap()));
    for (_, rows) in lists.iter_mut().filter(|(name, _)| name == of) {
        let (decided, by) = (column(rows, "处理决定"), column(rows, "办理人"));
        for row in &mut rows[1..] {
            decision.clone_into(&mut row[decided]);
            "张三".clone_into(&mut row[by]);
        }
    }
    std::fs::create_dir_all(workspace.path("returned")).unwrap();
    let returned = format!("returned/{name}");
    save_all(&workspace.path(&returned), &lists);
    returned
}

/// The file numbers of the certificates about which this was decided, and that the province can be told of.
fn decided(workspace: &Workspace, decision: &str) -> BTreeSet<String> {
    let place = |row: &TextRow| (row["item_id"].clone(), row["certificate_index"].clone());
    let rows: BTreeMap<_, TextRow> = workspace.table("coverage").into_iter().map(|row| (place(&row), row)).collect();
    let meant = workspace.table("decisions").into_iter().filter(|row| row["decision"] == decision);
    let named = meant.filter_map(|row| {
        let row = &rows[&place(&row)];
        row.get("province_certificate_id")?;
        row.get("city_certificate_id").cloned()
    });
    named.collect()
}

#[test]
fn updates_and_deletes_are_told_where_departments_decided_for_them() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 1_500, EVERYTHING);
    command(&workspace, "dispatch", &["--by", "部门"], 0);
    let files = [
        return_list(&workspace, "a.xlsx", "字段差异", "更新省库"),
        return_list(&workspace, "b.xlsx", "市库已注销省库有效", "作废省库"),
    ];
    command(&workspace, "collect", &[&files[0], &files[1]], 0);
    let (updates, deletes) = (decided(&workspace, "update"), decided(&workspace, "delete"));
    assert!(updates.len() > 20 && deletes.len() > 2, "{} {}", updates.len(), deletes.len());
    remediate(&workspace, &["--confirm"], 0);
    let told = effects(&platform);
    assert_eq!(told_once(&told, "deleteToProvince"), deletes);
    assert_eq!(told_once(&told, "updateToProvince"), updates);
    assert_eq!(told_once(&told, "insertToProvince"), to_insert(&workspace));
}

#[test]
fn what_somebody_decided_against_or_workbooks_disagree_about_is_not_told() {
    let platform = Platform::start(sound());
    let workspace = audited(&platform, 300, EVERYTHING);
    command(&workspace, "dispatch", &["--by", "部门"], 0);
    let against = return_list(&workspace, "a.xlsx", "市有省无", "无需处理");
    command(&workspace, "collect", &[&against], 0);
    remediate(&workspace, &["--confirm"], 0);
    assert!(effects(&platform).is_empty(), "somebody decided against each of them");

    let other = return_list(&workspace, "b.xlsx", "市有省无", "归集到省");
    command(&workspace, "collect", &[&other], 2);
    assert!(workspace.table("decisions").is_empty(), "what workbooks disagree about is not decided");
    remediate(&workspace, &["--confirm"], 0);
    assert!(effects(&platform).is_empty(), "and nobody knows what is right");
    let others = proposals_after_dry_run(&workspace);
    let reason = column(&others, "原因");
    let rows = workspace.table("coverage");
    let gaps = rows.iter().filter(|row| is(row, "status", "city_only")).count();
    assert_eq!(others[1..].iter().filter(|row| row[reason].contains("互相矛盾")).count(), gaps);
}

fn proposals_after_dry_run(workspace: &Workspace) -> Vec<Vec<String>> {
    remediate(workspace, &[], 0);
    proposals(workspace, OTHERS)
}
