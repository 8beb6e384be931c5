//! Notifications of the province, each from before it is sent until it has been verified.
//!
//! A notification is stored as `intended` before it is sent. If the process ends at any moment after that, the journal has a
//! record of it, and the platform is asked whether it took effect before it is sent again.

use super::{Journal, JournalError, Journals};
use crate::job::RemedyAction;
use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::VecDeque;

/// State of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemedyState {
    /// About to be sent, or sent without an answer. Only the province's library shows which.
    Intended,
    /// Accepted by the platform, not yet verified.
    Answered,
    /// Verified to have taken effect.
    Settled,
    /// Accepted by the platform, but without effect when it was verified.
    NotSettled,
    /// The province's library shows a state that the notification cannot have caused. Needs a person.
    Contradicting,
    /// Rejected by the platform for a reason that sending it again does not change.
    Refused,
}

impl RemedyState {
    /// All states, in the order of reports.
    pub const ALL: [Self; 6] =
        [Self::Settled, Self::Answered, Self::NotSettled, Self::Contradicting, Self::Refused, Self::Intended];

    /// Returns the name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Answered => "answered",
            Self::Settled => "settled",
            Self::NotSettled => "not_settled",
            Self::Contradicting => "contradicting",
            Self::Refused => "refused",
        }
    }

    /// Returns the state with this name in tables.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Returns whether the province has, or may have, accepted the notification.
    #[must_use]
    pub const fn is_told(self) -> bool {
        matches!(self, Self::Intended | Self::Answered | Self::Settled | Self::NotSettled)
    }
}

/// A notification of the province about one certificate of the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// Id of the item through which the certificate was found.
    pub item_id: u64,
    /// Index of the certificate among those of the item.
    pub certificate_index: u32,
    /// Kind of the notification.
    pub action: RemedyAction,
    /// The city's identifier of the certificate (`fileNumber`).
    pub file_number: String,
    /// Certificate number (证照编号) used to verify; `None` if the certificate shows no complete number.
    pub certificate_number: Option<String>,
    /// The province's identifier: as sent with an update, or as returned for an insert.
    pub province_certificate_id: Option<String>,
    /// State of the notification.
    pub state: RemedyState,
    /// `head.status` of the answer, or the HTTP status code.
    pub code: Option<i32>,
    /// Message of the platform, or a stored [`Message`](crate::message::Message).
    pub message: Option<String>,
    /// Time of sending or of the answer, whichever is later.
    pub sent_at: DateTime<Utc>,
    /// Time of the last verification; `None` before the first.
    pub verified_at: Option<DateTime<Utc>>,
}

/// Number of notifications with the same action and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemedyCount {
    /// Kind of the notifications.
    pub action: RemedyAction,
    /// State of the notifications.
    pub state: RemedyState,
    /// Number of notifications.
    pub count: u64,
}

/// A notification of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifiedBefore {
    /// Kind of the notification.
    pub action: RemedyAction,
    /// State at the end of that run.
    pub state: RemedyState,
    /// Time of sending.
    pub sent_at: DateTime<Utc>,
}

/// SQL of the tables for notifications; part of the journal's schema.
pub(super) const TABLES: &str = "
    CREATE TABLE remedies (
        item_id INTEGER NOT NULL, certificate_index INTEGER NOT NULL, action TEXT NOT NULL, file_number TEXT NOT NULL,
        certificate_number TEXT, province_certificate_id TEXT, state TEXT NOT NULL, code INTEGER, message TEXT,
        sent_at INTEGER NOT NULL, verified_at INTEGER,
        PRIMARY KEY (action, file_number)
    ) WITHOUT ROWID;
    CREATE INDEX remedies_place ON remedies (item_id, certificate_index, action, file_number);
    CREATE TABLE notified_before (
        file_number TEXT NOT NULL, action TEXT NOT NULL, state TEXT NOT NULL, sent_at INTEGER NOT NULL,
        PRIMARY KEY (file_number, action)
    ) WITHOUT ROWID;
";

/// Number of notifications read at a time.
const PAGE: u32 = 256;

impl Remedy {
    /// Returns the sort key of the notification.
    fn sort_key(&self) -> SortKey {
        let index = i64::from(self.certificate_index);
        (self.item_id.cast_signed(), index, self.action.word().to_owned(), self.file_number.clone())
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            item_id: row.get::<_, i64>(0)?.cast_unsigned(),
            certificate_index: row.get(1)?,
            action: action(row, 2)?,
            file_number: row.get(3)?,
            certificate_number: row.get(4)?,
            province_certificate_id: row.get(5)?,
            state: state(row, 6)?,
            code: row.get(7)?,
            message: row.get(8)?,
            sent_at: time(row.get(9)?),
            verified_at: row.get::<_, Option<i64>>(10)?.map(time),
        })
    }
}

/// Sort key of a notification: item, certificate, action, file number.
type SortKey = (i64, i64, String, String);

fn action(row: &Row<'_>, column: usize) -> rusqlite::Result<RemedyAction> {
    let word: String = row.get(column)?;
    RemedyAction::from_word(&word).ok_or(rusqlite::Error::InvalidColumnType(column, word, rusqlite::types::Type::Text))
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<RemedyState> {
    let name: String = row.get(column)?;
    RemedyState::from_name(&name).ok_or(rusqlite::Error::InvalidColumnType(column, name, rusqlite::types::Type::Text))
}

fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

impl Journal {
    /// Makes every later commit wait until it is on the disk. Without this, a power failure could undo the record of a
    /// notification that was sent, and it would be sent twice.
    ///
    /// # Errors
    /// Fails if SQLite rejects the setting.
    pub fn outlast_power_failures(&self) -> Result<(), JournalError> {
        self.with(|connection| connection.pragma_update(None, "synchronous", "full"))
    }

    /// Stores notifications, all or none, replacing earlier states of the same ones.
    ///
    /// # Errors
    /// Fails if the journal cannot be written; it is unchanged then.
    pub fn keep_remedies<'a>(&mut self, remedies: impl IntoIterator<Item = &'a Remedy>) -> Result<(), JournalError> {
        let path = self.path.clone();
        let write = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction()?;
            for remedy in remedies {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO remedies VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?
                    .execute(params![
                        remedy.item_id.cast_signed(),
                        remedy.certificate_index,
                        remedy.action.word(),
                        remedy.file_number,
                        remedy.certificate_number,
                        remedy.province_certificate_id,
                        remedy.state.name(),
                        remedy.code,
                        remedy.message,
                        remedy.sent_at.timestamp_millis(),
                        remedy.verified_at.map(|at| at.timestamp_millis()),
                    ])?;
            }
            transaction.commit()
        };
        write().map_err(|cause| JournalError::Sqlite { path, cause })
    }

    /// Returns a notification; `None` if it was never about to be sent.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn remedy(&self, action: RemedyAction, file_number: &str) -> Result<Option<Remedy>, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached("SELECT * FROM remedies WHERE action = ?1 AND file_number = ?2")?
                .query_row([action.word(), file_number], Remedy::read)
                .optional()
        })
    }

    /// Returns the page of notifications whose sort keys are greater than `sort_key`, in order.
    fn remedies_after(&self, sort_key: &SortKey) -> Result<Vec<Remedy>, JournalError> {
        let (item, index, action, file_number) = sort_key;
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT * FROM remedies WHERE (item_id, certificate_index, action, file_number) > (?1, ?2, ?3, ?4)
                     ORDER BY item_id, certificate_index, action, file_number LIMIT ?5",
                )?
                .query_map(params![item, index, action, file_number, PAGE], Remedy::read)?
                .collect()
        })
    }

    /// Returns the latest notification that an earlier run sent about a certificate; `None` if none did.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn notified_before(&self, file_number: &str) -> Result<Option<NotifiedBefore>, JournalError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT action, state, sent_at FROM notified_before WHERE file_number = ?1 ORDER BY sent_at DESC",
                )?
                .query_row([file_number], |row| {
                    Ok(NotifiedBefore { action: action(row, 0)?, state: state(row, 1)?, sent_at: time(row.get(2)?) })
                })
                .optional()
        })
    }

    /// Returns whether an earlier run sent any notification.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn has_notified_before(&self) -> Result<bool, JournalError> {
        self.with(|connection| connection.query_row("SELECT EXISTS (SELECT 1 FROM notified_before)", [], |row| row.get(0)))
    }

    /// Copies the notifications of the previous run, and those that it had copied from older runs, from its journal. A report can
    /// then show that a gap has been notified after the previous run's folder has been deleted.
    ///
    /// # Errors
    /// Fails if either journal cannot be read or written; nothing is copied then.
    pub fn take_notified(&self, before: &Self) -> Result<(), JournalError> {
        let sqlite = |cause| JournalError::Sqlite { path: self.path.clone(), cause };
        let transaction = self.connection.unchecked_transaction().map_err(sqlite)?;
        let keep = |file_number: &str, notified: &NotifiedBefore| -> rusqlite::Result<usize> {
            transaction
                .prepare_cached(
                    "INSERT INTO notified_before VALUES (?1, ?2, ?3, ?4) ON CONFLICT (file_number, action)
                     DO UPDATE SET state = excluded.state, sent_at = excluded.sent_at WHERE excluded.sent_at >= sent_at",
                )?
                .execute(params![file_number, notified.action.word(), notified.state.name(), notified.sent_at.timestamp_millis()])
        };
        before.each_notified_before(|file_number, notified| keep(file_number, notified).map(|_| ()).map_err(sqlite))?;
        let mut sort_key = FIRST;
        loop {
            let page = before.remedies_after(&sort_key)?;
            let Some(last) = page.last() else { break };
            sort_key = last.sort_key();
            for remedy in page.iter().filter(|remedy| remedy.state.is_told()) {
                let Remedy { action, state, sent_at, .. } = *remedy;
                keep(&remedy.file_number, &NotifiedBefore { action, state, sent_at }).map_err(sqlite)?;
            }
        }
        transaction.commit().map_err(sqlite)
    }

    fn each_notified_before(
        &self,
        mut take: impl FnMut(&str, &NotifiedBefore) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let sqlite = |cause| JournalError::Sqlite { path: self.path.clone(), cause };
        let mut statement =
            self.connection.prepare("SELECT file_number, action, state, sent_at FROM notified_before").map_err(sqlite)?;
        let mut rows = statement.query([]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            let read = || -> rusqlite::Result<(String, NotifiedBefore)> {
                let notified = NotifiedBefore { action: action(row, 1)?, state: state(row, 2)?, sent_at: time(row.get(3)?) };
                Ok((row.get(0)?, notified))
            };
            let (file_number, notified) = read().map_err(sqlite)?;
            take(&file_number, &notified)?;
        }
        Ok(())
    }
}

/// Sort key that is less than that of any notification.
const FIRST: SortKey = (-1, 0, String::new(), String::new());

impl Journals {
    /// Returns an iterator over all notifications in order, which reads one page at a time.
    #[must_use]
    pub fn remedies(&self) -> Remedies<'_> {
        let source = |journal| RemedySource { journal, read: VecDeque::new(), after: Some(FIRST) };
        Remedies { sources: self.parts.iter().map(source).collect() }
    }

    /// Returns a notification from whichever journal holds it; `None` if it was never about to be sent.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn remedy(&self, action: RemedyAction, file_number: &str) -> Result<Option<Remedy>, JournalError> {
        for journal in &self.parts {
            if let Some(remedy) = journal.remedy(action, file_number)? {
                return Ok(Some(remedy));
            }
        }
        Ok(None)
    }

    /// Counts the notifications by action and state; combinations that do not occur are left out.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn remedy_counts(&self) -> Result<Vec<RemedyCount>, JournalError> {
        let mut counts: Vec<RemedyCount> = Vec::new();
        for journal in &self.parts {
            let found: Vec<RemedyCount> = journal.with(|connection| {
                connection
                    .prepare("SELECT action, state, count(*) FROM remedies GROUP BY action, state ORDER BY action, state")?
                    .query_map([], |row| {
                        let count = row.get::<_, i64>(2)?.cast_unsigned();
                        Ok(RemedyCount { action: action(row, 0)?, state: state(row, 1)?, count })
                    })?
                    .collect()
            })?;
            for found in found {
                let known = counts.iter_mut().find(|known| (known.action, known.state) == (found.action, found.state));
                match known {
                    Some(known) => known.count += found.count,
                    None => counts.push(found),
                }
            }
        }
        Ok(counts)
    }

    /// Returns the latest notification that an earlier run sent about a certificate, from whichever journal holds it.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn notified_before(&self, file_number: &str) -> Result<Option<NotifiedBefore>, JournalError> {
        for journal in &self.parts {
            if let Some(before) = journal.notified_before(file_number)? {
                return Ok(Some(before));
            }
        }
        Ok(None)
    }

    /// Returns whether an earlier run sent any notification.
    ///
    /// # Errors
    /// Fails if a journal cannot be read.
    pub fn have_notified_before(&self) -> Result<bool, JournalError> {
        for journal in &self.parts {
            if journal.has_notified_before()? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Iterator over the notifications of several journals, in order.
#[derive(Debug)]
pub struct Remedies<'a> {
    sources: Vec<RemedySource<'a>>,
}

#[derive(Debug)]
struct RemedySource<'a> {
    journal: &'a Journal,
    read: VecDeque<Remedy>,
    /// Sort key of the last notification read; `None` at the end.
    after: Option<SortKey>,
}

impl RemedySource<'_> {
    /// Returns the sort key of the next notification, reading the next page if the current one is used up.
    fn next_sort_key(&mut self) -> Result<Option<SortKey>, JournalError> {
        if self.read.is_empty()
            && let Some(after) = &self.after
        {
            self.read = self.journal.remedies_after(after)?.into();
            self.after = self.read.back().map(Remedy::sort_key);
        }
        Ok(self.read.front().map(Remedy::sort_key))
    }
}

impl Iterator for Remedies<'_> {
    type Item = Result<Remedy, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first: Option<(SortKey, usize)> = None;
        for (at, source) in self.sources.iter_mut().enumerate() {
            match source.next_sort_key() {
                Ok(Some(sort_key)) if first.as_ref().is_none_or(|(least, _)| sort_key < *least) => first = Some((sort_key, at)),
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
        let (_, at) = first?;
        self.sources.get_mut(at)?.read.pop_front().map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn remedy(item_id: u64, action: RemedyAction, state: RemedyState) -> Remedy {
        Remedy {
            item_id,
            certificate_index: 0,
            action,
            file_number: format!("file-{item_id}"),
            certificate_number: Some("A1".to_owned()),
            province_certificate_id: None,
            state,
            code: Some(0),
            message: None,
            sent_at: DateTime::from_timestamp_millis(1_700_000_000_000).unwrap(),
            verified_at: None,
        }
    }

    /// A journal in a folder of its own.
    fn journal() -> (tempfile::TempDir, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::create(&folder.path().join("journal.sqlite")).unwrap();
        (folder, journal)
    }

    #[test]
    fn a_notification_is_kept_as_it_stands_last() {
        let (_folder, mut journal) = journal();
        journal.outlast_power_failures().unwrap();
        let intended = remedy(7, RemedyAction::Insert, RemedyState::Intended);
        journal.keep_remedies([&intended]).unwrap();
        let settled =
            Remedy { state: RemedyState::Settled, verified_at: Some(intended.sent_at + TimeDelta::seconds(9)), ..intended };
        journal.keep_remedies([&settled]).unwrap();
        assert_eq!(journal.remedy(RemedyAction::Insert, "file-7").unwrap(), Some(settled));
        assert_eq!(journal.remedy(RemedyAction::Delete, "file-7").unwrap(), None);
    }

    #[test]
    fn notifications_of_several_journals_come_in_order_of_their_items() {
        let (_one, mut odd) = journal();
        let (_other, mut even) = journal();
        for item_id in 0..600 {
            let journal = if item_id % 2 == 0 { &mut even } else { &mut odd };
            journal.keep_remedies([&remedy(item_id, RemedyAction::Insert, RemedyState::Answered)]).unwrap();
        }
        even.keep_remedies([&remedy(4, RemedyAction::Delete, RemedyState::Refused)]).unwrap();
        let journals = Journals::from(vec![odd, even]);
        let items: Vec<u64> = journals.remedies().map(|remedy| remedy.unwrap().item_id).collect();
        assert_eq!(items.len(), 601);
        assert!(items.is_sorted());
        let counts = journals.remedy_counts().unwrap();
        let expected = [(RemedyAction::Insert, RemedyState::Answered, 600), (RemedyAction::Delete, RemedyState::Refused, 1)];
        for (action, state, count) in expected {
            assert!(counts.contains(&RemedyCount { action, state, count }), "{counts:?}");
        }
    }

    #[test]
    fn what_earlier_runs_told_is_taken_over_and_the_latest_word_counts() {
        let (_first, mut first) = journal();
        let insert = remedy(1, RemedyAction::Insert, RemedyState::NotSettled);
        first.keep_remedies([&insert, &remedy(2, RemedyAction::Insert, RemedyState::Refused)]).unwrap();
        let (_second, mut second) = journal();
        assert!(!second.has_notified_before().unwrap());
        second.take_notified(&first).unwrap();
        assert_eq!(second.notified_before("file-1").unwrap().unwrap().state, RemedyState::NotSettled);
        assert_eq!(second.notified_before("file-2").unwrap(), None, "what was refused is not told");
        let later = insert.sent_at + TimeDelta::days(30);
        second.keep_remedies([&Remedy { sent_at: later, state: RemedyState::Answered, ..insert }]).unwrap();
        let (_third, third) = journal();
        third.take_notified(&second).unwrap();
        let notified = third.notified_before("file-1").unwrap().unwrap();
        assert_eq!((notified.state, notified.sent_at), (RemedyState::Answered, later));
    }
}
