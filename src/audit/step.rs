//! The one function that decides what an item needs next, and what its answers mean.

use super::anomaly::anomalies_of;
use super::evidence::{Extent, Listing, State, denied_but_shown, incomplete, of_other_number, read_listing, read_state};
use super::outcome::{CertificateOutcome, Comparison, Outcome, SideOutcome, Trouble};
use super::pairing::{are_two, mark_likely_same};
use super::{Anomaly, AnomalyKind, Answer, AuditSettings, Call, Item};
use crate::endpoint::Side;
use crate::face::{Difference, Face, Field, Lifecycle, compare, sort_key};
use crate::job::{Certificates, Depth};
use crate::message::Message;
use crate::platform::Failure;
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
/// certificate is asked by its number where neither the lists nor the state answer settle it. A side that a state answer
/// denies while it shows a certificate is listed too.
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
pub(super) struct Missing(Vec<Call>);

impl Missing {
    /// Gathers results: all of them, or every call that any of them misses.
    pub(super) fn gather<T>(results: impl IntoIterator<Item = Result<T, Self>>) -> Result<Vec<T>, Self> {
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
pub(super) struct Inquiry<'a> {
    item: &'a Item,
    by_call: HashMap<&'a Call, &'a Answer>,
    settings: &'a AuditSettings,
    troubles: RefCell<Vec<Trouble>>,
    anomalies: RefCell<Vec<Anomaly>>,
}

/// The listing of a side, where it was needed.
pub(super) type Asked = Option<Result<Listing, Failure>>;

impl Inquiry<'_> {
    fn outcome(&self) -> Result<Vec<CertificateOutcome>, Missing> {
        let state = match self.state()? {
            Ok(state) => state,
            Err(failure) => return Ok(vec![self.unknown(failure)]),
        };
        if let Some(side) = state.denied_but_shown {
            self.disagreement(side, Message::new("anomaly-denied-but-shown"));
        }
        let is_denied = Side::BOTH.iter().all(|side| state.exists(*side) == Some(false));
        if self.settings.keys.depth == Depth::Existence || is_denied {
            return Ok(vec![self.by_state_alone(&state)]);
        }
        let number = self.item.certificate_number.as_deref();
        let always_list = self.settings.keys.certificates == Certificates::List;
        let city = self.listing_where_needed(&state, Side::City, number, always_list)?;
        let shows_several_elsewhere = state.several || shows_several(city.as_ref());
        let wants_province = always_list || shows_several_elsewhere && number.is_none();
        let province = self.listing_where_needed(&state, Side::Province, number, wants_province)?;
        let are_several = shows_several_elsewhere
            || shows_several(province.as_ref())
            || state.names_apart() && [&province, &city].into_iter().any(shows_no_face)
            || differing_numbers(&state, province.as_ref(), city.as_ref());
        if number.is_none() && are_several {
            self.several(&state, province, city)
        } else {
            Ok(vec![self.single(&state, province, city)])
        }
    }

    /// The listing of a side that may hold the certificate, where the state answer does not settle that, does not carry the
    /// side's face, or where `wanted` says so.
    fn listing_where_needed(&self, state: &State, side: Side, number: Option<&str>, wanted: bool) -> Result<Asked, Missing> {
        let has_face = || state.entries(side).iter().any(Face::says_something);
        let is_needed = match state.exists(side) {
            Some(true) => wanted || !has_face() || state.several && number.is_none(),
            Some(false) => false,
            None => true,
        };
        let number = number.map(str::to_owned);
        match state.exists(side) {
            _ if !is_needed => Ok(None),
            Some(true) => self.listing_of_holder(side, number).map(Some),
            _ => self.listing(side, number).map(Some),
        }
    }

    /// The one certificate of an item: the state's flags are its existence, where the sides' own lists do not contradict them.
    pub(super) fn single(&self, state: &State, province: Asked, city: Asked) -> CertificateOutcome {
        let mut failure = None;
        let mut side = |side: Side, asked: Asked| {
            let (exists, listing) = match asked {
                None => (state.exists(side), Listing::default()),
                Some(Ok(listing)) => match settled(state, side, &listing) {
                    Ok(exists) => (Some(exists), listing),
                    Err(why) => {
                        failure.get_or_insert(why);
                        (None, listing)
                    }
                },
                Some(Err(why)) => {
                    failure.get_or_insert(why);
                    (state.exists(side), Listing::default())
                }
            };
            let entries = state.entries(side);
            let is_short = listing.extent == Extent::Short;
            let face = listing.faces.into_iter().chain(entries.iter().cloned()).find(Face::says_something);
            if face.is_none() && is_short {
                failure.get_or_insert_with(incomplete);
            }
            if exists.is_none() && failure.is_none() {
                failure = Some(state.doubt());
            }
            let mut outcome = side_outcome(exists, face.or_else(|| entries.first().cloned()), listing.lifecycle);
            if outcome.certificate_id.is_none() {
                outcome.certificate_id = entries.iter().find_map(|entry| entry.text(Field::CertificateId)).map(str::to_owned);
            }
            outcome
        };
        let (province, city) = (side(Side::Province, province), side(Side::City, city));
        self.certificate(province, city, failure)
    }

    /// At depth `existence`, or where neither side holds any.
    fn by_state_alone(&self, state: &State) -> CertificateOutcome {
        let side = |side: Side| {
            let id = state.entries(side).first().and_then(|entry| entry.text(Field::CertificateId)).map(str::to_owned);
            SideOutcome { exists: state.exists(side), certificate_id: id, lifecycle: None, face: None }
        };
        let is_settled = Side::BOTH.iter().all(|side| state.exists(*side).is_some());
        let failure = if is_settled { None } else { Some(state.doubt()) };
        let mut certificate = self.certificate(side(Side::Province), side(Side::City), failure);
        if certificate.number.is_none() && !state.several {
            let mut entries = state.province_entries.iter().chain(&state.city_entries);
            certificate.number = entries.find_map(|entry| entry.text(Field::CertificateNumber)).map(str::to_owned);
        }
        certificate
    }

    fn unknown(&self, failure: Failure) -> CertificateOutcome {
        self.certificate(SideOutcome::default(), SideOutcome::default(), Some(failure))
    }

    pub(super) fn certificate(&self, province: SideOutcome, city: SideOutcome, failure: Option<Failure>) -> CertificateOutcome {
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

    pub(super) fn disagreement(&self, side: Side, message: Message) {
        self.note(Anomaly { kind: AnomalyKind::StateDisagreement, side, message });
    }

    pub(super) fn note(&self, anomaly: Anomaly) {
        let mut anomalies = self.anomalies.borrow_mut();
        if !anomalies.contains(&anomaly) {
            anomalies.push(anomaly);
        }
    }

    /// The state of the item's own number, or of all that there is.
    fn state(&self) -> Result<Result<State, Failure>, Missing> {
        let call = Call::State { number: self.item.certificate_number.clone() };
        self.read(call, |call, reply| {
            let state = read_state(call, reply, self.settings, &self.item.cert_type_code)?;
            if state.of_other_numbers { Err(of_other_number()) } else { Ok(state) }
        })
    }

    /// The state of one certificate among several.
    pub(super) fn state_by(&self, number: String) -> Result<Result<State, Failure>, Missing> {
        let call = Call::State { number: Some(number) };
        self.read(call, |call, reply| read_state(call, reply, self.settings, &self.item.cert_type_code))
    }

    fn listing(&self, side: Side, number: Option<String>) -> Result<Result<Listing, Failure>, Missing> {
        let call = Call::List { side, number };
        let read = self.read(call, |call, reply| read_listing(call, reply, self.settings, &self.item.cert_type_code));
        if let Ok(Ok(listing)) = &read
            && listing.extent == Extent::Short
        {
            let message = Message::new("anomaly-incomplete-list");
            self.note(Anomaly { kind: AnomalyKind::IncompleteList, side, message });
        }
        read
    }

    /// The listing of a side that holds something by the state answer.
    pub(super) fn listing_of_holder(&self, side: Side, number: Option<String>) -> Result<Result<Listing, Failure>, Missing> {
        let read = self.listing(side, number);
        if let Ok(Ok(listing)) = &read
            && listing.absent
        {
            self.disagreement(side, Message::new("anomaly-held-but-none"));
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

/// Whether a side holds the one certificate, by the state answer and by the side's own list.
fn settled(state: &State, side: Side, listing: &Listing) -> Result<bool, Failure> {
    match state.exists(side) {
        // The side does not heed the number, and the flag need not be about it either.
        Some(true) if listing.of_other_numbers => Err(of_other_number()),
        Some(known) => Ok(known),
        None if !listing.faces.is_empty() || listing.lifecycle.is_some() => Ok(true),
        None if listing.extent != Extent::Whole => Err(incomplete()),
        None if state.entries(side).is_empty() => Ok(false),
        None => Err(denied_but_shown()),
    }
}

fn shows_several(asked: Option<&Result<Listing, Failure>>) -> bool {
    asked.is_some_and(|listing| listing.as_ref().is_ok_and(Listing::is_of_several))
}

/// Whether a side was listed in vain.
fn shows_no_face(asked: &Asked) -> bool {
    asked.as_ref().is_some_and(|listing| match listing {
        Ok(listing) => listing.faces.is_empty(),
        Err(_) => true,
    })
}

/// Whether the one entry of each side bears a number that the other's cannot be.
fn differing_numbers(
    state: &State,
    province: Option<&Result<Listing, Failure>>,
    city: Option<&Result<Listing, Failure>>,
) -> bool {
    let first = |side: Side, asked: Option<&Result<Listing, Failure>>| {
        let listed = asked.and_then(|listing| listing.as_ref().ok()?.faces.first().cloned());
        listed.or_else(|| state.entries(side).first().cloned())
    };
    first(Side::Province, province).zip(first(Side::City, city)).is_some_and(|(ours, theirs)| are_two(&ours, &theirs))
}

/// A side's knowledge of a certificate; a face without code or state word is valid.
pub(super) fn side_outcome(exists: Option<bool>, entry: Option<Face>, lifecycle: Option<Lifecycle>) -> SideOutcome {
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
