//! From a row's cells to an item, or to a reason why not.

use super::Place;
use super::above::Above;
use super::cell::{Cell, SheetRow};
use super::columns::{Alternate, Columns, cell_name, is_blank};
use super::heading::Role;
use super::holder::{Checks, bad_character, check_against, judge_named, judge_unnamed};
use super::kind::{HolderKind, kind_of_type, kind_of_type_name};
use super::merged::Merges;
use super::number::repair_number;
use super::repair::{is_placeholder, repair_code, repair_text, type_code_without_look_alikes, without_look_alikes};
use super::row::{InputProblem, NewItem, RejectedRow, Rejection, Repair};
use crate::codes::{Catalogue, check_type_code};
use crate::job::InputSettings;
use crate::message::Message;
use chrono::NaiveDate;
use std::borrow::Cow;

/// What rows are read by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub settings: &'a InputSettings,
    pub catalogue: &'a Catalogue,
    pub today: NaiveDate,
}

impl Rules<'_> {
    /// Whom the certificate type in a cell is issued to, as far as that is known.
    pub(super) fn kind_of(&self, role: Role, cell: &Cell<'_>) -> Option<HolderKind> {
        let text = text_of(cell);
        match role {
            Role::CertTypeCode => kind_of_type(&repair_code(&text).0, self.catalogue),
            Role::CertTypeName => kind_of_type_name(&text).or_else(|| kind_of_type(&repair_code(&text).0, self.catalogue)),
            _ => None,
        }
    }

    /// Whom the default certificate types are issued to, as far as that is known: of all of them the same.
    pub(super) fn kind_of_defaults(&self) -> Option<HolderKind> {
        let mut kinds = self.settings.default_type_codes.iter().map(|code| kind_of_type(code, self.catalogue));
        let first = kinds.next()??;
        kinds.all(|kind| kind == Some(first)).then_some(first)
    }
}

/// What a row comes to.
#[derive(Debug, Default)]
pub(super) struct RowResult {
    pub items: Vec<NewItem>,
    pub rejected: Option<RejectedRow>,
    pub repairs: Vec<Repair>,
    /// Whether a carried value is a formula that nobody has calculated.
    pub lacks_carried_value: bool,
}

/// The text of a cell, without a copy where it has one.
pub(super) fn text_of<'a>(cell: &Cell<'a>) -> Cow<'a, str> {
    match *cell {
        Cell::Text(text) | Cell::Other(text) | Cell::Error(text) => Cow::Borrowed(text),
        Cell::Number(_) => Cow::Owned(cell.text()),
        Cell::Empty | Cell::Uncalculated => Cow::Borrowed(""),
    }
}

/// Whether a cell stands for nothing: blank, or a text such as 无.
pub(super) fn is_nothing(cell: &Cell<'_>) -> bool {
    match cell {
        Cell::Text(text) => is_blank(cell) || is_placeholder(text),
        Cell::Number(number) => *number == 0.0 || *number < 0.0 && cell.says("-1"),
        Cell::Empty => true,
        Cell::Other(_) | Cell::Error(_) | Cell::Uncalculated => false,
    }
}

/// Whether a text is a formula that a program wrote as a text, such as `=VLOOKUP(A2,源!A:B,2,0)` or `=B2`. A code in the form
/// of a formula, `="3704…"` or `=3704…`, is none.
fn is_formula_text(text: &str) -> bool {
    const SIGNS: [char; 8] = ['(', '!', '&', '+', '*', '/', ':', '$'];
    if super::formula::text_in(text).is_some() {
        return false;
    }
    let Some(formula) = text.trim().strip_prefix(['=', '＝']).map(str::trim) else { return false };
    let is_mark = |character: char| matches!(character, '"' | '“' | '”' | '＂');
    let quoted = formula.strip_prefix(is_mark).and_then(|rest| rest.strip_suffix(is_mark));
    match quoted {
        Some(inner) => inner.contains(is_mark),
        None => formula.contains(SIGNS) || is_cell_name(formula),
    }
}

/// Whether a text names a cell: at most three letters and a row number behind them.
fn is_cell_name(text: &str) -> bool {
    /// Digits of the number of the last row.
    const MOST_DIGITS: usize = 7;
    let digits = text.trim_start_matches(|character: char| character.is_ascii_alphabetic());
    let letters = text.len() - digits.len();
    let is_number = !digits.is_empty() && digits.len() <= MOST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&letters) && is_number
}

/// Reads a row below the header.
pub(super) struct RowReader<'a> {
    row: SheetRow<'a>,
    merges: &'a Merges,
    above: &'a Above,
    columns: &'a Columns,
    rules: Rules<'a>,
    place: &'a Place,
    /// The column that the holder code is taken from.
    holder: Option<usize>,
    repairs: Vec<Repair>,
    lacks_carried_value: bool,
}

/// What a cell of a column of holder codes holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Nothing,
    /// Something that no check character proves.
    Unproved,
    Proved(HolderKind),
}

impl<'a> RowReader<'a> {
    pub(super) fn new(
        row: SheetRow<'a>,
        (merges, above): (&'a Merges, &'a Above),
        columns: &'a Columns,
        rules: Rules<'a>,
        place: &'a Place,
    ) -> Self {
        let holder = columns.column(Role::HolderCode);
        let (repairs, lacks_carried_value) = (Vec::new(), false);
        let mut reader = Self { row, merges, above, columns, rules, place, holder, repairs, lacks_carried_value };
        if !columns.alternates.is_empty() {
            reader.holder = reader.fitting_holder_column();
        }
        reader
    }

    /// Whether nothing stands where the holder code would.
    pub(super) fn lacks_holder_code(&self) -> bool {
        self.holder.is_none_or(|column| is_nothing(&self.cell_of(column).0))
    }

    /// Reads the row into items, or into the reason why it cannot be audited.
    pub(super) fn read(mut self) -> RowResult {
        match self.items() {
            Ok(items) => {
                RowResult { items, rejected: None, repairs: self.repairs, lacks_carried_value: self.lacks_carried_value }
            }
            Err(rejection) => RowResult { rejected: Some(self.rejected(rejection)), ..RowResult::default() },
        }
    }

    fn rejected(&self, Rejection { role, problem, advice }: Rejection) -> RejectedRow {
        let column = self.column(role);
        RejectedRow {
            place: self.place.clone(),
            cell: column.map(|column| cell_name(column, self.place.row)),
            column: column.map_or("", |column| self.columns.heading(column)).to_owned(),
            value: column.map_or_else(String::new, |column| self.cell_of(column).0.text()),
            problem,
            advice,
        }
    }

    /// The column that a role is read from in this row.
    fn column(&self, role: Role) -> Option<usize> {
        if role == Role::HolderCode { self.holder } else { self.columns.column(role) }
    }

    /// A cell with its value from above where it is merged or says 同上, and whether it is.
    fn cell_of(&self, column: usize) -> (Cell<'a>, bool) {
        let (cell, is_merged) = self.merges.cell(self.row, column);
        match self.above.value(column, &cell) {
            Some(value) => (value, true),
            None => (cell, is_merged),
        }
    }

    /// For a cell that has its value from above: the name of that repair, and what the cell itself holds.
    fn value_above(&self, column: usize) -> (&'static str, String) {
        let own = self.row.cell(column);
        if is_blank(&own) { ("merged", String::new()) } else { ("ditto", own.text()) }
    }

    fn fit(&self, column: usize) -> Fit {
        let (cell, _) = self.cell_of(column);
        if is_nothing(&cell) {
            return Fit::Nothing;
        }
        let (code, _) = repair_code(&text_of(&cell));
        Checks::of(&code, self.rules.today).kind().map_or(Fit::Unproved, Fit::Proved)
    }

    /// Whom the row's certificate type is issued to, as far as that is known.
    fn kind(&self) -> Option<HolderKind> {
        for role in [Role::CertTypeCode, Role::CertTypeName] {
            if let Some(column) = self.columns.column(role) {
                return self.rules.kind_of(role, &self.cell_of(column).0);
            }
        }
        self.rules.kind_of_defaults()
    }

    /// The column among several whose code is the holder's in this row: one of the kind of holder that the certificate
    /// type is for; else the first choice; where that has no code that checks, another one that is meant to fill the gap.
    fn fitting_holder_column(&self) -> Option<usize> {
        let first = self.holder?;
        let own = self.fit(first);
        let kind = self.kind();
        let others: Vec<(Fit, Alternate)> =
            self.columns.alternates.iter().map(|other| (self.fit(other.column), *other)).collect();
        let is_for_type = |fit: Fit| kind.is_some_and(|kind| fit == Fit::Proved(kind));
        if !is_for_type(own)
            && let Some((_, other)) = others.iter().find(|(fit, _)| is_for_type(*fit))
        {
            return Some(other.column);
        }
        let fills = |is_wanted: &dyn Fn(Fit) -> bool| {
            let wanted = others.iter().find(|(fit, other)| other.fills_gaps && is_wanted(*fit));
            wanted.map(|(_, other)| other.column)
        };
        let instead = match own {
            Fit::Proved(_) => None,
            Fit::Nothing => fills(&|fit| matches!(fit, Fit::Proved(_))).or_else(|| fills(&|fit| fit == Fit::Unproved)),
            // A mistyped code is not mended by that of somebody else.
            Fit::Unproved => fills(&|fit| matches!(fit, Fit::Proved(found) if kind.is_none_or(|kind| kind == found))),
        };
        instead.or(Some(first))
    }

    fn items(&mut self) -> Result<Vec<NewItem>, Rejection> {
        let missing = || Rejection::usual(Role::HolderCode, InputProblem::MissingHolderCode);
        let value = self.value(Role::HolderCode)?.ok_or_else(missing)?;
        let (code, mut done) = repair_code(&value.text);
        if code.is_empty() {
            return Err(missing());
        }
        let mended;
        let mut checks = Checks::of(&code, self.rules.today);
        if !checks.hold()
            && let Some(found) = without_look_alikes(&code, self.rules.today)
        {
            mended = found;
            done.push("look_alike");
            checks = Checks::of(&mended, self.rules.today);
        }
        self.note(Role::HolderCode, &value, checks.code, done);
        self.note_other_column(checks.code);
        let type_codes = self.type_codes()?;
        let holder_code_type = self.holder_code_type(&checks)?;
        if let Some(code) = type_codes.iter().find(|code| check_type_code(code).is_err()) {
            return Err(bad_type_code(code));
        }
        let certificate_number = self.certificate_number()?;
        let extraction_code = self.value(Role::ExtractionCode)?.map(|value| repair_text(&value.text).0);
        let extraction_code = extraction_code.filter(|code| !code.is_empty());
        let columns = self.columns;
        let carried: Vec<Option<String>> = columns.carried.iter().map(|column| self.carried(*column)).collect();
        let item = |cert_type_code| NewItem {
            holder_code: checks.code.to_owned(),
            holder_code_type: holder_code_type.clone(),
            cert_type_code,
            certificate_number: certificate_number.clone(),
            place: self.place.clone(),
            extraction_code: extraction_code.clone(),
            carried: carried.clone(),
        };
        Ok(type_codes.into_iter().map(item).collect())
    }

    /// The value of a role's cell; `None` where there is none, or what stands for none.
    fn value(&mut self, role: Role) -> Result<Option<Value<'a>>, Rejection> {
        let Some(column) = self.column(role) else { return Ok(None) };
        let (cell, is_merged) = self.cell_of(column);
        let unreadable = |advice| Err(Rejection::new(role, InputProblem::UnreadableCell, advice));
        match cell {
            Cell::Error(_) => unreadable(InputProblem::UnreadableCell.advice()),
            Cell::Uncalculated => unreadable(Message::new("advice-uncalculated")),
            cell if is_blank(&cell) => Ok(None),
            Cell::Other(_) if role != Role::CertTypeName => unreadable(Message::new("advice-not-a-code")),
            Cell::Text(text) if is_formula_text(text) => unreadable(Message::new("advice-formula-text")),
            cell if is_nothing(&cell) => {
                self.note(role, &Value { text: text_of(&cell), is_merged: false }, "", vec!["placeholder"]);
                Ok(None)
            }
            cell if cell.lost_precision() || self.columns.lost_digits(column, &cell) => {
                Err(Rejection::usual(role, InputProblem::PrecisionLost))
            }
            cell => Ok(Some(Value { text: text_of(&cell), is_merged })),
        }
    }

    /// The row's certificate type codes: as given, else by the type's name where the sheet has no column of codes, else
    /// the job's defaults.
    fn type_codes(&mut self) -> Result<Vec<String>, Rejection> {
        if let Some(value) = self.value(Role::CertTypeCode)? {
            let (mut code, mut done) = repair_code(&value.text);
            if check_type_code(&code).is_err()
                && let Some(mended) = type_code_without_look_alikes(&code)
            {
                code = mended;
                done.push("look_alike");
            }
            self.note(Role::CertTypeCode, &value, &code, done);
            if !code.is_empty() {
                return Ok(vec![code]);
            }
        }
        let by_name = self.columns.column(Role::CertTypeCode).is_none();
        if by_name && let Some(value) = self.value(Role::CertTypeName)? {
            let (name, done) = repair_text(&value.text);
            self.note(Role::CertTypeName, &value, &name, done);
            return type_code_named(&name, self.rules.catalogue).map(|code| vec![code]);
        }
        // Defaults are for sheets without a column of types: a blank in such a column is an omission.
        let has_column = !by_name || self.columns.column(Role::CertTypeName).is_some();
        if has_column || self.rules.settings.default_type_codes.is_empty() {
            let role = if by_name { Role::CertTypeName } else { Role::CertTypeCode };
            return Err(Rejection::usual(role, InputProblem::MissingTypeCode));
        }
        Ok(self.rules.settings.default_type_codes.clone())
    }

    /// The type of the holder code: as the row names it, else as the job does, else as the code itself shows.
    fn holder_code_type(&mut self, checks: &Checks<'_>) -> Result<String, Rejection> {
        if let Some(word) = self.value(Role::HolderCodeType)? {
            let judged = judge_named(checks, &word.text, || self.kind(), self.rules.catalogue)?;
            let done = judged.repair.into_iter().collect();
            self.note(Role::HolderCodeType, &word, &judged.code_type, done);
            return Ok(judged.code_type);
        }
        if let Some(named) = &self.rules.settings.default_holder_code_type {
            check_against(checks, named)?;
            return Ok(named.clone());
        }
        Ok(judge_unnamed(checks)?.code_type)
    }

    /// The certificate number: only what cannot be part of it is taken off; none where it is masked.
    fn certificate_number(&mut self) -> Result<Option<String>, Rejection> {
        let Some(value) = self.value(Role::CertificateNumber)? else { return Ok(None) };
        let (number, done) = repair_number(&value.text);
        self.note(Role::CertificateNumber, &value, &number, done);
        Ok(Some(number).filter(|number| !number.is_empty()))
    }

    fn carried(&mut self, column: Option<usize>) -> Option<String> {
        let column = column?;
        let (cell, is_merged) = self.cell_of(column);
        self.lacks_carried_value |= cell == Cell::Uncalculated;
        let (text, _) = repair_text(&text_of(&cell));
        if text.is_empty() {
            return None;
        }
        if is_merged {
            let (repair, before) = self.value_above(column);
            self.repairs.push(self.repair(column, &before, &text, repair.to_owned()));
        }
        Some(text)
    }

    /// Records what was done to a value, if anything was.
    fn note(&mut self, role: Role, value: &Value<'_>, after: &str, mut done: Vec<&'static str>) {
        let Some(column) = self.column(role).filter(|_| value.is_merged || !done.is_empty()) else { return };
        let before = if value.is_merged {
            let (repair, before) = self.value_above(column);
            done.insert(0, repair);
            Cow::Owned(before)
        } else {
            Cow::Borrowed(&*value.text)
        };
        self.repairs.push(self.repair(column, &before, after, done.join(",")));
    }

    /// Records that the holder code was taken from another column than the first choice.
    fn note_other_column(&mut self, code: &str) {
        let first = self.columns.column(Role::HolderCode).filter(|first| self.holder != Some(*first));
        if let Some(first) = first {
            let before = self.cell_of(first).0.text();
            self.repairs.push(self.repair(first, &before, code, "from_other_column".to_owned()));
        }
    }

    fn repair(&self, column: usize, before: &str, after: &str, repair: String) -> Repair {
        Repair {
            place: self.place.clone(),
            cell: Some(cell_name(column, self.place.row)),
            column: self.columns.heading(column).to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
            repair,
        }
    }
}

/// What a cell holds, and whether it has it from above: from a merged cell, or since it says 同上.
struct Value<'a> {
    text: Cow<'a, str>,
    is_merged: bool,
}

/// The one type code that the catalogue has under a name.
fn type_code_named(name: &str, catalogue: &Catalogue) -> Result<String, Rejection> {
    // Under 证照名称 some write the code.
    let (code, _) = repair_code(name);
    if check_type_code(&code).is_ok() {
        return Ok(code);
    }
    let candidates: Vec<_> = catalogue.named(name).collect();
    match &candidates[..] {
        [] => Err(Rejection::usual(Role::CertTypeName, InputProblem::UnknownTypeName)),
        [only] => Ok(only.code.clone()),
        several => {
            let listed = several
                .iter()
                .map(|entry| Message::new("code-and-names").with("code", &entry.code).with("names", entry.names.join("、")));
            let advice = Message::new("advice-choose-type-code").with_list("types", listed.collect());
            Err(Rejection::new(Role::CertTypeName, InputProblem::AmbiguousTypeName, advice))
        }
    }
}

/// What is wrong with a certificate type code that does not check.
fn bad_type_code(code: &str) -> Rejection {
    let foreign = code.chars().enumerate().find(|(_, character)| !character.is_ascii_alphanumeric());
    let advice = match foreign {
        Some((place, character)) => {
            Message::new("advice-bad-type-code-character").with_message("where", bad_character(place, character))
        }
        None => InputProblem::BadTypeCode.advice(),
    };
    Rejection::new(Role::CertTypeCode, InputProblem::BadTypeCode, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_stands_for_nothing_is_nothing() {
        for (cell, nothing) in [
            (Cell::Empty, true),
            (Cell::Text(" \u{200B}"), true),
            (Cell::Text("无"), true),
            (Cell::Number(0.0), true),
            (Cell::Number(-1.0), true),
            (Cell::Number(7.0), false),
            (Cell::Number(-7.0), false),
            (Cell::Text("370499199001010007"), false),
            (Cell::Error("#N/A"), false),
            (Cell::Uncalculated, false),
        ] {
            assert_eq!(is_nothing(&cell), nothing, "{cell:?}");
        }
    }

    #[test]
    fn a_formula_as_a_text_is_told_from_a_code_in_the_form_of_one() {
        for text in [
            "=VLOOKUP(D4,Sheet2!A:B,2,0)",
            "=源!A4",
            "=A4",
            " =$A$4",
            "=A4&\"\"",
            "=\"3704\"&B2",
            "=\"3704\"&\"99\"",
            "＝B2",
            "=SUM(1,2)",
        ] {
            assert!(is_formula_text(text), "{text}");
        }
        for text in
            ["=\"370499199001010007\"", "＝“370499199001010007”", "=370499199001010007", "370499199001010007", "鲁A=1", "==", ""]
        {
            assert!(!is_formula_text(text), "{text}");
        }
    }

    #[test]
    fn a_name_of_several_types_lists_their_codes() {
        let rejection = type_code_named("建筑业企业资质证书", Catalogue::of_the_specification()).unwrap_err();
        assert_eq!(rejection.problem, InputProblem::AmbiguousTypeName);
        let listed = rejection.advice.to_string();
        assert!(listed.contains("111000000000131433007") && listed.contains("11100000000013338W008"), "{listed}");
    }
}
