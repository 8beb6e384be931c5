//! Which files a job's inputs name.

use super::{FileProblem, InputFile};
use crate::job::Job;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::File;
use std::io;
use std::path::Path;

/// Expands the paths of all inputs, in order, and hashes the files.
pub(super) fn find(job: &Job) -> (Vec<InputFile>, Vec<FileProblem>) {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    let mut problem = |file: &str, message: String| {
        problems.push(FileProblem { file: file.to_owned(), sheet: None, message });
    };
    for (input, settings) in job.inputs.iter().enumerate() {
        let whole = job.root.join(&settings.path);
        // A name that is there is meant as it stands, even with glob characters in it.
        let matches = if whole.is_file() {
            vec![whole]
        } else {
            match glob::glob(&whole.to_string_lossy()) {
                Err(error) => {
                    problem(&settings.path, format!("is no path pattern: {error}"));
                    continue;
                }
                Ok(paths) => paths.filter_map(Result::ok).filter(|path| path.is_file() && !is_lock_file(path)).collect(),
            }
        };
        if matches.is_empty() {
            problem(&settings.path, format!("no such file (looked for in {})", job.root.display()));
        }
        for path in matches {
            let name = path.strip_prefix(&job.root).unwrap_or(&path).to_string_lossy().into_owned();
            match hash(&path) {
                Ok(sha256) => files.push(InputFile { path, name: name.into(), sha256, input }),
                Err(error) => problem(&name, format!("cannot be read: {error}")),
            }
        }
    }
    (files, problems)
}

/// The file that a spreadsheet program keeps beside an open workbook.
fn is_lock_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("~$"))
}

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
