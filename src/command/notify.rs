//! Notification of others about the end of a run. A failure to notify is a warning and does not change the result of the run.

use super::terminal::Terminal;
use crate::child::{self, Ended};
use crate::exit::{Exit, Stop};
use crate::job::{Job, NotifySettings, Secret};
use crate::message::Message;
use crate::run_folder::{RunFolder, RunLayout};
use serde::Serialize;
use std::process::Command;
use std::time::Duration;

/// Timeout of the webhook.
const WEBHOOK_TIME: Duration = Duration::from_secs(15);

/// Environment variables that hold credentials also where the job takes its own from elsewhere.
const CREDENTIALS: [&str; 2] = ["ECERT_USERNAME", "ECERT_PASSWORD"];

/// Timeout of the command, so that a scheduler which waits for the run does not wait for it.
const COMMAND_TIME: Duration = Duration::from_mins(1);

/// Result of a run, as sent to the webhook.
#[derive(Debug, Serialize)]
struct Ending<'a> {
    job: &'a str,
    run_id: &'a str,
    exit_code: u8,
    outcome: &'static str,
    /// Messages that were printed for the user; empty if there were none.
    message: String,
    run_dir: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<serde_json::Value>,
}

/// Longest message passed on, in characters, because the size of an environment variable is limited.
const LONGEST_MESSAGE: usize = 4000;

/// Runs the job's notification command and webhook at the end of a run. `layout` is the layout of the run or shard; if it has no
/// folder (`None`), `run_id` identifies it.
pub(super) fn tell(job: &Job, run_id: &str, layout: Option<&RunLayout>, ended: &Result<Exit, Stop>, terminal: &Terminal) {
    let NotifySettings { command, webhook } = &job.notify;
    if command.is_empty() && webhook.is_none() {
        return;
    }
    let (exit, message) = match ended {
        Ok(exit) => (*exit, String::new()),
        Err(stop) => (stop.exit, words_of(stop, terminal)),
    };
    let folder = layout.map(RunLayout::folder);
    let file = |name: &str| folder.as_ref().map(|folder| folder.file(name));
    let summary = file("summary.json").and_then(|path| std::fs::read(path).ok());
    let run_dir = folder.as_ref().map(|folder| std::path::absolute(folder.dir()).unwrap_or_else(|_| folder.dir().to_owned()));
    let ending = Ending {
        job: &job.name,
        run_id: layout.map_or(run_id, |layout| layout.run_id.as_str()),
        exit_code: exit.code(),
        outcome: exit.word(),
        message,
        run_dir: run_dir.map_or_else(String::new, |dir| dir.display().to_string()),
        summary: summary.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
    };
    if let Some((program, arguments)) = command.split_first()
        && let Err(problem) = run_command(program, arguments, job, folder.as_ref(), &ending)
    {
        warn("notify.command", problem, terminal);
    }
    if let Some(webhook) = webhook
        && let Err(problem) = post(webhook, &ending)
    {
        warn("notify.webhook", problem, terminal);
    }
}

/// Returns the messages that are printed for an error.
fn words_of(stop: &Stop, terminal: &Terminal) -> String {
    let lines: Vec<String> = stop.messages.iter().map(|message| terminal.words().say(message)).collect();
    let text = lines.join("\n");
    if text.chars().count() <= LONGEST_MESSAGE { text } else { text.chars().take(LONGEST_MESSAGE).chain(['…']).collect() }
}

fn warn(key: &'static str, problem: Message, terminal: &Terminal) {
    tracing::warn!(key, %problem, "nobody was told how the run ended");
    terminal.tell(&Message::new("notify-failed").with("key", key).with_message("why", problem));
}

fn run_command(
    program: &str,
    arguments: &[String],
    job: &Job,
    folder: Option<&RunFolder>,
    ending: &Ending<'_>,
) -> Result<(), Message> {
    let mut command = Command::new(program);
    command.args(arguments);
    // The program is not trusted with the job's secrets, so they are removed from its environment.
    for name in CREDENTIALS {
        command.env_remove(name);
    }
    for secret in [&job.platform.username, &job.platform.password] {
        if let Secret::Env(name) = secret {
            command.env_remove(name);
        }
    }
    command.env("ECERT_AUDIT_JOB", ending.job).env("ECERT_AUDIT_RUN_ID", ending.run_id);
    command.env("ECERT_AUDIT_EXIT_CODE", ending.exit_code.to_string()).env("ECERT_AUDIT_OUTCOME", ending.outcome);
    command.env("ECERT_AUDIT_MESSAGE", &ending.message).env("ECERT_AUDIT_RUN_DIR", &ending.run_dir);
    for (name, file) in [
        ("ECERT_AUDIT_REPORT_XLSX", "report.xlsx"),
        ("ECERT_AUDIT_REPORT_HTML", "report.html"),
        ("ECERT_AUDIT_SUMMARY", "summary.json"),
        ("ECERT_AUDIT_METRICS", "metrics.prom"),
    ] {
        if let Some(path) = folder.map(|folder| folder.file(file)).filter(|path| path.exists()) {
            command.env(name, std::path::absolute(&path).unwrap_or(path));
        }
    }
    match child::run_within(&mut command, COMMAND_TIME) {
        Err(error) => Err(Message::new("program-not-started").with("program", program).with("cause", error)),
        Ok(Ended::TimedOut) => Err(Message::new("program-late").with("program", program).with("seconds", COMMAND_TIME.as_secs())),
        Ok(Ended::Exited { status, .. }) if status.success() => Ok(()),
        Ok(Ended::Exited { status, .. }) => Err(Message::new("program-failed").with("program", program).with("status", status)),
    }
}

fn post(webhook: &str, ending: &Ending<'_>) -> Result<(), Message> {
    let body = serde_json::to_vec(ending).map_err(Message::literal)?;
    let runtime = super::runtime().map_err(Message::literal)?;
    runtime.block_on(crate::platform::post_json(webhook, body, WEBHOOK_TIME))
}
