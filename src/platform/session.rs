//! A session with the platform: whole calls, each throttled, carrying the process's token, and tried again where that
//! can help.

use super::Attempt;
use super::client::Client;
use super::envelope::Envelope;
use super::failure::{Failure, Verdict, judge};
use super::request::Request;
use super::retry::backoff;
use super::stop::StopReason;
use super::throttle::Throttle;
use super::token::{Token, TokenAnswer, TokenKeeper, request_token};
use crate::codes::CodeTable;
use crate::job::{Job, RetrySettings, Secret};
use bytes::Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What came of a call.
#[derive(Debug)]
pub enum CallResult {
    /// An answer, as received and as read.
    Answer {
        /// The body as received.
        body: Bytes,
        /// The same, read.
        envelope: Envelope,
        /// Attempts that it took.
        attempts: u32,
    },
    /// No answer, after all the attempts that made sense.
    Failed {
        /// Why.
        failure: Failure,
        /// Attempts made.
        attempts: u32,
    },
    /// The call was not finished: the run has to stop.
    Stopped(StopReason),
}

/// What a session has done so far.
#[derive(Debug, Default)]
pub struct SessionCounters {
    /// Attempts of business calls.
    pub attempts: AtomicU64,
    /// Token requests.
    pub token_requests: AtomicU64,
}

/// A session with the platform; shared by all workers of a process.
#[derive(Debug)]
pub struct Session {
    client: Client,
    throttle: Throttle,
    token: TokenKeeper,
    retry: RetrySettings,
    max_calls: Option<u64>,
    codes: CodeTable,
    counters: SessionCounters,
    stopping: CancellationToken,
}

impl Session {
    /// A session as the job sets it; `stopping` ends every wait.
    #[must_use]
    pub fn new(client: Client, job: &Job, stopping: CancellationToken) -> Self {
        Self {
            client,
            throttle: Throttle::new(&job.throttle),
            token: TokenKeeper::new(job.platform.username.clone(), job.platform.password.clone()),
            retry: job.retry.clone(),
            max_calls: job.throttle.max_calls,
            codes: job.platform.codes.clone(),
            counters: SessionCounters::default(),
            stopping,
        }
    }

    /// What it has done so far.
    #[must_use]
    pub const fn counters(&self) -> &SessionCounters {
        &self.counters
    }

    /// Fetches the token, so that a platform that cannot be reached or refuses us is known before any call.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn open(&self) -> Result<(), StopReason> {
        self.current_token(None).await.map(|_| ())
    }

    /// Makes a call: as many attempts as the job allows and as make sense.
    pub async fn call(&self, request: &Request) -> CallResult {
        let mut attempts = 0;
        let mut refused = None;
        loop {
            let token = match self.current_token(refused).await {
                Ok(token) => token,
                Err(reason) => return CallResult::Stopped(reason),
            };
            let Some(permit) = self.stopping.run_until_cancelled(self.throttle.permit()).await else {
                return CallResult::Stopped(StopReason::Interrupted);
            };
            if !self.count_attempt() {
                return CallResult::Stopped(StopReason::QuotaUsed);
            }
            attempts += 1;
            let attempt = self.client.attempt(request, &token.text).await;
            drop(permit);
            self.heed(attempt.retry_after());
            match judge(&attempt, &self.codes) {
                Verdict::Answer(envelope) => {
                    let Attempt::Body(body) = attempt else { unreachable!("only a body holds an answer") };
                    return CallResult::Answer { body, envelope, attempts };
                }
                Verdict::RenewToken(failure) if refused.is_some() => {
                    let code = failure.code.map_or(String::new(), |code| format!(" (code {code})"));
                    return CallResult::Stopped(StopReason::Refused(format!(
                        "a fresh token is refused too{code}; ask the platform's owner whether this account may use {}",
                        request.endpoint().name()
                    )));
                }
                Verdict::RenewToken(_) => refused = Some(token.generation),
                Verdict::Again(_, asked_for) if attempts < self.retry.attempts => {
                    if !self.wait(attempts, asked_for).await {
                        return CallResult::Stopped(StopReason::Interrupted);
                    }
                }
                Verdict::Again(failure, _) | Verdict::Final(failure) => return CallResult::Failed { failure, attempts },
            }
        }
    }

    /// Obeys a wait that the platform asks for, on behalf of every caller.
    fn heed(&self, asked_for: Option<Duration>) {
        if let Some(wait) = asked_for {
            self.throttle.close_for(wait);
        }
    }

    /// Counts an attempt, or says that the quota is used up.
    fn count_attempt(&self) -> bool {
        let most = self.max_calls.unwrap_or(u64::MAX);
        self.counters.attempts.try_update(Ordering::Relaxed, Ordering::Relaxed, |made| (made < most).then_some(made + 1)).is_ok()
    }

    /// Waits before the next attempt; false where the session is stopping.
    async fn wait(&self, attempts: u32, asked_for: Option<Duration>) -> bool {
        let wait = backoff(&self.retry.backoff, attempts, fastrand::f64(), asked_for);
        self.stopping.run_until_cancelled(tokio::time::sleep(wait)).await.is_some()
    }

    async fn current_token(&self, refused: Option<u64>) -> Result<Token, StopReason> {
        self.token.get(refused, async |username: &Secret, password: &Secret| self.fetch_token(username, password).await).await
    }

    async fn fetch_token(&self, username: &Secret, password: &Secret) -> Result<(String, Duration), StopReason> {
        let reveal = |secret: &Secret, key: &str| {
            secret.reveal().map_err(|problem| StopReason::NoCredentials(format!("platform.{key}: {problem}")))
        };
        let (username, password) = (reveal(username, "username")?, reveal(password, "password")?);
        let mut attempts = 0;
        loop {
            let permit = self.stopping.run_until_cancelled(self.throttle.permit()).await.ok_or(StopReason::Interrupted)?;
            attempts += 1;
            self.counters.token_requests.fetch_add(1, Ordering::Relaxed);
            let answer = request_token(&self.client, &username, &password).await;
            drop(permit);
            if let TokenAnswer::Trouble(_, asked_for) = &answer {
                self.heed(*asked_for);
            }
            match answer {
                TokenAnswer::Token { text, life } => return Ok((text, life)),
                TokenAnswer::Refused(why) => {
                    return Err(StopReason::Refused(format!(
                        "user name or password are not accepted ({why}); check platform.username and platform.password"
                    )));
                }
                TokenAnswer::Trouble(why, _) if attempts >= self.retry.attempts => {
                    return Err(StopReason::Unhealthy(format!("no token from {}: {why}", self.client.base_url())));
                }
                TokenAnswer::Trouble(_, asked_for) => {
                    if !self.wait(attempts, asked_for).await {
                        return Err(StopReason::Interrupted);
                    }
                }
            }
        }
    }
}
