//! Paths of files in the tables and the workbook of a run that is made of shards.

use crate::support::{Platform, Workspace, items, stderr};
use ecert_audit::job::SandboxSettings;

fn sharded(platform: &Platform) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(12).as_bytes());
    let job = platform.job("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&format!("{job}\n[archive]\nenabled = true\n"));
    workspace
}

/// Rebuilds the run's tables and workbook from its shards; every path in them leads to a file, in one of these folders.
fn assert_paths(workspace: &Workspace, shards: &[&str]) {
    let output = workspace.run(&["report", "outputs/test/once"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let paths: Vec<String> = workspace.table("files").into_iter().filter_map(|mut row| row.remove("path")).collect();
    assert!(!paths.is_empty());
    for path in &paths {
        assert!(workspace.run_dir().join(path).is_file(), "{path}");
        assert!(shards.iter().any(|shard| path.starts_with(&format!("{shard}/archive/"))), "{path}");
    }
    for shard in shards {
        assert!(paths.iter().any(|path| path.starts_with(shard)), "{shard}");
    }
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(workspace.run_dir().join("report.xlsx")).unwrap();
    let sheet = calamine::Reader::worksheet_range(&mut book, "文件归档").unwrap();
    let cells: Vec<String> = sheet.cells().map(|(_, _, cell)| cell.to_string()).collect();
    assert!(paths.iter().all(|path| cells.contains(path)), "the workbook has the same paths");
}

#[test]
fn paths_lead_to_the_files_of_the_only_shard() {
    let platform = Platform::start(SandboxSettings::default());
    let workspace = sharded(&platform);
    workspace.run_job(&["--shard", "1/1"], 0);
    let of_shard = crate::support::read_table(&workspace.run_dir().join("shard-1-of-1/tables/files.parquet"));
    for path in of_shard.iter().filter_map(|row| row.get("path")) {
        assert!(workspace.run_dir().join("shard-1-of-1").join(path).is_file(), "seen from the shard's own folder: {path}");
    }
    assert_paths(&workspace, &["shard-1-of-1"]);
}

#[test]
fn paths_lead_to_the_files_of_the_shards_that_are_there() {
    let platform = Platform::start(SandboxSettings::default());
    let workspace = sharded(&platform);
    workspace.run_job(&["--shard", "2/2"], 0);
    assert_paths(&workspace, &["shard-2-of-2"]);
    workspace.run_job(&["--shard", "1/2"], 0);
    assert_paths(&workspace, &["shard-1-of-2", "shard-2-of-2"]);
}
