//! The folder of the archive: paths of files, storing, and verification.

use super::content::FileFormat;
use crate::durable::{WholeFile, create_private_dir};
use crate::journal::{Journal, JournalError};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Longest file name without its extension, in bytes.
const LONGEST_NAME: usize = 120;

/// The archive of a run.
#[derive(Debug, Clone)]
pub struct Store {
    /// Folder of the run; paths in tables are relative to it.
    run: PathBuf,
}

/// Result of verifying an archive.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct VerifyReport {
    /// Number of files with unchanged content.
    pub good: u64,
    /// Files that are missing.
    pub missing: Vec<String>,
    /// Files whose content has changed.
    pub changed: Vec<String>,
    /// Files that are not listed in the journal.
    pub foreign: Vec<String>,
}

impl Store {
    /// Returns the archive in a run's folder.
    #[must_use]
    pub fn of_run(run: &Path) -> Self {
        Self { run: run.to_owned() }
    }

    fn root(&self) -> PathBuf {
        self.run.join("archive")
    }

    /// Returns the full path for a path from the journal.
    #[must_use]
    pub fn place(&self, path: &str) -> PathBuf {
        self.run.join(path)
    }

    /// Begins a file whose name is not known yet.
    ///
    /// # Errors
    /// Fails if the archive's folder or the file cannot be created.
    pub fn begin(&self) -> io::Result<WholeFile> {
        create_private_dir(&self.root())?;
        WholeFile::create(&self.root().join("incoming"))
    }

    /// Removes the partly written files of killed processes. No other process may be fetching.
    ///
    /// # Errors
    /// Fails if the archive's folder cannot be listed or a file in it cannot be removed.
    pub fn tidy(&self) -> io::Result<()> {
        let entries = match fs::read_dir(self.root()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file() && WholeFile::is_unfinished(&entry.file_name()) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Moves a file to its folder by certificate type and content, and returns its path relative to the run's folder.
    ///
    /// # Errors
    /// Fails if the folder cannot be created or the file cannot be written; no partial file is left then.
    pub fn keep(
        &self,
        file: WholeFile,
        (cert_type_code, name): (&str, &str),
        sha256: &str,
        format: FileFormat,
    ) -> io::Result<String> {
        let folder = format!("archive/{}/{}", safe_name(cert_type_code), &sha256[..2]);
        create_private_dir(&self.run.join(&folder))?;
        let name = safe_name(name);
        let path = format!("{folder}/{name}.{}", format.name());
        // Two identifiers can be converted into the same safe name, so the beginning of its hash is appended to the name of the
        // second one. A file in the archive whose content does not match its folder is not valid and is replaced.
        let Err(file) = file.finish_new(&self.place(&path))? else { return Ok(path) };
        let there = hash_of(&self.place(&path))?.1;
        let is_taken = there != sha256 && there[..2] == sha256[..2];
        let path = if is_taken { format!("{folder}/{name}-{}.{}", &sha256[..12], format.name()) } else { path };
        file.finish_as(&self.place(&path))?;
        Ok(path)
    }

    /// Verifies the hashes of all files.
    ///
    /// # Errors
    /// Fails if the archive or the journal cannot be read.
    pub fn verify(&self, journal: &Journal) -> Result<VerifyReport, VerifyError> {
        let mut report = VerifyReport::default();
        journal.each_path::<VerifyError>(|path, sha256| {
            match hash_of(&self.place(&path)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => report.missing.push(path),
                Err(error) => return Err(error.into()),
                Ok((_, found)) if found == sha256 => report.good += 1,
                Ok(_) => report.changed.push(path),
            }
            Ok(())
        })?;
        self.find_foreign(&self.root(), journal, &mut report.foreign)?;
        report.foreign.sort();
        Ok(report)
    }

    fn find_foreign(&self, dir: &Path, journal: &Journal, foreign: &mut Vec<String>) -> Result<(), VerifyError> {
        let entries = match fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            // The archive never contains links, so a link is reported as foreign and not followed.
            if entry.file_type()?.is_dir() {
                self.find_foreign(&entry.path(), journal, foreign)?;
                continue;
            }
            let path = entry.path();
            let relative = path.strip_prefix(&self.run).unwrap_or(&path).to_string_lossy().into_owned();
            if !journal.has_file_at(&relative)? {
                foreign.push(relative);
            }
        }
        Ok(())
    }
}

/// Error on verifying an archive.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file or folder cannot be read.
    #[error("the archive cannot be read: {0}")]
    Disk(#[from] io::Error),
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Returns the size and SHA-256 of a file.
fn hash_of(path: &Path) -> io::Result<(u64, String)> {
    hash(&mut File::open(path)?)
}

/// Returns the size and SHA-256 of an open file, read from its beginning.
pub(super) fn hash(file: &mut File) -> io::Result<(u64, String)> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((size, hex(&hasher.finalize())));
        }
        size += count as u64;
        hasher.update(&buffer[..count]);
    }
}

/// Returns bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns a name that is safe on every file system: letters, digits, dashes and underscores, anything else replaced by an
/// underscore. A name that would be empty, hidden, too long or a Windows device is changed.
#[must_use]
pub fn safe_name(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() || matches!(character, '-' | '_') { character } else { '_' })
        .collect();
    name.truncate(LONGEST_NAME);
    let device = ["con", "prn", "aux", "nul"].contains(&name.to_lowercase().as_str())
        || (name.len() == 4
            && ["com", "lpt"].iter().any(|start| name.to_lowercase().starts_with(start))
            && name.ends_with(|last: char| last.is_ascii_digit()));
    if name.is_empty() || device {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_harmless() {
        for (text, name) in [
            ("1137-04_a", "1137-04_a"),
            ("../../etc/passwd", "______etc_passwd"),
            ("C:\\temp\\x", "C__temp_x"),
            ("", "_"),
            ("NUL", "_NUL"),
            ("com1", "_com1"),
            ("证照\0号", "____"),
            (".hidden", "_hidden"),
        ] {
            assert_eq!(safe_name(text), name, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_name_never_leaves_its_folder(text in ".{0,300}") {
            let name = safe_name(&text);
            prop_assert!(!name.is_empty() && name.len() <= LONGEST_NAME + 1);
            prop_assert_eq!(Path::new(&name).components().count(), 1);
            prop_assert!(!name.contains(['/', '\\', '.', '\0', ':']));
        }
    }
}
