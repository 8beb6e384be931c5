//! Combined view of the journals of a run: one for a run without shards, else one per shard.

use super::{ArchivedFile, CallCount, Journal, JournalError, PlacedTexts, PlanCounts, StoredItem};
use crate::audit::EarlierRow;
use std::cell::OnceCell;
use std::collections::{BTreeSet, VecDeque};

/// Number of items read at a time.
const BATCH: u32 = 256;

/// All journals of a run.
#[derive(Debug)]
pub struct Journals {
    pub(super) parts: Vec<Journal>,
    /// Whether these are the journals of shards and paths are relative to the run's folder.
    are_shards: bool,
    /// Index of the journal that holds rows of the previous run; unset until it has been looked up, `None` if no journal does.
    previous_run_index: OnceCell<Option<usize>>,
}

impl From<Vec<Journal>> for Journals {
    /// Combines journals whose tables are built in their own folder.
    fn from(journals: Vec<Journal>) -> Self {
        Self { parts: journals, are_shards: false, previous_run_index: OnceCell::new() }
    }
}

impl Journals {
    /// Combines the journals of a run's shards, each in the folder of its shard.
    #[must_use]
    pub fn of_shards(journals: Vec<Journal>) -> Self {
        Self { are_shards: true, ..journals.into() }
    }

    /// Returns whether these are the journals of shards and paths are relative to the run's folder.
    #[must_use]
    pub const fn are_shards(&self) -> bool {
        self.are_shards
    }

    /// Returns an iterator over all items with their answers, ordered by id.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        let source = |journal| Source { journal, read: VecDeque::new(), from: Some(0) };
        Items { sources: self.parts.iter().map(source).collect(), next: 0 }
    }

    /// Returns one item with its answers; `None` if no journal holds it.
    ///
    /// # Errors
    /// Fails if a journal cannot be read, or has lost answers of the item.
    pub fn item(&self, item_id: u64) -> Result<Option<StoredItem>, JournalError> {
        for journal in &self.parts {
            if let Some(item) = journal.batch(item_id, 1)?.into_iter().find(|item| item.item_id == item_id) {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Returns the sums of the journals' counts.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn counts(&self) -> Result<PlanCounts, JournalError> {
        self.parts.iter().try_fold(PlanCounts::default(), |sum, journal| {
            let counts = journal.counts()?;
            Ok(PlanCounts {
                items: sum.items + counts.items,
                finished: sum.finished + counts.finished,
                failed: sum.failed + counts.failed,
                rejected: sum.rejected + counts.rejected,
                duplicates: sum.duplicates + counts.duplicates,
                answered: sum.answered || counts.answered,
            })
        })
    }

    /// Returns the journal that holds rows of the previous run. All shards hold the same rows, except those that were planned on
    /// a machine without the previous run's folder.
    fn journal_with_previous_run(&self) -> Result<Option<&Journal>, JournalError> {
        let index = if let Some(index) = self.previous_run_index.get() {
            *index
        } else {
            let mut found = None;
            for (index, journal) in self.parts.iter().enumerate() {
                if journal.previous_run()?.is_some() {
                    found = Some(index);
                    break;
                }
            }
            *self.previous_run_index.get_or_init(|| found)
        };
        Ok(index.and_then(|index| self.parts.get(index)))
    }

    /// Returns the id of the previous run; `None` if there was none when this run was planned.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn previous_run(&self) -> Result<Option<String>, JournalError> {
        self.journal_with_previous_run()?.map_or(Ok(None), Journal::previous_run)
    }

    /// Returns the distinct ids that the journals give for the previous run; `None` among them for a journal without one.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn previous_runs(&self) -> Result<BTreeSet<Option<String>>, JournalError> {
        self.parts.iter().map(Journal::previous_run).collect()
    }

    /// Returns the stored rows of the previous run with this holder and type.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn earlier(&self, holder_code: &str, cert_type_code: &str) -> Result<Vec<EarlierRow>, JournalError> {
        self.journal_with_previous_run()?.map_or(Ok(Vec::new()), |journal| journal.earlier(holder_code, cert_type_code))
    }

    /// Calls `take` for every stored row of the previous run.
    ///
    /// # Errors
    /// Fails if a journal cannot be read, or with the error of `take`.
    pub fn each_earlier(&self, take: impl FnMut(EarlierRow) -> Result<(), JournalError>) -> Result<(), JournalError> {
        self.journal_with_previous_run()?.map_or(Ok(()), |journal| journal.each_earlier(take))
    }

    /// Returns whether any file has been requested.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn have_files(&self) -> Result<bool, JournalError> {
        self.parts.iter().try_fold(false, |any, journal| Ok(any || journal.has_files()?))
    }

    /// Returns the files of an item.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn files_of(&self, item_id: u64) -> Result<Vec<ArchivedFile>, JournalError> {
        let mut files = Vec::new();
        for journal in &self.parts {
            let mut of_journal = journal.files_of(item_id)?;
            // The stored path is relative to the shard's folder; the caller's paths are relative to the run's.
            if self.are_shards {
                let shard = journal.folder_name();
                for path in of_journal.iter_mut().filter_map(|file| file.path.as_mut()) {
                    path.insert_str(0, &format!("{shard}/"));
                }
            }
            files.extend(of_journal);
        }
        Ok(files)
    }

    /// Counts the calls by interface, side and result over all journals.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn calls_by_result(&self) -> Result<Vec<CallCount>, JournalError> {
        let mut counts: Vec<CallCount> = Vec::new();
        for journal in &self.parts {
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

    /// Returns the values of a note, one per journal that has it.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn notes(&self, key: &str) -> Result<Vec<String>, JournalError> {
        self.parts.iter().filter_map(|journal| journal.note(key).transpose()).collect()
    }

    /// Calls `take` for every rejected row, in order; its texts are column, value, problem and advice.
    ///
    /// # Errors
    /// Fails if a journal cannot be read, or with the error of `take`.
    pub fn rejected_rows<E: From<JournalError>>(&self, mut take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        self.parts.iter().try_for_each(|journal| journal.rejected_rows(&mut take))
    }

    /// Calls `take` for every repair, in order; its texts are column, value before, value after and kind of repair.
    ///
    /// # Errors
    /// Fails if a journal cannot be read, or with the error of `take`.
    pub fn repairs<E: From<JournalError>>(&self, mut take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        self.parts.iter().try_for_each(|journal| journal.repairs(&mut take))
    }
}

/// Iterator over the items of several journals, ordered by id.
#[derive(Debug)]
pub struct Items<'a> {
    sources: Vec<Source<'a>>,
    /// Smallest id that the next item may have.
    next: u64,
}

#[derive(Debug)]
struct Source<'a> {
    journal: &'a Journal,
    read: VecDeque<StoredItem>,
    /// Smallest id of the next batch; `None` at the end.
    from: Option<u64>,
}

impl Source<'_> {
    /// Returns the id of the next item, reading the next batch if the current one is used up.
    fn next_id(&mut self) -> Result<Option<u64>, JournalError> {
        if self.read.is_empty()
            && let Some(from) = self.from
        {
            self.read = self.journal.batch(from, BATCH)?.into();
            self.from = self.read.back().map(|last| last.item_id + 1);
        }
        Ok(self.read.front().map(|item| item.item_id))
    }
}

impl Items<'_> {
    fn next_item(&mut self) -> Result<Option<StoredItem>, JournalError> {
        let mut first: Option<(u64, &mut Source<'_>)> = None;
        for source in &mut self.sources {
            let Some(id) = source.next_id()? else { continue };
            if first.as_ref().is_none_or(|(least, _)| id < *least) {
                first = Some((id, source));
            }
        }
        let Some((item_id, source)) = first else { return Ok(None) };
        // An item in two journals would be counted twice.
        if item_id < self.next {
            return Err(JournalError::ItemTwice { path: source.journal.path.clone(), item_id });
        }
        self.next = item_id + 1;
        Ok(source.read.pop_front())
    }
}

impl Iterator for Items<'_> {
    type Item = Result<StoredItem, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_item().transpose()
    }
}
