//! Sending notifications and looking for their effects: passes of the engine, with waits between them.
//!
//! A notification is sent once. Where an attempt ends without an answer (or the process ended meanwhile), the province's
//! library is asked, after the time that a notification gets to take effect, and only what has had none is sent again.

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

/// Something that whoever watches a campaign is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CampaignEvent {
    /// A notification has come to its end, with an answer or without.
    Sent,
    /// The province's library has been asked about a notification.
    Checked,
    /// Notifications get this long to take effect.
    Waiting(Duration),
}

/// What a campaign works with.
pub(crate) struct Campaign<'a> {
    pub session: Arc<Session>,
    pub interrupts: &'a Interrupts,
    /// Time that a notification gets to take effect.
    pub settle: Duration,
    /// The purpose of the checks.
    pub purpose: Purpose,
    /// How answers are read.
    pub audit: AuditSettings,
    /// Where the run's journals lie, to be written.
    pub places: Vec<JournalPlace>,
    /// The same, to be read.
    pub journals: &'a Journals,
    pub watch: &'a mut dyn FnMut(CampaignEvent),
    /// Notifications that the platform has accepted in this process.
    pub accepted: u64,
    /// Notifications that it has refused.
    pub refused: u64,
}

impl std::fmt::Debug for Campaign<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Campaign").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}

impl Campaign<'_> {
    /// Sends what was chosen: deletes, then updates, then inserts. What an earlier process left without an answer is looked for
    /// first.
    ///
    /// # Errors
    /// Why it stopped before the end; the journal knows how far it came.
    pub(crate) async fn send(&mut self, mut chosen: Vec<Remedy>) -> Result<(), StopCause> {
        let left = self.in_states(&[RemedyState::Intended])?;
        if !left.is_empty() {
            tracing::info!(count = left.len(), "notifications without an answer are looked for");
            let was_left: HashSet<Key> = left.iter().map(key).collect();
            // When they were sent is not known, only that it was before this process began.
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

    /// Asks the province's library about everything that was sent and has not been seen to take effect.
    ///
    /// # Errors
    /// Why it stopped before the end.
    pub(crate) async fn verify(&mut self) -> Result<(), StopCause> {
        let open = [RemedyState::Answered, RemedyState::NotSettled, RemedyState::Contradicting, RemedyState::Intended];
        let sent = self.in_states(&open)?;
        let Some(latest) = sent.iter().map(|remedy| remedy.sent_at).max() else { return Ok(()) };
        let passed = Utc::now().signed_duration_since(latest).to_std().unwrap_or_default();
        self.wait(self.settle.saturating_sub(passed)).await?;
        self.check(sent).await.map(drop)
    }

    /// Sends notifications of one action, those without an answer again once it is known that they had no effect.
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

    /// Sends each notification once; returns those without an answer.
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

    /// Looks for the effects of notifications; returns those that have had none.
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

    /// A call that was answered before and changes nothing, for probes.
    fn known_good(&self, ledger: &Ledger) -> Result<Option<Request>, JournalError> {
        let answered = ledger.answered_item()?;
        Ok(answered.map(|item| Call::State { number: item.certificate_number.clone() }.request(&item, &self.purpose)))
    }

    /// The notifications that stand so, in order of their items.
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

/// What tells notifications apart.
type Key = (&'static str, String);

fn key(remedy: &Remedy) -> Key {
    (remedy.action.word(), remedy.file_number.clone())
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn internal(error: JournalError) -> StopCause {
    StopCause::Internal(error.to_message())
}
