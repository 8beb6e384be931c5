//! Every message is there in every language, and every message that the code names is there.

use ecert_audit::job::Language;
use ecert_audit::report::Words;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FILES: [(&str, Language); 2] = [("zh-CN.ftl", Language::ZhCn), ("en.ftl", Language::En)];

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/messages").join(file)).unwrap()
}

/// Keys, and the names of the values that each message takes.
fn messages(file: &str) -> Vec<(String, BTreeSet<String>)> {
    let values = |text: &str| text.split("{ $").skip(1).filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect();
    text(file)
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_once(" = ").unwrap_or_else(|| panic!("{file}: {line}")))
        .map(|(key, message)| (key.to_owned(), values(message)))
        .collect()
}

#[test]
fn languages_have_the_same_messages_with_the_same_values() {
    assert_eq!(messages(FILES[0].0), messages(FILES[1].0));
    let keys: Vec<String> = messages(FILES[0].0).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "no key twice");
}

#[test]
fn every_message_can_be_told() {
    for (file, language) in FILES {
        let words = Words::new(language);
        for (key, values) in messages(file) {
            let given: Vec<(&str, &str)> = values.iter().map(|name| (name.as_str(), "值")).collect();
            let told = if given.is_empty() { words.text(&key).to_owned() } else { words.fill(&key, &given) };
            assert!(told != key && !told.contains("{ $"), "{file}: {key} gives {told}");
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

#[test]
fn every_message_that_the_code_names_is_there() {
    let known: BTreeSet<String> = messages(FILES[0].0).into_iter().map(|(key, _)| key).collect();
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report"), &mut files);
    let mut named = 0;
    for file in files {
        let code = fs::read_to_string(&file).unwrap();
        for call in ["words.text(\"", "words.fill(\"", ".heading(\"", ".note(\"", "page.count(\"", "page.text(\"", ".rate(\""] {
            for key in code.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(known.contains(key), "{}: {key}", file.display());
                named += 1;
            }
        }
    }
    assert!(named > 150, "{named}");
}

/// Whatever a table may hold by name has a word.
#[test]
fn every_name_of_tables_has_a_word() {
    use ecert_audit::audit::{AnomalyKind, Change, Status};
    use ecert_audit::codes::Field;
    use ecert_audit::intake::InputProblem;
    let words = Words::new(Language::En);
    let known = |kind: &str, name: &str| assert_ne!(words.named(kind, name), name, "{kind}-{name}");
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
    }
    for kind in ecert_audit::platform::ErrorKind::ALL {
        known("error", kind.name());
    }
    for problem in InputProblem::ALL {
        known("problem", problem.name());
        assert_ne!(words.text(&format!("problem-{}-advice", problem.name())), format!("problem-{}-advice", problem.name()));
    }
}
