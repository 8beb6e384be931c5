//! The one function that decides what an item needs next, and what its answers mean.

use super::anomaly::anomalies_of;
use super::evidence::{Listing, State, read_listing, read_state};
use super::outcome::{CertificateOutcome, Comparison, Outcome, SideOutcome, Trouble};
use super::pairing::{Pair, are_two, is_masked, key_of, mark_likely_same, pair};
use super::{Anomaly, AnomalyKind, Answer, AuditSettings, Call, Item};
use crate::endpoint::Side;
use crate::face::{Difference, Face, Field, FieldKind, Lifecycle, canonical, compare, sort_key};
use crate::job::{Certificates, Depth};
use crate::message::Message;
use crate::platform::{ErrorKind, Failure};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

/// What to do next for an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Make these calls, none of which depends on another, then come back with their answers among the others. Never empty.
    Ask(Vec<Call>),
    /// Nothing more to ask.
    Done(Outcome),
}

/// Decides what an item needs next, from the answers it has had so far.
///
/// Asked are, at depth `existence`, the state alone; at depth `faces`, the state, then each side that holds the
/// certificate and whose face the state answer does not carry: neither 1 call, province only 1, city only 2, both 2.
/// Only where several certificates show up, two different numbers among them, are both sides listed, and the state of one
/// certificate is asked by its number where the lists do not settle it.
#[must_use]
pub fn step(item: &Item, answers: &[Answer], settings: &AuditSettings) -> Step {
    let by_call = answers.iter().map(|answer| (&answer.call, answer)).collect();
    let inquiry = Inquiry { item, by_call, settings, troubles: RefCell::default(), anomalies: RefCell::default() };
    match inquiry.outcome() {
        Err(Missing(calls)) => Step::Ask(calls),
        Ok(mut certificates) => {
            certificates.sort_by_cached_key(order);
            mark_likely_same(&mut certificates);
            let mut anomalies = inquiry.anomalies.into_inner();
            anomalies.extend(anomalies_of(item, &certificates));
            Step::Done(Outcome { certificates, troubles: inquiry.troubles.into_inner(), anomalies })
        }
    }
}

/// By certificate number (none last), then by identifier.
fn order(certificate: &CertificateOutcome) -> (bool, String, String) {
    let number = certificate.number.as_deref().map(sort_key);
    let id = certificate.province.certificate_id.as_ref().or(certificate.city.certificate_id.as_ref());
    (number.is_none(), number.unwrap_or_default(), id.cloned().unwrap_or_default())
}

/// Calls whose answers are not there yet.
struct Missing(Vec<Call>);

impl Missing {
    /// Gathers results: all of them, or every call that any of them misses.
    fn gather<T>(results: impl IntoIterator<Item = Result<T, Self>>) -> Result<Vec<T>, Self> {
        let (mut values, mut missing) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(value) => values.push(value),
                Err(Self(calls)) => missing.extend(calls),
            }
        }
        if missing.is_empty() {
            return Ok(values);
        }
        let mut seen = HashSet::new();
        missing.retain(|call| seen.insert(call.clone()));
        Err(Self(missing))
    }
}

/// An item and what is known of it. Methods that need an answer which is not there yet end with the call to make.
struct Inquiry<'a> {
    item: &'a Item,
    by_call: HashMap<&'a Call, &'a Answer>,
    settings: &'a AuditSettings,
    troubles: RefCell<Vec<Trouble>>,
    anomalies: RefCell<Vec<Anomaly>>,
}

/// The listing of each side, where it was needed.
type Listings = [(Side, Option<Result<Listing, Failure>>); 2];

impl Inquiry<'_> {
    fn outcome(&self) -> Result<Vec<CertificateOutcome>, Missing> {
        let state = match self.state(self.item.certificate_number.clone())? {
            Ok(state) => state,
            Err(failure) => return Ok(vec![self.unknown(failure)]),
        };
        if !state.province && !state.city && state.objects > 0 {
            self.disagreement(Side::Province, Message::new("anomaly-none-but-shown"));
        }
        if self.settings.keys.depth == Depth::Existence || !(state.province || state.city) {
            return Ok(vec![self.by_state_alone(&state)]);
        }
        let number = self.item.certificate_number.as_deref();
        let always_list = self.settings.keys.certificates == Certificates::List;
        let city = self.listing_where_needed(&state, Side::City, number, always_list)?;
        let shows_several_elsewhere = state.several || city.as_ref().is_some_and(shows_several);
        let wants_province = always_list || shows_several_elsewhere && number.is_none();
        let province = self.listing_where_needed(&state, Side::Province, number, wants_province)?;
        let listings = [(Side::Province, province), (Side::City, city)];
        let are_several = shows_several_elsewhere
            || listings.iter().any(|(_, listing)| listing.as_ref().is_some_and(shows_several))
            || differing_numbers(&state, &listings);
        let [(_, province), (_, city)] = &listings;
        let several = number.is_none() && are_several;
        if !several {
            return Ok(vec![self.single(&state, province.clone(), city.clone())]);
        }
        let entries = |side: Side, listing: Option<&Result<Listing, Failure>>| {
            let listed = listing.and_then(|listing| listing.as_ref().ok()).map(|listing| listing.faces.clone());
            merge(listed.unwrap_or_default(), state.entries(side))
        };
        let pairs = pair(entries(Side::Province, province.as_ref()), entries(Side::City, city.as_ref()));
        if matches!(&pairs[..], [(Some(_), Some(_))]) {
            // Listing has shown that it is one certificate after all.
            return Ok(vec![self.single(&state, province.clone(), city.clone())]);
        }
        self.several(&state, pairs, &listings)
    }

    /// Several certificates: what the lists do not settle, the state asked by each number does.
    fn several(&self, state: &State, pairs: Vec<Pair>, listings: &Listings) -> Result<Vec<CertificateOutcome>, Missing> {
        let own_states = Missing::gather(pairs.iter().map(|pair| self.own_state(state, pair)))?;
        let rows = united(pairs.into_iter().zip(own_states).collect());
        let found = Missing::gather(rows.into_iter().map(|(pair, own)| self.one_of_several(state, pair, own, listings)))?;
        Ok(without_repeated_identifiers(found))
    }

    /// The state of one certificate among several, asked by its number; `None` where the lists settle it, or where it shows no
    /// whole number to ask by.
    fn own_state(&self, state: &State, (ours, theirs): &Pair) -> Result<Option<Result<State, Failure>>, Missing> {
        let settled = |entry: Option<&Face>, side| entry.is_some_and(Face::says_something) || !state.exists(side);
        if settled(ours.as_ref(), Side::Province) && settled(theirs.as_ref(), Side::City) {
            return Ok(None);
        }
        match number_of(ours.as_ref(), theirs.as_ref()) {
            Some(number) => self.state(Some(number.to_owned())).map(Some),
            None => Ok(None),
        }
    }

    /// The listing of a side that holds the certificate, where the state answer does not carry its face or `wanted` says so.
    fn listing_where_needed(
        &self,
        state: &State,
        side: Side,
        number: Option<&str>,
        wanted: bool,
    ) -> Result<Option<Result<Listing, Failure>>, Missing> {
        let has_face = state.entries(side).iter().any(Face::says_something);
        if state.exists(side) && (wanted || !has_face || state.several && number.is_none()) {
            self.listing(side, number.map(str::to_owned)).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The one certificate of an item: the state's flags are its existence.
    fn single(
        &self,
        state: &State,
        province: Option<Result<Listing, Failure>>,
        city: Option<Result<Listing, Failure>>,
    ) -> CertificateOutcome {
        let mut failure = None;
        let mut side = |side: Side, listing: Option<Result<Listing, Failure>>| {
            let listing = listing.unwrap_or_else(|| Ok(Listing::default())).unwrap_or_else(|why| {
                failure.get_or_insert(why);
                Listing::default()
            });
            let entries = state.entries(side);
            let face = listing.faces.into_iter().chain(entries.iter().cloned()).find(Face::says_something);
            let mut outcome =
                side_outcome(Some(state.exists(side)), face.or_else(|| entries.first().cloned()), listing.lifecycle);
            if outcome.certificate_id.is_none() {
                outcome.certificate_id = entries.iter().find_map(|entry| entry.text(Field::CertificateId)).map(str::to_owned);
            }
            outcome
        };
        let (province, city) = (side(Side::Province, province), side(Side::City, city));
        self.certificate(province, city, failure)
    }

    /// One certificate among several, with its own state where that was asked.
    fn one_of_several(
        &self,
        state: &State,
        (ours, theirs): Pair,
        own: Option<Result<State, Failure>>,
        listings: &Listings,
    ) -> Result<CertificateOutcome, Missing> {
        let number = number_of(ours.as_ref(), theirs.as_ref()).map(str::to_owned);
        let (own, number) = match (own, number) {
            (Some(Ok(own)), Some(number)) => (own, number),
            (Some(Err(failure)), _) => {
                let known = |entry: Option<Face>, side| {
                    let exists = if entry.is_some() { Some(true) } else { (!state.exists(side)).then_some(false) };
                    side_outcome(exists, entry, None)
                };
                return Ok(self.certificate(known(ours, Side::Province), known(theirs, Side::City), Some(failure)));
            }
            _ => return Ok(self.settled_by_lists(state, (ours, theirs), listings)),
        };
        let mut failure = None;
        let mut side = |side: Side, entry: Option<Face>| -> Result<SideOutcome, Missing> {
            // A face that a list shows is there, whatever the flag says.
            if let Some(face) = entry.as_ref().filter(|face| face.says_something()) {
                // The state by this number says nothing about a certificate that shows another one.
                let shows_it = key_of(face, Field::CertificateNumber).is_none_or(|own| own == canonical_number(&number));
                if shows_it && !own.exists(side) {
                    self.disagreement(side, Message::new("anomaly-listed-but-none"));
                }
                return Ok(side_outcome(Some(true), Some(face.clone()), None));
            }
            if !own.exists(side) {
                return Ok(SideOutcome::absent());
            }
            let entry = merge(entry.into_iter().collect(), own.entries(side)).into_iter().next();
            if entry.as_ref().is_some_and(Face::says_something) {
                return Ok(side_outcome(Some(true), entry, None));
            }
            match self.listing(side, Some(number.clone()))? {
                Ok(listing) => {
                    let entry = merge(listing.faces, entry.as_slice()).into_iter().next();
                    Ok(side_outcome(Some(true), entry, listing.lifecycle))
                }
                Err(why) => {
                    failure = Some(why);
                    Ok(side_outcome(Some(true), entry, None))
                }
            }
        };
        let sides = Missing::gather([side(Side::Province, ours), side(Side::City, theirs)])?;
        let [province, city] = <[SideOutcome; 2]>::try_from(sides).unwrap_or_default();
        Ok(self.certificate(province, city, failure))
    }

    /// One certificate among several that has no number to ask its state by, or needs none.
    fn settled_by_lists(&self, state: &State, (ours, theirs): Pair, listings: &Listings) -> CertificateOutcome {
        let mut failure = None;
        let mut side = |entry: Option<Face>, (side, listing): &(Side, Option<Result<Listing, Failure>>)| {
            if entry.is_some() {
                return side_outcome(Some(true), entry, listing.as_ref().and_then(|listing| listing.as_ref().ok()?.lifecycle));
            }
            match listing {
                Some(Err(why)) => {
                    failure = Some(why.clone());
                    SideOutcome::default()
                }
                Some(Ok(listing)) if listing.more => {
                    // What is not in an incomplete list may be there all the same.
                    failure = Some(Failure::new(ErrorKind::Malformed, None).because(Message::new("anomaly-incomplete-list")));
                    SideOutcome::default()
                }
                Some(Ok(_)) => SideOutcome::absent(),
                // The state shows all that the side holds, where it does not speak of several.
                None if !state.exists(*side) || !state.several => SideOutcome::absent(),
                None => SideOutcome::default(),
            }
        };
        let (province, city) = (side(ours, &listings[0]), side(theirs, &listings[1]));
        self.certificate(province, city, failure)
    }

    /// At depth `existence`, or where neither side holds any.
    fn by_state_alone(&self, state: &State) -> CertificateOutcome {
        let side = |side: Side| {
            let id = state.entries(side).first().and_then(|entry| entry.text(Field::CertificateId)).map(str::to_owned);
            SideOutcome { exists: Some(state.exists(side)), certificate_id: id, lifecycle: None, face: None }
        };
        let mut certificate = self.certificate(side(Side::Province), side(Side::City), None);
        if certificate.number.is_none() && !state.several {
            let mut entries = state.province_entries.iter().chain(&state.city_entries);
            certificate.number = entries.find_map(|entry| entry.text(Field::CertificateNumber)).map(str::to_owned);
        }
        certificate
    }

    fn unknown(&self, failure: Failure) -> CertificateOutcome {
        self.certificate(SideOutcome::default(), SideOutcome::default(), Some(failure))
    }

    fn certificate(&self, province: SideOutcome, city: SideOutcome, failure: Option<Failure>) -> CertificateOutcome {
        let number = self.item.certificate_number.as_deref().or_else(|| province.number()).or_else(|| city.number());
        let number = number.map(str::to_owned);
        let (province, city) = (province.without_empty_face(), city.without_empty_face());
        let faces = province.face.as_ref().zip(city.face.as_ref());
        let (rules, type_code) = (&self.settings.faces, &self.item.cert_type_code);
        let of_states = province.lifecycle.zip(city.lifecycle).and_then(|(ours, theirs)| Difference::of_states(ours, theirs));
        let of_states = of_states.filter(|_| !rules.ignores(Field::Lifecycle, type_code));
        let of_faces = faces.map(|(ours, theirs)| compare(ours, theirs, rules, type_code)).unwrap_or_default();
        // A difference of state is the most urgent there is.
        let differences: Vec<Difference> = of_states.into_iter().chain(of_faces).collect();
        let comparison = match (differences.is_empty(), faces) {
            (false, _) => Comparison::Inconsistent,
            (true, Some(_)) => Comparison::Consistent,
            (true, None) => Comparison::NotCompared,
        };
        CertificateOutcome { number, province, city, comparison, differences, failure, likely_same_as: None }
    }

    fn disagreement(&self, side: Side, message: Message) {
        self.note(Anomaly { kind: AnomalyKind::StateDisagreement, side, message });
    }

    fn note(&self, anomaly: Anomaly) {
        let mut anomalies = self.anomalies.borrow_mut();
        if !anomalies.contains(&anomaly) {
            anomalies.push(anomaly);
        }
    }

    fn state(&self, number: Option<String>) -> Result<Result<State, Failure>, Missing> {
        let call = Call::State { number };
        self.read(call, |call, reply| read_state(call, reply, self.settings, &self.item.cert_type_code))
    }

    fn listing(&self, side: Side, number: Option<String>) -> Result<Result<Listing, Failure>, Missing> {
        let call = Call::List { side, number };
        let read = self.read(call, |call, reply| read_listing(call, reply, self.settings, &self.item.cert_type_code));
        if let Ok(Ok(listing)) = &read {
            if listing.absent {
                // A side is only listed where the state says that it holds something.
                self.disagreement(side, Message::new("anomaly-held-but-none"));
            }
            if listing.more {
                let message = Message::new("anomaly-incomplete-list");
                self.note(Anomaly { kind: AnomalyKind::IncompleteList, side, message });
            }
        }
        read
    }

    /// Reads the answer to a call, or ends with the call where it has not been made.
    fn read<T>(
        &self,
        call: Call,
        read: impl FnOnce(&Call, &super::Reply) -> Result<T, Failure>,
    ) -> Result<Result<T, Failure>, Missing> {
        let Some(answer) = self.by_call.get(&call) else { return Err(Missing(vec![call])) };
        let read = read(&call, &answer.reply);
        if let Err(failure) = &read {
            let trouble = Trouble { call, failure: failure.clone() };
            let mut troubles = self.troubles.borrow_mut();
            if !troubles.contains(&trouble) {
                troubles.push(trouble);
            }
        }
        Ok(read)
    }
}

/// The whole number that a certificate shows on either side, the province's first.
fn number_of<'a>(ours: Option<&'a Face>, theirs: Option<&'a Face>) -> Option<&'a str> {
    let numbers = [ours, theirs].into_iter().flatten().filter_map(|entry| entry.text(Field::CertificateNumber));
    numbers.into_iter().find(|number| !is_masked(number))
}

fn canonical_number(number: &str) -> String {
    canonical(number, FieldKind::Code)
}

/// A certificate among several, and its own state where that was asked.
type OneOfSeveral = (Pair, Option<Result<State, Failure>>);

/// Unites what the province shows alone with what the city shows alone, where the state asked by number says that both hold
/// the one number.
///
/// The state by one of the two numbers names both sides, and either the identifier that it gives for the other side is that of
/// the entry there, or only that entry is left to be meant: it bears no number, or its own number is not one that its side
/// holds apart from the other's.
fn united(mut rows: Vec<OneOfSeveral>) -> Vec<OneOfSeveral> {
    for shown_by in Side::BOTH {
        for index in 0..rows.len() {
            let Some(partner) = partner_of(&rows, index, shown_by) else { continue };
            let (other, _) = std::mem::take(&mut rows[partner]);
            let (own, _) = &mut rows[index];
            match shown_by {
                Side::Province => own.1 = other.1,
                Side::City => own.0 = other.0,
            }
        }
    }
    rows.retain(|((ours, theirs), _)| ours.is_some() || theirs.is_some());
    rows
}

/// The row of the other side that the state of a row, which `shown_by` alone shows, speaks of.
fn partner_of(rows: &[OneOfSeveral], index: usize, shown_by: Side) -> Option<usize> {
    let other_side = if shown_by == Side::Province { Side::City } else { Side::Province };
    let shown = |(pair, _): &OneOfSeveral, side: Side| {
        matches!((side, pair), (Side::Province, (Some(_), None)) | (Side::City, (None, Some(_))))
    };
    let entry = |row: &OneOfSeveral| row.0.0.clone().or_else(|| row.0.1.clone());
    let own = rows[index].1.as_ref()?.as_ref().ok()?;
    let is_on_both = own.province && own.city;
    if !is_on_both || !shown(&rows[index], shown_by) {
        return None;
    }
    let others: Vec<usize> = (0..rows.len()).filter(|&other| shown(&rows[other], other_side)).collect();
    let named: HashSet<String> = own.entries(other_side).iter().filter_map(|face| key_of(face, Field::CertificateId)).collect();
    let id = |other: usize| entry(&rows[other]).and_then(|face| key_of(&face, Field::CertificateId));
    if let Some(same) = others.iter().copied().find(|&other| id(other).is_some_and(|id| named.contains(&id))) {
        return Some(same);
    }
    let [only] = others[..] else { return None };
    if !named.is_empty() && id(only).is_some() {
        // It names another certificate of that side.
        return None;
    }
    let bears_number = entry(&rows[only]).is_some_and(|face| face.text(Field::CertificateNumber).is_some());
    let is_held_apart = match &rows[only].1 {
        Some(Ok(state)) => state.exists(other_side) && !state.exists(shown_by),
        _ => bears_number,
    };
    (!bears_number || !is_held_apart).then_some(only)
}

fn shows_several(listing: &Result<Listing, Failure>) -> bool {
    listing.as_ref().is_ok_and(|listing| listing.faces.len() > 1 || listing.more)
}

/// Whether the one entry of each side bears a number that the other's cannot be.
fn differing_numbers(state: &State, listings: &Listings) -> bool {
    let first = |(side, listing): &(Side, Option<Result<Listing, Failure>>)| {
        let listed = listing.as_ref().and_then(|listing| listing.as_ref().ok()?.faces.first().cloned());
        listed.or_else(|| state.entries(*side).first().cloned())
    };
    first(&listings[0]).zip(first(&listings[1])).is_some_and(|(ours, theirs)| are_two(&ours, &theirs))
}

/// Listed faces, and entries of a state answer that no listed face is. An entry that is an identifier alone may be a
/// listed face under another identifier, so it counts only where fewer faces are listed than the state has entries.
fn merge(listed: Vec<Face>, entries: &[Face]) -> Vec<Face> {
    let all_listed = listed.len() >= entries.len();
    let keys =
        |face: &Face| [Field::CertificateId, Field::CertificateNumber].map(|field| key_of(face, field).map(|key| (field, key)));
    let mut known: HashSet<(Field, String)> = listed.iter().flat_map(keys).flatten().collect();
    let mut merged = listed;
    for entry in entries {
        let names_it = entry.text(Field::CertificateNumber).is_some() || entry.says_something();
        let own: Vec<_> = keys(entry).into_iter().flatten().collect();
        if !own.iter().any(|key| known.contains(key)) && (names_it || !all_listed) {
            known.extend(own);
            merged.push(entry.clone());
        }
    }
    merged
}

/// Takes out what the state answer names by an identifier alone and a certificate's own state has claimed since.
fn without_repeated_identifiers(found: Vec<CertificateOutcome>) -> Vec<CertificateOutcome> {
    let ids =
        |certificate: &CertificateOutcome| [certificate.province.certificate_id.clone(), certificate.city.certificate_id.clone()];
    let is_nameless = |certificate: &CertificateOutcome| {
        certificate.number.is_none() && certificate.province.face.is_none() && certificate.city.face.is_none()
    };
    let (nameless, named): (Vec<_>, Vec<_>) = found.into_iter().partition(is_nameless);
    let mut claimed: HashSet<[Option<String>; 2]> = HashSet::new();
    for [ours, theirs] in named.iter().map(ids) {
        claimed.extend([[ours.clone(), None], [None, theirs.clone()], [ours, theirs], [None, None]]);
    }
    named.into_iter().chain(nameless.into_iter().filter(|certificate| !claimed.contains(&ids(certificate)))).collect()
}

/// A side's knowledge of a certificate; a face without code or state word is valid.
fn side_outcome(exists: Option<bool>, entry: Option<Face>, lifecycle: Option<Lifecycle>) -> SideOutcome {
    let id = entry.as_ref().and_then(|face| face.text(Field::CertificateId)).map(str::to_owned);
    let of_face = entry.as_ref().filter(|face| face.says_something()).map(|face| face.lifecycle().unwrap_or(Lifecycle::Valid));
    SideOutcome { exists, certificate_id: id, lifecycle: lifecycle.or(of_face), face: entry }
}

impl SideOutcome {
    /// Takes out a face that says no more than which certificate it is.
    fn without_empty_face(self) -> Self {
        Self { face: self.face.filter(Face::says_something), ..self }
    }
}
