//! Tables in markup: web pages, web archives (MHT) and the XML of Excel 2003, which systems export under the name xls.
//!
//! A file is gone through once to see which tables it has and which of their cells are merged, and again to send the rows, so
//! that none has to be held.

mod archive;
mod grid;
mod input;
mod page;
mod spreadsheet;
mod tokens;

use super::delimited::Stop;
use super::stream::{Closed, EventSender};
use crate::message::Message;
use archive::Part;
use input::{Bytes, Input};
use page::Numbering;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use tokens::Token;

/// Most bytes of a web archive, which is held in memory.
const LARGEST_ARCHIVE: u64 = 256 << 20;
/// How many tags are looked at for the root element at most.
const ROOT_WITHIN: usize = 100;

/// Reads the tables of a file; what keeps them from being read goes out as a problem.
pub(super) fn read(path: &Path, events: &mut EventSender) -> Result<(), Closed> {
    match read_kind(path, events) {
        Ok(()) => Ok(()),
        Err(Stop::Closed) => Err(Closed),
        Err(Stop::Failed(error)) => events.problem(None, Message::new("markup-unreadable").with("error", error)),
    }
}

fn read_kind(path: &Path, events: &mut EventSender) -> Result<(), Stop> {
    if is_archive(path)? {
        return read_archive(path, events);
    }
    let input = Input::new(Bytes::File(path), None)?;
    if is_workbook(input)? { read_workbook(input, events) } else { read_pages(&[input], events) }
}

/// Whether a file begins with the header of a message, as a web archive does, and not with a tag.
fn is_archive(path: &Path) -> io::Result<bool> {
    const LONGEST: u64 = 256;
    let mut head = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let head = head.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{FEFF}');
    Ok(["mime-version:", "content-type:", "from:", "subject:", "date:", "x-document-type:"]
        .iter()
        .any(|field| head.starts_with(field)))
}

/// Whether the root element is a workbook of Excel 2003.
fn is_workbook(input: Input<'_>) -> io::Result<bool> {
    let mut tokens = input.tokens()?;
    for _ in 0..ROOT_WITHIN {
        match tokens.read()? {
            Some(Token::Begin(tag)) => return Ok(tag.name == "workbook"),
            Some(_) => {}
            None => break,
        }
    }
    Ok(false)
}

fn read_workbook(input: Input<'_>, events: &mut EventSender) -> Result<(), Stop> {
    let survey = spreadsheet::Survey::of(input)?;
    if survey.is_cut_off {
        events.problem(None, Message::new("markup-workbook-cut-off"))?;
        return Ok(());
    }
    events.note(Message::new("markup-workbook").with("encoding", input.encoding()).with("sheets", survey.sheets.len()), false)?;
    survey.send(input, events)
}

fn read_archive(path: &Path, events: &mut EventSender) -> Result<(), Stop> {
    let mut archive = Vec::new();
    File::open(path)?.take(LARGEST_ARCHIVE + 1).read_to_end(&mut archive)?;
    if u64::try_from(archive.len()).unwrap_or(u64::MAX) > LARGEST_ARCHIVE {
        let message = Message::new("markup-archive-too-large").with("most", LARGEST_ARCHIVE >> 20);
        return Ok(events.problem(None, message)?);
    }
    let Ok(pages) = archive::pages(&archive) else {
        return Ok(events.problem(None, Message::new("markup-archive-damaged"))?);
    };
    let inputs = pages.iter().map(|Part { content, charset }| Input::new(Bytes::Part(content), charset.as_deref()));
    read_pages(&inputs.collect::<io::Result<Vec<_>>>()?, events)
}

/// Reads the tables of all pages.
fn read_pages(pages: &[Input<'_>], events: &mut EventSender) -> Result<(), Stop> {
    let surveys = pages.iter().map(|page| page::Survey::of(*page)).collect::<io::Result<Vec<_>>>()?;
    let tables: usize = surveys.iter().map(page::Survey::filled).sum();
    if tables == 0 {
        let has_frames = surveys.iter().any(|survey| survey.has_frames);
        let message = Message::new(if has_frames { "markup-frames" } else { "markup-no-table" });
        return Ok(events.problem(None, message)?);
    }
    if let Some(page) = pages.first() {
        events.note(Message::new("markup-page").with("encoding", page.encoding()).with("tables", tables), false)?;
    }
    if surveys.iter().any(|survey| survey.is_cut_off) {
        events.note(Message::new("markup-page-cut-off"), true)?;
    }
    if surveys.iter().any(|survey| survey.has_more) {
        events.note(Message::new("markup-too-many-tables").with("most", page::MOST_TABLES), true)?;
    }
    let mut first = 1;
    for (page, survey) in pages.iter().zip(&surveys) {
        survey.send(*page, Numbering { first, is_only: tables == 1 }, events)?;
        first += survey.filled();
    }
    Ok(())
}
