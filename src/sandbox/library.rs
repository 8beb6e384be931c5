//! The two libraries as they stand: the truth, and what interfaces 10 to 12 have changed since the start.
//!
//! Changes are kept in memory as an overlay on the truth; each takes effect some time after it was told, as a province does
//! that processes notifications in batches.

use super::identity::{Named, named_by};
use super::truth::{Held, TrueCertificate, truth};
use crate::endpoint::Side;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What the province was told of a city's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It is new, or it is what the city says now.
    Copied,
    /// It is void.
    Voided,
}

/// A change, and when it takes effect.
#[derive(Debug, Clone, Copy)]
struct Told {
    change: Change,
    from: Instant,
}

/// The libraries of one stand-in.
#[derive(Debug)]
pub(super) struct Library {
    seed: u64,
    /// How long after it was told a change takes effect.
    settle_delay: Duration,
    /// What the province was told, in order, by the city's identifier.
    changes: Mutex<HashMap<String, Vec<Told>>>,
}

/// A certificate with its place among the holder's certificates of the type.
pub(super) struct Found {
    pub named: Named,
    pub certificate: TrueCertificate,
}

impl Library {
    pub(super) fn new(seed: u64, settle_delay: Duration) -> Self {
        Self { seed, settle_delay, changes: Mutex::new(HashMap::new()) }
    }

    /// A holder's certificates of a type.
    pub(super) fn certificates(&self, holder_code: &str, cert_type_code: &str) -> Vec<TrueCertificate> {
        let mut certificates = truth(self.seed, holder_code, cert_type_code);
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.is_empty() {
            return certificates;
        }
        let now = Instant::now();
        for certificate in &mut certificates {
            let told = certificate.city.as_ref().and_then(|city| changes.get(&city.identifier));
            for told in told.into_iter().flatten().filter(|told| told.from <= now) {
                apply(told.change, certificate);
            }
        }
        certificates
    }

    /// The certificate that an identifier names, and the side whose identifier it is.
    pub(super) fn find(&self, identifier: &str) -> Option<Found> {
        let named = named_by(self.seed, identifier)?;
        let place = usize::try_from(named.place).ok()?;
        let certificate = self.certificates(&named.holder_code, &named.cert_type_code).into_iter().nth(place)?;
        let found = Found { named, certificate };
        (found.held().identifier == identifier).then_some(found)
    }

    /// Notes what the province was told.
    pub(super) fn change(&self, file_number: &str, change: Change) {
        let told = Told { change, from: Instant::now() + self.settle_delay };
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.entry(file_number.to_owned()).or_default().push(told);
    }
}

/// Makes a certificate what a change says.
fn apply(change: Change, certificate: &mut TrueCertificate) {
    match change {
        Change::Copied => {
            let Some(city) = &certificate.city else { return };
            let identifier = certificate.province.as_ref().map(|held| held.identifier.clone());
            let mut copy = Held { lifecycle: city.lifecycle, ..certificate.copy_of_city.clone() };
            copy.identifier = identifier.unwrap_or(copy.identifier);
            certificate.province = Some(copy);
            certificate.differences.clear();
            certificate.likely_same_as = None;
        }
        Change::Voided => {
            if let Some(held) = &mut certificate.province {
                held.lifecycle = REVOKED;
            }
        }
    }
}

/// 该电子证照已废止或已注销 (specification, return codes).
const REVOKED: i32 = 21;

impl Found {
    /// What the side holds whose identifier was given.
    pub(super) fn held(&self) -> &Held {
        let own = match self.named.side {
            Side::Province => self.certificate.province.as_ref(),
            Side::City => self.certificate.city.as_ref(),
        };
        own.unwrap_or(&self.certificate.copy_of_city)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "11100000000013338W008";

    /// The first certificate that fits, with its holder.
    fn first(fits: impl Fn(&TrueCertificate) -> bool) -> (String, TrueCertificate) {
        let holders = (0..4000).map(|index| format!("3704{index:014}"));
        let mut of_holders = holders.filter_map(|holder| match &truth(7, &holder, TYPE)[..] {
            [only] if fits(only) => Some((holder, only.clone())),
            _ => None,
        });
        of_holders.next().unwrap()
    }

    fn city_id(certificate: &TrueCertificate) -> &str {
        &certificate.city.as_ref().unwrap().identifier
    }

    /// Whether the province holds the holder's one certificate, and its state there.
    fn province(library: &Library, holder: &str) -> Option<i32> {
        library.certificates(holder, TYPE)[0].province.as_ref().map(|held| held.lifecycle)
    }

    #[test]
    fn what_the_province_is_told_holds_in_the_order_in_which_it_was_told() {
        let library = Library::new(7, Duration::ZERO);
        let (holder, certificate) = first(|certificate| certificate.province.is_none());
        assert_eq!(province(&library, &holder), None);
        library.change(city_id(&certificate), Change::Copied);
        let lifecycle = certificate.city.as_ref().map(|held| held.lifecycle);
        assert_eq!(province(&library, &holder), lifecycle);
        library.change(city_id(&certificate), Change::Voided);
        assert_eq!(province(&library, &holder), Some(REVOKED));
        library.change(city_id(&certificate), Change::Copied);
        assert_eq!(province(&library, &holder), lifecycle);
        let copied = &library.certificates(&holder, TYPE)[0];
        assert_eq!(copied.province.as_ref().map(|held| &held.number), copied.city.as_ref().map(|held| &held.number));
    }

    #[test]
    fn a_change_takes_effect_only_after_its_delay() {
        let library = Library::new(7, Duration::from_hours(1));
        let (holder, certificate) = first(|certificate| certificate.province.is_none());
        library.change(city_id(&certificate), Change::Copied);
        assert_eq!(province(&library, &holder), None);
    }

    #[test]
    fn an_update_keeps_the_identifier_and_leaves_no_difference() {
        let library = Library::new(7, Duration::ZERO);
        let (holder, certificate) = first(|certificate| !certificate.differences.is_empty() && certificate.city.is_some());
        library.change(city_id(&certificate), Change::Copied);
        let updated = &library.certificates(&holder, TYPE)[0];
        assert!(updated.differences.is_empty());
        let id = |certificate: &TrueCertificate| certificate.province.as_ref().map(|held| held.identifier.clone());
        assert_eq!(id(updated), id(&certificate));
    }
}
