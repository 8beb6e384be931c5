//! A platform that answers as a test wants it to, badly as a rule.

use crate::support::PURPOSE;
use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How a request is answered.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// HTTP 200 with this body.
    Body(String),
    /// Another HTTP status with this body.
    Http(u16, String),
    /// HTTP 429 that asks for a wait of so many seconds.
    Wait(u64),
    /// Never.
    Silence,
}

/// Neither side holds the certificate.
pub(super) fn neither() -> Reply {
    Reply::Body(r#"{"head":{"status":"0","shengIsExists":"0","shiIsExists":"0"},"data":null}"#.to_owned())
}

/// A return code without data, with the platform's words.
pub(super) fn code(code: i32, words: &str) -> Reply {
    Reply::Body(serde_json::json!({ "head": { "status": code.to_string(), "message": words }, "data": null }).to_string())
}

/// The token that a platform gives.
pub(super) const TOKEN: &str = "token-f9966a0b";

/// A token, with a life as the specification has it.
pub(super) fn token() -> Reply {
    Reply::Body(format!(r#"{{"access_token":"{TOKEN}","expires_in":30045}}"#))
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = |status| StatusCode::from_u16(status).unwrap();
        match self {
            Self::Body(body) => body.into_response(),
            Self::Http(code, body) => (status(code), body).into_response(),
            Self::Wait(seconds) => (status(429), [(header::RETRY_AFTER, seconds.to_string())]).into_response(),
            Self::Silence => unreachable!("it is never answered"),
        }
    }
}

/// A business call: the last part of its path, its parameters, and which call of the platform it is, from 1.
#[derive(Debug)]
pub(super) struct Call {
    pub endpoint: String,
    pub parameters: serde_json::Value,
    pub number: u32,
}

impl Call {
    pub(super) fn parameter(&self, name: &str) -> &str {
        self.parameters[name].as_str().unwrap_or_default()
    }
}

/// The platform, as long as it is held.
pub(super) struct Hostile {
    _runtime: Runtime,
    base_url: String,
    tokens: Arc<AtomicU32>,
    calls: Arc<AtomicU32>,
}

impl Hostile {
    /// Starts a platform; `token` answers token requests by their number from 1, `call` answers business calls.
    pub(super) fn start(
        token: impl Fn(u32) -> Reply + Send + Sync + 'static,
        call: impl Fn(&Call) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start_slow(Duration::ZERO, token, call)
    }

    /// The same, each answer coming after `latency`.
    pub(super) fn start_slow(
        latency: Duration,
        token: impl Fn(u32) -> Reply + Send + Sync + 'static,
        call: impl Fn(&Call) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let (tokens, calls) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let answer = move |reply: Reply| async move {
            tokio::time::sleep(latency).await;
            match reply {
                Reply::Silence => std::future::pending().await,
                reply => reply.into_response(),
            }
        };
        let counted = Arc::clone(&tokens);
        let tell_token = Arc::new(move || token(counted.fetch_add(1, Ordering::Relaxed) + 1));
        let counted = Arc::clone(&calls);
        let tell = Arc::new(move |path: &str, body: &[u8]| {
            call(&Call {
                endpoint: path.rsplit('/').next().unwrap_or_default().to_owned(),
                parameters: serde_json::from_slice(body).unwrap_or_default(),
                number: counted.fetch_add(1, Ordering::Relaxed) + 1,
            })
        });
        let router = Router::new()
            .route("/oauth/token", post(move || answer(tell_token())))
            .fallback(post(move |uri: axum::http::Uri, body: Bytes| answer(tell(uri.path(), &body[..]))));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { _runtime: runtime, base_url, tokens, calls }
    }

    /// Token requests so far.
    pub(super) fn tokens(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Business calls so far.
    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// A job on it over `inputs/items.csv` at depth `existence`, with a source of the password and lines of `[throttle]`; more
    /// sections may follow.
    pub(super) fn job(&self, password: &str, throttle: &str) -> String {
        format!(
            "[job]\nname = \"test\"\nperiod = \"once\"\n[platform]\nbase_url = \"{}\"\nusername = \"x\"\n\
             password = {password}\n{PURPOSE}\n[[inputs]]\npath = \"inputs/items.csv\"\n[audit]\ndepth = \"existence\"\n\
             [retry]\nattempts = 2\nbackoff = \"1ms..2ms\"\n[throttle]\nrate = \"unlimited\"\nadaptive = false\n{throttle}\n",
            self.base_url
        )
    }
}
