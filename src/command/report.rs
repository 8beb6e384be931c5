//! `report`: tables and reports again, from the journal alone.

use super::outputs;
use super::stored::StoredRun;
use crate::cli::ReportArgs;
use crate::exit::{Exit, Stop};
use crate::run_folder::RunState;

pub(super) fn report(args: &ReportArgs) -> Result<Exit, Stop> {
    let StoredRun { folder, manifest, job, journals, missing } = StoredRun::open(&args.run_dir)?;
    if !journals.are_planned().map_err(|error| Stop::internal(error.to_string()))? {
        return Err(Stop::invalid(format!(
            "the run in {} ended before its inputs were read; run the job again",
            args.run_dir.display()
        )));
    }
    for shard in &missing {
        eprintln!("ecert-audit: shard {} of {} is not here; its items are not in the report", shard.number, shard.of);
    }
    let figures = outputs::build(&job, &folder, &manifest, &journals)?;
    let is_sharded = !folder.journal().exists();
    if is_sharded {
        folder.write_manifest(&manifest)?;
        if manifest.state == RunState::Complete {
            outputs::point_latest(&folder, &manifest)?;
        }
    }
    outputs::conclude(&job, &folder, &figures, args.format)
}
