//! Looking for the header of a sheet.

use super::account::Stretches;
use super::cell::SheetRow;
use super::header::{ByContent, Header, NoHeader, Texts, digits_in};
use super::merged::Merges;
use super::row_reader::Rules;
use super::stray::is_coded;
use super::words::{fold, is_heading};
use crate::job::{HeaderRow, InputSettings};
use crate::message::Message;

/// Where a header is looked for at most, in rows that are not blank.
const HEADER_WITHIN: u32 = 50;
/// A header is not higher than this, in rows.
const HIGHEST: usize = 3;
/// A text with this many digits may be somebody's number.
const DIGITS_OF_A_NUMBER: usize = 4;

/// What a row above the data is.
#[derive(Debug)]
pub(super) enum Sought {
    /// Not the end of the header yet.
    Above,
    /// The last row of the header.
    Header(Header),
    /// The first row below a header that ends above it.
    Below(Header),
    /// Proof that there is no header: nothing like it is in the rows looked at.
    GaveUp,
}

/// The search for a header, row by row.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Rows that were candidates.
    looked: u32,
    /// Rows that hold something.
    filled: u32,
    /// The last rows, which may be upper rows of the header.
    above: Vec<Texts>,
    /// Lines of a text that belong to the last of them beside its first.
    lines: u32,
    /// Rows with codes, which no header is found for as yet.
    coded: Stretches,
    /// Columns of the header that was found whose meaning is told by what they hold.
    by_content: Vec<usize>,
    /// A header that may go on in the rows below.
    found: Option<Header>,
    /// What a message may show of the row that looks most like a header.
    shown: Vec<String>,
    /// Headers that the job names and the likeliest row lacks.
    missing: Vec<String>,
    /// Cells in the fullest row.
    widest: usize,
    /// Whether the row came that the job names.
    saw_named_row: bool,
}

impl Search {
    /// Takes a row.
    pub(super) fn take(&mut self, row: SheetRow<'_>, rules: Rules<'_>, merges: &Merges) -> Sought {
        let settings = rules.settings;
        if row.is_blank() && row.problem.is_none() {
            return Sought::Above;
        }
        if let Some(header) = self.found.take() {
            return self.go_on(header, row, settings, merges);
        }
        let is_coded = is_coded(row, rules.today);
        if is_coded
            && row.problem.is_none()
            && settings.header_row == HeaderRow::Auto
            && let Some(ByContent { header, columns }) = Header::by_content(&self.above, row, settings, rules.today)
        {
            self.by_content = columns;
            return Sought::Below(header);
        }
        self.filled += 1;
        if is_coded {
            self.coded.push(row.number);
        }
        if row.problem.is_some() {
            self.above.clear();
            return Sought::Above;
        }
        if is_coded && settings.header_row != HeaderRow::At(row.number) {
            return self.pass_data(row, settings, merges);
        }
        self.above.push(Texts::of(row));
        self.lines = row.lines;
        if self.above.len() > HIGHEST {
            self.above.remove(0);
        }
        let is_candidate = match settings.header_row {
            HeaderRow::Auto => true,
            HeaderRow::At(number) => row.number == number,
        };
        if !is_candidate {
            return Sought::Above;
        }
        self.saw_named_row = true;
        self.looked += 1;
        match Header::recognise(&self.above, settings, merges) {
            Ok(header) => {
                // The rows below may be part of it: as merged cells say, or, where there are none, as the next row does.
                let goes_on = merges.is_empty() || bottom(&header, merges) > header.row;
                if goes_on {
                    self.found = Some(header);
                    return Sought::Above;
                }
                Sought::Header(header)
            }
            Err(reason) => {
                self.remember(reason);
                let has_looked_enough = self.looked >= HEADER_WITHIN || settings.header_row != HeaderRow::Auto;
                if has_looked_enough { Sought::GaveUp } else { Sought::Above }
            }
        }
    }

    /// Passes a row of data, which is no part of a header.
    fn pass_data(&mut self, row: SheetRow<'_>, settings: &InputSettings, merges: &Merges) -> Sought {
        self.above.clear();
        if settings.header_row != HeaderRow::Auto {
            return Sought::Above;
        }
        self.above.push(Texts::of(row));
        if let Err(reason) = Header::recognise(&self.above, settings, merges) {
            self.remember(reason);
        }
        self.above.clear();
        self.looked += 1;
        if self.looked >= HEADER_WITHIN { Sought::GaveUp } else { Sought::Above }
    }

    /// Decides whether a row goes on with the header above it.
    fn go_on(&mut self, header: Header, row: SheetRow<'_>, settings: &InputSettings, merges: &Merges) -> Sought {
        let own = Texts::of(row);
        let is_part = row.problem.is_none()
            && if merges.is_empty() { header.goes_on_in(&own) } else { row.number <= bottom(&header, merges) };
        if !is_part {
            return Sought::Below(header);
        }
        let mut rows = header.levels.clone();
        rows.push(own);
        match Header::recognise(&rows, settings, merges) {
            // A row that is read by itself has nothing of the header above it.
            Ok(whole) if whole.levels.len() == rows.len() => {
                self.filled += 1;
                self.lines = row.lines;
                if bottom(&whole, merges) > whole.row {
                    self.found = Some(whole);
                    return Sought::Above;
                }
                Sought::Header(whole)
            }
            _ => Sought::Below(header),
        }
    }

    /// Ends the search. Returns the header that was found, if one was.
    pub(super) fn finish(&mut self) -> Option<Header> {
        self.found.take()
    }

    /// How many rows of titles and notes stand above a header.
    pub(super) fn rows_above(&self, header: &Header) -> u32 {
        let other = u64::try_from(header.levels.len()).unwrap_or(u64::MAX).saturating_add(self.coded.count());
        u32::try_from(u64::from(self.filled).saturating_sub(other)).unwrap_or(u32::MAX)
    }

    /// Lines of a text that belong to the header that was found beside its first.
    pub(super) const fn header_lines(&self) -> u32 {
        self.lines
    }

    /// Takes the rows above a header that hold codes.
    pub(super) fn take_coded(&mut self) -> Stretches {
        std::mem::take(&mut self.coded)
    }

    /// Columns of the header that was found whose meaning is told by what they hold.
    pub(super) fn by_content(&self) -> &[usize] {
        &self.by_content
    }

    /// Keeps what a message may show of the last row, if it looks more like a header than those before.
    fn remember(&mut self, reason: NoHeader) {
        let Some(own) = self.above.last() else { return };
        self.widest = self.widest.max(own.filled());
        // Only what headers say is shown: the row may be of data, with names in it.
        let is_shown = |text: &&String| digits_in(text) < DIGITS_OF_A_NUMBER && is_heading(&fold(text));
        let shown: Vec<String> = own.texts.iter().filter(is_shown).cloned().collect();
        let missing = match reason {
            NoHeader::Missing(names) => names,
            NoHeader::Unrecognised => Vec::new(),
        };
        if shown.len() > self.shown.len() || self.missing.is_empty() && self.shown.is_empty() {
            self.shown = shown;
            self.missing = missing;
        }
    }

    /// Whether the sheet looks like a table: it has several columns, or codes in one.
    pub(super) const fn looks_like_a_table(&self) -> bool {
        self.widest > 1 || !self.coded.is_empty()
    }

    /// Whether a column is missing that the job names.
    pub(super) const fn lacks_named_column(&self) -> bool {
        !self.missing.is_empty()
    }

    /// Why there is no header.
    pub(super) fn reason(&self, settings: &InputSettings) -> Message {
        let found = self.shown.join(", ");
        match settings.header_row {
            _ if self.filled == 0 => Message::new("sheet-empty"),
            HeaderRow::At(row) if !self.saw_named_row => Message::new("header-row-blank").with("row", row),
            _ if !self.missing.is_empty() => {
                let message = if found.is_empty() { "columns-missing-rows" } else { "columns-missing" };
                let missing = Message::new(message).with("columns", self.missing.join(", "));
                if found.is_empty() { missing.with("rows", self.looked) } else { missing.with("found", found) }
            }
            _ if found.is_empty() => Message::new("no-header-rows").with("rows", self.looked),
            _ => Message::new("no-header").with("found", found),
        }
    }
}

/// The last row of a header, as far as its cells are merged downwards.
fn bottom(header: &Header, merges: &Merges) -> u32 {
    merges.bottom(header.row, |column| header.headings.get(column).is_some_and(|heading| !heading.text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::super::cell::{Cell, RowBatch};
    use super::super::stream::MergedRange;
    use super::*;
    use crate::codes::Catalogue;
    use crate::job::{Columns, SheetChoice};
    use chrono::NaiveDate;

    fn settings() -> InputSettings {
        InputSettings {
            path: String::new(),
            sheet: SheetChoice::Every,
            header_row: HeaderRow::Auto,
            columns: Columns::default(),
            default_type_codes: Vec::new(),
            default_holder_code_type: None,
            carry: Vec::new(),
        }
    }

    /// The header's row, the number of rows above it, and the first row of data; or why there is no header.
    fn sought(rows: &[&[&str]], ranges: Vec<MergedRange>, settings: &InputSettings) -> Result<[u32; 3], Message> {
        let mut batch = RowBatch::default();
        for (number, cells) in (1..).zip(rows) {
            batch.begin_row(number);
            for (column, text) in cells.iter().enumerate() {
                batch.push(column, if text.is_empty() { Cell::Empty } else { Cell::Text(text) });
            }
        }
        let merges = Merges::new(ranges);
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let rules = Rules { settings, catalogue: Catalogue::of_the_specification(), today };
        let mut search = Search::default();
        for row in batch.rows() {
            match search.take(row, rules, &merges) {
                Sought::Above => {}
                Sought::Header(header) => return Ok([header.row, search.rows_above(&header), row.number + 1]),
                Sought::Below(header) => return Ok([header.row, search.rows_above(&header), row.number]),
                Sought::GaveUp => return Err(search.reason(settings)),
            }
        }
        match search.finish() {
            Some(header) => Ok([header.row, search.rows_above(&header), 0]),
            None => Err(search.reason(settings)),
        }
    }

    #[test]
    fn a_header_ends_where_its_cells_end() {
        let down = |column| MergedRange { rows: (2, 3), columns: (column, column) };
        let over = MergedRange { rows: (2, 2), columns: (2, 3) };
        let rows: &[&[&str]] = &[
            &["2026 年清单"],
            &["身份证号", "证照名称", "有效期", ""],
            &["", "", "起始日期", "截止日期"],
            &["370499199001010007", "居民身份证", "2020-01-01", "2040-01-01"],
        ];
        assert_eq!(sought(rows, vec![down(0), down(1), over], &settings()), Ok([3, 1, 4]));
        // Without merged ranges, the row below speaks for itself.
        assert_eq!(sought(rows, Vec::new(), &settings()), Ok([3, 1, 4]));
        let plain: &[&[&str]] = &[&["身份证号", "证照名称"], &["", "居民身份证"], &["370499199001010007", "居民身份证"]];
        assert_eq!(sought(plain, Vec::new(), &settings()), Ok([1, 0, 2]));
        assert_eq!(sought(&plain[..1], Vec::new(), &settings()), Ok([1, 0, 0]));
    }

    #[test]
    fn a_message_shows_headers_and_never_a_row_of_data() {
        let data: &[&[&str]] = &[&["张三", "370499199001010007", "市中区"], &["李四", "370499199001010015", "薛城区"]];
        assert_eq!(sought(data, Vec::new(), &settings()), Err(Message::new("no-header-rows").with("rows", 2)));
        let headed: &[&[&str]] = &[&["姓名", "电话"], &["张三", "13800000000"], &["李四", "居民身份证"]];
        assert_eq!(sought(headed, Vec::new(), &settings()), Err(Message::new("no-header").with("found", "姓名, 电话")));
        assert_eq!(sought(&[&["", ""]], Vec::new(), &settings()), Err(Message::new("sheet-empty")));
    }

    #[test]
    fn the_row_and_the_columns_that_a_job_names_have_to_be_there() {
        let named = |name: &str| InputSettings {
            columns: Columns { holder_code: Some(name.to_owned()), ..Columns::default() },
            default_type_codes: vec!["11100000000013127D001".to_owned()],
            ..settings()
        };
        let rows: &[&[&str]] = &[&["编号", "备用"], &["370499199001010007", "1"]];
        assert_eq!(sought(rows, Vec::new(), &named("编号")), Ok([1, 0, 2]));
        let missing = Message::new("columns-missing").with("columns", "证件号").with("found", "编号, 备用");
        assert_eq!(sought(rows, Vec::new(), &named("证件号")), Err(missing));
        let at = InputSettings { header_row: HeaderRow::At(9), ..settings() };
        assert_eq!(sought(rows, Vec::new(), &at), Err(Message::new("header-row-blank").with("row", 9)));
    }
}
