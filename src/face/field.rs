//! Which names mean which canonical field: the compiled-in map, extended by the job's.

use crate::codes::{Field, Lifecycle};
use crate::endpoint::Side;
use crate::job::FaceSettings;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// The longest name of a face field that is looked for; none is longer.
const LONGEST_NAME: usize = 64;

/// One meaning of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Meaning {
    /// On this side only; on both where none.
    side: Option<Side>,
    /// For this certificate type only; for all where none.
    cert_type_code: Option<String>,
    field: Field,
    rank: u32,
}

/// How a name came to its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The field.
    pub field: Field,
    /// Precedence among the names of the field: the lowest wins.
    pub rank: u32,
    /// Whether the name is an extension field's, its `KZ_` left out.
    pub without_prefix: bool,
    /// Whether the meaning holds for the certificate's type alone.
    pub of_the_type: bool,
    /// Whether it holds for one side alone.
    pub of_the_side: bool,
}

/// Which canonical field a name on a face means, and with which precedence.
#[derive(Debug, Clone, Default)]
pub struct FieldMap {
    by_name: HashMap<Box<[u8]>, Vec<Meaning>>,
    state_words: Vec<(String, Lifecycle)>,
}

type Names = BTreeMap<String, Vec<String>>;

#[derive(Deserialize)]
struct MapFile {
    both: Names,
    #[serde(default)]
    province: Names,
    #[serde(default)]
    city: Names,
    lifecycle: StateWords,
}

#[derive(Deserialize)]
struct StateWords {
    revoked: Vec<String>,
    expired: Vec<String>,
    restricted: Vec<String>,
    valid: Vec<String>,
}

static COMPILED_IN: LazyLock<FieldMap> = LazyLock::new(|| {
    let file: MapFile = toml::from_str(include_str!("fields.toml")).expect("the compiled-in field map is well-formed");
    let mut map = FieldMap::default();
    for (side, names) in [(None, &file.both), (Some(Side::Province), &file.province), (Some(Side::City), &file.city)] {
        map.add(names, side, None, LAST);
    }
    let words = |words: Vec<String>, lifecycle| words.into_iter().map(move |word| (word, lifecycle));
    map.state_words = words(file.lifecycle.revoked, Lifecycle::Revoked)
        .chain(words(file.lifecycle.expired, Lifecycle::Expired))
        .chain(words(file.lifecycle.restricted, Lifecycle::Restricted))
        .chain(words(file.lifecycle.valid, Lifecycle::Valid))
        .collect();
    map
});

/// Names that come with the program stand behind those that a job adds.
const LAST: u32 = 10_000;

impl FieldMap {
    /// The map that comes with the program, with the names that a job adds before its own.
    #[must_use]
    pub(super) fn extended_by(settings: &FaceSettings) -> Self {
        let mut map = COMPILED_IN.clone();
        map.add(&settings.fields, None, None, 0);
        map.add(&settings.province, Some(Side::Province), None, 0);
        map.add(&settings.city, Some(Side::City), None, 0);
        for (code, of_type) in &settings.types {
            map.add(&of_type.fields, None, Some(code), 0);
        }
        map
    }

    fn add(&mut self, names: &Names, side: Option<Side>, cert_type_code: Option<&String>, first_rank: u32) {
        for (canonical, names) in names {
            // Both the compiled-in map and the job's keys hold canonical names only.
            let Some(field) = Field::named(canonical) else { continue };
            for (rank, name) in (first_rank..).zip(names) {
                let meaning = Meaning { side, cert_type_code: cert_type_code.cloned(), field, rank };
                self.by_name.entry(name.trim().to_ascii_lowercase().into_bytes().into()).or_default().push(meaning);
            }
        }
    }

    /// What a name means on a side's face of a type: in any case, with or without `KZ_`. A meaning for the type comes
    /// before one for all types, a meaning for the side before one for both.
    #[must_use]
    pub fn find(&self, name: &str, side: Side, cert_type_code: &str) -> Option<Match> {
        let name = name.trim().as_bytes();
        let mut buffer = [0; LONGEST_NAME];
        let lower = buffer.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        let bare = lower.strip_prefix(b"kz_".as_slice());
        let (meanings, without_prefix) = match (self.by_name.get(&*lower), bare) {
            (Some(meanings), _) => (meanings, false),
            (None, Some(bare)) => (self.by_name.get(bare)?, true),
            (None, None) => return None,
        };
        let fits = |meaning: &&Meaning| {
            meaning.side.is_none_or(|own| own == side)
                && meaning.cert_type_code.as_deref().is_none_or(|own| own == cert_type_code)
        };
        let best = meanings
            .iter()
            .filter(fits)
            .min_by_key(|meaning| (meaning.cert_type_code.is_none(), meaning.side.is_none(), meaning.rank))?;
        Some(Match {
            field: best.field,
            rank: best.rank,
            without_prefix,
            of_the_type: best.cert_type_code.is_some(),
            of_the_side: best.side.is_some(),
        })
    }

    /// What a state word says.
    #[must_use]
    pub fn state_word(&self, text: &str) -> Option<Lifecycle> {
        // 未注销 is not 注销, and 非正常 is not 正常.
        let says = |word: &str| text.match_indices(word).any(|(at, _)| !text[..at].ends_with(['未', '非', '不', '无']));
        self.state_words.iter().find(|(word, _)| says(word)).map(|(_, lifecycle)| *lifecycle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::TypeFaceSettings;

    const TYPE: &str = "11100000000013127D001";

    #[test]
    fn names_in_any_case_and_with_the_extension_prefix() {
        let map = FieldMap::extended_by(&FaceSettings::default());
        let find = |name: &str| map.find(name, Side::Province, TYPE);
        assert_eq!(find("CERTNO").unwrap().field, Field::CertificateNumber);
        let extension = find("KZ_fddbr").unwrap();
        assert_eq!((extension.field, extension.without_prefix), (Field::LegalRepresentative, true));
        assert_eq!(find("kz_nothing"), None);
        assert_eq!(find(&"x".repeat(200)), None);
        assert!(find("certholder").unwrap().rank < find("name").unwrap().rank);
    }

    #[test]
    fn a_jobs_names_come_first_and_the_narrower_ones_before_the_wider() {
        let names = |field: &str, name: &str| BTreeMap::from([(field.to_owned(), vec![name.to_owned()])]);
        let settings = FaceSettings {
            fields: names("remark", "beizhu"),
            city: names("address", "certno"),
            types: BTreeMap::from([(
                TYPE.to_owned(),
                TypeFaceSettings { fields: names("holder_code", "certno"), ..TypeFaceSettings::default() },
            )]),
            ..FaceSettings::default()
        };
        let map = FieldMap::extended_by(&settings);
        let field = |name, side, code| map.find(name, side, code).map(|found| found.field);
        assert_eq!(field("BEIZHU", Side::City, "x"), Some(Field::Remark));
        assert_eq!(field("certno", Side::Province, "x"), Some(Field::CertificateNumber));
        assert_eq!(field("certno", Side::City, "x"), Some(Field::Address));
        assert_eq!(field("certno", Side::City, TYPE), Some(Field::HolderCode));
    }

    #[test]
    fn state_words() {
        let map = FieldMap::extended_by(&FaceSettings::default());
        for (word, expected) in [
            ("正常有效", Some(Lifecycle::Valid)),
            ("已注销", Some(Lifecycle::Revoked)),
            ("吊销", Some(Lifecycle::Revoked)),
            ("已过期", Some(Lifecycle::Expired)),
            ("失效", Some(Lifecycle::Expired)),
            ("暂扣", Some(Lifecycle::Restricted)),
            ("有效（未注销）", Some(Lifecycle::Valid)),
            ("非正常", None),
            ("在途", None),
        ] {
            assert_eq!(map.state_word(word), expected, "{word}");
        }
    }
}
