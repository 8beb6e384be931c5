//! Sending and verifying of notifications: passes of the engine, with waits between them.
//!
//! A notification is sent once. If an attempt ends without an answer, or the process ends meanwhile, the province's library is
//! queried after the settle time, and only notifications without effect are sent once more.

use super::check::{CheckContext, CheckTask, check_tasks};
use super::effect::Effect;
use super::ledger::{JournalPlace, Ledger};
use super::send::{SendTask, Sent, send_tasks};
use crate::audit::{AuditSettings, Call};
use crate::engine::{Pass, Progress, StopCause, carry};
use crate::interrupt::Interrupts;
use crate::job::{Purpose, RemedyAction};
use crate::journal::{JournalError, Journals, Remedy, RemedyState};
use crate::platform::{Request, Session, StopReason};
use chrono::Utc;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Progress event of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CampaignEvent {
    /// A notification was processed, with or without an answer.
    Sent,
    /// The province's library was queried about a notification.
    Checked,
    /// The campaign waits for this long, so that notifications take effect.
    Waiting(Duration),
}

/// Parameters and state of a campaign.
pub(crate) struct Campaign<'a> {
    pub session: Arc<Session>,
    pub interrupts: &'a Interrupts,
    /// Time that a notification needs to take effect.
    pub settle: Duration,
    /// Purpose sent with the calls of the verification.
    pub purpose: Purpose,
    /// How answers are interpreted.
    pub audit: AuditSettings,
    /// Locations of the run's journals, for writing.
    pub places: Vec<JournalPlace>,
    /// The run's journals, for reading.
    pub journals: &'a Journals,
    pub watch: &'a mut dyn FnMut(CampaignEvent),
    /// Number of notifications that the platform has accepted in this process.
    pub accepted: u64,
    /// Number of notifications that it has refused in this process.
    pub refused: u64,
}

impl std::fmt::Debug for Campaign<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Campaign").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}

impl Campaign<'_> {
    /// Sends the chosen notifications: cancellations, then updates, then inserts. Notifications that an earlier process left
    /// without an answer are verified first.
    ///
    /// # Errors
    /// Fails with the reason of an early stop. The journal has the state of every notification.
    pub(crate) async fn send(&mut self, mut chosen: Vec<Remedy>) -> Result<(), StopCause> {
        let left = self.in_states(&[RemedyState::Intended])?;
        if !left.is_empty() {
            tracing::info!(count = left.len(), "notifications without an answer are looked for");
            let was_left: HashSet<Key> = left.iter().map(key).collect();
            // The time of sending is unknown, except that it was before this process began.
            self.wait(self.settle).await?;
            let without_effect: HashSet<Key> = self.check(left).await?.iter().map(key).collect();
            chosen.retain(|remedy| !was_left.contains(&key(remedy)) || without_effect.contains(&key(remedy)));
        }
        for action in RemedyAction::IN_ORDER {
            let (of_action, others) = chosen.into_iter().partition(|remedy| remedy.action == action);
            chosen = others;
            self.send_all(of_action).await?;
        }
        Ok(())
    }

    /// Verifies all notifications that were sent and have not been verified.
    ///
    /// # Errors
    /// Fails with the reason of an early stop.
    pub(crate) async fn verify(&mut self) -> Result<(), StopCause> {
        let open = [RemedyState::Answered, RemedyState::NotSettled, RemedyState::Contradicting, RemedyState::Intended];
        let sent = self.in_states(&open)?;
        let Some(latest) = sent.iter().map(|remedy| remedy.sent_at).max() else { return Ok(()) };
        let passed = Utc::now().signed_duration_since(latest).to_std().unwrap_or_default();
        self.wait(self.settle.saturating_sub(passed)).await?;
        self.check(sent).await.map(drop)
    }

    /// Sends notifications of one kind, and repeats those without an answer after it was verified that they had no effect.
    async fn send_all(&mut self, mut remedies: Vec<Remedy>) -> Result<(), StopCause> {
        let attempts = self.session.retry().attempts;
        for attempt in 1..=attempts {
            if remedies.is_empty() {
                break;
            }
            let unanswered = self.send_once(remedies).await?;
            if unanswered.is_empty() || attempt == attempts {
                break;
            }
            self.wait(self.settle).await?;
            remedies = self.check(unanswered).await?;
        }
        Ok(())
    }

    /// Sends each notification once, and returns those without an answer.
    async fn send_once(&mut self, remedies: Vec<Remedy>) -> Result<Vec<Remedy>, StopCause> {
        let mut ledger = Ledger::open(&self.places).map_err(internal)?;
        let pass = Pass {
            session: Arc::clone(&self.session),
            interrupts: self.interrupts,
            attempts: 1,
            is_answered: false,
            known_good: self.known_good(&ledger).map_err(internal)?,
        };
        let (places, codes) = (self.places.clone(), Arc::new(self.audit.codes.clone()));
        let source = move |tasks: &Sender<Vec<SendTask>>| send_tasks(&places, remedies, &codes, tasks);
        let append = move |records: &[Remedy]| ledger.keep(records);
        let (mut unanswered, mut accepted, mut refused) = (Vec::new(), 0, 0);
        let watch = &mut *self.watch;
        let mut note = |told: Progress<'_, SendTask>| {
            let Progress::Finished(task) = told else { return };
            watch(CampaignEvent::Sent);
            match task.sent() {
                Some(Sent::Accepted) => accepted += 1,
                Some(Sent::Refused) => refused += 1,
                Some(Sent::Unanswered) => unanswered.push(task.remedy().clone()),
                Some(Sent::Left) | None => {}
            }
        };
        let end = carry::<SendTask>(pass, source, append, &mut note).await;
        self.accepted += accepted;
        self.refused += refused;
        tracing::info!(accepted, refused, unanswered = unanswered.len(), attempts = end.tally.attempts, "notifications sent");
        end.stop.map_or(Ok(unanswered), Err)
    }

    /// Verifies notifications, and returns those without effect.
    async fn check(&mut self, remedies: Vec<Remedy>) -> Result<Vec<Remedy>, StopCause> {
        let mut ledger = Ledger::open(&self.places).map_err(internal)?;
        let pass = Pass {
            session: Arc::clone(&self.session),
            interrupts: self.interrupts,
            attempts: self.session.retry().attempts,
            is_answered: true,
            known_good: self.known_good(&ledger).map_err(internal)?,
        };
        let context = Arc::new(CheckContext { settings: self.audit.clone(), purpose: self.purpose.clone() });
        let places = self.places.clone();
        let source = move |tasks: &Sender<Vec<CheckTask>>| check_tasks(&places, remedies, &context, tasks);
        let append = move |records: &[Remedy]| ledger.keep(records);
        let mut without_effect = Vec::new();
        let watch = &mut *self.watch;
        let mut note = |told: Progress<'_, CheckTask>| {
            let Progress::Finished(task) = told else { return };
            watch(CampaignEvent::Checked);
            if *task.effect() == Effect::NotYet {
                without_effect.push(task.remedy().clone());
            }
        };
        let end = carry::<CheckTask>(pass, source, append, &mut note).await;
        tracing::info!(without_effect = without_effect.len(), attempts = end.tally.attempts, "effects looked for");
        end.stop.map_or(Ok(without_effect), Err)
    }

    /// Returns a read-only request that was answered before, for probes of the circuit breaker.
    fn known_good(&self, ledger: &Ledger) -> Result<Option<Request>, JournalError> {
        let answered = ledger.answered_item()?;
        Ok(answered.map(|item| Call::State { number: item.certificate_number.clone() }.request(&item, &self.purpose)))
    }

    /// Returns the notifications in these states, ordered by item.
    fn in_states(&self, states: &[RemedyState]) -> Result<Vec<Remedy>, StopCause> {
        let is_meant =
            |remedy: &Result<Remedy, JournalError>| remedy.as_ref().map_or(true, |remedy| states.contains(&remedy.state));
        self.journals.remedies().filter(is_meant).collect::<Result<_, _>>().map_err(internal)
    }

    /// Waits, unless the process is asked to stop.
    async fn wait(&mut self, time: Duration) -> Result<(), StopCause> {
        if time.is_zero() {
            return Ok(());
        }
        (self.watch)(CampaignEvent::Waiting(time));
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.interrupts.requested() => Err(StopCause::Platform(StopReason::Interrupted)),
        }
    }
}

/// Key of a notification: action and file number.
type Key = (&'static str, String);

fn key(remedy: &Remedy) -> Key {
    (remedy.action.word(), remedy.file_number.clone())
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn internal(error: JournalError) -> StopCause {
    StopCause::Internal(error.to_message())
}
