//! Formats, widths and the page set-up that all sheets share.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Worksheet, XlsxError};
use unicode_width::UnicodeWidthStr;

/// A column is at least and at most this wide, in digits.
const NARROWEST: usize = 8;
const WIDEST: usize = 80;
/// Excel's longest text in a cell.
const LONGEST_TEXT: usize = 32_767;

/// The formats of a workbook.
pub(super) struct Style {
    pub title: Format,
    pub heading: Format,
    pub header: Format,
    pub label: Format,
    pub text: Format,
    pub code: Format,
    pub wrapped: Format,
    pub number: Format,
    pub percent: Format,
    pub total_text: Format,
    pub total_number: Format,
    pub total_percent: Format,
    pub muted: Format,
    pub remark: Format,
    pub fact: Format,
    pub good: Format,
    pub bad: Format,
}

impl Style {
    pub(super) fn new() -> Self {
        let base = || Format::new().set_font_name("等线").set_font_size(10).set_align(FormatAlign::VerticalCenter);
        let header_fill = Color::RGB(0x001F_4E79);
        let line = Color::RGB(0x00BF_BFBF);
        let total = || base().set_bold().set_background_color(Color::RGB(0x00F2_F2F2)).set_border_top(FormatBorder::Thin);
        Self {
            title: base().set_bold().set_font_size(16).set_font_color(header_fill),
            heading: base().set_bold().set_font_size(12).set_font_color(header_fill),
            header: base()
                .set_bold()
                .set_font_color(Color::White)
                .set_background_color(header_fill)
                .set_border_bottom(FormatBorder::Thin)
                .set_border_bottom_color(line)
                .set_align(FormatAlign::Center)
                .set_text_wrap(),
            label: base().set_font_color(Color::RGB(0x0040_4040)),
            text: base(),
            code: base().set_num_format("@"),
            wrapped: base().set_text_wrap(),
            number: base().set_num_format("#,##0"),
            percent: base().set_num_format("0.00%"),
            total_text: total(),
            total_number: total().set_num_format("#,##0"),
            total_percent: total().set_num_format("0.00%"),
            muted: base().set_font_color(Color::RGB(0x0080_8080)).set_italic(),
            remark: base().set_font_color(Color::RGB(0x0080_8080)).set_indent(1),
            fact: base().set_num_format("@").set_align(FormatAlign::Right),
            good: base().set_font_color(Color::RGB(0x0037_8A3B)).set_bold(),
            bad: base().set_font_color(Color::RGB(0x00C0_0000)).set_bold(),
        }
    }
}

/// How wide a text is, in digits: a Chinese character is two.
pub(super) fn width_of(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or_default()
}

/// The width of a column whose widest text is `widest` digits wide; room for the filter's button included.
pub(super) fn column_width(widest: usize) -> f64 {
    f64::from(u32::try_from(widest.clamp(NARROWEST, WIDEST)).unwrap_or_default()) * 1.05 + 2.5
}

/// A text that a cell can hold: over-long ones end in an ellipsis. Excel counts in UTF-16.
pub(super) fn fitting(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= LONGEST_TEXT || text.encode_utf16().count() <= LONGEST_TEXT {
        return text.into();
    }
    let mut room = LONGEST_TEXT - 1;
    let fits = |character: &char| {
        let width = character.len_utf16();
        room = room.saturating_sub(width);
        room > 0
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short.into()
}

/// How sheets print: landscape A4, as wide as the page, the header on every page, numbered.
pub(super) fn set_page(sheet: &mut Worksheet, header_row: Option<u32>) -> Result<(), XlsxError> {
    const A4: u8 = 9;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_header("&L&A").set_footer("&C第 &P 页，共 &N 页");
    if let Some(row) = header_row {
        sheet.set_repeat_rows(0, row)?;
    }
    Ok(())
}
