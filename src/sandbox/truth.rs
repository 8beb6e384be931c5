//! What the stand-in's two libraries hold: a pure function of the seed.

use super::dice::Dice;
use super::identity::{Named, file_number, national};
use super::people::{ISSUERS, address, company, person};
use crate::codes::Catalogue;
use crate::endpoint::Side;
use chrono::{Days, Months, NaiveDate};
use serde_json::{Value, json};

/// A certificate that at least one of the stand-in's libraries holds.
#[derive(Debug, Clone)]
pub struct TrueCertificate {
    /// What the province holds.
    pub province: Option<Held>,
    /// What the city holds.
    pub city: Option<Held>,
    /// What the province would hold, were it told of what the city holds.
    pub(super) copy_of_city: Held,
    /// Where the two faces differ in content; in form they may differ anywhere.
    pub differences: Vec<InjectedDifference>,
}

/// A certificate as one library holds it.
#[derive(Debug, Clone)]
pub struct Held {
    /// The library's identifier for it.
    pub identifier: String,
    /// 证照编号.
    pub number: String,
    /// 0 in force, 21 revoked, 22 expired, 23 restricted.
    pub lifecycle: i32,
    /// Its face under the library's own field names.
    pub face: Vec<(&'static str, Value)>,
}

/// A difference of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedDifference {
    /// The canonical field, as the interface's tables name it.
    pub field: &'static str,
    /// `differs`, `missing_in_province` or `missing_in_city`.
    pub kind: &'static str,
}

/// What the certificate says, before any library writes it down.
#[derive(Debug, Clone)]
struct Facts {
    number: String,
    certificate_name: String,
    holder_name: String,
    issuer: (&'static str, &'static str),
    issued: NaiveDate,
    begins: NaiveDate,
    ends: Option<NaiveDate>,
    legal_representative: String,
    address: String,
}

/// The certificates of one type that the libraries hold for a holder.
#[must_use]
pub fn truth(seed: u64, holder_code: &str, cert_type_code: &str) -> Vec<TrueCertificate> {
    let mut of_type = Dice::new(seed, &["type", cert_type_code]);
    let neither = 0.04 + 0.08 * share(&mut of_type);
    let city_only = 0.04 + 0.30 * share(&mut of_type).powi(2);
    let province_only = 0.02 + 0.06 * share(&mut of_type);
    let mut dice = Dice::new(seed, &["holder", holder_code, cert_type_code]);
    if dice.happens(neither) {
        return Vec::new();
    }
    let count = match dice.below(100) {
        0..=92 => 1,
        93..=97 => 2,
        _ => 3,
    };
    (0..count)
        .map(|place| {
            let (province, city) = match share(&mut dice) {
                chance if chance < city_only => (false, true),
                chance if chance < city_only + province_only => (true, false),
                _ => (true, true),
            };
            certificate(seed, &mut dice, holder_code, cert_type_code, place, (province, city), count > 1)
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "a millionth is fine enough")]
fn share(dice: &mut Dice) -> f64 {
    dice.below(1_000_000) as f64 / 1_000_000.0
}

fn certificate(
    seed: u64,
    dice: &mut Dice,
    holder_code: &str,
    type_code: &str,
    place: u64,
    (province, city): (bool, bool),
    several: bool,
) -> TrueCertificate {
    let facts = facts(dice, holder_code, type_code, place);
    let style = Style::of(type_code);
    let mut of_province = facts.clone();
    let mut of_city = facts;
    let mut differences = Vec::new();
    let mut empty = None;
    if province && city && dice.happens(0.12) {
        let (difference, emptied) = differ(dice, style, several, &mut of_province, &mut of_city);
        differences.push(difference);
        empty = emptied;
    }
    let masked = dice.happens(0.15);
    let province_face = style.province_face(dice, &of_province, holder_code, type_code, empty == Some("missing_in_province"));
    let city_face = city_face(dice, &of_city, holder_code, masked, empty == Some("missing_in_city"));
    // Among several certificates the state answer shows a city's certificate out of force by its identifier alone, so only
    // those that the province holds too can be told apart.
    let province_lifecycle = lifecycle(dice);
    let city_lifecycle = if several && !province { 0 } else { lifecycle(dice) };
    let named = |side| Named { holder_code: holder_code.to_owned(), cert_type_code: type_code.to_owned(), place, side };
    let province_id = national(seed, &named(Side::Province), of_province.issuer.1);
    let older = dice.happens(0.5).then(|| file_number(&named(Side::City), of_city.issuer.1, &of_city.number)).flatten();
    let city_id = older.unwrap_or_else(|| national(seed, &named(Side::City), of_city.issuer.1));
    let copy_of_city = Held {
        identifier: province_id.clone(),
        number: of_city.number.clone(),
        lifecycle: 0,
        face: style.province_face(dice, &of_city, holder_code, type_code, empty == Some("missing_in_city")),
    };
    let held = |here: bool, identifier, number, lifecycle, face| here.then_some(Held { identifier, number, lifecycle, face });
    TrueCertificate {
        province: held(province, province_id, of_province.number, province_lifecycle, province_face),
        city: held(city, city_id, of_city.number, city_lifecycle, city_face),
        copy_of_city,
        differences,
    }
}

fn lifecycle(dice: &mut Dice) -> i32 {
    match dice.below(200) {
        0..=2 => 21,
        3..=5 => 22,
        6 => 23,
        _ => 0,
    }
}

fn facts(dice: &mut Dice, holder_code: &str, type_code: &str, place: u64) -> Facts {
    let mut of_holder = Dice::new(1, &["name", holder_code]);
    let is_person = holder_code.len() == 18 && holder_code.as_bytes()[..17].iter().all(u8::is_ascii_digit);
    let holder_name = if is_person { person(&mut of_holder) } else { company(&mut of_holder) };
    let issued = NaiveDate::from_ymd_opt(2012, 1, 1).unwrap_or_default() + Days::new(dice.below(5000));
    let years = [3, 5, 10][usize::try_from(dice.below(3)).unwrap_or_default()];
    let ends = dice.happens(0.75).then(|| (issued + Months::new(12 * years)).pred_opt().unwrap_or(issued));
    let catalogue = Catalogue::of_the_specification();
    let certificate_name = catalogue.name(type_code).unwrap_or("电子证照").to_owned();
    let mut of_type = Dice::new(2, &["issuer", type_code]);
    let number = match of_type.below(3) {
        0 => format!("鲁（{}）枣庄市第{}号", issued.format("%Y"), dice.digits(7)),
        1 => format!("JY1370{}", dice.digits(10)),
        _ => format!("A{place}{}", dice.digits(8)),
    };
    Facts {
        number,
        certificate_name,
        holder_name,
        issuer: of_type.pick(&ISSUERS),
        issued,
        begins: issued,
        ends,
        legal_representative: person(&mut of_holder),
        address: address(&mut of_holder),
    }
}

/// Makes the two sides differ in one field that both faces bear; says which, and which side is left empty.
fn differ(
    dice: &mut Dice,
    style: Style,
    several: bool,
    province: &mut Facts,
    city: &mut Facts,
) -> (InjectedDifference, Option<&'static str>) {
    let differs = |field| (InjectedDifference { field, kind: "differs" }, None);
    match dice.below(10) {
        0..=2 => {
            city.holder_name.push(if city.holder_name.chars().count() > 4 { '厂' } else { '子' });
            differs("holder_name")
        }
        3 | 4 => {
            let own = province.issuer.0;
            let other = ISSUERS.iter().find(|issuer| issuer.0 != own).map_or("山东省大数据局", |issuer| issuer.0);
            // The name alone: the code that goes with it stays what it was.
            city.issuer.0 = other;
            differs("issuer_name")
        }
        5 | 6 => {
            province.issued = province.issued + Days::new(1 + dice.below(20));
            differs("issue_date")
        }
        7 if !several => {
            city.number.push('9');
            differs("certificate_number")
        }
        8 if style.bears_validity() => {
            province.ends = Some(city.ends.map_or(city.issued + Days::new(900), |end| end + Days::new(30)));
            differs("valid_to")
        }
        9 if style.bears_validity() && province.ends.is_some() => {
            let kind = if dice.happens(0.5) { "missing_in_province" } else { "missing_in_city" };
            (InjectedDifference { field: "valid_to", kind }, Some(kind))
        }
        _ => {
            city.holder_name.push('甲');
            differs("holder_name")
        }
    }
}

/// How the province writes the faces of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As in the specification's examples of construction certificates.
    Mixed,
    /// As in its example of an identity card: few fields.
    Short,
    /// GB/T 36903's short names in capitals, extension fields with `KZ_`.
    Standard,
}

impl Style {
    fn of(type_code: &str) -> Self {
        Dice::new(3, &["style", type_code]).pick(&[Self::Mixed, Self::Mixed, Self::Short, Self::Standard])
    }

    const fn bears_validity(self) -> bool {
        !matches!(self, Self::Short)
    }

    fn province_face(
        self,
        dice: &mut Dice,
        facts: &Facts,
        holder_code: &str,
        type_code: &str,
        no_end: bool,
    ) -> Vec<(&'static str, Value)> {
        let issued = day(dice, facts.issued);
        let from = day(dice, facts.begins);
        let end = if no_end { json!("") } else { end_day(dice, facts.ends) };
        let name = form(dice, &facts.holder_name);
        match self {
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
                ("certno", json!(facts.number)),
                ("yxq", json!(if no_end { "" } else { "1825" })),
                ("certholder", json!(name)),
                ("zsmc", json!(facts.certificate_name)),
                ("zzbfrq", issued),
                ("gmt_modified", json!("2022-04-22 15:47:02.0")),
                ("bz", json!("无")),
                ("fddbr", json!(facts.legal_representative)),
            ],
            Self::Short => vec![
                ("certno", json!(facts.number)),
                ("certownerno", json!(holder_code)),
                ("name", json!(name)),
                ("certawarddept", json!(facts.issuer.0)),
                ("certname", json!(facts.certificate_name)),
                ("awarddate", issued),
            ],
            Self::Standard => vec![
                ("ZZMC", json!(facts.certificate_name)),
                ("ZZLXDM", json!(type_code)),
                ("ZZBH", json!(facts.number)),
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
        }
    }
}

fn city_face(dice: &mut Dice, facts: &Facts, holder_code: &str, masked: bool, no_end: bool) -> Vec<(&'static str, Value)> {
    let chinese = |date: NaiveDate| json!(date.format("%Y年%m月%d日").to_string());
    let shown_code = match holder_code.get(..14) {
        Some(visible) if masked => format!("{visible}XXXX"),
        _ => holder_code.to_owned(),
    };
    let code_type =
        if holder_code.as_bytes().get(..17).is_some_and(|body| body.iter().all(u8::is_ascii_digit)) { "111" } else { "001" };
    let end = match facts.ends {
        _ if no_end => json!(""),
        Some(end) => chinese(end),
        None => json!("长期"),
    };
    vec![
        ("certificateHolder", json!(form(dice, &facts.holder_name))),
        ("certificateValidateStart", chinese(facts.begins)),
        ("certificateValidateEnd", end),
        ("issueDept", json!(facts.issuer.0)),
        ("certificateName", json!(form(dice, &facts.certificate_name))),
        ("certificateHolderType", json!(code_type)),
        ("certificateNumber", json!(form(dice, &facts.number))),
        ("issueDeptCode", json!(facts.issuer.1)),
        ("certificateHolderCode", json!(shown_code)),
        ("detail", json!([])),
        ("issueDate", chinese(facts.issued)),
        ("digitalSign", json!("")),
        ("certificateType", json!(facts.certificate_name)),
    ]
}

/// One of the forms in which libraries write a day.
fn day(dice: &mut Dice, date: NaiveDate) -> Value {
    match dice.below(6) {
        0 => json!(date.format("%Y年%m月%d日").to_string()),
        1 => json!(date.format("%Y%m%d").to_string()),
        2 => json!(date.format("%Y/%-m/%-d").to_string()),
        3 => json!(format!("{date} 00:00:00.0")),
        // Midnight in China, in milliseconds.
        4 => json!(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis() - 8 * 3_600_000),
        _ => json!(date.to_string()),
    }
}

fn end_day(dice: &mut Dice, date: Option<NaiveDate>) -> Value {
    match date {
        Some(date) => day(dice, date),
        None => json!(dice.pick(&["长期", "永久", "9999-12-31"])),
    }
}

/// The same text in one of its forms: width of brackets and a space more or less say nothing.
fn form(dice: &mut Dice, text: &str) -> String {
    match dice.below(4) {
        0 => text.replace('（', "(").replace('）', ")"),
        1 => format!("{text} "),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Identifier;

    #[test]
    fn the_truth_is_the_same_every_time_and_covers_every_case() {
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..4000 {
            let holder = format!("3704{index:014}");
            let certificates = truth(7, &holder, "11100000000013338W008");
            assert_eq!(format!("{certificates:?}"), format!("{:?}", truth(7, &holder, "11100000000013338W008")));
            seen.insert(format!("{} certificates", certificates.len()));
            for certificate in &certificates {
                seen.insert(format!("{} {}", certificate.province.is_some(), certificate.city.is_some()));
                seen.extend(certificate.differences.iter().map(|difference| format!("{} {}", difference.field, difference.kind)));
                for held in certificate.province.iter().chain(&certificate.city) {
                    seen.insert(format!("lifecycle {}", held.lifecycle));
                    if let Some(identifier) = Identifier::parse(&held.identifier) {
                        assert_eq!(identifier.check(), Ok(()));
                    }
                }
            }
        }
        for expected in [
            "0 certificates",
            "1 certificates",
            "2 certificates",
            "3 certificates",
            "true true",
            "true false",
            "false true",
            "lifecycle 0",
            "lifecycle 21",
            "lifecycle 22",
            "lifecycle 23",
            "holder_name differs",
            "certificate_number differs",
        ] {
            assert!(seen.contains(expected), "{expected} is missing in {seen:?}");
        }
    }
}
