//! Hostile platforms, signals at awkward moments, terminals that are gone, folders that others can write to: a run ends, says
//! why, and tells nobody a secret.

mod calls;
mod credentials;
mod folders;
mod hostile;
mod journals;
mod refusals;
mod signals;
mod terminals;
mod waits;
mod words;

use crate::support::{Workspace, items};
use hostile::Hostile;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// A password command that gives a password.
const PASSWORD: &str = "{ command = [\"echo\", \"hunter2-Secret\"] }";

/// Lines of a job that have a program write its environment to `told.txt` when a run ends.
const NOTIFY: &str = "[notify]\ncommand = [\"sh\", \"-c\", \"env > told.txt\"]\n";

/// A workspace with `count` items and a job on the platform.
fn workspace(platform: &Hostile, count: u64, throttle: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(count).as_bytes());
    workspace.write_job(&platform.job(PASSWORD, throttle));
    workspace
}

fn signal(process: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap().success());
}

/// How the run stands by its manifest; `None` where there is none.
fn state(workspace: &Workspace) -> Option<String> {
    let text = std::fs::read(workspace.run_dir().join("run.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
    Some(manifest["state"].as_str().unwrap().to_owned())
}

/// The exit code that the job's program was told.
fn told_code(workspace: &Workspace) -> Option<String> {
    let told = std::fs::read_to_string(workspace.path("told.txt")).ok()?;
    told.lines().find_map(|line| line.strip_prefix("ECERT_AUDIT_EXIT_CODE=")).map(str::to_owned)
}

/// Every file below a folder.
fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(files_below(&entry.path()));
        } else if kind.is_file() {
            // `latest` is a link to a folder that is met by itself.
            files.push(entry.path());
        }
    }
    files
}
