//! Paths of a run, or of a shard of it, and checks that the manifest and the journal found there belong to it and are complete.

use super::{Manifest, RunFolder, RunState};
use crate::exit::Stop;
use crate::journal::{Journal, Shard};
use crate::message::Message;
use std::path::{Path, PathBuf};

/// Paths of a run or of one of its shards: the job's folder contains the folders of its runs, and a sharded run's folder contains
/// those of its shards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLayout {
    /// Folder of the job, which contains its runs, their locks and `latest`.
    pub job_dir: PathBuf,
    /// Id of the run, which is the name of its folder.
    pub run_id: String,
    /// The shard; `None` for the run as a whole.
    pub shard: Option<Shard>,
}

impl RunLayout {
    /// Returns the layout of the run or shard in this folder, as read from the folder's name.
    #[must_use]
    pub fn of_folder(dir: &Path) -> Self {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        let whole = |dir: &Path| {
            let run_id = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Self { job_dir: dir.parent().unwrap_or(dir).to_owned(), run_id, shard: None }
        };
        let named = whole(&dir);
        match shard_named(&named.run_id) {
            Some(shard) => Self { shard: Some(shard), ..whole(&named.job_dir) },
            None => named,
        }
    }

    /// Returns the layout of a run, or of a shard of it: the latest of `<id>`, `<id>.2`, …; with `fresh`, the next one that has
    /// not begun.
    ///
    /// # Errors
    /// Fails if the run has begun with other shards, or if a folder cannot be read.
    pub fn find(job_dir: &Path, run_id: &str, shard: Option<Shard>, fresh: bool) -> Result<Self, Stop> {
        let nth = |number: u32| {
            let run_id = if number == 1 { run_id.to_owned() } else { format!("{run_id}.{number}") };
            Self { job_dir: job_dir.to_owned(), run_id, shard: None }
        };
        let has_manifest = |run: &Self| run.folder().file("run.json").exists();
        let mut taken = 0;
        while has_manifest(&nth(taken + 1)) || !nth(taken + 1).shards()?.is_empty() {
            taken += 1;
        }
        let run = nth(taken.max(1));
        let there = run.shards()?;
        let is_whole = run.folder().journal().exists() || has_manifest(&run) && there.is_empty();
        let fits = match shard {
            None => there.is_empty(),
            Some(shard) => !is_whole && there.iter().all(|other| other.of == shard.of),
        };
        if fresh {
            let joins_others = fits && shard.is_some_and(|shard| !there.contains(&shard));
            let run = if joins_others { run } else { nth(taken + 1) };
            return Ok(Self { shard, ..run });
        }
        if fits {
            return Ok(Self { shard, ..run });
        }
        let begun = match there.first() {
            Some(shard) => Message::new("begun-in-parts").with("of", shard.of),
            None => Message::new("begun-whole"),
        };
        let message = Message::new("begun-otherwise").with("path", run.folder().dir().display());
        Err(Stop::invalid(message.with_message("begun", begun)))
    }

    /// Returns the folder of the run as a whole.
    #[must_use]
    pub fn run_folder(&self) -> RunFolder {
        RunFolder::at(self.job_dir.join(&self.run_id))
    }

    /// Returns the folder of the shard, or of the run if no shard is set.
    #[must_use]
    pub fn folder(&self) -> RunFolder {
        let run = self.run_folder();
        match self.shard {
            Some(shard) => run.shard(shard),
            None => run,
        }
    }

    /// Returns the folder of another run of the job.
    #[must_use]
    pub fn other_run(&self, run_id: &str) -> RunFolder {
        RunFolder::at(self.job_dir.join(run_id))
    }

    /// Returns the path of the link to the job's latest complete run.
    #[must_use]
    pub fn latest(&self) -> PathBuf {
        self.job_dir.join("latest")
    }

    fn shards(&self) -> Result<Vec<Shard>, Stop> {
        let folder = self.run_folder();
        folder.shards().map_err(Stop::disk(folder.dir().display()))
    }

    /// Checks that the manifest found in the folder is of this run and shard.
    ///
    /// # Errors
    /// Fails if the manifest is of another run or shard.
    pub fn check_manifest(&self, manifest: &Manifest) -> Result<(), Stop> {
        if manifest.run_id == self.run_id { self.check_shard(manifest) } else { Err(self.foreign_folder(manifest)) }
    }

    /// Like [`Self::check_manifest`], but accepts any run id, because a user may rename the folder of a run.
    fn check_shard(&self, manifest: &Manifest) -> Result<(), Stop> {
        if manifest.shard == self.shard { Ok(()) } else { Err(self.foreign_folder(manifest)) }
    }

    fn foreign_folder(&self, manifest: &Manifest) -> Stop {
        let message = Message::new("folder-of-another-run").with("path", self.folder().dir().display());
        let message = message.with_message("found", named(&manifest.run_id, manifest.shard));
        Stop::invalid(message.with_message("expected", named(&self.run_id, self.shard)))
    }

    /// Opens the journal of a run that has begun; `None` if the run ended before its plan was complete.
    ///
    /// # Errors
    /// Fails if the manifest or the journal is of another run or shard ([`crate::exit::Exit::Invalid`]); if the journal is missing,
    /// cannot be read, or has lost items or answers ([`crate::exit::Exit::Internal`]).
    pub fn open_journal(&self, manifest: &Manifest) -> Result<Option<Journal>, Stop> {
        self.check_shard(manifest)?;
        let path = self.folder().journal();
        if !path.exists() {
            let missing = || Stop::internal(Message::new("journal-missing").with("path", path.display()));
            return if manifest.is_planned() { Err(missing()) } else { Ok(None) };
        }
        let journal = Journal::open(&path)?;
        self.check_origin(&journal, manifest)?;
        if !manifest.is_planned() && !journal.is_planned()? {
            return Ok(None);
        }
        self.check_counts(&journal, manifest)?;
        Ok(Some(journal))
    }

    /// Checks that the journal is of the manifest's run and of this shard. A journal of an earlier version does not store its
    /// shard; its first item then shows whether it can be this one.
    fn check_origin(&self, journal: &Journal, manifest: &Manifest) -> Result<(), Stop> {
        let shard = self.shard.unwrap_or(Shard::WHOLE);
        let is_of_run = journal.run_id()?.is_none_or(|run_id| run_id == manifest.run_id);
        let is_of_shard = match journal.plan_record()? {
            Some(plan) => plan.shard == shard,
            None => journal.nth_item(0)?.is_none_or(|item_id| shard.has(item_id)),
        };
        if is_of_run && is_of_shard {
            return Ok(());
        }
        let message = Message::new("journal-of-another-run").with("path", self.folder().journal().display());
        Err(Stop::invalid(message.with_message("expected", named(&manifest.run_id, self.shard))))
    }

    /// Checks that the journal holds the planned items, and at least as many settled items as the manifest states.
    fn check_counts(&self, journal: &Journal, manifest: &Manifest) -> Result<(), Stop> {
        let counts = journal.counts()?;
        let plan = journal.plan_record()?;
        let planned = if manifest.is_planned() { Some(manifest.items) } else { plan.map(|plan| plan.items) };
        let settled = if manifest.state == RunState::Complete { manifest.items } else { manifest.settled };
        let found = if manifest.state == RunState::Complete { counts.finished } else { counts.settled() };
        let lost = |message: Message, expected: u64, found: u64| {
            let message = message.with("path", self.folder().journal().display());
            Err(Stop::internal(message.with("expected", expected).with("found", found)))
        };
        if let Some(items) = planned.filter(|items| *items != counts.items) {
            return lost(Message::new("journal-lost-items"), items, counts.items);
        }
        if let Some(plan) = plan.filter(|plan| (plan.items, plan.rejected) != (counts.items, counts.rejected)) {
            return lost(Message::new("journal-lost-rows"), plan.items + plan.rejected, counts.items + counts.rejected);
        }
        if found < settled { lost(Message::new("journal-lost-finished"), settled, found) } else { Ok(()) }
    }
}

/// Returns the name of a shard's folder.
pub(super) fn folder_name(Shard { number, of }: Shard) -> String {
    format!("shard-{number}-of-{of}")
}

/// Returns the shard whose folder has this name; `None` if it is not the name of a shard's folder.
pub(super) fn shard_named(name: &str) -> Option<Shard> {
    let (number, of) = name.strip_prefix("shard-")?.split_once("-of-")?;
    let shard = Shard { number: number.parse().ok()?, of: of.parse().ok()? };
    (folder_name(shard) == name && 1 <= shard.number && shard.number <= shard.of).then_some(shard)
}

/// Returns the name of a run or shard for messages.
fn named(run_id: &str, shard: Option<Shard>) -> Message {
    match shard {
        None => Message::new("run-as-whole").with("run", run_id),
        Some(Shard { number, of }) => Message::new("run-as-shard").with("run", run_id).with("number", number).with("of", of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    fn layout(job_dir: &Path, run_id: &str, shard: Option<Shard>) -> RunLayout {
        RunLayout { job_dir: job_dir.to_owned(), run_id: run_id.to_owned(), shard }
    }

    #[test]
    fn a_folder_is_a_run_or_a_shard_by_its_name() {
        let second = Some(Shard { number: 2, of: 3 });
        for (dir, run_id, shard) in [
            ("/o/job/2026-11", "2026-11", None),
            ("/o/job/2026-11/shard-2-of-3", "2026-11", second),
            ("/o/job/2026-11.2/shard-2-of-3", "2026-11.2", second),
        ] {
            let found = RunLayout::of_folder(Path::new(dir));
            assert_eq!(found, layout(Path::new("/o/job"), run_id, shard), "{dir}");
            assert_eq!(found.folder().dir(), Path::new(dir));
            assert_eq!(found.run_folder().dir(), Path::new("/o/job").join(run_id));
            assert_eq!(found.latest(), Path::new("/o/job/latest"));
        }
    }

    #[test]
    fn names_that_only_look_like_a_shards_are_none() {
        for name in
            ["shard-0-of-3", "shard-4-of-3", "shard-1-of-0", "shard-01-of-3", "shard-+1-of-3", "shard-1-of-3.old", "shard-1"]
        {
            assert_eq!(shard_named(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_folder_of_a_shard_names_it((number, of) in (1u32..10_000).prop_flat_map(|of| (1..=of, Just(of)))) {
            let shard = Shard { number, of };
            prop_assert_eq!(shard_named(&folder_name(shard)), Some(shard));
            let there = layout(Path::new("/o/job"), "once", Some(shard));
            prop_assert_eq!(RunLayout::of_folder(there.folder().dir()), there);
        }
    }

    #[test]
    fn the_latest_run_of_an_id_goes_on_and_fresh_begins_the_next_one() {
        let dir = tempfile::tempdir().unwrap();
        let job_dir = dir.path();
        let find = |shard, fresh| RunLayout::find(job_dir, "once", shard, fresh).map(|found| found.run_id);
        assert_eq!(find(None, false).unwrap(), "once");
        assert_eq!(find(None, true).unwrap(), "once");
        let begin = |run: &str| {
            fs::create_dir_all(job_dir.join(run)).unwrap();
            fs::write(job_dir.join(run).join("run.json"), "{}").unwrap();
        };
        begin("once");
        begin("once.2");
        assert_eq!(find(None, false).unwrap(), "once.2");
        assert_eq!(find(None, true).unwrap(), "once.3");
        // Without its journal a run that was begun as a whole is still one.
        let first = Some(Shard { number: 1, of: 2 });
        assert_eq!(find(first, false).unwrap_err().messages[0].code(), "begun-otherwise");
        assert_eq!(find(first, true).unwrap(), "once.3");
    }

    #[test]
    fn shards_of_a_run_meet_in_one_folder() {
        let dir = tempfile::tempdir().unwrap();
        let job_dir = dir.path();
        let [first, second, other] = [(1, 2), (2, 2), (1, 3)].map(|(number, of)| Some(Shard { number, of }));
        let begun = layout(job_dir, "once", first);
        fs::create_dir_all(begun.folder().dir()).unwrap();
        let find = |shard, fresh| RunLayout::find(job_dir, "once", shard, fresh);
        assert_eq!(find(first, false).unwrap(), begun);
        assert_eq!(find(second, false).unwrap(), layout(job_dir, "once", second));
        assert_eq!(find(second, true).unwrap(), layout(job_dir, "once", second), "it has not begun there");
        assert_eq!(find(first, true).unwrap(), layout(job_dir, "once.2", first));
        assert_eq!(find(other, false).unwrap_err().messages[0].code(), "begun-otherwise");
        assert_eq!(find(None, false).unwrap_err().messages[0].code(), "begun-otherwise");
        assert_eq!(find(other, true).unwrap(), layout(job_dir, "once.2", other));
    }
}
