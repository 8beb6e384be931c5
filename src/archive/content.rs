//! Recognition of certificate files by content: complete PDF, OFD, JPEG or PNG.

use super::zip_limits::{exceeds_limits, part};
use crate::message::Message;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use zip::ZipArchive;

/// Largest total size of an OFD's entries after decompression, in bytes. A larger one is a zip bomb.
const LARGEST_OFD: u64 = 1 << 30;
/// Largest size of OFD.xml after decompression, in bytes; usually it is one page of text.
const LARGEST_ROOT: u64 = 1 << 20;
/// Number of bytes at the end of a PDF or image that are searched for its end mark.
const TAIL: u64 = 2_048;

/// File format of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// OFD (GB/T 33190).
    Ofd,
    /// PDF.
    Pdf,
    /// PNG image.
    Png,
    /// JPEG image.
    Jpg,
}

impl FileFormat {
    /// Returns the name used in tables, which is also the extension of file names.
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

/// Result of examining a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A complete file in a format of certificates.
    Certificate(FileFormat),
    /// Any other content.
    Other(OtherContent),
}

/// Reason why a file is not a certificate file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherContent {
    /// The file is empty.
    Empty,
    /// The data is not valid base64.
    NotBase64,
    /// There are more pages than a certificate can have.
    TooManyPages,
    /// A PDF without an end mark.
    CutOffPdf,
    /// A JPEG without an end mark.
    CutOffJpeg,
    /// A PNG without an end chunk.
    CutOffPng,
    /// An HTML page, such as a login form.
    WebPage,
    /// JSON, such as an error of the platform.
    Json,
    /// An unknown format.
    UnknownFormat,
    /// A zip without entries.
    EmptyZip,
    /// A zip without an end record, or with a damaged central directory.
    DamagedZip,
    /// A zip with more entries than an OFD can have.
    TooManyParts,
    /// A zip that is larger after decompression than an OFD can be.
    TooLargeUnfolded,
    /// A zip without OFD.xml.
    NoOfd,
    /// A zip whose OFD.xml cannot be decompressed or is not an OFD document.
    DamagedOfd,
}

impl OtherContent {
    /// Returns the reason as a message for the user.
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

/// Determines the format of a file from its content.
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

/// Checks whether a zip is an OFD, which it is if its root contains OFD.xml. Only the central directory, if within the limits,
/// and that entry are read; nothing else is decompressed.
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
    // Reading to the end also verifies the entry's checksum.
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
