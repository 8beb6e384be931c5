//! Which of the province's certificates is which of the city's.

use super::evidence::same_number;
use crate::face::{Face, Field, FieldKind, canonical, same_but_for_masks};

/// Two entries for one certificate, or one that the other side shows nothing for.
pub(super) type Pair = (Option<Face>, Option<Face>);

/// Pairs by certificate number in canonical form, else by identifier; where one is left on each side, they are the pair,
/// unless they bear numbers that cannot be one and are named `apart`.
pub(super) fn pair(province: Vec<Face>, city: Vec<Face>, apart: impl Fn(&Face, &Face) -> bool) -> Vec<Pair> {
    let mut city: Vec<Option<Face>> = city.into_iter().map(Some).collect();
    let mut province: Vec<Option<Face>> = province.into_iter().map(Some).collect();
    let mut pairs = Vec::new();
    for field in [Field::CertificateNumber, Field::CertificateId] {
        for entry in &mut province {
            let Some(ours) = entry.as_ref().and_then(|face| face.text(field)) else { continue };
            let fits = |face: &Face| face.text(field).is_some_and(|theirs| same_number(ours, theirs));
            let Some(partner) = city.iter_mut().find(|candidate| candidate.as_ref().is_some_and(fits)) else { continue };
            pairs.push((entry.take(), partner.take()));
        }
    }
    let mut province: Vec<Face> = province.into_iter().flatten().collect();
    let mut city: Vec<Face> = city.into_iter().flatten().collect();
    if let ([ours], [theirs]) = (&province[..], &city[..])
        && !(are_two(ours, theirs) && apart(ours, theirs))
    {
        pairs.push((province.pop(), city.pop()));
    }
    pairs.extend(province.into_iter().map(|face| (Some(face), None)));
    pairs.extend(city.into_iter().map(|face| (None, Some(face))));
    pairs
}

/// Whether two entries bear certificate numbers that cannot be one number, so that more than one certificate shows up.
pub(super) fn are_two(a: &Face, b: &Face) -> bool {
    match (a.text(Field::CertificateNumber), b.text(Field::CertificateNumber)) {
        (Some(a), Some(b)) => !same_but_for_masks(&canonical(a, FieldKind::Code), &canonical(b, FieldKind::Code)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Side;
    use crate::face::compiled_in_rules;
    use crate::platform::Fields;

    fn face(number: &str, id: &str) -> Face {
        let fields = [("certno", number), ("zzbs", id)].map(|(name, value)| (name.to_owned(), Some(value.to_owned())));
        Face::read(&Fields(fields.into()), &compiled_in_rules(), Side::Province, "")
    }

    fn numbers(pairs: &[Pair]) -> Vec<(Option<&str>, Option<&str>)> {
        let number =
            |face: &Option<Face>| face.as_ref().map(|face| face.text(Field::CertificateId).unwrap_or_default().to_owned());
        let mut numbers: Vec<_> = pairs.iter().map(|(a, b)| (number(a), number(b))).collect();
        numbers.sort();
        numbers.into_iter().map(|(a, b)| (a.map(leak), b.map(leak))).collect()
    }

    fn leak(text: String) -> &'static str {
        Box::leak(text.into_boxed_str())
    }

    #[test]
    fn by_number_then_by_identifier_then_the_one_left_on_each_side() {
        let pairs = pair(
            vec![face("A-1", "p1"), face("A2", "p2"), face("", "x3"), face("A4", "p4")],
            vec![face("B9", "c4"), face("", "x3"), face("a2", "c2"), face("Ａ—1", "c1")],
            |_, _| false,
        );
        assert_eq!(
            numbers(&pairs),
            [(Some("p1"), Some("c1")), (Some("p2"), Some("c2")), (Some("p4"), Some("c4")), (Some("x3"), Some("x3"))]
        );
    }

    #[test]
    fn where_more_are_left_none_are_paired() {
        let pairs = pair(vec![face("A1", "p1"), face("A2", "p2")], vec![face("B1", "c1")], |_, _| false);
        assert_eq!(
            numbers(&pair(vec![face("A1", "p1")], vec![face("B1", "c1")], |_, _| true)),
            [(None, Some("c1")), (Some("p1"), None)]
        );
        assert_eq!(numbers(&pairs), [(None, Some("c1")), (Some("p1"), None), (Some("p2"), None)]);
    }
}
