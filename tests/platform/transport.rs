//! What lies under a call: redirects, header lines, compression, https with an authority of one's own, a proxy.

use super::{holder, job};
use crate::support::Workspace;
use axum::Router;
use axum::extract::Path as Captured;
use axum::http::{StatusCode, header};
use axum::routing::{any, get, post};
use ecert_audit::endpoint::Endpoint;
use ecert_audit::job::{Base, SandboxSettings};
use ecert_audit::platform::{Attempt, Client, ShengShiStateInfo};
use ecert_audit::sandbox::Sandbox;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub(super) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

const HOLDER: &str = "91350100M000100Y43";

const ABSENT: &str = r#"{"head":{"status":10},"data":null}"#;

fn client(base_url: &str) -> Client {
    Client::new(&job("").platform, base_url, 4).unwrap()
}

async fn attempt(base_url: &str) -> Attempt {
    let request = ShengShiStateInfo { holder: holder(HOLDER) }.request(&job("").purpose);
    client(base_url).attempt(&request, "token").await
}

fn redirect(status: StatusCode, to: impl Into<String>) -> (StatusCode, [(header::HeaderName, String); 1]) {
    (status, [(header::LOCATION, to.into())])
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_and_the_other_host_never_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let other = serve(Router::new().fallback(any(move || async move {
        counter.fetch_add(1, Ordering::Relaxed);
        ABSENT
    })))
    .await;
    let path = Endpoint::ShengShiStateInfo.path();
    for status in [StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT] {
        let away = format!("{other}{path}");
        let here = serve(Router::new().fallback(any(move || async move { redirect(status, away) }))).await;
        let Attempt::Http { status: told, .. } = attempt(&here).await else { panic!("{status}") };
        assert_eq!(told, status.as_u16());
        let problem = client(&here).download(&format!("{here}/file")).await.unwrap_err();
        assert!(problem.to_string().contains(status.as_str()), "{problem}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_redirect_on_the_same_host_is_followed_where_the_call_is_sent_again_whole() {
    let path = Endpoint::ShengShiStateInfo.path();
    for status in [StatusCode::TEMPORARY_REDIRECT, StatusCode::PERMANENT_REDIRECT] {
        let moved = Router::new()
            .route(&path, post(move || async move { redirect(status, "/moved") }))
            .route("/moved", post(|body: String| async move { body }));
        let Attempt::Body(body) = attempt(&serve(moved).await).await else { panic!("{status} is followed") };
        let sent = String::from_utf8(body.to_vec()).unwrap();
        assert!(sent.contains(HOLDER) && sent.contains("token"), "{sent}");
    }
}

#[tokio::test]
async fn a_redirect_that_would_make_a_get_of_a_call_is_a_failure() {
    let path = Endpoint::ShengShiStateInfo.path();
    for status in [StatusCode::MOVED_PERMANENTLY, StatusCode::FOUND, StatusCode::SEE_OTHER] {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let moved = Router::new().route(&path, post(move || async move { redirect(status, "/moved") })).route(
            "/moved",
            any(move || async move {
                counter.fetch_add(1, Ordering::Relaxed);
                ABSENT
            }),
        );
        let Attempt::Http { status: told, .. } = attempt(&serve(moved).await).await else { panic!("{status}") };
        assert_eq!((told, asked.load(Ordering::Relaxed)), (status.as_u16(), 0));
    }
}

#[tokio::test]
async fn one_redirect_is_followed_and_no_more() {
    let path = Endpoint::ShengShiStateInfo.path();
    for (hops, is_answered) in [(1, true), (2, false), (9, false)] {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let hop = move |Captured(left): Captured<u32>| {
            counter.fetch_add(1, Ordering::Relaxed);
            async move {
                if left == 0 { Ok(ABSENT) } else { Err(redirect(StatusCode::TEMPORARY_REDIRECT, format!("/hop/{}", left - 1))) }
            }
        };
        let first = move || async move { redirect(StatusCode::TEMPORARY_REDIRECT, format!("/hop/{}", hops - 1)) };
        let chain = Router::new().route(&path, post(first)).route("/hop/{left}", post(hop));
        let attempt = attempt(&serve(chain).await).await;
        match attempt {
            Attempt::Body(body) => assert!(is_answered && body == ABSENT, "{hops}"),
            Attempt::Http { status: 307, .. } => assert!(!is_answered, "{hops}"),
            other => panic!("{hops}: {other:?}"),
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1, "an attempt is two requests at most: {hops}");
    }
}

#[tokio::test]
async fn a_redirect_to_a_login_is_told_from_others() {
    for (to, is_login) in [("/login?from=1", true), ("/sso/web", true), ("/maintenance.html", false)] {
        let here = serve(Router::new().fallback(any(move || async move { redirect(StatusCode::FOUND, to) }))).await;
        let Attempt::Http { status: 302, leads_to_login, .. } = attempt(&here).await else { panic!("{to}") };
        assert_eq!(leads_to_login, is_login, "{to}");
    }
}

#[tokio::test]
async fn a_download_follows_any_redirect_on_its_host_and_comes_byte_for_byte() {
    // No text in UTF-8, and declared to be one in GBK: a file is not read.
    const FILE: &[u8] = b"\xEF\xBB\xBF%PDF-1.7 \xC2\xB7\xFF\0";
    for status in [301, 302, 303, 307, 308].map(|status| StatusCode::from_u16(status).unwrap()) {
        let files = Router::new()
            .route("/file", get(move || async move { redirect(status, "/moved") }))
            .route("/moved", get(|| async { ([(header::CONTENT_TYPE, "text/plain; charset=GBK")], FILE) }));
        let here = serve(files).await;
        assert_eq!(client(&here).download(&format!("{here}/file")).await.unwrap(), FILE, "{status}");
    }
}

/// Serves these bytes as they are, whatever is asked.
async fn serve_raw(response: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(&response).await;
            let _ = stream.shutdown().await;
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn header_lines_of_old_gateways_are_accepted() {
    for lines in [
        "Content-Type : application/json",
        "Content-Type\t: application/json",
        "Content-Type: application/json;\r\n charset=UTF-8",
        "X-Powered-By:\r\n\tJSP",
        "no header",
        "X-服务器: 甲",
    ] {
        let response =
            format!("HTTP/1.1 200 OK\r\n{lines}\r\nContent-Length : {}\r\nConnection: close\r\n\r\n{ABSENT}", ABSENT.len());
        let attempt = attempt(&serve_raw(response.into_bytes()).await).await;
        let Attempt::Body(body) = attempt else { panic!("{lines:?}: {attempt:?}") };
        assert_eq!(body, ABSENT, "{lines:?}");
    }
}

#[tokio::test]
async fn what_the_platform_says_beside_an_error_is_kept() {
    let said = r#"{"message":"账号已锁定"}"#;
    for (content_type, body) in
        [("application/json", said.as_bytes().to_vec()), ("text/html;charset=GBK", encoding_rs::GBK.encode(said).0.into_owned())]
    {
        let refusing = Router::new().fallback(any(move || {
            let body = body.clone();
            async move { (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, content_type)], body) }
        }));
        let Attempt::Http { status: 400, body, .. } = attempt(&serve(refusing).await).await else { panic!("{content_type}") };
        assert_eq!(body, said, "{content_type}");
    }
    // A page without end is not read to its end.
    let endless = format!("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n{}", "x".repeat(1 << 20));
    let attempt = attempt(&serve_raw(endless.into_bytes()).await).await;
    let Attempt::Http { status: 503, body, .. } = &attempt else { panic!("{attempt:?}") };
    assert_eq!(attempt.retry_after(), Some(Duration::from_secs(7)));
    assert!(body.len() <= 16 << 10, "{}", body.len());
}

#[tokio::test]
async fn a_compressed_answer_is_unpacked_whatever_the_gateway_calls_it() {
    let packed: &'static [u8] = include_bytes!("absent.json.gz");
    let path = Endpoint::ShengShiStateInfo.path();
    for encoding in ["gzip", "GZIP", "x-gzip", "gzip, gzip", "identity"] {
        let zipped = Router::new().route(&path, post(move || async move { ([(header::CONTENT_ENCODING, encoding)], packed) }));
        let Attempt::Body(body) = attempt(&serve(zipped).await).await else { panic!("{encoding}: it is an answer") };
        assert!(String::from_utf8(body.to_vec()).unwrap().contains("未找到匹配的证照信息"), "{encoding}");
    }
    // Declared, and not packed; packed, and broken off.
    let plain = Router::new().route(&path, post(|| async { ([(header::CONTENT_ENCODING, "gzip")], ABSENT) }));
    let Attempt::Body(body) = attempt(&serve(plain).await).await else { panic!("it is an answer") };
    assert_eq!(body, ABSENT);
    let cut = &packed[..packed.len() - 9];
    let cut = Router::new().route(&path, post(move || async move { ([(header::CONTENT_ENCODING, "gzip")], cut) }));
    let Attempt::Transport(why) = attempt(&serve(cut).await).await else { panic!("it is no answer") };
    assert_eq!(why.code(), "answer-damaged");
    // What is said beside an error may be packed too.
    let refused = Router::new().route(&path, post(move || async move { (StatusCode::BAD_GATEWAY, packed) }));
    let Attempt::Http { status: 502, body, .. } = attempt(&serve(refused).await).await else { panic!("it is an error") };
    assert!(String::from_utf8(body.to_vec()).unwrap().contains("未找到匹配的证照信息"));
}

/// A platform that speaks https with a certificate and answers what is made of its port.
async fn serve_https(name: &str, answer: fn(u16) -> String) -> String {
    let certificate = CertificateDer::from_pem_file(tls_file(&format!("{name}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(tls_file(&format!("{name}.key"))).unwrap();
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
                let _ = stream.write_all(answer(port).as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("https://localhost:{port}")
}

fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platform/tls").join(name)
}

fn absent(_: u16) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{ABSENT}", ABSENT.len())
}

/// Why an attempt at a platform came to nothing; none where it was answered.
async fn trouble_with(base_url: &str, ca_file: Option<PathBuf>) -> Option<String> {
    let mut job = job("");
    job.platform.base = Base::Url(base_url.to_owned());
    job.platform.ca_file = ca_file;
    let request = ShengShiStateInfo { holder: holder(HOLDER) }.request(&job.purpose);
    match Client::new(&job.platform, base_url, 1).unwrap().attempt(&request, "token").await {
        Attempt::Body(_) => None,
        Attempt::Transport(why) => Some(why.code().to_owned()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_where_the_job_names_it() {
    // It is an authority of its own, and for no host name: old gateways have such.
    let base_url = serve_https("self_signed", absent).await;
    assert_eq!(trouble_with(&base_url, None).await.as_deref(), Some("tls-not-trusted"));
    assert_eq!(trouble_with(&base_url, Some(tls_file("self_signed.pem"))).await, None);
    let other = serve_https("server", absent).await;
    assert_eq!(trouble_with(&other, Some(tls_file("self_signed.pem"))).await.as_deref(), Some("tls-unknown-issuer"));
}

#[tokio::test]
async fn why_nobody_answers_is_told_by_its_kind() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let plain = serve(Router::new()).await.replace("http://", "https://");
    for (address, code) in [
        (format!("http://127.0.0.1:{port}"), "connection-refused"),
        ("http://platform.invalid".to_owned(), "connection-name"),
        (plain, "tls-failed"),
        (serve_https("server", absent).await, "tls-unknown-issuer"),
    ] {
        assert_eq!(trouble_with(&address, None).await.as_deref(), Some(code), "{address}");
    }
}

#[tokio::test]
async fn https_is_trusted_through_the_jobs_own_authority_alone() {
    let base_url = serve_https("server", absent).await;
    let mut job = job("");
    job.platform.base = Base::Url(base_url.clone());
    let request = ShengShiStateInfo { holder: holder(HOLDER) }.request(&job.purpose);
    let strange = Client::new(&job.platform, &base_url, 1).unwrap().attempt(&request, "token").await;
    assert!(matches!(strange, Attempt::Transport(_)), "{strange:?}");

    job.platform.ca_file = Some(tls_file("ca.pem"));
    let known = Client::new(&job.platform, &base_url, 1).unwrap().attempt(&request, "token").await;
    assert!(matches!(known, Attempt::Body(_)), "{known:?}");

    job.platform.ca_file = Some("no/such.pem".into());
    assert!(Client::new(&job.platform, &base_url, 1).unwrap_err().to_string().contains("no/such.pem"));
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_refused() {
    let down = |port: u16| {
        format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://localhost:{port}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
    };
    let base_url = serve_https("server", down).await;
    let mut job = job("");
    job.platform.base = Base::Url(base_url.clone());
    job.platform.ca_file = Some(tls_file("ca.pem"));
    let request = ShengShiStateInfo { holder: holder(HOLDER) }.request(&job.purpose);
    let attempt = Client::new(&job.platform, &base_url, 1).unwrap().attempt(&request, "token").await;
    assert!(matches!(attempt, Attempt::Http { status: 307, .. }), "{attempt:?}");
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
