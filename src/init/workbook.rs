//! The input template: two lists with text-formatted columns and a drop-down of certificate types (one by name, one by code), a
//! sheet of the types, and one with instructions.

use crate::codes::{Catalogue, citizen_check_character, credit_check_character};
use crate::report::Words;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, Format, FormatAlign, FormatBorder, Formula, Workbook,
    Worksheet, XlsxError,
};

/// Last row, from 0, with a drop-down. No department submits more rows.
const LAST_ROW: u32 = 20_000;

/// How a list identifies certificate types. Each list has a column for one of the two only, because an empty code beside a name
/// would be read as a missing code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TypesBy {
    Name,
    Code,
}

impl TypesBy {
    /// Returns the message with the name of the list's sheet.
    const fn sheet(self) -> &'static str {
        match self {
            Self::Name => "init-sheet-list",
            Self::Code => "init-sheet-codes",
        }
    }

    /// Returns the header of the list's column of types, and the column's width in characters.
    const fn column(self) -> (&'static str, u16) {
        match self {
            Self::Name => ("证照类型", 34),
            Self::Code => ("证照类型代码", 26),
        }
    }

    /// Returns the column in the sheet of types that holds the values of the drop-down.
    const fn source(self) -> char {
        match self {
            Self::Name => 'C',
            Self::Code => 'A',
        }
    }
}

/// Columns before and after that of the types: headers, which the intake recognises, and widths in characters.
const HOLDER_COLUMN: (&str, u16) = ("证件号码", 24);
const FURTHER_COLUMNS: [(&str, u16); 4] = [("证照编号", 24), ("区市", 12), ("部门", 18), ("备注", 30)];
/// Index of the column of types.
const TYPE_COLUMN: u16 = 1;

/// Example rows: list, holder code without its check character, certificate type code, department. 370499 is not assigned to any
/// district, so the identity numbers belong to nobody.
const EXAMPLES: [(TypesBy, &str, &str, &str); 6] = [
    (TypesBy::Name, "37049919680214001", "131000000000180402003", "市残联"),
    (TypesBy::Name, "37049919750803002", "111000007178369727010", "市卫生健康委"),
    (TypesBy::Name, "91370499MA0000001", "11100000MB0143028R026", "市市场监管局"),
    (TypesBy::Code, "37049919891120003", "111000007178369727008", "市卫生健康委"),
    (TypesBy::Code, "37049919930609004", "11100000000013151X009", "市司法局"),
    (TypesBy::Code, "91370499MA0000002", "11100000MB0143028R025", "市市场监管局"),
];

/// Cell formats of the workbook.
struct Style {
    header: Format,
    /// Text format, because Excel rounds numbers of 16 digits and more.
    text: Format,
    example: Format,
    wrapped: Format,
    title: Format,
}

impl Style {
    fn new() -> Self {
        let base = || Format::new().set_font_name("等线").set_font_size(10).set_align(FormatAlign::VerticalCenter);
        let text = || base().set_num_format("@");
        let blue = Color::RGB(0x001F_4E79);
        let header = base().set_bold().set_font_color(Color::White).set_background_color(blue);
        Self {
            header: header.set_align(FormatAlign::Center).set_border_bottom(FormatBorder::Thin),
            text: text(),
            example: text().set_italic().set_font_color(Color::RGB(0x0080_8080)),
            wrapped: base().set_text_wrap(),
            title: base().set_bold().set_font_size(14).set_font_color(blue),
        }
    }
}

/// Returns the workbook as bytes, in the language of `words`. Headers are Chinese in every language, because the lists of
/// certificates are.
pub(super) fn template(words: &Words) -> Result<Vec<u8>, XlsxError> {
    let style = Style::new();
    let catalogue = Catalogue::of_the_specification();
    let names = names_of_one_type(catalogue);
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_author("ecert-audit"));
    for (types_by, count) in [(TypesBy::Name, names.len()), (TypesBy::Code, catalogue.types().len())] {
        write_list(workbook.add_worksheet(), &style, words, (types_by, count))?;
    }
    write_types(workbook.add_worksheet(), &style, words, catalogue, &names)?;
    write_help(workbook.add_worksheet(), &style, words)?;
    workbook.save_to_buffer()
}

/// Returns the names that identify one certificate type. A name shared by several types needs a code.
fn names_of_one_type(catalogue: &Catalogue) -> Vec<&str> {
    let names = catalogue.types().iter().flat_map(|entry| entry.names.iter().map(String::as_str));
    names.filter(|name| catalogue.named(name).count() == 1).collect()
}

/// Writes a list with its example rows. Its drop-down offers `count` types.
fn write_list(sheet: &mut Worksheet, style: &Style, words: &Words, (types_by, count): (TypesBy, usize)) -> Result<(), XlsxError> {
    sheet.set_name(words.text(types_by.sheet()))?.set_freeze_panes(1, 0)?;
    let columns = [HOLDER_COLUMN, types_by.column()].into_iter().chain(FURTHER_COLUMNS);
    for (column, (header, width)) in (0..).zip(columns) {
        sheet.set_column_width(column, width)?.set_column_format(column, &style.text)?;
        sheet.write_with_format(0, column, header, &style.header)?;
    }
    let (types, source) = (words.text("init-sheet-types"), types_by.source());
    // A job can add types that are not in the drop-down, so Excel only asks before it accepts another value.
    let drop_down = DataValidation::new()
        .allow_list_formula(Formula::new(format!("='{types}'!${source}$2:${source}${}", count + 1)))
        .set_error_style(DataValidationErrorStyle::Warning)
        .set_error_title(words.text("init-unlisted-title"))?
        .set_error_message(words.text("init-unlisted"))?;
    sheet.add_data_validation(1, TYPE_COLUMN, LAST_ROW, TYPE_COLUMN, &drop_down)?;
    let catalogue = Catalogue::of_the_specification();
    let examples = EXAMPLES.into_iter().filter(|(list, ..)| *list == types_by);
    for (row, (_, body, code, department)) in (1..).zip(examples) {
        let holder = with_check_character(body);
        let named = if types_by == TypesBy::Name { catalogue.name(code).unwrap_or_default() } else { code };
        let cells = [holder.as_str(), named, "", "市中区", department, words.text("init-example")];
        for (column, cell) in (0..).zip(cells) {
            sheet.write_with_format(row, column, cell, &style.example)?;
        }
    }
    set_page(sheet, Some(0))
}

/// Appends the check character to a holder code.
fn with_check_character(body: &str) -> String {
    let check = citizen_check_character(body).or_else(|| credit_check_character(body));
    body.chars().chain(check).collect()
}

fn write_types(
    sheet: &mut Worksheet,
    style: &Style,
    words: &Words,
    catalogue: &Catalogue,
    names: &[&str],
) -> Result<(), XlsxError> {
    // Hidden, because a visible sheet that is not a list would cause a notice in every run.
    sheet.set_name(words.text("init-sheet-types"))?.set_freeze_panes(1, 0)?.set_hidden(true);
    let headers = [("证照类型代码", 26), ("证照类型名称", 60), (words.text("init-names"), 44)];
    for (column, (header, width)) in (0..).zip(headers) {
        sheet.set_column_width(column, width)?.set_column_format(column, &style.text)?;
        sheet.write_with_format(0, column, header, &style.header)?;
    }
    for (row, entry) in (1..).zip(catalogue.types()) {
        sheet.write_with_format(row, 0, entry.code.as_str(), &style.text)?;
        sheet.write_with_format(row, 1, entry.names.join("、"), &style.text)?;
    }
    for (row, name) in (1..).zip(names) {
        sheet.write_with_format(row, 2, *name, &style.text)?;
    }
    set_page(sheet, Some(0))
}

/// Messages of the sheet of instructions, in order.
const HELP: [&str; 8] = [
    "init-help-rows",
    "init-help-holder",
    "init-help-type",
    "init-help-number",
    "init-help-carry",
    "init-help-examples",
    "init-help-own",
    "init-help-check",
];

fn write_help(sheet: &mut Worksheet, style: &Style, words: &Words) -> Result<(), XlsxError> {
    sheet.set_name(words.text("init-sheet-help"))?.set_column_width(0, 100)?;
    sheet.write_with_format(0, 0, words.text("init-sheet-help"), &style.title)?;
    for (row, key) in (2..).zip(HELP) {
        sheet.write_with_format(row, 0, words.text(key), &style.wrapped)?;
        sheet.set_row_height(row, 45)?;
    }
    set_page(sheet, None)
}

/// Sets the page layout for printing: landscape A4, as wide as the page, with the header on every page.
fn set_page(sheet: &mut Worksheet, header_row: Option<u32>) -> Result<(), XlsxError> {
    const A4: u8 = 9;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    if let Some(row) = header_row {
        sheet.set_repeat_rows(row, row)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::{check_citizen_number, check_credit_code, check_type_code};
    use crate::job::Language;
    use calamine::{DataType, Reader, Xlsx};
    use std::io::Cursor;

    #[test]
    fn the_examples_check_and_are_in_the_catalogue() {
        let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 25).unwrap();
        let catalogue = Catalogue::of_the_specification();
        for (list, body, code, _) in EXAMPLES {
            let holder = with_check_character(body);
            assert!(check_citizen_number(&holder, today).is_ok() || check_credit_code(&holder).is_ok(), "{body}");
            assert!(check_type_code(code).is_ok(), "{code}");
            let name = catalogue.name(code).unwrap_or_else(|| panic!("{code}"));
            let is_found = list == TypesBy::Code || names_of_one_type(catalogue).contains(&name);
            assert!(is_found, "{name} stands for several types");
        }
    }

    #[test]
    fn the_workbook_has_its_sheets_and_text_in_every_cell() {
        for language in [Language::ZhCn, Language::En] {
            let words = Words::new(language);
            let bytes = template(&words).unwrap();
            let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
            let names = ["init-sheet-list", "init-sheet-codes", "init-sheet-types", "init-sheet-help"];
            let names = names.map(|key| words.text(key).to_owned());
            assert_eq!(book.sheet_names(), names);
            for name in &names[..2] {
                let list = book.worksheet_range(name).unwrap();
                assert_eq!(list.height(), 1 + EXAMPLES.len() / 2, "{name}");
                assert!(list.used_cells().all(|(_, _, cell)| cell.is_string()), "{name}");
            }
            let types = book.worksheet_range(&names[2]).unwrap();
            let catalogue = Catalogue::of_the_specification();
            assert_eq!(types.height(), 1 + catalogue.types().len().max(names_of_one_type(catalogue).len()));
        }
    }
}
