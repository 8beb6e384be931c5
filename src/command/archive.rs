//! `archive`: fetch the files of the certificates that a run found; verify or pack what was fetched.

use super::session::OpenSession;
use super::stored::StoredRun;
use super::terminal::Terminal;
use super::{locks, outputs, session};
use crate::archive::{Archive, ArchiveReport, ArchiveStop, Selection, Store, export, is_anything_wanted};
use crate::cli::{ArchiveArgs, CallSide};
use crate::endpoint::Side;
use crate::exit::{Exit, Stop};
use crate::job::Job;
use crate::journal::Journal;
use crate::message::Message;
use crate::run_folder::{Manifest, RunFolder, RunState};
use std::path::Path;
use std::sync::Arc;

pub(super) fn archive(args: &ArchiveArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let StoredRun { layout, manifest, job, journals, .. } = StoredRun::open(&args.run_dir, terminal)?;
    let folder = layout.folder();
    if journals.are_shards() {
        return Err(Stop::invalid(Message::new("archive-of-shards").with("path", args.run_dir.display())));
    }
    let mut selection = Selection::of_job(&job.archive);
    if let Some(side) = args.side {
        selection.sides = vec![if side == CallSide::Province { Side::Province } else { Side::City }];
    }
    if !args.types.is_empty() {
        selection.types.clone_from(&args.types);
    }
    let journal = || Journal::open(&folder.journal()).map_err(Stop::from);
    let store = Store::of_run(folder.dir());
    if args.verify {
        let _lock = locks::take(&layout)?;
        return verify(&store, &journal()?, terminal);
    }
    if let Some(path) = &args.export {
        return pack(&store, &journal()?, &selection, path, terminal);
    }
    let _lock = locks::take(&layout)?;
    let fetched = fetch(&job, &folder, &manifest, selection, terminal);
    // What was fetched by then stands in the tables whatever ended it.
    let wanted = outputs::Wanted::of_job(&job, terminal.language());
    let built = outputs::build(&job, &layout, &manifest, &journals, wanted, terminal);
    let report = fetched?;
    built?;
    let ArchiveReport { stored, duplicates, without, failed, bytes } = report;
    let message = Message::new("archive-report").with("stored", stored).with("duplicates", duplicates);
    let message = message.with("without", without).with("failed", failed).with("bytes", bytes);
    terminal.print(&format!("{}\n", terminal.words().say(&message)))?;
    conclude(&report)
}

/// Fetches what a run found, as the job says.
pub(super) fn fetch(
    job: &Job,
    folder: &RunFolder,
    manifest: &Manifest,
    selection: Selection,
    terminal: &Terminal,
) -> Result<ArchiveReport, Stop> {
    if manifest.state != RunState::Complete {
        terminal.tell(&Message::new("archive-of-incomplete"));
    }
    let settings = outputs::audit_settings(job, manifest);
    let is_wanted = is_anything_wanted(&folder.journal(), &settings, &selection);
    if !is_wanted? {
        return Ok(ArchiveReport::default());
    }
    let result = super::runtime()?.block_on(async {
        let OpenSession { session, stopping, base_url } = session::open(job, &terminal.interrupts).await?;
        let archive = Archive {
            job: Arc::new(job.clone()),
            session,
            base_url,
            run_dir: folder.dir().to_owned(),
            journal: folder.journal(),
            settings,
            selection,
            shows_progress: !terminal.is_quiet,
            stopping: stopping.clone(),
        };
        // The first signal ends fetching: what is in flight is given up, what is kept stays.
        let interrupts = terminal.interrupts.clone();
        tokio::spawn(async move {
            interrupts.requested().await;
            stopping.cancel();
        });
        Ok::<_, Stop>(archive.fetch().await)
    })?;
    match result {
        Ok(report) => {
            let ArchiveReport { stored, duplicates, without, failed, bytes } = report;
            tracing::info!(stored, duplicates, without, failed, bytes, "archive");
            Ok(report)
        }
        Err(ArchiveStop::Platform(reason)) => Err(session::stopped(&reason)),
        Err(ArchiveStop::Disk(problem)) => Err(Stop::internal(Message::new("stop-internal").with_message("why", problem))),
    }
}

/// The exit code for what was fetched.
pub(super) fn conclude(report: &ArchiveReport) -> Result<Exit, Stop> {
    if report.failed == 0 {
        return Ok(Exit::Done);
    }
    Err(Stop::new(Exit::Resumable, Message::new("archive-not-whole").with("failed", report.failed)))
}

fn verify(store: &Store, journal: &Journal, terminal: &Terminal) -> Result<Exit, Stop> {
    let report = store.verify(journal).map_err(Stop::failed)?;
    let words = terminal.words();
    let found = [
        (words.text("file-missing"), &report.missing),
        (words.text("file-changed"), &report.changed),
        (words.text("file-foreign"), &report.foreign),
    ];
    let lines = found.iter().flat_map(|(what, paths)| paths.iter().map(move |path| format!("{what}  {path}\n")));
    let good = format!("{}\n", words.say(&Message::new("archive-good").with("count", report.good)));
    terminal.print(&std::iter::once(good).chain(lines).collect::<String>())?;
    for (paths, message) in [(&report.missing, "archive-file-missing"), (&report.changed, "archive-file-changed")] {
        for path in paths {
            journal.mark_file_lost(path, &Message::new(message).to_stored())?;
        }
    }
    let wrong = report.missing.len() + report.changed.len();
    if wrong + report.foreign.len() == 0 {
        return Ok(Exit::Done);
    }
    let message = Message::new("archive-not-as-it-was").with("missing", report.missing.len());
    Err(Stop::internal(message.with("changed", report.changed.len()).with("foreign", report.foreign.len())))
}

fn pack(store: &Store, journal: &Journal, selection: &Selection, path: &Path, terminal: &Terminal) -> Result<Exit, Stop> {
    let report = export(store, journal, selection, path).map_err(Stop::failed)?;
    let message = Message::new("archive-packed").with("path", path.display()).with("files", report.files);
    let message = message.with("certificates", report.certificates);
    terminal.print(&format!("{}\n", terminal.words().say(&message)))?;
    if report.missing == 0 {
        return Ok(Exit::Done);
    }
    Err(Stop::internal(Message::new("archive-files-gone").with("missing", report.missing)))
}
