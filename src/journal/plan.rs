//! Writing the plan: items, rejected rows and repairs, as the intake finds them.

use super::{Journal, JournalError};
use crate::intake::{NewItem, Place, RejectedRow, Repair, Sink};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Note that a plan is whole.
const PLANNED: &str = "planned";
/// Note of how many rows named an item named before.
const DUPLICATES: &str = "duplicate_rows";

/// Takes the intake's findings into a new journal; nothing of it stands before [`PlanWriter::finish`].
#[derive(Debug)]
pub struct PlanWriter<'a> {
    journal: &'a Journal,
    items: i64,
    duplicates: u64,
    sheet: Option<(Arc<str>, Arc<str>, i64)>,
}

impl Journal {
    /// Begins to write the plan.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn begin_plan(&self) -> Result<PlanWriter<'_>, JournalError> {
        self.with(|connection| connection.execute_batch("BEGIN"))?;
        Ok(PlanWriter { journal: self, items: 0, duplicates: 0, sheet: None })
    }

    /// Whether the plan is whole.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn is_planned(&self) -> Result<bool, JournalError> {
        Ok(self.note(PLANNED)?.is_some())
    }

    pub(super) fn duplicate_rows(&self) -> Result<u64, JournalError> {
        Ok(self.note(DUPLICATES)?.and_then(|count| count.parse().ok()).unwrap_or_default())
    }
}

impl PlanWriter<'_> {
    /// Makes the plan stand.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn finish(self) -> Result<(), JournalError> {
        self.journal.set_note(DUPLICATES, &self.duplicates.to_string())?;
        self.journal.set_note(PLANNED, "1")?;
        self.journal.with(|connection| connection.execute_batch("COMMIT"))
    }

    fn sheet_id(&mut self, connection: &Connection, place: &Place) -> rusqlite::Result<i64> {
        if let Some((file, sheet, id)) = &self.sheet
            && *file == place.file
            && *sheet == place.sheet
        {
            return Ok(*id);
        }
        connection.prepare_cached("INSERT INTO sheets (file, sheet) VALUES (?1, ?2)")?.execute([&*place.file, &*place.sheet])?;
        let id = connection.last_insert_rowid();
        self.sheet = Some((Arc::clone(&place.file), Arc::clone(&place.sheet), id));
        Ok(id)
    }

    fn insert(&mut self, item: &NewItem) -> rusqlite::Result<bool> {
        let connection = &self.journal.connection;
        let sheet_id = self.sheet_id(connection, &item.place)?;
        let carried = serde_json::to_string(&item.carried).unwrap_or_default();
        let changed = connection
            .prepare_cached(
                "INSERT INTO items VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9) ON CONFLICT (fingerprint) DO NOTHING",
            )?
            .execute(params![
                self.items,
                fingerprint(item),
                item.holder_code,
                item.holder_code_type,
                item.cert_type_code,
                item.certificate_number,
                sheet_id,
                item.place.row,
                carried,
            ])?;
        if changed == 1 {
            self.items += 1;
            return Ok(true);
        }
        self.duplicates += 1;
        connection
            .prepare_cached("UPDATE items SET occurrences = occurrences + 1 WHERE fingerprint = ?1")?
            .execute([fingerprint(item)])?;
        Ok(false)
    }
}

impl Sink for PlanWriter<'_> {
    fn item(&mut self, item: NewItem) -> Result<bool, String> {
        self.insert(&item).map_err(|error| error.to_string())
    }

    fn rejected(&mut self, rejected: RejectedRow) -> Result<(), String> {
        let connection = &self.journal.connection;
        self.sheet_id(connection, &rejected.place)
            .and_then(|sheet_id| {
                connection.prepare_cached("INSERT INTO rejected_rows VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
                    sheet_id,
                    rejected.place.row,
                    rejected.column,
                    rejected.value,
                    rejected.problem.name(),
                    rejected.advice,
                ])
            })
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    fn repair(&mut self, repair: Repair) -> Result<(), String> {
        let connection = &self.journal.connection;
        self.sheet_id(connection, &repair.place)
            .and_then(|sheet_id| {
                connection.prepare_cached("INSERT INTO repairs VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
                    sheet_id,
                    repair.place.row,
                    repair.column,
                    repair.before,
                    repair.after,
                    repair.repair,
                ])
            })
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}

/// What makes an item: holder code, type code, certificate number. Sixteen bytes of SHA-256, so that two never meet.
fn fingerprint(item: &NewItem) -> Vec<u8> {
    let mut hasher = Sha256::new();
    for part in [Some(&item.holder_code), Some(&item.cert_type_code), item.certificate_number.as_ref()] {
        hasher.update([u8::from(part.is_some())]);
        hasher.update(part.map_or("", String::as_str));
        hasher.update([0]);
    }
    hasher.finalize()[..16].to_vec()
}
