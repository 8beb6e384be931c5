//! Queries over a run's tables: totals, breakdowns, figures and gates. polars reads the Parquet files lazily and in streams, so
//! memory does not grow with the number of rows.

mod breakdown;
mod compare;
mod estimate;
mod figures;
mod handling;
mod history;

pub use breakdown::{Analysis, Counts, DifferenceGroup, ErrorGroup, Group, analyse};
pub use compare::{CompareError, Extent, GapChanges, compare};
pub use estimate::{
    COUNTS, EstimateError, Estimates, Estimator, FigureEstimates, GroupEstimate, PastSample, RATES, SampleFacts, SampleVerdict,
    SampledItem, Verdict, earlier_rates, estimate, judge_on_sample,
};
pub use figures::{Figures, GateResult, RunFacts, judge_gates};
pub use handling::{Handling, HandlingCounts, HandlingGroup, handling};
pub use history::{MOST_GROUPS, PastRun, runs_before};

/// Error on querying tables.
#[derive(Debug, thiserror::Error)]
#[error("the tables cannot be analysed: {0}")]
pub struct AnalysisError(#[from] polars::prelude::PolarsError);
