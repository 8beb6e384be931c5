//! `sandbox`: serves the embedded stand-in for the platform until it is interrupted.

use super::terminal::Terminal;
use crate::cli::SandboxArgs;
use crate::exit::{Exit, Stop};
use crate::job::{SandboxSettings, parse_duration_range};
use crate::message::Message;
use crate::sandbox::{FAULTS, Sandbox, StartError};
use std::ops::Range;
use std::time::Duration;

pub(super) fn sandbox(args: &SandboxArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let settings = settings(args)?;
    super::runtime()?.block_on(async {
        let sandbox = Sandbox::start(settings, args.listen).await.map_err(|error| Stop::invalid(not_started(&error)))?;
        terminal.print(&format!("{}\n", sandbox.base_url()))?;
        terminal.interrupts.requested().await;
        Ok(Exit::Done)
    })
}

fn not_started(error: &StartError) -> Message {
    match error {
        StartError::Listen { address, cause } => {
            Message::new("sandbox-cannot-listen").with("address", address).with("cause", cause)
        }
        StartError::Log { path, cause } => Message::new("sandbox-cannot-log").with("path", path.display()).with("cause", cause),
    }
}

fn settings(args: &SandboxArgs) -> Result<SandboxSettings, Stop> {
    Ok(SandboxSettings {
        seed: args.seed,
        latency: range("--latency", &args.latency)?,
        fault_rate: rate("--fault-rate", args.fault_rate)?,
        lasting_rate: rate("--lasting-rate", args.lasting_rate)?,
        faults: names("--faults", &args.faults, &FAULTS.map(|(name, _)| name))?,
        oddities: names("--oddities", &args.oddities, &oddities())?,
        token_life: duration("--token-life", &args.token_life)?,
        address_life: duration("--address-life", &args.address_life)?,
        rate_limit: args.rate_limit,
        outage: args.outage.as_deref().map(|text| range("--outage", text)).transpose()?,
        unpublished: args.unpublished.clone(),
        access_log: args.access_log.clone(),
        settle_delay: duration("--settle-delay", &args.settle_delay)?,
    })
}

/// Returns the names that `--oddities` accepts.
fn oddities() -> Vec<&'static str> {
    SandboxSettings::ODDITIES.into_iter().chain([SandboxSettings::EVERY_ODDITY]).collect()
}

fn rate(flag: &str, rate: f64) -> Result<f64, Stop> {
    if (0.0..=1.0).contains(&rate) { Ok(rate) } else { Err(Stop::invalid(Message::new("sandbox-rate").with("name", flag))) }
}

/// Checks that all given names are known.
fn names(flag: &str, given: &[String], known: &[&str]) -> Result<Vec<String>, Stop> {
    match given.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(given.to_vec()),
        Some(unknown) => {
            let message = Message::new("sandbox-unknown-name").with("flag", flag).with("name", unknown);
            Err(Stop::invalid(message.with("known", known.join(", "))))
        }
    }
}

fn range(flag: &str, text: &str) -> Result<Range<Duration>, Stop> {
    let invalid = || Stop::invalid(Message::new("sandbox-duration-range").with("flag", flag).with("text", text));
    parse_duration_range(text).ok_or_else(invalid)
}

fn duration(flag: &str, text: &str) -> Result<Duration, Stop> {
    humantime::parse_duration(text)
        .map_err(|_| Stop::invalid(Message::new("sandbox-duration").with("flag", flag).with("text", text)))
}
