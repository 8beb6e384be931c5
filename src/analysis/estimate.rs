//! What the audit of a sample tells about all items: figures with their intervals, overall, by stratum, by certificate type and
//! by carried value. How they come about, and why their intervals hold, is told in [`crate::sample`].

mod figures;
mod gates;
mod history;

pub use figures::{COUNTS, FigureEstimates, RATES};
pub use gates::{SampleVerdict, Verdict, judge_on_sample};
pub use history::{PastSample, earlier_rates};

use crate::audit::{Comparison, Status};
use crate::codes::mask_code;
use crate::sample::{Cell, Moments, SamplePlan, StratifyBy, Stratum};
use crate::table::schema::coverage;
use crate::table::{Row, Rows, TableError};
use figures::{KINDS, Kind, Tally};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Strata of all groups of a carried column together, from which on the column's groups are not told any more: each takes less
/// than a kilobyte while the tables are read.
const MOST_CELLS: usize = 50_000;

/// Why a sample's tables could not be read.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// The table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// It holds an item of a stratum that the sample does not have.
    #[error("the coverage table holds an item of none of the sample's strata")]
    UnknownStratum,
}

/// How a sample was drawn, as `summary.json` tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleFacts {
    /// Items drawn.
    pub size: u64,
    /// Items of the inputs.
    pub population: u64,
    /// What the items are stratified by.
    pub by: String,
    /// The seed.
    pub seed: String,
    /// Strata.
    pub strata: u64,
    /// Items that each stratum gives at least.
    pub least: u64,
    /// How items were allocated to strata: `proportional` or `neyman`.
    pub allocation: &'static str,
}

impl SampleFacts {
    /// Returns the facts of a sample.
    #[must_use]
    pub fn of(plan: &SamplePlan) -> Self {
        Self {
            size: plan.drawn(),
            population: plan.population(),
            by: plan.by.to_string(),
            seed: plan.seed.clone(),
            strata: plan.strata.len() as u64,
            least: plan.least,
            allocation: plan.allocation.word(),
        }
    }
}

/// Estimates of a group of items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupEstimate {
    /// The type code or the carried value; `None` for items without one.
    pub key: Option<String>,
    /// What people call it, where that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether the key is the holder code of one of its items.
    #[serde(skip)]
    pub is_holder: bool,
    /// Its figures.
    #[serde(flatten)]
    pub figures: FigureEstimates,
}

/// Everything that is estimated from a sample. As JSON it has the figures overall and by stratum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimates {
    /// Of all items.
    pub overall: FigureEstimates,
    /// By stratum, in the order of the sample's strata. A key that is a holder code is masked.
    pub by_stratum: Vec<GroupEstimate>,
    /// By certificate type, in the order of the codes.
    #[serde(skip)]
    pub by_type: Vec<GroupEstimate>,
    /// By each carried column: its header, and its groups in the order of their values. A column with very many groups has none.
    #[serde(skip)]
    pub by_carried: Vec<(String, Vec<GroupEstimate>)>,
}

impl Estimates {
    /// Returns the estimates of a certificate type.
    #[must_use]
    pub fn of_type(&self, cert_type_code: &str) -> Option<&FigureEstimates> {
        self.by_type.iter().find(|group| group.key.as_deref() == Some(cert_type_code)).map(|group| &group.figures)
    }

    /// Returns the estimates of a carried value.
    #[must_use]
    pub fn of_carried(&self, header: &str, value: Option<&str>) -> Option<&FigureEstimates> {
        let (_, groups) = self.by_carried.iter().find(|(known, _)| known == header)?;
        groups.iter().find(|group| group.key.as_deref() == value).map(|group| &group.figures)
    }
}

/// Estimates the figures of all items from the tables of a sampled run in the folder `dir`; `carried` are the job's carried
/// headers. The table is read row by row; what is kept of it are sums by stratum and group.
///
/// # Errors
/// Fails if the coverage table cannot be read, or holds an item that belongs to none of the sample's strata.
pub fn estimate(dir: &Path, carried: &[String], plan: &SamplePlan) -> Result<Estimates, EstimateError> {
    let columns: Vec<String> = carried.iter().map(|header| coverage::COVERAGE.carried_name(header)).collect();
    let mut estimator = Estimator::new(plan, carried);
    let mut rows = Rows::open(dir, coverage::COVERAGE)?;
    let mut current: Option<(Option<i64>, SampledItem)> = None;
    while let Some(row) = rows.next_row()? {
        let id = row.number(coverage::ITEM_ID);
        if current.as_ref().is_none_or(|(of, _)| *of != id)
            && let Some((_, item)) = current.replace((id, SampledItem::of(row, &columns)))
        {
            estimator.add(&item)?;
        }
        if let Some((_, item)) = &mut current {
            item.add(row);
        }
    }
    if let Some((_, item)) = current {
        estimator.add(&item)?;
    }
    Ok(estimator.finish())
}

/// An item of a sample, with what became of its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledItem {
    holder_code: String,
    cert_type_code: String,
    cert_type_name: Option<String>,
    carried: Vec<Option<String>>,
    tally: Tally,
}

impl SampledItem {
    /// Returns an item without rows yet; `carried` are its carried values.
    #[must_use]
    pub fn new(holder_code: &str, cert_type_code: &str, cert_type_name: Option<&str>, carried: Vec<Option<String>>) -> Self {
        let mut tally = [0.0; KINDS];
        count(&mut tally, Kind::Item);
        Self {
            holder_code: holder_code.to_owned(),
            cert_type_code: cert_type_code.to_owned(),
            cert_type_name: cert_type_name.map(str::to_owned),
            carried,
            tally,
        }
    }

    fn of(row: Row<'_>, columns: &[String]) -> Self {
        let text = |column| row.text(column).unwrap_or_default();
        let carried = columns.iter().map(|column| row.carried(column).map(str::to_owned)).collect();
        let name = row.text(coverage::CERT_TYPE_NAME);
        Self::new(text(coverage::HOLDER_CODE), text(coverage::CERT_TYPE_CODE), name, carried)
    }

    fn add(&mut self, row: Row<'_>) {
        let status = Status::ALL.into_iter().find(|status| Some(status.name()) == row.text(coverage::STATUS));
        let is = |comparison: Comparison| row.text(coverage::COMPARISON) == Some(comparison.name());
        let comparison = if is(Comparison::Inconsistent) {
            Comparison::Inconsistent
        } else if is(Comparison::NotCompared) {
            Comparison::NotCompared
        } else {
            Comparison::Consistent
        };
        // A status that this version does not know says nothing.
        self.add_row(status.unwrap_or(Status::Pending), comparison, row.text(coverage::ERROR_KIND).is_some());
    }

    /// Adds a row; `has_failed` where a call of it failed, so that faces may not have been compared.
    pub fn add_row(&mut self, status: Status, comparison: Comparison, has_failed: bool) {
        count(&mut self.tally, Kind::of(status));
        match (status, comparison) {
            (Status::Both, Comparison::Inconsistent) => count(&mut self.tally, Kind::Inconsistent),
            (Status::Both, Comparison::NotCompared) if has_failed => count(&mut self.tally, Kind::Uncompared),
            _ => {}
        }
    }
}

fn count(tally: &mut Tally, kind: Kind) {
    if let Some(count) = tally.get_mut(kind as usize) {
        *count += 1.0;
    }
}

/// Gathers the items of a sample, and estimates the figures of all items from them.
#[derive(Debug)]
pub struct Estimator<'a> {
    plan: &'a SamplePlan,
    places: HashMap<Option<&'a str>, usize>,
    /// Where the stratum of an item stands among its carried values; `None` where it is its type.
    column: Option<usize>,
    /// Items of the sample by stratum.
    sampled: Vec<f64>,
    overall: Group,
    /// Strata whose keys are holder codes.
    holders: Vec<bool>,
    by_type: BTreeMap<String, Group>,
    by_carried: Vec<Carried>,
}

/// The items of a group.
#[derive(Debug, Default)]
struct Group {
    label: Option<String>,
    is_holder: bool,
    by_stratum: BTreeMap<usize, Moments<KINDS>>,
}

/// The groups of a carried column.
#[derive(Debug)]
struct Carried {
    header: String,
    groups: BTreeMap<String, Group>,
    /// The items without a value.
    without: Group,
    cells: usize,
    has_too_many: bool,
}

impl<'a> Estimator<'a> {
    /// Begins to gather the items of a sample; `carried` are the headers of the carried columns.
    #[must_use]
    pub fn new(plan: &'a SamplePlan, carried: &[String]) -> Self {
        let column = match &plan.by {
            StratifyBy::CertType => None,
            StratifyBy::Carried(header) => Some(carried.iter().position(|known| known == header).unwrap_or(usize::MAX)),
        };
        Self {
            plan,
            places: plan.strata.iter().map(|stratum| stratum.key.as_deref()).zip(0..).collect(),
            column,
            sampled: vec![0.0; plan.strata.len()],
            overall: Group::default(),
            holders: vec![false; plan.strata.len()],
            by_type: BTreeMap::new(),
            by_carried: carried.iter().map(|header| Carried::new(header)).collect(),
        }
    }

    /// Adds an item.
    ///
    /// # Errors
    /// Fails if the item belongs to none of the sample's strata.
    pub fn add(&mut self, item: &SampledItem) -> Result<(), EstimateError> {
        let key = match self.column {
            None => Some(item.cert_type_code.as_str()),
            Some(at) => item.carried.get(at).and_then(Option::as_deref),
        };
        let stratum = *self.places.get(&key).ok_or(EstimateError::UnknownStratum)?;
        if let Some((sampled, is_holder)) = self.sampled.get_mut(stratum).zip(self.holders.get_mut(stratum)) {
            *sampled += 1.0;
            *is_holder |= key == Some(item.holder_code.as_str());
        }
        self.overall.add(stratum, item);
        if !self.by_type.contains_key(&item.cert_type_code) {
            let group = Group { label: item.cert_type_name.clone(), ..Group::default() };
            self.by_type.insert(item.cert_type_code.clone(), group);
        }
        if let Some(group) = self.by_type.get_mut(&item.cert_type_code) {
            group.add(stratum, item);
        }
        for (column, value) in self.by_carried.iter_mut().zip(&item.carried) {
            column.add(stratum, item, value.as_deref());
        }
        Ok(())
    }

    /// Estimates the figures of all items.
    #[must_use]
    pub fn finish(self) -> Estimates {
        let strata = Strata { strata: &self.plan.strata, sampled: &self.sampled };
        let sizes = &self.plan.groups;
        let by_stratum = self.plan.strata.iter().zip(&self.holders).enumerate().map(|(at, (stratum, is_holder))| {
            let of_stratum = self.overall.by_stratum.get(&at).cloned();
            let group = Group { by_stratum: of_stratum.map(|moments| (at, moments)).into_iter().collect(), ..Group::default() };
            let key = stratum.key.as_ref().map(|key| if *is_holder { mask_code(key) } else { key.clone() });
            let label = self.label_of(stratum);
            GroupEstimate { key, label, is_holder: *is_holder, figures: group.estimate(&strata, Some(stratum.population)) }
        });
        let by_stratum = by_stratum.collect();
        let overall = self.overall.estimate(&strata, Some(self.plan.population()));
        let by_type = self.by_type.into_iter().map(|(code, group)| {
            let population = sizes.by_type.get(&code).copied();
            group.told(Some(code), &strata, population)
        });
        let by_type = by_type.collect();
        let by_carried = self.by_carried.into_iter().map(|Carried { header, groups, without, .. }| {
            let without = Some((None, without)).filter(|(_, group)| !group.by_stratum.is_empty());
            let groups = without.into_iter().chain(groups.into_iter().map(|(value, group)| (Some(value), group)));
            let told = groups.map(|(value, group)| {
                let population = sizes.carried(&header, value.as_deref());
                group.told(value, &strata, population)
            });
            let told = told.collect();
            (header, told)
        });
        Estimates { overall, by_stratum, by_type, by_carried: by_carried.collect() }
    }

    /// What people call a stratum: the name of a certificate type.
    fn label_of(&self, stratum: &Stratum) -> Option<String> {
        if self.column.is_some() {
            return None;
        }
        self.by_type.get(stratum.key.as_deref()?)?.label.clone()
    }
}

impl Group {
    fn add(&mut self, stratum: usize, item: &SampledItem) {
        self.by_stratum.entry(stratum).or_default().add(&item.tally);
    }

    fn told(self, key: Option<String>, strata: &Strata<'_>, population: Option<u64>) -> GroupEstimate {
        let figures = self.estimate(strata, population);
        GroupEstimate { key, label: self.label, is_holder: self.is_holder, figures }
    }

    fn estimate(&self, strata: &Strata<'_>, population: Option<u64>) -> FigureEstimates {
        let cells = |part: &Tally, whole: &Tally| -> Vec<Cell> {
            let of_stratum = self.by_stratum.iter().filter_map(|(at, moments)| {
                let (population, sampled) = strata.sizes(*at)?;
                Some(Cell { population, sampled, sums: moments.sums(part, whole) })
            });
            of_stratum.collect()
        };
        FigureEstimates::of(&cells, population)
    }
}

impl Carried {
    fn new(header: &str) -> Self {
        Self { header: header.to_owned(), groups: BTreeMap::new(), without: Group::default(), cells: 0, has_too_many: false }
    }

    fn add(&mut self, stratum: usize, item: &SampledItem, value: Option<&str>) {
        if self.has_too_many {
            return;
        }
        let Some(value) = value else { return self.without.add(stratum, item) };
        if !self.groups.contains_key(value) {
            self.groups.insert(value.to_owned(), Group::default());
        }
        let Some(group) = self.groups.get_mut(value) else { return };
        self.cells += usize::from(!group.by_stratum.contains_key(&stratum));
        group.is_holder |= value == item.holder_code;
        group.add(stratum, item);
        if self.cells > MOST_CELLS {
            self.has_too_many = true;
            self.groups = BTreeMap::new();
            self.without = Group::default();
        }
    }
}

/// The sizes of the strata and of their samples.
struct Strata<'a> {
    strata: &'a [Stratum],
    sampled: &'a [f64],
}

impl Strata<'_> {
    /// Items of a stratum, and of its sample.
    #[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^52")]
    fn sizes(&self, at: usize) -> Option<(f64, f64)> {
        Some((self.strata.get(at)?.population as f64, *self.sampled.get(at)?))
    }
}

#[cfg(test)]
mod tests;
