//! The job file: read as written with the position of every value, then resolved into settings without optional values.

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

/// Settings of a job, as resolved from its file.
#[derive(Debug, Clone)]
pub struct Job {
    /// Path of the job file.
    pub file: PathBuf,
    /// Folder that relative paths start from.
    pub root: PathBuf,
    /// Name of the job, which is the name of its folder under `output`.
    pub name: String,
    /// How often the job runs.
    pub period: Period,
    /// Language of reports and messages.
    pub language: Language,
    /// Address and credentials of the platform.
    pub platform: PlatformSettings,
    /// Purpose of the calls, sent with each of them.
    pub purpose: Purpose,
    /// Spreadsheets to read items from.
    pub inputs: Vec<InputSettings>,
    /// What the audit compares.
    pub audit: AuditKeys,
    /// Items that the run audits.
    pub recheck: Recheck,
    /// The sample of the items that is asked about, in place of all of them.
    pub sample: Option<SampleSettings>,
    /// Certificate types by code and name.
    pub catalogue: Arc<Catalogue>,
    /// How faces are read and compared.
    pub faces: FaceSettings,
    /// Limits on the rate of calls.
    pub throttle: ThrottleSettings,
    /// Retries of failed attempts.
    pub retry: RetrySettings,
    /// Whether and how certificate files are fetched.
    pub archive: ArchiveSettings,
    /// Which reports to write.
    pub report: ReportSettings,
    /// Which notifications the province may be sent.
    pub remediate: RemediateSettings,
    /// Who is notified of the end of a run.
    pub notify: NotifySettings,
    /// How many old runs are kept; `None` keeps all.
    pub retention: Option<RetentionSettings>,
    /// Folder that contains the folders of all jobs.
    pub output: PathBuf,
}

/// Settings of `[platform]`.
#[derive(Debug, Clone)]
pub struct PlatformSettings {
    /// The embedded sandbox or the address of a platform.
    pub base: Base,
    /// User name for the token request.
    pub username: Secret,
    /// Password for the token request.
    pub password: Secret,
    /// Timeout of establishing a connection.
    pub connect_timeout: Duration,
    /// Timeout of one attempt, including the whole response.
    pub timeout: Duration,
    /// Position of the token request's parameters.
    pub token_request: TokenRequest,
    /// Certificate of an authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Size limit of a response, in bytes.
    pub max_answer: u64,
    /// Meaning of the platform's return codes.
    pub codes: CodeTable,
}

/// Upper limit of `platform.max_answer`, in bytes. Larger answers are never stored, so the journal rejects them when it is read.
pub const LARGEST_ANSWER: u64 = 64 << 20;

/// Default of `platform.connect_timeout`.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Default of `platform.timeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

impl PlatformSettings {
    /// Returns the default settings for a platform at `base`.
    #[must_use]
    pub fn of(base: Base, username: Secret, password: Secret) -> Self {
        Self {
            base,
            username,
            password,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            timeout: DEFAULT_TIMEOUT,
            token_request: TokenRequest::Form,
            ca_file: None,
            max_answer: LARGEST_ANSWER,
            codes: CodeTable::default(),
        }
    }
}

/// Where calls go.
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
#[derive(Debug, Clone)]
pub enum Base {
    /// The sandbox, embedded in the process.
    Sandbox(SandboxSettings),
    /// The platform at this URL, without a slash at the end.
    Url(String),
}

impl Base {
    /// Returns the address as the job file names it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Sandbox(_) => "sandbox",
            Self::Url(url) => url,
        }
    }
}

/// Settings of `[platform.sandbox]`. A job file can set the seed, latency, fault rates, oddities and the delay of notifications;
/// the others are for `ecert-audit sandbox` and for tests.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// Seed that decides which certificates exist and what their faces show.
    pub seed: u64,
    /// Range of the time until a request is answered.
    pub latency: Range<Duration>,
    /// Share of calls that are answered with a transient fault, 0 to 1.
    pub fault_rate: f64,
    /// Share of pairs of holder and type for which every call has the same permanent fault, 0 to 1.
    pub lasting_rate: f64,
    /// Names of the faults that occur; empty for the default ones.
    pub faults: Vec<String>,
    /// Deviations of the answers from the specification: names of [`Self::ODDITIES`], or [`Self::EVERY_ODDITY`].
    pub oddities: Vec<String>,
    /// Validity of a token.
    pub token_life: Duration,
    /// Validity of a download address.
    pub address_life: Duration,
    /// Limit on requests per second, above which the sandbox answers HTTP 429 with `Retry-After`; 0 for no limit.
    pub rate_limit: u32,
    /// Range of time since the start in which every request is answered with HTTP 503.
    pub outage: Option<Range<Duration>>,
    /// Certificate types that are not published (return code 13).
    pub unpublished: Vec<String>,
    /// File for a JSON line per request.
    pub access_log: Option<PathBuf>,
    /// Time between the answer to a notification (interfaces 10 to 12) and its effect.
    pub settle_delay: Duration,
}

impl SandboxSettings {
    /// Names of the oddities. All but the last only change how an answer is written, not what it says.
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

    /// Name that selects all oddities which only change how an answer is written.
    pub const EVERY_ODDITY: &'static str = "all";

    /// Returns whether this is the name of an oddity or [`Self::EVERY_ODDITY`].
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
            // The value in the specification's example.
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

/// Settings of `[purpose]`, sent with every business call.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Purpose {
    /// Name of the calling system (`certificateSystemName`).
    pub system_name: String,
    /// Category of the call (`certificateCallCategory`): 0 事项调用, 1 非事项调用.
    pub call_category: u32,
    /// Name of the matter (`certificateMatterName`).
    pub matter_name: String,
    /// Code of the event (`certificateEventCode`).
    pub event_code: String,
    /// Cause (`certificateCopyCause`), at most 200 characters.
    pub copy_cause: String,
    /// District of the caller (`callDistrict`).
    pub call_district: Option<String>,
    /// Department of the caller (`callDepartment`).
    pub call_department: Option<String>,
    /// Level of the district (`districtLevel`).
    pub district_level: Option<String>,
}

/// Settings of one `[[inputs]]` section.
#[derive(Debug, Clone)]
pub struct InputSettings {
    /// File or glob, as written.
    pub path: String,
    /// Sheets to read.
    pub sheet: SheetChoice,
    /// Row of the header.
    pub header_row: HeaderRow,
    /// Headers assigned in the job file; the other columns are recognised.
    pub columns: Columns,
    /// Type codes for rows of sheets without a column of type codes.
    pub default_type_codes: Vec<String>,
    /// Holder code type for rows without one.
    pub default_holder_code_type: Option<String>,
    /// Headers of the columns that are carried into the tables.
    pub carry: Vec<String>,
}

/// Headers that no carried column may have, because `coverage.parquet` has columns with these names.
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

/// Headers that the job file assigns to roles (`columns`).
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

/// Settings of `[audit]` that decide which calls are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditKeys {
    /// What the audit compares.
    pub depth: Depth,
    /// When a holder's certificates are listed.
    pub certificates: Certificates,
}

/// Settings of `[notify]`: who is notified of the end of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotifySettings {
    /// Program and arguments; empty for none.
    pub command: Vec<String>,
    /// URL that receives a small JSON document; `None` for none.
    pub webhook: Option<String>,
}

/// Settings of `[retention]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Number of latest complete runs whose journals, tables, workbooks and files are kept, at least 1. Only the figures of older
    /// ones are kept.
    pub keep: u32,
}

/// Settings of `[throttle]`.
#[derive(Debug, Clone)]
pub struct ThrottleSettings {
    /// Limit on attempts per unit of time.
    pub rate: Rate,
    /// Number of attempts that may be made at once beyond an even pace, at least 1.
    pub burst: u32,
    /// Limit on concurrent calls.
    pub concurrency: u32,
    /// Whether the rate is reduced while the platform is overloaded.
    pub adaptive: bool,
    /// Times of day at which calling is allowed.
    pub hours: CallingHours,
    /// Limit on the attempts of one process; `None` for no limit.
    pub max_calls: Option<u64>,
    /// When calling pauses because the platform fails.
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

/// Settings of `throttle.pause_at` and `throttle.patience`.
#[derive(Debug, Clone, PartialEq)]
pub struct PauseSettings {
    /// Share of failed attempts, above 0 and at most 1, at which calling pauses.
    pub share: f64,
    /// Number of latest attempts that the share is computed over.
    pub attempts: u32,
    /// Longest pause. After it the run stops.
    pub patience: Duration,
}

/// Settings of `[retry]`.
#[derive(Debug, Clone)]
pub struct RetrySettings {
    /// Limit on attempts per call, including the first.
    pub attempts: u32,
    /// First and longest delay of the exponential backoff.
    pub backoff: Range<Duration>,
}

/// Settings of `[faces]`: how faces are read and compared, in addition to the built-in rules. Names of canonical fields are
/// valid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaceSettings {
    /// Names on faces of either side by canonical field, in order of precedence.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Names on faces of the province only.
    pub province: BTreeMap<String, Vec<String>>,
    /// Names on faces of the city only.
    pub city: BTreeMap<String, Vec<String>>,
    /// Settings by certificate type code.
    pub types: BTreeMap<String, TypeFaceSettings>,
    /// Canonical fields that are not compared.
    pub ignore: Vec<String>,
    /// Prefixes of issuer names that are ignored in comparisons.
    pub issuer_prefixes: Vec<String>,
}

/// Settings of `[faces.types."<code>"]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeFaceSettings {
    /// Names on faces of the type by canonical field.
    pub fields: BTreeMap<String, Vec<String>>,
    /// Canonical fields that are not compared for the type.
    pub ignore: Vec<String>,
}

/// Settings of `[archive]`: whether and how certificate files are fetched.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchiveSettings {
    /// Whether a run fetches files at its end.
    pub enabled: bool,
    /// Interface that files are fetched by.
    pub via: ArchiveVia,
    /// Whether the file interface is asked for one image per page instead of the file.
    pub pictures: bool,
    /// Sides whose files are fetched; empty for both.
    pub sides: Vec<Side>,
    /// Certificate type codes; empty for all.
    pub types: Vec<String>,
    /// Lifecycle states by their names in tables; empty for all.
    pub states: Vec<String>,
    /// Hosts that files may be downloaded from, besides the platform's own.
    pub allowed_hosts: Vec<HostRule>,
    /// Size limit of a file, in bytes.
    pub max_file: u64,
    /// Limit on concurrent downloads.
    pub concurrency: u32,
    /// Limit on downloads per unit of time.
    pub rate: Rate,
    /// Timeout of one download, including the whole file.
    pub timeout: Duration,
}

/// Settings of `[report]`.
#[derive(Debug, Clone)]
pub struct ReportSettings {
    /// Whether to write `report.xlsx`.
    pub excel: bool,
    /// Whether to write `report.html`.
    pub html: bool,
    /// How much of holder codes and names reports show.
    pub mask: Mask,
    /// Limits that decide between exit codes 0 and 10.
    pub gates: Vec<Gate>,
    /// What becomes of a gate that a sample does not decide.
    pub gates_on_sample: GatesOnSample,
}

impl Job {
    /// Reads and resolves a job file.
    ///
    /// # Errors
    /// Fails if the file cannot be read, is not UTF-8 text or not valid TOML, or if a key is unknown, a required key is missing,
    /// or a value is outside its limits. The error lists every problem with line and column.
    ///
    /// # Examples
    /// ```
    /// use ecert_audit::job::Job;
    /// use std::path::Path;
    ///
    /// let job = Job::load(Path::new("jobs/demo.toml"))?;
    /// assert_eq!(job.name, "demo");
    /// assert_eq!(job.carried(), ["区市", "部门"]);
    ///
    /// let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
    /// assert_eq!(job.run_id(day), "2026-11");
    /// # Ok::<(), ecert_audit::job::JobProblems>(())
    /// ```
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

    /// Resolves the text of a job file. `file` is its path, which need not exist; it decides the project root.
    ///
    /// # Errors
    /// Fails as [`load`](Self::load) does, except for reading the file.
    ///
    /// # Examples
    /// ```
    /// use ecert_audit::job::Job;
    /// use std::path::Path;
    ///
    /// let problems = Job::parse(Path::new("jobs/new.toml"), "[job]\nname = 7\n").unwrap_err();
    /// assert!(problems.to_string().contains("jobs/new.toml:2:8: "));
    /// ```
    pub fn parse(file: &Path, text: &str) -> Result<Self, JobProblems> {
        // Windows editors begin a text file with a byte order mark.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut problems = problem::Collector::new(text);
        let Some(written) = written::Written::parse(text, &mut problems) else {
            // Without a valid syntax tree no key can be checked.
            return Err(problems.into_problems(file));
        };
        match resolve::resolve(file, written, &mut problems) {
            Some(job) if problems.is_empty() => Ok(job),
            _ => Err(problems.into_problems(file)),
        }
    }

    /// Returns the id of the run that a date belongs to: `2026-11`, `2026-11-24` or `once`, by the job's period.
    #[must_use]
    pub fn run_id(&self, today: NaiveDate) -> String {
        match self.period {
            Period::Monthly => today.format("%Y-%m").to_string(),
            Period::Daily => today.format("%Y-%m-%d").to_string(),
            Period::Once => "once".to_owned(),
        }
    }

    /// Returns the headers of all carried columns without duplicates, in order of first mention.
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
