//! The plan of a job, as `check` tells it.

use super::words;
use crate::intake::{FileProblem, FileReport, SheetReport};
use serde::Serialize;
use std::fmt::Write;
use std::time::Duration;

/// What a job would do.
#[derive(Debug, Serialize)]
pub struct PlanReport {
    /// Name of the job.
    pub job: String,
    /// Every file and sheet, with what was found there.
    pub files: Vec<FileReport>,
    /// What keeps files or named sheets from being read.
    pub problems: Vec<FileProblem>,
    /// Items to audit.
    pub items: u64,
    /// Rows that name an item named before.
    pub duplicate_rows: u64,
    /// Rows that cannot be audited.
    pub invalid_inputs: u64,
    /// Values that were changed before they are used.
    pub repairs: u64,
    /// Certificate type codes that the catalogue lacks; they are audited all the same.
    pub not_in_catalogue: Vec<String>,
    /// Carried headers that no sheet has.
    pub carried_nowhere: Vec<String>,
    /// Calls, at least and at most.
    pub calls: Span,
    /// Whether that is reckoned from the previous run's mix; else it is the range that the audit's depth allows.
    pub calls_from_previous_run: bool,
    /// Seconds at the set rate, at least and at most; none where the rate is unlimited.
    pub seconds: Option<Span>,
    /// Bytes of the journal, at least and at most.
    pub journal_bytes: Span,
    /// What the platform says of each certificate type, where it was asked.
    pub online: Option<Vec<TypeCheck>>,
}

/// Two ends of an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// At least.
    pub least: u64,
    /// At most.
    pub most: u64,
}

/// What the platform says of a certificate type.
#[derive(Debug, Clone, Serialize)]
pub struct TypeCheck {
    /// The type code.
    pub cert_type_code: String,
    /// Its name in the catalogue.
    pub cert_type_name: Option<String>,
    /// Whether a call about it was answered.
    pub answered: bool,
    /// Code 13 and its like, where it was not.
    pub code: Option<i32>,
    /// In words, where it was not.
    pub message: Option<String>,
}

/// The plan as text.
#[must_use]
pub fn plan_text(plan: &PlanReport) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    line(format!("任务 {} 的输入", plan.job));
    for file in &plan.files {
        line(format!("  {}", file.path));
        for sheet in &file.sheets {
            for told in sheet_lines(sheet) {
                line(format!("    {told}"));
            }
        }
    }
    if !plan.problems.is_empty() {
        line("无法读取".to_owned());
        for problem in &plan.problems {
            line(format!("  {problem}"));
        }
    }
    line("计划".to_owned());
    line(format!(
        "  条目 {}；重复 {} 行，无效 {} 行，修正 {} 处",
        plan.items, plan.duplicate_rows, plan.invalid_inputs, plan.repairs
    ));
    for code in &plan.not_in_catalogue {
        line(format!("  注意：证照类型代码 {code} 格式正确，但不在目录中，仍会查询"));
    }
    for header in &plan.carried_nowhere {
        line(format!("  注意：没有一张工作表有附带列 {header}"));
    }
    let basis = if plan.calls_from_previous_run {
        "按上一批次的构成估算"
    } else {
        "每个条目 1 至 2 次，同一主体有多件证照时更多"
    };
    line(format!("  预计调用 {} 次（{basis}）", span(plan.calls, |count| count.to_string())));
    line(match plan.seconds {
        Some(seconds) => format!("  预计用时 {}（按设定速率）", span(seconds, duration)),
        None => "  预计用时取决于平台（未限速）".to_owned(),
    });
    line(format!("  预计日志库大小 {}", span(plan.journal_bytes, megabytes)));
    if let Some(types) = &plan.online {
        line("平台答复".to_owned());
        for entry in types {
            let name = entry.cert_type_name.as_deref().unwrap_or("目录中没有");
            let said = match (entry.answered, entry.code) {
                (true, _) => "可查询".to_owned(),
                (false, Some(13)) => "证照类型不存在或未发布（13）".to_owned(),
                (false, _) => format!("查询失败：{}", entry.message.as_deref().unwrap_or_default()),
            };
            line(format!("  {} {name}：{said}", entry.cert_type_code));
        }
    }
    text
}

fn sheet_lines(sheet: &SheetReport) -> Vec<String> {
    let name = if sheet.name.is_empty() { "（文本）" } else { &sheet.name };
    if let Some(reason) = &sheet.skipped {
        return vec![format!("[{name}] 未读取：{reason}")];
    }
    let invalid: u64 = sheet.rejected.values().sum();
    let mapping: Vec<String> = sheet.mapping.iter().map(|(role, header)| format!("{}←{header}", words::role(role))).collect();
    let mut lines = vec![
        format!(
            "[{name}] 数据 {} 行，条目 {}，重复 {}，无效 {invalid}，修正 {}",
            sheet.rows, sheet.items, sheet.duplicates, sheet.repairs
        ),
        format!("  列：{}", mapping.join("，")),
    ];
    if !sheet.unused.is_empty() {
        lines.push(format!("  注意：{} 与已识别的列含义相同，未使用；如需使用请在 columns 中指定", sheet.unused.join("，")));
    }
    if invalid > 0 {
        let problems = sheet.rejected.iter().map(|(problem, count)| format!("{} {count}", words::input_problem(problem)));
        lines.push(format!("  无效：{}", problems.collect::<Vec<_>>().join("，")));
    }
    lines
}

fn span(span: Span, show: impl Fn(u64) -> String) -> String {
    if span.least == span.most { show(span.least) } else { format!("{} 至 {}", show(span.least), show(span.most)) }
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{seconds} 秒"),
        60..=3599 => format!("{} 分钟", seconds.div_ceil(60)),
        _ => {
            let hours = Duration::from_secs(seconds).as_secs_f64() / 3600.0;
            format!("{hours:.1} 小时")
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
