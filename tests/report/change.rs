//! What changed since the run before: ages of gaps, figures, gates, remarks, comparisons.

use crate::support::{Platform, TextRow, Workspace, items, read_table, stderr, stdout};
use calamine::{Data, Reader, Xlsx, open_workbook};
use ecert_audit::job::SandboxSettings;
use rust_xlsxwriter::Workbook;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn coverage(workspace: &Workspace, run: &str) -> Vec<TextRow> {
    read_table(&workspace.path(&format!("outputs/test/{run}/tables/coverage.parquet")))
}

fn summary(workspace: &Workspace, run: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(workspace.path(&format!("outputs/test/{run}/summary.json"))).unwrap()).unwrap()
}

fn sheet(path: &Path, name: &str) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    book.worksheet_range(name).unwrap().rows().map(<[Data]>::to_vec).collect()
}

/// Three runs over three libraries: other seeds hold other certificates.
fn three_runs() -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(500).as_bytes());
    for (run, seed) in [("r1", 11), ("r2", 12), ("r3", 11)] {
        workspace.write_job(
            &crate::support::job_text("inputs/items.csv", "rate = \"unlimited\"")
                .replace(&format!("seed = {}", crate::support::SEED), &format!("seed = {seed}")),
        );
        workspace.run_job(&["--run-id", run], 0);
    }
    workspace
}

fn is_gap(row: &TextRow) -> bool {
    ["city_only", "province_only", "neither"].contains(&row["status"].as_str())
}

#[test]
fn gaps_age_from_run_to_run() {
    let workspace = three_runs();
    let first = coverage(&workspace, "r1");
    assert!(first.iter().all(|row| !row.contains_key("change")), "nothing to compare with");
    for row in &first {
        let expected = if is_gap(row) { (Some("r1"), "1") } else { (None, "0") };
        assert_eq!((row.get("gap_since").map(String::as_str), row["gap_runs"].as_str()), expected);
    }
    assert_eq!(summary(&workspace, "r1")["new_gaps"], serde_json::Value::Null);

    for run in ["r2", "r3"] {
        let rows = coverage(&workspace, run);
        let figures = summary(&workspace, run);
        let count =
            |change: &str| rows.iter().filter(|row| row.get("change").is_some_and(|known| known == change)).count() as u64;
        for (figure, change) in [
            ("new_gaps", "new"),
            ("persisting_gaps", "persisting"),
            ("resolved_gaps", "resolved"),
            ("regressed_gaps", "regressed"),
        ] {
            assert_eq!(figures[figure].as_u64().unwrap(), count(change), "{run} {figure}");
        }
        let gaps = rows.iter().filter(|row| is_gap(row)).count() as u64;
        assert_eq!(count("new") + count("persisting") + count("regressed"), gaps, "{run}");
        assert!(count("new") > 0 && count("persisting") > 0 && count("resolved") > 0, "{run}");
        assert!(rows.iter().all(|row| row.contains_key("change")), "{run}: every row was answered");
        for row in rows.iter().filter(|row| row["change"] == "persisting") {
            assert_ne!(row["gap_since"], run);
            assert!(row["gap_runs"].parse::<u32>().unwrap() > 1);
        }
    }
    assert!(coverage(&workspace, "r3").iter().any(|row| row["change"] == "regressed"), "what the second run closed is back");
}

#[test]
fn two_runs_are_compared_as_text_json_and_workbook() {
    let workspace = three_runs();
    let compare = |extra: &[&str]| {
        let mut args = vec!["compare", "outputs/test/r1", "outputs/test/r2"];
        args.extend(extra);
        let output = workspace.run(&args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let json: serde_json::Value = serde_json::from_str(&compare(&["--format", "json", "--excel", "c.xlsx"])).unwrap();
    let figures = summary(&workspace, "r2");
    for (kind, figure) in [("new", "new_gaps"), ("persisting", "persisting_gaps"), ("resolved", "resolved_gaps")] {
        assert_eq!(json["gaps"][kind], figures[figure], "{kind}");
    }
    let rows = sheet(&workspace.path("c.xlsx"), "环比");
    let listed =
        ["new", "persisting", "regressed", "resolved"].map(|kind| json["gaps"][kind].as_u64().unwrap()).iter().sum::<u64>();
    assert_eq!(rows.len() as u64 - 1, listed);
    assert!(compare(&[]).contains("r1 → r2") && compare(&["--lang", "en"]).contains("Persisting"));
    let left: Vec<_> =
        std::fs::read_dir(workspace.path("outputs/test/r2")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with('.')), "nothing is left behind: {left:?}");
}

#[test]
fn gates_on_gaps_and_shares_name_what_is_violated() {
    let workspace = three_runs();
    let job = std::fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
    let gates = "gates = { max_new_gaps = 1, max_city_only_share = 0.0001, max_error = 0, min_both_share = 0.1 }";
    workspace.write_job(&format!("{job}\n[report]\n{gates}\n"));
    let output = workspace.run(&["report", "outputs/test/r3"]);
    assert_eq!(output.status.code(), Some(10));
    let told = stdout(&output);
    assert!(told.contains("新增缺口 不高于 1（max_new_gaps）") && told.contains("市有省无占比 不高于 0.01%"), "{told}");
    let words = stderr(&output);
    assert!(words.contains("max_new_gaps") && words.contains("max_city_only_share"), "{words}");
    assert!(!words.contains("max_error") && !words.contains("min_both_share"), "{words}");
}

/// Writes a remark into the last column of a gap's row, as an analyst would; the workbook holds nothing but that list.
fn with_remark(path: &Path, name: &str, row: usize, remark: &str) -> Vec<Data> {
    let rows = sheet(path, name);
    let mut book = Workbook::new();
    let copy = book.add_worksheet();
    copy.set_name(name).unwrap();
    let (row_at, last) = (u32::try_from(row).unwrap(), u16::try_from(rows[0].len() - 1).unwrap());
    for (at, cells) in (0..).zip(&rows) {
        for (column, cell) in (0..).zip(cells) {
            let text = if (at, column) == (row_at, last) { remark.to_owned() } else { cell.to_string() };
            copy.write_string(at, column, text).unwrap();
        }
    }
    book.save(path).unwrap();
    rows[row].clone()
}

#[test]
fn remarks_come_back_and_those_without_a_gap_are_listed() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(80).as_bytes());
    let run = |id: &str, seed: u64| {
        let job = crate::support::job_text("inputs/items.csv", "rate = \"unlimited\"");
        workspace.write_job(&job.replace(&format!("seed = {}", crate::support::SEED), &format!("seed = {seed}")));
        workspace.run_job(&["--run-id", id], 0);
    };
    run("r1", 11);
    let book = |id: &str| workspace.path(&format!("outputs/test/{id}/report.xlsx"));
    let gap = with_remark(&book("r1"), "省市均无", 1, "已联系市公安局");
    run("r2", 11);
    let rows = sheet(&book("r2"), "省市均无");
    let remarked: Vec<&Vec<Data>> =
        rows.iter().filter(|row| row.last() == Some(&Data::String("已联系市公安局".into()))).collect();
    assert_eq!(remarked.len(), 1);
    assert_eq!(remarked[0][..4], gap[..4], "the same holder, type and number");

    // A report that is rebuilt keeps what was written into it.
    let last = rows.len() - 1;
    with_remark(&book("r2"), "省市均无", last, "第二条");
    assert_eq!(workspace.run(&["report", "outputs/test/r2"]).status.code(), Some(0));
    let kept = sheet(&book("r2"), "省市均无");
    assert_eq!(kept[last].last(), Some(&Data::String("第二条".into())));

    // Another library: the remarks' gaps are gone, or they are not.
    run("r3", 12);
    let gaps = sheet(&book("r3"), "省市均无");
    let change = sheet(&book("r3"), "环比明细");
    let found = |rows: &[Vec<Data>], remark: &str| rows.iter().flatten().any(|cell| *cell == Data::String(remark.into()));
    for remark in ["已联系市公安局", "第二条"] {
        assert!(found(&gaps, remark) != found(&change, remark), "{remark} is in one of the two");
    }
    assert!(found(&change, "第二条") || found(&change, "已联系市公安局"));
    // The summary tells of each type and of all; the list below names every gap that is closed.
    let by_type = sheet(&book("r3"), "环比");
    let figures = summary(&workspace, "r3");
    let of = |column: usize| by_type.last().unwrap()[column].to_string();
    let gaps = ["new_gaps", "persisting_gaps", "regressed_gaps", "resolved_gaps"].map(|figure| figures[figure].to_string());
    assert_eq!([2, 3, 4, 5].map(of), gaps);
    let closed = change.iter().filter(|row| row[0] == Data::String("已解决的缺口".into())).count();
    assert_eq!(closed.to_string(), gaps[3]);
}

#[test]
fn a_masked_report_keeps_each_remark_with_its_gap_and_a_deleted_one_deleted() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(400).as_bytes());
    let job = crate::support::job_text("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&format!("{job}\n[report]\nmask = \"full\"\n"));
    workspace.run_job(&["--run-id", "r1"], 0);
    let book = |id: &str| workspace.path(&format!("outputs/test/{id}/report.xlsx"));
    let before = with_remark(&book("r1"), "省市均无", 3, "请核实");
    workspace.run_job(&["--run-id", "r2"], 0);
    let remarked = |id: &str| -> Vec<Vec<Data>> {
        sheet(&book(id), "省市均无").into_iter().filter(|row| row.last() == Some(&Data::String("请核实".into()))).collect()
    };
    let found = remarked("r2");
    assert_eq!(found.len(), 1, "all holders look alike, and one is meant");
    let item = |row: &[Data]| row[row.len() - 2].clone();
    assert_eq!(item(&found[0]), item(&before));
    // Whoever takes the remark out of this month's list does not get it back from last month's.
    let row = sheet(&book("r2"), "省市均无").iter().position(|row| item(row) == item(&before)).unwrap();
    with_remark(&book("r2"), "省市均无", row, "");
    assert_eq!(workspace.run(&["report", "outputs/test/r2"]).status.code(), Some(0));
    assert!(remarked("r2").is_empty());
}

#[test]
fn a_remark_waits_while_nothing_is_known_of_its_gap() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(60).as_bytes());
    let job = crate::support::job_text("inputs/items.csv", "rate = \"unlimited\"");
    let book = |id: &str| workspace.path(&format!("outputs/test/{id}/report.xlsx"));
    workspace.write_job(&job);
    workspace.run_job(&["--run-id", "r1"], 0);
    with_remark(&book("r1"), "省市均无", 1, "请核实");
    // A month in which the type cannot be asked about.
    let platform =
        Platform::start(SandboxSettings { unpublished: vec!["11100000000013127D001".to_owned()], ..SandboxSettings::default() });
    workspace.write_job(&platform.job("inputs/items.csv", "rate = \"unlimited\""));
    workspace.run_job(&["--run-id", "r2"], 0);
    let change = sheet(&book("r2"), "环比明细");
    assert!(!change.iter().flatten().any(|cell| *cell == Data::String("请核实".into())), "unknown is not gone");
    workspace.write_job(&job);
    workspace.run_job(&["--run-id", "r3"], 0);
    let rows = sheet(&book("r3"), "省市均无");
    assert!(rows.iter().any(|row| row.last() == Some(&Data::String("请核实".into()))));
    let ages = coverage(&workspace, "r3");
    assert!(ages.iter().filter(|row| is_gap(row)).all(|row| row["change"] == "persisting" && row["gap_since"] == "r1"));
}

#[test]
fn failed_items_are_an_input_as_they_are() {
    let platform =
        Platform::start(SandboxSettings { unpublished: vec!["11100000000013127D001".to_owned()], ..SandboxSettings::default() });
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(30).as_bytes());
    workspace.write_job(&platform.job("inputs/items.csv", "rate = \"unlimited\""));
    workspace.run_job(&[], 0);
    let failed = workspace.run_dir().join("failed-items.csv");
    workspace.write_input("failed.csv", &std::fs::read(&failed).unwrap());
    workspace.write_job(&crate::support::job_text("inputs/failed.csv", "rate = \"unlimited\""));
    workspace.run_job(&["--run-id", "again"], 0);
    let again = summary(&workspace, "again");
    assert_eq!((&again["items"], &again["invalid_inputs"], &again["error"]), (&30.into(), &0.into(), &0.into()));
    assert!(!workspace.path("outputs/test/again/failed-items.csv").exists());
}

/// Writes a remark into the last column of every row of a list, as an analyst would; the workbook holds nothing but that list.
fn with_remarks(path: &Path, name: &str, remark: impl Fn(&[Data]) -> String) {
    let rows = sheet(path, name);
    let mut book = Workbook::new();
    let copy = book.add_worksheet();
    copy.set_name(name).unwrap();
    for (at, cells) in (0..).zip(&rows) {
        let last = cells.len() - 1;
        for (column, cell) in cells.iter().enumerate() {
            let text = if at > 0 && column == last { remark(cells) } else { cell.to_string() };
            copy.write_string(at, u16::try_from(column).unwrap(), text).unwrap();
        }
    }
    book.save(path).unwrap();
}

/// The city's identifier and the remark of every row of the list of what only the city holds.
fn city_remarks(path: &Path) -> BTreeMap<String, String> {
    let rows = sheet(path, CITY_ONLY);
    let id = rows[0].iter().position(|cell| *cell == Data::String("市库证照标识".into())).unwrap();
    rows[1..].iter().map(|row| (row[id].to_string(), row.last().unwrap().to_string())).collect()
}

const CITY_ONLY: &str = "市有省无";

/// Rules by which no face bears a certificate number: items have other rows, in another order.
const OTHER_RULES: &str = "[faces.fields]\nremark = [\"zzbh\", \"certno\", \"certificateNumber\", \"license_number\"]\n";

#[test]
fn remarks_find_their_row_again_whatever_rules_the_tables_were_rebuilt_by() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"");
    let job = crate::support::job_text("inputs/*.xlsx", "rate = \"unlimited\"");
    let other_rules = format!("{job}\n{OTHER_RULES}");
    let report = |extra: &[&str]| {
        let output = workspace.run(&[&["report", "outputs/test/r1"], extra].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    };
    let book = |run: &str| workspace.path(&format!("outputs/test/{run}/report.xlsx"));
    let ids = |remarks: &BTreeMap<String, String>| remarks.keys().cloned().collect::<BTreeSet<String>>();
    workspace.run_job(&["--run-id", "r1"], 0);
    let places = |run: &str| -> BTreeMap<String, String> {
        let rows = coverage(&workspace, run).into_iter().filter(|row| row.contains_key("city_certificate_id"));
        rows.map(|row| (row["city_certificate_id"].clone(), format!("{}/{}", row["item_id"], row["certificate_index"]))).collect()
    };
    let (before, places_before) = (ids(&city_remarks(&book("r1"))), places("r1"));
    // What is written beside a gap names its certificate.
    let id = sheet(&book("r1"), CITY_ONLY)[0].iter().position(|cell| *cell == Data::String("市库证照标识".into())).unwrap();
    with_remarks(&book("r1"), CITY_ONLY, |row| row[id].to_string());

    // The tables change, and the workbook does not.
    workspace.write_job(&other_rules);
    report(&["--html"]);
    let moved =
        places("r1").into_iter().filter(|(id, place)| places_before.get(id).is_some_and(|before| before != place)).count();
    assert!(moved > 10, "rows are in other places now: {moved}");
    report(&[]);
    let found = city_remarks(&book("r1"));
    let expected = |id: &String| if before.contains(id) { id.clone() } else { String::new() };
    let strays: Vec<_> = found.iter().filter(|(id, remark)| **remark != expected(id)).collect();
    assert!(found.len() > 20 && strays.is_empty(), "{} rows, {} before, strays {strays:?}", found.len(), before.len());

    // Those whose row is no gap by these rules wait for it.
    workspace.write_job(&job);
    report(&["--html"]);
    report(&[]);
    let found = city_remarks(&book("r1"));
    assert_eq!(ids(&found), before);
    assert!(found.iter().all(|(id, remark)| id == remark), "{found:?}");

    // The next month is audited by other rules than the tables of this one were made by.
    workspace.write_job(&other_rules);
    workspace.run_job(&["--run-id", "r2"], 0);
    let found = city_remarks(&book("r2"));
    assert!(found.iter().all(|(id, remark)| *remark == expected(id)), "{found:?}");
}

#[test]
fn remarks_of_a_masked_list_need_neither_its_tables_nor_tell_its_holders() {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(80).as_bytes());
    let job = crate::support::job_text("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&format!("{job}\n[report]\nmask = \"full\"\n"));
    workspace.run_job(&["--run-id", "r1"], 0);
    let book = workspace.path("outputs/test/r1/report.xlsx");
    let key = |row: &[Data]| row[row.len() - 3].to_string();
    with_remarks(&book, "省市均无", |row| format!("备注 {}", row[row.len() - 2]));
    let before: BTreeMap<String, String> =
        sheet(&book, "省市均无")[1..].iter().map(|row| (key(row), row.last().unwrap().to_string())).collect();
    assert!(before.len() > 3, "every row has a key of its own: {before:?}");
    std::fs::remove_dir_all(workspace.path("outputs/test/r1/tables")).unwrap();
    assert_eq!(workspace.run(&["report", "outputs/test/r1"]).status.code(), Some(0));
    let after: BTreeMap<String, String> =
        sheet(&book, "省市均无")[1..].iter().map(|row| (key(row), row.last().unwrap().to_string())).collect();
    assert_eq!(after, before);
    let holders: Vec<String> = coverage(&workspace, "r1").into_iter().map(|row| row["holder_code"].clone()).collect();
    assert!(before.keys().all(|key| holders.iter().all(|holder| !key.contains(holder.as_str()))));
    // Whoever reads the folder is its owner.
    let secret = std::fs::metadata(workspace.path("outputs/test/r1/row-keys.secret")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&secret.permissions()) & 0o777, 0o600);
}

/// What a run says of the age of every gap.
fn ages(workspace: &Workspace, run: &str) -> Vec<TextRow> {
    let told = ["holder_code", "certificate_number", "status", "change", "gap_since", "gap_runs", "had_gap"];
    let of = |row: TextRow| row.into_iter().filter(|(column, _)| told.contains(&column.as_str())).collect();
    coverage(workspace, run).into_iter().map(of).collect()
}

#[test]
fn what_is_unknown_for_a_month_keeps_its_history_whether_that_month_ran_in_shards_or_not() {
    // In the third month the type cannot be asked about.
    let platform =
        Platform::start(SandboxSettings { unpublished: vec!["11100000000013127D001".to_owned()], ..SandboxSettings::default() });
    let library = |seed: u64| {
        let job = crate::support::job_text("inputs/items.csv", "rate = \"unlimited\"");
        job.replace(&format!("seed = {}", crate::support::SEED), &format!("seed = {seed}"))
    };
    let months = |sharded: &[&str]| {
        let workspace = Workspace::new();
        workspace.write_input("items.csv", items(300).as_bytes());
        let unknown = platform.job("inputs/items.csv", "rate = \"unlimited\"");
        for (run, job) in [("r1", library(11)), ("r2", library(12)), ("r3", unknown), ("r4", library(11))] {
            workspace.write_job(&job);
            if !sharded.contains(&run) {
                workspace.run_job(&["--run-id", run], 0);
                continue;
            }
            for shard in ["1/2", "2/2"] {
                workspace.run_job(&["--run-id", run, "--shard", shard], 0);
            }
            let output = workspace.run(&["report", &format!("outputs/test/{run}")]);
            assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        }
        workspace
    };
    let whole = months(&[]);
    let expected = ["r3", "r4"].map(|run| ages(&whole, run));
    let regressed =
        |rows: &[TextRow]| rows.iter().filter(|row| row.get("change").is_some_and(|change| change == "regressed")).count();
    assert!(regressed(&expected[1]) > 5, "gaps that were closed in the second month are back in the fourth");
    for sharded in [&["r3"][..], &["r4"][..], &["r2", "r3"][..], &["r3", "r4"][..]] {
        let workspace = months(sharded);
        for (run, expected) in ["r3", "r4"].into_iter().zip(&expected) {
            assert!(ages(&workspace, run) == *expected, "{run} where {sharded:?} ran in shards");
        }
    }
}

#[test]
fn failed_items_that_a_spreadsheet_program_would_run_are_texts_and_the_same_as_an_input() {
    let platform =
        Platform::start(SandboxSettings { unpublished: vec!["11100000000013127D001".to_owned()], ..SandboxSettings::default() });
    let workspace = Workspace::new();
    let holder = crate::support::citizen(0);
    let row = |number: &str, carried: &str| format!("{holder},11100000000013127D001,{number},{carried}\n");
    let input = [
        "证件号码,证照类型代码,证照编号,=备注,@部门,-附注\n".to_owned(),
        row("+1+2", r#""=HYPERLINK(""http://x"",""y"")",@SUM(1),-1"#),
        row("-2024-001", "+86,市公安局,平常"),
        row("@A1", "平常,=1+1,＝2"),
        row("A2", "平常,市公安局,@x"),
    ];
    workspace.write_input("items.csv", input.concat().as_bytes());
    let carrying = |job: String| job.replace("[\"区市\", \"部门\"]", "[\"=备注\", \"@部门\", \"-附注\"]");
    workspace.write_job(&carrying(platform.job("inputs/items.csv", "rate = \"unlimited\"")));
    workspace.run_job(&["--run-id", "first"], 0);
    let failed = std::fs::read(workspace.path("outputs/test/first/failed-items.csv")).unwrap();
    let text = String::from_utf8(failed.clone()).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 5);
    for cell in records.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '\t', '\r']), "{cell:?} would be run");
    }

    workspace.write_input("failed.csv", &failed);
    workspace.write_job(&carrying(crate::support::job_text("inputs/failed.csv", "rate = \"unlimited\"")));
    workspace.run_job(&["--run-id", "again"], 0);
    let items = |run: &str| -> Vec<TextRow> {
        let told = ["holder_code", "holder_code_type", "cert_type_code", "certificate_number", "=备注", "@部门", "-附注"];
        let of = |row: TextRow| row.into_iter().filter(|(column, _)| told.contains(&column.as_str())).collect();
        coverage(&workspace, run).into_iter().map(of).collect()
    };
    assert_eq!(items("again"), items("first"));
    assert_eq!(items("first")[0]["=备注"], r#"=HYPERLINK("http://x","y")"#);
}
