//! Oddities in the content of answers: dates and names on faces, repeated certificates, totals.

use super::Oddity;
use crate::sandbox::dice::Dice;
use crate::sandbox::face::{CHINA_OFFSET, midnight};
use chrono::{DateTime, Datelike, NaiveDate};
use serde_json::{Map, Value, json};

/// Smallest number of fields of a face. An object with identifier and number only has fewer and is not changed, because with
/// another field it would be read as a face.
const FEWEST_FIELDS: usize = 6;

/// Fields of either side's faces that hold a date.
const DAYS: [&str; 10] = [
    "zzbfrq",
    "zzyxqqsrq",
    "zzyxqjzrq",
    "awarddate",
    "ZZBFRQ",
    "ZZYXQQSRQ",
    "ZZYXQJZRQ",
    "issueDate",
    "certificateValidateStart",
    "certificateValidateEnd",
];

/// Fields of either side's faces that hold a name.
const NAMES: [&str; 10] =
    ["certholder", "zsmc", "fddbr", "name", "certname", "CZZT", "ZZMC", "KZ_FDDBR", "certificateHolder", "certificateName"];

/// Placeholder for one half of a surrogate pair, which a Rust string cannot contain.
const LONE_SURROGATE: &str = "(lone surrogate)";

/// A field that is mapped to no canonical field.
const REMARK_OF_HOLDER: &str = "qtsm";

/// Applies the oddities for which `has` returns true to the list of an answer.
pub(super) fn rewrite(answer: &mut Value, has: impl Fn(Oddity) -> bool, dice: &mut Dice) {
    let Some(list) = answer.pointer_mut("/data/dataList").and_then(Value::as_array_mut) else { return };
    // Faces are changed before certificates are repeated, so that both copies are the same.
    for face in list.iter_mut().filter_map(Value::as_object_mut).filter(|object| object.len() >= FEWEST_FIELDS) {
        rewrite_face(face, &has, dice);
    }
    let Some(first) = list.first().cloned() else { return };
    if has(Oddity::Repeated) {
        list.push(first);
    }
    if has(Oddity::Reference) {
        list.push(json!({"$ref": "$.data.dataList[0]"}));
    }
    let total = list.len();
    set_total(answer, total);
}

fn rewrite_face(face: &mut Map<String, Value>, has: &impl Fn(Oddity) -> bool, dice: &mut Dice) {
    if has(Oddity::JavaDates) {
        for name in DAYS {
            if let Some(value) = face.get_mut(name)
                && let Some(day) = written_day(value)
            {
                *value = as_java_prints(dice, day);
            }
        }
    }
    for name in NAMES {
        if let Some(Value::String(text)) = face.get_mut(name) {
            *text = in_other_characters(text, has, dice);
        }
    }
    if has(Oddity::Surrogate) {
        face.insert(REMARK_OF_HOLDER.to_owned(), json!(format!("含表情{LONE_SURROGATE}")));
    }
}

/// Increases the total of an answer by one, if it has a total.
pub(super) fn raise_total(answer: &mut Value) {
    if let Some(length) = answer.pointer("/data/dataList").and_then(Value::as_array).map(Vec::len).filter(|length| *length > 0) {
        set_total(answer, length + 1);
    }
}

/// Sets the total, as a number or as a text, as it was before.
fn set_total(answer: &mut Value, total: usize) {
    if let Some(known) = answer.pointer_mut("/data/total") {
        *known = if known.is_string() { json!(total.to_string()) } else { json!(total) };
    }
}

/// Replaces the placeholders of lone surrogates by their JSON escapes.
pub(super) fn with_lone_surrogates(text: String) -> String {
    if text.contains(LONE_SURROGATE) { text.replace(LONE_SURROGATE, "\\ud83d") } else { text }
}

/// Parses a date in one of the formats that the sandbox writes; `None` for words such as 长期 and for the year 9999, which stands
/// for "no end".
fn written_day(value: &Value) -> Option<NaiveDate> {
    const FORMS: [&str; 5] = ["%Y-%m-%d", "%Y年%m月%d日", "%Y/%m/%d", "%Y-%m-%d 00:00:00.0", "%Y%m%d"];
    let day = match value {
        Value::Number(milliseconds) => {
            DateTime::from_timestamp_millis(milliseconds.as_i64()?.checked_add(CHINA_OFFSET)?)?.date_naive()
        }
        Value::String(text) => FORMS.iter().find_map(|form| NaiveDate::parse_from_str(text, form).ok())?,
        _ => return None,
    };
    (day.year() < 9999).then_some(day)
}

/// Formats the midnight of a date in China as a Java library prints it.
fn as_java_prints(dice: &mut Dice, day: NaiveDate) -> Value {
    let instant = midnight(day);
    match dice.below(9) {
        0 => json!(day.format("%a %b %d 00:00:00 CST %Y").to_string()),
        1 => json!(day.format("%b %-d, %Y 12:00:00 AM").to_string()),
        2 => json!(day.format("%b %-d, %Y, 12:00:00\u{202F}AM").to_string()),
        3 => json!({
            "date": day.day(), "day": day.weekday().num_days_from_sunday(), "hours": 0, "minutes": 0, "month": day.month0(),
            "nanos": 0, "seconds": 0, "time": instant, "timezoneOffset": -480, "year": day.year() - 1900,
        }),
        4 => json!([day.year(), day.month(), day.day()]),
        5 => json!({"$date": instant}),
        6 => json!({"$date": {"$numberLong": instant.to_string()}}),
        7 => json!({"$date": day.pred_opt().unwrap_or(day).format("%Y-%m-%dT16:00:00Z").to_string()}),
        _ => json!(instant),
    }
}

/// Replaces dots, brackets and rare characters of a name by variants.
fn in_other_characters(name: &str, has: &impl Fn(Oddity) -> bool, dice: &mut Dice) -> String {
    let (has_entities, has_dots, has_private_use) = (has(Oddity::Entities), has(Oddity::Dots), has(Oddity::PrivateUse));
    let mut written = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '·' if has_entities => written.push_str(dice.pick(&["&middot;", "&#183;", "&#xB7;"])),
            '（' if has_entities => written.push_str("&#65288;"),
            '）' if has_entities => written.push_str("&#65289;"),
            '·' if has_dots => written.push(dice.pick(&['⋅', '.', '•', '‧', '・'])),
            '䶮' if has_private_use => written.push('\u{E863}'),
            '㧐' if has_private_use => written.push('\u{E82A}'),
            '䓖' if has_private_use => written.push('\u{E840}'),
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn answer() -> Value {
        let province = json!({
            "certno": "A1", "certholder": "艾力·买买提", "zsmc": "执照（甲）", "zzbfrq": "2013年09月23日", "zzyxqqsrq": 1_379_865_600_000_i64,
            "zzyxqjzrq": "长期", "cert_identifier": "P1",
        });
        json!({"head": {"status": 0}, "data": {"total": "2", "dataList": [province, {"fileNumber": "C2"}]}})
    }

    fn rewritten(oddities: &[Oddity]) -> Value {
        let mut answer = answer();
        rewrite(&mut answer, |oddity| oddities.contains(&oddity), &mut Dice::new(7, &["test"]));
        answer
    }

    #[test]
    fn an_answer_without_oddities_stays_as_it_is() {
        assert_eq!(rewritten(&[]), answer());
        for mut other in [json!({"head": {}, "data": null}), json!({"head": {}, "data": {"total": 0, "dataList": []}})] {
            let before = other.clone();
            rewrite(&mut other, |_| true, &mut Dice::new(7, &["test"]));
            raise_total(&mut other);
            assert_eq!(other, before);
        }
    }

    #[test]
    fn a_certificate_told_twice_is_counted_twice() {
        let list = |answer: &Value| answer["data"]["dataList"].as_array().unwrap().clone();
        let first = list(&answer())[0].clone();
        let reference = json!({"$ref": "$.data.dataList[0]"});
        for (oddities, told, total) in [
            (&[Oddity::Repeated][..], vec![first.clone()], "3"),
            (&[Oddity::Reference], vec![reference.clone()], "3"),
            (&[Oddity::Repeated, Oddity::Reference], vec![first.clone(), reference], "4"),
        ] {
            let answer = rewritten(oddities);
            assert_eq!(list(&answer)[2..], told);
            assert_eq!(answer["data"]["total"], total);
        }
        let answer = rewritten(&[Oddity::Repeated, Oddity::JavaDates, Oddity::Surrogate]);
        assert_eq!(list(&answer)[0], list(&answer)[2]);
        assert_ne!(list(&answer)[0], first);
    }

    #[test]
    fn a_total_is_raised_above_its_list() {
        let mut answer = rewritten(&[Oddity::Repeated]);
        raise_total(&mut answer);
        assert_eq!(answer["data"]["total"], "4");
    }

    #[test]
    fn names_are_written_in_other_characters() {
        for (oddity, holder) in [
            (Oddity::Entities, &["艾力&middot;买买提", "艾力&#183;买买提", "艾力&#xB7;买买提"][..]),
            (Oddity::Dots, &["艾力⋅买买提", "艾力.买买提", "艾力•买买提", "艾力‧买买提", "艾力・买买提"]),
        ] {
            let name = rewritten(&[oddity])["data"]["dataList"][0]["certholder"].clone();
            assert!(holder.contains(&name.as_str().unwrap()), "{name}");
        }
        let private = in_other_characters("王䶮", &|oddity| oddity == Oddity::PrivateUse, &mut Dice::new(7, &["test"]));
        assert_eq!(private, "王\u{E863}");
    }

    #[test]
    fn a_lone_surrogate_stands_in_a_face_and_not_beside_an_identifier_alone() {
        let text = with_lone_surrogates(rewritten(&[Oddity::Surrogate]).to_string());
        assert_eq!(text.matches("\\ud83d\"").count(), 1);
        assert!(serde_json::from_str::<Value>(&text).is_err(), "no JSON reader takes it");
    }

    proptest! {
        #[test]
        fn every_form_of_a_day_is_found_and_printed_as_another(days in 0u64..40_000, seed in any::<u64>()) {
            let day = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap() + chrono::Days::new(days);
            for form in ["%Y-%m-%d", "%Y年%m月%d日", "%Y/%-m/%-d", "%Y-%m-%d 00:00:00.0", "%Y%m%d"] {
                prop_assert_eq!(written_day(&json!(day.format(form).to_string())), Some(day), "{}", form);
            }
            prop_assert_eq!(written_day(&json!(midnight(day))), Some(day));
            let printed = as_java_prints(&mut Dice::new(seed, &["day"]), day);
            let year = day.year().to_string();
            let is_instant = printed.to_string().contains(&midnight(day).to_string());
            let is_eve = printed.to_string().contains("T16:00:00Z");
            prop_assert!(is_instant || is_eve || printed.to_string().contains(&year), "{}", printed);
        }
    }
}
