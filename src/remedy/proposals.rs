//! Every row of a run's coverage with what the province should be told of it, in order, a row at a time.

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

/// What proposals are made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proposals<'a> {
    /// Folder of the run's tables.
    pub tables: &'a Path,
    /// The run's id, which keys carry.
    pub run_id: &'a str,
    /// The run's journals, which know what was told.
    pub journals: &'a Journals,
    /// What departments decided.
    pub decisions: &'a Decisions,
    /// What may be sent at all.
    pub settings: &'a RemediateSettings,
    /// The time by which earlier notifications are overdue or not.
    pub now: DateTime<Utc>,
}

/// A row with what the province should be told of it.
#[derive(Debug)]
pub(crate) struct Proposal<'a> {
    pub row: Row<'a>,
    pub decision: Option<Decision>,
    pub assessment: Assessment,
}

impl Proposals<'_> {
    /// Makes every proposal. Rows that need no word are left out.
    ///
    /// # Errors
    /// Fails if a table or a journal cannot be read, and as `take` does.
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
                // The inputs name the holder with and without the number: one certificate in two rows.
                assessment = Assessment::withheld(Some(action), Message::new("remedy-same-certificate"));
            }
            take(&Proposal { row, decision, assessment })?;
        }
        Ok(())
    }

    /// What the province has been told of a certificate by way of an action.
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
    /// The key of the row's notification in the run `run_id`, where it would be this action: it names the row, and tells whether the row
    /// is still the same certificate of the same run. No part of it leads back to the holder.
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

    /// Item and certificate.
    fn place(&self) -> (i64, i64) {
        let number = |column| self.row.number(column).unwrap_or_default();
        (number(coverage::ITEM_ID), number(coverage::CERTIFICATE_INDEX))
    }

    /// The notification, about to be sent; `None` where there is none to send.
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

/// Bytes of the seal in a key: enough that no other row, and no row of another run, has the same by chance.
const SEAL_BYTES: usize = 8;

/// Whether the platform finds a certificate by a number: not where a part of it is starred.
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
