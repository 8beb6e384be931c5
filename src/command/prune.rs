//! `prune`: removes personal data of old runs and keeps their figures.

use super::locks;
use super::outputs;
use super::terminal::Terminal;
use crate::cli::PruneArgs;
use crate::durable::{check_private_dir, remove_unfinished};
use crate::exit::{Exit, Stop};
use crate::job::Job;
use crate::message::Message;
use crate::report::Remarks;
use crate::retention::{Decision, KnownRun, Policy, Reason, Removal, Survey, SurveyedRun, decide, survey};
use crate::run_folder::RunFolder;
use chrono::Utc;
use std::path::Path;

pub(super) fn prune(args: &PruneArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let job = terminal.load(&args.job)?;
    let terminal = &*terminal;
    let policy = policy(args, &job)?;
    let job_dir = job.output.join(&job.name);
    if !job_dir.is_dir() {
        terminal.print(&said(terminal, &[Message::new("prune-no-runs").with("path", job_dir.display())]))?;
        return Ok(Exit::Done);
    }
    check_private_dir(&job_dir).map_err(|problem| Stop::internal(problem.to_message(&job_dir)))?;
    let _locks = locks::take(&job_dir, None)?;
    let plan = plan(&job_dir, policy)?;
    terminal.print(&said(terminal, &plan.lines(policy)))?;
    if plan.removals().next().is_none() {
        return Ok(Exit::Done);
    }
    if args.confirm {
        plan.carry_out(terminal)?;
        terminal.print(&said(terminal, &[Message::new("prune-done").with("runs", plan.removals().count())]))?;
    } else {
        terminal.print(&said(terminal, &[Message::new("prune-dry")]))?;
    }
    Ok(Exit::Done)
}

/// Applies the job's retention after one of its runs has completed. The caller holds the job's lock. A failure is reported but
/// does not change the result of the run.
pub(super) fn after_run(job: &Job, terminal: &Terminal) {
    let Some(retention) = job.retention else { return };
    let pruned = plan(&job.output.join(&job.name), Policy::Latest(retention.keep)).and_then(|plan| {
        plan.carry_out(terminal)?;
        Ok(plan.removals().count())
    });
    match pruned {
        Ok(0) => {}
        Ok(runs) if terminal.is_quiet => tracing::info!(runs, "pruned"),
        Ok(runs) => terminal.tell(&Message::new("prune-done").with("runs", runs)),
        Err(stop) => {
            tracing::warn!(problem = %stop, "old runs were not pruned");
            terminal.tell(&Message::new("prune-failed").with_list("why", stop.messages));
        }
    }
}

/// Returns the policy from the command line, else from the job file.
fn policy(args: &PruneArgs, job: &Job) -> Result<Policy, Stop> {
    let of_job = || job.retention.map(|retention| Policy::Latest(retention.keep));
    let typed = args.keep.map(Policy::Latest).or_else(|| args.older_than.map(Policy::YoungerThan));
    typed.or_else(of_job).ok_or_else(|| Stop::invalid(Message::new("prune-no-policy")))
}

/// A run and the decision about it.
struct Planned {
    run: SurveyedRun,
    fate: Fate,
}

enum Fate {
    /// The content is removed.
    Goes(Removal),
    /// The run is kept, for this reason.
    Stays(Message),
}

/// The decisions about all runs of a job.
struct Plan(Vec<Planned>);

/// Decides about each run of a job, without changing anything.
fn plan(job_dir: &Path, policy: Policy) -> Result<Plan, Stop> {
    let Survey { runs, latest } = survey(job_dir)?;
    let known: Vec<KnownRun> = runs.iter().map(|run| run.known.clone()).collect();
    let decisions = decide(&known, latest.as_deref(), policy, Utc::now());
    let planned = runs.into_iter().zip(decisions).map(|(run, decision)| {
        let fate = match decision {
            Decision::Keep(reason) => Fate::Stays(reason_text(reason)),
            Decision::Finish => Fate::Goes(Removal::going_on(&run)),
            Decision::Remove { heirs } => removal(job_dir, &run, &heirs),
        };
        Planned { run, fate }
    });
    Ok(Plan(planned.collect()))
}

/// Plans the removal of a run, including the transfer of remarks that kept runs still need. A run whose remarks cannot be read is
/// kept.
fn removal(job_dir: &Path, run: &SurveyedRun, heirs: &[String]) -> Fate {
    let heirs: Vec<RunFolder> = heirs.iter().map(|heir| RunFolder::at(job_dir.join(heir))).collect();
    if heirs.is_empty() {
        return Fate::Goes(Removal::new(run, None, &heirs));
    }
    let remarks = match Remarks::of_previous(&outputs::remarked(&run.folder)) {
        Ok(remarks) => remarks.without_row(),
        Err(problem) => return Fate::Stays(Message::new("prune-remarks").with("cause", problem)),
    };
    // Serialising texts cannot fail.
    let content = (!remarks.is_empty()).then(|| serde_json::to_string(&remarks).unwrap_or_default());
    Fate::Goes(Removal::new(run, content.as_deref(), &heirs))
}

fn reason_text(reason: Reason) -> Message {
    match reason {
        Reason::Pruned => Message::new("prune-kept-pruned"),
        Reason::Unfinished => Message::new("prune-kept-unfinished"),
        Reason::Unreadable => Message::new("prune-kept-unreadable"),
        Reason::WithoutFigures => Message::new("prune-kept-without-figures"),
        Reason::Latest => Message::new("prune-kept-latest"),
        Reason::Recent => Message::new("prune-kept-recent"),
        Reason::NeededBy(run) => Message::new("prune-kept-needed").with("run", run),
    }
}

impl Plan {
    /// Returns the runs whose content is removed.
    fn removals(&self) -> impl Iterator<Item = (&SurveyedRun, &Removal)> {
        self.0.iter().filter_map(|planned| match &planned.fate {
            Fate::Goes(removal) => Some((&planned.run, removal)),
            Fate::Stays(_) => None,
        })
    }

    /// Returns the plan as messages: one per run, and for each removed run one that lists what is removed.
    fn lines(&self, policy: Policy) -> Vec<Message> {
        let mut lines = vec![match policy {
            Policy::Latest(kept) => Message::new("prune-head-latest").with("kept", kept),
            Policy::YoungerThan(age) => Message::new("prune-head-age").with("age", humantime::format_duration(age)),
        }];
        for Planned { run, fate } in &self.0 {
            match fate {
                Fate::Stays(reason) => {
                    lines.push(Message::new("prune-stays").with("run", &run.known.id).with_message("reason", reason.clone()));
                }
                Fate::Goes(_) => {
                    lines.push(Message::new("prune-goes").with("run", &run.known.id).with("size", size(run.bytes())));
                    let names: Vec<&str> = run.contents.iter().map(|content| content.name.as_str()).collect();
                    lines.push(Message::new("prune-names").with("names", names.join(", ")));
                }
            }
        }
        lines
    }

    /// Executes the plan, oldest run first. A signal stops it after the current run.
    fn carry_out(&self, terminal: &Terminal) -> Result<(), Stop> {
        // A process that died may have been writing into a run that stays.
        for Planned { run, .. } in &self.0 {
            remove_unfinished(run.folder.dir()).map_err(Stop::disk(run.folder.dir().display()))?;
        }
        for (run, removal) in self.removals() {
            if terminal.interrupts.is_requested() {
                return Err(Stop::interrupted());
            }
            for step in removal.steps() {
                removal.apply(step, Utc::now())?;
            }
            tracing::info!(run = run.known.id, bytes = run.bytes(), "run pruned");
        }
        Ok(())
    }
}

fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().iec().to_string()
}

fn said(terminal: &Terminal, lines: &[Message]) -> String {
    lines.iter().flat_map(|line| [terminal.words().say(line), "\n".to_owned()]).collect()
}
