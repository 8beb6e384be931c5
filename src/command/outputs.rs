//! Everything that a run leaves behind its journal: tables, then reports. Nothing here makes a call.

use crate::analysis::{Figures, RunFacts, analyse};
use crate::audit::AuditSettings;
use crate::cli::LogFormat;
use crate::durable::{create_private_dir, point_link, write_whole};
use crate::exit::{Exit, Stop};
use crate::face::FaceRules;
use crate::job::{AuditKeys, Certificates, Depth, Job};
use crate::journal::{Journal, Journals};
use crate::platform::AttemptTotals;
use crate::report::{MetricsInput, ReportInput, metrics, summary_json, summary_text, write_workbook};
use crate::run_folder::{Manifest, RunFolder, RunState};
use crate::table;
use chrono::{DateTime, Utc};
use std::path::Path;
use std::sync::Arc;

/// The audit settings that a run was made with; faces are read as the job says now.
pub(super) fn audit_settings(job: &Job, manifest: &Manifest) -> AuditSettings {
    let keys = AuditKeys {
        depth: Depth::from_word(&manifest.fingerprint.depth).unwrap_or(Depth::Faces),
        certificates: Certificates::from_word(&manifest.fingerprint.certificates).unwrap_or(Certificates::Auto),
    };
    AuditSettings { keys, faces: Arc::new(FaceRules::new(&job.faces)), codes: job.platform.codes.clone() }
}

/// Builds tables and reports of a run from its journal, by the report settings of the job as they are now.
pub(super) fn build(job: &Job, folder: &RunFolder, manifest: &Manifest, journals: &Journals) -> Result<Figures, Stop> {
    let tables = folder.tables();
    create_private_dir(&tables).map_err(Stop::disk(tables.display()))?;
    table::build(journals, &tables, &audit_settings(job, manifest), &job.catalogue, &manifest.carried)
        .map_err(|error| Stop::internal(error.to_string()))?;
    let analysis = analyse(&tables, &manifest.carried).map_err(|error| Stop::internal(error.to_string()))?;
    let counts = journals.counts().map_err(|error| Stop::internal(error.to_string()))?;
    let facts = RunFacts {
        job: manifest.job.clone(),
        run_id: manifest.run_id.clone(),
        state: if manifest.state == RunState::Complete { "complete" } else { "incomplete" },
        invalid_inputs: counts.rejected,
        duplicate_rows: counts.duplicates,
        started_at: manifest.started_at,
        finished_at: manifest.finished_at.unwrap_or(manifest.started_at),
        wall_seconds: manifest.wall_seconds,
    };
    let figures = Figures::new(facts, &analysis, &job.report.gates);
    let workbook = folder.file("report.xlsx");
    if job.report.excel {
        let input = ReportInput {
            figures: &figures,
            analysis: &analysis,
            tables: &tables,
            catalogue: &job.catalogue,
            carried: &manifest.carried,
            mask: job.report.mask,
        };
        write_workbook(&workbook, input).map_err(|error| Stop::internal(error.to_string()))?;
    }
    write(&folder.file("summary.json"), &summary_json(&figures))?;
    let calls = journals.calls_by_result().map_err(|error| Stop::internal(error.to_string()))?;
    let input = MetricsInput {
        figures: &figures,
        calls: &calls,
        totals: &totals(journals)?,
        last_success: last_success(folder, manifest),
    };
    write(&folder.file("metrics.prom"), &metrics(&input).map_err(|error| Stop::internal(error.to_string()))?)?;
    Ok(figures)
}

/// Note of what attempts came to, over all processes of a run.
const TOTALS: &str = "attempt_totals";

/// What attempts came to, as the journals know it.
fn totals(journals: &Journals) -> Result<AttemptTotals, Stop> {
    let mut sum = AttemptTotals::default();
    for note in journals.notes(TOTALS).map_err(|error| Stop::internal(error.to_string()))? {
        sum.add(&serde_json::from_str(&note).map_err(Stop::disk("the journal's note of attempts"))?);
    }
    Ok(sum)
}

/// Adds what the attempts of a process came to.
pub(super) fn keep_totals(journal: &Journal, of_process: &AttemptTotals) -> Result<(), Stop> {
    let failed = |error: crate::journal::JournalError| Stop::internal(error.to_string());
    let mut sum: AttemptTotals = match journal.note(TOTALS).map_err(failed)? {
        Some(note) => serde_json::from_str(&note).map_err(Stop::disk("the journal's note of attempts"))?,
        None => AttemptTotals::default(),
    };
    sum.add(of_process);
    let note = serde_json::to_string(&sum).map_err(Stop::disk("the journal's note of attempts"))?;
    journal.set_note(TOTALS, &note).map_err(failed)
}

/// When the latest complete run of the job ended: this one, or the one that `latest` points to.
fn last_success(folder: &RunFolder, manifest: &Manifest) -> Option<DateTime<Utc>> {
    if manifest.state == RunState::Complete {
        return manifest.finished_at;
    }
    let parent = if manifest.shard.is_some() { folder.dir().parent() } else { Some(folder.dir()) };
    let latest = RunFolder::at(parent?.parent()?.join("latest"));
    latest.manifest().ok().flatten()?.finished_at
}

/// Makes `latest` point to this complete run, unless it points to one that ended later.
pub(super) fn point_latest(folder: &RunFolder, manifest: &Manifest) -> Result<(), Stop> {
    let dir = std::path::absolute(folder.dir()).map_err(Stop::disk(folder.dir().display()))?;
    let Some(job_dir) = dir.parent() else { return Ok(()) };
    let link = job_dir.join("latest");
    let known = RunFolder::at(&link).manifest().ok().flatten();
    if known.is_some_and(|known| known.finished_at > manifest.finished_at) {
        return Ok(());
    }
    point_link(&link, Path::new(&folder.id())).map_err(Stop::disk(job_dir.display()))
}

fn write(path: &Path, text: &str) -> Result<(), Stop> {
    write_whole(path, text.as_bytes()).map_err(Stop::disk(path.display()))
}

/// Prints the summary, and says what the gates make of it.
pub(super) fn conclude(job: &Job, folder: &RunFolder, figures: &Figures, format: LogFormat) -> Result<Exit, Stop> {
    let text = match format {
        LogFormat::Json => summary_json(figures),
        LogFormat::Text => {
            let report = if job.report.excel { folder.file("report.xlsx") } else { folder.tables() };
            summary_text(figures, &shortest(&report).to_string_lossy())
        }
    };
    super::print(&text)?;
    Ok(if figures.gates_hold() { Exit::Done } else { Exit::GateViolated })
}

/// A path as seen from here, where it lies below.
fn shortest(path: &Path) -> &Path {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path)
}
