//! What each single answer says, read into [`State`] and [`Listing`].

use super::{AuditSettings, Call, Reply};
use crate::codes::Treatment;
use crate::endpoint::Side;
use crate::face::{Face, Field, FieldKind, Lifecycle, canonical};
use crate::message::Message;
use crate::platform::{Data, Envelope, ErrorKind, Failure, Fields};
use std::collections::HashSet;

/// Holder of the city's identifier in a state answer, beside the province's fields.
const CITY_IDENTIFIER: &str = "fileNumber";

/// What a state answer (interface 13) says.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub province: bool,
    pub city: bool,
    /// The province's entries: faces, or identifier and number alone.
    pub province_entries: Vec<Face>,
    /// The city's entries: most often an identifier alone.
    pub city_entries: Vec<Face>,
    /// Whether it speaks of more than one certificate of a side.
    pub several: bool,
    /// Which entry of the province and which of the city it names in one object: one certificate by its account.
    together: Vec<(usize, usize)>,
    /// How many objects it shows, whatever the flags say.
    pub objects: usize,
}

impl State {
    pub(super) const fn exists(&self, side: Side) -> bool {
        match side {
            Side::Province => self.province,
            Side::City => self.city,
        }
    }

    pub(super) fn entries(&self, side: Side) -> &[Face] {
        match side {
            Side::Province => &self.province_entries,
            Side::City => &self.city_entries,
        }
    }
}

impl State {
    /// Forgets entries that tell a certificate again.
    fn forget_repeated(&mut self) {
        let kept = |entries: &mut Vec<Face>| {
            let is_first = first_tellings(entries);
            let mut places = Vec::new();
            let mut next = 0;
            for first in &is_first {
                places.push(first.then_some(next));
                next += usize::from(*first);
            }
            let mut first = is_first.iter();
            entries.retain(|_| first.next().copied().unwrap_or(true));
            places
        };
        let (province, city) = (kept(&mut self.province_entries), kept(&mut self.city_entries));
        let place = |(ours, theirs): &(usize, usize)| Some((province.get(*ours).copied()??, city.get(*theirs).copied()??));
        self.together = self.together.iter().filter_map(place).collect();
    }
}

/// Says of each entry whether it is the first that tells its certificate: by the identifier, or, where it bears none, by all
/// that it says.
fn first_tellings(entries: &[Face]) -> Vec<bool> {
    let mut identifiers = HashSet::new();
    let mut others = HashSet::new();
    let is_first = |face| match Face::text(face, Field::CertificateId) {
        Some(identifier) => identifiers.insert(identifier),
        None => others.insert(face),
    };
    entries.iter().map(is_first).collect()
}

/// What a list answer (interface 7) says.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    pub faces: Vec<Face>,
    /// Codes 21–23: the side has it, and this is its state.
    pub lifecycle: Option<Lifecycle>,
    /// Whether the side says that it has none.
    pub absent: bool,
    /// Whether there is more than the faces given.
    pub more: bool,
}

/// The province's fields of a state answer's object, and the city's identifier beside them.
#[must_use]
pub fn split_state_entry(object: &Fields) -> (Fields, Fields) {
    let is_citys = |(name, _): &(String, Option<String>)| name.eq_ignore_ascii_case(CITY_IDENTIFIER);
    let (city, province) = object.0.iter().cloned().partition(is_citys);
    (Fields(province), Fields(city))
}

/// Reads a state answer.
pub(super) fn read_state(call: &Call, reply: &Reply, settings: &AuditSettings, cert_type_code: &str) -> Result<State, Failure> {
    let envelope = received(reply)?;
    let rules = &settings.faces;
    let Some((province, city)) = envelope.exists.or_else(|| is_absent(envelope, settings).then_some((false, false))) else {
        return Err(unusable(envelope, Message::new("answer-no-flags")));
    };
    let mut state = State { province, city, ..State::default() };
    for object in envelope.objects() {
        if province {
            let (of_province, of_city) = split_state_entry(object);
            let names_city = city && of_city.get(CITY_IDENTIFIER).is_some();
            if names_city && !of_province.0.is_empty() {
                state.together.push((state.province_entries.len(), state.city_entries.len()));
            }
            if !of_province.0.is_empty() {
                state.province_entries.push(Face::read(&of_province, rules, Side::Province, cert_type_code));
            }
            if names_city {
                state.city_entries.push(Face::read(&of_city, rules, Side::City, cert_type_code));
            }
        } else if city {
            state.city_entries.push(Face::read(object, rules, Side::City, cert_type_code));
        }
    }
    state.objects = envelope.objects().len();
    state.forget_repeated();
    if let Some(number) = call.number() {
        // A platform that does not heed the number shows other certificates too.
        let is_meant = |face: &Face| face.text(Field::CertificateNumber).is_none_or(|found| same_number(found, number));
        if state.province_entries.iter().any(|face| is_meant(face) && face.text(Field::CertificateNumber).is_some()) {
            let meant: Vec<usize> =
                (0..state.province_entries.len()).filter(|&at| is_meant(&state.province_entries[at])).collect();
            let of_meant = |at: &usize| state.together.iter().find(|(ours, _)| ours == at).map(|(_, theirs)| *theirs);
            let cities: Vec<usize> = meant.iter().filter_map(of_meant).collect();
            if !cities.is_empty() {
                state.city_entries = cities.iter().map(|&at| state.city_entries[at].clone()).collect();
            }
            state.province_entries = meant.iter().map(|&at| state.province_entries[at].clone()).collect();
            state.together.clear();
        }
    }
    let total = envelope.total.unwrap_or_default();
    state.several =
        state.province_entries.len() > 1 || state.city_entries.len() > 1 || total > 1 && total > envelope.objects().len() as u64;
    Ok(state)
}

/// Reads a list answer; where it was asked about one number, faces with another number do not count.
pub(super) fn read_listing(
    call: &Call,
    reply: &Reply,
    settings: &AuditSettings,
    cert_type_code: &str,
) -> Result<Listing, Failure> {
    let envelope = received(reply)?;
    let rules = &settings.faces;
    if matches!(envelope.data, Data::Texts(_)) {
        return Err(unusable(envelope, Message::new("answer-texts-no-faces")));
    }
    if is_absent(envelope, settings) {
        return Ok(Listing { absent: true, ..Listing::default() });
    }
    let side = call.side().unwrap_or(Side::Province);
    let mut faces: Vec<Face> = envelope.objects().iter().map(|object| Face::read(object, rules, side, cert_type_code)).collect();
    let listed = faces.len();
    let is_first = first_tellings(&faces);
    let mut first = is_first.iter();
    faces.retain(|_| first.next().copied().unwrap_or(true));
    let lifecycle = Lifecycle::of_code(envelope.status);
    let absent = faces.is_empty() && lifecycle.is_none();
    let more = envelope.total.is_some_and(|total| total > listed as u64) && !faces.is_empty();
    if let Some(number) = call.number() {
        faces.retain(|face| face.text(Field::CertificateNumber).is_none_or(|found| same_number(found, number)));
    }
    Ok(Listing { faces, lifecycle, absent, more })
}

/// Whether two certificate numbers are the same in canonical form.
pub(super) fn same_number(a: &str, b: &str) -> bool {
    a == b || canonical(a, FieldKind::Code) == canonical(b, FieldKind::Code)
}

fn received(reply: &Reply) -> Result<&Envelope, Failure> {
    match reply {
        Reply::Received(envelope) => Ok(envelope),
        Reply::Failed(failure) => Err(failure.clone()),
    }
}

fn is_absent(envelope: &Envelope, settings: &AuditSettings) -> bool {
    settings.codes.treatment(envelope.status) == Some(Treatment::Absent)
}

fn unusable(envelope: &Envelope, problem: Message) -> Failure {
    Failure::new(ErrorKind::Malformed, Some(envelope.status)).because(problem)
}
