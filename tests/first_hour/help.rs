//! Completions and manual pages.

use crate::support::{Workspace, stderr, stdout};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn every_shell_gets_a_script_that_knows_commands_values_and_files() {
    let workspace = Workspace::new();
    for (shell, marks) in [
        ("bash", ["_ecert-audit", "compgen -W \"zh-CN en\"", "compgen -f"]),
        ("zsh", ["#compdef ecert-audit", "zh-CN", "_files"]),
        ("fish", ["complete -c ecert-audit", "zh-CN", "sandbox"]),
    ] {
        let output = workspace.run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let script = stdout(&output);
        for mark in marks {
            assert!(script.contains(mark), "{shell} lacks {mark}");
        }
    }
    assert_eq!(workspace.run(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn the_bash_script_is_one_that_bash_reads() {
    let workspace = Workspace::new();
    let script = workspace.run(&["completions", "bash"]).stdout;
    fs::write(workspace.path("completions.bash"), script).unwrap();
    let read = Command::new("bash").args(["-n"]).arg(workspace.path("completions.bash")).stdin(Stdio::null()).output().unwrap();
    assert!(read.status.success(), "{}", stderr(&read));
}

#[test]
fn every_command_has_a_manual_page() {
    let workspace = Workspace::new();
    let output = workspace.run(&["man", "pages"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let written = stdout(&output);
    let listed: Vec<&str> = written.lines().collect();
    for command in ["init", "check", "run", "report", "compare", "archive", "call", "prune", "doctor", "sandbox", "schema"] {
        let name = format!("pages/ecert-audit-{command}.1");
        assert!(listed.contains(&name.as_str()), "{written}");
        let page = fs::read_to_string(workspace.path(&name)).unwrap();
        assert!(page.contains(".TH ") && page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{page}");
    }
    let page = fs::read_to_string(workspace.path("pages/ecert-audit.1")).unwrap();
    assert!(page.contains("Exit codes"), "{page}");
    assert!(!listed.iter().any(|path| path.contains("help")), "{written}");
}
