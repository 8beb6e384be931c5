//! What several tests need: a workspace on the disk, the program as a process, tables as rows of text.

use arrow::util::display::array_value_to_string;
use ecert_audit::job::{Job, SandboxSettings};
use ecert_audit::sandbox::Sandbox;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A row of a table: column name to value as text; null is no entry.
pub(crate) type TextRow = BTreeMap<String, String>;

/// A job's root with `jobs/` and `inputs/`, gone at the end of the test.
pub(crate) struct Workspace {
    root: TempDir,
}

impl Workspace {
    /// An empty root.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("jobs")).unwrap();
        fs::create_dir_all(root.path().join("inputs")).unwrap();
        Self { root }
    }

    /// A root with the demo's inputs and a job over them.
    pub(crate) fn with_demo(throttle: &str) -> Self {
        let workspace = Self::new();
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("inputs/demo");
        for entry in fs::read_dir(demo).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, workspace.path("inputs").join(path.file_name().unwrap())).unwrap();
        }
        workspace.write_job(&job_text("inputs/*.xlsx", throttle));
        workspace
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.path().join(relative)
    }

    pub(crate) fn write_job(&self, text: &str) {
        keep_job(text);
        fs::write(self.path("jobs/test.toml"), text).unwrap();
    }

    pub(crate) fn write_input(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path("inputs").join(name), bytes).unwrap();
    }

    /// The program, about to be started in the root.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ecert-audit"));
        command.args(args).current_dir(self.root.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs the job; it has to end with `code`.
    pub(crate) fn run_job(&self, extra: &[&str], code: i32) -> Output {
        let mut args = vec!["run", "jobs/test.toml"];
        args.extend(extra);
        let output = self.run(&args);
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    pub(crate) fn start_job(&self, extra: &[&str]) -> Child {
        let mut args = vec!["run", "jobs/test.toml"];
        args.extend(extra);
        self.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The folder of the job's run `once`.
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.path("outputs/test/once")
    }

    pub(crate) fn table(&self, name: &str) -> Vec<TextRow> {
        read_table(&self.run_dir().join("tables").join(format!("{name}.parquet")))
    }

    pub(crate) fn summary(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.run_dir().join("summary.json")).unwrap()).unwrap()
    }

    /// Every table of the run; of a time only that there is one, since times differ from run to run.
    pub(crate) fn timeless_tables(&self) -> BTreeMap<String, Vec<TextRow>> {
        let mut tables = BTreeMap::new();
        for entry in fs::read_dir(self.run_dir().join("tables")).unwrap() {
            let path = entry.unwrap().path();
            let rows = read_table(&path);
            tables.insert(path.file_name().unwrap().to_string_lossy().into_owned(), rows);
        }
        tables
    }
}

/// Keeps a job file that a test uses, and what the program says of it, in the folder that `ECERT_AUDIT_KEEP_JOBS` names, if it
/// names one: `.ci/schema` holds both against the JSON Schema.
pub(crate) fn keep_job(text: &str) {
    let Some(folder) = std::env::var_os("ECERT_AUDIT_KEEP_JOBS") else { return };
    let told = Job::parse(Path::new("jobs/test.toml"), text).map_or_else(|problems| problems.to_string(), |_| String::new());
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let name = format!("{:016x}", hasher.finish());
    let folder = Path::new(&folder);
    fs::write(folder.join(format!("{name}.told")), told).unwrap();
    fs::write(folder.join(format!("{name}.toml")), text).unwrap();
}

/// A job on the sandbox over `inputs`, with the lines of `[throttle]`.
pub(crate) fn job_text(inputs: &str, throttle: &str) -> String {
    format!(
        r#"
[job]
name = "test"
period = "once"

[platform]
base_url = "sandbox"

[platform.sandbox]
seed = {SEED}
latency = "1ms..4ms"
fault_rate = 0.02

{PURPOSE}

[[inputs]]
path = "{inputs}"
carry = ["区市", "部门"]

[throttle]
{throttle}

[retry]
backoff = "1ms..5ms"
"#
    )
}

/// The seed of the sandbox in tests.
pub(crate) const SEED: u64 = 11;

pub(crate) const PURPOSE: &str = r#"[purpose]
system_name = "测试系统"
call_category = 1
matter_name = "测试事项"
event_code = "1137000000450258552372014020002"
copy_cause = "自动化测试"
"#;

/// A table's rows; of a time only that there is one.
pub(crate) fn read_table(path: &Path) -> Vec<TextRow> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        for at in 0..batch.num_rows() {
            let mut row = TextRow::new();
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                let is_time = matches!(field.data_type(), arrow::datatypes::DataType::Timestamp(..));
                if is_time && column.is_valid(at) {
                    row.insert(field.name().clone(), "some time".to_owned());
                } else if column.is_valid(at) {
                    row.insert(field.name().clone(), array_value_to_string(column, at).unwrap());
                }
            }
            rows.push(row);
        }
    }
    rows
}

/// A stand-in of its own process's threads, with a log of what it was asked.
pub(crate) struct Platform {
    _runtime: tokio::runtime::Runtime,
    sandbox: Sandbox,
    log: PathBuf,
    _folder: TempDir,
}

/// A line of the stand-in's log.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Asked {
    pub at_us: u64,
    pub endpoint: String,
    pub fault: Option<String>,
    pub in_flight: u32,
    pub parameters: serde_json::Map<String, serde_json::Value>,
    pub status: u16,
}

impl Platform {
    pub(crate) fn start(settings: SandboxSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("access.jsonl");
        let settings = SandboxSettings { seed: SEED, access_log: Some(log.clone()), ..settings };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(settings, ([127, 0, 0, 1], 0).into())).unwrap();
        Self { _runtime: runtime, sandbox, log, _folder: folder }
    }

    /// Calls that have arrived so far, answered or not.
    pub(crate) fn requests(&self) -> u64 {
        self.sandbox.requests()
    }

    /// What it was asked so far, in order of its answers.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let bytes = fs::read(&self.log).unwrap();
        // The last line may be half written.
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    /// A job on it over `inputs`, with the lines of `[throttle]` and further sections.
    pub(crate) fn job(&self, inputs: &str, throttle: &str) -> String {
        job_on(&self.sandbox.base_url(), inputs, throttle)
    }
}

/// A job on the platform at `base_url` over `inputs`, with the lines of `[throttle]` and further sections.
pub(crate) fn job_on(base_url: &str, inputs: &str, throttle: &str) -> String {
    let platform =
        format!("base_url = \"{base_url}\"\nusername = \"sandbox\"\npassword = {{ command = [\"echo\", \"sandbox\"] }}\n");
    let text = job_text(inputs, throttle);
    let (before, rest) = text.split_once("base_url = \"sandbox\"").unwrap();
    let (_, after) = rest.split_once("[purpose]").unwrap();
    format!("{before}{platform}\n[purpose]{after}")
}

/// `count` items in a text file.
pub(crate) fn items(count: u64) -> String {
    use std::fmt::Write;
    let mut text = "证件号码,证照类型代码,区市,部门\n".to_owned();
    for serial in 0..count {
        writeln!(text, "{},11100000000013127D001,市中区,市公安局", citizen(serial)).unwrap();
    }
    text
}

/// A citizen number of nobody.
pub(crate) fn citizen(serial: u64) -> String {
    let body = format!("37049919{:02}0101{:03}", 50 + serial / 1000, serial % 1000);
    let check = ecert_audit::codes::citizen_check_character(&body).unwrap();
    format!("{body}{check}")
}

/// Waits for something that the process brings about.
pub(crate) fn wait_for(process: &mut Child, is_there: impl Fn() -> bool) {
    while !is_there() {
        if process.try_wait().unwrap().is_some() {
            let mut words = String::new();
            std::io::Read::read_to_string(process.stderr.as_mut().unwrap(), &mut words).unwrap();
            panic!("the run ended early: {words}");
        }
        std::thread::yield_now();
    }
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
