//! The first sheet: what the run was, its key figures with the words that define them, gates, and a picture.

use super::super::summary::percent;
use super::super::{ReportInput, words};
use super::ReportError;
use super::breakdown::BY_TYPE;
use super::style::{Style, set_page};
use crate::audit::Status;
use chrono::{DateTime, Local, Utc};
use rust_xlsxwriter::{
    Chart, ChartFont, ChartFormat, ChartLegendPosition, ChartSolidFill, ChartType, Color, Workbook, Worksheet,
};

/// Types that the chart shows: more would not be read.
const CHARTED_TYPES: usize = 15;
/// Where a status stands among the columns of the sheet by type, and its colour.
const SERIES: [(Status, u16, u32); 5] = [
    (Status::Both, 4, 0x0054_8235),
    (Status::CityOnly, 5, 0x00ED_7D31),
    (Status::ProvinceOnly, 6, 0x002E_75B6),
    (Status::Neither, 7, 0x00A6_A6A6),
    (Status::Error, 8, 0x00C0_0000),
];

/// Writes the sheet; says in which row it ends.
pub(super) fn write(workbook: &mut Workbook, style: &Style, input: ReportInput<'_>) -> Result<u32, ReportError> {
    let figures = input.figures;
    let sheet = workbook.add_worksheet();
    sheet.set_name("概览")?;
    sheet.set_column_width(0, 18)?;
    sheet.set_column_width(1, 24)?;
    sheet.set_column_width(2, 60)?;
    sheet.set_screen_gridlines(false);
    sheet.write_string_with_format(0, 0, "电子证照省市比对报告", &style.title)?;
    sheet.set_row_height(0, 28)?;

    let mut page = Page { sheet, style, row: 2 };
    page.heading("本次核查")?;
    page.text("任务", &figures.job, "")?;
    page.text("批次", &figures.run_id, "")?;
    let state = if figures.state == "complete" { "已完成" } else { "未完成" };
    page.text("状态", state, if figures.pending > 0 { "尚有条目未查询，以下数字只反映已查询的部分。" } else { "" })?;
    page.text("开始时间", &local(figures.started_at), "")?;
    page.text("结束时间", &local(figures.finished_at), "")?;
    page.text("运行用时", &format!("{:.1} 秒", figures.wall_seconds), "")?;
    page.count("接口调用", figures.calls, "每次调用可能因暂时故障重试。")?;
    page.count("请求次数", figures.attempts, "含重试，不含令牌请求。")?;

    page.heading("关键指标")?;
    page.count("核查条目", figures.items, "持证主体代码 + 证照类型代码（+ 证照编号）各不相同的条目。")?;
    page.count("结果行数", figures.rows, "每件证照一行；两侧均无证照的条目一行。")?;
    page.rate("归集率", figures.collection_rate, "省市均有 ÷（省市均有 + 市有省无）")?;
    page.rate("省库覆盖率", figures.province_coverage, "（省市均有 + 省有市无）÷ 已答复行数")?;
    page.rate("市库覆盖率", figures.city_coverage, "（省市均有 + 市有省无）÷ 已答复行数")?;
    page.rate("查询失败率", figures.error_rate, "查询失败 ÷ 结果行数；失败的条目不计入以上各率")?;

    page.heading("结果分布")?;
    let counts = [
        (Status::Both, figures.both, "两侧都有"),
        (Status::CityOnly, figures.city_only, "未归集到省，见“市有省无”"),
        (Status::ProvinceOnly, figures.province_only, "见“省有市无”"),
        (Status::Neither, figures.neither, "见“省市均无”"),
        (Status::Error, figures.error, "情况未知，不是缺口，见“错误明细”"),
        (Status::Pending, figures.pending, "本次未查询到"),
    ];
    for (status, count, words) in counts {
        page.count(words::status(status), count, words)?;
    }
    let rate = format!("占省市均有的 {}，见“字段差异”", percent(figures.inconsistent_rate));
    page.count("照面或状态不一致", figures.inconsistent, &rate)?;
    page.count("无效输入", figures.invalid_inputs, "未查询，见“无效输入”")?;
    page.count("重复输入", figures.duplicate_rows, "与前面的行指同一条目，只查询一次")?;

    if !figures.gates.is_empty() {
        page.heading("门限")?;
        for gate in &figures.gates {
            let value = gate.value.map_or_else(|| "—".to_owned(), |value| format!("{value:.4}"));
            let (verdict, format) = if gate.holds { ("达标", &style.good) } else { ("未达标", &style.bad) };
            page.sheet.write_string_with_format(page.row, 0, verdict, format)?;
            page.sheet.write_string_with_format(page.row, 1, format!("{} = {}", gate.name, gate.limit), &style.text)?;
            page.sheet.write_string_with_format(page.row, 2, format!("实际值 {value}"), &style.label)?;
            page.row += 1;
        }
    }
    let end = page.row;
    if !input.analysis.by_type.is_empty() {
        sheet.insert_chart(2, 3, &chart(input))?;
    }
    set_page(sheet, None)?;
    Ok(end)
}

/// Statuses by certificate type, stacked; the numbers are those of the sheet by type.
fn chart(input: ReportInput<'_>) -> Chart {
    let types = input.analysis.by_type.len().min(CHARTED_TYPES);
    let last = u32::try_from(types).unwrap_or(u32::MAX);
    let mut chart = Chart::new(ChartType::BarStacked);
    for (status, column, colour) in SERIES {
        chart
            .add_series()
            .set_name(words::status(status))
            .set_categories((BY_TYPE, 1, 1, last, 1))
            .set_values((BY_TYPE, 1, column, last, column))
            .set_gap(45)
            .set_format(ChartFormat::new().set_solid_fill(ChartSolidFill::new().set_color(Color::RGB(colour))));
    }
    let title = if input.analysis.by_type.len() > CHARTED_TYPES {
        format!("各证照类型的归集状态（市有省无最多的 {CHARTED_TYPES} 类）")
    } else {
        "各证照类型的归集状态".to_owned()
    };
    chart.title().set_name(&title).set_font(ChartFont::new().set_size(12).set_bold());
    chart.y_axis().set_reverse();
    chart.x_axis().set_name("结果行数");
    chart.legend().set_position(ChartLegendPosition::Bottom);
    chart.set_width(760).set_height(120 + 26 * u32::from(u8::try_from(types).unwrap_or(u8::MAX)).max(8));
    chart
}

fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Writes the sheet's lines one below the other.
struct Page<'a> {
    sheet: &'a mut Worksheet,
    style: &'a Style,
    row: u32,
}

impl Page<'_> {
    fn heading(&mut self, text: &str) -> Result<(), ReportError> {
        if self.row > 2 {
            self.row += 1;
        }
        self.sheet.write_string_with_format(self.row, 0, text, &self.style.heading)?;
        self.row += 1;
        Ok(())
    }

    fn label(&mut self, label: &str, words: &str) -> Result<(), ReportError> {
        self.sheet.write_string_with_format(self.row, 0, label, &self.style.label)?;
        self.sheet.write_string_with_format(self.row, 2, words, &self.style.remark)?;
        self.row += 1;
        Ok(())
    }

    fn text(&mut self, label: &str, value: &str, words: &str) -> Result<(), ReportError> {
        self.sheet.write_string_with_format(self.row, 1, value, &self.style.fact)?;
        self.label(label, words)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
    fn count(&mut self, label: &str, value: u64, words: &str) -> Result<(), ReportError> {
        self.sheet.write_number_with_format(self.row, 1, value as f64, &self.style.number)?;
        self.label(label, words)
    }

    fn rate(&mut self, label: &str, value: Option<f64>, words: &str) -> Result<(), ReportError> {
        match value {
            Some(value) => self.sheet.write_number_with_format(self.row, 1, value, &self.style.percent)?,
            None => self.sheet.write_string_with_format(self.row, 1, "—", &self.style.text)?,
        };
        self.label(label, words)
    }
}
