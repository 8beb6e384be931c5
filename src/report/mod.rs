//! What people and schedulers read of a run: each output a function from an analysis to bytes. The only room that knows
//! languages.

mod compared;
mod excel;
mod explain;
mod failed;
mod html;
mod metrics;
mod plan;
mod remarks;
mod summary;
mod words;

pub use compared::{Comparison, compared_text};
pub use excel::{ComparedWorkbook, ReportError, write_workbook};
pub use explain::{ExplainedFace, explained_text};
pub use failed::write_failed;
pub use html::page;
pub use metrics::{MetricsInput, metrics};
pub use plan::{PlanReport, Span, TypeCheck, plan_text};
pub use remarks::{GapKey, RemarkError, RemarkedRun, Remarks};
pub use summary::{summary_json, summary_text};
pub use words::Words;

use crate::analysis::{Analysis, Figures, PastRun};
use crate::codes::Catalogue;
use crate::job::Mask;
use std::path::Path;

/// Everything that a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The run's figures.
    pub figures: &'a Figures,
    /// Its breakdowns.
    pub analysis: &'a Analysis,
    /// Folder of its tables.
    pub tables: &'a Path,
    /// Names of certificate types.
    pub catalogue: &'a Catalogue,
    /// Headers of its carried columns.
    pub carried: &'a [String],
    /// How much of holder codes and names to show.
    pub mask: Mask,
    /// The words, in the reader's language.
    pub words: &'a Words,
    /// Earlier complete runs, oldest first.
    pub history: &'a [PastRun],
    /// What analysts wrote beside gaps.
    pub remarks: &'a Remarks,
    /// Whether certificate files were asked for.
    pub has_files: bool,
}

impl ReportInput<'_> {
    /// Where the scale of rates over the runs begins: the tenth below the lowest, so that small changes are seen.
    fn lowest_rate_shown(&self) -> f64 {
        let of = |rates: [Option<f64>; 3]| rates.into_iter().flatten().fold(1.0, f64::min);
        let past = self.history.iter().map(|run| of([run.collection_rate, run.province_coverage, run.city_coverage]));
        let now = of([self.figures.collection_rate, self.figures.province_coverage, self.figures.city_coverage]);
        ((past.fold(now, f64::min) * 10.0).floor() / 10.0).min(0.9)
    }
}

/// What the glossary explains: the messages `glossary-…` and `glossary-…-words`.
const GLOSSARY: [&str; 16] = [
    "item",
    "certificate",
    "both",
    "city_only",
    "province_only",
    "neither",
    "error",
    "collection",
    "province",
    "city",
    "errors",
    "inconsistent",
    "change",
    "state",
    "holder-type",
    "remark",
];
