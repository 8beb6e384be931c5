//! Log lines: to standard error as asked for, and to the run's own log once there is a run.

use crate::cli::{Colour, Global, LogFormat};
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, OnceLock};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

static RUN_LOG: OnceLock<Mutex<File>> = OnceLock::new();

/// Begins logging. Only this program's own lines are logged: libraries may log addresses or bodies.
pub(super) fn start(global: &Global) {
    let own = |level| Targets::new().with_target("ecert_audit", level);
    let level = match (global.quiet, global.verbose) {
        (true, _) | (false, 0) => LevelFilter::OFF,
        (false, 1) => LevelFilter::INFO,
        (false, _) => LevelFilter::DEBUG,
    };
    let colour = match global.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    let stderr = fmt::layer().with_writer(io::stderr).with_ansi(colour).with_target(false);
    let stderr = match global.log_format {
        LogFormat::Text => stderr.boxed(),
        LogFormat::Json => stderr.json().flatten_event(true).boxed(),
    };
    let file = fmt::layer().json().flatten_event(true).with_target(false).with_writer(RunLog);
    // A second start, as in tests, changes nothing.
    let _ = tracing_subscriber::registry()
        .with(stderr.with_filter(own(level)))
        .with(file.with_filter(own(LevelFilter::INFO)))
        .try_init();
}

/// From here on lines go to the run's log too.
pub(super) fn log_to(file: File) {
    // A process has one run.
    let _ = RUN_LOG.set(Mutex::new(file));
}

/// The run's log, where there is one yet.
struct RunLog;

impl Write for RunLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match RUN_LOG.get() {
            Some(file) => file.lock().unwrap_or_else(std::sync::PoisonError::into_inner).write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for RunLog {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}
