//! What is known of a sample when it has been drawn: its strata, their sizes, and how it was drawn.

use super::size::Size;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What items are stratified by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum StratifyBy {
    /// The certificate type.
    CertType,
    /// The value of the carried column with this header.
    Carried(String),
}

impl StratifyBy {
    /// The word for the certificate type: the name of its column in tables.
    pub const CERT_TYPE: &'static str = "cert_type_code";

    /// The header of the carried column, or the word for the certificate type.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::CertType => Self::CERT_TYPE,
            Self::Carried(header) => header,
        }
    }
}

impl From<String> for StratifyBy {
    fn from(word: String) -> Self {
        if word == Self::CERT_TYPE { Self::CertType } else { Self::Carried(word) }
    }
}

impl From<StratifyBy> for String {
    fn from(by: StratifyBy) -> Self {
        by.word().to_owned()
    }
}

impl fmt::Display for StratifyBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// How a sample's items are allocated to strata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allocation {
    /// In proportion to the strata's sizes.
    Proportional,
    /// In proportion to size times standard deviation, as an earlier run found it.
    Neyman,
}

impl Allocation {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Proportional => "proportional",
            Self::Neyman => "neyman",
        }
    }
}

/// A stratum and its sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// The type code, or the carried value; `None` for items without one.
    pub key: Option<String>,
    /// Items of the population.
    pub population: u64,
    /// What the share of items that are drawn is proportional to.
    pub measure: f64,
    /// Items drawn.
    pub drawn: u64,
}

/// How many items of the population have each value of a carried column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedSizes {
    /// The column's header.
    pub header: String,
    /// Items by value.
    pub by_value: BTreeMap<String, u64>,
    /// Items without a value.
    pub without: u64,
}

/// How many items of the population each group has that figures are told for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupSizes {
    /// Items by certificate type code.
    pub by_type: BTreeMap<String, u64>,
    /// Items by carried column. A column with too many values is left out.
    pub by_carried: Vec<CarriedSizes>,
}

impl GroupSizes {
    /// Returns how many items have a value of a carried column; `None` where its values were not counted.
    #[must_use]
    pub fn carried(&self, header: &str, value: Option<&str>) -> Option<u64> {
        let sizes = self.by_carried.iter().find(|sizes| sizes.header == header)?;
        Some(match value {
            Some(value) => sizes.by_value.get(value).copied().unwrap_or_default(),
            None => sizes.without,
        })
    }
}

/// A drawn sample, as the journal of its run keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SamplePlan {
    /// The size that was asked for, as a number of items.
    pub asked: u64,
    /// The size as it was written, where it was written as a size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Size>,
    /// What the strata are.
    pub by: StratifyBy,
    /// Items that each stratum gives at least.
    pub least: u64,
    /// The seed.
    pub seed: String,
    /// How items were allocated to strata.
    pub allocation: Allocation,
    /// The strata in the order of their keys, items without a value first.
    pub strata: Vec<Stratum>,
    /// Sizes of the groups that figures are told for.
    pub groups: GroupSizes,
}

impl SamplePlan {
    /// Items of the population.
    #[must_use]
    pub fn population(&self) -> u64 {
        self.strata.iter().map(|stratum| stratum.population).sum()
    }

    /// Items drawn.
    #[must_use]
    pub fn drawn(&self) -> u64 {
        self.strata.iter().map(|stratum| stratum.drawn).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_back_from_its_json() {
        let sizes = CarriedSizes { header: "区市".into(), by_value: BTreeMap::from([("市中区".into(), 7)]), without: 2 };
        let plan = SamplePlan {
            asked: 5,
            written: Some(Size::Share(0.5)),
            by: StratifyBy::Carried("区市".into()),
            least: 2,
            seed: "2026-11".into(),
            allocation: Allocation::Neyman,
            strata: vec![
                Stratum { key: None, population: 2, measure: 0.5, drawn: 2 },
                Stratum { key: Some("市中区".into()), population: 7, measure: 0.3, drawn: 3 },
            ],
            groups: GroupSizes { by_type: BTreeMap::from([("t".into(), 9)]), by_carried: vec![sizes] },
        };
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<SamplePlan>(&json).unwrap(), plan);
        assert!(json.contains(r#""written":"50%","by":"区市""#), "{json}");
        assert_eq!((plan.population(), plan.drawn()), (9, 5));
    }

    #[test]
    fn sizes_of_values_that_were_counted_are_known_and_others_are_not() {
        let sizes = CarriedSizes { header: "区市".into(), by_value: BTreeMap::from([("市中区".into(), 7)]), without: 2 };
        let groups = GroupSizes { by_type: BTreeMap::new(), by_carried: vec![sizes] };
        for (header, value, expected) in
            [("区市", Some("市中区"), Some(7)), ("区市", None, Some(2)), ("区市", Some("别处"), Some(0)), ("部门", None, None)]
        {
            assert_eq!(groups.carried(header, value), expected, "{header} {value:?}");
        }
    }
}
