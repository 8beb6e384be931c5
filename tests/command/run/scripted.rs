//! A platform whose answers a test decides one by one.

use crate::support::PURPOSE;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

/// How a call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    /// Neither side holds the certificate.
    Neither,
    /// The request is refused as every one would be: return code 12.
    Refused,
    /// An HTTP status without a body.
    Status(u16),
    /// Never.
    Silence,
}

const NEITHER: &str = r#"{"head":{"status":"0","shengIsExists":"0","shiIsExists":"0"},"data":null}"#;
const REFUSED: &str = r#"{"head":{"status":"12","message":"x"},"data":null}"#;

/// The platform, as long as it is held.
pub(super) struct Scripted {
    _runtime: Runtime,
    base_url: String,
}

impl Scripted {
    /// Starts a platform that gives tokens to whoever asks, and answers a call by the holder code that it asks about and how
    /// often it has been asked about that, from 1.
    pub(super) fn start(script: impl Fn(&str, u32) -> Scene + Send + Sync + 'static) -> Self {
        let script = Arc::new(script);
        let asked: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let answer = move |body: Bytes| {
            let parameters: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let holder = parameters["certificateHolderCode"].as_str().unwrap().to_owned();
            let mut asked = asked.lock().unwrap();
            let times = asked.entry(holder.clone()).or_default();
            *times += 1;
            let scene = script(&holder, *times);
            drop(asked);
            async move {
                match scene {
                    Scene::Neither => (StatusCode::OK, NEITHER),
                    Scene::Refused => (StatusCode::OK, REFUSED),
                    Scene::Status(status) => (StatusCode::from_u16(status).unwrap(), ""),
                    Scene::Silence => std::future::pending().await,
                }
            }
        };
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .route("/oauth/token", post(|| async { r#"{"access_token":"t","expires_in":"3600"}"# }))
            .fallback(post(answer));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { _runtime: runtime, base_url }
    }

    /// A job on it over `inputs/items.csv` that makes one attempt of each call, and one call at a time.
    pub(super) fn job(&self) -> String {
        format!(
            "[job]\nname = \"test\"\nperiod = \"once\"\n[platform]\nbase_url = \"{}\"\nusername = \"x\"\n\
             password = {{ command = [\"echo\", \"x\"] }}\n{PURPOSE}\n[[inputs]]\npath = \"inputs/items.csv\"\n\
             [throttle]\nrate = \"unlimited\"\nconcurrency = 1\nadaptive = false\n[retry]\nattempts = 1\n",
            self.base_url
        )
    }
}
