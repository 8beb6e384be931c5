//! Files of other programs that are found under the name of a list: what they are, by their first bytes.
//!
//! Some of them are text, and would be read as a list of nonsense.

/// Code of the message that names a file which is no text; `None` where it is none of those known here.
pub(super) fn of_bytes(head: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 18] = [
        (b"\x89PNG", "workbook-kind-picture"),
        (b"\xFF\xD8\xFF", "workbook-kind-picture"),
        (b"GIF8", "workbook-kind-picture"),
        (b"II*\0", "workbook-kind-picture"),
        (b"MM\0*", "workbook-kind-picture"),
        (b"%PDF", "workbook-kind-pdf"),
        (b"Rar!\x1A", "workbook-kind-archive"),
        (b"7z\xBC\xAF\x27\x1C", "workbook-kind-archive"),
        (b"\x1F\x8B", "workbook-kind-archive"),
        (b"BZh91AY", "workbook-kind-archive"),
        (b"\xFD7zXZ\0", "workbook-kind-archive"),
        (b"\0\x01\0\0Standard Jet DB", "workbook-kind-access"),
        (b"\0\x01\0\0Standard ACE DB", "workbook-kind-access"),
        (b"SQLite format 3\0", "workbook-kind-sqlite"),
        (b"L\0\0\0\x01\x14\x02\0", "workbook-kind-shortcut"),
        (b"MZ\x90\0", "workbook-kind-program"),
        (b"\x7FELF", "workbook-kind-program"),
        (b"\xDB\xA5", "workbook-kind-word"),
    ];
    let found = KNOWN.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, what)| *what);
    let is_tar = || head.get(257..262).is_some_and(|mark| mark == b"ustar");
    found
        .or_else(|| is_tar().then_some("workbook-kind-archive"))
        .or_else(|| is_parquet(head).then_some("workbook-kind-parquet"))
        .or_else(|| is_dbf(head).then_some("workbook-kind-dbf"))
}

/// Code of the message that names a text which is no delimited one, given in lower case from its first character on; `None`
/// where it is none of those known here.
pub(super) fn of_text(text: &str) -> Option<&'static str> {
    if text.starts_with("{\\rtf") {
        Some("workbook-kind-word")
    } else if text.starts_with("[internetshortcut]") {
        Some("workbook-kind-shortcut")
    } else if is_sylk(text) {
        Some("workbook-kind-sylk")
    } else if is_dif(text) {
        Some("workbook-kind-dif")
    } else if is_json(text) {
        Some("workbook-kind-json")
    } else {
        is_sql(text).then_some("workbook-kind-sql")
    }
}

/// Code of the message that names an XML file which is no table that is read here, in lower case.
pub(super) fn of_xml(text: &str) -> Option<&'static str> {
    if text.contains("<uof:uof") || text.contains("<uof ") {
        Some("workbook-kind-uof")
    } else if text.contains("<office:document") {
        let is_spreadsheet = text.contains("opendocument.spreadsheet") || text.contains("<office:spreadsheet");
        Some(if is_spreadsheet { "workbook-kind-flat-ods" } else { "workbook-kind-xml" })
    } else {
        None
    }
}

/// Parquet: the mark is followed by a binary structure.
fn is_parquet(head: &[u8]) -> bool {
    head.strip_prefix(b"PAR1").is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_control))
}

/// A table of dBASE or `FoxPro`: its header has a version, the date of the last change, its own length, and a description of 32
/// bytes for each field.
fn is_dbf(head: &[u8]) -> bool {
    const VERSIONS: [u8; 15] = [0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8C, 0xCB, 0xF5, 0xFB];
    const TYPES: &[u8] = b"CNDLMFIBTGYPQVOW@+0";
    /// Length of the header of a table with a single field.
    const SHORTEST: u16 = 65;
    let [version, _, month, day, _, _, _, _, low, high, ..] = head else { return false };
    let length = u16::from_le_bytes([*low, *high]);
    let name = head.get(32..43).unwrap_or_default();
    let is_name = name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first >= 0x80) && name.last() == Some(&0);
    VERSIONS.contains(version)
        && (1..=12).contains(month)
        && (1..=31).contains(day)
        && length >= SHORTEST
        && is_name
        && head.get(43).is_some_and(|kind| TYPES.contains(kind))
}

/// SYLK, which Multiplan introduced: records of a letter and fields with semicolons, the first of them an identification.
fn is_sylk(text: &str) -> bool {
    const NEXT: [&str; 8] = ["b;", "c;", "f;", "o;", "p;", "ne;", "nn;", "nu;"];
    let mut lines = text.lines();
    lines.next().is_some_and(|line| line.starts_with("id;p"))
        && lines.next().is_some_and(|line| NEXT.iter().any(|begin| line.starts_with(begin)))
}

/// DIF, which `VisiCalc` introduced.
fn is_dif(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.next() == Some("table") && lines.next().is_some_and(|line| line.starts_with("0,"))
}

fn is_json(text: &str) -> bool {
    let mut characters = text.chars().filter(|character| !character.is_whitespace());
    match (characters.next(), characters.next()) {
        (Some('{'), Some('"')) => text.contains(':'),
        (Some('['), Some('{' | '[' | '"')) => true,
        _ => false,
    }
}

/// A script of SQL that fills a table, behind comments that may stand before it.
fn is_sql(text: &str) -> bool {
    const STATEMENTS: [&str; 7] =
        ["insert into ", "insert all", "create table ", "drop table ", "set names ", "/*!40", "rem inserting into "];
    let is_comment = |line: &&str| line.is_empty() || *line == "--" || line.starts_with("-- ");
    let mut lines = text.lines().map(str::trim);
    let statement = lines.find(|line| !is_comment(line));
    statement.is_some_and(|line| STATEMENTS.iter().any(|begin| line.starts_with(begin)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The beginning of a dBASE table with one field.
    fn dbf() -> Vec<u8> {
        let mut head = vec![0x03, 126, 11, 24, 5, 0, 0, 0, 65, 0, 19, 0];
        head.resize(32, 0);
        head.extend(b"SFZH\0\0\0\0\0\0\0C\0\0\0\0\x12");
        head.resize(64, 0);
        head.extend(b"\x0D 370499199001010007\x1A");
        head
    }

    #[test]
    fn binary_files_are_told_by_their_first_bytes() {
        let mut tar = vec![b'a'; 257];
        tar.extend(b"ustar\0");
        for (head, kind) in [
            (dbf(), Some("workbook-kind-dbf")),
            (b"PAR1\x15\x04".to_vec(), Some("workbook-kind-parquet")),
            (b"SQLite format 3\0".to_vec(), Some("workbook-kind-sqlite")),
            (b"\0\x01\0\0Standard ACE DB".to_vec(), Some("workbook-kind-access")),
            (b"\x1F\x8B\x08".to_vec(), Some("workbook-kind-archive")),
            (tar, Some("workbook-kind-archive")),
            (b"PAR1,PAR2\n".to_vec(), None),
            ("0证件号码,证照类型代码\n370499199001010007,11100000000013127D001,C\n".as_bytes().to_vec(), None),
            (b"2,3\n".to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(of_bytes(&head), kind, "{:?}", String::from_utf8_lossy(&head));
        }
    }

    #[test]
    fn texts_of_other_formats_are_told_by_their_first_lines() {
        for (text, kind) in [
            ("id;pwxl;n;e\r\np;pgeneral\r\n", Some("workbook-kind-sylk")),
            ("table\r\n0,1\r\n\"excel\"\r\nvectors\r\n", Some("workbook-kind-dif")),
            ("[{\"证件号码\":\"1\"}]", Some("workbook-kind-json")),
            ("{\n  \"data\": [\n", Some("workbook-kind-json")),
            ("[\n  [\"证件号码\"]", Some("workbook-kind-json")),
            ("insert into t (a) values ('1');\n", Some("workbook-kind-sql")),
            ("-- mysql dump 10.13\n--\n\ndrop table if exists t;\n", Some("workbook-kind-sql")),
            ("{\\rtf1\\ansi}", Some("workbook-kind-word")),
            ("[internetshortcut]\n", Some("workbook-kind-shortcut")),
            ("id;证件号码;证照类型代码\n1;2;3\n", None),
            ("id;person;type\n1;2;3\n", None),
            ("id\ne12345678\n", None),
            ("table,name\n1,2\n", None),
            ("[市中区]清单\n证件号码\n", None),
            ("{清单}\n", None),
            ("-----,-----\n1,2\n", None),
            ("证件号码,证照类型代码\n", None),
            ("", None),
        ] {
            assert_eq!(of_text(text), kind, "{text}");
        }
    }

    #[test]
    fn xml_of_other_programs_is_told_by_its_root() {
        let flat = "<?xml version=\"1.0\"?><office:document office:mimetype=\"application/vnd.oasis.opendocument.";
        for (text, kind) in [
            (format!("{flat}spreadsheet\">"), Some("workbook-kind-flat-ods")),
            (format!("{flat}text\">"), Some("workbook-kind-xml")),
            ("<?xml version=\"1.0\"?><uof:uof xmlns:uof=\"urn:x\">".to_owned(), Some("workbook-kind-uof")),
            ("<list/>".to_owned(), None),
        ] {
            assert_eq!(of_xml(&text), kind, "{text}");
        }
    }

    proptest! {
        #[test]
        fn lists_are_none_of_them(text in "[a-z0-9一-龥]{1,8},[a-z0-9一-龥]{1,8}\n[0-9]{18},[0-9]{18}\n") {
            prop_assert_eq!(of_text(&text), None);
            prop_assert_eq!(of_bytes(text.as_bytes()), None);
        }

        #[test]
        fn any_bytes_are_looked_at(head in prop::collection::vec(any::<u8>(), 0..100)) {
            of_bytes(&head);
        }
    }
}
