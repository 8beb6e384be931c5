//! Tables side by side below one header: which of their rows are data, and which belong to a header, above or below.

use super::SheetReport;
use super::account::Outcome;
use super::cell::{Cell, RowBatch, SheetRow};
use super::columns::{cell_name, is_blank};
use super::header::{ByContent, Header, Texts, digits_in, is_wordy};
use super::heading::{Heading, Role};
use super::merged::Merges;
use super::row_reader::Rules;
use super::section::{Intake, Section};
use super::stray::{StrayCodes, holds_code};
use crate::job::InputSettings;
use crate::message::Message;
use std::sync::Arc;

/// Rows that may be titles of a further table are held back until the row below them shows what they are; more than these
/// are none.
const MOST_TITLES: usize = 3;
/// A title with this many digits is none: it may be a code.
const DIGITS_OF_A_CODE: usize = 8;

/// Tables side by side below one header.
pub(super) struct Tables {
    header: Arc<Header>,
    /// Whether they come from delimited text, where a row with more fields than the header is a damaged record.
    is_text: bool,
    sections: Vec<Section>,
    /// Codes beside the columns that the header names.
    stray: StrayCodes,
    /// Rows that may be titles, or upper rows of a header, of a further table.
    held: RowBatch,
}

/// What a row may be besides a row of data.
pub(super) enum Further {
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
pub(super) struct Misfit {
    pub cell: Option<String>,
    pub advice: Message,
}

impl Tables {
    /// The tables that `sections` are, below a header.
    pub(super) fn new(header: Arc<Header>, sections: Vec<Section>, is_text: bool) -> Self {
        let stray = StrayCodes::below(&header);
        Self { header, is_text, sections, stray, held: RowBatch::default() }
    }

    /// Number of the lowest row of their header, counted from 1.
    pub(super) fn header_row(&self) -> u32 {
        self.header.row
    }

    /// Ends the tables.
    pub(super) fn finish(self) -> Vec<SheetReport> {
        let mut reports: Vec<SheetReport> = self.sections.into_iter().map(Section::finish).collect();
        if let Some(first) = reports.first_mut() {
            first.notes.extend(self.stray.note());
        }
        reports
    }

    /// Reads a row of data, after those held back.
    pub(super) fn take(&mut self, row: SheetRow<'_>, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
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
            section.continue_row(row.number, row.lines);
        }
        Ok(())
    }

    /// Reads the rows held back: no header came.
    pub(super) fn pass_held(&mut self, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
        if self.held.len() == 0 {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        held.rows().try_for_each(|row| self.pass(row, merges, intake))
    }

    /// Holds a row back until the next one shows what it is.
    pub(super) fn hold(&mut self, row: SheetRow<'_>, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
        if self.held.len() == MOST_TITLES {
            self.pass_held(merges, intake)?;
        }
        append(&mut self.held, row);
        Ok(())
    }

    /// Rejects a row that cannot be read as a whole, after those held back.
    pub(super) fn take_unreadable(
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
        first.continue_row(row.number, row.lines);
        Ok(())
    }

    /// What is wrong with a record of a text file that has more fields than the header; `None` where it has not.
    pub(super) fn misfit(&self, row: SheetRow<'_>) -> Option<Misfit> {
        if !self.is_text {
            return None;
        }
        let width = self.header.headings.len();
        let beyond = row.cells().enumerate().skip(width).find(|(_, cell)| !is_blank(cell)).map(|(column, _)| column)?;
        let advice = Message::new("advice-too-many-fields").with("fields", row.cells().count()).with("columns", width);
        Some(Misfit { cell: Some(cell_name(beyond, row.number)), advice })
    }

    /// Tells whether a row is a header again, or may belong to that of a further table.
    pub(super) fn further_header(&self, row: SheetRow<'_>, settings: &InputSettings, merges: &Merges) -> Further {
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
            Ok(header) if header.begins_further_table(&self.header) => Further::Other(header),
            Ok(_) => Further::Same,
            Err(_) if self.is_unknown_header(row) => Further::Unknown,
            Err(_) => Further::Title,
        }
    }

    /// The row held back last as a header, where a row of data below it shows that it is one: it holds a code, and none where
    /// the codes stood so far.
    pub(super) fn header_by_content(&self, row: SheetRow<'_>, rules: Rules<'_>) -> Option<ByContent> {
        if self.held.len() == 0 {
            return None;
        }
        let columns = || self.sections.iter().map(Section::columns);
        let first = columns().filter_map(|columns| columns.column(Role::HolderCode));
        let further = columns().flat_map(|columns| columns.alternates.iter().map(|other| other.column));
        if first.chain(further).any(|column| holds_code(&row.cell(column), rules.today)) {
            return None;
        }
        let texts: Vec<Texts> = self.held.rows().map(Texts::of).collect();
        Header::by_content(&texts, row, rules.settings, rules.today)
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
    pub(super) fn settle_titles(&mut self, merges: &mut Merges, intake: &mut Intake<'_>) -> Result<(), String> {
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

    /// Counts the rows held back as titles, and the last of them as a header.
    pub(super) fn count_held_as_header(&mut self) {
        let held = std::mem::take(&mut self.held);
        let last = held.len().saturating_sub(1);
        for (place, row) in held.rows().enumerate() {
            self.count_for_first(row, if place == last { Outcome::RepeatedHeader } else { Outcome::Title });
        }
    }

    pub(super) fn count_held_as_titles(&mut self) {
        let held = std::mem::take(&mut self.held);
        for row in held.rows() {
            self.count_for_first(row, Outcome::Title);
        }
    }

    pub(super) fn count_for_first(&mut self, row: SheetRow<'_>, outcome: Outcome) {
        if let Some(first) = self.sections.first_mut() {
            first.count(row, outcome);
        }
    }

    /// Counts a row in every table that it holds something of.
    pub(super) fn count_for_all(&mut self, row: SheetRow<'_>, outcome: Outcome) {
        for section in self.sections.iter_mut().filter(|section| !section.columns().is_blank(row)) {
            section.count(row, outcome);
        }
    }
}

/// The only cell of a row that holds anything, if it is one of text.
fn only_text(row: SheetRow<'_>) -> Option<&str> {
    let mut filled = row.cells().filter(|cell| !is_blank(cell));
    match (filled.next()?, filled.next()) {
        (Cell::Text(text), None) => Some(text),
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
    only_text(row).is_some_and(may_be_title)
}

/// Copies a row.
pub(super) fn append(rows: &mut RowBatch, row: SheetRow<'_>) {
    rows.begin_row(row.number);
    for (column, cell) in row.cells().enumerate() {
        rows.push(column, cell);
    }
    rows.continue_row(row.lines);
    if let Some(problem) = row.problem {
        rows.spoil(problem.clone());
    }
}
