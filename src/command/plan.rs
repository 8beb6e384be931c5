//! The plan of a new run: inputs read into its journal.

use crate::audit::{EarlierRow, Status};
use crate::exit::Stop;
use crate::face::sort_key;
use crate::intake::{FileProblem, FileReport, InputFile, NewItem, SheetReport, read_files};
use crate::job::{Job, Recheck};
use crate::journal::{Journal, JournalError, PlanCounts, Shard, Wanted};
use crate::run_folder::{RunFolder, RunState};
use crate::table::{EarlierError, EarlierRows};

/// Opens the journal of a run, reading the inputs into it where that has not been done.
pub(super) fn open_or_plan(
    job: &Job,
    files: &[InputFile],
    folder: &RunFolder,
    shard: Shard,
    is_begun: bool,
) -> Result<(Journal, PlanCounts), Stop> {
    let path = folder.journal();
    let journal_failed = |error: crate::journal::JournalError| Stop::internal(error.to_string());
    if path.exists() {
        // A journal without a manifest is of a process that died while it read the inputs: nothing was asked yet, and the
        // inputs may be others now.
        if is_begun {
            let journal = Journal::open(&path).map_err(journal_failed)?;
            if journal.is_planned().map_err(journal_failed)? {
                let counts = journal.counts().map_err(journal_failed)?;
                return Ok((journal, counts));
            }
        }
        for ending in ["", "-wal", "-shm"] {
            let part = folder.file(&format!("journal.sqlite{ending}"));
            if part.exists() {
                std::fs::remove_file(&part).map_err(Stop::disk(part.display()))?;
            }
        }
    }
    let journal = Journal::create(&path).map_err(journal_failed)?;
    let carried = job.carried();
    let has_previous = take_previous(job, folder, &journal)?;
    let only_gaps = job.recheck == Recheck::Gaps;
    if only_gaps && !has_previous {
        eprintln!("ecert-audit: there is no complete run before this one to recheck: every item is asked");
    }
    let wanted: Wanted<'_> =
        if only_gaps && has_previous { Box::new(|item| was_left_open(&journal, item)) } else { Box::new(|_| Ok(true)) };
    let mut plan = journal.begin_plan(&carried, shard, wanted).map_err(journal_failed)?;
    let today = chrono::Local::now().date_naive();
    let report = read_files(job, files, today, &mut plan)
        .map_err(|failure| Stop::internal(format!("the journal {}: {failure}", path.display())))?;
    if !report.problems.is_empty() {
        return Err(unreadable(&report.problems));
    }
    plan.finish().map_err(journal_failed)?;
    for file in &report.files {
        for sheet in &file.sheets {
            log_sheet(&file.path, sheet);
            for code in &sheet.not_in_catalogue {
                tracing::warn!(code, "a certificate type code that the catalogue lacks");
            }
        }
    }
    for file in &report.files {
        for sheet in file.sheets.iter().filter(|sheet| sheet.is_unread_table) {
            let reason = sheet.skipped.as_deref().unwrap_or_default();
            eprintln!("ecert-audit: {} [{}] is not read: {reason}", file.path, sheet.name);
        }
    }
    for header in carried_nowhere(job, &report.files) {
        eprintln!("ecert-audit: no sheet has the column {header} that `carry` names; it stays empty");
    }
    let counts = journal.counts().map_err(journal_failed)?;
    let named: u64 = report.files.iter().flat_map(|file| &file.sheets).map(|sheet| sheet.items).sum();
    // The other shards may have items: one without any is complete as it is.
    if counts.items == 0 && named > 0 && shard.of > 1 {
        return Ok((journal, counts));
    }
    if counts.items == 0 && named > 0 {
        return Err(Stop::invalid(format!(
            "the previous run left no gap and no error among the {named} items of the inputs: there is nothing to recheck"
        )));
    }
    if counts.items == 0 {
        let read = format!("{} rows cannot be audited", counts.rejected);
        let first = first_rejection(&journal)?;
        return Err(Stop::invalid(format!("the inputs name no item to audit ({read}){first}")));
    }
    Ok((journal, counts))
}

/// Takes into the journal what the last complete run of the job knew, where there is one.
fn take_previous(job: &Job, folder: &RunFolder, journal: &Journal) -> Result<bool, Stop> {
    let latest = RunFolder::at(job.output.join(&job.name).join("latest"));
    let Some(previous) = latest.manifest()?.filter(|previous| previous.state == RunState::Complete) else {
        if latest.dir().is_symlink() {
            eprintln!("ecert-audit: {} leads to no complete run: nothing is compared with it", latest.dir().display());
        }
        return Ok(false);
    };
    let is_this = |dir: &std::path::Path| dir.canonicalize().ok() == latest.dir().canonicalize().ok();
    if is_this(folder.dir()) || folder.dir().parent().is_some_and(is_this) {
        return Ok(false);
    }
    let failed = |error: EarlierError| {
        let run = &previous.run_id;
        Stop::internal(format!("the previous run {run}: {error}; rebuild it with `ecert-audit report`, or remove `latest`"))
    };
    let known = latest.journal().exists().then(|| Journal::open(&latest.journal())).transpose();
    let known = known.map_err(|error| failed(error.into()))?;
    let rows = EarlierRows::open(&latest.tables()).map_err(|error| failed(error.into()))?;
    let rows = rows.flat_map(|row| match row {
        // What an error hid is as it was known before.
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
        // What a recheck did not ask about is as it was known before.
        known.each_earlier(|row| journal.add_earlier(&row)).map_err(|error| failed(error.into()))?;
    }
    Ok(true)
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
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Stop::invalid(lines.join("\n"))
}

fn log_sheet(file: &str, sheet: &SheetReport) {
    let name = &*sheet.name;
    if let Some(reason) = &sheet.skipped {
        tracing::info!(file, sheet = name, reason, "sheet skipped");
    } else {
        let SheetReport { rows, items, duplicates, repairs, .. } = sheet;
        let rejected: u64 = sheet.rejected.values().sum();
        tracing::info!(file, sheet = name, rows, items, duplicates, repairs, rejected, "sheet read");
    }
}

/// Where the first row lies that cannot be audited, and why, for a message; without its value.
fn first_rejection(journal: &Journal) -> Result<String, Stop> {
    let mut first = None;
    journal
        .rejected_rows::<crate::journal::JournalError>(|row| {
            first.get_or_insert_with(|| format!("; the first is {} [{}] row {}: {}", row.file, row.sheet, row.row, row.texts[2]));
            Ok(())
        })
        .map_err(|error| Stop::internal(error.to_string()))?;
    Ok(first.unwrap_or_default())
}
