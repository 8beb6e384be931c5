//! Why no answer came over a connection, for whoever has to mend it.

use crate::message::Message;
use rustls::CertificateError;
use std::error::Error;
use std::io::ErrorKind;

/// Environment variables that lead calls through a proxy, as clients read them.
const PROXY_VARIABLES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// Returns why a request came to no answer. The message holds no address, which may have parameters.
pub(super) fn trouble(error: reqwest::Error) -> Message {
    let error = error.without_url();
    let why = known_cause(&error).unwrap_or_else(|| Message::literal(reasons(&error)));
    let through_proxy = PROXY_VARIABLES.into_iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    match through_proxy {
        Some(variable) if error.is_connect() => {
            Message::new("connection-through-proxy").with_message("why", why).with("variable", variable)
        }
        _ => why,
    }
}

/// The cause in words of ours, where it is a usual one.
fn known_cause(error: &reqwest::Error) -> Option<Message> {
    let words = reasons(error);
    // The resolver's and the tunnel's errors have no type that can be named.
    if words.contains("dns error") {
        return Some(Message::new("connection-name"));
    }
    if words.contains("tunnel") || words.contains("proxy") {
        return Some(Message::new("connection-proxy").with("cause", words));
    }
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(known) = known_error(error) {
            return Some(known);
        }
        cause = error.source();
    }
    None
}

fn known_error(error: &(dyn Error + 'static)) -> Option<Message> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(tls_trouble(error));
    }
    let error = error.downcast_ref::<std::io::Error>()?;
    // What an error of input or output wraps is not among its causes.
    if let Some(known) = error.get_ref().and_then(|inner| known_error(inner)) {
        return Some(known);
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(Message::new("connection-refused")),
        ErrorKind::TimedOut => Some(Message::new("connection-late")),
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Some(Message::new("connection-unreachable")),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
            Some(Message::new("connection-broken"))
        }
        _ => None,
    }
}

/// What keeps a TLS connection from being trusted.
fn tls_trouble(error: &rustls::Error) -> Message {
    let rustls::Error::InvalidCertificate(problem) = error else {
        return Message::new("tls-failed").with("cause", error);
    };
    match problem {
        CertificateError::UnknownIssuer => Message::new("tls-unknown-issuer"),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Message::new("tls-expired"),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Message::new("tls-not-yet"),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Message::new("tls-other-name"),
        _ => Message::new("tls-not-trusted").with("cause", error),
    }
}

/// An error and its causes, outermost first, each once.
#[must_use]
pub fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
