//! Form and content: what may vary between two spellings of the same thing.

use super::entity::without_escapes;
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
    while let Some(unescaped) = without_escapes(&canonical) {
        canonical = folded(&unescaped, kind);
    }
    match kind {
        FieldKind::Name => with_one_kind_of_dot(canonical),
        FieldKind::Code => with_one_kind_of_mask(canonical),
        FieldKind::Date | FieldKind::Lifecycle | FieldKind::Text => canonical,
    }
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

/// Replaces the signs that stand for masked characters of a code by `*`; × and # only in runs.
fn with_one_kind_of_mask(text: String) -> String {
    if !text.contains(['●', '○', '■', '□', '×', '#']) {
        return text;
    }
    let characters: Vec<char> = text.chars().collect();
    let is_run = |at: usize| {
        let same = |other: Option<usize>| other.and_then(|other| characters.get(other)) == characters.get(at);
        same(at.checked_sub(1)) || same(Some(at + 1))
    };
    let masked = |(at, character): (usize, &char)| match character {
        '●' | '○' | '■' | '□' => '*',
        '×' | '#' if is_run(at) => '*',
        other => *other,
    };
    characters.iter().enumerate().map(masked).collect()
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
        // U+119E is what NFKC makes of ㆍ, the dot of Korean texts.
        '•' | '‧' | '・' | '∙' | '⋅' | '⸱' | 'ꞏ' | '᛫' | '⦁' | '◦' | '∘' | '▪' | '⸳' | '\u{119E}' => '·',
        other => other,
    }
}

/// Characters that are their own canonical form: digits, letters, and the common Chinese characters (none of which is
/// changed by NFKC).
const fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '\u{4E00}'..='\u{9FFF}')
}

/// Whether two values in canonical form say the same, a masked character (`*`, ●, or one of a run of `X`) and a lost one
/// (U+FFFD) standing for any, and three or more of `*` for any number of them where enough of the code is shown.
#[must_use]
pub fn same_but_for_masks(a: &str, b: &str) -> bool {
    a == b
        || unlike_places(a, b).is_some_and(|places| places.is_empty())
        || fits_shortened_mask(a, b)
        || fits_shortened_mask(b, a)
}

/// Whether a code whose middle is masked by fewer stars than it has characters fits a longer one: `370499****0013`.
fn fits_shortened_mask(masked: &str, whole: &str) -> bool {
    /// Fewest stars that may stand for more characters.
    const FEWEST_STARS: usize = 3;
    /// Fewest characters that have to be shown, all in all.
    const FEWEST_SHOWN: usize = 6;
    if masked.len() >= whole.len() || !masked.contains("***") {
        return false;
    }
    let Some((first, behind)) = masked.split_once('*') else { return false };
    let last = behind.trim_start_matches('*');
    let stars = masked.len() - first.len() - last.len();
    let is_shown = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    stars >= FEWEST_STARS
        && first.len() + last.len() >= FEWEST_SHOWN
        && is_shown(first)
        && is_shown(last)
        && whole.starts_with(first)
        && whole.ends_with(last)
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
    let is_x = |at: usize| text.get(at).is_some_and(|character| matches!(character, 'X' | 'x' | '×'));
    (0..text.len())
        .map(|at| {
            matches!(text[at], '*' | '●' | '○' | '■' | '□' | char::REPLACEMENT_CHARACTER)
                || is_x(at) && (is_x(at + 1) || at > 0 && is_x(at - 1))
        })
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
            ("M&uuml;ller", "Müller", FieldKind::Name),
            (r"艾力\u00b7买买提", "艾力·买买提", FieldKind::Name),
            ("370499●●●●0013", "370499****0013", FieldKind::Code),
            ("370499××××##", "370499******", FieldKind::Code),
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
            "&#183",
            "&middot",
            "&#149;",
            "&period;",
            r"\u00b7",
            "◦",
            "∘",
            "▪",
            "ㆍ",
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
            ("张●丰", "张三丰", true),
            ("艾力●买买提", "艾力·买买提", true),
            ("艾力○买买提", "艾力·买买提", true),
            ("张××", "张小明", true),
            ("37049919900101000×", "370499199001010007", false),
            ("370499****0007", "370499199001010007", true),
            ("370499***", "370499199001010007", true),
            ("370499****0008", "370499199001010007", false),
            ("370499**0007", "370499199001010007", false),
            ("A****", "A12345678", false),
            ("3704****1990****0007", "37049919900101000700000", false),
            ("370499****0007", "3704990007", false),
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
