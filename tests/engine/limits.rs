//! What was allowed is never exceeded.

use super::{business, sound, workspace};
use crate::support::{Asked, Platform, Workspace, items, job_on, stderr};
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use chrono::{Local, TimeDelta};
use ecert_audit::job::SandboxSettings;
use std::fs;

/// Arrivals may lie this much closer together than departures.
const JITTER_US: u64 = 30_000;

/// The most requests that any stretch of a second holds.
fn most_in_a_second(asked: &[&Asked]) -> usize {
    let mut times: Vec<u64> = asked.iter().map(|asked| asked.at_us).collect();
    times.sort_unstable();
    let mut first = 0;
    let mut most = 0;
    for (last, time) in times.iter().enumerate() {
        while time - times[first] >= 1_000_000 - JITTER_US {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

#[test]
fn rate_burst_and_concurrency_hold_for_every_attempt() {
    let platform = Platform::start(SandboxSettings {
        fault_rate: 0.1,
        latency: std::time::Duration::from_millis(20)..std::time::Duration::from_millis(40),
        ..sound()
    });
    let workspace = workspace(&platform, 160, "rate = \"100/s\"\nburst = 5\nconcurrency = 3");
    workspace.run_job(&[], 0);
    let asked = platform.asked();
    let all: Vec<&Asked> = asked.iter().collect();
    assert!(all.len() > 300, "faces and retries: {}", all.len());
    assert!(most_in_a_second(&all) <= 105, "{}", most_in_a_second(&all));
    let most = asked.iter().map(|asked| asked.in_flight).max();
    assert_eq!(most, Some(3), "as many at once as allowed, and no more");
}

#[test]
fn outside_its_hours_nothing_is_called() {
    let platform = Platform::start(sound());
    let now = Local::now();
    let window = |from: i64, to: i64| {
        let time = |hours| (now + TimeDelta::hours(hours)).format("%H:%M").to_string();
        format!("window = [\"{}-{}\"]", time(from), time(to))
    };
    let workspace = workspace(&platform, 5, &window(2, 4));
    let output = workspace.run_job(&[], 3);
    let opening = (now + TimeDelta::hours(2)).format("%Y-%m-%d %H:%M").to_string();
    assert!(stderr(&output).contains(&opening), "{}", stderr(&output));
    assert!(platform.asked().is_empty(), "not even a token is asked for");
    workspace.write_job(&platform.job("inputs/items.csv", &window(-1, 2)));
    workspace.run_job(&[], 0);
}

#[test]
fn a_wait_that_the_platform_asks_for_is_kept_by_all() {
    let platform = Platform::start(SandboxSettings { rate_limit: 40, ..sound() });
    let workspace = workspace(&platform, 60, "rate = \"400/s\"\nconcurrency = 4\nadaptive = false");
    workspace.run_job(&[], 0);
    let asked = platform.asked();
    let refused: Vec<u64> = asked.iter().filter(|asked| asked.status == 429).map(|asked| asked.at_us).collect();
    assert!(!refused.is_empty());
    // After a refusal come those that were in flight with it, and nothing more for the second that was asked for.
    for at in refused {
        let soon = asked.iter().filter(|asked| at < asked.at_us && asked.at_us < at + 900_000).count();
        assert!(soon <= 4, "{soon}");
    }
    assert_eq!(workspace.summary()["error"], 0);
}

#[test]
fn a_struggling_platform_is_asked_more_slowly() {
    let platform = Platform::start(SandboxSettings { rate_limit: 60, ..sound() });
    let workspace = workspace(&platform, 120, "rate = \"300/s\"\nconcurrency = 8");
    workspace.run_job(&[], 0);
    let log = std::fs::read_to_string(workspace.run_dir().join("run.log.jsonl")).unwrap();
    assert!(log.contains("slow-down") && log.contains("too_many"), "{log}");
    let asked = platform.asked();
    let refused = asked.iter().filter(|asked| asked.status == 429).count();
    assert!(refused * 4 < business(&asked).len(), "{refused} of {}", asked.len());
}

#[test]
fn large_answers_in_flight_share_one_budget_of_memory() {
    const ANSWERS: usize = 24;
    const SIZE: usize = 40 << 20;
    let absent = r#"{"head":{"status":"0","shengIsExists":"0","shiIsExists":"0"},"data":{"total":"0","dataList":[]}}"#;
    let mut answer = vec![b' '; SIZE];
    answer.extend_from_slice(absent.as_bytes());
    let answer = Bytes::from(answer);
    let router = Router::new()
        .route("/oauth/token", post(|| async { r#"{"access_token":"secret-token"}"# }))
        .fallback(post(move || std::future::ready(answer.clone())));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, router).await });

    let workspace = Workspace::new();
    workspace.write_input("items.csv", items(ANSWERS as u64).as_bytes());
    let throttle = format!("rate = \"unlimited\"\nadaptive = false\nconcurrency = {ANSWERS}");
    let job = job_on(&base_url, "inputs/items.csv", &throttle);
    let script = "grep VmHWM /proc/$PPID/status > peak.txt";
    workspace.write_job(&format!(
        "{job}\n[audit]\ndepth = \"existence\"\n[notify]\ncommand = [\"sh\", \"-c\", \"{script}\"]\n"
    ));
    workspace.run_job(&[], 0);
    let peak = fs::read_to_string(workspace.path("peak.txt")).unwrap();
    let kibibytes: usize = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!(kibibytes << 10 < ANSWERS * SIZE / 2, "{peak}");
}
