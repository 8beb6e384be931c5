//! Problems of a job file, with their positions.

use super::choices::Language;
use super::written::language_of;
use crate::codes::is_invisible;
use crate::exit::{Exit, Stop};
use crate::message::Message;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Limit on problems listed one by one; further ones are only counted.
pub(super) const LISTED: usize = 50;

/// All problems of a job file, in the order of its lines.
#[derive(Debug, thiserror::Error)]
pub struct JobProblems {
    file: PathBuf,
    problems: Vec<PlacedProblem>,
    /// Number of problems beyond those listed.
    more: usize,
    /// Language that the file names, which is known even if the rest of the file is not valid.
    pub language: Option<Language>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PlacedProblem {
    /// Line and column, both from 1; `None` if the file could not be read.
    place: Option<(usize, usize)>,
    message: Message,
}

impl JobProblems {
    /// Creates the problem of a file that cannot be read.
    pub(super) fn unreadable(file: &Path, message: Message) -> Self {
        let problems = vec![PlacedProblem { place: None, message }];
        Self { file: file.to_owned(), problems, more: 0, language: None }
    }

    /// Creates the problem of a file that is not UTF-8 text from the byte `offset` on; `text` is its content with invalid bytes
    /// replaced.
    pub(super) fn not_utf8(file: &Path, text: &str, offset: usize) -> Self {
        let mut problems = Collector::new(text);
        problems.at(offset..offset, Message::new("job-not-utf8"));
        problems.language = language_of(text);
        problems.into_problems(file)
    }

    /// Converts the problems into the error that ends the command, with one message for each.
    #[must_use]
    pub fn into_stop(self) -> Stop {
        let file = self.file.display().to_string();
        let mut messages: Vec<Message> = self
            .problems
            .into_iter()
            .map(|problem| match problem.place {
                Some((line, column)) => Message::new("job-problem-at")
                    .with("file", &file)
                    .with("line", line)
                    .with("column", column)
                    .with_message("problem", problem.message),
                None => Message::new("job-problem").with("file", &file).with_message("problem", problem.message),
            })
            .collect();
        if self.more > 0 {
            messages.push(Message::new("job-problems-more").with("file", &file).with("count", self.more));
        }
        Stop { exit: Exit::Invalid, messages }
    }
}

/// Writes one line per problem with the codes and arguments of its message, for logs and tests.
impl fmt::Display for JobProblems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            write!(formatter, "{}{}:", if index > 0 { "\n" } else { "" }, self.file.display())?;
            if let Some((line, column)) = problem.place {
                write!(formatter, "{line}:{column}:")?;
            }
            write!(formatter, " {}", problem.message)?;
        }
        Ok(())
    }
}

/// Collector of problems while a job file is read.
#[derive(Debug)]
pub(super) struct Collector<'a> {
    text: &'a str,
    /// Each problem with its byte offset in the text.
    found: Vec<(usize, Found)>,
    /// Number of problems that were counted without being described.
    left_out: usize,
    /// Keys with an invalid value, and the byte offset of their section. They must not be reported as missing too.
    misread: HashSet<(String, usize)>,
    /// Language that the file names.
    pub language: Option<Language>,
}

/// A problem. Its message is built only if it is listed.
#[derive(Debug)]
enum Found {
    Described(Message),
    /// The search for the nearest known key is deferred, because a file may have very many unknown keys.
    UnknownKey {
        key: String,
        path: String,
        known: Cow<'static, [&'static str]>,
    },
}

impl Found {
    fn into_message(self) -> Message {
        match self {
            Self::Described(message) => message,
            Self::UnknownKey { key, path, known } => unknown_key(&key, &path, &known),
        }
    }
}

/// Builds the message for an unknown key of a section, with the nearest known key.
fn unknown_key(key: &str, path: &str, known: &[&str]) -> Message {
    let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(key, a).total_cmp(&strsim::jaro_winkler(key, b)));
    let message = match nearest {
        Some(nearest) => Message::new("job-unknown-key").with("nearest", nearest),
        None => Message::new("job-unknown-key-alone"),
    };
    let section = if path.is_empty() { Message::new("job-top-level") } else { Message::literal(format!("[{path}]")) };
    message.with("key", key).with_message("section", section)
}

impl<'a> Collector<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, found: Vec::new(), left_out: 0, misread: HashSet::new(), language: None }
    }

    /// Returns the text of the job file.
    pub(super) const fn text(&self) -> &'a str {
        self.text
    }

    /// Notes a problem at a byte range of the text.
    pub(super) fn at(&mut self, span: Range<usize>, message: Message) {
        self.found.push((span.start, Found::Described(message)));
    }

    /// Counts problems that are not listed because too many precede them.
    pub(super) const fn leave_out(&mut self, count: usize) {
        self.left_out += count;
    }

    /// Notes that the value of a key is invalid and has been reported.
    pub(super) fn misread(&mut self, key: &str, section: usize) {
        self.misread.insert((key.to_owned(), section));
    }

    /// Returns whether the value of a key, or its section, has been reported as invalid.
    pub(super) fn is_misread(&self, key: &str, section: usize) -> bool {
        let parent = key.rsplit_once('.').map_or("", |(parent, _)| parent);
        self.misread.contains(&(key.to_owned(), section)) || self.misread.contains(&(parent.to_owned(), self.text.len()))
    }

    /// Notes that a key is missing in the section at a byte offset, unless its value has been reported as invalid.
    pub(super) fn missing(&mut self, key: &str, section: usize) {
        self.missing_as(key, section, Message::new("job-missing"));
    }

    /// Like [`missing`](Self::missing), with another message, which takes the argument `key`.
    pub(super) fn missing_as(&mut self, key: &str, section: usize, message: Message) {
        if !self.is_misread(key, section) {
            self.at(section..section, message.with("key", key));
        }
    }

    /// Notes an unknown key of the section at `path`; the message names the nearest key among `known`.
    pub(super) fn unknown_key(
        &mut self,
        span: Range<usize>,
        key: &str,
        path: &str,
        known: impl Into<Cow<'static, [&'static str]>>,
    ) {
        let found = Found::UnknownKey { key: excerpt(key), path: path.to_owned(), known: known.into() };
        self.found.push((span.start, found));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns the problems in the order of their positions, at most [`LISTED`] of them, and the number of further ones.
    pub(super) fn into_problems(mut self, file: &Path) -> JobProblems {
        self.found.sort_by_key(|(offset, _)| *offset);
        let lines = LineStarts::of(self.text);
        let mut problems = Vec::new();
        let mut found = self.found.into_iter();
        while problems.len() < LISTED
            && let Some((offset, problem)) = found.next()
        {
            let problem = PlacedProblem { place: Some(lines.place_of(offset)), message: problem.into_message() };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        JobProblems { file: file.to_owned(), problems, more: self.left_out + found.len(), language: self.language }
    }
}

/// Byte offsets of the beginnings of a text's lines, for finding the line of an offset without reading the text up to it.
struct LineStarts<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineStarts<'a> {
    fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        Self { text, starts }
    }

    /// Returns line and column, both from 1, of a byte offset.
    fn place_of(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }
}

/// Longest excerpt of a value or key in a message, in characters.
const LONGEST_EXCERPT: usize = 60;

/// Returns the beginning of a text for quotation in a message, without control and invisible characters.
pub(super) fn excerpt(text: &str) -> String {
    let shown = |character: char| if character.is_control() || is_invisible(character) { '\u{FFFD}' } else { character };
    let mut characters = text.chars();
    let mut excerpt: String = characters.by_ref().take(LONGEST_EXCERPT).map(shown).collect();
    if characters.next().is_some() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_its_line_and_its_column_in_characters() {
        let lines = LineStarts::of("名 = 1\r\nb = 2\n\nc");
        for (offset, place) in [(0, (1, 1)), (3, (1, 2)), (1, (1, 1)), (9, (2, 1)), (15, (3, 1)), (16, (4, 1)), (99, (4, 2))] {
            assert_eq!(lines.place_of(offset), place, "{offset}");
        }
        assert_eq!(LineStarts::of("").place_of(0), (1, 1));
    }

    #[test]
    fn an_excerpt_is_short_and_harmless() {
        assert_eq!(excerpt("a\u{1b}[31m\u{202e}b\n"), "a\u{fffd}[31m\u{fffd}b\u{fffd}");
        assert_eq!(excerpt(&"长".repeat(60)), "长".repeat(60));
        assert_eq!(excerpt(&"长".repeat(61)), "长".repeat(60) + "…");
    }

    #[test]
    fn problems_come_in_the_order_of_their_places_and_each_once() {
        const KNOWN: &[&str] = &["period", "name"];
        let mut problems = Collector::new("a\nb\nc\n");
        problems.at(4..5, Message::new("third"));
        problems.unknown_key(2..3, "nam", "job", KNOWN);
        problems.at(4..5, Message::new("third"));
        problems.at(0..1, Message::new("first"));
        let problems = problems.into_problems(Path::new("j.toml"));
        let told = "j.toml:1:1: first\nj.toml:2:1: job-unknown-key nearest=name key=nam section=(literal text=[job])\n\
                    j.toml:3:1: third";
        assert_eq!(problems.to_string(), told);
        assert_eq!(problems.into_stop().messages.len(), 3);
    }
}
