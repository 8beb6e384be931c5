//! A face read: every field under its canonical name, or kept in `other`.

use super::date::{Day, read_day};
use super::field::{FieldMap, Match};
use super::form::{tidy, whole_digits};
use super::rules::FaceRules;
use crate::codes::{Field, FieldKind, Identifier, Lifecycle};
use crate::endpoint::Side;
use crate::platform::Fields;
use chrono::{Days, NaiveDate};

/// A validity of at most this many days may be given as a number of days (`yxq`): a hundred years.
const LONGEST_VALIDITY_DAYS: u64 = 36_525;

/// What a face says under one canonical field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
enum Slot {
    /// The face does not bear the field.
    #[default]
    Absent,
    /// It bears the field and leaves it empty.
    Empty,
    /// It bears this value, as received but for invisible characters and space at its ends, and for codes in the notation of
    /// a float.
    Value(String),
}

/// A face, read. Nothing of the raw face is lost: what has no canonical field is in `other`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Face {
    slots: [Slot; Field::ALL.len()],
    days: [Option<Day>; 3],
    lifecycle: Option<Lifecycle>,
    /// Fields that are mapped to no column: name and text as received.
    pub other: Vec<(String, String)>,
    /// Values that could not be read, or not in full: field and text. U+FFFD stands for a character that was lost.
    pub problems: Vec<String>,
}

impl Face {
    /// Sorts and reads the fields of a side's raw face of a type.
    #[must_use]
    pub fn read(raw: &Fields, rules: &FaceRules, side: Side, cert_type_code: &str) -> Self {
        let sorted = Sorted::new(raw, rules, side, cert_type_code);
        let mut face = Self::default();
        for ((place, winner), field) in sorted.winners.iter().enumerate().zip(Field::ALL) {
            if let Some(winner) = winner {
                let mut value = raw.0[*winner].1.as_deref().map(tidy).unwrap_or_default();
                if field.kind() == FieldKind::Code
                    && let Some(digits) = whole_digits(&value)
                {
                    value = digits;
                }
                face.slots[place] = if value.is_empty() { Slot::Empty } else { Slot::Value(value) };
            }
        }
        for (index, (name, value)) in raw.0.iter().enumerate() {
            if !sorted.has_won(index) {
                face.other.push((name.clone(), value.clone().unwrap_or_default()));
            }
        }
        let name_of = |field: Field| sorted.winners[field as usize].map_or("", |index| raw.0[index].0.as_str());
        face.read_days(name_of);
        face.read_lifecycle(&rules.map, name_of(Field::Lifecycle));
        face.note_lost_characters(raw);
        face
    }

    /// Lists the values and names in which a character was lost on the way; what is left of them stays where it is.
    fn note_lost_characters(&mut self, raw: &Fields) {
        let has_lost = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
        for (name, value) in &raw.0 {
            let value = value.as_deref().unwrap_or_default();
            if has_lost(name) || has_lost(value) {
                let problem = format!("{name}: {}", tidy(value));
                // A date or a state that cannot be read is listed already.
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
            }
        }
    }

    fn read_days<'a>(&mut self, name_of: impl Fn(Field) -> &'a str) {
        for (index, field) in [Field::IssueDate, Field::ValidFrom, Field::ValidTo].into_iter().enumerate() {
            let Slot::Value(text) = &self.slots[field as usize] else { continue };
            let day = read_day(text).or_else(|| {
                let start = self.date(Field::IssueDate).or_else(|| self.date(Field::ValidFrom))?;
                let days = text.parse::<u64>().ok().filter(|days| (1..=LONGEST_VALIDITY_DAYS).contains(days))?;
                if field == Field::ValidTo { start.checked_add_days(Days::new(days)).map(Day::On) } else { None }
            });
            if day.is_some() {
                self.days[index] = day;
            } else {
                self.problems.push(format!("{}: {text}", name_of(field)));
                self.other.push((name_of(field).to_owned(), text.clone()));
            }
        }
    }

    fn read_lifecycle(&mut self, map: &FieldMap, name: &str) {
        if let Slot::Value(text) = &self.slots[Field::Lifecycle as usize] {
            self.lifecycle = map.state_word(text);
            if self.lifecycle.is_none() {
                self.problems.push(format!("{name}: {text}"));
                self.other.push((name.to_owned(), text.clone()));
            }
        }
    }

    /// The value of a field as received but for invisible characters and space at its ends; none where empty.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<&str> {
        match &self.slots[field as usize] {
            Slot::Value(text) => Some(text),
            Slot::Absent | Slot::Empty => None,
        }
    }

    /// Whether the face bears the field, if only empty.
    #[must_use]
    pub fn bears(&self, field: Field) -> bool {
        self.slots[field as usize] != Slot::Absent
    }

    /// The day that a date field says.
    #[must_use]
    pub const fn day(&self, field: Field) -> Option<Day> {
        match field {
            Field::IssueDate => self.days[0],
            Field::ValidFrom => self.days[1],
            Field::ValidTo => self.days[2],
            _ => None,
        }
    }

    /// The calendar day that a date field says; none where it says "no end".
    #[must_use]
    pub const fn date(&self, field: Field) -> Option<NaiveDate> {
        match self.day(field) {
            Some(Day::On(date)) => Some(date),
            Some(Day::Forever) | None => None,
        }
    }

    /// Whether the certificate has no end; unknown where the face says nothing readable of it.
    #[must_use]
    pub fn valid_forever(&self) -> Option<bool> {
        self.day(Field::ValidTo).map(|day| day == Day::Forever)
    }

    /// What the face's state word says; none where it bears none that is known.
    #[must_use]
    pub const fn lifecycle(&self) -> Option<Lifecycle> {
        self.lifecycle
    }

    /// Whether the identifier's check character fits; none where the id is no GB/T 36904 identifier.
    #[must_use]
    pub fn identifier_valid(&self) -> Option<bool> {
        Identifier::parse(self.text(Field::CertificateId)?).map(|identifier| identifier.check().is_ok())
    }

    /// Whether the face says anything besides which certificate it is: an identifier and a number alone are no face.
    #[must_use]
    pub fn says_something(&self) -> bool {
        let is_identity = |field: Field| matches!(field, Field::CertificateId | Field::CertificateNumber);
        !self.other.is_empty() || Field::ALL.iter().any(|&field| !is_identity(field) && self.bears(field))
    }

    /// A text field's value where it holds one for its column: dates and states that could not be read have none.
    #[must_use]
    pub fn column_text(&self, field: Field) -> Option<&str> {
        if matches!(field.kind(), FieldKind::Date | FieldKind::Lifecycle) { None } else { self.text(field) }
    }
}

/// Which of a raw face's fields stand for which canonical ones.
struct Sorted {
    matches: Vec<Option<Match>>,
    /// For each canonical field, the place of the raw field that stands for it.
    winners: [Option<usize>; Field::ALL.len()],
}

impl Sorted {
    fn new(raw: &Fields, rules: &FaceRules, side: Side, cert_type_code: &str) -> Self {
        let matches: Vec<Option<Match>> = raw.0.iter().map(|(name, _)| rules.map.find(name, side, cert_type_code)).collect();
        let mut winners: [Option<usize>; Field::ALL.len()] = [None; Field::ALL.len()];
        for (index, found) in matches.iter().enumerate() {
            let Some(found) = found else { continue };
            let winner = &mut winners[found.field as usize];
            // A value beats an empty field; among equals, precedence decides, then the order on the face.
            let strength = |at: usize| {
                let is_empty = raw.0[at].1.as_deref().is_none_or(|value| value.trim().is_empty());
                (is_empty, matches[at].map(|found| (!found.of_the_type, !found.of_the_side, found.rank)))
            };
            if winner.is_none_or(|known| strength(index) < strength(known)) {
                *winner = Some(index);
            }
        }
        Self { matches, winners }
    }

    fn has_won(&self, index: usize) -> bool {
        self.matches[index].is_some_and(|found| self.winners[found.field as usize] == Some(index))
    }
}

/// Where a raw field went, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stands for a canonical field.
    Mapped(Match),
    /// It means a canonical field that another one, of this name, stands for; it is kept in `other`.
    Beaten(Match, String),
    /// It stands for a canonical field, but what it says cannot be read; it is kept in `other` and `problems`.
    Unread(Match),
    /// It means no canonical field; it is kept in `other`.
    Unmapped,
}

/// Tells for each field of a raw face where it goes.
#[must_use]
pub fn explain(raw: &Fields, rules: &FaceRules, side: Side, cert_type_code: &str) -> Vec<Fate> {
    let sorted = Sorted::new(raw, rules, side, cert_type_code);
    let face = Face::read(raw, rules, side, cert_type_code);
    let of_field = |(index, found): (usize, &Option<Match>)| match found {
        None => Fate::Unmapped,
        Some(found) if !sorted.has_won(index) => {
            let winner = sorted.winners[found.field as usize].map_or_else(String::new, |winner| raw.0[winner].0.clone());
            Fate::Beaten(*found, winner)
        }
        Some(found) => {
            let is_read = match found.field.kind() {
                FieldKind::Date => face.text(found.field).is_none() || face.day(found.field).is_some(),
                FieldKind::Lifecycle => face.text(found.field).is_none() || face.lifecycle().is_some(),
                FieldKind::Code | FieldKind::Name | FieldKind::Text => true,
            };
            if is_read { Fate::Mapped(*found) } else { Fate::Unread(*found) }
        }
    };
    sorted.matches.iter().enumerate().map(of_field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::compiled_in_rules;
    use proptest::prelude::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect())
    }

    fn read(pairs: &[(&str, &str)]) -> Face {
        Face::read(&fields(pairs), &compiled_in_rules(), Side::Province, "11100000000013338W004")
    }

    fn day(text: &str) -> Option<NaiveDate> {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
    }

    #[test]
    fn the_specifications_provincial_example() {
        let face = read(&[
            ("fzjg", "枣庄市住房和城乡建设局"),
            ("creditcode", "9137XXXXXXDRNW79"),
            ("fundtype", "有限责任公司"),
            ("zzyxqqsrq", "2022-04-13"),
            ("certholdercode", "9137XXXXXXDRNW79"),
            ("areacode", "370401"),
            ("ZMBZDW", "枣庄市住房和城乡建设局"),
            ("zzyxqjzrq", "2027-04-12"),
            ("certno", "20220413"),
            ("yxq", "1825"),
            ("zsmc", "工程勘察资质证书"),
            ("zzbfrq", "2022-04-13"),
            ("bz", "无"),
            ("fddbr", "马XX"),
        ]);
        assert_eq!(face.text(Field::CertificateNumber), Some("20220413"));
        assert_eq!(face.text(Field::HolderCode), Some("9137XXXXXXDRNW79"));
        assert_eq!(face.date(Field::ValidTo), day("2027-04-12"));
        assert_eq!(face.valid_forever(), Some(false));
        let others: Vec<&str> = face.other.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(others, ["creditcode", "fundtype", "ZMBZDW", "yxq"]);
        assert!(face.problems.is_empty());
    }

    #[test]
    fn a_validity_in_days_runs_from_the_issue_date() {
        let face = read(&[("yxq", "1825"), ("zzbfrq", "2022-04-13")]);
        assert_eq!(face.date(Field::ValidTo), day("2027-04-12"));
        let face = read(&[("yxq", "1825")]);
        assert_eq!(face.date(Field::ValidTo), None);
        assert_eq!(face.problems, ["yxq: 1825"]);
        assert_eq!(face.other, [("yxq".to_owned(), "1825".to_owned())]);
    }

    #[test]
    fn a_value_that_lost_a_character_is_kept_and_listed() {
        let face = read(&[("certholder", "张\u{FFFD}"), ("zzbfrq", "2022\u{FFFD}"), ("beizhu\u{FFFD}", "x"), ("zsmc", "执照")]);
        assert_eq!(face.text(Field::HolderName), Some("张\u{FFFD}"));
        assert_eq!(face.date(Field::IssueDate), None);
        assert_eq!(face.problems, ["zzbfrq: 2022\u{FFFD}", "certholder: 张\u{FFFD}", "beizhu\u{FFFD}: x"]);
        assert!(face.other.contains(&("beizhu\u{FFFD}".to_owned(), "x".to_owned())));
    }

    #[test]
    fn a_code_in_the_notation_of_a_float_is_its_digits_and_other_text_is_as_received() {
        let face = read(&[("certno", "1.000001E6"), ("areacode", "370401.0"), ("bz", "1.0"), ("registered", "100.0")]);
        assert_eq!(face.text(Field::CertificateNumber), Some("1000001"));
        assert_eq!(face.text(Field::AreaCode), Some("370401"));
        assert_eq!(face.text(Field::Remark), Some("1.0"));
        assert_eq!(face.other, [("registered".to_owned(), "100.0".to_owned())]);
    }

    #[test]
    fn an_identifier_and_a_number_alone_are_no_face() {
        assert!(!read(&[("cert_identifier", "1.2"), ("certno", "A1")]).says_something());
        assert!(read(&[("cert_identifier", "1.2"), ("fundtype", "A1")]).says_something());
    }

    proptest! {
        #[test]
        fn nothing_is_dropped_and_order_does_not_matter(
            values in proptest::collection::vec("[ A-Za-z0-9年月日-]{0,12}", 8..9), seed in any::<u64>(),
        ) {
            let names = ["certno", "zzbh", "license_number", "zzbfrq", "yxq", "unknown", "KZ_name", "certholder"];
            let mut pairs: Vec<(&str, &str)> = names.iter().copied().zip(values.iter().map(String::as_str)).collect();
            let face = read(&pairs);
            let mapped = Field::ALL.iter().filter(|&&field| face.bears(field)).count();
            let unread = face.problems.len();
            prop_assert_eq!(mapped + face.other.len() - unread, pairs.len());
            fastrand::Rng::with_seed(seed).shuffle(&mut pairs);
            let shuffled = read(&pairs);
            for &field in Field::ALL {
                prop_assert_eq!(face.text(field), shuffled.text(field));
            }
        }
    }
}
