//! `completions`: prints a script that makes a shell complete commands, options and files.

use super::terminal::Terminal;
use crate::cli::{Cli, CompletionShell, CompletionsArgs};
use crate::exit::{Exit, Stop};
use clap::CommandFactory;
use clap_complete::aot::{Bash, Fish, Zsh, generate};

pub(super) fn completions(args: &CompletionsArgs, terminal: &Terminal) -> Result<Exit, Stop> {
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    match args.shell {
        CompletionShell::Bash => generate(Bash, &mut command, name, &mut script),
        CompletionShell::Zsh => generate(Zsh, &mut command, name, &mut script),
        CompletionShell::Fish => generate(Fish, &mut command, name, &mut script),
    }
    terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
