//! Terminals: full, gone, narrow.

use super::hostile::{Call, Hostile, Reply, neither, token};
use super::{NOTIFY, PASSWORD, told_code, workspace};
use std::collections::HashSet;
use std::fs::OpenOptions;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// A violated gate, of which the person is told on standard error.
const GATE: &str = "[report]\ngates = { min_province_coverage = 0.9 }\n";

#[test]
fn standard_error_that_is_full_or_gone_changes_no_exit_code_and_others_are_told() {
    let platform = Hostile::start(|_| token(), |_| neither());
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let gone = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    for (case, stderr) in [("full", &full as &dyn Fn() -> Stdio), ("gone", &gone as &dyn Fn() -> Stdio)] {
        for verbosity in [&[] as &[&str], &["-vv"]] {
            let workspace = workspace(&platform, 5, "");
            workspace.write_job(&format!("{}{GATE}{NOTIFY}", platform.job(PASSWORD, "")));
            let mut command = workspace.command(&[&["run", "jobs/test.toml"][..], verbosity].concat());
            let status = command.stdout(Stdio::null()).stderr(stderr()).status().unwrap();
            assert_eq!(status.code(), Some(10), "{case} {verbosity:?}");
            assert_eq!(told_code(&workspace).as_deref(), Some("10"), "{case} {verbosity:?}");
        }
    }
}

#[test]
fn progress_is_one_line_in_the_jobs_language_and_goes_on_in_the_second_pass() {
    const ITEMS: u64 = 40;
    const COLUMNS: usize = 70;
    // The first attempt for each item fails, so that all of them are asked again in the second pass.
    let seen: Mutex<HashSet<String>> = Mutex::default();
    let call = move |call: &Call| {
        let is_first = seen.lock().unwrap().insert(call.parameter("certificateHolderCode").to_owned());
        if is_first && call.number.is_multiple_of(2) { Reply::Http(500, String::new()) } else { neither() }
    };
    let platform = Hostile::start_slow(Duration::from_millis(60), |_| token(), call);
    let workspace = workspace(&platform, ITEMS, "");
    workspace.write_job(&platform.job(PASSWORD, "concurrency = 1"));
    // `script` runs a program on a terminal of its own.
    let run = format!("stty cols {COLUMNS} rows 24; exec '{}' run jobs/test.toml", env!("CARGO_BIN_EXE_ecert-audit"));
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &run, "/dev/null"]).current_dir(workspace.path("")).stdin(Stdio::null());
    let output = command.env("TERM", "xterm").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");

    let text = without_escapes(&text);
    let lines: Vec<&str> = text.split(['\r', '\n']).filter(|line| line.contains("/40 ")).collect();
    assert!(lines.iter().all(|line| line.trim_end().width() <= COLUMNS), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("每秒")) && !text.contains("calls/s"), "{lines:?}");
    let done = |line: &&str| -> u64 {
        let (before, _) = line.split_once("/40 ").unwrap();
        before.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let done: Vec<u64> = lines.iter().map(done).collect();
    let falls = done.windows(2).position(|pair| pair[1] < pair[0]);
    assert!(falls.is_some_and(|at| done.len() - at > 2), "what is asked again is shown as it is asked: {done:?}");
}

/// A terminal's text without its escape sequences.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|character: char| character.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        kept.push_str(&part[end..]);
    }
    kept
}
