//! The sample that a job or the command line asks for, and the one that a run has drawn.

use super::outputs::HISTORY;
use crate::analysis::{PastRun, earlier_rates};
use crate::exit::Stop;
use crate::intake::Sampling;
use crate::job::{Job, Recheck, SampleSettings};
use crate::journal::{Journal, Journals};
use crate::message::Message;
use crate::run_folder::RunFolder;
use crate::sample::{Measures, SamplePlan, Size, Target, parse_share};
use std::collections::BTreeMap;

/// Note of a sample's plan.
const SAMPLE: &str = "sample";
/// Margins lie below this: a collection rate lies within 0 to 1 whatever is drawn.
const WIDEST_MARGIN: f64 = 0.5;

/// Returns the sample that is wanted. What was typed, a size or else a margin, takes the place of the job's size.
pub(super) fn settings(job: &Job, size: Option<&str>, margin: Option<&str>) -> Result<Option<SampleSettings>, Stop> {
    let target = if let Some(size) = size {
        Target::Size(Size::parse(size).ok_or_else(|| Stop::invalid(Message::new("sample-flag-size")))?)
    } else if let Some(margin) = margin {
        let share = parse_share(margin).filter(|share| *share < WIDEST_MARGIN);
        Target::Margin(share.ok_or_else(|| Stop::invalid(Message::new("sample-flag-margin")))?)
    } else {
        return Ok(job.sample.clone());
    };
    if job.recheck == Recheck::Gaps {
        return Err(Stop::invalid(Message::new("job-sample-recheck")));
    }
    let usual = job.sample.clone().unwrap_or_else(|| SampleSettings::of(target));
    Ok(Some(SampleSettings { target, ..usual }))
}

/// Returns the id of a job's run today, which says so where the run is sampled.
pub(super) fn run_id(job: &Job, sample: Option<&SampleSettings>) -> String {
    let id = job.run_id(chrono::Local::now().date_naive());
    if sample.is_some() { format!("{id}.sample") } else { id }
}

/// Returns how a run draws its sample. The last complete run's rates decide how items are allocated to strata, where there is
/// one that asked about all items.
pub(super) fn sampling(job: &Job, settings: &SampleSettings, run_id: &str) -> Sampling {
    let latest = RunFolder::at(job.output.join(&job.name).join("latest"));
    let past = PastRun::read(&latest.file(HISTORY)).filter(|past| past.complete && !past.recheck);
    let rates = past.map(|past| earlier_rates(&past, &settings.by)).unwrap_or_default();
    Sampling {
        target: settings.target,
        by: settings.by.clone(),
        least: settings.least,
        seed: settings.seed.clone().unwrap_or_else(|| run_id.to_owned()),
        measures: Measures::neyman(&rates),
        rates,
    }
}

/// Returns how a run draws a larger sample that contains the one it has.
pub(super) fn larger(plan: &SamplePlan, target: Target) -> Sampling {
    Sampling {
        target,
        by: plan.by.clone(),
        least: plan.least,
        seed: plan.seed.clone(),
        measures: Measures::of_plan(plan),
        rates: BTreeMap::new(),
    }
}

/// Returns what of a sample is not as its run began with; its size may change.
pub(super) fn changes(plan: &SamplePlan, wanted: &SampleSettings) -> Vec<Message> {
    let seed = wanted.seed.as_ref().unwrap_or(&plan.seed);
    let keys = [
        ("audit.sample.by", wanted.by.to_string(), plan.by.to_string()),
        ("audit.sample.least", wanted.least.to_string(), plan.least.to_string()),
        ("audit.sample.seed", seed.clone(), plan.seed.clone()),
    ];
    let changed = keys.into_iter().filter(|(_, now, before)| now != before);
    changed
        .map(|(key, now, before)| Message::new("changed-key").with("key", key).with("before", before).with("now", now))
        .collect()
}

/// Returns the sample that a journal's run has drawn; `None` where the run is not sampled.
pub(super) fn plan_of(journal: &Journal) -> Result<Option<SamplePlan>, Stop> {
    journal.note(SAMPLE)?.as_deref().map(read).transpose()
}

/// Returns the sample that a run has drawn, which all of its shards have drawn alike.
pub(super) fn plan_of_all(journals: &Journals) -> Result<Option<SamplePlan>, Stop> {
    journals.notes(SAMPLE)?.first().map(String::as_str).map(read).transpose()
}

fn read(note: &str) -> Result<SamplePlan, Stop> {
    serde_json::from_str(note).map_err(Stop::disk("journal.sqlite"))
}

/// Keeps the sample that a run has drawn.
pub(super) fn keep(journal: &Journal, plan: &SamplePlan) -> Result<(), Stop> {
    let note = serde_json::to_string(plan).map_err(Stop::disk("journal.sqlite"))?;
    Ok(journal.set_note(SAMPLE, &note)?)
}
