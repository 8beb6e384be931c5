//! What the province was told: every notification from before it is sent until it has been seen to take effect.
//!
//! A notification is kept as `intended` before it is sent. Whatever ends the process then, the journal knows of it, and the
//! platform is asked what became of it before it is sent again.

use super::{Journal, JournalError, Journals};
use crate::job::RemedyAction;
use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};
use std::collections::VecDeque;

/// How a notification stands, as tables name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemedyState {
    /// About to be sent, or sent without an answer: only the province's library can tell which.
    Intended,
    /// Accepted by the platform; not yet looked for in the province's library.
    Answered,
    /// Seen to have taken effect.
    Settled,
    /// Accepted, and not seen to have taken effect when it was looked for.
    NotSettled,
    /// The province's library shows what this notification cannot have brought about; a person has to look.
    Contradicting,
    /// Not accepted by the platform, for a reason that trying again does not mend.
    Refused,
}

impl RemedyState {
    /// Every state, in the order of reports.
    pub const ALL: [Self; 6] =
        [Self::Settled, Self::Answered, Self::NotSettled, Self::Contradicting, Self::Refused, Self::Intended];

    /// The name in tables.
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

    /// Finds a state by its name in tables.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the province counts as told: accepted, or perhaps accepted.
    #[must_use]
    pub const fn is_told(self) -> bool {
        matches!(self, Self::Intended | Self::Answered | Self::Settled | Self::NotSettled)
    }
}

/// A notification of the province about one certificate of the city's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// The item that the certificate was found by.
    pub item_id: u64,
    /// The certificate's place among the item's.
    pub certificate_index: u32,
    /// What the province is told.
    pub action: RemedyAction,
    /// The city's identifier for the certificate (`fileNumber`).
    pub file_number: String,
    /// 证照编号 that the province is asked by; `None` where the certificate shows no whole number.
    pub certificate_number: Option<String>,
    /// The province's identifier: the one that an update names, or the one that an insert was answered with.
    pub province_certificate_id: Option<String>,
    /// How it stands.
    pub state: RemedyState,
    /// `head.status` of the answer, or the HTTP status.
    pub code: Option<i32>,
    /// The platform's words, or a stored message.
    pub message: Option<String>,
    /// When it was about to be sent, or answered, whichever is the latest.
    pub sent_at: DateTime<Utc>,
    /// When the province's library was last asked about it.
    pub verified_at: Option<DateTime<Utc>>,
}

/// How many notifications stand alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemedyCount {
    /// What the province was told.
    pub action: RemedyAction,
    /// How it stands.
    pub state: RemedyState,
    /// How many.
    pub count: u64,
}

/// A notification of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotifiedBefore {
    /// What the province was told.
    pub action: RemedyAction,
    /// How it stood at the end of that run.
    pub state: RemedyState,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
}

/// The tables of notifications; part of the journal's schema.
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

/// Notifications that are read at a time.
const PAGE: u32 = 256;

impl Remedy {
    /// Where it stands in the order of all notifications.
    fn place(&self) -> Place {
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

/// Item, certificate, action, file number.
type Place = (i64, i64, String, String);

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
    /// Makes every commit from here on wait until it is on the disk. Otherwise a machine that loses power could forget what
    /// it was about to send, and send it again.
    ///
    /// # Errors
    /// Fails if the journal cannot be set so.
    pub fn outlast_power_failures(&self) -> Result<(), JournalError> {
        self.with(|connection| connection.pragma_update(None, "synchronous", "full"))
    }

    /// Keeps notifications as they stand, all or none, in place of what was known of them.
    ///
    /// # Errors
    /// Fails if the journal cannot be written; it is then as it was before.
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

    /// What is known of a notification; `None` where it was never to be sent.
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

    /// The notifications behind a place, a page of them, in order of their items.
    fn remedies_behind(&self, place: &Place) -> Result<Vec<Remedy>, JournalError> {
        let (item, index, action, file_number) = place;
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

    /// The latest notification of a certificate that an earlier run sent; `None` where none did.
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

    /// Whether an earlier run has notified the province of anything.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn has_notified_before(&self) -> Result<bool, JournalError> {
        self.with(|connection| connection.query_row("SELECT EXISTS (SELECT 1 FROM notified_before)", [], |row| row.get(0)))
    }

    /// Takes over from a journal of the run before what it, and runs before it, have told the province. So the next reports
    /// can say of a gap that the province knows of it, also when that run's folder is gone.
    ///
    /// # Errors
    /// Fails if one of the journals cannot be read or written; nothing is taken over then.
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
        let mut place = FIRST;
        loop {
            let page = before.remedies_behind(&place)?;
            let Some(last) = page.last() else { break };
            place = last.place();
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

/// The place before every notification.
const FIRST: Place = (-1, 0, String::new(), String::new());

impl Journals {
    /// Every notification in order of items, a page at a time.
    #[must_use]
    pub fn remedies(&self) -> Remedies<'_> {
        let source = |journal| RemedySource { journal, read: VecDeque::new(), behind: Some(FIRST) };
        Remedies { sources: self.parts.iter().map(source).collect() }
    }

    /// What is known of a notification, whichever journal knows it; `None` where it was never to be sent.
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

    /// Counts the notifications that stand alike; none of a count of zero.
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

    /// The latest notification of a certificate that an earlier run sent, whichever journal knows of it.
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

    /// Whether an earlier run has notified the province of anything.
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

/// Notifications of several journals in order of their items.
#[derive(Debug)]
pub struct Remedies<'a> {
    sources: Vec<RemedySource<'a>>,
}

#[derive(Debug)]
struct RemedySource<'a> {
    journal: &'a Journal,
    read: VecDeque<Remedy>,
    /// The place that the next page lies behind; none at the end.
    behind: Option<Place>,
}

impl RemedySource<'_> {
    /// The place of the next notification, reading on where need be.
    fn next_place(&mut self) -> Result<Option<Place>, JournalError> {
        if self.read.is_empty()
            && let Some(behind) = &self.behind
        {
            self.read = self.journal.remedies_behind(behind)?.into();
            self.behind = self.read.back().map(Remedy::place);
        }
        Ok(self.read.front().map(Remedy::place))
    }
}

impl Iterator for Remedies<'_> {
    type Item = Result<Remedy, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut first: Option<(Place, usize)> = None;
        for (at, source) in self.sources.iter_mut().enumerate() {
            match source.next_place() {
                Ok(Some(place)) if first.as_ref().is_none_or(|(least, _)| place < *least) => first = Some((place, at)),
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
