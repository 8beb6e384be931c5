//! `archive`: fetches the files of the certificates that a run found; verifies or packs fetched files.

use super::progress::bar;
use super::session::OpenSession;
use super::stored::StoredRun;
use super::terminal::Terminal;
use super::{locks, outputs, session};
use crate::archive::{Archive, ArchiveReport, FetchReport, FileTask, Selection, Store, export, is_anything_wanted};
use crate::audit::AuditSettings;
use crate::cli::{ArchiveArgs, CallSide};
use crate::endpoint::Side;
use crate::engine::{Progress, Standing, StopCause};
use crate::exit::{Exit, Stop};
use crate::job::Job;
use crate::journal::Journal;
use crate::message::Message;
use crate::report::Words;
use crate::run_folder::{Manifest, RunFolder, RunState};
use indicatif::ProgressBar;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

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
        let _lock = locks::take_and_tidy(&layout)?;
        return verify(&store, &journal()?, terminal);
    }
    if let Some(path) = &args.export {
        let settings = outputs::audit_settings(&job, &manifest);
        return pack(&store, &journal()?, &settings, &selection, path, terminal);
    }
    let _lock = locks::take_and_tidy(&layout)?;
    let fetched = fetch(&job, &folder, &manifest, Fetching { selection, attempts_before: 0 }, terminal);
    // Rebuilt even after an early stop, so that the tables list everything fetched until then.
    let wanted = outputs::ReportSelection::of_job(&job, terminal.language());
    let built = outputs::build(&job, &layout, &manifest, &journals, wanted, terminal);
    let report = fetched?;
    built?;
    let ArchiveReport { stored, duplicates, without, rejected, failed, bytes } = report;
    let message = Message::new("archive-summary").with("stored", stored).with("duplicates", duplicates);
    let message = message.with("without", without).with("rejected", rejected).with("failed", failed).with("bytes", bytes);
    terminal.print(&format!("{}\n", terminal.words().say(&message)))?;
    conclude(&report)
}

/// Parameters of fetching files.
pub(super) struct Fetching {
    /// Certificates whose files are fetched.
    pub selection: Selection,
    /// Number of attempts that this process has already made; they count towards `throttle.max_calls`.
    pub attempts_before: u64,
}

/// Fetches the files of the certificates that a run found, as the job file sets.
pub(super) fn fetch(
    job: &Job,
    folder: &RunFolder,
    manifest: &Manifest,
    fetching: Fetching,
    terminal: &Terminal,
) -> Result<ArchiveReport, Stop> {
    let Fetching { selection, attempts_before } = fetching;
    if manifest.state != RunState::Complete {
        terminal.tell(&Message::new("archive-of-incomplete"));
    }
    let settings = outputs::audit_settings(job, manifest);
    if !is_anything_wanted(&folder.journal(), &job.archive, &settings, &selection)? {
        return Ok(ArchiveReport::default());
    }
    let FetchReport { files, stop } = super::runtime()?.block_on(async {
        let OpenSession { session, base_url } = session::open(job, &terminal.interrupts).await?;
        session.counters().attempts.fetch_add(attempts_before, Ordering::Relaxed);
        let archive = Archive {
            job,
            session,
            base_url: &base_url,
            run_dir: folder.dir().to_owned(),
            journal: folder.journal(),
            settings,
            selection,
            interrupts: terminal.interrupts.clone(),
        };
        let mut progress = FetchProgress::new(terminal.words(), terminal.is_quiet);
        let report = archive.fetch(&mut |told: Progress<'_, FileTask>| progress.take(&told)).await;
        progress.bar.finish_and_clear();
        Ok::<_, Stop>(report)
    })?;
    let ArchiveReport { stored, duplicates, without, rejected, failed, bytes } = files;
    tracing::info!(stored, duplicates, without, rejected, failed, bytes, "archive");
    match stop {
        None => Ok(files),
        Some(StopCause::Platform(reason)) => Err(session::stopped(&reason)),
        Some(StopCause::Internal(problem)) => Err(Stop::internal(Message::new("stop-internal").with_message("why", problem))),
    }
}

/// Interval of progress lines in the log, which replace the progress bar without a terminal.
const LOGGED_EVERY: Duration = Duration::from_mins(1);

/// Progress of fetching: a bar on a terminal, else lines in the log.
struct FetchProgress<'a> {
    words: &'a Words,
    bar: ProgressBar,
    certificates: u64,
    bytes: u64,
    logged: Instant,
}

impl<'a> FetchProgress<'a> {
    fn new(words: &'a Words, is_quiet: bool) -> Self {
        let bar = bar(!is_quiet && std::io::stderr().is_terminal(), None);
        Self { words, bar, certificates: 0, bytes: 0, logged: Instant::now() }
    }

    fn take(&mut self, told: &Progress<'_, FileTask>) {
        match told {
            Progress::Finished(task) => {
                self.certificates += 1;
                self.bytes += task.bytes();
            }
            Progress::Standing(standing) => self.show(standing),
        }
    }

    fn show(&mut self, standing: &Standing<'_>) {
        let failed_calls = standing.tally.failed_calls;
        if !self.bar.is_hidden() {
            let bytes = bytesize::ByteSize::b(self.bytes).display().iec().to_string();
            let paused = standing.limit.paused.as_ref().map(|why| Message::new("limit-paused").with_message("why", why.clone()));
            let line = Message::new("archive-progress").with("certificates", self.certificates).with("bytes", bytes);
            let paused = paused.map_or_else(String::new, |paused| self.words.say(&paused));
            self.bar.set_message(self.words.say(&line.with("failed", failed_calls).with("paused", paused)));
        } else if self.logged.elapsed() >= LOGGED_EVERY {
            self.logged = Instant::now();
            tracing::info!(certificates = self.certificates, bytes = self.bytes, failed_calls, "progress");
        }
    }
}

/// Returns the exit code for the fetched files. A file rejected for a permanent reason is a finding and does not change it.
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

fn pack(
    store: &Store,
    journal: &Journal,
    settings: &AuditSettings,
    selection: &Selection,
    path: &Path,
    terminal: &Terminal,
) -> Result<Exit, Stop> {
    let report = export(store, journal, settings, selection, path).map_err(Stop::failed)?;
    let message = Message::new("archive-packed").with("path", path.display()).with("files", report.files);
    let message = message.with("certificates", report.certificates);
    terminal.print(&format!("{}\n", terminal.words().say(&message)))?;
    if report.missing == 0 {
        return Ok(Exit::Done);
    }
    Err(Stop::internal(Message::new("archive-files-gone").with("missing", report.missing)))
}
