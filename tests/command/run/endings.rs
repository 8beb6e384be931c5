//! What a run that goes wrong in several ways at once tells, and what it tells others.

use super::scripted::{Scene, Scripted};
use super::small;
use crate::support::{Workspace, items, job_text, stderr};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn tables_that_cannot_be_written_do_not_hide_why_calling_stopped() {
    let platform = Scripted::start(|_, _| Scene::Refused);
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(6).as_bytes());
    workspace.write_job(&platform.job());
    // A folder has the name of a table.
    fs::create_dir_all(workspace.run_dir().join("tables/coverage.parquet")).unwrap();
    for folder in ["outputs/test", "outputs/test/once", "outputs/test/once/tables"] {
        fs::set_permissions(workspace.path(folder), fs::Permissions::from_mode(0o700)).unwrap();
    }
    let output = workspace.run_job(&[], 4);
    let words = stderr(&output);
    let lines: Vec<&str> = words.lines().collect();
    assert_eq!(lines.len(), 2, "{words}");
    assert!(lines[0].contains("返回码 12"), "what happened first is told first: {words}");
    assert!(lines[1].contains("table"), "{words}");
}

#[test]
fn others_are_told_the_id_of_the_run_whatever_became_of_it() {
    let workspace = small("rate = \"unlimited\"");
    let command = "command = [\"sh\", \"-c\", \"echo $ECERT_AUDIT_RUN_ID $ECERT_AUDIT_EXIT_CODE > told.txt\"]";
    let job = format!("{}\n[notify]\n{command}\n", job_text("inputs/items.csv", "rate = \"unlimited\""));
    workspace.write_job(&job);
    let told = || fs::read_to_string(workspace.path("told.txt")).unwrap().trim().to_owned();
    for (args, code, expected) in [
        (&["--shard", "1/2"][..], 0, "once 0"),
        (&["--shard", "1/2", "--fresh"][..], 0, "once.2 0"),
        (&["--run-id", "whole"][..], 0, "whole 0"),
        (&["--run-id", "whole", "--fresh"][..], 0, "whole.2 0"),
        (&["--run-id", "limited", "--limit", "3"][..], 3, "limited 3"),
    ] {
        workspace.run_job(args, code);
        assert_eq!(told(), expected, "{args:?}");
    }
    // A start that fails has an id too.
    workspace.write_input("items.csv", items(61).as_bytes());
    workspace.run_job(&["--run-id", "whole"], 2);
    assert_eq!(told(), "whole 2");
    workspace.write_job(&job.replace("inputs/items.csv", "inputs/none.csv"));
    workspace.run_job(&[], 2);
    assert_eq!(told(), "once 2");
}
