//! Planning of a new run: reads the inputs into its journal.

use super::outputs;
use super::terminal::Terminal;
use crate::audit::{EarlierRow, Status};
use crate::exit::{Exit, Stop};
use crate::face::sort_key;
use crate::intake::{FileProblem, FileReport, FoundFiles, IntakeError, IntakeReport, NewItem, Note, SheetReport, read_files};
use crate::job::{Job, Recheck};
use crate::journal::{ItemFilter, Journal, JournalError, PlanCounts, Shard};
use crate::message::Message;
use crate::run_folder::{Manifest, RunFolder, RunLayout, RunState};
use crate::table::{EarlierError, EarlierRows};

/// Opens the journal of a run, and reads the inputs into it unless its plan is complete. `begun` is the manifest that an earlier
/// process wrote.
pub(super) fn open_or_plan(
    job: &Job,
    found: &FoundFiles,
    layout: &RunLayout,
    begun: Option<&Manifest>,
    terminal: &Terminal,
) -> Result<(Journal, PlanCounts), Stop> {
    let (folder, shard) = (layout.folder(), layout.shard.unwrap_or(Shard::WHOLE));
    let path = folder.journal();
    if path.exists() {
        // A journal without a manifest is of a process that died while it read the inputs. No call was made yet and the inputs
        // may have changed since, so planning starts over.
        if let Some(manifest) = begun
            && let Some(journal) = layout.open_journal(manifest)?
        {
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
    let has_previous = take_previous(layout, &journal, terminal)?;
    let only_gaps = job.recheck == Recheck::Gaps;
    if only_gaps && !has_previous {
        terminal.tell(&Message::new("no-run-to-recheck"));
    }
    let wanted: ItemFilter<'_> =
        if only_gaps && has_previous { Box::new(|item| was_left_open(&journal, item)) } else { Box::new(|_| Ok(true)) };
    let mut plan = journal.begin_plan(&carried, shard, wanted)?;
    let today = chrono::Local::now().date_naive();
    let report = read_files(job, found, today, &mut plan, &terminal.interrupts).map_err(|error| match error {
        IntakeError::Interrupted => Stop::interrupted(),
        IntakeError::Sink(cause) => Stop::disk(path.display())(cause),
    })?;
    if !report.problems.is_empty() {
        return Err(unreadable(&report.problems));
    }
    plan.finish()?;
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

/// Copies the gaps and errors of the job's latest complete run into the journal; returns whether there is such a run.
fn take_previous(layout: &RunLayout, journal: &Journal, terminal: &Terminal) -> Result<bool, Stop> {
    let latest = RunFolder::at(layout.latest());
    let Some(previous) = latest.manifest()?.filter(|previous| previous.state == RunState::Complete) else {
        if latest.dir().is_symlink() {
            terminal.tell(&Message::new("latest-leads-nowhere").with("path", latest.dir().display()));
        }
        return Ok(false);
    };
    if layout.run_folder().dir().canonicalize().ok() == latest.dir().canonicalize().ok() {
        return Ok(false);
    }
    let failed = |error: EarlierError| {
        Stop::internal(Message::new("previous-run-unreadable").with("run", &previous.run_id).with("cause", error))
    };
    // If the previous run was sharded, each of its shards holds the rows of the run before it.
    let known = latest.journals().map_err(|error| failed(error.into()))?;
    let rows = EarlierRows::open(&latest.tables()).map_err(|error| failed(error.into()))?;
    let rows = rows.flat_map(|row| match row {
        // The previous run ended with an error here, so the state known before it applies.
        Ok(row) if is_unknown(&row.status) => {
            match known.as_ref().map(|known| known.earlier(&row.holder_code, &row.cert_type_code)) {
                Some(Ok(before)) if !before.is_empty() => {
                    let still_open = |before: EarlierRow| EarlierRow { status: row.status.clone(), ..before };
                    before.into_iter().map(still_open).map(Ok).collect()
                }
                Some(Err(error)) => vec![Err(error.into())],
                _ => vec![Ok(row)],
            }
        }
        other => vec![other],
    });
    journal.take_earlier(&previous.run_id, rows).map_err(failed)?;
    if previous.fingerprint.recheck == Recheck::Gaps.word()
        && let Some(known) = &known
    {
        // A recheck audits only some items; for the others the state known before it applies.
        known.each_earlier(|row| journal.add_earlier(&row)).map_err(|error| failed(error.into()))?;
    }
    Ok(true)
}

/// Returns whether a status leaves the state of a certificate unknown: `error` or `pending`.
fn is_unknown(status: &str) -> bool {
    status == Status::Error.name() || status == Status::Pending.name()
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
