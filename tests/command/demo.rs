//! The demo's items against the sandbox's truth: every row, difference and state.

use crate::support::{SEED, TextRow, Workspace};
use ecert_audit::journal::Journal;
use ecert_audit::sandbox::{Held, TrueCertificate, truth};
use std::collections::BTreeMap;

fn get<'a>(row: &'a TextRow, column: &str) -> &'a str {
    row.get(column).map_or("", String::as_str)
}

fn lifecycle(held: Option<&Held>) -> &'static str {
    match held.map(|held| held.lifecycle) {
        None => "",
        Some(0) => "valid",
        Some(21) => "revoked",
        Some(22) => "expired",
        Some(23) => "restricted",
        Some(other) => panic!("the sandbox says {other}"),
    }
}

fn id(held: Option<&Held>) -> &str {
    held.map_or("", |held| held.identifier.as_str())
}

/// What a coverage row has to say of a certificate.
fn expected(certificate: &TrueCertificate) -> [String; 8] {
    let (province, city) = (certificate.province.as_ref(), certificate.city.as_ref());
    let status = match (province, city) {
        (Some(_), Some(_)) => "both",
        (Some(_), None) => "province_only",
        (None, Some(_)) => "city_only",
        (None, None) => panic!("nobody holds it"),
    };
    let both_in_force = province.zip(city).is_some_and(|(ours, theirs)| ours.lifecycle == 0 && theirs.lifecycle == 0);
    let states_differ = lifecycle(province) != lifecycle(city) && province.is_some() && city.is_some();
    let count = usize::from(states_differ) + if both_in_force { certificate.differences.len() } else { 0 };
    let comparison = match (both_in_force, count) {
        (false, 0) => "not_compared",
        (true, 0) => "consistent",
        (_, _) => "inconsistent",
    };
    [
        status.into(),
        id(province).into(),
        id(city).into(),
        lifecycle(province).into(),
        lifecycle(city).into(),
        comparison.into(),
        count.to_string(),
        String::new(),
    ]
}

fn seen(row: &TextRow) -> [String; 8] {
    [
        "status",
        "province_certificate_id",
        "city_certificate_id",
        "province_lifecycle",
        "city_lifecycle",
        "comparison",
        "difference_count",
        "error_kind",
    ]
    .map(|column| get(row, column).to_owned())
}

fn assert_true(workspace: &Workspace, seed: u64) {
    let coverage = workspace.table("coverage");
    let mut items: BTreeMap<u64, Vec<&TextRow>> = BTreeMap::new();
    for row in &coverage {
        items.entry(get(row, "item_id").parse().unwrap()).or_default().push(row);
    }
    assert!(items.len() > 2000, "{}", items.len());
    let mut differences: BTreeMap<(u64, String), Vec<(String, String)>> = BTreeMap::new();
    for row in workspace.table("differences") {
        let key = (get(&row, "item_id").parse().unwrap(), get(&row, "certificate_index").to_owned());
        differences.entry(key).or_default().push((get(&row, "field").to_owned(), get(&row, "kind").to_owned()));
    }
    for (item_id, rows) in &items {
        let (holder, cert_type) = (get(rows[0], "holder_code"), get(rows[0], "cert_type_code"));
        let certificates = truth(seed, holder, cert_type);
        if certificates.is_empty() {
            let [row] = rows[..] else { panic!("item {item_id} has {} rows", rows.len()) };
            assert_eq!((get(row, "status"), get(row, "calls")), ("neither", "1"));
            continue;
        }
        let mut of_truth: Vec<_> = certificates.iter().map(expected).collect();
        let mut of_rows: Vec<_> = rows.iter().map(|row| seen(row)).collect();
        of_truth.sort();
        of_rows.sort();
        assert_eq!(of_rows, of_truth, "item {item_id}: {holder} {cert_type}");
        for row in rows {
            let (province_id, city_id) = (get(row, "province_certificate_id"), get(row, "city_certificate_id"));
            let certificate = certificates
                .iter()
                .find(|found| id(found.province.as_ref()) == province_id && id(found.city.as_ref()) == city_id)
                .unwrap();
            let mut injected: Vec<_> =
                certificate.differences.iter().map(|found| (found.field.to_owned(), found.kind.to_owned())).collect();
            if get(row, "province_lifecycle") != get(row, "city_lifecycle") && get(row, "status") == "both" {
                injected = vec![("lifecycle".to_owned(), "differs".to_owned())];
            }
            let found = differences.remove(&(*item_id, get(row, "certificate_index").to_owned())).unwrap_or_default();
            let expected = if get(row, "comparison") == "not_compared" { Vec::new() } else { injected };
            assert_eq!(found, expected, "item {item_id}");
            let numbers = certificate.province.iter().chain(&certificate.city).map(|held| held.number.as_str());
            let bare = |text: &str| text.trim().replace('（', "(").replace('）', ")");
            let number = bare(get(row, "certificate_number"));
            let city_out_of_force_alone = province_id.is_empty() && get(row, "city_lifecycle") != "valid";
            assert!(numbers.map(bare).any(|known| known == number) || city_out_of_force_alone, "item {item_id}: {number}");
        }
        // The fewest calls: one for the state, one for each side whose face the state answer lacks.
        if let [certificate] = &certificates[..] {
            let of_province = certificate.province.as_ref().map_or(0, |held| u32::from(held.lifecycle != 0));
            let number_differs = certificate.differences.iter().any(|found| found.field == "certificate_number");
            let calls = 1 + of_province + u32::from(certificate.city.is_some());
            let spent: u32 = get(rows[0], "calls").parse().unwrap();
            assert!(spent == calls || number_differs && spent == calls + 1, "item {item_id}: {spent} calls, {calls} expected");
        }
    }
    assert!(differences.is_empty(), "differences of no row: {differences:?}");
}

#[test]
fn every_row_is_true_and_a_killed_run_goes_on_to_the_same_tables() {
    let undisturbed = Workspace::with_demo("rate = \"unlimited\"\nconcurrency = 16");
    undisturbed.run_job(&[], 0);
    assert_true(&undisturbed, SEED);

    // Slow enough that the run cannot be over before the first answers are seen in its journal.
    let killed = Workspace::with_demo("rate = \"1200/s\"\nconcurrency = 16");
    let mut process = killed.start_job(&[]);
    let answered =
        || Journal::open(&killed.run_dir().join("journal.sqlite")).and_then(|journal| journal.calls()).unwrap_or_default();
    while answered() < 200 {
        assert!(process.try_wait().unwrap().is_none(), "the run ended before it could be killed");
        std::thread::yield_now();
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let kept = answered();
    killed.run_job(&[], 0);
    assert_eq!(killed.timeless_tables(), undisturbed.timeless_tables());
    assert!(kept >= 200);
}

#[test]
fn the_truth_of_other_seeds_is_found_too() {
    for seed in [1, 2, 3, 4] {
        let workspace = Workspace::with_demo("rate = \"unlimited\"\nconcurrency = 16");
        let job = std::fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
        workspace.write_job(&job.replace(&format!("seed = {SEED}"), &format!("seed = {seed}")));
        workspace.run_job(&[], 0);
        assert_true(&workspace, seed);
    }
}

#[test]
fn a_report_is_rebuilt_from_the_journal_alone() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"\nconcurrency = 16");
    workspace.run_job(&[], 0);
    let before = workspace.timeless_tables();
    let summary = workspace.summary();
    std::fs::remove_dir_all(workspace.run_dir().join("tables")).unwrap();
    // The platform that the job names is gone: a call would fail.
    let job = std::fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
    workspace.write_job(
        &job.replace(
            "base_url = \"sandbox\"",
            "base_url = \"http://127.0.0.1:9/license-api-release\"\nusername = \"u\"\npassword = { env = \"NOT_SET\" }",
        )
        .replace(&format!("[platform.sandbox]\nseed = {SEED}\nlatency = \"1ms..4ms\"\nfault_rate = 0.02\n"), ""),
    );
    let output = workspace.run(&["report", workspace.run_dir().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(workspace.timeless_tables(), before);
    assert_eq!(workspace.summary(), summary);
}
