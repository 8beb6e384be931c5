//! How the workbook's sheets are made up: lists that begin in the first row, pages that can be read, local times, gates in
//! words.

use super::{Book, column, list, report, sheet, text};
use crate::support::{Workspace, job_text, stderr};
use calamine::{Data, Reader};
use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;

/// The XML of a sheet of the workspace's workbook; its place in the workbook is that of its part.
fn xml(workspace: &Workspace, book: &Book, name: &str) -> String {
    let place = book.sheet_names().iter().position(|known| known == name).unwrap() + 1;
    let mut package = zip::ZipArchive::new(File::open(workspace.run_dir().join("report.xlsx")).unwrap()).unwrap();
    std::io::read_to_string(package.by_name(&format!("xl/worksheets/sheet{place}.xml")).unwrap()).unwrap()
}

/// The elements of a name, each from its name to its end.
fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let opened = format!("<{name} ");
    xml.split(&opened).skip(1).filter_map(|rest| rest.split('>').next()).collect()
}

fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let opened = format!("{name}=\"");
    let (before, rest) = element.split_once(&opened)?;
    assert!(before.is_empty() || before.ends_with(' '), "{name} in {element}");
    rest.split('"').next()
}

/// A column as a sheet's XML has it.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    pixels: f64,
    is_hidden: bool,
    is_grouped: bool,
}

/// The columns of a sheet that have a width, by number from 0.
fn columns(xml: &str) -> BTreeMap<usize, Shown> {
    /// Pixels of a digit in the default font.
    const DIGIT: f64 = 7.0;
    let mut found = BTreeMap::new();
    for element in elements(xml, "col") {
        let number = |name| attribute(element, name).unwrap().parse::<usize>().unwrap();
        let shown = Shown {
            pixels: attribute(element, "width").unwrap().parse::<f64>().unwrap() * DIGIT,
            is_hidden: attribute(element, "hidden") == Some("1"),
            is_grouped: attribute(element, "outlineLevel") == Some("1"),
        };
        found.extend((number("min")..=number("max")).map(|column| (column - 1, shown)));
    }
    found
}

/// Two runs, so that every kind of sheet is there.
fn two_runs() -> Workspace {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    workspace.run_job(&["--run-id", "before"], 0);
    let job = job_text("inputs/*.xlsx", "rate = \"unlimited\"");
    workspace.write_job(&job.replace(&format!("seed = {}", crate::support::SEED), "seed = 12"));
    workspace.run_job(&[], 0);
    workspace
}

#[test]
fn every_list_has_its_header_in_the_first_row_frozen_and_filtered_and_prints_on_a4() {
    let workspace = two_runs();
    let mut book = report(&workspace);
    let names = book.sheet_names();
    for name in ["差异汇总", "字段差异", "错误汇总", "输入说明", "环比", "环比明细", "说明"] {
        assert!(names.iter().any(|known| known == name), "{name} is missing in {names:?}");
    }
    for name in names.iter().filter(|name| *name != "概览") {
        let rows = sheet(&mut book, name);
        // Behind the header of a breakdown lie the hidden numbers of its lines of rates.
        let shown = rows[0].iter().rposition(|cell| *cell != Data::Empty).unwrap_or_default();
        let header = &rows[0][..=shown];
        assert!(header.len() > 1 && header.iter().all(|cell| matches!(cell, Data::String(_))), "{name}: {header:?}");
        let xml = xml(&workspace, &book, name);
        let pane = elements(&xml, "pane");
        assert_eq!(attribute(pane[0], "ySplit"), Some("1"), "{name}");
        assert_eq!(attribute(pane[0], "state"), Some("frozen"), "{name}");
        let filter = elements(&xml, "autoFilter");
        assert!(attribute(filter[0], "ref").unwrap().starts_with("A1:"), "{name}");
        let printing = elements(&xml, "pageSetup");
        let set_up = ["paperSize", "orientation", "fitToHeight"].map(|setting| attribute(printing[0], setting));
        assert_eq!(set_up, [Some("9"), Some("landscape"), Some("0")], "{name}");
        assert!(xml.contains("fitToPage=\"1\""), "{name}");
    }
}

#[test]
fn lists_fit_a_printed_page_with_text_of_eight_points_and_keep_identifiers_narrow() {
    /// Pixels between the margins of landscape A4, and how many of them text of 10 points may be shrunk to reach 8.
    const PAGE: f64 = 1_076.0;
    const SMALLEST: f64 = 0.8;
    let workspace = two_runs();
    let book = report(&workspace);
    for name in ["市有省无", "省有市无", "省市均无", "字段差异", "错误明细", "无效输入", "输入修正", "环比明细"]
    {
        let columns = columns(&xml(&workspace, &book, name));
        let printed: f64 = columns.values().filter(|column| !column.is_hidden).map(|column| column.pixels).sum();
        assert!(printed <= PAGE / SMALLEST, "{name} is {printed} pixels wide");
        // Forty digits and the padding of a cell.
        assert!(columns.values().all(|column| column.pixels <= 40.0 * 7.0 + 5.0), "{name}: {columns:?}");
    }
}

#[test]
fn gap_lists_hide_what_is_for_looking_up_and_end_in_the_remark() {
    let workspace = two_runs();
    let mut book = report(&workspace);
    for (name, held) in [("市有省无", 2), ("省有市无", 2), ("省市均无", 0)] {
        let headers: Vec<String> = sheet(&mut book, name)[0].iter().map(ToString::to_string).collect();
        let columns = columns(&xml(&workspace, &book, name));
        let behind = |at: &usize| columns[at].is_hidden && columns[at].is_grouped;
        let (hidden, shown): (Vec<usize>, Vec<usize>) = (0..headers.len()).partition(behind);
        let of = |columns: &[usize]| columns.iter().map(|at| headers[*at].as_str()).collect::<Vec<_>>();
        assert_eq!(of(&shown)[..4], ["持证主体代码", "证照类型代码", "证照类型名称", "证照编号"], "{name}");
        assert_eq!(of(&shown)[4 + held..], ["较上期变化", "区市", "部门", "备注"], "{name}");
        let hidden_headers = of(&hidden);
        let (asked_at, others): (Vec<&str>, Vec<&str>) =
            hidden_headers.into_iter().partition(|header| header.starts_with("查询时间（"));
        assert_eq!(asked_at.len(), 1, "{name}");
        let identifiers: &[&str] = match name {
            "市有省无" => &["市库证照标识"],
            "省有市无" => &["省库证照标识"],
            _ => &[],
        };
        let (identifying, others) = others.split_at(identifiers.len());
        assert_eq!(identifying, identifiers, "{name}");
        assert_eq!(
            others,
            ["代码类型", "缺口首见批次", "缺口连续批次数", "来源文件", "来源工作表", "来源行号", "行标识", "条目序号"],
            "{name}"
        );
        assert_eq!(shown.last(), Some(&(headers.len() - 1)), "{name}: the remark is the last column");
    }
}

#[test]
fn carried_columns_that_find_no_room_on_a_page_are_collapsed_and_stay_in_the_list() {
    let workspace = Workspace::new();
    let headers: Vec<String> = (1..=12).map(|number| format!("附带信息{number}")).collect();
    let mut input = format!("证件号码,证照类型代码,{}\n", headers.join(","));
    for serial in 0..80 {
        writeln!(input, "{},11100000000013127D001{}", crate::support::citizen(serial), ",内容".repeat(12)).unwrap();
    }
    workspace.write_input("a.csv", input.as_bytes());
    let carry = format!("carry = {headers:?}");
    workspace.write_job(&job_text("inputs/a.csv", "rate = \"unlimited\"").replace("carry = [\"区市\", \"部门\"]", &carry));
    workspace.run_job(&[], 0);
    let mut book = report(&workspace);
    let columns = columns(&xml(&workspace, &book, "省市均无"));
    let is_hidden: Vec<bool> = headers.iter().map(|header| columns[&column(&mut book, "省市均无", header)].is_hidden).collect();
    assert!(!is_hidden[0] && is_hidden[11], "{is_hidden:?}");
    assert!(is_hidden.is_sorted(), "the first ones are shown: {is_hidden:?}");
    let rows = list(&mut book, "省市均无");
    let last = column(&mut book, "省市均无", "附带信息12");
    assert!(!rows.is_empty() && rows.iter().all(|row| row[last] == text("内容")));
}

#[test]
fn a_gap_names_the_certificate_that_it_may_be_under_another_number() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    workspace.run_job(&[], 0);
    let mut book = report(&workspace);
    let coverage = workspace.table("coverage");
    let place = |row: &crate::support::TextRow, index: &str| format!("{}/{}", row["item_id"], row[index]);
    let by_place: BTreeMap<String, &crate::support::TextRow> =
        coverage.iter().map(|row| (place(row, "certificate_index"), row)).collect();
    let mut hints = 0;
    for (name, other_status, other_name) in [("市有省无", "province_only", "省有市无"), ("省有市无", "city_only", "市有省无")]
    {
        let (item, likely) = (column(&mut book, name, "条目序号"), column(&mut book, name, "疑似同一证照"));
        for row in list(&mut book, name) {
            let of_table = by_place[&row[item].to_string()];
            let Some(other) = of_table.get("likely_same_as").map(|_| by_place[&place(of_table, "likely_same_as")]) else {
                assert_eq!(row[likely], Data::Empty, "{name}: {}", row[item]);
                continue;
            };
            assert_eq!(other["status"], other_status);
            assert_eq!(row[likely], text(&format!("{}（{other_name}）", other["certificate_number"])));
            hints += 1;
        }
    }
    assert!(hints > 0, "the demo has certificates whose two numbers differ");
}

#[test]
fn times_are_local_and_the_zone_is_named() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    // A zone without clock changes that no machine is in by chance.
    let output = workspace.command(&["run", "jobs/test.toml"]).env("TZ", "XYZ-5:45").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let zone = FixedOffset::east_opt(5 * 3600 + 45 * 60).unwrap();
    let summary = workspace.summary();
    let local = |figure: &str| {
        let time = DateTime::parse_from_rfc3339(summary[figure].as_str().unwrap()).unwrap();
        time.with_timezone(&zone).naive_local()
    };
    let (started, finished) = (local("started_at"), local("finished_at"));
    let shown = |time: NaiveDateTime| time.format("%Y-%m-%d %H:%M:%S").to_string();

    let mut book = report(&workspace);
    let overview: Vec<String> = sheet(&mut book, "概览").iter().flatten().map(ToString::to_string).collect();
    let page = std::fs::read_to_string(workspace.run_dir().join("report.html")).unwrap();
    for told in [shown(started), shown(finished), "本报告的时间均为本地时间（UTC+05:45）".to_owned()] {
        assert!(overview.contains(&told), "{told} is not in the overview");
        assert!(page.contains(&told), "{told} is not on the page");
    }
    let asked_at = column(&mut book, "省市均无", "查询时间（UTC+05:45）");
    column(&mut book, "错误明细", "时间（UTC+05:45）");
    let gaps = list(&mut book, "省市均无");
    assert!(!gaps.is_empty());
    for row in gaps {
        let Data::DateTime(time) = &row[asked_at] else { panic!("{:?} is no time", row[asked_at]) };
        let time = time.as_datetime().unwrap();
        let margin = TimeDelta::seconds(1);
        assert!(started - margin <= time && time <= finished + margin, "{time} is not between {started} and {finished}");
    }
}

#[test]
fn gates_are_told_in_words_on_the_overview_the_page_and_at_the_end() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    let gates = "gates = { max_error_rate = 0.01, min_collection_rate = 0.999, max_city_only_share = 0.5, max_neither = 100000 }";
    workspace.write_job(&format!("{}\n[report]\n{gates}\n", job_text("inputs/*.xlsx", "rate = \"unlimited\"")));
    let output = workspace.run_job(&[], 10);
    let told = crate::support::stdout(&output);
    let mut book = report(&workspace);
    let overview: Vec<String> = sheet(&mut book, "概览").iter().flatten().map(ToString::to_string).collect();
    let page = std::fs::read_to_string(workspace.run_dir().join("report.html")).unwrap();
    for (rule, name) in [
        ("查询失败率 不高于 1.00%", "max_error_rate"),
        ("归集率 不低于 99.90%", "min_collection_rate"),
        ("市有省无占比 不高于 50.00%", "max_city_only_share"),
        ("省市均无 不高于 100000", "max_neither"),
    ] {
        assert!(told.contains(&format!("门限 {rule}（{name}）：实际 ")), "{told}");
        assert!(overview.iter().any(|cell| cell == rule), "{rule} is not in the overview");
        assert!(overview.iter().any(|cell| cell.ends_with(&format!("（{name}）"))), "{name} is not in the overview");
        assert!(page.contains(rule) && page.contains(name), "{rule} is not on the page");
    }
}
