//! The text of a cell as a browser shows it, form controls included.

use super::tokens::Tag;

/// Longest text of a cell, in bytes: Excel's 32,767 characters, of four bytes each.
const LONGEST_TEXT: usize = 4 * 32_767;
/// Kinds of `<input>` that show no text of their own, or text that is no data.
const SHOWN_OTHERWISE: [&str; 9] = ["hidden", "checkbox", "radio", "button", "submit", "reset", "image", "file", "password"];

/// The text of a cell: white space is one space, and a list of choices is the one that is chosen.
#[derive(Debug, Default)]
pub(super) struct CellText {
    text: String,
    has_space: bool,
    /// Whether some of it is left out, since it is longer than any cell's.
    pub is_cut: bool,
    /// A list of choices that has begun.
    choices: Option<Choices>,
}

/// A list of choices.
#[derive(Debug, Default)]
struct Choices {
    /// Texts of the choices, as far as they decide: the first one that is marked as chosen, else an only one.
    shown: Option<String>,
    is_marked: bool,
    count: usize,
    /// The choice that has begun.
    open: Option<Choice>,
}

/// One of several choices.
#[derive(Debug)]
struct Choice {
    is_marked: bool,
    text: String,
}

impl CellText {
    /// Adds text.
    pub(super) fn push(&mut self, text: &str) {
        if let Some(choices) = &mut self.choices {
            choices.push(text);
            return;
        }
        for word in text.split_inclusive([' ', '\t', '\n', '\r', '\u{C}']) {
            let bare = word.trim_end_matches([' ', '\t', '\n', '\r', '\u{C}']);
            if !bare.is_empty() {
                if self.has_space && !self.text.is_empty() && !self.text.ends_with('\n') {
                    self.text.push(' ');
                }
                self.has_space = false;
                let room = LONGEST_TEXT.saturating_sub(self.text.len());
                self.is_cut |= bare.len() > room;
                self.text.push_str(&bare[..bare.floor_char_boundary(room)]);
            }
            self.has_space |= bare.len() < word.len();
        }
    }

    /// Ends the line.
    pub(super) fn break_line(&mut self) {
        self.has_space = false;
        if self.choices.is_none() && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Takes the tag that begins a form control, or a part of one.
    pub(super) fn begin_control(&mut self, tag: Tag<'_>) {
        match tag.name {
            "input" => {
                let kind = tag.attribute("type").unwrap_or_default().trim().to_ascii_lowercase();
                if !SHOWN_OTHERWISE.contains(&kind.as_str())
                    && let Some(value) = tag.attribute("value")
                {
                    self.push_apart(&value);
                }
            }
            "select" => {
                self.end_choices();
                self.choices = Some(Choices::default());
            }
            "option" => {
                if let Some(choices) = &mut self.choices {
                    choices.begin(tag.attribute("selected").is_some());
                }
            }
            _ => {}
        }
    }

    /// Takes the tag that ends a form control, by its name.
    pub(super) fn end_control(&mut self, name: &str) {
        match name {
            "select" => self.end_choices(),
            "option" => {
                if let Some(choices) = &mut self.choices {
                    choices.end();
                }
            }
            _ => {}
        }
    }

    /// Ends the cell, and what is open in it.
    pub(super) fn finish(&mut self) {
        self.end_choices();
    }

    /// The whole text of a cell that has ended, without space at its ends.
    pub(super) fn shown(&self) -> &str {
        self.text.trim()
    }

    fn end_choices(&mut self) {
        if let Some(shown) = self.choices.take().and_then(Choices::shown) {
            self.push_apart(&shown);
        }
    }

    /// Adds text that stands by itself.
    fn push_apart(&mut self, text: &str) {
        self.push(" ");
        self.push(text);
        self.push(" ");
    }
}

impl Choices {
    fn begin(&mut self, is_marked: bool) {
        self.end();
        self.open = Some(Choice { is_marked, text: String::new() });
    }

    fn push(&mut self, text: &str) {
        if let Some(open) = &mut self.open {
            let room = LONGEST_TEXT.saturating_sub(open.text.len());
            open.text.push_str(&text[..text.floor_char_boundary(room)]);
        }
    }

    fn end(&mut self) {
        let Some(choice) = self.open.take() else { return };
        self.count += 1;
        if self.shown.is_none() || choice.is_marked && !self.is_marked {
            self.shown = Some(choice.text);
            self.is_marked = choice.is_marked;
        }
    }

    /// The text of the choice that is made. Where several could be and none is marked, nothing is.
    fn shown(mut self) -> Option<String> {
        self.end();
        self.shown.filter(|_| self.is_marked || self.count == 1)
    }
}

/// How many words of a text look like codes of holders or certificate types: letters and digits of their length, most of
/// them digits.
pub(super) fn codes_in(text: &str) -> usize {
    text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| is_code(word)).count()
}

/// Whether a text looks like the code of a holder or of a certificate type.
pub(super) fn is_code(text: &str) -> bool {
    let text = text.trim();
    (15..=21).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && 2 * text.bytes().filter(u8::is_ascii_digit).count() >= text.len()
}

#[cfg(test)]
mod tests {
    use super::super::tokens::{Token, Tokens};
    use super::*;

    /// The text of a cell with this content.
    fn shown(content: &str) -> String {
        let mut tokens = Tokens::new(content.as_bytes());
        let mut cell = CellText::default();
        while let Some(token) = tokens.read().unwrap() {
            match token {
                Token::Text { text, .. } => cell.push(&text),
                Token::Begin(tag) if tag.name == "br" => cell.break_line(),
                Token::Begin(tag) => cell.begin_control(tag),
                Token::End(name) => cell.end_control(name),
            }
        }
        cell.finish();
        cell.shown().to_owned()
    }

    #[test]
    fn a_cell_is_what_a_browser_shows_of_it() {
        for (content, expected) in [
            (" a\n b ", "a b"),
            ("a<br>b", "a\nb"),
            ("<input value=\"370499199001010007\">", "370499199001010007"),
            ("号码<input type=text value='1'>", "号码 1"),
            ("<input type=hidden value=9><input type=\"CheckBox\" value=on>1", "1"),
            ("<input>", ""),
            ("<select><option>一<option selected>二<option>三</select>", "二"),
            ("<select><option value=1>一</option><option value=2>二</option></select>x", "x"),
            ("<select><option>一</option></select>", "一"),
            ("<select><option selected>一", "一"),
            ("<select>\n<option selected=\"selected\"> 一 二 </option></select> 三", "一 二 三"),
            ("<textarea>370499\n</textarea>", "370499"),
        ] {
            assert_eq!(shown(content), expected, "{content}");
        }
    }

    #[test]
    fn an_endless_text_is_cut() {
        let mut cell = CellText::default();
        cell.push(&"长".repeat(LONGEST_TEXT));
        assert!(cell.is_cut && cell.shown().len() <= LONGEST_TEXT);
    }

    #[test]
    fn codes_are_told_from_other_words() {
        for (text, count) in [
            ("证件号码：370499199001010007，证照类型代码 11100000000013127D001。", 2),
            ("91370499MA3C00001X", 1),
            ("370499900101001", 1),
            ("2026-11-24 10:00:00 共 120 行，电话 13800000000", 0),
            ("internationalization", 0),
            ("", 0),
        ] {
            assert_eq!(codes_in(text), count, "{text}");
        }
    }
}
