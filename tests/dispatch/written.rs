//! What is dispatched: who gets what, how it looks, and what is never in it.

use super::{DEPARTMENTS, column, command, dispatch, matter, return_workbook, run, sheets, told, workbook_of};
use crate::support::{Workspace, citizen, job_text, stderr, stdout};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The XML of a part of a workbook.
fn part(path: &Path, name: &str) -> String {
    let mut package = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    package.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[test]
fn every_certificate_to_settle_is_in_its_departments_workbook_and_in_no_other() {
    let workspace = run();
    let report = dispatch(&workspace, &[]);
    let coverage = workspace.table("coverage");
    let mut expected: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for row in &coverage {
        if let Some(matter) = matter(row) {
            let department = row.get("部门").map_or("", String::as_str);
            expected.entry((department, matter)).or_default().push(row["holder_code"].clone());
        }
    }
    for department in DEPARTMENTS {
        for (name, rows) in sheets(&workbook_of(&workspace, department)).into_iter().skip(1) {
            let holder = column(&rows, "持证主体代码");
            let listed: Vec<String> = rows[1..].iter().map(|row| row[holder].clone()).collect();
            let wanted = expected.iter().find(|((of, matter), _)| *of == department && *matter == name).map(|(key, _)| *key);
            assert_eq!(Some(listed), wanted.and_then(|key| expected.remove(&key)), "{department} {name}");
        }
    }
    assert!(expected.is_empty(), "{expected:?}");
    let summary = workspace.summary();
    let total = &report["total"];
    assert_eq!((&total["city_only"], &total["province_only"]), (&summary["city_only"], &summary["province_only"]));
    let count = |figure: &str| total[figure].as_u64().unwrap();
    assert_eq!(count("difference") + count("revoked"), summary["inconsistent"].as_u64().unwrap());
    let departments = report["departments"].as_array().unwrap();
    for figure in ["city_only", "province_only", "difference", "revoked"] {
        assert_eq!(departments.iter().map(|entry| entry[figure].as_u64().unwrap()).sum::<u64>(), count(figure), "{figure}");
    }
    let ranks: Vec<u64> = departments.iter().map(|entry| entry["rank"].as_u64().unwrap()).collect();
    assert!(ranks.is_sorted() && ranks[0] == 1, "{ranks:?}");
}

#[test]
fn only_the_three_columns_to_fill_in_are_unlocked_and_pages_print_on_a4() {
    let workspace = run();
    dispatch(&workspace, &["--due", "2026-12-15"]);
    let path = workbook_of(&workspace, "市公安局");
    let front: Vec<String> = sheets(&path)[0].1.iter().flatten().cloned().collect();
    for text in ["电子证照问题处理单：市公安局", "于 2026-12-15 前退回", "1. ", "4. "] {
        assert!(front.iter().any(|cell| cell.contains(text)), "{text} in {front:?}");
    }
    assert!(!front.iter().any(|cell| cell.starts_with("5. ")), "four sentences");
    let styles = part(&path, "xl/styles.xml");
    let formats: Vec<&str> = styles.split("<cellXfs").nth(1).unwrap().split("<xf ").skip(1).collect();
    let lists = sheets(&path);
    for (at, (name, rows)) in lists.iter().enumerate().skip(1) {
        let xml = part(&path, &format!("xl/worksheets/sheet{}.xml", at + 1));
        for wanted in [
            "<sheetProtection sheet=\"1\"",
            "orientation=\"landscape\"",
            "paperSize=\"9\"",
            "type=\"list\"",
            "归集到省,更新省库,作废省库,无需处理,信息有误,其他",
        ] {
            assert!(xml.contains(wanted), "{name}: {wanted}");
        }
        let hidden: Vec<&str> =
            xml.split("<col ").skip(1).filter(|column| column.split('>').next().unwrap().contains("hidden=\"1\"")).collect();
        assert!(hidden.len() == 1 && hidden[0].starts_with("min=\"1\" max=\"1\""), "{name}: {hidden:?}");
        let first_answer = column(rows, "处理决定");
        let row = xml.split("<row r=\"2\"").nth(1).unwrap().split("</row>").next().unwrap();
        for (place, cell) in row.split("<c ").skip(1).enumerate() {
            let style: usize = cell.split("s=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
            let is_unlocked = formats[style].contains("locked=\"0\"");
            assert_eq!(is_unlocked, place >= first_answer, "{name}: column {place}");
        }
        assert_eq!(rows[0].len(), first_answer + 3, "{name}");
    }
}

#[test]
fn masks_hide_holders_and_no_key_names_one() {
    let workspace = run();
    let codes: BTreeSet<String> = (0..super::ITEMS).map(citizen).collect();
    let shows_one = |text: &str| {
        let mut parts = text.as_bytes().windows(18).filter_map(|part| std::str::from_utf8(part).ok());
        parts.any(|part| codes.contains(part))
    };
    for mask in ["none", "partial", "full"] {
        dispatch(&workspace, &["--mask", mask]);
        for department in DEPARTMENTS {
            for (name, rows) in sheets(&workbook_of(&workspace, department)) {
                for (at, cell) in rows.iter().flat_map(|row| row.iter().enumerate()) {
                    assert!(!shows_one(cell) || (mask == "none" && at > 0), "{mask}: {name} shows a holder's code");
                }
            }
        }
    }
    let log = std::fs::read_to_string(workspace.run_dir().join("run.log.jsonl")).unwrap();
    assert!(!log.contains(&citizen(0)));
}

#[test]
fn names_of_departments_make_safe_distinct_files() {
    let workspace = Workspace::new();
    let long = "长".repeat(200);
    let values = ["a/b", "a:b", "A", "a", "..", &long, &format!("{long}短"), "con", "市公安局"];
    let mut text = "证件号码,证照类型代码,部门\n".to_owned();
    for (serial, value) in (0..400).zip(values.iter().cycle()) {
        writeln!(text, "{},11100000000013127D001,{value}", citizen(serial)).unwrap();
    }
    workspace.write_input("items.csv", text.as_bytes());
    let job = job_text("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&job.replace("carry = [\"区市\", \"部门\"]", "carry = [\"部门\"]"));
    workspace.run_job(&[], 0);
    let report = dispatch(&workspace, &[]);
    let files: Vec<&str> =
        report["departments"].as_array().unwrap().iter().map(|entry| entry["file"].as_str().unwrap()).collect();
    assert_eq!(files.len(), values.len());
    let distinct: BTreeSet<String> = files.iter().map(|file| file.to_lowercase()).collect();
    assert_eq!(distinct.len(), values.len(), "{files:?}");
    let there: BTreeSet<String> = std::fs::read_dir(workspace.run_dir().join("dispatch"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "dispatch.json")
        .collect();
    assert_eq!(there, files.iter().map(|file| (*file).to_owned()).collect(), "nothing else is left behind");
    assert!(files.contains(&"市公安局.xlsx"));
}

#[test]
fn a_workbook_that_was_filled_in_is_not_replaced() {
    let workspace = run();
    dispatch(&workspace, &[]);
    dispatch(&workspace, &[]);
    let path = workbook_of(&workspace, "市公安局");
    let returned = return_workbook(&workspace, "市公安局", "a.xlsx", |lists| super::decide(lists, "市有省无", "归集到省"));
    std::fs::copy(workspace.path(&returned), &path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = command(&workspace, "dispatch", &["--by", "部门"], 2);
    assert!(stderr(&refused).contains("市公安局.xlsx"), "{}", stderr(&refused));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::create_dir(workspace.path("elsewhere")).unwrap();
    let output = command(&workspace, "dispatch", &["--by", "部门", "--out", "elsewhere", "--format", "json"], 0);
    let printed: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(printed, told(&workspace.path("elsewhere")));
}

#[test]
fn departments_are_told_apart_only_by_a_carried_column() {
    let workspace = run();
    let refused = command(&workspace, "dispatch", &["--by", "科室"], 2);
    let words = stderr(&refused);
    assert!(words.contains("科室") && words.contains("区市；部门"), "{words}");
    let nothing = command(&workspace, "collect", &["inputs/items.csv"], 2);
    assert!(stderr(&nothing).contains("没有发出过处理单"), "{}", stderr(&nothing));
}
