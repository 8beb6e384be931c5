//! Workbooks in the zip form of Excel 2007 and later.

use super::{MAIN, Parts, RELATIONSHIPS, TYPE, citizen, inline_rows, list, outcome, outcome_with, relationships, xlsx};
use rust_xlsxwriter::{Format, Workbook};
use std::fmt::Write;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

const SHEET: &str = "xl/worksheets/sheet1.xml";
const WORKBOOK: &str = "xl/workbook.xml";
const WORKBOOK_RELATIONSHIPS: &str = "xl/_rels/workbook.xml.rels";

/// A workbook with a list of three.
fn list_of_three() -> Parts {
    xlsx(&inline_rows(&list(3)))
}

/// A workbook with the list's header in row 1 and these rows below.
fn list_with(rows: &str) -> Parts {
    xlsx(&(inline_rows(&list(0)) + rows))
}

#[test]
fn parts_are_found_whatever_they_are_called() {
    let usual = list_of_three();
    let type_of = |parts: Parts| parts.replaced("[Content_Types].xml", "/xl/workbook.xml", "/xl/book.xml");
    let moved = |parts: Parts, from: &str, to: &str| {
        let content = parts.0.get(from).unwrap().clone();
        parts.without(from).with(to, content)
    };
    let utf16 = |text: &[u8]| {
        let text = String::from_utf8(text.to_vec()).unwrap();
        "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    let renamed_workbook =
        moved(moved(usual.clone(), WORKBOOK, "xl/workbook22.xml"), WORKBOOK_RELATIONSHIPS, "xl/_rels/workbook22.xml.rels");
    for (name, parts) in [
        ("as usual", usual.clone()),
        ("backslashes", usual.clone().renamed(|name| name.replace('/', "\\"))),
        ("upper case", usual.clone().renamed(str::to_uppercase)),
        ("slashes at the beginning", usual.clone().renamed(|name| format!("/{name}"))),
        (
            "everything in the root",
            usual.clone().renamed(|name| name.replacen("xl/", "", 1)).replaced("_rels/.rels", "xl/workbook.xml", "workbook.xml"),
        ),
        ("another main part", renamed_workbook.clone().replaced("_rels/.rels", "workbook.xml", "workbook22.xml")),
        (
            "a main part told by its type alone",
            type_of(moved(moved(usual.clone(), WORKBOOK, "xl/book.xml"), WORKBOOK_RELATIONSHIPS, "xl/_rels/book.xml.rels"))
                .without("_rels/.rels"),
        ),
        ("no relationships of the package, no types", usual.clone().without("_rels/.rels").without("[Content_Types].xml")),
        ("no relationships of the workbook", usual.clone().without(WORKBOOK_RELATIONSHIPS)),
        ("absolute targets", usual.clone().replaced(WORKBOOK_RELATIONSHIPS, "worksheets/", "/xl/worksheets/")),
        ("targets as seen from the root", usual.clone().replaced(WORKBOOK_RELATIONSHIPS, "worksheets/", "xl/worksheets/")),
        ("targets with dots", usual.clone().replaced(WORKBOOK_RELATIONSHIPS, "worksheets/", "../xl/./worksheets/")),
        (
            "a sheet of another name",
            moved(usual.clone(), SHEET, "xl/数据/表 1.xml").replaced(
                WORKBOOK_RELATIONSHIPS,
                "worksheets/sheet1.xml",
                "%E6%95%B0%E6%8D%AE/%E8%A1%A8%201.xml",
            ),
        ),
        (
            "the strict form",
            usual
                .clone()
                .replaced(SHEET, MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
                .replaced(WORKBOOK, RELATIONSHIPS, "http://purl.oclc.org/ooxml/officeDocument/relationships")
                .replaced(WORKBOOK_RELATIONSHIPS, RELATIONSHIPS, "http://purl.oclc.org/ooxml/officeDocument/relationships")
                .replaced("_rels/.rels", RELATIONSHIPS, "http://purl.oclc.org/ooxml/officeDocument/relationships"),
        ),
        (
            "prefixes",
            usual.clone().with(
                SHEET,
                String::from_utf8(usual.0[SHEET].clone())
                    .unwrap()
                    .replace("xmlns=", "xmlns:x=")
                    .replace("</", "</x:")
                    .replace('<', "<x:")
                    .replace("<x:/x:", "</x:")
                    .replace("<x:?", "<?"),
            ),
        ),
        ("a byte order mark", usual.clone().with(SHEET, [b"\xEF\xBB\xBF".as_slice(), &usual.0[SHEET]].concat())),
        ("UTF-16", usual.clone().with(SHEET, utf16(&usual.0[SHEET])).with(WORKBOOK, utf16(&usual.0[WORKBOOK]))),
    ] {
        let outcome = outcome("a.xlsx", &parts.archive());
        assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]), "{name}");
        assert_eq!(&*outcome.found.items[0].place.sheet, "清单", "{name}");
    }
}

#[test]
fn the_archive_may_be_stored_large_or_behind_other_bytes() {
    let parts = list_of_three();
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let behind = [b"\r\n".as_slice(), &parts.archive()].concat();
    for bytes in [parts.archive_with(stored), parts.archive_with(SimpleFileOptions::default().large_file(true)), behind] {
        assert_eq!(outcome("a.xlsx", &bytes).items(), [2, 3, 4]);
    }
}

#[test]
fn a_wrong_or_missing_dimension_says_nothing() {
    for dimension in [
        "",
        "<dimension/>",
        "<dimension ref=\"\"/>",
        "<dimension ref=\"A1\"/>",
        "<dimension ref=\"A1:XFD9999999\"/>",
        "<dimension ref=\"x\"/>",
    ] {
        let parts = list_of_three().replaced(SHEET, "<sheetData>", &format!("{dimension}<sheetData>"));
        assert_eq!(outcome("a.xlsx", &parts.archive()).items(), [2, 3, 4], "{dimension}");
    }
}

#[test]
fn cells_and_rows_stand_where_they_say_or_follow_each_other() {
    let holder = citizen(0);
    let text = |place: &str, text: &str| format!("<c {place} t=\"str\"><v>{text}</v></c>");
    let (a2, b2) = (text("r=\"A2\"", &holder), text("r=\"B2\"", TYPE));
    let (first, second) = (text("", &holder), text("", TYPE));
    for (name, rows, expected) in [
        ("out of order", format!("<row r=\"2\">{b2}{a2}</row>"), 2),
        ("without places", format!("<row r=\"2\">{first}{second}</row>"), 2),
        ("in rows without numbers", format!("<row>{first}{second}</row>"), 2),
        ("in rows without numbers, after a gap", format!("<row r=\"7\"/><row>{first}{second}</row>"), 8),
        ("with places in a row without number", format!("<row>{a2}{b2}</row>"), 2),
        ("rows out of order", format!("<row r=\"9\"/><row r=\"2\">{a2}{b2}</row>"), 2),
        ("with unknown elements", format!("<row r=\"2\" spans=\"x\">{a2}<extLst><ext><c/></ext></extLst>{b2}</row>"), 2),
    ] {
        let outcome = outcome("a.xlsx", &list_with(&rows).archive());
        assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![expected]), "{name}");
    }
}

#[test]
fn a_text_is_the_same_however_it_is_stored() {
    let holder = citizen(0);
    let (begin, end) = holder.split_at(6);
    let shared = format!(
        "<sst xmlns=\"{MAIN}\"><si><t>其他</t></si><si><r><t>{begin}</t></r><r><t>{end}</t></r><rPh sb=\"0\" eb=\"1\"><t>いち</t></rPh><phoneticPr fontId=\"1\"/></si></sst>"
    );
    for (name, cell) in [
        ("shared", "<c r=\"A2\" t=\"s\"><v>1</v></c>".to_owned()),
        ("inline", format!("<c r=\"A2\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{holder}</t></is></c>")),
        (
            "inline in runs",
            format!("<c r=\"A2\" t=\"inlineStr\"><is><r><rPr><b/></rPr><t>{begin}</t></r><r><t>{end}</t></r></is></c>"),
        ),
        ("inline without a type", format!("<c r=\"A2\"><is><t>{holder}</t></is></c>")),
        ("of a formula", format!("<c r=\"A2\" t=\"str\"><f>B9&amp;\"\"</f><v>{holder}</v></c>")),
        (
            "with an escape",
            format!(
                "<c r=\"A2\" t=\"str\"><v>{}_x{:04X}_{}</v></c>",
                &holder[..1],
                u32::from(holder.as_bytes()[1]),
                &holder[2..]
            ),
        ),
        ("with references", format!("<c r=\"A2\" t=\"str\"><v>&#x33;{}</v></c>", &holder[1..])),
        ("in a CDATA section", format!("<c r=\"A2\" t=\"str\"><v><![CDATA[{holder}]]></v></c>")),
    ] {
        let parts = list_with(&format!("<row r=\"2\">{cell}<c r=\"B2\" t=\"inlineStr\"><is><t>{TYPE}</t></is></c></row>"))
            .with("xl/texte.xml", &shared)
            .with(
                WORKBOOK_RELATIONSHIPS,
                relationships(&[("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId7", "sharedStrings", "texte.xml")]),
            );
        let outcome = outcome("a.xlsx", &parts.archive());
        let codes: Vec<&str> = outcome.found.items.iter().map(|item| item.holder_code.as_str()).collect();
        assert_eq!((outcome.problems(), codes), (Vec::new(), vec![holder.as_str()]), "{name}");
    }
}

#[test]
fn a_formula_that_nobody_calculated_is_an_invalid_row_and_never_a_blank_one() {
    for (name, cell, type_cell) in [
        ("both without value", "<c r=\"A2\"><f>C2</f></c>", "<c r=\"B2\"><f>D2</f></c>".to_owned()),
        ("with an empty value", "<c r=\"A2\"><f>C2</f><v/></c>", "<c r=\"B2\"><f>D2</f><v></v></c>".to_owned()),
        ("a shared formula", "<c r=\"A2\"><f t=\"shared\" si=\"0\"/></c>", format!("<c r=\"B2\" t=\"str\"><v>{TYPE}</v></c>")),
        (
            "a text formula without value",
            "<c r=\"A2\" t=\"str\"><f>C2</f></c>",
            format!("<c r=\"B2\" t=\"str\"><v>{TYPE}</v></c>"),
        ),
    ] {
        let outcome = outcome("a.xlsx", &list_with(&format!("<row r=\"2\">{cell}{type_cell}</row>")).archive());
        assert_eq!((outcome.items(), outcome.rejected()), (Vec::new(), vec![2]), "{name}");
        assert_ne!(outcome.found.rejected[0].problem.name(), "missing_holder_code", "{name}");
    }
    // The value of a calculated formula may be the empty text.
    let empty = "<row r=\"2\"><c r=\"A2\" t=\"str\"><f>C2</f><v></v></c><c r=\"B2\" t=\"str\"><f>D2</f><v></v></c></row>";
    let outcome = outcome("a.xlsx", &list_with(empty).archive());
    assert!(outcome.items().is_empty() && outcome.rejected().is_empty());
}

/// A workbook with settings of its calculation.
fn calculated(parts: Parts, settings: &str) -> Parts {
    parts.replaced(WORKBOOK, "</workbook>", &format!("<calcPr {settings}/></workbook>"))
}

#[test]
fn what_programs_leave_that_do_not_calculate_is_no_value_of_a_formula() {
    const DONE: &str = "calcId=\"191029\"";
    const PENDING: &str = "calcId=\"124519\" fullCalcOnLoad=\"1\"";
    for (name, cell, settings, is_value) in [
        ("0 of Excel", "<c r=\"A2\"><f>C2</f><v>0</v></c>", Some(DONE), true),
        ("0 of Java", "<c r=\"A2\" t=\"n\"><f>C2</f><v>0.0</v></c>", Some(DONE), false),
        ("0 without settings", "<c r=\"A2\" t=\"n\"><f>C2</f><v>0.0</v></c>", None, false),
        ("0 to be calculated", "<c r=\"A2\"><f>C2</f><v>0</v></c>", Some(PENDING), false),
        ("0 as text to be calculated", "<c r=\"A2\" t=\"str\"><f>C2</f><v>0</v></c>", Some(PENDING), false),
        ("0 not calculated", "<c r=\"A2\"><f>C2</f><v>0</v></c>", Some("calcCompleted=\"0\""), false),
        ("empty text of Excel", "<c r=\"A2\" t=\"str\"><f>C2</f><v></v></c>", Some(DONE), true),
        ("empty text to be calculated", "<c r=\"A2\" t=\"str\"><f>C2</f><v></v></c>", Some(PENDING), false),
        ("empty inline text", "<c r=\"A2\" t=\"inlineStr\"><f>C2</f><is><t></t></is></c>", Some(DONE), false),
        ("no number", "<c r=\"A2\"><f>C2</f><v>NaN</v></c>", Some(DONE), false),
    ] {
        // As the holder code, as the certificate number, and in every cell of a row.
        let text = |column: &str, text: &str| format!("<c r=\"{column}2\" t=\"str\"><v>{text}</v></c>");
        let (holder, type_code) = (text("A", &citizen(0)), text("B", TYPE));
        let in_column = |column: &str| cell.replace("A2", &format!("{column}2"));
        let read = |cells: &str| {
            let header = "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>证件号码</v></c><c r=\"B1\" t=\"str\"><v>证照类型代码</v></c><c r=\"C1\" t=\"str\"><v>证照编号</v></c></row>";
            let parts = xlsx(&format!("{header}<row r=\"2\">{cells}</row>"));
            let parts = if let Some(settings) = settings { calculated(parts, settings) } else { parts };
            outcome("a.xlsx", &parts.archive())
        };
        let as_code = read(&format!("{cell}{type_code}"));
        let as_number = read(&format!("{holder}{type_code}{}", in_column("C")));
        if is_value {
            // A type alone is what a template comes with.
            assert!(as_code.found.rejected.iter().all(|row| row.problem.name() == "missing_holder_code"), "{name}");
            assert_eq!((as_code.items().len(), as_number.items()), (0, vec![2]), "{name}");
        } else {
            for outcome in [as_code, as_number, read(&["A", "B", "C"].map(in_column).concat())] {
                assert!(outcome.items().is_empty(), "{name}");
                let problems: Vec<_> = outcome.found.rejected.iter().map(|row| row.problem.name()).collect();
                assert_eq!(problems, ["unreadable_cell"], "{name}");
            }
        }
    }
}

#[test]
fn the_text_of_a_formula_is_no_value() {
    for cell in [
        "<c r=\"A2\" t=\"inlineStr\"><is><t>=VLOOKUP(D4,Sheet2!A:B,2,0)</t></is></c>",
        "<c r=\"A2\" t=\"inlineStr\"><is><t>=A4</t></is></c>",
        "<c r=\"A2\" t=\"str\"><f>Sheet2!A1</f><v>=Sheet2!A1</v></c>",
    ] {
        let row = format!("<row r=\"2\">{cell}<c r=\"B2\" t=\"str\"><v>{TYPE}</v></c></row>");
        assert_eq!(outcome("a.xlsx", &list_with(&row).archive()).advice(), [(2, "advice-formula-text")], "{cell}");
    }
}

#[test]
fn rows_that_are_stored_in_another_order_are_read_in_that_of_their_numbers() {
    let text = |place: &str, text: &str| format!("<c r=\"{place}\" t=\"str\"><v>{text}</v></c>");
    let header = format!("<row r=\"1\">{}{}</row>", text("A1", "证件号码"), text("B1", "证照类型代码"));
    let row = |row: u64| {
        format!("<row r=\"{row}\">{}{}</row>", text(&format!("A{row}"), &citizen(row)), text(&format!("B{row}"), TYPE))
    };
    let [second, third, fourth] = [2, 3, 4].map(row);
    for (name, rows) in [
        ("the header behind the first rows", format!("{second}{third}{header}{fourth}")),
        ("the last row first", format!("{fourth}{third}{second}{header}")),
        ("a row late", format!("{header}{third}{fourth}{second}")),
        ("without numbers of rows", format!("{fourth}{second}{header}{third}").replace("<row r=\"3\">", "<row>")),
    ] {
        let outcome = outcome("a.xlsx", &xlsx(&rows).archive());
        assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]), "{name}");
        assert_eq!((outcome.sheets()[0].header_row, outcome.sheets()[0].rows), (Some(1), 3), "{name}");
        let notes: Vec<&str> = outcome.sheets()[0].notes.iter().map(|note| note.message.code()).collect();
        assert_eq!(notes, ["workbook-rows-sorted"], "{name}");
    }
    // A merged cell speaks for the rows below it, wherever these are stored.
    let bare = |row: u64| format!("<row r=\"{row}\">{}</row>", text(&format!("A{row}"), &citizen(row)));
    let merges = "</sheetData><mergeCells><mergeCell ref=\"B2:B4\"/></mergeCells>";
    let parts = xlsx(&format!("{header}{}{}{second}", bare(3), bare(4))).replaced(SHEET, "</sheetData>", merges);
    let outcome = outcome("a.xlsx", &parts.archive());
    assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]));
}

#[test]
fn a_number_that_its_format_shows_with_zeros_is_what_it_shows() {
    let workspace = tempfile::tempdir().unwrap();
    let path = workspace.path().join("a.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write(0, 0, "证件号码").unwrap().write(0, 1, "证照类型代码").unwrap().write(0, 2, "证照编号").unwrap();
    let formats = ["000000", "0000-0000", "\"鲁\"000000", "\"证字第\"0\"号\"", "General", "yyyy-mm-dd"];
    for ((row, serial), format) in (1..).zip(0..).zip(formats) {
        let format = Format::new().set_num_format(format);
        sheet
            .write(row, 0, citizen(serial))
            .unwrap()
            .write(row, 1, TYPE)
            .unwrap()
            .write_with_format(row, 2, 1234, &format)
            .unwrap();
    }
    book.save(&path).unwrap();
    let outcome = outcome("a.xlsx", &std::fs::read(path).unwrap());
    assert_eq!(outcome.certificate_numbers()[..5], ["001234", "0000-1234", "鲁001234", "证字第1234号", "1234"]);
}

#[test]
fn the_value_of_a_merged_cell_holds_for_all_rows_that_it_covers() {
    let mut rows =
        format!("<row r=\"2\"><c r=\"A2\" t=\"str\"><v>{}</v></c><c r=\"B2\" t=\"str\"><v>{TYPE}</v></c></row>", citizen(0));
    for row in 3..6u64 {
        write!(rows, "<row r=\"{row}\"><c r=\"A{row}\" t=\"str\"><v>{}</v></c></row>", citizen(row)).unwrap();
    }
    let merges = "</sheetData><mergeCells count=\"3\"><mergeCell ref=\"B2:B5\"/><mergeCell ref=\"D1\"/><mergeCell ref=\"?\"/></mergeCells>";
    let outcome = outcome("a.xlsx", &list_with(&rows).replaced(SHEET, "</sheetData>", merges).archive());
    assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4, 5]));
}

/// A workbook with a sheet of each kind and state beside a good one.
fn many_sheets() -> Parts {
    let sheets = ["图表", "对话框", "宏", "隐藏", "深藏", "缺失"];
    let mut entries = String::new();
    for (place, name) in (2..).zip(sheets) {
        let state = match name {
            "隐藏" => "state=\"hidden\"",
            "深藏" => "state=\"veryHidden\"",
            _ => "",
        };
        write!(entries, "<sheet name=\"{name}\" sheetId=\"{place}\" {state} r:id=\"rId{place}\"/>").unwrap();
    }
    let hidden = list_of_three().0[SHEET].clone();
    list_of_three()
        .replaced(WORKBOOK, "</sheets>", &format!("{entries}</sheets>"))
        .with(
            WORKBOOK_RELATIONSHIPS,
            relationships(&[
                ("rId1", "worksheet", "worksheets/sheet1.xml"),
                ("rId2", "chartsheet", "chartsheets/sheet1.xml"),
                ("rId3", "dialogsheet", "dialogsheets/sheet1.xml"),
                ("rId4", "xlMacrosheet", "macrosheets/sheet1.xml"),
                ("rId5", "worksheet", "worksheets/sheet2.xml"),
                ("rId6", "worksheet", "worksheets/sheet2.xml"),
                ("rId7", "worksheet", "worksheets/sheet9.xml"),
            ]),
        )
        .with("xl/worksheets/sheet2.xml", hidden)
}

#[test]
fn sheets_of_other_kinds_are_passed_over_with_the_reason() {
    let outcome = outcome("a.xlsx", &many_sheets().archive());
    assert_eq!((outcome.items(), outcome.problems()), (vec![2, 3, 4], vec!["workbook-sheet-missing"]));
    let skipped: Vec<(&str, &str)> = outcome
        .sheets()
        .iter()
        .filter_map(|sheet| Some((&*sheet.name, sheet.skipped.as_ref()?.code())))
        .filter(|(_, code)| code.starts_with("workbook-"))
        .collect();
    let expected = [
        ("图表", "workbook-sheet-of-chart"),
        ("对话框", "workbook-sheet-of-dialog"),
        ("宏", "workbook-sheet-of-macros"),
        ("隐藏", "workbook-sheet-hidden"),
        ("深藏", "workbook-sheet-very-hidden"),
        ("缺失", "workbook-sheet-missing"),
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn a_sheet_is_read_where_it_is_named_and_a_missing_one_is_a_problem_that_lists_the_others() {
    let bytes = many_sheets().archive();
    for choice in ["\"隐藏\"", "\"深藏\"", "2"] {
        let outcome = outcome_with("a.xlsx", &bytes, &format!("sheet = {choice}"));
        assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]), "{choice}");
    }
    for (choice, code) in
        [("\"宏\"", "workbook-no-such-sheet"), ("\"没有\"", "workbook-no-such-sheet"), ("9", "workbook-no-such-place")]
    {
        let outcome = outcome_with("a.xlsx", &bytes, &format!("sheet = {choice}"));
        assert_eq!(outcome.problems(), [code], "{choice}");
        let message = outcome.report.problems[0].message.to_string();
        assert!(message.contains("清单") && message.contains("隐藏") && !message.contains("图表"), "{message}");
    }
}

#[test]
fn a_sheet_that_is_damaged_is_a_problem_whatever_was_read_of_it() {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut changed = list_of_three().archive_with(stored);
    let at = memchr::memmem::rfind(&changed, TYPE.as_bytes()).unwrap();
    changed[at] ^= 1;
    let whole = list_of_three();
    let cut = whole.clone().with(SHEET, &whole.0[SHEET][..whole.0[SHEET].len() - 60]);
    let crossed = whole.clone().replaced(SHEET, "</row></sheetData>", "</sheetData></row>");
    for (name, bytes) in [("a changed byte", changed), ("cut off", cut.archive()), ("crossed tags", crossed.archive())] {
        let outcome = outcome("a.xlsx", &bytes);
        let problems = outcome.problems();
        assert!(matches!(problems[..], ["workbook-sheet-damaged" | "workbook-sheet-damaged-after"]), "{name}: {problems:?}");
    }
    let whole = whole.archive();
    for length in [whole.len() / 4, whole.len() / 2, whole.len() - 5] {
        assert_eq!(outcome("a.xlsx", &whole[..length]).problems(), ["workbook-archive-damaged"], "{length}");
    }
}

#[test]
fn a_cell_that_is_too_long_or_comes_twice_spoils_its_row_alone() {
    let good = |row: u32| {
        format!(
            "<row r=\"{row}\"><c r=\"A{row}\" t=\"str\"><v>{}</v></c><c r=\"B{row}\" t=\"str\"><v>{TYPE}</v></c></row>",
            citizen(row.into())
        )
    };
    let long = format!(
        "<row r=\"4\"><c r=\"A4\" t=\"str\"><v>{}</v></c><c r=\"B4\" t=\"str\"><v>{TYPE}</v></c></row>",
        "x".repeat(200_000)
    );
    let twice = good(4).replace("</row>", "<c r=\"A4\" t=\"str\"><v>x</v></c></row>");
    for (name, bad) in [("too long", long), ("twice", twice)] {
        let outcome = outcome("a.xlsx", &list_with(&(good(2) + &good(3) + &bad + &good(5))).archive());
        assert_eq!((outcome.problems(), outcome.items(), outcome.rejected()), (Vec::new(), vec![2, 3, 5], vec![4]), "{name}");
    }
}

#[test]
fn a_cell_without_end_is_a_clear_problem() {
    let endless = "x".repeat(20 << 20);
    let cell = format!("<row r=\"9\"><c r=\"A9\" t=\"str\"><v>{endless}</v></c></row>");
    let outcome_of_cell = outcome("a.xlsx", &list_with(&cell).archive());
    assert_eq!(outcome_of_cell.problems(), ["workbook-sheet-endless"]);

    let parts = list_of_three().with("xl/sharedStrings.xml", format!("<sst><si><t>{endless}</t></si></sst>")).with(
        WORKBOOK_RELATIONSHIPS,
        relationships(&[("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml")]),
    );
    assert_eq!(outcome("a.xlsx", &parts.archive()).problems(), ["workbook-part-endless"]);

    let steep = list_of_three().with("xl/media/any.bin", vec![0; 65 << 20]);
    assert_eq!(outcome("a.xlsx", &steep.archive()).problems(), ["workbook-unfolds-too-far"]);
}

#[test]
fn a_cell_beyond_the_last_column_is_a_problem() {
    let rows = "<row r=\"2\"><c r=\"XFE2\" t=\"str\"><v>x</v></c></row>";
    assert_eq!(outcome("a.xlsx", &list_with(rows).archive()).problems(), ["workbook-cell-outside"]);
}

#[test]
fn an_error_and_a_date_stay_what_they_are() {
    let row = |row: u32, cell: &str| format!("<row r=\"{row}\">{cell}<c r=\"B{row}\" t=\"str\"><v>{TYPE}</v></c></row>");
    let rows = row(2, "<c r=\"A2\" t=\"e\"><v>#REF!</v></c>") + &row(3, "<c r=\"A3\" t=\"d\"><v>2022-04-13T00:00:00</v></c>");
    let outcome = outcome("a.xlsx", &list_with(&rows).archive());
    let rejected: Vec<(u32, &str)> = outcome.found.rejected.iter().map(|row| (row.place.row, row.problem.name())).collect();
    assert_eq!(rejected, [(2, "unreadable_cell"), (3, "unreadable_cell")]);
}
