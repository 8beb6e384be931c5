//! A sheet's tables: their headers looked for, their columns chosen after a look ahead, and their rows read.

use super::account::{Outcome, Stretches};
use super::cell::{Cell, RowBatch, SheetRow};
use super::choice::{choose, tables};
use super::columns::{cell_name, column_letters, is_blank};
use super::header::{Header, Texts, digits_in, is_wordy};
use super::heading::{Heading, Role};
use super::merged::Merges;
use super::sample::{LOOK_AHEAD, Sample};
use super::search::{Search, Sought};
use super::section::{Intake, Section};
use super::stray::StrayCodes;
use super::stream::MergedRange;
use super::{Note, SheetReport};
use crate::job::{HeaderRow, InputSettings};
use crate::message::Message;
use std::sync::Arc;

/// Rows that may be titles of a further table are held back until the row below them shows what they are; more than these
/// are none.
const MOST_TITLES: usize = 3;
/// A title with this many digits is none: it may be a code.
const DIGITS_OF_A_CODE: usize = 8;

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
        /// Rows above the header that hold codes.
        above: Stretches,
        rows: RowBatch,
    },
    Reading(Tables),
    /// There is no header: the sheet's rows are passed over.
    Unread(Search),
}

/// Tables side by side below one header.
struct Tables {
    header: Arc<Header>,
    /// Whether they come from delimited text, where a row with more fields than the header is a damaged record.
    is_text: bool,
    sections: Vec<Section>,
    /// Codes beside the columns that the header names.
    stray: StrayCodes,
    /// Rows that may be titles, or upper rows of a header, of a further table.
    held: RowBatch,
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
                        let message = message.with("header", tables.header.row);
                        self.notes.push(Note { message, needs_attention: true });
                        Ok(())
                    }
                    Further::Other(header) => {
                        tables.count_held_as_titles();
                        tables.count_for_first(row, Outcome::RepeatedHeader);
                        self.begin_further(header);
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
        let mut above = Stretches::default();
        if let State::Searching(search) = &mut self.state {
            let titles = search.rows_above(&header);
            if titles > 0 {
                let message = Message::new("rows-above-header").with("count", titles);
                self.notes.push(Note { message, needs_attention: false });
            }
            if let Some(message) = search.told_by_content(&header) {
                self.notes.push(Note { message, needs_attention: true });
            }
            above = search.take_coded();
        }
        if !above.is_empty() {
            let message = Message::new("codes-above-header").with("count", above.count()).with("row", header.row);
            let message = message.with_message("rows", above.to_message());
            self.notes.push(Note { message, needs_attention: true });
        }
        self.state = State::Deciding { header: Arc::new(header), above, rows: RowBatch::default() };
    }

    /// Begins a further table below the tables so far.
    fn begin_further(&mut self, header: Header) {
        let message = Message::new("further-header").with("row", header.row);
        self.notes.push(Note { message, needs_attention: false });
        let next = State::Deciding { header: Arc::new(header), above: Stretches::default(), rows: RowBatch::default() };
        if let State::Reading(tables) = std::mem::replace(&mut self.state, next) {
            self.finished.extend(tables.finish());
        }
    }

    /// Chooses the columns by the rows seen, and reads these.
    fn decide(&mut self, intake: &mut Intake<'_>) -> Result<(), String> {
        let unused = State::Searching(Search::default());
        let State::Deciding { header, above, rows } = std::mem::replace(&mut self.state, unused) else { return Ok(()) };
        let settings = intake.rules.settings;
        // Rows below a further header are of another table.
        let is_further = |row: &SheetRow<'_>| {
            let texts = [Texts::of(*row)];
            is_wordy(*row, None) && Header::recognise(&texts, settings, &self.merges).is_ok_and(|other| !other.is_like(&header))
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
        let stray = StrayCodes::below(&header);
        self.state = State::Reading(Tables { header, is_text: self.is_text, sections, stray, held: RowBatch::default() });
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

/// What a row may be besides a row of data.
enum Further {
    /// Nothing else.
    None,
    /// A title of a further table, or the upper row of its header.
    Title,
    /// The header once more, below rows that are held back.
    Repeated,
    /// The header once more, in other words or in part.
    Same,
    /// A header of which not enough is recognised.
    Unknown,
    /// The header of a further table.
    Other(Header),
}

/// Why a row does not fit below a header.
struct Misfit {
    cell: Option<String>,
    advice: Message,
}

impl Tables {
    /// Ends the tables.
    fn finish(self) -> Vec<SheetReport> {
        let mut reports: Vec<SheetReport> = self.sections.into_iter().map(Section::finish).collect();
        if let Some(first) = reports.first_mut() {
            first.notes.extend(self.stray.note());
        }
        reports
    }

    /// Reads a row of data, after those held back.
    fn take(&mut self, row: SheetRow<'_>, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
        self.pass_held(merges, intake)?;
        self.pass(row, merges, intake)
    }

    fn pass(&mut self, row: SheetRow<'_>, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
        if let Some(misfit) = self.misfit(row) {
            return self.reject(row, misfit, merges, intake);
        }
        merges.begin_row(row);
        self.stray.look(row, intake.rules.today);
        for section in &mut self.sections {
            section.take(row, merges, intake)?;
            section.continue_row(row);
        }
        Ok(())
    }

    /// Reads the rows held back: no header came.
    fn pass_held(&mut self, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
        if self.held.len() == 0 {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        held.rows().try_for_each(|row| self.pass(row, merges, intake))
    }

    /// Holds a row back until the next one shows what it is.
    fn hold(&mut self, row: SheetRow<'_>, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
        if self.held.len() == MOST_TITLES {
            self.pass_held(merges, intake)?;
        }
        append(&mut self.held, row);
        Ok(())
    }

    /// Rejects a row that cannot be read as a whole, after those held back.
    fn take_unreadable(
        &mut self,
        row: SheetRow<'_>,
        misfit: Misfit,
        merges: &mut Merges,
        intake: &mut Intake<'_>,
    ) -> Result<(), String> {
        self.pass_held(merges, intake)?;
        self.reject(row, misfit, merges, intake)
    }

    /// Rejects a row. It counts once, whatever tables stand side by side.
    fn reject(
        &mut self,
        row: SheetRow<'_>,
        Misfit { cell, advice }: Misfit,
        merges: &mut Merges,
        intake: &mut Intake<'_>,
    ) -> Result<(), String> {
        merges.begin_row(row);
        let Some(first) = self.sections.first_mut() else { return Ok(()) };
        first.take_unreadable(row.number, cell, advice, intake)?;
        first.continue_row(row);
        Ok(())
    }

    /// What is wrong with a record of a text file that has more fields than the header; `None` where it has not.
    fn misfit(&self, row: SheetRow<'_>) -> Option<Misfit> {
        if !self.is_text {
            return None;
        }
        let width = self.header.headings.len();
        let beyond = row.cells().enumerate().skip(width).find(|(_, cell)| !is_blank(cell)).map(|(column, _)| column)?;
        let advice = Message::new("advice-too-many-fields").with("fields", row.cells().count()).with("columns", width);
        Some(Misfit { cell: Some(cell_name(beyond, row.number)), advice })
    }

    /// Tells whether a row is a header again, or may belong to that of a further table.
    fn further_header(&self, row: SheetRow<'_>, settings: &InputSettings, merges: &Merges) -> Further {
        let holder = self.sections.first().and_then(|section| section.columns().column(Role::HolderCode));
        if !is_wordy(row, holder) {
            return if is_title_with_digits(row, holder) { Further::Title } else { Further::None };
        }
        // Each of the tables tells a repeated header, and counts it, by itself.
        if self.sections.iter().any(|section| section.columns().is_repeated_in(row)) {
            return if self.held.len() > 0 { Further::Repeated } else { Further::None };
        }
        let texts: Vec<Texts> = self.held.rows().chain([row]).map(Texts::of).collect();
        match Header::recognise(&texts, settings, merges) {
            Ok(header) if header.is_like(&self.header) => Further::Same,
            Ok(header) => Further::Other(header),
            Err(_) if self.is_unknown_header(row) => Further::Unknown,
            Err(_) => Further::Title,
        }
    }

    /// Whether a row of words names a holder code, and has words where the codes stood so far: a header that is not recognised
    /// as a whole.
    fn is_unknown_header(&self, row: SheetRow<'_>) -> bool {
        let Some(columns) = self.sections.first().map(Section::columns) else { return false };
        // 身份证 is a word for a type of code and for a type of certificate, too.
        let may_be_value = |column: usize| {
            [Role::HolderCodeType, Role::CertTypeName].into_iter().any(|role| columns.column(role) == Some(column))
        };
        let names_code = |(column, cell): (usize, Cell<'_>)| {
            !may_be_value(column) && matches!(Heading::of(&[cell.text().trim()]).meaning, Some((Role::HolderCode, _)))
        };
        let has_words = columns.column(Role::HolderCode).is_some_and(|column| !is_blank(&row.cell(column)));
        has_words && only_text(row).is_none() && row.cells().enumerate().any(names_code)
    }

    /// Counts those of the rows held back as titles that have the form of one, now that a header comes which they may stand
    /// above, and reads the others.
    fn settle_titles(&mut self, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
        let held = std::mem::take(&mut self.held);
        for row in held.rows() {
            let is_total = self.sections.iter().any(|section| section.columns().is_total(row, false));
            if only_text(row).is_some() && !is_total {
                self.count_for_first(row, Outcome::Title);
            } else {
                self.pass(row, merges, intake)?;
            }
        }
        Ok(())
    }

    fn count_held_as_titles(&mut self) {
        let held = std::mem::take(&mut self.held);
        for row in held.rows() {
            self.count_for_first(row, Outcome::Title);
        }
    }

    fn count_for_first(&mut self, row: SheetRow<'_>, outcome: Outcome) {
        if let Some(first) = self.sections.first_mut() {
            first.count(row, outcome);
        }
    }

    /// Counts a row in every table that it holds something of.
    fn count_for_all(&mut self, row: SheetRow<'_>, outcome: Outcome) {
        for section in self.sections.iter_mut().filter(|section| !section.columns().is_blank(row)) {
            section.count(row, outcome);
        }
    }
}

/// Whether a row has anything to be seen or to be told of.
fn holds_anything(row: SheetRow<'_>) -> bool {
    row.problem.is_some() || !row.cells().all(|cell| is_blank(&cell))
}

/// Copies a row.
fn append(rows: &mut RowBatch, row: SheetRow<'_>) {
    rows.begin_row(row.number);
    for (column, cell) in row.cells().enumerate() {
        rows.push(column, cell);
    }
    rows.continue_row(row.lines);
    if let Some(problem) = row.problem {
        rows.spoil(problem.clone());
    }
}

/// The only cell of a row that holds anything, if it is one of text.
fn only_text(row: SheetRow<'_>) -> Option<(usize, &str)> {
    let mut filled = row.cells().enumerate().filter(|(_, cell)| !is_blank(cell));
    match (filled.next()?, filled.next()) {
        ((column, Cell::Text(text)), None) => Some((column, text)),
        _ => None,
    }
}

/// Whether a row may be a title with a date or a number in it: 2026年清单.
fn is_title_with_digits(row: SheetRow<'_>, holder: Option<usize>) -> bool {
    // Almost every row has a code, and is told by this cell alone.
    if holder.is_some_and(|column| !is_blank(&row.cell(column))) {
        return false;
    }
    let may_be_title = |text: &str| digits_in(text) < DIGITS_OF_A_CODE && text.chars().any(char::is_alphabetic);
    only_text(row).is_some_and(|(_, text)| may_be_title(text))
}
