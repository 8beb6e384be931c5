//! Characters with several code points: private-use code points of GBK and GB18030, and radicals.
//!
//! GBK and GB18030 of 2000 put characters that Unicode lacked at private-use code points; GB18030 of 2005 and 2022 give
//! most of them the Unicode code points that they have got since. Libraries built on either hold the same name in two
//! spellings, such as U+E863 and U+4DAE (䶮). Radicals (U+2E80–U+2EFF) come from texts copied out of PDFs; the table has
//! the ideographs that Unicode's `EquivalentUnifiedIdeograph` names for them and NFKC leaves alone.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The part of a line of the table that the program uses; `glyph` and `gbk` are there for people and tests.
#[derive(Deserialize)]
struct Line {
    /// Code point in hexadecimal.
    character: String,
    /// Code point of its equivalent in hexadecimal.
    equivalent: String,
}

static EQUIVALENTS: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let code_point = |hexadecimal: &str| u32::from_str_radix(hexadecimal, 16).ok().and_then(char::from_u32);
    csv::Reader::from_reader(TABLE)
        .into_deserialize::<Line>()
        .map(|line| line.expect("the compiled-in table of equivalent characters is well-formed"))
        .filter_map(|line| code_point(&line.character).zip(code_point(&line.equivalent)))
        .collect()
});

const TABLE: &[u8] = include_bytes!("character_equivalents.csv");

/// Returns the usual code point of a character: the character itself unless the table has another one.
pub(super) fn usual_character(character: char) -> char {
    // The table holds nothing outside these blocks.
    if !matches!(character, '\u{2E80}'..='\u{2EFF}' | '\u{E000}'..='\u{F8FF}') {
        return character;
    }
    let equivalent = |character| EQUIVALENTS.get(&character).copied().unwrap_or(character);
    // GBK has radicals too: from the private-use code point to the radical, from there to the ideograph.
    equivalent(equivalent(character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GB18030;
    use unicode_normalization::UnicodeNormalization;

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        (0..hexadecimal.len()).step_by(2).map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap()).collect()
    }

    #[derive(Deserialize)]
    struct WholeLine {
        character: String,
        equivalent: String,
        glyph: String,
        gbk: String,
    }

    #[test]
    fn private_use_code_points_are_what_the_standard_maps_their_bytes_to() {
        let mut private = 0;
        for line in csv::Reader::from_reader(TABLE).into_deserialize::<WholeLine>() {
            let WholeLine { character, equivalent, glyph, gbk } = line.unwrap();
            let [from, to] = [character, equivalent].map(|code_point| u32::from_str_radix(&code_point, 16).unwrap());
            assert_eq!(glyph.chars().map(u32::from).collect::<Vec<_>>(), [to], "U+{from:04X}");
            if !gbk.is_empty() {
                private += 1;
                // The web's table leaves some of them at private-use code points.
                let bytes = bytes(&gbk);
                let decoded = GB18030.decode_without_bom_handling_and_without_replacement(&bytes).unwrap();
                let decoded: Vec<u32> = decoded.chars().map(u32::from).collect();
                assert!(decoded == [to] || decoded == [from], "{gbk}: {decoded:X?}");
            }
        }
        assert_eq!((private, EQUIVALENTS.len()), (106, 218));
    }

    #[test]
    fn rare_characters_and_radicals_have_one_usual_code_point() {
        for (from, to) in [
            ('\u{E863}', '䶮'),
            ('\u{E816}', '\u{20087}'),
            ('\u{E854}', '\u{9FBA}'),
            ('\u{E7C7}', 'ḿ'),
            ('\u{E815}', '厂'),
            ('\u{2EE2}', '马'),
            ('\u{2EA0}', '民'),
            ('\u{E000}', '\u{E000}'),
            ('张', '张'),
        ] {
            assert_eq!(usual_character(from), to, "U+{:04X}", u32::from(from));
        }
    }

    #[test]
    fn every_usual_character_is_its_own() {
        for &character in EQUIVALENTS.keys() {
            let usual = usual_character(character);
            assert_eq!(usual_character(usual), usual);
            // NFKC comes after the table and must not lead back into it.
            assert!(usual.nfkc().all(|folded| usual_character(folded) == folded), "U+{:04X}", u32::from(character));
        }
    }
}
