//! One pass over tasks of any kind, for whoever has other tasks than an audit's items.

use super::calling::{Calling, Progress};
use super::dispatcher::{DispatcherSettings, Tally};
use super::event::StopCause;
use super::task::Task;
use super::writer::Writer;
use crate::interrupt::Interrupts;
use crate::journal::JournalError;
use crate::message::Message;
use crate::platform::{Request, Session};
use std::sync::Arc;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;

/// Batches of tasks that wait to be taken up at most.
const WAITING: usize = 1;

/// What a pass works with.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    /// The session with the platform.
    pub session: Arc<Session>,
    /// The process's signals.
    pub interrupts: &'a Interrupts,
    /// Attempts of a call at most. A call that changes the province's library has one, whatever is set here.
    pub attempts: u32,
    /// Whether calls of this kind have been answered before: then a refusal is the single call's.
    pub is_answered: bool,
    /// A call that was answered before and changes nothing, for probes.
    pub known_good: Option<Request>,
}

/// How a pass ended.
#[derive(Debug)]
pub(crate) struct PassEnd {
    /// Why it stopped before the end; `None` where every task came to its end.
    pub stop: Option<StopCause>,
    /// Counters of the pass.
    pub tally: Tally,
}

/// Carries every task that `source` sends to its end, or stops. `source` runs on a thread that may block, and ends early where
/// nobody takes what it sends; `append` keeps all records that it is given, or none. `watch` is told of each finished task, and
/// several times a second how the calling stands.
pub(crate) async fn carry<T: Task>(
    pass: Pass<'_>,
    source: impl FnOnce(&Sender<Vec<T>>) -> Result<(), JournalError> + Send + 'static,
    mut append: impl FnMut(&[T::Record]) -> Result<(), JournalError> + Send + 'static,
    watch: &mut dyn FnMut(Progress<'_, T>),
) -> PassEnd {
    let Pass { session, interrupts, attempts, is_answered, known_good } = pass;
    let settings = DispatcherSettings {
        attempts,
        backoff: session.retry().backoff.clone(),
        patience: session.throttle().pause_settings().patience,
        // No more than can be in flight: what a source has sent may have been noted as begun.
        most_open: session.throttle().most_in_flight(),
        is_answered,
        known_good,
    };
    let mut calling = Calling::new(session, interrupts, settings, watch);
    let append = move |records: &[T::Record]| append(records).map_err(|error| error.to_message());
    let mut writer = Writer::start(append);
    let (sender, tasks) = channel(WAITING);
    let reading = spawn_blocking(move || source(&sender));
    calling.pass(attempts, tasks, &mut writer).await;
    let written = writer.finish().await;
    let read = match reading.await {
        Ok(read) => read.map_err(|error| error.to_message()),
        Err(error) => Err(Message::new("thread-ended").with("cause", error)),
    };
    for error in [written, read].into_iter().filter_map(Result::err) {
        calling.stop(StopCause::Internal(error));
    }
    let tally = *calling.tally();
    PassEnd { stop: calling.conclude(None), tally }
}

#[cfg(test)]
mod tests {
    use super::super::dispatcher::Dispatcher;
    use super::super::event::{Event, Flight};
    use super::super::task::{CallReply, Need, NoWork};
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::platform::{AttemptResult, Data, Envelope, ErrorKind, Failure, Verdict};
    use std::convert::Infallible;
    use std::time::Duration;
    use tokio::time::Instant;

    /// A task of one call; the record tells whether the call was answered.
    struct OneCall {
        endpoint: Endpoint,
        is_done: bool,
    }

    impl Task for OneCall {
        type Record = bool;
        type Work = NoWork;

        fn id(&self) -> u64 {
            1
        }

        fn has_failed_before(&self) -> bool {
            false
        }

        fn next(&mut self) -> Need<bool> {
            if self.is_done { Need::Nothing(None) } else { Need::Call(Request::new(self.endpoint)) }
        }

        fn take(&mut self, reply: CallReply, _: u32) -> Option<bool> {
            self.is_done = true;
            Some(reply.is_ok())
        }

        fn take_product(&mut self, product: Infallible) {
            match product {}
        }
    }

    /// Makes the first attempt of a call, with this verdict; what is recorded of it, and the dispatcher then.
    fn after_first(endpoint: Endpoint, verdict: Verdict) -> (Vec<bool>, Dispatcher<OneCall>) {
        let mut dispatcher = Dispatcher::new(DispatcherSettings {
            attempts: 5,
            backoff: Duration::ZERO..Duration::ZERO,
            patience: Duration::from_mins(5),
            most_open: 1,
            is_answered: false,
            known_good: None,
        });
        let now = Instant::now();
        dispatcher.handle(Event::Arrived(vec![OneCall { endpoint, is_done: false }]), now);
        dispatcher.handle(Event::NoMore, now);
        let flight = dispatcher.take_next(now).expect("the call is to be made");
        let result = AttemptResult::Made { verdict, body: "{}".into(), generation: 0 };
        let response = dispatcher.handle(Event::Ended { flight, result, is_probe: false }, now);
        (response.records, dispatcher)
    }

    #[test]
    fn a_call_that_changes_the_province_has_one_attempt_whatever_the_settings_allow() {
        let unanswered = || Verdict::Again(Failure::new(ErrorKind::Timeout, None), None);
        for endpoint in [Endpoint::InsertToProvince, Endpoint::UpdateToProvince, Endpoint::DeleteToProvince] {
            let (records, dispatcher) = after_first(endpoint, unanswered());
            assert_eq!((records, dispatcher.is_done()), (vec![false], true), "{endpoint:?}");
        }
        let (records, dispatcher) = after_first(Endpoint::ShengShiStateInfo, unanswered());
        assert_eq!((records, dispatcher.is_done()), (vec![], false), "it is made again");
    }

    #[test]
    fn a_call_that_changes_the_province_is_never_asked_again_as_a_probe() {
        let envelope = || Envelope { status: 0, message: String::new(), exists: None, total: None, data: Data::Empty };
        let (records, mut dispatcher) = after_first(Endpoint::InsertToProvince, Verdict::Answer(envelope()));
        assert_eq!(records, [true]);
        assert!(!dispatcher.has_known_good() && dispatcher.take_probe().is_none());
        let (_, mut dispatcher) = after_first(Endpoint::ShengShiStateInfo, Verdict::Answer(envelope()));
        assert!(matches!(dispatcher.take_probe(), Some(Flight::Probe { .. })));
    }
}
