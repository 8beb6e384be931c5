//! Tables in markup: web pages, web archives (MHT) and the XML of Excel 2003, which systems export under the name xls.
//!
//! A file is gone through once to see which tables it has and which of their cells are merged, and again to send the rows, so
//! that none has to be held.

mod archive;
mod grid;
mod input;
mod lines;
mod page;
mod spreadsheet;
mod text;
mod tokens;

use super::delimited::{self, Stop};
use super::stream::{Closed, EventSender};
use crate::message::Message;
use archive::Part;
use input::{Bytes, Input};
use lines::PageLines;
use page::Numbering;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use tokens::Token;

/// Most bytes of a web archive, which is held in memory.
const LARGEST_ARCHIVE: u64 = 256 << 20;
/// How many tags are looked at for the root element at most.
const ROOT_WITHIN: usize = 100;
/// Elements that begin and end a line.
const BLOCKS: [&str; 12] = ["p", "div", "li", "ul", "ol", "dl", "dt", "dd", "h1", "h2", "h3", "pre"];

/// Reads the tables of a file; what keeps them from being read goes out as a problem.
pub(super) fn read(path: &Path, events: &mut EventSender) -> Result<(), Closed> {
    match read_kind(path, events) {
        Ok(()) => Ok(()),
        Err(Stop::Closed) => Err(Closed),
        Err(Stop::Failed(error)) => events.problem(None, Message::new("markup-unreadable").with("error", error)),
    }
}

fn read_kind(path: &Path, events: &mut EventSender) -> Result<(), Stop> {
    if is_web_archive(&head(path)?) {
        return read_archive(path, events);
    }
    let input = Input::new(Bytes::File(path), None)?;
    if is_workbook(input)? { read_workbook(input, events) } else { read_pages(&[input], events) }
}

/// Whether a file begins with the header of a message, as a web archive does, and not with a tag.
pub(super) fn is_web_archive(head: &[u8]) -> bool {
    archive::is_archive(head)
}

/// The first bytes of a file.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(archive::HEADER_WITHIN).read_to_end(&mut head)?;
    Ok(head)
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
    let with_codes = || pages.iter().zip(&surveys).filter(|(_, survey)| survey.codes_outside > 0);
    if tables == 0 {
        if let Some((page, _)) = with_codes().next() {
            return read_lines(*page, events);
        }
        let has_frames = surveys.iter().any(|survey| survey.has_frames);
        let message = Message::new(if has_frames { "markup-frames" } else { "markup-no-table" });
        return Ok(events.problem(None, message)?);
    }
    if let Some(page) = pages.first() {
        events.note(Message::new("markup-page").with("encoding", page.encoding()).with("tables", tables), false)?;
    }
    let joined: usize = surveys.iter().map(page::Survey::joined).sum();
    if joined > 0 {
        events.note(Message::new("markup-headers-apart").with("count", joined), false)?;
    }
    let outside: usize = with_codes().map(|(_, survey)| survey.codes_outside).sum();
    if outside > 0 {
        events.note(Message::new("markup-codes-outside").with("count", outside), true)?;
    }
    // What is not there, or not read, may be any number of rows.
    if surveys.iter().any(|survey| survey.is_cut_off) {
        events.problem(None, Message::new("markup-page-cut-off"))?;
    }
    if surveys.iter().any(|survey| survey.has_more) {
        events.problem(None, Message::new("markup-too-many-tables").with("most", page::MOST_TABLES))?;
    }
    let mut first = 1;
    for (page, survey) in pages.iter().zip(&surveys) {
        survey.send(*page, Numbering { first, is_only: tables == 1 }, events)?;
        first += survey.filled();
    }
    Ok(())
}

/// Reads the text of a page without tables as one that separators divide.
fn read_lines(page: Input<'_>, events: &mut EventSender) -> Result<(), Stop> {
    events.note(Message::new("markup-text-page"), true)?;
    let lines = PageLines::new(page.lasting_tokens()?);
    Ok(delimited::read_lines(Box::new(BufReader::new(lines)), page.encoding(), events)?)
}
