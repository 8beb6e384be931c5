//! The commands, one module each. Each module reads as the list of its steps.

mod archive;
mod call;
mod catalogue;
mod check;
mod collect;
mod compare;
mod completions;
mod descriptors;
mod dispatch;
mod doctor;
mod faces;
mod init;
mod locks;
mod logging;
mod man;
mod notify;
mod outputs;
mod plan;
mod progress;
mod prune;
mod remediate;
mod report;
mod run;
mod sampled;
mod sandbox;
mod schema;
mod session;
mod stored;
mod terminal;

use crate::child;
use crate::cli::{Cli, Command, FacesCommand};
use crate::exit::{Exit, Stop};
use crate::interrupt::Interrupts;
use terminal::Terminal;

/// Runs the command that was typed, prints the reason on standard error if it fails, and returns the exit code.
#[must_use]
pub fn dispatch(cli: &Cli) -> Exit {
    logging::start(&cli.global);
    let mut terminal = Terminal::new(&cli.global, Interrupts::listen());
    let ended = match &cli.command {
        Command::Call(args) => call::call(args, &mut terminal),
        Command::Catalogue(args) => catalogue::catalogue(args, &mut terminal),
        Command::Archive(args) => archive::archive(args, &mut terminal),
        Command::Compare(args) => compare::compare(args, &mut terminal),
        Command::Dispatch(args) => dispatch::dispatch(args, &mut terminal),
        Command::Collect(args) => collect::collect(args, &mut terminal),
        Command::Remediate(args) => remediate::remediate(args, &mut terminal),
        Command::Check(args) => check::check(args, &mut terminal),
        Command::Run(args) => run::run(args, &mut terminal),
        Command::Report(args) => report::report(args, &mut terminal),
        Command::Faces(FacesCommand::Explain(args)) => faces::explain(args, &mut terminal),
        Command::Sandbox(args) => sandbox::sandbox(args, &mut terminal),
        Command::Init(args) => init::init(args, &terminal),
        Command::Doctor(args) => doctor::doctor(args, &mut terminal),
        Command::Prune(args) => prune::prune(args, &mut terminal),
        Command::Schema => schema::schema(&terminal),
        Command::Completions(args) => completions::completions(args, &terminal),
        Command::Man(args) => man::man(args, &terminal),
    };
    let exit = ended.unwrap_or_else(|stop| {
        terminal.tell_stop(&stop);
        stop.exit
    });
    child::end_all();
    exit
}

/// Creates the runtime for calls. A single thread handles more calls than any platform allows, with the least overhead. The
/// journal is read and written on separate threads.
fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Stop::disk("tokio"))
}
