//! Work on a file after the platform's call: downloading or decoding it, recognising it, storing it.

use super::content::{Content, FileFormat, OtherContent, recognise};
use super::download::{Downloaded, Downloader, NotDownloaded};
use super::select::{Named, WantedFile};
use super::status::{FileStatus, too_large};
use super::store::{Store, hash};
use crate::engine::Work;
use crate::job::{ArchiveSettings, Purpose, RetrySettings};
use crate::journal::Journal;
use crate::message::Message;
use crate::platform::decode_base64;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// Limit on pages; no certificate has more.
const MOST_PAGES: usize = 200;

/// State shared by all files of an archive.
#[derive(Debug)]
pub(super) struct FetchContext {
    pub settings: ArchiveSettings,
    pub purpose: Purpose,
    pub retry: RetrySettings,
    /// Longest wait that whoever holds files may ask for.
    pub patience: Duration,
    pub downloader: Downloader,
    pub store: Store,
    /// Journal, for looking up contents that are already stored.
    pub known: Mutex<Journal>,
}

/// Source of a file.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A download address.
    Address(String),
    /// Base64 of the file, or of each of its pages.
    Base64(Vec<String>),
}

/// Work of obtaining and storing a file.
#[derive(Debug)]
pub(crate) struct FileWork {
    source: Source,
    wanted: Arc<WantedFile>,
    context: Arc<FetchContext>,
}

/// Result of that work.
#[derive(Debug)]
pub(crate) enum FileProduct {
    /// Files were received, one per page.
    Pages(Vec<Page>),
    /// No file, and with the present settings another attempt cannot change that.
    None(FileStatus, Message),
    /// The address has expired.
    Expired(Message),
    /// None came, and another try may bring it.
    Failed {
        /// What kept it from coming.
        why: Message,
        /// The wait that whoever holds it asks for.
        asked_for: Option<Duration>,
    },
}

/// A received page: stored, or rejected by its content.
#[derive(Debug)]
pub(crate) enum Page {
    /// Stored in the archive.
    Kept(KeptFile),
    /// Not a certificate file; not stored.
    Other(OtherContent),
}

/// A stored file.
#[derive(Debug)]
pub(crate) struct KeptFile {
    /// Path relative to the folder of the run or shard.
    pub path: String,
    pub format: FileFormat,
    pub bytes: u64,
    pub sha256: String,
    /// Whether the content was not stored before.
    pub is_new: bool,
}

impl FileWork {
    pub(super) const fn new(source: Source, wanted: Arc<WantedFile>, context: Arc<FetchContext>) -> Self {
        Self { source, wanted, context }
    }
}

impl Work for FileWork {
    type Product = FileProduct;

    /// Base64 arrived with the platform's answer, whose call was paced already.
    fn is_paced(&self) -> bool {
        matches!(self.source, Source::Address(_))
    }

    async fn run(self) -> Result<FileProduct, Message> {
        let Self { source, wanted, context } = self;
        match source {
            Source::Address(address) => {
                let file = context.store.begin().map_err(not_written)?;
                let downloaded = match context.downloader.fetch(&address, file).await {
                    Ok(downloaded) => downloaded,
                    Err(NotDownloaded::Expired(why)) => return Ok(FileProduct::Expired(why)),
                    Err(NotDownloaded::Failed { why, asked_for }) => return Ok(FileProduct::Failed { why, asked_for }),
                    Err(NotDownloaded::Forbidden(why)) => return Ok(FileProduct::None(FileStatus::ForbiddenHost, why)),
                    Err(NotDownloaded::TooLarge) => return Ok(is_too_large(&context)),
                    Err(NotDownloaded::Disk(error)) => return Err(not_written(error)),
                };
                // Recognising and syncing a file blocks on the disk.
                blocking(move || Ok(FileProduct::Pages(vec![keep(&context, downloaded, &wanted, None)?]))).await
            }
            Source::Base64(pages) => blocking(move || decode(&context, &pages, &wanted)).await,
        }
    }
}

/// Runs blocking work on a separate thread.
async fn blocking(work: impl FnOnce() -> Result<FileProduct, Message> + Send + 'static) -> Result<FileProduct, Message> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(Message::new("thread-ended").with("cause", error)))
}

fn not_written(error: io::Error) -> Message {
    Message::new("archive-not-written").with("cause", error)
}

fn is_too_large(context: &FetchContext) -> FileProduct {
    FileProduct::None(FileStatus::TooLarge, too_large(context.settings.max_file))
}

/// Decodes and stores the pages of a file; none if one of them is not valid base64 or too large.
fn decode(context: &FetchContext, pages: &[String], wanted: &WantedFile) -> Result<FileProduct, Message> {
    let no_file = |other: OtherContent| FileProduct::None(FileStatus::NotACertificateFile, other.to_message());
    if pages.len() > MOST_PAGES {
        return Ok(no_file(OtherContent::TooManyPages));
    }
    let mut files = Vec::new();
    for text in pages {
        let Ok(bytes) = decode_base64(text) else { return Ok(no_file(OtherContent::NotBase64)) };
        if bytes.len() as u64 > context.settings.max_file {
            return Ok(is_too_large(context));
        }
        files.push(written(&context.store, &bytes).map_err(not_written)?);
    }
    let are_several = files.len() > 1;
    let mut kept = Vec::new();
    for (number, file) in (1..).zip(files) {
        kept.push(keep(context, file, wanted, are_several.then_some(number))?);
    }
    Ok(FileProduct::Pages(kept))
}

fn written(store: &Store, bytes: &[u8]) -> io::Result<Downloaded> {
    let mut file = store.begin()?;
    file.write_all(bytes)?;
    let (bytes, sha256) = hash(file.as_file_mut()?)?;
    Ok(Downloaded { file, bytes, sha256 })
}

/// Recognises a file and stores it unless its content is stored already. `page` is its number among several pages, from 1.
fn keep(context: &FetchContext, file: Downloaded, wanted: &WantedFile, page: Option<u32>) -> Result<Page, Message> {
    let Downloaded { mut file, bytes, sha256 } = file;
    let format = match file.as_file_mut().and_then(recognise).map_err(not_written)? {
        Content::Certificate(format) => format,
        Content::Other(other) => return Ok(Page::Other(other)),
    };
    let known = context.known.lock().unwrap_or_else(PoisonError::into_inner).path_of_content(&sha256);
    let known = known.map_err(|error| error.to_message())?.filter(|path| context.store.place(path).exists());
    let is_new = known.is_none();
    let path = if let Some(path) = known {
        path
    } else {
        let name = file_name(wanted, page);
        context.store.keep(file, (&wanted.cert_type_code, &name), &sha256, format).map_err(not_written)?
    };
    Ok(Page::Kept(KeptFile { path, format, bytes, sha256, is_new }))
}

/// Returns the name of a file, before it is converted into a safe one.
fn file_name(wanted: &WantedFile, page: Option<u32>) -> String {
    let name = match &wanted.certificate {
        Named::Identifier(identifier) => identifier.clone(),
        Named::ExtractionCode(_) => format!("extraction-{}", wanted.item_id),
    };
    page.map_or_else(|| name.clone(), |page| format!("{name}-{page}"))
}
