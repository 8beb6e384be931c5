//! One token for the whole process: fetched once, renewed before it expires or when it is refused, by one caller at a
//! time while the others wait for the same one.

use super::body::text_of;
use super::client::{Attempt, Client};
use super::failure::{ErrorKind, Failure, words_of};
use super::said::{fit_to_show, says_account_refused};
use super::stop::StopReason;
use crate::job::Secret;
use crate::message::Message;
use bytes::Bytes;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// A token is renewed this share of its life before its end, so that no call leaves with one about to expire.
const RENEWED_AT: f64 = 0.95;
/// The specification's life of a token, where the answer names none.
const USUAL_LIFE: Duration = Duration::from_hours(12);

/// A token is used at least this long, or until it is refused: a platform that names a life of zero would otherwise be asked
/// for a token with every call.
const LEAST_LIFE: Duration = Duration::from_secs(10);
/// A token is fetched anew at least this often, whatever life the platform names.
const LONGEST_LIFE: Duration = Duration::from_hours(30 * 24);

/// A token, and which of this process's tokens it is.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub text: Arc<str>,
    pub generation: u64,
    renew_at: Instant,
}

/// What came of one token request.
#[derive(Debug)]
pub(super) enum TokenAnswer {
    Token {
        text: String,
        life: Duration,
    },
    /// User name or password are not accepted; in the platform's words.
    Refused(Message),
    /// A failure that may pass, with the wait that the platform asks for.
    Trouble(Message, Option<Duration>),
}

/// Holds the current token.
#[derive(Debug)]
pub(super) struct TokenKeeper {
    username: Secret,
    password: Secret,
    current: Mutex<Option<Token>>,
}

impl TokenKeeper {
    pub(super) fn new(username: Secret, password: Secret) -> Self {
        Self { username, password, current: Mutex::new(None) }
    }

    /// The token that [`get`](Self::get) would return without fetching one, where there is one and nobody is fetching.
    pub(super) fn held(&self, refused: Option<u64>) -> Option<Token> {
        usable(self.current.try_lock().ok()?.as_ref(), refused)
    }

    /// The current token; where there is none, it is old, or it is generation `refused`, a fresh one from `fetch`.
    pub(super) async fn get<E>(
        &self,
        refused: Option<u64>,
        fetch: impl AsyncFnOnce(&Secret, &Secret) -> Result<(String, Duration), E>,
    ) -> Result<Token, E> {
        let mut current = self.current.lock().await;
        if let Some(token) = usable(current.as_ref(), refused) {
            return Ok(token);
        }
        let generation = current.as_ref().map_or(0, |token| token.generation + 1);
        let (text, life) = fetch(&self.username, &self.password).await?;
        let token = Token { text: text.into(), generation, renew_at: Instant::now() + life.mul_f64(RENEWED_AT) };
        *current = Some(token.clone());
        Ok(token)
    }
}

/// The token, unless it is of the generation `refused` or due for renewal.
fn usable(token: Option<&Token>, refused: Option<u64>) -> Option<Token> {
    let is_newer = |token: &&Token| refused.is_none_or(|generation| generation < token.generation);
    token.filter(is_newer).filter(|token| Instant::now() < token.renew_at).cloned()
}

/// Makes one token request, for a call by hand; returns the token, and the answer as received.
///
/// # Errors
/// Fails if user name or password are not accepted, or if the platform gives no token.
pub async fn fetch_token(client: &Client, username: &str, password: &str) -> Result<(String, Bytes), StopReason> {
    let attempt = client.attempt_token(username, password).await;
    let body = if let Attempt::Body(body) = &attempt { body.clone() } else { Bytes::new() };
    match read_attempt(attempt, &[password]) {
        TokenAnswer::Token { text, .. } => Ok((text, body)),
        TokenAnswer::Refused(why) => Err(StopReason::Refused(credentials_refused(why))),
        TokenAnswer::Trouble(why, _) => Err(StopReason::Unhealthy(no_token(client, why))),
    }
}

/// What to tell where user name or password are not accepted.
pub(super) fn credentials_refused(why: Message) -> Message {
    Message::new("credentials-refused").with_message("why", why)
}

/// What to tell where the platform gives no token.
pub(super) fn no_token(client: &Client, why: Message) -> Message {
    Message::new("no-token").with("address", client.base_url()).with_message("why", why)
}

/// Makes one token request and reads its answer.
pub(super) async fn request_token(client: &Client, username: &str, password: &str) -> TokenAnswer {
    read_attempt(client.attempt_token(username, password).await, &[password])
}

fn read_attempt(attempt: Attempt, secrets: &[&str]) -> TokenAnswer {
    let status_said = |status: u16, body: &[u8]| {
        let words = words_of(body).map(|words| fit_to_show(&words, secrets)).unwrap_or_default();
        Failure { message: words, ..Failure::new(ErrorKind::Http, Some(i32::from(status))) }.to_message()
    };
    match attempt {
        Attempt::Timeout => TokenAnswer::Trouble(ErrorKind::Timeout.to_message(), None),
        Attempt::TooLarge(bytes) => TokenAnswer::Trouble(Message::new("answer-too-large").with("mebibytes", bytes >> 20), None),
        Attempt::Transport(problem) => TokenAnswer::Trouble(problem, None),
        Attempt::Http { status: status @ (400 | 401 | 403), body, .. } => TokenAnswer::Refused(status_said(status, &body)),
        Attempt::Http { status, retry_after, body } => TokenAnswer::Trouble(status_said(status, &body), retry_after),
        Attempt::Body(body) => read_token(&body, secrets),
    }
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: Option<String>,
    expires_in: Option<serde_json::Value>,
    error: Option<String>,
    error_description: Option<String>,
}

fn read_token(body: &[u8], secrets: &[&str]) -> TokenAnswer {
    if let Ok(envelope) = super::Envelope::parse(body)
        && envelope.status != 0
    {
        let words = fit_to_show(&envelope.message, secrets);
        let said = Failure { message: words, ..Failure::new(ErrorKind::Auth, Some(envelope.status)) }.to_message();
        let is_refused = envelope.status == 11 || says_account_refused(&envelope.message);
        return if is_refused { TokenAnswer::Refused(said) } else { TokenAnswer::Trouble(said, None) };
    }
    let Some(read) = text_of(body).ok().and_then(|text| serde_json::from_str::<TokenBody>(&text).ok()) else {
        return TokenAnswer::Trouble(Message::new("token-answer-no-json"), None);
    };
    let seconds = read.expires_in.and_then(|life| life.as_u64().or_else(|| life.as_str()?.parse().ok()));
    match (read.access_token.filter(|text| !text.is_empty()), read.error_description.or(read.error)) {
        (Some(text), _) => {
            let life = seconds.map_or(USUAL_LIFE, Duration::from_secs).clamp(LEAST_LIFE, LONGEST_LIFE);
            TokenAnswer::Token { text, life }
        }
        (None, Some(words)) => TokenAnswer::Refused(Message::literal(fit_to_show(&words, secrets))),
        (None, None) => TokenAnswer::Trouble(Message::new("token-answer-no-token"), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_answers_are_told_apart() {
        let body =
            r#"{"access_token":"f996","token_type":"bearer","refresh_token":"0b","expires_in":30045,"scope":"read write"}"#;
        let TokenAnswer::Token { text, life } = read_token(body.as_bytes(), &[]) else { panic!() };
        assert_eq!((text.as_str(), life), ("f996", Duration::from_secs(30045)));
        assert!(matches!(read_token(br#"{"error":"invalid_grant"}"#, &[]), TokenAnswer::Refused(_)));
        assert!(matches!(read_token(br#"{"head":{"status":"11","message":"no"},"data":null}"#, &[]), TokenAnswer::Refused(_)));
        assert!(matches!(read_token(br#"{"head":{"status":"99","message":"no"},"data":null}"#, &[]), TokenAnswer::Trouble(..)));
        assert!(matches!(read_token(b"<html>", &[]), TokenAnswer::Trouble(..)));
        let TokenAnswer::Token { life, .. } = read_token(br#"{"access_token":"a","expires_in":0}"#, &[]) else { panic!() };
        assert_eq!(life, LEAST_LIFE, "not a token per call");
        let locked = r#"{"head":{"status":"98","message":"账号已锁定"},"data":null}"#;
        let TokenAnswer::Refused(why) = read_token(locked.as_bytes(), &[]) else { panic!() };
        assert!(why.to_string().contains("账号已锁定"), "{why}");
    }
}
