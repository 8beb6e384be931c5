//! `archive`: fetch the files of the certificates that a run found; verify or pack what was fetched.

use super::signals::ExitOnSignal;
use super::stored::StoredRun;
use super::{locks, outputs, session};
use crate::archive::{Archive, ArchiveReport, ArchiveStop, Selection, Store, export, is_anything_wanted};
use crate::cli::{ArchiveArgs, CallSide};
use crate::endpoint::Side;
use crate::exit::{Exit, Stop};
use crate::job::{Job, Language};
use crate::journal::Journal;
use crate::run_folder::{Manifest, RunFolder, RunState};
use std::path::Path;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub(super) fn archive(args: &ArchiveArgs, is_quiet: bool, language: Option<Language>) -> Result<Exit, Stop> {
    let StoredRun { folder, manifest, job, journals, .. } = StoredRun::open(&args.run_dir)?;
    if !folder.journal().exists() {
        return Err(Stop::invalid(format!(
            "{} is a run of several shards; name the folder of one of them, such as {}/shard-1-of-2",
            args.run_dir.display(),
            args.run_dir.display()
        )));
    }
    let mut selection = Selection::of_job(&job.archive);
    if let Some(side) = args.side {
        selection.sides = vec![if side == CallSide::Province { Side::Province } else { Side::City }];
    }
    if !args.types.is_empty() {
        selection.types.clone_from(&args.types);
    }
    let journal = || Journal::open(&folder.journal()).map_err(|error| Stop::internal(error.to_string()));
    let store = Store::of_run(folder.dir());
    if args.verify {
        let _lock = locks::take_of_run(&folder, &manifest)?;
        return verify(&store, &journal()?);
    }
    if let Some(path) = &args.export {
        return pack(&store, &journal()?, &selection, path);
    }
    let _lock = locks::take_of_run(&folder, &manifest)?;
    let mut signals = Some(ExitOnSignal::start());
    let fetched = fetch(&job, &folder, &manifest, selection, is_quiet, &mut signals);
    // What was fetched by then stands in the tables whatever ended it.
    let wanted = outputs::Wanted::of_job(&job, language);
    outputs::build(&job, &folder, &manifest, &journals, wanted)?;
    let report = fetched?;
    let ArchiveReport { stored, duplicates, without, failed, bytes } = report;
    super::print(&format!(
        "{stored} files stored, {duplicates} of known content, {without} that the platform does not have, {failed} not fetched; {bytes} bytes\n"
    ))?;
    conclude(&report)
}

/// Fetches what a run found, as the job says.
pub(super) fn fetch(
    job: &Job,
    folder: &RunFolder,
    manifest: &Manifest,
    selection: Selection,
    is_quiet: bool,
    signals: &mut Option<ExitOnSignal>,
) -> Result<ArchiveReport, Stop> {
    if manifest.state != RunState::Complete {
        eprintln!("ecert-audit: the run is not complete; only what it has found so far is fetched");
    }
    let settings = outputs::audit_settings(job, manifest);
    let is_wanted = is_anything_wanted(&folder.journal(), &settings, &selection);
    if !is_wanted.map_err(|error| Stop::internal(error.to_string()))? {
        return Ok(ArchiveReport::default());
    }
    let result = super::runtime()?.block_on(async {
        let (session, stopping, base_url) = session::open_at(job).await?;
        let archive = Archive {
            job: Arc::new(job.clone()),
            session,
            base_url,
            run_dir: folder.dir().to_owned(),
            journal: folder.journal(),
            settings,
            selection,
            shows_progress: !is_quiet,
            stopping: stopping.clone(),
        };
        *signals = None;
        stop_on_signal(stopping);
        let fetched = archive.fetch().await;
        *signals = Some(ExitOnSignal::start());
        Ok::<_, Stop>(fetched)
    })?;
    match result {
        Ok(report) => {
            let ArchiveReport { stored, duplicates, without, failed, bytes } = report;
            tracing::info!(stored, duplicates, without, failed, bytes, "archive");
            Ok(report)
        }
        Err(ArchiveStop::Platform(reason)) => Err(session::stopped(&reason)),
        Err(ArchiveStop::Disk(problem)) => Err(Stop::internal(format!("{problem}; what was fetched before is kept"))),
    }
}

/// The exit code for what was fetched.
pub(super) fn conclude(report: &ArchiveReport) -> Result<Exit, Stop> {
    if report.failed == 0 {
        return Ok(Exit::Done);
    }
    let failed = report.failed;
    Err(Stop {
        exit: Exit::Resumable,
        message: format!(
            "{failed} certificate files could not be fetched (tables/files.parquet says why); run again to try only those"
        ),
    })
}

/// The first signal ends fetching: what is in flight is given up, what is kept stays.
fn stop_on_signal(stopping: CancellationToken) {
    tokio::spawn(async move {
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        stopping.cancel();
    });
}

fn verify(store: &Store, journal: &Journal) -> Result<Exit, Stop> {
    let report = store.verify(journal).map_err(|error| Stop::internal(error.to_string()))?;
    let found = [("missing", &report.missing), ("changed", &report.changed), ("foreign", &report.foreign)];
    let lines = found.iter().flat_map(|(what, paths)| paths.iter().map(move |path| format!("{what}  {path}\n")));
    let good = format!("{} files are what they were\n", report.good);
    super::print(&std::iter::once(good).chain(lines).collect::<String>())?;
    for (paths, message) in [(&report.missing, "文件已不在归档中"), (&report.changed, "文件内容已改变")] {
        for path in paths {
            journal.mark_file_lost(path, message).map_err(|error| Stop::internal(error.to_string()))?;
        }
    }
    let wrong = report.missing.len() + report.changed.len();
    if wrong + report.foreign.len() == 0 {
        return Ok(Exit::Done);
    }
    Err(Stop::internal(format!(
        "the archive is not what it was: {} missing, {} changed, {} foreign; `archive` fetches again what is missing or changed",
        report.missing.len(),
        report.changed.len(),
        report.foreign.len()
    )))
}

fn pack(store: &Store, journal: &Journal, selection: &Selection, path: &Path) -> Result<Exit, Stop> {
    let report = export(store, journal, selection, path).map_err(|error| Stop::internal(error.to_string()))?;
    super::print(&format!("{}: {} files of {} certificates\n", path.display(), report.files, report.certificates))?;
    if report.missing == 0 {
        return Ok(Exit::Done);
    }
    Err(Stop::internal(format!(
        "{} files are gone from the archive; `archive` fetches them again after --verify",
        report.missing
    )))
}
