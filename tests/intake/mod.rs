//! Spreadsheets as files: what becomes an item, what is refused, and why.

use crate::support::{Workspace, job_text};
use chrono::NaiveDate;
use ecert_audit::intake::{IntakeReport, NewItem, RejectedRow, Repair, Sink, find_files, read_files};
use ecert_audit::job::Job;
use std::collections::HashSet;

#[derive(Default)]
struct Found {
    items: Vec<NewItem>,
    rejected: Vec<RejectedRow>,
    repairs: Vec<Repair>,
    seen: HashSet<(String, String, Option<String>)>,
}

impl Sink for Found {
    fn item(&mut self, item: NewItem) -> Result<bool, String> {
        let new = self.seen.insert((item.holder_code.clone(), item.cert_type_code.clone(), item.certificate_number.clone()));
        self.items.push(item);
        Ok(new)
    }

    fn rejected(&mut self, rejected: RejectedRow) -> Result<(), String> {
        self.rejected.push(rejected);
        Ok(())
    }

    fn repair(&mut self, repair: Repair) -> Result<(), String> {
        self.repairs.push(repair);
        Ok(())
    }
}

fn read(workspace: &Workspace, job: &str) -> Result<(Found, IntakeReport), String> {
    workspace.write_job(job);
    let job = Job::load(&workspace.path("jobs/test.toml")).unwrap();
    let files = find_files(&job).map_err(|problems| problems.to_string())?;
    let mut found = Found::default();
    let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    let report = read_files(&job, &files, today, &mut found).map_err(|problems| problems.to_string())?;
    Ok((found, report))
}

fn read_csv(bytes: &[u8]) -> (Found, IntakeReport) {
    let workspace = Workspace::new();
    workspace.write_input("a.csv", bytes);
    read(&workspace, &job_text("inputs/a.csv", "")).unwrap()
}

const TYPE: &str = "11100000000013127D001";

#[test]
fn csv_in_every_encoding_and_with_every_separator() {
    let text = format!("姓名,证件号码,证照类型代码,区市\n李四,11010519491231002X,{TYPE},市中区\n");
    let (gb18030, _, _) = encoding_rs::GB18030.encode(&text);
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let with_bom = format!("\u{FEFF}{text}");
    for bytes in [
        text.as_bytes(),
        with_bom.as_bytes(),
        &gb18030,
        &utf16,
        text.replace(',', ";").as_bytes(),
        text.replace(',', "\t").as_bytes(),
    ] {
        let (found, report) = read_csv(bytes);
        assert_eq!(found.items.len(), 1, "{bytes:?}");
        assert_eq!(found.items[0].holder_code, "11010519491231002X");
        assert_eq!(found.items[0].holder_code_type, "111");
        assert_eq!(found.items[0].carried, [Some("市中区".to_owned()), None]);
        assert_eq!(report.files[0].sheets[0].mapping[0], ("holder_code", "证件号码".to_owned()));
    }
}

#[test]
fn rows_that_cannot_be_audited_keep_place_problem_and_advice() {
    let rows = [
        (",X", "missing_holder_code"),
        ("11010519491231002X,", "missing_type_code"),
        ("110105194912310021,X", "bad_check_character"),
        ("11010519491331002X,X", "bad_birth_date"),
        ("110105491231002,X", "bad_length"),
        ("E12345678,X", "unknown_holder_code_type"),
        ("3.70481E+17,X", "precision_lost"),
        ("1101051949123100#X,X", "bad_character"),
        ("11010519491231002X,11100000000013127D00", "bad_type_code"),
        ("11010519491231002X,11100000000013127E001", "bad_type_code"),
    ];
    let mut text = "证件号码,证照类型代码\n".to_owned();
    for (row, _) in rows {
        let row = if let Some(holder) = row.strip_suffix(",X") { format!("{holder},{TYPE}") } else { row.to_owned() };
        text.push_str(&row);
        text.push('\n');
    }
    let (found, report) = read_csv(text.as_bytes());
    assert!(found.items.is_empty(), "{:?}", found.items);
    let problems: Vec<(u32, &str)> = found.rejected.iter().map(|row| (row.place.row, row.problem.name())).collect();
    let expected: Vec<(u32, &str)> = (2..).zip(rows.iter().map(|(_, problem)| *problem)).collect();
    assert_eq!(problems, expected);
    assert!(found.rejected.iter().all(|row| !row.advice.is_empty()));
    assert_eq!(report.files[0].sheets[0].rejected, 10);
}

#[test]
fn a_type_named_by_its_column_wins() {
    let text = format!(
        "证件类型,证件号码,证照类型代码\n普通护照护照号,E12345678,{TYPE}\n414,E12345679,{TYPE}\n身份证,91350100M000100Y43,{TYPE}\n\
         1,91350100M000100Y43,{TYPE}\n驾照,E1,{TYPE}\n"
    );
    let (found, _) = read_csv(text.as_bytes());
    let types: Vec<&str> = found.items.iter().map(|item| item.holder_code_type.as_str()).collect();
    assert_eq!(types, ["414", "414", "001"]);
    let problems: Vec<&str> = found.rejected.iter().map(|row| row.problem.name()).collect();
    assert_eq!(problems, ["code_type_mismatch", "unknown_holder_code_type"]);
}

#[test]
fn titles_blank_rows_repeated_headers_and_totals_are_passed_over() {
    let text = format!(
        "2026年11月电子证照核查清单,,\n填报单位：市公安局,,\n序号,证件号码（必填）,证照类型代码\n1, 11010519491231002x,{TYPE}\n,,\n\
         序号,证件号码（必填）,证照类型代码\n2,91350100M000100Y43,{TYPE}\n合计,2,\n"
    );
    let (found, report) = read_csv(text.as_bytes());
    assert_eq!(found.items.len(), 2);
    assert!(found.rejected.is_empty(), "{:?}", found.rejected);
    assert_eq!(found.items[0].place.row, 4);
    assert_eq!(report.files[0].sheets[0].rows, 2);
    let [repair] = &found.repairs[..] else { panic!("{:?}", found.repairs) };
    assert_eq!(
        (repair.before.as_str(), repair.after.as_str(), repair.repair.as_str()),
        (" 11010519491231002x", "11010519491231002X", "space,letter_case")
    );
}

#[test]
fn numbers_in_a_workbook_are_refused_once_they_have_sixteen_digits() {
    let workspace = Workspace::new();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in ["证件号码", "证照类型代码", "证照编号", "区市"].into_iter().enumerate() {
        sheet.write(0, u16::try_from(column).unwrap(), header).unwrap();
    }
    sheet.write(1, 0, 370_481_199_206_240_900_f64).unwrap().write(1, 1, TYPE).unwrap();
    sheet.write(2, 0, "11010519491231002X").unwrap().write(2, 1, TYPE).unwrap().write(2, 2, 20_220_413).unwrap();
    sheet.write(3, 0, "11010519491231002X").unwrap().write(3, 1, TYPE).unwrap().write(3, 2, 2e17).unwrap();
    book.add_worksheet().set_name("隐藏").unwrap().set_hidden(true).write(0, 0, "证件号码").unwrap();
    book.save(workspace.path("inputs/a.xlsx")).unwrap();
    let (found, report) = read(&workspace, &job_text("inputs/a.xlsx", "")).unwrap();
    let rejected: Vec<_> = found.rejected.iter().map(|row| (row.place.row, row.column.as_str(), row.problem.name())).collect();
    assert_eq!(rejected, [(2, "证件号码", "precision_lost"), (4, "证照编号", "precision_lost")]);
    assert_eq!(found.items[0].certificate_number.as_deref(), Some("20220413"));
    assert_eq!(report.files[0].sheets[0].skipped.as_deref(), Some("the sheet is hidden"));
}

#[test]
fn explicit_columns_win_and_defaults_multiply() {
    let workspace = Workspace::new();
    workspace.write_input("a.csv", "编号,备用\n11010519491231002X,1\n".as_bytes());
    let job = job_text("inputs/a.csv", "").replace(
        "carry = [\"区市\", \"部门\"]",
        "columns = { holder_code = \"编号\" }\ndefaults = { cert_type_code = [\"11100000000013127D001\", \"11100000000013338W004\"] }",
    );
    let (found, _) = read(&workspace, &job).unwrap();
    let types: Vec<&str> = found.items.iter().map(|item| item.cert_type_code.as_str()).collect();
    assert_eq!(types, ["11100000000013127D001", "11100000000013338W004"]);
    let Err(problems) = read(&workspace, &job.replace("\"编号\"", "\"证件号\"")) else {
        panic!("a header that is not there")
    };
    assert!(problems.contains("there is no column 证件号; found: 编号, 备用"), "{problems}");
}

#[test]
fn the_committed_demo_is_what_its_program_makes() {
    let (found, report) = {
        let workspace = Workspace::with_demo("");
        read(&workspace, &job_text("inputs/*.xlsx", "")).unwrap()
    };
    assert!(found.seen.len() > 2000);
    let types: HashSet<&str> = found.items.iter().map(|item| item.cert_type_code.as_str()).collect();
    assert!(types.len() >= 12, "{}", types.len());
    assert!(found.items.len() > found.seen.len(), "some come twice");
    let problems: HashSet<&str> = found.rejected.iter().map(|row| row.problem.name()).collect();
    assert!(problems.len() >= 4, "{problems:?}");
    assert!(found.items.iter().all(|item| item.holder_code.contains("370499")), "every number is made up");
    assert_eq!(report.files.len(), 2);
}
