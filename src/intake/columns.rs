//! The columns of a table: which is read for what, and which hold nothing but what a template came with.

use super::ColumnUse;
use super::cell::{Cell, SheetRow, ends_in_zeros};
use super::header::{Header, Texts, digits_in};
use super::heading::Role;
use super::repair::{is_placeholder, is_unseen};
use super::template::{Template, says_example};
use super::words::fold;
use crate::message::Message;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// What totals are called.
const TOTALS: [&str; 4] = ["合计", "总计", "小计", "共计"];
/// No longer text, in characters, is the name of a total.
const LONGEST_TOTAL: usize = 10;
/// A text with so many digits where a holder code would be is a code, and not a count.
const DIGITS_OF_A_CODE: usize = 8;

/// The letters of a column, counted from 0.
pub(super) fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        left -= 1;
        letters.insert(0, char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
        left /= 26;
    }
    letters.into_iter().collect()
}

/// The name of a cell: its column, counted from 0, in letters, and its row.
pub(super) fn cell_name(column: usize, row: u32) -> String {
    column_letters(column) + &row.to_string()
}

/// A further column that may hold the holder code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alternate {
    pub column: usize,
    /// Whether it is read where the first choice holds no code that checks: rows mostly fill one or the other.
    pub fills_gaps: bool,
}

/// What a row without a holder code holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing but a serial number.
    Serial,
    /// Nothing but a serial number and what the template puts into every row.
    NumberedTemplate,
    /// Nothing but what the template puts into every row.
    Template,
    /// Formulas without a value, and nothing else; the first of them stands in this column.
    Formulas(usize),
    /// Something of its own.
    Own,
}

/// The columns of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// Columns of the sheet that the table takes up; open to the right where nothing stands beside it.
    pub range: Range<usize>,
    /// The header that it stands under.
    pub header: Arc<Header>,
    /// The column of each role, in the order of [`Role::ALL`].
    pub roles: [Option<usize>; Role::ALL.len()],
    /// Further columns that may hold the holder code.
    pub alternates: Vec<Alternate>,
    /// For each of the job's carried headers, its column in this sheet.
    pub carried: Vec<Option<usize>>,
    /// What the template puts into each column.
    pub template: Vec<Template>,
    /// The columns that values are read from, from the left.
    pub read: Vec<usize>,
    /// Columns of long numbers that went through a program that keeps fifteen digits of a number.
    pub rounded: Vec<usize>,
    /// Columns that look like those of certificate numbers, where none is read.
    pub unread_numbers: Vec<usize>,
}

impl Columns {
    /// The column of a role.
    pub(super) fn column(&self, role: Role) -> Option<usize> {
        self.roles.get(role as usize).copied().flatten()
    }

    /// The header text of a column.
    pub(super) fn heading(&self, column: usize) -> &str {
        self.header.headings.get(column).map_or("", |heading| heading.text.as_str())
    }

    /// How a column is used, for reports.
    pub(super) fn column_use(&self, role: Role, column: usize) -> ColumnUse {
        ColumnUse { role: role.name().to_owned(), header: self.heading(column).to_owned(), column: column_letters(column) }
    }

    /// How every column that is read is used.
    pub(super) fn mapping(&self) -> Vec<ColumnUse> {
        let first = Role::ALL.into_iter().filter_map(|role| Some(self.column_use(role, self.column(role)?)));
        let further = self.alternates.iter().map(|other| self.column_use(Role::HolderCode, other.column));
        first.chain(further).collect()
    }

    /// Those of the job's carried headers that the table has.
    pub(super) fn carried_of(&self, carried: &[String]) -> Vec<String> {
        carried.iter().zip(&self.carried).filter(|(_, column)| column.is_some()).map(|(header, _)| header.clone()).collect()
    }

    /// The cells of a row that belong to the table and are not blank, with their columns.
    fn filled<'a>(&self, row: SheetRow<'a>) -> impl Iterator<Item = (usize, Cell<'a>)> {
        let range = self.range.clone();
        let filled = move |(column, cell): &(usize, Cell<'a>)| range.contains(column) && !is_blank(cell);
        row.cells().enumerate().filter(filled)
    }

    /// Whether a row holds nothing in this table.
    pub(super) fn is_blank(&self, row: SheetRow<'_>) -> bool {
        self.filled(row).next().is_none()
    }

    /// Whether a row repeats a row of the header.
    pub(super) fn is_repeated_in(&self, row: SheetRow<'_>) -> bool {
        self.header.levels.iter().any(|level| self.repeats(level, row))
    }

    fn repeats(&self, level: &Texts, row: SheetRow<'_>) -> bool {
        let says = |column: usize, cell: Cell<'_>| {
            // A number is no header, and turning it into text takes time.
            !matches!(cell, Cell::Number(_)) && cell.says(level.text(column))
        };
        let mut roles = self.roles.iter().flatten().copied();
        let has_text = |column: usize| !level.text(column).is_empty();
        let by_roles = roles.clone().all(|column| says(column, row.cell(column))) && roles.any(has_text);
        by_roles || self.filled(row).all(|(column, cell)| has_text(column) && says(column, cell))
    }

    /// Whether a row is a total: its first cell says so and nothing else. One that says more, such as 合计：5 户, is taken
    /// for a total only where there is no holder code.
    pub(super) fn is_total(&self, row: SheetRow<'_>, has_code: bool) -> bool {
        let Some((_, Cell::Text(text))) = self.filled(row).next() else { return false };
        if !text.contains('计') {
            return false;
        }
        // A code belongs to somebody, whatever the first cell calls the row.
        let is_code = |column: usize| digits_in(&row.cell(column).text()) >= DIGITS_OF_A_CODE;
        if has_code && self.holders().any(is_code) {
            return false;
        }
        let text = fold(text);
        let is_short = text.chars().count() <= LONGEST_TOTAL;
        // A row of a total has no type: 合计饭店 with one lacks its code.
        let has_type = self.column(Role::CertTypeCode).is_some_and(is_code);
        let exactly = TOTALS.iter().any(|total| text == *total || text == format!("{total}数") || text == format!("总{total}"));
        exactly
            || !has_code && !has_type && is_short && TOTALS.iter().any(|total| text.starts_with(total) || text.ends_with(total))
    }

    /// Whether a cell holds a number whose last digits are gone, as the column shows.
    pub(super) fn lost_digits(&self, column: usize, cell: &Cell<'_>) -> bool {
        self.rounded.contains(&column) && matches!(cell, Cell::Text(text) if ends_in_zeros(text) == Some(true))
    }

    /// A fingerprint of what may be the number of a row's certificate in columns that are not read; `None` where there is
    /// nothing.
    pub(super) fn unread_number(&self, row: SheetRow<'_>) -> Option<u32> {
        let mut texts = self.unread_numbers.iter().map(|column| row.cell(*column)).filter(|cell| !is_blank(cell)).peekable();
        texts.peek()?;
        let mut hasher = DefaultHasher::new();
        texts.for_each(|cell| cell.text().trim().hash(&mut hasher));
        #[expect(clippy::cast_possible_truncation, reason = "a fingerprint of the values, to tell whether they are the same")]
        let fingerprint = hasher.finish() as u32;
        // 0 is kept for nothing.
        Some(fingerprint.max(1))
    }

    /// The headers of the columns that look like those of certificate numbers.
    pub(super) fn unread_number_headings(&self) -> Vec<Message> {
        self.unread_numbers.iter().map(|column| self.named(*column)).collect()
    }

    /// A column for a message: its header and its letters.
    pub(super) fn named(&self, column: usize) -> Message {
        Message::new("column-named").with("header", self.heading(column)).with("column", column_letters(column))
    }

    /// Whether a row shows how the template is filled in: its serial number or a note in it says so.
    pub(super) fn is_example(&self, row: SheetRow<'_>) -> bool {
        self.filled(row).any(|(column, cell)| {
            let has_role = self.header.headings.get(column).is_some_and(|heading| heading.meaning.is_some());
            // Most texts are told apart by a glance.
            let may_say = |text: &str| text.contains(['例', '范']) || matches!(text.len(), 6 | 7) && text.is_ascii();
            matches!(cell, Cell::Text(text) if !has_role && may_say(text) && says_example(text))
        })
    }

    /// Whether holder codes are read from a column.
    fn is_holder(&self, column: usize) -> bool {
        self.holders().any(|holder| holder == column)
    }

    /// The columns that holder codes are read from.
    fn holders(&self) -> impl Iterator<Item = usize> {
        self.column(Role::HolderCode).into_iter().chain(self.alternates.iter().map(|other| other.column))
    }

    /// What a row holds beside the holder code that it lacks.
    pub(super) fn content_of(&self, row: SheetRow<'_>) -> Content {
        let mut serial = false;
        let mut formula = None;
        let mut values = 0usize;
        let (mut has_template, mut says_no_code) = (false, false);
        for (column, cell) in self.filled(row) {
            if cell == Cell::Uncalculated {
                formula = formula.or(Some(column));
                continue;
            }
            values += 1;
            let text = cell.text();
            let template = self.template.get(column).unwrap_or(&Template::Nothing);
            if self.is_holder(column) {
                // An error is something that could not be calculated, whatever it is called.
                if matches!(cell, Cell::Error(_)) || !is_placeholder(text.trim()) {
                    return Content::Own;
                }
                says_no_code = true;
            } else if template.counts(&text) {
                serial = true;
            } else if is_placeholder(text.trim()) {
                // A template's own hint, such as 请选择, or a stroke.
            } else if template.has(&text) {
                has_template = true;
            } else {
                return Content::Own;
            }
        }
        // What stands for nothing where the code would be was put there for this row, unless it is all that a numbered row
        // has.
        if says_no_code && (has_template || !serial) {
            return Content::Own;
        }
        let is_serial = |column: usize| self.template.get(column).is_some_and(Template::is_serial);
        let formula = formula.filter(|column| values == 0 || !is_serial(*column));
        match formula {
            Some(column) => Content::Formulas(column),
            None if serial && has_template => Content::NumberedTemplate,
            None if serial || values == 0 => Content::Serial,
            None => Content::Template,
        }
    }
}

/// Whether nothing can be seen in a cell.
pub(super) fn is_blank(cell: &Cell<'_>) -> bool {
    match cell {
        Cell::Empty => true,
        Cell::Text(text) => is_unseen(text),
        Cell::Number(_) | Cell::Other(_) | Cell::Error(_) | Cell::Uncalculated => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::RowBatch;
    use super::super::heading::Heading;
    use super::*;

    fn columns(headings: &[&str], template: &[Template]) -> Columns {
        let texts: Vec<String> = headings.iter().map(|text| (*text).to_owned()).collect();
        let headings = headings.iter().map(|text| Heading::of(&[text])).collect();
        let header = Header { row: 1, levels: vec![Texts { row: 1, texts }], headings };
        Columns { range: 0..usize::MAX, header: Arc::new(header), template: template.to_vec(), ..Columns::default() }
    }

    fn on_row<T>(cells: &[Cell<'_>], ask: impl FnOnce(SheetRow<'_>) -> T) -> T {
        let mut batch = RowBatch::default();
        batch.begin_row(7);
        for (column, cell) in cells.iter().enumerate() {
            batch.push(column, *cell);
        }
        ask(batch.rows().next().unwrap())
    }

    #[test]
    fn columns_have_the_letters_of_a_spreadsheet() {
        for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA"), (16_383, "XFD")] {
            assert_eq!(column_letters(column), letters);
        }
        assert_eq!(cell_name(1, 12), "B12");
    }

    #[test]
    fn a_row_without_a_code_is_what_it_holds_of_its_own() {
        let template =
            [Template::Serial, Template::Nothing, Template::Nothing, Template::Type, Template::OneOf(vec!["薛城区".to_owned()])];
        let columns = columns(&["序号", "姓名", "身份证号", "证照类型代码", "区市"], &template);
        let (serial, name, kind, place) =
            (Cell::Number(7.0), Cell::Text("张三"), Cell::Text("11100000000013127D001"), Cell::Text("薛城区"));
        for (cells, content) in [
            (&[serial][..], Content::Serial),
            (&[serial, Cell::Empty, Cell::Empty, kind, place], Content::NumberedTemplate),
            (&[serial, Cell::Text("—"), Cell::Text("/"), kind], Content::NumberedTemplate),
            (&[Cell::Text("8、")], Content::Serial),
            (&[Cell::Text("无")], Content::Template),
            (&[Cell::Empty, Cell::Empty, Cell::Empty, kind, place], Content::Template),
            (&[serial, name, Cell::Empty, kind], Content::Own),
            (&[serial, Cell::Empty, Cell::Empty, Cell::Empty, Cell::Text("市中区")], Content::Own),
            (&[Cell::Text("备注：以上数据截至月底")], Content::Own),
            (&[Cell::Number(12_345_678.0)], Content::Own),
            (&[Cell::Uncalculated, Cell::Uncalculated], Content::Formulas(0)),
            (&[Cell::Uncalculated, Cell::Empty, Cell::Empty, kind], Content::Template),
            (&[serial, Cell::Uncalculated, Cell::Empty, kind], Content::Formulas(1)),
            (&[serial, name, Cell::Uncalculated], Content::Own),
            (&[Cell::Text("（三）")], Content::Serial),
            (&[Cell::Text("三、"), Cell::Text("请输入姓名"), Cell::Empty, Cell::Text("请选择")], Content::Serial),
        ] {
            assert_eq!(on_row(cells, |row| columns.content_of(row)), content, "{cells:?}");
        }
    }

    #[test]
    fn what_stands_for_no_code_is_of_the_row_unless_all_of_it_stands_for_nothing() {
        let mut columns = columns(
            &["序号", "区市", "身份证号", "证照类型代码"],
            &[Template::Serial, Template::Places, Template::Nothing, Template::Type],
        );
        columns.roles[Role::HolderCode as usize] = Some(2);
        let (serial, none, kind) = (Cell::Number(7.0), Cell::Text("/"), Cell::Text("11100000000013127D001"));
        for (cells, content) in [
            (&[serial, Cell::Empty, Cell::Number(0.0)][..], Content::Serial),
            (&[serial, none, none, none], Content::Serial),
            (&[serial, Cell::Text("某村")], Content::NumberedTemplate),
            (&[Cell::Empty, Cell::Text("某村")], Content::Template),
            (&[Cell::Empty, Cell::Empty, none, kind], Content::Own),
            (&[serial, Cell::Empty, none, kind], Content::Own),
        ] {
            assert_eq!(on_row(cells, |row| columns.content_of(row)), content, "{cells:?}");
        }
    }

    #[test]
    fn examples_are_told_from_rows() {
        let columns = columns(&["序号", "姓名", "身份证号", "备注"], &[]);
        for (cells, is_example) in [
            (&[Cell::Text("示例"), Cell::Text("张三")][..], true),
            (&[Cell::Text("例：1")], true),
            (&[Cell::Text("示例1")], true),
            (&[Cell::Text("1"), Cell::Text("（示例）张三")], true),
            (&[Cell::Text("Example")], true),
            (&[Cell::Text("1"), Cell::Text("范例")], true),
            (&[Cell::Text("1"), Cell::Text("范文例")], false),
            (&[Cell::Text("1"), Cell::Empty, Cell::Empty, Cell::Text("5例")], false),
            (&[Cell::Text("1"), Cell::Text("王范")], false),
            (&[Cell::Text("1"), Cell::Empty, Cell::Text("示例")], false),
            (&[Cell::Number(1.0)], false),
        ] {
            assert_eq!(on_row(cells, |row| columns.is_example(row)), is_example, "{cells:?}");
        }
    }

    #[test]
    fn totals_are_told_from_rows() {
        let mut columns = columns(&["序号", "企业名称", "身份证号", "证照类型代码"], &[]);
        columns.roles[Role::HolderCode as usize] = Some(2);
        columns.roles[Role::CertTypeCode as usize] = Some(3);
        for (cells, has_code, is_total) in [
            (&[Cell::Text("合计"), Cell::Empty, Cell::Number(3.0)][..], true, true),
            (&[Cell::Text(" 小 计 ")], false, true),
            (&[Cell::Text("合计数")], true, true),
            (&[Cell::Empty, Cell::Text("本页小计")], false, true),
            (&[Cell::Text("合计：5户")], false, true),
            (&[Cell::Text("合计：5户"), Cell::Empty, Cell::Text("370499199001010007")], true, false),
            (&[Cell::Text("合计"), Cell::Empty, Cell::Text("370499199001010007")], true, false),
            (&[Cell::Text("1"), Cell::Text("合计会计服务有限责任公司")], false, false),
            (&[Cell::Text("合计饭店"), Cell::Empty, Cell::Empty, Cell::Text("11100000MB0143028R026")], false, false),
            (&[Cell::Text("合计"), Cell::Empty, Cell::Empty, Cell::Text("11100000MB0143028R026")], false, true),
            (&[Cell::Number(3.0)], false, false),
        ] {
            assert_eq!(on_row(cells, |row| columns.is_total(row, has_code)), is_total, "{cells:?}");
        }
    }

    #[test]
    fn a_row_that_holds_nothing_to_be_seen_is_blank() {
        let columns = Columns { range: 0..2, ..columns(&["甲", "乙", "丙"], &[]) };
        for (cells, blank) in [
            (&[Cell::Text(" \u{3000}"), Cell::Text("\u{200B}")][..], true),
            (&[Cell::Empty, Cell::Empty, Cell::Text("另一张表")], true),
            (&[Cell::Uncalculated], false),
            (&[Cell::Text("0")], false),
        ] {
            assert_eq!(on_row(cells, |row| columns.is_blank(row)), blank, "{cells:?}");
        }
    }
}
