//! The engine's promises, seen from outside: by the platform's log, by exit codes, by what is left on the disk.

mod lasting;
mod limits;
mod resuming;
mod telling;
mod troubles;

use crate::support::{Asked, Platform, Workspace, items};
use ecert_audit::job::SandboxSettings;
use std::collections::BTreeMap;

/// A workspace with `count` items and a job on the platform.
fn workspace(platform: &Platform, count: u64, throttle: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(count).as_bytes());
    workspace.write_job(&platform.job("inputs/items.csv", throttle));
    workspace
}

/// A platform without faults.
fn sound() -> SandboxSettings {
    SandboxSettings::default()
}

/// Calls that are no token requests.
fn business(asked: &[Asked]) -> Vec<&Asked> {
    asked.iter().filter(|asked| asked.endpoint != "token").collect()
}

/// How often each call was answered, by what it asked.
fn answered_times(asked: &[Asked]) -> BTreeMap<String, u32> {
    let mut times = BTreeMap::new();
    for asked in business(asked).into_iter().filter(|asked| asked.status == 200 && asked.fault.is_none()) {
        *times.entry(format!("{} {:?}", asked.endpoint, asked.parameters)).or_default() += 1;
    }
    times
}
