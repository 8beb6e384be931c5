//! What each single answer says, read into [`State`] and [`Listing`].

use super::told::distinct;
use super::{AuditSettings, Call, Reply};
use crate::codes::Treatment;
use crate::endpoint::Side;
use crate::face::{Face, Field, FieldKind, Lifecycle, canonical, same_but_for_masks};
use crate::message::Message;
use crate::platform::{Data, Envelope, ErrorKind, Failure, Fields};

/// Holder of the city's identifier in a state answer, beside the province's fields.
const CITY_IDENTIFIER: &str = "fileNumber";

/// Names of the province's own identifier in a state answer.
const PROVINCE_IDENTIFIERS: [&str; 2] = ["cert_identifier", "certIdentifier"];

/// Names that only the province gives to fields of a face.
const PROVINCE_FIELDS: [&str; 5] = ["certholder", "certholdercode", "certname", "zsmc", "fzjg"];

/// What a state answer (interface 13) says.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    province: Option<bool>,
    city: Option<bool>,
    /// The province's entries: faces, or identifier and number alone.
    pub province_entries: Vec<Face>,
    /// The city's entries: most often an identifier alone.
    pub city_entries: Vec<Face>,
    /// Whether it speaks of more than one certificate of a side.
    pub several: bool,
    /// Which entry of the province and which of the city it names in one object: one certificate by its account.
    pub together: Vec<(usize, usize)>,
    /// The side that holds nothing by its flag, and of which an object is shown all the same.
    pub denied_but_shown: Option<Side>,
    /// Whether it was asked about one number, and shows certificates of other numbers alone: either the platform does not
    /// heed the number, or it finds a certificate by another number than it shows.
    pub of_other_numbers: bool,
}

impl State {
    /// Whether a side holds the certificate, or any; `None` where the answer does not settle it.
    pub(super) const fn exists(&self, side: Side) -> Option<bool> {
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

    /// Whether it shows something of both sides, and never in one object: these may be two certificates.
    pub(super) fn names_apart(&self) -> bool {
        self.together.is_empty() && !self.province_entries.is_empty() && !self.city_entries.is_empty()
    }

    /// Why a side's existence is not settled.
    pub(super) fn doubt(&self) -> Failure {
        if self.denied_but_shown.is_some() { denied_but_shown() } else { of_other_number() }
    }
}

/// How much of what a side holds a list shows, by the list's own total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// As many entries as the total says, some of which tell the same certificate: the total may count those, or
    /// certificates that the list leaves out.
    Repeated,
    /// Less than the total says.
    Short,
}

/// What a list answer (interface 7) says.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    pub faces: Vec<Face>,
    /// Codes 21–23: the side has it, and this is its state.
    pub lifecycle: Option<Lifecycle>,
    /// Whether the side says that it has none.
    pub absent: bool,
    /// Whether it was asked about one number, and shows certificates of other numbers alone.
    pub of_other_numbers: bool,
    pub extent: Extent,
    /// The total that the list states; 0 where it states none.
    total: u64,
}

impl Listing {
    /// Whether the side shows or counts more than one certificate.
    pub(super) const fn is_of_several(&self) -> bool {
        self.faces.len() > 1 || matches!(self.extent, Extent::Short) && self.total > 1
    }
}

/// What one object of a state answer shows of each side.
struct Shown {
    province: Option<Face>,
    city: Option<Face>,
}

impl Shown {
    /// Whether it bears this number, given in canonical form; `None` where it bears none.
    fn is_of(&self, number: &str) -> Option<bool> {
        let found = [&self.province, &self.city].into_iter().flatten().find_map(|face| face.text(Field::CertificateNumber))?;
        Some(same_but_for_masks(&canonical_number(found), number))
    }
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
    let Some((province, city)) = envelope.exists.or_else(|| is_absent(envelope, settings).then_some((false, false))) else {
        return Err(unusable(envelope, Message::new("answer-no-flags")));
    };
    refuse_two_identities(envelope, settings, call, cert_type_code)?;
    let face = |fields: &Fields, side| says_anything(fields).then(|| Face::read(fields, &settings.faces, side, cert_type_code));
    let read = |object: &Fields| {
        if !province && city && !is_provinces(object) {
            return Shown { province: None, city: face(object, Side::City) };
        }
        let (of_province, of_city) = split_state_entry(object);
        Shown { province: face(&of_province, Side::Province), city: face(&of_city, Side::City) }
    };
    let mut objects: Vec<Shown> = envelope.objects().iter().map(read).collect();
    let denied = |flag: bool, is_shown: fn(&Shown) -> bool| !flag && objects.iter().any(is_shown);
    let denied_but_shown = if denied(province, |shown| shown.province.is_some()) {
        Some(Side::Province)
    } else {
        denied(city, |shown| shown.city.is_some()).then_some(Side::City)
    };
    // An answer that contradicts itself is believed in nothing that it denies.
    let settled = |flag: bool| if flag || denied_but_shown.is_none() { Some(flag) } else { None };
    let mut exists = [settled(province), settled(city)];
    let mut of_other_numbers = false;
    if let Some(number) = call.number().map(canonical_number) {
        let is_of = |shown: &Shown| shown.is_of(&number) == Some(true);
        let shows_others = objects.iter().any(|shown| shown.is_of(&number) == Some(false));
        of_other_numbers = shows_others && !objects.iter().any(is_of);
        if shows_others && !of_other_numbers {
            // The platform does not heed the number: its flags are about all certificates, only the objects tell of this one.
            objects.retain(is_of);
            let shown_of =
                [objects.iter().any(|shown| shown.province.is_some()), objects.iter().any(|shown| shown.city.is_some())];
            for (exists, is_shown) in exists.iter_mut().zip(shown_of) {
                *exists = exists.filter(|held| !held || is_shown);
            }
        }
    }
    let total = envelope.total.unwrap_or_default();
    let counts_more = total > 1 && total > envelope.objects().len() as u64;
    let [province, city] = exists;
    Ok(State { province, city, denied_but_shown, of_other_numbers, ..state_of(objects, counts_more) })
}

/// The certificates that the objects of a state answer show, each once.
fn state_of(objects: Vec<Shown>, counts_more: bool) -> State {
    let (mut of_province, mut of_city, mut together) = (Vec::new(), Vec::new(), Vec::new());
    for Shown { province, city } in objects {
        if province.is_some() && city.is_some() {
            together.push((of_province.len(), of_city.len()));
        }
        of_province.extend(province);
        of_city.extend(city);
    }
    let (of_province, of_city) = (distinct(of_province), distinct(of_city));
    let place = |(ours, theirs): (usize, usize)| Some((*of_province.places.get(ours)?, *of_city.places.get(theirs)?));
    let mut together: Vec<(usize, usize)> = together.into_iter().filter_map(place).collect();
    together.dedup();
    let several = of_province.certificates.len() > 1 || of_city.certificates.len() > 1 || counts_more;
    State {
        province_entries: of_province.certificates,
        city_entries: of_city.certificates,
        several,
        together,
        ..State::default()
    }
}

/// Reads a list answer; where it was asked about one number, faces with another number do not count.
pub(super) fn read_listing(
    call: &Call,
    reply: &Reply,
    settings: &AuditSettings,
    cert_type_code: &str,
) -> Result<Listing, Failure> {
    let envelope = received(reply)?;
    if matches!(envelope.data, Data::Texts(_)) {
        return Err(unusable(envelope, Message::new("answer-texts-no-faces")));
    }
    refuse_two_identities(envelope, settings, call, cert_type_code)?;
    let side = call.side().unwrap_or(Side::Province);
    let objects = envelope.objects().iter().filter(|object| says_anything(object));
    let faces: Vec<Face> = objects.map(|object| Face::read(object, &settings.faces, side, cert_type_code)).collect();
    let total = envelope.total.unwrap_or_default();
    if is_absent(envelope, settings) {
        if !faces.is_empty() || total > 0 {
            return Err(Failure { code: Some(envelope.status), ..denied_but_shown() });
        }
        return Ok(Listing { absent: true, ..Listing::default() });
    }
    let told = faces.len() as u64;
    let mut faces = distinct(faces).certificates;
    let lifecycle = Lifecycle::of_code(envelope.status);
    let extent = match total {
        total if total > told && (lifecycle.is_none() || told > 0) => Extent::Short,
        total if total > faces.len() as u64 && lifecycle.is_none() => Extent::Repeated,
        _ => Extent::Whole,
    };
    let absent = faces.is_empty() && lifecycle.is_none() && total == 0;
    let shows_any = !faces.is_empty();
    if let Some(number) = call.number().map(canonical_number) {
        let is_meant = |found: &str| same_but_for_masks(&canonical_number(found), &number);
        faces.retain(|face| face.text(Field::CertificateNumber).is_none_or(is_meant));
    }
    let of_other_numbers = shows_any && faces.is_empty();
    Ok(Listing { faces, lifecycle, absent, of_other_numbers, extent, total })
}

/// A certificate number in canonical form.
pub(super) fn canonical_number(number: &str) -> String {
    canonical(number, FieldKind::Code)
}

/// Whether an object says anything at all: one of nulls and blanks is no certificate.
fn says_anything(object: &Fields) -> bool {
    object.0.iter().any(|(_, value)| value.as_deref().is_some_and(|value| !value.trim().is_empty()))
}

/// Whether an object of a state answer is the province's although its flags name the city alone.
fn is_provinces(object: &Fields) -> bool {
    let has_any = |names: &[&str]| names.iter().any(|name| object.get(name).is_some());
    has_any(&PROVINCE_IDENTIFIERS) || object.get(CITY_IDENTIFIER).is_none() && has_any(&PROVINCE_FIELDS)
}

/// Refuses an answer of which an object names two certificates at once: two numbers, or two identifiers, under one name.
fn refuse_two_identities(
    envelope: &Envelope,
    settings: &AuditSettings,
    call: &Call,
    cert_type_code: &str,
) -> Result<(), Failure> {
    let side = call.side().unwrap_or(Side::Province);
    for object in envelope.objects() {
        let is_identity = |(name, value): &&(String, Option<String>)| {
            let found = settings.faces.map.find(name, side, cert_type_code).map(|found| found.field);
            matches!(found, Some(Field::CertificateNumber | Field::CertificateId))
                && value.as_deref().is_some_and(|value| !value.trim().is_empty())
        };
        let told: Vec<(&str, String)> = object
            .0
            .iter()
            .filter(is_identity)
            .map(|(name, value)| (name.as_str(), canonical_number(value.as_deref().unwrap_or_default())))
            .collect();
        for (at, (name, value)) in told.iter().enumerate() {
            let is_another = |(other, its): &(&str, String)| other.eq_ignore_ascii_case(name) && its != value;
            if told.iter().take(at).any(is_another) {
                return Err(unusable(envelope, Message::new("answer-name-twice").with("name", name)));
            }
        }
    }
    Ok(())
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

/// An answer about one number that shows certificates of other numbers alone.
pub(super) fn of_other_number() -> Failure {
    Failure::new(ErrorKind::Malformed, None).because(Message::new("answer-other-number"))
}

/// An answer that shows what it says is not there.
pub(super) fn denied_but_shown() -> Failure {
    Failure::new(ErrorKind::Malformed, None).because(Message::new("answer-denied-but-shown"))
}

/// A list that says that there is more than it shows.
pub(super) fn incomplete() -> Failure {
    Failure::new(ErrorKind::Malformed, None).because(Message::new("anomaly-incomplete-list"))
}

/// A list that shows nothing of what the state says is there.
pub(super) fn not_listed() -> Failure {
    Failure::new(ErrorKind::Malformed, None).because(Message::new("answer-held-but-not-listed"))
}

/// Entries of both sides that may be one certificate or two.
pub(super) fn unpaired() -> Failure {
    Failure::new(ErrorKind::Malformed, None).because(Message::new("answer-unpaired"))
}
