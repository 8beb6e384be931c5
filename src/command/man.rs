//! `man`: writes a manual page for the program and for each command.

use super::terminal::Terminal;
use crate::cli::{Cli, ManArgs};
use crate::durable::write_whole;
use crate::exit::{Exit, Stop};
use clap::CommandFactory;
use clap_mangen::Man;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

pub(super) fn man(args: &ManArgs, terminal: &Terminal) -> Result<Exit, Stop> {
    fs::create_dir_all(&args.dir).map_err(Stop::disk(args.dir.display()))?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    collect(command, &mut pages);
    let mut written = Vec::new();
    for page in pages {
        let path = args.dir.join(page.get_filename());
        let mut text = Vec::new();
        page.render(&mut text).map_err(Stop::disk(path.display()))?;
        write_whole(&path, &text).map_err(Stop::disk(path.display()))?;
        // New files are readable by their owner alone (0600), but manual pages are for all users.
        fs::set_permissions(&path, Permissions::from_mode(0o644)).map_err(Stop::disk(path.display()))?;
        written.push(path.display().to_string());
    }
    terminal.print(&format!("{}\n", written.join("\n")))?;
    Ok(Exit::Done)
}

/// Collects the manual pages of a command and its subcommands, except hidden ones and `help`.
fn collect(command: clap::Command, pages: &mut Vec<Man>) {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        collect(below.clone(), pages);
    }
    pages.push(Man::new(command));
}
