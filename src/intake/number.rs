//! Repair of certificate numbers: the platform finds a certificate only by its number as it is kept there.

use super::repair::repair_number_form;
use unicode_normalization::UnicodeNormalization;

/// Repairs a certificate number as a text, and its full-width letters and digits; returns it with the names of what was done.
///
/// Brackets and other signs stay as they are, since numbers such as 鲁（2020）第7号 are kept with them, unless the whole number
/// was typed in full width. A number with masked characters is no number to ask by, and becomes empty: the holder's
/// certificates of the type are audited without it.
pub(super) fn repair_number(before: &str) -> (String, Vec<&'static str>) {
    let (text, mut done) = repair_number_form(before);
    let is_typed_wide = text.chars().all(|character| character.is_ascii() || matches!(character, '！'..='～'));
    let number: String = if is_typed_wide { text.nfkc().collect() } else { text.chars().map(narrow_alphanumeric).collect() };
    if number.contains(['*', '＊', '●', '■']) {
        done.push("masked_number");
        return (String::new(), done);
    }
    if number != text {
        done.push("width");
    }
    (number, done)
}

/// A full-width letter or digit as the usual one; other characters as they are.
fn narrow_alphanumeric(character: char) -> char {
    match character {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => character.nfkc().next().unwrap_or(character),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_as_the_platform_keeps_it_and_a_masked_one_is_none() {
        for (before, after, done) in [
            ("N000107000", "N000107000", &[][..]),
            ("Ｎ０００１０７０００", "N000107000", &["width"]),
            ("Ｎ－０１／２", "N-01/2", &["width"]),
            (" Ｎ０１\u{200B}", "N01", &["space", "invisible", "width"]),
            ("鲁（2020）枣庄市不动产权第0001号", "鲁（2020）枣庄市不动产权第0001号", &[]),
            ("鲁（２０２０）第７号", "鲁（2020）第7号", &["width"]),
            ("n-01 a", "n-01 a", &[]),
            ("N0001070**", "", &["masked_number"]),
            ("Ｎ０＊＊", "", &["masked_number"]),
            ("3704●●●●1", "", &["masked_number"]),
            ("JZXX2020", "JZXX2020", &[]),
        ] {
            let (number, found) = repair_number(before);
            assert_eq!((number.as_str(), &found[..]), (after, done), "{before}");
        }
    }

    proptest! {
        #[test]
        fn a_repaired_number_stays_as_it_is(before in "[A-Z0-9Ａ-Ｚ０-９（）第号－ ]{0,16}") {
            let (once, _) = repair_number(&before);
            prop_assert_eq!(repair_number(&once).0, once);
        }
    }
}
