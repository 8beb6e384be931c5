//! Decisions of departments by certificate, as needed for notifications.

use crate::exit::Stop;
use crate::job::RemedyAction;
use crate::journal::{CertificateMark, Journal, JournalError, Seal};
use crate::table::schema::{coverage, decisions};
use crate::table::{Row, Rows, certificate_mark};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Decision of a department about a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send the province this notification.
    Tell(RemedyAction),
    /// No action needed (无需处理).
    NothingToDo,
    /// Data is wrong (信息有误).
    DataWrong,
    /// Other (其他), explained by the note.
    Other,
    /// Returned workbooks contain different decisions about the certificate, or about several rows of it.
    Conflicting,
}

impl Decision {
    /// Returns the decision with this name in tables; `Other` for an unknown name.
    fn named(name: &str) -> Self {
        match (RemedyAction::from_word(name), name) {
            (Some(action), _) => Self::Tell(action),
            (None, "nothing_to_do") => Self::NothingToDo,
            (None, "data_wrong") => Self::DataWrong,
            (None, _) => Self::Other,
        }
    }

    /// Returns the name used in tables and messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tell(action) => action.word(),
            Self::NothingToDo => "nothing_to_do",
            Self::DataWrong => "data_wrong",
            Self::Other => "other",
            Self::Conflicting => "conflicting",
        }
    }
}

/// First twelve bytes of a SHA-256, for distinguishing certificates without keeping their identifiers in memory.
pub(super) type Fingerprint = [u8; 12];

/// Returns the fingerprint of a city's identifier.
pub(super) fn fingerprint(file_number: &str) -> Fingerprint {
    let whole = Sha256::digest(file_number);
    std::array::from_fn(|place| whole[place])
}

/// Key of a coverage row: item and certificate index.
type Place = (i64, i64);

fn place_of(row: Row<'_>) -> Place {
    let number = |column| row.number(column).unwrap_or_default();
    (number(coverage::ITEM_ID), number(coverage::CERTIFICATE_INDEX))
}

/// Decisions about a run's certificates. A certificate with several rows, because the inputs name its holder with and without its
/// number, has one decision: one about any of the rows applies to all.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    by_place: HashMap<Place, Decision>,
    by_certificate: HashMap<Fingerprint, Decision>,
}

impl Decisions {
    /// Reads the decisions in a folder of tables; empty if nothing was collected. The table omits contradicting decisions, so
    /// these are read from the journal.
    ///
    /// # Errors
    /// Fails if a table or the journal cannot be read.
    pub(crate) fn read(tables: &Path, journal: &Journal) -> Result<Self, Stop> {
        let mut decided = Self::default();
        if tables.join(decisions::DECISIONS.file_name()).exists() {
            let mut rows = Rows::open(tables, decisions::DECISIONS).map_err(Stop::failed)?;
            while let Some(row) = rows.next_row().map_err(Stop::failed)? {
                let number = |column| row.number(column).unwrap_or_default();
                let place = (number(decisions::ITEM_ID), number(decisions::CERTIFICATE_INDEX));
                decided.by_place.insert(place, Decision::named(row.text(decisions::DECISION).unwrap_or_default()));
            }
        }
        let contradicted = Contradicted::read(journal)?;
        if !decided.by_place.is_empty() || !contradicted.certificates.is_empty() {
            decided.unite(tables, &contradicted)?;
        }
        Ok(decided)
    }

    /// Combines the decisions about the rows of each certificate.
    fn unite(&mut self, tables: &Path, contradicted: &Contradicted) -> Result<(), Stop> {
        let mut rows = Rows::open(tables, coverage::COVERAGE).map_err(Stop::failed)?;
        while let Some(row) = rows.next_row().map_err(Stop::failed)? {
            if contradicted.contains(row) {
                self.by_place.insert(place_of(row), Decision::Conflicting);
            }
            let decided = self.by_place.get(&place_of(row)).copied();
            if let (Some(decision), Some(file_number)) = (decided, row.text(coverage::CITY_CERTIFICATE_ID)) {
                let known = self.by_certificate.entry(fingerprint(file_number)).or_insert(decision);
                if *known != decision {
                    *known = Decision::Conflicting;
                }
            }
        }
        Ok(())
    }

    /// Returns the decision about the certificate of a row.
    pub(crate) fn find(&self, row: Row<'_>) -> Option<Decision> {
        if self.by_place.is_empty() {
            return None;
        }
        let of_certificate = row.text(coverage::CITY_CERTIFICATE_ID).and_then(|id| self.by_certificate.get(&fingerprint(id)));
        of_certificate.or_else(|| self.by_place.get(&place_of(row))).copied()
    }
}

/// Certificates with contradicting decisions in returned workbooks.
#[derive(Debug)]
struct Contradicted {
    /// Key of the certificates' hashes; `None` if nothing was dispatched.
    seal: Option<Seal>,
    certificates: HashSet<(i64, CertificateMark)>,
    /// Ids of their items, so that hashes are computed for these only.
    items: HashSet<i64>,
}

impl Contradicted {
    fn read(journal: &Journal) -> Result<Self, JournalError> {
        let mut certificates = HashSet::new();
        journal.contradictions::<JournalError>(|rows| {
            certificates.extend(rows.iter().map(|row| (row.item_id.cast_signed(), row.certificate)));
            Ok(())
        })?;
        let items = certificates.iter().map(|(item, _)| *item).collect();
        Ok(Self { seal: journal.known_seal()?, certificates, items })
    }

    fn contains(&self, row: Row<'_>) -> bool {
        let item = row.number(coverage::ITEM_ID).unwrap_or_default();
        let is_it = |seal| self.certificates.contains(&(item, certificate_mark(seal, row)));
        self.items.contains(&item) && self.seal.as_ref().is_some_and(is_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_decision_is_read_by_the_name_that_it_has() {
        let tell = [RemedyAction::Insert, RemedyAction::Update, RemedyAction::Delete].map(Decision::Tell);
        for decision in tell.into_iter().chain([Decision::NothingToDo, Decision::DataWrong, Decision::Other]) {
            assert_eq!(Decision::named(decision.name()), decision);
        }
        assert_eq!(Decision::named("anything"), Decision::Other);
    }
}
