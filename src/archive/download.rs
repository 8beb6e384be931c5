//! Download of one file: streamed to the disk, limited in size and time, from allowed hosts only.

use super::address::{AllowedHosts, NoAllowedAddress, Passage};
use super::store::hex;
use crate::durable::WholeFile;
use crate::job::HostRule;
use crate::message::Message;
use crate::platform::{build_client, retry_after, trusting};
use chrono::Utc;
use reqwest::header::LOCATION;
use reqwest::{Client, ClientBuilder, StatusCode, redirect};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Largest number of redirects that a download follows: each is a request that the job's rate does not count.
const MOST_REDIRECTS: usize = 1;

/// Settings of a downloader.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DownloadSettings<'a> {
    /// Rules for allowed hosts, besides the platform's own scheme, host and port.
    pub rules: &'a [HostRule],
    /// Base URL of the platform.
    pub base_url: &'a str,
    /// Timeout of establishing a connection.
    pub connect_timeout: Duration,
    /// Timeout of one download, including the whole file.
    pub timeout: Duration,
    /// Size limit of a file, in bytes.
    pub largest: u64,
    /// Certificate of an authority to trust besides the system's.
    pub ca_file: Option<&'a Path>,
}

/// HTTP client for untrusted addresses. It sends no token and shares no connection with the session.
#[derive(Debug)]
pub(crate) struct Downloader {
    /// Client for hosts that need no further check.
    free: Client,
    /// Clients for hosts whose resolved IP addresses are checked, by [`Passage::ByAddress`].
    by_address: BTreeMap<Option<u16>, Client>,
    allowed: AllowedHosts,
    largest: u64,
    timeout: Duration,
}

/// A downloaded file.
#[derive(Debug)]
pub(crate) struct Downloaded {
    /// The file, not yet moved to its final name.
    pub file: WholeFile,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
}

/// Reason why a file was not downloaded.
#[derive(Debug)]
pub(crate) enum NotDownloaded {
    /// The address has expired.
    Expired(Message),
    /// The address, or a redirect, is not allowed.
    Forbidden(Message),
    /// The file exceeds the size limit.
    TooLarge,
    /// A failure that may pass.
    Failed {
        /// What kept the file from coming.
        why: Message,
        /// The wait that the host asks for (`Retry-After`).
        asked_for: Option<Duration>,
    },
    /// The disk.
    Disk(std::io::Error),
}

impl NotDownloaded {
    /// A failure that may pass, of which the host says nothing.
    fn failed(why: Message) -> Self {
        Self::Failed { why, asked_for: None }
    }
}

impl Downloader {
    /// Creates a downloader with these settings.
    ///
    /// # Errors
    /// Fails if the file of the certificate authority cannot be read or is not valid.
    pub(crate) fn new(settings: DownloadSettings<'_>) -> Result<Self, Message> {
        let DownloadSettings { rules, base_url, connect_timeout, timeout, largest, ca_file } = settings;
        let allowed = AllowedHosts::new(rules, base_url);
        let builder = || -> Result<ClientBuilder, Message> {
            let builder = trusting(Client::builder(), ca_file)?.connect_timeout(connect_timeout);
            // A proxy would resolve the host itself, so its IP address could not be checked. Redirects are followed by hand,
            // because each target must be checked first.
            Ok(builder.no_proxy().redirect(redirect::Policy::none()))
        };
        let mut by_address = BTreeMap::new();
        for (port, resolver) in allowed.resolvers() {
            let resolver = Arc::new(resolver);
            by_address.insert(port, build_client(|| Ok(builder()?.dns_resolver(Arc::clone(&resolver))))?);
        }
        Ok(Self { free: build_client(builder)?, by_address, allowed, largest, timeout })
    }

    /// Downloads an address into `file`.
    ///
    /// # Errors
    /// Fails if the address or the target of a redirect is not allowed, if the address has expired, if the file exceeds the size
    /// limit or does not arrive completely within the timeout, or if it cannot be written.
    pub(crate) async fn fetch(&self, address: &str, file: WholeFile) -> Result<Downloaded, NotDownloaded> {
        let late = |_| Err(NotDownloaded::failed(Message::new("fetch-late")));
        tokio::time::timeout(self.timeout, self.follow(address, file)).await.unwrap_or_else(late)
    }

    async fn follow(&self, address: &str, file: WholeFile) -> Result<Downloaded, NotDownloaded> {
        let mut url = Url::parse(address).map_err(|_| NotDownloaded::Forbidden(Message::new("fetch-no-address")))?;
        for _ in 0..=MOST_REDIRECTS {
            let client = self.client_for(&url).map_err(NotDownloaded::Forbidden)?;
            let response = client.get(url.clone()).send().await.map_err(|error| self.failed(&error, &url))?;
            let status = response.status();
            if status.is_redirection() {
                let to = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                let next = to.and_then(|to| url.join(to).ok());
                url = next.ok_or_else(|| NotDownloaded::failed(Message::new("fetch-redirect-nowhere")))?;
                continue;
            }
            let told = |code| Message::new(code).with("status", status.as_u16());
            return match status {
                StatusCode::OK => self.receive(response, &url, file).await,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                    Err(NotDownloaded::Expired(told("fetch-expired")))
                }
                _ => {
                    let asked_for = retry_after(response.headers(), Utc::now());
                    Err(NotDownloaded::Failed { why: told("fetch-status"), asked_for })
                }
            };
        }
        Err(NotDownloaded::failed(Message::new("fetch-redirects").with("most", MOST_REDIRECTS)))
    }

    /// Returns the client that an address may be requested with.
    fn client_for(&self, url: &Url) -> Result<&Client, Message> {
        match self.allowed.check(url)? {
            Passage::Free => Ok(&self.free),
            Passage::ByAddress(port) => self.by_address.get(&port).ok_or_else(|| self.allowed.forbidden(url)),
        }
    }

    async fn receive(
        &self,
        mut response: reqwest::Response,
        url: &Url,
        mut file: WholeFile,
    ) -> Result<Downloaded, NotDownloaded> {
        if response.content_length().is_some_and(|length| length > self.largest) {
            return Err(NotDownloaded::TooLarge);
        }
        let (mut bytes, mut hasher) = (0, Sha256::new());
        while let Some(piece) = response.chunk().await.map_err(|error| self.failed(&error, url))? {
            bytes += piece.len() as u64;
            if bytes > self.largest {
                return Err(NotDownloaded::TooLarge);
            }
            hasher.update(&piece);
            file.write_all(&piece).map_err(NotDownloaded::Disk)?;
        }
        Ok(Downloaded { file, bytes, sha256: hex(&hasher.finalize()) })
    }

    /// Classifies a failed request. A refusal by the resolver is found in its chain of causes.
    fn failed(&self, error: &reqwest::Error, url: &Url) -> NotDownloaded {
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let mut innermost = String::new();
        while let Some(cause) = source {
            if cause.is::<NoAllowedAddress>() {
                return NotDownloaded::Forbidden(self.allowed.forbidden(url));
            }
            innermost = cause.to_string();
            source = cause.source();
        }
        NotDownloaded::failed(if error.is_timeout() {
            Message::new("fetch-late")
        } else {
            Message::new("fetch-failed").with("cause", innermost)
        })
    }
}
