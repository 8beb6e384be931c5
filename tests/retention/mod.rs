//! `prune`: what old runs keep of people goes, their figures stay, and no kill leaves a folder that cannot be read.

mod kills;

use crate::support::{Workspace, items, job_text, stderr, stdout};
use calamine::{Data, Reader, Xlsx, open_workbook};
use ecert_audit::durable::Lock;
use rust_xlsxwriter::Workbook;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What stays of a pruned run.
const KEPT: [&str; 5] = ["history.json", "metrics.prom", "report.html", "run.json", "summary.json"];

fn job() -> String {
    job_text("inputs/items.csv", "rate = \"unlimited\"")
}

/// A workspace with complete runs of these ids, in order.
fn runs(ids: &[&str]) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(80).as_bytes());
    workspace.write_job(&job());
    for id in ids {
        workspace.run_job(&["--run-id", id], 0);
    }
    workspace
}

fn prune(workspace: &Workspace, extra: &[&str], code: i32) -> String {
    let mut args = vec!["--lang", "en", "prune", "jobs/test.toml"];
    args.extend(extra);
    let output = workspace.run(&args);
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    stdout(&output) + &stderr(&output)
}

fn names(workspace: &Workspace, run: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(workspace.path(&format!("outputs/test/{run}"))).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn is_pruned(workspace: &Workspace, run: &str) -> bool {
    names(workspace, run).iter().eq(KEPT.iter())
}

fn manifest(workspace: &Workspace, run: &str) -> Value {
    serde_json::from_slice(&fs::read(workspace.path(&format!("outputs/test/{run}/run.json"))).unwrap()).unwrap()
}

#[test]
fn without_confirm_the_plan_is_told_and_nothing_goes() {
    let workspace = runs(&["r1", "r2", "r3"]);
    let before: Vec<_> = ["r1", "r2", "r3"].map(|run| names(&workspace, run)).into();
    let told = prune(&workspace, &["--keep", "1"], 0);
    for part in ["prune  r1", "prune  r2", "keep   r3", "journal.sqlite", "report.xlsx", "--confirm"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let after: Vec<_> = ["r1", "r2", "r3"].map(|run| names(&workspace, run)).into();
    assert_eq!(before, after);
    assert!(manifest(&workspace, "r1").get("pruned").is_none());
}

#[test]
fn what_goes_is_everything_personal_and_the_figures_stay() {
    let workspace = runs(&["r1", "r2", "r3"]);
    // A copy that somebody made holds as much as the workbook itself.
    let run = workspace.path("outputs/test/r1");
    fs::copy(run.join("report.xlsx"), run.join("370499195001010009.xlsx")).unwrap();
    let figures = fs::read(run.join("summary.json")).unwrap();
    prune(&workspace, &["--keep", "2", "--confirm"], 0);

    assert!(is_pruned(&workspace, "r1") && !is_pruned(&workspace, "r2") && !is_pruned(&workspace, "r3"));
    assert_eq!(fs::read(run.join("summary.json")).unwrap(), figures);
    for name in KEPT {
        let bytes = fs::read(run.join(name)).unwrap();
        assert!(!bytes.windows(9).any(|part| part == b"370499195"), "{name} holds an identity number");
    }
    let pruned = &manifest(&workspace, "r1")["pruned"];
    assert!(pruned["removed"]["journal.sqlite"].as_u64().unwrap() > 0, "{pruned}");
    assert!(pruned["removed"]["tables"].as_u64().unwrap() > 0 && pruned["removed"]["other"].as_u64().unwrap() > 0, "{pruned}");
    assert!(pruned["begun_at"].is_string() && pruned["finished_at"].is_string(), "{pruned}");
    assert_eq!(pruned["tool_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest(&workspace, "r1")["state"], "complete", "what else the manifest says stays");
}

#[test]
fn ages_and_trends_outlive_the_runs_that_they_began_in() {
    let workspace = runs(&["r1", "r2", "r3"]);
    let table = |run: &str| crate::support::read_table(&workspace.path(&format!("outputs/test/{run}/tables/coverage.parquet")));
    let before = table("r3");
    assert!(before.iter().any(|row| row.get("gap_since").is_some_and(|run| run == "r1")));
    prune(&workspace, &["--keep", "1", "--confirm"], 0);
    assert_eq!(workspace.run(&["report", "outputs/test/r3"]).status.code(), Some(0));
    assert_eq!(table("r3"), before, "a rebuilt report needs no older run");
    let page = fs::read_to_string(workspace.path("outputs/test/r3/report.html")).unwrap();
    assert!(page.contains("r1") && page.contains("r2"), "the trend still begins with the first run");
    workspace.run_job(&["--run-id", "r4"], 0);
    assert!(table("r4").iter().any(|row| row.get("gap_since").is_some_and(|run| run == "r1")));
}

#[test]
fn a_pruned_run_is_refused_by_whatever_would_read_it() {
    let workspace = runs(&["r1", "r2"]);
    prune(&workspace, &["--keep", "1", "--confirm"], 0);
    for args in [
        &["report", "outputs/test/r1"][..],
        &["compare", "outputs/test/r1", "outputs/test/r2"],
        &["archive", "outputs/test/r1"],
        &["faces", "explain", "outputs/test/r1", "0"],
        &["run", "jobs/test.toml", "--run-id", "r1"],
        &["run", "jobs/test.toml", "--run-id", "r1", "--shard", "1/2"],
    ] {
        let output = workspace.run(&[&["--lang", "en"][..], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("was pruned on"), "{args:?}: {}", stderr(&output));
    }
    assert!(is_pruned(&workspace, "r1"), "nothing was begun in it");
    workspace.run_job(&["--run-id", "r1", "--fresh"], 0);
    assert!(workspace.path("outputs/test/r1.2/report.xlsx").exists());
}

#[test]
fn how_much_to_keep_is_typed_or_comes_from_the_job() {
    let workspace = runs(&["r1", "r2"]);
    assert!(prune(&workspace, &[], 2).contains("--keep N"), "nobody said how much");
    assert!(prune(&workspace, &["--older-than", "1h"], 0).contains("keep   r1"));
    assert!(prune(&workspace, &["--older-than", "0s"], 0).contains("prune  r1"));
    workspace.write_job(&format!("{}\n[retention]\nkeep = 1\n", job()));
    assert!(prune(&workspace, &[], 0).contains("prune  r1"));
    assert!(prune(&workspace, &["--keep", "2"], 0).contains("keep   r1"), "what is typed counts");
    for wrong in [&["--keep", "0"][..], &["--keep", "1", "--older-than", "1d"], &["--older-than", "soon"]] {
        prune(&workspace, wrong, 2);
    }
}

#[test]
fn a_run_that_becomes_complete_prunes_what_the_job_keeps_no_longer() {
    let workspace = runs(&["r1", "r2"]);
    workspace.write_job(&format!("{}\n[retention]\nkeep = 2\n", job()));
    let output = workspace.run_job(&["--run-id", "r3", "--limit", "5"], 3);
    assert!(!is_pruned(&workspace, "r1"), "an incomplete run prunes nothing: {}", stderr(&output));
    workspace.run_job(&["--run-id", "r3"], 0);
    assert!(is_pruned(&workspace, "r1") && !is_pruned(&workspace, "r2"));
}

#[test]
fn what_is_unfinished_or_has_no_figures_stays() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(40).as_bytes());
    workspace.write_job(&job());
    workspace.run_job(&["--run-id", "r1", "--limit", "5"], 3);
    workspace.run_job(&["--run-id", "r2"], 0);
    fs::remove_file(workspace.path("outputs/test/r2/summary.json")).unwrap();
    workspace.run_job(&["--run-id", "r3", "--shard", "1/2"], 0);
    workspace.run_job(&["--run-id", "r4"], 0);
    let told = prune(&workspace, &["--keep", "1", "--confirm"], 0);
    for run in ["r1", "r2", "r3", "r4"] {
        assert!(told.contains(&format!("keep   {run}")), "{told}");
    }
    workspace.run_job(&["--run-id", "r1"], 0);
}

#[test]
fn a_sharded_run_goes_with_all_its_shards() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(40).as_bytes());
    workspace.write_job(&job());
    for shard in ["1/2", "2/2"] {
        workspace.run_job(&["--run-id", "r1", "--shard", shard], 0);
    }
    assert_eq!(workspace.run(&["report", "outputs/test/r1"]).status.code(), Some(0));
    workspace.run_job(&["--run-id", "r2"], 0);
    prune(&workspace, &["--keep", "1", "--confirm"], 0);
    assert!(is_pruned(&workspace, "r1"), "{:?}", names(&workspace, "r1"));
    assert_eq!(workspace.run(&["report", "outputs/test/r2"]).status.code(), Some(0));
}

#[test]
fn a_job_that_is_running_is_left_alone() {
    let workspace = runs(&["r1", "r2"]);
    let _held = Lock::take(&workspace.path("outputs/test/.lock"), "a run").unwrap();
    prune(&workspace, &["--keep", "1", "--confirm"], 5);
    assert!(!is_pruned(&workspace, "r1"));
}

#[test]
fn a_job_without_runs_has_nothing_to_prune() {
    let workspace = runs(&[]);
    assert!(prune(&workspace, &["--keep", "1", "--confirm"], 0).contains("nothing to prune"));
    assert!(!workspace.path("outputs").exists());
}

fn sheet(path: &Path, name: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    book.worksheet_range(name).unwrap().rows().map(<[Data]>::to_vec).collect()
}

/// Writes a remark beside the first gap of a list, as an analyst would; the workbook holds nothing but that list.
fn remark(path: &Path, name: &str, remark: &str) {
    let rows = sheet(path, name);
    let mut book = Workbook::new();
    let copy = book.add_worksheet();
    copy.set_name(name).unwrap();
    let last = rows[0].len() - 1;
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let text = if (row, column) == (1, last) { remark.to_owned() } else { cell.to_string() };
            copy.write_string(u32::try_from(row).unwrap(), u16::try_from(column).unwrap(), text).unwrap();
        }
    }
    book.save(path).unwrap();
}

#[test]
fn remarks_are_carried_into_the_run_that_would_read_them() {
    let workspace = runs(&["r1"]);
    let book = |run: &str| workspace.path(&format!("outputs/test/{run}/report.xlsx"));
    remark(&book("r1"), "省市均无", "已联系市公安局");
    // A month without a workbook: the remarks wait in the month before.
    workspace.write_job(&format!("{}\n[report]\nexcel = false\n", job()));
    workspace.run_job(&["--run-id", "r2"], 0);
    prune(&workspace, &["--keep", "1", "--confirm"], 0);
    assert!(is_pruned(&workspace, "r1") && names(&workspace, "r2").contains("remarks-carried.json"));

    assert_eq!(workspace.run(&["report", "outputs/test/r2", "--excel"]).status.code(), Some(0));
    let remarked = |run: &str| {
        let rows = sheet(&book(run), "省市均无");
        rows.iter().filter(|row| row.last() == Some(&Data::String("已联系市公安局".into()))).count()
    };
    assert_eq!(remarked("r2"), 1);
    workspace.write_job(&job());
    workspace.run_job(&["--run-id", "r3"], 0);
    assert_eq!(remarked("r3"), 1);
}

#[test]
fn a_run_whose_remarks_cannot_be_read_stays() {
    let workspace = runs(&["r1", "r2"]);
    fs::write(workspace.path("outputs/test/r1/report.xlsx"), "not a workbook").unwrap();
    let told = prune(&workspace, &["--keep", "1", "--confirm"], 0);
    assert!(told.contains("keep   r1") && told.contains("report.xlsx"), "{told}");
    assert!(workspace.path("outputs/test/r1/journal.sqlite").exists());
}
