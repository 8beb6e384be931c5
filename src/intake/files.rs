//! Which files a job's inputs name.
//!
//! A pattern stands for the files of all districts: one that it should meet and that is not read is an audit of less than
//! everybody thinks. So whatever a pattern meets is read, or told as passed over with the reason, or is a problem.

mod pattern;
mod walk;

use super::{FileProblem, FoundFiles, InputFile};
use crate::job::Job;
use crate::message::Message;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use walk::{Met, OTHER_EXTENSION, meet, shown};

/// Expands the paths of all inputs, in order, and hashes the files.
pub(super) fn find(job: &Job) -> FoundFiles {
    let mut finder = Finder { root: &job.root, found: FoundFiles::default(), inputs: HashMap::new(), names: HashMap::new() };
    for (input, settings) in job.inputs.iter().enumerate() {
        finder.take(input, &settings.path);
    }
    let FoundFiles { files, passed_over, .. } = &mut finder.found;
    // What one pattern does not meet another may.
    passed_over.retain(|passed| passed.message.code() != OTHER_EXTENSION || !files.iter().any(|file| *file.name == *passed.file));
    finder.found
}

struct Finder<'a> {
    root: &'a Path,
    found: FoundFiles,
    /// Which of the inputs read a file last, by its path without links.
    inputs: HashMap<PathBuf, usize>,
    /// Paths by the names that they are told by.
    names: HashMap<String, PathBuf>,
}

impl Finder<'_> {
    /// Takes the files of one of the inputs.
    fn take(&mut self, input: usize, pattern: &str) {
        let Met { files, passed_over, problems } = meet(self.root, pattern);
        if files.is_empty() && problems.is_empty() {
            let message = match passed_over.len() {
                count if passed_over.iter().any(|passed| passed.message.code() == OTHER_EXTENSION) => {
                    Message::new("files-only-other-extensions").with("count", count)
                }
                0 => Message::new("files-none").with("folder", self.root.display()),
                count => Message::new("files-only-passed-over").with("count", count),
            };
            self.problem(pattern, message);
        }
        self.found.passed_over.extend(passed_over);
        self.found.problems.extend(problems);
        let mut taken: HashMap<PathBuf, String> = HashMap::new();
        for path in files {
            let name = self.name(&path);
            let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if let Some(other) = taken.get(&real) {
                self.pass_over(&name, Message::new("files-same").with("other", other));
                continue;
            }
            match hash(&path) {
                Ok(sha256) => {
                    taken.insert(real.clone(), name.clone());
                    if let Some(earlier) = self.inputs.insert(real, input) {
                        let message = Message::new("files-read-again").with("first", earlier + 1).with("second", input + 1);
                        self.pass_over(&name, message);
                    }
                    self.found.files.push(InputFile { path, name: name.into(), sha256, input });
                }
                Err(error) => self.problem(&name, Message::new("files-unreadable").with("error", error)),
            }
        }
    }

    /// The name that a file is told by, which is that of no other file: a name in GBK may read like one in UTF-8.
    fn name(&mut self, path: &Path) -> String {
        let name = shown(self.root, path);
        let known = self.names.entry(name.clone()).or_insert_with(|| path.to_owned());
        if known.as_path() == path { name } else { path.strip_prefix(self.root).unwrap_or(path).to_string_lossy().into_owned() }
    }

    fn pass_over(&mut self, name: &str, message: Message) {
        self.found.passed_over.push(FileProblem { file: name.to_owned(), sheet: None, message });
    }

    fn problem(&mut self, name: &str, message: Message) {
        self.found.problems.push(FileProblem { file: name.to_owned(), sheet: None, message });
    }
}

/// SHA-256 of a file, in hexadecimal.
fn hash(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut HashWriter(&mut hasher))?;
    let mut hex = String::new();
    for byte in hasher.finalize() {
        // Writing to a text never fails.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

/// Feeds what is written to a hash.
struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
