//! Several certificates of one item: which of them are one, and who holds each.

use super::evidence::{
    Extent, Listing, State, canonical_number, denied_but_shown, incomplete, not_listed, of_other_number, unpaired,
};
use super::outcome::{CertificateOutcome, SideOutcome};
use super::pairing::{Pair, are_two, is_masked, key_of, pair, with_the_one_left};
use super::step::{Asked, Inquiry, Missing, side_outcome};
use super::told::{Merged, is_bare, merge, whole_number};
use super::{Anomaly, AnomalyKind};
use crate::endpoint::Side;
use crate::face::{Face, Field, Lifecycle};
use crate::message::Message;
use crate::platform::{ErrorKind, Failure};
use std::collections::HashSet;

/// A certificate among several: what each side shows of it, and its own state where that was asked by its number.
#[derive(Default)]
struct Row {
    ours: Option<Face>,
    theirs: Option<Face>,
    own: Option<Result<State, Failure>>,
}

impl Row {
    fn entry(&self, side: Side) -> Option<&Face> {
        match side {
            Side::Province => self.ours.as_ref(),
            Side::City => self.theirs.as_ref(),
        }
    }

    /// The side that alone shows it.
    fn shown_alone_by(&self) -> Option<Side> {
        match (&self.ours, &self.theirs) {
            (Some(_), None) => Some(Side::Province),
            (None, Some(_)) => Some(Side::City),
            _ => None,
        }
    }

    /// The one entry of a row that one side alone shows.
    fn entry_shown_alone(&self) -> Option<&Face> {
        self.entry(self.shown_alone_by()?)
    }

    /// Its own state, where an answer tells it.
    fn own_state(&self) -> Option<&State> {
        self.own.as_ref()?.as_ref().ok()
    }

    /// The whole number that it shows on either side, the province's first.
    fn number(&self) -> Option<&str> {
        number_of(self.ours.as_ref(), self.theirs.as_ref())
    }

    /// Whether its own state denies a side that shows it under the number asked by.
    fn is_denied(&self, side: Side) -> bool {
        let Some((entry, own)) = self.entry(side).zip(self.own_state()) else { return false };
        // The state by this number says nothing about a certificate that shows another one.
        let shown = key_of(entry, Field::CertificateNumber);
        let is_asked_by = shown.is_none_or(|shown| self.number().is_some_and(|number| shown == canonical_number(number)));
        own.exists(side) == Some(false) && is_asked_by
    }
}

/// An item's certificates together with what its lists and its state say of all of them.
struct Group<'a> {
    state: &'a State,
    province: &'a Asked,
    city: &'a Asked,
    rows: &'a [Row],
    /// Places of the rows that one side alone shows, and that may be on the other side for all that is known.
    open: [Vec<usize>; 2],
}

impl<'a> Group<'a> {
    fn new(state: &'a State, province: &'a Asked, city: &'a Asked, rows: &'a [Row]) -> Self {
        let open = Side::BOTH.map(|shown_by| {
            let is_open = |row: &Row| {
                let on_other_side = row.own_state().and_then(|own| own.exists(other(shown_by)));
                let is_named = row.own_state().is_some_and(|own| {
                    own.entries(other(shown_by)).iter().any(|entry| entry.text(Field::CertificateId).is_some())
                });
                row.shown_alone_by() == Some(shown_by) && on_other_side != Some(false) && !is_named
            };
            rows.iter().enumerate().filter(|(_, row)| is_open(row)).map(|(place, _)| place).collect()
        });
        Self { state, province, city, rows, open }
    }

    const fn asked(&self, side: Side) -> &'a Asked {
        match side {
            Side::Province => self.province,
            Side::City => self.city,
        }
    }

    fn listing(&self, side: Side) -> Option<&'a Listing> {
        self.asked(side).as_ref()?.as_ref().ok()
    }

    /// Why what a side does not show may be there all the same; `Ok` where the side shows all that it holds.
    fn shows_all(&self, side: Side) -> Result<(), Failure> {
        let exists = self.state.exists(side);
        if exists == Some(false) {
            return Ok(());
        }
        match self.asked(side) {
            Some(Err(why)) => Err(why.clone()),
            Some(Ok(listing)) if listing.extent != Extent::Whole => Err(incomplete()),
            Some(Ok(listing)) if listing.faces.is_empty() && (exists == Some(true) || !listing.absent) => Err(not_listed()),
            None if self.state.several || exists.is_none() => Err(not_listed()),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// Whether an entry that one side alone shows may be one that `side` alone shows.
    fn may_be_shown_by(&self, entry: &Face, side: Side) -> bool {
        let mut entries = self.open[side as usize].iter().filter_map(|place| self.rows.get(*place)?.entry(side));
        entries.any(|candidate| !are_two(entry, candidate))
    }

    /// What a side's listing says of the state of a certificate that it shows: the code of a list without faces is about
    /// one of them, no telling which.
    fn lifecycle(&self, side: Side) -> Option<Lifecycle> {
        let listing = self.listing(side)?;
        let is_only = || self.rows.iter().filter(|row| row.entry(side).is_some()).nth(1).is_none();
        listing.lifecycle.filter(|_| !listing.faces.is_empty() || is_only())
    }
}

/// What is known of one side of a certificate, and why something is not.
type Found = (SideOutcome, Option<Failure>);

fn unknown(why: Failure) -> Found {
    (SideOutcome::default(), Some(why))
}

impl Inquiry<'_> {
    /// Several certificates: pairs what the sides show, asks the state by number of what one side alone shows, and tells of
    /// each certificate who holds it.
    pub(super) fn several(&self, state: &State, province: Asked, city: Asked) -> Result<Vec<CertificateOutcome>, Missing> {
        let pairs = self.pairs(state, &province, &city);
        if matches!(&pairs[..], [] | [(Some(_), Some(_))]) {
            // Listing has shown that it is one certificate after all, or nothing.
            return Ok(vec![self.single(state, province, city)]);
        }
        let own_states = Missing::gather(pairs.iter().map(|pair| self.own_state(state, pair)))?;
        let rows = pairs.into_iter().zip(self.believed(state, own_states)).map(|((ours, theirs), own)| Row { ours, theirs, own });
        let rows = without_named(united(rows.collect()));
        let group = Group::new(state, &province, &city, &rows);
        Missing::gather(rows.iter().map(|row| self.one_of(row, &group)))
    }

    fn pairs(&self, state: &State, province: &Asked, city: &Asked) -> Vec<Pair> {
        let shown = |side: Side, asked: &Asked| {
            let listing = asked.as_ref().and_then(|listing| listing.as_ref().ok());
            let listed = listing.map(|listing| listing.faces.clone()).unwrap_or_default();
            let is_short = listing.is_some_and(|listing| listing.extent == Extent::Short);
            let merged = merge(listed, state.entries(side), is_short);
            self.note_shared_identifiers(side, &merged.certificates);
            merged
        };
        let Merged { certificates: of_province, places: ours } = shown(Side::Province, province);
        let Merged { certificates: of_city, places: theirs } = shown(Side::City, city);
        let place = |&(a, b): &(usize, usize)| Some(((*ours.get(a)?)?, (*theirs.get(b)?)?));
        let together: Vec<(usize, usize)> = state.together.iter().filter_map(place).collect();
        let mut pairs = pair(of_province, of_city, &together);
        let group = Group::new(state, province, city, &[]);
        if Side::BOTH.iter().all(|side| group.shows_all(*side).is_ok()) {
            pairs = with_the_one_left(pairs);
        }
        self.without_shared_numbers(pairs)
    }

    fn note_shared_identifiers(&self, side: Side, certificates: &[Face]) {
        let mut seen = HashSet::new();
        let mut ids = certificates.iter().filter_map(|face| key_of(face, Field::CertificateId));
        if !ids.all(|id| seen.insert(id)) {
            let message = Message::new("anomaly-identifier-of-two-numbers");
            self.note(Anomaly { kind: AnomalyKind::AmbiguousIdentity, side, message });
        }
    }

    /// Takes out what one side shows again, under another identifier, of a certificate that both show.
    fn without_shared_numbers(&self, pairs: Vec<Pair>) -> Vec<Pair> {
        let number_of_pair = |pair: &Pair| match pair {
            (Some(ours), Some(theirs)) => Some([whole_number(ours), whole_number(theirs)]),
            _ => None,
        };
        let paired: HashSet<String> = pairs.iter().filter_map(number_of_pair).flatten().flatten().collect();
        let is_again = |(ours, theirs): &Pair| {
            let (side, entry) = match (ours, theirs) {
                (Some(entry), None) => (Side::Province, entry),
                (None, Some(entry)) => (Side::City, entry),
                _ => return false,
            };
            let is_again = whole_number(entry).is_some_and(|number| paired.contains(&number));
            if is_again {
                let message = Message::new("anomaly-number-of-two-identifiers");
                self.note(Anomaly { kind: AnomalyKind::AmbiguousIdentity, side, message });
            }
            is_again
        };
        pairs.into_iter().filter(|pair| !is_again(pair)).collect()
    }

    /// The state of a certificate that one side alone shows, asked by its number; `None` where both show it, where the state
    /// of all already says that the other side holds none, or where it shows no whole number to ask by.
    fn own_state(&self, state: &State, (ours, theirs): &Pair) -> Result<Option<Result<State, Failure>>, Missing> {
        let other_side = match (ours, theirs) {
            (Some(_), None) => Side::City,
            (None, Some(_)) => Side::Province,
            _ => return Ok(None),
        };
        match number_of(ours.as_ref(), theirs.as_ref()) {
            Some(number) if state.exists(other_side) != Some(false) => self.state_by(number.to_owned()).map(Some),
            _ => Ok(None),
        }
    }

    /// What the states by number are worth: nothing, where one of them shows other numbers alone and none differs from the state
    /// of all certificates. The platform does not heed the number then, and the flags may be about any certificate.
    fn believed(
        &self,
        state: &State,
        mut own_states: Vec<Option<Result<State, Failure>>>,
    ) -> Vec<Option<Result<State, Failure>>> {
        let has = |test: &dyn Fn(&State) -> bool| own_states.iter().flatten().flatten().any(test);
        let differs = |own: &State| Side::BOTH.iter().any(|side| own.exists(*side) != state.exists(*side));
        if has(&|own| own.of_other_numbers) && !has(&differs) {
            self.disagreement(Side::Province, Message::new("anomaly-number-not-heeded"));
            for own in own_states.iter_mut().flatten().filter(|own| own.is_ok()) {
                *own = Err(of_other_number());
            }
        }
        own_states
    }

    fn one_of(&self, row: &Row, group: &Group<'_>) -> Result<CertificateOutcome, Missing> {
        let found = Missing::gather(Side::BOTH.map(|side| self.side_of(row, side, group)))?;
        let [(province, why), (city, city_why)] = <[Found; 2]>::try_from(found).unwrap_or_default();
        Ok(self.certificate(province, city, why.or(city_why)))
    }

    fn side_of(&self, row: &Row, side: Side, group: &Group<'_>) -> Result<Found, Missing> {
        if row.is_denied(side) {
            self.disagreement(side, Message::new("anomaly-listed-but-none"));
        }
        if let Some(entry) = row.entry(side) {
            let own_entries = row.own_state().map(|own| own.entries(side)).unwrap_or_default();
            let says_more = |own: &&Face| !entry.says_something() && own.says_something() && !are_two(own, entry);
            let entry = own_entries.iter().find(says_more).unwrap_or(entry);
            return self.held(Some(entry.clone()), row.number(), side, group);
        }
        let absent = || Ok((SideOutcome::absent(), None));
        match &row.own {
            Some(Err(why)) => Ok(unknown(why.clone())),
            Some(Ok(own)) => match own.exists(side) {
                Some(true) => self.held(own.entries(side).first().cloned(), row.number(), side, group),
                // An answer that denies what the other side shows is believed in nothing that it denies.
                Some(false) if row.is_denied(other(side)) => Ok(unknown(denied_but_shown())),
                Some(false) => absent(),
                None => Ok(unknown(own.doubt())),
            },
            None if group.state.exists(side) == Some(false) => absent(),
            None => match group.shows_all(side) {
                Err(why) => Ok(unknown(why)),
                Ok(()) if row.entry_shown_alone().is_some_and(|entry| group.may_be_shown_by(entry, side)) => {
                    Ok(unknown(unpaired()))
                }
                Ok(()) => absent(),
            },
        }
    }

    /// A side that holds the certificate, with its face where that is shown, or can be asked for by number.
    fn held(&self, entry: Option<Face>, number: Option<&str>, side: Side, group: &Group<'_>) -> Result<Found, Missing> {
        let is_shown = entry.as_ref().is_some_and(Face::says_something);
        let why_no_list = group.asked(side).as_ref().and_then(|listing| listing.as_ref().err());
        let is_offered = why_no_list.is_none_or(|why| why.kind != ErrorKind::Unsupported);
        let lifecycle = group.lifecycle(side);
        let Some(number) = number.filter(|_| !is_shown && is_offered && lifecycle.is_none()) else {
            let is_short = group.listing(side).is_some_and(|listing| listing.extent == Extent::Short);
            let why = why_no_list.cloned().or_else(|| is_short.then(incomplete)).filter(|_| !is_shown);
            return Ok((side_outcome(Some(true), entry, lifecycle), why));
        };
        let listing = match self.listing_of_holder(side, Some(number.to_owned()))? {
            Ok(listing) => listing,
            Err(why) => return Ok((side_outcome(Some(true), entry, None), Some(why))),
        };
        let id = entry.as_ref().and_then(|entry| entry.text(Field::CertificateId)).map(str::to_owned);
        let face = listing.faces.into_iter().find(Face::says_something);
        let why = match face {
            Some(_) => None,
            None if listing.of_other_numbers => Some(of_other_number()),
            None => (listing.extent == Extent::Short).then(incomplete),
        };
        let mut outcome = side_outcome(Some(true), face.or(entry), listing.lifecycle);
        outcome.certificate_id = outcome.certificate_id.or(id);
        Ok((outcome, why))
    }
}

const fn other(side: Side) -> Side {
    match side {
        Side::Province => Side::City,
        Side::City => Side::Province,
    }
}

/// The whole number that a certificate shows on either side, the province's first.
fn number_of<'a>(ours: Option<&'a Face>, theirs: Option<&'a Face>) -> Option<&'a str> {
    let mut numbers = [ours, theirs].into_iter().flatten().filter_map(|entry| entry.text(Field::CertificateNumber));
    numbers.find(|number| !is_masked(&canonical_number(number)))
}

/// Unites what the province shows alone with what the city shows alone, where the state asked by number says that both hold
/// the one number.
///
/// The state by one of the two numbers names both sides, and either the identifier that it gives for the other side is that of
/// the entry there, or only that entry is left to be meant: it bears no number, or its own number is not one that its side
/// holds apart from the other's.
fn united(mut rows: Vec<Row>) -> Vec<Row> {
    for shown_by in Side::BOTH {
        for index in 0..rows.len() {
            let Some(partner) = partner_of(&rows, index, shown_by) else { continue };
            let partner = std::mem::take(&mut rows[partner]);
            let own = &mut rows[index];
            match shown_by {
                Side::Province => own.theirs = partner.theirs,
                Side::City => own.ours = partner.ours,
            }
        }
    }
    rows.retain(|row| row.ours.is_some() || row.theirs.is_some());
    rows
}

/// The row of the other side that the state of a row, which `shown_by` alone shows, speaks of.
fn partner_of(rows: &[Row], index: usize, shown_by: Side) -> Option<usize> {
    let other_side = other(shown_by);
    let row = rows.get(index)?;
    let own = row.own_state()?;
    let is_on_both = Side::BOTH.iter().all(|side| own.exists(*side) == Some(true));
    if !is_on_both || row.shown_alone_by() != Some(shown_by) {
        return None;
    }
    let named: HashSet<String> = own.entries(other_side).iter().filter_map(|face| key_of(face, Field::CertificateId)).collect();
    let id = |other: &Row| other.entry(other_side).and_then(|face| key_of(face, Field::CertificateId));
    let mut others = rows.iter().enumerate().filter(|(_, other)| other.shown_alone_by() == Some(other_side));
    if let Some((same, _)) = others.clone().find(|(_, other)| id(other).is_some_and(|id| named.contains(&id))) {
        return Some(same);
    }
    let (place, only) = others.next().filter(|_| others.next().is_none())?;
    if !named.is_empty() && id(only).is_some() {
        // It names another certificate of that side.
        return None;
    }
    let bears_number = only.entry(other_side).is_some_and(|face| face.text(Field::CertificateNumber).is_some());
    let is_held_apart = match only.own_state() {
        Some(own) => own.exists(other_side) == Some(true) && own.exists(shown_by) == Some(false),
        None => bears_number,
    };
    (!bears_number || !is_held_apart).then_some(place)
}

/// Takes out what one side shows by an identifier alone, and the state of another certificate names as that one's.
fn without_named(mut rows: Vec<Row>) -> Vec<Row> {
    let named: [HashSet<String>; 2] = Side::BOTH.map(|side| {
        let entries = rows.iter().filter_map(Row::own_state).flat_map(|own| own.entries(side));
        entries.filter_map(|entry| key_of(entry, Field::CertificateId)).collect()
    });
    rows.retain(|row| {
        let Some((side, entry)) = row.shown_alone_by().zip(row.entry_shown_alone()) else { return true };
        let is_named = || key_of(entry, Field::CertificateId).is_some_and(|id| named[side as usize].contains(&id));
        row.own.is_some() || !is_bare(entry) || !is_named()
    });
    rows
}
