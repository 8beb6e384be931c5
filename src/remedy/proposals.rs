//! Proposals for notifications: every row of a run's coverage with its assessment, streamed in order.

use super::assess::{Assessment, Candidate, Standing, Told, assess};
use super::decision::{Decision, Decisions, Fingerprint, fingerprint};
use crate::exit::Stop;
use crate::job::{RemediateSettings, RemedyAction};
use crate::journal::{JournalError, Journals, Remedy, RemedyState};
use crate::message::Message;
use crate::table::schema::coverage;
use crate::table::{Row, Rows};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::path::Path;

/// Sources of the proposals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proposals<'a> {
    /// Folder of the run's tables.
    pub tables: &'a Path,
    /// Id of the run, which is part of the keys.
    pub run_id: &'a str,
    /// Journals of the run, which hold the notifications sent so far.
    pub journals: &'a Journals,
    /// Decisions of departments.
    pub decisions: &'a Decisions,
    /// Which notifications may be sent.
    pub settings: &'a RemediateSettings,
    /// Time at which earlier notifications are judged as overdue.
    pub now: DateTime<Utc>,
}

/// A coverage row and its assessment.
#[derive(Debug)]
pub(crate) struct Proposal<'a> {
    pub row: Row<'a>,
    pub decision: Option<Decision>,
    pub assessment: Assessment,
}

impl Proposals<'_> {
    /// Calls `take` for every proposal. Rows without an assessment are left out.
    ///
    /// # Errors
    /// Fails if a table or a journal cannot be read, or with the error of `take`.
    pub(crate) fn each(&self, mut take: impl FnMut(&Proposal<'_>) -> Result<(), Stop>) -> Result<(), Stop> {
        let mut proposed: HashSet<Fingerprint> = HashSet::new();
        let mut rows = Rows::open(self.tables, coverage::COVERAGE).map_err(Stop::failed)?;
        while let Some(row) = rows.next_row().map_err(Stop::failed)? {
            let candidate = Candidate::of(row);
            let decision = self.decisions.find(row);
            let told = |action| self.told(action, candidate.file_number);
            let Some(mut assessment) = assess(&candidate, decision, self.settings, told)? else { continue };
            if let (Some(action), Some(file_number)) = (assessment.action, candidate.file_number)
                && assessment.standing != Standing::Withheld
                && !proposed.insert(fingerprint(file_number))
            {
                // The inputs name the holder with and without the number, so the certificate has two rows.
                assessment = Assessment::withheld(Some(action), Message::new("remedy-same-certificate"));
            }
            take(&Proposal { row, decision, assessment })?;
        }
        Ok(())
    }

    /// Returns the notification of this kind sent so far about a certificate.
    fn told(&self, action: RemedyAction, file_number: Option<&str>) -> Result<Told, JournalError> {
        let Some(file_number) = file_number else { return Ok(Told::Never) };
        if let Some(remedy) = self.journals.remedy(action, file_number)? {
            return Ok(Told::InThisRun(remedy.state));
        }
        let before = self.journals.notified_before(file_number)?.filter(|before| before.action == action);
        let days = |sent_at| self.now.signed_duration_since(sent_at).num_days();
        Ok(before.map_or(Told::Never, |before| Told::Before { days: days(before.sent_at) }))
    }
}

impl Proposal<'_> {
    /// Returns the key of the row's notification of this kind in the run `run_id`. It identifies the row and shows whether the
    /// row is still about the same certificate. It does not reveal the holder.
    pub(crate) fn key(&self, run_id: &str, action: RemedyAction) -> Option<String> {
        let file_number = self.row.text(coverage::CITY_CERTIFICATE_ID)?;
        let (item, index) = self.place();
        let mut hasher = Sha256::new();
        for part in [run_id, &item.to_string(), &index.to_string(), action.word(), file_number] {
            hasher.update(part);
            hasher.update([0]);
        }
        let seal: String = hasher.finalize().iter().take(SEAL_BYTES).fold(String::new(), |mut text, byte| {
            for digit in [byte >> 4, byte & 0xF] {
                text.extend(char::from_digit(digit.into(), 16));
            }
            text
        });
        Some(format!("{item}/{index}/{}/{seal}", action.word()))
    }

    /// Returns item and certificate index of the row.
    fn place(&self) -> (i64, i64) {
        let number = |column| self.row.number(column).unwrap_or_default();
        (number(coverage::ITEM_ID), number(coverage::CERTIFICATE_INDEX))
    }

    /// Returns the notification, with the state of one about to be sent; `None` if there is none to send.
    pub(crate) fn notification(&self, now: DateTime<Utc>) -> Option<Remedy> {
        let action = self.assessment.action?;
        let text = |column| self.row.text(column).map(str::to_owned);
        let (item, index) = self.place();
        Some(Remedy {
            item_id: item.cast_unsigned(),
            certificate_index: u32::try_from(index).unwrap_or_default(),
            action,
            file_number: text(coverage::CITY_CERTIFICATE_ID)?,
            certificate_number: text(coverage::CERTIFICATE_NUMBER).filter(|number| can_be_asked_by(number)),
            province_certificate_id: text(coverage::PROVINCE_CERTIFICATE_ID),
            state: RemedyState::Intended,
            code: None,
            message: None,
            sent_at: now,
            verified_at: None,
        })
    }
}

/// Bytes of the hash in a key, enough to make collisions with other rows or runs improbable.
const SEAL_BYTES: usize = 8;

/// Returns whether the platform can find a certificate by this number, which it cannot if part of the number is masked.
fn can_be_asked_by(number: &str) -> bool {
    !number.trim().is_empty() && !number.contains('*') && !number.to_ascii_uppercase().contains("XX")
}

#[cfg(test)]
mod tests {
    use super::can_be_asked_by;

    #[test]
    fn a_number_with_starred_parts_finds_nothing() {
        for (number, expected) in [("A012345678", true), ("A0****78", false), ("3708261988xxxx", false), (" ", false)] {
            assert_eq!(can_be_asked_by(number), expected, "{number}");
        }
    }
}
