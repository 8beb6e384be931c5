//! The process's one source of signals. SIGINT, SIGTERM and SIGHUP all ask it to stop: the first lets what is under way come
//! to a whole end, the second does not wait for calls in flight, the third ends the process at once.

use crate::exit::Exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Signals after which the process ends at once, whatever it is at.
const AT_ONCE: u32 = 3;

/// The signals that the process has been sent; a handle that can be cloned.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    count: Arc<AtomicU32>,
    requested: CancellationToken,
    insisted: CancellationToken,
}

impl Interrupts {
    /// Begins to listen, on a thread of its own. To be called once in a process; where it cannot listen, signals end the
    /// process as they do by default.
    #[must_use]
    pub fn listen() -> Self {
        let interrupts = Self::default();
        let heard = interrupts.clone();
        let (listening, ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
            runtime.block_on(async {
                let sources = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
                // What is ignored when the process starts stays ignored: that is how `nohup` works.
                let wanted = sources.into_iter().filter(|kind| !is_ignored(*kind));
                let mut sources: Vec<Signal> = wanted.filter_map(|kind| signal(kind).ok()).collect();
                let _ = listening.send(());
                loop {
                    let next = sources.iter_mut().map(|source| Box::pin(source.recv()));
                    futures_util::future::select_all(next).await;
                    if heard.note() >= AT_ONCE {
                        // Every file lands whole or not at all, and the journal has every answer: nothing is lost.
                        std::process::exit(Exit::Resumable.code().into());
                    }
                }
            });
        });
        // A signal that comes from here on is heard.
        let _ = ready.recv();
        interrupts
    }

    /// Notes a signal; how many there have been.
    fn note(&self) -> u32 {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        self.requested.cancel();
        if count > 1 {
            self.insisted.cancel();
        }
        count
    }

    /// Whether the process has been asked to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.requested.is_cancelled()
    }

    /// How often the process has been asked to stop. What begins after it was asked, to bring a run to a whole end, stops
    /// only where it is asked again.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// Waits until the process is asked to stop.
    pub async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// Waits until the process has been asked to stop twice.
    pub async fn insisted(&self) {
        self.insisted.cancelled().await;
    }
}

/// Whether a signal is ignored, by what Linux says of this process.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    let bit = kind.as_raw_value().saturating_sub(1);
    u32::try_from(bit).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|shifted| shifted & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_signal_asks_and_the_second_insists() {
        let interrupts = Interrupts::default();
        assert!(!interrupts.is_requested());
        interrupts.note();
        interrupts.requested().await;
        assert!(interrupts.is_requested() && !interrupts.insisted.is_cancelled());
        interrupts.note();
        interrupts.insisted().await;
    }
}
