//! Canonical fields, and which names mean them.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Declares the canonical fields with their names (those of the table's columns) and kinds.
macro_rules! fields {
    ($($(#[$meta:meta])* $variant:ident = $name:literal $kind:ident),+ $(,)?) => {
        /// A canonical field of a face (GB/T 36903).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $($(#[$meta])* $variant),+ }

        impl Field {
            /// Every field, in the order of the table's columns.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name, as columns and difference lists use it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// How its values are compared.
            #[must_use]
            pub const fn kind(self) -> FieldKind {
                match self { $(Self::$variant => FieldKind::$kind),+ }
            }
        }
    };
}

fields! {
    /// 电子证照标识, or the city's file number.
    CertificateId = "certificate_id" Code,
    /// 证照编号.
    CertificateNumber = "certificate_number" Code,
    /// 证照名称.
    CertificateName = "certificate_name" Name,
    /// 证照类型代码.
    CertTypeCode = "cert_type_code" Code,
    /// 证照类型名称.
    CertTypeName = "cert_type_name" Name,
    /// 持证主体.
    HolderName = "holder_name" Name,
    /// 持证主体代码.
    HolderCode = "holder_code" Code,
    /// 持证主体代码类型代码.
    HolderCodeType = "holder_code_type" Code,
    /// 证照颁发机构.
    IssuerName = "issuer_name" Name,
    /// 证照颁发机构代码.
    IssuerCode = "issuer_code" Code,
    /// 证照颁发日期.
    IssueDate = "issue_date" Date,
    /// 证照有效期起始日期.
    ValidFrom = "valid_from" Date,
    /// 证照有效期截止日期.
    ValidTo = "valid_to" Date,
    /// 证照状态.
    Lifecycle = "lifecycle" Lifecycle,
    /// 行政区划代码.
    AreaCode = "area_code" Code,
    /// 法定代表人.
    LegalRepresentative = "legal_representative" Name,
    /// 地址.
    Address = "address" Text,
    /// 备注.
    Remark = "remark" Text,
}

/// How the values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Letters and digits: letter case is form.
    Code,
    /// A name of a person, body or certificate.
    Name,
    /// A day, or no end.
    Date,
    /// A state word.
    Lifecycle,
    /// Free text.
    Text,
}

/// The life of a certificate, in one vocabulary for codes 21–23 and state words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// In force.
    Valid,
    /// Revoked or annulled (code 21).
    Revoked,
    /// Expired (code 22).
    Expired,
    /// Its use is restricted (code 23).
    Restricted,
}

impl Lifecycle {
    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Restricted => "restricted",
        }
    }

    /// What return codes 21–23 say.
    #[must_use]
    pub const fn of_code(code: i32) -> Option<Self> {
        match code {
            21 => Some(Self::Revoked),
            22 => Some(Self::Expired),
            23 => Some(Self::Restricted),
            _ => None,
        }
    }
}

/// Which canonical field a name on a face means, and with which precedence.
#[derive(Debug)]
pub struct FieldMap {
    by_name: HashMap<String, (Field, usize)>,
    state_words: Vec<(String, Lifecycle)>,
}

#[derive(Deserialize)]
struct MapFile {
    both: HashMap<String, Vec<String>>,
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
    let mut by_name = HashMap::new();
    for (canonical, names) in file.both {
        let field = Field::ALL.iter().find(|field| field.name() == canonical);
        let field = *field.expect("the compiled-in field map names canonical fields only");
        for (rank, name) in names.into_iter().enumerate() {
            by_name.insert(name.to_ascii_lowercase(), (field, rank));
        }
    }
    let words = |words: Vec<String>, lifecycle| words.into_iter().map(move |word| (word, lifecycle));
    let state_words = words(file.lifecycle.revoked, Lifecycle::Revoked)
        .chain(words(file.lifecycle.expired, Lifecycle::Expired))
        .chain(words(file.lifecycle.restricted, Lifecycle::Restricted))
        .chain(words(file.lifecycle.valid, Lifecycle::Valid))
        .collect();
    FieldMap { by_name, state_words }
});

impl FieldMap {
    /// The map that comes with the program.
    #[must_use]
    pub fn compiled_in() -> &'static Self {
        &COMPILED_IN
    }

    /// The field that a name means and its precedence (0 first), in any case, with or without `KZ_`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(Field, usize)> {
        let lower = name.trim().to_ascii_lowercase();
        let known = self.by_name.get(&lower).or_else(|| self.by_name.get(lower.strip_prefix("kz_")?));
        known.copied()
    }

    /// What a state word says.
    #[must_use]
    pub fn state_word(&self, text: &str) -> Option<Lifecycle> {
        self.state_words.iter().find(|(word, _)| text.contains(word.as_str())).map(|(_, lifecycle)| *lifecycle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case_and_with_the_extension_prefix() {
        let map = FieldMap::compiled_in();
        assert_eq!(map.find("CERTNO").unwrap().0, Field::CertificateNumber);
        assert_eq!(map.find("KZ_fddbr").unwrap().0, Field::LegalRepresentative);
        assert_eq!(map.find("kz_nothing"), None);
        assert!(map.find("certholder").unwrap().1 < map.find("name").unwrap().1);
    }

    #[test]
    fn state_words() {
        let map = FieldMap::compiled_in();
        for (word, expected) in [
            ("正常有效", Some(Lifecycle::Valid)),
            ("已注销", Some(Lifecycle::Revoked)),
            ("已过期", Some(Lifecycle::Expired)),
            ("失效", Some(Lifecycle::Expired)),
            ("暂扣", Some(Lifecycle::Restricted)),
            ("在途", None),
        ] {
            assert_eq!(map.state_word(word), expected, "{word}");
        }
    }
}
