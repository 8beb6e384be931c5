//! Every message is there in every language, and every message that the code names is there.

use ecert_audit::job::{FIGURES, Language};
use ecert_audit::report::Words;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LANGUAGES: [(&str, Language); 2] = [("zh-CN", Language::ZhCn), ("en", Language::En)];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The message files of a language by name.
fn files(folder: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(root().join("src/report/messages").join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())).collect()
}

/// Keys, and the names of the values that each message takes; a key that is there twice is listed twice.
fn messages(folder: &str) -> Vec<(String, BTreeSet<String>)> {
    let values = |text: &str| text.split("{ $").skip(1).filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect();
    let mut found = Vec::new();
    for (file, text) in files(folder) {
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let (key, message) = line.split_once(" = ").unwrap_or_else(|| panic!("{folder}/{file}: {line}"));
            found.push((key.to_owned(), values(message)));
        }
    }
    found
}

fn keys() -> BTreeSet<String> {
    messages(LANGUAGES[0].0).into_iter().map(|(key, _)| key).collect()
}

#[test]
fn languages_have_the_same_messages_with_the_same_values() {
    let of = |folder| messages(folder).into_iter().collect::<BTreeMap<_, _>>();
    assert_eq!(of(LANGUAGES[0].0), of(LANGUAGES[1].0));
    assert!(files(LANGUAGES[0].0).keys().eq(files(LANGUAGES[1].0).keys()), "the same files in both folders");
    for (folder, _) in LANGUAGES {
        let mut seen = BTreeSet::new();
        for (key, _) in messages(folder) {
            assert!(seen.insert(key.clone()), "{folder}: {key} is there twice");
        }
    }
}

#[test]
fn every_message_can_be_told() {
    for (folder, language) in LANGUAGES {
        let words = Words::new(language);
        for (key, values) in messages(folder) {
            let given: Vec<(&str, &str)> = values.iter().map(|name| (name.as_str(), "值")).collect();
            let told = if given.is_empty() { words.text(&key).to_owned() } else { words.fill(&key, &given) };
            assert!(told != key && !told.contains("{ $"), "{folder}: {key} gives {told}");
        }
    }
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "html") {
            found.push(path);
        }
    }
}

/// The code in a folder below `src`, file by file, without comments and without the tests at the end.
fn code(below: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    sources(&root().join("src").join(below), &mut files);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        (path, lines.join("\n"))
    };
    files.into_iter().map(read).collect()
}

/// The string literals that follow `before` in a text.
fn literals<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    let rest = text.split(before).skip(1).map(str::trim_start);
    rest.filter_map(|rest| rest.strip_prefix('"')?.split('"').next())
}

#[test]
fn every_message_that_the_reports_name_is_there() {
    /// What calls with a key as their first argument look like.
    const CALLS: [&str; 7] = ["words.text(", "words.fill(", ".heading(", ".note(", "page.count(", "page.text(", ".rate("];
    /// Beginnings of keys that lists of keys are made of.
    const BEGINNINGS: [&str; 5] = ["col-", "reading-", "sheet-", "summary-", "event-"];
    let known = keys();
    let mut named = 0;
    for (path, code) in code("report") {
        for key in CALLS.into_iter().flat_map(|call| literals(&code, call)) {
            assert!(known.contains(key), "{}: {key}", path.display());
            named += 1;
        }
        for beginning in BEGINNINGS {
            let opened = format!("\"{beginning}");
            for key in code.split(&opened).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(known.contains(&format!("{beginning}{key}")), "{}: {beginning}{key}", path.display());
            }
        }
    }
    assert!(named > 150, "{named}");
}

#[test]
fn every_code_of_a_message_has_its_sentence() {
    let known = keys();
    let mut named = 0;
    for (path, code) in code("") {
        for key in literals(&code, "Message::new(") {
            assert!(known.contains(key), "{}: {key}", path.display());
            named += 1;
        }
    }
    assert!(named > 0);
}

/// Whatever a table may hold by name has a word.
#[test]
fn every_name_of_tables_has_a_word() {
    use ecert_audit::audit::{AnomalyKind, Change, Status};
    use ecert_audit::codes::Field;
    use ecert_audit::intake::InputProblem;
    for (_, language) in LANGUAGES {
        let words = Words::new(language);
        let known = |kind: &str, name: &str| assert_ne!(words.named(kind, name), name, "{kind}-{name}");
        let has_advice = |kind: &str, name: &str| known(kind, &format!("{name}-advice"));
        for status in Status::ALL {
            known("status", status.name());
        }
        for change in Change::ALL {
            known("change", change.name());
        }
        for field in Field::ALL {
            known("field", field.name());
        }
        for kind in AnomalyKind::ALL {
            known("error", kind.name());
            has_advice("error", kind.name());
        }
        for kind in ecert_audit::platform::ErrorKind::ALL {
            known("error", kind.name());
            has_advice("error", kind.name());
        }
        for problem in InputProblem::ALL {
            known("problem", problem.name());
            has_advice("problem", problem.name());
        }
        for figure in FIGURES {
            known("figure", figure);
        }
        for role in
            ["holder_code", "holder_code_type", "cert_type_code", "cert_type_name", "certificate_number", "extraction_code"]
        {
            known("role", role);
        }
    }
}
