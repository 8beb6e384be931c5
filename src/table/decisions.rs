//! `decisions.parquet`: the decisions about a run's certificates, matched by certificate number and identifiers rather than by
//! index, and earlier decisions about matters that are still open.

use super::beside::Beside;
use super::read::{Row, Rows, TableError};
use super::schema::{coverage, decisions};
use super::writer::{TableWriter, Value};
use crate::audit::{Comparison, Status};
use crate::codes::Lifecycle;
use crate::face::sort_key;
use crate::journal::{
    CertificateDecision, CertificateMark, Decided, Decision, DecisionPlace, EarlierDecision, Journal, JournalError, Seal, agreed,
};
use parquet::errors::ParquetError;
use std::path::Path;

/// A finding about a certificate that a department has to settle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matter {
    /// Only the city holds the certificate.
    CityOnly,
    /// Only the province holds the certificate.
    ProvinceOnly,
    /// The faces or lifecycle states of the two sides differ.
    Difference,
    /// Revoked in the city's library, still valid in the province's.
    Revoked,
}

impl Matter {
    /// All matters, in the order of lists.
    pub const ALL: [Self; 4] = [Self::CityOnly, Self::ProvinceOnly, Self::Difference, Self::Revoked];

    /// Returns the name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CityOnly => "city_only",
            Self::ProvinceOnly => "province_only",
            Self::Difference => "difference",
            Self::Revoked => "revoked",
        }
    }

    /// Columns of the coverage that [`of`](Self::of) reads.
    pub const COLUMNS: [super::Column; 4] =
        [coverage::STATUS, coverage::COMPARISON, coverage::PROVINCE_LIFECYCLE, coverage::CITY_LIFECYCLE];

    /// Returns the matter to settle about a coverage row, of which there is at most one; `None` if there is none or the row's
    /// state is unknown.
    #[must_use]
    pub fn of(row: Row<'_>) -> Option<Self> {
        let status = row.text(coverage::STATUS)?;
        if status == Status::CityOnly.name() {
            return Some(Self::CityOnly);
        }
        if status == Status::ProvinceOnly.name() {
            return Some(Self::ProvinceOnly);
        }
        if row.text(coverage::COMPARISON) != Some(Comparison::Inconsistent.name()) {
            return None;
        }
        let lifecycles = [row.text(coverage::PROVINCE_LIFECYCLE), row.text(coverage::CITY_LIFECYCLE)];
        let is_revoked = lifecycles == [Some(Lifecycle::Valid.name()), Some(Lifecycle::Revoked.name())];
        Some(if is_revoked { Self::Revoked } else { Self::Difference })
    }
}

/// Columns of the coverage that [`certificate_mark`] reads.
pub const MARK_COLUMNS: [super::Column; 3] =
    [coverage::CERTIFICATE_NUMBER, coverage::PROVINCE_CERTIFICATE_ID, coverage::CITY_CERTIFICATE_ID];

/// Returns the keyed hash that identifies a certificate within its item, made of its number and its identifiers on both sides.
#[must_use]
pub fn certificate_mark(seal: &Seal, row: Row<'_>) -> CertificateMark {
    let texts = MARK_COLUMNS.map(|column| row.text(column).unwrap_or_default().as_bytes());
    seal.tag("certificate", &texts)
}

/// Error on writing decisions or on copying them from the previous run.
#[derive(Debug, thiserror::Error)]
pub enum DecisionsError {
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The table cannot be written.
    #[error("the decisions cannot be written: {0}")]
    Parquet(#[from] ParquetError),
}

/// Writes `decisions.parquet` in the folder `dir`, from the journal and the coverage there: one row per certificate with a
/// decision. Certificates with contradicting decisions are left out.
///
/// # Errors
/// Fails if the coverage or the journal cannot be read, or the table cannot be written.
pub fn write_decisions(dir: &Path, journal: &Journal) -> Result<(), DecisionsError> {
    let mut table = TableWriter::create(dir, decisions::DECISIONS, &[])?;
    let mut own = if journal.has_decisions()? { journal.known_seal()?.map(|seal| Own::new(journal, seal)) } else { None };
    let has_earlier = journal.has_earlier_decisions()?;
    if own.is_some() || has_earlier {
        let key = [coverage::ITEM_ID, coverage::CERTIFICATE_INDEX, coverage::HOLDER_CODE, coverage::CERT_TYPE_CODE];
        let names: Vec<&str> = key.iter().chain(&Matter::COLUMNS).chain(&MARK_COLUMNS).map(|column| column.name).collect();
        let mut rows = Rows::open_columns(dir, coverage::COVERAGE, &names)?;
        while let Some(row) = rows.next_row()? {
            let matter = Matter::of(row);
            let of_row = own.as_mut().map_or(Ok(Vec::new()), |own| own.of(row))?;
            if !of_row.is_empty() {
                if let Some(decided) = agreed(&of_row) {
                    push(&mut table, row, matter, decided, None)?;
                }
            } else if let Some(matter) = matter.filter(|_| has_earlier)
                && let Some(earlier) = earlier_of(journal, row, matter)?
            {
                push(&mut table, row, Some(matter), &earlier.decided, Some(&earlier.run))?;
            }
        }
    }
    Ok(table.finish()?)
}

fn push(
    table: &mut TableWriter,
    row: Row<'_>,
    matter: Option<Matter>,
    decided: &Decided,
    carried_from: Option<&str>,
) -> Result<(), ParquetError> {
    let Decided { decision, note, by, place, collected_at } = decided;
    let number = |column| row.number(column).unwrap_or_default();
    table.push([
        Value::I64(number(coverage::ITEM_ID)),
        Value::I32(i32::try_from(number(coverage::CERTIFICATE_INDEX)).unwrap_or(i32::MAX)),
        decision.name().into(),
        note.as_deref().into(),
        by.as_deref().into(),
        (&place.file).into(),
        place.row.into(),
        (*collected_at).into(),
        (&place.sheet).into(),
        matter.map(Matter::name).into(),
        carried_from.into(),
    ])
}

/// Reader of the journal's decisions, which loads those of a batch of items at a time.
struct Own<'a> {
    journal: &'a Journal,
    seal: Seal,
    /// Decisions about the items of the current batch, ordered by item.
    batch: Vec<CertificateDecision>,
    end: u64,
}

impl<'a> Own<'a> {
    /// Number of items per batch.
    const BATCH: u64 = 4_096;

    const fn new(journal: &'a Journal, seal: Seal) -> Self {
        Self { journal, seal, batch: Vec::new(), end: 0 }
    }

    /// Returns the decisions about a coverage row. Item ids must not decrease from call to call.
    fn of(&mut self, row: Row<'_>) -> Result<Vec<CertificateDecision>, JournalError> {
        let item = row.number(coverage::ITEM_ID).unwrap_or_default().cast_unsigned();
        if item >= self.end {
            self.end = item + Self::BATCH;
            self.batch = self.journal.decisions_of(item..self.end)?;
        }
        // `batch` is ordered by item, so a binary search finds the item's first decision.
        let begin = self.batch.partition_point(|decision| decision.item_id < item);
        let of_item: Vec<&CertificateDecision> =
            self.batch.iter().skip(begin).take_while(|decision| decision.item_id == item).collect();
        if of_item.is_empty() {
            return Ok(Vec::new());
        }
        let mark = certificate_mark(&self.seal, row);
        Ok(of_item.into_iter().filter(|decision| decision.certificate == mark).cloned().collect())
    }
}

/// Returns the earlier decision about the same matter of the same certificate; `None` if there is none.
fn earlier_of(journal: &Journal, row: Row<'_>, matter: Matter) -> Result<Option<EarlierDecision>, JournalError> {
    let text = |column| row.text(column).unwrap_or_default();
    let known = journal.earlier_decisions(text(coverage::HOLDER_CODE), text(coverage::CERT_TYPE_CODE))?;
    let number = row.text(coverage::CERTIFICATE_NUMBER).map(sort_key);
    let is_same =
        |known: &EarlierDecision| known.matter == matter.name() && known.certificate_number.as_deref().map(sort_key) == number;
    Ok(known.into_iter().find(is_same))
}

/// The latest complete run before this one.
#[derive(Debug, Clone, Copy)]
pub struct DecidedRun<'a> {
    /// Id of the run.
    pub run_id: &'a str,
    /// Folder of its tables.
    pub tables: &'a Path,
    /// Its journal; `None` if it has none, or several.
    pub journal: Option<&'a Journal>,
}

/// Copies the decisions of the previous run into this run's journal, replacing those copied before. If that run has no
/// `decisions.parquet`, those copied before are kept.
///
/// Earlier decisions about rows that the previous run could not audit, or did not audit in a recheck, are copied too.
///
/// # Errors
/// Fails if a table or the journal of the previous run cannot be read, or this run's journal cannot be written.
pub fn take_earlier_decisions(journal: &Journal, previous: DecidedRun<'_>) -> Result<(), DecisionsError> {
    let DecidedRun { run_id, tables, journal: known } = previous;
    let key = [decisions::ITEM_ID, decisions::CERTIFICATE_INDEX];
    let columns = [
        decisions::DECISION,
        decisions::NOTE,
        decisions::BY,
        decisions::SOURCE_FILE,
        decisions::SOURCE_SHEET,
        decisions::SOURCE_ROW,
        decisions::COLLECTED_AT,
        decisions::MATTER,
        decisions::CARRIED_FROM,
    ];
    let Some(mut decided) = Beside::open_if_there(tables, decisions::DECISIONS, key, &columns)? else { return Ok(()) };
    let known = match known {
        Some(known) if known.has_earlier_decisions()? => Some(known),
        _ => None,
    };
    journal.take_earlier_decisions::<DecisionsError>(|take| {
        let columns = [
            coverage::ITEM_ID,
            coverage::CERTIFICATE_INDEX,
            coverage::HOLDER_CODE,
            coverage::CERT_TYPE_CODE,
            coverage::CERTIFICATE_NUMBER,
            coverage::STATUS,
        ];
        let mut rows = Rows::open_columns(tables, coverage::COVERAGE, &columns.map(|column| column.name))?;
        // An item can have several rows without a result; its earlier decisions must be copied once.
        let mut taken = None;
        while let Some(row) = rows.next_row()? {
            let mut of_row = Vec::new();
            let place = [row.number(coverage::ITEM_ID), row.number(coverage::CERTIFICATE_INDEX)];
            decided.each(place, |decision| of_row.extend(read(decision, row, run_id)))?;
            let status = row.text(coverage::STATUS);
            if let Some(known) = known.filter(|_| status.is_some_and(is_unknown) && taken != place[0]) {
                taken = place[0];
                let text = |column| row.text(column).unwrap_or_default();
                of_row.extend(known.earlier_decisions(text(coverage::HOLDER_CODE), text(coverage::CERT_TYPE_CODE))?);
            }
            of_row.iter().try_for_each(&mut *take)?;
        }
        known.map_or(Ok(()), |known| known.unasked_earlier_decisions(&mut *take))?;
        Ok(())
    })
}

/// Returns whether a status leaves the state of the certificate unknown: `error` or `pending`.
fn is_unknown(status: &str) -> bool {
    status == Status::Error.name() || status == Status::Pending.name()
}

/// Builds the earlier decision from a decision and its coverage row; `None` if the decision is about no matter that may be open.
fn read(decision: Row<'_>, row: Row<'_>, run_id: &str) -> Option<EarlierDecision> {
    let of_row = |column| row.text(column).map(str::to_owned);
    let text = |column| decision.text(column).map(str::to_owned);
    let source_row = decision.number(decisions::SOURCE_ROW).and_then(|row| u32::try_from(row).ok());
    Some(EarlierDecision {
        holder_code: of_row(coverage::HOLDER_CODE)?,
        cert_type_code: of_row(coverage::CERT_TYPE_CODE)?,
        certificate_number: of_row(coverage::CERTIFICATE_NUMBER),
        matter: text(decisions::MATTER)?,
        decided: Decided {
            decision: Decision::from_name(decision.text(decisions::DECISION)?)?,
            note: text(decisions::NOTE),
            by: text(decisions::BY),
            place: DecisionPlace {
                file: text(decisions::SOURCE_FILE)?,
                sheet: text(decisions::SOURCE_SHEET).unwrap_or_default(),
                row: source_row?,
            },
            collected_at: decision.time(decisions::COLLECTED_AT)?,
        },
        run: text(decisions::CARRIED_FROM).unwrap_or_else(|| run_id.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    /// A row of a coverage: item, certificate, number, status, comparison, states of both sides.
    struct Covered(u64, u32, Option<&'static str>, &'static str, &'static str, [Option<&'static str>; 2]);

    fn write_coverage(dir: &Path, rows: &[Covered]) {
        let mut table = TableWriter::create(dir, coverage::COVERAGE, &[]).unwrap();
        for Covered(item, index, number, status, comparison, [province, city]) in rows {
            let row = coverage::COVERAGE.columns.iter().map(|column| match *column {
                coverage::ITEM_ID => (*item).into(),
                coverage::CERTIFICATE_INDEX => (*index).into(),
                coverage::HOLDER_CODE => "370499195001010017".into(),
                coverage::CERT_TYPE_CODE => "11100000000013127D001".into(),
                coverage::CERTIFICATE_NUMBER => (*number).into(),
                coverage::STATUS => (*status).into(),
                coverage::COMPARISON => (*comparison).into(),
                coverage::PROVINCE_LIFECYCLE => (*province).into(),
                coverage::CITY_LIFECYCLE => (*city).into(),
                super::super::Column { nullable: true, .. } => Value::Null,
                super::super::Column { kind: super::super::Kind::Text, .. } => "x".into(),
                super::super::Column { kind: super::super::Kind::Bool, .. } => false.into(),
                super::super::Column { .. } => 0i32.into(),
            });
            table.push(row).unwrap();
        }
        table.finish().unwrap();
    }

    fn each_row(dir: &Path, mut take: impl FnMut(Row<'_>)) {
        let mut rows = Rows::open(dir, coverage::COVERAGE).unwrap();
        while let Some(row) = rows.next_row().unwrap() {
            take(row);
        }
    }

    fn decide(journal: &Journal, dir: &Path, decisions: &[(u64, &str, Decision)], file: &str) {
        let seal = journal.seal().unwrap();
        let mut writer = journal.begin_decisions().unwrap();
        let at = DateTime::from_timestamp_millis(1_000).unwrap();
        for (source_row, (item_id, number, decision)) in (2..).zip(decisions) {
            let mut mark = None;
            each_row(dir, |row| {
                let is_meant = row.number(coverage::ITEM_ID) == Some(item_id.cast_signed())
                    && row.text(coverage::CERTIFICATE_NUMBER) == Some(number);
                if is_meant {
                    mark = Some(certificate_mark(&seal, row));
                }
            });
            let place = DecisionPlace { file: file.to_owned(), sheet: "s".to_owned(), row: source_row };
            let decided = Decided { decision: *decision, note: None, by: None, place, collected_at: at };
            writer.row(&CertificateDecision { item_id: *item_id, certificate: mark.unwrap(), decided }).unwrap();
        }
        writer.end_file(file, at).unwrap();
        writer.finish().unwrap();
    }

    /// Item, certificate, decision, matter and where it was carried from.
    fn written(dir: &Path) -> Vec<String> {
        let mut rows = Rows::open(dir, decisions::DECISIONS).unwrap();
        let mut told = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            let number = |column| row.number(column).unwrap();
            let texts =
                [decisions::DECISION, decisions::MATTER, decisions::CARRIED_FROM].map(|column| row.text(column).unwrap_or("-"));
            told.push(format!("{}/{} {}", number(decisions::ITEM_ID), number(decisions::CERTIFICATE_INDEX), texts.join(" ")));
        }
        told
    }

    const VALID: Option<&str> = Some("valid");
    const REVOKED: Option<&str> = Some("revoked");

    #[test]
    fn a_row_has_one_matter_at_most() {
        let dir = tempfile::tempdir().unwrap();
        let rows = [
            (Covered(0, 0, None, "both", "consistent", [VALID, VALID]), None),
            (Covered(1, 0, None, "both", "inconsistent", [VALID, VALID]), Some(Matter::Difference)),
            (Covered(2, 0, None, "both", "inconsistent", [VALID, REVOKED]), Some(Matter::Revoked)),
            (Covered(3, 0, None, "both", "inconsistent", [REVOKED, VALID]), Some(Matter::Difference)),
            (Covered(4, 0, None, "city_only", "not_compared", [None, REVOKED]), Some(Matter::CityOnly)),
            (Covered(5, 0, None, "province_only", "not_compared", [VALID, None]), Some(Matter::ProvinceOnly)),
            (Covered(6, 0, None, "neither", "not_compared", [None, None]), None),
            (Covered(7, 0, None, "error", "not_compared", [None, None]), None),
        ];
        let (covered, expected): (Vec<Covered>, Vec<Option<Matter>>) = rows.into_iter().unzip();
        write_coverage(dir.path(), &covered);
        let mut found = Vec::new();
        each_row(dir.path(), |row| found.push(Matter::of(row)));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_decision_stays_with_its_certificate_when_others_turn_up() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::create(&dir.path().join("journal.sqlite")).unwrap();
        let row = |index, number| Covered(3, index, Some(number), "city_only", "not_compared", [None, VALID]);
        write_coverage(dir.path(), &[row(0, "B")]);
        decide(&journal, dir.path(), &[(3, "B", Decision::Insert)], "a.xlsx");
        write_decisions(dir.path(), &journal).unwrap();
        assert_eq!(written(dir.path()), ["3/0 insert city_only -"]);
        write_coverage(dir.path(), &[row(0, "A"), row(1, "B")]);
        write_decisions(dir.path(), &journal).unwrap();
        assert_eq!(written(dir.path()), ["3/1 insert city_only -"]);
        decide(&journal, dir.path(), &[(3, "B", Decision::Delete)], "b.xlsx");
        write_decisions(dir.path(), &journal).unwrap();
        assert!(written(dir.path()).is_empty(), "two workbooks that disagree decide nothing");
    }

    #[test]
    fn decisions_are_carried_on_while_the_matter_lasts() {
        let dir = tempfile::tempdir().unwrap();
        let tables = |month: &str| {
            let tables = dir.path().join(month);
            std::fs::create_dir_all(&tables).unwrap();
            tables
        };
        let journal = |month: &str| Journal::create(&tables(month).join("journal.sqlite")).unwrap();
        let row = |item, number, status| Covered(item, 0, Some(number), status, "not_compared", [None, None]);
        let (first, second, third) = (journal("1"), journal("2"), journal("3"));
        write_coverage(&tables("1"), &[row(0, "A", "city_only"), row(1, "B", "city_only"), row(2, "C", "city_only")]);
        let decided = [(0, "A", Decision::Insert), (1, "B", Decision::NothingToDo), (2, "C", Decision::Other)];
        decide(&first, &tables("1"), &decided, "a.xlsx");
        write_decisions(&tables("1"), &first).unwrap();

        // A gap that lasts under another place, one that is closed, and one of another kind.
        write_coverage(&tables("2"), &[row(0, "B", "both"), row(1, "C", "province_only"), row(2, "Ａ", "city_only")]);
        let previous = DecidedRun { run_id: "1", tables: &tables("1"), journal: Some(&first) };
        take_earlier_decisions(&second, previous).unwrap();
        write_decisions(&tables("2"), &second).unwrap();
        assert_eq!(written(&tables("2")), ["2/0 insert city_only 1"]);

        // Nothing is known of it for a month.
        write_coverage(&tables("2"), &[row(0, "A", "error")]);
        write_decisions(&tables("2"), &second).unwrap();
        assert!(written(&tables("2")).is_empty());
        write_coverage(&tables("3"), &[row(5, "A", "city_only")]);
        take_earlier_decisions(&third, DecidedRun { run_id: "2", tables: &tables("2"), journal: Some(&second) }).unwrap();
        write_decisions(&tables("3"), &third).unwrap();
        assert_eq!(written(&tables("3")), ["5/0 insert city_only 1"]);

        // Decisions of the latest run replace earlier ones; without that run's tables, the earlier ones are kept.
        decide(&third, &tables("3"), &[(5, "A", Decision::DataWrong)], "c.xlsx");
        let gone = dir.path().join("gone");
        take_earlier_decisions(&third, DecidedRun { run_id: "2", tables: &gone, journal: None }).unwrap();
        write_decisions(&tables("3"), &third).unwrap();
        assert_eq!(written(&tables("3")), ["5/0 data_wrong city_only -"]);
    }
}
