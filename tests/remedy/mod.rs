//! The province is told: what is proposed, what is sent, and what came of it, as processes.

mod circle;
mod decided;
mod kills;
mod limits;
mod proposed;
mod troubles;

use crate::support::{Asked, Platform, TextRow, Workspace, items, stderr};
use calamine::{Data, Reader, Xlsx, open_workbook};
use ecert_audit::job::SandboxSettings;
use rust_xlsxwriter::Workbook;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Output;

/// `[remediate]` that allows everything; what is told takes effect at once.
const EVERYTHING: &str = "allow = [\"insert\", \"update\", \"delete\"]\nmax_actions = 100000\nsettle = \"0s\"";
const THROTTLE: &str = "rate = \"unlimited\"\nconcurrency = 4";

/// A platform without faults.
fn sound() -> SandboxSettings {
    SandboxSettings::default()
}

/// A complete run over `count` items of a platform; `remediate` are the lines of `[remediate]`.
fn audited(platform: &Platform, count: u64, remediate: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(count).as_bytes());
    set(&workspace, platform, THROTTLE, remediate);
    workspace.run_job(&[], 0);
    workspace
}

/// Writes the job with the lines of `[throttle]` and `[remediate]`.
fn set(workspace: &Workspace, platform: &Platform, throttle: &str, remediate: &str) {
    workspace.write_job(&format!("{}\n[remediate]\n{remediate}\n", platform.job("inputs/items.csv", throttle)));
}

/// Runs `remediate` on the run `once`; it has to end with `code`.
#[track_caller]
fn remediate(workspace: &Workspace, extra: &[&str], code: i32) -> Output {
    command(workspace, "remediate", extra, code)
}

/// Runs a command on the run `once`; it has to end with `code`.
#[track_caller]
fn command(workspace: &Workspace, verb: &str, extra: &[&str], code: i32) -> Output {
    let mut args = vec![verb, "outputs/test/once"];
    args.extend(extra);
    let output = workspace.run(&args);
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    output
}

/// The notifications that the stand-in has taken, in order: interface and file number.
fn effects(platform: &Platform) -> Vec<(String, String)> {
    let is_taken = |asked: &Asked| {
        // What was cut off or reset was answered, and has taken effect.
        let is_answered = matches!(asked.fault.as_deref(), None | Some("Truncated" | "Reset"));
        asked.endpoint.ends_with("ToProvince") && asked.status == 200 && is_answered
    };
    let named = |asked: Asked| (asked.endpoint, asked.parameters["fileNumber"].as_str().unwrap().to_owned());
    platform.asked().into_iter().filter(is_taken).map(named).collect()
}

/// The file numbers that an interface was told, each of them once.
fn told_once(effects: &[(String, String)], interface: &str) -> BTreeSet<String> {
    let of_interface: Vec<&String> = effects.iter().filter(|(name, _)| name == interface).map(|(_, file)| file).collect();
    let distinct: BTreeSet<String> = of_interface.iter().copied().cloned().collect();
    assert_eq!(of_interface.len(), distinct.len(), "{interface}: nothing is told twice");
    distinct
}

fn is(row: &TextRow, column: &str, value: &str) -> bool {
    row.get(column).is_some_and(|known| known == value)
}

/// The file numbers of the certificates that only the city has, in force.
fn to_insert(workspace: &Workspace) -> BTreeSet<String> {
    let rows = workspace.table("coverage").into_iter();
    let meant = rows.filter(|row| is(row, "status", "city_only") && is(row, "city_lifecycle", "valid"));
    meant.filter_map(|row| row.get("city_certificate_id").cloned()).collect()
}

/// How many notifications stand alike: by action and state.
fn states(workspace: &Workspace) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for row in workspace.table("remedies") {
        *counts.entry((row["action"].clone(), row["state"].clone())).or_default() += 1;
    }
    counts
}

/// The counts of one state alone, as [`states`] gives them.
fn all_in(state: &str, actions: &[(&str, usize)]) -> BTreeMap<(String, String), u64> {
    actions.iter().map(|(action, count)| (((*action).to_owned(), state.to_owned()), *count as u64)).collect()
}

/// Rows of texts.
type List = Vec<Vec<String>>;

fn list(path: &Path, name: &str) -> List {
    sheets(path).into_iter().find(|(sheet, _)| sheet == name).unwrap_or_else(|| panic!("no sheet {name}")).1
}

/// The sheets of a workbook by name.
fn sheets(path: &Path) -> Vec<(String, List)> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).unwrap();
        sheets.push((name, range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()));
    }
    sheets
}

fn save(path: &Path, name: &str, rows: &[Vec<String>]) {
    save_all(path, &[(name.to_owned(), rows.to_vec())]);
}

fn save_all(path: &Path, sheets: &[(String, List)]) {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (row, cells) in (0..).zip(rows) {
            for (column, text) in (0..).zip(cells) {
                sheet.write_string(row, column, text).unwrap();
            }
        }
    }
    book.save(path).unwrap();
}

/// The column of a list with a header.
fn column(rows: &[Vec<String>], header: &str) -> usize {
    rows[0].iter().position(|text| text == header).unwrap_or_else(|| panic!("no {header} in {:?}", rows[0]))
}

/// Names of the lists of `remediation.xlsx`.
const ACTIONS: &str = "拟办事项";
const OTHERS: &str = "不列入";

/// A list of the run's `remediation.xlsx`.
fn proposals(workspace: &Workspace, name: &str) -> List {
    list(&workspace.run_dir().join("remediation.xlsx"), name)
}
