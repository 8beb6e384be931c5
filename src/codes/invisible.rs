//! Invisible characters, which copying from chats, web pages, PDF files and old databases leaves in values.

/// Returns whether a character is invisible and without meaning: a control or format character, a filler, a variation selector,
/// or another code point with the Unicode property `Default_Ignorable_Code_Point`.
///
/// White space is excluded because it separates words, and so are format characters that are drawn, such as U+0600 (ARABIC NUMBER
/// SIGN). U+E5E5 is included: decoders map GBK's unassigned A3 A0 to it.
#[must_use]
pub const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        // Control characters, except white space (tab, line ends, U+0085).
        '\0'..='\u{8}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}'
        // Format characters: soft hyphen, direction marks and embeddings, joiners, invisible operators, byte order marks.
        | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        // Combining grapheme joiner, Hangul fillers, Khmer inherent vowels, and the blank Braille pattern.
        | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}'
        // Variation selectors and tags.
        | '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}'
        | '\u{E5E5}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_invisible() {
        for character in [
            '\0',
            '\u{1}',
            '\u{1B}',
            '\u{1F}',
            '\u{7F}',
            '\u{80}',
            '\u{9F}',
            '\u{AD}',
            '\u{34F}',
            '\u{61C}',
            '\u{115F}',
            '\u{1160}',
            '\u{180B}',
            '\u{180E}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{200E}',
            '\u{200F}',
            '\u{202A}',
            '\u{202D}',
            '\u{202E}',
            '\u{2060}',
            '\u{2061}',
            '\u{2066}',
            '\u{2069}',
            '\u{206F}',
            '\u{2800}',
            '\u{3164}',
            '\u{FE00}',
            '\u{FE0F}',
            '\u{FEFF}',
            '\u{FFA0}',
            '\u{FFF9}',
            '\u{E0001}',
            '\u{E0041}',
            '\u{E0100}',
            '\u{E01EF}',
            '\u{E5E5}',
        ] {
            assert!(is_invisible(character), "U+{:04X}", u32::from(character));
        }
    }

    #[test]
    fn what_is_seen_or_separates_is_not_invisible() {
        for character in
            "\t\n\r\u{85}\u{A0}\u{2003}\u{2028}\u{202F}\u{3000} 09AZaz×Х·张䶮\u{20087}\u{E863}\u{FFFD}\u{600}é".chars()
        {
            assert!(!is_invisible(character), "U+{:04X}", u32::from(character));
        }
        for character in '\0'..=char::MAX {
            assert!(!(is_invisible(character) && character.is_whitespace()), "U+{:04X}", u32::from(character));
        }
    }
}
