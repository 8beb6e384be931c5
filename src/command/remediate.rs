//! `remediate`: what the province should be told of a run's gaps; with `--confirm` it is told, once.

use super::dispatch::{check_tables, decisions_journal};
use super::session::OpenSession;
use super::stored::StoredRun;
use super::terminal::Terminal;
use super::{locks, logging, outputs, progress, session};
use crate::cli::RemediateArgs;
use crate::durable::append_private;
use crate::engine::StopCause;
use crate::exit::{Exit, Stop};
use crate::job::{Base, RemedyAction};
use crate::journal::{Journals, Remedy, RemedyState, Shard};
use crate::message::Message;
use crate::remedy::{
    Campaign, CampaignEvent, Decision, Decisions, JournalPlace, Marking, PlanFile, Proposals, Selection, Standing, ignored_marks,
    state_message,
};
use crate::report::{PlanMark, RemediationRow, RemediationWorkbook, Words};
use crate::run_folder::{Manifest, RunFolder, RunState};
use chrono::Utc;
use std::collections::HashSet;
use std::fmt::Write;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// The workbook for a person to decide in.
const WORKBOOK: &str = "remediation.xlsx";

pub(super) fn remediate(args: &RemediateArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let run = StoredRun::open(&args.run_dir, terminal)?;
    let _locks = locks::take_of_run(&run.folder, &run.manifest)?;
    check_run(&run, terminal)?;
    match (args.confirm, args.verify) {
        (true, _) => confirm(args, &run, terminal),
        (false, true) => verify(&run, terminal),
        (false, false) => propose(args, &run, terminal),
    }
}

/// Refuses a run that has no tables yet, and one that was made with another platform: its identifiers mean nothing there.
fn check_run(run: &StoredRun, terminal: &Terminal) -> Result<(), Stop> {
    let StoredRun { folder, manifest, job, .. } = run;
    check_tables(folder)?;
    let (audited, now) = (manifest.fingerprint.platform.as_str(), job.platform.base.name());
    if audited != now {
        return Err(Stop::invalid(Message::new("remediate-other-platform").with("audited", audited).with("now", now)));
    }
    if manifest.state != RunState::Complete {
        terminal.tell(&Message::new("remediate-of-incomplete"));
    }
    if matches!(job.platform.base, Base::Sandbox(_)) {
        terminal.tell(&Message::new("remediate-embedded"));
    }
    Ok(())
}

/// What proposals are made from, beside the tables.
struct Ground {
    decisions: Decisions,
    tables: PathBuf,
}

impl Ground {
    fn of(run: &StoredRun) -> Result<Self, Stop> {
        let tables = run.folder.tables();
        Ok(Self { decisions: Decisions::read(&tables, &decisions_journal(&run.folder)?)?, tables })
    }

    fn proposals<'a>(&'a self, run: &'a StoredRun) -> Proposals<'a> {
        Proposals {
            tables: &self.tables,
            run_id: &run.manifest.run_id,
            journals: &run.journals,
            decisions: &self.decisions,
            settings: &run.job.remediate,
            now: Utc::now(),
        }
    }
}

/// How many certificates each answer concerns, by action in the order of sending.
#[derive(Debug, Default)]
struct Counts {
    to_send: [u64; 3],
    undecided: [u64; 3],
    withheld: u64,
}

/// The dry run: writes the workbook and says what would be sent.
fn propose(args: &RemediateArgs, run: &StoredRun, terminal: &Terminal) -> Result<Exit, Stop> {
    let path = run.folder.file(WORKBOOK);
    let mut marks = match &args.plan {
        Some(plan) => Some(PlanFile::read(plan)?),
        // What a person has filled in stays as it is.
        None => read_if_there(&path)?,
    };
    let ground = Ground::of(run)?;
    let proposals = ground.proposals(run);
    let words = terminal.words();
    let mut book = RemediationWorkbook::begin(words, run.job.report.mask, run.folder.dir()).map_err(Stop::failed)?;
    let mut counts = Counts::default();
    proposals.each(|proposal| {
        let assessment = &proposal.assessment;
        let row = RemediationRow {
            row: proposal.row,
            action: assessment.action,
            reason: &assessment.reason,
            decision: proposal.decision.map(Decision::name),
        };
        let action = assessment.action.filter(|_| assessment.standing != Standing::Withheld);
        let Some((action, key)) = action.and_then(|action| Some((action, proposal.key(proposals.run_id, action)?))) else {
            counts.withheld += 1;
            return book.other(&row).map_err(Stop::failed);
        };
        let is_proposed = assessment.standing == Standing::Proposed;
        let usual = Some(PlanMark::Execute).filter(|_| is_proposed && args.plan.is_none());
        let mark = match marks.as_mut().map(|marks| marks.marking(&key)) {
            Some(Marking::Marked(mark)) => Some(mark),
            Some(Marking::Blank) => None,
            Some(Marking::Absent) | None => usual,
        };
        let is_sent = if args.plan.is_some() { mark == Some(PlanMark::Execute) } else { is_proposed };
        let counted = if is_sent { &mut counts.to_send } else { &mut counts.undecided };
        counted[place_of(action)] += 1;
        book.action(&row, mark, &key).map_err(Stop::failed)
    })?;
    if args.plan.is_some() {
        refuse_strangers(marks.as_ref())?;
    }
    book.end(&path).map_err(Stop::failed)?;
    terminal.print(&proposed_text(words, run, &counts, &path.display().to_string()))?;
    Ok(Exit::Done)
}

fn read_if_there(path: &Path) -> Result<Option<PlanFile>, Stop> {
    path.exists().then(|| PlanFile::read(path)).transpose()
}

/// Refuses a plan with rows that are none of this run's.
fn refuse_strangers(plan: Option<&PlanFile>) -> Result<(), Stop> {
    let strangers = plan.map(PlanFile::strangers).unwrap_or_default();
    if strangers.is_empty() { Ok(()) } else { Err(Stop { exit: Exit::Invalid, messages: strangers }) }
}

fn place_of(action: RemedyAction) -> usize {
    RemedyAction::IN_ORDER.iter().position(|known| *known == action).unwrap_or_default()
}

fn proposed_text(words: &Words, run: &StoredRun, counts: &Counts, path: &str) -> String {
    let mut text = String::new();
    let mut line = |message: Message| {
        let _ = writeln!(text, "{}", words.say(&message));
    };
    let Manifest { job, run_id, .. } = &run.manifest;
    line(Message::new("remediation-head").with("job", job).with("run", run_id));
    for (action, (to_send, undecided)) in RemedyAction::IN_ORDER.into_iter().zip(counts.to_send.iter().zip(counts.undecided)) {
        let message = Message::new("remediation-action").with_message("action", action_message(action));
        line(message.with("proposed", to_send).with("undecided", undecided));
    }
    line(Message::new("remediation-withheld").with("count", counts.withheld));
    let most = run.job.remediate.max_actions;
    let total: u64 = counts.to_send.iter().sum();
    if total > u64::from(most) {
        line(Message::new("remediation-over").with("count", total).with("most", most));
    }
    line(Message::new("remediation-written").with("path", path));
    text
}

fn action_message(action: RemedyAction) -> Message {
    match action {
        RemedyAction::Insert => Message::new("remedy-action-insert"),
        RemedyAction::Update => Message::new("remedy-action-update"),
        RemedyAction::Delete => Message::new("remedy-action-delete"),
    }
}

/// Sends what is chosen, and looks for what came of it.
fn confirm(args: &RemediateArgs, run: &StoredRun, terminal: &Terminal) -> Result<Exit, Stop> {
    let mut plan = args.plan.as_deref().map(PlanFile::read).transpose()?;
    let ground = Ground::of(run)?;
    let proposals = ground.proposals(run);
    let selection = Selection::choose(&proposals, plan.as_mut())?;
    refuse_strangers(plan.as_ref())?;
    if plan.is_none() {
        refuse_ignored_marks(&proposals, &run.folder)?;
    }
    let most = run.job.remediate.max_actions;
    if selection.total > u64::from(most) {
        return Err(Stop::invalid(Message::new("remediate-too-many").with("count", selection.total).with("most", most)));
    }
    if selection.overtaken > 0 {
        terminal.tell(&Message::new("remediate-overtaken").with("count", selection.overtaken));
    }
    if selection.chosen.is_empty() && open_count(&run.journals)? == 0 {
        terminal.print(&format!("{}\n", terminal.words().say(&Message::new("remediate-nothing"))))?;
        return Ok(Exit::Done);
    }
    carry_out(run, Task::Send(selection.chosen), terminal)
}

/// Refuses to pass over what a person has filled into the workbook of this run.
fn refuse_ignored_marks(proposals: &Proposals<'_>, folder: &RunFolder) -> Result<(), Stop> {
    let path = folder.file(WORKBOOK);
    let Some(mut marks) = read_if_there(&path)? else { return Ok(()) };
    match ignored_marks(proposals, &mut marks)? {
        0 => Ok(()),
        count => Err(Stop::invalid(Message::new("remediate-marks-ignored").with("path", path.display()).with("count", count))),
    }
}

/// Looks for what came of notifications sent before.
fn verify(run: &StoredRun, terminal: &Terminal) -> Result<Exit, Stop> {
    if open_count(&run.journals)? == 0 {
        terminal.print(&format!("{}\n", terminal.words().say(&Message::new("remediate-nothing-open"))))?;
        return Ok(Exit::Done);
    }
    carry_out(run, Task::Verify, terminal)
}

/// Notifications that have not been seen to take effect, refused ones aside.
fn open_count(journals: &Journals) -> Result<u64, Stop> {
    let is_open = |state| !matches!(state, RemedyState::Settled | RemedyState::Refused);
    Ok(journals.remedy_counts()?.iter().filter(|count| is_open(count.state)).map(|count| count.count).sum())
}

/// What a campaign is to do.
enum Task {
    /// Send these, then look for their effects.
    Send(Vec<Remedy>),
    /// Look for effects alone.
    Verify,
}

/// What a command is about: the notifications that it sends, or all of them.
struct Scope(Option<HashSet<(RemedyAction, String)>>);

impl Scope {
    fn of(task: &Task) -> Self {
        match task {
            Task::Send(chosen) => Self(Some(chosen.iter().map(|remedy| (remedy.action, remedy.file_number.clone())).collect())),
            Task::Verify => Self(None),
        }
    }

    /// Counts the notifications without an answer that belong to the command, and those that do not.
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

/// How a campaign ended.
struct Ended {
    stop: Option<StopCause>,
    accepted: u64,
    refused: u64,
}

/// Carries out a campaign, brings tables and reports up to date whatever ended it, and says what came of it.
fn carry_out(run: &StoredRun, task: Task, terminal: &Terminal) -> Result<Exit, Stop> {
    let StoredRun { folder, manifest, job, journals, .. } = run;
    let log = append_private(&folder.log()).map_err(|problem| Stop::internal(problem.to_message(&folder.log())))?;
    logging::log_to(log);
    let count = if let Task::Send(chosen) = &task { chosen.len() } else { 0 };
    tracing::info!(job = job.name, run = manifest.run_id, notifications = count, process = std::process::id(), "remediate");
    let scope = Scope::of(&task);
    let campaigned = campaign(run, task, terminal);
    // What was sent by then stands in the tables whatever ended it.
    let wanted = outputs::Wanted::of_job(job, terminal.language());
    let built = outputs::build(job, folder, manifest, journals, wanted, terminal);
    let ended = match (campaigned, built) {
        (Ok(ended), Ok(_)) => ended,
        (Ok(Ended { stop: None, .. }), Err(failed)) => return Err(failed),
        // Both are told; what stopped the sending decides the exit code.
        (Ok(Ended { stop: Some(cause), .. }), Err(failed)) => {
            let Stop { exit, messages } = stopped(&cause);
            return Err(Stop { exit, messages: [failed.messages, messages].concat() });
        }
        (Err(stop), _) => return Err(stop),
    };
    terminal.print(&ended_text(terminal.words(), journals)?)?;
    conclude(&ended, scope.unanswered(journals)?, terminal)
}

/// Sends and verifies.
fn campaign(run: &StoredRun, task: Task, terminal: &Terminal) -> Result<Ended, Stop> {
    let StoredRun { folder, manifest, job, journals, .. } = run;
    let places = journal_places(folder)?;
    let is_drawn = !terminal.is_quiet && std::io::stderr().is_terminal();
    let total = if let Task::Send(chosen) = &task { u64::try_from(chosen.len()).ok() } else { None };
    let bar = progress::bar(is_drawn, total);
    let words = terminal.words();
    let mut watch = |event: CampaignEvent| match event {
        CampaignEvent::Sent => bar.inc(1),
        // Of what was just sent nothing more is to be counted.
        CampaignEvent::Checked => bar.inc(u64::from(total.is_none())),
        CampaignEvent::Waiting(time) => {
            let seconds = time.as_secs_f64().ceil();
            bar.set_message(words.say(&Message::new("remediate-waiting").with("seconds", seconds)));
        }
    };
    let ended = super::runtime()?.block_on(async {
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

/// Where the journals of a run lie: one, or one a shard.
fn journal_places(folder: &RunFolder) -> Result<Vec<JournalPlace>, Stop> {
    if folder.journal().exists() {
        return Ok(vec![JournalPlace { shard: Shard::WHOLE, path: folder.journal() }]);
    }
    let shards = folder.shards().map_err(Stop::disk(folder.dir().display()))?;
    let places = shards.into_iter().map(|shard| JournalPlace { shard, path: folder.shard(shard).journal() });
    Ok(places.filter(|place| place.path.exists()).collect())
}

/// What all of the run's notifications have come to so far.
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

/// The exit code for what was sent.
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

/// What to tell of a stop, and its exit code.
fn stopped(cause: &StopCause) -> Stop {
    match cause {
        StopCause::Internal(problem) => Stop::internal(Message::new("stop-internal").with_message("why", problem.clone())),
        StopCause::Platform(reason) => session::stopped(reason),
    }
}
