//! Return codes of the platform (接口返回值列表, appendix 7.2 of its specification), and how an audit treats them.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// How an audit treats a return code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Success; the data holds the answer.
    Answer,
    /// Answer: the side has no such certificate.
    Absent,
    /// Answer: the side has the certificate, and it is revoked (21), expired (22) or restricted (23).
    Lifecycle,
    /// Transient failure: the call is retried.
    Retry,
    /// The token is not valid any more: the call is retried once with a new one.
    RenewToken,
    /// The certificate type is at fault: no further call for the type can succeed.
    StopType,
    /// The request is at fault: every further call would fail in the same way.
    StopRun,
    /// The source does not offer this interface for the side and type.
    Unsupported,
    /// The platform reports that it cannot read its own data.
    Malformed,
}

impl Treatment {
    const NAMES: [(&'static str, Self); 9] = [
        ("answer", Self::Answer),
        ("absent", Self::Absent),
        ("lifecycle", Self::Lifecycle),
        ("retry", Self::Retry),
        ("renew_token", Self::RenewToken),
        ("stop_type", Self::StopType),
        ("stop_run", Self::StopRun),
        ("unsupported", Self::Unsupported),
        ("malformed", Self::Malformed),
    ];

    /// Returns the treatment with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, treatment)| treatment)
    }

    /// Returns the name used in job files.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Returns all names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().map(|(name, _)| name)
    }
}

/// Treatments of return codes: the specification's, with the changes of the job file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeTable {
    changed: BTreeMap<i32, Treatment>,
}

impl CodeTable {
    /// Creates the table with these treatments changed or added.
    #[must_use]
    pub const fn with(changed: BTreeMap<i32, Treatment>) -> Self {
        Self { changed }
    }

    /// Returns the treatment of a code; `None` for a code in neither the specification nor the job file.
    #[must_use]
    pub fn treatment(&self, code: i32) -> Option<Treatment> {
        self.changed.get(&code).copied().or_else(|| return_code(code).map(|line| line.treatment))
    }

    /// Returns the codes that the job file adds to the specification's.
    pub fn added(&self) -> impl Iterator<Item = (i32, Treatment)> {
        self.changed.iter().filter(|(code, _)| return_code(**code).is_none()).map(|(code, treatment)| (*code, *treatment))
    }
}

/// An entry of the specification's table of return codes.
#[derive(Debug, Deserialize)]
pub struct ReturnCode {
    /// Value of `head.status`.
    pub code: i32,
    /// Text of the specification, in Chinese.
    pub text_zh: String,
    /// English translation of the text.
    pub text_en: String,
    /// Treatment of the code.
    pub treatment: Treatment,
}

static TABLE: LazyLock<Vec<ReturnCode>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_bytes!("return_codes.csv").as_slice())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("the compiled-in table of return codes is well-formed")
});

/// Returns all return codes of the specification, in its order.
#[must_use]
pub fn return_codes() -> &'static [ReturnCode] {
    &TABLE
}

/// Returns the entry of a code; `None` for a code that the specification does not have.
#[must_use]
pub fn return_code(code: i32) -> Option<&'static ReturnCode> {
    TABLE.iter().find(|line| line.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specifications_codes_have_their_treatments() {
        let treatment = |code| return_code(code).map(|line| line.treatment);
        assert_eq!(return_codes().len(), 14);
        for (codes, expected) in [
            (&[0][..], Treatment::Answer),
            (&[10], Treatment::Absent),
            (&[21, 22, 23], Treatment::Lifecycle),
            (&[1, 99], Treatment::Retry),
            (&[11], Treatment::RenewToken),
            (&[13], Treatment::StopType),
            (&[12, 14, 199], Treatment::StopRun),
            (&[2], Treatment::Unsupported),
            (&[24], Treatment::Malformed),
        ] {
            for &code in codes {
                assert_eq!(treatment(code), Some(expected), "{code}");
            }
        }
        assert_eq!(treatment(98), None);
    }
}
