//! Signals before the first call, and while a secret is waited for.

use super::hostile::{Hostile, Reply, code, neither, token};
use super::{NOTIFY, PASSWORD, signal, state, told_code, workspace};
use crate::support::{items, stderr, wait_for};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn a_signal_while_inputs_are_read_ends_with_three_and_others_are_told() {
    let platform = Hostile::start(|_| token(), |_| neither());
    for name in ["-TERM", "-HUP"] {
        let workspace = workspace(&platform, 1, "");
        let job = platform.job(PASSWORD, "").replace("rate = \"unlimited\"", "rate = \"20/s\"");
        workspace.write_job(&format!("{job}{NOTIFY}"));
        let rows = items(40_000);
        let (header, rows) = rows.split_once('\n').unwrap();
        workspace.write_input("items.csv", format!("{header}\n{}", rows.repeat(15)).as_bytes());
        let mut process = workspace.start_job(&[]);
        wait_for(&mut process, || workspace.run_dir().join("run.log.jsonl").exists());
        signal(&process, name);
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{name}: {}", stderr(&output));
        assert_eq!(told_code(&workspace).as_deref(), Some("3"), "{name}");
        assert_ne!(state(&workspace).as_deref(), Some("running"), "{name}");
    }
}

#[test]
fn a_signal_while_the_token_is_waited_for_ends_with_three_and_others_are_told() {
    for name in ["-TERM", "-HUP", "-INT"] {
        let platform = Hostile::start(|_| Reply::Silence, |_| neither());
        let workspace = workspace(&platform, 5, "");
        workspace.write_job(&format!("{}{NOTIFY}", platform.job(PASSWORD, "")));
        let mut process = workspace.start_job(&[]);
        wait_for(&mut process, || platform.tokens() > 0);
        signal(&process, name);
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{name}: {}", stderr(&output));
        assert_eq!(told_code(&workspace).as_deref(), Some("3"), "{name}");
        assert_eq!(state(&workspace).as_deref(), Some("incomplete"), "{name}");
    }
}

#[test]
fn every_command_that_calls_heeds_a_signal() {
    for args in [
        &["check", "jobs/test.toml", "--online"][..],
        &["doctor", "jobs/test.toml"],
        &["call", "token", "--job", "jobs/test.toml"],
        &["call", "downloadPdfFile", "-p", "abstractCode=x", "--job", "jobs/test.toml"],
    ] {
        let platform = Hostile::start(|_| Reply::Silence, |_| neither());
        let workspace = workspace(&platform, 5, "");
        let mut command = workspace.command(args);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(&mut process, || platform.tokens() > 0);
        signal(&process, "-HUP");
        let output = process.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{args:?}: {}", stderr(&output));
    }
}

/// A platform that wants a fresh token after some calls, and refuses that one too.
fn wants_renewal() -> Hostile {
    Hostile::start(|_| token(), |call| if call.number < 5 { neither() } else { code(11, "x") })
}

#[test]
fn a_password_command_that_hangs_at_renewal_ends_with_the_run() {
    let platform = wants_renewal();
    let workspace = workspace(&platform, 50, "");
    let script = "if [ -e used ]; then touch hanging; exec sleep 100000; fi; touch used; echo x";
    let password = format!("{{ command = [\"sh\", \"-c\", \"{script}\"] }}");
    workspace.write_job(&format!("{}{NOTIFY}", platform.job(&password, "")));
    let mut process = workspace.start_job(&[]);
    wait_for(&mut process, || workspace.path("hanging").exists());
    signal(&process, "-TERM");
    // Standard error ends when nobody has it open any more: the hanging program had it too.
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(told_code(&workspace).as_deref(), Some("3"));
    assert_eq!(state(&workspace).as_deref(), Some("incomplete"));
}

#[test]
fn a_password_pipe_that_nobody_writes_to_at_renewal_keeps_no_signal_unheard() {
    let platform = wants_renewal();
    let workspace = workspace(&platform, 50, "");
    let pipe = workspace.path("password");
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    workspace.write_job(&platform.job("{ file = \"password\" }", ""));
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, "x\n").unwrap()
    });
    let mut process = workspace.start_job(&[]);
    wait_for(&mut process, || platform.calls() > 5);
    writer.join().unwrap();
    signal(&process, "-TERM");
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!((state(&workspace).as_deref(), platform.tokens()), (Some("incomplete"), 1));
}
