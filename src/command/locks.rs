//! Locks of a job: only one process at a time may change a run or a shard of it.

use crate::durable::{Lock, LockError, remove_unfinished};
use crate::exit::{Exit, Stop};
use crate::journal::Shard;
use crate::message::Message;
use crate::run_folder::RunLayout;
use chrono::Local;
use std::path::{Path, PathBuf};

/// Prefix of the names of shards' lock files.
const SHARD_LOCK: &str = ".lock-shard-";

/// Takes the locks of a run or shard. A whole run takes the job's lock exclusively; a shard takes it shared, and its own lock
/// exclusively.
pub(super) fn take(job_dir: &Path, shard: Option<Shard>) -> Result<Vec<Lock>, Stop> {
    let since = Local::now().format("%Y-%m-%d %H:%M:%S");
    let holder = Message::new("lock-holder").with("process", std::process::id()).with("since", since).to_stored();
    let of_job = job_dir.join(".lock");
    let taken = match shard {
        None => Lock::take(&of_job, &holder).map(|lock| vec![lock]),
        Some(Shard { number, of }) => Lock::take_shared(&of_job).and_then(|shared| {
            let own = Lock::take(&job_dir.join(format!("{SHARD_LOCK}{number}-of-{of}")), &holder)?;
            Ok(vec![shared, own])
        }),
    };
    taken.map_err(|error| match error {
        LockError::Held(holder) => {
            // The text in the job's lock file is of the last process that held it exclusively; shards that share the lock have
            // written into their own.
            let holder = if shard.is_none() { shard_holder(job_dir).unwrap_or(holder) } else { holder };
            Stop::new(Exit::Locked, Message::new("locked").with_message("holder", Message::from_stored(&holder)))
        }
        LockError::Unsupported(cause) => {
            Stop::invalid(Message::new("no-locks").with("path", job_dir.display()).with("cause", cause))
        }
        LockError::Path(problem) => Stop::internal(problem.to_message(&of_job)),
    })
}

/// Takes the locks of the run or shard that is there, and removes what processes that died have left half written in it.
pub(super) fn take_and_tidy(layout: &RunLayout) -> Result<Vec<Lock>, Stop> {
    let locks = take(&layout.job_dir, layout.shard)?;
    tidy(layout)?;
    Ok(locks)
}

/// Removes what processes that died have left half written in the folders of a run or shard. The caller holds its locks.
pub(super) fn tidy(layout: &RunLayout) -> Result<(), Stop> {
    let folder = layout.folder();
    for dir in [layout.job_dir.as_path(), folder.dir(), &folder.tables()] {
        remove_unfinished(dir).map_err(Stop::disk(dir.display()))?;
    }
    Ok(())
}

/// Returns the description of a process that holds the lock of a shard; `None` if there is none.
fn shard_holder(job_dir: &Path) -> Option<String> {
    let entries = std::fs::read_dir(job_dir).ok()?.flatten();
    let mut locks: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_shard_lock(path)).collect();
    locks.sort();
    locks.iter().find_map(|path| Lock::holder(path))
}

fn is_shard_lock(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(SHARD_LOCK))
}
