//! `run`: executes the job as a list of phases: open, plan, ask, archive, build, conclude. Each phase continues from the result
//! of the one before and can be repeated after a kill.

use super::progress::RunProgress;
use super::terminal::Terminal;
use super::{archive, descriptors, locks, logging, notify, outputs, plan, prune, sampled, session};
use crate::archive::{ArchiveReport, Selection};
use crate::cli::{RunArgs, ShardArg};
use crate::durable::{Lock, append_private, check_holding_dir, create_private_dir};
use crate::engine::{self, Engine, EngineReport, Progress, RetryScope, StopCause};
use crate::exit::{Exit, Stop};
use crate::intake::{FoundFiles, find_files};
use crate::job::Job;
use crate::journal::{Journal, PlanCounts, Shard};
use crate::message::Message;
use crate::platform::StopReason;
use crate::retention::refuse_pruned;
use crate::run_folder::{Fingerprint, Manifest, RunFolder, RunLayout, RunState};
use chrono::Utc;
use std::cell::RefCell;
use std::path::Path;
use std::time::Instant;

pub(super) fn run(args: &RunArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let mut job = terminal.load(&args.job)?;
    // From here on the job is the one that runs: its sample is the one that was typed, where one was.
    job.sample = sampled::settings(&job, args.sample.as_deref(), None)?;
    let run_id = args.run_id.clone().unwrap_or_else(|| sampled::run_id(&job, job.sample.as_ref()));
    let mut layout = None;
    let ended = descriptors::fit(&mut job, terminal).and_then(|()| phases(&job, args, &run_id, terminal, &mut layout));
    let exit = ended.as_ref().map_or_else(|stop| stop.exit, |exit| *exit);
    tracing::info!(exit = exit.code(), outcome = exit.word(), "end");
    notify::tell(&job, &run_id, layout.as_ref(), &ended, terminal);
    ended
}

/// Executes the phases. `entered` is set to the run's layout as soon as the run has a folder.
fn phases(job: &Job, args: &RunArgs, run_id: &str, terminal: &Terminal, entered: &mut Option<RunLayout>) -> Result<Exit, Stop> {
    let opened = open(job, args, run_id)?;
    *entered = Some(opened.layout.clone());
    let planned = plan(job, args, opened, terminal).inspect_err(|_| {
        // A run that failed before it began has removed its folder.
        if entered.as_ref().is_some_and(|layout| !layout.folder().dir().exists()) {
            *entered = None;
        }
    })?;
    let asked = ask(job, args, planned, terminal)?;
    let archived = archive_files(job, &asked, terminal);
    let wanted = outputs::ReportSelection::of_job(job, terminal.language());
    let Asked { run, stop, .. } = asked;
    let Run { layout, manifest, journal, .. } = run;
    let built = outputs::build(job, &layout, &manifest, &vec![journal].into(), wanted, terminal);
    conclude(job, args, &layout, &manifest, Ended { stop, archived, built, wanted }, terminal)
}

/// A run whose locks are held and whose folder exists.
struct Opened {
    layout: RunLayout,
    files: FoundFiles,
    manifest: Manifest,
    /// Whether an earlier process began the run.
    is_begun: bool,
    /// Whether this process created the folder.
    is_new: bool,
    locks: Vec<Lock>,
}

/// A run with a complete plan.
struct Run {
    layout: RunLayout,
    manifest: Manifest,
    journal: Journal,
    counts: PlanCounts,
    /// Held until the run ends.
    _locks: Vec<Lock>,
}

/// A run after its calls, complete or not.
struct Asked {
    run: Run,
    /// Reason why the calls stopped early; `None` if they did not, or stopped at `--limit`.
    stop: Option<StopCause>,
    /// Number of attempts that this process has made.
    attempts: u64,
}

/// Finds the inputs, takes the locks, and creates or reuses the run's folder.
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
    check_holding_dir(&job.output).map_err(|problem| Stop::internal(problem.to_message(&job.output)))?;
    let locks = locks::take(&job_dir, shard)?;
    let layout = RunLayout::find(&job_dir, run_id, shard, args.fresh).or_else(|stop| {
        // A pruned run cannot be resumed; without this check the error would be about its shards.
        refuse_pruned(&RunFolder::at(job_dir.join(run_id)))?;
        Err(stop)
    })?;
    let folder = layout.folder();
    refuse_pruned(&folder)?;
    let known = folder.manifest()?;
    let is_begun = known.is_some();
    let manifest = match known {
        Some(manifest) => continued(manifest, &fingerprint, &layout)?,
        None => begun(job, &layout, fingerprint),
    };
    let is_new = !folder.dir().exists();
    private_dir(layout.run_folder().dir())?;
    private_dir(folder.dir())?;
    locks::tidy(&layout)?;
    let log = append_private(&folder.log()).map_err(|problem| Stop::internal(problem.to_message(&folder.log())))?;
    logging::log_to(log);
    tracing::info!(job = job.name, run = manifest.run_id, state = ?manifest.state, process = std::process::id(), "start");
    Ok(Opened { layout, files, manifest, is_begun, is_new, locks })
}

/// Creates a private folder, or accepts an existing one that is safe to use.
fn private_dir(dir: &Path) -> Result<(), Stop> {
    create_private_dir(dir).map_err(|problem| Stop::internal(problem.to_message(dir)))
}

/// Opens or creates the run's plan, and makes failed calls pending if they are to be repeated.
fn plan(job: &Job, args: &RunArgs, opened: Opened, terminal: &Terminal) -> Result<Run, Stop> {
    let Opened { layout, files, mut manifest, is_begun, is_new, locks } = opened;
    let folder = layout.folder();
    if is_begun && manifest.is_planned() && !folder.journal().exists() {
        terminal.tell(&Message::new("journal-gone").with("path", folder.journal().display()));
        // A new journal is checked against the manifest, which must therefore not state counts of an older journal.
        manifest = Manifest { state: RunState::Incomplete, items: 0, finished: 0, settled: 0, ..manifest };
        folder.write_manifest(&manifest)?;
    }
    let reading = plan::Reading { job, found: &files, layout: &layout, sample: job.sample.as_ref() };
    let planned = plan::open_or_plan(reading, Some(&manifest).filter(|_| is_begun), terminal);
    if planned.is_err() && is_new {
        // No call was made, so nothing is lost by removing the folder of a run that cannot begin.
        let _ = std::fs::remove_dir_all(folder.dir());
    }
    let (mut journal, counts) = planned?;
    // The manifest states counts of the journal, so the journal must be on the disk first.
    journal.sync()?;
    manifest.items = counts.items;
    // A sample that has grown has items that were not asked about.
    if manifest.state == RunState::Complete && counts.finished < counts.items {
        manifest.state = RunState::Incomplete;
    }
    // What stopped a run may be what failed its last items: they are asked again when it goes on.
    let goes_on = manifest.state != RunState::Complete && counts.finished > 0;
    if args.retry_failed || goes_on {
        let scope = if args.retry_failed { RetryScope::All } else { RetryScope::Resumed };
        // Written first, so that a kill during the deletion of failed calls does not leave a run marked as complete.
        folder.write_manifest(&Manifest { state: RunState::Incomplete, settled: counts.settled(), ..manifest.clone() })?;
        let again = engine::forget_failures(&mut journal, &outputs::audit_settings(job, &manifest), scope)?;
        if again.items > 0 {
            tracing::info!(items = again.items, "asking again what ended in an error");
            manifest.state = RunState::Incomplete;
        }
        folder.write_manifest(&manifest)?;
    }
    let counts = journal.counts()?;
    Ok(Run { layout, manifest, journal, counts, _locks: locks })
}

/// Makes the calls of every unfinished item, then updates the manifest.
fn ask(job: &Job, args: &RunArgs, mut run: Run, terminal: &Terminal) -> Result<Asked, Stop> {
    if run.manifest.state == RunState::Complete {
        return Ok(Asked { run, stop: None, attempts: 0 });
    }
    let Run { layout, manifest, journal, counts, .. } = &mut run;
    let folder = layout.folder();
    tracing::info!(items = counts.items, finished = counts.finished, rate = job.throttle.rate.per_second(), "plan");
    manifest.state = RunState::Running;
    manifest.settled = counts.settled();
    folder.write_manifest(manifest)?;
    let began = Instant::now();
    let called = call(job, &folder, manifest, *counts, args.limit, terminal);
    manifest.wall_seconds += began.elapsed().as_secs_f64();
    manifest.finished_at = Some(Utc::now());
    let noted = note_standing(&folder, manifest, journal, called.as_ref().ok());
    let report = match called {
        Ok(report) => report,
        Err(stop) => return Err(followed_by(stop, noted.err())),
    };
    tracing::info!(calls = report.tally.calls, attempts = report.tally.attempts, "calling ended");
    if let Some(cause) = &report.stop {
        tracing::warn!(reason = ?cause, "stopped before the end");
    }
    let kept = noted.and_then(|()| outputs::keep_totals(journal, &report.totals));
    let is_own = matches!(report.stop, Some(StopCause::Internal(_)));
    // After a failure of the disk there is nothing to build reports from, whether it stopped the calls or came after them.
    match (kept.err(), report.stop) {
        (failed, Some(cause)) if is_own || failed.is_some() => Err(followed_by(stopped(Some(&cause)), failed)),
        (Some(failed), _) => Err(failed),
        (None, stop) => Ok(Asked { stop, attempts: report.tally.attempts, run }),
    }
}

/// Appends the messages of later errors to a first one, which decides the exit code.
fn followed_by(first: Stop, later: impl IntoIterator<Item = Stop>) -> Stop {
    later.into_iter().fold(first, |first, later| Stop { messages: [first.messages, later.messages].concat(), ..first })
}

/// Updates the manifest after the calls.
fn note_standing(
    folder: &RunFolder,
    manifest: &mut Manifest,
    journal: &Journal,
    report: Option<&EngineReport>,
) -> Result<(), Stop> {
    // After a failure of the journal, reading its counts would fail too.
    let is_whole = report.is_some_and(|report| !matches!(report.stop, Some(StopCause::Internal(_))));
    let synced = if is_whole { journal.sync() } else { Ok(()) };
    let counted = synced.and_then(|()| journal.counts());
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
        manifest.settled = if is_whole { counts.settled() } else { manifest.settled };
    }
    let written = folder.write_manifest(manifest);
    match counted {
        Ok(_) => written,
        Err(error) => Err(followed_by(error.into(), written.err())),
    }
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

/// Fetches the certificates' files if the job file enables it and the run is complete.
fn archive_files(job: &Job, asked: &Asked, terminal: &Terminal) -> Option<Result<ArchiveReport, Stop>> {
    let Run { layout, manifest, .. } = &asked.run;
    if !job.archive.enabled || manifest.state != RunState::Complete {
        return None;
    }
    let fetching = archive::Fetching { selection: Selection::of_job(&job.archive), attempts_before: asked.attempts };
    Some(archive::fetch(job, &layout.folder(), manifest, fetching, terminal))
}

/// Results of the phases.
struct Ended {
    stop: Option<StopCause>,
    archived: Option<Result<ArchiveReport, Stop>>,
    built: Result<crate::analysis::Figures, Stop>,
    wanted: outputs::ReportSelection,
}

/// Prints the results and returns the exit code. Errors are reported in the order in which they occurred: the stop of the calls,
/// then those of files and reports. The first one decides the exit code.
fn conclude(
    job: &Job,
    args: &RunArgs,
    layout: &RunLayout,
    manifest: &Manifest,
    ended: Ended,
    terminal: &Terminal,
) -> Result<Exit, Stop> {
    let Ended { stop, archived, built, wanted } = ended;
    let is_complete = manifest.state == RunState::Complete;
    let mut stops: Vec<Stop> = Vec::new();
    if !is_complete {
        stops.push(stopped(stop.as_ref()));
    }
    stops.extend(archived.and_then(|fetched| fetched.and_then(|report| archive::conclude(&report)).err()));
    let judged = built.and_then(|figures| {
        if is_complete && manifest.shard.is_none() {
            // What a sample does not know must not end the ages of gaps.
            if figures.sample.is_none() {
                outputs::point_latest(layout, manifest, terminal);
            }
            prune::after_run(job, terminal);
        }
        outputs::conclude(&layout.folder(), &figures, wanted, args.format, terminal)
    });
    let exit = judged.unwrap_or_else(|failed| {
        let exit = failed.exit;
        stops.push(failed);
        exit
    });
    let mut stops = stops.into_iter();
    if let Some(first) = stops.next() {
        return Err(followed_by(first, stops));
    }
    if let Some(shard) = manifest.shard.filter(|_| !terminal.is_quiet) {
        let run = layout.run_folder();
        let message = Message::new("shard-complete").with("number", shard.number).with("of", shard.of);
        terminal.tell(&message.with("path", run.dir().display()));
    }
    Ok(exit)
}

/// Longest run id, in bytes.
const LONGEST_RUN_ID: usize = 100;

/// Checks that a run id can be the name of a folder and does not look like that of a shard.
fn check_run_id(run_id: &str) -> Result<(), Stop> {
    if RunLayout::of_folder(Path::new(run_id)).shard.is_some() {
        return Err(Stop::invalid(Message::new("run-id-of-shard").with("run", run_id)));
    }
    let is_good = !run_id.is_empty()
        && run_id.len() <= LONGEST_RUN_ID
        && !run_id.starts_with('.')
        && !run_id.contains(['/', '\\'])
        && !run_id.chars().any(char::is_control)
        && run_id != "latest";
    if is_good { Ok(()) } else { Err(Stop::invalid(Message::new("bad-run-id").with("most", LONGEST_RUN_ID))) }
}

/// Checks that an existing run still has the same inputs and settings, and that the folder is its own; returns its manifest for
/// resuming.
fn continued(manifest: Manifest, fingerprint: &Fingerprint, layout: &RunLayout) -> Result<Manifest, Stop> {
    layout.check_manifest(&manifest)?;
    let changes = fingerprint.changes_since(&manifest.fingerprint);
    if changes.is_empty() {
        return Ok(manifest);
    }
    let folder = layout.folder();
    let message = Message::new("run-began-otherwise").with("path", folder.dir().display());
    Err(Stop::invalid(message.with_list("changes", changes)))
}

fn begun(job: &Job, layout: &RunLayout, fingerprint: Fingerprint) -> Manifest {
    Manifest {
        state: RunState::Running,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        job: job.name.clone(),
        run_id: layout.run_id.clone(),
        shard: layout.shard,
        job_file: std::path::absolute(&job.file).unwrap_or_else(|_| job.file.clone()),
        fingerprint,
        carried: job.carried(),
        items: 0,
        finished: 0,
        settled: 0,
        started_at: Utc::now(),
        finished_at: None,
        wall_seconds: 0.0,
    }
}

/// Converts the reason of a stop into its message and exit code. `None` means that `--limit` was reached.
fn stopped(cause: Option<&StopCause>) -> Stop {
    match cause {
        None => Stop::new(Exit::Resumable, Message::new("stop-limit")),
        Some(StopCause::Internal(problem)) => Stop::internal(Message::new("stop-internal").with_message("why", problem.clone())),
        Some(StopCause::Platform(reason)) => session::stopped(reason),
    }
}
