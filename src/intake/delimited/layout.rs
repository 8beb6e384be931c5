//! How a text is laid out: what separates its fields, how many a record has, and where codes stand in it.
//!
//! All of it is told from the first lines, by what agrees with the most of them: the first line may be a title.

use super::fields::{split_plain, split_record, split_wrapped};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Separators, the usual ones first. Control characters are written by data warehouses.
pub(super) const SEPARATORS: [char; 23] = [
    ',', '\t', ';', '|', '，', '；', '\u{1}', '\u{1F}', '、', '｜', '\u{2}', '\u{1E}', '\u{1B}', '^', '~', '#', '¦', '@', '$',
    '!', '&', '%', ':',
];
/// Stands for the spaces between aligned columns, once they are made one.
const ALIGNED: char = '\u{1F}';
/// Lengths of codes, in characters.
const CODE_LENGTHS: RangeInclusive<usize> = 8..=40;
/// Digits that a code has at least.
const DIGITS_OF_A_CODE: usize = 6;

/// The layout of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// What separates fields; `None` where records are of one field.
    pub separator: Option<char>,
    /// Whether the fields are aligned by spaces, which [`squeezed`] makes the separator.
    pub is_aligned: bool,
    /// Fields of most records.
    usual_width: usize,
    /// Fields of the header; as many or more.
    header_width: usize,
    /// Columns in which almost every record has a code.
    codes: Vec<CodeColumn>,
}

/// A column of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CodeColumn {
    column: usize,
    lengths: RangeInclusive<usize>,
}

impl Layout {
    /// Tells the layout from the first lines of a text, and from its separator where that is declared.
    pub(super) fn of(lines: &[&str], declared: Option<char>) -> Self {
        if declared.is_some() {
            return Table::read(lines, declared).layout();
        }
        let candidates = SEPARATORS.into_iter().map(Some).chain([None]).map(|separator| Table::read(lines, separator));
        let best = candidates.enumerate().max_by_key(|(place, table)| (table.score(), Reverse(*place)));
        let best = best.map_or_else(|| Table::read(lines, None), |(_, table)| table);
        let squeezed: Vec<String> = lines.iter().map(|line| squeezed(line)).collect();
        let squeezed: Vec<&str> = squeezed.iter().map(String::as_str).collect();
        let aligned = Table::read(&squeezed, Some(ALIGNED));
        // Spaces stand in any text: only codes that nothing else brings apart prove that they separate.
        if aligned.score().codes > best.score().codes && aligned.usual().0 > 1 {
            return Self { is_aligned: true, ..aligned.layout() };
        }
        best.layout()
    }

    /// Fields of most records.
    pub(super) const fn usual_width(&self) -> usize {
        self.usual_width
    }

    /// Fields of the header.
    pub(super) const fn width(&self) -> usize {
        self.header_width
    }

    /// Whether a line without quotation marks has fewer fields than most records.
    pub(super) const fn is_short(&self, fields: usize) -> bool {
        fields < self.usual_width
    }

    /// Whether these are as many fields as the header or most records have; blank ones beyond them do not count.
    pub(super) fn fits<T: AsRef<str>>(&self, fields: &[T]) -> bool {
        let is_width = fields.len() == self.usual_width || fields.len() == self.header_width;
        is_width || fields.get(self.width()..).is_some_and(|beyond| beyond.iter().all(|field| field.as_ref().trim().is_empty()))
    }

    /// How many columns of codes have one.
    pub(super) fn codes_in_place<T: AsRef<str>>(&self, fields: &[T]) -> usize {
        let has_code = |code: &&CodeColumn| {
            let field = fields.get(code.column).map_or("", AsRef::as_ref);
            code_length(field).is_some_and(|length| code.lengths.contains(&length))
        };
        self.codes.iter().filter(has_code).count()
    }

    /// Whether it is known where codes stand.
    pub(super) const fn knows_codes(&self) -> bool {
        !self.codes.is_empty()
    }

    /// Whether a line is a record by itself, as far as can be told: it has a code where codes stand, or as many fields as
    /// records have.
    pub(super) fn is_record(&self, line: &str) -> bool {
        let fields = split_plain(line, self.separator);
        !line.trim().is_empty() && (fields.len() == self.usual_width || fields.len() == self.header_width)
            || self.codes_in_place(&fields) > 0
    }
}

/// The first lines of a text, split by one separator.
struct Table<'a> {
    separator: Option<char>,
    rows: Vec<Row<'a>>,
}

/// A line with something in it.
struct Row<'a> {
    fields: Vec<Cow<'a, str>>,
    /// Whether every quotation mark in it that opens a field is closed: else the number of its fields proves nothing.
    is_proper: bool,
}

/// How well a separator suits. Fields are compared in this order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    /// Codes that stand by themselves in lines that are split.
    codes: usize,
    /// Whether it splits at least half of the lines, and into the same number of fields.
    is_regular: bool,
    /// Lines with the usual number of fields.
    support: usize,
    width: usize,
}

impl<'a> Row<'a> {
    fn read(line: &'a str, separator: Option<char>) -> Self {
        if !line.contains('"') {
            let fields = split_plain(line, separator).into_iter().map(Cow::Borrowed).collect();
            return Self { fields, is_proper: true };
        }
        let record = split_record(line, separator);
        let is_proper = record.is_proper();
        let wrapped = if is_proper { split_wrapped(&record, separator) } else { None };
        Self { fields: wrapped.unwrap_or(record.fields), is_proper }
    }

    fn codes(&self) -> usize {
        self.fields.iter().filter(|field| code_length(field).is_some()).count()
    }
}

impl<'a> Table<'a> {
    fn read(lines: &[&'a str], separator: Option<char>) -> Self {
        let rows = lines.iter().map(|line| Row::read(line, separator));
        let rows = rows.filter(|row| row.fields.iter().any(|field| !field.trim().is_empty())).collect();
        Self { separator, rows }
    }

    /// The rows that a separator splits; all where there is none.
    fn split_rows(&self) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter().filter(|row| row.fields.len() > 1 || self.separator.is_none())
    }

    /// The most frequent number of fields, and how many lines have it.
    fn usual(&self) -> (usize, usize) {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for row in self.split_rows().filter(|row| row.is_proper) {
            *counts.entry(row.fields.len()).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).unwrap_or((1, 0))
    }

    fn score(&self) -> Score {
        let (width, support) = self.usual();
        let codes = self.split_rows().map(Row::codes).sum();
        Score { codes, is_regular: width > 1 && 2 * support >= self.rows.len(), support, width }
    }

    fn layout(&self) -> Layout {
        let (usual_width, _) = self.usual();
        // The header stands above the first line with codes. It may have more fields than the lines below.
        let above = self.split_rows().take_while(|row| row.codes() == 0).filter(|row| row.is_proper);
        let header_width = above.map(|row| row.fields.len()).max().unwrap_or_default().max(usual_width);
        let codes = (0..header_width).filter_map(|column| self.code_column(column)).collect();
        Layout { separator: self.separator, is_aligned: false, usual_width, header_width, codes }
    }

    /// A column as one of codes: nine of ten records that have something there have one.
    fn code_column(&self, column: usize) -> Option<CodeColumn> {
        let with_codes = self.split_rows().filter(|row| row.codes() > 0);
        let filled = with_codes.filter_map(|row| row.fields.get(column)).filter(|field| !field.trim().is_empty());
        let lengths: Vec<Option<usize>> = filled.map(|field| code_length(field)).collect();
        let codes = || lengths.iter().flatten().copied();
        let (least, most) = (codes().min()?, codes().max()?);
        (10 * codes().count() >= 9 * lengths.len()).then_some(CodeColumn { column, lengths: least..=most })
    }
}

/// Makes each run of spaces between the columns of a text one separator.
pub(super) fn squeezed(line: &str) -> String {
    let words: Vec<&str> = line.split([' ', '\t', '\u{3000}', '\u{A0}']).filter(|word| !word.is_empty()).collect();
    words.join(&String::from(ALIGNED))
}

/// Whether a line is a rule that a program draws between the parts of a table: `-----`, `+----+----+`, `|:---|---:|`.
pub(super) fn is_rule(line: &str) -> bool {
    const LEAST_STROKES: usize = 3;
    let is_stroke = |character: &char| matches!(character, '-' | '=' | '_' | '─' | '━' | '═');
    let is_part = |character: char| {
        is_stroke(&character)
            || character.is_whitespace()
            || matches!(character, '+' | '|' | ':' | ',' | ';' | ALIGNED | '"' | '┼' | '│' | '├' | '┤')
    };
    let has_run = ["---", "===", "___", "───", "━━━", "═══"].iter().any(|run| line.contains(run));
    has_run && line.chars().all(is_part) && line.chars().filter(is_stroke).count() >= LEAST_STROKES
}

/// Whether a line is what a database program says below a table: `(3 rows)`, `3 rows selected.`, `已选择3行。`
pub(super) fn is_row_count(line: &str) -> bool {
    let line = line.replace(ALIGNED, " ").to_lowercase();
    let bare = line.trim().trim_matches(['(', ')', '.', '。', ';', ' ']);
    let bare = bare.strip_prefix("已选择").map_or(bare, str::trim_start);
    let words = bare.trim_start_matches(|character: char| character.is_ascii_digit() || character == ',');
    let of_rows = ["行", "rows", "row", "records", "record"].iter().find_map(|word| words.trim_start().strip_prefix(word));
    let after = ["", "selected", "in set", "affected", "returned", "retrieved", "fetched"];
    let is_end = |rest: &str| after.iter().any(|known| rest.split('(').next().unwrap_or_default().trim() == *known);
    words.len() < bare.len() && of_rows.is_some_and(is_end)
}

/// Length of a code, without what exports put round codes; `None` for other texts.
fn code_length(field: &str) -> Option<usize> {
    let bare = field.trim_matches(|character: char| {
        character.is_whitespace() || matches!(character, '=' | '"' | '\'' | '“' | '”' | '‘' | '’' | '`' | '\u{FEFF}')
    });
    let is_code = CODE_LENGTHS.contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && bare.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_OF_A_CODE;
    is_code.then_some(bare.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDER: &str = "370499199001010007";
    const TYPE: &str = "11100000000013127D001";

    fn layout_of(text: &str) -> Layout {
        Layout::of(&text.lines().collect::<Vec<_>>(), None)
    }

    #[test]
    fn the_separator_is_what_most_lines_agree_on() {
        let list = |separator: &str| {
            let row = [HOLDER, TYPE, "张三"].join(separator);
            format!("{}\n{row}\n{row}\n", ["证件号码", "证照类型代码", "姓名"].join(separator))
        };
        for separator in SEPARATORS {
            let layout = layout_of(&list(&separator.to_string()));
            assert_eq!((layout.separator, layout.width()), (Some(separator), 3), "{separator:?}");
            assert_eq!(layout.codes.iter().map(|code| code.column).collect::<Vec<_>>(), [0, 1], "{separator:?}");
        }
        let tabs_behind = list("\t,").replace('\n', "\t\n");
        let remarks = format!("证件号码\t证照类型代码\t地址\n{HOLDER}\t{TYPE}\t市中区,一路;二号\n").repeat(3);
        for (text, separator, why) in [
            (tabs_behind, Some(','), "tabs behind values"),
            (remarks, Some('\t'), "a comma in every remark"),
            (format!("清单;填报:市局;电话,传真;,;\n{}", list(",")), Some(','), "a title with separators"),
            (format!("填报单位：市局，电话：1，2，3，4\n{}", list(",")), Some(','), "a title with wide commas"),
            ("证件号码,证照类型代码\n".to_owned(), Some(','), "a header alone"),
            ("证件号码;证照类型代码;部门(区,县)\n".to_owned(), Some(';'), "a header alone, with a comma in it"),
            (format!("证件号码\n{HOLDER}\n{HOLDER}\n"), None, "one column"),
            (format!("清单,市局\n证件号码\n{HOLDER}\n"), None, "one column below a title with a comma"),
            ("证件号码\n".to_owned(), None, "one header"),
            (list(",").replace(HOLDER, &format!("=\"{HOLDER}\"")), Some(','), "codes as formulas"),
            (format!("\"证件号码;证照类型代码\"\n\"{HOLDER};{TYPE}\"\n"), Some(';'), "records in quotation marks"),
        ] {
            assert_eq!(layout_of(&text).separator, separator, "{why}");
        }
        assert_eq!(Layout::of(&[HOLDER], Some('|')).separator, Some('|'));
    }

    #[test]
    fn columns_aligned_by_spaces_are_told_apart_where_codes_prove_it() {
        let layout =
            layout_of(&format!("证件号码            证照类型代码\n------ ------\n{HOLDER}  {TYPE}\n{HOLDER}\u{3000}{TYPE}\n"));
        assert!(layout.is_aligned && layout.usual_width() == 2, "{layout:?}");
        assert_eq!(squeezed("  a \t b\u{3000}c "), "a\u{1F}b\u{1F}c");
        assert!(!layout_of(&format!("证件号码,姓名\n{HOLDER},John Smith\n")).is_aligned);
    }

    #[test]
    fn rules_and_counts_of_rows_are_no_records() {
        for line in ["-----", "------ ----", "+-----+----+", "|:---|---:|", "======", "-----,-----", "───┼───"] {
            assert!(is_rule(line), "{line}");
        }
        for line in ["--", "-,-,-", "a---b", "370499-----", ""] {
            assert!(!is_rule(line), "{line}");
        }
        for line in ["(3 rows)", "3 rows selected.", "12 rows in set (0.00 sec)", "已选择3行。", "已选择 3 行", "1 row"]
        {
            assert!(is_row_count(line), "{line}");
        }
        for line in ["3", "rows", "3 rows of seats", HOLDER, "行", "第3行"] {
            assert!(!is_row_count(line), "{line}");
        }
    }

    #[test]
    fn records_are_told_by_their_fields_and_their_codes() {
        let layout = layout_of(&format!("证件号码,证照类型代码,姓名\n{HOLDER},{TYPE},张三\n{HOLDER},{TYPE},李四\n"));
        for (line, is_record) in [
            (format!("{HOLDER},{TYPE},\"张三"), true),
            (format!("{HOLDER},{TYPE}"), true),
            ("3.70E+17,1.11E+20,张三".to_owned(), true),
            ("户政科, 二楼\"".to_owned(), false),
            ("13800138000,张三".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(layout.is_record(&line), is_record, "{line}");
        }
        assert!(layout.fits(&["1", "2", "3"]) && layout.fits(&["1", "2", "3", "", " "]));
        assert!(!layout.fits(&["1", "2"]) && !layout.fits(&["1", "2", "3", "4"]));
    }

    #[test]
    fn a_header_may_have_more_fields_than_the_records_below() {
        let layout = layout_of(&format!("证件号码,证照类型代码,姓名,备注,说明\n{HOLDER},{TYPE},张三\n{HOLDER},{TYPE},李四\n"));
        assert!(layout.fits(&["1", "2", "3"]) && layout.fits(&["1", "2", "3", "4", "5"]));
        assert!(!layout.fits(&["1", "2", "3", "4"]));
    }
}
