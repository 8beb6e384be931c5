//! Decisions of earlier runs about matters that may still be open, copied into the journal. A report can then be rebuilt after
//! the previous run's folder has been deleted.

use super::decisions::{Decided, decided};
use super::{Journal, JournalError};
use rusqlite::{Row, params};

/// A decision of the previous run, or of an older run whose matter was still open in the previous one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierDecision {
    /// Holder code (持证主体代码).
    pub holder_code: String,
    /// Certificate type code (证照类型代码).
    pub cert_type_code: String,
    /// Certificate number (证照编号), if the certificate showed one.
    pub certificate_number: Option<String>,
    /// Name, as in tables, of the matter that was decided.
    pub matter: String,
    /// The decision.
    pub decided: Decided,
    /// Id of the run in which the decision was collected.
    pub run: String,
}

impl Journal {
    /// Stores the decisions that `rows` yields, replacing those stored before.
    ///
    /// # Errors
    /// Fails if the journal cannot be written, or with the error of `rows`.
    pub fn take_earlier_decisions<E: From<JournalError>>(
        &self,
        rows: impl FnOnce(&mut dyn FnMut(&EarlierDecision) -> Result<(), JournalError>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.with(|connection| connection.execute_batch("BEGIN IMMEDIATE; DELETE FROM earlier_decisions"))?;
        let taken = rows(&mut |row| self.insert_earlier_decision(row));
        let ending = if taken.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.with(|connection| connection.execute_batch(ending));
        taken?;
        Ok(ended?)
    }

    fn insert_earlier_decision(&self, row: &EarlierDecision) -> Result<(), JournalError> {
        let Decided { decision, note, by, place, collected_at } = &row.decided;
        self.with(|connection| {
            connection
                .prepare_cached("INSERT INTO earlier_decisions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")?
                .execute(params![
                    row.holder_code,
                    row.cert_type_code,
                    row.certificate_number,
                    row.matter,
                    decision.name(),
                    note,
                    by,
                    place.file,
                    place.sheet,
                    place.row,
                    collected_at.timestamp_millis(),
                    row.run,
                ])
        })?;
        Ok(())
    }

    /// Returns the earlier decisions about certificates of this holder and type.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn earlier_decisions(&self, holder_code: &str, cert_type_code: &str) -> Result<Vec<EarlierDecision>, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT * FROM earlier_decisions WHERE holder_code = ?1 AND cert_type_code = ?2")?
                .query_map([holder_code, cert_type_code], read_earlier)?
                .collect()
        })
    }

    /// Calls `take` for every earlier decision whose holder and type are not among this run's items.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn unasked_earlier_decisions<E: From<JournalError>>(
        &self,
        mut take: impl FnMut(&EarlierDecision) -> Result<(), E>,
    ) -> Result<(), E> {
        let sqlite = |cause| JournalError::Sqlite { path: self.path.clone(), cause };
        let sql = "SELECT e.* FROM earlier_decisions e
                   LEFT JOIN (SELECT DISTINCT holder_code AS holder, cert_type_code AS type FROM items) i
                   ON i.holder = e.holder_code AND i.type = e.cert_type_code WHERE i.holder IS NULL";
        let mut statement = self.connection.prepare(sql).map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            take(&read_earlier(row).map_err(sqlite)?)?;
        }
        Ok(())
    }

    /// Returns whether the journal holds any decision of an earlier run.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn has_earlier_decisions(&self) -> Result<bool, JournalError> {
        self.with(|connection| connection.query_row("SELECT EXISTS (SELECT 1 FROM earlier_decisions)", [], |row| row.get(0)))
    }
}
fn read_earlier(row: &Row<'_>) -> rusqlite::Result<EarlierDecision> {
    Ok(EarlierDecision {
        holder_code: row.get(0)?,
        cert_type_code: row.get(1)?,
        certificate_number: row.get(2)?,
        matter: row.get(3)?,
        decided: decided(row, [4, 5, 6, 7, 8, 9, 10])?,
        run: row.get(11)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Decision, DecisionPlace};
    use super::*;
    use chrono::DateTime;

    fn earlier(holder: &str) -> EarlierDecision {
        let place = DecisionPlace { file: "a.xlsx".to_owned(), sheet: "市有省无".to_owned(), row: 2 };
        let collected_at = DateTime::from_timestamp_millis(1_000).unwrap();
        EarlierDecision {
            holder_code: holder.to_owned(),
            cert_type_code: "t".to_owned(),
            certificate_number: None,
            matter: "city_only".to_owned(),
            decided: Decided { decision: Decision::Insert, note: None, by: None, place, collected_at },
            run: "2026-10".to_owned(),
        }
    }

    #[test]
    fn earlier_decisions_are_replaced_whole_or_stay() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::create(&dir.path().join("journal.sqlite")).unwrap();
        let take = |holders: &[&str], fails: bool| {
            journal.take_earlier_decisions::<JournalError>(|take| {
                holders.iter().try_for_each(|holder| take(&earlier(holder)))?;
                if fails { Err(journal.damaged("test")) } else { Ok(()) }
            })
        };
        take(&["a", "b"], false).unwrap();
        take(&["c"], true).unwrap_err();
        assert_eq!(journal.earlier_decisions("a", "t").unwrap(), [earlier("a")]);
        take(&["c"], false).unwrap();
        assert!(journal.earlier_decisions("a", "t").unwrap().is_empty() && journal.has_earlier_decisions().unwrap());
        let mut unasked = Vec::new();
        journal
            .unasked_earlier_decisions::<JournalError>(|row| {
                unasked.push(row.holder_code.clone());
                Ok(())
            })
            .unwrap();
        assert_eq!(unasked, ["c"]);
    }
}
