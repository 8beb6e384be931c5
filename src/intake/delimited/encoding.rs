//! Encodings of text: which one a file is in, told by evidence, and the decoding of its lines.

use super::utf32::ByteOrder;
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read};

/// Bytes that are weighed at once.
const WINDOW: u64 = 64 * 1024;
/// Sequences that are neither ASCII nor doubtful after which the evidence is enough.
const ENOUGH: usize = 1000;
/// UTF-8's byte order mark.
const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";
/// GB 18030's byte order mark.
const GB_18030_MARK: &[u8] = b"\x84\x31\x95\x33";

/// Encoding of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intake) enum TextEncoding {
    Utf8,
    Gb18030,
    Utf16Le,
    Utf16Be,
    Utf32(ByteOrder),
}

/// What is wrong with a line's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadBytes {
    /// Some stand for no character; the first of them stands at this place, in characters counted from 1.
    At(usize),
    /// The line as a whole is in another encoding than the file.
    OtherEncoding,
}

impl TextEncoding {
    /// Tells the encoding of a text: by zero bytes, which only UTF-16 and UTF-32 have, else by what more of the text is valid
    /// in. A byte order mark of UTF-8 proves nothing: programs have put it before text in GB 18030.
    ///
    /// # Errors
    /// Fails if the text cannot be read.
    pub(in crate::intake) fn of(mut text: impl Read) -> io::Result<Self> {
        let mut window = Vec::new();
        text.by_ref().take(WINDOW).read_to_end(&mut window)?;
        if let Some(encoding) = of_mark(&window).or_else(|| of_zeros(&window)) {
            return Ok(encoding);
        }
        let mut evidence = Evidence::default();
        loop {
            // A character may lie across two windows.
            let weighed = evidence.weigh(&window);
            window.drain(..weighed);
            if evidence.is_enough() || text.by_ref().take(WINDOW).read_to_end(&mut window)? == 0 {
                return Ok(evidence.encoding());
            }
        }
    }

    /// The name that people know it by.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030 (GBK)",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Utf32(_) => "UTF-32",
        }
    }

    /// Its decoder. UTF-32 has none, and is UTF-8 before it is decoded.
    pub(in crate::intake) fn decoder(self) -> &'static Encoding {
        match self {
            Self::Utf8 | Self::Utf32(_) => UTF_8,
            Self::Gb18030 => GB18030,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
        }
    }

    /// Whether one unit of it is more than a byte, so that its text is made UTF-8 before it is split into lines.
    pub(super) const fn is_wide(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be | Self::Utf32(_))
    }

    /// Length of the byte order marks that the first line of a file begins with. Files that were joined may have several.
    pub(super) fn marks(line: &[u8]) -> usize {
        let mut rest = line;
        while let Some(after) = rest.strip_prefix(UTF_8_MARK).or_else(|| rest.strip_prefix(GB_18030_MARK)) {
            rest = after;
        }
        line.len() - rest.len()
    }

    /// Decodes a line. Where some bytes stand for no character, the text has U+FFFD in their place. Lines of files in
    /// UTF-16 and UTF-32 come in UTF-8, with U+FFFD where something was wrong.
    pub(super) fn decode(self, line: Vec<u8>) -> (String, Option<BadBytes>) {
        match self {
            Self::Gb18030 if !line.is_ascii() => decode_gb18030(&line),
            _ => match String::from_utf8(line) {
                Ok(text) => {
                    let bad = text.find('\u{FFFD}').filter(|_| self.is_wide()).map(|at| BadBytes::At(place(&text, at)));
                    (text, bad)
                }
                Err(error) => decode_damaged_utf8(error.as_bytes(), error.utf8_error().valid_up_to()),
            },
        }
    }
}

/// Decodes a line of a file in UTF-8 that is not valid UTF-8.
fn decode_damaged_utf8(line: &[u8], valid_up_to: usize) -> (String, Option<BadBytes>) {
    let mut evidence = Evidence::default();
    evidence.weigh(line);
    if evidence.encoding() == TextEncoding::Gb18030
        && let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(line)
        && text.chars().filter(|character| !character.is_ascii()).count() > 1
    {
        return (text.into_owned(), Some(BadBytes::OtherEncoding));
    }
    let text = String::from_utf8_lossy(line).into_owned();
    let bad = BadBytes::At(place(&text, valid_up_to));
    (text, Some(bad))
}

/// Decodes a line of a file in GB 18030.
fn decode_gb18030(line: &[u8]) -> (String, Option<BadBytes>) {
    if let Ok(text) = std::str::from_utf8(line)
        && is_surely_utf8(text)
    {
        return (text.to_owned(), Some(BadBytes::OtherEncoding));
    }
    let (text, is_damaged) = GB18030.decode_without_bom_handling(line);
    let bad = is_damaged.then(|| BadBytes::At(place(&text, text.find('\u{FFFD}').unwrap_or_default())));
    (text.into_owned(), bad)
}

/// Whether text that is valid UTF-8 cannot be GB 18030 by chance: what is not ASCII are two or more characters of three
/// bytes, as Chinese ones are.
fn is_surely_utf8(text: &str) -> bool {
    let wide = || text.chars().filter(|character| !character.is_ascii());
    wide().count() > 1 && wide().all(|character| character.len_utf8() == 3)
}

/// Place of a character, counted from 1, by the bytes before it.
fn place(text: &str, bytes_before: usize) -> usize {
    text.get(..bytes_before).map_or(0, |before| before.chars().count()) + 1
}

/// The encoding that a byte order mark proves, and UTF-32 without one.
fn of_mark(head: &[u8]) -> Option<TextEncoding> {
    if let Some(order) = ByteOrder::of(head) {
        Some(TextEncoding::Utf32(order))
    } else if head.starts_with(b"\xFF\xFE") {
        Some(TextEncoding::Utf16Le)
    } else if head.starts_with(b"\xFE\xFF") {
        Some(TextEncoding::Utf16Be)
    } else {
        head.starts_with(GB_18030_MARK).then_some(TextEncoding::Gb18030)
    }
}

/// UTF-16 without a byte order mark: one byte of most units is zero, since codes and separators are ASCII. The other one
/// is zero now and then: 一 is U+4E00.
fn of_zeros(head: &[u8]) -> Option<TextEncoding> {
    let pairs = head.as_chunks::<2>().0;
    let first = pairs.iter().filter(|[first, _]| *first == 0).count();
    let second = pairs.iter().filter(|[_, second]| *second == 0).count();
    let enough = pairs.len() / 8 + 1;
    if second >= enough && first <= second / 8 {
        Some(TextEncoding::Utf16Le)
    } else {
        (first >= enough && second <= first / 8).then_some(TextEncoding::Utf16Be)
    }
}

/// What speaks for UTF-8, and what against it.
#[derive(Debug, Default)]
struct Evidence {
    /// Valid sequences of three or four bytes, which other encodings have by chance only.
    strong: usize,
    /// Valid sequences of two bytes for letters that lists in Chinese hardly have, such as Hebrew ones; every third
    /// character of GB 2312 is one.
    odd: usize,
    /// Sequences that are not valid.
    invalid: usize,
}

impl Evidence {
    /// Takes a piece of text, but for an incomplete character at its end. Returns how many bytes were taken.
    fn weigh(&mut self, text: &[u8]) -> usize {
        let mut rest = text;
        loop {
            match std::str::from_utf8(rest) {
                Ok(_) => {
                    self.count(rest);
                    return text.len();
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.count(valid);
                    let Some(length) = error.error_len() else { return text.len() - after.len() };
                    self.invalid += 1;
                    rest = after.get(length..).unwrap_or_default();
                }
            }
        }
    }

    fn count(&mut self, valid: &[u8]) {
        self.strong += valid.iter().filter(|byte| **byte >= 0xE0).count();
        self.odd += valid.iter().filter(|byte| (0xC4..0xE0).contains(*byte)).count();
    }

    const fn is_enough(&self) -> bool {
        self.strong + self.invalid >= ENOUGH
    }

    const fn encoding(&self) -> TextEncoding {
        let is_utf8 = if self.invalid == 0 { self.strong > 0 || self.odd == 0 } else { self.strong >= self.invalid };
        if is_utf8 { TextEncoding::Utf8 } else { TextEncoding::Gb18030 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gb18030(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn the_encoding_is_told_by_evidence() {
        let list = "证件号码,证照类型代码,姓名\n370499199001010007,11100000000013127D001,一一\n";
        let long = format!("code,name\n{}370499199001010007,张三\n", "370499199001010007,x\n".repeat(10_000));
        let mut few_bad = list.repeat(20).into_bytes();
        few_bad.extend_from_slice(b"\xFF,\xE5\xBC,\xA0\n");
        for (name, bytes, expected) in [
            ("nothing", Vec::new(), TextEncoding::Utf8),
            ("ASCII", b"code,type\n1,2\n".to_vec(), TextEncoding::Utf8),
            ("UTF-8", list.as_bytes().to_vec(), TextEncoding::Utf8),
            ("UTF-8 with a mark", [UTF_8_MARK, list.as_bytes()].concat(), TextEncoding::Utf8),
            ("UTF-8 with a few bad bytes", few_bad, TextEncoding::Utf8),
            ("UTF-8 late", long.as_bytes().to_vec(), TextEncoding::Utf8),
            ("GB 18030", gb18030(list), TextEncoding::Gb18030),
            ("GB 18030 late", gb18030(&long), TextEncoding::Gb18030),
            ("GB 18030 with a bad byte", [gb18030(list).as_slice(), b"\xFF"].concat(), TextEncoding::Gb18030),
            ("GB 18030 behind a mark of UTF-8", [UTF_8_MARK, &gb18030(list)].concat(), TextEncoding::Gb18030),
            ("GB 18030 with a mark", [GB_18030_MARK, &gb18030(list)].concat(), TextEncoding::Gb18030),
            ("one character of GB 18030 that is valid UTF-8", b"sex\n\xC5\xAE\n".to_vec(), TextEncoding::Gb18030),
            ("an accent in UTF-8", "Ren\u{E9}\n".as_bytes().to_vec(), TextEncoding::Utf8),
            ("UTF-16 LE", utf16(list, u16::to_le_bytes), TextEncoding::Utf16Le),
            ("UTF-16 BE", utf16(list, u16::to_be_bytes), TextEncoding::Utf16Be),
            ("UTF-16 LE with a mark", utf16("\u{FEFF}证件号码", u16::to_le_bytes), TextEncoding::Utf16Le),
            ("UTF-16 BE with a mark", utf16("\u{FEFF}证件号码", u16::to_be_bytes), TextEncoding::Utf16Be),
            ("UTF-32", list.chars().flat_map(|it| u32::from(it).to_le_bytes()).collect(), TextEncoding::Utf32(ByteOrder::Little)),
        ] {
            assert_eq!(TextEncoding::of(bytes.as_slice()).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn bad_bytes_of_a_line_are_told_by_their_place() {
        let utf8 = TextEncoding::Utf8;
        let gb = TextEncoding::Gb18030;
        for (encoding, line, text, bad) in [
            (utf8, "张三".as_bytes().to_vec(), "张三", None),
            (utf8, b"\xE5\xBC\xA0\xFF,x".to_vec(), "张\u{FFFD},x", Some(BadBytes::At(2))),
            (utf8, b"1,\xE5\xBC,\xE4\xB8\x89".to_vec(), "1,\u{FFFD},三", Some(BadBytes::At(3))),
            (utf8, gb18030("1,张三"), "1,张三", Some(BadBytes::OtherEncoding)),
            (gb, gb18030("张三"), "张三", None),
            (gb, [gb18030("张三").as_slice(), b"\xD5,x"].concat(), "张三\u{FFFD},x", Some(BadBytes::At(3))),
            (gb, "1,张三".as_bytes().to_vec(), "1,张三", Some(BadBytes::OtherEncoding)),
            (gb, b"1,2".to_vec(), "1,2", None),
            (TextEncoding::Utf16Le, "x\u{FFFD}".as_bytes().to_vec(), "x\u{FFFD}", Some(BadBytes::At(2))),
            (utf8, "x\u{FFFD}".as_bytes().to_vec(), "x\u{FFFD}", None),
        ] {
            assert_eq!(encoding.decode(line), (text.to_owned(), bad), "{text}");
        }
    }

    proptest! {
        #[test]
        fn lists_in_chinese_are_told_apart_however_short(text in "[一-龥]{2,4}[a-z0-9,\n]{0,20}[一-龥]{0,6}") {
            prop_assert_eq!(TextEncoding::of(text.as_bytes()).unwrap(), TextEncoding::Utf8);
        }

        #[test]
        fn what_is_decoded_without_a_word_is_what_was_encoded(text in "[一-龥a-z0-9,]{0,30}") {
            let (decoded, bad) = TextEncoding::Utf8.decode(text.clone().into_bytes());
            prop_assert_eq!((decoded, bad), (text.clone(), None));
            let (decoded, bad) = TextEncoding::Gb18030.decode(gb18030(&text));
            prop_assert!(bad.is_some() || decoded == text);
        }

        #[test]
        fn no_line_brings_the_decoder_down(line in proptest::collection::vec(any::<u8>(), 0..60)) {
            for encoding in [TextEncoding::Utf8, TextEncoding::Gb18030, TextEncoding::Utf16Le] {
                encoding.decode(line.clone());
            }
        }
    }
}
