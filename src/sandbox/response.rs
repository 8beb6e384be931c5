//! HTTP responses of the sandbox: JSON, HTML pages, and broken responses.

use super::oddity::Written;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use axum::response::Response;
use serde_json::Value;

/// Content type of the platform's answers.
pub(super) const JSON: &str = "application/json;charset=UTF-8";

pub(super) fn json_response(status: StatusCode, value: &Value) -> Response {
    respond(status, JSON, value.to_string().into())
}

pub(super) fn written_response(written: Written) -> Response {
    respond(StatusCode::OK, written.content_type, written.body.into())
}

pub(super) fn html(status: StatusCode, page: &str) -> Response {
    respond(status, "text/html;charset=UTF-8", format!("<html><body>{page}</body></html>").into())
}

pub(super) fn too_many(seconds: u32) -> Response {
    let mut response = html(StatusCode::TOO_MANY_REQUESTS, "<h1>Too Many Requests</h1>");
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}

/// Returns a redirect that keeps method and body (HTTP 307).
pub(super) fn redirect(path: &str) -> Response {
    let mut response = html(StatusCode::TEMPORARY_REDIRECT, "<h1>Temporary Redirect</h1>");
    // Cannot fail, because paths of the platform are printable ASCII.
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Returns truncated JSON.
pub(super) fn cut_off(value: &Value) -> Response {
    respond(StatusCode::OK, JSON, first_half(value).into())
}

/// Returns a response whose connection breaks in the middle of the body.
pub(super) fn broken_off(value: &Value) -> Response {
    let pieces = [Ok(Bytes::from(first_half(value))), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
    respond(StatusCode::OK, JSON, Body::from_stream(futures_util::stream::iter(pieces)))
}

fn first_half(value: &Value) -> String {
    let mut text = value.to_string();
    text.truncate(text.floor_char_boundary(text.len() / 2));
    text
}

pub(super) fn respond(status: StatusCode, kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
