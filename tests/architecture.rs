//! The house: a room may use only rooms below its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the top. A room uses only rooms further down.
const ROOMS: [&str; 27] = [
    "command",
    "cli",
    "init",
    "dispatch",
    "remedy",
    "report",
    "analysis",
    "archive",
    "engine",
    "table",
    "retention",
    "run_folder",
    "journal",
    "audit",
    "face",
    "platform",
    "sandbox",
    "intake",
    "job",
    "endpoint",
    "codes",
    "sample",
    "durable",
    "child",
    "interrupt",
    "exit",
    "message",
];

/// The sandbox shares the endpoints, the codes and its own settings with the rest, and nothing else.
const SANDBOX_MAY_USE: [&str; 4] = ["endpoint", "codes", "job", "durable"];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a source file names after `crate::`.
fn used_rooms(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut used = BTreeSet::new();
    for line in code {
        for after in line.split("crate::").skip(1) {
            let room: String = after.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect();
            used.insert(room);
        }
    }
    used
}

fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let relative = file.strip_prefix(&src).unwrap();
        let room = relative.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        if room == "main" || room == "lib" {
            continue;
        }
        let used = used_rooms(&fs::read_to_string(&file).unwrap());
        arrows.entry(room.clone()).or_default().extend(used.into_iter().filter(|other| *other != room));
    }
    arrows
}

#[test]
fn no_arrow_runs_up() {
    let rank = |room: &str| ROOMS.iter().position(|known| *known == room);
    let mut wrong = Vec::new();
    for (room, used) in arrows() {
        let Some(own) = rank(&room) else {
            wrong.push(format!("the room {room} has no place in the house"));
            continue;
        };
        for other in used {
            if rank(&other).is_none_or(|other| other <= own) {
                wrong.push(format!("{room} uses {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_sandbox_never_reads_the_audit() {
    let arrows = arrows();
    let used = &arrows["sandbox"];
    assert!(used.iter().all(|room| SANDBOX_MAY_USE.contains(&room.as_str())), "{used:?}");
}

#[test]
fn only_the_report_and_its_words_speak_to_the_analyst() {
    assert!(arrows()["engine"].iter().all(|room| room != "report"));
}
