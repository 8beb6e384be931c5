//! Reports for people and schedulers. Each one is a function from an analysis to bytes. Only this module contains sentences.

mod compared;
mod decisions;
mod estimates;
mod excel;
mod explain;
mod failed;
mod gates;
mod html;
mod metrics;
mod plan;
mod planned_sample;
mod reading;
mod remarks;
mod summary;
mod words;

pub use compared::{Comparison, changes_of_rates, compared_text, is_sampled};
pub use decisions::{DecisionReader, Decisions, ShownDecision};
pub use estimates::{by_text, change_text, estimate_text, sample_note};
pub use excel::{ComparedWorkbook, PlanMark, RemediationRow, RemediationWorkbook, ReportError, write_workbook};
pub(crate) use excel::{embedded, face_value, fitting, mask_codes, masked, width_of};
pub use explain::{ExplainedFace, explained_text};
pub use failed::write_failed;
pub use gates::{gate_text, undecided_text};
pub use html::page;
pub use metrics::{MetricsInput, metrics};
pub use plan::{PlanReport, Span, TypeCheck, plan_json, plan_text};
pub use planned_sample::{PlannedSample, PlannedStratum};
pub use remarks::{RemarkError, RemarkedRun, Remarks, WaitingRemark};
pub use summary::{summary_json, summary_text};
pub use words::Words;

use crate::analysis::{Analysis, Figures, Handling, PastRun, PastSample};
use crate::codes::Catalogue;
use crate::intake::IntakeReport;
use crate::job::Mask;
use crate::message::Message;
use chrono::{DateTime, FixedOffset, Local, Utc};
use std::borrow::Cow;
use std::path::Path;

/// Input of all reports.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// Figures of the run.
    pub figures: &'a Figures,
    /// Counts over the run's tables.
    pub analysis: &'a Analysis,
    /// Folder of the run's tables.
    pub tables: &'a Path,
    /// How the inputs were read; `None` for a run of an earlier version that did not store it.
    pub intake: Option<&'a IntakeReport>,
    /// Names of certificate types.
    pub catalogue: &'a Catalogue,
    /// Headers of the carried columns.
    pub carried: &'a [String],
    /// How much of holder codes and names to show.
    pub mask: Mask,
    /// Texts in the reader's language.
    pub words: &'a Words,
    /// Rates of earlier complete runs, oldest first.
    pub history: &'a [PastRun],
    /// Remarks of analysts on gaps.
    pub remarks: &'a Remarks,
    /// Whether certificate files have been requested.
    pub has_files: bool,
    /// Decisions about certificates.
    pub decisions: &'a Decisions,
    /// Header of the column that distinguishes departments, and their progress; `None` if nothing was dispatched or decided.
    pub handling: Option<(&'a str, &'a Handling)>,
}

impl ReportInput<'_> {
    /// Returns the lower end of the scale for rates by run: the multiple of 0.1 below the lowest rate, so that small changes are
    /// visible.
    fn lowest_rate_shown(&self) -> f64 {
        let of = |rates: [Option<f64>; 3]| rates.into_iter().flatten().fold(1.0, f64::min);
        let past = self.history.iter().map(|run| of([run.collection_rate, run.province_coverage, run.city_coverage]));
        let now = of([self.figures.collection_rate, self.figures.province_coverage, self.figures.city_coverage]);
        let of_sample = |sample: &PastSample| {
            of([sample.collection_rate, sample.province_coverage, sample.city_coverage].map(|end| Some(end?.low)))
        };
        let past = past.chain(self.history.iter().filter_map(|run| run.sample.as_ref()).map(of_sample));
        let now = self.figures.estimates.as_ref().map_or(now, |estimates| now.min(of_sample(&PastSample::of(estimates))));
        ((past.fold(now, f64::min) * 10.0).floor() / 10.0).min(0.9)
    }

    /// Returns the name of a list, which says so where it holds the items of a sample alone.
    fn list_name(&self, name: &str) -> String {
        match self.figures.sample {
            Some(_) => self.words.fill("sample-list-name", &[("sheet", name)]),
            None => name.to_owned(),
        }
    }

    /// Returns the offset from UTC in which a report shows all of its times: the local one when the run ended. A single
    /// offset keeps the zone true that headers name, also where clocks were changed during the run.
    fn zone(&self) -> FixedOffset {
        *self.figures.finished_at.with_timezone(&Local).offset()
    }

    /// Returns the name of [`Self::zone`], such as `UTC+08:00`.
    fn zone_name(&self) -> String {
        format!("UTC{}", self.zone())
    }

    /// Formats a time for a report.
    fn local(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.zone()).format("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// Returns the number of input rows that are the first occurrence of an item; `None` if the counts contradict each other, as in a
/// run of an earlier version that did not count input rows.
fn first_rows(figures: &Figures) -> Option<u64> {
    figures.input_rows.checked_sub(figures.duplicate_rows + figures.invalid_inputs + figures.blank_rows)
}

/// Returns a text from a table for display: a stored message as its sentence, anything else unchanged.
fn displayed<'a>(words: &Words, text: &'a str) -> Cow<'a, str> {
    if !text.starts_with("{\"code\":\"") {
        return Cow::Borrowed(text);
    }
    let message = Message::from_stored(text);
    let sentence = words.say(&message);
    // The platform's message may itself be JSON with a code, which is not a message of this program and has no sentence.
    if sentence == message.to_string() { Cow::Borrowed(text) } else { Cow::Owned(sentence) }
}

/// Key of a report's title.
const fn title_key(figures: &Figures) -> &'static str {
    if figures.sample.is_some() { "sample-title" } else { "title" }
}

/// What the glossary explains beside that in the report of a sampled run.
const GLOSSARY_OF_SAMPLES: [&str; 2] = ["sample", "interval"];

/// What the glossary explains: the messages `glossary-…` and `glossary-…-words`.
const GLOSSARY: [&str; 19] = [
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
    "likely",
    "change",
    "state",
    "holder-type",
    "remark",
    "grouped",
    "time",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Language;

    #[test]
    fn a_stored_message_is_said_and_other_words_are_left_alone() {
        let words = Words::new(Language::ZhCn);
        let stored = Message::new("days").with("days", 3).to_stored();
        for (text, expected) in [
            (stored.as_str(), "3 天"),
            ("接口调用超出频率限制", "接口调用超出频率限制"),
            (r#"{"code":"500","message":"busy"}"#, r#"{"code":"500","message":"busy"}"#),
            (r#"{"code":"#, r#"{"code":"#),
            ("", ""),
        ] {
            assert_eq!(displayed(&words, text), expected);
        }
    }
}
