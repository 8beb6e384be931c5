//! The steps that take everything personal out of a run's folder.

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

/// The remarks of the run before, in the folder of the run that they were carried into when that run was pruned.
pub const CARRIED_REMARKS: &str = "remarks-carried.json";

/// What stays in a run's folder: its manifest, its figures, and who looked at it. Everything else goes, whatever its name: a
/// copy of a workbook holds as many identity numbers as the workbook.
const KEPT: [&str; 6] = ["run.json", "summary.json", "history.json", "metrics.prom", "report.html", "access.jsonl"];

/// Names of the program's own files and folders, or beginnings of them, that a tombstone names. Others may say whom they are
/// about.
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

/// Whether a file of this name stays.
pub(super) fn is_kept(name: &str) -> bool {
    KEPT.contains(&name)
}

/// A step of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Gives a newer run the remarks that it would otherwise read in this one.
    Carry {
        /// The file in the newer run's folder.
        path: PathBuf,
        /// Its content.
        content: String,
    },
    /// Notes in the manifest that the run is pruned, and what goes. From here on it is no run that can be read.
    Mark,
    /// Removes a file or folder.
    Remove {
        /// Its name in the run's folder.
        name: String,
    },
    /// Notes in the manifest that everything is gone.
    Seal,
}

/// What takes everything personal out of one run's folder.
#[derive(Debug)]
pub struct Removal {
    folder: RunFolder,
    contents: Vec<Content>,
    steps: Vec<Step>,
}

impl Removal {
    /// Plans to remove a run's contents, after its remarks were carried into the folders of `heirs`.
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

    /// Plans to go on with a removal that did not end.
    #[must_use]
    pub fn going_on(run: &SurveyedRun) -> Self {
        Self::with(run, Vec::new())
    }

    fn with(run: &SurveyedRun, mut steps: Vec<Step>) -> Self {
        steps.extend(run.contents.iter().map(|content| Step::Remove { name: content.name.clone() }));
        steps.push(Step::Seal);
        Self { folder: run.folder.clone(), contents: run.contents.clone(), steps }
    }

    /// Its steps, to be done in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Does one step; one that was done before may be done again.
    ///
    /// # Errors
    /// Fails if something cannot be removed or written.
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
        // Names that are gone have to be gone on the disk before the manifest says so.
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(Stop::disk(dir.display()))?;
        let known = Tombstone::of(&self.folder)?.unwrap_or_else(|| self.tombstone(now));
        Tombstone { finished_at: Some(now), ..known }.write(&self.folder)
    }
}

/// Removes a file, a link, or a folder with everything in it; one that is not there is gone already.
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
