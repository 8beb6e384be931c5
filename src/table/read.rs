//! Reading a table back as a stream of rows.

use super::schema::{Column, Table};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMillisecondType, UInt32Type, UInt64Type};
use arrow::error::ArrowError;
use chrono::{DateTime, Utc};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use std::fs::File;
use std::path::Path;

/// Number of rows per batch.
const BATCH: usize = 8192;

/// Error on opening or reading a table.
#[derive(Debug, thiserror::Error)]
#[error("the table {table} cannot be read: {cause}")]
pub struct TableError {
    table: &'static str,
    cause: String,
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    batch: &'a RecordBatch,
    at: usize,
}

impl<'a> Row<'a> {
    /// Returns the text in a column; `None` if it is null.
    #[must_use]
    pub fn text(&self, column: Column) -> Option<&'a str> {
        self.carried(column.name)
    }

    /// Returns the text in a carried column, given by its name in the table; `None` if it is null.
    #[must_use]
    pub fn carried(&self, name: &str) -> Option<&'a str> {
        let array = self.array(name)?;
        (*array.data_type() == DataType::Utf8).then(|| array.as_string::<i32>().value(self.at))
    }

    /// Returns the number in a column of any width; `None` if it is null. Unsigned columns are read too, because earlier versions
    /// wrote them.
    #[must_use]
    pub fn number(&self, column: Column) -> Option<i64> {
        let array = self.array(column.name)?;
        match array.data_type() {
            DataType::Int64 => Some(array.as_primitive::<Int64Type>().value(self.at)),
            DataType::UInt64 => Some(array.as_primitive::<UInt64Type>().value(self.at).cast_signed()),
            DataType::UInt32 => Some(array.as_primitive::<UInt32Type>().value(self.at).into()),
            DataType::Int32 => Some(array.as_primitive::<Int32Type>().value(self.at).into()),
            _ => None,
        }
    }

    /// Returns the time in a column; `None` if it is null.
    #[must_use]
    pub fn time(&self, column: Column) -> Option<DateTime<Utc>> {
        let array = self.array(column.name)?;
        let millis = array.as_primitive_opt::<TimestampMillisecondType>()?.value(self.at);
        DateTime::from_timestamp_millis(millis)
    }

    /// Returns the truth value in a column; `None` if it is null or the table has no such column.
    #[must_use]
    pub fn truth(&self, column: Column) -> Option<bool> {
        let array = self.array(column.name)?;
        array.as_boolean_opt().map(|array| array.value(self.at))
    }

    fn array(&self, name: &str) -> Option<&'a ArrayRef> {
        self.batch.column_by_name(name).filter(|array| array.is_valid(self.at))
    }
}

/// Streaming reader of a table's rows, in order. One batch is in memory at a time.
pub struct Rows {
    table: Table,
    batches: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    at: usize,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rows").field("table", &self.table.name).finish_non_exhaustive()
    }
}

impl Rows {
    /// Opens a table in the folder `dir`.
    ///
    /// # Errors
    /// Fails if the file cannot be opened or is not a Parquet file.
    pub fn open(dir: &Path, table: Table) -> Result<Self, TableError> {
        Self::open_where(dir, table, |_| true)
    }

    /// Opens a table in the folder `dir` and reads only the columns with these names. Names that the table does not have are
    /// ignored, because tables of earlier versions have fewer columns.
    ///
    /// # Errors
    /// Fails if the file cannot be opened or is not a Parquet file.
    pub fn open_columns(dir: &Path, table: Table, names: &[&str]) -> Result<Self, TableError> {
        Self::open_where(dir, table, |name| names.contains(&name))
    }

    fn open_where(dir: &Path, table: Table, is_wanted: impl Fn(&str) -> bool) -> Result<Self, TableError> {
        let open = || -> Result<_, ParquetError> {
            let file = File::open(dir.join(table.file_name()))?;
            let builder = ParquetRecordBatchReaderBuilder::try_new(file)?;
            let fields = builder.schema().fields().iter().enumerate();
            let wanted = fields.filter(|(_, field)| is_wanted(field.name())).map(|(place, _)| place);
            let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
            builder.with_projection(mask).with_batch_size(BATCH).build()
        };
        let batches = open().map_err(|cause| TableError { table: table.name, cause: cause.to_string() })?;
        Ok(Self { table, batches, batch: None, at: 0 })
    }

    /// Advances to the next row, initially to the first, and returns it; `None` after the last row.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or a batch of rows cannot be decoded.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, TableError> {
        self.at += 1;
        while self.batch.as_ref().is_none_or(|batch| self.at >= batch.num_rows()) {
            match self.batches.next() {
                None => {
                    self.batch = None;
                    return Ok(None);
                }
                Some(batch) => {
                    let failed = |cause: ArrowError| TableError { table: self.table.name, cause: cause.to_string() };
                    self.batch = Some(batch.map_err(failed)?);
                    self.at = 0;
                }
            }
        }
        Ok(self.row())
    }

    /// Returns the row that [`Rows::next_row`] returned last.
    #[must_use]
    pub fn row(&self) -> Option<Row<'_>> {
        self.batch.as_ref().map(|batch| Row { batch, at: self.at })
    }
}
