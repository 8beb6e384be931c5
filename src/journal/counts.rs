//! Counts over a journal: items, rejected rows, calls by result.

use super::record::call_named;
use super::{Journal, JournalError};

/// Size of a run's plan and progress through it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanCounts {
    /// Number of planned items.
    pub items: u64,
    /// Number of items that need no further call.
    pub finished: u64,
    /// Number of finished items about which something is unknown because a call failed.
    pub failed: u64,
    /// Number of input rows that cannot be audited.
    pub rejected: u64,
    /// Number of input rows that repeat an earlier item.
    pub duplicates: u64,
    /// Whether the journal holds at least one answer.
    pub answered: bool,
}

impl PlanCounts {
    /// Returns the number of items about which everything is known. Only failed calls are ever deleted from a journal, so this
    /// number never falls.
    #[must_use]
    pub const fn settled(&self) -> u64 {
        self.finished.saturating_sub(self.failed)
    }
}

/// Number of calls to one interface and side that had the same result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCount {
    /// Name of the interface.
    pub endpoint: &'static str,
    /// Name of the side; empty for an interface without one.
    pub side: &'static str,
    /// `answered`, or the name of the failure's kind.
    pub result: String,
    /// Number of calls.
    pub count: u64,
}

impl Journal {
    /// Counts the items, rows and answers of the journal.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn counts(&self) -> Result<PlanCounts, JournalError> {
        let count =
            |sql: &str| self.with(|connection| connection.query_row(sql, [], |row| row.get::<_, i64>(0))).map(i64::cast_unsigned);
        Ok(PlanCounts {
            // Ids begin at 0. What is never read does not count, so that it is missed.
            items: count("SELECT count(*) FROM items WHERE item_id >= 0")?,
            finished: count("SELECT count(*) FROM finished")?,
            failed: count("SELECT count(*) FROM finished WHERE failed")?,
            rejected: count("SELECT count(*) FROM rejected_rows")?,
            duplicates: self.duplicate_rows()?,
            answered: count("SELECT EXISTS (SELECT 1 FROM answers WHERE body IS NOT NULL)")? > 0,
        })
    }

    /// Returns the number of calls that were answered or given up.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn calls(&self) -> Result<u64, JournalError> {
        let count = |connection: &rusqlite::Connection| {
            connection.query_row("SELECT count(*) FROM answers", [], |row| row.get::<_, i64>(0))
        };
        self.with(count).map(i64::cast_unsigned)
    }

    /// Counts the calls by interface, side (empty if the interface has none) and result: `answered`, or the kind of the failure.
    /// Includes failed calls that were repeated later.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn calls_by_result(&self) -> Result<Vec<CallCount>, JournalError> {
        self.with(|connection| {
            connection
                .prepare(
                    "SELECT call, failure_kind, count(*)
                     FROM (SELECT call, failure_kind FROM answers WHERE attempts > 0
                           UNION ALL SELECT call, failure_kind FROM past_failures)
                     GROUP BY call, failure_kind ORDER BY 1, 2",
                )?
                .query_map([], |row| {
                    let call: String = row.get(0)?;
                    let call = call_named(&call, None);
                    Ok(CallCount {
                        endpoint: call.as_ref().map_or("", |call| call.endpoint().name()),
                        side: call.and_then(|call| call.side()).map_or("", crate::endpoint::Side::name),
                        result: row.get::<_, Option<String>>(1)?.unwrap_or_else(|| crate::platform::ANSWERED.to_owned()),
                        count: row.get::<_, i64>(2)?.cast_unsigned(),
                    })
                })?
                .collect()
        })
    }
}
