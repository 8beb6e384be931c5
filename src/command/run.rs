//! `run`: the whole job, as the list of its phases: open, plan, ask, archive, build, conclude. Each takes what the one before
//! left and can be entered again after a kill.

use super::progress::RunProgress;
use super::terminal::Terminal;
use super::{archive, locks, logging, notify, outputs, plan, prune, sampled, session};
use crate::archive::{ArchiveReport, Selection};
use crate::cli::{RunArgs, ShardArg};
use crate::durable::{Lock, append_private, create_private_dir, remove_unfinished};
use crate::engine::{self, Engine, EngineReport, Progress, RetryScope, StopCause};
use crate::exit::{Exit, Stop};
use crate::intake::{FoundFiles, find_files};
use crate::job::Job;
use crate::journal::{Journal, PlanCounts, Shard};
use crate::message::Message;
use crate::platform::StopReason;
use crate::retention::refuse_pruned;
use crate::run_folder::{Fingerprint, Manifest, RunFolder, RunState};
use chrono::Utc;
use std::cell::RefCell;
use std::path::Path;
use std::time::Instant;

pub(super) fn run(args: &RunArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let job = terminal.load(&args.job)?;
    let sample = sampled::settings(&job, args.sample.as_deref(), None)?;
    let run_id = args.run_id.clone().unwrap_or_else(|| sampled::run_id(&job, sample.as_ref()));
    let mut folder = None;
    // From here on the job is the one that runs: its sample is the one that was typed, where one was.
    let job = Job { sample, ..job };
    let ended = phases(&job, args, &run_id, terminal, &mut folder);
    let exit = ended.as_ref().map_or_else(|stop| stop.exit, |exit| *exit);
    tracing::info!(exit = exit.code(), outcome = exit.word(), "end");
    notify::tell(&job, &notify::Run { id: &run_id, folder: folder.as_ref() }, &ended, terminal);
    ended
}

/// `entered` becomes the run's folder as soon as the run has one.
fn phases(job: &Job, args: &RunArgs, run_id: &str, terminal: &Terminal, entered: &mut Option<RunFolder>) -> Result<Exit, Stop> {
    let opened = open(job, args, run_id)?;
    *entered = Some(opened.folder.clone());
    let planned = plan(job, args, opened, terminal).inspect_err(|_| {
        // A run that could not begin has left nothing behind.
        if entered.as_ref().is_some_and(|folder| !folder.dir().exists()) {
            *entered = None;
        }
    })?;
    let asked = ask(job, args, planned, terminal)?;
    let archived = archive_files(job, &asked, terminal);
    let wanted = outputs::Wanted::of_job(job, terminal.language());
    let Asked { run, stop, .. } = asked;
    let Run { folder, manifest, journal, .. } = run;
    let built = outputs::build(job, &folder, &manifest, &vec![journal].into(), wanted, terminal);
    conclude(job, args, &folder, &manifest, Ended { stop, archived, built, wanted }, terminal)
}

/// A run whose folder is this process's alone.
struct Opened {
    folder: RunFolder,
    shard: Option<Shard>,
    files: FoundFiles,
    manifest: Manifest,
    /// Whether an earlier process began the run.
    is_begun: bool,
    /// Whether the folder was made by this process.
    is_new: bool,
    locks: Vec<Lock>,
}

/// A run with its plan.
struct Run {
    folder: RunFolder,
    manifest: Manifest,
    journal: Journal,
    counts: PlanCounts,
    /// Held until the run ends.
    _locks: Vec<Lock>,
}

/// A run whose calls have been made, as far as they could be.
struct Asked {
    run: Run,
    /// Why calling stopped before its end; `None` at `--limit` too.
    stop: Option<StopCause>,
    /// Attempts that this process has made.
    attempts: u64,
}

/// Finds the inputs, takes the lock, and enters the run's folder.
fn open(job: &Job, args: &RunArgs, run_id: &str) -> Result<Opened, Stop> {
    check_run_id(run_id)?;
    let shard = args.shard.map(|ShardArg { number, of }| Shard { number, of });
    let files = find_files(job);
    if !files.problems.is_empty() {
        return Err(plan::unreadable(&files.problems));
    }
    let fingerprint = Fingerprint::new(job, &files.files);
    let job_dir = job.output.join(&job.name);
    private_dir(&job_dir)?;
    let locks = locks::take(&job_dir, shard)?;
    let folder = RunFolder::find(&job_dir, run_id, shard, args.fresh)?;
    refuse_pruned(&folder)?;
    let known = folder.manifest()?;
    let is_begun = known.is_some();
    let manifest = match known {
        Some(manifest) => continued(manifest, &fingerprint, &folder)?,
        None => begun(job, &folder, shard, fingerprint),
    };
    let is_new = !folder.dir().exists();
    if let Some(run) = folder.dir().parent().filter(|_| shard.is_some()) {
        private_dir(run)?;
    }
    private_dir(folder.dir())?;
    for dir in [job_dir.as_path(), folder.dir(), &folder.tables()] {
        remove_unfinished(dir).map_err(Stop::disk(dir.display()))?;
    }
    let log = append_private(&folder.log()).map_err(|problem| Stop::internal(problem.to_message(&folder.log())))?;
    logging::log_to(log);
    tracing::info!(job = job.name, run = manifest.run_id, state = ?manifest.state, process = std::process::id(), "start");
    Ok(Opened { folder, shard, files, manifest, is_begun, is_new, locks })
}

/// Makes a folder of this user's own, or accepts the one that is there.
fn private_dir(dir: &Path) -> Result<(), Stop> {
    create_private_dir(dir).map_err(|problem| Stop::internal(problem.to_message(dir)))
}

/// Opens the run's plan, reading the inputs where that has not been done, and takes up again what is to be asked again.
fn plan(job: &Job, args: &RunArgs, opened: Opened, terminal: &Terminal) -> Result<Run, Stop> {
    let Opened { folder, shard, files, mut manifest, is_begun, is_new, locks } = opened;
    let shard = shard.unwrap_or(Shard::WHOLE);
    let reading = plan::Reading { job, found: &files, folder: &folder, shard, sample: job.sample.as_ref() };
    let planned = plan::open_or_plan(reading, is_begun, terminal);
    if planned.is_err() && is_new {
        // Nothing was called: a run that cannot begin leaves nothing behind.
        let _ = std::fs::remove_dir_all(folder.dir());
    }
    let (mut journal, counts) = planned?;
    if manifest.state == RunState::Complete && counts.finished < counts.items {
        manifest.state = RunState::Incomplete;
    }
    // What stopped a run may be what failed its last items: they are asked again when it goes on.
    let goes_on = manifest.state != RunState::Complete && counts.finished > 0;
    if args.retry_failed || goes_on {
        let scope = if args.retry_failed { RetryScope::All } else { RetryScope::Resumed };
        // A kill in the middle of forgetting leaves no complete run behind.
        folder.write_manifest(&Manifest { state: RunState::Incomplete, ..manifest.clone() })?;
        let again = engine::forget_failures(&mut journal, &outputs::audit_settings(job, &manifest), scope)?;
        if again.items > 0 {
            tracing::info!(items = again.items, "asking again what ended in an error");
            manifest.state = RunState::Incomplete;
        }
        folder.write_manifest(&manifest)?;
    }
    let counts = journal.counts()?;
    Ok(Run { folder, manifest, journal, counts, _locks: locks })
}

/// Asks the platform about every unfinished item, and notes how the run stands then.
fn ask(job: &Job, args: &RunArgs, mut run: Run, terminal: &Terminal) -> Result<Asked, Stop> {
    if run.manifest.state == RunState::Complete {
        return Ok(Asked { run, stop: None, attempts: 0 });
    }
    let Run { folder, manifest, journal, counts, .. } = &mut run;
    tracing::info!(items = counts.items, finished = counts.finished, rate = job.throttle.rate.per_second(), "plan");
    manifest.state = RunState::Running;
    manifest.items = counts.items;
    folder.write_manifest(manifest)?;
    let began = Instant::now();
    let called = call(job, folder, manifest, *counts, args.limit, terminal);
    manifest.wall_seconds += began.elapsed().as_secs_f64();
    manifest.finished_at = Some(Utc::now());
    // On a full disk the journal fails, then the manifest: the first failure is the one to tell.
    let noted = note_standing(folder, manifest, journal, called.as_ref().ok());
    let report = called?;
    tracing::info!(calls = report.tally.calls, attempts = report.tally.attempts, "calling ended");
    if let Some(StopCause::Internal(problem)) = &report.stop {
        return Err(Stop::internal(Message::new("stop-internal").with_message("why", problem.clone())));
    }
    noted?;
    outputs::keep_totals(journal, &report.totals)?;
    if let Some(cause) = &report.stop {
        tracing::warn!(reason = ?cause, "stopped before the end");
    }
    Ok(Asked { stop: report.stop, attempts: report.tally.attempts, run })
}

/// Notes in the manifest how the run stands after calling.
fn note_standing(
    folder: &RunFolder,
    manifest: &mut Manifest,
    journal: &Journal,
    report: Option<&EngineReport>,
) -> Result<(), Stop> {
    let counted = journal.counts();
    let is_stopped_for_good = report.is_none_or(|report| {
        matches!(
            &report.stop,
            Some(StopCause::Platform(StopReason::Refused(_) | StopReason::Unhealthy(_)) | StopCause::Internal(_))
        )
    });
    let is_complete = counted.as_ref().is_ok_and(|counts| counts.finished == counts.items) && !is_stopped_for_good;
    manifest.state = if is_complete { RunState::Complete } else { RunState::Incomplete };
    if let Ok(counts) = &counted {
        manifest.finished = counts.finished;
    }
    folder.write_manifest(manifest)?;
    counted?;
    Ok(())
}

/// Makes the calls.
fn call(
    job: &Job,
    folder: &RunFolder,
    manifest: &Manifest,
    counts: PlanCounts,
    limit: Option<u64>,
    terminal: &Terminal,
) -> Result<EngineReport, Stop> {
    super::runtime()?.block_on(async {
        let session = session::open(job, &terminal.interrupts).await?.session;
        let engine = Engine {
            journal: folder.journal(),
            session,
            settings: outputs::audit_settings(job, manifest),
            purpose: job.purpose.clone(),
            limit,
            interrupts: terminal.interrupts.clone(),
        };
        let total = limit.map_or(counts.items, |limit| limit.min(counts.items));
        let progress = RefCell::new(RunProgress::new(terminal.words(), total, counts.finished, terminal.is_quiet));
        let mut watch = |told: Progress<'_, engine::AuditTask>| match told {
            Progress::Finished(task) => progress.borrow_mut().finish_item(&task.statuses()),
            Progress::Standing(standing) => progress.borrow_mut().show(&standing),
        };
        let report = engine::run(engine, counts, &mut watch, |forgotten| progress.borrow_mut().take_back(forgotten)).await;
        progress.borrow().finish();
        Ok(report)
    })
}

/// Fetches the certificates' files, where the job wants that and the run is complete.
fn archive_files(job: &Job, asked: &Asked, terminal: &Terminal) -> Option<Result<ArchiveReport, Stop>> {
    let Run { folder, manifest, .. } = &asked.run;
    if !job.archive.enabled || manifest.state != RunState::Complete {
        return None;
    }
    let fetching = archive::Fetching { selection: Selection::of_job(&job.archive), attempts_before: asked.attempts };
    Some(archive::fetch(job, folder, manifest, fetching, terminal))
}

/// What the phases came to.
struct Ended {
    stop: Option<StopCause>,
    archived: Option<Result<ArchiveReport, Stop>>,
    built: Result<crate::analysis::Figures, Stop>,
    wanted: outputs::Wanted,
}

/// Prints what the run came to, and decides on the exit code: why calling stopped comes before what became of files and
/// reports.
fn conclude(
    job: &Job,
    args: &RunArgs,
    folder: &RunFolder,
    manifest: &Manifest,
    ended: Ended,
    terminal: &Terminal,
) -> Result<Exit, Stop> {
    let Ended { stop, archived, built, wanted } = ended;
    let is_complete = manifest.state == RunState::Complete;
    let stopped = (!is_complete).then(|| stopped(stop.as_ref()));
    let figures = match (built, stopped.as_ref()) {
        (Ok(figures), _) => figures,
        // Both are told; what the platform did decides the exit code.
        (Err(failed), Some(stopped)) => {
            let messages = [failed.messages, stopped.messages.clone()].concat();
            return Err(Stop { exit: stopped.exit, messages });
        }
        (Err(failed), None) => return Err(failed),
    };
    if is_complete && manifest.shard.is_none() {
        // What a sample does not know must not end the ages of gaps.
        if figures.sample.is_none() {
            outputs::point_latest(folder, manifest, terminal)?;
        }
        prune::after_run(job, terminal);
    }
    let exit = outputs::conclude(folder, &figures, wanted, args.format, terminal)?;
    if let Some(stopped) = stopped {
        return Err(stopped);
    }
    if let Some(shard) = manifest.shard.filter(|_| !terminal.is_quiet) {
        let run_dir = folder.dir().parent().unwrap_or(folder.dir()).display();
        terminal.tell(&Message::new("shard-complete").with("number", shard.number).with("of", shard.of).with("path", run_dir));
    }
    match archived {
        Some(fetched) => archive::conclude(&fetched?).map(|_| exit),
        None => Ok(exit),
    }
}

/// Longest id of a run, in bytes.
const LONGEST_RUN_ID: usize = 100;

/// A run's id is a folder's name.
fn check_run_id(run_id: &str) -> Result<(), Stop> {
    let is_good = !run_id.is_empty()
        && run_id.len() <= LONGEST_RUN_ID
        && !run_id.starts_with('.')
        && !run_id.contains(['/', '\\'])
        && !run_id.chars().any(char::is_control)
        && run_id != "latest";
    if is_good { Ok(()) } else { Err(Stop::invalid(Message::new("bad-run-id").with("most", LONGEST_RUN_ID))) }
}

/// A run that is there already: it may go on only with what it began with.
fn continued(manifest: Manifest, fingerprint: &Fingerprint, folder: &RunFolder) -> Result<Manifest, Stop> {
    let changes = fingerprint.changes_since(&manifest.fingerprint);
    if changes.is_empty() {
        return Ok(manifest);
    }
    Err(Stop::invalid(Message::new("run-began-otherwise").with("path", folder.dir().display()).with_list("changes", changes)))
}

fn begun(job: &Job, folder: &RunFolder, shard: Option<Shard>, fingerprint: Fingerprint) -> Manifest {
    let run = if shard.is_some() { folder.dir().parent().map(RunFolder::at) } else { None };
    Manifest {
        state: RunState::Running,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        job: job.name.clone(),
        run_id: run.as_ref().unwrap_or(folder).id(),
        shard,
        job_file: std::path::absolute(&job.file).unwrap_or_else(|_| job.file.clone()),
        fingerprint,
        carried: job.carried(),
        items: 0,
        finished: 0,
        started_at: Utc::now(),
        finished_at: None,
        wall_seconds: 0.0,
    }
}

/// What to tell of a stop, and its exit code. Without a cause the run was limited.
fn stopped(cause: Option<&StopCause>) -> Stop {
    match cause {
        None => Stop::new(Exit::Resumable, Message::new("stop-limit")),
        Some(StopCause::Internal(problem)) => Stop::internal(Message::new("stop-internal").with_message("why", problem.clone())),
        Some(StopCause::Platform(reason)) => session::stopped(reason),
    }
}
