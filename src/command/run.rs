//! `run`: the whole job.

use super::{logging, outputs, plan, session};
use crate::cli::RunArgs;
use crate::durable::{Lock, LockError, append_private, create_private_dir, point_link};
use crate::engine::{self, Again, Engine, EngineReport, StopCause};
use crate::exit::{Exit, Stop};
use crate::intake::find_files;
use crate::job::Job;
use crate::journal::PlanCounts;
use crate::platform::StopReason;
use crate::run_folder::{Fingerprint, Manifest, RunFolder, RunState};
use chrono::{Local, Utc};
use std::path::Path;
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};

pub(super) fn run(args: &RunArgs) -> Result<Exit, Stop> {
    let job = Job::load(&args.job).map_err(|problems| Stop::invalid(problems.to_string()))?;
    let run_id = args.run_id.clone().unwrap_or_else(|| job.run_id(Local::now().date_naive()));
    check_run_id(&run_id)?;
    let (files, missing) = find_files(&job);
    if !missing.is_empty() {
        return Err(plan::unreadable(&missing));
    }
    let fingerprint = Fingerprint::new(&job, &files);

    let job_dir = job.output.join(&job.name);
    create_private_dir(&job_dir).map_err(Stop::disk(job_dir.display()))?;
    let _lock = take_lock(&job_dir)?;
    let folder = RunFolder::find(&job_dir, &run_id, args.fresh);
    let mut manifest = match folder.manifest()? {
        Some(manifest) => continued(manifest, &fingerprint, &folder)?,
        None => begun(&job, &folder, fingerprint),
    };
    let is_new = !folder.dir().exists();
    create_private_dir(folder.dir()).map_err(Stop::disk(folder.dir().display()))?;
    logging::log_to(append_private(&folder.log()).map_err(Stop::disk(folder.log().display()))?);
    tracing::info!(job = job.name, run = manifest.run_id, state = ?manifest.state, "start");

    let planned = plan::open_or_plan(&job, &files, &folder);
    if planned.is_err() && is_new {
        // Nothing was called: a run that cannot begin leaves nothing behind.
        let _ = std::fs::remove_dir_all(folder.dir());
    }
    let (mut journal, counts) = planned?;
    // What stopped a run may be what failed its last items: they are asked again when it goes on.
    let goes_on = manifest.state != RunState::Complete && counts.finished > 0;
    if args.retry_failed || goes_on {
        let which = if args.retry_failed { Again::All } else { Again::Passing };
        let again = engine::forget_failures(&mut journal, &outputs::audit_settings(&job, &manifest), which)
            .map_err(|error| Stop::internal(error.to_string()))?;
        tracing::info!(items = again, "asking again what ended in an error");
        if again > 0 {
            manifest.state = RunState::Incomplete;
        }
    }
    if manifest.state != RunState::Complete {
        manifest.state = RunState::Running;
        manifest.items = counts.items;
        folder.write_manifest(&manifest)?;
        let began = Instant::now();
        let counts = journal.counts().map_err(|error| Stop::internal(error.to_string()))?;
        let asked = ask(&job, &folder, &manifest, counts, args.limit);
        exit_at_once_on_signal();
        manifest.wall_seconds += began.elapsed().as_secs_f64();
        manifest.finished_at = Some(Utc::now());
        let counts = journal.counts().map_err(|error| Stop::internal(error.to_string()))?;
        manifest.finished = counts.finished;
        let is_refused =
            asked.as_ref().is_ok_and(|report| matches!(report.stop, Some(StopCause::Platform(StopReason::Refused(_)))));
        let is_complete = counts.finished == counts.items && !is_refused;
        manifest.state = if is_complete { RunState::Complete } else { RunState::Incomplete };
        folder.write_manifest(&manifest)?;
        let stop = asked?.stop;
        if let Some(cause) = &stop {
            tracing::warn!(reason = ?cause, "stopped before the end");
        }
        if matches!(stop, Some(StopCause::Internal(_))) {
            return Err(stopped(stop.as_ref()));
        }
        let figures = outputs::build(&job, &folder, &manifest, &journal)?;
        if manifest.state != RunState::Complete {
            outputs::conclude(&job, &folder, &figures, args.format)?;
            return Err(stopped(stop.as_ref()));
        }
        point_latest(&job_dir, &folder, &manifest)?;
        let exit = outputs::conclude(&job, &folder, &figures, args.format)?;
        tracing::info!(exit = exit.code(), "end");
        return Ok(exit);
    }
    let figures = outputs::build(&job, &folder, &manifest, &journal)?;
    // A process that died over its reports has not come to this.
    point_latest(&job_dir, &folder, &manifest)?;
    outputs::conclude(&job, &folder, &figures, args.format)
}

/// Longest id of a run, in bytes.
const LONGEST_RUN_ID: usize = 100;

/// Makes `latest` point to this complete run, unless it points to one that ended later.
fn point_latest(job_dir: &Path, folder: &RunFolder, manifest: &Manifest) -> Result<(), Stop> {
    let link = job_dir.join("latest");
    let known = RunFolder::at(&link).manifest().ok().flatten();
    if known.is_some_and(|known| known.finished_at > manifest.finished_at) {
        return Ok(());
    }
    point_link(&link, Path::new(&folder.id())).map_err(Stop::disk(job_dir.display()))
}

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

fn take_lock(job_dir: &Path) -> Result<Lock, Stop> {
    let holder = format!("process {} since {}", std::process::id(), Local::now().format("%Y-%m-%d %H:%M:%S"));
    Lock::take(&job_dir.join(".lock"), &holder).map_err(|error| match error {
        LockError::Held(holder) => Stop {
            exit: Exit::Locked,
            message: format!("another run of this job is going on ({holder}); wait for it, or stop it"),
        },
        LockError::Io(error) => Stop::disk(job_dir.display())(error),
    })
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

fn begun(job: &Job, folder: &RunFolder, fingerprint: Fingerprint) -> Manifest {
    Manifest {
        state: RunState::Running,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        job: job.name.clone(),
        run_id: folder.id(),
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
fn ask(job: &Job, folder: &RunFolder, manifest: &Manifest, counts: PlanCounts, limit: Option<u64>) -> Result<EngineReport, Stop> {
    super::runtime()?.block_on(async {
        let (session, stopping) = session::open(job).await?;
        let engine = Engine {
            journal: folder.journal(),
            session,
            settings: outputs::audit_settings(job, manifest),
            purpose: job.purpose.clone(),
            concurrency: job.throttle.concurrency,
            rate: job.throttle.rate.per_second(),
            limit,
            stopping,
        };
        let report = engine::run(engine, counts).await;
        tracing::info!(calls = report.calls, attempts = report.attempts, "calling ended");
        Ok(report)
    })
}

/// After the calling a signal ends the program at once: every file lands whole or not at all, and the journal has all.
/// (The engine's handlers of SIGINT and SIGTERM stay in place when it has ended, so that without this nothing would.)
fn exit_at_once_on_signal() {
    std::thread::spawn(|| {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(Exit::Resumable.code().into());
        });
    });
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
