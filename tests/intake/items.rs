//! From rows to items: values that stand for others or for nothing, columns that no list of headers has, and what
//! templates bring along.

use super::{Outcome, TYPE};
use crate::support::{Workspace, citizen, job_text};
use ecert_audit::codes::credit_check_character;
use rust_xlsxwriter::{Format, Workbook};
use std::fmt::Write;

/// 食品经营许可证: issued to companies.
const COMPANY_TYPE: &str = "11100000MB0143028R026";

/// A credit code of nobody.
fn company(serial: u64) -> String {
    let body = format!("91370499MA{serial:07}");
    let check = credit_check_character(&body).unwrap();
    format!("{body}{check}")
}

fn read_csv(text: &str) -> Outcome {
    let workspace = Workspace::new();
    workspace.write_input("a.csv", text.as_bytes());
    Outcome::of(&workspace, &job_text("inputs/a.csv", ""))
}

/// A table of three columns or more: 身份证号, 证照类型代码, and one with a text for each row.
fn with_column(header: &str, texts: &[&str]) -> Outcome {
    let mut text = format!("身份证号,证照类型代码,{header}\n");
    for (serial, value) in (0..).zip(texts) {
        writeln!(text, "{},{TYPE},{value}", citizen(serial)).unwrap();
    }
    read_csv(&text)
}

fn numbers(outcome: &Outcome) -> Vec<Option<&str>> {
    outcome.found.items.iter().map(|item| item.certificate_number.as_deref()).collect()
}

fn holders(outcome: &Outcome) -> Vec<&str> {
    outcome.found.items.iter().map(|item| item.holder_code.as_str()).collect()
}

fn repairs(outcome: &Outcome) -> Vec<&str> {
    outcome.found.repairs.iter().map(|repair| repair.repair.as_str()).collect()
}

fn rejected(outcome: &Outcome) -> Vec<(u32, &str)> {
    outcome.found.rejected.iter().map(|row| (row.place.row, row.problem.name())).collect()
}

/// Codes of the notes on the sheets that need attention.
fn attention(outcome: &Outcome) -> Vec<&str> {
    let notes = outcome.sheets().iter().flat_map(|sheet| &sheet.notes);
    notes.filter(|note| note.needs_attention).map(|note| note.message.code()).collect()
}

#[test]
fn what_people_and_programs_write_for_no_number_is_none_and_said() {
    let nothing = [
        "待补",
        "办理中",
        "不适用",
        "无。",
        "/无",
        "【无】",
        "<空>",
        "(none)",
        "NO",
        "N.A.",
        "unknown",
        "<NA>",
        "#REF!",
        "FALSE",
        "-1",
        "0.0",
        "***",
        "XXX",
        "×××",
        "?",
        "□",
        "_",
        "。",
        "~",
        "ー",
        "——/——",
        "见附件",
        "遗失",
        "已注销",
        "丨",
    ];
    let outcome = with_column("证照编号", &nothing);
    assert_eq!((numbers(&outcome), repairs(&outcome)), (vec![None; nothing.len()], vec!["placeholder"; nothing.len()]));
    let kept = ["A001", "000000", "免字第 1 号", "X1", "一号"];
    assert_eq!(numbers(&with_column("证照编号", &kept)), kept.map(Some));
}

#[test]
fn a_mark_for_the_value_above_is_that_value_and_each_is_a_repair() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome = read_csv(&format!(
        "区市,身份证号,证照类型代码,证照编号\n市中区,{first},{TYPE},A1\n同上,{second},〃,A2\n″,同上,仝,同上\n薛城区,{first},同上,A3\n"
    ));
    assert_eq!(holders(&outcome), [&first, &second, &first]);
    assert_eq!(numbers(&outcome), [Some("A1"), Some("A2"), Some("A3")]);
    assert!(outcome.found.items.iter().all(|item| item.cert_type_code == TYPE));
    let areas: Vec<Option<&str>> = outcome.found.items.iter().map(|item| item.carried[0].as_deref()).collect();
    assert_eq!(areas, [Some("市中区"), Some("市中区"), Some("薛城区")]);
    assert_eq!((outcome.sheets()[0].duplicates, repairs(&outcome)), (1, vec!["ditto"; 7]));
    // Above the first row there is nothing.
    let outcome = read_csv(&format!("身份证号,证照类型代码,证照编号\n同上,{TYPE},A1\n{first},{TYPE},同上\n"));
    assert_eq!((rejected(&outcome), numbers(&outcome)), (vec![(2, "missing_holder_code")], vec![Some("A1")]));
    let outcome = read_csv(&format!("身份证号,证照类型代码,证照编号\n{first},{TYPE},同上\n"));
    assert_eq!(numbers(&outcome), [None]);
}

#[test]
fn codes_that_a_spreadsheet_saved_as_numbers_in_a_text_are_lost_whatever_their_check_says() {
    let mut text = "身份证号,证照类型代码\n".to_owned();
    for serial in 0..40u64 {
        writeln!(text, "{}000,{TYPE}", &citizen(serial * 25)[..15]).unwrap();
    }
    let outcome = read_csv(&text);
    assert!(outcome.found.items.is_empty());
    assert!(rejected(&outcome).iter().all(|(_, problem)| *problem == "precision_lost"));
    // One such code among others is nothing special.
    let mut text = "身份证号,证照类型代码\n370499195001011000,11100000000013127D001\n".to_owned();
    for serial in 0..40 {
        writeln!(text, "{},{TYPE}", citizen(serial)).unwrap();
    }
    assert!(rejected(&read_csv(&text)).iter().all(|(_, problem)| *problem != "precision_lost"));
}

#[test]
fn numbers_in_scientific_notation_are_lost_and_those_with_decimals_are_made_whole() {
    let outcome = with_column("证照编号", &["1.23457E+11", "3.7E+05", "20220413.0", "2.0220413E7", "3.704E17"]);
    assert_eq!(rejected(&outcome), [(2, "precision_lost"), (3, "precision_lost"), (6, "precision_lost")]);
    assert!(outcome.advice().iter().all(|(_, advice)| *advice == "advice-scientific"));
    assert_eq!((numbers(&outcome), repairs(&outcome)), (vec![Some("20220413"); 2], vec!["number_form"; 2]));
    let outcome = read_csv(&format!("身份证号,证照类型代码\n370499199001010000.00,{TYPE}\n"));
    assert_eq!(rejected(&outcome), [(2, "precision_lost")]);
}

#[test]
fn a_number_is_what_its_format_shows_with_words_and_for_zero() {
    let workspace = Workspace::new();
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in (0..).zip(["身份证号", "证照类型代码", "证照编号"]) {
        sheet.write(0, column, header).unwrap();
    }
    let formats = [
        ("\"证字第\"0\"号\"", 12, Some("证字第12号")),
        ("\"A\"0", 12, Some("A12")),
        ("\"A\"General", 12, Some("A12")),
        ("0\"号\"", 12, Some("12号")),
        ("000000;-000000;无", 0, None),
        ("000000;-000000;无", 12, Some("000012")),
        ("0", 12, Some("12")),
    ];
    for (serial, (code, number, _)) in (0u32..).zip(formats) {
        let row = serial + 1;
        sheet.write(row, 0, citizen(serial.into())).unwrap().write(row, 1, TYPE).unwrap();
        sheet.write_with_format(row, 2, number, &Format::new().set_num_format(code)).unwrap();
    }
    book.save(workspace.path("inputs/a.xlsx")).unwrap();
    let outcome = Outcome::of(&workspace, &job_text("inputs/a.xlsx", ""));
    assert_eq!(numbers(&outcome), formats.map(|(_, _, shown)| shown));
}

#[test]
fn a_column_under_an_unknown_header_is_read_where_it_alone_fits_the_types() {
    let mut text = "企业名称,市场主体标识,身份证号,证照类型代码\n".to_owned();
    for serial in 0..5 {
        writeln!(text, "甲公司,{},{},{COMPANY_TYPE}", company(serial), citizen(serial)).unwrap();
    }
    let outcome = read_csv(&text);
    assert_eq!(holders(&outcome), (0..5).map(company).collect::<Vec<_>>());
    assert_eq!(attention(&outcome), ["columns-by-content"]);
    let unused: Vec<&str> = outcome.sheets()[0].unused.iter().map(|column| column.column.as_str()).collect();
    assert_eq!(unused, ["C"]);
    assert_eq!(outcome.sheets()[0].mapping[0].column, "B");

    // The job's word stands.
    let workspace = Workspace::new();
    workspace.write_input("a.csv", text.as_bytes());
    let job = job_text("inputs/a.csv", "").replace("carry =", "columns = { holder_code = \"身份证号\" }\ncarry =");
    let outcome = Outcome::of(&workspace, &job);
    assert_eq!(holders(&outcome), (0..5).map(citizen).collect::<Vec<_>>());
    assert!(attention(&outcome).is_empty());
}

#[test]
fn a_column_full_of_codes_that_is_not_read_is_told() {
    let mut text = "姓名,身份证号,新身份证号,证照类型代码,发证机关标识码\n".to_owned();
    for serial in 0..5 {
        writeln!(text, "张三,{},{},{TYPE},{}", citizen(serial), citizen(serial + 50), company(1)).unwrap();
    }
    let outcome = read_csv(&text);
    assert_eq!(holders(&outcome), (0..5).map(citizen).collect::<Vec<_>>());
    assert_eq!(attention(&outcome), ["columns-codes-unread"]);
    let told = outcome.sheets()[0].notes[0].message.to_string();
    assert!(told.contains("新身份证号") && !told.contains("发证机关"), "{told}");
}

#[test]
fn a_second_column_of_types_that_is_not_read_is_told() {
    let second = "11100000000013338W004";
    let holder = citizen(1);
    for header in ["证照类型代码1,证照类型代码2", "证照类型代码,另一种证照"] {
        let outcome = read_csv(&format!("身份证号,{header}\n{holder},{TYPE},{second}\n"));
        let types: Vec<&str> = outcome.found.items.iter().map(|item| item.cert_type_code.as_str()).collect();
        assert_eq!(types, [TYPE], "{header}");
        assert!(attention(&outcome).contains(&"columns-types-unread"), "{header}");
        assert_eq!(outcome.sheets()[0].unused[0].column, "C", "{header}");
    }
    // A number of the certificate that has a type's code in it is no type.
    let outcome = read_csv(&format!("身份证号,证照类型代码,标识\n{holder},{TYPE},1.2.156.3005.2.{TYPE}.001\n"));
    assert!(attention(&outcome).is_empty());
}

#[test]
fn a_name_of_another_type_than_the_code_stands_for_is_told() {
    let (first, second) = (citizen(1), citizen(2));
    let rows =
        |name: &str| read_csv(&format!("身份证号,证照类型代码,证照名称\n{first},{TYPE},居民身份证\n{second},{TYPE},{name}\n"));
    let outcome = rows("食品经营许可证");
    assert_eq!((outcome.found.items.len(), attention(&outcome)), (2, vec!["types-named-otherwise"]));
    let told = outcome.sheets()[0].notes[0].message.to_string();
    assert!(told.contains("rows=3"), "{told}");
    for name in ["身份证", "《居民身份证》", "某种证", "无", ""] {
        assert!(attention(&rows(name)).is_empty(), "{name}");
    }
}

#[test]
fn a_former_number_is_not_taken_for_the_holders_where_there_is_a_current_one() {
    let mut text = "姓名,旧证件号码,新证件号码,证照类型代码\n".to_owned();
    for serial in 0..3 {
        writeln!(text, "张三,{},{},{TYPE}", citizen(serial + 50), citizen(serial)).unwrap();
    }
    let outcome = read_csv(&text);
    assert_eq!(holders(&outcome), (0..3).map(citizen).collect::<Vec<_>>());
    assert_eq!(attention(&outcome), ["header-by-content", "columns-codes-unread"]);
}

#[test]
fn one_note_asks_to_look_at_columns_that_may_be_somebody_elses() {
    let (first, second) = (citizen(1), citizen(2));
    let outcome =
        read_csv(&format!("申请人,申请人身份证号,经办人,经办人身份证号,证照类型代码\n张三,{first},李四,{second},{TYPE}\n"));
    assert_eq!((holders(&outcome), attention(&outcome)), (vec![first.as_str()], vec!["columns-unused"]));
    // By itself it asks only where the types do not say that it is the holder's.
    let alone = |header: &str, code: &str, kind: &str| {
        let outcome = read_csv(&format!("{header},证照类型代码\n{code},{kind}\n"));
        assert_eq!(holders(&outcome), [code], "{header}");
        attention(&outcome).contains(&"columns-likely")
    };
    assert!(!alone("申请人身份证号", &first, TYPE));
    assert!(!alone("本人身份证号", &first, TYPE));
    assert!(alone("经营者身份证号", &first, COMPANY_TYPE));
}

#[test]
fn characters_for_private_use_are_taken_out_of_codes_that_then_check_and_named_in_others() {
    let holder = citizen(1);
    let (head, tail) = holder.split_at(6);
    let outcome = read_csv(&format!("身份证号,证照类型代码\n{head}\u{F020}{tail},\u{F0A0}{TYPE}\n"));
    assert_eq!((holders(&outcome), repairs(&outcome)), (vec![holder.as_str()], vec!["invisible", "invisible"]));
    let short = &holder[..17];
    let outcome =
        read_csv(&format!("证件类型,证件号码,证照类型代码\n护照,E1234\u{F020}5678,{TYPE}\n身份证,{short}\u{F020},{TYPE}\n"));
    let named = [(2, "advice-bad-character-named"), (3, "advice-bad-character-named")];
    assert_eq!(outcome.advice(), named);
}

#[test]
fn rows_of_persons_and_companies_are_read_from_the_column_that_fits_each() {
    let mut text = "名称,组织标识,身份证号,证照类型代码\n".to_owned();
    for serial in 0..3 {
        writeln!(text, "甲公司,{},,{COMPANY_TYPE}\n张三,,{},{TYPE}", company(serial), citizen(serial)).unwrap();
    }
    let outcome = read_csv(&text);
    let expected: Vec<String> = (0..3).flat_map(|serial| [company(serial), citizen(serial)]).collect();
    assert_eq!((holders(&outcome), attention(&outcome)), (expected.iter().map(String::as_str).collect(), vec!["columns-by-row"]));
}

#[test]
fn numbers_of_certificates_are_known_by_the_headers_of_every_trade() {
    let holder = company(1);
    for header in [
        "资质证书编号",
        "证号",
        "资格证书编号",
        "执业证号",
        "执业证书编号",
        "登记证号",
        "电子证照号",
        "证书编码",
        "许可证书编号",
        "资质证号",
        "证照号码/编号",
        "批准文号",
        "备案号",
        "执业资格证号",
        "营业执照号",
        "注册号",
    ] {
        let text = format!("统一社会信用代码,证照类型代码,{header}\n{holder},{COMPANY_TYPE},A1\n{holder},{COMPANY_TYPE},A2\n");
        assert_eq!(numbers(&read_csv(&text)), [Some("A1"), Some("A2")], "{header}");
    }
    // Beside a number of the certificate, that of something else is told and not taken.
    let outcome = read_csv(&format!("统一社会信用代码,注册号,证照类型代码,证照编号\n{holder},3704,{COMPANY_TYPE},A1\n"));
    assert_eq!((numbers(&outcome), attention(&outcome)), (vec![Some("A1")], vec!["columns-unused"]));
    // Under a header that nobody knows, rows that would be different certificates are told.
    let rows = |header: &str, second: &str| {
        let text =
            format!("统一社会信用代码,证照类型代码,{header}\n{holder},{COMPANY_TYPE},A1\n{holder},{COMPANY_TYPE},{second}\n");
        let outcome = read_csv(&text);
        let told = attention(&outcome).contains(&"duplicates-differ");
        (outcome.sheets()[0].duplicates, told)
    };
    assert_eq!(rows("内部文号", "A2"), (1, true));
    assert_eq!(rows("内部文号", "A1"), (1, false));
    assert_eq!(rows("内部文号", ""), (1, false));
    assert_eq!(rows("联系电话", "A2"), (1, false));
}

#[test]
fn examples_of_a_template_are_no_rows_and_a_total_with_a_code_is_one() {
    let holders_of_rows: Vec<String> = (0..3).map(citizen).collect();
    let outcome = read_csv(&format!(
        "序号,姓名,身份证号,证照类型代码\n示例,张三,{0},{TYPE}\n例：1,张三,{0},{TYPE}\n1,（示例）张三,{0},{TYPE}\n1,李四,{1},{TYPE}\n",
        holders_of_rows[0], holders_of_rows[1]
    ));
    assert_eq!((holders(&outcome), outcome.sheets()[0].blank_rows), (vec![holders_of_rows[1].as_str()], 3));
    assert_eq!(attention(&outcome), ["rows-example"]);
    let outcome = read_csv(&format!("区市,身份证号,证照类型代码\n小计,{},{TYPE}\n合计,1,\n", holders_of_rows[2]));
    assert_eq!((holders(&outcome), outcome.sheets()[0].total_rows), (vec![holders_of_rows[2].as_str()], 1));
}

/// A template of 150 rows, six of them filled in; `cells` makes what the template has in the others, by row.
fn template(serial_header: &str, serial: impl Fn(u64) -> String, cells: impl Fn(u64) -> String) -> Outcome {
    let mut text = format!("{serial_header},区市,姓名,身份证号,证照类型代码,备注\n");
    for row in 1..=150 {
        if row <= 6 {
            writeln!(text, "{},市中区,张三,{},{TYPE},", serial(row), citizen(row)).unwrap();
        } else {
            writeln!(text, "{},{}", serial(row), cells(row)).unwrap();
        }
    }
    read_csv(&text)
}

#[test]
fn what_a_template_brings_along_is_blank() {
    let nothing = |_: u64| ",,,,".to_owned();
    let count = |row: u64| row.to_string();
    let areas = ["市中区", "薛城区", "峄城区"];
    let mut outcomes = vec![
        template("序号", |row| format!("No.{row:03}"), nothing),
        template("序号", |row| format!("XH{row:03}"), nothing),
        template("序号", |row| format!("2026{row:04}"), nothing),
        template("序号", |row| in_chinese(row).to_owned(), nothing),
        template("序号", count, |row| format!("{},,,,", areas[usize::try_from(row).unwrap() % 3])),
        template("序号", count, |row| format!("第{row}村,,,,")),
        template("序号", count, |_| "/,/,/,/,/".to_owned()),
        template("序号", count, |_| ",,0,,".to_owned()),
        template("序号", count, |_| "请选择,,请输入身份证号,请选择,".to_owned()),
    ];
    for header in ["ID", "行次", "次序", "顺序", "排序", "编码", "项目序号", "编号1", "项", "№", ""] {
        outcomes.push(template(header, count, nothing));
    }
    for (number, outcome) in outcomes.iter().enumerate() {
        let sheet = &outcome.sheets()[0];
        assert_eq!((outcome.found.items.len(), rejected(outcome)), (6, Vec::new()), "{number}");
        assert_eq!((sheet.rows, sheet.prefilled_rows), (150, 144), "{number}");
    }
    // Names that lack their codes are no template's.
    let outcome = template("序号", count, |row| format!("市中区,张{row},,,"));
    assert_eq!(outcome.found.rejected.len(), 144);
}

/// A serial number in Chinese.
fn in_chinese(row: u64) -> &'static str {
    ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"][usize::try_from(row).unwrap() % 10]
}

#[test]
fn types_that_a_template_has_in_many_rows_are_blank_before_and_between_rows_with_codes() {
    let mut text = "姓名,身份证号,证照类型代码\n".to_owned();
    for row in 1..=300u64 {
        let is_used = (241..=243).contains(&row) || row == 270 || row == 272;
        let holder = if is_used { citizen(row) } else { String::new() };
        writeln!(text, "{},{holder},{TYPE}", if is_used { "张三" } else { "" }).unwrap();
    }
    let outcome = read_csv(&text);
    assert_eq!((outcome.found.items.len(), rejected(&outcome)), (5, vec![(272, "missing_holder_code")]));
    assert_eq!(outcome.sheets()[0].blank_rows, 294);
}

#[test]
fn documents_are_known_by_more_names_and_ambiguous_ones_ask_to_choose() {
    for (word, code, code_type) in [
        ("往来港澳通行证", "C12345678", "999"),
        ("香港身份证", "A123456", "999"),
        ("PASSPORT NO", "E12345678", "414"),
        ("永居证", "USA110190010114", "999"),
        ("出生证", "O370012346", "999"),
        ("工商注册号", "370400200012345", "099"),
    ] {
        let outcome = read_csv(&format!("证件类型,证件号码,证照类型代码\n{word},{code},{TYPE}\n"));
        let types: Vec<&str> = outcome.found.items.iter().map(|item| item.holder_code_type.as_str()).collect();
        assert_eq!((types, rejected(&outcome)), (vec![code_type], Vec::new()), "{word}");
    }
    for (word, code) in [("港澳台通行证", "H12345678"), ("军人证", "1234567"), ("户口本", "H001")] {
        let outcome = read_csv(&format!("证件类型,证件号码,证照类型代码\n{word},{code},{TYPE}\n"));
        assert_eq!(outcome.advice(), [(2, "advice-choose-holder-type")], "{word}");
    }
}

#[test]
fn a_job_may_say_what_other_names_of_documents_stand_for() {
    let text = format!("证件类型,证件号码,证照类型代码\n工会会员证,GH12345678,{TYPE}\n");
    assert_eq!(read_csv(&text).advice(), [(2, "advice-unknown-holder-type-word")]);
    let workspace = Workspace::new();
    workspace.write_input("a.csv", text.as_bytes());
    let job = format!("{}\n[catalogue.holder_types]\n\"工会会员证\" = \"999\"\n", job_text("inputs/a.csv", ""));
    let outcome = Outcome::of(&workspace, &job);
    let types: Vec<&str> = outcome.found.items.iter().map(|item| item.holder_code_type.as_str()).collect();
    assert_eq!((types, rejected(&outcome)), (vec!["999"], Vec::new()));
}

#[test]
fn types_are_known_by_the_names_people_write_and_by_codes_under_a_header_of_names() {
    let names = ["居民身份证", "身份证", "《居民身份证》", "居民身份证（副本）", TYPE];
    let outcome = {
        let mut text = "身份证号,证照名称\n".to_owned();
        for (serial, name) in (0..).zip(names) {
            writeln!(text, "{},{name}", citizen(serial)).unwrap();
        }
        read_csv(&text)
    };
    let types: Vec<&str> = outcome.found.items.iter().map(|item| item.cert_type_code.as_str()).collect();
    assert_eq!((types, rejected(&outcome)), (vec![TYPE; names.len()], Vec::new()));
}

#[test]
fn two_numbers_in_a_cell_and_a_character_that_can_be_seen_are_told_as_such() {
    let (first, second) = (citizen(1), citizen(2));
    for between in ["、", "/", ";", " "] {
        let outcome = read_csv(&format!("身份证号,证照类型代码\n\"{first}{between}{second}\",{TYPE}\n"));
        assert_eq!(outcome.advice(), [(2, "advice-two-numbers")], "{between:?}");
    }
    let outcome = read_csv(&format!("身份证号,证照类型代码\n{first}丙,{TYPE}\n"));
    assert_eq!(outcome.advice(), [(2, "advice-bad-character-shown")]);
}

#[test]
fn a_number_that_checks_as_both_kinds_is_no_repair() {
    let outcome = read_csv(&format!("身份证号,证照类型代码\n370499199001010007,{TYPE}\n"));
    assert_eq!((holders(&outcome), repairs(&outcome)), (vec!["370499199001010007"], Vec::new()));
}

#[test]
fn a_table_that_names_nothing_says_why() {
    let outcome = read_csv("身份证号,证照类型代码\n");
    assert_eq!(attention(&outcome), ["table-without-rows"]);
    let outcome = read_csv(&format!("序号,身份证号,证照类型代码\n1,,{TYPE}\n2,,{TYPE}\n3,,\n"));
    assert_eq!(attention(&outcome), ["table-only-prefilled"]);
}
