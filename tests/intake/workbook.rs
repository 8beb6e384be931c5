//! Workbooks as whole files: of unusual but legal make, protected, damaged, too large, or something else altogether.

mod binary;
mod content;
mod damage;
mod ods;
mod xlsx;

use super::{Outcome, TYPE};
use crate::support::{Workspace, citizen, job_text};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

impl Outcome {
    /// Codes of the notes about the file.
    fn notes(&self) -> Vec<&str> {
        let notes = self.report.files.iter().flat_map(|file| &file.notes);
        notes.map(|note| note.message.code()).collect()
    }

    /// Certificate numbers of the items, in order.
    fn certificate_numbers(&self) -> Vec<&str> {
        self.found.items.iter().map(|item| item.certificate_number.as_deref().unwrap_or("-")).collect()
    }
}

/// Reads a file of this name and content.
fn outcome(name: &str, bytes: &[u8]) -> Outcome {
    outcome_with(name, bytes, "")
}

/// Reads a file with further lines in the job's `[[inputs]]`.
fn outcome_with(name: &str, bytes: &[u8], settings: &str) -> Outcome {
    let workspace = Workspace::new();
    workspace.write_input(name, bytes);
    let job = job_text(&format!("inputs/{name}"), "").replace("carry =", &format!("{settings}\ncarry ="));
    Outcome::of(&workspace, &job)
}

/// Parts of a zip archive by name.
#[derive(Clone, Default)]
struct Parts(BTreeMap<String, Vec<u8>>);

impl Parts {
    fn with(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.0.insert(name.to_owned(), content.as_ref().to_vec());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.remove(name).unwrap();
        self
    }

    /// The same parts under other names.
    fn renamed(self, rename: impl Fn(&str) -> String) -> Self {
        Self(self.0.into_iter().map(|(name, content)| (rename(&name), content)).collect())
    }

    /// The same parts with text replaced in one of them.
    fn replaced(mut self, part: &str, from: &str, to: &str) -> Self {
        let content = self.0.get_mut(part).unwrap();
        let text = String::from_utf8(content.clone()).unwrap();
        assert!(text.contains(from), "{part} has no {from}");
        *content = text.replace(from, to).into_bytes();
        self
    }

    fn archive(&self) -> Vec<u8> {
        self.archive_with(SimpleFileOptions::default())
    }

    fn archive_with(&self, options: SimpleFileOptions) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.0 {
            zip.start_file(name, options).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }
}

/// The header of a list and `count` rows of codes, as texts.
fn list(count: u64) -> Vec<[String; 2]> {
    let header = ["证件号码".to_owned(), "证照类型代码".to_owned()];
    let rows = (0..count).map(|serial| [citizen(serial), TYPE.to_owned()]);
    std::iter::once(header).chain(rows).collect()
}

const RELATIONSHIPS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A relationships part, by id, last segment of the type, and target.
fn relationships(entries: &[(&str, &str, &str)]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .map(|(id, kind, target)| format!("<Relationship Id=\"{id}\" Type=\"{RELATIONSHIPS}/{kind}\" Target=\"{target}\"/>"))
        .collect();
    let namespace = "http://schemas.openxmlformats.org/package/2006/relationships";
    format!("<?xml version=\"1.0\"?><Relationships xmlns=\"{namespace}\">{}</Relationships>", entries.concat())
}

/// The parts of an xlsx workbook with one sheet, of which `rows` is the content of `sheetData`.
fn xlsx(rows: &str) -> Parts {
    let main = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
    let types = format!(
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/>\
         <Override PartName=\"/xl/workbook.xml\" ContentType=\"{main}\"/></Types>"
    );
    let workbook = format!(
        "<?xml version=\"1.0\"?><workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONSHIPS}\"><sheets><sheet name=\"清单\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let sheet = format!("<?xml version=\"1.0\"?><worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>");
    Parts::default()
        .with("[Content_Types].xml", types)
        .with("_rels/.rels", relationships(&[("rId1", "officeDocument", "xl/workbook.xml")]))
        .with("xl/workbook.xml", workbook)
        .with("xl/_rels/workbook.xml.rels", relationships(&[("rId1", "worksheet", "worksheets/sheet1.xml")]))
        .with("xl/worksheets/sheet1.xml", sheet)
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// Rows of `sheetData` with inline texts.
fn inline_rows(rows: &[[String; 2]]) -> String {
    let row = |(number, [first, second]): (usize, &[String; 2])| {
        let cell = |column: &str, text: &str| format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
        format!("<row r=\"{number}\">{}{}</row>", cell("A", first), cell("B", second))
    };
    (1..).zip(rows).map(row).collect()
}

/// A compound file with these streams.
fn compound(streams: &[(&str, Vec<u8>)]) -> Vec<u8> {
    const END: u32 = 0xFFFF_FFFE;
    const FREE: u32 = 0xFFFF_FFFF;
    let padded: Vec<Vec<u8>> = streams
        .iter()
        .map(|(_, content)| {
            let mut content = content.clone();
            content.resize(content.len().max(4096).next_multiple_of(512), 0);
            content
        })
        .collect();
    let directory_sectors = (1 + streams.len()).div_ceil(4);
    let content_sectors: usize = padded.iter().map(|content| content.len() / 512).sum();
    let mut table_sectors = 1;
    while (table_sectors + directory_sectors + content_sectors).div_ceil(128) > table_sectors {
        table_sectors += 1;
    }

    let number = |value: usize| u32::try_from(value).unwrap();
    let chain = |from: usize, length: usize| {
        let links = (from + 1..from + length).map(number);
        links.chain([END]).collect::<Vec<u32>>()
    };
    let mut table = vec![0xFFFF_FFFD; table_sectors];
    table.extend(chain(table_sectors, directory_sectors));
    let mut starts = Vec::new();
    for content in &padded {
        starts.push(number(table.len()));
        table.extend(chain(table.len(), content.len() / 512));
    }
    table.resize(table_sectors * 128, FREE);

    let mut file = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    file.resize(24, 0);
    for value in [0x3Eu16, 3, 0xFFFE, 9, 6, 0, 0, 0] {
        file.extend(value.to_le_bytes());
    }
    for value in [0, number(table_sectors), number(table_sectors), 0, 4096, END, 0, END, 0] {
        file.extend(value.to_le_bytes());
    }
    for place in 0..109 {
        let sector = if place < table_sectors { number(place) } else { FREE };
        file.extend(sector.to_le_bytes());
    }
    file.extend(table.iter().flat_map(|sector| sector.to_le_bytes()));
    let entry = |name: &str, kind: u8, start: u32, length: usize| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let name_length = u16::try_from(entry.len() + 2).unwrap();
        entry.resize(64, 0);
        entry.extend(name_length.to_le_bytes());
        entry.extend([kind, 1]);
        entry.extend([0xFF; 12]);
        entry.resize(116, 0);
        entry.extend(start.to_le_bytes());
        entry.extend((length as u64).to_le_bytes());
        entry
    };
    let mut directory = entry("Root Entry", 5, END, 0);
    for (((name, _), content), start) in streams.iter().zip(&padded).zip(starts) {
        directory.extend(entry(name, 2, start, content.len()));
    }
    directory.resize(directory_sectors * 512, 0);
    file.extend(directory);
    file.extend(padded.concat());
    file
}
