//! What departments' workbooks cost beside bare writing: 200,000 gaps to 200 departments, and a loop that writes the same
//! cells as one list with `rust_xlsxwriter` alone, as in `benches/report.rs`: `cargo bench --bench dispatch`. The last line
//! is their ratio. `ECERT_BENCH_ROWS` and `ECERT_BENCH_DEPARTMENTS` set the numbers; with `ECERT_BENCH_MEMORY` the tables are
//! made by a process of their own, only the workbooks are written, and their peak memory is told.

use chrono::Utc;
use ecert_audit::audit::{AuditSettings, Call};
use ecert_audit::codes::Catalogue;
use ecert_audit::dispatch::{Dispatch, dispatch};
use ecert_audit::face::FaceRules;
use ecert_audit::intake::{NewItem, Place, Sink};
use ecert_audit::job::{AuditKeys, Certificates, Depth, FaceSettings, Language, Mask};
use ecert_audit::journal::{Journal, NewAnswer, Record, Shard};
use ecert_audit::report::Words;
use ecert_audit::table::{self, Build, Rows, schema::coverage};
use rust_xlsxwriter::{Format, Workbook};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

const ANSWER: &str = r#"{"head":{"status":"0","message":"","shengIsExists":"0","shiIsExists":"1"},"data":{"total":"1","dataList":[{"fileNumber":"11370400MB28556219-110105194912310021-111000000000131276001-1","certificateNumber":"J110105199001011"}]}}"#;
const CARRIED: [&str; 2] = ["区市", "部门"];
/// Set where a process is to make the tables in this folder, and nothing else.
const TABLES: &str = "ECERT_BENCH_TABLES";

fn number(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A journal of `rows` items that only the city holds, of as many departments in turn, and the tables made from it.
fn tables(dir: &Path, rows: u32, departments: u32) {
    let mut journal = Journal::create(&dir.join("journal.sqlite")).expect("a new journal");
    let carried = CARRIED.map(str::to_owned);
    let mut plan = journal.begin_plan(&carried, Shard::WHOLE, Box::new(|_| Ok(true))).expect("it can be written");
    for row in 0..rows {
        let item = NewItem {
            holder_code: format!("3704{row:014}"),
            holder_code_type: "111".to_owned(),
            cert_type_code: "11100000000013127D001".to_owned(),
            certificate_number: None,
            extraction_code: None,
            place: Place { file: "inputs/2026/证照清单.xlsx".into(), sheet: "公安局".into(), row: row + 2 },
            carried: vec![Some("市中区".to_owned()), Some(format!("单位{}", row % departments))],
        };
        plan.item(item).expect("it can be written");
    }
    plan.finish().expect("it can be written");
    let record = |row: u32| Record {
        item_id: row.into(),
        at: Utc::now(),
        answer: Some(NewAnswer { place: 0, call: Call::State { number: None }, result: Ok(ANSWER.into()), attempts: 1 }),
        finished: Some(false),
    };
    let all: Vec<u32> = (0..rows).collect();
    for group in all.chunks(4096) {
        journal.append(&group.iter().map(|row| record(*row)).collect::<Vec<_>>()).expect("it can be written");
    }
    let settings = AuditSettings {
        keys: AuditKeys { depth: Depth::Existence, certificates: Certificates::Auto },
        faces: Arc::new(FaceRules::new(&FaceSettings::default())),
        codes: ecert_audit::codes::CodeTable::default(),
    };
    let build = Build {
        settings: &settings,
        catalogue: Catalogue::of_the_specification(),
        carried: &carried,
        run_id: "bench",
        say: &|message| message.to_string(),
        is_interrupted: &|| false,
    };
    table::build(&vec![journal].into(), dir, &build).expect("tables");
}

/// Seconds for all workbooks.
fn workbooks(dir: &Path) -> f64 {
    let out = dir.join("dispatch");
    if !out.exists() {
        std::fs::create_dir(&out).expect("a folder");
    }
    let journal = Journal::open(&dir.join("journal.sqlite")).expect("the journal");
    let words = Words::new(Language::ZhCn);
    let began = Instant::now();
    let wanted = Dispatch {
        job: "bench",
        run_id: "bench",
        tables: dir,
        by: "部门",
        out: &out,
        mask: Mask::None,
        password: None,
        due: None,
        at: Utc::now(),
        words: &words,
    };
    dispatch(wanted, &journal, &|| false).expect("workbooks");
    began.elapsed().as_secs_f64()
}

/// A row's cells, as the gap list of the report has them.
struct Cells {
    texts: Vec<String>,
    numbers: [u32; 2],
    time: chrono::NaiveDateTime,
}

fn cells(dir: &Path) -> Vec<Cells> {
    let mut rows = Rows::open(dir, coverage::COVERAGE).expect("a table");
    let mut all = Vec::new();
    while let Some(row) = rows.next_row().expect("a row") {
        let columns = [
            coverage::HOLDER_CODE,
            coverage::HOLDER_CODE_TYPE,
            coverage::CERT_TYPE_CODE,
            coverage::CERT_TYPE_NAME,
            coverage::CERTIFICATE_NUMBER,
            coverage::CITY_CERTIFICATE_ID,
            coverage::GAP_SINCE,
            coverage::SOURCE_FILE,
            coverage::SOURCE_SHEET,
        ];
        let mut texts: Vec<String> = columns.into_iter().filter_map(|column| row.text(column)).map(str::to_owned).collect();
        texts.extend(CARRIED.iter().filter_map(|header| row.carried(header)).map(str::to_owned));
        let number = |column| u32::try_from(row.number(column).unwrap_or_default()).unwrap_or_default();
        let time = row.time(coverage::FINISHED_AT).expect("a time").naive_utc();
        all.push(Cells { texts, numbers: [number(coverage::GAP_RUNS), number(coverage::SOURCE_ROW)], time });
    }
    all
}

/// Seconds for the same cells, written one after the other.
fn bare(cells: &[Cells], path: &Path) -> f64 {
    /// Excel's number of rows.
    const MOST_ROWS: usize = 1_048_576;
    let began = Instant::now();
    let mut workbook = Workbook::new();
    let (text, number) = (Format::new().set_num_format("@"), Format::new().set_num_format("#,##0"));
    let time = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    for part in cells.chunks(MOST_ROWS) {
        let sheet = workbook.add_worksheet_with_constant_memory().expect("a sheet");
        for (row, cells) in (0..).zip(part) {
            let mut column = 0;
            for cell in &cells.texts {
                sheet.write_string_with_format(row, column, cell, &text).expect("a cell");
                column += 1;
            }
            for cell in cells.numbers {
                sheet.write_number_with_format(row, column, cell, &number).expect("a cell");
                column += 1;
            }
            sheet.write_datetime_with_format(row, column, cells.time, &time).expect("a cell");
        }
    }
    workbook.save(path).expect("a workbook");
    began.elapsed().as_secs_f64()
}

fn main() {
    let (rows, departments) = (number("ECERT_BENCH_ROWS", 200_000), number("ECERT_BENCH_DEPARTMENTS", 200));
    if let Some(dir) = std::env::var_os(TABLES) {
        tables(Path::new(&dir), rows, departments);
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let maker = std::env::current_exe().expect("this program");
    let made = Command::new(maker).env(TABLES, dir.path()).status().expect("a process");
    assert!(made.success(), "the tables are made");
    if std::env::var_os("ECERT_BENCH_MEMORY").is_some() {
        let seconds = workbooks(dir.path());
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default().trim().to_owned();
        println!("{rows} rows to {departments} departments: {seconds:.2} s, peak memory {peak}");
        return;
    }
    let cells = cells(dir.path());
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let bare = bare(&cells, &dir.path().join("bare.xlsx"));
        let written = workbooks(dir.path());
        println!("{rows} rows to {departments} departments: bare {bare:.2} s, workbooks {written:.2} s");
        ratios.push(written / bare);
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio {:.2}", ratios[2]);
}
