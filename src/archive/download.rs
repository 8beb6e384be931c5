//! One file from one address: streamed to the disk, bounded in size and time, from allowed hosts only.

use super::address::{AllowedHosts, Forbidden};
use super::store::hex;
use crate::durable::WholeFile;
use crate::message::Message;
use crate::platform::trusting;
use reqwest::header::LOCATION;
use reqwest::{Client, StatusCode, redirect};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// So often an address may lead to another one.
const MOST_REDIRECTS: usize = 5;

/// A client for addresses that are not trusted: nothing of a session goes with it.
#[derive(Debug, Clone)]
pub(super) struct Downloader {
    client: Client,
    allowed: AllowedHosts,
    largest: u64,
    timeout: Duration,
}

/// A file that has come.
#[derive(Debug)]
pub(super) struct Downloaded {
    pub file: WholeFile,
    pub bytes: u64,
    pub sha256: String,
}

/// Why a file has not come.
#[derive(Debug)]
pub(super) enum NotDownloaded {
    /// The address is no longer good.
    Expired(String),
    /// It leads where nothing may be fetched from.
    Forbidden(String),
    /// The file is too large.
    TooLarge,
    /// Trouble that may pass.
    Trouble(String),
    /// The disk.
    Disk(std::io::Error),
}

impl Downloader {
    pub(super) fn new(
        allowed: AllowedHosts,
        (connect_timeout, timeout): (Duration, Duration),
        largest: u64,
        ca_file: Option<&Path>,
    ) -> Result<Self, Message> {
        let builder = trusting(Client::builder(), ca_file)?;
        let client = builder
            .connect_timeout(connect_timeout)
            // A proxy would connect for us, and whereto could not be checked.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(allowed.clone()))
            .build()
            .map_err(|error| Message::new("no-connection").with("cause", error))?;
        Ok(Self { client, allowed, largest, timeout })
    }

    /// Fetches what an address leads to into `file`. `count` hears of every piece.
    pub(super) async fn fetch(&self, address: &str, file: WholeFile, count: impl Fn(u64)) -> Result<Downloaded, NotDownloaded> {
        match tokio::time::timeout(self.timeout, self.follow(address, file, count)).await {
            Ok(result) => result,
            Err(_) => Err(NotDownloaded::Trouble("在规定时间内没有收到完整的文件".to_owned())),
        }
    }

    async fn follow(&self, address: &str, file: WholeFile, count: impl Fn(u64)) -> Result<Downloaded, NotDownloaded> {
        let mut url = Url::parse(address).map_err(|_| NotDownloaded::Forbidden("平台给出的不是下载地址".to_owned()))?;
        for _ in 0..=MOST_REDIRECTS {
            self.allowed.check(&url).map_err(|forbidden| NotDownloaded::Forbidden(forbidden.0))?;
            let response = self.client.get(url.clone()).send().await.map_err(|error| trouble(&error))?;
            let status = response.status();
            if status.is_redirection() {
                let to = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
                let next = to.and_then(|to| url.join(to).ok());
                url = next.ok_or_else(|| NotDownloaded::Trouble("重定向没有目标".to_owned()))?;
                continue;
            }
            return match status {
                StatusCode::OK => self.receive(response, file, count).await,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                    Err(NotDownloaded::Expired(format!("HTTP 状态 {}", status.as_u16())))
                }
                _ => Err(NotDownloaded::Trouble(format!("HTTP 状态 {}", status.as_u16()))),
            };
        }
        Err(NotDownloaded::Trouble("重定向次数过多".to_owned()))
    }

    async fn receive(
        &self,
        mut response: reqwest::Response,
        mut file: WholeFile,
        count: impl Fn(u64),
    ) -> Result<Downloaded, NotDownloaded> {
        if response.content_length().is_some_and(|length| length > self.largest) {
            return Err(NotDownloaded::TooLarge);
        }
        let (mut bytes, mut hasher) = (0, Sha256::new());
        while let Some(piece) = response.chunk().await.map_err(|error| trouble(&error))? {
            bytes += piece.len() as u64;
            if bytes > self.largest {
                return Err(NotDownloaded::TooLarge);
            }
            hasher.update(&piece);
            file.write_all(&piece).map_err(NotDownloaded::Disk)?;
            count(piece.len() as u64);
        }
        Ok(Downloaded { file, bytes, sha256: hex(&hasher.finalize()) })
    }
}

/// What kept a request from being answered; the resolver's refusal is somewhere among its causes.
fn trouble(error: &reqwest::Error) -> NotDownloaded {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut innermost = String::new();
    while let Some(cause) = source {
        if let Some(forbidden) = cause.downcast_ref::<Forbidden>() {
            return NotDownloaded::Forbidden(forbidden.0.clone());
        }
        innermost = cause.to_string();
        source = cause.source();
    }
    NotDownloaded::Trouble(if error.is_timeout() { "在规定时间内没有答复".to_owned() } else { innermost })
}
