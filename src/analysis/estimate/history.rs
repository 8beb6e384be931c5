//! What is kept of a sampled run for later reports, and what an earlier run tells a later sample.

use super::super::PastRun;
use super::Estimates;
use crate::sample::{Estimate, Interval, StratifyBy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The intervals of a sampled run's rates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastSample {
    /// Items drawn.
    pub size: u64,
    /// Items of the inputs.
    pub population: u64,
    /// Of 归集率.
    pub collection_rate: Option<Interval>,
    /// Of 省库覆盖率.
    pub province_coverage: Option<Interval>,
    /// Of 市库覆盖率.
    pub city_coverage: Option<Interval>,
    /// Of the share of rows that are errors.
    pub error_rate: Option<Interval>,
}

impl PastSample {
    /// What is kept of a sampled run.
    #[must_use]
    pub fn of(estimates: &Estimates) -> Self {
        let overall = &estimates.overall;
        let interval = |figure| overall.get(figure).map(Estimate::interval);
        Self {
            size: overall.sample,
            population: overall.population.unwrap_or_default(),
            collection_rate: interval("collection_rate"),
            province_coverage: interval("province_coverage"),
            city_coverage: interval("city_coverage"),
            error_rate: interval("error_rate"),
        }
    }
}

/// Returns the collection rates of an earlier run by stratum, as far as they are known.
#[must_use]
pub fn earlier_rates(past: &PastRun, by: &StratifyBy) -> BTreeMap<String, f64> {
    let rates = match by {
        StratifyBy::CertType => Some(&past.by_type),
        StratifyBy::Carried(header) => past.by_carried.get(header),
    };
    let known = rates.into_iter().flatten().filter_map(|(key, rate)| Some((key.clone(), (*rate)?)));
    known.collect()
}
