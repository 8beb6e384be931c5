//! Refusals: what shows that every call, or every call about a type, would be refused alike.

use crate::audit::Call;
use crate::endpoint::{Endpoint, Side};
use crate::message::Message;
use crate::platform::{ErrorKind, Failure, StopReason, fresh_token_refused};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Calls of different tasks that are all refused alike, with no answer between them, after which every call counts as refused.
const SAME_REFUSALS: u32 = 5;
/// Renewals in a row without help after which a single refusal is no reason for another.
const RENEWALS_IN_VAIN: u32 = 3;
/// Most often that the number of refused tokens in a row is doubled after false alarms.
const MOST_DOUBLINGS: u32 = 8;

/// Watches for a refusal that every call would repeat, from the first call on.
#[derive(Debug)]
pub(super) struct RefusalWatch {
    /// Whether a call has been answered, or has failed otherwise: then not every call is refused alike.
    cleared: bool,
    refusal: Option<Failure>,
    endpoint: Endpoint,
    count: u32,
}

impl RefusalWatch {
    /// A watch over a run of which something has been `answered` before or not.
    pub(super) const fn new(answered: bool) -> Self {
        Self { cleared: answered, refusal: None, endpoint: Endpoint::Token, count: 0 }
    }

    /// Takes the end of a call; returns what to stop with, where every call would be refused.
    pub(super) fn watch(&mut self, endpoint: Endpoint, failure: Option<&Failure>) -> Option<StopReason> {
        let is_same = |failure: &&Failure| {
            matches!(failure.kind, ErrorKind::Request | ErrorKind::Auth)
                && self.refusal.as_ref().is_none_or(|known| (known.kind, known.code) == (failure.kind, failure.code))
        };
        match failure.filter(is_same) {
            Some(failure) => {
                self.refusal = Some(failure.clone());
                self.endpoint = endpoint;
                self.count += 1;
            }
            None => self.cleared = true,
        }
        (self.count >= SAME_REFUSALS).then(|| self.at_end())?
    }

    /// Returns what to stop with where there are no more calls: fewer refusals are enough, if there was nothing else.
    pub(super) fn at_end(&self) -> Option<StopReason> {
        let refusal = self.refusal.as_ref().filter(|_| !self.cleared)?;
        if refusal.kind == ErrorKind::Auth {
            return Some(StopReason::Refused(fresh_token_refused(self.endpoint, refusal)));
        }
        let setting = match refusal.code {
            Some(12) => Message::new("refused-parameter"),
            Some(14) => Message::new("refused-holder-type"),
            Some(199) => Message::new("refused-cause"),
            _ => Message::new("refused-purpose"),
        };
        let why = Message::new("every-call-refused").with_message("failure", refusal.to_message());
        Some(StopReason::Refused(why.with_message("setting", setting)))
    }
}

/// Watches for fresh tokens that are refused over and over, after calls that were answered.
#[derive(Debug, Default)]
pub(super) struct AuthWatch {
    /// Calls in a row whose fresh token was refused.
    in_a_row: u32,
    latest: Option<Message>,
    false_alarms: u32,
    is_alarmed: bool,
    /// Renewals in a row that did not help: the fresh token was refused for the same call.
    in_vain: u32,
    /// Generation of the token that the latest probe was refused with.
    pub refused: Option<u64>,
}

impl AuthWatch {
    /// Takes the end of a call: refused with a fresh token, or not.
    pub(super) fn watch(&mut self, refused: Option<&Failure>) {
        match refused {
            Some(failure) => {
                self.in_a_row += 1;
                self.latest = Some(failure.to_message());
            }
            None => *self = Self { in_vain: self.in_vain, ..Self::default() },
        }
    }

    /// Whether a refused call is to be made once more with a fresh token. Where renewals have not helped, some calls are refused
    /// whatever the token: then only several in a row show that the token is at fault.
    pub(super) const fn may_renew(&self) -> bool {
        self.in_vain < RENEWALS_IN_VAIN || self.in_a_row >= SAME_REFUSALS
    }

    /// A call was answered after its token was renewed.
    pub(super) const fn renewal_helped(&mut self) {
        self.in_vain = 0;
    }

    /// A call was refused with its fresh token too.
    pub(super) const fn renewal_was_in_vain(&mut self) {
        self.in_vain = self.in_vain.saturating_add(1);
    }

    /// Why calling is to pause until a probe shows whether the account is refused, or only these calls are.
    pub(super) fn why_pause(&mut self) -> Option<Message> {
        if self.is_alarmed || self.in_a_row < SAME_REFUSALS << self.false_alarms {
            return None;
        }
        self.is_alarmed = true;
        Some(Message::new("tokens-refused").with("count", self.in_a_row).with_message("latest", self.latest.clone()?))
    }

    /// A probe was answered: the account is not refused. Each false alarm doubles the number of refusals until the next.
    pub(super) fn clear(&mut self) {
        if self.is_alarmed {
            self.false_alarms = (self.false_alarms + 1).min(MOST_DOUBLINGS);
        }
        (self.in_a_row, self.is_alarmed, self.refused) = (0, false, None);
    }

    /// The generation that the latest probe was refused with; the next probe carries a fresh token.
    pub(super) const fn take_refused(&mut self) -> Option<u64> {
        self.refused.take()
    }
}

/// Certificate types that the platform says it does not publish, by interface and side, by how often it said so.
#[derive(Debug, Default)]
pub(super) struct UnpublishedTypes(Mutex<HashMap<TypeKey, u32>>);

/// Certificate type code, interface, side.
type TypeKey = (String, Endpoint, Option<Side>);

/// Consecutive code 13 answers (without a success in between) after which a certificate type counts as unpublished.
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
        Failure::new(ErrorKind::Request, Some(code))
    }

    #[test]
    fn a_type_is_unpublished_for_one_interface_and_side_after_three_confirmations_in_a_row() {
        let types = UnpublishedTypes::default();
        let (state, list) = (Call::State { number: None }, Call::List { side: Side::City, number: None });
        let unpublished = Failure::new(ErrorKind::TypeUnpublished, Some(13));
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
        let endpoint = Endpoint::ShengShiStateInfo;
        for kind in [ErrorKind::Request, ErrorKind::Auth] {
            let refusal = |code| Failure::new(kind, Some(code));
            let mut watch = RefusalWatch::new(false);
            for _ in 0..4 {
                assert_eq!(watch.watch(endpoint, Some(&refusal(199))), None);
            }
            let Some(StopReason::Refused(why)) = watch.watch(endpoint, Some(&refusal(199))) else { panic!() };
            let expected = if kind == ErrorKind::Auth { "fresh-token-refused" } else { "refused-cause" };
            assert!(why.to_string().contains(expected), "{why}");
        }
        let mut mixed = RefusalWatch::new(false);
        for code in [12, 14, 12, 14, 12, 14, 12] {
            assert_eq!(mixed.watch(endpoint, Some(&refusal(code))), None);
        }
        assert_eq!(mixed.at_end(), None);
        let mut few = RefusalWatch::new(false);
        assert_eq!(few.watch(endpoint, Some(&refusal(12))), None);
        assert!(few.at_end().is_some(), "there was nothing else");
        assert_eq!(RefusalWatch::new(false).at_end(), None);
        let mut answered = RefusalWatch::new(true);
        for _ in 0..10 {
            assert_eq!(answered.watch(endpoint, Some(&refusal(12))), None);
        }
    }

    #[test]
    fn tokens_that_are_refused_in_a_row_ask_for_a_probe_and_false_alarms_ask_later() {
        let refused = Failure::new(ErrorKind::Auth, Some(403));
        let mut watch = AuthWatch::default();
        let until_alarm = |watch: &mut AuthWatch| {
            (1..1000)
                .find(|_| {
                    watch.watch(Some(&refused));
                    watch.why_pause().is_some()
                })
                .unwrap()
        };
        assert_eq!(until_alarm(&mut watch), 5);
        assert_eq!(watch.why_pause(), None, "it has been said");
        watch.clear();
        assert_eq!(until_alarm(&mut watch), 10);
        watch.clear();
        watch.watch(None);
        assert_eq!(until_alarm(&mut watch), 5, "a call was answered");
    }
}
