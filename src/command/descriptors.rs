//! Limit on open files (`ulimit -n`) compared with what a run needs.

use super::terminal::Terminal;
use crate::exit::Stop;
use crate::job::{Base, Job};
use crate::message::Message;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that a run needs besides its connections: standard streams, log and locks, the journal's connections with their
/// write-ahead logs, and later the tables and one file per sheet of the workbook. 36 were counted; the rest is for workbooks
/// whose sheets continue in further ones.
const RESERVE: u64 = 48;

/// Concurrency of a run, and the descriptors that each unit of it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Demand {
    calls: u32,
    downloads: u32,
    /// Descriptors per call: its connection, and the other end of it if the sandbox is in this process.
    per_call: u64,
}

impl Demand {
    fn of(job: &Job) -> Self {
        Self {
            calls: job.throttle.concurrency,
            downloads: if job.archive.enabled { job.archive.concurrency } else { 0 },
            per_call: if matches!(job.platform.base, Base::Sandbox(_)) { 2 } else { 1 },
        }
    }

    /// Descriptors per download: its connection and its target file.
    const fn per_download(&self) -> u64 {
        self.per_call + 1
    }

    /// Returns the descriptors for full concurrency, without the reserve.
    const fn connections(&self) -> u64 {
        self.calls as u64 * self.per_call + self.downloads as u64 * self.per_download()
    }

    const fn descriptors(&self) -> u64 {
        RESERVE.saturating_add(self.connections())
    }

    /// Returns the smallest concurrency that a run can work with: one of each.
    fn least(self) -> Self {
        Self { calls: self.calls.min(1), downloads: self.downloads.min(1), ..self }
    }

    /// Returns the concurrency reduced proportionally to what a limit allows; `None` if it does not allow the least.
    fn within(self, limit: u64) -> Option<Self> {
        if self.descriptors() <= limit {
            return Some(self);
        }
        let least = self.least();
        // The least is granted first and only the rest is divided, so that rounding cannot exceed the limit.
        let room = limit.checked_sub(least.descriptors())?;
        let beyond = (self.connections() - least.connections()).max(1);
        let part = |wanted: u32, least: u32| {
            let more = u128::from(wanted - least) * u128::from(room) / u128::from(beyond);
            least + u32::try_from(more).unwrap_or(u32::MAX)
        };
        Some(Self {
            calls: part(self.calls, least.calls),
            downloads: part(self.downloads, least.downloads),
            per_call: self.per_call,
        })
    }
}

/// Ensures that the process may open as many files as the job's concurrency needs: raises the soft limit as far as the hard limit
/// allows, and if that is not enough, lowers the concurrency and informs the user.
///
/// # Errors
/// Fails if the limit is too low even for a concurrency of one.
pub(super) fn fit(job: &mut Job, terminal: &Terminal) -> Result<(), Stop> {
    let wanted = Demand::of(job);
    let limit = raised_limit(wanted.descriptors());
    let about = |message: Message, needed: u64| message.with("limit", limit).with("needed", needed);
    let Some(fitting) = wanted.within(limit) else {
        return Err(Stop::invalid(about(Message::new("descriptors-too-few"), wanted.least().descriptors())));
    };
    if fitting != wanted {
        let message = about(Message::new("descriptors-few"), wanted.descriptors());
        let message = message.with("concurrency", wanted.calls).with("lowered", fitting.calls);
        tracing::warn!(%message, "concurrency lowered");
        terminal.tell(&message);
        job.throttle.concurrency = fitting.calls;
        if job.archive.enabled {
            job.archive.concurrency = fitting.downloads;
        }
    }
    Ok(())
}

/// Returns the limit on open files of this process, after raising it to `needed` as far as the operating system permits.
fn raised_limit(needed: u64) -> u64 {
    let limits = getrlimit(Resource::Nofile);
    // `None` means no limit.
    let current = limits.current.unwrap_or(u64::MAX);
    if current >= needed {
        return current;
    }
    let raised = limits.maximum.unwrap_or(u64::MAX).min(needed);
    let wanted = Rlimit { current: Some(raised), ..limits };
    if raised > current && setrlimit(Resource::Nofile, wanted).is_ok() { raised } else { current }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_fits_stays_and_what_does_not_is_lowered() {
        let wanted = |calls, downloads, per_call| Demand { calls, downloads, per_call };
        for (demand, limit, fitting) in [
            (wanted(16, 0, 1), 64, Some((16, 0))),
            (wanted(64, 0, 1), 64, Some((16, 0))),
            (wanted(64, 0, 2), 64, Some((8, 0))),
            (wanted(64, 0, 1), 1024, Some((64, 0))),
            (wanted(16, 4, 1), 64, Some((10, 2))),
            (wanted(16, 0, 1), 49, Some((1, 0))),
            (wanted(16, 0, 1), 48, None),
            (wanted(1, 1, 2), 52, None),
            (wanted(u32::MAX, u32::MAX, 2), 1024, Some((195, 195))),
        ] {
            let found = demand.within(limit).map(|found| (found.calls, found.downloads));
            assert_eq!(found, fitting, "{demand:?} within {limit}");
        }
    }

    proptest! {
        #[test]
        fn what_is_lowered_keeps_within_the_limit_and_does_at_least_one_of_each(
            (calls, downloads) in (1..5_000u32, 0..500u32), per_call in 1..3u64, limit in 0..20_000u64
        ) {
            let demand = Demand { calls, downloads, per_call };
            match demand.within(limit) {
                Some(found) => {
                    prop_assert!(found.descriptors() <= limit);
                    prop_assert!(found.calls >= 1 && found.calls <= calls && found.downloads <= downloads);
                    prop_assert_eq!(found.downloads == 0, downloads == 0);
                }
                None => prop_assert!(demand.least().descriptors() > limit),
            }
        }
    }
}
