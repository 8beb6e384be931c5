//! One table: its rows, read below its header, and what became of them.

use super::above::Above;
use super::account::{Account, Outcome, RowList, Stretches};
use super::cell::{Cell, SheetRow};
use super::choice::Choice;
use super::columns::{Columns, Content, cell_name};
use super::dedup::{Dedup, Naming};
use super::heading::Role;
use super::merged::Merges;
use super::remark::{LEGEND_WITHIN, is_legend, is_remark};
use super::row::{InputProblem, NewItem, RejectedRow};
use super::row_reader::{RowReader, RowResult, Rules};
use super::{Note, Place, SheetReport, Sink};
use crate::message::Message;
use std::sync::Arc;

/// Where the rows of a file go, and what they are read by.
pub(super) struct Intake<'a> {
    pub file: Arc<str>,
    pub rules: Rules<'a>,
    pub carried: &'a [String],
    pub dedup: &'a mut Dedup,
    pub sink: &'a mut dyn Sink,
}

/// A table that is being read.
pub(super) struct Section {
    columns: Columns,
    report: SheetReport,
    account: Account,
    above: Above,
    /// Rows that repeat an item, and give another value in a column that looks like one of numbers and is not read.
    other_numbers: RowList,
    /// Rows with a formula in a carried column that nobody has calculated.
    without_carried: RowList,
    /// Rows that name another type than their code stands for.
    named_otherwise: RowList,
}

impl Section {
    /// Opens a table of a sheet below its header.
    pub(super) fn new(sheet: &Arc<str>, choice: Choice, carried: &[String]) -> Self {
        let Choice { columns, unused, notes } = choice;
        let header_row = columns.header.row;
        let report = SheetReport {
            name: Arc::clone(sheet),
            header_row: Some(header_row),
            mapping: columns.mapping(),
            carried: columns.carried_of(carried),
            unused,
            notes,
            ..SheetReport::default()
        };
        Self {
            columns,
            report,
            account: Account::new(header_row),
            above: Above::default(),
            other_numbers: RowList::default(),
            without_carried: RowList::default(),
            named_otherwise: RowList::default(),
        }
    }

    /// Its columns.
    pub(super) const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Adds a note that comes before those on its columns and rows.
    pub(super) fn tell_first(&mut self, note: Note) {
        self.report.notes.insert(0, note);
    }

    /// Takes a row that `merges` has come to.
    ///
    /// # Errors
    /// Fails if the sink cannot keep what was found.
    pub(super) fn take(&mut self, row: SheetRow<'_>, merges: &Merges, intake: &mut Intake<'_>) -> Result<(), String> {
        if self.columns.is_blank(row) {
            return Ok(());
        }
        if self.columns.is_repeated_in(row) {
            self.count(row, Outcome::RepeatedHeader);
            return Ok(());
        }
        let is_near_header = row.number.saturating_sub(self.columns.header.row) <= LEGEND_WITHIN;
        if is_near_header && is_legend(row, &self.columns, intake.rules.catalogue) {
            self.count(row, Outcome::Legend);
            return Ok(());
        }
        let place = self.place(row.number, intake);
        let reader = RowReader::new(row, (merges, &self.above), &self.columns, intake.rules, &place);
        let lacks_code = reader.lacks_holder_code();
        if self.columns.is_example(row) {
            self.count(row, Outcome::Example);
            return Ok(());
        }
        if self.columns.is_total(row, !lacks_code) {
            self.count(row, Outcome::Total);
            return Ok(());
        }
        if lacks_code {
            match self.columns.content_of(row) {
                Content::Serial => {
                    self.count(row, Outcome::Prefilled);
                    return Ok(());
                }
                Content::NumberedTemplate => {
                    self.account.hold_numbered(row.number);
                    return Ok(());
                }
                Content::Template => {
                    self.account.hold(row.number);
                    return Ok(());
                }
                Content::Formulas(column) => {
                    let rejected = RejectedRow {
                        cell: Some(cell_name(column, row.number)),
                        column: self.columns.heading(column).to_owned(),
                        advice: Message::new("advice-uncalculated"),
                        ..rejected_row(place, InputProblem::UnreadableCell)
                    };
                    return self.reject(rejected, intake);
                }
                Content::Own if is_remark(row, &self.columns, merges) => {
                    self.count(row, Outcome::Remark);
                    return Ok(());
                }
                Content::Own => {}
            }
        } else if self.may_be_remark(row) && is_remark(row, &self.columns, merges) {
            self.count(row, Outcome::Remark);
            return Ok(());
        }
        let result = reader.read();
        if !lacks_code {
            self.reject_held(intake)?;
        }
        self.above.keep(row, merges, &self.columns.read);
        self.keep(result, row, intake)
    }

    /// Whether what stands where the holder code would may be part of a signature or of a title.
    fn may_be_remark(&self, row: SheetRow<'_>) -> bool {
        let Some(column) = self.columns.column(Role::HolderCode) else { return false };
        // Almost every row has a code there, and is told by it alone.
        matches!(row.cell(column), Cell::Text(text) if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    /// Rejects the rows above the header that hold codes: no header says what they are.
    ///
    /// # Errors
    /// Fails if the sink cannot keep them.
    pub(super) fn reject_above(&mut self, rows: &Stretches, intake: &mut Intake<'_>) -> Result<(), String> {
        let header_row = self.columns.header.row;
        for row in rows.rows() {
            let advice = Message::new("advice-row-above-header").with("row", header_row);
            self.take_unreadable(row, None, advice, intake)?;
        }
        Ok(())
    }

    /// Rejects a row that cannot be read as a whole.
    ///
    /// # Errors
    /// Fails if the sink cannot keep it.
    pub(super) fn take_unreadable(
        &mut self,
        row: u32,
        cell: Option<String>,
        advice: Message,
        intake: &mut Intake<'_>,
    ) -> Result<(), String> {
        let place = self.place(row, intake);
        self.reject(RejectedRow { cell, advice, ..rejected_row(place, InputProblem::UnreadableRow) }, intake)
    }

    /// Counts a row that has nothing to audit.
    pub(super) fn count(&mut self, row: SheetRow<'_>, outcome: Outcome) {
        self.account.count(row.number, outcome);
    }

    /// Says that so many lines below a row belong to it, if it is the last one taken, or the header.
    pub(super) const fn continue_row(&mut self, row: u32, lines: u32) {
        self.account.continue_row(row, lines);
    }

    /// Closes the table.
    pub(super) fn finish(mut self) -> SheetReport {
        self.account.close(&mut self.report);
        if !self.other_numbers.is_empty() {
            let message = Message::new("duplicates-differ").with_message("rows", self.other_numbers.to_message());
            let message = message.with_list("columns", self.columns.unread_number_headings());
            self.report.notes.push(Note { message, needs_attention: true });
        }
        self.report.notes.extend(nothing_to_audit(&self.report));
        if !self.without_carried.is_empty() {
            let message = Message::new("carried-uncalculated").with_message("rows", self.without_carried.to_message());
            self.report.notes.push(Note { message, needs_attention: true });
        }
        if !self.named_otherwise.is_empty() {
            let message = Message::new("types-named-otherwise").with_message("rows", self.named_otherwise.to_message());
            self.report.notes.push(Note { message, needs_attention: true });
        }
        self.report
    }

    fn place(&self, row: u32, intake: &Intake<'_>) -> Place {
        Place { file: Arc::clone(&intake.file), sheet: Arc::clone(&self.report.name), row }
    }

    /// Rejects the rows that hold only what a template puts into every row, as far as they are few: rows with codes follow,
    /// so that these lack theirs.
    fn reject_held(&mut self, intake: &mut Intake<'_>) -> Result<(), String> {
        let problem = InputProblem::MissingHolderCode;
        let column = self.columns.column(Role::HolderCode);
        for row in self.account.settle_held(problem).rows() {
            let rejected = RejectedRow {
                cell: column.map(|column| cell_name(column, row)),
                column: column.map_or("", |column| self.columns.heading(column)).to_owned(),
                ..rejected_row(self.place(row, intake), problem)
            };
            intake.sink.rejected(rejected)?;
        }
        Ok(())
    }

    fn reject(&mut self, rejected: RejectedRow, intake: &mut Intake<'_>) -> Result<(), String> {
        self.account.count(rejected.place.row, Outcome::Rejected(rejected.problem));
        intake.sink.rejected(rejected)
    }

    /// Passes on what a row came to, and counts it.
    fn keep(&mut self, result: RowResult, row: SheetRow<'_>, intake: &mut Intake<'_>) -> Result<(), String> {
        for repair in result.repairs {
            self.report.repairs += 1;
            intake.sink.repair(repair)?;
        }
        if result.lacks_carried_value {
            self.without_carried.push(row.number);
        }
        if result.is_named_otherwise {
            self.named_otherwise.push(row.number);
        }
        if let Some(rejected) = result.rejected {
            return self.reject(rejected, intake);
        }
        let mut new = 0;
        let unread_number = self.columns.unread_number(row);
        for item in result.items {
            new += u64::from(self.keep_item(item, unread_number, intake)?);
        }
        self.account.count(row.number, if new > 0 { Outcome::First(new) } else { Outcome::Duplicate });
        Ok(())
    }

    /// Passes on an item. Returns whether it is named for the first time.
    fn keep_item(&mut self, item: NewItem, unread_number: Option<u32>, intake: &mut Intake<'_>) -> Result<bool, String> {
        match intake.dedup.name(&item, unread_number) {
            Naming::First => {
                if intake.rules.catalogue.name(&item.cert_type_code).is_none() {
                    self.report.not_in_catalogue.insert(item.cert_type_code.clone());
                }
                intake.sink.item(item)?;
                Ok(true)
            }
            Naming::Again { item_id, carried_differ, unread_number_differs } => {
                if unread_number_differs {
                    self.other_numbers.push(item.place.row);
                }
                self.report.repairs += u64::from(carried_differ);
                intake.sink.repeated(item_id, item, carried_differ)?;
                Ok(false)
            }
        }
    }
}

/// What to tell of a table that names nothing to audit: it has no rows, or only those of the template.
fn nothing_to_audit(report: &SheetReport) -> Option<Note> {
    let message = match report.rows {
        0 => Message::new("table-without-rows"),
        rows if rows == report.blank_rows && report.prefilled_rows > 0 => Message::new("table-only-prefilled"),
        _ => return None,
    };
    Some(Note { message, needs_attention: true })
}

/// A rejected row, with the usual advice and without a cell.
fn rejected_row(place: Place, problem: InputProblem) -> RejectedRow {
    RejectedRow { place, cell: None, column: String::new(), value: String::new(), problem, advice: problem.advice() }
}
