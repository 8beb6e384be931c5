//! `run`: the whole job.

use super::signals::ExitOnSignal;
use super::{archive, locks, logging, notify, outputs, plan, session};
use crate::archive::Selection;
use crate::cli::{RunArgs, ShardArg};
use crate::durable::{append_private, create_private_dir};
use crate::engine::{self, Again, Engine, EngineReport, StopCause};
use crate::exit::{Exit, Stop};
use crate::intake::find_files;
use crate::job::{Job, Language};
use crate::journal::{Journal, PlanCounts, Shard};
use crate::platform::StopReason;
use crate::run_folder::{Fingerprint, Manifest, RunFolder, RunState};
use chrono::{Local, Utc};
use std::time::Instant;

pub(super) fn run(args: &RunArgs, is_quiet: bool, language: Option<Language>) -> Result<Exit, Stop> {
    let job = Job::load(&args.job).map_err(|problems| Stop::invalid(problems.to_string()))?;
    let mut process = Process { is_quiet, language, folder: None, signals: Some(ExitOnSignal::start()), attempts: 0 };
    let ended = run_job(&job, args, &mut process);
    let exit = ended.as_ref().map_or_else(|stop| stop.exit, |exit| *exit);
    tracing::info!(exit = exit.code(), outcome = exit.word(), "end");
    let folder = process.folder.unwrap_or_else(|| RunFolder::at(job.output.join(&job.name)));
    notify::tell(&job, &folder, &ended);
    ended
}

/// What a process has that runs a job.
struct Process {
    is_quiet: bool,
    language: Option<Language>,
    /// The run's folder, as soon as it is known.
    folder: Option<RunFolder>,
    signals: Option<ExitOnSignal>,
    /// Attempts that it has made for items.
    attempts: u64,
}

fn run_job(job: &Job, args: &RunArgs, process: &mut Process) -> Result<Exit, Stop> {
    let run_id = args.run_id.clone().unwrap_or_else(|| job.run_id(Local::now().date_naive()));
    check_run_id(&run_id)?;
    let shard = args.shard.map(|ShardArg { number, of }| Shard { number, of });
    let (files, missing) = find_files(job);
    if !missing.is_empty() {
        return Err(plan::unreadable(&missing));
    }
    let fingerprint = Fingerprint::new(job, &files);

    let job_dir = job.output.join(&job.name);
    create_private_dir(&job_dir).map_err(Stop::disk(job_dir.display()))?;
    let _locks = locks::take(&job_dir, shard)?;
    let folder = RunFolder::find(&job_dir, &run_id, shard, args.fresh)?;
    let known = folder.manifest()?;
    let is_begun = known.is_some();
    let mut manifest = match known {
        Some(manifest) => continued(manifest, &fingerprint, &folder)?,
        None => begun(job, &folder, shard, fingerprint),
    };
    let is_new = !folder.dir().exists();
    create_private_dir(folder.dir()).map_err(Stop::disk(folder.dir().display()))?;
    process.folder = Some(folder.clone());
    logging::log_to(append_private(&folder.log()).map_err(Stop::disk(folder.log().display()))?);
    tracing::info!(job = job.name, run = manifest.run_id, state = ?manifest.state, process = std::process::id(), "start");

    let planned = plan::open_or_plan(job, &files, &folder, shard.unwrap_or(Shard::WHOLE), is_begun);
    if planned.is_err() && is_new {
        // Nothing was called: a run that cannot begin leaves nothing behind.
        let _ = std::fs::remove_dir_all(folder.dir());
        process.folder = None;
    }
    let (mut journal, counts) = planned?;
    if manifest.state == RunState::Complete && counts.finished < counts.items {
        manifest.state = RunState::Incomplete;
    }
    // What stopped a run may be what failed its last items: they are asked again when it goes on.
    let goes_on = manifest.state != RunState::Complete && counts.finished > 0;
    if args.retry_failed || goes_on {
        let which = if args.retry_failed { Again::All } else { Again::Passing };
        // A kill in the middle of forgetting leaves no complete run behind.
        folder.write_manifest(&Manifest { state: RunState::Incomplete, ..manifest.clone() })?;
        let again = engine::forget_failures(&mut journal, &outputs::audit_settings(job, &manifest), which)
            .map_err(|error| Stop::internal(error.to_string()))?;
        if again.items > 0 {
            tracing::info!(items = again.items, "asking again what ended in an error");
            manifest.state = RunState::Incomplete;
        }
        folder.write_manifest(&manifest)?;
    }
    let stop = if manifest.state == RunState::Complete {
        None
    } else {
        let counts = journal.counts().map_err(|error| Stop::internal(error.to_string()))?;
        tracing::info!(items = counts.items, finished = counts.finished, rate = job.throttle.rate.per_second(), "plan");
        call_platform(job, &folder, &mut manifest, &journal, counts, args.limit, process)?
    };
    let is_complete = manifest.state == RunState::Complete;
    let archived = (job.archive.enabled && is_complete).then(|| {
        // What one process may call, the files included.
        let mut left = job.clone();
        left.throttle.max_calls = left.throttle.max_calls.map(|most| most.saturating_sub(process.attempts));
        archive::fetch(&left, &folder, &manifest, Selection::of_job(&job.archive), process.is_quiet, &mut process.signals)
    });
    let wanted = outputs::Wanted::of_job(job, process.language);
    let figures = outputs::build(job, &folder, &manifest, &vec![journal].into(), wanted)?;
    if is_complete && shard.is_none() {
        outputs::point_latest(&folder, &manifest)?;
    }
    let exit = outputs::conclude(&folder, &figures, wanted, args.format)?;
    if !is_complete {
        return Err(stopped(stop.as_ref()));
    }
    if let Some(shard) = shard
        && !process.is_quiet
    {
        let run_dir = folder.dir().parent().unwrap_or(folder.dir()).display();
        eprintln!(
            "ecert-audit: shard {} of {} is complete; `ecert-audit report {run_dir}` reads all shards as one",
            shard.number, shard.of
        );
    }
    match archived {
        Some(fetched) => archive::conclude(&fetched?).map(|_| exit),
        None => Ok(exit),
    }
}

/// Asks the platform about every unfinished item and notes how the run stands then; why it stopped before the end, if it did.
fn call_platform(
    job: &Job,
    folder: &RunFolder,
    manifest: &mut Manifest,
    journal: &Journal,
    counts: PlanCounts,
    limit: Option<u64>,
    process: &mut Process,
) -> Result<Option<StopCause>, Stop> {
    manifest.state = RunState::Running;
    manifest.items = counts.items;
    folder.write_manifest(manifest)?;
    let began = Instant::now();
    let asked = ask(job, folder, manifest, counts, limit, process);
    manifest.wall_seconds += began.elapsed().as_secs_f64();
    manifest.finished_at = Some(Utc::now());
    let counts = journal.counts().map_err(|error| Stop::internal(error.to_string()))?;
    manifest.finished = counts.finished;
    let is_refused = asked.as_ref().is_ok_and(|report| matches!(report.stop, Some(StopCause::Platform(StopReason::Refused(_)))));
    let is_complete = counts.finished == counts.items && !is_refused;
    manifest.state = if is_complete { RunState::Complete } else { RunState::Incomplete };
    folder.write_manifest(manifest)?;
    let report = asked?;
    process.attempts = report.attempts;
    outputs::keep_totals(journal, &report.totals)?;
    tracing::info!(calls = report.calls, attempts = report.attempts, "calling ended");
    if let Some(cause) = &report.stop {
        tracing::warn!(reason = ?cause, "stopped before the end");
    }
    match report.stop {
        Some(StopCause::Internal(_)) => Err(stopped(report.stop.as_ref())),
        stop => Ok(stop),
    }
}

/// Longest id of a run, in bytes.
const LONGEST_RUN_ID: usize = 100;

/// A run's id is a folder's name.
fn check_run_id(run_id: &str) -> Result<(), Stop> {
    let good = !run_id.is_empty()
        && run_id.len() <= LONGEST_RUN_ID
        && !run_id.starts_with('.')
        && !run_id.contains(['/', '\\', '\0'])
        && run_id != "latest";
    if good {
        Ok(())
    } else {
        Err(Stop::invalid(
            "--run-id becomes a folder's name: it may not be empty or longer than 100 bytes, begin with a dot, hold a slash or be `latest`",
        ))
    }
}

/// A run that is there already: it may go on only with what it began with.
fn continued(manifest: Manifest, fingerprint: &Fingerprint, folder: &RunFolder) -> Result<Manifest, Stop> {
    let changes = fingerprint.changes_since(&manifest.fingerprint);
    if changes.is_empty() {
        return Ok(manifest);
    }
    Err(Stop::invalid(format!(
        "the run {} began with something else: {}; put it back, or start the run over with --fresh",
        folder.dir().display(),
        changes.join("; ")
    )))
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

/// Asks the platform about every unfinished item.
fn ask(
    job: &Job,
    folder: &RunFolder,
    manifest: &Manifest,
    counts: PlanCounts,
    limit: Option<u64>,
    process: &mut Process,
) -> Result<EngineReport, Stop> {
    super::runtime()?.block_on(async {
        let (session, stopping) = session::open(job).await?;
        let engine = Engine {
            journal: folder.journal(),
            session,
            settings: outputs::audit_settings(job, manifest),
            purpose: job.purpose.clone(),
            concurrency: job.throttle.concurrency,
            shows_progress: !process.is_quiet,
            limit,
            stopping,
        };
        process.signals = None;
        let report = engine::run(engine, counts).await;
        process.signals = Some(ExitOnSignal::start());
        Ok(report)
    })
}

/// What to tell of a stop, and its exit code. Without a cause the run was limited.
fn stopped(cause: Option<&StopCause>) -> Stop {
    match cause {
        None => {
            Stop { exit: Exit::Resumable, message: "stopped at --limit; run the same command without it to go on".to_owned() }
        }
        Some(StopCause::Internal(problem)) => Stop::internal(format!("{problem}; what was answered before is kept")),
        Some(StopCause::Platform(reason)) => session::stopped(reason),
    }
}
