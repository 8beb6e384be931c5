//! Logging: to standard error as the flags say, and to the log of the run once it has begun.

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

/// Starts logging. Only this crate's events are logged, because libraries could log URLs or bodies with personal data.
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
    // Fails if logging has been started before, as in tests, and then changes nothing.
    let _ = tracing_subscriber::registry()
        .with(stderr.with_filter(own(level)))
        .with(file.with_filter(own(LevelFilter::INFO)))
        .try_init();
}

/// Also writes the log lines to the run's log from now on.
pub(super) fn log_to(file: File) {
    // Fails on a second call only, and a process has one run.
    let _ = RUN_LOG.set(Mutex::new(file));
}

/// Writer to the run's log, if there is one yet.
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
