//! Command line arguments, as typed. Nothing is resolved here.

mod dispatch;
mod first_hour;
mod remediate;

pub use dispatch::{CollectArgs, DispatchArgs};
pub use first_hour::{CompletionShell, CompletionsArgs, DoctorArgs, InitArgs, ManArgs, PruneArgs};
pub use remediate::RemediateArgs;

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
    /// Language of what people read, in place of the job's
    #[arg(long, global = true, value_enum)]
    pub lang: Option<UiLanguage>,
}

/// Language of messages and reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UiLanguage {
    /// Chinese.
    #[value(name = "zh-CN")]
    ZhCn,
    /// English.
    En,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// When output is coloured.
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
    /// Begin a project: a job file that runs on the sandbox, a workbook to fill in, and what keeps secrets and results private
    Init(InitArgs),
    /// Validate a job and its inputs and print the plan; makes no call
    Check(CheckArgs),
    /// Run a job: ask the platform about every item, write tables and reports
    Run(RunArgs),
    /// Rebuild tables and reports of a run from its journal; makes no call
    Report(ReportArgs),
    /// What changed between two runs
    Compare(CompareArgs),
    /// Fetch the files of the certificates that a run found; or verify or pack what was fetched
    Archive(ArchiveArgs),
    /// Write a workbook for each department with what it has to settle
    Dispatch(DispatchArgs),
    /// Take decisions and remarks from workbooks that departments returned
    Collect(CollectArgs),
    /// Tell the province what the city has and what was decided. Lists only, unless confirmed
    Remediate(RemediateArgs),
    /// One call to any interface, the answer printed
    Call(CallArgs),
    /// The dictionaries: certificate types, holder code types, return codes
    Catalogue(CatalogueArgs),
    /// Look into how faces are read
    #[command(subcommand)]
    Faces(FacesCommand),
    /// Look whether a job can run here and now, one line for each thing that it needs; exits 0, 2 or 4
    Doctor(DoctorArgs),
    /// Remove what old runs keep of people; their figures stay. Lists only, unless confirmed
    Prune(PruneArgs),
    /// Serve the embedded stand-in for the platform; user name and password are both `sandbox`
    Sandbox(SandboxArgs),
    /// Print the JSON Schema of the job file, for editors
    Schema,
    /// Print a script that makes a shell complete commands, values and files
    Completions(CompletionsArgs),
    /// Write the manual pages
    Man(ManArgs),
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The job file
    pub job: PathBuf,
    /// Fetch a token and make one call per certificate type
    #[arg(long)]
    pub online: bool,
    /// Plan a sample of N items, or of a share such as 0.5%, in place of all of them
    #[arg(long, value_name = "N")]
    pub sample: Option<String>,
    /// Plan the smallest sample that tells the collection rate within this margin, such as 1%
    #[arg(long, value_name = "PERCENT", conflicts_with = "sample")]
    pub margin: Option<String>,
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
    /// Ask about a sample of N items, or of a share such as 0.5%; a larger N on the same run asks only about the new ones
    #[arg(long, value_name = "N")]
    pub sample: Option<String>,
    /// Take up only the I-th of N parts of the items, in a folder of its own; `report` on the run's folder reads all as one
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<ShardArg>,
    /// Form of the summary on stdout
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

/// A shard as typed, such as `2/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardArg {
    /// Number of this shard, from 1.
    pub number: u32,
    /// Total number of shards.
    pub of: u32,
}

fn shard(text: &str) -> Result<ShardArg, String> {
    let read = || {
        let (number, of) = text.split_once('/')?;
        let (number, of) = (number.trim().parse().ok()?, of.trim().parse().ok()?);
        (1 <= number && number <= of).then_some(ShardArg { number, of })
    };
    read().ok_or_else(|| "a part such as 1/4: the first of four".to_owned())
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run's folder, such as outputs/demo/2026-11
    pub run_dir: PathBuf,
    /// Write the workbook; with any of these flags only what they name is written
    #[arg(long)]
    pub excel: bool,
    /// Write the page
    #[arg(long)]
    pub html: bool,
    /// Write the failed items as a text file
    #[arg(long)]
    pub csv: bool,
    /// Mask holder codes and names, in place of what the job says
    #[arg(long, value_enum)]
    pub mask: Option<MaskArg>,
    /// Form of the summary on stdout
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

/// How much of holder codes and names reports show, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MaskArg {
    /// All of them.
    None,
    /// Their ends.
    Partial,
    /// Nothing.
    Full,
}

/// `archive`.
#[derive(Debug, Args)]
pub struct ArchiveArgs {
    /// The run's folder
    pub run_dir: PathBuf,
    /// Hash everything again, and tell what is missing, changed or foreign
    #[arg(long, conflicts_with = "export")]
    pub verify: bool,
    /// Pack the files into a zip, with a manifest
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Only this side's, in place of what the job says
    #[arg(long, value_enum)]
    pub side: Option<CallSide>,
    /// Only these types', separated by commas, in place of what the job says
    #[arg(long = "type", value_name = "CODES", value_delimiter = ',')]
    pub types: Vec<String>,
}

/// `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The folder of the older run
    pub old_run: PathBuf,
    /// The folder of the newer run
    pub new_run: PathBuf,
    /// Form of the comparison on stdout
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
    /// Write a workbook too: every gap that is new, closed, back again or still there
    #[arg(long, value_name = "FILE")]
    pub excel: Option<PathBuf>,
}

/// `call`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// The interface, named as in the specification (see --list)
    #[arg(required_unless_present = "list")]
    pub endpoint: Option<String>,
    /// List the interfaces with their parameters
    #[arg(long)]
    pub list: bool,
    /// A parameter
    #[arg(short, long = "parameter", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// Take platform, credentials and purpose from a job file
    #[arg(long, value_name = "JOB", conflicts_with = "base_url")]
    pub job: Option<PathBuf>,
    /// The platform's address, or "sandbox"; credentials from `ECERT_USERNAME` and `ECERT_PASSWORD`
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Which library to ask
    #[arg(long, value_enum)]
    pub side: Option<CallSide>,
    /// Print the answer as received
    #[arg(long)]
    pub raw: bool,
    /// Save the file that the answer holds, or that its address leads to
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Go ahead with a call that changes the province's library
    #[arg(long)]
    pub confirm: bool,
}

/// A side, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CallSide {
    /// The province's library.
    Province,
    /// The city's library.
    City,
}

/// `catalogue`.
#[derive(Debug, Args)]
pub struct CatalogueArgs {
    /// Which dictionary
    #[arg(value_enum)]
    pub which: Dictionary,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub format: TableFormat,
    /// With the certificate types and return code treatments that a job adds
    #[arg(long, value_name = "JOB")]
    pub job: Option<PathBuf>,
}

/// A dictionary of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dictionary {
    /// Certificate types.
    Types,
    /// Holder code types.
    HolderTypes,
    /// Return codes.
    Codes,
}

/// Form of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// For people.
    Text,
    /// Comma-separated.
    Csv,
    /// JSON.
    Json,
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
    /// Share of requests that meet faults, 0 to 1; the same ones every time, once to three times in a row
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub fault_rate: f64,
    /// Share of holders and types, as pairs, of which every request fails for ever, 0 to 1; the same ones every time, each
    /// with one of the faults
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub lasting_rate: f64,
    /// Which faults, separated by commas: code-1 and code-99 (return codes), code-98 (a code of the platform's own: calls
    /// come too often), http-500, http-502, http-503 (HTML pages), http-429 (with Retry-After: 1), truncated (JSON that
    /// ends early), reset (a connection broken mid-body), login-page (HTML with 200), empty (no body), silence (no answer
    /// at all). Unless chosen: code-1, code-99, http-503, http-502, truncated, login-page
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub faults: Vec<String>,
    /// Ways to write true answers otherwise than specified, separated by commas, each in about a third of the answers: bom
    /// (a byte order mark), gbk (GBK, declared or not), bom-token (a byte order mark before tokens), fastjson-ref (a
    /// certificate told again as a reference), repeated (told again in full), java-dates (dates as Java libraries print
    /// them), surrogate (half of a surrogate pair in a field of its own), entities (&middot; in names), dots (other dots in
    /// names), private-use (GBK's code points for rare characters in names), redirect-307 (a redirect that keeps the
    /// request); all for all of these. And short-list (for one item in ten, a total larger than its list)
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub oddities: Vec<String>,
    /// Life of a token, such as 12h or 5s; an expired one is refused with code 11
    #[arg(long, value_name = "TIME", default_value = "30045s")]
    pub token_life: String,
    /// Life of a download address
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub address_life: String,
    /// Answer at most N requests a second, further ones with HTTP 429; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub rate_limit: u32,
    /// Answer HTTP 503 from one time to another after the start, such as 10s..40s
    #[arg(long, value_name = "FROM..TO")]
    pub outage: Option<String>,
    /// Certificate types that are not published (code 13), separated by commas
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub unpublished: Vec<String>,
    /// How long after its answer a notification (interfaces 10 to 12) takes effect
    #[arg(long, value_name = "TIME", default_value = "0s")]
    pub settle_delay: String,
    /// Write a JSON line per request to FILE: time, interface, parameters without the token, status, fault, requests in
    /// flight. It holds holder codes
    #[arg(long, value_name = "FILE")]
    pub access_log: Option<PathBuf>,
}
