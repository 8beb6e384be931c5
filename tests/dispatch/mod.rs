//! Department workbooks out, decisions back in, as processes.

mod office;
mod returned;
mod written;

use crate::support::{TextRow, Workspace, citizen, job_text, read_table, stderr};
use calamine::{Data, Reader, Xlsx, open_workbook};
use rust_xlsxwriter::Workbook;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

/// Departments of the items, in turn.
const DEPARTMENTS: [&str; 4] = ["市公安局", "市民政局", "a/b:c", ""];
/// Items of a run.
const ITEMS: u64 = 1_600;

/// A complete run with certificates to settle in every department.
fn run() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", input().as_bytes());
    workspace.write_job(&job_text("inputs/items.csv", "rate = \"unlimited\""));
    workspace.run_job(&[], 0);
    workspace
}

fn input() -> String {
    let mut text = "证件号码,证照类型代码,区市,部门\n".to_owned();
    for (serial, department) in (0..ITEMS).zip(DEPARTMENTS.iter().cycle()) {
        writeln!(text, "{},11100000000013127D001,市中区,{department}", citizen(serial)).unwrap();
    }
    text
}

/// Runs a command on the run `once`; it has to end with `code`.
fn command(workspace: &Workspace, verb: &str, extra: &[&str], code: i32) -> Output {
    let mut args = vec![verb, "outputs/test/once"];
    args.extend(extra);
    let output = workspace.run(&args);
    assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
    output
}

fn dispatch(workspace: &Workspace, extra: &[&str]) -> serde_json::Value {
    let mut args = vec!["--by", "部门"];
    args.extend(extra);
    command(workspace, "dispatch", &args, 0);
    told(&workspace.run_dir().join("dispatch"))
}

/// What `dispatch.json` says in a folder.
fn told(folder: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder.join("dispatch.json")).unwrap()).unwrap()
}

/// The workbook of a department; the empty text is the rows without one.
fn workbook_of(workspace: &Workspace, department: &str) -> PathBuf {
    let folder = workspace.run_dir().join("dispatch");
    let report = told(&folder);
    let departments = report["departments"].as_array().unwrap();
    let is_meant = |entry: &&serde_json::Value| entry["value"].as_str().unwrap_or_default() == department;
    folder.join(departments.iter().find(is_meant).unwrap()["file"].as_str().unwrap())
}

/// A sheet of a workbook: its name, and its rows of texts.
pub(crate) type Sheet = (String, Vec<Vec<String>>);

fn sheets(path: &Path) -> Vec<Sheet> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let names = book.sheet_names();
    let rows = |name: &String| {
        let range = book.worksheet_range(name).unwrap();
        range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
    };
    names.clone().into_iter().zip(names.iter().map(rows).collect::<Vec<_>>()).collect()
}

fn save(path: &Path, sheets: &[Sheet]) {
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

/// Writes a copy of a department's workbook to `returned/<name>` as the department would: `edit` changes the lists.
pub(crate) fn return_workbook(
    workspace: &Workspace,
    department: &str,
    name: &str,
    mut edit: impl FnMut(&mut Vec<Sheet>),
) -> String {
    std::fs::create_dir_all(workspace.path("returned")).unwrap();
    let mut lists = sheets(&workbook_of(workspace, department));
    edit(&mut lists);
    let returned = format!("returned/{name}");
    save(&workspace.path(&returned), &lists);
    returned
}

/// Fills in the decision of every row of a list.
pub(crate) fn decide(lists: &mut [Sheet], list: &str, decision: &str) {
    for (_, rows) in lists.iter_mut().filter(|(name, _)| name == list) {
        let (decision_column, by) = (column(rows, "处理决定"), column(rows, "办理人"));
        for row in &mut rows[1..] {
            decision.clone_into(&mut row[decision_column]);
            "张三".clone_into(&mut row[by]);
        }
    }
}

fn decisions(workspace: &Workspace) -> Vec<TextRow> {
    workspace.table("decisions")
}

fn decisions_of(workspace: &Workspace, run: &str) -> Vec<TextRow> {
    read_table(&workspace.path(&format!("outputs/test/{run}/tables/decisions.parquet")))
}

/// What is to be settled about a row of the coverage.
fn matter(row: &TextRow) -> Option<&'static str> {
    let is = |column: &str, value: &str| row.get(column).is_some_and(|known| known == value);
    match row["status"].as_str() {
        "city_only" => Some("市有省无"),
        "province_only" => Some("省有市无"),
        _ if !is("comparison", "inconsistent") => None,
        _ if is("province_lifecycle", "valid") && is("city_lifecycle", "revoked") => Some("市库已注销省库有效"),
        _ => Some("字段差异"),
    }
}
