//! Current content of the two libraries: the generated certificates, and the changes by interfaces 10 to 12 since the start.
//!
//! Changes are kept in memory and applied to the generated certificates. Each takes effect after a delay, as in a province that
//! processes notifications in batches.

use super::identity::{Named, named_by};
use super::truth::{Held, TrueCertificate, truth};
use crate::endpoint::Side;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Change of the province's library by a notification about a certificate of the city.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Inserted or updated with the city's content.
    Copied,
    /// Cancelled.
    Voided,
}

/// A change and the time at which it takes effect.
#[derive(Debug, Clone, Copy)]
struct PendingChange {
    change: Change,
    from: Instant,
}

/// The libraries of one sandbox.
#[derive(Debug)]
pub(super) struct Library {
    seed: u64,
    /// Delay between a notification and its effect.
    settle_delay: Duration,
    /// Changes in the order of the notifications, by the city's identifier.
    changes: Mutex<HashMap<String, Vec<PendingChange>>>,
}

/// A certificate and its index among the holder's certificates of the type.
pub(super) struct Found {
    pub named: Named,
    pub certificate: TrueCertificate,
}

impl Library {
    pub(super) fn new(seed: u64, settle_delay: Duration) -> Self {
        Self { seed, settle_delay, changes: Mutex::new(HashMap::new()) }
    }

    /// Returns the certificates of a holder and type.
    pub(super) fn certificates(&self, holder_code: &str, cert_type_code: &str) -> Vec<TrueCertificate> {
        let mut certificates = truth(self.seed, holder_code, cert_type_code);
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.is_empty() {
            return certificates;
        }
        let now = Instant::now();
        for certificate in &mut certificates {
            let pending = certificate.city.as_ref().and_then(|city| changes.get(&city.identifier));
            for pending in pending.into_iter().flatten().filter(|pending| pending.from <= now) {
                apply(pending.change, certificate);
            }
        }
        certificates
    }

    /// Returns the certificate with an identifier, and the side whose identifier it is.
    pub(super) fn find(&self, identifier: &str) -> Option<Found> {
        let named = named_by(self.seed, identifier)?;
        let place = usize::try_from(named.place).ok()?;
        let certificate = self.certificates(&named.holder_code, &named.cert_type_code).into_iter().nth(place)?;
        let found = Found { named, certificate };
        (found.held().identifier == identifier).then_some(found)
    }

    /// Records a change of the province's library.
    pub(super) fn change(&self, file_number: &str, change: Change) {
        let pending = PendingChange { change, from: Instant::now() + self.settle_delay };
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.entry(file_number.to_owned()).or_default().push(pending);
    }
}

/// Applies a change to a certificate.
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

/// Return code of a revoked or cancelled certificate (该电子证照已废止或已注销; specification, return codes).
const REVOKED: i32 = 21;

impl Found {
    /// Returns the certificate of the side whose identifier was given.
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
