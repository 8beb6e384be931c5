//! Workbooks that lack a part, or pack one in a way that cannot be read: nothing of them is taken for empty.

use super::{Parts, inline_rows, list, outcome, relationships, xlsx};

const SHARED: &str = "xl/sharedStrings.xml";

/// A workbook whose cells refer to shared texts, without the part that has them.
fn without_shared_texts() -> Parts {
    let cells = |row: usize| {
        let cell =
            |(place, column): (usize, &str)| format!("<c r=\"{column}{row}\" t=\"s\"><v>{}</v></c>", 2 * (row - 1) + place);
        format!("<row r=\"{row}\">{}</row>", ["A", "B"].into_iter().enumerate().map(cell).collect::<Vec<_>>().concat())
    };
    let rows: Vec<String> = (1..=4).map(cells).collect();
    let related = [("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml")];
    xlsx(&rows.concat()).with("xl/_rels/workbook.xml.rels", relationships(&related))
}

fn shared_texts() -> String {
    let texts: Vec<String> = list(3).iter().flatten().map(|text| format!("<si><t>{text}</t></si>")).collect();
    format!("<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">{}</sst>", texts.concat())
}

#[test]
fn cells_whose_shared_texts_are_missing_are_unreadable_and_not_empty() {
    let whole = outcome("a.xlsx", &without_shared_texts().with(SHARED, shared_texts()).archive());
    assert_eq!((whole.items(), whole.problems()), (vec![2, 3, 4], Vec::new()));
    for parts in [without_shared_texts(), without_shared_texts().with(SHARED, "<sst/>")] {
        let outcome = outcome("a.xlsx", &parts.archive());
        assert_eq!((outcome.items(), outcome.problems()), (Vec::new(), vec!["workbook-part-missing"]));
    }
    // A workbook that needs none may lack the part.
    assert_eq!(outcome("a.xlsx", &xlsx(&inline_rows(&list(3))).archive()).items(), [2, 3, 4]);
}

#[test]
fn a_sheet_that_cannot_be_read_is_told_once_and_not_called_empty() {
    let outcome = outcome("a.xlsx", &xlsx(&inline_rows(&list(3))).without("xl/worksheets/sheet1.xml").archive());
    assert_eq!(outcome.problems(), ["workbook-sheet-missing"]);
    let reasons: Vec<&str> = outcome.sheets().iter().filter_map(|sheet| Some(sheet.skipped.as_ref()?.code())).collect();
    assert_eq!(reasons, ["workbook-sheet-missing"]);
}

#[test]
fn a_part_that_is_packed_in_a_rare_way_is_told_by_the_way() {
    let mut bytes = xlsx(&inline_rows(&list(3))).archive();
    for (mark, method_at) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let places: Vec<usize> = memchr::memmem::find_iter(&bytes, mark).collect();
        for place in places {
            bytes[place + method_at] = 12;
        }
    }
    let outcome = outcome("a.xlsx", &bytes);
    assert_eq!(outcome.problems(), ["workbook-compression-method"]);
    assert!(outcome.told().contains("bzip2"), "{}", outcome.told());
}
