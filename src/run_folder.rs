//! A run's folder: where its files lie, and the manifest that says how the run stands.
//!
//! [`RunLayout`] knows where a run, or a shard of it, lies among the runs of its job; [`RunFolder`] is one folder with a manifest,
//! a journal and what is made from them.

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

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A process is at it, or died at it.
    Running,
    /// Stopped before the end; it goes on when the job is run again.
    Incomplete,
    /// Every item is finished.
    Complete,
}

/// The content of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// How the run stands.
    pub state: RunState,
    /// Version of the program that wrote this.
    pub tool_version: String,
    /// Name of the job.
    pub job: String,
    /// Id of the run.
    pub run_id: String,
    /// The job file.
    pub job_file: PathBuf,
    /// What the answers depend on.
    pub fingerprint: Fingerprint,
    /// The part of the run that this is; none where it is the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Headers of the carried columns.
    pub carried: Vec<String>,
    /// Items of the plan.
    pub items: u64,
    /// Items that need nothing more.
    pub finished: u64,
    /// Items among them of which everything is known. What is known stays so: the journal never has fewer of them later.
    #[serde(default)]
    pub settled: u64,
    /// When the first process began.
    pub started_at: DateTime<Utc>,
    /// When the last process ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Seconds that all processes took together.
    pub wall_seconds: f64,
}

impl Manifest {
    /// Whether the manifest was written, or written last, when the plan of the run was whole.
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.items > 0 || self.state == RunState::Complete
    }
}

/// The folder of a run or of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The folder at `dir`.
    #[must_use]
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// Its path.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.0.join(JOURNAL)
    }

    /// The folder of tables.
    #[must_use]
    pub fn tables(&self) -> PathBuf {
        self.0.join("tables")
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.0.join("run.log.jsonl")
    }

    /// A file beside the tables, such as `report.xlsx`.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Reads the manifest; none where there is no run here.
    ///
    /// # Errors
    /// Fails if there is one that is no ordinary file, cannot be read, or is no manifest.
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

    /// Writes the manifest, whole.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), Stop> {
        let path = self.file("run.json");
        let text = serde_json::to_string_pretty(manifest).map_err(Stop::disk("run.json"))?;
        write_whole(&path, text.as_bytes()).map_err(Stop::disk(path.display()))
    }

    /// The shards that have a folder here, in order.
    ///
    /// # Errors
    /// Fails if the folder cannot be read; one that is not there has none.
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

    /// The folder of a shard of the run in this folder.
    #[must_use]
    pub fn shard(&self, shard: Shard) -> Self {
        Self(self.0.join(layout::folder_name(shard)))
    }

    /// Opens the journals of the run in this folder, that of the whole or those of its shards, for what they know of the run
    /// before; `None` where there are none.
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

/// Name of the journal.
const JOURNAL: &str = "journal.sqlite";
