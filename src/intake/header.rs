//! The header of a table: which rows it takes up, and what its columns mean.

use super::cell::{Cell, SheetRow};
use super::columns::column_letters;
use super::heading::{Claim, Heading, Role};
use super::merged::Merges;
use super::repair::repair_code;
use super::row_reader::text_of;
use super::stray::holds_code;
use super::words::{fold, is_former, is_heading, owner_in, owner_named, stands_for_a_name};
use crate::codes::check_type_code;
use crate::job::InputSettings;
use crate::message::Message;
use chrono::NaiveDate;
use std::ops::Range;

/// A text above a header's lowest row that is longer than this, in characters, is a title.
const LONGEST_GROUP: usize = 15;
/// A text of a header with this many digits is a value.
const DIGITS_OF_A_VALUE: usize = 8;
/// A text with this many digits is no word.
const DIGITS_OF_NO_WORD: usize = 4;
/// Columns to the left in which the name that a number belongs to is looked for at most.
const NAME_WITHIN: usize = 3;

/// The texts of a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    /// Row number, counted from 1.
    pub row: u32,
    /// A text for each column; empty where the cell is blank.
    pub texts: Vec<String>,
}

impl Texts {
    pub(super) fn of(row: SheetRow<'_>) -> Self {
        Self { row: row.number, texts: row.cells().map(|cell| cell.text().trim().to_owned()).collect() }
    }

    /// The text of a column.
    pub(super) fn text(&self, column: usize) -> &str {
        self.texts.get(column).map_or("", String::as_str)
    }

    /// How many columns have a text.
    pub(super) fn filled(&self) -> usize {
        self.texts.iter().filter(|text| !text.is_empty()).count()
    }
}

/// A header.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    /// Number of its lowest row, counted from 1.
    pub row: u32,
    /// Its rows as they stand, from the top.
    pub levels: Vec<Texts>,
    /// Its columns.
    pub headings: Vec<Heading>,
}

/// A header that is told in part by what its columns hold.
#[derive(Debug)]
pub(super) struct ByContent {
    pub header: Header,
    /// Columns whose meaning is told so.
    pub columns: Vec<usize>,
}

/// Why rows are no header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// Nothing like a header was recognised.
    Unrecognised,
    /// Headers that the job names are not there.
    Missing(Vec<String>),
}

impl Header {
    /// Reads the last of `rows` as a header, together with as many of the rows above it as belong to it.
    ///
    /// # Errors
    /// Fails if no column for the holder code or for the certificate type is among them, or a column that the job names.
    pub(super) fn recognise(rows: &[Texts], settings: &InputSettings, merges: &Merges) -> Result<Self, NoHeader> {
        let mut reason = NoHeader::Unrecognised;
        let Some((own, above)) = rows.split_last() else { return Err(reason) };
        if own.texts.iter().any(|text| digits_in(&fold(text)) >= DIGITS_OF_A_VALUE) {
            let named: Vec<String> = Role::ALL.iter().filter_map(|role| role.named_in(settings)).map(str::to_owned).collect();
            return Err(if named.is_empty() { reason } else { NoHeader::Missing(named) });
        }
        // With the rows above first: they may say whose a column is.
        for from in 0..=above.len() {
            let levels = &rows[from..];
            let adjoins = |pair: &[Texts]| matches!(pair, [upper, lower] if upper.row.checked_add(1) == Some(lower.row));
            if !levels.windows(2).all(adjoins) {
                continue;
            }
            let spread: Option<Vec<Vec<String>>> =
                (0..levels.len() - 1).map(|level| spread(&levels[level], &levels[level + 1..], merges)).collect();
            let Some(upper) = spread else { continue };
            match Self::of(levels, &upper, settings) {
                Ok(header) => return Ok(header),
                Err(why) => reason = why,
            }
        }
        Err(reason)
    }

    /// Reads the last of `rows` as a header whose words do not tell all that is needed, where the row of data below them does:
    /// it holds a code that checks. `None` where something is still lacking.
    pub(super) fn by_content(
        rows: &[Texts],
        below: SheetRow<'_>,
        settings: &InputSettings,
        today: NaiveDate,
    ) -> Option<ByContent> {
        let own = rows.last()?;
        let is_value = |text: &String| digits_in(&fold(text)) >= DIGITS_OF_NO_WORD;
        if own.filled() < 2 || own.texts.iter().any(is_value) {
            return None;
        }
        let headings = own.texts.iter().map(|text| Heading::of(&[text.as_str()])).collect();
        let mut header = Self { row: own.row, levels: vec![own.clone()], headings };
        header.see_neighbours();
        header.take_named(settings).ok()?;
        let mut columns = Vec::new();
        for role in [Role::HolderCode, Role::CertTypeCode] {
            let holds = |cell: &Cell<'_>| match role {
                Role::HolderCode => holds_code(cell, today),
                _ => check_type_code(&repair_code(&text_of(cell)).0).is_ok(),
            };
            let is_known = header.columns_for(role, &(0..usize::MAX)).iter().any(|(_, claim)| *claim != Claim::SomeoneElse);
            let has_names = role == Role::CertTypeCode && !header.columns_for(Role::CertTypeName, &(0..usize::MAX)).is_empty();
            if is_known || has_names {
                continue;
            }
            // The code of an office is not the holder's, whatever it proves to be.
            let may_mean = |heading: &Heading| {
                heading.meaning.is_none() && !heading.own_name().is_empty() && owner_in(heading.own_name()).is_none()
            };
            let fits = |(column, heading): &(usize, &Heading)| may_mean(heading) && holds(&below.cell(*column));
            let fitting = || header.headings.iter().enumerate().filter(fits);
            // A number that another one has taken the place of is not the holder's any more.
            let current = fitting().find(|(_, heading)| !is_former(heading.own_name()));
            let column = current.or_else(|| fitting().next()).map(|(column, _)| column);
            if let Some(column) = column
                && let Some(heading) = header.headings.get_mut(column)
            {
                heading.meaning = Some((role, Claim::Plain));
                columns.push(column);
            }
        }
        let is_whole = !columns.is_empty() && header.is_whole(&(0..usize::MAX), settings);
        is_whole.then_some(ByContent { header, columns })
    }

    /// Reads rows as a header, given the texts of the upper ones with merged cells spread.
    fn of(levels: &[Texts], upper: &[Vec<String>], settings: &InputSettings) -> Result<Self, NoHeader> {
        let Some(own) = levels.last() else { return Err(NoHeader::Unrecognised) };
        let width = levels.iter().map(|level| level.texts.len()).max().unwrap_or_default();
        let heading = |column: usize| {
            let above = upper.iter().map(|texts| texts.get(column).map_or("", String::as_str));
            Heading::of(&above.chain([own.text(column)]).collect::<Vec<_>>())
        };
        let mut header = Self { row: own.row, levels: levels.to_vec(), headings: (0..width).map(heading).collect() };
        header.see_neighbours();
        header.take_named(settings)?;
        if header.is_whole(&(0..usize::MAX), settings) { Ok(header) } else { Err(NoHeader::Unrecognised) }
    }

    /// Lowers the claim of numbers that stand behind the name of somebody else.
    fn see_neighbours(&mut self) {
        let is_beside = |column: usize, heading: &Heading| {
            // A column for the type of the number may stand between.
            let may_be_passed = |left: &&Heading| left.meaning.is_none_or(|(role, _)| role == Role::HolderCodeType);
            let left = self.headings[..column].iter().rev().take(NAME_WITHIN).take_while(may_be_passed);
            let name = left.map(Heading::own_name).find(|name| stands_for_a_name(name));
            name.and_then(owner_named).is_some_and(|owner| owner.may_have(heading.own_name()))
        };
        let plain = |heading: &Heading| heading.meaning == Some((Role::HolderCode, Claim::Plain));
        let numbers = self.headings.iter().enumerate().filter(|(_, heading)| plain(heading));
        let beside: Vec<usize> =
            numbers.filter(|(column, heading)| is_beside(*column, heading)).map(|(column, _)| column).collect();
        for column in beside {
            self.headings[column].meaning = Some((Role::HolderCode, Claim::Beside));
        }
    }

    /// Gives the columns that the job names their roles.
    fn take_named(&mut self, settings: &InputSettings) -> Result<(), NoHeader> {
        let mut missing = Vec::new();
        for role in Role::ALL {
            let Some(name) = role.named_in(settings) else { continue };
            let columns = self.columns_called(name);
            if columns.is_empty() {
                missing.push(name.to_owned());
            }
            for column in columns {
                self.headings[column].meaning = Some((role, Claim::Named));
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(NoHeader::Missing(missing)) }
    }

    /// Columns with a header as a person names it: the text itself, else the text but for width, spaces and notes.
    pub(super) fn columns_called(&self, name: &str) -> Vec<usize> {
        let (name, folded) = (name.trim(), fold(name));
        let own = |column: usize| self.levels.last().map_or("", |level| level.text(column));
        let headings = || self.headings.iter().enumerate();
        let exactly = headings().filter(|(column, heading)| heading.text == name || own(*column) == name);
        let exactly: Vec<usize> = exactly.map(|(column, _)| column).collect();
        if !exactly.is_empty() || folded.is_empty() {
            return exactly;
        }
        headings().filter(|(_, heading)| heading.is_called(&folded)).map(|(column, _)| column).collect()
    }

    /// Columns in a range that mean a role, and how surely.
    pub(super) fn columns_for(&self, role: Role, range: &Range<usize>) -> Vec<(usize, Claim)> {
        let columns = self.headings.iter().enumerate().filter(|(column, _)| range.contains(column));
        let of_role = columns.filter_map(|(column, heading)| heading.meaning.map(|(own, claim)| (column, own, claim)));
        of_role.filter(|(_, own, _)| *own == role).map(|(column, _, claim)| (column, claim)).collect()
    }

    /// Whether a range of columns tells holder codes and certificate types.
    pub(super) fn is_whole(&self, range: &Range<usize>, settings: &InputSettings) -> bool {
        let has =
            |role, range: &Range<usize>| self.columns_for(role, range).iter().any(|(_, claim)| *claim != Claim::SomeoneElse);
        let has_types = |range: &Range<usize>| has(Role::CertTypeCode, range) || has(Role::CertTypeName, range);
        // Defaults are for headers without any column of types.
        let has_defaults = !settings.default_type_codes.is_empty() && !has_types(&(0..usize::MAX));
        has(Role::HolderCode, range) && (has_types(range) || has_defaults)
    }

    /// Whether a row goes on with this header: it says nothing where codes would stand, and only what headers say.
    pub(super) fn goes_on_in(&self, row: &Texts) -> bool {
        let is_code = |column: usize| {
            let role = self.headings.get(column).and_then(|heading| heading.meaning).map(|(role, _)| role);
            role.is_some_and(|role| role != Role::CertificateNumber)
        };
        let mut filled = row.texts.iter().enumerate().filter(|(_, text)| !text.is_empty());
        row.filled() > 1
            && self.row.checked_add(1) == Some(row.row)
            && filled.all(|(column, text)| !is_code(column) && is_heading(&fold(text)) && digits_in(text) == 0)
    }

    /// Says which of its columns are told by what they hold.
    pub(super) fn told_by_content(&self, columns: &[usize]) -> Message {
        let named = |column: &usize| {
            let text = self.headings.get(*column).map_or("", |heading| heading.text.as_str());
            Message::new("column-named").with("header", text).with("column", column_letters(*column))
        };
        Message::new("header-by-content").with("row", self.row).with_list("columns", columns.iter().map(named).collect())
    }

    /// Whether this header, found below another one, is that of a further table: it means something else, and it is not the
    /// same header once more, such as in English, in the next row.
    pub(super) fn begins_further_table(&self, upper: &Self) -> bool {
        let holders = |header: &Self| -> Vec<usize> {
            let columns = header.columns_for(Role::HolderCode, &(0..usize::MAX));
            columns.into_iter().map(|(column, _)| column).collect()
        };
        let is_next = upper.row.checked_add(1) == Some(self.row);
        !(self.is_like(upper) || is_next && holders(self) == holders(upper))
    }

    /// Whether another header means the same in every column.
    fn is_like(&self, other: &Self) -> bool {
        let meanings = |header: &Self| -> Vec<(usize, Role, Claim)> {
            let columns = header.headings.iter().enumerate();
            columns.filter_map(|(column, heading)| heading.meaning.map(|(role, claim)| (column, role, claim))).collect()
        };
        meanings(self) == meanings(other)
    }
}

/// Returns the texts of a row of a header, with merged cells spread over the columns that the rows `below` name; `None`
/// where the row is no part of the header.
fn spread(level: &Texts, below: &[Texts], merges: &Merges) -> Option<Vec<String>> {
    let is_group =
        |text: &str| text.chars().count() <= LONGEST_GROUP && !text.contains([':', '：']) && digits_in(text) < DIGITS_OF_NO_WORD;
    let own: Vec<String> = level.texts.iter().map(|text| if is_group(text) { text.clone() } else { String::new() }).collect();
    let filled: Vec<usize> = (0..own.len()).filter(|column| !own[*column].is_empty()).collect();
    match filled[..] {
        [] => return None,
        // A text by itself is a title, unless it stands over some of the columns only.
        [only] => {
            let width = merges.width(level.row, only);
            let named = below.iter().map(Texts::filled).max().unwrap_or_default();
            let is_over_some = if merges.is_empty() { only > 0 } else { width > 1 && width < named };
            if !is_over_some {
                return None;
            }
        }
        _ => {}
    }
    let is_named = |column: usize| below.iter().any(|level| !level.text(column).is_empty());
    let width = below.iter().map(|level| level.texts.len()).max().unwrap_or_default().max(own.len());
    let mut texts = own.clone();
    texts.resize(width, String::new());
    if merges.is_empty() {
        // The file does not tell merged cells: a text stands over the columns to its right that have none of their own.
        for column in 1..width {
            if texts[column].is_empty() && is_named(column) && is_named(column - 1) {
                let left = texts[column - 1].clone();
                texts[column] = left;
            }
        }
    } else {
        merges.spread(level.row, &mut texts, width);
        for (column, text) in texts.iter_mut().enumerate() {
            if own.get(column).is_none_or(String::is_empty) && !is_named(column) {
                text.clear();
            }
        }
    }
    Some(texts)
}

/// Counts the digits in a text.
pub(super) fn digits_in(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// Whether a row below a header may be a header or a title: words and no values. `code` is the column that most rows
/// have a code in.
pub(super) fn is_wordy(row: SheetRow<'_>, code: Option<usize>) -> bool {
    let is_word = |cell: Cell<'_>| match cell {
        Cell::Text(text) => digits_in(text) < DIGITS_OF_NO_WORD,
        Cell::Empty => true,
        Cell::Number(_) | Cell::Other(_) | Cell::Error(_) | Cell::Uncalculated => false,
    };
    // A code has digits, and a header has none but in brackets: almost every row is told by this cell alone.
    let is_code = |cell: Cell<'_>| !is_word(cell) || digits_in(&fold(&cell.text())) > 0;
    if code.is_some_and(|column| is_code(row.cell(column))) || !row.cells().all(is_word) {
        return false;
    }
    let texts: Vec<String> = row.cells().filter(|cell| !cell.is_blank()).map(|cell| fold(&cell.text())).collect();
    match &texts[..] {
        [] => false,
        [only] => only.chars().any(char::is_alphabetic),
        several => several.iter().filter(|text| is_heading(text)).count() * 2 > several.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::RowBatch;
    use super::super::stream::MergedRange;
    use super::*;
    use crate::job::{Columns, HeaderRow, SheetChoice};

    fn settings(default_types: &[&str]) -> InputSettings {
        InputSettings {
            path: String::new(),
            sheet: SheetChoice::Every,
            header_row: HeaderRow::Auto,
            columns: Columns::default(),
            default_type_codes: default_types.iter().map(|code| (*code).to_owned()).collect(),
            default_holder_code_type: None,
            carry: Vec::new(),
        }
    }

    fn rows(rows: &[&[&str]]) -> Vec<Texts> {
        let texts = |row: &&[&str]| row.iter().map(|text| (*text).to_owned()).collect();
        (1..).zip(rows.iter().map(texts)).map(|(row, texts)| Texts { row, texts }).collect()
    }

    fn recognised(header: &[&[&str]], ranges: Vec<MergedRange>) -> Option<Vec<(usize, Role, Claim)>> {
        let header = Header::recognise(&rows(header), &settings(&[]), &Merges::new(ranges)).ok()?;
        let columns = header.headings.iter().enumerate();
        Some(columns.filter_map(|(column, heading)| heading.meaning.map(|(role, claim)| (column, role, claim))).collect())
    }

    fn across(row: u32, columns: (usize, usize)) -> MergedRange {
        MergedRange { rows: (row, row), columns }
    }

    #[test]
    fn a_header_over_two_rows_is_read_with_and_without_merged_ranges() {
        let two: &[&[&str]] = &[&["序号", "持证主体", "", "证照信息", ""], &["", "名称", "代码", "类型代码", "编号"]];
        let expected = Some(vec![
            (2, Role::HolderCode, Claim::Holder),
            (3, Role::CertTypeCode, Claim::Plain),
            (4, Role::CertificateNumber, Claim::Plain),
        ]);
        assert_eq!(recognised(two, vec![across(1, (1, 2)), across(1, (3, 4))]), expected);
        assert_eq!(recognised(two, Vec::new()), expected);
        let three: &[&[&str]] = &[
            &["序号", "枣庄市证照", "", "", ""],
            &["", "持证主体", "", "证照信息", ""],
            &["", "名称", "代码", "类型代码", "编号"],
        ];
        assert_eq!(recognised(three, vec![across(1, (1, 4)), across(2, (1, 2)), across(2, (3, 4))]), expected);
    }

    #[test]
    fn a_title_is_no_part_of_a_header() {
        let titled: &[&[&str]] = &[
            &["企业法定代表人证照清单", "", ""],
            &["填报单位：市公安局", "", "填报日期：2026-11-01"],
            &["序号", "身份证号", "证照类型代码"],
        ];
        let expected = Some(vec![(1, Role::HolderCode, Claim::Plain), (2, Role::CertTypeCode, Claim::Plain)]);
        assert_eq!(recognised(titled, vec![across(1, (0, 2))]), expected);
        assert_eq!(recognised(titled, Vec::new()), expected);
    }

    #[test]
    fn the_row_above_says_whose_a_code_is() {
        let two: &[&[&str]] =
            &[&["法定代表人", "", "持证主体", "", "证照"], &["姓名", "证件号码", "名称", "证件号码", "类型代码"]];
        let expected = Some(vec![
            (1, Role::HolderCode, Claim::SomeoneElse),
            (3, Role::HolderCode, Claim::Holder),
            (4, Role::CertTypeCode, Claim::Plain),
        ]);
        assert_eq!(recognised(two, vec![across(1, (0, 1)), across(1, (2, 3))]), expected);
        assert_eq!(recognised(two, Vec::new()), expected);
    }

    #[test]
    fn a_number_behind_somebody_elses_name_is_that_persons() {
        for (header, claims) in [
            (&["企业名称", "法定代表人", "身份证号", "统一社会信用代码", "证照名称"][..], &[Claim::Beside, Claim::Plain][..]),
            (
                &["企业名称", "法定代表人姓名", "联系电话", "身份证号", "统一社会信用代码", "证照名称"],
                &[Claim::Beside, Claim::Plain],
            ),
            (&["企业名称", "法定代表人", "证件类型", "证件号码", "持证主体代码", "证照名称"], &[Claim::Beside, Claim::Holder]),
            (&["法定代表人", "企业名称", "证件号码", "证照名称"], &[Claim::Plain]),
            (&["法定代表人", "统一社会信用代码", "证照名称"], &[Claim::Plain]),
            (&["姓名", "身份证号", "工作单位", "统一社会信用代码", "证照名称"], &[Claim::Plain, Claim::Beside]),
        ] {
            let found: Vec<Claim> = recognised(&[header], Vec::new())
                .unwrap()
                .into_iter()
                .filter(|(_, role, _)| *role == Role::HolderCode)
                .map(|(_, _, claim)| claim)
                .collect();
            assert_eq!(found, claims, "{header:?}");
        }
    }

    #[test]
    fn the_next_row_may_say_the_same_in_other_words() {
        let header = |row: u32, texts: &[&str]| {
            let texts = texts.iter().map(|text| (*text).to_owned()).collect();
            Header::recognise(&[Texts { row, texts }], &settings(&[]), &Merges::default()).unwrap()
        };
        let upper = header(1, &["姓名", "身份证号", "证照类型代码"]);
        for (row, texts, is_further) in [
            (2, &["name", "holder_code", "certificateType"][..], false),
            (9, &["name", "holder_code", "certificateType"], true),
            (9, &["姓名", "身份证号", "证照类型代码"], false),
            (2, &["企业名称", "", "统一社会信用代码", "证照类型代码"], true),
        ] {
            assert_eq!(header(row, texts).begins_further_table(&upper), is_further, "{row} {texts:?}");
        }
    }

    #[test]
    fn a_header_of_unknown_words_is_read_by_what_stands_below_it() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        let data = |cells: &[&str]| {
            let mut batch = RowBatch::default();
            batch.begin_row(2);
            for (column, text) in cells.iter().enumerate() {
                batch.push(column, Cell::Text(text));
            }
            batch
        };
        let (citizen, credit, code) = ("11010519491231002X", "91350100M000100Y43", "11100000000013127D001");
        for (header, cells, expected) in [
            (&["姓名", "某某号", "证照类型代码"][..], &["张三", citizen, code][..], Some(vec![1])),
            (&["姓名", "身份证号", "某某类"], &["张三", citizen, code], Some(vec![2])),
            (&["姓名", "某某号", "某某类"], &["张三", citizen, code], Some(vec![1, 2])),
            (&["姓名", "某某号", "证照名称"], &["张三", citizen, "居民身份证"], Some(vec![1])),
            // Nothing tells the type.
            (&["姓名", "某某号", "某某类"], &["张三", citizen, "居民身份证"], None),
            // The codes are somebody else's.
            (&["姓名", "发证机关代码", "证照类型代码"], &["张三", credit, code], None),
            (&["姓名", "法定代表人身份证号", "证照类型代码"], &["张三", citizen, code], None),
            // A row of data, and a title.
            (&["张三", "13800000000", "证照类型代码"], &["张三", citizen, code], None),
            (&["2026 年清单"], &[citizen, code], None),
        ] {
            let batch = data(cells);
            let found = Header::by_content(&rows(&[header]), batch.rows().next().unwrap(), &settings(&[]), today);
            assert_eq!(found.map(|found| found.columns), expected, "{header:?}");
        }
    }

    #[test]
    fn somebody_elses_code_alone_makes_no_header_and_data_makes_none() {
        assert_eq!(recognised(&[&["企业名称", "法定代表人身份证号", "证照类型代码"]], Vec::new()), None);
        assert_eq!(recognised(&[&["身份证", "370499199001010007", "证照名称"]], Vec::new()), None);
        let header = &rows(&[&["姓名", "身份证号"]]);
        assert!(Header::recognise(header, &settings(&[]), &Merges::default()).is_err());
        assert!(Header::recognise(header, &settings(&["11100000000013127D001"]), &Merges::default()).is_ok());
    }
}
