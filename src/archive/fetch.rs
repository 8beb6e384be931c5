//! Fetching: from the certificates that a run found to files in the archive, several at a time.

use super::address::AllowedHosts;
use super::content::{FileFormat, NoCertificateFile, recognise};
use super::download::{Downloaded, Downloader, NotDownloaded};
use super::select::{Named, Selection, Wanted, wanted_of};
use super::store::{Store, hash};
use crate::audit::AuditSettings;
use crate::durable::WholeFile;
use crate::job::{ArchiveSettings, ArchiveVia, Job, ThrottleSettings};
use crate::journal::{ArchivedFile, Journal, JournalError, Journals};
use crate::message::Message;
use crate::platform::{
    AttemptEnd, CallResult, DownloadPdfFile, Envelope, ErrorKind, Request, Session, ShareDownloadFile, ShareDownloadUrl,
    StopReason, Throttle, backoff, decode_base64,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::sync::CancellationToken;

/// What fetching works with.
#[derive(Debug)]
pub struct Archive {
    /// The job.
    pub job: Arc<Job>,
    /// The session with the platform.
    pub session: Arc<Session>,
    /// Where the platform is: its own host may always be fetched from.
    pub base_url: String,
    /// The run's folder.
    pub run_dir: PathBuf,
    /// Its journal.
    pub journal: PathBuf,
    /// How its answers are read.
    pub settings: AuditSettings,
    /// Which certificates are wanted.
    pub selection: Selection,
    /// Whether to show progress, where there is a terminal.
    pub shows_progress: bool,
    /// Ends every wait when cancelled.
    pub stopping: CancellationToken,
}

/// What fetching came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ArchiveReport {
    /// Files kept.
    pub stored: u64,
    /// Files whose content was there already.
    pub duplicates: u64,
    /// Certificates of which the platform has no file.
    pub without: u64,
    /// Files that could not be had.
    pub failed: u64,
    /// Bytes that came.
    pub bytes: u64,
}

/// Why fetching ended early.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveStop {
    /// The platform, the person or a limit.
    #[error("stopped: {0:?}")]
    Platform(StopReason),
    /// The disk, or the journal.
    #[error("{0}")]
    Disk(Message),
}

impl From<JournalError> for ArchiveStop {
    fn from(error: JournalError) -> Self {
        Self::Disk(error.to_message())
    }
}

fn thread_ended(error: &tokio::task::JoinError) -> Message {
    Message::new("thread-ended").with("cause", error)
}

fn disk(error: &std::io::Error) -> ArchiveStop {
    ArchiveStop::Disk(Message::new("archive-not-written").with("cause", error))
}

/// No certificate has more pages than this.
const MOST_PAGES: usize = 200;
/// When the first calls all get the same refusal, every call would: this many are enough to know.
const SAME_REFUSALS: u32 = 5;

/// What all workers share.
struct Shop {
    archive: Archive,
    store: Store,
    downloader: Downloader,
    /// Downloads have a throttle of their own, beside that of calls.
    throttle: Throttle,
    journal: Mutex<Journal>,
    wanted: Mutex<mpsc::Receiver<Wanted>>,
    bytes: AtomicU64,
    done: AtomicU64,
    /// Refusals of a request setting, as long as nothing else has come.
    refusals: AtomicU32,
    is_answered: AtomicBool,
    bar: ProgressBar,
}

impl Archive {
    /// Fetches every file that is wanted and not there, and notes in the journal what came of it.
    ///
    /// # Errors
    /// Why it ended early; what was fetched by then is kept.
    pub async fn fetch(self) -> Result<ArchiveReport, ArchiveStop> {
        let job = Arc::clone(&self.job);
        let ArchiveSettings { max_file, concurrency, rate, timeout, .. } = job.archive.clone();
        let allowed = AllowedHosts::new(&job.archive.allowed_hosts, &self.base_url);
        let times = (job.platform.connect_timeout, timeout);
        let downloader = Downloader::new(allowed, times, max_file, job.platform.ca_file.as_deref()).map_err(ArchiveStop::Disk)?;
        let throttle = ThrottleSettings { rate, concurrency, hours: job.throttle.hours.clone(), ..job.throttle.clone() };
        let throttle = Throttle::new(&throttle);
        let (sender, receiver) = mpsc::channel(64);
        let reader = {
            let (path, settings, selection) = (self.journal.clone(), self.settings.clone(), self.selection.clone());
            spawn_blocking(move || read_wanted(&path, &settings, &selection, &sender))
        };
        let store = Store::of_run(&self.run_dir);
        store.tidy().map_err(|error| disk(&error))?;
        let shop = Arc::new(Shop {
            store,
            downloader,
            throttle,
            journal: Mutex::new(Journal::open(&self.journal)?),
            wanted: Mutex::new(receiver),
            bytes: AtomicU64::new(0),
            done: AtomicU64::new(0),
            refusals: AtomicU32::new(0),
            is_answered: AtomicBool::new(false),
            bar: bar(self.shows_progress),
            archive: self,
        });
        let mut workers = JoinSet::new();
        for _ in 0..concurrency {
            workers.spawn(work(Arc::clone(&shop)));
        }
        let mut report = ArchiveReport::default();
        let mut ended_by = None;
        while let Some(ended) = workers.join_next().await {
            match ended {
                Ok((of_worker, result)) => {
                    report.stored += of_worker.stored;
                    report.duplicates += of_worker.duplicates;
                    report.without += of_worker.without;
                    report.failed += of_worker.failed;
                    if let Err(cause) = result {
                        ended_by.get_or_insert(cause);
                        shop.archive.stopping.cancel();
                    }
                }
                Err(error) => {
                    ended_by.get_or_insert(ArchiveStop::Disk(thread_ended(&error)));
                }
            }
        }
        // Nobody takes any more: a reader that still sends is told so.
        shop.wanted.lock().await.close();
        shop.bar.finish_and_clear();
        report.bytes = shop.bytes.load(Ordering::Relaxed);
        match reader.await {
            Ok(read) => read?,
            Err(error) => return Err(ArchiveStop::Disk(thread_ended(&error))),
        }
        match ended_by {
            None if shop.archive.stopping.is_cancelled() => Err(ArchiveStop::Platform(StopReason::Interrupted)),
            None => Ok(report),
            Some(cause) => Err(cause),
        }
    }
}

/// Whether any file is wanted and not there.
///
/// # Errors
/// What the journal says.
pub fn is_anything_wanted(
    journal: &std::path::Path,
    settings: &AuditSettings,
    selection: &Selection,
) -> Result<bool, JournalError> {
    let files = Journal::open(journal)?;
    let items: Journals = vec![Journal::open(journal)?].into();
    for item in items.items() {
        if !wanted_of(item?, &files, settings, selection)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads which files are wanted, as fast as workers take them.
fn read_wanted(
    path: &std::path::Path,
    settings: &AuditSettings,
    selection: &Selection,
    wanted: &mpsc::Sender<Wanted>,
) -> Result<(), JournalError> {
    let journal = Journal::open(path)?;
    let items: Journals = vec![Journal::open(path)?].into();
    for item in items.items() {
        for file in wanted_of(item?, &journal, settings, selection)? {
            if wanted.blocking_send(file).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn bar(wanted: bool) -> ProgressBar {
    let is_drawn = wanted && std::io::stderr().is_terminal();
    let target = if is_drawn { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}  {bytes} ({bytes_per_sec})") {
        bar.set_style(style);
    }
    if is_drawn {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

async fn work(shop: Arc<Shop>) -> (ArchiveReport, Result<(), ArchiveStop>) {
    let mut report = ArchiveReport::default();
    let stopping = shop.archive.stopping.clone();
    while !stopping.is_cancelled() {
        let next = stopping.run_until_cancelled(async { shop.wanted.lock().await.recv().await }).await;
        let Some(Some(wanted)) = next else { break };
        match shop.fetch(&wanted).await {
            Ok(mut files) => {
                if let Err(cause) = shop.note(&mut files).await {
                    return (report, Err(cause));
                }
                for file in &files {
                    match file.status.as_str() {
                        "stored" => report.stored += 1,
                        "duplicate" => report.duplicates += 1,
                        "no_address" => report.without += 1,
                        _ => report.failed += 1,
                    }
                }
                let done = shop.done.fetch_add(1, Ordering::Relaxed) + 1;
                shop.bar.set_message(format!("{done} certificates"));
            }
            Err(cause) => return (report, Err(cause)),
        }
    }
    (report, Ok(()))
}

/// Why a certificate has no file: a status of the table, and words.
struct NoFile {
    status: &'static str,
    message: String,
}

fn no_file(status: &'static str, message: impl Into<String>) -> NoFile {
    NoFile { status, message: message.into() }
}

/// What came of a certificate: its files, or why it has none; or the end of fetching.
type Fetched = Result<Result<Vec<Downloaded>, NoFile>, ArchiveStop>;

impl Shop {
    /// Fetches and keeps a certificate's files; what came of it, for the journal.
    async fn fetch(&self, wanted: &Wanted) -> Result<Vec<ArchivedFile>, ArchiveStop> {
        let fetched = match (&wanted.certificate, self.archive.job.archive.via) {
            (Named::ExtractionCode(code), _) => {
                let request = DownloadPdfFile { abstract_code: code }.request();
                self.by_base64(&request, |envelope| DownloadPdfFile::contents(envelope).ok()).await?
            }
            (Named::Identifier(identifier), ArchiveVia::Url) => self.by_address(identifier).await?,
            (Named::Identifier(identifier), ArchiveVia::Base64) => {
                let pictures = self.archive.job.archive.pictures;
                let request = ShareDownloadFile { certificate_identifier: identifier, pictures, side: wanted.side };
                let request = request.request(&self.archive.job.purpose);
                self.by_base64(&request, |envelope| ShareDownloadFile::contents(envelope).ok()).await?
            }
        };
        let entry = |page, status: &str, message: Option<String>| ArchivedFile {
            item_id: wanted.item_id,
            side: wanted.side,
            certificate_id: wanted.certificate.identifier().to_owned(),
            page,
            status: status.to_owned(),
            path: None,
            format: None,
            bytes: None,
            sha256: None,
            message,
        };
        let files = match fetched {
            Ok(files) => files,
            Err(NoFile { status, message }) => return Ok(vec![entry(0, status, Some(message))]),
        };
        let several = files.len() > 1;
        let mut kept = Vec::new();
        for (page, Downloaded { mut file, bytes, sha256 }) in (0..).zip(files) {
            let name = match &wanted.certificate {
                Named::Identifier(identifier) if several => format!("{identifier}-{}", page + 1),
                Named::Identifier(identifier) => identifier.clone(),
                Named::ExtractionCode(_) => format!("extraction-{}", wanted.item_id),
            };
            let known = self.journal.lock().await.path_of_content(&sha256)?;
            let known = known.filter(|path| self.store.place(path).exists());
            let (store, cert_type_code, content) = (self.store.clone(), wanted.cert_type_code.clone(), sha256.clone());
            // Looking into a file and syncing it to the disk take their time, on a thread of their own.
            let looked_at = spawn_blocking(move || -> std::io::Result<Result<(FileFormat, String, bool), NoCertificateFile>> {
                let format = match recognise(file.as_file_mut()?)? {
                    Ok(format) => format,
                    Err(no) => return Ok(Err(no)),
                };
                Ok(Ok(match known {
                    Some(path) => (format, path, false),
                    None => (format, store.keep(file, (&cert_type_code, &name), &content, format)?, true),
                }))
            });
            let looked_at = looked_at.await.map_err(|error| ArchiveStop::Disk(thread_ended(&error)))?;
            kept.push(match looked_at.map_err(|error| disk(&error))? {
                Err(no) => entry(page, "not_a_certificate_file", Some(no.to_string())),
                Ok((format, path, is_new)) => ArchivedFile {
                    path: Some(path),
                    format: Some(format.name().to_owned()),
                    bytes: Some(bytes),
                    sha256: Some(sha256),
                    ..entry(page, if is_new { "stored" } else { "duplicate" }, None)
                },
            });
        }
        Ok(kept)
    }

    /// Notes what came of a certificate. Where another worker has kept the same content meanwhile, that one stands.
    async fn note(&self, files: &mut [ArchivedFile]) -> Result<(), ArchiveStop> {
        let mut journal = self.journal.lock().await;
        let mut of_these: HashMap<String, String> = HashMap::new();
        for file in files.iter_mut().filter(|file| file.status == "stored") {
            let (Some(path), Some(sha256)) = (&file.path, &file.sha256) else { continue };
            let here = of_these.entry(sha256.clone()).or_insert_with(|| path.clone()).clone();
            let other = journal.path_of_content(sha256)?.unwrap_or(here);
            let other = Some(other).filter(|other| other != path);
            if let Some(other) = other.filter(|other| self.store.place(other).exists()) {
                match std::fs::remove_file(self.store.place(path)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(disk(&error)),
                    _ => {}
                }
                "duplicate".clone_into(&mut file.status);
                file.path = Some(other);
            }
        }
        Ok(journal.keep_files(files)?)
    }

    /// By interface 2: an address, fetched at once; where it has expired meanwhile, another one.
    async fn by_address(&self, identifier: &str) -> Fetched {
        let request = ShareDownloadUrl { certificate_id: identifier, expiry_time: None }.request(&self.archive.job.purpose);
        let mut expired = None;
        for _ in 0..2 {
            let envelope = match self.call(&request).await? {
                Ok(envelope) => envelope,
                Err(no) => return Ok(Err(no)),
            };
            let addresses = match ShareDownloadUrl::addresses(&envelope) {
                Ok(addresses) => addresses,
                Err(unexpected) => return Ok(Err(no_file("failed", unexpected.to_string()))),
            };
            // An address that names another certificate is another certificate's.
            let is_named = |named: &Option<String>| named.as_deref().is_none_or(|named| named == identifier);
            let address = addresses.iter().find(|address| is_named(&address.identifier));
            let Some(address) = address else {
                return Ok(Err(if addresses.is_empty() {
                    no_file("no_address", "平台没有给出下载地址")
                } else {
                    no_file("failed", "平台给出的是其他证照的下载地址")
                }));
            };
            match self.download(&address.url).await? {
                Ok(Ok(file)) => return Ok(Ok(vec![file])),
                Ok(Err(no)) => return Ok(Err(no)),
                Err(why) => expired = Some(why),
            }
        }
        Ok(Err(no_file("address_expired", expired.unwrap_or_default())))
    }

    /// Fetches an address as often as makes sense; the inner error says that it has expired.
    async fn download(&self, address: &str) -> Result<Result<Result<Downloaded, NoFile>, String>, ArchiveStop> {
        let retry = &self.archive.job.retry;
        let mut tries = 0;
        loop {
            let permit = self.archive.stopping.run_until_cancelled(self.throttle.permit()).await;
            let permit = permit.ok_or(StopReason::Interrupted).flatten().map_err(ArchiveStop::Platform)?;
            tries += 1;
            let file = self.store.begin().map_err(|error| disk(&error))?;
            let count = |piece| {
                self.bytes.fetch_add(piece, Ordering::Relaxed);
                self.bar.inc(piece);
            };
            let result = self.archive.stopping.run_until_cancelled(self.downloader.fetch(address, file, count)).await;
            // Hosts of files come and go by themselves: one that is down pauses nobody.
            self.throttle.give_back(permit, &AttemptEnd::default());
            let result = result.ok_or(ArchiveStop::Platform(StopReason::Interrupted))?;
            return Ok(match result {
                Ok(file) => Ok(Ok(file)),
                Err(NotDownloaded::Expired(why)) => Err(why),
                Err(NotDownloaded::Forbidden(why)) => Ok(Err(no_file("forbidden_host", why))),
                Err(NotDownloaded::TooLarge) => {
                    let largest = self.archive.job.archive.max_file;
                    Ok(Err(no_file("too_large", format!("大于 {} KiB", largest >> 10))))
                }
                Err(NotDownloaded::Disk(error)) => return Err(disk(&error)),
                Err(NotDownloaded::Trouble(_)) if tries < retry.attempts => {
                    let wait = tokio::time::sleep(backoff(&retry.backoff, tries, fastrand::f64(), None));
                    if self.archive.stopping.run_until_cancelled(wait).await.is_none() {
                        return Err(ArchiveStop::Platform(StopReason::Interrupted));
                    }
                    continue;
                }
                Err(NotDownloaded::Trouble(why)) => Ok(Err(no_file("failed", why))),
            });
        }
    }

    /// By interfaces 9 and 14: the file, or its pages, in the answer itself.
    async fn by_base64(&self, request: &Request, contents: impl Fn(&Envelope) -> Option<Vec<String>>) -> Fetched {
        let envelope = match self.call(request).await? {
            Ok(envelope) => envelope,
            Err(no) => return Ok(Err(no)),
        };
        let Some(contents) = contents(&envelope) else {
            return Ok(Err(no_file("failed", "平台的答复中缺少文件")));
        };
        if contents.len() > MOST_PAGES {
            return Ok(Err(no_file("not_a_certificate_file", format!("页数过多：{}", contents.len()))));
        }
        if contents.is_empty() {
            return Ok(Err(no_file("no_address", "平台没有给出文件")));
        }
        let mut files = Vec::new();
        for text in contents {
            let Ok(bytes) = decode_base64(&text) else {
                return Ok(Err(no_file("not_a_certificate_file", "文件的 base64 无法解码")));
            };
            if bytes.len() as u64 > self.archive.job.archive.max_file {
                return Ok(Err(no_file("too_large", format!("{} KiB", bytes.len() >> 10))));
            }
            self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            self.bar.inc(bytes.len() as u64);
            files.push(self.written(&bytes).map_err(|error| disk(&error))?);
        }
        Ok(Ok(files))
    }

    fn written(&self, bytes: &[u8]) -> std::io::Result<Downloaded> {
        let mut file: WholeFile = self.store.begin()?;
        file.write_all(bytes)?;
        let (bytes, sha256) = hash(file.as_file_mut()?)?;
        Ok(Downloaded { file, bytes, sha256 })
    }

    /// A call whose answer is wanted; what has no answer has no file.
    async fn call(&self, request: &Request) -> Result<Result<Envelope, NoFile>, ArchiveStop> {
        match self.archive.session.call(request).await {
            CallResult::Answer { envelope, .. } if envelope.objects().is_empty() && envelope.status != 0 => {
                // That there is no file is an answer.
                self.is_answered.store(true, Ordering::Relaxed);
                Ok(Err(no_file("no_address", format!("返回码 {}", envelope.status))))
            }
            CallResult::Answer { envelope, .. } => {
                self.is_answered.store(true, Ordering::Relaxed);
                Ok(Ok(envelope))
            }
            CallResult::Failed { failure, .. } => {
                let is_refusal = failure.kind == ErrorKind::Request && !self.is_answered.load(Ordering::Relaxed);
                if is_refusal && self.refusals.fetch_add(1, Ordering::Relaxed) + 1 >= SAME_REFUSALS {
                    let why = Message::new("every-call-refused").with_message("failure", failure.to_message());
                    let why = why.with_message("setting", Message::new("refused-purpose"));
                    return Err(ArchiveStop::Platform(StopReason::Refused(why)));
                }
                Ok(Err(no_file("failed", failure.to_message().to_stored())))
            }
            CallResult::Stopped(reason) => Err(ArchiveStop::Platform(reason)),
        }
    }
}
