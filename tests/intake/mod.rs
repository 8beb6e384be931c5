//! Spreadsheets as files: what becomes an item, what is refused, and why.

mod accounting;
mod corpus;
mod found;
mod items;
mod markup;
mod rows;
mod text;
mod text_layout;
mod workbook;

use crate::support::{Workspace, job_text};
use chrono::NaiveDate;
use ecert_audit::intake::{IntakeReport, NewItem, RejectedRow, Repair, SheetReport, Sink, find_files, read_files};
use ecert_audit::interrupt::Interrupts;
use ecert_audit::job::{Job, Language};
use ecert_audit::report::Words;
use std::collections::HashSet;

#[derive(Default)]
struct Found {
    items: Vec<NewItem>,
    rejected: Vec<RejectedRow>,
    repairs: Vec<Repair>,
    repeated: Vec<(u64, bool)>,
}

impl Sink for Found {
    fn item(&mut self, item: NewItem) -> Result<(), String> {
        self.items.push(item);
        Ok(())
    }

    fn repeated(&mut self, item_id: u64, _: NewItem, carried_differ: bool) -> Result<(), String> {
        self.repeated.push((item_id, carried_differ));
        Ok(())
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

/// What came of a job's inputs.
struct Outcome {
    found: Found,
    report: IntakeReport,
}

impl Outcome {
    /// What comes of the inputs of a job in a workspace. In every sheet, rows add up.
    fn of(workspace: &Workspace, job: &str) -> Self {
        workspace.write_job(job);
        let job = Job::load(&workspace.path("jobs/test.toml")).unwrap();
        let files = find_files(&job);
        let mut found = Found::default();
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let mut report = read_files(&job, &files, today, &mut found, &Interrupts::default()).unwrap();
        report.problems.extend(files.problems);
        for sheet in report.sheets() {
            let parts = sheet.first_rows + sheet.duplicates + sheet.rejected.values().sum::<u64>() + sheet.blank_rows;
            assert_eq!(sheet.rows, parts, "{sheet:?}");
            assert!(sheet.prefilled_rows + sheet.repeated_headers + sheet.total_rows <= sheet.blank_rows, "{sheet:?}");
        }
        Self { found, report }
    }

    /// Rows that became items, in order.
    fn items(&self) -> Vec<u32> {
        self.found.items.iter().map(|item| item.place.row).collect()
    }

    /// Rows that were rejected, in order.
    fn rejected(&self) -> Vec<u32> {
        self.found.rejected.iter().map(|row| row.place.row).collect()
    }

    /// Rows that were rejected, with the code of the advice.
    fn advice(&self) -> Vec<(u32, &str)> {
        self.found.rejected.iter().map(|row| (row.place.row, row.advice.code())).collect()
    }

    /// Codes of what keeps files from being read.
    fn problems(&self) -> Vec<&str> {
        self.report.problems.iter().map(|problem| problem.message.code()).collect()
    }

    /// Sheets of the first file.
    fn sheets(&self) -> &[SheetReport] {
        self.report.files.first().map_or(&[][..], |file| &file.sheets[..])
    }

    /// What keeps files from being read, as a person reads it.
    fn told(&self) -> String {
        let words = Words::new(Language::ZhCn);
        self.report.problems.iter().map(|problem| words.say(&problem.to_message())).collect::<Vec<_>>().join("\n")
    }
}

/// What comes of inputs that can be read, or why they cannot.
fn read(workspace: &Workspace, job: &str) -> Result<(Found, IntakeReport), String> {
    let outcome = Outcome::of(workspace, job);
    if outcome.report.problems.is_empty() { Ok((outcome.found, outcome.report)) } else { Err(outcome.told()) }
}

fn read_csv(bytes: &[u8]) -> (Found, IntakeReport) {
    let workspace = Workspace::new();
    workspace.write_input("a.csv", bytes);
    read(&workspace, &job_text("inputs/a.csv", "")).unwrap()
}

const TYPE: &str = "11100000000013127D001";

#[test]
fn rows_keep_their_lines_across_blank_ones() {
    let text = format!("\n证件号码,证照类型代码\n\n11010519491231002X,{TYPE}\n\n\n123,{TYPE}\n\"91350100M000100Y43\",\"{TYPE}\"");
    for text in [text.clone(), text.replace('\n', "\r\n"), format!("{text}\n\n")] {
        let (found, _) = read_csv(text.as_bytes());
        let rows: Vec<u32> = found.items.iter().map(|item| item.place.row).collect();
        assert_eq!((rows, found.rejected[0].place.row), (vec![4, 8], 7));
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
    assert!(found.rejected.iter().all(|row| row.advice.code().starts_with("advice-")));
    assert_eq!(report.files[0].sheets[0].rejected.values().sum::<u64>(), 10);
    assert_eq!(report.files[0].sheets[0].rejected["bad_type_code"], 2);
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
    assert!(problems.contains("没有任务文件 columns 中写的列：证件号。找到的列：编号, 备用"), "{problems}");
}

#[test]
fn a_blank_in_a_column_of_types_is_an_omission_and_a_date_is_no_code() {
    let workspace = Workspace::new();
    workspace.write_input("a.csv", "证件号码,证照类型代码\n11010519491231002X,\n".as_bytes());
    let job =
        job_text("inputs/a.csv", "").replace("carry =", "defaults = { cert_type_code = [\"11100000000013127D001\"] }\ncarry =");
    let (found, _) = read(&workspace, &job).unwrap();
    assert_eq!((found.items.len(), found.rejected[0].problem.name()), (0, "missing_type_code"));

    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    sheet.write(0, 0, "证件号码").unwrap().write(0, 1, "证照类型代码").unwrap().write(0, 2, "证照编号").unwrap();
    sheet.write(1, 0, "11010519491231002X").unwrap().write(1, 1, TYPE).unwrap().write_with_format(1, 2, 46_000, &date).unwrap();
    sheet.write_with_format(2, 0, 370_481_199_206_240_900_f64, &date).unwrap().write(2, 1, TYPE).unwrap();
    book.save(workspace.path("inputs/b.xlsx")).unwrap();
    let (found, _) = read(&workspace, &job_text("inputs/b.xlsx", "")).unwrap();
    assert!(found.items.is_empty(), "{:?}", found.items);
    assert!(found.rejected.iter().all(|row| row.problem.name() == "unreadable_cell"), "{:?}", found.rejected);
}

#[test]
fn the_committed_demo_is_what_its_program_makes() {
    let (found, report) = {
        let workspace = Workspace::with_demo("");
        read(&workspace, &job_text("inputs/*.xlsx", "")).unwrap()
    };
    assert!(found.items.len() > 2000);
    let types: HashSet<&str> = found.items.iter().map(|item| item.cert_type_code.as_str()).collect();
    assert!(types.len() >= 12, "{}", types.len());
    assert!(!found.repeated.is_empty(), "some come twice");
    let problems: HashSet<&str> = found.rejected.iter().map(|row| row.problem.name()).collect();
    assert!(problems.len() >= 4, "{problems:?}");
    assert!(found.items.iter().all(|item| item.holder_code.contains("370499")), "every number is made up");
    assert_eq!(report.files.len(), 2);
}
