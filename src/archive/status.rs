//! What came of a certificate's file, and whether asking again can change that.

use super::address::{FORBIDDEN, RULES, rules_text};
use crate::job::ArchiveSettings;
use crate::journal::ArchivedFile;
use crate::message::{Argument, Message};

/// Code of the message that a file is too large.
const TOO_LARGE: &str = "fetch-too-large";
/// Argument of that message: the largest size that was allowed, in KiB.
const LARGEST: &str = "kibibytes";

/// What came of fetching a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileStatus {
    /// It is kept.
    Stored,
    /// Its content is kept already, for another certificate or page.
    Duplicate,
    /// The platform has none.
    NoAddress,
    /// The address expired before it was fetched from, twice.
    AddressExpired,
    /// The address leads where nothing may be fetched from.
    ForbiddenHost,
    /// It is larger than allowed.
    TooLarge,
    /// What came is no certificate file.
    NotACertificateFile,
    /// It could not be had; another try may.
    Failed,
}

impl FileStatus {
    /// Every status.
    pub(super) const ALL: [Self; 8] = [
        Self::Stored,
        Self::Duplicate,
        Self::NoAddress,
        Self::AddressExpired,
        Self::ForbiddenHost,
        Self::TooLarge,
        Self::NotACertificateFile,
        Self::Failed,
    ];

    /// The name in tables.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Duplicate => "duplicate",
            Self::NoAddress => "no_address",
            Self::AddressExpired => "address_expired",
            Self::ForbiddenHost => "forbidden_host",
            Self::TooLarge => "too_large",
            Self::NotACertificateFile => "not_a_certificate_file",
            Self::Failed => "failed",
        }
    }

    /// The status of a file in the journal; one whose name is not known has failed.
    pub(super) fn of(file: &ArchivedFile) -> Self {
        Self::ALL.into_iter().find(|status| status.name() == file.status).unwrap_or(Self::Failed)
    }

    /// Whether the platform has answered the call about the file.
    pub(super) const fn is_answered(self) -> bool {
        !matches!(self, Self::Failed)
    }
}

/// Whether there is nothing more to ask about a file with these settings: it is there, or what kept it from being kept lasts.
/// A refusal for what the job allows lasts as long as the job allows no more.
pub(super) fn is_settled(file: &ArchivedFile, settings: &ArchiveSettings) -> bool {
    let refusal = || file.message.as_deref().map(Message::from_stored);
    match FileStatus::of(file) {
        FileStatus::Stored | FileStatus::Duplicate | FileStatus::NoAddress | FileStatus::NotACertificateFile => true,
        FileStatus::AddressExpired | FileStatus::Failed => false,
        FileStatus::ForbiddenHost => refusal().is_some_and(|refusal| match argument(&refusal, RULES) {
            Some(rules) => rules == rules_text(&settings.allowed_hosts),
            // What is no http address, for instance, no rule allows.
            None => refusal.code() != FORBIDDEN && refusal.code().starts_with("fetch-"),
        }),
        FileStatus::TooLarge => refusal()
            .and_then(|refusal| argument(&refusal, LARGEST)?.parse::<u64>().ok())
            .is_some_and(|largest| settings.max_file >> 10 <= largest),
    }
}

/// The message that a file is larger than `largest` bytes.
pub(super) fn too_large(largest: u64) -> Message {
    Message::new(TOO_LARGE).with(LARGEST, largest >> 10)
}

/// A text argument of a message.
fn argument<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.arguments().find_map(|(known, argument)| match argument {
        Argument::Text(text) if known == name => Some(text.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::address::AllowedHosts;
    use crate::endpoint::Side;
    use crate::job::Job;
    use std::path::Path;
    use url::Url;

    fn settings(archive: &str) -> ArchiveSettings {
        let text = format!(
            "[job]\nname = \"t\"\n[platform]\nbase_url = \"sandbox\"\n[purpose]\nsystem_name = \"a\"\ncall_category = 1\n\
             matter_name = \"a\"\nevent_code = \"a\"\ncopy_cause = \"a\"\n[[inputs]]\npath = \"a\"\n[archive]\n{archive}"
        );
        Job::parse(Path::new("jobs/t.toml"), &text).unwrap().archive
    }

    fn file(status: FileStatus, message: Option<&Message>) -> ArchivedFile {
        ArchivedFile {
            item_id: 0,
            side: Side::City,
            certificate_id: "1".to_owned(),
            page: 0,
            status: status.name().to_owned(),
            path: None,
            format: None,
            bytes: None,
            sha256: None,
            message: message.map(Message::to_stored),
        }
    }

    #[test]
    fn what_another_try_may_mend_is_not_settled() {
        let settings = settings("");
        for status in FileStatus::ALL {
            let found = file(status, Some(&Message::literal("as an earlier version told it")));
            assert_eq!(FileStatus::of(&found), status);
            let is_open = matches!(
                status,
                FileStatus::AddressExpired | FileStatus::Failed | FileStatus::ForbiddenHost | FileStatus::TooLarge
            );
            assert_eq!(is_settled(&found, &settings), !is_open, "{status:?}");
        }
    }

    #[test]
    fn a_refusal_lasts_as_long_as_the_settings_that_it_stands_on() {
        let (before, wider) =
            (settings("allowed_hosts = [\"10.0.0.0/8\"]"), settings("allowed_hosts = [\"10.0.0.0/8\", \"a.cn\"]"));
        let refused = |address: &str| {
            let allowed = AllowedHosts::new(&before.allowed_hosts, "http://192.168.0.1");
            let why = allowed.check(&Url::parse(address).unwrap()).unwrap_err();
            file(FileStatus::ForbiddenHost, Some(&why))
        };
        let other_host = refused("http://172.20.0.1/file");
        assert!(is_settled(&other_host, &before) && !is_settled(&other_host, &wider));
        assert!(is_settled(&refused("ftp://a.cn/file"), &wider), "no rule allows it");

        let large = file(FileStatus::TooLarge, Some(&too_large(1 << 20)));
        for (max_file, is_expected) in [("1MiB", true), ("512KiB", true), ("2MiB", false)] {
            assert_eq!(is_settled(&large, &settings(&format!("max_file = \"{max_file}\""))), is_expected, "{max_file}");
        }
    }
}
