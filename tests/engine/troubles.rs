//! What goes wrong on the platform's side, and on the disk.

use super::{answered_times, business, sound, workspace};
use crate::support::{Platform, stderr};
use ecert_audit::job::SandboxSettings;
use std::time::Duration;

const MILLI: Duration = Duration::from_millis(1);

#[test]
fn an_outage_is_waited_out_and_costs_some_calls() {
    let platform = Platform::start(SandboxSettings { outage: Some(1000 * MILLI..2200 * MILLI), ..sound() });
    let workspace = workspace(&platform, 600, "");
    let job = platform.job("inputs/items.csv", "rate = \"300/s\"\nconcurrency = 8\nadaptive = false");
    workspace.write_job(&job.replace("backoff = \"1ms..5ms\"", "backoff = \"20ms..200ms\""));
    workspace.run_job(&[], 0);
    let asked = platform.asked();
    let wasted = asked.iter().filter(|asked| asked.status == 503).count();
    assert!((10..100).contains(&wasted), "{wasted}");
    assert_eq!(workspace.summary()["error"], 0, "probes use up no call's tries");
    // A probe asks again what was answered before: once, when the platform works again.
    let repeated: u32 = answered_times(&asked).values().map(|times| times - 1).sum();
    assert!(repeated <= 2, "{repeated}");
    let log = std::fs::read_to_string(workspace.run_dir().join("run.log.jsonl")).unwrap();
    assert!(log.contains("\"pause\"") && log.contains("\"resume\""), "{log}");
}

#[test]
fn patience_ends_with_three_and_the_run_goes_on_later() {
    let outage = Some(1000 * MILLI..Duration::from_secs(1000));
    let platform = Platform::start(SandboxSettings { outage, ..sound() });
    let workspace = workspace(&platform, 400, "rate = \"200/s\"\npatience = \"300ms\"");
    let output = workspace.run_job(&[], 3);
    assert!(stderr(&output).contains("HTTP 状态 503") && stderr(&output).contains("300ms"), "{}", stderr(&output));
    let first = workspace.summary();
    assert!(first["pending"].as_u64().unwrap() > 100, "unknown is no gap and no error: {first}");
    // The answers so far are kept; a platform that works has the rest.
    let later = Platform::start(sound());
    let manifest = workspace.run_dir().join("run.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let job = later.job("inputs/items.csv", "rate = \"unlimited\"");
    let address =
        |job: &str| job.lines().find(|line| line.starts_with("base_url")).unwrap().split('"').nth(1).unwrap().to_owned();
    let before = address(&platform.job("inputs/items.csv", ""));
    std::fs::write(&manifest, text.replace(&before, &address(&job))).unwrap();
    workspace.write_job(&job);
    workspace.run_job(&[], 0);
    let (before, after) = (answered_times(&platform.asked()), answered_times(&later.asked()));
    assert!(before.keys().all(|call| !after.contains_key(call)), "what was answered is not asked again");
}

#[test]
fn a_token_that_expires_is_renewed() {
    let platform = Platform::start(SandboxSettings { token_life: Duration::from_secs(1), ..sound() });
    let workspace = workspace(&platform, 150, "rate = \"100/s\"");
    workspace.run_job(&[], 0);
    let asked = platform.asked();
    let tokens = asked.iter().filter(|asked| asked.endpoint == "token").count();
    assert!((2..6).contains(&tokens), "{tokens}");
    assert_eq!(workspace.summary()["error"], 0);
}

#[test]
fn an_unpublished_type_is_asked_three_times() {
    let unpublished = vec!["11100000000013127D001".to_owned()];
    let platform = Platform::start(SandboxSettings { unpublished, ..sound() });
    let workspace = workspace(&platform, 50, "rate = \"unlimited\"\nconcurrency = 2");
    workspace.run_job(&[], 0);
    let calls = business(&platform.asked()).len();
    assert!((3..=4).contains(&calls), "three confirmations, and one in flight: {calls}");
    let rows = workspace.table("coverage");
    assert!(rows.iter().all(|row| row["status"] == "error" && row["error_kind"] == "type_unpublished"));
}

#[test]
fn what_failed_in_a_way_that_may_pass_is_asked_once_more_at_the_end() {
    // Each fault lasts one to three attempts: with three attempts to a call some are left for the last pass, and pass there.
    let platform = Platform::start(SandboxSettings { fault_rate: 0.3, ..sound() });
    let workspace = workspace(&platform, 100, "rate = \"unlimited\"");
    let job = platform.job("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&job.replace("[retry]", "[audit]\ndepth = \"existence\"\n[retry]\nattempts = 4"));
    workspace.run_job(&[], 0);
    assert_eq!(workspace.summary()["error"], 0);
    let log = std::fs::read_to_string(workspace.run_dir().join("run.log.jsonl")).unwrap();
    assert!(log.contains("asking once more"), "{log}");
}

#[test]
fn a_full_disk_ends_with_one_and_a_whole_journal() {
    let platform = Platform::start(sound());
    let workspace = workspace(&platform, 3000, "rate = \"unlimited\"");
    // No file may grow past 300 blocks of 1,024 bytes; the signal that says so is ignored, so that writing fails.
    let program = env!("CARGO_BIN_EXE_ecert-audit");
    let script = format!("trap '' XFSZ; ulimit -f 600; exec {program} run jobs/test.toml");
    let mut command = std::process::Command::new("sh");
    let output = command.args(["-c", &script]).current_dir(workspace.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("journal.sqlite"), "{}", stderr(&output));
    workspace.run_job(&[], 0);
    assert_eq!(workspace.summary()["pending"], 0);
}
