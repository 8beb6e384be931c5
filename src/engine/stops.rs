//! Why a run stops before its end, and what that means to a scheduler.

use crate::audit::Call;
use crate::endpoint::{Endpoint, Side};
use crate::platform::{ErrorKind, Failure, StopReason};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// When the first calls all get the same refusal, every call would: this many are enough to know.
const SAME_REFUSALS: u32 = 5;

/// Watches for a refusal that every call would repeat.
#[derive(Debug)]
pub(super) struct RefusalWatch {
    /// Whether a call has been answered, or has failed otherwise: then not every call is refused alike.
    cleared: bool,
    code: Option<i32>,
    count: u32,
}

impl RefusalWatch {
    /// A watch over a run of which something has been `answered` before or not.
    pub(super) const fn new(answered: bool) -> Self {
        Self { cleared: answered, code: None, count: 0 }
    }

    /// Takes the end of a call; says what to stop with, where it is time.
    pub(super) fn watch(&mut self, failure: Option<&Failure>) -> Option<StopReason> {
        match failure {
            Some(failure) if failure.kind == ErrorKind::Request && (self.count == 0 || self.code == failure.code) => {
                self.code = failure.code;
                self.count += 1;
            }
            _ => self.cleared = true,
        }
        (self.count >= SAME_REFUSALS).then(|| self.at_end())?
    }

    /// What to stop with when there are no more calls: fewer refusals are enough, where there was nothing else.
    pub(super) fn at_end(&self) -> Option<StopReason> {
        let code = self.code.filter(|_| !self.cleared)?;
        let setting = match code {
            12 => "a required parameter is empty: check [purpose]",
            14 => "the holder code type is not accepted: check the inputs' holder code types",
            199 => "the stated cause is not acceptable: check purpose.copy_cause",
            _ => "check [purpose] and the inputs",
        };
        Some(StopReason::Refused(format!(
            "the first calls were all refused with code {code}; {setting}. A run whose [purpose] or inputs have changed starts over with --fresh"
        )))
    }
}

/// Certificate types that the platform says it does not publish, by interface and side, by how often it said so.
#[derive(Debug, Default)]
pub(super) struct UnpublishedTypes(Mutex<HashMap<TypeKey, u32>>);

/// Certificate type code, interface, side.
type TypeKey = (String, Endpoint, Option<Side>);

/// So often a type's code 13 has to be seen, with no answer between, before it is believed.
const CONFIRMATIONS: u32 = 3;

impl UnpublishedTypes {
    fn key(cert_type_code: &str, call: &Call) -> TypeKey {
        (cert_type_code.to_owned(), call.endpoint(), call.side())
    }

    /// Takes the end of a call about a type.
    pub(super) fn note(&self, cert_type_code: &str, call: &Call, failure: Option<&Failure>) {
        let mut types = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(failure) if failure.kind == ErrorKind::TypeUnpublished => {
                *types.entry(Self::key(cert_type_code, call)).or_default() += 1;
            }
            Some(_) => {}
            None if types.is_empty() => {}
            None => {
                types.remove(&Self::key(cert_type_code, call));
            }
        }
    }

    /// Whether a call about a type would only be told so again.
    pub(super) fn contains(&self, cert_type_code: &str, call: &Call) -> bool {
        let types = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !types.is_empty() && types.get(&Self::key(cert_type_code, call)).is_some_and(|&seen| seen >= CONFIRMATIONS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: i32) -> Failure {
        Failure { kind: ErrorKind::Request, code: Some(code), message: String::new() }
    }

    #[test]
    fn a_type_is_unpublished_for_one_interface_and_side_after_three_confirmations_in_a_row() {
        let types = UnpublishedTypes::default();
        let (state, list) = (Call::State { number: None }, Call::List { side: Side::City, number: None });
        let unpublished = Failure { kind: ErrorKind::TypeUnpublished, code: Some(13), message: String::new() };
        for _ in 0..2 {
            types.note("T", &list, Some(&unpublished));
        }
        types.note("T", &list, None);
        for seen in 0..3 {
            assert!(!types.contains("T", &list), "{seen}");
            types.note("T", &list, Some(&unpublished));
        }
        assert!(types.contains("T", &list) && !types.contains("T", &state) && !types.contains("U", &list));
    }

    #[test]
    fn only_the_same_refusal_from_the_start_stops_a_run() {
        let mut watch = RefusalWatch::new(false);
        for _ in 0..4 {
            assert_eq!(watch.watch(Some(&refusal(199))), None);
        }
        let Some(StopReason::Refused(words)) = watch.watch(Some(&refusal(199))) else { panic!() };
        assert!(words.contains("purpose.copy_cause"), "{words}");

        let mut mixed = RefusalWatch::new(false);
        for code in [12, 14, 12, 14, 12, 14, 12] {
            assert_eq!(mixed.watch(Some(&refusal(code))), None);
        }
        assert_eq!(mixed.at_end(), None);
        let mut few = RefusalWatch::new(false);
        assert_eq!(few.watch(Some(&refusal(12))), None);
        assert!(few.at_end().is_some(), "there was nothing else");
        assert_eq!(RefusalWatch::new(false).at_end(), None);
        let mut answered = RefusalWatch::new(true);
        for _ in 0..10 {
            assert_eq!(answered.watch(Some(&refusal(12))), None);
        }
    }
}
