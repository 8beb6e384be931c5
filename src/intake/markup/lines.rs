//! The text of a page without tables, line by line as a browser shows it: some systems put a list into one `<pre>`, or end its
//! lines with `<br>`.

use super::BLOCKS;
use super::tokens::{Token, Tokens};
use std::io::{self, BufRead, Read};

/// Reads the text of a page as UTF-8.
pub(super) struct PageLines<R> {
    tokens: Tokens<R>,
    /// Text that was made out and not yet taken.
    ready: Vec<u8>,
    taken: usize,
    /// How many elements are open whose text is shown as it stands.
    preformatted: usize,
    line: Line,
}

/// What a line has so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Empty,
    /// It ends in something that can be seen.
    Text,
    /// It ends in white space, which is one space where text follows.
    Space,
}

impl<R: BufRead> PageLines<R> {
    pub(super) const fn new(tokens: Tokens<R>) -> Self {
        Self { tokens, ready: Vec::new(), taken: 0, preformatted: 0, line: Line::Empty }
    }

    /// Makes out more text. Returns whether the page goes on.
    fn fill(&mut self) -> io::Result<bool> {
        self.ready.clear();
        self.taken = 0;
        match self.tokens.read()? {
            None => return Ok(false),
            Some(Token::Text { text, .. }) if self.preformatted > 0 => {
                self.ready.extend_from_slice(text.as_bytes());
                self.line = if text.ends_with('\n') { Line::Empty } else { Line::Text };
            }
            Some(Token::Text { text, .. }) => push_shown(&text, &mut self.line, &mut self.ready),
            Some(Token::Begin(tag)) => {
                self.preformatted += usize::from(matches!(tag.name, "pre" | "textarea" | "xmp"));
                if tag.name == "br" || self.line != Line::Empty && BLOCKS.contains(&tag.name) {
                    self.ready.push(b'\n');
                    self.line = Line::Empty;
                }
            }
            Some(Token::End(name)) => {
                if matches!(name, "pre" | "textarea" | "xmp") {
                    self.preformatted = self.preformatted.saturating_sub(1);
                }
                if self.line != Line::Empty && BLOCKS.contains(&name) {
                    self.ready.push(b'\n');
                    self.line = Line::Empty;
                }
            }
        }
        Ok(true)
    }
}

/// Adds text with its white space as a browser shows it.
fn push_shown(text: &str, line: &mut Line, ready: &mut Vec<u8>) {
    for character in text.chars() {
        if character.is_ascii_whitespace() {
            if *line == Line::Text {
                *line = Line::Space;
            }
            continue;
        }
        if *line == Line::Space {
            ready.push(b' ');
        }
        *line = Line::Text;
        ready.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

impl<R: BufRead> Read for PageLines<R> {
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

    fn lines(page: &str) -> Vec<String> {
        let mut text = String::new();
        PageLines::new(Tokens::new(page.as_bytes())).read_to_string(&mut text).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_are_those_that_a_browser_shows() {
        for (page, expected) in [
            ("<pre>a\tb\n1\t2\n</pre>", vec!["a\tb", "1\t2"]),
            ("<html><head><title>x</title></head><body>a,b<br>\n1,2<br/>3,\n 4</body>", vec!["a,b", "1,2", "3, 4"]),
            ("<p>a</p><p>b</p><div><div>c</div></div>d", vec!["a", "b", "c", "d"]),
            ("a<b>b</b> c<script>x</script>", vec!["ab c"]),
            ("<pre>a&lt;b\n\n</pre>c", vec!["a<b", "", "c"]),
            ("a<br><br>b", vec!["a", "", "b"]),
            ("", vec![]),
        ] {
            assert_eq!(lines(page), expected, "{page}");
        }
    }

    proptest! {
        #[test]
        fn text_between_breaks_is_read_as_it_stands(texts in prop::collection::vec("[a-z0-9,一]{1,8}", 1..8)) {
            prop_assert_eq!(lines(&texts.join("<br>")), texts.clone());
            let shown = format!("<pre>{}</pre>", texts.join("\n"));
            prop_assert_eq!(lines(&shown), texts);
        }
    }
}
