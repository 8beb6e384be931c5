//! Opening a run that is there, to read it without a call.

use crate::exit::Stop;
use crate::job::Job;
use crate::journal::Journal;
use crate::run_folder::{Manifest, RunFolder};
use std::path::Path;

/// A run in its folder, with its job file as it is now.
pub(super) struct StoredRun {
    pub folder: RunFolder,
    pub manifest: Manifest,
    pub job: Job,
    pub journal: Journal,
}

impl StoredRun {
    pub(super) fn open(run_dir: &Path) -> Result<Self, Stop> {
        let folder = RunFolder::at(run_dir);
        let Some(manifest) = folder.manifest()? else {
            return Err(Stop::invalid(format!("{} is no run's folder: it holds no run.json", run_dir.display())));
        };
        let job = Job::load(&manifest.job_file).map_err(|problems| Stop::invalid(problems.to_string()))?;
        let journal = Journal::open(&folder.journal()).map_err(|error| Stop::internal(error.to_string()))?;
        Ok(Self { folder, manifest, job, journal })
    }
}
