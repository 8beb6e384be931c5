//! What became of calls that failed and were asked again.

use super::scripted::{Scene, Scripted};
use super::{calls_in, signal};
use crate::support::{TextRow, Workspace, citizen, items, wait_for};

fn on(platform: &Scripted) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(4).as_bytes());
    workspace.write_job(&platform.job());
    workspace
}

/// The errors of a run, and of each whether it is history.
fn errors(workspace: &Workspace) -> Vec<(TextRow, bool)> {
    let apart = |mut row: TextRow| {
        let history = row.remove("history");
        (row, history.as_deref() == Some("true"))
    };
    workspace.table("errors").into_iter().map(apart).collect()
}

/// The first item fails once.
fn fails_once(holder: &str, times: u32) -> Scene {
    if holder == citizen(0) && times == 1 { Scene::Status(503) } else { Scene::Neither }
}

#[test]
fn a_killed_run_tells_of_the_same_failures_as_one_that_was_not_killed() {
    let platform = Scripted::start(fails_once);
    let undisturbed = on(&platform);
    undisturbed.run_job(&[], 0);
    let expected = errors(&undisturbed);
    assert_eq!(expected.len(), 1);
    assert!(!expected[0].1, "it is why nothing is known of the item: {expected:?}");
    assert_eq!(undisturbed.summary()["error"], 1);

    // The second item is never answered to the process that is killed.
    let platform = Scripted::start(
        |holder, times| if holder == citizen(1) && times == 1 { Scene::Silence } else { fails_once(holder, times) },
    );
    let killed = on(&platform);
    let mut process = killed.start_job(&[]);
    wait_for(&mut process, || calls_in(&killed, "once") == 1);
    signal(&process, "-KILL");
    process.wait().unwrap();
    killed.run_job(&[], 0);
    let found = errors(&killed);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, expected[0].0, "the same failure");
    assert!(found[0].1, "asked again, it says nothing any more about its item");
    assert_eq!(killed.summary()["error"], 0);
}

#[test]
fn each_failure_of_a_call_has_a_row_and_the_last_one_counts() {
    // One attempt in the first pass, one more at the end.
    let platform = Scripted::start(|holder, _| if holder == citizen(2) { Scene::Status(500) } else { Scene::Neither });
    let workspace = on(&platform);
    workspace.write_job(&platform.job().replace("attempts = 1", "attempts = 2\nbackoff = \"1ms..2ms\""));
    workspace.run_job(&[], 0);
    let of = |errors: &[(TextRow, bool)]| errors.iter().map(|(_, is_history)| *is_history).collect::<Vec<_>>();
    assert_eq!(of(&errors(&workspace)), [true, false]);
    workspace.run_job(&["--retry-failed"], 0);
    let found = errors(&workspace);
    assert_eq!(of(&found), [true, true, true, false], "history stands before what counts");
    assert!(found.iter().all(|(row, _)| row["item_id"] == "2" && row["error_code"] == "500"), "{found:?}");
    let row = workspace.table("coverage").into_iter().find(|row| row["item_id"] == "2").unwrap();
    assert_eq!((row["status"].as_str(), row["attempts"].as_str()), ("error", "4"), "what all of it cost");
}
