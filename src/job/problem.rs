//! What is wrong with a job file, with the place.

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

/// Most problems that are listed one by one; of more than that nobody reads the list.
pub(super) const LISTED: usize = 50;

/// Everything that is wrong with a job file, in the order of its lines.
#[derive(Debug, thiserror::Error)]
pub struct JobProblems {
    file: PathBuf,
    problems: Vec<PlacedProblem>,
    /// Problems beyond those listed.
    more: usize,
    /// The language that the file names, also where the rest of it cannot be used.
    pub language: Option<Language>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PlacedProblem {
    /// Line and column, both counted from 1; `None` where the file could not be read at all.
    place: Option<(usize, usize)>,
    message: Message,
}

impl JobProblems {
    /// The problem of a file that cannot be read.
    pub(super) fn unreadable(file: &Path, message: Message) -> Self {
        let problems = vec![PlacedProblem { place: None, message }];
        Self { file: file.to_owned(), problems, more: 0, language: None }
    }

    /// The problem of a file that is UTF-8 text only up to a byte offset; `text` is as much of it as can be read.
    pub(super) fn not_utf8(file: &Path, text: &str, offset: usize) -> Self {
        let mut problems = Collector::new(text);
        problems.at(offset..offset, Message::new("job-not-utf8"));
        problems.language = language_of(text);
        problems.into_problems(file)
    }

    /// Turns the problems into the end of the command that needs the job, with a message for each.
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

/// Codes and arguments, a line each; for logs and tests.
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

/// Collects problems while a job file is read.
#[derive(Debug)]
pub(super) struct Collector<'a> {
    text: &'a str,
    /// Each with its byte offset in the text.
    found: Vec<(usize, Found)>,
    /// Problems that were counted without being described.
    left_out: usize,
    /// Keys that are there but could not be read, with where their section begins: they are not missing too.
    misread: HashSet<(String, usize)>,
    /// The language that the file names.
    pub language: Option<Language>,
}

/// A problem, described as far as it costs nothing.
#[derive(Debug)]
enum Found {
    Told(Message),
    /// The nearest known key is searched only for those unknown ones that are listed: a file may have very many.
    UnknownKey {
        key: String,
        path: String,
        known: Cow<'static, [&'static str]>,
    },
}

impl Found {
    fn into_message(self) -> Message {
        match self {
            Self::Told(message) => message,
            Self::UnknownKey { key, path, known } => unknown_key(&key, &path, &known),
        }
    }
}

/// The message for a key that a section does not know, with the nearest one that it does.
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

    /// The text that is read.
    pub(super) const fn text(&self) -> &'a str {
        self.text
    }

    /// Notes a problem at a byte range of the text.
    pub(super) fn at(&mut self, span: Range<usize>, message: Message) {
        self.found.push((span.start, Found::Told(message)));
    }

    /// Counts problems that nobody will see, since others stand before them.
    pub(super) const fn leave_out(&mut self, count: usize) {
        self.left_out += count;
    }

    /// Notes that a key could not be read; what is wrong with it has been told.
    pub(super) fn misread(&mut self, key: &str, section: usize) {
        self.misread.insert((key.to_owned(), section));
    }

    /// Returns whether a key, or the section that it belongs in, is there and was told to be wrong.
    pub(super) fn is_misread(&self, key: &str, section: usize) -> bool {
        let parent = key.rsplit_once('.').map_or("", |(parent, _)| parent);
        self.misread.contains(&(key.to_owned(), section)) || self.misread.contains(&(parent.to_owned(), self.text.len()))
    }

    /// Notes that a key is missing in the section that begins at an offset, unless it is there and was told to be wrong.
    pub(super) fn missing(&mut self, key: &str, section: usize) {
        self.missing_as(key, section, Message::new("job-missing"));
    }

    /// Notes that a key is missing, as [`missing`](Self::missing) does, with a message of its own that takes the `key`.
    pub(super) fn missing_as(&mut self, key: &str, section: usize, message: Message) {
        if !self.is_misread(key, section) {
            self.at(section..section, message.with("key", key));
        }
    }

    /// Notes a key that the section at `path` does not know; the message names the nearest of the `known` ones.
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

    /// The problems in the order of their places, at most [`LISTED`] of them, and how many more there are.
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

/// Where the lines of a text begin, so that the place of an offset is found without reading all that stands before it.
struct LineStarts<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> LineStarts<'a> {
    fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        Self { text, starts }
    }

    /// Line and column of a byte offset, both counted from 1.
    fn place_of(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }
}

/// Most characters of a value or key that a message repeats.
const LONGEST_EXCERPT: usize = 60;

/// The beginning of a text, as much as a message repeats, without characters that upset a terminal or that nobody sees.
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
