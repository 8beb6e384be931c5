//! Where two faces of one certificate differ in content.

use super::field::{Field, FieldKind};
use super::form::{canonical, same_but_for_masks};
use super::reading::Face;
use crate::codes::holder_code_type;

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
}

/// Compares two faces field by field, in the order of the fields: only what both bear, the certificate's id excepted.
#[must_use]
pub fn compare(province: &Face, city: &Face) -> Vec<Difference> {
    let both_bear = |field: &Field| *field != Field::CertificateId && province.bears(*field) && city.bears(*field);
    let difference = |field: Field| {
        let (of_province, of_city) = (province.text(field), city.text(field));
        let kind = match (of_province, of_city) {
            (None, None) => return None,
            (None, Some(_)) => DifferenceKind::MissingInProvince,
            (Some(_), None) => DifferenceKind::MissingInCity,
            (Some(a), Some(b)) if same(field, (province, a), (city, b)) => return None,
            (Some(_), Some(_)) => DifferenceKind::Differs,
        };
        Some(Difference { field, province: of_province.map(str::to_owned), city: of_city.map(str::to_owned), kind })
    };
    Field::ALL.iter().copied().filter(both_bear).filter_map(difference).collect()
}

fn same(field: Field, (province, a): (&Face, &str), (city, b): (&Face, &str)) -> bool {
    let kind = field.kind();
    match kind {
        FieldKind::Date => match (province.day(field), city.day(field)) {
            (Some(a), Some(b)) => a == b,
            _ => canonical(a, kind) == canonical(b, kind),
        },
        FieldKind::Lifecycle => match (province.lifecycle(), city.lifecycle()) {
            (Some(a), Some(b)) => a == b,
            _ => canonical(a, kind) == canonical(b, kind),
        },
        FieldKind::Code | FieldKind::Name | FieldKind::Text => {
            let code = |text| holder_code_type(text).map_or(text, |entry| entry.code.as_str());
            let (a, b) = if field == Field::HolderCodeType { (code(a), code(b)) } else { (a, b) };
            same_but_for_masks(&canonical(a, kind), &canonical(b, kind))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::FieldMap;
    use crate::platform::Fields;

    fn face(pairs: &[(&str, &str)]) -> Face {
        let fields = pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        Face::read(&Fields(fields), FieldMap::compiled_in())
    }

    #[test]
    fn form_is_no_difference_and_content_is_one() {
        let province = face(&[
            ("certholder", "山东（示例）有限公司"),
            ("zzbfrq", "2022-04-13"),
            ("zzyxqjzrq", "长期"),
            ("fzjg", "枣庄市住建局"),
            ("certno", "a001"),
            ("bz", ""),
            ("czztdmlxdm", "统一社会信用代码"),
            ("fddbr", "马三"),
        ]);
        let city = face(&[
            ("certificateHolder", "山东(示例)有限公司"),
            ("issueDate", "2022年04月13日"),
            ("certificateValidateEnd", "9999-12-31"),
            ("issueDept", "枣庄市住房和城乡建设局"),
            ("certificateNumber", "A００1"),
            ("bz", "换证"),
            ("certificateHolderType", "001"),
        ]);
        let found: Vec<_> = compare(&province, &city).into_iter().map(|found| (found.field, found.kind)).collect();
        assert_eq!(
            found,
            [(Field::IssuerName, DifferenceKind::Differs), (Field::Remark, DifferenceKind::MissingInProvince)],
            "a legal representative that only one face bears is not compared"
        );
    }
}
