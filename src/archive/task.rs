//! A certificate's file as a task of the engine: the platform's call, the work on the file, then the record to store.

use super::select::{Missing, Named, WantedFile};
use super::status::FileStatus;
use super::work::{FetchContext, FileProduct, FileWork, KeptFile, Page, Source};
use crate::engine::{CallReply, Need, Task};
use crate::job::ArchiveVia;
use crate::journal::ArchivedFile;
use crate::message::Message;
use crate::platform::{DownloadPdfFile, Envelope, Request, ShareDownloadFile, ShareDownloadUrl, backoff};
use std::sync::Arc;
use std::time::Duration;

/// Fetching of one certificate's file.
#[derive(Debug)]
pub struct FileTask {
    wanted: Arc<WantedFile>,
    has_failed_before: bool,
    state: State,
    /// Latest address from the platform.
    address: Option<String>,
    /// Number of downloads tried from that address.
    tries: u32,
    /// Whether an address has expired before the download.
    has_expired: bool,
    /// Number of bytes received.
    bytes: u64,
    context: Arc<FetchContext>,
}

/// Next step of a task.
#[derive(Debug)]
enum State {
    /// Call the platform for the file or its address.
    Ask,
    /// Obtain the file from this source after a delay.
    Fetch(Source, Duration),
    /// Wait for the result of the current step.
    Wait,
    /// Finished, with the records to store.
    End(Vec<ArchivedFile>),
}

impl FileTask {
    pub(super) fn new(missing: Missing, context: &Arc<FetchContext>) -> Self {
        Self {
            wanted: Arc::new(missing.wanted),
            has_failed_before: missing.has_failed_before,
            state: State::Ask,
            address: None,
            tries: 0,
            has_expired: false,
            bytes: 0,
            context: Arc::clone(context),
        }
    }

    /// Returns the number of bytes received.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns whether the platform's answer contains the file itself rather than an address.
    fn comes_with_answer(&self) -> bool {
        matches!(self.wanted.certificate, Named::ExtractionCode(_)) || self.context.settings.via == ArchiveVia::Base64
    }

    fn request(&self) -> Request {
        let purpose = &self.context.purpose;
        match (&self.wanted.certificate, self.context.settings.via) {
            (Named::ExtractionCode(code), _) => DownloadPdfFile { abstract_code: code }.request(),
            (Named::Identifier(certificate_id), ArchiveVia::Url) => {
                ShareDownloadUrl { certificate_id, expiry_time: None }.request(purpose)
            }
            (Named::Identifier(certificate_identifier), ArchiveVia::Base64) => {
                let pictures = self.context.settings.pictures;
                ShareDownloadFile { certificate_identifier, pictures, side: self.wanted.side }.request(purpose)
            }
        }
    }

    /// Processes an answer of the platform.
    fn answered(&mut self, envelope: &Envelope) {
        if envelope.objects().is_empty() && envelope.status != 0 {
            // A return code that there is no file is a result, not a failure.
            return self.end(FileStatus::NoAddress, &Message::new("fetch-no-file").with("code", envelope.status));
        }
        match self.source_in(envelope) {
            Ok(source) => {
                self.address = if let Source::Address(address) = &source { Some(address.clone()) } else { None };
                self.tries = 0;
                self.state = State::Fetch(source, Duration::ZERO);
            }
            Err((status, why)) => self.end(status, &why),
        }
    }

    /// Returns the source of the file according to an answer; if the answer has none, the status and the reason.
    fn source_in(&self, envelope: &Envelope) -> Result<Source, (FileStatus, Message)> {
        let unexpected = || (FileStatus::Failed, Message::new("fetch-answer-without-file"));
        let none = || (FileStatus::NoAddress, Message::new("fetch-no-file-given"));
        if self.comes_with_answer() {
            let pages = match self.wanted.certificate {
                Named::ExtractionCode(_) => DownloadPdfFile::contents(envelope),
                Named::Identifier(_) => ShareDownloadFile::contents(envelope),
            };
            let pages = pages.map_err(|_| unexpected())?;
            return if pages.is_empty() { Err(none()) } else { Ok(Source::Base64(pages)) };
        }
        let addresses = ShareDownloadUrl::addresses(envelope).map_err(|_| unexpected())?;
        if addresses.is_empty() {
            return Err(none());
        }
        // An address that contains the identifier of another certificate would return that certificate's file.
        let identifier = self.wanted.certificate.identifier();
        let is_of_it = |named: &Option<String>| named.as_deref().is_none_or(|named| named == identifier);
        let address = addresses.into_iter().find(|address| is_of_it(&address.identifier));
        let other = || (FileStatus::Failed, Message::new("fetch-address-of-another"));
        address.map(|address| Source::Address(address.url)).ok_or_else(other)
    }

    /// Tries again after a download that failed, or ends without a file: after as many tries as the job allows, and where the host
    /// asks for a longer wait than the job is patient.
    fn failed(&mut self, why: &Message, asked_for: Option<Duration>) {
        self.tries += 1;
        let FetchContext { retry, patience, .. } = &*self.context;
        if let Some(wait) = asked_for.filter(|wait| wait > patience) {
            let why = Message::new("fetch-asks-to-wait").with_message("why", why.clone());
            return self.end(FileStatus::Failed, &why.with("wait", humantime::format_duration(wait)));
        }
        match self.address.clone().filter(|_| self.tries < retry.attempts) {
            Some(address) => {
                let wait = backoff(&retry.backoff, self.tries, fastrand::f64(), asked_for);
                self.state = State::Fetch(Source::Address(address), wait);
            }
            None => self.end(FileStatus::Failed, why),
        }
    }

    /// Ends without a file.
    fn end(&mut self, status: FileStatus, why: &Message) {
        self.state = State::End(vec![self.entry(0, status, Some(why))]);
    }

    fn entry(&self, page: u32, status: FileStatus, why: Option<&Message>) -> ArchivedFile {
        ArchivedFile {
            item_id: self.wanted.item_id,
            side: self.wanted.side,
            certificate_id: self.wanted.certificate.identifier().to_owned(),
            page,
            status: status.name().to_owned(),
            path: None,
            format: None,
            bytes: None,
            sha256: None,
            message: why.map(Message::to_stored),
        }
    }

    fn page(&self, number: u32, page: Page) -> ArchivedFile {
        match page {
            Page::Other(other) => self.entry(number, FileStatus::NotACertificateFile, Some(&other.to_message())),
            Page::Kept(KeptFile { path, format, bytes, sha256, is_new }) => ArchivedFile {
                path: Some(path),
                format: Some(format.name().to_owned()),
                bytes: Some(bytes),
                sha256: Some(sha256),
                ..self.entry(number, if is_new { FileStatus::Stored } else { FileStatus::Duplicate }, None)
            },
        }
    }
}

impl Task for FileTask {
    type Record = Vec<ArchivedFile>;
    type Work = FileWork;

    fn id(&self) -> u64 {
        self.wanted.key()
    }

    fn has_failed_before(&self) -> bool {
        self.has_failed_before
    }

    fn next(&mut self) -> Need<Vec<ArchivedFile>, FileWork> {
        if matches!(self.state, State::Ask) {
            return Need::Call(self.request());
        }
        match std::mem::replace(&mut self.state, State::Wait) {
            State::Fetch(source, wait) => {
                let work = FileWork::new(source, Arc::clone(&self.wanted), Arc::clone(&self.context));
                Need::Work(work, wait)
            }
            State::End(files) => Need::Nothing(Some(files)),
            State::Ask | State::Wait => Need::Nothing(None),
        }
    }

    fn take(&mut self, reply: CallReply, _: u32) -> Option<Vec<ArchivedFile>> {
        match reply {
            Ok((_, envelope)) => self.answered(&envelope),
            Err(failure) => self.end(FileStatus::Failed, &failure.to_message()),
        }
        None
    }

    fn take_product(&mut self, product: FileProduct) {
        match product {
            FileProduct::Pages(pages) => {
                let files: Vec<ArchivedFile> = (0..).zip(pages).map(|(number, page)| self.page(number, page)).collect();
                self.bytes = files.iter().filter_map(|file| file.bytes).sum();
                self.state = State::End(files);
            }
            FileProduct::None(status, why) => self.end(status, &why),
            FileProduct::Expired(_) if !self.has_expired => {
                self.has_expired = true;
                self.state = State::Ask;
            }
            FileProduct::Expired(why) => self.end(FileStatus::AddressExpired, &why),
            FileProduct::Failed { why, asked_for } => self.failed(&why, asked_for),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::content::{FileFormat, OtherContent};
    use crate::archive::download::{DownloadSettings, Downloader};
    use crate::archive::store::Store;
    use crate::endpoint::Side;
    use crate::job::Job;
    use crate::journal::Journal;
    use crate::platform::{ErrorKind, Failure};
    use std::path::Path;
    use std::sync::Mutex;
    use tempfile::TempDir;

    /// A file to fetch, as the lines of `[archive]` say; with the folder that has to stay.
    fn task(certificate: Named, archive: &str) -> (FileTask, TempDir) {
        let text = format!(
            "[job]\nname = \"t\"\n[platform]\nbase_url = \"sandbox\"\n[purpose]\nsystem_name = \"a\"\ncall_category = 1\n\
             matter_name = \"a\"\nevent_code = \"a\"\ncopy_cause = \"a\"\n[[inputs]]\npath = \"a\"\n[retry]\nattempts = 3\n\
             [archive]\n{archive}"
        );
        let job = Job::parse(Path::new("jobs/t.toml"), &text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let downloader = DownloadSettings {
            rules: &job.archive.allowed_hosts,
            base_url: "http://127.0.0.1:1",
            connect_timeout: job.platform.connect_timeout,
            timeout: job.archive.timeout,
            largest: job.archive.max_file,
            ca_file: None,
        };
        let context = FetchContext {
            downloader: Downloader::new(downloader).unwrap(),
            settings: job.archive,
            purpose: job.purpose,
            retry: job.retry,
            patience: job.throttle.pause.patience,
            store: Store::of_run(folder.path()),
            known: Mutex::new(Journal::create(&folder.path().join("journal.sqlite")).unwrap()),
        };
        let wanted = WantedFile { item_id: 7, side: Side::City, cert_type_code: "11100000000013127D001".to_owned(), certificate };
        (FileTask::new(Missing { wanted, has_failed_before: false }, &Arc::new(context)), folder)
    }

    fn by_identifier() -> (FileTask, TempDir) {
        task(Named::Identifier("A".to_owned()), "")
    }

    /// Answers the call that the task needs.
    fn answer(task: &mut FileTask, body: &str) {
        assert!(matches!(task.next(), Need::Call(_)), "a call is next");
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        assert!(task.take(Ok((body.to_owned().into(), envelope)), 1).is_none());
    }

    const ADDRESS: &str = r#"{"head":{"status":"0"},"data":{"total":"1","dataList":[{"fileUrl":"http://127.0.0.1:1/f"}]}}"#;

    /// The end of the task: status and code of the message of each page.
    fn end(task: &mut FileTask) -> Vec<(String, String)> {
        let Need::Nothing(Some(files)) = task.next() else { panic!("it is not at its end") };
        let code = |file: &ArchivedFile| file.message.as_deref().map(|text| Message::from_stored(text).code().to_owned());
        files.iter().map(|file| (file.status.clone(), code(file).unwrap_or_default())).collect()
    }

    fn one(status: &str, code: &str) -> Vec<(String, String)> {
        vec![(status.to_owned(), code.to_owned())]
    }

    #[test]
    fn an_answer_without_a_file_is_told_from_one_that_is_not_what_was_asked_for() {
        for (body, status, code) in [
            (r#"{"head":{"status":"10"},"data":null}"#, "no_address", "fetch-no-file"),
            (r#"{"head":{"status":"0"},"data":{"total":"0","dataList":[]}}"#, "no_address", "fetch-no-file-given"),
            (r#"{"head":{"status":"0"},"data":{"dataList":[{"a":"b"}]}}"#, "failed", "fetch-answer-without-file"),
            (
                r#"{"head":{"status":"0"},"data":{"dataList":[{"certIdentifier":"B","content":"http://127.0.0.1:1/f"}]}}"#,
                "failed",
                "fetch-address-of-another",
            ),
        ] {
            let (mut task, _folder) = by_identifier();
            answer(&mut task, body);
            assert_eq!(end(&mut task), one(status, code), "{body}");
        }
        let (mut task, _folder) = by_identifier();
        assert!(matches!(task.next(), Need::Call(_)));
        task.take(Err(Failure::new(ErrorKind::Request, Some(12))), 1);
        assert_eq!(end(&mut task), one("failed", "failure-code"));
    }

    #[test]
    fn an_address_that_has_expired_is_asked_for_once_more() {
        let (mut task, _folder) = by_identifier();
        for _ in 0..2 {
            answer(&mut task, ADDRESS);
            let Need::Work(work, wait) = task.next() else { panic!("work is next") };
            assert!(crate::engine::Work::is_paced(&work) && wait.is_zero());
            task.take_product(FileProduct::Expired(Message::new("fetch-expired").with("status", 404)));
        }
        assert_eq!(end(&mut task), one("address_expired", "fetch-expired"));
    }

    #[test]
    fn a_download_that_fails_is_tried_as_often_as_the_job_allows() {
        let (mut task, _folder) = by_identifier();
        answer(&mut task, ADDRESS);
        for tries in 0..3 {
            let Need::Work(_, wait) = task.next() else { panic!("work is next") };
            assert!(wait <= task.context.retry.backoff.end && (tries > 0 || wait.is_zero()));
            task.take_product(FileProduct::Failed { why: Message::new("fetch-late"), asked_for: None });
        }
        assert_eq!(end(&mut task), one("failed", "fetch-late"));
    }

    #[test]
    fn a_wait_that_the_host_asks_for_is_kept_within_patience() {
        let (mut task, _folder) = by_identifier();
        let patience = task.context.patience;
        answer(&mut task, ADDRESS);
        let failed = |asked_for| FileProduct::Failed { why: Message::new("fetch-status").with("status", 503), asked_for };
        assert!(matches!(task.next(), Need::Work(..)));
        task.take_product(failed(Some(patience)));
        let Need::Work(_, wait) = task.next() else { panic!("it is tried again") };
        assert_eq!(wait, patience);
        task.take_product(failed(Some(patience + Duration::from_secs(1))));
        assert_eq!(end(&mut task), one("failed", "fetch-asks-to-wait"), "although a try is left");
    }

    #[test]
    fn what_comes_with_the_answer_is_no_download_and_each_page_has_its_row() {
        let (mut task, _folder) = task(Named::ExtractionCode("C".to_owned()), "");
        answer(&mut task, r#"{"head":{"status":"0"},"data":["JVBERi0=","Zm9v"]}"#);
        let Need::Work(work, _) = task.next() else { panic!("work is next") };
        assert!(!crate::engine::Work::is_paced(&work));
        let kept = KeptFile {
            path: "archive/x/ab/f.pdf".to_owned(),
            format: FileFormat::Pdf,
            bytes: 5,
            sha256: "ab".repeat(32),
            is_new: true,
        };
        task.take_product(FileProduct::Pages(vec![Page::Kept(kept), Page::Other(OtherContent::UnknownFormat)]));
        assert_eq!(task.bytes(), 5);
        let expected = [one("stored", ""), one("not_a_certificate_file", "content-unknown-format")].concat();
        assert_eq!(end(&mut task), expected);
    }
}
