//! A web page or an XML file that can be read from its beginning again, decoded.

use super::tokens::Tokens;
use crate::intake::delimited::encoding::TextEncoding;
use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

/// How much is looked at for the name of an encoding, in bytes.
const HEAD: u64 = 8 * 1024;
/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;

/// Where the bytes are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bytes<'a> {
    File(&'a Path),
    /// Part of an archive.
    Part(&'a [u8]),
}

impl<'a> Bytes<'a> {
    fn open(self) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Part(bytes) => Box::new(bytes),
        })
    }
}

/// What is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Input<'a> {
    bytes: Bytes<'a>,
    encoding: &'static Encoding,
}

impl<'a> Input<'a> {
    /// Tells the encoding of what is to be read. What the bytes prove counts more than what a page says of itself: pages are
    /// saved in another encoding than they were written for.
    ///
    /// # Errors
    /// Fails if it cannot be read.
    pub(super) fn new(bytes: Bytes<'a>, declared: Option<&str>) -> io::Result<Self> {
        let proved = TextEncoding::of(bytes.open()?)?.decoder();
        let mut head = Vec::new();
        bytes.open()?.take(HEAD).read_to_end(&mut head)?;
        let head = String::from_utf8_lossy(&head);
        let declared = declared.or_else(|| label_in(&head)).and_then(|label| Encoding::for_label(label.as_bytes()));
        // Those that the bytes tell apart, and the one that servers name without looking.
        let told_apart = [UTF_8, GBK, GB18030, UTF_16LE, UTF_16BE, WINDOWS_1252];
        let is_utf16 = proved == UTF_16LE || proved == UTF_16BE;
        let encoding = declared.filter(|declared| !is_utf16 && !told_apart.contains(declared)).unwrap_or(proved);
        Ok(Self { bytes, encoding })
    }

    /// Name of its encoding.
    pub(super) fn encoding(&self) -> &'static str {
        if self.encoding == GB18030 { "GB18030 (GBK)" } else { self.encoding.name() }
    }

    /// Opens it like [`Input::tokens`], for one who keeps it: a part of an archive is copied.
    ///
    /// # Errors
    /// Fails if it cannot be opened.
    pub(super) fn lasting_tokens(&self) -> io::Result<Tokens<Box<dyn BufRead>>> {
        let bytes: Box<dyn Read> = match self.bytes {
            Bytes::File(path) => Box::new(File::open(path)?),
            Bytes::Part(bytes) => Box::new(Cursor::new(bytes.to_vec())),
        };
        let decoded = DecodeReaderBytesBuilder::new().encoding(Some(self.encoding)).build(bytes);
        Ok(Tokens::new(Box::new(BufReader::with_capacity(PIECE, decoded))))
    }

    /// Opens it at its beginning. Bytes that stand for no character come as U+FFFD.
    ///
    /// # Errors
    /// Fails if it cannot be opened.
    pub(super) fn tokens(&self) -> io::Result<Tokens<Box<dyn BufRead + 'a>>> {
        let decoded = DecodeReaderBytesBuilder::new().encoding(Some(self.encoding)).build(self.bytes.open()?);
        Ok(Tokens::new(Box::new(BufReader::with_capacity(PIECE, decoded))))
    }
}

/// The name of an encoding that a page or an XML declaration gives.
fn label_in(head: &str) -> Option<&str> {
    let value = ["charset=", "encoding="].iter().find_map(|key| {
        let found = head.as_bytes().windows(key.len()).position(|window| window.eq_ignore_ascii_case(key.as_bytes()))?;
        head.get(found + key.len()..)
    })?;
    let value = value.trim_start_matches(['"', '\'', ' ']);
    let end = value.find(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | ':' | '.')));
    value.get(..end.unwrap_or(value.len())).filter(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_count_more_than_what_a_page_says_of_itself() {
        let page = |label: &str| format!("<meta charset=\"{label}\"><table><tr><td>证照类型代码</td></tr></table>");
        for (bytes, expected) in [
            (page("utf-8").into_bytes(), UTF_8),
            (page("gb2312").into_bytes(), UTF_8),
            (GBK.encode(&page("gb2312")).0.into_owned(), GB18030),
            (GBK.encode(&page("utf-8")).0.into_owned(), GB18030),
            (GBK.encode(&page("iso-8859-1")).0.into_owned(), GB18030),
            (encoding_rs::BIG5.encode(&page("big5").replace("证照类型代码", "證照類型代碼")).0.into_owned(), encoding_rs::BIG5),
            (page("none").encode_utf16().flat_map(u16::to_le_bytes).collect(), UTF_16LE),
        ] {
            let input = Input::new(Bytes::Part(&bytes), None).unwrap();
            assert_eq!(input.encoding, expected);
        }
    }

    #[test]
    fn the_name_of_an_encoding_is_found_however_it_is_written() {
        for (head, expected) in [
            ("<meta http-equiv='Content-Type' content='text/html; charset=gb2312'>", Some("gb2312")),
            ("<META CharSet=\"GBK\">", Some("GBK")),
            ("<?xml version='1.0' encoding='UTF-16'?>", Some("UTF-16")),
            ("<meta charset=>", None),
            ("<table>", None),
        ] {
            assert_eq!(label_in(head), expected, "{head}");
        }
    }
}
