//! `report`: rebuilds tables and reports from the journal.

use super::outputs;
use super::stored::StoredRun;
use super::terminal::Terminal;
use crate::cli::{MaskArg, ReportArgs};
use crate::exit::{Exit, Stop};
use crate::job::{Job, Mask};
use crate::message::Message;
use crate::run_folder::RunState;

pub(super) fn report(args: &ReportArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let StoredRun { layout, manifest, job, journals, missing } = StoredRun::open(&args.run_dir, terminal)?;
    for shard in &missing {
        terminal.tell(&Message::new("shard-missing").with("number", shard.number).with("of", shard.of));
    }
    let wanted = wanted(args, &job, terminal);
    let figures = outputs::build(&job, &layout, &manifest, &journals, wanted, terminal)?;
    if journals.are_shards() {
        layout.folder().write_manifest(&manifest)?;
        if manifest.state == RunState::Complete && figures.sample.is_none() {
            outputs::point_latest(&layout, &manifest, terminal);
        }
    }
    outputs::conclude(&layout.folder(), &figures, wanted, args.format, terminal)
}

/// Returns the selection of reports from the command line, else from the job file.
fn wanted(args: &ReportArgs, job: &Job, terminal: &Terminal) -> outputs::ReportSelection {
    let mut wanted = outputs::ReportSelection::of_job(job, terminal.language());
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
