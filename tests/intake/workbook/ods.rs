//! `OpenDocument` spreadsheets.

use super::{Outcome, Parts, TYPE, citizen, list, outcome, outcome_with};
use std::fmt::Write;

const CONTENT: &str = "content.xml";

/// The parts of an ods workbook with these tables.
fn ods(tables: &str) -> Parts {
    let namespaces = ["office", "table", "text", "style"]
        .map(|name| format!(" xmlns:{name}=\"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0\""))
        .concat();
    let styles = "<office:automatic-styles><style:style style:name=\"ta2\" style:family=\"table\"><style:table-properties table:display=\"false\"/></style:style></office:automatic-styles>";
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content{namespaces}>{styles}<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    Parts::default()
        .with("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        .with(
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:m\"><manifest:file-entry manifest:full-path=\"/\"/></manifest:manifest>",
        )
        .with(CONTENT, content)
}

fn text(text: &str) -> String {
    format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
}

fn row(cells: &[String]) -> String {
    format!("<table:table-row>{}</table:table-row>", cells.concat())
}

/// A table with a header and these rows.
fn table(rows: &str) -> String {
    let header = row(&["证件号码", "证照类型代码", "证照编号"].map(text));
    format!("<table:table table:name=\"清单\">{header}{rows}</table:table>")
}

fn outcome_of(rows: &str) -> Outcome {
    outcome("a.ods", &ods(&table(rows)).archive())
}

/// A row with a holder and the type.
fn item(serial: u64) -> String {
    row(&[text(&citizen(serial)), text(TYPE)])
}

#[test]
fn a_table_is_read_whether_its_xml_has_white_space_between_the_cells_or_not() {
    let rows: String = list(3).iter().skip(1).map(|cells| row(&cells.each_ref().map(|cell| text(cell)))).collect();
    for parts in [
        ods(&table(&rows)),
        ods(&table(&rows)).replaced(CONTENT, "<table:", "\n  <table:").replaced(CONTENT, "</table:", "\n  </table:"),
        ods(&table(&rows)).without("mimetype"),
        ods(&table(&format!("<table:table-row-group><table:table-rows>{rows}</table:table-rows></table:table-row-group>"))),
    ] {
        let outcome = outcome("a.ods", &parts.archive());
        assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]));
    }
}

#[test]
fn rows_that_stand_for_many_keep_the_others_in_their_places() {
    let blank = "<table:table-row table:number-rows-repeated=\"7\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let last = "<table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let outcome_of_rows = outcome_of(&format!("{}{blank}{}{last}", item(0), item(1)));
    assert_eq!((outcome_of_rows.problems(), outcome_of_rows.items()), (Vec::new(), vec![2, 10]));

    let many = item(0).replace("<table:table-row>", "<table:table-row table:number-rows-repeated=\"3\">");
    let outcome_of_many = outcome_of(&many);
    assert_eq!((outcome_of_many.items(), outcome_of_many.found.repeated.len()), (vec![2], 2));

    let endless = item(0).replace("<table:table-row>", "<table:table-row table:number-rows-repeated=\"99999999\">");
    assert_eq!(outcome_of(&endless).problems(), ["workbook-too-many-repeats"]);
}

#[test]
fn a_formula_that_nobody_calculated_is_an_invalid_row_and_never_a_blank_one() {
    let formula = "<table:table-cell table:formula=\"of:=[.A1]\"/>".to_owned();
    let rows = row(&[formula.clone(), formula.clone()]) + &item(1) + &row(&[formula, text(TYPE)]);
    let outcome = outcome_of(&rows);
    assert_eq!((outcome.items(), outcome.rejected()), (vec![3], vec![2, 4]));
}

#[test]
fn what_programs_leave_that_do_not_calculate_is_no_value_of_a_formula() {
    for attributes in [
        "office:value-type=\"string\"",
        "office:value-type=\"string\" office:string-value=\"\"",
        "office:value-type=\"float\" office:value=\"0\"",
    ] {
        let formula = format!("<table:table-cell table:formula=\"of:=[.D1]\" {attributes}/>");
        let rows = row(&[formula.clone(), formula.clone()]) + &item(1) + &row(&[formula, text(TYPE)]);
        let of_library = outcome_of(&rows);
        assert_eq!((of_library.items(), of_library.rejected()), (vec![3], vec![2, 4]), "{attributes}");
        assert!(of_library.found.rejected.iter().all(|row| row.problem.name() == "unreadable_cell"), "{attributes}");
        // A program that calculates has found what it says.
        let meta = "<office:meta><meta:generator>LibreOffice/24.2.7.2$Linux_X86_64</meta:generator></office:meta>";
        let of_program = outcome("a.ods", &ods(&table(&rows)).with("meta.xml", meta).archive());
        assert_eq!(of_program.items(), [3], "{attributes}");
        assert!(of_program.found.rejected.iter().all(|row| row.problem.name() == "missing_holder_code"), "{attributes}");
    }
}

#[test]
fn a_formula_whose_result_is_the_empty_text_leaves_its_cell_empty() {
    // LibreOffice writes no type for such a result, and an empty paragraph.
    let nothing =
        "<table:table-cell table:formula=\"of:=IF([.A9]=&quot;&quot;;&quot;&quot;;[.A9])\"><text:p/></table:table-cell>";
    let rows = row(&[text(&citizen(1)), text(TYPE), nothing.to_owned()]) + &row(&[nothing.to_owned(), nothing.to_owned()]);
    let meta = "<office:meta><meta:generator>LibreOffice/24.2.7.2$Linux_X86_64</meta:generator></office:meta>";
    let outcome = outcome("a.ods", &ods(&table(&rows)).with("meta.xml", meta).archive());
    assert_eq!((outcome.items(), outcome.rejected()), (vec![2], Vec::new()));
    assert_eq!(outcome.certificate_numbers(), ["-"]);
    assert_eq!(outcome.sheets()[0].rows, 1);
}

#[test]
fn a_number_that_is_shown_with_zeros_is_what_is_shown() {
    let number = |value: &str, shown: &str| {
        format!(
            "<table:table-cell office:value-type=\"float\" office:value=\"{value}\"><text:p>{shown}</text:p></table:table-cell>"
        )
    };
    let mut rows = String::new();
    for (serial, shown) in (0..).zip(["001234", "0000-1234", "1234", "1,234", "证字第1234号"]) {
        rows += &row(&[text(&citizen(serial)), text(TYPE), number("1234", shown)]);
    }
    assert_eq!(outcome_of(&rows).certificate_numbers(), ["001234", "0000-1234", "1234", "1234", "证字第1234号"]);
}

#[test]
fn the_value_of_a_merged_cell_holds_for_all_rows_that_it_covers() {
    let spanned = text(TYPE)
        .replace("<table:table-cell", "<table:table-cell table:number-rows-spanned=\"3\" table:number-columns-spanned=\"1\"");
    let mut rows = row(&[text(&citizen(0)), spanned]);
    for serial in 1..3 {
        write!(rows, "{}", row(&[text(&citizen(serial)), "<table:covered-table-cell/>".to_owned()])).unwrap();
    }
    let outcome = outcome_of(&rows);
    assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]));
}

#[test]
fn hidden_tables_are_passed_over_and_each_table_keeps_its_rows() {
    let first = table(&item(0));
    let hidden = table(&item(1)).replace("table:name=\"清单\"", "table:name=\"隐藏\" table:style-name=\"ta2\"");
    let last = table(&(item(2) + &item(3))).replace("清单", "末页");
    let bytes = ods(&format!("{first}{hidden}{last}")).archive();
    let all = outcome("a.ods", &bytes);
    let places: Vec<(&str, u32)> = all.found.items.iter().map(|item| (&*item.place.sheet, item.place.row)).collect();
    assert_eq!(places, [("清单", 2), ("末页", 2), ("末页", 3)]);
    assert!(all.sheets().iter().any(|sheet| sheet.skipped.as_ref().is_some_and(|why| why.code() == "workbook-sheet-hidden")));
    let named = outcome_with("a.ods", &bytes, "sheet = \"隐藏\"");
    assert_eq!(named.found.items.len(), 1);
    assert_eq!(named.found.items[0].holder_code, citizen(1));
}

#[test]
fn an_encrypted_workbook_is_a_clear_problem() {
    let manifest = "<manifest:manifest xmlns:manifest=\"urn:m\"><manifest:file-entry manifest:full-path=\"content.xml\"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>";
    let by_part = ods("").with("META-INF/manifest.xml", manifest).with(CONTENT, [7u8; 500]);
    let whole = ods("").without(CONTENT).with("encrypted-package", [7u8; 500]);
    for parts in [by_part, whole] {
        assert_eq!(outcome("a.ods", &parts.archive()).problems(), ["workbook-ods-password"]);
    }
}

#[test]
fn a_damaged_content_is_a_problem() {
    let parts = ods(&table(&item(0)));
    let cut = &parts.0[CONTENT][..parts.0[CONTENT].len() - 80];
    assert_eq!(outcome("a.ods", &parts.clone().with(CONTENT, cut).archive()).problems(), ["workbook-part-damaged"]);
}
