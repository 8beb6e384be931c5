//! TOML syntax errors of a job file, with a specific message for each common mistake.

use super::problem::{Collector, LISTED, excerpt};
use crate::message::Message;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::de::Error;

/// Quotation marks that look like those of TOML.
const WRONG_QUOTES: [char; 8] = ['“', '”', '„', '‘', '’', '＂', '＇', '｀'];
/// Full-width signs and the ideographic space, which look like signs of TOML.
const WRONG_SIGNS: [char; 13] = ['＝', '［', '］', '【', '】', '｛', '｝', '，', '、', '：', '＃', '．', '\u{3000}'];

/// Notes the parser's errors, at most one per line and message: one mistake often causes several errors.
pub(super) fn note(mut errors: Vec<Error>, problems: &mut Collector<'_>) {
    let text = problems.text();
    let start = |error: &Error| error.span().map_or(0, |span| span.start);
    errors.sort_by_key(start);
    problems.leave_out(errors.len().saturating_sub(LISTED));
    let mut noted = BTreeSet::new();
    for error in errors.iter().take(LISTED) {
        let span = error.span().unwrap_or_default();
        let line = Line::at(text, span.start);
        let message = syntax_error(text, &span, line, error.message());
        if noted.insert((line.start, message.clone())) {
            problems.at(span, message);
        }
    }
}

/// A line of the text.
#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    /// Byte offset of its first character.
    start: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// Returns the line that contains a byte offset.
    fn at(text: &'a str, offset: usize) -> Self {
        let (before, _) = text.split_at(text.floor_char_boundary(offset));
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = text.get(start..).and_then(|rest| rest.split('\n').next());
        Self { start, text: line.unwrap_or_default() }
    }

    /// Returns the line without quoted texts and comments. What remains must be ASCII in TOML.
    fn outside_quotes(self) -> String {
        let mut outside = String::new();
        let mut open = None;
        for character in self.text.chars() {
            match (open, character) {
                (None, '#') => break,
                (None, '"' | '\'') => open = Some(character),
                (None, _) => outside.push(character),
                (Some(quote), _) if quote == character => open = None,
                (Some(_), _) => {}
            }
        }
        outside
    }
}

/// Builds the message for an error of the parser. The common mistakes are tested first, because they cause the other errors.
fn syntax_error(text: &str, span: &Range<usize>, line: Line<'_>, words: &str) -> Message {
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let outside = line.outside_quotes();
    let is_open = says(&["missing opening quote"]) || words.ends_with("expected `\"`") || words.ends_with("expected `'`");
    if says(&["duplicate key"]) {
        repeated_key(text, span, line)
    } else if says(&["escape", "unicode"]) {
        Message::new("job-toml-escape")
    } else if outside.contains(WRONG_QUOTES) || (is_open && line.text.contains(WRONG_QUOTES)) {
        Message::new("job-toml-quotes")
    } else if outside.contains(WRONG_SIGNS) {
        Message::new("job-toml-full-width")
    } else if is_open && says(&["multi-line"]) {
        Message::new("job-toml-unclosed-lines")
    } else if is_open {
        Message::new("job-toml-unclosed")
    } else if says(&["missing value"]) || (says(&["must be quoted"]) && span.is_empty()) {
        Message::new("job-toml-no-value")
    } else if says(&["must be quoted", "boolean", "`inf`", "`nan`"]) {
        Message::new("job-toml-unquoted")
    } else if says(&["unquoted key"]) {
        Message::new("job-toml-key")
    } else if says(&["key with no value"]) {
        Message::new("job-toml-no-equals")
    } else if says(&[
        "number",
        "float",
        "digits",
        "leading zero",
        "unexpected sign",
        "numeric sign",
        "radix",
        "date",
        "invalid time",
    ]) {
        Message::new("job-toml-number")
    } else if says(&["unclosed"]) {
        Message::new("job-toml-bracket")
    } else if says(&["carriage return"]) {
        Message::new("job-toml-line-end")
    } else {
        Message::new("job-toml").with("words", words)
    }
}

/// Builds the message for a key or section that occurs twice.
fn repeated_key(text: &str, span: &Range<usize>, line: Line<'_>) -> Message {
    let key = excerpt(text.get(span.clone()).unwrap_or_default());
    let before = text.get(..line.start).unwrap_or_default();
    let written = line.text.get(..span.end.saturating_sub(line.start)).unwrap_or_default().trim_start();
    let first = match section(line.text) {
        Some(name) => first_section(before, name),
        None => first_key(before, written),
    };
    let Some((number, first)) = first else { return Message::new("job-key-twice").with("key", key) };
    let is_one_of_several = |line: &str| line.trim_start().starts_with("[[");
    let message = if section(line.text).is_some() && is_one_of_several(line.text) != is_one_of_several(first) {
        Message::new("job-section-forms")
    } else {
        Message::new("job-key-twice-since")
    };
    message.with("key", key).with("line", number)
}

/// Returns the name in a line that begins a section: `[name]` or `[[name]]`.
fn section(line: &str) -> Option<&str> {
    let inside = line.trim_start().strip_prefix('[')?;
    inside.trim_start_matches('[').split(']').next().map(str::trim)
}

/// Returns the first line that begins a section of this name, with its number from 1.
fn first_section<'a>(text: &'a str, name: &str) -> Option<(usize, &'a str)> {
    (1..).zip(text.lines()).find(|(_, line)| section(line) == Some(name))
}

/// Returns the first line in the text's last section that sets the key spelled `written`, with its number from 1.
fn first_key<'a>(text: &'a str, written: &str) -> Option<(usize, &'a str)> {
    let mut first = None;
    for (number, line) in (1..).zip(text.lines()) {
        let gives_key = || line.trim_start().strip_prefix(written).is_some_and(|rest| rest.trim_start().starts_with('='));
        if section(line).is_some() {
            first = None;
        } else if first.is_none() && gives_key() {
            first = Some((number, line));
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::super::written::Written;
    use super::*;
    use std::path::Path;

    /// Places and messages of a text that is no TOML.
    fn told(text: &str) -> Vec<String> {
        let mut problems = Collector::new(text);
        assert!(Written::parse(text, &mut problems).is_none(), "{text}");
        problems.into_problems(Path::new("j")).to_string().lines().map(|line| line.trim_start_matches("j:").to_owned()).collect()
    }

    #[test]
    fn common_slips_are_told_by_name() {
        for (text, expected) in [
            ("name = \"demo", "job-toml-unclosed"),
            ("name = 'demo", "job-toml-unclosed"),
            ("name = demo\"", "job-toml-unclosed"),
            ("name = \"\"\"demo\n\n", "job-toml-unclosed-lines"),
            ("name = '''demo\n\n", "job-toml-unclosed-lines"),
            ("name =", "job-toml-no-value"),
            ("name = # none\nperiod = \"once\"", "job-toml-no-value"),
            ("name = demo", "job-toml-unquoted"),
            ("name = team", "job-toml-unquoted"),
            ("name = 枣庄 月报", "job-toml-unquoted"),
            ("html = True", "job-toml-unquoted"),
            ("name = nightly", "job-toml-unquoted"),
            ("timeout = 30s", "job-toml-unquoted"),
            ("rate = 50/s", "job-toml-unquoted"),
            ("period = 2026-13", "job-toml-number"),
            ("base_url = 10.0.0.1", "job-toml-number"),
            ("event_code = 0113", "job-toml-number"),
            ("name demo", "job-toml-no-equals"),
            ("名称 = \"demo\"", "job-toml-key"),
            ("[job\nname = \"demo\"", "job-toml-bracket"),
            ("[[inputs]\npath = \"a\"", "job-toml-bracket"),
            ("carry = [\"a\",\n\"b\"", "job-toml-bracket"),
            ("path = \"C:\\名单\\a.xlsx\"", "job-toml-escape"),
            ("path = \"D:\\lists\\\"", "job-toml-escape"),
            ("path = \"C:\\Users\\a.xlsx\"", "job-toml-escape"),
            ("path = \"C:\\users\\a.xlsx\"", "job-toml-escape"),
            ("name = “demo”", "job-toml-quotes"),
            ("name = “demo\"", "job-toml-quotes"),
            ("name = \"demo”", "job-toml-quotes"),
            ("name = ‘demo’", "job-toml-quotes"),
            ("carry = [“a”, “b”]", "job-toml-quotes"),
            ("name ＝ \"demo\"", "job-toml-full-width"),
            ("name　= \"demo\"", "job-toml-full-width"),
            ("［job］\nname = \"demo\"", "job-toml-full-width"),
            ("carry = [\"a\"，\"b\"]", "job-toml-full-width"),
            ("name = \"a\" ＃ why", "job-toml-full-width"),
        ] {
            let told = told(text);
            assert!(told.first().is_some_and(|first| first.ends_with(&format!(" {expected}"))), "{text}: {told:?}");
            let is_told_once = ["job-toml-escape", "job-toml-quotes", "job-toml-full-width"].contains(&expected);
            assert!(!is_told_once || told.len() == 1, "{text}: {told:?}");
        }
    }

    #[test]
    fn what_is_between_quotes_or_in_a_comment_is_no_slip() {
        for text in ["a = \"“，＝\"\nb = ", "a = '＂'  # ＝，\nb = ", "# “ ＝\nb = "] {
            assert!(told(text)[0].ends_with(" job-toml-no-value"), "{text}: {:?}", told(text));
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_named_with_the_line_of_the_first() {
        for (text, expected) in [
            ("[job]\nname = \"a\"\nperiod = \"once\"\nname = \"b\"", "4:1: job-key-twice-since key=name line=2"),
            ("[a]\nname = 1\n[b]\n name = 2\nname = 3\n", "5:1: job-key-twice-since key=name line=4"),
            ("[a]\nx.y = 1\nz.y = 2\nx.y = 3\n", "4:3: job-key-twice-since key=y line=2"),
            ("[purpose]\na = 1\n[job]\nb = 1\n[ purpose ]\n", "5:3: job-key-twice-since key=purpose line=1"),
            ("[[inputs]]\na = 1\n[inputs]\nb = 1\n", "3:2: job-section-forms key=inputs line=1"),
            ("a = { b = 1, b = 2 }", "1:14: job-key-twice key=b"),
        ] {
            assert_eq!(told(text), [expected], "{text}");
        }
        let many = "name = 1\n".repeat(1000);
        assert_eq!(told(&many).len(), LISTED);
    }
}
