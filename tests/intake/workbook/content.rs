//! Files that are something else than their names say, and files that not everybody can open.

use super::{Parts, compound, inline_rows, list, outcome, xlsx};
use crate::support::items;

#[test]
fn text_under_a_workbooks_name_is_read_as_text() {
    let commas = items(3);
    let tabs = commas.replace(',', "\t");
    let gbk = encoding_rs::GBK.encode(&commas).0.into_owned();
    let utf16: Vec<u8> = format!("\u{FEFF}{tabs}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [("a.xls", commas.clone().into_bytes()), ("a.xlsx", tabs.into_bytes()), ("a.XLS", gbk), ("a.et", utf16)]
    {
        let outcome = outcome(name, &bytes);
        assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]), "{name}");
        assert!(outcome.notes().contains(&"workbook-is-text"), "{name}: {:?}", outcome.notes());
    }
    assert!(!outcome("a.csv", commas.as_bytes()).notes().contains(&"workbook-is-text"));
}

#[test]
fn a_web_page_under_a_workbooks_name_is_read_as_one() {
    let rows: Vec<String> = list(3).iter().map(|[holder, code]| format!("<tr><td>{holder}</td><td>{code}</td></tr>")).collect();
    let rows = rows.concat();
    for page in [format!("<html><body><table>{rows}</table></body></html>"), format!("\n<div><TABLE>{rows}</TABLE></div>")] {
        let outcome = outcome("a.xls", page.as_bytes());
        assert_eq!((outcome.problems(), outcome.found.items.len()), (Vec::new(), 3));
        assert!(outcome.notes().contains(&"workbook-is-markup"), "{:?}", outcome.notes());
    }
}

#[test]
fn a_workbook_is_read_whatever_it_is_called() {
    let bytes = xlsx(&inline_rows(&list(3))).archive();
    for name in ["a.xls", "a.csv", "a.txt", "a.ods", "a"] {
        assert_eq!(outcome(name, &bytes).items(), [2, 3, 4], "{name}");
    }
}

#[test]
fn something_else_under_a_workbooks_name_is_told_in_plain_words() {
    let word = Parts::default().with("_rels/.rels", super::relationships(&[("rId1", "officeDocument", "word/document.xml")]));
    let word = word.with("word/document.xml", "<w:document xmlns:w=\"urn:w\"/>");
    let text = Parts::default().with("mimetype", "application/vnd.oasis.opendocument.text").with("content.xml", "<a/>");
    for (bytes, code, kind) in [
        (b"%PDF-1.7\n".to_vec(), "workbook-is-other", "workbook-kind-pdf"),
        (b"\x89PNG\r\n\x1A\n".to_vec(), "workbook-is-other", "workbook-kind-picture"),
        (b"Rar!\x1A\x07\x00".to_vec(), "workbook-is-other", "workbook-kind-archive"),
        (Parts::default().with("OFD.xml", "<a/>").archive(), "workbook-is-other", "workbook-kind-ofd"),
        (Parts::default().with("a.xlsx", "x").archive(), "workbook-is-other", "workbook-kind-archive"),
        (word.archive(), "workbook-is-other", "workbook-kind-word"),
        (text.archive(), "workbook-is-other", "workbook-kind-word"),
        (compound(&[("WordDocument", vec![1; 9])]), "workbook-is-other", "workbook-kind-word"),
        (compound(&[("PowerPoint Document", vec![1; 9])]), "workbook-is-other", "workbook-kind-slides"),
        (b"<?xml version=\"1.0\"?><list/>".to_vec(), "workbook-is-other", "workbook-kind-xml"),
        (b"\x09\x08\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x04\x02".to_vec(), "workbook-old-excel", ""),
        (vec![0; 4096], "workbook-zeros", ""),
        (Vec::new(), "workbook-empty-file", ""),
        ((0..=255).cycle().skip(1).take(4000).collect(), "workbook-unknown", ""),
    ] {
        let outcome = outcome("a.xlsx", &bytes);
        assert_eq!(outcome.problems(), [code], "{kind}");
        let message = outcome.report.problems[0].message.to_string();
        assert!(message.contains(kind), "{message}");
    }
}

#[test]
fn a_password_a_permission_or_document_protection_is_one_clear_problem() {
    let encrypted = [("EncryptionInfo", vec![4; 100]), ("EncryptedPackage", vec![7; 5000])];
    let restricted = [("DRMEncryptedTransform", vec![1; 100]), ("EncryptedPackage", vec![7; 5000])];
    let mut locked = xlsx("").archive();
    // The flag that says encrypted is bit 0, in the local headers and in the central directory.
    for (mark, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let places: Vec<usize> = memchr::memmem::find_iter(&locked, mark).collect();
        for at in places {
            locked[at + flags] |= 1;
        }
    }
    for (name, bytes, code) in [
        ("a.xlsx", compound(&encrypted), "workbook-password"),
        ("a.xlsx", compound(&encrypted)[..3000].to_vec(), "workbook-password"),
        ("a.xls", compound(&restricted), "workbook-rights"),
        ("a.xlsx", locked, "workbook-zip-password"),
        ("a.xlsx", b"%TSD-Header-###%\x00\x01\x02".to_vec(), "workbook-guarded"),
        ("a.csv", b"b\x14#e?\x00\x13\x01E-SafeNet\x00LOCK\x00".to_vec(), "workbook-guarded"),
    ] {
        let outcome = outcome(name, &bytes);
        assert_eq!(outcome.problems(), [code], "{name}");
        if code == "workbook-password" {
            assert!(outcome.report.problems[0].message.to_string().contains("VelvetSweatshop"));
        }
    }
}
