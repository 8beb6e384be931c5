//! Writing of the plan: items, rejected rows and repairs, as the intake reports them.

use super::{Journal, JournalError};
use crate::intake::{NewItem, Place, RejectedRow, Repair, Sink};
use rusqlite::{Connection, params};
use std::sync::Arc;

/// Key of the note that marks a complete plan.
const PLANNED: &str = "planned";
/// Key of the note that stores the [`PlanRecord`].
const PLAN: &str = "plan";
/// Key of the note that stores the run's id.
const RUN: &str = "run";
/// Key of the note that stores the number of rows that repeat an earlier item.
const DUPLICATES: &str = "duplicate_rows";

/// Items per transaction. Bounds the size of the write-ahead log.
const GROUP: u64 = 100_000;

/// A part of a run: every `of`-th item, starting with the `number`-th. Records without an item belong to the first part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Shard {
    /// Number of this shard, from 1.
    pub number: u32,
    /// Total number of shards.
    pub of: u32,
}

impl Shard {
    /// The only shard of a run without shards.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Returns whether the item belongs to this shard.
    #[must_use]
    pub const fn has(self, item_id: u64) -> bool {
        item_id % self.of as u64 == (self.number - 1) as u64
    }

    const fn is_first(self) -> bool {
        self.number == 1
    }
}

/// Size of a complete plan, stored with it. A journal that later holds less has lost rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PlanRecord {
    /// Shard that was planned.
    pub shard: Shard,
    /// Number of items of the shard.
    pub items: u64,
    /// Number of input rows that cannot be audited.
    pub rejected: u64,
}

/// Predicate that selects the items to audit.
pub type ItemFilter<'a> = Box<dyn Fn(&NewItem) -> Result<bool, JournalError> + 'a>;

/// What a plan is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PlanKind {
    /// Every item that is wanted.
    Items,
    /// A sample of the items, in a new journal.
    Sample,
    /// A larger sample than the one that the journal has. It is written in one transaction: after a kill the smaller one stands.
    LargerSample,
}

/// Takes the intake's findings into a new journal; the plan does not stand before [`PlanWriter::finish`].
pub struct PlanWriter<'a> {
    journal: &'a Journal,
    carried: &'a [String],
    shard: Shard,
    wanted: ItemFilter<'a>,
    kind: PlanKind,
    /// Items seen so far, those of other shards and those not wanted included.
    items: u64,
    /// Items and rejected rows that are in the plan.
    planned: u64,
    rejected: u64,
    duplicates: u64,
    sheet: Option<(Arc<str>, Arc<str>, i64)>,
}

impl Journal {
    /// Begins the plan of a shard with the items selected by `wanted`; `carried` are the headers of the carried columns.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn begin_plan<'a>(
        &'a self,
        carried: &'a [String],
        shard: Shard,
        wanted: ItemFilter<'a>,
    ) -> Result<PlanWriter<'a>, JournalError> {
        self.begin("BEGIN", carried, shard, wanted, PlanKind::Items)
    }

    /// Begins to write the plan of a sample. Items that are `wanted` may belong to it; [`PlanWriter::keep_drawn`] says which do.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn begin_sample<'a>(
        &'a self,
        carried: &'a [String],
        shard: Shard,
        wanted: ItemFilter<'a>,
    ) -> Result<PlanWriter<'a>, JournalError> {
        self.begin("BEGIN", carried, shard, wanted, PlanKind::Sample)
    }

    /// Begins to write the plan of a larger sample into a journal that has one, from the same inputs. Items of the plan stay as
    /// they are; rows are counted anew.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn begin_larger_sample<'a>(
        &'a self,
        carried: &'a [String],
        shard: Shard,
        wanted: ItemFilter<'a>,
    ) -> Result<PlanWriter<'a>, JournalError> {
        let begin = "BEGIN IMMEDIATE; UPDATE items SET occurrences = 1; DELETE FROM rejected_rows; DELETE FROM repairs";
        self.begin(begin, carried, shard, wanted, PlanKind::LargerSample)
    }

    fn begin<'a>(
        &'a self,
        sql: &str,
        carried: &'a [String],
        shard: Shard,
        wanted: ItemFilter<'a>,
        kind: PlanKind,
    ) -> Result<PlanWriter<'a>, JournalError> {
        self.with(|connection| connection.execute_batch(sql))?;
        let (items, planned, rejected, duplicates) = (0, 0, 0, 0);
        Ok(PlanWriter { journal: self, carried, shard, wanted, kind, items, planned, rejected, duplicates, sheet: None })
    }

    /// Stores the id of the run that the journal belongs to.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn set_run_id(&self, run_id: &str) -> Result<(), JournalError> {
        self.set_note(RUN, run_id)
    }

    /// Returns the id of the run that the journal belongs to; `None` if a version of this program created it that did not store
    /// it.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn run_id(&self) -> Result<Option<String>, JournalError> {
        self.note(RUN)
    }

    /// Returns the size of the plan; `None` if there is no complete plan, or an earlier version wrote it, which did not store it.
    ///
    /// # Errors
    /// Fails if the journal cannot be read.
    pub fn plan_record(&self) -> Result<Option<PlanRecord>, JournalError> {
        let Some(note) = self.note(PLAN)? else { return Ok(None) };
        serde_json::from_str(&note).map(Some).map_err(|error| self.damaged(format!("the note of its plan: {error}")))
    }

    /// Returns whether the plan is complete.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn is_planned(&self) -> Result<bool, JournalError> {
        Ok(self.note(PLANNED)?.is_some())
    }

    pub(super) fn duplicate_rows(&self) -> Result<u64, JournalError> {
        Ok(self.note(DUPLICATES)?.and_then(|count| count.parse().ok()).unwrap_or_default())
    }
}

impl std::fmt::Debug for PlanWriter<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PlanWriter").field("shard", &self.shard).field("items", &self.items).finish_non_exhaustive()
    }
}

impl PlanWriter<'_> {
    /// Marks the plan as complete and commits it.
    ///
    /// # Errors
    /// Fails if the journal cannot be read or written.
    pub fn finish(self) -> Result<(), JournalError> {
        let record = PlanRecord { shard: self.shard, items: self.planned, rejected: self.rejected };
        let record = serde_json::to_string(&record).map_err(|error| self.journal.damaged(error.to_string()))?;
        self.journal.set_note(PLAN, &record)?;
        self.journal.set_note(DUPLICATES, &self.duplicates.to_string())?;
        self.journal.set_note(PLANNED, "1")?;
        self.journal.with(|connection| connection.execute_batch("COMMIT"))
    }

    /// Keeps of the items written those that were `drawn`.
    ///
    /// # Errors
    /// Fails if the journal cannot be written.
    pub fn keep_drawn(&mut self, drawn: &[u64]) -> Result<(), JournalError> {
        let kept = self.journal.with(|connection| {
            connection.execute_batch("CREATE TEMP TABLE drawn (item_id INTEGER PRIMARY KEY)")?;
            for item_id in drawn {
                connection.prepare_cached("INSERT INTO drawn VALUES (?1)")?.execute([item_id.cast_signed()])?;
            }
            connection.execute_batch("DELETE FROM items WHERE item_id NOT IN (SELECT item_id FROM drawn)")?;
            connection.query_row("SELECT count(*) FROM items", [], |row| row.get::<_, i64>(0))
        })?;
        self.planned = kept.cast_unsigned();
        Ok(())
    }

    fn sheet_id(&mut self, connection: &Connection, place: &Place) -> rusqlite::Result<i64> {
        if let Some((file, sheet, id)) = &self.sheet
            && *file == place.file
            && *sheet == place.sheet
        {
            return Ok(*id);
        }
        connection.prepare_cached("INSERT INTO sheets (file, sheet) VALUES (?1, ?2)")?.execute([&*place.file, &*place.sheet])?;
        let id = connection.last_insert_rowid();
        self.sheet = Some((Arc::clone(&place.file), Arc::clone(&place.sheet), id));
        Ok(id)
    }

    fn insert(&mut self, item: &NewItem) -> rusqlite::Result<()> {
        let connection = &self.journal.connection;
        let sheet_id = self.sheet_id(connection, &item.place)?;
        let carried = serde_json::to_string(&item.carried).unwrap_or_default();
        // Items of the smaller sample are there already.
        let sql = "INSERT INTO items VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9) ON CONFLICT (item_id) DO NOTHING";
        connection.prepare_cached(sql)?.execute(params![
            self.items.cast_signed(),
            item.holder_code,
            item.holder_code_type,
            item.cert_type_code,
            item.certificate_number,
            sheet_id,
            item.place.row,
            carried,
            item.extraction_code,
        ])?;
        Ok(())
    }

    /// Counts another occurrence of an item; returns false if the item is not in the plan.
    fn count_again(&mut self, item_id: u64) -> rusqlite::Result<bool> {
        let connection = &self.journal.connection;
        let counted = connection
            .prepare_cached("UPDATE items SET occurrences = occurrences + 1 WHERE item_id = ?1")?
            .execute([item_id.cast_signed()])?;
        let is_planned = counted > 0;
        // Rows of all items are accounted for, also of those that were not drawn.
        let is_counted = is_planned || (self.kind != PlanKind::Items && self.shard.has(item_id));
        self.duplicates += u64::from(is_counted);
        Ok(is_planned)
    }

    /// Returns the repair that records carried values which differ from those of the item's first occurrence and are not used.
    fn carried_repair(&self, item_id: u64, item: &NewItem) -> rusqlite::Result<Repair> {
        let connection = &self.journal.connection;
        let first: String = connection
            .prepare_cached("SELECT carried FROM items WHERE item_id = ?1")?
            .query_row([item_id.cast_signed()], |row| row.get(0))?;
        let first: Vec<Option<String>> = serde_json::from_str(&first).unwrap_or_default();
        let differing: Vec<usize> = (0..item.carried.len()).filter(|&at| first.get(at) != item.carried.get(at)).collect();
        let texts = |values: &[Option<String>]| {
            let chosen = differing.iter().map(|&at| values.get(at).and_then(Option::as_deref).unwrap_or_default());
            chosen.collect::<Vec<_>>().join(" / ")
        };
        let headers: Vec<&str> = differing.iter().filter_map(|&at| self.carried.get(at)).map(String::as_str).collect();
        Ok(Repair {
            place: item.place.clone(),
            cell: None,
            column: headers.join(" / "),
            before: texts(&item.carried),
            after: texts(&first),
            repair: "carried_value_of_first_row".to_owned(),
        })
    }

    fn keep_repair(&mut self, repair: &Repair) -> Result<(), String> {
        let connection = &self.journal.connection;
        self.sheet_id(connection, &repair.place)
            .and_then(|sheet_id| {
                connection.prepare_cached("INSERT INTO repairs VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(params![
                    sheet_id,
                    repair.place.row,
                    repair.column,
                    repair.before,
                    repair.after,
                    repair.repair,
                    repair.cell,
                ])
            })
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}

impl Sink for PlanWriter<'_> {
    fn item(&mut self, item: NewItem) -> Result<(), String> {
        if self.shard.has(self.items) && (self.wanted)(&item).map_err(|error| error.to_string())? {
            self.insert(&item).map_err(|error| error.to_string())?;
            self.planned += 1;
        }
        self.items += 1;
        if self.items.is_multiple_of(GROUP) && self.kind != PlanKind::LargerSample {
            self.journal.with(|connection| connection.execute_batch("COMMIT; BEGIN")).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn repeated(&mut self, item_id: u64, item: NewItem, carried_differ: bool) -> Result<(), String> {
        let is_planned = self.count_again(item_id).map_err(|error| error.to_string())?;
        if is_planned && carried_differ {
            let repair = self.carried_repair(item_id, &item).map_err(|error| error.to_string())?;
            self.keep_repair(&repair)?;
        }
        Ok(())
    }

    fn rejected(&mut self, rejected: RejectedRow) -> Result<(), String> {
        if !self.shard.is_first() {
            return Ok(());
        }
        self.rejected += 1;
        let connection = &self.journal.connection;
        self.sheet_id(connection, &rejected.place)
            .and_then(|sheet_id| {
                connection.prepare_cached("INSERT INTO rejected_rows VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(
                    params![
                        sheet_id,
                        rejected.place.row,
                        rejected.column,
                        rejected.value,
                        rejected.problem.name(),
                        rejected.advice.to_stored(),
                        rejected.cell,
                    ],
                )
            })
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    fn repair(&mut self, repair: Repair) -> Result<(), String> {
        if !self.shard.is_first() {
            return Ok(());
        }
        self.keep_repair(&repair)
    }
}
