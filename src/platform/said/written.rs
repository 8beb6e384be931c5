//! The forms in which a text of ours may come back: in another letter case or width, and escaped as in JSON, in an address or
//! in HTML, once or twice.

use crate::codes::is_invisible;
use unicode_normalization::UnicodeNormalization;

/// How often a text may have been escaped: an address in a JSON text in an HTML page is rare, JSON in JSON is not.
const ESCAPES: u32 = 2;
/// Separators that a person or a program puts between two characters of a number, or unseen ones between those of any text, at
/// most.
const SEPARATORS: usize = 4;
/// Longest written form of a character, in characters: `%255Cu0061` and its like have fewer.
pub(super) const LONGEST_FORM: usize = 24;

/// A text that is looked for in all its written forms.
#[derive(Clone)]
pub(super) struct Pattern {
    /// Its characters, folded.
    characters: Vec<char>,
    /// Whether separators may stand between its characters.
    is_loose: bool,
    /// Whether it has digits only. Then a longer run of digits is another number, and not this one with something beside it.
    is_number: bool,
    /// The bytes that a written form of it may begin with.
    beginnings: [bool; 256],
}

impl Pattern {
    /// A text whose characters stand together, as far as one sees.
    pub(super) fn solid(text: &str) -> Self {
        let mut pattern = Self::new(text.chars().map(folded).collect(), false);
        let lead = text.as_bytes().first().copied().unwrap_or_default();
        // Beside ASCII, the characters of full width: their UTF-8 begins with EF.
        for byte in [lead.to_ascii_lowercase(), lead.to_ascii_uppercase(), b'\\', b'%', b'&', b'+', 0xEF] {
            pattern.beginnings[usize::from(byte)] = true;
        }
        pattern
    }

    /// A number, between whose letters and digits there may be separators, seen or unseen.
    pub(super) fn loose(number: &str) -> Self {
        let characters = number.chars().filter(|character| character.is_alphanumeric()).map(folded).collect();
        Self { beginnings: [true; 256], ..Self::new(characters, true) }
    }

    fn new(characters: Vec<char>, is_loose: bool) -> Self {
        let is_number = !is_loose && characters.iter().all(char::is_ascii_digit);
        Self { characters, is_loose, is_number, beginnings: [false; 256] }
    }

    /// How many characters it has.
    pub(super) fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether a written form of it may begin with this byte.
    pub(super) fn may_begin_with(&self, byte: u8) -> bool {
        self.beginnings[usize::from(byte)]
    }

    /// The end of the longest written form of it that begins at a place of a text; `None` where none does.
    pub(super) fn end_at(&self, text: &[u8], start: usize) -> Option<usize> {
        let end = self.any_end_at(text, start)?;
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let is_part = self.is_number && (is_digit(text.get(..start)?.last()) || is_digit(text.get(end)));
        (!is_part && !self.characters.is_empty()).then_some(end)
    }

    fn any_end_at(&self, text: &[u8], start: usize) -> Option<usize> {
        // Letters and digits as they are need no choice between forms; most places of a text are done with here.
        let (mut at, mut known) = (start, 0);
        while let (Some(wanted), Some(byte)) = (self.characters.get(known), text.get(at)) {
            if !byte.is_ascii_alphanumeric() {
                break;
            }
            if char::from(byte.to_ascii_uppercase()) != *wanted {
                return None;
            }
            (at, known) = (at + 1, known + 1);
        }
        let mut places = vec![at];
        for (number, wanted) in self.characters.iter().enumerate().skip(known) {
            if number > 0 {
                skip(text, &mut places, if self.is_loose { separates } else { is_invisible });
            }
            let read = places.iter().flat_map(|place| readings(text, *place, ESCAPES));
            let mut ends: Vec<usize> = read.filter(|(read, _)| folded(*read) == *wanted).map(|(_, end)| end).collect();
            ends.sort_unstable();
            ends.dedup();
            places = ends;
            if places.is_empty() {
                return None;
            }
        }
        places.pop()
    }
}

/// Whether a character is no part of a number.
fn separates(character: char) -> bool {
    !character.is_alphanumeric() || is_invisible(character)
}

/// Adds the places behind the characters of a kind that follow, seen or unseen.
fn skip(text: &[u8], places: &mut Vec<usize>, is_skipped: fn(char) -> bool) {
    let mut latest = places.clone();
    for _ in 0..SEPARATORS {
        let read = latest.iter().flat_map(|place| readings(text, *place, ESCAPES));
        latest = read.filter(|(read, _)| is_skipped(*read)).map(|(_, end)| end).collect();
        latest.sort_unstable();
        latest.dedup();
        if latest.is_empty() {
            break;
        }
        places.extend(&latest);
    }
    places.sort_unstable();
    places.dedup();
}

/// A character that was read, and the place after it.
type Reading = (char, usize);

/// What may be read as one character at a place of a text: the character that stands there, and what it begins the escape of.
/// An escape is made of characters that are themselves escaped at most once less.
fn readings(text: &[u8], at: usize, escapes: u32) -> Vec<Reading> {
    let Some((plain, length)) = character_at(text, at) else { return Vec::new() };
    let mut found = vec![(plain, at + length)];
    // Every escape begins with one of these marks, and so does every escaped mark.
    if escapes > 0 && matches!(plain, '\\' | '%' | '&') {
        for (mark, behind) in readings(text, at, escapes - 1) {
            match mark {
                '\\' => found.extend(in_json(text, behind, escapes - 1)),
                '%' => found.extend(in_address(text, behind, escapes - 1)),
                '&' => found.extend(in_html(text, behind, escapes - 1)),
                _ => {}
            }
            found.push((mark, behind));
        }
    }
    // A space in an address.
    let spaces: Vec<Reading> = found.iter().filter(|(read, _)| *read == '+').map(|(_, end)| (' ', *end)).collect();
    found.extend(spaces);
    found.sort_unstable();
    found.dedup();
    found
}

/// The reading at a place that is what is expected there; of several the longest, since where `%25` stands for a mark, `%`
/// alone is none.
fn expect(text: &[u8], at: usize, escapes: u32, is_expected: impl Fn(char) -> bool) -> Option<Reading> {
    readings(text, at, escapes).into_iter().rev().find(|(read, _)| is_expected(*read))
}

/// What an escape as in JSON stands for, `\uXXXX` or `\/`, by what follows its mark.
fn in_json(text: &[u8], at: usize, escapes: u32) -> Vec<Reading> {
    if let Some((first, end)) = code_unit(text, at, escapes) {
        let pair = || {
            let (_, behind) = expect(text, end, escapes, |mark| mark == '\\')?;
            let (second, end) = code_unit(text, behind, escapes)?;
            Some((char::decode_utf16([first, second]).next()?.ok()?, end))
        };
        return char::from_u32(first.into()).map(|character| (character, end)).or_else(pair).into_iter().collect();
    }
    // `\n` and its like stand for no character of a secret or a number.
    readings(text, at, escapes).into_iter().filter(|(read, _)| !read.is_alphanumeric()).collect()
}

/// The code unit of `uXXXX`, and the place after it.
fn code_unit(text: &[u8], at: usize, escapes: u32) -> Option<(u16, usize)> {
    let (_, at) = expect(text, at, escapes, |letter| letter == 'u')?;
    let (unit, end) = number(text, at, escapes, 16, 4)?;
    Some((u16::try_from(unit).ok()?, end))
}

/// A number of exactly so many digits, and the place after it.
fn number(text: &[u8], at: usize, escapes: u32, radix: u32, digits: u32) -> Option<(u32, usize)> {
    let (mut value, mut at) = (0, at);
    for _ in 0..digits {
        let (digit, end) = expect(text, at, escapes, |digit| digit.is_digit(radix))?;
        (value, at) = (value * radix + digit.to_digit(radix)?, end);
    }
    Some((value, at))
}

/// Longest character in UTF-8, in bytes.
const LONGEST_CHARACTER: usize = 4;

/// What an escape as in an address stands for, `%XX` for each byte of UTF-8 or `%uXXXX`, by what follows its mark.
fn in_address(text: &[u8], at: usize, escapes: u32) -> Option<Reading> {
    if let Some((unit, end)) = code_unit(text, at, escapes) {
        return char::from_u32(unit.into()).map(|character| (character, end));
    }
    let (mut bytes, mut at) = (Vec::new(), at);
    loop {
        let (byte, end) = number(text, at, escapes, 16, 2)?;
        bytes.push(u8::try_from(byte).ok()?);
        if let Ok(character) = std::str::from_utf8(&bytes) {
            return character.chars().next().map(|character| (character, end));
        }
        if bytes.len() == LONGEST_CHARACTER {
            return None;
        }
        (_, at) = expect(text, end, escapes, |mark| mark == '%')?;
    }
}

/// The ASCII characters beyond letters and digits that HTML has names for.
const NAMED: [(&str, char); 33] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("hyphen", '-'),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("hat", '^'),
    ("lowbar", '_'),
    ("grave", '`'),
    ("lcub", '{'),
    ("verbar", '|'),
    ("rcub", '}'),
    ("tilde", '~'),
];

/// Longest number of a character in HTML, in digits; leading zeros are legal.
const LONGEST_REFERENCE: u32 = 8;

/// What an escape as in HTML stands for, `&amp;`, `&#38;` or `&#x26;` with or without its semicolon, by what follows its mark.
fn in_html(text: &[u8], at: usize, escapes: u32) -> Option<Reading> {
    let (character, end) = match expect(text, at, escapes, |sign| sign == '#') {
        Some((_, behind)) => reference(text, behind, escapes)?,
        None => NAMED.iter().find_map(|(name, character)| Some((*character, end_of(text, at, escapes, name)?)))?,
    };
    let semicolon = expect(text, end, escapes, |sign| sign == ';');
    Some((character, semicolon.map_or(end, |(_, behind)| behind)))
}

/// The character whose number in HTML follows, and the place after the number.
fn reference(text: &[u8], at: usize, escapes: u32) -> Option<Reading> {
    let (radix, at) = match expect(text, at, escapes, |letter| letter.eq_ignore_ascii_case(&'x')) {
        Some((_, behind)) => (16, behind),
        None => (10, at),
    };
    let found = (1..=LONGEST_REFERENCE).rev().find_map(|digits| number(text, at, escapes, radix, digits));
    let (value, end) = found?;
    Some((char::from_u32(value)?, end))
}

/// The place after a word of ASCII letters in any case; `None` where another text stands.
fn end_of(text: &[u8], at: usize, escapes: u32, word: &str) -> Option<usize> {
    word.chars()
        .try_fold(at, |at, wanted| expect(text, at, escapes, |letter| letter.eq_ignore_ascii_case(&wanted)).map(|(_, end)| end))
}

/// The character at a place of a text in UTF-8, and its length in bytes; `None` at the end and within a character.
fn character_at(text: &[u8], at: usize) -> Option<(char, usize)> {
    let first = *text.get(at)?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let most = text.get(at..text.len().min(at + LONGEST_CHARACTER))?;
    let character = most.utf8_chunks().next()?.valid().chars().next()?;
    Some((character, character.len_utf8()))
}

/// A character without what only its form adds: letter case, width, and which script's digits it is written in.
pub(super) fn folded(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    if let Some(digit) = other_digit(character) {
        return digit;
    }
    let plain = only(character.nfkc()).unwrap_or(character);
    only(plain.to_uppercase()).unwrap_or(plain)
}

/// The first of some characters, if there is no other.
fn only(mut characters: impl Iterator<Item = char>) -> Option<char> {
    characters.next().filter(|_| characters.next().is_none())
}

/// The ASCII digit for an Arabic one.
fn other_digit(character: char) -> Option<char> {
    let zero = match character {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6F0}'..='\u{6F9}' => 0x6F0,
        _ => return None,
    };
    char::from_digit(u32::from(character) - zero, 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether the whole of a text is one written form of the pattern.
    fn is_form(pattern: &Pattern, text: &str) -> bool {
        text.bytes().next().is_some_and(|byte| pattern.may_begin_with(byte))
            && pattern.end_at(text.as_bytes(), 0) == Some(text.len())
    }

    fn in_json_units(text: &str) -> String {
        text.encode_utf16().fold(String::new(), |written, unit| written + &format!("\\u{unit:04x}"))
    }

    fn in_percent(text: &str) -> String {
        text.bytes().fold(String::new(), |written, byte| written + &format!("%{byte:02X}"))
    }

    fn in_references(text: &str) -> String {
        text.chars().fold(String::new(), |written, character| written + &format!("&#{};", u32::from(character)))
    }

    #[test]
    fn a_secret_is_found_in_every_form_that_a_server_may_write() {
        let secret = "p&w+d=%秘 密\"\\/x";
        let pattern = Pattern::solid(secret);
        for form in [
            secret.to_owned(),
            secret.to_uppercase(),
            "ｐ&w+d=%秘 密\"\\/x".to_owned(),
            r#"p&w+d=%秘 密\"\\/x"#.to_owned(),
            r#"p&w+d=%秘 密\"\\\/x"#.to_owned(),
            r#"p\u0026w+d\u003d%\u79d8 \u5bc6\"\\/x"#.to_owned(),
            r#"p\\u0026w+d=%\\u79d8 \\u5bc6\\\"\\\\/x"#.to_owned(),
            "p%26w%2Bd%3D%25%E7%A7%98+%E5%AF%86%22%5C%2Fx".to_owned(),
            "p%26w%2bd%3d%25%e7%a7%98%20%e5%af%86%22%5c/x".to_owned(),
            "p%2526w%252Bd%253D%2525%25E7%25A7%2598%2B%25E5%25AF%2586%2522%255C%252Fx".to_owned(),
            "p%26w%2Bd%3D%25%u79D8%20%u5BC6%22%5C%2Fx".to_owned(),
            "p&amp;w+d=%秘 密&quot;\\/x".to_owned(),
            "p&amp;amp;w&#43;d&#x3d;%秘&nbsp;密&#034\\&sol;x".to_owned(),
            in_json_units(secret),
            in_percent(secret),
            in_references(secret),
            in_json_units(&in_references(secret)),
            in_references(&in_json_units(secret)),
            in_percent(&in_json_units(secret)),
        ] {
            assert!(is_form(&pattern, &form), "{form}");
        }
        for other in ["p&w+d=%秘 密\"\\/y", "p&w+d", "p&w d=%秘 密\"\\/x ", "", "p%2"] {
            assert!(!is_form(&pattern, other), "{other}");
        }
    }

    #[test]
    fn a_number_is_found_whatever_stands_between_its_characters() {
        let pattern = Pattern::loose("37049919900101001X");
        for form in [
            "37049919900101001x",
            "370499 19900101 001X",
            "3704 9919 9001 0100 1X",
            "370499-1990-0101-001X",
            "370499 — 19900101 — 001X",
            "3,7,0,4,9,9,1,9,9,0,0,1,0,1,0,0,1,X",
            "370499.19900101/001_X",
            "370499\u{200b}199001\u{feff}01001X",
            "３７０４９９１９９００１０１００１Ｘ",
            "٣٧٠٤٩٩١٩٩٠٠١٠١٠٠١X",
            "%33%37%30%34%39%39%31%39%39%30%30%31%30%31%30%30%31%58",
            r"\u0033704991990010100\u0031X",
        ] {
            assert!(is_form(&pattern, form), "{form}");
        }
        for other in ["370499199001010021", "370499      19900101001X", "370499年19900101001X"] {
            assert!(!is_form(&pattern, other), "{other}");
        }
    }

    #[test]
    fn digits_within_a_longer_number_are_another_number() {
        let pattern = Pattern::solid("20130923");
        assert_eq!(pattern.end_at(b"pw 20130923!", 3), Some(11));
        assert_eq!(pattern.end_at(b"a20130923", 1), Some(9));
        assert_eq!(pattern.end_at(b"120130923", 1), None);
        assert_eq!(pattern.end_at(b"201309231", 0), None);
        assert_eq!(Pattern::solid("").end_at(b"", 0), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_search_panic(text in prop::collection::vec(any::<u8>(), 0..60), wanted in "\\PC{0,6}") {
            for pattern in [Pattern::solid(&wanted), Pattern::loose(&wanted)] {
                for at in 0..=text.len() {
                    prop_assert!(pattern.end_at(&text, at).is_none_or(|end| at < end && end <= text.len()));
                }
            }
        }

        #[test]
        fn escapes_that_break_off_never_make_the_search_panic(text in r"[\\%&#xu0-9aA;]{0,30}") {
            for at in 0..=text.len() {
                let _ = Pattern::solid("a\\%&").end_at(text.as_bytes(), at);
            }
        }

        #[test]
        fn every_escaped_secret_is_found(secret in "[!-~\u{4E00}-\u{4E20}\u{1F600}]{4,12}") {
            let pattern = Pattern::solid(&secret);
            let json = serde_json::to_string(&secret).unwrap();
            let json = &json[1..json.len() - 1];
            let twice = serde_json::to_string(json).unwrap();
            let slashes = json.replace('/', "\\/");
            let forms = [
                secret.clone(),
                json.to_owned(),
                twice[1..twice.len() - 1].to_owned(),
                slashes,
                in_json_units(json),
                in_json_units(&secret),
                in_percent(&secret),
                in_references(&secret),
            ];
            for form in forms {
                let found = (0..form.len()).any(|at| pattern.end_at(form.as_bytes(), at).is_some());
                // A secret of digits alone may stand within an escape's digits only by chance of this test.
                prop_assert!(found || secret.bytes().all(|byte| byte.is_ascii_digit()), "{form}");
            }
        }
    }
}
