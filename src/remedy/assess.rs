//! Which notification to send about a certificate, and why, or why none: a pure function of a coverage row, the decision and
//! earlier notifications.

use super::decision::Decision;
use crate::audit::{Comparison, Status};
use crate::face::Lifecycle;
use crate::job::{RemediateSettings, RemedyAction};
use crate::journal::RemedyState;
use crate::message::Message;
use crate::table::Row;
use crate::table::schema::coverage;

/// The values of a coverage row that affect notifications.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub status: Option<Status>,
    pub is_inconsistent: bool,
    pub differences: i64,
    pub province: Option<Lifecycle>,
    pub city: Option<Lifecycle>,
    pub file_number: Option<&'a str>,
    pub province_id: Option<&'a str>,
    pub cert_type_code: &'a str,
    /// Whether another certificate of the province may be this one under another number.
    pub has_likely_same: bool,
    /// Whether a face could not be fetched.
    pub has_failed: bool,
}

impl<'a> Candidate<'a> {
    pub(super) fn of(row: Row<'a>) -> Self {
        let status = row.text(coverage::STATUS);
        let lifecycle = |column| {
            let name = row.text(column);
            Lifecycle::ALL.into_iter().find(|lifecycle| Some(lifecycle.name()) == name)
        };
        Self {
            status: Status::ALL.into_iter().find(|known| Some(known.name()) == status),
            is_inconsistent: row.text(coverage::COMPARISON) == Some(Comparison::Inconsistent.name()),
            differences: row.number(coverage::DIFFERENCE_COUNT).unwrap_or_default(),
            province: lifecycle(coverage::PROVINCE_LIFECYCLE),
            city: lifecycle(coverage::CITY_LIFECYCLE),
            file_number: row.text(coverage::CITY_CERTIFICATE_ID),
            province_id: row.text(coverage::PROVINCE_CERTIFICATE_ID),
            cert_type_code: row.text(coverage::CERT_TYPE_CODE).unwrap_or_default(),
            has_likely_same: row.number(coverage::LIKELY_SAME_AS).is_some(),
            has_failed: row.text(coverage::ERROR_KIND).is_some(),
        }
    }
}

/// Notification sent about a certificate so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// None.
    Never,
    /// Sent in this run, with this state.
    InThisRun(RemedyState),
    /// Sent in an earlier run, this many days ago.
    Before { days: i64 },
}

/// Whether a notification is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Sent unless a person decides against it.
    Proposed,
    /// Sent only if a person decides for it.
    Undecided,
    /// Not sent.
    Withheld,
}

/// Result of the assessment of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assessment {
    pub standing: Standing,
    /// Kind of the notification; `None` if none is possible.
    pub action: Option<RemedyAction>,
    pub reason: Message,
}

impl Assessment {
    pub(super) const fn withheld(action: Option<RemedyAction>, reason: Message) -> Self {
        Self { standing: Standing::Withheld, action, reason }
    }
}

/// Assesses a certificate. `told` returns the notification of a kind sent so far. Returns `None` if the two libraries agree and
/// there is no decision.
///
/// # Errors
/// Fails with the error of `told`.
pub(super) fn assess<E>(
    candidate: &Candidate<'_>,
    decision: Option<Decision>,
    settings: &RemediateSettings,
    told: impl FnOnce(RemedyAction) -> Result<Told, E>,
) -> Result<Option<Assessment>, E> {
    let Some(wanted) = wanted(candidate, decision) else { return Ok(None) };
    let Some(action) = wanted.action.filter(|_| wanted.standing != Standing::Withheld) else { return Ok(Some(wanted)) };
    let withheld = |reason| Ok(Some(Assessment::withheld(Some(action), reason)));
    if !settings.types.is_empty() && !settings.types.iter().any(|code| code == candidate.cert_type_code) {
        return withheld(Message::new("remedy-type-left-out"));
    }
    if !settings.allow.contains(&action) {
        return withheld(Message::new("remedy-not-allowed").with("action", action.word()));
    }
    if candidate.file_number.is_none() {
        return withheld(Message::new("remedy-no-file-number"));
    }
    if action == RemedyAction::Update && candidate.province_id.is_none() {
        return withheld(Message::new("remedy-no-province-id"));
    }
    match told(action)? {
        // Only the province's library shows whether it was sent, so it is queried before anything is sent.
        Told::InThisRun(RemedyState::Intended) => {
            return Ok(Some(Assessment { reason: Message::new("remedy-unanswered"), ..wanted }));
        }
        Told::InThisRun(state) => return withheld(Message::new("remedy-told").with_message("state", state_message(state))),
        Told::Before { days } if days <= i64::from(settings.overdue_days) => {
            return withheld(Message::new("remedy-told-before").with("days", days).with("most", settings.overdue_days));
        }
        Told::Never | Told::Before { .. } => {}
    }
    Ok(Some(wanted))
}

/// Returns what the row and the decision require, before other reasons are considered.
fn wanted(candidate: &Candidate<'_>, decision: Option<Decision>) -> Option<Assessment> {
    let nothing = |reason| Some(Assessment::withheld(None, reason));
    if decision == Some(Decision::Conflicting) {
        return nothing(Message::new("remedy-decisions-conflict"));
    }
    match candidate.status {
        Some(Status::CityOnly) => Some(of_city_alone(candidate, decision)),
        Some(Status::Both) => of_both(candidate, decision),
        Some(Status::ProvinceOnly) => nothing(Message::new("remedy-no-city")),
        Some(Status::Neither) => nothing(Message::new("remedy-neither")),
        Some(Status::Pending) => nothing(Message::new("remedy-pending")),
        Some(Status::Error) | None => nothing(Message::new("remedy-unknown")),
    }
}

fn of_city_alone(candidate: &Candidate<'_>, decision: Option<Decision>) -> Assessment {
    const ACTION: RemedyAction = RemedyAction::Insert;
    let withheld = |reason| Assessment::withheld(Some(ACTION), reason);
    match (candidate.city, decision) {
        (None, _) => withheld(Message::new("remedy-city-unknown")),
        (Some(Lifecycle::Valid), None | Some(Decision::Tell(ACTION))) => {
            let likely = candidate.has_likely_same;
            let reason = if likely { Message::new("remedy-only-city-likely") } else { Message::new("remedy-only-city") };
            Assessment { standing: Standing::Proposed, action: Some(ACTION), reason }
        }
        (Some(Lifecycle::Valid), Some(decision)) => withheld(decided_otherwise(decision)),
        (Some(state), _) => withheld(Message::new("remedy-city-not-valid").with_message("state", lifecycle_message(state))),
    }
}

fn of_both(candidate: &Candidate<'_>, decision: Option<Decision>) -> Option<Assessment> {
    let is_void = (candidate.province, candidate.city) == (Some(Lifecycle::Valid), Some(Lifecycle::Revoked));
    let void = || Message::new("remedy-void");
    let differs = || Message::new("remedy-differs").with("count", candidate.differences);
    let proposed = |action, reason| Some(Assessment { standing: Standing::Proposed, action: Some(action), reason });
    let undecided = |action, reason| Some(Assessment { standing: Standing::Undecided, action: Some(action), reason });
    let withheld = |action, reason| Some(Assessment::withheld(action, reason));
    match decision {
        Some(Decision::Tell(RemedyAction::Delete)) if is_void => proposed(RemedyAction::Delete, void()),
        Some(Decision::Tell(RemedyAction::Delete)) => withheld(Some(RemedyAction::Delete), Message::new("remedy-unfit-delete")),
        Some(Decision::Tell(RemedyAction::Update)) if candidate.is_inconsistent => proposed(RemedyAction::Update, differs()),
        Some(Decision::Tell(RemedyAction::Update)) => withheld(Some(RemedyAction::Update), Message::new("remedy-unfit-update")),
        Some(Decision::Tell(RemedyAction::Insert)) => withheld(Some(RemedyAction::Insert), Message::new("remedy-unfit-insert")),
        Some(other) if candidate.is_inconsistent => withheld(None, decided_otherwise(other)),
        None if is_void => undecided(RemedyAction::Delete, Message::new("remedy-void-undecided")),
        None if candidate.is_inconsistent => {
            undecided(RemedyAction::Update, Message::new("remedy-differs-undecided").with("count", candidate.differences))
        }
        None if candidate.has_failed => withheld(None, Message::new("remedy-not-compared")),
        Some(_) | None => None,
    }
}

fn decided_otherwise(decision: Decision) -> Message {
    Message::new("remedy-decided-otherwise").with_message("decision", decision_message(decision))
}

/// Returns a decision as a message.
fn decision_message(decision: Decision) -> Message {
    match decision {
        Decision::Tell(RemedyAction::Insert) => Message::new("decision-insert"),
        Decision::Tell(RemedyAction::Update) => Message::new("decision-update"),
        Decision::Tell(RemedyAction::Delete) => Message::new("decision-delete"),
        Decision::NothingToDo => Message::new("decision-nothing_to_do"),
        Decision::DataWrong => Message::new("decision-data_wrong"),
        Decision::Other => Message::new("decision-other"),
        Decision::Conflicting => Message::new("decision-conflicting"),
    }
}

/// Returns the state of a notification as a message.
pub(crate) fn state_message(state: RemedyState) -> Message {
    match state {
        RemedyState::Intended => Message::new("remedy-state-intended"),
        RemedyState::Answered => Message::new("remedy-state-answered"),
        RemedyState::Settled => Message::new("remedy-state-settled"),
        RemedyState::NotSettled => Message::new("remedy-state-not_settled"),
        RemedyState::Contradicting => Message::new("remedy-state-contradicting"),
        RemedyState::Refused => Message::new("remedy-state-refused"),
    }
}

/// Returns the lifecycle state of a certificate as a message.
pub(super) fn lifecycle_message(lifecycle: Lifecycle) -> Message {
    match lifecycle {
        Lifecycle::Valid => Message::new("lifecycle-valid"),
        Lifecycle::Revoked => Message::new("lifecycle-revoked"),
        Lifecycle::Expired => Message::new("lifecycle-expired"),
        Lifecycle::Restricted => Message::new("lifecycle-restricted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    const CITY_ONLY: Candidate<'_> = Candidate {
        status: Some(Status::CityOnly),
        is_inconsistent: false,
        differences: 0,
        province: None,
        city: Some(Lifecycle::Valid),
        file_number: Some("file"),
        province_id: None,
        cert_type_code: "T",
        has_likely_same: false,
        has_failed: false,
    };
    const DIFFERING: Candidate<'_> = Candidate {
        status: Some(Status::Both),
        is_inconsistent: true,
        differences: 2,
        province: Some(Lifecycle::Valid),
        province_id: Some("province"),
        ..CITY_ONLY
    };
    const VOID: Candidate<'_> = Candidate { city: Some(Lifecycle::Revoked), differences: 1, ..DIFFERING };
    const INSERT: Option<Decision> = Some(Decision::Tell(RemedyAction::Insert));
    const UPDATE: Option<Decision> = Some(Decision::Tell(RemedyAction::Update));
    const DELETE: Option<Decision> = Some(Decision::Tell(RemedyAction::Delete));

    fn everything() -> RemediateSettings {
        RemediateSettings { allow: RemedyAction::IN_ORDER.to_vec(), ..RemediateSettings::default() }
    }

    fn assessed(candidate: &Candidate<'_>, decision: Option<Decision>, told: Told) -> Option<(Standing, &'static str, String)> {
        let Ok(found) = assess(candidate, decision, &everything(), |_| Ok::<_, Infallible>(told));
        found.map(|found| (found.standing, found.action.map_or("-", RemedyAction::word), found.reason.code().to_owned()))
    }

    #[test]
    fn each_row_has_what_it_asks_for_and_a_reason() {
        use Standing::{Proposed, Undecided, Withheld};
        let unlike = Candidate { has_likely_same: true, ..CITY_ONLY };
        let consistent = Candidate { is_inconsistent: false, differences: 0, ..DIFFERING };
        let failed = Candidate { has_failed: true, ..consistent };
        let expired = Candidate { city: Some(Lifecycle::Expired), ..CITY_ONLY };
        let unseen = Candidate { city: None, ..CITY_ONLY };
        let of = |status| Candidate { status: Some(status), ..CITY_ONLY };
        for (candidate, decision, standing, action, reason) in [
            (CITY_ONLY, None, Proposed, "insert", "remedy-only-city"),
            (CITY_ONLY, INSERT, Proposed, "insert", "remedy-only-city"),
            (unlike, None, Proposed, "insert", "remedy-only-city-likely"),
            (CITY_ONLY, Some(Decision::NothingToDo), Withheld, "insert", "remedy-decided-otherwise"),
            (CITY_ONLY, Some(Decision::Other), Withheld, "insert", "remedy-decided-otherwise"),
            (CITY_ONLY, DELETE, Withheld, "insert", "remedy-decided-otherwise"),
            (CITY_ONLY, Some(Decision::Conflicting), Withheld, "-", "remedy-decisions-conflict"),
            (expired, INSERT, Withheld, "insert", "remedy-city-not-valid"),
            (unseen, None, Withheld, "insert", "remedy-city-unknown"),
            (DIFFERING, UPDATE, Proposed, "update", "remedy-differs"),
            (DIFFERING, None, Undecided, "update", "remedy-differs-undecided"),
            (DIFFERING, DELETE, Withheld, "delete", "remedy-unfit-delete"),
            (DIFFERING, INSERT, Withheld, "insert", "remedy-unfit-insert"),
            (DIFFERING, Some(Decision::DataWrong), Withheld, "-", "remedy-decided-otherwise"),
            (VOID, DELETE, Proposed, "delete", "remedy-void"),
            (VOID, UPDATE, Proposed, "update", "remedy-differs"),
            (VOID, None, Undecided, "delete", "remedy-void-undecided"),
            (consistent, UPDATE, Withheld, "update", "remedy-unfit-update"),
            (failed, None, Withheld, "-", "remedy-not-compared"),
            (of(Status::ProvinceOnly), DELETE, Withheld, "-", "remedy-no-city"),
            (of(Status::Neither), None, Withheld, "-", "remedy-neither"),
            (of(Status::Error), None, Withheld, "-", "remedy-unknown"),
            (of(Status::Pending), None, Withheld, "-", "remedy-pending"),
        ] {
            let expected = Some((standing, action, reason.to_owned()));
            assert_eq!(assessed(&candidate, decision, Told::Never), expected, "{candidate:?} {decision:?}");
        }
        assert_eq!(assessed(&consistent, None, Told::Never), None);
        assert_eq!(assessed(&consistent, Some(Decision::NothingToDo), Told::Never), None);
    }

    #[test]
    fn what_was_told_is_not_told_again_but_for_what_had_no_answer_or_no_effect_for_days() {
        for (told, standing, reason) in [
            (Told::InThisRun(RemedyState::Answered), Standing::Withheld, "remedy-told"),
            (Told::InThisRun(RemedyState::Refused), Standing::Withheld, "remedy-told"),
            (Told::InThisRun(RemedyState::NotSettled), Standing::Withheld, "remedy-told"),
            (Told::InThisRun(RemedyState::Intended), Standing::Proposed, "remedy-unanswered"),
            (Told::Before { days: 7 }, Standing::Withheld, "remedy-told-before"),
            (Told::Before { days: 8 }, Standing::Proposed, "remedy-only-city"),
        ] {
            assert_eq!(assessed(&CITY_ONLY, None, told), Some((standing, "insert", reason.to_owned())), "{told:?}");
        }
    }

    #[test]
    fn the_job_and_missing_identifiers_withhold_what_is_decided() {
        let never = |_| Ok::<_, Infallible>(Told::Never);
        let reason = |candidate: &Candidate<'_>, decision, settings: &RemediateSettings| {
            let Ok(found) = assess(candidate, decision, settings, never);
            let found = found.unwrap();
            (found.standing, found.reason.code().to_owned())
        };
        let withheld = |reason: &str| (Standing::Withheld, reason.to_owned());
        let usual = RemediateSettings::default();
        assert_eq!(reason(&DIFFERING, UPDATE, &usual), withheld("remedy-not-allowed"));
        assert_eq!(reason(&VOID, None, &usual), withheld("remedy-not-allowed"));
        let of_others = RemediateSettings { types: vec!["U".to_owned()], ..everything() };
        assert_eq!(reason(&CITY_ONLY, None, &of_others), withheld("remedy-type-left-out"));
        let without_file = Candidate { file_number: None, ..CITY_ONLY };
        assert_eq!(reason(&without_file, None, &everything()), withheld("remedy-no-file-number"));
        let without_id = Candidate { province_id: None, ..DIFFERING };
        assert_eq!(reason(&without_id, UPDATE, &everything()), withheld("remedy-no-province-id"));
    }
}
