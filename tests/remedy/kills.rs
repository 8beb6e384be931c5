//! Killed while it tells the province: nothing is told twice, and nothing is forgotten.

use super::{EVERYTHING, all_in, audited, effects, remediate, set, sound, states, to_insert, told_once};
use crate::support::Platform;
use ecert_audit::job::SandboxSettings;
use std::process::{Command, Stdio};
use std::time::Duration;

const KILLS: usize = 50;

#[test]
fn killed_fifty_times_it_tells_each_certificate_once_and_forgets_none() {
    let platform = Platform::start(SandboxSettings {
        latency: Duration::from_millis(1)..Duration::from_millis(3),
        settle_delay: Duration::from_millis(30),
        ..sound()
    });
    let workspace = audited(&platform, 7_000, EVERYTHING);
    // Longer than what is in flight at a kill can take to have its effect.
    set(&workspace, &platform, super::THROTTLE, "max_actions = 100000\nsettle = \"300ms\"");
    let wanted = to_insert(&workspace);
    let mut dice = fastrand::Rng::new();
    let mut kills = 0;
    while kills < KILLS {
        let before = platform.requests();
        let mut process = workspace
            .command(&["remediate", "outputs/test/once", "--confirm"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Some way on, by what the platform has been asked: from before its first call to amid what it sends.
        let goal = before + dice.u64(0..30);
        while platform.requests() < goal && process.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        if process.try_wait().unwrap().is_some() {
            break;
        }
        assert!(Command::new("kill").args(["-KILL", &process.id().to_string()]).status().unwrap().success());
        process.wait().unwrap();
        kills += 1;
    }
    assert_eq!(kills, KILLS, "there is enough to tell to be killed so often");
    remediate(&workspace, &["--confirm"], 0);
    assert_eq!(told_once(&effects(&platform), "insertToProvince"), wanted);
    assert_eq!(states(&workspace), all_in("settled", &[("insert", wanted.len())]));
}
