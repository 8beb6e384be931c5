//! The lines of a text file as an editor counts them, decoded, with what is wrong with each.

use super::encoding::{BadBytes, TextEncoding};
use crate::message::Message;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;

/// Most bytes of a line, and of a record over several lines. Whole batches of rows wait to be checked, so a row has to be
/// small.
pub(super) const MOST_BYTES: usize = 1 << 20;
/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;
/// Ctrl-Z, which old programs write at the end of a file.
const END_MARK: char = '\u{1A}';
/// Line ends besides LF and CR, as some systems write them: line tabulation, page break, NEL, line and paragraph separator.
const RARE_ENDS: [(char, &str); 5] =
    [('\u{B}', "\u{B}"), ('\u{C}', "\u{C}"), ('\u{85}', "\u{85}"), ('\u{2028}', "\u{2028}"), ('\u{2029}', "\u{2029}")];

/// A line.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Its number, counted from 1.
    pub number: u32,
    /// Its text, without what ends it.
    pub text: String,
    /// What ends it; empty at the end of the file.
    pub ending: &'static str,
    /// Whether there is a quotation mark in it.
    pub has_mark: bool,
    /// What is wrong with it.
    pub damage: Option<Damage>,
    /// Whether zero bytes were taken out that filled up its fields.
    pub had_padding: bool,
    /// Whether one of the rare line ends ends it.
    pub has_rare_end: bool,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    /// Bytes that stand for no character.
    BadBytes(BadBytes),
    /// Zero bytes.
    ZeroBytes,
    /// Ctrl-Z, with more text after it.
    EndMark,
    /// More bytes than a line may have; the rest of it is left out.
    TooLong,
}

impl Damage {
    /// What to say about the row.
    pub(super) fn advice(self, line: u32) -> Message {
        let message = match self {
            Self::BadBytes(BadBytes::At(place)) => Message::new("text-bad-bytes").with("place", place),
            Self::BadBytes(BadBytes::OtherEncoding) => Message::new("text-other-encoding"),
            Self::ZeroBytes => Message::new("text-zero-bytes"),
            Self::EndMark => Message::new("text-end-mark"),
            Self::TooLong => Message::new("text-too-long"),
        };
        message.with("line", line)
    }
}

/// How a line ends, and whether it was cut.
struct Ending {
    ending: &'static str,
    is_cut: bool,
}

/// The lines of a file. A line ends with LF, with CRLF, or with CR alone.
pub(super) struct Lines {
    /// The file; as UTF-8 where it is in UTF-16, so that line ends are single bytes.
    input: Box<dyn BufRead>,
    encoding: TextEncoding,
    /// Lines so far.
    number: u32,
    /// Buffer of a line that is done with.
    spare: Vec<u8>,
    /// Whether Ctrl-Z stood at the end of the file.
    has_end_mark: bool,
    /// Lines that have been read already: rare line ends stood between them.
    waiting: VecDeque<Line>,
}

impl Lines {
    /// Opens a file.
    ///
    /// # Errors
    /// Fails if the file cannot be opened.
    pub(super) fn open(path: &Path, encoding: TextEncoding) -> io::Result<Self> {
        let file = File::open(path)?;
        if !encoding.is_utf16() {
            return Ok(Self::new(Box::new(BufReader::with_capacity(PIECE, file)), encoding));
        }
        let decoded = DecodeReaderBytesBuilder::new().encoding(Some(encoding.decoder())).build(file);
        Ok(Self::new(Box::new(BufReader::with_capacity(PIECE, decoded)), encoding))
    }

    /// The lines of a text; of one in UTF-16 as UTF-8.
    pub(super) const fn new(input: Box<dyn BufRead>, encoding: TextEncoding) -> Self {
        Self { input, encoding, number: 0, spare: Vec::new(), has_end_mark: false, waiting: VecDeque::new() }
    }

    pub(super) const fn encoding(&self) -> TextEncoding {
        self.encoding
    }

    /// How many lines were read.
    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// Whether Ctrl-Z stood at the end of the file. It is left out of the last line.
    pub(super) const fn has_end_mark(&self) -> bool {
        self.has_end_mark
    }

    /// Returns the next line, or `None` at the end of the file.
    ///
    /// # Errors
    /// Fails if the file cannot be read.
    pub(super) fn read(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.waiting.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = std::mem::take(&mut self.spare);
        bytes.clear();
        let Some(Ending { ending, is_cut }) = self.read_bytes(&mut bytes)? else { return Ok(None) };
        self.number = self.number.saturating_add(1);
        if self.number == 1 {
            bytes.drain(..TextEncoding::marks(&bytes));
        }
        // Most lines have none of these, and are looked through once.
        let has_any = memchr::memchr3(b'"', 0, 0x1A, &bytes).is_some();
        let may_have_rare_end =
            memchr::memchr3(0x0B, 0x0C, 0x85, &bytes).is_some() || memchr::memchr2(0xA8, 0xA9, &bytes).is_some();
        let (mut text, bad) = self.encoding.decode(bytes);
        while text.starts_with('\u{FEFF}') {
            // Files that were joined have byte order marks in their midst.
            text.drain(..'\u{FEFF}'.len_utf8());
        }
        let mut line = Line { number: self.number, text, ending, damage: bad.map(Damage::BadBytes), ..Line::default() };
        if has_any {
            self.see_marks(&mut line)?;
        }
        if is_cut {
            line.damage = Some(Damage::TooLong);
        }
        if may_have_rare_end && line.text.contains(is_rare_end) {
            line = self.split_at_rare_ends(&line);
        }
        Ok(Some(line))
    }

    /// Splits a line at rare line ends; the first of what it is split into is returned, the others wait. Those that stand at its
    /// beginning or end separate nothing.
    fn split_at_rare_ends(&mut self, line: &Line) -> Line {
        let mut rest = line.text.trim_matches(is_rare_end);
        let mut pieces = VecDeque::new();
        while let Some((at, end)) = rest.char_indices().find(|(_, character)| is_rare_end(*character)) {
            let ending = RARE_ENDS.iter().find(|(known, _)| *known == end).map_or("", |(_, ending)| *ending);
            pieces.push_back((&rest[..at], ending));
            rest = &rest[at + end.len_utf8()..];
        }
        pieces.push_back((rest, line.ending));
        let has_rare_end = pieces.len() > 1;
        let first = line.number;
        let lines = (first..).zip(pieces).map(|(number, (text, ending))| Line {
            number,
            text: text.to_owned(),
            ending,
            has_mark: text.contains('"'),
            damage: line.damage,
            had_padding: line.had_padding,
            has_rare_end,
        });
        self.waiting.extend(lines);
        self.number = self.waiting.back().map_or(first, |last| last.number);
        self.waiting.pop_front().unwrap_or_default()
    }

    /// Gives back a line that is done with, so that the next one needs no memory of its own.
    pub(super) fn recycle(&mut self, line: Line) {
        self.spare = line.text.into_bytes();
    }

    /// Looks for quotation marks, zero bytes and Ctrl-Z.
    fn see_marks(&mut self, line: &mut Line) -> io::Result<()> {
        if line.text.contains(END_MARK) {
            // Some programs fill the rest of the last block with zero bytes.
            let kept = line.text.trim_end_matches([END_MARK, '\0']);
            if !kept.contains(END_MARK) && self.is_at_end()? {
                self.has_end_mark = true;
                let length = kept.len();
                line.text.truncate(length);
            } else {
                line.damage = Some(Damage::EndMark);
            }
        }
        if line.text.contains('\0') {
            match without_padding(&line.text) {
                Some(text) => {
                    line.text = text;
                    line.had_padding = true;
                }
                None => line.damage = Some(Damage::ZeroBytes),
            }
        }
        line.has_mark = line.text.contains('"');
        Ok(())
    }

    fn is_at_end(&mut self) -> io::Result<bool> {
        Ok(filled(self.input.as_mut())?.is_empty())
    }

    /// Reads a line's bytes, as many as a line may have, up to its end.
    fn read_bytes(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<Ending>> {
        let mut is_begun = false;
        let mut is_cut = false;
        loop {
            let piece = filled(self.input.as_mut())?;
            if piece.is_empty() {
                return Ok(is_begun.then_some(Ending { ending: "", is_cut }));
            }
            is_begun = true;
            let end = memchr::memchr2(b'\n', b'\r', piece);
            let content = &piece[..end.unwrap_or(piece.len())];
            let room = MOST_BYTES.saturating_sub(bytes.len());
            is_cut |= content.len() > room;
            bytes.extend_from_slice(&content[..content.len().min(room)]);
            let Some(end) = end else {
                let length = piece.len();
                self.input.consume(length);
                continue;
            };
            let is_return = piece[end] == b'\r';
            self.input.consume(end + 1);
            let ending = if !is_return {
                "\n"
            } else if filled(self.input.as_mut())?.first() == Some(&b'\n') {
                self.input.consume(1);
                "\r\n"
            } else {
                "\r"
            };
            return Ok(Some(Ending { ending, is_cut }));
        }
    }
}

fn is_rare_end(character: char) -> bool {
    RARE_ENDS.iter().any(|(known, _)| *known == character)
}

/// Returns a text without the zero bytes that fill up its fields, as fixed buffers leave them: they stand beside a separator, or
/// at the text's own ends. `None` where some stand elsewhere: something else may be missing there.
fn without_padding(text: &str) -> Option<String> {
    let is_inner = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\0') {
        let (before, after) = rest.split_at(at);
        kept.push_str(before);
        rest = after.trim_start_matches('\0');
        if is_inner(kept.chars().next_back()) && is_inner(rest.chars().next()) {
            return None;
        }
    }
    kept.push_str(rest);
    Some(kept)
}

/// What a reader has in its buffer, filled again where it is empty; empty at the end.
fn filled(input: &mut dyn BufRead) -> io::Result<&[u8]> {
    while let Err(error) = input.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    input.fill_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn lines_of(bytes: &[u8]) -> (Vec<Line>, bool) {
        // A small buffer, so that line ends lie across pieces.
        let input = BufReader::with_capacity(3, Cursor::new(bytes.to_vec()));
        let mut lines = Lines::new(Box::new(input), TextEncoding::Utf8);
        let all = std::iter::from_fn(|| lines.read().unwrap()).collect();
        (all, lines.has_end_mark())
    }

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        for (bytes, expected) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a\nb\n", vec!["a", "b"]),
            ("a\r\nb", vec!["a", "b"]),
            ("a\rb\r", vec!["a", "b"]),
            ("a\r\r\nb\n\rc", vec!["a", "", "b", "", "c"]),
            ("\u{FEFF}\u{FEFF}a\n\u{FEFF}b", vec!["a", "b"]),
            ("a\u{85}b\u{2028}c\nd", vec!["a", "b", "c", "d"]),
            ("\u{C}a\u{B}b\u{C}\nc", vec!["a", "b", "c"]),
        ] {
            let (lines, _) = lines_of(bytes.as_bytes());
            let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(texts, expected, "{bytes:?}");
            assert!((1..).zip(&lines).all(|(number, line)| line.number == number));
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told_with_it() {
        let damage = |bytes: &[u8]| {
            let (lines, has_end_mark) = lines_of(bytes);
            let damage: Vec<Option<Damage>> = lines.iter().map(|line| line.damage).collect();
            (damage, has_end_mark)
        };
        let bad = Some(Damage::BadBytes(BadBytes::At(2)));
        assert_eq!(damage(b"a\xFFb\nc\n"), (vec![bad, None], false));
        assert_eq!(damage(b"a\0b\nc"), (vec![Some(Damage::ZeroBytes), None], false));
        assert_eq!(damage(b"\0a\0\0,b\0\nc"), (vec![None, None], false));
        assert_eq!(damage(b"a\x1Ab\nc"), (vec![Some(Damage::EndMark), None], false));
        assert_eq!(damage(b"a\x1A\nb"), (vec![Some(Damage::EndMark), None], false));
        for end in ["\x1A", "\x1A\r\n", "\x1A\x1A\x1A", "\x1A\0\0\0"] {
            assert_eq!(damage(format!("a\nb{end}").as_bytes()), (vec![None, None], true), "{end:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_the_next_one_is_whole() {
        let mut text = vec![b'x'; MOST_BYTES + 5];
        text.extend_from_slice(b"\ny\n");
        let mut lines = Lines::new(Box::new(Cursor::new(text)), TextEncoding::Utf8);
        let long = lines.read().unwrap().unwrap();
        assert_eq!((long.text.len(), long.damage), (MOST_BYTES, Some(Damage::TooLong)));
        let next = lines.read().unwrap().unwrap();
        assert_eq!((next.text.as_str(), next.damage, next.number), ("y", None, 2));
    }

    proptest! {
        #[test]
        fn lines_and_what_ends_them_are_the_whole_text(text in "[a\"一\r\n]{0,40}") {
            let (lines, _) = lines_of(text.as_bytes());
            let whole: String = lines.iter().flat_map(|line| [line.text.as_str(), line.ending]).collect();
            prop_assert_eq!(whole, text);
            prop_assert!(lines.iter().all(|line| line.has_mark == line.text.contains('"') && !line.text.contains(['\r', '\n'])));
        }
    }
}
