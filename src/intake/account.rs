//! Row accounting: every row below a header is counted once, by what became of it.

use super::row::InputProblem;
use super::{Note, SheetReport};
use crate::message::Message;
use std::collections::BTreeMap;

/// Stretches of rows that a message names at most.
const MOST_NAMED: usize = 10;
/// Rows in a stretch from which on rows that hold only what a template came with are the template's, although rows with
/// codes follow; fewer are omissions.
const LEAST_OF_A_TEMPLATE: u32 = 3;

/// What became of a row that holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It names this many items for the first time, at least one.
    First(u64),
    /// It names only items named before.
    Duplicate,
    /// It cannot be audited.
    Rejected(InputProblem),
    /// It holds only what a template came with.
    Prefilled,
    /// It is a header again.
    RepeatedHeader,
    /// It is a total.
    Total,
    /// It shows how a template is filled in.
    Example,
    /// It is a title of the table that follows.
    Title,
    /// It says how the columns are to be filled in, or numbers them.
    Legend,
    /// It is a title of the rows that follow, a signature or a note.
    Remark,
}

/// Rows for a message: the first stretches of them, and how many more there are.
#[derive(Debug, Default)]
pub(super) struct RowList {
    stretches: Vec<(u32, u32)>,
    further: u64,
}

impl RowList {
    pub(super) fn push(&mut self, row: u32) {
        let is_full = self.stretches.len() == MOST_NAMED;
        if self.further == 0
            && let Some((_, last)) = self.stretches.last_mut()
            && row == last.saturating_add(1)
        {
            *last = row;
        } else if is_full {
            self.further += 1;
        } else {
            self.stretches.push((row, row));
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// The rows as an argument of a message.
    pub(super) fn to_message(&self) -> Message {
        let stretch = |(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}–{last}") };
        let rows = self.stretches.iter().map(stretch).collect::<Vec<_>>().join(", ");
        if self.further == 0 {
            Message::new("row-list").with("rows", rows)
        } else {
            Message::new("row-list-more").with("rows", rows).with("more", self.further)
        }
    }
}

/// Rows as stretches without a gap: first and last row.
#[derive(Debug, Default)]
pub(super) struct Stretches(Vec<(u32, u32)>);

impl Stretches {
    pub(super) fn push(&mut self, row: u32) {
        match self.0.last_mut() {
            Some((_, last)) if row == last.saturating_add(1) => *last = row,
            _ => self.0.push((row, row)),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many rows they are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }

    /// Every row.
    pub(super) fn rows(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Takes the stretches of at least so many rows out.
    fn take_longer(&mut self, least: u32) -> Self {
        let is_long = |stretch: &(u32, u32)| stretch.1 - stretch.0 >= least.saturating_sub(1);
        let (long, short) = std::mem::take(&mut self.0).into_iter().partition(is_long);
        self.0 = short;
        Self(long)
    }

    /// The rows as an argument of a message.
    pub(super) fn to_message(&self) -> Message {
        let mut list = RowList::default();
        self.rows().for_each(|row| list.push(row));
        list.to_message()
    }
}

/// The rows below one header.
#[derive(Debug, Default)]
pub(super) struct Account {
    header_row: u32,
    /// The last row so far that holds anything.
    last: u32,
    /// Rows without anything above the last one that holds anything.
    gaps: u64,
    first_rows: u64,
    items: u64,
    duplicates: u64,
    rejected: BTreeMap<&'static str, u64>,
    prefilled: Kind,
    repeated_headers: Kind,
    totals: Kind,
    examples: Kind,
    titles: Kind,
    legends: Kind,
    remarks: Kind,
    /// Rows that hold only what a template came with, between rows with holder codes or above them.
    templates: Kind,
    /// Rows that are prefilled unless a row with a holder code follows.
    held: Stretches,
    /// Rows with a serial number that are prefilled, and to be told where a row with a holder code follows.
    numbered: Stretches,
}

/// Rows of one kind that has nothing to audit.
#[derive(Debug, Default)]
struct Kind {
    count: u64,
    rows: RowList,
}

impl Kind {
    fn add(&mut self, row: u32) {
        self.count += 1;
        self.rows.push(row);
    }
}

impl Account {
    /// Opens the account of the rows below a header.
    pub(super) fn new(header_row: u32) -> Self {
        Self { header_row, last: header_row, ..Self::default() }
    }

    /// Counts a row that holds something.
    pub(super) fn count(&mut self, row: u32, outcome: Outcome) {
        self.pass(row);
        match outcome {
            Outcome::First(items) => {
                self.first_rows += 1;
                self.items += items;
            }
            Outcome::Duplicate => self.duplicates += 1,
            Outcome::Rejected(problem) => self.reject(problem, 1),
            Outcome::Prefilled => self.prefilled.add(row),
            Outcome::RepeatedHeader => self.repeated_headers.add(row),
            Outcome::Total => self.totals.add(row),
            Outcome::Example => self.examples.add(row),
            Outcome::Title => self.titles.add(row),
            Outcome::Legend => self.legends.add(row),
            Outcome::Remark => self.remarks.add(row),
        }
    }

    /// Counts a row that is prefilled, unless a row with a holder code follows: then it lacks one.
    pub(super) fn hold(&mut self, row: u32) {
        self.pass(row);
        self.held.push(row);
    }

    /// Counts a row with a serial number that is prefilled, wherever it stands; between rows with holder codes it is told.
    pub(super) fn hold_numbered(&mut self, row: u32) {
        self.pass(row);
        self.numbered.push(row);
    }

    /// Counts the rows that are held, now that a row with a holder code follows: a few by themselves as rejected for
    /// `problem`, which it returns; more, and those with a serial number, as the template's.
    pub(super) fn settle_held(&mut self, problem: InputProblem) -> Stretches {
        if !self.numbered.is_empty() {
            for row in std::mem::take(&mut self.numbered).rows() {
                self.templates.add(row);
            }
        }
        if self.held.is_empty() {
            return Stretches::default();
        }
        for row in self.held.take_longer(LEAST_OF_A_TEMPLATE).rows() {
            self.templates.add(row);
        }
        let rejected = std::mem::take(&mut self.held);
        self.reject(problem, rejected.count());
        rejected
    }

    fn reject(&mut self, problem: InputProblem, rows: u64) {
        if rows == 0 {
            return;
        }
        *self.rejected.entry(problem.name()).or_default() += rows;
    }

    /// Goes on to a row that holds something: rows that were left out are blank.
    fn pass(&mut self, row: u32) {
        if row > self.last {
            self.gaps += u64::from(row - self.last) - 1;
            self.last = row;
        } else if row > self.header_row && row < self.last {
            // A row that comes late was counted as a blank one when it was left out.
            self.gaps = self.gaps.saturating_sub(1);
        }
    }

    /// Says that so many lines below a row belong to it, if it is the last one counted: they are no blank rows.
    pub(super) const fn continue_row(&mut self, row: u32, lines: u32) {
        if self.last == row {
            self.last = row.saturating_add(lines);
        }
    }

    /// Writes the counts into a report, with notes on the rows that have nothing to audit. What is still held is
    /// prefilled.
    pub(super) fn close(mut self, report: &mut SheetReport) {
        for row in std::mem::take(&mut self.held).rows().chain(std::mem::take(&mut self.numbered).rows()) {
            self.prefilled.add(row);
        }
        report.first_rows = self.first_rows;
        report.items = self.items;
        report.duplicates = self.duplicates;
        report.rejected = self.rejected.into_iter().map(|(problem, rows)| (problem.to_owned(), rows)).collect();
        report.prefilled_rows = self.prefilled.count;
        report.repeated_headers = self.repeated_headers.count;
        report.total_rows = self.totals.count;
        let further = [&self.examples, &self.titles, &self.legends, &self.remarks, &self.templates].map(|kind| kind.count);
        report.blank_rows =
            self.gaps + report.prefilled_rows + report.repeated_headers + report.total_rows + further.into_iter().sum::<u64>();
        // The sum of its parts by construction: no row is counted that is not counted as something.
        report.rows = report.first_rows + report.duplicates + report.rejected.values().sum::<u64>() + report.blank_rows;
        for (note, kind) in [
            (Message::new("rows-prefilled"), self.prefilled),
            (Message::new("rows-repeated-header"), self.repeated_headers),
            (Message::new("rows-total"), self.totals),
            (Message::new("rows-example"), self.examples),
            (Message::new("rows-title"), self.titles),
            (Message::new("rows-legend"), self.legends),
            (Message::new("rows-remark"), self.remarks),
            (Message::new("rows-type-alone"), self.templates),
        ] {
            if kind.count > 0 {
                // Rows with codes stand below the ones, so that they may lack theirs; the others may be rows of data.
                let needs_attention = matches!(note.code(), "rows-type-alone" | "rows-example");
                let message = note.with("count", kind.count).with_message("rows", kind.rows.to_message());
                report.notes.push(Note { message, needs_attention });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outcome() -> impl Strategy<Value = Option<Outcome>> {
        prop_oneof![
            (1..4u64).prop_map(|items| Some(Outcome::First(items))),
            Just(Some(Outcome::Duplicate)),
            Just(Some(Outcome::Rejected(InputProblem::BadLength))),
            Just(Some(Outcome::Rejected(InputProblem::UnreadableRow))),
            Just(Some(Outcome::Prefilled)),
            Just(Some(Outcome::RepeatedHeader)),
            Just(Some(Outcome::Total)),
            Just(Some(Outcome::Example)),
            Just(Some(Outcome::Title)),
            Just(Some(Outcome::Legend)),
            Just(Some(Outcome::Remark)),
            // Held back.
            Just(None),
        ]
    }

    proptest! {
        #[test]
        fn every_row_down_to_the_last_is_counted_once_in_whatever_order_rows_come(
            rows in prop::collection::hash_map(2..300u32, outcome(), 0..60), rejects_held in any::<bool>(),
        ) {
            let mut account = Account::new(1);
            // The order of a hash map is any order.
            for (row, outcome) in &rows {
                match outcome {
                    Some(outcome) => account.count(*row, *outcome),
                    None => account.hold(*row),
                }
            }
            if rejects_held {
                let rejected = account.settle_held(InputProblem::MissingHolderCode);
                let held = rows.values().filter(|outcome| outcome.is_none()).count() as u64;
                prop_assert_eq!(rejected.count() + account.templates.count, held);
            }
            let mut report = SheetReport::default();
            account.close(&mut report);
            prop_assert_eq!(report.rows, u64::from(rows.keys().max().map_or(0, |last| last - 1)));
            let parts = report.first_rows + report.duplicates + report.rejected.values().sum::<u64>() + report.blank_rows;
            prop_assert_eq!(report.rows, parts);
            let named = report.prefilled_rows + report.repeated_headers + report.total_rows;
            prop_assert!(named <= report.blank_rows);
        }
    }

    #[test]
    fn a_few_rows_without_codes_are_omissions_and_many_are_the_templates() {
        let mut account = Account::new(1);
        for row in [3, 4, 7, 8, 9, 12] {
            account.hold(row);
        }
        let rejected = account.settle_held(InputProblem::MissingHolderCode);
        assert_eq!(rejected.rows().collect::<Vec<_>>(), [3, 4, 12]);
        let mut report = SheetReport::default();
        account.close(&mut report);
        assert_eq!((report.rows, report.blank_rows, report.rejected["missing_holder_code"]), (11, 8, 3));
        let [note] = &report.notes[..] else { panic!("{:?}", report.notes) };
        assert!(note.needs_attention && note.message.code() == "rows-type-alone");
    }

    #[test]
    fn numbered_rows_of_a_template_are_blank_and_told_where_a_code_follows() {
        let mut account = Account::new(1);
        account.hold_numbered(2);
        account.hold_numbered(4);
        assert!(account.settle_held(InputProblem::MissingHolderCode).is_empty());
        account.count(5, Outcome::First(1));
        account.hold_numbered(6);
        let mut report = SheetReport::default();
        account.close(&mut report);
        assert_eq!((report.rows, report.blank_rows, report.prefilled_rows), (5, 4, 1));
        let told: Vec<(&str, bool)> = report.notes.iter().map(|note| (note.message.code(), note.needs_attention)).collect();
        assert_eq!(told, [("rows-prefilled", false), ("rows-type-alone", true)]);
    }

    #[test]
    fn further_lines_of_a_row_are_no_blank_rows() {
        let mut account = Account::new(1);
        account.count(2, Outcome::Duplicate);
        account.continue_row(2, 2);
        account.count(5, Outcome::Duplicate);
        account.continue_row(4, 7);
        account.count(7, Outcome::Duplicate);
        let mut report = SheetReport::default();
        account.close(&mut report);
        assert_eq!((report.rows, report.duplicates, report.blank_rows), (4, 3, 1));
    }

    #[test]
    fn rows_of_a_kind_are_told_at_most_ten_stretches_and_how_many_more() {
        let mut rows = RowList::default();
        for row in [3, 4, 5, 9] {
            rows.push(row);
        }
        assert_eq!(rows.to_message(), Message::new("row-list").with("rows", "3–5, 9"));
        for row in (20..60).step_by(2) {
            rows.push(row);
        }
        let shown = "3–5, 9, 20, 22, 24, 26, 28, 30, 32, 34";
        assert_eq!(rows.to_message(), Message::new("row-list-more").with("rows", shown).with("more", 12));
    }
}
