//! Arguments of `dispatch` and `collect`.

use super::{LogFormat, MaskArg};
use chrono::NaiveDate;
use clap::Args;
use std::path::PathBuf;

/// `dispatch`.
#[derive(Debug, Args)]
pub struct DispatchArgs {
    /// The run's folder, such as outputs/demo/2026-11
    pub run_dir: PathBuf,
    /// The carried column whose values are the departments, such as 部门
    #[arg(long, value_name = "HEADER")]
    pub by: String,
    /// Folder for the workbooks, in place of `dispatch` in the run's folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Mask holder codes and names, in place of what the job says
    #[arg(long, value_enum)]
    pub mask: Option<MaskArg>,
    /// Encrypt the workbooks with the password that is the first line of FILE
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// The day by which departments are to answer
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub due: Option<NaiveDate>,
    /// Form of what is told on stdout
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

/// `collect`.
#[derive(Debug, Args)]
pub struct CollectArgs {
    /// The folder of the run that the workbooks were dispatched from
    pub run_dir: PathBuf,
    /// Returned workbooks, or patterns such as 'returned/*.xlsx'
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Open encrypted workbooks with the password that is the first line of FILE
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}
