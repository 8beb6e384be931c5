//! What comes back: what is taken, what is not, and where it is seen afterwards.

use super::{
    Sheet, column, command, decide, decisions, decisions_of, dispatch, matter, return_workbook, run, sheets, workbook_of,
};
use crate::support::{TextRow, Workspace, stderr, stdout};
use std::collections::BTreeMap;

/// The item and certificate of every row of the coverage, by its holder's code and its number.
fn places(workspace: &Workspace) -> BTreeMap<(String, String), (String, String)> {
    let named = |row: TextRow| {
        let number = row.get("certificate_number").cloned().unwrap_or_default();
        ((row["holder_code"].clone(), number), (row["item_id"].clone(), row["certificate_index"].clone()))
    };
    workspace.table("coverage").into_iter().map(named).collect()
}

/// Holder codes and numbers of a list's rows.
fn certificates(lists: &[Sheet], list: &str) -> Vec<(String, String)> {
    let rows = &lists.iter().find(|(name, _)| name == list).unwrap().1;
    let (holder, number) = (column(rows, "持证主体代码"), column(rows, "证照编号"));
    let text = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
    rows[1..].iter().map(|row| (text(row, holder), text(row, number))).collect()
}

#[test]
fn decisions_come_home_whatever_became_of_rows_and_columns() {
    let workspace = run();
    dispatch(&workspace, &[]);
    let mut wanted = Vec::new();
    let file = return_workbook(&workspace, "市公安局", "市公安局.xlsx", |lists| {
        decide(lists, "市有省无", " 归集到省 ");
        let (_, rows) = lists.iter_mut().find(|(name, _)| name == "市有省无").unwrap();
        // Sorted, a row deleted, columns moved, a column and a row of the department's own.
        rows[1..].reverse();
        rows.remove(1);
        for row in rows.iter_mut() {
            row.reverse();
            row.insert(2, "我的列".to_owned());
        }
        rows.push(vec![String::new(), "合计".to_owned()]);
        wanted = certificates(lists, "市有省无");
        wanted.retain(|(holder, _)| !holder.is_empty());
    });
    let output = command(&workspace, "collect", &[&file], 0);
    assert_eq!(stderr(&output), "", "nothing is odd");
    assert!(stdout(&output).contains(&format!("新增或改动 {}", wanted.len())), "{}", stdout(&output));
    let (found, places) = (decisions(&workspace), places(&workspace));
    let mut expected: Vec<(String, String)> = wanted.iter().map(|named| places[named].clone()).collect();
    expected.sort_by_key(|(item, index)| (item.parse::<u64>().unwrap(), index.clone()));
    let items: Vec<(String, String)> =
        found.iter().map(|row| (row["item_id"].clone(), row["certificate_index"].clone())).collect();
    assert_eq!(items, expected);
    for row in &found {
        let told = ["decision", "by", "source_file", "source_sheet", "matter"].map(|column| row[column].as_str());
        assert_eq!(told, ["insert", "张三", "returned/市公安局.xlsx", "市有省无", "city_only"]);
    }

    // Once more is the same as once.
    let again = command(&workspace, "collect", &[&file, "returned/*.xlsx"], 0);
    assert!(stdout(&again).contains(&format!("新增或改动 0，与之前相同 {}", wanted.len())), "{}", stdout(&again));
    assert_eq!(decisions(&workspace), found);
    let summary = workspace.summary();
    let to_settle = workspace.table("coverage").iter().filter(|row| matter(row).is_some()).count() as u64;
    assert_eq!(summary["decided"].as_u64().unwrap(), wanted.len() as u64);
    assert_eq!(summary["outstanding"].as_u64().unwrap(), to_settle - wanted.len() as u64);
}

#[test]
fn reports_show_what_was_decided_and_how_far_departments_have_come() {
    let workspace = run();
    dispatch(&workspace, &[]);
    let file = return_workbook(&workspace, "市民政局", "a.xlsx", |lists| {
        decide(lists, "市有省无", "归集到省");
        let (_, rows) = lists.iter_mut().find(|(name, _)| name == "市有省无").unwrap();
        let note = column(rows, "处理说明");
        "已报送".clone_into(&mut rows[1][note]);
    });
    command(&workspace, "collect", &[&file], 0);
    let report = sheets(&workspace.run_dir().join("report.xlsx"));
    let list = |name: &str| &report.iter().find(|(known, _)| known == name).unwrap().1;
    let gaps = list("市有省无");
    let (decision, note, remark) = (column(gaps, "处理决定"), column(gaps, "处理说明"), column(gaps, "备注"));
    assert_eq!(remark, gaps[0].len() - 1, "the remark stays the last column");
    let department = column(gaps, "部门");
    assert!(gaps[1..].iter().all(|row| (row[decision] == "归集到省") == (row[department] == "市民政局")));
    assert_eq!(gaps[1..].iter().filter(|row| row[note] == "已报送").count(), 1);
    let handling = list("处理情况");
    let of = |name: &str, header: &str| {
        handling.iter().find(|row| row[0] == name).unwrap()[column(handling, header)].parse::<u64>().unwrap()
    };
    let coverage = workspace.table("coverage");
    let count =
        |wanted: &dyn Fn(&TextRow) -> bool| coverage.iter().filter(|row| matter(row).is_some() && wanted(row)).count() as u64;
    let is_of = |row: &TextRow| row.get("部门").is_some_and(|known| known == "市民政局");
    let decided = count(&|row| is_of(row) && row["status"] == "city_only");
    assert!(decided > 0);
    assert_eq!(
        (of("市民政局", "应处理"), of("市民政局", "已处理"), of("市民政局", "归集到省")),
        (count(&is_of), decided, decided)
    );
    assert_eq!((of("合计", "应处理"), of("合计", "未处理")), (count(&|_| true), count(&|_| true) - decided));
    // What is dispatched again shows what was decided.
    dispatch(&workspace, &[]);
    let again = sheets(&workbook_of(&workspace, "市民政局"));
    let rows = &again.iter().find(|(name, _)| name == "市有省无").unwrap().1;
    let column = column(rows, "处理决定");
    assert!(rows[1..].iter().all(|row| row[column] == "归集到省"));
}

#[test]
fn what_cannot_be_taken_is_told_with_its_place_and_all_else_is_taken() {
    let workspace = run();
    dispatch(&workspace, &[]);
    let mut kept = 0;
    let first = return_workbook(&workspace, "市公安局", "a.xlsx", |lists| {
        decide(lists, "市有省无", "归集到省");
        let (_, rows) = lists.iter_mut().find(|(name, _)| name == "市有省无").unwrap();
        let (decision, name, number) = (column(rows, "处理决定"), column(rows, "持证主体"), column(rows, "证照编号"));
        assert!(rows.len() > 8, "{}", rows.len());
        "同意".clone_into(&mut rows[1][decision]);
        "abc".clone_into(&mut rows[2][0]);
        "改了名".clone_into(&mut rows[3][name]);
        "改了号".clone_into(&mut rows[4][number]);
        "".clone_into(&mut rows[5][0]);
        // Rows 2, 3, 5 and 6 are lost; row 7 is contradicted by the other file.
        kept = rows.len() - 1 - 4 - 1;
    });
    let second = return_workbook(&workspace, "市公安局", "b.xlsx", |lists| {
        let (_, rows) = lists.iter_mut().find(|(name, _)| name == "市有省无").unwrap();
        let decision = column(rows, "处理决定");
        "作废省库".clone_into(&mut rows[6][decision]);
    });
    let output = command(&workspace, "collect", &[&first, &second], 2);
    let words = stderr(&output);
    let sheet = "[市有省无] 第";
    for told in [
        format!("returned/a.xlsx {sheet} 2 行：单元格 I2 的“同意”不是列表中的处理决定"),
        format!("returned/a.xlsx {sheet} 3 行：行标识无效"),
        format!("returned/a.xlsx {sheet} 4 行：锁定的单元格 B4（持证主体）被改动过"),
        format!("returned/a.xlsx {sheet} 5 行：指明证照的单元格 F5（证照编号）被改动过"),
        format!("returned/a.xlsx {sheet} 6 行：是新增的行"),
        format!("returned/a.xlsx {sheet} 7 行“归集到省”；returned/b.xlsx {sheet} 7 行“作废省库”"),
    ] {
        assert!(words.contains(&told), "{told} in {words}");
    }
    assert_eq!(decisions(&workspace).len(), kept);
    // One of the two is put right: now they agree.
    return_workbook(&workspace, "市公安局", "b.xlsx", |lists| decide(lists, "市有省无", ""));
    command(&workspace, "collect", &[&second], 0);
    assert_eq!(decisions(&workspace).len(), kept + 1);
}

#[test]
fn rows_and_workbooks_of_elsewhere_are_told() {
    let workspace = run();
    dispatch(&workspace, &[]);
    let mut foreign = Vec::new();
    return_workbook(&workspace, "市民政局", "b.xlsx", |lists| {
        foreign.clone_from(&lists.iter().find(|(name, _)| name == "市有省无").unwrap().1[1]);
    });
    let file = return_workbook(&workspace, "市公安局", "a.xlsx", |lists| {
        let (_, rows) = lists.iter_mut().find(|(name, _)| name == "市有省无").unwrap();
        rows.push(foreign.clone());
        let decision = column(rows, "处理决定");
        let last = rows.len() - 1;
        "归集到省".clone_into(&mut rows[last][decision]);
    });
    let output = command(&workspace, "collect", &[&file], 0);
    assert!(stderr(&output).contains("是从另一单位的处理单复制来的"), "{}", stderr(&output));
    assert_eq!(decisions(&workspace).len(), 1);

    // The same workbook for another run.
    workspace.run_job(&["--run-id", "next"], 0);
    let args = ["dispatch", "outputs/test/next", "--by", "部门"];
    assert_eq!(workspace.run(&args).status.code(), Some(0));
    let other = workspace.run(&["collect", "outputs/test/next", &file]);
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("这是另一批次的处理单"), "{}", stderr(&other));
}

#[test]
fn the_next_run_carries_decisions_on_while_the_matter_lasts() {
    let workspace = run();
    dispatch(&workspace, &[]);
    let file = return_workbook(&workspace, "市公安局", "a.xlsx", |lists| decide(lists, "市有省无", "归集到省"));
    command(&workspace, "collect", &[&file], 0);
    let first = decisions(&workspace);
    assert!(!first.is_empty());
    // The same library: every gap lasts.
    workspace.run_job(&["--run-id", "next"], 0);
    let carried = decisions_of(&workspace, "next");
    assert_eq!(carried.len(), first.len());
    assert!(carried.iter().all(|row| row["carried_from"] == "once" && row["decision"] == "insert"));
    let report = sheets(&workspace.path("outputs/test/next/report.xlsx"));
    let gaps = &report.iter().find(|(name, _)| name == "市有省无").unwrap().1;
    let decision = column(gaps, "处理决定");
    assert_eq!(gaps[1..].iter().filter(|row| row[decision] == "归集到省（沿用 once）").count(), first.len());
    // Another library: gaps that are closed have no decision any more.
    let job = crate::support::job_text("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&job.replace(&format!("seed = {}", crate::support::SEED), "seed = 12"));
    workspace.run_job(&["--run-id", "later"], 0);
    let coverage = crate::support::read_table(&workspace.path("outputs/test/later/tables/coverage.parquet"));
    let status: BTreeMap<&String, &String> = coverage.iter().map(|row| (&row["item_id"], &row["status"])).collect();
    let later = decisions_of(&workspace, "later");
    assert!(later.len() < first.len(), "{} {}", later.len(), first.len());
    assert!(later.iter().all(|row| status[&row["item_id"]] == "city_only" && row["carried_from"] == "once"));
}
