//! Certificate files over real HTTP: fetched, refused, verified, packed.

mod export;
mod hosts;
mod library;
mod refusals;
mod resuming;
mod shards;
mod waiting;

use crate::support::{Platform, Workspace, citizen, items, job_text, stderr, stdout};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ecert_audit::job::SandboxSettings;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Every file below a folder.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// How often each status stands in `files.parquet`.
fn statuses(workspace: &Workspace) -> BTreeMap<String, usize> {
    let mut statuses = BTreeMap::new();
    for row in workspace.table("files") {
        *statuses.entry(row["status"].clone()).or_default() += 1;
    }
    statuses
}

/// Statuses as [`statuses`] counts them.
fn counts<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.map(|(status, count)| (status.to_owned(), count)).into()
}

/// A complete run over `count` items of the platform, and the job's text with `[archive]` open to be extended.
fn complete_run(platform: &Platform, count: u64, archive: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(count).as_bytes());
    workspace.write_job(&format!("{}\n[archive]\n{archive}\n", platform.job("inputs/items.csv", "rate = \"unlimited\"")));
    workspace.run_job(&[], 0);
    workspace
}

fn fetch(workspace: &Workspace, extra: &[&str], code: i32) -> String {
    let mut args = vec!["archive", "outputs/test/once"];
    args.extend(extra);
    let output = workspace.run(&args);
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    stdout(&output) + &stderr(&output)
}

/// Every file in the table is on the disk as the table says, and nothing else is.
fn assert_whole(workspace: &Workspace) {
    let mut listed = Vec::new();
    for row in workspace.table("files").iter().filter(|row| row["status"] == "stored") {
        let path = workspace.run_dir().join(&row["path"]);
        let bytes = fs::read(&path).unwrap();
        assert_eq!((row["bytes"].clone(), row["sha256"].clone()), (bytes.len().to_string(), hash(&bytes)));
        assert!(row["path"].starts_with(&format!("archive/{}/{}/", "11100000000013127D001", &row["sha256"][..2])), "{row:?}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        listed.push(path);
    }
    listed.sort();
    assert_eq!(files_below(&workspace.run_dir().join("archive")), listed);
}

#[test]
fn files_of_a_run_are_fetched_once_and_verified_and_packed() {
    let platform = Platform::start(SandboxSettings::default());
    let workspace = complete_run(&platform, 40, "enabled = true");
    assert_whole(&workspace);
    let held: usize = workspace
        .table("coverage")
        .iter()
        .map(|row| {
            usize::from(row.contains_key("province_certificate_id")) + usize::from(row.contains_key("city_certificate_id"))
        })
        .sum();
    assert_eq!(workspace.table("files").len(), held, "one for each identifier on either side");
    let found = statuses(&workspace);
    assert!(found["stored"] > 40 && found["stored"] + found.get("no_address").copied().unwrap_or_default() == held, "{found:?}");

    let before = platform.asked().len();
    workspace.run_job(&[], 0);
    fetch(&workspace, &[], 0);
    assert_eq!(platform.asked().len(), before, "nothing is fetched twice, nobody is asked");
    let stored = found["stored"];
    assert!(fetch(&workspace, &["--verify"], 0).contains(&format!("{stored} 个文件与归档时一致")));

    fetch(&workspace, &["--export", "files.zip", "--side", "city"], 0);
    let mut zip = zip::ZipArchive::new(fs::File::open(workspace.path("files.zip")).unwrap()).unwrap();
    let manifest = std::io::read_to_string(zip.by_name("manifest.csv").unwrap()).unwrap();
    let is_packed = |row: &crate::support::TextRow| row["side"] == "city" && row["status"] == "stored";
    let of_city: Vec<_> = workspace.table("files").into_iter().filter(is_packed).collect();
    assert_eq!((zip.len() - 1, manifest.lines().count() - 1), (of_city.len(), of_city.len()));
    let mut bytes = Vec::new();
    std::io::copy(&mut zip.by_name(&of_city[0]["path"]).unwrap(), &mut bytes).unwrap();
    assert_eq!(hash(&bytes), of_city[0]["sha256"]);

    let mut book: calamine::Xlsx<_> = calamine::open_workbook(workspace.run_dir().join("report.xlsx")).unwrap();
    let sheet = calamine::Reader::worksheet_range(&mut book, "文件归档").unwrap();
    assert_eq!(sheet.rows().count() - 1, held);
}

#[test]
fn tampering_is_found_and_mended() {
    let platform = Platform::start(SandboxSettings::default());
    let workspace = complete_run(&platform, 12, "enabled = true");
    let files = files_below(&workspace.run_dir().join("archive"));
    fs::remove_file(&files[0]).unwrap();
    fs::write(&files[1], b"%PDF-1.4 something else %%EOF").unwrap();
    fs::write(workspace.run_dir().join("archive/stranger.txt"), b"?").unwrap();
    let told = fetch(&workspace, &["--verify"], 1);
    let relative = |path: &Path| path.strip_prefix(workspace.run_dir()).unwrap().to_string_lossy().into_owned();
    for (what, path) in [("缺失", &files[0]), ("改变", &files[1])] {
        assert!(told.contains(&format!("{what}  {}", relative(path))), "{told}");
    }
    assert!(told.contains("多出  archive/stranger.txt"), "{told}");
    fs::remove_file(workspace.run_dir().join("archive/stranger.txt")).unwrap();
    fetch(&workspace, &[], 0);
    fetch(&workspace, &["--verify"], 0);
    assert_whole(&workspace);
}

#[test]
fn pages_come_as_pictures_from_the_file_endpoint_and_the_same_content_is_kept_once() {
    let platform = Platform::start(SandboxSettings::default());
    let workspace = complete_run(&platform, 8, "enabled = true\nvia = \"base64\"\nformat = \"png\"\nsides = [\"city\"]");
    let rows = workspace.table("files");
    assert!(rows.len() > 8 && rows.iter().all(|row| row["side"] == "city"), "two pages each");
    assert_eq!(statuses(&workspace)["stored"], 1, "the stand-in has one picture for all pages");
    assert_whole(&workspace);
}

#[test]
fn an_extraction_code_of_the_input_leads_to_a_pdf() {
    let platform = Platform::start(SandboxSettings::default());
    let workspace = Workspace::new();
    let holder = citizen(3);
    // The code leads back to a certificate of the stand-in: any that the city holds.
    let truth = ecert_audit::sandbox::truth(crate::support::SEED, &holder, "11100000000013127D001");
    let held = truth.iter().find_map(|certificate| certificate.city.as_ref()).expect("the city holds one");
    let code = ecert_audit::sandbox::extraction_code(&held.identifier);
    workspace.write_input("a.csv", format!("证件号码,证照类型代码,提取码\n{holder},11100000000013127D001,{code}\n").as_bytes());
    workspace.write_job(&format!("{}\n[archive]\nenabled = true\n", platform.job("inputs/a.csv", "rate = \"unlimited\"")));
    workspace.run_job(&[], 0);
    let rows = workspace.table("files");
    assert!(rows.iter().any(|row| row["format"] == "pdf" && !row.contains_key("certificate_id")), "{rows:?}");
}

#[test]
fn standard_error_that_is_full_changes_no_exit_code() {
    let platform = Platform::start(SandboxSettings { address_life: Duration::ZERO, ..SandboxSettings::default() });
    let workspace = complete_run(&platform, 3, "");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = workspace.command(&["archive", "outputs/test/once"]);
    let status = command.stdout(std::process::Stdio::null()).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(3));
    assert!(statuses(&workspace)["address_expired"] > 0);
}

#[test]
fn an_expired_address_is_asked_for_again_and_then_told() {
    let platform = Platform::start(SandboxSettings { address_life: Duration::ZERO, ..SandboxSettings::default() });
    let workspace = complete_run(&platform, 3, "concurrency = 1");
    let before = platform.asked().len();
    fetch(&workspace, &[], 3);
    let found = statuses(&workspace);
    let asked = platform.asked();
    let addresses = asked[before..].iter().filter(|asked| asked.endpoint == "ShareDownloadUrl").count();
    assert_eq!(addresses, 2 * found["address_expired"] + found.get("no_address").copied().unwrap_or_default(), "twice each");
    assert!(files_below(&workspace.run_dir().join("archive")).is_empty());
}

/// A platform of one certificate per item whose file lies at `address`.
struct Elsewhere {
    _runtime: tokio::runtime::Runtime,
    base_url: String,
    /// Requests for files.
    files: Arc<AtomicU64>,
    /// Requests at a host that nobody may ask.
    forbidden: Arc<AtomicU64>,
}

const IDENTIFIER: &str = "../../../etc/passwd";

/// Starts the platform; its file server answers with what `file` makes of the forbidden host's address.
fn elsewhere(file: impl Fn(&str) -> Response + Clone + Send + Sync + 'static, address: impl Fn(&str) -> String) -> Elsewhere {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (files, forbidden) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    // The other host is another address of the loopback network.
    let other = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.2:0")).unwrap();
    let other_url = format!("http://{}", other.local_addr().unwrap());
    let count = Arc::clone(&forbidden);
    let forbidden_router = Router::new().fallback(move || {
        count.fetch_add(1, Ordering::Relaxed);
        async { "%PDF-1.4 %%EOF" }
    });
    runtime.spawn(async move { axum::serve(other, forbidden_router).await });
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let state = format!(
        r#"{{"head":{{"status":"0","shengIsExists":"0","shiIsExists":"1"}},"data":{{"total":"1","dataList":[{{"fileNumber":"{IDENTIFIER}","certificateNumber":"1"}}]}}}}"#
    );
    let given = address(&base_url);
    let addresses =
        format!(r#"{{"head":{{"status":"0"}},"data":{{"total":"1","dataList":[{{"fileUrl":"{given}","fileFormat":"OFD"}}]}}}}"#);
    let count = Arc::clone(&files);
    let router = Router::new()
        .route("/oauth/token", post(|| async { r#"{"access_token":"secret-token"}"# }))
        .route(
            "/file",
            get(move |headers: axum::http::HeaderMap| {
                count.fetch_add(1, Ordering::Relaxed);
                assert!(!format!("{headers:?}").contains("secret-token"), "no token goes with a download");
                let response = file(&other_url);
                async move { response }
            }),
        )
        .fallback(post(move |uri: axum::http::Uri, _body: Bytes| {
            let body = if uri.path().contains("ownload") { addresses.clone() } else { state.clone() };
            async move { body }
        }));
    runtime.spawn(async move { axum::serve(listener, router).await });
    Elsewhere { _runtime: runtime, base_url, files, forbidden }
}

fn run_elsewhere(platform: &Elsewhere, archive: &str, code: i32) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(1).as_bytes());
    let text = job_text("inputs/items.csv", "rate = \"unlimited\"");
    let (before, rest) = text.split_once("base_url = \"sandbox\"").unwrap();
    let (_, after) = rest.split_once("[purpose]").unwrap();
    let account = "username = \"a\"\npassword = { command = [\"echo\", \"b\"] }";
    let job = format!("{before}base_url = \"{}\"\n{account}\n[purpose]{after}", platform.base_url);
    let job = job.replace("[throttle]", "[audit]\ndepth = \"existence\"\n[throttle]");
    workspace.write_job(&format!("{job}attempts = 2\n[archive]\nenabled = true\n{archive}\n"));
    workspace.run_job(&[], code);
    workspace
}

fn here(base_url: &str) -> String {
    format!("{base_url}/file")
}

const GOOD: &[u8] = b"%PDF-1.4\n...\n%%EOF\n";

#[test]
fn what_is_no_certificate_file_is_kept_out() {
    for (body, status) in [
        (&b"<html><form>login</form></html>"[..], "not_a_certificate_file"),
        (b"", "not_a_certificate_file"),
        (b"%PDF-1.4\n...", "not_a_certificate_file"),
        (b"PK\x03\x04 broken", "not_a_certificate_file"),
    ] {
        let platform = elsewhere(move |_| Body::from(body).into_response(), here);
        let workspace = run_elsewhere(&platform, "", 0);
        assert_eq!(statuses(&workspace).keys().collect::<Vec<_>>(), [status], "{}", String::from_utf8_lossy(body));
        assert!(files_below(&workspace.run_dir().join("archive")).is_empty());
        fetch(&workspace, &[], 0);
        assert_eq!(platform.files.load(Ordering::Relaxed), 1, "what lasts is a finding: it is not fetched again");
    }
}

#[test]
fn a_zip_with_more_parts_than_an_ofd_has_is_no_certificate_file() {
    let mut zip = b"PK\x03\x04".to_vec();
    for _ in 0..20_001 {
        zip.extend(b"PK\x01\x02");
        zip.extend([0; 42]);
    }
    let platform = elsewhere(move |_| Body::from(zip.clone()).into_response(), here);
    let workspace = run_elsewhere(&platform, "", 0);
    let rows = workspace.table("files");
    assert_eq!(rows[0]["status"], "not_a_certificate_file");
    assert!(rows[0]["error_message"].contains("压缩包内的文件过多"), "{rows:?}");
}

#[test]
fn a_name_of_the_platforms_never_leaves_the_archive() {
    let platform = elsewhere(|_| Body::from(GOOD).into_response(), here);
    let workspace = run_elsewhere(&platform, "", 0);
    let rows = workspace.table("files");
    assert!(rows[0]["path"].ends_with("/_________etc_passwd.pdf"), "{rows:?}");
    assert_eq!(rows[0]["certificate_id"], IDENTIFIER, "the table has it as it is");
    assert_whole(&workspace);
}

#[test]
fn a_host_that_is_not_allowed_is_never_contacted() {
    let redirecting = |other: &str| (StatusCode::FOUND, [(header::LOCATION, format!("{other}/x"))]).into_response();
    let platform = elsewhere(redirecting, here);
    let workspace = run_elsewhere(&platform, "", 0);
    assert_eq!(statuses(&workspace).keys().collect::<Vec<_>>(), ["forbidden_host"]);
    assert_eq!((platform.files.load(Ordering::Relaxed), platform.forbidden.load(Ordering::Relaxed)), (1, 0));
    // A name that leads to an address outside the listed network is refused by that address.
    let by_name = |base_url: &str| here(base_url).replace("127.0.0.1", "localhost");
    let platform = elsewhere(|_| Body::from(GOOD).into_response(), by_name);
    let workspace = run_elsewhere(&platform, "allowed_hosts = [\"172.20.0.0/16\"]", 0);
    assert_eq!(statuses(&workspace).keys().collect::<Vec<_>>(), ["forbidden_host"]);
    assert_eq!(platform.files.load(Ordering::Relaxed), 0);
    // Put right, running again fetches it: through the allowed network, and through a redirect into it.
    let platform = elsewhere(redirecting, here);
    run_elsewhere(&platform, "allowed_hosts = [\"127.0.0.0/8\"]", 0);
    assert_eq!(platform.forbidden.load(Ordering::Relaxed), 1);
}

#[test]
fn what_is_too_large_or_too_slow_is_given_up() {
    let platform = elsewhere(|_| Body::from(vec![b'x'; 200_000]).into_response(), here);
    let workspace = run_elsewhere(&platform, "max_file = \"100KiB\"", 0);
    assert_eq!(statuses(&workspace).keys().collect::<Vec<_>>(), ["too_large"]);

    let drip = || {
        let pieces = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
        });
        Body::from_stream(pieces).into_response()
    };
    let platform = elsewhere(move |_| drip(), here);
    let workspace = run_elsewhere(&platform, "timeout = \"100ms\"", 3);
    assert_eq!(statuses(&workspace).keys().collect::<Vec<_>>(), ["failed"]);
    assert!(workspace.table("files")[0]["error_message"].contains("在规定时间内"));
    assert_eq!(platform.files.load(Ordering::Relaxed), 2, "as often as the job allows");
    assert!(files_below(&workspace.run_dir().join("archive")).is_empty(), "nothing half is left");
}

#[test]
fn a_full_disk_ends_with_one_and_nothing_half() {
    let mut large = GOOD.to_vec();
    large.splice(9..9, vec![b'x'; 4 << 20]);
    let platform = elsewhere(move |_| Body::from(large.clone()).into_response(), here);
    let workspace = run_elsewhere(&platform, "max_file = \"1KiB\"", 0);
    let job = fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
    workspace.write_job(&job.replace("max_file = \"1KiB\"", ""));
    // No file may grow past 2 MiB: the certificate's does, the journal does not.
    let script = format!("trap '' XFSZ; ulimit -f 2048; exec {} archive outputs/test/once", env!("CARGO_BIN_EXE_ecert-audit"));
    let output = std::process::Command::new("sh").args(["-c", &script]).current_dir(workspace.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("无法写入归档"), "{}", stderr(&output));
    assert!(files_below(&workspace.run_dir().join("archive")).is_empty());
    fetch(&workspace, &[], 0);
    assert_whole(&workspace);
}

#[test]
fn a_killed_fetch_goes_on_and_fetches_nothing_twice() {
    let platform = Platform::start(SandboxSettings {
        latency: Duration::from_millis(2)..Duration::from_millis(5),
        ..SandboxSettings::default()
    });
    let workspace = complete_run(&platform, 60, "concurrency = 2");
    let before = platform.asked().len();
    let mut process = workspace.command(&["archive", "outputs/test/once"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    crate::support::wait_for(&mut process, || platform.asked().len() > before + 20);
    process.kill().unwrap();
    process.wait().unwrap();
    fetch(&workspace, &[], 0);
    assert!(statuses(&workspace).keys().all(|status| status == "stored" || status == "no_address"));
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for asked in platform.asked()[before..].iter().filter(|asked| asked.endpoint == "ShareDownloadUrl") {
        *times.entry(asked.parameters["certificateID"].to_string()).or_default() += 1;
    }
    let repeated: u32 = times.values().map(|times| times - 1).sum();
    assert!(repeated <= 4, "those in flight, two at once: {repeated}");
    // What the kill left half written is gone.
    fetch(&workspace, &["--verify"], 0);
}
