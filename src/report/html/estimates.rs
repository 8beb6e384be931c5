//! The page's section on a sample: what it is, and what it tells about all items.

use super::super::Words;
use super::super::estimates::{answered_text, interval_text, sample_note, value_text};
use crate::analysis::{COUNTS, FigureEstimates, RATES, SampleFacts};
use askama::Template;

#[derive(Template)]
#[template(path = "estimates.html", config = "src/report/html/askama.toml")]
struct Section<'a> {
    words: &'a Words,
    note: String,
    rows: Vec<Row<'a>>,
}

/// A figure: its name, its estimate, and the intervals of all rows and of the answered ones.
struct Row<'a> {
    label: &'a str,
    value: String,
    interval: String,
    answered: String,
}

/// Returns the section, as HTML.
///
/// # Errors
/// Fails if the template cannot be rendered, which is a bug.
pub(super) fn section(words: &Words, sample: &SampleFacts, overall: &FigureEstimates) -> Result<String, askama::Error> {
    let rows = RATES.into_iter().chain(COUNTS).map(|figure| row_of(words, figure, overall));
    Section { words, note: sample_note(words, sample), rows: rows.collect() }.render()
}

fn row_of<'a>(words: &'a Words, figure: &'a str, overall: &FigureEstimates) -> Row<'a> {
    let label = words.named("figure", figure);
    match overall.get(figure) {
        Some(estimate) => Row {
            label,
            value: value_text(words, figure, estimate.value),
            interval: interval_text(words, figure, estimate),
            answered: answered_text(words, figure, estimate),
        },
        None => Row {
            label,
            value: words.text("dash").to_owned(),
            interval: words.text("sample-withheld").to_owned(),
            answered: words.text("dash").to_owned(),
        },
    }
}
