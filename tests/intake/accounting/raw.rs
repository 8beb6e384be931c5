//! A reader of raw rows that shares nothing with the program's own: xlsx from its XML, other workbooks by calamine, text by
//! its lines.

use calamine::{Data, Reader, open_workbook_auto_from_rs};
use quick_xml::events::{BytesStart, Event};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// The rows of a sheet, counted from 1.
#[derive(Debug, Default)]
pub(super) struct RawSheet {
    /// Its name; empty for text.
    pub name: String,
    /// Rows in which some cell holds something that can be seen.
    pub filled: BTreeSet<u32>,
    /// Rows that a merged range covers.
    pub merged: BTreeSet<u32>,
    /// Lines that go on with a record begun above them.
    pub continued: BTreeSet<u32>,
    /// Whether the reader sees all that there is: not where calamine passes over formulas without a value.
    pub is_exact: bool,
}

/// The sheets of a file; none where it is of no kind that this reader knows.
pub(super) fn sheets(bytes: &[u8]) -> Vec<RawSheet> {
    if bytes.starts_with(b"PK") {
        let sheets = xlsx(bytes);
        if sheets.is_empty() { other_workbook(bytes) } else { sheets }
    } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        other_workbook(bytes)
    } else if bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(b"MIME-Version") {
        vec![markup(bytes)]
    } else {
        vec![text(bytes)]
    }
}

fn is_visible(text: &str) -> bool {
    text.chars().any(|character| !character.is_whitespace() && !character.is_control() && character != '\u{FEFF}')
}

fn other_workbook(bytes: &[u8]) -> Vec<RawSheet> {
    let Ok(mut book) = open_workbook_auto_from_rs(Cursor::new(bytes.to_vec())) else { return Vec::new() };
    let names = book.sheet_names();
    let sheet = |name: String| {
        let range = book.worksheet_range(&name).ok()?;
        let first = range.start().map_or(0, |(row, _)| row);
        let is_filled = |cell: &Data| !matches!(cell, Data::Empty) && is_visible(&cell.to_string());
        let filled = (first + 1..).zip(range.rows()).filter(|(_, cells)| cells.iter().any(is_filled));
        Some(RawSheet { name, filled: filled.map(|(row, _)| row).collect(), ..RawSheet::default() })
    };
    names.into_iter().filter_map(sheet).collect()
}

/// Parts of an archive by name: with plain slashes and in lower case.
fn parts(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut parts = BTreeMap::new();
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return parts };
    for index in 0..archive.len() {
        let Ok(mut file) = archive.by_index(index) else { continue };
        let Ok(name) = file.name().map(|name| name.replace('\\', "/").trim_start_matches('/').to_lowercase()) else { continue };
        let mut content = Vec::new();
        if file.read_to_end(&mut content).is_ok() {
            parts.insert(name, content);
        }
    }
    parts
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes().flatten();
    let found = attributes.find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(found.value.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
}

/// Calls `see` with every event of a part, as far as it is XML.
fn each_event(part: &[u8], mut see: impl FnMut(&Event<'_>)) {
    let mut reader = quick_xml::Reader::from_reader(part);
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) | Err(_) => return,
            Ok(event) => see(&event),
        }
        buffer.clear();
    }
}

fn xlsx(bytes: &[u8]) -> Vec<RawSheet> {
    let parts = parts(bytes);
    let is_book = |part: &[u8]| memchr::memmem::find(part, b"<sheets").or(memchr::memmem::find(part, b":sheets")).is_some();
    let Some((book_name, book)) = parts.iter().find(|(name, part)| name.contains(".xml") && is_book(part)) else {
        return Vec::new();
    };
    let (folder, file) = book_name.rsplit_once('/').unwrap_or(("", book_name));
    let join = |folder: &str, file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
    let mut targets = BTreeMap::new();
    if let Some(relations) = parts.get(&join(folder, &format!("_rels/{file}.rels"))) {
        each_event(relations, |event| {
            if let Event::Start(element) | Event::Empty(element) = event
                && let (Some(id), Some(target)) = (attribute(element, "Id"), attribute(element, "Target"))
            {
                let target = target.replace('\\', "/").to_lowercase();
                let absolute = target.strip_prefix('/').map(str::to_owned);
                targets.insert(id, absolute.unwrap_or_else(|| join(folder, target.trim_start_matches("./"))));
            }
        });
    }
    let strings =
        parts.iter().find(|(name, _)| name.ends_with("sharedstrings.xml")).map_or_else(Vec::new, |(_, part)| shared(part));
    let mut sheets = Vec::new();
    each_event(book, |event| {
        if let Event::Start(element) | Event::Empty(element) = event
            && element.local_name().as_ref() == "sheet"
            && let (Some(name), Some(id)) = (attribute(element, "name"), attribute(element, "id"))
            && let Some(part) = targets.get(&id).and_then(|target| parts.get(target))
        {
            sheets.push(RawSheet { name, is_exact: true, ..worksheet(part, &strings) });
        }
    });
    sheets
}

/// Whether each shared text can be seen.
fn shared(part: &[u8]) -> Vec<bool> {
    let mut visible = Vec::new();
    each_event(part, |event| match event {
        Event::Start(element) if element.local_name().as_ref() == "si" => visible.push(false),
        Event::Empty(element) if element.local_name().as_ref() == "si" => visible.push(false),
        Event::Text(text) if is_visible(text) => {
            if let Some(last) = visible.last_mut() {
                *last = true;
            }
        }
        _ => {}
    });
    visible
}

fn worksheet(part: &[u8], strings: &[bool]) -> RawSheet {
    let mut sheet = RawSheet::default();
    let (mut row, mut is_shared, mut is_value) = (0, false, false);
    each_event(part, |event| match event {
        Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
            "row" => row = attribute(element, "r").and_then(|text| text.parse().ok()).unwrap_or(row + 1),
            "c" => {
                is_shared = attribute(element, "t").is_some_and(|kind| kind == "s");
                let place = attribute(element, "r").unwrap_or_default();
                let digits = place.trim_start_matches(|character: char| character.is_ascii_alphabetic());
                row = digits.parse().unwrap_or(row);
            }
            "v" | "t" => is_value = true,
            // A formula is something, with or without a value.
            "f" => {
                sheet.filled.insert(row);
            }
            "mergeCell" => {
                let rows = attribute(element, "ref").and_then(|range| {
                    let digits = |place: &str| place.trim_matches(|character: char| !character.is_ascii_digit()).to_owned();
                    let row = |place: &str| digits(place).parse::<u32>().ok();
                    let (from, to) = range.split_once(':')?;
                    Some(row(from)?..=row(to)?)
                });
                sheet.merged.extend(rows.into_iter().flatten());
            }
            _ => {}
        },
        Event::End(element) if matches!(element.local_name().as_ref(), "v" | "t") => is_value = false,
        Event::Text(text) if is_value => {
            let is_filled = match text.trim().parse::<usize>() {
                Ok(index) if is_shared => strings.get(index).copied().unwrap_or(false),
                _ => is_visible(text),
            };
            if is_filled {
                sheet.filled.insert(row);
            }
        }
        _ => {}
    });
    sheet
}

/// The rows of the first table of a page, or the first sheet of an XML spreadsheet.
fn markup(bytes: &[u8]) -> RawSheet {
    let page = decoded(bytes);
    let lower = page.to_ascii_lowercase();
    let end = ["</table", "</ss:table"].into_iter().filter_map(|end| lower.find(end)).min().unwrap_or(lower.len());
    let mut filled = BTreeSet::new();
    let mut row = 0;
    for part in lower[..end].split("<tr").flat_map(|part| part.split("<row")).skip(1) {
        let (tag, content) = part.split_once('>').unwrap_or((part, ""));
        let index = tag.split_once("index=\"").and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
        row = index.unwrap_or(row + 1);
        // What stands between tags.
        if content.split('>').skip(1).any(|piece| is_visible(piece.split('<').next().unwrap_or_default())) {
            filled.insert(row);
        }
    }
    RawSheet { filled, ..RawSheet::default() }
}

fn decoded(bytes: &[u8]) -> String {
    match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding.decode(bytes).0.into_owned(),
        None => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => encoding_rs::GB18030.decode(bytes).0.into_owned(),
        },
    }
}

fn text(bytes: &[u8]) -> RawSheet {
    let text = decoded(bytes);
    let lines: Vec<&str> = text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r')).collect();
    let is_filled = |line: &str| is_visible(&line.replace(['"', ',', ';', '|', '，', '；', '、', '='], ""));
    let filled: BTreeSet<u32> = (1..).zip(&lines).filter(|(_, line)| is_filled(line)).map(|(line, _)| line).collect();
    // A line goes on with a record where an odd number of quotation marks stands above it since the record began.
    let mut continued = BTreeSet::new();
    let mut is_open = false;
    for (line, content) in (1..).zip(&lines) {
        if is_open {
            continued.insert(line);
        }
        is_open ^= content.matches('"').count() % 2 == 1;
    }
    RawSheet { filled, continued, ..RawSheet::default() }
}
