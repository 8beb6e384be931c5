//! The two READMEs say the same: the same headings, code blocks and tables, in the same order.

use std::fs;
use std::path::Path;

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
    parts(&fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap())
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
