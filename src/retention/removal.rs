//! Steps that remove all personal data from a run's folder.

use super::surveyed::{Content, SurveyedRun};
use super::tombstone::Tombstone;
use crate::durable::write_whole;
use crate::exit::Stop;
use crate::run_folder::RunFolder;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// File of remarks of a pruned run, in the folder of the next run, which they have been carried into.
pub const CARRIED_REMARKS: &str = "remarks-carried.json";

/// Files that are kept in a pruned run's folder: its manifest, its figures, and the access log. Everything else is removed
/// whatever its name, because a copy of a workbook contains identity numbers too.
const KEPT: [&str; 6] = ["run.json", "summary.json", "history.json", "metrics.prom", "report.html", "access.jsonl"];

/// Names, or prefixes of names, of this program's files and folders, which a tombstone lists by name. Other names may contain
/// personal data.
const OWN: [&str; 10] = [
    "journal.sqlite",
    "tables",
    "report.xlsx",
    "archive",
    "run.log.jsonl",
    "failed-items.csv",
    "remarks-",
    "shard-",
    "dispatch",
    "remediation",
];

/// Returns whether a file with this name is kept.
pub(super) fn is_kept(name: &str) -> bool {
    KEPT.contains(&name)
}

/// A step of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Copy remarks to a newer run that would otherwise read them from this one.
    Carry {
        /// Path of the file in the newer run's folder.
        path: PathBuf,
        /// Content of the file.
        content: String,
    },
    /// Mark the run as pruned in its manifest, with the list of what is removed. The run cannot be read after this.
    Mark,
    /// Remove a file or folder.
    Remove {
        /// Name in the run's folder.
        name: String,
    },
    /// Record in the manifest that the removal is complete.
    Seal,
}

/// The removal of all personal data of one run.
#[derive(Debug)]
pub struct Removal {
    folder: RunFolder,
    contents: Vec<Content>,
    steps: Vec<Step>,
}

impl Removal {
    /// Plans the removal of a run's contents, after copying its remarks to the folders of `heirs`.
    #[must_use]
    pub fn new(run: &SurveyedRun, remarks: Option<&str>, heirs: &[RunFolder]) -> Self {
        let carry = |content: &str| {
            let step = |heir: &RunFolder| Step::Carry { path: heir.file(CARRIED_REMARKS), content: content.to_owned() };
            heirs.iter().map(step).collect::<Vec<Step>>()
        };
        let mut steps: Vec<Step> = remarks.map(carry).unwrap_or_default();
        steps.push(Step::Mark);
        Self::with(run, steps)
    }

    /// Plans the completion of an interrupted removal.
    #[must_use]
    pub fn going_on(run: &SurveyedRun) -> Self {
        Self::with(run, Vec::new())
    }

    fn with(run: &SurveyedRun, mut steps: Vec<Step>) -> Self {
        steps.extend(run.contents.iter().map(|content| Step::Remove { name: content.name.clone() }));
        steps.push(Step::Seal);
        Self { folder: run.folder.clone(), contents: run.contents.clone(), steps }
    }

    /// Returns the steps, in the order of execution.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Executes one step. A step can be repeated.
    ///
    /// # Errors
    /// Fails if a file cannot be removed or written.
    pub fn apply(&self, step: &Step, now: DateTime<Utc>) -> Result<(), Stop> {
        match step {
            Step::Carry { path, content } => write_whole(path, content.as_bytes()).map_err(Stop::disk(path.display())),
            Step::Mark => self.tombstone(now).write(&self.folder),
            Step::Remove { name } => {
                let path = self.folder.file(name);
                remove(&path).map_err(Stop::disk(path.display()))
            }
            Step::Seal => self.seal(now),
        }
    }

    fn tombstone(&self, now: DateTime<Utc>) -> Tombstone {
        let mut removed: BTreeMap<String, u64> = BTreeMap::new();
        for Content { name, bytes } in &self.contents {
            let is_own = OWN.iter().any(|own| name.starts_with(own));
            *removed.entry(if is_own { name.clone() } else { "other".to_owned() }).or_default() += bytes;
        }
        Tombstone { begun_at: now, finished_at: None, tool_version: env!("CARGO_PKG_VERSION").to_owned(), removed }
    }

    fn seal(&self, now: DateTime<Utc>) -> Result<(), Stop> {
        let dir = self.folder.dir();
        // The removal of the names must be on the disk before the manifest states it.
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(Stop::disk(dir.display()))?;
        let known = Tombstone::of(&self.folder)?.unwrap_or_else(|| self.tombstone(now));
        Tombstone { finished_at: Some(now), ..known }.write(&self.folder)
    }
}

/// Removes a file, a link, or a folder with its contents; does nothing if it does not exist.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
