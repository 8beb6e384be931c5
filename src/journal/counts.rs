//! How much a journal holds.

use super::record::call_named;
use super::{Journal, JournalError};

/// How large a plan is, and how far it has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanCounts {
    /// Items.
    pub items: u64,
    /// Items that need nothing more.
    pub finished: u64,
    /// Items among them of which something is not known because a call failed.
    pub failed: u64,
    /// Rows that cannot be audited.
    pub rejected: u64,
    /// Rows that name an item named before.
    pub duplicates: u64,
    /// Whether any call was answered.
    pub answered: bool,
}

impl PlanCounts {
    /// Items of which everything is known. Only failed calls are ever forgotten, so that this number never falls.
    #[must_use]
    pub const fn settled(&self) -> u64 {
        self.finished.saturating_sub(self.failed)
    }
}

/// How many calls came to the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCount {
    /// The interface.
    pub endpoint: &'static str,
    /// The side asked, or empty.
    pub side: &'static str,
    /// `answered`, or the kind of the failure.
    pub result: String,
    /// How many.
    pub count: u64,
}

impl Journal {
    /// Counts what it holds.
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

    /// Counts the calls answered or given up.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn calls(&self) -> Result<u64, JournalError> {
        let count = |connection: &rusqlite::Connection| {
            connection.query_row("SELECT count(*) FROM answers", [], |row| row.get::<_, i64>(0))
        };
        self.with(count).map(i64::cast_unsigned)
    }

    /// Calls by interface, side (empty where there is none) and result: `answered`, or the kind of the failure. Those that were
    /// asked again count too.
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
