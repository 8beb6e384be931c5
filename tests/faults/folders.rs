//! Folders that are shared with other users: no link of theirs is followed, and what they can write to is not used.

use super::hostile::{Hostile, neither, token};
use super::workspace;
use crate::support::{Workspace, items, stderr};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A workspace with the run's folder, empty and this user's own, and the platform that its job is on.
fn begun() -> (Workspace, Hostile) {
    let platform = Hostile::start(|_| token(), |_| neither());
    let workspace = workspace(&platform, 3, "");
    fs::create_dir_all(workspace.run_dir()).unwrap();
    set_mode(&workspace.path("outputs/test"), 0o700);
    set_mode(&workspace.run_dir(), 0o700);
    (workspace, platform)
}

#[test]
fn a_link_that_somebody_has_put_where_a_run_writes_is_not_followed() {
    for (place, is_fatal) in [
        (".lock", true),
        ("once/run.log.jsonl", true),
        ("once/journal.making", false),
        ("once/journal.sqlite", false),
        ("once/summary.json", false),
        ("once/metrics.prom", false),
    ] {
        let (workspace, platform) = begun();
        let victim = workspace.path("victim");
        fs::write(&victim, "precious").unwrap();
        set_mode(&victim, 0o600);
        symlink(&victim, workspace.path("outputs/test").join(place)).unwrap();
        let output = workspace.run_job(&[], i32::from(is_fatal));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{place}");
        if is_fatal {
            assert!(stderr(&output).contains(place) && platform.calls() == 0, "{place}: {}", stderr(&output));
        }
    }
    for place in ["once", "once/tables"] {
        let (workspace, _platform) = begun();
        let victim = workspace.path("victim");
        fs::create_dir(&victim).unwrap();
        set_mode(&victim, 0o700);
        let place = workspace.path("outputs/test").join(place);
        let _ = fs::remove_dir(&place);
        symlink(&victim, &place).unwrap();
        workspace.run_job(&[], 1);
        assert_eq!(fs::read_dir(&victim).unwrap().count(), 0, "{}", place.display());
    }
}

#[test]
fn folders_that_others_can_write_to_are_refused_with_what_to_do() {
    for (place, mode) in [("outputs", 0o777), ("outputs/test", 0o777), ("outputs/test", 0o770), ("outputs/test/once", 0o777)] {
        let (workspace, platform) = begun();
        set_mode(&workspace.path(place), mode);
        let output = workspace.run_job(&[], 1);
        let words = stderr(&output);
        assert!(words.contains("chmod go-w") && words.contains(place), "{place}: {words}");
        assert_eq!(platform.tokens(), 0, "{place}: nobody was asked");
    }
    // Where everybody can make folders, but touch only their own, as in /tmp, a run is safe.
    let (workspace, _platform) = begun();
    set_mode(&workspace.path("outputs"), 0o1777);
    workspace.run_job(&[], 0);
}

#[test]
fn a_finished_run_in_such_a_folder_is_not_touched_either() {
    let (workspace, _platform) = begun();
    workspace.run_job(&[], 0);
    set_mode(&workspace.run_dir(), 0o777);
    for args in [
        &["report", "outputs/test/once"][..],
        &["archive", "outputs/test/once"],
        &["dispatch", "outputs/test/once", "--by", "区市"],
        &["collect", "outputs/test/once", "inputs/items.csv"],
        &["remediate", "outputs/test/once"],
        &["faces", "explain", "outputs/test/once", "0"],
    ] {
        let output = workspace.run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("chmod go-w"), "{args:?}: {}", stderr(&output));
    }
    set_mode(&workspace.run_dir(), 0o700);
    set_mode(&workspace.path("outputs/test"), 0o777);
    let output = workspace.run(&["prune", "jobs/test.toml", "--keep", "1", "--confirm"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

#[test]
fn a_log_that_others_can_read_becomes_private_again() {
    let (workspace, _platform) = begun();
    workspace.run_job(&["--limit", "1"], 3);
    let log = workspace.run_dir().join("run.log.jsonl");
    set_mode(&log, 0o666);
    workspace.run_job(&[], 0);
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn names_that_could_be_patterns_are_names() {
    let platform = Hostile::start(|_| token(), |_| neither());
    let workspace = workspace(&platform, 3, "");
    let run = |name: &str| {
        let job = platform.job(super::PASSWORD, "").replace("name = \"test\"", &format!("name = \"{name}\""));
        workspace.write_job(&job);
        workspace.run_job(&[], 0);
    };
    run("ab");
    workspace.write_input("items.csv", items(2).as_bytes());
    for name in ["a*", "a?", "[a]b", "{ab,b}", "核查[市中区]"] {
        run(name);
        let folder = format!("outputs/{name}/once");
        let output = workspace.run(&["report", &folder]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", stderr(&output));
        let summary = fs::read(workspace.path(&folder).join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
        assert_eq!((&summary["items"], &summary["rows"]), (&2.into(), &2.into()), "{name}: not those of another job");
    }
}
