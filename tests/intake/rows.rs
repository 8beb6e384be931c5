//! From rows to items: every row below a header is accounted for, whatever offices make of a table.

mod layout;

use super::{Outcome, TYPE};
use crate::support::{Workspace, citizen, job_text};
use ecert_audit::codes::credit_check_character;
use ecert_audit::intake::SheetReport;
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Workbook};
use std::fmt::Write;

/// 建筑业企业资质证书: issued to companies.
const COMPANY_TYPE: &str = "11100000000013338W008";

/// A credit code of nobody.
fn company(serial: u64) -> String {
    let body = format!("91370499MA{serial:07}");
    let check = credit_check_character(&body).unwrap();
    format!("{body}{check}")
}

/// What comes of a file, with the job's `[[inputs]]` changed.
fn outcome(workspace: &Workspace, file: &str, inputs: &str) -> Outcome {
    let job = job_text(&format!("inputs/{file}"), "").replace("carry = [\"区市\", \"部门\"]", inputs);
    Outcome::of(workspace, &job)
}

impl Outcome {
    fn sheet(&self) -> &SheetReport {
        let [only] = self.sheets() else { panic!("one table: {:?}", self.sheets()) };
        only
    }

    fn types(&self) -> Vec<&str> {
        self.found.items.iter().map(|item| item.holder_code_type.as_str()).collect()
    }

    /// Rows that were rejected, with their problems.
    fn rejected_as(&self) -> Vec<(u32, &str)> {
        self.found.rejected.iter().map(|row| (row.place.row, row.problem.name())).collect()
    }

    /// Codes of the notes on the sheets; those that need attention with a mark.
    fn sheet_notes(&self) -> Vec<String> {
        let notes = self.sheets().iter().flat_map(|sheet| &sheet.notes);
        notes.map(|note| format!("{}{}", if note.needs_attention { "!" } else { "" }, note.message.code())).collect()
    }

    /// Names of the repairs, in order.
    fn repairs(&self) -> Vec<&str> {
        self.found.repairs.iter().map(|repair| repair.repair.as_str()).filter(|name| *name != "taken_as_citizen_number").collect()
    }

    fn columns(sheet: &SheetReport) -> Vec<(&str, &str)> {
        sheet.mapping.iter().map(|column| (column.role.as_str(), column.column.as_str())).collect()
    }
}

/// A cell's row and column, counted from 0, by its name; columns have one letter.
fn cell(name: &str) -> (u32, u16) {
    let (letter, row) = name.split_at(1);
    (row.parse::<u32>().unwrap() - 1, u16::from(letter.as_bytes()[0] - b'A'))
}

/// Reads rows of texts as a workbook, where a number in brackets is a number; with merged ranges and what they say.
fn read_with(rows: &[&[&str]], merged: &[(&str, &str)], inputs: &str) -> Outcome {
    let workspace = Workspace::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(rows) {
        for (column, text) in (0..).zip(*cells).filter(|(_, text)| !text.is_empty()) {
            match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                Some(number) => sheet.write(row, column, number.parse::<f64>().unwrap()).unwrap(),
                None => sheet.write(row, column, *text).unwrap(),
            };
        }
    }
    for (range, text) in merged {
        let (first, last) = range.split_once(':').unwrap();
        let ((first_row, first_column), (last_row, last_column)) = (cell(first), cell(last));
        sheet.merge_range(first_row, first_column, last_row, last_column, text, &Format::new()).unwrap();
    }
    book.save(workspace.path("inputs/a.xlsx")).unwrap();
    outcome(&workspace, "a.xlsx", inputs)
}

fn read(rows: &[&[&str]]) -> Outcome {
    read_with(rows, &[], "carry = [\"区市\"]")
}

fn read_text(text: &str) -> Outcome {
    let workspace = Workspace::new();
    workspace.write_input("a.csv", text.as_bytes());
    outcome(&workspace, "a.csv", "carry = [\"区市\"]")
}

#[test]
fn every_row_below_the_header_is_counted_by_what_became_of_it() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome = read(&[
        &["2026 年清单"],
        &["序号", "身份证号", "证照类型代码", "区市"],
        &["[1]", &first, TYPE, "薛城区"],
        &[],
        &["序号", "身份证号", "证照类型代码", "区市"],
        &["[2]", &first, TYPE, "薛城区"],
        &["[3]", "110105194912310021", TYPE, "薛城区"],
        &["小计", "", "", "", "2"],
        &["[4]", &second, TYPE, "市中区"],
        &["[5]"],
        &["合计", "[3]"],
        &[],
    ]);
    let sheet = outcome.sheet();
    assert_eq!((sheet.header_row, sheet.rows), (Some(2), 9));
    assert_eq!((sheet.first_rows, sheet.duplicates, sheet.items), (2, 1, 2));
    assert_eq!(outcome.rejected_as(), [(7, "bad_check_character")]);
    assert_eq!((sheet.blank_rows, sheet.repeated_headers, sheet.total_rows, sheet.prefilled_rows), (5, 1, 2, 1));
    assert_eq!(outcome.sheet_notes(), ["rows-above-header", "rows-prefilled", "rows-repeated-header", "rows-total"]);
}

#[test]
fn a_row_that_stands_for_several_types_counts_once() {
    let types = format!("defaults = {{ cert_type_code = [\"{TYPE}\", \"11100000000013338W004\"] }}");
    let holder = citizen(1);
    let outcome = read_with(&[&["身份证号"], &[&holder], &[&holder]], &[], &types);
    let sheet = outcome.sheet();
    assert_eq!((sheet.rows, sheet.first_rows, sheet.items, sheet.duplicates), (2, 1, 2, 1));
}

#[test]
fn a_record_with_more_fields_than_the_header_is_rejected() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome = read_text(&format!("身份证号,证照类型代码\n{first},{TYPE},\n{second},{TYPE},多出来的\n"));
    assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2], vec![(3, "unreadable_row")]));
    let row = &outcome.found.rejected[0];
    assert_eq!((row.cell.as_deref(), row.advice.code()), (Some("C3"), "advice-too-many-fields"));
}

#[test]
fn a_merged_cell_speaks_for_all_rows_that_hold_something_and_each_is_a_repair() {
    let holders: Vec<String> = (0..4).map(citizen).collect();
    let merged = [("A2:A5", "薛城区"), ("C2:C7", TYPE)];
    let outcome = read_with(
        &[&["区市", "身份证号", "证照类型代码"], &["", &holders[0]], &["", &holders[1]], &["", &holders[2]], &["", &holders[3]]],
        &merged,
        "carry = [\"区市\"]",
    );
    assert_eq!(outcome.items(), [2, 3, 4, 5]);
    assert!(outcome.found.items.iter().all(|item| item.carried == [Some("薛城区".to_owned())]));
    assert!(outcome.repairs().iter().all(|name| *name == "merged"));
    assert_eq!(outcome.repairs().len(), 6, "three rows, two columns");
    assert_eq!((outcome.sheet().rows, outcome.sheet_notes()), (4, vec!["merged-empty-rows".to_owned()]));

    let holder = company(1);
    let outcome = read_with(
        &[
            &["统一社会信用代码", "企业名称", "证照类型代码", "证照编号"],
            &["", "", COMPANY_TYPE, "A0"],
            &["", "", "11100000000013338W004", "A1"],
            &["", "", COMPANY_TYPE, "A2"],
        ],
        &[("A2:A4", &holder), ("B2:B4", "甲公司")],
        "",
    );
    assert_eq!((outcome.items(), outcome.types()), (vec![2, 3, 4], vec!["001"; 3]));
}

#[test]
fn a_cell_merged_sideways_in_a_row_of_data_belongs_to_its_first_column() {
    let holder = citizen(1);
    let rows: &[&[&str]] = &[&["身份证号", "证照类型代码", "证照编号", "备注"], &[&holder, TYPE]];
    let outcome = read_with(rows, &[("C2:D2", "A1")], "");
    assert_eq!(outcome.found.items[0].certificate_number.as_deref(), Some("A1"));
    let outcome = read_with(rows, &[("B2:D2", TYPE)], "");
    assert_eq!((outcome.items(), outcome.found.items[0].certificate_number.as_deref()), (vec![2], None));
}

#[test]
fn a_header_over_two_rows_is_read_as_one() {
    let holder = citizen(1);
    let outcome = read_with(
        &[&["", "", "", "", ""], &["", "名称", "代码", "类型代码", "编号"], &["[1]", "张三", &holder, TYPE, "B0"]],
        &[("A1:A2", "序号"), ("B1:C1", "持证主体"), ("D1:E1", "证照信息")],
        "",
    );
    assert_eq!(outcome.items(), [3]);
    assert_eq!(outcome.sheet().header_row, Some(2));
    assert_eq!(Outcome::columns(outcome.sheet()), [("holder_code", "C"), ("cert_type_code", "D"), ("certificate_number", "E")]);
    assert_eq!(outcome.sheet().mapping[1].header, "证照信息类型代码");
    let outcome = read_text(&format!("序号,持证主体,,证照信息,\n,名称,代码,类型代码,编号\n1,张三,{holder},{TYPE},B0\n"));
    assert_eq!(outcome.items(), [3]);
}

#[test]
fn a_sheet_without_a_header_is_told_without_a_row_of_data() {
    let outcome = read(&[&["张三", "居民身份证", "13800000000"], &["李四", "居民身份证", "13800000001"]]);
    let told = outcome.report.problems[0].message.to_string();
    assert!(!told.contains("张三") && !told.contains("138"), "{told}");
    assert!(outcome.sheet().is_unread_table);
}

#[test]
fn of_two_columns_of_codes_the_one_that_fits_the_types_is_read_and_the_other_is_told() {
    let (persons, companies): (Vec<_>, Vec<_>) = (1..6).map(|serial| (citizen(serial), company(serial))).unzip();
    for header in [
        ["企业名称", "法定代表人", "身份证号", "统一社会信用代码", "证照类型代码"],
        ["企业名称", "姓名", "身份证号", "统一社会信用代码", "证照类型代码"],
        ["企业名称", "姓名", "法定代表人身份证号", "统一社会信用代码", "证照类型代码"],
        ["企业名称", "姓名", "经办人证件号码", "统一社会信用代码", "证照类型代码"],
        ["企业名称", "姓名", "身份证号（负责人）", "持证主体代码", "证照类型代码"],
    ] {
        let rows: Vec<[&str; 5]> = persons
            .iter()
            .zip(&companies)
            .map(|(person, company)| ["甲公司", "张三", person.as_str(), company.as_str(), COMPANY_TYPE])
            .collect();
        let rows: Vec<&[&str]> = std::iter::once(&header[..]).chain(rows.iter().map(|row| &row[..])).collect();
        let outcome = read_with(&rows, &[], "");
        assert_eq!((outcome.items().len(), outcome.types()), (5, vec!["001"; 5]), "{header:?}");
        let unused: Vec<&str> = outcome.sheet().unused.iter().map(|column| column.column.as_str()).collect();
        assert_eq!(unused, ["C"], "{header:?}");
        assert_eq!(outcome.sheet_notes(), ["!columns-unused"], "{header:?}");
        let told = outcome.sheet().notes[0].message.to_string();
        assert!(told.contains(header[2]) && told.contains(header[3]), "{told}");

        // A job that names a column needs no attention.
        let named = read_with(&rows, &[], &format!("columns = {{ holder_code = \"{}\" }}", header[3]));
        assert_eq!((named.types(), named.sheet_notes()), (vec!["001"; 5], vec!["columns-named-by-job".to_owned()]), "{header:?}");
        let other = read_with(&rows, &[], &format!("columns = {{ holder_code = \"{}\" }}", header[2]));
        assert_eq!(other.types(), ["111"; 5], "{header:?}");
    }
}

#[test]
fn where_rows_fill_one_column_or_the_other_the_one_that_is_there_is_read() {
    let (person, other, company) = (citizen(1), citizen(2), company(1));
    let outcome = read(&[
        &["统一社会信用代码", "身份证号", "证照类型代码"],
        &[&company, "", COMPANY_TYPE],
        &["", &person, TYPE],
        &["无", &other, TYPE],
        &["", "110105194912310021", TYPE],
        &["", "", TYPE],
        &[&company, "", TYPE],
    ]);
    assert_eq!((outcome.items(), outcome.types()), (vec![2, 3, 4, 7], vec!["001", "111", "111", "001"]));
    assert_eq!(outcome.rejected_as(), [(5, "bad_check_character"), (6, "missing_holder_code")]);
    assert_eq!(outcome.repairs(), ["from_other_column", "from_other_column"]);
    assert_eq!(
        (outcome.found.rejected[0].cell.as_deref(), outcome.sheet_notes()),
        (Some("B5"), vec!["!columns-by-row".to_owned()])
    );
}

#[test]
fn a_blank_code_is_not_filled_with_that_of_somebody_else() {
    let mut rows: Vec<[String; 3]> = (1..9).map(|serial| [company(serial), citizen(serial), COMPANY_TYPE.to_owned()]).collect();
    rows[3][0].clear();
    let texts: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let header = ["统一社会信用代码", "身份证号", "证照类型代码"];
    let rows: Vec<&[&str]> = std::iter::once(&header[..]).chain(texts.iter().map(|row| &row[..])).collect();
    let outcome = read(&rows);
    assert_eq!((outcome.items().len(), outcome.rejected_as()), (7, vec![(5, "missing_holder_code")]));
}

#[test]
fn tables_side_by_side_are_each_read_and_counted() {
    let holders: Vec<String> = (0..5).map(citizen).collect();
    let outcome = read(&[
        &["身份证号", "证照类型代码", "", "身份证号", "证照类型代码"],
        &[&holders[0], TYPE, "", &holders[1], TYPE],
        &[&holders[2], TYPE, "", "110105194912310021", TYPE],
        &[&holders[3], TYPE],
    ]);
    assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2, 2, 3, 4], vec![(3, "bad_check_character")]));
    let [left, right] = outcome.sheets() else { panic!("{:?}", outcome.sheets()) };
    assert_eq!((left.name.clone(), left.rows, right.rows), (right.name.clone(), 3, 2));
    assert_eq!(Outcome::columns(right), [("holder_code", "D"), ("cert_type_code", "E")]);

    let rows: &[&[&str]] = &[
        &["序号", "姓名", "身份证号", "序号", "姓名", "身份证号"],
        &["[1]", "张三", &holders[0], "[2]", "李四", &holders[1]],
        &["[3]", "王五", &holders[2], "[4]"],
    ];
    let outcome = read_with(rows, &[], &format!("defaults = {{ cert_type_code = [\"{TYPE}\"] }}"));
    assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2, 2, 3], Vec::new()));
    let [left, right] = outcome.sheets() else { panic!("{:?}", outcome.sheets()) };
    assert_eq!((left.rows, right.rows, right.prefilled_rows), (2, 2, 1));
    assert_eq!(outcome.sheet_notes(), ["tables-side-by-side", "tables-side-by-side", "rows-prefilled"]);
}

#[test]
fn the_same_header_twice_for_one_table_is_told() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome = read(&[&["姓名", "身份证号", "姓名", "身份证号", "证照类型代码"], &["张三", &first, "李四", &second, TYPE]]);
    assert_eq!((outcome.items(), outcome.sheet_notes()), (vec![2], vec!["!columns-unused".to_owned()]));
}

#[test]
fn a_further_table_below_is_read_by_its_own_header() {
    let (person, company) = (citizen(1), company(1));
    let outcome = read(&[
        &["一、个人"],
        &["序号", "身份证号", "证照类型代码"],
        &["[1]", &person, TYPE],
        &[],
        &["二、企业"],
        &["序号", "企业名称", "统一社会信用代码", "证照类型代码"],
        &["[1]", "甲公司", &company, COMPANY_TYPE],
        &["[2]", "乙公司", "", COMPANY_TYPE],
    ]);
    assert_eq!((outcome.items(), outcome.types()), (vec![3, 7], vec!["111", "001"]));
    assert_eq!(outcome.rejected_as(), [(8, "missing_holder_code")]);
    let [upper, lower] = outcome.sheets() else { panic!("{:?}", outcome.sheets()) };
    assert_eq!((upper.rows, upper.blank_rows, lower.rows), (4, 3, 2));
    assert_eq!((lower.header_row, Outcome::columns(lower)[0]), (Some(6), ("holder_code", "C")));
    assert_eq!(outcome.sheet_notes(), ["rows-above-header", "further-header", "rows-repeated-header", "rows-title"]);
}

#[test]
fn what_stands_for_no_number_is_none() {
    let mut text = "身份证号,证照类型代码,证照编号\n".to_owned();
    let placeholders = ["无", "/", "-", "—", "--", "暂无", "0", "N/A", "NULL", "null", "None", "nan", "空", "／", "○"];
    for (serial, placeholder) in (0..).zip(placeholders) {
        writeln!(text, "{},{TYPE},{placeholder}", citizen(serial)).unwrap();
    }
    let outcome = read_text(&text);
    assert!(outcome.found.items.iter().all(|item| item.certificate_number.is_none()));
    assert_eq!(outcome.repairs(), vec!["placeholder"; placeholders.len()]);
    let outcome = read_text(&format!("身份证号,证照类型代码,姓名\n无,{TYPE},张三\n{},暂无,李四\n", citizen(1)));
    assert_eq!(outcome.rejected_as(), [(2, "missing_holder_code"), (3, "missing_type_code")]);
}

#[test]
fn rows_with_nothing_but_the_templates_own_content_are_blank() {
    let holders: Vec<String> = (0..5).map(citizen).collect();
    for with_type in [false, true] {
        let kind = if with_type { TYPE } else { "" };
        let rows: &[&[&str]] = &[
            &["序号", "姓名", "身份证号", "证照类型代码", "区市"],
            &["[1]", "张三", &holders[0], TYPE, "薛城区"],
            &["[2]", "李四", &holders[1], TYPE, "薛城区"],
            &["[3]", "", "", kind, "薛城区"],
            &["[4]", "王五", &holders[2], TYPE, "薛城区"],
            &["[5]", "赵六", "", TYPE, "薛城区"],
            &["[6]", "", "", kind, "薛城区"],
            &["[7]", "", "", kind],
        ];
        let outcome = read(rows);
        assert_eq!((outcome.items(), outcome.rejected_as()), (vec![2, 3, 5], vec![(6, "missing_holder_code")]));
        // The one between rows with codes may have lost its own, and is told.
        assert_eq!((outcome.sheet().rows, outcome.sheet().blank_rows, outcome.sheet().prefilled_rows), (7, 3, 2));
        assert_eq!(outcome.sheet_notes(), ["rows-prefilled", "!rows-type-alone"]);
    }
    // A type alone is an omission between rows with codes, and the template's behind them.
    let rows: &[&[&str]] =
        &[&["身份证号", "证照类型代码"], &[&holders[0], TYPE], &["", TYPE], &[&holders[1], TYPE], &["", TYPE], &["", TYPE]];
    let outcome = read(rows);
    assert_eq!((outcome.rejected_as(), outcome.sheet().prefilled_rows), (vec![(3, "missing_holder_code")], 2));
}

#[test]
fn no_row_is_lost_to_a_word_for_the_type_of_its_code() {
    let (person, company) = (citizen(3), company(3));
    for (code, word, code_type, repaired) in [
        (person.as_str(), "二代身份证", "111", false),
        (&person, "[1]", "111", false),
        (&person, "居民身份证（户口簿）", "111", false),
        (&person, "港澳台居民居住证", "111", false),
        (&person, "驾驶证", "111", true),
        (&company, "营业执照", "001", false),
        (&company, "[1]", "001", false),
        (&company, "三证合一", "001", true),
        ("E12345678", "护照", "414", false),
        ("H12345678", "回乡证", "516", false),
        ("12345678", "台胞证", "511", false),
        ("军字第1234567号", "军官证", "114", false),
    ] {
        let outcome = read(&[&["证件类型", "证件号码", "证照类型代码"], &[word, code, TYPE]]);
        assert_eq!((outcome.types(), outcome.rejected_as()), (vec![code_type], Vec::new()), "{word}");
        let has_repair = outcome.repairs().contains(&"type_by_number");
        assert_eq!(has_repair, repaired, "{word}");
    }
    let outcome = read(&[&["证件类型", "证件号码", "证照类型代码"], &["驾驶证", "E1", TYPE], &["414", &person, TYPE]]);
    assert_eq!(outcome.rejected_as(), [(2, "unknown_holder_code_type"), (3, "code_type_mismatch")]);
}

#[test]
fn characters_that_nobody_sees_are_taken_off_and_look_alikes_are_mended_where_the_check_fits() {
    let mut text = "身份证号,证照类型代码\n".to_owned();
    for (before, after) in
        [("\u{2066}", "\u{2069}"), ("", "\u{180E}"), ("", "\u{3164}"), ("", "\u{E5E5}"), ("", "\u{FE0F}"), ("", "\u{7F}")]
    {
        writeln!(text, "{before}11010519491231002X{after},{TYPE}").unwrap();
    }
    for mark in ["×", "Х", "Χ", "х", "χ", "╳", "✕", "✖"] {
        writeln!(text, "11010519491231002{mark},{TYPE}").unwrap();
    }
    writeln!(text, "11010519491231003×,{TYPE}").unwrap();
    let outcome = read_text(&text);
    assert!(outcome.found.items.iter().all(|item| item.holder_code == "11010519491231002X"));
    assert_eq!((outcome.sheet().first_rows, outcome.sheet().duplicates), (1, 13));
    assert_eq!(outcome.repairs(), [vec!["invisible"; 6], vec!["look_alike"; 8]].concat());
    assert_eq!(outcome.rejected_as(), [(16, "bad_character")]);
    let told = outcome.found.rejected[0].advice.to_string();
    assert!(told.contains("U+00D7") && told.contains("place=18") && !told.contains("1101"), "{told}");
}

#[test]
fn codes_wrapped_as_formulas_or_in_quotation_marks_are_unwrapped() {
    let holder = citizen(1);
    for (cell, repair) in [
        (format!("=\"{holder}\""), "formula_text"),
        (format!("“{holder}”"), "quotation_marks"),
        (format!("「{holder}」"), "quotation_marks"),
    ] {
        let outcome = read(&[&["身份证号", "证照类型代码"], &[&format!("{cell}\t"), TYPE]]);
        assert_eq!(outcome.found.items[0].holder_code, holder);
        assert!(outcome.repairs()[0].contains(repair), "{:?}", outcome.repairs());
    }
}

/// One kind of row, and what has to become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Wrong,
    Blank,
    Serial,
    Header,
    Total,
    Named,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Good),
        Just(Kind::Wrong),
        Just(Kind::Blank),
        Just(Kind::Serial),
        Just(Kind::Header),
        Just(Kind::Total),
        Just(Kind::Named),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_rows_a_text_has_each_is_counted_once(kinds in prop::collection::vec(kind(), 0..400)) {
        let mut text = "序号,姓名,身份证号,证照类型代码\n".to_owned();
        for (serial, kind) in (0..).zip(&kinds) {
            let line = match kind {
                Kind::Good => format!("{serial},张三,{},{TYPE}", citizen(serial)),
                Kind::Wrong => format!("{serial},张三,110105194912310021,{TYPE}"),
                Kind::Blank => ",,,".to_owned(),
                Kind::Serial => format!("{serial},,,"),
                Kind::Header => "序号,姓名,身份证号,证照类型代码".to_owned(),
                Kind::Total => "合计,,,".to_owned(),
                Kind::Named => format!("{serial},张三,,"),
            };
            writeln!(text, "{line}").unwrap();
        }
        let outcome = read_text(&text);
        let count = |wanted: Kind| kinds.iter().filter(|kind| **kind == wanted).count() as u64;
        let last = kinds.iter().rposition(|kind| *kind != Kind::Blank).map_or(0, |last| last + 1);
        let sheet = outcome.sheet();
        prop_assert_eq!(sheet.rows, last as u64);
        prop_assert_eq!((sheet.first_rows, sheet.duplicates), (count(Kind::Good), 0));
        prop_assert_eq!(sheet.rejected.get("bad_check_character").copied().unwrap_or_default(), count(Kind::Wrong));
        prop_assert_eq!(sheet.rejected.get("missing_holder_code").copied().unwrap_or_default(), count(Kind::Named));
        prop_assert_eq!(
            (sheet.prefilled_rows, sheet.repeated_headers, sheet.total_rows),
            (count(Kind::Serial), count(Kind::Header), count(Kind::Total))
        );
    }
}
