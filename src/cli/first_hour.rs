//! Arguments of the commands `init`, `completions`, `man`, `doctor` and `prune`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Folder of the new project; it is made where it is not there, and nothing in it is overwritten
    #[arg(default_value = ".")]
    pub dir: PathBuf,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: CompletionShell,
}

/// A shell that completes commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompletionShell {
    /// Bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
}

/// `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder for the pages; it is made where it is not there
    pub dir: PathBuf,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The job file
    pub job: PathBuf,
}

/// `prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// The job file
    pub job: PathBuf,
    /// Keep the N latest complete runs whole, in place of what the job says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "older_than")]
    pub keep: Option<u32>,
    /// Prune complete runs that ended longer ago than AGE, such as 180d
    #[arg(long, value_name = "AGE", value_parser = humantime::parse_duration)]
    pub older_than: Option<Duration>,
    /// Remove for good; without it, what would be removed is only listed
    #[arg(long)]
    pub confirm: bool,
}
