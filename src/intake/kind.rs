//! Whom certificate types are issued to.

use crate::codes::Catalogue;
use std::cmp::Ordering;
use std::sync::LazyLock;

/// Who a certificate is issued to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HolderKind {
    /// A person, with a citizen number.
    Person,
    /// An organisation, with a credit code.
    Organisation,
}

/// Words in names of certificate types that tell who they are issued to.
static KIND_WORDS: LazyLock<Vec<(HolderKind, String)>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_reader(include_bytes!("holder_kinds.csv").as_slice());
    let lines = reader.deserialize::<(String, String)>().map(|line| {
        let (kind, word) = line.expect("the compiled-in list of holder kinds is well-formed");
        (if kind == "person" { HolderKind::Person } else { HolderKind::Organisation }, word)
    });
    lines.collect()
});

/// Returns whom a certificate type is issued to, as far as its name tells: the longest known word in it decides.
pub(super) fn kind_of_type_name(name: &str) -> Option<HolderKind> {
    let longest = |wanted: HolderKind| {
        let known = KIND_WORDS.iter().filter(|(kind, word)| *kind == wanted && name.contains(word.as_str()));
        known.map(|(_, word)| word.len()).max().unwrap_or_default()
    };
    match longest(HolderKind::Person).cmp(&longest(HolderKind::Organisation)) {
        Ordering::Greater => Some(HolderKind::Person),
        Ordering::Less => Some(HolderKind::Organisation),
        Ordering::Equal => None,
    }
}

/// Returns whom a certificate type is issued to, as far as its name in the catalogue tells.
pub(super) fn kind_of_type(code: &str, catalogue: &Catalogue) -> Option<HolderKind> {
    kind_of_type_name(catalogue.name(code)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_tell_whom_they_are_issued_to() {
        for (name, kind) in [
            ("中华人民共和国居民身份证", Some(HolderKind::Person)),
            ("建筑业企业资质证书", Some(HolderKind::Organisation)),
            ("建筑施工企业安全生产考核合格证书", Some(HolderKind::Person)),
            ("建筑施工企业安全生产许可证", Some(HolderKind::Organisation)),
            ("律师执业证", Some(HolderKind::Person)),
            ("律师事务所执业许可证", Some(HolderKind::Organisation)),
            ("特种设备安全管理人员证", Some(HolderKind::Person)),
            ("医疗机构执业许可证", Some(HolderKind::Organisation)),
            ("医师执业证书", Some(HolderKind::Person)),
            ("食品经营许可证", Some(HolderKind::Organisation)),
            ("中华人民共和国不动产权证", None),
        ] {
            assert_eq!(kind_of_type_name(name), kind, "{name}");
        }
    }
}
