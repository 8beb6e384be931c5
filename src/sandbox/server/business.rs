//! Handling of business calls: the checks and faults that decide the answer, in order.

use super::{InFlight, MOVED, ROOT, Shared};
use crate::endpoint::Endpoint;
use crate::job::SandboxSettings;
use crate::sandbox::answer::code;
use crate::sandbox::dice::Dice;
use crate::sandbox::fault::Fault;
use crate::sandbox::response::{JSON, broken_off, cut_off, html, json_response, redirect, respond, too_many, written_response};
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Path that a call was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallPath {
    /// The path of the interface.
    Usual,
    /// The target of a redirect.
    Moved,
}

/// Answers a business call (interfaces 2 to 14).
pub(super) async fn business(shared: Arc<Shared>, endpoint: Endpoint, path: CallPath, body: Bytes) -> Response {
    let _in_flight = InFlight::enter(&shared);
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let Ok(mut parameters) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return json_response(StatusCode::OK, &code(12));
    };
    let is_file = endpoint == Endpoint::ShareVerifyCertInfo
        && (parameters.contains_key("content") || parameters.contains_key("contentType"));
    let endpoint = if is_file { Endpoint::ShareVerifyCertFile } else { endpoint };
    let token = parameters.remove("access_token");
    let call = ReceivedCall { endpoint, path, parameters: &parameters, token: token.as_ref().and_then(Value::as_str) };
    let (response, fault) = respond_to(&shared, &call).await;
    shared.log(endpoint, &parameters, response.status(), fault);
    response
}

/// A received business call.
struct ReceivedCall<'a> {
    endpoint: Endpoint,
    path: CallPath,
    parameters: &'a Map<String, Value>,
    token: Option<&'a str>,
}

impl<'a> ReceivedCall<'a> {
    /// Returns the holder code and the certificate type code in the request; empty if it has none.
    fn item(&self) -> (&'a str, &'a str) {
        (self.text("certificateHolderCode"), self.text("certTypeCode"))
    }

    fn text(&self, name: &str) -> &'a str {
        self.parameters.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default()
    }
}

async fn respond_to(shared: &Shared, call: &ReceivedCall<'_>) -> (Response, Option<Fault>) {
    if let Some(response) = shared.turned_away() {
        return (response, None);
    }
    let settings = &shared.settings;
    let needs_identity = settings.fault_rate > 0.0 || !settings.latency.end.is_zero() || !shared.oddities.is_empty();
    let identity = if needs_identity {
        format!("{} {}", call.endpoint.name(), Value::Object(call.parameters.clone()))
    } else {
        String::new()
    };
    if call.path == CallPath::Usual && shared.oddities.redirects(&identity) {
        return (redirect(&format!("{ROOT}{MOVED}{}", call.endpoint.path())), None);
    }
    delay(settings, &identity).await;
    let known = call.token.is_some_and(|token| {
        let tokens = shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(token).is_some_and(|end| Instant::now() < *end)
    });
    if !known {
        return (json_response(StatusCode::OK, &code(11)), None);
    }
    let (holder_code, cert_type_code) = call.item();
    let fault = shared
        .faults
        .lasting(holder_code, cert_type_code)
        .or_else(|| if needs_identity { shared.faults.next(&identity) } else { None });
    let response = match fault {
        None if shared.oddities.is_empty() => json_response(StatusCode::OK, &shared.truthful(call)),
        None => written_response(shared.oddities.write(shared.truthful(call), call.endpoint, call.item(), &identity)),
        Some(fault) => faulty(shared, call, fault).await,
    };
    (response, fault)
}

/// Applies a fault to the answer to a call.
async fn faulty(shared: &Shared, call: &ReceivedCall<'_>, fault: Fault) -> Response {
    match fault {
        Fault::Code(status) => json_response(StatusCode::OK, &code(status)),
        Fault::TooOften => {
            json_response(StatusCode::OK, &json!({"head": {"message": "接口调用超出频率限制", "status": "98"}, "data": null}))
        }
        Fault::Http(status) => {
            html(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "<h1>Bad Gateway</h1>")
        }
        Fault::TooMany => too_many(1),
        Fault::Truncated => cut_off(&shared.truthful(call)),
        Fault::Reset => broken_off(&shared.truthful(call)),
        Fault::LoginPage => html(StatusCode::OK, "<form>请先登录</form>"),
        Fault::Empty => respond(StatusCode::OK, JSON, Body::empty()),
        Fault::Silence => std::future::pending().await,
    }
}

impl Shared {
    /// Returns the answer to a call without faults.
    fn truthful(&self, call: &ReceivedCall<'_>) -> Value {
        let address = |identifier: &str, format: &str| self.download_address(identifier, format);
        self.answerer.answer(call.endpoint, call.parameters, &address)
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
