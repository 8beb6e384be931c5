//! Gates: limits on the figures in a run's summary.

/// Figures of `summary.json` that a gate can limit.
pub const FIGURES: [&str; 22] = [
    "items",
    "rows",
    "both",
    "province_only",
    "city_only",
    "neither",
    "error",
    "pending",
    "inconsistent",
    "invalid_inputs",
    "duplicate_rows",
    "new_gaps",
    "persisting_gaps",
    "resolved_gaps",
    "regressed_gaps",
    "calls",
    "attempts",
    "collection_rate",
    "province_coverage",
    "city_coverage",
    "error_rate",
    "inconsistent_rate",
];

/// A limit on one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Name as written, such as `min_collection_rate`.
    pub name: String,
    /// Name of the limited figure.
    pub figure: &'static str,
    /// Whether the limit applies to the figure's share of all rows.
    pub share: bool,
    /// Whether the limit is a minimum rather than a maximum.
    pub minimum: bool,
    /// The limit; between 0 and 1 for rates and shares.
    pub limit: f64,
}

impl Gate {
    /// Parses a gate's name: `min_` or `max_`, a figure, and optionally `_share` for its share of all rows.
    #[must_use]
    pub fn new(name: &str, limit: f64) -> Option<Self> {
        let (minimum, figure) = match name.split_once('_')? {
            ("min", figure) => (true, figure),
            ("max", figure) => (false, figure),
            _ => return None,
        };
        let known = |figure: &str| FIGURES.into_iter().find(|known| *known == figure);
        let of_rows = |figure: &str| known(figure.strip_suffix("_share")?).filter(|figure| !figure.ends_with("_rate"));
        let (figure, share) = known(figure).map(|figure| (figure, false)).or_else(|| Some((of_rows(figure)?, true)))?;
        Some(Self { name: name.to_owned(), figure, share, minimum, limit })
    }

    /// Returns whether a value is within the limit. A missing value (a rate without a denominator) is within any maximum and
    /// below any minimum, because a goal that could not be measured has not been reached.
    #[must_use]
    pub fn holds(&self, value: Option<f64>) -> bool {
        match value {
            Some(value) if self.minimum => value >= self.limit,
            Some(value) => value <= self.limit,
            None => !self.minimum,
        }
    }
}
