//! Which kind of number a holder code is, and whether it is what the row says it is.

use super::heading::Role;
use super::kind::HolderKind;
use super::repair::{belongs_to_citizen_number, belongs_to_credit_code, is_foreign_look_alike, is_residue};
use super::row::{InputProblem, Rejection};
use crate::codes::{
    Catalogue, NumberProblem, check_citizen_number, check_credit_code, holder_code_type, holder_code_types, is_invisible,
};
use crate::message::Message;
use chrono::{Datelike, NaiveDate};
use unicode_normalization::UnicodeNormalization;

pub(super) const CITIZEN_NUMBER: &str = "111";
pub(super) const CREDIT_CODE: &str = "001";
/// Types for what no other type is for; they say nothing about the number.
const OTHER_DOCUMENTS: [&str; 2] = ["099", "999"];
/// No document of any kind has a longer number.
const LONGEST_HOLDER_CODE: usize = 40;
/// Signs between two numbers in one cell.
const BETWEEN_NUMBERS: [char; 9] = ['、', '/', ';', ',', '|', '\\', '和', '及', '与'];
/// Characters, and digits among them, that each of two numbers in one cell has at least.
const LEAST_OF_A_NUMBER: (usize, usize) = (8, 6);

/// What a holder code, repaired, proves to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checks<'a> {
    pub code: &'a str,
    pub citizen: Result<(), NumberProblem>,
    pub credit: Result<(), NumberProblem>,
    today: NaiveDate,
}

impl<'a> Checks<'a> {
    pub(super) fn of(code: &'a str, today: NaiveDate) -> Self {
        Self { code, citizen: check_citizen_number(code, today), credit: check_credit_code(code), today }
    }

    /// Whether its check character fits one of both kinds.
    pub(super) const fn hold(&self) -> bool {
        self.citizen.is_ok() || self.credit.is_ok()
    }

    /// The kind of holder that it proves by its check character.
    pub(super) fn kind(&self) -> Option<HolderKind> {
        match self.type_by_number(&[]) {
            Some(CITIZEN_NUMBER) => Some(HolderKind::Person),
            Some(_) => Some(HolderKind::Organisation),
            None => None,
        }
    }

    /// The type that the check character proves; where both kinds fit, the one that is `wanted`, else the citizen number.
    fn type_by_number(&self, wanted: &[String]) -> Option<&'static str> {
        let is_wanted = |code: &str| wanted.iter().any(|wanted| wanted == code);
        match (self.citizen, self.credit) {
            (Ok(()), Ok(())) if is_wanted(CREDIT_CODE) && !is_wanted(CITIZEN_NUMBER) => Some(CREDIT_CODE),
            (Ok(()), _) => Some(CITIZEN_NUMBER),
            // One wrong citizen number in thirty-one checks as a credit code by chance.
            (Err(_), Ok(())) if self.looks_like_citizen_number() && !is_wanted(CREDIT_CODE) => None,
            (Err(_), Ok(())) => Some(CREDIT_CODE),
            (Err(_), Err(_)) => None,
        }
    }

    /// Whether it is digits throughout, with a year of birth where a citizen number has it.
    fn looks_like_citizen_number(&self) -> bool {
        let year = self.code.get(6..10).and_then(|year| year.parse::<i32>().ok());
        let is_digits = self.code.chars().take(17).all(|character| character.is_ascii_digit());
        is_digits && year.is_some_and(|year| (1900..=self.today.year()).contains(&year))
    }
}

/// What a holder code was taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judgement {
    /// Code of the holder code type.
    pub code_type: String,
    /// Name of the repair where the code itself decided, not the row's word for its type.
    pub repair: Option<&'static str>,
}

impl Judgement {
    fn of(code_type: &str) -> Self {
        Self { code_type: code_type.to_owned(), repair: None }
    }
}

/// Judges a holder code by the type that the row names, in whatever words. `kind` is whom the certificate type is issued
/// to, where that is known.
///
/// # Errors
/// Fails if the code is not of the type named, or if neither the word nor the code tells a type.
pub(super) fn judge_named(
    checks: &Checks<'_>,
    word: &str,
    kind: impl FnOnce() -> Option<HolderKind>,
    catalogue: &Catalogue,
) -> Result<Judgement, Rejection> {
    let readings = readings(word);
    if let Some(known) = readings.iter().find_map(|reading| holder_code_type(reading)) {
        check_against(checks, &known.code)?;
        return Ok(Judgement::of(&known.code));
    }
    let codes = readings.iter().map(|reading| catalogue.holder_code_types_named(reading)).find(|codes| !codes.is_empty());
    let codes = codes.unwrap_or_default();
    if let Some(by_number) = checks.type_by_number(codes) {
        let agrees = codes.iter().any(|code| code == by_number);
        return Ok(Judgement { repair: (!agrees).then_some("type_by_number"), ..Judgement::of(by_number) });
    }
    match codes {
        [] => Err(Rejection::new(Role::HolderCodeType, InputProblem::UnknownHolderCodeType, unknown_word())),
        [only] => {
            check_against(checks, only)?;
            Ok(Judgement::of(only))
        }
        // A word that covers numbers of both kinds says as much as none.
        several if several.iter().any(|code| code == CITIZEN_NUMBER || code == CREDIT_CODE) => {
            if is_meant_as_checked_number(checks.code) { judge_unnamed(checks) } else { Err(ambiguous_word(several)) }
        }
        [first, ..] => {
            let kind = kind();
            let fitting: Vec<&String> = codes.iter().filter(|code| kind.is_none_or(|kind| is_for(code, kind))).collect();
            let code = match fitting[..] {
                [only] => only,
                // Other documents of persons are far more frequent than those of organisations.
                _ if codes.iter().all(|code| OTHER_DOCUMENTS.contains(&code.as_str())) => first,
                _ => return Err(ambiguous_word(codes)),
            };
            check_against(checks, code)?;
            Ok(Judgement::of(code))
        }
    }
}

/// Judges a holder code by itself.
///
/// # Errors
/// Fails if it is neither a citizen number nor a credit code.
pub(super) fn judge_unnamed(checks: &Checks<'_>) -> Result<Judgement, Rejection> {
    match (checks.type_by_number(&[]), checks.citizen, checks.credit) {
        // Where both kinds fit, a date of birth in it tells a citizen number: no credit code has one but by rare chance.
        (Some(by_number), ..) => Ok(Judgement::of(by_number)),
        (None, Err(citizen), Ok(())) => Err(of_number(checks, citizen, Some(Message::new("advice-mistyped-or-credit-code")))),
        (None, citizen, credit) => Err(of_no_kind(checks, citizen.err(), credit.err())),
    }
}

/// Checks a holder code against a type by its code: one that the platform's dictionary has and the row or the job names.
///
/// # Errors
/// Fails if it is not of that type.
pub(super) fn check_against(checks: &Checks<'_>, code_type: &str) -> Result<(), Rejection> {
    let mismatch = || Err(Rejection::usual(Role::HolderCodeType, InputProblem::CodeTypeMismatch));
    match code_type {
        CITIZEN_NUMBER => match checks.citizen {
            Ok(()) => Ok(()),
            Err(_) if checks.credit.is_ok() && !checks.looks_like_citizen_number() => mismatch(),
            Err(problem) => Err(of_number(checks, problem, None)),
        },
        CREDIT_CODE => match checks.credit {
            Ok(()) => Ok(()),
            Err(_) if checks.citizen.is_ok() => mismatch(),
            Err(problem) => Err(of_number(checks, problem, None)),
        },
        other if OTHER_DOCUMENTS.contains(&other) => check_document(checks),
        // A citizen number called a passport would be asked for as a passport, and found nowhere.
        _ if checks.type_by_number(&[]).is_some() => mismatch(),
        _ => check_document(checks),
    }
}

/// Checks the number of a document that has no check character.
fn check_document(checks: &Checks<'_>) -> Result<(), Rejection> {
    let code = checks.code;
    if has_two_numbers(checks) {
        return Err(Rejection::new(Role::HolderCode, InputProblem::BadLength, Message::new("advice-two-numbers")));
    }
    let is_foreign = |character: char| is_foreign_look_alike(character) || is_residue(character);
    if let Some((place, character)) = code.chars().enumerate().find(|(_, character)| is_foreign(*character)) {
        return Err(Rejection::new(Role::HolderCode, InputProblem::BadCharacter, bad_character(place, character)));
    }
    if code.chars().count() <= LONGEST_HOLDER_CODE {
        Ok(())
    } else {
        Err(Rejection::usual(Role::HolderCode, InputProblem::BadLength))
    }
}

/// Whether a holder code type is for a kind of holder.
fn is_for(code: &str, kind: HolderKind) -> bool {
    let is_of_person = holder_code_type(code).is_some_and(|known| known.category == "自然人");
    is_of_person == (kind == HolderKind::Person)
}

/// What a word may be meant as: as it stands, without its notes in brackets, the notes, and without a leading code such as
/// `01-`.
fn readings(word: &str) -> Vec<String> {
    let whole: String = word.nfkc().filter(|character| !character.is_whitespace()).collect();
    let mut readings = vec![whole.clone()];
    if let Some((before, rest)) = whole.split_once('(') {
        let (note, after) = rest.split_once(')').unwrap_or((rest, ""));
        readings.push(format!("{before}{after}"));
        readings.push(note.to_owned());
    }
    let name = whole.trim_start_matches(|character: char| character.is_ascii_alphanumeric());
    let name = name.trim_start_matches(['-', '_', '.', '、', ':', '—', ',']);
    // A word of letters alone, such as passport, is no code before a name.
    if name.len() < whole.len() && !name.is_empty() {
        readings.push(name.to_owned());
    }
    readings
}

/// What to do about a word for a holder code type that is in no list.
fn unknown_word() -> Message {
    let known = holder_code_types().iter().map(|known| format!("{} {}", known.code, known.name));
    Message::new("advice-unknown-holder-type-word").with("accepted", known.collect::<Vec<_>>().join("、"))
}

/// What to do about a word for a holder code type that stands for several.
fn ambiguous_word(codes: &[String]) -> Rejection {
    let known = codes.iter().filter_map(|code| holder_code_type(code));
    let types = known.map(|known| Message::new("code-and-names").with("code", &known.code).with("names", &known.name));
    let advice = Message::new("advice-choose-holder-type").with_list("types", types.collect());
    Rejection::new(Role::HolderCodeType, InputProblem::UnknownHolderCodeType, advice)
}

/// Whether a code has the length of a citizen number or a credit code, old or new, give or take a digit.
fn is_meant_as_checked_number(code: &str) -> bool {
    let length = code.chars().count();
    length == 18 || (14..=19).contains(&length) && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a cell holds two numbers. Space and line breaks between them have been taken out.
fn has_two_numbers(checks: &Checks<'_>) -> bool {
    let (characters, digits) = LEAST_OF_A_NUMBER;
    let is_number = |part: &&str| {
        let count = |wanted: fn(&u8) -> bool| part.bytes().filter(wanted).count();
        count(u8::is_ascii_alphanumeric) >= characters && count(u8::is_ascii_digit) >= digits
    };
    if checks.code.split(BETWEEN_NUMBERS).filter(is_number).count() > 1 {
        return true;
    }
    let holds = |part: &str| Checks::of(part, checks.today).hold();
    let are_two = |(first, second): (&str, &str)| matches!(second.len(), 15 | 18) && (holds(first) || holds(second));
    [15, 18].into_iter().any(|place| checks.code.split_at_checked(place).is_some_and(are_two))
}

/// What is wrong with a code that is meant as a number of one kind.
fn of_number(checks: &Checks<'_>, problem: NumberProblem, advice: Option<Message>) -> Rejection {
    let problem = match problem {
        NumberProblem::BadLength => InputProblem::BadLength,
        NumberProblem::BadCharacter => InputProblem::BadCharacter,
        NumberProblem::BadBirthDate => InputProblem::BadBirthDate,
        NumberProblem::BadCheckCharacter => InputProblem::BadCheckCharacter,
    };
    let two = has_two_numbers(checks).then(|| Message::new("advice-two-numbers"));
    let named = first_foreign(checks.code).filter(|_| problem == InputProblem::BadCharacter);
    let named = named.map(|(place, character)| bad_character(place, character));
    let advice = two.or(named).or(advice).or_else(|| old_number(checks.code));
    Rejection::new(Role::HolderCode, problem, advice.unwrap_or_else(|| problem.advice()))
}

/// What is wrong with a code that is neither a citizen number nor a credit code.
fn of_no_kind(checks: &Checks<'_>, citizen: Option<NumberProblem>, credit: Option<NumberProblem>) -> Rejection {
    let code = checks.code;
    let length = code.chars().count();
    if !code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return of_number(checks, NumberProblem::BadCharacter, None);
    }
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    if length == 18 {
        // Digits up to the last are meant as a citizen number.
        let problem = if is_meant_as_citizen_number(code) { citizen } else { credit };
        return of_number(checks, problem.unwrap_or(NumberProblem::BadCheckCharacter), None);
    }
    if digits == length || length > 12 {
        of_number(checks, NumberProblem::BadLength, None)
    } else {
        Rejection::usual(Role::HolderCode, InputProblem::UnknownHolderCodeType)
    }
}

fn is_meant_as_citizen_number(code: &str) -> bool {
    code.chars().count() == 18 && code.chars().take(17).all(|character| character.is_ascii_digit())
}

/// Advice for the numbers of before 1999.
fn old_number(code: &str) -> Option<Message> {
    (code.len() == 15 && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| Message::new("advice-old-number"))
}

/// The first character of a code that cannot be there, and its place, counted from 0: what is neither a digit nor a
/// capital, else what the kind of number that it is meant as lacks.
fn first_foreign(code: &str) -> Option<(usize, char)> {
    let characters = || code.chars().enumerate();
    let is_no_letter = |character: char| !character.is_ascii_digit() && !character.is_ascii_uppercase();
    characters().find(|(_, character)| is_no_letter(*character)).or_else(|| {
        let belongs = if is_meant_as_citizen_number(code) { belongs_to_citizen_number } else { belongs_to_credit_code };
        characters().find(|(place, character)| !belongs(*place, *character))
    })
}

/// Names a character that does not belong in a code by its place, counted from 0, and its code point: what cannot be seen or
/// told from another sign by its look is known by these. Others are shown as well.
pub(super) fn bad_character(place: usize, character: char) -> Message {
    let code_point = format!("U+{:04X}", u32::from(character));
    let message =
        if is_shown(character) { Message::new("advice-bad-character-shown") } else { Message::new("advice-bad-character-named") };
    let message = message.with("character", code_point).with("place", place + 1);
    if is_shown(character) { message.with("shown", character) } else { message }
}

/// Whether people see what a character is.
fn is_shown(character: char) -> bool {
    let is_sign = matches!(character, '\u{A1}'..='\u{BF}' | '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{301F}');
    let is_seen = character.is_ascii_graphic() || character.is_alphanumeric() || is_sign;
    is_seen && !is_invisible(character) && !is_foreign_look_alike(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Argument;

    const CITIZEN: &str = "11010519491231002X";
    const CREDIT: &str = "91350100M000100Y43";

    fn checks(code: &str) -> Checks<'_> {
        Checks::of(code, NaiveDate::from_ymd_opt(2026, 11, 24).unwrap())
    }

    fn named(code: &str, word: &str) -> Result<(String, bool), InputProblem> {
        let judged = judge_named(&checks(code), word, || None, Catalogue::of_the_specification());
        judged.map(|judged| (judged.code_type, judged.repair.is_some())).map_err(|rejection| rejection.problem)
    }

    #[test]
    fn a_number_that_checks_is_taken_whatever_usual_word_stands_beside_it() {
        for word in [
            "居民身份证",
            "二代身份证",
            "身份证号码",
            "户口簿",
            "居民身份证（户口簿）",
            "身份证(二代)",
            "01",
            "1",
            "１",
            "10",
            "01-居民身份证",
            "1.身份证",
            "111 公民身份号码",
            "居住证",
            "港澳台居民居住证",
            "公民身份号码",
            "111",
            "自然人",
        ] {
            assert_eq!(named(CITIZEN, word), Ok(("111".to_owned(), false)), "{word}");
        }
        for word in ["营业执照", "统一社会信用代码证书", "组织机构代码证", "税务登记证", "001", "1", "统一社会信用代码", "企业"]
        {
            assert_eq!(named(CREDIT, word), Ok(("001".to_owned(), false)), "{word}");
        }
        for (code, word, code_type) in [
            (CITIZEN, "驾驶证", "111"),
            (CITIZEN, "护照", "111"),
            (CITIZEN, "02", "111"),
            (CREDIT, "身份证", "001"),
            (CREDIT, "其他", "001"),
        ] {
            assert_eq!(named(code, word), Ok((code_type.to_owned(), true)), "{word}");
        }
    }

    #[test]
    fn a_number_without_a_check_is_what_its_word_says() {
        for (code, word, code_type) in [
            ("E12345678", "护照", "414"),
            ("EA1234567", "中国护照", "414"),
            ("E12345678", "护照（普通）", "414"),
            ("DE1234567", "外交护照", "411"),
            ("SE1234567", "公务护照", "412"),
            ("PE1234567", "因公护照", "413"),
            ("H12345678", "回乡证", "516"),
            ("H12345678", "516", "516"),
            ("12345678", "台胞证", "511"),
            ("军字第1234567号", "军官证", "114"),
            ("X1", "其他", "999"),
            ("X1", "其他法人证件", "099"),
        ] {
            assert_eq!(named(code, word), Ok((code_type.to_owned(), false)), "{word}");
        }
        let judged = judge_named(&checks("X1"), "其他证件", || Some(HolderKind::Organisation), Catalogue::of_the_specification());
        assert_eq!(judged.unwrap().code_type, "099");
    }

    #[test]
    fn the_platforms_own_types_are_taken_at_their_word() {
        for (code, word, problem) in [
            (CREDIT, "111", InputProblem::CodeTypeMismatch),
            (CITIZEN, "001", InputProblem::CodeTypeMismatch),
            (CITIZEN, "统一社会信用代码", InputProblem::CodeTypeMismatch),
            (CITIZEN, "414", InputProblem::CodeTypeMismatch),
            (CITIZEN, "普通护照护照号", InputProblem::CodeTypeMismatch),
            ("110105194912310021", "111", InputProblem::BadCheckCharacter),
            ("110105194912310021", "身份证", InputProblem::BadCheckCharacter),
            // By chance this one checks as a credit code.
            ("11010519491331002X", "身份证", InputProblem::BadBirthDate),
            ("11010519491331002X", "111", InputProblem::BadBirthDate),
            ("110105491231002", "身份证", InputProblem::BadLength),
            ("E12345678", "驾驶证", InputProblem::UnknownHolderCodeType),
            ("E12345678", "1", InputProblem::UnknownHolderCodeType),
            ("Е12345678", "护照", InputProblem::BadCharacter),
        ] {
            assert_eq!(named(code, word), Err(problem), "{code} {word}");
        }
        assert_eq!(named("999999", "999"), Ok(("999".to_owned(), false)));
    }

    #[test]
    fn what_is_neither_kind_of_number_is_told_apart() {
        for (code, expected) in [
            ("110105194912310021", InputProblem::BadCheckCharacter),
            ("11010519491331002X", InputProblem::BadBirthDate),
            ("11010520991231002X", InputProblem::BadBirthDate),
            ("110105491231002", InputProblem::BadLength),
            ("1101051949123100", InputProblem::BadLength),
            ("91350100M000100Y44", InputProblem::BadCheckCharacter),
            ("91350100M000100Y4I", InputProblem::BadCharacter),
            ("E12345678", InputProblem::UnknownHolderCodeType),
            ("张三", InputProblem::BadCharacter),
            ("110105********002X", InputProblem::BadCharacter),
        ] {
            assert_eq!(judge_unnamed(&checks(code)).unwrap_err().problem, expected, "{code}");
        }
        assert_eq!(judge_unnamed(&checks("110105491231002")).unwrap_err().advice, Message::new("advice-old-number"));
        let mistyped = judge_unnamed(&checks("11010519491331002X")).unwrap_err();
        assert_eq!(mistyped.advice, Message::new("advice-mistyped-or-credit-code"));
    }

    #[test]
    fn two_numbers_in_a_cell_are_told() {
        for code in [
            "11010519491231002X、370499199001010007",
            "11010519491231002X/370499199001010007",
            "11010519491231002X;370499199001010008",
            "11010519491231002X370499199001010007",
            "11010519491231002X370499199001010008",
            "110105491231002370499199001010007",
            "11010519491231002X,91350100M000100Y43",
        ] {
            let two = Message::new("advice-two-numbers");
            assert_eq!(judge_unnamed(&checks(code)).unwrap_err().advice, two, "{code}");
            for code_type in ["111", "001", "414", "999"] {
                assert_eq!(check_against(&checks(code), code_type).unwrap_err().advice, two, "{code} {code_type}");
            }
        }
        assert!(check_against(&checks("E12345678/E87654321"), "414").is_err());
        for code in ["H12345678", "军字第1234567/8号", "12345678-9", "鲁/2020/1"] {
            assert!(check_against(&checks(code), "999").is_ok(), "{code}");
        }
    }

    #[test]
    fn a_word_that_stands_for_several_types_asks_to_choose() {
        for (code, word) in [
            ("H12345678", "港澳台通行证"),
            ("H12345678", "香港通行证"),
            ("1234567", "军人证"),
            ("H001", "户口本"),
            ("123456789", "户口簿"),
        ] {
            let rejection = judge_named(&checks(code), word, || Some(HolderKind::Person), Catalogue::of_the_specification());
            let rejection = rejection.unwrap_err();
            assert_eq!(rejection.problem, InputProblem::UnknownHolderCodeType, "{word}");
            assert_eq!(rejection.advice.code(), "advice-choose-holder-type", "{word}");
        }
        assert_eq!(named("11010549123100", "户口簿"), Err(InputProblem::BadLength));
    }

    #[test]
    fn a_number_of_both_kinds_is_a_citizen_number_and_nothing_is_changed() {
        let code = "370499199001010007";
        assert!(checks(code).citizen.is_ok() && checks(code).credit.is_ok());
        assert_eq!(judge_unnamed(&checks(code)), Ok(Judgement::of("111")));
    }

    #[test]
    fn every_bad_character_is_named_by_code_point_and_place() {
        for (code, character, place, shown) in [
            ("1101051949123100×2", "U+00D7", "17", None),
            ("1101051949123100\u{E000}2", "U+E000", "17", None),
            ("91350100M000100Y4I", "U+0049", "18", Some("I")),
            ("1101051949123100#X", "U+0023", "17", Some("#")),
            ("11010519491231002A", "U+0041", "18", Some("A")),
            ("=1010519491231002X", "U+003D", "1", Some("=")),
            ("1101051949123100_X", "U+005F", "17", Some("_")),
            ("张三", "U+5F20", "1", Some("张")),
            ("𠂇", "U+20087", "1", Some("𠂇")),
        ] {
            let rejection = judge_unnamed(&checks(code)).unwrap_err();
            assert_eq!(rejection.problem, InputProblem::BadCharacter, "{code}");
            let text = |value: &str| Argument::Text(value.to_owned());
            let arguments: Vec<_> = rejection.advice.arguments().map(|(_, argument)| argument.clone()).collect();
            let expected = [Some(character), Some(place), shown].into_iter().flatten().map(text);
            assert_eq!(arguments, expected.collect::<Vec<_>>(), "{code}");
            assert_eq!(rejection.advice.code() == "advice-bad-character-shown", shown.is_some(), "{code}");
        }
    }
}
