//! Which task has the next attempt.

use super::task::Task;
use crate::platform::Request;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use tokio::time::Instant;

/// A task with the call that it needs, and how that call stands.
#[derive(Debug)]
pub(super) struct Running<T> {
    pub task: T,
    pub request: Request,
    /// Attempts that count against `retry.attempts`.
    pub tries: u32,
    /// Attempts made.
    pub attempts: u32,
    /// How often no attempt was made, because there was no token.
    pub without_token: u32,
    /// Generation of the token that was refused in the latest attempt.
    pub refused: Option<u64>,
    /// Whether an attempt with a fresh token has come on top of those that the job allows.
    pub has_had_extra: bool,
}

impl<T> Running<T> {
    pub(super) const fn new(task: T, request: Request) -> Self {
        Self { task, request, tries: 0, attempts: 0, without_token: 0, refused: None, has_had_extra: false }
    }
}

/// The tasks that wait for an attempt. Those not begun are in `fresh`; the others are open, and their number is bounded, so
/// that failing tasks do not pile up.
#[derive(Debug)]
pub(super) struct Schedule<T> {
    fresh: VecDeque<Running<T>>,
    /// Open tasks that need an attempt at once.
    ready: VecDeque<Running<T>>,
    /// Open tasks that wait out a backoff.
    delayed: BinaryHeap<Delayed<Running<T>>>,
    /// Open tasks whose attempt is in flight.
    in_flight: usize,
    most_open: usize,
    sequence: u64,
}

/// Something that waits for its time.
#[derive(Debug)]
pub(super) struct Delayed<E> {
    pub due: Instant,
    /// Order of arrival, for those due at the same time.
    pub sequence: u64,
    pub entry: E,
}

impl<E> PartialEq for Delayed<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Delayed<E> {}

impl<E> PartialOrd for Delayed<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Delayed<E> {
    /// The one due first is the greatest, as the heap wants it.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.sequence).cmp(&(self.due, self.sequence))
    }
}

impl<T: Task> Schedule<T> {
    /// A schedule that keeps at most `most_open` tasks open.
    pub(super) const fn new(most_open: usize) -> Self {
        Self { fresh: VecDeque::new(), ready: VecDeque::new(), delayed: BinaryHeap::new(), in_flight: 0, most_open, sequence: 0 }
    }

    /// Adds a task that has not been begun.
    pub(super) fn add_fresh(&mut self, running: Running<T>) {
        self.fresh.push_back(running);
    }

    /// Adds an open task that needs an attempt at once.
    pub(super) fn add_ready(&mut self, running: Running<T>) {
        self.ready.push_back(running);
    }

    /// Adds an open task that needs an attempt no sooner than `due`.
    pub(super) fn add_delayed(&mut self, running: Running<T>, due: Instant) {
        self.sequence += 1;
        self.delayed.push(Delayed { due, sequence: self.sequence, entry: running });
    }

    /// Notes that an attempt in flight has ended.
    pub(super) const fn landed(&mut self) {
        self.in_flight -= 1;
    }

    /// How many tasks have not been begun.
    pub(super) fn fresh(&self) -> usize {
        self.fresh.len()
    }

    fn open(&self) -> usize {
        self.ready.len() + self.delayed.len() + self.in_flight
    }

    /// Whether nothing waits, and nothing is in flight.
    pub(super) fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.open() == 0
    }

    /// Whether anything waits for an attempt, now or later.
    pub(super) fn is_waiting(&self) -> bool {
        !self.fresh.is_empty() || !self.ready.is_empty() || !self.delayed.is_empty()
    }

    /// When the first backoff ends.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.delayed.peek().map(|delayed| delayed.due)
    }

    /// Whether an attempt can be made at `now`.
    pub(super) fn has_next(&self, now: Instant) -> bool {
        !self.ready.is_empty() || self.is_due(now) || self.may_begin()
    }

    fn is_due(&self, now: Instant) -> bool {
        self.next_due().is_some_and(|due| due <= now)
    }

    fn may_begin(&self) -> bool {
        !self.fresh.is_empty() && self.open() < self.most_open
    }

    /// Takes the task that has the next attempt at `now`; it is in flight then.
    ///
    /// Tasks under way come first. While attempts fail (`prefers_fresh`), tasks not begun come before other tries of what has
    /// failed: only different tasks tell whether it is the platform that fails, and the sooner that is known, the fewer
    /// attempts are wasted.
    pub(super) fn take_next(&mut self, now: Instant, prefers_fresh: bool) -> Option<Running<T>> {
        let taken = if let Some(ready) = self.ready.pop_front() {
            Some(ready)
        } else if self.may_begin() && (prefers_fresh || !self.is_due(now)) {
            self.fresh.pop_front()
        } else if self.is_due(now) {
            self.delayed.pop().map(|delayed| delayed.entry)
        } else {
            None
        };
        self.in_flight += usize::from(taken.is_some());
        taken
    }

    /// Takes the task that a probe is made with: one not begun, else the one that has been tried least; it is in flight then.
    pub(super) fn take_for_probe(&mut self) -> Option<Running<T>> {
        let mut taken = self.fresh.pop_front().or_else(|| self.ready.pop_front());
        if taken.is_none() {
            let mut delayed = std::mem::take(&mut self.delayed).into_vec();
            let least = (0..delayed.len()).min_by_key(|&index| (delayed[index].entry.tries, delayed[index].sequence));
            taken = least.map(|index| delayed.swap_remove(index).entry);
            self.delayed = delayed.into();
        }
        self.in_flight += usize::from(taken.is_some());
        taken
    }

    /// Takes out the tasks that have not been begun.
    pub(super) fn take_fresh(&mut self) -> VecDeque<Running<T>> {
        std::mem::take(&mut self.fresh)
    }

    /// Drops everything that waits.
    pub(super) fn clear(&mut self) {
        self.fresh.clear();
        self.ready.clear();
        self.delayed.clear();
    }
}
