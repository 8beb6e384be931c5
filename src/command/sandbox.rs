//! `sandbox`: the platform's stand-in, until it is interrupted.

use crate::cli::SandboxArgs;
use crate::exit::{Exit, Stop};
use crate::job::{SandboxSettings, parse_duration_range};
use crate::sandbox::Sandbox;

pub(super) fn sandbox(args: &SandboxArgs) -> Result<Exit, Stop> {
    let latency = parse_duration_range(&args.latency)
        .ok_or_else(|| Stop::invalid(format!("--latency {}: a duration such as 5ms, or two such as 2ms..10ms", args.latency)))?;
    if !(0.0..=1.0).contains(&args.fault_rate) {
        return Err(Stop::invalid("--fault-rate is a share: it must lie between 0 and 1"));
    }
    let settings = SandboxSettings { seed: args.seed, latency, fault_rate: args.fault_rate };
    super::runtime()?.block_on(async {
        let sandbox = Sandbox::start(settings, args.listen).await.map_err(|error| Stop::invalid(error.to_string()))?;
        super::print(&format!("{}\n", sandbox.base_url()))?;
        tokio::signal::ctrl_c().await.map_err(Stop::disk("signals"))?;
        Ok(Exit::Done)
    })
}
