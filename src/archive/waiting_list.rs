//! List of files that are processed last, kept on the disk so that its size does not affect memory.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

/// A list of files in the order of insertion, each identified by its item and a hash of its certificate.
#[derive(Debug)]
pub(super) struct WaitingList(BufWriter<File>);

impl WaitingList {
    /// Creates an empty list in an unnamed file in a folder.
    ///
    /// # Errors
    /// Fails if no file can be created in the folder.
    pub(super) fn in_folder(folder: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::new(tempfile::tempfile_in(folder)?)))
    }

    /// Appends a file.
    ///
    /// # Errors
    /// Fails if the list cannot be written.
    pub(super) fn add(&mut self, item_id: u64, key: u64) -> io::Result<()> {
        self.0.write_all(&item_id.to_le_bytes())?;
        self.0.write_all(&key.to_le_bytes())
    }

    /// Reads the list from the beginning.
    ///
    /// # Errors
    /// Fails if buffered entries cannot be written, or the list cannot be read.
    pub(super) fn read(self) -> io::Result<impl Iterator<Item = io::Result<(u64, u64)>>> {
        let mut file = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        let mut left = file.metadata()?.len() / 16;
        let mut file = BufReader::new(file);
        let mut number = move || -> io::Result<u64> {
            let mut bytes = [0; 8];
            file.read_exact(&mut bytes)?;
            Ok(u64::from_le_bytes(bytes))
        };
        Ok(std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            Some(number().and_then(|item_id| Ok((item_id, number()?))))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut list = WaitingList::in_folder(folder.path()).unwrap();
        let entries: Vec<(u64, u64)> = (0..5_000).map(|number| (number, u64::MAX - number)).collect();
        for (item_id, key) in &entries {
            list.add(*item_id, *key).unwrap();
        }
        let read: Vec<(u64, u64)> = list.read().unwrap().map(Result::unwrap).collect();
        assert_eq!(read, entries);
        let empty = WaitingList::in_folder(folder.path()).unwrap();
        assert_eq!(empty.read().unwrap().count(), 0);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
    }
}
