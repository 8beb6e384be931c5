//! What READMEs and documents say is so: both READMEs say the same, and the commands, keys, paths, modules and events that they
//! name are there.

use clap::CommandFactory;
use ecert_audit::cli::Cli;
use ecert_audit::exit::Exit;
use ecert_audit::job::Job;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The documents that people read, from the root.
const DOCUMENTS: [&str; 6] =
    ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/operations.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The part of a text from a heading to the next one of its level, `##`.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n## ").next().unwrap_or(rest)
}

/// What stands between backticks, in order.
fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A part of a README that is the same in every language.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// A heading, by its level.
    Heading(usize),
    /// The lines of a code block, without comments.
    Code(Vec<String>),
    /// A table, by its number of rows.
    Table(usize),
    /// A picture, by its file.
    Picture(String),
}

/// The code of a line: what stands before a comment. A `#` between double quotes begins none.
fn code(line: &str) -> String {
    let mut is_quoted = false;
    let mut before = ' ';
    let mut end = line.len();
    for (at, character) in line.char_indices() {
        match character {
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted && before.is_whitespace() => {
                end = at;
                break;
            }
            _ => {}
        }
        before = character;
    }
    line[..end].trim().to_owned()
}

fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            found.push(Part::Code(block.into_iter().map(code).filter(|line| !line.is_empty()).collect()));
        } else if line.starts_with("    ") {
            let mut block = vec![code(line)];
            while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
                block.push(code(line));
            }
            block.retain(|line| !line.is_empty());
            found.push(Part::Code(block));
        } else if line.starts_with('#') {
            found.push(Part::Heading(line.chars().take_while(|character| *character == '#').count()));
        } else if line.starts_with('|') {
            let mut rows = 1;
            while lines.next_if(|line| line.starts_with('|')).is_some() {
                rows += 1;
            }
            found.push(Part::Table(rows));
        } else if let Some((_, file)) = line.strip_prefix("![").and_then(|rest| rest.split_once("](")) {
            found.push(Part::Picture(file.trim_end_matches(')').to_owned()));
        }
    }
    found
}

fn read(name: &str) -> Vec<Part> {
    parts(&text_of(name))
}

#[test]
fn both_readmes_have_the_same_headings_code_and_tables() {
    let (english, chinese) = (read("README.md"), read("README.zh-CN.md"));
    for (at, (english, chinese)) in english.iter().zip(&chinese).enumerate() {
        assert_eq!(english, chinese, "part {at}");
    }
    assert_eq!(english.len(), chinese.len());
    assert!(english.iter().filter(|part| matches!(part, Part::Code(_))).count() > 3);
}

#[test]
fn comments_are_no_code() {
    for (line, expected) in [
        ("rate = \"50/s\"      # attempts", "rate = \"50/s\""),
        ("color = \"#fff\"  # white", "color = \"#fff\""),
        ("# nothing", ""),
        ("run a#b  # c", "run a#b"),
        ("", ""),
    ] {
        assert_eq!(code(line), expected);
    }
}

#[test]
fn both_readmes_tell_of_every_command_and_exit_code() {
    let exits = [Exit::Done, Exit::Internal, Exit::Invalid, Exit::Resumable, Exit::Refused, Exit::Locked, Exit::GateViolated];
    for name in ["README.md", "README.zh-CN.md"] {
        let text = text_of(name);
        for command in Cli::command().get_subcommands() {
            let row = format!("\n| `{}", command.get_name());
            let is_told = text.split(&row).skip(1).any(|rest| rest.starts_with([' ', '`']));
            assert!(is_told, "{name} lacks the command {}", command.get_name());
        }
        for exit in exits {
            assert!(text.contains(&format!("\n| {} | ", exit.code())), "{name} lacks the exit code of {exit:?}");
        }
    }
}

#[test]
fn the_job_file_of_the_readme_is_one() {
    let text = text_of("README.md");
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 2);
    if let Err(problems) = Job::parse(&root().join("jobs/mine.toml"), &blocks.join("\n")) {
        panic!("{problems}");
    }
}

#[test]
fn the_oldest_compiler_is_the_one_of_the_manifest() {
    let version = env!("CARGO_PKG_RUST_VERSION");
    for (name, words) in [
        ("README.md", format!("({version} or newer")),
        ("README.zh-CN.md", format!("（{version} 或更新")),
        ("CONTRIBUTING.md", format!("Rust {version} or newer")),
        (".github/workflows/ci.yml", format!("library/rust:{version}-")),
    ] {
        assert!(text_of(name).contains(&words), "{name} does not say {words}");
    }
}

#[test]
fn paths_and_links_in_documents_lead_somewhere() {
    const FOLDERS: [&str; 7] = ["src/", "tests/", "docs/", "packaging/", "benches/", ".ci/", "jobs/demo"];
    let mut checked = 0;
    for name in DOCUMENTS {
        let text = text_of(name);
        let is_path = |span: &&str| {
            FOLDERS.iter().any(|folder| span.starts_with(folder)) && !span.contains(['<', '*', '{', '…', ' ', '\n'])
        };
        for path in in_backticks(&text).filter(is_path) {
            assert!(root().join(path).exists(), "{name}: {path}");
            checked += 1;
        }
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http") && !target.contains(['\n', ' '])) {
            assert!(root().join(folder).join(target).exists(), "{name}: {target}");
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
}

/// The modules in layers, as the test of the architecture has them.
fn rooms() -> Vec<String> {
    let text = text_of("tests/architecture.rs");
    let list = text.split_once("const ROOMS").and_then(|(_, rest)| rest.split_once("= [")?.1.split_once("];"));
    let (list, _) = list.unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The sources of a module.
fn sources_of(room: &str) -> String {
    let mut folders: Vec<PathBuf> = vec![root().join("src").join(room)];
    let mut text = fs::read_to_string(root().join("src").join(format!("{room}.rs"))).unwrap_or_default();
    while let Some(folder) = folders.pop() {
        // A module of one file has no folder.
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

#[test]
fn the_architecture_tells_of_every_module_in_its_layer_and_of_no_arrow_that_is_gone() {
    let rooms = rooms();
    assert!(rooms.len() > 20, "{rooms:?}");
    let document = text_of("docs/architecture.md");
    let rows: Vec<&str> = section(&document, "\n## Rooms").lines().filter(|line| line.starts_with("| `")).collect();
    let named: Vec<&str> = rows.iter().filter_map(|row| in_backticks(row).next()).collect();
    assert_eq!(named, rooms, "docs/architecture.md");
    for (room, row) in named.into_iter().zip(rows) {
        let sources = sources_of(room);
        let uses = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        for used in in_backticks(uses) {
            let is_used = sources
                .split(&format!("crate::{used}"))
                .skip(1)
                .any(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'));
            assert!(is_used, "docs/architecture.md: {room} does not use {used}");
        }
    }
    let library = text_of("src/lib.rs");
    let layers =
        library.split_once("//! # Layers").unwrap().1.lines().take_while(|line| line.is_empty() || line.starts_with("//!"));
    let listed: Vec<&str> = layers.flat_map(|line| line.split("[`").skip(1)).filter_map(|rest| rest.split('`').next()).collect();
    assert_eq!(listed, rooms, "src/lib.rs");
}

#[test]
fn every_event_that_operations_tell_of_is_logged() {
    let document = text_of("docs/operations.md");
    let sources: String = rooms().iter().map(|room| sources_of(room)).collect();
    let rows = section(&document, "\n## What is logged").lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let events: BTreeSet<&str> = cells.flat_map(in_backticks).collect();
    assert!(events.len() > 20, "{events:?}");
    for event in events {
        assert!(sources.contains(&format!("\"{event}\"")), "{event}");
    }
}
