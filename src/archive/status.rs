//! Status of a certificate's file, and whether another attempt can change it.

use super::address::{FORBIDDEN, RULES, rules_text};
use crate::job::ArchiveSettings;
use crate::journal::ArchivedFile;
use crate::message::{Argument, Message};

/// Code of the message for a file that exceeds the size limit.
const TOO_LARGE: &str = "fetch-too-large";
/// Argument of that message: the size limit in KiB.
const LARGEST: &str = "kibibytes";

/// Result of fetching a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileStatus {
    /// The file is stored.
    Stored,
    /// The same content is stored already, for another certificate or page.
    Duplicate,
    /// The platform has no file.
    NoAddress,
    /// The address expired before the download, twice.
    AddressExpired,
    /// The address is not allowed.
    ForbiddenHost,
    /// The file exceeds the size limit.
    TooLarge,
    /// The content is not a certificate file.
    NotACertificateFile,
    /// The file was not received; another attempt may succeed.
    Failed,
}

impl FileStatus {
    /// All statuses.
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

    /// Returns the name used in tables.
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

    /// Returns the status of a file in the journal; `Failed` for an unknown name.
    pub(super) fn of(file: &ArchivedFile) -> Self {
        Self::ALL.into_iter().find(|status| status.name() == file.status).unwrap_or(Self::Failed)
    }

    /// Returns whether the platform has answered the call about the file.
    pub(super) const fn is_answered(self) -> bool {
        !matches!(self, Self::Failed)
    }
}

/// Returns whether no further attempt is needed with these settings: the file is stored, or the reason why it is not is
/// permanent. A rejection by a rule or limit is permanent as long as the settings are the same.
pub(super) fn is_settled(file: &ArchivedFile, settings: &ArchiveSettings) -> bool {
    let refusal = || file.message.as_deref().map(Message::from_stored);
    match FileStatus::of(file) {
        FileStatus::Stored | FileStatus::Duplicate | FileStatus::NoAddress | FileStatus::NotACertificateFile => true,
        FileStatus::AddressExpired | FileStatus::Failed => false,
        FileStatus::ForbiddenHost => refusal().is_some_and(|refusal| match argument(&refusal, RULES) {
            Some(rules) => rules == rules_text(&settings.allowed_hosts),
            // An address that is not an http address, for instance, cannot be allowed by any rule.
            None => refusal.code() != FORBIDDEN && refusal.code().starts_with("fetch-"),
        }),
        FileStatus::TooLarge => refusal()
            .and_then(|refusal| argument(&refusal, LARGEST)?.parse::<u64>().ok())
            .is_some_and(|largest| settings.max_file >> 10 <= largest),
    }
}

/// Returns the message for a file that exceeds the size limit `largest`, in bytes.
pub(super) fn too_large(largest: u64) -> Message {
    Message::new(TOO_LARGE).with(LARGEST, largest >> 10)
}

/// Returns a text argument of a message.
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
