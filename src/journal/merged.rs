//! The journals of a run's shards, read as one; a run that is not sharded has one journal.

use super::{ArchivedFile, CallCount, Journal, JournalError, PlacedTexts, PlanCounts, StoredItem};
use crate::audit::EarlierRow;
use std::cell::OnceCell;
use std::collections::{BTreeSet, VecDeque};

/// Items that are read at a time.
const BATCH: u32 = 256;

/// All journals of a run.
#[derive(Debug)]
pub struct Journals {
    parts: Vec<Journal>,
    /// Whether they are shards' journals, seen from the run's folder.
    are_shards: bool,
    /// Index of the journal that knows the run before, once it has been looked for; none where none does.
    historian: OnceCell<Option<usize>>,
}

impl From<Vec<Journal>> for Journals {
    /// Journals in the folder that their tables are built in.
    fn from(journals: Vec<Journal>) -> Self {
        Self { parts: journals, are_shards: false, historian: OnceCell::new() }
    }
}

impl Journals {
    /// The journals of a run's shards, each in its shard's folder.
    #[must_use]
    pub fn of_shards(journals: Vec<Journal>) -> Self {
        Self { are_shards: true, ..journals.into() }
    }

    /// Whether they are shards' journals, seen from the run's folder.
    #[must_use]
    pub const fn are_shards(&self) -> bool {
        self.are_shards
    }

    /// Every item with its answers, in order of ids.
    #[must_use]
    pub fn items(&self) -> Items<'_> {
        let source = |journal| Source { journal, read: VecDeque::new(), from: Some(0) };
        Items { sources: self.parts.iter().map(source).collect(), next: 0 }
    }

    /// One item with its answers.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or has lost answers of an item.
    pub fn item(&self, item_id: u64) -> Result<Option<StoredItem>, JournalError> {
        for journal in &self.parts {
            if let Some(item) = journal.stretch(item_id, 1)?.into_iter().find(|item| item.item_id == item_id) {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }

    /// Counts what they hold.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
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

    /// The journal that knows the run before. All shards know the same of it, but for those that were planned on a machine that
    /// did not have it.
    fn historian(&self) -> Result<Option<&Journal>, JournalError> {
        let index = if let Some(index) = self.historian.get() {
            *index
        } else {
            let mut found = None;
            for (index, journal) in self.parts.iter().enumerate() {
                if journal.previous_run()?.is_some() {
                    found = Some(index);
                    break;
                }
            }
            *self.historian.get_or_init(|| found)
        };
        Ok(index.and_then(|index| self.parts.get(index)))
    }

    /// The id of the run before, where there was one when this run was planned.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn previous_run(&self) -> Result<Option<String>, JournalError> {
        self.historian()?.map_or(Ok(None), Journal::previous_run)
    }

    /// What each journal takes for the run before, the same only once; `None` where it knows none.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn previous_runs(&self) -> Result<BTreeSet<Option<String>>, JournalError> {
        self.parts.iter().map(Journal::previous_run).collect()
    }

    /// What the run before knew of a holder and type.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn earlier(&self, holder_code: &str, cert_type_code: &str) -> Result<Vec<EarlierRow>, JournalError> {
        self.historian()?.map_or(Ok(Vec::new()), |journal| journal.earlier(holder_code, cert_type_code))
    }

    /// Everything that is known of the run before.
    ///
    /// # Errors
    /// Fails if a journal cannot be read, or with the error of `take`.
    pub fn each_earlier(&self, take: impl FnMut(EarlierRow) -> Result<(), JournalError>) -> Result<(), JournalError> {
        self.historian()?.map_or(Ok(()), |journal| journal.each_earlier(take))
    }

    /// Whether any file was asked for.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn have_files(&self) -> Result<bool, JournalError> {
        self.parts.iter().try_fold(false, |any, journal| Ok(any || journal.has_files()?))
    }

    /// The files of an item.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn files_of(&self, item_id: u64) -> Result<Vec<ArchivedFile>, JournalError> {
        let mut files = Vec::new();
        for journal in &self.parts {
            let mut of_journal = journal.files_of(item_id)?;
            // Seen from the run's folder, a shard's files lie in the shard's.
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

    /// Calls by interface, side and result, journal by journal.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
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

    /// A note of each that has it.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn notes(&self, key: &str) -> Result<Vec<String>, JournalError> {
        self.parts.iter().filter_map(|journal| journal.note(key).transpose()).collect()
    }

    /// Every rejected row in order: file, sheet, row, column, value, problem, advice.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn rejected_rows<E: From<JournalError>>(&self, mut take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        self.parts.iter().try_for_each(|journal| journal.rejected_rows(&mut take))
    }

    /// Every repair in order: file, sheet, row, column, before, after, repair.
    ///
    /// # Errors
    /// Fails if the journal cannot be read, or with the error of `take`.
    pub fn repairs<E: From<JournalError>>(&self, mut take: impl FnMut(PlacedTexts) -> Result<(), E>) -> Result<(), E> {
        self.parts.iter().try_for_each(|journal| journal.repairs(&mut take))
    }
}

/// Items of several journals in order of their ids.
#[derive(Debug)]
pub struct Items<'a> {
    sources: Vec<Source<'a>>,
    /// Least id that the next item may have.
    next: u64,
}

#[derive(Debug)]
struct Source<'a> {
    journal: &'a Journal,
    read: VecDeque<StoredItem>,
    /// Where the next batch begins; none at the end.
    from: Option<u64>,
}

impl Source<'_> {
    /// The id of the next item, reading on where need be.
    fn next_id(&mut self) -> Result<Option<u64>, JournalError> {
        if self.read.is_empty()
            && let Some(from) = self.from
        {
            self.read = self.journal.stretch(from, BATCH)?.into();
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
        // Else its rows would count twice.
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
