//! Where two faces of one certificate differ in content.

use super::form::{canonical, same_but_for_masks, unlike_places};
use super::reading::Face;
use super::rules::FaceRules;
use crate::codes::{Field, FieldKind, Lifecycle, holder_code_type};
use crate::face::Day;
use std::fmt;

/// How two faces differ in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DifferenceKind {
    /// Both say something, and not the same.
    Differs,
    /// The province's face bears the field and leaves it empty.
    MissingInProvince,
    /// The city's face bears the field and leaves it empty.
    MissingInCity,
}

impl DifferenceKind {
    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::MissingInProvince => "missing_in_province",
            Self::MissingInCity => "missing_in_city",
        }
    }
}

/// Why two values are not the same, as precisely as can be said. In tables: a word, and after a colon what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// One side leaves the field empty.
    Empty,
    /// Two days, this many days apart; positive where the city's is later.
    DaysApart(i64),
    /// One side says that there is no end.
    OnlyOneForever,
    /// The city's value is the province's and something more.
    LongerInCity(String),
    /// The province's value is the city's and something more.
    LongerInProvince(String),
    /// As long as the other, with another character at this place (from 1).
    Character(usize),
    /// Other words altogether.
    Different,
    /// The certificate is in another state.
    State,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("empty"),
            Self::DaysApart(days) => write!(formatter, "days_apart:{days}"),
            Self::OnlyOneForever => formatter.write_str("only_one_forever"),
            Self::LongerInCity(more) => write!(formatter, "longer_in_city:{more}"),
            Self::LongerInProvince(more) => write!(formatter, "longer_in_province:{more}"),
            Self::Character(place) => write!(formatter, "character:{place}"),
            Self::Different => formatter.write_str("different"),
            Self::State => formatter.write_str("state"),
        }
    }
}

/// A field in which the province's face and the city's face of one certificate differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field.
    pub field: Field,
    /// The province's value as received.
    pub province: Option<String>,
    /// The city's value as received.
    pub city: Option<String>,
    /// How.
    pub kind: DifferenceKind,
    /// Why.
    pub reason: Reason,
}

impl Difference {
    /// Two states of one certificate that are not the same.
    #[must_use]
    pub fn of_states(province: Lifecycle, city: Lifecycle) -> Option<Self> {
        (province != city).then(|| Self {
            field: Field::Lifecycle,
            province: Some(province.name().to_owned()),
            city: Some(city.name().to_owned()),
            kind: DifferenceKind::Differs,
            reason: Reason::State,
        })
    }
}

/// Compares two faces of a type field by field, in the order of the fields: only what both bear; the certificate's id and
/// its state excepted, the latter being known from codes too (see [`Difference::of_states`]).
#[must_use]
pub fn compare(province: &Face, city: &Face, rules: &FaceRules, cert_type_code: &str) -> Vec<Difference> {
    let is_compared = |field: &Field| {
        !matches!(field, Field::CertificateId | Field::Lifecycle)
            && province.bears(*field)
            && city.bears(*field)
            && !rules.ignores(*field, cert_type_code)
    };
    let difference = |field: Field| {
        let (of_province, of_city) = (province.text(field), city.text(field));
        let (kind, reason) = match (of_province, of_city) {
            (None, None) => return None,
            (None, Some(_)) => (DifferenceKind::MissingInProvince, Reason::Empty),
            (Some(_), None) => (DifferenceKind::MissingInCity, Reason::Empty),
            (Some(a), Some(b)) => (DifferenceKind::Differs, why_different(field, (province, a), (city, b), rules)?),
        };
        Some(Difference { field, province: of_province.map(str::to_owned), city: of_city.map(str::to_owned), kind, reason })
    };
    Field::ALL.iter().copied().filter(is_compared).filter_map(difference).collect()
}

/// Why two values are not the same; none where they are.
fn why_different(field: Field, (province, a): (&Face, &str), (city, b): (&Face, &str), rules: &FaceRules) -> Option<Reason> {
    if a == b {
        return None;
    }
    let kind = field.kind();
    if kind == FieldKind::Date {
        match (province.day(field), city.day(field)) {
            (Some(a), Some(b)) if a == b => return None,
            (Some(Day::On(a)), Some(Day::On(b))) => return Some(Reason::DaysApart((b - a).num_days())),
            (Some(_), Some(_)) => return Some(Reason::OnlyOneForever),
            // What a date that cannot be read means is not known: it is among the face's problems, and no difference.
            _ => return None,
        }
    }
    let code = |text| holder_code_type(text).map_or(text, |entry| entry.code.as_str());
    let (a, b) = if field == Field::HolderCodeType { (code(a), code(b)) } else { (a, b) };
    let (a, b) = (canonical(a, kind), canonical(b, kind));
    if same_but_for_masks(&a, &b) {
        return None;
    }
    if field == Field::IssuerName {
        let bare = |name| without_prefixes(name, &rules.issuer_prefixes);
        if bare(a.as_str()) == bare(b.as_str()) {
            return None;
        }
    }
    Some(how_texts_differ(&a, &b))
}

/// A name without any of these beginnings, however many of them stand before one another.
fn without_prefixes<'a>(mut name: &'a str, prefixes: &[String]) -> &'a str {
    while let Some(rest) = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix.as_str())) {
        name = rest;
    }
    name
}

fn how_texts_differ(a: &str, b: &str) -> Reason {
    if let Some(more) = b.strip_prefix(a).or_else(|| b.strip_suffix(a)) {
        return Reason::LongerInCity(more.to_owned());
    }
    if let Some(more) = a.strip_prefix(b).or_else(|| a.strip_suffix(b)) {
        return Reason::LongerInProvince(more.to_owned());
    }
    match unlike_places(a, b).as_deref() {
        Some([place]) => Reason::Character(place + 1),
        _ => Reason::Different,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Side;
    use crate::face::compiled_in_rules;
    use crate::job::{FaceSettings, TypeFaceSettings};
    use crate::platform::Fields;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const TYPE: &str = "11100000000013127D001";

    fn face(side: Side, pairs: &[(&str, &str)]) -> Face {
        let fields = pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        Face::read(&Fields(fields), &compiled_in_rules(), side, TYPE)
    }

    fn found(province: &[(&str, &str)], city: &[(&str, &str)], rules: &FaceRules) -> Vec<(Field, String)> {
        let differences = compare(&face(Side::Province, province), &face(Side::City, city), rules, TYPE);
        differences.into_iter().map(|found| (found.field, found.reason.to_string())).collect()
    }

    #[test]
    fn form_is_no_difference_and_content_is_one() {
        let province = [
            ("certholder", "山东（示例）有限公司"),
            ("zzbfrq", "2022-04-13"),
            ("zzyxqjzrq", "长期"),
            ("fzjg", "枣庄市住建局"),
            ("certno", "a001"),
            ("bz", ""),
            ("czztdmlxdm", "统一社会信用代码"),
            ("fddbr", "马三"),
        ];
        let city = [
            ("certificateHolder", "山东(示例)有限公司"),
            ("issueDate", "2022年04月13日"),
            ("certificateValidateEnd", "9999-12-31"),
            ("issueDept", "枣庄市住房和城乡建设局"),
            ("certificateNumber", "A００1"),
            ("bz", "换证"),
            ("certificateHolderType", "001"),
        ];
        assert_eq!(
            found(&province, &city, &compiled_in_rules()),
            [(Field::IssuerName, "different".to_owned()), (Field::Remark, "empty".to_owned())],
            "a legal representative that only one face bears is not compared"
        );
    }

    #[test]
    fn every_difference_has_its_reason() {
        for (name_a, a, name_b, b, reason) in [
            ("certholder", "张三", "holder", "张三丰", "longer_in_city:丰"),
            ("certholder", "枣庄华建", "holder", "华建", "longer_in_province:枣庄"),
            ("certholder", "张三", "holder", "张五", "character:2"),
            ("certholder", "张三", "holder", "李四光", "different"),
            ("zzbfrq", "2022-04-13", "issueDate", "2022年4月20日", "days_apart:7"),
            ("zzyxqjzrq", "长期", "certificateValidateEnd", "2027-04-12", "only_one_forever"),
            ("certno", "A001", "certificateNumber", "A002", "character:4"),
            ("certholdercode", "37040319761209XXXX", "certificateHolderCode", "370403197712091234", "character:10"),
        ] {
            let found = found(&[(name_a, a)], &[(name_b, b)], &compiled_in_rules());
            assert_eq!(found.len(), 1, "{a} {b}");
            assert_eq!(found[0].1, reason, "{a} {b}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_difference_and_is_listed() {
        for (name, value, theirs) in [
            ("zzbfrq", "不详", "2022年4月20日"),
            ("zzbfrq", "不详", "无"),
            ("zzbfrq", "2022-04-15 至 2027-04-14", "2022年4月20日"),
            ("certholder", "张\u{FFFD}", "张\u{20087}"),
        ] {
            let city = if name == "zzbfrq" { "issueDate" } else { "holder" };
            assert_eq!(found(&[(name, value)], &[(city, theirs)], &compiled_in_rules()), vec![], "{value}");
            assert_eq!(face(Side::Province, &[(name, value)]).problems, [format!("{name}: {value}")]);
        }
        // What is left of a value with a lost character is content.
        let differences = found(&[("certholder", "张\u{FFFD}")], &[("holder", "李\u{20087}")], &compiled_in_rules());
        assert_eq!(differences, [(Field::HolderName, "character:1".to_owned())]);
    }

    #[test]
    fn a_day_in_any_librarys_form_is_no_difference() {
        for form in [
            "Mon Sep 23 00:00:00 CST 2013",
            "Sep 23, 2013 12:00:00 AM",
            "1379865600000",
            "1.3798656E12",
            "[2013,9,23]",
            "/Date(1379865600000+0800)/",
            r#"{"$date":"2013-09-22T16:00:00Z"}"#,
            r#"{"date":23,"day":1,"hours":0,"minutes":0,"month":8,"seconds":0,"time":1379865600000,"year":113}"#,
        ] {
            let differences = found(&[("zzbfrq", form)], &[("issueDate", "2013年09月23日")], &compiled_in_rules());
            assert_eq!(differences, vec![], "{form}");
        }
        let differences =
            found(&[("zzbfrq", "Tue Sep 24 00:00:00 CST 2013")], &[("issueDate", "2013年09月23日")], &compiled_in_rules());
        assert_eq!(differences, [(Field::IssueDate, "days_apart:-1".to_owned())]);
    }

    #[test]
    fn a_job_says_what_is_ignored_and_which_prefixes_may_be_left_out() {
        let settings = FaceSettings {
            ignore: vec!["remark".into()],
            issuer_prefixes: vec!["山东省".into(), "枣庄市".into()],
            types: BTreeMap::from([(
                TYPE.to_owned(),
                TypeFaceSettings { ignore: vec!["address".into()], ..TypeFaceSettings::default() },
            )]),
            ..FaceSettings::default()
        };
        let rules = FaceRules::new(&settings);
        let province = [("bz", "甲"), ("xxdz", "甲路"), ("fzjg", "山东省枣庄市住建局"), ("fddbr", "马三")];
        let city = [("bz", "乙"), ("xxdz", "乙路"), ("issueDept", "枣庄市住建局"), ("fddbr", "马四")];
        assert_eq!(found(&province, &city, &rules), [(Field::LegalRepresentative, "character:2".to_owned())]);
        assert_eq!(found(&province, &city, &compiled_in_rules()).len(), 4);
    }

    /// A text in another form.
    fn reformed(text: &str, way: u8) -> String {
        match way {
            0 => text
                .chars()
                .map(|character| match character {
                    '!'..='~' => char::from_u32(u32::from(character) - 0x21 + 0xFF01).unwrap(),
                    other => other,
                })
                .collect(),
            1 => text.chars().flat_map(|character| [character, ' ']).collect(),
            2 => text.replace('(', "（").replace(')', "】"),
            3 => text.replace('-', "—"),
            _ => format!("\u{200B} {text}\t"),
        }
    }

    proptest! {
        #[test]
        fn a_change_of_form_gives_no_difference_and_a_change_of_content_exactly_one(
            values in prop::collection::vec("[甲乙丙丁戊己A-WYZ0-9()-]{2,12}", 5), way in 0u8..5, which in 0usize..5, at in 0usize..2,
        ) {
            let province_names = ["certholder", "fzjg", "xxdz", "bz", "certno"];
            let city_names = ["holder", "issueDept", "xxdz", "bz", "certificateNumber"];
            let reformed: Vec<String> = values.iter().map(|value| reformed(value, way)).collect();
            let pairs = |names: [&'static str; 5], values: &[String]| -> Vec<(&'static str, String)> { names.into_iter().zip(values.iter().cloned()).collect() };
            let refs = |pairs: &[(&'static str, String)]| -> Vec<(&'static str, String)> { pairs.to_vec() };
            let province = pairs(province_names, &values);
            let mut city = pairs(city_names, &reformed);
            let as_str = |pairs: &[(&'static str, String)]| refs(pairs);
            let run = |a: &[(&'static str, String)], b: &[(&'static str, String)]| {
                let a: Vec<(&str, &str)> = a.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let b: Vec<(&str, &str)> = b.iter().map(|(name, value)| (*name, value.as_str())).collect();
                found(&a, &b, &compiled_in_rules())
            };
            prop_assert_eq!(run(&as_str(&province), &city), vec![]);
            let mut changed: Vec<char> = values[which].chars().collect();
            changed[at] = if changed[at] == '庚' { '辛' } else { '庚' };
            city[which].1 = changed.into_iter().collect();
            prop_assert_eq!(run(&as_str(&province), &city).len(), 1);
        }
    }
}
