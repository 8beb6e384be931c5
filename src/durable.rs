//! Atomic writes, file modes that admit the owner alone, and locks that the kernel releases when their process ends.

use crate::message::Message;
use rustix::fs::OFlags;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Reason why a folder or file of a run is not safe to use.
#[derive(Debug, thiserror::Error)]
pub enum UnsafePath {
    /// It is a symbolic link, or not a folder.
    #[error("is no folder")]
    NoFolder,
    /// It is a symbolic link, or not a regular file.
    #[error("is no ordinary file")]
    NoFile,
    /// It is there under another name too: what is written to it would change a file elsewhere.
    #[error("has {links} names")]
    Linked {
        /// How many names it has.
        links: u64,
    },
    /// Another user owns it.
    #[error("belongs to user {owner}, not to user {own}")]
    Foreign {
        /// User id of the owner.
        owner: u32,
        /// User id of the process.
        own: u32,
    },
    /// Other users may write to it.
    #[error("can be written by others (mode {mode:o})")]
    Writable {
        /// Permission bits.
        mode: u32,
    },
    /// An operation of the operating system failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl UnsafePath {
    /// Returns the reason as a message for the user, with the path.
    #[must_use]
    pub fn to_message(&self, path: &Path) -> Message {
        let message = match self {
            Self::NoFolder => Message::new("path-no-folder"),
            Self::NoFile => Message::new("path-no-file"),
            Self::Linked { links } => Message::new("path-linked").with("links", links),
            Self::Foreign { owner, own } => Message::new("path-foreign").with("owner", owner).with("own", own),
            Self::Writable { mode } => Message::new("path-writable").with("mode", format!("{mode:o}")),
            Self::Io(cause) => return Message::new("cannot-use").with("what", path.display()).with("cause", cause),
        };
        message.with("path", path.display())
    }
}

impl From<UnsafePath> for io::Error {
    fn from(problem: UnsafePath) -> Self {
        match problem {
            UnsafePath::Io(error) => error,
            other => Self::other(other),
        }
    }
}

/// Creates a folder and its missing parents with mode 0700. An existing folder is accepted if this user owns it, it is not a
/// symbolic link, and others may not write to it: they could replace its files by links to other files of this user.
///
/// # Errors
/// Fails if the folder cannot be created or is not safe to use.
pub fn create_private_dir(dir: &Path) -> Result<(), UnsafePath> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    check_private_dir(dir)
}

/// Checks that a folder is this user's own, no link, and not writable by others.
///
/// # Errors
/// Fails if it is not safe to use, or is not there.
pub fn check_private_dir(dir: &Path) -> Result<(), UnsafePath> {
    let found = fs::symlink_metadata(dir)?;
    if !found.is_dir() {
        return Err(UnsafePath::NoFolder);
    }
    check_owner(&found)?;
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o022 == 0 { Ok(()) } else { Err(UnsafePath::Writable { mode }) }
}

/// Checks that not everybody can put a folder of their own in the place of one in `dir`: that not everybody can write to it,
/// or, as in `/tmp`, that everybody can rename and remove only what is their own (sticky bit).
///
/// # Errors
/// Fails if everybody can, or if the folder is not there.
pub fn check_holding_dir(dir: &Path) -> Result<(), UnsafePath> {
    const STICKY: u32 = 0o1000;
    const BY_EVERYBODY: u32 = 0o002;
    let mode = fs::metadata(dir)?.permissions().mode() & 0o7777;
    if mode & BY_EVERYBODY != 0 && mode & STICKY == 0 { Err(UnsafePath::Writable { mode }) } else { Ok(()) }
}

fn check_owner(found: &fs::Metadata) -> Result<(), UnsafePath> {
    let own = rustix::process::geteuid().as_raw();
    if found.uid() == own { Ok(()) } else { Err(UnsafePath::Foreign { owner: found.uid(), own }) }
}

/// Opens a file for appending, creating it if it is missing, and sets its mode to 0600.
///
/// # Errors
/// Fails if the file cannot be opened, is a symbolic link or not a regular file, or belongs to another user.
pub fn append_private(path: &Path) -> Result<File, UnsafePath> {
    open_private(path, OpenOptions::new().create(true).append(true))
}

/// Reads a text that lies in the folder of a run. Nobody is waited for, whatever has the file's name.
///
/// # Errors
/// Fails if it cannot be read or is no text, or if its name is that of a link or of no ordinary file.
pub fn read_ordinary(path: &Path) -> Result<String, UnsafePath> {
    let mut file = open_ordinary(path, OpenOptions::new().read(true))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Opens a file of this user's own without following a link, readable by the owner alone.
fn open_private(path: &Path, options: &mut OpenOptions) -> Result<File, UnsafePath> {
    let file = open_ordinary(path, options.mode(0o600))?;
    let found = file.metadata()?;
    check_owner(&found)?;
    if found.nlink() > 1 {
        return Err(UnsafePath::Linked { links: found.nlink() });
    }
    if found.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Opens an ordinary file without following a link, and without waiting for whoever is at the other end of a pipe.
fn open_ordinary(path: &Path, options: &mut OpenOptions) -> Result<File, UnsafePath> {
    let flags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed();
    let file = match options.custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) => {
            tracing::warn!(%error, "no ordinary file");
            return Err(UnsafePath::NoFile);
        }
        Err(error) => return Err(error.into()),
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(UnsafePath::NoFile) }
}

/// Removes the partly written files and folders that ended processes have left in a folder. The caller must hold the lock of the
/// run that the folder belongs to.
///
/// # Errors
/// Fails if the folder cannot be listed or an entry cannot be removed. A folder that does not exist is no error.
pub fn remove_unfinished(dir: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_left_over = LEFT_OVER.iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
        if !is_left_over {
            continue;
        }
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}

/// Prefixes of the names of temporary files and folders.
const LEFT_OVER: [&str; 3] = [UNFINISHED, LINKING, ".comparing-"];
/// Prefix of the temporary folder in which a link is created.
const LINKING: &str = ".linking-";
/// Prefix of files that are being written.
const UNFINISHED: &str = ".writing-";

/// A file that appears under its name only once it is complete: it is written under a temporary name in the same folder (mode
/// 0600), synced, then renamed.
///
/// Dropping it without [`WholeFile::finish`] removes the temporary file.
#[derive(Debug)]
pub struct WholeFile {
    temporary: BufWriter<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl WholeFile {
    /// Begins a file that [`WholeFile::finish`] will move to `path`.
    ///
    /// # Errors
    /// Fails if the temporary file cannot be created in the folder of `path`.
    pub fn create(path: &Path) -> io::Result<Self> {
        let temporary = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder_of(path))?;
        Ok(Self { temporary: BufWriter::new(temporary), path: path.to_owned() })
    }

    /// Syncs the file to the disk and moves it to its path, replacing an existing file.
    ///
    /// # Errors
    /// Fails if the file cannot be written, synced or renamed, or its folder cannot be synced. An error before the renaming
    /// leaves an existing file unchanged.
    pub fn finish(self) -> io::Result<()> {
        let path = self.path.clone();
        self.finish_as(&path)
    }

    /// Syncs the file to the disk and moves it to another path on the same file system, replacing an existing file.
    ///
    /// # Errors
    /// Fails if the file cannot be written, synced or renamed, or its folder cannot be synced. An error before the renaming
    /// leaves an existing file unchanged.
    pub fn finish_as(self, path: &Path) -> io::Result<()> {
        let temporary = self.temporary.into_inner().map_err(io::IntoInnerError::into_error)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path)?;
        File::open(folder_of(path))?.sync_all()
    }

    /// Syncs the file's content and moves it to another path on the same file system. If a file exists there, returns the unmoved
    /// file as the inner error. The folder is not synced, so the name may be lost in a power failure: meant for many files that
    /// are listed in a journal.
    ///
    /// # Errors
    /// Fails if the file cannot be written, synced or renamed for any other reason than an existing file.
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

    /// Returns whether the name is that of a file that is being written or was left by an ended process.
    #[must_use]
    pub fn is_unfinished(name: &std::ffi::OsStr) -> bool {
        name.to_string_lossy().starts_with(UNFINISHED)
    }

    /// Returns the file with everything written so far, for reading.
    ///
    /// # Errors
    /// Fails if buffered bytes cannot be written to the file.
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

/// Writes `bytes` atomically as the whole content of the file at `path`.
///
/// # Errors
/// Fails as [`WholeFile::create`] and [`WholeFile::finish`] do, or if the bytes cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(bytes)?;
    file.finish()
}

/// Makes the symbolic link `link` point to `target`, replacing an existing link atomically.
///
/// # Errors
/// Fails if a temporary folder or the link in it cannot be created beside `link`, or the link cannot be renamed.
pub fn point_link(link: &Path, target: &Path) -> io::Result<()> {
    let scratch = tempfile::Builder::new().prefix(LINKING).tempdir_in(folder_of(link))?;
    let fresh = scratch.path().join("link");
    symlink(target, &fresh)?;
    fs::rename(fresh, link)
}

/// An advisory lock on a file, held until it is dropped or the process ends in any way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Reason why a lock could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds the lock; the text is what it wrote about itself.
    #[error("held by {0}")]
    Held(String),
    /// The file system does not support locks, as is the case for some network shares.
    #[error("the disk knows no locks: {0}")]
    Unsupported(io::Error),
    /// The lock file cannot be used.
    #[error(transparent)]
    Path(#[from] UnsafePath),
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        Self::Path(error.into())
    }
}

impl Lock {
    /// Takes the exclusive lock at `path` without waiting and writes `holder` into the file for others to read.
    ///
    /// # Errors
    /// Fails if another process holds the lock, or if the file cannot be opened or locked.
    pub fn take(path: &Path, holder: &str) -> Result<Self, LockError> {
        let mut file = open_lock(path)?;
        file.try_lock().map_err(|refused| refusal(refused, &mut file))?;
        file.set_len(0)?;
        file.write_all(holder.as_bytes())?;
        file.flush()?;
        Ok(Self { _file: file })
    }

    /// Takes a shared lock at `path` without waiting.
    ///
    /// # Errors
    /// Fails if another process holds the exclusive lock, or if the file cannot be opened or locked.
    pub fn take_shared(path: &Path) -> Result<Self, LockError> {
        let mut file = open_lock(path)?;
        file.try_lock_shared().map_err(|refused| refusal(refused, &mut file))?;
        Ok(Self { _file: file })
    }

    /// Returns the text that the holder of the exclusive lock at `path` wrote into it; `None` if nobody holds it.
    #[must_use]
    pub fn holder(path: &Path) -> Option<String> {
        let mut file = open_ordinary(path, OpenOptions::new().read(true)).ok()?;
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| words_in(&mut file).ok())?
    }
}

fn open_lock(path: &Path) -> Result<File, UnsafePath> {
    open_private(path, OpenOptions::new().create(true).read(true).write(true).truncate(false))
}

fn refusal(refused: TryLockError, file: &mut File) -> LockError {
    match refused {
        TryLockError::WouldBlock => match words_in(file) {
            Ok(words) => LockError::Held(words),
            Err(error) => error.into(),
        },
        TryLockError::Error(error) if error.kind() == io::ErrorKind::Unsupported => LockError::Unsupported(error),
        TryLockError::Error(error) => match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(rustix::io::Errno::NOLCK | rustix::io::Errno::NOSYS | rustix::io::Errno::INVAL) => LockError::Unsupported(error),
            _ => error.into(),
        },
    }
}

/// Reads the text that the holder of a lock wrote into its file.
fn words_in(file: &mut File) -> io::Result<String> {
    /// Longest text read, in bytes.
    const MOST: u64 = 200;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    let text: String = String::from_utf8_lossy(&bytes).chars().filter(|character| !character.is_control()).collect();
    Ok(if text.trim().is_empty() { "?".to_owned() } else { text.trim().to_owned() })
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_link_is_not_followed_and_what_others_can_write_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let link = dir.path().join("log");
        symlink(&victim, &link).unwrap();
        assert!(matches!(append_private(&link), Err(UnsafePath::NoFile)));
        assert!(matches!(Lock::take(&link, "me"), Err(LockError::Path(UnsafePath::NoFile))));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");

        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(create_private_dir(&open), Err(UnsafePath::Writable { mode: 0o777 })));
        assert!(matches!(check_private_dir(&open), Err(UnsafePath::Writable { mode: 0o777 })));
        assert!(matches!(check_holding_dir(&open), Err(UnsafePath::Writable { mode: 0o777 })));
        for harmless in [0o1777, 0o775, 0o700] {
            fs::set_permissions(&open, fs::Permissions::from_mode(harmless)).unwrap();
            check_holding_dir(&open).unwrap();
        }
        let linked = dir.path().join("linked");
        symlink(dir.path(), &linked).unwrap();
        assert!(matches!(create_private_dir(&linked), Err(UnsafePath::NoFolder)));

        let lax = dir.path().join("lax");
        fs::write(&lax, "").unwrap();
        fs::set_permissions(&lax, fs::Permissions::from_mode(0o666)).unwrap();
        append_private(&lax).unwrap();
        assert_eq!(fs::metadata(&lax).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_with_another_name_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let (victim, log) = (dir.path().join("victim"), dir.path().join("log"));
        fs::write(&victim, "precious").unwrap();
        fs::hard_link(&victim, &log).unwrap();
        let Err(problem) = append_private(&log) else { panic!("it is the victim") };
        assert!(matches!(problem, UnsafePath::Linked { links: 2 }));
        assert_eq!(problem.to_message(&log).code(), "path-linked");
        assert!(matches!(Lock::take(&log, "me"), Err(LockError::Path(UnsafePath::Linked { .. }))));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        fs::remove_file(&victim).unwrap();
        append_private(&log).unwrap();
    }

    #[test]
    fn nobody_is_waited_for_where_a_pipe_has_the_name_of_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(matches!(read_ordinary(&pipe), Err(UnsafePath::NoFile)));
        assert!(matches!(append_private(&pipe), Err(UnsafePath::NoFile)));
        assert!(matches!(Lock::take(&pipe, "me"), Err(LockError::Path(UnsafePath::NoFile))));
        assert_eq!(Lock::holder(&pipe), None);
    }

    #[test]
    fn a_text_is_read_where_it_lies_and_through_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let text = dir.path().join("text");
        fs::write(&text, "甲").unwrap();
        assert_eq!(read_ordinary(&text).unwrap(), "甲");
        for (name, target) in [("link", "text"), ("loop", "loop"), ("dangling", "gone")] {
            let link = dir.path().join(name);
            symlink(target, &link).unwrap();
            assert!(matches!(read_ordinary(&link), Err(UnsafePath::NoFile)), "{name}");
        }
        assert!(matches!(read_ordinary(dir.path()), Err(UnsafePath::NoFile)));
        let Err(UnsafePath::Io(error)) = read_ordinary(&dir.path().join("gone")) else { panic!("there is none") };
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        fs::write(&text, b"\xFF").unwrap();
        assert!(matches!(read_ordinary(&text), Err(UnsafePath::Io(_))));
    }

    #[test]
    fn what_died_processes_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        for name in [".writing-a", "report.xlsx", ".lock"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        fs::create_dir(dir.path().join(".linking-b")).unwrap();
        remove_unfinished(dir.path()).unwrap();
        remove_unfinished(&dir.path().join("nowhere")).unwrap();
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".lock", "report.xlsx"]);
    }

    #[test]
    fn a_lock_is_held_once_and_says_by_whom() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let lock = Lock::take(&path, "process 1").unwrap();
        let Err(LockError::Held(holder)) = Lock::take(&path, "process 2") else { panic!("taken twice") };
        assert_eq!(holder, "process 1");
        assert_eq!(Lock::holder(&path).as_deref(), Some("process 1"));
        drop(lock);
        assert_eq!(Lock::holder(&path), None);
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
