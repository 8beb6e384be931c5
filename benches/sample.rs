//! What drawing a sample of 20,000 items adds to reading 10,000,000 rows of a text file, in time and in memory:
//! `cargo bench --bench sample`. `ECERT_BENCH_QUICK=1` reads 1,000,000.

#[expect(dead_code, reason = "other benchmarks use the rest")]
#[path = "large.rs"]
mod large;

use ecert_audit::intake::{NewItem, RejectedRow, Repair, SampledItems, Sampler, Sampling, Sink, find_files, read_files};
use ecert_audit::interrupt::Interrupts;
use ecert_audit::job::Job;
use ecert_audit::sample::{Measures, Size, StratifyBy, Target};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const SAMPLE: u64 = 20_000;
/// Pairs of readings, without and with a sample; their median ratio counts, since the speed of a machine drifts.
const PAIRS: usize = 3;

/// Counts items, and those that may belong to the sample.
struct Count<'a> {
    is_candidate: &'a Cell<bool>,
    items: u64,
    candidates: u64,
}

impl Sink for Count<'_> {
    fn item(&mut self, _: NewItem) -> Result<(), String> {
        self.items += 1;
        self.candidates += u64::from(self.is_candidate.get());
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

fn main() {
    let rows = if std::env::var_os("ECERT_BENCH_QUICK").is_some() { 1_000_000 } else { 10_000_000 };
    let dir = tempfile::tempdir().expect("a folder");
    write_rows(&dir.path().join("large.csv"), rows).expect("the file can be made");
    let job = Job::parse(&dir.path().join("job.toml"), &large::job("large.csv")).expect("the job is good");
    // Once before, so that the file lies in memory for all of them.
    let items = read(&job, None).items;
    let plain = peak_memory();
    let mut ratios: Vec<f64> = (0..PAIRS).map(|_| read(&job, Some(SAMPLE)).seconds() / read(&job, None).seconds()).collect();
    ratios.sort_by(f64::total_cmp);
    let sampled = read(&job, Some(SAMPLE));
    let drawn = sampled.drawn.expect("a sample was drawn");
    assert_eq!((sampled.items, drawn.items.len() as u64), (items, SAMPLE));
    println!("{rows} rows, {items} items, {} candidates for a sample of {SAMPLE}", sampled.candidates);
    println!("ratio {:.3} (reading with a sample / without, median of {PAIRS} pairs)", ratios[PAIRS / 2]);
    println!("peak memory {plain} KiB without a sample, {} KiB with one", peak_memory());
}

/// What a reading came to.
struct Reading {
    items: u64,
    candidates: u64,
    took: Duration,
    drawn: Option<SampledItems>,
}

impl Reading {
    fn seconds(&self) -> f64 {
        self.took.as_secs_f64()
    }
}

/// Reads the inputs of a job; draws a sample of so many items where that is wanted.
fn read(job: &Job, size: Option<u64>) -> Reading {
    let files = find_files(job);
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day");
    let is_candidate = Cell::new(false);
    let mut count = Count { is_candidate: &is_candidate, items: 0, candidates: 0 };
    let began = Instant::now();
    let drawn = match size {
        None => {
            read_files(job, &files, today, &mut count, &Interrupts::default()).expect("counting never fails");
            None
        }
        Some(size) => {
            let sampling = Sampling {
                target: Target::Size(Size::Items(size)),
                by: StratifyBy::CertType,
                least: 50,
                seed: "2026-11".to_owned(),
                measures: Measures::proportional(),
                rates: BTreeMap::new(),
            };
            let mut sampler = Sampler::new(sampling, &job.carried(), &mut count, &is_candidate);
            read_files(job, &files, today, &mut sampler, &Interrupts::default()).expect("counting never fails");
            Some(sampler.finish().expect("four strata are few"))
        }
    };
    let took = began.elapsed();
    Reading { items: count.items, candidates: count.candidates, took, drawn }
}

/// Writes a text file of so many rows.
fn write_rows(path: &Path, rows: u32) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "序号,证件号码,证照类型代码,区市,部门")?;
    for place in 0..rows {
        let (holder, kind, district) = large::row(place);
        writeln!(file, "{},{holder},{kind},{district},市行政审批服务局", place + 1)?;
    }
    file.flush()
}

/// The largest amount of memory that the process has had so far, in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or_default()
}
