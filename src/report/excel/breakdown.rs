//! Counts and rates by certificate type and by carried column.

use super::super::{ReportInput, words};
use super::ReportError;
use super::gaps::mask_codes;
use super::style::{Style, column_width, fitting, set_page, width_of};
use crate::analysis::{Counts, Group};
use crate::audit::Status;
use rust_xlsxwriter::{Color, ConditionalFormatDataBar, IgnoreError, Workbook};

/// Name of the sheet by certificate type.
pub(super) const BY_TYPE: &str = "按证照类型";

/// Columns of counts behind the key columns, in order.
pub(super) const COUNT_HEADERS: [&str; 9] =
    ["条目数", "结果行数", "省市均有", "市有省无", "省有市无", "省市均无", "查询失败", "尚未查询", "照面或状态不一致"];
const RATE_HEADERS: [&str; 3] = ["归集率", "省库覆盖率", "市库覆盖率"];

pub(super) fn write_by_type(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    write(workbook, style, BY_TYPE, &["证照类型代码", "证照类型名称"], &input.analysis.by_type, &input.analysis.totals)
}

pub(super) fn write_by_carried(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    for (header, groups) in &input.analysis.by_carried {
        let name = sheet_name(header, &workbook.worksheets().iter().map(|sheet| sheet.name().to_lowercase()).collect::<Vec<_>>());
        // A carried column may hold codes of holders.
        let shown = |group: &Group| Group { key: group.key.as_deref().map(|key| mask_codes(key, input.mask)), ..group.clone() };
        let groups: Vec<Group> = groups.iter().take(MOST_GROUPS).map(shown).chain(rest_of(groups)).collect();
        write(workbook, style, &name, &[header], &groups, &input.analysis.totals)?;
    }
    Ok(())
}

/// Values that a sheet shows one by one; further ones are summed up in a row of their own.
const MOST_GROUPS: usize = 5_000;

/// The groups that are not shown one by one, summed up.
fn rest_of(groups: &[Group]) -> Option<Group> {
    let rest = groups.get(MOST_GROUPS..).filter(|rest| !rest.is_empty())?;
    let counts = Counts::sum(rest.iter().map(|group| &group.counts));
    Some(Group { key: Some(format!("其余 {} 项", rest.len())), label: None, counts })
}

/// 按<header>, without what a sheet's name may not hold, told apart from the names that are taken (in lower case).
fn sheet_name(header: &str, taken: &[String]) -> String {
    const LONGEST: usize = 31;
    let allowed = header.chars().filter(|character| !matches!(character, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\''));
    let whole: String = "按".chars().chain(allowed).collect();
    let candidates = (1..).map(|number| {
        let ending = if number == 1 { String::new() } else { format!("~{number}") };
        let room = LONGEST - ending.len();
        whole.chars().take(room).collect::<String>() + &ending
    });
    let reserved = ["按证照类型"];
    let is_free = |name: &String| !taken.contains(&name.to_lowercase()) && !reserved.contains(&name.as_str());
    candidates.into_iter().find(is_free).unwrap_or(whole)
}

/// The counts of a group, in the order of the headers.
fn counts_of(counts: &Counts) -> [u64; COUNT_HEADERS.len()] {
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

fn rates_of(counts: &Counts) -> [Option<f64>; RATE_HEADERS.len()] {
    [counts.collection_rate(), counts.province_coverage(), counts.city_coverage()]
}

fn write(
    workbook: &mut Workbook,
    style: &Style,
    name: &str,
    key_headers: &[&str],
    groups: &[Group],
    totals: &Counts,
) -> Result<(), ReportError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?;
    let keys = u16::try_from(key_headers.len()).unwrap_or(u16::MAX);
    let headers = key_headers.iter().copied().chain(COUNT_HEADERS).chain(RATE_HEADERS);
    let mut widths = Vec::new();
    for (column, header) in (0..).zip(headers) {
        sheet.write_string_with_format(0, column, header, &style.header)?;
        widths.push(width_of(header));
    }
    let total = Group { key: Some("合计".to_owned()), label: None, counts: *totals };
    let last = u32::try_from(groups.len()).unwrap_or(u32::MAX);
    for (row, group) in (1..).zip(groups.iter().chain([&total])) {
        let is_total = row > last;
        let (text, number, percent) = if is_total {
            (&style.total_text, &style.total_number, &style.total_percent)
        } else {
            (&style.code, &style.number, &style.percent)
        };
        let key = group.key.as_deref().unwrap_or("（空）");
        sheet.write_string_with_format(row, 0, fitting(key), text)?;
        widths[0] = widths[0].max(width_of(key));
        if keys == 2 {
            let label = group.label.as_deref().unwrap_or(if is_total { "" } else { "（目录中没有）" });
            sheet.write_string_with_format(row, 1, label, text)?;
            widths[1] = widths[1].max(width_of(label));
        }
        for (column, count) in (keys..).zip(counts_of(&group.counts)) {
            #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
            sheet.write_number_with_format(row, column, count as f64, number)?;
        }
        let first_rate = keys + u16::try_from(COUNT_HEADERS.len()).unwrap_or_default();
        for (column, rate) in (first_rate..).zip(rates_of(&group.counts)) {
            match rate {
                Some(rate) => sheet.write_number_with_format(row, column, rate, percent)?,
                None => sheet.write_string_with_format(row, column, "—", text)?,
            };
        }
    }
    let last_column = u16::try_from(widths.len()).unwrap_or(u16::MAX).saturating_sub(1);
    for (column, width) in (0..).zip(&widths) {
        sheet.set_column_width(column, column_width(*width))?;
    }
    if last > 0 {
        let bar = ConditionalFormatDataBar::new().set_fill_color(Color::RGB(0x00F4_B183)).set_solid_fill(true);
        // 市有省无 is what the list is sorted by.
        sheet.add_conditional_format(1, keys + 3, last, keys + 3, &bar)?;
        sheet.ignore_error_range(1, 0, last, 0, IgnoreError::NumberStoredAsText)?;
        sheet.autofilter(0, 0, last, last_column)?;
    }
    sheet.set_freeze_panes(1, keys)?;
    set_page(sheet, Some(0))?;
    debug_assert_eq!(COUNT_HEADERS[2], words::status(Status::Both));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheet_names_are_allowed_and_told_apart() {
        let mut taken = vec!["概览".to_owned(), BY_TYPE.to_owned()];
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
            let name = sheet_name(header, &taken);
            assert_eq!(name, expected);
            taken.push(name.to_lowercase());
        }
    }
}
