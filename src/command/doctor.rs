//! `doctor`: checks whether a job could run now, one line per requirement, with advice if it is not met.

mod local;
mod network;

use super::check::{self, Findings, Previous};
use super::terminal::Terminal;
use crate::cli::DoctorArgs;
use crate::exit::{Exit, Stop};
use crate::intake::{IntakeError, find_files, read_files};
use crate::job::{Base, Job};
use crate::message::Message;
use crate::report::TypeCheck;

pub(super) fn doctor(args: &DoctorArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    let job = terminal.load(&args.job)?;
    let terminal = &*terminal;
    let mut report = Report { terminal, worst: Grade::Good };
    report.tell(&Finding::good(Message::new("doctor-topic-job"), Message::new("doctor-job").with("path", job.file.display())))?;
    let found = inputs(&job, &mut report)?;
    report.tell_all(&local::secrets(&job))?;
    report.tell_all(&local::output_folder(&job))?;
    let calls = check::estimated_calls(&job, found.items, Previous::of(&job).as_ref());
    report.tell(&local::disk_space(&job, check::journal_bytes(found.items, calls).most))?;
    report.tell_all(&[local::locale(), local::fonts()])?;
    report.tell_all(&network::findings(&job, terminal)?)?;
    platform(&job, &found, &mut report)?;
    Ok(match report.worst {
        Grade::Good | Grade::Note => Exit::Done,
        Grade::Wrong => Exit::Invalid,
        Grade::Refused => Exit::Refused,
    })
}

/// Severity of a finding, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    /// No problem.
    Good,
    /// Worth knowing, but a run can proceed.
    Note,
    /// A run would fail.
    Wrong,
    /// The platform refuses access.
    Refused,
}

/// Result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    grade: Grade,
    topic: Message,
    what: Message,
    /// What the user can do about it.
    advice: Option<Message>,
}

impl Finding {
    const fn new(grade: Grade, topic: Message, what: Message) -> Self {
        Self { grade, topic, what, advice: None }
    }

    const fn good(topic: Message, what: Message) -> Self {
        Self::new(Grade::Good, topic, what)
    }

    fn advising(self, advice: Message) -> Self {
        Self { advice: Some(advice), ..self }
    }

    fn line(&self) -> Message {
        let grade = match self.grade {
            Grade::Good => Message::new("doctor-good"),
            Grade::Note => Message::new("doctor-note"),
            Grade::Wrong => Message::new("doctor-wrong"),
            Grade::Refused => Message::new("doctor-refused"),
        };
        let line = match &self.advice {
            None => Message::new("doctor-line"),
            Some(advice) => Message::new("doctor-line-advice").with_message("advice", advice.clone()),
        };
        line.with_message("grade", grade).with_message("topic", self.topic.clone()).with_message("what", self.what.clone())
    }
}

/// Prints findings as they are made, because some checks take long, and records the worst grade.
struct Report<'a> {
    terminal: &'a Terminal,
    worst: Grade,
}

impl Report<'_> {
    fn tell(&mut self, finding: &Finding) -> Result<(), Stop> {
        self.worst = self.worst.max(finding.grade);
        self.terminal.print(&format!("{}\n", self.terminal.words().say(&finding.line())))
    }

    fn tell_all(&mut self, findings: &[Finding]) -> Result<(), Stop> {
        findings.iter().try_for_each(|finding| self.tell(finding))
    }
}

/// Reads the inputs as `check` does.
fn inputs(job: &Job, report: &mut Report<'_>) -> Result<Findings, Stop> {
    let topic = || Message::new("doctor-topic-inputs");
    let files = find_files(job);
    let mut found = Findings::default();
    let today = chrono::Local::now().date_naive();
    let read = read_files(job, &files, today, &mut found, &report.terminal.interrupts);
    let intake = read.map_err(|error| match error {
        IntakeError::Interrupted => Stop::interrupted(),
        IntakeError::Sink(cause) => Stop::failed(cause),
    })?;
    for problem in files.problems.iter().chain(&intake.problems) {
        report.tell(&Finding::new(Grade::Wrong, topic(), problem.to_message()))?;
    }
    let what = Message::new("doctor-inputs").with("files", intake.files.len()).with("items", found.items);
    let finding = if found.items > 0 {
        Finding::good(topic(), what)
    } else {
        let advice = Message::new("doctor-inputs-advice").with("job", job.file.display());
        Finding::new(Grade::Wrong, topic(), what).advising(advice)
    };
    report.tell(&finding)?;
    Ok(found)
}

/// Limit on certificate types that are listed one by one.
const MOST_TYPES: usize = 20;

/// If no check has failed, fetches a token and makes one call per certificate type, as `check --online` does.
fn platform(job: &Job, found: &Findings, report: &mut Report<'_>) -> Result<(), Stop> {
    let topic = || Message::new("doctor-topic-platform");
    if report.worst >= Grade::Wrong {
        return report.tell(&Finding::new(Grade::Note, topic(), Message::new("doctor-not-asked")));
    }
    match check::ask_types(job, found, report.terminal) {
        Ok(types) => {
            let answered = types.iter().filter(|kind| kind.answered).count();
            let what = Message::new("doctor-types").with("answered", answered).with("types", types.len());
            report.tell(&Finding::good(topic(), what))?;
            let silent = types.iter().filter(|kind| !kind.answered).take(MOST_TYPES);
            silent.map(|kind| Finding::new(Grade::Note, topic(), silent_type(kind))).try_for_each(|finding| report.tell(&finding))
        }
        Err(stop) => report.tell_all(&stopped(stop, &topic())?),
    }
}

/// Returns the message about a certificate type for which the platform returned no answer.
fn silent_type(kind: &TypeCheck) -> Message {
    let name = kind.cert_type_name.clone().unwrap_or_default();
    let message = match (&kind.message, kind.code) {
        (_, Some(13)) => Message::new("doctor-type-unpublished"),
        (Some(why), _) => Message::new("doctor-type-failed").with_message("why", why.clone()),
        (None, _) => Message::new("doctor-type-silent"),
    };
    message.with("code", &kind.cert_type_code).with("name", name)
}

/// Converts the reason why the calls stopped into findings. A signal ends the command instead.
fn stopped(stop: Stop, topic: &Message) -> Result<Vec<Finding>, Stop> {
    let is_said = |code: &str| stop.messages.iter().any(|message| message.code() == code);
    let grade = if is_said("stop-interrupted") {
        return Err(stop);
    } else if is_said("stop-window") || is_said("stop-quota") {
        // Neither reason is a fault of the platform, and both pass by themselves.
        Grade::Note
    } else if stop.exit == Exit::Refused {
        Grade::Refused
    } else {
        Grade::Wrong
    };
    Ok(stop.messages.into_iter().map(|message| Finding::new(grade, topic.clone(), message)).collect())
}

/// Returns whether the job uses the embedded sandbox, which needs no network.
const fn is_sandbox(job: &Job) -> bool {
    matches!(job.platform.base, Base::Sandbox(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_the_calls_is_graded_by_who_can_mend_it() {
        let topic = Message::new("doctor-topic-platform");
        let grade = |stop: Stop| stopped(stop, &topic).map(|findings| findings[0].grade);
        assert_eq!(grade(Stop::new(Exit::Refused, Message::new("stop-refused"))), Ok(Grade::Refused));
        assert_eq!(grade(Stop::new(Exit::Resumable, Message::new("stop-unhealthy"))), Ok(Grade::Wrong));
        assert_eq!(grade(Stop::new(Exit::Resumable, Message::new("stop-window"))), Ok(Grade::Note));
        assert_eq!(grade(Stop::interrupted()), Err(Stop::interrupted()));
    }
}
