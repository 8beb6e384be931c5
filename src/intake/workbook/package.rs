//! A workbook that is a zip archive: its parts by name, and how they refer to each other.
//!
//! Names are compared as the Open Packaging Conventions say, and more leniently where programs are known to differ:
//! without regard to letter case, with backslashes for slashes, and with or without a slash at the beginning.

use super::fault::Fault;
use super::xml::{XmlReader, attribute};
use crate::message::Message;
use quick_xml::events::Event;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// Largest part, in bytes; a sheet is streamed, whatever its size.
const LARGEST_PART: u64 = 16 << 30;
/// A part that unfolds to more than this many times its size is no text that anybody typed.
const STEEPEST: u64 = 400;
/// Parts up to this size are not worth suspecting.
const HARMLESS: u64 = 64 << 20;
/// More parts than any workbook has.
const MOST_PARTS: usize = 100_000;
/// More relationships than any workbook's main part has.
const MOST_RELATIONSHIPS: usize = 20_000;
/// Longer than the name of any part, in bytes.
const LONGEST_NAME: usize = 4096;
/// Ways of compression that some programs choose and that no program for spreadsheets reads, with their names.
const RARE_METHODS: [(CompressionMethod, &str); 7] = [
    (CompressionMethod::BZIP2, "bzip2"),
    (CompressionMethod::LZMA, "LZMA"),
    (CompressionMethod::DEFLATE64, "Deflate64"),
    (CompressionMethod::ZSTD, "Zstandard"),
    (CompressionMethod::XZ, "XZ"),
    (CompressionMethod::PPMD, "PPMd"),
    (CompressionMethod::IMPLODE, "Implode"),
];

/// A zip archive with the parts of a workbook.
pub(in crate::intake) struct Package {
    zip: ZipArchive<BufReader<File>>,
    /// Index in the archive, by normalised name.
    parts: HashMap<String, usize>,
}

/// What a zip archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::intake) enum PackageKind {
    /// An xlsx or xlsm workbook, by its main part.
    Xlsx(String),
    /// An xlsb workbook, by its main part.
    Xlsb(String),
    /// An ods workbook.
    Ods,
    /// Something else: a message with what it is.
    Other(Message),
}

/// A reference from one part to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relationship {
    pub id: String,
    /// Last segment of the relationship's type, in lower case, such as `worksheet`.
    pub kind: String,
    /// Name of the part that is meant, normalised.
    pub target: String,
}

impl Package {
    /// Opens an archive; its parts are measured before any of them is unfolded.
    ///
    /// # Errors
    /// Fails if the file is no whole archive, is protected by a password, or unfolds to more than a workbook does.
    pub(in crate::intake) fn open(path: &Path) -> Result<Self, Message> {
        let damaged = || Message::new("workbook-archive-damaged");
        let file = File::open(path).map_err(|error| Message::new("workbook-unreadable").with("error", error))?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|_| damaged())?;
        if zip.len() > MOST_PARTS {
            return Err(Message::new("workbook-too-many-parts").with("parts", zip.len()));
        }
        let mut parts = HashMap::new();
        for index in 0..zip.len() {
            let entry = zip.by_index_data(index).map_err(|_| damaged())?;
            let name = entry.name().map_err(|_| damaged())?;
            if entry.encrypted() {
                return Err(Fault::Locked.of_part(""));
            }
            let is_steep = entry.size() > HARMLESS && entry.size() / entry.compressed_size().max(1) > STEEPEST;
            if entry.size() > LARGEST_PART || is_steep {
                let message = Message::new("workbook-unfolds-too-far");
                return Err(message.with("size", entry.size() >> 20).with("part", name));
            }
            parts.entry(normalised(&name)).or_insert(index);
        }
        Ok(Self { zip, parts })
    }

    /// Whether there is a part of this normalised name.
    pub(in crate::intake) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(name)
    }

    /// Tells what the archive holds.
    ///
    /// # Errors
    /// Fails if the parts that tell it are damaged.
    pub(in crate::intake) fn kind(&mut self) -> Result<PackageKind, Message> {
        let media_type = self.head("mimetype")?;
        if let Some(kind) = media_type.strip_prefix("application/vnd.oasis.opendocument.") {
            if kind.starts_with("spreadsheet") {
                return Ok(PackageKind::Ods);
            }
            let other = if kind.starts_with("presentation") { "workbook-kind-slides" } else { "workbook-kind-word" };
            return Ok(PackageKind::Other(Message::new(other)));
        }
        let Some(main) = self.main_part()? else {
            // A document in the Uniform Office Format has a part of the name that the content of an ods workbook has.
            let others = [
                ("uof.xml", "workbook-kind-uof"),
                ("index/document.iwa", "workbook-kind-numbers"),
                ("index.zip", "workbook-kind-numbers"),
                ("ofd.xml", "workbook-kind-ofd"),
            ];
            let other = others.iter().find(|(part, _)| self.has(part)).map(|(_, kind)| *kind);
            return Ok(match other {
                None if self.has("content.xml") => PackageKind::Ods,
                other => PackageKind::Other(Message::new(other.unwrap_or("workbook-kind-archive"))),
            });
        };
        if Path::new(&main).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("bin")) {
            return Ok(PackageKind::Xlsb(main));
        }
        let root = self.root_element(&main).map_err(|fault| fault.of_part(&main))?;
        Ok(match root.as_str() {
            "workbook" => PackageKind::Xlsx(main),
            "document" => PackageKind::Other(Message::new("workbook-kind-word")),
            "presentation" => PackageKind::Other(Message::new("workbook-kind-slides")),
            _ => PackageKind::Other(Message::new("workbook-kind-archive")),
        })
    }

    /// Bytes of a part.
    ///
    /// # Errors
    /// Fails if there is no such part, or it cannot be unfolded.
    pub(super) fn part(&mut self, name: &str) -> Result<Box<dyn Read + '_>, Fault> {
        let index = *self.parts.get(name).ok_or(Fault::Missing)?;
        let method = self.zip.by_index_data(index).map_err(|_| Fault::Damaged)?.compression();
        if method != CompressionMethod::STORE && method != CompressionMethod::DEFLATE {
            // The archive tells it only where the part is read, as damage like any other.
            let name = RARE_METHODS.iter().find(|(rare, _)| *rare == method).map_or("", |(_, name)| *name);
            return Err(Fault::Compression(name));
        }
        match self.zip.by_index(index) {
            Ok(part) => Ok(Box::new(part)),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword) => Err(Fault::Locked),
            Err(ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_)) => Err(Fault::Compression("")),
            Err(_) => Err(Fault::Damaged),
        }
    }

    /// A part as XML.
    ///
    /// # Errors
    /// Fails like [`Package::part`].
    pub(super) fn xml(&mut self, name: &str) -> Result<XmlReader<'_>, Fault> {
        XmlReader::new(self.part(name)?)
    }

    /// The relationships of a part; none where it has none. The archive as a whole is the part with the empty name.
    ///
    /// # Errors
    /// Fails if they cannot be read.
    pub(super) fn relationships(&mut self, source: &str) -> Result<Vec<Relationship>, Fault> {
        let (folder, name) = source.rsplit_once('/').unwrap_or(("", source));
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let part = format!("{folder}_rels/{name}.rels");
        if !self.has(&part) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut xml = self.xml(&part)?;
        loop {
            match xml.event()? {
                Event::Eof => break,
                Event::Start(tag) if tag.local_name().as_ref() == "Relationship" && found.len() < MOST_RELATIONSHIPS => {
                    let value = |name| attribute(&tag, name).unwrap_or_default();
                    let kind = value("Type").rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
                    let is_part = tag.len() <= LONGEST_NAME && !value("TargetMode").eq_ignore_ascii_case("external");
                    if is_part {
                        found.push(Relationship { id: value("Id").into_owned(), kind, target: value("Target").into_owned() });
                    }
                }
                _ => {}
            }
        }
        drop(xml);
        for relationship in &mut found {
            relationship.target = self.resolve(&folder, &relationship.target);
        }
        Ok(found)
    }

    /// The part that a target means, seen from a folder. Where there is no part of that name, it is taken as seen from the
    /// root, which is how some programs write it.
    fn resolve(&self, folder: &str, target: &str) -> String {
        let from_root = normalised(target);
        if target.starts_with(['/', '\\']) {
            return from_root;
        }
        let from_folder = normalised(&format!("{folder}{target}"));
        if !self.has(&from_folder) && self.has(&from_root) { from_root } else { from_folder }
    }

    /// The main part of an Office document: by the package's relationships, else by the content types, else by the
    /// usual names.
    fn main_part(&mut self) -> Result<Option<String>, Message> {
        let of_relationships = |fault: Fault| fault.of_part("_rels/.rels");
        let relationships = self.relationships("").map_err(of_relationships)?;
        let mut candidates: Vec<String> =
            relationships.into_iter().filter(|found| found.kind == "officedocument").map(|found| found.target).collect();
        if !candidates.iter().any(|name| self.has(name)) {
            candidates.extend(self.parts_of_main_type()?);
            candidates.extend(["xl/workbook.xml", "xl/workbook.bin", "workbook.xml", "workbook.bin"].map(str::to_owned));
        }
        Ok(candidates.into_iter().find(|name| self.has(name)))
    }

    /// Parts that the content types call a workbook.
    fn parts_of_main_type(&mut self) -> Result<Vec<String>, Message> {
        const TYPES: &str = "[content_types].xml";
        if !self.has(TYPES) {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let mut read = || -> Result<(), Fault> {
            let mut xml = self.xml(TYPES)?;
            loop {
                match xml.event()? {
                    Event::Eof => return Ok(()),
                    Event::Start(tag) if tag.local_name().as_ref() == "Override" => {
                        let content_type = attribute(&tag, "ContentType").unwrap_or_default().to_ascii_lowercase();
                        let is_main = content_type.contains("sheet.main+xml")
                            || content_type.contains("template.main+xml")
                            || content_type.contains("macroenabled.main");
                        if is_main && tag.len() <= LONGEST_NAME && found.len() < MOST_RELATIONSHIPS {
                            found.extend(attribute(&tag, "PartName").map(|name| normalised(&name)));
                        }
                    }
                    _ => {}
                }
            }
        };
        read().map_err(|fault| fault.of_part(TYPES))?;
        Ok(found)
    }

    /// Name of a part's root element, without prefix; empty where it has none.
    fn root_element(&mut self, part: &str) -> Result<String, Fault> {
        let mut xml = self.xml(part)?;
        loop {
            match xml.event()? {
                Event::Start(tag) => return Ok(tag.local_name().as_ref().to_owned()),
                Event::Eof => return Ok(String::new()),
                _ => {}
            }
        }
    }

    /// The first bytes of a part as text; empty where there is none.
    fn head(&mut self, name: &str) -> Result<String, Message> {
        if !self.has(name) {
            return Ok(String::new());
        }
        let mut head = Vec::new();
        let part = self.part(name).map_err(|fault| fault.of_part(name))?;
        part.take(256).read_to_end(&mut head).map_err(|_| Fault::Damaged.of_part(name))?;
        Ok(String::from_utf8_lossy(&head).into_owned())
    }
}

/// A part's name in the form in which names are compared.
fn normalised(name: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    for segment in name.split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(without_percents(segment).to_ascii_lowercase()),
        }
    }
    segments.join("/")
}

/// A segment of a name with `%E6` and the like replaced by the bytes that they stand for.
fn without_percents(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = if *byte == b'%' { segment.get(at + 1..at + 3) } else { None };
        let escaped = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    #[test]
    fn names_are_compared_in_one_form() {
        for (name, expected) in [
            ("xl/workbook.xml", "xl/workbook.xml"),
            ("/xl/Workbook.XML", "xl/workbook.xml"),
            ("xl\\worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl//./worksheets/../styles.xml", "xl/styles.xml"),
            ("../../workbook.xml", "workbook.xml"),
            ("xl/%E8%A1%A8.xml", "xl/表.xml"),
            ("xl/100%.xml", "xl/100%.xml"),
            ("xl/%zz%4", "xl/%zz%4"),
            ("", ""),
        ] {
            assert_eq!(normalised(name), expected, "{name}");
        }
    }

    /// A zip archive with these parts, all compressed by a method of this number.
    fn package(parts: &[&str], method: u8) -> Package {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for part in parts {
            zip.start_file(*part, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(b"<a/>").unwrap();
        }
        let mut bytes = zip.finish().unwrap().into_inner();
        // Where the headers of a part in front of it and in the directory name its method.
        for (mark, method_at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
            let places: Vec<usize> = memchr::memmem::find_iter(&bytes, mark).collect();
            for place in places {
                bytes[place + method_at] = method;
            }
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Package::open(file.path()).unwrap()
    }

    #[test]
    fn a_part_that_is_compressed_in_a_rare_way_is_told_by_its_name() {
        for (method, name) in [(12, "bzip2"), (14, "LZMA"), (9, "Deflate64"), (93, "Zstandard"), (77, "")] {
            let mut package = package(&["xl/workbook.xml"], method);
            assert_eq!(package.part("xl/workbook.xml").err(), Some(Fault::Compression(name)));
            assert!(package.kind().is_err(), "{name}");
        }
        assert!(package(&["xl/workbook.xml"], 8).part("xl/workbook.xml").is_ok());
    }

    #[test]
    fn packages_of_other_programs_are_told_by_their_parts() {
        for (parts, kind) in [
            (&["uof.xml", "content.xml"][..], "workbook-kind-uof"),
            (&["Index/Document.iwa", "preview.jpg"][..], "workbook-kind-numbers"),
            (&["Index.zip", "Data/a.png"][..], "workbook-kind-numbers"),
            (&["OFD.xml"][..], "workbook-kind-ofd"),
            (&["a.xlsx"][..], "workbook-kind-archive"),
        ] {
            assert_eq!(package(parts, 8).kind(), Ok(PackageKind::Other(Message::new(kind))));
        }
        assert_eq!(package(&["content.xml", "styles.xml"], 8).kind(), Ok(PackageKind::Ods));
    }

    proptest! {
        #[test]
        fn a_normalised_name_stays_as_it_is(name in "[a-zA-Z./\\\\枣]{0,20}") {
            let once = normalised(&name);
            prop_assert_eq!(normalised(&once), once);
        }
    }
}
