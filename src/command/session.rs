//! Opening a session with the platform, or with its stand-in, and what to tell where that does not work.

use crate::exit::{Exit, Stop};
use crate::job::{Base, Job};
use crate::platform::{Client, Session, StopReason};
use crate::sandbox::Sandbox;
use tokio_util::sync::CancellationToken;

/// Opens a session as the job says, starting the sandbox where it names that; with what ends its waits.
pub(super) async fn open(job: &Job) -> Result<(Session, CancellationToken), Stop> {
    open_at(job).await.map(|(session, stopping, _)| (session, stopping))
}

/// The same, with the platform's address.
pub(super) async fn open_at(job: &Job) -> Result<(Session, CancellationToken, String), Stop> {
    let base_url = match &job.platform.base {
        Base::Url(url) => url.clone(),
        Base::Sandbox(settings) => {
            let loopback = ([127, 0, 0, 1], 0).into();
            Sandbox::start(settings.clone(), loopback).await.map_err(|error| Stop::internal(error.to_string()))?.base_url()
        }
    };
    let client = Client::new(&job.platform, &base_url, job.throttle.concurrency as usize).map_err(Stop::invalid)?;
    let stopping = CancellationToken::new();
    let session = Session::new(client, job, stopping.clone());
    session.open().await.map_err(|reason| stopped(&reason))?;
    Ok((session, stopping, base_url))
}

/// What to tell of a stop, and its exit code.
pub(super) fn stopped(reason: &StopReason) -> Stop {
    let (exit, message) = match reason {
        StopReason::Interrupted => (Exit::Resumable, "interrupted; run the same command to go on".to_owned()),
        StopReason::QuotaUsed => (Exit::Resumable, "throttle.max_calls is used up; run the same command to go on".to_owned()),
        StopReason::OutsideHours(until) => (
            Exit::Resumable,
            format!(
                "throttle.window allows no calls now; run the same command at {} or later to go on",
                until.format("%Y-%m-%d %H:%M")
            ),
        ),
        StopReason::Unhealthy(why) => {
            (Exit::Resumable, format!("the platform does not answer: {why}; run the same command later to go on"))
        }
        StopReason::Refused(why) => (Exit::Refused, format!("the platform refuses us: {why}")),
        StopReason::NoCredentials(why) => (Exit::Invalid, format!("no credentials: {why}")),
    };
    Stop { exit, message }
}
