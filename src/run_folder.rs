//! A run's folder: where its files lie, and the manifest that says how the run stands.

use crate::durable::write_whole;
use crate::exit::Stop;
use crate::intake::InputFile;
use crate::job::{Job, Purpose, Recheck};
use crate::journal::Shard;
use crate::message::Message;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
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

/// What a run's answers depend on: where it changes, the answers no longer fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Path and SHA-256 of every input.
    pub inputs: Vec<InputHash>,
    /// How they are read: sheets, header rows, columns, defaults, carried columns.
    #[serde(default)]
    pub reading: Vec<String>,
    /// `[purpose]`.
    pub purpose: Purpose,
    /// The platform's address.
    pub platform: String,
    /// `audit.depth`.
    pub depth: String,
    /// `audit.certificates`.
    pub certificates: String,
    /// `audit.recheck`.
    #[serde(default = "all")]
    pub recheck: String,
}

fn all() -> String {
    Recheck::All.word().to_owned()
}

/// An input and its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputHash {
    /// Path relative to the job's root.
    pub path: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Fingerprint {
    /// The fingerprint of a job with these inputs.
    #[must_use]
    pub fn new(job: &Job, files: &[InputFile]) -> Self {
        let inputs = files.iter().map(|file| InputHash { path: file.name.to_string(), sha256: file.sha256.clone() });
        Self {
            inputs: inputs.collect(),
            reading: job.inputs.iter().map(|input| format!("{input:?}")).collect(),
            purpose: job.purpose.clone(),
            platform: job.platform.base.name().to_owned(),
            depth: job.audit.depth.word().to_owned(),
            certificates: job.audit.certificates.word().to_owned(),
            recheck: job.recheck.word().to_owned(),
        }
    }

    /// Returns what is not as it was.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<Message> {
        let mut changes = Vec::new();
        for input in &self.inputs {
            match earlier.inputs.iter().find(|known| known.path == input.path) {
                None => changes.push(Message::new("changed-input-new").with("path", &input.path)),
                Some(known) if known.sha256 != input.sha256 => {
                    changes.push(Message::new("changed-input-content").with("path", &input.path));
                }
                Some(_) => {}
            }
        }
        for known in &earlier.inputs {
            if !self.inputs.iter().any(|input| input.path == known.path) {
                changes.push(Message::new("changed-input-gone").with("path", &known.path));
            }
        }
        if changes.is_empty() && self.inputs != earlier.inputs {
            changes.push(Message::new("changed-input-order"));
        }
        if self.reading != earlier.reading {
            changes.push(Message::new("changed-input-settings"));
        }
        if self.purpose != earlier.purpose {
            changes.push(Message::new("changed-purpose"));
        }
        for (key, now, before) in [
            ("platform.base_url", &self.platform, &earlier.platform),
            ("audit.depth", &self.depth, &earlier.depth),
            ("audit.certificates", &self.certificates, &earlier.certificates),
            ("audit.recheck", &self.recheck, &earlier.recheck),
        ] {
            if now != before {
                changes.push(Message::new("changed-key").with("key", key).with("before", before).with("now", now));
            }
        }
        changes
    }
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
    /// When the first process began.
    pub started_at: DateTime<Utc>,
    /// When the last process ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Seconds that all processes took together.
    pub wall_seconds: f64,
}

/// A run's folder.
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

    /// Its name: the run's id.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Returns the id of the run that the folder is of, which is that of the folder above where it is a shard's.
    #[must_use]
    pub fn run_id(&self) -> String {
        let parent = self.0.parent().filter(|_| shard_named(&self.id()).is_some());
        parent.map_or_else(|| self.id(), |parent| Self::at(parent).id())
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.sqlite")
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
    /// Where there is one that cannot be read.
    pub fn manifest(&self) -> Result<Option<Manifest>, Stop> {
        let path = self.file("run.json");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Stop::disk(path.display())(error)),
        };
        serde_json::from_str(&text).map(Some).map_err(Stop::disk(path.display()))
    }

    /// Writes the manifest, whole.
    ///
    /// # Errors
    /// What the disk says.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), Stop> {
        let path = self.file("run.json");
        let text = serde_json::to_string_pretty(manifest).map_err(Stop::disk("run.json"))?;
        write_whole(&path, text.as_bytes()).map_err(Stop::disk(path.display()))
    }

    /// The folder of one of its shards.
    #[must_use]
    pub fn shard(&self, shard: Shard) -> Self {
        Self(self.0.join(format!("shard-{}-of-{}", shard.number, shard.of)))
    }

    /// The shards that have a folder here, in order.
    ///
    /// # Errors
    /// What the disk says.
    pub fn shards(&self) -> std::io::Result<Vec<Shard>> {
        let mut shards = Vec::new();
        let entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(shards),
            entries => entries?,
        };
        for entry in entries {
            shards.extend(entry?.file_name().to_str().and_then(shard_named));
        }
        shards.sort_unstable_by_key(|shard| (shard.of, shard.number));
        Ok(shards)
    }

    /// The folder that a job's run, or a shard of it, lives in: the latest of `<id>`, `<id>.2`, …; with `fresh` the first
    /// one after it where it has not begun.
    ///
    /// # Errors
    /// Where the run that is there was begun in other parts; what the disk says.
    pub fn find(job_dir: &Path, run_id: &str, shard: Option<Shard>, fresh: bool) -> Result<Self, Stop> {
        let nth = |number: u32| Self(if number == 1 { job_dir.join(run_id) } else { job_dir.join(format!("{run_id}.{number}")) });
        let shards = |run: &Self| run.shards().map_err(Stop::disk(run.dir().display()));
        let mut taken = 0;
        while nth(taken + 1).file("run.json").exists() || !shards(&nth(taken + 1))?.is_empty() {
            taken += 1;
        }
        let run = nth(taken.max(1));
        let there = shards(&run)?;
        let is_whole = run.journal().exists();
        let fits = match shard {
            None => there.is_empty(),
            Some(shard) => !is_whole && there.iter().all(|other| other.of == shard.of),
        };
        match shard {
            Some(shard) if fits && !(fresh && there.contains(&shard)) => Ok(run.shard(shard)),
            Some(shard) if fresh => Ok(nth(taken + 1).shard(shard)),
            None if fresh => Ok(nth(taken + 1)),
            None if fits => Ok(run),
            _ => {
                let begun = match there.first() {
                    Some(shard) => Message::new("begun-in-parts").with("of", shard.of),
                    None => Message::new("begun-whole"),
                };
                Err(Stop::invalid(Message::new("begun-otherwise").with("path", run.dir().display()).with_message("begun", begun)))
            }
        }
    }
}

/// The shard that a folder of this name is of; `None` where it is none's.
fn shard_named(name: &str) -> Option<Shard> {
    let (number, of) = name.strip_prefix("shard-")?.split_once("-of-")?;
    Some(Shard { number: number.parse().ok()?, of: of.parse().ok()? })
}
