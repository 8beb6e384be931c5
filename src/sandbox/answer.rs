//! From seed and request to answer, as the platform's specification says and with its inconsistencies.

use super::dice::Dice;
use super::truth::{Held, TrueCertificate, truth};
use crate::codes::{Catalogue, holder_code_type, return_code};
use crate::endpoint::{Endpoint, PURPOSE, Side};
use serde_json::{Map, Value, json};

/// Longest cause that is accepted, in characters.
const LONGEST_CAUSE: usize = 200;

/// Answers a business call whose token is good.
pub(super) fn answer(seed: u64, endpoint: Endpoint, parameters: &Map<String, Value>) -> Value {
    let text = |name: &str| parameters.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    if endpoint.required().iter().chain(&PURPOSE).any(|name| text(name).is_empty()) {
        return code(12);
    }
    if text("certificateCopyCause").chars().count() > LONGEST_CAUSE {
        return code(199);
    }
    if holder_code_type(text("certificateHolderCodeType")).is_none_or(|known| known.code != text("certificateHolderCodeType")) {
        return code(14);
    }
    let type_code = text("certTypeCode");
    if Catalogue::of_the_specification().name(type_code).is_none() {
        return code(13);
    }
    let holder = text("certificateHolderCode");
    let number = Some(text("certificateNumber")).filter(|number| !number.is_empty());
    let certificates = truth(seed, holder, type_code);
    let mut dice = Dice::new(seed, &["form", endpoint.name(), holder, type_code, number.unwrap_or_default()]);
    match endpoint {
        Endpoint::ShengShiStateInfo => state(&mut dice, &certificates, number),
        Endpoint::ShareQueryCertInfoByHo | Endpoint::Token => {
            let side = if text("interfaceType") == "1" { Side::City } else { Side::Province };
            list(&mut dice, &certificates, side, number)
        }
    }
}

/// An answer that is a code and nothing else.
pub(super) fn code(code: i32) -> Value {
    let text = return_code(code).map_or("", |line| line.text_zh.as_str());
    json!({"head": {"message": text, "status": code.to_string()}, "data": null})
}

fn held(certificate: &TrueCertificate, side: Side) -> Option<&Held> {
    match side {
        Side::Province => certificate.province.as_ref(),
        Side::City => certificate.city.as_ref(),
    }
}

/// Whether a library has a certificate under this number; any, where none is named.
fn is_asked(held: &Held, number: Option<&str>) -> bool {
    let bare = |text: &str| text.replace('（', "(").replace('）', ")").replace(' ', "");
    number.is_none_or(|number| bare(number) == bare(&held.number))
}

/// `head`, with the status as text or as a number and the message in either spelling.
fn head(dice: &mut Dice) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("message".to_owned(), json!(dice.pick(&["接口调用成功！", "接口调用成功"])));
    head.insert("status".to_owned(), if dice.happens(0.5) { json!("0") } else { json!(0) });
    head
}

fn data(dice: &mut Dice, list: &[Value]) -> Value {
    let total = list.len();
    let total = if dice.happens(0.2) { json!(total.to_string()) } else { json!(total) };
    json!({"total": total, "dataList": list})
}

fn face(held: &Held) -> Map<String, Value> {
    held.face.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// Interface 13: flags, the province's faces and the city's file numbers. A certificate of the province that is out of
/// force is named without a face.
fn state(dice: &mut Dice, certificates: &[TrueCertificate], number: Option<&str>) -> Value {
    let mut list = Vec::new();
    let mut exists = [false, false];
    for certificate in certificates {
        let [province, city] = Side::BOTH.map(|side| held(certificate, side).filter(|held| is_asked(held, number)));
        let mut entry = match province {
            Some(held) if held.lifecycle == 0 => face(held),
            Some(held) => Map::from_iter([("certno".to_owned(), json!(held.number))]),
            None => Map::new(),
        };
        if let Some(held) = province {
            exists[0] = true;
            entry.insert("cert_identifier".to_owned(), json!(held.identifier));
        }
        if let Some(held) = city {
            exists[1] = true;
            entry.insert("fileNumber".to_owned(), json!(held.identifier));
        }
        if !entry.is_empty() {
            list.push(Value::Object(entry));
        }
    }
    let mut head = head(dice);
    for (name, exists) in ["shengIsExists", "shiIsExists"].into_iter().zip(exists) {
        head.insert(name.to_owned(), json!(if exists { "1" } else { "0" }));
    }
    let data = if list.is_empty() { Value::Null } else { data(dice, &list) };
    json!({"head": head, "data": data})
}

/// Interface 7: the faces in force on one side; where there are only others, the code of the first.
fn list(dice: &mut Dice, certificates: &[TrueCertificate], side: Side, number: Option<&str>) -> Value {
    let asked: Vec<&Held> =
        certificates.iter().filter_map(|certificate| held(certificate, side)).filter(|held| is_asked(held, number)).collect();
    let faces: Vec<Value> = asked
        .iter()
        .filter(|held| held.lifecycle == 0)
        .map(|held| {
            let mut face = face(held);
            let identifier = if side == Side::Province { "cert_identifier" } else { "certificateID" };
            face.insert(identifier.to_owned(), json!(held.identifier));
            Value::Object(face)
        })
        .collect();
    match asked.first() {
        // Absence is said in either of two ways.
        None if dice.happens(0.5) => code(10),
        None => json!({"head": head(dice), "data": {"total": 0, "dataList": []}}),
        Some(first) if faces.is_empty() => code(first.lifecycle),
        Some(_) => {
            let mut head = head(dice);
            if side == Side::Province {
                head.insert("type".to_owned(), json!("1"));
            }
            json!({"head": head, "data": data(dice, &faces)})
        }
    }
}
