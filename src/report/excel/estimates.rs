//! 抽样估计 and 抽样推算数量: what a sampled run tells about all items, overall and by group, each figure with its interval.

use super::super::estimates::interval_text;
use super::super::{ReportInput, Words};
use super::ReportError;
use super::gaps::{mask_codes, masked};
use super::layout::{ColumnRoom, fitted};
use super::style::{Style, fitting, set_page, width_of};
use crate::analysis::{COUNTS, Estimates, FigureEstimates, GroupEstimate, MOST_GROUPS, RATES};
use crate::job::Mask;
use rust_xlsxwriter::{Format, IgnoreError, Workbook, Worksheet};

/// Headers of the columns that say what a row is about, in order.
const FRONT: [&str; 5] = ["col-scope", "col-group", "col-group-name", "col-population", "col-sample"];
/// Columns of them that hold texts.
const TEXTS: u16 = 3;
/// Width of a count or a rate, in digits.
const NUMBER: usize = 11;
/// Columns of a figure: its value and its interval.
const PER_FIGURE: u16 = 2;

/// Writes both sheets: rates, then counts.
pub(super) fn write(
    workbook: &mut Workbook,
    style: &Style,
    input: ReportInput<'_>,
    estimates: &Estimates,
) -> Result<(), ReportError> {
    let rows = rows_of(input.words, input.mask, estimates);
    write_sheet(
        workbook,
        style,
        input.words,
        &rows,
        &Figures { sheet: "sheet-estimates", names: &RATES, format: &style.percent },
    )?;
    let counts = Figures { sheet: "sheet-estimated-counts", names: &COUNTS, format: &style.number };
    write_sheet(workbook, style, input.words, &rows, &counts)
}

/// The figures of a sheet.
struct Figures<'a> {
    /// Key of its name.
    sheet: &'a str,
    names: &'a [&'a str],
    /// Format of their values.
    format: &'a Format,
}

/// A row: a group of items.
struct Row<'a> {
    scope: String,
    group: String,
    name: &'a str,
    figures: &'a FigureEstimates,
}

/// All items first, then the types, then the values of each carried column.
fn rows_of<'a>(words: &Words, mask: Mask, estimates: &'a Estimates) -> Vec<Row<'a>> {
    let mut rows =
        vec![Row { scope: words.text("scope-all").to_owned(), group: String::new(), name: "", figures: &estimates.overall }];
    let scope = words.text("scope-type");
    // Type codes are as long as holder codes, and no secret.
    rows.extend(estimates.by_type.iter().map(|group| row_of(words, Mask::None, scope, group)));
    for (header, groups) in &estimates.by_carried {
        let scope = words.fill("sheet-by", &[("header", header)]);
        rows.extend(groups.iter().take(MOST_GROUPS).map(|group| row_of(words, mask, &scope, group)));
    }
    rows
}

fn row_of<'a>(words: &Words, mask: Mask, scope: &str, group: &'a GroupEstimate) -> Row<'a> {
    // A carried column may hold codes of holders.
    let shown = |key: &str| if group.is_holder { masked(key, mask) } else { mask_codes(key, mask) };
    Row {
        scope: scope.to_owned(),
        group: group.key.as_deref().map_or_else(|| words.text("empty").to_owned(), shown),
        name: group.label.as_deref().unwrap_or_default(),
        figures: &group.figures,
    }
}

fn write_sheet(
    workbook: &mut Workbook,
    style: &Style,
    words: &Words,
    rows: &[Row<'_>],
    figures: &Figures<'_>,
) -> Result<(), ReportError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(words.text(figures.sheet))?;
    let headers = headers(words, figures.names);
    for (column, header) in (0..).zip(&headers) {
        sheet.write_string_with_format(0, column, header, &style.header)?;
    }
    let mut widths = vec![NUMBER; headers.len()];
    for (at, row) in (1..).zip(rows) {
        write_row(sheet, at, style, words, row, figures, &mut widths)?;
    }
    let rooms: Vec<_> = headers.iter().zip(widths).map(|(header, widest)| ColumnRoom::folding(header, widest)).collect();
    for (column, width) in (0..).zip(fitted(&rooms)) {
        sheet.set_column_width(column, width)?;
    }
    let last = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let last_column = u16::try_from(headers.len()).unwrap_or(u16::MAX).saturating_sub(1);
    sheet.autofilter(0, 0, last.max(1), last_column)?;
    sheet.ignore_error_range(1, 1, last.max(1), 1, IgnoreError::NumberStoredAsText)?;
    sheet.set_freeze_panes(1, TEXTS)?;
    set_page(sheet, words, Some(0))?;
    Ok(())
}

/// The header of each column. Behind a figure's stands that of its interval.
fn headers(words: &Words, figures: &[&str]) -> Vec<String> {
    let mut headers: Vec<String> = FRONT.iter().map(|key| words.text(key).to_owned()).collect();
    for figure in figures {
        let name = words.named("figure", figure);
        headers.push(words.fill("col-estimate", &[("figure", name)]));
        headers.push(words.fill("col-interval", &[("figure", name)]));
    }
    headers
}

fn write_row(
    sheet: &mut Worksheet,
    at: u32,
    style: &Style,
    words: &Words,
    row: &Row<'_>,
    figures: &Figures<'_>,
    widths: &mut [usize],
) -> Result<(), ReportError> {
    let mut widen = |column: u16, text: &str| {
        if let Some(width) = widths.get_mut(usize::from(column)) {
            *width = (*width).max(width_of(text));
        }
    };
    for (column, text) in (0..TEXTS).zip([row.scope.as_str(), &row.group, row.name]) {
        sheet.write_string_with_format(at, column, fitting(text), &style.wrapped_code)?;
        widen(column, text);
    }
    let counts = [row.figures.population, Some(row.figures.sample)];
    for (column, count) in (TEXTS..).zip(counts) {
        match count {
            #[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^52")]
            Some(count) => sheet.write_number_with_format(at, column, count as f64, &style.number)?,
            None => sheet.write_string_with_format(at, column, words.text("dash"), &style.fact)?,
        };
    }
    let first = TEXTS + 2;
    for (column, figure) in (first..).step_by(usize::from(PER_FIGURE)).zip(figures.names) {
        if let Some(estimate) = row.figures.get(figure) {
            let interval = interval_text(words, figure, estimate);
            sheet.write_number_with_format(at, column, estimate.value, figures.format)?;
            sheet.write_string_with_format(at, column + 1, &interval, &style.fact)?;
            widen(column + 1, &interval);
        } else {
            sheet.write_string_with_format(at, column, words.text("dash"), &style.fact)?;
            sheet.write_string_with_format(at, column + 1, words.text("sample-withheld"), &style.fact)?;
        }
    }
    Ok(())
}
