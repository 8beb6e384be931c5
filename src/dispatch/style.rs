//! Formats and page layout of departments' workbooks.

use crate::report::Words;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, FormatUnderline, ProtectionOptions, Worksheet, XlsxError};

/// Margins of a printed page, in inches.
const SIDE_MARGIN: f64 = 0.24;
const TOP_MARGIN: f64 = 0.6;
const TITLE_MARGIN: f64 = 0.3;
/// Limit on characters of a department's name in the page header; Excel allows 255 for the whole header.
const MOST_IN_HEAD: usize = 60;

/// Formats of a workbook. Cells are locked, except for those of [`Style::answer`].
pub(super) struct Style {
    pub title: Format,
    pub heading: Format,
    pub facts: Format,
    pub label: Format,
    pub link: Format,
    pub text: Format,
    pub number: Format,
    pub percent: Format,
    pub total: Format,
    pub total_number: Format,
    pub total_percent: Format,
    pub sentence: Format,
    /// Formats of the headers of locked columns and of those to fill in.
    pub header: Format,
    pub answer_header: Format,
    pub key: Format,
    pub locked: Format,
    pub answer: Format,
}

impl Style {
    pub(super) fn new() -> Self {
        let base = || Format::new().set_font_name("等线").set_font_size(10).set_align(FormatAlign::VerticalCenter);
        let (dark, line) = (Color::RGB(0x001F_4E79), Color::RGB(0x00BF_BFBF));
        let framed = || base().set_border(FormatBorder::Thin).set_border_color(line);
        let header = |fill: Color| {
            framed()
                .set_bold()
                .set_font_color(Color::White)
                .set_background_color(fill)
                .set_align(FormatAlign::Center)
                .set_text_wrap()
        };
        let total = || framed().set_bold().set_background_color(Color::RGB(0x00F2_F2F2));
        Self {
            title: base().set_bold().set_font_size(16).set_font_color(dark),
            heading: base().set_bold().set_font_size(12).set_font_color(dark),
            facts: base().set_font_color(Color::RGB(0x0040_4040)),
            label: framed().set_text_wrap(),
            link: framed().set_font_color(Color::RGB(0x0005_63C1)).set_underline(FormatUnderline::Single),
            text: framed().set_text_wrap(),
            number: framed().set_num_format("#,##0"),
            percent: framed().set_num_format("0.00%"),
            total: total(),
            total_number: total().set_num_format("#,##0"),
            total_percent: total().set_num_format("0.00%"),
            sentence: base().set_font_size(11).set_text_wrap(),
            header: header(dark),
            // Columns to fill in have a distinct colour.
            answer_header: header(Color::RGB(0x00C5_5A11)),
            key: base().set_num_format("@"),
            locked: framed().set_num_format("@").set_text_wrap(),
            answer: framed().set_num_format("@").set_text_wrap().set_background_color(Color::RGB(0x00FF_F9E5)).set_unlocked(),
        }
    }
}

/// Sets the page layout for printing: landscape A4, as wide as the page, the header row on every page, and a page header with
/// department, sheet and page number.
pub(super) fn set_page(sheet: &mut Worksheet, words: &Words, department: &str, header_row: Option<u32>) -> Result<(), XlsxError> {
    const A4: u8 = 9;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_margins(SIDE_MARGIN, SIDE_MARGIN, TOP_MARGIN, TOP_MARGIN, TITLE_MARGIN, TITLE_MARGIN);
    // An ampersand begins a field in a page header and is escaped by doubling.
    let shown: String = department.chars().filter(|character| !character.is_control()).take(MOST_IN_HEAD).collect();
    sheet.set_header(format!("&L{}&R&A", shown.replace('&', "&&"))).set_footer(format!("&C{}", words.text("page-of")));
    if let Some(row) = header_row {
        sheet.set_repeat_rows(row, row)?;
    }
    Ok(())
}

/// Protects a sheet against accidental changes, without a password, so that a user who must sort or delete rows can remove the
/// protection.
pub(super) fn protect(sheet: &mut Worksheet) {
    sheet.protect_with_options(&ProtectionOptions {
        format_rows: true,
        delete_rows: true,
        sort: true,
        use_autofilter: true,
        ..ProtectionOptions::default()
    });
}
