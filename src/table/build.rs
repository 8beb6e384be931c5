//! Building of all tables from the journal by applying `step` to each item, without any call.

use super::remedies::{build_notified, build_remedies};
use super::schema::{
    certificates::CERTIFICATES, coverage::COVERAGE, differences::DIFFERENCES, errors::ERRORS, files::FILES,
    invalid_inputs::INVALID_INPUTS, repairs::REPAIRS, unmapped_fields::UNMAPPED_FIELDS,
};
use super::writer::{TableWriter, Value};
use crate::audit::{
    Age, Answer, AuditSettings, Call, CertificateOutcome, Change, EarlierRow, Item, Outcome, SideOutcome, Status, Step, age, step,
};
use crate::codes::{Catalogue, mask_code, mask_name};
use crate::endpoint::Side;
use crate::face::{Face, Field, Lifecycle};
use crate::journal::{ArchivedFile, JournalError, Journals, PastFailure, StoredAnswer, StoredItem};
use crate::message::Message;
use crate::platform::Failure;
use chrono::{DateTime, Utc};
use parquet::errors::ParquetError;
use std::collections::BTreeMap;
use std::path::Path;

/// Limit on distinct unmapped fields that are counted separately. A platform that sends more names generates them.
const MOST_UNMAPPED: usize = 20_000;

/// Error on building tables.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file cannot be written, or Parquet rejects the data.
    #[error("a table cannot be written: {0}")]
    Parquet(#[from] ParquetError),
    /// The process was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// Settings for building tables.
pub struct Build<'a> {
    /// How answers are interpreted.
    pub settings: &'a AuditSettings,
    /// Names of the certificate types.
    pub catalogue: &'a Catalogue,
    /// Headers of the carried columns.
    pub carried: &'a [String],
    /// The run's id.
    pub run_id: &'a str,
    /// Number of days after a notification from which an unchanged row is overdue.
    pub overdue_days: u32,
    /// Turns a message into a sentence, in the language of the tables.
    pub say: &'a dyn Fn(&Message) -> String,
    /// Returns whether the process has been asked to stop.
    pub is_interrupted: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for Build<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Build").field("run_id", &self.run_id).finish_non_exhaustive()
    }
}

/// Writes all tables of a run into the folder `dir`, empty ones included.
///
/// # Errors
/// Fails if a journal cannot be read, a table cannot be written, or the process is asked to stop. Existing tables are unchanged
/// then.
pub fn build(journals: &Journals, dir: &Path, build: &Build<'_>) -> Result<(), BuildError> {
    let Build { settings, catalogue, carried, run_id, overdue_days, say, is_interrupted } = *build;
    let has_previous = journals.previous_run()?.is_some();
    let create = |table| TableWriter::create(dir, table, &[]);
    let mut tables = Tables {
        settings,
        catalogue,
        say,
        coverage: TableWriter::create(dir, COVERAGE, carried)?,
        certificates: create(CERTIFICATES)?,
        differences: create(DIFFERENCES)?,
        errors: create(ERRORS)?,
        files: create(FILES)?,
        unmapped: BTreeMap::new(),
    };
    let have_files = journals.have_files()?;
    for item in journals.items() {
        if is_interrupted() {
            return Err(BuildError::Interrupted);
        }
        let item = item?;
        let files = if have_files { journals.files_of(item.item_id)? } else { Vec::new() };
        let earlier =
            if has_previous { Some(journals.earlier(&item.item.holder_code, &item.item.cert_type_code)?) } else { None };
        tables.item(item, earlier.as_deref(), run_id, &files)?;
    }
    tables.coverage.finish()?;
    tables.certificates.finish()?;
    tables.differences.finish()?;
    tables.errors.finish()?;
    tables.files.finish()?;

    let mut unmapped = create(UNMAPPED_FIELDS)?;
    for ((side, type_code, field), (count, example)) in &tables.unmapped {
        unmapped.push([side.name().into(), type_code.into(), field.into(), (*count).into(), example.into()])?;
    }
    unmapped.finish()?;
    let mut invalid = create(INVALID_INPUTS)?;
    journals.rejected_rows::<BuildError>(|mut row| {
        if let Some(advice) = row.texts.last_mut() {
            *advice = say(&Message::from_stored(advice));
        }
        Ok(push_placed(&mut invalid, &row)?)
    })?;
    invalid.finish()?;
    let mut repairs = create(REPAIRS)?;
    journals.repairs::<BuildError>(|row| Ok(push_placed(&mut repairs, &row)?))?;
    repairs.finish()?;
    build_remedies(journals, dir, say)?;
    build_notified(journals, dir, overdue_days)
}

fn push_placed(table: &mut TableWriter, row: &crate::journal::PlacedTexts) -> Result<(), ParquetError> {
    let place = [(&row.file).into(), (&row.sheet).into(), row.row.into(), row.cell.as_deref().into()];
    table.push(place.into_iter().chain(row.texts.iter().map(Value::from)))
}

struct Tables<'a> {
    settings: &'a AuditSettings,
    catalogue: &'a Catalogue,
    say: &'a dyn Fn(&Message) -> String,
    coverage: TableWriter,
    certificates: TableWriter,
    differences: TableWriter,
    errors: TableWriter,
    files: TableWriter,
    unmapped: BTreeMap<(Side, String, String), (u64, String)>,
}

impl Tables<'_> {
    fn item(
        &mut self,
        stored: StoredItem,
        earlier: Option<&[EarlierRow]>,
        run_id: &str,
        files: &[ArchivedFile],
    ) -> Result<(), ParquetError> {
        let (stored, answers) = Costs::split(stored);
        for past in &stored.past_failures {
            let PastFailure { call, failure, attempts, at } = past;
            self.error_row(&FailedCall { item_id: stored.item_id, call, failure, attempts: *attempts, at: Some(*at) }, true)?;
        }
        match step(&stored.item, &answers, self.settings) {
            Step::Ask(_) => {
                let number = stored.item.certificate_number.as_deref();
                let ages = age(&[(number, Status::Pending)], earlier, run_id);
                self.pending(&stored, &ages[0])
            }
            Step::Done(outcome) => {
                let row = |certificate: &'_ CertificateOutcome| (certificate.number.clone(), certificate.status());
                let rows: Vec<_> = outcome.certificates.iter().map(row).collect();
                let rows: Vec<_> = rows.iter().map(|(number, status)| (number.as_deref(), *status)).collect();
                self.outcome(&stored, &outcome, &age(&rows, earlier, run_id))?;
                self.files(&outcome, files)
            }
        }
    }

    fn pending(&mut self, stored: &Costs, age: &Age) -> Result<(), ParquetError> {
        let nothing = SideOutcome::default();
        self.coverage_row(stored, 0, Status::Pending, None, (&nothing, &nothing), age)
    }

    /// Writes the item's files, each with the index of its certificate; 0 for a file that belongs to none of the certificates.
    fn files(&mut self, outcome: &Outcome, files: &[ArchivedFile]) -> Result<(), ParquetError> {
        for file in files {
            let is_of = |certificate: &CertificateOutcome| {
                let side = if file.side == Side::Province { &certificate.province } else { &certificate.city };
                side.certificate_id.as_deref() == Some(file.certificate_id.as_str())
            };
            let index = outcome.certificates.iter().position(is_of).and_then(|at| u32::try_from(at).ok()).unwrap_or_default();
            self.files.push([
                file.item_id.into(),
                index.into(),
                file.side.name().into(),
                Some(file.certificate_id.as_str()).filter(|id| !id.is_empty()).into(),
                file.path.as_deref().into(),
                file.format.as_deref().into(),
                file.bytes.into(),
                file.sha256.as_deref().into(),
                (&file.status).into(),
                file.message.as_deref().map(|text| (self.say)(&Message::from_stored(text))).as_deref().into(),
            ])?;
        }
        Ok(())
    }

    fn outcome(&mut self, stored: &Costs, outcome: &Outcome, ages: &[Age]) -> Result<(), ParquetError> {
        for ((index, certificate), age) in (0..).zip(&outcome.certificates).zip(ages) {
            let sides = (&certificate.province, &certificate.city);
            self.coverage_row(stored, index, certificate.status(), Some(certificate), sides, age)?;
            for (side, of_side) in [(Side::Province, sides.0), (Side::City, sides.1)] {
                if let Some(face) = &of_side.face {
                    self.certificate_row(stored, index, side, face, of_side.lifecycle)?;
                    self.count_unmapped(stored, side, face);
                }
            }
            for difference in &certificate.differences {
                let reason = difference.reason.to_string();
                self.differences.push([
                    stored.item_id.into(),
                    index.into(),
                    difference.field.name().into(),
                    difference.province.as_deref().into(),
                    difference.city.as_deref().into(),
                    difference.kind.name().into(),
                    (&reason).into(),
                ])?;
            }
        }
        for trouble in &outcome.troubles {
            let cost = stored.answers.iter().find(|cost| cost.call == trouble.call);
            let (attempts, at) = (cost.map_or(0, |cost| cost.attempts), cost.map(|cost| cost.at));
            let failed = FailedCall { item_id: stored.item_id, call: &trouble.call, failure: &trouble.failure, attempts, at };
            self.error_row(&failed, false)?;
        }
        for anomaly in &outcome.anomalies {
            self.errors.push([
                stored.item_id.into(),
                Value::Null,
                anomaly.side.name().into(),
                anomaly.kind.name().into(),
                Value::Null,
                Value::Null,
                0u32.into(),
                stored.answers.iter().map(|answer| answer.at).max().into(),
                Some((self.say)(&anomaly.message)).as_deref().into(),
                false.into(),
            ])?;
        }
        Ok(())
    }

    /// Writes a row for a failed call; `is_history` if the call was repeated later.
    fn error_row(&mut self, failed: &FailedCall<'_>, is_history: bool) -> Result<(), ParquetError> {
        let FailedCall { item_id, call, failure, attempts, at } = failed;
        self.errors.push([
            (*item_id).into(),
            call.endpoint().name().into(),
            call.side().map(Side::name).into(),
            failure.kind.name().into(),
            failure.code.into(),
            words_of(failure).into(),
            (*attempts).into(),
            (*at).into(),
            failure.reason.as_ref().map(|reason| (self.say)(reason)).as_deref().into(),
            is_history.into(),
        ])
    }

    fn coverage_row(
        &mut self,
        stored: &Costs,
        index: u32,
        status: Status,
        certificate: Option<&CertificateOutcome>,
        (province, city): (&SideOutcome, &SideOutcome),
        age: &Age,
    ) -> Result<(), ParquetError> {
        let item = &stored.item;
        // Only the first row carries the item's calls and attempts, so that sums over rows are right.
        let (calls, attempts) = if index == 0 {
            let calls = stored.answers.iter().filter(|answer| answer.attempts > 0).count();
            let attempts: u32 = stored.answers.iter().map(|answer| answer.attempts).sum();
            (u32::try_from(calls).unwrap_or(u32::MAX) + stored.spent_before.0, attempts + stored.spent_before.1)
        } else {
            (0, 0)
        };
        let failure = certificate.and_then(|certificate| certificate.failure.as_ref());
        let number = certificate.map_or(item.certificate_number.as_deref(), |certificate| certificate.number.as_deref());
        let comparison = certificate.map_or(crate::audit::Comparison::NotCompared, |certificate| certificate.comparison);
        let differences = certificate.map_or(0, |certificate| certificate.differences.len());
        let row: [Value<'_>; 31] = [
            stored.item_id.into(),
            index.into(),
            (&stored.source.0).into(),
            (&stored.source.1).into(),
            stored.source.2.into(),
            stored.occurrences.into(),
            (&item.holder_code).into(),
            (&item.holder_code_type).into(),
            (&item.cert_type_code).into(),
            self.catalogue.name(&item.cert_type_code).into(),
            number.into(),
            status.name().into(),
            province.exists.into(),
            city.exists.into(),
            province.certificate_id.as_deref().into(),
            city.certificate_id.as_deref().into(),
            province.lifecycle.map(Lifecycle::name).into(),
            city.lifecycle.map(Lifecycle::name).into(),
            comparison.name().into(),
            certificate.and_then(|certificate| certificate.likely_same_as).into(),
            u32::try_from(differences).unwrap_or(u32::MAX).into(),
            failure.map(|failure| failure.kind.name()).into(),
            failure.and_then(|failure| failure.code).into(),
            failure.and_then(words_of).into(),
            calls.into(),
            attempts.into(),
            stored.answers.iter().map(|answer| answer.at).max().filter(|_| status != Status::Pending).into(),
            age.change.map(Change::name).into(),
            age.gap_since.as_deref().into(),
            age.gap_runs.into(),
            age.had_gap.into(),
        ];
        self.coverage.push(row.into_iter().chain(stored.carried.iter().map(|value| value.as_deref().into())))
    }

    fn certificate_row(
        &mut self,
        stored: &Costs,
        index: u32,
        side: Side,
        face: &Face,
        lifecycle: Option<Lifecycle>,
    ) -> Result<(), ParquetError> {
        let text = |field| Value::from(face.text(field));
        self.certificates.push([
            stored.item_id.into(),
            index.into(),
            side.name().into(),
            text(Field::CertificateId),
            text(Field::CertificateNumber),
            text(Field::CertificateName),
            text(Field::CertTypeCode),
            text(Field::CertTypeName),
            text(Field::HolderName),
            text(Field::HolderCode),
            text(Field::HolderCodeType),
            text(Field::IssuerName),
            text(Field::IssuerCode),
            face.date(Field::IssueDate).into(),
            face.date(Field::ValidFrom).into(),
            face.date(Field::ValidTo).into(),
            face.valid_forever().into(),
            lifecycle.map(Lifecycle::name).into(),
            text(Field::AreaCode),
            text(Field::LegalRepresentative),
            text(Field::Address),
            text(Field::Remark),
            face.identifier_valid().into(),
            Value::Map(&face.other),
            Value::Texts(&face.problems),
        ])
    }

    fn count_unmapped(&mut self, stored: &Costs, side: Side, face: &Face) {
        for (field, value) in face
            .other
            .iter()
            .filter(|(field, _)| self.settings.faces.map.find(field, side, &stored.item.cert_type_code).is_none())
        {
            let key = (side, stored.item.cert_type_code.clone(), field.clone());
            if self.unmapped.len() >= MOST_UNMAPPED && !self.unmapped.contains_key(&key) {
                continue;
            }
            let entry = self.unmapped.entry(key).or_insert_with(|| (0, masked_example(value)));
            entry.0 += 1;
        }
    }
}

/// Returns the platform's message; `None` if it is empty.
fn words_of(failure: &Failure) -> Option<&str> {
    Some(failure.message.as_str()).filter(|words| !words.is_empty())
}

/// A failed call, as the errors table shows it.
struct FailedCall<'a> {
    item_id: u64,
    call: &'a Call,
    failure: &'a Failure,
    attempts: u32,
    at: Option<DateTime<Utc>>,
}

/// An item with the calls and attempts that its answers took, but without the answers.
struct Costs {
    item_id: u64,
    item: Item,
    source: (String, String, u32),
    occurrences: u32,
    carried: Vec<Option<String>>,
    spent_before: (u32, u32),
    past_failures: Vec<PastFailure>,
    answers: Vec<Cost>,
}

struct Cost {
    call: Call,
    attempts: u32,
    at: DateTime<Utc>,
}

impl Costs {
    /// Separates an item from its answers.
    fn split(stored: StoredItem) -> (Self, Vec<Answer>) {
        let StoredItem { item_id, item, source, occurrences, carried, spent_before, past_failures, answers, .. } = stored;
        let cost = |stored: &StoredAnswer| Cost { call: stored.answer.call.clone(), attempts: stored.attempts, at: stored.at };
        let costs = answers.iter().map(cost).collect();
        let answers = answers.into_iter().map(|stored| stored.answer).collect();
        (Self { item_id, item, source, occurrences, carried, spent_before, past_failures, answers: costs }, answers)
    }
}

/// Returns a value masked for use as an example: of a code the middle is hidden, of other text all but the first character.
fn masked_example(value: &str) -> String {
    const LONGEST: usize = 40;
    let short: String = value.chars().take(LONGEST).collect();
    if short.is_ascii() { mask_code(&short) } else { mask_name(&short) }
}
