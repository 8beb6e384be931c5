//! The JSON Schema of the job file: what it describes, and job files that it is held against (see `.ci/schema`).

use crate::support::{Workspace, keep_job, stderr};
use ecert_audit::job::Job;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn schema(language: &str) -> Value {
    let output = Workspace::new().run(&["--lang", language, "schema"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Collects the description of every key below a schema, by path.
fn descriptions(schema: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    if let Some(keys) = schema["properties"].as_object() {
        for (key, value) in keys {
            let path = format!("{path}.{key}");
            // The sources of a secret explain themselves, and are described with their key.
            if let Some(description) = value["description"].as_str() {
                found.insert(path.clone(), description.to_owned());
            } else {
                assert!(["env", "file", "command"].contains(&key.as_str()), "{path} has no description");
            }
            descriptions(value, &path, found);
        }
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            descriptions(&schema[inner], path, found);
        }
    }
}

#[test]
fn every_key_is_described_in_both_languages() {
    let [chinese, english] = ["zh-CN", "en"].map(|language| {
        let schema = schema(language);
        assert!(schema["description"].as_str().unwrap().contains("ecert-audit"));
        let mut found = BTreeMap::new();
        descriptions(&schema, "", &mut found);
        found
    });
    assert!(chinese.keys().eq(english.keys()) && chinese.len() > 90, "{}", chinese.len());
    for (path, description) in &chinese {
        assert!(!description.is_ascii() && !description.starts_with("schema-"), "{path}: {description}");
        assert_ne!(description, &english[path], "{path}");
    }
}

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

/// The code of each problem of the good job with lines added behind a section's header, or with a new section.
fn codes(section: &str, lines: &str) -> Vec<String> {
    let header = format!("{section}\n");
    let text = match GOOD.split_once(&header) {
        Some((before, after)) => format!("{before}{header}{lines}\n{after}"),
        None => format!("{GOOD}{header}{lines}\n"),
    };
    keep_job(&text);
    let told = Job::parse(Path::new("j.toml"), &text).map_or_else(|problems| problems.to_string(), |_| String::new());
    told.lines().filter_map(|line| line.split(' ').nth(1)).map(str::to_owned).collect()
}

/// Lines that a section takes.
const TAKEN: [(&str, &str); 49] = [
    ("[job]", "period = \"daily\"\nlanguage = \"en\""),
    ("[platform]", "username = \"team\"\npassword = { env = \"P\" }"),
    ("[platform]", "username = { file = \"u\" }\npassword = { command = [\"pass\", \"show\"] }"),
    ("[platform]", "connect_timeout = \"1.5s\"\ntimeout = \"1m 30s\"\ntoken_request = \"query\""),
    ("[platform]", "max_answer = \"8 MiB\"\nca_file = 'D:\\ca.pem'"),
    ("[platform]", "max_answer = \"1048576\""),
    ("[platform]", "codes = { 99 = \"retry\", \"-1\" = \"absent\" }"),
    (
        "[platform.sandbox]",
        "seed = 7\nlatency = \"2ms..10ms\"\nfault_rate = 0\nlasting_rate = 1.0\noddities = [\"gbk\", \"all\"]",
    ),
    ("[platform.sandbox]", "latency = \"0s\""),
    ("[purpose]", "call_district = \"市中区\"\ncall_department = \"\"\ndistrict_level = \"3\""),
    ("[[inputs]]", "sheet = 2\nheader_row = 3"),
    ("[[inputs]]", "sheet = \"*\"\nheader_row = \"auto\"\ncarry = [\"区市\"]"),
    ("[[inputs]]", "columns = { holder_code = \"证件号码\", extraction_code = \"提取码\" }"),
    ("[[inputs]]", "defaults = { cert_type_code = [\"11100000000013127D001\"], holder_code_type = \"111\" }"),
    ("[[inputs]]", "path = \"b.csv\"\n[[inputs]]"),
    ("[audit]", "depth = \"existence\"\ncertificates = \"list\"\nrecheck = \"gaps\""),
    ("[audit]", ""),
    ("[audit]", "sample = { size = 20000, by = \"cert_type_code\", least = 50, seed = \"2026-11\" }"),
    ("[audit.sample]", "size = \"0.5%\""),
    ("[audit.sample]", "size = \" 20000 \"\nleast = 2"),
    ("[[catalogue.types]]", "code = \"11100000000013127D001\"\nname = \"证\""),
    ("[catalogue.holder_types]", "\"工会会员证\" = \"999\"\n2 = \"414\""),
    ("[[catalogue.types]]", "code = \"11100000000013127D001\"\nnames = [\"证\", \"照\"]"),
    ("[faces.fields]", "remark = [\"beizhu\"]"),
    ("[faces.province]", "issue_date = []"),
    ("[faces.types.\"11100000000013127D001\"]", "fields = { area_code = [\"ssqx\"] }\nignore = [\"remark\"]"),
    ("[faces.compare]", "ignore = [\"address\"]\nissuer_prefixes = [\"山东省\"]"),
    ("[throttle]", "rate = \"50/s\"\nburst = 1\nconcurrency = 1024\nadaptive = false"),
    ("[throttle]", "rate = \"unlimited\"\nwindow = [\"19:00-07:00\", \"9:05-10:00\"]\nmax_calls = 1"),
    ("[throttle]", "rate = \" 600 / min \"\npause_at = { share = 1, attempts = 20 }\npatience = \"5m\""),
    ("[throttle.pause_at]", "share = 0.5"),
    ("[retry]", "attempts = 100\nbackoff = \"200ms..30s\""),
    ("[retry]", "backoff = \"1s\""),
    ("[archive]", "enabled = true\nvia = \"base64\"\nformat = \"png\"\nsides = [\"city\"]"),
    ("[archive]", "types = [\"11100000000013127D001\"]\nstates = [\"valid\", \"revoked\"]\nallowed_hosts = [\"172.20.0.0/16\"]"),
    ("[archive]", "max_file = \"32MiB\"\nconcurrency = 4\nrate = \"10/s\"\ntimeout = \"2m\""),
    ("[report]", "excel = false\nhtml = true\nmask = \"partial\""),
    ("[report]", "gates = { min_collection_rate = 0.95, max_error = 0, max_city_only_share = 0.1 }"),
    ("[notify]", "command = [\"/opt/tell\", \"\"]\nwebhook = \"https://example.cn/hook?x=1\""),
    ("[retention]", "keep = 12"),
    ("[output]", "dir = \"/srv/outputs\""),
    ("[job]", "period = 'once' # a comment"),
    ("[platform]", "timeout = \"100ms\""),
    ("[platform]", "timeout = \"1hour\""),
    ("[throttle]", "patience = \"7days\""),
    ("[archive]", "max_file = \"1.5GiB\""),
    ("[report]", "gates = {}"),
    ("[report]", "gates_on_sample = \"strict\""),
    ("[notify]", ""),
];

/// Lines that a section refuses, with the codes of what is wrong.
const REFUSED: [(&str, &str, &[&str]); 65] = [
    ("[job]", "nam = \"x\"", &["job-unknown-key"]),
    ("[job]", "period = \"weekly\"", &["job-expected"]),
    ("[job]", "language = 5", &["job-expected"]),
    ("[platform]", "timeout = 30", &["job-expected"]),
    ("[platform]", "timeout = \"30\"", &["job-expected"]),
    ("[platform]", "timeout = \"soon\"", &["job-expected"]),
    ("[platform]", "timeout = \"2h\"", &["job-between"]),
    ("[platform]", "password = \"secret\"", &["job-expected-secret"]),
    ("[platform]", "password = {}", &["job-expected-secret"]),
    ("[platform]", "password = { env = \"A\", file = \"b\" }", &["job-expected-secret"]),
    ("[platform]", "password = { vault = \"x\" }", &["job-expected-secret"]),
    ("[platform]", "password = { command = [] }", &["job-no-program"]),
    ("[platform]", "password = { command = [\"\"] }", &["job-no-program"]),
    ("[platform]", "password = { env = \" \" }", &["job-empty"]),
    ("[platform]", "username = \"\"", &["job-empty"]),
    ("[platform]", "ca_file = \"\\t\"", &["job-empty"]),
    ("[platform]", "max_answer = \"32 apples\"", &["job-expected"]),
    ("[platform]", "max_answer = \"65MiB\"", &["job-between"]),
    ("[platform]", "codes = { x = \"retry\" }", &["job-return-code"]),
    ("[platform]", "codes = { 99 = \"again\" }", &["job-expected"]),
    ("[platform.sandbox]", "fault_rate = 1.5", &["sandbox-rate"]),
    ("[platform.sandbox]", "oddities = [\"none\"]", &["sandbox-unknown-name"]),
    ("[platform.sandbox]", "latency = \"5ms..2ms\"", &["job-expected"]),
    ("[platform.sandbox]", "seed = -1", &["job-expected"]),
    ("[[inputs]]", "header_row = 0", &["job-counts-from-one"]),
    ("[[inputs]]", "header_row = \"first\"", &["job-expected"]),
    ("[[inputs]]", "header_row = 1048577", &["job-at-most"]),
    ("[[inputs]]", "sheet = 0", &["job-counts-from-one"]),
    ("[[inputs]]", "carry = \"区市\"", &["job-expected"]),
    ("[[inputs]]", "columns = { holder = \"x\" }", &["job-unknown-key"]),
    ("[[inputs]]", "defaults = { cert_type_code = [\"123\"] }", &["job-type-code"]),
    ("[[inputs]]", "defaults = { cert_type_code = [\"11100000000013127D002X\"] }", &["job-type-code"]),
    ("[[inputs]]", "columns = \"x\"", &["job-expected-section"]),
    ("[audit]", "depth = \"deep\"", &["job-expected"]),
    ("[audit]", "sample = 20000", &["job-expected-section"]),
    ("[audit.sample]", "by = \"cert_type_code\"", &["job-missing"]),
    ("[audit.sample]", "size = 0", &["job-sample-empty"]),
    ("[audit.sample]", "size = \"many\"", &["job-expected"]),
    ("[audit.sample]", "size = 5\nleast = 1", &["job-between"]),
    ("[audit.sample]", "size = 5\nseed = \" \"", &["job-empty"]),
    ("[[catalogue.types]]", "name = \"证\"", &["job-missing"]),
    ("[catalogue.holder_types]", "\"工会会员证\" = \"998\"", &["job-expected"]),
    ("[[catalogue.types]]", "code = \"11100000000013127D001\"", &["job-missing"]),
    ("[faces.fields]", "remarks = [\"beizhu\"]", &["job-unknown-key"]),
    ("[faces.compare]", "ignore = [\"adress\"]", &["job-unknown-key"]),
    ("[faces.types.\"123\"]", "ignore = [\"remark\"]", &["job-type-code"]),
    ("[throttle]", "rate = \"50\"", &["job-expected"]),
    ("[throttle]", "rate = \"0/s\"", &["job-expected"]),
    ("[throttle]", "concurrency = 0", &["job-between"]),
    ("[throttle]", "burst = 100001", &["job-between"]),
    ("[throttle]", "adaptive = \"yes\"", &["job-expected"]),
    ("[throttle]", "window = [\"19:00\"]", &["job-expected"]),
    ("[throttle]", "pause_at = { share = 0.0 }", &["job-pause-share"]),
    ("[retry]", "attempts = 101", &["job-between"]),
    ("[archive]", "sides = [\"town\"]", &["job-side"]),
    ("[archive]", "states = [\"lost\"]", &["job-state"]),
    ("[archive]", "types = [\"x\"]", &["job-type-code"]),
    ("[report]", "gates = { min_colection_rate = 0.9 }", &["job-gate"]),
    ("[report]", "gates = { max_error_rate_share = 0.9 }", &["job-gate"]),
    ("[report]", "gates_on_sample = \"loose\"", &["job-expected"]),
    ("[notify]", "command = []", &["job-no-program"]),
    ("[notify]", "webhook = \"example.cn\"", &["job-webhook"]),
    ("[retention]", "", &["job-missing"]),
    ("[retention]", "keep = 0", &["job-between"]),
    ("[output]", "dir = \" \"", &["job-empty"]),
];

#[test]
fn lines_that_sections_take_and_refuse_are_held_against_the_schema() {
    for (section, lines) in TAKEN {
        assert_eq!(codes(section, lines), Vec::<String>::new(), "{section} {lines}");
    }
    for (section, lines, expected) in REFUSED {
        assert_eq!(codes(section, lines), expected, "{section} {lines}");
    }
}

#[test]
fn a_job_without_what_it_must_have_is_held_against_the_schema() {
    let without = |line: &str| {
        let text = GOOD.replacen(line, "", 1);
        assert_ne!(text, GOOD, "{line}");
        keep_job(&text);
        assert!(Job::parse(Path::new("j.toml"), &text).is_err(), "{line}");
    };
    for line in [
        "name = \"demo\"\n",
        "base_url = \"sandbox\"\n",
        "system_name = \"s\"\n",
        "call_category = 1\n",
        "matter_name = \"m\"\n",
        "event_code = \"e\"\n",
        "copy_cause = \"c\"\n",
        "path = \"a.xlsx\"\n",
        "[[inputs]]\npath = \"a.xlsx\"\n",
    ] {
        without(line);
    }
    let real = GOOD.replace("\"sandbox\"", "\"http://10.0.0.1\"");
    for (account, is_enough) in [
        ("", false),
        ("username = \"u\"\n", false),
        ("username = \"u\"\npassword = { env = \"P\" }\n", true),
        ("username = \"u\"\npassword = { env = \"P\" }\n[platform.sandbox]\nseed = 1\n", false),
    ] {
        let text = real.replace("[purpose]", &format!("{account}[purpose]"));
        keep_job(&text);
        assert_eq!(Job::parse(Path::new("j.toml"), &text).is_ok(), is_enough, "{account}");
    }
    for address in ["ftp://10.0.0.1", "http://u:p@10.0.0.1", "http://10.0.0.1?x=1", "10.0.0.1:8080", "Sandbox"] {
        let text = real
            .replace("http://10.0.0.1", address)
            .replace("[purpose]", "username = \"u\"\npassword = { env = \"P\" }\n[purpose]");
        keep_job(&text);
        assert!(Job::parse(Path::new("j.toml"), &text).is_err(), "{address}");
    }
}
