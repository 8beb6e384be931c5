//! What a job file may say, and no more.

use super::{GOOD, parse, places, problems, told, with, words};
use ecert_audit::job::RESERVED_HEADERS;
use ecert_audit::table::schema::coverage::COVERAGE;

/// A key with values that it takes and values beyond its limits; messages about those name `bound`.
struct Limit {
    section: &'static str,
    key: &'static str,
    bound: &'static str,
    good: &'static [&'static str],
    bad: &'static [&'static str],
}

const LIMITS: [Limit; 20] = [
    limit("throttle", "concurrency", "1024", &["1", "1024"], &["0", "1025", "4000000000", "99999999999999999999"]),
    limit("throttle", "burst", "100000", &["1", "100000"], &["0", "100001"]),
    limit("throttle", "rate", "100000/s", &["\"1/h\"", "\"100000/s\"", "\"6000000/min\"", "\"unlimited\""], &["\"100001/s\""]),
    limit("throttle", "patience", "7days", &["\"1ms\"", "\"7days\""], &["\"0s\"", "\"8days\""]),
    limit("throttle", "max_calls", "1000000000000", &["1"], &["0", "1000000000001"]),
    limit("throttle", "pause_at", "10000", &["{ attempts = 10000 }"], &["{ attempts = 10001 }", "{ attempts = 0 }"]),
    limit("retry", "attempts", "100", &["1", "100"], &["0", "101"]),
    limit("retry", "backoff", "1h", &["\"1ms..1h\"", "\"1ms\""], &["\"0s..0s\"", "\"0s..1s\"", "\"1s..2h\""]),
    limit("platform", "connect_timeout", "1h", &["\"100ms\"", "\"1h\""], &["\"0s\"", "\"99ms\"", "\"61m\""]),
    limit("platform", "timeout", "1h", &["\"100ms\"", "\"1h\""], &["\"0s\"", "\"99ms\"", "\"2h\""]),
    limit("platform", "max_answer", "64MiB", &["\"1KiB\"", "\"64MiB\""], &["\"0\"", "\"1023\"", "\"65MiB\"", "\"100GiB\""]),
    limit("platform.sandbox", "latency", "1h", &["\"0s\"", "\"0s..1h\""], &["\"0s..2h\""]),
    limit("platform.sandbox", "settle_delay", "1day", &["\"0s\"", "\"24h\""], &["\"25h\""]),
    limit("remediate", "max_actions", "100000", &["1", "100000"], &["0", "100001"]),
    limit("remediate", "settle", "1day", &["\"0s\"", "\"24h\""], &["\"25h\""]),
    limit("remediate", "overdue_days", "3650", &["0", "3650"], &["3651"]),
    limit("archive", "concurrency", "256", &["1", "256"], &["0", "257"]),
    limit("archive", "max_file", "4GiB", &["\"1KiB\"", "\"4GiB\""], &["\"1B\"", "\"5GiB\""]),
    limit("archive", "timeout", "1h", &["\"100ms\"", "\"1h\""], &["\"0s\"", "\"1day\""]),
    limit("archive", "rate", "100000/s", &["\"10/s\""], &["\"100001/s\"", "\"4000000000/s\""]),
];

const fn limit(
    section: &'static str,
    key: &'static str,
    bound: &'static str,
    good: &'static [&'static str],
    bad: &'static [&'static str],
) -> Limit {
    Limit { section, key, bound, good, bad }
}

#[test]
fn every_number_has_limits_that_are_told() {
    for Limit { section, key, bound, good, bad } in LIMITS {
        let text = |value: &str| with(&format!("[{section}]"), &format!("{key} = {value}"));
        for value in good {
            assert!(parse(&text(value)).is_ok(), "{section}.{key} = {value}");
        }
        for value in bad {
            let problems = problems(&text(value));
            assert!(problems.len() == 1 && problems[0].contains(&format!(" key={section}.{key}")), "{value}: {problems:?}");
            for sentence in words::in_both_languages(&told(&text(value))[0]) {
                assert!(sentence.contains(bound), "{value}: {sentence}");
            }
        }
    }
}

#[test]
fn a_header_row_and_a_sheet_count_from_one() {
    for (lines, problem) in [
        ("header_row = 0", "13:14: job-counts-from-one key=inputs.header_row"),
        ("header_row = 1048577", "13:14: job-at-most key=inputs.header_row most=1048576"),
        ("sheet = 0", "13:9: job-counts-from-one key=inputs.sheet"),
    ] {
        assert_eq!(problems(&with("[[inputs]]", lines)), [problem]);
    }
    assert!(parse(&with("[[inputs]]", "header_row = 1048576\nsheet = 3")).is_ok());
}

#[test]
fn a_share_lies_between_none_and_all() {
    for share in ["0.0", "1.1", "-0.5"] {
        assert_eq!(places(&with("[throttle]", &format!("pause_at = {{ share = {share} }}"))), ["15:22: job-pause-share"]);
    }
    for (key, rate) in [("fault_rate", "1.5"), ("lasting_rate", "-0.1")] {
        let told = problems(&with("[platform.sandbox]", &format!("{key} = {rate}")));
        assert!(told.len() == 1 && told[0].ends_with(&format!("sandbox-rate name=platform.sandbox.{key}")), "{told:?}");
    }
    assert!(parse(&with("[throttle]", "pause_at = { share = 1.0 }")).is_ok());
}

#[test]
fn a_carried_header_that_can_be_no_column_is_told_before_any_call() {
    let (long, longer) = ("长".repeat(256), "x".repeat(40_000));
    for (header, code) in [
        ("status", "job-carry-reserved"),
        (" Item_ID ", "job-carry-reserved"),
        ("had_gap", "job-carry-reserved"),
        (long.as_str(), "job-too-long"),
        (longer.as_str(), "job-too-long"),
        ("", "job-empty"),
        ("  ", "job-empty"),
        ("区市", "job-carry-twice"),
        (" 区市 ", "job-carry-twice"),
        ("*", "job-carry-pattern"),
        ("^区.*$", "job-carry-pattern"),
    ] {
        let text = with("[[inputs]]", &format!("carry = [\"区市\", \"{header}\"]"));
        assert_eq!(places(&text), [format!("13:16: {code}")], "{code}");
        assert!(problems(&text)[0].len() < 400, "a message is short");
    }
    let fits = "长".repeat(255);
    assert!(parse(&with("[[inputs]]", &format!("carry = [\"区市\", \"{fits}\", \"*必填\", \"^\", \"Status of it\"]"))).is_ok());
    let two = format!("{GOOD}carry = [\"区市\"]\n[[inputs]]\npath = \"b.xlsx\"\ncarry = [\"区市\"]\n");
    assert_eq!(parse(&two).unwrap().carried(), ["区市"], "once in each input");
}

#[test]
fn only_so_many_columns_can_be_carried() {
    let headers = |count: usize| (0..count).map(|number| format!("\"列{number}\"")).collect::<Vec<_>>().join(", ");
    assert!(parse(&with("[[inputs]]", &format!("carry = [{}]", headers(200)))).is_ok());
    let told = problems(&with("[[inputs]]", &format!("carry = [{}]", headers(300))));
    assert!(told.len() == 1 && told[0].ends_with("job-carry-many most=200"), "{told:?}");
}

#[test]
fn the_reserved_headers_are_the_columns_of_the_coverage_table() {
    let columns: Vec<&str> = COVERAGE.columns.iter().map(|column| column.name).collect();
    assert_eq!(columns, RESERVED_HEADERS);
}

#[test]
fn a_header_has_one_role() {
    let text = with("[[inputs]]", "columns = { holder_code = \"证件\", certificate_number = \" 证件 \" }");
    assert_eq!(places(&text), ["13:54: job-columns-same"]);
    let empty = with("[[inputs]]", "columns = { holder_code = \" \" }");
    assert_eq!(problems(&empty), ["13:27: job-empty key=inputs.columns.holder_code"]);
}

#[test]
fn a_job_is_named_as_a_folder_can_be() {
    let (long, fits) = ("月".repeat(34), "月".repeat(33));
    for name in ["", " ", "  .", "..", ".hidden", "a/b", "a\\\\b", "a\\nb", "a\\u0000b", long.as_str()] {
        assert_eq!(places(&GOOD.replace("\"demo\"", &format!("\"{name}\""))), ["3:8: job-bad-name"], "{name}");
    }
    for name in ["核查[市中区]", "a*", "2026年?月", "a.b", "a b", fits.as_str()] {
        assert!(parse(&GOOD.replace("\"demo\"", &format!("\"{name}\""))).is_ok(), "{name}");
    }
}

#[test]
fn a_path_is_neither_empty_nor_half_an_escape() {
    for (section, key) in [("[output]", "output.dir"), ("[platform]", "platform.ca_file")] {
        let name = key.rsplit('.').next().unwrap();
        let told = |value: &str| problems(&with(section, &format!("{name} = {value}")));
        assert!(told("\" \"")[0].ends_with(&format!("job-empty key={key}")), "{key}");
        assert!(told("\"D:\\new\\table\"")[0].ends_with(&format!("job-path-escape key={key}")), "{key}");
        assert!(parse(&with(section, &format!("{name} = 'D:\\new\\table'"))).is_ok(), "{key}");
    }
    assert_eq!(places(&GOOD.replace("a.xlsx", "")), ["13:8: job-empty"]);
    assert_eq!(places(&GOOD.replace("a.xlsx", "C:\\temp\\new.xlsx")), ["13:8: job-path-escape"]);
}

#[test]
fn an_entry_of_a_list_has_its_own_place() {
    let lists = "sides = [\"province\", \"town\"]\ntypes = [\"11100000000013127D001\",\n  \"123\"]\n\
                 states = [\"lost\"]\nallowed_hosts = [\"10.0.0.0/8\", \"http://a.cn\"]";
    let expected = ["15:22: job-side", "17:3: job-type-code", "18:11: job-state", "19:32: job-host"];
    assert_eq!(places(&with("[archive]", lists)), expected);
}
