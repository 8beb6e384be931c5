//! What a new run takes over of the last complete run of its job: what was known of each item, to tell what has changed.

use crate::audit::{EarlierRow, Status};
use crate::command::terminal::Terminal;
use crate::exit::Stop;
use crate::job::Recheck;
use crate::journal::{Journal, Journals};
use crate::message::Message;
use crate::run_folder::{Manifest, RunFolder, RunLayout, RunState};
use crate::table::{EarlierError, EarlierRows};
use std::io;
use std::path::{Path, PathBuf};

/// Takes into the journal what the last complete run of the job knew, where there is one. Whatever keeps that run from being read
/// is told, and keeps this one from nothing but the comparison.
pub(super) fn take_previous(layout: &RunLayout, journal: &Journal, terminal: &Terminal) -> Result<bool, Stop> {
    let latest = RunFolder::at(layout.latest());
    let not_compared = |why: Vec<Message>| {
        let message = Message::new("previous-run-not-compared").with("path", latest.dir().display()).with_list("why", why);
        tracing::warn!(%message, "not compared");
        terminal.tell(&message);
        Ok(false)
    };
    let manifest = match latest.manifest() {
        Ok(manifest) => manifest,
        Err(stop) => return not_compared(stop.messages),
    };
    let Some(previous) = manifest.filter(|previous| previous.state == RunState::Complete) else {
        if latest.dir().is_symlink() {
            terminal.tell(&Message::new("latest-leads-nowhere").with("path", latest.dir().display()));
        }
        return Ok(false);
    };
    if layout.run_folder().dir().canonicalize().ok() == latest.dir().canonicalize().ok() {
        return Ok(false);
    }
    let earlier = match EarlierRun::read(&latest, &previous) {
        Ok(earlier) => earlier,
        Err(why) => return not_compared(vec![why]),
    };
    // It has been read to its end: what fails now is this run's journal.
    let failed = |error: EarlierError| match error {
        EarlierError::Journal(error) => Stop::from(error),
        EarlierError::Table(error) => Stop::failed(error),
    };
    journal.take_earlier(&previous.run_id, earlier.rows().map_err(failed)?).map_err(failed)?;
    if let Some(known) = earlier.recheck() {
        // What a recheck did not ask about is as it was known before.
        known.each_earlier(|row| journal.add_earlier(&row))?;
    }
    Ok(true)
}

/// The last complete run of a job, as far as the next one wants to know it.
struct EarlierRun {
    folder: RunFolder,
    /// What it knew of its own run before: where it was in shards, each of them knows.
    known: Option<Journals>,
    is_recheck: bool,
}

impl EarlierRun {
    /// Opens a run and reads it to its end once, so that nothing of it fails while it is taken over.
    fn read(folder: &RunFolder, manifest: &Manifest) -> Result<Self, Message> {
        check_files(folder)?;
        let known = folder.journals().map_err(|error| error.to_message())?;
        let is_recheck = manifest.fingerprint.recheck == Recheck::Gaps.word();
        let earlier = Self { folder: folder.clone(), known, is_recheck };
        let unreadable = |error: EarlierError| match error {
            EarlierError::Journal(error) => error.to_message(),
            EarlierError::Table(error) => Message::literal(error),
        };
        for row in earlier.rows().map_err(unreadable)? {
            row.map_err(unreadable)?;
        }
        if let Some(known) = earlier.recheck() {
            known.each_earlier(|_| Ok(())).map_err(|error| error.to_message())?;
        }
        Ok(earlier)
    }

    /// What it knew; what an error hid is as it was known before.
    fn rows(&self) -> Result<impl Iterator<Item = Result<EarlierRow, EarlierError>>, EarlierError> {
        let rows = EarlierRows::open(&self.folder.tables())?;
        Ok(rows.flat_map(move |row| match row {
            Ok(row) if is_unknown(&row.status) => {
                match self.known.as_ref().map(|known| known.earlier(&row.holder_code, &row.cert_type_code)) {
                    Some(Ok(before)) if !before.is_empty() => {
                        let still_open = |before: EarlierRow| EarlierRow { status: row.status.clone(), ..before };
                        before.into_iter().map(still_open).map(Ok).collect()
                    }
                    Some(Err(error)) => vec![Err(error.into())],
                    _ => vec![Ok(row)],
                }
            }
            other => vec![other],
        }))
    }

    /// What it knew of its own run before, where it asked only about what that one had left open.
    fn recheck(&self) -> Option<&Journals> {
        self.known.as_ref().filter(|_| self.is_recheck)
    }
}

/// Checks that no pipe or device has the name of a journal or a table: whoever opens one waits.
fn check_files(folder: &RunFolder) -> Result<(), Message> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |cause: io::Error| Message::new("cannot-use").with("what", path.display()).with("cause", cause)
    };
    let tables = folder.tables();
    let mut files = vec![folder.journal()];
    for shard in folder.shards().map_err(unreadable(folder.dir()))? {
        files.push(folder.shard(shard).journal());
    }
    for table in std::fs::read_dir(&tables).map_err(unreadable(&tables))? {
        files.push(table.map_err(unreadable(&tables))?.path());
    }
    let is_other = |path: &&PathBuf| std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    match files.iter().find(is_other) {
        Some(path) => Err(Message::new("path-no-file").with("path", path.display())),
        None => Ok(()),
    }
}

/// Whether a status says nothing.
fn is_unknown(status: &str) -> bool {
    status == Status::Error.name() || status == Status::Pending.name()
}
