//! Opening of an existing run for commands that read it.

use super::terminal::Terminal;
use crate::durable::check_private_dir;
use crate::exit::Stop;
use crate::job::Job;
use crate::journal::{Journal, Journals, Shard};
use crate::message::Message;
use crate::retention::refuse_pruned;
use crate::run_folder::{Manifest, RunLayout, RunState};
use std::path::Path;

/// An existing run and its job file in its present form.
pub(super) struct StoredRun {
    pub layout: RunLayout,
    pub manifest: Manifest,
    pub job: Job,
    pub journals: Journals,
    /// Shards of a sharded run that have no complete plan here.
    pub missing: Vec<Shard>,
}

impl StoredRun {
    /// Opens the run or shard in a folder.
    ///
    /// # Errors
    /// Fails if the folder holds no run, or none with a complete plan; if the job file cannot be loaded; or if the manifest or
    /// journal is of another run or shard, cannot be read, or has lost items or answers; or if others own its folder or can
    /// write to it.
    pub(super) fn open(run_dir: &Path, terminal: &mut Terminal) -> Result<Self, Stop> {
        // `latest` and `.` are links to, or other names of, a run's folder.
        let layout = RunLayout::of_folder(&run_dir.canonicalize().unwrap_or_else(|_| run_dir.to_owned()));
        refuse_pruned(&layout.folder())?;
        check_folders(&layout)?;
        let shards = layout.folder().shards().map_err(Stop::disk(run_dir.display()))?;
        let Some(manifest) = any_manifest(&layout, &shards)? else { return Err(about_folder(&layout, "no-run-folder")) };
        // Later messages are in the job's language.
        let job = terminal.load(&manifest.job_file)?;
        let of = shards.first().map_or(0, |shard| shard.of);
        let mut parts = Vec::new();
        for shard in shards {
            parts.extend(Part::open(&layout, shard)?);
        }
        let Some((first, others)) = parts.split_first() else {
            let journal = if of == 0 { layout.open_journal(&manifest)? } else { None };
            let Some(journal) = journal else { return Err(about_folder(&layout, "run-not-planned")) };
            return Ok(Self { layout, manifest, job, journals: vec![journal].into(), missing: Vec::new() });
        };
        let mut manifest = merged_manifest(first, others)?;
        let is_there = |shard: &Shard| parts.iter().any(|part| part.layout.shard == Some(*shard));
        let missing: Vec<Shard> = (1..=of).map(|number| Shard { number, of }).filter(|shard| !is_there(shard)).collect();
        if !missing.is_empty() {
            manifest.state = RunState::Incomplete;
        }
        let journals = Journals::of_shards(parts.into_iter().map(|part| part.journal).collect());
        tell_histories(&journals, terminal)?;
        Ok(Self { layout, manifest, job, journals, missing })
    }
}

/// Checks that the folders of a run or shard, where they are there, are this user's own.
fn check_folders(layout: &RunLayout) -> Result<(), Stop> {
    for folder in [layout.run_folder(), layout.folder()] {
        if folder.dir().symlink_metadata().is_ok() {
            check_private_dir(folder.dir()).map_err(|problem| Stop::internal(problem.to_message(folder.dir())))?;
        }
    }
    Ok(())
}

/// Returns the manifest of one of the shards, else that of the run; `None` if there is none.
fn any_manifest(layout: &RunLayout, shards: &[Shard]) -> Result<Option<Manifest>, Stop> {
    for shard in shards {
        if let Some(manifest) = of_shard(layout, *shard).folder().manifest()? {
            return Ok(Some(manifest));
        }
    }
    layout.folder().manifest()
}

fn of_shard(run: &RunLayout, shard: Shard) -> RunLayout {
    RunLayout { shard: Some(shard), ..run.clone() }
}

fn about_folder(layout: &RunLayout, code: &'static str) -> Stop {
    Stop::invalid(Message::new(code).with("path", layout.folder().dir().display()))
}

/// A shard with a complete plan.
struct Part {
    layout: RunLayout,
    manifest: Manifest,
    journal: Journal,
}

impl Part {
    /// Opens a shard of a run; `None` if its plan is not complete, so that it counts as missing.
    fn open(run: &RunLayout, shard: Shard) -> Result<Option<Self>, Stop> {
        let layout = of_shard(run, shard);
        let Some(manifest) = layout.folder().manifest()? else { return Ok(None) };
        let journal = layout.open_journal(&manifest)?;
        Ok(journal.map(|journal| Self { layout, manifest, journal }))
    }
}

/// Combines the manifests of all shards.
fn merged_manifest(first: &Part, others: &[Part]) -> Result<Manifest, Stop> {
    let mut sum = Manifest { shard: None, ..first.manifest.clone() };
    for Part { layout, manifest, .. } in others {
        let mut changes = manifest.fingerprint.changes_since(&first.manifest.fingerprint);
        if manifest.run_id != first.manifest.run_id {
            changes.push(Message::new("changed-run").with("before", &first.manifest.run_id).with("now", &manifest.run_id));
        }
        if manifest.shard.map(|shard| shard.of) != first.manifest.shard.map(|shard| shard.of) {
            changes.push(Message::new("changed-parts"));
        }
        if !changes.is_empty() {
            let message = Message::new("shard-of-another-run").with("path", layout.folder().dir().display());
            return Err(Stop::invalid(message.with_list("changes", changes)));
        }
        sum.items += manifest.items;
        sum.finished += manifest.finished;
        sum.settled += manifest.settled;
        sum.started_at = sum.started_at.min(manifest.started_at);
        sum.finished_at = sum.finished_at.max(manifest.finished_at);
        sum.wall_seconds += manifest.wall_seconds;
        if manifest.state != RunState::Complete {
            sum.state = RunState::Incomplete;
        }
    }
    Ok(sum)
}

/// Reports shards that were planned with another previous run, or without one. All are compared with the same one.
fn tell_histories(journals: &Journals, terminal: &Terminal) -> Result<(), Stop> {
    let known = journals.previous_runs()?;
    if known.len() > 1 {
        let runs = known.into_iter().map(|run| run.map_or_else(|| Message::new("no-previous-run"), Message::literal));
        let message = Message::new("shards-differ-in-previous-run").with_list("known", runs.collect());
        terminal.tell(&message.with("run", journals.previous_run()?.unwrap_or_default()));
    }
    Ok(())
}
