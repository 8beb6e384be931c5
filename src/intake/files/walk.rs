//! Going through folders for what a path pattern means.

use super::pattern::{PathPattern, Step, comparable, is_called_list};
use crate::intake::FileProblem;
use crate::message::Message;
use encoding_rs::GB18030;
use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// Code of the message about a list that a pattern does not meet because of its extension.
pub(super) const OTHER_EXTENSION: &str = "files-other-extension";

/// What a pattern met.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Files, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// What is no input, with the reason.
    pub passed_over: Vec<FileProblem>,
    /// What cannot be read.
    pub problems: Vec<FileProblem>,
}

/// Goes through the folders that a pattern means.
pub(super) fn meet(root: &Path, pattern: &str) -> Met {
    let mut walk = Walk { root, pattern, met: Met::default(), trail: Vec::new() };
    for PathPattern { base, steps } in PathPattern::all(root, pattern) {
        walk.follow(&base, &steps, Way::default());
    }
    walk.met.files.sort();
    walk.met.files.dedup();
    walk.met
}

/// A path as people read it: relative to the root where it lies below it. Names that are not UTF-8 are taken for GBK, in which
/// archives from Windows have them.
pub(super) fn shown(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let mut shown = String::new();
    for component in relative.components() {
        if !shown.is_empty() && !shown.ends_with(std::path::MAIN_SEPARATOR) {
            shown.push(std::path::MAIN_SEPARATOR);
        }
        match component {
            Component::RootDir => shown.push(std::path::MAIN_SEPARATOR),
            component => shown.push_str(&shown_name(component.as_os_str())),
        }
    }
    shown
}

/// A name as people read it.
fn shown_name(name: &OsStr) -> String {
    if let Some(name) = name.to_str() {
        return name.to_owned();
    }
    let decoded = GB18030.decode_without_bom_handling_and_without_replacement(name.as_encoded_bytes());
    decoded.unwrap_or_else(|| name.to_string_lossy()).into_owned()
}

/// Folders that systems and storage devices keep for themselves: bins, snapshots, thumbnails.
const OF_SYSTEM: [&str; 9] = [
    "$recycle.bin",
    "#recycle",
    "@recycle",
    "__macosx",
    "@eadir",
    "~snapshot",
    "#snapshot",
    "lost+found",
    "system volume information",
];

/// How a place was come to.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// Whether some name on the way was matched, and not written out.
    is_matched: bool,
    /// Whether a folder on the way is hidden, or a bin, and was matched.
    is_hidden: bool,
}

impl Way {
    /// The way on through a folder whose name was matched.
    fn through(self, folder: &Path) -> Self {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let is_bin = OF_SYSTEM.contains(&name.to_ascii_lowercase().as_str());
        Self { is_matched: true, is_hidden: self.is_hidden || is_bin || name.starts_with('.') }
    }
}

/// Something in a folder.
struct Entry {
    path: PathBuf,
    /// What it is, links not followed.
    kind: Option<FileType>,
}

struct Walk<'a> {
    root: &'a Path,
    pattern: &'a str,
    met: Met,
    /// Folders that `**` is going through, without links: one that comes again is a circle.
    trail: Vec<PathBuf>,
}

impl Walk<'_> {
    /// Follows the rest of a pattern from a place.
    fn follow(&mut self, place: &Path, steps: &[Step], way: Way) {
        match steps.split_first() {
            None => self.meet(place, way),
            Some((Step::AnyDepth, rest)) => self.follow_below(place, steps, rest, way),
            Some((Step::Name { text, pattern, kin }, rest)) => {
                let written = place.join(text);
                if fs::symlink_metadata(&written).is_ok() {
                    return self.follow(&written, rest, way);
                }
                let Some(pattern) = pattern else {
                    return self.problem_of_pattern(Message::new("files-bad-pattern").with("part", text));
                };
                for entry in self.entries(place, way) {
                    let name = comparable(&entry.path.file_name().map(shown_name).unwrap_or_default());
                    if !pattern.matches(&name) {
                        let is_kin = rest.is_empty() && kin.as_ref().is_some_and(|kin| kin.matches(&name));
                        if is_kin && is_called_list(&name) && reason_to_pass_over(&entry.path, way).is_none() {
                            self.pass_over(&entry.path, Message::new(OTHER_EXTENSION));
                        }
                        continue;
                    }
                    if rest.is_empty() {
                        self.meet(&entry.path, Way { is_matched: true, ..way });
                    } else if self.is_folder(&entry, way) {
                        self.follow(&entry.path, rest, way.through(&entry.path));
                    }
                }
            }
        }
    }

    /// Follows the rest of a pattern from a folder and from every folder below it.
    fn follow_below(&mut self, folder: &Path, steps: &[Step], rest: &[Step], way: Way) {
        let real = match fs::canonicalize(folder) {
            Ok(real) => real,
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(error) => return self.problem(folder, Message::new("files-folder-unreadable").with("error", error), way),
        };
        if self.trail.contains(&real) {
            return;
        }
        self.follow(folder, rest, Way { is_matched: true, ..way });
        self.trail.push(real);
        for entry in self.entries(folder, way) {
            if self.is_folder(&entry, way) {
                self.follow(&entry.path, steps, way.through(&entry.path));
            }
        }
        self.trail.pop();
    }

    /// Takes what the whole pattern has led to.
    fn meet(&mut self, path: &Path, way: Way) {
        if way.is_matched
            && let Some(reason) = reason_to_pass_over(path, way)
        {
            return self.pass_over(path, reason);
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => self.met.files.push(path.to_owned()),
            Ok(metadata) if metadata.is_dir() && way.is_matched => self.pass_over(path, Message::new("files-folder")),
            Ok(metadata) if metadata.is_dir() => self.problem(path, Message::new("files-folder-named"), way),
            // To open a pipe would wait for who writes into it.
            Ok(_) => self.problem(path, Message::new("files-special"), way),
            Err(error) => self.problem(path, why_unreadable(path, &error), way),
        }
    }

    /// What is in a folder, by name.
    fn entries(&mut self, folder: &Path, way: Way) -> Vec<Entry> {
        let entries = fs::read_dir(folder).and_then(|entries| {
            let entry = |entry: fs::DirEntry| Entry { path: entry.path(), kind: entry.file_type().ok() };
            entries.map(|found| found.map(entry)).collect::<io::Result<Vec<_>>>()
        });
        match entries {
            Ok(mut entries) => {
                entries.sort_by(|one, other| one.path.cmp(&other.path));
                entries
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Vec::new(),
            Err(error) => {
                self.problem(folder, Message::new("files-folder-unreadable").with("error", error), way);
                Vec::new()
            }
        }
    }

    /// Whether something is a folder, or a link to one.
    fn is_folder(&mut self, entry: &Entry, way: Way) -> bool {
        if entry.kind.is_some_and(|kind| !kind.is_symlink()) {
            return entry.kind.is_some_and(|kind| kind.is_dir());
        }
        match fs::metadata(&entry.path) {
            Ok(metadata) => metadata.is_dir(),
            Err(error) => {
                // What has an extension was a link to a file, and files are not asked for here.
                let may_be_folder = entry.path.extension().is_none();
                let reason = why_unreadable(&entry.path, &error);
                if may_be_folder {
                    self.problem(&entry.path, reason, way);
                } else {
                    self.pass_over(&entry.path, reason);
                }
                false
            }
        }
    }

    fn pass_over(&mut self, path: &Path, message: Message) {
        let passed = FileProblem { file: shown(self.root, path), sheet: None, message };
        // A link that a pattern met may be looked at again as a folder.
        let is_problem = self.met.problems.iter().any(|problem| problem.file == passed.file);
        if !is_problem && !self.met.passed_over.contains(&passed) {
            self.met.passed_over.push(passed);
        }
    }

    /// Takes a problem. In a hidden folder it is none, since nothing there is read.
    fn problem(&mut self, path: &Path, message: Message, way: Way) {
        if way.is_hidden {
            return self.pass_over(path, message);
        }
        let problem = FileProblem { file: shown(self.root, path), sheet: None, message };
        if !self.met.problems.contains(&problem) {
            self.met.problems.push(problem);
        }
    }

    fn problem_of_pattern(&mut self, message: Message) {
        let problem = FileProblem { file: self.pattern.to_owned(), sheet: None, message };
        if !self.met.problems.contains(&problem) {
            self.met.problems.push(problem);
        }
    }
}

/// Why a file that a pattern met is no input.
fn reason_to_pass_over(path: &Path, way: Way) -> Option<Message> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_called = |names: &[&str]| names.contains(&name.to_ascii_lowercase().as_str());
    // What programs keep beside a file that is open. The link of LibreOffice on a share may lead nowhere.
    if name.starts_with("~$") || name.starts_with(".~") {
        Some(Message::new("files-lock"))
    } else if name.starts_with("._") || is_called(&[".ds_store", "thumbs.db", "desktop.ini"]) {
        Some(Message::new("files-of-system"))
    } else if name.starts_with('.') || way.is_hidden {
        Some(Message::new("files-hidden"))
    } else {
        None
    }
}

/// Why a file cannot be looked at.
fn why_unreadable(path: &Path, error: &io::Error) -> Message {
    match fs::read_link(path) {
        Ok(target) if error.kind() != ErrorKind::PermissionDenied => {
            Message::new("files-dangling").with("target", shown(Path::new(""), &target))
        }
        _ => Message::new("files-unreadable").with("error", error),
    }
}
