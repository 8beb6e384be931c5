//! What the engine adds to bare calling: calls a second of a loop that throws the answers away, and of the engine, which
//! parses, judges and journals them, against the same sandbox over the same number of connections:
//! `cargo bench --bench engine`. The last line is their ratio. `ECERT_BENCH_ITEMS` sets the number of items.

use ecert_audit::audit::AuditSettings;
use ecert_audit::codes::citizen_check_character;
use ecert_audit::engine::{Engine, run};
use ecert_audit::face::FaceRules;
use ecert_audit::intake::{NewItem, Place, Sink};
use ecert_audit::interrupt::Interrupts;
use ecert_audit::job::{Job, SandboxSettings};
use ecert_audit::journal::{Journal, Shard};
use ecert_audit::platform::{Client, Holder, Session, ShengShiStateInfo, fetch_token};
use ecert_audit::sandbox::Sandbox;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

const CONCURRENCY: usize = 32;
const TYPE: &str = "11100000000013338W008";

fn job() -> Job {
    let text = format!(
        "[job]\nname = \"bench\"\n[platform]\nbase_url = \"sandbox\"\n[purpose]\nsystem_name = \"a\"\ncall_category = 1\n\
         matter_name = \"a\"\nevent_code = \"a\"\ncopy_cause = \"a\"\n[[inputs]]\npath = \"a\"\n[audit]\ndepth = \"existence\"\n\
         [throttle]\nrate = \"unlimited\"\nconcurrency = {CONCURRENCY}\n"
    );
    Job::parse(Path::new("jobs/bench.toml"), &text).expect("the job is good")
}

/// The holder code of an item.
fn holder_code(item: u64) -> String {
    let (day, serial) = (item / 1000, item % 1000);
    let body = format!("370499{:04}{:02}{:02}{serial:03}", 1950 + day / 336 % 60, 1 + day / 28 % 12, 1 + day % 28);
    let check = citizen_check_character(&body).expect("seventeen digits");
    format!("{body}{check}")
}

/// A journal whose plan has this many items.
fn plan(path: &Path, items: u64) {
    let journal = Journal::create(path).expect("a new journal");
    let mut plan = journal.begin_plan(&[], Shard::WHOLE, Box::new(|_| Ok(true))).expect("it can be written");
    let place = Place { file: "bench".into(), sheet: "bench".into(), row: 1 };
    for item in 0..items {
        let new = NewItem {
            place: place.clone(),
            holder_code: holder_code(item),
            holder_code_type: "111".to_owned(),
            cert_type_code: TYPE.to_owned(),
            certificate_number: None,
            extraction_code: None,
            carried: Vec::new(),
        };
        plan.item(new).expect("it can be written");
    }
    plan.finish().expect("it can be written");
}

/// Calls a second of a loop that throws the answers away.
async fn bare(job: &Job, base_url: &str, items: u64) -> f64 {
    let client = Client::new(&job.platform, base_url, CONCURRENCY).expect("a client");
    let token = fetch_token(&client, "sandbox", "sandbox").await.expect("a token").text;
    let shared = Arc::new((client, token, job.purpose.clone(), AtomicU64::new(0)));
    let began = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CONCURRENCY {
        let shared = Arc::clone(&shared);
        callers.spawn(async move {
            let (client, token, purpose, next) = &*shared;
            loop {
                let item = next.fetch_add(1, Ordering::Relaxed);
                if item >= items {
                    return;
                }
                let code = holder_code(item);
                let holder = Holder { code: &code, code_type: "111", cert_type_code: TYPE, certificate_number: None };
                std::hint::black_box(client.attempt(&ShengShiStateInfo { holder }.request(purpose), token).await);
            }
        });
    }
    callers.join_all().await;
    per_second(items, began)
}

/// Calls a second of the engine.
async fn engine(job: &Job, base_url: &str, journal: &Path) -> f64 {
    let client = Client::new(&job.platform, base_url, CONCURRENCY).expect("a client");
    let session = Arc::new(Session::new(client, job, CancellationToken::new()));
    session.open().await.expect("a token");
    let engine = Engine {
        journal: journal.to_owned(),
        session,
        settings: AuditSettings {
            keys: job.audit,
            faces: Arc::new(FaceRules::new(&job.faces)),
            codes: job.platform.codes.clone(),
        },
        purpose: job.purpose.clone(),
        limit: None,
        interrupts: Interrupts::default(),
    };
    let counts = Journal::open(journal).and_then(|journal| journal.counts()).expect("it can be read");
    let began = Instant::now();
    let report = run(engine, counts, &mut |_| {}, |_| {}).await;
    assert!(report.stop.is_none(), "{:?}", report.stop);
    per_second(report.tally.calls, began)
}

#[expect(clippy::cast_precision_loss, reason = "some millions")]
fn per_second(calls: u64, began: Instant) -> f64 {
    calls as f64 / began.elapsed().as_secs_f64()
}

/// The most memory that this process has had, in MiB; it holds the sandbox too.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or_default() / 1024
}

fn main() {
    let items: u64 = std::env::var("ECERT_BENCH_ITEMS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    // The platform has a thread of its own, as it has a machine of its own elsewhere.
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        runtime.block_on(async {
            let sandbox = Sandbox::start(SandboxSettings::default(), ([127, 0, 0, 1], 0).into()).await.expect("it starts");
            sender.send(sandbox.base_url()).expect("somebody waits");
            std::future::pending::<()>().await;
        });
    });
    let base_url = receiver.recv().expect("it starts");
    let job = job();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
    let folder = tempfile::tempdir().expect("a folder");
    let mut ratios = Vec::new();
    runtime.block_on(bare(&job, &base_url, items / 10));
    for pair in 0..3 {
        let journal = folder.path().join(format!("{pair}.sqlite"));
        plan(&journal, items);
        let bare = runtime.block_on(bare(&job, &base_url, items));
        let engine = runtime.block_on(engine(&job, &base_url, &journal));
        #[expect(clippy::cast_precision_loss, reason = "some gigabytes")]
        let bytes = std::fs::metadata(&journal).map_or(0, |file| file.len()) as f64 / items as f64;
        println!("bare {bare:.0} calls/s   engine {engine:.0} calls/s   journal {bytes:.0} bytes an item, plan included");
        ratios.push(engine / bare);
    }
    println!("peak memory {} MiB, sandbox included", peak_mib());
    ratios.sort_by(f64::total_cmp);
    println!("ratio {:.2}", ratios[1]);
}
