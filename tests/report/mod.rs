//! The reports, read back.

mod change;
mod page;
mod words;

use crate::support::{Workspace, stdout};
use calamine::{Data, Reader, Xlsx, open_workbook};

fn sheet(book: &mut Xlsx<std::io::BufReader<std::fs::File>>, name: &str) -> Vec<Vec<Data>> {
    book.worksheet_range(name).unwrap().rows().map(<[Data]>::to_vec).collect()
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
    let mut book: Xlsx<_> = open_workbook(workspace.run_dir().join("report.xlsx")).unwrap();
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
            "字段差异",
            "错误明细",
            "无效输入",
            "输入修正",
            "未映射字段",
            "说明"
        ]
    );
    for (name, keys) in [("按证照类型", 2), ("按区市", 1), ("按部门", 1)] {
        let rows = sheet(&mut book, name);
        let (total, groups) = rows[1..].split_last().unwrap();
        assert_eq!(total[0], Data::String("合计".into()));
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
        let rows = sheet(&mut book, name);
        assert_eq!(rows.len() as u64 - 1, count(figure), "{name}");
    }
    let gaps = sheet(&mut book, "市有省无");
    assert_eq!(gaps[0].iter().rfind(|cell| !cell.to_string().is_empty()).unwrap(), "备注");
    assert!(gaps[1..].iter().all(|row| matches!(&row[0], Data::String(code) if code.len() == 18)), "codes are texts, whole");
    let differences = sheet(&mut book, "字段差异");
    let header = differences.iter().position(|row| row[0] == Data::String("紧急程度".into())).unwrap();
    assert_eq!(differences.len() - header - 1, workspace.table("differences").len());
    let by_field: u64 = differences[1..header - 1].iter().map(|row| number(&row[2])).sum();
    assert_eq!(by_field, workspace.table("differences").len() as u64, "the summary on top adds up");
    assert_eq!(sheet(&mut book, "错误明细")[1][0], Data::String("（无）".into()));

    let duration = regex_free_duration(&stdout(&output));
    insta::assert_snapshot!(duration);
}

/// The summary with the one figure replaced that differs from run to run.
fn regex_free_duration(summary: &str) -> String {
    let lines = summary.lines().map(|line| match line.split_once("用时 ") {
        Some((before, _)) => format!("{before}用时 …"),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
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
    let mut book: Xlsx<_> = open_workbook(workspace.run_dir().join("report.xlsx")).unwrap();
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
        let mut book: Xlsx<_> = open_workbook(workspace.run_dir().join("report.xlsx")).unwrap();
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
