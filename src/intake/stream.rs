//! From a file's reader to the one who checks its rows: a bounded channel, so that reading and checking overlap and
//! neither runs ahead.

use super::Note;
use super::cell::{Cell, RowBatch};
use crate::message::Message;
use std::sync::mpsc::SyncSender;

/// Rows that travel together.
const BATCH: usize = 256;

/// Bytes of text from which on rows travel although they are fewer.
const BATCH_BYTES: usize = 1 << 20;

/// What a file's reader comes upon.
#[derive(Debug)]
pub(super) enum SheetEvent {
    /// A sheet begins.
    Begin {
        /// Its name; empty for text files.
        name: String,
        /// Whether the job names it, so that it may not be passed over.
        named: bool,
        /// Whether it is delimited text: a row with more fields than the header has is then a damaged record.
        is_text: bool,
    },
    /// Merged ranges of the sheet that has begun; sent before its rows.
    Merges(Vec<MergedRange>),
    /// Rows of it, in the order of the sheet.
    Rows(RowBatch),
    /// It ends.
    End,
    /// A sheet is not read.
    Skip { name: String, reason: Message },
    /// The sheet that has begun cannot be read: it ends without a row.
    Unread { sheet: String, reason: Message },
    /// Something keeps the file, or a sheet of it, from being read.
    Problem { sheet: Option<String>, message: Message },
    /// Something about the sheet that has begun, or about the file where none has.
    Note(Note),
}

/// A range of merged cells, both ends included. Only its first cell holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MergedRange {
    /// 1-based rows.
    pub rows: (u32, u32),
    /// 0-based columns.
    pub columns: (usize, usize),
}

/// Nobody listens any more.
#[derive(Debug)]
pub(super) struct Closed;

/// Sends a file's events.
#[derive(Debug)]
pub(super) struct EventSender {
    events: SyncSender<SheetEvent>,
    rows: RowBatch,
    /// Whether the sheet that has begun has had a row.
    has_rows: bool,
}

impl EventSender {
    pub(super) fn new(events: SyncSender<SheetEvent>) -> Self {
        Self { events, rows: RowBatch::default(), has_rows: false }
    }

    pub(super) fn begin(&mut self, name: &str, named: bool, is_text: bool) -> Result<(), Closed> {
        self.has_rows = false;
        self.send(SheetEvent::Begin { name: name.to_owned(), named, is_text })
    }

    /// Tells the merged ranges of the sheet, before its rows.
    pub(super) fn merges(&mut self, ranges: Vec<MergedRange>) -> Result<(), Closed> {
        if ranges.is_empty() { Ok(()) } else { self.send(SheetEvent::Merges(ranges)) }
    }

    /// Begins a row, counted from 1; its cells follow.
    pub(super) fn row(&mut self, number: u32) -> Result<(), Closed> {
        if self.rows.len() == BATCH || self.rows.text_bytes() >= BATCH_BYTES {
            self.flush()?;
        }
        self.has_rows = true;
        self.rows.begin_row(number);
        Ok(())
    }

    /// Adds a cell to the row, columns counted from 0 and rising.
    pub(super) fn cell(&mut self, column: usize, cell: Cell<'_>) {
        self.rows.push(column, cell);
    }

    /// Marks the row that has begun as one that cannot be read: `problem` says why. Its cells, as far as they were made
    /// out, may follow.
    pub(super) fn spoil_row(&mut self, problem: Message) {
        self.rows.spoil(problem);
    }

    /// Says that so many lines of a text belong to the row that has begun beside its first.
    pub(super) fn continue_row(&mut self, lines: u32) {
        self.rows.continue_row(lines);
    }

    pub(super) fn end(&mut self) -> Result<(), Closed> {
        self.flush()?;
        self.send(SheetEvent::End)
    }

    /// Ends the sheet that has begun: something keeps it, or the rest of it, from being read. One without a row is then not also
    /// called empty.
    pub(super) fn fail(&mut self, sheet: &str, reason: Message) -> Result<(), Closed> {
        if !self.has_rows {
            return self.send(SheetEvent::Unread { sheet: sheet.to_owned(), reason });
        }
        self.problem(Some(sheet), reason)?;
        self.end()
    }

    pub(super) fn skip(&mut self, name: &str, reason: Message) -> Result<(), Closed> {
        self.flush()?;
        self.send(SheetEvent::Skip { name: name.to_owned(), reason })
    }

    pub(super) fn problem(&mut self, sheet: Option<&str>, message: Message) -> Result<(), Closed> {
        self.flush()?;
        self.send(SheetEvent::Problem { sheet: sheet.map(str::to_owned), message })
    }

    /// Tells something about the sheet that has begun, or about the file where none has.
    pub(super) fn note(&mut self, message: Message, needs_attention: bool) -> Result<(), Closed> {
        self.flush()?;
        self.send(SheetEvent::Note(Note { message, needs_attention }))
    }

    fn flush(&mut self) -> Result<(), Closed> {
        if self.rows.len() == 0 {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        self.send(SheetEvent::Rows(rows))
    }

    fn send(&self, event: SheetEvent) -> Result<(), Closed> {
        self.events.send(event).map_err(|_| Closed)
    }
}
