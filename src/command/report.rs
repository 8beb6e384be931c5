//! `report`: tables and reports again, from the journal alone.

use super::outputs;
use crate::cli::ReportArgs;
use crate::exit::{Exit, Stop};
use crate::job::Job;
use crate::journal::Journal;
use crate::run_folder::RunFolder;

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Stop> {
    let folder = RunFolder::at(&args.run_dir);
    let Some(manifest) = folder.manifest()? else {
        return Err(Stop::invalid(format!("{} is no run's folder: it holds no run.json", args.run_dir.display())));
    };
    let job = Job::load(&manifest.job_file).map_err(|problems| Stop::invalid(problems.to_string()))?;
    let journal = Journal::open(&folder.journal()).map_err(|error| Stop::internal(error.to_string()))?;
    if !journal.is_planned().map_err(|error| Stop::internal(error.to_string()))? {
        return Err(Stop::invalid(format!(
            "the run in {} ended before its inputs were read; run the job again",
            args.run_dir.display()
        )));
    }
    let figures = outputs::build(&job, &folder, &manifest, &journal)?;
    outputs::conclude(&job, &folder, &figures, args.format)
}
