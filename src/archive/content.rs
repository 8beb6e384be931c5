//! What a file is, by its content: PDF, OFD, JPEG or PNG, whole; anything else is no certificate file.

use super::zip_limits::{exceeds_limits, part};
use crate::message::Message;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use zip::ZipArchive;

/// Largest sum of an OFD's parts, unfolded, in bytes: more is a bomb, or no certificate.
const LARGEST_OFD: u64 = 1 << 30;
/// Largest OFD.xml that is read, in bytes. It is a page of text.
const LARGEST_ROOT: u64 = 1 << 20;
/// How far from the end of the file the end mark of a PDF or a picture is looked for, in bytes.
const TAIL: u64 = 2_048;

/// A format that certificates come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// GB/T 33190.
    Ofd,
    /// PDF.
    Pdf,
    /// A picture.
    Png,
    /// A picture.
    Jpg,
}

impl FileFormat {
    /// The name in tables, and the ending of file names.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ofd => "ofd",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpg => "jpg",
        }
    }
}

/// What looking into a file has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A whole file of a format that certificates come in.
    Certificate(FileFormat),
    /// Something else.
    Other(OtherContent),
}

/// Why a file is no certificate file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherContent {
    /// It is empty.
    Empty,
    /// It is base64 that cannot be decoded.
    NotBase64,
    /// More pages came than a certificate has.
    TooManyPages,
    /// A PDF without its end.
    CutOffPdf,
    /// A JPEG without its end.
    CutOffJpeg,
    /// A PNG without its end.
    CutOffPng,
    /// A web page, such as that of a login.
    WebPage,
    /// JSON, such as an answer of the platform.
    Json,
    /// In no format that certificates come in.
    UnknownFormat,
    /// A zip with nothing in it.
    EmptyZip,
    /// A zip without its end, or with a damaged table of its parts.
    DamagedZip,
    /// A zip with more parts than an OFD has.
    TooManyParts,
    /// A zip that unfolds to more than an OFD does.
    TooLargeUnfolded,
    /// A zip without OFD.xml.
    NoOfd,
    /// An OFD whose OFD.xml cannot be read.
    DamagedOfd,
}

impl OtherContent {
    /// The reason as a message to a person.
    #[must_use]
    pub fn to_message(self) -> Message {
        match self {
            Self::Empty => Message::new("content-empty"),
            Self::NotBase64 => Message::new("content-not-base64"),
            Self::TooManyPages => Message::new("content-too-many-pages"),
            Self::CutOffPdf => Message::new("content-cut-off-pdf"),
            Self::CutOffJpeg => Message::new("content-cut-off-jpeg"),
            Self::CutOffPng => Message::new("content-cut-off-png"),
            Self::WebPage => Message::new("content-web-page"),
            Self::Json => Message::new("content-json"),
            Self::UnknownFormat => Message::new("content-unknown-format"),
            Self::EmptyZip => Message::new("content-empty-zip"),
            Self::DamagedZip => Message::new("content-damaged-zip"),
            Self::TooManyParts => Message::new("content-too-many-parts"),
            Self::TooLargeUnfolded => Message::new("content-too-large-unfolded"),
            Self::NoOfd => Message::new("content-no-ofd"),
            Self::DamagedOfd => Message::new("content-damaged-ofd"),
        }
    }
}

/// Tells what a file is.
///
/// # Errors
/// Fails if the file cannot be read.
pub fn recognise(file: &mut File) -> io::Result<Content> {
    let length = file.seek(SeekFrom::End(0))?;
    let begin = part(file, 0, 16)?;
    let end = part(file, length.saturating_sub(TAIL), TAIL)?;
    let ends_with = |ending: &[u8]| end.windows(ending.len()).any(|window| window == ending);
    let whole_or = |ending: &[u8], format, cut_off| {
        if ends_with(ending) { Content::Certificate(format) } else { Content::Other(cut_off) }
    };
    Ok(match &begin[..] {
        [] => Content::Other(OtherContent::Empty),
        [b'%', b'P', b'D', b'F', b'-', ..] => whole_or(b"%%EOF", FileFormat::Pdf, OtherContent::CutOffPdf),
        [0xFF, 0xD8, 0xFF, ..] => whole_or(&[0xFF, 0xD9], FileFormat::Jpg, OtherContent::CutOffJpeg),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => whole_or(b"IEND", FileFormat::Png, OtherContent::CutOffPng),
        [0x89, b'P', b'N', b'G', ..] => Content::Other(OtherContent::CutOffPng),
        [b'P', b'K', 3, 4, ..] => ofd(file)?,
        [b'P', b'K', 5, 6, ..] => Content::Other(OtherContent::EmptyZip),
        text if looks_like_a_page(text) => Content::Other(OtherContent::WebPage),
        [b'{' | b'[', ..] => Content::Other(OtherContent::Json),
        _ => Content::Other(OtherContent::UnknownFormat),
    })
}

fn looks_like_a_page(begin: &[u8]) -> bool {
    let text = begin.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(begin).trim_ascii_start();
    text.starts_with(b"<")
}

/// A zip is an OFD where its root holds OFD.xml. Only the table of its parts and that one part are read: nothing else is
/// unfolded, and the table only where it is no larger than an OFD's.
fn ofd(file: &mut File) -> io::Result<Content> {
    if exceeds_limits(file)? {
        return Ok(Content::Other(OtherContent::TooManyParts));
    }
    Ok(unfold_root(file).map_or_else(Content::Other, |()| Content::Certificate(FileFormat::Ofd)))
}

fn unfold_root(file: &mut File) -> Result<(), OtherContent> {
    let mut zip = ZipArchive::new(file).map_err(|_| OtherContent::DamagedZip)?;
    let (mut size, mut root) = (0u64, None);
    for index in 0..zip.len() {
        let part = zip.by_index_raw(index).map_err(|_| OtherContent::DamagedZip)?;
        size = size.saturating_add(part.size());
        if part.name().is_ok_and(|name| name.eq_ignore_ascii_case("OFD.xml")) {
            root = Some(index);
        }
    }
    if size > LARGEST_OFD {
        return Err(OtherContent::TooLargeUnfolded);
    }
    let part = zip.by_index(root.ok_or(OtherContent::NoOfd)?).map_err(|_| OtherContent::DamagedOfd)?;
    let mut bytes = Vec::new();
    // Reading to the end checks the part's checksum too.
    match part.take(LARGEST_ROOT + 1).read_to_end(&mut bytes) {
        Ok(count) if count as u64 <= LARGEST_ROOT && looks_like_a_page(&bytes) => Ok(()),
        _ => Err(OtherContent::DamagedOfd),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::zip_limits::tests::{bomb, in_zip64_form};
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn told(bytes: &[u8]) -> Content {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        recognise(&mut file).unwrap()
    }

    fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn ofd() -> Vec<u8> {
        zip(&[("OFD.xml", b"<?xml version=\"1.0\"?><ofd:OFD/>"), ("Doc_0/Document.xml", b"<a/>")])
    }

    #[test]
    fn a_file_is_what_it_is() {
        for (bytes, format) in [
            (&b"%PDF-1.4\n...\n%%EOF\n"[..], FileFormat::Pdf),
            (&[0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 0xFF, 0xD9], FileFormat::Jpg),
            (b"\x89PNG\r\n\x1a\n....IEND\xae\x42\x60\x82", FileFormat::Png),
            (&ofd(), FileFormat::Ofd),
        ] {
            assert_eq!(told(bytes), Content::Certificate(format));
        }
        for (bytes, other) in [
            (&b""[..], OtherContent::Empty),
            (b"%PDF-1.4\n...", OtherContent::CutOffPdf),
            (b"\xEF\xBB\xBF <!DOCTYPE html><form>", OtherContent::WebPage),
            (b"{\"head\":{}}", OtherContent::Json),
            (b"MZ\x90\x00", OtherContent::UnknownFormat),
            (&ofd()[..100], OtherContent::DamagedZip),
            (&zip(&[]), OtherContent::EmptyZip),
            (&zip(&[("word/document.xml", b"<a/>")]), OtherContent::NoOfd),
            (&zip(&[("OFD.xml", b"MZ\x90")]), OtherContent::DamagedOfd),
            (&zip(&[("OFD.xml", &vec![b' '; 2 << 20])]), OtherContent::DamagedOfd),
        ] {
            assert_eq!(told(bytes), Content::Other(other));
        }
    }

    #[test]
    fn an_ofd_in_zip64_form_is_read_and_kept_to_the_same_limits() {
        assert_eq!(told(&in_zip64_form(&ofd())), Content::Certificate(FileFormat::Ofd));
        for bomb in [bomb(30_000), in_zip64_form(&bomb(30_000)), in_zip64_form(&bomb(640_000))] {
            assert_eq!(told(&bomb), Content::Other(OtherContent::TooManyParts));
        }
    }
}
