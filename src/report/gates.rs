//! Gates in the reader's language: `max_error_rate = 0.01` is shown as “查询失败率 不高于 1.00%”.

use super::Words;
use crate::analysis::{GateResult, Verdict};

/// Smallest and largest number of decimals of a percentage.
const FEWEST_DECIMALS: usize = 2;
const MOST_DECIMALS: usize = 8;

/// Returns a gate as one sentence, with its limit, the figure's value, and whether it holds.
#[must_use]
pub fn gate_text(words: &Words, gate: &GateResult) -> String {
    let (rule, value) = (rule_of(words, gate), value_of(words, gate));
    let verdict = words.text(verdict_key(gate.verdict));
    words.fill("text-gate", &[("rule", &rule), ("name", &gate.name), ("value", &value), ("verdict", verdict)])
}

/// Returns what keeps a sample from deciding a gate, and what to do.
#[must_use]
pub fn undecided_text(words: &Words, gate: &GateResult) -> String {
    let rule = rule_of(words, gate);
    let Some([low, high]) = ends_of(gate) else {
        return words.fill("gate-undecided-unknown", &[("rule", &rule), ("name", &gate.name)]);
    };
    let value = value_of(words, gate);
    let values = [("rule", &*rule), ("name", &*gate.name), ("value", &*value), ("low", &*low), ("high", &*high)];
    words.fill("gate-undecided-warning", &values)
}

/// Key of the word for a verdict.
pub(super) const fn verdict_key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "gate-holds",
        Verdict::Fails => "gate-violated",
        Verdict::Undecided => "gate-undecided",
    }
}

/// Returns the value of a gate's figure, with its interval where it is estimated, and the gate's name.
pub(super) fn told_value(words: &Words, gate: &GateResult) -> String {
    let value = value_of(words, gate);
    match ends_of(gate) {
        Some([low, high]) => {
            let values = [("value", &*value), ("low", &*low), ("high", &*high), ("name", &*gate.name)];
            words.fill("gate-estimate-of", &values)
        }
        None => words.fill("gate-value-of", &[("value", &value), ("name", &gate.name)]),
    }
}

/// Returns the ends of the interval of an estimated figure.
fn ends_of(gate: &GateResult) -> Option<[String; 2]> {
    let interval = gate.interval?;
    let is_share = is_share(&gate.name);
    // Fractions of an estimated count mean nothing.
    let shown = |end: f64| amount(if is_share { end } else { end.round() }, is_share, FEWEST_DECIMALS);
    Some([shown(interval.low), shown(interval.high)])
}

/// Returns what a gate demands, such as “查询失败率 不高于 1.00%”.
pub(super) fn rule_of(words: &Words, gate: &GateResult) -> String {
    let limit = amount(gate.limit, is_share(&gate.name), decimals_of(gate.limit));
    let (key, figure) = match gate.name.split_once('_') {
        Some(("min", figure)) => ("gate-min", figure),
        Some(("max", figure)) => ("gate-max", figure),
        _ => return format!("{} = {}", gate.name, gate.limit),
    };
    let figure = match figure.strip_suffix("_share") {
        Some(figure) => words.fill("gate-share", &[("figure", words.named("figure", figure))]),
        None => words.named("figure", figure).to_owned(),
    };
    words.fill(key, &[("figure", &figure), ("limit", &limit)])
}

/// Returns the value of the figure that a gate limits; a dash if it has none. A value other than the limit is shown with as many
/// decimals as are needed to distinguish the two.
pub(super) fn value_of(words: &Words, gate: &GateResult) -> String {
    let Some(value) = gate.value else { return words.text("dash").to_owned() };
    let is_share = is_share(&gate.name);
    let value = if gate.interval.is_some() && !is_share { value.round() } else { value };
    let fewest = decimals_of(gate.limit);
    let shown = |decimals| amount(value, is_share, decimals);
    let looks_like_limit = |decimals: &usize| shown(*decimals) == amount(gate.limit, is_share, *decimals);
    if value.total_cmp(&gate.limit).is_eq() {
        return shown(fewest);
    }
    (fewest..=MOST_DECIMALS).find(|decimals| !looks_like_limit(decimals)).map_or_else(|| format!("{value}"), shown)
}

/// Returns whether a gate limits a share rather than a count.
fn is_share(name: &str) -> bool {
    ["_rate", "_coverage", "_share"].iter().any(|ending| name.ends_with(ending))
}

fn amount(value: f64, is_share: bool, decimals: usize) -> String {
    if is_share { format!("{:.decimals$}%", value * 100.0) } else { format!("{value}") }
}

/// Returns the number of decimals that a limit needs as a percentage.
fn decimals_of(limit: f64) -> usize {
    let is_whole = |decimals: &usize| {
        let shown: f64 = format!("{:.decimals$}", limit * 100.0, decimals = *decimals).parse().unwrap_or_default();
        (shown - limit * 100.0).abs() < 1e-9
    };
    (FEWEST_DECIMALS..=MOST_DECIMALS).find(is_whole).unwrap_or(MOST_DECIMALS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{FIGURES, Gate, Language};

    fn result(name: &str, limit: f64, value: Option<f64>) -> GateResult {
        let gate = Gate::new(name, limit).unwrap();
        GateResult::known(&gate, value)
    }

    #[test]
    fn gates_are_told_in_words_with_rates_as_percent_and_counts_as_counts() {
        for (language, name, limit, value, expected) in [
            (
                Language::ZhCn,
                "max_error_rate",
                0.01,
                Some(0.0231),
                "门限 查询失败率 不高于 1.00%（max_error_rate）：实际 2.31%，未达标",
            ),
            (
                Language::ZhCn,
                "min_collection_rate",
                0.95,
                Some(0.951),
                "门限 归集率 不低于 95.00%（min_collection_rate）：实际 95.10%，达标",
            ),
            (
                Language::ZhCn,
                "min_province_coverage",
                0.9,
                None,
                "门限 省库覆盖率 不低于 90.00%（min_province_coverage）：实际 —，未达标",
            ),
            (Language::ZhCn, "max_new_gaps", 20.0, Some(21.0), "门限 新增缺口 不高于 20（max_new_gaps）：实际 21，未达标"),
            (
                Language::ZhCn,
                "max_city_only_share",
                0.0005,
                Some(0.0),
                "门限 市有省无占比 不高于 0.05%（max_city_only_share）：实际 0.00%，达标",
            ),
            (
                Language::En,
                "max_error_rate",
                0.01,
                Some(0.002),
                "Gate Error share at most 1.00% (max_error_rate): actual 0.20%, Holds",
            ),
        ] {
            assert_eq!(gate_text(&Words::new(language), &result(name, limit, value)), expected);
        }
    }

    #[test]
    fn a_value_just_beyond_its_limit_does_not_look_like_it() {
        let words = Words::new(Language::ZhCn);
        for (limit, value, expected) in [
            (0.01, 0.010_04, "1.004%"),
            (0.01, 0.01, "1.00%"),
            (0.000_05, 0.000_051, "0.0051%"),
            (0.95, 0.949_999_9, "94.99999%"),
        ] {
            assert_eq!(value_of(&words, &result("max_error_rate", limit, Some(value))), expected);
        }
    }

    #[test]
    fn every_figure_that_a_gate_may_limit_has_a_name() {
        let words = Words::new(Language::ZhCn);
        for figure in FIGURES {
            let rule = rule_of(&words, &result(&format!("max_{figure}"), 1.0, None));
            assert!(!rule.contains(figure), "{rule}");
        }
    }
}
