//! `ecert-audit`: parse, call, exit code.

use clap::Parser;
use ecert_audit::cli::Cli;
use ecert_audit::command::dispatch;
use std::process::ExitCode;

fn main() -> ExitCode {
    match dispatch(&Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(stop) => {
            eprintln!("ecert-audit: {stop}");
            stop.exit.into()
        }
    }
}
