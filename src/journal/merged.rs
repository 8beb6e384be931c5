//! The journals of a run's shards, read as one; a run that is not sharded has one journal.

use super::{ArchivedFile, CallCount, Journal, JournalError, PlacedTexts, PlanCounts, StoredItem};
use crate::audit::EarlierRow;
use std::collections::VecDeque;

/// Items that are read at a time.
const STRETCH: u32 = 256;

/// All journals of a run.
#[derive(Debug)]
pub struct Journals(Vec<Journal>, Location);

/// Where the journals lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Location {
    /// In the folder that their tables are built in.
    SameFolder,
    /// Each in the folder of its shard, below the one that their tables are built in.
    ShardFolders,
}

impl From<Vec<Journal>> for Journals {
    /// Journals in the folder that their tables are built in.
    fn from(journals: Vec<Journal>) -> Self {
        Self(journals, Location::SameFolder)
    }
}

impl Journals {
    /// Journals of shards, each in its shard's folder, as seen from the run's folder above; there may be one alone.
    #[must_use]
    pub fn of_shards(journals: Vec<Journal>) -> Self {
        Self(journals, Location::ShardFolders)
    }

    /// Every item with its answers, in order of ids.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        Items { sources: self.0.iter().map(|journal| Source { journal, read: VecDeque::new(), from: Some(0) }).collect() }
    }

    /// One item with its answers.
    ///
    /// # Errors
    /// What SQLite says, or what cannot be read back.
    pub fn item(&self, item_id: u64) -> Result<Option<StoredItem>, JournalError> {
        for journal in &self.0 {
            if let Some(item) = journal.stretch(item_id, 1)?.into_iter().find(|item| item.item_id == item_id) {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Counts what they hold.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn counts(&self) -> Result<PlanCounts, JournalError> {
        self.0.iter().try_fold(PlanCounts::default(), |sum, journal| {
            let counts = journal.counts()?;
            Ok(PlanCounts {
                items: sum.items + counts.items,
                finished: sum.finished + counts.finished,
                rejected: sum.rejected + counts.rejected,
                duplicates: sum.duplicates + counts.duplicates,
                answered: sum.answered || counts.answered,
            })
        })
    }

    /// Whether the plan of each is whole.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn are_planned(&self) -> Result<bool, JournalError> {
        self.0.iter().try_fold(true, |all, journal| Ok(all && journal.is_planned()?))
    }

    /// The id of the run before, where there was one when this run was planned.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn previous_run(&self) -> Result<Option<String>, JournalError> {
        self.0.first().map_or(Ok(None), Journal::previous_run)
    }

    /// What the run before knew of a holder and type; every shard knows the same.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn earlier(&self, holder_code: &str, cert_type_code: &str) -> Result<Vec<EarlierRow>, JournalError> {
        self.0.first().map_or(Ok(Vec::new()), |journal| journal.earlier(holder_code, cert_type_code))
    }

    /// Whether any file was asked for.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn have_files(&self) -> Result<bool, JournalError> {
        self.0.iter().try_fold(false, |any, journal| Ok(any || journal.has_files()?))
    }

    /// The files of an item.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn files_of(&self, item_id: u64) -> Result<Vec<ArchivedFile>, JournalError> {
        let mut files = Vec::new();
        for journal in &self.0 {
            let mut of_journal = journal.files_of(item_id)?;
            // Seen from the run's folder, a shard's files lie in the shard's.
            if self.1 == Location::ShardFolders {
                let shard = journal.folder_name();
                for path in of_journal.iter_mut().filter_map(|file| file.path.as_mut()) {
                    path.insert_str(0, &format!("{shard}/"));
                }
            }
            files.extend(of_journal);
        }
        Ok(files)
    }

    /// Calls by interface, side and result, journal by journal.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn calls_by_result(&self) -> Result<Vec<CallCount>, JournalError> {
        let mut counts: Vec<CallCount> = Vec::new();
        for journal in &self.0 {
            for found in journal.calls_by_result()? {
                let known = counts
                    .iter_mut()
                    .find(|known| (known.endpoint, known.side, &known.result) == (found.endpoint, found.side, &found.result));
                match known {
                    Some(known) => known.count += found.count,
                    None => counts.push(found),
                }
            }
        }
        Ok(counts)
    }

    /// A note of each that has it.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn notes(&self, key: &str) -> Result<Vec<String>, JournalError> {
        self.0.iter().filter_map(|journal| journal.note(key).transpose()).collect()
    }

    /// Every rejected row in order: file, sheet, row, column, value, problem, advice.
    ///
    /// # Errors
    /// What SQLite says, or what `take` says.
    pub fn rejected_rows<E: From<JournalError>>(&self, mut take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        self.0.iter().try_for_each(|journal| journal.rejected_rows(&mut take))
    }

    /// Every repair in order: file, sheet, row, column, before, after, repair.
    ///
    /// # Errors
    /// What SQLite says, or what `take` says.
    pub fn repairs<E: From<JournalError>>(&self, mut take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        self.0.iter().try_for_each(|journal| journal.repairs(&mut take))
    }
}

/// Items of several journals in order of their ids.
#[derive(Debug)]
pub struct Items<'a> {
    sources: Vec<Source<'a>>,
}

#[derive(Debug)]
struct Source<'a> {
    journal: &'a Journal,
    read: VecDeque<StoredItem>,
    /// Where the next stretch begins; none at the end.
    from: Option<u64>,
}

impl Source<'_> {
    /// The id of the next item, reading on where need be.
    fn next_id(&mut self) -> Result<Option<u64>, JournalError> {
        if self.read.is_empty()
            && let Some(from) = self.from
        {
            self.read = self.journal.stretch(from, STRETCH)?.into();
            self.from = self.read.back().map(|last| last.item_id + 1);
        }
        Ok(self.read.front().map(|item| item.item_id))
    }
}

impl Iterator for Items<'_> {
    type Item = Result<StoredItem, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first: Option<(u64, usize)> = None;
        for (at, source) in self.sources.iter_mut().enumerate() {
            match source.next_id() {
                Ok(Some(id)) if first.is_none_or(|(least, _)| id < least) => first = Some((id, at)),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        self.sources[first?.1].read.pop_front().map(Ok)
    }
}
