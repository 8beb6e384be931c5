//! The table of texts that the cells of a workbook share.

use super::fault::Fault;
use super::xml::{CellText, XmlReader};
use quick_xml::events::Event;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Most memory that a table may take, in bytes. A sheet of 1,048,576 rows with twenty texts of twenty bytes each needs less.
const MOST_BYTES: usize = 512 << 20;

/// The texts that the cells of a workbook share, in one piece.
#[derive(Debug)]
pub(super) struct SharedTexts {
    text: String,
    /// Where each text ends. `MOST_BYTES` fits in 32 bits.
    ends: Vec<u32>,
    /// Texts that are longer than a cell's text can be.
    cut: BTreeSet<usize>,
    most_bytes: usize,
}

impl Default for SharedTexts {
    fn default() -> Self {
        Self { text: String::new(), ends: Vec::new(), cut: BTreeSet::new(), most_bytes: MOST_BYTES }
    }
}

impl SharedTexts {
    /// Reads the table of an xlsx workbook.
    ///
    /// # Errors
    /// Fails if the part is damaged or too large.
    pub(super) fn read_xml(&mut self, mut xml: XmlReader<'_>) -> Result<(), Fault> {
        let mut item = CellText::default();
        loop {
            let is_item = match xml.event()? {
                Event::Start(tag) => tag.local_name().as_ref() == "si",
                Event::Eof => return Ok(()),
                _ => false,
            };
            if is_item {
                item.clear();
                xml.string_item(&mut item)?;
                unescape(&mut item);
                self.push(&item)?;
            }
        }
    }

    /// Adds a text.
    ///
    /// # Errors
    /// Fails if the table becomes too large.
    pub(super) fn push(&mut self, item: &CellText) -> Result<(), Fault> {
        if item.is_cut {
            self.cut.insert(self.ends.len());
        }
        self.text.push_str(&item.text);
        let bytes = self.text.len() + self.ends.len() * size_of::<u32>() + self.cut.len() * 4 * size_of::<usize>();
        if bytes > self.most_bytes {
            return Err(Fault::TooMuchText);
        }
        self.ends.push(u32::try_from(self.text.len()).map_err(|_| Fault::TooMuchText)?);
        Ok(())
    }

    /// Whether it has no texts, as where the workbook lacks the part that holds them.
    pub(super) const fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns a text by its index, counted from 0, and whether it is cut.
    pub(super) fn get(&self, index: usize) -> Option<(&str, bool)> {
        let end = usize::try_from(*self.ends.get(index)?).ok()?;
        let begin = match index.checked_sub(1) {
            Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
            None => 0,
        };
        Some((self.text.get(begin..end)?, self.cut.contains(&index)))
    }
}

/// Replaces the escapes of a text by what they stand for.
pub(super) fn unescape(text: &mut CellText) {
    let unescaped = match unescaped(&text.text) {
        Cow::Owned(unescaped) => Some(unescaped),
        Cow::Borrowed(_) => None,
    };
    if let Some(unescaped) = unescaped {
        text.text = unescaped;
    }
}

/// A text with its escapes (`_x000D_` is a carriage return) replaced by what they stand for: ECMA-376, `ST_Xstring`.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return text.into();
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, escape) = rest.split_at(at);
        units.extend(before.encode_utf16());
        if let Some(unit) = escaped_unit(escape) {
            units.push(unit);
            rest = &escape[7..];
        } else {
            units.extend("_x".encode_utf16());
            rest = &escape[2..];
        }
    }
    units.extend(rest.encode_utf16());
    String::from_utf16_lossy(&units).into()
}

/// The UTF-16 code unit of an escape `_xHHHH_` at the beginning of a text.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("_x")?.get(..4)?;
    let is_closed = text.as_bytes().get(6) == Some(&b'_');
    let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_closed && is_hexadecimal { u16::from_str_radix(digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{Cursor, Read};

    fn table(xml: &str) -> SharedTexts {
        let mut table = SharedTexts::default();
        table.read_xml(XmlReader::new(Box::new(xml.as_bytes())).unwrap()).unwrap();
        table
    }

    #[test]
    fn texts_come_by_their_index() {
        let table = table(concat!(
            "<x:sst xmlns:x='urn:any'><x:si><x:t>甲</x:t></x:si><x:si/><x:si><x:r><x:rPr/><x:t>乙</x:t></x:r><x:r><x:t xml:space='preserve'> 丙</x:t></x:r>",
            "<x:rPh sb='0' eb='1'><x:t>いつ</x:t></x:rPh></x:si><x:si><x:t>a_x000D_b_x005F_x000D_c_x12_</x:t></x:si></x:sst>"
        ));
        let texts: Vec<&str> = (0..4).map(|index| table.get(index).unwrap().0).collect();
        assert_eq!(texts, ["甲", "", "乙 丙", "a\rb_x000D_c_x12_"]);
        assert_eq!(table.get(4), None);
        assert!(!table.is_empty() && SharedTexts::default().is_empty());
    }

    #[test]
    fn a_text_longer_than_a_cell_is_known_as_cut() {
        let table = table(&format!("<sst><si><t>{}</t></si><si><t>b</t></si></sst>", "x".repeat(140_000)));
        assert!(table.get(0).unwrap().1);
        assert_eq!(table.get(1), Some(("b", false)));
    }

    #[test]
    fn a_table_without_end_is_refused() {
        for item in ["<si><t>0123456789012345678901234567890123456789</t></si>", "<si/>"] {
            let part = Cursor::new("<sst>").chain(Cursor::new(item.repeat(100_000)));
            let mut table = SharedTexts { most_bytes: 100_000, ..SharedTexts::default() };
            assert_eq!(table.read_xml(XmlReader::new(Box::new(part)).unwrap()), Err(Fault::TooMuchText));
            assert!(table.ends.capacity() * size_of::<u32>() + table.text.capacity() <= 400_000);
        }
    }

    #[test]
    fn escapes_stand_for_characters() {
        for (text, expected) in [
            ("plain", "plain"),
            ("_x0041_", "A"),
            ("_x000a_", "\n"),
            ("_xD83D__xDE00_", "😀"),
            ("_x005F_x0041_", "_x0041_"),
            ("_x004", "_x004"),
            ("_x00枣_", "_x00枣_"),
            ("_x_x0041_", "_xA"),
            ("_x+041_", "_x+041_"),
        ] {
            assert_eq!(unescaped(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_without_escapes_stays_as_it_is(text in "[^_]{0,30}") {
            prop_assert_eq!(unescaped(&text), text.as_str());
        }

        #[test]
        fn no_text_brings_it_down(text in "[_x0-9枣]{0,30}") {
            unescaped(&text);
        }
    }
}
