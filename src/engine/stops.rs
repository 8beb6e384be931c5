//! Why a run stops before its end, and what that means to a scheduler.

use crate::platform::{ErrorKind, Failure, StopReason};
use std::collections::HashMap;
use std::sync::Mutex;

/// When the first calls all get the same refusal, every call would: this many are enough to know.
const SAME_REFUSALS: u32 = 5;

/// Watches for a refusal that every call would repeat.
#[derive(Debug, Default)]
pub(super) struct RefusalWatch {
    answered: bool,
    code: Option<i32>,
    count: u32,
}

impl RefusalWatch {
    /// Takes the end of a call; says what to stop with, where it is time.
    pub(super) fn watch(&mut self, failure: Option<&Failure>) -> Option<StopReason> {
        let Some(failure) = failure else {
            self.answered = true;
            return None;
        };
        if self.answered || failure.kind != ErrorKind::Request {
            return None;
        }
        self.count = if self.code == failure.code { self.count + 1 } else { 1 };
        self.code = failure.code;
        let code = self.code.filter(|_| self.count >= SAME_REFUSALS)?;
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

/// Types that the platform says it does not publish, by how often it said so.
#[derive(Debug, Default)]
pub(super) struct UnpublishedTypes(Mutex<HashMap<String, u32>>);

/// So often a type's code 13 has to be seen before it is believed.
const CONFIRMATIONS: u32 = 3;

impl UnpublishedTypes {
    pub(super) fn confirm(&self, cert_type_code: &str) {
        *self.0.lock().expect("no holder of this lock panics").entry(cert_type_code.to_owned()).or_default() += 1;
    }

    pub(super) fn contains(&self, cert_type_code: &str) -> bool {
        let types = self.0.lock().expect("no holder of this lock panics");
        types.get(cert_type_code).is_some_and(|&seen| seen >= CONFIRMATIONS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: i32) -> Failure {
        Failure { kind: ErrorKind::Request, code: Some(code), message: String::new() }
    }

    #[test]
    fn only_the_same_refusal_from_the_start_stops_a_run() {
        let mut watch = RefusalWatch::default();
        for _ in 0..4 {
            assert_eq!(watch.watch(Some(&refusal(199))), None);
        }
        let Some(StopReason::Refused(words)) = watch.watch(Some(&refusal(199))) else { panic!() };
        assert!(words.contains("purpose.copy_cause"), "{words}");

        let mut mixed = RefusalWatch::default();
        for code in [12, 14, 12, 14, 12, 14, 12] {
            assert_eq!(mixed.watch(Some(&refusal(code))), None);
        }
        let mut answered = RefusalWatch::default();
        answered.watch(None);
        for _ in 0..10 {
            assert_eq!(answered.watch(Some(&refusal(12))), None);
        }
    }
}
