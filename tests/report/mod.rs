//! The reports, read back.

mod change;
mod inputs;
mod page;
mod sheets;
mod words;

use crate::support::{Workspace, stdout};
use calamine::{Data, Reader, Xlsx, open_workbook};
use std::io::BufReader;
use std::path::Path;

type Book = Xlsx<BufReader<std::fs::File>>;

fn book(path: &Path) -> Book {
    open_workbook(path).unwrap()
}

/// The workbook of the workspace's run `once`.
fn report(workspace: &Workspace) -> Book {
    book(&workspace.run_dir().join("report.xlsx"))
}

fn sheet(book: &mut Book, name: &str) -> Vec<Vec<Data>> {
    book.worksheet_range(name).unwrap().rows().map(<[Data]>::to_vec).collect()
}

/// A list's rows below its header.
fn list(book: &mut Book, name: &str) -> Vec<Vec<Data>> {
    let rows = sheet(book, name);
    rows[1..].iter().filter(|row| row[0] != text("（无）")).cloned().collect()
}

/// The column of a list with a header.
fn column(book: &mut Book, name: &str, header: &str) -> usize {
    let rows = sheet(book, name);
    rows[0].iter().position(|cell| *cell == text(header)).unwrap_or_else(|| panic!("{name} has no {header}: {:?}", rows[0]))
}

fn text(content: &str) -> Data {
    Data::String(content.to_owned())
}

fn number(cell: &Data) -> u64 {
    match cell {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts in a test")]
        Data::Float(number) => *number as u64,
        other => panic!("{other:?} is no number"),
    }
}

#[test]
fn the_workbook_adds_up_to_the_summary() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    let output = workspace.run_job(&[], 0);
    let summary = workspace.summary();
    let count = |figure: &str| summary[figure].as_u64().unwrap();
    let mut book = report(&workspace);
    assert_eq!(
        book.sheet_names(),
        [
            "概览",
            "按证照类型",
            "按区市",
            "按部门",
            "市有省无",
            "省有市无",
            "省市均无",
            "差异汇总",
            "字段差异",
            "错误汇总",
            "错误明细",
            "输入说明",
            "无效输入",
            "输入修正",
            "未映射字段",
            "说明"
        ]
    );
    for (name, keys) in [("按证照类型", 2), ("按区市", 1), ("按部门", 1)] {
        let rows = sheet(&mut book, name);
        let (total, groups) = rows[1..].split_last().unwrap();
        assert_eq!(total[0], text("合计"));
        for (column, figure) in
            (keys..).zip(["items", "rows", "both", "city_only", "province_only", "neither", "error", "pending", "inconsistent"])
        {
            let sum: u64 = groups.iter().map(|row| number(&row[column])).sum();
            assert_eq!((sum, number(&total[column])), (count(figure), count(figure)), "{name} {figure}");
        }
    }
    for (name, figure) in
        [("市有省无", "city_only"), ("省有市无", "province_only"), ("省市均无", "neither"), ("无效输入", "invalid_inputs")]
    {
        assert_eq!(list(&mut book, name).len() as u64, count(figure), "{name}");
    }
    let gaps = list(&mut book, "市有省无");
    assert!(gaps.iter().all(|row| matches!(&row[0], Data::String(code) if code.len() == 18)), "codes are texts, whole");
    let differences = workspace.table("differences").len();
    assert_eq!(list(&mut book, "字段差异").len(), differences);
    let summed = list(&mut book, "差异汇总");
    for way in ["按字段汇总", "按原因汇总"] {
        let sum: u64 = summed.iter().filter(|row| row[0] == text(way)).map(|row| number(&row[4])).sum();
        assert_eq!(sum, differences as u64, "{way}");
    }
    assert_eq!(sheet(&mut book, "错误明细")[1][0], text("（无）"));

    let told = stdout(&output);
    let lines: Vec<&str> = told.lines().collect();
    let percent = |figure: &str| format!("{:.2}%", summary[figure].as_f64().unwrap() * 100.0);
    let named = ["both", "city_only", "province_only", "neither", "error"].map(|status| count(status).to_string());
    let [both, city, province, neither, error] = named;
    let first = count("input_rows") - count("duplicate_rows") - count("invalid_inputs") - count("blank_rows");
    let (input, duplicates) = (count("input_rows"), count("duplicate_rows"));
    let (invalid, blank) = (count("invalid_inputs"), count("blank_rows"));
    assert_eq!(
        lines[..6],
        [
            "核查 test · once：完成".to_owned(),
            format!("  输入 {input} 行：首次出现 {first}，重复 {duplicates}，无效 {invalid}，空白 {blank}"),
            format!("  条目 {}，结果 {} 行", count("items"), count("rows")),
            format!("  省市均有 {both}  市有省无 {city}  省有市无 {province}  省市均无 {neither}  查询失败 {error}"),
            format!("  照面或状态不一致 {}（占省市均有 {}）", count("inconsistent"), percent("inconsistent_rate")),
            format!(
                "  归集率 {}  省库覆盖率 {}  市库覆盖率 {}  查询失败率 {}",
                percent("collection_rate"),
                percent("province_coverage"),
                percent("city_coverage"),
                percent("error_rate")
            ),
        ]
    );
    let retries = count("attempts") - count("calls");
    assert!(lines[6].starts_with(&format!("  调用 {} 次，重试 {retries} 次；用时 ", count("calls"))), "{told}");
    assert_eq!(lines[7..], ["  报告：outputs/test/once/report.xlsx"]);
}

#[test]
fn whatever_is_carried_the_workbook_is_written() {
    let workspace = Workspace::new();
    let header = "证件号码,证照类型代码,证照类型,Abc,abc,a/b,a:b";
    let long = "长".repeat(40_000);
    let row = format!("11010519491231002X,11100000000013127D001,{long},1,2,3,11010519491231002X");
    workspace.write_input("a.csv", format!("{header}\n{row}\n").as_bytes());
    let job = crate::support::job_text("inputs/a.csv", "rate = \"unlimited\"");
    let carry = "carry = [\"证照类型\", \"Abc\", \"abc\", \"a/b\", \"a:b\"]";
    workspace.write_job(&format!("{}\n[report]\nmask = \"full\"\n", job.replace("carry = [\"区市\", \"部门\"]", carry)));
    workspace.run_job(&[], 0);
    let mut book = report(&workspace);
    assert_eq!(book.sheet_names()[2..7], ["按证照类型~2", "按Abc", "按abc~2", "按ab", "按ab~2"]);
    let texts = book.sheet_names().into_iter().flat_map(|name| sheet(&mut book, &name)).flatten();
    assert!(
        texts.map(|cell| cell.to_string()).all(|text| !text.contains("11010519491231002X")),
        "a carried holder code is masked"
    );
}

#[test]
fn masks_hide_holders_wherever_their_code_stands() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    for mask in ["partial", "full"] {
        let job = crate::support::job_text("inputs/*.xlsx", "rate = \"unlimited\"");
        workspace.write_job(&format!("{job}\n[report]\nmask = \"{mask}\"\n"));
        workspace.run_job(&[], 0);
        let mut book = report(&workspace);
        let codes: Vec<String> = workspace.table("coverage").iter().map(|row| row["holder_code"].clone()).collect();
        for name in book.sheet_names() {
            for row in sheet(&mut book, &name) {
                for cell in row {
                    let text = cell.to_string();
                    assert!(!codes.iter().any(|code| text.contains(code.as_str())), "{mask}: {name} shows a holder code");
                }
            }
        }
    }
}
