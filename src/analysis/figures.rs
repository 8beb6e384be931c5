//! Figures of a run, for schedulers and gates.

use super::breakdown::{Analysis, Counts};
use super::estimate::{Estimates, SampleFacts, SampleVerdict, Verdict, judge_on_sample};
use crate::audit::{Change, Status};
use crate::job::{FIGURES, Gate, GatesOnSample};
use crate::sample::{Estimate, Interval};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Facts about a run that its tables do not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    /// Name of the job.
    pub job: String,
    /// Id of the run.
    pub run_id: String,
    /// Id of the previous complete run; `None` if there is none.
    pub previous_run: Option<String>,
    /// `incomplete` or `complete`.
    pub state: &'static str,
    /// Number of input rows that cannot be audited.
    pub invalid_inputs: u64,
    /// Number of input rows that repeat an earlier item.
    pub duplicate_rows: u64,
    /// Number of input rows below the headers.
    pub input_rows: u64,
    /// Number of those rows that are blank.
    pub blank_rows: u64,
    /// Start of the run's first process.
    pub started_at: DateTime<Utc>,
    /// End of the run's last process.
    pub finished_at: DateTime<Utc>,
    /// Total duration of the run's processes, in seconds.
    pub wall_seconds: f64,
    /// Number of certificates to settle with a decision.
    pub decided: u64,
    /// Number of certificates to settle without a decision.
    pub outstanding: u64,
    /// Number of notifications that were verified to have taken effect.
    pub remedied: u64,
}

/// Result of one gate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateResult {
    /// Name of the gate, as in the job file.
    pub name: String,
    /// Limit set in the job file.
    pub limit: f64,
    /// Value of the figure; `None` for a rate without a denominator.
    pub value: Option<f64>,
    /// The 95 % interval of an estimated value, as `low` and `high`.
    #[serde(flatten)]
    pub interval: Option<Interval>,
    /// Whether the limit is kept.
    pub holds: bool,
    /// What the run says about it: a sample may leave it undecided.
    pub verdict: Verdict,
    /// Whether the run ends as one that violates a gate.
    #[serde(skip)]
    pub is_violated: bool,
}

/// The content of `summary.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names are the figures of the public interface, told there")]
pub struct Figures {
    pub job: String,
    pub run_id: String,
    pub previous_run: Option<String>,
    pub state: &'static str,
    pub items: u64,
    pub rows: u64,
    pub both: u64,
    pub province_only: u64,
    pub city_only: u64,
    pub neither: u64,
    pub error: u64,
    pub pending: u64,
    pub inconsistent: u64,
    pub invalid_inputs: u64,
    pub duplicate_rows: u64,
    pub input_rows: u64,
    pub blank_rows: u64,
    pub decided: u64,
    pub outstanding: u64,
    pub remedied: u64,
    pub new_gaps: Option<u64>,
    pub persisting_gaps: Option<u64>,
    pub resolved_gaps: Option<u64>,
    pub regressed_gaps: Option<u64>,
    pub calls: u64,
    pub attempts: u64,
    pub collection_rate: Option<f64>,
    pub province_coverage: Option<f64>,
    pub city_coverage: Option<f64>,
    pub error_rate: Option<f64>,
    pub inconsistent_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimates: Option<Estimates>,
    pub gates: Vec<GateResult>,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub wall_seconds: f64,
}

impl Figures {
    /// Computes the figures of a run and the results of its gates.
    #[must_use]
    pub fn new(facts: RunFacts, analysis: &Analysis, gates: &[Gate]) -> Self {
        let Counts { items, rows, inconsistent, calls, attempts, .. } = analysis.totals;
        let totals = &analysis.totals;
        let changed = |change| facts.previous_run.as_ref().map(|_| totals.changed(change));
        let mut figures = Self {
            job: facts.job,
            run_id: facts.run_id,
            previous_run: facts.previous_run.clone(),
            state: facts.state,
            items,
            rows,
            both: totals.of(Status::Both),
            province_only: totals.of(Status::ProvinceOnly),
            city_only: totals.of(Status::CityOnly),
            neither: totals.of(Status::Neither),
            error: totals.of(Status::Error),
            pending: totals.of(Status::Pending),
            inconsistent,
            invalid_inputs: facts.invalid_inputs,
            duplicate_rows: facts.duplicate_rows,
            input_rows: facts.input_rows,
            blank_rows: facts.blank_rows,
            decided: facts.decided,
            outstanding: facts.outstanding,
            remedied: facts.remedied,
            new_gaps: changed(Change::New),
            persisting_gaps: changed(Change::Persisting),
            resolved_gaps: changed(Change::Resolved),
            regressed_gaps: changed(Change::Regressed),
            calls,
            attempts,
            collection_rate: totals.collection_rate(),
            province_coverage: totals.province_coverage(),
            city_coverage: totals.city_coverage(),
            error_rate: totals.error_rate(),
            inconsistent_rate: totals.inconsistent_rate(),
            sample: None,
            estimates: None,
            gates: Vec::new(),
            started_at: facts.started_at,
            finished_at: facts.finished_at,
            wall_seconds: facts.wall_seconds,
        };
        figures.gates = judge_gates(gates, &figures);
        figures
    }

    /// Returns the figures of a sampled run: its rates are those of all items, as estimated, and its gates are judged by the
    /// intervals. Counts stay those of the sample. `on_sample` says what becomes of a gate that the sample does not decide.
    #[must_use]
    pub fn of_sample(mut self, sample: SampleFacts, estimates: Estimates, gates: &[Gate], on_sample: GatesOnSample) -> Self {
        self.gates = gates.iter().map(|gate| on_sample_result(gate, &self, &estimates, on_sample)).collect();
        let rate = |figure: &str| estimates.overall.get(figure).map(|estimate| estimate.value);
        self.collection_rate = rate("collection_rate");
        self.province_coverage = rate("province_coverage");
        self.city_coverage = rate("city_coverage");
        self.error_rate = rate("error_rate");
        self.inconsistent_rate = rate("inconsistent_rate");
        self.sample = Some(sample);
        self.estimates = Some(estimates);
        self
    }

    /// Rows by status, in the order of reports.
    #[must_use]
    pub const fn by_status(&self) -> [(Status, u64); Status::ALL.len()] {
        [
            (Status::Both, self.both),
            (Status::CityOnly, self.city_only),
            (Status::ProvinceOnly, self.province_only),
            (Status::Neither, self.neither),
            (Status::Error, self.error),
            (Status::Pending, self.pending),
        ]
    }

    /// Returns whether every gate holds.
    #[must_use]
    pub fn gates_hold(&self) -> bool {
        !self.gates.iter().any(|gate| gate.is_violated)
    }

    /// Returns the value of the figure with this name; `None` if there is none or it has no value.
    #[must_use]
    pub fn value(&self, figure: &str) -> Option<f64> {
        serde_json::to_value(self).ok()?.get(figure)?.as_f64()
    }
}

/// Compares figures with the limits of the gates.
#[must_use]
pub fn judge_gates(gates: &[Gate], figures: &Figures) -> Vec<GateResult> {
    debug_assert!(gates.iter().all(|gate| FIGURES.contains(&gate.figure)));
    let judge = |gate: &Gate| {
        let value = figures.value(gate.figure);
        #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
        let value = if gate.share { value.filter(|_| figures.rows > 0).map(|value| value / figures.rows as f64) } else { value };
        GateResult::known(gate, value)
    };
    gates.iter().map(judge).collect()
}

impl GateResult {
    /// Returns the result of a gate whose figure is known.
    #[must_use]
    pub fn known(gate: &Gate, value: Option<f64>) -> Self {
        let holds = gate.holds(value);
        let verdict = if holds { Verdict::Holds } else { Verdict::Fails };
        Self { name: gate.name.clone(), limit: gate.limit, value, interval: None, holds, verdict, is_violated: !holds }
    }
}

/// Judges a gate of a sampled run, whose `figures` are those of its rows.
fn on_sample_result(gate: &Gate, figures: &Figures, estimates: &Estimates, on_sample: GatesOnSample) -> GateResult {
    let value = figures.value(gate.figure);
    let SampleVerdict { verdict, estimate } = judge_on_sample(gate, value, estimates);
    let is_violated = match verdict {
        Verdict::Holds => false,
        Verdict::Fails => true,
        Verdict::Undecided => on_sample == GatesOnSample::Strict,
    };
    GateResult {
        name: gate.name.clone(),
        limit: gate.limit,
        value: match verdict {
            // What is neither estimated nor known has no value.
            Verdict::Undecided => estimate.map(|estimate| estimate.value),
            _ => estimate.map_or(value, |estimate| Some(estimate.value)),
        },
        interval: estimate.as_ref().map(Estimate::interval),
        holds: verdict == Verdict::Holds,
        verdict,
        is_violated,
    }
}
