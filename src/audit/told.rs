//! Which entries of one side tell the same certificate.

use super::pairing::{are_two, is_masked, key_of};
use crate::face::{Face, Field, canonical, tidy};
use std::collections::HashMap;

/// Certificates, and which of them each entry tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub certificates: Vec<Face>,
    /// For each entry the place of its certificate.
    pub places: Vec<usize>,
}

/// Finds the certificates among the entries of one answer; of several entries that tell the same, the one that says most is
/// kept.
///
/// Entries tell the same certificate where their identifiers are equal in canonical form, unless they bear two different
/// numbers; where one lacks an identifier, if their numbers are equal; where both lack both, if all that they say is.
pub(super) fn distinct(entries: Vec<Face>) -> Told {
    let mut told = Told::default();
    let mut known = Known::default();
    for entry in entries {
        let place = known.same_telling(&entry, &told.certificates).unwrap_or(told.certificates.len());
        known.note(&entry, place);
        match told.certificates.get_mut(place) {
            Some(first) if weight(&entry) > weight(first) => *first = entry,
            Some(_) => {}
            None => told.certificates.push(entry),
        }
        told.places.push(place);
    }
    told
}

/// The certificates of a side by its list and by a state answer.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub certificates: Vec<Face>,
    /// For each entry of the state the place of its certificate; `None` where it may be any of those listed.
    pub places: Vec<Option<usize>>,
}

/// Merges listed faces and entries of a state answer. An entry that is an identifier alone may be a listed face under
/// another identifier, so it counts as one more only where a list is short or has fewer faces than the state has entries.
pub(super) fn merge(listed: Vec<Face>, entries: &[Face], is_short: bool) -> Merged {
    let are_all_listed = !is_short && listed.len() >= entries.len();
    let mut known = Known::default();
    for (place, face) in listed.iter().enumerate() {
        known.note(face, place);
    }
    let mut merged = Merged { certificates: listed, places: Vec::with_capacity(entries.len()) };
    for entry in entries {
        let same = known.by_identifier(entry, &merged.certificates).or_else(|| known.by_number(entry));
        let place = same.or_else(|| (!is_bare(entry) || !are_all_listed).then_some(merged.certificates.len()));
        if let Some(place) = place {
            known.note(entry, place);
            if place == merged.certificates.len() {
                merged.certificates.push(entry.clone());
            }
        }
        merged.places.push(place);
    }
    merged
}

/// Whether an entry is an identifier and nothing else.
pub(super) fn is_bare(entry: &Face) -> bool {
    entry.text(Field::CertificateNumber).is_none() && !entry.says_something()
}

/// The whole number of an entry in canonical form.
pub(super) fn whole_number(entry: &Face) -> Option<String> {
    key_of(entry, Field::CertificateNumber).filter(|number| !is_masked(number))
}

/// How much an entry says.
fn weight(entry: &Face) -> usize {
    let bears = |field| usize::from(entry.text(field).is_some());
    bears(Field::CertificateId) + bears(Field::CertificateNumber) + 3 * usize::from(entry.says_something())
}

/// Places of certificates by what names them; of several, the first.
#[derive(Debug, Default)]
struct Known {
    ids: HashMap<String, usize>,
    ids_and_numbers: HashMap<(String, String), usize>,
    /// By identifier, those that show no whole number.
    ids_unnumbered: HashMap<String, usize>,
    numbers: HashMap<String, usize>,
    /// By number, those that bear no identifier.
    numbers_unidentified: HashMap<String, usize>,
    /// By all that they say, those that bear neither.
    contents: HashMap<Vec<(String, String)>, usize>,
}

impl Known {
    fn note(&mut self, entry: &Face, place: usize) {
        let (id, number) = (key_of(entry, Field::CertificateId), whole_number(entry));
        if let Some(id) = &id {
            self.ids.entry(id.clone()).or_insert(place);
            match &number {
                Some(number) => self.ids_and_numbers.entry((id.clone(), number.clone())).or_insert(place),
                None => self.ids_unnumbered.entry(id.clone()).or_insert(place),
            };
        }
        match (id, number) {
            (Some(_), Some(number)) => {
                self.numbers.entry(number).or_insert(place);
            }
            (None, Some(number)) => {
                self.numbers_unidentified.entry(number.clone()).or_insert(place);
                self.numbers.entry(number).or_insert(place);
            }
            (None, None) => {
                self.contents.entry(content_of(entry)).or_insert(place);
            }
            (Some(_), None) => {}
        }
    }

    /// The certificate that an entry of the same answer tells again.
    fn same_telling(&self, entry: &Face, certificates: &[Face]) -> Option<usize> {
        let has_id = |place: &usize| certificates.get(*place).is_some_and(|known| known.text(Field::CertificateId).is_some());
        match (entry.text(Field::CertificateId), whole_number(entry)) {
            (Some(_), number) => self
                .by_identifier(entry, certificates)
                .or_else(|| self.numbers_unidentified.get(&number?).copied().filter(|place| !has_id(place))),
            (None, Some(number)) => self.numbers.get(&number).copied(),
            (None, None) => self.contents.get(&content_of(entry)).copied(),
        }
    }

    /// The certificate under an entry's identifier, where its number can be the entry's.
    fn by_identifier(&self, entry: &Face, certificates: &[Face]) -> Option<usize> {
        let id = key_of(entry, Field::CertificateId)?;
        let unnumbered = self.ids_unnumbered.get(&id);
        let candidates = match whole_number(entry) {
            Some(number) => [self.ids_and_numbers.get(&(id, number)), unnumbered],
            None => [unnumbered, self.ids.get(&id)],
        };
        let can_be = |place: &usize| certificates.get(*place).is_some_and(|known| !are_two(known, entry));
        candidates.into_iter().flatten().copied().find(can_be)
    }

    fn by_number(&self, entry: &Face) -> Option<usize> {
        self.numbers.get(&whole_number(entry)?).copied()
    }
}

/// All that an entry says, in canonical form: what is blank says nothing.
fn content_of(entry: &Face) -> Vec<(String, String)> {
    let mapped = Field::ALL.iter().filter_map(|&field| {
        let text = entry.text(field)?;
        let said = entry.day(field).map_or_else(|| canonical(text, field.kind()), |day| format!("{day:?}"));
        Some((field.name().to_owned(), said))
    });
    let other = entry.other.iter().map(|(name, value)| (name.to_ascii_lowercase(), tidy(value)));
    let mut content: Vec<(String, String)> = mapped.chain(other.filter(|(_, value)| !value.is_empty())).collect();
    content.sort();
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Side;
    use crate::face::compiled_in_rules;
    use crate::platform::Fields;
    use proptest::prelude::*;

    /// A face with these fields; a blank one is null.
    fn face(pairs: &[(&str, &str)]) -> Face {
        let value = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        let fields = pairs.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
        Face::read(&Fields(fields), &compiled_in_rules(), Side::City, "")
    }

    fn numbered(id: &str, number: &str) -> Face {
        face(&[("certificateID", id), ("certificateNumber", number), ("certificateHolder", "张三")])
    }

    #[test]
    fn a_certificate_told_again_in_another_form_is_one() {
        let first =
            [("certificateID", "C1"), ("certificateNumber", "A1"), ("certificateHolder", "张三"), ("issueDate", "2013-09-23")];
        let without_id = [("certificateNumber", "A1"), ("certificateHolder", "张三"), ("gmt_modified", "1")];
        let nameless = [("certificateHolder", "张三"), ("issueDate", "2013-09-23")];
        for (one, other) in [
            (&first[..], &first[..]),
            (&first, &[("certificateID", " c1"), ("certificateNumber", "A1")]),
            (&first, &[("certificateID", "Ｃ１"), ("certificateHolder", "李四")]),
            (&first, &[("certificateID", ""), ("certificateNumber", "Ａ１"), ("bz", "x")]),
            (&first, &without_id),
            (&without_id, &[("certificateNumber", "A1"), ("certificateHolder", "张三"), ("gmt_modified", "2")]),
            (&without_id, &[("certificateNumber", "A1"), ("bz", "")]),
            (&nameless, &[("issueDate", "2013年9月23日"), ("certificateHolder", "张三 "), ("bz", "")]),
        ] {
            for entries in [vec![face(one), face(other)], vec![face(other), face(one)]] {
                assert_eq!(distinct(entries).certificates.len(), 1, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn two_numbers_two_identifiers_or_two_contents_are_two() {
        for (one, other) in [
            (numbered("C1", "A1"), numbered("C1", "A2")),
            (numbered("C1", "A1"), numbered("C2", "A1")),
            (numbered("C1", ""), numbered("C2", "")),
            (numbered("", "A1"), numbered("", "A2")),
            (numbered("", "A1"), numbered("C1", "A2")),
            (face(&[("issueDate", "2013-09-23")]), face(&[("issueDate", "2013-09-24")])),
            (face(&[("plate", "鲁D1")]), face(&[("plate", "鲁D2")])),
        ] {
            assert_eq!(distinct(vec![one, other]).certificates.len(), 2);
        }
    }

    #[test]
    fn the_telling_that_says_most_is_kept() {
        let bare = || face(&[("fileNumber", "C1")]);
        let told = distinct(vec![bare(), numbered("C1", "A1"), bare(), numbered("C2", "")]);
        assert_eq!((told.certificates.len(), &told.places[..]), (2, &[0, 0, 0, 1][..]));
        assert_eq!(told.certificates[0].text(Field::CertificateNumber), Some("A1"));
    }

    #[test]
    fn an_identifier_alone_is_one_more_only_where_the_list_may_lack_it() {
        let bare = |id: &str| face(&[("fileNumber", id)]);
        let listed = || vec![numbered("C1", "A1")];
        for (entries, is_short, count) in [
            (vec![bare("C1")], false, 1),
            (vec![bare("F1")], false, 1),
            (vec![bare("F1")], true, 2),
            (vec![bare("C1"), bare("C2")], false, 2),
            (vec![numbered("F1", "A1")], true, 1),
            (vec![numbered("F1", "A2")], false, 2),
        ] {
            assert_eq!(merge(listed(), &entries, is_short).certificates.len(), count, "{entries:?}");
        }
    }

    proptest! {
        #[test]
        fn telling_again_adds_nothing(
            told in prop::collection::vec(("(C[12])?", "(A[12*])?"), 0..8), again in prop::collection::vec(0usize..8, 0..8),
        ) {
            let entries: Vec<Face> = told.iter().map(|(id, number)| numbered(id, number)).collect();
            let once = distinct(entries.clone());
            let repeated: Vec<Face> = again.iter().filter_map(|place| once.certificates.get(*place).cloned()).collect();
            let both = distinct(once.certificates.iter().cloned().chain(repeated).collect());
            prop_assert_eq!(once.places.len(), entries.len());
            prop_assert!(both.certificates.len() <= once.certificates.len());
            prop_assert!(once.places.iter().all(|place| *place < once.certificates.len()));
        }
    }
}
