//! Fetching of the files of a run's certificates into the archive, as tasks of the engine.

use super::download::{DownloadSettings, Downloader};
use super::keeper::{ArchiveReport, Keeper};
use super::select::{Missing, Selection, missing_of};
use super::status::FileStatus;
use super::store::Store;
use super::task::FileTask;
use super::waiting_list::WaitingList;
use super::work::FetchContext;
use crate::audit::AuditSettings;
use crate::engine::{Calling, DispatcherSettings, Progress, StopCause, WorkLimits, Writer, known_good, on_a_thread};
use crate::interrupt::Interrupts;
use crate::job::{ArchiveSettings, Job, ThrottleSettings};
use crate::journal::{ArchivedFile, Journal, JournalError, Journals, StoredItem};
use crate::message::Message;
use crate::platform::{Session, Throttle};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;

/// Number of files passed to the engine at a time.
const BATCH: usize = 64;
/// Limit on batches in the queue of the engine.
const WAITING: usize = 2;

/// Parameters of fetching.
#[derive(Debug)]
pub struct Archive<'a> {
    /// Settings of the job.
    pub job: &'a Job,
    /// Session with the platform.
    pub session: Arc<Session>,
    /// Base URL of the platform; downloads from its scheme, host and port are always allowed.
    pub base_url: &'a str,
    /// Folder of the run or shard.
    pub run_dir: PathBuf,
    /// Path of its journal.
    pub journal: PathBuf,
    /// How answers are interpreted.
    pub settings: AuditSettings,
    /// Certificates whose files are fetched.
    pub selection: Selection,
    /// Signals sent to the process.
    pub interrupts: Interrupts,
}

/// Result of fetching.
#[derive(Debug, Default)]
pub struct FetchReport {
    /// Counts over the files processed, all of which are recorded in the journal.
    pub files: ArchiveReport,
    /// Reason of an early stop; `None` if every file was processed.
    pub stop: Option<StopCause>,
}

impl From<Message> for FetchReport {
    /// Creates the result of fetching that could not begin.
    fn from(problem: Message) -> Self {
        Self { stop: Some(StopCause::Internal(problem)), ..Self::default() }
    }
}

impl Archive<'_> {
    /// Fetches every selected file that is missing and records the results in the journal. Calls `watch` for each finished
    /// certificate, and several times a second with the state of the calls.
    pub async fn fetch(&self, watch: &mut dyn FnMut(Progress<'_, FileTask>)) -> FetchReport {
        match self.prepare().await {
            Ok(prepared) => self.carry(prepared, watch).await,
            Err(problem) => problem.into(),
        }
    }

    async fn prepare(&self) -> Result<Prepared, Message> {
        let archive = &self.job.archive;
        let downloader = Downloader::new(DownloadSettings {
            rules: &archive.allowed_hosts,
            base_url: self.base_url,
            connect_timeout: self.job.platform.connect_timeout,
            timeout: archive.timeout,
            largest: archive.max_file,
            ca_file: self.job.platform.ca_file.as_deref(),
        })?;
        let store = Store::of_run(&self.run_dir);
        store.tidy().map_err(|error| Message::new("archive-not-written").with("cause", error))?;
        let path = self.journal.clone();
        let (journal, known, is_answered) = on_a_thread(move || {
            let (journal, known) = (Journal::open(&path)?, Journal::open(&path)?);
            let is_answered = has_answered(&journal)?;
            Ok((journal, known, is_answered))
        })
        .await?;
        let context = FetchContext {
            settings: archive.clone(),
            purpose: self.job.purpose.clone(),
            retry: self.session.retry().clone(),
            patience: self.session.throttle().pause_settings().patience,
            downloader,
            store,
            known: Mutex::new(known),
        };
        // Downloads come from many hosts, so their failures say nothing about a common rate: this throttle has a fixed one.
        let pace = ThrottleSettings { rate: archive.rate, adaptive: false, ..ThrottleSettings::default() };
        Ok(Prepared {
            context: Arc::new(context),
            journal,
            settings: DispatcherSettings {
                attempts: self.session.retry().attempts,
                backoff: self.session.retry().backoff.clone(),
                patience: self.session.throttle().pause_settings().patience,
                most_open: self.session.throttle().most_in_flight() + self.session.throttle().pause_settings().attempts as usize,
                is_answered,
                known_good: known_good(&self.journal, &self.job.purpose).await?,
            },
            work_limits: WorkLimits { concurrency: archive.concurrency as usize, pace: Throttle::new(&pace) },
        })
    }

    /// Processes every missing file until all are finished or there is a reason to stop.
    async fn carry(&self, prepared: Prepared, watch: &mut dyn FnMut(Progress<'_, FileTask>)) -> FetchReport {
        let Prepared { context, journal, settings, work_limits } = prepared;
        let attempts = settings.attempts;
        let calling = Calling::new(Arc::clone(&self.session), &self.interrupts, settings, watch);
        let mut calling = calling.with_work(work_limits);
        let files = Arc::new(Mutex::new(ArchiveReport::default()));
        let mut keeper = Keeper::new(journal, context.store.clone(), &files);
        let mut writer = Writer::start(move |certificates: &[Vec<ArchivedFile>]| keeper.keep(certificates));
        let (sender, receiver) = channel(WAITING);
        let source = MissingFiles {
            journal: self.journal.clone(),
            run_dir: self.run_dir.clone(),
            settings: self.settings.clone(),
            selection: self.selection.clone(),
            context,
            tasks: sender,
            batch: Vec::new(),
        };
        let reading = spawn_blocking(move || source.send());
        calling.pass(attempts, receiver, &mut writer).await;
        let read = reading.await.unwrap_or_else(|error| Err(Message::new("thread-ended").with("cause", error)));
        for result in [writer.finish().await, read] {
            if let Err(problem) = result {
                calling.stop(StopCause::Internal(problem));
            }
        }
        let stop = calling.conclude(None);
        let files = *files.lock().unwrap_or_else(PoisonError::into_inner);
        FetchReport { files, stop }
    }
}

/// State prepared before the first call.
struct Prepared {
    context: Arc<FetchContext>,
    /// Journal opened for writing.
    journal: Journal,
    settings: DispatcherSettings,
    work_limits: WorkLimits,
}

/// Returns whether the platform has answered a call about a file of this run before, which shows that it does not refuse all of
/// them.
fn has_answered(journal: &Journal) -> Result<bool, JournalError> {
    enum End {
        Answered,
        Failed(JournalError),
    }
    impl From<JournalError> for End {
        fn from(error: JournalError) -> Self {
            Self::Failed(error)
        }
    }
    let looked = journal.each_file(|file| if FileStatus::of(&file).is_answered() { Err(End::Answered) } else { Ok(()) });
    match looked {
        Ok(()) => Ok(false),
        Err(End::Answered) => Ok(true),
        Err(End::Failed(error)) => Err(error),
    }
}

/// Returns whether any selected file is missing.
///
/// # Errors
/// Fails if the journal cannot be read.
pub fn is_anything_wanted(
    journal: &Path,
    archive: &ArchiveSettings,
    settings: &AuditSettings,
    selection: &Selection,
) -> Result<bool, JournalError> {
    let files = Journal::open(journal)?;
    let items: Journals = vec![Journal::open(journal)?].into();
    for item in items.items() {
        if !missing_of(selection.of_item(item?, settings), &files, archive)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Source of the missing files, which reads the journal as fast as the engine takes tasks.
struct MissingFiles {
    journal: PathBuf,
    run_dir: PathBuf,
    settings: AuditSettings,
    selection: Selection,
    context: Arc<FetchContext>,
    tasks: Sender<Vec<FileTask>>,
    batch: Vec<FileTask>,
}

impl MissingFiles {
    /// Sends the missing files in order of items. Those that failed before come last, so that repeated failures do not delay the
    /// others.
    fn send(mut self) -> Result<(), Message> {
        let told = |error: JournalError| error.to_message();
        let open = || Journal::open(&self.journal).map_err(told);
        let (items, files) = (Journals::from(vec![open()?]), open()?);
        let unreadable = |error: std::io::Error| Message::new("archive-not-written").with("cause", error);
        let mut failed = WaitingList::in_folder(&self.run_dir).map_err(unreadable)?;
        for item in items.items() {
            if self.tasks.is_closed() {
                return Ok(());
            }
            for missing in self.missing(item.map_err(told)?, &files)? {
                if missing.has_failed_before {
                    failed.add(missing.wanted.item_id, missing.wanted.key()).map_err(unreadable)?;
                } else {
                    self.add(missing);
                }
            }
        }
        for entry in failed.read().map_err(unreadable)? {
            let (item_id, key) = entry.map_err(unreadable)?;
            let Some(item) = items.item(item_id).map_err(told)? else { continue };
            let missing = self.missing(item, &files)?.into_iter().find(|missing| missing.wanted.key() == key);
            if let Some(missing) = missing {
                self.add(missing);
            }
            if self.tasks.is_closed() {
                return Ok(());
            }
        }
        self.flush();
        Ok(())
    }

    fn missing(&self, item: StoredItem, files: &Journal) -> Result<Vec<Missing>, Message> {
        let missing = missing_of(self.selection.of_item(item, &self.settings), files, &self.context.settings);
        missing.map_err(|error| error.to_message())
    }

    fn add(&mut self, missing: Missing) {
        self.batch.push(FileTask::new(missing, &self.context));
        if self.batch.len() >= BATCH {
            self.flush();
        }
    }

    /// Sends the buffered tasks. If the receiver is gone, the calls have stopped, and the tasks are dropped.
    fn flush(&mut self) {
        if !self.batch.is_empty() {
            let _ = self.tasks.blocking_send(std::mem::take(&mut self.batch));
        }
    }
}
