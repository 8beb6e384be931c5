//! What whoever holds a file asks for: a wait, or to look elsewhere.

use super::{GOOD, elsewhere, here, run_elsewhere, statuses};
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn unavailable(wait: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, wait)]).into_response()
}

#[test]
fn a_wait_beyond_patience_is_the_files_failure_at_once() {
    let platform = elsewhere(|_| unavailable("86400"), here);
    let workspace = run_elsewhere(&platform, "", 3);
    assert_eq!(statuses(&workspace).keys().collect::<Vec<_>>(), ["failed"]);
    let message = &workspace.table("files")[0]["error_message"];
    assert!(message.contains("503") && message.contains("1day"), "{message}");
    assert_eq!(platform.files.load(Ordering::Relaxed), 1, "although the job allows a second try");
}

#[test]
fn a_wait_within_patience_is_kept_and_the_file_comes() {
    let tries = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&tries);
    let file = move |_: &str| {
        if counter.fetch_add(1, Ordering::Relaxed) == 0 { unavailable("1") } else { Body::from(GOOD).into_response() }
    };
    let platform = elsewhere(file, here);
    let workspace = run_elsewhere(&platform, "", 0);
    assert_eq!(statuses(&workspace).keys().collect::<Vec<_>>(), ["stored"]);
    assert_eq!(tries.load(Ordering::Relaxed), 2);
}

#[test]
fn a_redirect_in_a_circle_is_two_requests_a_try() {
    let platform = elsewhere(|_| (StatusCode::FOUND, [(header::LOCATION, "/file")]).into_response(), here);
    let workspace = run_elsewhere(&platform, "", 3);
    assert_eq!(statuses(&workspace).keys().collect::<Vec<_>>(), ["failed"]);
    assert_eq!(platform.files.load(Ordering::Relaxed), 4, "two tries");
}
