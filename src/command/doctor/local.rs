//! Checks of this machine: secrets, output folder, free disk space, locale and fonts.

use super::{Finding, Grade, is_sandbox};
use crate::child::{self, Ended};
use crate::command::check::secrets_missing;
use crate::durable::{Lock, LockError, check_holding_dir, create_private_dir, point_link, write_whole};
use crate::job::{Job, Secret};
use crate::journal::Journal;
use crate::message::Message;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Prefix of the temporary folder in which the disk is tested. A run that starts removes folders with this prefix, so a killed
/// process leaves nothing behind.
const TRIAL: &str = ".writing-doctor-";

/// Disk space that a run needs, as a multiple of its journal's size: the journal, new tables and reports, and the old ones that
/// they replace.
const JOURNALS: u64 = 3;

/// Checks that secrets can be fetched and that files of secrets are not readable by others.
pub(super) fn secrets(job: &Job) -> Vec<Finding> {
    let topic = || Message::new("doctor-topic-secrets");
    let missing = secrets_missing(job);
    let mut findings: Vec<Finding> =
        missing.into_iter().map(|problem| Finding::new(Grade::Wrong, topic(), problem.message)).collect();
    for secret in [&job.platform.username, &job.platform.password] {
        let Secret::File(path) = secret else { continue };
        let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode() & 0o7777);
        if mode & 0o077 != 0 {
            let what = Message::new("doctor-secret-open").with("path", path.display()).with("mode", format!("{mode:o}"));
            findings.push(Finding::new(Grade::Note, topic(), what));
        }
    }
    if findings.is_empty() {
        let what = if is_sandbox(job) { Message::new("doctor-secrets-sandbox") } else { Message::new("doctor-secrets") };
        findings.push(Finding::good(topic(), what));
    }
    findings
}

/// Checks that the output folder belongs to this user and that its file system supports what runs rely on.
pub(super) fn output_folder(job: &Job) -> Vec<Finding> {
    let topic = || Message::new("doctor-topic-output");
    let job_dir = job.output.join(&job.name);
    if job_dir.symlink_metadata().is_ok()
        && let Err(problem) = create_private_dir(&job_dir)
    {
        return vec![Finding::new(Grade::Wrong, topic(), problem.to_message(&job_dir))];
    }
    if job.output.is_dir()
        && let Err(problem) = check_holding_dir(&job.output)
    {
        return vec![Finding::new(Grade::Wrong, topic(), problem.to_message(&job.output))];
    }
    let dir = nearest_folder(&job_dir);
    let trial = match tempfile::Builder::new().prefix(TRIAL).tempdir_in(&dir) {
        Ok(trial) => trial,
        Err(cause) => {
            let what = Message::new("cannot-use").with("what", dir.display()).with("cause", cause);
            return vec![Finding::new(Grade::Wrong, topic(), what).advising(Message::new("doctor-output-advice"))];
        }
    };
    let findings = try_disk(trial.path(), &dir, &topic);
    if !findings.is_empty() {
        return findings;
    }
    vec![Finding::good(topic(), Message::new("doctor-output").with("path", job_dir.display()))]
}

/// Returns the folder, or its nearest existing parent.
fn nearest_folder(dir: &Path) -> PathBuf {
    dir.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("/")).to_owned()
}

/// Checks in the folder `trial` that modes, locks, links and SQLite work. Messages name the folder `dir`.
fn try_disk(trial: &Path, dir: &Path, topic: &dyn Fn() -> Message) -> Vec<Finding> {
    let wrong = |what: Message| Finding::new(Grade::Wrong, topic(), what);
    let failed = |cause: &dyn std::fmt::Display| {
        wrong(Message::new("cannot-use").with("what", dir.display()).with("cause", cause))
            .advising(Message::new("doctor-output-advice"))
    };
    let mut findings = Vec::new();
    let private = trial.join("private");
    let file = private.join("file");
    if let Err(problem) = create_private_dir(&private) {
        findings.push(wrong(problem.to_message(&private)));
    } else if let Err(cause) = write_whole(&file, b"doctor") {
        findings.push(failed(&cause));
    } else if [&private, &file].iter().any(|path| is_open_to_others(path)) {
        findings.push(wrong(Message::new("doctor-modes").with("path", dir.display())));
    }
    let lock = trial.join("lock");
    match Lock::take(&lock, "doctor") {
        Err(LockError::Unsupported(cause)) => {
            findings.push(wrong(Message::new("no-locks").with("path", dir.display()).with("cause", cause)));
        }
        Err(problem) => findings.push(failed(&problem)),
        Ok(_held) => {
            // A file system that grants the same lock twice does not support locks.
            if !matches!(Lock::take(&lock, "doctor"), Err(LockError::Held(_))) {
                findings.push(wrong(Message::new("doctor-locks").with("path", dir.display())));
            }
        }
    }
    if let Err(cause) = point_link(&trial.join("latest"), Path::new("private")) {
        let what = Message::new("doctor-links").with("path", dir.display()).with("cause", cause);
        findings.push(Finding::new(Grade::Note, topic(), what));
    }
    if let Err(problem) = Journal::create(&trial.join("journal.sqlite")) {
        findings.push(wrong(problem.to_message()));
    }
    findings
}

fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

/// Checks that the disk has space for a run with a journal of `journal_bytes` bytes.
pub(super) fn disk_space(job: &Job, journal_bytes: u64) -> Finding {
    let topic = Message::new("doctor-topic-disk");
    let dir = nearest_folder(&job.output);
    match rustix::fs::statvfs(dir.as_path()) {
        Ok(disk) => judge_space(disk.f_bavail.saturating_mul(disk.f_frsize), journal_bytes.saturating_mul(JOURNALS)),
        Err(cause) => {
            Finding::new(Grade::Note, topic, Message::new("cannot-use").with("what", dir.display()).with("cause", cause))
        }
    }
}

fn judge_space(free: u64, needed: u64) -> Finding {
    let size = |bytes| bytesize::ByteSize::b(bytes).display().iec().to_string();
    let topic = Message::new("doctor-topic-disk");
    let what = Message::new("doctor-disk").with("free", size(free)).with("needed", size(needed));
    if free >= needed {
        Finding::good(topic, what)
    } else {
        Finding::new(Grade::Wrong, topic, what).advising(Message::new("doctor-disk-advice"))
    }
}

/// Checks that the terminal's locale can show Chinese.
pub(super) fn locale() -> Finding {
    let mut variables = ["LC_ALL", "LC_CTYPE", "LANG"].iter();
    let named = variables.find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    judge_locale(named.as_deref())
}

fn judge_locale(named: Option<&str>) -> Finding {
    let topic = Message::new("doctor-topic-locale");
    let Some(name) = named else {
        return Finding::new(Grade::Note, topic, Message::new("doctor-locale-none"))
            .advising(Message::new("doctor-locale-advice"));
    };
    let what = Message::new("doctor-locale").with("name", name);
    let folded = name.to_ascii_lowercase();
    if folded.contains("utf-8") || folded.contains("utf8") {
        Finding::good(topic, what)
    } else {
        Finding::new(Grade::Note, topic, what).advising(Message::new("doctor-locale-advice"))
    }
}

/// Timeout of `fc-list`.
const FONT_TIME: Duration = Duration::from_secs(10);
/// Number of bytes that are read of the output of `fc-list`.
const FONT_LIST: u64 = 4096;

/// Checks whether a Chinese font is installed, which matters only if reports are opened on this machine.
pub(super) fn fonts() -> Finding {
    let listed = child::output_within(Command::new("fc-list").args([":lang=zh", "family"]), FONT_TIME, FONT_LIST);
    judge_fonts(match &listed {
        Ok(Ended::Exited { status, stdout }) if status.success() => Some(stdout.as_slice()),
        _ => None,
    })
}

/// Judges the output of `fc-list` for Chinese fonts; `None` if there is no such program.
fn judge_fonts(list: Option<&[u8]>) -> Finding {
    let topic = Message::new("doctor-topic-fonts");
    let Some(list) = list else { return Finding::good(topic, Message::new("doctor-fonts-unknown")) };
    let first = String::from_utf8_lossy(list).lines().next().unwrap_or_default().trim().to_owned();
    if first.is_empty() {
        return Finding::new(Grade::Note, topic, Message::new("doctor-fonts-none")).advising(Message::new("doctor-fonts-advice"));
    }
    Finding::good(topic, Message::new("doctor-fonts").with("name", first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_room_than_a_run_needs_is_wrong() {
        assert_eq!(judge_space(1 << 30, 1 << 30).grade, Grade::Good);
        let short = judge_space((1 << 30) - 1, 1 << 30);
        assert_eq!(short.grade, Grade::Wrong);
        assert!(short.advice.is_some());
    }

    #[test]
    fn a_locale_without_utf8_is_worth_a_note() {
        for (name, grade) in [
            (Some("zh_CN.UTF-8"), Grade::Good),
            (Some("C.utf8"), Grade::Good),
            (Some("zh_CN.GBK"), Grade::Note),
            (Some("C"), Grade::Note),
            (None, Grade::Note),
        ] {
            assert_eq!(judge_locale(name).grade, grade, "{name:?}");
        }
    }

    #[test]
    fn a_machine_that_lists_no_chinese_font_is_told_apart_from_one_that_lists_none_at_all() {
        assert_eq!(judge_fonts(Some(b"Noto Sans CJK SC\nNoto Serif\n".as_slice())).grade, Grade::Good);
        assert_eq!(judge_fonts(Some(&[])).grade, Grade::Note);
        assert_eq!(judge_fonts(None).grade, Grade::Good);
    }

    #[test]
    fn a_sound_disk_has_no_findings_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let trial = dir.path().join("trial");
        fs::create_dir(&trial).unwrap();
        let findings = try_disk(&trial, dir.path(), &|| Message::new("doctor-topic-output"));
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!(nearest_folder(&dir.path().join("a/b/c")), dir.path());
    }
}
