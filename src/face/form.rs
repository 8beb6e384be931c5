//! Form and content: what may vary between two spellings of the same thing.

use super::equivalent::usual_character;
use crate::codes::{FieldKind, is_invisible};
use unicode_normalization::UnicodeNormalization;

/// A value as a table shows it: without invisible characters, and without space at its ends.
#[must_use]
pub fn tidy(text: &str) -> String {
    if !text.chars().any(is_invisible) {
        return text.trim().to_owned();
    }
    text.chars().filter(|character| !is_invisible(*character)).collect::<String>().trim().to_owned()
}

/// The digits of a whole number in the notation of a float, such as `1000001.0` or `1.000001E6`; `None` for any other text. A
/// library that keeps codes as numbers writes them so.
pub(super) fn whole_digits(text: &str) -> Option<String> {
    /// Longest code that is written out, in digits.
    const LONGEST: usize = 40;
    let (mantissa, exponent) = match text.split_once(['E', 'e']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix('+').unwrap_or(exponent)),
        None => (text, "0"),
    };
    // Without a point it is a code that holds an E.
    let (whole, fraction) = mantissa.split_once('.')?;
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || !is_number(exponent) {
        return None;
    }
    let exponent: usize = exponent.parse().ok()?;
    let fraction = fraction.trim_end_matches('0');
    let zeros = exponent.checked_sub(fraction.len())?;
    // A float of several digits before its point has no exponent.
    if whole.len().max(exponent) > LONGEST || exponent > 0 && whole.len() > 1 {
        return None;
    }
    Some(format!("{whole}{fraction}{}", "0".repeat(zeros)))
}

/// A value with all that is form taken out of it: width, spaces, kinds of brackets, dashes, dots and quotation marks,
/// entities of web pages, private-use code points of rare characters, and for codes the letter case. Two values with the
/// same canonical form say the same.
#[must_use]
pub fn canonical(text: &str, kind: FieldKind) -> String {
    // Most texts are Chinese characters, letters and digits: in canonical form but for the letter case.
    if text.chars().all(is_plain) {
        return if kind == FieldKind::Code { text.to_ascii_uppercase() } else { text.to_owned() };
    }
    let mut canonical = folded(text, kind);
    // An entity may stand for a character that is form itself, or for the `&` of another entity.
    while let Some(unescaped) = without_entities(&canonical) {
        canonical = folded(&unescaped, kind);
    }
    if kind == FieldKind::Name { with_one_kind_of_dot(canonical) } else { canonical }
}

fn folded(text: &str, kind: FieldKind) -> String {
    let in_one_case = |character: char| if kind == FieldKind::Code { character.to_ascii_uppercase() } else { character };
    text.chars()
        // U+02D9 is written for the dot in names; NFKC would make a combining mark of it.
        .map(|character| if character == '˙' { '·' } else { usual_character(character) })
        .nfkc()
        .filter(|character| !character.is_whitespace() && !is_invisible(*character))
        .map(in_one_case)
        .nfc()
        .map(plain)
        .collect()
}

/// Replaces full stops between Chinese characters by the dot in names; `text` is in canonical form otherwise.
fn with_one_kind_of_dot(text: String) -> String {
    if !text.contains(['.', '。']) {
        return text;
    }
    let mut characters = text.chars().peekable();
    let mut before = None;
    let mut dotted = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        let is_between = before.is_some_and(is_chinese) && characters.peek().copied().is_some_and(is_chinese);
        dotted.push(if is_between && matches!(character, '.' | '。') { '·' } else { character });
        before = Some(character);
    }
    dotted
}

/// Chinese characters: the ideographs of the basic and supplementary planes.
const fn is_chinese(character: char) -> bool {
    matches!(character, '〇' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// The longest entity that is looked for, in bytes: `&centerdot;` and the longest number.
const LONGEST_ENTITY: usize = 12;

/// Named entities of HTML that stand for signs in names, numbers and addresses.
const ENTITIES: [(&str, char); 30] = [
    ("amp", '&'),
    ("apos", '\''),
    ("bull", '•'),
    ("centerdot", '·'),
    ("emsp", ' '),
    ("ensp", ' '),
    ("gt", '>'),
    ("hellip", '…'),
    ("laquo", '«'),
    ("ldquo", '“'),
    ("lpar", '('),
    ("lrm", '\u{200E}'),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("middot", '·'),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("quot", '"'),
    ("raquo", '»'),
    ("rdquo", '”'),
    ("rlm", '\u{200F}'),
    ("rpar", ')'),
    ("rsquo", '’'),
    ("sdot", '⋅'),
    ("shy", '\u{AD}'),
    ("thinsp", ' '),
    ("times", '×'),
    ("zwj", '\u{200D}'),
    ("zwnj", '\u{200C}'),
];

/// A text with the entities of web pages (`&middot;`, `&#183;`, `&#xB7;`) replaced; `None` where it holds none.
fn without_entities(text: &str) -> Option<String> {
    let mut replaced = String::new();
    let mut rest = text;
    let mut has_any = false;
    while let Some((before, behind)) = rest.split_once('&') {
        replaced.push_str(before);
        if let Some((character, after)) = entity(behind) {
            replaced.push(character);
            rest = after;
            has_any = true;
        } else {
            replaced.push('&');
            rest = behind;
        }
    }
    replaced.push_str(rest);
    has_any.then_some(replaced)
}

/// The character of an entity whose `&` stands before `text`, and what comes after it. The letter case of names is form.
fn entity(text: &str) -> Option<(char, &str)> {
    let end = text.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';')?;
    let (name, after) = (text.get(..end)?, text.get(end + 1..)?);
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
            let is_number = digits.chars().all(|character| character.is_digit(radix));
            char::from_u32(u32::from_str_radix(digits, radix).ok().filter(|_| is_number)?)?
        }
        None => ENTITIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1,
    };
    Some((character, after))
}

/// What certificate numbers are put in order by: NFKC without spaces.
#[must_use]
pub fn sort_key(number: &str) -> String {
    number.nfkc().filter(|character| !character.is_whitespace() && !is_invisible(*character)).collect()
}

/// One character for all the forms of a bracket, a dash, a dot or a quotation mark.
const fn plain(character: char) -> char {
    match character {
        '[' | '【' | '〔' | '〖' | '{' | '〈' | '《' => '(',
        ']' | '】' | '〕' | '〗' | '}' | '〉' | '》' => ')',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '－' | '﹣' | '─' | '～' | '~' => '-',
        '“' | '”' | '‘' | '’' | '「' | '」' | '『' | '』' | '\'' | '＂' => '"',
        '、' | '﹐' => ',',
        '•' | '‧' | '・' | '∙' | '⋅' | '⸱' | 'ꞏ' | '᛫' | '⦁' => '·',
        other => other,
    }
}

/// Characters that are their own canonical form: digits, letters, and the common Chinese characters (none of which is
/// changed by NFKC).
const fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '\u{4E00}'..='\u{9FFF}')
}

/// Whether two values in canonical form say the same, a masked character (`*`, or one of a run of `X`) and a lost one
/// (U+FFFD) standing for any.
#[must_use]
pub fn same_but_for_masks(a: &str, b: &str) -> bool {
    a == b || unlike_places(a, b).is_some_and(|places| places.is_empty())
}

/// The places (from 0) at which two values of one length differ, masks aside; none where their lengths do.
pub(super) fn unlike_places(a: &str, b: &str) -> Option<Vec<usize>> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() != b.len() {
        return None;
    }
    let (masked_a, masked_b) = (masked(&a), masked(&b));
    Some((0..a.len()).filter(|&at| a[at] != b[at] && !masked_a[at] && !masked_b[at]).collect())
}

/// Which characters are masked or lost. A single X is itself: the check character of a citizen number.
fn masked(text: &[char]) -> Vec<bool> {
    let is_x = |at: usize| text.get(at).is_some_and(|character| matches!(character, 'X' | 'x'));
    (0..text.len())
        .map(|at| matches!(text[at], '*' | char::REPLACEMENT_CHARACTER) || is_x(at) && (is_x(at + 1) || at > 0 && is_x(at - 1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn form_is_no_content() {
        for (a, b, kind) in [
            ("鲁（2020）枣庄市不动产证明第 1002339号", "鲁(2020)枣庄市不动产证明第1002339号", FieldKind::Text),
            ("Ａ－００１", "a—001", FieldKind::Code),
            ("〔2020〕1号", "【2020】1号", FieldKind::Text),
            ("艾力·买买提", "艾力•买买提", FieldKind::Name),
            ("张\u{E863}", "张䶮", FieldKind::Name),
            ("\u{E854}", "\u{9FBA}", FieldKind::Name),
            ("\u{2EE2}三", "马三", FieldKind::Name),
            ("\u{F9F4}\u{FE00}三", "林三", FieldKind::Name),
            ("甲\u{E78D}乙", "甲，乙", FieldKind::Text),
            ("甲&amp;乙", "甲＆乙", FieldKind::Name),
            ("甲&amp;amp;middot;乙", "甲·乙", FieldKind::Name),
            ("甲&nbsp;乙&#12288;丙&#x200b;", "甲乙丙", FieldKind::Text),
            ("&ldquo;甲&RDQUO;&#65288;&#XFF09;", "“甲”（）", FieldKind::Text),
            ("a&#45;001", "A－００１", FieldKind::Code),
            ("张\u{2066}三\u{3164}\u{E5E5}", "张三", FieldKind::Name),
        ] {
            assert_eq!(canonical(a, kind), canonical(b, kind), "{a} {b}");
        }
        for (a, b, kind) in [
            ("张三", "张叁", FieldKind::Name),
            ("a", "A", FieldKind::Text),
            ("张\u{E863}", "张\u{E864}", FieldKind::Name),
            ("甲&乙", "甲乙", FieldKind::Name),
            ("甲&unknown;乙", "甲乙", FieldKind::Name),
            ("甲&#xD800;", "甲", FieldKind::Name),
            ("11010519491231002×", "11010519491231002X", FieldKind::Code),
        ] {
            assert_ne!(canonical(a, kind), canonical(b, kind), "{a} {b}");
        }
    }

    #[test]
    fn every_dot_between_the_parts_of_a_name_is_one_sign() {
        let expected = canonical("艾力·买买提", FieldKind::Name);
        for dot in [
            "·",
            ".",
            "．",
            "。",
            "｡",
            "•",
            "‧",
            "・",
            "･",
            "∙",
            "⋅",
            "˙",
            "\u{387}",
            "﹒",
            "⸱",
            " · ",
            "&middot;",
            "&#183;",
            "&#xB7;",
            "&amp;middot;",
            "＆middot；",
        ] {
            assert_eq!(canonical(&format!("艾力{dot}买买提"), FieldKind::Name), expected, "{dot}");
        }
        // Elsewhere a full stop is a full stop.
        assert_eq!(canonical("甲1.2乙.", FieldKind::Name), "甲1.2乙.");
        assert_ne!(canonical("甲.乙", FieldKind::Code), canonical("甲·乙", FieldKind::Code));
    }

    #[test]
    fn a_tidy_value_has_nothing_invisible_and_keeps_its_form() {
        for (text, tidied) in [
            (" 张三\u{7F} ", "张三"),
            ("\u{2066}\u{180E} A\u{FE0F}\u{2800} 1\u{E0100}\u{3164} ", "A 1"),
            ("张\u{E863}&nbsp;（甲）", "张\u{E863}&nbsp;（甲）"),
        ] {
            assert_eq!(tidy(text), tidied);
        }
    }

    #[test]
    fn whole_floats_are_their_digits_and_nothing_else_is() {
        for (text, digits) in [
            ("1000001.0", Some("1000001")),
            ("1000001.00", Some("1000001")),
            ("1.000001E6", Some("1000001")),
            ("1.000001e+6", Some("1000001")),
            ("1.0E3", Some("1000")),
            ("3.70499199001010007E17", Some("370499199001010007")),
            ("0001.0", Some("0001")),
            ("1000001", None),
            ("1E6", None),
            ("2013E7", None),
            ("1.5", None),
            ("1.25E1", None),
            ("12.5E3", None),
            ("1.0E99", None),
            ("1.0E-3", None),
            ("1.0E", None),
            (".0", None),
            ("1.", None),
            ("1.0.0", None),
            ("1.2.156", None),
            ("N1.0", None),
            ("1.0E18446744073709551616", None),
            ("", None),
        ] {
            assert_eq!(whole_digits(text).as_deref(), digits, "{text}");
        }
    }

    #[test]
    fn plain_characters_are_their_own_canonical_form() {
        for character in ('\u{4E00}'..='\u{9FFF}').chain('0'..='9').chain('A'..='Z').chain('a'..='z') {
            let text = character.to_string();
            assert!(text.nfkc().eq(text.chars()) && plain(character) == character && !character.is_whitespace(), "{character}");
        }
    }

    #[test]
    fn masks_stand_for_any_character() {
        for (a, b, same) in [
            ("37040319761209XXXX", "370403197612091234", true),
            ("3704031976120912**", "370403197612091234", true),
            ("11010519491231002X", "110105194912310021", false),
            ("3704031976120912**", "370403197712091234", false),
            ("陈XX", "陈小明", true),
            ("陈**", "李小明", false),
            ("**", "张小明", false),
            ("张\u{FFFD}", "张\u{20087}", true),
            ("张\u{FFFD}", "李\u{20087}", false),
            ("张\u{FFFD}", "张", false),
        ] {
            assert_eq!(same_but_for_masks(a, b), same, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn canonical_form_is_its_own_canonical_form(
            text in prop_oneof!["\\PC{0,20}", "[甲乙.。·˙&;#x0-9ampidot＆；\u{E863}\u{2EE2}\u{FE0F}\u{301}ijI\u{307} ]{0,20}"],
        ) {
            for kind in [FieldKind::Code, FieldKind::Name, FieldKind::Text] {
                let once = canonical(&text, kind);
                prop_assert_eq!(canonical(&once, kind), once);
            }
        }
    }
}
