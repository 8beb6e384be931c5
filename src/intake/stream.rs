//! From a file's reader to the one who checks its rows: a bounded channel, so that reading and checking overlap and
//! neither runs ahead.

use super::cell::{Cell, RowBatch};
use std::sync::mpsc::SyncSender;

/// Rows that travel together.
const BATCH: usize = 256;

/// What a file's reader comes upon.
#[derive(Debug)]
pub(super) enum SheetEvent {
    /// A sheet begins; `named` where the job names it.
    Begin { name: String, named: bool },
    /// Rows of it.
    Rows(RowBatch),
    /// It ends.
    End,
    /// A sheet is not read.
    Skip { name: String, reason: &'static str },
    /// Something keeps the file, or a sheet of it, from being read.
    Problem { sheet: Option<String>, message: String },
}

/// Nobody listens any more.
#[derive(Debug)]
pub(super) struct Closed;

/// Sends a file's events.
#[derive(Debug)]
pub(super) struct EventSender {
    events: SyncSender<SheetEvent>,
    rows: RowBatch,
}

impl EventSender {
    pub(super) fn new(events: SyncSender<SheetEvent>) -> Self {
        Self { events, rows: RowBatch::default() }
    }

    pub(super) fn begin(&mut self, name: &str, named: bool) -> Result<(), Closed> {
        self.send(SheetEvent::Begin { name: name.to_owned(), named })
    }

    /// Begins a row, counted from 1; its cells follow.
    pub(super) fn row(&mut self, number: u32) -> Result<(), Closed> {
        if self.rows.len() == BATCH {
            self.flush()?;
        }
        self.rows.begin_row(number);
        Ok(())
    }

    /// Adds a cell to the row, columns counted from 0 and rising.
    pub(super) fn cell(&mut self, column: usize, cell: Cell<'_>) {
        self.rows.push(column, cell);
    }

    pub(super) fn end(&mut self) -> Result<(), Closed> {
        self.flush()?;
        self.send(SheetEvent::End)
    }

    pub(super) fn skip(&mut self, name: &str, reason: &'static str) -> Result<(), Closed> {
        self.send(SheetEvent::Skip { name: name.to_owned(), reason })
    }

    pub(super) fn problem(&mut self, sheet: Option<&str>, message: String) -> Result<(), Closed> {
        self.flush()?;
        self.send(SheetEvent::Problem { sheet: sheet.map(str::to_owned), message })
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
