//! Tables and reports of a run, built from its journal without a call.

use super::sampled;
use super::terminal::Terminal;
use crate::analysis::{Figures, Handling, PastRun, RunFacts, SampleFacts, Verdict, analyse, estimate, handling, runs_before};
use crate::audit::AuditSettings;
use crate::cli::LogFormat;
use crate::durable::{create_private_dir, point_link, write_whole};
use crate::exit::{Exit, Stop};
use crate::face::FaceRules;
use crate::intake::IntakeReport;
use crate::job::{AuditKeys, Certificates, Depth, Job, Language, Mask, Recheck, ReportSettings};
use crate::journal::{Journal, Journals, RemedyState};
use crate::message::Message;
use crate::platform::AttemptTotals;
use crate::report::{
    Decisions, MetricsInput, RemarkError, RemarkedRun, Remarks, ReportInput, WaitingRemark, Words, gate_text, metrics, page,
    summary_json, summary_text, undecided_text, write_failed, write_workbook,
};
use crate::retention::CARRIED_REMARKS;
use crate::run_folder::{Manifest, RunFolder, RunLayout, RunState};
use crate::table::{self, schema::coverage::COVERAGE};
use chrono::{DateTime, Utc};
use std::path::Path;
use std::sync::Arc;

/// Returns the audit settings that the run was made with. Face settings are taken from the job file in its present form.
pub(super) fn audit_settings(job: &Job, manifest: &Manifest) -> AuditSettings {
    let keys = AuditKeys {
        depth: Depth::from_word(&manifest.fingerprint.depth).unwrap_or(Depth::Faces),
        certificates: Certificates::from_word(&manifest.fingerprint.certificates).unwrap_or(Certificates::Auto),
    };
    AuditSettings { keys, faces: Arc::new(FaceRules::new(&job.faces)), codes: job.platform.codes.clone() }
}

/// Which reports to write, and with which masking and language.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportSelection {
    pub excel: bool,
    pub html: bool,
    pub csv: bool,
    pub mask: Mask,
    pub language: Language,
}

impl ReportSelection {
    /// Returns the selection of the job file, with this language.
    pub(super) fn of_job(job: &Job, language: Language) -> Self {
        let ReportSettings { excel, html, mask, .. } = job.report;
        Self { excel, html, csv: true, mask, language }
    }
}

/// File names of the reports that hold no figures.
const WORKBOOK: &str = "report.xlsx";
const PAGE: &str = "report.html";
const FAILED: &str = "failed-items.csv";
/// File of remarks whose gaps are unknown in this run, for a later run.
const WAITING: &str = "remarks-waiting.json";
/// File of the secret for the keys of the workbook's rows.
const ROW_KEYS: &str = "row-keys.secret";
/// What later runs' reports want to know of this one.
pub(super) const HISTORY: &str = "history.json";

/// Builds the tables and reports of a run from its journal.
pub(super) fn build(
    job: &Job,
    layout: &RunLayout,
    manifest: &Manifest,
    journals: &Journals,
    wanted: ReportSelection,
    terminal: &Terminal,
) -> Result<Figures, Stop> {
    let folder = layout.folder();
    let tables = folder.tables();
    create_private_dir(&tables).map_err(|problem| Stop::internal(problem.to_message(&tables)))?;
    let previous_run = journals.previous_run()?;
    let read_remarks = || {
        if wanted.excel { remarks(layout, previous_run.as_deref(), terminal) } else { Ok(Remarks::default()) }
    };
    // Remarks of a workbook of an earlier version are matched by row numbers of the tables it was made from, so they must be read
    // before the tables are rebuilt. Without the old tables, the new ones are used.
    let had_tables = tables.join(COVERAGE.file_name()).exists();
    let early_remarks = had_tables.then(read_remarks);
    if let Some(run_id) = previous_run.as_deref() {
        take_notified(&folder, &layout.other_run(run_id), run_id, terminal);
    }
    let words = Words::new(wanted.language);
    build_tables(job, manifest, journals, &tables, &words, terminal)?;
    let remarks = early_remarks.unwrap_or_else(read_remarks);
    let handled = decisions(layout, manifest, &tables, previous_run.as_deref(), terminal)?;
    let analysis = analyse(&tables, &manifest.carried).map_err(Stop::failed)?;
    let counts = journals.counts()?;
    let remedies = journals.remedy_counts()?;
    let intake = intake_report(journals)?;
    let facts = RunFacts {
        job: manifest.job.clone(),
        run_id: manifest.run_id.clone(),
        previous_run: previous_run.clone(),
        state: if manifest.state == RunState::Complete { "complete" } else { "incomplete" },
        invalid_inputs: counts.rejected,
        duplicate_rows: counts.duplicates,
        input_rows: intake.as_ref().map_or(0, IntakeReport::rows),
        blank_rows: intake.as_ref().map_or(0, IntakeReport::blank_rows),
        started_at: manifest.started_at,
        finished_at: manifest.finished_at.unwrap_or(manifest.started_at),
        wall_seconds: manifest.wall_seconds,
        decided: handled.handling.totals.decided(),
        outstanding: handled.handling.totals.outstanding,
        remedied: remedies.iter().filter(|count| count.state == RemedyState::Settled).map(|count| count.count).sum(),
    };
    let figures = Figures::new(facts, &analysis, &job.report.gates);
    let figures = match sampled::plan_of_all(journals)? {
        None => figures,
        Some(plan) => {
            let estimates = estimate(&tables, &manifest.carried, &plan).map_err(Stop::failed)?;
            figures.of_sample(SampleFacts::of(&plan), estimates, &job.report.gates, job.report.gates_on_sample)
        }
    };
    let history = earlier_runs(&layout.job_dir, &figures);
    let no_remarks = Remarks::default();
    let input = ReportInput {
        figures: &figures,
        analysis: &analysis,
        tables: &tables,
        intake: intake.as_ref(),
        catalogue: &job.catalogue,
        carried: &manifest.carried,
        mask: wanted.mask,
        words: &words,
        history: &history,
        remarks: remarks.as_ref().unwrap_or(&no_remarks),
        has_files: journals.have_files()?,
        decisions: &handled.decisions,
        handling: handled.by.as_deref().map(|by| (by, &handled.handling)),
    };
    if wanted.html {
        write(&folder.file(PAGE), &page(input).map_err(Stop::failed)?)?;
    }
    if wanted.csv {
        write_failed(&folder.file(FAILED), &tables, &manifest.carried).map_err(Stop::failed)?;
    }
    let kept = serde_json::to_string(&PastRun::new(&figures, &analysis, manifest.fingerprint.recheck == Recheck::Gaps.word()))
        .map_err(Stop::disk(HISTORY))?;
    write(&folder.file(HISTORY), &kept)?;
    write(&folder.file("summary.json"), &summary_json(&figures))?;
    let calls = journals.calls_by_result()?;
    let last_success = last_success(layout, manifest);
    let of_metrics =
        MetricsInput { figures: &figures, calls: &calls, remedies: &remedies, totals: &totals(journals)?, last_success };
    write(&folder.file("metrics.prom"), &metrics(&of_metrics).map_err(Stop::failed)?)?;
    // Written last, because it fails if the existing workbook with its remarks cannot be read.
    if wanted.excel {
        if let Err(problem) = &remarks {
            return Err(Stop::internal(problem.to_message()));
        }
        write_workbook(&folder.file(WORKBOOK), input).map_err(Stop::failed)?;
        let mut waiting = input.remarks.waiting();
        if figures.previous_run.is_none() {
            // Without a previous run the workbook has no sheet of changes, which would show these remarks.
            waiting.extend(input.remarks.without_row());
        }
        keep_waiting(&folder.file(WAITING), &waiting)?;
    }
    Ok(figures)
}

/// Builds the tables. A signal that comes meanwhile ends it; those that came before have been heard.
fn build_tables(
    job: &Job,
    manifest: &Manifest,
    journals: &Journals,
    tables: &Path,
    words: &Words,
    terminal: &Terminal,
) -> Result<(), Stop> {
    let asked_before = terminal.interrupts.count();
    let build = table::Build {
        settings: &audit_settings(job, manifest),
        catalogue: &job.catalogue,
        carried: &manifest.carried,
        run_id: &manifest.run_id,
        overdue_days: job.remediate.overdue_days,
        say: &|message| words.say(message),
        is_interrupted: &|| terminal.interrupts.count() > asked_before,
    };
    table::build(journals, tables, &build).map_err(|error| match error {
        table::BuildError::Interrupted => Stop::interrupted(),
        table::BuildError::Journal(error) => error.into(),
        table::BuildError::Parquet(_) => Stop::failed(error),
    })
}

/// Takes over what the run before, and runs before it, have told the province. What happened to an old run keeps no new one
/// from being reported.
fn take_notified(folder: &RunFolder, before: &RunFolder, run_id: &str, terminal: &Terminal) {
    let take = || -> Result<(), Stop> {
        let known = if before.journal().exists() {
            vec![before.journal()]
        } else {
            let shards = before.shards().map_err(Stop::disk(before.dir().display()))?;
            let of_shards = shards.into_iter().map(|shard| before.shard(shard).journal());
            of_shards.filter(|path| path.exists()).collect()
        };
        let journal = super::dispatch::decisions_journal(folder)?;
        for path in known {
            journal.take_notified(&Journal::open(&path)?)?;
        }
        Ok(())
    };
    if let Err(stop) = take() {
        tracing::warn!(%stop, "notifications of the run before");
        terminal.tell(&Message::new("notified-earlier-unreadable").with("run", run_id));
        terminal.tell_stop(&stop);
    }
}

/// Decisions about a run's certificates, and the progress of departments.
struct Handled {
    decisions: Decisions,
    handling: Handling,
    /// Header of the column that distinguishes departments; `None` if nothing was dispatched or decided.
    by: Option<String>,
}

/// Writes the table of decisions, including earlier ones that still apply, and counts decisions by department.
fn decisions(
    layout: &RunLayout,
    manifest: &Manifest,
    tables: &Path,
    previous: Option<&str>,
    terminal: &Terminal,
) -> Result<Handled, Stop> {
    let journal = super::dispatch::decisions_journal(&layout.folder())?;
    if let Some(run_id) = previous {
        // A failure to read the previous run is reported but does not prevent the reports.
        if let Err(problem) = take_earlier_decisions(&journal, &layout.other_run(run_id), run_id) {
            tracing::warn!(%problem, "decisions of the run before");
            terminal.tell(&Message::new("handling-earlier-unreadable").with("run", run_id).with("cause", problem));
        }
    }
    table::write_decisions(tables, &journal).map_err(Stop::failed)?;
    let decisions = Decisions::of_run(tables).map_err(Stop::failed)?;
    let dispatched = journal.dispatched()?;
    let due = dispatched.as_ref().and_then(|dispatched| dispatched.due);
    let by = dispatched.map(|dispatched| dispatched.by);
    let by = by.or_else(|| manifest.carried.first().filter(|_| !decisions.is_empty()).cloned());
    let today = chrono::Local::now().date_naive();
    let handling = handling(tables, by.as_deref(), due, today).map_err(Stop::failed)?;
    Ok(Handled { decisions, handling, by })
}

/// Copies the decisions of the previous run into the journal of this one.
fn take_earlier_decisions(journal: &Journal, before: &RunFolder, run_id: &str) -> Result<(), table::DecisionsError> {
    let known = before.journal().exists().then(|| Journal::open(&before.journal())).transpose()?;
    let earlier = table::DecidedRun { run_id, tables: &before.tables(), journal: known.as_ref() };
    table::take_earlier_decisions(journal, earlier)
}

/// Reads the remarks of the previous run, and those in the run's own workbook if it exists.
fn remarks(layout: &RunLayout, previous: Option<&str>, terminal: &Terminal) -> Result<Remarks, RemarkError> {
    let carried = layout.folder().file(CARRIED_REMARKS);
    let before = if carried.exists() {
        // The previous run was pruned, so its remarks are in this file; its workbook and tables are deleted.
        Some(RemarkedRun { waiting: carried, ..RemarkedRun::default() })
    } else {
        previous.map(|run| remarked(&layout.other_run(run)))
    };
    let mut remarks = match before.map(|before| Remarks::of_previous(&before)) {
        None => Remarks::default(),
        Some(Ok(remarks)) => remarks,
        // A failure to read the previous workbook is reported but does not prevent the new one.
        Some(Err(problem)) => {
            tracing::warn!(%problem, "remarks of the run before");
            terminal.tell(&Message::new("remarks-unreadable").with_message("cause", problem.to_message()));
            Remarks::default()
        }
    };
    remarks.take_own(&remarked(&layout.folder()))?;
    Ok(remarks)
}

/// Returns the paths of a run's files that hold remarks.
pub(super) fn remarked(folder: &RunFolder) -> RemarkedRun {
    RemarkedRun {
        workbook: folder.file(WORKBOOK),
        tables: folder.tables(),
        waiting: folder.file(WAITING),
        secret: folder.file(ROW_KEYS),
    }
}

/// Stores remarks without a row in the workbook, for the next run.
fn keep_waiting(path: &Path, waiting: &[WaitingRemark]) -> Result<(), Stop> {
    if !waiting.is_empty() {
        return write(path, &serde_json::to_string(waiting).map_err(Stop::disk(path.display()))?);
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Stop::disk(path.display())(error)),
        _ => Ok(()),
    }
}

/// Returns the rates of the latest complete runs of the job before this one, oldest first.
fn earlier_runs(runs: &Path, figures: &Figures) -> Vec<PastRun> {
    let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
    // `latest` is a link to one of the other folders.
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let kept = folders.filter_map(|entry| PastRun::read(&entry.path().join(HISTORY))).collect();
    runs_before(kept, &figures.run_id, figures.finished_at)
}

/// Key of the note that stores the totals of attempts over all processes of a run.
const TOTALS: &str = "attempt_totals";

/// Returns the totals of attempts, summed over the journals.
fn totals(journals: &Journals) -> Result<AttemptTotals, Stop> {
    let mut sum = AttemptTotals::default();
    for note in journals.notes(TOTALS)? {
        sum.add(&serde_json::from_str(&note).map_err(Stop::disk("the journal's note of attempts"))?);
    }
    Ok(sum)
}

/// Adds the totals of a process to those in the journal.
pub(super) fn keep_totals(journal: &Journal, of_process: &AttemptTotals) -> Result<(), Stop> {
    let mut sum: AttemptTotals = match journal.note(TOTALS)? {
        Some(note) => serde_json::from_str(&note).map_err(Stop::disk("the journal's note of attempts"))?,
        None => AttemptTotals::default(),
    };
    sum.add(of_process);
    let note = serde_json::to_string(&sum).map_err(Stop::disk("the journal's note of attempts"))?;
    Ok(journal.set_note(TOTALS, &note)?)
}

/// Returns the end of the job's latest complete run: this one, or the one that `latest` points to.
fn last_success(layout: &RunLayout, manifest: &Manifest) -> Option<DateTime<Utc>> {
    if manifest.state == RunState::Complete {
        return manifest.finished_at;
    }
    RunFolder::at(layout.latest()).manifest().ok().flatten()?.finished_at
}

/// Key of the note that stores how the inputs were read.
pub(super) const INTAKE: &str = "intake";

/// Returns how the inputs were read. All shards read the same inputs, so the first journal is enough.
fn intake_report(journals: &Journals) -> Result<Option<IntakeReport>, Stop> {
    let note = journals.notes(INTAKE)?.into_iter().next();
    note.map(|note| serde_json::from_str(&note).map_err(Stop::disk("journal.sqlite"))).transpose()
}

/// Makes `latest` point to this complete run, unless it points to one that ended later. If that fails, because another file has
/// the name or the file system does not support links, the user is informed and the run counts as complete.
pub(super) fn point_latest(layout: &RunLayout, manifest: &Manifest, terminal: &Terminal) {
    let link = layout.latest();
    let known = RunFolder::at(&link).manifest().ok().flatten();
    if known.is_some_and(|known| known.finished_at > manifest.finished_at) {
        return;
    }
    let is_folder = link.symlink_metadata().is_ok_and(|found| !found.is_symlink());
    let pointed = if is_folder { None } else { Some(point_link(&link, Path::new(&layout.run_id))) };
    let problem = match pointed {
        Some(Ok(())) => return,
        None => Message::new("latest-is-no-link").with("path", link.display()),
        Some(Err(cause)) => Message::new("latest-not-linked").with("path", link.display()).with("cause", cause),
    };
    tracing::warn!(%problem, "latest");
    terminal.tell(&problem);
}

fn write(path: &Path, text: &str) -> Result<(), Stop> {
    write_whole(path, text.as_bytes()).map_err(Stop::disk(path.display()))
}

/// Prints the summary and returns the exit code that the gates decide.
pub(super) fn conclude(
    folder: &RunFolder,
    figures: &Figures,
    wanted: ReportSelection,
    format: LogFormat,
    terminal: &Terminal,
) -> Result<Exit, Stop> {
    let text = match format {
        LogFormat::Json => summary_json(figures),
        LogFormat::Text => {
            let report = if wanted.excel {
                folder.file(WORKBOOK)
            } else if wanted.html {
                folder.file(PAGE)
            } else {
                folder.tables()
            };
            summary_text(&Words::new(wanted.language), figures, &shortest(&report).to_string_lossy())
        }
    };
    terminal.print(&text)?;
    if figures.rows > 0 && figures.error == figures.rows {
        // No gate need say so: that nothing at all is known is no result.
        terminal.tell(&Message::new("nothing-known").with("rows", figures.rows));
    }
    for gate in figures.gates.iter().filter(|gate| !gate.holds) {
        let text = if gate.verdict == Verdict::Undecided {
            tracing::warn!(gate = gate.name, limit = gate.limit, value = gate.value, "gate undecided");
            undecided_text(terminal.words(), gate)
        } else {
            tracing::warn!(gate = gate.name, limit = gate.limit, value = gate.value, "gate violated");
            gate_text(terminal.words(), gate)
        };
        terminal.tell(&Message::literal(text));
    }
    Ok(if figures.gates_hold() { Exit::Done } else { Exit::GateViolated })
}

/// Returns the path relative to the current folder if it is inside it.
fn shortest(path: &Path) -> &Path {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path)
}
