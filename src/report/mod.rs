//! What people and schedulers read of a run: each output a function from an analysis to bytes. The only room that knows
//! languages.

mod excel;
mod explain;
mod metrics;
mod plan;
mod summary;
mod words;

pub use excel::{ReportError, write_workbook};
pub use explain::{ExplainedFace, explained_text};
pub use metrics::{MetricsInput, metrics};
pub use plan::{PlanReport, Span, TypeCheck, plan_text};
pub use summary::{summary_json, summary_text};

use crate::analysis::{Analysis, Figures};
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
}
