//! What is packed: certificates that are chosen, each counted once.

use super::{complete_run, fetch};
use crate::support::{Platform, TextRow, Workspace};
use ecert_audit::job::SandboxSettings;
use std::collections::BTreeSet;
use std::fs;

/// The rows of `files.parquet` whose files are there.
fn there(workspace: &Workspace) -> Vec<TextRow> {
    let is_there = |row: &TextRow| row["status"] == "stored" || row["status"] == "duplicate";
    workspace.table("files").into_iter().filter(is_there).collect()
}

fn certificates<'a>(rows: impl IntoIterator<Item = &'a TextRow>) -> usize {
    let name = |row: &'a TextRow| (&row["item_id"], &row["side"], row.get("certificate_id"));
    rows.into_iter().map(name).collect::<BTreeSet<_>>().len()
}

#[test]
fn the_pages_of_a_certificate_count_as_one_certificate() {
    let platform = Platform::start(SandboxSettings::default());
    let archive = "enabled = true\nvia = \"base64\"\nformat = \"png\"\nsides = [\"city\"]";
    let workspace = complete_run(&platform, 8, archive);
    let rows = there(&workspace);
    let certificates = certificates(&rows);
    assert_eq!(rows.len(), 2 * certificates, "two pages each");
    let told = fetch(&workspace, &["--export", "files.zip"], 0);
    assert!(told.contains(&format!("{certificates} 件证照的 1 个文件")), "the stand-in has one picture for all pages: {told}");
}

#[test]
fn only_chosen_states_types_and_sides_are_packed() {
    let platform = Platform::start(SandboxSettings::default());
    let workspace = complete_run(&platform, 40, "enabled = true");
    let job = fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
    let rows = there(&workspace);
    let coverage = workspace.table("coverage");
    let state_of = |row: &TextRow| {
        let is_of =
            |known: &&TextRow| (&known["item_id"], &known["certificate_index"]) == (&row["item_id"], &row["certificate_index"]);
        coverage.iter().find(is_of).and_then(|known| known.get(&format!("{}_lifecycle", row["side"])).cloned())
    };
    let packed = |settings: &str| -> usize {
        workspace.write_job(&job.replace("enabled = true", settings));
        let told = fetch(&workspace, &["--export", "files.zip"], 0);
        let (before, _) = told.split_once(" 件证照的").unwrap();
        before.rsplit('：').next().unwrap().trim().parse().unwrap()
    };
    for state in ["valid", "revoked", "expired", "restricted"] {
        let expected = certificates(rows.iter().filter(|row| state_of(row).as_deref() == Some(state)));
        assert_eq!(packed(&format!("states = [\"{state}\"]")), expected, "{state}");
    }
    assert_eq!(packed(""), certificates(&rows));
    let of_city = certificates(rows.iter().filter(|row| row["side"] == "city"));
    assert!(of_city > 0 && of_city < certificates(&rows));
    assert_eq!(packed("sides = [\"city\"]"), of_city);
    assert_eq!(packed("types = [\"11100000000013338W008\"]"), 0, "none of this type was asked about");
}
