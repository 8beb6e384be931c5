//! Planning of a new run: reads the inputs into its journal.

mod earlier;

use super::terminal::Terminal;
use super::{outputs, sampled};
use crate::audit::Status;
use crate::exit::{Exit, Stop};
use crate::face::sort_key;
use crate::intake::{
    FileProblem, FileReport, FoundFiles, IntakeError, IntakeReport, NewItem, Note, Sampler, Sampling, SheetReport, Sink,
    read_files,
};
use crate::job::{Job, Recheck, SampleSettings};
use crate::journal::{ItemFilter, Journal, JournalError, PlanCounts, PlanWriter, Shard};
use crate::message::Message;
use crate::run_folder::{Manifest, RunLayout, RunState};
use crate::sample::{SamplePlan, Target};
use earlier::take_previous;
use std::cell::Cell;

/// The inputs of a run, and where they are read to.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub job: &'a Job,
    pub found: &'a FoundFiles,
    pub layout: &'a RunLayout,
    /// The sample that is wanted of the items; `None` for all of them.
    pub sample: Option<&'a SampleSettings>,
}

impl Reading<'_> {
    fn shard(&self) -> Shard {
        self.layout.shard.unwrap_or(Shard::WHOLE)
    }
}

/// Opens the journal of a run, and reads the inputs into it unless its plan is complete. `begun` is the manifest that an earlier
/// process wrote.
pub(super) fn open_or_plan(
    reading: Reading<'_>,
    begun: Option<&Manifest>,
    terminal: &Terminal,
) -> Result<(Journal, PlanCounts), Stop> {
    let Reading { job, layout, sample, .. } = reading;
    let (folder, shard) = (layout.folder(), reading.shard());
    let path = folder.journal();
    if path.exists() {
        // A journal without a manifest is of a process that died while it read the inputs. No call was made yet and the inputs
        // may have changed since, so planning starts over.
        if let Some(manifest) = begun
            && let Some(journal) = layout.open_journal(manifest)?
        {
            go_on_with_sample(reading, manifest, &journal, terminal)?;
            let counts = journal.counts()?;
            return Ok((journal, counts));
        }
        for ending in ["", "-wal", "-shm"] {
            let part = folder.file(&format!("journal.sqlite{ending}"));
            if part.exists() {
                std::fs::remove_file(&part).map_err(Stop::disk(part.display()))?;
            }
        }
    }
    let journal = Journal::create(&path)?;
    journal.set_run_id(&layout.run_id)?;
    let carried = job.carried();
    let sampling = sample.map(|sample| sampled::sampling(job, sample, &layout.run_id));
    // A sample knows nothing of most gaps: their ages pass it by.
    let has_previous = sampling.is_none() && take_previous(layout, &journal, terminal)?;
    let only_gaps = job.recheck == Recheck::Gaps;
    if only_gaps && !has_previous {
        terminal.tell(&Message::new("no-run-to-recheck"));
    }
    let report = if let Some(sampling) = sampling {
        let is_candidate = Cell::new(false);
        let plan = journal.begin_sample(&carried, shard, Box::new(|_| Ok(is_candidate.get())))?;
        let (report, plan) = read_sample(reading, (&journal, plan), sampling, &is_candidate, terminal)?;
        tell_sample(&plan, terminal);
        report
    } else {
        let wanted: ItemFilter<'_> =
            if only_gaps && has_previous { Box::new(|item| was_left_open(&journal, item)) } else { Box::new(|_| Ok(true)) };
        let mut plan = journal.begin_plan(&carried, shard, wanted)?;
        let report = read(reading, &mut plan, terminal)?;
        plan.finish()?;
        report
    };
    let kept = serde_json::to_string(&report).map_err(Stop::disk("journal.sqlite"))?;
    journal.set_note(outputs::INTAKE, &kept)?;
    for file in &report.files {
        for sheet in &file.sheets {
            log_sheet(&file.path, sheet);
            for code in &sheet.not_in_catalogue {
                tracing::warn!(code, "a certificate type code that the catalogue lacks");
            }
        }
    }
    tell_reading(&report, terminal);
    for header in carried_nowhere(job, &report.files) {
        terminal.tell(&Message::new("carried-nowhere").with("header", header));
    }
    let counts = journal.counts()?;
    let named: u64 = report.files.iter().flat_map(|file| &file.sheets).map(|sheet| sheet.items).sum();
    // In a sharded run another shard may have all the items, so an empty shard is complete.
    if counts.items == 0 && named > 0 && shard.of > 1 {
        return Ok((journal, counts));
    }
    if counts.items == 0 && named > 0 {
        return Err(Stop::invalid(Message::new("nothing-to-recheck").with("items", named)));
    }
    if counts.items == 0 {
        let mut messages = vec![Message::new("no-items").with("rejected", counts.rejected)];
        messages.extend(first_rejection(&journal)?);
        return Err(Stop { exit: Exit::Invalid, messages });
    }
    Ok((journal, counts))
}

/// Reads the inputs into a sink.
fn read(reading: Reading<'_>, sink: &mut dyn Sink, terminal: &Terminal) -> Result<IntakeReport, Stop> {
    let Reading { job, found, layout, .. } = reading;
    let today = chrono::Local::now().date_naive();
    let report = read_files(job, found, today, sink, &terminal.interrupts).map_err(|error| match error {
        IntakeError::Interrupted => Stop::interrupted(),
        IntakeError::Sink(cause) => Stop::disk(layout.folder().journal().display())(cause),
    })?;
    if report.problems.is_empty() { Ok(report) } else { Err(unreadable(&report.problems)) }
}

/// Reads the inputs into a journal's plan, and makes the plan stand with the items that the sample draws.
fn read_sample(
    reading: Reading<'_>,
    (journal, mut plan): (&Journal, PlanWriter<'_>),
    sampling: Sampling,
    is_candidate: &Cell<bool>,
    terminal: &Terminal,
) -> Result<(IntakeReport, SamplePlan), Stop> {
    let by = sampling.by.to_string();
    let mut sampler = Sampler::new(sampling, &reading.job.carried(), &mut plan, is_candidate);
    let report = read(reading, &mut sampler, terminal)?;
    let drawn = sampler.finish().map_err(|problem| Stop::invalid(problem.to_message(&by)))?;
    plan.keep_drawn(&drawn.items)?;
    sampled::keep(journal, &drawn.plan)?;
    plan.finish()?;
    Ok((report, drawn.plan))
}

/// Draws what a larger sample has beyond the one that the run has drawn, where one is wanted.
///
/// # Errors
/// Fails if the run is sampled and should not be, or the reverse, or if its sample was drawn otherwise.
fn go_on_with_sample(reading: Reading<'_>, begun: &Manifest, journal: &Journal, terminal: &Terminal) -> Result<(), Stop> {
    let folder = reading.layout.folder();
    let path = folder.dir().display();
    let (before, wanted) = match (sampled::plan_of(journal)?, reading.sample) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(Stop::invalid(Message::new("sample-begun-whole").with("path", path))),
        (Some(_), None) => return Err(Stop::invalid(Message::new("sample-begun-sampled").with("path", path))),
        (Some(before), Some(wanted)) => (before, wanted),
    };
    let changes = sampled::changes(&before, wanted);
    if !changes.is_empty() {
        return Err(Stop::invalid(Message::new("run-began-otherwise").with("path", path).with_list("changes", changes)));
    }
    let Target::Size(size) = wanted.target else { return Ok(()) };
    let asked = size.of(before.population());
    if asked <= before.drawn() {
        if asked < before.drawn() {
            terminal.tell(&Message::new("sample-kept").with("drawn", before.drawn()).with("size", asked));
        }
        return Ok(());
    }
    // What the manifest says of a journal is checked against it: after a kill it must fit the smaller sample and the larger one.
    folder.write_manifest(&Manifest { state: RunState::Incomplete, items: 0, finished: 0, settled: 0, ..begun.clone() })?;
    let carried = reading.job.carried();
    let is_candidate = Cell::new(false);
    let plan = journal.begin_larger_sample(&carried, reading.shard(), Box::new(|_| Ok(is_candidate.get())))?;
    let sampling = sampled::larger(&before, wanted.target);
    let (_, after) = read_sample(reading, (journal, plan), sampling, &is_candidate, terminal)?;
    terminal.tell(&Message::new("sample-extended").with("before", before.drawn()).with("after", after.drawn()));
    Ok(())
}

/// Tells what was drawn, and whether strata give fewer items than they should.
fn tell_sample(plan: &SamplePlan, terminal: &Terminal) {
    let drawn = Message::new("sample-drawn").with("size", plan.drawn()).with("population", plan.population());
    terminal.tell(&drawn.with("strata", plan.strata.len()).with("by", &plan.by));
    if plan.strata.iter().any(|stratum| stratum.drawn < stratum.population.min(plan.least)) {
        terminal.tell(&Message::new("sample-least-not-met").with("size", plan.drawn()).with("least", plan.least));
    }
}

/// Returns whether the previous run ended with a gap or an error for an item.
fn was_left_open(journal: &Journal, item: &NewItem) -> Result<bool, JournalError> {
    let rows = journal.earlier(&item.holder_code, &item.cert_type_code)?;
    let is_meant = |number: Option<&str>| match (&item.certificate_number, number) {
        (Some(wanted), Some(number)) => sort_key(wanted) == sort_key(number),
        _ => true,
    };
    Ok(rows.iter().any(|row| is_open(&row.status) && is_meant(row.certificate_number.as_deref())))
}

/// Returns whether a status is a gap or unknown.
fn is_open(status: &str) -> bool {
    status != Status::Both.name()
}

/// Returns the carried headers that no sheet has, which are probably misspelt.
pub(super) fn carried_nowhere(job: &Job, files: &[FileReport]) -> Vec<String> {
    let has = |header: &String| files.iter().flat_map(|file| &file.sheets).any(|sheet| sheet.carried.contains(header));
    job.carried().into_iter().filter(|header| !has(header)).collect()
}

/// Converts the problems that prevent reading the inputs into an error with one message each.
pub(super) fn unreadable(problems: &[FileProblem]) -> Stop {
    Stop { exit: Exit::Invalid, messages: problems.iter().map(FileProblem::to_message).collect() }
}

fn log_sheet(file: &str, sheet: &SheetReport) {
    let name = &*sheet.name;
    if let Some(reason) = &sheet.skipped {
        tracing::info!(file, sheet = name, %reason, "sheet skipped");
    } else {
        let SheetReport { rows, items, duplicates, repairs, .. } = sheet;
        let rejected: u64 = sheet.rejected.values().sum();
        tracing::info!(file, sheet = name, rows, items, duplicates, repairs, rejected, "sheet read");
    }
}

/// Returns a message with the position of the first rejected row and the reason, but without its value.
fn first_rejection(journal: &Journal) -> Result<Option<Message>, Stop> {
    let mut first = None;
    journal.rejected_rows::<JournalError>(|row| {
        first.get_or_insert_with(|| {
            // A text file has no sheets.
            let place = match row.sheet.as_str() {
                "" => Message::new("first-rejected-in-text"),
                sheet => Message::new("first-rejected").with("sheet", sheet),
            };
            let place = place.with("file", &row.file).with("row", row.row);
            place.with_message("advice", Message::from_stored(&row.texts[3]))
        });
        Ok(())
    })?;
    Ok(first)
}

/// Reports tables that were not read, and notes on reading that need attention.
fn tell_reading(report: &IntakeReport, terminal: &Terminal) {
    for file in &report.files {
        let of_file = |message: Message| FileProblem { file: file.path.to_string(), sheet: None, message };
        for note in file.notes.iter().filter(|note| note.needs_attention) {
            terminal.tell(&of_file(note.message.clone()).to_message());
        }
        for sheet in &file.sheets {
            let of_sheet = |message: Message| {
                let sheet = Some(sheet.name.to_string()).filter(|name| !name.is_empty());
                FileProblem { file: file.path.to_string(), sheet, message }
            };
            if let Some(reason) = sheet.skipped.as_ref().filter(|_| sheet.is_unread_table) {
                let message = Message::new("sheet-not-read").with_message("reason", reason.clone());
                terminal.tell(&of_sheet(message).to_message());
            }
            for Note { message, .. } in sheet.notes.iter().filter(|note| note.needs_attention) {
                terminal.tell(&of_sheet(message.clone()).to_message());
            }
        }
    }
}
