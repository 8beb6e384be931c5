//! Results of fetching the files of certificates.

use super::{Journal, JournalError};
use crate::endpoint::Side;
use rusqlite::{OptionalExtension, Row, params};

/// A certificate's file, or the reason why there is none. A certificate that comes as several images has one entry per image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedFile {
    /// Id of the item.
    pub item_id: u64,
    /// Side that holds the certificate.
    pub side: Side,
    /// The side's identifier for the certificate; empty for a file fetched by extraction code.
    pub certificate_id: String,
    /// Index among the certificate's files, from 0.
    pub page: u32,
    /// Status by its name in tables: `stored`, `duplicate`, or the reason why there is no file.
    pub status: String,
    /// Path relative to the run's folder.
    pub path: Option<String>,
    /// `ofd`, `pdf`, `png` or `jpg`.
    pub format: Option<String>,
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// SHA-256 in hexadecimal.
    pub sha256: Option<String>,
    /// Explanation why there is no file.
    pub message: Option<String>,
}

impl ArchivedFile {
    /// Returns whether the file, or another one with the same content, is stored.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self.status.as_str(), "stored" | "duplicate")
    }

    /// Returns whether no further request is needed: the file is stored, or the platform answered that there is none (because the
    /// certificate is revoked, for instance), which is a result and not a failure.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_there() || self.status == "no_address"
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let side: String = row.get(1)?;
        Ok(Self {
            item_id: row.get::<_, i64>(0)?.cast_unsigned(),
            side: if side == Side::Province.name() { Side::Province } else { Side::City },
            certificate_id: row.get(2)?,
            page: row.get(3)?,
            status: row.get(4)?,
            path: row.get(5)?,
            format: row.get(6)?,
            bytes: row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned),
            sha256: row.get(8)?,
            message: row.get(9)?,
        })
    }
}

impl Journal {
    /// Stores the results for a certificate's files, replacing those stored before.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn keep_files(&mut self, files: &[ArchivedFile]) -> Result<(), JournalError> {
        let path = self.path.clone();
        let mut write = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction()?;
            if let Some(first) = files.first() {
                transaction
                    .prepare_cached("DELETE FROM files WHERE item_id = ?1 AND side = ?2 AND certificate_id = ?3")?
                    .execute(params![first.item_id.cast_signed(), first.side.name(), first.certificate_id])?;
            }
            for file in files {
                transaction.prepare_cached("INSERT INTO files VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?.execute(
                    params![
                        file.item_id.cast_signed(),
                        file.side.name(),
                        file.certificate_id,
                        file.page,
                        file.status,
                        file.path,
                        file.format,
                        file.bytes.map(u64::cast_signed),
                        file.sha256,
                        file.message,
                    ],
                )?;
            }
            transaction.commit()
        };
        write().map_err(|cause| JournalError::sqlite(&path, cause))
    }

    /// Returns the files of an item.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn files_of(&self, item_id: u64) -> Result<Vec<ArchivedFile>, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT * FROM files WHERE item_id = ?1 ORDER BY side, certificate_id, page")?
                .query_map([item_id.cast_signed()], ArchivedFile::read)?
                .collect()
        })
    }

    /// Returns whether any file has been requested.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn has_files(&self) -> Result<bool, JournalError> {
        self.with(|connection| connection.query_row("SELECT EXISTS (SELECT 1 FROM files)", [], |row| row.get(0)))
    }

    /// Returns the path of a stored file with this content; `None` if there is none.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn path_of_content(&self, sha256: &str) -> Result<Option<String>, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT path FROM files WHERE sha256 = ?1 AND status IN ('stored', 'duplicate') LIMIT 1")?
                .query_row([sha256], |row| row.get(0))
                .optional()
        })
    }

    /// Returns whether a stored file has this path.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn has_file_at(&self, path: &str) -> Result<bool, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM files WHERE path = ?1 AND status IN ('stored', 'duplicate'))")?
                .query_row([path], |row| row.get(0))
        })
    }

    /// Marks a stored file, and its duplicates, as missing, so that it is fetched again.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn mark_file_lost(&self, path: &str, message: &str) -> Result<(), JournalError> {
        self.with(|connection| {
            connection.execute("UPDATE files SET status = 'failed', message = ?2 WHERE path = ?1", [path, message])
        })?;
        Ok(())
    }

    /// Calls `take` with the path and SHA-256 of every stored file. Certificates with the same content share one file.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn each_path<E: From<JournalError>>(&self, mut take: impl FnMut(String, String) -> Result<(), E>) -> Result<(), E> {
        let sqlite = |cause| JournalError::sqlite(&self.path, cause);
        let sql =
            "SELECT path, min(sha256) FROM files WHERE status IN ('stored', 'duplicate') AND path IS NOT NULL GROUP BY path";
        let mut statement = self.connection.prepare(sql).map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            take(row.get(0).map_err(sqlite)?, row.get(1).map_err(sqlite)?)?;
        }
        Ok(())
    }

    /// Returns the certificate type code of an item.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn cert_type_of(&self, item_id: u64) -> Result<String, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT cert_type_code FROM items WHERE item_id = ?1")?
                .query_row([item_id.cast_signed()], |row| row.get(0))
        })
    }

    /// Calls `take` for every file, ordered by item.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn each_file<E: From<JournalError>>(&self, mut take: impl FnMut(ArchivedFile) -> Result<(), E>) -> Result<(), E> {
        let sqlite = |cause| JournalError::sqlite(&self.path, cause);
        let mut statement =
            self.connection.prepare("SELECT * FROM files ORDER BY item_id, side, certificate_id, page").map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            take(ArchivedFile::read(row).map_err(sqlite)?)?;
        }
        Ok(())
    }
}
