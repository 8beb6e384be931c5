//! Kills between the steps of a removal, and in the midst of them.

use super::{is_pruned, manifest, prune, remark, runs};
use crate::support::{Workspace, stderr, wait_for};
use chrono::Utc;
use ecert_audit::retention::{CARRIED_REMARKS, Decision, Policy, Removal, Step, decide, survey};
use ecert_audit::run_folder::RunFolder;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Plans the removal of `r1`, with a remark for `r2`.
fn removal(workspace: &Workspace) -> Removal {
    let job_dir = workspace.path("outputs/test");
    let found = survey(&job_dir).unwrap();
    let known: Vec<_> = found.runs.iter().map(|run| run.known.clone()).collect();
    let decisions = decide(&known, found.latest.as_deref(), Policy::Latest(1), Utc::now());
    assert_eq!(decisions[0], Decision::Remove { heirs: vec!["r2".to_owned()] });
    Removal::new(&found.runs[0], Some("[]"), &[RunFolder::at(job_dir.join("r2"))])
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(status.success());
}

#[test]
fn after_a_kill_at_any_step_every_run_can_be_read_and_the_next_removal_goes_on() {
    let workspace = runs(&["r1", "r2"]);
    remark(&workspace.path("outputs/test/r1/report.xlsx"), "省市均无", "备注");
    let (outputs, backup) = (workspace.path("outputs"), workspace.path("backup"));
    copy(&outputs, &backup);
    let steps = removal(&workspace).steps().to_vec();
    assert!(matches!(steps[..2], [Step::Carry { .. }, Step::Mark]) && steps.last() == Some(&Step::Seal));
    for done in 0..=steps.len() {
        fs::remove_dir_all(&outputs).unwrap();
        copy(&backup, &outputs);
        let removal = removal(&workspace);
        for step in &steps[..done] {
            removal.apply(step, Utc::now()).unwrap();
        }
        let is_marked = steps[..done].contains(&Step::Mark);
        let code = |args: &[&str]| {
            let output = workspace.run(args);
            output.status.code().unwrap_or_else(|| panic!("{args:?}: {}", stderr(&output)))
        };
        assert_eq!(code(&["report", "outputs/test/r1"]), if is_marked { 2 } else { 0 }, "after {done} steps");
        assert_eq!(code(&["report", "outputs/test/r2"]), 0, "after {done} steps");
        let told = prune(&workspace, &["--keep", "1"], 0);
        let is_over = done == steps.len();
        assert_eq!(told.contains("prune  r1"), !is_over, "after {done} steps: {told}");
        prune(&workspace, &["--keep", "1", "--confirm"], 0);
        assert!(is_pruned(&workspace, "r1"), "after {done} steps");
        let pruned = &manifest(&workspace, "r1")["pruned"];
        assert!(pruned["finished_at"].is_string() && pruned["removed"]["journal.sqlite"].as_u64().unwrap() > 0, "{pruned}");
        assert!(workspace.path("outputs/test/r2").join(CARRIED_REMARKS).exists(), "after {done} steps");
    }
}

#[test]
fn a_process_that_is_killed_while_it_removes_leaves_work_for_the_next_one() {
    let workspace = runs(&["r1", "r2", "r3"]);
    let (outputs, backup) = (workspace.path("outputs"), workspace.path("backup"));
    copy(&outputs, &backup);
    for _ in 0..8 {
        fs::remove_dir_all(&outputs).unwrap();
        copy(&backup, &outputs);
        let mut command = workspace.command(&["prune", "jobs/test.toml", "--keep", "1", "--confirm"]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let is_marked = || manifest(&workspace, "r1").get("pruned").is_some();
        wait_for(&mut process, is_marked);
        process.kill().unwrap();
        process.wait().unwrap();
        assert_eq!(workspace.run(&["report", "outputs/test/r3"]).status.code(), Some(0));
        prune(&workspace, &["--keep", "1", "--confirm"], 0);
        assert!(is_pruned(&workspace, "r1") && is_pruned(&workspace, "r2"));
    }
}
