//! Killed at any moment of any command, a job comes to what it comes to undisturbed.

use crate::dispatch::{decide, return_workbook};
use crate::support::{Platform, TextRow, Workspace, items, read_table, stderr};
use ecert_audit::job::SandboxSettings;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Kills in all, unless the environment variable `ECERT_KILLS` names another number.
const KILLS: usize = 24;
const ITEMS: u64 = 150;

/// A command in the life of a job.
struct Stage {
    args: &'static [&'static str],
    /// What a person does before it.
    prepare: fn(&Month),
    /// Whether it holds the lock of the run, and so removes what kills have left half written.
    is_tidy: bool,
}

const STAGES: [Stage; 8] = [
    stage(&["run", "jobs/test.toml"], nothing, true),
    stage(&["report", "outputs/test/once"], nothing, false),
    stage(&["archive", "outputs/test/once"], nothing, true),
    stage(&["dispatch", "outputs/test/once", "--by", "部门"], nothing, true),
    stage(&["collect", "outputs/test/once", "returned/a.xlsx"], decide_all, true),
    stage(&["remediate", "outputs/test/once", "--confirm"], nothing, true),
    stage(&["run", "jobs/test.toml", "--run-id", "next"], fetch_files_too, true),
    stage(&["prune", "jobs/test.toml", "--keep", "1", "--confirm"], nothing, true),
];

const fn stage(args: &'static [&'static str], prepare: fn(&Month), is_tidy: bool) -> Stage {
    Stage { args, prepare, is_tidy }
}

fn nothing(_: &Month) {}

/// The department returns its workbook.
fn decide_all(month: &Month) {
    return_workbook(&month.workspace, "市公安局", "a.xlsx", |lists| decide(lists, "市有省无", "归集到省"));
}

/// The next run fetches the files of what it finds.
fn fetch_files_too(month: &Month) {
    month.write_job("enabled = true");
}

/// A job from its first run to the removal of that run, on a platform of its own, since the province is told something.
struct Month {
    platform: Platform,
    workspace: Workspace,
}

impl Month {
    fn begin() -> Self {
        let latency = Duration::from_millis(1)..Duration::from_millis(3);
        let platform = Platform::start(SandboxSettings { latency, ..SandboxSettings::default() });
        let month = Self { platform, workspace: Workspace::new() };
        month.workspace.write_input("items.csv", items(ITEMS).as_bytes());
        month.write_job("enabled = false");
        month
    }

    fn write_job(&self, archive: &str) {
        let job = self.platform.job("inputs/items.csv", "rate = \"unlimited\"\nconcurrency = 4");
        // What is in flight at a kill has had its effect long before the next process looks for it.
        let remediate = "allow = [\"insert\"]\nmax_actions = 1000\nsettle = \"200ms\"";
        self.workspace.write_job(&format!("{job}\n[archive]\n{archive}\n[remediate]\n{remediate}\n"));
    }

    /// Carries a stage to its end.
    fn finish(&self, stage: &Stage) {
        let output = self.workspace.run(stage.args);
        assert_eq!(output.status.code(), Some(0), "{:?}: {}", stage.args, stderr(&output));
    }

    /// Kills a stage so many times, at moments up to `limit` after its start; in between it may come to its end.
    fn kill(&self, stage: &Stage, kills: usize, mut limit: Duration) {
        let mut done = 0;
        while done < kills {
            let words = self.workspace.path("words.txt");
            let mut command = self.workspace.command(stage.args);
            command.stdout(Stdio::null()).stderr(File::create(&words).unwrap());
            let mut process = command.spawn().unwrap();
            // Any moment will do: nothing depends on how far it has come.
            std::thread::sleep(limit.mul_f64(fastrand::f64()));
            if let Some(status) = process.try_wait().unwrap() {
                assert_eq!(status.code(), Some(0), "{:?}: {}", stage.args, fs::read_to_string(&words).unwrap());
                limit = limit.mul_f64(0.9);
            } else {
                process.kill().unwrap();
                process.wait().unwrap();
                done += 1;
            }
            assert_whole(&self.workspace.path("outputs"));
        }
    }

    /// The tables of a run, without what a kill may change although nothing is lost: which of two files of the same content came
    /// first, and the words of an answer that came when nobody was there.
    fn results(&self, run: &str) -> BTreeMap<String, Vec<TextRow>> {
        let tables = self.workspace.path(&format!("outputs/test/{run}/tables"));
        let mut results = BTreeMap::new();
        for entry in fs::read_dir(&tables).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.starts_with('.') {
                // Half written when it was killed: `report` takes no lock, and so removes nothing.
                continue;
            }
            let mut rows = read_table(&tables.join(&name));
            for row in &mut rows {
                match name.as_str() {
                    "files.parquet" => {
                        row.retain(|column, _| {
                            ["item_id", "side", "certificate_id", "status", "sha256"].contains(&column.as_str())
                        });
                        if let Some(status) = row.get_mut("status") {
                            *status = status.replace("duplicate", "stored");
                        }
                    }
                    "remedies.parquet" => {
                        row.retain(|column, _| ["item_id", "certificate_index", "action", "state"].contains(&column.as_str()));
                    }
                    _ => {}
                }
            }
            results.insert(name, rows);
        }
        results
    }

    /// The file numbers that the province was told to insert, as often as it was told.
    fn told(&self) -> BTreeMap<String, u32> {
        let mut told = BTreeMap::new();
        for asked in self.platform.asked().into_iter().filter(|asked| asked.endpoint == "insertToProvince") {
            *told.entry(asked.parameters["fileNumber"].to_string()).or_default() += 1;
        }
        told
    }

    fn names(&self, folder: &str) -> BTreeSet<String> {
        let entries = fs::read_dir(self.workspace.path(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

/// Makes sure that every file that has its own name is whole.
fn assert_whole(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        let kind = entry.file_type().unwrap();
        if name.starts_with('.') || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            assert_whole(&path);
            continue;
        }
        match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
            "json" => drop(serde_json::from_slice::<serde_json::Value>(&fs::read(&path).unwrap()).expect(&name)),
            "parquet" => drop(read_table(&path)),
            "xlsx" => drop(zip::ZipArchive::new(File::open(&path).unwrap()).expect(&name)),
            "html" => assert!(fs::read_to_string(&path).unwrap().trim_end().ends_with("</html>"), "{name}"),
            _ => {}
        }
    }
}

/// Makes sure that nothing half written is left.
fn assert_tidy(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let is_half = [".writing-", ".linking-", ".comparing-"].iter().any(|prefix| name.starts_with(prefix));
        assert!(!is_half && !name.contains(".making"), "{}", entry.path().display());
        if entry.file_type().unwrap().is_dir() {
            assert_tidy(&entry.path());
        }
    }
}

#[test]
fn killed_at_any_moment_of_any_command_a_job_comes_to_the_same_results() {
    let wanted = std::env::var("ECERT_KILLS").map_or(KILLS, |number| number.parse().unwrap());
    let (undisturbed, killed) = (Month::begin(), Month::begin());
    let results = |run: &str, when: &[&str]| {
        assert_eq!(killed.results(run), undisturbed.results(run), "{run} after {when:?}");
    };
    for (number, stage) in STAGES.iter().enumerate() {
        for month in [&undisturbed, &killed] {
            (stage.prepare)(month);
        }
        let began = Instant::now();
        undisturbed.finish(stage);
        let limit = began.elapsed();
        let kills = wanted / STAGES.len() + usize::from(number < wanted % STAGES.len());
        killed.kill(stage, kills, limit);
        killed.finish(stage);
        assert_whole(&killed.workspace.path("outputs"));
        if stage.is_tidy {
            assert_tidy(&killed.workspace.path("outputs"));
        }
        let run = if stage.args.contains(&"next") || stage.args[0] == "prune" { "next" } else { "once" };
        results(run, stage.args);
    }
    let told = killed.told();
    assert_eq!(told.keys().collect::<Vec<_>>(), undisturbed.told().keys().collect::<Vec<_>>());
    assert!(!told.is_empty() && told.values().all(|times| *times == 1), "{told:?}");
    assert_eq!(killed.names("outputs/test/once"), undisturbed.names("outputs/test/once"), "the figures of the removed run");
    assert_eq!(fs::read_link(killed.workspace.path("outputs/test/latest")).unwrap(), Path::new("next"));
    for args in [&["archive", "outputs/test/next", "--verify"][..], &["report", "outputs/test/next"]] {
        let output = killed.workspace.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
    }
    results("next", &["everything"]);
}
