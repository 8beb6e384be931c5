//! The first sheet: facts about the run, key figures with their definitions, changes, gates, charts, and links to all other
//! sheets.

use super::super::estimates::{by_text, estimate_text, grouped, run_name};
use super::super::gates::{rule_of, told_value, verdict_key};
use super::super::{ReportInput, Words, first_rows, reading, title_key};
use super::ReportError;
use super::breakdown::rate_column;
use super::style::{Style, set_page};
use crate::analysis::{Group, PastSample, Verdict};
use crate::audit::Status;
use crate::sample::{Estimate, Interval};
use rust_xlsxwriter::{
    Chart, ChartAxisCrossing, ChartErrorBars, ChartErrorBarsType, ChartFont, ChartFormat, ChartLegendPosition, ChartLine,
    ChartMarker, ChartMarkerType, ChartRange, ChartSolidFill, ChartType, Color, Url, Workbook, Worksheet,
};

/// Number of groups in a chart, so that labels stay readable.
const CHARTED: usize = 15;
/// Series of the chart by type: status, column of the status in the sheet by type, and colour.
const SERIES: [(Status, u16, u32); 6] = [
    (Status::Both, 4, 0x0054_8235),
    (Status::CityOnly, 5, 0x00ED_7D31),
    (Status::ProvinceOnly, 6, 0x002E_75B6),
    (Status::Neither, 7, 0x00A6_A6A6),
    (Status::Error, 8, 0x00C0_0000),
    (Status::Pending, 9, 0x00BF_9000),
];
/// First of the hidden columns beside the rates over the runs. They hold, rate by rate, how far its interval reaches above and
/// below it: the bars of a chart take their lengths from cells.
const REACHES: u16 = 30;
/// A row's height in pixels, as Excel has it by default.
const ROW_PIXELS: u32 = 20;

/// Writes the sheet. The other sheets must exist, with the names in `by_carried` and in the workbook.
pub(super) fn write(
    workbook: &mut Workbook,
    style: &Style,
    input: ReportInput<'_>,
    by_carried: &[String],
) -> Result<(), ReportError> {
    let (figures, words) = (input.figures, input.words);
    let others: Vec<String> = workbook.worksheets().iter().skip(1).map(Worksheet::name).collect();
    let sheet = workbook.worksheet_from_index(0)?;
    sheet.set_column_width(0, 20)?;
    sheet.set_column_width(1, 24)?;
    // Texts in the third column extend over the next two, which are needed for the table of earlier runs.
    sheet.set_column_width(2, 34)?;
    sheet.set_column_width(3, 14)?;
    sheet.set_column_width(4, 14)?;
    sheet.set_screen_gridlines(false);
    sheet.write_string_with_format(0, 0, words.text(title_key(figures)), &style.title)?;
    sheet.set_row_height(0, 28)?;

    let mut page = Page { sheet, style, words, row: 2 };
    page.heading("this-run")?;
    page.text("job", &figures.job, "")?;
    page.text("run", &figures.run_id, "")?;
    let partial = if figures.pending > 0 { words.text("state-partial-words") } else { "" };
    page.text("state", words.named("state", figures.state), partial)?;
    page.text("started", &input.local(figures.started_at), &words.fill("times-local", &[("zone", &input.zone_name())]))?;
    page.text("finished", &input.local(figures.finished_at), "")?;
    page.text("took", &words.fill("seconds", &[("seconds", &format!("{:.1}", figures.wall_seconds))]), "")?;
    page.count("calls", figures.calls, words.text("calls-words"))?;
    page.count("attempts", figures.attempts, words.text("attempts-words"))?;

    page.inputs(input)?;
    page.sample(input)?;
    page.heading("key-figures")?;
    page.count("items", figures.items, words.text("items-words"))?;
    page.count("rows", figures.rows, words.text("rows-words"))?;
    for (key, rate) in [
        ("collection_rate", figures.collection_rate),
        ("province_coverage", figures.province_coverage),
        ("city_coverage", figures.city_coverage),
        ("error_rate", figures.error_rate),
    ] {
        match &figures.estimates {
            Some(estimates) => page.estimate(key, estimates.overall.get(key))?,
            None => page.rate(key, rate)?,
        }
    }

    page.heading("distribution")?;
    if figures.sample.is_some() {
        page.note("sample-counts")?;
    }
    for (status, count) in figures.by_status() {
        let key = format!("status-{}", status.name());
        page.count(&key, count, words.text(&format!("{key}-words")))?;
    }
    let share = words.percent(figures.inconsistent_rate);
    page.count("inconsistent", figures.inconsistent, &words.fill("inconsistent-words", &[("share", &share)]))?;

    page.heading("changes")?;
    match &figures.previous_run {
        None => page.note("no-previous")?,
        Some(previous) => {
            let since = words.fill("changes-since", &[("run", previous)]);
            for (key, count) in [
                ("change-new", figures.new_gaps),
                ("change-persisting", figures.persisting_gaps),
                ("change-regressed", figures.regressed_gaps),
                ("change-resolved", figures.resolved_gaps),
            ] {
                page.count(key, count.unwrap_or_default(), &since)?;
            }
        }
    }
    page.gates(input)?;
    let history = page.history(input)?;
    page.links(&others)?;
    charts(sheet, input, by_carried, history)?;
    set_page(sheet, words, None)?;
    Ok(())
}

/// Places the charts beside the figures, one below the other. `history` is the range of rows with the rates by run.
fn charts(
    sheet: &mut Worksheet,
    input: ReportInput<'_>,
    by_carried: &[String],
    history: Option<(u32, u32)>,
) -> Result<(), ReportError> {
    const COLUMN: u16 = 5;
    let words = input.words;
    let mut row = 2;
    let mut put = |chart: &mut Chart, height: u32| -> Result<(), ReportError> {
        chart.set_width(760).set_height(height);
        sheet.insert_chart(row, COLUMN, chart)?;
        row += height / ROW_PIXELS + 2;
        Ok(())
    };
    if !input.analysis.by_type.is_empty() {
        put(&mut by_type(input), height_for(&input.analysis.by_type))?;
    }
    if let (Some((header, groups)), Some(name)) = (input.analysis.by_carried.first(), by_carried.first()) {
        put(&mut by_first_carried(words, header, groups, name), height_for(groups))?;
    }
    if let Some(rows) = history {
        put(&mut trend(input, rows), 320)?;
    }
    Ok(())
}

/// Returns the height of a bar chart for its groups, in pixels.
fn height_for(groups: &[Group]) -> u32 {
    150 + 32 * u32::try_from(groups.len().clamp(4, CHARTED)).unwrap_or_default()
}

fn titled(mut chart: Chart, title: &str) -> Chart {
    chart.title().set_name(title).set_font(ChartFont::new().set_size(12).set_bold());
    chart.legend().set_position(ChartLegendPosition::Bottom);
    chart
}

fn solid(colour: u32) -> ChartSolidFill {
    ChartSolidFill::new().set_color(Color::RGB(colour)).clone()
}

/// Builds the chart of rows by certificate type, stacked by status, from the sheet by type.
fn by_type(input: ReportInput<'_>) -> Chart {
    let words = input.words;
    let name = input.list_name(words.text("sheet-by-type"));
    let sheet = name.as_str();
    let types = input.analysis.by_type.len();
    let last = u32::try_from(types.min(CHARTED)).unwrap_or(u32::MAX);
    let title = if types > CHARTED {
        words.fill("chart-by-type-most", &[("count", &CHARTED.to_string())])
    } else {
        words.text("chart-by-type").to_owned()
    };
    let mut chart = titled(Chart::new(ChartType::BarStacked), &title);
    for (status, column, colour) in SERIES {
        chart
            .add_series()
            .set_name(words.status(status))
            .set_categories((sheet, 1, 1, last, 1))
            .set_values((sheet, 1, column, last, column))
            .set_gap(45)
            .set_format(ChartFormat::new().set_solid_fill(&solid(colour)));
    }
    chart.y_axis().set_reverse();
    chart.x_axis().set_name(words.text("rows"));
    chart.y_axis().set_crossing(ChartAxisCrossing::Max);
    chart
}

/// Builds the chart of collection rates by the first carried column, from the sheet of that column.
fn by_first_carried(words: &Words, header: &str, groups: &[Group], sheet: &str) -> Chart {
    let last = u32::try_from(groups.len().min(CHARTED)).unwrap_or(u32::MAX);
    let title = if groups.len() > CHARTED {
        words.fill("chart-by-carried-most", &[("header", header), ("count", &CHARTED.to_string())])
    } else {
        words.fill("chart-by-carried", &[("header", header)])
    };
    let mut chart = titled(Chart::new(ChartType::Bar), &title);
    let rate = rate_column(1);
    chart
        .add_series()
        .set_name(words.text("collection_rate"))
        .set_categories((sheet, 1, 0, last, 0))
        .set_values((sheet, 1, rate, last, rate))
        .set_gap(45)
        .set_format(ChartFormat::new().set_solid_fill(&solid(0x0054_8235)));
    chart.y_axis().set_reverse();
    chart.x_axis().set_min(0.0).set_max(1.0).set_num_format("0%").set_name(words.text("collection_rate"));
    chart.y_axis().set_crossing(ChartAxisCrossing::Max);
    chart.legend().set_hidden();
    chart
}

/// Builds the chart of rates by run, from this sheet.
fn trend(input: ReportInput<'_>, (first, last): (u32, u32)) -> Chart {
    let words = input.words;
    let sheet = words.text("sheet-overview");
    let mut chart = titled(Chart::new(ChartType::Line), words.text("chart-trend"));
    for (key, column, colour) in
        [("collection_rate", 1, 0x0054_8235), ("province_coverage", 2, 0x002E_75B6), ("city_coverage", 3, 0x00ED_7D31)]
    {
        let line = ChartLine::new().set_color(Color::RGB(colour)).set_width(2.25).clone();
        let dot = ChartFormat::new().set_solid_fill(&solid(colour)).clone();
        let marker = ChartMarker::new().set_type(ChartMarkerType::Circle).set_size(6).set_format(&mut dot.clone()).clone();
        let series = chart.add_series();
        series
            .set_name(words.text(key))
            .set_categories((sheet, first, 0, last, 0))
            .set_values((sheet, first, column, last, column))
            .set_format(ChartFormat::new().set_line(&line))
            .set_marker(&marker);
        if has_sample(input) {
            let above = REACHES + 2 * (column - 1);
            let reaches = |column| ChartRange::new_from_range(sheet, first, column, last, column);
            let bars = ChartErrorBarsType::Custom(reaches(above), reaches(above + 1));
            series.set_y_error_bars(ChartErrorBars::new().set_type(bars));
        }
    }
    // The bars' lengths stand in hidden columns.
    chart.show_hidden_data();
    chart.y_axis().set_num_format("0%").set_min(input.lowest_rate_shown()).set_max(1.0);
    chart
}

/// Whether a run of those that reports show is sampled.
fn has_sample(input: ReportInput<'_>) -> bool {
    input.figures.sample.is_some() || input.history.iter().any(|run| run.sample.is_some())
}

/// A run among others, with its rates in the order of their columns.
struct ShownRun {
    name: String,
    rates: [Option<f64>; 4],
    sample: Option<PastSample>,
}

impl ShownRun {
    /// How far the intervals of the rates in the chart reach above and below them.
    fn reaches(&self) -> impl Iterator<Item = f64> {
        let intervals = self
            .sample
            .as_ref()
            .map_or([None; 3], |sample| [sample.collection_rate, sample.province_coverage, sample.city_coverage]);
        self.rates.into_iter().zip(intervals).flat_map(|(rate, interval)| match (rate, interval) {
            (Some(rate), Some(Interval { low, high })) => [(high - rate).max(0.0), (rate - low).max(0.0)],
            // A rate that is known has no bar.
            _ => [0.0; 2],
        })
    }
}

/// Writes the sheet's lines one below the other.
struct Page<'a> {
    sheet: &'a mut Worksheet,
    style: &'a Style,
    words: &'a Words,
    row: u32,
}

impl Page<'_> {
    fn heading(&mut self, key: &str) -> Result<(), ReportError> {
        if self.row > 2 {
            self.row += 1;
        }
        self.sheet.write_string_with_format(self.row, 0, self.words.text(key), &self.style.heading)?;
        self.row += 1;
        Ok(())
    }

    fn label(&mut self, key: &str, words: &str) -> Result<(), ReportError> {
        self.sheet.write_string_with_format(self.row, 0, self.words.text(key), &self.style.label)?;
        self.sheet.write_string_with_format(self.row, 2, words, &self.style.remark)?;
        self.row += 1;
        Ok(())
    }

    fn note(&mut self, key: &str) -> Result<(), ReportError> {
        self.sheet.write_string_with_format(self.row, 0, self.words.text(key), &self.style.muted)?;
        self.row += 1;
        Ok(())
    }

    fn text(&mut self, key: &str, value: &str, words: &str) -> Result<(), ReportError> {
        self.sheet.write_string_with_format(self.row, 1, value, &self.style.fact)?;
        self.label(key, words)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
    fn count(&mut self, key: &str, value: u64, words: &str) -> Result<(), ReportError> {
        self.sheet.write_number_with_format(self.row, 1, value as f64, &self.style.number)?;
        self.label(key, words)
    }

    fn rate(&mut self, key: &str, value: Option<f64>) -> Result<(), ReportError> {
        self.rate_cell(self.row, 1, value)?;
        self.label(key, self.words.text(&format!("{key}-words")))
    }

    fn rate_cell(&mut self, row: u32, column: u16, value: Option<f64>) -> Result<(), ReportError> {
        match value {
            Some(value) => self.sheet.write_number_with_format(row, column, value, &self.style.percent)?,
            None => self.sheet.write_string_with_format(row, column, self.words.text("dash"), &self.style.fact)?,
        };
        Ok(())
    }

    /// Writes the accounting of input rows, and whether something about them needs attention.
    fn inputs(&mut self, input: ReportInput<'_>) -> Result<(), ReportError> {
        let (figures, words) = (input.figures, self.words);
        self.heading("input-accounting")?;
        let first = first_rows(figures);
        if let Some(first) = first {
            self.count("input_rows", figures.input_rows, words.text("input_rows-words"))?;
            self.count("first_rows", first, words.text("first_rows-words"))?;
        }
        self.count("duplicates", figures.duplicate_rows, words.text("duplicates-words"))?;
        self.count("invalid", figures.invalid_inputs, words.text("invalid-words"))?;
        if first.is_some() {
            self.count("blank_rows", figures.blank_rows, words.text("blank_rows-words"))?;
        }
        if let Some(intake) = input.intake {
            self.count("attention", reading::attention(words, intake), words.text("attention-words"))?;
        }
        Ok(())
    }

    /// Tells how the sample was drawn, and how to read what follows.
    fn sample(&mut self, input: ReportInput<'_>) -> Result<(), ReportError> {
        let Some(sample) = &input.figures.sample else { return Ok(()) };
        let words = self.words;
        self.heading("sample-heading")?;
        self.count("sample-size", sample.size, words.text("sample-size-words"))?;
        self.count("sample-population", sample.population, words.text("sample-population-words"))?;
        let allocation = words.named("allocation", sample.allocation);
        let by = words.fill("sample-by-words", &[("least", &grouped(sample.least)), ("allocation", allocation)]);
        self.text("sample-by", by_text(words, sample), &by)?;
        self.text("sample-seed", &sample.seed, words.text("sample-seed-words"))?;
        self.note("sample-lists")
    }

    /// A rate that is estimated, with its interval beside what it means.
    fn estimate(&mut self, key: &str, estimate: Option<&Estimate>) -> Result<(), ReportError> {
        self.rate_cell(self.row, 1, estimate.map(|estimate| estimate.value))?;
        let told = estimate_text(self.words, key, estimate);
        self.label(key, &told)
    }

    fn gates(&mut self, input: ReportInput<'_>) -> Result<(), ReportError> {
        if input.figures.gates.is_empty() {
            return Ok(());
        }
        self.heading("gates")?;
        for gate in &input.figures.gates {
            let format = match gate.verdict {
                Verdict::Holds => &self.style.good,
                Verdict::Fails => &self.style.bad,
                Verdict::Undecided => &self.style.muted,
            };
            self.sheet.write_string_with_format(self.row, 0, self.words.text(verdict_key(gate.verdict)), format)?;
            self.sheet.write_string_with_format(self.row, 1, rule_of(self.words, gate), &self.style.wrapped)?;
            self.sheet.write_string_with_format(self.row, 2, told_value(self.words, gate), &self.style.remark)?;
            self.row += 1;
        }
        Ok(())
    }

    /// Writes the rates of earlier runs and of this one, and returns the range of rows; `None` if there are no earlier runs.
    fn history(&mut self, input: ReportInput<'_>) -> Result<Option<(u32, u32)>, ReportError> {
        if input.history.is_empty() {
            return Ok(None);
        }
        let figures = input.figures;
        self.heading("history")?;
        let keys = ["run", "collection_rate", "province_coverage", "city_coverage", "error_rate"];
        for (column, key) in (0..).zip(keys) {
            let format = if column == 0 { &self.style.summary_header } else { &self.style.summary_number_header };
            self.sheet.write_string_with_format(self.row, column, self.words.text(key), format)?;
        }
        let first = self.row + 1;
        let words = self.words;
        let past = input.history.iter().map(|run| ShownRun {
            name: run_name(words, &run.run_id, run.sample.as_ref().map(|sample| sample.size)),
            rates: [run.collection_rate, run.province_coverage, run.city_coverage, run.error_rate],
            sample: run.sample.clone(),
        });
        let this = run_name(words, &figures.run_id, figures.sample.as_ref().map(|sample| sample.size));
        let now = ShownRun {
            name: words.fill("history-this", &[("run", &this)]),
            rates: [figures.collection_rate, figures.province_coverage, figures.city_coverage, figures.error_rate],
            sample: figures.estimates.as_ref().map(PastSample::of),
        };
        let has_sample = has_sample(input);
        for run in past.chain([now]) {
            self.row += 1;
            self.sheet.write_string_with_format(self.row, 0, &run.name, &self.style.code)?;
            if has_sample {
                for (column, reach) in (REACHES..).zip(run.reaches()) {
                    self.sheet.write_number_with_format(self.row, column, reach, &self.style.percent)?;
                    self.sheet.set_column_hidden(column)?;
                }
            }
            // A rate of nothing stays blank: a dash would be drawn as zero.
            for (column, rate) in (1..).zip(run.rates).filter_map(|(column, rate)| Some((column, rate?))) {
                self.rate_cell(self.row, column, Some(rate))?;
            }
        }
        let last = self.row;
        self.row += 1;
        Ok(Some((first, last)))
    }

    fn links(&mut self, sheets: &[String]) -> Result<(), ReportError> {
        self.heading("sheets")?;
        for name in sheets {
            let link = Url::new(format!("internal:'{}'!A1", name.replace('\'', "''"))).set_text(name);
            self.sheet.write_url_with_format(self.row, 0, link, &self.style.link)?;
            self.row += 1;
        }
        Ok(())
    }
}
