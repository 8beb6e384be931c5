//! `step`: answers in, step out.

mod unknown;

use ecert_audit::audit::{Answer, AuditSettings, Call, Item, Outcome, Reply, Status, Step, step};
use ecert_audit::endpoint::Side;
use ecert_audit::face::{Field, Lifecycle, compiled_in_rules};
use ecert_audit::job::{AuditKeys, Certificates, Depth};
use ecert_audit::platform::{Envelope, ErrorKind, Failure};
use proptest::prelude::*;
use serde_json::{Value, json};

const FACES: AuditKeys = AuditKeys { depth: Depth::Faces, certificates: Certificates::Auto };

fn item() -> Item {
    Item {
        holder_code: "11010519491231002X".into(),
        holder_code_type: "111".into(),
        cert_type_code: "11100000000013127D001".into(),
        certificate_number: None,
    }
}

fn settings(keys: AuditKeys) -> AuditSettings {
    AuditSettings { keys, faces: compiled_in_rules(), codes: ecert_audit::codes::CodeTable::default() }
}

fn reply(body: &Value) -> Reply {
    Reply::Received(Envelope::parse(body.to_string().as_bytes()).unwrap())
}

fn state(province: u8, city: u8, list: &Value) -> Reply {
    let head = json!({"status": "0", "message": "", "shengIsExists": province.to_string(), "shiIsExists": city.to_string()});
    reply(&json!({"head": head, "data": {"total": list.as_array().map_or(0, Vec::len), "dataList": list}}))
}

fn list(faces: &Value) -> Reply {
    reply(
        &json!({"head": {"status": 0, "message": ""}, "data": {"total": faces.as_array().map_or(0, Vec::len), "dataList": faces}}),
    )
}

fn code(code: i32) -> Reply {
    reply(&json!({"head": {"status": code.to_string(), "message": ""}, "data": null}))
}

fn failed() -> Reply {
    Reply::Failed(Failure::new(ErrorKind::Timeout, None))
}

fn province_face(number: &str) -> Value {
    json!({"certno": number, "certholder": "张三", "cert_identifier": format!("P{number}")})
}

fn city_face(number: &str) -> Value {
    json!({"certificateNumber": number, "certificateHolder": "张三", "certificateID": format!("C{number}")})
}

/// Plays an item against a platform that answers by `platform`; the calls made, and the outcome.
fn play(item: &Item, keys: AuditKeys, platform: impl Fn(&Call) -> Reply) -> (Vec<Call>, Outcome) {
    let mut answers = Vec::new();
    loop {
        match step(item, &answers, &settings(keys)) {
            Step::Done(outcome) => return (answers.into_iter().map(|answer: Answer| answer.call).collect(), outcome),
            Step::Ask(calls) => {
                assert!(!calls.is_empty());
                for call in calls {
                    assert!(!answers.iter().any(|answer: &Answer| answer.call == call), "asked twice: {call:?}");
                    assert!(answers.len() < 50, "no end");
                    answers.push(Answer { reply: platform(&call), call });
                }
            }
        }
    }
}

fn statuses(outcome: &Outcome) -> Vec<Status> {
    outcome.certificates.iter().map(ecert_audit::audit::CertificateOutcome::status).collect()
}

#[test]
fn the_fewest_calls_that_tell() {
    let both = json!([{"certno": "A1", "certholder": "张三", "cert_identifier": "PA1", "fileNumber": "CA1"}]);
    for (province, city, data, calls, status) in [
        (0, 0, json!([]), 1, Status::Neither),
        (1, 0, json!([province_face("A1")]), 1, Status::ProvinceOnly),
        (0, 1, json!([{"fileNumber": "CA1"}]), 2, Status::CityOnly),
        (1, 1, both, 2, Status::Both),
    ] {
        let (made, outcome) = play(&item(), FACES, |call| match call {
            Call::State { .. } => state(province, city, &data),
            Call::List { side: Side::City, .. } => list(&json!([city_face("A1")])),
            Call::List { side: Side::Province, .. } => panic!("the province's face is there already"),
        });
        assert_eq!((made.len(), statuses(&outcome)), (calls, vec![status]));
        let existence = AuditKeys { depth: Depth::Existence, ..FACES };
        let (made, outcome) = play(&item(), existence, |_| state(province, city, &data));
        assert_eq!((made.len(), statuses(&outcome)), (1, vec![status]));
    }
}

#[test]
fn a_side_without_a_face_is_asked_and_may_be_out_of_force() {
    for (answer, lifecycle) in [(21, Lifecycle::Revoked), (22, Lifecycle::Expired), (23, Lifecycle::Restricted)] {
        let (made, outcome) = play(&item(), FACES, |call| match call {
            Call::State { .. } => state(1, 1, &json!([{"certno": "A1", "cert_identifier": "PA1", "fileNumber": "CA1"}])),
            Call::List { side: Side::Province, .. } => code(answer),
            Call::List { side: Side::City, .. } => list(&json!([city_face("A1")])),
        });
        assert_eq!(made.len(), 3);
        let [certificate] = &outcome.certificates[..] else { panic!() };
        assert_eq!(certificate.status(), Status::Both);
        assert_eq!(certificate.province.lifecycle, Some(lifecycle));
        assert_eq!(certificate.city.lifecycle, Some(Lifecycle::Valid));
        assert_eq!(certificate.province.certificate_id.as_deref(), Some("PA1"));
        assert!(certificate.province.face.is_none());
        // States differ: the most urgent difference, though no two faces could be compared.
        let fields: Vec<Field> = certificate.differences.iter().map(|difference| difference.field).collect();
        assert_eq!(fields, [Field::Lifecycle]);
    }
}

#[test]
fn several_certificates_are_listed_paired_and_settled_by_number() {
    // The province holds A1 and A2; the city holds A1, A3, and A2 revoked.
    let (made, outcome) = play(&item(), FACES, |call| match (call, call.number()) {
        (Call::State { .. }, None) => state(
            1,
            1,
            &json!([
                {"certno": "A1", "certholder": "张三", "cert_identifier": "PA1", "fileNumber": "CA1"},
                {"certno": "A2", "certholder": "张三", "cert_identifier": "PA2", "fileNumber": "CA2"},
                {"fileNumber": "CA3"},
            ]),
        ),
        (Call::State { .. }, Some("A3")) => state(0, 1, &json!([{"fileNumber": "CA3"}])),
        (Call::List { side: Side::Province, .. }, None) => list(&json!([province_face("A1"), province_face("A2")])),
        (Call::List { side: Side::City, .. }, None) => list(&json!([city_face("A1"), city_face("A3")])),
        (Call::List { side: Side::City, .. }, Some("A2")) => code(21),
        other => panic!("not needed: {other:?}"),
    });
    assert_eq!(made.len(), 5, "the state names A2 on both sides in one object");
    let rows: Vec<_> = outcome.certificates.iter().map(|row| (row.number.as_deref(), row.status(), row.city.lifecycle)).collect();
    assert_eq!(
        rows,
        [
            (Some("A1"), Status::Both, Some(Lifecycle::Valid)),
            (Some("A2"), Status::Both, Some(Lifecycle::Revoked)),
            (Some("A3"), Status::CityOnly, Some(Lifecycle::Valid)),
        ]
    );
}

#[test]
fn a_failed_call_is_never_a_gap() {
    let (_, outcome) = play(&item(), FACES, |_| failed());
    assert_eq!(statuses(&outcome), [Status::Error]);
    assert_eq!(outcome.troubles.len(), 1);

    // Existence is known, a face is not: the status stands.
    let (_, outcome) = play(&item(), FACES, |call| match call {
        Call::State { .. } => state(1, 1, &json!([{"certno": "A1", "certholder": "张三", "fileNumber": "CA1"}])),
        Call::List { .. } => failed(),
    });
    assert_eq!(statuses(&outcome), [Status::Both]);
    assert_eq!(outcome.certificates[0].failure.as_ref().unwrap().kind, ErrorKind::Timeout);

    // A state answer without flags says nothing.
    let (_, outcome) = play(&item(), FACES, |_| list(&json!([])));
    assert_eq!(statuses(&outcome), [Status::Error]);
    assert_eq!(outcome.certificates[0].failure.as_ref().unwrap().kind, ErrorKind::Malformed);
}

#[test]
fn a_number_in_the_input_makes_every_call_exact() {
    let item = Item { certificate_number: Some("A2".into()), ..item() };
    let (made, outcome) = play(&item, FACES, |call| {
        assert_eq!(call.number(), Some("A2"));
        match call {
            Call::State { .. } => {
                state(1, 1, &json!([{"certno": "A2", "certholder": "张三", "cert_identifier": "PA2", "fileNumber": "CA2"}]))
            }
            // A platform that does not heed the number.
            Call::List { .. } => list(&json!([city_face("A1"), city_face("A2")])),
        }
    });
    assert_eq!(made.len(), 2);
    assert_eq!(outcome.certificates[0].city.certificate_id.as_deref(), Some("CA2"));
}

#[test]
fn a_state_answer_that_does_not_heed_the_number_is_read_for_it() {
    let item = Item { certificate_number: Some("A2".into()), ..item() };
    let (_, outcome) = play(&item, FACES, |call| match call {
        Call::State { .. } => state(
            1,
            1,
            &json!([
                {"certno": "A1", "certholder": "张三", "cert_identifier": "PA1", "fileNumber": "CA1"},
                {"certno": "A2", "certholder": "张三", "cert_identifier": "PA2", "fileNumber": "CA2"},
            ]),
        ),
        Call::List { .. } => list(&json!([city_face("A1"), city_face("A2")])),
    });
    let [certificate] = &outcome.certificates[..] else { panic!("{outcome:?}") };
    let ids =
        [&certificate.province.certificate_id, &certificate.city.certificate_id].map(|id| id.as_deref().unwrap_or_default());
    assert_eq!(ids, ["PA2", "CA2"]);
}

#[test]
fn always_listing_asks_each_side_that_holds_something() {
    let keys = AuditKeys { certificates: Certificates::List, ..FACES };
    let (made, _) = play(&item(), keys, |call| match call {
        Call::State { .. } => state(1, 0, &json!([province_face("A1")])),
        Call::List { side: Side::Province, .. } => list(&json!([province_face("A1")])),
        Call::List { side: Side::City, .. } => panic!("the city holds none"),
    });
    assert_eq!(made.len(), 2);
}

#[test]
fn what_is_odd_about_an_answer_is_told() {
    let good = "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9";
    let (_, outcome) = play(&item(), FACES, |call| match call {
        Call::State { .. } => {
            state(1, 1, &json!([{"certno": "A1", "certholder": "张三", "cert_identifier": good, "fileNumber": "C1"}]))
        }
        Call::List { .. } => code(10),
    });
    let kinds: Vec<&str> = outcome.anomalies.iter().map(|anomaly| anomaly.kind.name()).collect();
    assert_eq!(kinds, ["state_disagreement", "type_mismatch"]);
    assert_eq!(statuses(&outcome), [Status::Both], "the flag stands");

    let altered = "1.2.156.3005.2.11100000000013127D001.11370000004504927A.CFD93524173848F3A2ED4AB7A36E7A50.001.8";
    let (_, outcome) = play(&item(), FACES, |_| {
        state(
            1,
            0,
            &json!([{"certno": "A1", "certholdercode": "11010519491231****", "cert_identifier": altered, "zzlxdm": "11100000000013127D002"}]),
        )
    });
    let kinds: Vec<&str> = outcome.anomalies.iter().map(|anomaly| anomaly.kind.name()).collect();
    assert_eq!(kinds, ["identifier_check", "type_mismatch"], "a masked holder code fits");

    let (_, outcome) = play(&item(), FACES, |_| state(1, 0, &json!([{"certno": "A1", "certholdercode": "110105194912310021"}])));
    assert_eq!(outcome.anomalies[0].kind.name(), "holder_mismatch");
    assert!(!outcome.anomalies[0].message.to_string().contains("1101"), "no holder code in a message");
}

/// A platform whose province shows one certificate and whose city shows another number; by number it answers `by_number`:
/// the number, and whether each side holds it.
fn two_numbers(province: &str, city: &str, by_number: &[(&str, u8, u8)]) -> (Vec<Call>, Outcome) {
    let (ours, theirs) = (province_face(province), city_face(city));
    let mut both = ours.clone();
    both["fileNumber"] = json!(format!("C{city}"));
    play(&item(), FACES, |call| match (call, call.number()) {
        (Call::State { .. }, None) => state(1, 1, &json!([both])),
        (Call::State { .. }, Some(number)) => {
            let (_, in_province, in_city) = by_number.iter().find(|(known, _, _)| *known == number).unwrap();
            let mut entry = json!({});
            if *in_province == 1 {
                entry.as_object_mut().unwrap().extend(ours.as_object().unwrap().clone());
            }
            if *in_city == 1 {
                entry["fileNumber"] = json!(format!("C{city}"));
            }
            state(*in_province, *in_city, &json!([entry]))
        }
        (Call::List { side: Side::City, .. }, None) => list(&json!([theirs])),
        other => panic!("not needed: {other:?}"),
    })
}

#[test]
fn two_numbers_are_two_certificates_and_a_near_miss_is_a_hint() {
    let (made, outcome) = two_numbers("N000107000", "N000107001", &[("N000107000", 1, 0), ("N000107001", 0, 1)]);
    assert_eq!(made.len(), 4, "two more calls, only here");
    assert_eq!(statuses(&outcome), [Status::ProvinceOnly, Status::CityOnly]);
    let hints: Vec<Option<u32>> = outcome.certificates.iter().map(|certificate| certificate.likely_same_as).collect();
    assert_eq!(hints, [Some(1), Some(0)]);
    assert!(outcome.certificates.iter().all(|certificate| certificate.differences.is_empty()));

    let (_, outcome) = two_numbers("A17", "B98", &[("A17", 1, 0), ("B98", 0, 1)]);
    assert_eq!(statuses(&outcome), [Status::ProvinceOnly, Status::CityOnly]);
    assert!(outcome.certificates.iter().all(|certificate| certificate.likely_same_as.is_none()));
}

#[test]
fn two_numbers_are_one_certificate_where_the_state_by_number_says_so() {
    for by_number in [[("A17", 1, 1), ("B98", 0, 1)], [("A17", 1, 1), ("B98", 0, 0)], [("A17", 1, 0), ("B98", 1, 1)]] {
        let (_, outcome) = two_numbers("A17", "B98", &by_number);
        assert_eq!(statuses(&outcome), [Status::Both], "{by_number:?}");
        let fields: Vec<Field> = outcome.certificates[0].differences.iter().map(|difference| difference.field).collect();
        assert_eq!(fields, [Field::CertificateNumber], "{by_number:?}");
    }
    // The same answer whatever number is asked for is that of a platform that does not heed it.
    let (_, outcome) = two_numbers("A17", "B98", &[("A17", 1, 1), ("B98", 1, 1)]);
    assert_eq!(statuses(&outcome), [Status::Error, Status::Error]);
}

#[test]
fn a_number_whose_own_state_contradicts_the_listing_is_an_anomaly() {
    let (_, outcome) = two_numbers("A17", "B98", &[("A17", 0, 0), ("B98", 0, 1)]);
    assert_eq!(statuses(&outcome), [Status::Error, Status::CityOnly], "what denies the one side is not believed of the other");
    let kinds: Vec<&str> = outcome.anomalies.iter().map(|anomaly| anomaly.kind.name()).collect();
    assert_eq!(kinds, ["state_disagreement"]);
}

#[test]
fn where_one_side_shows_no_number_the_one_left_on_each_side_is_the_pair() {
    let nameless = json!({"certificateHolder": "张三", "certificateID": "C1"});
    let (made, outcome) = play(&item(), FACES, |call| match call {
        Call::State { .. } => {
            state(1, 1, &json!([{"certno": "A1", "certholder": "张三", "cert_identifier": "P1", "fileNumber": "C1"}]))
        }
        Call::List { .. } => list(&json!([nameless])),
    });
    assert_eq!((made.len(), statuses(&outcome)), (2, vec![Status::Both]));
}

#[test]
fn a_certificate_without_a_number_is_the_one_that_the_state_by_number_says_both_hold() {
    // The province shows A1 and A2, the city one certificate without a number: A2's, by the state.
    let (_, outcome) = play(&item(), FACES, |call| match (call, call.number()) {
        (Call::State { .. }, None) => state(1, 1, &json!([province_face("A1"), province_face("A2"), {"fileNumber": "C2"}])),
        (Call::State { .. }, Some("A1")) => state(1, 0, &json!([province_face("A1")])),
        (Call::State { .. }, Some("A2")) => {
            state(1, 1, &json!([{"certno": "A2", "certholder": "张三", "cert_identifier": "PA2", "fileNumber": "C2"}]))
        }
        (Call::List { side: Side::Province, .. }, None) => list(&json!([province_face("A1"), province_face("A2")])),
        (Call::List { side: Side::City, .. }, None) => list(&json!([{"certificateHolder": "张三", "certificateID": "C2"}])),
        other => panic!("not needed: {other:?}"),
    });
    let rows: Vec<_> = outcome.certificates.iter().map(|row| (row.number.as_deref(), row.status())).collect();
    assert_eq!(rows, [(Some("A1"), Status::ProvinceOnly), (Some("A2"), Status::Both)]);
}

#[test]
fn the_same_certificate_twice_in_a_list_is_one_and_a_list_shorter_than_its_total_leaves_absence_unknown() {
    let twice = |face: Value| json!([face, face]);
    let (made, outcome) = play(&item(), FACES, |call| match call {
        Call::State { .. } => {
            state(1, 1, &twice(json!({"certno": "A1", "certholder": "张三", "cert_identifier": "PA1", "fileNumber": "CA1"})))
        }
        Call::List { .. } => list(&twice(city_face("A1"))),
    });
    assert_eq!((made.len(), statuses(&outcome)), (2, vec![Status::Both]));

    let (_, outcome) = play(&item(), FACES, |call| match (call, call.number()) {
        (Call::State { .. }, None) => state(1, 1, &json!([province_face("A1"), {"certholder": "张三", "cert_identifier": "P2"}])),
        (Call::State { .. }, Some(_)) => {
            state(1, 1, &json!([{"certno": "A1", "certholder": "张三", "cert_identifier": "PA1", "fileNumber": "CA1"}]))
        }
        (Call::List { side: Side::Province, .. }, _) => {
            list(&json!([province_face("A1"), {"certholder": "张三", "cert_identifier": "P2"}]))
        }
        (Call::List { side: Side::City, .. }, _) => reply(&json!({
            "head": {"status": 0}, "data": {"total": 3, "dataList": [city_face("A1")]},
        })),
    });
    assert!(outcome.anomalies.iter().any(|anomaly| anomaly.kind.name() == "incomplete_list"), "{:?}", outcome.anomalies);
    assert_eq!(statuses(&outcome), [Status::Both, Status::Error], "what is not listed may be there");
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let entry = prop_oneof![
        Just(json!({"certno": "A1", "certholder": "张三", "cert_identifier": "P1", "fileNumber": "C1"})),
        Just(json!({"certno": "A2", "cert_identifier": "P2"})),
        Just(json!({"fileNumber": "C3"})),
        Just(json!({"certificateNumber": "A1", "certificateHolder": "李四", "certificateID": "C1"})),
        Just(json!({"certificateNumber": "A4", "certificateHolder": "李四", "certificateID": "C4"})),
    ];
    let entries = prop::collection::vec(entry, 0..4);
    prop_oneof![
        Just(failed()),
        prop::sample::select(vec![10, 21, 22, 23]).prop_map(code),
        (0u8..2, 0u8..2, entries.clone()).prop_map(|(province, city, entries)| state(province, city, &Value::Array(entries))),
        entries.prop_map(|entries| list(&Value::Array(entries))),
    ]
}

proptest! {
    /// Whatever a platform answers, `step` comes to an end, asks nothing twice, says nothing that it cannot know, and says the
    /// same in whatever order the answers lie.
    #[test]
    fn step_ends_and_is_honest(replies in prop::collection::vec(any_reply(), 12), list_always: bool, number: bool, order: u64) {
        let keys = AuditKeys { certificates: if list_always { Certificates::List } else { Certificates::Auto }, ..FACES };
        let item = Item { certificate_number: number.then(|| "A1".to_owned()), ..item() };
        let made = std::cell::Cell::new(0);
        let (calls, outcome) = play(&item, keys, |_| {
            made.set(made.get() + 1);
            replies[(made.get() - 1) % replies.len()].clone()
        });
        prop_assert!(!outcome.certificates.is_empty());
        let first_failed = matches!(replies[0], Reply::Failed(_));
        prop_assert_eq!(first_failed && calls.len() == 1, first_failed);
        for certificate in &outcome.certificates {
            if certificate.status() == Status::Error {
                prop_assert!(certificate.failure.is_some() || !outcome.troubles.is_empty() || calls.len() > 1);
            }
            if certificate.differences.iter().any(|difference| difference.field != Field::Lifecycle) {
                prop_assert!(certificate.province.face.is_some() && certificate.city.face.is_some());
            }
        }
        // The same answers give the same outcome, in whatever order they lie.
        let mut answers: Vec<Answer> = calls.into_iter().zip(replies.iter().cycle().cloned()).map(|(call, reply)| Answer { call, reply }).collect();
        fastrand::Rng::with_seed(order).shuffle(&mut answers);
        prop_assert_eq!(step(&item, &answers, &settings(keys)), Step::Done(outcome));
    }
}
