//! What lies under a call: redirects, compression, https with an authority of one's own, a proxy.

use super::{holder, job};
use crate::support::Workspace;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::{any, post};
use ecert_audit::endpoint::Endpoint;
use ecert_audit::job::{Base, SandboxSettings};
use ecert_audit::platform::{Attempt, Client, ShengShiStateInfo};
use ecert_audit::sandbox::Sandbox;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn attempt(base_url: &str) -> Attempt {
    let job = job("");
    let request = ShengShiStateInfo { holder: holder("91350100M000100Y43") }.request(&job.purpose);
    Client::new(&job.platform, base_url, 4).unwrap().attempt(&request, "token").await
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_and_the_other_host_never_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let other = serve(Router::new().fallback(any(move || async move {
        counter.fetch_add(1, Ordering::Relaxed);
        "{}"
    })))
    .await;
    let path = Endpoint::ShengShiStateInfo.path();
    let away = format!("{other}{path}");
    let here = serve(
        Router::new().route(&path, post(move || async move { (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, away)]) })),
    )
    .await;
    assert!(matches!(attempt(&here).await, Attempt::Http { status: 307, .. }));
    assert_eq!(asked.load(Ordering::Relaxed), 0);

    // On the same host it is followed.
    let answer = r#"{"head":{"status":10},"data":null}"#;
    let moved = Router::new()
        .route(&path, post(|| async { (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/moved")]) }))
        .route("/moved", post(move || async move { answer }));
    let Attempt::Body(body) = attempt(&serve(moved).await).await else { panic!("it is followed") };
    assert_eq!(body, answer);
}

#[tokio::test]
async fn a_compressed_answer_is_unfolded() {
    let packed: &'static [u8] = include_bytes!("absent.json.gz");
    let path = Endpoint::ShengShiStateInfo.path();
    let zipped = Router::new().route(&path, post(move || async move { ([(header::CONTENT_ENCODING, "gzip")], packed) }));
    let Attempt::Body(body) = attempt(&serve(zipped).await).await else { panic!("it is an answer") };
    assert!(String::from_utf8(body.to_vec()).unwrap().contains("未找到匹配的证照信息"));
}

/// A platform that speaks https with the test authority's certificate and answers "absent".
async fn serve_https() -> String {
    let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platform/tls");
    let certificate = CertificateDer::from_pem_file(tls.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(tls.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let body = r#"{"head":{"status":10},"data":null}"#;
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test]
async fn https_is_trusted_through_the_jobs_own_authority_alone() {
    let base_url = serve_https().await;
    let mut job = job("");
    job.platform.base = Base::Url(base_url.clone());
    let request = ShengShiStateInfo { holder: holder("91350100M000100Y43") }.request(&job.purpose);
    let strange = Client::new(&job.platform, &base_url, 1).unwrap().attempt(&request, "token").await;
    assert!(matches!(strange, Attempt::Transport(_)), "{strange:?}");

    job.platform.ca_file = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platform/tls/ca.pem"));
    let known = Client::new(&job.platform, &base_url, 1).unwrap().attempt(&request, "token").await;
    assert!(matches!(known, Attempt::Body(_)), "{known:?}");

    job.platform.ca_file = Some("no/such.pem".into());
    assert!(Client::new(&job.platform, &base_url, 1).unwrap_err().contains("no/such.pem"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_used() {
    let sandbox = Sandbox::start(SandboxSettings::default(), ([127, 0, 0, 1], 0).into()).await.unwrap();
    // The sandbox plays the proxy: a name that nobody resolves leads to it.
    let proxy = sandbox.base_url().replace("/license-api-release", "");
    let workspace = Workspace::new();
    let args = ["call", "token", "--base-url", "http://platform.invalid/license-api-release"];
    let output = tokio::task::block_in_place(|| {
        let mut command = workspace.command(&args);
        command.env("http_proxy", proxy).env("ECERT_USERNAME", "sandbox").env("ECERT_PASSWORD", "sandbox");
        command.output().unwrap()
    });
    assert_eq!(output.status.code(), Some(0), "{}", crate::support::stderr(&output));
}
