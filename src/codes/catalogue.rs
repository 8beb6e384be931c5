//! Certificate types (证照类型列表, appendix 7.3) and holder code types (appendix 7.1) of the platform's specification, and
//! common names of the documents that holder codes are taken from. Entries are identified by code; several codes may share a
//! name.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// A certificate type of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateType {
    /// Certificate type code, 21 characters (ZWFWC 0123).
    pub code: String,
    /// Names in the specification's order; never empty.
    pub names: Vec<String>,
}

/// Lookup of certificate types by code and name, and of holder code types by the name of a document.
#[derive(Debug, Clone)]
pub struct Catalogue {
    types: Vec<CertificateType>,
    by_code: HashMap<String, usize>,
    /// Indices of the types by normalised name.
    by_name: HashMap<String, Vec<usize>>,
    /// Codes of holder code types by normalised name of a document.
    documents: HashMap<String, Vec<String>>,
}

impl Catalogue {
    /// Returns the catalogue of the specification's 102 certificate types.
    #[must_use]
    pub fn of_the_specification() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
            let mut reader = csv::Reader::from_reader(include_bytes!("cert_types.csv").as_slice());
            let types = reader.deserialize::<(String, String)>().map(|line| {
                let (code, names) = line.expect("the compiled-in list of certificate types is well-formed");
                CertificateType { code, names: names.split('|').map(str::to_owned).collect() }
            });
            Catalogue::new(types.collect())
        });
        &CATALOGUE
    }

    fn new(types: Vec<CertificateType>) -> Self {
        let by_code = types.iter().enumerate().map(|(index, entry)| (entry.code.clone(), index)).collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, entry) in types.iter().enumerate() {
            for name in &entry.names {
                let bearers = by_name.entry(fold_name(name)).or_default();
                if bearers.last() != Some(&index) {
                    bearers.push(index);
                }
            }
        }
        Self { types, by_code, by_name, documents: DOCUMENT_NAMES.clone() }
    }

    /// Adds certificate types. The names of a known type are appended to its names.
    #[must_use]
    pub fn extended_by(&self, added: Vec<CertificateType>) -> Self {
        let mut types = self.types.clone();
        for entry in added {
            match types.iter_mut().find(|known| known.code == entry.code) {
                Some(known) => known.names.extend(entry.names),
                None => types.push(entry),
            }
        }
        Self { documents: self.documents.clone(), ..Self::new(types) }
    }

    /// Adds names of documents, each with the codes of the holder code types that it stands for. The codes of a known name are
    /// replaced.
    #[must_use]
    pub fn with_document_names(mut self, added: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        self.documents.extend(added.into_iter().map(|(name, codes)| (fold_name(&name), codes)));
        self
    }

    /// Returns the codes of the holder code types that a common name of a document, such as 二代身份证, or a code of a common
    /// dictionary stands for, ignoring width, spaces and letter case. Returns none for an unknown name, and several if only the
    /// number shows which is meant.
    #[must_use]
    pub fn holder_code_types_named(&self, name: &str) -> &[String] {
        self.documents.get(&fold_name(name)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns the types with this name, ignoring width, spaces, letter case, and common additions or omissions such as 《…》,
    /// （副本） or 中华人民共和国. Several types are returned for an ambiguous name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &CertificateType> {
        let as_written = self.by_name.get(&fold_name(name));
        let found = as_written.or_else(|| readings(name).iter().find_map(|reading| self.by_name.get(reading)));
        found.into_iter().flatten().map(|&index| &self.types[index])
    }

    /// Returns all types, in the specification's order.
    #[must_use]
    pub fn types(&self) -> &[CertificateType] {
        &self.types
    }

    /// Returns the first name of a type code; `None` if the code is unknown.
    #[must_use]
    pub fn name(&self, code: &str) -> Option<&str> {
        self.by_code.get(code).and_then(|&index| self.types[index].names.first()).map(String::as_str)
    }
}

/// Prefix of official names that people leave out.
const COUNTRY: &str = "中华人民共和国";
/// Suffixes that people add and that no official name ends in.
const COPIES: [&str; 10] =
    ["(正本)", "(副本)", "(正副本)", "(正、副本)", "(正/副本)", "(电子)", "(电子证照)", "(电子版)", "正本", "副本"];

/// Returns normalised variants under which a name is looked up, the most probable first.
fn readings(name: &str) -> Vec<String> {
    let whole = fold_name(name);
    let bare = whole.trim_matches(['《', '》', '<', '>', '“', '”', '"', '「', '」']);
    let bare = COPIES.iter().fold(bare, |bare, copy| bare.strip_suffix(copy).unwrap_or(bare));
    let bare = bare.trim_matches(['《', '》']).to_owned();
    let other = bare.strip_prefix(COUNTRY).map_or_else(|| format!("{COUNTRY}{bare}"), str::to_owned);
    let short = SHORT_NAMES.iter().find(|(short, _)| *short == bare).map(|(_, name)| fold_name(name));
    [Some(bare), Some(other), short].into_iter().flatten().collect()
}

/// Short names that are unambiguous, with the official names.
const SHORT_NAMES: [(&str, &str); 9] = [
    ("身份证", "中华人民共和国居民身份证"),
    ("二代身份证", "中华人民共和国居民身份证"),
    ("结婚证书", "中华人民共和国结婚证"),
    ("离婚证书", "中华人民共和国离婚证"),
    ("不动产权证书", "中华人民共和国不动产权证"),
    ("不动产证", "中华人民共和国不动产权证"),
    ("社保卡", "中华人民共和国社会保障卡"),
    ("特种作业证", "中华人民共和国特种作业操作证"),
    ("护士执业证", "护士执业证书"),
];

fn fold_name(name: &str) -> String {
    name.nfkc().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// A type of holder code.
#[derive(Debug, Deserialize)]
pub struct HolderCodeType {
    /// Code of three digits, such as `111`.
    pub code: String,
    /// Name, such as 公民身份号码.
    pub name: String,
    /// Category: 自然人 or 法人和其他组织.
    pub category: String,
}

static HOLDER_CODE_TYPES: LazyLock<Vec<HolderCodeType>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_bytes!("holder_types.csv").as_slice())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("the compiled-in list of holder code types is well-formed")
});

/// Codes of holder code types by normalised name of a document or code of a common dictionary.
static DOCUMENT_NAMES: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_bytes!("holder_type_names.csv").as_slice());
    let lines = reader.deserialize::<(String, String)>().map(|line| {
        let (name, codes) = line.expect("the compiled-in list of document names is well-formed");
        (fold_name(&name), codes.split('|').map(str::to_owned).collect())
    });
    lines.collect()
});

/// Returns the 16 holder code types of the specification, in its order.
#[must_use]
pub fn holder_code_types() -> &'static [HolderCodeType] {
    &HOLDER_CODE_TYPES
}

/// Returns the holder code type with this code or full name.
#[must_use]
pub fn holder_code_type(code_or_name: &str) -> Option<&'static HolderCodeType> {
    HOLDER_CODE_TYPES.iter().find(|entry| entry.code == code_or_name || entry.name == code_or_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::check_type_code;

    #[test]
    fn the_catalogue_is_whole() {
        let catalogue = Catalogue::of_the_specification();
        assert_eq!(catalogue.types().len(), 102);
        for entry in catalogue.types() {
            assert_eq!(check_type_code(&entry.code), Ok(()), "{}", entry.code);
            assert!(!entry.names.is_empty());
        }
        assert_eq!(catalogue.name("11100000000013127D001"), Some("中华人民共和国居民身份证"));
        let two_names = catalogue.types().iter().find(|entry| entry.code == "111000000000131433007").unwrap();
        assert_eq!(two_names.names, ["基金会法人登记证书", "建筑业企业资质证书"]);
        let codes = |name| catalogue.named(name).map(|entry| entry.code.as_str()).collect::<Vec<_>>();
        assert_eq!(codes("建筑业企业资质证书"), ["111000000000131433007", "11100000000013338W008"]);
        assert_eq!(codes(" 广播电视节目传送业务经营许可证（无线）"), ["11100000MB0372496N060"]);
        assert!(codes("没有这种证").is_empty());
        for (name, code) in [
            ("居民身份证", "11100000000013127D001"),
            ("身份证", "11100000000013127D001"),
            ("结婚证", "111000000000131433001"),
            ("《离婚证》", "111000000000131433002"),
            ("《食品经营许可证》（副本）", "11100000MB0143028R026"),
            ("食品经营许可证（副本）", "11100000MB0143028R026"),
            ("食品经营许可证(正、副本)", "11100000MB0143028R026"),
            ("中华人民共和国食品经营许可证", "11100000MB0143028R026"),
        ] {
            assert_eq!(codes(name), [code], "{name}");
        }
        assert_eq!(codes("不动产权证"), codes("中华人民共和国不动产权证"));
        assert_eq!(codes("不动产权证书").len(), 1);
        // Text in brackets that distinguishes types is kept.
        assert_eq!(codes("广播电视节目传送业务经营许可证（有线）"), [""; 0]);
    }

    #[test]
    fn holder_code_types_by_code_and_name() {
        assert_eq!(holder_code_types().len(), 16);
        assert_eq!(holder_code_type("111").unwrap().name, "公民身份号码");
        assert_eq!(holder_code_type("统一社会信用代码").unwrap().code, "001");
        assert!(holder_code_type("000").is_none());
    }

    #[test]
    fn usual_names_of_documents_stand_for_holder_code_types() {
        let catalogue = Catalogue::of_the_specification();
        for (name, codes) in [
            ("二代身份证", &["111"][..]),
            (" 居民 身份证 ", &["111"]),
            ("户口簿", &["111", "999"]),
            ("往来港澳通行证", &["999"]),
            ("港澳台通行证", &["516", "511"]),
            ("香港身份证", &["999"]),
            ("军人证", &["114", "118"]),
            ("永居证", &["999"]),
            ("PASSPORT NO", &["414"]),
            ("工商注册号", &["099"]),
            ("港澳台居民居住证", &["111"]),
            ("护照", &["414"]),
            ("外交护照", &["411"]),
            ("公务护照", &["412"]),
            ("因公护照", &["413"]),
            ("回乡证", &["516"]),
            ("台胞证", &["511"]),
            ("军官证", &["114"]),
            ("警官证", &["115"]),
            ("士官证", &["118"]),
            ("武警士兵证", &["119"]),
            ("文职人员证", &["120"]),
            ("营业执照", &["001"]),
            ("税务登记证", &["001"]),
            ("PASSPORT", &["414"]),
            ("０１", &["111", "001"]),
            ("其他", &["999", "099"]),
            ("驾驶证", &[]),
        ] {
            assert_eq!(catalogue.holder_code_types_named(name), codes, "{name}");
        }
    }

    #[test]
    fn every_name_of_a_document_stands_for_known_types() {
        for (name, codes) in &*DOCUMENT_NAMES {
            let known = codes.iter().all(|code| holder_code_type(code).is_some_and(|entry| entry.code == *code));
            assert!(!codes.is_empty() && known, "{name}");
        }
    }

    #[test]
    fn names_of_documents_can_be_added_and_stay_when_types_are_added() {
        let catalogue = Catalogue::of_the_specification().clone();
        let catalogue = catalogue.with_document_names([("海员证".to_owned(), vec!["999".to_owned()])]);
        let kind = CertificateType { code: "11100000000013127D999".to_owned(), names: vec!["新证".to_owned()] };
        let catalogue = catalogue.extended_by(vec![kind]);
        assert_eq!(catalogue.holder_code_types_named("海员证"), ["999"]);
        assert_eq!(catalogue.holder_code_types_named("身份证"), ["111"]);
        assert_eq!(catalogue.name("11100000000013127D999"), Some("新证"));
    }
}
