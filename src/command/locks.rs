//! The locks of a job: one process at a time changes a run, or a shard of it.

use crate::durable::{Lock, LockError};
use crate::exit::{Exit, Stop};
use crate::journal::Shard;
use crate::run_folder::{Manifest, RunFolder};
use chrono::Local;
use std::path::Path;

/// A whole run has the job's lock alone; shards share it, and each has its own alone.
pub(super) fn take(job_dir: &Path, shard: Option<Shard>) -> Result<Vec<Lock>, Stop> {
    let holder = format!("process {} since {}", std::process::id(), Local::now().format("%Y-%m-%d %H:%M:%S"));
    let of_job = job_dir.join(".lock");
    let taken = match shard {
        None => Lock::take(&of_job, &holder).map(|lock| vec![lock]),
        Some(Shard { number, of }) => Lock::take_shared(&of_job).and_then(|shared| {
            let own = Lock::take(&job_dir.join(format!(".lock-shard-{number}-of-{of}")), &holder)?;
            Ok(vec![shared, own])
        }),
    };
    taken.map_err(|error| match error {
        LockError::Held(holder) => Stop {
            exit: Exit::Locked,
            message: format!("another run of this job is going on ({holder}); wait for it, or stop it"),
        },
        LockError::Io(error) => Stop::disk(job_dir.display())(error),
    })
}

/// The locks of the run in a folder, for other commands that change it.
pub(super) fn take_of_run(folder: &RunFolder, manifest: &Manifest) -> Result<Vec<Lock>, Stop> {
    let dir = std::path::absolute(folder.dir()).map_err(Stop::disk(folder.dir().display()))?;
    let run = if manifest.shard.is_some() { dir.parent().unwrap_or(&dir) } else { &dir };
    take(run.parent().unwrap_or(run), manifest.shard)
}
