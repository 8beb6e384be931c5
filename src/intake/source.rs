//! What a file is, by its content and not by its name, and whether it can be opened within bounds.

use quick_xml::events::Event;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use zip::ZipArchive;

/// Largest part of a workbook that is held in memory (its shared texts), in bytes.
const LARGEST_PART: u64 = 1 << 30;
/// Largest sheet that is streamed, in bytes of XML.
const LARGEST_SHEET: u64 = 16 << 30;
/// A part that unfolds to more than this many times its size is no text that anybody typed.
const STEEPEST: u64 = 400;
/// Parts up to this size are not worth suspecting.
const HARMLESS: u64 = 64 << 20;

/// A kind of file that the intake reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Xlsx,
    Xlsb,
    Xls,
    Ods,
    Delimited,
}

/// Tells what a file is.
///
/// # Errors
/// Why it cannot be read, and what to do.
pub(super) fn kind_of(path: &Path) -> Result<Kind, String> {
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    let mut file = BufReader::new(File::open(path).map_err(cannot)?);
    let mut head = Vec::new();
    file.by_ref().take(512).read_to_end(&mut head).map_err(cannot)?;
    if head.is_empty() {
        return Err("is empty".to_owned());
    }
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let called_text = matches!(extension.as_str(), "csv" | "tsv" | "txt");
    let called_workbook = matches!(extension.as_str(), "xlsx" | "xlsm" | "xlsb" | "xls" | "ods");
    if head.starts_with(b"PK\x03\x04") {
        file.seek(SeekFrom::Start(0)).map_err(cannot)?;
        return zipped(file);
    }
    if head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        file.seek(SeekFrom::Start(0)).map_err(cannot)?;
        let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        return if holds(file, &encrypted).map_err(cannot)? {
            Err("is protected by a password; open it in Excel or WPS, remove the password, and save it again".to_owned())
        } else {
            Ok(Kind::Xls)
        };
    }
    if let Some(what) = known_other(&head) {
        return Err(format!("is {what}, whatever its name says; export the list as xlsx or csv"));
    }
    match (called_text, called_workbook) {
        (true, _) => Ok(Kind::Delimited),
        (false, true) => {
            Err(format!("is no workbook, though it is called {extension}; open it in Excel or WPS and save it as xlsx"))
        }
        (false, false) => {
            Err("is of no kind that can be read; inputs are xlsx, xlsm, xlsb, xls, ods, csv, tsv and txt files".to_owned())
        }
    }
}

/// Other things that are found under a spreadsheet's name.
fn known_other(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{FEFF}').trim_start().to_lowercase();
    [
        (head.starts_with(b"\x89PNG"), "a PNG picture"),
        (head.starts_with(&[0xFF, 0xD8, 0xFF]), "a JPEG picture"),
        (head.starts_with(b"%PDF"), "a PDF document"),
        (head.starts_with(b"Rar!"), "a RAR archive"),
        (head.starts_with(b"7z\xBC\xAF"), "a 7z archive"),
        (head.starts_with(&[0x1F, 0x8B]), "a gzip archive"),
        (text.starts_with("<!doctype html") || text.starts_with("<html") || text.starts_with("<table"), "an HTML page"),
        (text.starts_with("<?xml"), "an XML document"),
    ]
    .into_iter()
    .find_map(|(is, what)| is.then_some(what))
}

/// Which kind of workbook a zip holds; its parts measured before anybody unfolds them.
fn zipped(file: BufReader<File>) -> Result<Kind, String> {
    let damaged = "is a damaged or truncated workbook; have it sent again";
    let mut zip = ZipArchive::new(file).map_err(|_| damaged.to_owned())?;
    let mut kind = None;
    for index in 0..zip.len() {
        let (name, packed, declared) = {
            let part = zip.by_index_raw(index).map_err(|_| damaged.to_owned())?;
            (part.name().map_err(|_| damaged.to_owned())?.into_owned(), part.compressed_size(), part.size())
        };
        kind = kind.or(match name.as_str() {
            "xl/workbook.xml" => Some(Kind::Xlsx),
            "xl/workbook.bin" => Some(Kind::Xlsb),
            "content.xml" => Some(Kind::Ods),
            _ => None,
        });
        let is_sheet = name.starts_with("xl/worksheets/");
        let most = if is_sheet { LARGEST_SHEET } else { LARGEST_PART };
        let steep = declared > HARMLESS && declared / packed.max(1) > STEEPEST;
        if declared > most || steep {
            return Err(format!("unfolds to {} MiB ({name}), which no list of codes does; it is not opened", declared >> 20));
        }
        // A part may hold more than it says. What is kept in memory whole is unfolded once to see.
        let could_hide = !is_sheet && packed.saturating_mul(1032) > most;
        if could_hide {
            let mut part = zip.by_index(index).map_err(|_| damaged.to_owned())?;
            let real = io::copy(&mut part.by_ref().take(most + 1), &mut io::sink()).map_err(|_| damaged.to_owned())?;
            if real > most {
                return Err(format!(
                    "unfolds to more than {} MiB ({name}), which no list of codes does; it is not opened",
                    most >> 20
                ));
            }
        }
    }
    if kind == Some(Kind::Ods) {
        let content = zip.by_name("content.xml").map_err(|_| damaged.to_owned())?;
        check_extent(BufReader::new(content.take(LARGEST_PART)))?;
    }
    kind.ok_or_else(|| "is a zip archive but no workbook; unpack it, and name the files in it".to_owned())
}

/// Cells that the smallest rectangle round a sheet's content may have; the reader of ods files keeps it in memory.
const LARGEST_EXTENT: u64 = 16 << 20;

/// Refuses an ods file whose content, repeats unfolded, lies further apart than any list does.
fn check_extent(content: impl io::BufRead) -> Result<(), String> {
    let damaged = |_| "is a damaged workbook; have it sent again".to_owned();
    let mut reader = quick_xml::Reader::from_reader(content);
    let mut buffer = Vec::new();
    let (mut rows, mut columns, mut column, mut last_row) = (0u64, 0u64, 0u64, 0u64);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(damaged)? {
            Event::Eof => return Ok(()),
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "table" => (rows, columns, last_row) = (0, 0, 0),
                "table-row" => {
                    rows = rows.saturating_add(repeats(&tag, "number-rows-repeated"));
                    column = 0;
                }
                "table-cell" | "covered-table-cell" => {
                    column = column.saturating_add(repeats(&tag, "number-columns-repeated"));
                    let has_value = tag.attributes().flatten().any(|attribute| {
                        attribute.key.local_name().as_ref() == "value-type" || attribute.key.local_name().as_ref() == "formula"
                    });
                    if has_value {
                        columns = columns.max(column);
                        last_row = rows;
                    }
                    if last_row.saturating_mul(columns) > LARGEST_EXTENT {
                        return Err("spreads its content over more cells than any list does; it is not opened".to_owned());
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// How often a cell or row stands, by an attribute.
fn repeats(tag: &quick_xml::events::BytesStart<'_>, name: &str) -> u64 {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name);
    found.and_then(|attribute| attribute.value.parse().ok()).unwrap_or(1)
}

/// Whether a file holds a sequence of bytes.
fn holds(mut file: impl Read, wanted: &[u8]) -> io::Result<bool> {
    const PIECE: usize = 1 << 16;
    let mut window = Vec::with_capacity(2 * PIECE);
    loop {
        let read = file.by_ref().take(PIECE as u64).read_to_end(&mut window)?;
        if window.windows(wanted.len()).any(|part| part == wanted) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        window.drain(..window.len().saturating_sub(wanted.len()));
    }
}
