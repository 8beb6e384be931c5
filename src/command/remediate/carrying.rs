//! Execution of a campaign: sending, verifying, and updating tables and reports.

use super::super::session::OpenSession;
use super::super::stored::StoredRun;
use super::super::terminal::Terminal;
use super::super::{logging, outputs, progress, runtime, session};
use super::action_message;
use crate::durable::append_private;
use crate::engine::StopCause;
use crate::exit::{Exit, Stop};
use crate::job::RemedyAction;
use crate::journal::{Journals, Remedy, RemedyState, Shard};
use crate::message::Message;
use crate::remedy::{Campaign, CampaignEvent, JournalPlace, state_message};
use crate::report::Words;
use crate::run_folder::RunFolder;
use std::collections::HashSet;
use std::fmt::Write;
use std::io::IsTerminal;

/// Work of a campaign.
pub(super) enum Task {
    /// Send these notifications, then verify them.
    Send(Vec<Remedy>),
    /// Verify only.
    Verify,
}

/// Notifications that a command is about: those that it sends, or `None` for all.
struct Scope(Option<HashSet<(RemedyAction, String)>>);

impl Scope {
    fn of(task: &Task) -> Self {
        match task {
            Task::Send(chosen) => Self(Some(chosen.iter().map(|remedy| (remedy.action, remedy.file_number.clone())).collect())),
            Task::Verify => Self(None),
        }
    }

    /// Counts the notifications without an answer: those of this command, and all others.
    fn unanswered(&self, journals: &Journals) -> Result<[u64; 2], Stop> {
        let mut counts = [0, 0];
        for remedy in journals.remedies() {
            let remedy = remedy?;
            if remedy.state == RemedyState::Intended {
                let is_other = self.0.as_ref().is_some_and(|own| !own.contains(&(remedy.action, remedy.file_number)));
                counts[usize::from(is_other)] += 1;
            }
        }
        Ok(counts)
    }
}

/// Result of a campaign.
struct Ended {
    stop: Option<StopCause>,
    accepted: u64,
    refused: u64,
}

/// Executes a campaign, updates tables and reports even after an early stop, and prints the result.
pub(super) fn carry_out(run: &StoredRun, task: Task, terminal: &Terminal) -> Result<Exit, Stop> {
    let StoredRun { layout, manifest, job, journals, .. } = run;
    let log = layout.folder().log();
    let log = append_private(&log).map_err(|problem| Stop::internal(problem.to_message(&log)))?;
    logging::log_to(log);
    let count = if let Task::Send(chosen) = &task { chosen.len() } else { 0 };
    tracing::info!(job = job.name, run = manifest.run_id, notifications = count, process = std::process::id(), "remediate");
    let scope = Scope::of(&task);
    let campaigned = campaign(run, task, terminal);
    // Rebuilt even after an early stop, so that the tables list everything sent until then.
    let wanted = outputs::ReportSelection::of_job(job, terminal.language());
    let built = outputs::build(job, layout, manifest, journals, wanted, terminal);
    let ended = match (campaigned, built) {
        (Ok(ended), Ok(_)) => ended,
        (Ok(Ended { stop: None, .. }), Err(failed)) => return Err(failed),
        // Both are reported; the reason of the stop decides the exit code.
        (Ok(Ended { stop: Some(cause), .. }), Err(failed)) => {
            let Stop { exit, messages } = stopped(&cause);
            return Err(Stop { exit, messages: [failed.messages, messages].concat() });
        }
        (Err(stop), _) => return Err(stop),
    };
    terminal.print(&ended_text(terminal.words(), journals)?)?;
    conclude(&ended, scope.unanswered(journals)?, terminal)
}

/// Sends and verifies notifications.
fn campaign(run: &StoredRun, task: Task, terminal: &Terminal) -> Result<Ended, Stop> {
    let StoredRun { layout, manifest, job, journals, .. } = run;
    let places = journal_places(&layout.folder())?;
    let is_drawn = !terminal.is_quiet && std::io::stderr().is_terminal();
    let total = if let Task::Send(chosen) = &task { u64::try_from(chosen.len()).ok() } else { None };
    let bar = progress::bar(is_drawn, total);
    let words = terminal.words();
    let mut watch = |event: CampaignEvent| match event {
        CampaignEvent::Sent => bar.inc(1),
        // With a total, the bar counts notifications that are sent, and verifying must not count them once more.
        CampaignEvent::Checked => bar.inc(u64::from(total.is_none())),
        CampaignEvent::Waiting(time) => {
            let seconds = time.as_secs_f64().ceil();
            bar.set_message(words.say(&Message::new("remediate-waiting").with("seconds", seconds)));
        }
    };
    let ended = runtime()?.block_on(async {
        let OpenSession { session, .. } = session::open(job, &terminal.interrupts).await?;
        let mut campaign = Campaign {
            session,
            interrupts: &terminal.interrupts,
            settle: job.remediate.settle,
            purpose: job.purpose.clone(),
            audit: outputs::audit_settings(job, manifest),
            places,
            journals,
            watch: &mut watch,
            accepted: 0,
            refused: 0,
        };
        let carried = match task {
            Task::Send(chosen) => match campaign.send(chosen).await {
                Ok(()) => campaign.verify().await,
                Err(cause) => Err(cause),
            },
            Task::Verify => campaign.verify().await,
        };
        let Campaign { accepted, refused, .. } = campaign;
        Ok::<_, Stop>(Ended { stop: carried.err(), accepted, refused })
    });
    bar.finish_and_clear();
    ended
}

/// Returns the locations of the run's journals: one, or one per shard.
fn journal_places(folder: &RunFolder) -> Result<Vec<JournalPlace>, Stop> {
    if folder.journal().exists() {
        return Ok(vec![JournalPlace { shard: Shard::WHOLE, path: folder.journal() }]);
    }
    let shards = folder.shards().map_err(Stop::disk(folder.dir().display()))?;
    let places = shards.into_iter().map(|shard| JournalPlace { shard, path: folder.shard(shard).journal() });
    Ok(places.filter(|place| place.path.exists()).collect())
}

/// Returns a sentence with the states of all notifications of the run.
fn ended_text(words: &Words, journals: &Journals) -> Result<String, Stop> {
    let counts = journals.remedy_counts()?;
    let mut text = String::new();
    for action in RemedyAction::IN_ORDER {
        let of_action: Vec<Message> = RemedyState::ALL
            .into_iter()
            .filter_map(|state| counts.iter().find(|count| (count.action, count.state) == (action, state)))
            .map(|count| {
                Message::new("remediate-count").with_message("state", state_message(count.state)).with("count", count.count)
            })
            .collect();
        if !of_action.is_empty() {
            let message = Message::new("remediate-counts").with_message("action", action_message(action));
            let _ = writeln!(text, "{}", words.say(&message.with_list("counts", of_action)));
        }
    }
    Ok(text)
}

/// Returns the exit code for the notifications sent.
fn conclude(ended: &Ended, [unanswered, of_others]: [u64; 2], terminal: &Terminal) -> Result<Exit, Stop> {
    if let Some(cause) = &ended.stop {
        tracing::warn!(reason = ?cause, "stopped before the end");
        return Err(stopped(cause));
    }
    if of_others > 0 {
        terminal.tell(&Message::new("remediate-not-chosen").with("count", of_others));
    }
    if unanswered > 0 {
        return Err(Stop::new(Exit::Resumable, Message::new("remediate-not-whole").with("count", unanswered)));
    }
    if ended.refused > 0 && ended.accepted == 0 {
        return Err(Stop::new(Exit::Refused, Message::new("remediate-all-refused").with("count", ended.refused)));
    }
    Ok(Exit::Done)
}

/// Converts the reason of a stop into its message and exit code.
fn stopped(cause: &StopCause) -> Stop {
    match cause {
        StopCause::Internal(problem) => Stop::internal(Message::new("stop-internal").with_message("why", problem.clone())),
        StopCause::Platform(reason) => session::stopped(reason),
    }
}
