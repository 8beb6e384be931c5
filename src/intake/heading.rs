//! One column of a header: its texts, from all rows of the header, and what they mean.

use super::words::{folded_with_notes, meaning_of, owner_in, owner_named, says_holder, without_group};
use crate::job::InputSettings;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    HolderCode,
    HolderCodeType,
    CertTypeCode,
    CertificateNumber,
    CertTypeName,
    ExtractionCode,
}

impl Role {
    pub(super) const ALL: [Self; 6] = [
        Self::HolderCode,
        Self::HolderCodeType,
        Self::CertTypeCode,
        Self::CertificateNumber,
        Self::CertTypeName,
        Self::ExtractionCode,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::HolderCode => "holder_code",
            Self::HolderCodeType => "holder_code_type",
            Self::CertTypeCode => "cert_type_code",
            Self::CertificateNumber => "certificate_number",
            Self::CertTypeName => "cert_type_name",
            Self::ExtractionCode => "extraction_code",
        }
    }

    /// Code of the message that says what it is called.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::HolderCode => "role-holder_code",
            Self::HolderCodeType => "role-holder_code_type",
            Self::CertTypeCode => "role-cert_type_code",
            Self::CertificateNumber => "role-certificate_number",
            Self::CertTypeName => "role-cert_type_name",
            Self::ExtractionCode => "role-extraction_code",
        }
    }

    /// The header that the job names for it.
    pub(super) fn named_in(self, settings: &InputSettings) -> Option<&str> {
        let columns = &settings.columns;
        let named = match self {
            Self::HolderCode => &columns.holder_code,
            Self::HolderCodeType => &columns.holder_code_type,
            Self::CertTypeCode => &columns.cert_type_code,
            Self::CertificateNumber => &columns.certificate_number,
            Self::CertTypeName => &columns.cert_type_name,
            Self::ExtractionCode => &columns.extraction_code,
        };
        named.as_deref()
    }
}

/// How surely a column holds what its header says, for the holder of the certificate; the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Claim {
    /// The job names it.
    Named,
    /// Its header speaks of the holder: 持证主体代码.
    Holder,
    /// Its header says what it is and not whose: 身份证号.
    Plain,
    /// Its header names a person or body that usually is the holder: 申请人身份证号.
    Likely,
    /// It stands behind the name of somebody else: 身份证号 to the right of 法定代表人.
    Beside,
    /// Its header says that it is somebody else's: 法定代表人身份证号.
    SomeoneElse,
}

/// A column of a header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heading {
    /// Its text, of all rows of the header.
    pub text: String,
    /// What it may be called, folded: with the texts of the rows above and without, the longest first.
    names: Vec<String>,
    /// What it means.
    pub meaning: Option<(Role, Claim)>,
}

impl Heading {
    /// Reads the texts of a column, from the top.
    pub(super) fn of(texts: &[&str]) -> Self {
        let mut texts: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
        texts.dedup();
        let parts: Vec<(String, Vec<String>)> = texts.iter().map(|text| folded_with_notes(text)).collect();
        let Some(((own, _), upper)) = parts.split_last() else { return Self::default() };
        let names = names(own, &upper.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>());
        let found = names.iter().find_map(|name| meaning_of(name).map(|meaning| (name, meaning)));
        let meaning = found.map(|(name, (role, claim))| {
            // What the name that was found does not say, the rows above and notes in brackets may: whose it is.
            let above: Vec<&str> =
                upper.iter().map(|(text, _)| text.as_str()).filter(|text| !name.contains(without_group(text))).collect();
            let owners = above.iter().filter_map(|text| owner_in(text));
            let noted = parts.iter().flat_map(|(_, notes)| notes).filter_map(|note| owner_named(note));
            let is_of_others = owners.chain(noted).any(|owner| owner.may_have(name));
            match (role, claim) {
                (Role::HolderCode | Role::HolderCodeType, _) if is_of_others => (role, Claim::SomeoneElse),
                (Role::HolderCode, Claim::Plain) if above.iter().any(|text| says_holder(text)) => (role, Claim::Holder),
                as_found => as_found,
            }
        });
        let text = texts.iter().fold(String::new(), |above, below| overlapped(&above, below));
        Self { text, names, meaning }
    }

    /// Its text in its lowest row, folded; empty where it has no text.
    pub(super) fn own_name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// Whether it may be called so, folded.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }
}

/// What a column may be called, given its folded texts: with the rows above first, those with more of them before the
/// others; 信息 and the like in them say nothing.
fn names(own: &str, upper: &[&str]) -> Vec<String> {
    let joined = |parts: &[&str]| parts.iter().chain([&own]).fold(String::new(), |above, below| overlapped(&above, below));
    let bare: Vec<&str> = upper.iter().map(|text| without_group(text)).collect();
    let mut all = vec![joined(upper)];
    all.extend((0..bare.len()).map(|from| joined(&bare[from..])));
    if let [top, _, ..] = bare[..] {
        all.push(joined(&[top]));
    }
    all.push(own.to_owned());
    let mut names: Vec<String> = Vec::new();
    for name in all {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Returns two texts as one, what the first ends in and the second begins with once: 证照类型 and 类型代码 are 证照类型代码.
fn overlapped(first: &str, second: &str) -> String {
    if second.starts_with(first) {
        return second.to_owned();
    }
    // One character in common is chance.
    let ends = second.char_indices().map(|(at, character)| at + character.len_utf8()).skip(1);
    let shared = ends.filter(|end| first.ends_with(&second[..*end])).max().unwrap_or_default();
    format!("{first}{}", &second[shared..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_and_lower_rows_are_read_together() {
        use Claim::{Holder, Likely, Plain, SomeoneElse};
        for (texts, text, meaning) in [
            (&["持证主体", "代码"][..], "持证主体代码", Some((Role::HolderCode, Holder))),
            (&["持证主体", "名称"], "持证主体名称", None),
            (&["持证主体", "类型"], "持证主体类型", Some((Role::HolderCodeType, Plain))),
            (&["持证主体", "持证主体代码"], "持证主体代码", Some((Role::HolderCode, Holder))),
            (&["持证主体信息", "统一社会信用代码"], "持证主体信息统一社会信用代码", Some((Role::HolderCode, Holder))),
            (&["证照信息", "类型代码"], "证照信息类型代码", Some((Role::CertTypeCode, Plain))),
            (&["证照信息", "编号"], "证照信息编号", Some((Role::CertificateNumber, Plain))),
            (&["证照类型", "类型代码"], "证照类型代码", Some((Role::CertTypeCode, Plain))),
            (&["证照类型", "名称"], "证照类型名称", Some((Role::CertTypeName, Plain))),
            (&["人员信息", "身份证号"], "人员信息身份证号", Some((Role::HolderCode, Likely))),
            (&["法定代表人信息", "身份证号"], "法定代表人信息身份证号", Some((Role::HolderCode, SomeoneElse))),
            (&["企业法定代表人情况", "证件号码"], "企业法定代表人情况证件号码", Some((Role::HolderCode, SomeoneElse))),
            (&["法人信息", "统一社会信用代码"], "法人信息统一社会信用代码", Some((Role::HolderCode, Plain))),
            (&["法人", "身份证号"], "法人身份证号", Some((Role::HolderCode, SomeoneElse))),
            (&["发证机关", "统一社会信用代码"], "发证机关统一社会信用代码", Some((Role::HolderCode, SomeoneElse))),
            (&["清单", "证照信息", "类型代码"], "清单证照信息类型代码", Some((Role::CertTypeCode, Plain))),
            (&["持证主体", "基本情况", "代码"], "持证主体基本情况代码", Some((Role::HolderCode, Holder))),
            (&["身份证号", ""], "身份证号", Some((Role::HolderCode, Plain))),
            (&["身份证号（法定代表人）"], "身份证号（法定代表人）", Some((Role::HolderCode, SomeoneElse))),
            (&["证件号码（法人填统一社会信用代码）"], "证件号码（法人填统一社会信用代码）", Some((Role::HolderCode, Plain))),
            (&["", ""], "", None),
        ] {
            let heading = Heading::of(texts);
            assert_eq!((heading.text.as_str(), heading.meaning), (text, meaning), "{texts:?}");
        }
    }

    #[test]
    fn a_column_goes_by_the_names_of_some_or_all_rows() {
        let heading = Heading::of(&["证照信息", "类型代码"]);
        for name in ["证照信息类型代码", "证照类型代码", "类型代码"] {
            assert!(heading.is_called(name), "{name}");
        }
        assert_eq!(heading.own_name(), "类型代码");
    }
}
