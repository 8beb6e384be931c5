//! Temporary files in which rows are regrouped from the order of items to that of departments.
//!
//! Rows are distributed over a fixed number of files by department, and read back department by department. Memory and open files
//! do not grow with the number of rows or departments. Every row is written and read once, unless the departments of one file
//! exceed the memory limit.

use crate::journal::CertificateMark;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Number of files.
const FILES: usize = 32;
/// Limit on rows in memory, in bytes.
const IN_MEMORY: u64 = 32 << 20;

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedRow<'a> {
    /// The list, by its position in [`crate::table::Matter::ALL`].
    pub list: u8,
    /// Id of the item.
    pub item_id: u64,
    /// The certificate among those of the item.
    pub certificate: CertificateMark,
    /// Texts of its cells: the locked ones, then those that the department fills in. An empty text is an empty cell.
    pub cells: Vec<&'a str>,
}

/// Rows in temporary files.
#[derive(Debug)]
pub(super) struct Spill {
    files: Vec<BufWriter<File>>,
    /// Size of the rows by department, in bytes.
    bytes: Vec<u64>,
    record: Vec<u8>,
}

impl Spill {
    /// Creates an empty spill. Rows go to unnamed files in the folder `dir`.
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        let files = (0..FILES).map(|_| tempfile::tempfile_in(dir).map(BufWriter::new)).collect::<io::Result<_>>()?;
        Ok(Self { files, bytes: Vec::new(), record: Vec::new() })
    }

    /// Adds a row of a department. Departments are numbered from 0 in the order of first appearance.
    pub(super) fn push(&mut self, department: usize, row: &ListedRow<'_>) -> io::Result<()> {
        self.record.clear();
        self.record.push(row.list);
        self.record.extend(row.item_id.to_le_bytes());
        self.record.extend(row.certificate);
        for cell in &row.cells {
            self.record.extend(length(cell.len())?.to_le_bytes());
            self.record.extend(cell.as_bytes());
        }
        if self.bytes.len() <= department {
            self.bytes.resize(department + 1, 0);
        }
        let size = length(self.record.len())?;
        if let Some(bytes) = self.bytes.get_mut(department) {
            *bytes += u64::from(size) + 8;
        }
        let Some(file) = self.files.get_mut(department % FILES) else { return Ok(()) };
        file.write_all(&length(department)?.to_le_bytes())?;
        file.write_all(&size.to_le_bytes())?;
        file.write_all(&self.record)
    }

    /// Calls `take` for every department with a reader of its rows, in the order in which they were added.
    pub(super) fn each_department<E: From<io::Error>>(
        self,
        mut take: impl FnMut(usize, &mut Rows<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (number, file) in self.files.into_iter().enumerate() {
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            for group in groups(&self.bytes, number) {
                file.seek(SeekFrom::Start(0))?;
                let mut records = Records { file: BufReader::with_capacity(1 << 16, &mut file), record: Vec::new() };
                // A department that is alone in its group is streamed, so its size does not matter.
                if let [department] = group[..] {
                    take(department, &mut Rows::Streamed { records, department })?;
                    continue;
                }
                let mut held: Vec<Vec<u8>> = vec![Vec::new(); group.len()];
                while let Some(department) = records.advance()? {
                    let place = group.iter().position(|known| *known == department);
                    if let Some(held) = place.and_then(|place| held.get_mut(place)) {
                        held.extend(length(records.record.len())?.to_le_bytes());
                        held.extend(&records.record);
                    }
                }
                for (department, held) in group.iter().zip(held) {
                    take(*department, &mut Rows::Held { left: &held })?;
                }
            }
        }
        Ok(())
    }
}

/// Divides the departments of a file into groups that fit the memory limit, in order. One that exceeds it is alone in its group.
fn groups(bytes: &[u64], file: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut size = 0;
    for (department, bytes) in bytes.iter().enumerate().skip(file).step_by(FILES).filter(|(_, bytes)| **bytes > 0) {
        size += bytes;
        match groups.last_mut() {
            Some(group) if size <= IN_MEMORY => group.push(department),
            _ => {
                groups.push(vec![department]);
                size = *bytes;
            }
        }
    }
    groups
}

fn length(length: usize) -> io::Result<u32> {
    u32::try_from(length).map_err(|_| io::Error::other("a row is too long"))
}

/// Reader of a file's records.
pub(super) struct Records<'a> {
    file: BufReader<&'a mut File>,
    record: Vec<u8>,
}

impl Records<'_> {
    /// Advances to the next record and returns its department; `None` after the last one.
    fn advance(&mut self) -> io::Result<Option<usize>> {
        let mut head = [0; 8];
        // A file ends after a complete record.
        match self.file.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let [a, b, c, d, size @ ..] = head;
        self.record.resize(u32::from_le_bytes(size) as usize, 0);
        self.file.read_exact(&mut self.record)?;
        Ok(Some(u32::from_le_bytes([a, b, c, d]) as usize))
    }
}

/// Reader of the rows of a department.
pub(super) enum Rows<'a> {
    Streamed { records: Records<'a>, department: usize },
    Held { left: &'a [u8] },
}

impl Rows<'_> {
    /// Calls `take` for every row.
    pub(super) fn each<E: From<io::Error>>(&mut self, mut take: impl FnMut(ListedRow<'_>) -> Result<(), E>) -> Result<(), E> {
        match self {
            Self::Streamed { records, department } => {
                while let Some(of) = records.advance()? {
                    if of == *department {
                        take(read(&records.record)?)?;
                    }
                }
            }
            Self::Held { left } => {
                while !left.is_empty() {
                    take(read(field(left).ok_or_else(damaged)?)?)?;
                }
            }
        }
        Ok(())
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "rows that were put by cannot be read back")
}

fn read(record: &[u8]) -> io::Result<ListedRow<'_>> {
    let mut left = record;
    let (Some([list]), Some(item_id), Some(certificate)) = (take(&mut left), take(&mut left), take(&mut left)) else {
        return Err(damaged());
    };
    let mut row = ListedRow { list, item_id: u64::from_le_bytes(item_id), certificate, cells: Vec::new() };
    while !left.is_empty() {
        let text = field(&mut left).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or_else(damaged)?;
        row.cells.push(text);
    }
    Ok(row)
}

/// Removes and returns the next field, which is stored as its length and its bytes.
fn field<'a>(left: &mut &'a [u8]) -> Option<&'a [u8]> {
    let size = u32::from_le_bytes(take(left)?) as usize;
    let (bytes, rest) = left.split_at_checked(size)?;
    *left = rest;
    Some(bytes)
}

fn take<const N: usize>(left: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = left.split_first_chunk::<N>()?;
    *left = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the content of each department: its number, and item and cells of each row.
    fn read_back(rows: &[(usize, String)]) -> Vec<(usize, Vec<(u64, String)>)> {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::create(dir.path()).unwrap();
        for (item_id, (department, text)) in (0..).zip(rows) {
            let cells = vec!["", text.as_str()];
            spill.push(*department, &ListedRow { list: 1, item_id, certificate: [3; 8], cells }).unwrap();
        }
        let mut found = Vec::new();
        spill
            .each_department::<io::Error>(|department, rows| {
                let mut of_department = Vec::new();
                rows.each(|row| {
                    assert_eq!((row.list, row.certificate, row.cells[0]), (1, [3; 8], ""));
                    of_department.push((row.item_id, row.cells[1].to_owned()));
                    Ok::<_, io::Error>(())
                })?;
                found.push((department, of_department));
                Ok(())
            })
            .unwrap();
        found.sort();
        found
    }

    #[test]
    fn departments_that_memory_cannot_hold_are_by_themselves() {
        let half = IN_MEMORY / 2;
        let mut bytes = vec![0; 4 * FILES + 1];
        for (place, size) in [(0, half), (1, half), (2, half), (3, IN_MEMORY + 1), (4, 1)] {
            bytes[place * FILES] = size;
        }
        let of = |places: &[usize]| places.iter().map(|place| place * FILES).collect::<Vec<_>>();
        assert_eq!(groups(&bytes, 0), [of(&[0, 1]), of(&[2]), of(&[3]), of(&[4])]);
        assert!(groups(&bytes, 1).is_empty(), "a file without rows");
    }

    #[test]
    fn a_large_department_is_streamed_and_its_neighbours_come_back_too() {
        let large = "长".repeat(1 << 20);
        let mut rows: Vec<(usize, String)> = (0..12).map(|_| (0, large.clone())).collect();
        rows.extend([(FILES, "a".to_owned()), (0, "b".to_owned()), (2 * FILES, "c".to_owned())]);
        let found = read_back(&rows);
        assert_eq!(
            found.iter().map(|(department, rows)| (*department, rows.len())).collect::<Vec<_>>(),
            [(0, 13), (FILES, 1), (2 * FILES, 1)]
        );
        assert_eq!(found[1].1, [(12, "a".to_owned())]);
        assert_eq!(found[0].1[12], (13, "b".to_owned()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_row_comes_back_to_its_department_in_order(rows in prop::collection::vec((0usize..100, ".{0,20}"), 0..200)) {
            let found = read_back(&rows);
            let mut expected = std::collections::BTreeMap::<usize, Vec<(u64, String)>>::new();
            for (item, (department, text)) in (0..).zip(rows) {
                expected.entry(department).or_default().push((item, text));
            }
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
