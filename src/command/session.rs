//! Opening of a session with the platform or the sandbox, and the messages if that fails.

use crate::exit::{Exit, Stop};
use crate::interrupt::Interrupts;
use crate::job::{Base, Job, PlatformSettings};
use crate::message::Message;
use crate::platform::{Client, Session, StopReason};
use crate::sandbox::Sandbox;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// An open session and its base URL.
pub(super) struct OpenSession {
    pub session: Arc<Session>,
    pub base_url: String,
}

/// Opens a session with the job's platform; starts the sandbox if the job uses it.
pub(super) async fn open(job: &Job, interrupts: &Interrupts) -> Result<OpenSession, Stop> {
    let base_url = base_url(&job.platform).await?;
    let client = Client::new(&job.platform, &base_url, job.throttle.concurrency as usize).map_err(Stop::invalid)?;
    let session = Arc::new(Session::new(client, job, CancellationToken::new()));
    tokio::select! {
        opened = session.open() => opened.map_err(|reason| stopped(&reason))?,
        () = interrupts.requested() => return Err(Stop::interrupted()),
    }
    Ok(OpenSession { session, base_url })
}

/// Returns the platform's base URL; if it is the sandbox, starts it in this process.
pub(super) async fn base_url(platform: &PlatformSettings) -> Result<String, Stop> {
    match &platform.base {
        Base::Url(url) => Ok(url.clone()),
        Base::Sandbox(settings) => {
            let loopback = ([127, 0, 0, 1], 0).into();
            Ok(Sandbox::start(settings.clone(), loopback).await.map_err(Stop::failed)?.base_url())
        }
    }
}

/// Converts the reason of a stop into its message and exit code.
pub(super) fn stopped(reason: &StopReason) -> Stop {
    match reason {
        StopReason::Interrupted => Stop::interrupted(),
        StopReason::QuotaUsed => Stop::new(Exit::Resumable, Message::new("stop-quota")),
        StopReason::OutsideHours(until) => {
            let message = Message::new("stop-window").with("until", until.format("%Y-%m-%d %H:%M"));
            Stop::new(Exit::Resumable, message.with("zone", until.format("%:z")))
        }
        StopReason::Unhealthy(why) => Stop::new(Exit::Resumable, Message::new("stop-unhealthy").with_message("why", why.clone())),
        StopReason::Refused(why) => Stop::new(Exit::Refused, Message::new("stop-refused").with_message("why", why.clone())),
        StopReason::NoCredentials(why) => {
            Stop::new(Exit::Invalid, Message::new("stop-no-credentials").with_message("why", why.clone()))
        }
    }
}
