//! Verification of notifications as tasks of the engine. The province's library is queried through `step`, so that an audit and a
//! verification cannot disagree.

use super::effect::{Effect, effect_of};
use super::ledger::{JournalPlace, Ledger};
use crate::audit::{Answer, AuditSettings, Call, Item, Reply, Step, step};
use crate::engine::{CallReply, Need, NoWork, Task};
use crate::job::{AuditKeys, Certificates, Depth, Purpose, RemedyAction};
use crate::journal::{JournalError, Remedy};
use chrono::Utc;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// State shared by all verifications.
#[derive(Debug)]
pub(super) struct CheckContext {
    pub settings: AuditSettings,
    pub purpose: Purpose,
}

/// A notification being verified.
#[derive(Debug)]
pub(super) struct CheckTask {
    id: u64,
    remedy: Remedy,
    item: Item,
    settings: AuditSettings,
    answers: Vec<Answer>,
    step: Step,
    /// Index of the next call that `step` asks for.
    next_call: usize,
    effect: Effect,
    context: Arc<CheckContext>,
}

impl CheckTask {
    fn new(id: u64, remedy: Remedy, item: Item, context: &Arc<CheckContext>) -> Self {
        let shown = remedy.certificate_number.clone().filter(|_| remedy.action != RemedyAction::Update);
        // An update can change the number in the province's library, so the certificate is looked up by the city's identifier.
        let number = shown.or_else(|| item.certificate_number.clone());
        // Interface 13 alone answers whether the province holds a number. Its content and state need further calls.
        let is_by_flag = remedy.action == RemedyAction::Insert && number.is_some();
        let depth = if is_by_flag { Depth::Existence } else { Depth::Faces };
        let keys = AuditKeys { depth, certificates: Certificates::Auto };
        let settings = AuditSettings { keys, ..context.settings.clone() };
        let item = Item { certificate_number: number, ..item };
        let step = step(&item, &[], &settings);
        Self {
            id,
            remedy,
            item,
            settings,
            answers: Vec::new(),
            step,
            next_call: 0,
            effect: Effect::Unknown,
            context: Arc::clone(context),
        }
    }

    /// Returns the notification in its current state.
    pub(super) const fn remedy(&self) -> &Remedy {
        &self.remedy
    }

    /// Returns the effect found.
    pub(super) const fn effect(&self) -> &Effect {
        &self.effect
    }

    fn call(&self) -> Option<&Call> {
        match &self.step {
            Step::Ask(calls) => calls.get(self.next_call),
            Step::Done(_) => None,
        }
    }
}

impl Task for CheckTask {
    type Record = Remedy;
    type Work = NoWork;

    fn id(&self) -> u64 {
        self.id
    }

    fn has_failed_before(&self) -> bool {
        false
    }

    fn next(&mut self) -> Need<Remedy> {
        match self.call() {
            Some(call) => Need::Call(call.request(&self.item, &self.context.purpose)),
            None => Need::Nothing(None),
        }
    }

    fn take(&mut self, reply: CallReply, _: u32) -> Option<Remedy> {
        let call = self.call()?.clone();
        let reply = match reply {
            Ok((_, envelope)) => Reply::Received(envelope),
            Err(failure) => Reply::Failed(failure),
        };
        self.answers.push(Answer { call, reply });
        self.next_call += 1;
        if self.call().is_none() {
            self.step = step(&self.item, &self.answers, &self.settings);
            self.next_call = 0;
        }
        let Step::Done(outcome) = &self.step else { return None };
        self.effect = effect_of(&self.remedy, outcome);
        self.remedy = self.effect.noted(self.remedy.clone(), Utc::now());
        Some(self.remedy.clone())
    }

    fn take_product(&mut self, product: Infallible) {
        match product {}
    }
}

/// Number of verifications passed to the engine together.
const BATCH: usize = 16;

/// Sends verifications to the engine as fast as it takes them.
pub(super) fn check_tasks(
    places: &[JournalPlace],
    remedies: Vec<Remedy>,
    context: &Arc<CheckContext>,
    tasks: &Sender<Vec<CheckTask>>,
) -> Result<(), JournalError> {
    let ledger = Ledger::open(places)?;
    let mut batch = Vec::new();
    for (id, remedy) in (0..).zip(remedies) {
        if let Some(item) = ledger.item(remedy.item_id)? {
            batch.push(CheckTask::new(id, remedy, item, context));
        }
        if batch.len() == BATCH && tasks.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(());
        }
    }
    // Fails if the calls have stopped; the rest is dropped then.
    let _ = tasks.blocking_send(batch);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::CodeTable;
    use crate::face::FaceRules;
    use crate::job::FaceSettings;
    use crate::journal::RemedyState;
    use crate::platform::Envelope;
    use chrono::DateTime;

    fn check(action: RemedyAction, number: Option<&str>) -> CheckTask {
        let remedy = Remedy {
            item_id: 1,
            certificate_index: 0,
            action,
            file_number: "f1".to_owned(),
            certificate_number: number.map(str::to_owned),
            province_certificate_id: None,
            state: RemedyState::Answered,
            code: None,
            message: None,
            sent_at: DateTime::default(),
            verified_at: None,
        };
        let item = Item {
            holder_code: "370499199001010007".to_owned(),
            holder_code_type: "111".to_owned(),
            cert_type_code: "11100000000013338W008".to_owned(),
            certificate_number: None,
        };
        let keys = AuditKeys { depth: Depth::Existence, certificates: Certificates::List };
        let faces = Arc::new(FaceRules::new(&FaceSettings::default()));
        let settings = AuditSettings { keys, faces, codes: CodeTable::default() };
        let purpose = Purpose {
            system_name: "s".to_owned(),
            call_category: 1,
            matter_name: "m".to_owned(),
            event_code: "e".to_owned(),
            copy_cause: "c".to_owned(),
            call_district: None,
            call_department: None,
            district_level: None,
        };
        CheckTask::new(0, remedy, item, &Arc::new(CheckContext { settings, purpose }))
    }

    /// Carries a check to its end with these answers; the interfaces that it asked, in order.
    fn carried(task: &mut CheckTask, answers: &[&str]) -> Vec<&'static str> {
        let mut asked = Vec::new();
        for answer in answers {
            let Need::Call(request) = task.next() else { break };
            asked.push(request.endpoint().name());
            task.take(Ok(((*answer).to_owned().into(), Envelope::parse(answer.as_bytes()).unwrap())), 1);
        }
        assert!(matches!(task.next(), Need::Nothing(None)), "it needs more than {asked:?}");
        asked
    }

    const BOTH: &str = r#"{"head":{"status":0,"shengIsExists":"1","shiIsExists":"1"},
        "data":{"dataList":[{"certno":"A1","cert_identifier":"p1","fileNumber":"f1"}]}}"#;
    const CITY_ALONE: &str =
        r#"{"head":{"status":0,"shengIsExists":"0","shiIsExists":"1"},"data":{"dataList":[{"fileNumber":"f1"}]}}"#;
    const REVOKED: &str = r#"{"head":{"status":21},"data":null}"#;

    #[test]
    fn an_insert_is_checked_by_one_call_with_the_number() {
        let mut task = check(RemedyAction::Insert, Some("A1"));
        assert_eq!(carried(&mut task, &[BOTH]), ["shengShiStateInfo"]);
        assert_eq!(task.effect(), &Effect::Settled);
        let mut task = check(RemedyAction::Insert, Some("A1"));
        carried(&mut task, &[CITY_ALONE]);
        assert_eq!((task.effect(), task.remedy().state), (&Effect::NotYet, RemedyState::NotSettled));
    }

    #[test]
    fn an_update_is_looked_for_without_the_number_that_it_may_have_changed() {
        let task = check(RemedyAction::Update, Some("A1"));
        assert_eq!(task.item.certificate_number, None);
        assert_eq!(task.call(), Some(&Call::State { number: None }));
    }

    #[test]
    fn a_delete_is_settled_when_the_province_says_that_it_is_void() {
        let mut task = check(RemedyAction::Delete, Some("A1"));
        let asked = carried(&mut task, &[BOTH, REVOKED, REVOKED]);
        assert_eq!(asked[0], "shengShiStateInfo");
        assert!(asked[1..].iter().all(|name| *name == "ShareQueryCertInfoByHo"), "{asked:?}");
        assert_eq!(task.effect(), &Effect::Settled);
    }
}
