//! A platform of many certificates, one for each item, that answers calls about their files as it is told to.

use crate::support::{Workspace, citizen, items, job_text};
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path as AxumPath;
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::collections::HashMap;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// How a call for the download address of a certificate is answered.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// With an address of the platform's own.
    Address,
    /// With this address.
    At(String),
    /// With this return code, and nothing else.
    Code(i32),
    /// With this HTTP status.
    Http(u16),
}

/// Something that happened at the platform; certificates are numbered like their items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// An address was asked for.
    Asked(u64),
    /// A download was begun.
    Begun(u64),
    /// A file was sent.
    Sent(u64),
}

/// The base addresses of the platform, and of a file server on another port of its host.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    pub platform: String,
    pub other_port: String,
}

pub(super) struct Library {
    _runtime: tokio::runtime::Runtime,
    pub addresses: Addresses,
    count: u64,
    log: Arc<Mutex<Vec<Event>>>,
    /// Requests at the file server on the other port.
    other: Arc<Mutex<u64>>,
    /// A permit is used up by each file that is sent.
    gate: Arc<Semaphore>,
}

/// More files than any test sends.
const OPEN: usize = 1_000_000;

impl Library {
    /// Starts a platform of `count` certificates; `answer` says how calls about their files are answered.
    pub(super) fn start(count: u64, answer: impl Fn(u64, &Addresses) -> Answer + Clone + Send + Sync + 'static) -> Self {
        let library = Self::start_closed(count, answer);
        library.open();
        library
    }

    /// The same, and no file is sent before it is [opened](Self::open) or [let through](Self::let_through).
    pub(super) fn start_closed(count: u64, answer: impl Fn(u64, &Addresses) -> Answer + Clone + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listen = || runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let (listener, other_listener) = (listen(), listen());
        let url = |listener: &tokio::net::TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let addresses = Addresses { platform: url(&listener), other_port: url(&other_listener) };
        let log = Arc::new(Mutex::new(Vec::new()));
        let other = Arc::new(Mutex::new(0));
        let gate = Arc::new(Semaphore::new(0));

        let (events, gate_of_files) = (Arc::clone(&log), Arc::clone(&gate));
        let file = move |AxumPath(number): AxumPath<u64>| {
            let (events, gate) = (Arc::clone(&events), Arc::clone(&gate_of_files));
            async move {
                events.lock().unwrap().push(Event::Begun(number));
                gate.acquire().await.unwrap().forget();
                events.lock().unwrap().push(Event::Sent(number));
                format!("%PDF-1.4\n{number}\n%%EOF\n")
            }
        };
        let (events, known) = (Arc::clone(&log), addresses.clone());
        let numbers: HashMap<String, u64> = (0..count).map(|number| (citizen(number), number)).collect();
        let call = move |body: Bytes| {
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let (status, text) = match body["certificateID"].as_str() {
                None => (StatusCode::OK, held(numbers[body["certificateHolderCode"].as_str().unwrap()])),
                Some(identifier) => {
                    let number = identifier.strip_prefix("file-").unwrap().parse().unwrap();
                    events.lock().unwrap().push(Event::Asked(number));
                    address(number, answer(number, &known), &known)
                }
            };
            async move { (status, text) }
        };
        let router = Router::new()
            .route("/oauth/token", post(|| async { r#"{"access_token":"secret-token"}"# }))
            .route("/file/{number}", get(file))
            .fallback(post(call));
        runtime.spawn(async move { axum::serve(listener, router).await });
        let asked = Arc::clone(&other);
        let other_router = Router::new().fallback(get(move || {
            *asked.lock().unwrap() += 1;
            async { "%PDF-1.4\nfrom another port\n%%EOF\n" }
        }));
        runtime.spawn(async move { axum::serve(other_listener, other_router).await });
        Self { _runtime: runtime, addresses, count, log, other, gate }
    }

    /// Sends every file that is asked for from now on, and those that wait.
    pub(super) fn open(&self) {
        self.gate.add_permits(OPEN);
    }

    /// Sends this many files.
    pub(super) fn let_through(&self, count: usize) {
        self.gate.add_permits(count);
    }

    /// A workspace with a job on it, one item for each certificate.
    pub(super) fn workspace(&self, throttle: &str, archive: &str) -> Workspace {
        let workspace = Workspace::new();
        workspace.write_input("items.csv", items(self.count).as_bytes());
        workspace.write_job(&self.job(throttle, archive));
        workspace
    }

    /// The job's text.
    pub(super) fn job(&self, throttle: &str, archive: &str) -> String {
        let text = job_text("inputs/items.csv", throttle);
        let (before, rest) = text.split_once("base_url = \"sandbox\"").unwrap();
        let (_, after) = rest.split_once("[purpose]").unwrap();
        let account = "username = \"a\"\npassword = { command = [\"echo\", \"b\"] }";
        let job = format!("{before}base_url = \"{}\"\n{account}\n[purpose]{after}", self.addresses.platform);
        let job = job.replace("[throttle]", "[audit]\ndepth = \"existence\"\n[throttle]");
        format!("{job}attempts = 2\n[archive]\n{archive}\n")
    }

    /// What has happened so far.
    pub(super) fn events(&self) -> Vec<Event> {
        self.log.lock().unwrap().clone()
    }

    /// How often something has happened so far.
    pub(super) fn count(&self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.log.lock().unwrap().iter().filter(|event| is_it(event)).count()
    }

    /// Requests at the file server on the other port so far.
    pub(super) fn other_requests(&self) -> u64 {
        *self.other.lock().unwrap()
    }
}

pub(super) const fn is_asked(event: &Event) -> bool {
    matches!(event, Event::Asked(_))
}

pub(super) const fn is_begun(event: &Event) -> bool {
    matches!(event, Event::Begun(_))
}

/// The city alone holds one certificate.
fn held(number: u64) -> String {
    format!(
        r#"{{"head":{{"status":"0","shengIsExists":"0","shiIsExists":"1"}},"data":{{"total":"1","dataList":[{{"fileNumber":"file-{number}","certificateNumber":"{number}"}}]}}}}"#
    )
}

fn address(number: u64, answer: Answer, addresses: &Addresses) -> (StatusCode, String) {
    let given = |url: &str| {
        let text = format!(r#"{{"head":{{"status":"0"}},"data":{{"total":"1","dataList":[{{"fileUrl":"{url}"}}]}}}}"#);
        (StatusCode::OK, text)
    };
    match answer {
        Answer::Address => given(&format!("{}/file/{number}", addresses.platform)),
        Answer::At(url) => given(&url),
        Answer::Code(code) => (StatusCode::OK, format!(r#"{{"head":{{"status":"{code}"}},"data":null}}"#)),
        Answer::Http(status) => (StatusCode::from_u16(status).unwrap(), "no".to_owned()),
    }
}

/// Sends a process a signal.
pub(super) fn signal(process: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &process.id().to_string()]).status().unwrap().success());
}
