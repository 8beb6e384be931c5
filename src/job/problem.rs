//! What is wrong with a job file, with the place.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Everything that is wrong with a job file, in the order of its lines.
#[derive(Debug, thiserror::Error)]
pub struct JobProblems {
    file: PathBuf,
    problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Problem {
    /// 1-based; `None` where the whole file is meant.
    place: Option<(usize, usize)>,
    message: String,
}

impl fmt::Display for JobProblems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{}:", self.file.display())?;
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
    problems: Vec<Problem>,
}

impl<'a> Collector<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, problems: Vec::new() }
    }

    /// Notes a problem at a byte range of the text.
    pub(super) fn at(&mut self, span: Range<usize>, message: impl Into<String>) {
        let before = &self.text[..self.text.floor_char_boundary(span.start)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
        self.problems.push(Problem { place: Some((line, column)), message: message.into() });
    }

    /// Notes a problem of the file as a whole, such as a section that is not there.
    pub(super) fn whole(&mut self, message: impl Into<String>) {
        self.problems.push(Problem { place: None, message: message.into() });
    }

    /// Notes that a key is missing, unless what is wrong with it has been told already.
    pub(super) fn missing(&mut self, key: &str, example: &str) {
        let quoted = format!("`{key}`");
        if !self.problems.iter().any(|problem| problem.message.contains(&quoted)) {
            self.whole(format!("{quoted} is missing{example}"));
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn into_problems(mut self, file: &Path) -> JobProblems {
        self.problems.sort();
        JobProblems { file: file.to_owned(), problems: self.problems }
    }
}

impl JobProblems {
    pub(super) fn unreadable(file: &Path, message: String) -> Self {
        Self { file: file.to_owned(), problems: vec![Problem { place: None, message }] }
    }
}

/// The message for a key that a table does not know: with the nearest one that it does.
pub(super) fn unknown_key(unknown: &str, path: &str, keys: &[&str]) -> String {
    let place = if path.is_empty() { "in a job file".to_owned() } else { format!("in [{path}]") };
    let nearest = keys.iter().max_by(|a, b| strsim::jaro_winkler(unknown, a).total_cmp(&strsim::jaro_winkler(unknown, b)));
    match nearest {
        Some(key) => format!("unknown key `{unknown}` {place}; the nearest known one is `{key}`"),
        None => format!("unknown key `{unknown}` {place}"),
    }
}
