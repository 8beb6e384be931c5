//! The corpus: small files, one for each trap, and what has to come of each.

use super::{Found, read};
use crate::support::{Workspace, job_text};
use ecert_audit::intake::IntakeReport;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn corpus() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/intake/corpus");
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn read_one(name: &str, bytes: &[u8]) -> Result<(Found, IntakeReport), String> {
    let workspace = Workspace::new();
    workspace.write_input(name, bytes);
    let job = job_text(&format!("inputs/{name}"), "");
    read(&workspace, &job)
}

/// Everything that came of a file, as a text to look at.
fn told(result: Result<(Found, IntakeReport), String>) -> String {
    let mut text = String::new();
    let (found, report) = match result {
        Ok(read) => read,
        Err(problems) => return problems,
    };
    for sheet in &report.files[0].sheets {
        writeln!(text, "[{}] rows {} skipped {:?}", sheet.name, sheet.rows, sheet.skipped).unwrap();
        writeln!(text, "  columns {:?} not in catalogue {:?}", sheet.mapping, sheet.not_in_catalogue).unwrap();
    }
    for item in &found.items {
        let number = item.certificate_number.as_deref().unwrap_or("-");
        let carried: Vec<&str> = item.carried.iter().map(|value| value.as_deref().unwrap_or("-")).collect();
        writeln!(
            text,
            "item row {}: {} {} {} {number} {carried:?}",
            item.place.row, item.holder_code_type, item.holder_code, item.cert_type_code
        )
        .unwrap();
    }
    for (item_id, carried_differ) in &found.repeated {
        writeln!(text, "again: item {item_id}, carried values differ: {carried_differ}").unwrap();
    }
    for row in &found.rejected {
        writeln!(text, "rejected row {} [{}] {:?}: {} {}", row.place.row, row.column, row.value, row.problem.name(), row.advice)
            .unwrap();
    }
    for repair in &found.repairs {
        writeln!(
            text,
            "repair row {} [{}] {:?} -> {:?}: {}",
            repair.place.row, repair.column, repair.before, repair.after, repair.repair
        )
        .unwrap();
    }
    text
}

#[test]
fn every_trap_has_its_outcome() {
    for path in corpus() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let outcome = told(read_one(&name, &fs::read(&path).unwrap()));
        insta::with_settings!({ snapshot_suffix => name }, { insta::assert_snapshot!(outcome) });
    }
}

#[test]
fn a_hidden_sheet_is_read_where_it_is_named() {
    let workspace = Workspace::new();
    let path = corpus().into_iter().find(|path| path.ends_with("hidden_sheet.xlsx")).unwrap();
    workspace.write_input("hidden_sheet.xlsx", &fs::read(path).unwrap());
    let job = job_text("inputs/hidden_sheet.xlsx", "");
    for choice in ["\"隐藏\"", "2"] {
        let (found, _) = read(&workspace, &job.replace("carry =", &format!("sheet = {choice}\ncarry ="))).unwrap();
        assert_eq!(found.items.len(), 1);
        assert_eq!(&*found.items[0].place.sheet, "隐藏");
    }
    let Err(problems) = read(&workspace, &job.replace("carry =", "sheet = \"没有\"\ncarry =")) else { panic!("no such sheet") };
    assert!(problems.contains("没有名为“没有”的工作表。现有工作表：可见；隐藏；说明"), "{problems}");
}

#[test]
fn all_files_of_a_job_are_checked_in_one_go() {
    let workspace = Workspace::new();
    for path in corpus() {
        workspace.write_input(&path.file_name().unwrap().to_string_lossy(), &fs::read(&path).unwrap());
    }
    let Err(problems) = read(&workspace, &job_text("inputs/*", "")) else { panic!("some of them cannot be read") };
    for name in ["bomb.xlsx", "documents.xlsx", "empty.csv", "empty.xlsx", "password.xlsx", "picture.xlsx", "truncated.xlsx"] {
        assert!(problems.contains(&format!("inputs/{name}：")), "{name} is missing in {problems}");
    }
}

#[test]
fn damaged_files_never_bring_the_program_down() {
    let mut chance = fastrand::Rng::with_seed(2026);
    for path in corpus() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let whole = fs::read(&path).unwrap();
        // The bomb is refused before it is opened; damaging it would only take long.
        if whole.is_empty() || name == "bomb.xlsx" {
            continue;
        }
        for _ in 0..12 {
            let mut bytes = whole.clone();
            for _ in 0..=chance.usize(..8) {
                let at = chance.usize(..bytes.len());
                match chance.u8(..4) {
                    0 => bytes[at] = chance.u8(..),
                    1 => bytes[at] ^= 1 << chance.u8(..8),
                    2 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, chance.u8(..)),
                }
            }
            // Whatever comes of it, it is an answer and no panic of ours.
            let _ = told(read_one(&name, &bytes));
        }
    }
}
