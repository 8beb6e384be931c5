//! A session with the platform: whole calls, each throttled, carrying the process's token, and tried again where that
//! can help.

use super::Attempt;
use super::client::Client;
use super::envelope::Envelope;
use super::failure::{ErrorKind, Failure, Verdict, judge};
use super::meter::{ANSWERED, AttemptTotals, Meter};
use super::request::Request;
use super::retry::backoff;
use super::stop::StopReason;
use super::throttle::{AttemptEnd, Limit, Permit, Strain, Throttle};
use super::token::{Token, TokenAnswer, TokenKeeper, request_token};
use crate::codes::{CodeTable, return_code};
use crate::endpoint::Endpoint;
use crate::job::{CallingHours, Job, RetrySettings, Secret};
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
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
    hours: CallingHours,
    max_calls: Option<u64>,
    codes: CodeTable,
    counters: SessionCounters,
    meter: Meter,
    /// Whether the platform has given a token: then its failures are troubles of the day, not of the set-up.
    has_opened: AtomicBool,
    stopping: CancellationToken,
}

impl Session {
    /// A session as the job sets it; `stopping` ends every wait.
    #[must_use]
    pub fn new(client: Client, job: &Job, stopping: CancellationToken) -> Self {
        Self {
            client,
            throttle: Throttle::new(job),
            token: TokenKeeper::new(job.platform.username.clone(), job.platform.password.clone()),
            retry: job.retry.clone(),
            hours: job.throttle.hours.clone(),
            max_calls: job.throttle.max_calls,
            codes: job.platform.codes.clone(),
            counters: SessionCounters::default(),
            meter: Meter::default(),
            has_opened: AtomicBool::new(false),
            stopping,
        }
    }

    /// What it has done so far.
    #[must_use]
    pub const fn counters(&self) -> &SessionCounters {
        &self.counters
    }

    /// What limits calling at the moment.
    #[must_use]
    pub fn limit(&self) -> Limit {
        self.throttle.limit()
    }

    /// Attempts a second that the job allows; none where unlimited.
    #[must_use]
    pub fn allowed_rate(&self) -> Option<f64> {
        self.throttle.allowed_rate()
    }

    /// What attempts came to so far.
    #[must_use]
    pub fn totals(&self) -> AttemptTotals {
        self.meter.totals(self.throttle.waited())
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
        let (mut attempts, mut tries) = (0, 0);
        let mut refused = None;
        loop {
            let token = match self.current_token(refused).await {
                Ok(token) => token,
                Err(reason) => return CallResult::Stopped(reason),
            };
            let permit = match self.permit().await {
                Ok(permit) => permit,
                Err(reason) => return CallResult::Stopped(reason),
            };
            if !self.count_attempt() {
                return CallResult::Stopped(StopReason::QuotaUsed);
            }
            attempts += 1;
            // A probe finds out about the platform; it does not use up what the call may try.
            tries += u32::from(!permit.is_probe);
            let began = Instant::now();
            let attempt = self.client.attempt(request, &token.text).await;
            let latency = began.elapsed();
            let verdict = judge(&attempt, &self.codes);
            self.meter.count(request.endpoint(), result_name(&verdict), latency);
            self.throttle.give_back(permit, &attempt_end(&attempt, &verdict));
            match verdict {
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
                Verdict::Again(_, asked_for) if tries < self.retry.attempts => {
                    // What is refused after this is refused for another reason.
                    refused = None;
                    if !self.wait(tries, asked_for).await {
                        return CallResult::Stopped(StopReason::Interrupted);
                    }
                }
                Verdict::Again(failure, _) | Verdict::Final(failure) => return CallResult::Failed { failure, attempts },
            }
        }
    }

    /// Waits for the right to make one attempt, at a time of day at which that is allowed.
    async fn permit(&self) -> Result<Permit, StopReason> {
        let permit = self.stopping.run_until_cancelled(self.throttle.permit()).await.ok_or(StopReason::Interrupted)??;
        if self.hours != CallingHours::default()
            && let Some(until) = self.hours.closed_until(chrono::Local::now().naive_local())
        {
            return Err(StopReason::OutsideHours(until));
        }
        Ok(permit)
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
            secret.reveal().map_err(|problem| {
                let why = format!("platform.{key}: {problem}");
                // What was to be had before is trouble of the day.
                if self.has_opened.load(Ordering::Relaxed) { StopReason::Unhealthy(why) } else { StopReason::NoCredentials(why) }
            })
        };
        let (username, password) = (reveal(username, "username")?, reveal(password, "password")?);
        let mut attempts = 0;
        loop {
            let permit = self.permit().await?;
            attempts += 1;
            self.counters.token_requests.fetch_add(1, Ordering::Relaxed);
            let began = Instant::now();
            let answer = request_token(&self.client, &username, &password).await;
            let (result, end) = match &answer {
                TokenAnswer::Token { .. } => (ANSWERED, AttemptEnd::default()),
                TokenAnswer::Refused(_) => (ErrorKind::Auth.name(), AttemptEnd::default()),
                TokenAnswer::Trouble(why, asked_for) => {
                    let failure = Some(format!("no token: {why}"));
                    ("trouble", AttemptEnd { failure, strain: None, asked_for: *asked_for })
                }
            };
            self.meter.count(Endpoint::Token, result, began.elapsed());
            self.throttle.give_back(permit, &end);
            match answer {
                TokenAnswer::Token { text, life } => {
                    self.has_opened.store(true, Ordering::Relaxed);
                    return Ok((text, life));
                }
                TokenAnswer::Refused(why) => {
                    return Err(StopReason::Refused(format!(
                        "user name or password are not accepted ({why}); check platform.username and platform.password"
                    )));
                }
                TokenAnswer::Trouble(why, asked_for) => {
                    if attempts >= self.retry.attempts {
                        let why = format!("no token from {}: {why}", self.client.base_url());
                        if !self.has_opened.load(Ordering::Relaxed) {
                            return Err(StopReason::Unhealthy(why));
                        }
                        // It has worked before: probes find out when it does again.
                        self.throttle.pause(why);
                    } else if !self.wait(attempts, asked_for).await {
                        return Err(StopReason::Interrupted);
                    }
                }
            }
        }
    }
}

/// The name of a result in metrics.
const fn result_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Answer(_) => ANSWERED,
        Verdict::Again(failure, _) | Verdict::RenewToken(failure) | Verdict::Final(failure) => failure.kind.name(),
    }
}

/// 第三方接口超时 (specification, return codes).
const BEHIND: i32 = 1;

/// What the throttle learns from an attempt.
fn attempt_end(attempt: &Attempt, verdict: &Verdict) -> AttemptEnd {
    let is_trouble = |failure: &Failure| {
        // An HTTP status or a return code that means nothing here: the platform is not itself.
        let is_unknown = failure.kind == ErrorKind::Platform && failure.code.is_none_or(|code| return_code(code).is_none());
        failure.kind == ErrorKind::Http || is_unknown
    };
    let failure = match verdict {
        Verdict::Final(failure) if !is_trouble(failure) => None,
        Verdict::Again(failure, _) | Verdict::Final(failure) => Some(match failure.code {
            Some(code) if failure.kind == ErrorKind::Http => format!("HTTP {code}"),
            Some(code) => format!("code {code}"),
            None => failure.kind.name().to_owned(),
        }),
        Verdict::Answer(_) | Verdict::RenewToken(_) => None,
    };
    let strain = match (attempt, verdict) {
        (Attempt::Http { status: 429, .. }, _) => Some(Strain::TooMany),
        (Attempt::Http { status: 503, .. }, _) => Some(Strain::Unavailable),
        (Attempt::Timeout, _) => Some(Strain::Timeout),
        (_, Verdict::Again(failure, _)) if failure.code == Some(BEHIND) => Some(Strain::Behind),
        _ => None,
    };
    AttemptEnd { failure, strain, asked_for: attempt.retry_after() }
}
