//! Schema of the journal, its versions, and the upgrade from older ones.

use super::remedies;
use rusqlite::Connection;

/// Schema version that this program writes.
pub(super) const VERSION: i64 = 4;

/// Bits of an answer's id for its index among the item's answers; the item's id is in the bits above. Answers of one item are
/// therefore stored next to each other.
pub(super) const PLACE_BITS: u32 = 20;

pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "
        BEGIN IMMEDIATE;
        CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE sheets (sheet_id INTEGER PRIMARY KEY, file TEXT NOT NULL, sheet TEXT NOT NULL);
        CREATE TABLE items (
            item_id INTEGER PRIMARY KEY,
            holder_code TEXT NOT NULL,
            holder_code_type TEXT NOT NULL,
            cert_type_code TEXT NOT NULL,
            certificate_number TEXT,
            sheet_id INTEGER NOT NULL,
            source_row INTEGER NOT NULL,
            occurrences INTEGER NOT NULL,
            carried TEXT NOT NULL,
            extraction_code TEXT
        );
        CREATE TABLE rejected_rows (
            rejected_id INTEGER PRIMARY KEY,
            sheet_id INTEGER NOT NULL, source_row INTEGER NOT NULL,
            column_header TEXT NOT NULL, value TEXT NOT NULL, problem TEXT NOT NULL, advice TEXT NOT NULL, cell TEXT
        );
        CREATE TABLE repairs (
            repair_id INTEGER PRIMARY KEY,
            sheet_id INTEGER NOT NULL, source_row INTEGER NOT NULL,
            column_header TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, repair TEXT NOT NULL, cell TEXT
        );
        CREATE TABLE answers (
            answer_id INTEGER PRIMARY KEY,
            call TEXT NOT NULL, certificate_number TEXT,
            attempts INTEGER NOT NULL, at INTEGER NOT NULL,
            failure_kind TEXT, failure_code INTEGER, failure_message TEXT,
            body BLOB, dictionary_id INTEGER, failure_reason TEXT
        );
        CREATE TABLE spent_before (item_id INTEGER PRIMARY KEY, calls INTEGER NOT NULL, attempts INTEGER NOT NULL);
        CREATE TABLE finished (item_id INTEGER PRIMARY KEY, at INTEGER NOT NULL, failed INTEGER NOT NULL, answers INTEGER);
        ",
    )?;
    connection.execute_batch(SINCE_VERSION_2)?;
    connection.execute_batch(SINCE_VERSION_4)?;
    connection.execute_batch(remedies::TABLES)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute_batch("COMMIT")
}

/// Tables that version 2 added, besides the columns `dictionary_id`, `cell` and `extraction_code`.
const SINCE_VERSION_2: &str = "
    CREATE TABLE dictionaries (dictionary_id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
    CREATE INDEX finished_failed ON finished (item_id) WHERE failed;
    CREATE TABLE earlier (
        holder_code TEXT NOT NULL, cert_type_code TEXT NOT NULL, certificate_number TEXT,
        status TEXT NOT NULL, gap_since TEXT, gap_runs INTEGER NOT NULL, had_gap INTEGER NOT NULL
    );
    CREATE TABLE files (
        item_id INTEGER NOT NULL, side TEXT NOT NULL, certificate_id TEXT NOT NULL, page INTEGER NOT NULL,
        status TEXT NOT NULL, path TEXT, format TEXT, bytes INTEGER, sha256 TEXT, message TEXT,
        PRIMARY KEY (item_id, side, certificate_id, page)
    ) WITHOUT ROWID;
    CREATE INDEX files_sha256 ON files (sha256) WHERE sha256 IS NOT NULL;
    CREATE INDEX files_path ON files (path) WHERE path IS NOT NULL;
    CREATE INDEX earlier_holder ON earlier (holder_code, cert_type_code);
";

/// Tables that version 4 added, besides the column `finished.answers`: failed calls that were repeated, and decisions of
/// departments.
const SINCE_VERSION_4: &str = "
    CREATE TABLE past_failures (
        past_id INTEGER PRIMARY KEY, item_id INTEGER NOT NULL,
        call TEXT NOT NULL, certificate_number TEXT,
        attempts INTEGER NOT NULL, at INTEGER NOT NULL,
        failure_kind TEXT NOT NULL, failure_code INTEGER, failure_message TEXT NOT NULL, failure_reason TEXT
    );
    CREATE INDEX past_failures_item ON past_failures (item_id);
    CREATE TABLE decisions (
        item_id INTEGER NOT NULL, certificate BLOB NOT NULL,
        source_file TEXT NOT NULL, source_sheet TEXT NOT NULL, source_row INTEGER NOT NULL,
        decision TEXT NOT NULL, note TEXT, decided_by TEXT, collected_at INTEGER NOT NULL,
        PRIMARY KEY (item_id, certificate, source_file, source_sheet, source_row)
    ) WITHOUT ROWID;
    CREATE INDEX decisions_file ON decisions (source_file);
    CREATE TABLE earlier_decisions (
        holder_code TEXT NOT NULL, cert_type_code TEXT NOT NULL, certificate_number TEXT, matter TEXT NOT NULL,
        decision TEXT NOT NULL, note TEXT, decided_by TEXT,
        source_file TEXT NOT NULL, source_sheet TEXT NOT NULL, source_row INTEGER NOT NULL,
        collected_at INTEGER NOT NULL, run TEXT NOT NULL
    );
    CREATE INDEX earlier_decisions_holder ON earlier_decisions (holder_code, cert_type_code);
";

/// Upgrades a journal from the older version `from` to the current one. Answers of version 1 need no dictionary. The number of
/// answers of items that were finished before version 4 stays unknown.
pub(super) fn upgrade(connection: &Connection, from: i64) -> rusqlite::Result<()> {
    let to_version_2 = format!(
        "ALTER TABLE answers ADD COLUMN dictionary_id INTEGER;
         ALTER TABLE rejected_rows ADD COLUMN cell TEXT;
         ALTER TABLE repairs ADD COLUMN cell TEXT;
         ALTER TABLE items ADD COLUMN extraction_code TEXT;
         {SINCE_VERSION_2}"
    );
    let to_version_3 = "ALTER TABLE answers ADD COLUMN failure_reason TEXT;";
    let to_version_4 = format!("ALTER TABLE finished ADD COLUMN answers INTEGER; {SINCE_VERSION_4} {}", remedies::TABLES);
    let steps = [(2, to_version_2.as_str()), (3, to_version_3), (4, to_version_4.as_str())];
    let missing: Vec<&str> = steps.into_iter().filter(|(version, _)| *version > from).map(|(_, step)| step).collect();
    connection.execute_batch(&format!("BEGIN IMMEDIATE; {} PRAGMA user_version = {VERSION}; COMMIT", missing.join(" ")))
}

/// Sets write-ahead logging with `synchronous = NORMAL`: the database survives a kill at any moment, and a commit need not wait
/// for the disk.
pub(super) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(30))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", -8_192)
}
