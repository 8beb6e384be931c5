//! Memory for the bodies of answers. Most are small, and as many are in memory as there are calls at once; the larger ones
//! wait for one another, so that what all of them need stays bounded however many calls are in flight.

use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body up to this size, in bytes, waits for no other.
const SMALL: usize = 256 << 10;
/// A body up to this size, in bytes, is of medium size; beyond it is large.
const MEDIUM: usize = 4 << 20;
/// Bodies of medium size that are in memory at a time, at most: 64 MiB.
const MEDIUM_AT_ONCE: usize = 16;
/// Large bodies that are in memory at a time, at most: two of the largest are 128 MiB.
const LARGE_AT_ONCE: usize = 2;

/// What bodies may take of the memory, shared by all calls of a client.
#[derive(Debug, Clone)]
pub(super) struct BodyBudget {
    medium: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl BodyBudget {
    pub(super) fn new() -> Self {
        Self { medium: Arc::new(Semaphore::new(MEDIUM_AT_ONCE)), large: Arc::new(Semaphore::new(LARGE_AT_ONCE)) }
    }

    /// Begins a body of at most `largest` bytes.
    pub(super) fn begin(&self, largest: usize) -> GrowingBody {
        GrowingBody { budget: self.clone(), largest, first: Bytes::new(), rest: Vec::new(), permits: Vec::new() }
    }
}

/// A body that is larger than its bound.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// A body that is being received.
#[derive(Debug)]
pub(super) struct GrowingBody {
    budget: BodyBudget,
    largest: usize,
    first: Bytes,
    rest: Vec<u8>,
    /// What it holds of the budget: one of each class that it has outgrown the one before of. Whoever holds a permit for a large
    /// body waits for nothing, so that the others' turn comes.
    permits: Vec<OwnedSemaphorePermit>,
}

impl GrowingBody {
    /// Takes the next piece; waits for room where the body outgrows its class.
    ///
    /// # Errors
    /// Fails if the body becomes larger than its bound.
    pub(super) async fn take(&mut self, piece: Bytes) -> Result<(), TooLarge> {
        let size = self.first.len() + self.rest.len() + piece.len();
        if size > self.largest {
            return Err(TooLarge);
        }
        for (bound, class) in [(SMALL, &self.budget.medium), (MEDIUM, &self.budget.large)].into_iter().skip(self.permits.len()) {
            if size > bound {
                // The semaphores are never closed.
                self.permits.extend(Arc::clone(class).acquire_owned().await.ok());
            }
        }
        // Most bodies come in one piece, which is then kept as it is.
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = piece;
        } else {
            self.rest.extend_from_slice(&std::mem::take(&mut self.first));
            self.rest.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Returns the body, as `readable` makes it of the bytes that came. What it holds of the budget is given back when the last
    /// copy of it is dropped.
    pub(super) fn finish(self, readable: impl FnOnce(Bytes) -> Bytes) -> Bytes {
        let Self { first, rest, permits, .. } = self;
        let body = readable(if rest.is_empty() { first } else { rest.into() });
        if permits.is_empty() { body } else { Bytes::from_owner(HeldBody { body, _permits: permits }) }
    }
}

/// A body with what it holds of the budget.
struct HeldBody {
    body: Bytes,
    _permits: Vec<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for HeldBody {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    /// A body that has come up to `size` bytes in pieces of 100 KiB; `None` where it waits for room.
    fn received(budget: &BodyBudget, size: usize) -> Option<Result<Bytes, TooLarge>> {
        let mut body = budget.begin(64 << 20);
        let mut left = size;
        while left > 0 {
            let piece = left.min(100 << 10);
            if let Err(error) = body.take(vec![b'a'; piece].into()).now_or_never()? {
                return Some(Err(error));
            }
            left -= piece;
        }
        Some(Ok(body.finish(|bytes| bytes)))
    }

    #[test]
    fn bodies_of_every_class_wait_for_their_own_class_alone() {
        let budget = BodyBudget::new();
        for (size, at_once) in [(5 << 20, LARGE_AT_ONCE), (1 << 20, MEDIUM_AT_ONCE)] {
            let mut held: Vec<Bytes> = (0..at_once).map(|_| received(&budget, size).unwrap().unwrap()).collect();
            assert!(held.iter().all(|body| body.len() == size && body.iter().all(|byte| *byte == b'a')));
            assert_eq!(received(&budget, size), None, "one more of {size} bytes waits");
            assert!(received(&budget, SMALL).is_some(), "small ones do not");
            let copy = held.pop();
            assert!(received(&budget, size).is_none(), "a copy holds what the body held");
            drop(copy);
            assert!(received(&budget, size).is_some());
        }
    }

    #[test]
    fn a_body_beyond_its_bound_is_refused_and_holds_nothing() {
        let budget = BodyBudget::new();
        for _ in 0..=LARGE_AT_ONCE {
            assert_eq!(received(&budget, (64 << 20) + 1), Some(Err(TooLarge)));
        }
    }
}
