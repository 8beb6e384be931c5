//! Programs of the person's own, run within a time limit.

use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use wait_timeout::ChildExt;

/// After a program has ended, what it printed is waited for this long: a process that it left behind may hold its output open.
const OUTPUT_AFTER_END: Duration = Duration::from_secs(1);

/// How a program ended.
#[derive(Debug)]
pub enum Ended {
    /// By itself, in time.
    Exited {
        /// Its exit status.
        status: ExitStatus,
        /// What it printed on standard output, as far as was asked for.
        stdout: Vec<u8>,
    },
    /// It took too long, and was killed with every process that it had started in its process group.
    TimedOut,
}

/// Runs a program to its end with nothing on its standard input, and returns up to `most` bytes of what it prints. Where it
/// takes longer than `limit`, it and the processes that it started are killed.
///
/// # Errors
/// Fails if the program cannot be started or waited for.
pub fn output_within(command: &mut Command, limit: Duration, most: u64) -> io::Result<Ended> {
    let deadline = Instant::now() + limit;
    let mut child = start(command.stdout(Stdio::piped()))?;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was printed before a failure counts.
            let _ = stdout.take(most).read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
    }
    let Some(status) = wait(&mut child, limit)? else { return Ok(Ended::TimedOut) };
    let left = deadline.saturating_duration_since(Instant::now()).max(OUTPUT_AFTER_END);
    Ok(Ended::Exited { status, stdout: receiver.recv_timeout(left).unwrap_or_default() })
}

/// Runs a program to its end with nothing on its standard input; what it prints goes nowhere. Where it takes longer than
/// `limit`, it and the processes that it started are killed.
///
/// # Errors
/// Fails if the program cannot be started or waited for.
pub fn run_within(command: &mut Command, limit: Duration) -> io::Result<Ended> {
    let mut child = start(command.stdout(Stdio::null()))?;
    Ok(match wait(&mut child, limit)? {
        Some(status) => Ended::Exited { status, stdout: Vec::new() },
        None => Ended::TimedOut,
    })
}

/// The programs that run at the moment.
static RUNNING: Mutex<Running> = Mutex::new(Running { groups: BTreeSet::new(), is_over: false });

#[derive(Debug)]
struct Running {
    /// Their process groups.
    groups: BTreeSet<u32>,
    /// Whether no further program may be started.
    is_over: bool,
}

fn running() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills every program that still runs, with the processes that it started, and lets no further one be started. To be called
/// when this process ends: nobody waits for those programs any more, and one that goes on holds standard error open, so that
/// whoever reads that would wait for it.
pub fn end_all() {
    let mut running = running();
    running.is_over = true;
    for group in std::mem::take(&mut running.groups) {
        kill_group(group);
    }
}

/// Starts a program in a process group of its own, so that all of it can be killed.
fn start(command: &mut Command) -> io::Result<Child> {
    // Held until the program is known, so that none is started behind the back of whoever ends all.
    let mut running = running();
    if running.is_over {
        return Err(ErrorKind::Interrupted.into());
    }
    let child = command.stdin(Stdio::null()).process_group(0).spawn()?;
    running.groups.insert(child.id());
    Ok(child)
}

fn kill_group(group: u32) {
    if let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        // It may have ended meanwhile.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Waits for a program; kills its process group where it is late.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let status = child.wait_timeout(limit)?;
    if status.is_none() {
        kill_group(child.id());
        child.wait()?;
    }
    running().groups.remove(&child.id());
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_prints_is_read_up_to_the_limit() {
        let ended = output_within(Command::new("echo").arg("hunter2"), Duration::from_secs(10), 3).unwrap();
        assert!(matches!(ended, Ended::Exited { status, stdout } if status.success() && stdout == b"hun"));
        assert!(output_within(&mut Command::new("no-such-program"), Duration::from_secs(10), 3).is_err());
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let pid_file = folder.path().join("pid");
        let script = format!("sleep 1000 & echo $! > {}; wait", pid_file.display());
        let ended = run_within(Command::new("sh").args(["-c", &script]), Duration::from_secs(2)).unwrap();
        assert!(matches!(ended, Ended::TimedOut));
        let pid = std::fs::read_to_string(&pid_file).unwrap();
        let is_there = || {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            // A zombie that nobody has waited for yet is gone as well.
            !state.is_empty() && !state.contains(") Z")
        };
        while is_there() {
            std::thread::yield_now();
        }
    }
}
