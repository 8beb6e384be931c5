//! Tags and texts of a web page or an XML file, one after the other, in bounded memory.
//!
//! Pages that systems call `.xls` are rarely well-formed: attributes without quotes, cells that nothing closes, conditional
//! comments, bare `<` and `&`. So this reader refuses nothing; what a tag means is decided by the one who takes it.

use std::borrow::Cow;
use std::io::{self, BufRead, ErrorKind};

/// Most bytes of a text or a tag that are held; the rest of it is left out, and the token says so. A cell of Excel has at most
/// 32,767 characters.
const MOST_BYTES: usize = 256 * 1024;
/// Elements whose content is no markup.
const RAW: [&str; 3] = ["script", "style", "title"];
/// Longest name of a tag or an entity that is of interest, in bytes.
const LONGEST_NAME: usize = 32;

/// A piece of markup.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text, with entities resolved.
    Text { text: Cow<'a, str>, is_cut: bool },
    /// A tag that begins an element.
    Begin(Tag<'a>),
    /// A tag that ends one: its name in lower case, without prefix.
    End(&'a str),
}

/// A tag that begins an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Its name in lower case, without prefix.
    pub name: &'a str,
    attributes: &'a str,
    /// Whether it ends itself, as `<Cell/>` does in XML.
    pub is_empty: bool,
}

impl<'a> Tag<'a> {
    /// Returns an attribute by its name in lower case, prefixes aside. One without a value is empty.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|character: char| character.is_whitespace() || character == '/');
            let end = rest.find(|character: char| character.is_whitespace() || matches!(character, '=' | '/'));
            let (own, after) = rest.split_at(end.unwrap_or(rest.len()));
            if own.is_empty() && after.is_empty() {
                return None;
            }
            let (value, after) = match after.trim_start().strip_prefix('=') {
                Some(value) => attribute_value(value.trim_start()),
                None => ("", after),
            };
            if without_prefix(own).eq_ignore_ascii_case(name) {
                return Some(resolve(value));
            }
            rest = after;
        }
    }
}

/// The value that a text begins with, and what follows it.
fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

fn without_prefix(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Reads tokens. What it reads is UTF-8.
pub(super) struct Tokens<R> {
    input: R,
    /// Bytes of the token.
    held: Vec<u8>,
    is_cut: bool,
    /// Name of the element that has begun and whose content is no markup.
    raw: Option<&'static str>,
}

impl<R: BufRead> Tokens<R> {
    pub(super) const fn new(input: R) -> Self {
        Self { input, held: Vec::new(), is_cut: false, raw: None }
    }

    /// Returns the next token, or `None` at the end. Comments and declarations are passed over.
    ///
    /// # Errors
    /// Fails if the input cannot be read.
    pub(super) fn read(&mut self) -> io::Result<Option<Token<'_>>> {
        self.is_cut = false;
        if let Some(name) = self.raw.take() {
            self.skip_raw(name)?;
        }
        loop {
            self.held.clear();
            match self.peek()? {
                None => return Ok(None),
                Some(b'<') => {
                    self.input.consume(1);
                    match self.peek()? {
                        Some(b'!') => {
                            if self.read_declaration()? {
                                return Ok(Some(self.text(false)));
                            }
                        }
                        Some(b'?') => self.skip_past(b">")?,
                        Some(byte) if byte == b'/' || byte.is_ascii_alphabetic() => {
                            self.read_tag()?;
                            return Ok(Some(self.tag()));
                        }
                        // A bare `<` is text.
                        _ => {
                            self.held.push(b'<');
                            self.read_text()?;
                            return Ok(Some(self.text(true)));
                        }
                    }
                }
                Some(_) => {
                    self.read_text()?;
                    return Ok(Some(self.text(true)));
                }
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        while let Err(error) = self.input.fill_buf() {
            if error.kind() != ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(self.input.fill_buf()?.first().copied())
    }

    /// Takes one byte.
    fn take(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.input.consume(1);
        }
        Ok(byte)
    }

    fn hold(&mut self, byte: u8) {
        if self.held.len() < MOST_BYTES {
            self.held.push(byte);
        } else {
            self.is_cut = true;
        }
    }

    /// Reads text up to the next `<`.
    fn read_text(&mut self) -> io::Result<()> {
        while self.peek()?.is_some() {
            let piece = self.input.fill_buf()?;
            let end = memchr::memchr(b'<', piece);
            let length = end.unwrap_or(piece.len());
            let room = MOST_BYTES.saturating_sub(self.held.len());
            self.is_cut |= length > room;
            self.held.extend_from_slice(&piece[..length.min(room)]);
            self.input.consume(length);
            if end.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Reads a tag past its `>`. A `>` in a quoted value does not end it.
    fn read_tag(&mut self) -> io::Result<()> {
        let mut quote = None;
        let mut before = b' ';
        while let Some(byte) = self.take()? {
            match quote {
                Some(open) if byte == open => quote = None,
                None if byte == b'>' => break,
                // A mark elsewhere is a slip of whoever wrote the page, and closes nothing.
                None if before == b'=' && matches!(byte, b'"' | b'\'') => quote = Some(byte),
                Some(_) | None => {}
            }
            if !byte.is_ascii_whitespace() {
                before = byte;
            }
            self.hold(byte);
        }
        Ok(())
    }

    /// Reads what begins with `<!`. Returns whether it is a section of characters, which is then held.
    fn read_declaration(&mut self) -> io::Result<bool> {
        const SECTION: &[u8] = b"![CDATA[";
        while self.held.len() < SECTION.len() {
            match self.take()? {
                Some(b'>') | None => return Ok(false),
                Some(byte) => self.held.push(byte),
            }
            if self.held == b"!--" {
                // `<!-->` is a whole comment.
                if self.peek()? == Some(b'>') {
                    self.input.consume(1);
                } else {
                    self.skip_past(b"-->")?;
                }
                return Ok(false);
            }
            if !SECTION.starts_with(&self.held) && !b"!--".starts_with(self.held.as_slice()) {
                self.skip_past(b">")?;
                return Ok(false);
            }
        }
        self.held.clear();
        while let Some(byte) = self.take()? {
            self.hold(byte);
            if self.held.ends_with(b"]]>") {
                self.held.truncate(self.held.len() - b"]]>".len());
                break;
            }
            if self.is_cut {
                self.skip_past(b"]]>")?;
                break;
            }
        }
        Ok(true)
    }

    /// Passes over everything up to and with a mark.
    fn skip_past(&mut self, mark: &[u8]) -> io::Result<()> {
        self.held.clear();
        while let Some(byte) = self.take()? {
            // Only as much is held as tells the mark.
            if self.held.len() == mark.len() {
                self.held.remove(0);
            }
            self.held.push(byte);
            if self.held == mark {
                break;
            }
        }
        self.held.clear();
        Ok(())
    }

    /// Passes over the content of an element, up to the tag that ends it.
    fn skip_raw(&mut self, name: &str) -> io::Result<()> {
        let mut seen = Vec::new();
        let end = format!("</{name}");
        while let Some(byte) = self.take()? {
            if seen.len() == end.len() {
                seen.remove(0);
            }
            seen.push(byte.to_ascii_lowercase());
            if seen == end.as_bytes() {
                return self.skip_past(b">");
            }
        }
        Ok(())
    }

    fn text(&self, has_entities: bool) -> Token<'_> {
        let text = String::from_utf8_lossy(&self.held);
        let text = match text {
            Cow::Borrowed(text) if has_entities => resolve(text),
            // A text that is cut may end within a character.
            Cow::Owned(text) if has_entities => Cow::Owned(resolve(&text).into_owned()),
            text => text,
        };
        Token::Text { text, is_cut: self.is_cut }
    }

    /// The tag that is held.
    fn tag(&mut self) -> Token<'_> {
        let is_end = self.held.first() == Some(&b'/');
        let begin = usize::from(is_end);
        let is_name = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'/';
        let length = self.held.iter().skip(begin).take_while(|byte| is_name(byte)).count();
        if let Some(name) = self.held.get_mut(begin..begin + length) {
            name.make_ascii_lowercase();
        }
        let held = str_of(&self.held);
        let (name, attributes) = held.split_at_checked(begin + length).unwrap_or((held, ""));
        let name = without_prefix(name.strip_prefix('/').unwrap_or(name));
        if is_end {
            return Token::End(name);
        }
        let without_end = attributes.trim_end().strip_suffix('/');
        let is_empty = without_end.is_some();
        let attributes = without_end.unwrap_or(attributes);
        if !is_empty {
            self.raw = RAW.into_iter().find(|raw| *raw == name);
        }
        Token::Begin(Tag { name, attributes, is_empty })
    }
}

/// Bytes as text, as far as they are.
fn str_of(bytes: &[u8]) -> &str {
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

/// Resolves the entities in a text. What is none is left as it stands.
pub(super) fn resolve(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let (plain, mut rest) = text.split_at(first);
    let mut resolved = plain.to_owned();
    while let Some(after) = rest.strip_prefix('&') {
        if let Some((character, length)) = entity(after) {
            resolved.push(character);
            rest = after.get(length..).unwrap_or_default();
        } else {
            resolved.push('&');
            rest = after;
        }
        let (plain, next) = rest.split_at(rest.find('&').unwrap_or(rest.len()));
        resolved.push_str(plain);
        rest = next;
    }
    Cow::Owned(resolved)
}

/// The character of the entity that a text begins with, behind its `&`, and how many bytes it takes up.
fn entity(text: &str) -> Option<(char, usize)> {
    /// Entities that lists have. Those of other letters and of mathematics are left as they stand.
    const NAMED: [(&str, char); 26] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{A0}'),
        ("ensp", '\u{2002}'),
        ("emsp", '\u{2003}'),
        ("thinsp", '\u{2009}'),
        ("zwnj", '\u{200C}'),
        ("zwj", '\u{200D}'),
        ("shy", '\u{AD}'),
        ("middot", '·'),
        ("bull", '•'),
        ("times", '×'),
        ("mdash", '—'),
        ("ndash", '–'),
        ("hellip", '…'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("laquo", '«'),
        ("raquo", '»'),
        ("deg", '°'),
        ("yen", '¥'),
    ];
    let end = text.bytes().take(LONGEST_NAME).position(|byte| byte == b';')?;
    let name = text.get(..end)?;
    let character = match name.strip_prefix('#') {
        None => NAMED.iter().find(|(known, _)| *known == name).map(|(_, character)| *character)?,
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    /// The tokens of a page, each in a line.
    fn told(page: &[u8]) -> Vec<String> {
        // A small buffer, so that tokens lie across pieces.
        let mut tokens = Tokens::new(BufReader::with_capacity(3, page));
        let mut told = Vec::new();
        while let Some(token) = tokens.read().unwrap() {
            told.push(match token {
                Token::Text { text, .. } => text.into_owned(),
                Token::Begin(tag) => format!("<{}{}>", tag.name, if tag.is_empty { "/" } else { "" }),
                Token::End(name) => format!("</{name}>"),
            });
        }
        told
    }

    #[test]
    fn tags_and_texts_are_told_apart_however_untidy_they_are() {
        for (page, expected) in [
            ("", vec![]),
            ("<TABLE><tr>枣庄</TR>", vec!["<table>", "<tr>", "枣庄", "</tr>"]),
            ("a<b>c", vec!["a", "<b>", "c"]),
            ("1 < 2 & 3", vec!["1 ", "< 2 & 3"]),
            ("a&amp;b&#20013;&#x4E2D;&nothing;", vec!["a&b中中&nothing;"]),
            ("<td title='a>b' x=\"'>\">1", vec!["<td>", "1"]),
            ("<td class=\"a\"\">1", vec!["<td>", "1"]),
            ("<!-- <td> --><td>", vec!["<td>"]),
            ("<!--><td>", vec!["<td>"]),
            ("<!---><td>--><b>", vec!["<b>"]),
            ("<![if !x]><td><![endif]>", vec!["<td>"]),
            ("<!DOCTYPE html><?xml version=\"1.0\"?><br/>", vec!["<br/>"]),
            ("<a><![CDATA[1 < 2 &amp; ]]]]></a>", vec!["<a>", "1 < 2 &amp; ]]", "</a>"]),
            ("<style>td{a:'<td>'}</STYLE ><td>", vec!["<style>", "<td>"]),
            ("<script>if (a<b) x()</script>y", vec!["<script>", "y"]),
            ("<ss:Cell ss:Index=\"2\"/></ss:Row>", vec!["<cell/>", "</row>"]),
            ("<td", vec!["<td>"]),
            ("<", vec!["<"]),
        ] {
            assert_eq!(told(page.as_bytes()), expected, "{page}");
        }
    }

    #[test]
    fn attributes_are_found_by_name_whatever_surrounds_them() {
        let attribute = |tag: &str, name: &str| {
            let mut tokens = Tokens::new(tag.as_bytes());
            match tokens.read().unwrap() {
                Some(Token::Begin(tag)) => tag.attribute(name).map(Cow::into_owned),
                other => panic!("{other:?}"),
            }
        };
        for (tag, name, expected) in [
            ("<td colspan=2>", "colspan", Some("2")),
            ("<td rowspan = \"3\" COLSPAN='2'>", "colspan", Some("2")),
            ("<td style=\"colspan=4\" nowrap colspan=2/>", "colspan", Some("2")),
            ("<td x:num>", "num", Some("")),
            ("<td x:num=\"3.7E+17\" align=right>", "num", Some("3.7E+17")),
            ("<Cell ss:Index=\"2\">", "index", Some("2")),
            ("<Worksheet ss:Name=\"a&amp;b\">", "name", Some("a&b")),
            ("<td>", "colspan", None),
            ("<td =\"\" = x>", "colspan", None),
        ] {
            assert_eq!(attribute(tag, name).as_deref(), expected, "{tag}");
        }
    }

    #[test]
    fn an_endless_text_or_tag_is_cut() {
        let long = "长".repeat(MOST_BYTES);
        for page in [format!("{long}<td>"), format!("<![CDATA[{long}]]><td>")] {
            let mut tokens = Tokens::new(page.as_bytes());
            assert!(matches!(tokens.read().unwrap(), Some(Token::Text { text, is_cut: true }) if text.len() <= MOST_BYTES + 3));
            assert!(matches!(tokens.read().unwrap(), Some(Token::Begin(Tag { name: "td", .. }))), "{}", page.len());
        }
        let page = format!("<td title=\"{long}\">1");
        let mut tokens = Tokens::new(page.as_bytes());
        assert!(matches!(tokens.read().unwrap(), Some(Token::Begin(Tag { name: "td", .. }))));
        assert!(matches!(tokens.read().unwrap(), Some(Token::Text { is_cut: false, .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            told(&bytes);
        }

        #[test]
        fn text_without_markup_is_one_token(text in "[^<&\0]{1,40}") {
            prop_assert_eq!(told(text.as_bytes()), vec![text]);
        }
    }
}
