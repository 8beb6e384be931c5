//! The demo's items against the sandbox's truth: every row, difference and state.

use crate::support::{SEED, TextRow, Workspace};
use ecert_audit::job::SandboxSettings;
use ecert_audit::journal::Journal;
use ecert_audit::sandbox::{Held, TrueCertificate, fails_for_ever, has_short_list, truth};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

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

/// A certificate by the identifiers of its two sides.
type Ids = [String; 2];

fn ids(certificate: &TrueCertificate) -> Ids {
    [id(certificate.province.as_ref()).into(), id(certificate.city.as_ref()).into()]
}

/// What a coverage row says, or has to say, of a certificate.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    status: String,
    ids: Ids,
    province_lifecycle: String,
    city_lifecycle: String,
    comparison: String,
    difference_count: String,
    error_kind: String,
    /// The certificate that it may be under another number.
    likely_same_as: Option<Ids>,
}

fn expected(certificate: &TrueCertificate, all: &[TrueCertificate]) -> Told {
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
    Told {
        status: status.into(),
        ids: ids(certificate),
        province_lifecycle: lifecycle(province).into(),
        city_lifecycle: lifecycle(city).into(),
        comparison: comparison.into(),
        difference_count: count.to_string(),
        error_kind: String::new(),
        likely_same_as: certificate.likely_same_as.map(|other| ids(&all[other])),
    }
}

fn ids_of(row: &TextRow) -> Ids {
    ["province_certificate_id", "city_certificate_id"].map(|column| get(row, column).to_owned())
}

fn seen(row: &TextRow, of_item: &[&TextRow]) -> Told {
    let text = |column: &str| get(row, column).to_owned();
    let other = text("likely_same_as");
    let likely_same_as = of_item.iter().find(|row| get(row, "certificate_index") == other).map(|row| ids_of(row));
    assert_eq!(likely_same_as.is_some(), !other.is_empty(), "likely_same_as names a row of the item: {row:?}");
    Told {
        status: text("status"),
        ids: ids_of(row),
        province_lifecycle: text("province_lifecycle"),
        city_lifecycle: text("city_lifecycle"),
        comparison: text("comparison"),
        difference_count: text("difference_count"),
        error_kind: text("error_kind"),
        likely_same_as,
    }
}

/// Whether one side's face shows a mistyped number.
fn is_mistyped(certificate: &TrueCertificate) -> bool {
    certificate.differences.iter().any(|found| found.field == "certificate_number" && found.kind == "differs")
}

/// The fewest calls that tell an item: one for the state, one for each side whose face the state answer lacks, and, where
/// the two sides show numbers that cannot be one, two more for the state by each number (one, if that settles it).
/// `None` where several certificates of a side make it depend on more.
fn fewest_calls(certificates: &[TrueCertificate]) -> Option<RangeInclusive<u32>> {
    let in_force = |held: &Option<Held>| held.as_ref().is_some_and(|held| held.lifecycle == 0);
    match certificates {
        [] => Some(1..=1),
        [only] => {
            let of_province = only.province.as_ref().map_or(0, |held| u32::from(held.lifecycle != 0));
            let calls = 1 + of_province + u32::from(only.city.is_some());
            Some(if is_mistyped(only) { calls + 1..=calls + 2 } else { calls..=calls })
        }
        [one, other] => {
            let are_two = |ours: &TrueCertificate, theirs: &TrueCertificate| {
                in_force(&ours.province) && ours.city.is_none() && in_force(&theirs.city) && theirs.province.is_none()
            };
            (are_two(one, other) || are_two(other, one)).then_some(4..=4)
        }
        _ => None,
    }
}

/// What a run came upon.
#[derive(Debug, Default)]
struct Cases {
    /// Items of which every call fails.
    lasting: usize,
    /// Items whose lists are shorter than their totals.
    short: usize,
    /// Items with one certificate on each side, under numbers one character apart.
    one_character_apart: usize,
    /// The same, but for the number alike.
    all_but_the_number: usize,
    /// The same, with nothing alike.
    nothing_alike: usize,
    /// Certificates that one side's face shows under a mistyped number.
    mistyped: usize,
    /// Certificates that one side's face shows under the same number in another form.
    other_form: usize,
    /// Certificates that one side's face shows without a number.
    unnumbered: usize,
}

impl Cases {
    fn note(&mut self, certificates: &[TrueCertificate]) {
        for certificate in certificates {
            let (Some(ours), Some(theirs)) = (&certificate.province, &certificate.city) else { continue };
            let shows_none = |held: &Held| held.shown_number.as_deref().unwrap_or_default().is_empty();
            if shows_none(ours) || shows_none(theirs) {
                self.unnumbered += 1;
            } else if is_mistyped(certificate) {
                self.mistyped += 1;
            } else if ours.shown_number != theirs.shown_number {
                self.other_form += 1;
            }
        }
        if let [one, other] = certificates
            && fewest_calls(certificates).is_some()
        {
            let (ours, theirs) = if one.province.is_some() { (one, other) } else { (other, one) };
            let number = |held: &Option<Held>| held.as_ref().map_or(0, |held| held.number.chars().count());
            let (ours_length, theirs_length) = (number(&ours.province), number(&theirs.city));
            let unlike = |a: &Option<Held>, b: &Option<Held>| {
                let text = |held: &Option<Held>| held.as_ref().map(|held| held.number.clone()).unwrap_or_default();
                text(a).chars().zip(text(b).chars()).filter(|(a, b)| a != b).count()
            };
            if one.likely_same_as.is_none() {
                self.nothing_alike += 1;
            } else if ours_length != theirs_length || unlike(&ours.province, &theirs.city) <= 2 {
                self.one_character_apart += 1;
            } else {
                self.all_but_the_number += 1;
            }
        }
    }

    fn assert_every_kind_of_number(&self) {
        assert!(self.one_character_apart + self.all_but_the_number + self.nothing_alike >= 15, "{self:?}");
        for cases in [
            self.one_character_apart,
            self.all_but_the_number,
            self.nothing_alike,
            self.mistyped,
            self.other_form,
            self.unnumbered,
        ] {
            assert!(cases >= 3, "{self:?}");
        }
    }
}

/// Lists that say that there is more than they show leave something open: what is not known is no gap.
fn assert_nothing_invented(rows: &[&TextRow], certificates: &[TrueCertificate], anomalies: &[String]) {
    for row in rows {
        let told = seen(row, rows);
        let is_true = || certificates.iter().map(|certificate| expected(certificate, certificates));
        assert!(
            told.status == "error" || is_true().any(|known| (&known.status, &known.ids) == (&told.status, &told.ids)),
            "{row:?}"
        );
    }
    for certificate in certificates {
        let is_there = |row: &&TextRow| {
            let own = ids_of(row);
            ids(certificate).iter().zip(&own).any(|(known, own)| !known.is_empty() && known == own)
        };
        assert!(rows.iter().any(is_there), "{certificate:?}");
    }
    if certificates.iter().any(|certificate| certificate.city.as_ref().is_some_and(|held| held.lifecycle == 0)) {
        assert!(anomalies.iter().any(|kind| kind == "incomplete_list"), "{anomalies:?}");
    }
}

/// Holds every row of the run against what the stand-in with these settings knows.
fn assert_true(workspace: &Workspace, settings: &SandboxSettings) -> Cases {
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
    let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in workspace.table("errors") {
        errors.entry(get(&row, "item_id").to_owned()).or_default().push(get(&row, "error_kind").to_owned());
    }
    let mut cases = Cases::default();
    for (item_id, rows) in &items {
        let (holder, cert_type) = (get(rows[0], "holder_code"), get(rows[0], "cert_type_code"));
        let of_item = errors.get(&item_id.to_string()).map(Vec::as_slice).unwrap_or_default();
        if fails_for_ever(settings, holder, cert_type) {
            let [row] = rows[..] else { panic!("item {item_id} has {} rows", rows.len()) };
            assert_eq!(get(row, "status"), "error", "item {item_id}");
            assert!(!get(row, "error_kind").is_empty() && !of_item.is_empty(), "item {item_id}");
            cases.lasting += 1;
            continue;
        }
        let certificates = truth(settings.seed, holder, cert_type);
        if has_short_list(settings, holder, cert_type) && !certificates.is_empty() {
            assert_nothing_invented(rows, &certificates, of_item);
            differences.retain(|(other, _), _| other != item_id);
            cases.short += 1;
            continue;
        }
        let calls: u32 = rows.iter().map(|row| get(row, "calls").parse::<u32>().unwrap()).sum();
        assert!(fewest_calls(&certificates).is_none_or(|fewest| fewest.contains(&calls)), "item {item_id}: {calls} calls");
        // A side that finds a certificate by another number than it shows contradicts itself, and may be told of.
        assert!(of_item.is_empty() || certificates.iter().any(is_mistyped), "item {item_id}: {of_item:?}");
        if certificates.is_empty() {
            let [row] = rows[..] else { panic!("item {item_id} has {} rows", rows.len()) };
            assert_eq!(get(row, "status"), "neither");
            continue;
        }
        cases.note(&certificates);
        let mut of_truth: Vec<_> = certificates.iter().map(|certificate| expected(certificate, &certificates)).collect();
        let mut of_rows: Vec<_> = rows.iter().map(|row| seen(row, rows)).collect();
        of_truth.sort();
        of_rows.sort();
        assert_eq!(of_rows, of_truth, "item {item_id}: {holder} {cert_type}");
        for row in rows {
            let own = ids_of(row);
            let certificate = certificates.iter().find(|found| ids(found) == own).unwrap();
            let mut injected: Vec<_> =
                certificate.differences.iter().map(|found| (found.field.to_owned(), found.kind.to_owned())).collect();
            if get(row, "province_lifecycle") != get(row, "city_lifecycle") && get(row, "status") == "both" {
                injected = vec![("lifecycle".to_owned(), "differs".to_owned())];
            }
            let found = differences.remove(&(*item_id, get(row, "certificate_index").to_owned())).unwrap_or_default();
            let expected = if get(row, "comparison") == "not_compared" { Vec::new() } else { injected };
            assert_eq!(found, expected, "item {item_id}");
            let held = certificate.province.iter().chain(&certificate.city);
            let numbers = held.flat_map(|held| [Some(held.number.as_str()), held.shown_number.as_deref()]).flatten();
            let bare = |text: &str| text.trim().replace('（', "(").replace('）', ")");
            let number = bare(get(row, "certificate_number"));
            let city_out_of_force_alone = own[0].is_empty() && get(row, "city_lifecycle") != "valid";
            let is_known = numbers.map(bare).any(|known| known == number);
            assert!(is_known || city_out_of_force_alone, "item {item_id}: {number}");
        }
    }
    assert!(differences.is_empty(), "differences of no row: {differences:?}");
    cases
}

fn seeded(seed: u64) -> SandboxSettings {
    SandboxSettings { seed, ..SandboxSettings::default() }
}

#[test]
fn every_row_is_true_and_a_killed_run_goes_on_to_the_same_tables() {
    let undisturbed = Workspace::with_demo("rate = \"unlimited\"\nconcurrency = 16");
    undisturbed.run_job(&[], 0);
    assert_true(&undisturbed, &seeded(SEED)).assert_every_kind_of_number();

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
        assert_true(&workspace, &seeded(seed)).assert_every_kind_of_number();
    }
}

#[test]
fn a_run_on_a_stand_in_with_lasting_failures_and_every_oddity_is_complete_and_true() {
    let workspace = Workspace::with_demo("rate = \"unlimited\"\nconcurrency = 16");
    let job = std::fs::read_to_string(workspace.path("jobs/test.toml")).unwrap();
    let odd = "fault_rate = 0.02\nlasting_rate = 0.03\noddities = [\"all\", \"short-list\"]";
    workspace.write_job(&job.replace("fault_rate = 0.02", odd));
    workspace.run_job(&[], 0);

    let oddities = vec!["all".to_owned(), "short-list".to_owned()];
    let settings = SandboxSettings { lasting_rate: 0.03, oddities, ..seeded(SEED) };
    let cases = assert_true(&workspace, &settings);
    cases.assert_every_kind_of_number();
    assert!(cases.lasting >= 30 && cases.short >= 100, "{cases:?}");
    let summary = workspace.summary();
    assert_eq!((&summary["state"], &summary["pending"]), (&"complete".into(), &0.into()));

    // Every day is read, in whatever words; only what was lost on the way is a problem.
    let certificates = workspace.table("certificates");
    let problems = || certificates.iter().map(|row| get(row, "problems"));
    assert!(problems().all(|found| found.matches(": ").count() == found.matches('\u{FFFD}').count()));
    assert!(problems().filter(|found| found.contains('\u{FFFD}')).count() >= 100);
    assert!(certificates.iter().any(|row| get(row, "issue_date").starts_with("19")), "days before 1970 too");

    // The journal keeps what a rebuilt report needs to read them again.
    let tables = workspace.timeless_tables();
    std::fs::remove_dir_all(workspace.run_dir().join("tables")).unwrap();
    let output = workspace.run(&["report", workspace.run_dir().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(workspace.timeless_tables(), tables);
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
