//! Answers of the platform from seed and request, following its specification including its inconsistencies.

use super::dice::Dice;
use super::file::{PAGE, genuine, ofd, pdf};
use super::library::{Change, Found, Library};
use super::numbering::plain;
use super::truth::{Held, TrueCertificate};
use crate::codes::{Catalogue, holder_code_type, return_code};
use crate::endpoint::{Endpoint, PURPOSE, Side};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// Longest copy cause that is accepted, in characters (`certificateCopyCause` in the specification).
const LONGEST_CAUSE: usize = 200;

/// State that answers are derived from.
#[derive(Debug)]
pub(super) struct Answerer {
    pub seed: u64,
    pub libraries: Library,
    /// Certificate types that are not published (return code 13), besides those missing from the catalogue.
    pub unpublished: Vec<String>,
}

/// Returns the download address of an identifier's file in a format.
pub(super) type Address<'a> = &'a dyn Fn(&str, &str) -> String;

/// Parameters of a call.
struct Call<'a>(&'a Map<String, Value>);

impl<'a> Call<'a> {
    fn text(&self, name: &str) -> &'a str {
        self.0.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default()
    }

    fn side(&self) -> Side {
        if self.text("interfaceType") == "1" { Side::City } else { Side::Province }
    }
}

impl Answerer {
    /// Answers a business call with a valid token.
    pub(super) fn answer(&self, endpoint: Endpoint, parameters: &Map<String, Value>, address: Address<'_>) -> Value {
        let call = Call(parameters);
        let purpose = PURPOSE.iter().filter(|_| endpoint.carries_purpose());
        if endpoint.required().iter().chain(purpose).any(|name| call.text(name).is_empty()) {
            return code(12);
        }
        let causes = ["certificateCopyCause", "useFor", "useCause"];
        if causes.iter().any(|name| call.text(name).chars().count() > LONGEST_CAUSE) {
            return code(199);
        }
        let asks_type = endpoint.required().contains(&"certTypeCode");
        let type_code = call.text("certTypeCode");
        if endpoint.required().contains(&"certificateHolderCodeType") {
            let kind = call.text("certificateHolderCodeType");
            if holder_code_type(kind).is_none_or(|known| known.code != kind) {
                return code(14);
            }
        }
        let is_published =
            Catalogue::of_the_specification().name(type_code).is_some() && !self.unpublished.iter().any(|code| code == type_code);
        if asks_type && !is_published {
            return code(13);
        }
        let key: Vec<&str> =
            ["form", endpoint.name()].into_iter().chain(endpoint.required().iter().map(|name| call.text(name))).collect();
        let mut dice = Dice::new(self.seed, &key);
        match endpoint {
            Endpoint::Token => code(99),
            Endpoint::ShengShiStateInfo => self.state(&mut dice, &call),
            Endpoint::ShareQueryCertInfoByHo => self.list(&mut dice, &call),
            Endpoint::ShareDownloadUrlsByHolderCode => self.addresses_by_holder(&mut dice, &call, address),
            Endpoint::ShareDownloadUrl => self.by_identifier(&mut dice, call.text("certificateID"), None, |dice, found| {
                data(dice, &[address_entry(found.held(), found.named.side, address)])
            }),
            Endpoint::ShareQueryCertInfo => {
                self.by_identifier(&mut dice, call.text("certificateID"), Some(call.side()), |dice, found| {
                    data(dice, &[Value::Object(own_face(found.held(), found.named.side))])
                })
            }
            Endpoint::ShareQueryCertInfoByQRcode => {
                self.by_identifier(&mut dice, call.text("qrValue"), Some(call.side()), |dice, found| match found.named.side {
                    Side::Province => data(dice, &[Value::Object(own_face(found.held(), Side::Province))]),
                    Side::City => Value::Object(qr_face(found.held())),
                })
            }
            Endpoint::ShareDownloadFile => {
                let pictures = call.text("fileType") == "png";
                self.by_identifier(&mut dice, call.text("certificateIdentifier"), Some(call.side()), |dice, found| {
                    let identifier = &found.held().identifier;
                    let content = if pictures {
                        json!([STANDARD.encode(PAGE), STANDARD.encode(PAGE)])
                    } else {
                        json!(STANDARD.encode(ofd(identifier)))
                    };
                    data(dice, &[json!({"certIdentifier": identifier, "contentType": "base64", "content": content})])
                })
            }
            Endpoint::DownloadPdfFile => {
                let identifier = identifier_of(call.text("abstractCode")).unwrap_or_default();
                self.by_identifier(&mut dice, &identifier, None, |dice, found| {
                    data(dice, &[json!(STANDARD.encode(pdf(&found.held().identifier)))])
                })
            }
            Endpoint::ShareVerifyCertInfo => self.verify_info(&mut dice, &call),
            Endpoint::ShareVerifyCertFile => self.verify_file(&mut dice, &call),
            Endpoint::InsertToProvince | Endpoint::UpdateToProvince | Endpoint::DeleteToProvince => {
                self.tell_province(&mut dice, endpoint, &call)
            }
        }
    }

    fn holder_certificates(&self, call: &Call<'_>) -> Vec<TrueCertificate> {
        self.libraries.certificates(call.text("certificateHolderCode"), call.text("certTypeCode"))
    }

    /// Interface 13: flags, the province's faces and the city's file numbers. A certificate of the province that is not in force
    /// is listed without a face.
    fn state(&self, dice: &mut Dice, call: &Call<'_>) -> Value {
        let number = Some(call.text("certificateNumber")).filter(|number| !number.is_empty());
        let certificates = self.holder_certificates(call);
        let mut list = Vec::new();
        let mut exists = [false, false];
        for certificate in &certificates {
            let [province, city] = Side::BOTH.map(|side| held(certificate, side).filter(|held| is_asked(held, number)));
            let mut entry = province.map(state_entry).unwrap_or_default();
            exists[0] |= province.is_some();
            if let Some(held) = city {
                exists[1] = true;
                entry.insert("fileNumber".to_owned(), json!(held.identifier));
            }
            if !entry.is_empty() {
                list.push(entry);
            }
        }
        if number.is_none() && self.joins(call, &certificates) {
            list = vec![list.into_iter().flatten().collect()];
        }
        let mut head = head(dice);
        for (name, exists) in ["shengIsExists", "shiIsExists"].into_iter().zip(exists) {
            head.insert(name.to_owned(), json!(if exists { "1" } else { "0" }));
        }
        let list: Vec<Value> = list.into_iter().map(Value::Object).collect();
        let data = if list.is_empty() { Value::Null } else { data(dice, &list) };
        json!({"head": head, "data": data})
    }

    /// Returns whether the state answer combines two certificates, one of each side, in one object, like a platform that joins
    /// both sides' data by holder and type without comparing numbers.
    fn joins(&self, call: &Call<'_>, certificates: &[TrueCertificate]) -> bool {
        let in_force = |held: &Held| held.lifecycle == 0;
        let are_of_one_side_each = match certificates {
            [one, other] => [(one, other), (other, one)].into_iter().any(|(ours, theirs)| {
                ours.province.as_ref().is_some_and(in_force)
                    && ours.city.is_none()
                    && theirs.city.as_ref().is_some_and(in_force)
                    && theirs.province.is_none()
            }),
            _ => false,
        };
        let key = ["joined", call.text("certificateHolderCode"), call.text("certTypeCode")];
        are_of_one_side_each && Dice::new(self.seed, &key).happens(0.5)
    }

    /// Interface 7: the faces in force on one side; if there are none, the return code of the first certificate.
    fn list(&self, dice: &mut Dice, call: &Call<'_>) -> Value {
        let side = call.side();
        self.of_holder(dice, call, |held| Value::Object(own_face(held, side)))
    }

    /// Interface 8: download addresses of the certificates that interface 7 lists.
    fn addresses_by_holder(&self, dice: &mut Dice, call: &Call<'_>, address: Address<'_>) -> Value {
        let side = call.side();
        self.of_holder(dice, call, |held| address_entry(held, side, address))
    }

    fn of_holder(&self, dice: &mut Dice, call: &Call<'_>, entry: impl Fn(&Held) -> Value) -> Value {
        let number = Some(call.text("certificateNumber")).filter(|number| !number.is_empty());
        let certificates = self.holder_certificates(call);
        let asked = asked(&certificates, call.side(), number);
        let entries: Vec<Value> = asked.iter().filter(|held| held.lifecycle == 0).map(|held| entry(held)).collect();
        match asked.first() {
            // The platform reports absence by one of two return codes.
            None if dice.happens(0.5) => code(10),
            None => json!({"head": head(dice), "data": {"total": 0, "dataList": []}}),
            Some(first) if entries.is_empty() => code(first.lifecycle),
            Some(_) => {
                let mut head = head(dice);
                if call.side() == Side::Province {
                    head.insert("type".to_owned(), json!("1"));
                }
                json!({"head": head, "data": data(dice, &entries)})
            }
        }
    }

    /// Interfaces that ask by an identifier: the certificate must be on the side asked and in force.
    fn by_identifier(
        &self,
        dice: &mut Dice,
        identifier: &str,
        side: Option<Side>,
        answer: impl FnOnce(&mut Dice, &Found) -> Value,
    ) -> Value {
        match self.libraries.find(identifier).filter(|found| side.is_none_or(|side| side == found.named.side)) {
            None => code(10),
            Some(found) if found.held().lifecycle != 0 => code(found.held().lifecycle),
            Some(found) => {
                let answer = answer(dice, &found);
                json!({"head": head(dice), "data": answer})
            }
        }
    }

    /// Interface 4: compares the given values with every face of the holder.
    fn verify_info(&self, dice: &mut Dice, call: &Call<'_>) -> Value {
        let claims = serde_json::from_str::<Map<String, Value>>(call.text("certificateData")).unwrap_or_default();
        let certificates = self.holder_certificates(call);
        let says = |held: &&Held| {
            let face = own_face(held, call.side());
            claims.iter().all(|(name, value)| face.get(name) == Some(value))
        };
        let asked = asked(&certificates, call.side(), None);
        let (result, message) = match asked.iter().copied().find(says) {
            _ if claims.is_empty() => (4, "信息不全无法验证"),
            None => (5, "查无此信息"),
            Some(held) if held.lifecycle == 0 => (0, "信息正确且有效"),
            Some(held) if held.lifecycle == 23 => (2, "信息正确且证照暂时失效"),
            Some(_) => (3, "信息正确且证照已失效"),
        };
        let data = match call.side() {
            Side::Province => data(dice, &[json!({"result": result, "message": message})]),
            Side::City => json!({"verifyResult": (result == 0).to_string()}),
        };
        json!({"head": head(dice), "data": data})
    }

    /// Interface 5: a file of the sandbox is genuine. The city's answer is a plain text.
    fn verify_file(&self, dice: &mut Dice, call: &Call<'_>) -> Value {
        if call.text("contentType") != "base64" {
            return code(12);
        }
        let Ok(content) = STANDARD.decode(call.text("content")) else { return code(24) };
        let genuine = genuine(&content).is_some_and(|identifier| self.libraries.find(&identifier).is_some());
        let (result, message) = if genuine { (0, "验证通过") } else { (2, "文件校验失败") };
        let data = match call.side() {
            Side::Province => data(dice, &[json!({"result": result.to_string(), "message": message})]),
            Side::City => json!(if genuine { "04D4FB95943B9E0419390A37B48A6F2805F9091" } else { "" }),
        };
        json!({"head": head(dice), "data": data})
    }

    /// Interfaces 10 to 12: the change applies to the province's library for the life of the process, after a delay. The answer
    /// is sent at once.
    fn tell_province(&self, dice: &mut Dice, endpoint: Endpoint, call: &Call<'_>) -> Value {
        let file_number = call.text("fileNumber");
        let Some(found) = self.libraries.find(file_number).filter(|found| found.named.side == Side::City) else {
            return code(10);
        };
        let province = found.certificate.province.as_ref();
        let data = match endpoint {
            Endpoint::InsertToProvince => {
                self.libraries.change(file_number, Change::Copied);
                let identifier = province.map_or(&found.certificate.copy_of_city.identifier, |held| &held.identifier);
                data(dice, &[json!({"certIdentifier": identifier})])
            }
            Endpoint::UpdateToProvince => {
                if province.is_none_or(|held| held.identifier != call.text("certIdentifier")) {
                    return code(10);
                }
                self.libraries.change(file_number, Change::Copied);
                Value::Null
            }
            _ => {
                if province.is_none() {
                    return code(10);
                }
                self.libraries.change(file_number, Change::Voided);
                Value::Null
            }
        };
        json!({"head": head(dice), "data": data})
    }
}

/// Returns an answer with a return code and no data.
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

/// Returns the certificates that a side holds under a number; all of them without a number.
fn asked<'a>(certificates: &'a [TrueCertificate], side: Side, number: Option<&str>) -> Vec<&'a Held> {
    certificates.iter().filter_map(|certificate| held(certificate, side)).filter(|held| is_asked(held, number)).collect()
}

/// Returns whether a library finds a certificate under this number; always true without a number.
fn is_asked(held: &Held, number: Option<&str>) -> bool {
    number.is_none_or(|number| {
        let asked = plain(number);
        asked == plain(&held.number) || held.shown_number.as_deref().is_some_and(|shown| asked == plain(shown))
    })
}

/// Returns the entry of a state answer for a certificate of the province.
fn state_entry(held: &Held) -> Map<String, Value> {
    let mut entry = if held.lifecycle == 0 {
        face(held)
    } else {
        held.shown_number.iter().map(|number| ("certno".to_owned(), json!(number))).collect()
    };
    entry.insert("cert_identifier".to_owned(), json!(held.identifier));
    entry
}

/// Returns `head`, with the status as text or as a number and with either spelling of the message's key.
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

/// Returns a face with the identifier of its side.
fn own_face(held: &Held, side: Side) -> Map<String, Value> {
    let mut face = face(held);
    let name = if side == Side::Province { "cert_identifier" } else { "certificateID" };
    face.insert(name.to_owned(), json!(held.identifier));
    face
}

/// Returns the city's face behind a QR code, which has other field names and an extraction code.
fn qr_face(held: &Held) -> Map<String, Value> {
    let face = face(held);
    let get = |name: &str| face.get(name).cloned().unwrap_or_default();
    let names = [
        ("license_name", get("certificateName")),
        ("fileNumber", json!(held.identifier)),
        ("issue_unitname", get("issueDept")),
        ("valid_time_begin", get("certificateValidateStart")),
        ("holder", get("certificateHolder")),
        ("license_state", json!("正常有效")),
        ("valid_time_end", get("certificateValidateEnd")),
        ("abstractCode", json!(extraction_code(&held.identifier))),
        ("license_number", get("certificateNumber")),
    ];
    names.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns the extraction code of a certificate, from which the sandbox can derive the certificate.
#[must_use]
pub fn extraction_code(identifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(identifier)
}

fn identifier_of(extraction_code: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(extraction_code).ok()?).ok()
}

/// Returns an entry of a list of addresses in the province's or the city's format.
fn address_entry(held: &Held, side: Side, address: Address<'_>) -> Value {
    match side {
        Side::Province => json!({
            "certIdentifier": held.identifier, "contentType": "http", "content": address(&held.identifier, "PDF"),
        }),
        Side::City => {
            let face = face(held);
            let get = |name: &str| face.get(name).cloned().unwrap_or_default();
            json!({
                "issueDept": get("issueDept"), "certificateNumber": get("certificateNumber"), "fileUrl": address(&held.identifier, "OFD"),
                "issueDate": get("issueDate"), "fileFormat": "OFD", "certificateType": get("certificateType"),
            })
        }
    }
}
