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

/// Rows that are read at a time.
const BATCH: usize = 8192;

/// Why a table could not be read.
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
    /// The text of a column; none where it is null.
    #[must_use]
    pub fn text(&self, column: Column) -> Option<&'a str> {
        self.carried(column.name)
    }

    /// The text of a carried column, by its name in the table.
    #[must_use]
    pub fn carried(&self, name: &str) -> Option<&'a str> {
        let array = self.array(name)?;
        (*array.data_type() == DataType::Utf8).then(|| array.as_string::<i32>().value(self.at))
    }

    /// Returns the number of a column, whatever its width; `None` where it is null. Tables of earlier versions have unsigned
    /// columns.
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

    /// The time of a column; none where it is null.
    #[must_use]
    pub fn time(&self, column: Column) -> Option<DateTime<Utc>> {
        let array = self.array(column.name)?;
        let millis = array.as_primitive_opt::<TimestampMillisecondType>()?.value(self.at);
        DateTime::from_timestamp_millis(millis)
    }

    /// The truth value of a column; none where it is null or there is no such column.
    #[must_use]
    pub fn truth(&self, column: Column) -> Option<bool> {
        let array = self.array(column.name)?;
        array.as_boolean_opt().map(|array| array.value(self.at))
    }

    fn array(&self, name: &str) -> Option<&'a ArrayRef> {
        self.batch.column_by_name(name).filter(|array| array.is_valid(self.at))
    }
}

/// The rows of a table, in order; a batch of them is in memory at a time.
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
    /// What keeps it from being read.
    pub fn open(dir: &Path, table: Table) -> Result<Self, TableError> {
        Self::open_where(dir, table, |_| true)
    }

    /// Opens a table in the folder `dir` of which only the columns with these names are read. A name that the table lacks is
    /// passed over: tables of earlier versions have fewer columns.
    ///
    /// # Errors
    /// Fails if the table cannot be read.
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

    /// Goes on to the next row, the first one to begin with; none behind the last.
    ///
    /// # Errors
    /// What keeps the table from being read on.
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

    /// The row that [`Rows::next_row`] went to last.
    #[must_use]
    pub fn row(&self) -> Option<Row<'_>> {
        self.batch.as_ref().map(|batch| Row { batch, at: self.at })
    }
}
