//! How gaps age: the rows of an item against what the run before knew of the same holder and type.

use super::Status;
use crate::face::sort_key;

/// What the run before knew of a certificate: a gap, something unknown, or a gap that had been closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierRow {
    /// 持证主体代码.
    pub holder_code: String,
    /// 证照类型代码.
    pub cert_type_code: String,
    /// 证照编号, where there was one.
    pub certificate_number: Option<String>,
    /// Its status, by its name in tables.
    pub status: String,
    /// The run that first saw the gap.
    pub gap_since: Option<String>,
    /// Runs in a row with the gap.
    pub gap_runs: u32,
    /// Whether a gap had been seen here before and was closed.
    pub had_gap: bool,
}

impl EarlierRow {
    /// Whether a gap was open, as far as was known: one that was seen, and of which nothing was known since, is.
    const fn is_open(&self) -> bool {
        self.gap_since.is_some() && self.gap_runs > 0
    }
}

/// What became of a row since the run before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A gap that was not there.
    New,
    /// A gap that was there.
    Persisting,
    /// A gap that is closed.
    Resolved,
    /// A gap again, after it was closed.
    Regressed,
    /// No gap, then or now.
    Unchanged,
}

impl Change {
    /// Every change, in the order of reports.
    pub const ALL: [Self; 5] = [Self::New, Self::Persisting, Self::Regressed, Self::Resolved, Self::Unchanged];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Persisting => "persisting",
            Self::Resolved => "resolved",
            Self::Regressed => "regressed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// The age of a row's gap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Age {
    /// What became of it; none without a run before, or where too little is known now.
    pub change: Option<Change>,
    /// The run that first saw the gap.
    pub gap_since: Option<String>,
    /// Runs in a row with it, this one included; where nothing is known now, those before.
    pub gap_runs: u32,
    /// Whether a gap has been seen here and was closed.
    pub had_gap: bool,
}

impl Status {
    /// Whether it says that a side lacks the certificate. What is unknown never does.
    #[must_use]
    pub const fn is_gap(self) -> bool {
        matches!(self, Self::CityOnly | Self::ProvinceOnly | Self::Neither)
    }
}

/// Ages the rows of one item, each a certificate number and a status. `earlier` is what the run before knew of the holder
/// and type, none where there was no run before; `run_id` is this run.
#[must_use]
pub fn age(rows: &[(Option<&str>, Status)], earlier: Option<&[EarlierRow]>, run_id: &str) -> Vec<Age> {
    let known = earlier.unwrap_or_default();
    let matched = matched(rows, known);
    let age = |(&(_, status), known): (&(Option<&str>, Status), Option<&EarlierRow>)| {
        let mut age = age_of(status, known, run_id);
        age.change = age.change.filter(|_| earlier.is_some());
        age
    };
    rows.iter().zip(matched).map(age).collect()
}

fn age_of(status: Status, known: Option<&EarlierRow>, run_id: &str) -> Age {
    let had_gap = known.is_some_and(|known| known.had_gap);
    let open = known.filter(|known| known.is_open());
    match (status, open) {
        (Status::Error | Status::Pending, open) => Age {
            change: None,
            gap_since: open.and_then(|open| open.gap_since.clone()),
            gap_runs: open.map_or(0, |open| open.gap_runs),
            had_gap,
        },
        (Status::Both, Some(_)) => Age { change: Some(Change::Resolved), had_gap: true, ..Age::default() },
        (Status::Both, None) => Age { change: Some(Change::Unchanged), had_gap, ..Age::default() },
        (_, Some(open)) => Age {
            change: Some(Change::Persisting),
            gap_since: open.gap_since.clone(),
            gap_runs: open.gap_runs.saturating_add(1),
            had_gap,
        },
        (_, None) => Age {
            change: Some(if had_gap { Change::Regressed } else { Change::New }),
            gap_since: Some(run_id.to_owned()),
            gap_runs: 1,
            had_gap,
        },
    }
}

/// For each row what was known of it: by its number; what is left over on both sides belongs together where one of them
/// bears no number, for then it is the item's.
fn matched<'a>(rows: &[(Option<&str>, Status)], known: &'a [EarlierRow]) -> Vec<Option<&'a EarlierRow>> {
    let mut left: Vec<&EarlierRow> = known.iter().collect();
    // Where several have the same number, or none, open gaps belong to what is still a gap.
    left.sort_by_key(|known| !known.is_open());
    let mut places: Vec<usize> = (0..rows.len()).collect();
    places.sort_by_key(|at| rows[*at].1 == Status::Both);
    let mut found: Vec<Option<&EarlierRow>> = vec![None; rows.len()];
    let key = |number: Option<&str>| number.map(sort_key);
    for place in places {
        let number = key(rows[place].0);
        if let Some(at) = left.iter().position(|known| key(known.certificate_number.as_deref()) == number) {
            found[place] = Some(left.remove(at));
        }
    }
    for known in left {
        let may_be = |number: Option<&str>| number.is_none() || known.certificate_number.is_none();
        let free = |at: &usize| found[*at].is_none() && may_be(rows[*at].0);
        // A certificate that turned up closes the gap; failing that, the gap stands for the first one.
        let closed = (0..rows.len()).find(|at| free(at) && rows[*at].1 == Status::Both);
        if let Some(at) = closed.or_else(|| (0..rows.len()).find(free)) {
            found[at] = Some(known);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn earlier(number: Option<&str>, status: Status, since: Option<(&str, u32)>, had_gap: bool) -> EarlierRow {
        EarlierRow {
            holder_code: "h".to_owned(),
            cert_type_code: "t".to_owned(),
            certificate_number: number.map(str::to_owned),
            status: status.name().to_owned(),
            gap_since: since.map(|(since, _)| since.to_owned()),
            gap_runs: since.map_or(0, |(_, runs)| runs),
            had_gap,
        }
    }

    fn told(
        rows: &[(Option<&str>, Status)],
        known: Option<&[EarlierRow]>,
    ) -> Vec<(Option<&'static str>, Option<String>, u32, bool)> {
        let ages = age(rows, known, "now");
        ages.into_iter().map(|age| (age.change.map(Change::name), age.gap_since, age.gap_runs, age.had_gap)).collect()
    }

    #[test]
    fn without_a_run_before_there_is_no_change_but_gaps_begin() {
        let now = Some("now".to_owned());
        assert_eq!(
            told(&[(Some("1"), Status::CityOnly), (Some("2"), Status::Both), (None, Status::Error)], None),
            [(None, now, 1, false), (None, None, 0, false), (None, None, 0, false)]
        );
    }

    #[test]
    fn gaps_are_new_persist_close_and_come_back() {
        let gap = [earlier(Some("1"), Status::CityOnly, Some(("may", 3)), false)];
        let closed = [earlier(Some("1"), Status::Both, None, true)];
        let may = || Some("may".to_owned());
        let now = || Some("now".to_owned());
        for (status, known, expected) in [
            (Status::CityOnly, &[][..], (Some("new"), now(), 1, false)),
            (Status::Both, &[][..], (Some("unchanged"), None, 0, false)),
            (Status::CityOnly, &gap[..], (Some("persisting"), may(), 4, false)),
            (Status::Neither, &gap[..], (Some("persisting"), may(), 4, false)),
            (Status::Both, &gap[..], (Some("resolved"), None, 0, true)),
            (Status::Error, &gap[..], (None, may(), 3, false)),
            (Status::CityOnly, &closed[..], (Some("regressed"), now(), 1, true)),
            (Status::Both, &closed[..], (Some("unchanged"), None, 0, true)),
        ] {
            assert_eq!(told(&[(Some(" １"), status)], Some(known)), [expected], "{status:?} after {known:?}");
        }
        // Nothing was known for a while: the gap is as old as it is.
        let unknown = [earlier(Some("1"), Status::Error, Some(("may", 3)), false)];
        assert_eq!(told(&[(Some("1"), Status::CityOnly)], Some(&unknown)), [(Some("persisting"), may(), 4, false)]);
    }

    #[test]
    fn a_certificate_that_turns_up_closes_the_gap_of_its_item() {
        let neither = [earlier(None, Status::Neither, Some(("may", 1)), false)];
        let rows = [(Some("1"), Status::CityOnly), (Some("2"), Status::Both)];
        let changes: Vec<_> = told(&rows, Some(&neither)).into_iter().map(|row| row.0).collect();
        assert_eq!(changes, [Some("new"), Some("resolved")]);
        let numbered = [earlier(Some("1"), Status::CityOnly, Some(("may", 1)), false)];
        assert_eq!(told(&[(None, Status::Neither)], Some(&numbered))[0].0, Some("persisting"));
        assert_eq!(told(&[(Some("9"), Status::CityOnly)], Some(&numbered))[0].0, Some("new"), "another certificate");
        // Two without a number: the gap stays with the one that is still a gap.
        let unnumbered = [earlier(None, Status::CityOnly, Some(("may", 2)), false)];
        let rows = [(None, Status::Both), (None, Status::CityOnly)];
        let changes: Vec<_> = told(&rows, Some(&unnumbered)).into_iter().map(|row| row.0).collect();
        assert_eq!(changes, [Some("unchanged"), Some("persisting")]);
    }
}
