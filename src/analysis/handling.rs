//! Progress of departments with the certificates that they have to settle.

use crate::journal::Decision;
use crate::table::schema::{coverage, decisions};
use crate::table::{Beside, Matter, Row, Rows, TableError};
use chrono::NaiveDate;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;

/// Limit on departments that are counted separately. A column with more values does not name departments.
const MOST_GROUPS: usize = 10_000;

/// Number of certificates to settle, by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HandlingCounts {
    /// Certificates with a decision, by decision in the order of [`Decision::ALL`].
    pub by_decision: [u64; Decision::ALL.len()],
    /// Certificates without a decision, including overdue ones.
    pub outstanding: u64,
    /// Certificates without a decision that are overdue: the day set for answers has passed, or the gap existed in the previous
    /// run.
    pub overdue: u64,
}

impl HandlingCounts {
    /// Returns the number of certificates with a decision.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.by_decision.iter().sum()
    }

    /// Returns the number of certificates to settle.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.decided() + self.outstanding
    }

    /// Returns the share of certificates to settle that have a decision; `None` if there are none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
    pub fn decided_share(&self) -> Option<f64> {
        (self.total() > 0).then(|| self.decided() as f64 / self.total() as f64)
    }

    fn count(&mut self, decision: Option<Decision>, is_overdue: bool) {
        let place = decision.and_then(|decision| Decision::ALL.iter().position(|known| *known == decision));
        if let Some(count) = place.and_then(|place| self.by_decision.get_mut(place)) {
            *count += 1;
        } else {
            self.outstanding += 1;
            self.overdue += u64::from(is_overdue);
        }
    }
}

/// Counts of one department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlingGroup {
    /// The department's value in the carried column; `None` for rows without a value.
    pub value: Option<String>,
    /// Counts over its certificates.
    pub counts: HandlingCounts,
}

/// Progress of all departments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handling {
    /// Counts by department, the one with the most outstanding certificates first. Empty without a column that names departments.
    pub groups: Vec<HandlingGroup>,
    /// Counts over the certificates of departments beyond the first ten thousand.
    pub rest: HandlingCounts,
    /// Counts over all certificates.
    pub totals: HandlingCounts,
}

/// Counts the certificates to settle in the tables of the folder `dir`, by the values of the carried column `by`; `due` is the
/// day by which departments were to answer.
///
/// # Errors
/// Fails if a table cannot be read.
pub fn handling(dir: &Path, by: Option<&str>, due: Option<NaiveDate>, today: NaiveDate) -> Result<Handling, TableError> {
    let by = by.map(|header| coverage::COVERAGE.carried_name(header));
    let columns = [coverage::ITEM_ID, coverage::CERTIFICATE_INDEX, coverage::GAP_RUNS];
    let names = columns.iter().chain(&Matter::COLUMNS).map(|column| column.name);
    let names: Vec<&str> = names.chain(by.as_deref()).collect();
    let mut rows = Rows::open_columns(dir, coverage::COVERAGE, &names)?;
    let key = [decisions::ITEM_ID, decisions::CERTIFICATE_INDEX];
    let mut decided = Beside::open_if_there(dir, decisions::DECISIONS, key, &[decisions::DECISION])?;
    let is_late = due.is_some_and(|due| due < today);
    let mut handling = Handling::default();
    let mut groups: HashMap<Option<String>, HandlingCounts> = HashMap::new();
    while let Some(row) = rows.next_row()? {
        if Matter::of(row).is_none() {
            continue;
        }
        let decision = match &mut decided {
            Some(decided) => decision_of(decided, row)?,
            None => None,
        };
        let is_overdue = is_late || row.number(coverage::GAP_RUNS).is_some_and(|runs| runs > 1);
        handling.totals.count(decision, is_overdue);
        let Some(by) = &by else { continue };
        let value = row.carried(by).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned);
        let has_room = groups.len() < MOST_GROUPS || groups.contains_key(&value);
        let counts = if has_room { groups.entry(value).or_default() } else { &mut handling.rest };
        counts.count(decision, is_overdue);
    }
    handling.groups = groups.into_iter().map(|(value, counts)| HandlingGroup { value, counts }).collect();
    handling.groups.sort_by(|a, b| {
        let order = |group: &HandlingGroup| (Reverse(group.counts.outstanding), Reverse(group.counts.total()));
        order(a).cmp(&order(b)).then_with(|| a.value.cmp(&b.value))
    });
    Ok(handling)
}

fn decision_of(decided: &mut Beside, row: Row<'_>) -> Result<Option<Decision>, TableError> {
    let mut decision = None;
    decided.each([row.number(coverage::ITEM_ID), row.number(coverage::CERTIFICATE_INDEX)], |row| {
        decision = row.text(decisions::DECISION).and_then(Decision::from_name);
    })?;
    Ok(decision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_is_decided_or_outstanding() {
        let mut counts = HandlingCounts::default();
        assert_eq!(counts.decided_share(), None);
        for (decision, is_overdue) in
            [(Some(Decision::Insert), true), (Some(Decision::Other), false), (None, false), (None, true)]
        {
            counts.count(decision, is_overdue);
        }
        assert_eq!((counts.decided(), counts.outstanding, counts.overdue, counts.total()), (2, 2, 1, 4));
        assert_eq!(counts.by_decision, [1, 0, 0, 0, 0, 1]);
        assert!(counts.decided_share().is_some_and(|share| (share - 0.5).abs() < f64::EPSILON));
    }
}
