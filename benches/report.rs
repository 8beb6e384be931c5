//! What the workbook costs beside bare writing: a report of 200,000 gaps, and a loop that writes the same cells of the same
//! list with `rust_xlsxwriter` alone: `cargo bench --bench report`. The last line is their ratio. `ECERT_BENCH_ROWS` sets the
//! number of rows; with `ECERT_BENCH_MEMORY` only the report is made, and its peak memory told.

use ecert_audit::analysis::{Figures, RunFacts, analyse};
use ecert_audit::audit::{AuditSettings, Call};
use ecert_audit::codes::Catalogue;
use ecert_audit::face::FaceRules;
use ecert_audit::intake::{NewItem, Place, Sink};
use ecert_audit::job::{AuditKeys, Certificates, Depth, FaceSettings, Language, Mask};
use ecert_audit::journal::{Journal, NewAnswer, Record, Shard};
use ecert_audit::report::{Decisions, Remarks, ReportInput, Words, write_workbook};
use ecert_audit::table::{self, Build, Rows, schema::coverage};
use rust_xlsxwriter::{Format, Workbook};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const ANSWER: &str = r#"{"head":{"status":"0","message":"","shengIsExists":"0","shiIsExists":"1"},"data":{"total":"1","dataList":[{"fileNumber":"11370400MB28556219-110105194912310021-111000000000131276001-1","certificateNumber":"J110105199001011"}]}}"#;
const CARRIED: [&str; 2] = ["区市", "部门"];

/// A journal of `rows` items that only the city holds, and the tables made from it.
fn tables(dir: &Path, rows: u32) {
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
            carried: vec![Some("市中区".to_owned()), Some("市公安局".to_owned())],
        };
        plan.item(item).expect("it can be written");
    }
    plan.finish().expect("it can be written");
    let record = |row: u32| Record {
        item_id: row.into(),
        at: chrono::Utc::now(),
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

/// Seconds for the whole workbook.
fn report(dir: &Path) -> f64 {
    let carried = CARRIED.map(str::to_owned);
    let began = Instant::now();
    let analysis = analyse(dir, &carried).expect("an analysis");
    let now = chrono::Utc::now();
    let facts = RunFacts {
        job: "bench".to_owned(),
        run_id: "bench".to_owned(),
        previous_run: None,
        state: "complete",
        invalid_inputs: 0,
        duplicate_rows: 0,
        input_rows: 0,
        blank_rows: 0,
        started_at: now,
        finished_at: now,
        wall_seconds: 0.0,
        decided: 0,
        outstanding: 0,
    };
    let input = ReportInput {
        figures: &Figures::new(facts, &analysis, &[]),
        analysis: &analysis,
        tables: dir,
        catalogue: Catalogue::of_the_specification(),
        carried: &carried,
        mask: Mask::None,
        words: &Words::new(Language::ZhCn),
        history: &[],
        remarks: &Remarks::default(),
        has_files: false,
        intake: None,
        decisions: &Decisions::default(),
        handling: None,
    };
    write_workbook(&dir.join("report.xlsx"), input).expect("a workbook");
    began.elapsed().as_secs_f64()
}

/// A row's cells, as the gap list has them.
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
    let began = Instant::now();
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory().expect("a sheet");
    let (text, number) = (Format::new().set_num_format("@"), Format::new().set_num_format("#,##0"));
    let time = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    for (row, cells) in (0..).zip(cells) {
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
    workbook.save(path).expect("a workbook");
    began.elapsed().as_secs_f64()
}

fn main() {
    let rows: u32 = std::env::var("ECERT_BENCH_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000);
    let dir = tempfile::tempdir().expect("a folder");
    tables(dir.path(), rows);
    if std::env::var_os("ECERT_BENCH_MEMORY").is_some() {
        let seconds = report(dir.path());
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default().trim().to_owned();
        println!("{rows} rows: report {seconds:.2} s, peak memory {peak}, tables made in the same process");
        return;
    }
    let cells = cells(dir.path());
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let bare = bare(&cells, &dir.path().join("bare.xlsx"));
        let report = report(dir.path());
        println!("{rows} rows of {} cells: bare {bare:.2} s, report {report:.2} s", cells[0].texts.len() + 3);
        ratios.push(report / bare);
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio {:.2}", ratios[2]);
}
