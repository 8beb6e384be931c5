//! Sheets of counts and rates by certificate type and by carried column.

use super::super::{ReportInput, Words};
use super::ReportError;
use super::gaps::{mask_codes, masked};
use super::layout::{ColumnRoom, fitted};
use super::style::{Style, fitting, set_page, width_of};
use crate::analysis::{Counts, Group, MOST_GROUPS, PastRun};
use crate::audit::Status;
use rust_xlsxwriter::{Color, ConditionalFormat3ColorScale, ConditionalFormatDataBar, IgnoreError, Sparkline, Workbook};

/// Keys of the count columns, which follow the key columns.
pub(super) const COUNT_KEYS: [&str; 9] = [
    "col-items",
    "col-rows",
    "status-both",
    "status-city_only",
    "status-province_only",
    "status-neither",
    "status-error",
    "status-pending",
    "col-inconsistent",
];
const RATE_KEYS: [&str; 3] = ["collection_rate", "province_coverage", "city_coverage"];
/// Index of 市有省无 among the count columns.
const CITY_ONLY: u16 = 3;
/// Width of a count, in digits.
const COUNT: usize = 9;

/// Returns the index of the 归集率 column on a sheet with this number of key columns.
pub(super) fn rate_column(keys: u16) -> u16 {
    keys + u16::try_from(COUNT_KEYS.len()).unwrap_or_default()
}

pub(super) fn write_by_type(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let words = input.words;
    let past = |key: &str| input.history.iter().map(|run| run.by_type.get(key).copied().flatten()).collect();
    let sheet = Breakdown {
        name: &input.list_name(words.text("sheet-by-type")),
        key_headers: &[words.text("col-type"), words.text("col-type-name")],
        groups: &input.analysis.by_type,
        past: &past,
    };
    sheet.write(workbook, style, input)
}

/// Writes one sheet per carried column and returns the sheets' names.
pub(super) fn write_by_carried(
    workbook: &mut Workbook,
    style: &Style,
    input: ReportInput<'_>,
) -> Result<Vec<String>, ReportError> {
    let mut names = Vec::new();
    for (header, groups) in &input.analysis.by_carried {
        let taken: Vec<String> = workbook.worksheets().iter().map(|sheet| sheet.name().to_lowercase()).collect();
        let wanted = input.list_name(&input.words.fill("sheet-by", &[("header", header)]));
        let name = sheet_name(&wanted, input.words, &taken);
        let of_header = |run: &PastRun, key: &str| run.by_carried.get(header)?.get(key).copied().flatten();
        let past = |key: &str| input.history.iter().map(|run| of_header(run, key)).collect();
        let groups: Vec<Group> = groups.iter().take(MOST_GROUPS).cloned().chain(rest_of(groups, input.words)).collect();
        let sheet = Breakdown { name: &name, key_headers: &[header], groups: &groups, past: &past };
        sheet.write(workbook, style, input)?;
        names.push(name);
    }
    Ok(names)
}

/// Returns the sum of the groups that have no row of their own.
fn rest_of(groups: &[Group], words: &Words) -> Option<Group> {
    let rest = groups.get(MOST_GROUPS..).filter(|rest| !rest.is_empty())?;
    let counts = Counts::sum(rest.iter().map(|group| &group.counts));
    let key = words.fill("rest", &[("count", &rest.len().to_string())]);
    Some(Group { key: Some(key), label: None, is_holder: false, counts })
}

/// Returns a valid sheet name that is not among `taken` (in lower case).
fn sheet_name(wanted: &str, words: &Words, taken: &[String]) -> String {
    const LONGEST: usize = 31;
    let whole: String =
        wanted.chars().filter(|character| !matches!(character, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\'')).collect();
    let candidates = (1..).map(|number| {
        let ending = if number == 1 { String::new() } else { format!("~{number}") };
        let room = LONGEST - ending.len();
        whole.chars().take(room).collect::<String>() + &ending
    });
    let reserved = words.text("sheet-by-type");
    let is_free = |name: &String| !taken.contains(&name.to_lowercase()) && name != reserved;
    candidates.into_iter().find(is_free).unwrap_or(whole)
}

/// Returns the counts of a group, in the order of the headers.
fn counts_of(counts: &Counts) -> [u64; COUNT_KEYS.len()] {
    let of = |status| counts.of(status);
    [
        counts.items,
        counts.rows,
        of(Status::Both),
        of(Status::CityOnly),
        of(Status::ProvinceOnly),
        of(Status::Neither),
        of(Status::Error),
        of(Status::Pending),
        counts.inconsistent,
    ]
}

fn rates_of(counts: &Counts) -> [Option<f64>; RATE_KEYS.len()] {
    [counts.collection_rate(), counts.province_coverage(), counts.city_coverage()]
}

/// A sheet of counts and rates.
struct Breakdown<'a> {
    name: &'a str,
    key_headers: &'a [&'a str],
    groups: &'a [Group],
    /// Returns the collection rates of a group in earlier runs, oldest first.
    past: &'a dyn Fn(&str) -> Vec<Option<f64>>,
}

impl Breakdown<'_> {
    fn write(&self, workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
        let words = input.words;
        let sheet = workbook.add_worksheet();
        sheet.set_name(self.name)?;
        let keys = u16::try_from(self.key_headers.len()).unwrap_or(u16::MAX);
        let first_rate = rate_column(keys);
        let trend = first_rate + u16::try_from(RATE_KEYS.len()).unwrap_or_default();
        let has_past = !input.history.is_empty();
        let headers = COUNT_KEYS.iter().chain(&RATE_KEYS).map(|key| words.text(key));
        let headers: Vec<&str> =
            self.key_headers.iter().copied().chain(headers).chain(has_past.then(|| words.text("trend"))).collect();
        let mut widths = vec![COUNT; headers.len()];
        for (column, header) in (0..).zip(&headers) {
            sheet.write_string_with_format(0, column, *header, &style.header)?;
        }
        let total =
            Group { key: Some(words.text("total").to_owned()), label: None, is_holder: false, counts: input.analysis.totals };
        let last = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        for (row, group) in (1..).zip(self.groups.iter().chain([&total])) {
            let is_total = row > last;
            let (text, number, percent) = if is_total {
                (&style.total_text, &style.total_number, &style.total_percent)
            } else {
                (&style.wrapped_code, &style.number, &style.percent)
            };
            // A carried column may contain holder codes.
            let shown = |key| if group.is_holder { masked(key, input.mask) } else { mask_codes(key, input.mask) };
            let key = group.key.as_deref().map(shown);
            let key = key.as_deref().unwrap_or_else(|| words.text("empty"));
            sheet.write_string_with_format(row, 0, fitting(key), text)?;
            widths[0] = widths[0].max(width_of(key));
            if keys == 2 {
                let unnamed = if is_total { "" } else { words.text("not-in-catalogue") };
                let label = group.label.as_deref().unwrap_or(unnamed);
                sheet.write_string_with_format(row, 1, label, text)?;
                widths[1] = widths[1].max(width_of(label));
            }
            for (column, count) in (keys..).zip(counts_of(&group.counts)) {
                #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
                sheet.write_number_with_format(row, column, count as f64, number)?;
            }
            for (column, rate) in (first_rate..).zip(rates_of(&group.counts)) {
                match rate {
                    Some(rate) => sheet.write_number_with_format(row, column, rate, percent)?,
                    None => sheet.write_string_with_format(row, column, words.text("dash"), text)?,
                };
            }
            if has_past {
                let past = match (is_total, &group.key) {
                    (true, _) => input.history.iter().map(|run| run.collection_rate).collect(),
                    (false, Some(key)) => (self.past)(key),
                    (false, None) => Vec::new(),
                };
                let rates = past.into_iter().chain([group.counts.collection_rate()]);
                self.sparkline(sheet, row, trend, rates.collect())?;
                if is_total {
                    sheet.write_blank(row, trend, text)?;
                }
            }
        }
        let rooms: Vec<_> = headers.iter().zip(widths).map(|(header, widest)| ColumnRoom::folding(header, widest)).collect();
        for (column, width) in (0..).zip(fitted(&rooms)) {
            sheet.set_column_width(column, width)?;
        }
        if last > 0 {
            let bar = ConditionalFormatDataBar::new().set_fill_color(Color::RGB(0x00F4_B183)).set_solid_fill(true);
            // The sheet is sorted by 市有省无, so its column has data bars.
            sheet.add_conditional_format(1, keys + CITY_ONLY, last, keys + CITY_ONLY, &bar)?;
            let scale = ConditionalFormat3ColorScale::new()
                .set_minimum_color(Color::RGB(0x00F8_CBAD))
                .set_midpoint_color(Color::RGB(0x00FF_F2CC))
                .set_maximum_color(Color::RGB(0x00C6_E0B4));
            sheet.add_conditional_format(1, first_rate, last, trend - 1, &scale)?;
            sheet.ignore_error_range(1, 0, last, 0, IgnoreError::NumberStoredAsText)?;
        }
        // The filter excludes the row of totals, which must not be sorted.
        sheet.autofilter(0, 0, last.max(1), trend - 1)?;
        sheet.set_freeze_panes(1, keys)?;
        set_page(sheet, words, Some(0))?;
        Ok(())
    }

    /// Writes a sparkline of rates by run. Its data is in hidden columns to the right.
    fn sparkline(
        &self,
        sheet: &mut rust_xlsxwriter::Worksheet,
        row: u32,
        column: u16,
        rates: Vec<Option<f64>>,
    ) -> Result<(), ReportError> {
        let first = column + 1;
        let last = first + u16::try_from(rates.len()).unwrap_or(u16::MAX) - 1;
        for (column, rate) in (first..).zip(rates) {
            if let Some(rate) = rate {
                sheet.write_number(row, column, rate)?;
            }
        }
        for hidden in first..=last {
            sheet.set_column_hidden(hidden)?;
        }
        let line = Sparkline::new().set_range((self.name, row, first, row, last)).show_hidden_data(true).show_markers(true);
        sheet.add_sparkline(row, column, &line)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_are_allowed_and_told_apart() {
        let words = Words::new(crate::job::Language::ZhCn);
        let mut taken = vec!["概览".to_owned(), "按证照类型".to_owned()];
        for (header, expected) in [
            ("区市", "按区市"),
            ("证照类型", "按证照类型~2"),
            ("Abc", "按Abc"),
            ("abc", "按abc~2"),
            ("a/b", "按ab"),
            ("a:b", "按ab~2"),
            ("a*b", "按ab~3"),
            (&"长".repeat(40), &format!("按{}", "长".repeat(30))),
            (&"长".repeat(41), &format!("按{}~2", "长".repeat(28))),
        ] {
            let name = sheet_name(&words.fill("sheet-by", &[("header", header)]), &words, &taken);
            assert_eq!(name, expected);
            taken.push(name.to_lowercase());
        }
    }
}
