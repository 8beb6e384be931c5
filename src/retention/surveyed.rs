//! Survey of a job's runs on the disk.

use super::decision::{Basis, KnownRun, Standing};
use super::removal::is_kept;
use super::tombstone::Tombstone;
use crate::exit::Stop;
use crate::journal::{Journal, JournalError};
use crate::run_folder::{RunFolder, RunState};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// All runs of a job.
#[derive(Debug)]
pub struct Survey {
    /// The runs, ordered by id.
    pub runs: Vec<SurveyedRun>,
    /// The run that the link `latest` points to.
    pub latest: Option<String>,
}

/// A run, and the files that pruning would remove.
#[derive(Debug)]
pub struct SurveyedRun {
    /// Folder of the run.
    pub folder: RunFolder,
    /// Facts that the decision is based on.
    pub known: KnownRun,
    /// Files and folders besides those that are kept, ordered by name.
    pub contents: Vec<Content>,
}

impl SurveyedRun {
    /// Returns the number of bytes that pruning would remove.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.contents.iter().map(|content| content.bytes).sum()
    }
}

/// A file or folder in a run's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Name.
    pub name: String,
    /// Size of the file, or of all files in the folder, in bytes.
    pub bytes: u64,
}

/// Surveys the runs in a job's folder. The caller must hold the job's lock, because opening a journal of an older version
/// upgrades it.
///
/// # Errors
/// Fails if a folder cannot be listed.
pub fn survey(job_dir: &Path) -> Result<Survey, Stop> {
    let mut runs = Vec::new();
    for dir in folders(job_dir).map_err(Stop::disk(job_dir.display()))? {
        let folder = RunFolder::at(&dir);
        let Some(standing) = standing(&folder)? else { continue };
        let id = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let known = KnownRun { id, standing, is_sampled: is_sampled(&folder), basis: basis(&folder)? };
        let contents = contents(&dir).map_err(Stop::disk(dir.display()))?;
        runs.push(SurveyedRun { folder, known, contents });
    }
    runs.sort_by(|a, b| a.known.id.cmp(&b.known.id));
    Ok(Survey { runs, latest: latest(job_dir) })
}

/// Returns the folders in a folder, without links such as `latest` and without temporary folders.
fn folders(job_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(job_dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn latest(job_dir: &Path) -> Option<String> {
    let target = job_dir.join("latest").canonicalize().ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}

/// Returns the state of the run in a folder; `None` if there is no run.
fn standing(folder: &RunFolder) -> Result<Option<Standing>, Stop> {
    match Tombstone::of(folder) {
        Ok(Some(Tombstone { finished_at: Some(_), .. })) => return Ok(Some(Standing::Pruned)),
        Ok(Some(_)) => return Ok(Some(Standing::HalfPruned)),
        Ok(None) => {}
        Err(_) => return Ok(Some(Standing::Unreadable)),
    }
    let Ok(manifest) = folder.manifest() else { return Ok(Some(Standing::Unreadable)) };
    let shards = folder.shards().map_err(Stop::disk(folder.dir().display()))?;
    let Some(manifest) = manifest else {
        // A process that died before it wrote a manifest has left a journal. A sharded run has no manifest until a
        // report is built.
        let standing = if shards.is_empty() { Standing::Unfinished } else { Standing::WithoutFigures };
        return Ok((!shards.is_empty() || folder.journal().exists()).then_some(standing));
    };
    let is_complete =
        |folder: &RunFolder| matches!(folder.manifest(), Ok(Some(manifest)) if manifest.state == RunState::Complete);
    let Some(finished_at) = manifest.finished_at.filter(|_| manifest.state == RunState::Complete) else {
        return Ok(Some(Standing::Unfinished));
    };
    if !shards.iter().all(|shard| is_complete(&folder.shard(*shard))) {
        return Ok(Some(Standing::Unfinished));
    }
    let has_figures = ["summary.json", "history.json"].iter().all(|name| folder.file(name).exists());
    Ok(Some(if has_figures { Standing::Complete { finished_at } } else { Standing::WithoutFigures }))
}

/// Whether the figures of a run are those of a sample. A run without figures is not counted among others.
fn is_sampled(folder: &RunFolder) -> bool {
    let summary = fs::read(folder.file("summary.json")).ok();
    let summary = summary.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    summary.is_some_and(|summary| summary.get("sample").is_some())
}

/// The runs that the journals in a folder were planned after. A run without a journal can make no report, and needs none.
fn basis(folder: &RunFolder) -> Result<Basis, Stop> {
    let shards = folder.shards().map_err(Stop::disk(folder.dir().display()))?;
    let of_shards = shards.iter().map(|shard| folder.shard(*shard).journal());
    let mut runs = Vec::new();
    for journal in std::iter::once(folder.journal()).chain(of_shards).filter(|journal| journal.exists()) {
        match previous(&journal) {
            Ok(run) => runs.extend(run),
            Err(problem) => {
                tracing::warn!(%problem, "a journal cannot be read");
                return Ok(Basis::Unknown);
            }
        }
    }
    runs.dedup();
    Ok(Basis::Runs(runs))
}

fn previous(journal: &Path) -> Result<Option<String>, JournalError> {
    Journal::open(journal)?.previous_run()
}

/// Returns the contents of a run's folder, without the files that are always kept.
fn contents(dir: &Path) -> io::Result<Vec<Content>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_kept(&name) {
            found.push(Content { bytes: size(&entry.path())?, name });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Returns the size of a file, or of all files in a folder, in bytes. Links are not followed.
fn size(path: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        let found = fs::symlink_metadata(&path)?;
        if found.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else {
            bytes += found.len();
        }
    }
    Ok(bytes)
}
