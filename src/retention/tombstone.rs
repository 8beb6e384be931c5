//! What a pruned run's manifest says of what is gone.

use crate::durable::write_whole;
use crate::exit::Stop;
use crate::message::Message;
use crate::run_folder::{RunFolder, RunLayout};
use chrono::{DateTime, Local, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;

/// The key of the manifest that holds it.
const KEY: &str = "pruned";

/// What was removed from a run's folder, when, and by which version. A run with one has no journal any more, be the removal
/// over or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// When the removal began.
    pub begun_at: DateTime<Utc>,
    /// When everything was gone; `None` while the removal is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Version of the program that began it.
    pub tool_version: String,
    /// Bytes of what was removed, by the name of the file or folder; files that are not the program's own are `other`.
    pub removed: BTreeMap<String, u64>,
}

/// The part of a manifest that matters here.
#[derive(Deserialize)]
struct Marked {
    #[serde(default)]
    pruned: Option<Tombstone>,
}

impl Tombstone {
    /// Reads the tombstone of a run; `None` where it is not pruned, or no run is there.
    ///
    /// # Errors
    /// Fails if there is a manifest that cannot be read.
    pub fn of(folder: &RunFolder) -> Result<Option<Self>, Stop> {
        Ok(folder.read_manifest::<Marked>()?.and_then(|marked| marked.pruned))
    }

    /// Writes the tombstone into the run's manifest; what else stands there stays.
    pub(super) fn write(&self, folder: &RunFolder) -> Result<(), Stop> {
        let path = folder.file("run.json");
        let missing = || Stop::disk(path.display())(io::Error::from(io::ErrorKind::NotFound));
        let mut manifest: Map<String, Value> = folder.read_manifest()?.ok_or_else(missing)?;
        manifest.insert(KEY.to_owned(), serde_json::to_value(self).map_err(Stop::disk(path.display()))?);
        let text = serde_json::to_string_pretty(&manifest).map_err(Stop::disk(path.display()))?;
        write_whole(&path, text.as_bytes()).map_err(Stop::disk(path.display()))
    }
}

/// Refuses a run whose journal and tables were removed, or a shard of one.
///
/// # Errors
/// Fails if the run is pruned, or if its manifest cannot be read.
pub fn refuse_pruned(folder: &RunFolder) -> Result<(), Stop> {
    let run_of_shard = RunLayout::of_folder(folder.dir()).run_folder();
    for folder in [folder, &run_of_shard] {
        if let Some(tombstone) = Tombstone::of(folder)? {
            let on = tombstone.begun_at.with_timezone(&Local).format("%Y-%m-%d");
            return Err(Stop::invalid(Message::new("run-pruned").with("path", folder.dir().display()).with("on", on)));
        }
    }
    Ok(())
}
