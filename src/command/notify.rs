//! Telling others how a run ended. Where that fails, it is a warning: the run has ended as it has.

use crate::exit::{Exit, Stop};
use crate::job::{Job, NotifySettings};
use crate::run_folder::RunFolder;
use serde::Serialize;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The address gets this long to answer.
const WEBHOOK_TIME: Duration = Duration::from_secs(15);

/// A command gets this long to end: whoever waits for the run should not wait for it.
const COMMAND_TIME: Duration = Duration::from_mins(1);

/// How a run ended.
#[derive(Debug, Serialize)]
struct Ending<'a> {
    job: &'a str,
    run_id: String,
    exit_code: u8,
    outcome: &'static str,
    /// What the person at the terminal was told; empty where all is well.
    message: String,
    run_dir: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<serde_json::Value>,
}

/// Tells command and webhook of the job how its run in `folder` ended.
pub(super) fn tell(job: &Job, folder: &RunFolder, ended: &Result<Exit, Stop>) {
    let NotifySettings { command, webhook } = &job.notify;
    if command.is_empty() && webhook.is_none() {
        return;
    }
    let (exit, message) = match ended {
        Ok(exit) => (*exit, String::new()),
        Err(stop) => (stop.exit, stop.message.clone()),
    };
    let summary = std::fs::read(folder.file("summary.json")).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let run_dir = std::path::absolute(folder.dir()).unwrap_or_else(|_| folder.dir().to_owned());
    let ending = Ending {
        job: &job.name,
        run_id: folder.id(),
        exit_code: exit.code(),
        outcome: exit.word(),
        message,
        run_dir: run_dir.display().to_string(),
        summary,
    };
    if let Some(program) = command.first()
        && let Err(problem) = run_command(program, &command[1..], folder, &ending)
    {
        warn("notify.command", &problem);
    }
    if let Some(webhook) = webhook
        && let Err(problem) = post(webhook, &ending)
    {
        warn("notify.webhook", &problem);
    }
}

fn warn(key: &str, problem: &str) {
    tracing::warn!(key, problem, "nobody was told how the run ended");
    eprintln!("ecert-audit: {key}: {problem}");
}

fn run_command(program: &str, arguments: &[String], folder: &RunFolder, ending: &Ending<'_>) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    command.env("ECERT_AUDIT_JOB", ending.job).env("ECERT_AUDIT_RUN_ID", &ending.run_id);
    command.env("ECERT_AUDIT_EXIT_CODE", ending.exit_code.to_string()).env("ECERT_AUDIT_OUTCOME", ending.outcome);
    command.env("ECERT_AUDIT_MESSAGE", &ending.message).env("ECERT_AUDIT_RUN_DIR", &ending.run_dir);
    for (name, file) in [
        ("ECERT_AUDIT_REPORT_XLSX", "report.xlsx"),
        ("ECERT_AUDIT_REPORT_HTML", "report.html"),
        ("ECERT_AUDIT_SUMMARY", "summary.json"),
        ("ECERT_AUDIT_METRICS", "metrics.prom"),
    ] {
        let path = folder.file(file);
        if path.exists() {
            command.env(name, std::path::absolute(&path).unwrap_or(path));
        }
    }
    let mut child = command.spawn().map_err(|error| format!("{program} cannot be started: {error}"))?;
    let deadline = Instant::now() + COMMAND_TIME;
    let status = loop {
        match child.try_wait().map_err(|error| format!("{program}: {error}"))? {
            Some(status) => break status,
            None if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            None => {
                // It is late, and may be gone by now.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{program} did not end within {} s", COMMAND_TIME.as_secs()));
            }
        }
    };
    if status.success() { Ok(()) } else { Err(format!("{program} ended with {status}")) }
}

fn post(webhook: &str, ending: &Ending<'_>) -> Result<(), String> {
    let body = serde_json::to_vec(ending).map_err(|error| error.to_string())?;
    let runtime = super::runtime().map_err(|stop| stop.message)?;
    runtime.block_on(crate::platform::post_json(webhook, body, WEBHOOK_TIME))
}
