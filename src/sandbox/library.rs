//! The two libraries as they stand: the truth, and what interfaces 10 to 12 have changed since the start.

use super::identity::{Named, named_by};
use super::truth::{Held, TrueCertificate, truth};
use crate::endpoint::Side;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What the province was told of a city's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It is new, or it is what the city says now.
    Copied,
    /// It is void.
    Voided,
}

/// All that the province was told of a city's certificate.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    copied: bool,
    voided: bool,
}

/// The libraries of one stand-in.
#[derive(Debug)]
pub(super) struct Library {
    seed: u64,
    /// By the city's identifier.
    changes: Mutex<HashMap<String, Told>>,
}

/// A certificate with its place among the holder's certificates of the type.
pub(super) struct Found {
    pub named: Named,
    pub certificate: TrueCertificate,
}

impl Library {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, changes: Mutex::new(HashMap::new()) }
    }

    /// A holder's certificates of a type.
    pub(super) fn certificates(&self, holder_code: &str, cert_type_code: &str) -> Vec<TrueCertificate> {
        let mut certificates = truth(self.seed, holder_code, cert_type_code);
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.is_empty() {
            return certificates;
        }
        for certificate in &mut certificates {
            let Some(city) = &certificate.city else { continue };
            let Some(told) = changes.get(&city.identifier) else { continue };
            if told.copied {
                let identifier = certificate.province.as_ref().map(|held| held.identifier.clone());
                let mut copy = certificate.copy_of_city.clone();
                copy.identifier = identifier.unwrap_or(copy.identifier);
                certificate.province = Some(copy);
                certificate.differences.clear();
                certificate.likely_same_as = None;
            }
            if let Some(held) = certificate.province.as_mut().filter(|_| told.voided) {
                held.lifecycle = 21;
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
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let told = changes.entry(file_number.to_owned()).or_default();
        match change {
            Change::Copied => *told = Told { copied: true, voided: false },
            Change::Voided => told.voided = true,
        }
    }
}

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
