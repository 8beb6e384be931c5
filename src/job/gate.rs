//! Gates: limits on the figures of a run's summary.

/// Figures of `summary.json` that a gate may limit.
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
    /// As written, such as `min_collection_rate`.
    pub name: String,
    /// The figure it limits.
    pub figure: &'static str,
    /// Whether its share of all rows is limited, rather than itself.
    pub share: bool,
    /// Whether the figure may not be below the limit; else it may not be above.
    pub minimum: bool,
    /// The limit.
    pub limit: f64,
}

impl Gate {
    /// Reads a gate's name: `min_` or `max_`, a figure, and perhaps `_share` for its share of all rows.
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

    /// Whether a value keeps the limit. A figure that has no value (a rate of nothing) is at most anything, but not at
    /// least anything: what could not be measured has not been reached.
    #[must_use]
    pub fn holds(&self, value: Option<f64>) -> bool {
        match value {
            Some(value) if self.minimum => value >= self.limit,
            Some(value) => value <= self.limit,
            None => !self.minimum,
        }
    }
}
