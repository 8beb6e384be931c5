//! A file whose call is refused for ever is that file's result; only where every call is refused does the archive end with 4.

use super::library::{Addresses, Answer, Event, Library};
use super::{counts, fetch, statuses};
use crate::support::Workspace;
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const COUNT: u64 = 20;

/// The certificates whose addresses were asked for since `before` events.
fn asked_since(library: &Library, before: usize) -> BTreeSet<u64> {
    let events = library.events().split_off(before);
    let number = |event| if let Event::Asked(number) = event { Some(number) } else { None };
    events.into_iter().filter_map(number).collect()
}

/// The certificates in `files.parquet` with a status.
fn with_status(workspace: &Workspace, status: &str) -> BTreeSet<u64> {
    let rows = workspace.table("files").into_iter().filter(|row| row["status"] == status);
    rows.map(|row| row["certificate_id"].strip_prefix("file-").unwrap().parse().unwrap()).collect()
}

#[test]
fn a_call_that_is_always_refused_is_its_files_failure_and_the_others_are_fetched() {
    for refusal in [Answer::Http(403), Answer::Code(11), Answer::Code(12)] {
        for refused in [0, 9, COUNT - 1] {
            let answer = refusal.clone();
            let answer = move |number, _: &Addresses| if number == refused { answer.clone() } else { Answer::Address };
            let library = Library::start(COUNT, answer);
            let workspace = library.workspace("rate = \"unlimited\"\nconcurrency = 1", "enabled = true\nconcurrency = 1");
            workspace.run_job(&[], 3);
            let case = format!("{refusal:?} of {refused}");
            assert_eq!(with_status(&workspace, "failed"), BTreeSet::from([refused]), "{case}");
            assert_eq!(statuses(&workspace)["stored"], 19, "{case}");
            for _ in 0..2 {
                let before = library.events().len();
                fetch(&workspace, &[], 3);
                assert_eq!(asked_since(&library, before), BTreeSet::from([refused]), "{case}: only that one is tried again");
            }
        }
    }
}

#[test]
fn refusals_scattered_among_answers_that_there_is_no_file_end_nothing() {
    let answer = |number, _: &Addresses| if number % 4 == 1 { Answer::Code(12) } else { Answer::Code(10) };
    let library = Library::start(COUNT, answer);
    let workspace = library.workspace("rate = \"unlimited\"\nconcurrency = 1", "");
    workspace.run_job(&[], 0);
    for _ in 0..2 {
        fetch(&workspace, &[], 3);
        assert_eq!(statuses(&workspace), counts([("failed", 5), ("no_address", 15)]));
    }
}

#[test]
fn a_platform_that_refuses_every_file_ends_the_archive_with_four_and_goes_on_when_that_is_put_right() {
    for refusal in [Answer::Http(403), Answer::Code(12)] {
        let is_refusing = Arc::new(AtomicBool::new(true));
        let (refusing, answer) = (Arc::clone(&is_refusing), refusal.clone());
        let answer = move |_, _: &Addresses| if refusing.load(Ordering::Relaxed) { answer.clone() } else { Answer::Address };
        let library = Library::start(COUNT, answer);
        let workspace = library.workspace("rate = \"unlimited\"", "enabled = true");
        workspace.run_job(&[], 4);
        assert!(asked_since(&library, 0).len() < 20, "not every file is asked for in vain");
        fetch(&workspace, &[], 4);
        is_refusing.store(false, Ordering::Relaxed);
        fetch(&workspace, &[], 0);
        assert_eq!(statuses(&workspace), counts([("stored", 20)]), "{refusal:?}");
    }
}

#[test]
fn files_that_are_refused_for_ever_come_last_when_fetching_goes_on() {
    // The first ones alone look like a platform that refuses everything.
    let library = Library::start(COUNT, |number, _| if number < 5 { Answer::Code(12) } else { Answer::Address });
    let workspace = library.workspace("rate = \"unlimited\"\nconcurrency = 1", "concurrency = 1");
    workspace.run_job(&[], 0);
    fetch(&workspace, &[], 4);
    fetch(&workspace, &[], 3);
    assert_eq!(statuses(&workspace), counts([("failed", 5), ("stored", 15)]));
    fetch(&workspace, &[], 3);
}

#[test]
fn the_calls_for_files_count_against_the_quota_of_the_process_together_with_those_of_the_audit() {
    let library = Library::start(10, |_, _| Answer::Address);
    let throttle = "rate = \"unlimited\"\nmax_calls = 13";
    let workspace = library.workspace(throttle, "enabled = true");
    let output = workspace.run_job(&[], 3);
    assert!(crate::support::stderr(&output).contains("throttle.max_calls"), "{}", crate::support::stderr(&output));
    assert_eq!(asked_since(&library, 0).len(), 3, "ten calls of the audit, three for files");
    assert_eq!(statuses(&workspace), counts([("stored", 3)]), "what was asked for is fetched");
    let job = fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
    workspace.write_job(&job.replace("max_calls = 13", ""));
    fetch(&workspace, &[], 0);
    assert_eq!(statuses(&workspace), counts([("stored", 10)]));
}
