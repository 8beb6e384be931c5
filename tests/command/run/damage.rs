//! Folders and journals that were copied, removed or damaged: never a result as if all were well.

use super::{calls_in, signal, small};
use crate::support::{Workspace, items, job_text, stderr, wait_for};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A workspace whose run `once` is complete in two shards.
fn sharded() -> Workspace {
    let workspace = small("rate = \"unlimited\"");
    for shard in ["1/2", "2/2"] {
        workspace.run_job(&["--shard", shard], 0);
    }
    workspace
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Expects `report` and `run` to end with `code` and words about it.
fn refused(workspace: &Workspace, run: &[&str], code: i32, words: &[&str]) {
    let report = workspace.run(&["report", "outputs/test/once"]);
    assert_eq!(report.status.code(), Some(code), "report: {}", stderr(&report));
    let run = workspace.run_job(run, code);
    for output in [report, run] {
        let told = stderr(&output);
        assert!(words.iter().all(|word| told.contains(word)), "{words:?}: {told}");
    }
}

#[test]
fn a_shards_folder_that_was_copied_over_another_is_refused() {
    let workspace = sharded();
    let [first, second] = ["shard-1-of-2", "shard-2-of-2"].map(|name| workspace.run_dir().join(name));
    let kept = workspace.path("kept");
    copy_folder(&second, &kept);
    fs::remove_dir_all(&second).unwrap();
    copy_folder(&first, &second);
    refused(&workspace, &["--shard", "2/2"], 2, &["shard-2-of-2", "分片 1/2", "分片 2/2"]);

    // Its journal alone.
    fs::remove_dir_all(&second).unwrap();
    copy_folder(&kept, &second);
    fs::copy(first.join("journal.sqlite"), second.join("journal.sqlite")).unwrap();
    refused(&workspace, &["--shard", "2/2"], 2, &["shard-2-of-2/journal.sqlite", "分片 2/2"]);

    // All as it was.
    fs::copy(kept.join("journal.sqlite"), second.join("journal.sqlite")).unwrap();
    let report = workspace.run(&["report", "outputs/test/once"]);
    assert_eq!(report.status.code(), Some(0), "{}", stderr(&report));
    assert_eq!(workspace.summary()["items"], 60);
}

#[test]
fn a_shard_of_another_run_is_refused() {
    let workspace = sharded();
    workspace.run_job(&["--run-id", "other", "--shard", "2/2"], 0);
    let second = workspace.run_dir().join("shard-2-of-2");
    fs::remove_dir_all(&second).unwrap();
    copy_folder(&workspace.path("outputs/test/other/shard-2-of-2"), &second);
    refused(&workspace, &["--shard", "2/2"], 2, &["shard-2-of-2", "other"]);
}

#[test]
fn a_shard_whose_journal_is_empty_is_not_merely_missing() {
    let workspace = sharded();
    let journal = workspace.run_dir().join("shard-2-of-2/journal.sqlite");
    fs::remove_file(&journal).unwrap();
    ecert_audit::journal::Journal::create(&journal).unwrap();
    refused(&workspace, &["--shard", "2/2"], 1, &["shard-2-of-2/journal.sqlite", "30"]);
}

/// A complete run over 60 items and a row that cannot be audited, and its journal.
fn complete() -> (Workspace, PathBuf) {
    let workspace = small("rate = \"unlimited\"");
    workspace.write_input("items.csv", (items(60) + "123,11100000000013127D001,,\n").as_bytes());
    workspace.run_job(&["--limit", "20"], 3);
    let journal = workspace.run_dir().join("journal.sqlite");
    fs::copy(&journal, workspace.path("early.sqlite")).unwrap();
    workspace.run_job(&[], 0);
    (workspace, journal)
}

#[test]
fn a_journal_that_has_lost_rows_ends_with_one_and_says_what_to_do() {
    let (workspace, journal) = complete();
    let whole = workspace.path("whole.sqlite");
    fs::copy(&journal, &whole).unwrap();
    for lost in [
        "DELETE FROM items",
        "DELETE FROM items WHERE item_id = 59",
        "DELETE FROM rejected_rows",
        "DELETE FROM finished",
        "DELETE FROM finished WHERE item_id = 0",
        "DELETE FROM answers",
        "DELETE FROM answers WHERE answer_id = (SELECT max(answer_id) FROM answers)",
    ] {
        fs::copy(&whole, &journal).unwrap();
        rusqlite::Connection::open(&journal).unwrap().execute_batch(lost).unwrap();
        refused(&workspace, &[], 1, &["journal.sqlite", "--fresh"]);
    }
    // A backup from before most was asked.
    fs::copy(workspace.path("early.sqlite"), &journal).unwrap();
    refused(&workspace, &[], 1, &["journal.sqlite", "60", "--fresh"]);
    // A file that is no journal any more.
    fs::write(&journal, "").unwrap();
    refused(&workspace, &[], 1, &["journal.sqlite"]);

    fs::copy(&whole, &journal).unwrap();
    workspace.run_job(&[], 0);
    assert_eq!((&workspace.summary()["items"], &workspace.summary()["pending"]), (&60.into(), &0.into()));
}

#[test]
fn an_unfinished_run_whose_results_were_lost_does_not_go_on_as_if_nothing_had_been_known() {
    let workspace = small("rate = \"unlimited\"");
    workspace.run_job(&["--limit", "20"], 3);
    let journal = workspace.run_dir().join("journal.sqlite");
    let connection = rusqlite::Connection::open(&journal).unwrap();
    connection.execute_batch("DELETE FROM answers; DELETE FROM finished").unwrap();
    drop(connection);
    refused(&workspace, &[], 1, &["journal.sqlite", "20", "--fresh"]);
}

#[test]
fn a_removed_journal_is_made_anew_whatever_was_left_beside_it() {
    let workspace = small("rate = \"20/s\"");
    let mut process = workspace.start_job(&[]);
    wait_for(&mut process, || calls_in(&workspace, "once") > 2);
    signal(&process, "-KILL");
    process.wait().unwrap();
    let journal = workspace.run_dir().join("journal.sqlite");
    fs::remove_file(&journal).unwrap();
    assert!(workspace.run_dir().join("journal.sqlite-wal").exists(), "a killed process leaves its write-ahead log");
    let report = workspace.run(&["report", "outputs/test/once"]);
    assert_eq!(report.status.code(), Some(1), "{}", stderr(&report));
    assert!(stderr(&report).contains("journal.sqlite"), "{}", stderr(&report));

    workspace.write_job(&job_text("inputs/items.csv", "rate = \"unlimited\""));
    let output = workspace.run_job(&[], 0);
    assert!(stderr(&output).contains("重新查询全部条目"), "{}", stderr(&output));
    let summary = workspace.summary();
    assert_eq!((&summary["items"], &summary["pending"], &summary["error"]), (&60.into(), &0.into(), &0.into()));
    let again = workspace.run_job(&[], 0);
    assert!(stderr(&again).is_empty(), "{}", stderr(&again));
}
