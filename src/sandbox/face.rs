//! Faces (照面信息) as the two libraries write them: field names and formats.

use super::dice::Dice;
use super::facts::{Facts, is_person};
use chrono::{NaiveDate, NaiveTime};
use serde_json::{Value, json};

/// Fields of a face by the library's own names, in its order.
pub(super) type FaceFields = Vec<(&'static str, Value)>;

/// Style of the province's faces of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As in the specification's examples of construction certificates.
    Mixed,
    /// As in the specification's example of an identity card, with few fields.
    Short,
    /// The short names of GB/T 36903 in upper case, extension fields with the prefix `KZ_`.
    Standard,
}

impl Style {
    pub(super) fn of(type_code: &str) -> Self {
        Dice::new(3, &["style", type_code]).pick(&[Self::Mixed, Self::Mixed, Self::Short, Self::Standard])
    }

    /// Returns whether the faces have the period of validity.
    pub(super) const fn bears_validity(self) -> bool {
        !matches!(self, Self::Short)
    }

    /// Writes a face in the province's style.
    pub(super) fn province_face(self, dice: &mut Dice, facts: &Facts, holder_code: &str, type_code: &str) -> FaceFields {
        let issued = day(dice, facts.issued);
        let from = day(dice, facts.begins);
        let end = if facts.leaves_end_empty { json!("") } else { end_day(dice, facts.ends) };
        let name = form(dice, &facts.holder_name);
        let number = json!(facts.shown_number.as_deref().unwrap_or_default());
        let mut face = match self {
            Self::Mixed => vec![
                ("fzjg", json!(facts.issuer.0)),
                ("creditcode", json!(holder_code)),
                ("fundtype", json!("有限责任公司")),
                ("zzyxqqsrq", from),
                ("certholdercode", json!(holder_code)),
                ("orglevel", json!("甲级")),
                ("areacode", json!("370401")),
                ("xxdz", json!(facts.address)),
                ("ZMBZDW", json!(facts.issuer.0)),
                ("zzyxqjzrq", end),
                ("certno", number),
                ("yxq", json!(if facts.leaves_end_empty { "" } else { "1825" })),
                ("certholder", json!(name)),
                ("zsmc", json!(facts.certificate_name)),
                ("zzbfrq", issued),
                ("gmt_modified", json!("2022-04-22 15:47:02.0")),
                ("bz", json!("无")),
                ("fddbr", json!(facts.legal_representative)),
            ],
            Self::Short => vec![
                ("certno", number),
                ("certownerno", json!(holder_code)),
                ("name", json!(name)),
                ("certawarddept", json!(facts.issuer.0)),
                ("certname", json!(facts.certificate_name)),
                ("awarddate", issued),
            ],
            Self::Standard => vec![
                ("ZZMC", json!(facts.certificate_name)),
                ("ZZLXDM", json!(type_code)),
                ("ZZBH", number),
                ("ZZBFJG", json!(facts.issuer.0)),
                ("ZZBFJGDM", json!(facts.issuer.1)),
                ("ZZBFRQ", issued),
                ("CZZT", json!(name)),
                ("CZZTDM", json!(holder_code)),
                ("ZZYXQQSRQ", from),
                ("ZZYXQJZRQ", end),
                ("KZ_FDDBR", json!(facts.legal_representative)),
                ("KZ_YWFW", json!("以许可证载明为准")),
            ],
        };
        if facts.shown_number.is_none() {
            face.retain(|(name, _)| !matches!(*name, "certno" | "ZZBH"));
        }
        face
    }
}

/// Writes a face in the city's style.
pub(super) fn city_face(dice: &mut Dice, facts: &Facts, holder_code: &str) -> FaceFields {
    let chinese = |date: NaiveDate| json!(date.format("%Y年%m月%d日").to_string());
    let shown_code = match holder_code.get(..14) {
        Some(visible) if facts.masks_holder_code => format!("{visible}XXXX"),
        _ => holder_code.to_owned(),
    };
    let code_type = if is_person(holder_code) { "111" } else { "001" };
    let end = match facts.ends {
        _ if facts.leaves_end_empty => json!(""),
        Some(end) => chinese(end),
        None => json!("长期"),
    };
    let mut face = vec![
        ("certificateHolder", json!(form(dice, &facts.holder_name))),
        ("certificateValidateStart", chinese(facts.begins)),
        ("certificateValidateEnd", end),
        ("issueDept", json!(facts.issuer.0)),
        ("certificateName", json!(form(dice, &facts.certificate_name))),
        ("certificateHolderType", json!(code_type)),
        ("certificateNumber", json!(form(dice, facts.shown_number.as_deref().unwrap_or_default()))),
        ("issueDeptCode", json!(facts.issuer.1)),
        ("certificateHolderCode", json!(shown_code)),
        ("detail", json!([])),
        ("issueDate", chinese(facts.issued)),
        ("digitalSign", json!("")),
        ("certificateType", json!(facts.certificate_name)),
    ];
    if facts.shown_number.is_none() {
        face.retain(|(name, _)| *name != "certificateNumber");
    }
    face
}

/// Formats a date in one of the formats that libraries use.
fn day(dice: &mut Dice, date: NaiveDate) -> Value {
    match dice.below(6) {
        0 => json!(date.format("%Y年%m月%d日").to_string()),
        1 => json!(date.format("%Y%m%d").to_string()),
        2 => json!(date.format("%Y/%-m/%-d").to_string()),
        3 => json!(format!("{date} 00:00:00.0")),
        4 => json!(midnight(date)),
        _ => json!(date.to_string()),
    }
}

/// Returns the milliseconds from the Unix epoch to midnight of a date in China, without daylight saving time.
pub(super) fn midnight(date: NaiveDate) -> i64 {
    date.and_time(NaiveTime::MIN).and_utc().timestamp_millis() - CHINA_OFFSET
}

/// Offset of China's time from UTC, in milliseconds.
pub(super) const CHINA_OFFSET: i64 = 8 * 3_600_000;

fn end_day(dice: &mut Dice, date: Option<NaiveDate>) -> Value {
    match date {
        Some(date) => day(dice, date),
        None => json!(dice.pick(&["长期", "永久", "9999-12-31"])),
    }
}

/// Returns a text in one of its equivalent formats, which differ in the width of brackets or a space.
fn form(dice: &mut Dice, text: &str) -> String {
    match dice.below(4) {
        0 => text.replace('（', "(").replace('）', ")"),
        1 => format!("{text} "),
        _ => text.to_owned(),
    }
}
