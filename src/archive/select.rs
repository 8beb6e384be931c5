//! Which certificates' files are wanted, and which of them are there already.

use super::status::is_settled;
use crate::audit::{Answer, AuditSettings, Step, step};
use crate::endpoint::Side;
use crate::face::Lifecycle;
use crate::job::ArchiveSettings;
use crate::journal::{ArchivedFile, Journal, JournalError, StoredItem};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Which certificates' files to fetch or to pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Sides; both where empty.
    pub sides: Vec<Side>,
    /// Certificate type codes; all where empty.
    pub types: Vec<String>,
    /// States of certificates by their names in tables; all where empty.
    pub states: Vec<String>,
}

impl Selection {
    /// What the job chooses.
    #[must_use]
    pub fn of_job(settings: &ArchiveSettings) -> Self {
        Self { sides: settings.sides.clone(), types: settings.types.clone(), states: settings.states.clone() }
    }

    /// Whether a certificate of a type on a side is chosen, whatever its state.
    #[must_use]
    pub fn has(&self, side: Side, cert_type_code: &str) -> bool {
        (self.sides.is_empty() || self.sides.contains(&side))
            && (self.types.is_empty() || self.types.iter().any(|code| code == cert_type_code))
    }

    fn has_state(&self, state: Option<Lifecycle>) -> bool {
        self.states.is_empty() || state.is_some_and(|state| self.states.iter().any(|name| name == state.name()))
    }

    /// The certificates of an item that are chosen, each once; none before the end of the item. The state of one that is
    /// named by an extraction code alone is not known, and counts as chosen.
    pub(super) fn of_item(&self, stored: StoredItem, settings: &AuditSettings) -> Vec<Wanted> {
        let StoredItem { item_id, item, answers, extraction_code, .. } = stored;
        let answers: Vec<Answer> = answers.into_iter().map(|stored| stored.answer).collect();
        let Step::Done(outcome) = step(&item, &answers, settings) else { return Vec::new() };
        let cert_type_code = item.cert_type_code;
        let mut wanted = Vec::new();
        let mut want = |side, certificate: Named| {
            if !wanted.iter().any(|known: &Wanted| known.side == side && known.certificate == certificate) {
                wanted.push(Wanted { item_id, side, cert_type_code: cert_type_code.clone(), certificate });
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

/// A certificate whose file is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    pub item_id: u64,
    pub side: Side,
    pub cert_type_code: String,
    pub certificate: Named,
}

/// How a certificate is named to the platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Named {
    /// By its side's identifier.
    Identifier(String),
    /// By the extraction code of the input.
    ExtractionCode(String),
}

impl Named {
    /// The identifier, empty where there is none.
    pub(super) fn identifier(&self) -> &str {
        match self {
            Self::Identifier(identifier) => identifier,
            Self::ExtractionCode(_) => "",
        }
    }
}

impl Wanted {
    /// A number that tells it apart from others.
    pub(super) fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether a file in the journal is one of its pages.
    pub(super) fn is_of(&self, file: &ArchivedFile) -> bool {
        self.side == file.side && self.certificate.identifier() == file.certificate_id
    }
}

/// A certificate whose file is wanted and is not there.
#[derive(Debug)]
pub(super) struct Missing {
    pub wanted: Wanted,
    /// Whether it was asked for before, in this process or in an earlier one.
    pub has_failed_before: bool,
}

/// Which of the certificates have files that are not there, of all their pages.
pub(super) fn missing_of(
    wanted: Vec<Wanted>,
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
