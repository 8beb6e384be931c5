//! `faces explain`, and a job's own field names.

use crate::support::{Workspace, job_text, stderr, stdout};

#[test]
fn an_items_faces_are_explained_field_by_field() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    workspace.run_job(&["--limit", "40"], 3);
    let rows = workspace.table("coverage");
    let both = rows.iter().find(|row| row["status"] == "both" && row["comparison"] == "inconsistent").unwrap();
    let output = workspace.run(&["faces", "explain", workspace.run_dir().to_str().unwrap(), &both["item_id"]]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    for expected in [
        "省库（shengShiStateInfo）",
        "市库（ShareQueryCertInfoByHo）",
        "detail = [] → 其他字段；名称不在字段对照表中",
        "省市均有",
    ] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
    let output = workspace.run(&["faces", "explain", workspace.run_dir().to_str().unwrap(), "999999"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_better_field_map_is_applied_to_an_old_run_without_a_call() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    workspace.run_job(&[], 0);
    let unmapped =
        |workspace: &Workspace| workspace.table("unmapped_fields").iter().map(|row| row["field"].clone()).collect::<Vec<_>>();
    assert!(unmapped(&workspace).contains(&"fundtype".to_owned()));
    let differing =
        |workspace: &Workspace, field: &str| workspace.table("differences").iter().filter(|row| row["field"] == field).count();
    assert!(differing(&workspace, "issue_date") > 0 && differing(&workspace, "lifecycle") > 0);

    let job = job_text("inputs/*.xlsx", "rate = \"unlimited\"");
    workspace.write_job(&format!(
        "{job}\n[faces.province]\nremark = [\"fundtype\"]\n[faces.compare]\nignore = [\"issue_date\"]\n\
         [faces.types.\"11100000000013338W008\"]\nignore = [\"lifecycle\"]\nfields = {{ area_code = [\"orglevel\"] }}\n"
    ));
    let output = workspace.run(&["report", workspace.run_dir().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!unmapped(&workspace).contains(&"fundtype".to_owned()));
    assert_eq!(differing(&workspace, "issue_date"), 0);
    let items: Vec<String> = workspace
        .table("coverage")
        .iter()
        .filter(|row| row["cert_type_code"] == "11100000000013338W008")
        .map(|row| row["item_id"].clone())
        .collect();
    assert!(workspace.table("differences").iter().all(|row| row["field"] != "lifecycle" || !items.contains(&row["item_id"])));

    workspace.write_job(&format!("{job}\n[faces.fields]\nremrak = [\"x\"]\n"));
    let output = workspace.run_job(&[], 2);
    assert!(stderr(&output).contains("remark"), "{}", stderr(&output));
}
