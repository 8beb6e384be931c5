//! One token for the whole process: fetched once, renewed before it expires or when it is refused, by one caller at a
//! time while the others wait for the same one.

use super::client::{Attempt, Client};
use super::stop::StopReason;
use crate::job::Secret;
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
    /// User name or password are not accepted.
    Refused(String),
    /// Passing trouble, with the wait that the platform asks for.
    Trouble(String, Option<Duration>),
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

    /// The current token; where there is none, it is old, or it is generation `refused`, a fresh one from `fetch`.
    pub(super) async fn get<E>(
        &self,
        refused: Option<u64>,
        fetch: impl AsyncFnOnce(&Secret, &Secret) -> Result<(String, Duration), E>,
    ) -> Result<Token, E> {
        let mut current = self.current.lock().await;
        if let Some(token) = &*current
            && refused.is_none_or(|generation| generation < token.generation)
            && Instant::now() < token.renew_at
        {
            return Ok(token.clone());
        }
        let generation = current.as_ref().map_or(0, |token| token.generation + 1);
        let (text, life) = fetch(&self.username, &self.password).await?;
        let token = Token { text: text.into(), generation, renew_at: Instant::now() + life.mul_f64(RENEWED_AT) };
        *current = Some(token.clone());
        Ok(token)
    }
}

/// One token request, for a call by hand: the token, and the answer as received.
///
/// # Errors
/// Why there is none.
pub async fn fetch_token(client: &Client, username: &str, password: &str) -> Result<(String, Bytes), StopReason> {
    let attempt = client.attempt_token(username, password).await;
    let body = if let Attempt::Body(body) = &attempt { body.clone() } else { Bytes::new() };
    match read_attempt(attempt) {
        TokenAnswer::Token { text, .. } => Ok((text, body)),
        TokenAnswer::Refused(why) => Err(StopReason::Refused(format!("user name or password are not accepted ({why})"))),
        TokenAnswer::Trouble(why, _) => Err(StopReason::Unhealthy(format!("no token from {}: {why}", client.base_url()))),
    }
}

/// Makes one token request and reads its answer.
pub(super) async fn request_token(client: &Client, username: &str, password: &str) -> TokenAnswer {
    read_attempt(client.attempt_token(username, password).await)
}

fn read_attempt(attempt: Attempt) -> TokenAnswer {
    match attempt {
        Attempt::Timeout => TokenAnswer::Trouble("no answer in time".to_owned(), None),
        Attempt::TooLarge(_) => TokenAnswer::Trouble("the token's answer is too large".to_owned(), None),
        Attempt::Transport(problem) => TokenAnswer::Trouble(problem, None),
        Attempt::Http { status: status @ (400 | 401 | 403), .. } => TokenAnswer::Refused(format!("HTTP status {status}")),
        Attempt::Http { status, retry_after } => TokenAnswer::Trouble(format!("HTTP status {status}"), retry_after),
        Attempt::Body(body) => read_token(&body),
    }
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: Option<String>,
    expires_in: Option<serde_json::Value>,
    error: Option<String>,
}

fn read_token(body: &[u8]) -> TokenAnswer {
    if let Ok(envelope) = super::Envelope::parse(body)
        && envelope.status != 0
    {
        let text = format!("code {} {}", envelope.status, envelope.message);
        return if envelope.status == 11 { TokenAnswer::Refused(text) } else { TokenAnswer::Trouble(text, None) };
    }
    let Ok(read) = serde_json::from_slice::<TokenBody>(body) else {
        return TokenAnswer::Trouble("the token's answer is no JSON object".to_owned(), None);
    };
    let seconds = read.expires_in.and_then(|life| life.as_u64().or_else(|| life.as_str()?.parse().ok()));
    match (read.access_token.filter(|text| !text.is_empty()), read.error) {
        (Some(text), _) => TokenAnswer::Token { text, life: seconds.map_or(USUAL_LIFE, Duration::from_secs).min(LONGEST_LIFE) },
        (None, Some(error)) => TokenAnswer::Refused(error),
        (None, None) => TokenAnswer::Trouble("the token's answer holds no access_token".to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_answers_are_told_apart() {
        let body =
            r#"{"access_token":"f996","token_type":"bearer","refresh_token":"0b","expires_in":30045,"scope":"read write"}"#;
        let TokenAnswer::Token { text, life } = read_token(body.as_bytes()) else { panic!() };
        assert_eq!((text.as_str(), life), ("f996", Duration::from_secs(30045)));
        assert!(matches!(read_token(br#"{"error":"invalid_grant"}"#), TokenAnswer::Refused(_)));
        assert!(matches!(read_token(br#"{"head":{"status":"11","message":"no"},"data":null}"#), TokenAnswer::Refused(_)));
        assert!(matches!(read_token(br#"{"head":{"status":"99","message":"no"},"data":null}"#), TokenAnswer::Trouble(..)));
        assert!(matches!(read_token(b"<html>"), TokenAnswer::Trouble(..)));
    }
}
