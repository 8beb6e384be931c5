//! A look over a sheet's part before its rows are read: whether it has merged cells, which stand behind the rows, and
//! whether the rows come in their order.

use super::fault::Fault;
use super::xml::decoded;
use memchr::memmem::Finder;
use std::io::Read;

/// Bytes that are read at once.
const PIECE: u64 = 64 * 1024;
/// Longest tag whose end is waited for, in bytes.
const LONGEST_TAG: usize = 1 << 20;
/// Longest prefix of an element's name that is looked for, in bytes.
const LONGEST_PREFIX: usize = 64;

/// What a sheet's part tells before its rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Preview {
    /// Whether it mentions merged cells.
    pub has_merges: bool,
    /// Whether every row says its number, and each one a greater number than the row before.
    pub rises: bool,
}

impl Preview {
    /// Looks over a part. Reads it to its end, so that its checksum is verified too. The XML is searched and not parsed:
    /// parsing it twice would double the time that a sheet takes.
    ///
    /// # Errors
    /// Fails if the part cannot be read to its end.
    pub(super) fn of<'a>(part: Box<dyn Read + 'a>) -> Result<Self, Fault> {
        let mut part = decoded(part).map_err(|_| Fault::Damaged)?;
        let mut look = Look::new();
        let mut window = Vec::new();
        loop {
            let read = part.by_ref().take(PIECE).read_to_end(&mut window).map_err(|_| Fault::Damaged)?;
            if read == 0 {
                look.take(&window);
                return Ok(look.preview);
            }
            // A tag may lie across two pieces.
            let whole = memchr::memrchr(b'<', &window).unwrap_or(window.len());
            look.take(&window[..whole]);
            window.drain(..whole);
            if window.len() > LONGEST_TAG {
                // Whatever this is, the reader of the XML tells.
                look.preview = Self { has_merges: true, rises: false };
                window.clear();
            }
        }
    }
}

/// The look, piece by piece.
struct Look {
    merge: Finder<'static>,
    row: Finder<'static>,
    /// Number of the last row.
    last: u32,
    preview: Preview,
}

impl Look {
    fn new() -> Self {
        let preview = Preview { has_merges: false, rises: true };
        Self { merge: Finder::new("mergeCell"), row: Finder::new("row"), last: 0, preview }
    }

    /// Takes bytes with whole tags.
    fn take(&mut self, bytes: &[u8]) {
        self.preview.has_merges = self.preview.has_merges || self.merge.find(bytes).is_some();
        if !self.preview.rises {
            return;
        }
        for at in self.row.find_iter(bytes) {
            if !begins_tag(bytes, at) {
                continue;
            }
            let rest = bytes.get(at + 3..).unwrap_or_default();
            if !rest.first().is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/')) {
                continue;
            }
            let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
            let Some(number) = row_number(&rest[..end]).filter(|number| *number > self.last) else {
                self.preview.rises = false;
                return;
            };
            self.last = number;
        }
    }
}

/// Whether the name that stands at a place is that of an element that begins there, with or without a prefix.
fn begins_tag(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[at.saturating_sub(LONGEST_PREFIX)..at];
    let Some(open) = memchr::memrchr(b'<', before) else { return false };
    let prefix = &before[open + 1..];
    let is_name = |byte: &u8| !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'>' | b'=' | b'"' | b'\'' | b'!' | b'?');
    prefix.is_empty() || prefix.ends_with(b":") && prefix.iter().all(is_name)
}

/// The number of a row, as the attribute `r` among a tag's attributes says it.
fn row_number(attributes: &[u8]) -> Option<u32> {
    let at = attributes.windows(3).position(|bytes| matches!(bytes, [space, b'r', b'='] if space.is_ascii_whitespace()))?;
    // Behind the equals sign stands a quotation mark.
    let value = attributes.get(at + 4..)?;
    let digits = value.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&value[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn preview(xml: &str) -> Preview {
        Preview::of(Box::new(Cursor::new(xml.as_bytes()))).unwrap()
    }

    #[test]
    fn rows_rise_where_each_says_a_greater_number() {
        for (xml, rises) in [
            ("<sheetData><row r=\"1\"><c/></row><row r=\"2\"/></sheetData>", true),
            ("<x:row spans='1:2' r='1'></x:row><x:row\n r='7'/>", true),
            ("<row r=\"1\"/><rowBreaks/><t>a row b</t><t>x:row c</t>", true),
            ("<row r=\"2\"/><row r=\"1\"/>", false),
            ("<row r=\"2\"/><row r=\"2\"/>", false),
            ("<row><c r=\"A1\"/></row>", false),
            ("<row r=\"x\"/>", false),
            ("<row r=\"\"/>", false),
            ("", true),
        ] {
            assert_eq!(preview(xml).rises, rises, "{xml}");
        }
    }

    #[test]
    fn an_endless_tag_is_not_held() {
        let endless = Cursor::new("<row ").chain(std::io::repeat(b'x').take(64 << 20));
        assert_eq!(Preview::of(Box::new(endless)), Ok(Preview { has_merges: true, rises: false }));
    }

    proptest! {
        #[test]
        fn a_tag_is_seen_wherever_it_lies(before in 0usize..200_000) {
            let xml = format!("<row r=\"5\">{}</row><row r=\"4\"></row><mergeCell/>", " ".repeat(before));
            prop_assert_eq!(preview(&xml), Preview { has_merges: true, rises: false });
            prop_assert!(preview(&xml.replace("\"4\"", "\"6\"")).rises);
        }

        #[test]
        fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Preview::of(Box::new(Cursor::new(bytes)));
        }
    }
}
