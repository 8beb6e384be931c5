//! The specification's own faces: raw fields to canonical ones, nothing dropped.

use ecert_audit::endpoint::Side;
use ecert_audit::face::{Face, Field, compare, compiled_in_rules};
use ecert_audit::platform::{Envelope, Fields};
use std::fmt::Write;
use std::fs;
use std::path::Path;

fn example(name: &str) -> Envelope {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/face/examples").join(name);
    Envelope::parse(&fs::read(path).unwrap()).unwrap()
}

/// A face as canonical fields, then what is kept besides.
fn told(raw: &Fields, side: Side) -> String {
    let face = Face::read(raw, &compiled_in_rules(), side, "11100000000013338W004");
    let mut text = String::new();
    for &field in Field::ALL.iter().filter(|&&field| face.bears(field)) {
        let day = face.day(field).map_or_else(String::new, |day| format!(" = {day:?}"));
        writeln!(text, "{}: {}{day}", field.name(), face.text(field).unwrap_or("(empty)")).unwrap();
    }
    writeln!(
        text,
        "lifecycle {:?}, valid forever {:?}, identifier valid {:?}",
        face.lifecycle(),
        face.valid_forever(),
        face.identifier_valid()
    )
    .unwrap();
    for (name, value) in &face.other {
        writeln!(text, "other {name}: {value}").unwrap();
    }
    for problem in &face.problems {
        writeln!(text, "problem {problem}").unwrap();
    }
    let borne = Field::ALL.iter().filter(|&&field| face.bears(field)).count();
    assert_eq!(borne + face.other.len() - face.problems.len(), raw.0.len(), "nothing is dropped");
    text
}

#[test]
fn every_face_of_the_specification() {
    for (name, side) in [
        ("03_ShareQueryCertInfo_1.json", Side::Province),
        ("03_ShareQueryCertInfo_2.json", Side::City),
        ("06_ShareQueryCertInfoByQRcode_1.json", Side::Province),
        ("06_ShareQueryCertInfoByQRcode_2.json", Side::City),
        ("07_ShareQueryCertInfoByHo_1.json", Side::Province),
        ("07_ShareQueryCertInfoByHo_2.json", Side::City),
        ("13_shengShiStateInfo_2.json", Side::Province),
        ("13_shengShiStateInfo_3.json", Side::City),
        ("13_shengShiStateInfo_4.json", Side::Province),
    ] {
        let envelope = example(name);
        assert_eq!((envelope.status, envelope.objects().len()), (0, 1), "{name}");
        insta::with_settings!({ snapshot_suffix => name }, { insta::assert_snapshot!(told(&envelope.objects()[0], side)) });
    }
}

#[test]
fn the_four_state_answers_of_the_specification() {
    for (number, exists) in [(1, (false, false)), (2, (true, false)), (3, (false, true)), (4, (true, true))] {
        assert_eq!(example(&format!("13_shengShiStateInfo_{number}.json")).exists, Some(exists), "{number}");
    }
}

#[test]
fn numbers_truth_values_and_nested_values_are_kept_as_text() {
    let body =
        r#"{"head":{"status":0},"data":{"certno":20220413,"bz":true,"detail":[{"a":1}],"zzbfrq":1649952000000,"xxdz":null}}"#;
    let envelope = Envelope::parse(body.as_bytes()).unwrap();
    insta::assert_snapshot!(told(&envelope.objects()[0], Side::Province));
}

#[test]
fn reading_what_was_read_gives_the_same() {
    let envelope = example("13_shengShiStateInfo_4.json");
    let rules = compiled_in_rules();
    let once = Face::read(&envelope.objects()[0], &rules, Side::Province, "x");
    let canonical = Field::ALL.iter().filter(|&&field| once.bears(field)).map(|&field| (field, once.text(field)));
    // GB/T 36903's own short names stand for the canonical fields.
    let short = |field| match field {
        Field::CertificateId => "zzbs",
        Field::CertificateNumber => "zzbh",
        Field::CertificateName => "zzmc",
        Field::HolderName => "czzt",
        Field::HolderCode => "czztdm",
        Field::IssuerName => "zzbfjg",
        Field::IssueDate => "zzbfrq",
        Field::ValidFrom => "zzyxqqsrq",
        Field::ValidTo => "zzyxqjzrq",
        Field::AreaCode => "areacode",
        Field::LegalRepresentative => "fddbr",
        Field::Address => "xxdz",
        Field::Remark => "bz",
        other => panic!("{other:?}"),
    };
    let again = Fields(canonical.map(|(field, text)| (short(field).to_owned(), text.map(str::to_owned))).collect());
    let twice = Face::read(&again, &rules, Side::City, "y");
    for &field in Field::ALL {
        assert_eq!(once.text(field), twice.text(field), "{field:?}");
        assert_eq!(once.day(field), twice.day(field), "{field:?}");
    }
    assert!(twice.other.is_empty());
}

const TYPE: &str = "11100000000013338W004";

/// The face in an answer of a side, whose data is this JSON.
fn face(side: Side, data: &str) -> Face {
    let body = format!(r#"{{"head":{{"status":"0"}},"data":{data}}}"#);
    let envelope = Envelope::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{data}: {error}"));
    Face::read(&envelope.objects()[0], &compiled_in_rules(), side, TYPE)
}

#[test]
fn a_date_in_any_librarys_json_is_the_day_that_the_other_side_writes() {
    let city = face(Side::City, r#"{"issueDate":"2013年09月23日","certificateHolder":"甲"}"#);
    for date in [
        r#""Mon Sep 23 00:00:00 CST 2013""#,
        r#""Sep 23, 2013 12:00:00 AM""#,
        r#""Sep 23, 2013, 12:00:00\u202fAM""#,
        r#""2013-09-22T16:00:00.000+0000""#,
        r#"{"date":23,"day":1,"hours":0,"minutes":0,"month":8,"nanos":0,"seconds":0,"time":1379865600000,"timezoneOffset":-480,"year":113}"#,
        "[2013,9,23]",
        "[2013, 9, 23, 0, 0]",
        r#"{"$date":"2013-09-22T16:00:00Z"}"#,
        r#"{"$date":{"$numberLong":"1379865600000"}}"#,
        r#""\/Date(1379865600000+0800)\/""#,
        "1379865600000",
        "1.3798656E12",
        r#"["java.util.Date",1379865600000]"#,
        r#"{"iMillis":1379865600000,"iChronology":{}}"#,
        r#""23-9月 -13""#,
        r#""2013-09-23-00.00.00.000000""#,
        r#""２０１３-０９-２３""#,
    ] {
        let province = face(Side::Province, &format!(r#"{{"zzbfrq":{date},"certholder":"甲"}}"#));
        assert_eq!(province.date(Field::IssueDate), city.date(Field::IssueDate), "{date}");
        assert!(province.problems.is_empty(), "{date}: {:?}", province.problems);
        assert_eq!(compare(&province, &city, &compiled_in_rules(), TYPE), vec![], "{date}");
    }
}

#[test]
fn a_date_that_cannot_be_read_is_a_problem_and_no_difference() {
    let city = face(Side::City, r#"{"issueDate":"2013年09月23日"}"#);
    for date in [r#""13-9-23""#, r#""09/23/2013""#, r#"{"year":2013}"#, r#""不详""#] {
        let province = face(Side::Province, &format!(r#"{{"zzbfrq":{date}}}"#));
        assert_eq!((province.date(Field::IssueDate), province.problems.len()), (None, 1), "{date}");
        assert_eq!(compare(&province, &city, &compiled_in_rules(), TYPE), vec![], "{date}");
    }
}

#[test]
fn a_name_in_other_code_points_or_with_a_lost_character_is_no_difference() {
    for (ours, theirs) in [
        ("张\u{E863}", "张䶮"),
        ("艾力.买买提", "艾力·买买提"),
        ("艾力⋅买买提", "艾力．买买提"),
        ("艾力&middot;买买提", "艾力•买买提"),
        ("艾力&#183;买买提", "艾力。买买提"),
        ("艾力&middot买买提", r"艾力\\u00b7买买提"),
        ("艾力&#149;买买提", "艾力●买买提"),
        (r"张\ud842", "张\u{20BB7}"),
    ] {
        let province = face(Side::Province, &format!(r#"{{"certholder":"{ours}"}}"#));
        let city = face(Side::City, &format!(r#"{{"certificateHolder":"{theirs}"}}"#));
        assert_eq!(compare(&province, &city, &compiled_in_rules(), TYPE), vec![], "{ours} {theirs}");
    }
    let province = face(Side::Province, r#"{"certholder":"张\ud842"}"#);
    assert_eq!((province.text(Field::HolderName), province.problems.len()), (Some("张\u{FFFD}"), 1));
}

#[test]
fn a_code_masked_by_any_sign_fits_the_whole_code() {
    for (ours, theirs) in [
        ("370499●●●●●●●●0007", "370499199001010007"),
        ("370499××××××××0007", "370499199001010007"),
        ("370499****0007", "370499199001010007"),
    ] {
        let province = face(Side::Province, &format!(r#"{{"certholdercode":"{ours}"}}"#));
        let city = face(Side::City, &format!(r#"{{"certificateHolderCode":"{theirs}"}}"#));
        assert_eq!(compare(&province, &city, &compiled_in_rules(), TYPE), vec![], "{ours}");
    }
}
