//! Workbooks of records: xls and xlsb.

use super::{Outcome, Parts, TYPE, citizen, compound, list, outcome, relationships};

/// A record of an xls workbook.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), data].concat()
}

fn cell(kind: u16, row: u16, column: u16, style: u16, rest: &[u8]) -> Vec<u8> {
    record(kind, &[&row.to_le_bytes()[..], &column.to_le_bytes(), &style.to_le_bytes(), rest].concat())
}

fn text_cell(row: u16, column: u16, text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = u16::try_from(units.len() / 2).unwrap();
    cell(0x0204, row, column, 0, &[&length.to_le_bytes()[..], &[1], &units].concat())
}

fn number_cell(row: u16, column: u16, style: u16, number: f64) -> Vec<u8> {
    cell(0x0203, row, column, style, &number.to_le_bytes())
}

/// A formula with a stored value and the option that asks for calculation.
fn formula_cell(row: u16, column: u16, value: [u8; 8]) -> Vec<u8> {
    cell(0x0006, row, column, 0, &[&value[..], &[2, 0], &[0; 4], &[3, 0, 0x1E, 1, 0]].concat())
}

/// The list's header and rows as cells.
fn list_cells(count: u64) -> Vec<u8> {
    (0..)
        .zip(list(count))
        .flat_map(|(row, [holder, code])| [text_cell(row, 0, &holder), text_cell(row, 1, &code)].concat())
        .collect()
}

/// A workbook stream with `globals` before its one sheet of `cells`.
fn stream(globals: &[u8], cells: &[u8]) -> Vec<u8> {
    let begin = |kind: u8| record(0x0809, &[0, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let code = "000000".as_bytes();
    let format = record(0x041E, &[&[164, 0, 6, 0, 0][..], code].concat());
    let styles = [record(0x00E0, &[0; 20]), record(0x00E0, &[&[0, 0, 164, 0][..], &[0; 16]].concat())].concat();
    let end = record(0x000A, &[]);
    let name: Vec<u8> = "清单".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let sheet = |place: u32| record(0x0085, &[&place.to_le_bytes()[..], &[0, 0, 2, 1], &name].concat());
    let before = [begin(5), globals.to_vec(), format, styles].concat();
    let place = before.len() + sheet(0).len() + end.len();
    [before, sheet(u32::try_from(place).unwrap()), end.clone(), begin(0x10), cells.to_vec(), end].concat()
}

fn xls(cells: &[u8]) -> Outcome {
    outcome("a.xls", &compound(&[("Workbook", stream(&[], cells))]))
}

#[test]
fn an_xls_list_is_read_whatever_its_dimensions_say() {
    for dimensions in [
        record(0x0200, &[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0]),
        record(0x0200, &[9, 0, 0, 0, 1, 0, 0, 0, 9, 0, 1, 0, 0, 0]),
        record(0x0200, &[0; 14]),
        record(0x0200, &[]),
        Vec::new(),
    ] {
        let outcome = xls(&[dimensions, list_cells(3)].concat());
        assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]));
    }
}

#[test]
fn an_xls_number_that_its_format_shows_with_zeros_is_what_it_shows() {
    let cells = [list_cells(2), text_cell(0, 2, "证照编号"), number_cell(1, 2, 1, 1234.0), number_cell(2, 2, 0, 1234.0)].concat();
    assert_eq!(xls(&cells).certificate_numbers(), ["001234", "1234"]);
}

#[test]
fn an_xls_merged_cell_holds_for_all_rows_that_it_covers() {
    let holders: Vec<u8> = (2..4).flat_map(|row| text_cell(row, 0, &citizen(row.into()))).collect();
    let merges = record(0x00E5, &[1, 0, 1, 0, 3, 0, 1, 0, 1, 0]);
    let outcome = xls(&[list_cells(1), holders, merges].concat());
    assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]));
}

#[test]
fn an_xls_formula_that_nobody_calculated_is_an_invalid_row() {
    let empty = [3, 0, 0, 0, 0, 0, 0xFF, 0xFF];
    let formulas = [formula_cell(2, 0, [0; 8]), formula_cell(2, 1, [0; 8]), formula_cell(3, 0, empty), formula_cell(3, 1, empty)];
    let outcome = xls(&[list_cells(1), formulas.concat()].concat());
    assert_eq!((outcome.items(), outcome.rejected()), (vec![2], vec![3, 4]));
}

#[test]
fn an_encrypted_xls_is_a_clear_problem_whatever_the_method() {
    for method in [[0, 0, 1, 2, 3, 4], [1, 0, 1, 0, 1, 0], [1, 0, 4, 0, 2, 0]] {
        let bytes = compound(&[("Workbook", stream(&record(0x002F, &method), &list_cells(1)))]);
        assert_eq!(outcome("a.xls", &bytes).problems(), ["workbook-password"]);
    }
}

#[test]
fn an_xls_that_is_cut_off_is_never_taken_for_whole() {
    let whole = compound(&[("Workbook", stream(&[], &list_cells(100)))]);
    for length in (600..whole.len()).step_by(1500) {
        let outcome = outcome("a.xls", &whole[..length]);
        assert!(!outcome.problems().is_empty(), "{length}");
    }
}

/// A record of an xlsb workbook.
fn binary_record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut number = |mut value: usize| {
        while value >= 0x80 {
            bytes.push(u8::try_from(value & 0x7F).unwrap() | 0x80);
            value >>= 7;
        }
        bytes.push(u8::try_from(value).unwrap());
    };
    number(kind.into());
    number(data.len());
    bytes.extend(data);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    [&u32::try_from(units.len() / 2).unwrap().to_le_bytes()[..], &units].concat()
}

fn binary_cell(kind: u16, column: u32, style: u32, value: &[u8]) -> Vec<u8> {
    binary_record(kind, &[&column.to_le_bytes()[..], &style.to_le_bytes(), value].concat())
}

fn binary_row(number: u32, cells: &[Vec<u8>]) -> Vec<u8> {
    [binary_record(0, &[&number.to_le_bytes()[..], &[0; 13]].concat()), cells.concat()].concat()
}

/// An xlsb workbook with a macro sheet before a sheet of these rows, and `after` behind them.
fn xlsb(rows: &[Vec<u8>], after: &[u8]) -> Parts {
    let sheet = |id: &str, name: &str| binary_record(156, &[&[0; 8][..], &wide(id), &wide(name)].concat());
    let formats =
        [binary_record(615, &1u32.to_le_bytes()), binary_record(44, &[&[164, 0][..], &wide("000000")].concat())].concat();
    let style = |format: u8| binary_record(47, &[&[0, 0, format, 0][..], &[0; 12]].concat());
    let styles = [formats, binary_record(617, &2u32.to_le_bytes()), style(0), style(164), binary_record(618, &[])].concat();
    let shared =
        [binary_record(159, &[0; 8]), binary_record(19, &[&[0][..], &wide(TYPE)].concat()), binary_record(160, &[])].concat();
    Parts::default()
        .with("_rels/.rels", relationships(&[("rId1", "officeDocument", "xl/workbook.bin")]))
        .with("xl/workbook.bin", [sheet("rId2", "宏"), sheet("rId1", "清单")].concat())
        .with(
            "xl/_rels/workbook.bin.rels",
            relationships(&[
                ("rId1", "worksheet", "worksheets/sheet1.bin"),
                ("rId2", "xlMacrosheet", "macrosheets/sheet1.bin"),
                ("rId3", "styles", "styles.bin"),
                ("rId4", "sharedStrings", "sharedStrings.bin"),
            ]),
        )
        .with("xl/styles.bin", styles)
        .with("xl/sharedStrings.bin", shared)
        .with(
            "xl/worksheets/sheet1.bin",
            [binary_record(145, &[]), rows.concat(), binary_record(146, &[]), after.to_vec()].concat(),
        )
}

#[test]
fn an_xlsb_list_is_read_beside_a_macro_sheet() {
    let text = |column: u32, text: &str| binary_cell(6, column, 0, &wide(text));
    let shared = binary_cell(7, 1, 0, &0u32.to_le_bytes());
    let header = binary_row(0, &[text(0, "证件号码"), text(1, "证照类型代码"), text(2, "证照编号")]);
    // 1234 in the compressed form of whole numbers.
    let number = ((1234u32 << 2) | 2).to_le_bytes();
    let rows = [
        header,
        binary_row(1, &[text(0, &citizen(0)), shared.clone(), binary_cell(2, 2, 1, &number)]),
        binary_row(2, &[text(0, &citizen(1)), shared.clone(), binary_cell(5, 2, 0, &1234f64.to_le_bytes())]),
        binary_row(3, &[text(0, &citizen(2))]),
        binary_row(4, &[binary_cell(11, 0, 0, &[0x17]), shared]),
    ];
    let merge: Vec<u8> = [2u32, 3, 1, 1].iter().flat_map(|value| value.to_le_bytes()).collect();
    let outcome = outcome("a.xlsb", &xlsb(&rows, &binary_record(176, &merge)).archive());
    assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3, 4]));
    assert_eq!(outcome.certificate_numbers(), ["001234", "1234", "-"]);
    let rejected: Vec<(u32, &str)> = outcome.found.rejected.iter().map(|row| (row.place.row, row.problem.name())).collect();
    assert_eq!(rejected, [(5, "unreadable_cell")]);
    assert!(
        outcome.sheets().iter().any(|sheet| sheet.skipped.as_ref().is_some_and(|why| why.code() == "workbook-sheet-of-macros"))
    );
}

#[test]
fn an_xlsb_formula_that_nobody_calculated_is_an_invalid_row() {
    let text = |column: u32, text: &str| binary_cell(6, column, 0, &wide(text));
    let shared = binary_cell(7, 1, 0, &0u32.to_le_bytes());
    let header = binary_row(0, &[text(0, "证件号码"), text(1, "证照类型代码")]);
    let formula = binary_cell(9, 0, 0, &0f64.to_le_bytes());
    let rows = [header, binary_row(1, &[formula, shared.clone()]), binary_row(2, &[text(0, &citizen(0)), shared])];
    for (flags, problem) in [(0x6Au8, "missing_holder_code"), (0x6B, "unreadable_cell"), (0x7A, "unreadable_cell")] {
        let parts = xlsb(&rows, &[]);
        let calculation = binary_record(157, &[&[0; 24][..], &[flags, 0]].concat());
        let main = [parts.0["xl/workbook.bin"].clone(), calculation].concat();
        let outcome = outcome("a.xlsb", &parts.with("xl/workbook.bin", main).archive());
        assert_eq!((outcome.items(), outcome.rejected()), (vec![3], vec![2]), "{flags:#x}");
        assert_eq!(outcome.found.rejected[0].problem.name(), problem, "{flags:#x}");
    }
}

#[test]
fn xlsb_rows_that_are_stored_in_another_order_are_read_in_that_of_their_numbers() {
    let text = |column: u32, text: &str| binary_cell(6, column, 0, &wide(text));
    let row = |number: u32| binary_row(number, &[text(0, &citizen(number.into())), text(1, TYPE)]);
    let header = binary_row(0, &[text(0, "证件号码"), text(1, "证照类型代码")]);
    let outcome = outcome("a.xlsb", &xlsb(&[row(2), header, row(1)], &[]).archive());
    assert_eq!((outcome.problems(), outcome.items()), (Vec::new(), vec![2, 3]));
}

#[test]
fn an_xlsb_sheet_that_is_cut_off_is_a_problem() {
    let parts = xlsb(&[binary_row(0, &[binary_cell(6, 0, 0, &wide("证件号码"))])], &[]);
    let sheet = &parts.0["xl/worksheets/sheet1.bin"];
    let cut = parts.clone().with("xl/worksheets/sheet1.bin", &sheet[..sheet.len() - 6]);
    assert_eq!(outcome("a.xlsb", &cut.archive()).problems(), ["workbook-sheet-damaged"]);
}
