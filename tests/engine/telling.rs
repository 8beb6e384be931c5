//! What a run tells others: metrics, log, commands, addresses.

use super::{sound, workspace};
use crate::support::{Platform, stderr};
use ecert_audit::job::SandboxSettings;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

#[test]
#[expect(clippy::float_cmp, reason = "counts")]
fn metrics_tell_calls_and_attempts_by_result_over_all_processes() {
    let platform = Platform::start(SandboxSettings { fault_rate: 0.2, ..sound() });
    let workspace = workspace(&platform, 60, "rate = \"unlimited\"");
    workspace.run_job(&["--limit", "30"], 3);
    workspace.run_job(&[], 0);
    let metrics = fs::read_to_string(workspace.run_dir().join("metrics.prom")).unwrap();
    let values = |name: &str| -> Vec<(String, f64)> {
        let lines = metrics.lines().filter(|line| line.starts_with(name) && !line.starts_with('#'));
        lines.map(|line| line.rsplit_once(' ').map(|(name, value)| (name.to_owned(), value.parse().unwrap())).unwrap()).collect()
    };
    let sum = |name: &str| -> f64 { values(name).iter().map(|(_, value)| value).sum() };
    let summary = workspace.summary();
    assert_eq!(sum("ecert_audit_calls_by_result"), summary["calls"].as_f64().unwrap());
    let business: f64 =
        values("ecert_audit_attempts_by_result").iter().filter(|(name, _)| !name.contains("token")).map(|(_, value)| value).sum();
    assert_eq!(business, summary["attempts"].as_f64().unwrap());
    assert_eq!(sum("ecert_audit_attempt_seconds_count"), sum("ecert_audit_attempts_by_result"));
    assert!(sum("ecert_audit_last_success_timestamp_seconds") > 1e9);
    for family in ["rows", "calls_by_result", "attempts_by_result", "attempt_seconds", "throttle_wait_seconds"] {
        let name = format!("ecert_audit_{family}");
        assert!(metrics.contains(&format!("# HELP {name} ")) && metrics.contains(&format!("# TYPE {name} ")), "{name}");
    }
    assert!(metrics.contains("ecert_audit_attempt_seconds_bucket{audit_job=\"test\",le=\"+Inf\"}"), "{metrics}");
}

#[test]
fn the_log_tells_a_run_from_start_to_end() {
    let platform = Platform::start(sound());
    let workspace = workspace(&platform, 5, "rate = \"unlimited\"");
    workspace.run_job(&["--limit", "2"], 3);
    let log = fs::read_to_string(workspace.run_dir().join("run.log.jsonl")).unwrap();
    let events: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["message"].as_str().unwrap().to_owned())
        .collect();
    for event in ["start", "plan", "calling ended", "end"] {
        assert!(events.iter().any(|known| known == event), "{event}: {events:?}");
    }
    assert_eq!(events.last().unwrap(), "end");
}

#[test]
fn a_command_and_an_address_are_told_and_their_failure_is_a_warning() {
    let platform = Platform::start(sound());
    let workspace = workspace(&platform, 5, "rate = \"unlimited\"");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        while !String::from_utf8_lossy(&bytes).trim_end().ends_with('}') {
            let count = stream.read(&mut part).unwrap();
            bytes.extend_from_slice(&part[..count]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        String::from_utf8(bytes).unwrap()
    });
    let script = "env | grep ^ECERT_AUDIT_ > told.txt";
    let job = platform.job("inputs/items.csv", "rate = \"unlimited\"");
    workspace.write_job(&format!(
        "{job}\n[notify]\ncommand = [\"sh\", \"-c\", \"{script}\"]\nwebhook = \"http://{address}/secret\"\n"
    ));
    let output = workspace.run_job(&[], 0);
    assert!(stderr(&output).is_empty(), "{}", stderr(&output));
    let told = fs::read_to_string(workspace.path("told.txt")).unwrap();
    assert!(told.contains("ECERT_AUDIT_EXIT_CODE=0") && told.contains("ECERT_AUDIT_OUTCOME=done"), "{told}");
    assert!(told.contains("ECERT_AUDIT_REPORT_XLSX=/") && told.contains("report.xlsx"), "{told}");
    let request = heard.join().unwrap();
    let body: serde_json::Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((&body["job"], &body["exit_code"], &body["summary"]["items"]), (&"test".into(), &0.into(), &5.into()));

    // Nobody listens any more, and there is no such program.
    workspace.write_job(&format!("{job}\n[notify]\ncommand = [\"no-such-program\"]\nwebhook = \"http://{address}/secret\"\n"));
    let output = workspace.run_job(&[], 0);
    let words = stderr(&output);
    assert!(words.contains("notify.command：无法启动 no-such-program") && words.contains("notify.webhook"), "{words}");
    assert!(!words.contains("secret"), "an address may hold a secret: {words}");
}
