//! The folder of a run: paths of its files, and the manifest with the state of the run.
//!
//! [`RunLayout`] finds a run, or a shard of it, among the runs of its job. [`RunFolder`] is one folder with a manifest, a journal
//! and the files made from them.

mod fingerprint;
mod layout;

pub use fingerprint::{Fingerprint, InputHash};
pub use layout::RunLayout;

use crate::durable::{UnsafePath, read_ordinary, write_whole};
use crate::exit::Stop;
use crate::journal::{Journal, JournalError, Journals, Shard};
use crate::message::Message;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A process is working on the run, or ended without updating the manifest.
    Running,
    /// Stopped before the end. Running the job again resumes it.
    Incomplete,
    /// Every item is finished.
    Complete,
}

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// State of the run.
    pub state: RunState,
    /// Version of the program that wrote the manifest.
    pub tool_version: String,
    /// Name of the job.
    pub job: String,
    /// Id of the run.
    pub run_id: String,
    /// Path of the job file.
    pub job_file: PathBuf,
    /// Settings and inputs that the answers depend on.
    pub fingerprint: Fingerprint,
    /// Shard of the run in this folder; `None` for a run without shards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Headers of the carried columns.
    pub carried: Vec<String>,
    /// Number of planned items.
    pub items: u64,
    /// Number of items that need no further call.
    pub finished: u64,
    /// Number of finished items about which everything is known. It never falls, so a journal with fewer has lost data.
    #[serde(default)]
    pub settled: u64,
    /// Start of the first process.
    pub started_at: DateTime<Utc>,
    /// End of the last process.
    pub finished_at: Option<DateTime<Utc>>,
    /// Total duration of all processes, in seconds.
    pub wall_seconds: f64,
}

impl Manifest {
    /// Returns whether the run's plan was complete when the manifest was last written.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.items > 0 || self.state == RunState::Complete
    }
}

/// Folder of a run or of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Returns the folder at `dir`.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// Returns the path of the folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// Returns the path of the journal.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.0.join(JOURNAL)
    }

    /// Returns the path of the folder of tables.
    #[must_use]
    pub fn tables(&self) -> PathBuf {
        self.0.join("tables")
    }

    /// Returns the path of the log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("run.log.jsonl")
    }

    /// Returns the path of a file in the folder, such as `report.xlsx`.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Reads the manifest; `None` if there is none.
    ///
    /// # Errors
    /// Fails if the manifest cannot be read or decoded.
    pub fn manifest(&self) -> Result<Option<Manifest>, Stop> {
        self.read_manifest()
    }

    /// Reads what of the manifest matters to the caller; none where there is no run here. Nobody is waited for, whatever has its
    /// name.
    ///
    /// # Errors
    /// As [`Self::manifest`].
    pub fn read_manifest<T: DeserializeOwned>(&self) -> Result<Option<T>, Stop> {
        let path = self.file("run.json");
        let text = match read_ordinary(&path) {
            Ok(text) => text,
            Err(UnsafePath::Io(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(problem) => return Err(Stop::internal(problem.to_message(&path))),
        };
        serde_json::from_str(&text).map(Some).map_err(|cause| {
            Stop::internal(Message::new("manifest-unreadable").with("path", path.display()).with("cause", cause))
        })
    }

    /// Writes the manifest atomically.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), Stop> {
        let path = self.file("run.json");
        let text = serde_json::to_string_pretty(manifest).map_err(Stop::disk("run.json"))?;
        write_whole(&path, text.as_bytes()).map_err(Stop::disk(path.display()))
    }

    /// Returns the shards that have a folder here, ordered.
    ///
    /// # Errors
    /// Fails if the folder exists and cannot be read.
    pub fn shards(&self) -> io::Result<Vec<Shard>> {
        let mut shards = Vec::new();
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(shards),
            entries => entries?,
        };
        for entry in entries {
            shards.extend(entry?.file_name().to_str().and_then(layout::shard_named));
        }
        shards.sort_unstable_by_key(|shard| (shard.of, shard.number));
        Ok(shards)
    }

    /// Returns the folder of a shard of this run.
    #[must_use]
    pub fn shard(&self, shard: Shard) -> Self {
        Self(self.0.join(layout::folder_name(shard)))
    }

    /// Opens the journal of the run in this folder, or those of its shards; `None` if there are none.
    ///
    /// # Errors
    /// Fails if the folder or a journal cannot be read.
    pub fn journals(&self) -> Result<Option<Journals>, JournalError> {
        if self.journal().exists() {
            return Ok(Some(vec![Journal::open(&self.journal())?].into()));
        }
        let shards = self.shards().map_err(|cause| JournalError::CannotOpen { path: self.journal(), cause })?;
        let paths = shards.into_iter().map(|shard| self.shard(shard).journal());
        let journals: Vec<Journal> =
            paths.filter(|path| path.exists()).map(|path| Journal::open(&path)).collect::<Result<_, _>>()?;
        Ok(if journals.is_empty() { None } else { Some(Journals::of_shards(journals)) })
    }
}

/// File name of the journal.
const JOURNAL: &str = "journal.sqlite";
