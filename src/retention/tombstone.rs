//! Record of a pruned run's removed files, stored in its manifest.

use crate::durable::write_whole;
use crate::exit::Stop;
use crate::message::Message;
use crate::run_folder::{RunFolder, RunLayout};
use chrono::{DateTime, Local, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;

/// Key of the record in the manifest.
const KEY: &str = "pruned";

/// Which files were removed from a run's folder, when, and by which version. A run with this record has no usable journal, even
/// if the removal is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Start of the removal.
    pub begun_at: DateTime<Utc>,
    /// End of the removal; `None` while it is not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Version of the program that started it.
    pub tool_version: String,
    /// Number of bytes removed, by name of the file or folder; `other` for all that are not this program's.
    pub removed: BTreeMap<String, u64>,
}

/// The relevant part of a manifest.
#[derive(Deserialize)]
struct Marked {
    #[serde(default)]
    pruned: Option<Tombstone>,
}

impl Tombstone {
    /// Reads the tombstone of a run; `None` if the run is not pruned or there is none.
    ///
    /// # Errors
    /// Fails if the manifest exists and cannot be read.
    pub fn of(folder: &RunFolder) -> Result<Option<Self>, Stop> {
        Ok(folder.read_manifest::<Marked>()?.and_then(|marked| marked.pruned))
    }

    /// Writes the tombstone into the run's manifest, whose other keys are unchanged.
    pub(super) fn write(&self, folder: &RunFolder) -> Result<(), Stop> {
        let path = folder.file("run.json");
        let missing = || Stop::disk(path.display())(io::Error::from(io::ErrorKind::NotFound));
        let mut manifest: Map<String, Value> = folder.read_manifest()?.ok_or_else(missing)?;
        manifest.insert(KEY.to_owned(), serde_json::to_value(self).map_err(Stop::disk(path.display()))?);
        let text = serde_json::to_string_pretty(&manifest).map_err(Stop::disk(path.display()))?;
        write_whole(&path, text.as_bytes()).map_err(Stop::disk(path.display()))
    }
}

/// Rejects a pruned run, or a shard of one.
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
