//! XML parts, read within bounds.
//!
//! A part is decoded (UTF-8, UTF-16, or what its declaration names) and read as a stream of events. No text, tag or
//! comment is held that is longer than any of a real workbook, and no nesting that is deeper.

use super::fault::Fault;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Cursor, Read};

/// Longest event that is held, in bytes. Lists of cell ranges in attributes are the longest that occur.
const LONGEST_EVENT: usize = 4 << 20;
/// Deepest nesting. Real workbooks stay below 20.
const DEEPEST: usize = 256;
/// Longest text of a cell, in bytes: 32,767 characters, which is Excel's limit, of four bytes each.
pub(super) const LONGEST_TEXT: usize = 4 * 32_767;
/// How much of a part is looked at to tell its encoding, in bytes.
const DECLARATION: u64 = 256;
/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

/// Text of a cell, cut where it is longer than a cell's text can be.
#[derive(Debug, Default)]
pub(super) struct CellText {
    pub text: String,
    pub is_cut: bool,
}

impl CellText {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.is_cut = false;
    }

    pub(super) fn push(&mut self, more: &str) {
        let room = LONGEST_TEXT.saturating_sub(self.text.len());
        if more.len() <= room {
            self.text.push_str(more);
        } else {
            self.text.push_str(&more[..more.floor_char_boundary(room)]);
            self.is_cut = true;
        }
    }
}

/// Reads the events of an XML part.
pub(super) struct XmlReader<'a> {
    reader: quick_xml::Reader<Metered<'a>>,
    buffer: Vec<u8>,
    depth: usize,
}

impl<'a> XmlReader<'a> {
    /// Begins a part.
    ///
    /// # Errors
    /// Fails if the part's first bytes cannot be read.
    pub(super) fn new(part: Box<dyn Read + 'a>) -> Result<Self, Fault> {
        let decoded = decoded(part).map_err(|_| Fault::Damaged)?;
        let mut reader = quick_xml::Reader::from_reader(Metered { inner: BufReader::with_capacity(PIECE, decoded), taken: 0 });
        reader.config_mut().expand_empty_elements = true;
        Ok(Self { reader, buffer: Vec::new(), depth: 0 })
    }

    /// Returns the next event. An empty element comes as its start and its end.
    ///
    /// # Errors
    /// Fails if the XML is not well-formed, ends within an element, or holds something endless.
    pub(super) fn event(&mut self) -> Result<Event<'_>, Fault> {
        self.buffer.clear();
        self.reader.get_mut().taken = 0;
        let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| fault_of(&error))?;
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof if self.depth > 0 => return Err(Fault::Damaged),
            _ => {}
        }
        if self.depth > DEEPEST { Err(Fault::Endless) } else { Ok(event) }
    }

    /// Passes over the rest of the element that has begun.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.event()?;
        }
        Ok(())
    }

    /// Adds the text of the element that has begun, up to its end.
    pub(super) fn text(&mut self, into: &mut CellText) -> Result<(), Fault> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            push_text(&self.event()?, into)?;
        }
        Ok(())
    }

    /// Adds the text of a shared or an inline string, up to its end: that of its runs, without phonetic readings.
    pub(super) fn string_item(&mut self, into: &mut CellText) -> Result<(), Fault> {
        enum Child {
            Text,
            Phonetic,
            Other,
        }
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            let child = match self.event()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "t" => Child::Text,
                    "rPh" => Child::Phonetic,
                    _ => Child::Other,
                },
                _ => Child::Other,
            };
            match child {
                Child::Text => self.text(into)?,
                Child::Phonetic => self.skip()?,
                Child::Other => {}
            }
        }
        Ok(())
    }
}

/// Adds what an event holds of text.
pub(super) fn push_text(event: &Event<'_>, into: &mut CellText) -> Result<(), Fault> {
    match event {
        Event::Text(text) => into.push(&text.xml10_content()),
        Event::CData(text) => into.push(&text.xml10_content()),
        Event::GeneralRef(reference) => push_reference(reference, into)?,
        _ => {}
    }
    Ok(())
}

fn push_reference(reference: &BytesRef<'_>, into: &mut CellText) -> Result<(), Fault> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_| Fault::Damaged)? {
        into.push(character.encode_utf8(&mut [0; 4]));
    } else {
        into.push(resolve_predefined_entity(reference).ok_or(Fault::Damaged)?);
    }
    Ok(())
}

/// Returns an attribute by its name without prefix.
pub(super) fn attribute<'t>(tag: &'t BytesStart<'_>, name: &str) -> Option<Cow<'t, str>> {
    let found = tag.attributes().with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok()
}

/// Whether an attribute says yes, as XML Schema writes truth values.
pub(super) fn is_true(value: &str) -> bool {
    matches!(value.trim(), "1" | "true" | "TRUE" | "True" | "on")
}

fn fault_of(error: &quick_xml::Error) -> Fault {
    match error {
        quick_xml::Error::Io(error) if matches!(error.get_ref(), Some(inner) if inner.is::<EndlessEvent>()) => Fault::Endless,
        _ => Fault::Damaged,
    }
}

/// Whether a part's text mentions a word. Reads to the part's end, so that its checksum is verified too.
///
/// # Errors
/// Fails if the part cannot be read to its end.
pub(super) fn mentions<'a>(part: Box<dyn Read + 'a>, word: &str) -> Result<bool, Fault> {
    let mut part = decoded(part).map_err(|_| Fault::Damaged)?;
    let finder = memchr::memmem::Finder::new(word);
    let mut window = Vec::with_capacity(2 * PIECE);
    let mut is_found = false;
    loop {
        let read = part.by_ref().take(PIECE as u64).read_to_end(&mut window).map_err(|_| Fault::Damaged)?;
        if read == 0 {
            return Ok(is_found);
        }
        is_found = is_found || finder.find(&window).is_some();
        // A word may lie across two pieces.
        window.drain(..window.len().saturating_sub(word.len()));
    }
}

/// A part as UTF-8.
///
/// # Errors
/// Fails if the part's first bytes cannot be read.
pub(super) fn decoded<'a>(mut part: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let mut head = Vec::new();
    part.by_ref().take(DECLARATION).read_to_end(&mut head)?;
    let encoding = encoding_of(&head);
    let whole = Cursor::new(head).chain(part);
    if encoding == UTF_8 {
        return Ok(Box::new(whole));
    }
    Ok(Box::new(DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(whole)))
}

/// The encoding of an XML part, by its byte order mark, its first characters, or its declaration.
fn encoding_of(head: &[u8]) -> &'static Encoding {
    if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(b"<\0") {
        return UTF_16LE;
    }
    if head.starts_with(&[0xFE, 0xFF]) || head.starts_with(b"\0<") {
        return UTF_16BE;
    }
    let text = String::from_utf8_lossy(head);
    let declaration = text.split_once("?>").map_or("", |(declaration, _)| declaration);
    let label = declaration.split_once("encoding").and_then(|(_, rest)| rest.split(['"', '\'']).nth(1));
    match label.and_then(|label| Encoding::for_label(label.as_bytes())) {
        // Who declares UTF-16 in single bytes did not write UTF-16.
        None => UTF_8,
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => UTF_8,
        Some(encoding) => encoding,
    }
}

/// One event is longer than any of a real workbook.
#[derive(Debug, thiserror::Error)]
#[error("an event is longer than any of a real workbook")]
struct EndlessEvent;

/// Counts the bytes of an event, and fails where they are too many.
struct Metered<'a> {
    inner: BufReader<Box<dyn Read + 'a>>,
    taken: usize,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl BufRead for Metered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken > LONGEST_EVENT { Err(io::Error::other(EndlessEvent)) } else { self.inner.fill_buf() }
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount;
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reader(bytes: &[u8]) -> XmlReader<'_> {
        XmlReader::new(Box::new(bytes)).unwrap()
    }

    /// The text of the root element.
    fn root_text(bytes: &[u8]) -> Result<String, Fault> {
        let mut xml = reader(bytes);
        let mut text = CellText::default();
        while !matches!(xml.event()?, Event::Start(_)) {}
        xml.text(&mut text)?;
        Ok(text.text)
    }

    #[test]
    fn a_part_is_read_in_every_encoding_that_it_may_have() {
        let text = "<?xml version=\"1.0\"?><a>枣庄&amp;<![CDATA[<市>]]>&#x4E2D;</a>";
        let utf16 = |units: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(units).collect::<Vec<u8>>();
        let gbk = encoding_rs::GBK.encode("<?xml version='1.0' encoding='GB2312'?><a>枣庄&amp;<![CDATA[<市>]]>&#x4E2D;</a>").0;
        for (name, bytes) in [
            ("UTF-8", text.as_bytes().to_vec()),
            ("UTF-8 with a mark", [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat()),
            ("UTF-16 with a mark", [b"\xFF\xFE".as_slice(), &utf16(u16::to_le_bytes)].concat()),
            ("UTF-16, big end first", [b"\xFE\xFF".as_slice(), &utf16(u16::to_be_bytes)].concat()),
            ("UTF-16 without a mark", utf16(u16::to_le_bytes)),
            ("GB 2312", gbk.into_owned()),
        ] {
            assert_eq!(root_text(&bytes).as_deref(), Ok("枣庄&<市>中"), "{name}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_damaged() {
        for text in ["<a>", "<a><b></a>", "<a>&nothing;</a>", "<a>&#0;</a>", "<a", "<a>\u{1}</a><"] {
            let mut xml = reader(text.as_bytes());
            let fault = loop {
                match xml.event() {
                    Ok(Event::Eof) => break None,
                    Ok(event) => {
                        if let Err(fault) = push_text(&event, &mut CellText::default()) {
                            break Some(fault);
                        }
                    }
                    Err(fault) => break Some(fault),
                }
            };
            assert_eq!(fault, Some(Fault::Damaged), "{text}");
        }
    }

    #[test]
    fn an_endless_text_tag_or_comment_is_not_held() {
        for (before, after) in [("<a>", "</a>"), ("<a b=\"", "\"/>"), ("<a><!--", "--></a>"), ("<a><![CDATA[", "]]></a>")] {
            let middle = io::repeat(b'x').take(1 << 30);
            let part = Cursor::new(before).chain(middle).chain(Cursor::new(after));
            let mut xml = XmlReader::new(Box::new(part)).unwrap();
            let fault = loop {
                match xml.event() {
                    Ok(Event::Eof) => break None,
                    Ok(_) => {}
                    Err(fault) => break Some(fault),
                }
            };
            assert_eq!(fault, Some(Fault::Endless), "{before}");
            assert!(xml.buffer.capacity() < 4 * LONGEST_EVENT);
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let mut xml = XmlReader::new(Box::new(Cursor::new("<a>".repeat(1000)))).unwrap();
        assert_eq!(std::iter::repeat_with(|| xml.event().err()).flatten().next(), Some(Fault::Endless));
    }

    #[test]
    fn phonetic_readings_are_no_part_of_a_text() {
        let mut xml = reader(
            "<si><r><t>枣</t></r><rPh sb=\"0\" eb=\"1\"><t>なつめ</t></rPh><r><t> 庄</t></r><phoneticPr/></si>".as_bytes(),
        );
        let mut text = CellText::default();
        xml.event().unwrap();
        xml.string_item(&mut text).unwrap();
        assert_eq!(text.text, "枣 庄");
        assert!(matches!(xml.event(), Ok(Event::Eof)));
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let mut text = CellText::default();
        text.push("x");
        text.push(&"枣".repeat(LONGEST_TEXT));
        assert!(text.is_cut);
        assert!(text.text.len() <= LONGEST_TEXT && text.text.ends_with('枣'));
    }

    proptest! {
        #[test]
        fn a_word_is_found_wherever_it_lies(before in 0usize..200_000) {
            let text = " ".repeat(before) + "mergeCell" + &" ".repeat(70_000);
            prop_assert_eq!(mentions(Box::new(Cursor::new(text.clone())), "mergeCell"), Ok(true));
            prop_assert_eq!(mentions(Box::new(Cursor::new(text)), "mergeCells"), Ok(false));
        }

        #[test]
        fn no_bytes_bring_the_reader_down(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut xml = reader(&bytes);
            while !matches!(xml.event(), Ok(Event::Eof) | Err(_)) {}
        }
    }
}
