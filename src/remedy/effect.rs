//! Effect of a notification, derived from the present content of the province's library: a pure function.

use super::assess::lifecycle_message;
use crate::audit::{CertificateOutcome, Comparison, Outcome};
use crate::face::{FieldKind, Lifecycle, canonical, sort_key};
use crate::job::RemedyAction;
use crate::journal::{Remedy, RemedyState};
use crate::message::Message;
use chrono::{DateTime, Utc};

/// Effect of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// It has taken effect.
    Settled,
    /// Nothing has changed yet.
    NotYet,
    /// The library shows a state that the notification cannot have caused, for this reason.
    Contradicting(Message),
    /// Unknown: the query failed, or its answer is about other certificates only.
    Unknown,
}

/// Derives the effect of a notification from the outcome of an audit of its certificate.
pub(super) fn effect_of(remedy: &Remedy, outcome: &Outcome) -> Effect {
    let Some(certificate) = certificate_of(remedy, outcome) else { return Effect::Unknown };
    match remedy.action {
        RemedyAction::Insert => of_insert(remedy, certificate),
        RemedyAction::Update => of_update(certificate),
        RemedyAction::Delete => of_delete(certificate),
    }
}

/// Returns the notified certificate: the one with the city's identifier, else with its number, else the only one.
fn certificate_of<'a>(remedy: &Remedy, outcome: &'a Outcome) -> Option<&'a CertificateOutcome> {
    let is_it = |certificate: &&CertificateOutcome| {
        certificate.city.certificate_id.as_deref().is_some_and(|id| is_same(id, &remedy.file_number))
    };
    if let Some(found) = outcome.certificates.iter().find(is_it) {
        return Some(found);
    }
    let number = remedy.certificate_number.as_deref().map(sort_key);
    let has_number =
        |certificate: &&CertificateOutcome| number.is_some() && certificate.number.as_deref().map(sort_key) == number;
    match &outcome.certificates[..] {
        [only] => Some(only),
        several => several.iter().find(has_number),
    }
}

fn is_same(ours: &str, theirs: &str) -> bool {
    canonical(ours, FieldKind::Code) == canonical(theirs, FieldKind::Code)
}

fn of_insert(remedy: &Remedy, certificate: &CertificateOutcome) -> Effect {
    match certificate.province.exists {
        Some(true) => {
            // The platform's answer named the identifier that the province will use.
            let ids = remedy.province_certificate_id.as_deref().zip(certificate.province.certificate_id.as_deref());
            if ids.is_some_and(|(told, found)| !is_same(told, found)) {
                Effect::Contradicting(Message::new("remedy-other-identifier"))
            } else {
                Effect::Settled
            }
        }
        Some(false) => Effect::NotYet,
        None => Effect::Unknown,
    }
}

fn of_update(certificate: &CertificateOutcome) -> Effect {
    let (province, city) = (&certificate.province, &certificate.city);
    match (province.exists, city.exists, certificate.comparison) {
        (Some(false), _, _) => Effect::Contradicting(Message::new("remedy-province-lost")),
        (_, Some(false), _) => Effect::Contradicting(Message::new("remedy-city-lost")),
        (Some(true), Some(true), Comparison::Consistent) => Effect::Settled,
        (Some(true), Some(true), Comparison::Inconsistent) => Effect::NotYet,
        // A certificate that is not in force has no face, so only the states can be compared.
        (Some(true), Some(true), Comparison::NotCompared)
            if province.lifecycle.is_some() && province.lifecycle == city.lifecycle =>
        {
            Effect::Settled
        }
        (Some(true) | None, Some(true) | None, _) => Effect::Unknown,
    }
}

fn of_delete(certificate: &CertificateOutcome) -> Effect {
    match (certificate.province.exists, certificate.province.lifecycle) {
        (Some(false), _) | (Some(true), Some(Lifecycle::Revoked)) => Effect::Settled,
        (Some(true), Some(Lifecycle::Valid)) => Effect::NotYet,
        (Some(true), Some(other @ (Lifecycle::Expired | Lifecycle::Restricted))) => {
            Effect::Contradicting(Message::new("remedy-other-state").with_message("state", lifecycle_message(other)))
        }
        (Some(true), None) | (None, _) => Effect::Unknown,
    }
}

impl Effect {
    /// Returns the notification with its state after a verification at `at`.
    pub(super) fn noted(&self, remedy: Remedy, at: DateTime<Utc>) -> Remedy {
        let verified_at = Some(at);
        match self {
            Self::Settled => Remedy { state: RemedyState::Settled, verified_at, ..remedy },
            // Without an answer it may not have been sent, so it keeps its state and is sent once more.
            Self::NotYet if remedy.state == RemedyState::Intended => Remedy { verified_at, ..remedy },
            Self::NotYet => Remedy { state: RemedyState::NotSettled, verified_at, ..remedy },
            Self::Contradicting(why) => {
                Remedy { state: RemedyState::Contradicting, message: Some(why.to_stored()), verified_at, ..remedy }
            }
            Self::Unknown => remedy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::SideOutcome;

    fn remedy(action: RemedyAction, state: RemedyState) -> Remedy {
        Remedy {
            item_id: 1,
            certificate_index: 0,
            action,
            file_number: "file".to_owned(),
            certificate_number: Some("A1".to_owned()),
            province_certificate_id: None,
            state,
            code: None,
            message: None,
            sent_at: DateTime::default(),
            verified_at: None,
        }
    }

    fn side(exists: Option<bool>, id: &str, lifecycle: Option<Lifecycle>) -> SideOutcome {
        let certificate_id = Some(id.to_owned()).filter(|id| !id.is_empty());
        SideOutcome { exists, certificate_id, lifecycle, face: None }
    }

    fn certificate(province: SideOutcome, city: SideOutcome, comparison: Comparison) -> CertificateOutcome {
        CertificateOutcome {
            number: Some("A1".to_owned()),
            province,
            city,
            comparison,
            differences: Vec::new(),
            failure: None,
            likely_same_as: None,
        }
    }

    fn outcome(certificates: Vec<CertificateOutcome>) -> Outcome {
        Outcome { certificates, troubles: Vec::new(), anomalies: Vec::new() }
    }

    fn city() -> SideOutcome {
        side(Some(true), "file", Some(Lifecycle::Valid))
    }

    #[test]
    fn what_the_province_holds_tells_whether_a_notification_took_effect() {
        use Comparison::{Consistent, Inconsistent, NotCompared};
        let (valid, revoked, expired) = (Some(Lifecycle::Valid), Some(Lifecycle::Revoked), Some(Lifecycle::Expired));
        let absent = || side(Some(false), "", None);
        let unknown = || side(None, "", None);
        let held = |lifecycle| side(Some(true), "p1", lifecycle);
        for (action, province, of_city, comparison, expected) in [
            (RemedyAction::Insert, held(None), valid, NotCompared, "settled"),
            (RemedyAction::Insert, absent(), valid, NotCompared, "not yet"),
            (RemedyAction::Insert, unknown(), valid, NotCompared, "unknown"),
            (RemedyAction::Update, held(valid), valid, Consistent, "settled"),
            (RemedyAction::Update, held(valid), valid, Inconsistent, "not yet"),
            (RemedyAction::Update, held(expired), expired, NotCompared, "settled"),
            (RemedyAction::Update, held(None), expired, NotCompared, "unknown"),
            (RemedyAction::Update, absent(), valid, NotCompared, "contradicting"),
            (RemedyAction::Delete, held(revoked), revoked, NotCompared, "settled"),
            (RemedyAction::Delete, absent(), revoked, NotCompared, "settled"),
            (RemedyAction::Delete, held(valid), revoked, Inconsistent, "not yet"),
            (RemedyAction::Delete, held(expired), revoked, Inconsistent, "contradicting"),
            (RemedyAction::Delete, held(None), revoked, NotCompared, "unknown"),
        ] {
            let told = format!("{action:?} {province:?} {comparison:?}");
            let certificate = certificate(province, side(Some(true), "file", of_city), comparison);
            let found = effect_of(&remedy(action, RemedyState::Answered), &outcome(vec![certificate]));
            let found = match found {
                Effect::Settled => "settled",
                Effect::NotYet => "not yet",
                Effect::Contradicting(_) => "contradicting",
                Effect::Unknown => "unknown",
            };
            assert_eq!(found, expected, "{told}");
        }
    }

    #[test]
    fn an_insert_shows_under_the_identifier_that_it_was_answered_with() {
        let answered = |id: &str| Remedy {
            province_certificate_id: Some(id.to_owned()),
            ..remedy(RemedyAction::Insert, RemedyState::Answered)
        };
        let held = outcome(vec![certificate(side(Some(true), "P1", None), city(), Comparison::NotCompared)]);
        assert_eq!(effect_of(&answered("p1"), &held), Effect::Settled);
        assert!(matches!(effect_of(&answered("p2"), &held), Effect::Contradicting(_)));
    }

    #[test]
    fn among_several_certificates_the_citys_identifier_decides() {
        let other = certificate(side(Some(true), "p9", None), side(Some(true), "other", None), Comparison::NotCompared);
        let own = certificate(side(Some(false), "", None), city(), Comparison::NotCompared);
        let several = outcome(vec![other.clone(), own]);
        assert_eq!(effect_of(&remedy(RemedyAction::Insert, RemedyState::Answered), &several), Effect::NotYet);
        let others = outcome(vec![
            CertificateOutcome { number: Some("B2".to_owned()), ..other.clone() },
            CertificateOutcome { number: None, ..other },
        ]);
        assert_eq!(effect_of(&remedy(RemedyAction::Insert, RemedyState::Answered), &others), Effect::Unknown);
    }

    #[test]
    fn without_an_answer_and_without_effect_it_is_still_to_be_sent() {
        let at = DateTime::from_timestamp_millis(5).unwrap();
        let noted = |effect: &Effect, state| effect.noted(remedy(RemedyAction::Insert, state), at);
        assert_eq!(noted(&Effect::NotYet, RemedyState::Intended).state, RemedyState::Intended);
        assert_eq!(noted(&Effect::NotYet, RemedyState::Answered).state, RemedyState::NotSettled);
        assert_eq!(noted(&Effect::Settled, RemedyState::Intended).state, RemedyState::Settled);
        let unknown = noted(&Effect::Unknown, RemedyState::Answered);
        assert_eq!((unknown.state, unknown.verified_at), (RemedyState::Answered, None));
    }
}
