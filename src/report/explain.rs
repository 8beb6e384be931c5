//! One item's faces, field by field.

use super::words;
use crate::audit::{Item, Outcome};
use crate::endpoint::Side;
use crate::face::{Fate, Match};
use std::fmt::Write;

/// A raw face and where its fields went.
#[derive(Debug, Clone)]
pub struct ExplainedFace {
    /// The interface that answered.
    pub endpoint: &'static str,
    /// Whose face it is.
    pub side: Side,
    /// Name, value and fate of each field, in the order of the answer.
    pub fields: Vec<(String, Option<String>, Fate)>,
}

/// The explanation as text. It shows what the run's own files hold, names and numbers included.
#[must_use]
pub fn explained_text(item: &Item, faces: &[ExplainedFace], outcome: Option<&Outcome>) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    line(format!("条目 {} {}", item.holder_code, item.cert_type_code));
    if faces.is_empty() {
        line("没有收到照面信息".to_owned());
    }
    for face in faces {
        line(format!("{}（{}）", words::side(face.side.name()), face.endpoint));
        for (name, value, fate) in &face.fields {
            line(format!("  {name} = {} → {}", value.as_deref().unwrap_or("（空）"), told(fate)));
        }
    }
    let Some(outcome) = outcome else {
        line("尚未查询完".to_owned());
        return text;
    };
    for certificate in &outcome.certificates {
        let number = certificate.number.as_deref().unwrap_or("（无编号）");
        line(format!("证照 {number}：{}", words::status(certificate.status())));
        for difference in &certificate.differences {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "（空）".to_owned());
            line(format!(
                "  {}：省库 {}，市库 {}（{}）",
                words::field(difference.field.name()),
                value(&difference.province),
                value(&difference.city),
                words::reason(&difference.reason.to_string())
            ));
        }
    }
    for anomaly in &outcome.anomalies {
        line(format!("异常（{}）：{}", words::side(anomaly.side.name()), anomaly.message));
    }
    text
}

fn told(fate: &Fate) -> String {
    let field = |found: &Match| format!("{}（{}）", found.field.name(), words::field(found.field.name()));
    match fate {
        Fate::Mapped(found) => format!("{}；{}", field(found), why(*found)),
        Fate::Beaten(found, winner) => format!("其他字段；也表示 {}，但 {winner} 优先", field(found)),
        Fate::Unread(found) => format!("{}，但值无法识别，保留在其他字段", field(found)),
        Fate::Unmapped => "其他字段；名称不在字段对照表中".to_owned(),
    }
}

fn why(found: Match) -> String {
    let mut reasons = vec!["名称在字段对照表中".to_owned()];
    if found.of_the_type {
        reasons.push("该证照类型专用".to_owned());
    }
    if found.of_the_side {
        reasons.push("该侧专用".to_owned());
    }
    if found.without_prefix {
        reasons.push("去掉前缀 KZ_".to_owned());
    }
    reasons.join("，")
}
