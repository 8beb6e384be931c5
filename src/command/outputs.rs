//! Everything that a run leaves behind its journal: tables, then reports. Nothing here makes a call.

use crate::analysis::{Figures, RunFacts, analyse};
use crate::audit::AuditSettings;
use crate::cli::LogFormat;
use crate::durable::{create_private_dir, write_whole};
use crate::exit::{Exit, Stop};
use crate::face::FaceRules;
use crate::job::{AuditKeys, Certificates, Depth, Job};
use crate::journal::Journal;
use crate::report::{ReportInput, metrics, summary_json, summary_text, write_workbook};
use crate::run_folder::{Manifest, RunFolder, RunState};
use crate::table;
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
pub(super) fn build(job: &Job, folder: &RunFolder, manifest: &Manifest, journal: &Journal) -> Result<Figures, Stop> {
    let tables = folder.tables();
    create_private_dir(&tables).map_err(Stop::disk(tables.display()))?;
    table::build(journal, &tables, &audit_settings(job, manifest), &job.catalogue, &manifest.carried)
        .map_err(|error| Stop::internal(error.to_string()))?;
    let analysis = analyse(&tables, &manifest.carried).map_err(|error| Stop::internal(error.to_string()))?;
    let counts = journal.counts().map_err(|error| Stop::internal(error.to_string()))?;
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
    write(&folder.file("metrics.prom"), &metrics(&figures).map_err(|error| Stop::internal(error.to_string()))?)?;
    Ok(figures)
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
