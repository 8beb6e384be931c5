//! `ecert-audit`: parse, call, exit code.

use clap::Parser;
use ecert_audit::cli::Cli;
use ecert_audit::command::dispatch;
use std::process::ExitCode;

fn main() -> ExitCode {
    dispatch(&Cli::parse()).into()
}
