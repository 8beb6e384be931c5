//! Gates of a sampled run: a limit may lie within the interval of its figure, and then nothing is decided.

use super::Estimates;
use crate::job::Gate;
use crate::sample::Estimate;
use serde::Serialize;

/// Figures of a sampled run that are known, since they count what was read and asked rather than what was found.
const KNOWN: [&str; 5] = ["items", "invalid_inputs", "duplicate_rows", "calls", "attempts"];

/// What a run says about a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The limit is kept.
    Holds,
    /// The limit is not kept.
    Fails,
    /// The sample does not tell: the limit lies within the interval, or there is no estimate.
    Undecided,
}

/// A gate, judged on a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SampleVerdict {
    /// What the sample says.
    pub verdict: Verdict,
    /// The estimate that says it; `None` where the figure is known, or cannot be estimated.
    pub estimate: Option<Estimate>,
}

impl Verdict {
    const fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

/// Judges a gate of a sampled run. `value` is the figure of the sampled rows, as [`Figures`](super::super::Figures) has it.
#[must_use]
pub fn judge_on_sample(gate: &Gate, value: Option<f64>, estimates: &Estimates) -> SampleVerdict {
    if KNOWN.contains(&gate.figure) {
        return SampleVerdict { verdict: Verdict::of(gate.holds(value)), estimate: None };
    }
    let overall = &estimates.overall;
    let estimate = if gate.share { overall.share(gate.figure) } else { overall.get(gate.figure) };
    let verdict = match estimate {
        None => Verdict::Undecided,
        Some(estimate) => {
            let ends = [gate.holds(Some(estimate.low)), gate.holds(Some(estimate.high))];
            if ends[0] == ends[1] { Verdict::of(ends[0]) } else { Verdict::Undecided }
        }
    };
    SampleVerdict { verdict, estimate: estimate.copied() }
}
