//! What a file is, by its content: PDF, OFD, JPEG or PNG, whole; anything else is no certificate file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use zip::ZipArchive;

/// An OFD's parts, unfolded, may be this large together; more is a bomb, or no certificate.
const LARGEST_OFD: u64 = 1 << 30;
const MOST_PARTS: usize = 20_000;
/// A zip's table is a page or two.
const LARGEST_TABLE: u32 = 4 << 20;
/// OFD.xml is a page of text.
const LARGEST_ROOT: u64 = 1 << 20;
/// How far from the end the end of a PDF is looked for.
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

/// Why a file is no certificate file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoCertificateFile(pub &'static str);

/// Tells what a file is.
///
/// # Errors
/// The outer one is the disk's; the inner one says why it is no certificate file.
pub fn recognise(file: &mut File) -> std::io::Result<Result<FileFormat, NoCertificateFile>> {
    let length = file.seek(SeekFrom::End(0))?;
    let begin = part(file, 0, 16)?;
    let end = part(file, length.saturating_sub(TAIL), TAIL)?;
    let ends_with = |ending: &[u8]| end.windows(ending.len()).any(|window| window == ending);
    Ok(match &begin[..] {
        [] => Err(NoCertificateFile("文件为空")),
        [b'%', b'P', b'D', b'F', b'-', ..] if ends_with(b"%%EOF") => Ok(FileFormat::Pdf),
        [b'%', b'P', b'D', b'F', b'-', ..] => Err(NoCertificateFile("PDF 不完整")),
        [0xFF, 0xD8, 0xFF, ..] if ends_with(&[0xFF, 0xD9]) => Ok(FileFormat::Jpg),
        [0xFF, 0xD8, 0xFF, ..] => Err(NoCertificateFile("JPEG 不完整")),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] if ends_with(b"IEND") => Ok(FileFormat::Png),
        [0x89, b'P', b'N', b'G', ..] => Err(NoCertificateFile("PNG 不完整")),
        [b'P', b'K', 3, 4, ..] => ofd(file),
        [b'P', b'K', 5, 6, ..] => Err(NoCertificateFile("空的压缩包")),
        text if looks_like_a_page(text) => Err(NoCertificateFile("是网页（例如登录页），不是证照文件")),
        [b'{' | b'[', ..] => Err(NoCertificateFile("是 JSON 答复，不是证照文件")),
        _ => Err(NoCertificateFile("不是 PDF、OFD、JPEG 或 PNG")),
    })
}

fn part(file: &mut File, from: u64, most: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    Read::by_ref(file).take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn looks_like_a_page(begin: &[u8]) -> bool {
    let text = begin.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(begin).trim_ascii_start().to_ascii_lowercase();
    text.starts_with(b"<")
}

/// How many parts a zip says that it has, and how large its table is; so much is known before the table is read. None where
/// it has no end.
fn table_size(file: &mut File) -> std::io::Result<Option<(u16, u32)>> {
    const END: &[u8; 4] = b"PK\x05\x06";
    const END_BYTES: u64 = 22 + 65_535;
    let length = file.seek(SeekFrom::End(0))?;
    let tail = part(file, length.saturating_sub(END_BYTES), END_BYTES)?;
    let Some(at) = tail.windows(END.len()).rposition(|window| window == END) else { return Ok(None) };
    let Some(end) = tail.get(at..at + 20) else { return Ok(None) };
    Ok(Some((u16::from_le_bytes([end[10], end[11]]), u32::from_le_bytes([end[12], end[13], end[14], end[15]]))))
}

/// A zip is an OFD where its root holds OFD.xml. Only its table and that one part are read: nothing else is unfolded.
fn ofd(file: &mut File) -> Result<FileFormat, NoCertificateFile> {
    match table_size(file) {
        Ok(Some((parts, bytes))) if usize::from(parts) <= MOST_PARTS && bytes <= LARGEST_TABLE => {}
        Ok(Some(_)) => return Err(NoCertificateFile("压缩包内文件过多")),
        Ok(None) | Err(_) => return Err(NoCertificateFile("压缩包不完整")),
    }
    let Ok(mut zip) = ZipArchive::new(file) else { return Err(NoCertificateFile("压缩包不完整")) };
    if zip.len() > MOST_PARTS {
        return Err(NoCertificateFile("压缩包内文件过多"));
    }
    let (mut size, mut root) = (0u64, None);
    for at in 0..zip.len() {
        let Ok(part) = zip.by_index_raw(at) else { return Err(NoCertificateFile("压缩包无法读取")) };
        size = size.saturating_add(part.size());
        if part.name().is_ok_and(|name| name.eq_ignore_ascii_case("OFD.xml")) {
            root = Some(at);
        }
    }
    if size > LARGEST_OFD {
        return Err(NoCertificateFile("压缩包解压后超过 1 GiB"));
    }
    let Some(root) = root else { return Err(NoCertificateFile("压缩包中没有 OFD.xml")) };
    let Ok(part) = zip.by_index(root) else { return Err(NoCertificateFile("OFD.xml 无法读取")) };
    let mut bytes = Vec::new();
    // Reading to the end checks the part's checksum too.
    match part.take(LARGEST_ROOT + 1).read_to_end(&mut bytes) {
        Ok(count) if count as u64 <= LARGEST_ROOT && looks_like_a_page(&bytes[..count.min(16)]) => Ok(FileFormat::Ofd),
        _ => Err(NoCertificateFile("OFD.xml 无法读取")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn told(bytes: &[u8]) -> Result<FileFormat, &'static str> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        recognise(&mut file).unwrap().map_err(|no| no.0)
    }

    fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_file_is_what_it_is() {
        assert_eq!(told(b"%PDF-1.4\n...\n%%EOF\n"), Ok(FileFormat::Pdf));
        assert_eq!(told(&[0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 0xFF, 0xD9]), Ok(FileFormat::Jpg));
        assert_eq!(told(b"\x89PNG\r\n\x1a\n....IEND\xae\x42\x60\x82"), Ok(FileFormat::Png));
        let ofd = zip(&[("OFD.xml", b"<?xml version=\"1.0\"?><ofd:OFD/>"), ("Doc_0/Document.xml", b"<a/>")]);
        assert_eq!(told(&ofd), Ok(FileFormat::Ofd));
        for (bytes, why) in [
            (&b""[..], "文件为空"),
            (b"%PDF-1.4\n...", "PDF 不完整"),
            (b"\xEF\xBB\xBF <!DOCTYPE html><form>", "是网页（例如登录页），不是证照文件"),
            (b"{\"head\":{}}", "是 JSON 答复，不是证照文件"),
            (b"MZ\x90\x00", "不是 PDF、OFD、JPEG 或 PNG"),
            (&ofd[..ofd.len() / 2], "压缩包不完整"),
            (&zip(&[("word/document.xml", b"<a/>")]), "压缩包中没有 OFD.xml"),
            (&zip(&[("OFD.xml", b"MZ\x90")]), "OFD.xml 无法读取"),
            (&zip(&[("OFD.xml", &vec![b' '; 2 << 20])]), "OFD.xml 无法读取"),
        ] {
            assert_eq!(told(bytes), Err(why));
        }
    }
}
