//! The job file: read as written, with the place of everything, then resolved into settings with nothing left to guess.

mod choices;
mod gate;
mod host;
mod inputs;
mod limits;
mod problem;
mod remediate;
mod resolve;
mod sample;
mod schema;
mod secret;
mod syntax;
mod texts;
mod value;
mod window;
mod written;

pub use choices::{ArchiveFormat, ArchiveVia, Certificates, Depth, Language, Mask, Period, Recheck, RemedyAction, TokenRequest};
pub use gate::{FIGURES, Gate};
pub use host::HostRule;
pub use problem::JobProblems;
pub use remediate::RemediateSettings;
pub use sample::{GatesOnSample, SampleSettings};
pub use schema::job_schema;
pub use secret::Secret;
pub(crate) use value::parse_duration_range;
pub use value::{Bytes, HeaderRow, Rate, SheetChoice};
pub use window::{CallingHours, DayWindow};

use crate::codes::{Catalogue, CodeTable};
use crate::endpoint::Side;
use crate::message::Message;
use chrono::NaiveDate;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A job, resolved: what `run`, `check` and `report` work from.
#[derive(Debug, Clone)]
pub struct Job {
    /// The job file.
    pub file: PathBuf,
    /// Folder that relative paths start from.
    pub root: PathBuf,
    /// Folder name under the output folder.
    pub name: String,
    /// How often it runs.
    pub period: Period,
    /// Language of reports.
    pub language: Language,
    /// Where to ask, and as whom.
    pub platform: PlatformSettings,
    /// Why we ask.
    pub purpose: Purpose,
    /// What to ask about.
    pub inputs: Vec<InputSettings>,
    /// How far to look.
    pub audit: AuditKeys,
    /// Which items to ask about.
    pub recheck: Recheck,
    /// The sample of the items that is asked about, in place of all of them.
    pub sample: Option<SampleSettings>,
    /// Certificate types by code and name.
    pub catalogue: Arc<Catalogue>,
    /// How faces are read and compared.
    pub faces: FaceSettings,
    /// How fast.
    pub throttle: ThrottleSettings,
    /// How often to try again.
    pub retry: RetrySettings,
    /// Whether and how files are fetched.
    pub archive: ArchiveSettings,
    /// What to write.
    pub report: ReportSettings,
    /// What the province may be told.
    pub remediate: RemediateSettings,
    /// Whom to tell how a run ended.
    pub notify: NotifySettings,
    /// What stays of old runs; everything where the job says nothing.
    pub retention: Option<RetentionSettings>,
    /// Folder of all runs' folders.
    pub output: PathBuf,
}

/// `[platform]`, resolved.
#[derive(Debug, Clone)]
pub struct PlatformSettings {
    /// Where the platform is.
    pub base: Base,
    /// User name of the token request.
    pub username: Secret,
    /// Password of the token request.
    pub password: Secret,
    /// Longest time to reach the platform.
    pub connect_timeout: Duration,
    /// Longest time of one attempt, whole answer.
    pub timeout: Duration,
    /// Where the token request's parameters go.
    pub token_request: TokenRequest,
    /// Certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The largest answer that is read, in bytes.
    pub max_answer: u64,
    /// What return codes mean.
    pub codes: CodeTable,
}

/// The largest answer that is ever read and kept, in bytes: what is read has to be readable in the journal again.
pub const LARGEST_ANSWER: u64 = 64 << 20;

/// `platform.connect_timeout` unless the job says otherwise.
const USUAL_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// `platform.timeout` unless the job says otherwise.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

impl PlatformSettings {
    /// Returns the settings of a platform about which nothing else is said.
    #[must_use]
    pub fn of(base: Base, username: Secret, password: Secret) -> Self {
        Self {
            base,
            username,
            password,
            connect_timeout: USUAL_CONNECT_TIMEOUT,
            timeout: USUAL_TIMEOUT,
            token_request: TokenRequest::Form,
            ca_file: None,
            max_answer: LARGEST_ANSWER,
            codes: CodeTable::default(),
        }
    }
}

/// Where the platform is.
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
#[derive(Debug, Clone)]
pub enum Base {
    /// The embedded stand-in, started inside the process.
    Sandbox(SandboxSettings),
    /// A platform at this address (no slash at its end).
    Url(String),
}

impl Base {
    /// The address as the job names it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Sandbox(_) => "sandbox",
            Self::Url(url) => url,
        }
    }
}

/// `[platform.sandbox]`: what the embedded stand-in is like. A job sets seed, latency, rates of faults, oddities, and the
/// delay of notifications; the rest is for the stand-in served by itself, and for tests.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// Decides every truth it tells.
    pub seed: u64,
    /// How long an answer takes.
    pub latency: Range<Duration>,
    /// Share of calls that answer with a transient fault, 0 to 1.
    pub fault_rate: f64,
    /// Share of holders and types, as pairs, of which every call meets the same fault for ever, 0 to 1.
    pub lasting_rate: f64,
    /// Names of the faults that happen; the usual ones where empty.
    pub faults: Vec<String>,
    /// Ways in which answers are written differently from the specification: names of [`Self::ODDITIES`], or
    /// [`Self::EVERY_ODDITY`].
    pub oddities: Vec<String>,
    /// Life of a token.
    pub token_life: Duration,
    /// Life of a download address.
    pub address_life: Duration,
    /// Requests a second that are answered; further ones get HTTP 429 with `Retry-After`. Zero: no limit.
    pub rate_limit: u32,
    /// From when to when after the start nothing but HTTP 503 is answered.
    pub outage: Option<Range<Duration>>,
    /// Certificate types that are not published (code 13).
    pub unpublished: Vec<String>,
    /// Where a JSON line per request goes.
    pub access_log: Option<PathBuf>,
    /// How long after its answer a notification (interfaces 10 to 12) takes effect.
    pub settle_delay: Duration,
}

impl SandboxSettings {
    /// Names of the oddities. All but the last leave what is true as it is.
    pub const ODDITIES: [&'static str; 12] = [
        "bom",
        "gbk",
        "bom-token",
        "fastjson-ref",
        "repeated",
        "java-dates",
        "surrogate",
        "entities",
        "dots",
        "private-use",
        "redirect-307",
        "short-list",
    ];

    /// Stands for every oddity that leaves what is true as it is.
    pub const EVERY_ODDITY: &'static str = "all";

    /// Whether a name is that of an oddity, or stands for several.
    #[must_use]
    pub fn knows_oddity(name: &str) -> bool {
        name == Self::EVERY_ODDITY || Self::ODDITIES.contains(&name)
    }
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            seed: 7,
            latency: Duration::ZERO..Duration::ZERO,
            fault_rate: 0.0,
            lasting_rate: 0.0,
            faults: Vec::new(),
            oddities: Vec::new(),
            // As in the specification's example.
            token_life: Duration::from_secs(30_045),
            address_life: Duration::from_mins(10),
            rate_limit: 0,
            outage: None,
            unpublished: Vec::new(),
            access_log: None,
            settle_delay: Duration::ZERO,
        }
    }
}

/// `[purpose]`: sent with every business call.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Purpose {
    /// `certificateSystemName`.
    pub system_name: String,
    /// `certificateCallCategory`: 0 事项调用, 1 非事项调用.
    pub call_category: u32,
    /// `certificateMatterName`.
    pub matter_name: String,
    /// `certificateEventCode`.
    pub event_code: String,
    /// `certificateCopyCause`, at most 200 characters.
    pub copy_cause: String,
    /// `callDistrict`.
    pub call_district: Option<String>,
    /// `callDepartment`.
    pub call_department: Option<String>,
    /// `districtLevel`.
    pub district_level: Option<String>,
}

/// One `[[inputs]]`.
#[derive(Debug, Clone)]
pub struct InputSettings {
    /// File or glob, as written.
    pub path: String,
    /// Which sheets.
    pub sheet: SheetChoice,
    /// Where the header stands.
    pub header_row: HeaderRow,
    /// Headers named by hand; the others are recognised.
    pub columns: Columns,
    /// Type codes for sheets without such a column.
    pub default_type_codes: Vec<String>,
    /// Holder code type where a row names none.
    pub default_holder_code_type: Option<String>,
    /// Headers of columns that are kept for breakdowns.
    pub carry: Vec<String>,
}

/// Headers that no carried column may have: the columns of `coverage.parquet`, which carried columns stand beside.
pub const RESERVED_HEADERS: [&str; 31] = [
    "item_id",
    "certificate_index",
    "source_file",
    "source_sheet",
    "source_row",
    "occurrences",
    "holder_code",
    "holder_code_type",
    "cert_type_code",
    "cert_type_name",
    "certificate_number",
    "status",
    "province_exists",
    "city_exists",
    "province_certificate_id",
    "city_certificate_id",
    "province_lifecycle",
    "city_lifecycle",
    "comparison",
    "likely_same_as",
    "difference_count",
    "error_kind",
    "error_code",
    "error_message",
    "calls",
    "attempts",
    "finished_at",
    "change",
    "gap_since",
    "gap_runs",
    "had_gap",
];

/// `columns`: headers named by hand.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// Header of the holder codes.
    pub holder_code: Option<String>,
    /// Header of the holder code types.
    pub holder_code_type: Option<String>,
    /// Header of the certificate type codes.
    pub cert_type_code: Option<String>,
    /// Header of the certificate numbers.
    pub certificate_number: Option<String>,
    /// Header of the certificate types' names.
    pub cert_type_name: Option<String>,
    /// Header of the extraction codes.
    pub extraction_code: Option<String>,
}

/// `[audit]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditKeys {
    /// State only, or faces.
    pub depth: Depth,
    /// When to list a holder's certificates.
    pub certificates: Certificates,
}

/// `[notify]`: whom to tell how a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifySettings {
    /// A program and its arguments.
    pub command: Vec<String>,
    /// An address that a small JSON goes to.
    pub webhook: Option<String>,
}

/// `[retention]`: what stays of old runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Complete runs, the latest ones, whose journals, tables, workbooks and files stay; at least 1. Of older ones the figures
    /// stay.
    pub keep: u32,
}

/// `[throttle]`.
#[derive(Debug, Clone)]
pub struct ThrottleSettings {
    /// Attempts in a stretch of time.
    pub rate: Rate,
    /// Attempts that may come at once on top of an even pace, at least 1.
    pub burst: u32,
    /// Calls in flight at most.
    pub concurrency: u32,
    /// Slow down while the platform struggles.
    pub adaptive: bool,
    /// When calling is allowed.
    pub hours: CallingHours,
    /// Attempts of one process at most.
    pub max_calls: Option<u64>,
    /// When calling pauses because the platform does not work.
    pub pause: PauseSettings,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        Self {
            rate: Rate::Limited { count: 50, per: Duration::from_secs(1) },
            burst: 1,
            concurrency: 16,
            adaptive: true,
            hours: CallingHours::default(),
            max_calls: None,
            pause: PauseSettings { share: 0.8, attempts: 20, patience: Duration::from_mins(5) },
        }
    }
}

/// `throttle.pause_at` and `throttle.patience`.
#[derive(Debug, Clone, PartialEq)]
pub struct PauseSettings {
    /// Calling pauses when this share (0 to 1) …
    pub share: f64,
    /// … of so many latest attempts failed.
    pub attempts: u32,
    /// After so long a pause the run stops.
    pub patience: Duration,
}

/// `[retry]`.
#[derive(Debug, Clone)]
pub struct RetrySettings {
    /// Attempts of a call in all, the first included.
    pub attempts: u32,
    /// First and longest wait of the exponential backoff.
    pub backoff: Range<Duration>,
}

/// `[faces]`: how faces are read and compared, beside the program's own rules. Names of canonical fields have been checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaceSettings {
    /// Canonical field to names seen for it on either side, the first ones first.
    pub fields: BTreeMap<String, Vec<String>>,
    /// The same, on the province's faces alone.
    pub province: BTreeMap<String, Vec<String>>,
    /// The same, on the city's faces alone.
    pub city: BTreeMap<String, Vec<String>>,
    /// The same by certificate type code.
    pub types: BTreeMap<String, TypeFaceSettings>,
    /// Canonical fields that are not compared.
    pub ignore: Vec<String>,
    /// Beginnings of issuers' names that may be there or not.
    pub issuer_prefixes: Vec<String>,
}

/// `[faces.types."<code>"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeFaceSettings {
    /// Canonical field to names seen for it on faces of the type.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Canonical fields that are not compared for the type.
    pub ignore: Vec<String>,
}

/// `[archive]`: whether and how certificate files are fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchiveSettings {
    /// During a run too.
    pub enabled: bool,
    /// By address or by the file endpoint.
    pub via: ArchiveVia,
    /// Pages as pictures in place of the file, from the file endpoint.
    pub pictures: bool,
    /// Sides; both where empty.
    pub sides: Vec<Side>,
    /// Certificate type codes; all where empty.
    pub types: Vec<String>,
    /// States of certificates, by their names in tables; all where empty.
    pub states: Vec<String>,
    /// Hosts that addresses may point to, besides the platform's own.
    pub allowed_hosts: Vec<HostRule>,
    /// The largest file that is kept, in bytes.
    pub max_file: u64,
    /// Downloads at once.
    pub concurrency: u32,
    /// Downloads in a stretch of time.
    pub rate: Rate,
    /// Longest time of one download, whole file.
    pub timeout: Duration,
}

/// `[report]`.
#[derive(Debug, Clone)]
pub struct ReportSettings {
    /// Write `report.xlsx`.
    pub excel: bool,
    /// Write `report.html`.
    pub html: bool,
    /// How much of holder codes and names to show.
    pub mask: Mask,
    /// Limits that decide between exit 0 and 10.
    pub gates: Vec<Gate>,
    /// What becomes of a gate that a sample does not decide.
    pub gates_on_sample: GatesOnSample,
}

impl Job {
    /// Reads and resolves a job file.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is not UTF-8 text, and with every problem that it has, each with line and column.
    pub fn load(file: &Path) -> Result<Self, JobProblems> {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(JobProblems::unreadable(file, Message::new("job-not-found")));
            }
            Err(error) => {
                return Err(JobProblems::unreadable(file, Message::new("job-unreadable").with("cause", error)));
            }
        };
        let text = String::from_utf8(bytes).map_err(|error| {
            let is_text_to = error.utf8_error().valid_up_to();
            JobProblems::not_utf8(file, &String::from_utf8_lossy(error.as_bytes()), is_text_to)
        })?;
        Self::parse(file, &text)
    }

    /// Resolves the text of a job file that stands (or would stand) at `file`.
    ///
    /// # Errors
    /// Fails with every problem that the text has, each with line and column.
    pub fn parse(file: &Path, text: &str) -> Result<Self, JobProblems> {
        // Windows editors begin a text file with a byte order mark.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut problems = problem::Collector::new(text);
        let Some(written) = written::Written::parse(text, &mut problems) else {
            // What is not TOML tells nothing about the job.
            return Err(problems.into_problems(file));
        };
        match resolve::resolve(file, written, &mut problems) {
            Some(job) if problems.is_empty() => Ok(job),
            _ => Err(problems.into_problems(file)),
        }
    }

    /// The run that a date belongs to: `2026-11`, `2026-11-24` or `once`.
    #[must_use]
    pub fn run_id(&self, today: NaiveDate) -> String {
        match self.period {
            Period::Monthly => today.format("%Y-%m").to_string(),
            Period::Daily => today.format("%Y-%m-%d").to_string(),
            Period::Once => "once".to_owned(),
        }
    }

    /// Headers of all carried columns, each once, in order of first mention.
    #[must_use]
    pub fn carried(&self) -> Vec<String> {
        let mut carried = Vec::new();
        for header in self.inputs.iter().flat_map(|input| &input.carry) {
            if !carried.contains(header) {
                carried.push(header.clone());
            }
        }
        carried
    }
}
