//! What a signal does while nobody else listens.

use crate::exit::Exit;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Before and after the calling a signal ends the program at once: every file lands whole or not at all, and the journal
/// has all. Calling has its own way with signals; this ends before it begins.
pub(super) struct ExitOnSignal {
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl ExitOnSignal {
    pub(super) fn start() -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
                tokio::select! {
                    () = stopped.cancelled() => return,
                    _ = tokio::signal::ctrl_c() => {}
                    _ = terminate.recv() => {}
                }
                std::process::exit(Exit::Resumable.code().into());
            });
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for ExitOnSignal {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // It has nothing to say.
            let _ = thread.join();
        }
    }
}
