//! Comparison of two runs: the changes of every gap, counted in total and by certificate type.

use crate::audit::{Change, EarlierRow, Status, age};
use crate::journal::{Journal, JournalError};
use crate::table::schema::coverage;
use crate::table::{EarlierError, EarlierRows, Row, Rows, TableError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Error on comparing two runs.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A table of the older run cannot be read.
    #[error("the older run: {0}")]
    Earlier(#[from] EarlierError),
    /// A table of the newer run cannot be read.
    #[error("the newer run: {0}")]
    Table(#[from] TableError),
    /// The scratch journal cannot be written or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The callback failed.
    #[error("{0}")]
    Taken(String),
}

/// Number of gaps by change, in total or of one certificate type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GapChanges {
    /// Name of the certificate type, if known.
    pub cert_type_name: Option<String>,
    /// Gaps that the older run did not have.
    pub new: u64,
    /// Gaps that both runs have.
    pub persisting: u64,
    /// Gaps that had been closed and are open once more.
    pub regressed: u64,
    /// Gaps of the older run that are closed.
    pub resolved: u64,
}

impl GapChanges {
    fn count(&mut self, change: Change) {
        match change {
            Change::New => self.new += 1,
            Change::Persisting => self.persisting += 1,
            Change::Regressed => self.regressed += 1,
            Change::Resolved => self.resolved += 1,
            Change::Unchanged => {}
        }
    }
}

/// Which items a run asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of them: what it has no row of was not in the inputs.
    All,
    /// A sample: of what it has no row of, nothing is known.
    Sample,
}

/// Compares the tables of two runs: gaps in all, and by certificate type. Of items that a sampled older run did not ask about,
/// nothing is told. `scratch` is a folder for what is put by while
/// comparing, on the disk and for its owner alone; `take` gets every row of the newer run whose gap changed or stayed.
///
/// # Errors
/// Fails if the tables of either run cannot be read, temporary data cannot be written, or `take` fails.
pub fn compare(
    (old, extent): (&Path, Extent),
    (new, run_id): (&Path, &str),
    scratch: &Path,
    mut take: impl FnMut(Row<'_>, Change) -> Result<(), String>,
) -> Result<(GapChanges, BTreeMap<String, GapChanges>), CompareError> {
    let journal = Journal::create(&scratch.join("comparison.sqlite"))?;
    journal.take_earlier::<EarlierError>("", EarlierRows::open(old)?)?;
    let mut ahead = Rows::open(new, coverage::COVERAGE)?;
    let mut rows = Rows::open(new, coverage::COVERAGE)?;
    let (mut all, mut by_type) = (GapChanges::default(), BTreeMap::<String, GapChanges>::new());
    // The changes of an item's rows depend on each other, so one reader looks ahead to the end of the item and the other follows.
    let mut pending = ahead.next_row()?.map(AheadRow::of);
    while let Some(first) = pending.take() {
        let item = first.item;
        let mut of_item = vec![first];
        while let Some(row) = ahead.next_row()?.map(AheadRow::of) {
            if row.item != item {
                pending = Some(row);
                break;
            }
            of_item.push(row);
        }
        let earlier: Vec<EarlierRow> = journal.earlier(&of_item[0].holder_code, &of_item[0].cert_type_code)?;
        if extent == Extent::Sample && earlier.is_empty() {
            for _ in &of_item {
                rows.next_row()?;
            }
            continue;
        }
        let keys: Vec<(Option<&str>, Status)> = of_item.iter().map(|row| (row.number.as_deref(), row.status)).collect();
        for age in age(&keys, Some(&earlier), run_id) {
            let Some(row) = rows.next_row()? else { break };
            let Some(change) = age.change.filter(|change| *change != Change::Unchanged) else { continue };
            all.count(change);
            let of_type = by_type.entry(of_item[0].cert_type_code.clone()).or_default();
            of_type.count(change);
            of_type.cert_type_name = row.text(coverage::CERT_TYPE_NAME).map(str::to_owned);
            take(row, change).map_err(CompareError::Taken)?;
        }
    }
    Ok((all, by_type))
}

/// Columns of a row that are needed before its item has been read to the end.
struct AheadRow {
    item: Option<i64>,
    holder_code: String,
    cert_type_code: String,
    number: Option<String>,
    status: Status,
}

impl AheadRow {
    fn of(row: Row<'_>) -> Self {
        let text = |column| row.text(column).unwrap_or_default();
        let status = Status::ALL.into_iter().find(|status| status.name() == text(coverage::STATUS));
        Self {
            item: row.number(coverage::ITEM_ID),
            holder_code: text(coverage::HOLDER_CODE).to_owned(),
            cert_type_code: text(coverage::CERT_TYPE_CODE).to_owned(),
            number: row.text(coverage::CERTIFICATE_NUMBER).map(str::to_owned),
            status: status.unwrap_or(Status::Error),
        }
    }
}
