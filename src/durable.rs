//! Files that land whole, are readable by their owner alone, and locks that the kernel lets go.

use crate::message::Message;
use rustix::fs::OFlags;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Why a folder or file of a run is not safe to use.
#[derive(Debug, thiserror::Error)]
pub enum UnsafePath {
    /// It is a link, or no folder.
    #[error("is no folder")]
    NoFolder,
    /// It is no ordinary file, or a link.
    #[error("is no ordinary file")]
    NoFile,
    /// Another user owns it.
    #[error("belongs to user {owner}, not to user {own}")]
    Foreign {
        /// The owner's user id.
        owner: u32,
        /// The process's user id.
        own: u32,
    },
    /// Others can write to it.
    #[error("can be written by others (mode {mode:o})")]
    Writable {
        /// Its permission bits.
        mode: u32,
    },
    /// The operating system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl UnsafePath {
    /// The reason as a message to a person, with the path.
    #[must_use]
    pub fn to_message(&self, path: &Path) -> Message {
        let message = match self {
            Self::NoFolder => Message::new("path-no-folder"),
            Self::NoFile => Message::new("path-no-file"),
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

/// Makes a folder, and those above it, readable by the owner alone (0700). One that is there already is accepted only if it
/// is this user's own folder, no link, and not writable by others: what lies in it could be anybody's link else.
///
/// # Errors
/// Fails if the folder cannot be made, or is not safe to use.
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

/// Opens a file for appending, made readable by the owner alone (0600), also where it was there with other permissions.
///
/// # Errors
/// Fails if it cannot be opened, is a link or no ordinary file, or belongs to another user.
pub fn append_private(path: &Path) -> Result<File, UnsafePath> {
    open_private(path, OpenOptions::new().create(true).append(true))
}

/// Opens a file of this user's own without following a link, readable by the owner alone.
fn open_private(path: &Path, options: &mut OpenOptions) -> Result<File, UnsafePath> {
    let no_follow = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed();
    let file = match options.mode(0o600).custom_flags(no_follow).open(path) {
        Ok(file) => file,
        Err(error) if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) => {
            tracing::warn!(%error, "no ordinary file");
            return Err(UnsafePath::NoFile);
        }
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(UnsafePath::NoFile);
    }
    check_owner(&found)?;
    if found.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Removes what processes that died have left half written in a folder. To be called only by whoever holds the lock of the
/// run that the folder belongs to.
///
/// # Errors
/// Fails if the folder cannot be read or something in it not be removed; a folder that is not there holds nothing.
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

/// How the names of files and folders begin that stand only while something is being written.
const LEFT_OVER: [&str; 3] = [UNFINISHED, LINKING, ".comparing-"];
/// How the name of the folder begins in which a link is made.
const LINKING: &str = ".linking-";
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
    let scratch = tempfile::Builder::new().prefix(LINKING).tempdir_in(folder_of(link))?;
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
    /// The disk knows no locks, as some network shares do not.
    #[error("the disk knows no locks: {0}")]
    Unsupported(io::Error),
    /// The lock file could not be used.
    #[error(transparent)]
    Path(#[from] UnsafePath),
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        Self::Path(error.into())
    }
}

impl Lock {
    /// Takes the lock at `path` without waiting and notes `holder` in it for others to read.
    ///
    /// # Errors
    /// Fails if another process holds it, or if it cannot be opened or locked.
    pub fn take(path: &Path, holder: &str) -> Result<Self, LockError> {
        let mut file = open_lock(path)?;
        file.try_lock().map_err(|refused| refusal(refused, &mut file))?;
        file.set_len(0)?;
        file.write_all(holder.as_bytes())?;
        file.flush()?;
        Ok(Self { _file: file })
    }

    /// Takes the lock at `path` together with others who take it so, without waiting.
    ///
    /// # Errors
    /// Fails if another process holds it alone, or if it cannot be opened or locked.
    pub fn take_shared(path: &Path) -> Result<Self, LockError> {
        let mut file = open_lock(path)?;
        file.try_lock_shared().map_err(|refused| refusal(refused, &mut file))?;
        Ok(Self { _file: file })
    }

    /// Who holds the lock at `path` alone, by their own words in it; `None` where nobody does.
    #[must_use]
    pub fn holder(path: &Path) -> Option<String> {
        let mut file = OpenOptions::new().read(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed()).open(path).ok()?;
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

/// What the holder of a lock wrote about itself.
fn words_in(file: &mut File) -> io::Result<String> {
    /// Longest text that is read.
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
