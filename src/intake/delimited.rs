//! Delimited text (csv, tsv, txt and the like) as a stream of rows.
//!
//! A file is looked at twice: once for its encoding, and once line by line. Its lines are bytes that are split before they
//! are decoded, which is safe in UTF-8 and in GB 18030, where no byte of a longer character is a line end; UTF-16 and
//! UTF-32 are made UTF-8 first. So one damaged line, or one line in another encoding, is a matter of that line alone, and
//! its number is the one that an editor shows. No value is changed in silence: what cannot be read spoils its row, and what
//! was read otherwise than it stands is told in a note.

pub(super) mod encoding;
mod fields;
mod findings;
mod layout;
mod lines;
mod records;
pub(super) mod utf32;

use super::stream::{Closed, EventSender};
use crate::message::Message;
use encoding::TextEncoding;
use lines::Lines;
use records::Records;
use std::fs::File;
use std::io::{self, BufRead};
use std::path::Path;

/// Why a text was not read to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody takes its rows any more.
    Closed,
    /// It cannot be read on.
    Failed(io::Error),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Reads a text file; what keeps it from being read goes out as a problem.
pub(super) fn read(path: &Path, events: &mut EventSender) -> Result<(), Closed> {
    let encoding = File::open(path).and_then(TextEncoding::of);
    let records = encoding.and_then(|encoding| Records::begin(Lines::open(path, encoding)?));
    let encoding = records.as_ref().map_or("", |records| records.lines().encoding().name());
    read_records(records, encoding, events)
}

/// Reads a text that lies within something else, in UTF-8; `encoding` is what it was in. What keeps it from being read goes out
/// as a problem.
pub(super) fn read_lines(text: Box<dyn BufRead>, encoding: &str, events: &mut EventSender) -> Result<(), Closed> {
    read_records(Records::begin(Lines::new(text, TextEncoding::Utf8)), encoding, events)
}

fn read_records(records: io::Result<Records>, encoding: &str, events: &mut EventSender) -> Result<(), Closed> {
    let mut records = match records {
        Ok(records) => records,
        Err(error) => return events.problem(None, Message::new("text-unreadable").with("error", error)),
    };
    if let Some(line) = records.no_text() {
        return events.problem(None, Message::new("text-is-none").with("line", line));
    }
    tell_layout(&records, encoding, events)?;
    events.begin("", true, true)?;
    match records.send(events) {
        Ok(()) => {}
        Err(Stop::Closed) => return Err(Closed),
        Err(Stop::Failed(error)) => {
            let message = Message::new("text-unreadable-after").with("line", records.lines().number()).with("error", error);
            events.problem(None, message)?;
        }
    }
    if records.lines().has_end_mark() {
        events.note(Message::new("text-note-end-mark-at-end"), false)?;
    }
    records.findings().send(events)?;
    events.end()
}

/// Tells how the text is read: its encoding, and what separates its fields.
fn tell_layout(records: &Records, encoding: &str, events: &mut EventSender) -> Result<(), Closed> {
    let message = match records.separator() {
        None => Message::new("text-layout-one-column").with("encoding", encoding),
        Some(separator) => {
            let separator = if records.is_aligned() { Message::new("text-separator-aligned") } else { name(separator) };
            Message::new("text-layout").with("encoding", encoding).with_message("separator", separator)
        }
    };
    events.note(message, false)?;
    match records.declared() {
        None => Ok(()),
        Some(separator) => events.note(Message::new("text-note-declared").with_message("separator", name(separator)), false),
    }
}

/// What a separator is called.
fn name(separator: char) -> Message {
    match separator {
        ',' => Message::new("text-separator-comma"),
        '\t' => Message::new("text-separator-tab"),
        ';' => Message::new("text-separator-semicolon"),
        '|' => Message::new("text-separator-bar"),
        other if other.is_control() => Message::new("text-separator-code").with("code", format!("U+{:04X}", u32::from(other))),
        other => Message::new("text-separator-other").with("separator", other),
    }
}

#[cfg(test)]
mod tests;
