//! Audit items as tasks: read from the journal, carried through [`step`], kept in the journal.

use super::calling::{Calling, Progress};
use super::dispatcher::{DispatcherSettings, Tally};
use super::event::StopCause;
use super::stops::UnpublishedTypes;
use super::task::{CallReply, Need, NoWork, Task};
use super::writer::Writer;
use super::{Forgotten, RetryScope, forget_failures};
use crate::audit::{Answer, AuditSettings, Call, CertificateOutcome, Item, Outcome, Reply, Status, Step, step};
use crate::interrupt::Interrupts;
use crate::job::Purpose;
use crate::journal::{Journal, JournalError, NewAnswer, PlanCounts, Record, StoredItem};
use crate::message::Message;
use crate::platform::{AttemptTotals, ErrorKind, Failure, Request, Session};
use chrono::Utc;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, spawn_blocking};

/// Items that are read from the journal at a time.
const BATCH: u32 = 256;
/// Batches that wait to be taken up at most.
const WAITING: usize = 2;

/// What an audit's calling works with.
#[derive(Debug)]
pub struct Engine {
    /// The journal's file.
    pub journal: PathBuf,
    /// The session with the platform.
    pub session: Arc<Session>,
    /// How far to look.
    pub settings: AuditSettings,
    /// The purpose of the calls.
    pub purpose: Purpose,
    /// Items that are taken up at most.
    pub limit: Option<u64>,
    /// The process's signals.
    pub interrupts: Interrupts,
}

/// How an audit's calling ended.
#[derive(Debug)]
pub struct EngineReport {
    /// Why it stopped before the end; `None` where every item is finished.
    pub stop: Option<StopCause>,
    /// Counters of this process.
    pub tally: Tally,
    /// What attempts came to, token requests included.
    pub totals: AttemptTotals,
}

/// What all items of an audit share.
#[derive(Debug)]
struct AuditContext {
    settings: AuditSettings,
    purpose: Purpose,
    unpublished: UnpublishedTypes,
    /// The latest failure, for the case that nothing is ever answered.
    latest_failure: Mutex<Option<Failure>>,
}

/// An item on its way to its outcome.
#[derive(Debug)]
pub struct AuditTask {
    item_id: u64,
    item: Item,
    answers: Vec<Answer>,
    /// Place of the next answer among the item's.
    place: u32,
    step: Step,
    /// Which of the calls that `step` asks for is next.
    next_call: usize,
    has_failed_before: bool,
    /// Whether its end is kept in the journal.
    is_finished: bool,
    context: Arc<AuditContext>,
}

impl AuditTask {
    fn new(stored: StoredItem, context: &Arc<AuditContext>) -> Self {
        let StoredItem { item_id, item, answers, spent_before, .. } = stored;
        let place = answers.iter().map(|stored| stored.place + 1).max().unwrap_or_default();
        let answers: Vec<Answer> = answers.into_iter().map(|stored| stored.answer).collect();
        let step = step(&item, &answers, &context.settings);
        Self {
            item_id,
            item,
            answers,
            place,
            step,
            next_call: 0,
            has_failed_before: spent_before != (0, 0),
            is_finished: false,
            context: Arc::clone(context),
        }
    }

    /// The statuses of its certificates; none before its end.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        match &self.step {
            Step::Done(outcome) => outcome.certificates.iter().map(CertificateOutcome::status).collect(),
            Step::Ask(_) => Vec::new(),
        }
    }

    /// The call that it needs next.
    fn call(&self) -> Option<&Call> {
        match &self.step {
            Step::Ask(calls) => calls.get(self.next_call),
            Step::Done(_) => None,
        }
    }

    fn record(&mut self, answer: Option<NewAnswer>) -> Record {
        let finished = if let Step::Done(outcome) = &self.step { Some(has_failed(outcome)) } else { None };
        self.is_finished = finished.is_some();
        Record { item_id: self.item_id, at: Utc::now(), answer, finished }
    }
}

fn has_failed(outcome: &Outcome) -> bool {
    !outcome.troubles.is_empty()
}

impl Task for AuditTask {
    type Record = Record;
    type Work = NoWork;

    fn id(&self) -> u64 {
        self.item_id
    }

    fn has_failed_before(&self) -> bool {
        self.has_failed_before
    }

    fn next(&mut self) -> Need<Record> {
        match (&self.step, self.call()) {
            (Step::Ask(_), Some(call)) if self.context.unpublished.contains(&self.item.cert_type_code, call) => {
                Need::KnownFailure(type_unpublished())
            }
            (Step::Ask(_), Some(call)) => Need::Call(call.request(&self.item, &self.context.purpose)),
            (Step::Ask(_), None) => Need::Nothing(None),
            (Step::Done(_), _) if self.is_finished => Need::Nothing(None),
            // All its answers had come when an earlier process ended.
            (Step::Done(_), _) => Need::Nothing(Some(self.record(None))),
        }
    }

    fn take(&mut self, reply: CallReply, attempts: u32) -> Option<Record> {
        let call = self.call().cloned()?;
        let (result, reply) = match reply {
            Ok((body, envelope)) => (Ok(body), Reply::Received(envelope)),
            Err(failure) => (Err(failure.clone()), Reply::Failed(failure)),
        };
        let failure = result.as_ref().err();
        if attempts > 0 {
            self.context.unpublished.note(&self.item.cert_type_code, &call, failure);
        }
        if let Some(failure) = failure {
            *self.context.latest_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure.clone());
        }
        self.answers.push(Answer { call: call.clone(), reply });
        self.next_call += 1;
        if self.call().is_none() {
            self.step = step(&self.item, &self.answers, &self.context.settings);
            self.next_call = 0;
        }
        let place = self.place;
        self.place += 1;
        Some(self.record(Some(NewAnswer { place, call, result, attempts })))
    }

    fn take_product(&mut self, product: Infallible) {
        match product {}
    }
}

/// The failure of a call about a type that is known to be unpublished, so that no call is spent on it.
fn type_unpublished() -> Failure {
    /// 证照类型不存在或未发布 (specification, return codes).
    const CODE: i32 = 13;
    Failure::new(ErrorKind::TypeUnpublished, Some(CODE))
}

/// Asks the platform about every unfinished item, until all are finished or there is a reason to stop. What was answered by
/// then is in the journal. Of the attempts that a call may have, the last is made when everything else has been asked: what
/// failed in a way that may pass has had the most time to. `watch` is told of each finished item, and several times a second how the calling stands.
pub async fn run(
    engine: Engine,
    plan: PlanCounts,
    watch: &mut dyn FnMut(Progress<'_, AuditTask>),
    mut taken_back: impl FnMut(&Forgotten),
) -> EngineReport {
    let context = Arc::new(AuditContext {
        settings: engine.settings.clone(),
        purpose: engine.purpose.clone(),
        unpublished: UnpublishedTypes::default(),
        latest_failure: Mutex::default(),
    });
    let session = Arc::clone(&engine.session);
    let attempts = session.retry().attempts;
    let settings = DispatcherSettings {
        attempts,
        backoff: session.retry().backoff.clone(),
        most_open: session.throttle().most_in_flight() + session.throttle().pause_settings().attempts as usize,
        is_answered: plan.answered,
        known_good: match known_good(&engine.journal, &engine.purpose).await {
            Ok(known_good) => known_good,
            Err(error) => return failed(&session, error),
        },
    };
    let mut calling = Calling::new(Arc::clone(&session), &engine.interrupts, settings, watch);
    let (at_first, at_last) = (attempts.saturating_sub(1).max(1), u32::from(attempts > 1));
    one_pass(&mut calling, &engine, &context, at_first).await;
    if !calling.is_stopped() && calling.tally().failed_calls > 0 && at_last > 0 {
        match forget(&engine, RetryScope::Passing).await {
            Ok(Forgotten { items: 0, .. }) => {}
            Ok(forgotten) => {
                tracing::info!(items = forgotten.items, "asking once more what failed in a way that may pass");
                taken_back(&forgotten);
                calling.doubt_platform();
                one_pass(&mut calling, &engine, &context, at_last).await;
            }
            Err(error) => calling.stop(StopCause::Internal(error)),
        }
    }
    let tally = *calling.tally();
    let latest = context.latest_failure.lock().unwrap_or_else(PoisonError::into_inner).clone();
    EngineReport { stop: calling.conclude(latest.as_ref()), tally, totals: session.totals() }
}

fn failed(session: &Session, error: Message) -> EngineReport {
    EngineReport { stop: Some(StopCause::Internal(error)), tally: Tally::default(), totals: session.totals() }
}

/// Carries every unfinished item to its end, each call with at most `attempts` attempts.
async fn one_pass(calling: &mut Calling<'_, AuditTask>, engine: &Engine, context: &Arc<AuditContext>, attempts: u32) {
    let path = engine.journal.clone();
    let mut journal = match on_a_thread(move || Journal::open(&path)).await {
        Ok(journal) => journal,
        Err(error) => return calling.stop(StopCause::Internal(error)),
    };
    let append = move |records: &[Record]| journal.append(records).map_err(|error| error.to_message());
    let mut writer = Writer::start(append);
    let (tasks, reading) = read_tasks(engine, context);
    calling.pass(attempts, tasks, &mut writer).await;
    let read = match reading.await {
        Ok(read) => read.map_err(|error| error.to_message()),
        Err(error) => Err(Message::new("thread-ended").with("cause", error)),
    };
    for result in [writer.finish().await, read] {
        if let Err(error) = result {
            calling.stop(StopCause::Internal(error));
        }
    }
}

/// Reads the unfinished items among the first `limit`, on a thread of its own, as fast as they are taken up.
fn read_tasks(engine: &Engine, context: &Arc<AuditContext>) -> (Receiver<Vec<AuditTask>>, JoinHandle<Result<(), JournalError>>) {
    let (sender, receiver) = channel(WAITING);
    let (path, limit, context) = (engine.journal.clone(), engine.limit, Arc::clone(context));
    (receiver, spawn_blocking(move || send_tasks(&path, limit, &context, &sender)))
}

/// Sends the items in order; those that have failed before come last, so that a run goes on even where they fail again.
fn send_tasks(
    journal: &Path,
    limit: Option<u64>,
    context: &Arc<AuditContext>,
    tasks: &Sender<Vec<AuditTask>>,
) -> Result<(), JournalError> {
    let journal = Journal::open(journal)?;
    // The first item that is not taken up; ids have gaps where only some items are planned.
    let end = limit.map_or(Ok(None), |limit| journal.nth_item(limit))?;
    for has_failed_before in [false, true] {
        let mut from = 0;
        loop {
            let mut batch = journal.unfinished(from, BATCH, has_failed_before)?;
            let Some(last) = batch.last() else { break };
            from = last.item_id + 1;
            if let Some(end) = end {
                batch.retain(|item| item.item_id < end);
            }
            if batch.is_empty() {
                break;
            }
            let batch = batch.into_iter().map(|stored| AuditTask::new(stored, context)).collect();
            if tasks.blocking_send(batch).is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A call of the run that was answered, where there is one: asked again, it can only fail where the platform does.
pub(crate) async fn known_good(journal: &Path, purpose: &Purpose) -> Result<Option<Request>, Message> {
    let (path, purpose) = (journal.to_owned(), purpose.clone());
    on_a_thread(move || {
        let answered = Journal::open(&path)?.answered_item()?;
        Ok(answered.map(|item| Call::State { number: item.certificate_number.clone() }.request(&item, &purpose)))
    })
    .await
}

async fn forget(engine: &Engine, scope: RetryScope) -> Result<Forgotten, Message> {
    let (path, settings) = (engine.journal.clone(), engine.settings.clone());
    on_a_thread(move || forget_failures(&mut Journal::open(&path)?, &settings, scope)).await
}

/// Does a piece of work with the journal on a thread that may block.
///
/// # Errors
/// Fails if the work does, or if its thread ends early.
pub(crate) async fn on_a_thread<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, JournalError> + Send + 'static,
) -> Result<R, Message> {
    match spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| error.to_message()),
        Err(error) => Err(Message::new("thread-ended").with("cause", error)),
    }
}
