//! The one function that decides.

use super::anomaly::anomalies_of;
use super::evidence::{Listing, State, are_same, read_listing, read_state};
use super::outcome::{CertificateOutcome, Comparison, Outcome, SideOutcome, Trouble};
use super::pairing::{are_two, pair};
use super::{Anomaly, AnomalyKind, Answer, AuditSettings, Call, Item};
use crate::endpoint::Side;
use crate::face::{Difference, Face, Field, Lifecycle, compare, sort_key};
use crate::job::{Certificates, Depth};
use crate::platform::Failure;
use std::cell::RefCell;

/// What to do next for an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Make this call, then come back with its answer among the others.
    Ask(Call),
    /// Nothing more to ask.
    Done(Outcome),
}

/// Decides what an item needs next, from the answers it has had so far.
///
/// Asked are, at depth `existence`, the state alone; at depth `faces`, the state, then each side that holds the
/// certificate and whose face the state answer does not carry: neither 1 call, province only 1, city only 2, both 2.
/// Only where several certificates show up are both sides listed, and the state of one certificate is asked by its
/// number where the lists do not settle it.
#[must_use]
pub fn step(item: &Item, answers: &[Answer], settings: &AuditSettings) -> Step {
    let inquiry = Inquiry { item, answers, settings, troubles: RefCell::default(), anomalies: RefCell::default() };
    match inquiry.outcome() {
        Err(call) => Step::Ask(call),
        Ok(mut certificates) => {
            certificates.sort_by_cached_key(order);
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

/// An item and what is known of it. Methods that need an answer which is not there yet end with the call to make.
struct Inquiry<'a> {
    item: &'a Item,
    answers: &'a [Answer],
    settings: &'a AuditSettings,
    troubles: RefCell<Vec<Trouble>>,
    anomalies: RefCell<Vec<Anomaly>>,
}

impl Inquiry<'_> {
    fn outcome(&self) -> Result<Vec<CertificateOutcome>, Call> {
        let state = match self.state(self.item.certificate_number.clone())? {
            Ok(state) => state,
            Err(failure) => return Ok(vec![self.unknown(failure)]),
        };
        if !state.province && !state.city && state.objects > 0 {
            self.disagreement(Side::Province, "状态接口称两侧均不存在，却给出了证照");
        }
        if self.settings.keys.depth == Depth::Existence || !(state.province || state.city) {
            return Ok(vec![self.by_state_alone(&state)]);
        }
        let number = self.item.certificate_number.as_deref();
        let always_list = self.settings.keys.certificates == Certificates::List;
        let city = self.listing_where_needed(&state, Side::City, number, always_list)?;
        let province_unclear =
            state.several || city.as_ref().is_some_and(shows_several) || differing_numbers(&state, city.as_ref());
        let wants_province = always_list || province_unclear && number.is_none();
        let province = self.listing_where_needed(&state, Side::Province, number, wants_province)?;
        let several = number.is_none() && (province_unclear || province.as_ref().is_some_and(shows_several));

        if !several {
            return Ok(vec![self.single(&state, province, city)]);
        }
        let entries = |side: Side, listing: Option<&Result<Listing, Failure>>| {
            let listed = listing.and_then(|listing| listing.as_ref().ok()).map(|listing| listing.faces.clone());
            merge(listed.unwrap_or_default(), state.entries(side))
        };
        let pairs = pair(entries(Side::Province, province.as_ref()), entries(Side::City, city.as_ref()), |ours, theirs| {
            state.names_apart(ours, theirs)
        });
        if matches!(&pairs[..], [(Some(_), Some(_))]) {
            // Listing has shown that it is one certificate after all.
            return Ok(vec![self.single(&state, province, city)]);
        }
        let listings = [(Side::Province, province.as_ref()), (Side::City, city.as_ref())];
        let found =
            pairs.into_iter().map(|pair| self.one_of_several(&state, pair, listings)).collect::<Result<Vec<_>, Call>>()?;
        Ok(without_repeated_identifiers(found))
    }

    /// The listing of a side that holds the certificate, where the state answer does not carry its face or `wanted` says so.
    fn listing_where_needed(
        &self,
        state: &State,
        side: Side,
        number: Option<&str>,
        wanted: bool,
    ) -> Result<Option<Result<Listing, Failure>>, Call> {
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

    /// One certificate among several: what the lists do not settle, its own state does.
    fn one_of_several(
        &self,
        state: &State,
        (ours, theirs): (Option<Face>, Option<Face>),
        listings: [(Side, Option<&Result<Listing, Failure>>); 2],
    ) -> Result<CertificateOutcome, Call> {
        let number =
            [&ours, &theirs].into_iter().flatten().find_map(|entry| entry.text(Field::CertificateNumber)).map(str::to_owned);
        let settled = |entry: Option<&Face>, side| entry.is_some_and(Face::says_something) || !state.exists(side);
        let all_settled = settled(ours.as_ref(), Side::Province) && settled(theirs.as_ref(), Side::City);
        let Some(number) = number.filter(|_| !all_settled) else {
            return Ok(self.settled_by_lists(state, (ours, theirs), listings));
        };
        let own = match self.state(Some(number.clone()))? {
            Ok(own) => own,
            Err(failure) => {
                let known = |entry: Option<Face>, side| {
                    let exists = if entry.is_some() { Some(true) } else { (!state.exists(side)).then_some(false) };
                    side_outcome(exists, entry, None)
                };
                return Ok(self.certificate(known(ours, Side::Province), known(theirs, Side::City), Some(failure)));
            }
        };
        let mut failure = None;
        let mut side = |side: Side, entry: Option<Face>| -> Result<SideOutcome, Call> {
            // A face that a list shows is there, whatever the flag says.
            if let Some(face) = entry.as_ref().filter(|face| face.says_something()) {
                if !own.exists(side) {
                    self.disagreement(side, "该侧查询列出了证照，按编号的状态接口称不存在");
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
        let (province, city) = (side(Side::Province, ours)?, side(Side::City, theirs)?);
        Ok(self.certificate(province, city, failure))
    }

    /// One certificate among several that has no number to ask its state by, or needs none.
    fn settled_by_lists(
        &self,
        state: &State,
        (ours, theirs): (Option<Face>, Option<Face>),
        listings: [(Side, Option<&Result<Listing, Failure>>); 2],
    ) -> CertificateOutcome {
        let mut failure = None;
        let mut side = |entry: Option<Face>, (side, listing): (Side, Option<&Result<Listing, Failure>>)| {
            if entry.is_some() {
                return side_outcome(Some(true), entry, listing.and_then(|listing| listing.as_ref().ok()?.lifecycle));
            }
            if let Some(Err(why)) = listing {
                failure = Some(why.clone());
                return SideOutcome::default();
            }
            let listed_whole = listing.is_some_and(|listing| listing.as_ref().is_ok_and(|listing| !listing.more));
            if listed_whole || !state.exists(side) { SideOutcome::absent() } else { SideOutcome::default() }
        };
        let (province, city) = (side(ours, listings[0]), side(theirs, listings[1]));
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
        CertificateOutcome { number, province, city, comparison, differences, failure }
    }

    fn disagreement(&self, side: Side, message: &str) {
        let anomaly = Anomaly { kind: AnomalyKind::StateDisagreement, side, message: message.to_owned() };
        let mut anomalies = self.anomalies.borrow_mut();
        if !anomalies.contains(&anomaly) {
            anomalies.push(anomaly);
        }
    }

    fn state(&self, number: Option<String>) -> Result<Result<State, Failure>, Call> {
        let call = Call::State { number };
        self.read(call, |call, reply| read_state(call, reply, self.settings, &self.item.cert_type_code))
    }

    fn listing(&self, side: Side, number: Option<String>) -> Result<Result<Listing, Failure>, Call> {
        let call = Call::List { side, number };
        let read = self.read(call, |call, reply| read_listing(call, reply, self.settings, &self.item.cert_type_code));
        if let Ok(Ok(listing)) = &read
            && listing.absent
        {
            // A side is only listed where the state says that it holds something.
            self.disagreement(side, "状态接口称存在，该侧查询称不存在");
        }
        read
    }

    /// Reads the answer to a call, or ends with the call where it has not been made.
    fn read<T>(
        &self,
        call: Call,
        read: impl FnOnce(&Call, &super::Reply) -> Result<T, Failure>,
    ) -> Result<Result<T, Failure>, Call> {
        let Some(answer) = self.answers.iter().find(|answer| answer.call == call) else { return Err(call) };
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

fn shows_several(listing: &Result<Listing, Failure>) -> bool {
    listing.as_ref().is_ok_and(|listing| listing.faces.len() > 1 || listing.more)
}

/// Whether the one entry of each side bears a number that the other's cannot be.
fn differing_numbers(state: &State, city: Option<&Result<Listing, Failure>>) -> bool {
    let theirs = match city {
        Some(Ok(listing)) => listing.faces.first(),
        _ => state.city_entries.first(),
    };
    state.province_entries.first().zip(theirs).is_some_and(|(ours, theirs)| are_two(ours, theirs))
}

/// Listed faces, and entries of a state answer that no listed face is. An entry that is an identifier alone may be a
/// listed face under another identifier, so it counts only where fewer faces are listed than the state has entries.
fn merge(listed: Vec<Face>, entries: &[Face]) -> Vec<Face> {
    let all_listed = listed.len() >= entries.len();
    let mut merged = listed;
    for entry in entries {
        let names_it = entry.text(Field::CertificateNumber).is_some() || entry.says_something();
        if !merged.iter().any(|face| are_same(face, entry)) && (names_it || !all_listed) {
            merged.push(entry.clone());
        }
    }
    merged
}

/// Takes out what the state answer names by an identifier alone and a certificate's own state has claimed since.
fn without_repeated_identifiers(found: Vec<CertificateOutcome>) -> Vec<CertificateOutcome> {
    let ids =
        |certificate: &CertificateOutcome| [certificate.province.certificate_id.clone(), certificate.city.certificate_id.clone()];
    let nameless = |certificate: &CertificateOutcome| {
        certificate.number.is_none() && certificate.province.face.is_none() && certificate.city.face.is_none()
    };
    let claimed: Vec<_> = found.iter().filter(|certificate| !nameless(certificate)).map(ids).collect();
    let is_repeated = |certificate: &CertificateOutcome| {
        let own = ids(certificate);
        claimed.iter().any(|other| (0..2).all(|side| own[side].is_none() || own[side] == other[side]))
    };
    found.into_iter().filter(|certificate| !nameless(certificate) || !is_repeated(certificate)).collect()
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
