//! Job files: what is refused, where, and in which words.

mod limits;
mod words;

use ecert_audit::exit::Exit;
use ecert_audit::job::{Job, JobProblems, Language};
use ecert_audit::message::Message;
use std::fmt::Write;
use std::path::Path;

const GOOD: &str = r#"
[job]
name = "demo"
[platform]
base_url = "sandbox"
[purpose]
system_name = "s"
call_category = 1
matter_name = "m"
event_code = "e"
copy_cause = "c"
[[inputs]]
path = "a.xlsx"
"#;

fn parse(text: &str) -> Result<Job, JobProblems> {
    crate::support::keep_job(text);
    Job::parse(Path::new("jobs/demo.toml"), text)
}

/// The good job with lines added to a section that it has, or with a new section.
fn with(section: &str, lines: &str) -> String {
    let header = format!("{section}\n");
    if GOOD.contains(&header) { GOOD.replace(&header, &format!("{header}{lines}\n")) } else { format!("{GOOD}{header}{lines}\n") }
}

/// Place, code and arguments of each problem.
fn problems(text: &str) -> Vec<String> {
    let problems = parse(text).expect_err(text).to_string();
    problems.lines().map(|line| line.trim_start_matches("jobs/demo.toml:").to_owned()).collect()
}

/// Place and code of each problem.
fn places(text: &str) -> Vec<String> {
    let place = |problem: String| problem.split(' ').take(2).collect::<Vec<_>>().join(" ");
    problems(text).into_iter().map(place).collect()
}

/// What a command tells about a job that it cannot use.
fn told(text: &str) -> Vec<Message> {
    let stop = parse(text).expect_err(text).into_stop();
    assert_eq!(stop.exit, Exit::Invalid);
    stop.messages
}

#[test]
fn a_short_job_file_is_enough() {
    let job = parse(GOOD).unwrap();
    assert_eq!(job.run_id(chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap()), "2026-11");
    assert_eq!(job.throttle.concurrency, 16);
    assert!(job.root.ends_with(std::env::current_dir().unwrap()), "the parent of jobs/");
    assert!(parse(&format!("\u{FEFF}{GOOD}")).is_ok(), "a byte order mark before it");
    assert!(parse(&GOOD.replace('\n', "\r\n")).is_ok(), "line ends of Windows");
}

const MANY_PROBLEMS: &str = r#"
[job]
nam = "demo"
period = "yearly"
[platform]
base_url = "ftp://10.0.0.1"
username = "team"
password = "hunter2"
timeout = 30
[purpose]
system_name = "s"
call_category = 2
matter_name = "m"
event_code = ""
copy_cause = "c"
[[inputs]]
path = "a.xlsx"
header_row = 0
defaults = { cert_type_code = ["123"] }
[throttle]
rate = "50"
burst = 0
adaptve = true
window = ["19:00-07:00"]
[audit]
recheck = "gaps"
[retry]
backoff = "30s..200ms"
[archive]
enabled = true
[report]
html = true
gates = { min_colection_rate = 0.9 }
"#;

#[test]
fn every_problem_is_reported_at_once_with_its_place() {
    let expected = [
        "2:1: job-missing",
        "3:1: job-unknown-key",
        "4:10: job-expected",
        "6:12: job-base-url",
        "8:12: job-expected-secret",
        "9:11: job-expected",
        "12:17: job-call-category",
        "14:14: job-purpose-empty",
        "18:14: job-counts-from-one",
        "19:32: job-type-code",
        "21:8: job-expected",
        "22:9: job-between",
        "23:1: job-unknown-key",
        "28:11: job-expected",
        "33:32: job-gate",
    ];
    assert_eq!(places(MANY_PROBLEMS), expected);
}

#[test]
fn a_missing_key_is_told_at_its_section_and_a_missing_section_at_the_end() {
    assert_eq!(problems(&GOOD.replace("name = \"demo\"\n", "")), ["2:1: job-missing key=job.name"]);
    assert_eq!(problems(&GOOD.replace("path = \"a.xlsx\"\n", "")), ["12:1: job-missing key=inputs.path"]);
    assert_eq!(problems(&GOOD.replace("base_url = \"sandbox\"\n", "")), ["4:1: job-missing key=platform.base_url"]);
    assert_eq!(problems(&GOOD.replace("[[inputs]]\npath = \"a.xlsx\"\n", "")), ["11:17: job-no-inputs"]);
    assert_eq!(problems(&GOOD.replace("[job]\nname = \"demo\"\n", "#\n#\n")), ["13:16: job-missing key=job.name"]);
    let elsewhere = GOOD.replace("base_url = \"sandbox\"", "base_url = \"http://10.0.0.1\"");
    let account = ["variable=ECERT_USERNAME key=platform.username", "variable=ECERT_PASSWORD key=platform.password"];
    assert_eq!(problems(&elsewhere), account.map(|arguments| format!("4:1: job-missing-secret {arguments}")));
    let none = problems("# nothing\n\n\n");
    assert!(none.len() > 5 && none.iter().all(|problem| problem.starts_with("1:10: ")), "{none:?}");
}

#[test]
fn what_is_there_but_wrong_is_not_missing_too() {
    assert_eq!(places(&GOOD.replace("\"demo\"", "5")), ["3:8: job-expected"]);
    assert_eq!(places(&GOOD.replace("[job]\nname = \"demo\"", "job = 5\n")), ["2:7: job-expected-section"]);
    assert_eq!(
        places(&GOOD.replace("[[inputs]]\npath = \"a.xlsx\"\n", "[inputs]\npath = \"a.xlsx\"\n")),
        ["12:1: job-expected-sections"]
    );
    for inputs in ["inputs = \"a.xlsx\"", "inputs = [\"a.xlsx\"]", "inputs = { path = \"a.xlsx\" }"] {
        let text = format!("{inputs}\n{}", GOOD.replace("[[inputs]]\npath = \"a.xlsx\"\n", ""));
        assert_eq!(places(&text), ["1:10: job-expected-sections"], "{inputs}");
    }
    let text = format!("inputs = []\n{}", GOOD.replace("[[inputs]]\npath = \"a.xlsx\"\n", ""));
    assert_eq!(places(&text), ["1:10: job-no-inputs"]);
}

#[test]
fn a_key_that_is_there_twice_is_named_with_both_places() {
    assert_eq!(problems(&with("[job]", "name = \"other\"")), ["4:1: job-key-twice-since key=name line=3"]);
    assert_eq!(problems(&format!("{GOOD}[purpose]\n")), ["14:2: job-key-twice-since key=purpose line=6"]);
}

#[test]
fn text_that_is_no_toml_is_told_with_its_place() {
    assert_eq!(places("[job]\nname = demo\n[platform\n"), ["2:8: job-toml-unquoted", "3:10: job-toml-bracket"]);
    assert_eq!(places("[job]\nname = \"D:\\名单\"\n"), ["2:12: job-toml-escape"]);
}

/// Writes a file and loads it as a job.
fn load(bytes: &[u8]) -> JobProblems {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.toml");
    std::fs::write(&file, bytes).unwrap();
    Job::load(&file).unwrap_err()
}

#[test]
fn a_file_that_is_not_utf8_is_told_with_the_first_place_and_in_its_language() {
    let gbk = load(b"[job]\nname = \"\xD4\xE6\xD7\xAF\"\nlanguage = \"en\"\n");
    assert!(gbk.to_string().ends_with("job.toml:2:9: job-not-utf8"), "{gbk}");
    assert_eq!(gbk.language, Some(Language::En));
    let utf16 = load(b"\xFF\xFE[\0j\0o\0b\0]\0\n\0");
    assert!(utf16.to_string().ends_with("job.toml:1:1: job-not-utf8"), "{utf16}");
}

#[test]
fn a_file_that_cannot_be_read_has_a_problem_without_a_place() {
    let folder = tempfile::tempdir().unwrap();
    for (file, code) in [(folder.path().join("none.toml"), "job-not-found"), (folder.path().to_owned(), "job-unreadable")] {
        let stop = Job::load(&file).unwrap_err().into_stop();
        assert_eq!((stop.exit, stop.messages.len()), (Exit::Invalid, 1));
        let message = stop.messages[0].to_string();
        assert!(message.starts_with("job-problem file=") && message.contains(&format!("problem=({code}")), "{message}");
    }
}

#[test]
fn a_secret_is_never_repeated() {
    for password in [
        "\"hunter2\"",
        "hunter2",
        "\"hunter2",
        "“hunter2”",
        "{ hunter2 = \"x\" }",
        "{ env = hunter2 }",
        "{ env = [\"hunter2\"] }",
        "{ file = { hunter2 = \"hunter2\" } }",
        "{ command = \"hunter2\" }",
        "{ command = [\"hunter2\", 1] }",
        "{ env = \"A\", file = \"hunter2\" }",
        "[\"hunter2\"]",
    ] {
        let account = format!("base_url = \"http://10.0.0.1\"\nusername = \"u\"\npassword = {password}");
        let text = GOOD.replace("base_url = \"sandbox\"", &account);
        let told = told(&text);
        for sentence in told.iter().flat_map(words::in_both_languages).chain(told.iter().map(Message::to_string)) {
            assert!(!sentence.contains("hunter2"), "{password}: {sentence}");
            assert!(sentence.contains(":7:") || sentence.contains("line=7"), "{password}: {sentence}");
        }
    }
}

#[test]
fn a_secret_without_a_source_is_told() {
    for (source, code) in [
        ("{ env = \" \" }", "job-empty"),
        ("{ file = \"\" }", "job-empty"),
        ("{ file = \"C:\\temp\\new\" }", "job-path-escape"),
        ("{ command = [] }", "job-no-program"),
        ("{ command = [\"\"] }", "job-no-program"),
    ] {
        let told = problems(&with("[platform]", &format!("password = {source}")));
        assert!(told.len() == 1 && told[0].contains(&format!(" {code} key=platform.password.")), "{source}: {told:?}");
    }
}

#[test]
fn of_very_many_problems_the_first_are_listed_and_the_rest_counted() {
    let mut text = format!("{GOOD}[throttle]\n");
    for number in 0..200_000 {
        writeln!(text, "concurency_{number} = {number}").unwrap();
    }
    let told = told(&text);
    assert_eq!(told.len(), 51);
    for (at, message) in told[..50].iter().enumerate() {
        let expected = format!("line={} column=1 problem=(job-unknown-key nearest=concurrency key=concurency_{at} ", at + 15);
        assert!(message.to_string().contains(&expected), "{message}");
    }
    assert_eq!(told[50].to_string(), "job-problems-more file=jobs/demo.toml count=199950");
    let [chinese, english] = words::in_both_languages(&told[50]);
    assert!(chinese.contains("另有 199950 处问题") && english.contains("199950 more problems"), "{chinese} {english}");
}
