//! Decision about which runs are pruned: a pure function of the runs' states, a policy and the time.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::time::Duration;

/// Policy about complete runs that are kept whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// This many of the latest runs.
    Latest(u32),
    /// Runs that ended less than this time ago.
    YoungerThan(Duration),
}

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not complete; its journal is needed to resume it.
    Unfinished,
    /// The manifest cannot be read.
    Unreadable,
    /// Complete, but without written figures, so that pruning would leave nothing.
    WithoutFigures,
    /// Complete, with figures.
    Complete {
        /// End of its last process.
        finished_at: DateTime<Utc>,
    },
    /// Pruning began and was interrupted.
    HalfPruned,
    /// Pruned; only its figures are left.
    Pruned,
}

/// Earlier runs that a run depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Runs that it takes the age of gaps and, when its workbook is written, remarks from. Several for shards that were planned
    /// at different times.
    Runs(Vec<String>),
    /// Unknown, because its journal cannot be read; it may depend on any run.
    Unknown,
}

/// Facts about a run that the decision is based on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRun {
    /// Id of the run.
    pub id: String,
    /// State of the run.
    pub standing: Standing,
    /// Whether it asked about a sample of the items. Sampled runs and the others are counted apart, so that many samples leave
    /// the full runs alone.
    pub is_sampled: bool,
    /// Which runs it stands on.
    pub basis: Basis,
}

impl KnownRun {
    /// Returns whether a report can still be built from the run.
    const fn is_alive(&self) -> bool {
        !matches!(self.standing, Standing::Pruned | Standing::HalfPruned)
    }

    fn stands_on(&self, run_id: &str) -> bool {
        matches!(&self.basis, Basis::Runs(runs) if runs.iter().any(|run| run == run_id))
    }
}

/// Decision about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Remove its personal data.
    Remove {
        /// Kept runs that depend on it and receive its remarks first.
        heirs: Vec<String>,
    },
    /// Complete an interrupted removal.
    Finish,
    /// Keep it.
    Keep(Reason),
}

/// Reason for keeping a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It has been pruned already.
    Pruned,
    /// It is not complete.
    Unfinished,
    /// Its manifest cannot be read.
    Unreadable,
    /// Its figures have not been written.
    WithoutFigures,
    /// It is the latest complete run, which the next run depends on.
    Latest,
    /// The policy keeps it.
    Recent,
    /// The run with this id may depend on it, and that run's journal cannot be read.
    NeededBy(String),
}

/// Decides about each of a job's runs, in their order. `latest` is the run that the link `latest` points to.
#[must_use]
pub fn decide(runs: &[KnownRun], latest: Option<&str>, policy: Policy, now: DateTime<Utc>) -> Vec<Decision> {
    let reasons: Vec<Option<Reason>> = runs.iter().map(|run| reason_to_keep(run, runs, latest, policy, now)).collect();
    let going: BTreeSet<&str> =
        runs.iter().zip(&reasons).filter(|(_, reason)| reason.is_none()).map(|(run, _)| run.id.as_str()).collect();
    let heirs = |id: &str| {
        let stay = runs.iter().filter(|run| run.is_alive() && !going.contains(run.id.as_str()) && run.stands_on(id));
        stay.map(|run| run.id.clone()).collect::<Vec<String>>()
    };
    let decision = |(run, reason): (&KnownRun, Option<Reason>)| match reason {
        Some(reason) => Decision::Keep(reason),
        None if run.standing == Standing::HalfPruned => Decision::Finish,
        None => Decision::Remove { heirs: heirs(&run.id) },
    };
    runs.iter().zip(reasons).map(decision).collect()
}

/// Returns the reason for keeping a run; `None` if it may be pruned.
fn reason_to_keep(run: &KnownRun, runs: &[KnownRun], latest: Option<&str>, policy: Policy, now: DateTime<Utc>) -> Option<Reason> {
    let finished_at = match run.standing {
        Standing::HalfPruned => return None,
        Standing::Pruned => return Some(Reason::Pruned),
        Standing::Unfinished => return Some(Reason::Unfinished),
        Standing::Unreadable => return Some(Reason::Unreadable),
        Standing::WithoutFigures => return Some(Reason::WithoutFigures),
        Standing::Complete { finished_at } => finished_at,
    };
    let later = runs.iter().filter(|other| is_later(other, run, finished_at)).count();
    if later == 0 || latest == Some(run.id.as_str()) {
        return Some(Reason::Latest);
    }
    let is_recent = match policy {
        Policy::Latest(kept) => later < usize::try_from(kept).unwrap_or(usize::MAX),
        // An age that exceeds the calendar is older than every run.
        Policy::YoungerThan(age) => {
            TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age)).is_none_or(|bound| finished_at > bound)
        }
    };
    if is_recent {
        return Some(Reason::Recent);
    }
    let needing = runs.iter().find(|other| other.id != run.id && other.is_alive() && other.basis == Basis::Unknown);
    needing.map(|other| Reason::NeededBy(other.id.clone()))
}

/// Returns whether `other` is complete and ended after `run`; of two that ended at the same time, the one with the greater id is
/// later.
fn is_later(other: &KnownRun, run: &KnownRun, finished_at: DateTime<Utc>) -> bool {
    match other.standing {
        Standing::Complete { .. } if other.is_sampled != run.is_sampled => false,
        Standing::Complete { finished_at: ended } => (ended, &other.id) > (finished_at, &run.id),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(day * 86_400, 0).unwrap()
    }

    fn run(id: &str, standing: Standing, basis: &[&str]) -> KnownRun {
        let basis = Basis::Runs(basis.iter().map(|&id| id.to_owned()).collect());
        KnownRun { id: id.to_owned(), standing, is_sampled: false, basis }
    }

    /// Runs of four months, each on the one before.
    fn months() -> Vec<KnownRun> {
        let complete = |at| Standing::Complete { finished_at: day(at) };
        vec![
            run("2026-08", complete(30), &[]),
            run("2026-09", complete(60), &["2026-08"]),
            run("2026-10", complete(90), &["2026-09"]),
            run("2026-11", complete(120), &["2026-10"]),
        ]
    }

    #[test]
    fn sampled_runs_do_not_take_the_places_of_full_ones() {
        let mut runs = months();
        for at in 121..130 {
            let sampled = run(&format!("day {at}"), Standing::Complete { finished_at: day(at) }, &[]);
            runs.push(KnownRun { is_sampled: true, ..sampled });
        }
        let decisions = decide(&runs, Some("2026-11"), Policy::Latest(4), day(200));
        let is_kept = |decision: &Decision| matches!(decision, Decision::Keep(_));
        let kept = runs.iter().zip(&decisions).filter(|(_, decision)| is_kept(decision));
        let kept: Vec<&str> = kept.map(|(run, _)| run.id.as_str()).collect();
        assert_eq!(kept, ["2026-08", "2026-09", "2026-10", "2026-11", "day 126", "day 127", "day 128", "day 129"]);
    }

    fn keep(reason: Reason) -> Decision {
        Decision::Keep(reason)
    }

    fn remove(heirs: &[&str]) -> Decision {
        Decision::Remove { heirs: heirs.iter().map(|&id| id.to_owned()).collect() }
    }

    #[test]
    fn the_latest_runs_stay_and_the_oldest_of_them_inherits() {
        let decisions = decide(&months(), Some("2026-11"), Policy::Latest(2), day(130));
        assert_eq!(decisions, [remove(&[]), remove(&["2026-10"]), keep(Reason::Recent), keep(Reason::Latest)]);
    }

    #[test]
    fn runs_older_than_an_age_go_but_never_the_latest() {
        let of_days = |days: u64| Policy::YoungerThan(Duration::from_hours(24 * days));
        let decisions = decide(&months(), None, of_days(45), day(130));
        assert_eq!(decisions, [remove(&[]), remove(&["2026-10"]), keep(Reason::Recent), keep(Reason::Latest)]);
        let decisions = decide(&months(), None, of_days(1), day(400));
        assert_eq!(decisions, [remove(&[]), remove(&[]), remove(&["2026-11"]), keep(Reason::Latest)]);
        let decisions = decide(&months(), None, Policy::YoungerThan(Duration::MAX), day(400));
        assert!(decisions.iter().all(|decision| matches!(decision, Decision::Keep(_))), "older than any calendar");
    }

    #[test]
    fn what_the_link_leads_to_stays_though_a_later_one_is_there() {
        let decisions = decide(&months(), Some("2026-09"), Policy::Latest(1), day(130));
        assert_eq!(decisions[1], keep(Reason::Latest));
        assert_eq!(decisions[0], remove(&["2026-09"]));
    }

    #[test]
    fn only_what_is_complete_and_has_its_figures_goes() {
        let mut runs = months();
        runs[0].standing = Standing::Unfinished;
        runs[1].standing = Standing::WithoutFigures;
        runs.push(run("2026-07", Standing::Unreadable, &[]));
        runs.push(run("2026-06", Standing::Pruned, &[]));
        runs.push(run("2026-05", Standing::HalfPruned, &[]));
        let decisions = decide(&runs, None, Policy::Latest(1), day(130));
        let expected = [
            keep(Reason::Unfinished),
            keep(Reason::WithoutFigures),
            remove(&["2026-11"]),
            keep(Reason::Latest),
            keep(Reason::Unreadable),
            keep(Reason::Pruned),
            Decision::Finish,
        ];
        assert_eq!(decisions, expected);
    }

    #[test]
    fn nothing_goes_while_a_run_may_need_it_that_cannot_be_read() {
        let mut runs = months();
        runs[2].basis = Basis::Unknown;
        let decisions = decide(&runs, None, Policy::Latest(2), day(130));
        let needed = || keep(Reason::NeededBy("2026-10".to_owned()));
        assert_eq!(decisions[..2], [needed(), needed()]);
        runs[2].standing = Standing::Pruned;
        let decisions = decide(&runs, None, Policy::Latest(1), day(130));
        assert_eq!(decisions[..2], [remove(&[]), remove(&[])], "a pruned run needs nothing");
    }

    fn standing() -> impl Strategy<Value = Standing> {
        prop_oneof![
            Just(Standing::Unfinished),
            Just(Standing::Unreadable),
            Just(Standing::WithoutFigures),
            Just(Standing::Pruned),
            Just(Standing::HalfPruned),
            (0i64..300).prop_map(|at| Standing::Complete { finished_at: day(at) }),
        ]
    }

    fn policy() -> impl Strategy<Value = Policy> {
        prop_oneof![
            (1u32..6).prop_map(Policy::Latest),
            (0u64..400).prop_map(|days| Policy::YoungerThan(Duration::from_hours(24 * days))),
        ]
    }

    fn is_complete(run: &KnownRun) -> bool {
        matches!(run.standing, Standing::Complete { .. })
    }

    proptest! {
        #[test]
        fn the_newest_complete_run_always_stays_and_heirs_are_alive(
            standings in prop::collection::vec(standing(), 0..12),
            basis in prop::collection::vec(0usize..12, 12),
            policy in policy(),
            now in 300i64..400,
        ) {
            let id = |at: usize| format!("run-{at:02}");
            let runs: Vec<KnownRun> = standings
                .iter()
                .enumerate()
                .map(|(at, standing)| run(&id(at), *standing, &[id(basis[at]).as_str()]))
                .collect();
            let decisions = decide(&runs, None, policy, day(now));
            prop_assert_eq!(decisions.len(), runs.len());
            let stays = |(run, decision): &(&KnownRun, &Decision)| is_complete(run) && matches!(decision, Decision::Keep(_));
            prop_assert!(runs.iter().zip(&decisions).any(|both| stays(&both)) || !runs.iter().any(is_complete));
            for (run, decision) in runs.iter().zip(&decisions) {
                if let Decision::Remove { heirs } = decision {
                    prop_assert!(is_complete(run));
                    for heir in heirs {
                        let at = runs.iter().position(|run| run.id == *heir).unwrap();
                        prop_assert!(runs[at].is_alive() && matches!(decisions[at], Decision::Keep(_)));
                    }
                }
            }
            // Deciding again about what is left changes nothing.
            let after: Vec<KnownRun> = runs
                .iter()
                .zip(&decisions)
                .map(|(run, decision)| match decision {
                    Decision::Keep(_) => run.clone(),
                    _ => KnownRun { standing: Standing::Pruned, ..run.clone() },
                })
                .collect();
            let again = decide(&after, None, policy, day(now));
            prop_assert!(again.iter().all(|decision| matches!(decision, Decision::Keep(_))));
        }
    }
}
