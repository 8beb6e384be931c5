//! The HTTP shell.

use super::answer::{answer, code};
use super::dice::Dice;
use super::fault::{Fault, Faults};
use crate::endpoint::Endpoint;
use crate::job::SandboxSettings;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// Path of the platform below its host (specification, section 6).
const ROOT: &str = "/license-api-release";
/// Life of a token, as in the specification's example.
const TOKEN_LIFE: Duration = Duration::from_secs(30_045);
/// User name and password of the stand-in.
const ACCOUNT: &str = "sandbox";

/// Why the stand-in could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox cannot listen on {address}: {cause}")]
pub struct StartError {
    address: SocketAddr,
    cause: std::io::Error,
}

/// A running stand-in; it serves for the life of the runtime.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: SandboxSettings,
    faults: Faults,
    tokens: Mutex<HashMap<String, Instant>>,
    requests: AtomicU64,
}

impl Sandbox {
    /// Starts serving on `address`; port 0 takes any free port.
    ///
    /// # Errors
    /// Where it cannot listen there.
    pub async fn start(settings: SandboxSettings, address: SocketAddr) -> Result<Self, StartError> {
        let listener = TcpListener::bind(address).await.map_err(|cause| StartError { address, cause })?;
        let address = listener.local_addr().map_err(|cause| StartError { address, cause })?;
        let shared = Arc::new(Shared {
            faults: Faults::new(settings.seed, settings.fault_rate),
            settings,
            tokens: Mutex::new(HashMap::new()),
            requests: AtomicU64::new(0),
        });
        let mut router = Router::new().route(&format!("{ROOT}{}", Endpoint::Token.path()), post(token));
        for endpoint in Endpoint::ALL.into_iter().filter(|endpoint| *endpoint != Endpoint::Token) {
            let handler = move |State(shared): State<Arc<Shared>>, body: Bytes| business(shared, endpoint, body);
            router = router.route(&format!("{ROOT}{}", endpoint.path()), post(handler));
        }
        let router = router.with_state(Arc::clone(&shared));
        tokio::spawn(async move {
            // The listener is open; what remains can only end with the runtime.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, shared })
    }

    /// The platform's base URL.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{ROOT}", self.address)
    }

    /// Business requests served so far, faults included.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }
}

/// Interface 1: parameters as a form body or in the query.
async fn token(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let query = query.unwrap_or_default();
    let pairs = url::form_urlencoded::parse(query.as_bytes()).chain(url::form_urlencoded::parse(&body));
    let parameters: HashMap<String, String> = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
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
    let mut tokens = shared.tokens.lock().expect("no holder of this lock panics");
    let mut dice = Dice::new(shared.settings.seed, &["token", &tokens.len().to_string()]);
    let text = format!("{:016x}-{:016x}", dice.next(), dice.next());
    tokens.insert(text.clone(), Instant::now() + TOKEN_LIFE);
    let answer = json!({
        "access_token": text, "token_type": "bearer", "refresh_token": format!("{:016x}", dice.next()),
        "expires_in": TOKEN_LIFE.as_secs(), "scope": "read write",
    });
    json_response(StatusCode::OK, &answer)
}

async fn business(shared: Arc<Shared>, endpoint: Endpoint, body: Bytes) -> Response {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let Ok(mut parameters) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return json_response(StatusCode::OK, &code(12));
    };
    let token = parameters.remove("access_token");
    let identity = format!("{} {}", endpoint.name(), Value::Object(parameters.clone()));
    delay(&shared.settings, &identity).await;
    let known = token.as_ref().and_then(Value::as_str).is_some_and(|token| {
        let tokens = shared.tokens.lock().expect("no holder of this lock panics");
        tokens.get(token).is_some_and(|end| Instant::now() < *end)
    });
    if !known {
        return json_response(StatusCode::OK, &code(11));
    }
    let truthful = || answer(shared.settings.seed, endpoint, &parameters);
    match shared.faults.next(&identity) {
        None => json_response(StatusCode::OK, &truthful()),
        Some(Fault::Code(status)) => json_response(StatusCode::OK, &code(status)),
        Some(Fault::Http(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            html(status, "<html><body><h1>502 Bad Gateway</h1></body></html>")
        }
        Some(Fault::Truncated) => {
            let whole = truthful().to_string();
            let half = (0..=whole.len() / 2).rev().find(|&end| whole.is_char_boundary(end)).unwrap_or_default();
            respond(StatusCode::OK, "application/json;charset=UTF-8", whole[..half].to_owned())
        }
        Some(Fault::LoginPage) => html(StatusCode::OK, "<html><head><title>登录</title></head><body>请先登录</body></html>"),
    }
}

async fn delay(settings: &SandboxSettings, identity: &str) {
    let spread = settings.latency.end.saturating_sub(settings.latency.start);
    let mut dice = Dice::new(settings.seed, &["latency", identity]);
    let extra = u64::try_from(spread.as_micros()).unwrap_or(u64::MAX);
    let wait = settings.latency.start + Duration::from_micros(if extra == 0 { 0 } else { dice.below(extra) });
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
}

fn json_response(status: StatusCode, value: &Value) -> Response {
    respond(status, "application/json;charset=UTF-8", value.to_string())
}

fn html(status: StatusCode, page: &str) -> Response {
    respond(status, "text/html;charset=UTF-8", page.to_owned())
}

fn respond(status: StatusCode, kind: &str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    if let Ok(kind) = kind.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}
