//! How long a workbook of 1,000,000 rows takes to be read, checked and folded, beside calamine alone streaming its cells:
//! `cargo bench --bench intake`.

#[path = "large.rs"]
mod large;

use calamine::{Xlsx, open_workbook};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ecert_audit::intake::{NewItem, RejectedRow, Repair, Sink, find_files, read_files};
use ecert_audit::interrupt::Interrupts;
use ecert_audit::job::Job;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::{Duration, Instant};

const ROWS: u32 = 1_000_000;

#[derive(Default)]
struct Count(u64);

impl Sink for Count {
    fn item(&mut self, _: NewItem) -> Result<(), String> {
        self.0 += 1;
        Ok(())
    }

    fn repeated(&mut self, _: u64, _: NewItem, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn rejected(&mut self, _: RejectedRow) -> Result<(), String> {
        Ok(())
    }

    fn repair(&mut self, _: Repair) -> Result<(), String> {
        Ok(())
    }
}

fn calamine_alone(path: &Path) -> u64 {
    let mut book: Xlsx<BufReader<File>> = open_workbook(path).expect("the workbook is there");
    let mut cells = book.worksheet_cells_reader("Sheet1").expect("it has this sheet");
    let mut count = 0;
    while cells.next_cell().expect("it is whole").is_some() {
        count += 1;
    }
    count
}

fn intake(root: &Path) -> u64 {
    let job = Job::parse(&root.join("job.toml"), &large::job("large.xlsx")).expect("the job is good");
    let files = find_files(&job);
    let mut count = Count::default();
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day");
    read_files(&job, &files, today, &mut count, &Interrupts::default()).expect("counting never fails");
    count.0
}

/// `ECERT_BENCH_QUICK=1` stops after the ratio.
fn quick() -> bool {
    std::env::var_os("ECERT_BENCH_QUICK").is_some()
}

fn bench(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("large.xlsx");
    large::workbook(&path, ROWS).expect("the workbook can be made");
    assert_eq!(calamine_alone(&path), 5 * (u64::from(ROWS) + 1));
    assert_eq!(intake(dir.path()), u64::from(ROWS) / 50 * 49);
    // Pair by pair, so that a machine whose speed drifts does not decide the ratio.
    let mut ratios: Vec<f64> = (0..5)
        .map(|_| {
            let began = Instant::now();
            calamine_alone(&path);
            let alone = began.elapsed();
            let began = Instant::now();
            intake(dir.path());
            began.elapsed().as_secs_f64() / alone.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!("ratio {:.2} (intake / calamine alone, median of five pairs)", ratios[2]);

    if quick() {
        return;
    }
    let mut group = criterion.benchmark_group("xlsx, 1,000,000 rows");
    group.sample_size(10).measurement_time(Duration::from_secs(30));
    group.bench_function("calamine alone", |bencher| {
        bencher.iter_batched(|| (), |()| calamine_alone(&path), BatchSize::PerIteration);
    });
    group.bench_function("intake", |bencher| bencher.iter_batched(|| (), |()| intake(dir.path()), BatchSize::PerIteration));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
