//! What is not certain is no gap: answers that contradict themselves, that are about something else, or that leave something
//! out.

use super::{FACES, city_face, code, failed, item, list, play, province_face, reply, state, statuses};
use ecert_audit::audit::{Call, Item, Outcome, Reply, Status};
use ecert_audit::endpoint::Side;
use ecert_audit::job::{AuditKeys, Depth};
use ecert_audit::platform::{Envelope, ErrorKind};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The anomalies of an outcome by name.
fn anomalies(outcome: &Outcome) -> Vec<&'static str> {
    outcome.anomalies.iter().map(|anomaly| anomaly.kind.name()).collect()
}

fn has_gap(outcome: &Outcome) -> bool {
    let is_gap = |status: &Status| matches!(status, Status::ProvinceOnly | Status::CityOnly | Status::Neither);
    statuses(outcome).iter().any(is_gap)
}

/// A list with a total of its own.
fn list_of(total: &Value, faces: &Value) -> Reply {
    reply(&json!({"head": {"status": 0}, "data": {"total": total, "dataList": faces}}))
}

/// Certificates without numbers, by identifiers alone; the state answer names the first `together` of each side in pairs.
struct Unnumbered {
    province: usize,
    city: usize,
    together: usize,
}

impl Unnumbered {
    fn province_face(place: usize) -> Value {
        json!({"certholder": "张三", "cert_identifier": format!("P{place}")})
    }

    fn city_face(place: usize) -> Value {
        json!({"certificateHolder": "张三", "certificateID": format!("C{place}")})
    }

    fn state(&self) -> Reply {
        let mut objects: Vec<Value> = (0..self.province).map(Self::province_face).collect();
        for place in 0..self.city {
            if place < self.together {
                objects[place]["fileNumber"] = json!(format!("C{place}"));
            } else {
                objects.push(json!({"fileNumber": format!("C{place}")}));
            }
        }
        state(u8::from(self.province > 0), u8::from(self.city > 0), &Value::Array(objects))
    }

    fn list(&self, side: Side) -> Value {
        match side {
            Side::Province => (0..self.province).map(Self::province_face).collect(),
            Side::City => (0..self.city).map(Self::city_face).collect(),
        }
    }

    /// Plays the item; the city answers its list with `city_list`, an honest one where that is none.
    #[expect(clippy::needless_pass_by_value, reason = "every caller makes one of its own")]
    fn play(&self, city_list: Option<Reply>) -> (Vec<Call>, Outcome) {
        play(&item(), FACES, |call| match call {
            Call::State { .. } => self.state(),
            Call::List { side: Side::City, .. } => city_list.clone().unwrap_or_else(|| list(&self.list(Side::City))),
            Call::List { side, .. } => list(&self.list(*side)),
        })
    }
}

#[test]
fn what_the_state_names_in_one_object_is_one_certificate() {
    for (province, city, together, expected) in [
        (2, 2, 2, vec![Status::Both; 2]),
        (12, 12, 12, vec![Status::Both; 12]),
        (2, 1, 1, vec![Status::Both, Status::ProvinceOnly]),
        (1, 2, 1, vec![Status::Both, Status::CityOnly]),
    ] {
        let (made, outcome) = Unnumbered { province, city, together }.play(None);
        let mut found = statuses(&outcome);
        found.sort_by_key(|status| *status != Status::Both);
        assert_eq!((made.len(), found), (3, expected), "{province} {city}");
    }
}

#[test]
fn certificates_without_numbers_that_nothing_pairs_are_unknown() {
    for (province, city) in [(2, 2), (2, 1), (1, 2)] {
        let (_, outcome) = Unnumbered { province, city, together: 0 }.play(None);
        assert!(!has_gap(&outcome), "{province} {city}: {:?}", statuses(&outcome));
    }
    let (_, outcome) = Unnumbered { province: 2, city: 0, together: 0 }.play(None);
    assert_eq!(statuses(&outcome), [Status::ProvinceOnly; 2], "the state says that the city holds none");
}

#[test]
fn two_objects_and_no_list_are_two_certificates_until_the_state_by_number_tells() {
    for (exists, expected) in [((1, 0), vec![Status::ProvinceOnly, Status::CityOnly]), ((1, 1), vec![Status::Both])] {
        for unusable in [failed(), code(10), list_of(&json!(1), &json!([]))] {
            let (made, outcome) = play(&item(), FACES, |call| match (call, call.number()) {
                (Call::State { .. }, None) => state(1, 1, &json!([province_face("A1"), {"fileNumber": "C1"}])),
                (Call::State { .. }, Some(_)) if exists.1 == 1 => {
                    state(1, 1, &json!([province_face("A1"), {"fileNumber": "C1"}]))
                }
                (Call::State { .. }, Some(_)) => state(1, 0, &json!([province_face("A1")])),
                (Call::List { .. }, _) => unusable.clone(),
            });
            assert!(made.len() <= 4, "{made:?}");
            assert_eq!(statuses(&outcome), expected, "{unusable:?}");
        }
    }
}

#[test]
fn a_list_that_is_of_no_use_leaves_absence_unknown() {
    let certificates = |together| Unnumbered { province: 2, city: 2, together };
    let first = json!([Unnumbered::city_face(0)]);
    let twice = json!([Unnumbered::city_face(0), Unnumbered::city_face(0)]);
    for city_list in [
        list_of(&json!(2), &json!([])),
        list_of(&json!(2), &Value::Null),
        list_of(&json!("2"), &first),
        list_of(&json!(2.0), &first),
        list_of(&json!(2), &twice),
        reply(&json!({"head": {"status": 0, "total": 2}, "data": first})),
        reply(&json!({"head": {"status": 0}, "total": 2, "data": first})),
        reply(&json!({"head": {"status": 0}, "data": {"totalCount": 2, "dataList": first}})),
        list_of(&json!(0), &json!([])),
        code(10),
        code(21),
        code(22),
        failed(),
    ] {
        let (_, outcome) = certificates(2).play(Some(city_list.clone()));
        assert_eq!(statuses(&outcome), [Status::Both; 2], "{city_list:?}");
        for together in [0, 1] {
            let (_, outcome) = certificates(together).play(Some(city_list.clone()));
            assert!(!has_gap(&outcome), "{together} {city_list:?}: {:?}", statuses(&outcome));
        }
    }
}

#[test]
fn a_short_list_of_numbered_certificates_is_filled_by_the_state() {
    let numbers = ["A1", "B2", "C3", "D4"];
    let joined = |number: &str| {
        let mut face = province_face(number);
        face["fileNumber"] = json!(format!("C{number}"));
        face
    };
    let faces = |face: fn(&str) -> Value, numbers: &[&str]| -> Value { numbers.iter().map(|number| face(number)).collect() };
    for by_number in [failed(), state(0, 0, &json!([]))] {
        let (_, outcome) = play(&item(), FACES, |call| match (call, call.number()) {
            (Call::State { .. }, None) => state(1, 1, &numbers.iter().map(|number| joined(number)).collect()),
            (Call::State { .. }, Some(_)) => by_number.clone(),
            (Call::List { side: Side::Province, .. }, None) => list(&faces(province_face, &numbers)),
            (Call::List { side: Side::City, .. }, None) => list_of(&json!(4), &faces(city_face, &numbers[..2])),
            (Call::List { .. }, Some(number)) => list(&json!([city_face(number)])),
        });
        assert_eq!(statuses(&outcome), [Status::Both; 4]);

        // The same, but the state shows the first alone.
        let (_, outcome) = play(&item(), FACES, |call| match (call, call.number()) {
            (Call::State { .. }, None) => state(1, 1, &json!([joined("A1")])),
            (Call::State { .. }, Some(_)) => by_number.clone(),
            (Call::List { side: Side::Province, .. }, _) => list(&faces(province_face, &numbers)),
            (Call::List { side: Side::City, .. }, _) => list_of(&json!(4), &faces(city_face, &numbers[..2])),
        });
        assert_eq!(statuses(&outcome), [Status::Both, Status::Both, Status::Error, Status::Error]);
        assert!(anomalies(&outcome).contains(&"incomplete_list"));
    }
}

#[test]
fn flags_that_contradict_what_the_answer_shows_are_settled_by_the_lists() {
    let face = province_face("A1");
    let mut with_file = face.clone();
    with_file["fileNumber"] = json!("CA1");
    let no_flags = reply(&json!({"head": {"status": 10}, "data": {"total": 1, "dataList": [face]}}));
    for (answer, calls) in [
        (state(0, 0, &json!([face])), 3),
        (no_flags, 3),
        (state(0, 1, &json!([face])), 3),
        (state(1, 0, &json!([with_file])), 2),
        (state(0, 0, &json!([{"fileNumber": "CA1"}])), 3),
    ] {
        let of_sides = |province: Reply, city: Reply| {
            play(&item(), FACES, |call| match call {
                Call::State { .. } => answer.clone(),
                Call::List { side: Side::Province, .. } => province.clone(),
                Call::List { side: Side::City, .. } => city.clone(),
            })
        };
        let (listed, none) = ((list(&json!([province_face("A1")])), list(&json!([city_face("A1")]))), code(10));
        let (made, outcome) = of_sides(listed.0.clone(), listed.1.clone());
        assert_eq!((made.len(), statuses(&outcome)), (calls, vec![Status::Both]), "{answer:?}");
        assert_eq!(anomalies(&outcome), ["state_disagreement"], "{answer:?}");
        for (province, city) in [(none.clone(), none), (failed(), failed())] {
            let (_, outcome) = of_sides(province, city);
            assert!(!has_gap(&outcome), "{answer:?}: {:?}", statuses(&outcome));
        }
        let existence = AuditKeys { depth: Depth::Existence, ..FACES };
        let (made, outcome) = play(&item(), existence, |_| answer.clone());
        assert_eq!((made.len(), statuses(&outcome)), (1, vec![Status::Error]), "{answer:?}");
        assert!(outcome.certificates[0].failure.is_some());
    }
    // An object that says nothing shows nothing.
    let (made, outcome) = play(&item(), FACES, |_| state(0, 0, &json!([{}, {"certno": null, "fileNumber": ""}])));
    assert_eq!((made.len(), statuses(&outcome), anomalies(&outcome)), (1, vec![Status::Neither], vec![]));
}

#[test]
fn an_answer_about_other_numbers_says_nothing_of_the_one_asked_about() {
    let item = Item { certificate_number: Some("A1".into()), ..item() };
    let joined = |ours: &str, theirs: &str| {
        let mut face = province_face(ours);
        face["fileNumber"] = json!(format!("C{theirs}"));
        face
    };
    for depth in [Depth::Existence, Depth::Faces] {
        let keys = AuditKeys { depth, ..FACES };
        for objects in [json!([joined("B2", "B2")]), json!([province_face("B2"), {"fileNumber": "C3"}])] {
            let (made, outcome) = play(&item, keys, |_| state(1, 1, &objects));
            assert_eq!((made.len(), statuses(&outcome)), (1, vec![Status::Error]));
            assert_eq!(outcome.troubles.len(), 1);
        }
    }
    // The state heeds the number, or seems to; the city's list does not.
    for objects in [json!([joined("A1", "B2")]), json!([province_face("A1"), {"fileNumber": "CB2"}])] {
        let (made, outcome) = play(&item, FACES, |call| match call {
            Call::State { .. } => state(1, 1, &objects),
            Call::List { .. } => list(&json!([city_face("B2")])),
        });
        assert_eq!((made.len(), statuses(&outcome)), (2, vec![Status::Error]));
    }
    // The state shows of this number the province's alone, and other numbers: the city's own list settles it.
    let objects = json!([province_face("A1"), joined("B2", "B2")]);
    for (city, expected) in [
        (list(&json!([city_face("B2")])), Status::ProvinceOnly),
        (list(&json!([city_face("B2"), city_face("A1")])), Status::Both),
        (list_of(&json!(3), &json!([city_face("B2")])), Status::Error),
        (failed(), Status::Error),
    ] {
        let (_, outcome) = play(&item, FACES, |call| match call {
            Call::State { .. } => state(1, 1, &objects),
            Call::List { .. } => city.clone(),
        });
        assert_eq!(statuses(&outcome), [expected], "{city:?}");
    }
    // A masked number that fits is no other number.
    let (_, outcome) = play(&item, FACES, |call| match call {
        Call::State { .. } => state(1, 1, &json!([joined("A*", "A1")])),
        Call::List { .. } => list(&json!([city_face("A1")])),
    });
    assert_eq!(statuses(&outcome), [Status::Both]);
}

#[test]
fn states_by_number_of_a_platform_that_does_not_heed_the_number_are_not_believed() {
    let mut joined = province_face("A1");
    joined["fileNumber"] = json!("CB2");
    let (_, outcome) = play(&item(), FACES, |call| match call {
        Call::State { .. } => state(1, 1, &json!([joined])),
        Call::List { .. } => list(&json!([city_face("B2")])),
    });
    assert_eq!(statuses(&outcome), [Status::Error, Status::Error]);
}

#[test]
fn the_same_certificate_in_another_form_is_one() {
    let face = city_face("A1");
    let changed = |name: &str, value: Value| {
        let mut face = face.clone();
        face[name] = value;
        face
    };
    for again in [
        changed("bz", Value::Null),
        changed("certificateID", json!("")),
        changed("certificateID", json!(" ca1")),
        changed("gmt_modified", json!("2")),
        // Under another identifier: the number is the same.
        changed("certificateID", json!("CA1-2")),
    ] {
        let (_, outcome) = play(&item(), FACES, |call| match call {
            Call::State { .. } => {
                state(1, 1, &json!([{"certno": "A1", "certholder": "张三", "cert_identifier": "PA1", "fileNumber": "CA1"}]))
            }
            Call::List { side: Side::Province, .. } => list(&json!([province_face("A1")])),
            Call::List { .. } => list(&json!([face, again])),
        });
        assert_eq!(statuses(&outcome), [Status::Both], "{again}");
    }
    let without_id = |modified: &str| json!({"certificateNumber": "A1", "certificateHolder": "张三", "gmt_modified": modified});
    let (made, outcome) = play(&item(), FACES, |call| match call {
        Call::State { .. } => state(1, 1, &json!([{"certno": "A1", "certholder": "张三"}])),
        Call::List { .. } => list(&json!([without_id("1"), without_id("2")])),
    });
    assert_eq!((made.len(), statuses(&outcome)), (2, vec![Status::Both]));
}

#[test]
fn two_numbers_under_one_identifier_are_two_certificates_and_an_anomaly() {
    let face = |number: &str| json!({"certno": number, "certholder": "张三", "cert_identifier": "P1"});
    let faces = json!([face("A1"), face("B2")]);
    let (_, outcome) = play(&item(), FACES, |call| match call {
        Call::State { .. } => state(1, 0, &faces),
        Call::List { .. } => list(&faces),
    });
    assert_eq!(statuses(&outcome), [Status::ProvinceOnly; 2]);
    assert_eq!(anomalies(&outcome), ["ambiguous_identity"]);
}

#[test]
fn a_number_in_the_notation_of_a_float_is_the_number() {
    for number in ["1000001.0", "1.000001E6", "1000001"] {
        let body = format!(
            r#"{{"head":{{"status":0,"shengIsExists":"1","shiIsExists":"1"}},"data":[{{"certno":{number},"certholder":"张三","fileNumber":"C1"}}]}}"#
        );
        let (made, outcome) = play(&item(), FACES, |call| match call {
            Call::State { .. } => Reply::Received(Envelope::parse(body.as_bytes()).unwrap()),
            Call::List { .. } => list(&json!([city_face("1000001")])),
        });
        assert_eq!((made.len(), statuses(&outcome)), (2, vec![Status::Both]), "{number}");
        assert_eq!(outcome.certificates[0].number.as_deref(), Some("1000001"), "{number}");
        assert!(outcome.certificates[0].differences.is_empty(), "{number}");
    }
}

#[test]
fn an_object_that_names_two_certificates_under_one_name_is_unreadable() {
    let body =
        r#"{"head":{"status":0,"shengIsExists":"1","shiIsExists":"0"},"data":[{"certno":"A1","certno":"B2","name":"张三"}]}"#;
    let (_, outcome) = play(&item(), FACES, |_| Reply::Received(Envelope::parse(body.as_bytes()).unwrap()));
    assert_eq!(statuses(&outcome), [Status::Error]);
    assert_eq!(outcome.troubles[0].failure.kind, ErrorKind::Malformed);
}

/// What a library holds of one certificate: its number, if it shows it, and its identifier.
type Held = Option<(Option<String>, String)>;

/// An honest platform: objects in the state answer for each certificate, complete lists, answers by number.
fn honest(certificates: &[(Held, Held)], call: &Call) -> Reply {
    let is_asked = |held: &Held| match (held, call.number()) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some((number, _)), Some(asked)) => number.as_deref() == Some(asked),
    };
    let face = |held: &Held, names: [&str; 3]| {
        let (number, id) = held.clone().unwrap_or_default();
        let mut face = json!({});
        face[names[0]] = json!("张三");
        face[names[1]] = json!(id);
        if let Some(number) = number {
            face[names[2]] = json!(number);
        }
        face
    };
    let province_names = ["certholder", "cert_identifier", "certno"];
    let city_names = ["certificateHolder", "certificateID", "certificateNumber"];
    match call.side() {
        Some(Side::Province) => list(
            &certificates
                .iter()
                .map(|(ours, _)| ours)
                .filter(|held| is_asked(held))
                .map(|held| face(held, province_names))
                .collect(),
        ),
        Some(Side::City) => list(
            &certificates
                .iter()
                .map(|(_, theirs)| theirs)
                .filter(|held| is_asked(held))
                .map(|held| face(held, city_names))
                .collect(),
        ),
        None => {
            let mut exists = [0, 0];
            let mut objects = Vec::new();
            for (ours, theirs) in certificates {
                let mut object = json!({});
                if is_asked(ours) {
                    exists[0] = 1;
                    object = face(ours, province_names);
                }
                if is_asked(theirs) {
                    exists[1] = 1;
                    object["fileNumber"] = json!(theirs.clone().unwrap_or_default().1);
                }
                if object != json!({}) {
                    objects.push(object);
                }
            }
            state(exists[0], exists[1], &Value::Array(objects))
        }
    }
}

proptest! {
    /// Against an honest platform every certificate has one row and its true status, whether it shows its number or not; and
    /// where one list is cut short, breaks down or comes empty, nothing becomes a gap that is none.
    #[test]
    fn no_certificate_is_lost_or_invented(
        kinds in prop::collection::vec((0u8..3, any::<bool>(), any::<bool>()), 1..6), broken in 0u8..6, side: bool,
    ) {
        let certificates: Vec<(Held, Held)> = kinds.iter().enumerate().map(|(place, (holders, shown, also_shown))| {
            let held = |is_held: bool, is_shown: bool, id: &str| {
                is_held.then(|| (is_shown.then(|| format!("N{place}{place}7")), format!("{id}{place}")))
            };
            (held(*holders != 1, *shown, "P"), held(*holders != 0, *also_shown, "C"))
        }).collect();
        // One left on each side, of which at least one shows no number, is a pair by definition.
        let alone = |wanted: u8| kinds.iter().filter(|kind| kind.0 == wanted).collect::<Vec<_>>();
        if let ([ours], [theirs]) = (&alone(0)[..], &alone(1)[..]) {
            prop_assume!(ours.1 && theirs.2);
        }
        let broken_side = if side { Side::Province } else { Side::City };
        let (_, outcome) = play(&item(), FACES, |call| {
            let honest = honest(&certificates, call);
            if call.side() != Some(broken_side) || call.number().is_some() {
                return honest;
            }
            let total = if let Reply::Received(envelope) = &honest { envelope.objects().len() } else { 0 };
            match broken {
                1 => failed(),
                2 => list_of(&json!(total), &json!([])),
                3 => code(10),
                4 => code(21),
                _ => honest,
            }
        });
        let truth = |wanted: Status| kinds.iter().filter(|(holders, _, _)| {
            wanted == match holders { 0 => Status::ProvinceOnly, 1 => Status::CityOnly, _ => Status::Both }
        }).count();
        let found = |wanted: Status| statuses(&outcome).into_iter().filter(|status| *status == wanted).count();
        for gap in [Status::ProvinceOnly, Status::CityOnly] {
            prop_assert!(found(gap) <= truth(gap), "{:?} {:?}", certificates, statuses(&outcome));
        }
        prop_assert!(found(Status::Both) <= truth(Status::Both), "{:?} {:?}", certificates, statuses(&outcome));
        prop_assert_eq!(found(Status::Neither), 0);
        if !(1..=4).contains(&broken) {
            prop_assert_eq!(found(Status::Both), truth(Status::Both), "{:?} {:?}", certificates, statuses(&outcome));
        }
    }
}
