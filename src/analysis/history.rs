//! Rates of a run, in total and by group, that are kept so that later reports can show a trend.

use super::breakdown::{Analysis, Group};
use super::estimate::{GroupEstimate, PastSample};
use super::figures::Figures;
use crate::durable::read_ordinary;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Limit on groups kept per kind. Reports show no more either.
pub const MOST_GROUPS: usize = 5_000;
/// Limit on earlier runs that reports show.
const MOST_RUNS: usize = 11;

/// Rates of one run, each between 0 and 1; `None` without a denominator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    /// Id of the run.
    pub run_id: String,
    /// Whether the run is complete.
    pub complete: bool,
    /// Whether the run audited only items that the previous run left open, so that its rates are not comparable.
    #[serde(default)]
    pub recheck: bool,
    /// End of the run.
    pub finished_at: DateTime<Utc>,
    /// Collection rate (归集率).
    pub collection_rate: Option<f64>,
    /// Coverage of the province's library (省库覆盖率).
    pub province_coverage: Option<f64>,
    /// Coverage of the city's library (市库覆盖率).
    pub city_coverage: Option<f64>,
    /// Share of the rows with status `error`.
    pub error_rate: Option<f64>,
    /// The sample and the intervals of its rates, where the run was sampled; the rates are estimates then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<PastSample>,
    /// Collection rate by certificate type code.
    pub by_type: BTreeMap<String, Option<f64>>,
    /// Collection rate by carried header and value.
    pub by_carried: BTreeMap<String, BTreeMap<String, Option<f64>>>,
}

impl PastRun {
    /// Extracts the rates to keep from a run's figures and analysis.
    #[must_use]
    pub fn new(figures: &Figures, analysis: &Analysis, recheck: bool) -> Self {
        let rates = |groups: &[Group]| {
            let shown = groups.iter().take(MOST_GROUPS);
            shown.filter_map(|group| Some((group.key.clone()?, group.counts.collection_rate()))).collect::<BTreeMap<_, _>>()
        };
        let estimates = figures.estimates.as_ref();
        Self {
            run_id: figures.run_id.clone(),
            complete: figures.state == "complete",
            recheck,
            finished_at: figures.finished_at,
            collection_rate: figures.collection_rate,
            province_coverage: figures.province_coverage,
            city_coverage: figures.city_coverage,
            error_rate: figures.error_rate,
            sample: estimates.map(PastSample::of),
            by_type: match estimates {
                Some(estimates) => estimated_rates(&estimates.by_type),
                None => rates(&analysis.by_type),
            },
            by_carried: match estimates {
                Some(estimates) => {
                    estimates.by_carried.iter().map(|(header, groups)| (header.clone(), estimated_rates(groups))).collect()
                }
                None => analysis.by_carried.iter().map(|(header, groups)| (header.clone(), rates(groups))).collect(),
            },
        }
    }

    /// Reads the rates stored in a file of a run's folder; `None` if the file is missing or cannot be decoded.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&read_ordinary(path).ok()?).ok()
    }
}

/// Estimated collection rates by group.
fn estimated_rates(groups: &[GroupEstimate]) -> BTreeMap<String, Option<f64>> {
    let shown = groups.iter().take(MOST_GROUPS);
    let rate = |group: &GroupEstimate| group.figures.get("collection_rate").map(|estimate| estimate.value);
    shown.filter_map(|group| Some((group.key.clone()?, rate(group)))).collect()
}

/// The latest complete runs before one that ended at `end`, oldest first.
#[must_use]
pub fn runs_before(mut runs: Vec<PastRun>, run_id: &str, end: DateTime<Utc>) -> Vec<PastRun> {
    runs.retain(|run| run.complete && !run.recheck && run.run_id != run_id && run.finished_at < end);
    runs.sort_by_key(|run| run.finished_at);
    runs.split_off(runs.len().saturating_sub(MOST_RUNS))
}
