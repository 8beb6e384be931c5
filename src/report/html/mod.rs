//! The HTML report for readers who need an overview: one self-contained file without any holder code.

mod estimates;

use super::estimates::{estimate_text, run_name};
use super::excel::{mask_codes, masked};
use super::gates::{rule_of, told_value, value_of, verdict_key};
use super::summary::input_text;
use super::{GLOSSARY, GLOSSARY_OF_SAMPLES, ReportInput, Words, reading, title_key};
use crate::analysis::{Counts, Figures, GateResult, Group, PastSample, Verdict};
use crate::audit::Status;
use crate::job::Mask;
use crate::sample::Interval;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("page.css");
/// Number of groups in a chart and a table.
const SHOWN: usize = 15;
/// Left and right end of the bars, and the distance between two bars, in the chart's units.
const BAR_LEFT: f64 = 222.0;
const BAR_RIGHT: f64 = 690.0;
const BAR_STEP: u32 = 28;
/// Longest label of a bar, in characters.
const LONGEST_LABEL: usize = 15;
/// Keys of the columns of the tables of groups.
const TABLE_KEYS: [&str; 6] =
    ["rows", "status-both", "status-city_only", "status-province_only", "col-inconsistent", "collection_rate"];

#[derive(Template)]
#[template(path = "page.html", config = "src/report/html/askama.toml")]
struct Page<'a> {
    words: &'a Words,
    figures: &'a Figures,
    language: &'static str,
    style: &'static str,
    style_hash: String,
    version: &'static str,
    started: String,
    finished: String,
    times: String,
    inputs: String,
    attention: Option<String>,
    sections: Vec<(&'static str, &'static str)>,
    title: &'static str,
    /// The section on the sample, as HTML.
    sample: Option<String>,
    cards: Vec<Card>,
    statuses: Vec<StatusRow>,
    legend: Vec<(&'static str, &'a str)>,
    by_type: Bars,
    by_carried: Option<Bars>,
    changes: Vec<Card>,
    trend: Option<Trend>,
    gates: Vec<Gate<'a>>,
    /// What the gates come to, with its class.
    gates_in_all: (&'static str, String),
    tables: Vec<Table>,
    table_keys: [&'static str; TABLE_KEYS.len()],
    errors: Vec<(String, String, String, String)>,
    glossary: Vec<(&'a str, String)>,
}

struct Card {
    label: String,
    value: String,
    note: String,
}

struct StatusRow {
    label: String,
    count: String,
    share: String,
    note: String,
}

/// A gate: its condition, its name in the job file, the figure's value, and whether it holds.
struct Gate<'a> {
    rule: String,
    name: &'a str,
    value: String,
    class: &'static str,
    verdict: String,
}

/// A horizontal bar chart.
struct Bars {
    title: String,
    height: u32,
    rows: Vec<Bar>,
}

struct Bar {
    label: String,
    y: u32,
    parts: Vec<Part>,
    end: String,
    value: String,
}

struct Part {
    class: &'static str,
    x: String,
    width: String,
    title: String,
}

/// A chart of rates by run.
struct Trend {
    grid: Vec<(String, f64)>,
    labels: Vec<(String, String)>,
    lines: Vec<Line>,
    rows: Vec<(String, Vec<String>)>,
}

struct Line {
    key: &'static str,
    points: String,
    dots: Vec<(String, String, String)>,
    /// Intervals of estimated rates.
    bars: Vec<IntervalBar>,
}

/// A vertical bar from the upper end of an interval to its lower one.
struct IntervalBar {
    x: String,
    top: String,
    bottom: String,
}

struct Table {
    title: String,
    header: String,
    rows: Vec<(String, Vec<String>)>,
}

/// Returns the content of `report.html`.
///
/// # Errors
/// Fails if the template cannot be rendered, which would be a bug.
pub fn page(input: ReportInput<'_>) -> Result<String, askama::Error> {
    let (figures, words, analysis) = (input.figures, input.words, input.analysis);
    let mut tables = vec![Table {
        title: String::new(),
        header: words.text("col-type-name").to_owned(),
        rows: table_rows(words, &analysis.by_type),
    }];
    tables.extend(analysis.by_carried.iter().map(|(header, groups)| Table {
        title: words.fill("page-worst-carried", &[("header", header)]),
        header: header.clone(),
        rows: table_rows(words, groups),
    }));
    let error = |group: &crate::analysis::ErrorGroup| {
        let code = group.code.map_or_else(String::new, |code| code.to_string());
        let advice = words.text(&format!("error-{}-advice", group.kind)).to_owned();
        (words.named("error", &group.kind).to_owned(), code, grouped(group.count), advice)
    };
    let page = Page {
        words,
        figures,
        language: words.language().word(),
        style: STYLE,
        style_hash: STANDARD.encode(Sha256::digest(STYLE)),
        version: env!("CARGO_PKG_VERSION"),
        started: input.local(figures.started_at),
        finished: input.local(figures.finished_at),
        times: words.fill("times-local", &[("zone", &input.zone_name())]),
        inputs: input_text(words, figures),
        attention: attention(input),
        sections: sections(figures),
        title: title_key(figures),
        sample: sample_section(words, figures)?,
        cards: cards(words, figures),
        statuses: statuses(words, figures),
        legend: Status::ALL.iter().map(|status| (status.name(), words.status(*status))).collect(),
        by_type: stacked(words, &analysis.by_type),
        by_carried: analysis.by_carried.first().map(|(header, groups)| rates(words, header, groups)),
        changes: changes(words, figures),
        trend: trend(input),
        gates: figures.gates.iter().map(|gate| told_gate(words, gate)).collect(),
        gates_in_all: gates_in_all(words, figures),
        tables,
        table_keys: TABLE_KEYS,
        errors: analysis.errors.iter().map(error).collect(),
        glossary: glossary(words, figures),
    };
    page.render()
}

/// The sections of the page by their names, with the keys of their titles.
fn sections(figures: &Figures) -> Vec<(&'static str, &'static str)> {
    let sample = figures.sample.as_ref().map(|_| ("sample", "page-sample"));
    let rest = [
        ("results", "distribution"),
        ("changes", "changes"),
        ("gates", "gates"),
        ("worst", "page-worst-types"),
        ("errors", "page-errors"),
        ("reading", "page-how-to-read"),
    ];
    [("figures", "key-figures")].into_iter().chain(sample).chain(rest).collect()
}

fn sample_section(words: &Words, figures: &Figures) -> Result<Option<String>, askama::Error> {
    let sampled = figures.sample.as_ref().zip(figures.estimates.as_ref());
    sampled.map(|(sample, estimates)| estimates::section(words, sample, &estimates.overall)).transpose()
}

/// What the gates come to: that all hold, that one is violated, or that one is not decided.
fn gates_in_all(words: &Words, figures: &Figures) -> (&'static str, String) {
    let (class, mark, key) = if !figures.gates_hold() {
        ("bad", "✗", "page-some-violated")
    } else if figures.gates.iter().any(|gate| gate.verdict == Verdict::Undecided) {
        ("quiet", "?", "page-some-undecided")
    } else {
        ("good", "✓", "page-all-hold")
    };
    (class, format!("{mark} {}", words.text(key)))
}

fn told_gate<'a>(words: &Words, gate: &'a GateResult) -> Gate<'a> {
    let (class, mark) = match gate.verdict {
        Verdict::Holds => ("good", "✓"),
        Verdict::Fails => ("bad", "✗"),
        Verdict::Undecided => ("quiet", "?"),
    };
    let value = if gate.interval.is_some() { told_value(words, gate) } else { value_of(words, gate) };
    let verdict = format!("{mark} {}", words.text(verdict_key(gate.verdict)));
    Gate { rule: rule_of(words, gate), name: &gate.name, value, class, verdict }
}

fn glossary<'a>(words: &'a Words, figures: &Figures) -> Vec<(&'a str, String)> {
    let meaning = |name: &str| words.text(&format!("glossary-{name}-words")).to_owned();
    let of_samples = GLOSSARY_OF_SAMPLES.iter().filter(|_| figures.sample.is_some());
    GLOSSARY.iter().chain(of_samples).map(|name| (words.named("glossary", name), meaning(name))).collect()
}

/// Returns the number of notes about the inputs that need attention; `None` if there are none.
fn attention(input: ReportInput<'_>) -> Option<String> {
    let count = input.intake.map(|intake| reading::attention(input.words, intake)).filter(|count| *count > 0)?;
    Some(input.words.fill("page-attention", &[("count", &grouped(count))]))
}

/// Formats a count with thousands separators.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn cards(words: &Words, figures: &Figures) -> Vec<Card> {
    let words_of = |key: &str| words.text(&format!("{key}-words")).to_owned();
    let card = |key: &str, value: String| Card { label: counted(words, figures, key), value, note: words_of(key) };
    let rate = |key: &str, rate: Option<f64>| Card {
        label: words.text(key).to_owned(),
        value: words.percent(rate),
        note: match &figures.estimates {
            Some(estimates) => estimate_text(words, key, estimates.overall.get(key)),
            None => words_of(key),
        },
    };
    let gaps = figures.city_only + figures.province_only + figures.neither;
    let names = [Status::CityOnly, Status::ProvinceOnly, Status::Neither].map(|status| words.status(status));
    let share = words.percent(figures.inconsistent_rate);
    vec![
        card("items", grouped(figures.items)),
        card("rows", grouped(figures.rows)),
        rate("collection_rate", figures.collection_rate),
        rate("province_coverage", figures.province_coverage),
        rate("city_coverage", figures.city_coverage),
        rate("error_rate", figures.error_rate),
        Card { label: counted(words, figures, "page-gaps"), value: grouped(gaps), note: names.join(" + ") },
        Card {
            label: counted(words, figures, "inconsistent"),
            value: grouped(figures.inconsistent),
            note: words.fill("inconsistent-words", &[("share", &share)]),
        },
    ]
}

/// What a count is called; that of a sampled run is one of the sample.
fn counted(words: &Words, figures: &Figures, key: &str) -> String {
    let name = words.text(key);
    if figures.sample.is_some() { words.fill("sample-list-name", &[("sheet", name)]) } else { name.to_owned() }
}

fn changes(words: &Words, figures: &Figures) -> Vec<Card> {
    let Some(previous) = &figures.previous_run else { return Vec::new() };
    let note = words.fill("changes-since", &[("run", previous)]);
    let kinds = [
        ("change-new", figures.new_gaps),
        ("change-persisting", figures.persisting_gaps),
        ("change-regressed", figures.regressed_gaps),
        ("change-resolved", figures.resolved_gaps),
    ];
    let card = |(key, count): (&str, Option<u64>)| Card {
        label: words.text(key).to_owned(),
        value: grouped(count.unwrap_or_default()),
        note: note.clone(),
    };
    kinds.into_iter().map(card).collect()
}

fn statuses(words: &Words, figures: &Figures) -> Vec<StatusRow> {
    let row = |(status, count): (Status, u64)| StatusRow {
        label: words.status(status).to_owned(),
        count: grouped(count),
        share: words.percent(share(count, figures.rows)),
        note: words.text(&format!("status-{}-words", status.name())).to_owned(),
    };
    figures.by_status().into_iter().map(row).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Returns the name of a group. A carried column may contain holder codes, which are always masked here.
fn name_of(words: &Words, group: &Group) -> String {
    let name = group.label.as_deref().or(group.key.as_deref()).unwrap_or_else(|| words.text("empty"));
    if group.is_holder { masked(name, Mask::Full) } else { mask_codes(name, Mask::Full) }
}

fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST_LABEL {
        return name.to_owned();
    }
    name.chars().take(LONGEST_LABEL - 1).chain(['…']).collect()
}

fn table_rows(words: &Words, groups: &[Group]) -> Vec<(String, Vec<String>)> {
    let cells = |counts: &Counts| {
        vec![
            grouped(counts.rows),
            grouped(counts.of(Status::Both)),
            grouped(counts.of(Status::CityOnly)),
            grouped(counts.of(Status::ProvinceOnly)),
            grouped(counts.inconsistent),
            words.percent(counts.collection_rate()),
        ]
    };
    groups.iter().take(SHOWN).map(|group| (name_of(words, group), cells(&group.counts))).collect()
}

fn height_of(groups: usize) -> u32 {
    BAR_STEP * u32::try_from(groups.max(1)).unwrap_or(1)
}

/// Builds the chart of rows by certificate type, stacked by status.
fn stacked(words: &Words, groups: &[Group]) -> Bars {
    let shown = &groups[..groups.len().min(SHOWN)];
    let most = shown.iter().map(|group| group.counts.rows).max().unwrap_or_default();
    let scale = |count| share(count, most).unwrap_or_default() * (BAR_RIGHT - BAR_LEFT);
    let bar = |(at, group): (usize, &Group)| {
        let mut x = BAR_LEFT;
        let mut parts = Vec::new();
        for status in Status::ALL {
            let count = group.counts.of(status);
            let width = scale(count);
            if count > 0 {
                let title = format!("{} {} {}", name_of(words, group), words.status(status), grouped(count));
                parts.push(Part { class: status.name(), x: format!("{x:.1}"), width: format!("{width:.1}"), title });
            }
            x += width;
        }
        let value = grouped(group.counts.rows);
        Bar { label: short(&name_of(words, group)), y: row_of(at), parts, end: format!("{:.1}", x + 6.0), value }
    };
    let title = if groups.len() > SHOWN {
        words.fill("chart-by-type-most", &[("count", &SHOWN.to_string())])
    } else {
        words.text("chart-by-type").to_owned()
    };
    Bars { title, height: height_of(shown.len()), rows: shown.iter().enumerate().map(bar).collect() }
}

fn row_of(at: usize) -> u32 {
    4 + BAR_STEP * u32::try_from(at).unwrap_or_default()
}

/// Builds the chart of collection rates by a carried column.
fn rates(words: &Words, header: &str, groups: &[Group]) -> Bars {
    let shown = &groups[..groups.len().min(SHOWN)];
    let bar = |(at, group): (usize, &Group)| {
        let rate = group.counts.collection_rate();
        let width = rate.unwrap_or_default() * (BAR_RIGHT - BAR_LEFT);
        let name = name_of(words, group);
        let value = words.percent(rate);
        let part = Part {
            class: Status::Both.name(),
            x: format!("{BAR_LEFT:.1}"),
            width: format!("{width:.1}"),
            title: format!("{name} {value}"),
        };
        let end = format!("{:.1}", BAR_LEFT + width + 6.0);
        Bar { label: short(&name), y: row_of(at), parts: vec![part], end, value }
    };
    let title = if groups.len() > SHOWN {
        words.fill("chart-by-carried-most", &[("header", header), ("count", &SHOWN.to_string())])
    } else {
        words.fill("chart-by-carried", &[("header", header)])
    };
    Bars { title, height: height_of(shown.len()), rows: shown.iter().enumerate().map(bar).collect() }
}

/// The intervals of the rates of each run in the chart over the runs; `None` for a run that asked about all items.
fn intervals(input: ReportInput<'_>) -> Vec<Option<[Option<Interval>; 3]>> {
    let of = |sample: &PastSample| [sample.collection_rate, sample.province_coverage, sample.city_coverage];
    let now = input.figures.estimates.as_ref().map(|estimates| of(&PastSample::of(estimates)));
    input.history.iter().map(|run| run.sample.as_ref().map(of)).chain([now]).collect()
}

/// Rates over the runs; none where this is the first one.
fn trend(input: ReportInput<'_>) -> Option<Trend> {
    const KEYS: [&str; 3] = ["collection_rate", "province_coverage", "city_coverage"];
    const LEFT: f64 = 80.0;
    const RIGHT: f64 = 720.0;
    const TOP: f64 = 16.0;
    const BOTTOM: f64 = 226.0;
    if input.history.is_empty() {
        return None;
    }
    let figures = input.figures;
    let past =
        input.history.iter().map(|run| (run.run_id.as_str(), [run.collection_rate, run.province_coverage, run.city_coverage]));
    let now = [figures.collection_rate, figures.province_coverage, figures.city_coverage];
    let runs: Vec<(&str, [Option<f64>; 3])> = past.chain([(figures.run_id.as_str(), now)]).collect();
    let intervals = intervals(input);
    let sizes = input.history.iter().map(|run| run.sample.as_ref().map(|sample| sample.size));
    let sizes = sizes.chain([figures.sample.as_ref().map(|sample| sample.size)]);
    let names: Vec<String> = runs.iter().zip(sizes).map(|((run, _), size)| run_name(input.words, run, size)).collect();
    let low = input.lowest_rate_shown();
    let y = |rate: f64| BOTTOM - (rate - low) / (1.0 - low) * (BOTTOM - TOP);
    #[expect(clippy::cast_precision_loss, reason = "a dozen runs")]
    let x = |at: usize| LEFT + (RIGHT - LEFT) * at as f64 / (runs.len() - 1) as f64;
    let grid = (0..=4).map(|step| low + (1.0 - low) * f64::from(step) / 4.0);
    let line = |(which, key): (usize, &'static str)| {
        let dots: Vec<(String, String, String)> = runs
            .iter()
            .enumerate()
            .filter_map(|(at, (run, rates))| {
                let rate = rates[which]?;
                let title = format!("{run} {} {}", input.words.text(key), input.words.percent(Some(rate)));
                Some((format!("{:.1}", x(at)), format!("{:.1}", y(rate)), title))
            })
            .collect();
        let points = dots.iter().map(|(x, y, _)| format!("{x},{y}")).collect::<Vec<_>>().join(" ");
        let bars = intervals.iter().enumerate().filter_map(|(at, of_run)| {
            let Interval { low: least, high: most } = of_run.as_ref()?.get(which).copied().flatten()?;
            let y = |rate: f64| format!("{:.1}", y(rate.max(low)));
            Some(IntervalBar { x: format!("{:.1}", x(at)), top: y(most), bottom: y(least) })
        });
        Line { key, points, dots, bars: bars.collect() }
    };
    Some(Trend {
        grid: grid.map(|rate| (format!("{:.0}%", rate * 100.0), (y(rate) * 10.0).round() / 10.0)).collect(),
        // With many runs, only every second label is shown, counted back from the latest.
        labels: runs
            .iter()
            .enumerate()
            .filter(|(at, _)| runs.len() <= 6 || (runs.len() - 1 - at).is_multiple_of(2))
            .map(|(at, (run, _))| ((*run).to_owned(), format!("{:.1}", x(at))))
            .collect(),
        rows: runs
            .iter()
            .zip(&names)
            .map(|((_, rates), name)| (name.clone(), rates.map(|rate| input.words.percent(rate)).to_vec()))
            .collect(),
        lines: KEYS.into_iter().enumerate().map(line).collect(),
    })
}
