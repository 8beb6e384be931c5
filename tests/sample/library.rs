//! Libraries whose figures are known, and samples of them drawn by chance.

use ecert_audit::analysis::SampledItem;
use ecert_audit::audit::{Comparison, Status};
use ecert_audit::sample::{Allocation, CarriedSizes, GroupSizes, SamplePlan, StratifyBy, Stratum, StratumSize, allocate};
use std::collections::BTreeMap;

/// Values of the carried column, which strata share.
pub(super) const DISTRICTS: [&str; 3] = ["市中区", "滕州市", "山亭区"];
/// Header of the carried column.
pub(super) const HEADER: &str = "区市";
/// Items that each stratum gives at least.
const LEAST: u64 = 50;

/// Reproducible chance (`SplitMix64`).
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % below as u64).unwrap()
    }
}

/// Rows of an item, by what became of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rows {
    both: u32,
    /// Of those held by both sides.
    inconsistent: u32,
    city_only: u32,
    province_only: u32,
    neither: u32,
    error: u32,
}

/// A stratum of a shape: its items, and the share of them that each kind of item has.
#[derive(Debug)]
pub(super) struct StratumShape {
    population: usize,
    shares: Vec<f64>,
}

/// What a library is like.
#[derive(Debug)]
pub(super) struct Shape {
    pub name: &'static str,
    /// Decides which samples are drawn.
    pub seed: u64,
    size: u64,
    kinds: Vec<Rows>,
    strata: Vec<StratumShape>,
}

/// Rates of a stratum whose items have one row each.
struct StratumRates {
    population: usize,
    /// Of what the city holds, the share that the province has too.
    collection: f64,
    /// Of what was answered, the share that the city holds.
    city: f64,
    inconsistent: f64,
    error: f64,
}

impl Shape {
    /// A shape of items with one row each.
    fn single(name: &'static str, seed: u64, size: u64, strata: impl Iterator<Item = StratumRates>) -> Self {
        let row = Rows::default();
        let kinds = vec![
            Rows { both: 1, ..row },
            Rows { both: 1, inconsistent: 1, ..row },
            Rows { city_only: 1, ..row },
            Rows { province_only: 1, ..row },
            Rows { neither: 1, ..row },
            Rows { error: 1, ..row },
        ];
        let strata = strata.map(|rates| {
            let answered = 1.0 - rates.error;
            let both = answered * rates.city * rates.collection;
            let rest = answered * (1.0 - rates.city) / 2.0;
            let city_only = answered * rates.city * (1.0 - rates.collection);
            let shares = vec![both * (1.0 - rates.inconsistent), both * rates.inconsistent, city_only, rest, rest, rates.error];
            StratumShape { population: rates.population, shares }
        });
        Self { name, seed, size, kinds, strata: strata.collect() }
    }
}

/// Sizes of strata from 5 to 100,000.
const SIZES: [usize; 24] = [
    5, 8, 12, 20, 40, 55, 60, 75, 100, 150, 230, 350, 520, 800, 1_200, 1_700, 2_600, 4_000, 6_000, 9_000, 14_000, 21_000, 42_000,
    100_000,
];

/// The five shapes of libraries.
pub(super) fn shapes() -> [Shape; 5] {
    let even = (0..10).map(|at| StratumRates {
        population: 2_000 + 1_500 * at,
        collection: 0.6 + 0.035 * float(at),
        city: 0.9,
        inconsistent: 0.05,
        error: 0.01,
    });
    let nearly_all =
        SIZES.map(|population| StratumRates { population, collection: 0.98, city: 0.97, inconsistent: 0.02, error: 0.0 });
    let hardly_any =
        SIZES.map(|population| StratumRates { population, collection: 0.02, city: 0.97, inconsistent: 0.3, error: 0.05 });
    let extremes = SIZES.into_iter().enumerate().map(|(at, population)| StratumRates {
        population,
        collection: if at % 2 == 0 { 0.02 } else { 0.98 },
        city: if at % 3 == 0 { 0.6 } else { 0.95 },
        inconsistent: 0.1,
        error: 0.2,
    });
    [
        Shape::single("rates from 0.6 to 0.95", 1, 2_500, even),
        Shape::single("nearly all collected", 2, 3_000, nearly_all.into_iter()),
        Shape::single("hardly any collected", 3, 3_000, hardly_any.into_iter()),
        Shape::single("strata at either end, one call in five failed", 4, 4_000, extremes),
        several_rows(),
    ]
}

/// A shape of items with up to five rows each, which are alike more often than not.
fn several_rows() -> Shape {
    let row = Rows::default();
    let kinds = vec![
        Rows { both: 1, ..row },
        Rows { both: 3, inconsistent: 1, ..row },
        Rows { both: 5, ..row },
        Rows { city_only: 1, ..row },
        Rows { city_only: 4, ..row },
        Rows { both: 1, city_only: 1, ..row },
        Rows { both: 2, province_only: 1, ..row },
        Rows { neither: 1, ..row },
        Rows { error: 1, ..row },
        Rows { both: 1, error: 1, ..row },
    ];
    let strata = (0..14usize).map(|at| {
        let weights: Vec<f64> = (0..kinds.len()).map(|kind| float((at * 7 + kind * 5) % 11) + 0.5).collect();
        let sum: f64 = weights.iter().sum();
        let population = SIZES[at + 8];
        StratumShape { population, shares: weights.into_iter().map(|weight| weight / sum).collect() }
    });
    Shape { name: "several rows of an item", seed: 5, size: 2_500, strata: strata.collect(), kinds }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// Splits a count by shares, so that the parts add up.
fn split(count: usize, shares: &[f64]) -> Vec<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    let up_to = |share: f64| (float(count) * share + 0.5).floor() as usize;
    let mut sum = 0.0;
    let parts = shares.iter().map(|share| {
        let before = up_to(sum);
        sum += share;
        up_to(sum) - before
    });
    parts.collect()
}

/// Counts of rows, by which figures are reckoned.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    both: f64,
    inconsistent: f64,
    city_only: f64,
    province_only: f64,
    neither: f64,
    error: f64,
}

impl Counts {
    fn add(&mut self, rows: Rows, items: usize) {
        let items = float(items);
        self.both += items * f64::from(rows.both);
        self.inconsistent += items * f64::from(rows.inconsistent);
        self.city_only += items * f64::from(rows.city_only);
        self.province_only += items * f64::from(rows.province_only);
        self.neither += items * f64::from(rows.neither);
        self.error += items * f64::from(rows.error);
    }

    /// The figures that an audit of all items shows.
    fn figures(&self) -> BTreeMap<&'static str, f64> {
        let answered = self.both + self.city_only + self.province_only + self.neither;
        let figures = [
            ("collection_rate", self.both / (self.both + self.city_only)),
            ("province_coverage", (self.both + self.province_only) / answered),
            ("city_coverage", (self.both + self.city_only) / answered),
            ("error_rate", self.error / (answered + self.error)),
            ("inconsistent_rate", self.inconsistent / self.both),
            ("both", self.both),
            ("city_only", self.city_only),
            ("neither", self.neither),
            ("error", self.error),
        ];
        figures.into_iter().filter(|(_, value)| value.is_finite()).collect()
    }

    /// The rates of a library that is known whole, if every failed call hid what is against them (`favours` 0), or in their
    /// favour (1).
    fn extremes(&self, favours: f64) -> BTreeMap<&'static str, f64> {
        let all = self.both + self.city_only + self.province_only + self.neither + self.error;
        let error = favours * self.error;
        BTreeMap::from([
            ("collection_rate", (self.both + error) / (self.both + self.city_only + self.error)),
            ("province_coverage", (self.both + self.province_only + error) / all),
            ("city_coverage", (self.both + self.city_only + error) / all),
            ("inconsistent_rate", (self.inconsistent + error) / (self.both + self.error)),
        ])
    }
}

/// The true figures of a library.
#[derive(Debug)]
pub(super) struct Truth {
    /// What an audit of all items shows.
    pub overall: BTreeMap<&'static str, f64>,
    pub districts: [BTreeMap<&'static str, f64>; DISTRICTS.len()],
    pub strata: Vec<BTreeMap<&'static str, f64>>,
    /// Rates if every failed call hid what is against them, and in their favour.
    pub least: BTreeMap<&'static str, f64>,
    pub most: BTreeMap<&'static str, f64>,
}

/// A library of items, of which samples are drawn.
#[derive(Debug)]
pub(super) struct Library {
    plan: SamplePlan,
    truth: Truth,
    strata: Vec<LibraryStratum>,
}

#[derive(Debug)]
struct LibraryStratum {
    /// An item of each kind and district.
    patterns: Vec<SampledItem>,
    /// The pattern of each item. The first ones are those drawn.
    items: Vec<u16>,
    drawn: usize,
}

impl Library {
    pub(super) fn new(shape: &Shape) -> Self {
        let sizes: Vec<StratumSize> =
            shape.strata.iter().map(|stratum| StratumSize { population: stratum.population as u64, measure: 1.0 }).collect();
        let given = allocate(shape.size, LEAST, &sizes);
        let mut overall = Counts::default();
        let mut districts = [Counts::default(); DISTRICTS.len()];
        let mut of_strata = Vec::new();
        let mut strata = Vec::new();
        let mut district_items = [0; DISTRICTS.len()];
        for (at, (stratum, drawn)) in shape.strata.iter().zip(&given).enumerate() {
            let first = 0.05 + 0.1 * float(at % 4);
            let district_shares = [first, 0.3, 0.7 - first];
            let mut counts = Counts::default();
            let mut items = Vec::new();
            let mut patterns = Vec::new();
            for (rows, count) in shape.kinds.iter().zip(split(stratum.population, &stratum.shares)) {
                for (district, count) in split(count, &district_shares).into_iter().enumerate() {
                    counts.add(*rows, count);
                    overall.add(*rows, count);
                    districts[district].add(*rows, count);
                    district_items[district] += count as u64;
                    items.extend(std::iter::repeat_n(u16::try_from(patterns.len()).unwrap(), count));
                    patterns.push(pattern(&code(at), DISTRICTS[district], *rows));
                }
            }
            assert_eq!(items.len(), stratum.population);
            of_strata.push(counts.figures());
            strata.push(LibraryStratum { patterns, items, drawn: usize::try_from(*drawn).unwrap() });
        }
        let by_value = DISTRICTS.iter().map(|district| (*district).to_owned()).zip(district_items).collect();
        let groups = GroupSizes {
            by_type: shape.strata.iter().enumerate().map(|(at, stratum)| (code(at), stratum.population as u64)).collect(),
            by_carried: vec![CarriedSizes { header: HEADER.to_owned(), by_value, without: 0 }],
        };
        let stratum = |((at, size), drawn): ((usize, &StratumSize), u64)| Stratum {
            key: Some(code(at)),
            population: size.population,
            measure: size.measure,
            drawn,
        };
        let plan = SamplePlan {
            asked: shape.size,
            written: None,
            by: StratifyBy::CertType,
            least: LEAST,
            seed: String::new(),
            allocation: Allocation::Proportional,
            strata: sizes.iter().enumerate().zip(given).map(stratum).collect(),
            groups,
        };
        let truth = Truth {
            overall: overall.figures(),
            districts: districts.map(|counts| counts.figures()),
            strata: of_strata,
            least: overall.extremes(0.0),
            most: overall.extremes(1.0),
        };
        Self { plan, truth, strata }
    }

    pub(super) const fn plan(&self) -> &SamplePlan {
        &self.plan
    }

    pub(super) const fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Draws a sample without replacement.
    pub(super) fn draw(&mut self, chance: &mut Chance) {
        for stratum in &mut self.strata {
            let population = stratum.items.len();
            for at in 0..stratum.drawn {
                stratum.items.swap(at, at + chance.below(population - at));
            }
        }
    }

    /// The items drawn.
    pub(super) fn drawn(&self) -> impl Iterator<Item = &SampledItem> {
        self.strata
            .iter()
            .flat_map(|stratum| stratum.items[..stratum.drawn].iter().map(|pattern| &stratum.patterns[usize::from(*pattern)]))
    }
}

fn code(stratum: usize) -> String {
    format!("type {stratum:02}")
}

/// An item with such rows.
fn pattern(cert_type_code: &str, district: &str, rows: Rows) -> SampledItem {
    let mut item = SampledItem::new("370499195001010007", cert_type_code, None, vec![Some(district.to_owned())]);
    for at in 0..rows.both {
        let comparison = if at < rows.inconsistent { Comparison::Inconsistent } else { Comparison::Consistent };
        item.add_row(Status::Both, comparison, false);
    }
    for (status, count) in [
        (Status::CityOnly, rows.city_only),
        (Status::ProvinceOnly, rows.province_only),
        (Status::Neither, rows.neither),
        (Status::Error, rows.error),
    ] {
        for _ in 0..count {
            item.add_row(status, Comparison::NotCompared, status == Status::Error);
        }
    }
    item
}
