//! Sampled runs as a scheduler sees them: what they draw, what they tell, how they grow, and what they leave alone.

use crate::support::{TextRow, Workspace, items, job_text, read_table, stderr, stdout};
use calamine::{Reader, Xlsx, open_workbook};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const THROTTLE: &str = "rate = \"unlimited\"";
/// Rates that a full audit and a sample of it both tell.
const RATES: [&str; 5] = ["collection_rate", "province_coverage", "city_coverage", "error_rate", "inconsistent_rate"];

fn summary(workspace: &Workspace, run: &str) -> Value {
    serde_json::from_slice(&fs::read(workspace.path(&format!("outputs/test/{run}/summary.json"))).unwrap()).unwrap()
}

fn coverage(workspace: &Workspace, run: &str) -> Vec<TextRow> {
    read_table(&workspace.path(&format!("outputs/test/{run}/tables/coverage.parquet")))
}

/// Ids of the items that a run asked about.
fn asked(workspace: &Workspace, run: &str) -> BTreeSet<u64> {
    coverage(workspace, run).iter().map(|row| row["item_id"].parse().unwrap()).collect()
}

/// What a run found, without what differs from one way of asking to another.
fn found(workspace: &Workspace, run: &str) -> Vec<(String, String, String)> {
    let of = |row: &TextRow| (row["item_id"].clone(), row["status"].clone(), row["comparison"].clone());
    coverage(workspace, run).iter().map(of).collect()
}

fn sheets(path: &Path) -> Vec<String> {
    let book: Xlsx<_> = open_workbook(path).unwrap();
    book.sheet_names()
}

/// A workspace with 600 items of one type.
fn small(report: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(600).as_bytes());
    workspace.write_job(&format!("{}\n{report}\n", job_text("inputs/items.csv", THROTTLE)));
    workspace
}

#[test]
fn the_demos_sample_tells_what_the_full_audit_finds() {
    let workspace = Workspace::with_demo(THROTTLE);
    workspace.run_job(&["--sample", "1000"], 0);
    workspace.run_job(&[], 0);
    let (sampled, full) = (summary(&workspace, "once.sample"), summary(&workspace, "once"));
    let sample = &sampled["sample"];
    assert_eq!((&sample["size"], &sample["population"]), (&Value::from(1_000), &full["items"]));
    assert_eq!(
        (&sample["by"], &sample["seed"], &sampled["items"]),
        (&"cert_type_code".into(), &"once.sample".into(), &sample["size"])
    );
    let overall = &sampled["estimates"]["overall"];
    for figure in RATES.into_iter().chain(["rows", "both", "city_only", "province_only", "neither"]) {
        let of = |end: &str| overall[figure][end].as_f64().unwrap();
        let truth = full[figure].as_f64().unwrap();
        assert!(of("low") <= truth + 1e-9 && truth <= of("high") + 1e-9, "{figure}: {truth} is not in {}", overall[figure]);
        if RATES.contains(&figure) {
            assert_eq!(sampled[figure].as_f64(), Some(of("value")), "{figure}");
        }
    }
    assert_eq!(sampled["estimates"]["by_stratum"].as_array().unwrap().len(), 17);
    for figure in ["input_rows", "duplicate_rows", "invalid_inputs", "blank_rows"] {
        assert_eq!(sampled[figure], full[figure], "{figure}: every row is accounted for");
    }
    assert_eq!(full["sample"], Value::Null);
}

#[test]
fn a_sample_that_grows_in_three_steps_is_the_one_drawn_at_once_and_asks_nothing_twice() {
    let (grown, at_once) = (Workspace::with_demo(THROTTLE), Workspace::with_demo(THROTTLE));
    let mut before = BTreeSet::new();
    for size in ["200", "20%", "900"] {
        grown.run_job(&["--sample", size], 0);
        let now = asked(&grown, "once.sample");
        assert!(before.is_subset(&now) && before.len() < now.len(), "{size}");
        before = now;
    }
    at_once.run_job(&["--sample", "900"], 0);
    assert_eq!(found(&grown, "once.sample"), found(&at_once, "once.sample"));
    let (grown_summary, at_once_summary) = (summary(&grown, "once.sample"), summary(&at_once, "once.sample"));
    for figure in ["calls", "items", "rows", "input_rows", "duplicate_rows", "invalid_inputs", "estimates", "sample"] {
        assert_eq!(grown_summary[figure], at_once_summary[figure], "{figure}");
    }
    let occurrences = |workspace: &Workspace| -> Vec<String> {
        coverage(workspace, "once.sample").into_iter().map(|row| row["occurrences"].clone()).collect()
    };
    assert_eq!(occurrences(&grown), occurrences(&at_once), "rows are counted once, however often they were read");
    // A smaller size changes nothing, and a complete sample is not asked again.
    let manifest = fs::read(grown.path("outputs/test/once.sample/run.json")).unwrap();
    assert!(stderr(&grown.run_job(&["--sample", "300"], 0)).contains("样本不变"));
    assert_eq!(asked(&grown, "once.sample"), before);
    assert_eq!(fs::read(grown.path("outputs/test/once.sample/run.json")).unwrap(), manifest);
}

#[test]
fn a_sample_of_all_items_finds_what_a_full_audit_finds() {
    let workspace = small("");
    workspace.run_job(&["--sample", "100"], 0);
    workspace.run_job(&["--sample", "100%"], 0);
    workspace.run_job(&[], 0);
    assert_eq!(found(&workspace, "once.sample"), found(&workspace, "once"));
    let overall = summary(&workspace, "once.sample")["estimates"]["overall"].clone();
    let rate = &overall["collection_rate"];
    assert_eq!(rate["low"], rate["high"], "nothing is left to chance: {rate}");
    assert_eq!(rate["value"], summary(&workspace, "once")["collection_rate"]);
}

#[test]
fn shards_of_a_sample_are_the_sample() {
    let workspace = small("");
    workspace.run_job(&["--sample", "150"], 0);
    let whole = asked(&workspace, "once.sample");
    fs::rename(workspace.path("outputs/test/once.sample"), workspace.path("kept")).unwrap();
    for shard in ["1/2", "2/2"] {
        workspace.run_job(&["--sample", "150", "--shard", shard], 0);
    }
    let output = workspace.run(&["report", "outputs/test/once.sample"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(asked(&workspace, "once.sample"), whole);
    assert!(!workspace.path("outputs/test/latest").exists());
}

#[test]
fn a_sampled_run_says_so_and_is_never_the_latest() {
    let workspace = small("");
    let output = workspace.run_job(&["--sample", "25%"], 0);
    let told = stdout(&output);
    assert!(told.contains("抽样 150 / 600 个条目") && told.contains("95% 置信区间"), "{told}");
    assert!(!workspace.path("outputs/test/latest").exists());
    let run = workspace.path("outputs/test/once.sample");
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("<title>电子证照省市比对报告（抽样估计）") && page.contains("各明细表只列出样本中的条目"));
    let sheets = sheets(&run.join("report.xlsx"));
    for name in ["抽样估计", "抽样推算数量", "市有省无 (样本)", "字段差异 (样本)"] {
        assert!(sheets.iter().any(|sheet| sheet == name), "{name} is not among {sheets:?}");
    }
    assert!(sheets.iter().any(|sheet| sheet == "无效输入"), "what was read was read whole: {sheets:?}");
    let log = fs::read_to_string(run.join("run.log.jsonl")).unwrap();
    assert!(!log.contains("3704991950"), "no holder code may be logged");

    // A full run comes after it as if it had not been there, but for the chart over the runs.
    workspace.run_job(&[], 0);
    assert_eq!(fs::read_link(workspace.path("outputs/test/latest")).unwrap().to_str(), Some("once"));
    assert!(coverage(&workspace, "once").iter().all(|row| !row.contains_key("change")));
    let page = fs::read_to_string(workspace.path("outputs/test/once/report.html")).unwrap();
    assert!(page.contains("once.sample（抽样 150 个）"));
}

#[test]
fn a_gate_that_a_sample_does_not_decide_is_a_warning_unless_the_job_is_strict() {
    let workspace = small("");
    workspace.run_job(&[], 0);
    let rate = summary(&workspace, "once")["collection_rate"].as_f64().unwrap();
    let gates = format!("[report]\ngates = {{ min_collection_rate = {rate}, max_error_rate = 0.5, max_city_only = 1 }}");
    let without_last = gates.replace(", max_city_only = 1", "");
    let write = |report: &str| workspace.write_job(&format!("{}\n{report}\n", job_text("inputs/items.csv", THROTTLE)));
    write(&without_last);
    let output = workspace.run_job(&["--sample", "150"], 0);
    assert!(stderr(&output).contains("min_collection_rate）无法判定"), "{}", stderr(&output));
    let told = summary(&workspace, "once.sample");
    let verdict = |told: &Value, name: &str| {
        let gates = told["gates"].as_array().unwrap().clone();
        gates.into_iter().find(|gate| gate["name"] == name).unwrap()
    };
    let undecided = verdict(&told, "min_collection_rate");
    assert_eq!((&undecided["verdict"], &undecided["holds"]), (&"undecided".into(), &false.into()), "{undecided}");
    assert!(undecided["low"].as_f64().unwrap() < rate && rate < undecided["high"].as_f64().unwrap(), "{undecided}");
    assert_eq!(verdict(&told, "max_error_rate")["verdict"], "holds");

    write(&format!("{without_last}\ngates_on_sample = \"strict\""));
    assert_eq!(workspace.run(&["report", "outputs/test/once.sample"]).status.code(), Some(10));
    write(&gates);
    assert_eq!(workspace.run(&["report", "outputs/test/once.sample"]).status.code(), Some(10), "a violated gate is one");
}

#[test]
fn check_tells_the_margins_before_a_call_and_finds_the_size_of_one() {
    let workspace = Workspace::with_demo(THROTTLE);
    let check = |extra: &[&str]| -> Value {
        let mut args = vec!["check", "jobs/test.toml", "--format", "json"];
        args.extend(extra);
        let output = workspace.run(&args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let all = check(&[]);
    assert_eq!(all["sample"], Value::Null);
    let plan = check(&["--sample", "1000"]);
    let sample = &plan["sample"];
    assert_eq!((&sample["size"], &sample["population"]), (&1_000.into(), &all["items"]));
    assert_eq!(sample["strata"].as_array().unwrap().len(), 17);
    assert_eq!(plan["calls"]["most"], 2_000, "the calls are those of the sample");
    let margin = sample["margin"].as_f64().unwrap();
    assert!((0.02..0.03).contains(&margin), "{margin}");
    let found = check(&["--margin", "3%"]);
    let (size, margin) = (found["sample"]["size"].as_u64().unwrap(), found["sample"]["margin"].as_f64().unwrap());
    assert!(margin <= 0.03 && (0.0295..).contains(&margin) && size < 1_000, "{size} {margin}");
    let text = workspace.run(&["check", "jobs/test.toml", "--sample", "1000"]);
    assert!(stdout(&text).contains("归集率的预期误差 ±"), "{}", stdout(&text));
    assert!(!workspace.path("outputs").exists(), "check leaves nothing behind");
}

#[test]
fn two_runs_one_of_which_is_sampled_are_compared_with_what_chance_may_do() {
    let workspace = small("");
    workspace.run_job(&[], 0);
    workspace.run_job(&["--sample", "100", "--run-id", "s"], 0);
    let compare = |old: &str, new: &str, extra: &[&str]| {
        let (old, new) = (format!("outputs/test/{old}"), format!("outputs/test/{new}"));
        let mut args = vec!["compare", &old, &new];
        args.extend(extra);
        let output = workspace.run(&args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let json: Value = serde_json::from_str(&compare("once", "s", &["--format", "json"])).unwrap();
    let change = &json["changes"]["collection_rate"];
    assert!(change["low"].as_f64().unwrap() < 0.0 && 0.0 < change["high"].as_f64().unwrap(), "{json}");
    assert!(compare("once", "s", &[]).contains("可能只是抽样误差"));
    // Of items that the sample did not ask about, nothing is known: they are no new gaps.
    let json: Value = serde_json::from_str(&compare("s", "once", &["--format", "json"])).unwrap();
    let gaps = coverage(&workspace, "s")
        .iter()
        .filter(|row| ["city_only", "province_only", "neither"].contains(&&*row["status"]))
        .count();
    assert_eq!((&json["gaps"]["new"], &json["gaps"]["persisting"]), (&0.into(), &gaps.into()), "{json}");
}

#[test]
fn what_does_not_fit_a_run_or_cannot_be_drawn_is_refused_before_any_call() {
    let workspace = small("");
    workspace.run_job(&["--sample", "100"], 0);
    workspace.run_job(&[], 0);
    for (args, expected) in [
        (vec!["--sample", "many"], "抽样量应为条目数或所占比例"),
        (vec!["--sample", "0"], "抽样量应为条目数或所占比例"),
        (vec!["--sample", "1", "--run-id", "new"], "至少抽 2 个"),
        (vec!["--sample", "100", "--run-id", "once"], "不是抽样运行"),
        (vec!["--run-id", "once.sample"], "是抽样运行"),
    ] {
        let output = workspace.run_job(&args, 2);
        assert!(stderr(&output).contains(expected), "{args:?}: {}", stderr(&output));
    }
    assert!(!workspace.path("outputs/test/new").exists());
    workspace
        .write_job(&format!("{}\n[audit]\nsample = {{ size = 200, by = \"区市\" }}\n", job_text("inputs/items.csv", THROTTLE)));
    let output = workspace.run_job(&[], 2);
    assert!(stderr(&output).contains("audit.sample.by"), "{}", stderr(&output));
}
