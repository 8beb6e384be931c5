//! The plan of a job, which `check` prints.

use super::Words;
use super::planned_sample::{PlannedSample, planned_lines};
use crate::intake::{ColumnUse, FileProblem, FileReport, Note, SheetReport};
use crate::message::Message;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;
use std::time::Duration;

/// What a run of the job would do.
#[derive(Debug, Serialize)]
pub struct PlanReport {
    /// Name of the job.
    pub job: String,
    /// Files and sheets, with the results of reading them.
    pub files: Vec<FileReport>,
    /// Files that match a pattern but are not inputs, with the reason.
    pub passed_over: Vec<FileProblem>,
    /// Problems that prevent reading files or named sheets.
    pub problems: Vec<FileProblem>,
    /// Number of items to audit.
    pub items: u64,
    /// Number of rows that repeat an earlier item.
    pub duplicate_rows: u64,
    /// Number of rows that cannot be audited.
    pub invalid_inputs: u64,
    /// Number of values that are changed before use.
    pub repairs: u64,
    /// Certificate type codes that are not in the catalogue. They are audited like the others.
    pub not_in_catalogue: Vec<String>,
    /// Carried headers that no sheet has.
    pub carried_nowhere: Vec<String>,
    /// The sample of the items that would be asked about; `None` for all of them. Calls, seconds and bytes are those of the sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<PlannedSample>,
    /// Calls, at least and at most.
    pub calls: Span,
    /// Whether the number of calls is estimated from the previous run; otherwise it is the range that the audit's depth allows.
    pub calls_from_previous_run: bool,
    /// Duration at the configured rate, in seconds; `None` if the rate is unlimited.
    pub seconds: Option<Span>,
    /// Size of the journal, in bytes.
    pub journal_bytes: Span,
    /// Calling window, and the time zone of its times; `None` if calling is always allowed.
    pub window: Option<(String, String)>,
    /// Result of the online check by certificate type; `None` without `--online`.
    pub online: Option<Vec<TypeCheck>>,
}

/// Range of an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Lower end.
    pub least: u64,
    /// Upper end.
    pub most: u64,
}

/// Result of the online check of a certificate type.
#[derive(Debug, Clone, Serialize)]
pub struct TypeCheck {
    /// Certificate type code.
    pub cert_type_code: String,
    /// Name in the catalogue; `None` if it is not there.
    pub cert_type_name: Option<String>,
    /// Whether the call succeeded.
    pub answered: bool,
    /// Return code of a failed call, such as 13.
    pub code: Option<i32>,
    /// Reason of a failed call.
    pub message: Option<Message>,
}

/// Formats the plan as text.
#[must_use]
pub fn plan_text(words: &Words, plan: &PlanReport) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    let number = |count: u64| count.to_string();
    line(words.fill("plan-inputs", &[("job", &plan.job)]));
    for file in &plan.files {
        line(format!("  {}", file.path));
        for note in &file.notes {
            line(format!("    {}", note_line(words, note)));
        }
        for told in file.sheets.iter().flat_map(|sheet| sheet_lines(words, sheet)) {
            line(format!("    {told}"));
        }
    }
    for (title, problems) in [("plan-passed-over", &plan.passed_over), ("plan-unreadable", &plan.problems)] {
        if !problems.is_empty() {
            line(words.text(title).to_owned());
        }
        for problem in problems {
            line(format!("  {}", words.say(&problem.to_message())));
        }
    }
    line(words.text("plan-plan").to_owned());
    let counts =
        [("items", plan.items), ("duplicates", plan.duplicate_rows), ("invalid", plan.invalid_inputs), ("repairs", plan.repairs)];
    line(format!("  {}", fill_counts(words, "plan-items", &counts, &[])));
    for code in &plan.not_in_catalogue {
        line(format!("  {}", words.fill("plan-not-in-catalogue", &[("code", code)])));
    }
    for header in &plan.carried_nowhere {
        line(format!("  {}", words.fill("plan-carried-nowhere", &[("header", header)])));
    }
    for told in plan.sample.iter().flat_map(|sample| planned_lines(words, sample)) {
        line(format!("  {told}"));
    }
    let basis = words.text(if plan.calls_from_previous_run { "plan-basis-previous" } else { "plan-basis-depth" });
    let calls = span(words, plan.calls, number);
    line(format!("  {}", words.fill("plan-calls", &[("calls", &calls), ("basis", basis)])));
    line(format!(
        "  {}",
        match plan.seconds {
            Some(seconds) => words.fill("plan-time", &[("time", &span(words, seconds, |time| duration(words, time)))]),
            None => words.text("plan-time-unlimited").to_owned(),
        }
    ));
    if let Some((window, zone)) = &plan.window {
        line(format!("  {}", words.fill("plan-window", &[("window", window), ("zone", zone)])));
    }
    line(format!("  {}", words.fill("plan-journal", &[("size", &span(words, plan.journal_bytes, megabytes))])));
    if let Some(types) = &plan.online {
        line(words.text("plan-online").to_owned());
        for entry in types {
            let name = entry.cert_type_name.as_deref().unwrap_or_else(|| words.text("plan-type-unknown"));
            let message = entry.message.as_ref().map_or_else(String::new, |message| words.say(message));
            let said = match (entry.answered, entry.code) {
                (true, _) => words.text("plan-type-answered").to_owned(),
                (false, Some(13)) => words.text("plan-type-unpublished").to_owned(),
                (false, _) => words.fill("plan-type-failed", &[("message", &message)]),
            };
            line(format!("  {}", words.fill("plan-type", &[("code", &entry.cert_type_code), ("name", name), ("said", &said)])));
        }
    }
    text
}

fn fill_counts(words: &Words, key: &str, counts: &[(&str, u64)], texts: &[(&str, &str)]) -> String {
    let counts: Vec<(&str, String)> = counts.iter().map(|(name, count)| (*name, count.to_string())).collect();
    let mut values: Vec<(&str, &str)> = counts.iter().map(|(name, count)| (*name, count.as_str())).collect();
    values.extend(texts);
    words.fill(key, &values)
}

fn sheet_lines(words: &Words, sheet: &SheetReport) -> Vec<String> {
    let name = if sheet.name.is_empty() { words.text("plan-text-sheet") } else { &sheet.name };
    if let Some(reason) = &sheet.skipped {
        return vec![words.fill("plan-sheet-skipped", &[("sheet", name), ("reason", &words.say(reason))])];
    }
    let comma = words.text("comma");
    let invalid: u64 = sheet.rejected.values().sum();
    let told = |used: &ColumnUse| format!("{}←{}({})", words.named("role", &used.role), used.header, used.column);
    let mapping: Vec<String> = sheet.mapping.iter().map(told).collect();
    let counts = [
        ("rows", sheet.rows),
        ("blank", sheet.blank_rows),
        ("items", sheet.items),
        ("duplicates", sheet.duplicates),
        ("invalid", invalid),
        ("repairs", sheet.repairs),
    ];
    let mut lines = vec![
        fill_counts(words, "plan-sheet", &counts, &[("sheet", name)]),
        format!("  {}", words.fill("plan-columns", &[("columns", &mapping.join(comma))])),
    ];
    if !sheet.unused.is_empty() {
        let unused: Vec<String> = sheet.unused.iter().map(|used| format!("{}({})", used.header, used.column)).collect();
        lines.push(format!("  {}", words.fill("plan-unused", &[("headers", &unused.join(comma))])));
    }
    if invalid > 0 {
        let problems = sheet.rejected.iter().map(|(problem, count)| format!("{} {count}", words.named("problem", problem)));
        let problems = problems.collect::<Vec<_>>().join(comma);
        lines.push(format!("  {}", words.fill("plan-invalid", &[("problems", &problems)])));
    }
    lines.extend(sheet.notes.iter().map(|note| format!("  {}", note_line(words, note))));
    lines
}

fn note_line(words: &Words, note: &Note) -> String {
    let key = if note.needs_attention { "plan-attention" } else { "plan-note" };
    words.fill(key, &[("note", &words.say(&note.message))])
}

/// Formats the plan as JSON. Each message has its sentence as `text`, besides its code and arguments.
#[must_use]
pub fn plan_json(words: &Words, plan: &PlanReport) -> String {
    // Serialising texts, numbers and lists cannot fail.
    let mut value = serde_json::to_value(plan).unwrap_or_default();
    say_messages(words, &mut value);
    format!("{}\n", serde_json::to_string_pretty(&value).unwrap_or_default())
}

fn say_messages(words: &Words, value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(|element| say_messages(words, element)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| say_messages(words, field));
            let message = serde_json::from_value::<Message>(Value::Object(fields.clone()));
            if let Ok(message) = message {
                fields.insert("text".to_owned(), words.say(&message).into());
            }
        }
        _ => {}
    }
}

fn span(words: &Words, span: Span, show: impl Fn(u64) -> String) -> String {
    let (least, most) = (show(span.least), show(span.most));
    if span.least == span.most { least } else { words.fill("span", &[("least", &least), ("most", &most)]) }
}

fn duration(words: &Words, seconds: u64) -> String {
    let (key, count) = match seconds {
        0..=59 => ("span-seconds", seconds.to_string()),
        60..=3599 => ("span-minutes", seconds.div_ceil(60).to_string()),
        _ => ("span-hours", format!("{:.1}", Duration::from_secs(seconds).as_secs_f64() / 3600.0)),
    };
    words.fill(key, &[("count", &count)])
}

fn megabytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
