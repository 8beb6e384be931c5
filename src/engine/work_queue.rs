//! Work besides calls: what waits to be begun, and how much is under way.

use super::schedule::Delayed;
use super::task::Task;
use std::collections::BinaryHeap;
use tokio::time::Instant;

/// A task with the work that it needs.
#[derive(Debug)]
pub(super) struct Pending<T: Task> {
    pub task: T,
    pub work: T::Work,
}

/// Work in order of the time from which it may be begun.
#[derive(Debug)]
pub(super) struct WorkQueue<T: Task> {
    waiting: BinaryHeap<Delayed<Pending<T>>>,
    under_way: usize,
    sequence: u64,
}

impl<T: Task> WorkQueue<T> {
    pub(super) const fn new() -> Self {
        Self { waiting: BinaryHeap::new(), under_way: 0, sequence: 0 }
    }

    /// Adds work that is begun no sooner than `due`.
    pub(super) fn add(&mut self, pending: Pending<T>, due: Instant) {
        self.sequence += 1;
        self.waiting.push(Delayed { due, sequence: self.sequence, entry: pending });
    }

    /// When the first piece of work may be begun.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.peek().map(|delayed| delayed.due)
    }

    /// The work that may be begun at `now` and is next.
    pub(super) fn due(&self, now: Instant) -> Option<&T::Work> {
        self.waiting.peek().filter(|delayed| delayed.due <= now).map(|delayed| &delayed.entry.work)
    }

    /// Takes the work that may be begun at `now` and is next; it is under way then.
    pub(super) fn take(&mut self, now: Instant) -> Option<Pending<T>> {
        self.due(now)?;
        let taken = self.waiting.pop().map(|delayed| delayed.entry);
        self.under_way += usize::from(taken.is_some());
        taken
    }

    /// Notes that work under way has ended.
    pub(super) const fn ended(&mut self) {
        self.under_way -= 1;
    }

    /// How many pieces of work wait or are under way.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.under_way
    }

    /// Drops everything that waits.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}
