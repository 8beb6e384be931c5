//! What a file is, by its content and not by its name, and who reads it.
//!
//! Names are wrong often: systems export text as `.xls`, web pages as `.xlsx`, and document protection programs keep the
//! name of what they encrypt. The name decides only what is said about it.

mod foreign;

use super::delimited::utf32::ByteOrder;
use super::stream::{Closed, EventSender};
use super::workbook::compound::{self, Compound};
use super::workbook::package::Package;
use super::workbook::protection::{is_guarded, of_compound, password};
use super::workbook::{read_package, read_xls};
use super::{delimited, markup};
use crate::job::SheetChoice;
use crate::message::Message;
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How much of a file is looked at, in bytes. A web page may begin with long scripts and styles.
const HEAD: u64 = 64 * 1024;

/// Reads the chosen sheets of a file; what keeps it from being read goes out as a problem.
pub(super) fn read(path: &Path, choice: &SheetChoice, events: &mut EventSender) -> Result<(), Closed> {
    let head = match head(path) {
        Ok(head) => head,
        Err(error) => return events.problem(None, Message::new("workbook-unreadable").with("error", error)),
    };
    let called = Called::of(path);
    match Content::of(&head) {
        Content::Package => match Package::open(path) {
            Ok(package) => read_package(package, choice, events),
            Err(message) => events.problem(None, message),
        },
        Content::Compound => match of_compound_file(path) {
            None => read_xls(path, choice, events),
            Some(message) => events.problem(None, message),
        },
        Content::Markup => {
            if called == Called::Workbook {
                events.note(Message::new("workbook-is-markup"), false)?;
            }
            markup::read(path, events)
        }
        Content::Text => {
            if called == Called::Workbook {
                events.note(Message::new("workbook-is-text"), false)?;
            }
            delimited::read(path, events)
        }
        // Where the name says text, its reader tells what is wrong, and in which line.
        Content::Unknown if called == Called::Text => delimited::read(path, events),
        Content::Unknown => events.problem(None, Message::new("workbook-unknown")),
        Content::Problem(message) => events.problem(None, message),
    }
}

/// The first bytes of a file.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

/// What a file's name says that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called {
    Workbook,
    Text,
    Other,
}

impl Called {
    fn of(path: &Path) -> Self {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
        match extension.as_str() {
            "xls" | "xlsx" | "xlsm" | "xlsb" | "xlt" | "xltx" | "xltm" | "et" | "ett" | "ods" | "ots" => Self::Workbook,
            "csv" | "tsv" | "txt" => Self::Text,
            _ => Self::Other,
        }
    }
}

/// What a file holds, by its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// A zip archive: xlsx, xlsm, xlsb, ods, or none of them.
    Package,
    /// A compound file: xls, an encrypted workbook, or none of them.
    Compound,
    /// A web page, a web archive, or XML of Excel 2003.
    Markup,
    /// Text.
    Text,
    /// Something that cannot be read: what to say about it.
    Problem(Message),
    /// Bytes that say nothing: damaged, or encrypted without a mark.
    Unknown,
}

impl Content {
    fn of(head: &[u8]) -> Self {
        if head.is_empty() {
            return Self::Problem(Message::new("workbook-empty-file"));
        }
        if head.iter().all(|byte| *byte == 0) {
            return Self::Problem(Message::new("workbook-zeros"));
        }
        // Pages that send a file for download put line breaks before it.
        let begin = head.trim_ascii_start();
        let begin = begin.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(begin);
        if [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|mark| begin.starts_with(*mark)) {
            return Self::Package;
        }
        if head.starts_with(&compound::SIGNATURE) {
            return Self::Compound;
        }
        if is_guarded(head) {
            return Self::Problem(Message::new("workbook-guarded"));
        }
        if is_old_excel(head) {
            return Self::Problem(Message::new("workbook-old-excel"));
        }
        if let Some(what) = foreign::of_bytes(head) {
            return Self::other(what);
        }
        if markup::is_web_archive(head) {
            return Self::Markup;
        }
        if let Some(text) = ByteOrder::of(head).map(|order| order.decode(head)).filter(|text| is_text(text)) {
            return match Self::of_text(&text) {
                Self::Markup => Self::other("workbook-kind-utf32"),
                content => content,
            };
        }
        match text_of(head) {
            None => Self::Unknown,
            Some(text) => Self::of_text(&text),
        }
    }

    fn of_text(text: &str) -> Self {
        let text = text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']).to_ascii_lowercase();
        if let Some(what) = foreign::of_text(&text) {
            return Self::other(what);
        }
        let has = |tags: &[&str]| tags.iter().any(|tag| text.contains(tag));
        if !text.starts_with('<') {
            // Pages may begin with a line of text.
            let is_page = has(&["<table"]) && has(&["<td", "<th"]);
            return if is_page { Self::Markup } else { Self::Text };
        }
        if let Some(what) = foreign::of_xml(&text) {
            return Self::other(what);
        }
        let is_page = has(&["<html", "<table", "<tr", "<td", "<body", "<!doctype html", "<meta", "<div", "<pre"]);
        if is_page || text.contains("urn:schemas-microsoft-com:office:spreadsheet") {
            return Self::Markup;
        }
        if text.starts_with("<?xml") { Self::other("workbook-kind-xml") } else { Self::Text }
    }

    /// Something else than a table: the code of the message that names it.
    fn other(what: &'static str) -> Self {
        Self::Problem(Message::new("workbook-is-other").with_message("what", Message::new(what)))
    }
}

/// Whether a file is a workbook of Excel 4 or earlier, or one that a program wrote without the container of later ones: it
/// begins with the record that begins a sheet.
fn is_old_excel(head: &[u8]) -> bool {
    matches!(head, [0x09, 0x00 | 0x02 | 0x04 | 0x08, 4..=16, 0x00, ..])
}

/// The text that a file begins with; `None` where it is none. Its last character may be cut off.
fn text_of(head: &[u8]) -> Option<String> {
    let marked = Encoding::for_bom(head).map(|(encoding, _)| encoding).or_else(|| utf16_of(head));
    let candidates = marked.map_or_else(|| vec![UTF_8, GB18030], |encoding| vec![encoding]);
    candidates.into_iter().find_map(|encoding| {
        let (text, _) = encoding.decode_with_bom_removal(head);
        is_text(&text).then(|| text.into_owned())
    })
}

/// Whether what was decoded is text, which may have a damaged byte here and there. Of bytes without meaning about a tenth are
/// control characters, or stand for no character.
fn is_text(text: &str) -> bool {
    let strange = text.chars().filter(|character| is_strange(*character)).count();
    strange <= 1 + text.chars().count() / 200 && !text.contains('\0')
}

/// Whether a character occurs in no text: one that stands for bytes without meaning, or a control character other than
/// tabs, line and page breaks, and Ctrl-Z, which old programs write at the end.
fn is_strange(character: char) -> bool {
    character == '\u{FFFD}' || character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{1A}')
}

/// UTF-16 without a byte order mark: one byte of most units is zero where the text has ASCII characters, and the other
/// never is.
fn utf16_of(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.as_chunks::<2>().0;
    let count_zeros = |place: usize| pairs.iter().filter(|pair| pair.get(place) == Some(&0)).count();
    let enough = pairs.len() / 8 + 1;
    match (count_zeros(0), count_zeros(1)) {
        (0, zeros) if zeros >= enough => Some(UTF_16LE),
        (zeros, 0) if zeros >= enough => Some(UTF_16BE),
        _ => None,
    }
}

/// What keeps a compound file from being read as an xls workbook.
fn of_compound_file(path: &Path) -> Option<Message> {
    let is_other = |what| Some(Message::new("workbook-is-other").with_message("what", Message::new(what)));
    match File::open(path).and_then(Compound::open) {
        Ok(compound) => match of_compound(&compound) {
            Some(message) => Some(message),
            None if compound.has("Workbook") || compound.has("Book") => None,
            None if compound.has("WordDocument") => is_other("workbook-kind-word"),
            None if compound.has("PowerPoint Document") => is_other("workbook-kind-slides"),
            None if compound.has("__properties_version1.0") => is_other("workbook-kind-mail"),
            None => Some(Message::new("workbook-unknown")),
        },
        // What is left of it may still tell why it cannot be read.
        Err(_) if holds_name(path, "EncryptedPackage").unwrap_or(false) => Some(password()),
        Err(_) => Some(Message::new("workbook-xls-damaged")),
    }
}

/// Whether a file holds a name in the form in which compound files write names.
fn holds_name(path: &Path, name: &str) -> io::Result<bool> {
    const PIECE: u64 = 1 << 16;
    let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let finder = memchr::memmem::Finder::new(&wanted);
    let mut file = File::open(path)?;
    let mut window = Vec::new();
    loop {
        let read = file.by_ref().take(PIECE).read_to_end(&mut window)?;
        if finder.find(&window).is_some() {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        window.drain(..window.len().saturating_sub(wanted.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a file is taken for, in a word.
    fn told(head: &[u8]) -> String {
        match Content::of(head) {
            Content::Problem(message) => message.to_string(),
            content => format!("{content:?}"),
        }
    }

    #[test]
    fn content_is_told_by_the_first_bytes() {
        let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let utf32 = |text: &str| text.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect::<Vec<u8>>();
        let other = |what: &str| format!("workbook-is-other what=({what})");
        let list = "证件号码,证照类型代码\n11010519491231002X,11100000000013127D001\n";
        let gbk = encoding_rs::GBK.encode(list).0.into_owned();
        for (head, expected) in [
            (b"PK\x03\x04rest".to_vec(), "Package".to_owned()),
            (b"\r\n\xEF\xBB\xBFPK\x03\x04rest".to_vec(), "Package".to_owned()),
            (b"PK\x05\x06".to_vec(), "Package".to_owned()),
            (compound::SIGNATURE.to_vec(), "Compound".to_owned()),
            (Vec::new(), "workbook-empty-file".to_owned()),
            (vec![0; 5000], "workbook-zeros".to_owned()),
            (b"%TSD-Header-###%\x01\x02\x03".to_vec(), "workbook-guarded".to_owned()),
            (b"\x09\x08\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00".to_vec(), "workbook-old-excel".to_owned()),
            (b"\x09\x00\x04\x00\x07\x00\x10\x00".to_vec(), "workbook-old-excel".to_owned()),
            (b"\tcode\tname\n".to_vec(), "Text".to_owned()),
            (b"%PDF-1.7".to_vec(), other("workbook-kind-pdf")),
            (b"\x89PNG\r\n".to_vec(), other("workbook-kind-picture")),
            (b"{\\rtf1\\ansi}".to_vec(), other("workbook-kind-word")),
            (b"<?xml version=\"1.0\"?><list/>".to_vec(), other("workbook-kind-xml")),
            (
                b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">".to_vec(),
                "Markup".to_owned(),
            ),
            (b"\n <HTML><body>".to_vec(), "Markup".to_owned()),
            (b"<div>\n<TABLE border=1>".to_vec(), "Markup".to_owned()),
            (b"<style>td{}</style><table><tr>".to_vec(), "Markup".to_owned()),
            (b"MIME-Version: 1.0\r\nContent-Type: multipart/related".to_vec(), "Markup".to_owned()),
            (b"From: <x>\r\nSubject: a\r\n b\r\nMIME-Version: 1.0\r\n\r\n".to_vec(), "Markup".to_owned()),
            ("导出结果：\n<table><tr><td>1</td></tr></table>".as_bytes().to_vec(), "Markup".to_owned()),
            (b"[{\"a\": 1}]".to_vec(), other("workbook-kind-json")),
            (b"ID;PWXL;N;E\r\nP;PGeneral\r\n".to_vec(), other("workbook-kind-sylk")),
            (utf32(list), "Text".to_owned()),
            (utf32(&format!("\u{FEFF}{list}")), "Text".to_owned()),
            (utf32("<table><tr><td>1"), other("workbook-kind-utf32")),
            (utf16("\u{FEFF}<table><tr>", u16::to_le_bytes), "Markup".to_owned()),
            (list.as_bytes().to_vec(), "Text".to_owned()),
            (list.as_bytes()[..list.len() - 40].to_vec(), "Text".to_owned()),
            (list.as_bytes()[..4].to_vec(), "Text".to_owned()),
            (gbk.clone(), "Text".to_owned()),
            ([gbk.as_slice(), b"\xFF\x1A"].concat(), "Text".to_owned()),
            (utf16(list, u16::to_le_bytes), "Text".to_owned()),
            (utf16(list, u16::to_be_bytes), "Text".to_owned()),
            (utf16(&format!("\u{FEFF}{list}"), u16::to_be_bytes), "Text".to_owned()),
            ((0..=255).cycle().take(4000).collect(), "Unknown".to_owned()),
        ] {
            assert_eq!(told(&head), expected, "{:?}", String::from_utf8_lossy(&head));
        }
    }

    #[test]
    fn bytes_without_meaning_are_no_text() {
        let mut chance = fastrand::Rng::with_seed(7);
        for length in [100, 512, 4096, 65_536] {
            let bytes: Vec<u8> = std::iter::repeat_with(|| chance.u8(..)).take(length).collect();
            assert_eq!(text_of(&bytes), None, "{length}");
        }
    }

    #[test]
    fn names_are_compared_without_regard_to_case() {
        for (name, called) in
            [("a.XLSX", Called::Workbook), ("a.b.Csv", Called::Text), ("a", Called::Other), ("a.pdf", Called::Other)]
        {
            assert_eq!(Called::of(Path::new(name)), called, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_something(head in proptest::collection::vec(any::<u8>(), 0..300)) {
            Content::of(&head);
        }

        #[test]
        fn text_in_chinese_is_text_wherever_it_is_cut(text in "[一-龥a-zA-Z0-9,，\t\n]{20,200}", cut in 0usize..4) {
            for bytes in [text.as_bytes().to_vec(), GB18030.encode(&text).0.into_owned()] {
                let bytes = &bytes[..bytes.len() - cut];
                prop_assert!(text_of(bytes).is_some());
            }
        }
    }
}
