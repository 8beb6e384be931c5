//! `report`: tables and reports again, from the journal alone.

use super::outputs;
use super::stored::StoredRun;
use crate::cli::{MaskArg, ReportArgs};
use crate::exit::{Exit, Stop};
use crate::job::{Job, Language, Mask};
use crate::run_folder::RunState;

pub(super) fn report(args: &ReportArgs, language: Option<Language>) -> Result<Exit, Stop> {
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
    let wanted = wanted(args, &job, language);
    let figures = outputs::build(&job, &folder, &manifest, &journals, wanted)?;
    let is_sharded = !folder.journal().exists();
    if is_sharded {
        folder.write_manifest(&manifest)?;
        if manifest.state == RunState::Complete {
            outputs::point_latest(&folder, &manifest)?;
        }
    }
    outputs::conclude(&folder, &figures, wanted, args.format)
}

/// What was asked for, or else what the job says.
fn wanted(args: &ReportArgs, job: &Job, language: Option<Language>) -> outputs::Wanted {
    let mut wanted = outputs::Wanted::of_job(job, language);
    if args.excel || args.html || args.csv {
        (wanted.excel, wanted.html, wanted.csv) = (args.excel, args.html, args.csv);
    }
    wanted.mask = match args.mask {
        None => wanted.mask,
        Some(MaskArg::None) => Mask::None,
        Some(MaskArg::Partial) => Mask::Partial,
        Some(MaskArg::Full) => Mask::Full,
    };
    wanted
}
