//! `collect`: reads decisions from returned workbooks into the journal, tables and reports.

use super::dispatch::{check_tables, decisions_journal, password};
use super::stored::StoredRun;
use super::terminal::Terminal;
use super::{locks, outputs};
use crate::cli::CollectArgs;
use crate::dispatch::{CollectReport, Collection, collect as take_decisions};
use crate::exit::{Exit, Stop};
use crate::message::Message;
use chrono::Utc;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) fn collect(args: &CollectArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let StoredRun { layout, manifest, job, journals, .. } = StoredRun::open(&args.run_dir, terminal)?;
    let folder = layout.folder();
    let terminal: &Terminal = terminal;
    check_tables(&folder)?;
    let files = found(&args.files, &job.root)?;
    let password = password(args.password_file.as_deref())?;
    let _lock = locks::take_and_tidy(&layout)?;
    let asked_before = terminal.interrupts.count();
    let report = {
        let journal = decisions_journal(&folder)?;
        let collection = Collection {
            files: &files,
            tables: &folder.tables(),
            scratch: folder.dir(),
            password: password.as_deref(),
            at: Utc::now(),
        };
        let is_interrupted = || terminal.interrupts.count() > asked_before;
        let collected = take_decisions(collection, &journal, &is_interrupted, &mut |message| terminal.tell(message));
        collected.map_err(|error| error.into_stop(&args.run_dir))?
    };
    tracing::info!(?report, "collected");
    let wanted = outputs::ReportSelection::of_job(&job, terminal.language());
    outputs::build(&job, &layout, &manifest, &journals, wanted, terminal)?;
    terminal.print(&format!("{}\n", terminal.words().say(&told(&report))))?;
    if report.is_whole() {
        return Ok(Exit::Done);
    }
    let message = Message::new("collect-not-whole").with("refused", report.refused);
    Err(Stop::invalid(message.with("contradictions", report.contradictions)))
}

fn told(report: &CollectReport) -> Message {
    let taken = report.taken;
    let message = Message::new("collect-done").with("files", report.files).with("decisions", taken.new + taken.same);
    message.with("new", taken.new).with("same", taken.same).with("withdrawn", taken.withdrawn)
}

/// Returns the files named by paths or patterns without duplicates, each with its name in tables: relative to the job's root if
/// it is below it.
fn found(named: &[PathBuf], root: &Path) -> Result<Vec<(PathBuf, String)>, Stop> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    for path in named {
        let met = meant_by(path)?;
        if met.is_empty() {
            return Err(Stop::invalid(Message::new("collect-no-file").with("path", path.display())));
        }
        for file in met {
            let real = fs::canonicalize(&file).map_err(Stop::disk(file.display()))?;
            let name = real.strip_prefix(&root).unwrap_or(&real).to_string_lossy().into_owned();
            if seen.insert(real) {
                files.push((file, name));
            }
        }
    }
    Ok(files)
}

/// Returns the file at a path if it exists, else the files that match the path as a pattern, without lock files and hidden files.
fn meant_by(path: &Path) -> Result<Vec<PathBuf>, Stop> {
    if path.exists() {
        return Ok(if path.is_file() { vec![path.to_owned()] } else { Vec::new() });
    }
    let is_wanted = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        path.is_file() && !name.starts_with("~$") && !name.starts_with('.')
    };
    let no_pattern = |cause| Stop::invalid(Message::new("cannot-use").with("what", path.display()).with("cause", cause));
    let matches = glob::glob(&path.to_string_lossy()).map_err(no_pattern)?;
    Ok(matches.flatten().filter(is_wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_once_and_named_from_the_jobs_root() {
        let root = tempfile::tempdir().unwrap();
        let returned = root.path().join("returned");
        fs::create_dir(&returned).unwrap();
        for name in ["a.xlsx", "b[1].xlsx", "~$a.xlsx", ".c.xlsx", "d.xls"] {
            fs::write(returned.join(name), "").unwrap();
        }
        let found = |named: &[&str]| {
            let named: Vec<PathBuf> = named.iter().map(|name| returned.join(name)).collect();
            found(&named, root.path()).map(|files| files.into_iter().map(|(_, name)| name).collect::<Vec<_>>())
        };
        assert_eq!(found(&["*.xlsx", "a.xlsx"]).unwrap(), ["returned/a.xlsx", "returned/b[1].xlsx"]);
        assert_eq!(found(&["b[1].xlsx"]).unwrap(), ["returned/b[1].xlsx"], "a name that is there is no pattern");
        for nothing in ["e*.xlsx", "."] {
            assert_eq!(found(&[nothing]).unwrap_err().exit, Exit::Invalid);
        }
    }
}
