//! What was typed; nothing is resolved here.

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Audits which electronic certificates (电子证照) the province's and the city's library hold, and where they disagree.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, every gate holds; 1 internal failure or disk; 2 job file, inputs or command line wrong, nothing \
                        called; 3 stopped before the end, run again to go on; 4 the platform refuses us; 5 another run of the job holds its \
                        lock; 10 done, a gate is violated."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Say more on stderr; twice for details
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Form of log lines on stderr
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Colour on stderr
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Validate a job and its inputs and print the plan; makes no call
    Check(CheckArgs),
    /// Run a job: ask the platform about every item, write tables and reports
    Run(RunArgs),
    /// Rebuild tables and reports of a run from its journal; makes no call
    Report(ReportArgs),
    /// Look into how faces are read
    #[command(subcommand)]
    Faces(FacesCommand),
    /// Serve the embedded stand-in for the platform; user name and password are both `sandbox`
    Sandbox(SandboxArgs),
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The job file
    pub job: PathBuf,
    /// Fetch a token and make one call per certificate type
    #[arg(long)]
    pub online: bool,
    /// Form of the plan on stdout
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The job file
    pub job: PathBuf,
    /// Id of the run, in place of the one that the period gives
    #[arg(long)]
    pub run_id: Option<String>,
    /// Start the run over in a new folder
    #[arg(long, conflicts_with = "retry_failed")]
    pub fresh: bool,
    /// Ask again what ended in an error
    #[arg(long)]
    pub retry_failed: bool,
    /// Take up only the first N items
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Form of the summary on stdout
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run's folder, such as outputs/demo/2026-11
    pub run_dir: PathBuf,
    /// Form of the summary on stdout
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

/// `faces`.
#[derive(Debug, Subcommand)]
pub enum FacesCommand {
    /// Tell for one item where each raw field went, and why
    Explain(ExplainArgs),
}

/// `faces explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The run's folder
    pub run_dir: PathBuf,
    /// The item's id, as in tables/coverage.parquet
    pub item: u64,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Where to listen; port 0 takes any free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Decides every truth it tells
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
    /// How long an answer takes, such as 5ms or 2ms..10ms
    #[arg(long, value_name = "TIME", default_value = "0ms")]
    pub latency: String,
    /// Share of calls that answer with a fault that passes, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub fault_rate: f64,
}
