//! Limits on the central directory of a zip file, checked before any reader loads it into memory.
//!
//! Zip readers differ in the records they trust, and the number of entries is stored in several of them, including those of
//! zip64. None of these values is trusted here. Instead, the signatures of directory entries in the file are counted, because no
//! reader can find more entries than there are signatures.

use memchr::memmem;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Largest number of entries. The OFD of a certificate has a few dozen.
const MOST_PARTS: usize = 20_000;
/// Largest size of the central directory, in bytes. That of an OFD takes a few kilobytes.
const LARGEST_TABLE: u64 = 4 << 20;
/// Number of bytes scanned at a time.
const WINDOW: usize = 1 << 20;

/// Signature of an entry of the central directory (APPNOTE.TXT, 4.3.12).
const ENTRY: [u8; 4] = *b"PK\x01\x02";
/// Size of an entry without its name, extra field and comment, in bytes.
const ENTRY_BYTES: usize = 46;
/// Offsets of the lengths of an entry's name, extra field and comment.
const LENGTHS: [usize; 3] = [28, 30, 32];

/// Signature of the zip64 end of central directory record (APPNOTE.TXT, 4.3.14).
const END: [u8; 4] = *b"PK\x06\x06";
/// Offset of the record's size, which counts the bytes after this field.
const END_SIZE: usize = 4;
/// Offset of the total number of entries.
const END_PARTS: usize = 32;
/// Signature of the zip64 end of central directory locator, which follows the record (APPNOTE.TXT, 4.3.15).
const LOCATOR: &[u8] = b"PK\x06\x07";
/// Largest number of signatures of end records. A file has one, and rarely another one by chance.
const MOST_ENDS: usize = 64;
/// Bytes from the beginning of an end record to the end of its number of entries; less than the size of an entry.
const END_BYTES: usize = END_PARTS + 8;

/// Returns whether a zip's central directory has more entries, or is larger, than that of any OFD, in whichever records a reader
/// trusts.
///
/// # Errors
/// Fails if the file cannot be read.
pub(super) fn exceeds_limits(file: &mut File) -> io::Result<bool> {
    let length = file.seek(SeekFrom::End(0))?;
    let (mut parts, mut table, mut ends) = (0, 0, 0);
    let mut from = 0;
    while from < length {
        // An entry that begins in the window can extend beyond it.
        let bytes = part(file, from, (WINDOW + ENTRY_BYTES) as u64)?;
        let begins =
            |signature: &[u8; 4]| -> Vec<usize> { memmem::find_iter(&bytes, signature).take_while(|at| *at < WINDOW).collect() };
        for at in begins(&ENTRY) {
            parts += 1;
            table += entry_bytes(bytes.get(at..).unwrap_or_default());
        }
        for at in begins(&END) {
            ends += 1;
            if ends > MOST_ENDS || declares_too_many(file, length, from + at as u64, bytes.get(at..).unwrap_or_default())? {
                return Ok(true);
            }
        }
        if parts > MOST_PARTS || table > LARGEST_TABLE {
            return Ok(true);
        }
        from += WINDOW as u64;
    }
    Ok(false)
}

/// Reads up to `most` bytes of a file, starting at the offset `from`.
///
/// # Errors
/// Fails if the file cannot be read.
pub(super) fn part(file: &mut File, from: u64, most: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the size in bytes of the entry at the beginning of the slice.
fn entry_bytes(entry: &[u8]) -> u64 {
    let length = |at: usize| {
        let bytes = entry.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, |bytes| u64::from(u16::from_le_bytes(bytes)))
    };
    ENTRY_BYTES as u64 + LENGTHS.into_iter().map(length).sum::<u64>()
}

/// Returns whether an end record at `position` in a file of `length` bytes declares too many entries, for which readers would
/// allocate memory. A signature that occurs by chance is recognised because no locator follows it.
fn declares_too_many(file: &mut File, length: u64, position: u64, record: &[u8]) -> io::Result<bool> {
    let number = |at: usize| record.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let (Some(size), Some(parts)) = (number(END_SIZE), number(END_PARTS)) else { return Ok(false) };
    let end = (position + END_SIZE as u64 + 8).saturating_add(size);
    Ok(parts > MOST_PARTS as u64 && end < length && part(file, end, LOCATOR.len() as u64)? == LOCATOR)
}

/// The window must overlap the next one by the longer of the two records.
const _: () = assert!(END_BYTES <= ENTRY_BYTES);

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    /// Returns the number of entries, and size and offset of the directory, from the end record of a zip without a comment.
    fn end_of(zip: &[u8]) -> (u64, u64, u64) {
        let end = &zip[zip.len() - 22..];
        assert!(end.starts_with(b"PK\x05\x06"));
        let number = |at: usize| u64::from(u32::from_le_bytes(end[at..at + 4].try_into().unwrap()));
        (u64::from(u16::from_le_bytes([end[10], end[11]])), number(12), number(16))
    }

    /// Builds an end record.
    fn end(parts: u16, table: u32, table_at: u32) -> Vec<u8> {
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        end.extend(parts.to_le_bytes());
        end.extend(parts.to_le_bytes());
        end.extend(table.to_le_bytes());
        end.extend(table_at.to_le_bytes());
        end.extend([0, 0]);
        end
    }

    /// Replaces the numbers in a zip's end record by zip64 records.
    fn with_zip64_records(mut zip: Vec<u8>, (parts, table, table_at): (u64, u64, u64)) -> Vec<u8> {
        let record_at = zip.len() as u64;
        zip.extend(b"PK\x06\x06");
        zip.extend(44u64.to_le_bytes());
        zip.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for number in [parts, parts, table, table_at] {
            zip.extend(number.to_le_bytes());
        }
        zip.extend(b"PK\x06\x07\0\0\0\0");
        zip.extend(record_at.to_le_bytes());
        zip.extend(1u32.to_le_bytes());
        zip.extend(end(u16::MAX, u32::MAX, u32::MAX));
        zip
    }

    /// Converts a zip to zip64 form. The number of entries of a bomb does not fit the end record, so it is counted.
    pub(in crate::archive) fn in_zip64_form(zip: &[u8]) -> Vec<u8> {
        let (parts, table, table_at) = end_of(zip);
        let parts = if parts == u64::from(u16::MAX) { table / 47 } else { parts };
        with_zip64_records(zip[..zip.len() - 22].to_vec(), (parts, table, table_at))
    }

    /// Builds a zip of `parts` entries that all refer to the same few bytes of the file.
    pub(in crate::archive) fn bomb(parts: u32) -> Vec<u8> {
        // A stored entry of one byte, whose checksum is in the local header.
        let mut zip = b"PK\x03\x04\x0a\0\0\0\0\0\0\0\x21\0".to_vec();
        zip.extend(0xE8B7_BE43_u32.to_le_bytes());
        zip.extend([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
        zip.extend(b"aa");
        let table_at = zip.len();
        for _ in 0..parts {
            zip.extend(b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\x21\0");
            zip.extend(0xE8B7_BE43_u32.to_le_bytes());
            zip.extend([1, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
            zip.extend([0; 16]);
            zip.extend(b"a");
        }
        let table = u32::try_from(zip.len() - table_at).unwrap();
        zip.extend(end(u16::try_from(parts).unwrap_or(u16::MAX), table, u32::try_from(table_at).unwrap()));
        zip
    }

    fn exceeds(bytes: &[u8]) -> bool {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        exceeds_limits(&mut file).unwrap()
    }

    #[test]
    fn more_parts_than_an_ofd_has_are_told_whatever_the_records_say() {
        assert!(!exceeds(&bomb(100)) && !exceeds(&in_zip64_form(&bomb(100))));
        let many = bomb(20_001);
        assert!(exceeds(&many) && exceeds(&in_zip64_form(&many)));
        let (_, table, table_at) = end_of(&many);
        let records = many[..many.len() - 22].to_vec();
        assert!(exceeds(&with_zip64_records(records, (1, table, table_at))), "a small number is not believed");
        assert!(exceeds(&with_zip64_records(bomb(1), (700_000, 47, 32))), "a large one is");
    }

    #[test]
    fn names_that_fill_the_table_are_told() {
        let mut entry = bomb(1)[32..32 + ENTRY_BYTES].to_vec();
        entry[28..30].copy_from_slice(&u16::MAX.to_le_bytes());
        entry.extend(vec![b'a'; usize::from(u16::MAX)]);
        assert!(!exceeds(&entry.repeat(10)) && exceeds(&entry.repeat(70)));
    }

    #[test]
    fn what_lies_across_two_windows_is_seen_once() {
        let entries = bomb(20_001);
        for before in (WINDOW - 60..WINDOW + 10).step_by(7) {
            let bytes = [vec![b'.'; before], entries.clone()].concat();
            assert!(exceeds(&bytes), "{before}");
            assert!(!exceeds(&bytes[..bytes.len() - 47 - 22]), "{before}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..300) {
            let at = at.min(bytes.len());
            let bytes = [&bytes[..at], &END[..], &bytes[at..], &ENTRY[..]].concat();
            exceeds(&bytes);
        }
    }
}
