//! The platform's return codes (接口返回值列表, appendix 7.2 of its specification) and what a batch audit makes of them.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a return code means to a batch audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// The answer is in the data.
    Answer,
    /// An answer: the side asked has no such certificate.
    Absent,
    /// An answer: the side has it, revoked (21), expired (22) or restricted (23).
    Lifecycle,
    /// Passing trouble: try again.
    Retry,
    /// The token is no longer good: fetch another one and try again once.
    RenewToken,
    /// The certificate type's fault, for every holder alike.
    StopType,
    /// The request's fault, which every call would repeat.
    StopRun,
    /// The source does not offer this interface for this side and type.
    Unsupported,
    /// The platform says that it cannot read its own data.
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

    /// The treatment of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, treatment)| treatment)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    /// Every name.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().map(|(name, _)| name)
    }
}

/// What the codes mean to a job: the specification's table, with what the job has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeTable {
    changed: BTreeMap<i32, Treatment>,
}

impl CodeTable {
    /// The specification's table with these treatments changed or added.
    #[must_use]
    pub const fn with(changed: BTreeMap<i32, Treatment>) -> Self {
        Self { changed }
    }

    /// What to do about a code; none for one that neither the specification nor the job has.
    #[must_use]
    pub fn treatment(&self, code: i32) -> Option<Treatment> {
        self.changed.get(&code).copied().or_else(|| return_code(code).map(|line| line.treatment))
    }

    /// Codes that the job has added to the specification's.
    pub fn added(&self) -> impl Iterator<Item = (i32, Treatment)> {
        self.changed.iter().filter(|(code, _)| return_code(**code).is_none()).map(|(code, treatment)| (*code, *treatment))
    }
}

/// One line of the table of return codes.
#[derive(Debug, Deserialize)]
pub struct ReturnCode {
    /// `head.status`.
    pub code: i32,
    /// The specification's text.
    pub text_zh: String,
    /// The same in English.
    pub text_en: String,
    /// What to do about it.
    pub treatment: Treatment,
}

static TABLE: LazyLock<Vec<ReturnCode>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_bytes!("return_codes.csv").as_slice())
        .deserialize()
        .collect::<Result<_, _>>()
        .expect("the compiled-in table of return codes is well-formed")
});

/// Every return code of the specification, in its order.
#[must_use]
pub fn return_codes() -> &'static [ReturnCode] {
    &TABLE
}

/// The line for one code; `None` for a code that the specification does not have.
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
