//! Stopped while fetching, and gone on with: what was fetched is kept, and nothing more than that is fetched twice.

use super::library::{Answer, Event, Library, is_asked, is_begun, signal};
use super::{assert_whole, counts, files_below, statuses};
use crate::support::{Workspace, wait_for};
use std::collections::BTreeMap;
use std::fs;
use std::process::Child;

const COUNT: u64 = 12;
const THROTTLE: &str = "rate = \"unlimited\"";
const ARCHIVE: &str = "enabled = true\nconcurrency = 2";

/// Asks the process to stop, and waits until it has noticed.
fn stop(process: &mut Child, workspace: &Workspace) {
    signal(process, "-TERM");
    let log = workspace.run_dir().join("run.log.jsonl");
    wait_for(process, || fs::read_to_string(&log).is_ok_and(|text| text.contains("\"stopping\"")));
}

/// How often each certificate's address was asked for, and its file begun.
fn times(library: &Library) -> BTreeMap<u64, (u32, u32)> {
    let mut times: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    for event in library.events() {
        match event {
            Event::Asked(number) => times.entry(number).or_default().0 += 1,
            Event::Begun(number) => times.entry(number).or_default().1 += 1,
            Event::Sent(_) => {}
        }
    }
    times
}

#[test]
fn a_signal_while_fetching_keeps_what_comes_and_ends_with_three_and_the_rest_is_fetched_later() {
    let library = Library::start_closed(COUNT, |_, _| Answer::Address);
    let workspace = library.workspace(THROTTLE, ARCHIVE);
    let mut process = workspace.start_job(&[]);
    library.let_through(3);
    // Three have been sent, and two are under way.
    wait_for(&mut process, || library.count(is_begun) == 5);
    stop(&mut process, &workspace);
    library.open();
    assert_eq!(process.wait().unwrap().code(), Some(3));
    assert_eq!(statuses(&workspace), counts([("stored", 5)]), "what was under way has come to its end");
    assert_eq!(library.count(is_begun), 5, "nothing was begun after the signal");
    let kept: Vec<u64> = workspace.table("files").iter().map(|row| row["certificate_id"][5..].parse().unwrap()).collect();

    workspace.run_job(&[], 0);
    assert_eq!(statuses(&workspace), counts([("stored", 12)]));
    assert_whole(&workspace);
    let times = times(&library);
    assert!(kept.iter().all(|number| times[number] == (1, 1)), "{kept:?}: {times:?}");
    assert!(times.values().all(|(asked, begun)| *asked <= 2 && *begun == 1), "{times:?}");
}

#[test]
fn a_second_signal_gives_up_downloads_under_way_and_leaves_nothing_half() {
    let library = Library::start_closed(COUNT, |_, _| Answer::Address);
    let workspace = library.workspace(THROTTLE, ARCHIVE);
    let mut process = workspace.start_job(&[]);
    wait_for(&mut process, || library.count(is_begun) == 2);
    stop(&mut process, &workspace);
    signal(&process, "-TERM");
    assert_eq!(process.wait().unwrap().code(), Some(3));
    assert!(workspace.table("files").is_empty());
    assert!(files_below(&workspace.run_dir().join("archive")).is_empty());
    library.open();
    workspace.run_job(&[], 0);
    assert_eq!(statuses(&workspace), counts([("stored", 12)]));
    assert_whole(&workspace);
}

#[test]
fn downloads_keep_to_their_own_concurrency_and_addresses_are_not_asked_for_long_before() {
    let library = Library::start_closed(COUNT, |_, _| Answer::Address);
    let workspace = library.workspace(THROTTLE, ARCHIVE);
    let mut process = workspace.start_job(&[]);
    // Sixteen calls may be in flight: what holds them back are the downloads.
    wait_for(&mut process, || library.count(is_begun) == 2 && library.count(is_asked) == 4);
    library.open();
    assert_eq!(process.wait().unwrap().code(), Some(0));
    let (mut asked, mut begun, mut sent) = (0u32, 0u32, 0u32);
    for event in library.events() {
        match event {
            Event::Asked(_) => asked += 1,
            Event::Begun(_) => begun += 1,
            Event::Sent(_) => sent += 1,
        }
        assert!(begun - sent <= 2, "two downloads at once");
        assert!(asked - sent <= 4, "as many addresses again ahead of them");
    }
    assert_eq!((asked, sent), (12, 12));
}
