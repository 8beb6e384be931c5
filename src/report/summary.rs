//! The figures as JSON, and as the text that ends a run.

use super::words;
use crate::analysis::Figures;
use crate::audit::Status;
use std::fmt::Write;

/// The content of `summary.json`.
#[must_use]
pub fn summary_json(figures: &Figures) -> String {
    let mut text = serde_json::to_string_pretty(figures).unwrap_or_default();
    text.push('\n');
    text
}

/// The readable summary on standard output; `report` is where the report lies.
#[must_use]
pub fn summary_text(figures: &Figures, report: &str) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    let state = if figures.state == "complete" { "完成" } else { "未完成，再次运行同一命令即可继续" };
    line(format!("核查 {} · {}：{state}", figures.job, figures.run_id));
    line(format!(
        "  条目 {}，结果 {} 行；无效输入 {} 行，重复 {} 行",
        figures.items, figures.rows, figures.invalid_inputs, figures.duplicate_rows
    ));
    let counts = [
        (Status::Both, figures.both),
        (Status::CityOnly, figures.city_only),
        (Status::ProvinceOnly, figures.province_only),
        (Status::Neither, figures.neither),
        (Status::Error, figures.error),
        (Status::Pending, figures.pending),
    ];
    let shown = counts.iter().filter(|(status, count)| *count > 0 || *status != Status::Pending);
    line(format!(
        "  {}",
        shown.map(|(status, count)| format!("{} {count}", words::status(*status))).collect::<Vec<_>>().join("  ")
    ));
    line(format!("  照面或状态不一致 {}（占省市均有 {}）", figures.inconsistent, percent(figures.inconsistent_rate)));
    line(format!(
        "  归集率 {}  省库覆盖率 {}  市库覆盖率 {}  查询失败率 {}",
        percent(figures.collection_rate),
        percent(figures.province_coverage),
        percent(figures.city_coverage),
        percent(figures.error_rate)
    ));
    let retries = figures.attempts.saturating_sub(figures.calls);
    line(format!("  调用 {} 次，重试 {retries} 次；用时 {:.1} 秒", figures.calls, figures.wall_seconds));
    for gate in &figures.gates {
        let verdict = if gate.holds { "达标" } else { "未达标" };
        let value = gate.value.map_or_else(|| "—".to_owned(), |value| format!("{value:.4}"));
        line(format!("  门限 {} = {}：{value}，{verdict}", gate.name, gate.limit));
    }
    line(format!("  报告：{report}"));
    text
}

/// A share as a percentage with two decimals; a dash where there is none.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "—".to_owned(), |share| format!("{:.2}%", share * 100.0))
}
