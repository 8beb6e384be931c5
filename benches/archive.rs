//! What the archive adds to bare downloading: files a second of a loop that asks for addresses and saves what they lead to as
//! it comes, as a download tool does, and of the archive, which checks, hashes, syncs and journals the files:
//! `cargo bench --bench archive`. The last line is their ratio. `ECERT_BENCH_FILES` sets the number of files, of 100 KB each.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path as AxumPath;
use axum::http::StatusCode;
use axum::routing::{get, post};
use ecert_audit::archive::{Archive, Selection};
use ecert_audit::audit::{AuditSettings, Call};
use ecert_audit::face::FaceRules;
use ecert_audit::intake::{NewItem, Place, Sink};
use ecert_audit::interrupt::Interrupts;
use ecert_audit::job::Job;
use ecert_audit::journal::{Journal, NewAnswer, Record, Shard};
use ecert_audit::platform::{Client, Session, ShareDownloadUrl, fetch_token};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

const CONCURRENCY: usize = 8;
const FILE_BYTES: usize = 100_000;

fn job(base_url: &str) -> Job {
    let text = format!(
        "[job]\nname = \"bench\"\n[platform]\nbase_url = \"{base_url}\"\nusername = \"a\"\npassword = {{ command = [\"echo\", \"b\"] }}\n\
         [purpose]\nsystem_name = \"a\"\ncall_category = 1\nmatter_name = \"a\"\nevent_code = \"a\"\ncopy_cause = \"a\"\n\
         [[inputs]]\npath = \"a\"\n[audit]\ndepth = \"existence\"\n[throttle]\nrate = \"unlimited\"\nconcurrency = {CONCURRENCY}\n\
         [archive]\nconcurrency = {CONCURRENCY}\n"
    );
    Job::parse(Path::new("jobs/bench.toml"), &text).expect("the job is good")
}

/// A platform whose addresses lead to PDFs of 100 KB, each with its number in it, on a thread of its own.
fn platform() -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let base_url = format!("http://{}", listener.local_addr().expect("an address"));
            sender.send(base_url.clone()).expect("somebody waits");
            let address = move |body: Bytes| {
                let base_url = base_url.clone();
                async move {
                    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
                    let file = body["certificateID"].as_str().unwrap_or_default();
                    format!(r#"{{"head":{{"status":"0"}},"data":{{"total":"1","dataList":[{{"fileUrl":"{base_url}/file/{file}"}}]}}}}"#)
                }
            };
            let file = |AxumPath(name): AxumPath<String>| async move {
                let mut bytes = format!("%PDF-1.4 {name}\n").into_bytes();
                bytes.resize(FILE_BYTES - 6, b'x');
                bytes.extend(b"\n%%EOF");
                (StatusCode::OK, bytes)
            };
            let router = Router::new()
                .route("/oauth/token", post(|| async { r#"{"access_token":"t"}"# }))
                .route("/file/{name}", get(file))
                .fallback(post(address));
            axum::serve(listener, router).await.expect("it serves");
        });
    });
    receiver.recv().expect("it starts")
}

/// A journal of `files` items that the city holds, all answered.
fn journal(path: &Path, files: u64) {
    let mut journal = Journal::create(path).expect("a new journal");
    let mut plan = journal.begin_plan(&[], Shard::WHOLE, Box::new(|_| Ok(true))).expect("it can be written");
    for file in 0..files {
        let item = NewItem {
            place: Place { file: "bench".into(), sheet: "bench".into(), row: 1 },
            holder_code: format!("3704{file:014}"),
            holder_code_type: "111".to_owned(),
            cert_type_code: "11100000000013127D001".to_owned(),
            certificate_number: None,
            extraction_code: None,
            carried: Vec::new(),
        };
        plan.item(item).expect("it can be written");
    }
    plan.finish().expect("it can be written");
    let record = |file: u64| {
        let answer = format!(
            r#"{{"head":{{"status":"0","shengIsExists":"0","shiIsExists":"1"}},"data":{{"total":"1","dataList":[{{"fileNumber":"file-{file}","certificateNumber":"1"}}]}}}}"#
        );
        let answer = NewAnswer { place: 0, call: Call::State { number: None }, result: Ok(answer.into()), attempts: 1 };
        Record { item_id: file, at: chrono::Utc::now(), answer: Some(answer), finished: Some(false) }
    };
    journal.append(&(0..files).map(record).collect::<Vec<_>>()).expect("it can be written");
}

/// Files a second of a loop that saves them as they come.
async fn bare(job: &Job, base_url: &str, files: u64, dir: &Path) -> f64 {
    let client = Client::new(&job.platform, base_url, CONCURRENCY).expect("a client");
    let token = fetch_token(&client, "a", "b").await.expect("a token").text;
    std::fs::create_dir(dir.join("bare")).expect("a folder");
    let shared = Arc::new((client, token, job.purpose.clone(), AtomicU64::new(0), dir.join("bare")));
    let began = Instant::now();
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CONCURRENCY {
        let shared = Arc::clone(&shared);
        callers.spawn(async move {
            let (client, token, purpose, next, dir) = &*shared;
            loop {
                let file = next.fetch_add(1, Ordering::Relaxed);
                if file >= files {
                    return;
                }
                let name = format!("file-{file}");
                let request = ShareDownloadUrl { certificate_id: &name, expiry_time: None }.request(purpose);
                std::hint::black_box(client.attempt(&request, token).await);
                let url = format!("{}/file/{name}", client.base_url());
                let bytes = client.download(&url).await.expect("a file");
                assert_eq!(bytes.len(), FILE_BYTES);
                std::fs::write(dir.join(format!("{name}.pdf")), bytes).expect("it can be written");
            }
        });
    }
    callers.join_all().await;
    per_second(files, began)
}

/// Files a second of the archive.
async fn archive(job: &Job, base_url: &str, dir: &Path) -> f64 {
    let client = Client::new(&job.platform, base_url, CONCURRENCY).expect("a client");
    let session = Arc::new(Session::new(client, job, CancellationToken::new()));
    session.open().await.expect("a token");
    let archive = Archive {
        job,
        session,
        base_url,
        run_dir: dir.to_owned(),
        journal: dir.join("journal.sqlite"),
        settings: AuditSettings {
            keys: job.audit,
            faces: Arc::new(FaceRules::new(&job.faces)),
            codes: job.platform.codes.clone(),
        },
        selection: Selection::default(),
        interrupts: Interrupts::default(),
    };
    let began = Instant::now();
    let report = archive.fetch(&mut |_| {}).await;
    assert!(report.stop.is_none(), "{:?}", report.stop);
    assert_eq!(report.files.failed, 0);
    per_second(report.files.stored, began)
}

/// Waits until the disk has what was written before: the one should not pay for the other.
fn settle() {
    std::process::Command::new("sync").status().expect("the disk settles");
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn per_second(files: u64, began: Instant) -> f64 {
    files as f64 / began.elapsed().as_secs_f64()
}

/// The most memory that this process has had, in MiB; it holds the platform too.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or_default() / 1024
}

fn main() {
    let files: u64 = std::env::var("ECERT_BENCH_FILES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000);
    let base_url = platform();
    let job = job(&base_url);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread");
    let mut ratios = Vec::new();
    // Folders go at the end, all together: a disk that has just deleted much is slow to make new files.
    let mut dirs = Vec::new();
    for _ in 0..5 {
        let dir = tempfile::tempdir().expect("a folder");
        journal(&dir.path().join("journal.sqlite"), files);
        settle();
        let bare = runtime.block_on(bare(&job, &base_url, files, dir.path()));
        settle();
        let archive = runtime.block_on(archive(&job, &base_url, dir.path()));
        println!("bare {bare:.0} files/s   archive {archive:.0} files/s   peak memory {} MiB", peak_mib());
        ratios.push(archive / bare);
        dirs.push(dir);
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio {:.2}", ratios[2]);
}
