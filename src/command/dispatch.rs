//! `dispatch`: writes a workbook for each department with the certificates that it has to settle.

use super::locks;
use super::stored::StoredRun;
use super::terminal::Terminal;
use crate::cli::{DispatchArgs, LogFormat, MaskArg};
use crate::dispatch::{Dispatch, DispatchReport, dispatch as write_workbooks};
use crate::durable::create_private_dir;
use crate::exit::{Exit, Stop};
use crate::job::{Mask, Secret};
use crate::journal::Journal;
use crate::message::Message;
use crate::run_folder::{Manifest, RunFolder, RunState};
use crate::table::schema::coverage;
use chrono::Utc;
use std::path::Path;

/// Name of the folder of workbooks in a run's folder.
const FOLDER: &str = "dispatch";

pub(super) fn dispatch(args: &DispatchArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let StoredRun { layout, manifest, job, .. } = StoredRun::open(&args.run_dir, terminal)?;
    let folder = layout.folder();
    let terminal: &Terminal = terminal;
    check_column(&args.by, &manifest)?;
    check_tables(&folder)?;
    if manifest.state != RunState::Complete {
        terminal.tell(&Message::new("dispatch-of-incomplete"));
    }
    let _lock = locks::take_and_tidy(&layout)?;
    let journal = decisions_journal(&folder)?;
    let password = password(args.password_file.as_deref())?;
    let out = args.out.clone().unwrap_or_else(|| folder.file(FOLDER));
    create_private_dir(&out).map_err(|problem| Stop::internal(problem.to_message(&out)))?;
    let mask = match args.mask {
        None => job.report.mask,
        Some(MaskArg::None) => Mask::None,
        Some(MaskArg::Partial) => Mask::Partial,
        Some(MaskArg::Full) => Mask::Full,
    };
    let wanted = Dispatch {
        job: &manifest.job,
        run_id: &manifest.run_id,
        tables: &folder.tables(),
        by: &args.by,
        out: &out,
        mask,
        password: password.as_deref(),
        due: args.due,
        at: Utc::now(),
        words: terminal.words(),
    };
    let asked_before = terminal.interrupts.count();
    let is_interrupted = || terminal.interrupts.count() > asked_before;
    let report = write_workbooks(wanted, &journal, &is_interrupted).map_err(|error| error.into_stop(&out, &args.by))?;
    tracing::info!(departments = report.departments.len(), rows = report.total.total(), "dispatched");
    terminal.print(&match args.format {
        LogFormat::Json => format!("{}\n", serde_json::to_string_pretty(&report).map_err(Stop::disk("dispatch.json"))?),
        LogFormat::Text => format!("{}\n", terminal.words().say(&summary_message(&report, &out))),
    })?;
    Ok(Exit::Done)
}

/// Checks that the run carries the column that distinguishes the departments.
fn check_column(by: &str, manifest: &Manifest) -> Result<(), Stop> {
    if manifest.carried.iter().any(|header| header == by) {
        return Ok(());
    }
    if manifest.carried.is_empty() {
        return Err(Stop::invalid(Message::new("dispatch-nothing-carried").with("by", by)));
    }
    let known = manifest.carried.iter().map(Message::literal).collect();
    Err(Stop::invalid(Message::new("dispatch-no-column").with("by", by).with_list("known", known)))
}

/// Returns a message with the number of workbooks and rows written.
fn summary_message(report: &DispatchReport, out: &Path) -> Message {
    if report.departments.is_empty() {
        return Message::new("dispatch-nothing");
    }
    let total = report.total;
    let message = Message::new("dispatch-done").with("departments", report.departments.len()).with("path", out.display());
    let message = message.with("rows", total.total()).with("decided", report.decided).with("city", total.city_only);
    message.with("province", total.province_only).with("different", total.difference).with("revoked", total.revoked)
}

/// Checks that the run has tables.
pub(super) fn check_tables(folder: &RunFolder) -> Result<(), Stop> {
    if folder.tables().join(coverage::COVERAGE.file_name()).exists() {
        return Ok(());
    }
    Err(Stop::invalid(Message::new("no-reports-yet").with("path", folder.dir().display())))
}

/// Opens the journal that stores a run's decisions: its own, or that of its first shard.
pub(super) fn decisions_journal(folder: &RunFolder) -> Result<Journal, Stop> {
    let shards = folder.shards().map_err(Stop::disk(folder.dir().display()))?;
    let path = match shards.first() {
        Some(first) if !folder.journal().exists() => folder.shard(*first).journal(),
        _ => folder.journal(),
    };
    Ok(Journal::open(&path)?)
}

/// Reads a password from the first line of a file; `None` if no file is given.
pub(super) fn password(file: Option<&Path>) -> Result<Option<String>, Stop> {
    let Some(file) = file else { return Ok(None) };
    let revealed = Secret::File(file.to_owned()).reveal();
    let named = |why| Stop::invalid(Message::new("secret-missing").with("key", "--password-file").with_message("why", why));
    revealed.map(Some).map_err(named)
}
