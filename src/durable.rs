//! Files that land whole, are readable by their owner alone, and locks that the kernel lets go.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

/// Makes a folder, and those above it, readable by the owner alone (0700).
///
/// # Errors
/// What the operating system says.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Opens a file for appending, made readable by the owner alone (0600) where it is new.
///
/// # Errors
/// What the operating system says.
pub fn append_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

/// How files begin that are being written.
const UNFINISHED: &str = ".writing-";

/// A file that appears under its name only once it is whole: written beside it, synced, then renamed (0600).
///
/// Dropped without [`WholeFile::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct WholeFile {
    temporary: BufWriter<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl WholeFile {
    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder_of(path))?;
        Ok(Self { temporary: BufWriter::new(temporary), path: path.to_owned() })
    }

    /// Puts the file in its place, whole and on the disk.
    ///
    /// # Errors
    /// What the operating system says; the place then holds what it held before.
    pub fn finish(self) -> io::Result<()> {
        let path = self.path.clone();
        self.finish_as(&path)
    }

    /// Puts the file, whole and on the disk, in another place on the same disk.
    ///
    /// # Errors
    /// What the operating system says; the place then holds what it held before.
    pub fn finish_as(self, path: &Path) -> io::Result<()> {
        let temporary = self.temporary.into_inner().map_err(io::IntoInnerError::into_error)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        File::open(folder_of(path))?.sync_all()
    }

    /// Puts the file, its content on the disk, in another place on the same disk, unless there is one already: then it comes
    /// back as it is. Its name is on the disk when the operating system gets to it: for one of many files, of which a list
    /// is kept.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn finish_new(self, path: &Path) -> io::Result<Result<(), Self>> {
        let temporary = self.temporary.into_inner().map_err(io::IntoInnerError::into_error)?;
        temporary.as_file().sync_all()?;
        match temporary.persist_noclobber(path) {
            Ok(_) => Ok(Ok(())),
            Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(Err(Self { temporary: BufWriter::new(refused.file), path: self.path }))
            }
            Err(refused) => Err(refused.error),
        }
    }

    /// Whether a name is that of a file that is being written, or was when its process died.
    #[must_use]
    pub fn is_unfinished(name: &std::ffi::OsStr) -> bool {
        name.to_string_lossy().starts_with(UNFINISHED)
    }

    /// The file as it is so far, to be read.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn as_file_mut(&mut self) -> io::Result<&mut File> {
        self.temporary.flush()?;
        Ok(self.temporary.get_mut().as_file_mut())
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

impl Seek for WholeFile {
    fn seek(&mut self, position: io::SeekFrom) -> io::Result<u64> {
        self.temporary.seek(position)
    }
}

/// Writes `bytes` as the whole of the file at `path`.
///
/// # Errors
/// What the operating system says.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Makes `link` point to `target` in one step, whatever it pointed to before.
///
/// # Errors
/// What the operating system says.
pub fn point_link(link: &Path, target: &Path) -> io::Result<()> {
    let scratch = tempfile::Builder::new().prefix(".linking-").tempdir_in(folder_of(link))?;
    let fresh = scratch.path().join("link");
    symlink(target, &fresh)?;
    fs::rename(fresh, link)
}

/// A lock held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it; what they wrote about themselves.
    #[error("held by {0}")]
    Held(String),
    /// The lock file could not be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Lock {
    /// Takes the lock at `path` without waiting and notes `holder` in it for others to read.
    ///
    /// # Errors
    /// Who holds it, or what the operating system says.
    pub fn take(path: &Path, holder: &str) -> Result<Self, LockError> {
        let mut file = open_lock(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&mut file)?),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        file.set_len(0)?;
        file.write_all(holder.as_bytes())?;
        file.flush()?;
        Ok(Self { _file: file })
    }

    /// Takes the lock at `path` together with others who take it so, without waiting.
    ///
    /// # Errors
    /// Who holds it alone, or what the operating system says.
    pub fn take_shared(path: &Path) -> Result<Self, LockError> {
        let mut file = open_lock(path)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(held(&mut file)?),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).read(true).write(true).truncate(false).mode(0o600).open(path)
}

/// Who holds a lock, by their own words in it.
fn held(file: &mut File) -> io::Result<LockError> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let text = text.trim();
    Ok(LockError::Held(if text.is_empty() { "another process" } else { text }.to_owned()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_appears_only_when_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report");
        fs::write(&path, "old").unwrap();
        let mut file = WholeFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        drop(file);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "an unfinished file leaves nothing");
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_lock_is_held_once_and_says_by_whom() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let lock = Lock::take(&path, "process 1").unwrap();
        let Err(LockError::Held(holder)) = Lock::take(&path, "process 2") else { panic!("taken twice") };
        assert_eq!(holder, "process 1");
        drop(lock);
        Lock::take(&path, "process 2").unwrap();
    }

    #[test]
    fn a_link_moves_in_one_step() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("latest");
        point_link(&link, Path::new("a")).unwrap();
        point_link(&link, Path::new("b")).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("b"));
    }
}
