//! Which of the province's certificates is which of the city's: numbers decide, then identifiers, then what the state answer
//! names together.

use super::CertificateOutcome;
use super::Status;
use super::told::{is_bare, whole_number};
use crate::face::{Face, Field, FieldKind, canonical, same_but_for_masks};
use std::collections::{HashMap, HashSet, VecDeque};

/// Two entries for one certificate, or one that the other side shows nothing for.
pub(super) type Pair = (Option<Face>, Option<Face>);

/// Pairs entries by whole certificate number in canonical form; by identifier; by `together`, the places of entries that the
/// state answer names in one object, unless their numbers cannot be one; and by masked numbers that fit one number alone.
///
/// An identifier alone that the state answer names together with an entry which has found another partner is that partner
/// under another identifier, and is left out.
pub(super) fn pair(province: Vec<Face>, city: Vec<Face>, together: &[(usize, usize)]) -> Vec<Pair> {
    let mut sides = Unpaired { province: opened(province), city: opened(city), pairs: Vec::new() };
    // Where a side shows a number twice, the state answer tells which of them is meant.
    sides.pair_together(together, |ours, theirs| whole_number(ours).is_some_and(|number| whole_number(theirs) == Some(number)));
    sides.pair_equal(whole_number);
    sides.pair_equal(|face| key_of(face, Field::CertificateId));
    sides.pair_together(together, |ours, theirs| !are_two(ours, theirs));
    sides.forget_partners(together);
    sides.pair_masked();
    let Unpaired { province, city, mut pairs } = sides;
    pairs.extend(province.into_iter().flatten().map(|face| (Some(face), None)));
    pairs.extend(city.into_iter().flatten().map(|face| (None, Some(face))));
    pairs
}

/// Unites the one entry left on each side, where at least one of the two bears no number: two different numbers are two
/// certificates. Right only where each side shows all that it holds.
pub(super) fn with_the_one_left(mut pairs: Vec<Pair>) -> Vec<Pair> {
    let left = |is_left: fn(&Pair) -> bool, pairs: &[Pair]| -> Option<usize> {
        let mut places = pairs.iter().enumerate().filter(|(_, pair)| is_left(pair)).map(|(place, _)| place);
        places.next().filter(|_| places.next().is_none())
    };
    let ours = left(|pair| matches!(pair, (Some(_), None)), &pairs);
    let theirs = left(|pair| matches!(pair, (None, Some(_))), &pairs);
    if let Some((ours, theirs)) = ours.zip(theirs)
        && let (Some((Some(a), _)), Some((_, Some(b)))) = (pairs.get(ours), pairs.get(theirs))
        && !are_two(a, b)
    {
        let (_, city) = pairs.remove(theirs);
        // The place of the other has moved where it lay behind.
        if let Some(pair) = pairs.get_mut(if theirs < ours { ours - 1 } else { ours }) {
            pair.1 = city;
        }
    }
    pairs
}

fn opened(entries: Vec<Face>) -> Vec<Option<Face>> {
    entries.into_iter().map(Some).collect()
}

/// Entries of both sides while they are paired; one that has its partner leaves `None` at its place.
struct Unpaired {
    province: Vec<Option<Face>>,
    city: Vec<Option<Face>>,
    pairs: Vec<Pair>,
}

impl Unpaired {
    fn pair_together(&mut self, together: &[(usize, usize)], are_one: impl Fn(&Face, &Face) -> bool) {
        for &(ours, theirs) in together {
            let (Some(ours), Some(theirs)) = (self.province.get_mut(ours), self.city.get_mut(theirs)) else { continue };
            if ours.as_ref().zip(theirs.as_ref()).is_some_and(|(ours, theirs)| are_one(ours, theirs)) {
                self.pairs.push((ours.take(), theirs.take()));
            }
        }
    }

    fn forget_partners(&mut self, together: &[(usize, usize)]) {
        for &(ours, theirs) in together {
            let (Some(ours), Some(theirs)) = (self.province.get_mut(ours), self.city.get_mut(theirs)) else { continue };
            match (ours.as_ref(), theirs.as_ref()) {
                (None, Some(entry)) if is_bare(entry) => *theirs = None,
                (Some(entry), None) if is_bare(entry) => *ours = None,
                _ => {}
            }
        }
    }

    fn pair_equal(&mut self, key_of: impl Fn(&Face) -> Option<String>) {
        let mut of_city: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (index, entry) in self.city.iter().enumerate() {
            if let Some(key) = entry.as_ref().and_then(&key_of) {
                of_city.entry(key).or_default().push_back(index);
            }
        }
        for entry in &mut self.province {
            let key = entry.as_ref().and_then(&key_of);
            let partner = key.and_then(|key| of_city.get_mut(&key)?.pop_front());
            if let Some(partner) = partner.and_then(|partner| self.city.get_mut(partner)) {
                self.pairs.push((entry.take(), partner.take()));
            }
        }
    }

    /// Pairs numbers of which one is masked, where each fits the other alone. Few are masked, so that all are tried against
    /// all.
    fn pair_masked(&mut self) {
        let numbers = |entries: &[Option<Face>]| -> Vec<(usize, String)> {
            let number =
                |(index, entry): (usize, &Option<Face>)| Some((index, key_of(entry.as_ref()?, Field::CertificateNumber)?));
            entries.iter().enumerate().filter_map(number).collect()
        };
        let (of_province, of_city) = (numbers(&self.province), numbers(&self.city));
        let is_any_masked = of_city.iter().any(|(_, number)| is_masked(number));
        // The one number that fits: an equal one before others.
        let only = |number: &str, among: &[(usize, String)]| -> Option<usize> {
            let fit = |fits: &dyn Fn(&str) -> bool| {
                let mut places = among.iter().filter(|(_, other)| fits(other)).map(|(place, _)| *place);
                (places.next(), places.next())
            };
            match fit(&|other| other == number) {
                (Some(equal), None) => Some(equal),
                (Some(_), Some(_)) => None,
                (None, _) => match fit(&|other| same_but_for_masks(number, other)) {
                    (Some(fitting), None) => Some(fitting),
                    _ => None,
                },
            }
        };
        for (ours, number) in &of_province {
            if !is_any_masked && !is_masked(number) {
                continue;
            }
            let Some(theirs) = only(number, &of_city) else { continue };
            let back = of_city.iter().find(|(place, _)| *place == theirs).and_then(|(_, other)| only(other, &of_province));
            if back == Some(*ours)
                && let (Some(ours), Some(theirs)) = (self.province.get_mut(*ours), self.city.get_mut(theirs))
            {
                self.pairs.push((ours.take(), theirs.take()));
            }
        }
    }
}

/// A number or an identifier in canonical form.
pub(super) fn key_of(face: &Face, field: Field) -> Option<String> {
    face.text(field).map(|text| canonical(text, FieldKind::Code))
}

/// Whether a number shows only a part of itself, so that nothing can be asked by it.
pub(super) fn is_masked(number: &str) -> bool {
    number.contains('*') || number.to_ascii_uppercase().contains("XX")
}

/// Whether two entries bear certificate numbers that cannot be one number, so that more than one certificate shows up.
pub(super) fn are_two(a: &Face, b: &Face) -> bool {
    match (key_of(a, Field::CertificateNumber), key_of(b, Field::CertificateNumber)) {
        (Some(a), Some(b)) => !same_but_for_masks(&a, &b),
        _ => false,
    }
}

/// Marks certificates that one side alone holds, and that may be one that the other side alone holds under another number:
/// their numbers are one character apart, or issue date and names are the same. Each gets at most one hint, and both get it.
pub(super) fn mark_likely_same(certificates: &mut [CertificateOutcome]) {
    let with_status = |status: Status| -> Vec<usize> {
        (0..certificates.len()).filter(|&index| certificates[index].status() == status).collect()
    };
    let (ours, theirs) = (with_status(Status::ProvinceOnly), with_status(Status::CityOnly));
    if ours.is_empty() || theirs.is_empty() {
        return;
    }
    let mut taken: HashSet<usize> = HashSet::new();
    let mut found = Vec::new();
    for keys in [near_numbers as fn(&CertificateOutcome) -> Vec<String>, date_and_names] {
        let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
        for &index in &theirs {
            for key in keys(&certificates[index]) {
                by_key.entry(key).or_default().push(index);
            }
        }
        for &index in ours.iter().filter(|index| !found.iter().any(|(known, _)| known == *index)).collect::<Vec<_>>() {
            let candidates = keys(&certificates[index]).into_iter().filter_map(|key| by_key.get(&key)).flatten();
            let is_near = |other: &&usize| !taken.contains(*other) && is_near_miss(&certificates[index], &certificates[**other]);
            if let Some(&other) = candidates.into_iter().find(is_near) {
                taken.insert(other);
                found.push((index, other));
            }
        }
    }
    for (ours, theirs) in found {
        certificates[ours].likely_same_as = u32::try_from(theirs).ok();
        certificates[theirs].likely_same_as = u32::try_from(ours).ok();
    }
}

/// The number with each of its characters left out, and whole: numbers one character apart have one of these in common.
fn near_numbers(certificate: &CertificateOutcome) -> Vec<String> {
    /// A longer text is no number that anybody mistypes by one character.
    const LONGEST: usize = 64;
    let Some(number) = certificate.number.as_deref().map(|number| canonical(number, FieldKind::Code)) else { return Vec::new() };
    let characters: Vec<char> = number.chars().collect();
    if characters.len() > LONGEST {
        return Vec::new();
    }
    let without = |left_out: usize| {
        let kept = characters.iter().enumerate().filter(|(index, _)| *index != left_out);
        kept.map(|(_, character)| *character).collect::<String>()
    };
    (0..characters.len()).map(without).chain([number.clone()]).collect()
}

/// Issue date and names as one key; none where a face lacks one of them.
fn date_and_names(certificate: &CertificateOutcome) -> Vec<String> {
    let face = certificate.province.face.as_ref().or(certificate.city.face.as_ref());
    let key = |face: &Face| {
        let name = |field: Field| face.text(field).map(|text| canonical(text, field.kind()));
        let date = face.date(Field::IssueDate)?;
        Some(format!("{date}\n{}\n{}", name(Field::HolderName)?, name(Field::CertificateName)?))
    };
    face.and_then(key).into_iter().collect()
}

fn is_near_miss(a: &CertificateOutcome, b: &CertificateOutcome) -> bool {
    let number = |certificate: &CertificateOutcome| certificate.number.as_deref().map(|text| canonical(text, FieldKind::Code));
    let near_numbers = number(a).zip(number(b)).is_some_and(|(a, b)| is_one_character_apart(&a, &b));
    let names = date_and_names(a);
    near_numbers || !names.is_empty() && names == date_and_names(b)
}

/// Whether two texts differ by one character replaced, inserted or left out, or by two neighbours exchanged.
fn is_one_character_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 if start == short.len() => false,
        0 => {
            let is_exchanged = start + 1 < short.len()
                && short[start] == long[start + 1]
                && short[start + 1] == long[start]
                && short[start + 2..] == long[start + 2..];
            is_exchanged || short[start + 1..] == long[start + 1..]
        }
        1 => short[start..] == long[start + 1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Side;
    use crate::face::compiled_in_rules;
    use crate::platform::Fields;
    use proptest::prelude::*;

    fn face(number: &str, id: &str) -> Face {
        let fields = [("certno", number), ("zzbs", id)].map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
        Face::read(&Fields(fields.into()), &compiled_in_rules(), Side::Province, "")
    }

    /// The identifiers of pairs, in order.
    fn identifiers(pairs: &[Pair]) -> Vec<(Option<&str>, Option<&str>)> {
        let mut found: Vec<_> = pairs
            .iter()
            .map(|(a, b)| {
                let id = |face: &'_ Option<Face>| -> Option<String> {
                    face.as_ref().map(|face| face.text(Field::CertificateId).unwrap_or_default().to_owned())
                };
                (id(a), id(b))
            })
            .collect();
        found.sort();
        found.into_iter().map(|(a, b)| (a.map(leak), b.map(leak))).collect()
    }

    fn leak(text: String) -> &'static str {
        Box::leak(text.into_boxed_str())
    }

    #[test]
    fn numbers_decide_then_identifiers_then_the_one_left_that_bears_no_number() {
        let pairs = with_the_one_left(pair(
            vec![face("A-1", "p1"), face("A2", "p2"), face("", "x3"), face("A4567*", "p4"), face("", "p5")],
            vec![face("B9", "c5"), face("", "x3"), face("a2", "c2"), face("Ａ—1", "c1"), face("A45678", "c4")],
            &[],
        ));
        assert_eq!(
            identifiers(&pairs),
            [
                (Some("p1"), Some("c1")),
                (Some("p2"), Some("c2")),
                (Some("p4"), Some("c4")),
                (Some("p5"), Some("c5")),
                (Some("x3"), Some("x3")),
            ]
        );
    }

    #[test]
    fn two_different_numbers_are_two_certificates() {
        let pairs = with_the_one_left(pair(vec![face("A1", "p1")], vec![face("B1", "c1")], &[(0, 0)]));
        assert_eq!(identifiers(&pairs), [(None, Some("c1")), (Some("p1"), None)]);
        let pairs = with_the_one_left(pair(vec![face("A1", "p1"), face("A2", "p2")], vec![face("", "c1")], &[]));
        assert_eq!(identifiers(&pairs), [(None, Some("c1")), (Some("p1"), None), (Some("p2"), None)], "no telling which");
    }

    #[test]
    fn what_the_state_names_together_is_a_pair_unless_the_numbers_are_two() {
        let (p, c) = (|| vec![face("", "p1"), face("", "p2")], || vec![face("", "c1"), face("", "c2")]);
        let paired = [(Some("p1"), Some("c2")), (Some("p2"), Some("c1"))];
        assert_eq!(identifiers(&pair(p(), c(), &[(0, 1), (1, 0)])), paired);
        let unpaired = [(None, Some("c1")), (None, Some("c2")), (Some("p1"), None), (Some("p2"), None)];
        assert_eq!(identifiers(&pair(p(), c(), &[])), unpaired, "no telling which");
        // Of two with one number, and of two that a mask fits.
        for (ours, theirs) in [("A1", "A1"), ("A1*", "A1*"), ("A1*", "A12"), ("", "A1")] {
            let (p, c) = (vec![face(ours, "p1"), face(ours, "p2")], vec![face(theirs, "c1"), face(theirs, "c2")]);
            assert_eq!(identifiers(&pair(p, c, &[(0, 1), (1, 0)])), paired, "{ours} {theirs}");
        }
        let pairs = pair(vec![face("A1*", "p1")], vec![face("A12", "c1"), face("A13", "c2")], &[]);
        assert_eq!(pairs.len(), 3, "a mask that fits two tells neither");
        let pairs = pair(
            vec![face("A1", "p1"), face("A2", "p2")],
            vec![face("A1", "c1"), face("", "f1"), face("", "f2")],
            &[(0, 1), (1, 2)],
        );
        assert_eq!(identifiers(&pairs), [(Some("p1"), Some("c1")), (Some("p2"), Some("f2"))], "f1 is c1 by its file number");
    }

    #[test]
    fn one_character_apart() {
        for (a, b, apart) in [
            ("N000107000", "N000107001", true),
            ("N000107000", "N00107000", true),
            ("N000107000", "N0001070001", true),
            ("N000107000", "N000170000", true),
            ("AB", "BA", true),
            ("A", "", true),
            ("N000107000", "N000107000", false),
            ("N000107000", "N000107011", false),
            ("N000107000", "N001700000", false),
            ("", "", false),
            ("AB", "", false),
        ] {
            assert_eq!(is_one_character_apart(a, b), apart, "{a} {b}");
            assert_eq!(is_one_character_apart(b, a), apart, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn a_pairing_loses_nothing_and_pairs_no_two_numbers(
            ours in prop::collection::vec(("[AB]{0,2}[12*]{0,1}", "[pc][12]{0,1}"), 0..8),
            theirs in prop::collection::vec(("[AB]{0,2}[12*]{0,1}", "[pc][12]{0,1}"), 0..8),
        ) {
            let faces = |entries: &[(String, String)]| -> Vec<Face> { entries.iter().map(|(number, id)| face(number, id)).collect() };
            let pairs = with_the_one_left(pair(faces(&ours), faces(&theirs), &[]));
            prop_assert_eq!(pairs.iter().filter(|(a, _)| a.is_some()).count(), ours.len());
            prop_assert_eq!(pairs.iter().filter(|(_, b)| b.is_some()).count(), theirs.len());
            for pair in &pairs {
                if let (Some(a), Some(b)) = pair {
                    let same_id = key_of(a, Field::CertificateId) == key_of(b, Field::CertificateId);
                    prop_assert!(same_id || !are_two(a, b));
                }
            }
        }

        #[test]
        fn numbers_one_character_apart_share_a_key(number in "[A-C0-3]{1,8}", at in 0usize..8, way in 0u8..4, other in "[D-F]") {
            let mut characters: Vec<char> = number.chars().collect();
            let at = at % characters.len();
            let other = other.chars().next().unwrap();
            match way {
                0 => characters[at] = other,
                1 => characters.insert(at, other),
                2 => { characters.remove(at); }
                _ => { let next = (at + 1) % characters.len(); characters.swap(at.min(next), at.max(next).min(at.min(next) + 1)); }
            }
            let changed: String = characters.into_iter().collect();
            prop_assume!(is_one_character_apart(&number, &changed));
            let keys = |number: &str| {
                let certificate = CertificateOutcome {
                    number: Some(number.to_owned()).filter(|number| !number.is_empty()),
                    ..CertificateOutcome::unknown()
                };
                near_numbers(&certificate).into_iter().collect::<HashSet<_>>()
            };
            prop_assume!(!changed.is_empty());
            prop_assert!(!keys(&number).is_disjoint(&keys(&changed)));
        }
    }
}
