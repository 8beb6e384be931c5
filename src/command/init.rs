//! `init`: creates a starter project. It asks no question and overwrites nothing.

use super::schema;
use super::terminal::Terminal;
use crate::cli::InitArgs;
use crate::durable::WholeFile;
use crate::exit::{Exit, Stop};
use crate::init::{StarterFile, job_name, starter_files};
use crate::message::Message;
use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

pub(super) fn init(args: &InitArgs, terminal: &Terminal) -> Result<Exit, Stop> {
    let words = terminal.words();
    let name = job_name(&args.dir);
    let files = starter_files(&name, words, schema::text(words)?).map_err(Stop::failed)?;
    let taken: Vec<Message> = files
        .iter()
        .map(|file| args.dir.join(&file.path))
        .filter(|path| path.symlink_metadata().is_ok())
        .map(|path| Message::literal(path.display()))
        .collect();
    if !taken.is_empty() {
        return Err(Stop::invalid(Message::new("init-taken").with_list("paths", taken)));
    }
    for file in &files {
        write(&args.dir, file)?;
    }
    let mut lines = vec![Message::new("init-done").with("path", args.dir.display())];
    lines.extend(files.iter().map(|file| Message::new("init-file").with("path", file.path.display())));
    let job = args.dir.join(format!("jobs/{name}.toml"));
    for step in ["init-step-check", "init-step-run", "init-step-real"] {
        lines.push(Message::new(step).with("job", job.display()));
    }
    let lines: Vec<String> = lines.iter().map(|line| words.say(line)).collect();
    terminal.print(&format!("{}\n", lines.join("\n")))?;
    Ok(Exit::Done)
}

/// Writes a file and creates its missing parent folders. New folders are accessible to their owner alone, because inputs and
/// results contain identity numbers.
fn write(dir: &Path, file: &StarterFile) -> Result<(), Stop> {
    let path = dir.join(&file.path);
    let land = || -> io::Result<bool> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut whole = WholeFile::create(&path)?;
        whole.write_all(&file.bytes)?;
        Ok(whole.finish_new(&path)?.is_ok())
    };
    let is_new = land().map_err(Stop::disk(path.display()))?;
    // Another process may have created the file since the check.
    if is_new { Ok(()) } else { Err(Stop::invalid(Message::new("init-taken").with("paths", path.display()))) }
}
