//! The workbook to fill in: a list with columns in text format and drop-downs, the certificate types, and how to fill it in.

use crate::codes::{Catalogue, citizen_check_character, credit_check_character};
use crate::report::Words;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, Format, FormatAlign, FormatBorder, Formula, Workbook,
    Worksheet, XlsxError,
};

/// Last row, counted from 0, that has a drop-down: more rows than one department sends.
const LAST_ROW: u32 = 20_000;

/// A column of the list: its header, which reading the inputs recognises, and its width in digits.
const COLUMNS: [(&str, u16); 7] =
    [("证件号码", 24), ("证照类型", 32), ("证照类型代码", 26), ("证照编号", 24), ("区市", 12), ("部门", 18), ("备注", 30)];
const TYPE_NAME_COLUMN: u16 = 1;
const TYPE_CODE_COLUMN: u16 = 2;

/// How an example row names its certificate type.
enum TypeBy {
    Name,
    Code,
}

/// The example rows: an identity number's beginning, a type, how it is named, a department. Nobody's number begins with
/// 370499, which is no district.
const EXAMPLES: [(&str, &str, TypeBy, &str); 6] = [
    ("37049919680214001", "131000000000180402003", TypeBy::Name, "市残联"),
    ("37049919750803002", "111000007178369727010", TypeBy::Name, "市卫生健康委"),
    ("37049919891120003", "111000007178369727008", TypeBy::Code, "市卫生健康委"),
    ("37049919930609004", "11100000000013151X009", TypeBy::Code, "市司法局"),
    ("91370499MA0000001", "11100000MB0143028R026", TypeBy::Name, "市市场监管局"),
    ("91370499MA0000002", "11100000MB0143028R025", TypeBy::Code, "市市场监管局"),
];

/// The formats of the workbook.
struct Style {
    header: Format,
    /// Codes stay text, or Excel would round those of sixteen digits and more.
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

/// Returns the bytes of the workbook, in the language of `words`. Headers are Chinese in any language: lists of certificates
/// are.
pub(super) fn template(words: &Words) -> Result<Vec<u8>, XlsxError> {
    let style = Style::new();
    let catalogue = Catalogue::of_the_specification();
    let names = names_of_one_type(catalogue);
    let mut workbook = Workbook::new();
    workbook.set_properties(&DocProperties::new().set_author("ecert-audit"));
    write_list(workbook.add_worksheet(), &style, words, catalogue, names.len())?;
    write_types(workbook.add_worksheet(), &style, words, catalogue, &names)?;
    write_help(workbook.add_worksheet(), &style, words)?;
    workbook.save_to_buffer()
}

/// Returns the names that stand for one certificate type alone; a name that several types bear has to come with a code.
fn names_of_one_type(catalogue: &Catalogue) -> Vec<&str> {
    let names = catalogue.types().iter().flat_map(|entry| entry.names.iter().map(String::as_str));
    names.filter(|name| catalogue.named(name).count() == 1).collect()
}

fn write_list(sheet: &mut Worksheet, style: &Style, words: &Words, catalogue: &Catalogue, names: usize) -> Result<(), XlsxError> {
    sheet.set_name(words.text("init-sheet-list"))?.set_freeze_panes(1, 0)?;
    for (column, (header, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(column, width)?.set_column_format(column, &style.text)?;
        sheet.write_with_format(0, column, header, &style.header)?;
    }
    let types = words.text("init-sheet-types");
    let drop_downs = [(TYPE_NAME_COLUMN, 'C', names), (TYPE_CODE_COLUMN, 'A', catalogue.types().len())];
    for (column, source, count) in drop_downs {
        let list = Formula::new(format!("='{types}'!${source}$2:${source}${}", count + 1));
        // Types that a job adds are not in the list: another value is allowed after a question.
        let drop_down = DataValidation::new()
            .allow_list_formula(list)
            .set_error_style(DataValidationErrorStyle::Warning)
            .set_error_title(words.text("init-unlisted-title"))?
            .set_error_message(words.text("init-unlisted"))?;
        sheet.add_data_validation(1, column, LAST_ROW, column, &drop_down)?;
    }
    for (row, (body, code, named_by, department)) in (1..).zip(EXAMPLES) {
        let name = catalogue.name(code).unwrap_or_default();
        let (name, code) = match named_by {
            TypeBy::Name => (name, ""),
            TypeBy::Code => ("", code),
        };
        let holder = with_check_character(body);
        let cells = [holder.as_str(), name, code, "", "市中区", department, words.text("init-example")];
        for (column, cell) in (0..).zip(cells) {
            sheet.write_with_format(row, column, cell, &style.example)?;
        }
    }
    set_page(sheet, Some(0))
}

/// A holder code with its check character.
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
    sheet.set_name(words.text("init-sheet-types"))?.set_freeze_panes(1, 0)?;
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

/// The messages of the sheet that explains, in order.
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
        sheet.set_row_height(row, 32)?;
    }
    set_page(sheet, None)
}

/// Sets how a sheet prints: landscape A4, as wide as the page, with its header on every page.
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
        for (body, code, named_by, _) in EXAMPLES {
            let holder = with_check_character(body);
            assert!(check_citizen_number(&holder, today).is_ok() || check_credit_code(&holder).is_ok(), "{body}");
            assert!(check_type_code(code).is_ok(), "{code}");
            let name = catalogue.name(code).unwrap_or_else(|| panic!("{code}"));
            let is_found = matches!(named_by, TypeBy::Code) || names_of_one_type(catalogue).contains(&name);
            assert!(is_found, "{name} stands for several types");
        }
    }

    #[test]
    fn the_workbook_has_three_sheets_and_text_in_every_cell() {
        for language in [Language::ZhCn, Language::En] {
            let words = Words::new(language);
            let bytes = template(&words).unwrap();
            let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
            let names = ["init-sheet-list", "init-sheet-types", "init-sheet-help"].map(|key| words.text(key).to_owned());
            assert_eq!(book.sheet_names(), names);
            let list = book.worksheet_range(&names[0]).unwrap();
            assert_eq!(list.height(), 1 + EXAMPLES.len());
            assert!(list.used_cells().all(|(_, _, cell)| cell.is_string()), "{language:?}");
            let types = book.worksheet_range(&names[1]).unwrap();
            assert_eq!(types.height(), 1 + Catalogue::of_the_specification().types().len());
        }
    }
}
