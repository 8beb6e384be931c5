//! Explanation of one item's faces, field by field.

use super::Words;
use crate::audit::{Item, Outcome};
use crate::endpoint::Side;
use crate::face::{Fate, Match};
use std::fmt::Write;

/// A raw face, with the result of mapping each of its fields.
#[derive(Debug, Clone)]
pub struct ExplainedFace {
    /// Name of the interface that returned it.
    pub endpoint: &'static str,
    /// Side that the face is of.
    pub side: Side,
    /// Name, value and mapping of each field, in the order of the answer.
    pub fields: Vec<(String, Option<String>, Fate)>,
}

/// Returns the explanation as text. Names and numbers are not masked, because the run's own files hold them too.
#[must_use]
pub fn explained_text(words: &Words, item: &Item, faces: &[ExplainedFace], outcome: Option<&Outcome>) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    line(words.fill("explain-item", &[("holder", &item.holder_code), ("type", &item.cert_type_code)]));
    if faces.is_empty() {
        line(words.text("explain-no-faces").to_owned());
    }
    let empty = words.text("empty");
    for face in faces {
        let side = words.named("side", face.side.name());
        line(words.fill("explain-face", &[("side", side), ("endpoint", face.endpoint)]));
        for (name, value, fate) in &face.fields {
            line(format!("  {name} = {} → {}", value.as_deref().unwrap_or(empty), told(words, fate)));
        }
    }
    let Some(outcome) = outcome else {
        line(words.text("explain-unfinished").to_owned());
        return text;
    };
    for certificate in &outcome.certificates {
        let number = certificate.number.as_deref().unwrap_or_else(|| words.text("explain-no-number"));
        line(words.fill("explain-certificate", &[("number", number), ("status", words.status(certificate.status()))]));
        for difference in &certificate.differences {
            let values = [
                ("field", words.named("field", difference.field.name())),
                ("province", difference.province.as_deref().unwrap_or(empty)),
                ("city", difference.city.as_deref().unwrap_or(empty)),
                ("reason", &words.reason(&difference.reason.to_string(), true)),
            ];
            line(format!("  {}", words.fill("explain-difference", &values)));
        }
    }
    for anomaly in &outcome.anomalies {
        let side = words.named("side", anomaly.side.name());
        line(words.fill("explain-anomaly", &[("side", side), ("message", &words.say(&anomaly.message))]));
    }
    text
}

fn told(words: &Words, fate: &Fate) -> String {
    let field = |found: &Match| {
        let name = found.field.name();
        words.fill("explain-field", &[("name", name), ("label", words.named("field", name))])
    };
    match fate {
        Fate::Mapped(found) => words.fill("explain-mapped", &[("field", &field(found)), ("why", &why(words, *found))]),
        Fate::Beaten(found, winner) => words.fill("explain-beaten", &[("field", &field(found)), ("winner", winner)]),
        Fate::Unread(found) => words.fill("explain-unread", &[("field", &field(found))]),
        Fate::Unmapped => words.text("explain-unmapped").to_owned(),
    }
}

fn why(words: &Words, found: Match) -> String {
    let reasons = [
        (true, "explain-by-name"),
        (found.of_the_type, "explain-by-type"),
        (found.of_the_side, "explain-by-side"),
        (found.without_prefix, "explain-by-prefix"),
    ];
    let reasons = reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, key)| words.text(key));
    reasons.collect::<Vec<_>>().join(words.text("comma"))
}
