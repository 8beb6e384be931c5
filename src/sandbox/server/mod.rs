//! HTTP server of the sandbox.

mod business;

use super::answer::Answerer;
use super::dice::Dice;
use super::fault::{Fault, Faults};
use super::file::{ofd, pdf};
use super::library::Library;
use super::log::AccessLog;
use super::oddity::Oddities;
use super::response::{html, json_response, respond, too_many, written_response};
use crate::endpoint::Endpoint;
use crate::job::SandboxSettings;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use business::{CallPath, business};
use chrono::Utc;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;

/// Path of the platform below its host (specification, section 6).
const ROOT: &str = "/license-api-release";
/// Path of download addresses below [`ROOT`].
const DOWNLOAD: &str = "/elssp/v1/download";
/// Path below [`ROOT`] that redirected calls go to.
const MOVED: &str = "/moved";
/// User name and password of the sandbox.
const ACCOUNT: &str = "sandbox";

/// Error on starting the sandbox.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot listen on the address.
    #[error("sandbox {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Error of the operating system.
        #[source]
        cause: std::io::Error,
    },
    /// The access log cannot be opened.
    #[error("sandbox {}: {cause}", .path.display())]
    Log {
        /// Path of the log.
        path: PathBuf,
        /// Error of the operating system.
        #[source]
        cause: std::io::Error,
    },
}

/// A running sandbox. It serves until the runtime ends.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    started: Instant,
    settings: SandboxSettings,
    answerer: Answerer,
    faults: Faults,
    oddities: Oddities,
    tokens: Mutex<HashMap<String, Instant>>,
    requests: AtomicU64,
    in_flight: AtomicU32,
    /// Current second since the start, and the number of requests in it.
    this_second: Mutex<(u64, u32)>,
    log: Option<AccessLog>,
}

impl Sandbox {
    /// Starts serving on `address`; port 0 selects any free port.
    ///
    /// # Errors
    /// Fails if it cannot listen on the address, or cannot open its access log.
    pub async fn start(settings: SandboxSettings, address: SocketAddr) -> Result<Self, StartError> {
        let listening = |cause| StartError::Listen { address, cause };
        let listener = TcpListener::bind(address).await.map_err(listening)?;
        let local = listener.local_addr().map_err(listening)?;
        let open = |path: &PathBuf| AccessLog::open(path).map_err(|cause| StartError::Log { path: path.clone(), cause });
        let log = settings.access_log.as_ref().map(open).transpose()?;
        let shared = Arc::new(Shared {
            address: local,
            started: Instant::now(),
            answerer: Answerer {
                seed: settings.seed,
                libraries: Library::new(settings.seed, settings.settle_delay),
                unpublished: settings.unpublished.clone(),
            },
            faults: Faults::new(&settings),
            oddities: Oddities::new(&settings),
            tokens: Mutex::new(HashMap::new()),
            requests: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            this_second: Mutex::new((0, 0)),
            log,
            settings,
        });
        let mut router = Router::new()
            .route(&format!("{ROOT}{}", Endpoint::Token.path()), post(token))
            .route(&format!("{ROOT}{DOWNLOAD}"), get(download));
        // Interfaces 4 and 5 share a path and are distinguished by their parameters.
        for endpoint in Endpoint::all().filter(|endpoint| !matches!(endpoint, Endpoint::Token | Endpoint::ShareVerifyCertFile)) {
            for (folder, path) in [("", CallPath::Usual), (MOVED, CallPath::Moved)] {
                let handler = move |State(shared): State<Arc<Shared>>, body: Bytes| business(shared, endpoint, path, body);
                router = router.route(&format!("{ROOT}{folder}{}", endpoint.path()), post(handler));
            }
        }
        let router = router.with_state(Arc::clone(&shared));
        tokio::spawn(async move {
            // Serving ends with the runtime only.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { shared })
    }

    /// Returns the base URL of the platform.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{ROOT}", self.shared.address)
    }

    /// Returns the number of business requests received so far, including those answered with faults.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

/// Interface 1: the token request, with parameters in a form body or in the query.
async fn token(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let _in_flight = InFlight::enter(&shared);
    let query = query.unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).chain(url::form_urlencoded::parse(&body));
    let parameters: HashMap<String, String> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let response = token_response(&shared, &parameters);
    shared.log(Endpoint::Token, &Map::new(), response.status(), None);
    response
}

fn token_response(shared: &Shared, parameters: &HashMap<String, String>) -> Response {
    if let Some(response) = shared.turned_away() {
        return response;
    }
    let is = |name: &str, value: &str| parameters.get(name).is_some_and(|given| given == value);
    let fixed = is("client_id", "linewell-oauth") && is("client_secret", "linewell-mobile") && is("grant_type", "password");
    if !fixed || !is("scope", "read write") {
        return json_response(StatusCode::UNAUTHORIZED, &json!({"error": "invalid_client"}));
    }
    if !is("username", ACCOUNT) || !is("password", ACCOUNT) {
        return json_response(
            StatusCode::BAD_REQUEST,
            &json!({"error": "invalid_grant", "error_description": "Bad credentials"}),
        );
    }
    let life = shared.settings.token_life;
    let mut tokens = shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    let mut dice = Dice::new(shared.settings.seed, &["token", &tokens.len().to_string()]);
    let text = format!("{:016x}-{:016x}", dice.next(), dice.next());
    tokens.insert(text.clone(), Instant::now() + life);
    let answer = json!({
        "access_token": text, "token_type": "bearer", "refresh_token": format!("{:016x}", dice.next()),
        "expires_in": life.as_secs(), "scope": "read write",
    });
    written_response(shared.oddities.write_token(&answer))
}

/// Serves the files of download addresses; an expired address returns a page that says so.
async fn download(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let _in_flight = InFlight::enter(&shared);
    let query = query.unwrap_or_default();
    let parameters: HashMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).collect();
    let get = |name: &str| parameters.get(name).map(AsRef::as_ref).unwrap_or_default();
    let identifier =
        URL_SAFE_NO_PAD.decode(get("fileId")).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let until: i64 = get("until").parse().unwrap_or_default();
    if Utc::now().timestamp_millis() >= until || shared.answerer.libraries.find(&identifier).is_none() {
        return html(StatusCode::NOT_FOUND, "<p>链接已失效</p>");
    }
    if get("fileFormat") == "PDF" {
        respond(StatusCode::OK, "application/pdf", pdf(&identifier).into())
    } else {
        respond(StatusCode::OK, "application/ofd", ofd(&identifier).into())
    }
}

impl Shared {
    /// Returns the response during an outage or above the rate limit; `None` if the request is to be answered.
    fn turned_away(&self) -> Option<Response> {
        let age = self.started.elapsed();
        if self.settings.outage.as_ref().is_some_and(|outage| outage.contains(&age)) {
            return Some(html(StatusCode::SERVICE_UNAVAILABLE, "<h1>Service Unavailable</h1>"));
        }
        if self.settings.rate_limit > 0 {
            let mut this_second = self.this_second.lock().unwrap_or_else(PoisonError::into_inner);
            if this_second.0 != age.as_secs() {
                *this_second = (age.as_secs(), 0);
            }
            this_second.1 += 1;
            if this_second.1 > self.settings.rate_limit {
                return Some(too_many(1));
            }
        }
        None
    }

    fn download_address(&self, identifier: &str, format: &str) -> String {
        let life = i64::try_from(self.settings.address_life.as_millis()).unwrap_or(i64::MAX);
        let until = Utc::now().timestamp_millis().saturating_add(life);
        let file = URL_SAFE_NO_PAD.encode(identifier);
        format!("http://{}{ROOT}{DOWNLOAD}?fileId={file}&until={until}&fileFormat={format}", self.address)
    }

    fn log(&self, endpoint: Endpoint, parameters: &Map<String, Value>, status: StatusCode, fault: Option<Fault>) {
        if let Some(log) = &self.log {
            log.line(
                endpoint,
                parameters,
                status.as_u16(),
                fault.map(|fault| format!("{fault:?}")).as_deref(),
                self.in_flight.load(Ordering::Relaxed),
            );
        }
    }
}

/// Counts a request as in flight until it is dropped.
struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    fn enter(shared: &'a Shared) -> Self {
        shared.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
