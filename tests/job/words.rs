//! The sentences about a job file, in both languages.

use super::{GOOD, MANY_PROBLEMS, parse, told, with};
use ecert_audit::job::{Job, Language};
use ecert_audit::message::Message;
use ecert_audit::report::Words;
use proptest::prelude::*;
use std::path::Path;

thread_local! {
    static WORDS: [Words; 2] = [Words::new(Language::ZhCn), Words::new(Language::En)];
}

/// The sentence of a message in Chinese and in English.
pub(crate) fn in_both_languages(message: &Message) -> [String; 2] {
    WORDS.with(|languages| languages.each_ref().map(|words| words.say(message)))
}

#[test]
fn every_problem_is_a_sentence_in_both_languages() {
    let told: Vec<[String; 2]> = told(MANY_PROBLEMS).iter().map(in_both_languages).collect();
    for sentence in told.iter().flatten() {
        assert!(sentence.starts_with("jobs/demo.toml:") && !sentence.contains("job-"), "{sentence}");
    }
    for (at, chinese, english) in [
        (0, "2:1：缺少 `job.name`", "2:1: `job.name` is missing"),
        (
            1,
            "3:1：[job] 中没有名为 `nam` 的项；最接近的是 `name`",
            "3:1: unknown key `nam` in [job]; the nearest known one is `name`",
        ),
        (
            2,
            "4:10：`job.period` 应为下列之一：\"monthly\"；\"daily\"；\"once\"，而不是 \"yearly\"",
            "4:10: `job.period` must be one of \"monthly\"; \"daily\"; \"once\", not \"yearly\"",
        ),
        (
            5,
            "9:11：`platform.timeout` 应为时长，例如 \"500ms\"、\"30s\" 或 \"5m\"，而不是 30",
            "9:11: `platform.timeout` must be a duration such as \"500ms\", \"30s\" or \"5m\", not 30",
        ),
        (11, "22:9：`throttle.burst` 应在 1 到 100000 之间", "22:9: `throttle.burst` must lie between 1 and 100000"),
    ] {
        let expected = [chinese, english].map(|sentence| format!("jobs/demo.toml:{sentence}"));
        assert_eq!(told[at], expected);
    }
}

#[test]
fn problems_come_in_the_language_that_the_file_names_whatever_else_is_wrong() {
    let language = |text: &str| parse(text).expect_err(text).language;
    for (text, named) in [
        (with("[job]", "language = \"en\"\nx = 1"), Some(Language::En)),
        (with("[job]", "language = \"zh-CN\"\nx = 1"), Some(Language::ZhCn)),
        (with("[job]", "language = \"en\"\nx = "), Some(Language::En)),
        (with("[job]", "x\nlanguage = “en”"), Some(Language::En)),
        (with("[job]", "x = 1"), None),
        (String::new(), None),
    ] {
        assert_eq!(language(&text), named, "{text}");
    }
}

/// Pieces of job files, good and bad.
const PIECES: [&str; 44] = [
    "[job]\n",
    "name = \"demo\"\n",
    "language = \"en\"\n",
    "[platform]\n",
    "base_url = \"sandbox\"\n",
    "base_url = \"http://\u{202E}\"\n",
    "password = { env = \"A\" }\n",
    "password = \"x\"\n",
    "timeout = \"1e3s\"\n",
    "max_answer = \"-1.5XiB\"\n",
    "codes = { \"1\" = \"retry\", x = 5 }\n",
    "[platform.sandbox]\n",
    "latency = \"5ms..1ms\"\n",
    "fault_rate = nan\n",
    "oddities = [\"x\"]\n",
    "[purpose]\n",
    "call_category = 18446744073709551616\n",
    "copy_cause = '''\n",
    "[[inputs]]\n",
    "path = \"a.xlsx\"\n",
    "path = \"D:\\名单\"\n",
    "carry = [\"区市\", \"status\", 5]\n",
    "columns = { holder_code = \"a\", cert_type_code = \"a\" }\n",
    "defaults.cert_type_code = [\"枣\"]\n",
    "defaults.cert_type_code = 2026-11-24\n",
    "[[catalogue.types]]\n",
    "code = \"\"\n",
    "[faces.types.\"\\u001b枣庄\"]\n",
    "fields = { issue_date = [\"a\"], nothing = 5 }\n",
    "[throttle]\n",
    "rate = \"0/s\"\n",
    "window = [\"19:00-07:00\", \"枣-庄\"]\n",
    "pause_at = { share = inf }\n",
    "[report]\n",
    "gates = { min_枣 = 1, max_error_rate = 0.1 }\n",
    "mask = “full”\n",
    "[archive]\n",
    "allowed_hosts = [\"[::1]\", \"枣庄\", \"10.0.0.0/99\"]\n",
    "[output]\n",
    "dir = \"\"\n",
    "\r",
    "枣＝庄\n",
    "\u{FEFF}",
    "[[[",
];

fn text() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40);
    let pieces = (pieces, any::<bool>()).prop_map(|(pieces, is_added)| {
        let text = pieces.concat();
        if is_added { format!("{GOOD}{text}") } else { text }
    });
    prop_oneof![pieces, any::<String>(), "[\\[\\]{}=.,\"'\\\\#a-z0-9枣“＝\n\r\t ]{0,80}"]
}

proptest! {
    #[test]
    fn no_text_panics_and_each_problem_has_a_place_and_a_sentence(text in text()) {
        let Err(problems) = Job::parse(Path::new("j.toml"), &text) else { return Ok(()) };
        let lines = text.matches('\n').count() + 1;
        for problem in problems.to_string().lines() {
            let line = problem.strip_prefix("j.toml:").and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
            prop_assert!(line.is_some_and(|line| (1..=lines).contains(&line)), "{}", problem);
        }
        let messages = problems.into_stop().messages;
        prop_assert!(!messages.is_empty() && messages.len() <= 51);
        for message in messages {
            for sentence in in_both_languages(&message) {
                prop_assert!(sentence.starts_with("j.toml") && sentence.lines().count() == 1, "{}", sentence);
            }
        }
    }
}
