//! Joined reading of tables that have the same order as the coverage.

use super::read::{Row, Rows, TableError};
use super::schema::{Column, Table};
use std::path::Path;

/// Rows of a table whose key is item and certificate, read in step with the coverage rows that they belong to.
#[derive(Debug)]
pub struct Beside {
    rows: Rows,
    key: [Column; 2],
    is_begun: bool,
}

impl Beside {
    /// Opens a table in the folder `dir` and reads `columns` and the two columns of `key`, which hold item and certificate.
    ///
    /// # Errors
    /// Fails if the table is missing or cannot be read.
    pub fn open(dir: &Path, table: Table, key: [Column; 2], columns: &[Column]) -> Result<Self, TableError> {
        let names: Vec<&str> = key.iter().chain(columns).map(|column| column.name).collect();
        Ok(Self { rows: Rows::open_columns(dir, table, &names)?, key, is_begun: false })
    }

    /// Opens a table as [`open`](Self::open) does; `None` if it does not exist, because runs of earlier versions lack some
    /// tables.
    ///
    /// # Errors
    /// Fails if the table exists and cannot be read.
    pub fn open_if_there(dir: &Path, table: Table, key: [Column; 2], columns: &[Column]) -> Result<Option<Self>, TableError> {
        if dir.join(table.file_name()).exists() { Self::open(dir, table, key, columns).map(Some) } else { Ok(None) }
    }

    /// Calls `take` for every row of this item and certificate. Keys must not decrease from call to call.
    ///
    /// # Errors
    /// Fails if the table cannot be read.
    pub fn each(&mut self, key: [Option<i64>; 2], mut take: impl FnMut(Row<'_>)) -> Result<(), TableError> {
        if !self.is_begun {
            self.is_begun = true;
            self.rows.next_row()?;
        }
        let columns = self.key;
        while let Some(row) = self.rows.row() {
            let own = columns.map(|column| row.number(column));
            if own > key {
                break;
            }
            if own == key {
                take(row);
            }
            self.rows.next_row()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{coverage, differences};
    use super::super::writer::TableWriter;
    use super::*;

    #[test]
    fn rows_are_found_by_item_and_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let key = [differences::ITEM_ID, differences::CERTIFICATE_INDEX];
        assert!(Beside::open_if_there(dir.path(), differences::DIFFERENCES, key, &[]).unwrap().is_none());
        let mut table = TableWriter::create(dir.path(), differences::DIFFERENCES, &[]).unwrap();
        for (item, index, field) in [(1u64, 0u32, "a"), (1, 0, "b"), (1, 2, "c"), (4, 1, "d")] {
            let null = super::super::writer::Value::Null;
            table.push([item.into(), index.into(), field.into(), null, null, "differs".into(), "different".into()]).unwrap();
        }
        table.finish().unwrap();
        let mut beside = Beside::open(dir.path(), differences::DIFFERENCES, key, &[differences::FIELD]).unwrap();
        let mut found = |item: i64, index: i64| {
            let mut fields = String::new();
            beside.each([Some(item), Some(index)], |row| fields += row.text(differences::FIELD).unwrap()).unwrap();
            fields
        };
        let all = [(0, 0), (1, 0), (1, 1), (1, 2), (3, 0), (4, 1), (5, 0)].map(|(item, index)| found(item, index));
        assert_eq!(all, ["", "ab", "", "c", "", "d", ""]);
        assert_eq!(coverage::ITEM_ID.name, differences::ITEM_ID.name);
    }
}
