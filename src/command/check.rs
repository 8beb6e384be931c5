//! `check`: reads job and inputs and prints the plan without a call; with `--online`, makes one call per certificate type.

use super::plan::{carried_nowhere, unreadable};
use super::sampled;
use super::session;
use super::terminal::Terminal;
use crate::audit::{Call, Item};
use crate::cli::{CheckArgs, LogFormat};
use crate::exit::{Exit, Stop};
use crate::intake::{
    FileProblem, FoundFiles, IntakeError, IntakeReport, NewItem, RejectedRow, Repair, Sampler, Sink, find_files, read_files,
};
use crate::job::{CallingHours, Depth, Job, SampleSettings, Secret};
use crate::message::Message;
use crate::platform::CallResult;
use crate::report::{PlanReport, PlannedSample, Span, TypeCheck, plan_json, plan_text};
use crate::run_folder::RunFolder;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Limit on certificate types that are checked online. More are a mistake in the inputs.
const MOST_TYPES: usize = 1000;
/// Bytes of the journal per item and per answer, measured with answers like those in the platform's specification.
const ITEM_BYTES: u64 = 130;
const ANSWER_BYTES: Span = Span { least: 250, most: 700 };

pub(super) fn check(args: &CheckArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let job = terminal.load(&args.job)?;
    let inputs = find_files(&job);
    let wanted = sampled::settings(&job, args.sample.as_deref(), args.margin.as_deref())?;
    let mut found = Findings::default();
    let (intake, drawn) = match &wanted {
        None => (read(&job, &inputs, &mut found, terminal)?, None),
        Some(wanted) => {
            let (intake, drawn) = read_sample(&job, &inputs, wanted, &mut found, terminal)?;
            (intake, Some(drawn))
        }
    };
    let problems = [inputs.problems, intake.problems, secrets_missing(&job)].concat();
    // Of inputs that cannot be read, no sample means anything.
    let sample = drawn.filter(|_| problems.is_empty() && found.items > 0).transpose()?;
    let sheets = || intake.files.iter().flat_map(|file| &file.sheets);
    let mut not_in_catalogue: Vec<String> = sheets().flat_map(|sheet| sheet.not_in_catalogue.iter().cloned()).collect();
    not_in_catalogue.sort();
    not_in_catalogue.dedup();

    let previous = Previous::of(&job);
    let asked = sample.as_ref().map_or(found.items, |sample| sample.size);
    let calls = estimated_calls(&job, asked, previous.as_ref());
    let per_second = job.throttle.rate.per_second();
    let plan = PlanReport {
        job: job.name.clone(),
        items: found.items,
        duplicate_rows: sheets().map(|sheet| sheet.duplicates).sum(),
        invalid_inputs: sheets().map(|sheet| sheet.rejected.values().sum::<u64>()).sum(),
        repairs: sheets().map(|sheet| sheet.repairs).sum(),
        not_in_catalogue,
        carried_nowhere: carried_nowhere(&job, &intake.files),
        sample,
        calls,
        calls_from_previous_run: previous.is_some(),
        seconds: per_second.map(|rate| Span { least: at_rate(calls.least, rate), most: at_rate(calls.most, rate) }),
        journal_bytes: journal_bytes(asked, calls),
        window: window_zone(&job.throttle.hours),
        online: if args.online && problems.is_empty() { Some(ask_types(&job, &found, terminal)?) } else { None },
        passed_over: intake.passed_over,
        files: intake.files,
        problems,
    };
    terminal.print(&match args.format {
        LogFormat::Text => plan_text(terminal.words(), &plan),
        LogFormat::Json => plan_json(terminal.words(), &plan),
    })?;
    if !plan.problems.is_empty() {
        return Err(unreadable(&plan.problems));
    }
    if plan.items == 0 {
        return Err(Stop::invalid(Message::new("no-items").with("rejected", plan.invalid_inputs)));
    }
    Ok(Exit::Done)
}

/// Reads the inputs into a sink.
fn read(job: &Job, inputs: &FoundFiles, sink: &mut dyn Sink, terminal: &Terminal) -> Result<IntakeReport, Stop> {
    let today = chrono::Local::now().date_naive();
    read_files(job, inputs, today, sink, &terminal.interrupts).map_err(|error| match error {
        IntakeError::Interrupted => Stop::interrupted(),
        IntakeError::Sink(cause) => Stop::failed(cause),
    })
}

/// Reads the inputs, and draws the sample that a run would draw of them; that may fail although they can be read.
fn read_sample(
    job: &Job,
    inputs: &FoundFiles,
    wanted: &SampleSettings,
    found: &mut Findings,
    terminal: &Terminal,
) -> Result<(IntakeReport, Result<PlannedSample, Stop>), Stop> {
    let sampling = sampled::sampling(job, wanted, &sampled::run_id(job, Some(wanted)));
    let rates = sampling.rates.clone();
    let is_candidate = Cell::new(false);
    let mut sampler = Sampler::new(sampling, &job.carried(), found, &is_candidate);
    let intake = read(job, inputs, &mut sampler, terminal)?;
    let label = |code: &str| job.catalogue.name(code).map(str::to_owned);
    let planned = match sampler.finish() {
        Ok(drawn) => Ok(PlannedSample::of(&drawn.plan, &rates, &label)),
        Err(problem) => Err(Stop::invalid(problem.to_message(wanted.by.word()))),
    };
    Ok((intake, planned))
}

/// Bytes of the journal of so many items and calls.
pub(super) const fn journal_bytes(items: u64, calls: Span) -> Span {
    Span {
        least: items * ITEM_BYTES + calls.least * ANSWER_BYTES.least,
        most: items * ITEM_BYTES + calls.most * ANSWER_BYTES.most,
    }
}

/// Returns a problem for each secret that cannot be fetched.
pub(super) fn secrets_missing(job: &Job) -> Vec<FileProblem> {
    let secrets = [("platform.username", &job.platform.username), ("platform.password", &job.platform.password)];
    let problem = |(key, secret): (&str, &Secret)| {
        let message = Message::new("secret-missing").with("key", key).with_message("why", secret.reveal().err()?);
        Some(FileProblem { file: job.file.display().to_string(), sheet: None, message })
    };
    secrets.into_iter().filter_map(problem).collect()
}

/// Returns the calling window and the time zone of its times; `None` if calling is always allowed.
fn window_zone(hours: &CallingHours) -> Option<(String, String)> {
    let windows: Vec<String> = hours.0.iter().map(ToString::to_string).collect();
    let zone = chrono::Local::now().format("UTC%:z").to_string();
    (!windows.is_empty()).then(|| (windows.join(", "), zone))
}

/// Counts the results of the intake and keeps one item per certificate type.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub items: u64,
    first_of_type: BTreeMap<String, Item>,
}

impl Sink for Findings {
    fn item(&mut self, item: NewItem) -> Result<(), String> {
        self.items += 1;
        if self.first_of_type.len() < MOST_TYPES && !self.first_of_type.contains_key(&item.cert_type_code) {
            let first = Item {
                holder_code: item.holder_code,
                holder_code_type: item.holder_code_type,
                cert_type_code: item.cert_type_code.clone(),
                certificate_number: item.certificate_number,
            };
            self.first_of_type.insert(item.cert_type_code, first);
        }
        Ok(())
    }

    fn repeated(&mut self, _: u64, _: NewItem, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn rejected(&mut self, _: RejectedRow) -> Result<(), String> {
        Ok(())
    }

    fn repair(&mut self, _: Repair) -> Result<(), String> {
        Ok(())
    }
}

/// Number of items and calls of the job's latest complete run.
pub(super) struct Previous {
    items: u64,
    calls: u64,
}

impl Previous {
    pub(super) fn of(job: &Job) -> Option<Self> {
        let folder = RunFolder::at(job.output.join(&job.name).join("latest"));
        let text = std::fs::read_to_string(folder.file("summary.json")).ok()?;
        let summary: serde_json::Value = serde_json::from_str(&text).ok()?;
        let count = |name: &str| summary.get(name)?.as_u64().filter(|&count| count > 0);
        Some(Self { items: count("items")?, calls: count("calls")? })
    }
}

pub(super) fn estimated_calls(job: &Job, items: u64, previous: Option<&Previous>) -> Span {
    match previous {
        Some(Previous { items: before, calls }) => {
            let calls = u64::try_from(u128::from(items) * u128::from(*calls) / u128::from(*before)).unwrap_or(u64::MAX);
            Span { least: calls, most: calls }
        }
        None if job.audit.depth == Depth::Existence => Span { least: items, most: items },
        None => Span { least: items, most: 2 * items },
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate, and positive"
)]
fn at_rate(calls: u64, per_second: f64) -> u64 {
    (calls as f64 / per_second).ceil() as u64
}

/// Fetches a token, then makes one state call per certificate type.
pub(super) fn ask_types(job: &Job, found: &Findings, terminal: &Terminal) -> Result<Vec<TypeCheck>, Stop> {
    super::runtime()?.block_on(async {
        let session = session::open(job, &terminal.interrupts).await?.session;
        let mut types = Vec::new();
        for (code, item) in &found.first_of_type {
            let call = Call::State { number: item.certificate_number.clone() };
            let request = call.request(item, &job.purpose);
            let called = tokio::select! {
                called = session.call(&request) => called,
                () = terminal.interrupts.requested() => return Err(Stop::interrupted()),
            };
            let (answered, code_said, message) = match called {
                CallResult::Answer { .. } => (true, None, None),
                CallResult::Failed { failure, .. } => (false, failure.code, Some(failure.to_message())),
                CallResult::Stopped(reason) => return Err(session::stopped(&reason)),
            };
            let cert_type_name = job.catalogue.name(code).map(str::to_owned);
            types.push(TypeCheck { cert_type_code: code.clone(), cert_type_name, answered, code: code_said, message });
        }
        Ok(types)
    })
}
