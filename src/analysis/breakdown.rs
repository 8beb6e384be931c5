//! Counts of a run's coverage rows: in total, by certificate type, by carried column.

use super::AnalysisError;
use crate::audit::{Change, Comparison, Status};
use crate::table::Column;
use crate::table::schema::{coverage, differences, errors};
use polars::prelude::{DataFrame, DataType};
use polars::prelude::{
    Engine, Expr, IntoLazy, LazyFrame, PlRefPath, PolarsResult, ScanArgsParquet, SortMultipleOptions, col, lit,
};
use std::path::Path;

/// Counts over a group of coverage rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of items.
    pub items: u64,
    /// Number of coverage rows: one per certificate, and one per item without a certificate.
    pub rows: u64,
    /// Number of rows by status, in the order of [`Status::ALL`].
    pub by_status: [u64; Status::ALL.len()],
    /// Number of rows by change since the previous run, in the order of [`Change::ALL`].
    pub by_change: [u64; Change::ALL.len()],
    /// Number of rows whose faces differ.
    pub inconsistent: u64,
    /// Number of calls made.
    pub calls: u64,
    /// Number of attempts made for those calls.
    pub attempts: u64,
}

impl Counts {
    /// Returns the sums of these counts.
    #[must_use]
    pub fn sum<'a>(counts: impl IntoIterator<Item = &'a Self>) -> Self {
        counts.into_iter().fold(Self::default(), |sum, counts| Self {
            items: sum.items + counts.items,
            rows: sum.rows + counts.rows,
            by_status: std::array::from_fn(|at| sum.by_status[at] + counts.by_status[at]),
            by_change: std::array::from_fn(|at| sum.by_change[at] + counts.by_change[at]),
            inconsistent: sum.inconsistent + counts.inconsistent,
            calls: sum.calls + counts.calls,
            attempts: sum.attempts + counts.attempts,
        })
    }

    /// Returns the number of rows with this status.
    #[must_use]
    pub const fn of(&self, status: Status) -> u64 {
        let mut at = 0;
        while at < Status::ALL.len() {
            if Status::ALL[at] as usize == status as usize {
                return self.by_status[at];
            }
            at += 1;
        }
        0
    }

    /// Returns the number of rows with this change.
    #[must_use]
    pub fn changed(&self, change: Change) -> u64 {
        Change::ALL.iter().zip(self.by_change).find(|(known, _)| **known == change).map_or(0, |(_, count)| count)
    }

    /// Returns the number of answered rows: neither `error` nor `pending`.
    #[must_use]
    pub const fn answered(&self) -> u64 {
        self.rows - self.of(Status::Error) - self.of(Status::Pending)
    }

    /// Returns the collection rate (归集率): of the rows that the city holds, the share that the province holds too.
    #[must_use]
    pub fn collection_rate(&self) -> Option<f64> {
        share(self.of(Status::Both), self.of(Status::Both) + self.of(Status::CityOnly))
    }

    /// Returns the share of answered rows that the province holds.
    #[must_use]
    pub fn province_coverage(&self) -> Option<f64> {
        share(self.of(Status::Both) + self.of(Status::ProvinceOnly), self.answered())
    }

    /// Returns the share of answered rows that the city holds.
    #[must_use]
    pub fn city_coverage(&self) -> Option<f64> {
        share(self.of(Status::Both) + self.of(Status::CityOnly), self.answered())
    }

    /// Returns the share of all rows that are errors.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        share(self.of(Status::Error), self.rows)
    }

    /// Returns the share of rows with differing faces among those that both sides hold.
    #[must_use]
    pub fn inconsistent_rate(&self) -> Option<f64> {
        share(self.inconsistent, self.of(Status::Both))
    }
}

/// Divides two counts; `None` if the denominator is zero.
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Coverage rows with the same value in one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The value; `None` for rows without one.
    pub key: Option<String>,
    /// Name of the value, if it has one: for a code, the name that people use.
    pub label: Option<String>,
    /// Whether the value equals the holder code of one of the rows, and must be masked like it.
    pub is_holder: bool,
    /// Counts over the rows.
    pub counts: Counts,
}

/// Number of differences with the same field and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferenceGroup {
    /// Name of the field.
    pub field: String,
    /// Kind of the differences.
    pub kind: String,
    /// Number of differences.
    pub count: u64,
}

/// Number of errors with the same kind and code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorGroup {
    /// Kind of the errors.
    pub kind: String,
    /// Code of the errors; `None` if they have none.
    pub code: Option<i32>,
    /// Number of errors.
    pub count: u64,
}

/// Counts over all tables of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Counts over all rows.
    pub totals: Counts,
    /// Counts by certificate type, ordered by falling number of gaps.
    pub by_type: Vec<Group>,
    /// Counts by carried column: its header and its groups, ordered by falling number of gaps.
    pub by_carried: Vec<(String, Vec<Group>)>,
    /// Differences by field and kind, most frequent first.
    pub differences: Vec<DifferenceGroup>,
    /// Errors by kind and code, most frequent first. A call that was repeated counts with its last result.
    pub errors: Vec<ErrorGroup>,
}

/// Analyses the tables in the folder `dir`; `carried` are the headers of the job's carried columns.
///
/// # Errors
/// Fails if a table is missing, cannot be read, or lacks a column.
pub fn analyse(dir: &Path, carried: &[String]) -> Result<Analysis, AnalysisError> {
    let groups = |column: &str, label: Option<Column>| grouped(dir, column, label);
    let by_type = groups(coverage::CERT_TYPE_CODE.name, Some(coverage::CERT_TYPE_NAME))?;
    let by_carried = carried
        .iter()
        .map(|header| Ok((header.clone(), groups(&coverage::COVERAGE.carried_name(header), None)?)))
        .collect::<PolarsResult<_>>()?;
    Ok(Analysis {
        totals: Counts::sum(by_type.iter().map(|group| &group.counts)),
        by_type,
        by_carried,
        differences: differences_by_field(dir)?,
        errors: errors_by_kind(dir)?,
    })
}

fn scan(dir: &Path, table: crate::table::Table) -> PolarsResult<LazyFrame> {
    let path = dir.join(table.file_name());
    // A folder's name may contain `*`, `?` or `[`, so the path must not be read as a pattern.
    let args = ScanArgsParquet { glob: false, ..ScanArgsParquet::default() };
    LazyFrame::scan_parquet(PlRefPath::new(path.to_string_lossy()), args)
}

/// Builds the expression that counts the rows for which `condition` holds.
fn count_of(condition: Expr, name: &str) -> Expr {
    condition.cast(DataType::UInt64).sum().alias(name)
}

fn grouped(dir: &Path, column: &str, label: Option<Column>) -> PolarsResult<Vec<Group>> {
    let is = |column: Column, value: &'static str| col(column.name).eq(lit(value));
    let mut sums = vec![
        count_of(col(coverage::CERTIFICATE_INDEX.name).eq(lit(0i32)), "items"),
        count_of(col(coverage::STATUS.name).is_not_null(), "rows"),
        count_of(col(column).eq(col(coverage::HOLDER_CODE.name)), "holders"),
        count_of(is(coverage::COMPARISON, Comparison::Inconsistent.name()), "inconsistent"),
        col(coverage::CALLS.name).cast(DataType::UInt64).sum().alias("calls_made"),
        col(coverage::ATTEMPTS.name).cast(DataType::UInt64).sum().alias("attempts_made"),
    ];
    sums.extend(Status::ALL.iter().map(|status| count_of(is(coverage::STATUS, status.name()), status.name())));
    sums.extend(Change::ALL.iter().map(|change| count_of(is(coverage::CHANGE, change.name()), change.name())));
    if let Some(label) = label {
        sums.push(col(label.name).first().alias("label"));
    }
    let frame = collect(scan(dir, coverage::COVERAGE)?.group_by([col(column).alias("key")]).agg(sums))?;
    let texts = |name: &str| -> PolarsResult<Vec<Option<String>>> {
        Ok(frame.column(name)?.str()?.iter().map(|text| text.map(str::to_owned)).collect())
    };
    let numbers =
        |name: &str| -> PolarsResult<Vec<u64>> { Ok(frame.column(name)?.u64()?.iter().map(Option::unwrap_or_default).collect()) };
    let keys = texts("key")?;
    let holders = numbers("holders")?;
    let labels = if label.is_some() { texts("label")? } else { vec![None; keys.len()] };
    let (items, rows, inconsistent) = (numbers("items")?, numbers("rows")?, numbers("inconsistent")?);
    let (calls, attempts) = (numbers("calls_made")?, numbers("attempts_made")?);
    let statuses = Status::ALL.iter().map(|status| numbers(status.name())).collect::<PolarsResult<Vec<_>>>()?;
    let changes = Change::ALL.iter().map(|change| numbers(change.name())).collect::<PolarsResult<Vec<_>>>()?;
    let mut groups: Vec<Group> = keys
        .into_iter()
        .zip(labels)
        .enumerate()
        .map(|(at, (key, label))| Group {
            key,
            label,
            is_holder: holders[at] > 0,
            counts: Counts {
                items: items[at],
                rows: rows[at],
                by_status: std::array::from_fn(|status| statuses[status][at]),
                by_change: std::array::from_fn(|change| changes[change][at]),
                inconsistent: inconsistent[at],
                calls: calls[at],
                attempts: attempts[at],
            },
        })
        .collect();
    groups.sort_by(|a, b| {
        let gaps = |group: &Group| (group.counts.of(Status::CityOnly), group.counts.rows);
        gaps(b).cmp(&gaps(a)).then_with(|| a.key.cmp(&b.key))
    });
    Ok(groups)
}

fn differences_by_field(dir: &Path) -> PolarsResult<Vec<DifferenceGroup>> {
    let frame = tallied(scan(dir, differences::DIFFERENCES)?, [differences::FIELD, differences::KIND])?;
    let (fields, kinds) = (frame.column(differences::FIELD.name)?.str()?, frame.column(differences::KIND.name)?.str()?);
    let counts = frame.column("count")?.u64()?;
    let groups = fields.iter().zip(kinds.iter()).zip(counts.iter()).map(|((field, kind), count)| DifferenceGroup {
        field: field.unwrap_or_default().to_owned(),
        kind: kind.unwrap_or_default().to_owned(),
        count: count.unwrap_or_default(),
    });
    Ok(groups.collect())
}

fn errors_by_kind(dir: &Path) -> PolarsResult<Vec<ErrorGroup>> {
    let latest = scan(dir, errors::ERRORS)?.filter(col(errors::HISTORY.name).eq(lit(false)));
    let frame = tallied(latest, [errors::ERROR_KIND, errors::ERROR_CODE])?;
    let (kinds, codes) = (frame.column(errors::ERROR_KIND.name)?.str()?, frame.column(errors::ERROR_CODE.name)?.i32()?);
    let counts = frame.column("count")?.u64()?;
    let groups = kinds.iter().zip(codes.iter()).zip(counts.iter()).map(|((kind, code), count)| ErrorGroup {
        kind: kind.unwrap_or_default().to_owned(),
        code,
        count: count.unwrap_or_default(),
    });
    Ok(groups.collect())
}

/// Counts rows by the values of two columns, most frequent first.
fn tallied(rows: LazyFrame, [first, second]: [Column; 2]) -> PolarsResult<DataFrame> {
    let counted = rows.group_by([col(first.name), col(second.name)]).agg([col(first.name)
        .is_not_null()
        .cast(DataType::UInt64)
        .sum()
        .alias("count")]);
    let frame = collect(counted)?;
    frame
        .lazy()
        .sort(["count", first.name, second.name], SortMultipleOptions::new().with_order_descending_multi([true, false, false]))
        .collect()
}

fn collect(query: LazyFrame) -> PolarsResult<DataFrame> {
    Ok(query.collect_with_engine(Engine::Streaming)?.unwrap_single())
}
