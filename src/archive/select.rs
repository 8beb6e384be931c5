//! Which certificates' files are wanted, and which of them are there already.

use crate::audit::{Answer, AuditSettings, Step, step};
use crate::endpoint::Side;
use crate::face::Lifecycle;
use crate::job::ArchiveSettings;
use crate::journal::{ArchivedFile, Journal, JournalError, StoredItem};

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

    /// Whether a certificate of a type on a side is chosen.
    #[must_use]
    pub fn has(&self, side: Side, cert_type_code: &str) -> bool {
        (self.sides.is_empty() || self.sides.contains(&side))
            && (self.types.is_empty() || self.types.iter().any(|code| code == cert_type_code))
    }

    fn has_state(&self, state: Option<Lifecycle>) -> bool {
        self.states.is_empty() || state.is_some_and(|state| self.states.iter().any(|name| name == state.name()))
    }
}

/// A certificate whose file is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub item_id: u64,
    pub side: Side,
    pub cert_type_code: String,
    pub certificate: Named,
}

/// How a certificate is named to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// The certificates of an item whose files are wanted and are not there.
pub(super) fn wanted_of(
    stored: StoredItem,
    journal: &Journal,
    settings: &AuditSettings,
    selection: &Selection,
) -> Result<Vec<Wanted>, JournalError> {
    let StoredItem { item_id, item, answers, extraction_code, .. } = stored;
    let answers: Vec<Answer> = answers.into_iter().map(|stored| stored.answer).collect();
    let Step::Done(outcome) = step(&item, &answers, settings) else { return Ok(Vec::new()) };
    // Of a certificate's pages all have to be settled.
    let known = journal.files_of(item_id)?;
    let mut wanted = Vec::new();
    let mut want = |side, certificate: Named| {
        let mut of_it =
            known.iter().filter(|file| file.side == side && file.certificate_id == certificate.identifier()).peekable();
        let is_settled = of_it.peek().is_some() && of_it.all(ArchivedFile::is_settled);
        if !is_settled && !wanted.iter().any(|known: &Wanted| known.side == side && known.certificate == certificate) {
            wanted.push(Wanted { item_id, side, cert_type_code: item.cert_type_code.clone(), certificate });
        }
    };
    for certificate in &outcome.certificates {
        for (side, held) in [(Side::Province, &certificate.province), (Side::City, &certificate.city)] {
            let is_chosen = selection.has(side, &item.cert_type_code) && selection.has_state(held.lifecycle);
            if let (Some(true), Some(identifier), true) = (held.exists, &held.certificate_id, is_chosen) {
                want(side, Named::Identifier(identifier.clone()));
            }
        }
    }
    if let Some(code) = extraction_code.filter(|_| selection.has(Side::City, &item.cert_type_code)) {
        want(Side::City, Named::ExtractionCode(code));
    }
    Ok(wanted)
}
