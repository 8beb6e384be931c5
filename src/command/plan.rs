//! The plan of a new run: inputs read into its journal.

use super::outputs;
use super::terminal::Terminal;
use crate::audit::{EarlierRow, Status};
use crate::exit::{Exit, Stop};
use crate::face::sort_key;
use crate::intake::{FileProblem, FileReport, FoundFiles, IntakeError, IntakeReport, NewItem, Note, SheetReport, read_files};
use crate::job::{Job, Recheck};
use crate::journal::{Journal, JournalError, Journals, PlanCounts, Shard, Wanted};
use crate::message::Message;
use crate::run_folder::{Manifest, RunFolder, RunLayout, RunState};
use crate::table::{EarlierError, EarlierRows};
use std::io;
use std::path::{Path, PathBuf};

/// Opens the journal of a run, reading the inputs into it where that has not been done. `begun` is the manifest that an earlier
/// process has left.
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
        // A journal without a manifest is of a process that died while it read the inputs: nothing was asked yet, and the
        // inputs may be others now.
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
    let wanted: Wanted<'_> =
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
    // The other shards may have items: one without any is complete as it is.
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

/// Takes into the journal what the last complete run of the job knew, where there is one. Whatever keeps that run from being read
/// is told, and keeps this one from nothing but the comparison.
fn take_previous(layout: &RunLayout, journal: &Journal, terminal: &Terminal) -> Result<bool, Stop> {
    let latest = RunFolder::at(layout.latest());
    let not_compared = |why: Vec<Message>| {
        let message = Message::new("previous-run-not-compared").with("path", latest.dir().display()).with_list("why", why);
        tracing::warn!(%message, "not compared");
        terminal.tell(&message);
        Ok(false)
    };
    let manifest = match latest.manifest() {
        Ok(manifest) => manifest,
        Err(stop) => return not_compared(stop.messages),
    };
    let Some(previous) = manifest.filter(|previous| previous.state == RunState::Complete) else {
        if latest.dir().is_symlink() {
            terminal.tell(&Message::new("latest-leads-nowhere").with("path", latest.dir().display()));
        }
        return Ok(false);
    };
    if layout.run_folder().dir().canonicalize().ok() == latest.dir().canonicalize().ok() {
        return Ok(false);
    }
    let earlier = match EarlierRun::read(&latest, &previous) {
        Ok(earlier) => earlier,
        Err(why) => return not_compared(vec![why]),
    };
    // It has been read to its end: what fails now is this run's journal.
    let failed = |error: EarlierError| match error {
        EarlierError::Journal(error) => Stop::from(error),
        EarlierError::Table(error) => Stop::failed(error),
    };
    journal.take_earlier(&previous.run_id, earlier.rows().map_err(failed)?).map_err(failed)?;
    if let Some(known) = earlier.recheck() {
        // What a recheck did not ask about is as it was known before.
        known.each_earlier(|row| journal.add_earlier(&row))?;
    }
    Ok(true)
}

/// The last complete run of a job, as far as the next one wants to know it.
struct EarlierRun {
    folder: RunFolder,
    /// What it knew of its own run before: where it was in shards, each of them knows.
    known: Option<Journals>,
    is_recheck: bool,
}

impl EarlierRun {
    /// Opens a run and reads it to its end once, so that nothing of it fails while it is taken over.
    fn read(folder: &RunFolder, manifest: &Manifest) -> Result<Self, Message> {
        check_files(folder)?;
        let known = folder.journals().map_err(|error| error.to_message())?;
        let is_recheck = manifest.fingerprint.recheck == Recheck::Gaps.word();
        let earlier = Self { folder: folder.clone(), known, is_recheck };
        let unreadable = |error: EarlierError| match error {
            EarlierError::Journal(error) => error.to_message(),
            EarlierError::Table(error) => Message::literal(error),
        };
        for row in earlier.rows().map_err(unreadable)? {
            row.map_err(unreadable)?;
        }
        if let Some(known) = earlier.recheck() {
            known.each_earlier(|_| Ok(())).map_err(|error| error.to_message())?;
        }
        Ok(earlier)
    }

    /// What it knew; what an error hid is as it was known before.
    fn rows(&self) -> Result<impl Iterator<Item = Result<EarlierRow, EarlierError>>, EarlierError> {
        let rows = EarlierRows::open(&self.folder.tables())?;
        Ok(rows.flat_map(move |row| match row {
            Ok(row) if is_unknown(&row.status) => {
                match self.known.as_ref().map(|known| known.earlier(&row.holder_code, &row.cert_type_code)) {
                    Some(Ok(before)) if !before.is_empty() => {
                        let still_open = |before: EarlierRow| EarlierRow { status: row.status.clone(), ..before };
                        before.into_iter().map(still_open).map(Ok).collect()
                    }
                    Some(Err(error)) => vec![Err(error.into())],
                    _ => vec![Ok(row)],
                }
            }
            other => vec![other],
        }))
    }

    /// What it knew of its own run before, where it asked only about what that one had left open.
    fn recheck(&self) -> Option<&Journals> {
        self.known.as_ref().filter(|_| self.is_recheck)
    }
}

/// Checks that no pipe or device has the name of a journal or a table: whoever opens one waits.
fn check_files(folder: &RunFolder) -> Result<(), Message> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |cause: io::Error| Message::new("cannot-use").with("what", path.display()).with("cause", cause)
    };
    let tables = folder.tables();
    let mut files = vec![folder.journal()];
    for shard in folder.shards().map_err(unreadable(folder.dir()))? {
        files.push(folder.shard(shard).journal());
    }
    for table in std::fs::read_dir(&tables).map_err(unreadable(&tables))? {
        files.push(table.map_err(unreadable(&tables))?.path());
    }
    let is_other = |path: &&PathBuf| std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    match files.iter().find(is_other) {
        Some(path) => Err(Message::new("path-no-file").with("path", path.display())),
        None => Ok(()),
    }
}

/// Whether a status says nothing.
fn is_unknown(status: &str) -> bool {
    status == Status::Error.name() || status == Status::Pending.name()
}

/// Whether the previous run left an item with a gap or an error.
fn was_left_open(journal: &Journal, item: &NewItem) -> Result<bool, JournalError> {
    let rows = journal.earlier(&item.holder_code, &item.cert_type_code)?;
    let is_meant = |number: Option<&str>| match (&item.certificate_number, number) {
        (Some(wanted), Some(number)) => sort_key(wanted) == sort_key(number),
        _ => true,
    };
    Ok(rows.iter().any(|row| is_open(&row.status) && is_meant(row.certificate_number.as_deref())))
}

/// Whether a status is a gap, or unknown.
fn is_open(status: &str) -> bool {
    status != Status::Both.name()
}

/// Carried headers that no sheet has: a slip of the pen, most likely.
pub(super) fn carried_nowhere(job: &Job, files: &[FileReport]) -> Vec<String> {
    let has = |header: &String| files.iter().flat_map(|file| &file.sheets).any(|sheet| sheet.carried.contains(header));
    job.carried().into_iter().filter(|header| !has(header)).collect()
}

/// What keeps inputs from being read, a line each.
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

/// Where the first row lies that cannot be audited, and why, for a message; without its value.
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

/// Tells what a person should look at before trusting the numbers: unread tables, and notes that need attention.
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
