//! `sandbox`: the platform's stand-in, until it is interrupted.

use crate::cli::SandboxArgs;
use crate::exit::{Exit, Stop};
use crate::job::{SandboxSettings, parse_duration_range};
use crate::sandbox::{FAULTS, Sandbox};
use std::ops::Range;
use std::time::Duration;

pub(super) fn sandbox(args: &SandboxArgs) -> Result<Exit, Stop> {
    let settings = settings(args)?;
    super::runtime()?.block_on(async {
        let sandbox = Sandbox::start(settings, args.listen).await.map_err(|error| Stop::invalid(error.to_string()))?;
        super::print(&format!("{}\n", sandbox.base_url()))?;
        tokio::signal::ctrl_c().await.map_err(Stop::disk("signals"))?;
        Ok(Exit::Done)
    })
}

fn settings(args: &SandboxArgs) -> Result<SandboxSettings, Stop> {
    if !(0.0..=1.0).contains(&args.fault_rate) {
        return Err(Stop::invalid("--fault-rate is a share: it must lie between 0 and 1"));
    }
    if let Some(unknown) = args.faults.iter().find(|name| !FAULTS.iter().any(|(known, _)| known == name)) {
        let known: Vec<&str> = FAULTS.iter().map(|(name, _)| *name).collect();
        return Err(Stop::invalid(format!("--faults {unknown}: there are {}", known.join(", "))));
    }
    Ok(SandboxSettings {
        seed: args.seed,
        latency: range("--latency", &args.latency)?,
        fault_rate: args.fault_rate,
        faults: args.faults.clone(),
        token_life: duration("--token-life", &args.token_life)?,
        address_life: duration("--address-life", &args.address_life)?,
        rate_limit: args.rate_limit,
        outage: args.outage.as_deref().map(|text| range("--outage", text)).transpose()?,
        unpublished: args.unpublished.clone(),
        access_log: args.access_log.clone(),
    })
}

fn range(flag: &str, text: &str) -> Result<Range<Duration>, Stop> {
    parse_duration_range(text)
        .ok_or_else(|| Stop::invalid(format!("{flag} {text}: a duration such as 5ms, or two such as 2ms..10ms")))
}

fn duration(flag: &str, text: &str) -> Result<Duration, Stop> {
    humantime::parse_duration(text).map_err(|_| Stop::invalid(format!("{flag} {text}: a duration such as 5s or 12h")))
}
