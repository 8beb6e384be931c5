//! Finding files: whatever a pattern meets is read, or told with a reason.

use super::{Outcome, TYPE};
use crate::support::{Workspace, citizen, job_text};
use ecert_audit::intake::{FileProblem, FoundFiles, find_files};
use ecert_audit::job::Job;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

fn find(workspace: &Workspace, job: &str) -> FoundFiles {
    workspace.write_job(job);
    find_files(&Job::load(&workspace.path("jobs/test.toml")).unwrap())
}

fn find_pattern(workspace: &Workspace, pattern: &str) -> FoundFiles {
    find(workspace, &job_text(pattern, ""))
}

fn names(found: &FoundFiles) -> Vec<&str> {
    found.files.iter().map(|file| &*file.name).collect()
}

/// Files with the codes of what is said about them.
fn told(problems: &[FileProblem]) -> Vec<(&str, &str)> {
    problems.iter().map(|problem| (problem.file.as_str(), problem.message.code())).collect()
}

fn list(serial: u64) -> String {
    format!("证件号码,证照类型代码\n{},{TYPE}\n", citizen(serial))
}

/// A workspace with a list under each of these names in `inputs/`.
fn with_lists(names: &[&str]) -> Workspace {
    let workspace = Workspace::new();
    for (serial, name) in (0..).zip(names) {
        let path = workspace.path("inputs").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, list(serial)).unwrap();
    }
    workspace
}

#[test]
fn extensions_match_in_any_letter_case_and_in_the_order_of_names() {
    let workspace = with_lists(&["b.CSV", "a.csv", "c.Csv", "d.txt", "市中区.csv"]);
    for pattern in ["inputs/*.csv", "inputs/*.CSV", "inputs/**/*.csv"] {
        let found = find_pattern(&workspace, pattern);
        assert_eq!(names(&found), ["inputs/a.csv", "inputs/b.CSV", "inputs/c.Csv", "inputs/市中区.csv"], "{pattern}");
        let passed_over: Vec<_> = found.passed_over.iter().map(|passed| (&*passed.file, passed.message.code())).collect();
        assert_eq!(passed_over, [("inputs/d.txt", "files-other-extension")], "{pattern}");
        assert!(found.problems.is_empty(), "{pattern}");
    }
    assert_eq!(names(&find_pattern(&workspace, "inputs/B.csv")), Vec::<&str>::new());
    assert_eq!(names(&find_pattern(&workspace, "inputs/b.csv")), ["inputs/b.CSV"]);
}

#[test]
fn names_that_stand_in_a_folder_are_meant_as_they_are_written() {
    let workspace = with_lists(&["[市中区].csv", "市.csv", "[2026]/a.csv", "2/b.csv", "a[.csv"]);
    for (pattern, expected) in [
        ("inputs/[市中区].csv", "inputs/[市中区].csv"),
        ("inputs/[2026]/*.csv", "inputs/[2026]/a.csv"),
        ("inputs/[市中].csv", "inputs/市.csv"),
        ("inputs/a[.csv", "inputs/a[.csv"),
    ] {
        assert_eq!(names(&find_pattern(&workspace, pattern)), [expected], "{pattern}");
    }
    assert_eq!(told(&find_pattern(&workspace, "inputs/b[.csv").problems), [("inputs/b[.csv", "files-bad-pattern")]);
}

#[test]
fn a_file_whose_name_is_in_gbk_is_read_and_told_by_its_name() {
    let workspace = with_lists(&["a.csv"]);
    let (name, _, _) = encoding_rs::GBK.encode("滕州市.csv");
    let path = workspace.path("inputs").join(OsStr::from_bytes(&name));
    if fs::write(&path, list(1)).is_err() {
        // Some file systems take names in UTF-8 alone.
        return;
    }
    for pattern in ["inputs/*.csv", "inputs/滕州市.csv"] {
        let outcome = Outcome::of(&workspace, &job_text(pattern, ""));
        assert_eq!(outcome.problems(), Vec::<&str>::new(), "{pattern}");
        assert_eq!(&*outcome.found.items.last().unwrap().place.file, "inputs/滕州市.csv");
    }
    fs::write(workspace.path("inputs/滕州市.csv"), list(2)).unwrap();
    let found = find_pattern(&workspace, "inputs/*.csv");
    let mut shown = names(&found);
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), 3, "two files have two names: {shown:?}");
}

#[test]
fn lock_files_and_files_of_systems_are_passed_over_with_a_reason() {
    let workspace = with_lists(&["a.csv", "~$a.csv", ".~a.csv", "._a.csv", ".a.csv", ".trash/b.csv", "$RECYCLE.BIN/c.csv"]);
    let found = find_pattern(&workspace, "inputs/**/*.csv");
    assert_eq!(names(&found), ["inputs/a.csv"]);
    let mut passed_over = told(&found.passed_over);
    passed_over.sort_unstable();
    assert_eq!(
        passed_over,
        [
            ("inputs/$RECYCLE.BIN/c.csv", "files-hidden"),
            ("inputs/._a.csv", "files-of-system"),
            ("inputs/.a.csv", "files-hidden"),
            ("inputs/.trash/b.csv", "files-hidden"),
            ("inputs/.~a.csv", "files-lock"),
            ("inputs/~$a.csv", "files-lock"),
        ]
    );
    assert!(found.problems.is_empty());
    assert_eq!(names(&find_pattern(&workspace, "inputs/.a.csv")), ["inputs/.a.csv"], "named, it is meant");
}

#[test]
fn a_pattern_without_a_file_to_read_is_a_problem() {
    let workspace = with_lists(&["~$a.csv", "folder/b.csv"]);
    for (pattern, problem) in [
        ("inputs/*.csv", "files-only-passed-over"),
        ("inputs/f*", "files-only-passed-over"),
        ("inputs/*.xlsx", "files-none"),
        ("inputs/none/*.csv", "files-none"),
        ("inputs/none.csv", "files-none"),
        ("inputs/folder", "files-folder-named"),
    ] {
        let found = find_pattern(&workspace, pattern);
        assert_eq!(found.problems.iter().map(|problem| problem.message.code()).collect::<Vec<_>>(), [problem], "{pattern}");
        assert_eq!(found.problems[0].file, pattern);
    }
}

#[test]
fn a_link_to_nowhere_is_a_problem_that_names_it() {
    let workspace = with_lists(&["a.csv", "x/c.csv"]);
    symlink("/nowhere/b.csv", workspace.path("inputs/b.csv")).unwrap();
    symlink("/nowhere/district", workspace.path("inputs/district")).unwrap();
    symlink("circle", workspace.path("inputs/circle")).unwrap();
    let found = find_pattern(&workspace, "inputs/*.csv");
    assert_eq!((names(&found), told(&found.problems)), (vec!["inputs/a.csv"], vec![("inputs/b.csv", "files-dangling")]));
    assert_eq!(found.problems[0].message.to_string(), "files-dangling target=/nowhere/b.csv");
    assert_eq!(told(&find_pattern(&workspace, "inputs/b.csv").problems), [("inputs/b.csv", "files-dangling")]);
    let found = find_pattern(&workspace, "inputs/*/*.csv");
    assert_eq!(names(&found), ["inputs/x/c.csv"]);
    assert_eq!(told(&found.problems), [("inputs/circle", "files-dangling"), ("inputs/district", "files-dangling")]);
    assert_eq!(told(&found.passed_over), [("inputs/b.csv", "files-dangling")]);
}

#[test]
fn a_folder_or_a_file_without_permission_is_a_problem_that_names_it() {
    let workspace = with_lists(&["a/a.csv", "b/b.csv", "c.csv"]);
    let forbid = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (folder, file) = (workspace.path("inputs/b"), workspace.path("inputs/c.csv"));
    forbid(&folder, 0);
    forbid(&file, 0);
    let is_root = fs::read_dir(&folder).is_ok();
    let found = find_pattern(&workspace, "inputs/**/*.csv");
    forbid(&folder, 0o700);
    if is_root {
        // Nothing is forbidden to the administrator.
        return;
    }
    assert_eq!(names(&found), ["inputs/a/a.csv"]);
    assert_eq!(told(&found.problems), [("inputs/b", "files-folder-unreadable"), ("inputs/c.csv", "files-unreadable")]);
}

#[test]
fn folders_behind_links_are_gone_through_once() {
    let workspace = with_lists(&["a/a.csv"]);
    symlink(workspace.path("inputs"), workspace.path("inputs/a/circle")).unwrap();
    fs::create_dir(workspace.path("elsewhere")).unwrap();
    fs::write(workspace.path("elsewhere/b.csv"), list(7)).unwrap();
    symlink(workspace.path("elsewhere"), workspace.path("inputs/b")).unwrap();
    symlink(workspace.path("inputs/a/a.csv"), workspace.path("inputs/z.csv")).unwrap();
    let found = find_pattern(&workspace, "inputs/**/*.csv");
    assert_eq!(names(&found), ["inputs/a/a.csv", "inputs/b/b.csv"]);
    assert_eq!(told(&found.passed_over), [("inputs/z.csv", "files-same")]);
    assert!(found.problems.is_empty());
}

#[test]
fn a_pipe_is_a_problem_and_not_waited_for() {
    let workspace = with_lists(&["a.csv"]);
    let pipe = workspace.path("inputs/b.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    for (pattern, files) in [("inputs/*.csv", vec!["inputs/a.csv"]), ("inputs/b.csv", vec![])] {
        let found = find_pattern(&workspace, pattern);
        assert_eq!((names(&found), told(&found.problems)), (files, vec![("inputs/b.csv", "files-special")]));
    }
}

#[test]
fn a_file_that_two_inputs_have_is_read_for_both_and_told() {
    let workspace = with_lists(&["a.csv", "b.csv"]);
    let job = job_text("inputs/*.csv", "").replace("[throttle]", "[[inputs]]\npath = \"inputs/b.csv\"\n\n[throttle]");
    let found = find(&workspace, &job);
    let read: Vec<(&str, usize)> = found.files.iter().map(|file| (&*file.name, file.input)).collect();
    assert_eq!(read, [("inputs/a.csv", 0), ("inputs/b.csv", 0), ("inputs/b.csv", 1)]);
    assert_eq!(told(&found.passed_over), [("inputs/b.csv", "files-read-again")]);
}

#[test]
fn the_root_may_have_any_characters_in_its_name() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("清单[1]*");
    fs::create_dir_all(root.join("jobs")).unwrap();
    fs::create_dir_all(root.join("inputs")).unwrap();
    fs::write(root.join("inputs/a.csv"), list(0)).unwrap();
    fs::write(root.join("jobs/test.toml"), job_text("inputs/*.csv", "")).unwrap();
    let found = find_files(&Job::load(&root.join("jobs/test.toml")).unwrap());
    assert_eq!(names(&found), ["inputs/a.csv"]);
}
