//! What attempts came to: by interface and result, and how long they took.

use crate::endpoint::Endpoint;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency histogram's buckets, in seconds.
pub const LATENCY_BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];

/// The result of an attempt that brought an answer, beside the names of failures.
pub const ANSWERED: &str = "answered";

/// What attempts came to, over all processes of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AttemptTotals {
    /// Attempts by interface and result.
    pub attempts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Attempts by latency: one count per bound of [`LATENCY_BOUNDS`], not cumulative, and one for those above.
    pub latency: Vec<u64>,
    /// Seconds that attempts took, all together.
    pub latency_seconds: f64,
    /// Seconds that attempts waited for the throttle, all together.
    pub waited_seconds: f64,
}

impl AttemptTotals {
    /// Adds another process's totals.
    pub fn add(&mut self, other: &Self) {
        for (interface, results) in &other.attempts {
            let known = self.attempts.entry(interface.clone()).or_default();
            for (result, count) in results {
                *known.entry(result.clone()).or_default() += count;
            }
        }
        self.latency.resize(LATENCY_BOUNDS.len() + 1, 0);
        for (known, count) in self.latency.iter_mut().zip(&other.latency) {
            *known += count;
        }
        self.latency_seconds += other.latency_seconds;
        self.waited_seconds += other.waited_seconds;
    }
}

/// Counts the attempts of a process.
#[derive(Debug, Default)]
pub(super) struct Meter(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    attempts: HashMap<(Endpoint, &'static str), u64>,
    latency: [u64; LATENCY_BOUNDS.len() + 1],
    time: Duration,
}

impl Meter {
    /// Takes the end of an attempt.
    pub(super) fn count(&self, endpoint: Endpoint, result: &'static str, latency: Duration) {
        let seconds = latency.as_secs_f64();
        let bucket = LATENCY_BOUNDS.partition_point(|bound| *bound < seconds);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.attempts.entry((endpoint, result)).or_default() += 1;
        counts.latency[bucket] += 1;
        counts.time += latency;
    }

    /// What it has counted; `waited` is known elsewhere.
    pub(super) fn totals(&self, waited: Duration) -> AttemptTotals {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut attempts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for ((endpoint, result), count) in &counts.attempts {
            attempts.entry(endpoint.name().to_owned()).or_default().insert((*result).to_owned(), *count);
        }
        AttemptTotals {
            attempts,
            latency: counts.latency.to_vec(),
            latency_seconds: counts.time.as_secs_f64(),
            waited_seconds: waited.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_of_processes_add_up() {
        let meter = Meter::default();
        meter.count(Endpoint::Token, ANSWERED, Duration::from_millis(5));
        meter.count(Endpoint::ShengShiStateInfo, ANSWERED, Duration::from_millis(6));
        meter.count(Endpoint::ShengShiStateInfo, "timeout", Duration::from_secs(61));
        let totals = meter.totals(Duration::from_secs(2));
        assert_eq!((totals.latency[0], totals.latency[1], totals.latency[14]), (1, 1, 1));
        let mut sum = AttemptTotals::default();
        sum.add(&totals);
        sum.add(&totals);
        assert_eq!(sum.attempts[Endpoint::ShengShiStateInfo.name()]["timeout"], 2);
        assert_eq!((sum.latency[14], sum.waited_seconds), (2, 4.0));
    }
}
