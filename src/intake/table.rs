//! A sheet's tables: their headers looked for, their columns chosen after a look ahead, and their rows read.

use super::account::{Outcome, Stretches};
use super::block::{Further, Misfit, Tables, append};
use super::cell::{RowBatch, SheetRow};
use super::choice::{choose, tables};
use super::columns::{column_letters, is_blank};
use super::header::{ByContent, Header, Texts, is_wordy};
use super::merged::Merges;
use super::sample::{LOOK_AHEAD, Sample};
use super::search::{Search, Sought};
use super::section::{Intake, Section};
use super::stream::MergedRange;
use super::{Note, SheetReport};
use crate::job::{HeaderRow, InputSettings};
use crate::message::Message;
use std::sync::Arc;

/// Reads a sheet row by row.
pub(super) struct SheetReader {
    name: Arc<str>,
    /// Whether the job names this sheet, so that it may not be passed over.
    named: bool,
    /// Whether it is delimited text.
    is_text: bool,
    notes: Vec<Note>,
    merges: Merges,
    state: State,
    /// Tables that a further header has ended.
    finished: Vec<SheetReport>,
}

enum State {
    /// No header has been found yet.
    Searching(Search),
    /// The columns below a header are to be chosen when enough rows have been seen.
    Deciding {
        header: Arc<Header>,
        /// Lines of a text that belong to the header beside its first.
        lines: u32,
        /// Rows above the header that hold codes.
        above: Stretches,
        rows: RowBatch,
    },
    Reading(Tables),
    /// There is no header: the sheet's rows are passed over.
    Unread(Search),
}

/// What became of a sheet.
pub(super) enum SheetOutcome {
    /// Its tables, at least one.
    Read(Vec<SheetReport>),
    /// It has no header.
    Unread {
        report: Box<SheetReport>,
        reason: Message,
        /// Whether it may not be passed over.
        is_needed: bool,
    },
}

impl SheetReader {
    pub(super) fn new(name: String, named: bool, is_text: bool) -> Self {
        Self {
            name: name.into(),
            named,
            is_text,
            notes: Vec::new(),
            merges: Merges::default(),
            state: State::Searching(Search::default()),
            finished: Vec::new(),
        }
    }

    /// Takes a note on the sheet.
    pub(super) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Takes the sheet's merged ranges, before its rows.
    pub(super) fn merge(&mut self, ranges: Vec<MergedRange>) {
        self.merges = Merges::new(ranges);
    }

    /// Takes a row.
    ///
    /// # Errors
    /// Fails if the sink cannot keep what was found.
    pub(super) fn take(&mut self, row: SheetRow<'_>, intake: &mut Intake<'_>) -> Result<(), String> {
        let settings = intake.rules.settings;
        match &mut self.state {
            State::Unread(_) => Ok(()),
            State::Searching(search) => match search.take(row, intake.rules, &self.merges) {
                Sought::Above => Ok(()),
                Sought::Header(header) => {
                    self.found(header);
                    Ok(())
                }
                Sought::Below(header) => {
                    self.found(header);
                    self.take(row, intake)
                }
                Sought::GaveUp => {
                    self.state = State::Unread(std::mem::take(search));
                    Ok(())
                }
            },
            State::Deciding { rows, .. } => {
                if !holds_anything(row) {
                    return Ok(());
                }
                append(rows, row);
                if rows.len() < LOOK_AHEAD { Ok(()) } else { self.decide(intake) }
            }
            State::Reading(tables) => {
                if !holds_anything(row) {
                    return Ok(());
                }
                if let Some(problem) = row.problem {
                    let misfit = tables.misfit(row).unwrap_or_else(|| Misfit { cell: None, advice: problem.clone() });
                    return tables.take_unreadable(row, misfit, &mut self.merges, intake);
                }
                if let Some(ByContent { header, columns }) = tables.header_by_content(row, intake.rules) {
                    tables.count_held_as_header();
                    self.notes.push(Note { message: header.told_by_content(&columns), needs_attention: true });
                    self.begin_further(header, 0);
                    return self.take(row, intake);
                }
                match tables.further_header(row, settings, &self.merges) {
                    Further::None => tables.take(row, &mut self.merges, intake),
                    Further::Title => tables.hold(row, &mut self.merges, intake),
                    Further::Repeated => {
                        tables.settle_titles(&mut self.merges, intake)?;
                        tables.take(row, &mut self.merges, intake)
                    }
                    Further::Same => {
                        tables.settle_titles(&mut self.merges, intake)?;
                        tables.count_for_all(row, Outcome::RepeatedHeader);
                        Ok(())
                    }
                    Further::Unknown => {
                        tables.settle_titles(&mut self.merges, intake)?;
                        tables.count_for_first(row, Outcome::RepeatedHeader);
                        let message = Message::new("further-header-unknown").with("row", row.number);
                        let message = message.with("header", tables.header_row());
                        self.notes.push(Note { message, needs_attention: true });
                        Ok(())
                    }
                    Further::Other(header) => {
                        tables.count_held_as_titles();
                        tables.count_for_first(row, Outcome::RepeatedHeader);
                        self.begin_further(header, row.lines);
                        Ok(())
                    }
                }
            }
        }
    }

    /// Ends the sheet.
    ///
    /// # Errors
    /// Fails if the sink cannot keep what was found.
    pub(super) fn finish(mut self, intake: &mut Intake<'_>) -> Result<SheetOutcome, String> {
        if let State::Searching(search) = &mut self.state
            && let Some(header) = search.finish()
        {
            self.found(header);
        }
        // Every further header among the rows seen begins another look ahead.
        while matches!(self.state, State::Deciding { .. }) {
            self.decide(intake)?;
        }
        if let State::Reading(tables) = &mut self.state {
            tables.pass_held(&mut self.merges, intake)?;
        }
        Ok(self.close(intake.rules.settings))
    }

    /// Ends the sheet as it is, without the rows that wait.
    pub(super) fn close(mut self, settings: &InputSettings) -> SheetOutcome {
        self.note_merges();
        let mut reports = self.finished;
        match self.state {
            State::Reading(tables) => reports.extend(tables.finish()),
            State::Deciding { .. } => {}
            State::Searching(search) | State::Unread(search) => {
                let reason = search.reason(settings);
                let report = SheetReport {
                    name: self.name,
                    skipped: Some(reason.clone()),
                    is_unread_table: search.looks_like_a_table(),
                    notes: self.notes,
                    ..SheetReport::default()
                };
                let is_needed = self.named || search.lacks_named_column() || settings.header_row != HeaderRow::Auto;
                return SheetOutcome::Unread { report: Box::new(report), reason, is_needed };
            }
        }
        match reports.first_mut() {
            Some(first) => {
                let own = std::mem::replace(&mut first.notes, self.notes);
                first.notes.extend(own);
            }
            None => reports.push(SheetReport { name: self.name, notes: self.notes, ..SheetReport::default() }),
        }
        SheetOutcome::Read(reports)
    }

    /// Begins the look ahead below a header.
    fn found(&mut self, header: Header) {
        let (mut above, mut lines) = (Stretches::default(), 0);
        if let State::Searching(search) = &mut self.state {
            let titles = search.rows_above(&header);
            if titles > 0 {
                let message = Message::new("rows-above-header").with("count", titles);
                self.notes.push(Note { message, needs_attention: false });
            }
            let columns = search.by_content();
            if !columns.is_empty() {
                self.notes.push(Note { message: header.told_by_content(columns), needs_attention: true });
            }
            above = search.take_coded();
            lines = search.header_lines();
        }
        if !above.is_empty() {
            let message = Message::new("codes-above-header").with("count", above.count()).with("row", header.row);
            let message = message.with_message("rows", above.to_message());
            self.notes.push(Note { message, needs_attention: true });
        }
        self.state = State::Deciding { header: Arc::new(header), lines, above, rows: RowBatch::default() };
    }

    /// Begins a further table below the tables so far; `lines` of a text belong to its header beside the first.
    fn begin_further(&mut self, header: Header, lines: u32) {
        let message = Message::new("further-header").with("row", header.row);
        self.notes.push(Note { message, needs_attention: false });
        let header = Arc::new(header);
        let next = State::Deciding { header, lines, above: Stretches::default(), rows: RowBatch::default() };
        if let State::Reading(tables) = std::mem::replace(&mut self.state, next) {
            self.finished.extend(tables.finish());
        }
    }

    /// Chooses the columns by the rows seen, and reads these.
    fn decide(&mut self, intake: &mut Intake<'_>) -> Result<(), String> {
        let unused = State::Searching(Search::default());
        let State::Deciding { header, lines, above, rows } = std::mem::replace(&mut self.state, unused) else { return Ok(()) };
        let settings = intake.rules.settings;
        // Rows below a further header are of another table.
        let is_further = |row: &SheetRow<'_>| {
            let texts = [Texts::of(*row)];
            is_wordy(*row, None)
                && Header::recognise(&texts, settings, &self.merges).is_ok_and(|other| other.begins_further_table(&header))
        };
        let seen = rows.rows().filter(|row| row.problem.is_none()).take_while(|row| !is_further(row));
        let sample = Sample { rows: seen.collect(), merges: self.merges.restarted() };
        let ranges = tables(&header, settings);
        let count = ranges.len();
        let mut sections: Vec<Section> = Vec::new();
        for (range, number) in ranges.into_iter().zip(1u32..) {
            let span = (range.start, range.end.min(header.headings.len()).saturating_sub(1));
            let choice = choose(&header, range, &sample, intake.rules, intake.carried);
            let mut section = Section::new(&self.name, choice, intake.carried);
            section.continue_row(header.row, lines);
            if count > 1 {
                let message = Message::new("tables-side-by-side").with("count", count).with("number", number);
                let message = message.with("from", column_letters(span.0)).with("to", column_letters(span.1));
                section.tell_first(Note { message, needs_attention: false });
            }
            sections.push(section);
        }
        if let Some(first) = sections.first_mut() {
            first.reject_above(&above, intake)?;
        }
        self.state = State::Reading(Tables::new(header, sections, self.is_text));
        for row in rows.rows() {
            self.take(row, intake)?;
        }
        Ok(())
    }

    /// Tells what merged cells cover that they do not speak for.
    fn note_merges(&mut self) {
        let (empty_rows, hidden) = self.merges.finish();
        if empty_rows > 0 {
            let message = Message::new("merged-empty-rows").with("count", empty_rows);
            self.notes.push(Note { message, needs_attention: false });
        }
        if !hidden.is_empty() {
            let message = Message::new("merged-own-values").with_message("rows", hidden.to_message());
            self.notes.push(Note { message, needs_attention: true });
        }
    }
}

/// Whether a row has anything to be seen or to be told of.
fn holds_anything(row: SheetRow<'_>) -> bool {
    row.problem.is_some() || !row.cells().all(|cell| is_blank(&cell))
}
