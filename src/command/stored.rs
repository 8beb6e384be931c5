//! Opening a run that is there, to read it without a call.

use super::terminal::Terminal;
use crate::exit::Stop;
use crate::job::Job;
use crate::journal::{Journal, Journals, Shard};
use crate::message::Message;
use crate::retention::refuse_pruned;
use crate::run_folder::{Manifest, RunFolder, RunState};
use std::path::Path;

/// A run in its folder, with its job file as it is now.
pub(super) struct StoredRun {
    pub folder: RunFolder,
    pub manifest: Manifest,
    pub job: Job,
    pub journals: Journals,
    /// Shards that a sharded run lacks here.
    pub missing: Vec<Shard>,
}

impl StoredRun {
    pub(super) fn open(run_dir: &Path, terminal: &mut Terminal) -> Result<Self, Stop> {
        // `latest`, or `.`, is a run by another name.
        let folder = RunFolder::at(run_dir.canonicalize().unwrap_or_else(|_| run_dir.to_owned()));
        refuse_pruned(&folder)?;
        let shards = folder.shards().map_err(Stop::disk(run_dir.display()))?;
        let of = shards.first().map_or(0, |shard| shard.of);
        let shards = begun(&folder, shards)?;
        let (manifest, journals, missing) = if shards.is_empty() {
            (whole_manifest(&folder)?, Journals::from(vec![open_journal(&folder)?]), Vec::new())
        } else {
            let manifest = merged_manifest(&folder, &shards)?;
            let journals = shards.iter().map(|shard| open_journal(&folder.shard(*shard))).collect::<Result<_, _>>()?;
            let wanted = (1..=of).map(|number| Shard { number, of });
            (manifest, Journals::of_shards(journals), wanted.filter(|shard| !shards.contains(shard)).collect())
        };
        let job = terminal.load(&manifest.job_file)?;
        let mut run = Self { folder, manifest, job, journals, missing };
        if !run.missing.is_empty() {
            run.manifest.state = RunState::Incomplete;
        }
        Ok(run)
    }
}

/// Those shards whose plan stands; the others are as good as missing.
fn begun(folder: &RunFolder, shards: Vec<Shard>) -> Result<Vec<Shard>, Stop> {
    let mut begun = Vec::new();
    for shard in shards {
        let of_shard = folder.shard(shard);
        let has_plan = of_shard.manifest()?.is_some() && open_journal(&of_shard)?.is_planned()?;
        if has_plan {
            begun.push(shard);
        }
    }
    Ok(begun)
}

fn whole_manifest(folder: &RunFolder) -> Result<Manifest, Stop> {
    folder.manifest()?.ok_or_else(|| Stop::invalid(Message::new("no-run-folder").with("path", folder.dir().display())))
}

fn open_journal(folder: &RunFolder) -> Result<Journal, Stop> {
    Ok(Journal::open(&folder.journal())?)
}

/// The manifest of all shards as one.
fn merged_manifest(folder: &RunFolder, shards: &[Shard]) -> Result<Manifest, Stop> {
    let mut merged: Option<Manifest> = None;
    for shard in shards {
        let of_shard = folder.shard(*shard);
        let manifest = whole_manifest(&of_shard)?;
        let Some(sum) = &mut merged else {
            merged = Some(Manifest { run_id: folder.id(), shard: None, ..manifest });
            continue;
        };
        let changes = manifest.fingerprint.changes_since(&sum.fingerprint);
        if shard.of != shards[0].of || !changes.is_empty() {
            let why = if changes.is_empty() { vec![Message::new("changed-parts")] } else { changes };
            return Err(Stop::invalid(
                Message::new("shard-of-another-run").with("path", of_shard.dir().display()).with_list("changes", why),
            ));
        }
        sum.items += manifest.items;
        sum.finished += manifest.finished;
        sum.started_at = sum.started_at.min(manifest.started_at);
        sum.finished_at = sum.finished_at.max(manifest.finished_at);
        sum.wall_seconds += manifest.wall_seconds;
        if manifest.state != RunState::Complete {
            sum.state = RunState::Incomplete;
        }
    }
    merged.ok_or_else(|| Stop::invalid(Message::new("no-run-folder").with("path", folder.dir().display())))
}
