//! One attempt over HTTP: a request out, its result in, no judgement.

mod unpacking;

use super::body::in_utf8;
use super::body_budget::{BodyBudget, TooLarge};
use super::connection::trouble;
use super::request::Request;
use super::tls::{build_client, install_cryptography, trusting};
use crate::endpoint::Endpoint;
use crate::job::{Base, PlatformSettings, TokenRequest};
use crate::message::Message;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::{RequestBuilder, Response, StatusCode, redirect};
use std::collections::HashMap;
use std::time::Duration;
use unpacking::Unpacking;
use url::Url;

/// The result of one attempt.
#[derive(Debug, Clone)]
pub enum Attempt {
    /// HTTP 200 and the whole body; in UTF-8 where a declared character encoding made that possible.
    Body(Bytes),
    /// Another HTTP status, a redirect that is not followed among them, with the wait that the platform asks for.
    Http {
        /// The status.
        status: u16,
        /// `Retry-After`, from now.
        retry_after: Option<Duration>,
        /// The beginning of the body, where the platform may say why; empty where none comes.
        body: Bytes,
        /// Whether it redirects to a page for logging in, as gateways do that know browsers only.
        leads_to_login: bool,
    },
    /// HTTP 200 and a body larger than the bound, in bytes, which was not read on.
    TooLarge(usize),
    /// No whole answer in time.
    Timeout,
    /// No connection, or one that broke; why, without address parameters.
    Transport(Message),
}

impl Attempt {
    /// The wait that the platform asks for.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// A connection pool to one platform.
#[derive(Debug, Clone)]
pub struct Client {
    /// Carries calls.
    calls: reqwest::Client,
    /// Fetches what download addresses lead to.
    downloads: reqwest::Client,
    base_url: String,
    /// The address of each interface, read once.
    addresses: HashMap<Endpoint, Url>,
    token_request: TokenRequest,
    largest_answer: usize,
    budget: BodyBudget,
}

impl Client {
    /// A client for the platform at `base_url` (the sandbox's own address where the job names the sandbox).
    ///
    /// # Errors
    /// Fails if the file of the certificate authority cannot be used.
    pub fn new(settings: &PlatformSettings, base_url: &str, connections: usize) -> Result<Self, Message> {
        let builder = |policy: fn(redirect::Attempt<'_>) -> redirect::Action| {
            let mut builder = reqwest::Client::builder()
                .connect_timeout(settings.connect_timeout)
                .timeout(settings.timeout)
                .pool_max_idle_per_host(connections)
                .tcp_nodelay(true)
                // Old gateways write `Content-Type : …`, fold lines, and add lines that are no headers.
                .http1_allow_spaces_after_header_name_in_responses(true)
                .http1_allow_obsolete_multiline_headers_in_responses(true)
                .http1_ignore_invalid_headers_in_responses(true)
                .redirect(redirect::Policy::custom(policy));
            if matches!(settings.base, Base::Sandbox(_)) {
                // The stand-in lives in this process: no proxy leads to it.
                builder = builder.no_proxy();
            }
            trusting(builder, settings.ca_file.as_deref())
        };
        // What is packed is unpacked here: gateways declare it in ways that no library takes, or not at all.
        let packed = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        let calls = build_client(|| Ok(builder(send_again_on_host)?.no_gzip().default_headers(packed.clone())))?;
        let downloads = build_client(|| builder(stay_on_host))?;
        let largest_answer = usize::try_from(settings.max_answer).unwrap_or(usize::MAX);
        let mut addresses = HashMap::new();
        for endpoint in Endpoint::all() {
            let address = Url::parse(&format!("{base_url}{}", endpoint.path()));
            addresses.insert(
                endpoint,
                address.map_err(|error| Message::new("no-address").with("address", base_url).with("cause", error))?,
            );
        }
        Ok(Self {
            calls,
            downloads,
            base_url: base_url.to_owned(),
            addresses,
            token_request: settings.token_request,
            largest_answer,
            budget: BodyBudget::new(),
        })
    }

    /// Where it connects to.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// One attempt of a business call.
    pub async fn attempt(&self, request: &Request, access_token: &str) -> Attempt {
        let Some(address) = self.addresses.get(&request.endpoint()) else {
            return Attempt::Transport(Message::new("no-address-of-interface"));
        };
        let builder = self.calls.post(address.clone()).header(CONTENT_TYPE, "application/json").body(request.body(access_token));
        self.send(builder, Content::Text).await
    }

    /// Fetches what a download address leads to. Nothing of the session goes with it: no token, no credentials.
    ///
    /// # Errors
    /// Fails if the address does not answer with a whole file of at most the largest answer's size.
    pub async fn download(&self, url: &str) -> Result<Bytes, Message> {
        match self.send(self.downloads.get(url), Content::File).await {
            Attempt::Body(body) => Ok(body),
            Attempt::Http { status, .. } => Err(Message::new("download-status").with("status", status)),
            Attempt::TooLarge(bytes) => Err(Message::new("download-too-large").with("mebibytes", bytes >> 20)),
            Attempt::Timeout => Err(Message::new("download-late")),
            Attempt::Transport(problem) => Err(problem),
        }
    }

    /// One attempt of a token request (specification, 用户身份验证接口). Answers of any status come as they are.
    pub(super) async fn attempt_token(&self, username: &str, password: &str) -> Attempt {
        let parameters = [
            ("client_id", "linewell-oauth"),
            ("client_secret", "linewell-mobile"),
            ("grant_type", "password"),
            ("scope", "read write"),
            ("username", username),
            ("password", password),
        ];
        let builder = self.calls.post(format!("{}{}", self.base_url, Endpoint::Token.path()));
        let builder = match self.token_request {
            TokenRequest::Form => builder.form(&parameters),
            TokenRequest::Query => builder.query(&parameters),
        };
        self.send(builder, Content::Text).await
    }

    async fn send(&self, builder: RequestBuilder, content: Content) -> Attempt {
        match self.receive(builder, content).await {
            Ok(attempt) => attempt,
            Err(error) if error.is_timeout() => Attempt::Timeout,
            Err(error) => Attempt::Transport(trouble(error)),
        }
    }

    async fn receive(&self, builder: RequestBuilder, content: Content) -> Result<Attempt, reqwest::Error> {
        let mut response = builder.send().await?;
        let header = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (content_type, content_encoding) = (header(CONTENT_TYPE), header(CONTENT_ENCODING));
        let mut unpacking = match content {
            Content::Text => Unpacking::of_text(content_encoding.as_deref()),
            Content::File => Unpacking::none(),
        };
        // A body is kept without its headers: what they declare goes into its bytes.
        let readable = |body: Bytes| match content {
            Content::Text => in_utf8(body, content_type.as_deref()),
            Content::File => body,
        };
        if response.status() != StatusCode::OK {
            let status = response.status().as_u16();
            let retry_after = retry_after(response.headers(), Utc::now());
            let leads_to_login = response.status().is_redirection() && header(LOCATION).is_some_and(|to| is_login(&to));
            let body = readable(beginning(response, unpacking).await);
            return Ok(Attempt::Http { status, retry_after, body, leads_to_login });
        }
        let damaged = || Ok(Attempt::Transport(Message::new("answer-damaged")));
        let mut body = self.budget.begin(self.largest_answer);
        while let Some(mut packed) = response.chunk().await? {
            while !packed.is_empty() {
                let Ok(piece) = unpacking.next(&mut packed) else { return damaged() };
                if !piece.is_empty() && body.take(piece).await == Err(TooLarge) {
                    return Ok(Attempt::TooLarge(self.largest_answer));
                }
            }
        }
        let Ok(last) = unpacking.finish() else { return damaged() };
        if !last.is_empty() && body.take(last).await == Err(TooLarge) {
            return Ok(Attempt::TooLarge(self.largest_answer));
        }
        Ok(Attempt::Body(body.finish(readable)))
    }
}

/// Posts a JSON to an address that is not the platform's: nothing of a session goes with it.
///
/// # Errors
/// Fails if it does not arrive or is not accepted; the message does not name the address, which may hold a secret.
pub async fn post_json(address: &str, body: Vec<u8>, timeout: Duration) -> Result<(), Message> {
    install_cryptography();
    let client = build_client(|| Ok(reqwest::Client::builder().timeout(timeout).redirect(redirect::Policy::none())))?;
    let sent = client.post(address).header(CONTENT_TYPE, "application/json").body(body).send().await;
    let response = sent.map_err(trouble)?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(Message::new("failure-http-status").with("status", response.status().as_u16()))
    }
}

/// Largest number of redirects that one attempt follows: each is a request that the job's rate does not count.
const MOST_REDIRECTS: usize = 1;

/// Follows a redirect of a call within the platform's host where method and body are kept (307, 308): a call carries a
/// token and a holder code. Others would make a GET without the question of it, and what that finds is no answer.
fn send_again_on_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let keeps_request = matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    if keeps_request && is_on_host(&attempt) { attempt.follow() } else { attempt.stop() }
}

/// Follows a redirect of a download within the host that was asked.
fn stay_on_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    if is_on_host(&attempt) { attempt.follow() } else { attempt.stop() }
}

/// Whether a redirect leads to the host, port and scheme that were asked first, and is not one too many.
fn is_on_host(attempt: &redirect::Attempt<'_>) -> bool {
    let next = attempt.url();
    let is_same = |first: &Url| {
        first.scheme() == next.scheme()
            && first.host() == next.host()
            && first.port_or_known_default() == next.port_or_known_default()
    };
    attempt.previous().len() <= MOST_REDIRECTS && attempt.previous().first().is_some_and(is_same)
}

/// What pages for logging in have in their addresses.
const LOGIN_WORDS: [&str; 8] = ["login", "logon", "signin", "sign-in", "passport", "/sso", "/cas/", "/oauth"];

/// Whether a redirect leads to a page for logging in.
fn is_login(location: &str) -> bool {
    // What comes with the address is not looked at: it may be what was asked.
    let address = location.split(['?', '#', ';']).next().unwrap_or_default().to_ascii_lowercase();
    LOGIN_WORDS.iter().any(|word| address.contains(word))
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// A text, whose character encoding the headers may declare.
    Text,
    /// A file, to be kept byte for byte.
    File,
}

/// Longest part of an error's body that is read, in bytes. What the platform says in it is a sentence or two.
const LONGEST_ERROR: usize = 16 << 10;

/// Longest wait for an error's body. The status is known already, and the next attempt should not wait for a slow page.
const ERROR_WAIT: Duration = Duration::from_secs(2);

/// The beginning of an error's body, as far as it comes and can be unpacked.
async fn beginning(mut response: Response, mut unpacking: Unpacking) -> Bytes {
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(mut packed)) = response.chunk().await {
            while !packed.is_empty() {
                let Ok(piece) = unpacking.next(&mut packed) else { return };
                body.extend_from_slice(&piece);
                if body.len() >= LONGEST_ERROR {
                    return;
                }
            }
        }
        if let Ok(last) = unpacking.finish() {
            body.extend_from_slice(&last);
        }
    };
    // Whether it ended in time is all the same: what has come is kept.
    let _ = tokio::time::timeout(ERROR_WAIT, reading).await;
    body.truncate(LONGEST_ERROR);
    body.into()
}

/// No platform means a wait longer than a day.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// `Retry-After` as seconds or as an HTTP date.
pub(crate) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or_default().min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_for_logging_in_is_known_by_its_address() {
        for location in ["/login", "http://10.0.0.1/cas/login?service=x", "../SignIn.jsp", "https://sso.example/passport/web"] {
            assert!(is_login(location), "{location}");
        }
        for location in ["/moved", "/", "", "/maintenance.html?from=/login", "http://10.0.0.1:8080/license-api-release/"] {
            assert!(!is_login(location), "{location}");
        }
    }

    #[test]
    fn retry_after_comes_as_seconds_or_as_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-11-24T08:00:00Z").unwrap().with_timezone(&Utc);
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("7"), Some(Duration::from_secs(7)));
        assert_eq!(read("Tue, 24 Nov 2026 08:00:09 GMT"), Some(Duration::from_secs(9)));
        assert_eq!(read("Tue, 24 Nov 2026 07:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read("18446744073709551615"), Some(LONGEST_WAIT));
        assert_eq!(read("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
