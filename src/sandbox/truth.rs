//! Content of the sandbox's two libraries: a pure function of the seed.

use super::dice::Dice;
use super::face::{FaceFields, Style, city_face};
use super::facts::{Facts, differ};
use super::identity::{Named, file_number, national};
use super::numbering::{Numbering, are_one_character_apart};
use crate::endpoint::Side;
use serde_json::Value;

/// A certificate that at least one of the sandbox's libraries holds.
#[derive(Debug, Clone)]
pub struct TrueCertificate {
    /// The certificate in the province's library; `None` if it does not hold it.
    pub province: Option<Held>,
    /// The certificate in the city's library; `None` if it does not hold it.
    pub city: Option<Held>,
    /// The certificate that the province would hold after being notified of the city's.
    pub(super) copy_of_city: Held,
    /// Differences in content between the two faces. Their form can differ in any field.
    pub differences: Vec<InjectedDifference>,
    /// Index, in the list that [`truth`] returns, of the other side's certificate that may be mistaken for this one: their faces
    /// show the same issue date and names, or numbers that differ in one character.
    pub likely_same_as: Option<usize>,
}

/// A certificate as one library holds it.
#[derive(Debug, Clone)]
pub struct Held {
    /// The library's identifier of the certificate.
    pub identifier: String,
    /// Certificate number (证照编号).
    pub number: String,
    /// Number shown on the face: empty if the field is empty, `None` if the face lacks the field. It may be mistyped, partly
    /// masked, or in another format. The library finds the certificate by either number.
    pub shown_number: Option<String>,
    /// Lifecycle state: 0 in force, otherwise the return code: 21 revoked, 22 expired, 23 restricted.
    pub lifecycle: i32,
    /// Fields of the face by the library's own names.
    pub face: Vec<(&'static str, Value)>,
}

/// A difference in content between two faces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedDifference {
    /// Name of the canonical field, as in tables.
    pub field: &'static str,
    /// Kind of the difference: `differs`, `missing_in_province` or `missing_in_city`.
    pub kind: &'static str,
}

/// Returns the certificates of one type that the libraries hold for a holder.
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
    let item = Item { seed, holder_code, type_code: cert_type_code, has_several: count > 1 };
    let mut drafts = Vec::new();
    for place in 0..count {
        let holders = match share(&mut dice) {
            chance if chance < city_only => Holders::City,
            chance if chance < city_only + province_only => Holders::Province,
            _ => Holders::Both,
        };
        item.draft(&mut dice, place, holders, &mut drafts);
    }
    note_near_misses(&mut drafts);
    drafts.into_iter().map(|draft| draft.certificate).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a millionth is fine enough")]
fn share(dice: &mut Dice) -> f64 {
    dice.below(1_000_000) as f64 / 1_000_000.0
}

/// Sides that hold a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holders {
    Province,
    City,
    Both,
}

/// A holder and a certificate type.
#[derive(Debug, Clone, Copy)]
struct Item<'a> {
    seed: u64,
    holder_code: &'a str,
    type_code: &'a str,
    /// Whether the holder has several certificates of the type.
    has_several: bool,
}

/// A certificate, with the facts that each side knows.
struct Draft {
    certificate: TrueCertificate,
    of_province: Facts,
    of_city: Facts,
}

impl Item<'_> {
    /// Generates the certificate with index `place`. It becomes two if each side has another number for it.
    fn draft(self, dice: &mut Dice, place: u64, holders: Holders, drafts: &mut Vec<Draft>) {
        let style = Style::of(self.type_code);
        let mut of_province = Facts::new(dice, self.holder_code, self.type_code, place);
        let mut of_city = of_province.clone();
        let mut differences = Vec::new();
        let mut numbering = Numbering::Equal;
        if holders == Holders::Both {
            if dice.happens(0.12) {
                differences.push(differ(dice, style.bears_validity(), self.has_several, &mut of_province, &mut of_city));
            } else if !self.has_several {
                numbering = Numbering::of(self.seed, self.holder_code, self.type_code);
                let mut own = Dice::new(self.seed, &["numbers", self.holder_code, self.type_code]);
                differences.extend(numbering.apply(&mut own, &mut of_province, &mut of_city));
            }
        }
        of_city.masks_holder_code = dice.happens(0.15);
        let province_face = style.province_face(dice, &of_province, self.holder_code, self.type_code);
        let city_face = city_face(dice, &of_city, self.holder_code);
        // Among several certificates, the state answer shows a city's certificate that is not in force by identifier only, so it
        // can be matched only if the province holds it too.
        let mut province_lifecycle = lifecycle(dice);
        let mut city_lifecycle = if self.has_several && holders == Holders::City { 0 } else { lifecycle(dice) };
        if numbering != Numbering::Equal || differences.iter().any(|difference| difference.field == "certificate_number") {
            // Both sides show the number only for certificates in force.
            (province_lifecycle, city_lifecycle) = (0, 0);
        }
        let is_two = numbering == Numbering::Two;
        let place_of_city = if is_two { place + 1 } else { place };
        let province_id = self.national(place, Side::Province, &of_province);
        let of_older_kind = dice
            .happens(0.5)
            .then(|| file_number(&self.named(place_of_city, Side::City), of_city.issuer.1, &of_city.number))
            .flatten();
        let city_id = of_older_kind.unwrap_or_else(|| self.national(place_of_city, Side::City, &of_city));
        let copy_id = self.national(place_of_city, Side::Province, &of_province);
        let copy_face = style.province_face(dice, &of_city, self.holder_code, self.type_code);
        let certificate = TrueCertificate {
            province: (holders != Holders::City).then(|| held(province_id, &of_province, province_lifecycle, province_face)),
            city: (holders != Holders::Province).then(|| held(city_id, &of_city, city_lifecycle, city_face)),
            copy_of_city: held(copy_id, &of_city, 0, copy_face),
            differences,
            likely_same_as: None,
        };
        if is_two {
            let of_province_alone = TrueCertificate { city: None, ..certificate.clone() };
            drafts.push(Draft { certificate: of_province_alone, of_province: of_province.clone(), of_city: of_city.clone() });
            drafts.push(Draft { certificate: TrueCertificate { province: None, ..certificate }, of_province, of_city });
        } else {
            drafts.push(Draft { certificate, of_province, of_city });
        }
    }

    fn named(self, place: u64, side: Side) -> Named {
        Named { holder_code: self.holder_code.to_owned(), cert_type_code: self.type_code.to_owned(), place, side }
    }

    fn national(self, place: u64, side: Side, facts: &Facts) -> String {
        national(self.seed, &self.named(place, side), facts.issuer.1)
    }
}

fn held(identifier: String, facts: &Facts, lifecycle: i32, face: FaceFields) -> Held {
    Held { identifier, number: facts.number.clone(), shown_number: facts.shown_number.clone(), lifecycle, face }
}

fn lifecycle(dice: &mut Dice) -> i32 {
    match dice.below(200) {
        0..=2 => 21,
        3..=5 => 22,
        6 => 23,
        _ => 0,
    }
}

/// Records which certificates of one side only may be mistaken for which of the other side only, at most one for each.
fn note_near_misses(drafts: &mut [Draft]) {
    for ours in 0..drafts.len() {
        if drafts[ours].certificate.city.is_some() {
            continue;
        }
        let is_near = |theirs: &Draft| {
            theirs.certificate.province.is_none()
                && theirs.certificate.likely_same_as.is_none()
                && are_near(&drafts[ours], theirs)
        };
        if let Some(theirs) = drafts.iter().position(is_near) {
            drafts[ours].certificate.likely_same_as = Some(theirs);
            drafts[theirs].certificate.likely_same_as = Some(ours);
        }
    }
}

fn are_near(ours: &Draft, theirs: &Draft) -> bool {
    let (a, b) = (&ours.of_province, &theirs.of_city);
    // A certificate that is not in force shows only its number.
    let show_faces = [&ours.certificate.province, &theirs.certificate.city].into_iter().flatten().all(|held| held.lifecycle == 0);
    let same_but_for_number = a.issued == b.issued && a.holder_name == b.holder_name && a.certificate_name == b.certificate_name;
    show_faces && same_but_for_number || are_one_character_apart(&a.number, &b.number)
}

#[cfg(test)]
mod tests {
    use super::super::numbering::plain;
    use super::*;
    use crate::codes::Identifier;
    use std::collections::BTreeMap;

    const TYPE: &str = "11100000000013338W008";

    fn holders() -> impl Iterator<Item = String> {
        (0..4000).map(|index| format!("3704{index:014}"))
    }

    #[test]
    fn the_truth_is_the_same_every_time_and_covers_every_case() {
        let mut seen = std::collections::BTreeSet::new();
        for holder in holders() {
            let certificates = truth(7, &holder, TYPE);
            assert_eq!(format!("{certificates:?}"), format!("{:?}", truth(7, &holder, TYPE)));
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
            "certificate_number missing_in_province",
            "certificate_number missing_in_city",
        ] {
            assert!(seen.contains(expected), "{expected} is missing in {seen:?}");
        }
    }

    /// Numbers that the faces of the two sides show for a certificate.
    fn numbering(province: &Held, city: &Held) -> &'static str {
        match (province.shown_number.as_deref(), city.shown_number.as_deref()) {
            (None, _) | (_, None) => "no field",
            (Some(""), _) | (_, Some("")) => "empty field",
            (Some(a), Some(b)) if a == b => "equal",
            (Some(a), Some(b)) if plain(a) == plain(b) => "another form",
            (_, Some(b)) if b.contains('*') => "masked",
            (Some(a), _) if plain(a) == plain(&province.number) => "mistyped by the city",
            _ => "mistyped by the province",
        }
    }

    #[test]
    fn two_numbers_are_two_certificates_and_near_misses_know_each_other() {
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        for holder in holders() {
            let certificates = truth(7, &holder, TYPE);
            for (place, certificate) in certificates.iter().enumerate() {
                if let (Some(province), Some(city)) = (&certificate.province, &certificate.city) {
                    assert_eq!(plain(&province.number), plain(&city.number));
                    assert_eq!(certificate.likely_same_as, None);
                    *seen.entry(numbering(province, city)).or_default() += 1;
                }
                if let Some(other) = certificate.likely_same_as {
                    assert_eq!(certificates[other].likely_same_as, Some(place));
                    assert!(certificate.province.is_some() != certificates[other].province.is_some());
                }
            }
            if let [ours, theirs] = &certificates[..]
                && let (Some(ours), None, Some(theirs)) = (&ours.province, &ours.city, &theirs.city)
                && certificates[1].province.is_none()
            {
                assert_ne!(plain(&ours.number), plain(&theirs.number));
                let kind = match (certificates[0].likely_same_as, are_one_character_apart(&ours.number, &theirs.number)) {
                    (Some(_), true) => "two, one character apart",
                    (Some(_), false) => "two, all but the number the same",
                    (None, _) => "two, nothing alike",
                };
                *seen.entry(kind).or_default() += 1;
            }
        }
        for kind in [
            "equal",
            "another form",
            "masked",
            "no field",
            "empty field",
            "mistyped by the city",
            "mistyped by the province",
            "two, one character apart",
            "two, all but the number the same",
            "two, nothing alike",
        ] {
            assert!(seen.get(kind).is_some_and(|count| *count >= 3), "{kind} is too rare: {seen:?}");
        }
    }

    #[test]
    fn a_certificate_is_found_by_its_identifier_though_each_side_has_its_own() {
        let library = super::super::library::Library::new(7, std::time::Duration::ZERO);
        for holder in holders().take(1500) {
            for certificate in truth(7, &holder, TYPE) {
                for held in certificate.province.iter().chain(&certificate.city) {
                    let found = library.find(&held.identifier).map(|found| found.held().number.clone());
                    assert_eq!(found.as_ref(), Some(&held.number), "{}", held.identifier);
                }
            }
        }
    }
}
