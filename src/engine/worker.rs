//! Carries items through `step`, one at a time.

use super::Engine;
use super::event::Event;
use super::feeder::Queue;
use super::stops::UnpublishedTypes;
use crate::audit::{Answer, CertificateOutcome, Outcome, Reply, Status, Step, step};
use crate::codes::return_code;
use crate::journal::{NewAnswer, Record, StoredItem};
use crate::platform::{CallResult, ErrorKind, Failure};
use chrono::Utc;
use std::sync::Arc;
use tokio::sync::mpsc::Sender;

/// What all workers share.
#[derive(Debug)]
pub(super) struct Workshop {
    pub engine: Arc<Engine>,
    pub items: Queue,
    pub records: Sender<Record>,
    pub events: Sender<Event>,
    pub unpublished: Arc<UnpublishedTypes>,
}

/// Works until there are no more items, or the run stops.
pub(super) async fn work(shop: Arc<Workshop>) {
    while !shop.engine.stopping.is_cancelled() {
        let next = shop.engine.stopping.run_until_cancelled(shop.items.next()).await;
        let Some(Some(item)) = next else { return };
        if audit(&shop, item).await.is_none() {
            return;
        }
    }
}

/// Audits an item to its end; none where the run stops before.
async fn audit(shop: &Workshop, stored: StoredItem) -> Option<()> {
    let StoredItem { item_id, item, answers, .. } = stored;
    let settings = &shop.engine.settings;
    let mut place = answers.iter().map(|stored| stored.place + 1).max().unwrap_or_default();
    let mut answers: Vec<Answer> = answers.into_iter().map(|stored| stored.answer).collect();
    let mut next = step(&item, &answers, settings);
    if let Step::Done(outcome) = &next {
        // All its answers had come when an earlier process ended.
        let record = Record { item_id, at: Utc::now(), answer: None, finished: Some(has_failed(outcome)) };
        shop.records.send(record).await.ok()?;
        return shop.events.send(Event::Finished(statuses(outcome))).await.ok();
    }
    while let Step::Ask(call) = next {
        let unpublished = shop.unpublished.contains(&item.cert_type_code, &call);
        let result = if unpublished {
            type_unpublished()
        } else {
            shop.engine.session.call(&call.request(&item, &shop.engine.purpose)).await
        };
        let (result, reply, attempts) = match result {
            CallResult::Answer { body, envelope, attempts } => (Ok(body), Reply::Received(envelope), attempts),
            CallResult::Failed { failure, attempts } => (Err(failure.clone()), Reply::Failed(failure), attempts),
            CallResult::Stopped(reason) => {
                let _ = shop.events.send(Event::Stop(reason)).await;
                return None;
            }
        };
        let failure = result.as_ref().err().cloned();
        if !unpublished {
            shop.unpublished.note(&item.cert_type_code, &call, failure.as_ref());
        }
        answers.push(Answer { call: call.clone(), reply });
        next = step(&item, &answers, settings);
        let outcome = if let Step::Done(outcome) = &next { Some(outcome) } else { None };
        let answer = NewAnswer { place, call, result, attempts };
        let record = Record { item_id, at: Utc::now(), answer: Some(answer), finished: outcome.map(has_failed) };
        shop.records.send(record).await.ok()?;
        shop.events.send(Event::Called { failure, attempts, finished: outcome.map(statuses) }).await.ok()?;
        place += 1;
    }
    Some(())
}

fn has_failed(outcome: &Outcome) -> bool {
    !outcome.troubles.is_empty()
}

fn statuses(outcome: &Outcome) -> Vec<Status> {
    outcome.certificates.iter().map(CertificateOutcome::status).collect()
}

/// What is known already, so that no call is spent on it.
fn type_unpublished() -> CallResult {
    const CODE: i32 = 13;
    let message = return_code(CODE).map_or_else(String::new, |line| line.text_zh.clone());
    CallResult::Failed { failure: Failure { kind: ErrorKind::TypeUnpublished, code: Some(CODE), message }, attempts: 0 }
}
