//! One token for the whole process: fetched once, renewed before it expires or when it is refused, by one caller at a
//! time while the others wait for the same one.

use super::body::text_of;
use super::client::{Attempt, Client};
use super::failure::{ErrorKind, Failure, meaning_of_all, words_of};
use super::said::{Hidden, Meaning, OwnSecrets, Place, fit_to_show};
use super::stop::StopReason;
use crate::job::Secret;
use crate::message::Message;
use bytes::Bytes;
use serde_json::{Map, Value};
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
    /// What no answer to a call with it is kept or shown with: itself, the password, and the token before it.
    pub secrets: OwnSecrets,
    renew_at: Instant,
}

/// A token as the platform gives it.
pub(super) struct GivenToken {
    pub text: String,
    pub life: Duration,
    /// What else comes with it and is as good as a password.
    pub refresh: Option<String>,
}

/// A token that was fetched, and the password that it was fetched with.
pub(super) struct FetchedToken {
    pub given: GivenToken,
    pub password: String,
}

/// What came of one token request.
pub(super) enum TokenAnswer {
    Token(GivenToken),
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
        fetch: impl AsyncFnOnce(&Secret, &Secret) -> Result<FetchedToken, E>,
    ) -> Result<Token, E> {
        let mut current = self.current.lock().await;
        if let Some(token) = usable(current.as_ref(), refused) {
            return Ok(token);
        }
        let generation = current.as_ref().map_or(0, |token| token.generation + 1);
        let fetched = fetch(&self.username, &self.password).await?;
        let before = current.as_ref().map(|token| &*token.text);
        let secrets = secrets(&fetched.given, &fetched.password, before);
        let renew_at = Instant::now() + fetched.given.life.mul_f64(RENEWED_AT);
        let token = Token { text: fetched.given.text.into(), generation, secrets, renew_at };
        *current = Some(token.clone());
        Ok(token)
    }
}

/// The token, unless it is of the generation `refused` or due for renewal.
fn usable(token: Option<&Token>, refused: Option<u64>) -> Option<Token> {
    let is_newer = |token: &&Token| refused.is_none_or(|generation| generation < token.generation);
    token.filter(is_newer).filter(|token| Instant::now() < token.renew_at).cloned()
}

/// What no answer may be kept or shown with.
fn secrets(given: &GivenToken, password: &str, before: Option<&str>) -> OwnSecrets {
    OwnSecrets::new([Some(password), Some(given.text.as_str()), given.refresh.as_deref(), before].into_iter().flatten())
}

/// A token fetched for a call by hand.
pub struct TokenByHand {
    /// The token.
    pub text: String,
    /// The answer that it came with, as received.
    pub answer: Bytes,
    /// What no answer to the call may be shown with.
    pub secrets: OwnSecrets,
}

/// Makes one token request, for a call by hand.
///
/// # Errors
/// Fails if user name or password are not accepted, or if the platform gives no token.
pub async fn fetch_token(client: &Client, username: &str, password: &str) -> Result<TokenByHand, StopReason> {
    let attempt = client.attempt_token(username, password).await;
    let answer = if let Attempt::Body(body) = &attempt { body.clone() } else { Bytes::new() };
    match read_attempt(attempt, password) {
        TokenAnswer::Token(given) => {
            let secrets = secrets(&given, password, None);
            Ok(TokenByHand { text: given.text, answer, secrets })
        }
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
    read_attempt(client.attempt_token(username, password).await, password)
}

/// Reads what came of a token request that the password went with. What the platform says in words counts more than the status
/// beside it: to ask again at an account that is locked lengthens the lock.
fn read_attempt(attempt: Attempt, password: &str) -> TokenAnswer {
    let hidden = Hidden::secrets(OwnSecrets::new([password]));
    match attempt {
        Attempt::Timeout => TokenAnswer::Trouble(ErrorKind::Timeout.to_message(), None),
        Attempt::TooLarge(bytes) => TokenAnswer::Trouble(Message::new("answer-too-large").with("mebibytes", bytes >> 20), None),
        Attempt::Transport(problem) => TokenAnswer::Trouble(problem, None),
        Attempt::Http { status, retry_after, body, .. } => {
            let words = words_of(&body);
            let said = said(ErrorKind::Http, Some(status.into()), &words, &hidden);
            match meaning_of_all(&words, Place::Login) {
                Some(Meaning::AccountRefused) => TokenAnswer::Refused(said),
                Some(Meaning::TooOften) => TokenAnswer::Trouble(said, retry_after),
                _ if matches!(status, 400 | 401 | 403 | 423) => TokenAnswer::Refused(said),
                _ => TokenAnswer::Trouble(said, retry_after),
            }
        }
        Attempt::Body(body) => read_token(&body, &hidden),
    }
}

/// What the platform said instead of giving a token, with its code.
fn said(kind: ErrorKind, code: Option<i32>, words: &[String], hidden: &Hidden<'_>) -> Message {
    let message = words.first().map(|words| fit_to_show(words, hidden)).unwrap_or_default();
    Failure { message, ..Failure::new(kind, code) }.to_message()
}

/// Return code of the specification: the identity is not accepted.
const NOT_ACCEPTED: i32 = 11;

fn read_token(body: &[u8], hidden: &Hidden<'_>) -> TokenAnswer {
    let words = words_of(body);
    let meaning = meaning_of_all(&words, Place::Login);
    if let Ok(envelope) = super::Envelope::parse(body)
        && envelope.status != 0
    {
        let said = said(ErrorKind::Auth, Some(envelope.status), &words, hidden);
        let is_refused = match meaning {
            Some(Meaning::AccountRefused) => true,
            Some(Meaning::TooOften) => false,
            Some(Meaning::TokenRefused) | None => matches!(envelope.status, NOT_ACCEPTED | 401 | 403),
        };
        return if is_refused { TokenAnswer::Refused(said) } else { TokenAnswer::Trouble(said, None) };
    }
    // Of a name that is there twice the last value counts, as in most JSON readers.
    let Some(object) = text_of(body).ok().and_then(|text| serde_json::from_str::<Map<String, Value>>(&text).ok()) else {
        return TokenAnswer::Trouble(Message::new("token-answer-no-json"), None);
    };
    if let Some(given) = given_token(&object) {
        return TokenAnswer::Token(given);
    }
    let Some(first) = words.first() else { return TokenAnswer::Trouble(Message::new("token-answer-no-token"), None) };
    let shown = fit_to_show(first, hidden);
    let is_refused = match meaning {
        Some(Meaning::AccountRefused) => true,
        Some(Meaning::TooOften) => false,
        Some(Meaning::TokenRefused) | None => is_oauth_refusal(&object) || is_http_refusal(&object),
    };
    if is_refused {
        TokenAnswer::Refused(Message::literal(shown))
    } else {
        TokenAnswer::Trouble(Message::new("token-answer-said").with("words", shown), None)
    }
}

/// The value of a name, in any letter case.
fn value<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The token in an answer, or in the data of one that is wrapped.
fn given_token(object: &Map<String, Value>) -> Option<GivenToken> {
    let Some(text) = value(object, "access_token").and_then(text_or_number) else {
        return given_token(value(object, "data")?.as_object()?);
    };
    let seconds = value(object, "expires_in").and_then(|life| {
        let whole = life.as_u64().or_else(|| life.as_str()?.trim().parse().ok());
        // A life that is no whole number of seconds, or larger or smaller than any.
        let rounded = |seconds| {
            Duration::try_from_secs_f64(seconds).map_or(if seconds > 0.0 { u64::MAX } else { 0 }, |life| life.as_secs())
        };
        whole.or_else(|| life.as_f64().map(rounded))
    });
    let life = seconds.map_or(USUAL_LIFE, Duration::from_secs).clamp(LEAST_LIFE, LONGEST_LIFE);
    let refresh = value(object, "refresh_token").and_then(text_or_number);
    Some(GivenToken { text, life, refresh })
}

/// A text that is not blank, or the digits of a number.
fn text_or_number(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether an answer is the refusal of OAuth 2 (RFC 6749, 5.2): it names an error, and none that may pass.
fn is_oauth_refusal(object: &Map<String, Value>) -> bool {
    let error = value(object, "error").and_then(Value::as_str).map(str::trim).unwrap_or_default();
    !matches!(error, "" | "server_error" | "temporarily_unavailable")
}

/// Whether an answer has the HTTP status of a refusal as its code.
fn is_http_refusal(object: &Map<String, Value>) -> bool {
    let codes = ["code", "status", "errcode", "errorCode"].iter();
    codes.filter_map(|name| text_or_number(value(object, name)?)).any(|code| matches!(code.trim(), "401" | "403"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> TokenAnswer {
        read_token(body.as_bytes(), &Hidden::default())
    }

    fn given(body: &str) -> GivenToken {
        let TokenAnswer::Token(given) = read(body) else { panic!("{body}") };
        given
    }

    #[test]
    fn a_token_is_read_from_whatever_form_it_comes_in() {
        let body =
            r#"{"access_token":"f996","token_type":"bearer","refresh_token":"0b","expires_in":30045,"scope":"read write"}"#;
        let GivenToken { text, life, refresh } = given(body);
        assert_eq!((text.as_str(), life, refresh.as_deref()), ("f996", Duration::from_secs(30045), Some("0b")));
        for (body, text, seconds) in [
            (r#"{"access_token":"a","access_token":"f996","expires_in":30045}"#, "f996", 30045),
            (r#"{"access_token":"f996","expires_in":1,"expires_in":"30045"}"#, "f996", 30045),
            (r#"{"access_token":123456789012,"expires_in":30045.0,"error":0}"#, "123456789012", 30045),
            (r#"{"Access_Token":"f996","Expires_In":30045,"error":null,"error_description":""}"#, "f996", 30045),
            (r#"{"head":{"status":"0"},"data":{"access_token":"f996"}}"#, "f996", 12 * 60 * 60),
            (r#"{"access_token":"f996","expires_in":"soon"}"#, "f996", 12 * 60 * 60),
            (r#"{"access_token":"f996","expires_in":0}"#, "f996", LEAST_LIFE.as_secs()),
            (r#"{"access_token":"f996","expires_in":-1}"#, "f996", LEAST_LIFE.as_secs()),
            (r#"{"access_token":"f996","expires_in":9999999999999999999999}"#, "f996", LONGEST_LIFE.as_secs()),
        ] {
            let given = given(body);
            assert_eq!((given.text.as_str(), given.life.as_secs()), (text, seconds), "{body}");
        }
    }

    #[test]
    fn token_answers_without_a_token_are_told_apart() {
        for body in [
            r#"{"error":"invalid_grant"}"#,
            r#"{"error":"unauthorized","error_description":"?"}"#,
            r#"{"error":"server_error","error_description":"Bad credentials"}"#,
            r#"{"head":{"status":"11","message":"no"},"data":null}"#,
            r#"{"head":{"status":"1","message":"密码不正确，还可尝试2次"},"data":null}"#,
            r#"{"code":401,"msg":"账号已锁定","data":null}"#,
            r#"{"code":"403","msg":"?"}"#,
            r#"{"success":false,"message":"账号已锁定"}"#,
            r#"{"status":"1001","msg":"用户已被锁"}"#,
        ] {
            assert!(matches!(read(body), TokenAnswer::Refused(_)), "{body}");
        }
        for (body, code) in [
            (r#"{"head":{"status":"99","message":"no"},"data":null}"#, "failure-said"),
            (r#"{"head":{"status":"11","message":"登录过于频繁"},"data":null}"#, "failure-said"),
            (r#"{"error":"temporarily_unavailable"}"#, "token-answer-said"),
            (r#"{"code":500,"msg":"数据库连接失败"}"#, "token-answer-said"),
            (r#"{"code":401,"msg":"请求过快"}"#, "token-answer-said"),
            (r#"{"access_token":"  "}"#, "token-answer-no-token"),
            (r#"{"error":0}"#, "token-answer-no-token"),
            ("<html>", "token-answer-no-json"),
        ] {
            let TokenAnswer::Trouble(why, None) = read(body) else { panic!("{body}") };
            assert_eq!(why.code(), code, "{body}");
        }
    }

    #[test]
    fn a_status_refuses_unless_words_say_otherwise_and_words_refuse_whatever_the_status() {
        let read = |status: u16, body: &str| {
            let attempt = Attempt::Http { status, retry_after: None, body: body.to_owned().into(), leads_to_login: false };
            read_attempt(attempt, "p&ss")
        };
        for (status, body) in [(400, ""), (401, "{}"), (403, "<html>"), (423, "?"), (500, r#"{"message":"密码错误 p%26ss"}"#)]
        {
            let TokenAnswer::Refused(why) = read(status, body) else { panic!("{status} {body}") };
            assert!(!why.to_string().contains("ss"), "{why}");
        }
        for (status, body) in [(500, ""), (503, "{}"), (429, ""), (403, r#"{"message":"请求过快"}"#), (302, "")] {
            assert!(matches!(read(status, body), TokenAnswer::Trouble(..)), "{status} {body}");
        }
    }
}
