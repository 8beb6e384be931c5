//! `remediate`: proposes notifications of the province for a run's gaps; with `--confirm`, sends them.

mod carrying;

use super::dispatch::{check_tables, decisions_journal};
use super::stored::StoredRun;
use super::terminal::Terminal;
use super::{locks, outputs};
use crate::cli::RemediateArgs;
use crate::exit::{Exit, Stop};
use crate::job::{Base, RemedyAction};
use crate::journal::{Journals, RemedyState};
use crate::message::Message;
use crate::remedy::{Decision, Decisions, Marking, PlanFile, Proposals, Selection, Standing, ignored_marks};
use crate::report::{PlanMark, RemediationRow, RemediationWorkbook, Words};
use crate::run_folder::{Manifest, RunFolder, RunState};
use carrying::{Task, carry_out};
use chrono::Utc;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Name of the workbook in which a person marks proposals.
const WORKBOOK: &str = "remediation.xlsx";

pub(super) fn remediate(args: &RemediateArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let run = StoredRun::open(&args.run_dir, terminal)?;
    let _locks = locks::take_and_tidy(&run.layout)?;
    check_run(&run, terminal)?;
    match (args.confirm, args.verify) {
        (true, _) => confirm(args, &run, terminal),
        (false, true) => verify(&run, terminal),
        (false, false) => propose(args, &run, terminal),
    }
}

/// Rejects a run without tables and one made with another platform, where its identifiers are not valid.
fn check_run(run: &StoredRun, terminal: &Terminal) -> Result<(), Stop> {
    let StoredRun { layout, manifest, job, .. } = run;
    check_tables(&layout.folder())?;
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

/// Sources of proposals besides the tables.
struct Ground {
    decisions: Decisions,
    tables: PathBuf,
}

impl Ground {
    fn of(run: &StoredRun) -> Result<Self, Stop> {
        let tables = run.layout.folder().tables();
        Ok(Self { decisions: Decisions::read(&tables, &decisions_journal(&run.layout.folder())?)?, tables })
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

/// Number of certificates by result of the assessment, each by action in the order of sending.
#[derive(Debug, Default)]
struct Counts {
    to_send: [u64; 3],
    undecided: [u64; 3],
    withheld: u64,
}

/// The dry run: writes the workbook and prints what would be sent.
fn propose(args: &RemediateArgs, run: &StoredRun, terminal: &Terminal) -> Result<Exit, Stop> {
    let path = run.layout.folder().file(WORKBOOK);
    let mut marks = match &args.plan {
        Some(plan) => Some(PlanFile::read(plan)?),
        // Marks made in an existing workbook are kept.
        None => read_if_there(&path)?,
    };
    let ground = Ground::of(run)?;
    let proposals = ground.proposals(run);
    let words = terminal.words();
    let mut book = RemediationWorkbook::begin(words, run.job.report.mask, run.layout.folder().dir()).map_err(Stop::failed)?;
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
        refuse_foreign_rows(marks.as_ref())?;
    }
    book.end(&path).map_err(Stop::failed)?;
    terminal.print(&proposed_text(words, run, &counts, &path.display().to_string()))?;
    Ok(Exit::Done)
}

fn read_if_there(path: &Path) -> Result<Option<PlanFile>, Stop> {
    path.exists().then(|| PlanFile::read(path)).transpose()
}

/// Rejects a plan with rows that are not of this run.
fn refuse_foreign_rows(plan: Option<&PlanFile>) -> Result<(), Stop> {
    let foreign_rows = plan.map(PlanFile::foreign_rows).unwrap_or_default();
    if foreign_rows.is_empty() { Ok(()) } else { Err(Stop { exit: Exit::Invalid, messages: foreign_rows }) }
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

/// Sends the selected notifications and verifies them.
fn confirm(args: &RemediateArgs, run: &StoredRun, terminal: &Terminal) -> Result<Exit, Stop> {
    let mut plan = args.plan.as_deref().map(PlanFile::read).transpose()?;
    let ground = Ground::of(run)?;
    let proposals = ground.proposals(run);
    let selection = Selection::choose(&proposals, plan.as_mut())?;
    refuse_foreign_rows(plan.as_ref())?;
    if plan.is_none() {
        refuse_ignored_marks(&proposals, &run.layout.folder())?;
    }
    let most = run.job.remediate.max_actions;
    if selection.total > u64::from(most) {
        return Err(Stop::invalid(Message::new("remediate-too-many").with("count", selection.total).with("most", most)));
    }
    if selection.overtaken > 0 {
        terminal.tell(&Message::new("remediate-overtaken").with("count", selection.overtaken));
    }
    if selection.chosen.is_empty() && open_count(&run.journals)? == 0 {
        // A process that was killed after its last notification has left the tables without it.
        let wanted = outputs::ReportSelection::of_job(&run.job, terminal.language());
        outputs::build(&run.job, &run.layout, &run.manifest, &run.journals, wanted, terminal)?;
        terminal.print(&format!("{}\n", terminal.words().say(&Message::new("remediate-nothing"))))?;
        return Ok(Exit::Done);
    }
    carry_out(run, Task::Send(selection.chosen), terminal)
}

/// Rejects a command without `--plan` if the run's workbook contains marks, which it would ignore.
fn refuse_ignored_marks(proposals: &Proposals<'_>, folder: &RunFolder) -> Result<(), Stop> {
    let path = folder.file(WORKBOOK);
    let Some(mut marks) = read_if_there(&path)? else { return Ok(()) };
    match ignored_marks(proposals, &mut marks)? {
        0 => Ok(()),
        count => Err(Stop::invalid(Message::new("remediate-marks-ignored").with("path", path.display()).with("count", count))),
    }
}

/// Verifies notifications that were sent earlier.
fn verify(run: &StoredRun, terminal: &Terminal) -> Result<Exit, Stop> {
    if open_count(&run.journals)? == 0 {
        terminal.print(&format!("{}\n", terminal.words().say(&Message::new("remediate-nothing-open"))))?;
        return Ok(Exit::Done);
    }
    carry_out(run, Task::Verify, terminal)
}

/// Returns the number of notifications that are neither verified nor refused.
fn open_count(journals: &Journals) -> Result<u64, Stop> {
    let is_open = |state| !matches!(state, RemedyState::Settled | RemedyState::Refused);
    Ok(journals.remedy_counts()?.iter().filter(|count| is_open(count.state)).map(|count| count.count).sum())
}
