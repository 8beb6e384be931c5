//! What strains a journal and those who read it: very many certificates, ids that nothing wrote.

use super::hostile::{Call, Hostile, Reply, neither, token};
use super::{PASSWORD, workspace};
use crate::support::{stderr, stdout};
use serde_json::json;

/// Certificates of one holder on each side.
const MANY: usize = 2_000;

/// A platform on which one holder has many certificates on each side, all of them different.
fn of_many(call: &Call) -> Reply {
    let number = call.parameter("certificateNumber");
    let answer = |exists: (&str, &str), list: Vec<serde_json::Value>| {
        let head = json!({ "status": "0", "shengIsExists": exists.0, "shiIsExists": exists.1 });
        let data = json!({ "total": list.len().to_string(), "dataList": list });
        Reply::Body(json!({ "head": head, "data": data }).to_string())
    };
    let numbered = |first: char| (0..MANY).map(move |index| format!("{first}{index:06}"));
    if call.endpoint == "shengShiStateInfo" && number.is_empty() {
        return answer(("1", "1"), numbered('P').map(|number| json!({ "certno": number })).collect());
    }
    if call.endpoint == "shengShiStateInfo" {
        let is_of_province = number.starts_with('P');
        let flag = |exists: bool| if exists { "1" } else { "0" };
        return answer((flag(is_of_province), flag(!is_of_province)), vec![json!({ "certno": number })]);
    }
    let side = if call.parameter("interfaceType") == "0" { 'P' } else { 'C' };
    let face = |number: String| json!({ "certno": number, "zzbs": format!("id-{number}"), "name": "张三" });
    let wanted = numbered(side).filter(|known| number.is_empty() || known == number);
    answer(("1", "1"), wanted.map(face).collect())
}

#[test]
fn thousands_of_certificates_of_one_holder_are_audited_and_reported() {
    let platform = Hostile::start(|_| token(), of_many);
    let workspace = workspace(&platform, 1, "");
    workspace.write_job(&platform.job(PASSWORD, "").replace("depth = \"existence\"", "depth = \"faces\""));
    workspace.run_job(&[], 0);
    let rows = workspace.summary()["rows"].as_u64().unwrap();
    assert_eq!(rows, 2 * MANY as u64, "two numbers are two certificates");
    let output = workspace.run(&["report", "outputs/test/once"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn an_item_with_an_id_that_nothing_wrote_is_damage_and_no_endless_loop() {
    let platform = Hostile::start(|_| token(), |_| neither());
    let workspace = workspace(&platform, 20, "");
    workspace.run_job(&[], 0);
    let journal = workspace.run_dir().join("journal.sqlite");
    let whole = std::fs::read(&journal).unwrap();
    for id in [i64::MAX, i64::MAX - 1, 1 << 48, -1, i64::MIN] {
        std::fs::write(&journal, &whole).unwrap();
        let change = format!("UPDATE items SET item_id = {id} WHERE item_id = 19");
        rusqlite::Connection::open(&journal).unwrap().execute_batch(&change).unwrap();
        for args in
            [&["report", "outputs/test/once"][..], &["run", "jobs/test.toml"], &["run", "jobs/test.toml", "--retry-failed"]]
        {
            let output = workspace.run(args);
            assert_eq!(output.status.code(), Some(1), "{id} {args:?}: {}{}", stdout(&output), stderr(&output));
            assert!(stderr(&output).contains("journal.sqlite"), "{id} {args:?}: {}", stderr(&output));
        }
    }
}
