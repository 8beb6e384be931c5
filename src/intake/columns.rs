//! The columns of a table: which is read for what, and which hold nothing but what a template came with.

use super::ColumnUse;
use super::cell::{Cell, SheetRow};
use super::header::{Header, Texts};
use super::heading::Role;
use super::repair::{is_placeholder, is_unseen};
use super::words::fold;
use std::ops::Range;
use std::sync::Arc;
use unicode_normalization::UnicodeNormalization;

/// What totals are called.
const TOTALS: [&str; 4] = ["合计", "总计", "小计", "共计"];
/// No longer text, in characters, is the name of a total.
const LONGEST_TOTAL: usize = 10;
/// A serial number has fewer digits than any code.
const LONGEST_SERIAL: usize = 7;

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

/// What a template puts into a column before anybody fills it in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Template {
    /// Nothing.
    #[default]
    Nothing,
    /// Serial numbers.
    Serial,
    /// A certificate type or a holder code type.
    Type,
    /// The same text in almost every row.
    Constant(String),
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
    /// Nothing but a serial number, and what the template puts beside it.
    Serial,
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
        let text = fold(text);
        let is_short = text.chars().count() <= LONGEST_TOTAL;
        let exactly = TOTALS.iter().any(|total| text == *total || text == format!("{total}数") || text == format!("总{total}"));
        exactly || !has_code && is_short && TOTALS.iter().any(|total| text.starts_with(total) || text.ends_with(total))
    }

    /// Whether holder codes are read from a column.
    fn is_holder(&self, column: usize) -> bool {
        self.column(Role::HolderCode) == Some(column) || self.alternates.iter().any(|other| other.column == column)
    }

    /// What a row holds beside the holder code that it lacks.
    pub(super) fn content_of(&self, row: SheetRow<'_>) -> Content {
        let mut serial = false;
        let mut formula = None;
        let mut values = 0usize;
        for (column, cell) in self.filled(row) {
            if cell == Cell::Uncalculated {
                formula = formula.or(Some(column));
                continue;
            }
            values += 1;
            // What stands for nothing where the code would be was put there for this row.
            if self.is_holder(column) {
                return Content::Own;
            }
            let text = cell.text();
            match self.template.get(column).unwrap_or(&Template::Nothing) {
                Template::Serial if is_serial_number(&text) => serial = true,
                Template::Type => {}
                Template::Constant(constant) if *constant == text.trim() => {}
                _ if is_placeholder(text.trim()) => {}
                _ => return Content::Own,
            }
        }
        let formula = formula.filter(|column| values == 0 || self.template.get(*column) != Some(&Template::Serial));
        match formula {
            Some(column) => Content::Formulas(column),
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

/// Whether a text is a small whole number, with or without the marks that lists put around it.
pub(super) fn is_serial_number(text: &str) -> bool {
    let mut digits = 0usize;
    let is_number = text.trim().nfkc().all(|character| {
        digits += usize::from(character.is_ascii_digit());
        character.is_ascii_digit() || matches!(character, '.' | '、' | '(' | ')' | '#')
    });
    is_number && (1..=LONGEST_SERIAL).contains(&digits)
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
            [Template::Serial, Template::Nothing, Template::Nothing, Template::Type, Template::Constant("薛城区".to_owned())];
        let columns = columns(&["序号", "姓名", "身份证号", "证照类型代码", "区市"], &template);
        let (serial, name, kind, place) =
            (Cell::Number(7.0), Cell::Text("张三"), Cell::Text("11100000000013127D001"), Cell::Text("薛城区"));
        for (cells, content) in [
            (&[serial][..], Content::Serial),
            (&[serial, Cell::Empty, Cell::Empty, kind, place], Content::Serial),
            (&[serial, Cell::Text("—"), Cell::Text("/"), kind], Content::Serial),
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
        ] {
            assert_eq!(on_row(cells, |row| columns.content_of(row)), content, "{cells:?}");
        }
    }

    #[test]
    fn totals_are_told_from_rows() {
        let columns = columns(&["序号", "企业名称", "身份证号"], &[]);
        for (cells, has_code, is_total) in [
            (&[Cell::Text("合计"), Cell::Empty, Cell::Number(3.0)][..], true, true),
            (&[Cell::Text(" 小 计 ")], false, true),
            (&[Cell::Text("合计数")], true, true),
            (&[Cell::Empty, Cell::Text("本页小计")], false, true),
            (&[Cell::Text("合计：5户")], false, true),
            (&[Cell::Text("合计：5户"), Cell::Empty, Cell::Text("370499199001010007")], true, false),
            (&[Cell::Text("1"), Cell::Text("合计会计服务有限责任公司")], false, false),
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
