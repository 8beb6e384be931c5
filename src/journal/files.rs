//! What came of fetching each certificate's file.

use super::{Journal, JournalError};
use crate::endpoint::Side;
use rusqlite::{OptionalExtension, Row, params};

/// A certificate's file, or why there is none. Pages that come as pictures are files of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedFile {
    /// The item.
    pub item_id: u64,
    /// The side that holds the certificate.
    pub side: Side,
    /// The side's identifier for it; empty for a file by extraction code.
    pub certificate_id: String,
    /// Which of its files, from 0.
    pub page: u32,
    /// `stored`, `duplicate`, or why there is none, by its name in tables.
    pub status: String,
    /// Path relative to the run's folder.
    pub path: Option<String>,
    /// `ofd`, `pdf`, `png` or `jpg`.
    pub format: Option<String>,
    /// Its size.
    pub bytes: Option<u64>,
    /// In hexadecimal.
    pub sha256: Option<String>,
    /// In words, why there is none.
    pub message: Option<String>,
}

impl ArchivedFile {
    /// Whether the file is there, or one of the same content.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self.status.as_str(), "stored" | "duplicate")
    }

    /// Whether there is nothing more to ask: the file is there, or the platform says that it has none (the certificate is out
    /// of force, for instance). That is an answer, and no failure.
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
    /// Keeps what came of a certificate's files, in place of what came before.
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

    /// The files of an item.
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

    /// Whether any file was asked for.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn has_files(&self) -> Result<bool, JournalError> {
        self.with(|connection| connection.query_row("SELECT EXISTS (SELECT 1 FROM files)", [], |row| row.get(0)))
    }

    /// The path of the stored file of this content, where there is one.
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

    /// Whether a stored file lies at a path.
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

    /// Marks a stored file as gone, with those that are the same, so that it is fetched again.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn mark_file_lost(&self, path: &str, message: &str) -> Result<(), JournalError> {
        self.with(|connection| {
            connection.execute("UPDATE files SET status = 'failed', message = ?2 WHERE path = ?1", [path, message])
        })?;
        Ok(())
    }

    /// Every path at which a file is to be, with the SHA-256 of what lies there; certificates of the same content share one.
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

    /// The certificate type code of an item.
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

    /// Every file in order of items.
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
