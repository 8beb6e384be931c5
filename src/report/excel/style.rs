//! Formats, widths and page layout of all sheets.

use super::detail::CellKind;
use crate::report::Words;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, FormatUnderline, Worksheet, XlsxError};
use std::borrow::Cow;
use unicode_width::UnicodeWidthStr;

/// Margins of a printed page, in inches. The space between them limits the widths of columns (see `layout::PRINTED`).
const SIDE_MARGIN: f64 = 0.24;
const TOP_MARGIN: f64 = 0.6;
const TITLE_MARGIN: f64 = 0.3;

/// Formats of a workbook.
pub(super) struct Style {
    pub title: Format,
    pub heading: Format,
    pub header: Format,
    pub label: Format,
    pub text: Format,
    pub code: Format,
    /// Formats of text and of codes that fold.
    pub wrapped: Format,
    pub wrapped_code: Format,
    pub number: Format,
    pub percent: Format,
    pub total_text: Format,
    pub total_number: Format,
    pub total_percent: Format,
    pub muted: Format,
    pub remark: Format,
    pub fact: Format,
    pub link: Format,
    pub time: Format,
    pub summary_header: Format,
    pub summary_number_header: Format,
    /// Formats of the parts of a text: the plain ones and the highlighted one.
    pub plain: Format,
    pub marked: Format,
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
            wrapped_code: base().set_num_format("@").set_text_wrap(),
            number: base().set_num_format("#,##0"),
            percent: base().set_num_format("0.00%"),
            total_text: total(),
            total_number: total().set_num_format("#,##0"),
            total_percent: total().set_num_format("0.00%"),
            muted: base().set_font_color(Color::RGB(0x0080_8080)).set_italic(),
            remark: base().set_font_color(Color::RGB(0x0080_8080)).set_indent(1),
            fact: base().set_num_format("@").set_align(FormatAlign::Right),
            link: base().set_font_color(Color::RGB(0x0005_63C1)).set_underline(FormatUnderline::Single),
            time: base().set_num_format("yyyy-mm-dd hh:mm"),
            summary_header: base().set_bold().set_background_color(Color::RGB(0x00DD_EBF7)),
            summary_number_header: base().set_bold().set_background_color(Color::RGB(0x00DD_EBF7)).set_align(FormatAlign::Right),
            plain: base(),
            marked: base().set_bold().set_font_color(Color::RGB(0x00C0_0000)),
            good: base().set_font_color(Color::RGB(0x0037_8A3B)).set_bold(),
            bad: base().set_font_color(Color::RGB(0x00C0_0000)).set_bold(),
        }
    }

    /// Returns the format of a list's texts.
    pub(super) const fn of_text(&self, kind: CellKind, folds: bool) -> &Format {
        match (kind, folds) {
            (CellKind::Code, false) => &self.code,
            (CellKind::Code, true) => &self.wrapped_code,
            (CellKind::Text | CellKind::Number, false) => &self.text,
            (CellKind::Text | CellKind::Number, true) => &self.wrapped,
        }
    }
}

/// Returns the width of a text in digits; a Chinese character counts as two.
pub(crate) fn width_of(text: &str) -> usize {
    text.lines().map(UnicodeWidthStr::width).max().unwrap_or_default()
}

/// Returns the text as a cell can hold it: shortened with an ellipsis if it exceeds Excel's limit (in UTF-16 units), and with a
/// visible replacement for characters that XML does not allow.
pub(crate) fn fitting(text: &str) -> Cow<'_, str> {
    const LONGEST_TEXT: usize = 32_767;
    let mut text = Cow::Borrowed(text);
    // Fast path: most texts contain no byte that such a character could have.
    if text.bytes().any(|byte| byte < b' ' || byte == 0xEF) && text.chars().any(is_illegal) {
        text = text.chars().map(|character| if is_illegal(character) { '\u{FFFD}' } else { character }).collect();
    }
    if text.len() <= LONGEST_TEXT || text.encode_utf16().count() <= LONGEST_TEXT {
        return text;
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

/// Returns whether XML 1.0 does not allow a character.
const fn is_illegal(character: char) -> bool {
    matches!(character, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

/// Sets the page layout for printing: landscape A4, as wide as the page, header and page number on every page.
pub(super) fn set_page(sheet: &mut Worksheet, words: &Words, header_row: Option<u32>) -> Result<(), XlsxError> {
    const A4: u8 = 9;
    sheet.set_landscape().set_paper_size(A4).set_print_fit_to_pages(1, 0);
    sheet.set_margins(SIDE_MARGIN, SIDE_MARGIN, TOP_MARGIN, TOP_MARGIN, TITLE_MARGIN, TITLE_MARGIN);
    sheet.set_header("&L&A").set_footer(format!("&C{}", words.text("page-of")));
    if let Some(row) = header_row {
        sheet.set_repeat_rows(row, row)?;
    }
    Ok(())
}
