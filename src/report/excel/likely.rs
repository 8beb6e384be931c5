//! 疑似同一证照: another row of the item that may be the same certificate under another number.

use super::ReportError;
use super::gaps::embedded;
use crate::audit::Status;
use crate::job::Mask;
use crate::report::Words;
use crate::table::schema::coverage;
use crate::table::{Row, Rows};
use std::path::Path;

/// Finds the row that a coverage row names as probably the same certificate. The rows of an item are adjacent, but the other row
/// may come before or after, so a second reader loads whole items. It is opened for the first such row, and holds one item in
/// memory.
pub(super) struct LikelySame<'a> {
    tables: &'a Path,
    words: &'a Words,
    mask: Mask,
    /// Positioned at the first row after the loaded item; `None` until it is needed.
    reader: Option<Rows>,
    item: Option<i64>,
    rows: Vec<OtherRow>,
}

/// Values of a row of the loaded item that are displayed.
struct OtherRow {
    certificate_index: Option<i64>,
    number: Option<String>,
    status: Option<Status>,
}

impl<'a> LikelySame<'a> {
    /// Creates a finder for the coverage in the folder `tables`.
    pub(super) const fn new(tables: &'a Path, words: &'a Words, mask: Mask) -> Self {
        Self { tables, words, mask, reader: None, item: None, rows: Vec::new() }
    }

    /// Returns number and status of the row that `row` names as probably the same certificate; `None` if it names none. Item ids
    /// must not decrease from call to call.
    pub(super) fn shown(&mut self, row: Row<'_>) -> Result<Option<String>, ReportError> {
        let Some(index) = row.number(coverage::LIKELY_SAME_AS) else { return Ok(None) };
        let item = row.number(coverage::ITEM_ID);
        if self.item != item {
            self.read_item(item)?;
        }
        let holder = row.text(coverage::HOLDER_CODE).unwrap_or_default();
        let other = self.rows.iter().find(|other| other.certificate_index == Some(index));
        Ok(other.map(|other| {
            let number = other.number.as_deref().map(|number| embedded(number, holder, self.mask));
            let number = number.as_deref().unwrap_or_else(|| self.words.text("explain-no-number"));
            let status = other.status.map_or("", |status| self.words.status(status));
            self.words.fill("likely-same", &[("number", number), ("status", status)])
        }))
    }

    fn read_item(&mut self, item: Option<i64>) -> Result<(), ReportError> {
        let mut reader = if let Some(reader) = self.reader.take() {
            reader
        } else {
            let mut reader = Rows::open(self.tables, coverage::COVERAGE)?;
            reader.next_row()?;
            reader
        };
        self.rows.clear();
        self.item = item;
        while let Some(row) = reader.row()
            && row.number(coverage::ITEM_ID) <= item
        {
            if row.number(coverage::ITEM_ID) == item {
                let status = row.text(coverage::STATUS);
                self.rows.push(OtherRow {
                    certificate_index: row.number(coverage::CERTIFICATE_INDEX),
                    number: row.text(coverage::CERTIFICATE_NUMBER).map(str::to_owned),
                    status: Status::ALL.into_iter().find(|known| status == Some(known.name())),
                });
            }
            reader.next_row()?;
        }
        self.reader = Some(reader);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Language;
    use arrow::array::{Array, ArrayRef, Int32Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
    use parquet::arrow::ArrowWriter;
    use proptest::prelude::*;
    use std::fs::File;
    use std::sync::Arc;

    /// A row of a coverage: item, place in it, number, and the place that it hints at.
    type Coverage = (u64, u32, Option<String>, Option<i32>);

    const HOLDER: &str = "370499195001010017";

    fn column(array: impl Array + 'static) -> ArrayRef {
        Arc::new(array)
    }

    fn write(dir: &Path, rows: &[Coverage]) {
        let statuses = rows.iter().map(|(_, index, _, _)| if index % 2 == 0 { "city_only" } else { "province_only" });
        let batch = RecordBatch::try_from_iter([
            ("item_id", column(UInt64Array::from_iter_values(rows.iter().map(|row| row.0)))),
            ("certificate_index", column(UInt32Array::from_iter_values(rows.iter().map(|row| row.1)))),
            ("holder_code", column(StringArray::from_iter_values(rows.iter().map(|_| HOLDER)))),
            ("status", column(StringArray::from_iter_values(statuses))),
            ("certificate_number", column(rows.iter().map(|row| row.2.as_deref()).collect::<StringArray>())),
            ("likely_same_as", column(rows.iter().map(|row| row.3).collect::<Int32Array>())),
        ])
        .unwrap();
        let file = File::create(dir.join(coverage::COVERAGE.file_name())).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// Returns the texts shown for the rows with one status.
    fn shown(dir: &Path, status: &str, mask: Mask) -> Vec<Option<String>> {
        let words = Words::new(Language::ZhCn);
        let mut likely_same = LikelySame::new(dir, &words, mask);
        let mut rows = Rows::open(dir, coverage::COVERAGE).unwrap();
        let mut shown = Vec::new();
        while let Some(row) = rows.next_row().unwrap() {
            if row.text(coverage::STATUS) == Some(status) {
                shown.push(likely_same.shown(row).unwrap());
            }
        }
        shown
    }

    #[test]
    fn hints_are_shown_whichever_way_they_point() {
        let dir = tempfile::tempdir().unwrap();
        let row = |item, index, number: Option<&str>, hint| (item, index, number.map(str::to_owned), hint);
        let own = format!("B{HOLDER}");
        write(
            dir.path(),
            &[
                row(0, 0, Some("A1"), None),
                row(3, 0, Some("ZJ2019-08"), Some(1)),
                row(3, 1, Some("ZJ2019-80"), Some(0)),
                row(3, 2, Some("N9"), None),
                row(4, 0, Some(&own), Some(1)),
                row(4, 1, None, Some(0)),
                row(7, 0, Some("A2"), Some(9)),
            ],
        );
        let city = shown(dir.path(), "city_only", Mask::None);
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(city, [None, told("ZJ2019-80（省有市无）"), None, told("（无编号）（省有市无）"), None]);
        let province = shown(dir.path(), "province_only", Mask::Partial);
        assert_eq!(province[0], told("ZJ2019-08（市有省无）"));
        assert!(!province[1].as_deref().unwrap().contains(HOLDER), "a number that is the holder's code is masked");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_hint_finds_its_row(items in prop::collection::vec(prop::collection::vec(prop::option::of(0..5i32), 1..5), 1..40)) {
            let dir = tempfile::tempdir().unwrap();
            let rows: Vec<Coverage> = (0..)
                .zip(&items)
                .flat_map(|(item, hints)| {
                    let row = move |(index, hint): (u32, &Option<i32>)| (item, index, Some(format!("{item}-{index}")), *hint);
                    (0..).zip(hints).map(row).collect::<Vec<_>>()
                })
                .collect();
            write(dir.path(), &rows);
            for (status, parity) in [("city_only", 0), ("province_only", 1)] {
                let expected: Vec<Option<String>> = rows
                    .iter()
                    .filter(|(_, index, _, _)| index % 2 == parity)
                    .map(|(item, _, _, hint)| {
                        let other = u32::try_from((*hint)?).ok()?;
                        let (_, index, number, _) = rows.iter().find(|row| (row.0, row.1) == (*item, other))?;
                        let status = if index % 2 == 0 { "市有省无" } else { "省有市无" };
                        Some(format!("{}（{status}）", number.as_deref()?))
                    })
                    .collect();
                prop_assert_eq!(shown(dir.path(), status, Mask::None), expected);
            }
        }
    }
}
