//! The lists of differences, errors and unmapped fields.

use super::super::{ReportInput, words};
use super::ReportError;
use super::detail::{DetailCell, DetailSheet, code, number, text};
use super::gaps::{carried_of, embedded, mask_codes, masked};
use super::style::Style;
use crate::codes::mask_name;
use crate::face::Field;
use crate::job::Mask;
use crate::table::schema::{coverage, differences, errors, unmapped_fields};
use crate::table::{Column, Row, Rows};
use rust_xlsxwriter::Workbook;

pub(super) fn write_differences(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let mut columns = vec![text("紧急程度"), code("持证主体代码"), code("证照类型代码"), text("证照类型名称"), code("证照编号")];
    columns.extend([text("字段"), text("差异类型"), code("省库值"), code("市库值"), text("差异原因")]);
    columns.extend(input.carried.iter().map(text));
    let mut list = DetailSheet::begin(workbook, style, "字段差异", columns)?;
    for urgency in Urgency::ALL {
        let mut rows = Rows::open(input.tables, differences::DIFFERENCES)?;
        let mut items = Items::open(input, [coverage::ITEM_ID, coverage::CERTIFICATE_INDEX])?;
        while let Some(row) = rows.next_row()? {
            if Urgency::of(row) != urgency {
                continue;
            }
            let key = [row.number(differences::ITEM_ID), row.number(differences::CERTIFICATE_INDEX)];
            if let Some(item) = items.find(key)? {
                write_difference(&mut list, input, urgency, row, item)?;
            }
        }
    }
    list.end()
}

/// How pressing a difference is; the list is in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    /// Revoked in the city, and still valid in the province.
    Revoked,
    /// Another difference of state.
    State,
    /// A difference of content.
    Content,
}

impl Urgency {
    const ALL: [Self; 3] = [Self::Revoked, Self::State, Self::Content];

    fn of(row: Row<'_>) -> Self {
        let values = [row.text(differences::PROVINCE_VALUE), row.text(differences::CITY_VALUE)];
        match (row.text(differences::FIELD) == Some(Field::Lifecycle.name()), values) {
            (false, _) => Self::Content,
            (true, [Some("valid"), Some("revoked")]) => Self::Revoked,
            (true, _) => Self::State,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Revoked => "紧急：市库已注销，省库仍有效",
            Self::State => "重要：状态不同",
            Self::Content => "一般",
        }
    }
}

fn write_difference(
    list: &mut DetailSheet<'_>,
    input: ReportInput<'_>,
    urgency: Urgency,
    row: Row<'_>,
    item: Row<'_>,
) -> Result<(), ReportError> {
    let field = row.text(differences::FIELD).unwrap_or_default();
    let holder = item.text(coverage::HOLDER_CODE).unwrap_or_default();
    let masked = masked(holder, input.mask);
    let number_text = item.text(coverage::CERTIFICATE_NUMBER).map(|number| embedded(number, holder, input.mask));
    let shown = |column| {
        let value = row.text(column)?;
        let value = if field == Field::Lifecycle.name() { words::lifecycle(value) } else { value };
        Some(face_value(value, field, holder, input.mask))
    };
    let (ours, theirs) = (shown(differences::PROVINCE_VALUE), shown(differences::CITY_VALUE));
    // A reason may quote a value: where values are masked, it does not.
    let reason = row.text(differences::REASON).map(|reason| match input.mask {
        Mask::None => words::reason(reason),
        Mask::Partial | Mask::Full => words::reason(reason).split('“').next().unwrap_or_default().to_owned(),
    });
    let cells = [
        DetailCell::Text(Some(urgency.words())),
        DetailCell::Text(Some(&masked)),
        DetailCell::Text(item.text(coverage::CERT_TYPE_CODE)),
        DetailCell::Text(item.text(coverage::CERT_TYPE_NAME)),
        DetailCell::Text(number_text.as_deref()),
        DetailCell::Text(Some(words::field(field))),
        DetailCell::Text(row.text(differences::KIND).map(words::difference)),
        DetailCell::Text(ours.as_deref()),
        DetailCell::Text(theirs.as_deref()),
        DetailCell::Text(reason.as_deref()),
    ];
    let carried = carried_of(item, input);
    list.row(cells.into_iter().chain(carried.iter().map(|value| DetailCell::Text(value.as_deref()))))
}

pub(super) fn write_errors(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let mut columns = vec![code("持证主体代码"), code("证照类型代码"), text("证照类型名称"), text("接口"), text("数据来源")];
    columns.extend([text("错误类别"), code("错误代码"), text("错误说明"), number("请求次数"), text("处理建议")]);
    let mut list = DetailSheet::begin(workbook, style, "错误明细", columns)?;
    let mut rows = Rows::open(input.tables, errors::ERRORS)?;
    let mut items = Items::open(input, [coverage::ITEM_ID, coverage::ITEM_ID])?;
    while let Some(row) = rows.next_row()? {
        let id = row.number(errors::ITEM_ID);
        let item = items.find([id, id])?;
        let of_item = |column| item.and_then(|item| item.text(column));
        let masked = of_item(coverage::HOLDER_CODE).map(|holder| masked(holder, input.mask));
        let (kind, advice) = words::error(row.text(errors::ERROR_KIND).unwrap_or_default());
        let message = row.text(errors::ERROR_MESSAGE).map(|message| mask_codes(message, input.mask));
        let error_code = row.number(errors::ERROR_CODE).map(|code| code.to_string());
        list.row([
            DetailCell::Text(masked.as_deref()),
            DetailCell::Text(of_item(coverage::CERT_TYPE_CODE)),
            DetailCell::Text(of_item(coverage::CERT_TYPE_NAME)),
            DetailCell::Text(row.text(errors::ENDPOINT)),
            DetailCell::Text(row.text(errors::SIDE).map(words::side)),
            DetailCell::Text(Some(kind)),
            DetailCell::Text(error_code.as_deref()),
            DetailCell::Text(message.as_deref()),
            DetailCell::Number(row.number(errors::ATTEMPTS).unwrap_or_default()),
            DetailCell::Text(Some(advice)),
        ])?;
    }
    list.end()
}

pub(super) fn write_unmapped(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<(), ReportError> {
    let columns =
        vec![text("数据来源"), code("证照类型代码"), text("证照类型名称"), text("字段"), number("次数"), code("示例（已脱敏）")];
    let mut list = DetailSheet::begin(workbook, style, "未映射字段", columns)?;
    let mut rows = Rows::open(input.tables, unmapped_fields::UNMAPPED_FIELDS)?;
    while let Some(row) = rows.next_row()? {
        let type_code = row.text(unmapped_fields::CERT_TYPE_CODE);
        list.row([
            DetailCell::Text(row.text(unmapped_fields::SIDE).map(words::side)),
            DetailCell::Text(type_code),
            DetailCell::Text(type_code.and_then(|code| input.catalogue.name(code))),
            DetailCell::Text(row.text(unmapped_fields::FIELD)),
            DetailCell::Number(row.number(unmapped_fields::COUNT).unwrap_or_default()),
            DetailCell::Text(row.text(unmapped_fields::EXAMPLE)),
        ])?;
    }
    list.end()
}

/// A face's value as the job wants it shown: names of people are masked like codes.
fn face_value(value: &str, field: &str, holder: &str, mask: Mask) -> String {
    let names = [Field::HolderName, Field::LegalRepresentative];
    let is_name = names.iter().any(|name| name.name() == field);
    let is_code = field == Field::HolderCode.name();
    match mask {
        Mask::None => value.to_owned(),
        Mask::Partial if is_name => mask_name(value),
        Mask::Full if is_name || is_code => "*".repeat(value.chars().count()),
        Mask::Partial if is_code => masked(value, mask),
        Mask::Partial | Mask::Full => embedded(value, holder, mask),
    }
}

/// The coverage rows beside a table that is in the same order.
struct Items {
    rows: Rows,
    key: [Column; 2],
    begun: bool,
}

impl Items {
    fn open(input: ReportInput<'_>, key: [Column; 2]) -> Result<Self, ReportError> {
        Ok(Self { rows: Rows::open(input.tables, coverage::COVERAGE)?, key, begun: false })
    }

    /// Goes on to the first row with this key; keys may only rise from call to call.
    fn find(&mut self, key: [Option<i64>; 2]) -> Result<Option<Row<'_>>, ReportError> {
        if !self.begun {
            self.begun = true;
            self.rows.next_row()?;
        }
        while let Some(row) = self.rows.row()
            && self.key.map(|column| row.number(column)) < key
        {
            self.rows.next_row()?;
        }
        let found = self.rows.row().filter(|row| self.key.map(|column| row.number(column)) == key);
        Ok(found)
    }
}
