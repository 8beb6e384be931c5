//! Killed, stopped, split and taken up again: nothing is lost, and nothing answered is asked again.

use super::{answered_times, sound, workspace};
use crate::support::{Platform, Workspace, items, job_text, read_table, stderr, wait_for};
use ecert_audit::job::SandboxSettings;
use ecert_audit::journal::Journal;
use std::process::{Child, Command};
use std::time::Duration;

const CONCURRENCY: usize = 4;
const THROTTLE: &str = "rate = \"400/s\"\nconcurrency = 4";

fn kill(process: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
}

#[test]
fn killed_ten_times_it_has_the_same_tables_and_asks_nothing_twice_but_what_was_in_flight() {
    let settings = || SandboxSettings { latency: Duration::from_millis(2)..Duration::from_millis(6), ..sound() };
    let platform = Platform::start(settings());
    let workspace_killed = workspace(&platform, 500, THROTTLE);
    let mut dice = fastrand::Rng::new();
    let mut kills = 0;
    while kills < 10 {
        let before = platform.asked().len();
        let mut process = workspace_killed.start_job(&[]);
        // Some way into the run, by what the platform has been asked.
        let goal = before + dice.usize(1..60);
        while platform.asked().len() < goal && process.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        if process.try_wait().unwrap().is_some() {
            break;
        }
        kill(&process, "-KILL");
        process.wait().unwrap();
        kills += 1;
    }
    assert_eq!(kills, 10, "the run is long enough to be killed ten times");
    workspace_killed.run_job(&[], 0);
    let repeated: usize = answered_times(&platform.asked()).values().map(|times| *times as usize - 1).sum();
    assert!(repeated <= kills * CONCURRENCY, "{repeated} calls were repeated after {kills} kills");

    let undisturbed_platform = Platform::start(settings());
    let undisturbed = workspace(&undisturbed_platform, 500, "rate = \"unlimited\"");
    undisturbed.run_job(&[], 0);
    assert_eq!(workspace_killed.timeless_tables(), undisturbed.timeless_tables());
}

#[test]
fn a_second_signal_stops_at_once() {
    // Nothing is ever answered, so that calls in flight do not end by themselves.
    let silent = SandboxSettings { fault_rate: 1.0, faults: vec!["silence".to_owned()], ..sound() };
    let platform = Platform::start(silent);
    let workspace = workspace(&platform, 5, "rate = \"unlimited\"");
    let mut process = workspace.start_job(&[]);
    let log = workspace.run_dir().join("run.log.jsonl");
    wait_for(&mut process, || platform.requests() > 0);
    kill(&process, "-INT");
    wait_for(&mut process, || std::fs::read_to_string(&log).is_ok_and(|text| text.contains("stopping")));
    kill(&process, "-INT");
    assert_eq!(process.wait().unwrap().code(), Some(3));
    let journal = Journal::open(&workspace.run_dir().join("journal.sqlite")).unwrap();
    assert_eq!((journal.counts().unwrap().finished, journal.calls().unwrap()), (0, 0));
}

#[test]
fn shards_read_as_one_are_the_whole_run() {
    let platform = Platform::start(sound());
    let whole = workspace(&platform, 90, "rate = \"unlimited\"");
    whole.write_input("items.csv", (items(90) + "123,11100000000013127D001,市中区,\n" + &items(2)[58..]).as_bytes());
    whole.run_job(&[], 0);
    let sharded = workspace(&platform, 90, "rate = \"unlimited\"");
    sharded.write_input("items.csv", &std::fs::read(whole.path("inputs/items.csv")).unwrap());
    sharded.run_job(&["--shard", "1/3"], 0);
    sharded.run_job(&["--shard", "3/3"], 0);
    let report = |code| {
        let output = sharded.run(&["report", "outputs/test/once"]);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        output
    };
    assert!(stderr(&report(0)).contains("缺少分片 2/3"));
    assert_eq!(sharded.summary()["state"], "incomplete");
    assert!(!sharded.path("outputs/test/latest").exists());
    sharded.run_job(&["--shard", "2/3"], 0);
    report(0);
    assert_eq!(sharded.timeless_tables(), whole.timeless_tables());
    assert_eq!(sharded.summary()["state"], "complete");
    for figure in ["items", "rows", "both", "invalid_inputs", "duplicate_rows", "calls"] {
        assert_eq!(sharded.summary()[figure], whole.summary()[figure], "{figure}");
    }
    assert_eq!(std::fs::read_link(sharded.path("outputs/test/latest")).unwrap().to_str(), Some("once"));

    let mixed = sharded.run_job(&["--shard", "1/2"], 2);
    assert!(stderr(&mixed).contains("--shard I/3"), "{}", stderr(&mixed));
    assert!(stderr(&sharded.run_job(&[], 2)).contains("--fresh"));
    sharded.run_job(&["--shard", "1/2", "--fresh"], 0);
    sharded.run_job(&["--shard", "2/2", "--fresh"], 0);
    assert!(sharded.path("outputs/test/once.2/shard-2-of-2/run.json").exists(), "shards of a new run meet in one folder");
    assert_eq!(sharded.run(&["run", "jobs/test.toml", "--shard", "3/2"]).status.code(), Some(2));
}

#[test]
fn a_recheck_asks_only_what_was_left_open() {
    let platform = Platform::start(sound());
    let workspace = workspace(&platform, 60, "rate = \"unlimited\"");
    workspace.run_job(&["--run-id", "first"], 0);
    let dir = |run: &str| workspace.path(&format!("outputs/test/{run}/tables/coverage.parquet"));
    let open: Vec<String> =
        read_table(&dir("first")).iter().filter(|row| row["status"] != "both").map(|row| row["item_id"].clone()).collect();
    assert!(open.len() > 5 && open.len() < 55, "{}", open.len());
    let job = platform.job("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&job.replace("[throttle]", "[audit]\nrecheck = \"gaps\"\n[throttle]"));
    workspace.run_job(&["--run-id", "second"], 0);
    let asked: Vec<String> = read_table(&dir("second")).iter().map(|row| row["item_id"].clone()).collect();
    assert_eq!(asked, open, "an item keeps its place in the inputs");
}

#[test]
fn an_older_journal_is_taken_over_and_a_newer_one_refused() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(20).as_bytes());
    workspace.write_job(&job_text("inputs/items.csv", "rate = \"unlimited\""));
    workspace.run_job(&["--limit", "10"], 3);
    let journal = workspace.run_dir().join("journal.sqlite");
    let change = |sql: &str| {
        rusqlite::Connection::open(&journal).unwrap().execute_batch(sql).unwrap();
    };
    // What version 1 was like.
    change(
        "DROP TABLE past_failures; ALTER TABLE finished DROP COLUMN answers;
         DROP TABLE dictionaries; DROP INDEX finished_failed; DROP TABLE earlier;
         ALTER TABLE answers DROP COLUMN failure_reason; ALTER TABLE answers DROP COLUMN dictionary_id; ALTER TABLE rejected_rows DROP COLUMN cell;
         ALTER TABLE repairs DROP COLUMN cell; ALTER TABLE items DROP COLUMN extraction_code; DROP TABLE files; PRAGMA user_version = 1",
    );
    workspace.run_job(&[], 0);
    assert_eq!(workspace.summary()["pending"], 0);
    change("PRAGMA user_version = 99");
    let output = workspace.run_job(&[], 1);
    assert!(stderr(&output).contains("版本是 99"), "{}", stderr(&output));
}
