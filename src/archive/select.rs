//! Selection of the certificates whose files are fetched, and of those whose files are missing.

use super::status::is_settled;
use crate::audit::{Answer, AuditSettings, Step, step};
use crate::endpoint::Side;
use crate::face::Lifecycle;
use crate::job::ArchiveSettings;
use crate::journal::{ArchivedFile, Journal, JournalError, StoredItem};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Criteria for the certificates whose files are fetched or packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sides; empty for both.
    pub sides: Vec<Side>,
    /// Certificate type codes; empty for all.
    pub types: Vec<String>,
    /// Lifecycle states by their names in tables; empty for all.
    pub states: Vec<String>,
}

impl Selection {
    /// Returns the criteria of the job file.
    #[must_use]
    pub fn of_job(settings: &ArchiveSettings) -> Self {
        Self { sides: settings.sides.clone(), types: settings.types.clone(), states: settings.states.clone() }
    }

    /// Returns whether certificates of a type on a side meet the criteria, regardless of their state.
    #[must_use]
    pub fn has(&self, side: Side, cert_type_code: &str) -> bool {
        (self.sides.is_empty() || self.sides.contains(&side))
            && (self.types.is_empty() || self.types.iter().any(|code| code == cert_type_code))
    }

    fn has_state(&self, state: Option<Lifecycle>) -> bool {
        self.states.is_empty() || state.is_some_and(|state| self.states.iter().any(|name| name == state.name()))
    }

    /// Returns the certificates of an item that meet the criteria, without duplicates; none before the item is finished. A
    /// certificate that is known by an extraction code only has an unknown state and is included.
    pub(super) fn of_item(&self, stored: StoredItem, settings: &AuditSettings) -> Vec<WantedFile> {
        let StoredItem { item_id, item, answers, extraction_code, .. } = stored;
        let answers: Vec<Answer> = answers.into_iter().map(|stored| stored.answer).collect();
        let Step::Done(outcome) = step(&item, &answers, settings) else { return Vec::new() };
        let cert_type_code = item.cert_type_code;
        let mut wanted = Vec::new();
        let mut want = |side, certificate: Named| {
            if !wanted.iter().any(|known: &WantedFile| known.side == side && known.certificate == certificate) {
                wanted.push(WantedFile { item_id, side, cert_type_code: cert_type_code.clone(), certificate });
            }
        };
        for certificate in &outcome.certificates {
            for (side, held) in [(Side::Province, &certificate.province), (Side::City, &certificate.city)] {
                let is_chosen = self.has(side, &cert_type_code) && self.has_state(held.lifecycle);
                if let (Some(true), Some(identifier), true) = (held.exists, &held.certificate_id, is_chosen) {
                    want(side, Named::Identifier(identifier.clone()));
                }
            }
        }
        if let Some(code) = extraction_code.filter(|_| self.has(Side::City, &cert_type_code)) {
            want(Side::City, Named::ExtractionCode(code));
        }
        wanted
    }
}

/// A certificate whose file is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct WantedFile {
    pub item_id: u64,
    pub side: Side,
    pub cert_type_code: String,
    pub certificate: Named,
}

/// How a certificate is identified in a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Named {
    /// By the identifier of its side.
    Identifier(String),
    /// By the extraction code in the input.
    ExtractionCode(String),
}

impl Named {
    /// Returns the identifier; empty if there is none.
    pub(super) fn identifier(&self) -> &str {
        match self {
            Self::Identifier(identifier) => identifier,
            Self::ExtractionCode(_) => "",
        }
    }
}

impl WantedFile {
    /// Returns a hash that identifies the certificate among others.
    pub(super) fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// Returns whether a file in the journal is one of the certificate's pages.
    pub(super) fn is_of(&self, file: &ArchivedFile) -> bool {
        self.side == file.side && self.certificate.identifier() == file.certificate_id
    }
}

/// A selected certificate whose file is missing.
#[derive(Debug)]
pub(super) struct Missing {
    pub wanted: WantedFile,
    /// Whether its file was requested before, by this or an earlier process.
    pub has_failed_before: bool,
}

/// Returns those certificates of which at least one page is missing.
pub(super) fn missing_of(
    wanted: Vec<WantedFile>,
    journal: &Journal,
    settings: &ArchiveSettings,
) -> Result<Vec<Missing>, JournalError> {
    let Some(first) = wanted.first() else { return Ok(Vec::new()) };
    let known = journal.files_of(first.item_id)?;
    let missing = wanted.into_iter().filter_map(|wanted| {
        let mut pages = known.iter().filter(|file| wanted.is_of(file)).peekable();
        let has_failed_before = pages.peek().is_some();
        let is_there = has_failed_before && pages.all(|page| is_settled(page, settings));
        (!is_there).then_some(Missing { wanted, has_failed_before })
    });
    Ok(missing.collect())
}
