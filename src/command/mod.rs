//! The verbs. Each reads as a table of contents of its work.

mod archive;
mod call;
mod catalogue;
mod check;
mod compare;
mod faces;
mod locks;
mod logging;
mod notify;
mod outputs;
mod plan;
mod report;
mod run;
mod sandbox;
mod session;
mod signals;
mod stored;

use crate::cli::{Cli, Command, FacesCommand, UiLanguage};
use crate::exit::{Exit, Stop};
use crate::job::Language;

/// Does what was typed.
///
/// # Errors
/// What to tell the person, and the exit code.
pub fn dispatch(cli: &Cli) -> Result<Exit, Stop> {
    let language = cli.global.lang.map(|language| match language {
        UiLanguage::ZhCn => Language::ZhCn,
        UiLanguage::En => Language::En,
    });
    logging::start(&cli.global);
    match &cli.command {
        Command::Call(args) => call::call(args),
        Command::Catalogue(args) => catalogue::catalogue(args),
        Command::Archive(args) => archive::archive(args, cli.global.quiet, language),
        Command::Compare(args) => compare::compare(args, language),
        Command::Check(args) => check::check(args, language),
        Command::Run(args) => run::run(args, cli.global.quiet, language),
        Command::Report(args) => report::report(args, language),
        Command::Faces(FacesCommand::Explain(args)) => faces::explain(args, language),
        Command::Sandbox(args) => sandbox::sandbox(args),
    }
}

/// The runtime that calls are made on. One thread carries more calls than any platform allows, and carries them with the
/// least work; the journal is written and read on threads of its own.
fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Stop::disk("no threads can be started"))
}

/// Ends a result by printing it: data and results go to standard output.
fn print(text: &str) -> Result<(), Stop> {
    use std::io::Write;
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever reads the other end has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Stop::disk("standard output")),
    }
}
