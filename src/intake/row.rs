//! From a row's cells to an item, or to a reason why not.

use super::Place;
use super::cell::{Cell, SheetRow};
use super::header::{Columns, Role};
use crate::codes::{Catalogue, NumberProblem, check_citizen_number, check_credit_code, check_type_code, holder_code_type};
use crate::job::InputSettings;
use chrono::{Datelike, NaiveDate};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

const CITIZEN_NUMBER: &str = "111";
const CREDIT_CODE: &str = "001";
/// No document of any kind has a longer number.
const LONGEST_HOLDER_CODE: usize = 40;

/// An item as a row names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// 持证主体代码.
    pub holder_code: String,
    /// 持证主体代码类型代码.
    pub holder_code_type: String,
    /// 证照类型代码.
    pub cert_type_code: String,
    /// 证照编号, where the row gives one.
    pub certificate_number: Option<String>,
    /// Where it stands.
    pub place: Place,
    /// 提取码, where the row gives one.
    pub extraction_code: Option<String>,
    /// Values of the job's carried columns, in their order.
    pub carried: Vec<Option<String>>,
}

/// A row that cannot be audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Where it stands.
    pub place: Place,
    /// The cell that the problem is in, such as `B12`; none where the sheet lacks the column.
    pub cell: Option<String>,
    /// Header of the column that the problem is in.
    pub column: String,
    /// The value there, as it stands.
    pub value: String,
    /// What is wrong.
    pub problem: InputProblem,
    /// What to do, where more can be said than the problem's usual advice.
    pub advice: String,
}

/// A value that was changed before it was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Where it stands.
    pub place: Place,
    /// Its cell, such as `B12`; none where several are meant.
    pub cell: Option<String>,
    /// Header of its column.
    pub column: String,
    /// As it stood.
    pub before: String,
    /// As it was used.
    pub after: String,
    /// What was done: names joined by commas.
    pub repair: String,
}

/// Declares the problems with their names in tables and what to do about them.
macro_rules! problems {
    ($($(#[$meta:meta])* $variant:ident = $name:literal, $advice:literal;)+) => {
        /// What can be wrong with an input row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum InputProblem { $($(#[$meta])* $variant),+ }

        impl InputProblem {
            /// Every problem.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What to do about it, in Chinese.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice),+ }
            }
        }
    };
}

problems! {
    /// No holder code.
    MissingHolderCode = "missing_holder_code", "补填持证主体代码（公民身份号码或统一社会信用代码）。";
    /// No certificate type code, and no default.
    MissingTypeCode = "missing_type_code", "补填 21 位证照类型代码，或在任务文件的 defaults 中指定。";
    /// A code of sixteen digits or more kept as a number.
    PrecisionLost = "precision_lost", "该代码被存为数字，第 16 位起已丢失，不可恢复。请将该列设为文本格式后，从源系统重新导出。";
    /// Too short or too long.
    BadLength = "bad_length", "核对位数：公民身份号码和统一社会信用代码均为 18 位。";
    /// Characters that do not belong there.
    BadCharacter = "bad_character", "代码中含有不应出现的字符，请核对原件。";
    /// The check character does not fit.
    BadCheckCharacter = "bad_check_character", "校验位不符，至少有一位录错，请核对原件。";
    /// No possible date of birth.
    BadBirthDate = "bad_birth_date", "第 7 至 14 位不是有效的出生日期，请核对原件。";
    /// The type of the holder code is not known.
    UnknownHolderCodeType = "unknown_holder_code_type", "无法判断代码类型：请增加“持证主体代码类型”列，填写类型代码（如 111、001、414）或其名称。";
    /// The holder code is not of the type named.
    CodeTypeMismatch = "code_type_mismatch", "代码与所填的代码类型不符，请核对两列。";
    /// Not a certificate type code.
    BadTypeCode = "bad_type_code", "证照类型代码应为 21 位：18 位信用代码（含校验位）加 3 位数字，请对照证照类型目录核对。";
    /// A type's name that several types bear.
    AmbiguousTypeName = "ambiguous_type_name", "该证照名称对应多个类型代码，请增加证照类型代码列。";
    /// A type's name that the catalogue lacks.
    UnknownTypeName = "unknown_type_name", "证照类型目录中没有这个名称，请填写 21 位证照类型代码，或按目录改正名称。";
    /// The cell holds an error.
    UnreadableCell = "unreadable_cell", "单元格是公式错误，请改正公式或填写实际的值。";
}

/// What a row comes to.
#[derive(Debug, Default)]
pub(super) struct RowResult {
    pub items: Vec<NewItem>,
    pub rejected: Option<RejectedRow>,
    pub repairs: Vec<Repair>,
}

/// Reads a row below the header.
pub(super) fn read_row(
    row: SheetRow<'_>,
    columns: &Columns,
    settings: &InputSettings,
    catalogue: &Catalogue,
    place: &Place,
    today: NaiveDate,
) -> RowResult {
    let mut reader = RowReader { row, columns, catalogue, place, repairs: Vec::new() };
    match reader.items(settings, today) {
        Ok(items) => RowResult { items, rejected: None, repairs: reader.repairs },
        Err((role, problem, advice)) => {
            let value = columns.column(role).map_or_else(String::new, |column| row.cell(column).text());
            let rejected = RejectedRow {
                place: place.clone(),
                cell: columns.column(role).map(|column| cell_name(column, place.row)),
                column: columns.header(role).to_owned(),
                value,
                problem,
                advice: advice.map_or_else(|| problem.advice().to_owned(), Cow::into_owned),
            };
            RowResult { items: Vec::new(), rejected: Some(rejected), repairs: Vec::new() }
        }
    }
}

/// The name of a cell: its column (from 0) in letters, and its row.
fn cell_name(column: usize, row: u32) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        left -= 1;
        letters.insert(0, char::from(b'A' + u8::try_from(left % 26).unwrap_or_default()));
        left /= 26;
    }
    letters.into_iter().collect::<String>() + &row.to_string()
}

type Rejection = (Role, InputProblem, Option<Cow<'static, str>>);

struct RowReader<'a> {
    row: SheetRow<'a>,
    columns: &'a Columns,
    catalogue: &'a Catalogue,
    place: &'a Place,
    repairs: Vec<Repair>,
}

impl<'a> RowReader<'a> {
    fn items(&mut self, settings: &InputSettings, today: NaiveDate) -> Result<Vec<NewItem>, Rejection> {
        let holder_code = self.code(Role::HolderCode)?.ok_or((Role::HolderCode, InputProblem::MissingHolderCode, None))?;
        let type_codes = self.type_codes(settings)?;
        let named = self.named_type()?.or_else(|| settings.default_holder_code_type.clone());
        let holder_code_type = match named {
            Some(named) => {
                check_named_type(&holder_code, &named, today)?;
                named
            }
            None => self.infer_type(&holder_code, today)?,
        };
        if type_codes.iter().any(|code| check_type_code(code).is_err()) {
            return Err((Role::CertTypeCode, InputProblem::BadTypeCode, None));
        }
        let certificate_number = self.certificate_number()?;
        let extraction_code = self.cell(Role::ExtractionCode)?.map(|cell| repair_text(&cell.text()).0);
        let extraction_code = extraction_code.filter(|code| !code.is_empty());
        let carried: Vec<Option<String>> = self.columns.carried.iter().map(|column| self.carried(*column)).collect();
        let item = |cert_type_code| NewItem {
            holder_code: holder_code.clone(),
            holder_code_type: holder_code_type.clone(),
            cert_type_code,
            certificate_number: certificate_number.clone(),
            place: self.place.clone(),
            extraction_code: extraction_code.clone(),
            carried: carried.clone(),
        };
        Ok(type_codes.into_iter().map(item).collect())
    }

    /// The row's certificate type codes: as given, else by the type's name where the sheet has no column of codes, else
    /// the job's defaults.
    fn type_codes(&mut self, settings: &InputSettings) -> Result<Vec<String>, Rejection> {
        if let Some(code) = self.code(Role::CertTypeCode)? {
            return Ok(vec![code]);
        }
        let by_name = self.columns.column(Role::CertTypeCode).is_none();
        if let Some(name) = self.cell(Role::CertTypeName)?.map(|cell| cell.text()).filter(|_| by_name) {
            return type_code_named(&name, self.catalogue).map(|code| vec![code]);
        }
        // Defaults are for sheets without a column of types: a blank in such a column is an omission.
        let has_column = !by_name || self.columns.column(Role::CertTypeName).is_some();
        if has_column || settings.default_type_codes.is_empty() {
            let role = if by_name { Role::CertTypeName } else { Role::CertTypeCode };
            return Err((role, InputProblem::MissingTypeCode, None));
        }
        Ok(settings.default_type_codes.clone())
    }

    /// The cell of a role, refused where it cannot be a code.
    fn cell(&self, role: Role) -> Result<Option<Cell<'a>>, Rejection> {
        let Some(column) = self.columns.column(role) else { return Ok(None) };
        match self.row.cell(column) {
            Cell::Error(_) => Err((role, InputProblem::UnreadableCell, None)),
            cell if cell.is_blank() => Ok(None),
            Cell::Other(_) if role != Role::CertTypeName => Err((role, InputProblem::UnreadableCell, Some(NOT_A_CODE.into()))),
            cell if cell.lost_precision() => Err((role, InputProblem::PrecisionLost, None)),
            cell => Ok(Some(cell)),
        }
    }

    /// A code with all that can be repaired repaired.
    fn code(&mut self, role: Role) -> Result<Option<String>, Rejection> {
        let Some(before) = self.cell(role)?.map(|cell| cell.text()) else { return Ok(None) };
        let (after, done) = repair_code(&before);
        self.note(role, before, &after, &done);
        Ok(Some(after).filter(|code| !code.is_empty()))
    }

    /// A certificate number: only what cannot be part of it is taken off.
    fn certificate_number(&mut self) -> Result<Option<String>, Rejection> {
        let Some(before) = self.cell(Role::CertificateNumber)?.map(|cell| cell.text()) else { return Ok(None) };
        let (after, done) = repair_text(&before);
        self.note(Role::CertificateNumber, before, &after, &done);
        Ok(Some(after).filter(|number| !number.is_empty()))
    }

    fn note(&mut self, role: Role, before: String, after: &str, done: &[&str]) {
        if !done.is_empty() {
            self.repairs.push(Repair {
                place: self.place.clone(),
                cell: self.columns.column(role).map(|column| cell_name(column, self.place.row)),
                column: self.columns.header(role).to_owned(),
                before,
                after: after.to_owned(),
                repair: done.join(","),
            });
        }
    }

    /// The holder code type that the row names, by code or by name.
    fn named_type(&self) -> Result<Option<String>, Rejection> {
        let Some(cell) = self.cell(Role::HolderCodeType)? else { return Ok(None) };
        let text: String = cell.text().nfkc().filter(|character| !character.is_whitespace()).collect();
        // A numeric cell shows 001 as 1.
        let padded = if text.bytes().all(|byte| byte.is_ascii_digit()) { format!("{text:0>3}") } else { text };
        let usual = match padded.as_str() {
            "身份证" | "居民身份证" | "身份证号" | "身份证号码" => CITIZEN_NUMBER,
            "社会信用代码" | "营业执照" => CREDIT_CODE,
            other => other,
        };
        match holder_code_type(usual) {
            Some(known) => Ok(Some(known.code.clone())),
            None => Err((
                Role::HolderCodeType,
                InputProblem::UnknownHolderCodeType,
                Some("所填的代码类型不在平台的 16 种之内，请填写类型代码（如 111、001、414）或其名称。".into()),
            )),
        }
    }

    /// The holder code type that the code itself shows.
    fn infer_type(&mut self, code: &str, today: NaiveDate) -> Result<String, Rejection> {
        let citizen = check_citizen_number(code, today);
        let credit = check_credit_code(code);
        if citizen.is_ok() && credit.is_ok() {
            self.note(Role::HolderCode, code.to_owned(), code, &["taken_as_citizen_number"]);
        }
        match (citizen, credit) {
            // One wrong citizen number in thirty-one checks as a credit code by chance.
            (Err(citizen), Ok(())) if looks_like_citizen_number(code, today) => {
                Err((Role::HolderCode, number_problem(citizen), Some(MISTYPED_OR_CREDIT_CODE.into())))
            }
            (Ok(()), _) => Ok(CITIZEN_NUMBER.to_owned()),
            (Err(_), Ok(())) => Ok(CREDIT_CODE.to_owned()),
            (Err(citizen), Err(credit)) => {
                Err((Role::HolderCode, not_of_a_known_kind(code, citizen, credit), old_number(code).map(Cow::Borrowed)))
            }
        }
    }

    fn carried(&self, column: Option<usize>) -> Option<String> {
        let cell = self.row.cell(column?);
        let (text, _) = repair_text(&cell.text());
        Some(text).filter(|text| !text.is_empty())
    }
}

/// The one type code that the catalogue has under a name.
fn type_code_named(name: &str, catalogue: &Catalogue) -> Result<String, Rejection> {
    let candidates: Vec<_> = catalogue.named(name).cloned().collect();
    match &candidates[..] {
        [] => Err((Role::CertTypeName, InputProblem::UnknownTypeName, None)),
        [only] => Ok(only.code.clone()),
        several => {
            let list: Vec<String> = several.iter().map(|entry| format!("{}（{}）", entry.code, entry.names.join("、"))).collect();
            let advice = format!("该名称对应多个类型代码，请增加证照类型代码列，从中选填：{}。", list.join("；"));
            Err((Role::CertTypeName, InputProblem::AmbiguousTypeName, Some(advice.into())))
        }
    }
}

/// What is wrong with a code that is neither a citizen number nor a credit code.
fn not_of_a_known_kind(code: &str, citizen: NumberProblem, credit: NumberProblem) -> InputProblem {
    let length = code.chars().count();
    if !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return InputProblem::BadCharacter;
    }
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    if length == 18 {
        // Digits up to the last are meant as a citizen number.
        return number_problem(if digits >= 17 && code.as_bytes()[..17].iter().all(u8::is_ascii_digit) {
            citizen
        } else {
            credit
        });
    }
    if digits == length || length > 12 { InputProblem::BadLength } else { InputProblem::UnknownHolderCodeType }
}

const NOT_A_CODE: &str = "单元格是日期或逻辑值，不是代码：请将该列设为文本格式，重新填写原来的代码。";

const MISTYPED_OR_CREDIT_CODE: &str =
    "看似录错的公民身份号码，请核对原件；若确为统一社会信用代码，请增加“持证主体代码类型”列并填写 001。";

/// Whether a code is digits throughout, with a year of birth where a citizen number has it.
fn looks_like_citizen_number(code: &str, today: NaiveDate) -> bool {
    let (body, _) = code.split_at(code.len().min(17));
    let year = code.get(6..10).and_then(|year| year.parse::<i32>().ok());
    body.bytes().all(|byte| byte.is_ascii_digit()) && year.is_some_and(|year| (1900..=today.year()).contains(&year))
}

/// Advice for the numbers of before 1999.
fn old_number(code: &str) -> Option<&'static str> {
    (code.len() == 15 && code.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some("这是 15 位旧号码，平台只接受 18 位公民身份号码，请向持证人核实后填写 18 位号码。")
}

const fn number_problem(problem: NumberProblem) -> InputProblem {
    match problem {
        NumberProblem::BadLength => InputProblem::BadLength,
        NumberProblem::BadCharacter => InputProblem::BadCharacter,
        NumberProblem::BadBirthDate => InputProblem::BadBirthDate,
        NumberProblem::BadCheckCharacter => InputProblem::BadCheckCharacter,
    }
}

/// Checks a code against the type that the row names.
fn check_named_type(code: &str, named: &str, today: NaiveDate) -> Result<(), Rejection> {
    let citizen = check_citizen_number(code, today);
    let credit = check_credit_code(code);
    let (own, other) = match named {
        CITIZEN_NUMBER => (citizen, credit),
        CREDIT_CODE => (credit, citizen),
        _ => {
            let fits = code.chars().count() <= LONGEST_HOLDER_CODE && !code.chars().any(char::is_control);
            return if fits { Ok(()) } else { Err((Role::HolderCode, InputProblem::BadLength, None)) };
        }
    };
    match own {
        Ok(()) => Ok(()),
        Err(_) if other.is_ok() => Err((Role::HolderCodeType, InputProblem::CodeTypeMismatch, None)),
        Err(problem) => Err((Role::HolderCode, number_problem(problem), old_number(code).map(Cow::Borrowed))),
    }
}

const fn is_zero_width(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// A code with width, space, invisible characters, apostrophes, separators and letter case repaired, and what was done.
pub(super) fn repair_code(before: &str) -> (String, Vec<&'static str>) {
    // Almost all codes are as they should be.
    if before.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        return (before.to_owned(), Vec::new());
    }
    let mut done = Vec::new();
    let mut apply = |name, before: String, after: String| {
        if before != after {
            done.push(name);
        }
        after
    };
    let text = before.to_owned();
    let text = apply("invisible", text.clone(), text.chars().filter(|character| !is_zero_width(*character)).collect());
    let text = apply("space", text.clone(), text.trim().to_owned());
    let text = apply("apostrophe", text.clone(), text.trim_start_matches(['\'', '’', '‘', '`', '＇']).to_owned());
    let text = apply("width", text.clone(), text.nfkc().collect());
    let inner = |character: char| character.is_whitespace() || matches!(character, '-' | '‐' | '‑' | '–' | '—' | '−' | '·');
    let text = apply("separator", text.clone(), text.chars().filter(|character| !inner(*character)).collect());
    let text = apply("letter_case", text.clone(), text.to_ascii_uppercase());
    (text, done)
}

/// A text with space at its ends, invisible characters and a leading apostrophe taken off, and what was done.
fn repair_text(before: &str) -> (String, Vec<&'static str>) {
    let mut done = Vec::new();
    let is_hidden = |character: char| is_zero_width(character) || character.is_control();
    let mut text = Cow::Borrowed(before);
    if before.chars().any(is_hidden) {
        text = before.chars().filter(|character| !is_hidden(*character)).collect::<String>().into();
        done.push("invisible");
    }
    let trimmed = text.trim();
    if trimmed.len() != text.len() {
        done.push("space");
    }
    let bare = trimmed.trim_start_matches('\'');
    if bare.len() != trimmed.len() {
        done.push("apostrophe");
    }
    (bare.to_owned(), done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_are_repaired_and_what_was_done_is_said() {
        for (before, after, done) in [
            ("11010519491231002X", "11010519491231002X", &[][..]),
            (" 11010519491231002x ", "11010519491231002X", &["space", "letter_case"]),
            ("'110105194912310021", "110105194912310021", &["apostrophe"]),
            ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X", &["width"]),
            ("110105-19491231-002X", "11010519491231002X", &["separator"]),
            ("\u{200B}110105\u{A0}19491231002X", "11010519491231002X", &["invisible", "width", "separator"]),
        ] {
            assert_eq!(repair_code(before), (after.to_owned(), done.to_vec()), "{before}");
        }
    }

    #[test]
    fn what_is_neither_kind_of_number_is_told_apart() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        for (code, expected) in [
            ("110105194912310021", InputProblem::BadCheckCharacter),
            ("110105194913310020", InputProblem::BadBirthDate),
            ("110105491231002", InputProblem::BadLength),
            ("1101051949123100", InputProblem::BadLength),
            ("91350100M000100Y44", InputProblem::BadCheckCharacter),
            ("91350100M000100Y4I", InputProblem::BadCharacter),
            ("E12345678", InputProblem::UnknownHolderCodeType),
            ("张三", InputProblem::BadCharacter),
            ("110105********002X", InputProblem::BadCharacter),
        ] {
            let citizen = check_citizen_number(code, today).unwrap_err();
            let credit = check_credit_code(code).unwrap_err();
            assert_eq!(not_of_a_known_kind(code, citizen, credit), expected, "{code}");
        }
        assert!(old_number("110105491231002").unwrap().contains("15 位"));
    }

    proptest! {
        #[test]
        fn repairing_twice_is_repairing_once(text in "\\PC{0,30}") {
            let (once, _) = repair_code(&text);
            let (twice, done) = repair_code(&once);
            // What one round uncovers (an apostrophe behind a space, say) the next may take off; then it is stable.
            let (thrice, _) = repair_code(&twice);
            prop_assert_eq!(&thrice, &twice);
            prop_assert!(once == twice || !done.is_empty());
        }
    }
}
