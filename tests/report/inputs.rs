//! 输入说明: every file and sheet is told, its rows add up, and nothing of its cells is told.

use super::{column, list, number, report, sheet, text};
use crate::support::{Workspace, citizen, job_text};
use calamine::Data;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A text file with rows of every kind: first, repeated, invalid, and blank ones.
fn mixed(workspace: &Workspace) {
    let mut rows = "姓名,证件号码,证照类型代码\n".to_owned();
    for serial in 0..6 {
        writeln!(rows, "张三丰,{},11100000000013127D001", citizen(serial)).unwrap();
    }
    writeln!(rows, "张三丰,{},11100000000013127D001", citizen(0)).unwrap();
    rows += ",,\n\n李四光,37049919990101,11100000000013127D001\n王五常,,11100000000013127D001\n";
    writeln!(rows, "赵六和,{},11100000000013127D001", citizen(7)).unwrap();
    workspace.write_input("mixed.csv", rows.as_bytes());
}

fn job(extra: &str) -> String {
    let job = job_text("inputs/*.csv", "rate = \"unlimited\"").replace("carry = [\"区市\", \"部门\"]", "carry = []");
    format!("{job}\n{extra}")
}

/// The counts of 输入说明 of a kind, by file, in their order.
fn counts(rows: &[Vec<Data>], kind: &str) -> BTreeMap<String, Vec<u64>> {
    let mut counts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row[2] == text(kind)) {
        counts.entry(format!("{} {}", row[0], row[1])).or_default().push(number(&row[4]));
    }
    counts
}

#[test]
fn rows_add_up_in_all_and_for_each_sheet_and_are_those_of_the_summary() {
    let demo = Workspace::with_demo("rate = \"unlimited\"");
    let of_text = Workspace::new();
    mixed(&of_text);
    of_text.write_job(&job(""));
    for workspace in [demo, of_text] {
        workspace.run_job(&[], 0);
        let summary = workspace.summary();
        let figure = |name: &str| summary[name].as_u64().unwrap();
        let mut book = report(&workspace);
        let rows = list(&mut book, "输入说明");
        let totals = counts(&rows, "行数合计");
        let totals = &totals["（全部文件） "];
        let [duplicates, invalid, blank] = ["duplicate_rows", "invalid_inputs", "blank_rows"].map(figure);
        assert_eq!((totals[0], &totals[2..]), (figure("input_rows"), &[duplicates, invalid, blank][..]));
        assert_eq!(totals[0], totals[1..].iter().sum::<u64>());
        let by_sheet = counts(&rows, "行数");
        for (place, of_sheet) in &by_sheet {
            assert_eq!(of_sheet[0], of_sheet[1..].iter().sum::<u64>(), "{place}");
        }
        for part in 0..5 {
            assert_eq!(by_sheet.values().map(|of_sheet| of_sheet[part]).sum::<u64>(), totals[part]);
        }
        let overview = sheet(&mut book, "概览");
        let shown = |label: &str| number(&overview.iter().find(|row| row[0] == text(label)).unwrap()[1]);
        let labels = ["输入行数", "首次出现", "重复输入", "无效输入", "空白行"];
        assert_eq!(labels.map(shown)[..], totals[..], "the overview says the same");
    }
}

#[test]
fn every_column_and_its_use_is_told() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    workspace.run_job(&[], 0);
    let mut book = report(&workspace);
    let content = column(&mut book, "输入说明", "内容");
    let rows = list(&mut book, "输入说明");
    let mut sheets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        sheets.entry(format!("{} {}", row[0], row[1])).or_default().push(row[content].to_string());
    }
    let audited: Vec<_> =
        workspace.table("coverage").iter().map(|row| format!("{} {}", row["source_file"], row["source_sheet"])).collect();
    for place in audited {
        let told = &sheets[&place];
        for role in ["持证主体代码 ← ", "证照类型代码 ← "] {
            assert!(told.iter().any(|line| line.starts_with(role) && line.ends_with(" 列）")), "{place}: {role} {told:?}");
        }
        assert!(told.iter().any(|line| line.starts_with("表头在第 ")), "{place}");
    }
}

#[test]
fn what_needs_attention_stands_on_top_and_is_counted_on_the_overview() {
    let workspace = Workspace::new();
    mixed(&workspace);
    // A type code that checks and that no catalogue has.
    let body = "11370400999999999";
    let check = ecert_audit::codes::credit_check_character(body).unwrap();
    workspace.write_input("unknown.csv", format!("证件号码,证照类型代码\n{},{body}{check}999\n", citizen(8)).as_bytes());
    workspace.write_job(&job(""));
    workspace.run_job(&[], 0);
    let mut book = report(&workspace);
    let check = column(&mut book, "输入说明", "需要核对");
    let rows = list(&mut book, "输入说明");
    let marks: Vec<bool> = rows.iter().skip(5).map(|row| row[check] == text("请核对")).collect();
    let marked = marks.iter().filter(|mark| **mark).count();
    assert!(marked > 0, "{rows:?}");
    assert!(marks[..marked].iter().all(|mark| *mark), "what is marked comes first, below the totals");
    let overview = sheet(&mut book, "概览");
    let counted = overview.iter().find(|row| row[0] == text("需要核对的事项")).unwrap();
    assert_eq!(number(&counted[1]), marked as u64);
    let page = std::fs::read_to_string(workspace.run_dir().join("report.html")).unwrap();
    assert!(page.contains(&format!("输入中有 {marked} 处需要核对")));
}

#[test]
fn no_cell_is_quoted_whatever_the_mask() {
    let workspace = Workspace::new();
    mixed(&workspace);
    for mask in ["none", "partial", "full"] {
        workspace.write_job(&job(&format!("[report]\nmask = \"{mask}\"\n")));
        workspace.run_job(&[], 0);
        let mut book = report(&workspace);
        for cell in sheet(&mut book, "输入说明").iter().flatten().map(ToString::to_string) {
            for value in ["张三丰", "李四光", "王五常", "赵六和", "370499"] {
                assert!(!cell.contains(value), "{mask}: {cell}");
            }
        }
    }
}
