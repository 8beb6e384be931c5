//! UTF-32 as UTF-8. Few programs write it, and no library of encodings reads it, since the web forbids it.

use std::io::{self, Read};

/// Bytes that are read at once.
const PIECE: u64 = 64 * 1024;

/// Order of the four bytes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intake) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// Tells UTF-32 by its byte order mark, or by two zero bytes on the same side of almost every four, and the order of its
    /// bytes; `None` for everything else.
    pub(in crate::intake) fn of(head: &[u8]) -> Option<Self> {
        const FEWEST: usize = 2;
        if head.starts_with(b"\xFF\xFE\0\0") {
            return Some(Self::Little);
        }
        if head.starts_with(b"\0\0\xFE\xFF") {
            return Some(Self::Big);
        }
        let units = head.as_chunks::<4>().0;
        let filled = || units.iter().filter(|unit| **unit != [0; 4]);
        let little = filled().filter(|[_, _, third, fourth]| *third == 0 && *fourth == 0).count();
        let big = filled().filter(|[first, second, _, _]| *first == 0 && *second == 0).count();
        let almost_all = |count: usize| count >= FEWEST && 10 * count >= 9 * filled().count();
        if almost_all(little) { Some(Self::Little) } else { almost_all(big).then_some(Self::Big) }
    }

    fn character(self, unit: [u8; 4]) -> char {
        let code = match self {
            Self::Little => u32::from_le_bytes(unit),
            Self::Big => u32::from_be_bytes(unit),
        };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// Decodes the beginning of a text; a character that is cut off is left out.
    pub(in crate::intake) fn decode(self, head: &[u8]) -> String {
        head.as_chunks::<4>().0.iter().map(|unit| self.character(*unit)).collect()
    }
}

/// Reads UTF-32 as UTF-8, with U+FFFD for what is no character.
pub(super) struct Utf32Reader<R> {
    input: R,
    order: ByteOrder,
    /// Bytes of the input; fewer than four of them wait for the rest of their character.
    held: Vec<u8>,
    /// Text that was decoded and not yet taken.
    ready: Vec<u8>,
    taken: usize,
}

impl<R: Read> Utf32Reader<R> {
    pub(super) const fn new(input: R, order: ByteOrder) -> Self {
        Self { input, order, held: Vec::new(), ready: Vec::new(), taken: 0 }
    }

    /// Decodes more of the input. Returns whether there was any.
    fn fill(&mut self) -> io::Result<bool> {
        self.ready.clear();
        self.taken = 0;
        let is_end = self.input.by_ref().take(PIECE).read_to_end(&mut self.held)? == 0;
        let (units, rest) = self.held.as_chunks::<4>();
        let mut text: String = units.iter().map(|unit| self.order.character(*unit)).collect();
        let length = self.held.len() - rest.len();
        if is_end && !rest.is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            self.held.clear();
        } else {
            self.held.drain(..length);
        }
        self.ready = text.into_bytes();
        Ok(!is_end || !self.ready.is_empty())
    }
}

impl<R: Read> Read for Utf32Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.ready.len() {
            if !self.fill()? {
                return Ok(0);
            }
        }
        let rest = self.ready.get(self.taken..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        let (head, _) = rest.split_at(length);
        let (filled, _) = buffer.split_at_mut(length);
        filled.copy_from_slice(head);
        self.taken += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(text: &str, order: ByteOrder) -> Vec<u8> {
        let unit = |character: char| match order {
            ByteOrder::Little => u32::from(character).to_le_bytes(),
            ByteOrder::Big => u32::from(character).to_be_bytes(),
        };
        text.chars().flat_map(unit).collect()
    }

    fn decoded(bytes: &[u8], order: ByteOrder) -> String {
        let mut text = String::new();
        Utf32Reader::new(bytes, order).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn utf_32_is_told_with_and_without_its_mark() {
        let list = "证件号码,证照类型代码\n370499199001010007,11100000000013127D001\n";
        let utf16: Vec<u8> = list.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for text in [list.to_owned(), format!("\u{FEFF}{list}"), format!("{list}𠮷")] {
                assert_eq!(ByteOrder::of(&encoded(&text, order)), Some(order), "{text}");
            }
        }
        for bytes in [&b""[..], &b"code,name\n"[..], list.as_bytes(), utf16.as_slice(), &[0; 64][..], &b"\xFF\xFEa\0"[..]] {
            assert_eq!(ByteOrder::of(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_character_becomes_the_replacement_character() {
        assert_eq!(decoded(b"a\0\0\0\0\0\0\x7Fb\0\0\0", ByteOrder::Little), "a\u{FFFD}b");
        assert_eq!(decoded(b"a\0\0\0b\0", ByteOrder::Little), "a\u{FFFD}");
        assert_eq!(ByteOrder::Big.decode(b"\0\0\0a\0\0"), "a");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "\\PC{0,40}") {
            for order in [ByteOrder::Little, ByteOrder::Big] {
                prop_assert_eq!(decoded(&encoded(&text, order), order), text.clone());
            }
        }
    }
}
