//! A session with the platform: attempts that carry the process's token, judged; and whole calls, throttled and tried again
//! where that can help.

use super::Attempt;
use super::client::Client;
use super::envelope::Envelope;
use super::failure::{ErrorKind, Failure, TOO_MANY, Verdict, judge};
use super::meter::{ANSWERED, AttemptTotals, Meter};
use super::request::Request;
use super::retry::backoff;
use super::said::{Hidden, OwnSecrets, says_too_often};
use super::stop::StopReason;
use super::throttle::{AttemptEnd, Limit, Permit, Strain, Throttle};
use super::token::{FetchedToken, Token, TokenAnswer, TokenKeeper, credentials_refused, no_token, request_token};
use crate::codes::CodeTable;
use crate::endpoint::Endpoint;
use crate::job::{CallingHours, Job, RetrySettings, Secret};
use crate::message::Message;
use bytes::Bytes;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What came of a call.
#[derive(Debug)]
pub enum CallResult {
    /// An answer, as received and as read.
    Answer {
        /// The body as received, our secrets aside.
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

/// What came of one attempt.
#[derive(Debug)]
pub enum AttemptResult {
    /// It was made, and judged.
    Made {
        /// What it means.
        verdict: Verdict,
        /// The body as received, our secrets aside; empty where there is none.
        body: Bytes,
        /// Which of this process's tokens it carried.
        generation: u64,
    },
    /// It was not made: there is no token at the moment; why, and the wait that the platform asks for. It may pass.
    NoToken(Message, Option<Duration>),
    /// It was not made: the run has to stop.
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

/// A session with the platform; shared by everything in a process that calls it.
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
    /// Whether the platform has given a token: then a failure to get one may pass, and is not one of the set-up.
    has_opened: AtomicBool,
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

    /// How often, and how many at once, the platform may be asked.
    #[must_use]
    pub const fn throttle(&self) -> &Throttle {
        &self.throttle
    }

    /// How often a call is tried again, and after which waits.
    #[must_use]
    pub const fn retry(&self) -> &RetrySettings {
        &self.retry
    }

    /// Ends every wait: no further call is made.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// What limits calling at the moment.
    #[must_use]
    pub fn limit(&self) -> Limit {
        self.throttle.limit()
    }

    /// Attempts a second that the job allows; `None` where unlimited.
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
    /// Fails if the platform gives no token after as many attempts as the job allows, or refuses the credentials.
    pub async fn open(&self) -> Result<(), StopReason> {
        let mut attempts = 0;
        loop {
            match self.current_token(None).await {
                Ok(_) => return Ok(()),
                Err(NoToken::Stop(reason)) => return Err(reason),
                Err(NoToken::Now(why, asked_for)) => {
                    attempts += 1;
                    if attempts >= self.retry.attempts || self.is_too_long(asked_for) {
                        return Err(StopReason::Unhealthy(no_token(&self.client, why)));
                    }
                    self.wait(attempts, asked_for).await?;
                }
            }
        }
    }

    /// Whether an attempt may be begun now, as far as the time of day and the quota allow; counts it.
    ///
    /// # Errors
    /// Fails outside the calling window and where the quota is used up.
    pub fn begin_attempt(&self) -> Result<(), StopReason> {
        self.within_hours()?;
        let most = self.max_calls.unwrap_or(u64::MAX);
        let counted =
            self.counters.attempts.try_update(Ordering::Relaxed, Ordering::Relaxed, |made| (made < most).then_some(made + 1));
        if counted.is_ok() { Ok(()) } else { Err(StopReason::QuotaUsed) }
    }

    /// Makes one attempt that was admitted and begun; fetches a token first where there is none, or it is of the generation
    /// `refused`.
    pub async fn attempt(&self, request: &Request, refused: Option<u64>) -> AttemptResult {
        let token = match self.current_token(refused).await {
            Ok(token) => token,
            Err(NoToken::Now(why, asked_for)) => return AttemptResult::NoToken(no_token(&self.client, why), asked_for),
            Err(NoToken::Stop(reason)) => return AttemptResult::Stopped(reason),
        };
        let began = Instant::now();
        let attempt = without_secrets(self.client.attempt(request, &token.text).await, &token.secrets);
        let verdict = judge(&attempt, &self.codes, &Hidden::of_call(token.secrets, request));
        self.meter.count(request.endpoint(), result_name(&verdict), began.elapsed());
        let body = if let Attempt::Body(body) = attempt { body } else { Bytes::new() };
        AttemptResult::Made { verdict, body, generation: token.generation }
    }

    /// Makes a call: as many attempts as the job allows and as make sense.
    pub async fn call(&self, request: &Request) -> CallResult {
        let voter = voter_of(request);
        let (mut attempts, mut tries) = (0, 0);
        let mut refused = None;
        loop {
            let permit = match self.permit().await {
                Ok(permit) => permit,
                Err(reason) => return CallResult::Stopped(reason),
            };
            let made = match self.begin_attempt() {
                Ok(()) => self.attempt(request, refused).await,
                Err(reason) => AttemptResult::Stopped(reason),
            };
            let (verdict, body, generation) = match made {
                AttemptResult::Made { verdict, body, generation } => (verdict, body, generation),
                AttemptResult::Stopped(reason) => {
                    self.throttle.give_back(permit, &AttemptEnd::default());
                    return CallResult::Stopped(reason);
                }
                AttemptResult::NoToken(why, asked_for) => {
                    // It has worked before: probes find out when it does again.
                    self.throttle.pause(why.clone());
                    self.throttle.give_back(permit, &AttemptEnd { failure: Some(why), asked_for, ..AttemptEnd::default() });
                    continue;
                }
            };
            attempts += 1;
            tries += 1;
            let end = AttemptEnd { voter: (tries == 1).then_some(voter), ..attempt_end(&verdict) };
            self.throttle.give_back(permit, &end);
            match verdict {
                Verdict::Answer(envelope) => return CallResult::Answer { body, envelope, attempts },
                Verdict::RenewToken(failure) if refused.is_some() => {
                    return CallResult::Stopped(StopReason::Refused(fresh_token_refused(request.endpoint(), &failure)));
                }
                Verdict::RenewToken(_) => {
                    refused = Some(generation);
                    tries -= 1;
                }
                Verdict::Again(_, asked_for) if tries < self.retry.attempts => {
                    // What is refused after this is refused for another reason.
                    refused = None;
                    if let Err(reason) = self.wait(tries, asked_for).await {
                        return CallResult::Stopped(reason);
                    }
                }
                Verdict::Again(failure, _) | Verdict::Final(failure) => return CallResult::Failed { failure, attempts },
            }
        }
    }

    /// Waits for the right to make one attempt.
    async fn permit(&self) -> Result<Permit, StopReason> {
        self.stopping.run_until_cancelled(self.throttle.permit()).await.ok_or(StopReason::Interrupted)?
    }

    fn within_hours(&self) -> Result<(), StopReason> {
        if self.hours == CallingHours::default() {
            return Ok(());
        }
        self.hours.closed_until(chrono::Local::now()).map_or(Ok(()), |until| Err(StopReason::OutsideHours(until)))
    }

    /// Whether the platform asks for a longer wait than the job is patient.
    fn is_too_long(&self, asked_for: Option<Duration>) -> bool {
        asked_for.is_some_and(|wait| wait > self.throttle.pause_settings().patience)
    }

    /// Waits before the next attempt. The throttle sees to a wait that the platform asks for.
    async fn wait(&self, attempts: u32, asked_for: Option<Duration>) -> Result<(), StopReason> {
        let asked_for = asked_for.map(|wait| wait.min(self.throttle.pause_settings().patience));
        let wait = backoff(&self.retry.backoff, attempts, fastrand::f64(), asked_for);
        self.stopping.run_until_cancelled(tokio::time::sleep(wait)).await.ok_or(StopReason::Interrupted)
    }

    async fn current_token(&self, refused: Option<u64>) -> Result<Token, NoToken> {
        // An attempt that has been counted is made although calling stops: only what would have to wait is given up.
        if let Some(token) = self.token.held(refused) {
            return Ok(token);
        }
        let fetch = async |username: &Secret, password: &Secret| self.fetch_token(username, password).await;
        match self.stopping.run_until_cancelled(self.token.get(refused, fetch)).await {
            Some(token) => token,
            None => Err(NoToken::Stop(StopReason::Interrupted)),
        }
    }

    /// Makes one token request.
    async fn fetch_token(&self, username: &Secret, password: &Secret) -> Result<FetchedToken, NoToken> {
        self.within_hours().map_err(NoToken::Stop)?;
        let username = self.reveal(username, "platform.username").await?;
        let password = self.reveal(password, "platform.password").await?;
        self.throttle.keep_pace().await;
        self.counters.token_requests.fetch_add(1, Ordering::Relaxed);
        let began = Instant::now();
        let answer = request_token(&self.client, &username, &password).await;
        let result = match &answer {
            TokenAnswer::Token(_) => ANSWERED,
            TokenAnswer::Refused(_) => ErrorKind::Auth.name(),
            TokenAnswer::Trouble(..) => "trouble",
        };
        self.meter.count(Endpoint::Token, result, began.elapsed());
        match answer {
            TokenAnswer::Token(given) => {
                self.has_opened.store(true, Ordering::Relaxed);
                Ok(FetchedToken { given, password })
            }
            TokenAnswer::Refused(why) => Err(NoToken::Stop(StopReason::Refused(credentials_refused(why)))),
            TokenAnswer::Trouble(why, asked_for) => Err(NoToken::Now(why, asked_for)),
        }
    }

    async fn reveal(&self, secret: &Secret, key: &'static str) -> Result<String, NoToken> {
        secret.reveal_soon().await.map_err(|problem| {
            let why = Message::new("secret-missing").with("key", key).with_message("why", problem);
            // What could be had before is missing for the time being.
            if self.has_opened.load(Ordering::Relaxed) {
                NoToken::Now(why, None)
            } else {
                NoToken::Stop(StopReason::NoCredentials(why))
            }
        })
    }
}

/// Why there is no token.
enum NoToken {
    /// There may be one later; why, and the wait that the platform asks for.
    Now(Message, Option<Duration>),
    Stop(StopReason),
}

/// What to tell where a fresh token is refused too.
#[must_use]
pub fn fresh_token_refused(endpoint: Endpoint, failure: &Failure) -> Message {
    Message::new("fresh-token-refused").with("interface", endpoint.name()).with_message("failure", failure.to_message())
}

/// Who votes where a call belongs to no task: whoever asks the same is the same.
fn voter_of(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.hash(&mut hasher);
    hasher.finish()
}

/// What came, without our secrets where the platform repeats them: what is kept holds none.
fn without_secrets(attempt: Attempt, secrets: &OwnSecrets) -> Attempt {
    match attempt {
        Attempt::Body(body) => Attempt::Body(secrets.out_of_body(body)),
        // Of an error only words are kept, and they are looked through before they are.
        Attempt::Http { .. } | Attempt::TooLarge(_) | Attempt::Timeout | Attempt::Transport(_) => attempt,
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

/// What the throttle learns from an attempt; whose vote it is has to be added.
#[must_use]
pub fn attempt_end(verdict: &Verdict) -> AttemptEnd {
    let failure = match verdict {
        // A return code that neither the specification nor the job has, or an HTTP status that is no answer: the platform is
        // not itself.
        Verdict::Final(failure) if !matches!(failure.kind, ErrorKind::Http | ErrorKind::Platform) => None,
        Verdict::Again(failure, _) | Verdict::Final(failure) => Some(failure),
        Verdict::Answer(_) | Verdict::RenewToken(_) => None,
    };
    let strain = match verdict {
        Verdict::Again(failure, _) => match (failure.kind, failure.code) {
            (ErrorKind::Http | ErrorKind::Platform, Some(TOO_MANY)) => Some(Strain::TooMany),
            (ErrorKind::Http | ErrorKind::Platform, _) if says_too_often(&failure.message) => Some(Strain::TooMany),
            (ErrorKind::Http, Some(503)) => Some(Strain::Unavailable),
            (ErrorKind::Timeout, _) => Some(Strain::Timeout),
            (ErrorKind::Platform, Some(BEHIND)) => Some(Strain::Behind),
            _ => None,
        },
        Verdict::Answer(_) | Verdict::RenewToken(_) | Verdict::Final(_) => None,
    };
    let asked_for = if let Verdict::Again(_, wait) = verdict { *wait } else { None };
    AttemptEnd { failure: failure.map(Failure::to_message), voter: None, strain, asked_for }
}
