//! Form and content: what may vary between two spellings of the same thing.

use crate::codes::FieldKind;
use unicode_normalization::UnicodeNormalization;

/// A value as a table shows it: without invisible characters, and without space at its ends.
#[must_use]
pub fn tidy(text: &str) -> String {
    if !text.chars().any(is_invisible) {
        return text.trim().to_owned();
    }
    text.chars().filter(|character| !is_invisible(*character)).collect::<String>().trim().to_owned()
}

/// A value with all that is form taken out of it: width, spaces, kinds of brackets, dashes and quotation marks, and for
/// codes the letter case. Two values with the same canonical form say the same.
#[must_use]
pub fn canonical(text: &str, kind: FieldKind) -> String {
    // Most texts are Chinese characters, letters and digits: in canonical form but for the letter case.
    if text.chars().all(is_plain) {
        return if kind == FieldKind::Code { text.to_ascii_uppercase() } else { text.to_owned() };
    }
    let folded = text.nfkc().filter(|character| !character.is_whitespace() && !is_invisible(*character)).nfc().map(plain);
    if kind == FieldKind::Code { folded.map(|character| character.to_ascii_uppercase()).collect() } else { folded.collect() }
}

/// What certificate numbers are put in order by: NFKC without spaces.
#[must_use]
pub fn sort_key(number: &str) -> String {
    number.nfkc().filter(|character| !character.is_whitespace() && !is_invisible(*character)).collect()
}

/// One character for all the forms of a bracket, a dash or a quotation mark.
const fn plain(character: char) -> char {
    match character {
        '[' | '【' | '〔' | '〖' | '{' | '〈' | '《' => '(',
        ']' | '】' | '〕' | '〗' | '}' | '〉' | '》' => ')',
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '－' | '﹣' | '─' | '～' | '~' => '-',
        '“' | '”' | '‘' | '’' | '「' | '」' | '『' | '』' | '\'' | '＂' => '"',
        '、' | '﹐' => ',',
        '•' | '‧' | '・' | '∙' => '·',
        other => other,
    }
}

/// Characters that are their own canonical form: digits, letters, and the common Chinese characters (none of which is
/// changed by NFKC).
const fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '\u{4E00}'..='\u{9FFF}')
}

const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}' | '\0'..='\u{8}' | '\u{E}'..='\u{1F}')
}

/// Whether two values in canonical form say the same, a masked character (`*`, or one of a run of `X`) standing for any.
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

/// Which characters are masked. A single X is itself: the check character of a citizen number.
fn masked(text: &[char]) -> Vec<bool> {
    let is_x = |at: usize| text.get(at).is_some_and(|character| matches!(character, 'X' | 'x'));
    (0..text.len()).map(|at| text[at] == '*' || is_x(at) && (is_x(at + 1) || at > 0 && is_x(at - 1))).collect()
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
        ] {
            assert_eq!(canonical(a, kind), canonical(b, kind), "{a} {b}");
        }
        assert_ne!(canonical("张三", FieldKind::Name), canonical("张叁", FieldKind::Name));
        assert_ne!(canonical("a", FieldKind::Text), canonical("A", FieldKind::Text));
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
        ] {
            assert_eq!(same_but_for_masks(a, b), same, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn canonical_form_is_its_own_canonical_form(text in "\\PC{0,20}") {
            for kind in [FieldKind::Code, FieldKind::Text] {
                let once = canonical(&text, kind);
                prop_assert_eq!(canonical(&once, kind), once);
            }
        }
    }
}
