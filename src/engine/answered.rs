//! Calls that were answered, for probes to ask again: what can be answered can only fail where the platform does.

use crate::platform::Request;
use std::collections::VecDeque;

/// Calls that are kept: more than an outage has probes.
const KEPT: usize = 32;

/// The latest calls that were answered.
#[derive(Debug)]
pub(super) struct AnsweredCalls {
    calls: VecDeque<AnsweredCall>,
    /// Attempts of one call at most, those of probes included.
    most_attempts: u32,
}

#[derive(Debug)]
struct AnsweredCall {
    request: Request,
    attempts: u32,
}

impl AnsweredCalls {
    /// No call yet, or one that an earlier process made.
    pub(super) fn new(earlier: Option<Request>, most_attempts: u32) -> Self {
        let calls = earlier.into_iter().map(|request| AnsweredCall { request, attempts: 1 }).collect();
        Self { calls, most_attempts }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Notes a call that was answered at its attempt of this number.
    pub(super) fn add(&mut self, request: Request, attempts: u32) {
        // One that has had all its attempts is kept only where there is no other: it is no help to a probe.
        if attempts >= self.most_attempts && !self.calls.is_empty() {
            return;
        }
        if self.calls.len() == KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(AnsweredCall { request, attempts });
    }

    /// The call that has been asked least, the latest of several, for a probe to ask once more. `None` where each has had as many
    /// attempts as a call may have.
    pub(super) fn take_for_probe(&mut self) -> Option<Request> {
        let most = self.most_attempts;
        let least = self.calls.iter_mut().rev().min_by_key(|call| call.attempts).filter(|call| call.attempts < most)?;
        least.attempts += 1;
        Some(least.request.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use proptest::prelude::*;

    fn request(number: u32) -> Request {
        Request::new(Endpoint::ShengShiStateInfo).with("certificateHolderCode", &number.to_string())
    }

    #[test]
    fn probes_ask_one_call_after_another() {
        let mut answered = AnsweredCalls::new(Some(request(9)), 3);
        answered.add(request(1), 1);
        answered.add(request(2), 2);
        answered.add(request(3), 3);
        let asked: Vec<Option<Request>> = (0..6).map(|_| answered.take_for_probe()).collect();
        let expected = [Some(request(1)), Some(request(9)), Some(request(2)), Some(request(1)), Some(request(9)), None];
        assert_eq!(asked, expected);
        assert!(!answered.is_empty());
    }

    proptest! {
        #[test]
        fn no_call_is_asked_more_often_than_calls_may_be(
            calls in prop::collection::vec(1u32..6, 0..80), probes in 0usize..200, most in 1u32..6,
        ) {
            let mut answered = AnsweredCalls::new(None, most);
            let mut asked = std::collections::BTreeMap::new();
            for (number, attempts) in (0..).zip(&calls) {
                let attempts = (*attempts).min(most);
                answered.add(request(number), attempts);
                asked.insert(format!("{:?}", request(number)), attempts);
            }
            for _ in 0..probes {
                if let Some(request) = answered.take_for_probe() {
                    *asked.entry(format!("{request:?}")).or_default() += 1;
                }
            }
            prop_assert!(asked.values().all(|count| *count <= most));
        }
    }
}
