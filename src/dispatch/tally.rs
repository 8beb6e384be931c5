//! Number of certificates that each department has to settle: counts, shares and ranks, and `dispatch.json`, which lists them.

use crate::table::Matter;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// Number of certificates to settle, by matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatterCounts {
    /// Held by the city only.
    pub city_only: u64,
    /// Held by the province only.
    pub province_only: u64,
    /// Held by both, with differences.
    pub difference: u64,
    /// Revoked in the city's library, still valid in the province's.
    pub revoked: u64,
}

impl MatterCounts {
    /// Returns the number for this matter.
    #[must_use]
    pub const fn of(&self, matter: Matter) -> u64 {
        match matter {
            Matter::CityOnly => self.city_only,
            Matter::ProvinceOnly => self.province_only,
            Matter::Difference => self.difference,
            Matter::Revoked => self.revoked,
        }
    }

    /// Adds one to the number for this matter.
    pub const fn count(&mut self, matter: Matter) {
        match matter {
            Matter::CityOnly => self.city_only += 1,
            Matter::ProvinceOnly => self.province_only += 1,
            Matter::Difference => self.difference += 1,
            Matter::Revoked => self.revoked += 1,
        }
    }

    /// Returns the sum over all matters.
    #[must_use]
    pub fn total(&self) -> u64 {
        Matter::ALL.into_iter().map(|matter| self.of(matter)).sum()
    }

    fn plus(self, other: Self) -> Self {
        Self {
            city_only: self.city_only + other.city_only,
            province_only: self.province_only + other.province_only,
            difference: self.difference + other.difference,
            revoked: self.revoked + other.revoked,
        }
    }
}

/// Certificates that a department has to settle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// The department's value in the carried column; `None` for rows without a value.
    pub value: Option<String>,
    /// Number of certificates by matter.
    pub counts: MatterCounts,
    /// Number of those with a decision.
    pub decided: u64,
}

/// Content of `dispatch.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DispatchReport {
    /// Name of the job.
    pub job: String,
    /// Id of the run.
    pub run_id: String,
    /// Header of the carried column whose values name the departments.
    pub by: String,
    /// Masking of holder codes and names: `none`, `partial` or `full`.
    pub mask: String,
    /// Whether the workbooks are encrypted.
    pub encrypted: bool,
    /// Day by which departments are to answer; `None` if none was set.
    pub due: Option<NaiveDate>,
    /// Time at which the workbooks were written.
    pub dispatched_at: DateTime<Utc>,
    /// Number of certificates to settle over all departments, which equals the run's figures.
    pub total: MatterCounts,
    /// Number of those with a decision.
    pub decided: u64,
    /// All departments with certificates to settle, the one with the most first.
    pub departments: Vec<DepartmentReport>,
}

/// A department's workbook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DepartmentReport {
    /// The department's value in the carried column, masked like a code; null for rows without a value.
    pub value: Option<String>,
    /// Name of the workbook's file.
    pub file: String,
    /// SHA-256 of the workbook, in hexadecimal.
    pub sha256: String,
    /// SHA-256 of the workbook that it replaced; `None` if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_sha256: Option<String>,
    /// Number of certificates to settle, by matter.
    #[serde(flatten)]
    pub counts: MatterCounts,
    /// Number of certificates to settle.
    pub rows: u64,
    /// Number of those with a decision.
    pub decided: u64,
    /// Share of the certificates to settle over all departments, between 0 and 1.
    pub share: f64,
    /// Rank among the departments by number of certificates, from 1; equal numbers have the same rank.
    pub rank: u64,
}

/// Share and rank of a department.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    /// Share of the certificates to settle over all departments, between 0 and 1.
    pub share: f64,
    /// Rank, from 1.
    pub rank: u64,
    /// Number of departments.
    pub of: u64,
}

/// Returns the sum over all departments.
pub(super) fn total(tallies: &[Tally]) -> MatterCounts {
    tallies.iter().fold(MatterCounts::default(), |sum, tally| sum.plus(tally.counts))
}

/// Returns share and rank of each department, in the order of `tallies`.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
pub(super) fn standings(tallies: &[Tally]) -> Vec<Standing> {
    let all = total(tallies).total();
    let mut sizes: Vec<u64> = tallies.iter().map(|tally| tally.counts.total()).collect();
    sizes.sort_unstable_by_key(|size| Reverse(*size));
    let standing = |tally: &Tally| {
        let size = tally.counts.total();
        let before = sizes.partition_point(|other| *other > size);
        Standing { share: size as f64 / all.max(1) as f64, rank: before as u64 + 1, of: sizes.len() as u64 }
    };
    tallies.iter().map(standing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tally(counts: [u64; 4]) -> Tally {
        let [city_only, province_only, difference, revoked] = counts;
        Tally { counts: MatterCounts { city_only, province_only, difference, revoked }, ..Tally::default() }
    }

    #[test]
    fn departments_with_as_many_rows_share_a_place() {
        let tallies = [tally([1, 1, 0, 0]), tally([5, 0, 0, 1]), tally([0, 0, 2, 0])];
        let standings = standings(&tallies);
        assert_eq!(standings.iter().map(|standing| standing.rank).collect::<Vec<_>>(), [2, 1, 2]);
        assert!((standings[1].share - 0.6).abs() < 1e-9 && standings[0].of == 3);
    }

    proptest! {
        #[test]
        fn counts_and_shares_add_up(counts in prop::collection::vec(any::<[u16; 4]>(), 1..30)) {
            let tallies: Vec<Tally> = counts.iter().map(|counts| tally(counts.map(u64::from))).collect();
            let all = total(&tallies);
            prop_assert_eq!(all.total(), counts.iter().flatten().map(|count| u64::from(*count)).sum::<u64>());
            let shares: f64 = standings(&tallies).iter().map(|standing| standing.share).sum();
            prop_assert!(all.total() == 0 || (shares - 1.0).abs() < 1e-9);
        }
    }
}
