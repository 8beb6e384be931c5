//! Writing of a table, row by row, into a Parquet file that appears under its name when it is complete.

use super::schema::{Kind, Table};
use crate::durable::WholeFile;
use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Int32Builder, Int64Builder, ListBuilder, MapBuilder, MapFieldNames, RecordBatch,
    StringBuilder, TimestampMillisecondBuilder,
};
use arrow::datatypes::{Date32Type, Schema};
use chrono::{DateTime, NaiveDate, Utc};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use std::path::Path;
use std::sync::Arc;

/// Number of rows buffered before they are encoded.
const BATCH: usize = 8192;
/// Number of rows per Parquet row group, which is the number held in memory in encoded form.
const ROW_GROUP: usize = 65_536;

/// Value of one cell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Null,
    Text(&'a str),
    I64(i64),
    I32(i32),
    Bool(bool),
    Date(NaiveDate),
    Time(DateTime<Utc>),
    Texts(&'a [String]),
    Map(&'a [(String, String)]),
}

macro_rules! from {
    ($($type:ty => $variant:ident),+) => { $(impl<'a> From<$type> for Value<'a> {
        fn from(value: $type) -> Self { Self::$variant(value) }
    })+ };
}
from!(&'a str => Text, &'a String => Text, i32 => I32, bool => Bool, NaiveDate => Date, DateTime<Utc> => Time);

/// Counts and ids are far below `i64::MAX`; a larger number is stored as `i64::MAX`.
impl From<u64> for Value<'_> {
    fn from(value: u64) -> Self {
        Self::I64(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::I32(i32::try_from(value).unwrap_or(i32::MAX))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Arrow builder of one column.
enum ColumnBuilder {
    Text(StringBuilder),
    I64(Int64Builder),
    I32(Int32Builder),
    Bool(BooleanBuilder),
    Date(Date32Builder),
    Time(TimestampMillisecondBuilder),
    Texts(ListBuilder<StringBuilder>),
    Map(MapBuilder<StringBuilder, StringBuilder>),
}

impl ColumnBuilder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::I64 => Self::I64(Int64Builder::new()),
            Kind::I32 => Self::I32(Int32Builder::new()),
            Kind::Bool => Self::Bool(BooleanBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Time => Self::Time(TimestampMillisecondBuilder::new().with_timezone("UTC")),
            Kind::Texts => Self::Texts(ListBuilder::new(StringBuilder::new())),
            Kind::Map => {
                let names = MapFieldNames { entry: "entries".to_owned(), key: "keys".to_owned(), value: "values".to_owned() };
                Self::Map(MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new()))
            }
        }
    }

    /// Appends a value; null if the value is not of the column's kind.
    fn push(&mut self, value: Value<'_>) {
        match (self, value) {
            (Self::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::I64(builder), Value::I64(number)) => builder.append_value(number),
            (Self::I64(builder), _) => builder.append_null(),
            (Self::I32(builder), Value::I32(number)) => builder.append_value(number),
            (Self::I32(builder), _) => builder.append_null(),
            (Self::Bool(builder), Value::Bool(yes)) => builder.append_value(yes),
            (Self::Bool(builder), _) => builder.append_null(),
            (Self::Date(builder), Value::Date(date)) => builder.append_value(Date32Type::from_naive_date(date)),
            (Self::Date(builder), _) => builder.append_null(),
            (Self::Time(builder), Value::Time(time)) => builder.append_value(time.timestamp_millis()),
            (Self::Time(builder), _) => builder.append_null(),
            (Self::Texts(builder), value) => {
                if let Value::Texts(texts) = value {
                    for text in texts {
                        builder.values().append_value(text);
                    }
                }
                builder.append(true);
            }
            (Self::Map(builder), value) => {
                if let Value::Map(entries) = value {
                    for (key, value) in entries {
                        builder.keys().append_value(key);
                        builder.values().append_value(value);
                    }
                }
                // Cannot fail, because keys and values are appended in pairs.
                let _ = builder.append(true);
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::I64(builder) => Arc::new(builder.finish()),
            Self::I32(builder) => Arc::new(builder.finish()),
            Self::Bool(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Texts(builder) => Arc::new(builder.finish()),
            Self::Map(builder) => Arc::new(builder.finish()),
        }
    }
}

/// Writer of one table.
pub(super) struct TableWriter {
    schema: Arc<Schema>,
    columns: Vec<ColumnBuilder>,
    rows: usize,
    writer: ArrowWriter<WholeFile>,
}

impl TableWriter {
    /// Begins a table in the folder `dir`. The file appears there with [`finish`](Self::finish).
    pub(super) fn create(dir: &Path, table: Table, carried: &[String]) -> Result<Self, ParquetError> {
        let schema = Arc::new(table.schema(carried));
        let kinds = table.columns.iter().map(|column| column.kind).chain(carried.iter().map(|_| Kind::Text));
        let file = WholeFile::create(&dir.join(table.file_name()))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))?;
        Ok(Self { schema, columns: kinds.map(ColumnBuilder::new).collect(), rows: 0, writer })
    }

    /// Appends a row, with one value per column in order.
    pub(super) fn push<'a>(&mut self, row: impl IntoIterator<Item = Value<'a>>) -> Result<(), ParquetError> {
        let mut values = row.into_iter();
        for column in &mut self.columns {
            column.push(values.next().unwrap_or(Value::Null));
        }
        self.rows += 1;
        if self.rows == BATCH { self.write_batch() } else { Ok(()) }
    }

    fn write_batch(&mut self) -> Result<(), ParquetError> {
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        self.rows = 0;
        self.writer.write(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    /// Completes the file and moves it to its name.
    pub(super) fn finish(mut self) -> Result<(), ParquetError> {
        if self.rows > 0 {
            self.write_batch()?;
        }
        self.writer.into_inner()?.finish()?;
        Ok(())
    }
}
