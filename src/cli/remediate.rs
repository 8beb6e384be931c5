//! Arguments of `remediate`.

use clap::Args;
use std::path::PathBuf;

/// `remediate`.
#[derive(Debug, Args)]
pub struct RemediateArgs {
    /// The run's folder
    pub run_dir: PathBuf,
    /// Send exactly what this workbook marks 执行: remediation.xlsx as written before, filled in
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Send the notifications. They change the province's library
    #[arg(long)]
    pub confirm: bool,
    /// Ask the province's library what came of notifications sent before
    #[arg(long)]
    pub verify: bool,
}
