//! `report`: tables and reports again, from the journal alone.

use super::outputs;
use super::stored::StoredRun;
use crate::cli::ReportArgs;
use crate::exit::{Exit, Stop};

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Stop> {
    let StoredRun { folder, manifest, job, journal } = StoredRun::open(&args.run_dir)?;
    if !journal.is_planned().map_err(|error| Stop::internal(error.to_string()))? {
        return Err(Stop::invalid(format!(
            "the run in {} ended before its inputs were read; run the job again",
            args.run_dir.display()
        )));
    }
    let figures = outputs::build(&job, &folder, &manifest, &journal)?;
    outputs::conclude(&job, &folder, &figures, args.format)
}
