//! Rows below a header that are no data: legends that say how columns are to be filled in, titles of the rows that follow,
//! page numbers, signatures and notes.

use super::cell::{Cell, SheetRow};
use super::columns::{Columns, is_blank};
use super::header::digits_in;
use super::heading::Role;
use super::merged::Merges;
use super::words::{fold, folded_with_notes, is_name};
use crate::codes::Catalogue;
use std::sync::LazyLock;

/// A legend stands at most this many rows below its header.
pub(super) const LEGEND_WITHIN: u32 = 3;
/// A text with this many digits may be a code.
const DIGITS_OF_A_CODE: usize = 8;
/// A text with this many digits is no word.
const DIGITS_OF_NO_WORD: usize = 4;
/// No code that checks is shorter, in characters.
const SHORTEST_CODE: usize = 15;
/// The numerals of Chinese lists.
const NUMERALS: &str = "一二三四五六七八九十";
/// The ordinals of Chinese lists and forms, in their order.
const STEMS: &str = "甲乙丙丁戊己庚辛壬癸";

#[derive(Debug, Default)]
struct RemarkWords {
    /// Words that tell how a column is to be filled in.
    legend: Vec<String>,
    /// What stands before the colon of a signature or a note, folded.
    labels: Vec<String>,
    /// What a note is called, folded.
    notes: Vec<String>,
    /// What is asked for where a seal or a signature belongs.
    seals: Vec<String>,
    /// What says that nothing follows, folded.
    closings: Vec<String>,
}

static WORDS: LazyLock<RemarkWords> = LazyLock::new(|| {
    let mut words = RemarkWords::default();
    let mut reader = csv::Reader::from_reader(include_bytes!("remark_words.csv").as_slice());
    for line in reader.deserialize::<(String, String)>() {
        let (kind, word) = line.expect("the compiled-in list of words of remarks is well-formed");
        let list = match kind.as_str() {
            "legend" => &mut words.legend,
            "note" => &mut words.notes,
            "seal" => &mut words.seals,
            "closing" => &mut words.closings,
            _ => &mut words.labels,
        };
        list.push(word);
    }
    words
});

/// Returns whether a row says how the columns are to be filled in, numbers them, or gives their names in a program: every
/// role's cell holds words and no value.
pub(super) fn is_legend(row: SheetRow<'_>, columns: &Columns, catalogue: &Catalogue) -> bool {
    let filled = filled(row, columns);
    // Errors and formulas that nobody has calculated stand for values.
    let is_lost = |(_, cell): &(usize, Cell<'_>)| matches!(cell, Cell::Error(_) | Cell::Uncalculated);
    if filled.len() < 2 || filled.iter().any(is_lost) {
        return false;
    }
    let texts: Vec<String> = filled.iter().map(|(_, cell)| cell.text().trim().to_owned()).collect();
    let text_of = |role: Role| columns.column(role).map_or_else(String::new, |column| row.cell(column).text());
    let says_a_value = texts.iter().any(|text| digits_in(text) >= DIGITS_OF_NO_WORD)
        || catalogue.named(text_of(Role::CertTypeName).trim()).next().is_some();
    if says_a_value || text_of(Role::HolderCode).trim().is_empty() {
        return false;
    }
    if are_consecutive(&texts) {
        return true;
    }
    let legends = texts.iter().filter(|text| is_legend_text(text)).count();
    legends * 2 >= texts.len() || texts.iter().all(|text| is_name_in_a_program(text))
}

/// Returns whether a row without a code is a title of the rows that follow, a page number, a signature or a note.
pub(super) fn is_remark(row: SheetRow<'_>, columns: &Columns, merges: &Merges) -> bool {
    let filled = filled(row, columns);
    let Some((column, Cell::Text(first))) = filled.first().copied() else { return false };
    let text_of = |role: Role| columns.column(role).map_or_else(String::new, |column| row.cell(column).text());
    let (holder, cert_type) = (text_of(Role::HolderCode), text_of(Role::CertTypeCode));
    if !is_no_code(&holder) || !is_no_code(&cert_type) {
        return false;
    }
    let are_labels = filled.iter().filter(|(_, cell)| is_label(&cell.text())).count() > 1;
    if is_labelled(first) || digits_in(&holder) == 0 && (is_note(first) || are_labels && is_label(first)) {
        return true;
    }
    let is_of_name = columns.header.headings.get(column).is_some_and(|heading| is_name(heading.own_name()));
    if filled.len() == 1 && (is_date(first) || is_closing(first) || is_bracketed(first) && !is_of_name) {
        return true;
    }
    if filled.len() > 1 || digits_in(first) >= DIGITS_OF_A_CODE {
        return false;
    }
    let is_no_serial = columns.template.get(column).is_some_and(|template| template.is_serial() && !template.counts(first));
    is_no_serial || is_page_number(first) || is_numbered(first) || is_counted(first) || is_wide(row, column, columns, merges)
}

/// The cells of a row that belong to the table and are not blank, with their columns.
fn filled<'a>(row: SheetRow<'a>, columns: &Columns) -> Vec<(usize, Cell<'a>)> {
    row.cells().enumerate().filter(|(column, cell)| columns.range.contains(column) && !is_blank(cell)).collect()
}

/// Whether texts count from left to right: 1 2 3, （1）（2）, A B C, 甲乙丙.
fn are_consecutive(texts: &[String]) -> bool {
    let kinds: [fn(&str) -> Option<usize>; 4] = [number, letter, |text| place_in(STEMS, text), |text| place_in(NUMERALS, text)];
    let count = |read: &fn(&str) -> Option<usize>| {
        let numbers: Option<Vec<usize>> = texts.iter().map(|text| read(without_marks(text))).collect();
        numbers.is_some_and(|numbers| numbers.windows(2).all(|pair| matches!(pair, [left, right] if left + 1 == *right)))
    };
    kinds.iter().any(count)
}

/// A text without the marks that lists put around a number.
fn without_marks(text: &str) -> &str {
    text.trim_matches(['(', ')', '（', '）', '[', ']', '.', '、', '列', ' '])
}

/// The number that a text of at most two digits is.
fn number(text: &str) -> Option<usize> {
    if text.len() <= 2 { text.parse().ok() } else { None }
}

/// The place in the alphabet of the letter that a text is.
fn letter(text: &str) -> Option<usize> {
    place_in("abcdefghijklmnopqrstuvwxyz", &text.to_ascii_lowercase())
}

/// The place of the one character that a text is among others.
fn place_in(characters: &str, text: &str) -> Option<usize> {
    let mut own = text.chars();
    let (Some(only), None) = (own.next(), own.next()) else { return None };
    characters.chars().position(|character| character == only)
}

/// Whether a text says how a column is to be filled in.
fn is_legend_text(text: &str) -> bool {
    let folded = fold(text);
    WORDS.legend.iter().any(|word| if word.is_ascii() { *word == folded } else { text.contains(word.as_str()) })
}

/// Whether a text is a column's name in a program or in English: letters and what stands between them.
fn is_name_in_a_program(text: &str) -> bool {
    let belongs =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | ' ' | '/' | '(' | ')');
    text.chars().all(belongs) && text.contains(|character: char| character.is_ascii_alphabetic())
}

/// Whether a text holds nothing that could be a code; a date or a telephone number behind its label is none.
fn is_no_code(text: &str) -> bool {
    let longest = || text.split(|character: char| !character.is_ascii_alphanumeric()).map(str::len).max().unwrap_or_default();
    digits_in(text) < DIGITS_OF_A_CODE || is_date(text) || is_labelled(text) && longest() < SHORTEST_CODE
}

/// Whether a text is a date, whether it is filled in or not: 2026年11月1日, 年 月 日.
fn is_date(text: &str) -> bool {
    let belongs = |character: char| {
        character.is_ascii_digit()
            || character.is_whitespace()
            || "年月日号〇○_".contains(character)
            || NUMERALS.contains(character)
    };
    text.contains('年') && text.contains('月') && text.chars().all(belongs)
}

/// Whether a text stands in brackets as a whole, such as the unit of the column above it: （元）.
fn is_bracketed(text: &str) -> bool {
    let inner = text.trim().strip_prefix(['(', '（']).and_then(|rest| rest.strip_suffix([')', '）']));
    inner.is_some_and(|inner| !inner.contains(['(', '（']) && digits_in(inner) < DIGITS_OF_NO_WORD)
}

/// Whether a text says that nothing follows: ——以下空白——.
fn is_closing(text: &str) -> bool {
    let folded = fold(text);
    let bare = folded.trim_matches(|character: char| !character.is_alphanumeric());
    WORDS.closings.iter().any(|known| bare == *known)
}

/// Whether a text is a label of signatures and notes without anything behind it: 填表人, 审核人.
fn is_label(text: &str) -> bool {
    let label = fold(text);
    WORDS.labels.contains(&label)
}

/// Whether a text is what a note is called, or the place for a seal or a signature: 备注, 填报单位（盖章）.
fn is_note(text: &str) -> bool {
    let (name, notes) = folded_with_notes(text);
    let asks_for_seal = |word: &String| name.ends_with(word.as_str()) || notes.iter().any(|note| note.contains(word.as_str()));
    WORDS.notes.contains(&name) || WORDS.seals.iter().any(asks_for_seal)
}

/// Whether a text begins with a label of signatures and notes: 填表人：李四.
fn is_labelled(text: &str) -> bool {
    let Some((label, _)) = text.split_once([':', '：']) else { return false };
    let label = fold(label);
    // One character says something only by itself.
    WORDS.labels.iter().any(|known| label == *known || known.chars().count() > 1 && label.ends_with(known.as_str()))
}

/// Whether a text counts pages: 第1页 共2页.
fn is_page_number(text: &str) -> bool {
    text.contains('页') && text.contains(['第', '共']) && digits_in(text) > 0
}

/// Whether a text begins like the title of a section: 一、, （二）, 第三部分.
fn is_numbered(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['(', '（', '第']);
    let rest = text.trim_start_matches(|character: char| NUMERALS.contains(character));
    rest.len() < text.len() && rest.starts_with(['、', '.', '．', ')', '）', '部', '章', '节', '类'])
}

/// Whether a text ends with how many rows follow: 市中区（3人）.
fn is_counted(text: &str) -> bool {
    let bare = text.trim().trim_end_matches([')', '）']);
    let Some((_, count)) = bare.rsplit_once(['(', '（']) else { return false };
    let count = count.trim_start_matches(['共', '计', ' ']);
    let unit = count.trim_start_matches(|character: char| character.is_ascii_digit());
    unit.len() < count.len() && matches!(unit.trim(), "人" | "户" | "家" | "个" | "条" | "项" | "份" | "本" | "件")
}

/// Whether a cell is merged over more than half of the columns that the table names.
fn is_wide(row: SheetRow<'_>, column: usize, columns: &Columns, merges: &Merges) -> bool {
    let named = columns.header.headings.iter().enumerate();
    let named = named.filter(|(column, heading)| columns.range.contains(column) && !heading.text.is_empty()).count();
    let width = merges.width(row.number, column);
    width > 1 && width * 2 > named
}

#[cfg(test)]
mod tests {
    use super::super::cell::RowBatch;
    use super::super::header::Header;
    use super::super::heading::Heading;
    use super::super::stream::MergedRange;
    use super::super::template::Template;
    use super::*;
    use std::sync::Arc;

    const CITIZEN: &str = "11010519491231002X";
    const TYPE: &str = "11100000000013127D001";

    /// The columns 序号, 姓名, 身份证号 and 证照类型代码.
    fn columns() -> Columns {
        let headings: Vec<Heading> = ["序号", "姓名", "身份证号", "证照类型代码"].map(|text| Heading::of(&[text])).into();
        let header = Header { row: 1, headings, ..Header::default() };
        let mut columns = Columns {
            range: 0..usize::MAX,
            header: Arc::new(header),
            template: vec![Template::Serial, Template::Nothing, Template::Nothing, Template::Type],
            ..Columns::default()
        };
        columns.roles[Role::HolderCode as usize] = Some(2);
        columns.roles[Role::CertTypeCode as usize] = Some(3);
        columns
    }

    fn on_row(cells: &[&str], ask: impl FnOnce(SheetRow<'_>) -> bool) -> bool {
        let mut batch = RowBatch::default();
        batch.begin_row(2);
        for (column, text) in cells.iter().enumerate() {
            batch.push(column, if text.is_empty() { Cell::Empty } else { Cell::Text(text) });
        }
        ask(batch.rows().next().unwrap())
    }

    #[test]
    fn a_legend_is_told_from_a_row_of_data() {
        for (cells, expected) in [
            (&["1", "2", "3", "4"][..], true),
            (&["（1）", "（2）", "（3）", "（4）"], true),
            (&["A", "B", "C", "D"], true),
            (&["甲", "乙", "丙", "丁"], true),
            (&["必填", "必填", "必填，18位身份证号码", "必填，21位代码"], true),
            (&["数字", "文本", "文本(18)", "字符型"], true),
            (&["XH", "XM", "SFZH", "ZZLXDM"], true),
            (&["id", "name", "holder_code", "cert_type_code"], true),
            (&["No.", "Name", "ID Number", "Certificate Type"], true),
            (&["1", "张三", CITIZEN, TYPE], false),
            (&["1", "张三", "E12345678", TYPE], false),
            (&["1", "张三", "", TYPE], false),
            (&["1", "张三", "见附件", "身份证"], false),
            (&["1", "", "1", ""], false),
            (&["1"], false),
        ] {
            let is_legend = |row: SheetRow<'_>| is_legend(row, &columns(), Catalogue::of_the_specification());
            assert_eq!(on_row(cells, is_legend), expected, "{cells:?}");
        }
    }

    #[test]
    fn a_remark_is_told_from_a_row_of_data() {
        let over = |columns| Merges::new(vec![MergedRange { rows: (2, 2), columns }]);
        for (cells, merges, expected) in [
            (&["一、市中区"][..], Merges::default(), true),
            (&["", "（二）企业"], Merges::default(), true),
            (&["", "第三部分"], Merges::default(), true),
            (&["市中区"], Merges::default(), true),
            (&["", "市中区（3人）"], Merges::default(), true),
            (&["", "市中区"], over((1, 3)), true),
            (&["", "第1页 共2页"], Merges::default(), true),
            (&["填表人：李四", "", "审核人：王五"], Merges::default(), true),
            (&["备注：以上数据截至2026年10月31日"], Merges::default(), true),
            (&["单位（盖章）：", "", "", "2026年11月"], Merges::default(), true),
            (&["填表单位（公章）", "", "", "年  月  日"], Merges::default(), true),
            (&["", "", "单位（盖章）"], Merges::default(), true),
            (&["", "", "2026年11月12日"], Merges::default(), true),
            (&["", "二〇二六年十一月"], Merges::default(), true),
            (&["填表人", "王五", "审核人", "赵六"], Merges::default(), true),
            (&["填表人：王五", "", "审核人：赵六", "联系电话：0632-3312345"], Merges::default(), true),
            (&["制表：王五", "", "复核：赵六", "打印时间：2026-11-01 10:00:00"], Merges::default(), true),
            (&["经办人：", "", "", "日期：2026年10月30日"], Merges::default(), true),
            (&["注", "以上信息由各镇街提供"], Merges::default(), true),
            (&["", "", "", "", "（元）"], Merges::default(), true),
            (&["", "（张三）"], Merges::default(), false),
            (&["", "以下空白"], Merges::default(), true),
            (&["", "", "——以下空白——"], Merges::default(), true),
            // A person whose code is missing.
            (&["", "张三"], Merges::default(), false),
            (&["", "张三"], over((1, 1)), false),
            (&["5", "张三"], Merges::default(), false),
            (&["备注：无", "", CITIZEN, TYPE], Merges::default(), false),
            (&["负责人", "张三"], Merges::default(), false),
            (&["负责人", "张三", "E1234567"], Merges::default(), false),
            (&["负责人", "张三", "", TYPE], Merges::default(), false),
            (&["单位", "甲公司"], Merges::default(), false),
            (&["", "公章刻制店"], Merges::default(), false),
            (&["", "", "单位：91350100M000100Y43"], Merges::default(), false),
            (&["", "", "370499"], Merges::default(), false),
            (&["", "", "", TYPE], Merges::default(), false),
        ] {
            assert_eq!(on_row(cells, |row| is_remark(row, &columns(), &merges)), expected, "{cells:?}");
        }
    }
}
