//! `compare`: shows the changes between two runs.

use super::terminal::Terminal;
use crate::analysis::{Extent, compare as compare_runs};
use crate::cli::{CompareArgs, LogFormat};
use crate::exit::{Exit, Stop};
use crate::job::{Job, Language, Mask};
use crate::message::Message;
use crate::report::{ComparedWorkbook, Comparison, changes_of_rates, compared_text, is_sampled};
use crate::retention::refuse_pruned;
use crate::run_folder::{Manifest, RunFolder};
use std::path::Path;

pub(super) fn compare(args: &CompareArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let (old, old_manifest, old_summary) = open(&args.old_run)?;
    let (new, new_manifest, new_summary) = open(&args.new_run)?;
    // Without the job file, masking and language come from the command line or their defaults.
    let job = Job::load(&new_manifest.job_file).ok();
    let mask = job.as_ref().map_or(Mask::Full, |job| job.report.mask);
    terminal.speak(job.map_or(Language::ZhCn, |job| job.language));
    let words = terminal.words();
    let scratch = tempfile::Builder::new().prefix(".comparing-").tempdir_in(new.dir());
    let scratch = scratch.map_err(Stop::disk(new.dir().display()))?;
    let mut workbook = match &args.excel {
        Some(_) => Some(ComparedWorkbook::begin(words, mask, scratch.path()).map_err(Stop::failed)?),
        None => None,
    };
    let take = |row: crate::table::Row<'_>, change| match &mut workbook {
        Some(workbook) => workbook.row(row, change).map_err(|error| error.to_string()),
        None => Ok(()),
    };
    let extent = if is_sampled(&old_summary) { Extent::Sample } else { Extent::All };
    let compared = compare_runs((&old.tables(), extent), (&new.tables(), &new_manifest.run_id), scratch.path(), take);
    let (gaps, by_type) = compared.map_err(Stop::failed)?;
    let comparison = Comparison {
        old_run: old_manifest.run_id,
        new_run: new_manifest.run_id,
        changes: changes_of_rates(&old_summary, &new_summary),
        old: old_summary,
        new: new_summary,
        gaps,
        by_type,
    };
    if let (Some(workbook), Some(path)) = (workbook, &args.excel) {
        workbook.end(path).map_err(Stop::failed)?;
    }
    terminal.print(&match args.format {
        LogFormat::Text => compared_text(words, &comparison),
        LogFormat::Json => format!("{}\n", serde_json::to_string_pretty(&comparison).map_err(Stop::disk("the comparison"))?),
    })?;
    Ok(Exit::Done)
}

fn open(run_dir: &Path) -> Result<(RunFolder, Manifest, serde_json::Value), Stop> {
    let folder = RunFolder::at(run_dir);
    refuse_pruned(&folder)?;
    let Some(manifest) = folder.manifest()? else {
        return Err(Stop::invalid(Message::new("no-run-folder").with("path", run_dir.display())));
    };
    let path = folder.file("summary.json");
    let bytes =
        std::fs::read(&path).map_err(|_| Stop::invalid(Message::new("no-reports-yet").with("path", run_dir.display())))?;
    let summary = serde_json::from_slice(&bytes).map_err(Stop::disk(path.display()))?;
    Ok((folder, manifest, summary))
}
